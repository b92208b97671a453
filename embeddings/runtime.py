"""Run graphs on ONNX Runtime, and store them so that they open at once.

Running: one text per run, one thread per run, and one pool of threads for the whole process, as many as there
are cores. On two cores, this measured as fast as batches over all cores, or faster. It is far faster when
other programs use the machine, because threads that spin at barriers then lose. Nothing is padded. A result
depends on its text alone: in an int8 graph, all rows of a batch would share their scales.

Storing: an optimised graph is stored with its weights in a second file. The weights are then mapped instead
of parsed and copied. MiniLM-L6 opens in 25 ms instead of 150, and the reranker in 75 ms instead of 150.

Checking: weights are too large to be hashed before the first answer. `check_later` hashes them after it.
`finish_checks` waits for the hashes before a process ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import onnxruntime as ort
from tokenizers import Tokenizer

from embeddings.files import move_whole, sha256_file, write_whole
from embeddings.models import make_cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

ort.disable_telemetry_events()  # on Windows; on other systems, `embeddings` has switched it off
log = logging.getLogger(__name__)

_ERRORS_ONLY = 3
_SMALL = 1_000_000  # bytes; smaller files are hashed in about a millisecond
_CHECK = "pullquote-check"
WRONG_ANSWERS = "Answers given before may be wrong."
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota_file: Path = _QUOTA) -> int:
    """Return how many cores this process may use: its allowed cores, or its container's share of them."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:  # Linux control groups, version 2: microseconds of work, and the period in microseconds
        quota, period = quota_file.read_text(encoding="ascii").split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no file, or no limit ("max")
        return allowed


def has_gpu() -> bool:
    """Return whether there seems to be a GPU that torch may use: Nvidia's or Apple's. Do not import torch.

    If torch was not built for the GPU, or the GPU is hidden from torch, torch runs on the CPU.
    """
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") is not None


@cache
def pool() -> ThreadPoolExecutor:
    """Return the threads that run all models. Callers queue up instead of competing for cores."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="pullquote-model")


def in_turn(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yield the function's result for each item, in order. The function runs in the pool.

    Few items are queued, so that a question gets in between.
    """
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool().submit(function, item))
        if len(waiting) > 2 * cores():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass(slots=True)
class Model:
    """A graph that runs, and its tokenizer. Both are replaced if their files turn out to be damaged."""

    session: ort.InferenceSession
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Graph:
    """The files of a graph that is ready to be mapped, and what else `OnnxEncoder` needs: its prompts."""

    model: Path
    weights: Path
    tokenizer: Path
    settings: dict[str, Any]


def open_session(model: Path | bytes, *, optimised: bool = True) -> ort.InferenceSession:
    """Open a session that runs only on its caller's thread.

    A graph that is `optimised` already is not optimised again. `model` is a file, or the content of a file.
    """
    level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL if optimised else _LEVEL
    return _session(model, _options(level))


def _session(model: Path | bytes, options: ort.SessionOptions) -> ort.InferenceSession:
    """Open a session on the CPU. It also writes the optimised graph, if the options name a file for it."""
    source = model if isinstance(model, bytes) else str(model)
    return ort.InferenceSession(
        source, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
    )


# "Extended" and not "all": the last level is made for the processor that it ran on, and machines may share a
# home folder. On these models, the last level adds nothing.
_LEVEL = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
# The fused kernel takes six times as long as the addition and the normalisation that it replaces. That is a
# tenth of the reader's time (`python -m benchmarks.reading`).
_SLOWER = ["SkipLayerNormFusion"]
# Change this number whenever the layout of graphs changes.
_LAYOUT = 2


def _options(level: ort.GraphOptimizationLevel) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # The memory pattern would store a plan for every length of text.
    options.enable_mem_pattern = False
    return options


