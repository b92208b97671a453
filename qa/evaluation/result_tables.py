"""The result of an evaluation as a table for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from qa.evaluation.check import shortened
from qa.evaluation.measures import BY_TYPE, MEASURES, threshold
from qa.evaluation.statistics import LEVEL
from qa.quoting.render import answers_from
from qa.schema import Outcome
from qa.text.display import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Group, RenderableType
    from rich.table import Table
    from rich.text import Text

    from qa.evaluation.check import Finding
    from qa.evaluation.result import Result
    from qa.evaluation.schema import Estimate, Evaluation

_LISTED = 10  # findings that are listed at most
_NAMED = 3  # places that are named at most
_MIN_WORD_COLUMN = 16  # characters
_NO_WRAPPING = 100_000  # characters a line
_STATUSES = {
    "exact": "found",
    "typography": "found in other typography",
    "elsewhere": "found only in another document",
    "missing": "not found",
}


def to_dict(result: Result) -> dict[str, Any]:
    """Return what `--json` prints."""
    evaluation = result.evaluation
    if evaluation is None:
        return {
            "suite": result.suite.name,
            "queries": len(result.suite.queries),
            "check": _check_dict(result.findings, result.findings),
        }
    notable = [finding for finding in result.findings if finding.status != "exact"]
    return {
        "suite": result.suite.name,
        "queries": len(evaluation.judged),
        "measures": {name: asdict(estimate) for name, estimate in evaluation.measures.items()},
        "baseline": {name: asdict(estimate) for name, estimate in evaluation.baseline.items()},
        "differences": {name: asdict(difference) for name, difference in evaluation.differences.items()},
        "types": {
            name: {measure: asdict(estimate) for measure, estimate in estimates.items()}
            for name, estimates in evaluation.by_type.items()
        },
        "threshold": threshold(evaluation.judged),
        "failed": list(result.failures),
        "fit": _fit_dict(result),
        "answers": str(result.answers),
        "check": _check_dict(result.findings, notable),
    }


def _fit_dict(result: Result) -> dict[str, Any] | None:
    if result.fit is None:
        return None
    return {
        "questions": result.fit.questions,
        "answerable": result.fit.answerable,
        "right": asdict(result.fit.right),
        "Brier": asdict(result.fit.brier),
        "file": None if result.fitted is None else str(result.fitted),
    }


def _check_dict(findings: Sequence[Finding], listed: Iterable[Finding]) -> dict[str, Any]:
    return {
        "quotes": len(findings),
        **_statuses(findings),
        "findings": [asdict(finding) for finding in listed],
    }


def _statuses(findings: Sequence[Finding]) -> dict[str, int]:
    return {status: sum(finding.status == status for finding in findings) for status in _STATUSES}


# For people


def to_text(result: Result) -> str:
    """Return the result as plain text: aligned columns, numbers to the right."""
    from rich.console import Console

    console = Console(width=_NO_WRAPPING, color_system=None)
    with console.capture() as capture:
        console.print(to_terminal(result, _NO_WRAPPING))
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def to_terminal(result: Result, width: int) -> Group:
    """Return the result for rich to print. If the table does not fit, each row is a line that wraps."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(_opening(result), "bold"), Text("")]
    if result.evaluation:
        rows = _table(result.evaluation)
        word_columns = {0} if result.evaluation.differences else {0, 4}
        fits = _min_width(rows, word_columns) <= width
        parts += [_rich_table(rows, word_columns)] if fits else _rich_lines(rows)
        parts.append(Text(""))
        if result.evaluation.by_type:
            parts += [_rich_table(_type_rows(result.evaluation), set()), Text("")]
    parts += [Text(line) for line in _closing(result)]
    return Group(*parts)


def _min_width(rows: Sequence[Sequence[str]], word_columns: set[int]) -> int:
    """Return the table's least width in characters: only columns of words after the first column wrap."""
    columns = list(zip(*rows, strict=True))
    widths = (
        _MIN_WORD_COLUMN if at in word_columns and at else max(map(len, column))
        for at, column in enumerate(columns)
    )
    return sum(widths) + 2 * len(columns)


