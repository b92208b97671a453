"""The store: SQLite (WAL) as the one system of record of a library.

It holds documents with their text, passages as offsets, the full-text index and the vectors. One ingest of
one document is one transaction, so is one removal; each that changes something raises `generation`. Whatever
else a library's folder holds is derived from this file.

A `Store` may be used from several threads, and its file by several processes.
"""

# ruff: noqa: S608 -- statements are put together from this file's own column lists and conditions; what
# comes from outside is always bound as a value.

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from qa import copies, stored, vectors, versions, words
from qa.corrections import every as all_corrections
from qa.corrections import found_in, uncorrected
from qa.corrections import put as put_corrections
from qa.database import Database, put_spellings
from qa.dates import parse_date, span_of
from qa.deadline import Deadline
from qa.errors import DocumentNotFoundError, InputError, LibraryError
from qa.feedback import Judgement, Place, Shown
from qa.metadata import BY_SIDECAR, value_of
from qa.names import fold, spellings
from qa.postings import build
from qa.recent import Recent
from qa.rows import numbered
from qa.schema import (
    EVERYTHING,
    Document,
    DocumentInfo,
    Facets,
    FileResult,
    Filters,
    Outcome,
    Passage,
    PassagePlace,
    Section,
    SectionKind,
    Sentence,
    SentenceKind,
    Span,
)
from qa.selection import Selection, select, where
from qa.sources import (
    Location,
    Target,
    at,
    default_part,
    displace,
    file_unchanged,
    hand_over,
    id_of_next,
    keep_restored,
    put_file,
    put_location,
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
from qa.terms import indexed, is_only_latin
from qa.versions import Cited, LeftOut, Version
from qa.window import legible

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Float32, Int64
    from embeddings.models import EncoderIdentity
    from qa.corrections import Correction
    from qa.feedback import Thumb
    from qa.postings import Segment
    from qa.rows import Row
    from qa.sources import FileRead, Foreseen, Held, ReadAs
    from qa.vectors import Difference, Encoding
    from qa.words import Occurrences

# Documents of a library of before whose near-duplicates are looked for in one transaction.
COPIES_AT_ONCE = 100
# Filters whose selections are kept: of a library of a million passages each has 125 kB.
SELECTIONS = 8
# Ids on either side, in order, of one that is not held, among which the one that was meant is looked for.
SUGGESTED_FROM = 500

Status = Literal["added", "replaced", "unchanged", "moved", "duplicate"]

_PLAIN = (
    "id",
    "path",
    "title",
    "publisher",
    "series",
    "number",
    "url",
    "language",
    "format",
    "collection",
    "source_sha256",
    "text",
    "author",
)
# What a row of `documents` holds of a Document as it is, what it holds in another form, and what it adds.
_COLUMNS = (
    *_PLAIN,
    "date",
    "header",
    "furniture",
    "notes",
    "sections",
    "found",
    "sha256",
    "words_sha256",
    "given_id",
    "head",
    "characters",
)
_COLUMN_LIST = ", ".join(_COLUMNS)


_SENTENCE = stored.number, stored.number, stored.one_of(get_args(SentenceKind))
_SECTION = stored.number, stored.number, stored.one_of(get_args(SectionKind)), stored.text, stored.text
_OUTCOME = stored.one_of(get_args(Outcome))

# What a file of an index or of postings is called; by another name, a file elsewhere would be opened.
_DERIVED = re.compile(r"index-\d+\.faiss|words-\d+\.bin")


@dataclass(frozen=True, slots=True)
class Count:
    """How much a library holds."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A passage ready to be stored: its window's digest (see `qa.window`) and unit vector, float32 [d]."""

    passage: Passage
    digest: bytes
    vector: Float32


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did. `document_id` is the id under which the document is held.

    `displaced` is what stood at its place before, and stands nowhere else now (`qa.sources.displace`);
    `parted` is the new id of what stood there, has lost its own to this document, and stands elsewhere.
    """

    status: Status
    document_id: str
    displaced: Held | None = None
    parted: str = ""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What the store knows of a derived file. `file` is empty where there is none."""

    generation: int
    encoding: Encoding | None
    file: str
    file_generation: int


class Store:
    """The system of record of the library in `folder`.

    Every method raises `LibraryError` when the file is damaged, locked by another writer, or out of space;
    what was committed before stays as it was.

    Raises:
        LibraryNotFoundError: there is no library in the folder, and `create` is False.
        LibraryError: the file is no library, damaged, or from a newer Pullquote. It is left untouched.
    """

    def __init__(self, folder: Path, *, create: bool = True, read_only: bool = False) -> None:
        self.folder = folder
        self._database = Database(folder, create=create, read_only=read_only)
        self.read_only = self._database.read_only
        self._selections: Recent[tuple[Filters, int], Selection] = Recent(SELECTIONS)

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        self._database.close()

    # What the library is

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        with self._database.reading() as db:
            return _generation(db)

    def encoding(self) -> Encoding | None:
        """Tell which encoder made the vectors in force; None before the first document."""
        with self._database.reading() as db:
            return vectors.encoding(db)

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
        `qa.sources.target`): these in another place are one more location of the same document, "moved" where
        the file that they were in is gone, and else a "duplicate". A new document whose id is taken is held
        under an id of its own: `id~2`, `id~3` and so on. `made_by` names what read and segmented it, for
        `unchanged`. What was `restored` goes back where it stood. A text that changes is kept, see
        `qa.versions`; `corrections` were made to it (`qa.corrections`).

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
                values = _row(document, words, restored.held["given_id"], head)
                number, status = _write(db, None, document, values, entries, encoding, made_by)
                versions.put_back(db, restored, number)
                hand_over(db, number)
                return Ingested(status, document.id)
            versions.admit(db, document, part)
            to = target(db, document, words, part, made_by)
            given_id, document = _named(db, document, to, part)
            parted = _part(db, to.left or 0) if to.parts else ""
            number, status = to.number or 0, _status(to)
            if to.leads:
                values = _row(document, words, given_id, head)
                number, written = _write(db, to.number, document, values, entries, encoding, made_by)
                status = written if to.known else status
                if corrections:
                    put_corrections(db, document.id, corrections)
            displaced = _put(db, to, number, document, made_by, part)
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
            number = _number(db, document.id)
            given_id, sha256, words, made_by = db.execute(
                "SELECT given_id, sha256, words_sha256, made_by FROM documents WHERE serial = ?", (number,)
            ).fetchone()
            if sha256 != document.sha256:
                raise LibraryError(f"{document.id!r} was replaced meanwhile: look at it, and edit it again")
            encoding = vectors.encoding_for(db, encoder, self.folder)
            _write(db, number, document, _row(document, words, given_id, head), entries, encoding, made_by)
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
            _, document = _named(db, document, to, part)
            return all_corrections(db).get(document.id, {})

    def place(self, document: Document, made_by: str, part: str) -> Ingested | None:
        """Note that a document stands in one more place, in one transaction; None where its text is news.

        It does what `ingest` would, which is then to be called.
        """
        words = words_sha256(document.text, document.furniture)
        with self._database.writing() as db:
            to = target(db, document, words, part, made_by)
            if to.leads or to.number is None:
                return None
            versions.admit(db, document, part)
            _, document = _named(db, document, to, part)
            displaced = _put(db, to, to.number, document, made_by, part)
        return Ingested(_status(to), document.id, displaced)

    def has_text(self, document: Document, made_by: str, part: str) -> bool:
        """Tell whether `place` would do for a document."""
        words = words_sha256(document.text, document.furniture)
        with self._database.reading() as db:
            return not target(db, document, words, part, made_by).leads

    def foresee(self, document: Document, head: str, part: str, ahead: Foreseen) -> Ingested:
        """Tell what `ingest` would do with a document that is not `unchanged`, and note it in `ahead`."""
        words = words_sha256(document.text, document.furniture)
        with self._database.reading() as db:
            to = target(db, document, words, part, ahead=ahead)
            if to.new and (copied := ahead.copied(document, part, to)):
                return Ingested("duplicate", copied)
            given_id, named = _named(db, document, to, part, ahead.ids)
            number = to.left if to.parts else to.number
            given_id, held_id = ahead.parted.get(number or 0, (given_id, named.id))
            parted = ""
            if to.parts and to.left is not None:
                ahead.ids.add(held_id)
                given = id_of_next(stands(db, to.left, ahead), given_id)
                parted = _free(db, given, ahead.ids)
                ahead.parted[to.left] = given, parted
                ahead.ids.add(parted)
            ahead.put(document, part, held_id, to)
            status = _status(to)
            if to.known and to.leads:
                held = db.execute(f"SELECT {_COLUMN_LIST} FROM documents WHERE serial = ?", (to.number,))
                same = held.fetchone() == _row(named, words, given_id, head)
                status = "unchanged" if same else "replaced"
        return Ingested(status, held_id, parted=parted)

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none, in one transaction. Gives the ids back, each once.

        Their texts are kept (`qa.versions`). What is `withdrawn`, the same file does not bring back.

        Raises:
            DocumentNotFoundError: one of the ids is not held; nothing was removed.
        """
        removed = tuple(dict.fromkeys(ids))
        with self._database.writing() as db:
            for number in [_number(db, document_id) for document_id in removed]:
                _drop(db, number, withdrawn=withdrawn)
        return removed

    # Where documents come from

    def prune(self, places: Iterable[Held]) -> tuple[str, ...]:
        """Forget places, in one transaction; gives the ids of documents that then stood nowhere, and went."""
        removed = []
        with self._database.writing() as db:
            for place in places:
                stands = db.execute(
                    "SELECT number FROM locations WHERE document = ?", (place.document,)
                ).fetchall()
                if stands == [(place.number,)]:
                    _drop(db, place.document)
                    removed.append(place.document_id)
                elif (place.number,) in stands:
                    db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
                    hand_over(db, place.document)
        return tuple(removed)

    def keep_restored(self, places: Iterable[Held]) -> None:
        """Note that it was said of these that they are gone, in one transaction. The generation stays."""
        with self._database.writing(counted=False) as db:
            keep_restored(db, [place.number for place in places])

    def stands(self, ids: Collection[str], ahead: Foreseen) -> dict[str, int]:
        """Tell in how many places documents stand, or will: by the ids that they have then."""
        numbers = [number for number, (_, held_id) in ahead.parted.items() if held_id in ids]
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
        """Let documents follow their rows, in one transaction; see `qa.sources`. The generation stays."""
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

    def places_in(self, path: str, *, folder: bool = False, beside: Container[str] = ()) -> tuple[Held, ...]:
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
        """Erase documents with all their versions and thumbs, all or none; `scrub` takes care of the bytes.

        Raises:
            DocumentNotFoundError: one of the ids is neither held nor was removed; nothing was erased.
        """
        purged = tuple(dict.fromkeys(ids))
        with self._database.writing() as db:
            for document_id in purged:
                held = _is_held(db, document_id) or not any(versions.find(db, "document = ?", document_id))
                number = _number(db, document_id) if held else None
                versions.erase(db, document_id)
                if number is not None:
                    _delete(db, number)
            if purged:
                db.execute("UPDATE library SET index_file = '', words_file = ''")
        return purged

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie in the library's files."""
        with self._database.reading() as db:
            return db.execute("SELECT 1 FROM erasing").fetchone() is not None

    def scrub(self) -> None:
        """Leave no byte in the store's file of what was purged.

        Raises:
            LibraryError: another process reads all the while; `erasing` stays.
        """
        self._database.scrub()

    def erased(self) -> None:
        """Say that no byte is left in any file of the library of what was purged."""
        with self._database.writing(counted=False) as db:
            db.execute("DELETE FROM erasing")

    # Thumbs

    def put_thumb(self, shown: Shown, quote: Place | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it, in place of an earlier one.

        None for the thumb takes it back. The generation stays: answers do not rest on thumbs.
        """
        place = (quote.sha256, quote.start, quote.end) if quote else ("", 0, 0)
        with self._database.writing(counted=False) as db:
            if thumb is None:
                db.execute(
                    "DELETE FROM thumbs WHERE query = ? AND sha256 = ? AND start = ? AND end = ?",
                    (shown.query_id, *place),
                )
            else:
                db.execute(
                    "INSERT OR REPLACE INTO thumbs (query, sha256, start, end, document, thumb, shown) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (shown.query_id, *place, quote.document if quote else "", thumb, _shown_row(shown)),
                )

    def thumbs(self, query_id: str | None = None) -> tuple[Judgement, ...]:
        """Read the thumbs of one test query, or of all, in order of query and place."""
        where, values = ("", ()) if query_id is None else ("WHERE query = ? ", (query_id,))
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT shown, document, sha256, start, end, thumb FROM thumbs "
                f"{where}ORDER BY query, sha256, start, end",
                values,
            )
            return tuple(
                Judgement(_shown(shown), _place(place) if place[1] else None, thumb)
                for shown, *place, thumb in rows
            )

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""
        with self._database.reading() as db:
            counts: tuple[int, int] = db.execute(
                "SELECT count(*), count(DISTINCT query) FROM thumbs"
            ).fetchone()
        return counts

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

    def file_bytes(self) -> int:
        """Measure the file, with what of it is not merged yet."""
        return self._database.file_bytes()

    def count(self) -> Count:
        """Count what is held."""
        with self._database.reading() as db:
            return Count(*db.execute("SELECT count(*), coalesce(sum(passages), 0) FROM documents").fetchone())

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""
        with self._database.reading() as db:
            ends = db.execute(
                "SELECT (SELECT min(sha256) FROM documents), (SELECT max(sha256) FROM documents)"
            ).fetchone()
        return bool(ends == (sha256, sha256))

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        with self._database.reading() as db:
            return db.execute("SELECT id, sha256 FROM documents ORDER BY id").fetchall()

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first of them, in order of id, without text."""
        condition, values = where(filters)
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, title, publisher, series, number, url, format, path, collection, sha256, "
                "source_sha256, characters, language, date, notes, passages, author, found, "
                "(SELECT json_group_array(l.path) FROM (SELECT path FROM locations WHERE document = serial "
                "ORDER BY locations.number) AS l) AS locations "
                f"FROM documents WHERE {condition} ORDER BY id LIMIT ?",
                (*values, -1 if limit is None else limit),
            )
            names = [column for column, *_ in rows.description]
            return tuple(_info(dict(zip(names, row, strict=True))) for row in rows)

    def left_by(self, filters: Filters, ids: Iterable[str]) -> set[str]:
        """Tell which of some documents, by id, the filters leave."""
        condition, values = where(filters)
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND {condition}",
                (json.dumps(list(ids)), *values),
            )
            return {document_id for (document_id,) in rows}

    def facets(self) -> Facets:
        """Tell what filters can choose from."""
        with self._database.reading() as db:

            def values(column: str) -> tuple[tuple[str, int], ...]:
                rows = db.execute(
                    f"SELECT {column}, count(*) FROM documents WHERE {column} != '' GROUP BY 1 ORDER BY 1"
                )
                return tuple(rows.fetchall())

            first, last, undated = db.execute(
                "SELECT min(nullif(date, '')), max(date), count(*) FILTER (WHERE date = '') FROM documents"
            ).fetchone()
            return Facets(
                values("publisher"),
                values("series"),
                values("language"),
                values("collection"),
                _date(first or ""),
                _date(last or ""),
                undated,
            )

    def document(self, document_id: str) -> Document:
        """Read the document of that id.

        Raises:
            DocumentNotFoundError: there is none.
        """
        with self._database.reading() as db:
            return self._document(db, _number(db, document_id))

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has that SHA-256 (hex), the first by id where several have.

        Raises:
            DocumentNotFoundError: there is none.
        """
        with self._database.reading() as db:
            row = db.execute(
                "SELECT serial FROM documents WHERE sha256 = ? ORDER BY id LIMIT 1", (sha256.lower(),)
            ).fetchone()
            if row is None:
                raise DocumentNotFoundError(
                    f"the library in {self.folder} holds no document whose text has the SHA-256 {sha256!r}: "
                    "it was removed, or its source has changed since"
                )
            return self._document(db, row[0])

    # Versions

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and tell what has become of it.

        Of several that have the same text, the one of that id, where there is one.

        Raises:
            DocumentNotFoundError: no text with it was ever held, or it was purged.
        """
        with self._database.reading() as db:
            row = db.execute(
                "SELECT serial FROM documents WHERE sha256 = ? ORDER BY id != ?, id LIMIT 1",
                (sha256.lower(), document_id),
            ).fetchone()
            if row:
                document = self._document(db, row[0])
                return Cited(document, "current", None, document.id, document.sha256)
            kept = list(versions.find(db, "sha256 = ?", sha256.lower()))
            named = (version for version in kept if version.document_id == document_id)
            version = next(named, kept[0] if kept else None)
            if version is None:
                raise DocumentNotFoundError(
                    f"the library in {self.folder} holds no document whose text has, or had, the SHA-256 "
                    f"{sha256!r}: it was never indexed here, or it was erased for good"
                )
            document = self._as_document({**version.held, "text": versions.text(db, version)})
            # What superseded it may have been removed since; then another document may have its id.
            removals = versions.find(
                db,
                "document = ? AND reason = 'removed' AND number >= ? "
                "AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)",
                document.id,
                version.number,
            )
            *_, removal = (None, *removals)
            current = db.execute(
                "SELECT sha256 FROM documents WHERE id = ?", (version.document_id,)
            ).fetchone()
            if current and not removal:
                return Cited(document, "superseded", version.at, document.id, current[0])
            return Cited(document, "removed", (removal or version).at)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read a text that a document had before, by its SHA-256 (hex) or by how that begins.

        Raises:
            DocumentNotFoundError: it had none, or more than one begins so.
        """
        with self._database.reading() as db:
            found = [
                each
                for each in versions.find(db, "document = ?", document_id)
                if sha256 and each.sha256.startswith(sha256.lower())
            ]
            if len({each.sha256 for each in found}) != 1:
                such = "more than one earlier text" if found else "no earlier text"
                raise DocumentNotFoundError(
                    f"{document_id!r} has {such} whose SHA-256 begins with {sha256!r}: "
                    "`pullquote documents show` lists them"
                )
            return found[0], self._as_document({**found[0].held, "text": versions.text(db, found[0])})

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: their SHA-256."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT sha256 FROM versions WHERE instr(text, ?) ORDER BY number DESC", (words,)
            ).fetchall()
        return list(dict.fromkeys(sha256 for (sha256,) in rows))

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the texts that a document had, the newest first, but for the one that it has again."""
        others = "document = ? AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)"
        with self._database.reading() as db:
            return tuple(versions.find(db, others, document_id))

    def removed(self) -> tuple[Version, ...]:
        """List what can be restored, what was removed last first."""
        last = (
            "number IN (SELECT max(number) FROM versions WHERE reason = 'removed' GROUP BY document) "
            "AND document NOT IN (SELECT id FROM documents)"
        )
        with self._database.reading() as db:
            return tuple(versions.find(db, last))

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Find what `restore` puts back; see `qa.versions.restorable`."""
        with self._database.reading() as db:
            version = versions.restorable(db, document_id)
            return version, self._as_document({**version.held, "text": versions.text(db, version)})

    def left_out(self, document: Document, part: str) -> LeftOut | None:
        """Tell what a person took out that this one is: at its place, or by its words, which none has now."""
        with self._database.reading() as db:
            if removed := versions.withdrawn(db, document.path, part, document.source_sha256):
                return removed
            words = words_sha256(document.text, document.furniture)
            out = versions.withdrawn_text(db, document, words, part)
            if out is None and versions.purged(db, document.path, document.source_sha256, document.sha256):
                out = versions.PURGED
            return out if out and target(db, document, words, part).new else None

    def withhold(self, document: Document, part: str, version: int) -> None:
        """Note that what a person removed stands at one more place, in one transaction.

        The generation stays.
        """
        with self._database.writing(counted=False) as db:
            versions.withhold(db, document.path, part, document.source_sha256, version)

    def citing(self, document_id: str) -> tuple[int, tuple[str, ...]]:
        """Tell what in the library cites a document: how many thumbs, on which questions."""
        with self._database.reading() as db:
            return versions.citing(db, document_id)

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of others that have, or had, the very text that a document has, or had."""
        with self._database.reading() as db:
            return versions.same_text(db, document_id)

    def _document(self, db: sqlite3.Connection, number: int) -> Document:
        row = db.execute(f"SELECT {_COLUMN_LIST} FROM documents WHERE serial = ?", (number,)).fetchone()
        return self._as_document(dict(zip(_COLUMNS, row, strict=True)))

    def _as_document(self, held: Mapping[str, Any]) -> Document:
        document = Document(
            **{name: stored.text(held[name]) for name in _PLAIN},
            date=_date(held["date"]),
            header=_spans(held["header"]),
            furniture=_spans(held["furniture"]),
            notes=tuple(map(stored.text, stored.items(held["notes"]))),
            sections=stored.rows(held["sections"], Section, *_SECTION),
            found=found_in(held["found"]),
        )
        if document.sha256 != held["sha256"] or held.get("characters") not in (None, len(document.text)):
            raise LibraryError(
                f"the text of {document.id!r} in {self.folder} does not have the SHA-256 recorded for it: "
                "the library is damaged. Put it back from a backup, or remove the document and index "
                f"{document.path or 'it'} again"
            )
        return document

    def passages(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Read passages by key, in the order of `keys`; keys no longer held are left out."""
        wanted = [int(key) for key in keys]
        with self._database.reading() as db:
            found = {
                passage.key: passage
                for passage in _passages(db, "key IN (SELECT value FROM json_each(?))", json.dumps(wanted))
            }
        return {key: found[key] for key in wanted if key in found}

    def places(self, keys: Iterable[int]) -> dict[int, PassagePlace]:
        """Find where passages stand, by key, in the order of `keys`; keys no longer held are left out."""
        wanted = [int(key) for key in keys]
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT key, id, start, end FROM passages JOIN documents ON documents.serial = document "
                "WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(wanted),),
            )
            found = {key: PassagePlace(key, *place) for key, *place in rows}
        return {key: found[key] for key in wanted if key in found}

    def dates(self, ids: Iterable[str]) -> dict[str, dt.date]:
        """Find the publication dates of documents by id; those without one, or not held, are left out."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, date FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND date != ''",
                (json.dumps(list(dict.fromkeys(ids))),),
            )
            return {document_id: parse_date(stored.text(date)) for document_id, date in rows}

    def copies(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents by id: their ids and similarity, the most similar first.

        Documents without any, or not held, are left out. See `qa.copies`.
        """
        with self._database.reading() as db:
            return copies.held(db, ids)

    def complete_copies(self) -> None:
        """Look for near-duplicates of what an earlier Pullquote has put in; nothing where all are known."""
        while self._lacks_copies():
            with self._database.writing() as db:
                copies.complete(db, COPIES_AT_ONCE)

    def _lacks_copies(self) -> bool:
        with self._database.reading() as db:
            return bool(copies.lacking(db, 1))

    def illegible(self, ids: Iterable[str]) -> dict[str, frozenset[int]]:
        """Find the passages of documents, by document id, in which the shipped models can read nothing.

        A passage is named by its key; see `qa.window.legible`. Documents not held are left out.
        """
        with self._database.reading() as db:
            texts = db.execute(
                "SELECT id, serial, text FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            )
            return {
                document_id: frozenset()
                if is_only_latin(text)
                else frozenset(
                    each.key
                    for each in _passages(db, "document = ?", number)
                    if any(sentence.quotable for sentence in each.sentences)
                    and not legible(text, each.sentences)
                )
                for document_id, number, text in texts
            }

    def documents_of(self, keys: Iterable[int]) -> dict[int, str]:
        """Find the id of each passage's document, by passage key; keys no longer held are left out."""
        return {key: place.document_id for key, place in self.places(keys).items()}

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._database.reading() as db:
            return tuple(_passages(db, "document = ?", _number(db, document_id)))

    def document_and_passages(self, document_id: str) -> tuple[Document, tuple[Passage, ...]]:
        """Read a document and its passages, in one snapshot.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._database.reading() as db:
            number = _number(db, document_id)
            return self._document(db, number), tuple(_passages(db, "document = ?", number))

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in.

        Raises:
            InputError: `since` is later than `until`.
        """
        if filters.since and filters.until and span_of(filters.since)[0] > span_of(filters.until)[1]:
            raise InputError(
                f"nothing lies between {filters.since} and {filters.until}: swap since and until"
            )
        with self._database.reading() as db:
            return self._selected(db, filters)

    def _selected(self, db: sqlite3.Connection, filters: Filters) -> Selection:
        key = filters, _generation(db)
        selection = self._selections.get(key)
        if selection is None:
            selection = select(db, filters)
            self._selections.put(key, selection)
        return selection

    def bm25(self, terms: Sequence[str], k: int, selection: Selection) -> list[tuple[int, float]]:
        """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first.

        Equals come in order of their documents' ids, and of their places in these.
        """
        with self._database.reading() as db:
            return words.bm25(db, terms, k, self._selected(db, selection.filters))

    def in_order(self, keys: Iterable[int]) -> list[int]:
        """Order passages by their documents' ids and places in these; keys no longer held are left out."""
        with self._database.reading() as db:
            return words.in_order(db, keys)

    def texts_of(self, keys: Int64) -> list[tuple[int, str, str]]:
        """Read what the full-text index has of passages: (key, head, body), by key; those that are held."""
        with self._database.reading() as db:
            return words.texts_of(db, keys)

    def write_postings(self, out: BinaryIO) -> tuple[int, Segment]:
        """Write the postings of all passages, and give the generation and what else belongs to them.

        See `qa.postings.build`. It takes about a minute for a million passages.
        """
        with self._database.reading() as db:
            rows = db.execute("SELECT key FROM passages ORDER BY key")
            keys = np.fromiter((key for (key,) in rows), np.int64)
            return _generation(db), build(db, keys, out)

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where the documents hold the phrase (see `phrase_pattern`), in order of id and offset.

        All documents that hold its words are read, unless there are many; see `Occurrences`.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        with self._database.reading() as db:
            within = self._selected(db, selection.filters)
            read = partial(self._document, db)
            return words.find_phrase(db, phrase, within, read, deadline or Deadline())

    # How the documents spell names: see `qa.names.Spellings`

    def spellings(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Give the spellings that the documents have of names with these keys, in order."""
        with self._database.reading() as db:
            return words.spellings(db, keys)

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""
        with self._database.reading() as db:
            return words.holds(db, fold(name))

    def writes_small(self, word: str) -> bool:
        """Tell whether the documents write a word, given in small letters, in small letters too."""
        with self._database.reading() as db:
            return words.writes_small(db, word)


def _generation(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT generation FROM library").fetchone()[0])


def _named(
    db: sqlite3.Connection, document: Document, to: Target, part: str, taken: Collection[str] = ()
) -> tuple[str, Document]:
    """Give a document the id that it is held under, or else a free one. Gives the one first given, too.

    A corrected document that was removed comes back under its id, which is kept for it: corrections go by
    ids.
    """
    number = to.left if to.parts else to.number
    if number is not None:
        given_id, held_id = db.execute(
            "SELECT given_id, id FROM documents WHERE serial = ?", (number,)
        ).fetchone()
        return given_id, replace(document, id=held_id)
    its = versions.corrected_at(db, document.path, part, document.sha256 if numbered(document) else "")
    if its and not _is_held(db, its):
        return document.id, replace(document, id=its)
    return document.id, replace(document, id=_free(db, document.id, taken))


def _part(db: sqlite3.Connection, number: int) -> str:
    """Leave a document to its other places, under an id of theirs: at the first, another text has its id.

    Passages and vectors stay as they are. What a person said of the document was said of the copies, too.
    """
    versions.keep(db, number, "superseded")
    held_id, given_id = db.execute(
        "SELECT id, given_id FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    given_id = id_of_next(stands(db, number), given_id)
    free = _free(db, given_id)
    db.execute("UPDATE documents SET id = ?, given_id = ? WHERE serial = ?", (free, given_id, number))
    put_corrections(db, free, all_corrections(db).get(held_id, {}))
    return free


def _free(db: sqlite3.Connection, wanted: str, taken: Collection[str] = ()) -> str:
    """Find an id that no document has, and none of which there are corrections."""
    held = "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM corrections WHERE document = ?1"
    free = wanted
    for n in count(2):
        if free not in taken and not db.execute(held, (free,)).fetchone():
            break
        free = f"{wanted}~{n}"
    return free


def _write(
    db: sqlite3.Connection,
    number: int | None,
    document: Document,
    values: tuple[str | int, ...],
    entries: Sequence[Entry],
    encoding: Encoding,
    made_by: str,
) -> tuple[int, Status]:
    """Write a document and its row's `values`, new or in place of one held; passages only if they change."""
    head = values[_COLUMNS.index("head")]
    passages = [_passage_row(ordinal, entry.passage) for ordinal, entry in enumerate(entries)]
    status: Status = "added"
    if number is None:
        marks = ", ".join("?" * len(values))
        number = int(
            db.execute(f"INSERT INTO documents ({_COLUMN_LIST}) VALUES ({marks})", values).lastrowid or 0
        )
    else:
        status = "replaced"
        held = db.execute(f"SELECT {_COLUMN_LIST} FROM documents WHERE serial = ?", (number,)).fetchone()
        digests = [entry.digest for entry in entries]
        same_passages = _held_passages(db, number, encoding) == (passages, digests)
        same_words = all(
            held[at] == values[at] for at, name in enumerate(_COLUMNS) if name in ("text", "head")
        )
        if held[_COLUMNS.index("sha256")] != document.sha256:
            versions.keep(db, number, "superseded")
        if not (same_passages and same_words):
            _clear(db, number)
        if held != values:
            db.execute(
                f"UPDATE documents SET {' = ?, '.join(_COLUMNS)} = ? WHERE serial = ?", (*values, number)
            )
        if same_passages and same_words:
            db.execute(
                "UPDATE documents SET made_by = ? WHERE serial = ? AND made_by != ?",
                (made_by, number, made_by),
            )
            return number, "unchanged" if held == values else "replaced"
    searched = indexed(str(head))
    keys = []
    for row, entry in zip(passages, entries, strict=True):
        key = db.execute(
            "INSERT INTO passages (document, ordinal, start, end, sentences) VALUES (?, ?, ?, ?, ?)",
            (number, *row),
        ).lastrowid
        keys.append(key)
        db.execute(
            "INSERT INTO vectors (passage, encoding, digest, vector) VALUES (?, ?, ?, ?)",
            (key, encoding.number, entry.digest, vectors.stored(entry.vector)),
        )
        db.execute(
            "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)",
            (key, searched, indexed(document.text[entry.passage.start : entry.passage.end])),
        )
    put_spellings(db, f"{head}\n\n{document.text}")
    # One run: a writer is alone, and keys only grow.
    db.execute(
        "UPDATE documents SET first_key = ?, passages = ?, made_by = ? WHERE serial = ?",
        (keys[0] if keys else 0, len(keys), made_by, number),
    )
    copies.record(db, number, document)
    return number, status


def _status(to: Target) -> Status:
    """Say what a source is that is put where it belongs, before its text was compared."""
    if to.parts:
        return "replaced"
    if to.number is None:
        return "added"
    if to.known:
        return "unchanged"
    return "moved" if to.dead else "duplicate"


def _put(
    db: sqlite3.Connection, to: Target, number: int, document: Document, made_by: str, part: str
) -> Held | None:
    """Note that a document stands where it was read. Gives what stood there before and nowhere else."""
    displaced = displace(db, to.left) if to.left is not None and to.alone else None
    db.executemany("DELETE FROM locations WHERE number = ?", [(dead,) for dead in to.dead])
    put_location(
        db,
        number,
        Location(document.path, part, document.format, document.source_sha256, document.sha256, made_by),
    )
    hand_over(db, number)
    if to.left is not None and not to.alone:
        hand_over(db, to.left)
    return displaced


def _drop(db: sqlite3.Connection, number: int, *, withdrawn: bool = False) -> None:
    """Take a document out, and keep its text (`qa.versions`)."""
    versions.keep(db, number, "removed", withdrawn=withdrawn)
    _delete(db, number)


def _number(db: sqlite3.Connection, document_id: str) -> int:
    row = db.execute("SELECT serial FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        held = [
            held
            for order in ("id >= ? ORDER BY id", "id < ? ORDER BY id DESC")
            for (held,) in db.execute(
                f"SELECT id FROM documents WHERE {order} LIMIT ?", (document_id, SUGGESTED_FROM)
            )
        ]
        near = difflib.get_close_matches(document_id, held, 3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "`pullquote documents` lists them"
        if removed := next(versions.find(db, "document = ?", document_id), None):
            hint = f"it was removed on {removed.at:%Y-%m-%d}; `pullquote restore` puts it back"
        raise DocumentNotFoundError(f"the library holds no document {document_id!r}: {hint}")
    return int(row[0])


def _is_held(db: sqlite3.Connection, document_id: str) -> bool:
    return db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone() is not None


def _delete(db: sqlite3.Connection, number: int) -> None:
    _clear(db, number)
    db.execute("DELETE FROM documents WHERE serial = ?", (number,))


def _clear(db: sqlite3.Connection, number: int) -> None:
    """Take a document's passages out, of the full-text index too; their vectors go with them."""
    db.executemany(
        "INSERT INTO words (words, rowid, head, body) VALUES ('delete', ?, ?, ?)",
        [
            (key, indexed(head), indexed(text[start:end]))
            for key, head, text, start, end in db.execute(
                "SELECT key, head, text, start, end FROM passages "
                "JOIN documents ON documents.serial = document WHERE document = ?",
                (number,),
            ).fetchall()
        ],
    )
    db.execute("DELETE FROM passages WHERE document = ?", (number,))
    head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (number,)).fetchone()
    gone = [each for each in spellings(f"{head}\n\n{text}") if not words.holds(db, each[1])]
    db.executemany("DELETE FROM spellings WHERE key = ? AND folded = ?", gone)


def _row(document: Document, words: str, given_id: str, head: str) -> tuple[str | int, ...]:
    """Give a document's values, in the order of `_COLUMNS`."""
    return (
        *(getattr(document, name) for name in _PLAIN),
        document.date.isoformat() if document.date else "",
        json.dumps([(span.start, span.end) for span in document.header]),
        json.dumps([(span.start, span.end) for span in document.furniture]),
        json.dumps(document.notes),
        json.dumps([(s.start, s.end, s.kind, s.name, s.read_by) for s in document.sections]),
        json.dumps([(each.field, each.source, each.sure) for each in document.found]),
        document.sha256,
        words,
        given_id,
        head,
        len(document.text),
    )


def _passage_row(ordinal: int, passage: Passage) -> tuple[int, int, int, str]:
    sentences = [(sentence.start, sentence.end, sentence.kind) for sentence in passage.sentences]
    return ordinal, passage.start, passage.end, json.dumps(sentences, separators=(",", ":"))


def _held_passages(
    db: sqlite3.Connection, number: int, encoding: Encoding
) -> tuple[list[tuple[Any, ...]], list[bytes]]:
    rows = db.execute(
        "SELECT ordinal, start, end, sentences, digest FROM passages "
        "LEFT JOIN vectors ON passage = key AND encoding = ? WHERE document = ? ORDER BY ordinal",
        (encoding.number, number),
    ).fetchall()
    return [row[:4] for row in rows], [row[4] for row in rows]


def _shown_row(shown: Shown) -> str:
    held = asdict(shown) | {"quotes": [(q.document, q.sha256, q.start, q.end) for q in shown.quotes]}
    return json.dumps(held, separators=(",", ":"))


def _shown(row: str) -> Shown:
    held = stored.record(row)
    return Shown(
        question=stored.text(held["question"]),
        history=tuple(map(stored.text, held["history"])),
        interpreted_question=stored.text(held["interpreted_question"]),
        outcome=cast("Outcome", _OUTCOME(held["outcome"])),
        quotes=tuple(map(_place, held["quotes"])),
        filtered=bool(held.get("filtered", False)),
    )


def _place(row: Sequence[Any]) -> Place:
    document, sha256, start, end = row
    if not 0 <= stored.number(start) < stored.number(end):
        raise ValueError(f"[{start}, {end}) is no place in a text")
    return Place(stored.text(document), stored.text(sha256), start, end)


def _info(held: dict[str, Any]) -> DocumentInfo:
    """Make what lists show of a document of its row."""
    made: dict[str, Any] = {
        "date": _date(held["date"]),
        "notes": tuple(map(stored.text, stored.items(held["notes"]))),
        "found": found_in(held["found"]),
        "locations": tuple(dict.fromkeys(map(stored.text, stored.items(held["locations"])))),
        "characters": stored.number(held["characters"]),
        "passages": stored.number(held["passages"]),
    }
    plain: dict[str, Any] = {name: stored.text(value) for name, value in held.items() if name not in made}
    return DocumentInfo(**plain, **made)


def _spans(row: str) -> tuple[Span, ...]:
    return stored.rows(row, Span, stored.number, stored.number)


def _passages(db: sqlite3.Connection, where: str, value: str | int) -> Iterator[Passage]:
    rows = db.execute(
        "SELECT key, id, ordinal, start, end, sentences, characters FROM passages "
        f"JOIN documents ON documents.serial = document WHERE {where} ORDER BY document, ordinal",
        (value,),
    )
    for key, document_id, ordinal, start, end, sentences, characters in rows:
        whole = stored.rows(sentences, Sentence, *_SENTENCE)
        edges = [start, *(edge for each in whole for edge in (each.start, each.end)), end]
        if min(edges) < 0 or edges != sorted(edges) or end > characters:
            raise ValueError("a passage that its document does not have")
        yield Passage(document_id, ordinal, start, end, whole, key)


def _date(text: str) -> dt.date | None:
    return parse_date(stored.text(text)) if text else None
