"""Find the sources and speakers to which the words around a quote ascribe the quote.

These words are the quote's own sentence, the other cells of its table row, and its notes. The names in them
are the titles, publishers, numbers and authors of the library's documents, and names that look like names of
periodicals. `qa.quoting.reporting` distinguishes a source from a name that is only mentioned.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from qa.quoting.reporting import (
    DETERMINERS,
    MONTHS,
    OF_REFERENCES,
    STARTERS,
    WORKS,
    is_subject,
    named_after,
    named_before,
    named_in_reference,
    narrowed,
    tokens_of,
)
from qa.quoting.speaker import QUOTING_VERBS
from qa.quoting.tokens import ABBREVIATED_TITLES, Source
from qa.quoting.words import word_list
from qa.text.organisations import is_kind, names_institution, names_periodical
from qa.text.people import has_given_name, likely_people, looks_like_person
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.quoting.claims.claim import Claim
    from qa.quoting.tokens import Kind, Token
    from qa.schema import Document, DocumentInfo

# Maximum number of words of a name. Only the first words of a longer title are compared.
_MOST_WORDS = 30
# Number of characters before and after a quote, and of a note or a cell, that are searched for names.
_MOST_AROUND = 300
# Minimum number of letters of an acronym.
_LEAST_ACRONYM = 3
_LONGEST_WORD = 40
# Minimum similarity, 0 to 1, of two spellings of a name that begin with different letters, and with the same.
_ALIKE = (0.85, 0.8)
# Titles and offices, which are not part of a person's name.
TITLES = word_list("titles")

_WORD = re.compile(r"\w+")
_CAPITAL = "A-ZÀ-ÖØ-Þ"
_SMALL = "(?:of|the|for|and|de|des|der|la|&)"
_PROPER = re.compile(
    rf"(?<![\w’'-])(?:(?:[{_CAPITAL}]|{ABBREVIATED_TITLES})\. )*[{_CAPITAL}][\w&’'-]*+"
    rf"(?: (?:{_SMALL} ){{0,2}}(?:[{_CAPITAL}]\. )*[{_CAPITAL}][\w&’'-]*+)*"
)
_SUBTITLE = re.compile(r"(?<=[?!])\s|:\s|\s[—–-]\s")
_BRACKETED = re.compile(r"\(([^()]*)\)")
_AUTHORS = re.compile(r";|,|\band\b|&")
_WORD_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?=\s+\Z)")
_NAME_GOES_ON = re.compile(
    r"\s+(?:media|news|newspapers?|officials?|organs|press|radio|television)\b|[-‐](?:controlled|owned|run)\b"
)
_CAPITAL_AFTER = re.compile(rf"\s+(?P<word>[{_CAPITAL}][\w’'-]*)")


class Names:
    """Index of the names of a library's documents: titles, publishers, numbers and authors."""

    def __init__(self, documents: Iterable[DocumentInfo]) -> None:
        self._listed: defaultdict[tuple[str, ...], dict[Kind, set[str]]] = defaultdict(dict)
        self._acronyms: set[tuple[str, ...]] = set()
        self._small: set[tuple[str, ...]] = set()
        for info in documents:
            if info.number:
                for label in ("No.", "number", "issue"):
                    self._add("number", f"{label} {info.number}", info.id)
                for label in (info.series, info.series and f"{info.series} No."):
                    self._add("title", f"{label} {info.number}" if label else "", info.id)
            for title in {info.title, _SUBTITLE.split(info.title, maxsplit=1)[0]}:
                if len(_words(title)) > 1:  # a title of one word or year is ambiguous: “In 2008 he said”
                    self._add("title", title, info.id)
            if len(_words(info.series)) > 1:
                self._add("publisher", info.series, info.id)
            for publisher in (info.publisher, *_short_names(info.publisher)):
                self._add("publisher", publisher, info.id)
            if acronym := _acronym(info.publisher):
                self._add("publisher", acronym, info.id)
                self._acronyms.add(_words(acronym))
            for author in _AUTHORS.split(info.author):
                if len(_words(author)) > 1:
                    self._add("author", author.strip(), info.id)
        self._longest = max(map(len, self._listed), default=0)

    def _add(self, kind: Kind, name: str, document_id: str) -> None:
        words = _words(name)
        if words:
            self._listed[words].setdefault(kind, set()).add(document_id)
            if name[:1].islower():
                self._small.add(words)

    def sources(self, claim: Claim) -> tuple[Source, ...]:
        """Return the sources to which the words around a claim ascribe the claim, in their order."""
        before = tokens_of(claim.before[-_MOST_AROUND:], self._find)
        after = tokens_of(claim.after[:_MOST_AROUND], self._find)
        sources = narrowed(after, named_after(after))
        if not is_subject(after):  # “X says “…” is a lie”
            sources = [*narrowed(before, named_before(before)), *sources]
        for reference in claim.references:
            tokens = tokens_of(reference[:_MOST_AROUND], self._find)
            sources += narrowed(tokens, named_in_reference(tokens) or named_after(tokens))
        return tuple(dict.fromkeys(sources))

    def has_title(self, words: str) -> bool:
        """Return whether a document has this title, with or without a subtitle after it."""
        return "title" in self._listed.get(_words(words), {})

    def _find(self, text: str) -> list[tuple[int, int, Source]]:
        """Return the names of documents in a text, and the names of periodicals outside the library."""
        listed = list(self._of_documents(text))
        taken = {at for start, end, _ in listed for at in range(start, end)}
        others = (
            periodical
            for periodical in _periodicals(text)
            if taken.isdisjoint(range(periodical[0], periodical[1]))
        )
        return sorted([*listed, *others], key=lambda name: name[0])

    def _of_documents(self, text: str) -> Iterator[tuple[int, int, Source]]:
        """Yield the ranges where a text names documents, with the longest name at each place."""
        places = list(_WORD.finditer(text))
        folded = [match[0].casefold() for match in places]
        at = 0
        while at < len(places):
            longest = min(self._longest, len(places) - at)
            for count in range(longest, 0, -1):
                words = tuple(folded[at : at + count])
                start, end = places[at].start(), places[at + count - 1].end()
                if words in self._listed and self._is_written_so(words, text, start, end):
                    kinds = self._listed[words]
                    end += text[end : end + 1] == ")" and "(" in text[start:end]  # “Institute (IFES)”
                    kind = next(iter(sorted(kinds, key=("title", "number", "publisher", "author").index)))
                    yield start, end, Source(text[start:end], kind, frozenset().union(*kinds.values()))
                    at += count
                    break
            else:
                at += 1

    def _is_written_so(self, words: tuple[str, ...], text: str, start: int, end: int) -> bool:
        if words in self._acronyms and not text[start:end].isupper():
            return False
        if "number" in self._listed[words]:
            return not _continues_name(text, start)
        small = words in self._small or not text[start].islower()
        return small and not _is_part_of_name(text, start, end, alone=len(words) == 1)


