"""From a question to the passages that are read: dense and BM25 search, fused; what may answer; what repeats.

Fusion is a weighted sum of min–max scaled scores (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval", section 3): unlike reciprocal rank fusion it keeps how much better one
passage is than the next.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from statistics import fmean
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from qa.asking import budget, copies, statements
from qa.document.window import legible
from qa.errors import LibraryError
from qa.text import times
from qa.text.names import Names
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.arrays import Float32
    from qa.schema import DatePreference, Document, Passage
    from qa.storage.ports import Hit, Library, Segmented, Selection

DENSE_WEIGHT = 0.6
# Passages taken from each search at first; doubled until enough documents are among them.
DEPTH = 100
# An answer ranks passages from at least this many documents, where the corpus has them.
DOCUMENTS = 20
# The deepest search where the reader cannot read some of the passages that are found, and the deepest of all.
DEEPEST = 800
BOUND = 6_400
# Documents of so many passages are read at once, at least.
AHEAD = 16
# Passages that may be read.
MOST_READ = budget.most()
# For a question on the same subject, the best document of an earlier one is among the first so many, and its
# score is at most so much below the best.
RELATED_RANK, RELATED_GAP = 3, 0.4
# The first so many passages tell how near any passage is to the question (`Retrieved.lead`).
BEHIND = 30
# How often a search is made again because the library has changed under it.
ATTEMPTS = 3
_AS_ASKED = Names()
_NO_COPIES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What is looked for.

    Attributes:
        question: the question as it was understood.
        names: the names in it that the documents spell otherwise.
        judged: whether the reader can tell if a passage answers; if so, sentences that it cannot read do not
            count.
        weights: for each reading of the question, how many spellings it has, and its weight.
        vectors: the embedding of each spelling of each reading, float32 [n, d].
        words: the content words of each.
    """

    question: str
    names: Names
    judged: bool
    weights: Sequence[tuple[int, float]]
    vectors: Float32
    words: Sequence[Sequence[str]]

    def narrowed(self, document: Document, passage: Passage) -> Passage:
        """Return the passage with those of its sentences that are read; with none where none may answer.

        What heads a text is read with it, although it may not be quoted: the reader has learnt it so.
        """
        read = legible(document.text, passage.sentences) if self.judged else passage.sentences
        answering = statements.answering(self.question, document, read)
        heads = {each for each in read if each.kind in ("header", "heading")} if answering else set()
        return replace(passage, sentences=tuple(each for each in read if each in heads.union(answering)))


