"""An evaluation as one HTML file: pictures, tables, and a page for each question.

The file loads nothing. It contains its style and script, and a Content-Security-Policy allows only these two,
by their hash. Questions, quotes and titles are other people's words, so all are escaped. Characters that
could garble the page (control characters, directional overrides, halves of surrogate pairs) are shown as
symbols.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import qa
from qa.asking.choose import BEST
from qa.asking.retrieve import MOST_READ
from qa.evaluation import charts, misses
from qa.evaluation.measures import BY_TYPE, MEASURES, confidence, reliability, risk_coverage, threshold
from qa.evaluation.pages import pages
from qa.evaluation.result_tables import probability
from qa.evaluation.statistics import LEVEL, wilson
from qa.text.dates import date_in_words
from qa.text.display import plural, visible

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from qa.evaluation.misses import TextOf
    from qa.evaluation.pages import Page, TitleOf
    from qa.evaluation.schema import Estimate, Evaluation, Judged

_SURROGATE = re.compile("[\ud800-\udfff]")


def to_html(
    evaluation: Evaluation,
    text_of: TextOf,
    title_of: TitleOf,
    *,
    date: dt.date | None = None,
    library: str = "",
    command: str = "",
    baseline: str = "baseline",
) -> str:
    """Return the report. The same arguments give the same bytes.

    `text_of` and `title_of` return a document's text (None if unknown) and title by the document's id.
    `date`, `library` and `command` say how the answers were made. `baseline` is the name of the run to
    compare with.
    """
    judged = evaluation.judged
    answers_from = threshold(judged)
    all_pages = list(pages(evaluation, text_of, title_of))
    reasons = _reasons(all_pages)
    verdicts = Counter(page.verdict for page in all_pages)
    unclear = sum(case.query.answerable is None for case in judged)
    style, script = (_static(name) for name in ("report.css", "report.js"))
    facts = {
        "Suite": evaluation.suite.name,
        "Questions": _question_counts(judged),
        "Date": date_in_words(date) if date else "",
        "Library": library,
        "Command": command,
        "Pullquote": qa.__version__,
    }
    return _environment().get_template("report.html").render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 -- our own file
        script=Markup(script),  # noqa: S704 -- our own file
        suite=evaluation.suite.name,
        facts=[facts["Questions"], *filter(None, (facts["Date"], f"Pullquote {qa.__version__}"))],
        origin=[(term, fact) for term, fact in facts.items() if fact],
        headline=list(_headline(evaluation)),
        strip=charts.strip(list(_dots(all_pages))),
        strip_says=f"Questions by confidence: {verdicts['right']:,} right, {verdicts['missed']:,} missed.",
        verdicts=verdicts,
        unclear=plural(unclear, "question") if unclear else "",
        reasons=[
            {"name": name, "meaning": misses.MEANINGS[name], "count": f"{count:,}",
             "share": percent(count / len(judged))}
            for name, count in reasons.items()
        ],
        reasons_chart=Markup(charts.reasons(reasons) if reasons else ""),  # noqa: S704 -- our own names and numbers
        charts=list(_charts(evaluation, answers_from)),
        rows=list(_rows(evaluation)),
        types=list(_types(evaluation)),
        baseline=baseline if evaluation.differences else "",
        baseline_known=bool(evaluation.baseline_judged),
        level=LEVEL,
        threshold=answers_from,
        pages=all_pages,
        most_ranks=MOST_READ,
        read=BEST,
    )  # fmt: skip


def percent(share: float) -> str:
    """Return a share for people: "100 %" means all and "0 %" means none, never a rounded share."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{min(max(100 * share, 0.1), 99.9):.1f}\u00a0%"
    return f"{100 * share:.0f}\u00a0%"


