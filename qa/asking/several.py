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
from qa.asking.choose import answering
from qa.asking.read import read_again
from qa.document.window import CALLED, among_others, in_words
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.reading import Reader
    from qa.asking.choose import Choice
    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.schema import Document
    from qa.text.question import ParsedQuestion

# If one passage answers with at least this logit, no other place is looked for.
SURE = 1.0
# Passages that are read for parts of the question, and passages of one document among them, at most.
READ, OF_ONE = 8, 2
# Sentences that are read together, and sentences that are shown, at most.
TOGETHER, SHOWN = 12, 4
# Words that are read together, with the documents' titles and dates, at most: a window is bounded.
WORDS = 330
# Minimum logit of a sentence that may be evidence for a part, and minimum logit of a sentence that is shown.
MAY_BE, IS = -3.0, -0.5
# Weight, in the confidence, of the logit of all sentences together; the rest is the best passage's logit. It
# counts only if the question asks for several places.
WEIGHT = 0.3


def several(
    question: ParsedQuestion,
    deeper: Reader,
    choice: Choice,
    documents: Mapping[str, Document],
    *,
    is_asked_for: bool,
) -> Choice:
    """Return the choice of sentences that answer together, or `choice` if one passage is surer.

    The sentence that answers best alone stays first if it is among the sentences. The sentences make the
    answer surer only if several places are asked for (`is_asked_for`).
    """
    alone = max(
        (candidate.reading.answers for candidate in choice.read if candidate.reading.parts), default=SURE
    )
    if alone >= SURE or choice.signals is None:
        return choice
    pieces = _evidence(question, _read(deeper, choice.read), documents)
    if len(pieces) < 2:
        return choice
    pieces.sort(key=lambda piece: (piece.document.id, piece.sentence.start))
    texts = tuple(among_others(piece.document, in_words(piece.document, piece.sentence)) for piece in pieces)
    [reading] = deeper.read(question.text, [Window("", texts)], [0.0])
    scored = (
        replace(piece, score=(piece.score + logit) / 2)
        for piece, logit in zip(pieces, reading.parts, strict=True)
    )
    chosen = sorted((piece for piece in scored if piece.score >= IS), key=lambda piece: -piece.score)[:SHOWN]
    if len(chosen) < 2 or reading.answers < alone:
        return choice
    best = (choice.chosen or choice.evidence)[0]
    chosen.sort(key=lambda piece: (piece.document.id, piece.sentence) != (best.document.id, best.sentence))
    sure = alone
    if is_asked_for:
        sure += WEIGHT * (reading.answers - alone)
    signals = replace(choice.signals, answers=sure, best=sure, sentence=min(sure, chosen[0].score))
    return replace(choice, evidence=chosen, chosen=chosen, signals=signals, several=True)


def _read(reader: Reader, read: Sequence[Read]) -> list[Read]:
    """Return the best passages, read for parts of the question, with not too many of one document."""
    of_one: Counter[str] = Counter()
    wanted: list[Read] = []
    for candidate in read:
        of_one[candidate.passage.document_id] += 1
        if candidate.reading.parts or (
            of_one[candidate.passage.document_id] <= OF_ONE and len(wanted) < READ
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
