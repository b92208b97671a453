from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking import conversation
from qa.asking.conversation import Interpretation, parse
from qa.schema import Turn
from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = "Where was the group with the scrap metal caught?"


def interpret(question: str, history: Sequence[str | Turn] = ()) -> Interpretation:
    return conversation.interpret(*parse(question, history))


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
        "When was the first one found?",
        "Did the police say no as well?",
        "Are lorries at risk too?",
        "What did they want instead?",
        "Why were the others let go?",
        "No, I meant copper",
        "Sorry, and in Hyesan?",
        "What did she say she would publish?",
        "When did Lindqvist meet her?",
        "Did Kim see them?",
        "Where in Orlava did they meet?",
        "Und wann?",
        "How rough a sea can that one take?",
        "Why does the dairy that he pointed to pay more?",
        "How many days do they take to come back?",
        "Will they come back after the harvest?",
        "Which parents had wanted it?",
        "Does the union accept it?",
        "What did they use in its place?",
        "Which countries do those come from?",
        "In the camp at Kumsan, did they sell rice?",
        "Is there such a law?",
        "What was the name of his brother?",
        "Who gave the money to her?",
        "What is missing?",
        "What was stolen?",
        "What is wrong?",
        "What is the reason?",
        "How many died?",
        "Who is next?",
    ],
)
def test_a_question_that_leans_on_an_earlier_one_does_not_stand_alone(question: str) -> None:
    assert not ParsedQuestion(question).is_standalone


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
        "Is too much scrap metal sold to China?",
        "Which other traders buy scrap metal?",
        "No trader sells copper in Hyesan",
        "What did Petra Lindqvist say she would publish?",
        "When will Lindqvist publish her minutes?",
        "Why does Kim say he was arrested?",
        "Why had the road to the dam been left in such poor condition?",
        "How did the Dutch father and son lose their lives?",
        "Where did emigrants turn up in such numbers that ballots ran out?",
        "How are rail wagons treated once they get into North Korea?",
        "Which factories use the same hot-end machine as the glassworks?",
        "By when should it be decided whether shareholders rank as creditors?",
        "Are residents descended from those buried in the cairn?",
        "Why do toilets contaminate drinking water when it pours?",
        "What did ex-staff say was the motive for Halcyon's delay in telling its members?",
        "Where do the troops get rid of what they have bought?",
        "When did the tenth traveller turn herself in?",
        "who bought the old london bridge and where is it now",
        "what is the function of insulin and where is it produced",
        "What must the yard pay if it delivers late?",
        "size of the group that was caught on the road?",
        "Which weir is to be repaired this March?",
        "Which wheat-importing country cancelled its purchases?",
        "What led the province to amend its rules on possession?",
        "Has China strengthened its own patrols?",
        "Did the French embassy say it was sheltering the president?",
        "When did the officers announce that they had deposed the president?",
        "By whom was the maker warned, and on what date did it stop deliveries?",
        "Under which statute was the former defence worker indicted?",
        "Which police officers themselves got into trouble?",
        "What made it easy for the delegation to give up the demand?",
        "premiums",
        "The harvest?",
        "Kapsan",
        "Kumsan tents",
        "What is demurrage?",
        "What's thorium?",
        "what are moraines",
        "What exactly is a chancery?",
    ],
)
def test_a_question_with_its_own_subject_stands_alone(question: str) -> None:
    assert ParsedQuestion(question).is_standalone


def test_a_follow_up_carries_the_content_words_of_the_question_before() -> None:
    reading = interpret("And who arrested them?", [FIRST])
    assert reading.question.text == "And who arrested them? (group, scrap, metal, caught)"
    texts = [text for text, _ in reading.variants]
    assert texts == ["And who arrested them?", reading.question.text, f"{FIRST} And who arrested them?"]


def test_a_follow_up_of_a_follow_up_reaches_back_to_the_question_that_stands_alone() -> None:
    reading = interpret("When was that?", ["Who ordered Kumsan closed?", FIRST, "Who arrested them?"])
    assert reading.question.text == "When was that? (group, scrap, metal, caught, arrested)"


def test_a_topic_is_that_of_the_last_question_that_stands_alone_whatever_was_asked_before() -> None:
    history = ["Wer ist Liisa Korpela?", "What colour is the sea?"]
    assert interpret("And why?", history).carried == ("colour", "sea")
    assert interpret("And why?", [*history, "premiums"]).carried == ("premiums",)
    assert interpret("And why?", [*history, "premiums", "And later?"]).carried == ("premiums", "later")


def test_a_remark_sets_no_topic() -> None:
    history = ["Who ran the Kumsan tents?", "Good to know.", "I need to find out."]
    assert interpret("When were they closed?", history).carried[:3] == ("ran", "Kumsan", "tents")


