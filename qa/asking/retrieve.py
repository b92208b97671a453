"""Find the passages to read for a question: fuse dense and BM25 search, and leave out passages that repeat.

Fusion is a weighted sum of min–max scaled scores (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval", section 3). Unlike reciprocal rank fusion, it keeps by how much one passage
is better than the next.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from statistics import fmean
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from qa.asking import budget, copies, statements
from qa.asking.conversation import interpret
from qa.document.window import legible
from qa.errors import LibraryError
from qa.text import times
from qa.text.names import Names
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.arrays import Float32
    from qa.asking.conversation import Interpretation
    from qa.schema import DatePreference, Document, Passage
    from qa.storage.library import Library
    from qa.storage.results import Hit, Segmented, Selection
    from qa.text.question import ParsedQuestion

DENSE_WEIGHT = 0.6
# Passages that each search finds at first. The number is doubled until they are from enough documents.
DEPTH = 100
# An answer ranks passages from at least this many documents, if the corpus has so many.
DOCUMENTS = 20
# Passages of each search, at most: DEEPEST if the reader cannot read some of them, otherwise BOUND.
DEEPEST = 800
BOUND = 6_400
# The documents of at least this many passages are read at once.
AHEAD = 16
# Passages that may be read for an answer, at most.
MOST_READ = budget.most()
# An earlier question is on the subject of a question if its best document is among the first RELATED_RANK for
# the question, and at most RELATED_GAP below the best score.
RELATED_RANK, RELATED_GAP = 3, 0.4
# First passages that show how near any passage is to the question (`Retrieved.lead`).
BEHIND = 30
# Searches at most, if the library changes during each search.
ATTEMPTS = 3
_AS_ASKED = Names()
_NO_COPIES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search for the readings of a question.

    Attributes:
        meaning: how the question is read.
        names: the names in the question that the documents spell differently.
        preference: the time that the question names, or None if it names none or the time is ignored.
        judged: whether the reader can judge if a passage answers. If so, sentences that it cannot read do not
            count.
        weights: for each reading of the question, how many spellings it has, and its weight.
        vectors: the embedding of each spelling of each reading, float32 [n, d].
        words: the content words of each spelling.
    """

    meaning: Interpretation
    names: Names
    preference: DatePreference | None
    judged: bool
    weights: Sequence[tuple[int, float]]
    vectors: Float32
    words: Sequence[Sequence[str]]

    def narrowed(self, document: Document, passage: Passage) -> Passage:
        """Return the passage with only the sentences to read, or without sentences if no sentence may answer.

        Headings and header lines are read even if they may not answer, because the reader was trained so.
        """
        read = legible(document.text, passage.sentences) if self.judged else passage.sentences
        answering = statements.answering(self.meaning.question, document, read)
        heads = (
            {sentence for sentence in read if sentence.kind in ("header", "heading")} if answering else set()
        )
        return replace(
            passage, sentences=tuple(sentence for sentence in read if sentence in heads.union(answering))
        )


def prepare(
    library: Library,
    meaning: Interpretation,
    names: Names = _AS_ASKED,
    preference: DatePreference | None = None,
    *,
    judged: bool = False,
) -> Search:
    """Prepare a search for the weighted readings (`variants`) of a question, in each spelling of names."""
    spelt = [names.spelt(text) for text, _ in meaning.variants]
    texts = [text for spellings in spelt for text in spellings]
    return Search(
        meaning,
        names,
        preference,
        judged,
        [(len(spellings), weight) for spellings, (_, weight) in zip(spelt, meaning.variants, strict=True)],
        library.encode_queries(texts),
        [content_words(text) for text in texts],
    )


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The result of a search.

    Attributes:
        to_read: the passages in the order of reading, each with how well it was found, 0 to 1.
        opened: the documents that were read to choose these passages, by id, with all their passages.
        copies: the near-duplicates of each document that was found, by id; see `Library.copies`.
        rest: the other passages that the reader can read, the best first.
        illegible: the passages in which the reader can read nothing, the best first.
        count: how many passages that the reader can read were found.
        beyond: how many of `count` were not looked at, because enough others are read.
        is_complete: whether every passage was found; if not, the search ended early.
        lead: by how much the passage nearest to the question is nearer than the next ones, as a cosine.
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
        """Return the documents that were read, by id."""
        return {name: document for name, (document, _) in self.opened.items()}


