"""Function words of languages other than English, in questions in another language.

The lists are from the package `stop-words`. Many of their words are English words too ("war", "die"). So a
word counts only if the text has more function words of the other language than of English.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from qa.text.terms import FUNCTION_WORDS

# The languages of the lists, with their codes.
LANGUAGES = {
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "dutch": "nl",
    "portuguese": "pt",
}
# The code for a language that is not known (ISO 639).
UNKNOWN = "und"
# Words on the lists that are content words in English. They do not show that a text is in another language.
ENGLISH_TOO = frozenset(
    """anterior amp aura bin car chose circa come comment con den dice die dont door due duo embargo era fare
    fin fine font force hat hay lei man mas mayor men met mine non par plus point pour primer pro sea sin solo
    son soy sub sue tan ton total van versus via want war""".split()
)


def foreign_function_words(text: str) -> frozenset[str]:
    """Return the function words of the other language that a text is in, case-folded; none for English.

    A capitalised word counts only at the beginning, and only if the next word is not capitalised. Names hold
    such words ("Los Angeles", "Charles De Gaulle").
    """
    return _found(text).held


def foreign_language(question: str) -> str:
    """Return the code of a question's language, judged by function words, or "" for English and in doubt.

    The code is UNKNOWN if two languages are equally likely. A single such word, as in a title, is enough only
    if a question begins with it.
    """
    language = _found(question)
    first = re.match(r"\W*(\w{3,})", question)
    begins = (
        first is not None and first[1].casefold() in language.evidence and question.rstrip().endswith("?")
    )
    return language.code if (begins or len(language.evidence) > 1) and not language.english else ""


def is_surely_english(question: str) -> bool:
    """Return whether a question has a function word that only English has."""
    words = {word.casefold() for word in re.findall(r"\w+", question)}
    return bool((words & FUNCTION_WORDS).difference(*_lists().values()))


class _Found(NamedTuple):
    """The function words of a text in another language.

    Attributes:
        code: the code of the language.
        held: all function words of the language in the text.
        evidence: the function words that an English text does not have.
        english: the English function words in the text that the language does not have.
    """

    code: str
    held: frozenset[str] = frozenset()
    evidence: frozenset[str] = frozenset()
    english: frozenset[str] = frozenset()


def _found(text: str) -> _Found:
    """Return the language whose function words a text has, or no language if English has as many."""
    words = re.findall(r"\w+", text)
    folded = frozenset(word.casefold() for word in words)
    plain = {word.casefold() for word in words if not word[0].isupper()}
    if words and not any(word[0].isupper() for word in words[1:2]):
        plain.add(words[0].casefold())
    languages = []
    for code, function_words in _lists().items():
        held = frozenset(plain & function_words)
        languages.append(
            _Found(code, held, held - ENGLISH_TOO - FUNCTION_WORDS, folded & FUNCTION_WORDS - function_words)
        )
    best = max(languages, key=lambda language: len(language.evidence))
    if len(best.evidence) <= len(best.english):
        return _Found("")
    size = len(best.evidence), len(best.held)
    alike = [language for language in languages if (len(language.evidence), len(language.held)) >= size]
    return best if len(alike) == 1 else best._replace(code=UNKNOWN)


@cache
def _lists() -> dict[str, frozenset[str]]:
    from stop_words import get_stop_words  # 0.03 s

    return {code: frozenset(get_stop_words(language)) for language, code in LANGUAGES.items()}
