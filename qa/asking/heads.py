"""Answer a question about a document itself: read the heads of the likeliest documents first."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from qa.asking import statements
from qa.asking.combine import speaks_of
from qa.document.window import in_words
from qa.formats.kinds import KINDS, LETTER
from qa.schema import Fact
from qa.text.about import asked_by_patterns
from qa.text.dates import date_in_words
from qa.text.terms import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embeddings.reading import Reading
    from qa.asking.read import Read
    from qa.asking.retrieve import Retrieved, Search
    from qa.schema import Document, Passage, Sentence
    from qa.text.question import ParsedQuestion

# Likeliest documents whose first and last passages are read. The last passage may have a footer.
DOCUMENTS = 4
# First characters of a document, which may say what it is: a letter, minutes, a bulletin.
HEAD = 400
# Among this many of the best documents found, a document of the named kind comes first.
NEAR = 2
# If a passage answers with at least the logit SURE, no line is raised, unless the question plainly asks for a
# fact. Then the line is raised to at least ABOVE over the best sentence. If only words ask for a fact, and no
# pattern, SURE_BY_WORDS is enough: such a question often asks for something else.
SURE, SURE_BY_WORDS, ABOVE = 1.0, -1.0, 0.5
# Logits that are added because the reader knows few lines that name what is asked. LINE: to the score of such
# a line. PASSAGE: to its passage's score. ANSWERS: to the logit that the passage answers. A line of the head
# whose fields were not recognised may name what is asked, too: its score gets UNRECOGNISED.
LINE, PASSAGE, ANSWERS, UNRECOGNISED = 8.0, 4.0, 1.0, 6.0
MAILS = frozenset(kind.name for kind in KINDS.values() if kind.csl == LETTER)


def with_heads(search: Search, retrieved: Retrieved) -> Retrieved:
    """Put the heads of the likeliest documents first, if the question may ask for facts about a document."""
    question = search.meaning.question
    if not question.document_fields:
        return retrieved
    heads: dict[int, tuple[Passage, float]] = {}
    for document, score in _likeliest(question, retrieved)[:DOCUMENTS]:
        passages = retrieved.opened[document.id][1]
        for passage in dict.fromkeys((passages[0], passages[-1])):
            narrowed = search.narrowed(document, passage)
            if narrowed.sentences:
                heads[passage.key] = (narrowed, score)
    rest = (pair for pair in retrieved.to_read if pair[0].key not in heads)
    return replace(retrieved, to_read=[*heads.values(), *rest])


def surer(question: ParsedQuestion, retrieved: Retrieved, read: list[Read]) -> list[Read]:
    """Raise the scores of lines in the likeliest document that name what the question asks about it.

    Nothing changes if the question asks for no fact about a document. Nothing changes either if a passage
    surely answers, unless the question is plain: another name or date in the text then does not answer it.
    """
    plainly = question.document_fact is not None
    if not (question.document_fields and read):
        return read
    sure = SURE if asked_by_patterns(question.text) else SURE_BY_WORDS
    if not plainly and max(candidate.reading.answers for candidate in read) >= sure:
        return read
    document, _ = _likeliest(question, retrieved)[0]
    fields = statements.naming(question.document_fields)
    best = max((score for candidate in read for score in candidate.reading.sentences), default=0.0)
    least = best + ABOVE if plainly else -inf
    changed = [
        replace(candidate, reading=_surer(document, candidate, fields, least))
        if candidate.passage.document_id == document.id
        else candidate
        for candidate in read
    ]
    return sorted(changed, key=lambda candidate: -candidate.reading.score)


def _surer(document: Document, read: Read, fields: frozenset[statements.Field], least: float) -> Reading:
    """Return the reading of a passage, with higher scores for lines that name any of `fields`.

    Such a line gets a score of at least `least`, if its fields were recognised.
    """
    reading = read.reading
    quotable = [sentence for sentence in read.passage.sentences if sentence.quotable]
    lines = [statements.names_only(document, sentence) or statements.NOTHING for sentence in quotable]
    if not (reading.sentences and any(line_fields & fields for line_fields in lines)):
        return reading
    scores = [
        score
        if not line_fields & fields
        else score + UNRECOGNISED
        if line_fields == statements.ALL_FIELDS
        else max(score + LINE, least)
        for score, line_fields in zip(reading.sentences, lines, strict=True)
    ]
    return replace(
        reading,
        score=reading.score + PASSAGE,
        answers=reading.answers + ANSWERS,
        sentences=tuple(scores),
        words=tuple(
            _value(document, sentence, line_fields & fields) or words
            for sentence, line_fields, words in zip(quotable, lines, reading.words, strict=True)
        ),
    )


def _value(
    document: Document, sentence: Sentence, fields: frozenset[statements.Field]
) -> tuple[int, int] | None:
    """Find the document's value of any of `fields` in a line, as offsets in the line as it is read."""
    line = in_words(document, sentence)
    values = {"author": document.author, "publisher": document.publisher, "number": document.number}
    value = next((values[field] for field in values if field in fields and values[field] in line), "")
    return (line.rindex(value), line.rindex(value) + len(value)) if value else None


