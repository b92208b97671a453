"""Find sentences in several places that answer a question only together.

A deeper reader scores each sentence as evidence for a part of the question. Then it reads the best sentences
together, each after the title and date of its document (docs/decisions/0010-several-places.md).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from embeddings.reading import Window
from qa.asking import extract
from qa.asking.choose import answering, preferring
from qa.asking.read import read_again, read_on
from qa.document.window import CALLED, among_others, in_words
from qa.errors import DeadlineError
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.reading import Reader
    from qa.asking.choose import Choice
    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.asking.retrieve import Retrieved, Search
    from qa.deadline import Deadline
    from qa.schema import Document
    from qa.text.question import ParsedQuestion

# If one passage answers with at least this logit, no other place is looked for.
SURE = 1.0
# Passages that are read for parts of the question, at most. Passages of one document among them, at most,
# unless the question asks for several places.
READ, OF_ONE = 8, 2
# Sentences that are read together, and sentences that are shown, at most.
TOGETHER, SHOWN = 12, 4
# Words that are read together, with the documents' titles and dates, at most: a window is bounded.
WORDS = 330
# Minimum logit of a sentence that may be evidence for a part, and minimum logit of a sentence that is shown.
# If the question asks for several places, and several documents have sentences, all may be shown.
MAY_BE, IS = -3.0, -0.5
# Weight, in the order of the sentences, of the logit that the passage of a sentence answers. It counts only
# if the question asks for several places.
OF_PASSAGE = 0.8
# Weight, in the confidence, of the logit of all sentences together; the rest is the best passage's logit. It
# counts only if the question asks for several places.
WEIGHT = 0.3


def several(
    readers: tuple[Reader, Reader],
    search: Search,
    retrieved: Retrieved,
    choice: Choice,
    deadline: Deadline,
    *,
    is_asked_for: bool,
) -> Choice:
    """Return the choice of sentences that answer together, or `choice` if one passage is surer.

    `readers` are the reader and the deeper reader. The sentence that answers best alone stays first if it is
    among the sentences. If the question asks for several places (`is_asked_for`), all passages to read are
    read. Only then do the sentences make the answer surer.

    Raises:
        CancelledError: see `Deadline.check`.
    """
    alone = max(
        (candidate.reading.answers for candidate in choice.read if candidate.reading.parts), default=SURE
    )
    if alone >= SURE or choice.signals is None:
        return choice
    reader, deeper = readers
    question, documents = search.meaning.question, retrieved.documents
    read = choice.read
    if is_asked_for:
        try:
            read = _read_all(reader, search, retrieved, read, deadline)
        except DeadlineError:
            return choice
    read = _read_for_parts(deeper, read, of_one=READ if is_asked_for else OF_ONE)
    pieces = _evidence(question, read, documents)
    if len(pieces) < 2:
        return choice
    pieces.sort(key=lambda piece: (piece.document.id, piece.sentence.start))
    texts = tuple(among_others(piece.document, in_words(piece.document, piece.sentence)) for piece in pieces)
    [reading] = deeper.read(question.text, [Window("", texts)], [0.0])
    scored = (
        replace(piece, score=(piece.score + logit) / 2)
        for piece, logit in zip(pieces, reading.parts, strict=True)
    )
    of_one_document = len({piece.document.id for piece in pieces}) == 1
    least = MAY_BE if is_asked_for and not of_one_document else IS
    weight = OF_PASSAGE if is_asked_for else 0.0
    answers = {
        (candidate.passage.document_id, sentence): candidate.reading.answers
        for candidate in read
        for sentence in candidate.passage.sentences
    }
    chosen = sorted(
        (piece for piece in scored if piece.score >= least),
        key=lambda piece: -(piece.score + weight * answers[piece.document.id, piece.sentence]),
    )[:SHOWN]
    if len(chosen) < 2 or reading.answers < alone:
        return choice
    best = (choice.chosen or choice.evidence)[0]
    chosen.sort(key=lambda piece: (piece.document.id, piece.sentence) != (best.document.id, best.sentence))
    sure = alone
    if is_asked_for:
        sure += WEIGHT * (reading.answers - alone)
    signals = replace(choice.signals, answers=sure, best=sure, sentence=min(sure, chosen[0].score))
    return replace(choice, evidence=chosen, chosen=chosen, signals=signals, several=True)


def _read_all(
    reader: Reader, search: Search, retrieved: Retrieved, read: Sequence[Read], deadline: Deadline
) -> list[Read]:
    """Return the passages that were read, and read the passages that were left unread too; the best first."""
    unread = retrieved.to_read[len(read) :]
    rest = read_on(reader, search, unread, retrieved.opened, deadline)
    if search.preference:
        rest = preferring(search.preference, rest, retrieved.documents)
    return sorted([*read, *rest], key=lambda candidate: -candidate.reading.score)


def _read_for_parts(reader: Reader, read: Sequence[Read], of_one: int) -> list[Read]:
    """Return the best passages, read for parts of the question, with at most `of_one` of a document."""
    count_of: Counter[str] = Counter()
    wanted: list[Read] = []
    for candidate in read:
        count_of[candidate.passage.document_id] += 1
        if candidate.reading.parts or (
            count_of[candidate.passage.document_id] <= of_one and len(wanted) < READ
        ):
            wanted.append(candidate)
    unread = [candidate for candidate in wanted if not candidate.reading.parts]
    return [*(candidate for candidate in wanted if candidate.reading.parts), *read_again(reader, unread)]


def _evidence(
    question: ParsedQuestion, read: Sequence[Read], documents: Mapping[str, Document]
) -> list[Evidence]:
    """Return the sentences that are the likeliest evidence for a part, each wording once."""
    parts = (
        (candidate.passage, replace(candidate.reading, sentences=candidate.reading.parts))
        for candidate in read
    )
    wordings: dict[tuple[str, ...], Evidence] = {}
    for piece in answering(question, parts, documents, MAY_BE):
        wordings.setdefault(extract.wording(piece), piece)
    room = WORDS
    fitting: list[Evidence] = []
    for piece in wordings.values():
        room -= measure(piece.text) + CALLED
        if len(fitting) == TOGETHER or room < 0:
            break
        fitting.append(piece)
    return fitting
