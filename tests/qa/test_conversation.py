from __future__ import annotations

import pytest

from qa.conversation import interpret, stands_alone
from qa.schema import Turn

FIRST = "Where was the group with the scrap metal caught?"


@pytest.mark.parametrize(
    "question",
    [
        "And who arrested them?",
        "When was that?",
        "By whom?",
        "What happened to them afterwards?",
        "Where did they take it?",
        "What about soldiers?",
        "How many?",
        "Why?",
        "But who ordered this?",
        "What was the captain's name on that one?",
        "How heavy was the one in Riwon?",
    ],
)
def test_a_question_that_leans_on_an_earlier_one_does_not_stand_alone(question: str) -> None:
    assert not stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        FIRST,
        "Who published this brief?",
        "Is it true that soldiers sell scrap metal?",
        "What metals that were smuggled came from factories?",
        "Are there reports of public executions?",
        "Who is Kim?",
        "What do smugglers earn for one kilogram of copper?",
        "When did famine first spread?",
        "scrap metal prices 2008",
    ],
)
def test_a_question_with_its_own_subject_stands_alone(question: str) -> None:
    assert stands_alone(question)


def test_a_follow_up_carries_the_content_words_of_the_question_before() -> None:
    reading = interpret("And who arrested them?", [FIRST])
    assert reading.question == "And who arrested them? (group, scrap, metal, caught)"
    assert reading.variants == ("And who arrested them?", reading.question)


def test_a_follow_up_of_a_follow_up_reaches_back_to_the_question_that_stands_alone() -> None:
    reading = interpret("When was that?", ["Who ordered Kumsan closed?", FIRST, "Who arrested them?"])
    assert reading.question == "When was that? (group, scrap, metal, caught, arrested)"


def test_a_question_that_stands_alone_drops_the_history() -> None:
    question = "Which metals did smugglers collect in the 1990s?"
    assert interpret(question, [FIRST]).variants == (question,)


def test_a_first_question_is_read_as_it_is() -> None:
    assert interpret("  When was that? ").variants == ("When was that?",)


def test_small_talk_and_the_assistants_words_are_never_carried() -> None:
    history = [
        Turn("user", FIRST),
        Turn("assistant", "A quote about firing squads."),
        Turn("user", "thanks!"),
    ]
    assert interpret("When was that?", history) == interpret("When was that?", [FIRST])


def test_a_long_turn_does_not_drown_the_question() -> None:
    reading = interpret("And when?", [" ".join(f"word{n}" for n in range(500))])
    assert len(reading.question) < 200


def test_names_are_carried_as_they_were_written() -> None:
    assert (
        interpret("And when?", ["Did Hyesan and the DPRK act?"]).question == "And when? (Hyesan, DPRK, act)"
    )
