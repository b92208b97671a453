from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import InputError
from qa.evaluation.measures import (
    MEASURES,
    Bin,
    by_type,
    compare,
    confidence,
    is_found,
    judge,
    measure,
    normalise,
    reliability,
    risk_coverage,
)
from qa.evaluation.schema import Query, Suite

TEXTS = {
    "a": "Scrap is dear. Customs seized 40 tons in March. Nobody knows why.",
    "b": "Rail cars were opened. The mayor denied it, firmly.",
}


def quote(document, text):
    start = TEXTS[document].index(text)
    return {"document": document, "start": start, "end": start + len(text), "text": text}


def line(outcome="answered", confidence=0.5, quotes=(), passages=(), ms=100.0):
    return {
        "outcome": outcome,
        "confidence": confidence,
        "quotes": list(quotes),
        "passages": [{"document": each, "start": 0, "end": 1, "score": 0.0} for each in passages],
        "milliseconds": {"retrieve": 1, "total": ms},
    }


# A small case, reckoned by hand below: three answerable questions and two that are not.
QUERIES = (
    Query("how-much", "How much?", gold=("Customs seized 40 tons in March.",), answers=("40 tons", "forty")),
    Query(
        "both",
        "What was said?",
        gold=("Rail cars were opened.", "The mayor denied it, firmly."),
        all_needed=True,
    ),
    Query("lost", "Is it dear?", gold=("Scrap is dear.",), answers=("dear",)),
    Query("near", "How much in May?", answerable=False),
    Query("far", "Who?", answerable=False),
    Query("open", "Unknown?", answerable=None),
    Query("not asked", "Never?"),
)
QRELS = {
    "how-much": {"a": 1},
    "both": {"b": 2, "c": 1},
    "lost": {"a": 1, "b": 0},
    "near": {"a": 0},
}
SUITE = Suite("hand", QUERIES, QRELS)
ANSWERS = {
    "how-much": line(
        confidence=0.9,
        quotes=[quote("a", "Nobody knows why."), quote("a", "Customs seized 40 tons in March.")],
        passages=["a", "a", "b"],
        ms=200.0,
    ),
    # A part of the one gold sentence, the other whole: one of two that are needed.
    "both": line(
        confidence=0.6,
        quotes=[quote("b", "The mayor denied it"), quote("b", "Rail cars were opened.")],
        passages=["a", "b", "c"],
    ),
    "lost": line("none", 0.2, passages=[], ms=300.0),
    "near": line(confidence=0.7, quotes=[{**quote("a", "Scrap is dear."), "start": 3}], ms=400.0),
    "far": line("weak", 0.1, quotes=[quote("a", "Nobody knows why.")], ms=500.0),
    "open": line(confidence=1.0, quotes=[{**quote("b", "Rail cars"), "document": "gone"}], ms=600.0),
}


def judged(answers=ANSWERS, suite=SUITE):
    return judge(suite, answers, TEXTS.get)


def values(name):
    return {each.query.id: each.values[name] for each in judged() if name in each.values}