# ---- the overview


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the headline.

    Attributes:
        value: the figure.
        says: what the figure says.
        range: the figure's interval.
    """

    value: str
    says: str
    range: str = ""


def _headline(evaluation: Evaluation) -> Iterator[Figure]:
    """Yield the few figures that matter, if the suite allows them."""
    measures = evaluation.measures
    for names in (("right", "accuracy", "R@20"), ("hit@3", "answer@3", "Success@1")):
        if name := next((measure for measure in names if measure in measures), ""):
            estimate = measures[name]
            says = _SAYS[name].format(plural(estimate.n, "question"))
            yield Figure(percent(estimate.value), says, _range(estimate.low, estimate.high))
    silent = [
        case.answer["outcome"] != "answered"
        for case in evaluation.judged
        if case.query.answerable is False and case.answer.get("outcome") not in (None, "error")
    ]
    if silent:
        share = sum(silent) / len(silent)
        says = f"of {plural(len(silent), 'question')} that the documents do not answer were left unanswered"
        yield Figure(percent(share), says, _range(*wilson(share, len(silent))))
    quotes = sum(len(case.answer.get("quotes") or ()) for case in evaluation.judged)
    if quotes and "verbatim" in measures:
        says = f"of {plural(quotes, 'quote')} are word for word as in the document"
        yield Figure(percent(measures["verbatim"].value), says)
    if "p50_ms" in measures:
        half, most = measures["p50_ms"].value, measures.get("p95_ms")
        says = "is the most time that half of the answers take"
        yield Figure(_duration(half), says, f"95 % come within {_duration(most.value)}" if most else "")


_SAYS = {
    "right": "of {} were handled right: answered with the right quote, or rightly left unanswered",
    "accuracy": "of {} were answered where there is an answer, and left unanswered where there is none",
    "hit@3": "of {} with an answer have the right sentence among the first three quotes",
    "answer@3": "of {} with a known answer have its words in the first three quotes",
    "R@20": "of the right documents of {} are among the first 20",
    "Success@1": "of {} find a right document first",
}


def _range(low: float, high: float) -> str:
    """Return an interval of shares in words."""
    return f"{percent(low)} to {percent(high)}"


def _duration(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:.0f}\u00a0ms"
    return f"{milliseconds / 1000:.1f}\u00a0s"


def _question_counts(judged: Sequence[Judged]) -> str:
    """Return the number of questions in words, also of those with, without and of unknown answer."""
    kinds = {True: "with an answer", False: "without", None: "not judged"}
    counts = Counter(case.query.answerable for case in judged)
    counted = ", ".join(f"{counts[kind]:,} {words}" for kind, words in kinds.items() if counts[kind])
    return f"{plural(len(judged), 'question')} ({counted})"


def _dots(all_pages: Sequence[Page]) -> Iterator[charts.Dot]:
    """Yield a dot for the strip of questions by confidence, for each question that has one."""
    for page in all_pages:
        answerable = page.judged.query.answerable
        if page.confidence is not None and answerable is not None:
            yield charts.Dot(page.number, page.confidence, answerable, page.verdict == "missed")


def _reasons(all_pages: Sequence[Page]) -> dict[str, int]:
    """Return how many questions were missed for each reason, the most frequent reason first."""
    counts = Counter(page.reason for page in all_pages)
    return {
        name: counts[name] for name in sorted(misses.REASONS, key=lambda name: -counts[name]) if counts[name]
    }


def _charts(evaluation: Evaluation, answers_from: float | None) -> Iterator[Mapping[str, Any]]:
    """Yield the charts of confidence that the suite allows: title, explanation and drawing.

    `answers_from` is the confidence from which answers are given, or None if it is unknown.
    """
    judged, rivals = evaluation.judged, evaluation.baseline_judged
    scores: dict[bool, list[float]] = {True: [], False: []}
    for case in judged:
        if case.query.answerable is not None and (value := confidence(case.answer)) is not None:
            scores[case.query.answerable].append(value)
    if scores[True] and scores[False]:
        yield {
            "title": "Do questions with an answer score higher?",
            "says": "The further apart the two sides are, the better the program knows which questions "
            "it cannot answer.",
            "svg": Markup(charts.histograms(scores[True], scores[False], answers_from)),  # noqa: S704
        }
        yield {
            "title": "Is 70 % sure right 70 % of the time?",
            "says": "Each point is a group of equally many questions, with its 95 % interval. On the "
            "dashed line, the "
            "confidence equals the share that is right.",
            "svg": Markup(charts.reliability(reliability(judged))),  # noqa: S704
        }
    coverage, risk = risk_coverage(judged)
    if len(coverage):
        other = risk_coverage(rivals) if rivals else None
        yield {
            "title": "What if only the most confident questions are answered?",
            "says": "The share of wrong answers. More questions are answered from left to right. "
            "Low is good.",
            "svg": Markup(  # noqa: S704
                charts.risk_coverage((coverage, risk), other if other and len(other[0]) else None)
            ),
        }


def _rows(evaluation: Evaluation) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the table of measures, each with its change against the baseline."""
    changes = [change for name, change in evaluation.differences.items() if MEASURES[name].unit == "share"]
    reach = max((abs(end) for change in changes for end in (change.low, change.high)), default=0.0) or 1.0
    for name, measure in MEASURES.items():
        if estimate := evaluation.measures.get(name):
            share = measure.unit == "share"
            yield {
                "name": name,
                "meaning": measure.meaning,
                "value": _value(name, estimate.value),
                "interval": f"{_value(name, estimate.low)} to {_value(name, estimate.high)}",
                "n": f"{estimate.n:,}",
                "bar": _bar(estimate.low, estimate.value, estimate.high) if share else None,
                "change": _row_change(name, evaluation, reach) if name in evaluation.differences else None,
            }


