"""Dossiers as they are stored: quotes as coordinates, and the analyst's own words."""

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
        outcome: the outcome of the question.
        filters: the filters that the question was asked with.
        at: when the question was asked, or None if that is not known.
        generation: the library's generation at that time; 0 if it is not known.
        searched: how many documents were searched; 0 if that is not known.
        strictness: the share of answers that should be right; 0 if it is not known.
        unjudged: the code of the language that the reader could not judge; see `Answer.unjudged`.
        earlier: the earlier questions, if the question was read with words from them.
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
        words: the words of a heading or a note; "" for other entries.
        place: where a quote is. None for other entries, and after the quote's document was purged.
        context: the sentences around the quote, in the same text.
        asked: the question that a quote was found with, if any, or the question that found nothing.
        added: when the entry was added (UTC), or None before that.
        purged: when the quote's document was purged (UTC), or None if it was not.
        id: the number that identifies the entry when it is moved or removed; 0 before the entry is stored.
        differing: the places of the figures or dates, if the quotes of the answer give different ones.
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
        id: the dossier's id, which cannot be guessed.
        name: the dossier's name; no other dossier has it.
        began: when the dossier was made (UTC).
        changed: when the dossier was changed last (UTC).
        quotes: how many quotes the dossier has, purged quotes included.
        entries: how many entries the dossier has in all.
    """

    id: str
    name: str
    began: dt.datetime
    changed: dt.datetime
    quotes: int
    entries: int


@dataclass(frozen=True, slots=True)
class Holding:
    """The dossier entry that holds a quote, or a question that found nothing.

    Attributes:
        dossier: the id of the dossier.
        name: the dossier's name.
        entry: the id of the entry in the dossier.
        citation_id: the id of the quote's citation; "" for a question.
    """

    dossier: str
    name: str
    entry: int
    citation_id: str = ""
