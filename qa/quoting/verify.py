"""Compare the quotes of a file with the documents, and print the verdicts."""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args

from qa.bounded_cache import BoundedCache
from qa.errors import DocumentNotFoundError
from qa.quoting import omissions
from qa.quoting.antecedents import People, Speaker
from qa.quoting.attribution import Names, are_same, is_named, is_of, is_surely_person, people
from qa.quoting.claims.claim import FORMS, Form
from qa.quoting.claims.marks import without_marks
from qa.quoting.claims.sentences import sentence_around, sentences_around
from qa.quoting.omissions import Omission
from qa.quoting.opened import open_quote, styled
from qa.quoting.speaker import paragraph_around, quotation_around
from qa.quoting.tokens import Source
from qa.quoting.wording import MOST_COMPARED, Change, Text, difference, find, is_whole
from qa.schema import EVERYTHING, Filters, Quote, QuoteReference, Span, locator
from qa.storage.library import read_places
from qa.text.dates import date_in_words
from qa.text.display import plural, visible
from qa.text.inline_markup import without_markup
from qa.text.phrase import occurrences, phrase_pattern
from qa.text.terms import content_words, measure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.quoting.claims.claim import Claim
    from qa.quoting.wording import Difference
    from qa.schema import Document
    from qa.storage.library import Library
    from qa.storage.results import Cited, Selection

