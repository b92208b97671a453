"""Which sentences answer a question, and which of them to show as quotes."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf
from typing import TYPE_CHECKING

from qa.document import tables
from qa.document.window import in_words
from qa.schema import Quote, Span
from qa.text.question import answer_type, spans_of_type
from qa.text.terms import content_words, measure, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.reading import Reading
    from qa.schema import Document, Passage, Sentence

# How many quotes an answer shows, and of how many sentences at most.
QUOTES = 3
SENTENCES = 5
# How likely the first of several quotes answers, by its score and that of the second, as logits; and how
# likely another quote does, by its score and how far it is behind the first (by `training/further.py`).
FIRST_ANSWERS = (0.926, -1.029, -0.75)
ANOTHER_ANSWERS = (0.191, -0.77, -0.766)
# From here on the first quote is sure, and another is shown only if it likelier answers than not.
SURE = 2 / 3
PART = 0.5
ARTICLES = frozenset(("a", "an", "the"))
# What logits are multiplied by before they are taken for probabilities (docs/decisions/0009-reader.md).
TEMPER = 0.7


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer.

    Attributes:
        document: its document.
        sentence: where it stands.
        score: the logit that it answers.
        words: the words in it that may carry the answer, in document coordinates; None where none are known.
    """

    document: Document
    sentence: Sentence
    score: float
    words: Span | None = None

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.document.text[self.sentence.start : self.sentence.end]


def evidence(
    read: Iterable[tuple[Passage, Reading]], documents: Mapping[str, Document], least: float = -inf
) -> list[Evidence]:
    """Return the quotable sentences of the passages with what was read off them, the best first.

    Those whose logit is below `least` are left out.
    """
    found = [
        Evidence(
            documents[passage.document_id],
            sentence,
            score,
            _words(documents[passage.document_id], sentence, words),
        )
        for passage, reading in read
        if reading.sentences
        for sentence, score, words in zip(
            (sentence for sentence in passage.sentences if sentence.quotable),
            reading.sentences,
            reading.words,
            strict=True,
        )
        if score > -inf and score >= least
    ]
    return sorted(found, key=lambda each: (-each.score, each.document.id, each.sentence.start))


def _words(document: Document, sentence: Sentence, words: tuple[int, int] | None) -> Span | None:
    """Find where the words stand: of a row, whole short cells.

    A header line was read with what it states before it: the words are found in the line.
    """
    if words is None:
        return None
    if sentence.kind == "header":
        said = in_words(document, sentence)[slice(*words)]
        start = document.text.find(said, sentence.start, sentence.end)
        return Span(start, start + len(said)) if start >= 0 else None
    if row := tables.row(document, sentence):
        return row.span(*words)
    return Span(sentence.start + words[0], sentence.start + words[1])


def choose(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the sentences to show, the best first: as many as make the expected F1 of their words greatest.

    With the probability p that a sentence of w words answers, n sentences are expected to hold
    2 Σₙ p·w / (Σₙ w + Σ p·w) of F1, the last sum over all sentences (the ratio of expectations: Nan et al.,
    2012, "Optimizing F-measure: a tale of two approaches", section 3). None that repeats another is shown.
    """
    chosen: list[Evidence] = []
    likely = list(zip(evidence, probabilities([each.score for each in evidence]), strict=True))
    wanted = sum(p * _length(each) for each, p in likely)
    held = shown = best = 0.0
    for each, p in likely:
        if any(_repeats(each, other) for other in chosen):
            continue
        length = _length(each)
        f1 = 2 * (held + p * length) / (shown + length + wanted)
        if len(chosen) == SENTENCES or (chosen and f1 < best):
            break
        chosen.append(each)
        best, held, shown = f1, held + p * length, shown + length
    return chosen


def probabilities(scores: Sequence[float]) -> list[float]:
    """Return how likely each sentence is to answer, given that one does.

    What is shown is chosen by it. The logits are tempered: the reader is surer of sentences than it is right.
    """
    p = [1 / (1 + exp(-TEMPER * score)) for score in scores]
    total = min(1.0, sum(p))
    return [each / total for each in p]


def _length(evidence: Evidence) -> int:
    return measure(evidence.text)


def quotes(question: str, chosen: Sequence[Evidence], most: int | None = QUOTES) -> tuple[Quote, ...]:
    """Make quotes of the chosen sentences, neighbours joined, numbered by the best sentence in each.

    The words that may carry the answer are emphasised.
    """
    runs: list[list[Evidence]] = []
    for each in chosen:
        beside = [run for run in runs if any(_adjacent(each, other) for other in run)]
        joined = [each, *(other for run in beside for other in run)]
        # The joined quote stands where the best of its sentences stood.
        place = runs.index(beside[0]) if beside else len(runs)
        runs = [run for run in runs if run not in beside]
        runs.insert(place, joined)
    return tuple(
        Quote(
            run[0].document,
            min(each.sentence.start for each in run),
            max(each.sentence.end for each in run),
            max(each.score for each in run),
            number,
            tuple(sorted(span for each in run for span in emphasis(question, each))),
        )
        for number, run in enumerate(runs[:most], start=1)
    )


def set_apart(question: str, quotes: Sequence[Quote]) -> tuple[tuple[Quote, ...], tuple[Quote, ...]]:
    """Part the quotes of an answer into those to show, and those that are only near.

    Where the first quote is sure, another is shown if it likelier answers than not, or if it is on a part of
    the question that the first is not on: it has a PART of the content words, which that lacks. Where the
    first is not sure, any of them may be the one that answers.
    """
    first, *others = quotes
    if not others or _likely(FIRST_ANSWERS, first.score, others[0].score) < SURE:
        return tuple(quotes), ()
    asked = set(content_words(question))
    lacking = asked.difference(words(first.text))
    near = [
        each
        for each in others
        if _likely(ANOTHER_ANSWERS, each.score, first.score - each.score) < 1 / 2
        and len(lacking.intersection(words(each.text))) < PART * len(asked)
    ]
    return tuple(each for each in quotes if each not in near), tuple(near)


def _likely(weights: tuple[float, float, float], *values: float) -> float:
    *factors, constant = weights
    log_odds = constant + sum(factor * value for factor, value in zip(factors, values, strict=True))
    return 1 / (1 + exp(-log_odds))


def _adjacent(one: Evidence, other: Evidence) -> bool:
    """Tell whether two sentences of running text follow each other in a line."""
    if one.document.id != other.document.id or {one.sentence.kind, other.sentence.kind} != {"body"}:
        return False
    first, second = sorted((one.sentence, other.sentence), key=lambda sentence: sentence.start)
    between = one.document.text[first.end : second.start]
    return first.end <= second.start and not between.strip() and len(between.splitlines()) < 2


def emphasis(question: str, evidence: Evidence) -> tuple[Span, ...]:
    """Find the words that the reader took for the answer; else dates or numbers, if one is asked for."""
    if evidence.words:
        return (evidence.words,)
    kind = answer_type(question)
    return spans_of_type(evidence.text, kind, evidence.sentence.start) if kind else ()


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Tell whether two sentences have the same words but for articles; another name or a "not" counts."""
    return wording(one) == wording(other)


def wording(evidence: Evidence) -> tuple[str, ...]:
    """Return the words of a sentence without articles."""
    return tuple(word for word in words(evidence.text) if word not in ARTICLES)
