"""From a question to candidate passages: dense and BM25 search, fused.

Fusion is a weighted sum of min–max scaled scores (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval", section 3): unlike reciprocal rank fusion it keeps how much better one
passage is than the next.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.names import Names
from qa.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.corpus import Corpus, Selection

DENSE_WEIGHT = 0.6
# Passages taken from each search at first; doubled until enough documents are among them.
DEPTH = 100
# An answer ranks passages from at least this many documents, where the corpus has them.
DOCUMENTS = 20
_AS_ASKED = Names()


def candidates(
    corpus: Corpus, variants: Sequence[tuple[str, float]], selection: Selection, names: Names = _AS_ASKED
) -> list[tuple[int, float]]:
    """Passage keys with fused scores in [0, 1], best first, for the weighted variants of a question.

    A passage's score is the weighted mean over the variants, of each in that spelling of its names in which
    it is highest. The depth grows until the passages come from `DOCUMENTS` documents, or as many as there
    are, or both searches are exhausted.
    """
    spelt = [names.spelt(text) for text, _ in variants]
    texts = [text for each in spelt for text in each]
    vectors = corpus.encode_queries(texts)
    terms = [content_words(text) for text in texts]
    total = sum(weight for _, weight in variants)
    enough = min(DOCUMENTS, selection.documents)
    depth = DEPTH
    while True:
        fused: dict[int, float] = {}
        exhausted = True
        nearest = corpus.dense_each(vectors, depth, selection)
        matching = corpus.bm25_each(terms, depth, selection)
        found = zip(nearest, matching, strict=True)
        for its, (_, weight) in zip(spelt, variants, strict=True):
            best: dict[int, float] = {}
            for dense, lexical in islice(found, len(its)):
                exhausted &= len(dense) < depth
                for key, score in fuse(dict(dense), dict(lexical)).items():
                    best[key] = max(score, best.get(key, 0.0))
            for key, score in best.items():
                fused[key] = fused.get(key, 0.0) + score * weight / total
        if exhausted or len(set(corpus.documents_of(fused).values())) >= enough:
            return sorted(fused.items(), key=lambda item: (-item[1], item[0]))
        depth *= 2


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