_Made = TypeVar("_Made")
Status = Literal["verbatim", "superseded", "removed", "moved", "cited", "distorted", "altered", "unknown"]
STATUSES: tuple[Status, ...] = get_args(Status)
# Maximum size of each cache of recently read texts, in bytes.
KEPT_BYTES = 64 << 20
# Estimated size in the cache, in bytes per character, of an object that is made from a text.
_BYTES_A_CHARACTER = 40
# Maximum number of documents that a search finds for words similar to a quote.
ASKED = 5
# The marks for words that a quote leaves out.
_ELISION = re.compile(
    r"(?:(?<!\s)\s++)?(?:[\[(]\s*(?:…|\.\s?\.\s?\.)\s*[\])]|…+|\.{3,}|(?<=\s)\.\s\.\s\.)\s*"
)
# Minimum number of words in a part of such a quote. Fewer words may stand anywhere by chance.
_LEAST_PART = 3
# The writer's own punctuation after an elision: “It is closed […].”
_OWN_STOP = re.compile(r"\A[.,;:](?:\s+|\Z)")
# A first letter whose case the writer changed: “[T]he”.
_INITIAL = re.compile(r"\[([^\W\d_])\](?=[^\W\d_])")
# Quotation marks within quotation marks.
_INNER = re.compile(r"(?<!\w)['‘]((?:[^'‘’]|(?<=\w)['’](?=\w)){1,400})['’](?!\w)")
# Sequences that Markdown shows as other characters: escapes, backslashes at line ends, character references.
_ESCAPE = re.compile(
    r"\\(?:(?P<sign>[!-/:-@\[-`{-~])|(?=\r?\n))|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
# Maximum number of places of a quote's words that are examined.
_MOST_PLACES = 10
# Number of a claim's longest words that are searched for in earlier texts.
_TRIED = 3
# A paragraph, or a list item without its mark.
_PARAGRAPH = re.compile(
    r"(?<!\S)(?!(?:[-*•]|[0-9]+[.)]) )\S(?:[^\n\u2029]|\n(?!\s*\n|\s*(?:[-*•]|[0-9]+[.)]) ))*"
)
# A line end after the hyphen of a word.
_HYPHENATED = re.compile(r"(?<=\w[-‐])\r?\n(?=\w)")
# Maximum number of characters of one omission that are shown. Also the number of characters on each side of a
# quote that are searched for the marks of its quotation.
_MOST_SHOWN = 2_000
# The statuses in order of preference, if a quote's words stand at several places.
_PREFERRED: tuple[Status, ...] = ("verbatim", "moved", "distorted")
_QUOTATION_MARKS = re.compile("[“”]")
_STYLES = {
    "verbatim": "green",
    "superseded": "yellow",
    "removed": "yellow",
    "moved": "cyan",
    "cited": "yellow",
    "distorted": "red",
    "altered": "red",
    "unknown": "bold red",
}
_SHOWN_CHARACTERS = 100
_FORMS_IN_WORDS: dict[Form, str] = {
    "quotation marks": "in quotation marks",
    "block quote": "as block quotes",
    "table cell": "in table cells",
    "note": "in notes and references",
    "answer": "in answers",
    "citation": "as citations alone",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing a claim with the documents.

    Attributes:
        claim: the claim.
        status: one of the following.
            "verbatim": a document has exactly these words, at the claimed place if the claim gives a place.
            "superseded": an earlier text of a document has the words.
            "removed": a document that was removed from the library has the words.
            "moved": a document has the words, but not at the place or in the source that the claim gives.
            "cited": the citation opens, but the words next to it are not a quote of the document. They were
                not compared.
            "distorted": a document has the words, but the omitted words, or the words right before or after
                the quote, change the sense, or somebody else says the words.
            "altered": no document has the words, but a document has similar words.
            "unknown": no document has similar words, or the claim's citation is wrong.
        place: the place of the words, or of the most similar words.
        title: the title of the document at `place`, or its id.
        locator: the place in words.
        since: the time at which the text at `place` was superseded or removed.
        now: the place of the same words in the current text, if the text at `place` was superseded.
        now_locator: the place `now` in words.
        difference: the changes from the words at `place` to the claim's words. For a superseded text, the
            changes to the most similar words of the current text. For a quote with omission marks, the
            omitted words.
        fate: the state of the text that is most similar to an "altered" quote.
        left_out: the number of words that the quote marks as left out (“…”).
        markup: whether the words are the words of Markdown without its markup.
        comma: whether the claim ends in a comma that the document does not have, or in a full stop instead of
            the document's comma.
        omitted: the omitted words that matter. A verdict with any status may have them.
        attributed: the source to which the words around a "moved" quote ascribe it, or the speaker to whom
            the words around a "distorted" quote ascribe it.
        unlisted: whether no document of the library has the name `attributed`.
        mention: the words that name the speaker in the document, if the name is not in full: “he”, “the
            minister”.
    """

    claim: Claim
    status: Status
    place: QuoteReference | None = None
    title: str = ""
    locator: str = ""
    since: dt.datetime | None = None
    now: QuoteReference | None = None
    now_locator: str = ""
    difference: Difference = ()
    fate: Literal["current", "superseded", "removed"] = "current"
    left_out: int = 0
    markup: bool = False
    comma: bool = False
    omitted: tuple[Omission, ...] = ()
    attributed: str = ""
    unlisted: bool = False
    mention: str = ""


class Verifier:
    """Compares claims with a library's documents. It keeps the texts that it reads for later claims."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cited: BoundedCache[tuple[str, str], Cited] = BoundedCache(KEPT_BYTES)
        self._texts: BoundedCache[str, Text] = BoundedCache(KEPT_BYTES)
        self._shown: BoundedCache[str, tuple[str, list[int]]] = BoundedCache(KEPT_BYTES)
        self._people: BoundedCache[str, People] = BoundedCache(KEPT_BYTES)
        self._titles: defaultdict[str, list[str]] = defaultdict(list)
        documents = library.documents()
        self._names = Names(documents)
        for info in documents:
            self._titles[_folded(info.title or info.id)].append(info.id)
        self._removed = {_folded(version.title or version.document_id) for version in library.removed()}

    def verdicts(
        self, claims: Sequence[Claim], progress: Callable[[int, int], None] | None = None
    ) -> list[Verdict]:
        """Return the verdicts on claims, in the order of the claims.

        A title that cites a document is not a quote and gets no verdict. A block of paragraphs that no
        document has as a whole gets a verdict for each paragraph.
        """
        claims = [claim for claim in claims if not (claim.maybe_title and self._is_title(claim))]
        quotes = {claim.text for claim in claims if claim.maybe_title}
        claims = [replace(claim, title="") if claim.title in quotes else claim for claim in claims]
        order = sorted(range(len(claims)), key=lambda at: claims[at].citation or (claims[at].title, 0, 0))
        judged: dict[int, list[Verdict]] = {}
        same: dict[Claim, list[Verdict]] = {}  # equal claims are judged only once
        for done, at in enumerate(order, 1):
            claim = replace(claims[at], line=0, where="")
            if claim not in same:
                verdicts = self._verdicts(claim)
                # A document's title is not a quote, even if no document has these words in its text.
                nowhere = verdicts[0].status in ("altered", "unknown") and not claim.citation
                same[claim] = [] if nowhere and self._is_title(claim) else verdicts
            judged[at] = [
                replace(
                    verdict,
                    claim=replace(
                        verdict.claim, line=claims[at].line + verdict.claim.line, where=claims[at].where
                    ),
                )
                for verdict in same[claim]
            ]
            if progress:
                progress(done, len(claims))
        return [verdict for at in range(len(claims)) for verdict in judged[at]]

    def _is_title(self, claim: Claim) -> bool:
        title = _folded(claim.words.rstrip(",."))
        return title in self._titles or title in self._removed or self._names.has_title(title)

    def _verdicts(self, claim: Claim) -> list[Verdict]:
        """Return the verdict on a claim as a whole, or else the verdicts on its paragraphs."""
        whole = self.verdict(claim)
        if not claim.paragraphs or whole.status not in ("altered", "unknown"):
            return [whole]
        parts = [
            replace(
                claim,
                text=part,
                line=claim.line + claim.words.count("\n", 0, match.start()),
                paragraphs=False,
            )
            for match in _PARAGRAPH.finditer(claim.words)
            if (part := without_marks(match[0]))
        ]
        return [self.verdict(part) for part in parts] if len(parts) > 1 else [whole]

    def verdict(self, claim: Claim) -> Verdict:
        """Return the verdict on one claim.

        If the claim has several readings, the first reading that is "verbatim" or "distorted" counts, or else
        the last reading.
        """
        return self._as_ascribed(self._as_read(claim))

    def _as_read(self, claim: Claim) -> Verdict:
        """Return the best verdict on the words of a claim: as they are, as shown, or in other typography."""
        verdict = self._verdict(claim)
        for reading in claim.readings:
            if verdict.status in ("verbatim", "distorted"):
                break
            line = claim.line + claim.words.count("\n") - reading.count("\n")
            verdict = self._verdict(replace(claim, text=reading, line=line, readings=()))
        if verdict.status not in ("altered", "unknown") or claim.exact or claim.text is None:
            return verdict
        shown = _as_shown(claim.text)
        if shown != claim.text:
            verdict = replace(self._verdict(replace(claim, text=shown, readings=())), claim=claim)
            if verdict.status not in ("altered", "unknown"):
                return verdict
        for spelling in _spellings(shown):
            respelled = self._verdict(replace(claim, text=spelling, readings=()))
            if respelled.status not in ("altered", "unknown"):
                return replace(respelled, claim=claim)
        if not claim.text.endswith((",", ".")):
            return verdict
        # The last mark may belong to the sentence around the quote: “It is closed,” he said. He said: “It is
        # closed.”
        ends = (".", "") if claim.text[-1] == "," else (",",)
        others = [
            self._verdict(replace(claim, text=text[:-1] + end, readings=()))
            for text in (claim.text, *_spellings(claim.text)[:1])
            for end in ends
        ]
        standing = [other for other in others if other.status not in ("altered", "unknown")]
        if ends == (",",):
            standing = [other for other in standing if self._ends_quotation(other)]
        if not standing:
            return verdict
        return replace(min(standing, key=lambda other: other.status == "moved"), claim=claim, comma=True)

    def _ends_quotation(self, verdict: Verdict) -> bool:
        """Return whether the document closes a quotation right after the words, and does not continue it."""
        place = verdict.place
        document = place and self._document(place.document)
        if not (place and document) or document.text[place.end :][:1] not in tuple('”"’»'):
            return False
        _, end = sentences_around(document.text, place.start, place.end)
        return not re.search('[“"«‘]', document.text[place.end + 1 : end])  # “We go,” he said, “if …”

    def _as_ascribed(self, verdict: Verdict) -> Verdict:
        """Return the verdict, changed if the words around the quote name another source or speaker."""
        claim, place = verdict.claim, verdict.place
        if (
            claim.text is None
            or claim.exact
            or place is None
            or verdict.status not in ("verbatim", "distorted")
        ):
            return verdict
        sources = self._names.sources(claim)
        document = self._document(place.document)
        if document is None:
            return verdict
        around = _with_neighbours(document.text, place.start, place.end)
        same = {document.id, *self._library.same_text(document.id)}
        if sources and not any(
            same & source.documents or is_of(source, document, around) for source in sources
        ):
            listed = any(source.documents for source in sources)
            names = ", ".join(dict.fromkeys(source.name for source in sources))
            return replace(verdict, status="moved", attributed=names, unlisted=not listed)
        return self._as_spoken(verdict, document, place)

    def _as_spoken(self, verdict: Verdict, document: Document, place: QuoteReference) -> Verdict:
        """Return the verdict, changed to "distorted" if the document names another speaker of the quote."""
        claim = verdict.claim
        if not re.search(r"[^\W\d_a-z]", claim.prose):  # no word may be a name
            return verdict
        document_people = _made(self._people, document.text, People)
        sources = people(claim.before, claim.after, document_people.surnames)
        if not sources:
            return verdict
        start, end = _quotation_around(document.text, place.start, place.end)
        meant = document_people.speaker(document, place.start, place.end)
        if meant:
            speakers = tuple(Source(name, "person") for name in meant.names)
            near = _near(document.text, start, end, meant)
            sources = tuple(source for source in sources if is_surely_person(source.name))
        else:
            speakers = people(*sentence_around(document.text, start, end))
            near = _with_neighbours(document.text, start, end)
        if not (sources and speakers) or any(
            is_named(source, f"{document.author} {near}") for source in sources
        ):
            return verdict
        if any(are_same(one, other) for one in sources for other in speakers) and not (
            meant and all(document_people.is_other(source.name, meant) for source in sources)
        ):
            return verdict
        omitted = [Omission("speaker", speaker.name) for speaker in speakers]
        names = ", ".join(source.name for source in sources)
        mention = meant.mention if meant and meant.mention not in meant.names else ""
        return replace(
            verdict,
            status="distorted",
            omitted=tuple(dict.fromkeys([*verdict.omitted, *omitted])),
            attributed=names,
            mention=mention,
        )

    def citing(self, claims: Iterable[Claim], texts: set[str], titles: set[str]) -> int:
        """Return the number of claims that cite the texts (by SHA-256) or titles, or quote the texts."""
        folded = {_folded(title) for title in titles if title}
        return sum(
            _folded(claim.title) in folded or any(self._quotes(claim, sha256) for sha256 in texts)
            for claim in claims
            if not (claim.maybe_title and self._is_title(claim))
        )

    def _quotes(self, claim: Claim, sha256: str) -> bool:
        if claim.citation and claim.citation.sha256 == sha256:
            return True
        cited = self._by_hash(sha256)
        return bool(claim.text and cited and _find(claim, cited.document.text))

    def _verdict(self, claim: Claim) -> Verdict:
        """Return the verdict on exactly the words of a claim, first at the place that the claim cites."""
        if claim.wrong:
            return Verdict(claim, "unknown")
        cited = self._by_hash(claim.citation.sha256) if claim.citation else None
        if cited is None or claim.citation is None:
            return self._uncited(claim)
        source, (_, start, end) = cited.document, claim.citation
        if claim.text is None:
            if end > len(source.text):
                return Verdict(claim, "unknown", None, source.title or source.id)
            return self._beside(claim, cited, Span(start, end))
        if end <= len(source.text):
            words = source.text[start:end]
            if _same(claim, words):
                return self._stands(claim, cited, Span(start, end))
            if _is_marked_up(claim, source) and _same(claim, without_markup(words)[0]):
                return replace(self._stands(claim, cited, Span(start, end)), markup=True)
        part = _find_parts(claim, source.text[:end], start)
        if part:
            return self._stands(claim, cited, part)
        span = _find(claim, source.text, start)
        if span and cited.status != "current":
            return self._stands(claim, cited, span)
        elsewhere = self._at("moved", claim, source, span) if span else self._in_library(claim, "moved")
        if elsewhere:
            return elsewhere
        words = source.text[start:end]
        nearest = Text(words).nearest(claim.words) if words else None
        return (
            self._altered(claim, source, Span(start, end) if nearest else None)
            or self._likely(claim, [])
            or Verdict(claim, "unknown")
        )

    def _beside(self, claim: Claim, cited: Cited, span: Span) -> Verdict:
        """Return the verdict on a citation without a quote, from the words before the citation."""
        opened = self._stands(claim, cited, span)
        words, cited_words = _plain(claim.beside), _plain(cited.document.text[span.start : span.end])
        if not words or find(cited_words, words) or find(cited_words[:1].swapcase() + cited_words[1:], words):
            return opened
        near = Text(words).nearest(cited_words) if len(cited_words) <= 2 * len(words) else None
        if near:
            nearest = words[near.start : near.end]
            return replace(opened, status="altered", difference=difference(cited_words, nearest), now=None)
        return replace(opened, status="cited") if opened.status == "verbatim" else opened

    # Finding the place of a claim's words

    def _uncited(self, claim: Claim) -> Verdict:
        """Return the verdict on a claim that cites no text, or a text that the library does not have."""
        if claim.text is None:
            return Verdict(claim, "unknown")
        document_ids = list(dict.fromkeys(self._named(claim)))
        given = bool(claim.citation)
        for document_id in document_ids:
            document = self._document(document_id)
            if document and (span := _find(claim, document.text)):
                return self._at("moved" if given else "verbatim", claim, document, span)
        sources = self._names.sources(claim) if not (document_ids or given) else ()
        among = tuple(sorted(set().union(*(source.documents for source in sources))))
        verdict = self._in_library(claim, "verbatim", Filters(document=among)) if among else None
        return (
            verdict
            or self._in_library(claim, "moved" if given or claim.title else "verbatim")
            or self._earlier(claim)
            or self._likely(claim, document_ids)
            or self._likely_earlier(claim)
            or Verdict(claim, "unknown")
        )

    def _named(self, claim: Claim) -> Iterator[str]:
        if claim.document:
            yield claim.document
        if claim.title:
            yield from self._titles[_folded(claim.title)]

    def _in_library(self, claim: Claim, status: Status, filters: Filters = EVERYTHING) -> Verdict | None:
        """Return the best verdict on the words in the documents that match the filters, or None.

        The verdict is "distorted" only if it is "distorted" at all places that were examined.
        """
        places = self._everywhere(claim, status, self._library.select(filters))
        verdicts = [self._as_ascribed(verdict) for verdict in islice(places, _MOST_PLACES)]
        return min(verdicts, key=lambda verdict: _PREFERRED.index(verdict.status), default=None)

    def _everywhere(self, claim: Claim, status: Status, selection: Selection) -> Iterator[Verdict]:
        places = self._library.phrase(claim.words, selection).places
        for (document, _), spans in read_places(self._library, places):
            for span in spans:
                if (claim_span := _find_whole(claim, document.text, span.start)) is not None:
                    yield self._at(status, claim, document, claim_span)
        parts = _parts(claim)
        places = self._library.phrase(max(parts, key=len), selection).places if parts else ()
        for (document, _), _spans in read_places(self._library, places):
            if (claim_span := _find_parts(claim, document.text)) is not None:
                yield self._at(status, claim, document, claim_span)

    def _earlier(self, claim: Claim) -> Verdict | None:
        """Return the verdict on the words in a superseded or removed text, or None."""
        for cited in self._kept(max(claim.words.split(), key=len, default="")):
            if span := _find(claim, cited.document.text):
                return self._stands(claim, cited, span)
        return None

    def _likely_earlier(self, claim: Claim) -> Verdict | None:
        """Return the verdict on the most similar words in a superseded or removed text, or None."""
        for word in sorted(set(claim.words.split()), key=len, reverse=True)[:_TRIED]:
            for cited in islice(self._kept(word), ASKED):
                if verdict := self._altered(claim, cited.document):
                    return replace(verdict, since=cited.since, fate=cited.status)
        return None

    def _kept(self, word: str) -> Iterator[Cited]:
        for sha256 in self._library.kept_with(word):
            cited = self._by_hash(sha256)
            if cited and cited.status != "current":
                yield cited

    def _likely(self, claim: Claim, document_ids: Sequence[str]) -> Verdict | None:
        """Return the verdict on similar words in a named document, or in one with the same rare words."""
        words = content_words(claim.words)[:MOST_COMPARED]
        hits = self._library.matching([words], ASKED, self._library.select())[0]
        for document_id in dict.fromkeys([*document_ids, *(hit.document_id for hit, _ in hits)]):
            document = self._document(document_id)
            verdict = document and self._altered(claim, document)
            if verdict:
                return verdict
        return None

    def _find_shown(self, claim: Claim, document: Document, status: Status) -> Verdict | None:
        """Return the verdict on a claim's words in Markdown without its markup, or None.

        The place of the verdict is a range of the document's text with its markup.
        """
        text, offsets = _made(self._shown, document.text, without_markup)
        span = _find(claim, text)
        if span is None:
            return None
        marked_span = Span(offsets[span.start], offsets[span.end - 1] + 1)
        return _with_omissions(self._at(status, claim, document, marked_span), text, span)

    # Making a verdict

    def _stands(self, claim: Claim, cited: Cited, span: Span) -> Verdict:
        """Return the verdict on words that a text has. For a superseded text, add their present state."""
        status: Status = "verbatim" if cited.status == "current" else cited.status
        verdict = self._at(status, claim, cited.document, span)
        quote = Quote(cited.document, span.start, span.end)
        opened = open_quote(quote, cited, self._read, self._text)
        if opened.moved:
            verdict = replace(verdict, now=opened.moved, now_locator=opened.moved_locator)
        elif opened.current:
            verdict = replace(verdict, difference=opened.difference)
        return replace(verdict, since=opened.since)

    def _altered(self, claim: Claim, document: Document, span: Span | None = None) -> Verdict | None:
        """Return the verdict with the most similar words of a document, or None if nothing is similar."""
        marked_up = _is_marked_up(claim, document)
        source = claim.title or claim.citation
        elsewhere = source and _folded(claim.title) != _folded(document.title or document.id)
        if marked_up and (shown := self._find_shown(claim, document, "moved" if elsewhere else "verbatim")):
            return replace(shown, markup=True)
        span = span or self._text(document.text).nearest(claim.words)
        if span is None:
            return None
        words = document.text[span.start : span.end]
        if marked_up:
            words = without_markup(words)[0]
        verdict = self._at("altered", claim, document, span)
        if not claim.exact:
            return replace(verdict, difference=difference(_plain(words), _plain(claim.words)))
        return replace(verdict, difference=difference(words, claim.words))

    def _at(self, status: Status, claim: Claim, document: Document, span: Span) -> Verdict:
        """Return a verdict with a place: where it is, and what words are left out."""
        place = QuoteReference(document.id, document.sha256, span.start, span.end)
        where = locator(document, span.start, span.end)
        verdict = Verdict(claim, status, place, document.title or document.id, where)
        words = document.text[span.start : span.end]
        parts = _parts(claim)
        if status != "altered":
            verdict = _with_omissions(verdict, document.text, span)
        if status == "altered" or not parts or claim.text is None or _same(claim, words):
            return verdict
        spans = next(_placed(parts, document.text[: span.end], span.start), [])
        gaps = _gaps(claim.text, document.text, spans)
        left_out = sum(measure(document.text[gap.start : gap.end]) for gap in gaps)
        return replace(verdict, left_out=left_out, difference=_elided(document.text, spans, gaps))

    # Reading

    def _by_hash(self, sha256: str) -> Cited | None:
        try:
            return self._read(sha256)
        except DocumentNotFoundError:
            return None

    def _read(self, sha256: str, document_id: str = "") -> Cited:
        cited = self._cited.get((sha256, document_id))
        if cited is None:
            cited = self._library.cited(sha256, document_id)
            self._cited.put((sha256, document_id), cited, len(cited.document.text) * 4)
        return cited

    def _document(self, document_id: str) -> Document | None:
        pairs = self._library.read([document_id]).values()
        return next((document for document, _ in pairs), None)

    def _text(self, text: str) -> Text:
        return _made(self._texts, text, Text)


def _made(cache: BoundedCache[str, _Made], text: str, make: Callable[[str], _Made]) -> _Made:
    """Return the object that `make` makes from a text, from `cache` if it is there."""
    made = cache.get(text)
    if made is None:
        made = make(text)
        cache.put(text, made, len(text) * _BYTES_A_CHARACTER)
    return made


def _find(claim: Claim, text: str, near: int = 0) -> Span | None:
    """Return the place of a claim's exact words in a text, or else of the parts between omission marks."""
    return _find_whole(claim, text, near) or _find_parts(claim, text)


def _find_whole(claim: Claim, text: str, near: int = 0) -> Span | None:
    """Return the place of a claim's words in a text. Line breaks may differ unless the claim is `exact`."""
    span = find(claim.words, text, near)
    if span or claim.exact:
        return span
    return min(_spans(claim.words, text), key=lambda span: abs(span.start - near), default=None)


def _find_parts(claim: Claim, text: str, start: int = 0) -> Span | None:
    """Return the place of the parts of a quote with omissions, in their order, from an offset on.

    If there are several places, return the first place where the omissions do not change the sense, or else
    the first place.
    """
    first: Span | None = None
    for spans in islice(_placed(_parts(claim), text, start), _MOST_PLACES):
        whole = Span(spans[0].start, spans[-1].end)
        if not omissions.between(text, spans, claim.prose):
            return whole
        first = first or whole
    return first


def _placed(parts: Sequence[str], text: str, start: int = 0) -> Iterator[list[Span]]:
    """Yield each place where a text has the parts in their order, with the parts as close as possible."""
    while parts:
        spans: list[Span] = []
        for part in parts:
            at = spans[-1].end if spans else start
            span = next(_spans(part, text, at), None)
            if span is None:
                return
            spans.append(span)
        for at in range(len(parts) - 2, -1, -1):
            spans[at] = _last(parts[at], text, spans[at], spans[at + 1].start)
        yield spans
        start = spans[0].start + 1


def _last(words: str, text: str, first: Span, end: int) -> Span:
    """Return the last place of the words that ends at or before an offset, or else `first`."""
    last = first
    for span in _spans(words, text, first.end):
        if span.end > end:
            break
        last = span
    return last


def _with_omissions(verdict: Verdict, text: str, span: Span) -> Verdict:
    """Return the verdict with the omitted words that matter, which may make the verdict "distorted"."""
    claim = verdict.claim
    if claim.text is None or claim.exact:
        return verdict
    parts = next(_placed(_parts(claim), text[: span.end], span.start), [])
    inside = omissions.between(text, parts, claim.prose)
    whole = not claim.text[:1].islower() and claim.text.rstrip("”’\"'").endswith(tuple(".!?。！？"))
    around = omissions.around(text, span, claim.prose, whole=whole)
    opened = whole or bool(_ELISION.match(claim.text))
    distorts = inside or any(
        omission.kind == "negation" or (opened and omission.kind == "hedge") for omission in around
    )
    status = "distorted" if distorts and verdict.status == "verbatim" else verdict.status
    return replace(verdict, status=status, omitted=(*inside, *around))


def _quotation_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the quotation around a range of a text, or the same range without a quotation."""
    if quotation := quotation_around(text, start, end):
        return quotation.start, quotation.end
    # A quotation of several paragraphs.
    before = [*_QUOTATION_MARKS.finditer(text, max(0, start - _MOST_SHOWN), start + 1)]
    after = _QUOTATION_MARKS.search(text, max(start, end - 1), end + _MOST_SHOWN)
    if before and before[-1][0] == "“" and after and after[0] == "”":
        return before[-1].start(), max(end, after.end())
    return start, end


def _near(text: str, start: int, end: int, speaker: Speaker) -> str:
    """Return the text around a quote that may name another possible speaker of the quote."""
    if speaker.is_pronoun:  # the pronoun may mean anybody whom this text names
        return text[speaker.since : paragraph_around(text, start, end).end]
    if speaker.mention in speaker.names:
        return _with_neighbours(text, start, end)
    first, last = sentences_around(text, start, end)
    return text[first:last]


class _Gap(NamedTuple):
    """Words at `[start, end)` of a text that a quote leaves out, and the quote's mark for the omission."""

    start: int
    end: int
    mark: str


def _gaps(quote: str, text: str, parts: Sequence[Span]) -> list[_Gap]:
    """Return the omissions that a quote marks, between the quote's parts and around them."""
    if not parts:
        return []
    first, last = sentences_around(text, parts[0].start, parts[-1].end)
    edges = [(one.end, other.start) for one, other in pairwise(parts)]
    if _ELISION.match(quote):
        edges.insert(0, (first, parts[0].start))
    edges.append((parts[-1].end, last))  # used only if a mark remains for it
    marks = (match[0].strip() for match in _ELISION.finditer(quote))
    return [_Gap(start, end, mark) for (start, end), mark in zip(edges, marks, strict=False) if start < end]


def _elided(text: str, parts: Sequence[Span], gaps: Sequence[_Gap]) -> Difference:
    """Return a quote's parts, its omission marks and the omitted words as a difference.

    Long omissions are abridged to their first and last words.
    """
    changes: list[Change] = []
    pieces = [*((part.start, part.end, "") for part in parts), *gaps]
    for start, end, mark in sorted(pieces):
        words = " ".join(visible(text[start:end]).split())
        if not mark:
            changes.append(Change("equal", f"{words} "))
        elif words:
            changes += [Change("delete", f"{_abridged(words)} "), Change("insert", f"{mark} ")]
    return tuple(changes)


def _abridged(words: str) -> str:
    half = _MOST_SHOWN // 2
    return words if len(words) <= _MOST_SHOWN else f"{words[:half]} (…) {words[-half:]}"


def _with_neighbours(text: str, start: int, end: int) -> str:
    """Return the sentence around a range of a text, with the sentence before it and the sentence after it."""
    begin, stop = sentences_around(text, start, end, beside=1)
    return text[begin:stop]


def _spans(words: str, text: str, start: int = 0) -> Iterator[Span]:
    """Yield the places where a text has these words as whole words, with any line breaks."""
    pattern = phrase_pattern(words)
    for span in occurrences(pattern, text, start) if pattern else ():
        if _alike(words, text[span.start : span.end]) and is_whole(span, text):
            yield span


def _parts(claim: Claim) -> list[str]:
    """Return the parts of a quote between its omission marks.

    Return no parts if the quote has no mark, or if a part has fewer than `_LEAST_PART` words.
    """
    if claim.exact or not claim.text:
        return []
    first, *others = _ELISION.split(claim.text)
    parts = [part for part in (first, *(_OWN_STOP.sub("", other) for other in others)) if part.strip()]
    if len(parts) == 1 and not _ELISION.search(claim.text):
        return []
    return parts if all(measure(part) >= _LEAST_PART for part in parts) else []


def _as_shown(text: str) -> str:
    r"""Return a quote without the escapes of Markdown: “[…]” for “\[…\]”, “&” for “&amp;”."""

    def shown(match: re.Match[str]) -> str:
        return html.unescape(match[0]) if match[0].startswith("&") else match["sign"] or ""

    return _ESCAPE.sub(shown, text)


def _spellings(text: str) -> list[str]:
    """Return other spellings that a quote may have in its source.

    Examples are “The” and “the” for “[T]he”, and double marks for inner quotation marks.
    """
    cases = [_INITIAL.sub(r"\1", text), _INITIAL.sub(lambda match: match[1].swapcase(), text)]
    marked = [_INNER.sub(marks, case) for case in cases for marks in (r"\g<0>", r"“\1”", r'"\1"')]
    return [spelling for spelling in dict.fromkeys(marked) if spelling != text]


def _same(claim: Claim, text: str) -> bool:
    """Return whether a claim's words are the words of a text. White space may differ in running text."""
    return claim.words == text or (not claim.exact and _alike(claim.words, text))


def _alike(words: str, text: str) -> bool:
    """Return whether two texts are equal apart from white space, apostrophes, and line ends after hyphens."""
    words, text = _plain(words).replace("’", "'"), text.replace("’", "'")
    return words in (_plain(text), _plain(_HYPHENATED.sub("", text)))


def _is_marked_up(claim: Claim, document: Document) -> bool:
    """Return whether a claim may quote a document without its markup, as a reader sees it."""
    return document.format == "markdown" and not claim.exact


def _plain(text: str) -> str:
    return " ".join(visible(text).split())


def _folded(title: str) -> str:
    return " ".join(visible(_as_shown(title)).casefold().split())


# Output


def is_work(verdict: Verdict) -> bool:
    """Return whether the claim is most likely the title of a work that a note cites, and no quote."""
    return verdict.status == "unknown" and verdict.claim.maybe_work


def to_dict(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the verdicts on a file as a dict, as `verify --json` prints them."""
    counts = Counter(verdict.status for verdict in verdicts)
    forms = Counter(verdict.claim.form for verdict in verdicts)
    return {
        "counts": {status: counts[status] for status in STATUSES},
        "forms": {form: forms[form] for form in FORMS},
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
                "now_locator": verdict.now_locator,
                "fate": verdict.fate,
                "left_out": verdict.left_out,
                "difference": [asdict(change) for change in verdict.difference],
                "markup": verdict.markup,
                "comma": verdict.comma,
                "omitted": [asdict(omission) for omission in verdict.omitted],
                "attributed": verdict.attributed,
                "unlisted": verdict.unlisted,
                "mention": verdict.mention,
            }
            for verdict in verdicts
        ],
    }


def lines(verdict: Verdict) -> Iterator[list[tuple[str, str]]]:
    """Yield a verdict for a terminal, as lines of (words, style). The styles are styles of rich."""
    claim = verdict.claim
    quoted = f"“{_shortened(claim.text)}”" if claim.text is not None else str(claim.citation)
    yield [
        (f"{claim.where or f'line {claim.line}'}: ", "dim"),
        (verdict.status, _STYLES[verdict.status]),
        (f"  {quoted}", ""),
    ]
    where = ", ".join(part for part in (_plain(verdict.title), verdict.locator) if part)
    on = f" on {date_in_words(verdict.since.date())}" if verdict.since else ""
    match verdict.status:
        case "verbatim":
            message = where
        case "superseded" | "removed":
            message = f"{where}: {verdict.status}{on}"
            if verdict.now:
                at = f"{verdict.now_locator} ({verdict.now.start}-{verdict.now.end})"
                message += f"; the new text has the same words: {at}"
            elif verdict.difference:
                message += "; the words have changed:"
            elif verdict.status == "superseded":
                message += "; the new text says nothing similar"
        case "moved":
            message = (
                f"another document says it: {where}: {verdict.place.citation_id if verdict.place else ''}"
            )
            if verdict.attributed:
                message += f"; the text names {_plain(verdict.attributed)}"
                message += ", which is not a source in the library" if verdict.unlisted else ""
        case "cited":
            message = f"{where}: the citation is right, but the words next to it were not compared"
        case "distorted":
            message = f"{where}: the words left out change the sense"
            if verdict.attributed:
                speakers = " or ".join(
                    omission.text for omission in verdict.omitted if omission.kind == "speaker"
                )
                message = f"{where}: not said by {_plain(verdict.attributed)}, but by {_plain(speakers)}"
                message += f" (“{_plain(verdict.mention)}” in the document)" if verdict.mention else ""
        case "altered" if verdict.fate != "current":
            message = f"{where}, {verdict.fate}{on}, says it differently:"
        case "altered":
            message = f"{where} says it differently:"
        case _ if claim.wrong:
            message = f"its citation is wrong: {claim.wrong}"
        case _:
            message = "no document in the library says anything similar"
    left_out = [
        omission for omission in verdict.omitted if omission.kind != "speaker" or not verdict.attributed
    ]
    if left_out:
        omitted_words = ", ".join(
            f"“{_plain(omission.text)}” ({omissions.NAMES[omission.kind]})" for omission in left_out
        )
        message += f"; the quote leaves out {omitted_words}"
    if verdict.left_out:
        message += f"; with {plural(verdict.left_out, 'word')} left out" + (":" if verdict.difference else "")
    if verdict.markup:
        message += "; only the markup differs"
    if verdict.comma:
        mark = "comma" if (verdict.claim.text or "").endswith(",") else "full stop"
        message += f"; only the {mark} at the end differs"
    yield [(f"    {message}", "dim")]
    if verdict.difference:
        yield [("    ", ""), *styled(verdict.difference)]


def _shortened(text: str) -> str:
    plain = _plain(text)
    return plain if len(plain) <= _SHOWN_CHARACTERS else plain[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " […]"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return the number of verdicts with each status, in words."""
    counts = Counter(verdict.status for verdict in verdicts)
    return ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])


def found_in_words(verdicts: Sequence[Verdict]) -> str:
    """Return the number of quotes found, in all and in each form, in words."""
    counts = Counter(verdict.claim.form for verdict in verdicts)
    forms = ", ".join(f"{counts[form]:,} {words}" for form, words in _FORMS_IN_WORDS.items() if counts[form])
    return f"{plural(len(verdicts), 'quote')} found" + (f": {forms}" if forms else "")
