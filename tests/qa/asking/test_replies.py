from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from qa.asking.replies import reply, reply_kind
from qa.schema import DocumentInfo


def info(serial: int, **changes: object) -> DocumentInfo:
    fields: dict[str, object] = {
        "id": f"brief-{serial}.txt", "title": f"Brief {serial}", "publisher": "IFES", "series": "NK Brief",
        "number": "08-4-4-1", "date": dt.date(2008, 4, 4), "url": "", "format": "text", "path": "",
        "collection": "", "sha256": "", "source_sha256": "", "characters": 1, "passages": 1, "language": "en",
    }  # fmt: skip
    return DocumentInfo(**fields | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("hello", "greeting"),
        ("Good morning!", "greeting"),
        ("Hi there, how are you?", "greeting"),
        ("Thanks a lot.", "thanks"),
        ("OK", "thanks"),
        ("What can you do?", "help"),
        ("Who are you?", "help"),
        ("what's this", "help"),
        ("Are you an AI?", "help"),
        ("Which documents do you have?", "documents"),
        ("what's in the library?", "documents"),
        ("List all documents", "documents"),
        ("How many briefs are there?", "documents"),
        ("summarise this", "summary"),
        ("Can you please summarize the brief for me?", "summary"),
        ("Give me a short summary of the document", "summary"),
        ("TL;DR", "summary"),
        ("translate this", "summary"),
        ("Translate this into German", "summary"),
        ("translate the brief to French for me, please", "summary"),
        ("Summarize the brief in three bullet points", "summary"),
        ("summarise this in 3 sentences, please", "summary"),
        ("Explain it to me in plain English", "summary"),
        ("Show me the documents please", "documents"),
        ("Which documents do you have, please?", "documents"),
        ("Hola", "greeting"),
        ("Is anyone there?", "greeting"),
        ("What can you tell me?", "help"),
        ("Who made you?", "help"),
        ("OK, thanks", "thanks"),
        ("thank you", "thanks"),
    ],
)
def test_what_is_no_question_for_the_corpus_is_recognised(message: str, kind: str) -> None:
    assert reply_kind(message) == kind


@pytest.mark.parametrize(
    "question",
    [
        "Who published this?",
        "What is this brief about?",
        "Which documents did the police seize?",
        "How many files were leaked?",
        "Who said hello to the soldiers?",
        "What help did the soldiers get?",
        "Summarise what the source said about the factory",
        "What do you know about Unit 8?",
        "Good prices for copper?",
        "Are you sure the guards were bribed?",
        "Is the test of the rocket mentioned?",
        "How does it work, smuggling by truck?",
        "Who wrote this?",
        "What can you tell me about the factory?",
        "Explain it in terms of famine",
        "Who did the smugglers thank?",
    ],
)
def test_what_could_be_a_question_about_the_documents_goes_to_the_corpus(question: str) -> None:
    assert reply_kind(question) is None


def test_the_holdings_are_named_from_metadata() -> None:
    text = reply("documents", [info(1)]).text
    assert "1 document:" in text
    assert "Brief 1, IFES, NK Brief 08-4-4-1, 4 April 2008" in text
    bare = reply("documents", [replace(info(1), series="", number="14")]).text
    assert "Brief 1, IFES, No. 14, 4 April 2008" in bare


def test_a_document_without_metadata_is_named_by_its_id() -> None:
    bare = info(1, title="", publisher="", series="", number="", date=None)
    assert reply("documents", [bare]).text.endswith("• brief-1.txt")


def test_a_long_list_is_cut_and_says_how_many_are_left() -> None:
    text = reply("documents", [info(n) for n in range(25)]).text
    assert text.count("•") == 20
    assert "5 more" in text
    assert reply("documents", [info(n) for n in range(20)], 25).text == text


def test_an_empty_library_says_how_to_fill_it() -> None:
    assert "Add documents first." in reply("documents", []).text


def test_a_request_for_a_summary_is_declined_and_told_what_works() -> None:
    text = reply("summary", [info(1)]).text
    assert "does not summarise" in text
    assert "quotes" in text
