"""How much may be asked at once, checked in one place for every border: page, HTTP, Python, command line.

Work grows with what is asked, and whoever asks may be a stranger.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from qa.errors import InputError, QuestionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Filters, Turn

MAX_QUESTION_CHARACTERS = 2_000
# An assistant's turn holds quotes, and is not read.
MAX_REPLY_CHARACTERS = 20_000
MAX_TURNS = 200
MAX_FILTER_CHARACTERS = 500
# A document's id may be a path.
MAX_ID_CHARACTERS = 4_096
MAX_DOCUMENTS = 1_000
# What the page's script writes of filters.
MAX_OPTIONS_CHARACTERS = 100_000
# A citation's id is SHA256/START-END; offsets have twelve digits at most.
MAX_OFFSET = 10**12
MAX_CITATION_CHARACTERS = 64 + 1 + 12 + 1 + 12


def check_question(question: str) -> str:
    """Return the question without white space around it.

    Raises:
        QuestionError: it is no text, empty, or longer than MAX_QUESTION_CHARACTERS.
    """
    if not isinstance(question, str):
        raise QuestionError(f"the question is {question!r}: it has to be a text")
    question = question.strip()
    if not question:
        raise QuestionError("the question is empty: type what you want to know")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {MAX_QUESTION_CHARACTERS:,} are read. "
            "Ask in a sentence or two."
        )
    if not _is_text(question):
        raise QuestionError(
            "the question is not valid text (it holds half of a surrogate pair): type it again"
        )
    if not any(character.isalnum() for character in question):
        raise QuestionError(f"the question has no words: {question[:40]!r}. Type what you want to know.")
    return question


def check_history(history: Sequence[str | Turn]) -> None:
    """Refuse earlier turns that are too many, too long, or no text.

    Raises:
        QuestionError: there are more than MAX_TURNS, one is longer than a question (an assistant's:
            MAX_REPLY_CHARACTERS), or one holds half of a surrogate pair.
    """
    if isinstance(history, str):
        raise QuestionError(f"the history is one text: write [{history[:40]!r}]")
    if len(history) > MAX_TURNS:
        raise QuestionError(
            f"the history has {len(history):,} turns; at most {MAX_TURNS} are read: leave out the oldest"
        )
    for number, turn in enumerate(history, start=1):
        role, text = ("user", turn) if isinstance(turn, str) else (turn.role, turn.text)
        most = MAX_QUESTION_CHARACTERS if role == "user" else MAX_REPLY_CHARACTERS
        if len(text) > most:
            raise QuestionError(
                f"turn {number} of the history has {len(text):,} characters; at most {most:,} are read: "
                "shorten it or leave it out"
            )
        if not _is_text(text):
            raise QuestionError(
                f"turn {number} of the history is not valid text (it holds half of a surrogate pair): "
                "leave it out"
            )


def check_filters(filters: Filters) -> None:
    """Refuse filters with too long a value, or too many documents.

    Raises:
        InputError: a value is longer than MAX_FILTER_CHARACTERS, a document's id than MAX_ID_CHARACTERS,
            there are more than MAX_DOCUMENTS ids, or one of these is not valid text.
    """
    if len(filters.document) > MAX_DOCUMENTS:
        raise InputError(
            f"the filter names {len(filters.document):,} documents; at most {MAX_DOCUMENTS:,} can be named: "
            "filter by collection instead"
        )
    for field in fields(filters):
        value = getattr(filters, field.name)
        most = MAX_ID_CHARACTERS if field.name == "document" else MAX_FILTER_CHARACTERS
        for text in value if isinstance(value, tuple) else [value]:
            if not isinstance(text, str):  # a date
                continue
            if len(text) > most:
                raise InputError(
                    f"the filter {field.name!r} has {len(text):,} characters; at most {most:,} are read"
                )
            if not _is_text(text):
                raise InputError(
                    f"the filter {field.name!r}: {text[:40]!r} is not valid text (it holds half of a "
                    "surrogate pair): type it again"
                )


def _is_text(value: str) -> bool:
    """Whether UTF-8 can hold it: half of a surrogate pair it cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
