"""Dossiers as they are kept: quotes as coordinates, and the analyst's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qa.schema.documents import EVERYTHING

if TYPE_CHECKING:
    import datetime as dt

    from qa.schema.answers import Outcome
    from qa.schema.documents import Filters, Span
    from qa.schema.judgements import QuoteReference

EntryKind = Literal["quote", "heading", "note", "question"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that a quote was found with, or that found nothing.

    Attributes:
        question: the question as asked.
        outcome: what came of it.
        filters: what was searched.
        at: when it was asked; None where that is not known.
        generation: the library's generation then; 0 where that is not known.
        searched: how many documents were searched; 0 where that is not known.
        strictness: the share of answers that should be right; 0 where that is not known.
        unjudged: the code of the language that the reader could not judge; see `Answer.unjudged`.
        earlier: the questions before it, if it was read with words of these.
    """

    question: str
    outcome: Outcome = "answered"
    filters: Filters = EVERYTHING
    at: dt.datetime | None = None
    generation: int = 0
    searched: int = 0
    strictness: float = 0.0
    unjudged: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierEntry:
    """An entry of a dossier.

    Attributes:
        kind: a quote, a heading, an analyst's note, or a question that found nothing.
        words: what a heading or a note says; "" for the others.
        place: where a quote stands; None for the others, and once its document was purged.
        context: the sentences around it, in the same text.
        asked: the question of a quote, if one was asked, or the question that found nothing.
        added: when it was added (UTC); None before that.
        purged: when the document of a quote was purged (UTC); None while it is not.
        id: its number, by which it is moved and removed; 0 before it is kept.
        differing: where the quotes of the answer give different figures or dates, the places of these.
    """

    kind: EntryKind
    words: str = ""
    place: QuoteReference | None = None
    context: Span | None = None
    asked: Asked | None = None
    added: dt.datetime | None = None
    purged: dt.datetime | None = None
    id: int = 0
    differing: tuple[QuoteReference, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierInfo:
    """A dossier as a list shows it.

    Attributes:
        id: its id, which cannot be guessed.
        name: what it is called; no other has that name.
        began: when it was made (UTC).
        changed: when it was changed last (UTC).
        quotes: how many quotes it has, purged ones too.
        entries: how many entries it has in all.
    """

    id: str
    name: str
    began: dt.datetime
    changed: dt.datetime
    quotes: int
    entries: int


@dataclass(frozen=True, slots=True)
class Holding:
    """Where a quote, or a question that found nothing, is kept.

    Attributes:
        dossier: the id of the dossier.
        name: its name.
        entry: the id of the entry in it.
        citation_id: the quote's; "" for the question.
    """

    dossier: str
    name: str
    entry: int
    citation_id: str = ""
