"""Show only once what several near-duplicates say, and name the other documents.

Documents are compared at ingest. Candidates come from bands of MinHash signatures (Broder, 1997, "On the
resemblance and containment of documents") over runs of words. Each candidate is then compared word for word.
The pairs depend on the texts alone, not on the order in which they came (docs/decisions/0017-versions.md).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from qa.deadline import Deadline
from qa.document.similarity import MARKS, RUN, body, body_words, contained, differ, figures, names
from qa.schema import Quote, Span
from qa.storage.library import read_in_parts
from qa.text.display import short_citation
from qa.text.phrase import occurrences, phrase_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qa.schema import Filters, Passage, Sentence
    from qa.storage.library import Library
    from qa.storage.results import Segmented

# Minimum share of a passage's runs that stand in another passage if the passage only repeats it.
REPEATED = 0.9
# Minimum share of words that a quote and its version in a copy have in common.
VERSION = 0.6
# Versions that are quoted, and versions that are named, at most.
QUOTED, NAMED = 3, 10
# Copies of a document that are looked up, and documents that are read for all quotes of an answer, at most.
LOOKED_UP, MOST_HELD = 200, 1_000
# Characters that are compared around a quote: at its document's beginning, and on either side of the quote.
LEAD, ASIDE = 800, 1_200
_DATELINE = re.compile(r"^[A-Z]{2,}[^.!?\n–—]{0,50}?(?:[–—]|(?<=\s)--?)\s")  # "SEOUL, 3 March (Agency) — "


def repeats(text: str, better: str) -> bool:
    """Return whether a passage only repeats the text of `better` passages, from a copy of its document."""
    one, other = body_words(text), body_words(better)
    repeated = contained(one, other) >= REPEATED and figures(one) <= figures(other)
    return repeated and not differ(text, better)


class Copies:
    """The near-duplicates of documents that the filters leave, with their texts.

    The library is asked for many documents at once, and for each document once. It is not asked for the
    near-duplicates in `known` (by document id) and the documents in `read`, which the caller already has.

    Attributes:
        others: the ids of the known near-duplicates, by document id, the most similar first.
        read: the documents that were read, with their passages, by id.
    """

    def __init__(
        self,
        library: Library,
        filters: Filters,
        known: Mapping[str, Iterable[str]] = MappingProxyType({}),
        read: Mapping[str, Segmented] = MappingProxyType({}),
    ) -> None:
        self._library = library
        self._filters = filters
        self.others = {name: list(others)[:LOOKED_UP] for name, others in known.items()}
        self.read = dict(read)

    def look_up(self, quotes: Iterable[Quote], deadline: Deadline | None = None) -> None:
        """Read the documents of quotes, and their near-duplicates.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        names = list(dict.fromkeys(quote.document.id for quote in quotes))
        if unknown := [name for name in names if name not in self.others]:
            copies = self._library.copies(unknown, self._filters)
            self.others |= {name: list(copies.get(name, ()))[:LOOKED_UP] for name in unknown}
        wanted = dict.fromkeys([*names, *(other for name in names for other in self.others[name])])
        missing = [name for name in wanted if name not in self.read]
        for document, passages in read_in_parts(self._library, missing[: max(0, MOST_HELD - len(self.read))]):
            (deadline or Deadline()).check()
            self.read[document.id] = document, passages

    def of(self, quote: Quote) -> list[Segmented]:
        """Return the near-duplicates of a quote's document, the most similar first."""
        return [self.read[other] for other in self.others[quote.document.id] if other in self.read]


