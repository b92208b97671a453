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
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.document.corrections import uncorrected
from qa.document.metadata import BY_SIDECAR, value_of
from qa.errors import LibraryError
from qa.schema import Document, FileResult
from qa.storage import columns as stored
from qa.storage.embedded import near_duplicates, vectors, versions
from qa.storage.embedded.contents import Contents, number_of
from qa.storage.embedded.corrections import every as all_corrections
from qa.storage.embedded.corrections import put as put_corrections
from qa.storage.embedded.locations import (
    at,
    default_part,
    file_unchanged,
    hand_over,
    id_of_next,
    keep_restored,
    put_file,
    put_read_as,
    read_as,
    renumber,
    row_text,
    rows,
    stands,
    target,
    unchanged,
    under,
    words_sha256,
)
from qa.storage.embedded.put import (
    Entry,
    Status,
    delete,
    drop,
    free_id,
    is_held,
    leave_to_other_places,
    put_at_place,
    status_of,
    with_free_id,
    write_document,
)
from qa.storage.embedded.rows import COLUMN_LIST, row_of
from qa.storage.embedded.tables import FIRST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence

    from embeddings.arrays import Float32, Int64
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.document.row_identity import Row
    from qa.storage.embedded.locations import FileRead, Foreseen, HeldLocation, ReadAs
    from qa.storage.embedded.vectors import Difference, Encoding
    from qa.storage.embedded.versions import LeftOut
    from qa.storage.ports import ThumbRow, Version

# Documents of a library of before whose near-duplicates are looked for in one transaction.
COPIES_AT_ONCE = 100


_THUMB = "query, sha256, start, end, document, thumb, shown"  # as `ThumbRow` has them

# What a file of an index or of postings is called; by another name, a file elsewhere would be opened.
_DERIVED = re.compile(r"index-\d+\.faiss|words-\d+\.bin")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did.

    Attributes:
        status: what became of the document.
        document_id: the id under which it is held.
        displaced: what stood at its place before, and stands nowhere else now (`locations.displace`).
        new_id_of_former: the new id of what stood there, has lost its own to this document, and stands on
            elsewhere.
    """

    status: Status
    document_id: str
    displaced: HeldLocation | None = None
    new_id_of_former: str = ""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What the store knows of a derived file. `file` is empty where there is none."""

    generation: int
    encoding: Encoding | None
    file: str
    file_generation: int


