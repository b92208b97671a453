"""Make training windows of questions, with the labels that the reader should learn.

A question gives a list of windows, in which the answering window should be surer than its rivals:

- a window that answers, cut around its evidence with a random size and place,
- the same window without the evidence,
- the same window with a twin of the question, which the window does not answer,
- windows of the same document that do not answer,
- windows of other documents, near the question and far from it.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING

import numpy as np

from embeddings.encoder import open_encoder
from qa.asking.conversation import interpret
from qa.document.context import introductions
from qa.document.segment import passages, sentences
from qa.document.tables import row
from qa.document.window import in_words, reading_head
from qa.schema import Span
from qa.text.question import ParsedQuestion
from qa.text.terms import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from qa.document.tables import Row
    from qa.schema import Document, Passage
    from training.questions import Question

    Sizes = tuple[tuple[tuple[int, int], float], ...]

# Minimum and maximum of words in a window, and the share of the questions. The product's windows have about
# 90.
SIZES = (((35, 130), 0.65), ((130, 220), 0.35))
SHORTER = (((35, 100), 0.65), ((100, 140), 0.35))  # for a slow model
# Most windows of other documents come from the NEAREST passages, the others from the NEAR nearest.
NEAREST, NEAR = 8, 50
# Share of the questions whose windows are read with context: earlier sentences of the document.
WITH_CONTEXT = 0.5
# Share of the dependent questions that get words of an earlier question about the same document.
IN_CONVERSATION = 0.4
# Maximum number of windows of a question with evidence in several places.
MOST_PARTS = 3

AROUND = (
    "According to the document, ",
    "For a report I am writing: ",
    "Please quote the passage that says: ",
    "I would like to know ",
    "Could you tell me ",
    "Do we know ",
)
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+)*")
_NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b")
_YES_OR_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might|should)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the sentences of a window under a head, and labels.

    Attributes:
        labels: for each sentence, whether it is evidence.
        span: the place of the words that answer: sentence, first character in it, end. It is None if no
            sentence answers, or if the words are not known.
        parts: for each sentence, whether it is evidence for a part of the question. It is empty if this is
            the same as `labels`.
        taught: the teacher's logits (`training/teach.py`), or empty.
    """

    question: str
    head: str
    sentences: tuple[str, ...]
    labels: tuple[bool, ...]
    span: tuple[int, int, int] | None
    kind: str
    source: str
    context: str = ""
    parts: tuple[bool, ...] = ()
    taught: tuple[float, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether the window answers the question."""
        return any(self.labels)

    def as_dict(self) -> dict[str, object]:
        """Return the example as a record for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence in the form in which it is read, with its offsets in the document."""

    text: str
    span: Span
    verbatim: bool
    is_header: bool
    row: Row | None = None

    @property
    def words(self) -> int:
        """The number of its words."""
        return len(self.text.split())

    def place(self, answer: Span) -> tuple[int, int] | None:
        """Return the offsets of the answer in the text as it is read, or None if it is not read verbatim."""
        if self.verbatim and self.span.start <= answer.start and answer.end <= self.span.end:
            return answer.start - self.span.start, answer.end - self.span.start
        for cell in self.row.cells if self.row else ():
            if cell.span.start <= answer.start and answer.end <= cell.span.end:
                first = cell.start + answer.start - cell.span.start
                return first, first + answer.end - answer.start
        return None


class Lines:
    """A document's quotable sentences, in runs (header, body) that no window crosses."""

    def __init__(self, document: Document) -> None:
        self.document = document
        quotable = [sentence for sentence in sentences(document) if sentence.quotable]
        self.runs = [
            [
                Line(
                    read := in_words(document, sentence),
                    Span(sentence.start, sentence.end),
                    read == document.text[sentence.start : sentence.end],
                    sentence.kind == "header",
                    None if sentence.kind == "header" else row(document, sentence),
                )
                for sentence in run
            ]
            for _, run in groupby(quotable, key=lambda sentence: sentence.kind == "header")
        ]
        # The run of each sentence, and its place in the run.
        self.places = [(run, place) for run, lines in enumerate(self.runs) for place in range(len(lines))]

    def gold(self, question: Question) -> set[tuple[int, int]]:
        """Return the places of the sentences that are evidence."""
        return self.at(question.gold)

    def at(self, spans: Sequence[Span]) -> set[tuple[int, int]]:
        """Return the places of the sentences that overlap with a span by more than half of the shorter."""
        return {
            (run, place)
            for run, place in self.places
            if any(shares(self.runs[run][place].span, span) for span in spans)
        }

    def gold_spans(self, question: Question) -> set[tuple[int, int]]:
        """Return the spans of the sentences that are evidence."""
        spans = (self.runs[run][place].span for run, place in self.gold(question))
        return {(span.start, span.end) for span in spans}


def shares(one: Span, other: Span) -> bool:
    """Return whether two spans overlap by more than half of the shorter span."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0.5 * min(one.end - one.start, other.end - other.start)


class Near:
    """The passages of all documents, and their similarities to questions by the encoder."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._encoder = open_encoder()
        self.passages = [(document, passage) for document in documents for passage in passages(document)]
        self._vectors = self._encoder.encode_documents(
            [document.text[p.start : p.end] for document, p in self.passages]
        )

    def similarities(self, questions: Sequence[str]) -> np.ndarray:
        """Return the cosine of each question with each passage, float32 [questions, passages]."""
        return self._encoder.encode_query(questions) @ self._vectors.T


class Material:
    """The documents of a source's questions, prepared once for the windows of all epochs."""

    def __init__(self, questions: Sequence[Question]) -> None:
        every = [*questions, *(question.twin for question in questions if question.twin)]
        documents = {question.document.id: question.document for question in every}
        self.groups = {question.document.id: question.group for question in every}
        self.lines = {id_: Lines(document) for id_, document in documents.items()}
        self.near = Near(list(documents.values()))
        self.asked: dict[str, list[str]] = defaultdict(list)
        for question in questions:
            self.asked[question.document.id].append(question.text)
        self.names = sorted({name for question in questions for name in _NAME.findall(question.text)})


def lists(
    material: Material,
    questions: Sequence[Question],
    rates: dict[str, float],
    rng: random.Random,
    sizes: Sizes = SIZES,
) -> Iterator[list[Example]]:
    """Yield for each question of one source the list of its windows.

    `rates` has the mean number of windows of each kind, in addition to one that answers. The kinds are:

    - `again`: another window that answers.
    - `same`: a window of the same document that does not answer.
    - `removed`: an answering window without its evidence.
    - `changed`: an answering window with a changed detail in the question.
    - `other`, `far`: a window of another document, near the question or anywhere.

    The twin of a question always gives a window.
    """
    for first in range(0, len(questions), 512):
        batch = questions[first : first + 512]
        for question, similar in zip(batch, material.near.similarities([q.text for q in batch]), strict=True):
            asked = material.asked[question.document.id]
            seed = rng.random()
            made = list(_List(material, question, similar, rng, sizes).windows(rates))
            # All windows of a list get the same earlier question and the same slips.
            yield [
                dress(
                    replace(window, question=in_conversation(window.question, asked, random.Random(seed))),
                    random.Random(seed),
                )
                for window in made
            ]


def in_conversation(question: str, asked: Sequence[str], rng: random.Random) -> str:
    """Return the question, sometimes with words of another question on its document.

    The product adds words in the same way. A question that stands alone does not change
    (`qa.asking.conversation.interpret`).
    """
    read = ParsedQuestion(question)
    if read.is_standalone or rng.random() > IN_CONVERSATION:
        return question
    return interpret(read, [ParsedQuestion(rng.choice(asked))]).question.text


@dataclass(frozen=True, slots=True)
class Cut:
    """Neighbouring sentences of a document: the lines `start` to `end` of a run, without `end`."""

    lines: Lines
    run: int
    start: int
    end: int

    @property
    def kept(self) -> list[Line]:
        """The sentences."""
        return self.lines.runs[self.run][self.start : self.end]

    @property
    def places(self) -> list[tuple[int, int]]:
        """The places of the sentences."""
        return [(self.run, place) for place in range(self.start, self.end)]

    @property
    def before(self) -> list[str]:
        """The earlier sentences of the document without its header, which is read anyway."""
        earlier = [*chain(*self.lines.runs[: self.run]), *self.lines.runs[self.run][: self.start]]
        return [line.text for line in earlier if not line.is_header]


class _List:
    """The windows of one question, of similar size, either all with context or all without."""

    def __init__(
        self, material: Material, question: Question, similar: np.ndarray, rng: random.Random, sizes: Sizes
    ) -> None:
        self.material = material
        self.question = question
        self.similar = similar
        self.rng = rng
        self.own = material.lines[question.document.id]
        self.gold = self.own.gold(question)
        self.parts = self.own.at(question.parts)
        [bounds] = rng.choices([size for size, _ in sizes], [share for _, share in sizes])
        self.wanted = rng.randint(*bounds)
        self.with_context = rng.random() < WITH_CONTEXT
        self.with_head = rng.random() > 0.1

    def windows(self, rates: dict[str, float]) -> Iterator[Example]:
        """Yield the windows. There are none if all evidence is page furniture."""
        if self.question.gold and not self.gold:
            return
        if self.parts:
            for part in self.rng.sample(sorted(self.parts), min(MOST_PARTS, len(self.parts))):
                yield self._example(self._around(self.own, part), "part", gold=self.gold)
        elif self.gold:
            for _ in range(1 + _times(rates["again"], self.rng)):
                answering = self._around(self.own, self.rng.choice(sorted(self.gold)))
                yield self._example(answering, "answers", gold=self.gold)
            yield from self._rivals(answering, rates)
        for index in range(
            _times(rates["same"], self.rng) if self.gold else 1 + _times(rates["same"] / 2, self.rng)
        ):
            yield from self._same(index)
        # Another document's header may answer a question about headers as well.
        if self.question.source != "headers":
            for _ in range(_times(rates["other"], self.rng)):
                yield from self._other()
            for _ in range(_times(rates["far"], self.rng)):
                yield from self._far()

    def _rivals(self, answering: Cut, rates: dict[str, float]) -> Iterator[Example]:
        """Yield the windows most like an answering window: without evidence, or with another question."""
        for _ in range(_times(rates["removed"], self.rng)):
            whole = self._example(answering, "removed", gold=self.gold)
            texts = tuple(
                text for text, label in zip(whole.sentences, whole.labels, strict=True) if not label
            )
            if len(texts) > 1:
                yield replace(whole, sentences=texts, labels=(False,) * len(texts), span=None)
        for _ in range(_times(rates["changed"], self.rng)):
            changed = change(self.question.text, self.question.document.text, self.material.names, self.rng)
            if changed:
                yield self._example(answering, "changed", question=changed)
        twin = self.question.twin
        if twin and twin.document.id == self.question.document.id:
            yield self._example(answering, "twin", question=twin.text)
        elif twin:
            lines = self.material.lines[twin.document.id]
            if lines.places:
                yield self._example(
                    self._around(lines, self.rng.choice(lines.places)), "twin", question=twin.text
                )

    def _same(self, index: int) -> Iterator[Example]:
        """Yield a window of the same document that does not answer, mostly of the most similar passages."""
        passages = self.material.near.passages
        own = [i for i, (document, _) in enumerate(passages) if document.id == self.question.document.id]
        nearest = sorted(own, key=lambda i: -self.similar[i])[: 1 + index]
        evidence = self.gold | self.parts
        free = [place for place in self.own.places if place not in evidence]
        likely = [place for i in nearest for place in _inside(self.own, passages[i][1], free)]
        if likely or free:
            chosen = self.rng.choice(likely if likely and self.rng.random() < 0.7 else free)
            yield self._example(self._around(self.own, chosen, avoid=evidence), "same")

    def _other(self) -> Iterator[Example]:
        """Yield a window of one of the nearest passages of other documents."""
        passages = self.material.near.passages
        answer = self.question.answer
        phrase = answer and self.question.document.text[answer.start : answer.end]
        nearest = [
            i
            for i in np.argsort(-self.similar)[: 3 * NEAR]
            if self._is_unrelated(passages[i][0]) and not (phrase and phrase in passages[i][0].text)
        ]
        if nearest:
            yield from self._about(
                self.rng.choice(nearest[: NEAREST if self.rng.random() < 0.6 else NEAR]), "other"
            )

    def _far(self) -> Iterator[Example]:
        """Yield a window of any passage of another document."""
        passages = self.material.near.passages
        at = self.rng.randrange(len(passages))
        if self._is_unrelated(passages[at][0]):
            yield from self._about(at, "far")

    def _is_unrelated(self, document: Document) -> bool:
        """Return whether a document has no evidence for the question, as far as groups tell."""
        groups = self.material.groups
        return groups[document.id] != self.question.group and document.id not in self.question.related

    def _about(self, at: int, kind: str) -> Iterator[Example]:
        document, passage = self.material.near.passages[at]
        lines = self.material.lines[document.id]
        if places := _inside(lines, passage, lines.places):
            yield self._example(self._around(lines, self.rng.choice(places)), kind)

    def _around(self, lines: Lines, place: tuple[int, int], avoid: Set[tuple[int, int]] = frozenset()) -> Cut:
        """Return a window around a sentence, which grows at random and never into a place of `avoid`."""
        run, start = place
        inside = lines.runs[run]
        end = start + 1
        size = inside[start].words
        while True:
            sides = []
            if start > 0 and (run, start - 1) not in avoid and size + inside[start - 1].words <= self.wanted:
                sides.append(-1)
            if end < len(inside) and (run, end) not in avoid and size + inside[end].words <= self.wanted:
                sides.append(1)
            if not sides:
                return Cut(lines, run, start, end)
            if self.rng.choice(sides) < 0:
                start -= 1
                size += inside[start].words
            else:
                size += inside[end].words
                end += 1

    def _example(
        self, cut: Cut, kind: str, question: str = "", gold: Set[tuple[int, int]] = frozenset()
    ) -> Example:
        asked = question or self.question.text
        texts = tuple(line.text for line in cut.kept)
        labels = tuple(place in gold for place in cut.places)
        parts: tuple[bool, ...] = ()
        if self.parts and cut.lines is self.own:
            parts = tuple(place in self.parts for place in cut.places)
            if not self.gold.issubset(cut.places):
                labels = (False,) * len(labels)
        head = reading_head(cut.lines.document) if self.with_head else ""
        context = ""
        if self.with_context:
            before = cut.before
            context = " ".join(before[at] for at in introductions(asked, " ".join((head, *texts)), before))
        return Example(
            asked,
            head,
            texts,
            labels,
            _span(self.question, cut.kept, labels),
            kind,
            self.question.source,
            context,
            parts,
        )


def _inside(lines: Lines, passage: Passage, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the places of a document that are in the passage."""
    return [
        (run, place)
        for run, place in places
        if passage.start <= lines.runs[run][place].span.start < passage.end
    ]


def _times(rate: float, rng: random.Random) -> int:
    """Return a random whole number with the mean `rate`."""
    return int(rate) + (rng.random() < rate % 1)


def _span(question: Question, lines: Sequence[Line], labels: Sequence[bool]) -> tuple[int, int, int] | None:
    answer = question.answer
    for index, line in enumerate(lines if answer else ()):
        if labels[index] and answer and (words := line.place(answer)):
            return index, *words
    return None


def change(question: str, text: str, names: Sequence[str], rng: random.Random) -> str | None:
    """Return the question with another name, number, month or day, or None if it has no such detail.

    A question for yes or no gives None, because its evidence may also answer the changed question.
    """
    if _YES_OR_NO.match(question):
        return None
    details = [
        *((match, _other_number(match.group(), rng)) for match in _NUMBER.finditer(question)),
        *(
            (match, rng.choice([name for name in group if name != match.group()]))
            for group in (MONTHS, DAYS)
            for match in re.finditer(rf"\b(?:{'|'.join(group)})\b", question)
        ),
        *(
            (match, rng.choice(others))
            for match in _NAME.finditer(question)
            if match.group() not in (*MONTHS, *DAYS)
            and (others := [name for name in names if name not in text and _alike(name, match.group())])
        ),
    ]
    # A detail that the document has, too, might be as true.
    details = [detail for detail in details if not re.search(rf"\b{re.escape(detail[1])}\b", text)]
    if not details:
        return None
    match, other = rng.choice(details)
    return question[: match.start()] + other + question[match.end() :]


def _alike(name: str, other: str) -> bool:
    return name != other and len(name.split()) == len(other.split())


def _other_number(number: str, rng: random.Random) -> str:
    plain = number.replace(",", "")
    if re.fullmatch(r"(?:1[5-9]|20)\d\d", plain):
        return str(int(plain) + rng.choice([-7, -4, -3, -2, -1, 1, 2, 3, 4, 7]))
    if "." in plain:
        return f"{float(plain) * rng.choice([0.5, 0.8, 1.5, 2.2]):.1f}"
    value = int(plain)
    other = max(2, value + rng.choice([-1, 1]) * rng.randint(1, max(2, value // 2)))
    if other == value:
        other += 3
    return f"{other:,}" if "," in number else str(other)


def dress(example: Example, rng: random.Random) -> Example:
    """Return the example, sometimes with its question as people type: keywords, a slip, more words."""
    question = example.question
    draw = rng.random()
    if draw < 0.06:
        question = question.rstrip(" ?.")
    elif draw < 0.11:
        question = question.lower()
    elif draw < 0.13:
        question = question.upper()
    elif draw < 0.17:
        words = [word for word in question.rstrip("?. ").split() if word.lower() not in FUNCTION_WORDS]
        question = " ".join(words) if len(words) > 1 else question
    elif draw < 0.20 and (slips := [i for i in range(len(question) - 1) if question[i : i + 2].isalpha()]):
        at = rng.choice(slips)
        one, two = question[at], question[at + 1]
        question = question[:at] + rng.choice([two, two + one]) + question[at + 2 :]
    elif draw < 0.23:
        question = rng.choice(AROUND) + question[0].lower() + question[1:]
    return replace(example, question=question)
