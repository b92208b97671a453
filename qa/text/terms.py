"""Words: the content words of a question, and words in texts whose script has no spaces.

Chinese and Japanese put no spaces between words, and Korean appends particles to words. In full text, runs of
their characters are stored as overlapping pairs, as Lucene's CJKBigramFilter makes them. So a word of two or
more characters is found inside any run (docs/decisions/0002-storage.md).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

FUNCTION_WORDS = frozenset(
    """
    a about after again all also am an and any anyone anything are as at be because been before
    being both but by can could did do does doing done down during each either else ever every few
    for from further get give given had has have having he her here hers herself him himself his how
    i if in into is it its itself just kindly let me mention mentioned more most much many must my
    myself no nor not now of off on once one ones only or other our ours out over own per please
    quote really said same say says shall she should show since so some somebody someone something
    state stated states such tell than that the their theirs them themselves then there these they
    thing things this those though through to too under until up upon us very was we were what
    whatever when where whether which while who whom whose why will with within without would yes
    yet you your yours s t d ll re ve m
    什么 什麼 怎么 怎麼 怎样 哪里 哪些 何时 何時 为什 為什 多少 谁 誰
    무엇 무슨 누가 누구 언제 어디 어느 어떤 어떻 떻게 얼마 왜
    """.split()
)
_WORD = re.compile(r"\w+")

# Scripts as ranges of a character class. HAN includes repetition marks and kana, HANGUL its single letters.
HAN = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
_RUN = re.compile(f"[{HAN}{HANGUL}]+")
# A word for `measure`. In scripts without spaces, two characters with the signs after them are a word.
MEASURED = re.compile(rf"[{HAN}]{{1,2}}[^\w\s]*|[^\s{HAN}]+")

# A letter that is not in a Latin block, or that is in a block which also has other letters.
_OTHER_LETTER = re.compile(
    "[^\\W\\d_A-Za-z\u00aa\u00ba\u00c0-\u02af\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua787\ufb00-\ufb06\uff21-\uff3a"
    "\uff41-\uff5a]"
)

# Most accents in a row. The time for normalising grows with the square of their number. UAX #15 has 30.
MOST_COMBINING = 300
# Characters that may be accents. `unicodedata` then decides.
_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_COMBINING},}}")


def is_stacked(text: str) -> bool:
    """Return whether more than MOST_COMBINING accents are on one letter. No document holds such a text."""
    return any(
        accent and sum(1 for _ in run) > MOST_COMBINING
        for marks in _MARKS.finditer(text)
        for accent, run in groupby(marks.group(), lambda character: unicodedata.combining(character) > 0)
    )


def indexed(text: str) -> str:
    """Return a text as full text stores it: Han and Hangul in pairs of characters, all else as it is."""
    return _RUN.sub(_pairs, text) if _RUN.search(text) else text


def _pairs(run: re.Match[str]) -> str:
    characters = unicodedata.normalize("NFC", run.group())
    pairs = [characters[at : at + 2] for at in range(len(characters) - 1)] or [characters]
    return f" {' '.join(pairs)} "


def measure(text: str) -> int:
    """Count the words of a text. Where no spaces separate words, two characters count as one word."""
    return len(MEASURED.findall(text))


def is_latin(text: str) -> bool:
    """Return whether at least half of a text's letters are Latin."""
    letters = ["LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha()]
    return 2 * sum(letters) >= len(letters)


def is_only_latin(text: str) -> bool:
    """Return whether all letters of a text are Latin. Fast, but may return False for a rare Latin letter."""
    return text.isascii() or _OTHER_LETTER.search(text) is None


def is_in_latin(question: str) -> bool:
    """Return whether every word of a question is in Latin script. A single letter such as α is not a word."""
    return is_latin(question) and all(is_latin(word) or len(word) == 1 for word in words(question))


def words(text: str) -> list[str]:
    """Return the text's words in order, case-folded, with Han and Hangul as full text stores them."""
    return _WORD.findall(indexed(text.casefold()))


def has_content(text: str) -> bool:
    """Return whether the text has a content word."""
    return any(word not in FUNCTION_WORDS for word in words(text))


def content_words(text: str) -> list[str]:
    """Return the content words, in order and each once, or all words if there are none ("what was it?")."""
    distinct = list(dict.fromkeys(words(text)))
    return [word for word in distinct if word not in FUNCTION_WORDS] or distinct
