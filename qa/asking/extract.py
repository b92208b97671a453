"""Find the sentences that answer a question, and choose the quotes to show."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf
from typing import TYPE_CHECKING

from qa.document import tables
from qa.document.window import in_words
from qa.schema import Quote, Span
from qa.text.question import spans_of_type
from qa.text.terms import measure, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.reading import Reading
    from qa.schema import Document, Passage, Sentence
    from qa.text.question import ParsedQuestion

# Quotes that an answer shows, and sentences that are chosen for them, at most.
QUOTES = 3
SENTENCES = 5
# Two logistic regressions, fitted by `training/further.py`: two weights of scores (logits), and the constant.
# FIRST_ANSWERS: whether the first of several quotes answers, by its score and the second quote's score.
# ANOTHER_ANSWERS: whether another quote answers, by its score and its distance from the first quote's score.
FIRST_ANSWERS = (0.926, -1.029, -0.75)
ANOTHER_ANSWERS = (0.191, -0.77, -0.766)
# Minimum probability of a sure first quote, and minimum share of content words in another quote: `set_apart`.
SURE = 2 / 3
PART = 0.5
ARTICLES = frozenset(("a", "an", "the"))
# Factor for logits before they are converted to probabilities (docs/decisions/0009-reader.md).
TEMPER = 0.7


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer.

    Attributes:
        document: the document.
        sentence: where the sentence stands in the document.
        score: the logit that the sentence answers.
        words: the words that may carry the answer, in document coordinates, or None if they are not known.
    """

    document: Document
    sentence: Sentence
    score: float
    words: Span | None = None

    @property
    def text(self) -> str:
        """Return the sentence, verbatim."""
        return self.document.text[self.sentence.start : self.sentence.end]


