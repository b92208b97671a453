"""Measure each answer, and all answers together, with intervals. `MEASURES` says what each measure means.

Words and sentences are compared without regard to case, white space and punctuation. If a suite does not say
whether the documents answer a query, only the ranking, the quotes' fidelity and the time are measured.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import ir_measures
import numpy as np
from scipy import stats

from qa.evaluation import lines, statistics
from qa.evaluation.schema import Difference, Estimate, Judged
from qa.evaluation.trec import ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qa.evaluation.schema import AnswerLine, Query, Suite
    from qa.evaluation.statistics import Floats, Statistic

    TextOf = Callable[[str], str | None]
    # Returns what a statistic needs of a query, one number per column, or None if the measure does not apply.
    Columns = Callable[[Judged], tuple[float, ...] | None]

# The measures that are also shown for each type of question.
BY_TYPE = ("gold@3", "right", "answered_wrongly")
RANKING = tuple(map(ir_measures.parse_measure, ("nDCG@10", "RR@10", "R@5", "R@20", "Success@1")))


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, and how it is computed.

    Attributes:
        name: the measure's name.
        meaning: what the measure means, in one sentence.
        columns: returns what the statistic needs of a query.
        statistic: makes the statistic from these columns.
        unit: "share" is from 0 to 1.
        higher_is_better: whether a higher value is better.
        allowed: returns whether the measure makes sense for the given queries.
        reflected: whether the interval is reflected about the value (see `measure`).
        by_rank: whether confidences are compared by their ranks (see `compare`).
    """

    name: str
    meaning: str
    columns: Columns
    statistic: Callable[..., Statistic] = statistics.mean
    unit: Literal["share", "ms"] = "share"
    higher_is_better: bool = True
    allowed: Callable[[Sequence[Query]], bool] = bool
    reflected: bool = False
    by_rank: bool = False


@dataclass(frozen=True, slots=True)
class Bin:
    """A point of the reliability diagram: queries of similar confidence.

    Attributes:
        confidence: the queries' mean confidence.
        answerable: the share of the queries that is answerable.
        count: the number of queries.
        low: the lower end of the share's 95 % interval (Wilson).
        high: the upper end of the interval.
    """

    confidence: float
    answerable: float
    count: int
    low: float
    high: float


def judge(suite: Suite, answers: Mapping[str, AnswerLine], text_of: TextOf) -> tuple[Judged, ...]:
    """Measure each query that has an answer line, in the suite's order.

    `answers` has the answer lines by query id. If a line lacks a field, the measures that need the field are
    left out. `text_of` returns a document's text by the document's id, or None if there is no such document.

    Raises:
        InputError: an answer line has a field that makes no sense; the message names query and field.
    """
    asked = [query for query in suite.queries if query.id in answers]
    for query in asked:
        lines.check(query.id, answers[query.id])
    ranked = _ranking_values({query.id: answers[query.id] for query in asked}, suite.qrels)
    return tuple(
        Judged(
            query,
            answers[query.id],
            {**ranked.get(query.id, {}), **_values(query, answers[query.id], text_of)},
        )
        for query in asked
    )


def measure(
    judged: Sequence[Judged], seed: int = 0, resamples: int = statistics.RESAMPLES
) -> dict[str, Estimate]:
    """Return each measure that the queries and answers allow, by name, in the order of `MEASURES`.

    The intervals are bootstrap percentiles over queries. The calibration error (ECE) is biased upwards: a
    resample's error exceeds the sample's about as much as the sample's exceeds the true error. Its
    percentiles would miss the true error, so they are reflected about the value (`reflected`, the basic
    bootstrap). If all resamples are equal, a share has Wilson's interval: 35 of 35 do not prove 100 %.
    """
    estimates: dict[str, Estimate] = {}
    for rows, measures in _together([judged]):
        cases = [judged[row] for row in rows]
        computed = [metric.statistic(*_columns(metric, cases)) for metric in measures]
        strata = [str(case.query.answerable) for case in cases]
        ends = statistics.bootstrap(computed, strata, seed, resamples)
        for metric, value, low, high in zip(measures, *map(np.ndarray.tolist, ends), strict=True):
            if metric.reflected:
                low, high = max(0.0, 2 * value - high), min(1.0, 2 * value - low)
            if low == high and metric.unit == "share":
                low, high = statistics.wilson(value, len(cases))
            estimates[metric.name] = Estimate(value, min(low, value), max(high, value), len(cases))
    return {name: estimates[name] for name in MEASURES if name in estimates}


