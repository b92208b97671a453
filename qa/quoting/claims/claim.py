"""A claim: what somebody says that a document says. `qa.quoting.verify` compares it with the documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from qa.schema import CitationId

# In running text, fewer words (`qa.text.terms.measure`) in quotation marks are a name or a title.
LEAST_WORDS = 3
# The forms in which a file has a quote.
Form = Literal["quotation marks", "block quote", "table cell", "note", "answer", "citation"]
FORMS: tuple[Form, ...] = get_args(Form)
CITATION_ID = re.compile(r"\b([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})\b")


@dataclass(frozen=True, slots=True)
class Claim:
    """A quote as a file has it.

    Attributes:
        text: the quoted words; None where there is only a citation.
        line: the line of the file, from 1.
        citation: the id of the citation that stands with the quote.
        document: the id of the document that the quote is ascribed to.
        title: the title of the document that the quote is ascribed to.
        exact: whether `text` is the quote to the character. In running text it is not: lines may be broken
            anew, and control characters be shown as symbols.
        wrong: why the citation names no place.
        short: whether it has too few words, so that it most likely is no quote.
        where: the place in words ("page 2"), in a file that has no lines.
        unpaired: whether it is a quotation mark without its other, where a quote may begin or end.
        maybe_title: whether it stands where titles stand: in a citation, a note, a list of references, a
            heading or a link. It is no quote if a document has that title.
        maybe_work: whether it stands in a note or list between an author and a year. It is no quote if no
            document says it.
        paragraphs: whether it is a block whose paragraphs may be quotes of their own.
        readings: the same words without those before the quote, where the file does not tell which they are.
        beside: the words before a citation without a quote.
        before: what the sentence around the quote says before it, in running text.
        after: what that sentence says after it.
        references: what the quote's notes say, and the cells beside it in a table.
        shape: the form that a quote has in running text.
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
        """The form in which the file has the quote. An exact quote stands in an answer of this program."""
        if self.text is None:
            return "citation"
        return "answer" if self.exact else self.shape

    @property
    def words(self) -> str:
        """The quoted words; "" where there is only a citation."""
        return self.text or ""

    @property
    def prose(self) -> str:
        """What the sentence around the quote says besides it."""
        return f"{self.before} … {self.after}"


def citation_in(match: re.Match[str]) -> CitationId:
    """Return the citation that `CITATION_ID` has matched."""
    return CitationId(match[1], int(match[2]), int(match[3]))


def wrong_range(place: CitationId | None) -> str:
    """Say why a citation names no range of a text; return "" where it does."""
    if place is None or 0 <= place.start < place.end:
        return ""
    return f"start {place.start} and end {place.end} are no range of a text"
