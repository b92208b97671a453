"""Read passages for a question: find whether they answer, and the sentences and words that do."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embeddings.reading import combined
from qa.asking import budget, confidence
from qa.asking.extract import QUOTES
from qa.document.context import introductions
from qa.document.window import reading_window, sentences_before
from qa.text import times

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from embeddings.reading import Reader, Reading, Window
    from qa.asking.retrieve import Retrieved, Search
    from qa.deadline import Deadline
    from qa.schema import DatePreference, Document, Passage
    from qa.storage.library import Library
    from qa.storage.results import Hit, Segmented
    from qa.text.names import Names
    from qa.text.question import ParsedQuestion

# Passages in other scripts that are looked at, at most, if no passage that the reader can read is near.
OTHERS = 10
# Best passages that a deeper reader reads again.
DEEPER = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be read.

    Attributes:
        passage: the passage.
        retrieved: how well it was retrieved, 0 to 1.
        source: the passage's document, with all passages of the document.
        window: the text that the reader reads.
    """

    passage: Passage
    retrieved: float
    source: Segmented
    window: Window

    @property
    def published(self) -> dt.date | None:
        """Return the date of the passage's document."""
        return self.source[0].date

    def is_of_unnamed_time(self, preference: DatePreference) -> bool:
        """Return whether the passage is of the time that is asked for, without naming that very time."""
        sentences = self.window.sentences
        is_named = any(times.names(preference, self.published, sentence) for sentence in sentences)
        return not is_named and self.is_of(preference, sentences)

    def is_of(self, preference: DatePreference, sentences: Sequence[str]) -> bool:
        """Return whether one or more of the passage's `sentences` are of the time that is asked for."""
        return any(times.is_of(preference, self.published, sentence) for sentence in sentences)


@dataclass(frozen=True, slots=True)
class Read(Candidate):
    """A passage that was read.

    Attributes:
        question: the question that it was read for, in the passage's spelling of names.
        reading: the reader's scores and answering words.
    """

    question: ParsedQuestion
    reading: Reading

    def best_sentences(self) -> tuple[str, ...]:
        """Return the sentence that answers best, or all sentences if they have no scores."""
        scores = self.reading.sentences
        return (self.window.sentences[scores.index(max(scores))],) if scores else self.window.sentences


def read(
    reader: Reader, deeper: Reader | None, search: Search, retrieved: Retrieved, deadline: Deadline
) -> list[Read]:
    """Read the passages in order until the rest is unlikely to matter. Return them, the best first.

    A `deeper` reader reads the best passages again.

    A passage of the time asked for need not state the time. It is read for the question without the time. But
    it is read for the whole question if it names that very time, or if its best sentence is not of the time.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    done: list[Read] = []
    for wave, unlikely in budget.waves(len(retrieved.to_read), reader.name):
        deadline.enter("reading", len(done), len(retrieved.to_read))
        done += _read_wave(reader, search, retrieved.to_read[wave], retrieved.opened)
        done.sort(key=lambda candidate: -candidate.reading.score)
        left = [score for _, score in retrieved.to_read[wave.stop :]]
        if budget.enough(done[0].reading.score, left, unlikely) and not _more_may_answer(done):
            break
    if done and deeper:
        deadline.enter("reading", len(done), len(retrieved.to_read))
        done[:DEEPER] = read_again(deeper, done[:DEEPER])
        done.sort(key=lambda candidate: -candidate.reading.score)
    return done


def _more_may_answer(done: Sequence[Read]) -> bool:
    """Return whether no more passages are read than an answer quotes, and all of them answer."""
    return len(done) <= QUOTES and all(candidate.reading.answers > 0 for candidate in done)


def read_again(reader: Reader, done: Sequence[Read]) -> list[Read]:
    """Let a deeper reader read passages too, and return them with the combined scores of both readers."""
    again: list[Read] = []
    for question in dict.fromkeys(candidate.question for candidate in done):
        group = [candidate for candidate in done if candidate.question == question]
        windows, scores = (
            [candidate.window for candidate in group],
            [candidate.retrieved for candidate in group],
        )
        again += [
            replace(candidate, reading=combined(candidate.reading, reading))
            for candidate, reading in zip(group, reader.read(question.text, windows, scores), strict=True)
        ]
    return again


def read_on(
    reader: Reader,
    search: Search,
    unread: Sequence[tuple[Passage, float]],
    opened: Mapping[str, Segmented],
    deadline: Deadline,
) -> list[Read]:
    """Read passages that were left unread, in order, until `budget.SECONDS` have passed.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    done: list[Read] = []
    start = time.monotonic()
    for at in range(0, len(unread), budget.WAVE):
        deadline.enter("reading", at, len(unread))
        done += _read_wave(reader, search, unread[at : at + budget.WAVE], opened)
        if time.monotonic() - start > budget.SECONDS:
            break
    return done


