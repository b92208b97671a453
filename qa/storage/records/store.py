"""The records of a library, which count: documents, passages as offsets, vectors, versions and places.

Each ingest of a document, and each removal, is one transaction, which raises `generation` if it changes
something. The index is derived from the records. Several threads may use a `Store`, and several processes may
use its database.
"""

# ruff: noqa: S608 -- statements are built from names of this package. Values from outside are always bound.

from __future__ import annotations

import random
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from qa.document.corrections import uncorrected
from qa.document.metadata import BY_SIDECAR, value_of
from qa.errors import ConflictError, InputError, LibraryError
from qa.schema import UPLOAD
from qa.storage import columns as stored
from qa.storage.intake_values import Ingested, Part, ReadDocument
from qa.storage.records import uploads, vectors, versions
from qa.storage.records.corrections import corrections_of, put_in_collection
from qa.storage.records.corrections import put as put_corrections
from qa.storage.records.files import Files
from qa.storage.records.locations import RESTORED, hand_over
from qa.storage.records.put import is_held, known_documents, put_document
from qa.storage.records.rows import document_at, number_of, passages_where
from qa.storage.records.tables import COPIED
from qa.storage.records.write import delete, drop, write_document, write_passages
from qa.storage.sqlite.copy import DatabaseCopy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any, BinaryIO

    from embeddings.arrays import Float32
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.schema import Document
    from qa.storage.engines import Database
    from qa.storage.intake_values import (
        EmbeddedPassages,
        Encoding,
        KnownDocument,
        Status,
        Upload,
    )
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Found, Statements

# Maximum number of times that a document is put in if other writers change the same rows meanwhile, and the
# longest pause after the first time.
ATTEMPTS, PAUSE_SECONDS = 8, 0.05

# The name under which writers of uploads take turns: they also add and remove files in a folder.
_UPLOADS = "uploads"
# Columns about a library's own passages: a copy does not take their values.
_OWN = ("first_key", "passages")