def people(before: str, after: str, surnames: frozenset[str] = frozenset()) -> tuple[Source, ...]:
    """Return the people to whom the words before and after a quote ascribe the quote.

    The words name these people in full, by a title and a surname, or by one of the `surnames`. The `surnames`
    are case-folded and without accents.
    """

    def find(text: str) -> list[tuple[int, int, Source]]:
        names = list(people_in(text))
        taken = {at for start, end, _ in names for at in range(start, end)}
        for start, end in _proper_names(text):
            if start not in taken and bare(text[start:end]) in surnames:
                names.append((start, end, Source(text[start:end], "person")))
        return sorted(names, key=lambda name: name[0])

    first, second = tokens_of(before[-_MOST_AROUND:], find), tokens_of(after[:_MOST_AROUND], find)
    indices = (_quoted(first) or named_before(first), _quoted(second) or named_after(second))
    return tuple(dict.fromkeys([*narrowed(first, indices[0]), *narrowed(second, indices[1])]))


def _quoted(tokens: Sequence[Token]) -> list[int]:
    """Return the tokens after a verb of quoting that name a person: “Ada Orr quoted Bo Lind as saying”."""
    quoting = next((at for at, token in enumerate(tokens) if token.word in QUOTING_VERBS), len(tokens))
    return [at for at in range(quoting + 1, len(tokens)) if tokens[at].source]


def is_surely_person(name: str) -> bool:
    """Return whether a name has a title, a given name, or no common word.

    Without any of these, two capitalised words may name something other than a person.
    """
    titled = not TITLES.isdisjoint(name.casefold().replace(".", "").split())
    return titled or has_given_name(name) or likely_people(name)


def is_of(source: Source, document: Document, around: str) -> bool:
    """Return whether a quote that is ascribed to a source may come from a document.

    The quote may come from the document if the document has the source's name, or nearly that name. It may
    also if the document names the source in `around`, the words around the quote: then the document itself
    quotes the source. A source outside the library ("unlisted") may be named anywhere in the document. If the
    publisher of the document is unknown, an unlisted source may be the publisher.
    """
    if document.id in source.documents:
        return True
    names = (document.title, document.publisher, document.series, document.author)
    name = _significant(source.name)
    if source.kind == "unlisted":
        words = set().union(*map(_significant, (*names, document.id)))
        return not document.publisher or bool(name & words) or _occurs(source.name, document.text)
    if source.kind == "number":
        return False
    near = any(name and words and (name <= words or words <= name) for words in map(_significant, names))
    return near or _occurs(source.name, around)


