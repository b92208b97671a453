"""Function words of other languages than English, in questions that are written in them.

The lists are those of the package `stop-words`. Many of their words are English words too ("war", "die"), so
a word counts only where the text is more of that language than English.
"""

from __future__ import annotations

import re
from functools import cache

from qa.text.terms import FUNCTION_WORDS

LANGUAGES = ("german", "french", "spanish", "italian", "dutch", "portuguese")
# Words on these lists that carry content in English: they do not tell that a text is in another language.
ENGLISH_TOO = frozenset(
    """anterior amp aura bin car chose circa come comment con den dice die dont door due duo embargo era fare
    fin fine font force hat hay lei man mas mayor men met mine non par plus point pour primer pro sea sin solo
    son soy sub sue tan ton total van versus via want war""".split()
)


def foreign_function_words(text: str) -> frozenset[str]:
    """Return the function words of the other language that a text is in, case-folded; none of an English one.

    A capitalised word counts only at the beginning, and there not before another one: names hold such words
    ("Los Angeles", "Charles De Gaulle").
    """
    words = re.findall(r"\w+", text)
    folded = {word.casefold() for word in words}
    plain = {word.casefold() for word in words if not word[0].isupper()}
    if words and not any(word[0].isupper() for word in words[1:2]):
        plain.add(words[0].casefold())
    language = max(_lists(), key=lambda each: len(plain & each - ENGLISH_TOO - FUNCTION_WORDS))
    evidence = plain & language - ENGLISH_TOO - FUNCTION_WORDS
    english = folded & FUNCTION_WORDS - language
    return frozenset(plain & language) if len(evidence) > len(english) else frozenset()


@cache
def _lists() -> tuple[frozenset[str], ...]:
    from stop_words import get_stop_words  # only conversations need it

    return tuple(frozenset(get_stop_words(language)) for language in LANGUAGES)
