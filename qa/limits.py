"""Limits on questions, filters and texts, for the page, HTTP, Python and the command line.

The work grows with the size of a request, and strangers may send requests.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import get_args

from qa.errors import InputError, QuestionError
from qa.schema import FILTERED_BY_NAME, Dates, Filters, Turn

MAX_QUESTION_CHARACTERS = 2_000
# An assistant's turn contains quotes. The turn is not read.
MAX_REPLY_CHARACTERS = 20_000
MAX_TURNS = 200
# Questions in one list over HTTP. They are answered one after the other.
MAX_QUESTIONS = 1_000
MAX_FILTER_CHARACTERS = 500
# A document's id may be a path.
MAX_ID_CHARACTERS = 4_096
MAX_DOCUMENTS = 1_000
# Values of each filter other than `document`.
MAX_NAMES = 100
# Characters of a text whose quotes are verified on request.
MAX_DRAFT_CHARACTERS = 100_000
# Characters of the filters as the page's script writes them.
MAX_OPTIONS_CHARACTERS = 100_000
# A citation's id is SHA256/START-END; offsets have twelve digits at most.
MAX_OFFSET = 10**12
MAX_CITATION_CHARACTERS = 64 + 1 + 12 + 1 + 12


def check_question(question: str) -> str:
    """Return the question without the white space around it.

    Raises:
        QuestionError: the question is not a valid text, has no words, or is longer than
            MAX_QUESTION_CHARACTERS.
    """
    if not isinstance(question, str):
        raise QuestionError(f"the question is {question!r}: write a text")
    question = question.strip()
    if not question:
        raise QuestionError("the question is empty: type what you want to know")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {MAX_QUESTION_CHARACTERS:,} are read. "
            "Ask in a sentence or two."
        )
    if not _is_text(question):
        raise QuestionError("the question is not valid text (it has half of a surrogate pair): type it again")
    if not any(character.isalnum() for character in question):
        raise QuestionError(f"the question has no words: {question[:40]!r}. Type what you want to know.")
    return question


def check_history(history: Sequence[str | Turn]) -> None:
    """Raise an error if there are too many earlier turns, or if a turn is too long or not a turn.

    Raises:
        QuestionError: the history is not a list of texts and turns, or has more than MAX_TURNS turns. Or a
            turn is longer than a question (an assistant's turn: than MAX_REPLY_CHARACTERS), or holds half of
            a surrogate pair.
    """
    if isinstance(history, str):
        raise QuestionError(f"the history is a single text: write a list, [{history[:40]!r}]")
    if not isinstance(history, Sequence):
        raise QuestionError(
            f"the history is {history!r:.100}: write a list of turns, such as ['Who was arrested?']"
        )
    if len(history) > MAX_TURNS:
        raise QuestionError(
            f"the history has {len(history):,} turns; at most {MAX_TURNS} are read: leave out the "
            "oldest turns"
        )
    for number, turn in enumerate(history, start=1):
        match turn:
            case str() as text:
                role = "user"
            case Turn("user" | "assistant" as role, str() as text):
                pass
            case _:
                raise QuestionError(
                    f"turn {number} of the history is {turn!r:.100}: write a text, or "
                    "Turn('user', 'Who was arrested?')"
                )
        most = MAX_QUESTION_CHARACTERS if role == "user" else MAX_REPLY_CHARACTERS
        if len(text) > most:
            raise QuestionError(
                f"turn {number} of the history has {len(text):,} characters; at most {most:,} are read: "
                "shorten it or leave it out"
            )
        if not _is_text(text):
            raise QuestionError(
                f"turn {number} of the history is not valid text (it has half of a surrogate pair): "
                "leave it out"
            )


def check_filters(filters: Filters) -> None:
    """Raise an error if filters have the wrong type, or if there are too many values or too long ones.

    Raises:
        InputError: `document` is not a tuple of texts, or the value of another filter but a date is not a
            text or a tuple of texts. Or a value is longer than MAX_FILTER_CHARACTERS (a document's id:
            MAX_ID_CHARACTERS). Or there are more than MAX_DOCUMENTS ids, or more than MAX_NAMES values of
            another filter. Or a value is not valid text, or holds control characters.
    """
    if not isinstance(filters, Filters):
        raise InputError(f"the filters are {filters!r:.100}: write, for example, Filters(publisher='IFES')")
    ids = filters.document
    if not isinstance(ids, tuple) or not all(isinstance(document_id, str) for document_id in ids):
        raise InputError(
            f"the filter 'document' is {ids!r:.100}: write a tuple of ids, such as ('report.txt',)"
        )
    if len(ids) > MAX_DOCUMENTS:
        raise InputError(
            f"the filter names {len(ids):,} documents; at most {MAX_DOCUMENTS:,} can be named: "
            "filter by collection instead"
        )
    for filter_value in ids:
        _check_filter("document", filter_value, MAX_ID_CHARACTERS)
    for name in FILTERED_BY_NAME:
        value = getattr(filters, name)
        names = value if isinstance(value, tuple) else (value,)
        if len(names) > MAX_NAMES:
            raise InputError(f"the filter {name!r} has {len(names):,} values; at most {MAX_NAMES:,} are read")
        for filter_value in names:
            _check_filter(name, filter_value, MAX_FILTER_CHARACTERS)


def _check_filter(name: str, value: object, most: int) -> None:
    if not isinstance(value, str):
        raise InputError(f"the filter {name!r} is {value!r:.100}: write a text")
    if len(value) > most:
        raise InputError(f"the filter {name!r} has {len(value):,} characters; at most {most:,} are read")
    if not _is_text(value):
        raise InputError(
            f"the filter {name!r}: {value[:40]!r} is not valid text (it has half of a surrogate pair): "
            "type it again"
        )
    check_filter_text(name, value)


def check_filter_text(name: str, value: str) -> None:
    """Raise an error if a filter's value has control characters or is not text: no document has such a value.

    Raises:
        InputError: the value is not valid. The message names the filter.
    """
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value):
        raise InputError(f"the filter {name} {value[:100]!r} holds control characters: type it again")


def check_draft(text: str) -> str:
    """Return a text whose quotes are to be verified, if it is valid.

    Raises:
        InputError: the text is longer than MAX_DRAFT_CHARACTERS, or is not valid text.
    """
    if len(text) > MAX_DRAFT_CHARACTERS:
        raise InputError(
            f"the text has {len(text):,} characters; at most {MAX_DRAFT_CHARACTERS:,} are verified at once: "
            "send it in parts"
        )
    if not _is_text(text):
        raise InputError("the text is not valid (it has half of a surrogate pair): write it again")
    return text


def check_ids(ids: Iterable[str]) -> Iterable[str]:
    """Return the ids of documents, unless they are one text, whose letters would be read as ids.

    Raises:
        InputError: `ids` is one text.
    """
    if isinstance(ids, str):
        raise InputError(f"the documents are a single text: write a list of ids, [{ids!r}]")
    return ids


def check_dates(dates: Dates) -> None:
    """Raise an error if the way to treat the dates in a question is unknown.

    Raises:
        InputError: `dates` is neither "auto" nor "ignore".
    """
    if dates not in get_args(Dates):
        raise InputError(f"dates is {dates!r:.100}: write 'auto' or 'ignore'")


def _is_text(value: str) -> bool:
    """Return whether UTF-8 can encode a text. UTF-8 cannot encode half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
