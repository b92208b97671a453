"""Measure how long a warm answer takes, by stage and size of library, for one user and for several users.

usage: python -m benchmarks.answer FOLDER SUITE --passages N [N ...] [--questions N] [--users N]
       [--repeats N] [--readers READER ...] [--reference FILE] [--json FILE]

FOLDER has libraries of `python -m benchmarks.synthetic`, made with `--asked SUITE`. The questions of SUITE
are asked of them. The brief that ships is asked the questions of its own suite. With `--readers`, each reader
answers from each library.

For one user, the libraries and readers take turns, question by question. Then one user asks alone, and right
after that `--users` users ask at once. Each user has a thread and an order of the questions. So the effect of
more users is a ratio of two runs in the same minute. Absolute times are the best of `--repeats` runs. With
`--reference`, the reference system answers the same questions over the texts of the smallest library, in its
own process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from qa import Corpus
from qa.asking.answer import answer_or_error
from qa.evaluation import suite
from qa.places import shipped_corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.evaluation.schema import Query
    from qa.schema import Answer

BRIEF = Path(__file__).parent.parent / "tests" / "suites" / "nk_brief"
STAGES = ("retrieve", "rerank", "extract", "total")
PERCENTILES = (50, 95)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--passages", nargs="+", type=int, required=True)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--readers", nargs="+", default=["reader"], help="as `pullquote ask --reader` takes them"
    )
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    asked = suite.draw(suite.load(arguments.suite), arguments.questions).queries
    with ExitStack() as stack:
        brief = stack.enter_context(Corpus.open(stack.enter_context(tempfile.TemporaryDirectory())))
        brief.index(shipped_corpus())
        sides: dict[str, tuple[Corpus, Sequence[Query]]] = {
            "1 document": (brief, suite.draw(suite.load(BRIEF), arguments.questions).queries)
        }
        for size, reader in product(arguments.passages, arguments.readers):
            library = arguments.folder / str(size)
            corpus = stack.enter_context(Corpus.open(library, create=False, reader=reader))
            sides[side(size, reader)] = corpus, asked
        print(machine.line())
        results: dict[str, Any] = {
            "machine": machine.line(),
            "one": one_user(sides, arguments.repeats),
            "many": many_users(sides, arguments.users, arguments.repeats),
        }
        if arguments.reference:
            smallest, _ = sides[side(min(arguments.passages), arguments.readers[0])]
            results["reference"] = reference(arguments.reference, smallest, arguments.suite, asked)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def side(size: int, reader: str) -> str:
    """Return the name of a library of `size` passages with a reader."""
    return f"{size:,} passages" + (f", {reader}" if reader != "reader" else "")


def one_user(
    sides: dict[str, tuple[Corpus, Sequence[Query]]], repeats: int
) -> dict[str, dict[str, list[float]]]:
    """Return each library's milliseconds by stage at `PERCENTILES`, of the best repeat of each question."""
    best: dict[str, list[dict[str, float]]] = {
        name: [{} for _ in asked] for name, (_, asked) in sides.items()
    }
    read: dict[str, list[int]] = {name: [] for name in sides}
    for corpus, asked in sides.values():
        corpus.warm()
        ask(corpus, asked[0])
    for repeat in range(repeats):
        for index in range(max(len(asked) for _, asked in sides.values())):
            for name, (corpus, asked) in sides.items():
                if index < len(asked):
                    answer = ask(corpus, asked[index])
                    times, held = asdict(answer.milliseconds), best[name][index]
                    best[name][index] = {stage: min(times[stage], held.get(stage, 1e9)) for stage in STAGES}
                    if not repeat:
                        read[name].append(answer.read)
    columns = "".join(f"{stage + ' p50/p95':>19}" for stage in STAGES)
    print(f"\n{'one user, warm':<26}{'windows':>8}{columns}")
    by_side: dict[str, dict[str, list[float]]] = {}
    for name, rows in best.items():
        by_side[name] = {stage: percentiles([row[stage] for row in rows]) for stage in STAGES}
        by_side[name]["windows"] = percentiles(read[name])
        cells = ("/".join(f"{value:.0f}" for value in by_side[name][stage]) + " ms" for stage in STAGES)
        print(
            f"{name:<26}{statistics.mean(read[name]):>8.1f}", "".join(f"{cell:>19}" for cell in cells), sep=""
        )
    return by_side


