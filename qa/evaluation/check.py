"""Whether the quotes that a suite expects stand in its documents, exactly or but for typography; where."""

from __future__ import annotations

import bisect
import difflib
import functools
from collections import Counter
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from qa.document.segment import sentences
from qa.schema import Document
from qa.text.phrase import occurrences, phrase_pattern, phrase_words

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qa.evaluation.schema import Suite

    _Search = Callable[[str], list[tuple[str, str]]]

# Stands between documents when all are searched at once; no document holds it, nor does a quote.
_BETWEEN = "\x00"
# Of the documents that share most words with a quote that was not found, how many are read closely.
_READ_CLOSELY = 5
_SHOWN = 120  # characters of a quote in a message


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one expected quote.

    `places` says how often it occurs, by document id. `text` is what stands in the document, which differs
    from `quote` in typography only; where the quote is nowhere, `text` is the likest text there is, and
    `document` where that stands (both empty: nothing is like it). `expected` is the document that the
    question names, if it names one.
    """

    query: str
    quote: str
    status: Literal["exact", "typography", "elsewhere", "missing"]
    places: Mapping[str, int]
    text: str = ""
    document: str = ""
    expected: str = ""

    @property
    def found(self) -> bool:
        """Whether it occurs where it is expected."""
        return self.status in ("exact", "typography")


def check(suite: Suite, documents: Mapping[str, Document]) -> tuple[Finding, ...]:
    """Look up every expected quote of the suite, in its order."""
    texts = _Texts(documents)
    return tuple(
        _find(texts, query.id, quote, query.document) for query in suite.queries for quote in query.gold
    )


def settle(suite: Suite, findings: Sequence[Finding]) -> Suite:
    """Give the suite its quotes in the documents' own characters, and qrels where it came without.

    Relevant are then the document that a question names, or else those in which its quotes occur.
    """
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.query, []).append(finding)
    queries = tuple(
        replace(
            query,
            gold=tuple(each.text if each.found else each.quote for each in found.get(query.id, ())),
        )
        for query in suite.queries
    )
    qrels = suite.qrels or {
        query.id: dict.fromkeys(relevant, 1)
        for query in queries
        if (relevant := _relevant(query.document, found.get(query.id, ())))
    }
    return replace(suite, queries=queries, qrels=qrels)


def shortened(text: str) -> str:
    """Give a text on one line, and not more of it than a message takes."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"


def _relevant(document: str, findings: Sequence[Finding]) -> list[str]:
    if document:
        return [document]
    return list(dict.fromkeys(place for finding in findings if finding.found for place in finding.places))


def _find(texts: _Texts, query: str, quote: str, expected: str) -> Finding:
    searches: tuple[tuple[Literal["exact", "typography"], _Search], ...]
    searches = (("exact", texts.exactly), ("typography", texts.alike))
    elsewhere: dict[str, int] = {}
    for status, search in searches:
        places = search(quote)
        counts = dict(Counter(document for document, _ in places))
        if expected in counts or (places and not expected):
            document, text = next(place for place in places if expected in ("", place[0]))
            return Finding(query, quote, status, counts, text, document, expected)
        elsewhere = elsewhere or counts
    document, text = texts.likest(quote, expected)
    return Finding(query, quote, "elsewhere" if elsewhere else "missing", elsewhere, text, document, expected)


class _Texts:
    """The documents' texts, made ready for many searches."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._ids = list(documents)
        self._joined = _BETWEEN.join(document.text for document in documents.values())
        self._starts = [0, *accumulate(len(document.text) + 1 for document in documents.values())]

    @functools.cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        return {name: _words(document.text) for name, document in self._documents.items()}

    def exactly(self, quote: str) -> list[tuple[str, str]]:
        """Find the quote character by character: (document id, text), in order."""
        if _BETWEEN in quote:
            return []
        found, at = [], self._joined.find(quote)
        while at >= 0:
            found.append((self._ids[bisect.bisect_right(self._starts, at) - 1], quote))
            at = self._joined.find(quote, at + len(quote))
        return found

    def alike(self, quote: str) -> list[tuple[str, str]]:
        """Find the quote whatever the typography: (document id, the document's own text), in order."""
        pattern = phrase_pattern(quote)
        return list(self._matches(pattern, _words(quote))) if pattern else []

    def _matches(self, pattern: re.Pattern[str], words: frozenset[str]) -> Iterator[tuple[str, str]]:
        for name, document in self._documents.items():
            if words <= self._words[name]:
                for span in occurrences(pattern, document.text):
                    yield name, document.text[span.start : span.end]

    def likest(self, quote: str, within: str = "") -> tuple[str, str]:
        """Find the run of sentences whose words are most like the quote's: (document id, text).

        Both are empty where none is at all.
        """
        words = _words(quote)
        names = [within] if within in self._documents else self._ids
        near = sorted(names, key=lambda name: -len(words & self._words[name]))[:_READ_CLOSELY]
        length = len(sentences(Document("", quote)))
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(_in_order(quote))
        best, place = 0.0, ("", "")
        for name in near:
            for text in _runs(self._documents[name], length, words):
                matcher.set_seq1(_in_order(text))
                if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
                    best, place = ratio, (name, text)
        return place


def _runs(document: Document, length: int, words: frozenset[str]) -> Iterator[str]:
    """Yield the document's runs of so many sentences that share a word with the quote."""
    spans = sentences(document)
    for first, last in zip(spans, spans[length - 1 :], strict=False):
        text = document.text[first.start : last.end]
        if words & _words(text):
            yield text


def _words(text: str) -> frozenset[str]:
    return frozenset(_in_order(text))


def _in_order(text: str) -> list[str]:
    return [word.casefold() for word in phrase_words(text)]
