"""Which sentences answer a question, and which of them to show as quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.question import answer_type, spans_of_type
from qa.schema import Document, Passage, Quote, Sentence, Span
from qa.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.reranker import Reranker

# How many quotes an answer shows, and how far below the best sentence one may score (in logits).
QUOTES = 3
MARGIN = 6.0
# Two sentences that share so large a part of their words say the same.
NEAR_DUPLICATE = 0.85


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a document with its score: how well it answers, as a logit."""

    document: Document
    sentence: Sentence
    score: float

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.document.text[self.sentence.start : self.sentence.end]


def score_sentences(
    question: str, passages: Sequence[Passage], documents: Mapping[str, Document], reranker: Reranker
) -> list[Evidence]:
    """Score each quotable sentence of the passages, read with what it needs to be understood; best first."""
    found = [
        (documents[passage.document_id], sentence)
        for passage in passages
        for sentence in passage.sentences
        if sentence.quotable
    ]
    scores = reranker.scores(question, [in_context(document, sentence) for document, sentence in found])
    evidence = [
        Evidence(document, sentence, float(score))
        for (document, sentence), score in zip(found, scores, strict=True)
    ]
    return sorted(evidence, key=lambda each: (-each.score, each.document.id, each.sentence.start))


def window(document: Document, passage: Passage) -> str:
    """A passage as the cross-encoder reads it: under its document's title, without page furniture."""
    body = " ".join(document.text[s.start : s.end] for s in passage.sentences if s.quotable)
    return f"{document.title}\n{body}" if document.title else body


def in_context(document: Document, sentence: Sentence) -> str:
    """The sentence as a model reads it: a header line is told what it states; nothing of this is ever quoted."""
    text = document.text[sentence.start : sentence.end]
    if sentence.kind != "header":
        return text
    stated = (
        ("Title of this document", document.title),
        ("Published by", document.publisher),
        ("Series and issue number", document.number),
        ("Date of publication", document.date.strftime("%d %B %Y").lstrip("0") if document.date else ""),
    )
    labels = [
        f"{label}: {value}."
        for label, value in stated
        if value and (value in text or label.startswith("Date"))
    ]
    date_stated = document.date is not None and str(document.date.year) in text
    return " ".join([*(label for label in labels if date_stated or not label.startswith("Date")), text])


def choose(evidence: Iterable[Evidence], limit: int = QUOTES, margin: float = MARGIN) -> list[Evidence]:
    """The sentences to show, best first: close enough to the best one, and none that repeats another."""
    chosen: list[Evidence] = []
    for each in evidence:
        if chosen and each.score < chosen[0].score - margin:
            break
        if not any(_repeats(each, other) for other in chosen):
            chosen.append(each)
        if len(chosen) == limit:
            break
    return chosen


def quotes(question: str, chosen: Sequence[Evidence]) -> tuple[Quote, ...]:
    """Quotes of the chosen sentences, numbered from 1 in their order, with the words that may carry the answer."""
    return tuple(
        Quote(
            each.document,
            each.sentence.start,
            each.sentence.end,
            each.score,
            number,
            emphasis(question, each),
        )
        for number, each in enumerate(chosen, start=1)
    )


def emphasis(question: str, evidence: Evidence) -> tuple[Span, ...]:
    """The spans of a date or number where the question asks for one; nothing where that cannot be told."""
    kind = answer_type(question)
    return spans_of_type(evidence.text, kind, evidence.sentence.start) if kind else ()


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences have nearly the same words (Jaccard index of their content words)."""
    a, b = set(content_words(one.text)), set(content_words(other.text))
    return len(a & b) >= NEAR_DUPLICATE * len(a | b)