def test_only_what_was_asked_is_judged_in_the_suites_order():
    shuffled = dict(sorted(ANSWERS.items()))
    assert [each.query.id for each in judged(shuffled)] == ["how-much", "both", "lost", "near", "far", "open"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Success@1", {"how-much": 1, "both": 0, "lost": 0}),
        ("RR@10", {"how-much": 1, "both": 1 / 2, "lost": 0}),
        ("R@5", {"how-much": 1, "both": 1, "lost": 0}),
        (
            "nDCG@10",
            {
                "how-much": 1,
                "both": (2 / math.log2(3) + 1 / math.log2(4)) / (2 + 1 / math.log2(3)),
                "lost": 0,
            },
        ),
        ("hit@1", {"how-much": 0, "both": 1, "lost": 0}),
        ("hit@3", {"how-much": 1, "both": 1, "lost": 0}),
        # nobody knows why customs seized 40 tons in march | the mayor denied it rail cars were opened
        ("word_precision", {"how-much": 6 / 9, "both": 1, "lost": 0}),
        ("word_recall", {"how-much": 1, "both": 8 / 9, "lost": 0}),
        ("word_F1", {"how-much": 4 / 5, "both": 16 / 17, "lost": 0}),
        ("answer@3", {"how-much": 1, "lost": 0}),
        ("accuracy", {"how-much": 1, "both": 1, "lost": 0, "near": 0, "far": 1}),
        ("right", {"how-much": 1, "both": 0, "lost": 0, "near": 0, "far": 1}),
        ("verbatim", {"how-much": 1, "both": 1, "near": 0, "far": 1, "open": 0}),
        ("ms", {"how-much": 200, "both": 100, "lost": 300, "near": 400, "far": 500, "open": 600}),
    ],
)
def test_each_query_is_measured_as_by_hand(name, expected):
    assert values(name) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected", "n"),
    [
        ("hit@3", 2 / 3, 3),
        ("right", 2 / 5, 5),
        # .9+ .7- .6+ .2+ .1-: of six pairs, the near-miss wins two.
        ("AUROC", 4 / 6, 5),
        ("coverage@95", 1 / 3, 5),
        ("Brier", (0.1**2 + 0.7**2 + 0.4**2 + 0.8**2 + 0.1**2) / 5, 5),
        # Each query is a bin of its own.
        ("ECE", (0.1 + 0.7 + 0.4 + 0.8 + 0.1) / 5, 5),
        # Wrong from the second on: of "both" a part is missing, of "lost" all.
        ("AURC", (0 + 1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 5, 5),
        ("verbatim", 3 / 5, 5),
        ("p50_ms", 400, 6),
        ("p95_ms", 600, 6),
    ],
)
def test_all_queries_are_measured_as_by_hand(name, expected, n):
    estimate = measure(judged())[name]
    assert estimate.value == pytest.approx(expected)
    assert estimate.n == n
    assert estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize(
    ("facts", "share"),
    [
        ([{"field": "author", "value": "Ida Norr"}], 1),
        ([{"field": "author", "value": "Ida Noll"}], 0),
        ([], 0),
    ],
)
def test_a_fact_that_no_sentence_states_is_right_if_it_is_said(facts, share):
    query = Query("who", "Who wrote it?", facts={"sender": "Ida Norr"})
    [found] = judge(Suite("facts", (query,), {}), {"who": {**line("weak"), "facts": facts}}, TEXTS.get)
    assert found.values["right"] == share
    assert measure([found])["facts"].value == share


def test_measures_come_in_the_order_of_the_table_and_all_have_a_meaning():
    assert list(measure(judged())) == [name for name in MEASURES if name != "facts"]
    assert all(each.name == name and each.meaning.endswith(".") for name, each in MEASURES.items())
    assert {name for name, each in MEASURES.items() if not each.higher_is_better} == {
        "answered_wrongly",
        "AURC",
        "Brier",
        "ECE",
        "p50_ms",
        "p95_ms",
    }


def test_the_risk_coverage_curve_is_that_by_hand():
    share, risk = risk_coverage(judged())
    assert share.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3, 3 / 4, 4 / 5])


def test_the_reliability_diagram_rises_with_confidence():
    bins = reliability(judged(), bins=2)
    assert [(each.count, each.confidence, each.answerable) for each in bins] == [
        (2, pytest.approx(0.15), 1 / 2),
        (3, pytest.approx((0.9 + 0.7 + 0.6) / 3), pytest.approx(2 / 3)),
    ]
    assert all(isinstance(each, Bin) and 0 <= each.low < each.answerable < each.high <= 1 for each in bins)


def test_nothing_is_drawn_of_queries_that_say_nothing():
    unknown = judged({"open": ANSWERS["open"]})
    assert reliability(unknown) == ()
    assert [len(part) for part in risk_coverage(unknown)] == [0, 0]
    assert set(measure(unknown)) == {"verbatim", "p50_ms", "p95_ms"}
    assert measure(()) == {}


def test_an_error_counts_as_no_answer_and_not_as_fast():
    error = line("error", 0.9, ms=0.0)
    (each,) = judged({"lost": error})
    assert confidence(each.answer) == 0
    assert each.values["accuracy"] == each.values["right"] == each.values["hit@3"] == 0
    assert "ms" not in each.values
    (each,) = judged({"far": error})
    assert each.values["accuracy"] == 1


