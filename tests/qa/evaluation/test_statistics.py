from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from qa.evaluation.statistics import (
    LEVEL,
    area_under_risk,
    auroc,
    bootstrap,
    calibration_bins,
    calibration_error,
    coverage,
    mean,
    quantile,
    randomisation,
    risk_coverage,
    wilson,
)

# Few distinct scores, so that ties are common.
scored = st.lists(
    st.tuples(st.sampled_from([0, 0.1, 0.25, 0.5, 0.7, 1]), st.booleans()), min_size=2, max_size=40
)
CURVES = [auroc, lambda scores, flags: coverage(scores, flags, 0.75), area_under_risk, calibration_error]


def of(statistic, counts=None, n=None):
    weights = np.ones(n) if counts is None else np.asarray(counts, dtype=np.float64)
    (value,) = statistic(weights[:, None])
    return value


def columns(cases):
    scores, flags = zip(*cases, strict=True)
    assume(len(set(flags)) == 2)
    return np.array(scores), np.array(flags)


@given(scored)
def test_auroc_is_that_of_scikit_learn_and_reversed_scores_reverse_it(cases):
    scores, flags = columns(cases)
    value = of(auroc(scores, flags), n=len(scores))
    assert value == pytest.approx(roc_auc_score(flags, scores))
    assert of(auroc(-scores, flags), n=len(scores)) == pytest.approx(1 - value)


@given(scored, st.data())
def test_a_case_that_counts_twice_is_two_cases(cases, data):
    scores, flags = columns(cases)
    counts = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(cases), max_size=len(cases))))
    assume(len(set(np.repeat(flags, counts))) == 2)
    for make in CURVES:
        again = make(np.repeat(scores, counts), np.repeat(flags, counts))
        assert of(make(scores, flags), counts) == pytest.approx(of(again, n=counts.sum()))
    for make in (mean, lambda values: quantile(values, 0.95)):
        assert of(make(scores), counts) == pytest.approx(of(make(np.repeat(scores, counts)), n=counts.sum()))


@given(scored, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_changes_nothing(cases, random):
    scores, flags = columns(cases)
    shuffled = list(zip(scores, flags, strict=True))
    random.shuffle(shuffled)
    for make in CURVES:
        value = of(make(scores, flags), n=len(scores))
        assert of(make(*columns(shuffled)), n=len(scores)) == pytest.approx(value)
        assert 0 <= value <= 1


def test_coverage_counts_equal_scores_together():
    # By falling score: two right; then three of equal score, one of them wrong: 4 of 5 are right.
    scores, flags = [0.9, 0.8, 0.5, 0.5, 0.5, 0.1], [1, 1, 1, 0, 1, 0]
    assert of(coverage(scores, flags, 0.95), n=6) == 2 / 4
    assert of(coverage(scores, flags, 0.80), n=6) == 1
    assert of(coverage([0.9, 0.1], [0, 1], 0.95), n=2) == 0


def test_coverage_reaches_a_precision_that_is_met_exactly():
    for wrong in range(1, 40):
        n = 20 * wrong
        flags = np.arange(n) >= wrong
        assert of(coverage(np.zeros(n), flags, 0.95), n=n) == 1


def test_the_area_under_risk_is_that_by_hand():
    # Risk at the thresholds: 0/1, 1/2, then twice 2/4 where the last two pass together.
    scores, wrong = [0.9, 0.8, 0.4, 0.4], [0, 1, 0, 1]
    assert of(area_under_risk(scores, wrong), n=4) == pytest.approx((0 + 1 / 2 + 2 / 4 + 2 / 4) / 4)
    share, risk = risk_coverage(scores, wrong)
    assert share.tolist() == [0.25, 0.5, 1]
    assert risk.tolist() == [0, 0.5, 0.5]


def test_the_calibration_error_is_that_of_bins_of_equal_count():
    generator = np.random.default_rng(3)
    for n in (7, 10, 64, 137):
        scores = generator.permutation(n) / n  # no ties
        flags = generator.random(n) < scores**2
        order = np.argsort(-scores)
        parts = [part for part in np.array_split(order, 10) if len(part)]
        by_hand = sum(len(part) * abs(scores[part].mean() - flags[part].mean()) for part in parts) / n
        assert of(calibration_error(scores, flags), n=n) == pytest.approx(by_hand)
        score, share, count = calibration_bins(scores, flags)
        assert score == pytest.approx([scores[part].mean() for part in parts])
        assert share == pytest.approx([flags[part].mean() for part in parts])
        assert count.tolist() == [len(part) for part in parts]


def test_equal_scores_in_two_bins_share_their_positives():
    # All ten bins hold the score .5, whatever the order in which the ten positives and negatives come.
    flags = [True] * 10 + [False] * 10
    assert of(calibration_error([0.5] * 20, flags), n=20) == pytest.approx(0)
    assert of(calibration_error([0.8] * 20, flags), n=20) == pytest.approx(0.3)


def test_quantiles_are_the_values_at_their_places():
    values = [30, 10, 20, 40]
    assert of(quantile(values, 0.5), n=4) == 30
    assert of(quantile(values, 0.95), n=4) == 40
    assert of(quantile(values, 0), n=4) == 10
    assert of(quantile(range(100), 0.95), n=100) == 95


def test_wilsons_interval_is_that_of_scipy():
    for right, n in ((0, 1), (1, 1), (35, 35), (7, 20)):
        interval = stats.binomtest(right, n).proportion_ci(method="wilson")
        assert wilson(right / n, n) == pytest.approx((interval.low, interval.high))


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(1).normal(5, 2, 400)
    (value,), (low,), (high,) = bootstrap([mean(values)], [0] * 400, resamples=4000)
    assert value == pytest.approx(values.mean())
    error = stats.sem(values)
    assert (low, high) == pytest.approx((value - 1.96 * error, value + 1.96 * error), abs=0.15 * error)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    generator = np.random.default_rng(5)
    held = 0
    for seed in range(200):
        _, (low,), (high,) = bootstrap([mean(generator.random(60) < 0.3)], [0] * 60, seed, resamples=200)
        held += low <= 0.3 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_resamples_are_the_same_for_the_same_seed_only():
    values = np.random.default_rng(2).random(50)
    ends = [bootstrap([mean(values)], [0] * 50, seed)[1:] for seed in (1, 1, 2)]
    assert ends[0] == ends[1]
    assert ends[0] != ends[2]


def test_resamples_keep_the_size_of_each_class():
    flags = np.array([1] * 5 + [0] * 95)
    value, low, high = bootstrap([mean(flags), auroc(np.arange(100), flags)], flags)
    assert low[0] == high[0] == value[0] == pytest.approx(0.05)
    assert value[1] == 0


@pytest.mark.parametrize("flags", [[1, 0], [1, 0, 0], [1, 1, 1, 0]])
def test_a_class_of_one_case_leaves_an_interval(flags):
    made = [auroc(range(len(flags)), flags), coverage(range(len(flags)), flags, 0.95)]
    for numbers in bootstrap(made, flags):
        assert np.isfinite(numbers).all()


def test_batches_do_not_change_a_statistic():
    values = np.random.default_rng(2).random(50)
    made = [mean(values), auroc(values, values > 0.3)]
    one_by_one, together = (
        bootstrap(made, [0] * 50, resamples=50, batch_cells=cells) for cells in (1, 10**6)
    )
    for first, second in zip(one_by_one, together, strict=True):
        assert first == pytest.approx(second)


def test_few_pairs_are_swapped_in_every_way():
    # Five differences of one sign: of 32 ways, this one and its mirror image are as extreme.
    ours, theirs = [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]
    (value,), (low,), (high,), (p,) = randomisation([mean(ours + theirs)], 5)
    assert p == pytest.approx(2 / 32)
    assert (value, low, high) == (1, 0, 2)


def test_p_is_that_of_a_signed_rank_test_nearly():
    generator = np.random.default_rng(8)
    ours = generator.normal(0.15, 1, 200)
    (value,), (low,), (high,), (p,) = randomisation(
        [mean(np.append(ours, np.zeros(200)))], 200, resamples=4000
    )
    test = stats.ttest_1samp(ours, 0)
    assert p == pytest.approx(test.pvalue, abs=0.02)
    assert (low, high) == pytest.approx(tuple(test.confidence_interval()), abs=0.02)
    assert value == pytest.approx(ours.mean())


def test_two_like_systems_do_not_differ():
    scores, flags = np.random.default_rng(4).random((2, 30))
    flags = flags > 0.5
    made = [make(np.tile(scores, 2), np.tile(flags, 2)) for make in CURVES]
    assert [numbers.tolist() for numbers in randomisation(made, 30)] == [
        [number] * len(made) for number in (0, 0, 0, 1)
    ]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(0, 5))
