"""Near-duplicates: documents that are one story, and what of them is shown once, with the others named.

Documents are compared at ingest. Candidates come from bands of MinHash signatures (Broder, 1997, "On the
resemblance and containment of documents") over runs of words; each is then compared word for word. Which
pairs there are depends on the texts alone, not on the order in which they came (docs/decisions/0021).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from qa.deadline import Deadline
from qa.errors import DocumentNotFoundError
from qa.quoting.render import named
from qa.schema import Quote, Span
from qa.text.phrase import occurrences, phrase_pattern

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence, Set

    from qa.corpus import Corpus
    from qa.schema import Document, Filters, Passage

# Words in a run. Texts of fewer words than `SHORT` are copies only where they are equal.
RUN = 5
SHORT = 30
# Of the runs of the shorter text, so many stand in the longer; of its figures, so many, or two of three; and
# it has at least so large a part of the longer's runs: a digest is no copy of each story in it.
RUNS, FIGURES, LENGTH = 0.6, 0.75, 0.35
# A signature's bands and the values in each; documents that share so many bands are compared.
BANDS, ROWS = 42, 3
SHARED = 2
# A band that more documents have is of a form that all of them fill in, and tells nothing.
CROWD = 200
# A passage repeats another where so many of its runs, and all of its figures, stand in that.
REPEATED = 0.9
# Of a copy's sentences, the one that shares most words with a quote is its version where they share so many.
VERSION = 0.6
# Versions that are quoted, and those that are named, at most.
QUOTED, NAMED = 3, 10
# Copies of a quote that are looked up, at most.
LOOKED_UP = 200
# Two texts are about different cases where each has so many names and figures for itself, or so many names
# alone.
MARKS, NAMES_ALONE = 2, 3
# They are so large a part of all names and figures of either.
OWN = 0.1
# Characters of a document that are compared around a quote: of its beginning, and on either side.
LEAD, ASIDE = 800, 1_200
_WORD = re.compile(r"\w+")
# Characters of a line that may be no sentence, and how a sentence ends.
_SHORT_LINE = 200
_ENDS_SENTENCE = re.compile(r"[.!?…。！？][”’\"'»)\]]*$")
# What parts two words of one sentence.
_GOES_ON = re.compile(r"[^.!?:…。！？\n]{0,8}\n?[^.!?:…。！？\n]{0,8}")
_DATELINE = re.compile(r"^[A-Z]{2,}[^.!?\n–—]{0,50}?(?:[–—]|(?<=\s)--?)\s")  # "SEOUL, 3 March (Agency) — "
# Runs hashed at a time: a signature takes half a kilobyte a run while it is made.
_BATCH = 10_000
# The band of the whole text's hash; those of the signature follow.
_WHOLE = 0


def body_words(text: str, apart: Iterable[tuple[int, int]] = ()) -> list[str]:
    """The words of a text in order, case-folded, without what stands `apart` (header and furniture)."""
    return re.findall(r"\w+", _body(text, apart).casefold())


def _body(text: str, apart: Iterable[tuple[int, int]]) -> str:
    at, parts = 0, []
    for start, end in sorted(apart):
        parts.append(text[at:start])
        at = max(at, end)
    return "\n\n".join([*parts, text[at:]])


def names(text: str) -> set[str]:
    """Return the words that begin with a capital letter inside a sentence, case-folded."""
    found, end = set(), 0
    for word in _WORD.finditer(text):
        if end and len(word[0]) > 1 and word[0][0].isupper() and _GOES_ON.fullmatch(text, end, word.start()):
            found.add(word[0].casefold())
        end = word.end()
    return found


def differ(one: str, other: str, ignored: Set[str] = frozenset(), *, in_form: bool = True) -> bool:
    """Whether two texts are about different cases, whatever they share word for word.

    Runs of words that both texts have are set aside. Two cases are different if, in the rest, each text has
    more names and figures of its own than in common with the other, and these are a good part of all that it
    has. Lines that are no sentences, and the `ignored` names, do not count.

    With `in_form`, the texts are read as one form that was filled in twice: a name or figure counts only if
    it stands after a word after which the other text has one of its own, as in "the ship A" and "the ship B".
    What a paper puts before and after a story then does not count. Without it, every name or figure counts.
    """
    one, other = _sentences(one), _sentences(other)
    words, others = body_words(one), body_words(other)
    if words == others:
        return False
    named = (names(one) | names(other)) - ignored
    marks = _Marks.of(words, others, named), _Marks.of(others, words, named)
    if in_form:
        slots = set(marks[0].own.values()) & set(marks[1].own.values())
        if len(slots) < MARKS:
            return False
        marks = marks[0].within(slots), marks[1].within(slots)
    return all(each.tell for each in marks)


class _Marks(NamedTuple):
    """The names and figures of a text outside the runs that another has, too, and how many it has at all.

    Its `own` are not in the other; each has the word before it.
    """

    own: dict[str, str]
    common: int
    all: int

    @classmethod
    def of(cls, words: Sequence[str], others: Sequence[str], named: Set[str]) -> _Marks:
        shared = set(_runs(others, RUN))
        covered: set[int] = set()
        for at, run in enumerate(_runs(words, RUN)):
            if run in shared:
                covered.update(range(at, at + RUN))
        known = set(others)
        own: dict[str, str] = {}
        common: set[str] = set()
        everything: set[str] = set()
        before = ""
        for at, word in enumerate(words):
            if not (word in named or word[0].isdigit()):
                before = word
                continue
            everything.add(word)
            if at not in covered and word in known:
                common.add(word)
            elif at not in covered:
                own.setdefault(word, before)
        return cls(own, len(common), len(everything))

    def within(self, slots: Set[str]) -> _Marks:
        """Leave those of its own that stand after these words."""
        return self._replace(own={word: before for word, before in self.own.items() if before in slots})

    @property
    def tell(self) -> bool:
        """Whether its own are enough to tell it apart."""
        least = max(MARKS if _figures(self.own) else NAMES_ALONE, OWN * self.all)
        return len(self.own) >= least and len(self.own) > self.common


def _sentences(text: str) -> str:
    """Leave out paragraphs of a few words that end as no sentence does."""
    paragraphs = re.split(r"\n\s*\n", text)
    kept = [each for each in paragraphs if len(each) > _SHORT_LINE or _ENDS_SENTENCE.search(each.rstrip())]
    return "\n\n".join(kept)


def contained(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the runs of words of `one` that stand in `other`, 0 to 1."""
    run = max(1, min(RUN, len(one)))
    runs = set(_runs(one, run))
    return len(runs.intersection(_runs(other, run))) / max(1, len(runs))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the shorter text that stands in the longer, 0 to 1, where one copies the other; else 0."""
    if one == other:
        return float(bool(one))
    short, long = sorted((one, other), key=lambda words: (len(words), words))
    if len(short) < max(SHORT, LENGTH * len(long)):
        return 0.0
    figures = _figures(short)
    shared = len(figures & _figures(long))
    if shared < min(FIGURES * len(figures), max(2, len(figures) - 1)):
        return 0.0
    share = contained(short, long)
    return share if share >= RUNS else 0.0


def record(db: sqlite3.Connection, number: int, document: Document) -> None:
    """Find the copies of a document that was just written, and keep them; within the ingest's transaction."""
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    _record(db, number, _body(document.text, apart))


