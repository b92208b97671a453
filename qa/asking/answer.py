"""One question, one answer: what Pullquote does, from the words typed to the quotes shown.

Read `Answerer.ask` from top to bottom; each step is one module.
"""

from __future__ import annotations

import datetime as dt
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embeddings.models import ModelError as WeightsError
from embeddings.reader import open_reader
from qa.asking import budget, confidence, copies, exact, extract, replies, retrieve, statements
from qa.asking.confidence import STRICTNESS
from qa.asking.conversation import interpret
from qa.asking.unmatched import unmatched
from qa.deadline import Deadline
from qa.document.window import legible, reading_window
from qa.errors import DocumentNotFoundError, LibraryError, ModelError, PullquoteError
from qa.limits import check_dates, check_filters, check_history, check_question
from qa.schema import EVERYTHING, Answer, Failure, Filters, Milliseconds, RankedPassage, Signals
from qa.text import times
from qa.text.terms import has_content, is_in_latin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from embeddings.reading import Reading, Window
    from qa.asking.conversation import Interpretation
    from qa.asking.extract import Evidence
    from qa.schema import DatePreference, Dates, Document, Passage, PassagePlace, Turn
    from qa.storage.ports import Library, Selection
    from qa.text.names import Names

# Passages that may be read; and of these the best, from which is quoted.
RERANKED = budget.most()
READ = 3
# So many passages found are not few (`Signals.few`): what the confidence was fitted with.
PLENTY = 20
# Passages in other scripts that are looked at where nothing that the reader can read comes near.
OTHERS = 10
# How often a search is made again because the library has changed under it.
ATTEMPTS = 3


