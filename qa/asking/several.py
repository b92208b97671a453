"""Evidence in several places: sentences that answer a question only together.

A deeper reader says of each sentence whether it is evidence for a part of the question. Then it reads the
best of them together, each with what its document is called (docs/decisions/0010-several-places.md).
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

# Where one passage answers above this logit, no other place is looked for.
SURE = 1.0
# Passages that are read for parts of the question, and of how many of them one document may be.
READ, OF_ONE = 8, 2
# Sentences that are read together, and that are shown.
TOGETHER, SHOWN = 12, 4
# Their words and those of their documents' names: what the reader reads of a window is bounded.
WORDS = 330
# The logit from which a sentence may be evidence for a part, and that from which it is shown.
MAY_BE, IS = -3.0, -0.5
# What the reading of all together counts in how sure the answer is, beside the best passage alone, if the
# question asks for several places. No other question is answered surer by more sentences.
WEIGHT = 0.3


def several(
    question: str,
    deeper: Reader,
    choice: Choice,
    documents: Mapping[str, Document],
    *,
    is_asked_for: bool,
) -> Choice:
    """Return the choice of sentences that answer together; the same choice where one passage is as sure.

    The sentence that answers best by itself stays the first if it is among them. Where several places are not
    asked for, the answer is no surer for them.
    """
    alone = max((each.reading.answers for each in choice.read if each.reading.parts), default=SURE)
    if alone >= SURE or choice.signals is None:
        return choice
    found = _evidence(question, _read(deeper, choice.read), documents)
    if len(found) < 2:
        return choice
    found.sort(key=lambda each: (each.document.id, each.sentence.start))
    texts = tuple(among_others(each.document, in_words(each.document, each.sentence)) for each in found)
    [reading] = deeper.read(question, [Window("", texts)], [0.0])
    scored = (
        replace(each, score=(each.score + logit) / 2)
        for each, logit in zip(found, reading.parts, strict=True)
    )
    chosen = sorted((each for each in scored if each.score >= IS), key=lambda each: -each.score)[:SHOWN]
    if len(chosen) < 2 or reading.answers < alone:
        return choice
    best = (choice.chosen or choice.evidence)[0]
    chosen.sort(key=lambda each: (each.document.id, each.sentence) != (best.document.id, best.sentence))
    sure = alone
    if is_asked_for:
        sure += WEIGHT * (reading.answers - alone)
    signals = replace(choice.signals, answers=sure, best=sure, sentence=min(sure, chosen[0].score))
    return replace(choice, evidence=chosen, chosen=chosen, signals=signals, several=True)


def _read(reader: Reader, read: Sequence[Read]) -> list[Read]:
    """Return the best passages, read for parts, and not too many of one document."""
    of_one: Counter[str] = Counter()
    wanted: list[Read] = []
    for each in read:
        of_one[each.passage.document_id] += 1
        if each.reading.parts or (of_one[each.passage.document_id] <= OF_ONE and len(wanted) < READ):
            wanted.append(each)
    unread = [each for each in wanted if not each.reading.parts]
    return [*(each for each in wanted if each.reading.parts), *read_again(reader, unread)]


def _evidence(question: str, read: Sequence[Read], documents: Mapping[str, Document]) -> list[Evidence]:
    """Return the sentences that are likeliest evidence for a part, none of them twice."""
    parts = ((each.passage, replace(each.reading, sentences=each.reading.parts)) for each in read)
    wordings: dict[tuple[str, ...], Evidence] = {}
    for each in answering(question, parts, documents, MAY_BE):
        wordings.setdefault(extract.wording(each), each)
    room = WORDS
    fitting: list[Evidence] = []
    for each in wordings.values():
        room -= measure(each.text) + CALLED
        if len(fitting) == TOGETHER or room < 0:
            break
        fitting.append(each)
    return fitting
