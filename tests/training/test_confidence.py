"""The fit of the confidence, on made-up groups whose truth is known."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from training import confidence
from training.confidence import (
    ANSWERABLE,
    CORPORA,
    NAMES,
    STRICTEST,
    TARGETS,
    Group,
    Model,
    choose,
    fit,
    floors,
    is_sensible,
    left_out,
    read,
    right_left_out,
    thresholds,
)

if TYPE_CHECKING:
    from pathlib import Path

TRUE = NAMES.index("answers")
BACKGROUND = NAMES.index("background")


def group(seed: int, n: int = 400, shift: float = 0.0) -> Group:
    """Questions that are answerable with the log odds of `answers` + shift; the other signals are noise."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(n, len(NAMES))) * 2
    answerable = rng.random(n) < 1 / (1 + np.exp(-(signals[:, TRUE] + shift)))
    return Group(f"group {seed}", signals, answerable)


def with_signal(of: Group, number: int, values: object) -> Group:
    signals = of.signals.copy()
    signals[:, number] = values
    return replace(of, signals=signals)


GROUPS = [group(seed) for seed in range(4)]


@pytest.mark.day
def test_the_signal_that_tells_is_chosen_and_noise_is_not() -> None:
    """Of a few hundred questions each, chance alone gives noise the hundredth that it has to be worth."""
    assert choose([group(seed, n=4_000) for seed in range(4)]) == (TRUE,)


@pytest.mark.day
def test_a_signal_that_was_not_measured_everywhere_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    number = NAMES.index("gap")
    telling = [with_signal(each, number, each.signals[:, TRUE] + each.answerable) for each in GROUPS]
    assert number in choose(telling)
    one = with_signal(telling[0], number, math.nan)
    assert number not in choose([one, *telling[1:]])
    assert "not tried: gap" in capsys.readouterr().out


def test_a_group_that_is_left_out_has_no_say_in_its_own_threshold() -> None:
    """Four groups agree on a threshold, and the scores of one are lower: its own threshold is not used."""
    answerable = np.arange(20) >= 10
    p = np.where(answerable, 0.8, 0.6)
    groups = [Group(name, np.zeros((20, len(NAMES))), answerable) for name in "abcde"]
    assert right_left_out(groups, [p] * 5) == pytest.approx(1.0)
    assert right_left_out(groups, [*[p] * 4, p - 0.5]) == pytest.approx((4 + 1 - ANSWERABLE) / 5)


def test_an_answer_with_the_wrong_quote_is_not_right() -> None:
    answerable, quoted = np.array([True, True, False]), np.array([True, False, False])
    group = Group("a", np.zeros((3, len(NAMES))), answerable, quoted)
    p = np.array([0.9, 0.8, 0.1])
    assert group.right(p, 0.5) == pytest.approx(ANSWERABLE / 2 + 1 - ANSWERABLE)
    assert group.right(p, 0.85) == pytest.approx(ANSWERABLE / 2 + 1 - ANSWERABLE)
    assert group.right(p, 0.0) == pytest.approx(ANSWERABLE / 2)
    assert group.precision(p, 0.5) == pytest.approx(0.5)
    assert group.precision(p, 0.85) == pytest.approx(1.0)
    assert np.array_equal(replace(group, quoted=None).good, answerable)


def test_more_of_a_signal_means_surer_but_of_a_background() -> None:
    for number, weight, sensible in ((TRUE, 1, True), (TRUE, -1, False), (BACKGROUND, -1, True)):
        assert is_sensible(Model((number,), np.array([float(weight)]), 0.0)) is sensible
    assert not is_sensible(Model((BACKGROUND,), np.array([1.0]), 0.0))


def test_the_weights_are_those_that_made_the_data() -> None:
    model = fit(GROUPS, (TRUE,))
    assert abs(model.weights[0] - 1) < 0.15
    # Half of these questions are answerable, and ANSWERABLE of a user's.
    assert abs(model.intercept - math.log(ANSWERABLE / (1 - ANSWERABLE))) < 0.15


def test_a_group_that_is_left_out_has_no_say_in_its_own_probabilities() -> None:
    lying = Group("lying", GROUPS[0].signals, ~GROUPS[0].answerable)
    honest = left_out(GROUPS, GROUPS[0], (TRUE,))
    assert np.array_equal(left_out([lying, *GROUPS[1:]], lying, (TRUE,)), honest)