class Answerer:
    """Answers questions from a library. Several threads may ask at once.

    `reader` names what reads the passages; by default our own reader, or the cross-encoder where its weights
    are missing (`embeddings.reader.open_reader`). `today` says from which day "last year" is counted.

    Raises:
        ModelError: the reader's weights are missing or damaged.
    """

    def __init__(
        self,
        library: Library,
        reader: str | None = None,
        today: Callable[[], dt.date] = dt.date.today,
    ) -> None:
        self._library = library
        self._today = today
        try:
            self._reader = open_reader(reader)
        except WeightsError as error:
            raise ModelError(str(error)) from error
        self._fitted = self._reader.model == self._reader.name

    @property
    def reader(self) -> str:
        """What reads the passages."""
        return self._reader.model

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        filters: Filters = EVERYTHING,
        strictness: float = STRICTNESS,
        dates: Dates = "auto",
        *,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Answer one question. `history` holds the conversation's earlier turns, oldest first.

        `strictness` is the share of answers that should be right (`confidence.threshold`). With `dates`
        "ignore", a time that the question names orders nothing, and a passage must say it (`qa.text.times`).
        `deadline` is looked at between the stages; without one, nothing ends the work early.

        Raises:
            QuestionError: the question or a turn is empty, too long or no text (`qa.limits`).
            InputError: the filters, the strictness or `dates` make no sense.
            DeadlineError: the time is up.
            CancelledError: the deadline was cancelled.
            PullquoteError: what else keeps it from being answered; never an answer.
        """
        question = check_question(question)
        check_history(history)
        check_filters(filters)
        check_dates(dates)
        deadline = deadline or Deadline()
        deadline.check()
        threshold = confidence.threshold(strictness, self._reader.name)
        clock = _Clock()
        if kind := replies.reply_kind(question):
            listed = self._library.documents(limit=replies.LISTED)
            reply = replies.reply(kind, listed, self._library.count().documents)
            return Answer(question, question, "none", reply=reply, filters=filters, milliseconds=clock.read())

        meaning = interpret(question, history)
        asked = times.preference(question, meaning.leans_on, self._today()) if dates == "auto" else None
        deadline.check()
        with clock.timing("retrieve"):
            selection = self._library.select(filters)
            if not selection.documents:
                return Answer(
                    question,
                    meaning.question,
                    "none",
                    milliseconds=clock.read(),
                    undated=selection.undated,
                    filters=filters,
                    preference=asked,
                    unsearched=unmatched(self._library, filters),
                )
            deadline.check()
            phrases = exact.search(self._library, question, selection, filters, deadline)
            deadline.check()
            names = self._library.names(meaning.question)
            # The reader knows English: of a question with a word in another script nothing can be judged,
            # unless that is a name which the documents spell in Latin script too.
            judged = self._fitted and any(map(is_in_latin, names.spelt(meaning.question)))
            search = _Search(meaning.question, meaning.variants, names, judged)
            retrieved = self._retrieve(search, phrases.selection, asked)
            found, documents = retrieved.read, retrieved.documents
            rest = [*retrieved.rest, *retrieved.others]
            if phrases.selection is not selection:
                # An answer ranks passages of enough documents, whatever a phrase restricts its quotes to.
                rest += [place for places in self._found(search, selection) for place, _ in places]
        if phrases.whole:
            ranking = _ranking(
                [(passage, 1.0) for passage in phrases.passages],
                [*(passage for passage, _ in found), *rest],
            )
            return exact.answer(question, phrases, ranking, selection, filters, clock.read())
        with clock.timing("rerank"):
            ranked = self._read(meaning, asked, found, documents, names, deadline)
        deadline.check()
        with clock.timing("extract"):
            best = ranked[:READ]
            evidence = search.answering([(each.passage, each.reading) for each in best], documents)
            chosen = extract.choose(evidence)
            if asked:  # what is shown, not how sure it is
                ranked = _preferring(asked, ranked, documents)
                preferred = [(each.passage, each.reading) for each in ranked[:READ]]
                chosen = extract.choose(search.answering(preferred, documents))
        signals = _signals(retrieved.count, best, evidence) if evidence else None
        sure = confidence.probability(signals, self._reader.name) if signals else 0.0
        near = signals is not None and confidence.is_near(signals, self._reader.name)
        outcome = confidence.outcome(sure, threshold, near=near) if signals else "none"
        unjudged = self._fitted and bool(evidence) and not judged
        if judged and outcome == "none":
            others = self._in_other_scripts(search, retrieved.others)
            chosen, outcome = (others, "weak") if others else (chosen, outcome)
            unjudged = bool(others) or (bool(retrieved.others) and not evidence)
        matched = names.notes(
            " ".join(text for each in best for text in (each.window.head, *each.window.sentences)),
            " ".join(each.text for each in chosen) if outcome != "none" else "",
        )
        notes = [*phrases.notes, *matched, *_remarks(meaning.question)]
        if outcome == "answered" and (phrases.missing or not has_content(meaning.question)):
            outcome = "weak"
        calibrated = self._fitted
        if not self._fitted:
            notes.append(f"Read by {self.reader}, to which no confidence was fitted: the outcome is a guess.")
        elif unjudged:
            # What its scores say of other languages is next to nothing, and it is sure of them.
            calibrated, sure = False, 0.0
            outcome = "weak" if outcome == "answered" else outcome
            notes.append(
                "The reader knows English: whether this is answered it cannot tell. "
                "Name a model that knows the language with --reader."
            )
        quotes = () if outcome == "none" else extract.quotes(question, chosen)
        within = phrases.selection.filters
        quotes, differing = copies.versions(self._library, quotes, within, agreed=asked is None)
        quotes = exact.foremost(question, quotes)
        quotes = copies.folded(
            self._library, quotes, within, documents, earliest=asked is None, deadline=deadline
        )
        notes += differing
        return Answer(
            question,
            meaning.question,
            outcome,
            confidence=sure,
            threshold=threshold,
            signals=signals,
            quotes=quotes,
            passages=_ranking(
                [(each.passage, each.reading.score) for each in ranked],
                [*(passage for passage, _ in found[len(ranked) :]), *rest],
            ),
            read=len(ranked),
            milliseconds=clock.read(),
            searched=selection.documents,
            undated=selection.undated,
            filters=filters,
            notes=tuple(notes),
            preference=asked,
            calibrated=calibrated,
        )

    def _found(
        self, search: _Search, selection: Selection
    ) -> tuple[list[tuple[PassagePlace, float]], list[tuple[PassagePlace, float]]]:
        """Find passages and how well each fits, 0 to 1, the best first; apart, what cannot be judged."""
        counting = self._library.legible if search.judged else set
        lists = retrieve.candidates(self._library, search.variants, selection, search.names, counting)
        places = self._library.places(key for found in lists for key, _ in found)
        judged, others = ([(places[key], fused) for key, fused in found if key in places] for found in lists)
        return judged, others

    def _retrieve(self, search: _Search, selection: Selection, asked: DatePreference | None) -> _Retrieved:
        """Find the passages to read, the best first; where those stand that are not; and the documents read.

        Searched again where a document was replaced or removed in between: offsets are those of one text.
        """
        for _ in range(ATTEMPTS):
            found, others = self._found(search, selection)
            copied = self._library.copies(place.document_id for place, _ in found)
            if asked:
                found = self._ordered(found, asked)
            with suppress(DocumentNotFoundError):
                read, rest, documents = self._read_first(search, found, copied)
                return _Retrieved(read, rest, documents, [place for place, _ in others], len(found))
            selection = self._library.select(selection.filters)
        raise LibraryError("the library is being changed faster than it can be searched: ask again")

    def _in_other_scripts(self, search: _Search, others: Sequence[PassagePlace]) -> list[Evidence]:
        """Choose sentences in other scripts to show: of passages that hold what the question looks for.

        The reader orders them, and is not asked whether they answer: it cannot tell.
        """
        matching: dict[int, Passage] = {}
        documents: dict[str, Document] = {}
        for place in others[:OTHERS]:
            with suppress(DocumentNotFoundError):  # removed meanwhile
                document, passages = self._library.document_and_passages(place.document_id)
                text = document.text[place.start : place.end]
                passage = next((each for each in passages if each.key == place.key), None)
                if passage and confidence.matches(search.names.as_in(search.question, text), text):
                    matching[passage.key], documents[document.id] = passage, document
        found = list(matching.values())
        windows = [reading_window(documents[each.document_id], each) for each in found]
        readings = self._reader.read(search.question, windows, [0.0] * len(found)) if found else []
        return extract.choose(search.answering(zip(found, readings, strict=True), documents))

    def _ordered(
        self, found: Sequence[tuple[PassagePlace, float]], asked: DatePreference
    ) -> list[tuple[PassagePlace, float]]:
        """What was found in the order in which it is to be read: what fits the date preference sooner."""
        dates = self._library.dates(place.document_id for place, _ in found)
        fits = times.fits(asked, [(dates.get(place.document_id), "") for place, _ in found])
        keyed = [-fused - times.BOOST * fit for (_, fused), fit in zip(found, fits, strict=True)]
        return [found[number] for number in sorted(range(len(found)), key=keyed.__getitem__)]

    def _read_first(
        self,
        search: _Search,
        found: Sequence[tuple[PassagePlace, float]],
        copied: Mapping[str, Mapping[str, float]],
    ) -> tuple[list[tuple[Passage, float]], list[PassagePlace], dict[str, Document]]:
        """The first of what was found, each with the sentences of it that may answer.

        Left out is what has none, and what only repeats a better one in a copy of its document. These come
        first of the rest.

        Raises:
            DocumentNotFoundError: a document, or a passage of it, is not held any more.
        """
        documents: dict[str, Document] = {}
        held: dict[int, Passage] = {}
        read: list[tuple[Passage, float]] = []
        left_out: list[PassagePlace] = []
        rest = list(found)
        while rest and len(read) < RERANKED:
            place, fused = rest.pop(0)
            name = place.document_id
            if name not in documents:
                documents[name], its = self._library.document_and_passages(name)
                held |= {passage.key: passage for passage in its}  # a replaced one's key never comes back
            if place.key not in held:
                raise DocumentNotFoundError(f"{name!r} was replaced while it was searched")
            text = documents[name].text[place.start : place.end]
            if any(
                copies.repeats(text, _joined(documents[better], read))
                for better in copied.get(name, ())
                if better in documents
            ):
                left_out.append(place)
            elif (passage := search.narrowed(documents[name], held[place.key])).sentences:
                read.append((passage, fused))
            else:
                left_out.append(place)
        return read, [*left_out, *(place for place, _ in rest)], documents

    def _read(
        self,
        meaning: Interpretation,
        asked: DatePreference | None,
        found: Sequence[tuple[Passage, float]],
        documents: dict[str, Document],
        names: Names,
        deadline: Deadline,
    ) -> list[_Read]:
        """Read the passages, from the first on, until those left are unlikely to matter; the best first.

        A passage that is of the time asked for need not say so: it is read for the rest of the question. Not
        if it names that very time, nor if a sentence that is of another time answers the rest best.
        """
        read: list[_Read] = []
        for wave, unlikely in budget.waves(len(found), self._reader.name):
            deadline.check()
            unread = [
                _Unread(passage, retrieved, document.date, reading_window(document, passage))
                for passage, retrieved in found[wave]
                for document in (documents[passage.document_id],)
            ]
            if asked:
                timely = [each for each in unread if each.is_silently_of(asked)]
                of_time = [
                    each
                    for each in self._read_for(meaning.timeless, timely, names)
                    if each.is_of(asked, each.best())
                ]
                read += of_time
                settled = {each.passage.key for each in of_time}
                unread = [each for each in unread if each.passage.key not in settled]
            read += self._read_for(meaning.question, unread, names)
            read.sort(key=lambda each: -each.reading.score)
            left = [retrieved for _, retrieved in found[wave.stop :]]
            if budget.enough(read[0].reading.score, left, unlikely):
                break
        return read

    def _read_for(self, question: str, unread: Sequence[_Unread], names: Names) -> Iterator[_Read]:
        """Read each passage with the question as it spells the names in it.

        Models take another spelling for another name.
        """
        by_question: dict[str, list[_Unread]] = {}
        for each in unread:
            spelt = names.as_in(question, " ".join((each.window.head, *each.window.sentences)))
            by_question.setdefault(spelt, []).append(each)
        for spelt, its in by_question.items():
            readings = self._reader.read(
                spelt, [each.window for each in its], [each.retrieved for each in its]
            )
            for each, reading in zip(its, readings, strict=True):
                yield _Read(each.passage, each.retrieved, each.published, each.window, spelt, reading)


@dataclass(frozen=True, slots=True)
class _Search:
    """A question, its variants and the spellings of its names.

    Where it can be `judged`, what the reader cannot read does not count.
    """

    question: str
    variants: Sequence[tuple[str, float]]
    names: Names
    judged: bool

    def narrowed(self, document: Document, passage: Passage) -> Passage:
        """Return the passage with those of its sentences that are read; with none where none may answer.

        What heads a text is read with it, although it may not be quoted: the reader has learnt it so.
        """
        read = legible(document.text, passage.sentences) if self.judged else passage.sentences
        answering = statements.answering(self.question, document, read)
        heads = {each for each in read if each.kind in ("header", "heading")} if answering else set()
        return replace(passage, sentences=tuple(each for each in read if each in heads.union(answering)))

    def answering(
        self, read: Iterable[tuple[Passage, Reading]], documents: Mapping[str, Document]
    ) -> list[Evidence]:
        """Return the sentences that were read and may answer; the best first."""
        return [
            each
            for each in extract.evidence(read, documents)
            if statements.answering(self.question, each.document, [each.sentence])
        ]


@dataclass(frozen=True, slots=True)
class _Retrieved:
    """The passages to read, with how well each was found, and their documents; where the rest stand.

    `others` hold nothing that the reader can read. `count` tells how many were found that do.
    """

    read: list[tuple[Passage, float]]
    rest: list[PassagePlace]
    documents: dict[str, Document]
    others: list[PassagePlace]
    count: int


@dataclass(frozen=True, slots=True)
class _Unread:
    """A passage, how well it was retrieved (0 to 1), its document's day, and as what it is read."""

    passage: Passage
    retrieved: float
    published: dt.date | None
    window: Window

    def is_silently_of(self, asked: DatePreference) -> bool:
        """Whether it is of the time asked for, and names not that very time but another, or none."""
        sentences = self.window.sentences
        named = any(times.names(asked, self.published, sentence) for sentence in sentences)
        return not named and self.is_of(asked, sentences)

    def is_of(self, asked: DatePreference, sentences: Sequence[str]) -> bool:
        """Whether any of its sentences is of the time asked for."""
        return any(times.is_of(asked, self.published, sentence) for sentence in sentences)


