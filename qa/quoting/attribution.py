"""Which documents the prose around a quote ascribes it to, by title, publisher or number."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qa.quoting.claims import Claim
    from qa.schema import DocumentInfo

# Words of a name, at most: a longer title is looked for by its beginning.
_MOST_WORDS = 30
# Characters before and after a quote in which names are looked for.
_MOST_AROUND = 300
# Words between a quote and the name of its source, at most.
_NEAR = 12
_WORD = re.compile(r"\w+")
_VERB = (
    r"\b(?:sa(?:id|ys)|wr(?:ites?|ote|itten)|report(?:s|ed)?|not(?:es|ed)|stat(?:es|ed)|told|according|quot(?:es|ed)"
    r"|publish(?:es|ed)|observ(?:es|ed)|add(?:s|ed)|explain(?:s|ed)|argu(?:es|ed)|warn(?:s|ed)|put|puts|announc(?:es|ed)"
    r"|describ(?:es|ed)|call(?:s|ed)|comment(?:s|ed)|find[s]?|found|has)\b"
)
_LEADS_TO_NAME = re.compile(
    r"\b(?:according to|in|from|by|see|source)\s+(?:the\s+|its\s+)?\W*$|\(\W*$", re.IGNORECASE
)
_NAME_SPEAKS = re.compile(rf"^[^.;]*?(?:{_VERB}|:)", re.IGNORECASE)
_LONGEST_WORD = 40
_WORD_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?=\s+\Z)")
_NAME_GOES_ON = re.compile(
    r"\s+(?:[A-Z]|(?:media|news|newspapers?|officials?|organs|press|radio|television)\b)"
    r"|[-‐](?:controlled|owned|run)\b"
)
_AFTER_QUOTE = re.compile(rf"^\W*(?:{_VERB}|\b(?:in|from|by|as|source)\b)|^[\s,.]*[(—–\[-]", re.IGNORECASE)


class Names:
    """The names of documents: which document a title is of, which a publisher has."""

    def __init__(self, documents: Iterable[DocumentInfo]) -> None:
        # Of more than one name in a sentence, one of a document says more than one of a publisher.
        self._documents: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        self._publishers: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        self._small: set[tuple[str, ...]] = set()
        for info in documents:
            if info.number:
                for label in filter(None, ("No.", "number", "issue", info.series)):
                    self._add(self._documents, f"{label} {info.number}", info.id)
            if len(_words(info.title)) > 1:  # a word or a year is no name by itself: “In 2008 he said”
                self._add(self._documents, info.title, info.id)
            self._add(self._publishers, info.publisher, info.id)
        self._longest = max(map(len, (*self._documents, *self._publishers)), default=0)

    def _add(self, names: defaultdict[tuple[str, ...], set[str]], name: str, document_id: str) -> None:
        words = _words(name)
        if words:
            names[words].add(document_id)
            if name[:1].islower():
                self._small.add(words)

    def attributed(self, claim: Claim) -> tuple[str, tuple[str, ...]]:
        """Return the names that a claim is ascribed to around it, and the ids of the documents so named."""
        titles: dict[str, set[str]] = {}
        publishers: dict[str, set[str]] = {}
        for name, words in (
            *self._before(claim.before[-_MOST_AROUND:]),
            *self._after(claim.after[:_MOST_AROUND]),
        ):
            if words in self._documents:
                titles[name] = self._documents[words]
            else:
                publishers[name] = self._publishers[words]
        found = titles or publishers
        return ", ".join(found), tuple(sorted(set().union(*found.values())))

    def _before(self, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the names before a quote that say it: “According to X, …”, “X wrote: …”, “X: …”."""
        for start, end, words in self._found(text):
            rest = text[end:]
            near = len(_words(rest)) <= _NEAR
            if near and (_LEADS_TO_NAME.search(text[:start]) or _NAME_SPEAKS.match(rest)):
                yield text[start:end], words

    def _after(self, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the names after a quote: “…, wrote X in Y”, “…, X said”, “… (X, 2008)”, “… — X”."""
        for start, end, words in self._found(text):
            between = text[:start]
            speaks = re.match(rf"\W*{_VERB}", text[end:], re.IGNORECASE)
            alone = not _words(between) or _words(between) in (("the",), ("as", "the"), ("as",))
            if len(_words(between)) <= _NEAR and (_AFTER_QUOTE.match(between) or (alone and speaks)):
                yield text[start:end], words

    def _found(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield where names stand, the longest at each place."""
        places = list(_WORD.finditer(text))
        folded = [match[0].casefold() for match in places]
        at = 0
        while at < len(places):
            longest = min(self._longest, len(places) - at)
            for count in range(longest, 0, -1):
                words = tuple(folded[at : at + count])
                start, end = places[at].start(), places[at + count - 1].end()
                if (
                    (words in self._documents or words in self._publishers)
                    and (words in self._small or not text[start].islower())
                    and (count > 1 or not _is_part_of_name(text, start, end))
                ):
                    yield start, end, words
                    at += count
                    break
            else:
                at += 1


def _is_part_of_name(text: str, start: int, end: int) -> bool:
    """Whether a word is part of a longer name: “State media”, “Trade Minister Kim”, “Radio State”."""
    before = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start)
    named_before = before and before[0][0].isupper() and content_words(before[0])
    return bool(named_before or _NAME_GOES_ON.match(text, end))


def _words(name: str) -> tuple[str, ...]:
    return tuple(match[0].casefold() for match in _WORD.finditer(name))[:_MOST_WORDS]