class _ChangedError(Exception):
    """A document that was found was replaced or removed before it was read."""


def retrieve(library: Library, search: Search, selection: Selection, most: int = MOST_READ) -> Retrieved:
    """Find at most `most` passages to read. Search again if one of their documents has changed.

    Raises:
        LibraryError: the library changes faster than it can be searched.
    """
    for _ in range(ATTEMPTS):
        hits, illegible, is_complete, lead = candidates(library, search, selection, most)
        ids = list(dict.fromkeys(hit.document_id for hit, _ in hits))
        copied = dict.fromkeys(ids, _NO_COPIES) | library.copies(ids, selection.filters)
        if search.preference:
            hits = _by_preference(hits, search.preference)
        with suppress(_ChangedError):
            to_read, left_out, opened = _first(library, search, hits, copied, most)
            beyond = hits[len(to_read) + len(left_out) :]
            rest = [*left_out, *(hit for hit, _ in beyond)]
            others = [hit for hit, _ in illegible]
            return Retrieved(to_read, opened, copied, rest, others, len(hits), len(beyond), is_complete, lead)
    raise LibraryError("the library is changing faster than it can be searched: ask again in a moment")


def _by_preference(hits: Sequence[tuple[Hit, float]], preference: DatePreference) -> list[tuple[Hit, float]]:
    """Order the passages found so that passages that fit the date preference are read sooner."""
    fits = times.fits(preference, [(hit.published, "") for hit, _ in hits])
    keyed = [-fused - times.BOOST * fit for (_, fused), fit in zip(hits, fits, strict=True)]
    return [hits[number] for number in sorted(range(len(hits)), key=keyed.__getitem__)]


def _first(
    library: Library,
    search: Search,
    hits: Sequence[tuple[Hit, float]],
    copied: Mapping[str, Mapping[str, float]],
    most: int,
) -> tuple[list[tuple[Passage, float]], list[Hit], dict[str, Segmented]]:
    """Open the documents of the first passages found, and keep the sentences of each that may answer.

    A passage without such sentences is left out. So is a passage that only repeats better passages of a copy
    of its document. Return the passages to read, the passages left out, and the opened documents by id.

    Raises:
        _ChangedError: a document is not as it was found.
    """
    ahead: dict[str, Segmented] = {}
    opened: dict[str, Segmented] = {}
    passages: dict[int, Passage] = {}
    read: list[tuple[Passage, float]] = []
    left_out: list[Hit] = []
    rest = list(hits)
    while rest and len(read) < most:
        soon = [hit.document_id for hit, _ in rest[: max(AHEAD, min(most, MOST_READ) - len(read))]]
        hit, fused = rest.pop(0)
        name = hit.document_id
        if name not in opened:
            if name not in ahead:
                ahead |= library.read(document_id for document_id in soon if document_id not in ahead)
            if name not in ahead or ahead[name][0].sha256 != hit.sha256:
                raise _ChangedError
            opened[name] = ahead[name]
            passages |= {passage.key: passage for passage in ahead[name][1]}
        document, _ = opened[name]
        if hit.key not in passages:  # its document has the same text, but was segmented again
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
    """Return the text of a document's passages that are read, joined."""
    spans = sorted((passage.start, passage.end) for passage, _ in read if passage.document_id == document.id)
    return " ".join(document.text[start:end] for start, end in spans)


class Candidates(NamedTuple):
    """The passages that a search found: `legible` and `illegible` for the reader. See `Retrieved`."""

    legible: list[tuple[Hit, float]]
    illegible: list[tuple[Hit, float]]
    is_complete: bool
    lead: float