@dataclass(frozen=True, slots=True)
class _Read(_Unread):
    """A passage, read with which question, and how."""

    question: str
    reading: Reading

    def best(self) -> tuple[str, ...]:
        """The sentence that answers best; all, where no sentence was scored."""
        scores = self.reading.sentences
        return (self.window.sentences[scores.index(max(scores))],) if scores else self.window.sentences


def _joined(document: Document, read: Sequence[tuple[Passage, float]]) -> str:
    """The passages of a document that are read, one after the other."""
    its = sorted((passage.start, passage.end) for passage, _ in read if passage.document_id == document.id)
    return " ".join(document.text[start:end] for start, end in its)


def _preferring(asked: DatePreference, read: Sequence[_Read], documents: dict[str, Document]) -> list[_Read]:
    """What was read, the best first, by scores from which is taken what the date preference puts back."""
    found = [(documents[each.passage.document_id], each.passage.start, each.passage.end) for each in read]
    back = times.setbacks(
        asked,
        [each.reading.score for each in read],
        [(document.date, document.text[start:end]) for document, start, end in found],
    )
    lowered = [
        replace(
            each,
            reading=replace(
                each.reading,
                score=each.reading.score - less,
                sentences=tuple(score - less for score in each.reading.sentences),
            ),
        )
        for each, less in zip(read, back, strict=True)
    ]
    return sorted(lowered, key=lambda each: -each.reading.score)