def versions(
    copies: Copies, quotes: Sequence[Quote], *, agreed: bool = True
) -> tuple[tuple[Quote, ...], tuple[str, ...]]:
    """Return the quotes with other versions in copies of their documents, and notes that name the versions.

    Texts with the same words are one version. If `agreed`, the version of most copies comes first, otherwise
    the quote's own version. A headline has no versions, because each outlet writes its own. Texts of one
    publisher are not versions either: they may be a form that it fills in several times.
    """
    copies.look_up(quotes)
    shown: list[Quote] = []
    seen: list[Quote] = []
    notes: list[str] = []
    for quote in quotes:
        if any(covers(earlier, quote) for earlier in seen):
            continue
        groups = {_said(quote.text): [quote]}
        for counterpart in _counterparts(quote, copies.read.get(quote.document.id), copies.of(quote)):
            given = next((other for other in quotes if covers(other, counterpart)), counterpart)
            groups.setdefault(_said(given.text), []).append(given)
        wordings = list(groups.values())
        if agreed:
            wordings.sort(key=lambda group: -len(group))  # among equals the quote's own first: it answers
        seen += [version for group in wordings for version in group]
        shown += [
            next((version for version in group if version in quotes), group[0]) for group in wordings[:QUOTED]
        ]
        if len(wordings) > 1:
            names = "; ".join(short_citation(_first(group)) for group in wordings[:NAMED])
            notes.append(f"Versions of one story, which differ here: {names}.")
    return tuple(shown), tuple(notes)


def merged(
    copies: Copies,
    quotes: Sequence[Quote],
    read: Mapping[str, Segmented] = MappingProxyType({}),
    *,
    earliest: bool = True,
    deadline: Deadline | None = None,
) -> tuple[Quote, ...]:
    """Return the quotes, each with the other places of its words as copies, and none twice.

    The words are looked up in copies of the quote's document. If `earliest`, the first place to be published
    is shown. The words are also looked up in the documents that were `read` for the question: a rewritten
    agency story is not a copy, but may still hold them. A place about another case does not count: notes on
    many ships may say that the anchor dragged. If any quote was left out, the others are numbered again.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    deadline = deadline or Deadline()
    copies.look_up(quotes, deadline)
    distinct: list[Quote] = []
    for quote in quotes:
        deadline.check()
        if not any(covers(occurrence, quote) for other in distinct for occurrence in (other, *other.copies)):
            others = copies.of(quote)
            places = list(_same_words(quote, others))
            with_them = {copy.document.id for copy in places}
            left = [segmented for segmented in others if segmented[0].id not in with_them]
            # The same words with other punctuation.
            punctuated = _counterparts(quote, copies.read.get(quote.document.id), left)
            places += [copy for copy in punctuated if _said(copy.text) == _said(quote.text)]
            places = [copy for copy in places if not _differ_around(quote, copy, in_form=True)]
            shown = _earliest(quote, places) if earliest else replace(quote, copies=tuple(places))
            if len(body_words(quote.text)) >= RUN:
                paired_ids = {quote.document.id, *copies.others[quote.document.id]}
                unpaired = [segmented for name, segmented in read.items() if name not in paired_ids]
                same = [copy for copy in _same_words(quote, unpaired) if _is_same_case(quote, copy)]
                shown = replace(shown, copies=(*shown.copies, *same))
            distinct.append(shown)
    if len(distinct) == len(quotes):
        return tuple(distinct)
    return tuple(replace(quote, number=number) for number, quote in enumerate(distinct, start=1))


def covers(place: Quote, quote: Quote) -> bool:
    """Return whether `place` contains `quote`, in the same document."""
    same = place.document.id == quote.document.id
    return same and place.start <= quote.start and quote.end <= place.end


def holds(quote: Quote, other: Quote) -> bool:
    """Return whether a quote, or one of its copies, covers another quote."""
    return any(covers(occurrence, other) for occurrence in (quote, *quote.copies))


def _counterparts(quote: Quote, own: Segmented | None, others: Iterable[Segmented]) -> Iterator[Quote]:
    """Find the text in other documents that corresponds to a quote of running text.

    It has as many sentences as the quote has in its `own` document, and is the most alike, if alike enough.
    """
    wanted = Counter(_said(quote.text))
    count = sum(quote.start <= sentence.start < quote.end for sentence in _running(own[1])) if own else 0
    for document, passages in others if count else ():
        if not document.publisher or document.publisher != quote.document.publisher:
            sentences = _running(passages)
            places = [
                Quote(document, first.start, last.end, quote.score)
                for first, last in zip(sentences, sentences[count - 1 :], strict=False)
            ]
            alike = [_alike(wanted, Counter(_said(candidate.text))) for candidate in places]
            if max(alike, default=0.0) >= VERSION:
                yield places[alike.index(max(alike))]


def _running(passages: Iterable[Passage]) -> list[Sentence]:
    """Return the sentences of running text and lists."""
    return [
        sentence
        for passage in passages
        for sentence in passage.sentences
        if sentence.kind in ("body", "list")
    ]


def _said(text: str) -> tuple[str, ...]:
    """Return the words of a quote, without the dateline that an outlet puts before a story."""
    return tuple(body_words(unicodedata.normalize("NFC", _DATELINE.sub("", text))))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words in common (Dice's coefficient), 0 to 1."""
    return 2 * (one & other).total() / (one.total() + other.total())


