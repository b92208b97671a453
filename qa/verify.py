"""Whether what a file quotes is what the documents say: verbatim, superseded, moved, altered or unknown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from qa.cite import locator, visible
from qa.errors import DocumentNotFoundError
from qa.feedback import Place
from qa.formats.inline import without_markup
from qa.phrase import occurrences, phrase_pattern
from qa.recent import Recent
from qa.schema import Span
from qa.terms import content_words
from qa.wording import MOST_COMPARED, Text, difference, find, in_words, is_whole

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.claims import Claim
    from qa.corpus import Corpus
    from qa.schema import Document
    from qa.versions import Cited
    from qa.wording import Difference

Status = Literal["verbatim", "superseded", "removed", "moved", "altered", "unknown"]
STATUSES: tuple[Status, ...] = ("verbatim", "superseded", "removed", "moved", "altered", "unknown")
# Texts that were read last are kept up to so many bytes, with their words.
KEPT_BYTES = 64 << 20
_BYTES_A_CHARACTER = 40
# Documents in which a quote's words are looked for that is nowhere as it stands.
ASKED = 5
_STYLES = {
    "verbatim": "green",
    "superseded": "yellow",
    "removed": "yellow",
    "moved": "cyan",
    "altered": "red",
    "unknown": "bold red",
    "insert": "green",
    "delete": "red",
    "equal": "",
}
_SHOWN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of a claim.

    - "verbatim": a document holds exactly this, where the claim says (if it does); `markup` where that is
      Markdown and the claim has the words as a reader sees them.
    - "superseded": an earlier text of a document does, up to `since`; `now` is where the current one has the
      same words, and without it `difference` tells what they have become, as far as they can be told.
    - "removed": a document does that was taken out of the library, at `since`.
    - "moved": the same words stand elsewhere, at `place`.
    - "altered": nothing has these words; `place` is where the nearest stand, `difference` goes from these to
      the claim's.
    - "unknown": nothing in the library says anything like it, or the claim's own citation is `wrong`.
    """

    claim: Claim
    status: Status
    place: Place | None = None
    title: str = ""
    locator: str = ""
    since: dt.datetime | None = None
    now: Place | None = None
    difference: Difference = ()
    markup: bool = False