def by_type(judged: Sequence[Judged]) -> dict[str, dict[str, Estimate]]:
    """Return the measures of BY_TYPE for each type of question, or {} with fewer than two types."""
    types = dict.fromkeys(case.query.type for case in judged if case.query.type)
    estimates: dict[str, dict[str, Estimate]] = {}
    for name in types if len(types) > 1 else ():
        measures = measure([case for case in judged if case.query.type == name])
        estimates[name] = {key: measures[key] for key in BY_TYPE if key in measures}
    return estimates


def compare(
    judged: Sequence[Judged],
    baseline: Sequence[Judged],
    seed: int = 0,
    resamples: int = statistics.RESAMPLES,
) -> dict[str, Difference]:
    """Return each measure minus the baseline's, over the queries where both have it, in order of `MEASURES`.

    Interval and p come from one randomisation test, which swaps the two outputs of a pair. The confidences of
    two systems may differ in scale. Measures that depend only on the confidences' order (`by_rank`) therefore
    swap ranks, as in Venkatraman and Begg, "A distribution-free procedure for comparing receiver operating
    characteristic curves from a paired experiment" (1996).
    """
    others = {case.query.id: case for case in baseline}
    pairs = [(case, others[case.query.id]) for case in judged if case.query.id in others]
    ours, theirs = [run for run, _ in pairs], [base for _, base in pairs]
    differences: dict[str, Difference] = {}
    for rows, measures in _together([ours, theirs]):
        systems = [[system[row] for row in rows] for system in (ours, theirs)]
        computed = [
            metric.statistic(*np.hstack([_ranked(metric, system) for system in systems]))
            for metric in measures
        ]
        tested = statistics.randomisation(computed, len(rows), seed, resamples)
        for metric, value, low, high, p in zip(measures, *map(np.ndarray.tolist, tested), strict=True):
            if metric.unit == "share":
                low, high = max(low, -1.0), min(high, 1.0)
            differences[metric.name] = Difference(value, low, high, p, len(rows))
    return {name: differences[name] for name in MEASURES if name in differences}


def risk_coverage(judged: Sequence[Judged]) -> tuple[Floats, Floats]:
    """Return the risk-coverage curve: the share of queries above each threshold, and the wrong part of it.

    The curve has one point for each distinct confidence, from the highest down. The area under it is the
    measure AURC. The curve is empty if no answer is known to be right or wrong.
    """
    cases = [case for judgement in judged if (case := _confidence_and_wrong(judgement))]
    if not cases:
        return np.empty(0), np.empty(0)
    scores, wrong = zip(*cases, strict=True)
    return statistics.risk_coverage(scores, wrong)


def reliability(judged: Sequence[Judged], bins: int = 10) -> tuple[Bin, ...]:
    """Return the reliability diagram: bins of equal count, by rising confidence. Their mean gap is ECE."""
    cases = [case for judgement in judged if (case := _confidence_and_answerable(judgement))]
    if not cases:
        return ()
    scores, answerable = zip(*cases, strict=True)
    rows = zip(*map(np.ndarray.tolist, statistics.calibration_bins(scores, answerable, bins)), strict=True)
    return tuple(
        Bin(score, share, round(count), *statistics.wilson(share, round(count)))
        for score, share, count in reversed(list(rows))
    )