def test_another_systems_ranking_is_measured_alone():
    run = {query: {"id": query, "passages": answer["passages"]} for query, answer in ANSWERS.items()}
    assert list(measure(judged(run))) == ["nDCG@10", "RR@10", "R@5", "R@20", "Success@1"]


@pytest.mark.parametrize("name", ["with \0 in it", "half \ud800", "", " ", "q" * 10_000, "0", "é\n"])
def test_any_id_is_measured(name):
    suite = Suite("ids", (Query(name, "?"),), {name: {name: 1, "other": 2}})
    (each,) = judged({name: line(passages=["third", name])}, suite)
    assert (each.values["RR@10"], each.values["R@5"]) == (1 / 2, 1 / 2)


def test_answers_without_passages_have_no_ranking_measured():
    answers = {query: {**answer, "passages": None} for query, answer in ANSWERS.items()}
    assert next(iter(measure(judged(answers)))) == "hit@1"


def test_a_suite_without_unanswerable_questions_measures_no_abstention():
    answerable = {query: ANSWERS[query] for query in ("how-much", "both", "lost")}
    assert not {"AUROC", "coverage@95", "Brier", "ECE"} & set(measure(judged(answerable)))
    assert "AURC" in measure(judged(answerable))


def test_a_suite_without_gold_sentences_measures_no_quotes():
    bare = Suite("bare", tuple(replace(query, gold=(), answers=()) for query in QUERIES), QRELS)
    found = set(measure(judged(suite=bare)))
    assert not {"hit@1", "hit@3", "word_F1", "answer@3", "right"} & found
    assert {"AUROC", "AURC", "accuracy", "nDCG@10"} <= found
    answerable = {query: ANSWERS[query] for query in ("how-much", "both", "lost")}
    assert "AURC" not in measure(judged(answerable, bare))


def test_a_hit_may_hold_the_gold_or_lie_in_it_but_to_be_right_it_must_hold_it():
    part = {"how-much": line(quotes=[quote("a", "seized 40 tons")])}
    more = {"how-much": line(quotes=[quote("a", TEXTS["a"])])}
    assert [judged(part)[0].values[name] for name in ("hit@1", "right")] == [1, 0]
    assert [judged(more)[0].values[name] for name in ("hit@1", "right")] == [1, 1]


def test_a_gold_sentence_in_the_fourth_quote_is_no_hit():
    quotes = [quote("a", "Nobody knows why.")] * 3 + [quote("a", "Customs seized 40 tons in March.")]
    (each,) = judged({"how-much": line(quotes=quotes)})
    assert each.values["hit@3"] == each.values["right"] == each.values["answer@3"] == 0
    assert each.values["word_recall"] == 1


def test_of_several_parts_the_first_four_quotes_hold_gold_of_each_that_has_any():
    parts = (("Customs seized 40 tons in March.", "Nobody knows why."), ("Scrap is dear.",), ())
    asked = Query("q", "?", gold=("Scrap is dear.",), parts=parts)
    other = quote("b", TEXTS["b"])
    first, second = quote("a", "Nobody knows why."), quote("a", "Scrap is dear.")
    assert is_found(asked, line(quotes=[first, other, other, second]))
    assert not is_found(asked, line(quotes=[first, other, other, other, second]))
    assert not is_found(asked, line(quotes=[second, other]))


def test_each_type_of_question_is_measured_by_itself():
    types = {"how-much": "row", "both": "two", "lost": "row", "near": "two"}
    typed = tuple(replace(query, type=types.get(query.id, "")) for query in QUERIES)
    found = by_type(judged(suite=Suite("hand", typed, QRELS)))
    assert list(found) == ["row", "two"]
    assert found["row"]["gold@3"].value == 1 / 2
    assert found["two"]["answered_wrongly"].n == 1
    assert by_type(judged()) == {}


def test_a_quote_without_a_letter_hits_nothing_and_gold_without_one_is_not_found():
    quotes = [{"document": "a", "start": 13, "end": 14, "text": "."}, quote("a", "Scrap is dear.")]
    (each,) = judged({"lost": line(quotes=quotes)})
    assert (each.values["hit@1"], each.values["hit@3"]) == (0, 1)
    assert not is_found(Query("q", "?", gold=("…",), all_needed=True), line(quotes=quotes))


