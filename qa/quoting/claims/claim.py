"""A claim: words that a file quotes from a document. `qa.quoting.verify` checks claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from qa.schema import CitationId

# Minimum number of words (`qa.text.terms.measure`) of a quotation in running text. Fewer words in quotation
# marks are a name or a title.
LEAST_WORDS = 3
# The forms of a quote in a file.
Form = Literal["quotation marks", "block quote", "table cell", "note", "answer", "citation"]
FORMS: tuple[Form, ...] = get_args(Form)
CITATION_ID = re.compile(r"\b([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})\b")


@dataclass(frozen=True, slots=True)
class Claim:
    """A quote in a file, or a citation without a quote.

    Attributes:
        text: the quoted words, or None for a citation without a quote.
        line: the line of the file, from 1.
        citation: the id of the quote's citation, if there is one.
        document: the id of the document that the quote is ascribed to.
        title: the title of the document that the quote is ascribed to.
        exact: whether `text` is the quote character by character. In running text it is not, because lines
            may be wrapped and control characters may be shown as symbols.
        wrong: the reason why the citation names no place, or "".
        short: whether the quote has so few words that it is most likely no quote.
        where: the place in words ("page 2"), in a file that has no lines.
        unpaired: whether the claim is a quotation mark without its partner, where a quote may begin or end.
        maybe_title: whether the quote is at a place for titles: in a citation, a note, a list of references,
            a heading or a link. It is not a quote if a document has this title.
        maybe_work: whether the quote is in a note or list, between an author and a year. It is not a quote if
            no document has the words.
        paragraphs: whether the quote is a block whose paragraphs may be separate quotes.
        readings: other readings of the quote, without the words before it. They are needed if the file does
            not show where the quote begins.
        beside: the words before a citation without a quote.
        before: the words before the quote in the sentence around it, in running text.
        after: the words after the quote in that sentence.
        references: the texts of the quote's notes, and the cells next to the quote in a table.
        shape: the form of the quote in running text.
    """

    text: str | None
    line: int
    citation: CitationId | None = None
    document: str = ""
    title: str = ""
    exact: bool = False
    wrong: str = ""
    short: bool = False
    where: str = ""
    unpaired: bool = False
    maybe_title: bool = False
    maybe_work: bool = False
    paragraphs: bool = False
    readings: tuple[str, ...] = ()
    beside: str = ""
    before: str = ""
    after: str = ""
    references: tuple[str, ...] = ()
    shape: Form = "quotation marks"

    @property
    def form(self) -> Form:
        """Return the form of the quote in the file. An exact quote is in an answer of this program."""
        if self.text is None:
            return "citation"
        return "answer" if self.exact else self.shape

    @property
    def words(self) -> str:
        """Return the quoted words, or "" for a citation without a quote."""
        return self.text or ""

    @property
    def prose(self) -> str:
        """Return the sentence around the quote, without the quote."""
        return f"{self.before} … {self.after}"


def citation_in(match: re.Match[str]) -> CitationId:
    """Return the citation id that `CITATION_ID` has matched."""
    return CitationId(match[1], int(match[2]), int(match[3]))


def wrong_range(place: CitationId | None) -> str:
    """Return the reason why a citation names no range of a text, or "" if it names one."""
    if place is None or 0 <= place.start < place.end:
        return ""
    return f"start {place.start} and end {place.end} are not a range of a text"
