"""Measure the choices in finding, ordering and quoting with the parts of the product.

usage: python -m benchmarks.parts [SUITE ...] [--limit N] [--encoder NAME] [--retrieval]

A SUITE is a folder in BEIR layout with its own corpus. Without a SUITE, the two suites on the brief that
ships are asked. `pullquote evaluate` measures the product's answers. This module compares its choices with
other choices:

1. retrieval: nDCG@10, and the share of relevant documents among the first candidates. They are given by the
weight
   of dense search, by the number of candidates, and by the way in which the readings of a follow-up are
   fused.
2. order: nDCG@10 after reading, by the reader and by the weight of retrieval. 3. quotes: how often a gold
sentence is first and in the first three, and the words' F1. They are given by the reader
   and by the number of sentences that are shown.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import ir_measures
import numpy as np

from benchmarks.suites import own_library
from embeddings.reader import open_reader
from qa.asking import choose, extract, retrieve
from qa.asking.conversation import interpret, parse
from qa.document.window import reading_window
from qa.evaluation import suite
from qa.evaluation.measures import quote_values
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embeddings.reading import Reader
    from qa import Corpus
    from qa.evaluation.schema import Query, Suite

    Table = dict[str, list[float]]

SUITES = [
    Path(__file__).parent.parent / "tests" / "suites" / name for name in ("nk_brief", "nk_brief_heldout")
]
DEPTH = 200
DENSE_WEIGHTS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CANDIDATES = (5, 10, 20, 40)
READINGS = ("as typed", "with carried words", "after the earlier turns")
QUOTES = ("hit@1", "hit@3", "word_F1")
RETRIEVED = (0.0, 1.0, 2.0, 4.0, 8.0)


def main() -> None:
    """Print the tables of each suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", type=Path, default=SUITES)
    parser.add_argument("--limit", type=int, help="so many questions, drawn at random")
    parser.add_argument("--encoder", help="search with this encoder")
    parser.add_argument("--retrieval", action="store_true", help="only the first table, which is quick")
    arguments = parser.parse_args()
    readers = [] if arguments.retrieval else [open_reader("reader"), open_reader("cross-encoder")]
    for path in arguments.suites:
        asked = suite.load(path, print)
        asked = suite.draw(asked, arguments.limit) if arguments.limit else asked
        with own_library(asked, arguments.encoder) as corpus:
            print(f"\n{asked.name}, {len(asked.queries)} questions, {corpus.store.encoder_identity.name}")
            measure(corpus, asked, readers)


def measure(corpus: Corpus, asked: Suite, readers: Sequence[Reader]) -> None:
    """Answer every question step by step, and print the measures of each choice."""
    retrieval: Table = defaultdict(list)
    order: Table = defaultdict(list)
    quotes: Table = defaultdict(list)
    for number, query in enumerate(asked.queries):
        if sys.stderr.isatty():
            print(f"\r{number}/{len(asked.queries)}", end="", file=sys.stderr)
        relevant = {d: g for d, g in asked.qrels.get(query.id, {}).items() if g > 0}
        if not relevant:
            continue
        find(corpus, query, relevant, retrieval)
        read(corpus, query, relevant, readers, order, quotes)
    show("retrieval", retrieval)
    show("order after reading", order)
    show("quotes", quotes)


def find(corpus: Corpus, query: Query, relevant: Mapping[str, int], table: Table) -> None:
    """Search with every weight, and with each reading of a follow-up."""
    variants = interpret(*parse(query.text, query.history)).variants
    selection = corpus.store.select()
    vectors = corpus.store.encode_queries([text for text, _ in variants])
    results = [
        (
            corpus.store.nearest(vector[None], DEPTH, selection)[0],
            corpus.store.matching([content_words(text)], DEPTH, selection)[0],
        )
        for vector, (text, _) in zip(vectors, variants, strict=True)
    ]
    hits = {hit.key: hit for pair in results for side in pair for hit, _ in side}
    searches = [
        ({hit.key: score for hit, score in dense}, {hit.key: score for hit, score in lexical})
        for dense, lexical in results
    ]

    def ranked(
        weight: float, counts: Sequence[float], fuse: Callable[[Sequence[float]], float] = sum
    ) -> list[str]:
        return [hits[key].document_id for key in rank(searches, counts, weight, fuse)]

    counts = [count for _, count in variants]
    for weight in DENSE_WEIGHTS:
        table[f"dense {weight:.1f}: nDCG@10"].append(ndcg(ranked(weight, counts), relevant))
    ranking = ranked(retrieve.DENSE_WEIGHT, counts)
    for depth in CANDIDATES:
        share = len(relevant.keys() & set(ranking[:depth])) / len(relevant)
        table[f"relevant among the first {depth:>2} candidates"].append(share)
    if len(variants) == len(READINGS):
        for index, name in enumerate(READINGS):
            alone = [float(index == other) for other in range(len(variants))]
            table[f"follow-ups, {name}: nDCG@10"].append(ndcg(ranked(retrieve.DENSE_WEIGHT, alone), relevant))
        best = ranked(retrieve.DENSE_WEIGHT, [1.0] * len(variants), max)
        table["follow-ups, the best of all: nDCG@10"].append(ndcg(best, relevant))
        table["follow-ups, weighted mean: nDCG@10"].append(ndcg(ranking, relevant))


