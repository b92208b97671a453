"""Look up the quotes that a suite expects in its documents, exactly or in other typography."""

from __future__ import annotations

import difflib
import functools
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from qa.document.segment import sentences
from qa.schema import Document
from qa.text.phrase import occurrences, phrase_pattern, phrase_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.evaluation.schema import Suite

# A quote that was not found is compared with this many documents, which share most words with it.
_COMPARED_DOCUMENTS = 5
_SHOWN_CHARACTERS = 120  # most characters of a quote in a message


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of looking up one expected quote.

    Attributes:
        query: the id of the test query.
        quote: the quote as the suite has it.
        status: how the quote was found; "elsewhere" means only in documents other than the expected one.
        places: how often the quote occurs, by document id.
        text: the quote in the document's own characters, or the most similar text if it was not found.
        document: the id of the document that `text` is from; empty if no text is similar.
        expected: the id of the document that the query names; empty if it names no document.
    """

    query: str
    quote: str
    status: Literal["exact", "typography", "elsewhere", "missing"]
    places: Mapping[str, int]
    text: str = ""
    document: str = ""
    expected: str = ""

    @property
    def is_found(self) -> bool:
        """Return whether the quote occurs where it is expected."""
        return self.status in ("exact", "typography")


def check(suite: Suite, documents: Mapping[str, Document]) -> tuple[Finding, ...]:
    """Look up every expected quote of the suite, in the suite's order."""
    texts = _Texts(documents)
    return tuple(
        _find(texts, query.id, quote, query.document) for query in suite.queries for quote in query.gold
    )


def with_document_quotes(suite: Suite, findings: Sequence[Finding]) -> Suite:
    """Return the suite with its quotes in the documents' own characters, and with qrels if it has none.

    The new qrels call a document relevant if the query names it. If the query names no document, a document
    is relevant if it contains one of the query's quotes.
    """
    by_query: dict[str, list[Finding]] = {}
    for finding in findings:
        by_query.setdefault(finding.query, []).append(finding)
    queries = tuple(
        replace(
            query,
            gold=tuple(
                finding.text if finding.is_found else finding.quote for finding in by_query.get(query.id, ())
            ),
        )
        for query in suite.queries
    )
    qrels = suite.qrels or {
        query.id: dict.fromkeys(relevant, 1)
        for query in queries
        if (relevant := _relevant(query.document, by_query.get(query.id, ())))
    }
    return replace(suite, queries=queries, qrels=qrels)


def shortened(text: str) -> str:
    """Return a text on one line, cut to the length that messages allow."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1].rstrip() + "…"


def _relevant(document: str, findings: Sequence[Finding]) -> list[str]:
    if document:
        return [document]
    return list(
        dict.fromkeys(
            document_id for finding in findings if finding.is_found for document_id in finding.places
        )
    )


def _find(texts: _Texts, query: str, quote: str, expected: str) -> Finding:
    """Find a quote in the documents: as it is, in other typography, or at least something similar."""
    status: Literal["exact", "typography"]
    elsewhere: dict[str, int] = {}
    for status in ("exact", "typography"):
        matches = texts.exactly(quote) if status == "exact" else texts.in_any_typography(quote)
        counts = dict(Counter(document for document, _ in matches))
        if expected in counts or (matches and not expected):
            document, text = next(match for match in matches if expected in ("", match[0]))
            return Finding(query, quote, status, counts, text, document, expected)
        elsewhere = elsewhere or counts
    document, text = texts.most_similar(quote, expected)
    return Finding(query, quote, "elsewhere" if elsewhere else "missing", elsewhere, text, document, expected)


class _Texts:
    """The texts of the documents, prepared for many searches."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    @functools.cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        return {name: _words(document.text) for name, document in self._documents.items()}

    def exactly(self, quote: str) -> list[tuple[str, str]]:
        """Return (document id, quote) for each occurrence of exactly these characters."""
        documents = self._documents.items()
        return [(name, quote) for name, document in documents for _ in range(document.text.count(quote))]

    def in_any_typography(self, quote: str) -> list[tuple[str, str]]:
        """Return (document id, the document's own text) for each occurrence in any typography."""
        words, pattern = _words(quote), phrase_pattern(quote)
        return [
            (name, document.text[span.start : span.end])
            for name, document in self._documents.items()
            if pattern and words <= self._words[name]
            for span in occurrences(pattern, document.text)
        ]

    def most_similar(self, quote: str, within: str = "") -> tuple[str, str]:
        """Return the run of sentences whose words are most like the quote's: (document id, text).

        Both are empty if no sentence is similar.
        """
        words = _words(quote)
        names = [within] if within in self._documents else list(self._documents)
        near = sorted(names, key=lambda name: -len(words & self._words[name]))[:_COMPARED_DOCUMENTS]
        length = len(sentences(Document("", quote)))
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(_word_list(quote))
        best_ratio, best = 0.0, ("", "")
        for name in near:
            for text in _runs(self._documents[name], length, words):
                matcher.set_seq1(_word_list(text))
                if matcher.quick_ratio() > best_ratio and (ratio := matcher.ratio()) > best_ratio:
                    best_ratio, best = ratio, (name, text)
        return best


def _runs(document: Document, length: int, words: frozenset[str]) -> Iterator[str]:
    """Yield the text of each run of `length` sentences that shares a word with the quote."""
    spans = sentences(document)
    for first, last in zip(spans, spans[length - 1 :], strict=False):
        text = document.text[first.start : last.end]
        if words & _words(text):
            yield text


def _words(text: str) -> frozenset[str]:
    return frozenset(_word_list(text))


def _word_list(text: str) -> list[str]:
    return [word.casefold() for word in phrase_words(text)]
