"""Compare the answers of a library on Milvus with the answers of a library in a folder.

python -m benchmarks.engines FOLDER SUITE ... [--address milvus://HOST:PORT]

Both libraries have the same documents. Without an address, the library on Milvus is a Milvus Lite file in
FOLDER. `--server` starts a server in FOLDER, in a network of its own. The module prints how many outcomes and
quotes are the same, the times, and each question with a difference. It also prints the share of the ten
nearest passages of the folder, whose search is exact, that Milvus finds. A server before 2.5 has no search by
words. Then the library in the folder is asked by vectors alone, too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.corpus import Corpus
from qa.places import ClusterAddress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.storage.ports import Hit, Selection

NEAREST = 10


def main() -> None:
    """Read the command line, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--address", help="of a server; its libraries are named after the suites")
    parser.add_argument("--limit", type=int, help="ask only so many questions of each suite")
    parser.add_argument("--server", action="store_true", help="start one, under unshare -rn")
    arguments = parser.parse_args()
    if arguments.server:
        from tests.qa.storage.cluster.on_server import Server

        with Server((arguments.folder / "server").resolve()) as server:
            arguments.address = server.address
            compare_all(arguments)
    else:
        compare_all(arguments)


def compare_all(arguments: argparse.Namespace) -> None:
    """Compare the answers to the questions of all suites."""
    for suite in arguments.suites:
        folder = arguments.folder / suite.name
        address = f"{arguments.address}/{suite.name}" if arguments.address else f"milvus://{folder}/lite.db"
        compare(suite, folder / "embedded", ClusterAddress(address, folder / "desk"), arguments.limit)


def compare(suite: Path, folder: Path, cluster: ClusterAddress, limit: int | None) -> None:
    """Make both libraries of a suite, and ask them its questions."""
    with Corpus.open(folder) as one, Corpus.open(cluster) as other:
        for name, corpus in (("embedded", one), ("cluster", other)):
            begun = time.perf_counter()
            corpus.index(suite / "corpus.jsonl")
            seconds = time.perf_counter() - begun
            passages = corpus.stats().passages
            print(f"{suite.name}: {name} has {passages:,} passages; indexed in {seconds:.1f} s")
        if not other.store.connection.has_words:  # type: ignore[attr-defined]
            one.store.matching = other.store.matching = _none  # type: ignore[method-assign]
        same_outcome = same_quotes = count = 0
        near = 0.0
        milliseconds: dict[str, list[float]] = {"embedded": [], "cluster": []}
        for line in list(_lines(suite / "queries.jsonl"))[:limit]:
            answers = []
            for name, corpus in (("embedded", one), ("cluster", other)):
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