def candidates(library: Library, search: Search, selection: Selection, least: int = 0) -> Candidates:
    """Find passages, in two lists: passages that the reader can read, and all others. The best come first.

    A passage's score, 0 to 1, is the weighted mean over the question's readings. For each reading, the
    spelling with the highest score counts. The lists are scaled separately, so that the others do not change
    a score in the first list.

    Each search finds `DEPTH` passages at first, or `least` if that is more. It goes deeper until the first
    list comes from `DOCUMENTS` documents, or from all that there are. It stops at `DEEPEST` passages if the
    reader cannot read some of them, and otherwise at `BOUND`.
    """
    enough = min(DOCUMENTS, selection.documents)
    depth = max(DEPTH, least)
    while True:
        nearest = library.nearest(search.vectors, depth, selection)
        matching = library.matching(search.words, depth, selection)
        hits = {hit.key: hit for ranking in (*nearest, *matching) for hit, _ in ranking}
        legible_keys = library.legible(hits.values()) if search.judged else set(hits)
        fused = _fused(search.weights, nearest, matching, legible_keys)
        exhausted = all(len(ranking) < depth for ranking in nearest)
        enough_found = len({hits[key].document_id for key in fused}) >= enough
        if exhausted or enough_found or depth >= (DEEPEST if len(legible_keys) < len(hits) else BOUND):
            others = _fused(search.weights, nearest, matching, hits.keys() - legible_keys)
            return Candidates(
                _best_first(hits, fused), _best_first(hits, others), exhausted, _lead(nearest[0])
            )
        depth *= 2


def related(
    library: Library, question: ParsedQuestion, turns: Sequence[ParsedQuestion], selection: Selection
) -> list[bool]:
    """Return, for each earlier question, whether the library shows that it is on a question's subject.

    Its best document must also be nearly the best for the question. If any document has a word of the
    question, this document must have one, too. Otherwise a single word would have near neighbours in
    documents on any subject.
    """
    search, *earlier = (prepare(library, interpret(asked)) for asked in (question, *turns))
    best: dict[str, float] = {}
    for hit, score in candidates(library, search, selection).legible:
        best.setdefault(hit.document_id, score)
    highest = max(best.values(), default=0.0)
    near = {name for name in islice(best, RELATED_RANK) if highest - best[name] <= RELATED_GAP}
    matching = {
        hit.document_id for ranking in library.matching(search.words, DEPTH, selection) for hit, _ in ranking
    }
    if matching:
        near &= matching
    rankings = (candidates(library, earlier_search, selection).legible for earlier_search in earlier)
    return [bool(hits) and hits[0][0].document_id in near for hits in rankings]


def _lead(nearest: Sequence[tuple[Hit, float]]) -> float:
    """Return by how much the first passage is nearer than the mean of the next ones; 0 if there are none."""
    first, *behind = [similarity for _, similarity in nearest[:BEHIND]] or [0.0]
    return first - fmean(behind) if behind else 0.0


def _fused(
    weights: Sequence[tuple[int, float]],
    nearest: Sequence[Sequence[tuple[Hit, float]]],
    matching: Sequence[Sequence[tuple[Hit, float]]],
    among: set[int],
) -> dict[int, float]:
    """Return the fused scores of the passages `among`. `weights` has each reading's spellings and weight."""
    total = sum(weight for _, weight in weights)
    rankings = zip(nearest, matching, strict=True)
    fused: dict[int, float] = {}
    for spellings, weight in weights:
        best: dict[int, float] = {}
        for dense, lexical in islice(rankings, spellings):
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
    """Return `weight` × scaled dense + (1 - `weight`) × scaled BM25. A missing passage counts 0."""
    scaled_dense, scaled_lexical = _min_max(dense), _min_max(lexical)
    return {
        key: weight * scaled_dense.get(key, 0.0) + (1 - weight) * scaled_lexical.get(key, 0.0)
        for key in dense.keys() | lexical.keys()
    }


def _min_max(scores: Mapping[int, float]) -> dict[int, float]:
    """Return scores scaled to [0, 1], or all 1 if they are equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