class Verifier:
    """Compares claims with a library's documents; texts are read once for all claims on them."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._cited: Recent[str, Cited | None] = Recent(KEPT_BYTES)
        self._texts: Recent[str, Text] = Recent(KEPT_BYTES)
        self._shown: Recent[str, tuple[str, list[int]]] = Recent(KEPT_BYTES)
        self._titles: defaultdict[str, list[str]] = defaultdict(list)
        for info in corpus.documents():
            self._titles[_folded(info.title or info.id)].append(info.id)

    def verdicts(
        self, claims: Sequence[Claim], progress: Callable[[int, int], None] | None = None
    ) -> list[Verdict]:
        """Judge claims, in their order. What is ascribed to one document is judged together."""
        order = sorted(range(len(claims)), key=lambda at: claims[at].citation or (claims[at].title, 0, 0))
        judged: dict[int, Verdict] = {}
        same: dict[Claim, Verdict] = {}  # what is claimed again and again is judged once
        for done, at in enumerate(order, 1):
            claim = replace(claims[at], line=0, where="")
            if claim not in same:
                same[claim] = self.verdict(claim)
            judged[at] = replace(same[claim], claim=claims[at])
            if progress:
                progress(done, len(claims))
        return [judged[at] for at in range(len(claims))]

    def verdict(self, claim: Claim) -> Verdict:
        """Judge one claim."""
        if claim.wrong:
            return Verdict(claim, "unknown")
        cited = self._by_hash(claim.citation.sha256) if claim.citation else None
        if cited is None or claim.citation is None:
            return self._uncited(claim)
        source, (_, start, end) = cited.document, claim.citation
        if end <= len(source.text):
            said = source.text[start:end]
            if claim.text is None or _same(claim, claim.text, said):
                return self._stands(claim, cited, Span(start, end))
            if _is_marked_up(claim, source) and _same(claim, claim.text, without_markup(said)[0]):
                return replace(self._stands(claim, cited, Span(start, end)), markup=True)
        if claim.text is None:
            return Verdict(claim, "unknown", None, source.title or source.id)
        span = self._find(claim, source.text, start)
        if span and cited.status != "current":
            return self._stands(claim, cited, span)
        elsewhere = self._at("moved", claim, source, span) if span else self._in_library(claim, "moved")
        if elsewhere:
            return elsewhere
        said = source.text[start:end]
        nearest = Text(said).nearest(claim.text) if said else None
        return (
            self._altered(claim, source, Span(start, end) if nearest else None)
            or self._likely(claim, [])
            or Verdict(claim, "unknown")
        )

    # Where a claim's words stand

    def _uncited(self, claim: Claim) -> Verdict:
        """Judge a claim without a place, or one in a text that is not known."""
        if claim.text is None:
            return Verdict(claim, "unknown")
        named = list(dict.fromkeys(self._named(claim)))
        given = bool(claim.citation)
        for document_id in named:
            document = self._document(document_id)
            if document and (span := self._find(claim, document.text)):
                return self._at("moved" if given else "verbatim", claim, document, span)
        elsewhere = self._in_library(claim, "moved" if given or claim.title else "verbatim")
        return elsewhere or self._earlier(claim) or self._likely(claim, named) or Verdict(claim, "unknown")

    def _named(self, claim: Claim) -> Iterator[str]:
        if claim.document:
            yield claim.document
        if claim.title:
            yield from self._titles[_folded(claim.title)]

    def _in_library(self, claim: Claim, status: Status) -> Verdict | None:
        """Find the words in any document."""
        assert claim.text is not None  # noqa: S101 - its callers have looked
        for document, span in self._corpus.phrase(claim.text, self._corpus.select()).places:
            if (found := self._find(claim, document.text, span.start)) is not None:
                return self._at(status, claim, document, found)
        return None

    def _earlier(self, claim: Claim) -> Verdict | None:
        """Find the words in a text that was superseded or removed."""
        words = max((claim.text or "").split(), key=len, default="")
        for sha256 in self._corpus.kept_with(words):
            cited = self._by_hash(sha256)
            if cited and cited.status != "current" and (span := self._find(claim, cited.document.text)):
                return self._stands(claim, cited, span)
        return None

    def _likely(self, claim: Claim, named: Sequence[str]) -> Verdict | None:
        """Find where a document says nearly the same: one that is named, or that shares the rarest words."""
        assert claim.text is not None  # noqa: S101 - its callers have looked
        words = content_words(claim.text)[:MOST_COMPARED]
        hits = self._corpus.bm25(words, ASKED, self._corpus.select())
        others = self._corpus.documents_of(key for key, _ in hits).values()
        for document_id in dict.fromkeys([*named, *others]):
            document = self._document(document_id)
            verdict = document and self._altered(claim, document)
            if verdict:
                return verdict
        return None

    def _find(self, claim: Claim, text: str, near: int = 0) -> Span | None:
        """Find a claim's very words in a text, uncut; of running text, whatever its line breaks."""
        assert claim.text is not None  # noqa: S101 - its callers have looked
        span = find(claim.text, text, near)
        if span or claim.exact:
            return span
        pattern = phrase_pattern(claim.text)
        found = occurrences(pattern, text) if pattern else iter(())
        same = [
            span
            for span in found
            if _same(claim, claim.text, text[span.start : span.end]) and is_whole(span, text)
        ]
        return min(same, key=lambda span: abs(span.start - near), default=None)

    def _find_shown(self, claim: Claim, document: Document) -> Span | None:
        """Find a claim's words in Markdown as a reader sees it: where they stand in the file's text."""
        held = self._shown.get(document.sha256)
        if held is None:
            held = without_markup(document.text)
            self._shown.put(document.sha256, held, len(document.text) * _BYTES_A_CHARACTER)
        text, offsets = held
        span = self._find(claim, text)
        return Span(offsets[span.start], offsets[span.end - 1] + 1) if span else None

    # What is said of it

    def _stands(self, claim: Claim, cited: Cited, span: Span) -> Verdict:
        """Say that a text has the words, current or not; then also what they have become."""
        status: Status = "verbatim" if cited.status == "current" else cited.status
        verdict = replace(self._at(status, claim, cited.document, span), since=cited.since)
        current = self._document(cited.current_id) if cited.status == "superseded" else None
        if current is None:
            return verdict
        words = cited.document.text[span.start : span.end]
        now = find(words, current.text, span.start)
        if now:
            return replace(verdict, now=_place(current, now))
        near = self._text(current).nearest(words)
        if near is None:
            return verdict
        return replace(verdict, difference=difference(words, current.text[near.start : near.end]))

    def _altered(self, claim: Claim, document: Document, span: Span | None = None) -> Verdict | None:
        assert claim.text is not None  # noqa: S101 - its callers have looked
        marked_up = _is_marked_up(claim, document)
        if marked_up and (shown := self._find_shown(claim, document)):
            named = claim.title or claim.citation
            elsewhere = named and _folded(claim.title) != _folded(document.title or document.id)
            return replace(
                self._at("moved" if elsewhere else "verbatim", claim, document, shown), markup=True
            )
        span = span or self._text(document).nearest(claim.text)
        if span is None:
            return None
        words = document.text[span.start : span.end]
        if marked_up:
            words = without_markup(words)[0]
        verdict = self._at("altered", claim, document, span)
        if not claim.exact:
            return replace(verdict, difference=difference(_plain(words), _plain(claim.text)))
        return replace(verdict, difference=difference(words, claim.text))

    def _at(self, status: Status, claim: Claim, document: Document, span: Span) -> Verdict:
        where = locator(document, span.start, span.end)
        return Verdict(claim, status, _place(document, span), document.title or document.id, where)

    # Reading

    def _by_hash(self, sha256: str) -> Cited | None:
        held = self._cited.get(sha256)
        if held is None:
            try:
                held = self._corpus.cited(sha256)
            except DocumentNotFoundError:
                return None
            self._cited.put(sha256, held, len(held.document.text) * 4)
        return held

    def _document(self, document_id: str) -> Document | None:
        try:
            return self._corpus.document_and_passages(document_id)[0]
        except DocumentNotFoundError:
            return None

    def _text(self, document: Document) -> Text:
        held = self._texts.get(document.sha256)
        if held is None:
            held = Text(document.text)
            self._texts.put(document.sha256, held, len(document.text) * _BYTES_A_CHARACTER)
        return held