class Store(Files):
    """The records of a library.

    Every method raises `LibraryError` if the database is damaged, away, locked by another writer, or out of
    space. Earlier commits are not lost.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._words = database.full_text

    # Writing

    @contextmanager
    def one_change(self, documents: Iterable[ReadDocument] = ()) -> Iterator[bool]:
        """Make the changes of this thread in the block one change, if the database can; see the port."""
        names = [name for read in documents for name in _names(read)]
        with self.database.one_change(names) as is_at_once:
            yield is_at_once

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read, or replace the stored document, in one transaction.

        A document is recognised by its place (`document.path` and the `part` of that file) or by its words
        (see `locations.target`). The same words in another place are one more location of the same document.
        The status is then "moved" if one of the document's files is gone, otherwise "duplicate".

        If the id of a new document is taken, it gets an id of its own: `id~2`, `id~3` and so on. If a text
        changes, the old text is kept, see `versions`. `corrections` are the corrections that were made to the
        document (`qa.document.corrections`).

        Nothing changes, and None is returned, in two cases: the library lacks the document's text and there
        are no passages, or a person has changed the document's corrections meanwhile.

        Raises:
            EncoderMismatchError: another encoder made the active vectors.
            ValueError: the passages do not tile the document.
        """
        if passages:
            self._check(read.document, passages)
        for attempt in range(1, ATTEMPTS):
            with suppress(ConflictError):
                return self._put(read, passages, corrections)
            time.sleep(random.uniform(0, attempt * PAUSE_SECONDS))  # noqa: S311 - not for security
        return self._put(read, passages, corrections)

    def _put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None,
        corrections: Mapping[str, Correction] | None,
    ) -> Ingested | None:
        """Put a document in, in one transaction."""
        with self.database.writing(names=_names(read)) as db:
            asked = vectors.ask_encoding(db)  # on a server, the answer comes with the first other answer

            def write(number: int | None, document: ReadDocument, given_id: str) -> tuple[int, Status]:
                assert passages  # noqa: S101 - otherwise it is not called
                encoding = self._encoding_for(db, passages.encoder, asked)
                return write_document(db, self._words, number, document, given_id, passages, encoding)

            return put_document(db, read, corrections, write if passages else None)

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note one more place of a document that a person removed, in one transaction.

        The generation stays.
        """
        with self.database.writing(counted=False, names=_names(read)) as db:
            versions.withhold(db, read, version)

    def restore(self, document: Document, passages: EmbeddedPassages) -> Ingested:
        """Put a removed document back to its places, in one transaction.

        Raises:
            InputError: the library has a document of that id again.
            DocumentNotFoundError: the document was purged meanwhile.
            EncoderMismatchError: another encoder made the active vectors.
        """
        self._check(document, passages)
        with self.database.writing() as db:
            encoding = self._encoding_for(db, passages.encoder)
            version = versions.restorable(db, document.id)
            read = ReadDocument.of(document, made_by=RESTORED)
            number, status = write_document(
                db, self._words, None, read, version.held["given_id"], passages, encoding
            )
            versions.put_back(db, version, number)
            hand_over(db, number)
        return Ingested(status, document.id)

    def _check(self, document: Document, passages: EmbeddedPassages) -> None:
        """Raise ValueError if the passages do not tile their document.

        A transaction would translate the error into a damaged library.
        """
        ends = [0, *(entry.passage.end for entry in passages.entries)]
        starts = [entry.passage.start for entry in passages.entries]
        if starts != ends[:-1] or ends[-1] != len(document.text):
            raise ValueError(f"the passages of {document.id!r} do not tile it")

    def _encoding_for(
        self, db: Statements, encoder: EncoderIdentity, asked: Found | None = None
    ) -> Encoding | None:
        """Return the active encoding, or None if no passages are written."""
        return vectors.encoding_for(db, asked or vectors.ask_encoding(db), encoder, self.database.where)

    def rehearsal(self) -> Rehearsal:
        """Return a copy of this store's knowledge about documents, to try changes in."""
        return Rehearsal(self)

    def edit(
        self, document: Document, passages: EmbeddedPassages, corrections: Mapping[str, Correction]
    ) -> None:
        """Replace a document's metadata and corrections, in one transaction. Its text stays.

        Raises:
            DocumentNotFoundError: the document does not exist.
            LibraryError: the stored document has another text now.
        """
        self._check(document, passages)
        with self.database.writing() as db:
            number = number_of(db, document.id)
            given_id, sha256, words, made_by = db.execute(
                "SELECT given_id, sha256, words_sha256, made_by FROM documents WHERE serial = ?", (number,)
            ).fetchone()
            if sha256 != document.sha256:
                raise LibraryError(
                    f"{document.id!r} was replaced while you edited it: read the new text, and edit it again"
                )
            read = ReadDocument(document, "", made_by, words)
            encoding = self._encoding_for(db, passages.encoder)
            write_document(db, self._words, number, read, given_id, passages, encoding)
            put_corrections(db, document.id, corrections)

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, or into none (""), all or none, in one transaction.

        Return the ids of the documents that moved. Passages and vectors stay, because windows do not contain
        the collection.

        Raises:
            DocumentNotFoundError: an id does not exist. Then nothing changes.
        """
        with self.database.writing() as db:
            numbers = [number_of(db, document_id) for document_id in dict.fromkeys(ids)]
            return tuple(
                document_id
                for number in numbers
                if (document_id := put_in_collection(db, number, collection))
            )

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Rename a collection in all its documents, or in none, in one transaction. Return the ids.

        Raises:
            InputError: the collection does not exist.
        """
        with self.database.writing() as db:
            rows = db.execute(
                "SELECT serial FROM documents WHERE collection = ? AND ? != '' ORDER BY id", (name, name)
            )
            numbers = [number for (number,) in rows.fetchall()]
            if not numbers:
                raise InputError(f"there is no collection {name!r}: its documents may have been moved")
            return tuple(
                document_id for number in numbers if (document_id := put_in_collection(db, number, new_name))
            )

    def corrections_of(self, document_id: str) -> dict[str, Correction]:
        """Read a person's corrections of a document, by field."""
        with self.database.reading() as db:
            return corrections_of(db, document_id)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Return the values of a file's sidecar file, by field, at its last successful reading."""
        with self.database.reading() as db:
            row = db.execute(
                "SELECT serial FROM documents JOIN locations ON document = serial "
                "WHERE locations.path = ?1 AND documents.path = ?1 ORDER BY locations.number DESC LIMIT 1",
                (path,),
            ).fetchone()
            if row is None:
                return {}
            document = document_at(db, self.database.where, row[0])
            document = uncorrected(document, corrections_of(db, document.id))
            return {
                origin.field: value_of(document, origin.field)
                for origin in document.found
                if origin.source == BY_SIDECAR
            }

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Return the library's knowledge about each document that was read."""
        with self.database.reading() as db:
            return known_documents(db, list(documents))

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none, in one transaction. Return the ids, each once.

        The texts are kept (`versions`). If `withdrawn`, the same files do not bring the documents back.

        Raises:
            DocumentNotFoundError: an id does not exist. Then no document is removed.
        """
        removed = tuple(dict.fromkeys(ids))
        with self.database.writing() as db:
            for number in [number_of(db, document_id) for document_id in removed]:
                drop(db, self._words, number, withdrawn=withdrawn)
        return removed

    # Uploaded files

    def keep_upload(self, name: str, content: BinaryIO) -> Upload:
        """Store an uploaded file, and record it in one transaction as the newest file of its name.

        Raises:
            LibraryError: the bytes cannot be written, such as on a full disk. No bytes are left.
        """
        with self.database.writing(
            counted=False, names=[_UPLOADS]
        ):  # raise an error before bytes are written
            pass
        part, sha256 = uploads.write_part(self.folder, content)
        try:
            with self.database.writing(counted=False, names=[_UPLOADS]) as db:
                upload = uploads.keep(db, self.folder, name, sha256, part)
                self.database.keep_original(db, upload)
                return upload
        finally:
            part.unlink(missing_ok=True)

    def forget_upload(self, upload: Upload) -> None:
        """Forget a file that gave no document, in one transaction."""
        with self.database.writing(counted=False, names=[_UPLOADS]) as db:
            uploads.forget(db, self.folder, upload)
            self.database.drop_originals(db)

    def forget_unused_uploads(self) -> None:
        """Remove the files that interrupted uploads have left behind, in one transaction."""
        with self.database.writing(counted=False, names=[_UPLOADS]) as db:
            uploads.sweep(db, self.folder)
            self.database.drop_originals(db)

    def leftovers(self) -> tuple[list[str], list[Path]]:
        """List the remains of interrupted uploads: names of unused uploads, and files of no upload."""
        with self.database.reading() as db:
            return sorted(uploads.unread(db)), uploads.strays(db, self.folder)

    def uploads(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of `name` only, in order of name."""
        with self.database.reading() as db:
            newest = uploads.newest(db, self.folder, name)
        return tuple(map(self.database.fetched, newest))

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a stored or removed document was read from, and check its bytes.

        Raises:
            DocumentNotFoundError: the document does not exist.
            OriginalNotFoundError: the document was not uploaded.
            LibraryError: the bytes are missing, or differ from the uploaded bytes.
        """
        with self.database.reading() as db:
            upload = uploads.original(db, self.folder, document_id)
        return uploads.checked(self.database.fetched(upload), document_id)

    def purge(
        self, ids: Iterable[str], forget: Callable[[Iterable[DocumentTexts]], None] | None = None
    ) -> tuple[str, ...]:
        """Delete documents with all their versions, all or none. `scrub` then overwrites their bytes.

        `forget` makes the desk forget texts. If the desk is in the same database, `forget` is called in the
        transaction that deletes the documents. Otherwise `to_forget` returns the texts afterwards.

        Raises:
            DocumentNotFoundError: an id belongs to no stored or removed document. Then none is deleted.
        """
        purged = tuple(dict.fromkeys(ids))
        uploaded: set[str] = set()
        with self.database.writing() as db:
            for document_id in purged:
                held = is_held(db, document_id) or not any(versions.find(db, "document = ?", document_id))
                number = number_of(db, document_id) if held else None
                paths = versions.erase(db, document_id)
                uploaded |= {path.removeprefix(UPLOAD) for path in paths if path.startswith(UPLOAD)}
                if number is not None:
                    delete(db, self._words, number)
            uploads.forget_unused(db, self.folder, uploaded)
            self.database.drop_originals(db)
            if purged:
                db.execute("UPDATE library SET index_file = '', words_file = ''")
            if forget and self.database.shared:
                notes = self.to_forget()
                forget(notes.values())
                self.forgotten(notes)
        return purged

    @property
    def erasing(self) -> bool:
        """Whether bytes of purged documents may still be stored in the library's files."""
        with self.database.reading() as db:
            return db.execute("SELECT 1 FROM erasing").fetchone() is not None

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of the purged texts that the desk must forget, by the note's number."""
        with self.database.reading() as db:
            rows = db.execute("SELECT one, cited FROM erasing WHERE cited != ''").fetchall()
            notes = {number: stored.items(cited) for number, cited in rows}
            return {
                number: versions.parted(db, stored.text(document_id), [*map(stored.text, texts)])
                for number, (document_id, texts) in notes.items()
            }

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten the texts."""
        with self.database.writing(counted=False) as db:
            db.executemany("UPDATE erasing SET cited = '' WHERE one = ?", [(number,) for number in notes])

    def scrub(self) -> list[int]:
        """Overwrite the bytes of purged documents in the database. Return the numbers of the empty notes.

        Raises:
            LibraryError: another process keeps reading. `erasing` stays.
        """
        with self.database.reading() as db:  # first, so that later notes of another process stay
            rows = db.execute("SELECT one FROM erasing WHERE cited = ''").fetchall()
        self.database.scrub()
        return [number for (number,) in rows]

    def erased(self, notes: Iterable[int]) -> None:
        """Delete the notes with these numbers: the library's files have no byte of the purged documents."""
        with self.database.writing(counted=False) as db:
            db.executemany("DELETE FROM erasing WHERE one = ?", [(number,) for number in notes])

    # Copying

    def parts(self) -> Iterator[Part]:
        """Yield all contents of the library, in parts, to be copied. Each part is one snapshot."""
        with self.database.reading() as db:
            serials = [serial for (serial,) in db.execute("SELECT serial FROM documents ORDER BY serial")]
        for serial in serials:
            with self.database.reading() as db:
                if rows := _rows_of(db, "documents", "serial = ?", serial):
                    places = _rows_of(db, "locations", "document = ?", serial)
                    passages = vectors.embedded(db, passages_where(db, "document = ?", serial))
                    document = document_at(db, self.database.where, serial)
                    yield Part({"documents": rows, "locations": places}, document, passages)
        for table in COPIED:
            if table not in ("documents", "locations"):
                with self.database.reading() as db:
                    yield Part({table: _rows_of(db, table)})

    def take(self, part: Part) -> None:
        """Store a part of another library in one transaction. It replaces rows of the same numbers."""
        with self.database.writing() as db:
            for table in COPIED:
                _put_rows(db, table, part.rows.get(table, ()))
            self.database.count_on(db, part.rows)
            if part.document and part.passages:
                encoding = self._encoding_for(db, part.passages.encoder)
                write_passages(db, self._words, part.document, part.passages.entries, encoding)

    # Vectors

    def vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Return this encoder's stored vectors of windows with these digests, by digest."""
        with self.database.reading() as db:
            query = (
                "SELECT vector FROM vectors JOIN encodings ON encodings.number = encoding "
                "WHERE digest = ? AND sha256 = ? AND dimension = ? LIMIT 1"
            )
            held = {}
            for digest in digests:
                row = db.execute(query, (digest, encoder.sha256, encoder.dimension)).fetchone()
                if row:
                    held[digest] = vectors.loaded(row[0])
            return held

    def begin_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Begin another embedding of every passage, next to the active embedding."""
        with self.database.writing(counted=False) as db:
            return vectors.new_encoding(db, encoder)

    def put_vectors(self, encoding: Encoding, given: Mapping[int, tuple[bytes, Float32]]) -> None:
        """Add digests and vectors to an embedding, by passage key. Skip keys that no longer exist.

        Raises:
            LibraryError: another reindex finished meanwhile and has deleted this embedding.
        """
        with self.database.writing(counted=False) as db:
            if not db.execute("SELECT 1 FROM encodings WHERE number = ?", (encoding.number,)).fetchone():
                raise LibraryError(
                    f"another `pullquote reindex` of {self.database.where} finished first: "
                    "run yours again if needed"
                )
            db.executemany(
                "INSERT INTO vectors (passage, encoding, digest, vector) SELECT key, ?, ?, ? FROM passages "
                "WHERE key = ? ON CONFLICT (passage, encoding) DO UPDATE "
                "SET digest = excluded.digest, vector = excluded.vector",
                [
                    (encoding.number, digest, vectors.stored(vector), key)
                    for key, (digest, vector) in given.items()
                ],
            )

    def adopt_encoding(self, encoding: Encoding) -> tuple[str, ...]:
        """Make an embedding the active embedding, and delete all others, in one transaction.

        If the embedding lacks passages, return the ids of their documents, and change nothing.
        """
        with self.database.writing() as db:
            lacking = db.execute(
                "SELECT DISTINCT id FROM documents JOIN passages ON document = documents.serial "
                "WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE passage = key AND encoding = ?) ORDER BY id",
                (encoding.number,),
            ).fetchall()
            if not lacking:
                db.execute(
                    "UPDATE library SET encoding = ?, index_file = '', index_generation = 0",
                    (encoding.number,),
                )
                db.execute("DELETE FROM encodings WHERE number != ?", (encoding.number,))
            return tuple(document_id for (document_id,) in lacking)


class Rehearsal(Store):
    """A copy of a store's knowledge about documents, without their texts. Changes in it are lost.

    It stores no passages. Texts are read from the store.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(DatabaseCopy(store.database))
        self._store = store

    def row_text(self, path: str, part: str) -> str:
        """Return the text of a row at the last reading, or "" if there is no such row."""
        return self._store.row_text(path, part)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Return the values of a file's sidecar file, by field, at its last successful reading."""
        return self._store.sidecar_values(path)

    def _check(self, *_: object) -> None:
        """Accept all passages: none are written."""

    def _encoding_for(self, *_: object) -> None:
        """Return None, so that no passages are written."""


def _names(read: ReadDocument) -> list[str]:
    """Return the names of a document that was read. Writers of documents that share a name take turns."""
    document = read.document
    return [
        f"place {document.path} {read.part}",
        f"id {document.id}",
        f"text {document.sha256}",
        f"words {read.words or document.sha256}",
    ]


def _rows_of(db: Statements, table: str, where: str = "TRUE", *values: object) -> list[dict[str, Any]]:
    """Return the rows of a table that meet a condition, each row by column."""
    cursor = db.execute(f"SELECT * FROM {table} WHERE {where}", values)
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _put_rows(db: Statements, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows of another library into a table, without the columns about its own passages."""
    held = [name for name, *_ in db.execute(f"SELECT * FROM {table} LIMIT 0").description]
    for row in rows:
        values = {name: row[name] for name in held if name in row and name not in _OWN}
        marks = ", ".join("?" * len(values))
        anew = ", ".join(f"{name} = excluded.{name}" for name in values)
        db.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) "
            f"ON CONFLICT ({COPIED[table]}) DO UPDATE SET {anew}",
            tuple(values.values()),
        )