def complete(db: sqlite3.Connection, most: int) -> None:
    """Do so for documents of a library of before, `most` at most."""
    for number in lacking(db, most):
        _record(db, number, _held_body(db, number))


def lacking(db: sqlite3.Connection, most: int) -> list[int]:
    """The numbers of documents whose copies were never looked for, `most` at most."""
    rows = db.execute(
        "SELECT serial FROM documents WHERE NOT EXISTS (SELECT 1 FROM bands WHERE document = serial) LIMIT ?",
        (most,),
    )
    return [number for (number,) in rows]


def held(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, dict[str, float]]:
    """Find the copies of documents by id: their ids with the similarity, the most similar first."""
    rows = db.execute(
        """
        WITH asked AS (SELECT serial, id FROM documents WHERE id IN (SELECT value FROM json_each(?)))
        SELECT asked.id, documents.id, similarity FROM asked
            JOIN copies ON copies.document = asked.serial JOIN documents ON documents.serial = other
        UNION ALL
        SELECT asked.id, documents.id, 1.0 FROM asked
            JOIN bands AS mine ON mine.document = asked.serial AND mine.band = ?
            JOIN bands AS same ON same.band = mine.band AND same.hash = mine.hash
                AND same.document != mine.document
            JOIN documents ON documents.serial = same.document
        ORDER BY 1, 3 DESC, 2
        """,
        (json.dumps(list(dict.fromkeys(ids))), _WHOLE),
    )
    found: dict[str, dict[str, float]] = {}
    for document_id, other, alike in rows:
        found.setdefault(document_id, {})[other] = alike
    return found


