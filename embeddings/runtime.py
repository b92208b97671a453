"""ONNX Runtime as Pullquote uses it: how a graph is run, and how it is kept so that it opens at once.

Running: one text a run, one thread a run, and one pool of threads, as many as there are cores, for the whole
process. Against batches over all cores this measured as fast or faster on two cores, and far faster when
something else wants the machine (threads that spin at barriers lose there). Nothing is padded, and a result
depends on its text alone: in an int8 graph the scales of a batch are common to all its rows.

Keeping: a graph that ONNX Runtime has optimised is stored with its weights in a file beside it, which is then
mapped instead of parsed and copied. MiniLM-L6 opens in 25 ms instead of 150, the reranker in 75 and not 150.

Weights are too large to be hashed before a first answer. `check_later` hashes them after it.
`finish_checks` waits for that, before a process ends.
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

ort.disable_telemetry_events()  # on Windows; elsewhere `embeddings` has seen to it
log = logging.getLogger(__name__)

_ERRORS_ONLY = 3
_SMALL = 1_000_000  # bytes, which are hashed in a millisecond
_CHECK = "pullquote-check"
WRONG_ANSWERS = "Answers given before may be wrong."
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota_file: Path = _QUOTA) -> int:
    """How many cores this process may use: those it may run on, or what its container may take of them."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:  # Linux's control groups, version 2: microseconds of work in so many of time
        quota, period = quota_file.read_text(encoding="ascii").split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # none, or "max"
        return allowed


def has_gpu() -> bool:
    """Whether there seems to be a GPU that torch may use: Nvidia's or Apple's, looked for without torch.

    One that torch was not built for, or that is hidden from it, only means that torch runs on the CPU.
    """
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") is not None


@cache
def pool() -> ThreadPoolExecutor:
    """Give the threads that run all models: callers queue up instead of fighting for cores."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="pullquote-model")


def in_turn(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Run on each item in the pool, in order: with few in its queue, so that a question gets in between."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool().submit(function, item))
        if len(waiting) > 2 * cores():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass(slots=True)
class Model:
    """A graph that runs, and its tokenizer. They are replaced if their files turn out to be damaged."""

    session: ort.InferenceSession
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph ready to be mapped, the tokenizer that goes with it, and what else its user wants to know."""

    model: Path
    weights: Path
    tokenizer: Path
    settings: dict[str, Any]


def open_session(model: Path | bytes, *, optimised: bool = True) -> ort.InferenceSession:
    """Open a session that runs on its caller's thread alone; an `optimised` graph is taken as it is.

    `model` is a file, or what would be in it.
    """
    level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL if optimised else _LEVEL
    return _session(model, _options(level))


def _session(model: Path | bytes, options: ort.SessionOptions) -> ort.InferenceSession:
    source = model if isinstance(model, bytes) else str(model)
    return ort.InferenceSession(
        source, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
    )


# "Extended" and not "all": what the last level adds is made for the very processor it ran on, and a home
# folder may be shared between machines. On these models it adds nothing.
_LEVEL = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
# Its fused kernel takes six times as long as the addition and the normalisation that it stands for, a tenth
# of the reader's time (`python -m benchmarks.reading`).
_SLOWER = ["SkipLayerNormFusion"]
# Changed whenever a graph is laid out otherwise.
_LAYOUT = 2


def _options(level: ort.GraphOptimizationLevel) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # It would remember a plan for every length of text that it ever saw.
    options.enable_mem_pattern = False
    return options


def prepare(source: Path, tokenizer: str, settings: dict[str, Any], folder: Path) -> Graph:
    """Optimise the graph `source` and lay it out for mapping, in an empty `folder`.

    Raises:
        OSError: when the disk is full or the folder cannot be written.
    """
    import onnx  # 0.1 s, and only when a model is used for the first time

    options = _options(_LEVEL)
    single = folder / "single.onnx"
    options.optimized_model_filepath = str(single)
    _session(source, options)
    # The graph names its weights' file, so that file is named before its own hash is known.
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


def open_kept(folder: Path, source: Callable[[], tuple[bytes, str]], harm: str = WRONG_ANSWERS) -> Model:
    """Open the graph that is kept in `folder`, made from `source` (graph, tokenizer) where there is none.

    Where the folder cannot be written it is opened all the same, only slowly. `harm` is as for `watch`.
    """
    model = _open_kept(folder, source, find(folder))
    watch(model, folder, lambda: _open_kept(folder, source, None), harm)
    return model


def mend(folder: Path, source: Callable[[], tuple[bytes, str]]) -> bool:
    """Hash the files of the graph that is kept in `folder`; make it again, and say so, if one is damaged."""
    if not is_damaged(folder):
        return False
    _open_kept(folder, source, None)
    return True


