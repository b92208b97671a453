"""Training windows made of questions: what the reader sees, and what it should say of it.

A window that answers, cut at random sizes and places around its evidence; windows of the same document that
do not; the same with the evidence taken out; near passages of other documents, found by the encoder; and
questions with a detail changed, so that what answered no longer does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from embeddings.encoder import open_encoder
from qa.asking.conversation import expand, stands_alone
from qa.document.segment import passages, sentences
from qa.document.window import in_words, reading_head
from qa.schema import Span
from qa.text.terms import FUNCTION_WORDS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence, Set

    from qa.schema import Document
    from training.questions import Question

# Words in a window. The product's passages have about 90; others' corpora are cut otherwise.
SMALLEST, LARGEST = 35, 130
NEAREST = 20
# Share of the questions that cannot stand alone which come after another one about their document.
IN_CONVERSATION = 0.4

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
    """A question, the sentences of a window under a head, and for each sentence whether it is evidence.

    `span` is where the words that answer stand: sentence, first character in it, end. It is None both where
    nothing answers and where those words are not known.
    """

    question: str
    head: str
    sentences: tuple[str, ...]
    labels: tuple[bool, ...]
    span: tuple[int, int, int] | None
    kind: str
    source: str

    @property
    def answers(self) -> bool:
        """Whether the window answers the question."""
        return any(self.labels)

    def as_dict(self) -> dict[str, object]:
        """Return the example as JSON takes it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as it is read, with its offsets in the document."""

    text: str
    span: Span
    verbatim: bool

    @property
    def words(self) -> int:
        """The number of its words."""
        return len(self.text.split())


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
                )
                for sentence in run
            ]
            for _, run in groupby(quotable, key=lambda sentence: sentence.kind == "header")
        ]
        # Where each sentence stands: its run, its place there.
        self.places = [(run, place) for run, lines in enumerate(self.runs) for place in range(len(lines))]

    def gold(self, question: Question) -> set[tuple[int, int]]:
        """Return which sentences are evidence: they overlap by over half of the shorter with a gold span."""
        return {
            (run, place)
            for run, place in self.places
            if any(shares(self.runs[run][place].span, span) for span in question.gold)
        }

    def gold_spans(self, question: Question) -> set[tuple[int, int]]:
        """Return the spans of the sentences that are evidence."""
        spans = (self.runs[run][place].span for run, place in self.gold(question))
        return {(span.start, span.end) for span in spans}


def shares(one: Span, other: Span) -> bool:
    """Return whether two spans overlap by over half of the shorter."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0.5 * min(one.end - one.start, other.end - other.start)


class Near:
    """The passages of all documents, and which the encoder finds nearest to a question."""

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
        documents = {question.document.id: question.document for question in questions}
        self.groups = {question.document.id: question.group for question in questions}
        self.lines = {id_: Lines(document) for id_, document in documents.items()}
        self.near = Near(list(documents.values()))
        self.asked: dict[str, list[str]] = defaultdict(list)
        for question in questions:
            self.asked[question.document.id].append(question.text)
        self.names = sorted({name for question in questions for name in _NAME.findall(question.text)})


def windows(
    material: Material, questions: Sequence[Question], rates: dict[str, float], rng: random.Random
) -> Iterator[Example]:
    """Yield an epoch of windows for the questions of one source.

    `rates` says how many of each kind a question gives on average: `again` (the answer in another window),
    `same` (the same document's window that does not answer), `removed`, `other`, `changed`.
    """
    for first in range(0, len(questions), 512):
        batch = questions[first : first + 512]
        for question, similar in zip(batch, material.near.similarities([q.text for q in batch]), strict=True):
            asked = material.asked[question.document.id]
            for example in _windows(material, question, similar, rates, rng):
                yield replace(example, question=in_conversation(example.question, asked, rng))


def in_conversation(question: str, asked: Sequence[str], rng: random.Random) -> str:
    """Return the question, sometimes with words of another on its document, as the product adds them.

    One that stands alone is read as it is (`qa.asking.conversation.interpret`).
    """
    if stands_alone(question) or rng.random() > IN_CONVERSATION:
        return question
    return expand(question, [rng.choice(asked)])