def _rich_table(rows: Sequence[Sequence[str]], word_columns: set[int]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for at, title in enumerate(rows[0]):
        words = at in word_columns
        table.add_column(title, justify="left" if words else "right", no_wrap=not words or at == 0)
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    return table


def _rich_lines(rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    from rich.text import Text

    titles, *rest = rows
    for name, *cells in rest:
        values = ", ".join(f"{title} {cell}" for title, cell in zip(titles[1:], cells, strict=True) if cell)
        yield Text.assemble((name, "bold"), f": {values}")


def _opening(result: Result) -> str:
    """Return a line on the questions, and a second line on the outcomes."""
    judged = result.evaluation.judged if result.evaluation else ()
    queries = [case.query for case in judged] if result.evaluation else result.suite.queries
    kinds = {True: "answerable", False: "not answerable", None: "nobody has said"}
    counts = Counter(kinds[query.answerable] for query in queries)
    lines = [f"{result.suite.name}: {plural(len(queries), 'question')} ({_counts(counts, kinds.values())})"]
    outcomes = Counter(case.answer["outcome"] for case in judged if case.answer.get("outcome"))
    if outcomes:
        limit = threshold(judged)
        rule = "" if limit is None else f"; answers are given from a confidence of {answers_from(limit)}%"
        lines.append(f"outcomes: {_counts(outcomes, get_args(Outcome))}{rule}")
    return visible("\n".join(lines))


def _counts(counts: Counter[str], order: Iterable[str]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in order if counts[name])


def _table(evaluation: Evaluation) -> list[list[str]]:
    """Return the rows of the table, the header first, in the order of the measures."""
    if not evaluation.differences:
        return [
            ["measure", "value", "95 % interval", "n", "meaning"],
            *(
                [
                    name,
                    _figure(name, estimate.value),
                    _interval(name, estimate.low, estimate.high),
                    f"{estimate.n:,}",
                    measure.meaning,
                ]
                for name, measure in MEASURES.items()
                if (estimate := evaluation.measures.get(name))
            ),
        ]
    rows = [["measure", "value", "baseline", "difference", "95 % interval", "p", "n"]]
    for name in MEASURES:
        if estimate := evaluation.measures.get(name):
            base, change = evaluation.baseline.get(name), evaluation.differences.get(name)
            rows.append(
                [
                    name,
                    _figure(name, estimate.value),
                    _figure(name, base.value) if base else "",
                    _figure(name, change.value, sign="+") if change else "",
                    _interval(name, change.low, change.high, sign="+") if change else "",
                    probability(change.p) if change else "",
                    f"{change.n:,}" if change else "",
                ]
            )
    return rows


def _type_rows(evaluation: Evaluation) -> list[list[str]]:
    """Return the rows of the table of types of questions, the header first."""
    rows = [["type", "questions", *BY_TYPE]]
    for name, estimates in evaluation.by_type.items():
        number = sum(case.query.type == name for case in evaluation.judged)
        cells = (estimates.get(measure) for measure in BY_TYPE)
        rows.append([name, f"{number:,}", *(_estimate(cell) if cell else "" for cell in cells)])
    return rows


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} [{estimate.low:.2f} to {estimate.high:.2f}] of {estimate.n}"


def _figure(name: str, value: float, sign: str = "") -> str:
    return format(value, f"{sign},.0f" if MEASURES[name].unit == "ms" else f"{sign}.3f")


def _interval(name: str, low: float, high: float, sign: str = "") -> str:
    return f"{_figure(name, low, sign)} to {_figure(name, high, sign)}"


def probability(p: float) -> str:
    """Return p as tables show it."""
    return "< .001" if p < 0.001 else f"{p:.3f}"


def _closing(result: Result) -> list[str]:
    lines = _on_findings(result)
    if result.evaluation:
        lines += _on_differences(result.evaluation)
        lines += [f"failed: {failure}" for failure in result.failures]
        lines.append(f"answers: {result.answers}")
        lines += _on_fit(result)
    return [visible(line) for line in lines]


def _on_differences(evaluation: Evaluation) -> list[str]:
    """Return sentences that say which differences from the baseline are significant."""
    if not evaluation.differences:
        return []
    common = len(evaluation.baseline_judged)
    clear = {
        name: difference for name, difference in evaluation.differences.items() if difference.significant
    }
    better = [
        name
        for name, difference in clear.items()
        if (difference.value > 0) == MEASURES[name].higher_is_better
    ]
    worse = [name for name in clear if name not in better]
    others = len(evaluation.differences) - len(clear)
    lines = []
    if common < len(evaluation.judged):
        lines.append(
            f"The baseline answers {common:,} of these questions. The differences are for these questions."
        )
    lines += [
        f"Significantly {word} than the baseline: {', '.join(names)}."
        for word, names in (("better", better), ("worse", worse))
        if names
    ]
    if others:
        what = "other measure" if clear else "measure"
        lines.append(f"No significant difference in {plural(others, what)}.")
    lines.append(f"Significant: p < {LEVEL}, 0 outside the interval. One in twenty is by chance.")
    return lines


def _on_fit(result: Result) -> list[str]:
    """Return lines that say what the fit of the confidence gained, and whether it was kept."""
    fit = result.fit
    if fit is None:
        return []
    lines = [
        "",
        f"Confidence fitted on {plural(fit.questions, 'question')}; on the questions left out of each fit:",
    ]
    for name, gain in (("right outcomes", fit.right), ("Brier score (less is better)", fit.brier)):
        change = gain.difference
        lines.append(
            f"  {name}: {gain.before:.3f} by the confidence that ships, {gain.after:.3f} by the fitted one; "
            f"difference {change.value:+.3f}, "
            f"95 % interval {change.low:+.3f} to {change.high:+.3f}"
        )
    if earlier := result.replaced:
        lines.append(
            f"It replaces the confidence fitted on {plural(earlier.questions, 'question')} of "
            f"{earlier.suite} on {earlier.day}. The two were not compared."
        )
    if result.fitted:
        return [*lines, f"It is stored in {result.fitted} and used from now on; --unfit deletes it."]
    return [*lines, "It gains no more than chance, so it was not stored: the confidence has not changed."]


def _on_findings(result: Result) -> list[str]:
    """Return how the expected quotes were found, in detail if only the quotes were checked."""
    findings = result.findings
    if not findings:
        return [] if result.evaluation else ["There is no expected quote to look up."]
    counts = ", ".join(f"{count:,} {_STATUSES[name]}" for name, count in _statuses(findings).items() if count)
    lines = [f"Quotes expected: {counts}."]
    if result.evaluation:
        return lines
    missing = [finding for finding in findings if not finding.is_found]
    several = [finding for finding in findings if finding.is_found and sum(finding.places.values()) > 1]
    for finding in missing[:_LISTED]:
        lines += ["", *_on_missing(finding)]
    lines += _more(missing)
    if several:
        lines += ["", "Found in more than one place:"]
        lines += [
            f"  question {finding.query}: “{shortened(finding.quote)}” {_places(finding)}"
            for finding in several[:_LISTED]
        ]
        lines += _more(several)
    return lines


def _on_missing(finding: Finding) -> list[str]:
    where = f" in {finding.expected}" if finding.expected else ""
    lines = [f"question {finding.query}: not found{where}: “{shortened(finding.quote)}”"]
    if finding.places:
        lines.append(f"  it stands {_places(finding)}")
    if finding.text:
        lines.append(f"  nearest, in {finding.document}: “{shortened(finding.text)}”")
    return lines


def _places(finding: Finding) -> str:
    places = [f"{name} ({count} ×)" if count > 1 else name for name, count in finding.places.items()]
    more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
    return f"in {', '.join(places[:_NAMED])}{more}"


def _more(findings: Sequence[Finding]) -> list[str]:
    more = len(findings) - _LISTED
    return [f"  and {more:,} more; --json lists all"] if more > 0 else []
