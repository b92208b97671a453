"""Compare Pullquote with txtai, Haystack and a plain script: indexing, cold and warm search, quality.

usage: python -m benchmarks.peers --suite FOLDER [--questions N] [--repeats N]
                                  [--reference SCRIPT] [--json FILE]

FOLDER is a suite in BEIR layout with its own corpus. Its documents are passages, because the peers embed each
document as a whole, as far as their encoder reads. All sides get the same texts, the same encoder, and the
same questions, which are drawn at random from the questions without a history. The network is not used. txtai
and Haystack are in the environment that `PULLQUOTE_PEERS` names. SCRIPT is called as `python SCRIPT FOLDER
OUT --queries QUERIES`. It indexes in memory, and writes answers in the form of `pullquote answer`. Every side
is a process:

1. index: from the start of a process to its end, when the index is saved;
2. cold: a new process loads the index, answers one question, and prints the answer;
3. warm: one process of each side answers every question. After ten questions, the next side has its turn.

The sides take turns in all three steps. Memory is the peak of a process (`ru_maxrss`), so the module runs on
Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from embeddings import models
from qa.evaluation import suite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import IO, Any

    from qa.evaluation.schema import Query, Suite

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(__file__).parent / "peer_scripts"
PEERS = {"txtai (hybrid)": "txtai_hybrid.py", "haystack (hybrid)": "haystack_hybrid.py"}
PACKAGES = ("txtai", "haystack-ai", "sentence-transformers-haystack", "faiss-cpu")
HOW = f"""To have txtai and haystack beside the others, make an environment for them, of about 1 GB:
  python -m venv peers && peers/bin/pip install {" ".join(PACKAGES)}
  export PULLQUOTE_PEERS=peers"""
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "PYTHONPATH": str(ROOT)}
IN_TURN = 10
PASSAGES = "passages, whole: no quotes"


@dataclass(slots=True)
class Side:
    """The commands and the measurements of a side. `absent` has the reason if there are no measurements.

    `ask` takes the question as its last argument, and may end with the exit codes in `ends`. Peaks are in
    bytes.
    """

    name: str
    gives: str
    folder: Path
    index: list[str] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    serve: list[str] = field(default_factory=list)
    ends: tuple[int, ...] = (0,)
    absent: str = ""
    index_seconds: list[float] = field(default_factory=list)
    index_peak: int = 0
    cold_seconds: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    peak: int = 0
    found: dict[str, list[str]] = field(default_factory=dict)
    quality: dict[str, float] = field(default_factory=dict)


class SideError(Exception):
    """A side's process failed. The message is the last line of its standard error."""


# About the number of words of a text that the encoder reads (256 tokens).
WORDS_READ = 190


def too_long(corpus: Path) -> float:
    """Return the share of a corpus's documents with more than WORDS_READ words."""
    texts = [json.loads(line)["text"] for line in corpus.open(encoding="utf-8") if line.strip()]
    return sum(len(text.split()) > WORDS_READ for text in texts) / len(texts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=5, help="of indexing and of cold starts")
    parser.add_argument("--reference", type=Path, help="a script that answers a suite's questions")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    arguments = parser.parse_args()
    asked = suite.load(arguments.suite, print)
    if asked.corpus is None:
        parser.error(f"{arguments.suite} has no corpus.jsonl: there is nothing for the peers to index")
    queries = drawn(asked, arguments.questions)
    if long := too_long(asked.corpus):
        print(
            f"{long:.0%} of the documents are longer than the encoder reads: the peers embed each whole,\n"
            "do less work on them and find less. Name a suite whose documents are passages."
        )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sides = [*own_sides(asked.corpus, work), *peer_sides(asked.corpus, work)]
        for _ in range(arguments.repeats):
            each(sides, index)
        each(sides, lambda side: cold(side, queries[0]))
        for side in sides:
            side.cold_seconds.clear()  # the first run filled the page cache
        for _ in range(arguments.repeats):
            each(sides, lambda side: cold(side, queries[0]))
        warm([side for side in sides if not side.absent], queries)
        if arguments.reference:
            side = Side("the reference", "passages and sentences", work)
            sides.append(side)
            each([side], lambda side: refer(side, arguments, queries))
    for side in sides:
        side.quality = quality(side, asked, queries)
    show(asked, queries, sides)
    if not arguments.reference:
        print("the reference is absent: --reference names none")
    if arguments.json:
        record = {
            "machine": machine.line(),
            "suite": asked.name,
            "questions": len(queries),
            "sides": [asdict(side) for side in sides],
        }
        arguments.json.write_text(json.dumps(record, default=str, indent=1), encoding="utf-8")


