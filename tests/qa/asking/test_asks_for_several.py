from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qa.asking.asks_for_several import asks_for_several
from qa.text.word_weights import features

SUITES = Path(__file__).parents[2] / "suites"

ASKS = [
    "Did the toll at the bridge go up or down between the May report and the one of June?",
    "Both notices give a price for diesel. Which is higher?",
    "crossing days on the yard notice: end of May, then mid-June",
    "The ministry and the union: what does each say of the strike?",
    "Which company owns the barges, and to whom does its director answer?",
]
ASKS_NOT = [
    "Who was arrested at the bridge?",
    "When did the strike begin?",
    "What made the police withdraw the statement?",
    "price of diesel in Velmar",
    "",
    "?",
    "${jndi:http://127.0.0.1:35423/file.txt}",
    "http://" * 280,
    f"Both notices give a price for diesel. Which is higher? {'word ' * 60}",
]


@pytest.mark.parametrize("question", ASKS)
def test_it_asks_for_several_places(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize("question", ASKS_NOT)
def test_it_asks_for_one_place(question: str) -> None:
    assert not asks_for_several(question)


@pytest.mark.parametrize(("suite", "least", "most"), [("two_part", 0.85, 1.0), ("news", 0.0, 0.1)])
def test_questions_that_it_was_not_fitted_to(suite: str, least: float, most: float) -> None:
    lines = SUITES.joinpath(suite, "queries.jsonl").read_text(encoding="utf-8").splitlines()
    taken = [asks_for_several(json.loads(line)["text"]) for line in lines]
    assert least <= sum(taken) / len(taken) <= most


def test_numbers_are_alike_and_case_does_not_count() -> None:
    assert features("Bread cost 12, then 15") == features("bread COST 3, Then 400")
    assert "cost #" in features("It cost 12")
    assert not any(re.search(r"\d", each) for each in features("From 3 to 400 in 2007"))
