"""From a question to the passages that are read: dense and BM25 search, fused; what may answer; what repeats.

Fusion is a weighted sum of min–max scaled scores (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval", section 3): unlike reciprocal rank fusion it keeps how much better one
passage is than the next.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from qa.asking import budget, copies, statements
from qa.document.window import legible
from qa.errors import DocumentNotFoundError, LibraryError
from qa.text import times
from qa.text.names import Names
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qa.schema import DatePreference, Document, Passage, PassageSpan
    from qa.storage.ports import Library, Selection

DENSE_WEIGHT = 0.6
# Passages taken from each search at first; doubled until enough documents are among them.
DEPTH = 100
# An answer ranks passages from at least this many documents, where the corpus has them.
DOCUMENTS = 20
# The deepest search, where some of the passages that are found do not count.
DEEPEST = 800
# Passages that may be read.
MOST_READ = budget.most()
# How often a search is made again because the library has changed under it.
ATTEMPTS = 3
_AS_ASKED = Names()


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for.

    Attributes:
        question: the question as it was understood.
        variants: other ways to ask it, each with its weight.
        names: the names in it that the documents spell otherwise.
        judged: whether the reader can tell if a passage answers; if so, sentences that it cannot read do not
            count.
    """

    question: str
    variants: Sequence[tuple[str, float]]
    names: Names
    judged: bool

    def narrowed(self, document: Document, passage: Passage) -> Passage:
        """Return the passage with those of its sentences that are read; with none where none may answer.

        What heads a text is read with it, although it may not be quoted: the reader has learnt it so.
        """
        read = legible(document.text, passage.sentences) if self.judged else passage.sentences
        answering = statements.answering(self.question, document, read)
        heads = {each for each in read if each.kind in ("header", "heading")} if answering else set()
        return replace(passage, sentences=tuple(each for each in read if each in heads.union(answering)))


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search found.

    Attributes:
        to_read: the passages to read, with how well each was found, 0 to 1; in the order of reading.
        documents: the documents of these, by id.
        rest: where the other passages stand, the best first.
        illegible: where those stand in which the reader can read nothing.
        count: how many passages were found that it can read.
    """

    to_read: list[tuple[Passage, float]]
    documents: dict[str, Document]
    rest: list[PassageSpan]
    illegible: list[PassageSpan]
    count: int


def retrieve(
    library: Library, search: Search, selection: Selection, preference: DatePreference | None = None
) -> Retrieved:
    """Find the passages to read.

    It is searched again where the library has changed in between: what was replaced would be missing. The
    last of `ATTEMPTS` searches is taken as it is, unless a document in it is gone.

    Raises:
        LibraryError: the library changes faster than it can be searched.
    """
    for attempt in range(1, ATTEMPTS + 1):
        generation = library.generation
        found, illegible = places(library, search, selection)
        copied = library.copies(place.document_id for place, _ in found)
        if preference:
            found = _by_preference(library, found, preference)
        with suppress(DocumentNotFoundError):
            to_read, rest, documents = _first(library, search, found, copied)
            if attempt == ATTEMPTS or library.generation == generation:
                return Retrieved(to_read, documents, rest, [place for place, _ in illegible], len(found))
        selection = library.select(selection.filters)
    raise LibraryError("the library is being changed faster than it can be searched: ask again")


def places(
    library: Library, search: Search, selection: Selection
) -> tuple[list[tuple[PassageSpan, float]], list[tuple[PassageSpan, float]]]:
    """Find passages and how well each fits, 0 to 1, the best first; apart from them those not legible."""
    counting = library.legible if search.judged else set
    lists = candidates(library, search.variants, selection, search.names, counting)
    held = library.places(key for found in lists for key, _ in found)
    read, illegible = ([(held[key], fused) for key, fused in found if key in held] for found in lists)
    return read, illegible


def _by_preference(
    library: Library, found: Sequence[tuple[PassageSpan, float]], preference: DatePreference
) -> list[tuple[PassageSpan, float]]:
    """Order what was found so that what fits the date preference is read sooner."""
    dates = library.dates(place.document_id for place, _ in found)
    fits = times.fits(preference, [(dates.get(place.document_id), "") for place, _ in found])
    keyed = [-fused - times.BOOST * fit for (_, fused), fit in zip(found, fits, strict=True)]
    return [found[number] for number in sorted(range(len(found)), key=keyed.__getitem__)]


def _first(
    library: Library,
    search: Search,
    found: Sequence[tuple[PassageSpan, float]],
    copied: Mapping[str, Mapping[str, float]],
) -> tuple[list[tuple[Passage, float]], list[PassageSpan], dict[str, Document]]:
    """Read the first of what was found, each passage with the sentences of it that may answer.

    Left out is what has none, and what only repeats a better one in a copy of its document. These come first
    of the rest.

    Raises:
        DocumentNotFoundError: a document, or a passage of it, is not held any more.
    """
    documents: dict[str, Document] = {}
    passages: dict[int, Passage] = {}
    read: list[tuple[Passage, float]] = []
    left_out: list[PassageSpan] = []
    rest = list(found)
    while rest and len(read) < MOST_READ:
        place, fused = rest.pop(0)
        name = place.document_id
        if name not in documents:
            documents[name], own = library.document_and_passages(name)
            passages |= {passage.key: passage for passage in own}  # a replaced one's key never comes back
        if place.key not in passages:
            raise DocumentNotFoundError(f"{name!r} was replaced while it was searched")
        text = documents[name].text[place.start : place.end]
        if any(
            copies.repeats(text, _joined(documents[better], read))
            for better in copied.get(name, ())
            if better in documents
        ):
            left_out.append(place)
        elif (passage := search.narrowed(documents[name], passages[place.key])).sentences:
            read.append((passage, fused))
        else:
            left_out.append(place)
    return read, [*left_out, *(place for place, _ in rest)], documents


def _joined(document: Document, read: Sequence[tuple[Passage, float]]) -> str:
    """Join the passages of a document that are read."""
    spans = sorted((passage.start, passage.end) for passage, _ in read if passage.document_id == document.id)
    return " ".join(document.text[start:end] for start, end in spans)


def candidates(
    library: Library,
    variants: Sequence[tuple[str, float]],
    selection: Selection,
    names: Names = _AS_ASKED,
    counting: Callable[[Iterable[int]], set[int]] = set,
) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """Find candidates among the passages that count, and apart from them among the others; best first.

    A candidate is a passage's key with its score, 0 to 1: the weighted mean over the question's variants, of
    each in that spelling of its names in which it is highest. Scores are scaled within each of the two lists,
    so that the others change nothing of the first. The search goes deeper until the first list comes from
    `DOCUMENTS` documents, or as many as there are; where others are in the way, to `DEEPEST` at most.
    """
    spelt = [names.spelt(text) for text, _ in variants]
    texts = [text for each in spelt for text in each]
    vectors = library.encode_queries(texts)
    terms = [content_words(text) for text in texts]
    enough = min(DOCUMENTS, selection.documents)
    weights = [(len(each), weight) for each, (_, weight) in zip(spelt, variants, strict=True)]
    depth = DEPTH
    while True:
        nearest = library.nearest(vectors, depth, selection)
        matching = library.matching(terms, depth, selection)
        found = {key for each in (*nearest, *matching) for key, _ in each}
        count = counting(found)
        fused = _fused(weights, nearest, matching, count)
        exhausted = all(len(each) < depth for each in nearest)
        enough_found = len(set(library.documents_of(fused).values())) >= enough
        if exhausted or enough_found or (depth >= DEEPEST and len(count) < len(found)):
            others = _fused(weights, nearest, matching, found - count)
            return _best_first(fused), _best_first(others)
        depth *= 2


def _fused(
    weights: Sequence[tuple[int, float]],
    nearest: Sequence[Sequence[tuple[int, float]]],
    matching: Sequence[Sequence[tuple[int, float]]],
    among: set[int],
) -> dict[int, float]:
    """Fuse the searches for each variant, which has so many spellings and a weight, among some passages."""
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


def _among(scores: Sequence[tuple[int, float]], keys: set[int]) -> dict[int, float]:
    return {key: score for key, score in scores if key in keys}


def _best_first(fused: Mapping[int, float]) -> list[tuple[int, float]]:
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))


def fuse(
    dense: Mapping[int, float], lexical: Mapping[int, float], weight: float = DENSE_WEIGHT
) -> dict[int, float]:
    """`weight` × scaled dense + (1 - `weight`) × scaled BM25; where a passage is missing it counts 0."""
    scaled_dense, scaled_lexical = _min_max(dense), _min_max(lexical)
    return {
        key: weight * scaled_dense.get(key, 0.0) + (1 - weight) * scaled_lexical.get(key, 0.0)
        for key in dense.keys() | lexical.keys()
    }


def _min_max(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores moved and stretched to [0, 1]; all 1 where they are all equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