def _types(evaluation: Evaluation) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the table of types of questions."""
    for name, estimates in evaluation.by_type.items():
        yield {
            "name": name,
            "n": f"{sum(case.query.type == name for case in evaluation.judged):,}",
            "cells": [_cell(estimates.get(measure)) for measure in BY_TYPE],
        }


def _cell(estimate: Estimate | None) -> Mapping[str, Any] | None:
    """Return a cell of the table of types of questions: the value, its interval and the count."""
    if estimate is None:
        return None
    interval = f"{percent(estimate.low)} to {percent(estimate.high)}"
    return {"value": percent(estimate.value), "interval": interval, "n": f"{estimate.n:,}"}


def _row_change(name: str, evaluation: Evaluation, reach: float) -> Mapping[str, Any]:
    """Return a measure's change against the baseline. The bars of changes go from -`reach` to `reach`."""
    change = evaluation.differences[name]
    base = evaluation.baseline.get(name)
    better = (change.value > 0) == MEASURES[name].higher_is_better
    ends = (0.5 + end / reach / 2 for end in (change.low, change.value, change.high))
    return {
        "baseline": _value(name, base.value) if base else "",
        "value": _value(name, change.value, "+"),
        "interval": f"{_value(name, change.low, '+')} to {_value(name, change.high, '+')}",
        "bar": _bar(*ends) if MEASURES[name].unit == "share" else None,
        "p": probability(change.p),
        "verdict": ("better" if better else "worse") if change.significant else "",
    }


def _value(name: str, value: float, sign: str = "") -> str:
    """Return the value of a measure in its unit. With `sign` "+", a positive value has a plus sign."""
    unit = MEASURES[name].unit if name in MEASURES else "ms"
    text = format(value, f"{sign},.0f") + "\u00a0ms" if unit == "ms" else format(value, f"{sign}.3f")
    return text.replace("-", "−")


def _bar(low: float, value: float, high: float) -> Mapping[str, str]:
    """Return where a bar begins, its width, and where its mark is, in hundredths of the whole width."""
    low, value, high = (min(max(share, 0.0), 1.0) for share in (low, value, high))
    return {"low": _hundredths(low), "width": _hundredths(high - low), "at": _hundredths(min(value, 0.99))}


def _hundredths(share: float) -> str:
    """Return a share from 0 to 1 as a number from 0 to 100, for styles and drawings."""
    return f"{100 * min(max(share, 0.0), 1.0):.1f}".removesuffix(".0")


# ---- the file


def _static(name: str) -> str:
    """Return a style or script of the page, with line feeds only: a browser hashes it with line feeds."""
    return (
        files("qa.evaluation").joinpath("templates", name).read_text(encoding="utf-8").replace("\r\n", "\n")
    )


def _policy(style: str, script: str) -> str:
    """Return a policy that allows the page's own style and script, and no request of any kind."""
    own_style, own_script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in (style, script)
    )
    rest = "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{rest}; style-src 'sha256-{own_style}'; script-src 'sha256-{own_script}'"


def _environment() -> Environment:
    """Return Jinja's environment for the templates of the report."""
    environment = Environment(
        loader=PackageLoader("qa.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "percent": percent,
        "hundredths": _hundredths,
        "measured": lambda value, name: _value(name, value) if name == "ms" else f"{value:.3g}",
    }
    return environment


def _shown(value: object) -> object:
    """Return a text with symbols for characters that could garble the page. HTML is returned unchanged."""
    if type(value) is not str:
        return value
    return visible(_SURROGATE.sub("\ufffd", value))
