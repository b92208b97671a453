from __future__ import annotations

import pytest

from qa.text.about import asked_of_document, kinds_named

ASKED = {
    "Who wrote the letter on the pier?": "author",
    "Name the author of the 2008 bulletin": "author",
    "Who drafted it?": "author",
    "Who published the survey of quays?": "publisher",
    "On which date was the circular issued?": "publisher",
    "When is the memo dated?": "date",
    "Number of the bulletin on wages?": "number",
    "What is the title of the paper on the ferry?": "title",
    "In which series did the report appear?": "series",
    "To whom is the complaint addressed?": "addressee",
    "Who sent the e-mail about the cranes?": "sender",
    "Where was the dispatch of May filed from?": "place",
}


@pytest.mark.parametrize(("question", "first"), ASKED.items(), ids=ASKED)
def test_what_a_question_may_ask_of_a_document(question: str, first: str) -> None:
    assert asked_of_document(question)[0] == first


@pytest.mark.parametrize(
    "question", ["How deep is the basin?", "Did the union accept the offer?", "Why was the ferry late?", "?"]
)
def test_most_questions_ask_for_nothing_of_a_document(question: str) -> None:
    assert asked_of_document(question) == ()


def test_only_a_question_that_names_a_kind_of_document_surely_asks_for_a_fact_about_it() -> None:
    assert asked_of_document("Who wrote about the pier?", surely=True) == ()
    assert asked_of_document("Who wrote the letter about the pier?", surely=True) == ("author",)
    assert asked_of_document("When was the letter written?", surely=True) == ("author", "date")


def test_the_kinds_of_document_that_a_question_names() -> None:
    assert kinds_named("Which E-mails and letters came before the judgment?") == {
        "e-mails",
        "letters",
        "judgment",
    }
    assert kinds_named("How deep is the basin?") == set()
