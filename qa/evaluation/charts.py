"""Draw charts as SVG for the report's page: small, the same bytes each time, in the page's own colours.

matplotlib draws with placeholders for the page's colours (`_COLOURS`). Each placeholder then becomes
`var(--name)`, so a chart is light or dark as the page is. The page's Content-Security-Policy forbids style
attributes, so they become plain attributes. Invisible parts (metadata, names of groups) are dropped.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from qa.evaluation.measures import Bin

_INK, _SOFT, _LINE, _ACCENT, _SURFACE = "#000001", "#000002", "#000003", "#000004", "#000005"
_COLOURS = {_INK: "ink", _SOFT: "soft", _LINE: "line", _ACCENT: "accent", _SURFACE: "surface"}
# In the SVG's own units: these are CSS pixels if the chart is shown at the width that it was drawn for.
_WIDTH, _HEIGHT, _POINTS_PER_INCH = 360, 270, 72
_STYLE = {
    "svg.fonttype": "none",
    "font.size": 12,
    "text.color": _SOFT,
    "text.parse_math": False,
    "axes.labelcolor": _SOFT,
    "axes.edgecolor": _LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "grid.color": _LINE,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _SOFT,
    "ytick.labelcolor": _SOFT,
    "legend.frameon": False,
}
_KEPT_ATTRIBUTES = {"viewBox", "d", "x", "y", "width", "height", "transform", "clip-path", "id", "href"}
_DECIMALS = re.compile(r"-?(?<!\d)\d++\.\d+")
_DECLARATION = re.compile(r"(?<![\w-])([\w-]++):\s*([^;]+)")
_REFERENCE = re.compile(r"#([\w-]+)")


@mpl.rc_context(_STYLE)
def reliability(bins: Sequence[Bin]) -> str:
    """Draw the share of answerable questions in each bin of confidence. `bins` must not be empty.

    On the diagonal, the confidence is right.
    """
    figure, axes = _percent_axes("Confidence", "Had an answer")
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (3, 3)))
    x, y = [point.confidence for point in bins], [point.answerable for point in bins]
    axes.vlines(
        x, [point.low for point in bins], [point.high for point in bins], color=_ACCENT, linewidth=1.5
    )
    axes.plot(x, y, "o", color=_ACCENT, markersize=7, markeredgecolor=_SURFACE, clip_on=False)
    counts = sorted({point.count for point in bins})
    group = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}–{counts[-1]:,}"
    axes.text(0.03, 0.97, f"● {group} questions", va="top", color=_ACCENT, transform=axes.transAxes)
    groups = "; ".join(
        f"at {point.confidence:.0%} confidence {point.answerable:.0%} of {point.count}" for point in bins
    )
    return _svg(
        figure, "reliability", f"Reliability diagram. Share of questions that have an answer: {groups}."
    )


@mpl.rc_context(_STYLE)
def risk_coverage(
    curve: tuple[ArrayLike, ArrayLike], baseline: tuple[ArrayLike, ArrayLike] | None = None
) -> str:
    """Draw how many answers are wrong, if only the surest share of questions is answered. Low is good."""
    figure, axes = _percent_axes("Questions answered, the most confident first", "Wrong among the answers")
    curves = {"This run": curve}
    if baseline is not None:
        curves["Baseline"] = baseline
        axes.plot(
            *_thinned(*baseline), drawstyle="steps-post", label="Baseline", color=_SOFT, linewidth=1.5,
            linestyle=(0, (4, 2)),
        )  # fmt: skip
    axes.plot(*_thinned(*curve), drawstyle="steps-post", label="This run", color=_ACCENT, linewidth=2)
    top = max(float(np.max(risk)) if np.size(risk) else 0.0 for _, risk in curves.values())
    axes.set_ylim(0, min(1.02, max(0.1, 1.15 * top)))
    if baseline is not None:
        axes.legend(loc="lower right", handlelength=1.8)
    points = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{wrong:.0%} wrong at {share:.0%} answered"
            for share, wrong in _at_quarters(np.asarray(coverage), np.asarray(risk))
        )
        for name, (coverage, risk) in curves.items()
    )
    return _svg(figure, "risk-coverage", f"Risk over coverage. {points}.")


@mpl.rc_context(_STYLE)
def histograms(answerable: ArrayLike, unanswerable: ArrayLike, threshold: float | None = None) -> str:
    """Draw the confidence of questions with an answer (upwards) and without (downwards). Apart is good."""
    figure, axes = _percent_axes("Confidence", "Questions")
    edges = np.linspace(0, 1, 21)
    up, down = (np.histogram(np.clip(values, 0, 1), edges)[0] for values in (answerable, unanswerable))
    axes.bar(edges[:-1], up, width=0.044, align="edge", color=_ACCENT)
    axes.bar(edges[:-1], -down, width=0.044, align="edge", color=_SOFT)
    axes.axhline(0, color=_LINE, linewidth=1)
    reach = 1.25 * max(up.max(), down.max(), 1)
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
    for text, height, colour in (("With an answer", 0.98, _ACCENT), ("Without", 0.02, _SOFT)):
        side = "top" if height > 0.5 else "bottom"
        axes.text(0.03, height, text, va=side, color=colour, transform=axes.transAxes)
    if threshold is not None:
        axes.axvline(threshold, color=_INK, linewidth=1, linestyle=(0, (2, 2)))
    medians = " and ".join(
        f"{np.median(np.asarray(values)):.0%} for {np.size(values)} questions {which} an answer"
        for values, which in ((answerable, "with"), (unanswerable, "without"))
        if np.size(values)
    )
    return _svg(figure, "histograms", f"Histograms of the confidence. Median {medians}.")


@mpl.rc_context(_STYLE)
def reasons(counts: Mapping[str, int]) -> str:
    """Draw a bar with its count for each reason, in the order of `counts`, the first reason on top."""
    height = 34 * max(len(counts), 1) + 8
    figure = _figure(height)
    axes = figure.add_axes((0.52, 0, 0.36, 1))
    names = list(counts)[::-1]
    axes.barh(range(len(names)), [counts[name] for name in names], height=0.5, color=_ACCENT)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlim(0, max(counts.values(), default=1))
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.tick_params(length=0, pad=8, labelcolor=_INK)
    for position, name in enumerate(names):
        axes.annotate(
            f"{counts[name]:,}", (counts[name], position), (6, 0), textcoords="offset points",
            va="center", color=_INK, annotation_clip=False,
        )  # fmt: skip
    numbers = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return _svg(figure, "reasons", f"Why questions were missed. {numbers}.")


@dataclass(frozen=True, slots=True)
class Dot:
    """A question on the strip: its confidence, its side of the axis and its colour.

    Attributes:
        number: the number of the question's page.
        confidence: the position from left to right.
        answerable: whether the dot is above the axis, not below.
        missed: whether the dot has the colour of missed questions.
    """

    number: int
    confidence: float
    answerable: bool
    missed: bool


# The strip's width, the width of a step of confidence, and the largest height of a side, in the strip's
# units.
STRIP = 1000
_STEP = 25
_SIDE = 240
_PITCHES = (14, 12, 10, 8, 7, 6, 5, 4, 3, 2.5, 2, 1.5, 1)


@dataclass(frozen=True, slots=True)
class Strip:
    """Where each dot is on the strip, how large it is, and how far both sides reach.

    Attributes:
        above: how high the dots above the axis reach.
        below: how far down the dots below the axis reach.
        radius: the radius of a dot.
        places: (number, x, y, missed) of each dot. y is 0 at the axis and negative above it.
    """

    above: float
    below: float
    radius: float
    places: tuple[tuple[int, float, float, bool], ...]


def strip(dots: Sequence[Dot]) -> Strip:
    """Place answerable dots above the axis and other dots below it, by confidence, missed dots nearest to it.

    The dots are as large as fits.
    """
    stacks: dict[tuple[bool, int], list[Dot]] = {}
    for dot in sorted(dots, key=lambda dot: (not dot.missed, dot.confidence, dot.number)):
        step = min(max(int(dot.confidence * STRIP / _STEP), 0), STRIP // _STEP - 1)
        stacks.setdefault((dot.answerable, step), []).append(dot)
    tallest = max(map(len, stacks.values()), default=0)
    pitch = next((size for size in _PITCHES if _rows(tallest, size) * size <= _SIDE), _PITCHES[-1])
    reach = {True: 0.0, False: 0.0}
    points = []
    for (answerable, step), stack in stacks.items():
        columns = int(_STEP // pitch)
        indent = (_STEP - columns * pitch) / 2
        for position, dot in enumerate(stack):
            row, column = divmod(position, columns)
            away = 6 + (row + 0.5) * pitch
            x = step * _STEP + indent + (column + 0.5) * pitch
            points.append((dot.number, round(x, 1), round(-away if answerable else away, 1), dot.missed))
        reach[answerable] = max(reach[answerable], 6 + _rows(len(stack), pitch) * pitch)
    return Strip(reach[True], reach[False], round(0.4 * pitch, 2), tuple(sorted(points)))


def _rows(count: int, pitch: float) -> int:
    """Return the number of rows that `count` dots of one step of confidence need."""
    return -(-count // int(_STEP // pitch))


def _figure(height: float) -> Figure:
    return Figure(figsize=(_WIDTH / _POINTS_PER_INCH, height / _POINTS_PER_INCH), dpi=_POINTS_PER_INCH)


def _percent_axes(x: str, y: str) -> tuple[Figure, Axes]:
    """Return a figure with named axes in percent."""
    figure = _figure(_HEIGHT)
    axes = figure.add_axes((0.145, 0.165, 0.82, 0.8))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=x, ylabel=y)
    axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(length=0, pad=6)
    axes.grid(axis="y", linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes


# Most points of a curve. At this size, a curve with more points looks the same.
_POINTS = 400


def _thinned(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `_POINTS` points of a curve, evenly spaced, including the first and the last."""
    x, y = np.asarray(x), np.asarray(y)
    indices = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    return x[indices], y[indices]