def repeats(text: str, better: str) -> bool:
    """Whether a passage says nothing that the better one, of a copy of its document, does not."""
    one, other = body_words(text), body_words(better)
    repeated = contained(one, other) >= REPEATED and _figures(one) <= _figures(other)
    return repeated and not differ(text, better)


def versions(
    corpus: Corpus, quotes: Sequence[Quote], filters: Filters, *, agreed: bool = True
) -> tuple[tuple[Quote, ...], tuple[str, ...]]:
    """The quotes with what copies of their documents say in place of them; notes name those that differ.

    Texts of the same words are one version. If `agreed`, that on which most copies agree comes first, else
    the quote's own. A headline has no versions, for each outlet has its own; nor has what one publisher says
    at several times, in a form that it fills in again.
    """
    copies = corpus.copies(quote.document.id for quote in quotes)
    within = corpus.left_by(filters, {other for its in copies.values() for other in its})
    found: list[Quote] = []
    seen: list[Quote] = []
    notes: list[str] = []
    for quote in quotes:
        if any(_covers(place, quote) for place in seen):
            continue
        groups = {_said(quote.text): [quote]}
        others = [other for other in copies.get(quote.document.id, ()) if other in within]
        for place in _in_its_place(corpus, quote, others[:LOOKED_UP]):
            given = next((each for each in quotes if _covers(each, place)), place)
            groups.setdefault(_said(given.text), []).append(given)
        its = list(groups.values())
        if agreed:
            its.sort(key=lambda group: -len(group))  # of as many the quote's own: it answers
        seen += [place for group in its for place in group]
        found += [next((each for each in group if each in quotes), group[0]) for group in its[:QUOTED]]
        if len(its) > 1:
            names = "; ".join(named(_first(group)) for group in its[:NAMED])
            notes.append(f"Versions of one story, which differ here: {names}.")
    return tuple(found), tuple(notes)


