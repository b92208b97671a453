from __future__ import annotations

import re
from collections import Counter
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from qa.evaluation import charts
from qa.evaluation.charts import STRIP, Dot
from qa.evaluation.measures import Bin

BINS = (Bin(0.1, 0.05, 20, 0.01, 0.2), Bin(0.5, 0.4, 20, 0.2, 0.6), Bin(0.9, 0.95, 19, 0.8, 0.99))
CURVE = (np.linspace(0.01, 1, 100), np.linspace(0, 0.4, 100))
BASELINE = (np.linspace(0.01, 1, 100), np.linspace(0.1, 0.5, 100))


NAMES = ("reliability", "risk-coverage", "histograms", "reasons")


def drawn() -> dict[str, str]:
    return {
        "reliability": charts.reliability(BINS),
        "risk-coverage": charts.risk_coverage(CURVE, BASELINE),
        "histograms": charts.histograms([0.9, 0.8, 0.95], [0.1, 0.2], 0.5),
        "reasons": charts.reasons({"not retrieved": 12, "error": 3}),
    }


svgs = cache(drawn)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 -- drawn by us


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter("text")]


def test_a_chart_is_the_same_bytes_each_time() -> None:
    assert drawn() == svgs()
    assert svgs().keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_has_the_colours_of_the_page_and_no_others(name: str) -> None:
    assert "var(--accent)" in svgs()[name]
    assert not re.search(r"#[0-9a-f]{6}\b", svgs()[name])
    painted = {element.get(way) for element in parsed(svgs()[name]).iter() for way in ("fill", "stroke")}
    assert painted <= {
        None,
        "none",
        *(f"var(--{colour})" for colour in ("ink", "soft", "line", "accent", "surface")),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_obeys_a_policy_that_forbids_style_and_loads_nothing(name: str) -> None:
    root = parsed(svgs()[name])
    assert not [element for element in root.iter() if element.tag in ("style", "metadata", "script", "image")]
    assert not [element for element in root.iter() if "style" in element.attrib]
    assert "http" not in svgs()[name]


def test_charts_share_no_ids_and_refer_to_none_that_are_missing() -> None:
    ids = Counter(re.findall(r'\bid="([^"]+)"', "".join(svgs().values())))
    assert set(ids.values()) == {1}
    assert set(re.findall(r'(?:href="|url\()#([\w-]+)', "".join(svgs().values()))) == ids.keys()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reliability", "at 50% confidence 40% of 20"),
        ("risk-coverage", "This run: 10% wrong at 25% answered, 20% wrong at 50% answered"),
        ("histograms", "Median 90% for 3 questions with an answer and 15% for 2 questions without"),
        ("reasons", "not retrieved: 12, error: 3"),
    ],
)
def test_a_chart_says_in_words_what_it_shows(name: str, words: str) -> None:
    root = parsed(svgs()[name])
    assert root.get("role") == "img"
    assert words in root.get("aria-label", "")


def test_groups_of_unlike_size_say_so() -> None:
    assert "● 19–20 questions" in texts(svgs()["reliability"])
    assert "● 20 questions" in texts(charts.reliability(BINS[:2]))


def test_a_baseline_is_drawn_and_named_only_where_there_is_one() -> None:
    assert {"This run", "Baseline"} <= set(texts(svgs()["risk-coverage"]))
    assert "Baseline" not in texts(charts.risk_coverage(CURVE))


def test_each_reason_has_its_count_the_first_on_top() -> None:
    height = {
        element.text: float(element.get("y", "nan")) for element in parsed(svgs()["reasons"]).iter("text")
    }
    assert height["not retrieved"] < height["error"]
    assert {"12", "3"} <= height.keys()


def test_text_with_dollars_is_no_formula() -> None:
    assert "$x^2$" in texts(charts.reasons({"$x^2$": 1}))


def test_nothing_to_draw_is_drawn_without_complaint() -> None:
    assert texts(charts.reasons({})) == []
    assert "Median" in charts.histograms([0.5], [])


def test_a_long_curve_stays_small() -> None:
    long = np.linspace(0, 1, 100_000)
    assert len(charts.risk_coverage((long, long / 2))) < 30_000


def test_dots_lie_over_their_confidence_on_their_side_without_touching() -> None:
    generator = np.random.default_rng(5)
    dots = [Dot(n, float(sure), bool(n % 3), bool(n % 2)) for n, sure in enumerate(generator.beta(5, 1, 600))]
    strip = charts.strip(dots)
    by_number = {dot.number: dot for dot in dots}
    assert {number for number, *_ in strip.places} == by_number.keys()
    for number, x, y, missed in strip.places:
        dot = by_number[number]
        assert abs(x / STRIP - dot.confidence) <= 0.025
        assert (y < 0) == dot.answerable
        assert missed == dot.missed
        assert -strip.above <= y - strip.radius
        assert y + strip.radius <= strip.below
    x, y = (np.array([place[at] for place in strip.places]) for at in (1, 2))
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    assert apart[~np.eye(len(x), dtype=bool)].min() >= 2 * strip.radius


def test_a_raw_score_beyond_0_and_1_is_drawn_at_the_end() -> None:
    strip = charts.strip([Dot(1, -7.5, True, False), Dot(2, 9.0, True, False)])
    (_, left, *_), (_, right, *_) = strip.places
    assert 0 <= left < 25
    assert STRIP - 25 < right <= STRIP


def test_missed_dots_lie_next_to_the_axis() -> None:
    strip = charts.strip([Dot(n, 0.99, True, n >= 6) for n in range(10)])
    nearest = sorted(strip.places, key=lambda place: -place[2])
    assert [missed for *_, missed in nearest[:4]] == [True] * 4


@pytest.mark.parametrize("count", [0, 1, 60, 6000])
def test_the_strip_stays_low_however_many_questions_are_alike(count: int) -> None:
    strip = charts.strip([Dot(n, 1.0, True, False) for n in range(count)])
    assert strip.above <= 250
    assert len({(x, y) for _, x, y, _ in strip.places}) == count