def test_the_small_libraries_of_a_suite_are_left_out_with_it() -> None:
    lying = Group("one + two", GROUPS[0].signals, ~GROUPS[0].answerable)
    small = replace(lying, name="two~")
    assert not small.is_apart(lying)
    assert small.is_apart(replace(lying, name="twofold"))
    honest = fit(GROUPS[1:], (TRUE,)).probability(small.signals)
    assert np.array_equal(left_out([lying, small, *GROUPS[1:]], small, (TRUE,)), honest)


def test_a_group_counts_as_one_however_many_questions_it_has_of_either_kind() -> None:
    many = group(9, n=40_000, shift=3.0)
    few = Group("few", many.signals[:400], many.answerable[:400])
    answered = np.flatnonzero(many.answerable)[:4_000]
    rest = np.flatnonzero(~many.answerable)[:4_000]
    skewed = np.concatenate([answered, rest[:400]])
    skewed = Group("skewed", many.signals[skewed], many.answerable[skewed])
    fitted = [fit([*GROUPS, each], (TRUE,)).intercept for each in (many, few, skewed)]
    assert max(fitted) - min(fitted) < 0.2


def test_from_each_threshold_on_the_precision_is_what_was_aimed_at() -> None:
    groups = [group(seed, shift=shift) for seed, shift in ((5, -1.0), (6, 0.0), (7, 1.5))]
    held_out = [left_out(groups, each, (TRUE,)) for each in groups]
    found = thresholds(groups, held_out)
    assert found == sorted(found)
    for target, threshold in zip(TARGETS, found, strict=True):
        given = [(p >= threshold, each.answerable) for p, each in zip(held_out, groups, strict=True)]
        rightly = np.mean([shown[answerable].mean() for shown, answerable in given])
        wrongly = np.mean([shown[~answerable].mean() for shown, answerable in given])
        share = ANSWERABLE * rightly / (ANSWERABLE * rightly + (1 - ANSWERABLE) * wrongly)
        assert share >= target - 1e-9


def test_equal_probabilities_are_answered_together() -> None:
    each = Group("ties", np.zeros((4, len(NAMES))), np.array([True, True, False, False]))
    assert thresholds([each], [np.array([0.9, 0.5, 0.5, 0.1])])[TARGETS.index(STRICTEST)] == 0.9


def test_a_group_without_an_answer_has_no_wrong_ones() -> None:
    assert GROUPS[0].precision(np.zeros(400), 0.5) == 1.0


def test_a_further_corpus_keeps_the_floor_as_often_as_is_said() -> None:
    """Groups differ by a shift that the fit cannot know; nine in ten of them keep the floor."""
    rng = np.random.default_rng(0)
    drawn = [group(100 + i, n=150, shift=float(rng.normal())) for i in range(60)]
    model = fit(drawn[:20], (TRUE,))
    seen = [model.probability(each.signals) for each in drawn[:20]]
    curve = [0.3, 0.7]
    for threshold, floor in zip(curve, floors(drawn[:20], seen, curve), strict=True):
        kept = [each.precision(model.probability(each.signals), threshold) >= floor for each in drawn[20:]]
        assert np.mean(kept) >= CORPORA - 0.08
        below = [each.precision(p, threshold) < floor for each, p in zip(drawn, seen, strict=False)]
        assert np.mean(below) <= 1 - CORPORA


def test_a_precision_that_cannot_be_had_is_answered_by_silence() -> None:
    noise = [Group(each.name, each.signals, np.arange(len(each.answerable)) % 2 == 0) for each in GROUPS]
    held_out = [np.linspace(0, 1, len(each.answerable)) for each in noise]
    assert thresholds(noise, held_out)[TARGETS.index(STRICTEST)] == 1.0


def test_answers_are_read_with_what_was_not_measured_and_suites_of_one_corpus_together(
    tmp_path: Path,
) -> None:
    for name, text in (("one", "a"), ("two", "a"), ("three", "b"), ("one~1", "c"), ("one~2", "d")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "corpus.jsonl").write_text(json.dumps({"_id": "d", "text": text}) + "\n")
        queries = [{"_id": str(i), "text": "Who?", "answerable": i == 1} for i in range(3)]
        (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
        signals = dict.fromkeys(NAMES, 1.0) | {"background": None}
        lines = [{"id": str(i), "signals": signals if i else None} for i in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    groups = read(tmp_path, [tmp_path / name for name in ("one", "two", "three", "one~1", "one~2")])
    assert [(each.name, each.answerable.tolist()) for each in groups] == [
        ("one + two", [True, False, True, False]),
        ("three", [True, False]),
        ("one~", [True, False, True, False]),
    ]
    assert np.isnan(groups[0].signals[:, BACKGROUND]).all()
    assert confidence.NAMES[TRUE] == "answers"