def are_same(one: Source, other: Source) -> bool:
    """Return whether two names may belong to the same person.

    They may if they share a word that is not an office. The spelling of the word may differ slightly
    (“Zelenskyy”).
    """
    return any(
        word == name or SequenceMatcher(None, word, name).ratio() >= _ALIKE[word[0] == name[0]]
        for word in _surnames(one.name)
        for name in _surnames(other.name)
    )


def is_named(person: Source, text: str) -> bool:
    """Return whether a text contains one of a person's names."""
    return bool(_surnames(person.name) & set(map(bare, _WORD.findall(text))))


# Names


def _periodicals(text: str) -> Iterator[tuple[int, int, Source]]:
    for start, end in _proper_names(text):
        name = text[start:end]
        several = len(name.split()) > 1 and not TITLES.intersection(name.casefold().split())
        if several and names_periodical(name) and not is_kind(name):
            yield start, end, Source(name, "unlisted")


def people_in(text: str) -> Iterator[tuple[int, int, Source]]:
    """Yield the ranges where a text names people in full, or by a title and a surname."""
    for start, end in _proper_names(text):
        name = text[start:end]
        words = name.casefold().replace(".", "").split()
        office = next((at for at, word in enumerate(words[:-1]) if word in TITLES), 0)
        if office and not names_institution(name):  # “Transport Minister Petr Novak”
            name, words = " ".join(name.split()[office:]), words[office:]
        titled = words[0] in TITLES and words[-1] not in TITLES and not names_institution(name)
        if titled or looks_like_person(name):
            yield start, end, Source(name, "person")


def _proper_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of consecutive capitalised words, without words that only begin a sentence."""
    for match in _PROPER.finditer(text):
        start, end = match.span()
        words = match[0].split(" ")
        while words and words[0].casefold() in STARTERS:
            start += len(words.pop(0)) + 1
        if words:
            name = text[start:end]
            bare_name = re.sub(r"(?:['’]s|['’.])\Z", "", name)
            yield start, start + len(bare_name)


def _is_part_of_name(text: str, start: int, end: int, *, alone: bool) -> bool:
    """Return whether a name is part of a longer name: “State media”, “Trade Minister Kim”.

    With `alone`, the name is a single word.
    """
    after = _CAPITAL_AFTER.match(text, end)
    if after and after["word"].casefold() not in WORKS | MONTHS | {"no", "vol"}:
        return True
    return alone and (bool(_NAME_GOES_ON.match(text, end)) or _continues_name(text, start))


def _continues_name(text: str, start: int) -> bool:
    before = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start)
    if not before or not before[0][0].isupper() or before[0].casefold() in STARTERS:
        return False
    return bool(content_words(before[0]))


def _short_names(publisher: str) -> Iterator[str]:
    """Yield the other names of a publisher.

    They are the words in brackets, the words outside the brackets, and the name without “The”.
    """
    if bracketed := _BRACKETED.search(publisher):
        yield bracketed[1]
        yield _BRACKETED.sub(" ", publisher)
    if publisher.startswith("The "):
        yield publisher.removeprefix("The ")


def _acronym(name: str) -> str:
    """Return the acronym of a name ("IFES" for "Institute for Far Eastern Studies").

    Return "" if the name has fewer than three capitals.
    """
    capitals = "".join(word[0] for word in _BRACKETED.sub(" ", name).split() if word[0].isupper())
    return capitals if len(capitals) >= _LEAST_ACRONYM else ""


def _words(name: str) -> tuple[str, ...]:
    return tuple(match[0].casefold() for match in _WORD.finditer(name))[:_MOST_WORDS]


def _significant(name: str) -> set[str]:
    """Return the words that distinguish a name from other names, and the name's acronym."""
    words = {bare(word) for word in _WORD.findall(name)} - OF_REFERENCES - DETERMINERS
    return words | ({_acronym(name).casefold()} if _acronym(name) and len(words) > 1 else set())


def _surnames(name: str) -> set[str]:
    return {bare(word) for word in _WORD.findall(name) if len(word) > 1} - TITLES


def bare(word: str) -> str:
    """Return a word in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _occurs(name: str, text: str) -> bool:
    return " ".join(_words(name)) in " ".join(match[0].casefold() for match in _WORD.finditer(text))