def drawn(asked: Suite, count: int) -> list[Query]:
    """Return questions without a history. If any has a relevant document, return only such questions."""
    alone = [query for query in asked.queries if not query.history]
    judged = [query for query in alone if any(grade > 0 for grade in asked.qrels.get(query.id, {}).values())]
    return list(suite.draw(replace(asked, queries=tuple(judged or alone)), count).queries)


def own_sides(corpus: Path, work: Path) -> list[Side]:
    """Return the sides in this environment: Pullquote, its retrieval alone, and the plain script."""
    library = work / "pullquote"
    product = [sys.executable, "-m", "qa", "--library", str(library)]
    server = [sys.executable, str(SCRIPTS / "product.py")]
    return [
        Side(
            "pullquote (whole answer)",
            "sentences, verbatim, with citations",
            library,
            index=[*product, "-q", "index", str(corpus)],
            ask=[*product, "ask"],
            serve=[*server, "answer", str(library)],
            ends=(0, 1),  # 1: the documents do not state the answer
        ),
        Side("pullquote (retrieval alone)", PASSAGES, library, serve=[*server, "retrieval", str(library)]),
        scripted("sentence-transformers + faiss", sys.executable, "plain.py", corpus, work),
    ]


def peer_sides(corpus: Path, work: Path) -> list[Side]:
    """Return the sides txtai and Haystack, with the Python of the environment in `PULLQUOTE_PEERS`."""
    environment = os.environ.get("PULLQUOTE_PEERS")
    if not environment:
        print("txtai and haystack are absent, as PULLQUOTE_PEERS names no environment.", HOW, sep="\n")
        return []
    python = str(Path(environment).absolute() / "bin" / "python")
    names = (*PACKAGES, "torch")
    code = f"from importlib.metadata import version\nfor name in {names}: print(name, version(name))"
    try:
        installed = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"PULLQUOTE_PEERS={environment} is no environment of the peers: {error}\n{HOW}"
        ) from error
    print("the peers' environment:", ", ".join(installed.stdout.splitlines()))
    return [scripted(name, python, script, corpus, work) for name, script in PEERS.items()]


def scripted(name: str, python: str, script: str, corpus: Path, work: Path) -> Side:
    """Return the side of a script that uses `peer_scripts/side.py`."""
    folder = work / Path(script).stem
    start = [python, str(SCRIPTS / script), str(models.encoder_folder(models.encoder_identity()))]
    return Side(
        name,
        PASSAGES,
        folder,
        index=[*start, "index", str(corpus), str(folder)],
        ask=[*start, "ask", str(folder)],
        serve=[*start, "serve", str(folder)],
    )


def each(sides: Sequence[Side], measure: Callable[[Side], object]) -> None:
    """Measure the sides in turn. A side that fails is left out from then on."""
    for side in sides:
        if not side.absent:
            try:
                measure(side)
            except SideError as error:
                side.absent = str(error)


def index(side: Side) -> None:
    """Index the corpus into an empty folder."""
    if side.index:
        shutil.rmtree(side.folder, ignore_errors=True)
        side.folder.mkdir()
        seconds, peak = run(side.index)
        side.index_seconds.append(seconds)
        side.index_peak = max(side.index_peak, peak)


def cold(side: Side, query: Query) -> None:
    """Ask a new process one question."""
    if side.ask:
        side.cold_seconds.append(run([*side.ask, query.text], side.ends)[0])


def run(command: list[str], ends: tuple[int, ...] = (0,)) -> tuple[float, int]:
    """Run a command to its end. Return seconds and peak memory in bytes.

    Raises:
        SideError: the exit code is not in `ends`.
    """
    start = time.perf_counter()
    with started(command, subprocess.DEVNULL, subprocess.DEVNULL) as (process, said):
        peak = ended(process)
        seconds = time.perf_counter() - start
        if process.returncode not in ends:
            raise SideError(last_line(said))
    return seconds, peak


def warm(sides: Sequence[Side], queries: Sequence[Query]) -> None:
    """Ask a process of each side all questions, in turn."""
    with ExitStack() as stack:
        running = {
            side.name: stack.enter_context(started(side.serve, subprocess.PIPE, subprocess.PIPE))
            for side in sides
        }

        def asking(block: Sequence[Query]) -> Callable[[Side], None]:
            return lambda side: ask(side, *running[side.name], block)

        each(sides, lambda side: heard(*running[side.name]))  # wait until all is loaded and warm
        for start in range(0, len(queries), IN_TURN):
            each(sides, asking(queries[start : start + IN_TURN]))
        for side in sides:
            process, _ = running[side.name]
            _pipe(process.stdin).close()
            side.peak = ended(process)