def read(
    corpus: Corpus,
    query: Query,
    relevant: Mapping[str, int],
    readers: Sequence[Reader],
    order: Table,
    quotes: Table,
) -> None:
    """Read the candidates with each reader, order them in every way, and choose quotes in every way."""
    meaning = interpret(*parse(query.text, query.history))
    search = retrieve.prepare(corpus.store, meaning)
    hits = retrieve.candidates(corpus.store, search, corpus.store.select()).legible
    opened = corpus.store.read(hit.document_id for hit, _ in hits[: retrieve.MOST_READ])
    passages = {passage.key: passage for _, own in opened.values() for passage in own}
    top = [(passages[hit.key], fused) for hit, fused in hits[: retrieve.MOST_READ]]
    rest = [hit.document_id for hit, _ in hits[retrieve.MOST_READ :]]
    documents = {name: document for name, (document, _) in opened.items()}
    windows = [reading_window(documents[passage.document_id], passage) for passage, _ in top]
    fused = np.array([score for _, score in top])
    for reader in readers:
        bare = np.array([r.score for r in reader.read(meaning.question.text, windows, [0.0] * len(windows))])
        for weight in RETRIEVED:
            ranking = [top[i][0].document_id for i in np.argsort(-(bare + weight * fused), kind="stable")]
            order[f"{reader.name}, retrieved {weight:>4.1f}: nDCG@10"].append(ndcg(ranking + rest, relevant))
        if not query.gold:
            continue
        readings = reader.read(meaning.question.text, windows, fused.tolist())
        best = sorted(range(len(top)), key=lambda i: -readings[i].score)[: choose.BEST]
        evidence = extract.evidence([(top[i][0], readings[i]) for i in best], documents)
        ways = {
            "the best sentence": evidence[:1],
            "the best three": evidence[:3],
            "expected F1": extract.choose(evidence),
        }
        for name, chosen in ways.items():
            shown = [
                {"document": quote.document.id, "start": quote.start, "end": quote.end, "text": quote.text}
                for quote in extract.quotes(meaning.question, chosen)
            ]
            values = quote_values(query, shown, lambda id_: documents[id_].text)
            for measure in QUOTES:
                quotes[f"{reader.name}, {name}: {measure}"].append(values[measure])


def rank(
    searches: Sequence[tuple[Mapping[int, float], Mapping[int, float]]],
    counts: Sequence[float],
    weight: float,
    fuse: Callable[[Sequence[float]], float] = sum,
) -> list[int]:
    """Return passage keys, best first, by the dense and BM25 scores of each reading, weighted by `counts`."""
    scores: dict[int, list[float]] = defaultdict(list)
    for (dense, lexical), count in zip(searches, counts, strict=True):
        for key, score in retrieve.fuse(dense, lexical, weight).items():
            scores[key].append(score * count)
    return sorted(scores, key=lambda key: (-fuse(scores[key]), key))


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Return nDCG@10 of the documents of ranked passages, each at its first occurrence."""
    scores = {document: -rank for rank, document in enumerate(dict.fromkeys(ranking))}
    measure = ir_measures.nDCG @ 10
    return float(ir_measures.calc_aggregate([measure], {"q": dict(relevant)}, {"q": scores})[measure])


def show(title: str, table: Table) -> None:
    """Print the means."""
    if table:
        print(f" {title}")
        for name, values in table.items():
            print(f"  {name:<44} {np.mean(values):.3f}")


if __name__ == "__main__":
    main()
