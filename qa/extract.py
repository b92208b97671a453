"""Which sentences answer a question, and which of them to show as quotes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from qa.question import answer_type, spans_of_type
from qa.schema import Quote
from qa.terms import content_words
from qa.window import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.reranker import Reranker
    from qa.schema import Document, Passage, Sentence, Span

# How many quotes an answer shows, and how far below the best sentence one may score (in logits).
QUOTES = 3
MARGIN = 6.0
# Two sentences that share so large a part of their words say the same.
NEAR_DUPLICATE = 0.85
# So many sentences, the best alone, are read once more after the one before them; what that counts beside.
IN_CONTEXT = 6
CONTEXT_WEIGHT = 0.5


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
    """Score each quotable sentence of the passages, the best ones in their context too; best first.

    Alone, a sentence that says "they" or "that month" scores too low; after the one before it, one that only
    follows the answer scores too high. Their weighted mean is right more often than either. Where several
    documents were found, a sentence is read under its document's title, which says what it is about; where
    there is one, its title tells no sentence from another, and only blurs them (docs/quality.md).
    """
    several = len({passage.document_id for passage in passages}) > 1
    found: list[tuple[Document, Sentence]] = []
    texts: list[str] = []
    in_context: dict[int, str] = {}
    for passage in passages:
        document = documents[passage.document_id]
        quotable = [sentence for sentence in passage.sentences if sentence.quotable]
        read = [in_words(document, sentence) for sentence in quotable]
        for place, (before, text) in enumerate(pairwise(read), start=len(found) + 1):
            in_context[place] = f"{before} {text}"
        found += [(document, sentence) for sentence in quotable]
        title = f"{document.title}: " if several and document.title else ""
        texts += [title + text for text in read]
    scores = reranker.scores(question, texts)
    best = [place for place in np.argsort(-scores, kind="stable")[:IN_CONTEXT] if place in in_context]
    again = reranker.scores(question, [in_context[place] for place in best])
    scores[best] = (scores[best] + CONTEXT_WEIGHT * again) / (1 + CONTEXT_WEIGHT)
    evidence = [
        Evidence(document, sentence, float(score))
        for (document, sentence), score in zip(found, scores, strict=True)
    ]
    return sorted(evidence, key=lambda each: (-each.score, each.document.id, each.sentence.start))


def choose(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The sentences to show, best first: close enough to the best one, and none that repeats another."""
    chosen: list[Evidence] = []
    for each in evidence:
        if len(chosen) == QUOTES or (chosen and each.score < chosen[0].score - MARGIN):
            break
        if not any(_repeats(each, other) for other in chosen):
            chosen.append(each)
    return chosen


def quotes(question: str, chosen: Sequence[Evidence]) -> tuple[Quote, ...]:
    """Quotes of the chosen sentences, numbered in their order, with the words that may carry the answer."""
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
    """The dates or numbers in the sentence, where the question asks for one; else nothing."""
    kind = answer_type(question)
    return spans_of_type(evidence.text, kind, evidence.sentence.start) if kind else ()


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences have nearly the same words (Jaccard index) and no figure that differs."""
    a, b = set(content_words(one.text)), set(content_words(other.text))
    if any(word[0].isdigit() for word in a ^ b):
        return False
    return len(a & b) >= NEAR_DUPLICATE * len(a | b)