def folded(
    corpus: Corpus,
    quotes: Sequence[Quote],
    filters: Filters,
    read: Iterable[str] = (),
    *,
    earliest: bool = True,
    deadline: Deadline | None = None,
) -> tuple[Quote, ...]:
    """The quotes, each with where its very words stand in other documents; those places left out.

    The others are copies of its document that the filters leave: of the quote and these places the
    `earliest` is shown. They are looked up in the documents that were `read` for the question, too: an
    agency's story that was written anew is no copy, but may still hold them. Places that are about another
    case are none: notes on many ships may say that the anchor dragged. Where any quote was left out, the
    others are numbered anew.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    deadline = deadline or Deadline()
    copies = corpus.copies(quote.document.id for quote in quotes)
    within = corpus.left_by(filters, {other for its in copies.values() for other in its})
    kept: list[Quote] = []
    for quote in quotes:
        deadline.check()
        if not any(_covers(place, quote) for other in kept for place in (other, *other.copies)):
            others = [other for other in copies.get(quote.document.id, ()) if other in within]
            places = list(islice(_same_words(quote, _held(corpus, others)), LOOKED_UP))
            left = [other for other in others if all(other != place.document.id for place in places)]
            punctuated = _in_its_place(corpus, quote, left[: LOOKED_UP - len(places)])  # otherwise
            places += [place for place in punctuated if _said(place.text) == _said(quote.text)]
            places = [place for place in places if not _differ_around(quote, place, in_form=True)]
            shown = _earliest(quote, places) if earliest else replace(quote, copies=tuple(places))
            if len(body_words(quote.text)) >= RUN:
                known = {quote.document.id, *others}
                unpaired = _held(corpus, (name for name in read if name not in known))
                same = [place for place in _same_words(quote, unpaired) if _is_same_case(quote, place)]
                shown = replace(shown, copies=(*shown.copies, *same))
            kept.append(shown)
    if len(kept) == len(quotes):
        return tuple(kept)
    return tuple(replace(quote, number=number) for number, quote in enumerate(kept, start=1))


def _covers(place: Quote, quote: Quote) -> bool:
    same = place.document.id == quote.document.id
    return same and place.start <= quote.start and quote.end <= place.end


def _held(corpus: Corpus, ids: Iterable[str]) -> Iterator[tuple[Document, tuple[Passage, ...]]]:
    for document_id in ids:
        with suppress(DocumentNotFoundError):  # removed meanwhile
            yield corpus.document_and_passages(document_id)


def _in_its_place(corpus: Corpus, quote: Quote, others: Iterable[str]) -> Iterator[Quote]:
    """What stands in other documents in the place of a quote of running text: as many sentences, if alike."""
    wanted, count = Counter(_said(quote.text)), 0
    for document, passages in _held(corpus, (quote.document.id, *others)):
        sentences = [
            each for passage in passages for each in passage.sentences if each.kind in ("body", "list")
        ]
        if document.id == quote.document.id:
            count = sum(quote.start <= each.start < quote.end for each in sentences)
        elif count and (not document.publisher or document.publisher != quote.document.publisher):
            places = [
                Quote(document, first.start, last.end, quote.score)
                for first, last in zip(sentences, sentences[count - 1 :], strict=False)
            ]
            alike = [_alike(wanted, Counter(_said(place.text))) for place in places]
            if max(alike, default=0.0) >= VERSION:
                yield places[alike.index(max(alike))]


def _said(text: str) -> tuple[str, ...]:
    """The words of a quote, without the dateline that an outlet puts before a story."""
    return tuple(body_words(unicodedata.normalize("NFC", _DATELINE.sub("", text))))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words in common (Dice's coefficient), 0 to 1."""
    return 2 * (one & other).total() / (one.total() + other.total())


def _day(place: Quote) -> dt.date:
    return place.document.date or dt.date.max


def _first(places: Iterable[Quote]) -> Quote:
    """The place that was published first."""
    return min(places, key=_day)


def _same_words(quote: Quote, others: Iterable[tuple[Document, tuple[Passage, ...]]]) -> Iterator[Quote]:
    """Where the quote's words, whatever the typography, are whole sentences of others; not in furniture."""
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
    """Whether what stands around two places of the same words is about different cases."""
    metadata = (
        quote.document.publisher,
        quote.document.author,
        place.document.publisher,
        place.document.author,
    )
    return differ(_around(quote), _around(place), set(body_words(" ".join(metadata))), in_form=in_form)


def _is_same_case(quote: Quote, place: Quote) -> bool:
    """Whether the same words of a document that is no copy are about the same case: something names it."""
    if _differ_around(quote, place, in_form=False):
        return False
    marks = [names(text) | _figures(body_words(text)) for text in (_around(quote), _around(place))]
    return bool(names(quote.text) or _figures(body_words(quote.text)) or len(marks[0] & marks[1]) >= MARKS)


