"""What people read of an evaluation: the verdict in words, and figures under each other."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from qa.evaluation.command import Result
from qa.evaluation.schema import Difference, Estimate, Evaluation, Judged, Query, Suite
from qa.evaluation.tables import to_terminal, to_text

SUITE = Suite("s", (Query("a", "Who?"),))
JUDGED = (Judged(SUITE.queries[0], {"id": "a", "outcome": "none"}, {}),)


def compared(**differences: tuple[float, float]) -> Result:
    """A comparison with these differences and probabilities, by measure (`hit1` for `hit@1`)."""
    found = {
        name.replace("hit", "hit@"): Difference(value, value - 0.25, value + 0.25, p, 40)
        for name, (value, p) in differences.items()
    }
    estimates = {name: Estimate(0.5, 0.25, 0.75, 40) for name in found}
    return Result(SUITE, (), Evaluation(SUITE, JUDGED, estimates, found, estimates, JUDGED), Path("answers"))


def test_better_and_worse_depend_on_which_way_a_measure_is_better():
    text = to_text(compared(hit1=(0.1, 0.01), hit3=(-0.1, 0.01), Brier=(-0.1, 0.01), ECE=(0.1, 0.049)))
    assert "Significantly better than the baseline: hit@1, Brier.\n" in text
    assert "Significantly worse than the baseline: hit@3, ECE.\n" in text
    assert "No significant difference" not in text


def test_what_may_be_chance_is_counted():
    text = to_text(compared(hit1=(0.1, 0.01), hit3=(0.1, 0.05), accuracy=(0.2, 0.4)))
    assert "No significant difference in 2 other measures.\n" in text
    assert "worse" not in text
    assert "No significant difference in 1 measure.\n" in to_text(compared(hit1=(0.1, 0.2)))


def test_a_difference_has_its_sign_its_interval_and_its_probability():
    text = to_text(compared(hit1=(0.1, 0.0004), p50_ms=(-1200.4, 0.25)))
    rows = {line.split()[0]: line for line in text.splitlines() if line.startswith(("hit@1", "p50_ms"))}
    assert rows["hit@1"].split() == "hit@1 0.500 0.500 +0.100 -0.150 to +0.350 < .001 40".split()
    assert rows["p50_ms"].split() == "p50_ms 0 0 -1,200 -1,201 to -1,200 0.250 40".split()


def test_a_terminal_shows_the_same_figures():
    result = compared(hit1=(0.1, 0.01))
    screen = StringIO()
    Console(file=screen, width=120, highlight=False).print(to_terminal(result))
    shown = [line.split() for line in screen.getvalue().splitlines()]
    assert shown == [line.split() for line in to_text(result).splitlines()]
