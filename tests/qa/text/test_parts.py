from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.parts import LONGEST, MOST, parts
from qa.text.question import ParsedQuestion
from tests.conftest import ROOT

SUITES = ROOT / "tests" / "suites"


def asked(question: str) -> list[str]:
    return [part.question.text for part in parts(ParsedQuestion(question))]


@pytest.mark.parametrize(
    ("question", "each"),
    [
        ("Who opened it, and who paid?", ["Who opened it?", "Who paid?"]),
        ("who was jim thorpe and what did he do", ["Who was jim thorpe?", "What did he do?"]),
        ("What did Kuhn say and did he resign?", ["What did Kuhn say?", "Did he resign?"]),
        ("Was it repaired, and at what cost?", ["Was it repaired?", "At what cost was it repaired?"]),
        (
            "When was the bridge opened, and by whom?",
            ["When was the bridge opened?", "By whom was the bridge opened?"],
        ),
        (
            "At what age did she start and in what role?",
            ["At what age did she start?", "In what role did she start?"],
        ),
        ("When and where was it sunk?", ["When was it sunk?", "Where was it sunk?"]),
        (
            "When, where and by whom was he shot?",
            ["When was he shot?", "Where was he shot?", "By whom was he shot?"],
        ),
        (
            "How many passengers and how many lorries were aboard?",
            ["How many passengers were aboard?", "How many lorries were aboard?"],
        ),
        (
            "How many people died and how many were hurt in Rome?",
            ["How many people died?", "How many were hurt in Rome?"],
        ),
        ("How did it end? And what was the outcome?", ["How did it end?", "What was the outcome?"]),
        (
            "How much did both the Lajeado dam and the Guddu barrage cost?",
            ["How much did the Lajeado dam cost?", "How much did the Guddu barrage cost?"],
        ),
    ],
)
def test_a_question_that_asks_for_several_things_is_taken_apart(question: str, each: list[str]) -> None:
    assert asked(question) == each


@pytest.mark.parametrize(
    ("question", "each"),
    [
        (
            "Which was larger, the dam or the barrage?",
            ["How large was the dam?", "How large was the barrage?"],
        ),
        ("Which of the two is older: the dam or the mill?", ["How old is the dam?", "How old is the mill?"]),
        (
            "The dam or the barrage: which was completed earlier?",
            ["When was The dam completed?", "When was the barrage completed?"],
        ),
        (
            "Which strike lasted longer, the German one or the Greek one?",
            ["The German strike lasted how long?", "The Greek strike lasted how long?"],
        ),
        ("Who got more votes, Ann or Luis?", ["Ann got how many votes?", "Luis got how many votes?"]),
        (
            "Which was more expensive, the ship or the plane?",
            ["How expensive was the ship?", "How expensive was the plane?"],
        ),
        ("Was the dam older than the mill?", ["How old was the dam?", "How old was the mill?"]),
        (
            "Did more people die in Rome than in Pisa?",
            ["How many people die in Rome?", "How many people die in Pisa?"],
        ),
        (
            "Were more homes destroyed in Rome than in Pisa?",
            ["How many homes were destroyed in Rome?", "How many homes were destroyed in Pisa?"],
        ),
    ],
)
def test_of_a_comparison_each_thing_is_asked_for(question: str, each: list[str]) -> None:
    assert asked(question) == each


def test_a_part_has_the_words_of_the_question_that_ask_for_it() -> None:
    words = [part.words for part in parts(ParsedQuestion("Which is older, the dam or the mill?"))]
    assert words == ["the dam", "the mill"]
    assert [part.words for part in parts(ParsedQuestion("When was it opened, and by whom?"))] == [
        "When was it opened",
        "by whom",
    ]


@pytest.mark.parametrize(
    "question",
    [
        "Who opened the bridge?",
        # What looks like a second question may belong to a clause or a noun.
        "Who is the man who opened the bridge and who paid for it?",
        "Who knows when and where the talks will be held?",
        "Who was mayor when the dam broke, and who paid?",
        "Is there a plan that says who pays and when they do?",
        "What was the name of the man that sailed and what did he carry?",
        "Which ship ran aground and was towed?",
        "Who asked what and when?",
        # One answer that is true of both.
        "Which problem has both inflationary and deflationary impacts?",
        "When was the first virus found in both plants and animals?",
        # No comparison of two things.
        "Was the flood worse than the government admitted?",
        "Is wellington in the north or south island?",
        "Which is more costly, formal, or informal imperialism?",
        "Why is the first count so much larger than the second?",
        "Did the state give its consent to, or put money into, the deal?",
        "Which was larger, the one in Rome or the one in Pisa?",
        "Which was larger, this one or the other?",
        # Not a question word for the other clause's verb.
        "Is it a paid service and how much?",
        "Who and under what circumstances can file for it?",
        # What is said around a question, and what is to be found word for word.
        "The dam broke. Who noticed, and who rang?",
        'Who said "it broke", and who rang?',
        "Is the data safe? How do I know?",
        "name both the plant that was gutted and the office",
        "and who arrested them?",
        "",
        "?",
    ],
)
def test_in_doubt_a_question_stays_whole(question: str) -> None:
    assert parts(ParsedQuestion(question)) == ()


def test_a_story_stays_whole() -> None:
    assert parts(ParsedQuestion(f"Who opened {'it ' * 200}, and who paid?")) == ()
    assert LONGEST < 1_000


@given(st.text(max_size=200) | st.text("whoandwe? ,", max_size=200))
def test_whatever_is_asked_has_no_part_or_two_or_three(question: str) -> None:
    found = parts(ParsedQuestion(question))
    assert len(found) != 1
    assert len(found) <= MOST
    for part in found:
        assert part.question.text.endswith("?")
        assert part.words in " ".join(question.split())


# Of all questions of the suites that ship these are taken apart; each was looked at.
TAKEN_APART = {
    "news": {"n026", "n086", "n114"},
    "nk_brief": {"b40", "b43"},
    "nk_brief_heldout": {"h42", "h43", "h44"},
}


@pytest.mark.parametrize("suite", TAKEN_APART)
def test_of_the_questions_of_the_suites_few_are_taken_apart(suite: str) -> None:
    lines = (SUITES / suite / "queries.jsonl").read_text("utf-8").splitlines()
    queries = map(json.loads, lines)
    assert {query["_id"] for query in queries if parts(ParsedQuestion(query["text"]))} == TAKEN_APART[suite]