class Store(Contents):
    """The system of record of the library in `folder`.

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

    def ingest(
        self,
        document: Document,
        head: str,
        entries: Sequence[Entry],
        encoder: EncoderIdentity,
        made_by: str = "",
        part: str | None = None,
        restored: Version | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested:
        """Add a document, or replace what was held of it, in one transaction; no change where none is needed.

        It is known again by its place, `document.path` and the `part` of that file, or else by its words (see
        `locations.target`): these in another place are one more location of the same document, "moved" where
        the file that they were in is gone, and else a "duplicate". A new document whose id is taken is held
        under an id of its own: `id~2`, `id~3` and so on. `made_by` names what read and segmented it, for
        `unchanged`. What was `restored` goes back where it stood. A text that changes is kept, see
        `versions`; `corrections` were made to it (`qa.document.corrections`).

        Raises:
            InputError: what was to be restored is held again.
            EncoderMismatchError: the vectors in force were made by another encoder.
            ValueError: the passages do not tile the document.
        """
        ends = [0, *(entry.passage.end for entry in entries)]
        if [entry.passage.start for entry in entries] != ends[:-1] or ends[-1] != len(document.text):
            raise ValueError(f"the passages of {document.id!r} do not tile it")
        words = words_sha256(document.text, document.furniture)
        part = default_part(document) if part is None else part
        with self._database.writing() as db:
            encoding = vectors.encoding_for(db, encoder, self.folder)
            status: Status
            if restored:
                restored = versions.restorable(db, document.id)
                values = row_of(document, words, restored.held["given_id"], head)
                number, status = write_document(db, None, document, values, entries, encoding, made_by)
                versions.put_back(db, restored, number)
                hand_over(db, number)
                return Ingested(status, document.id)
            versions.admit(db, document, part)
            to = target(db, document, words, part, made_by)
            given_id, document = with_free_id(db, document, to, part)
            parted = leave_to_other_places(db, to.former or 0) if to.keeps_former_id else ""
            number, status = to.number or 0, status_of(to)
            if to.gives_text:
                values = row_of(document, words, given_id, head)
                number, written = write_document(db, to.number, document, values, entries, encoding, made_by)
                status = written if to.same_place else status
                if corrections:
                    put_corrections(db, document.id, corrections)
            displaced = put_at_place(db, to, number, document, made_by, part)
        return Ingested(status, document.id, displaced, parted)

    def edit(
        self,
        document: Document,
        head: str,
        entries: Sequence[Entry],
        encoder: EncoderIdentity,
        corrections: Mapping[str, Correction],
    ) -> None:
        """Replace a document's metadata and corrections, in one transaction; its text stays.

        Raises:
            DocumentNotFoundError: it is not held.
            LibraryError: it has another text now.
        """
        with self._database.writing() as db:
            number = number_of(db, document.id)
            given_id, sha256, words, made_by = db.execute(
                "SELECT given_id, sha256, words_sha256, made_by FROM documents WHERE serial = ?", (number,)
            ).fetchone()
            if sha256 != document.sha256:
                raise LibraryError(f"{document.id!r} was replaced meanwhile: look at it, and edit it again")
            encoding = vectors.encoding_for(db, encoder, self.folder)
            write_document(
                db, number, document, row_of(document, words, given_id, head), entries, encoding, made_by
            )
            put_corrections(db, document.id, corrections)

    def corrections(self) -> dict[str, dict[str, Correction]]:
        """Read all corrections, by document id and field."""
        with self._database.reading() as db:
            return all_corrections(db)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Tell what the sidecar file of a file said when it could be read last, by field."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT serial FROM documents JOIN locations ON document = serial "
                "WHERE locations.path = ?1 AND documents.path = ?1 ORDER BY locations.number DESC LIMIT 1",
                (path,),
            ).fetchone()
            if row is None:
                return {}
            document = self._document(db, row[0])
            document = uncorrected(document, all_corrections(db).get(document.id, {}))
        return {
            found.field: value_of(document, found.field)
            for found in document.found
            if found.source == BY_SIDECAR
        }

    def corrections_of(self, document: Document, part: str) -> dict[str, Correction]:
        """Read the corrections of the document that a source is, or that was removed from its place."""
        words = words_sha256(document.text, document.furniture)
        with self._database.reading() as db:
            to = target(db, document, words, part)
            _, document = with_free_id(db, document, to, part)
            return all_corrections(db).get(document.id, {})

    def place(self, document: Document, made_by: str, part: str) -> Ingested | None:
        """Note that a document stands in one more place, in one transaction; None where its text is news.

        It does what `ingest` would, which is then to be called.
        """
        words = words_sha256(document.text, document.furniture)
        with self._database.writing() as db:
            to = target(db, document, words, part, made_by)
            if to.gives_text or to.number is None:
                return None
            versions.admit(db, document, part)
            _, document = with_free_id(db, document, to, part)
            displaced = put_at_place(db, to, to.number, document, made_by, part)
        return Ingested(status_of(to), document.id, displaced)

    def has_text(self, document: Document, made_by: str, part: str) -> bool:
        """Tell whether `place` would do for a document."""
        words = words_sha256(document.text, document.furniture)
        with self._database.reading() as db:
            return not target(db, document, words, part, made_by).gives_text

    def foresee(self, document: Document, head: str, part: str, ahead: Foreseen) -> Ingested:
        """Tell what `ingest` would do with a document that is not `unchanged`, and note it in `ahead`."""
        words = words_sha256(document.text, document.furniture)
        with self._database.reading() as db:
            to = target(db, document, words, part, ahead=ahead)
            if to.new_words and (copied := ahead.copied(document, part, to)):
                return Ingested("duplicate", copied)
            given_id, named = with_free_id(db, document, to, part, ahead.ids)
            number = to.former if to.keeps_former_id else to.number
            given_id, held_id = ahead.new_ids.get(number or 0, (given_id, named.id))
            parted = ""
            if to.keeps_former_id and to.former is not None:
                ahead.ids.add(held_id)
                given = id_of_next(stands(db, to.former, ahead), given_id)
                parted = free_id(db, given, ahead.ids)
                ahead.new_ids[to.former] = given, parted
                ahead.ids.add(parted)
            ahead.put(document, part, held_id, to)
            status = status_of(to)
            if to.same_place and to.gives_text:
                held = db.execute(f"SELECT {COLUMN_LIST} FROM documents WHERE serial = ?", (to.number,))
                same = held.fetchone() == row_of(named, words, given_id, head)
                status = "unchanged" if same else "replaced"
        return Ingested(status, held_id, new_id_of_former=parted)

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
        removed = []
        with self._database.writing() as db:
            for place in places:
                stands = db.execute(
                    "SELECT number FROM locations WHERE document = ?", (place.document,)
                ).fetchall()
                if stands == [(place.number,)]:
                    drop(db, place.document)
                    removed.append(place.document_id)
                elif (place.number,) in stands:
                    db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
                    hand_over(db, place.document)
        return tuple(removed)

    def keep_restored(self, places: Iterable[HeldLocation]) -> None:
        """Note that it was said of these that they are gone, in one transaction. The generation stays."""
        with self._database.writing(counted=False) as db:
            keep_restored(db, [place.number for place in places])

    def stands(self, ids: Collection[str], ahead: Foreseen) -> dict[str, int]:
        """Tell in how many places documents stand, or will: by the ids that they have then."""
        numbers = [number for number, (_, held_id) in ahead.new_ids.items() if held_id in ids]
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT serial, id, locations.number FROM documents JOIN locations ON document = serial "
                "WHERE id IN (SELECT value FROM json_each(?)) OR serial IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)), json.dumps(numbers)),
            ).fetchall()
        places = Counter(serial for serial, _, number in rows if number not in ahead.lost)
        return {
            ahead.renamed(serial, held_id): places[serial] + len(ahead.more[serial])
            for serial, held_id, _ in rows
        }

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT DISTINCT path FROM locations WHERE made_by = '' ORDER BY path"
            ).fetchall()
        return tuple(path for (path,) in rows)

    def put_files(self, files: Iterable[FileRead], told: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, in one transaction. The generation stays.

        `told` is how some of them, by path, are to be read from now on.
        """
        with self._database.writing(counted=False) as db:
            for file in files:
                put_file(db, file)
            for path, options in told.items():
                put_read_as(db, path, options)

    def rows(self, path: str) -> list[Row]:
        """List the rows of tables in a file that may have no ids: those held, and those that were removed."""
        with self._database.reading() as db:
            return rows(db, path)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row as it was read last."""
        with self._database.reading() as db:
            return row_text(db, path, part)

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows, in one transaction; see `locations`. The generation stays."""
        with self._database.writing(counted=False) as db:
            renumber(db, path, was, now)

    def read_as(self, path: str) -> ReadAs:
        """Tell how a file was read last, as far as a person can say so."""
        with self._database.reading() as db:
            return read_as(db, path)

    def unchanged(self, path: str, part: str, source_sha256: str, made_by: str) -> FileResult | None:
        """Tell what an ingest of this source would: that nothing has changed; None where it may have.

        It has not where the document at this place was made of the same bytes by the same maker, or a person
        removed or purged what was.
        """
        with self._database.reading() as db:
            if removed := versions.withdrawn(db, path, part, source_sha256):
                return FileResult(path, "withdrawn", removed.document_id)
            held = unchanged(db, path, part, source_sha256, made_by)
            if held is None and versions.purged(db, path, source_sha256):
                return FileResult(path, "purged")
            return held

    def file_unchanged(self, path: str, sha256: str, made_by: str) -> tuple[FileResult, ...] | None:
        """Tell what reading a file would: that all of it is held as it is, or was refused; None if not so."""
        with self._database.reading() as db:
            return file_unchanged(db, path, sha256, made_by)

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, in order of path and part.

        Parts that are to be left out, `beside` these, may be a million.
        """
        with self._database.reading() as db:
            return tuple(place for place in (under if folder else at)(db, path) if place.part not in beside)

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT path FROM locations UNION SELECT path FROM withdrawn "
                "UNION SELECT json_extract(held, '$.path') FROM versions "
                "UNION SELECT json_extract(value, '$.path') FROM versions, json_each(held, '$.locations') "
                "ORDER BY 1"
            )
            return [path for (path,) in rows]

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Erase documents with all their versions, all or none; `scrub` takes care of the bytes.

        What the desk is to forget of them is told by `to_forget`.

        Raises:
            DocumentNotFoundError: one of the ids is neither held nor was removed; nothing was erased.
        """
        purged = tuple(dict.fromkeys(ids))
        with self._database.writing() as db:
            for document_id in purged:
                held = is_held(db, document_id) or not any(versions.find(db, "document = ?", document_id))
                number = number_of(db, document_id) if held else None
                versions.erase(db, document_id)
                if number is not None:
                    delete(db, number)
            if purged:
                db.execute("UPDATE library SET index_file = '', words_file = ''")
        return purged

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie in the library's files."""
        with self._database.reading() as db:
            return db.execute("SELECT 1 FROM erasing").fetchone() is not None

    def to_forget(self) -> list[tuple[str, list[str]]]:
        """List what the desk is to forget, before `scrub`: ids of documents, and their texts by SHA-256."""
        with self._database.reading() as db:
            rows = db.execute("SELECT cited FROM erasing WHERE cited != ''").fetchall()
            found = [stored.items(row) for (row,) in rows]
            return [(stored.text(document_id), [*map(stored.text, texts)]) for document_id, texts in found]

    def scrub(self) -> None:
        """Leave no byte in the store's file of what was purged.

        Raises:
            LibraryError: another process reads all the while; `erasing` stays.
        """
        with self._database.writing(counted=False) as db:
            db.execute("UPDATE erasing SET cited = ''")
        self._database.scrub()

    def erased(self) -> None:
        """Say that no byte is left in any file of the library of what was purged."""
        with self._database.writing(counted=False) as db:
            db.execute("DELETE FROM erasing")

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

    # Vectors

    def known_vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
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

    def adopt_encoding(self, encoding: Encoding) -> tuple[str, ...]:
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

    # Reading

    # Versions

    def left_out(self, document: Document, part: str) -> LeftOut | None:
        """Tell what a person took out that this one is: at its place, or by its words, which none has now."""
        with self._database.reading() as db:
            if removed := versions.withdrawn(db, document.path, part, document.source_sha256):
                return removed
            words = words_sha256(document.text, document.furniture)
            out = versions.withdrawn_text(db, document, words, part)
            if out is None and versions.purged(db, document.path, document.source_sha256, document.sha256):
                out = versions.PURGED
            return out if out and target(db, document, words, part).new_words else None

    def withhold(self, document: Document, part: str, version: int) -> None:
        """Note that what a person removed stands at one more place, in one transaction.

        The generation stays.
        """
        with self._database.writing(counted=False) as db:
            versions.withhold(db, document.path, part, document.source_sha256, version)

    def compare_missing(self) -> None:
        """Look for near-duplicates of what an earlier Pullquote has put in; nothing where all are known."""
        while self._lacks_copies():
            with self._database.writing() as db:
                near_duplicates.compare_missing(db, COPIES_AT_ONCE)

    def _lacks_copies(self) -> bool:
        with self._database.reading() as db:
            return bool(near_duplicates.not_compared(db, 1))

    # How the documents spell names: see `qa.text.names.Spellings`