def _around(quote: Quote) -> str:
    """A document's beginning, and what stands before and after a quote, without header and furniture."""
    document = quote.document
    begin = max((span.end for span in document.header), default=0) + LEAD
    left_out = [(begin, quote.start - ASIDE), (max(begin, quote.end + ASIDE), len(document.text))]
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    return _body(document.text, [*apart, *((start, end) for start, end in left_out if start < end)])


def _earliest(quote: Quote, places: Sequence[Quote]) -> Quote:
    """The quote where its words stand first in time, the other places as its copies."""
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
    """The quote's emphasis at another place of its words; none where accents are composed otherwise."""
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


def _record(db: sqlite3.Connection, number: int, body: str) -> None:
    words = body_words(body)
    db.execute("DELETE FROM bands WHERE document = ?", (number,))
    db.execute("DELETE FROM copies WHERE document = ? OR other = ?", (number, number))
    # A text without words is like none.
    whole = hashlib.blake2b(" ".join(words or [str(number)]).encode(), digest_size=16).digest()
    bands = _bands(words) if len(words) >= SHORT else []
    for other in _candidates(db, whole, bands):
        held_body = _held_body(db, other)
        alike = similarity(words, body_words(held_body))
        if alike and not differ(body, held_body, _credited(db, (number, other))):
            db.executemany(
                "INSERT INTO copies (document, other, similarity) VALUES (?, ?, ?)",
                [(number, other, alike), (other, number, alike)],
            )
    db.executemany(
        "INSERT INTO bands (document, band, hash) VALUES (?, ?, ?)",
        [(number, _WHOLE, whole), *((number, band, value) for band, value in enumerate(bands, start=1))],
    )


def _candidates(db: sqlite3.Connection, whole: bytes, bands: Sequence[bytes]) -> list[int]:
    """The documents that share enough bands; those of equal words are known by the whole's hash already."""
    shared: Counter[int] = Counter()
    for band, value in enumerate(bands, start=1):
        rows = db.execute(
            "SELECT document FROM bands WHERE band = ? AND hash = ? LIMIT ?", (band, value, CROWD + 1)
        ).fetchall()
        if len(rows) <= CROWD:
            shared.update(document for (document,) in rows)
    equal = {
        document
        for (document,) in db.execute(
            "SELECT document FROM bands WHERE band = ? AND hash = ?", (_WHOLE, whole)
        )
    }
    return sorted(document for document, count in shared.items() if count >= SHARED and document not in equal)


def _bands(words: Sequence[str]) -> list[bytes]:
    """Eight bytes a band: what two texts share about as often as the cube of their resemblance."""
    from datasketch import MinHash  # brings SciPy, which no question needs

    signature = MinHash(BANDS * ROWS, seed=1, scheme="affine32")
    runs = (" ".join(words[at : at + RUN]).encode() for at in range(len(words) - RUN + 1))
    while batch := list(islice(runs, _BATCH)):
        signature.update_batch(batch)
    values = signature.digest().reshape(BANDS, ROWS)
    return [hashlib.blake2b(band.astype("<u4").tobytes(), digest_size=8).digest() for band in values]


def _held_body(db: sqlite3.Connection, number: int) -> str:
    text, header, furniture = db.execute(
        "SELECT text, header, furniture FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    return _body(text, [*json.loads(header), *json.loads(furniture)])


def _credited(db: sqlite3.Connection, numbers: tuple[int, int]) -> set[str]:
    """The words of the names of documents' publishers and authors, which papers print with a story."""
    rows = db.execute("SELECT publisher || ' ' || author FROM documents WHERE serial IN (?, ?)", numbers)
    return {word for (credit,) in rows for word in body_words(credit)}


def _runs(words: Sequence[str], run: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + run]) for at in range(len(words) - run + 1))


def _figures(words: Iterable[str]) -> set[str]:
    return {word for word in words if word[0].isdigit()}
