"""The store: SQLite (WAL) as the one system of record of a library.

It holds documents with their text, passages as offsets, the full-text index and the vectors. One ingest of
one document is one transaction, so is one removal; each that changes something raises `generation`. Whatever
else a library's folder holds is derived from this file.

A `Store` may be used from several threads, and its file by several processes.
"""

# ruff: noqa: S608 -- statements are put together from this file's own column lists and conditions; what
# comes from outside is always bound as a value.

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.schema import UPLOAD
from qa.storage.embedded import near_duplicates, vectors
from qa.storage.embedded.contents import Contents
from qa.storage.embedded.put import delete, drop, write_document, write_passages
from qa.storage.embedded.rehearsal import DatabaseCopy
from qa.storage.intake_port import Ingested, ReadDocument
from qa.storage.parts import COPIED, Part
from qa.storage.ports import ThumbRow
from qa.storage.records import reading, uploads, versions
from qa.storage.records.corrections import of as corrections_of
from qa.storage.records.corrections import put as put_corrections
from qa.storage.records.corrections import put_in_collection
from qa.storage.records.locations import (
    RESTORED,
    hand_over,
    known_file,
    mark_reported_gone,
    places_in,
    prune,
    put_file,
    put_read_as,
    renumber,
    row_text,
)
from qa.storage.records.put import check_tiled, edited, is_held, known_document, put_document
from qa.storage.records.reading import number_of, put_rows, rows_of
from qa.storage.records.rows import passages_where
from qa.storage.records.tables import FIRST_SCHEMA

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Float32, Int64
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.schema import Document, OnProgress
    from qa.storage.embedded.vectors import Difference
    from qa.storage.intake_port import (
        EmbeddedPassages,
        Encoding,
        FileRecord,
        HeldLocation,
        KnownDocument,
        KnownFile,
        ReadAs,
        Status,
        Upload,
    )
    from qa.storage.ports import DocumentTexts

# Documents of a library of before whose near-duplicates are looked for in one transaction.
COPIES_AT_ONCE = 100


_THUMB = ", ".join(ThumbRow._fields)

