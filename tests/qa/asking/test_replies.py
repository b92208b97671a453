from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.asking.answer import Answerer
from qa.asking.replies import reply, reply_kind
from qa.schema import AskOptions, DocumentInfo, Filters
from qa.web.cards import answer_card
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def lines(name: str) -> list[str]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("request_", lines("requests.txt"))
def test_a_request_for_text_that_no_document_has_is_recognised(request_: str) -> None:
    assert reply_kind(request_) == "summary"


@pytest.mark.parametrize("question", lines("no_requests.txt"))
def test_a_question_with_the_words_of_a_request_goes_to_the_corpus(question: str) -> None:
    assert reply_kind(question) is None


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    folder = tmp_path_factory.mktemp("requests")
    records = [
        {
            "_id": "ferry",
            "title": "Ferry crews strike in Ostrel",
            "text": "Crews of the ferry struck on Monday.",
        },
        {"_id": "grain", "title": "Grain prices in Marnow", "text": "A sack of grain cost nine crowns."},
        {"_id": "bridge", "title": "Bridge at Tolm closed", "text": "The bridge at Tolm closed in May."},
        {"_id": "quota", "title": "The quota", "text": "The quota for herring fell by a third."},
    ]
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(write(folder, "records.jsonl", "\n".join(map(json.dumps, records))))
        yield Answerer(corpus.store, TinyReader())


def test_a_request_is_told_what_the_product_does_and_offered_the_document_it_names(harbour: Answerer) -> None:
    answer = harbour.ask("Summarise “Grain prices in Marnow” in three bullet points")
    assert (answer.outcome, answer.quotes, answer.confidence) == ("none", (), 0.0)
    assert answer.reply
    assert answer.reply.documents == ("grain",)
    assert answer.reply.text.startswith("Pullquote does not do this")
    assert answer.reply.text.endswith("The request names this; it is here to read:\n• Grain prices in Marnow")


def test_a_request_that_names_no_document_is_offered_the_nearest(harbour: Answerer) -> None:
    reply = harbour.ask("Translate the article on what the crews of ferries did into German").reply
    assert reply
    assert reply.documents[0] == "ferry"
    assert "The nearest documents, to read:\n• Ferry crews strike in Ostrel" in reply.text


def test_a_request_within_filters_is_offered_documents_within_them(harbour: Answerer) -> None:
    reply = harbour.ask("Summarise the ferry strike", options=AskOptions(Filters(document=("bridge",)))).reply
    assert reply
    assert reply.documents == ("bridge",)


def test_a_request_on_all_there_is_is_offered_all_documents(harbour: Answerer) -> None:
    reply = harbour.ask("Summarise this").reply
    assert reply
    assert reply.documents == ("bridge", "ferry", "grain", "quota")


def test_the_card_of_a_request_links_to_the_documents_and_is_no_answer(harbour: Answerer) -> None:
    card = answer_card(
        harbour.ask("Summarise “Bridge at Tolm closed”"), lambda _: pytest.fail("nothing is quoted")
    )
    assert '<a href="/documents/bridge">Bridge at Tolm closed</a>' in card
    assert "blockquote" not in card
    assert "likely answered" not in card


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