def _read_wave(
    reader: Reader, search: Search, wave: Sequence[tuple[Passage, float]], opened: Mapping[str, Segmented]
) -> list[Read]:
    """Read some passages. Passages of the time asked for are read without the words for the time."""
    candidates = [
        Candidate(passage, score, source, reading_window(source[0], passage))
        for passage, score in wave
        for source in (opened[passage.document_id],)
    ]
    of_time: list[Read] = []
    if preference := search.preference:
        timely = [candidate for candidate in candidates if candidate.is_of_unnamed_time(preference)]
        of_time = [
            candidate
            for candidate in _read_each(reader, search.meaning.timeless, timely, search.names)
            if candidate.is_of(preference, candidate.best_sentences())
        ]
        settled = {candidate.passage.key for candidate in of_time}
        candidates = [candidate for candidate in candidates if candidate.passage.key not in settled]
    return [*of_time, *_read_each(reader, search.meaning.question, candidates, search.names)]


def _read_each(
    reader: Reader, question: ParsedQuestion, candidates: Sequence[Candidate], names: Names
) -> Iterator[Read]:
    """Read each passage with the question in the passage's spelling, and with sentences that introduce names.

    Models treat another spelling as another name. Earlier sentences that introduce other words than names are
    not read, because they make wrong passages seem to answer (docs/decisions/0009-reader.md).
    """
    by_question: dict[ParsedQuestion, list[Candidate]] = {}
    for candidate in candidates:
        text = " ".join((candidate.window.head, *candidate.window.sentences))
        spelt = names.as_in(question, text)
        if wanted := " ".join(spelt.names):
            before = sentences_before(*candidate.source, candidate.passage)
            context = " ".join(before[at] for at in introductions(wanted, text, before))
            candidate = replace(candidate, window=replace(candidate.window, context=context))
        by_question.setdefault(spelt, []).append(candidate)
    for spelt, group in by_question.items():
        windows, scores = (
            [candidate.window for candidate in group],
            [candidate.retrieved for candidate in group],
        )
        for candidate, reading in zip(group, reader.read(spelt.text, windows, scores), strict=True):
            yield Read(
                candidate.passage, candidate.retrieved, candidate.source, candidate.window, spelt, reading
            )


def read_other_scripts(
    reader: Reader, library: Library, search: Search, hits: Sequence[Hit]
) -> tuple[list[tuple[Passage, Reading]], Mapping[str, Document]]:
    """Read passages in other scripts with half of the question's content words, to order their sentences.

    The reader cannot judge whether these passages answer. Return the passages with their readings, and the
    documents by id.
    """
    opened = library.read(hit.document_id for hit in hits[:OTHERS])
    documents = {name: document for name, (document, _) in opened.items()}
    passages = {passage.key: passage for _, own in opened.values() for passage in own}
    held = [passages[hit.key] for hit in hits[:OTHERS] if hit.key in passages]  # not removed meanwhile
    matching = []
    for passage in held:
        text = documents[passage.document_id].text[passage.start : passage.end]
        if confidence.matches(search.names.as_in(search.meaning.question, text), text):
            matching.append(passage)
    windows = [reading_window(documents[passage.document_id], passage) for passage in matching]
    readings = reader.read(search.meaning.question.text, windows, [0.0] * len(matching)) if matching else []
    return list(zip(matching, readings, strict=True)), documents