def _signals(found: int, best: Sequence[_Read], evidence: Sequence[Evidence]) -> Signals:
    """What the confidence may rest on: how many were found, the best read, their sentences, best first."""
    first = best[0]
    return Signals(
        answers=max(each.reading.answers for each in best),
        best=first.reading.answers,
        span=first.reading.span,
        relevance=first.reading.score,
        gap=first.reading.score - best[1].reading.score if len(best) > 1 else 0.0,
        sentence=evidence[0].score,
        sentence_gap=evidence[0].score - evidence[1].score if len(evidence) > 1 else 0.0,
        retrieved=first.retrieved,
        coverage=confidence.coverage(first.question, first.window),
        fits=confidence.fits(first.question, evidence[0].text),
        few=1 - min(found, PLENTY) / PLENTY,
    )


def _ranking(
    scored: Sequence[tuple[Passage, float]], rest: Sequence[Passage | PassagePlace]
) -> tuple[RankedPassage, ...]:
    """Passages as coordinates: those with a score, then, below them, the rest in retrieval's order."""
    below: dict[int, Passage | PassagePlace] = {passage.key: passage for passage in rest}
    for passage, _ in scored:
        below.pop(passage.key, None)
    floor = scored[-1][1] if scored else 0.0
    ranked: list[tuple[Passage | PassagePlace, float]] = [
        *scored,
        *((passage, floor - place) for place, passage in enumerate(below.values(), start=1)),
    ]
    return tuple(
        RankedPassage(passage.document_id, passage.start, passage.end, score) for passage, score in ranked
    )


def _remarks(question: str) -> list[str]:
    """What a reader should know before taking silence for "not in the corpus"."""
    if not has_content(question):
        return ["The question names nothing to look for: say what it is about."]
    return []


def answer_or_error(
    answerer: Answerer,
    question: str,
    history: Sequence[str | Turn] = (),
    filters: Filters = EVERYTHING,
    strictness: float = STRICTNESS,
    dates: Dates = "auto",
) -> Answer:
    """Answer, or say in an answer of outcome `error` why not: for borders that give each question a line."""
    try:
        return answerer.ask(question, history, filters, strictness, dates)
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