def test_a_new_topic_leaves_the_words_of_the_one_before_behind() -> None:
    reading = interpret("And when?", ["Who ordered Kumsan closed?", "Which ships did Hamhung lose?"])
    assert reading.question.text == "And when? (ships, Hamhung, lose)"


def test_what_was_asked_long_ago_is_forgotten() -> None:
    reading = interpret("And when?", ["Who ordered Kumsan closed?", *["And how?", "Why?"] * 3])
    assert not any("Kumsan" in text for text, _ in reading.variants)


def test_a_question_that_stands_alone_is_shown_and_asked_as_it_is() -> None:
    question = "Which metals did smugglers collect in the 1990s?"
    assert interpret(question, [FIRST]).question.text == question


def test_a_question_that_stands_alone_can_be_searched_in_context_too() -> None:
    question = "Which metals did smugglers collect in the 1990s?"
    context = conversation.after(*parse(question, [FIRST]))
    assert context
    texts = [text for text, _ in context.variants]
    assert texts == [question, f"{question} (group, scrap, metal, caught)", f"{FIRST} {question}"]


def test_a_question_in_context_counts_less_than_its_context() -> None:
    leaning = interpret("And who arrested them?", [FIRST]).variants
    assert all(leaning[0][1] < weight for _, weight in leaning[1:])


QUESTIONS = st.text() | st.sampled_from(
    [FIRST, "And when?", "Who was fined in 2012?", "premiums", "Kapsan", "Wer ist Liisa Korpela?", "Why?"]
)


@given(QUESTIONS, st.lists(QUESTIONS))
def test_a_question_is_read_as_in_a_fresh_conversation_unless_it_says_what_it_carries(
    question: str, history: list[str]
) -> None:
    reading, fresh = interpret(question, history), interpret(question)
    if fresh.asked.is_standalone:
        assert reading == fresh
    if reading.carried:
        assert reading.question.text == f"{fresh.question.text} ({', '.join(reading.carried)})"
    else:
        assert reading == fresh


def test_function_words_of_other_languages_are_not_carried() -> None:
    reading = interpret("And when?", ["Wer ist Liisa Korpela?"])
    assert reading.question.text == "And when? (Liisa, Korpela)"


def test_a_word_is_carried_once_however_it_was_written() -> None:
    assert interpret("And when?", ["Did Hyesan act?", "And hyesan again?"]).question.text.count("yesan") == 1


def test_a_question_that_has_the_words_itself_carries_nothing() -> None:
    question = "And was the group with the scrap metal caught?"
    assert interpret(question, [FIRST]) == interpret(question)


def test_a_first_question_is_read_as_it_is() -> None:
    assert interpret("  When was that? ").variants == (("When was that?", 1.0),)


def test_small_talk_and_the_assistants_words_are_never_carried() -> None:
    history = [
        Turn("user", FIRST),
        Turn("assistant", "A quote about firing squads."),
        Turn("user", "thanks!"),
    ]
    assert interpret("When was that?", history) == interpret("When was that?", [FIRST])


def test_a_long_turn_does_not_drown_the_question() -> None:
    reading = interpret("And when?", [" ".join(f"word{n}" for n in range(500))])
    assert len(reading.question.text) < 200
    after = reading.variants[-1][0]
    assert after.endswith("word499 And when?")
    assert len(after.split()) < 150, "or the encoder, which reads 256 tokens, would not come to the question"


def test_names_are_carried_as_they_were_written() -> None:
    assert (
        interpret("And when?", ["Did Hyesan and the DPRK act?"]).question.text
        == "And when? (Hyesan, DPRK, act)"
    )


def test_of_the_times_named_before_only_the_last_is_carried() -> None:
    asked = ["What did rice cost in March 2008?", "And in 2007?"]
    assert interpret("And for corn?", asked).question.text == "And for corn? (rice, cost, 2007)"
    assert interpret("And in 2009?", asked).question.text == "And in 2009? (rice, cost)"
    assert interpret("And for corn?", asked[:1]).question.text == "And for corn? (rice, cost, March, 2008)"


@pytest.mark.parametrize(
    ("history", "question", "timeless"),
    [
        ([], "Who was fined since 2018?", "Who was fined?"),
        ([], "Who was fined?", "Who was fined?"),
        ([], "Who in 2008?", "Who in 2008?"),
        (["Who was fined in 2012?"], "And since 2018?", "Who was fined?"),
        (["Who was fined in 2012?", "And since 2018?"], "And in May 2019?", "Who was fined?"),
        (["Who was fined in 2012?"], "And why there?", "And why there? (fined)"),
        (["Who was fined in 2012?"], "And why in 2009?", "And why? (fined)"),
    ],
)
def test_a_question_is_read_without_a_time_too(history: list[str], question: str, timeless: str) -> None:
    assert interpret(question, history).timeless.text == timeless