def many_users(
    sides: dict[str, tuple[Corpus, Sequence[Query]]], users: int, repeats: int
) -> dict[str, dict[str, float]]:
    """Let one user and then several users ask. Return the best of the repeats, and the errors of all."""
    print(f"\n{f'{users} users at once':<26}{'answers/s':>10}{'of one':>8}{'p50/p95 ms':>14}"
          f"{'p95 of one p50':>16}{'errors':>8}")  # fmt: skip
    by_side = {}
    for name, (corpus, asked) in sides.items():
        runs = []
        errors: float = 0
        for repeat in range(repeats):
            alone = rush(corpus, asked, 1, repeat)
            together = rush(corpus, asked, users, repeat)
            errors += alone["errors"] + together["errors"]
            runs.append((together["p95"] / alone["p50"], together["rate"] / alone["rate"], together))
        slowdown, gain, together = min(runs, key=lambda run: run[0])
        by_side[name] = {**together, "errors": errors, "p95 of one p50": slowdown, "of one": gain}
        both = f"{together['p50']:.0f}/{together['p95']:.0f}"
        print(f"{name:<26}{together['rate']:>10.1f}{gain:>8.2f}{both:>14}{slowdown:>16.1f}{errors:>8}")
    return by_side


def rush(corpus: Corpus, asked: Sequence[Query], users: int, seed: int) -> dict[str, float]:
    """Let `users` threads ask the questions, each in a different order, and time all threads together."""
    quota = max(1, len(asked) // users)

    def user(number: int) -> list[tuple[float, Answer]]:
        answers = []
        for query in random.Random(f"{seed} {number}").sample(list(asked), quota):
            started = time.perf_counter()
            answer = answer_or_error(corpus.answerer(), query.text, query.history)
            answers.append((1000 * (time.perf_counter() - started), answer))
        return answers

    started = time.perf_counter()
    with ThreadPoolExecutor(users) as pool:
        answers = [answer for its in pool.map(user, range(users)) for answer in its]
    seconds = time.perf_counter() - started
    failed = [answer for _, answer in answers if answer.error]
    for answer in failed:
        print(f"{answer.question!r}: {answer.error}", file=sys.stderr)
    p50, p95 = percentiles([milliseconds for milliseconds, _ in answers])
    return {"rate": len(answers) / seconds, "p50": p50, "p95": p95, "errors": len(failed)}


def ask(corpus: Corpus, query: Query) -> Answer:
    """Ask one question."""
    return corpus.ask(query.text, query.history)


def percentiles(values: Sequence[float]) -> list[float]:
    """Return the values at `PERCENTILES`: for each, the lowest value that this share does not exceed."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, len(ordered) * percentile // 100)] for percentile in PERCENTILES]


def reference(script: Path, corpus: Corpus, folder: Path, asked: Sequence[Query]) -> list[float]:
    """Time the reference system on the same questions and texts: milliseconds at `PERCENTILES`."""
    with tempfile.TemporaryDirectory() as work:
        made = Path(work)
        documents = (corpus.document(info.id) for info in corpus.documents())
        lines = (json.dumps({"_id": d.id, "title": d.title, "text": d.text}) for d in documents)
        (made / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
        (made / "queries.jsonl").write_bytes((folder / "queries.jsonl").read_bytes())
        (made / "ids").write_text("\n".join(query.id for query in asked), encoding="utf-8")
        command: list[str | Path] = [sys.executable, script, made, made / "out", "--ids", made / "ids"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        answers = [json.loads(line) for line in (made / "out").read_text(encoding="utf-8").splitlines()]
    quantiles = percentiles([answer["milliseconds"]["total"] for answer in answers])
    print(f"\nthe reference, on the texts of the smallest: {quantiles[0]:.0f}/{quantiles[1]:.0f} ms p50/p95")
    return quantiles


if __name__ == "__main__":
    main()
