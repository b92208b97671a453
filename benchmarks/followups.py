"""Measure the effect of earlier questions on an answer, both of unrelated and of related questions.

usage: python -m benchmarks.followups [SUITE ...] [--turns-of SUITE] [--turns N] [--limit N] [--seed N]
       [--reader READER] [--words] [--fresh]

A SUITE is a folder in BEIR layout with its own corpus. Without a SUITE, the suites that ship are measured.

1. Questions without a history are asked alone, and again after N turns about other documents. The relevant
   documents of a turn are not relevant to the question, and not quoted in its answer. The turns are drawn
   from the suite, from the news that ships if the suite has too few documents, or from another suite
   (`--turns-of`). The share with the same outcome and the same first quote should be .99 or more. With
   `--words`, only the longest word of each question is asked. With `--fresh`, the questions of `fresh.tsv`
   are asked of the news that ships, and are also the earlier turns.
2. Suites with histories are measured as in `pullquote evaluate`, with and without the histories.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.asking.answer import answer_or_error
from qa.evaluation import run, suite
from qa.evaluation.check import check, with_document_quotes
from qa.evaluation.statistics import wilson
from qa.progress import meter
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa import Corpus
    from qa.evaluation.schema import Query, Suite
    from qa.progress import Meter
    from qa.schema import Answer

SUITES = Path(__file__).parent.parent / "tests" / "suites"
NEWS = SUITES / "news"
SHIPPED = [SUITES / name for name in ("nk_brief", "nk_brief_heldout", "news")]
FRESH = Path(__file__).with_name("fresh.tsv")
MEASURES = ("nDCG@10", "hit@1", "hit@3", "right", "AUROC")
EXAMPLES = 5


def main() -> None:
    """Print the figures of each suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", type=Path, default=SHIPPED)
    parser.add_argument("--turns-of", type=Path, help="draw the earlier turns from this suite")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--limit", type=int, help="so many questions, drawn at random")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--reader", help="what reads: see pullquote ask --help")
    parser.add_argument("--words", action="store_true", help="ask the longest word of each question")
    parser.add_argument("--fresh", action="store_true", help=f"ask the questions of {FRESH.name}")
    arguments = parser.parse_args()
    for path in [NEWS] if arguments.fresh else arguments.suites:
        asked = fresh(suite.load(path, print)) if arguments.fresh else suite.load(path, print)
        if asked.corpus is None:
            raise SystemExit(f"{path} has no corpus.jsonl: name a suite with its own corpus")
        pools = [suite.load(arguments.turns_of)] if arguments.turns_of else [asked, suite.load(NEWS)]
        drawn = suite.draw(asked, arguments.limit) if arguments.limit else asked
        opening = run.suite_library(asked.corpus, None, lambda _: None, print, arguments.reader)
        with opening as corpus, meter() as show:
            print(f"\n{asked.name}, {len(drawn.queries)} questions", flush=True)
            standing = [query for query in drawn.queries if not query.history]
            if arguments.words:
                standing = [replace(query, text=longest_word(query.text)) for query in standing]
            rng = random.Random(arguments.seed)
            histories = Histories(asked, pools, arguments.turns, rng)
            after_others(corpus, standing, histories, show)
            if len(standing) < len(drawn.queries) and not arguments.words:
                with_and_without(corpus, drawn, show)


def fresh(news: Suite) -> Suite:
    """Return the suite on the news with the questions of FRESH instead of its own."""
    lines = [line.split("\t") for line in FRESH.read_text(encoding="utf-8").splitlines()]
    queries = tuple(
        replace(news.queries[0], id=f"fresh-{number}", text=question, history=())
        for number, (_, question) in enumerate(lines, 1)
    )
    qrels = {query.id: {document: 1} for query, (document, _) in zip(queries, lines, strict=True)}
    return replace(news, name="fresh", queries=queries, qrels=qrels)


def longest_word(question: str) -> str:
    """Return the longest content word of a question."""
    return max(content_words(question), key=len)


@dataclass(frozen=True)
class Histories:
    """Draw turns about other documents from the first pool that has enough turns."""

    asked: Suite
    pools: Sequence[Suite]
    turns: int
    rng: random.Random

    def draw(self, query: Query, answer: Answer) -> list[str]:
        """Return turns about documents that are neither relevant to the query nor quoted in its answer."""
        own = relevant(self.asked, query) | {quote.document.id for quote in answer.quotes}
        for pool in self.pools:
            about = {query.text: relevant(pool, query) for query in pool.queries}
            others = [text for text, documents in about.items() if documents and not documents & own]
            if len(others) >= self.turns:
                return self.rng.sample(others, self.turns)
        raise SystemExit(f"too few questions on other documents than {own}: name --turns-of SUITE")


def after_others(corpus: Corpus, standing: Sequence[Query], histories: Histories, show: Meter) -> None:
    """Print the share of questions with the same answer alone and after unrelated turns."""
    outcomes, answers, changed = [], [], []
    for number, query in enumerate(standing, 1):
        show("After other questions", number, len(standing))
        alone = answer_or_error(corpus.answerer(), query.text)
        history = histories.draw(query, alone)
        after = answer_or_error(corpus.answerer(), query.text, history)
        outcomes.append(alone.outcome == after.outcome)
        answers.append(outcomes[-1] and first_quote(alone) == first_quote(after))
        if not answers[-1]:
            changed.append(f"    {query.text!r} {alone.outcome} → {after.outcome}, after {history[-2:]}")
    if standing:
        for name, same in (("same outcome", outcomes), ("same outcome and first quote", answers)):
            share = sum(same) / len(same)
            low, high = wilson(share, len(same))
            print(f"  {name:<30} {share:.3f} [{low:.3f}–{high:.3f}], {sum(same)} of {len(same)}")
        print(*changed[:EXAMPLES], sep="\n", flush=True)


def relevant(asked: Suite, query: Query) -> set[str]:
    """Return the documents that are relevant to a query."""
    return {document for document, grade in asked.qrels.get(query.id, {}).items() if grade > 0}


def first_quote(answer: Answer) -> tuple[str, int, int] | None:
    """Return the coordinates of the first quote."""
    return next(((quote.document.id, quote.start, quote.end) for quote in answer.quotes), None)


def with_and_without(corpus: Corpus, asked: Suite, show: Meter) -> None:
    """Print the measures of a suite with histories, once with and once without the histories."""
    documents = run.library_documents(corpus)
    asked = with_document_quotes(asked, check(asked, documents))
    bare = replace(asked, queries=tuple(replace(query, history=()) for query in asked.queries))
    for name, posed in (("with their history", asked), ("without", bare)):
        answers = {}
        for number, query in enumerate(posed.queries, 1):
            show(f"{asked.name}, {name}", number, len(posed.queries))
            answer = answer_or_error(corpus.answerer(), query.text, query.history)
            answers[query.id] = answer.to_dict()
        measured = run.evaluate(posed, answers, documents).measures
        figures = [f"{measure} {measured[measure].value:.3f}" for measure in MEASURES if measure in measured]
        print(f"  {name:<20} {', '.join(figures)}", flush=True)


if __name__ == "__main__":
    main()
