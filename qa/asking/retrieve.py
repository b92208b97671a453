"""From a question to candidate passages: dense and BM25 search, fused.

Fusion is a weighted sum of min–max scaled scores (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval", section 3): unlike reciprocal rank fusion it keeps how much better one
passage is than the next.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.text.names import Names
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qa.storage.ports import Library, Selection

DENSE_WEIGHT = 0.6
# Passages taken from each search at first; doubled until enough documents are among them.
DEPTH = 100
# An answer ranks passages from at least this many documents, where the corpus has them.
DOCUMENTS = 20
# How deep passages are looked for that count, where most others do not.
DEEPEST = 800
_AS_ASKED = Names()


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
        nearest = library.dense_each(vectors, depth, selection)
        matching = library.bm25_each(terms, depth, selection)
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