def facts(question: ParsedQuestion, found: Iterable[Document]) -> tuple[Fact, ...]:
    """Return the fact that a question surely asks of one document, if it is known and not in the text.

    `found` are documents. It must be plain which document is meant. This document is of the kind that the
    question names, has the question's figures and half of its names, and has more of the question's words
    than any other such document. A value that was only inferred, for example from a file's name, is not a
    fact.
    """
    if question.document_fact is None:
        return ()
    field, kind = question.document_fact
    figures = {word for word in question.words if any(map(str.isdigit, word))}
    held = [
        (len(own.intersection(question.terms)), document)
        for document in found
        if _is_a(kind, document) and speaks_of(document, (question,))
        for own in (_words_of(document),)
        if figures <= own
    ]
    held.sort(key=lambda pair: -pair[0])
    if not held or (len(held) > 1 and held[0][0] == held[1][0]):
        return ()
    document = held[0][1]
    source = next((source for source in document.found if source.field == field), None)
    value = str(getattr(document, field) or "")
    if source is None or source.sure not in ("stated", "corrected") or not value:
        return ()
    wording = date_in_words(document.date) if field == "date" and document.date else value
    if any(form.casefold() in document.text.casefold() for form in (value, wording)):
        return ()
    return (Fact(field, value, document.id, document.title, source.source),)


def _words_of(document: Document) -> set[str]:
    """Return the words of a document's text and metadata."""
    date = f"{document.date} {date_in_words(document.date)}" if document.date else ""
    metadata = f"{document.title} {document.author} {document.publisher} {document.number} {date}"
    return {*words(metadata), *words(document.text)}


def _likeliest(question: ParsedQuestion, retrieved: Retrieved) -> list[tuple[Document, float]]:
    """Return the documents that were found, each with its best score, the likeliest to be meant first."""
    best: dict[str, float] = {}
    for passage, score in retrieved.to_read:
        best[passage.document_id] = max(score, best.get(passage.document_id, 0.0))

    def is_of_another_kind(scored: tuple[Document, float]) -> bool:
        return not any(_is_a(kind, scored[0]) for kind in question.document_kinds)

    order = sorted(
        ((retrieved.documents[name], score) for name, score in best.items()), key=lambda pair: -pair[1]
    )
    return [*sorted(order[:NEAR], key=is_of_another_kind), *sorted(order[NEAR:], key=is_of_another_kind)]


def _is_a(kind: str, document: Document) -> bool:
    """Return whether a document is of a kind that a question names: “letter”, “e-mail”."""
    kind = kind.removesuffix("s")
    if kind in ("document", "file"):
        return True
    if kind.endswith("mail") or kind == "message":
        return document.format in MAILS
    head = f"{document.title} {document.text[:HEAD]}"
    if kind == "letter" and re.search(r"^Dear\b", head, re.MULTILINE):
        return True
    head_words = f" {' '.join(words(head))} "
    kind = " ".join(words(kind))
    return document.format not in MAILS and (f" {kind} " in head_words or f" {kind}s " in head_words)
