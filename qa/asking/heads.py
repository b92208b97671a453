"""A question on a document itself: its head is read before what else was found in it."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from qa.asking import statements
from qa.asking.combine import speaks_of
from qa.document.window import in_words
from qa.schema import Fact
from qa.text.about import asked_of_document, fact_asked, kinds_named
from qa.text.dates import date_in_words
from qa.text.terms import content_words, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embeddings.reading import Reading
    from qa.asking.read import Read
    from qa.asking.retrieve import Retrieved, Search
    from qa.schema import Document, Passage, Sentence

# Of so many documents, the likeliest to be meant, the first passage is read, and the last, where a footer is.
DOCUMENTS = 4
# Where a document says what it is: a letter, minutes, a bulletin.
HEAD = 400
# Of so many documents that were found best, one of the kind that is named is likelier to be meant.
NEAR = 2
# Where a passage answers above this logit, what lines name is not looked at. What a question plainly asks is
# nevertheless put so much above all other sentences.
SURE, ABOVE = 1.0, 0.5
# How much surer the reader is made of a line that names what is asked, and of its passage: such lines are new
# to it.
LINE, PASSAGE, ANSWERS = 8.0, 4.0, 1.0
MAILS = frozenset(("email", "msg", "mbox"))


def with_heads(question: str, search: Search, retrieved: Retrieved) -> Retrieved:
    """Return what was found, after the heads of its first documents if the question may ask for them."""
    if not asked_of_document(question):
        return retrieved
    heads: dict[int, tuple[Passage, float]] = {}
    for document, found in _likeliest(question, retrieved)[:DOCUMENTS]:
        passages = retrieved.opened[document.id][1]
        for passage in dict.fromkeys((passages[0], passages[-1])):
            narrowed = search.narrowed(document, passage)
            if narrowed.sentences:
                heads[passage.key] = (narrowed, found)
    rest = (each for each in retrieved.to_read if each[0].key not in heads)
    return replace(retrieved, to_read=[*heads.values(), *rest])


def surer(question: str, retrieved: Retrieved, read: list[Read]) -> list[Read]:
    """Return what was read, surer of the lines that name what a question asks of the likeliest document.

    Nothing changes where a question asks for nothing of a document. Nor does it where a passage surely
    answers, unless the question is plain: then another name or date in the text is no answer to it.
    """
    asked = asked_of_document(question)
    plainly = fact_asked(question) is not None
    if not (asked and read) or (not plainly and max(each.reading.answers for each in read) >= SURE):
        return read
    document, _ = _likeliest(question, retrieved)[0]
    fields = statements.naming(asked)
    best = max((score for each in read for score in each.reading.sentences), default=0.0)
    least = best + ABOVE if plainly else -inf
    changed = [
        replace(each, reading=_surer(document, each, fields, least))
        if each.passage.document_id == document.id
        else each
        for each in read
    ]
    return sorted(changed, key=lambda each: -each.reading.score)


def _surer(document: Document, read: Read, fields: frozenset[statements.Field], least: float) -> Reading:
    """Return what was read of a passage, surer of the lines that name one of the fields.

    Those get `least` or more, if it can be told what they name.
    """
    reading = read.reading
    quotable = [each for each in read.passage.sentences if each.quotable]
    lines = [statements.names_only(document, each) or statements.NOTHING for each in quotable]
    if not (reading.sentences and any(named & fields for named in lines)):
        return reading
    scores = [
        max(score + LINE, score if named == statements.ALL_FIELDS else least) if named & fields else score
        for score, named in zip(reading.sentences, lines, strict=True)
    ]
    return replace(
        reading,
        score=reading.score + PASSAGE,
        answers=reading.answers + ANSWERS,
        sentences=tuple(scores),
        words=tuple(
            _value(document, each, named & fields) or words
            for each, named, words in zip(quotable, lines, reading.words, strict=True)
        ),
    )


def _value(
    document: Document, sentence: Sentence, fields: frozenset[statements.Field]
) -> tuple[int, int] | None:
    """Find what is known of a document in one of these fields in a line, as offsets in what is read of it."""
    line = in_words(document, sentence)
    known = {"author": document.author, "publisher": document.publisher, "number": document.number}
    value = next((known[field] for field in known if field in fields and known[field] in line), "")
    return (line.rindex(value), line.rindex(value) + len(value)) if value else None


def facts(question: str, found: Iterable[Document]) -> tuple[Fact, ...]:
    """Return what a question surely asks of one document, if it is known and not in that document's text.

    `found` are documents. It must be plain which of them is meant: it is of the kind that the question names,
    has its figures and half of its names, and has more of its words than any other such document. What only
    stands to reason, such as a file's name, is no fact.
    """
    asked = fact_asked(question)
    if asked is None:
        return ()
    field, kind = asked
    asked_words = set(content_words(question))
    figures = {word for word in words(question) if any(map(str.isdigit, word))}
    held = [
        (len(asked_words & own), each)
        for each in found
        if _is_a(kind, each) and speaks_of(each, (question,))
        for own in (_words_of(each),)
        if figures <= own
    ]
    held.sort(key=lambda pair: -pair[0])
    if not held or (len(held) > 1 and held[0][0] == held[1][0]):
        return ()
    document = held[0][1]
    source = next((each for each in document.found if each.field == field), None)
    value = str(getattr(document, field) or "")
    if source is None or source.sure not in ("stated", "corrected") or not value:
        return ()
    said = date_in_words(document.date) if field == "date" and document.date else value
    if any(each.casefold() in document.text.casefold() for each in (value, said)):
        return ()
    return (Fact(field, value, document.id, document.title, source.source),)


def _words_of(document: Document) -> set[str]:
    """Return the words of a document's text, and of what is known of it."""
    date = f"{document.date} {date_in_words(document.date)}" if document.date else ""
    known = f"{document.title} {document.author} {document.publisher} {document.number} {date}"
    return {*words(known), *words(document.text)}


def _likeliest(question: str, retrieved: Retrieved) -> list[tuple[Document, float]]:
    """Order the documents that were found by how likely they are meant, each with how well it was found."""
    best: dict[str, float] = {}
    for passage, found in retrieved.to_read:
        best[passage.document_id] = max(found, best.get(passage.document_id, 0.0))
    kinds = kinds_named(question)

    def is_of_another_kind(found: tuple[Document, float]) -> bool:
        return not any(_is_a(kind, found[0]) for kind in kinds)

    order = sorted(
        ((retrieved.documents[name], found) for name, found in best.items()), key=lambda each: -each[1]
    )
    return [*sorted(order[:NEAR], key=is_of_another_kind), *sorted(order[NEAR:], key=is_of_another_kind)]


def _is_a(kind: str, document: Document) -> bool:
    kind = kind.removesuffix("s")
    if kind in ("document", "file"):
        return True
    if kind.endswith("mail") or kind == "message":
        return document.format in MAILS
    head = f"{document.title} {document.text[:HEAD]}"
    if kind == "letter" and re.search(r"^Dear\b", head, re.MULTILINE):
        return True
    named = f" {' '.join(words(head))} "
    kind = " ".join(words(kind))
    return document.format not in MAILS and (f" {kind} " in named or f" {kind}s " in named)