def _same(claim: Claim, words: str, said: str) -> bool:
    """Whether a claim's words are what a text says; running text shows white space in its own way."""
    return words == said or (not claim.exact and _plain(words) == _plain(said))


def _is_marked_up(claim: Claim, document: Document) -> bool:
    """Whether a reader of the document sees other characters than its text has, and the claim may too."""
    return document.format == "markdown" and not claim.exact


def _plain(text: str) -> str:
    return " ".join(visible(text).split())


def _folded(title: str) -> str:
    return " ".join(visible(title).casefold().split())


def _place(document: Document, span: Span) -> Place:
    return Place(document.id, document.sha256, span.start, span.end)


def citing(claims: Iterable[Claim], texts: set[str], titles: set[str]) -> int:
    """Count the claims on texts, by their SHA-256, or on documents of these titles."""
    folded = {_folded(title) for title in titles if title}
    return sum(
        (claim.citation is not None and claim.citation.sha256 in texts) or _folded(claim.title) in folded
        for claim in claims
    )


# What is printed


def to_dict(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Make what `verify --json` prints of a file."""
    counts = Counter(verdict.status for verdict in verdicts)
    return {
        "counts": {status: counts[status] for status in STATUSES},
        "quotes": [
            {
                "line": verdict.claim.line,
                "where": verdict.claim.where,
                "text": verdict.claim.text,
                "citation": str(verdict.claim.citation) if verdict.claim.citation else None,
                "status": verdict.status,
                "wrong": verdict.claim.wrong,
                "document": verdict.place.document if verdict.place else None,
                "title": verdict.title,
                "locator": verdict.locator,
                "place": asdict(verdict.place) if verdict.place else None,
                "since": verdict.since.isoformat() if verdict.since else None,
                "now": asdict(verdict.now) if verdict.now else None,
                "difference": [asdict(change) for change in verdict.difference],
                "markup": verdict.markup,
            }
            for verdict in verdicts
        ],
    }


def lines(verdict: Verdict) -> Iterator[list[tuple[str, str]]]:
    """Say a verdict in lines of (words, style): the style is one of rich's."""
    from qa.cite import date_in_words

    claim = verdict.claim
    quoted = f"“{_shortened(claim.text)}”" if claim.text is not None else str(claim.citation)
    yield [
        (f"{claim.where or f'line {claim.line}'}: ", "dim"),
        (verdict.status, _STYLES[verdict.status]),
        (f"  {quoted}", ""),
    ]
    where = ", ".join(part for part in (_plain(verdict.title), verdict.locator) if part)
    match verdict.status:
        case "verbatim":
            said = where
        case "superseded" | "removed":
            on = date_in_words(verdict.since.date()) if verdict.since else ""
            said = f"{where}: {verdict.status} on {on}"
            if verdict.now:
                said += f"; the same words stand in the new text at {verdict.now.start}-{verdict.now.end}"
            elif verdict.difference:
                said += "; they have become:"
            elif verdict.status == "superseded":
                said += "; the new text says nothing like it"
        case "moved":
            said = f"stands in {where}: {verdict.place.citation_id if verdict.place else ''}"
        case "altered":
            said = f"{where}, says otherwise; to this it was altered:"
        case _ if claim.wrong:
            said = f"its citation is wrong: {claim.wrong}"
        case _:
            said = "no document of the library says anything like it"
    if verdict.markup:
        said += "; but for markup"
    yield [(f"    {said}", "dim")]
    if verdict.difference:
        pieces = [
            (visible(re.sub(r"\s+", " ", words)), _STYLES[op]) for op, words in in_words(verdict.difference)
        ]
        yield [("    ", ""), *pieces]


def _shortened(text: str) -> str:
    plain = _plain(text)
    return plain if len(plain) <= _SHOWN_CHARACTERS else plain[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " […]"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Count the verdicts in words."""
    counts = Counter(verdict.status for verdict in verdicts)
    return ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])