def _at_quarters(coverage: np.ndarray, risk: np.ndarray) -> Iterator[tuple[float, float]]:
    """Yield the curve's first points that reach 25, 50, 75 and 100 % coverage."""
    for quarter in (0.25, 0.5, 0.75, 1.0):
        index = int(np.searchsorted(coverage, quarter - 1e-9))
        if index < len(coverage):
            yield float(coverage[index]), float(risk[index])


def _svg(figure: Figure, name: str, label: str) -> str:
    """Return the figure as an SVG element for HTML. `name` keeps its ids apart from other charts' ids."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(
            drawn, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    root = ET.fromstring(drawn.getvalue())  # noqa: S314 -- drawn above
    referenced = set(_REFERENCE.findall(drawn.getvalue()))
    for element in root.iter():
        element.tag = element.tag.partition("}")[2]
        element.tail = None
        element.text = element.text if element.tag == "text" else None
        _plain(element, name, referenced)
    for parent in [*root.iter()]:
        parent[:] = [child for child in parent if child.tag not in ("metadata", "style")]
    for size in ("width", "height"):
        root.attrib.pop(size)
    root.attrib.update({"class": "chart", "role": "img", "aria-label": label})
    return ET.tostring(root, encoding="unicode")


def _plain(element: ET.Element, name: str, referenced: set[str]) -> None:
    """Turn style into attributes and placeholders into the page's colours. Drop needless attributes."""
    attributes = {key.partition("}")[2] or key: value for key, value in element.attrib.items()}
    style = dict(_DECLARATION.findall(attributes.pop("style", "")))
    element.attrib.clear()
    for key, value in {**attributes, **style}.items():
        if key == "id":
            if value not in referenced:
                continue
            value = f"{name}-{value}"
        elif key == "font-family" or (key not in style and key not in _KEPT_ATTRIBUTES):
            continue
        value = (
            _REFERENCE.sub(lambda match: f"#{name}-{match[1]}", value)
            if key in ("href", "clip-path")
            else value
        )
        value = f"var(--{_COLOURS[value]})" if value in _COLOURS else value
        value = _DECIMALS.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
        element.set(key, " ".join(value.split()))