def test_case_punctuation_and_white_space_do_not_count():
    assert normalise("Rail  cars,\nwere OPENED .") == normalise("rail cars were opened")


def test_a_quote_of_another_document_than_the_named_one_is_not_right():
    named = replace(QUERIES[2], document="b")
    answer = line(quotes=[quote("a", "Scrap is dear.")])
    assert not is_found(named, answer)
    assert is_found(replace(named, document="a"), answer)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"quotes": [{**quote("a", "dear"), "text": None}]}, "quotes.0.text"),
        ({"quotes": [{**quote("a", "dear"), "start": "13"}]}, "quotes.0.start"),
        ({"quotes": [{**quote("a", "dear"), "end": -1}]}, "quotes.0.end"),
        ({"quotes": [{**quote("a", "dear"), "end": 10**30}]}, "quotes.0.end"),
        ({"quotes": [{**quote("a", "dear"), "citation": {"title": 5}}]}, "quotes.0.citation.title"),
        ({"quotes": ["x"]}, "quotes.0"),
        ({"quotes": True}, "quotes"),
        ({"passages": ["a"]}, "passages.0"),
        ({"passages": [{"document": 5}]}, "passages.0.document"),
        ({"passages": [{"document": "a", "start": None}]}, "passages.0.start"),
        ({"outcome": "Answered"}, "outcome"),
        ({"confidence": "high"}, "confidence"),
        ({"confidence": math.nan}, "confidence"),
        ({"confidence": 10**400}, "confidence"),
        ({"milliseconds": {"total": "1 s"}}, "milliseconds.total"),
        ({"milliseconds": 5}, "milliseconds"),
        ({"error": "locked"}, "error"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_by_name(field, said):
    with pytest.raises(InputError, match=f"the answer to 'lost' cannot be scored: {said}: "):
        judged({"lost": {**line(), **field}})


def test_a_perfect_system_has_perfect_measures_and_intervals_that_do_not_boast():
    perfect = {
        "how-much": line(
            confidence=1.0, quotes=[quote("a", "Customs seized 40 tons in March.")], passages=["a"]
        ),
        "both": line(confidence=1.0, quotes=[quote("b", TEXTS["b"])], passages=["b", "c"]),
        "lost": line(confidence=1.0, quotes=[quote("a", "Scrap is dear.")], passages=["a"]),
        "near": line("none", 0.0),
        "far": line("weak", 0.0),
    }
    for name, estimate in measure(judged(perfect)).items():
        if MEASURES[name].unit == "share" and name != "AURC":
            assert estimate.value == float(MEASURES[name].higher_is_better), name
            assert estimate.high - estimate.low > 0.3, name
    # Even it is wrong where it answers everything: its risk is 0 down to the last threshold, then 2/5.
    assert measure(judged(perfect))["AURC"].value == pytest.approx(2 / 5 * 2 / 5)


def test_one_query_has_an_interval():
    for estimate in measure(judged({"lost": ANSWERS["lost"]})).values():
        assert math.isfinite(estimate.low)
        assert estimate.low <= estimate.value <= estimate.high


def test_the_interval_of_the_calibration_error_reaches_down_to_that_of_a_calibrated_system():
    generator = random.Random(2)
    sure = [generator.random() for _ in range(400)]
    queries = tuple(Query(f"q{i}", "?", answerable=generator.random() < each) for i, each in enumerate(sure))
    answers = {query.id: line(confidence=each) for query, each in zip(queries, sure, strict=True)}
    estimate = measure(judge(Suite("calibrated", queries), answers, {}.get))["ECE"]
    assert estimate.low < estimate.value / 2


def test_the_interval_of_the_calibration_error_ends_at_one():
    sure = {"how-much": 0.0, "not asked": 0.0, "lost": 0.9, "near": 0.9, "far": 0.9}
    estimate = measure(judged({query: line(confidence=each) for query, each in sure.items()}))["ECE"]
    assert estimate.high == 1


lines = st.builds(
    line,
    st.sampled_from(["answered", "weak", "none", "error"]),
    st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.9, 1.0]),
    st.lists(
        st.sampled_from([quote("a", "Scrap is dear."), quote("a", "40 tons"), quote("b", TEXTS["b"])]),
        max_size=4,
    ),
    st.lists(st.sampled_from("abcd"), max_size=6),
    st.floats(0, 5000),
)
runs = st.fixed_dictionaries({}, optional={query.id: lines for query in QUERIES})


