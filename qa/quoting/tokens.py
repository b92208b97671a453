"""Split text into words, marks, names of sources and quotes, for the grammars of reported speech."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from qa.text.organisations import is_periodical, names_institution

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["title", "number", "publisher", "author", "unlisted", "person"]
ABBREVIATED_TITLES = "Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Sgt|Capt|Maj|Cmdr|Adm|Sen|Rep|Gov|St|Rev|Hon|Jr|Sr"
# A word, or any mark except a quotation mark.
_TOKEN = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*|[^\w\s“”„«»\"]")
# As above, but a word may have the full stop of a title or an initial, a comma in it, and a last apostrophe.
_WHOLE = re.compile(
    rf"(?:{ABBREVIATED_TITLES}|[A-Z](?:\.[A-Z])*)\.(?=\s+[^\W\d_])"
    rf"|[^\W_]+(?:[’'.,-][^\W_]+)*(?:[’'](?![^\W_]))?|{_TOKEN.pattern}"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A source or a speaker.

    Attributes:
        name: the name, as written.
        kind: the kind of name. It is "unlisted" if no document of the library has the name.
        documents: the ids of the documents that have the name.
    """

    name: str
    kind: Kind
    documents: frozenset[str] = frozenset()

    @property
    def is_medium(self) -> bool:
        """Return whether the source is something to read: a title, a paper, or a news agency.

        An office, in contrast, is an institution at which a person may speak.
        """
        if self.kind in ("title", "number", "unlisted"):
            return True
        return self.kind == "publisher" and (is_periodical(self.name) or not names_institution(self.name))


class Token(NamedTuple):
    """A word, a punctuation mark, the name of a source, or a quote.

    Attributes:
        text: the characters.
        start: the offset of the first character.
        end: the offset after the last character.
        source: the source, if the token is a source's name. Otherwise None.
        is_quote: whether the token is a quote.
    """

    text: str
    start: int = 0
    end: int = 0
    source: Source | None = None
    is_quote: bool = False

    @property
    def word(self) -> str:
        """Return the word or mark in lower case, or "" for a name or quote."""
        return "" if self.source or self.is_quote else self.text.casefold()


def tokenise(text: str, start: int, end: int, known: Iterable[Token], *, whole: bool = False) -> list[Token]:
    """Return the words and marks of `text[start:end]`, with the known names and quotes as single tokens.

    With `whole`, the full stop of “J. Orr” or “the U.S. embassy” is part of its word. Otherwise, it is a
    token, because it may end a sentence.
    """
    tokens: list[Token] = []
    at = start
    for token in [*sorted(known, key=lambda token: token.start), Token("", end, end)]:
        matches = (_WHOLE if whole else _TOKEN).finditer(text, at, token.start)
        tokens += [Token(match[0], match.start(), match.end()) for match in matches]
        tokens += [token] if token.text else []
        at = max(at, token.end)
    return tokens
