from __future__ import annotations

import pytest

from qa.text.about import asked_by_patterns, asked_by_words, asked_of_document, fact_asked, kinds_named

ASKED = {
    "Who wrote the letter on the pier?": "author",
    "Name the author of the 2008 bulletin": "author",
    "Who drafted the report?": "author",
    "poster on the cranes - authors": "author",
    "Who published the survey of quays?": "publisher",
    "On which date was the circular issued?": "date",
    "issuing office of the notice": "publisher",
    "When is the memo dated?": "date",
    "Number of the bulletin on wages?": "number",
    "What is the title of the paper on the ferry?": "title",
    "In which series did the report appear?": "series",
    "To whom is the letter addressed?": "addressee",
    "Who sent the e-mail about the cranes?": "sender",
    "Where was the dispatch of May filed from?": "place",
}


@pytest.mark.parametrize(("question", "fact"), ASKED.items(), ids=ASKED)
def test_what_a_question_may_ask_of_a_document(question: str, fact: str) -> None:
    assert fact in asked_of_document(question)


@pytest.mark.parametrize(
    "question",
    [
        "How deep is the basin?",
        "Did the union accept the offer?",
        "Why was the ferry late?",
        "?",
        "When was the order issued?",
        "In what year does the brief think that the trade began?",
        "When did the fire at the works break out?",
        "For which country were they heading for?",
        "Why do the authors reject the idea?",
        "What number of boats does the bulletin say were lost?",
        "Which company was named by the bulletin as the owner?",
        "Does the circular say that no family loses aid?",
    ],
)
def test_most_questions_ask_for_nothing_of_a_document(question: str) -> None:
    assert asked_by_patterns(question) == ()


BY_WORDS = {
    "project number, ferry demand to 2040": "number",
    "Under which number is the map of eels kept?": "number",
    "To whom was it presented?": "addressee",
    "From which office does the notice on eels come?": "sender",
}


@pytest.mark.parametrize(("question", "fact"), BY_WORDS.items(), ids=BY_WORDS)
def test_words_tell_what_no_pattern_tells(question: str, fact: str) -> None:
    assert fact not in asked_by_patterns(question)
    assert fact in asked_by_words(question)


@pytest.mark.parametrize(
    "question",
    ["How deep is the basin?", "When did the fire at the works break out?", "Who founded it?", "", "?"],
)
def test_words_of_most_questions_ask_for_nothing_of_a_document(question: str) -> None:
    assert asked_by_words(question) == ()


def test_the_words_of_a_long_text_ask_for_nothing() -> None:
    assert asked_by_words("project number, ferry demand to 2040 " * 3)
    assert not asked_by_words("project number, ferry demand to 2040 " * 9)


def test_asked_by_whom_it_was_published_a_question_asks_for_that_whatever_its_time() -> None:
    assert "publisher" in asked_of_document("Which institute published the most recent report on wheat?")
    assert "publisher" not in asked_by_patterns("When was the report on wheat published?")


SURELY = {
    "Who wrote the letter about the pier?": ("author", "letter"),
    "Who wrote the e-mail that told the crews of the strike?": ("author", "e-mail"),
    "Full name of whoever sent the mail about the tonnes?": ("author", "mail"),
    "Who is named as author of the file holding the contract?": ("author", "file"),
    "By whom was the report on wages written?": ("author", "report"),
    "When was the letter written?": ("date", "letter"),
    "What day was the sister's mail about the failed pump sent?": ("date", "mail"),
    "On which date did the union send its members the mail about the settlement?": ("date", "mail"),
    "When was the harbour report published?": ("date", "report"),
    "Who published the report on the harbour?": ("publisher", "report"),
}


@pytest.mark.parametrize(("question", "asked"), SURELY.items(), ids=SURELY)
def test_the_fact_that_a_question_surely_asks_for(question: str, asked: tuple[str, str]) -> None:
    assert fact_asked(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote about the pier?",
        "Who signed the treaty on the pier?",
        "When will work on the pier begin?",
        "When will the ship return to Velmar?",
        "Who drafted the bill on wages?",
        "Was the e-mail on the pier sent by Bob?",
        "How old is the author of the e-mail?",
        "Who translated the e-mail on the pier?",
        "Who was the e-mail on the pier written for?",
        "When did the report say that the pier would open?",
        "Which number has the e-mail on the pier?",
        "Where was the letter sent?",
    ],
)
def test_no_fact_is_surely_asked_for(question: str) -> None:
    assert fact_asked(question) is None


def test_the_kinds_of_document_that_a_question_names() -> None:
    assert kinds_named("Which E-mails and letters came before the judgment?") == {
        "e-mails",
        "letters",
        "judgment",
    }
    assert kinds_named("How deep is the basin?") == set()
