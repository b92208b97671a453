from __future__ import annotations

import random

import pytest

from benchmarks.followups import Histories, longest_word
from qa.evaluation.schema import Query, Suite
from qa.schema import Answer
from tests.qa.briefs import BRIEF, quote

QUERIES = tuple(Query(str(number), f"What is word{number}?") for number in range(8))
SUITE = Suite("many", QUERIES, {query.id: {f"doc-{query.id}": 1} for query in QUERIES[:7]})
ONE = Suite("one", QUERIES[:2], {"0": {BRIEF.id: 1}, "1": {BRIEF.id: 1}})
QUOTED = Answer("Who?", "Who?", "answered", quotes=(quote(BRIEF, "In response", "useless.", 1),))


def test_turns_are_about_other_documents_of_the_suite() -> None:
    drawn = Histories(SUITE, [SUITE], 6, random.Random(1)).draw(QUERIES[3], QUOTED)
    assert sorted(drawn) == [query.text for query in QUERIES[:7] if query.id != "3"]


def test_turns_are_of_another_suite_where_one_has_too_few_documents() -> None:
    drawn = Histories(ONE, [ONE, SUITE], 5, random.Random(1)).draw(QUERIES[0], QUOTED)
    assert len(set(drawn)) == 5
    with pytest.raises(SystemExit, match="--turns-of"):
        Histories(ONE, [ONE], 5, random.Random(1)).draw(QUERIES[0], QUOTED)


def test_a_question_is_reduced_to_its_longest_word() -> None:
    assert longest_word("What did the premiums cost?") == "premiums"
