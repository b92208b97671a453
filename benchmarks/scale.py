"""Measure the bytes of a passage, the speed and the recall by the size of a library.

usage: python -m benchmarks.scale --folder FOLDER SUITE [SUITE ...] [--asked SUITE ...]
           [--passages N ...] [--questions N] [--rounds N] [--json FILE]

Makes the libraries that FOLDER lacks, with `benchmarks.synthetic`. Then each library is asked some of the
suites' questions, in new processes and in turn. Recall is the share of the exact ten nearest passages that
dense search finds. Passages with equal scores count. Memory is the memory of the process after its answers.
Resident memory has the pages of mapped files, and anonymous memory does not.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine, synthetic
from qa import Corpus
from qa.asking.conversation import Interpretation, interpret
from qa.asking.retrieve import candidates, prepare
from qa.schema import EVERYTHING, Filters
from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.storage.library import Library

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TIMES_OF = 10_000  # the size with which times are compared
NEAREST = 10
BLOCK = 50_000
PARTS = {"encode_queries": "encode", "nearest": "dense", "matching": "full text"}
KINDS = {
    "question": EVERYTHING,
    "follow-up": EVERYTHING,
    "question, 1 % of the documents": Filters(collection="c7"),
}


def main() -> None:
    """Print the tables."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--asked", nargs="+", type=Path, default=[])
    parser.add_argument("--passages", nargs="+", type=int, default=SIZES)
    parser.add_argument("--questions", type=int, default=30, help="of each kind")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sizes = sorted(arguments.passages)
    synthetic.make(arguments.folder, arguments.suites, arguments.asked, sizes)
    report = measure(arguments.folder, sizes, arguments.questions, arguments.rounds)
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(folder: Path, sizes: Sequence[int], questions: int, rounds: int) -> dict[str, Any]:
    """Return the measurements of every library, for `show`."""
    report: dict[str, Any] = {"machine": machine.line(), "libraries": []}
    for size in sizes:
        started = time.perf_counter()
        share = recall(folder / str(size), questions)  # also makes a missing index
        took = time.perf_counter() - started
        print(f"{size} passages: recall and, where it was not there, the index: {took:.0f} s", flush=True)
        report["libraries"].append(
            {"passages": size, "recall": share, "bytes": bytes_by_part(folder / str(size)), "runs": []}
        )
    for _ in range(rounds):
        for library in report["libraries"]:
            path = folder / str(library["passages"])
            arguments: list[str | Path] = ["--child", path, str(questions), str(time.time())]
            command = [sys.executable, "-m", "benchmarks.scale", *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            library["runs"].append(json.loads(done.stdout))
    return report


def asked(library: Path, count: int) -> dict[str, list[list[tuple[str, float]]]]:
    """Return the first `count` questions of each kind in a fixed random order, as weighted variants."""
    lines = [json.loads(line) for line in (library.parent / "questions.jsonl").open(encoding="utf-8")]
    random.Random(3).shuffle(lines)
    variants = [[(text, weight) for text, weight in line["variants"]] for line in lines]
    alone = [variant_list for variant_list in variants if len(variant_list) == 1][:count]
    follow_ups = [variant_list for variant_list in variants if len(variant_list) > 1][:count]
    return dict(zip(KINDS, (alone, follow_ups, alone), strict=True))


def child(library: Path, count: int, started: float) -> dict[str, Any]:
    """Open the library and measure retrieval. `started` is the `time.time` of the process's start."""
    questions = asked(library, count)
    with Corpus.open(library, create=False) as corpus:
        warm = prepare(corpus.store, interpret(ParsedQuestion("What was it?")))
        candidates(corpus.store, warm, corpus.store.select())
        opened = 1000 * (time.time() - started)
        milliseconds: dict[str, dict[str, list[float]]] = {}
        for kind, filters in KINDS.items():
            parts = milliseconds[kind] = defaultdict(list)
            for variants in questions[kind]:
                timed: Any = Timed(corpus.store)
                start = time.perf_counter()
                selection = corpus.store.select(filters)
                question = ParsedQuestion(variants[0][0])
                search = prepare(timed, Interpretation(question, question, tuple(variants)))
                candidates(timed, search, selection)
                whole = 1000 * (time.perf_counter() - start)
                for name, part in PARTS.items():
                    parts[part].append(timed.milliseconds[name])
                parts["the rest"].append(whole - sum(timed.milliseconds[name] for name in PARTS))
                parts["retrieval"].append(whole)
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = {
        name: 1024 * int(match[1]) if (match := re.search(rf"{name}:\s+(\d+)", status)) else 0
        for name in ("VmRSS", "RssAnon")
    }
    return {"opened": opened, "memory": memory, "milliseconds": milliseconds}


class Timed:
    """A library that adds up the milliseconds of each of its methods."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.milliseconds: dict[str, float] = defaultdict(float)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._library, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                self.milliseconds[name] += 1000 * (time.perf_counter() - start)

        return timed


def recall(library: Path, count: int) -> float:
    """Return the share of the nearest passages that dense search finds."""
    with Corpus.open(library, create=False) as corpus:
        corpus.store.save()  # `benchmarks.synthetic` makes the records alone
        texts = [variants[0][0] for variants in asked(library, count)["question"]]
        queries = corpus.store.encode_queries(texts)
        selection = corpus.store.select()
        keys_of_queries = [
            [hit.key for hit, _ in corpus.store.nearest(query[None], NEAREST, selection)[0]]
            for query in queries
        ]
    best = np.full((len(queries), NEAREST), -2, np.float32)
    scores_of = [dict.fromkeys(keys, -2.0) for keys in keys_of_queries]
    db = sqlite3.connect(f"file:{library / 'library.sqlite3'}?mode=ro", uri=True)
    rows = db.execute("SELECT passage, vector FROM vectors ORDER BY passage")
    while block := rows.fetchmany(BLOCK):
        places = {key: place for place, (key, _) in enumerate(block)}
        halves = np.frombuffer(b"".join(vector for _, vector in block), "<f2")
        vectors = halves.astype(np.float32).reshape(len(block), -1)
        scores = queries @ vectors.T
        best = -np.sort(-np.concatenate([best, scores], axis=1), axis=1)[:, :NEAREST]
        for row, its in zip(scores, scores_of, strict=True):
            its |= {key: float(row[places[key]]) for key in its.keys() & places.keys()}
    db.close()
    least = best[:, -1] - 1e-6
    hits = [
        sum(score >= enough for score in its.values()) for its, enough in zip(scores_of, least, strict=True)
    ]
    return float(sum(hits) / (NEAREST * len(queries)))


def bytes_by_part(library: Path) -> dict[str, int]:
    """Return the bytes in the library's folder, by table and by kind of file."""
    parts: dict[str, int] = defaultdict(int)
    store = library / "library.sqlite3"
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        tables = db.execute(
            "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name"
        ).fetchall()
    except sqlite3.OperationalError:  # not compiled in
        tables = []
    finally:
        db.close()
    for name, size in tables:
        part = {"documents": "text", "passages": "offsets", "vectors": "vectors"}.get(name, "other tables")
        parts["full text" if name.startswith("words_") else part] += size
    parts["other tables"] += store.stat().st_size - sum(parts.values())
    for path in library.iterdir():
        if kind := {".faiss": "index", ".bin": "postings"}.get(path.suffix):
            parts[kind] += path.stat().st_size
    return parts


def show(report: dict[str, Any]) -> None:
    """Print the tables."""
    libraries = report["libraries"]
    sizes = [library["passages"] for library in libraries]
    print(f"\n{report['machine']}\n")

    def table(title: str, rows: dict[str, list[str]]) -> None:
        print(f"| {title} |" + "".join(f" {size:,} |" for size in sizes))
        print("|--|" + "--:|" * len(sizes))
        for name, cells in rows.items():
            print(f"| {name} |" + "".join(f" {cell} |" for cell in cells))
        print()

    parts = list(dict.fromkeys(part for library in libraries for part in library["bytes"]))
    disk = {
        part: [f"{library['bytes'].get(part, 0) / library['passages']:,.0f}" for library in libraries]
        for part in parts
    }
    disk["all"] = [f"{sum(library['bytes'].values()) / library['passages']:,.0f}" for library in libraries]
    table("bytes on disk a passage", disk)

    resident = {
        name: [float(np.median([run["memory"][name] for run in library["runs"]])) for library in libraries]
        for name in ("VmRSS", "RssAnon")
    }
    memory = {}
    for name, label in (("VmRSS", "resident"), ("RssAnon", "of it anonymous")):
        memory[f"{label}, MB"] = [f"{value / 1e6:,.0f}" for value in resident[name]]
        memory[f"{label}, bytes a passage, all in"] = [
            f"{value / size:,.0f}" for value, size in zip(resident[name], sizes, strict=True)
        ]
        memory[f"{label}, bytes a passage above the smallest"] = [
            f"{(value - resident[name][0]) / (size - sizes[0]):,.0f}" if size > sizes[0] else ""
            for value, size in zip(resident[name], sizes, strict=True)
        ]
    table("memory", memory)

    opened = [float(np.median([run["opened"] for run in library["runs"]])) for library in libraries]
    table(
        "found and opened",
        {
            f"recall@{NEAREST} of dense search": [f"{library['recall']:.3f}" for library in libraries],
            "new process to first candidates, ms": [f"{value:,.0f}" for value in opened],
        },
    )
    for kind in KINDS:
        rows = {}
        for part in (*PARTS.values(), "the rest", "retrieval"):
            values = [
                np.concatenate([run["milliseconds"][kind].get(part, []) for run in library["runs"]])
                for library in libraries
            ]
            if not all(map(len, values)):
                continue
            medians = [float(np.median(times)) for times in values]
            rows[part] = [
                f"{median:,.1f} / {np.quantile(times, 0.95):,.1f}"
                for median, times in zip(medians, values, strict=True)
            ]
            if part == "retrieval" and TIMES_OF in sizes:
                base = medians[sizes.index(TIMES_OF)]
                rows[f"times {TIMES_OF:,}"] = [f"{median / base:.2f}" for median in medians]
        if rows:  # a suite may have no question of this kind
            table(f"{kind}: ms, p50 / p95", rows)


if __name__ == "__main__":
    main()
