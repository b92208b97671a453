"""Open a citation: the quote in its document as it was cited, and the changes of the document since."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import InputError
from qa.quoting.cite import cite_line, clipboard, facts_of
from qa.quoting.claims.sentences import sentences_around
from qa.quoting.wording import Text, become, in_words
from qa.schema import Quote, QuoteReference, Span, citation, citation_id, locator
from qa.text.dates import date_in_words
from qa.text.display import in_one_line, visible

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from qa.quoting.wording import Difference
    from qa.schema import CitationId, Document
    from qa.storage.library import Library
    from qa.storage.results import Cited

# Maximum number of documents with the same text that are named.
_NAMED = 10
STYLES = {"insert": "green", "delete": "red", "equal": ""}


@dataclass(frozen=True, slots=True)
class Opened:
    """A citation, opened in the library as it is now.

    Attributes:
        quote: the quote, in its document as it was cited.
        status: the state of the cited text. The library answers only from a "current" text.
        since: the time (UTC) at which the text was superseded or removed, or None if it is current.
        current: the document as it is now, if another text has superseded the cited text. Otherwise None.
        now: the range in `current` with the same words, or with the most similar words. None if there are no
            similar words.
        difference: the changes from the quote to the words at `now`. Empty if the words are the same.
        same_text: the ids of other documents that have, or had, the cited text.
    """

    quote: Quote
    status: Literal["current", "superseded", "removed"]
    since: dt.datetime | None = None
    current: Document | None = None
    now: Span | None = None
    difference: Difference = ()
    same_text: tuple[str, ...] = ()

    @property
    def moved(self) -> QuoteReference | None:
        """Return the place of the same words in the current text.

        Return None if the current text does not have these words, or is itself the cited text.
        """
        if self.current is None or self.now is None or self.difference:
            return None
        return QuoteReference(self.current.id, self.current.sha256, self.now.start, self.now.end)

    @property
    def moved_locator(self) -> str:
        """Return the place `moved` in words, as a reader of the document would count, or "" for None."""
        moved = self.moved
        return locator(self.current, moved.start, moved.end) if self.current and moved else ""

    @property
    def fate(self) -> str:
        """Return the fate of the text in words ("superseded on 5 May 2008"), or "" if the text is current."""
        return f"{self.status} on {date_in_words(self.since.date())}" if self.since else ""


def open_citation(library: Library, place: CitationId, document_id: str = "") -> Opened:
    """Open a citation. If several documents have the cited text, open it in the document `document_id`.

    The library reads and hashes the text again (`Library.cited`), and the quote is a slice of this text. The
    quote is compared with no other text, because the cited text may be superseded or removed.

    Raises:
        DocumentNotFoundError: no document has, or had, such a text, or the text was purged.
        InputError: the text ends before the quote does, or the quote begins or ends within a line break.
    """
    opened = open_place(library, place, document_id)
    text = opened.quote.document.text
    for name, at in (("beginning", place.start), ("end", place.end)):
        if text[at - 1 : at + 1] == "\r\n":
            raise InputError(
                f"there is no quote at {place.start}-{place.end}: its {name} is between the two characters "
                "of a line break, CR and LF. Move it by one"
            )
    return opened


def open_place(library: Library, place: CitationId, document_id: str = "") -> Opened:
    """Open a stored place as `open_citation` does, even if it begins or ends within a line break.

    Raises:
        DocumentNotFoundError: no document has, or had, such a text, or the text was purged.
        InputError: the text ends before the quote does.
    """
    cited = library.cited(place.sha256, document_id)
    try:
        quote = Quote(cited.document, place.start, place.end)
    except ValueError as error:
        raise InputError(
            f"there is no quote at {place.start}-{place.end}: the document has "
            f"{len(cited.document.text)} characters"
        ) from error
    return open_quote(quote, cited, library.cited)


def open_quote(
    quote: Quote,
    cited: Cited,
    read: Callable[[str, str], Cited],
    index: Callable[[str], Text] = Text,
) -> Opened:
    """Return a quote of a cited document as it opens now.

    `read` returns the cited document of a SHA-256 and an id. `index` returns the `Text` of a text.
    """
    opened = Opened(quote, cited.status, cited.since, same_text=cited.same_text)
    if cited.status != "superseded":
        return opened
    current = read(cited.current_sha256, cited.current_id).document
    now, difference = become(quote.text, quote.start, current.text, index)
    return replace(opened, current=current, now=now, difference=difference)


def to_dict(opened: Opened) -> dict[str, Any]:
    """Return an opened citation as a dict, for HTTP and `pullquote cite --json`."""
    quote, document = opened.quote, opened.quote.document
    return asdict(citation(quote)) | {
        "id": str(citation_id(quote)),
        "document": document.id,
        "date_in_words": date_in_words(document.date) if document.date else "",
        "facts": facts_of(quote),
        "notes": list(document.notes),
        "before": document.text[: quote.start],
        "quote": quote.text,
        "after": document.text[quote.end :],
        "citation": cite_line(quote, opened.fate),
        "clipboard": clipboard(quote, opened.fate),
        "status": opened.status,
        "since": opened.since.isoformat() if opened.since else None,
        "since_in_words": date_in_words(opened.since.date()) if opened.since else "",
        "current": _current(opened),
        "moved": asdict(opened.now) if opened.now and not opened.difference else None,
        "difference": [asdict(change) for change in opened.difference],
        "same_text": list(opened.same_text),
    }


def _current(opened: Opened) -> dict[str, Any] | None:
    """Return the current document and the range to open in it, or None if the document was removed.

    If the current text has no words like the quote, the range is the text's first line. If the cited text is
    current, there is no range.
    """
    if opened.status == "removed":
        return None
    document = opened.current or opened.quote.document
    current = {"document": document.id, "sha256": document.sha256}
    if opened.current is None:
        return current
    first = re.search(r"\S[^\r\n]*", document.text)
    return current | asdict(opened.now or (Span(*first.span()) if first else Span(0, 1)))


def lines(opened: Opened) -> Iterator[list[tuple[str, str]]]:
    """Yield an opened citation for a terminal, as lines of (words, style). The styles are styles of rich.

    Control characters are shown as symbols. Otherwise, the quote is exact.
    """
    quote, document = opened.quote, opened.quote.document
    yield [(visible(quote.text), "bold")]
    yield [(visible(cite_line(quote)), "cyan")]
    if document.url:
        yield [(in_one_line(document.url), "cyan")]
    yield [("", "")]
    yield [
        (
            f"status: {opened.fate or opened.status}{_said_now(opened)}",
            "" if opened.since is None else "yellow",
        )
    ]
    if opened.difference:
        yield [("    ", ""), *styled(opened.difference)]
    begin, end = sentences_around(document.text, quote.start, quote.end, beside=1)
    for name, words in (
        ("before", document.text[begin : quote.start]),
        ("after", document.text[quote.end : end]),
    ):
        if words.strip():
            yield [(f"{name}: {visible(' '.join(words.split()))}", "dim")]
    for note in document.notes:
        yield [(f"note: {in_one_line(note)}", "dim")]
    if opened.same_text:
        more = f" and {len(opened.same_text) - _NAMED:,} more" if len(opened.same_text) > _NAMED else ""
        yield [(f"also the text of: {in_one_line(', '.join(opened.same_text[:_NAMED]))}{more}", "dim")]


def _said_now(opened: Opened) -> str:
    if opened.status != "superseded":
        return ""
    if moved := opened.moved:
        where = f"{in_one_line(opened.moved_locator)}, {moved.citation_id}"
        return f"; the new text has the same words: {where}"
    return "; the words have changed:" if opened.difference else "; the new text says nothing similar"


def styled(difference: Difference) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a difference as `in_words` writes them, in one line, each with its style."""
    for op, words in in_words(difference):
        yield visible(re.sub(r"\s+", " ", words)), STYLES[op]
