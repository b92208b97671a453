"""What is nearly a phrase."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.phrase import near


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It was bolted to the wall.", ["bolted to the wall"]),  # another word
        ("It was bolted down to the “floor”.", ["bolted down to the “floor"]),  # one too many
        ("He had bolted to floor level.", ["bolted to floor"]),  # one missing
        ("NAILED to\nthe floor, or bolted TO a floor", ["NAILED to\nthe floor", "bolted TO a floor"]),
        ("bolted onto a floor", []),  # two others
        ("bolted to the", ["bolted to the"]),
        ("", []),
    ],
)
def test_all_words_but_one(text, found):
    assert [text[span.start : span.end] for span in near("bolted to the floor", text)] == found


def test_of_two_words_nothing_is_near():
    assert not list(near("the floor", "the wall"))


WORDS = st.lists(st.sampled_from(["a", "b", "c", "Ä"]), max_size=12)


@given(phrase=st.lists(st.sampled_from(["a", "b", "c", "Ä"]), min_size=3, max_size=6), words=WORDS)
def test_what_is_near_is_one_word_off(phrase, words):
    text = " ".join(words)
    spans = list(near(" ".join(phrase), text))
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for span in spans:
        said = text[span.start : span.end].split()
        others = [said[:at] + said[at + 1 :] for at in range(len(said))] if len(said) > len(phrase) else None
        less = [phrase[:at] + phrase[at + 1 :] for at in range(len(phrase))]
        if others is not None:
            assert phrase in others
        elif len(said) < len(phrase):
            assert said in less
        else:
            assert sum(one != other for one, other in zip(said, phrase, strict=True)) == 1
