"""The fit of the confidence, on made-up groups whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from training.confidence import NAMES, STRICTEST, TARGETS, Group, choose, fit, left_out, thresholds

TRUE = NAMES.index("answers")


def group(seed: int, n: int = 400, shift: float = 0.0) -> Group:
    """Questions that are answerable with the log odds of `answers` + shift; the other signals are noise."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(n, len(NAMES))) * 2
    answerable = rng.random(n) < 1 / (1 + np.exp(-(signals[:, TRUE] + shift)))
    return Group(f"group {seed}", signals, answerable)


GROUPS = [group(seed) for seed in range(4)]


@pytest.mark.day
def test_the_signal_that_tells_is_chosen_and_noise_is_not() -> None:
    assert choose(GROUPS) == (TRUE,)


@pytest.mark.day
def test_a_signal_that_only_helps_turned_round_is_not_chosen() -> None:
    against = NAMES.index("coverage")
    turned = []
    for each in GROUPS[:2]:
        signals = each.signals.copy()
        signals[:, against] = -signals[:, TRUE]
        signals[:, TRUE] += signals[:, NAMES.index("gap")]
        turned.append(Group(each.name, signals, each.answerable))
    assert (fit(turned, (against,)).weights < 0).all()
    assert against not in choose(turned)


def test_the_weights_are_those_that_made_the_data() -> None:
    model = fit(GROUPS, (TRUE,))
    assert abs(model.weights[0] - 1) < 0.15
    assert abs(model.intercept) < 0.15


def test_a_group_that_is_left_out_has_no_say_in_its_own_probabilities() -> None:
    lying = Group("lying", GROUPS[0].signals, ~GROUPS[0].answerable)
    honest = left_out(GROUPS, GROUPS[0], (TRUE,))
    assert np.array_equal(left_out([lying, *GROUPS[1:]], lying, (TRUE,)), honest)


def test_a_group_counts_as_one_however_many_questions_it_has() -> None:
    many = group(9, n=40_000, shift=3.0)
    few = group(9, n=40_000, shift=3.0)
    few = Group("few", few.signals[:400], few.answerable[:400])
    with_many, with_few = (fit([*GROUPS, each], (TRUE,)).intercept for each in (many, few))
    assert abs(with_many - with_few) < 0.2


def test_from_each_threshold_on_the_precision_is_what_was_aimed_at_if_seven_in_ten_are_answerable() -> None:
    groups = [group(seed, shift=shift) for seed, shift in ((5, -1.0), (6, 0.0), (7, 1.5))]
    held_out = [left_out(groups, each, (TRUE,)) for each in groups]
    found = thresholds(groups, held_out)
    assert found == sorted(found)
    for target, threshold in zip(TARGETS, found, strict=True):
        given = [(p >= threshold, each.answerable) for p, each in zip(held_out, groups, strict=True)]
        rightly = np.mean([shown[answerable].mean() for shown, answerable in given])
        wrongly = np.mean([shown[~answerable].mean() for shown, answerable in given])
        assert 0.7 * rightly / (0.7 * rightly + 0.3 * wrongly) >= target - 1e-9


def test_a_precision_that_cannot_be_had_is_answered_by_silence() -> None:
    noise = [Group(each.name, each.signals, np.arange(len(each.answerable)) % 2 == 0) for each in GROUPS]
    held_out = [np.linspace(0, 1, len(each.answerable)) for each in noise]
    assert thresholds(noise, held_out)[TARGETS.index(STRICTEST)] == 1.0