def evidence(
    read: Iterable[tuple[Passage, Reading]], documents: Mapping[str, Document], least: float = -inf
) -> list[Evidence]:
    """Return the quotable sentences of the passages, with their scores and answering words, the best first.

    Sentences with a logit below `least` are left out.
    """
    pieces = [
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
    return sorted(pieces, key=lambda piece: (-piece.score, piece.document.id, piece.sentence.start))


def _words(document: Document, sentence: Sentence, words: tuple[int, int] | None) -> Span | None:
    """Return where the words stand in the document. In a table row, they are extended to whole short cells.

    A header line was read with its facts in words before it. So the words are looked up in the line itself.
    """
    if words is None:
        return None
    if sentence.kind == "header":
        text = in_words(document, sentence)[slice(*words)]
        start = document.text.find(text, sentence.start, sentence.end)
        return Span(start, start + len(text)) if start >= 0 else None
    if row := tables.row(document, sentence):
        return row.span(*words)
    return Span(sentence.start + words[0], sentence.start + words[1])


def choose(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the sentences to show, which maximise the expected F1 of their words, the best first.

    If a sentence of w words answers with probability p, the expected F1 of n sentences is
    2 Σₙ p·w / (Σₙ w + Σ p·w). The last sum is over all sentences. This is the ratio of expectations (Nan et
    al., 2012, "Optimizing F-measure: a tale of two approaches", section 3). A sentence that repeats another
    is left out. At most `SENTENCES` are shown.
    """
    chosen: list[Evidence] = []
    likely = list(zip(evidence, probabilities([piece.score for piece in evidence]), strict=True))
    wanted = sum(p * _length(piece) for piece, p in likely)
    held = shown = best = 0.0
    for piece, p in likely:
        if any(_repeats(piece, other) for other in chosen):
            continue
        length = _length(piece)
        f1 = 2 * (held + p * length) / (shown + length + wanted)
        if len(chosen) == SENTENCES or (chosen and f1 < best):
            break
        chosen.append(piece)
        best, held, shown = f1, held + p * length, shown + length
    return chosen


def probabilities(scores: Sequence[float]) -> list[float]:
    """Return how likely each sentence is to answer, given that one sentence does.

    These probabilities choose the sentences to show. The logits are multiplied by `TEMPER`, because the
    reader is too sure of single sentences.
    """
    p = [1 / (1 + exp(-TEMPER * score)) for score in scores]
    total = min(1.0, sum(p))
    return [probability / total for probability in p]


def _length(evidence: Evidence) -> int:
    return measure(evidence.text)


def quotes(
    question: ParsedQuestion, chosen: Sequence[Evidence], most: int | None = QUOTES
) -> tuple[Quote, ...]:
    """Make at most `most` quotes of the chosen sentences. Neighbouring sentences are joined to one quote.

    Quotes are numbered in the order of their best sentences. The words that may carry the answer are
    emphasised.
    """
    runs: list[list[Evidence]] = []
    for piece in chosen:
        adjacent_runs = [run for run in runs if any(_adjacent(piece, other) for other in run)]
        joined = [piece, *(other for run in adjacent_runs for other in run)]
        # The joined quote takes the place of its best sentence.
        index = runs.index(adjacent_runs[0]) if adjacent_runs else len(runs)
        runs = [run for run in runs if run not in adjacent_runs]
        runs.insert(index, joined)
    return tuple(
        Quote(
            run[0].document,
            min(piece.sentence.start for piece in run),
            max(piece.sentence.end for piece in run),
            max(piece.score for piece in run),
            number,
            tuple(sorted(span for piece in run for span in emphasis(question, piece))),
        )
        for number, run in enumerate(runs[:most], start=1)
    )


def set_apart(
    question: ParsedQuestion, quotes: Sequence[Quote]
) -> tuple[tuple[Quote, ...], tuple[Quote, ...]]:
    """Part the quotes of an answer into quotes to show, and quotes that are only near.

    If the first quote is not sure, all are shown, because any of them may answer. If it is sure, another
    quote is shown only in two cases. It likelier answers than not, or a share `PART` of the question's
    content words is in it but not in the first quote.
    """
    first, *others = quotes
    if not others or _likely(FIRST_ANSWERS, first.score, others[0].score) < SURE:
        return tuple(quotes), ()
    asked = set(question.terms)
    lacking = asked.difference(words(first.text))
    near = [
        quote
        for quote in others
        if _likely(ANOTHER_ANSWERS, quote.score, first.score - quote.score) < 1 / 2
        and len(lacking.intersection(words(quote.text))) < PART * len(asked)
    ]
    return tuple(quote for quote in quotes if quote not in near), tuple(near)


def _likely(weights: tuple[float, float, float], *values: float) -> float:
    *factors, constant = weights
    log_odds = constant + sum(factor * value for factor, value in zip(factors, values, strict=True))
    return 1 / (1 + exp(-log_odds))


def _adjacent(one: Evidence, other: Evidence) -> bool:
    """Return whether two sentences of running text follow each other without a blank line between them."""
    if one.document.id != other.document.id or {one.sentence.kind, other.sentence.kind} != {"body"}:
        return False
    first, second = sorted((one.sentence, other.sentence), key=lambda sentence: sentence.start)
    between = one.document.text[first.end : second.start]
    return first.end <= second.start and not between.strip() and len(between.splitlines()) < 2


def emphasis(question: ParsedQuestion, evidence: Evidence) -> tuple[Span, ...]:
    """Return the words that the reader marked as the answer, or else dates or numbers if asked for."""
    if evidence.words:
        return (evidence.words,)
    kind = question.answer_type
    return spans_of_type(evidence.text, kind, evidence.sentence.start) if kind else ()


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Return whether two sentences have the same words, apart from articles."""
    return wording(one) == wording(other)


def wording(evidence: Evidence) -> tuple[str, ...]:
    """Return the words of a sentence without articles."""
    return tuple(word for word in words(evidence.text) if word not in ARTICLES)
