"""What people read of an evaluation: the verdict in words, and figures under each other."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from qa.evaluation.result import Result
from qa.evaluation.result_tables import to_dict, to_terminal, to_text
from qa.evaluation.schema import Difference, Estimate, Evaluation, Judged, Query, Suite
from qa.evaluation.statistics import LEVEL

SUITE = Suite("s", (Query("a", "Who?"),))
JUDGED = (Judged(SUITE.queries[0], {"id": "a", "outcome": "none"}, {}),)


def compared(**differences: tuple[float, float]) -> Result:
    """A comparison with these differences and probabilities, by measure (`hit1` for `hit@1`)."""
    found = {
        name.replace("hit", "hit@"): Difference(value, value - reach, value + reach, p, 40)
        for name, (value, p) in differences.items()
        for reach in (abs(value) / 2 if p < LEVEL else abs(value) + 0.25,)
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
    assert rows["hit@1"].split() == "hit@1 0.500 0.500 +0.100 +0.050 to +0.150 < .001 40".split()
    assert rows["p50_ms"].split() == "p50_ms 0 0 -1,200 -2,401 to +0 0.250 40".split()


def on_screen(result: Result, width: int) -> str:
    screen = StringIO()
    Console(file=screen, width=width, highlight=False).print(to_terminal(result, width))
    return screen.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_the_same_figures(width):
    result = compared(word_precision=(0.1, 0.01), p50_ms=(-1200.4, 0.0001))
    shown = [line.split() for line in on_screen(result, width).splitlines()]
    assert shown == [line.split() for line in to_text(result).splitlines()]


@pytest.mark.parametrize("width", range(20, 80, 4))
def test_a_narrow_terminal_cuts_no_figure(width):
    result = compared(word_precision=(0.1, 0.01), p50_ms=(-1200.4, 0.0001))
    for shown in (result, replace(result, evaluation=replace(result.evaluation, differences={}))):
        words = set(re.split(r"[\s,:]+", on_screen(shown, width)))
        lines = to_text(shown).splitlines()
        rows = [line for line in lines if line.startswith(("word_precision", "p50_ms"))]
        assert len(rows) == 2
        assert not set(re.split(r"[\s,:]+", " ".join(rows))) - words
        assert "…" not in on_screen(shown, width)


def test_the_threshold_of_the_answers_is_said_where_they_name_one():
    result = compared(hit1=(0.1, 0.01))
    assert "outcomes: 1 none\n" in to_text(result)
    assert to_dict(result)["threshold"] is None
    judged = (replace(JUDGED[0], answer={"outcome": "none", "threshold": 0.55}),)
    weighed = replace(result, evaluation=replace(result.evaluation, judged=judged))
    assert "outcomes: 1 none; answers are given from a confidence of 55%\n" in to_text(weighed)
    assert to_dict(weighed)["threshold"] == 0.55


def test_types_of_questions_have_a_table_of_their_own():
    typed = {"row": {"gold@3": Estimate(0.5, 0.25, 0.75, 8), "right": Estimate(1.0, 0.7, 1.0, 9)}, "head": {}}
    evaluation = Evaluation(SUITE, JUDGED, {"right": Estimate(0.5, 0.2, 0.8, 1)}, by_type=typed)
    result = Result(SUITE, (), evaluation, Path("answers"))
    assert re.search(
        r"row +0 +0\.50 \[0\.25 to 0\.75\] of 8 +1\.00 \[0\.70 to 1\.00\] of 9\n", to_text(result)
    )
    assert to_dict(result)["types"]["row"]["gold@3"] == {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
