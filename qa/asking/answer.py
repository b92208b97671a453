"""Answer one question: all steps from the typed words to the quotes that are shown.

Read `Answerer.ask` from top to bottom. Each step is one module.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qa.asking import (
    budget,
    combine,
    confidence,
    conversation,
    copies,
    exact,
    extract,
    heads,
    more,
    replies,
    requests,
)
from qa.asking.asks_for_several import asks_for_several
from qa.asking.choose import answering, choose, preferring
from qa.asking.conversation import interpret, is_brief, parse
from qa.asking.read import read, read_on, read_other_scripts
from qa.asking.retrieve import candidates, prepare, related, retrieve
from qa.asking.several import SHOWN, several
from qa.asking.unmatched import unmatched
from qa.deadline import Deadline
from qa.document.metadata import language_of_script
from qa.errors import PullquoteError
from qa.limits import check_dates, check_filters, check_history, check_question
from qa.schema import Answer, AskOptions, Failure, Milliseconds, RankedPassage
from qa.text import times
from qa.text.differing_figures import differing
from qa.text.foreign import UNKNOWN, foreign_language, is_surely_english
from qa.text.parts import parts
from qa.text.question import ParsedQuestion
from qa.text.terms import is_in_latin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from embeddings.reading import Reader
    from qa.asking.choose import Choice
    from qa.asking.confidence import Confidence
    from qa.asking.conversation import Interpretation
    from qa.asking.exact import Exact
    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.asking.retrieve import Retrieved, Search
    from qa.schema import (
        DatePreference,
        Document,
        Fact,
        Filters,
        More,
        Outcome,
        Passage,
        Quote,
        ReplyKind,
        Turn,
    )
    from qa.storage.library import Library
    from qa.storage.results import Hit, Selection
    from qa.text.parts import Part

_USUAL = AskOptions()
_NOTHING_TO_LOOK_FOR = "The question has no words to search for: say what it is about."
# First passages for the question alone. An answer found with earlier questions must be from their documents.
_NEAR = 3
_ONLY_IN_CONTEXT = "The question alone has no answer, so it was read with words of the earlier questions."
_ALL_OF_ONE = (
    "Every sentence that answers is shown only for a question that asks for one thing: ask each part "
    "separately."
)
_NOT_IN_ENGLISH = "The reader knows only English. Name a model for this language with --reader."
# Language codes that name no language, or several.
_NO_LANGUAGE = frozenset(("", "zxx", "mul", UNKNOWN))


class Answerer:
    """Answers questions from a library. Several threads may ask at once.

    `reader` reads the passages (`embeddings.reader.open_reader`). "Last year" is counted from the day that
    `today` returns. `fitted` returns the confidence to use, by default the shipped confidence of the reader.
    """

    def __init__(
        self,
        library: Library,
        reader: Reader,
        today: Callable[[], dt.date] = dt.date.today,
        fitted: Callable[[], Confidence] | None = None,
    ) -> None:
        self._library = library
        self._reader = reader
        self._today = today
        self._confidence = fitted or partial(confidence.shipped, reader.name)
        self._fitted = reader.model == reader.name  # False for a model that the user named

    @property
    def reader(self) -> str:
        """Return the name of the model that reads the passages."""
        return self._reader.model

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        options: AskOptions = _USUAL,
        *,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Answer one question. `history` holds the conversation's earlier turns, oldest first.

        `deadline` is checked between the stages. Without a deadline, nothing ends the work early.
        If a question has several parts, `find_all` does not work, and a note says so.

        Raises:
            QuestionError: the question or a turn is empty, too long or not text (`qa.limits`).
            InputError: the options make no sense.
            DeadlineError: the time is up.
            CancelledError: the deadline was cancelled.
            PullquoteError: anything else prevents an answer.
        """
        question = check_question(question)
        check_history(history)
        check_filters(options.filters)
        check_dates(options.dates)
        deadline = deadline or Deadline()
        deadline.check()
        fitted = self._confidence()
        run = _Run(options, fitted, fitted.threshold(options.strictness), deadline, _Clock(), self._today())
        asked, earlier = parse(question, history)
        if kind := replies.reply_kind(question):
            return self._reply(asked, kind, run)
        if divided := parts(asked):
            return self._answer_parts(divided, run.inquire(combine.whole(asked, divided, earlier)))
        meaning = interpret(asked, earlier)
        is_compared = is_brief(asked) and not meaning.carried
        if is_compared:
            meaning = self._continued(asked, earlier, options.filters) or meaning
        answer = self._answer(run.inquire(meaning))
        if answer.unsearched:
            return answer
        if answer.carried:
            answer = self._without_carried(answer, meaning, run)
        elif answer.outcome != "answered":
            same = None if is_compared else self._continued(asked, earlier, options.filters)
            context = same or conversation.after(asked, earlier)
            after = self._answer(run.inquire(context)) if context else answer
            if after.outcome == "answered" and _is_near(after, answer) and _speaks_of_topic(after):
                return replace(after, notes=(_ONLY_IN_CONTEXT, *after.notes))
        return replace(answer, milliseconds=run.clock.read())

    def _reply(self, question: ParsedQuestion, kind: ReplyKind, run: _Run) -> Answer:
        """Return the reply to a message that is not a question for the documents."""
        filters = run.options.filters
        documents = self._documents_on(question, filters) if kind == "summary" else []
        if documents:
            reply = replies.reply_about(question, documents)
        else:
            listed = self._library.documents(limit=replies.LISTED)
            reply = replies.reply(kind, listed, self._library.count().documents)
        took = run.clock.read()
        return Answer(question.text, question.text, "none", reply=reply, filters=filters, milliseconds=took)

    def _answer_parts(self, asked: Sequence[Part], inquiry: _Inquiry) -> Answer:
        """Answer each part of a question, and combine the answers."""
        options = inquiry.run.options
        run = replace(inquiry.run, options=replace(options, find_all=False))
        answers = [
            self._answer(run.inquire(reading.meaning), reading.is_in)
            for reading in combine.readings(asked, inquiry.meaning)
        ]
        combined = combine.combined(asked, answers)
        if options.find_all:
            combined["notes"] = (_ALL_OF_ONE, *combined["notes"])
        return inquiry.answer(**combined)

    def _without_carried(self, answer: Answer, meaning: Interpretation, run: _Run) -> Answer:
        """Return the answer to a follow-up, without the carried words if they come from another topic.

        If no other reading of the question is better, return `answer`.
        """
        question = meaning.asked
        if question.is_standalone or conversation.names_its_own(question):
            if answer.outcome == "answered" and _speaks_of_topic(answer, question):
                return answer
            alone = self._answer(run.inquire(interpret(question)))
            if answer.outcome == "answered":
                document_ids, other = (
                    {quote.document.id for quote in result.quotes[:1]} for result in (answer, alone)
                )
                return answer if document_ids == other else alone
            if alone.outcome != "answered" or _is_near(alone, answer):
                return alone
        elif answer.outcome != "answered" and (last := conversation.with_last_topic(meaning)):
            may_answer = partial(combine.speaks_of, subject=last.leans_on)
            after = self._answer(run.inquire(last), may_answer)
            if after.outcome == "answered":
                return after
        return answer

    def _documents_on(self, request: ParsedQuestion, filters: Filters) -> list[Document]:
        """Return the documents on the subject of a request, the nearest first; none if it has no subject."""
        about = " ".join(requests.subject(request))
        selection = self._library.select(filters) if about else None
        if not (selection and selection.documents):
            return []
        retrieved = retrieve(
            self._library, prepare(self._library, interpret(ParsedQuestion(about))), selection
        )
        return [
            retrieved.documents[name]
            for name in dict.fromkeys(passage.document_id for passage, _ in retrieved.to_read)
        ]

    def _continued(
        self, question: ParsedQuestion, earlier: Sequence[ParsedQuestion], filters: Filters
    ) -> Interpretation | None:
        """Read a question that stands alone after the last earlier question on its subject.

        Return None if there is no such earlier question.
        """
        topics = conversation.topics(earlier)
        selection = self._library.select(filters) if topics else None
        if not (selection and selection.documents):
            return None
        same = related(self._library, question, [topic[0] for topic in topics], selection)
        last = next((topic for topic, is_same in zip(topics[::-1], same[::-1], strict=True) if is_same), None)
        return conversation.after(question, last) if last else None

    def _answer(self, inquiry: _Inquiry, may_answer: Callable[[Document], bool] | None = None) -> Answer:
        """Answer a question that asks for one thing, only from the documents that `may_answer` accepts."""
        question, run = inquiry.meaning.asked, inquiry.run
        options, deadline, clock = run.options, run.deadline, run.clock
        deadline.enter("searching")
        with clock.timing("retrieve"):
            selection = self._library.select(options.filters)
            if not selection.documents:
                reason = unmatched(self._library, options.filters)
                return inquiry.answer("none", undated=selection.undated, unsearched=reason)
            deadline.check()
            phrases = exact.search(
                self._library, question, selection, inquiry.preference, deadline, find_all=options.find_all
            )
            deadline.check()
            search = self._looked_for(inquiry)
            retrieved = heads.with_heads(search, retrieve(self._library, search, phrases.selection))
            rest: list[Passage | Hit] = [*self._rest(search, retrieved, phrases, selection)]
            if may_answer:
                accepted_ids = {
                    name for name, document in retrieved.documents.items() if may_answer(document)
                }
                rest = [
                    *(passage for passage, _ in retrieved.to_read if passage.document_id not in accepted_ids),
                    *rest,
                ]
                to_read = [pair for pair in retrieved.to_read if pair[0].document_id in accepted_ids]
                retrieved = replace(retrieved, to_read=to_read)
        if phrases.whole:
            passages = [passage for passage, _ in retrieved.to_read]
            return _exact_answer(inquiry, phrases, selection, [*passages, *rest])
        for_several = asks_for_several(question.text)
        with clock.timing("rerank"):
            deadline.check()
            deeper = self._reader.deeper if for_several or self._reader.name == "deep" else None
            done = read(self._reader, deeper, search, retrieved, deadline)
            if self._reader.name != "cross-encoder":  # its logits are on another scale
                done = heads.surer(question, retrieved, done)
        deadline.enter("quoting")
        with clock.timing("extract"):
            choice = choose(search, retrieved, done)
            if deeper:
                deadline.check()
                readers = self._reader, deeper
                choice = several(readers, search, retrieved, choice, deadline, is_asked_for=for_several)
            verdict = self._judge(inquiry, search, retrieved, phrases, choice)
        quotes, nearest, differing = self._quotes(inquiry, retrieved, phrases, verdict)
        all_that_answers = None
        if verdict.outcome == "answered":
            all_that_answers = self._count_all(run, search, retrieved, phrases, choice, quotes, nearest)
            nearest = _numbered_after(nearest, all_that_answers.quotes or quotes)
        facts: tuple[Fact, ...] = ()
        if verdict.outcome != "answered" and not phrases.missing:
            all_documents = retrieved.documents.values()
            facts = heads.facts(question, filter(may_answer, all_documents) if may_answer else all_documents)
        return inquiry.answer(
            "weak" if facts else verdict.outcome,
            confidence=verdict.confidence,
            threshold=run.threshold,
            signals=choice.signals,
            quotes=quotes,
            passages=_ranking(
                [(candidate.passage, candidate.reading.score) for candidate in choice.read],
                [*(passage for passage, _ in retrieved.to_read[len(choice.read) :]), *rest],
            ),
            read=len(choice.read),
            searched=selection.documents,
            undated=selection.undated,
            notes=(*verdict.notes, *differing),
            calibrated=verdict.calibrated,
            unjudged=verdict.unjudged,
            more=all_that_answers,
            nearest=nearest,
            facts=facts,
        )

    def _looked_for(self, inquiry: _Inquiry) -> Search:
        """Return the search for a question, in each spelling of its names.

        The reader knows English. It cannot judge a question with a word in another script, unless the word is
        a name that the documents also spell in Latin script.
        """
        question = inquiry.meaning.question.text
        names = self._library.names(question)
        judged = self._fitted and any(map(is_in_latin, names.spelt(question)))
        return prepare(self._library, inquiry.meaning, names, inquiry.preference, judged=judged)

    def _rest(self, search: Search, retrieved: Retrieved, phrases: Exact, selection: Selection) -> list[Hit]:
        """Return the passages that were found and are not read.

        An answer ranks passages of enough documents, even if a phrase restricts its quotes. This takes a
        second search with the same vectors, because the first only searches documents that hold the phrase.
        """
        rest = [*retrieved.rest, *retrieved.illegible]
        if phrases.selection is not selection:
            result = candidates(self._library, search, selection)
            rest += [hit for hit, _ in (*result.legible, *result.illegible)]
        return rest

    def _judge(
        self, inquiry: _Inquiry, search: Search, retrieved: Retrieved, phrases: Exact, choice: Choice
    ) -> _Verdict:
        """Return how likely the corpus answers the question, the outcome, and the sentences to show."""
        signals, chosen = choice.signals, choice.chosen
        sure = 0.0
        outcome: Outcome = "none"
        if signals:
            sure = inquiry.run.fitted.probability(signals)
            near = inquiry.run.fitted.is_near(signals)
            outcome = confidence.outcome(sure, inquiry.run.threshold, near=near)
        asked = inquiry.meaning.asked
        unjudged = _unjudged(asked, choice, outcome, judged=search.judged) if self._fitted else ""
        if search.judged and outcome == "none" and not unjudged:
            inquiry.run.deadline.check()
            passages, documents = read_other_scripts(self._reader, self._library, search, retrieved.illegible)
            others = extract.choose(answering(search.meaning.question, passages, documents))
            if others:
                chosen, outcome = others, "weak"
            if others or (retrieved.illegible and not choice.evidence):
                languages = [piece.document.language for piece in others]
                languages += [document.language for document in documents.values()]
                unjudged = _named_language(languages)
        spelt = search.names.notes(
            " ".join(
                text
                for candidate in choice.best
                for text in (candidate.window.head, *candidate.window.sentences)
            ),
            " ".join(piece.text for piece in chosen) if outcome != "none" else "",
        )
        has_subject = bool(search.meaning.question.content)
        notes = [*phrases.notes, *spelt, *(() if has_subject else (_NOTHING_TO_LOOK_FOR,))]
        if outcome == "answered" and (phrases.missing or not has_subject):
            outcome = "weak"
        if unjudged and chosen and choice.evidence:  # the reader cannot judge whether it answers or is near
            outcome = "weak"
        if not self._fitted:
            notes.append(f"Read by {self.reader}. No confidence was fitted to it, so the outcome is a guess.")
        elif unjudged:  # high scores mean nothing in other languages
            sure = 0.0
            notes.append(_NOT_IN_ENGLISH)
        return _Verdict(
            outcome,
            sure,
            chosen,
            notes,
            calibrated=self._fitted and not unjudged,
            unjudged=unjudged,
            several=choice.several,
        )

    def _quotes(
        self, inquiry: _Inquiry, retrieved: Retrieved, phrases: Exact, verdict: _Verdict
    ) -> tuple[tuple[Quote, ...], tuple[Quote, ...], tuple[str, ...]]:
        """Return the quotes to show, the quotes that are only near, and notes on versions that differ.

        Near-duplicates are quoted once.
        """
        if verdict.outcome == "none":
            return (), (), ()
        any_time = inquiry.preference is None
        known_copies = copies.Copies(
            self._library, phrases.selection.filters, retrieved.copies, read=retrieved.opened
        )
        most = SHOWN if verdict.several else extract.QUOTES
        quotes = extract.quotes(inquiry.meaning.asked, verdict.chosen, most)
        near: tuple[Quote, ...] = ()
        # `set_apart` is not fitted to the cross-encoder, carried words, or sentences that answer together.
        is_fitted = self._reader.name != "cross-encoder" and not (inquiry.meaning.carried or verdict.several)
        if verdict.outcome == "answered" and is_fitted:
            quotes, near = self._set_apart(inquiry, quotes)
        quotes, differing = copies.versions(known_copies, quotes, agreed=any_time)
        quotes = exact.foremost(inquiry.meaning.asked, quotes)
        merge = partial(
            copies.merged,
            known_copies,
            read=retrieved.opened,
            earliest=any_time,
            deadline=inquiry.run.deadline,
        )
        quotes = merge(quotes)
        left = [
            near_quote
            for near_quote in merge(near)
            if not any(copies.holds(quote, near_quote) for quote in quotes)
        ]
        return quotes, _numbered_after(left, quotes), differing

    def _set_apart(
        self, inquiry: _Inquiry, quotes: tuple[Quote, ...]
    ) -> tuple[tuple[Quote, ...], tuple[Quote, ...]]:
        """Part quotes as `extract.set_apart` does, but show each quote that gives another figure or date."""
        shown, near = extract.set_apart(inquiry.meaning.question, quotes)
        if not near:
            return shown, near
        figures = differing(inquiry.answer("answered", quotes=quotes))
        differ = {figure.quote.number for figure in figures}
        return (
            tuple(quote for quote in quotes if quote in shown or quote.number in differ),
            tuple(quote for quote in near if quote.number not in differ),
        )

    def _count_all(
        self,
        run: _Run,
        search: Search,
        retrieved: Retrieved,
        phrases: Exact,
        choice: Choice,
        quotes: tuple[Quote, ...],
        nearest: tuple[Quote, ...],
    ) -> More:
        """Count the sentences that likelier answer than not or are quoted already, without those only near.

        If all are asked for, read on first, and quote all of them.
        """
        find_all, deadline = run.options.find_all, run.deadline
        all_retrieved, done, chosen = retrieved, choice.read, choice.chosen
        # Scores of the cross-encoder can be compared only within a wave.
        if find_all and self._reader.name != "cross-encoder":
            all_retrieved = retrieve(self._library, search, phrases.selection, most=budget.ALL)
            changed = {
                name
                for name, document in retrieved.documents.items()
                if all_retrieved.documents.get(name, document).sha256 != document.sha256
            }
            chosen = [piece for piece in chosen if piece.document.id not in changed]
            done = [candidate for candidate in choice.read if candidate.passage.document_id not in changed]
            keys = {candidate.passage.key for candidate in done}
            unread = [pair for pair in all_retrieved.to_read if pair[0].key not in keys]
            done += read_on(self._reader, search, unread, all_retrieved.opened, deadline)
        documents = retrieved.documents | all_retrieved.documents
        if find_all and search.preference:
            done = preferring(search.preference, done, documents)
        evidence = more.evidence(search.meaning.question, done, documents, chosen, nearest)
        every = None
        if find_all:
            known_copies = copies.Copies(
                self._library, phrases.selection.filters, all_retrieved.copies, read=all_retrieved.opened
            )
            made = extract.quotes(search.meaning.asked, evidence, most=None)
            any_time = search.preference is None
            merged = copies.merged(known_copies, made, earliest=any_time, deadline=deadline)
            every = more.numbered_by_document(merged, quotes)
        is_left = _is_left(all_retrieved, done)
        return more.count(
            evidence, quotes, all_retrieved.copies, read=len(done), at_least=is_left, every=every
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """How and until when a question is answered.

    Attributes:
        options: the options of the question.
        fitted: what computes the confidence.
        threshold: the minimum confidence of an answer.
        deadline: when the work ends.
        clock: measures the stages.
        today: the day from which "last year" is counted.
    """

    options: AskOptions
    fitted: Confidence
    threshold: float
    deadline: Deadline
    clock: _Clock
    today: dt.date

    def inquire(self, meaning: Interpretation) -> _Inquiry:
        """Return a question to be answered, with the time that it names."""
        is_ignored = self.options.dates == "ignore"
        preference = None if is_ignored else times.preference(meaning.asked, meaning.leans_on, self.today)
        return _Inquiry(meaning, preference, self)


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """A question as it was understood, and how it is answered.

    Attributes:
        meaning: the question as it was typed, and how it is read after the earlier turns.
        preference: the time that the question names, or None if it names none or the time is ignored.
        run: how and until when the question is answered.
    """

    meaning: Interpretation
    preference: DatePreference | None
    run: _Run

    def answer(self, outcome: Outcome, **fields: Any) -> Answer:
        """Return an answer to the question. `fields` has the other fields of `Answer`."""
        return Answer(
            self.meaning.asked.text,
            self.meaning.question.text,
            outcome,
            milliseconds=self.run.clock.read(),
            filters=self.run.options.filters,
            preference=self.preference,
            carried=self.meaning.carried,
            strictness=self.run.options.strictness,
            read_with=tuple(question.text for question in self.meaning.leans_on),
            **fields,
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether and how the corpus answers a question.

    Attributes:
        outcome: whether the corpus answers.
        confidence: how likely it answers, 0 to 1.
        chosen: the sentences to show.
        notes: remarks for the reader.
        calibrated: whether the confidence is a probability.
        unjudged: the code of the language that the reader cannot judge, or "".
        several: whether the sentences answer only together.
    """

    outcome: Outcome
    confidence: float
    chosen: Sequence[Evidence]
    notes: Sequence[str]
    calibrated: bool
    unjudged: str
    several: bool = False


def _unjudged(question: ParsedQuestion, choice: Choice, outcome: Outcome, *, judged: bool) -> str:
    """Return the code of the language that an English reader cannot judge, or "" if it can judge.

    This is the language of the question. If nothing answers, it may also be the language of the documents of
    all nearest sentences.
    """
    if not choice.evidence:
        return ""
    if not judged:
        return language_of_script(question.text) or UNKNOWN
    if language := foreign_language(question.text):
        return language
    nearest = {piece.document.language for piece in choice.chosen}
    if outcome == "answered" or len(nearest) != 1 or nearest & {"en", *_NO_LANGUAGE}:
        return ""
    if outcome == "none" and is_surely_english(question.text) and _named_in(question, choice.best) != nearest:
        return ""  # passages in that language do not have the names in the question
    return _named_language(list(nearest))


def _named_in(question: ParsedQuestion, read: Sequence[Read]) -> set[str]:
    """Return the languages of the passages that have all names in a question; none if it has no name."""
    names = {word for word in question.names if word[0].isalpha()}
    if not names:
        return set()
    return {
        candidate.source[0].language
        for candidate in read
        if names <= set(re.findall(r"\w+", " ".join((candidate.window.head, *candidate.window.sentences))))
    }


def _named_language(languages: Sequence[str]) -> str:
    return next((language for language in languages if language not in {"en", *_NO_LANGUAGE}), UNKNOWN)


class _Clock:
    """Measures wall time in milliseconds, for each stage and since the clock was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        passed = 1000 * (time.perf_counter() - start)
        self._stages[stage] = self._stages.get(stage, 0.0) + passed

    def read(self) -> Milliseconds:
        return Milliseconds(**self._stages, total=1000 * (time.perf_counter() - self._start))


def _exact_answer(
    inquiry: _Inquiry, phrases: Exact, selection: Selection, passages: Sequence[Passage | Hit]
) -> Answer:
    """Return the answer to a question that asks only for exact phrases."""
    is_found = bool(phrases.quotes) and not phrases.missing
    return inquiry.answer(
        "answered" if is_found else "weak" if phrases.quotes else "none",
        confidence=float(is_found),
        quotes=phrases.quotes,
        passages=_ranking([(passage, 1.0) for passage in phrases.passages], passages),
        searched=selection.documents,
        undated=selection.undated,
        notes=phrases.notes,
        calibrated=phrases.is_certain,
        more=phrases.more,
    )


def _is_left(retrieved: Retrieved, read: Sequence[Read]) -> bool:
    """Return whether there are passages that were not read."""
    read_keys = {candidate.passage.key for candidate in read}
    unread = any(passage.key not in read_keys for passage, _ in retrieved.to_read)
    return unread or retrieved.beyond > 0 or not retrieved.is_complete


def _ranking(
    scored: Sequence[tuple[Passage, float]], rest: Sequence[Passage | Hit]
) -> tuple[RankedPassage, ...]:
    """Rank passages as coordinates: first those with a score, then the rest in retrieval's order."""
    below: dict[int, Passage | Hit] = {passage.key: passage for passage in rest}
    for passage, _ in scored:
        below.pop(passage.key, None)
    floor = scored[-1][1] if scored else 0.0
    ranked: list[tuple[Passage | Hit, float]] = [
        *scored,
        *((passage, floor - rank) for rank, passage in enumerate(below.values(), start=1)),
    ]
    return tuple(
        RankedPassage(passage.document_id, passage.start, passage.end, score) for passage, score in ranked
    )


def _is_near(after: Answer, alone: Answer) -> bool:
    """Return whether an answer found with earlier questions is also near the question alone.

    Otherwise it answers the earlier questions, and not this question.
    """
    near = {passage.document_id for passage in alone.passages[:_NEAR]}
    return after.passages[0].document_id in near


def _numbered_after(quotes: Iterable[Quote], others: Sequence[Quote]) -> tuple[Quote, ...]:
    """Number quotes, starting after the last number of `others`."""
    start = 1 + max((quote.number for quote in others), default=0)
    return tuple(replace(quote, number=number) for number, quote in enumerate(quotes, start))


def _speaks_of_topic(answer: Answer, *others: ParsedQuestion) -> bool:
    """Return whether the best quote's document is on the topic of earlier questions, and of `others`."""
    document = answer.quotes[0].document
    questions = (*map(ParsedQuestion, answer.read_with[:1]), *others)
    return all(combine.speaks_of(document, (question,)) for question in questions)


def answer_or_error(
    answerer: Answerer,
    question: str,
    history: Sequence[str | Turn] = (),
    options: AskOptions = _USUAL,
) -> Answer:
    """Answer, or return an answer with the outcome `error`: for callers that need an answer in any case."""
    try:
        return answerer.ask(question, history, options)
    except PullquoteError as error:
        failure = Failure(error.code, str(error))
        return Answer(question, question, "error", filters=options.filters, error=failure)