@settings(max_examples=40, deadline=None)
@given(runs)
def test_whatever_is_answered_the_figures_keep_to_their_bounds(answers):
    found = judged(answers)
    for name, estimate in measure(found, resamples=30).items():
        assert 0 <= estimate.low <= estimate.value <= estimate.high, name
        assert estimate.high <= (1 if MEASURES[name].unit == "share" else 5000), name
    verbatim = [each.values["verbatim"] for each in found if "verbatim" in each.values]
    assert verbatim == [1] * len(verbatim)  # as all these quotes are


@settings(max_examples=20, deadline=None)
@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_queries_changes_no_figure(answers, generator):
    found = list(judged(answers))
    before = {name: estimate.value for name, estimate in measure(found, resamples=2).items()}
    generator.shuffle(found)
    after = {name: estimate.value for name, estimate in measure(found, resamples=2).items()}
    assert after == pytest.approx(before)


@settings(max_examples=20, deadline=None)
@given(runs, runs)
def test_a_difference_is_one_of_figures_and_turns_its_sign_with_the_systems(ours, theirs):
    common = ours.keys() & theirs.keys()
    ours, theirs = ({query: run[query] for query in common} for run in (ours, theirs))
    first, second = judged(ours), judged(theirs)
    there, back = compare(first, second, resamples=30), compare(second, first, resamples=30)
    one, other = measure(first, resamples=2), measure(second, resamples=2)
    assert there.keys() <= one.keys() & other.keys()
    for name, difference in there.items():
        if one[name].n == other[name].n == difference.n:
            assert difference.value == pytest.approx(one[name].value - other[name].value), name
        assert back[name].value == pytest.approx(-difference.value)
        assert back[name].p == pytest.approx(difference.p)
        assert difference.low <= difference.value <= difference.high
        assert 0 < difference.p <= 1


def test_a_system_does_not_differ_from_itself():
    for difference in compare(judged(), judged()).values():
        assert (difference.value, difference.low, difference.high, difference.p) == (0, 0, 0, 1)


def many(confident, quoted):
    """Answers to 60 questions, every other one answerable, with that confidence and that quote."""
    queries = tuple(
        Query(f"q{i}", "?", answerable=i % 2 == 0, gold=("Scrap is dear.",) if i % 2 == 0 else ())
        for i in range(60)
    )
    answers = {
        query.id: line(
            confidence=confident(i, query.answerable), quotes=[quote("a", quoted)] if query.answerable else []
        )
        for i, query in enumerate(queries)
    }
    return judge(Suite("many", queries), answers, TEXTS.get)


def test_a_better_system_is_found_better():
    good = many(lambda i, answerable: 0.5 + 0.4 * answerable + i / 1000, "Scrap is dear.")
    bad = many(lambda i, answerable: (i * 37 % 60) / 60, "Nobody knows why.")
    differences = compare(good, bad)
    for name in ("hit@1", "right", "AUROC", "coverage@95"):
        assert differences[name].low > 0, name
        assert differences[name].p < 0.01, name
    assert differences["AURC"].high < 0
    assert differences["accuracy"].p == 1


def test_systems_that_order_alike_differ_in_calibration_only():
    sure = many(lambda i, answerable: 0.9 + (i * 37 % 60) / 1000, "Scrap is dear.")
    shy = many(lambda i, answerable: 0.45 + (i * 37 % 60) / 1000, "Scrap is dear.")
    differences = compare(sure, shy)
    for name in ("AUROC", "coverage@95", "AURC"):
        assert (differences[name].value, differences[name].p) == (0, 1), name
    assert differences["Brier"].low > 0
    assert differences["Brier"].p < 0.02


def test_only_queries_that_both_answered_are_compared():
    fewer = {query: ANSWERS[query] for query in ("how-much", "far")}
    assert compare(judged(), judged(fewer))["accuracy"].n == 2
    assert compare(judged(), ()) == {}


def test_the_same_seed_gives_the_same_intervals():
    assert measure(judged(), seed=3) == measure(judged(), seed=3)
    assert compare(judged(), judged(), seed=3) == compare(judged(), judged(), seed=3)
