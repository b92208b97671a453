"""One question, one answer: what Pullquote does, from the words typed to the quotes shown.

Read `Answerer.ask` from top to bottom; each step is one module.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from embeddings.models import ModelError as WeightsError
from embeddings.reranker import open_reranker
from qa import confidence, exact, extract, replies, retrieve
from qa.conversation import interpret
from qa.errors import DocumentNotFoundError, ModelError, PullquoteError, QuestionError
from qa.schema import Answer, Failure, Filters, Milliseconds, RankedPassage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.reranker import Reranker
    from qa.corpus import Corpus
    from qa.schema import Document, Passage, Turn

MAX_QUESTION_CHARACTERS = 2000
# Passages that the cross-encoder reads; of these, the best, whose sentences are scored.
RERANKED = 20
READ = 4
EVERYTHING = Filters()


class Answerer:
    """Answers questions from a corpus. Several threads may ask at once.

    Raises:
        ModelError: the reranker's weights are missing or damaged.
    """

    def __init__(self, corpus: Corpus, reranker: Reranker | None = None) -> None:
        self._corpus = corpus
        try:
            self._reranker = reranker or open_reranker()
        except WeightsError as error:
            raise ModelError(str(error)) from error

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

        reading = interpret(question, history)
        with clock.timing("retrieve"):
            selection = self._corpus.select(filters)
            phrases = exact.search(self._corpus, question, selection, filters)
            if phrases.whole:
                return exact.answer(question, phrases, selection, filters, clock.read())
            found = retrieve.candidates(self._corpus, reading.variants, phrases.selection)
            passages = list(self._corpus.passages(key for key, _ in found).values())
            documents = self._documents(passages[:RERANKED])
        with clock.timing("rerank"):
            ranked = self._rerank(reading.question, passages, documents)
        with clock.timing("extract"):
            read = [passage for passage, _ in ranked[:READ] if passage.document_id in documents]
            evidence = extract.score_sentences(reading.question, read, documents, self._reranker)
            chosen = extract.choose(evidence)
        sure = confidence.probability(evidence[0].score) if evidence else 0.0
        outcome = confidence.outcome(sure)
        if phrases.missing and outcome == "answered":
            outcome = "weak"
        return Answer(
            question,
            reading.question,
            outcome,
            confidence=sure,
            quotes=() if outcome == "none" else extract.quotes(question, chosen),
            passages=tuple(
                RankedPassage(passage.document_id, passage.start, passage.end, score)
                for passage, score in ranked
            ),
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

    def _rerank(
        self, question: str, passages: Sequence[Passage], documents: dict[str, Document]
    ) -> list[tuple[Passage, float]]:
        """The first RERANKED passages by what the cross-encoder says, then the rest in their order."""
        head = [passage for passage in passages[:RERANKED] if passage.document_id in documents]
        scores = self._reranker.scores(
            question, [extract.window(documents[passage.document_id], passage) for passage in head]
        )
        order = sorted(range(len(head)), key=lambda i: (-scores[i], i))
        ranked = [(head[i], float(scores[i])) for i in order]
        floor = ranked[-1][1] if ranked else 0.0
        rest = passages[RERANKED:]
        # The rest was not read: it ranks below whatever was, in the order of retrieval.
        return ranked + [(passage, floor - place) for place, passage in enumerate(rest, start=1)]


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
    if not any(character.isalnum() for character in question):
        raise QuestionError(f"the question has no words: {question[:40]!r}. Type what you want to know.")
    return question


def answer_or_error(
    answerer: Answerer, question: str, history: Sequence[str | Turn] = (), filters: Filters = EVERYTHING
) -> Answer:
    """Answer, or say in an answer of outcome `error` why not; for borders that must give one line a question."""
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
