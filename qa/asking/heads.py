"""A question on a document itself: its head is read before what else was found in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.asking.combine import speaks_of
from qa.schema import Fact
from qa.text.about import asked_of_document, kinds_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.asking.retrieve import Retrieved, Search
    from qa.schema import Document, Passage

# Of so many documents, the likeliest to be meant, the first passage is read, and the last, where a footer is.
DOCUMENTS = 4
# Where a document says what it is: a letter, minutes, a bulletin.
HEAD = 400
MAILS = frozenset(("email", "msg", "mbox"))


def with_heads(question: str, search: Search, retrieved: Retrieved) -> Retrieved:
    """Return what was found, after the heads of its first documents if the question may ask for them."""
    if not asked_of_document(question):
        return retrieved
    best: dict[str, float] = {}
    for passage, found in retrieved.to_read:
        best.setdefault(passage.document_id, found)
    heads: dict[int, tuple[Passage, float]] = {}
    for document in _likeliest(question, (retrieved.opened[name][0] for name in best))[:DOCUMENTS]:
        passages, found = retrieved.opened[document.id][1], best[document.id]
        for passage in dict.fromkeys((passages[0], passages[-1])):
            narrowed = search.narrowed(document, passage)
            if narrowed.sentences:
                heads[passage.key] = (narrowed, found)
    rest = (each for each in retrieved.to_read if each[0].key not in heads)
    return replace(retrieved, to_read=[*heads.values(), *rest])


def facts(question: str, found: Iterable[Document]) -> tuple[Fact, ...]:
    """Return what a question asks of the first document that it may mean, if no sentence of that says it.

    `found` are documents, the likeliest first. What only stands to reason, such as a file's name, is no fact.
    """
    asked = asked_of_document(question, surely=True)
    likely = (each for each in _likeliest(question, found) if speaks_of(each, (question,)))
    document = next(likely, None) if asked else None
    if document is None:
        return ()
    field = {"sender": "author"}.get(asked[0], asked[0])
    source = next((each for each in document.found if each.field == field), None)
    if source is None or source.sure not in ("stated", "corrected"):
        return ()
    value = str(getattr(document, field) or "")
    if not value or value in document.text:
        return ()
    return (Fact(field, value, document.id, document.title, source.source),)


def _likeliest(question: str, found: Iterable[Document]) -> list[Document]:
    """Order documents by whether they are of a kind that the question names, as far as their heads tell."""
    kinds = kinds_named(question)
    return sorted(found, key=lambda document: not any(_is_a(kind, document) for kind in kinds))


def _is_a(kind: str, document: Document) -> bool:
    if kind.removesuffix("s").endswith("mail"):
        return document.format in MAILS
    return kind.removesuffix("s") in f"{document.title} {document.text[:HEAD]}".casefold()