def _open_kept(folder: Path, source: Callable[[], tuple[bytes, str]], graph: Graph | None) -> Model:
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
            log.warning("A model opens slowly, as its cache cannot be written: %s", error)
            return Model(open_session(model, optimised=False), Tokenizer.from_str(tokenizer))
    return opened(graph)


def opened(graph: Graph) -> Model:
    """Open a graph."""
    return Model(open_session(graph.model), Tokenizer.from_file(str(graph.tokenizer)))


# Models whose files were not hashed since they were opened: each with its folder, how it is opened again, and
# what its damage means.
_unchecked: list[tuple[Model, Path, Callable[[], Model], str]] = []
_lock = threading.Lock()


def watch(model: Model, folder: Path, again: Callable[[], Model], harm: str = WRONG_ANSWERS) -> None:
    """Have `check_later` hash the files of a model, and open it by `again` if they are damaged.

    `harm` says to a person what may be wrong then, and what to do.
    """
    with _lock:
        _unchecked.append((model, folder, again, harm))


def check_later() -> None:
    """Hash the files of the models that were opened, each once, on a thread that gives way to all others.

    Damaged ones are made again, and the model goes on with these; a warning says so. The processor's time for
    the three default models' 125 MB is .1 s where it has instructions for SHA-256, and .4 s elsewhere.
    """
    if _unchecked:
        threading.Thread(target=_check_slowly, name=_CHECK, daemon=True).start()


def finish_checks() -> None:
    """Hash what `check_later` would and has not begun with, and wait for the rest."""
    while _check_next():
        pass
    for thread in threading.enumerate():
        if thread.name == _CHECK:
            thread.join()


def _check_slowly() -> None:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    while _check_next():
        pass


def _check_next() -> bool:
    """Hash the files of the next model. Return False if no model is left."""
    with _lock:
        if not _unchecked:
            return False
        model, folder, again, harm = _unchecked.pop(0)
    try:
        if is_damaged(folder):
            whole = again()
            model.session, model.tokenizer = whole.session, whole.tokenizer
            log.warning("The model in %s was made again. %s", folder, harm)
    except Exception:  # the border of a thread
        log.exception("The damaged model in %s cannot be made again: start Pullquote again", folder)
    return True


def is_damaged(folder: Path) -> bool:
    """Hash the files of the graph that is kept in a folder; one that is damaged is never opened again."""
    return _listing(folder).exists() and find(folder, thorough=True) is None


def keep(graph: Graph, folder: Path) -> Graph:
    """Move a prepared graph into its lasting folder.

    Files are named by content and the list of them is written last, so processes that do the same at the
    same time, and one that is killed, leave a whole graph or none.

    Raises:
        OSError: when the disk is full or the folder cannot be written.
    """
    kept = replace(
        graph,
        model=folder / f"{sha256_file(graph.model)}.onnx",
        weights=folder / graph.weights.name,
        tokenizer=folder / f"{sha256_file(graph.tokenizer)}.tokenizer",
    )
    entries = {}
    for role in ("weights", "model", "tokenizer"):
        source, target = getattr(graph, role), getattr(kept, role)
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
    return kept


def find(folder: Path, *, thorough: bool = False) -> Graph | None:
    """Find the graph kept in a folder; None when there is none, or it is damaged and should be made again.

    A large file of the recorded size and time is taken as whole, unless this is to be `thorough`; any other
    is hashed. Hashing 90 MB each time would cost more than opening it does, so a file that is the same at
    another time (a copied folder, another version's export of the same weights) is recorded with that time.
    """
    listing = _listing(folder)
    try:
        kept = json.loads(listing.read_bytes())
        paths, stale = {}, False
        for role, entry in kept["files"].items():
            paths[role] = folder / entry["name"]
            status = paths[role].stat()
            as_recorded = (status.st_size, status.st_mtime_ns) == (entry["bytes"], entry["modified_ns"])
            if as_recorded and not thorough and status.st_size > _SMALL:
                continue
            if sha256_file(paths[role]) != entry["sha256"]:
                log.warning("%s is damaged; the model is exported again", paths[role])
                with contextlib.suppress(OSError):  # it may only be read: then by each process again
                    listing.unlink()
                return None
            if as_recorded:
                continue
            entry |= {"bytes": status.st_size, "modified_ns": status.st_mtime_ns}
            stale = True
        if stale:
            with contextlib.suppress(OSError):  # a cache that may only be read is hashed each time
                write_whole(listing, json.dumps(kept, indent=1).encode())
        return Graph(settings=kept["settings"], **paths)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be used (%r); the model is exported again", listing, error)
        return None


def _listing(folder: Path) -> Path:
    # By version: an optimised graph may hold operators that another version of ONNX Runtime does not know.
    return folder / f"onnxruntime-{ort.__version__}-{_LAYOUT}.json"
