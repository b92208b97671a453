"""Near-duplicates: documents that are one story, and what of them is shown once, with the others named.

Documents are compared at ingest. Candidates come from bands of MinHash signatures (Broder, 1997, "On the
resemblance and containment of documents") over runs of words; each is then compared word for word. Which
pairs there are depends on the texts alone, not on the order in which they came (docs/decisions/0021).
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
from qa.storage.ports import read_in_parts
from qa.text.display import short_citation
from qa.text.phrase import occurrences, phrase_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qa.schema import Filters, Passage, Sentence
    from qa.storage.ports import Library, Segmented

# A passage repeats another where so many of its runs, and all of its figures, stand in that.
REPEATED = 0.9
# Of a copy's sentences, the one that shares most words with a quote is its version where they share so many.
VERSION = 0.6
# Versions that are quoted, and those that are named, at most.
QUOTED, NAMED = 3, 10
# Copies of a document that are looked up, at most, and documents that are read for all quotes of an answer.
LOOKED_UP, MOST_HELD = 200, 1_000
# Characters of a document that are compared around a quote: of its beginning, and on either side.
LEAD, ASIDE = 800, 1_200
_DATELINE = re.compile(r"^[A-Z]{2,}[^.!?\n–—]{0,50}?(?:[–—]|(?<=\s)--?)\s")  # "SEOUL, 3 March (Agency) — "


def repeats(text: str, better: str) -> bool:
    """Tell whether a passage says nothing that the better one, of a copy of its document, does not."""
    one, other = body_words(text), body_words(better)
    repeated = contained(one, other) >= REPEATED and figures(one) <= figures(other)
    return repeated and not differ(text, better)


class Copies:
    """The near-duplicates of documents, as far as filters leave them, with their texts.

    The library is asked for many at once, and for each document once.

    Attributes:
        others: the near-duplicates that are known, by document id: their ids, the most similar first.
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
        """Read the documents of quotes, and the near-duplicates of these.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        names = list(dict.fromkeys(quote.document.id for quote in quotes))
        if unknown := [name for name in names if name not in self.others]:
            found = self._library.copies(unknown, self._filters)
            self.others |= {name: list(found.get(name, ()))[:LOOKED_UP] for name in unknown}
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
    """Return the quotes with what copies of their documents say in place of them, and notes on what differs.

    Texts of the same words are one version. If `agreed`, that on which most copies agree comes first, else
    the quote's own. A headline has no versions, for each outlet has its own; nor has what one publisher says
    at several times, in a form that it fills in again.
    """
    copies.look_up(quotes)
    found: list[Quote] = []
    seen: list[Quote] = []
    notes: list[str] = []
    for quote in quotes:
        if any(covers(place, quote) for place in seen):
            continue
        groups = {_said(quote.text): [quote]}
        for place in _in_its_place(quote, copies.read.get(quote.document.id), copies.of(quote)):
            given = next((each for each in quotes if covers(each, place)), place)
            groups.setdefault(_said(given.text), []).append(given)
        wordings = list(groups.values())
        if agreed:
            wordings.sort(key=lambda group: -len(group))  # of as many the quote's own: it answers
        seen += [place for group in wordings for place in group]
        found += [next((each for each in group if each in quotes), group[0]) for group in wordings[:QUOTED]]
        if len(wordings) > 1:
            names = "; ".join(short_citation(_first(group)) for group in wordings[:NAMED])
            notes.append(f"Versions of one story, which differ here: {names}.")
    return tuple(found), tuple(notes)


def merged(
    copies: Copies,
    quotes: Sequence[Quote],
    read: Mapping[str, Segmented] = MappingProxyType({}),
    *,
    earliest: bool = True,
    deadline: Deadline | None = None,
) -> tuple[Quote, ...]:
    """Return the quotes, each with where its very words stand in other documents; those places left out.

    The others are copies of its document: of the quote and these places the `earliest` is shown. They are
    looked up in the documents that were `read` for the question, too: an agency's story that was written anew
    is no copy, but may still hold them. Places that are about another case are none: notes on many ships may
    say that the anchor dragged. Where any quote was left out, the others are numbered anew.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    deadline = deadline or Deadline()
    copies.look_up(quotes, deadline)
    kept: list[Quote] = []
    for quote in quotes:
        deadline.check()
        if not any(covers(place, quote) for other in kept for place in (other, *other.copies)):
            others = copies.of(quote)
            places = list(_same_words(quote, others))
            with_them = {place.document.id for place in places}
            left = [each for each in others if each[0].id not in with_them]
            punctuated = _in_its_place(quote, copies.read.get(quote.document.id), left)  # otherwise
            places += [place for place in punctuated if _said(place.text) == _said(quote.text)]
            places = [place for place in places if not _differ_around(quote, place, in_form=True)]
            shown = _earliest(quote, places) if earliest else replace(quote, copies=tuple(places))
            if len(body_words(quote.text)) >= RUN:
                known = {quote.document.id, *copies.others[quote.document.id]}
                unpaired = [each for name, each in read.items() if name not in known]
                same = [place for place in _same_words(quote, unpaired) if _is_same_case(quote, place)]
                shown = replace(shown, copies=(*shown.copies, *same))
            kept.append(shown)
    if len(kept) == len(quotes):
        return tuple(kept)
    return tuple(replace(quote, number=number) for number, quote in enumerate(kept, start=1))


