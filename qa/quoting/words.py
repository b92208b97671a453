"""Give the words of the grammars of reported speech, from `words.toml`: verbs of saying, and other words."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Verbs(NamedTuple):
    """The forms of verbs.

    Attributes:
        base: “report”, “write”. The base form may be a noun.
        finite: the third person and the past forms: “reports”, “reported”, “writes”, “wrote”.
        participle: “reporting”, “writing”.
    """

    base: frozenset[str]
    finite: frozenset[str]
    participle: frozenset[str]


def word_list(name: str, table: str = "words") -> frozenset[str]:
    """Return the words of a list of a table."""
    return frozenset(_tables()[table][name].split())


def patterns(name: str) -> str:
    """Return regular expressions of words that a quote leaves out, separated by bars."""
    return _tables()["omissions"][name]


def verbs(*groups: str) -> Verbs:
    """Return the forms of the verbs of one or several groups. Some forms do not exist: “writting”."""
    base = frozenset[str]().union(*(word_list(group, "verbs") for group in groups))
    finite, participle = set(), set()
    for verb in base:
        root = verb.removesuffix("e")
        third = f"{verb[:-1]}ies" if _ends_in_y(verb) else f"{verb}{'es' if verb.endswith(_HISSES) else 's'}"
        past = [f"{verb[:-1]}ied"] if _ends_in_y(verb) else [f"{root}ed", f"{root}{root[-1]}ed"]
        finite |= {third, *_tables()["past"].get(verb, " ".join(past)).split()}
        participle |= {f"{root}ing", f"{root}{root[-1]}ing"}
    return Verbs(base, frozenset(finite), frozenset(participle))


_HISSES = ("s", "sh", "ch", "o")


def _ends_in_y(verb: str) -> bool:
    return verb.endswith("y") and verb[-2] not in "aeou"


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("qa.quoting").joinpath("words.toml").read_text(encoding="utf-8"))