def prepare(
    library: Library,
    question: str,
    variants: Sequence[tuple[str, float]],
    names: Names = _AS_ASKED,
    *,
    judged: bool = False,
) -> Search:
    """Prepare a search for the readings of a question, which have weights, in each spelling of its names."""
    spelt = [names.spelt(text) for text, _ in variants]
    texts = [text for each in spelt for text in each]
    return Search(
        question,
        names,
        judged,
        [(len(each), weight) for each, (_, weight) in zip(spelt, variants, strict=True)],
        library.encode_queries(texts),
        [content_words(text) for text in texts],
    )


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search found.

    Attributes:
        to_read: the passages to read, with how well each was found, 0 to 1; in the order of reading.
        opened: the documents that were read to choose these, with their passages, by id.
        copies: the near-duplicates of each document that was found, by id; see `Library.copies`.
        rest: the other passages that the reader can read, the best first.
        illegible: those in which it can read nothing, the best first.
        count: how many passages were found that it can read.
        beyond: how many of these were not looked at, because enough others are read.
        is_complete: whether every passage was found; else the search ended before all were.
        lead: by how much the passage nearest to the question is nearer than those behind it, as a cosine.
    """

    to_read: list[tuple[Passage, float]]
    opened: dict[str, Segmented]
    copies: Mapping[str, Mapping[str, float]]
    rest: list[Hit]
    illegible: list[Hit]
    count: int
    beyond: int
    is_complete: bool
    lead: float

    @property
    def documents(self) -> dict[str, Document]:
        """The documents that were read, by id."""
        return {name: document for name, (document, _) in self.opened.items()}


class _ChangedError(Exception):
    """A document that was found was replaced or removed before it was read."""


def retrieve(
    library: Library,
    search: Search,
    selection: Selection,
    preference: DatePreference | None = None,
    most: int = MOST_READ,
) -> Retrieved:
    """Find the passages to read, at most so many; search again where one of their documents has changed.

    Raises:
        LibraryError: the library changes faster than it can be searched.
    """
    for _ in range(ATTEMPTS):
        found, illegible, is_complete, lead = candidates(library, search, selection, most)
        ids = list(dict.fromkeys(hit.document_id for hit, _ in found))
        copied = dict.fromkeys(ids, _NO_COPIES) | library.copies(ids, selection.filters)
        if preference:
            found = _by_preference(found, preference)
        with suppress(_ChangedError):
            to_read, left_out, opened = _first(library, search, found, copied, most)
            beyond = found[len(to_read) + len(left_out) :]
            rest = [*left_out, *(hit for hit, _ in beyond)]
            others = [hit for hit, _ in illegible]
            return Retrieved(
                to_read, opened, copied, rest, others, len(found), len(beyond), is_complete, lead
            )
    raise LibraryError("the library is being changed faster than it can be searched: ask again")


def _by_preference(found: Sequence[tuple[Hit, float]], preference: DatePreference) -> list[tuple[Hit, float]]:
    """Order what was found so that what fits the date preference is read sooner."""
    fits = times.fits(preference, [(hit.published, "") for hit, _ in found])
    keyed = [-fused - times.BOOST * fit for (_, fused), fit in zip(found, fits, strict=True)]
    return [found[number] for number in sorted(range(len(found)), key=keyed.__getitem__)]


def _first(
    library: Library,
    search: Search,
    found: Sequence[tuple[Hit, float]],
    copied: Mapping[str, Mapping[str, float]],
    most: int,
) -> tuple[list[tuple[Passage, float]], list[Hit], dict[str, Segmented]]:
    """Read the first of what was found, each passage with the sentences of it that may answer.

    A passage that has none is left out, and so is one that only repeats a better one of a copy of its
    document. Returns the passages that are read, those that were left out, and the documents that were
    opened, by id.

    Raises:
        _ChangedError: a document is not as it was found.
    """
    ahead: dict[str, Segmented] = {}
    opened: dict[str, Segmented] = {}
    passages: dict[int, Passage] = {}
    read: list[tuple[Passage, float]] = []
    left_out: list[Hit] = []
    rest = list(found)
    while rest and len(read) < most:
        soon = [hit.document_id for hit, _ in rest[: max(AHEAD, min(most, MOST_READ) - len(read))]]
        hit, fused = rest.pop(0)
        name = hit.document_id
        if name not in opened:
            if name not in ahead:
                ahead |= library.read(each for each in soon if each not in ahead)
            if name not in ahead or ahead[name][0].sha256 != hit.sha256:
                raise _ChangedError
            opened[name] = ahead[name]
            passages |= {passage.key: passage for passage in ahead[name][1]}
        document, _ = opened[name]
        if hit.key not in passages:  # of the same text, but segmented anew
            raise _ChangedError
        if any(
            copies.repeats(document.text[hit.start : hit.end], _joined(opened[better][0], read))
            for better in copied[name]
            if better in opened
        ):
            left_out.append(hit)
        elif (passage := search.narrowed(document, passages[hit.key])).sentences:
            read.append((passage, fused))
        else:
            left_out.append(hit)
    return read, left_out, opened


def _joined(document: Document, read: Sequence[tuple[Passage, float]]) -> str:
    """Join the passages of a document that are read."""
    spans = sorted((passage.start, passage.end) for passage, _ in read if passage.document_id == document.id)
    return " ".join(document.text[start:end] for start, end in spans)


class Candidates(NamedTuple):
    """The passages that a search found: those that the reader can read, the others; see `Retrieved`."""

    legible: list[tuple[Hit, float]]
    illegible: list[tuple[Hit, float]]
    is_complete: bool
    lead: float


def candidates(library: Library, search: Search, selection: Selection, least: int = 0) -> Candidates:
    """Find the passages that the reader can read, and apart from them the others; the best first.

    Each has a score, 0 to 1: the weighted mean over the question's readings. Of the spellings of a reading
    the one with the highest score counts. The two lists are scaled apart: the others change no score of the
    first. Each search takes `DEPTH` passages at first, and at `least` so many. It goes deeper until the first
    list comes from `DOCUMENTS` documents, or from as many as there are; to `DEEPEST` at most where others are
    in the way, and to `BOUND` at most where they are not.
    """
    enough = min(DOCUMENTS, selection.documents)
    depth = max(DEPTH, least)
    while True:
        nearest = library.nearest(search.vectors, depth, selection)
        matching = library.matching(search.words, depth, selection)
        hits = {hit.key: hit for each in (*nearest, *matching) for hit, _ in each}
        legible_keys = library.legible(hits.values()) if search.judged else set(hits)
        fused = _fused(search.weights, nearest, matching, legible_keys)
        exhausted = all(len(each) < depth for each in nearest)
        enough_found = len({hits[key].document_id for key in fused}) >= enough
        if exhausted or enough_found or depth >= (DEEPEST if len(legible_keys) < len(hits) else BOUND):
            others = _fused(search.weights, nearest, matching, hits.keys() - legible_keys)
            return Candidates(
                _best_first(hits, fused), _best_first(hits, others), exhausted, _lead(nearest[0])
            )
        depth *= 2


def related(library: Library, question: str, turns: Sequence[str], selection: Selection) -> list[bool]:
    """Tell of each earlier question whether it is on the subject of a question, as far as the library knows.

    It is if its best document is nearly the best for the question too, and has a word of it, where any has:
    a word by itself has near neighbours in documents on anything.
    """
    search, *earlier = (prepare(library, text, ((text, 1.0),)) for text in (question, *turns))
    best: dict[str, float] = {}
    for hit, score in candidates(library, search, selection).legible:
        best.setdefault(hit.document_id, score)
    highest = max(best.values(), default=0.0)
    near = {name for name in islice(best, RELATED_RANK) if highest - best[name] <= RELATED_GAP}
    matching = {
        hit.document_id for each in library.matching(search.words, DEPTH, selection) for hit, _ in each
    }
    if matching:
        near &= matching
    found = (candidates(library, each, selection).legible for each in earlier)
    return [bool(each) and each[0][0].document_id in near for each in found]


def _lead(nearest: Sequence[tuple[Hit, float]]) -> float:
    """Return by how much the first is nearer than the mean of those behind it; 0 if there are none."""
    first, *behind = [similarity for _, similarity in nearest[:BEHIND]] or [0.0]
    return first - fmean(behind) if behind else 0.0


def _fused(
    weights: Sequence[tuple[int, float]],
    nearest: Sequence[Sequence[tuple[Hit, float]]],
    matching: Sequence[Sequence[tuple[Hit, float]]],
    among: set[int],
) -> dict[int, float]:
    """Fuse the searches for each reading, which has so many spellings and a weight, among some passages."""
    total = sum(weight for _, weight in weights)
    found = zip(nearest, matching, strict=True)
    fused: dict[int, float] = {}
    for spellings, weight in weights:
        best: dict[int, float] = {}
        for dense, lexical in islice(found, spellings):
            scores = fuse(_among(dense, among), _among(lexical, among))
            for key, score in scores.items():
                best[key] = max(score, best.get(key, 0.0))
        for key, score in best.items():
            fused[key] = fused.get(key, 0.0) + score * weight / total
    return fused


def _among(scores: Sequence[tuple[Hit, float]], keys: set[int]) -> dict[int, float]:
    return {hit.key: score for hit, score in scores if hit.key in keys}


def _best_first(hits: Mapping[int, Hit], fused: Mapping[int, float]) -> list[tuple[Hit, float]]:
    return [(hits[key], score) for key, score in sorted(fused.items(), key=lambda item: (-item[1], item[0]))]


def fuse(
    dense: Mapping[int, float], lexical: Mapping[int, float], weight: float = DENSE_WEIGHT
) -> dict[int, float]:
    """Return `weight` × scaled dense + (1 - `weight`) × scaled BM25; a passage that is missing counts 0."""
    scaled_dense, scaled_lexical = _min_max(dense), _min_max(lexical)
    return {
        key: weight * scaled_dense.get(key, 0.0) + (1 - weight) * scaled_lexical.get(key, 0.0)
        for key in dense.keys() | lexical.keys()
    }


def _min_max(scores: Mapping[int, float]) -> dict[int, float]:
    """Return scores moved and stretched to [0, 1]; all 1 where they are all equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
