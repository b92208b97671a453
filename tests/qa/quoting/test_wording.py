from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.quoting.wording import become, find, is_whole
from qa.schema import Span

_drawn = random.Random(7)
_FEW_WORDS = [f"word{number}" for number in range(150)]


def sentence(length: int) -> str:
    return " ".join(_drawn.choices(_FEW_WORDS, k=length))


# The quote, and what the text is now; each of some 400,000 characters, or with a quote of half of it.
REPETITIVE = {
    "one word, cut": ("a" * 200_000, "a" * 400_000),
    "one letter": ("a", "a" * 400_000),
    "two words": ("a b " * 50_000 + "c", "a b " * 100_000),
    "few words": (sentence(30_000), sentence(60_000)),
    "few words, begun alike": ("word1 word2 " * 3 + sentence(30_000), sentence(60_000)),
    "numbers": ("1." * 1_000 + "2 said so", "1." * 200_000 + " said so"),
    "spaces": (" " * 200_000 + "a", " " * 400_000),
    "lines": ("- and so on\n" * 15_000 + "end", "- and so on\n" * 33_000),
}


@pytest.mark.parametrize("kind", REPETITIVE)
def test_what_has_become_of_a_quote_is_told_in_no_time_however_repetitive_the_text(kind: str) -> None:
    quote, text = REPETITIVE[kind]
    started = time.thread_time()
    become(quote, len(text) // 2, text)
    assert time.thread_time() - started < 4


@given(
    words=st.text("ab.", min_size=1, max_size=3),
    text=st.text("ab. ", max_size=40),
    near=st.integers(0, 50),
)
def test_words_are_found_whole_and_as_near_as_they_stand(words: str, text: str, near: int) -> None:
    spans = [Span(at, at + len(words)) for at in range(len(text)) if text.startswith(words, at)]
    whole = [span for span in spans if is_whole(span, text)]
    assert find(words, text, near) == min(whole, key=lambda span: abs(span.start - near), default=None)
