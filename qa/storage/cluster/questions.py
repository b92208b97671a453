"""What a question asks of a library on Milvus: passages by vectors and by words, phrases, and names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache
from qa.deadline import Deadline
from qa.document.window import legible
from qa.schema import EVERYTHING
from qa.storage.cluster import conditions, spellings
from qa.storage.cluster import state as states
from qa.storage.cluster.conditions import both
from qa.storage.cluster.session import ATTEMPTS, Session
from qa.storage.ports import Occurrences, Selection
from qa.storage.records.filters import check_span
from qa.storage.records.reading import document_at
from qa.text.names import aliases, find, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from embeddings.arrays import Float32
    from qa.schema import Filters
    from qa.storage.cluster.contents import Contents
    from qa.storage.cluster.search import Found, Search
    from qa.storage.cluster.state import State
    from qa.storage.cluster.working import Working
    from qa.storage.ports import Hit
    from qa.text.names import Aliases, Names

# Selections that are kept.
KEPT = 8


class Questions:
    """Searches a library in one state; what is found is held."""

    def __init__(
        self, session: Session, contents: Contents, search: Search, fetch_own_files: Callable[[], None]
    ) -> None:
        self._session, self._contents, self._search = session, contents, search
        self._fetch_own_files = fetch_own_files
        self._selections: BoundedCache[tuple[Filters, int], Selection] = BoundedCache(KEPT)

    def _condition(self, filters: Filters) -> str:
        return conditions.of(self._session.connection, self._session.collections, filters)

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in; InputError where `since` is later than `until`."""
        check_span(filters)
        state = self._session.committed_state()
        key = filters, state.generation
        selection = self._selections.get(key)
        if selection is None:
            selection = self._select(filters, state)
            self._selections.put(key, selection)
        return selection

    def _select(self, filters: Filters, state: State) -> Selection:
        if not filters:
            return Selection(state.documents, 0, None, filters)
        documents, undated = self._session.collections.documents, 0
        left = self._session.connection.count(documents, self._condition(filters))
        if filters.since or filters.until:
            others = self._condition(replace(filters, since=None, until=None))
            undated = self._session.connection.count(documents, both(others, 'date == ""'))
        return Selection(left, undated, None, filters)

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

        Raises:
            LibraryError: something changes all the while.
        """
        for _ in range(ATTEMPTS):
            state = self._session.committed_state()
            if not state.encoding:
                return [[] for _ in range(count)]
            found = search(self._session.passages(state), self._condition(selection.filters))
            if states.read(self._session.connection, self._session.collections) == state:
                return found
        raise self._session.restless()

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where a phrase stands word for word, whatever the typography (`qa.text.phrase`).

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """

        def read_rows(working: Working) -> Occurrences:
            state = working.state

            def texts_of(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
                with self._session.reading(state) as these:
                    these.fetch_documents(*these.of("documents", "id", ids), with_texts=True)
                    rows = these.db.execute("SELECT serial FROM documents").fetchall()
                    read = [document_at(these.db, self._session.address.text, serial) for (serial,) in rows]
                return {each.id: (each.sha256, each.text) for each in read}

            if not state.encoding:
                return Occurrences()
            within = self._condition(selection.filters)
            passages = self._session.passages(state)
            return self._search.phrase(passages, phrase, within, texts_of, deadline or Deadline())

        return self._session.read_in_one_state(read_rows)

    def legible(self, hits: Iterable[Hit]) -> set[int]:
        """Return the keys of those passages in which the shipped models can read something."""
        owners = {hit.key: hit.document_id for hit in hits}
        found: set[int] = set()
        for document, own in self._contents.read(owners.values()).values():
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
        return spellings.find(self._session.connection, self._session.collections.spellings, keys)

    def aliases(self) -> Aliases:
        """Read the names that mean the same, those of the user's file on the desk among them."""
        self._fetch_own_files()
        return aliases(self._session.folder)

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""
        state = self._session.committed_state()
        return bool(state.encoding and self._search.with_name(self._session.passages(state), fold(name)))

    def holds_in_lower_case(self, word: str) -> bool:
        """Tell whether the documents write a word, given in small letters, in small letters too."""
        state = self._session.committed_state()
        if not state.encoding:
            return False
        places = self._search.first_with(self._session.passages(state), word)
        held = self._contents.read(document_id for document_id, _, _ in places)
        # Full text finds inflections too: what begins so is as good.
        return any(
            re.search(rf"\b{re.escape(word)}", held[document_id][0].text[start:end])
            for document_id, start, end in places
            if document_id in held
        )
