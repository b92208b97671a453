"""Exact phrases: find the words of a quoted phrase in a text, whatever the typography."""

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

# Characters that look alike to a reader, but often differ between a keyboard and a source.
_ALIKE = ("'‘’‚‛′`´ʼ", '"“”„‟″«»', "-‐‑‒–—―−")
_CLASS = {character: f"[{re.escape(group)}]" for group in _ALIKE for character in group}
# A line may end after a hyphen in a word.
_CLASS |= {hyphen: rf"{_CLASS[hyphen]}(?:\r?\n(?=\w))?" for hyphen in "-‐"}
_PLAIN = str.maketrans({character: group[0] for group in _ALIKE for character in group})
# How many overlapping repetitions of its own beginning a phrase may have (`repeats_itself`).
MOST_NESTED = 20
# Fewest words of a phrase for `near`. In a shorter phrase, all words but one say too little.
LEAST_NEAR = 3
_WORD = re.compile(r"\w+")
# Letters that need not end a word where they end a phrase: no spaces separate words, or particles follow.
_UNPARTED = f"[{HAN}{HANGUL}]"
# The letters of all other scripts. The class does not ignore case: that would take 2 ms each time to compile,
# and would change nothing, because Han and Hangul have no case.
_PARTED = rf"(?-i:[^\W{HAN}{HANGUL}])"


def phrase_words(phrase: str) -> list[str]:
    """Split a phrase into words as a full-text index has them, apart from case.

    A single Han or Hangul character at either end may belong to any pair in a text, so it is left out.
    """
    words = re.findall(r"\w+", indexed(unicodedata.normalize("NFC", phrase)))
    for end in (0, -1):
        if words and re.fullmatch(_UNPARTED, words[end]):
            del words[end]
    return words


def repeats_itself(phrase: str) -> bool:
    """Return whether a phrase repeats its own beginning so often that searching for it would take too long.

    A search compares the phrase at each place where the text matches the phrase's beginning. The phrase "the
    the the the" begins again at each of its words. In a text of the same words, each word would be
    compared as often as the phrase has words.
    """
    text = " ".join(phrase.translate(_PLAIN).casefold().split())
    parted = re.match(_PARTED, text) is not None
    # The Z algorithm (Gusfield, 1997, "Algorithms on Strings, Trees and Sequences", 1.4): `alike` says for
    # each place how many characters from there on equal the phrase's beginning.
    alike = [0] * len(text)
    open_until = [0] * (len(text) + 2)  # by how much the number of runs that cover a place changes
    start = end = 0
    for at in range(1, len(text)):
        same = min(end - at, alike[at - start]) if at < end else 0
        while at + same < len(text) and text[at + same] == text[same]:
            same += 1
        alike[at] = same
        if at + same > end:
            start, end = at, at + same
        if same and not (parted and re.match(_PARTED, text[at - 1])):  # no match begins inside a word
            open_until[at] += 1
            open_until[at + same + 1] -= 1
    return max(accumulate(open_until)) > MOST_NESTED


@lru_cache(maxsize=8)  # the same phrase is looked for in several documents
def phrase_pattern(phrase: str) -> re.Pattern[str] | None:
    """Return a pattern that finds the phrase in a text, or None if the phrase holds no word.

    It is also None for a phrase that no document holds (`is_stacked`).

    Case, straight or curly quotes, kinds of dash, composed or decomposed accents and the length of white
    space make no difference. A match never starts or ends inside a word, if the script separates words. But
    a phrase that `repeats_itself` is found only as it is written.
    """
    if is_stacked(phrase) or not re.search(r"\w", phrase):
        return None
    phrase = unicodedata.normalize("NFC", phrase)
    if repeats_itself(phrase):
        return re.compile(re.escape(phrase))  # `re` searches for a plain text in linear time
    words = phrase.split()
    body = r"\s++".join("".join(map(_character, word)) for word in words)
    before = rf"(?<!{_PARTED})" if re.match(_PARTED, words[0]) else ""
    # A decomposed accent is not a word character, but it does not end a word either.
    after = rf"(?!{_PARTED}|[\u0300-\u036f])" if re.search(f"{_PARTED}$", words[-1]) else ""
    return re.compile(before + body + after, re.IGNORECASE)


def occurrences(pattern: re.Pattern[str], text: str, start: int = 0) -> Iterator[Span]:
    """Yield the places of the pattern from an offset on: in the text's offsets, in order and disjoint."""
    return (Span(*match.span()) for match in pattern.finditer(text, start))


def near(phrase: str, text: str) -> Iterator[Span]:
    """Find places that hold all words of a phrase but one. That word is different, missing or added there.

    The places are in order and disjoint. A phrase of fewer than three words has no such places.
    """
    asked = [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", phrase))]
    if len(asked) < LEAST_NEAR:
        return
    tokens = [
        (unicodedata.normalize("NFC", word.group()).casefold(), word.span()) for word in _WORD.finditer(text)
    ]
    words = [word for word, _ in tokens]
    at = 0
    while at < len(words):
        same = next((i for i, word in enumerate(asked) if words[at + i : at + i + 1] != [word]), len(asked))
        if same == len(asked):  # the phrase itself
            at += same
            continue
        # Try another word, an added word (but not before or after the phrase), and a missing word.
        for left_out, too_many in ((1, 1), (0, 1), (1, 0)):
            rest, behind = asked[same + left_out :], at + same + too_many
            end = behind + len(rest)
            if (left_out or same) and end <= len(words) and words[behind:end] == rest:
                yield Span(tokens[at][1][0], tokens[end - 1][1][1])
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