def ask(side: Side, process: subprocess.Popen[str], said: IO[str], queries: Sequence[Query]) -> None:
    """Ask a running side some questions, one after the other."""
    for query in queries:
        print(json.dumps(query.text), file=_pipe(process.stdin), flush=True)
        answer = heard(process, said)
        side.milliseconds.append(answer["milliseconds"])
        side.found[query.id] = answer["found"]


def heard(process: subprocess.Popen[str], said: IO[str]) -> dict[str, Any]:
    """Return the next line of a running side.

    Raises:
        SideError: the process has ended.
    """
    line = _pipe(process.stdout).readline()
    if not line:
        raise SideError(last_line(said))
    answer: dict[str, Any] = json.loads(line)
    return answer


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101
    return pipe


@contextmanager
def started(command: list[str], stdin: int, stdout: int) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Run a process in a context. Yield the process and the file with its standard error."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=said, text=True, env=os.environ | ENVIRONMENT
        ) as process,
    ):
        yield process, said


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for a process to end, and return its peak memory in bytes."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def last_line(said: IO[str]) -> str:
    """Return the last line that a process wrote to standard error."""
    said.seek(0)
    return (said.read().strip().splitlines() or ["it ended without a word"])[-1]


def refer(side: Side, arguments: argparse.Namespace, queries: Sequence[Query]) -> None:
    """Ask the reference one question in a new process (cold), and then all questions."""
    asked, out = side.folder / "questions.jsonl", side.folder / "answers.jsonl"
    command = [sys.executable, arguments.reference, arguments.suite, out, "--queries", asked]
    for count in [*[1] * arguments.repeats, len(queries)]:
        lines = (json.dumps({"_id": query.id, "text": query.text}) for query in queries[:count])
        asked.write_text("\n".join(lines), encoding="utf-8")
        seconds, side.peak = run([str(part) for part in command])
        side.cold_seconds.append(seconds)
    side.cold_seconds.pop()  # the run with all questions
    for line in out.read_text(encoding="utf-8").splitlines():
        answer = json.loads(line)
        side.milliseconds.append(answer["milliseconds"]["total"])
        side.found[answer["id"]] = list(dict.fromkeys(passage["document"] for passage in answer["passages"]))


def quality(side: Side, asked: Suite, queries: Sequence[Query]) -> dict[str, float]:
    """Score the documents that a side found against the suite's qrels, where it has any."""
    import ir_measures  # imported late, because Linux counts a parent's memory in its children's peak

    relevant = {query.id: dict(asked.qrels[query.id]) for query in queries if query.id in asked.qrels}
    if not relevant or not side.found:
        return {}
    runs = {id_: {document: -rank for rank, document in enumerate(ids)} for id_, ids in side.found.items()}
    scores = ir_measures.calc_aggregate([ir_measures.nDCG @ 10, ir_measures.Success @ 1], relevant, runs)
    return {str(measure): value for measure, value in scores.items()}


def show(asked: Suite, queries: Sequence[Query], sides: Sequence[Side]) -> None:
    """Print medians and their ratios to Pullquote. For warm search, the ratios are to its retrieval alone.

    A ratio is the median of the ratios of the same round or question. So other work of the machine affects
    both.
    """
    whole, alone = sides[:2]
    print(machine.line(), f"{asked.name}, {len(queries)} questions", sep="\n")
    print(
        f"{'':<31}{'index s':>8}{'ratio':>6}{'cold s':>8}{'ratio':>6}{'p50 ms':>8}{'ratio':>6}{'p95 ms':>8}"
        f"{'MB':>6}{'MB, index':>11}{'nDCG@10':>9}{'Success@1':>11}  gives"
    )
    for side in sides:
        if side.absent:
            print(f"{side.name:<31}absent: {side.absent}")
            continue
        p95 = sorted(side.milliseconds)[int(len(side.milliseconds) * 0.95)]
        print(
            f"{side.name:<31}{median(side.index_seconds, whole.index_seconds)}"
            f"{median(side.cold_seconds, whole.cold_seconds)}"
            f"{median(side.milliseconds, alone.milliseconds, 1)}"
            f"{p95:>8.1f}{side.peak / 1e6:>6.0f}{side.index_peak / 1e6 or math.nan:>11.0f}"
            f"{side.quality.get('nDCG@10', math.nan):>9.3f}{side.quality.get('Success@1', math.nan):>11.3f}"
            f"  {side.gives}"
        )


def median(values: Sequence[float], base: Sequence[float], digits: int = 2) -> str:
    """Return two cells of the table: a median, and the median of the ratios to another side's."""
    if not values or not base:
        return f"{'-':>8}{'-':>6}"
    ratio = statistics.median(value / other for value, other in zip(values, base, strict=False))
    return f"{statistics.median(values):>8.{digits}f}{ratio:>6.1f}"


if __name__ == "__main__":
    main()
