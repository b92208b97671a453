from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa.document.context import MOST, WORDS, introductions
from qa.text.terms import content_words, measure

MASTER = "Captain Hall is the master of the Orient."
PAID = "The master was paid nine dollars."


def test_the_sentence_is_taken_that_names_what_the_question_names_and_the_window_does_not() -> None:
    before = ["The harbour was full.", MASTER, "It was cold in June."]
    assert introductions("What was Captain Hall paid?", PAID, before) == [1]
    assert introductions("What was Captain Hall paid?", f"{MASTER} {PAID}", before) == []
    assert introductions("What was the master paid?", PAID, before) == []


def test_of_sentences_that_say_as_much_the_nearest_is_taken_and_they_come_in_their_order() -> None:
    before = [MASTER, "Hall left.", "The Orient burned.", "Captain Hall wept.", "Rain fell."]
    assert introductions("When did Captain Hall die?", PAID, before) == [3]
    assert introductions("When did Captain Hall of the Orient lose his pay in the rain?", PAID, before) == [
        0,
        4,
    ]


def test_a_sentence_too_long_to_be_read_beside_is_passed_over() -> None:
    long = f"Captain Hall {'and so on ' * WORDS}."
    assert introductions("What was Captain Hall paid?", PAID, ["Hall left.", long]) == [0]


WORD = st.sampled_from("hall orient master paid harbour cold ship crew rope sail".split())
TEXT = st.lists(WORD, max_size=12).map(" ".join)


@given(TEXT, TEXT, st.lists(TEXT, max_size=80))
def test_no_more_is_taken_than_may_be_and_each_adds_a_word(
    question: str, window: str, before: list[str]
) -> None:
    found = introductions(question, window, before)
    assert found == sorted(set(found))
    assert len(found) <= MOST
    assert sum(measure(before[at]) for at in found) <= WORDS
    missing = set(content_words(question)) - set(content_words(window))
    assert all(missing & set(content_words(before[at])) for at in found)
