"""The values that Pullquote passes around: frozen and typed.

A quote tells where it stands, an answer what it is as JSON; else they do nothing. A quote is coordinates:
nothing here accepts its text, which is always the slice.
"""

from qa.schema.answers import (
    Answer,
    DatePreference,
    Dates,
    Failure,
    Milliseconds,
    Outcome,
    RankedPassage,
    Reply,
    ReplyKind,
    Signals,
    Turn,
    answer_to_dict,
)
from qa.schema.documents import (
    EVERYTHING,
    Certainty,
    Document,
    DocumentInfo,
    Facets,
    Filters,
    Found,
    Passage,
    Section,
    SectionKind,
    Sentence,
    SentenceKind,
    Span,
    printable,
    sha256_text,
)
from qa.schema.judgements import Judgement, QuoteReference, ShownAnswer, Thumb
from qa.schema.quotes import Citation, CitationId, Quote, citation, citation_id, locator
from qa.schema.reports import FileResult, FileStatus, IndexReport, Progress

__all__ = [
    "EVERYTHING",
    "Answer",
    "Certainty",
    "Citation",
    "CitationId",
    "DatePreference",
    "Dates",
    "Document",
    "DocumentInfo",
    "Facets",
    "Failure",
    "FileResult",
    "FileStatus",
    "Filters",
    "Found",
    "IndexReport",
    "Judgement",
    "Milliseconds",
    "Outcome",
    "Passage",
    "Progress",
    "Quote",
    "QuoteReference",
    "RankedPassage",
    "Reply",
    "ReplyKind",
    "Section",
    "SectionKind",
    "Sentence",
    "SentenceKind",
    "ShownAnswer",
    "Signals",
    "Span",
    "Thumb",
    "Turn",
    "answer_to_dict",
    "citation",
    "citation_id",
    "locator",
    "printable",
    "sha256_text",
]
