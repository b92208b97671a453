"""One question, one answer: what Pullquote does, from the words typed to the quotes shown.

Read `Answerer.ask` from top to bottom; each step is one module.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from embeddings.models import ModelError as WeightsError
from embeddings.reader import Reader
from embeddings.reranker import OnnxReranker
from qa import confidence, exact, extract, replies, retrieve
from qa.conversation import interpret
from qa.errors import DocumentNotFoundError, ModelError, PullquoteError, QuestionError
from qa.schema import Answer, Failure, Filters, Milliseconds, RankedPassage
from qa.window import reading_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.reader import Reading
    from qa.corpus import Corpus
    from qa.schema import Document, Passage, Turn

MAX_QUESTION_CHARACTERS = 2000
# Passages that the cross-encoder reads; and of these the most relevant, whose sentences are scored.
RERANKED = 20
READ = 3
# What "it answers" counts beside "it is relevant" in the order of passages.
ANSWERS_WEIGHT = 0.5
EVERYTHING = Filters()


class Answerer:
    """Answers questions from a corpus. Several threads may ask at once.

    Raises:
        ModelError: the reranker's weights are missing or damaged.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        try:
            self._reranker = OnnxReranker()
        except WeightsError as error:
            raise ModelError(str(error)) from error
        self._reader = Reader(self._reranker)

    def ask(self, question: str, history: Sequence[str | Turn] = (), filters: Filters = EVERYTHING) -> Answer:
        """Answer one question. `history` holds the conversation's earlier turns, oldest first.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARACTERS.
            InputError: the filters make no sense.
            PullquoteError: what else keeps it from being answered; never an answer.
        """
        question = check(question)
        clock = _Clock()
        if kind := replies.reply_kind(question):
            reply = replies.reply(kind, self._corpus.documents())
            return Answer(question, question, "none", reply=reply, filters=filters, milliseconds=clock.read())

        meaning = interpret(question, history)
        with clock.timing("retrieve"):
            selection = self._corpus.select(filters)
            phrases = exact.search(self._corpus, question, selection, filters)
            if phrases.whole:
                return exact.answer(question, phrases, selection, filters, clock.read())
            found = retrieve.candidates(self._corpus, meaning.variants, phrases.selection)
            passages = list(self._corpus.passages(key for key, _ in found).values())
            documents = self._documents(passages[:RERANKED])
        with clock.timing("rerank"):
            ranked = self._read(meaning.question, passages, documents)
        with clock.timing("extract"):
            best = ranked[:READ]
            evidence = extract.score_sentences(
                meaning.question, [passage for passage, _ in best], documents, self._reranker
            )
            chosen = extract.choose(evidence)
        sure = confidence.probability(reading for _, reading in best)
        outcome = confidence.outcome(sure)
        if phrases.missing and outcome == "answered":
            outcome = "weak"
        return Answer(
            question,
            meaning.question,
            outcome,
            confidence=sure,
            quotes=() if outcome == "none" else extract.quotes(question, chosen),
            passages=_ranking(ranked, passages[RERANKED:]),
            milliseconds=clock.read(),
            searched=selection.documents,
            undated=selection.undated,
            filters=filters,
            notes=phrases.notes,
        )

    def _documents(self, passages: Sequence[Passage]) -> dict[str, Document]:
        """The passages' documents by id; one that was removed meanwhile is left out."""
        documents = {}
        for document_id in dict.fromkeys(passage.document_id for passage in passages):
            with suppress(DocumentNotFoundError):
                documents[document_id] = self._corpus.document(document_id)
        return documents

    def _read(
        self, question: str, passages: Sequence[Passage], documents: dict[str, Document]
    ) -> list[tuple[Passage, Reading]]:
        """Read the first RERANKED passages; the best first."""
        held = [passage for passage in passages[:RERANKED] if passage.document_id in documents]
        windows = [reading_window(documents[passage.document_id], passage) for passage in held]
        readings = self._reader.read(question, windows)
        return sorted(zip(held, readings, strict=True), key=lambda each: -_rank_score(each[1]))


def _rank_score(reading: Reading) -> float:
    return reading.relevance + ANSWERS_WEIGHT * reading.answers


def _ranking(ranked: Sequence[tuple[Passage, Reading]], rest: Sequence[Passage]) -> tuple[RankedPassage, ...]:
    """All passages as coordinates: those that were read, then, below them, the rest in retrieval's order."""
    scores = [_rank_score(reading) for _, reading in ranked]
    floor = scores[-1] if scores else 0.0
    scores += [floor - place for place in range(1, len(rest) + 1)]
    passages = [*(passage for passage, _ in ranked), *rest]
    return tuple(
        RankedPassage(passage.document_id, passage.start, passage.end, score)
        for passage, score in zip(passages, scores, strict=True)
    )


def check(question: str) -> str:
    """The question without white space around it.

    Raises:
        QuestionError: it is empty or longer than MAX_QUESTION_CHARACTERS.
    """
    question = question.strip()
    if not question:
        raise QuestionError("the question is empty: type what you want to know")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {MAX_QUESTION_CHARACTERS:,} are read. "
            "Ask in a sentence or two."
        )
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionError(
            "the question is not valid text (it holds half of a surrogate pair): type it again"
        )
    if not any(character.isalnum() for character in question):
        raise QuestionError(f"the question has no words: {question[:40]!r}. Type what you want to know.")
    return question


def answer_or_error(
    answerer: Answerer, question: str, history: Sequence[str | Turn] = (), filters: Filters = EVERYTHING
) -> Answer:
    """Answer, or say in an answer of outcome `error` why not: for borders that give each question a line."""
    try:
        return answerer.ask(question, history, filters)
    except PullquoteError as error:
        return Answer(question, question, "error", filters=filters, error=Failure(error.code, str(error)))


class _Clock:
    """Wall time by stage, since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._stages[stage] = 1000 * (time.perf_counter() - start)

    def read(self) -> Milliseconds:
        return Milliseconds(**self._stages, total=1000 * (time.perf_counter() - self._start))