def test_p_is_a_probability(n, seed):
    values = np.random.default_rng(seed).random(2 * n)
    (value,), (low,), (high,), (p,) = randomisation([mean(values)], n, resamples=50)
    assert 0 < p <= 1
    assert low <= value <= high


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000), st.sampled_from([0.02, 0.1, 0.5]), st.booleans())
def test_an_interval_excludes_0_exactly_where_the_difference_is_significant(n, seed, share, of_shares):
    generator = np.random.default_rng(seed)
    flags = generator.random(2 * n) < np.repeat([share, 1 - share], n)
    ours = flags if of_shares else generator.normal(np.repeat([share, 0], n), 0.5)
    made = [mean(ours)]
    if 0 < flags[:n].sum() < n and 0 < flags[n:].sum() < n:
        made.append(coverage(generator.random(2 * n), np.tile(flags[:n], 2), 0.5))
    for value, low, high, p in zip(*randomisation(made, n, seed, resamples=200), strict=True):
        assert (low > 0 or high < 0) == (p < LEVEL)
        assert low <= value <= high


def test_four_of_a_hundred_that_turned_are_no_proof():
    ours, theirs = np.zeros(100), np.zeros(100)
    ours[:4] = 1  # of the 16 ways in which these may have turned, 2 are as extreme
    (value,), (low,), (high,), (p,) = randomisation([mean(np.append(ours, theirs))], 100, resamples=4000)
    assert p == pytest.approx(2 / 16, abs=0.02)
    assert (value, low, high) == pytest.approx((0.04, 0, 0.08))


def test_intervals_of_a_difference_hold_it_about_as_often_as_they_say():
    generator = np.random.default_rng(9)
    held = 0
    for seed in range(200):
        pairs = np.append(generator.random(60) < 0.6, generator.random(60) < 0.4)
        _, (low,), (high,), _ = randomisation([mean(pairs)], 60, seed, resamples=200)
        held += low <= 0.2 <= high
    assert 0.9 <= held / 200 <= 0.99


def test_chance_differences_are_found_significant_as_rarely_as_they_should_be():
    generator = np.random.default_rng(6)
    found = 0
    for seed in range(150):
        flags = generator.random(60) < 0.5
        scores = generator.normal(np.tile(flags, 2), 1)
        *_, (p,) = randomisation([auroc(scores, np.tile(flags, 2))], 60, seed, resamples=200)
        found += p < 0.05
    assert found / 150 < 0.1
