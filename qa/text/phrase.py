"""Exact phrases, whatever the typography: where a text holds the words someone put in quotation marks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from qa.schema import Span
from qa.text.terms import HAN, HANGUL, indexed, is_stacked

if TYPE_CHECKING:
    from collections.abc import Iterator

# Alike to a reader, and seldom the same on a keyboard as in a source.
_ALIKE = ("'‘’‚‛′`´ʼ", '"“”„‟″«»', "-‐‑‒–—―−")
_CLASS = {character: f"[{re.escape(group)}]" for group in _ALIKE for character in group}
# After a hyphen in a word a line may end.
_CLASS |= {hyphen: rf"{_CLASS[hyphen]}(?:\r?\n(?=\w))?" for hyphen in "-‐"}
_PLAIN = str.maketrans({character: group[0] for group in _ALIKE for character in group})
# A phrase may begin anew so often within itself, at once.
MOST_NESTED = 20
# Of fewer words, all but one say too little.
LEAST_NEAR = 3
_WORD = re.compile(r"\w+")
# Letters that end no word, as no space parts them or particles follow; and those of all other scripts.
_UNPARTED = f"[{HAN}{HANGUL}]"
# Without regard to case a large class takes 2 ms each time to be compiled; and neither has a case.
_PARTED = rf"(?-i:[^\W{HAN}{HANGUL}])"


def phrase_words(phrase: str) -> list[str]:
    """Split a phrase into words, as a full-text index knows them up to case.

    A single Han or Hangul character at either end may be a part of any pair in a text: it is left out.
    """
    words = re.findall(r"\w+", indexed(unicodedata.normalize("NFC", phrase)))
    for end in (0, -1):
        if words and re.fullmatch(_UNPARTED, words[end]):
            del words[end]
    return words


def repeats_itself(phrase: str) -> bool:
    """Tell whether a phrase begins anew within itself so often that a search for it would take too long.

    A search compares each place where a text begins as the phrase does. In "the the the the" it begins anew
    at each word, and of a text of such words each would be compared as often as the phrase has words.
    """
    text = " ".join(phrase.translate(_PLAIN).casefold().split())
    parted = re.match(_PARTED, text) is not None
    # The Z algorithm (Gusfield, 1997, "Algorithms on Strings, Trees and Sequences", 1.4): how many characters
    # from each place on are those that the phrase begins with.
    alike = [0] * len(text)
    open_until = [0] * (len(text) + 2)  # changes in how many of these runs cover a place
    start = end = 0
    for at in range(1, len(text)):
        same = min(end - at, alike[at - start]) if at < end else 0
        while at + same < len(text) and text[at + same] == text[same]:
            same += 1
        alike[at] = same
        if at + same > end:
            start, end = at, at + same
        if same and not (parted and re.match(_PARTED, text[at - 1])):  # there no match begins
            open_until[at] += 1
            open_until[at + same + 1] -= 1
    return max(accumulate(open_until)) > MOST_NESTED


@lru_cache(maxsize=8)  # one phrase is looked for in several documents
def phrase_pattern(phrase: str) -> re.Pattern[str] | None:
    """Make a pattern that finds the phrase in a text as it stands; None when it holds no word.

    Nor is there one for what no document holds (`is_stacked`).

    Case, straight or curly quotes, kinds of dash, composed or decomposed accents and the length of white
    space make no difference. A match never starts or ends inside a word of a script that parts them. But a
    phrase that `repeats_itself` is found only as it is written.
    """
    if is_stacked(phrase) or not re.search(r"\w", phrase):
        return None
    phrase = unicodedata.normalize("NFC", phrase)
    if repeats_itself(phrase):
        return re.compile(re.escape(phrase))  # which `re` searches in linear time, as it has but one form
    words = phrase.split()
    body = r"\s++".join("".join(map(_character, word)) for word in words)
    before = rf"(?<!{_PARTED})" if re.match(_PARTED, words[0]) else ""
    # A decomposed accent is no word character, but it ends no word either.
    after = rf"(?!{_PARTED}|[\u0300-\u036f])" if re.search(f"{_PARTED}$", words[-1]) else ""
    return re.compile(before + body + after, re.IGNORECASE)


def occurrences(pattern: re.Pattern[str], text: str, start: int = 0) -> Iterator[Span]:
    """Find where the pattern occurs from an offset on: in the text's own offsets, in order and disjoint."""
    return (Span(*match.span()) for match in pattern.finditer(text, start))


def near(phrase: str, text: str) -> Iterator[Span]:
    """Find where a text holds all words of a phrase but one, which is another there, missing or too many.

    In order and disjoint. Of a phrase of fewer than three words nothing is near.
    """
    asked = [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", phrase))]
    if len(asked) < LEAST_NEAR:
        return
    said = [
        (unicodedata.normalize("NFC", word.group()).casefold(), word.span()) for word in _WORD.finditer(text)
    ]
    words = [word for word, _ in said]
    at = 0
    while at < len(words):
        same = next((i for i, word in enumerate(asked) if words[at + i : at + i + 1] != [word]), len(asked))
        if same == len(asked):  # the phrase itself
            at += same
            continue
        # Another word, one too many (but before and behind the phrase there always is one), or one missing.
        for left_out, too_many in ((1, 1), (0, 1), (1, 0)):
            rest, behind = asked[same + left_out :], at + same + too_many
            end = behind + len(rest)
            if (left_out or same) and end <= len(words) and words[behind:end] == rest:
                yield Span(said[at][1][0], said[end - 1][1][1])
                at = end - 1
                break
        at += 1


def _character(character: str) -> str:
    if character in _CLASS:
        return _CLASS[character]
    decomposed = unicodedata.normalize("NFD", character)
    if decomposed == character:
        return re.escape(character)
    return f"(?:{re.escape(character)}|{re.escape(decomposed)})"
