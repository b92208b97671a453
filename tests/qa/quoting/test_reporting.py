"""Which names before a quote the words around them give as its source."""

from __future__ import annotations

import re

import pytest

from qa.quoting.reporting import named_before, tokens_of
from qa.quoting.tokens import Source, Token

PRESS = Source("River Press", "publisher")


def tokens(text: str) -> list[Token]:
    return tokens_of(text, lambda words: [(*m.span(), PRESS) for m in re.finditer(PRESS.name, words)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He lives in the U.S. The River Press said:", [7]),
        ("He went with plan B. River Press reported that", [6]),
        ("River Press wrote in a column written by Orr that", [0]),
        ("River Press thought that the guards", [0]),
        ("In the River Press one reads:", [2]),
    ],
)
def test_the_subject_of_a_verb_of_saying_is_the_source(text: str, found: list[int]) -> None:
    assert list(named_before(tokens(text))) == found


def test_a_full_stop_and_a_comma_are_no_part_of_a_word() -> None:
    assert [each.text for each in tokens("In the U.S. J. Kim,who left,")] == [
        *("In", "the", "U.S", ".", "J", ".", "Kim", ",", "who", "left", ","),
    ]
