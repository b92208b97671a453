from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from embeddings import runtime
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEIGHTS = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph that multiplies by a matrix, large enough to be kept in a file of its own."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    path = tmp_path_factory.mktemp("source") / "product.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def keep(source: Path, folder: Path) -> runtime.Graph:
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    kept = runtime.keep(runtime.prepare(source, "a tokenizer", {"prompt": "é: "}, work), folder)
    work.rmdir()  # nothing may be left in it
    return kept


def product(graph: runtime.Graph) -> np.ndarray:
    x = np.arange(64, dtype=np.float32)[None]
    return runtime.open_session(graph.model).run(None, {"x": x})[0]


def test_a_kept_graph_is_found_with_its_settings_and_computes_the_same(source: Path, tmp_path: Path) -> None:
    assert runtime.find(tmp_path) is None
    kept = keep(source, tmp_path)
    found = runtime.find(tmp_path)
    assert found == kept
    assert found.settings == {"prompt": "é: "}
    assert found.tokenizer.read_text() == "a tokenizer"
    np.testing.assert_allclose(product(found), np.arange(64, dtype=np.float32)[None] @ WEIGHTS, rtol=1e-5)


@pytest.mark.parametrize("part", ["model", "weights", "tokenizer"])
@pytest.mark.parametrize("kept_share", [0.0, 0.5, 0.99])
def test_a_cut_part_makes_the_graph_absent_until_it_is_kept_again(
    source: Path, tmp_path: Path, part: str, kept_share: float
) -> None:
    path: Path = getattr(keep(source, tmp_path), part)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept_share)])
    assert runtime.find(tmp_path) is None
    keep(source, tmp_path)
    assert path.read_bytes() == whole
    assert runtime.find(tmp_path) is not None


@pytest.mark.parametrize("part", ["model", "weights", "tokenizer"])
def test_a_part_with_one_bit_changed_makes_the_graph_absent(source: Path, tmp_path: Path, part: str) -> None:
    path: Path = getattr(keep(source, tmp_path), part)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert runtime.find(tmp_path) is None


def test_a_part_that_is_gone_makes_the_graph_absent(source: Path, tmp_path: Path) -> None:
    keep(source, tmp_path).weights.unlink()
    assert runtime.find(tmp_path) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"files": {"model": {}}}', '{"files": {}, "settings": {}}']
)
def test_a_damaged_listing_makes_the_graph_absent(source: Path, tmp_path: Path, content: str) -> None:
    keep(source, tmp_path)
    next(tmp_path.glob("*.json")).write_text(content)
    assert runtime.find(tmp_path) is None


def test_files_that_were_copied_or_restored_unchanged_are_still_the_graph(
    source: Path, tmp_path: Path
) -> None:
    kept = keep(source, tmp_path)
    os.utime(kept.weights, (1, 1))
    assert runtime.find(tmp_path) == kept


@pytest.mark.slow
def test_several_processes_may_keep_the_same_graph_at_once(source: Path, tmp_path: Path) -> None:
    script = f"""
import tempfile
from pathlib import Path
from embeddings import runtime
folder = Path({str(tmp_path)!r})
for _ in range(5):
    with tempfile.TemporaryDirectory(dir=folder) as work:
        runtime.keep(runtime.prepare(Path({str(source)!r}), "a tokenizer", {{}}, Path(work)), folder)
    assert runtime.find(folder)
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 4
    assert product(runtime.find(tmp_path)).shape == (1, 64)


def test_the_runtime_keeps_and_tells_nothing_of_its_user(source: Path, tmp_path: Path) -> None:
    # Where it does, it first keeps an id of the machine. In a CI of a known make it does not.
    home = tmp_path / "home"
    home.mkdir()
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    script = f"from embeddings import runtime; runtime.ort.InferenceSession({str(source)!r})"
    subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"HOME": str(home), "LOCALAPPDATA": str(home)},
        cwd=ROOT,
        check=True,
    )
    assert list(home.rglob("*")) == []


def test_a_graph_whose_files_are_the_same_at_another_time_is_hashed_once(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = keep(source, tmp_path)
    for path in (graph.model, graph.weights, graph.tokenizer):
        os.utime(path, ns=(1, 1))
    hashed: list[Path] = []
    sha256_file = runtime.sha256_file

    def counted(path: Path) -> str:
        hashed.append(path)
        return sha256_file(path)

    monkeypatch.setattr(runtime, "sha256_file", counted)
    monkeypatch.setattr(runtime, "_SMALL", 0)  # smaller files are hashed each time
    assert runtime.find(tmp_path) == graph
    assert sorted(hashed) == sorted([graph.model, graph.weights, graph.tokenizer])
    assert runtime.find(tmp_path) == graph
    assert len(hashed) == 3


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("150000 100000", 2), ("100000 100000", 1), ("5000 100000", 1), ("max 100000", 4), ("", 4)],
)
def test_a_container_that_may_take_less_than_the_machine_has_counts_as_so_many_cores(
    quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert runtime.cores(tmp_path / "cpu.max") == 4
    (tmp_path / "cpu.max").write_text(quota)
    assert runtime.cores(tmp_path / "cpu.max") == expected


def test_models_run_on_no_more_threads_than_there_are_cores() -> None:
    import threading

    together = threading.Barrier(runtime.cores() + 1)

    def wait(_: int) -> bool:
        try:
            together.wait(timeout=0.2)
        except threading.BrokenBarrierError:
            return False
        return True

    # One more than there are cores never meet.
    assert not any(runtime.pool().map(wait, range(runtime.cores() + 1)))


def test_in_turn_keeps_the_order_and_takes_no_more_items_than_it_needs() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = runtime.in_turn(lambda number: 2 * number, items())
    assert next(results) == 0
    assert len(taken) == 2 * runtime.cores() + 1
    assert list(results) == [2 * number for number in range(1, 1000)]


def test_at_the_end_nobody_waits_for_a_thread_that_gives_way_to_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, hashed = threading.Event(), threading.Event(), {}

    def is_damaged(folder: Path) -> bool:
        hashed[folder.name] = threading.current_thread().name
        if folder.name == "first":
            begun.set()
            assert go_on.wait(60)
        else:
            go_on.set()
        return False

    monkeypatch.setattr(runtime, "is_damaged", is_damaged)
    monkeypatch.setattr(runtime, "_unchecked", [])
    for name in ("first", "second"):
        runtime.watch(None, tmp_path / name, lambda: None)  # type: ignore[arg-type, return-value]
    runtime.check_later()
    assert begun.wait(60)
    runtime.finish_checks()
    assert hashed == {"first": "pullquote-check", "second": threading.current_thread().name}
    assert not runtime._unchecked
