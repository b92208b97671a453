"""Words: which of a question's carry its content; and what words are in text that does not part them.

Chinese and Japanese put no spaces between words, and Korean hangs particles on them. Full text has their
runs as overlapping pairs of characters, as Lucene's CJKBigramFilter makes them; so a word of two or more
characters is found inside any run (docs/decisions/0002-storage.md).
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

# Scripts as ranges of a character class: Han with its marks of repetition, kana; Hangul, its letters too.
HAN = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
_RUN = re.compile(f"[{HAN}{HANGUL}]+")
# What counts as a word of a text: two characters with what follows them, where no spaces part words.
MEASURED = re.compile(rf"[{HAN}]{{1,2}}[^\w\s]*|[^\s{HAN}]+")

# A letter of no Latin block, or of one that has other letters too.
_OTHER_LETTER = re.compile(
    "[^\\W\\d_A-Za-z\u00aa\u00ba\u00c0-\u02af\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua787\ufb00-\ufb06\uff21-\uff3a"
    "\uff41-\uff5a]"
)

# Accents in a row: normalising takes the square of their number. UAX #15 has 30 of them in good faith.
MOST_COMBINING = 300
# What may be accents, for `unicodedata` to tell.
_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_COMBINING},}}")


def is_stacked(text: str) -> bool:
    """Whether more than MOST_COMBINING accents stand on one letter: no document holds such a text."""
    return any(
        accent and sum(1 for _ in run) > MOST_COMBINING
        for marks in _MARKS.finditer(text)
        for accent, run in groupby(marks.group(), lambda each: unicodedata.combining(each) > 0)
    )


def indexed(text: str) -> str:
    """Give what full text holds of a text: its Han and Hangul in pairs of characters, all else as it is."""
    return _RUN.sub(_pairs, text) if _RUN.search(text) else text


def _pairs(run: re.Match[str]) -> str:
    characters = unicodedata.normalize("NFC", run.group())
    pairs = [characters[at : at + 2] for at in range(len(characters) - 1)] or [characters]
    return f" {' '.join(pairs)} "


def measure(text: str) -> int:
    """Count the words of a text; where no spaces part them, two characters count as one."""
    return len(MEASURED.findall(text))


def is_latin(text: str) -> bool:
    """Whether at least half of a text's letters are Latin."""
    letters = ["LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha()]
    return 2 * sum(letters) >= len(letters)


def is_only_latin(text: str) -> bool:
    """Whether no letter of a text is of another script. Quick; it may say no of a rare Latin letter."""
    return text.isascii() or _OTHER_LETTER.search(text) is None


def is_in_latin(question: str) -> bool:
    """Whether every word of a question is in Latin script; a letter such as α or β is no word."""
    return is_latin(question) and all(is_latin(word) or len(word) == 1 for word in words(question))


def words(text: str) -> list[str]:
    """The text's words in order, case-folded; Han and Hangul as full text holds them."""
    return _WORD.findall(indexed(text.casefold()))


def has_content(text: str) -> bool:
    """Whether any of the text's words carries content."""
    return any(word not in FUNCTION_WORDS for word in words(text))


def content_words(text: str) -> list[str]:
    """The words that carry content, in order and each once; all words where none does ("what was it?")."""
    found = list(dict.fromkeys(words(text)))
    return [word for word in found if word not in FUNCTION_WORDS] or found