def _windows(
    material: Material, question: Question, similar: np.ndarray, rates: dict[str, float], rng: random.Random
) -> Iterator[Example]:
    lines, groups, near = material.lines, material.groups, material.near
    own = lines[question.document.id]
    gold = own.gold(question)
    if question.gold and not gold:
        return  # its evidence is page furniture
    own_passages = [i for i, (document, _) in enumerate(near.passages) if document.id == question.document.id]
    by_likeness = sorted(own_passages, key=lambda i: -similar[i])
    if gold:
        for _ in range(1 + _times(rates["again"], rng)):
            answering = _around(question, own, rng.choice(sorted(gold)), gold, rng, "answers")
            yield answering
        for _ in range(_times(rates["removed"], rng)):
            kept = [i for i, label in enumerate(answering.labels) if not label]
            if len(kept) > 1:
                yield replace(
                    answering,
                    sentences=tuple(answering.sentences[i] for i in kept),
                    labels=(False,) * len(kept),
                    span=None,
                    kind="removed",
                )
        for _ in range(_times(rates["changed"], rng)):
            changed = change(question.text, question.document.text, material.names, rng)
            if changed:
                yield replace(
                    answering,
                    question=changed,
                    labels=(False,) * len(answering.labels),
                    span=None,
                    kind="changed",
                )
    # Windows of the same document that do not answer, mostly about its most alike passages.
    times = _times(rates["same"], rng) if gold else 1 + _times(rates["same"] / 2, rng)
    for place in range(times):
        free = [each for each in own.places if each not in gold]
        likely = [
            each
            for i in by_likeness[: 1 + place]
            for each in free
            if near.passages[i][1].start <= own.runs[each[0]][each[1]].span.start < near.passages[i][1].end
        ]
        if likely or free:
            chosen = rng.choice(likely if likely and rng.random() < 0.7 else free)
            yield _around(question, own, chosen, gold, rng, "same", avoid=gold)
    # Another document's header may answer a question about headers as well.
    for _ in range(_times(rates["other"], rng) if question.source != "headers" else 0):
        nearest = [
            near.passages[i][0]
            for i in np.argsort(-similar)[: NEAREST + len(own_passages)]
            if groups[near.passages[i][0].id] != question.group
        ]
        answer = question.answer and question.document.text[question.answer.start : question.answer.end]
        nearest = [document for document in nearest if not (answer and answer in document.text)]
        if nearest:
            document = rng.choice(nearest[:8])
            there = next(i for i in np.argsort(-similar) if near.passages[i][0].id == document.id)
            passage = near.passages[there][1]
            other = lines[document.id]
            places = [
                (run, place)
                for run, place in other.places
                if passage.start <= other.runs[run][place].span.start < passage.end
            ]
            if places:
                elsewhere = replace(question, document=document, gold=(), answer=None)
                yield _around(elsewhere, other, rng.choice(places), set(), rng, "other")


def _times(rate: float, rng: random.Random) -> int:
    """Return a whole number that is `rate` on average."""
    return int(rate) + (rng.random() < rate % 1)


def _around(
    question: Question,
    lines: Lines,
    place: tuple[int, int],
    gold: set[tuple[int, int]],
    rng: random.Random,
    kind: str,
    avoid: Set[tuple[int, int]] = frozenset(),
) -> Example:
    """Return a window around a sentence: it grows at random on both sides, never into what it must avoid."""
    run, start = place
    inside = lines.runs[run]
    end = start + 1
    size = inside[start].words
    wanted = rng.randint(SMALLEST, LARGEST)
    while True:
        sides = []
        if start > 0 and (run, start - 1) not in avoid and size + inside[start - 1].words <= wanted:
            sides.append(-1)
        if end < len(inside) and (run, end) not in avoid and size + inside[end].words <= wanted:
            sides.append(1)
        if not sides:
            break
        if rng.choice(sides) < 0:
            start -= 1
            size += inside[start].words
        else:
            size += inside[end].words
            end += 1
    kept = inside[start:end]
    labels = tuple((run, place) in gold for place in range(start, end))
    return Example(
        question.text,
        reading_head(question.document) if rng.random() > 0.1 else "",
        tuple(line.text for line in kept),
        labels,
        _span(question, kept, labels),
        kind,
        question.source,
    )


def _span(question: Question, kept: Sequence[Line], labels: Sequence[bool]) -> tuple[int, int, int] | None:
    answer = question.answer
    for place, line in enumerate(kept if answer else ()):
        if labels[place] and line.verbatim and line.span.start <= answer.start < answer.end <= line.span.end:
            return place, answer.start - line.span.start, answer.end - line.span.start
    return None


def change(question: str, text: str, names: Sequence[str], rng: random.Random) -> str | None:
    """Return the question with a name, number, month or day replaced by another; None if it has none.

    A question for yes or no is left alone: what answers it may well say that it was another.
    """
    if _YES_OR_NO.match(question):
        return None
    details = [
        *((match, _other_number(match.group(), rng)) for match in _NUMBER.finditer(question)),
        *(
            (match, rng.choice([each for each in group if each != match.group()]))
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
    # What stands in the document as well might be as true.
    details = [each for each in details if not re.search(rf"\b{re.escape(each[1])}\b", text)]
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
    """Return the example, its question sometimes as people type: no mark, keywords, a slip, more words."""
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
        one, two = question[at : at + 2]
        question = question[:at] + rng.choice([two, two + one]) + question[at + 2 :]
    elif draw < 0.23:
        question = rng.choice(AROUND) + question[0].lower() + question[1:]
    return replace(example, question=question)
