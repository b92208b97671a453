"""A library on Milvus: what asking, citing and intake want of it."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from qa.deadline import Deadline
from qa.document.window import legible
from qa.errors import InputError, LibraryError, LibraryNotFoundError
from qa.recent import Recent
from qa.schema import EVERYTHING, UPLOAD, DocumentList, DocumentQuery
from qa.storage.cluster import journal, passage_rows, schema, spellings, texts
from qa.storage.cluster import state as states
from qa.storage.cluster.conditions import both, condition
from qa.storage.cluster.connection import Connection, is_in, quoted
from qa.storage.cluster.entities import EDITION
from qa.storage.cluster.lease import Lease
from qa.storage.cluster.lists import Lists
from qa.storage.cluster.originals import OwnOriginals, SharedOriginals
from qa.storage.cluster.own_files import SharedFiles
from qa.storage.cluster.search import Search
from qa.storage.cluster.state import State
from qa.storage.cluster.stems import Stemmer
from qa.storage.cluster.working import ELSEWHERE, Working
from qa.storage.encoders import Encoders
from qa.storage.encodings import LONGEST_NAME, check_encoder, is_plain
from qa.storage.intake_port import Ingested, ReadDocument
from qa.storage.parts import COPIED, Part
from qa.storage.ports import READ_AT_ONCE, Count, LibraryStats, Occurrences, Selection
from qa.storage.records import listing, reading, uploads, versions
from qa.storage.records.corrections import of as corrections_of
from qa.storage.records.corrections import put as put_corrections
from qa.storage.records.corrections import put_in_collection
from qa.storage.records.filters import check_span
from qa.storage.records.locations import (
    RESTORED,
    hand_over,
    known_file,
    mark_reported_gone,
    places_in,
    places_of,
    put_file,
    put_read_as,
    renumber,
    row_text,
)
from qa.storage.records.put import (
    check_tiled,
    compare_row,
    edited,
    is_held,
    known_document,
    put_document,
    put_row,
)
from qa.storage.records.reading import document_at, number_of, put_rows, rows_of
from qa.text.names import aliases, find, fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.schema import Document, DocumentInfo, Facets, Filters, Passage
    from qa.storage.cluster.address import Address
    from qa.storage.cluster.originals import Originals
    from qa.storage.cluster.search import Found
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
    from qa.storage.ports import Cited, DocumentTexts, Hit, Segmented, ThumbRow, Version
    from qa.storage.postgresql import SharedDatabase
    from qa.text.names import Aliases, Names

T = TypeVar("T")

# How often something is read at most because the library has changed meanwhile.
ATTEMPTS = 50
_WAIT = 0.02
# A change that was committed is in all rows soon; where it is not after so long, whoever made it has died.
PENDING = 5.0
# Documents that were read for questions are kept up to so many bytes; lists and selections up to so many.
READ_BYTES = 16 << 20
KEPT = 8
# Ids on either side of one that is not held, among which the one that was meant is looked for.
_SUGGESTED_FROM = 500
_DOCUMENT = ("id", "serial", "edition", "sha256", "row")


class ClusterLibrary:
    """The library at an address; what a person keeps beside it lies in `desk`. Several threads may use it.

    Where several servers share that, it lies in the database `shared`, and `desk` has copies of files.

    Every method raises LibraryError where Milvus is away, or refuses; what was acknowledged stays.

    Raises:
        LibraryNotFoundError: there is no library at the address, and `create` is False.
        MissingExtraError: the packages of the extra are not installed.
        LibraryError: there is no Milvus at the address, or another Pullquote made the library.
    """

    def __init__(
        self,
        address: Address,
        desk: Path,
        shared: SharedDatabase | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
    ) -> None:
        self.address, self.folder, self.read_only = address, desk, read_only
        self.shared = shared
        self._originals: Originals = SharedOriginals(shared, desk) if shared else OwnOriginals(desk)
        self._own_files = SharedFiles(shared, desk) if shared else None
        self._closed = self._has_failed = False
        self._own_changes = 0
        if create and not read_only:
            _make(desk)
        self.connection = Connection(address, create=create and not read_only)
        try:
            self._collections = schema.Collections.of(address.name)
            self._lease = Lease(self.connection, self._collections.leases)
            self._stemmer = Stemmer()
            self._search = Search(self.connection, self._collections, self._stemmer)
            self._lists = Lists(self.connection, self._collections)
            self._found(create=create and not read_only)
        except BaseException:
            self.connection.close()
            raise
        self.encoders = Encoders(self, encoder, address.text)
        self._read: Recent[tuple[int, str], Segmented] = Recent(READ_BYTES)
        self._selections: Recent[tuple[Filters, int], Selection] = Recent(KEPT)

    def _found(self, *, create: bool) -> None:
        """Make the library if there is none."""
        there = self.connection.call("has_collection", self._collections.leases)  # the last that is made
        state = None
        if there:
            schema.load(self.connection, self._collections.fixed)
            state = states.read(self.connection, self._collections)
        if state is None:
            if not create:
                raise LibraryNotFoundError(
                    f"there is no library at {self.address.text}: make one with `pullquote index`"
                )
            schema.create(self.connection, self._collections)
            with self._lease.held():
                if states.read(self.connection, self._collections, strong=True) is None:
                    states.write(self.connection, self._collections, State())
            return
        if self.connection.is_alone and not self.read_only:  # whoever had a turn has died
            self.connection.delete(self._collections.leases, 'key != ""')
        schema.load(self.connection, map(self._collections.passages, map(int, state.encodings)))
        if not self.read_only:
            self._settled()

    def close(self) -> None:
        """Close the connection. The library cannot be used afterwards."""
        if not self._closed:
            self._closed = True
            try:
                self._lease.give()
            finally:
                self.connection.close()
                self._lists.close()
                self._stemmer.close()
                if self.shared:
                    self.shared.close()

    # States

    def _settled(self) -> State:
        """Read the state once no change is under way; finish one that was left."""
        until = time.monotonic() + PENDING
        while True:
            state = states.read(self.connection, self._collections)
            if state is None:
                raise LibraryError(
                    f"the library at {self.address.text} has lost its state: put it back from a backup"
                )
            if not state.pending:
                return state
            if time.monotonic() > until:
                return self._finish()
            time.sleep(_WAIT)

    def _finish(self) -> State:
        if self.read_only:
            raise LibraryError(
                f"a change of the library at {self.address.text} was broken off: any command that may write, "
                "such as `pullquote index`, finishes it"
            )
        with self._lease.held():
            return self._mine()

    def _mine(self) -> State:
        """Read the state in this writer's turn; a change that is pending then is of one who has died."""
        state = states.read(self.connection, self._collections, strong=self._lease.is_new)
        if state is None:
            raise LibraryError(
                f"the library at {self.address.text} has lost its state: put it back from a backup"
            )
        if state.pending:
            journal.repeat(self.connection, self._collections, state, self._lease.keep)
            state = states.read(self.connection, self._collections, strong=True) or state
        if state.changes != self._own_changes:  # others have written since
            self.connection.distrust()
            self._own_changes = state.changes
        return state

    @contextmanager
    def _reading(self, state: State) -> Iterator[Working]:
        working = Working(self.connection, self._collections, state)
        try:
            yield working
        finally:
            working.close()

    def _look(self, look: Callable[[Working], T]) -> T:
        """Read in one state of the library: again, where it has changed meanwhile."""
        for _ in range(ATTEMPTS):
            state = self._settled()
            error: Exception | None = None
            try:
                with self._reading(state) as working:
                    found = look(working)
            except (LibraryError, InputError) as raised:
                error = raised
            if states.read(self.connection, self._collections) == state:
                if error:
                    raise error
                return found
            time.sleep(_WAIT)
        raise LibraryError(f"the library at {self.address.text} is being changed all the while: try again")

    @contextmanager
    def _changing(self, *, counted: bool = True) -> Iterator[_Change]:
        """Make one change, whole or not at all; a `counted` one raises the generation."""
        if self.read_only:
            raise LibraryError(f"the library at {self.address.text} was opened to be read only")
        with self._lease.held():
            state = self._mine()
            if self._lease.is_new or self._has_failed:
                self._clear(state)
            working = Working(self.connection, self._collections, state)
            try:
                change = _Change(self, state, working)
                yield change
                self._has_failed = True
                change.commit(counted=counted)
                self._has_failed = False
            finally:
                working.close()

    def _clear(self, state: State) -> None:
        """Delete the passages of changes that were never committed: their editions are given again."""
        for number in state.encodings:
            name = self._collections.passages(int(number))
            self.connection.delete(name, f"edition > {state.edition}")

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self._settled().generation

    def encoding(self) -> Encoding | None:
        """Tell which encoder made the vectors in force; None before the first document."""
        return self._settled().in_force()

    def _passages(self, state: State) -> str:
        return self._collections.passages(state.encoding)

    # What is in it

    def count(self) -> Count:
        """Count the documents and passages."""
        state = self._settled()
        return Count(state.documents, state.passages)

    def stats(self) -> LibraryStats:
        """Tell what the library holds; what that costs on a server, only the server knows."""
        state = self._settled()
        encoding = state.in_force()
        own = _folder_bytes(self.address.uri) if self.address.lite else 0
        return LibraryStats(
            state.documents,
            state.passages,
            own,
            encoding.identity if encoding else None,
            None,
            0,
            self._originals.count_bytes(),
        )

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        rows = self.connection.scan(self._collections.documents, "serial >= 0", ("id", "sha256"))
        return sorted((row["id"], row["sha256"]) for row in rows)

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""
        count = self._settled().documents
        same = self.connection.count(self._collections.documents, f"sha256 == {quoted(sha256)}")
        return bool(count) and same == count

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first of them, in order of id."""
        return self.find_documents(DocumentQuery(filters=filters, limit=limit)).documents

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, in its order; equals in order of id."""

        def look(working: Working) -> DocumentList:
            serials = self._serials(query.filters)
            rest = replace(query, filters=replace(query.filters, document=()))
            with self._lists.of(working.state) as db:
                found = listing.find(db, rest)
            if serials is not None:
                found = found[np.isin(found, sorted(serials))]
            end = len(found) if query.limit is None else query.offset + query.limit
            shown = found[query.offset : end]
            working.listed(shown.tolist())
            return DocumentList(tuple(listing.infos(working.db, shown)), len(found))

        return self._look(look)

    def facets(self) -> Facets:
        """Tell what filters can choose from."""
        with self._lists.of(self._settled()) as db:
            return reading.facets(db)

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""
        return self._look(lambda working: self._document(working, document_id))

    def _document(self, working: Working, document_id: str) -> Document:
        return document_at(working.db, self.address.text, self._number(working, document_id, with_texts=True))

    def _number(self, working: Working, document_id: str, *, with_texts: bool = False) -> int:
        """Fetch a document, and give its number.

        Raises:
            DocumentNotFoundError: there is none; the message suggests similar ids.
        """
        working.fetch_documents(*working.of("documents", "id", [document_id]), with_texts=with_texts)
        if not is_held(working.db, document_id):
            self._suggest(working, document_id)
        return number_of(working.db, document_id)

    def _suggest(self, working: Working, document_id: str) -> None:
        """Fetch ids that are like one that is not held."""
        working.fetch(*working.of("versions", "owner", [document_id]))
        with self._lists.of(working.state) as db:
            near = [
                number
                for order in ("id >= ? ORDER BY id", "id < ? ORDER BY id DESC")
                for (number,) in db.execute(
                    f"SELECT serial FROM documents WHERE {order} LIMIT ?",  # noqa: S608 - the two above
                    (document_id, _SUGGESTED_FROM),
                )
            ]
        working.listed(near)

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has this SHA-256 (hex); DocumentNotFoundError where there is none."""

        def look(working: Working) -> Document:
            working.with_text([sha256.lower()])
            return reading.with_sha256(working.db, self.address.text, sha256)

        return self._look(look)

    def read(self, ids: Iterable[str]) -> dict[str, Segmented]:
        """Read documents with their passages, by id, in the order of `ids`; those not held are left out."""
        wanted = list(dict.fromkeys(ids))
        for _ in range(ATTEMPTS):
            state = self._settled()
            known = {each: held for each in wanted if (held := self._read.get((state.generation, each)))}
            new = self._read_new(state, [each for each in wanted if each not in known])
            if new is not None and states.read(self.connection, self._collections) == state:
                for document_id, segmented in new.items():
                    cost = len(segmented[0].text) * 2 + 600 * len(segmented[1])
                    self._read.put((state.generation, document_id), segmented, cost)
                both_ = known | new
                return {each: both_[each] for each in wanted if each in both_}
        raise LibraryError(f"the library at {self.address.text} is being changed all the while: try again")

    def _read_new(self, state: State, ids: list[str]) -> dict[str, Segmented] | None:
        """Read documents; None where one of them was replaced meanwhile."""
        if not ids:
            return {}
        with self._reading(state) as working:
            try:
                working.fetch_documents(*working.of("documents", "id", ids), with_texts=True)
            except LibraryError:
                if states.read(self.connection, self._collections) == state:
                    raise
                return None
            rows = working.db.execute(f"SELECT serial, id, {EDITION}, passages FROM documents").fetchall()  # noqa: S608
            held = {serial: (document_id, edition, count) for serial, document_id, edition, count in rows}
            own = passage_rows.read(self.connection, self._passages(state), held) if held else {}
            if len(own) < len(held):
                return None
            found = {}
            for serial, (document_id, _, _) in held.items():
                document = document_at(working.db, self.address.text, serial)
                if any(each.end > len(document.text) for each in own[serial]):
                    raise LibraryError(
                        f"the passages of {document_id!r} at {self.address.text} are not its own: the "
                        "library is damaged. Put it back from a backup, or remove the document and index it "
                        "again"
                    )
                found[document_id] = document, own[serial]
            return found

    def document_and_passages(self, document_id: str) -> Segmented:
        """Read a document and its passages in one snapshot; DocumentNotFoundError where there is none."""
        held = self.read([document_id])
        if document_id not in held:
            self.document(document_id)  # says that there is none, and what was meant
        return held[document_id]

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order; DocumentNotFoundError where there is none."""
        return self.document_and_passages(document_id)[1]

    # Searching

    def _serials(self, filters: Filters) -> set[int] | None:
        """Find the numbers of the documents that the filter of documents names; None where there is none."""
        if not filters.document:
            return None
        documents = self.connection.query_in(
            self._collections.documents, "id", filters.document, ("id", "serial")
        )
        found = {row["serial"] for row in documents}
        missing = set(filters.document) - {row["id"] for row in documents}
        inside = [
            f"id >= {quoted(each + mark)} and id < {quoted(each + beyond)}"
            for each in missing
            for mark, beyond in (("#", "$"), ("/", "0"))
        ]
        for first in range(0, len(inside), 100):
            any_of = " or ".join(f"({each})" for each in inside[first : first + 100])
            rows = self.connection.query(self._collections.documents, any_of, ("serial",))
            found |= {row["serial"] for row in rows}
        for each in filters.document:
            if each.lower().endswith(".jsonl"):
                found |= self._recorded_in(each)
        return found

    def _recorded_in(self, file: str) -> set[int]:
        """Find the numbers of the documents that are records of a file so named."""
        ending = quoted("%" + file.replace("%", "_"))  # "_" is any sign: each path is looked at again
        conditions = 'kind == "locations"', f"path like {ending}" if self.connection.has_infix else ""
        rows = self.connection.scan(self._collections.catalogue, both(*conditions), ("path", "owner"))
        return {
            int(row["owner"]) for row in rows if f"/{row['path'].removeprefix(UPLOAD)}".endswith(f"/{file}")
        }

    def _condition(self, filters: Filters) -> str:
        return condition(filters, self._serials(filters))

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in; InputError where `since` is later than `until`."""
        check_span(filters)
        state = self._settled()
        key = filters, state.generation
        selection = self._selections.get(key)
        if selection is None:
            selection = self._select(filters, state)
            self._selections.put(key, selection)
        return selection

    def _select(self, filters: Filters, state: State) -> Selection:
        if not filters:
            return Selection(state.documents, 0, None, filters)
        documents, undated = self._collections.documents, 0
        left = self.connection.count(documents, self._condition(filters))
        if filters.since or filters.until:
            others = self._condition(replace(filters, since=None, until=None))
            undated = self.connection.count(documents, both(others, 'date == ""'))
        return Selection(left, undated, None, filters)

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d]."""
        return self.encoders.encode_queries(texts)

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> Found:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], with cosines, highest first."""
        return self._searched(
            lambda passages, within: self._search.nearest(passages, vectors, k, within),
            len(vectors),
            selection,
        )

    def matching(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> Found:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, best first.

        A server before 2.5 has no BM25: nothing is found by words there.
        """
        return self._searched(
            lambda passages, within: self._search.matching(passages, queries, k, within),
            len(queries),
            selection,
        )

    def _searched(self, search: Callable[[str, str], Found], count: int, selection: Selection) -> Found:
        """Search in what the filters leave now, until nothing has changed meanwhile.

        Else what is replaced meanwhile would be missing. Each hit is its document's own in any case.
        """
        found: Found = [[] for _ in range(count)]
        for _ in range(ATTEMPTS):
            state = self._settled()
            if not state.encoding:
                return found
            found = search(self._passages(state), self._condition(selection.filters))
            if states.read(self.connection, self._collections) == state:
                break
        return found

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where a phrase stands word for word, whatever the typography (`qa.text.phrase`).

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """

        def look(working: Working) -> Occurrences:
            state: State = working.state

            def texts_of(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
                with self._reading(state) as these:
                    these.fetch_documents(*these.of("documents", "id", ids), with_texts=True)
                    rows = these.db.execute("SELECT serial FROM documents").fetchall()
                    read = [document_at(these.db, self.address.text, serial) for (serial,) in rows]
                return {each.id: (each.sha256, each.text) for each in read}

            if not state.encoding:
                return Occurrences()
            within = self._condition(selection.filters)
            passages = self._passages(state)
            return self._search.phrase(passages, phrase, within, texts_of, deadline or Deadline())

        return self._look(look)

    def legible(self, hits: Iterable[Hit]) -> set[int]:
        """Return the keys of those passages in which the shipped models can read something."""
        owners = {hit.key: hit.document_id for hit in hits}
        found: set[int] = set()
        for document, own in self.read(owners.values()).values():
            found |= {
                each.key
                for each in own
                if not any(sentence.quotable for sentence in each.sentences)
                or legible(document.text, each.sentences)
            }
        return found & set(owners)

    def copies(self, ids: Iterable[str], filters: Filters = EVERYTHING) -> dict[str, dict[str, float]]:
        """Find no near-duplicates: on a cluster, each document put in would be compared with too many.

        Documents of the very same words at several places are one document here, too.
        """
        return {}

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell otherwise; see `qa.text.names.find`."""
        return find(question, self.aliases(), self)

    def spellings(self, keys: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Give the spellings that the documents have of names with these keys, in order."""
        return spellings.find(self.connection, self._collections.spellings, keys)

    def aliases(self) -> Aliases:
        """Read the names that mean the same, those of the user's file on the desk among them."""
        self.fetch_own_files()
        return aliases(self.folder)

    def fetch_own_files(self) -> None:
        """Bring the files that a person keeps beside the library in step with those that servers share."""
        if self._own_files:
            self._own_files.fetch()

    def share_own_file(self, name: str) -> None:
        """Let the servers that share the desk have a file as it lies in the folder; or lack it, too."""
        if self._own_files:
            self._own_files.share(name)

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""
        state = self._settled()
        return bool(state.encoding and self._with_name(state, fold(name)))

    def _with_name(self, state: State, folded: str) -> set[int]:
        """Give the numbers of documents that have the words of a name one after the other."""
        return self._search.together(self._passages(state), [folded], "", head=True)

    def holds_in_lower_case(self, word: str) -> bool:
        """Tell whether the documents write a word, given in small letters, in small letters too."""
        state = self._settled()
        if not state.encoding:
            return False
        places = self._search.first_with(self._passages(state), word)
        held = self.read(document_id for document_id, _, _ in places)
        # Full text finds inflections too: what begins so is as good.
        return any(
            re.search(rf"\b{re.escape(word)}", held[document_id][0].text[start:end])
            for document_id, start, end in places
            if document_id in held
        )

    # What was

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, this SHA-256 (hex), and tell what has become of it."""

        def look(working: Working) -> Cited:
            working.with_text([sha256.lower()])
            owners = [each for (each,) in working.db.execute("SELECT document FROM versions")]
            working.fetch_documents(*working.of("documents", "id", owners))
            working.fetch(*working.of("versions", "owner", owners))
            return reading.cited(working.db, self.address.text, sha256, document_id)

        return self._look(look)

    def _of(self, working: Working, document_id: str, *, with_texts: bool = False) -> None:
        """Fetch a document and its earlier texts."""
        working.fetch_documents(*working.of("documents", "id", [document_id]), with_texts=with_texts)
        working.fetch(*working.of("versions", "owner", [document_id]), with_texts=with_texts)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read a text that a document had before, by its SHA-256 or by how that begins."""

        def look(working: Working) -> tuple[Version, Document]:
            self._of(working, document_id, with_texts=True)
            return reading.earlier(working.db, self.address.text, document_id, sha256)

        return self._look(look)

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the texts that a document had, the newest first, but for the one that it has again."""

        def look(working: Working) -> tuple[Version, ...]:
            self._of(working, document_id)
            return reading.former(working.db, document_id)

        return self._look(look)

    def removed(self) -> tuple[Version, ...]:
        """List the documents that can be put back, what was removed last first."""

        def look(working: Working) -> tuple[Version, ...]:
            working.fetch('kind == "versions"')
            owners = [each for (each,) in working.db.execute("SELECT DISTINCT document FROM versions")]
            working.fetch_documents(*working.of("documents", "id", owners))
            return reading.removed(working.db)

        return self._look(look)

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Find what `restore` puts back; DocumentNotFoundError where none was removed, or it was purged."""

        def look(working: Working) -> tuple[Version, Document]:
            self._of(working, document_id, with_texts=True)
            return reading.restorable(working.db, self.address.text, document_id)

        return self._look(look)

    def texts(self, document_id: str) -> DocumentTexts:
        """List the texts that a document has, or had."""

        def look(working: Working) -> DocumentTexts:
            self._of(working, document_id)
            held = versions.texts(working.db, document_id)
            working.with_text(held, with_texts=False)
            return versions.parted(working.db, document_id, held)

        return self._look(look)

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of others that have, or had, the very text that a document has, or had."""

        def look(working: Working) -> tuple[str, ...]:
            self._of(working, document_id)
            working.with_text(versions.texts(working.db, document_id), with_texts=False)
            return versions.same_text(working.db, document_id)

        return self._look(look)

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: all of them are read."""

        def look(working: Working) -> list[str]:
            working.fetch('kind == "versions"')
            rows = working.db.execute("SELECT sha256 FROM versions ORDER BY number DESC").fetchall()
            kept = list(dict.fromkeys(sha256 for (sha256,) in rows))
            holding = set()
            for first in range(0, len(kept), READ_AT_ONCE):
                some = texts.read(
                    self.connection, self._collections.texts, kept[first : first + READ_AT_ONCE]
                )
                holding |= {sha256 for sha256, text in some.items() if words in text}
            return [sha256 for sha256 in kept if sha256 in holding]

        return self._look(look)

    # What is known of files

    def known_file(self, path: str) -> KnownFile:
        """Read what is known of a file."""

        def look(working: Working) -> KnownFile:
            working.file(path)
            return known_file(working.db, path)

        return self._look(look)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row of a table as it was read last."""

        def look(working: Working) -> str:
            working.place(path, part, with_texts=True)
            return row_text(working.db, path, part)

        return self._look(look)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""

        def look(working: Working) -> dict[str, str]:
            working.file(path, with_texts=True)
            ids = [each for (each,) in working.db.execute("SELECT id FROM documents")]
            working.fetch(*working.of("corrections", "owner", ids))
            return reading.sidecar_values(working.db, self.address.text, path)

        return self._look(look)

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Tell what is known of documents that were read."""
        reads = list(documents)

        def look(working: Working) -> list[KnownDocument]:
            working.read(reads)
            return [known_document(working.db, read) for read in reads]

        return self._look(look) if reads else []

    def vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Find the vectors that are held, by this encoder, of windows with these digests."""
        wanted = list(digests)
        state = self._settled()
        found: dict[bytes, Float32] = {}
        for number in state.encodings:
            held = state.encoded(int(number))
            if held and wanted and held.identity.sha256 == encoder.sha256:
                collection = self._collections.passages(held.number)
                found |= passage_rows.vectors(self.connection, collection, wanted)
        return found

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, but for some parts."""

        def look(working: Working) -> tuple[HeldLocation, ...]:
            working.folder(path) if folder else working.file(path)
            found = places_in(working.db, path, folder=folder)
            return tuple(each for each in found if each.part not in beside)

        return self._look(look)

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places of documents by id; those not held are left out."""

        def look(working: Working) -> dict[str, int]:
            working.documents_named(ids)
            rows = working.db.execute("SELECT serial, id FROM documents").fetchall()
            return {each: len(places_of(working.db, serial)) for serial, each in rows if each in ids}

        return self._look(look)

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""

        def look(working: Working) -> tuple[str, ...]:
            working.unread()
            rows = working.db.execute("SELECT DISTINCT path FROM locations ORDER BY path").fetchall()
            return tuple(path for (path,) in rows)

        return self._look(look)

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""
        found: set[str] = set()
        for row in self.connection.scan(
            self._collections.catalogue, 'kind in ["locations", "withdrawn", "versions"]', ("path",)
        ):
            found.add(row["path"])
        return sorted(path for path in found if not path.startswith(UPLOAD))

    def corrections_of(self, document_id: str) -> dict[str, Correction]:
        """Read what a person has corrected of a document, by field."""

        def look(working: Working) -> dict[str, Correction]:
            working.fetch(*working.of("corrections", "owner", [document_id]))
            return corrections_of(working.db, document_id)

        return self._look(look)

    # What changes

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read; see `IntakeLibrary.put`."""
        if passages:
            check_tiled(read.document, passages)
        with self._changing() as change:
            change.working.read([read])

            def write(number: int | None, named: ReadDocument, given_id: str) -> tuple[int, Status]:
                assert passages  # noqa: S101 - else it is not called
                return change.write(number, named, given_id, passages)

            return put_document(change.db, read, corrections, write if passages else None)

    def edit(
        self, document: Document, passages: EmbeddedPassages, corrections: Mapping[str, Correction]
    ) -> None:
        """Replace a document's metadata and corrections; LibraryError where it has another text now."""
        check_tiled(document, passages)
        with self._changing() as change:
            number = self._number(change.working, document.id)
            change.working.documents_named([document.id])
            read, given_id = edited(change.db, document, number)
            change.write(number, read, given_id, passages)
            put_corrections(change.db, document.id, corrections)

    def restore(self, document: Document, passages: EmbeddedPassages) -> Ingested:
        """Put a document that was removed back where it stood; InputError where its id is taken."""
        check_tiled(document, passages)
        with self._changing() as change:
            change.working.documents_named([document.id])
            version = versions.restorable(change.db, document.id)
            change.working.put_back(version)
            read = ReadDocument.of(document, made_by=RESTORED)
            number, status = change.write(None, read, version.held["given_id"], passages)
            versions.put_back(change.db, version, number)
            hand_over(change.db, number)
        return Ingested(status, document.id)

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note that what a person removed, in the version of that number, stands at one more place."""
        with self._changing(counted=False) as change:
            change.working.place(read.document.path, read.part)
            change.working.versions_numbered([version])
            versions.withhold(change.db, read, version)

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows: `was` says which parts of `now` were which before."""
        with self._changing(counted=False) as change:
            change.working.file(path)
            renumber(change.db, path, was, now)

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, and how some, by path, are to be read from now on."""
        records = list(files)
        with self._changing(counted=False) as change:
            for path in dict.fromkeys((*(each.path for each in records), *read_as)):
                change.working.file(path)
            for record in records:
                put_file(change.db, record)
            for path, options in read_as.items():
                put_read_as(change.db, path, options)

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places; return the ids of documents that then stood nowhere, and went."""
        gone = list(places)
        removed = []
        with self._changing() as change:
            change.working.documents_numbered(each.document for each in gone)
            for place in gone:
                numbers = [each.number for each in places_of(change.db, place.document)]
                if numbers == [place.number]:
                    change.drop(place.document)
                    removed.append(place.document_id)
                elif place.number in numbers:
                    change.db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
                    hand_over(change.db, place.document)
        return tuple(removed)

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these places are gone: it is said once."""
        gone = list(places)
        with self._changing(counted=False) as change:
            change.working.documents_numbered(each.document for each in gone)
            mark_reported_gone(change.db, [each.number for each in gone])

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none; DocumentNotFoundError where one is not held."""
        removed = tuple(dict.fromkeys(ids))
        with self._changing() as change:
            change.working.documents_named(removed)
            for number in [self._number(change.working, document_id) for document_id in removed]:
                change.drop(number, withdrawn=withdrawn)
        return removed

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, all or none; return the ids of those that moved."""
        wanted = tuple(dict.fromkeys(ids))
        with self._changing() as change:
            change.working.documents_named(wanted)
            numbers = [self._number(change.working, document_id) for document_id in wanted]
            return tuple(each for number in numbers if (each := change.collect(number, collection)))

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Give a collection another name, in all its documents or none; return their ids.

        InputError where there is no such collection.
        """
        with self._changing() as change:
            found = change.working.fetch_documents(is_in("collection", [name.casefold()[:10_000]]))
            change.working.documents_numbered(row["serial"] for row in found)
            rows = change.db.execute(
                "SELECT serial FROM documents WHERE collection = ? AND ? != '' ORDER BY serial", (name, name)
            )
            numbers = [number for (number,) in rows.fetchall()]
            if not numbers:
                raise InputError(f"there is no collection {name!r}: its documents may have been moved")
            return tuple(each for number in numbers if (each := change.collect(number, new_name)))

    def rehearsal(self) -> Rehearsal:
        """Return a library that knows what this one knows of documents, to try changes in."""
        return Rehearsal(self)

    # Uploaded files

    def keep_upload(self, name: str, content: BinaryIO) -> Upload:
        """Keep the bytes of an uploaded file, whole or not at all; it is the newest of its name now."""
        with self._changing(counted=False), self._originals.writing():  # refused before anything is written
            _make(self.folder)
        part, sha256 = uploads.write_part(self.folder, content)
        try:
            with self._changing(counted=False), self._originals.writing() as kept:
                self._originals.put(kept, sha256, part)
                upload = uploads.keep(kept, self.folder, name, sha256, part)
            return self._originals.fetched(upload)
        finally:
            part.unlink(missing_ok=True)

    def forget_upload(self, upload: Upload) -> None:
        """Forget a file of which no document came; its bytes go, unless another name has them."""
        with self._changing(counted=False), self._originals.writing() as kept:
            uploads.forget(kept, self.folder, upload)

    def forget_unused_uploads(self) -> None:
        """Remove what interrupted uploads have left behind."""
        with self._changing(counted=False) as change, self._originals.writing() as kept:
            change.working.uploaded()
            uploads.sweep(change.db, kept, self.folder)

    def uploads(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name; their bytes lie here."""
        with self._originals.reading() as kept:
            found = uploads.newest(kept, self.folder, name)
        return tuple(map(self._originals.fetched, found))

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from, its bytes checked.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: it was not uploaded.
            LibraryError: the bytes are not what was uploaded, or gone.
        """
        with self._reading(self._settled()) as working, self._originals.reading() as kept:
            working.documents_named([document_id])
            found = uploads.original(working.db, kept, self.folder, document_id)
        return uploads.checked(self._originals.fetched(found), document_id)

    # Erasing

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Erase documents with all their versions, all or none; `erase` takes care of the bytes."""
        purged = tuple(dict.fromkeys(ids))
        uploaded: set[str] = set()
        erased: set[int] = set()
        with self._changing() as change:
            working = change.working
            working.documents_named(purged)
            working.uploaded()
            held: set[str] = set()
            for document_id in purged:
                held.update(versions.texts(change.db, document_id))
            working.with_text(held, with_texts=False)
            names = self._names_in(change.db, held)
            for document_id in purged:
                known = any(versions.find(change.db, "document = ?", document_id))
                number = None
                if is_held(change.db, document_id) or not known:
                    number = self._number(working, document_id)
                working.purged(document_id)
                paths = versions.erase(change.db, document_id)
                uploaded |= {path.removeprefix(UPLOAD) for path in paths if path.startswith(UPLOAD)}
                if number is not None:
                    erased.add(number)
                    change.db.execute("DELETE FROM documents WHERE serial = ?", (number,))
            if uploaded:
                with self._originals.writing() as kept:
                    uploads.forget_unused(change.db, kept, self.folder, uploaded)
            still = change.db.execute("SELECT sha256 FROM documents UNION SELECT sha256 FROM versions")
            change.forgotten = held.difference(sha256 for (sha256,) in still)
            if change.state.encoding:
                change.unspelt = {
                    key for key, folded in names.items() if self._with_name(change.state, folded) <= erased
                }
        return purged

    def _names_in(self, db: sqlite3.Connection, sha256s: set[str]) -> dict[str, str]:
        """Give the keys of the names that texts, and the heads of their documents, spell; and how, folded."""
        said = [*texts.read(self.connection, self._collections.texts, sha256s).values()]
        said += [each for (each,) in db.execute("SELECT head FROM documents") if each]
        said += [str(each.held.get("head", "")) for each in versions.find(db, "TRUE")]
        names: dict[str, str] = {}
        for each in said:
            names |= spellings.keys_in(each)
        return names

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie somewhere."""
        return bool(self.connection.count(self._collections.catalogue, 'kind == "erasing"'))

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of what the desk is to forget of what was purged, each by its number."""

        def look(working: Working) -> dict[int, DocumentTexts]:
            working.fetch('kind == "erasing"')
            working.with_text(
                (
                    each
                    for note in versions.to_forget(working.db).values()
                    for each in (*note.own, *note.shared)
                ),
                with_texts=False,
            )
            return versions.to_forget(working.db)

        return self._look(look)

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten what they say."""
        with self._changing(counted=False) as change:
            change.working.fetch('kind == "erasing"')
            change.db.executemany(
                "UPDATE erasing SET cited = '' WHERE one = ?", [(number,) for number in notes]
            )

    def erase(self) -> None:
        """Have Milvus write what is left anew, without what was purged, but for the notes for the desk.

        A server removes the old files once its own time for that is over: docs/cluster.md says which.
        """
        with self._changing(counted=False) as change:
            change.working.fetch('kind == "erasing"')
            self._sweep()
            for name in self._all(change.state):
                self.connection.call("flush", name)
                self.connection.call("compact", name)
            change.db.execute("DELETE FROM erasing WHERE cited = ''")

    def _sweep(self) -> None:
        """Delete the texts that nothing names: a change that was broken off has left them."""
        named: set[str] = set()
        for collection, field in (
            (self._collections.documents, "serial >= 0"),
            (self._collections.catalogue, 'key != ""'),
        ):
            for row in self.connection.scan(collection, field, ("sha256", "row")):
                named.add(row["sha256"])
                if row["row"].startswith(ELSEWHERE):
                    named.add(row["row"][1:])
        held = {
            row["sha256"] for row in self.connection.scan(self._collections.texts, "part == 0", ("sha256",))
        }
        self.connection.delete_in(self._collections.texts, "sha256", sorted(held - named))

    def collections(self) -> list[str]:
        """Name the collections that the library has on Milvus."""
        return self._all(self._settled())

    def _all(self, state: State) -> list[str]:
        numbered = [self._collections.passages(int(number)) for number in state.encodings]
        return [*self._collections.fixed, *numbered]

    # Thumbs of before there was a desk: none

    def former_thumbs(self) -> list[ThumbRow]:
        """Return none: a cluster never kept thumbs itself."""
        return []

    def hand_over_thumbs(self, take: Callable[[list[ThumbRow]], None]) -> None:
        """Give none."""

    # Another encoder

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """The encoder that made the vectors; of an empty library, the one that will."""
        encoding = self.encoding()
        return encoding.identity if encoding else self.encoders.identity()

    def begin_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for another embedding of every passage, beside the one in force."""
        with self._changing(counted=False) as change:
            return change.new_encoding(encoder)

    def put_vectors(self, encoding: Encoding, given: Mapping[int, tuple[bytes, Float32]]) -> None:
        """Add digests and vectors to an embedding, by passage key; keys no longer held are passed over.

        Raises:
            LibraryError: another reindex finished meanwhile and has thrown this one's vectors away.
        """
        with self._changing(counted=False) as change:
            if change.state.encoded(encoding.number) is None:
                raise LibraryError(
                    f"another `pullquote reindex` of {self.address.text} finished first: run yours again if "
                    "needed"
                )
            passage_rows.with_vectors(
                self.connection,
                self._passages(change.state),
                self._collections.passages(encoding.number),
                given,
            )

    def adopt_encoding(self, encoding: Encoding) -> tuple[str, ...]:
        """Put an embedding in force; return the ids of documents that are not in it, if any."""
        with self._changing() as change:
            new = self._collections.passages(encoding.number)
            held: dict[int, int] = {}
            for row in self.connection.scan(new, "key >= 0", ("edition",)):
                held[row["edition"]] = held.get(row["edition"], 0) + 1
            with self._lists.of(change.state) as db:
                counts = dict(db.execute("SELECT id, passages FROM documents"))
            lacking = [
                row["id"]
                for row in self.connection.scan(self._collections.documents, "serial >= 0", ("id", "edition"))
                if held.get(row["edition"], 0) != counts[row["id"]]
            ]
            if not lacking:
                change.adopt(encoding)
                self._wait_for_index(new)
        if not lacking:
            for number in change.state.encodings:
                if int(number) != encoding.number:
                    self.connection.call("drop_collection", self._collections.passages(int(number)))
        return tuple(sorted(lacking))

    # Another place

    def parts(self) -> Iterator[Part]:
        """Give all that is known, in parts, to be copied."""
        rows = self.connection.scan(self._collections.documents, "serial >= 0", ("serial",))
        for serial in sorted(row["serial"] for row in rows):
            if part := self._look(partial(self._part, serial)):
                yield part
        for table in COPIED:
            if table not in ("documents", "locations"):
                yield from self._parts_of(table)

    def _part(self, serial: int, working: Working) -> Part | None:
        working.listed([serial], with_texts=True)
        rows = rows_of(working.db, "documents")
        encoding = working.state.in_force()
        if not rows or not encoding:
            return None
        document = document_at(working.db, self.address.text, serial)
        name = self._passages(working.state)
        held = passage_rows.embedded(self.connection, name, encoding, document, rows[0][EDITION])
        return Part({"documents": rows, "locations": rows_of(working.db, "locations")}, document, held)

    def _parts_of(self, table: str) -> Iterator[Part]:
        """Give the rows of a table, with their texts, some at once."""
        keys = [
            row["key"]
            for row in self.connection.scan(self._collections.catalogue, f'kind == "{table}"', ("key",))
        ]
        for first in range(0, len(keys), READ_AT_ONCE):
            with self._reading(self._settled()) as working:
                some = keys[first : first + READ_AT_ONCE]
                working.fetch(*working.of(table, "key", some), with_texts=True)
                yield Part({table: rows_of(working.db, table)})

    def take(self, part: Part) -> None:
        """Take in what another library knows, in one transaction; rows of the same numbers are replaced."""
        with self._changing() as change:
            for table in COPIED:
                rows = part.rows.get(table, ())
                put_rows(change.db, table, rows)
                change.texts += [row["text"] for row in rows if table == "versions"]
            if part.document and part.passages:
                change.stage(part.document, part.passages)

    # What is derived

    def save(self) -> None:
        """Have Milvus write what it holds in memory and index it: until then, recall on a server is low."""
        state = self._settled()
        for name in self._all(state):
            self.connection.call("flush", name)
        if state.encoding:
            self._wait_for_index(self._passages(state))
        self._lease.give()

    def save_changes_since(self, generation: int) -> None:
        """Save after documents went in: only what has changed since that generation."""
        if self.generation != generation:
            self.save()
        else:
            self._lease.give()

    def _wait_for_index(self, collection: str) -> None:
        """Wait until every row is in the index.

        Raises:
            LibraryError: that takes too long.
        """
        if self.address.lite:
            return
        until = time.monotonic() + 3_600
        while schema.not_indexed(self.connection, collection):
            if time.monotonic() > until:
                raise LibraryError(
                    f"Milvus at {self.address.text} has been indexing for an hour: the documents are in, and "
                    "questions miss some until it is done"
                )
            time.sleep(0.5)

    def compare_missing(self) -> None:
        """Compare nothing: see `copies`."""

    def warm(self) -> None:
        """Load what a first search would otherwise wait for."""
        self.nearest(self.encode_queries(["warm"]), 1, self.select())
        self.matching([["warm"]], 1, self.select())


class _Change:
    """One change under way: the rows that it works on, the passages that it stages, and what it commits."""

    def __init__(self, library: ClusterLibrary, state: State, working: Working) -> None:
        self._library, self.state, self.working = library, state, working
        self._after = state
        self._staged: list[passage_rows.Staged] = []
        self.forgotten: set[str] = set()
        self.unspelt: set[str] = set()
        self.texts: list[str] = []

    @property
    def db(self) -> sqlite3.Connection:
        """The tables."""
        return self.working.db

    def write(
        self, number: int | None, read: ReadDocument, given_id: str, given: EmbeddedPassages
    ) -> tuple[int, Status]:
        """Write a document, new or in place of the one of that number; its passages only if they change."""
        library = self._library
        encoding = self._encoding_for(given.encoder)
        collection = library._collections.passages(encoding.number)
        row = compare_row(self.db, number, read, given_id)
        edition = 0
        if number is not None:
            (edition,) = self.db.execute(
                f"SELECT {EDITION} FROM documents WHERE serial = ?",  # noqa: S608
                (number,),
            ).fetchone()
        has_passages = row.has_same_words and passage_rows.are_held(
            library.connection, collection, edition, given.entries
        )
        number, status = put_row(self.db, row, "", has_passages=has_passages)
        if not has_passages or passage_rows.filtered(row.held or {}) != passage_rows.filtered(row.values):
            self._stage(number, read.document, str(row.values["head"]), given)
        return number, status

    def collect(self, number: int, collection: str) -> str:
        """Put a document into a collection; return its id, or "" where it is there already."""
        moved = put_in_collection(self.db, number, collection)
        encoding = self.state.in_force()
        if moved and encoding:
            library = self._library
            document = library.document(moved)
            (edition, head) = self.db.execute(
                f"SELECT {EDITION}, head FROM documents WHERE serial = ?",  # noqa: S608
                (number,),
            ).fetchone()
            name = library._collections.passages(encoding.number)
            held = passage_rows.embedded(library.connection, name, encoding, document, edition)
            self._stage(number, document, head, held)
        return moved

    def drop(self, number: int, *, withdrawn: bool = False) -> None:
        """Take a document out, and keep its text."""
        versions.keep(self.db, number, "removed", withdrawn=withdrawn)
        self.db.execute("DELETE FROM documents WHERE serial = ?", (number,))

    def _encoding_for(self, encoder: EncoderIdentity) -> Encoding:
        """Find the embedding in force, which must be this encoder's; the first document makes it."""
        held = self._after.in_force()
        if held is None:
            held = self.new_encoding(encoder)
            self._after = replace(self._after, encoding=held.number)
        check_encoder(held, encoder, self._library.address.text)
        return held

    def new_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for an embedding.

        Raises:
            InputError: the encoder's name is too long, or has control characters.
        """
        if not is_plain(encoder.name):
            raise InputError(
                f"the encoder's name {encoder.name[:LONGEST_NAME]!r} has control characters, or more than "
                f"{LONGEST_NAME} characters: give its folder another name"
            )
        self._after, encoding = self._after.with_encoding(encoder)
        library = self._library
        library._lease.keep()
        name = library._collections.passages(encoding.number)
        schema.drop(library.connection, name)  # of a change that was never committed
        schema.create_passages(library.connection, name, encoder.dimension)
        return encoding

    def adopt(self, encoding: Encoding) -> None:
        """Put an embedding in force, and forget all others."""
        named = {str(encoding.number): self.state.encodings[str(encoding.number)]}
        self._after = replace(self._after, encoding=encoding.number, encodings=named)

    def stage(self, document: Document, given: EmbeddedPassages) -> None:
        """Stage the passages of a document whose row is there."""
        self._encoding_for(given.encoder)
        row = self.db.execute("SELECT serial, head FROM documents WHERE id = ?", (document.id,)).fetchone()
        self._stage(row[0], document, row[1], given)

    def _stage(self, number: int, document: Document, head: str, given: EmbeddedPassages) -> None:
        edition = self._after.edition + 1
        self._after = replace(self._after, edition=edition)
        values = self.db.execute("SELECT * FROM documents WHERE serial = ?", (number,))
        names = [name for name, *_ in values.description]
        filtered = passage_rows.filtered(dict(zip(names, values.fetchone(), strict=True)))
        self._staged.append(passage_rows.Staged(number, edition, filtered, head, document.text, given))
        self.db.execute(
            f"UPDATE documents SET {EDITION} = ?, passages = ? WHERE serial = ?",  # noqa: S608
            (edition, len(given.entries), number),
        )

    def commit(self, *, counted: bool) -> None:
        """Write all, whole or not at all."""
        changed, gone = self.working.changed()
        if not changed and not gone and self._after == self.state and not self.forgotten:
            return
        library = self._library
        connection, collections = library.connection, library._collections
        before = [row for (table, _), row in self.working.loaded.items() if table == "documents"]
        now = self.db.execute("SELECT count(*), coalesce(sum(passages), 0) FROM documents").fetchone()
        numbers = {**self._after.numbers, **self.working.numbers()}
        after = replace(
            self._after,
            generation=self.state.generation
            + (counted and bool(changed or gone or self._after != self.state)),
            changes=self.state.changes + 1,
            documents=self.state.documents + now[0] - len(before),
            passages=self.state.passages + now[1] - sum(row["passages"] for row in before),
            numbers=numbers,
        )
        library._lease.keep()
        texts.put(connection, collections.texts, self.texts)
        for staged in self._staged:
            texts.put(connection, collections.texts, [staged.text])
            spellings.put(connection, collections.spellings, f"{staged.head}\n\n{staged.text}")
            name = collections.passages(after.encoding)
            connection.upsert(name, staged.rows(connection, library._stemmer))
        journal.commit(
            connection,
            collections,
            self.state,
            after,
            changed,
            gone,
            before,
            self.forgotten,
            self.unspelt,
            library._lease.keep,
        )
        library._own_changes = after.changes


class Rehearsal(ClusterLibrary):
    """What a library knows of its documents, to try changes in: what changes here is lost.

    The passages of what is put in are passed over. Rows are fetched as they are asked for.
    """

    def __init__(self, library: ClusterLibrary) -> None:
        self.address, self.folder, self.read_only = library.address, library.folder, False
        self.shared, self._own_files = library.shared, None
        self._library = library
        self.connection, self._collections = library.connection, library._collections
        self._state = library._settled()
        self._trying = threading.RLock()
        self._working = Working(self.connection, self._collections, self._state)

    def close(self) -> None:
        """Forget it."""
        self._working.close()

    @property
    def generation(self) -> int:
        """The number of the library's last change."""
        return self._state.generation

    def _look(self, look: Callable[[Working], T]) -> T:
        with self._trying:
            return look(self._working)

    @contextmanager
    def _changing(self, *, counted: bool = True) -> Iterator[_Change]:
        with self._trying:
            yield _Change(self, self._state, self._working)

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read, without its passages."""
        with self._changing() as change:
            change.working.read([read])

            def write(number: int | None, named: ReadDocument, given_id: str) -> tuple[int, Status]:
                row = compare_row(change.db, number, named, given_id)
                return put_row(change.db, row, "", has_passages=row.has_same_words)

            return put_document(change.db, read, corrections, write if passages else None)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row as it was read last."""
        return self._library.row_text(path, part)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""
        return self._library.sidecar_values(path)

    def vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Find the vectors that the library has of windows with these digests."""
        return self._library.vectors(digests, encoder)

    def uploads(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name."""
        return self._library.uploads(name)


def _make(desk: Path) -> None:
    """Make the desk's folder.

    Raises:
        LibraryError: it cannot be made.
    """
    try:
        desk.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"cannot use {desk} ({error.strerror}): name another folder with --desk"
        ) from error


def _folder_bytes(folder: str) -> int:
    """Measure the files of a Milvus Lite file, which is a folder."""
    return sum(path.lstat().st_size for path in Path(folder).rglob("*") if path.is_file())
