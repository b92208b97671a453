"""The fit of a library's confidence on test queries, with scores whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from qa.asking.confidence import Confidence
from qa.errors import InputError
from qa.evaluation import fit
from qa.evaluation.schema import Judged, Query

SHIPPED = Confidence({"answers": 1.0}, 0.0, (0.7, 0.95), (0.5, 0.9))
SIGNALS = dict.fromkeys(
    ("best", "span", "relevance", "gap", "sentence", "sentence_gap", "retrieved", "coverage", "fits", "few"),
    0.0,
)


def judged(n: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> list[Judged]:
    """Questions that are answerable with the log odds `scale` × answers + `shift`."""
    rng = np.random.default_rng(seed)
    answers = rng.normal(size=n) * 2 - shift
    answerable = rng.random(n) < special.expit(scale * answers + shift)
    return [
        Judged(
            Query(str(number), "Who?", answerable=bool(known)),
            {"signals": {**SIGNALS, "answers": float(value)}},
            {},
        )
        for number, (value, known) in enumerate(zip(answers, answerable, strict=True))
    ]


def scaling(cases: list[Judged]) -> tuple[float, float]:
    log_odds = np.array([each.answer["signals"]["answers"] for each in cases])
    return fit.scaling(log_odds, np.array([each.query.answerable for each in cases]))


def test_many_questions_give_the_shift_and_the_stretch_that_made_them() -> None:
    scale, shift = scaling(judged(20_000, shift=2.0, scale=1.5))
    assert shift == pytest.approx(2.0, abs=0.15)
    assert scale == pytest.approx(1.5, abs=0.1)


def test_few_questions_move_it_less() -> None:
    (_, few), (_, many) = (scaling(judged(n, shift=3.0)) for n in (60, 6_000))
    assert 0 < few < many


def test_a_confidence_that_is_wrong_for_the_library_gains() -> None:
    found = fit.fit(judged(120, shift=3.0), SHIPPED, 0.7)
    assert found.gains
    assert found.brier.after < found.brier.before
    assert found.brier.difference.high < 0
    assert found.right.after > found.right.before


def test_a_confidence_that_is_right_already_gains_nothing() -> None:
    assert not fit.fit(judged(120), SHIPPED, 0.7).gains


def test_what_is_gained_is_measured_on_questions_that_were_left_out() -> None:
    cases = judged(120, shift=1.0)
    rng = np.random.default_rng(5)
    answerable = rng.permutation([each.query.answerable for each in cases])  # nothing is to be learnt
    log_odds = np.array([each.answer["signals"]["answers"] for each in cases])
    fitted = special.expit(np.polyval(fit.scaling(log_odds, answerable), log_odds))
    left_out = fit.left_out(log_odds, answerable)
    assert ((left_out - answerable) ** 2).mean() > ((fitted - answerable) ** 2).mean()


def test_the_outcomes_after_the_fit_are_those_that_the_fitted_confidence_gives() -> None:
    cases = judged(400, shift=2.0)
    found = fit.fit(cases, SHIPPED, 0.7)
    threshold = found.confidence.threshold(0.7)
    log_odds = np.array(
        [found.confidence.weights["answers"] * each.answer["signals"]["answers"] for each in cases]
    )
    given = special.expit(log_odds + found.confidence.intercept) >= threshold
    right = np.mean(given == [each.query.answerable for each in cases])
    assert found.right.after == pytest.approx(right, abs=0.01)


@pytest.mark.parametrize(("answerable", "not_answerable"), [(fit.LEAST - 1, 90), (90, fit.LEAST - 1), (0, 0)])
def test_too_few_of_a_kind_are_refused_with_how_many_are_needed(answerable: int, not_answerable: int) -> None:
    known = [True] * answerable + [False] * not_answerable + [None] * 50
    queries = [Query(str(number), "Who?", answerable=each) for number, each in enumerate(known)]
    needed = f"{answerable} with an answer .* {not_answerable} without; at least {fit.LEAST} of each"
    with pytest.raises(InputError, match=needed):
        fit.check_enough(queries)


def test_questions_for_which_nothing_was_read_or_of_which_nothing_is_known_do_not_count() -> None:
    cases = judged(60)
    unread = [Judged(each.query, {"signals": None}, {}) for each in cases]
    unknown = [Judged(Query(each.query.id, "Who?", answerable=None), each.answer, {}) for each in cases]
    assert fit.fit([*cases, *unread, *unknown], SHIPPED, 0.7).questions == 60
    with pytest.raises(InputError, match="too few"):
        fit.fit([*unread, *unknown], SHIPPED, 0.7)