def covers(place: Quote, quote: Quote) -> bool:
    """Tell whether one place holds another."""
    same = place.document.id == quote.document.id
    return same and place.start <= quote.start and quote.end <= place.end


def holds(quote: Quote, other: Quote) -> bool:
    """Tell whether a quote, or a copy of it, covers another."""
    return any(covers(place, other) for place in (quote, *quote.copies))


def _in_its_place(quote: Quote, own: Segmented | None, others: Iterable[Segmented]) -> Iterator[Quote]:
    """Find what stands in other documents in the place of a quote of running text.

    That is as many sentences as the quote has of its `own` document, if they are alike.
    """
    wanted = Counter(_said(quote.text))
    count = sum(quote.start <= each.start < quote.end for each in _running(own[1])) if own else 0
    for document, passages in others if count else ():
        if not document.publisher or document.publisher != quote.document.publisher:
            sentences = _running(passages)
            places = [
                Quote(document, first.start, last.end, quote.score)
                for first, last in zip(sentences, sentences[count - 1 :], strict=False)
            ]
            alike = [_alike(wanted, Counter(_said(place.text))) for place in places]
            if max(alike, default=0.0) >= VERSION:
                yield places[alike.index(max(alike))]


def _running(passages: Iterable[Passage]) -> list[Sentence]:
    """Return the sentences of running text and of lists."""
    return [each for passage in passages for each in passage.sentences if each.kind in ("body", "list")]


def _said(text: str) -> tuple[str, ...]:
    """Return the words of a quote, without the dateline that an outlet puts before a story."""
    return tuple(body_words(unicodedata.normalize("NFC", _DATELINE.sub("", text))))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words in common (Dice's coefficient), 0 to 1."""
    return 2 * (one & other).total() / (one.total() + other.total())


def _day(place: Quote) -> dt.date:
    return place.document.date or dt.date.max


def _first(places: Iterable[Quote]) -> Quote:
    """Return the place that was published first."""
    return min(places, key=_day)


def _same_words(quote: Quote, others: Iterable[Segmented]) -> Iterator[Quote]:
    """Find where the quote's words, whatever the typography, are whole sentences of others.

    Page furniture does not count.
    """
    pattern = None
    for document, passages in others:
        pattern = pattern or phrase_pattern(_DATELINE.sub("", quote.text))  # 10 ms, and mostly there are none
        if pattern is None:
            return
        for place in occurrences(pattern, document.text):
            touched = [
                sentence
                for passage in passages
                for sentence in passage.sentences
                if sentence.start < place.end and place.start < sentence.end
            ]
            around = document.text[touched[0].start : touched[-1].end]
            if all(sentence.quotable for sentence in touched) and _said(around) == _said(quote.text):
                yield Quote(document, place.start, place.end)
                break


def _differ_around(quote: Quote, place: Quote, *, in_form: bool) -> bool:
    """Tell whether what stands around two places of the same words is about different cases."""
    metadata = (
        quote.document.publisher,
        quote.document.author,
        place.document.publisher,
        place.document.author,
    )
    return differ(_around(quote), _around(place), set(body_words(" ".join(metadata))), in_form=in_form)


def _is_same_case(quote: Quote, place: Quote) -> bool:
    """Tell whether the same words of a document that is no copy are about the same case: it is named."""
    if _differ_around(quote, place, in_form=False):
        return False
    marks = [names(text) | figures(body_words(text)) for text in (_around(quote), _around(place))]
    return bool(names(quote.text) or figures(body_words(quote.text)) or len(marks[0] & marks[1]) >= MARKS)


def _around(quote: Quote) -> str:
    """Return a document's beginning and what stands around a quote, without header and furniture."""
    document = quote.document
    begin = max((span.end for span in document.header), default=0) + LEAD
    left_out = [(begin, quote.start - ASIDE), (max(begin, quote.end + ASIDE), len(document.text))]
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    return body(document.text, [*apart, *((start, end) for start, end in left_out if start < end)])


def _earliest(quote: Quote, places: Sequence[Quote]) -> Quote:
    """Return the quote where its words stand first in time, with the other places as its copies."""
    first = _first((quote, *places))
    if first is quote:
        return replace(quote, copies=tuple(places))
    others = (
        Quote(quote.document, quote.start, quote.end),
        *(place for place in places if place is not first),
    )
    return Quote(
        first.document, first.start, first.end, quote.score, quote.number, _moved(quote, first), others
    )


def _moved(quote: Quote, to: Quote) -> tuple[Span, ...]:
    """Find the quote's emphasis at another place of its words; none where accents are composed otherwise."""
    ours, theirs = ([at for at, c in enumerate(each.text) if not c.isspace()] for each in (quote, to))
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