def prepare(source: Path, tokenizer: str, settings: dict[str, Any], folder: Path) -> Graph:
    """Optimise the graph `source` and lay it out for mapping, in an empty `folder`.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    import onnx  # 0.1 s, and only when a model is used for the first time

    options = _options(_LEVEL)
    single = folder / "single.onnx"
    options.optimized_model_filepath = str(single)
    _session(source, options)
    # The graph contains its weights' file name, so the file is named before its own hash is known.
    weights = folder / f"{sha256_file(single)}.weights"
    laid_out = onnx.load(single)
    single.unlink()
    model = folder / "model.onnx"
    onnx.save(
        laid_out,
        model,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=weights.name,
        size_threshold=1024,
    )
    vocabulary = folder / "tokenizer.json"
    vocabulary.write_text(tokenizer, encoding="utf-8", newline="\n")
    return Graph(model, weights, vocabulary, settings)


def open_cached(
    folder: Path, source: Callable[[], tuple[bytes, str]], consequence: str = WRONG_ANSWERS
) -> Model:
    """Open the graph that is stored in `folder`. If there is none, make it from `source` (graph, tokenizer).

    If the folder cannot be written, the graph still opens, but slowly. For `consequence` see `watch`.
    """
    model = _open_or_make(folder, source, find(folder))
    watch(model, folder, lambda: _open_or_make(folder, source, None), consequence)
    return model


def mend(folder: Path, source: Callable[[], tuple[bytes, str]]) -> bool:
    """Hash the files of the graph in `folder`. If one is damaged, make the graph again, and return True."""
    if not is_damaged(folder):
        return False
    _open_or_make(folder, source, None)
    return True


def _open_or_make(folder: Path, source: Callable[[], tuple[bytes, str]], graph: Graph | None) -> Model:
    """Open a graph, or make it from `source` in `folder` if it is None."""
    if graph is None:
        model, tokenizer = source()
        try:
            make_cache_folder(folder)
            with tempfile.TemporaryDirectory(
                prefix=".export-", dir=folder, ignore_cleanup_errors=True
            ) as work:
                written = Path(work) / "source.onnx"
                written.write_bytes(model)
                graph = keep(prepare(written, tokenizer, {}, Path(work)), folder)
        except OSError as error:
            log.warning("A model opens slowly, because its cache cannot be written: %s", error)
            return Model(open_session(model, optimised=False), Tokenizer.from_str(tokenizer))
    return open_graph(graph)


def open_graph(graph: Graph) -> Model:
    """Open a graph and its tokenizer, as a model that can run."""
    return Model(open_session(graph.model), Tokenizer.from_file(str(graph.tokenizer)))


# Models whose files were not hashed since they were opened: each with its folder, the function that opens it
# again, and the consequence of its damage.
_unchecked: list[tuple[Model, Path, Callable[[], Model], str]] = []
_lock = threading.Lock()


def watch(
    model: Model, folder: Path, make_again: Callable[[], Model], consequence: str = WRONG_ANSWERS
) -> None:
    """Let `check_later` hash the files of a model. If they are damaged, `make_again` makes and opens it.

    `consequence` is a text for the warning: what may be wrong after the damage, and what to do.
    """
    with _lock:
        _unchecked.append((model, folder, make_again, consequence))


def check_later() -> None:
    """Hash the files of the opened models, each once, on a thread of the lowest priority.

    Damaged files are made again, the model continues with the new files, and a warning says so. For the 125
    MB of the three default models, the processor needs 0.1 s if it has instructions for SHA-256, and 0.4 s
    otherwise.
    """
    if _unchecked:
        threading.Thread(target=_check_at_low_priority, name=_CHECK, daemon=True).start()


def finish_checks() -> None:
    """Hash the files that `check_later` has not begun with, and wait for the others."""
    while _check_next():
        pass
    for thread in threading.enumerate():
        if thread.name == _CHECK:
            thread.join()


def _check_at_low_priority() -> None:
    """Hash the files of all models. On Linux, the thread first takes the lowest priority."""
    if sys.platform == "linux":  # here a thread has its own priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    while _check_next():
        pass


def _check_next() -> bool:
    """Hash the files of the next model. Return False if no model is left."""
    with _lock:
        if not _unchecked:
            return False
        model, folder, make_again, consequence = _unchecked.pop(0)
    try:
        if is_damaged(folder):
            whole = make_again()
            model.session, model.tokenizer = whole.session, whole.tokenizer
            log.warning("The model in %s was made again. %s", folder, consequence)
    except Exception:  # the outermost frame of a thread
        log.exception("The damaged model in %s cannot be made again: start Pullquote again", folder)
    return True


def is_damaged(folder: Path) -> bool:
    """Return whether a file of the graph in a folder is damaged. Hash the files to find out.

    A damaged graph is not opened again, because the list of its files is deleted.
    """
    return _listing(folder).exists() and find(folder, thorough=True) is None


def keep(graph: Graph, folder: Path) -> Graph:
    """Move a prepared graph into its permanent folder.

    Files are named by their content, and the list of files is written last. So a process that is killed, or
    several processes at the same time, leave a whole graph or none.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    moved = replace(
        graph,
        model=folder / f"{sha256_file(graph.model)}.onnx",
        weights=folder / graph.weights.name,
        tokenizer=folder / f"{sha256_file(graph.tokenizer)}.tokenizer",
    )
    entries = {}
    for role in ("weights", "model", "tokenizer"):
        source, target = getattr(graph, role), getattr(moved, role)
        sha256 = sha256_file(source)
        move_whole(source, target)
        status = target.stat()
        entries[role] = {
            "name": target.name,
            "sha256": sha256,
            "bytes": status.st_size,
            "modified_ns": status.st_mtime_ns,
        }
    listing = json.dumps({"files": entries, "settings": graph.settings}, indent=1)
    write_whole(_listing(folder), listing.encode())
    return moved


def find(folder: Path, *, thorough: bool = False) -> Graph | None:
    """Return the graph in a folder, or None if there is none or it is damaged and should be made again.

    A large file with the recorded size and time counts as whole, unless `thorough`. Other files are hashed.
    Hashing 90 MB each time would cost more than opening. So if a file has the recorded hash but another time,
    the new time is recorded. (Reasons: a copied folder, or another version's export of the same weights.)
    """
    listing = _listing(folder)
    try:
        recorded = json.loads(listing.read_bytes())
        paths, stale = {}, False
        for role, entry in recorded["files"].items():
            paths[role] = folder / entry["name"]
            status = paths[role].stat()
            as_recorded = (status.st_size, status.st_mtime_ns) == (entry["bytes"], entry["modified_ns"])
            if as_recorded and not thorough and status.st_size > _SMALL:
                continue
            if sha256_file(paths[role]) != entry["sha256"]:
                log.warning("%s is damaged; the model is exported again", paths[role])
                with contextlib.suppress(OSError):  # in a read-only cache, each process does this again
                    listing.unlink()
                return None
            if as_recorded:
                continue
            entry |= {"bytes": status.st_size, "modified_ns": status.st_mtime_ns}
            stale = True
        if stale:
            with contextlib.suppress(OSError):  # in a read-only cache, the file is hashed each time
                write_whole(listing, json.dumps(recorded, indent=1).encode())
        return Graph(settings=recorded["settings"], **paths)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be used (%r); the model is exported again", listing, error)
        return None


def _listing(folder: Path) -> Path:
    """Return the path of the list of a graph's files, which has their sizes and hashes."""
    # Named by version: another version of ONNX Runtime may not know the operators of an optimised graph.
    return folder / f"onnxruntime-{ort.__version__}-{_LAYOUT}.json"