def _day(quote: Quote) -> dt.date:
    """Return when the document of a quote was published, or the last possible day if that is unknown."""
    return quote.document.date or dt.date.max


def _first(places: Iterable[Quote]) -> Quote:
    """Return the place that was published first."""
    return min(places, key=_day)


def _same_words(quote: Quote, others: Iterable[Segmented]) -> Iterator[Quote]:
    """Find where the quote's words, in any typography, are whole sentences of other documents.

    Each document yields one place at most. Page furniture does not count.
    """
    pattern = None
    for document, passages in others:
        pattern = pattern or phrase_pattern(_DATELINE.sub("", quote.text))  # 10 ms, mostly not needed
        if pattern is None:
            return
        for occurrence in occurrences(pattern, document.text):
            touched = [
                sentence
                for passage in passages
                for sentence in passage.sentences
                if sentence.start < occurrence.end and occurrence.start < sentence.end
            ]
            around = document.text[touched[0].start : touched[-1].end]
            if all(sentence.quotable for sentence in touched) and _said(around) == _said(quote.text):
                yield Quote(document, occurrence.start, occurrence.end)
                break


def _differ_around(quote: Quote, other: Quote, *, in_form: bool) -> bool:
    """Return whether the texts around two places of the same words are about different cases.

    For `in_form` see `differ`.
    """
    metadata = (
        quote.document.publisher,
        quote.document.author,
        other.document.publisher,
        other.document.author,
    )
    return differ(_around(quote), _around(other), set(body_words(" ".join(metadata))), in_form=in_form)


def _is_same_case(quote: Quote, other: Quote) -> bool:
    """Return whether the same words in a document that is not a copy are about the same case.

    The words must hold a name or figure, or the texts around both places must share names or figures.
    """
    if _differ_around(quote, other, in_form=False):
        return False
    marks = [names(text) | figures(body_words(text)) for text in (_around(quote), _around(other))]
    return bool(names(quote.text) or figures(body_words(quote.text)) or len(marks[0] & marks[1]) >= MARKS)


def _around(quote: Quote) -> str:
    """Return a document's beginning and the text around a quote, without header and furniture."""
    document = quote.document
    begin = max((span.end for span in document.header), default=0) + LEAD
    left_out = [(begin, quote.start - ASIDE), (max(begin, quote.end + ASIDE), len(document.text))]
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    return body(document.text, [*apart, *((start, end) for start, end in left_out if start < end)])


def _earliest(quote: Quote, places: Sequence[Quote]) -> Quote:
    """Return the quote at the place that was published first, with the other places as its copies."""
    first = _first((quote, *places))
    if first is quote:
        return replace(quote, copies=tuple(places))
    others = (
        Quote(quote.document, quote.start, quote.end),
        *(copy for copy in places if copy is not first),
    )
    return Quote(
        first.document, first.start, first.end, quote.score, quote.number, _moved(quote, first), others
    )


def _moved(quote: Quote, to: Quote) -> tuple[Span, ...]:
    """Return the quote's emphasis at another place of its words, or () if it has more or fewer characters."""
    ours, theirs = ([at for at, c in enumerate(copy.text) if not c.isspace()] for copy in (quote, to))
    if len(ours) != len(theirs):
        return ()
    return tuple(
        Span(to.start + theirs[first], to.start + theirs[last - 1] + 1)
        for span in quote.emphasis
        for first, last in [
            (bisect_left(ours, span.start - quote.start), bisect_left(ours, span.end - quote.start))
        ]
        if first < last
    )
