"""Words of a question: which carry its content, and which only hold it together."""

from __future__ import annotations

import re

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
    """.split()
)
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The text's words in order, case-folded."""
    return _WORD.findall(text.casefold())


def has_content(text: str) -> bool:
    """Whether any of the text's words carries content."""
    return any(word not in FUNCTION_WORDS for word in words(text))


def content_words(text: str) -> list[str]:
    """The words that carry content, in order and each once; all words where none does ("what was it?")."""
    found = list(dict.fromkeys(words(text)))
    return [word for word in found if word not in FUNCTION_WORDS] or found
