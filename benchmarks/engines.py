"""Compare the answers of a library whose index is on Milvus with the answers of a library in a folder.

python -m benchmarks.engines FOLDER SUITE ... [--library postgresql://USER@HOST:PORT/DATABASE]
           [--index milvus://HOST:PORT]

Both libraries have the same documents. Without --library, the records of the second library are in FOLDER,
too. On a server, each suite has a schema of its own. Without --index, the index is a Milvus Lite file in
FOLDER. The module prints how many outcomes and quotes are the same, the times, and each question with a
difference. It also prints the share of the ten nearest passages of the folder, whose search is exact, that
Milvus finds. With --vectors, both libraries are asked by vectors alone, because a Milvus server before 2.5
has no search by words.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.storage.results import Hit, Selection

NEAREST = 10


def main() -> None:
    """Read the command line, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--library", help="of a PostgreSQL server, without a schema")
    parser.add_argument("--index", help="of a Milvus server")
    parser.add_argument("--limit", type=int, help="ask only so many questions of each suite")
    parser.add_argument("--vectors", action="store_true", help="ask by vectors alone")
    arguments = parser.parse_args()
    for suite in arguments.suites:
        compare(suite, arguments)


def compare(suite: Path, arguments: argparse.Namespace) -> None:
    """Make both libraries of a suite, and ask them its questions."""
    folder = (arguments.folder / suite.name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    schema = re.sub("[^a-z0-9]", "_", f"engines_{suite.name.lower()}")
    library = f"{arguments.library}?schema={schema}" if arguments.library else folder / "with Milvus"
    index = arguments.index or f"milvus://{folder}/index.db"
    with Corpus.open(folder / "in files") as one, Corpus.open(library, index=index) as other:
        for name, corpus in (("a folder", one), ("Milvus", other)):
            begun = time.perf_counter()
            corpus.index(suite / "corpus.jsonl")
            seconds = time.perf_counter() - begun
            passages = corpus.stats().passages
            print(f"{suite.name}: {name} has {passages:,} passages; indexed in {seconds:.1f} s")
        if arguments.vectors:
            one.store.matching = other.store.matching = _none  # type: ignore[method-assign]
        same_outcome = same_quotes = count = 0
        near = 0.0
        milliseconds: dict[str, list[float]] = {"a folder": [], "Milvus": []}
        for line in list(_lines(suite / "queries.jsonl"))[: arguments.limit]:
            answers = []
            for name, corpus in (("a folder", one), ("Milvus", other)):
                begun = time.perf_counter()
                answer = corpus.ask(line["text"], history=_history(line))
                milliseconds[name].append(1000 * (time.perf_counter() - begun))
                quotes = [(quote.document.id, quote.start, quote.end) for quote in answer.quotes]
                answers.append((answer.outcome, quotes))
            count += 1
            near += _near(one, other, line["text"])
            same_outcome += answers[0][0] == answers[1][0]
            same_quotes += answers[0] == answers[1]
            if answers[0] != answers[1]:
                print(f"  {line['_id']}: {line['text']!r}: {answers[0]} in a folder, {answers[1]} on Milvus")
        one_p50, other_p50 = map(statistics.median, milliseconds.values())
        print(
            f"{suite.name}: of {count} questions, outcome the same {same_outcome / count:.3f}, outcome and "
            f"quotes {same_quotes / count:.3f}; recall@{NEAREST} {near / count:.4f}; "
            f"p50 {one_p50:.0f} ms in a folder, {other_p50:.0f} ms there",
            flush=True,
        )


def _none(queries: Sequence[Sequence[str]], k: int, selection: Selection) -> list[list[tuple[Hit, float]]]:
    """Return no hits, as a search by words."""
    return [[] for _ in queries]


def _near(one: Corpus, other: Corpus, question: str) -> float:
    """Return the share of one library's nearest passages that the other finds. Equal scores count."""
    vectors = one.store.encode_queries([question])
    exact, found = (
        library.store.nearest(vectors, NEAREST, library.store.select())[0] for library in (one, other)
    )
    return sum(score >= exact[-1][1] - 1e-5 for _, score in found) / len(exact)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _history(line: dict[str, Any]) -> list[str]:
    return [turn if isinstance(turn, str) else turn["text"] for turn in line.get("history", [])]


if __name__ == "__main__":
    main()
