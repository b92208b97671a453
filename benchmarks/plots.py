"""Draw the pictures of docs/performance.md from the results of `benchmarks.scale` and `benchmarks.answer`.

usage: python -m benchmarks.plots SCALE.json ANSWER.json [FOLDER]

Writes scale.svg and answer.svg to FOLDER, by default docs/images.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot

IMAGES = Path(__file__).parent.parent / "docs" / "images"
PARTS = ("encode", "dense", "full text", "the rest")
STAGES = ("retrieve", "rerank", "extract")
SIZE = (8, 3.4)


def main() -> None:
    """Draw both pictures."""
    scale, answer, *folder = sys.argv[1:]
    images = Path(folder[0]) if folder else IMAGES
    save(draw_scale(json.loads(Path(scale).read_text())["libraries"]), images / "scale.svg")
    save(draw_answer(json.loads(Path(answer).read_text())["one"]), images / "answer.svg")


def draw_scale(libraries: list[dict[str, Any]]) -> pyplot.Figure:
    """Draw the times of retrieval and the bytes of a passage on disk, both by part and size of library."""
    figure, (time, bytes_) = pyplot.subplots(1, 2, figsize=SIZE, layout="constrained")
    sizes = [library["passages"] for library in libraries]
    stacked = [[_median(library, part) for library in libraries] for part in PARTS]
    time.stackplot(sizes, stacked, labels=PARTS, alpha=0.8)
    time.set(xscale="log", xlabel="passages", ylabel="median ms", title="Finding candidates for a question")
    time.legend(loc="upper left", frameon=False)
    kinds = list(dict.fromkeys(kind for library in libraries for kind in library["bytes"]))
    stacked = [
        [library["bytes"].get(kind, 0) / library["passages"] for library in libraries] for kind in kinds
    ]
    bytes_.stackplot(sizes, stacked, labels=kinds, alpha=0.8)
    bytes_.set(xscale="log", xlabel="passages", ylabel="bytes a passage", title="On disk")
    bytes_.legend(loc="lower left", frameon=True)
    return figure


def draw_answer(sides: dict[str, dict[str, list[float]]]) -> pyplot.Figure:
    """Draw the median of a whole answer by stage, with the 95th percentile as a tick."""
    figure, axes = pyplot.subplots(figsize=(8, 0.7 + 0.5 * len(sides)), layout="constrained")
    names = list(reversed(sides))
    left = [0.0] * len(names)
    for stage in STAGES:
        values = [sides[name][stage][0] for name in names]
        axes.barh(names, values, left=left, label=stage, alpha=0.8)
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.plot([sides[name]["total"][1] for name in names], names, "k|", markersize=14, label="95 in 100")
    axes.set(xlabel="ms, one user, warm")
    axes.legend(frameon=False)
    return figure


def save(figure: pyplot.Figure, path: Path) -> None:
    """Write a picture that is the same, byte for byte, for the same figures."""
    with pyplot.rc_context({"svg.hashsalt": "pullquote", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _median(library: dict[str, Any], part: str) -> float:
    milliseconds: list[float] = [
        ms for run in library["runs"] for ms in run["milliseconds"]["question"][part]
    ]
    return statistics.median(milliseconds)


if __name__ == "__main__":
    main()
