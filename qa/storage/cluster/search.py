"""What is nearest to a vector, what has the words of a question, and where a phrase stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.cluster.connection import MOST
from qa.storage.cluster.layout import INDEXES
from qa.storage.cluster.schema import DENSE, SPARSE, index_kind
from qa.storage.cluster.stems import body_of
from qa.storage.ports import Hit
from qa.storage.records import phrases
from qa.storage.records.rows import date_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from embeddings.arrays import Float32
    from qa.deadline import Deadline
    from qa.storage.cluster.connection import Connection, Row
    from qa.storage.cluster.schema import Collections
    from qa.storage.cluster.stems import Stemmer
    from qa.storage.ports import Occurrences

_READ_AT_ONCE = 20
# So many passages are read to tell whether a word is written in small letters: a common word is by then.
_SMALL_READ = 20
_PLACE = ("key", "serial", "edition", "start", "end")
Found = list[list[tuple[Hit, float]]]


class Search:
    """Searches the passages of a library. Threads may share it."""

    def __init__(self, connection: Connection, collections: Collections, stemmer: Stemmer) -> None:
        self._connection, self._collections, self._stemmer = connection, collections, stemmer
        self._kinds: dict[str, str] = {}

    def nearest(self, passages: str, vectors: Float32, k: int, condition: str) -> Found:
        """Find the `k` nearest passages of each unit vector, with cosines, highest first."""
        asked = [each.tolist() for each in vectors]
        # On Milvus Lite each by itself: by how many there are, it rounds otherwise.
        calls = [[each] for each in asked] if self._connection.address.lite else [asked]
        index = INDEXES.get(self._kind(passages))

        def search(most: int) -> list[list[tuple[Row, float]]]:
            wide = {index.effort: max(most, index.least)} if index else {}
            parts = (
                self._connection.search(passages, DENSE, some, most, condition, _PLACE, wide)
                for some in calls
            )
            return [found for part in parts for found in part]

        return self._found(search, k) if len(vectors) else []

    def _kind(self, passages: str) -> str:
        """Tell which index the vectors of passages have: it is looked up once."""
        if passages not in self._kinds:
            self._kinds[passages] = index_kind(self._connection, passages)
        return self._kinds[passages]

    def matching(self, passages: str, queries: Sequence[Sequence[str]], k: int, condition: str) -> Found:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, highest first.

        Equals come in order of their documents' ids, and of their places in these. Nothing is found where
        Milvus has no BM25.
        """
        asked = [" ".join(self._stems(words)) for words in queries]
        some = [each for each in asked if each]
        if not some or not self._connection.has_words:
            return [[] for _ in queries]
        found = self._found(lambda most: self._words(passages, some, most, condition, _PLACE), k)
        left = iter(found)
        return [next(left) if each else [] for each in asked]

    def _stems(self, words: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(stem for each in self._stemmer.written(words) for stem in each))

    def _words(
        self, passages: str, asked: Sequence[str], most: int, condition: str, fields: Sequence[str]
    ) -> list[list[tuple[Row, float]]]:
        found = self._connection.search(passages, SPARSE, asked, most, condition, fields, {})
        # A server gives BM25's score, and Milvus Lite what that is below zero.
        return [[(row, abs(score)) for row, score in each if score] for each in found]

    def _found(self, search: Callable[[int], list[list[tuple[Row, float]]]], k: int) -> Found:
        """Search until there are `k` that are held, or no more; and more, while the last may have equals."""
        most = min(2 * k + 10, MOST)
        while True:
            raw = search(most)
            documents = self._documents(row["serial"] for each in raw for row, _ in each)
            if not self._connection.reads_strongly and _is_stale(raw, documents):
                self._connection.read_strongly()
                continue
            found = [_held(each, documents) for each in raw]
            enough = all(
                len(rows) < most or (len(each) > k and each[k - 1][1] > rows[-1][1])
                for rows, each in zip(raw, found, strict=True)
            )
            if enough or most == MOST:
                return [each[:k] for each in found]
            most = min(8 * most, MOST)

    def _documents(self, serials: Iterable[int]) -> dict[int, Row]:
        fields = ("serial", "id", "edition", "sha256", "date")
        rows = self._connection.query_in(self._collections.documents, "serial", serials, fields)
        return {row["serial"]: row for row in rows}

    # Phrases

    def phrase(
        self,
        passages: str,
        phrase: str,
        condition: str,
        texts_of: Callable[[Sequence[str]], Mapping[str, tuple[str, str]]],
        deadline: Deadline,
    ) -> Occurrences:
        """Find where a phrase stands; `texts_of` reads SHA-256 and text of documents by their ids.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        return phrases.find_phrase(
            phrase,
            lambda words: self._holding_words(passages, words, condition),
            lambda words: self._holding_together(passages, words, condition),
            lambda ids: _in_turn(ids, texts_of),
            deadline,
        )

    def _holding_words(self, passages: str, words: Sequence[str], condition: str) -> list[str]:
        """List the ids of the documents that hold the rare ones of the words somewhere, in order.

        A word that many passages hold leaves out few documents, and takes long.
        """
        holding: set[int] | None = None
        for word in words if self._connection.has_words else ():
            stems = self._stems([word])
            if not stems:
                continue
            asked = [" ".join(stems)]
            (rows,) = self._words(passages, asked, phrases.PHRASE_RARE, condition, ("serial", "words"))
            if len(rows) == phrases.PHRASE_RARE:
                continue
            own = {row["serial"] for row, _ in rows if _has_all(stems, body_of(row["words"]))}
            holding = own if holding is None else holding & own
        if holding is not None:
            return sorted(row["id"] for row in self._documents(holding).values())
        if not self._connection.has_words:
            return []
        every = self._connection.query(self._collections.documents, condition or 'id != ""', ("id",))
        return sorted(row["id"] for row in every)

    def _holding_together(self, passages: str, words: Sequence[str], condition: str) -> list[str]:
        """List the ids of the documents of which a passage holds the words one after the other, in order.

        The passages that hold most of the words are looked at.
        """
        together = self.together(passages, words, condition)
        return sorted(row["id"] for row in self._documents(together).values())

    def first_with(self, passages: str, word: str) -> list[tuple[str, int, int]]:
        """Give places of passages that have a word, up to inflection: document id, start and end."""
        found = self.matching(passages, [[word]], _SMALL_READ, "")[0]
        return [(hit.document_id, hit.start, hit.end) for hit, _ in found]

    def with_name(self, passages: str, folded: str) -> set[int]:
        """Give the numbers of documents that have the words of a name, folded, one after the other."""
        return self.together(passages, [folded], "", head=True)

    def together(
        self, passages: str, words: Sequence[str], condition: str, *, head: bool = False
    ) -> set[int]:
        """Give the numbers of documents of which a passage, or the head, has the words in a row."""
        stems = [stem for each in self._stemmer.written(words) for stem in each]
        if not stems or not self._connection.has_words:
            return set()
        asked = " ".join(dict.fromkeys(stems))
        (rows,) = self._words(passages, [asked], phrases.PHRASE_RARE, condition, ("serial", "words"))
        run = f" {' '.join(stems)} "
        return {
            row["serial"]
            for row, _ in rows
            if run in (f" {row['words']} " if head else body_of(row["words"]))
        }


def _is_stale(raw: Iterable[list[tuple[Row, float]]], documents: Mapping[int, Row]) -> bool:
    """Tell whether a passage is not its document's own: one of the two is shown as it was before a change."""
    return any(
        row["edition"] != documents[row["serial"]]["edition"]
        for each in raw
        for row, _ in each
        if row["serial"] in documents
    )


def _held(raw: list[tuple[Row, float]], documents: Mapping[int, Row]) -> list[tuple[Hit, float]]:
    """Make hits of the passages that are the documents' own now, best first; equals by id and place."""
    hits = []
    for row, score in raw:
        document = documents.get(row["serial"])
        if document and document["edition"] == row["edition"]:
            hit = Hit(
                row["key"],
                document["id"],
                document["sha256"],
                row["start"],
                row["end"],
                date_of(document["date"]),
            )
            hits.append((hit, score))
    return sorted(hits, key=lambda each: (-each[1], each[0].document_id, each[0].start))


def _in_turn(
    ids: Sequence[str], texts_of: Callable[[Sequence[str]], Mapping[str, tuple[str, str]]]
) -> Iterator[tuple[str, str, str]]:
    """Give documents, each its id, SHA-256 and text; some are read at once."""
    for first in range(0, len(ids), _READ_AT_ONCE):
        some = ids[first : first + _READ_AT_ONCE]
        held = texts_of(some)
        yield from ((each, *held[each]) for each in some if each in held)


def _has_all(stems: Sequence[str], body: str) -> bool:
    """Tell whether a passage has the stems of one word one after the other."""
    return f" {' '.join(stems)} " in body