# What a file of an index or of postings is called; by another name, a file elsewhere would be opened.
_DERIVED = re.compile(r"index-\d+\.faiss|words-\d+\.bin")


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What the store knows of a derived file. `file` is empty where there is none."""

    generation: int
    encoding: Encoding | None
    file: str
    file_generation: int


class Store(Contents):
    """The system of record of the library in `folder`; implements `qa.storage.intake_port.IntakeLibrary`.

    Every method raises `LibraryError` when the file is damaged, locked by another writer, or out of space;
    what was committed before stays as it was.

    Raises:
        LibraryNotFoundError: there is no library in the folder, and `create` is False.
        LibraryError: the file is no library, damaged, or from a newer Pullquote. It is left untouched.
    """

    # What the library is

    def index_record(self) -> IndexRecord:
        """Tell what the store knows of its index of vectors."""
        return self._record("index_file, index_generation")

    def record_index(self, file: str, generation: int, encoding: Encoding) -> None:
        """Name the index's file, unless a newer one is named or the encoding was replaced."""
        with self._database.writing(counted=False) as db:
            db.execute(
                "UPDATE library SET index_file = ?, index_generation = ? "
                "WHERE encoding = ? AND index_generation <= ?",
                (file, generation, encoding.number, generation),
            )

    def words_record(self) -> IndexRecord:
        """Tell what the store knows of its file of postings."""
        return self._record("words_file, words_generation")

    def record_words(self, file: str, generation: int) -> None:
        """Name the file of postings, or none (""), unless a newer one is named."""
        with self._database.writing(counted=False) as db:
            db.execute(
                "UPDATE library SET words_file = ?, words_generation = ? WHERE words_generation <= ?",
                (file, generation, generation),
            )

    def _record(self, columns: str) -> IndexRecord:
        with self._database.reading() as db:
            generation, file, *of_file = db.execute(f"SELECT generation, {columns} FROM library").fetchone()
            named = file if _DERIVED.fullmatch(file) else ""
            return IndexRecord(generation, vectors.encoding(db), named, *of_file)

    # Writing

    @contextmanager
    def one_change(self, documents: Iterable[ReadDocument] = ()) -> Iterator[bool]:
        """Give True: each change is one transaction, and there at once, as without it.

        One of many would keep others from writing for longer than a transaction takes that is its own, and
        what reads within it would have to read on the connection that writes.
        """
        yield True

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read, or replace what was held of it, in one transaction.

        It is known again by its place, `document.path` and the `part` of that file, or else by its words (see
        `locations.target`): these in another place are one more location of the same document, "moved" where
        the file that they were in is gone, and else a "duplicate". A new document whose id is taken is held
        under an id of its own: `id~2`, `id~3` and so on. A text that changes is kept, see `versions`;
        `corrections` were made to it (`qa.document.corrections`).
        Where its text is news and there are no passages, or a person has corrected the document otherwise
        meanwhile, nothing changes, and None is returned.

        Raises:
            EncoderMismatchError: the vectors in force were made by another encoder.
            ValueError: the passages do not tile the document.
        """
        if passages:
            self._check(read.document, passages)
        with self._database.writing() as db:

            def write(number: int | None, named: ReadDocument, given_id: str) -> tuple[int, Status]:
                assert passages  # noqa: S101 - else it is not called
                encoding = self._encoding_for(db, passages.encoder)
                return write_document(db, number, named, given_id, passages, encoding)

            return put_document(db, read, corrections, write if passages else None)

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note that what a person removed stands at one more place, in one transaction.

        The generation stays.
        """
        with self._database.writing(counted=False) as db:
            versions.withhold(db, read, version)

    def restore(self, document: Document, passages: EmbeddedPassages) -> Ingested:
        """Put a document that was removed back where it stood, in one transaction.

        Raises:
            InputError: it is held again.
            DocumentNotFoundError: it was purged meanwhile.
            EncoderMismatchError: the vectors in force were made by another encoder.
        """
        self._check(document, passages)
        with self._database.writing() as db:
            encoding = self._encoding_for(db, passages.encoder)
            version = versions.restorable(db, document.id)
            read = ReadDocument.of(document, made_by=RESTORED)
            number, status = write_document(db, None, read, version.held["given_id"], passages, encoding)
            versions.put_back(db, version, number)
            hand_over(db, number)
        return Ingested(status, document.id)

    def _check(self, document: Document, passages: EmbeddedPassages) -> None:
        """Refuse passages that do not tile their document."""
        check_tiled(document, passages)

    def _encoding_for(self, db: sqlite3.Connection, encoder: EncoderIdentity) -> Encoding | None:
        """Find the encoding in force; None where no passages are written."""
        return vectors.encoding_for(db, encoder, self.folder)

    def rehearsal(self) -> Rehearsal:
        """Return a store that knows what this one knows of documents, to try changes in."""
        return Rehearsal(self)

    def edit(
        self, document: Document, passages: EmbeddedPassages, corrections: Mapping[str, Correction]
    ) -> None:
        """Replace a document's metadata and corrections, in one transaction; its text stays.

        Raises:
            DocumentNotFoundError: it is not held.
            LibraryError: it has another text now.
        """
        self._check(document, passages)
        with self._database.writing() as db:
            number = number_of(db, document.id)
            read, given_id = edited(db, document, number)
            encoding = self._encoding_for(db, passages.encoder)
            write_document(db, number, read, given_id, passages, encoding)
            put_corrections(db, document.id, corrections)

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, or into none (""), all or none, in one transaction.

        A collection is in no window: passages and vectors stay. Return the ids of those that moved.

        Raises:
            DocumentNotFoundError: one of the ids is not held; nothing has changed.
        """
        with self._database.writing() as db:
            numbers = [number_of(db, document_id) for document_id in dict.fromkeys(ids)]
            return tuple(each for number in numbers if (each := put_in_collection(db, number, collection)))

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Give a collection another name, in all its documents or none, in one transaction.

        Raises:
            InputError: there is no such collection.
        """
        with self._database.writing() as db:
            rows = db.execute("SELECT serial FROM documents WHERE collection = ? AND ? != ''", (name, name))
            numbers = [number for (number,) in rows.fetchall()]
            if not numbers:
                raise InputError(f"there is no collection {name!r}: its documents may have been moved")
            return tuple(each for number in numbers if (each := put_in_collection(db, number, new_name)))

    def corrections_of(self, document_id: str) -> dict[str, Correction]:
        """Read what a person has corrected of a document, by field."""
        with self._database.reading() as db:
            return corrections_of(db, document_id)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Tell what the sidecar file of a file said when it could be read last, by field."""
        with self._database.reading() as db:
            return reading.sidecar_values(db, self.folder, path)

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Tell of documents that were read what a person took out, whether their texts are held, and more."""
        with self._database.reading() as db:
            return [known_document(db, read) for read in documents]

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none, in one transaction. Gives the ids back, each once.

        Their texts are kept (`versions`). What is `withdrawn`, the same file does not bring back.

        Raises:
            DocumentNotFoundError: one of the ids is not held; nothing was removed.
        """
        removed = tuple(dict.fromkeys(ids))
        with self._database.writing() as db:
            for number in [number_of(db, document_id) for document_id in removed]:
                drop(db, number, withdrawn=withdrawn)
        return removed

    # Where documents come from

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places, in one transaction; gives the ids of documents that then stood nowhere, and went."""
        with self._database.writing() as db:
            return prune(db, places, partial(drop, db))

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these are gone. The generation stays."""
        with self._database.writing(counted=False) as db:
            mark_reported_gone(db, [place.number for place in places])

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places of documents by id; those not held are left out."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, count(*) FROM documents JOIN locations ON document = serial "
                "WHERE id IN (SELECT value FROM json_each(?)) GROUP BY id",
                (json.dumps(list(ids)),),
            )
            return dict(rows.fetchall())

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT DISTINCT path FROM locations WHERE made_by = '' ORDER BY path"
            ).fetchall()
        return tuple(path for (path,) in rows)

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, in one transaction. The generation stays.

        `read_as` is how some of them, by path, are to be read from now on.
        """
        with self._database.writing(counted=False) as db:
            for file in files:
                put_file(db, file)
            for path, options in read_as.items():
                put_read_as(db, path, options)

    def known_file(self, path: str) -> KnownFile:
        """Read what is known of a file."""
        return self.known_files([path])[0]

    def known_files(self, paths: Iterable[str]) -> list[KnownFile]:
        """Read what is known of files, in their order."""
        with self._database.reading() as db:
            return [known_file(db, path) for path in paths]

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row as it was read last."""
        with self._database.reading() as db:
            return row_text(db, path, part)

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows, in one transaction; see `locations`. The generation stays."""
        with self._database.writing(counted=False) as db:
            renumber(db, path, was, now)

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, in order of path and part.

        Parts that are to be left out, `beside` these, may be a million.
        """
        with self._database.reading() as db:
            return tuple(each for each in places_in(db, path, folder=folder) if each.part not in beside)

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT path FROM locations UNION SELECT path FROM withdrawn "
                "UNION SELECT json_extract(held, '$.path') FROM versions "
                "UNION SELECT json_extract(value, '$.path') FROM versions, json_each(held, '$.locations') "
                "ORDER BY 1"
            )
            return [path for (path,) in rows if not path.startswith(UPLOAD)]

    # Uploaded files

    def keep_upload(self, name: str, content: BinaryIO) -> Upload:
        """Keep the bytes of an uploaded file, and note in one transaction that it is the newest of its name.

        Raises:
            LibraryError: the bytes cannot be written, such as on a full disk; nothing of them is left.
        """
        with self._database.writing(counted=False):  # refused before anything is written
            pass
        part, sha256 = uploads.write_part(self.folder, content)
        try:
            with self._database.writing(counted=False) as db:
                return uploads.keep(db, self.folder, name, sha256, part)
        finally:
            part.unlink(missing_ok=True)

    def forget_upload(self, upload: Upload) -> None:
        """Forget a file of which no document came, in one transaction."""
        with self._database.writing(counted=False) as db:
            uploads.forget(db, self.folder, upload)

    def forget_unused_uploads(self) -> None:
        """Remove what interrupted uploads have left behind, in one transaction."""
        with self._database.writing(counted=False) as db:
            uploads.sweep(db, db, self.folder)

    def leftovers(self) -> tuple[list[str], list[Path]]:
        """List what interrupted uploads have left behind: names that nothing is from, and nobody's files."""
        with self._database.reading() as db:
            if not uploads.is_made(db):
                return [], []
            return sorted(uploads.unread(db, db)), uploads.strays(db, self.folder)

    def uploads(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name."""
        with self._database.reading() as db:
            return uploads.newest(db, self.folder, name) if uploads.is_made(db) else ()

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: it was not uploaded.
            LibraryError: the bytes are not what was uploaded, or gone.
        """
        with self._database.reading() as db:
            found = uploads.original(db, db, self.folder, document_id)
            return uploads.checked(found, document_id)

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Erase documents with all their versions, all or none; `scrub` takes care of the bytes.

        What the desk is to forget of them is told by `to_forget`.

        Raises:
            DocumentNotFoundError: one of the ids is neither held nor was removed; nothing was erased.
        """
        purged = tuple(dict.fromkeys(ids))
        uploaded: set[str] = set()
        with self._database.writing() as db:
            for document_id in purged:
                held = is_held(db, document_id) or not any(versions.find(db, "document = ?", document_id))
                number = number_of(db, document_id) if held else None
                paths = versions.erase(db, document_id)
                uploaded |= {path.removeprefix(UPLOAD) for path in paths if path.startswith(UPLOAD)}
                if number is not None:
                    delete(db, number)
            uploads.forget_unused(db, db, self.folder, uploaded)
            if purged:
                db.execute("UPDATE library SET index_file = '', words_file = ''")
        return purged

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie in the library's files."""
        with self._database.reading() as db:
            return db.execute("SELECT 1 FROM erasing").fetchone() is not None

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of what the desk is to forget of purged documents, each by its number."""
        with self._database.reading() as db:
            return versions.to_forget(db)

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten what they say."""
        with self._database.writing(counted=False) as db:
            db.executemany("UPDATE erasing SET cited = '' WHERE one IS ?", [(number,) for number in notes])

    def scrub(self) -> list[int | None]:
        """Leave no byte in the store's file of what was purged; gives the numbers of the empty notes.

        Raises:
            LibraryError: another process reads all the while; `erasing` stays.
        """
        with self._database.reading() as db:  # before: what another process purges afterwards stays noted
            rows = db.execute("SELECT one FROM erasing WHERE cited = ''").fetchall()
        self._database.scrub()
        return [number for (number,) in rows]

    def erased(self, notes: Iterable[int | None]) -> None:
        """Delete the notes with these numbers: no file of the library holds a byte of what was purged.

        An earlier Pullquote gave no numbers.
        """
        with self._database.writing(counted=False) as db:
            db.executemany("DELETE FROM erasing WHERE one IS ?", [(number,) for number in notes])

    def former_thumbs(self) -> list[ThumbRow]:
        """Read the thumbs that an earlier Pullquote kept here, and the desk has not taken over yet."""
        with self._database.reading() as db:
            (schema,) = db.execute("PRAGMA user_version").fetchone()
            # A library that may not be written keeps the schema that it has.
            table = "thumbs" if schema == FIRST_SCHEMA else "former_thumbs"
            return db.execute(f"SELECT {_THUMB} FROM {table}").fetchall()

    def hand_over_thumbs(self, take: Callable[[list[ThumbRow]], None]) -> None:
        """Give the desk the thumbs that an earlier Pullquote kept here; they go once `take` has returned.

        Where that is interrupted, they are given again. No other process does the same meanwhile.
        """
        if self.former_thumbs():
            with self._database.writing(counted=False) as db:
                take(db.execute(f"SELECT {_THUMB} FROM former_thumbs").fetchall())
                db.execute("DELETE FROM former_thumbs")

    # Another place

    def parts(self) -> Iterator[Part]:
        """Give all that is known, in parts, to be copied; each is one snapshot."""
        with self._database.reading() as db:
            serials = [serial for (serial,) in db.execute("SELECT serial FROM documents ORDER BY serial")]
        for serial in serials:
            with self._database.reading() as db:
                if rows := rows_of(db, "documents", "serial = ?", serial):
                    places = rows_of(db, "locations", "document = ?", serial)
                    passages = vectors.embedded(db, passages_where(db, "document = ?", serial))
                    document = self._document(db, serial)
                    yield Part({"documents": rows, "locations": places}, document, passages)
        for table in COPIED:
            if table not in ("documents", "locations"):
                with self._database.reading() as db:
                    yield Part({table: rows_of(db, table)})

    def take(self, part: Part) -> None:
        """Take in what another library knows, in one transaction; rows of the same numbers are replaced."""
        with self._database.writing() as db:
            for table in COPIED:
                put_rows(db, table, part.rows.get(table, ()))
            if part.document and part.passages:
                encoding = self._encoding_for(db, part.passages.encoder)
                write_passages(db, part.document, part.passages.entries, encoding)

    # Vectors

    def vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Find the vectors that the store has, by this encoder, of windows with these digests."""
        with self._database.reading() as db:
            return vectors.known(db, digests, encoder)

    def begin_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for another embedding of every passage, beside the one in force."""
        with self._database.writing(counted=False) as db:
            return vectors.new_encoding(db, encoder)

    def put_vectors(self, encoding: Encoding, given: Mapping[int, tuple[bytes, Float32]]) -> None:
        """Add digests and vectors to an embedding, by passage key; keys no longer held are passed over.

        Raises:
            LibraryError: another reindex finished meanwhile and has thrown this one's vectors away.
        """
        with self._database.writing(counted=False) as db:
            vectors.put(db, encoding, given, self.folder)

    def adopt_encoding(self, encoding: Encoding, progress: OnProgress | None = None) -> tuple[str, ...]:
        """Put an embedding in force and drop all others, in one transaction, once every passage is in it.

        Gives the ids of the documents that are not wholly in it yet; in that case nothing changes.
        """
        with self._database.writing() as db:
            return vectors.adopt(db, encoding)

    def difference(
        self, encoding: Encoding, keys: Callable[[], Int64], last: int = -1, generation: int = -1
    ) -> Difference | None:
        """Tell what an index lacks and has too many; None where the encoding is not in force.

        The index was in step with `generation`, and `last` is the greatest of the `keys` that it holds. These
        are asked for only where it is not known what has gone since then: they are then all compared.
        """
        with self._database.reading() as db:
            return vectors.difference(db, encoding, keys, last, generation)

    def vectors_of(self, keys: Int64, encoding: Encoding) -> tuple[Int64, Float32]:
        """Read vectors by key: gives the keys that are held, ascending, and their vectors, float32 [n, d]."""
        with self._database.reading() as db:
            return vectors.read(db, keys, encoding)

    def compare_missing(self) -> None:
        """Look for near-duplicates of what an earlier Pullquote has put in; nothing where all are known."""
        while self._lacks_copies():
            with self._database.writing() as db:
                near_duplicates.compare_missing(db, COPIES_AT_ONCE)

    def _lacks_copies(self) -> bool:
        with self._database.reading() as db:
            return bool(near_duplicates.not_compared(db, 1))


class Rehearsal(Store):
    """What a store knows of its documents, but for what they contain. What changes here is lost.

    The passages of what is put in are passed over. Texts are read from the store.
    """

    def __init__(self, store: Store) -> None:
        self.folder, self.read_only = store.folder, False
        self._store = store
        self._database = DatabaseCopy(store._database)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row as it was read last."""
        return self._store.row_text(path, part)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""
        return self._store.sidecar_values(path)

    def _check(self, *_: object) -> None:
        """Refuse none: no passages are written."""

    def _encoding_for(self, *_: object) -> None:
        """Find no encoding."""