def confidence(answer: AnswerLine) -> float | None:
    """Return the confidence of an answer: 0 for an error, None if the line has no confidence."""
    if answer.get("outcome") == "error":
        return 0.0
    return answer.get("confidence")


def threshold(judged: Sequence[Judged]) -> float | None:
    """Return the confidence from which answers are given, or None if the lines do not agree on one.

    A line whose threshold is 0 was not compared with a threshold (an error, a fixed reply, an exact phrase).
    """
    thresholds = {case.answer.get("threshold") or 0.0 for case in judged} - {0.0}
    return thresholds.pop() if len(thresholds) == 1 else None


def normalise(text: str) -> str:
    """Return the letters and digits of a text in lower case. Sentences are compared in this form."""
    return re.sub(r"\W+", "", text.lower())


def is_found(query: Query, answer: AnswerLine) -> bool:
    """Return whether one of the first three quotes contains a gold sentence.

    If all gold sentences are needed, the first four quotes must contain each. If the question has parts, the
    first four quotes must contain a gold sentence of each part. A part without gold does not count.
    """
    several = query.all_needed or bool(query.parts)
    quoted = [
        normalise(quote["text"])
        for quote in (answer.get("quotes") or ())[: 4 if several else 3]
        if query.document in ("", quote["document"])
    ]
    parts = [_letters(part) for part in query.parts if part] or [[gold] for gold in _letters(query.gold)]
    hits = [any(gold in text for gold in part for text in quoted) for part in parts]
    return all(hits) if several and hits else any(hits)


# For each query


