"""What a library on Milvus contains, as it is cited and listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from qa.bounded_cache import BoundedCache
from qa.errors import LibraryError
from qa.schema import EVERYTHING, UPLOAD, DocumentList, DocumentQuery
from qa.storage.cluster import conditions, passage_rows, texts
from qa.storage.cluster import state as states
from qa.storage.cluster.connection import quoted
from qa.storage.cluster.entities import EDITION
from qa.storage.cluster.session import ATTEMPTS, Session
from qa.storage.ports import READ_AT_ONCE, Count
from qa.storage.records import listing, reading, versions
from qa.storage.records.corrections import corrections_of
from qa.storage.records.locations import row_text
from qa.storage.records.put import is_held
from qa.storage.records.reading import document_at, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.document.corrections import Correction
    from qa.schema import Document, DocumentInfo, Facets, Filters, Passage
    from qa.storage.cluster.state import State
    from qa.storage.cluster.working import Working
    from qa.storage.ports import Cited, DocumentTexts, Segmented, Version

# Documents that were read for questions are kept up to so many bytes.
READ_BYTES = 16 << 20
# Ids on either side of one that is not held, among which the one that was meant is looked for.
_SUGGESTED_FROM = 500


class Contents:
    """Reads documents, their passages, and the texts that they had."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: BoundedCache[tuple[int, str], Segmented] = BoundedCache(READ_BYTES)

    def count(self) -> Count:
        """Count the documents and passages."""
        state = self._session.committed_state()
        return Count(state.documents, state.passages)

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        rows = self._session.connection.scan(
            self._session.collections.documents, "serial >= 0", ("id", "sha256")
        )
        return sorted((row["id"], row["sha256"]) for row in rows)

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""
        count = self._session.committed_state().documents
        same = self._session.connection.count(
            self._session.collections.documents, f"sha256 == {quoted(sha256)}"
        )
        return bool(count) and same == count

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first of them, in order of id."""
        return self.find_documents(DocumentQuery(filters=filters, limit=limit)).documents

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, in its order; equals in order of id."""

        def read_rows(working: Working) -> DocumentList:
            serials = conditions.named(self._session.connection, self._session.collections, query.filters)
            rest = replace(query, filters=replace(query.filters, document=()))
            with self._session.lists.of(working.state) as db:
                found = listing.find(db, rest)
            if serials is not None:
                found = found[np.isin(found, sorted(serials))]
            end = len(found) if query.limit is None else query.offset + query.limit
            shown = found[query.offset : end]
            working.listed(shown.tolist())
            return DocumentList(tuple(listing.infos(working.db, shown)), len(found))

        return self._session.read_in_one_state(read_rows)

    def facets(self) -> Facets:
        """Tell what filters can choose from."""
        with self._session.lists.of(self._session.committed_state()) as db:
            return reading.facets(db)

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""
        return self._session.read_in_one_state(lambda working: self._document(working, document_id))

    def _document(self, working: Working, document_id: str) -> Document:
        return document_at(
            working.db, self._session.address.text, self.number(working, document_id, with_texts=True)
        )

    def number(self, working: Working, document_id: str, *, with_texts: bool = False) -> int:
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
        with self._session.lists.of(working.state) as db:
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

        def read_rows(working: Working) -> Document:
            working.with_text([sha256.lower()])
            return reading.with_sha256(working.db, self._session.address.text, sha256)

        return self._session.read_in_one_state(read_rows)

    def read(self, ids: Iterable[str]) -> dict[str, Segmented]:
        """Read documents with their passages, by id, in the order of `ids`; those not held are left out."""
        wanted = list(dict.fromkeys(ids))
        for _ in range(ATTEMPTS):
            state = self._session.committed_state()
            known = {each: held for each in wanted if (held := self._read.get((state.generation, each)))}
            new = self._read_new(state, [each for each in wanted if each not in known])
            if new is not None and states.read(self._session.connection, self._session.collections) == state:
                for document_id, segmented in new.items():
                    cost = len(segmented[0].text) * 2 + 600 * len(segmented[1])
                    self._read.put((state.generation, document_id), segmented, cost)
                both_ = known | new
                return {each: both_[each] for each in wanted if each in both_}
        raise self._session.restless()

    def _read_new(self, state: State, ids: list[str]) -> dict[str, Segmented] | None:
        """Read documents; None where one of them was replaced meanwhile."""
        if not ids:
            return {}
        with self._session.reading(state) as working:
            try:
                working.fetch_documents(*working.of("documents", "id", ids), with_texts=True)
            except LibraryError:
                if states.read(self._session.connection, self._session.collections) == state:
                    raise
                return None
            rows = working.db.execute(f"SELECT serial, id, {EDITION}, passages FROM documents").fetchall()  # noqa: S608
            held = {serial: (document_id, edition, count) for serial, document_id, edition, count in rows}
            own = (
                passage_rows.read(self._session.connection, self._session.passages(state), held)
                if held
                else {}
            )
            if len(own) < len(held):
                return None
            found = {}
            for serial, (document_id, _, _) in held.items():
                document = document_at(working.db, self._session.address.text, serial)
                if any(each.end > len(document.text) for each in own[serial]):
                    raise LibraryError(
                        f"the passages of {document_id!r} at {self._session.address.text} do not match it: "
                        "the library is damaged. Put it back from a backup, or remove the document and index "
                        "it again"
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

    # What was

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, this SHA-256 (hex), and tell what has become of it."""

        def read_rows(working: Working) -> Cited:
            working.with_text([sha256.lower()])
            owners = [each for (each,) in working.db.execute("SELECT document FROM versions")]
            working.fetch_documents(*working.of("documents", "id", owners))
            working.fetch(*working.of("versions", "owner", owners))
            return reading.cited(working.db, self._session.address.text, sha256, document_id)

        return self._session.read_in_one_state(read_rows)

    def _of(self, working: Working, document_id: str, *, with_texts: bool = False) -> None:
        """Fetch a document and its earlier texts."""
        working.fetch_documents(*working.of("documents", "id", [document_id]), with_texts=with_texts)
        working.fetch(*working.of("versions", "owner", [document_id]), with_texts=with_texts)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read a text that a document had before, by its SHA-256 or by how that begins."""

        def read_rows(working: Working) -> tuple[Version, Document]:
            self._of(working, document_id, with_texts=True)
            return reading.earlier(working.db, self._session.address.text, document_id, sha256)

        return self._session.read_in_one_state(read_rows)

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the texts that a document had, the newest first, but for the one that it has again."""

        def read_rows(working: Working) -> tuple[Version, ...]:
            self._of(working, document_id)
            return reading.former(working.db, document_id)

        return self._session.read_in_one_state(read_rows)

    def removed(self) -> tuple[Version, ...]:
        """List the documents that can be put back, what was removed last first."""

        def read_rows(working: Working) -> tuple[Version, ...]:
            working.fetch('kind == "versions"')
            owners = [each for (each,) in working.db.execute("SELECT DISTINCT document FROM versions")]
            working.fetch_documents(*working.of("documents", "id", owners))
            return reading.removed(working.db)

        return self._session.read_in_one_state(read_rows)

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Find what `restore` puts back; DocumentNotFoundError where none was removed, or it was purged."""

        def read_rows(working: Working) -> tuple[Version, Document]:
            self._of(working, document_id, with_texts=True)
            return reading.restorable(working.db, self._session.address.text, document_id)

        return self._session.read_in_one_state(read_rows)

    def texts(self, document_id: str) -> DocumentTexts:
        """List the texts that a document has, or had."""

        def read_rows(working: Working) -> DocumentTexts:
            self._of(working, document_id)
            held = versions.texts(working.db, document_id)
            working.with_text(held, with_texts=False)
            return versions.parted(working.db, document_id, held)

        return self._session.read_in_one_state(read_rows)

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of others that have, or had, the very text that a document has, or had."""

        def read_rows(working: Working) -> tuple[str, ...]:
            self._of(working, document_id)
            working.with_text(versions.texts(working.db, document_id), with_texts=False)
            return versions.same_text(working.db, document_id)

        return self._session.read_in_one_state(read_rows)

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: all of them are read."""

        def read_rows(working: Working) -> list[str]:
            working.fetch('kind == "versions"')
            rows = working.db.execute("SELECT sha256 FROM versions ORDER BY number DESC").fetchall()
            kept = list(dict.fromkeys(sha256 for (sha256,) in rows))
            holding = set()
            for first in range(0, len(kept), READ_AT_ONCE):
                some = texts.read(
                    self._session.connection,
                    self._session.collections.texts,
                    kept[first : first + READ_AT_ONCE],
                )
                holding |= {sha256 for sha256, text in some.items() if words in text}
            return [sha256 for sha256 in kept if sha256 in holding]

        return self._session.read_in_one_state(read_rows)

    def corrections_of(self, document_id: str) -> dict[str, Correction]:
        """Read what a person has corrected of a document, by field."""

        def read_rows(working: Working) -> dict[str, Correction]:
            working.fetch(*working.of("corrections", "owner", [document_id]))
            return corrections_of(working.db, document_id)

        return self._session.read_in_one_state(read_rows)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row of a table as it was read last."""

        def read_rows(working: Working) -> str:
            working.place(path, part, with_texts=True)
            return row_text(working.db, path, part)

        return self._session.read_in_one_state(read_rows)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""

        def read_rows(working: Working) -> dict[str, str]:
            working.files([path], with_texts=True)
            ids = [each for (each,) in working.db.execute("SELECT id FROM documents")]
            working.fetch(*working.of("corrections", "owner", ids))
            return reading.sidecar_values(working.db, self._session.address.text, path)

        return self._session.read_in_one_state(read_rows)

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""
        found: set[str] = set()
        for row in self._session.connection.scan(
            self._session.collections.catalogue, 'kind in ["locations", "withdrawn", "versions"]', ("path",)
        ):
            found.add(row["path"])
        return sorted(path for path in found if not path.startswith(UPLOAD))