def _ranking_values(
    answers: Mapping[str, AnswerLine], qrels: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Return the ranking measures of the queries that have a relevant document: 0 if nothing was found."""
    asked = [
        query
        for query, answer in answers.items()
        if answer.get("passages") is not None and any(grade > 0 for grade in qrels.get(query, {}).values())
    ]
    grades: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    # Use numbers instead of the ids: an id with a NUL or half a surrogate pair ends the process in
    # pytrec_eval.
    for number, query in enumerate(asked):
        ranked = ranking(answers[query])
        numbers = {
            document: str(index) for index, document in enumerate(dict.fromkeys((*ranked, *qrels[query])))
        }
        grades[str(number)] = {numbers[document]: grade for document, grade in qrels[query].items()}
        run[str(number)] = {numbers[document]: -float(rank) for rank, document in enumerate(ranked)}
    values: dict[str, dict[str, float]] = {query: {} for query in asked}
    for score in ir_measures.iter_calc(RANKING, grades, run) if asked else ():
        values[asked[int(score.query_id)]][str(score.measure)] = float(score.value)
    return values


def _values(query: Query, answer: AnswerLine, text_of: TextOf) -> dict[str, float]:
    """Return the values of an answer by measure, without the measures that it does not allow."""
    quotes = answer.get("quotes")
    values: dict[str, float] = {}
    if quotes is not None:
        values |= quote_values(query, quotes, text_of)
    outcome = answer.get("outcome")
    if outcome is not None and query.answerable is not None:
        values["accuracy"] = float((outcome == "answered") == query.answerable)
        if not query.answerable:
            values["right"] = values["accuracy"]
            values["answered_wrongly"] = 1 - values["accuracy"]
        elif query.gold and quotes is not None:
            values["right"] = float(outcome == "answered" and is_found(query, answer))
        elif query.facts:
            facts = {fact["value"] for fact in answer.get("facts") or ()}
            values["facts"] = values["right"] = float(facts.issuperset(query.facts.values()))
    if outcome != "error" and answer.get("milliseconds"):
        values["ms"] = float(answer["milliseconds"]["total"])
    return values


def quote_values(query: Query, quotes: Sequence[Mapping[str, Any]], text_of: TextOf) -> dict[str, float]:
    """Return the measures of one answer's quotes that apply to the query."""
    values: dict[str, float] = {}
    texts = [quote["text"] for quote in quotes]
    if quotes:
        values["verbatim"] = sum(_is_verbatim(quote, text_of) for quote in quotes) / len(quotes)
    if query.answerable and query.gold:
        gold = _letters(query.gold)
        hits = [
            text != "" and any(text in sentence or sentence in text for sentence in gold)
            for text in map(normalise, texts)
        ]
        values |= {"hit@1": float(any(hits[:1])), "hit@3": float(any(hits[:3]))}
        values["gold@3"] = float(is_found(query, {"quotes": quotes}))
        values |= _word_values(" ".join(query.gold), " ".join(texts))
    if query.answerable and query.answers:
        shown = normalise(" ".join(texts[:3]))
        # SQuAD has the answer ".". Every text contains it, and other evaluations on SQuAD count it so, too.
        values["answer@3"] = float(any(normalise(answer) in shown for answer in query.answers))
    return values


def _is_verbatim(quote: Mapping[str, Any], text_of: TextOf) -> bool:
    text = text_of(quote["document"])
    return text is not None and text[quote["start"] : quote["end"]] == quote["text"]


def _word_values(gold: str, quoted: str) -> dict[str, float]:
    wanted, shown = (Counter(re.findall(r"\w+", text.lower())) for text in (gold, quoted))
    both = (wanted & shown).total()
    precision, recall = both / max(1, shown.total()), both / max(1, wanted.total())
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return {"word_precision": precision, "word_recall": recall, "word_F1": f1}


def _letters(sentences: Sequence[str]) -> list[str]:
    """Return the sentences normalised, without sentences that have no letter or digit."""
    return [text for sentence in sentences if (text := normalise(sentence))]


# Over queries


def _together(systems: Sequence[Sequence[Judged]]) -> Iterator[tuple[list[int], list[Measure]]]:
    """Group the measures that apply to the same queries, so that each group needs only one set of resamples.

    All `systems` have the same queries in the same order. A measure applies to a query if it applies to every
    system's answer. Yields the rows of the queries, and the measures.
    """
    groups: dict[tuple[int, ...], list[Measure]] = defaultdict(list)
    for metric in MEASURES.values():
        rows = [
            row
            for row, answers in enumerate(zip(*systems, strict=True))
            if all(metric.columns(judged) is not None for judged in answers)
        ]
        if rows and metric.allowed([systems[0][row].query for row in rows]):
            groups[tuple(rows)].append(metric)
    for rows_of_group, measures in groups.items():
        yield list(rows_of_group), measures


def _columns(measure: Measure, judged: Sequence[Judged]) -> Iterator[tuple[float, ...]]:
    return zip(
        *(case for judgement in judged if (case := measure.columns(judgement)) is not None), strict=True
    )


def _ranked(measure: Measure, judged: Sequence[Judged]) -> Floats:
    """Return the measure's columns, `[columns, n]`. If `by_rank`, the confidences are replaced by ranks."""
    columns = np.array(list(_columns(measure, judged)), dtype=np.float64)
    if measure.by_rank:
        columns[0] = stats.rankdata(columns[0])
    return columns


def _value(name: str) -> Columns:
    return lambda judged: (judged.values[name],) if name in judged.values else None


def _confidence_and_answerable(judged: Judged) -> tuple[float, ...] | None:
    """Return the confidence, and whether the query is answerable."""
    value = confidence(judged.answer)
    if value is None or judged.query.answerable is None:
        return None
    return value, float(judged.query.answerable)


def _squared_error(judged: Judged) -> tuple[float, ...] | None:
    case = _confidence_and_answerable(judged)
    return case and ((case[0] - case[1]) ** 2,)


def _confidence_and_wrong(judged: Judged) -> tuple[float, ...] | None:
    """Return the confidence, and whether the answer would be wrong if it were given."""
    case, query = _confidence_and_answerable(judged), judged.query
    if case is None or judged.answer.get("quotes") is None:
        return None
    return case[0], float(not query.answerable or bool(query.gold and not is_found(query, judged.answer)))


def _has_gold(queries: Sequence[Query]) -> bool:
    return any(query.gold for query in queries)


def _has_both(queries: Sequence[Query]) -> bool:
    return len({query.answerable for query in queries}) == 2


def _of_values(name: str, meaning: str, **more: Any) -> Measure:
    return Measure(name, meaning, _value(name), **more)


# The measures by name, in the order in which people read them.
MEASURES: dict[str, Measure] = {
    metric.name: metric
    for metric in (
        _of_values(
            "nDCG@10",
            "How well the first ten documents are ranked: 1 if the most relevant documents come first.",
        ),
        _of_values("RR@10", "One divided by the rank of the first relevant document, or 0 beyond the tenth."),
        _of_values("R@5", "The share of the relevant documents that are among the first five."),
        _of_values("R@20", "The share of the relevant documents that are among the first twenty."),
        _of_values("Success@1", "How often the first document is relevant."),
        _of_values(
            "hit@1", "How often the first quote equals a gold sentence, contains it or is a part of it."
        ),
        _of_values(
            "hit@3",
            "How often one of the first three quotes equals a gold sentence, contains it or is a part of it.",
        ),
        _of_values(
            "gold@3",
            "How often the first three quotes contain the gold sentences (the first four quotes if all "
            "are needed), whatever "
            "the outcome.",
        ),
        _of_values("word_precision", "The share of the quoted words that are in the gold sentences."),
        _of_values("word_recall", "The share of the gold sentences' words that are quoted."),
        _of_values("word_F1", "The harmonic mean of word precision and recall."),
        _of_values("answer@3", "How often the first three quotes contain the words of a known short answer."),
        _of_values(
            "right",
            "How often a question is handled right: it is answered with the gold sentence among the "
            "first three quotes or with the right facts, or it has no answer and gets none.",
            allowed=_has_gold,
        ),
        _of_values(
            "facts", "How often a fact about a document is given, if no sentence of the document states it."
        ),
        _of_values(
            "accuracy",
            "How often a question with an answer is answered, and a question without an answer is not.",
        ),
        _of_values(
            "answered_wrongly",
            "How often a question without an answer is answered.",
            higher_is_better=False,
        ),
        Measure(
            "AUROC",
            "How often an answerable question has a higher confidence than an unanswerable one.",
            _confidence_and_answerable,
            statistics.auroc,
            by_rank=True,
            allowed=_has_both,
        ),
        Measure(
            "coverage@95",
            "The share of the answerable questions that can be answered while 95 % of all answers go "
            "to answerable "
            "questions.",
            _confidence_and_answerable,
            partial(statistics.coverage, precision=0.95),
            by_rank=True,
            allowed=_has_both,
        ),
        Measure(
            "AURC",
            "The share of wrong answers among all answers, averaged over all thresholds (the area under the "
            "risk-coverage curve).",
            _confidence_and_wrong,
            statistics.area_under_risk,
            by_rank=True,
            higher_is_better=False,
            allowed=lambda queries: _has_gold(queries) or _has_both(queries),
        ),
        Measure(
            "Brier",
            "The mean squared distance of the confidence from 1 (answerable) or 0 (not).",
            _squared_error,
            higher_is_better=False,
            allowed=_has_both,
        ),
        Measure(
            "ECE",
            "How far the confidence is from the share of answerable questions, over ten bins of equal count.",
            _confidence_and_answerable,
            statistics.calibration_error,
            higher_is_better=False,
            allowed=_has_both,
            reflected=True,
        ),
        _of_values(
            "verbatim", "The share of an answer's quotes that are exactly the characters of their document."
        ),
        *(
            Measure(
                f"p{percent}_ms",
                f"The time within which {share} of the questions were answered.",
                _value("ms"),
                partial(statistics.quantile, q=percent / 100),
                unit="ms",
                higher_is_better=False,
            )
            for percent, share in ((50, "half"), (95, "95 %"))
        ),
    )
}
