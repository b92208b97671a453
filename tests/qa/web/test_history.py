"""Conversations over HTTP: listed, searched, renamed, deleted and exported."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from qa.desk.stored_conversations import new_id
from qa.places import shipped_corpus
from qa.web.api import create_app
from qa.web.engine import Engine, State
from tests.qa.desk.test_conversations import TEXT, WHO, quote, turn
from tests.qa.tiny import tiny_corpus, words, write
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

BASE = "http://127.0.0.1:7860"
ROUTE = "/api/v1/conversations"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(
            write(inbox, "a.txt", TEXT), write(inbox, "b.txt", "A ferry sank in the harbour of June.\n")
        )
        yield corpus


def engine_over(corpus: Corpus, *, may_change: bool = True) -> Engine:
    engine = Engine(corpus.library, shipped_corpus(), may_change=may_change)
    engine._corpus = corpus
    engine._settle(State("ready"))
    return engine


@pytest.fixture
def client(corpus: Corpus) -> Iterator[TestClient]:
    with TestClient(app_over(engine_over(corpus)), base_url=BASE) as client:
        yield client


def found(client: TestClient, **query: object) -> list[str]:
    reply = client.get(ROUTE, params=query).json()
    return [each["id"] for each in reply["conversations"]]


def test_conversations_are_listed_the_last_changed_first_in_parts(client: TestClient, corpus: Corpus) -> None:
    assert client.get(ROUTE).json() == {"conversations": [], "total": 0, "complete": True}
    ids = [new_id() for _ in range(3)]
    for minutes, each in enumerate(ids):
        corpus.desk.conversations.keep(each, turn(f"Question {minutes}?", minutes=minutes))
    assert found(client) == ids[::-1]
    assert found(client, limit=1, offset=1) == [ids[1]]
    assert client.get(ROUTE, params={"limit": 1}).json()["total"] == 3
    assert found(client, id=ids[0]) == [ids[0]]
    assert found(client, id=new_id()) == []


def test_what_one_search_has_read_the_page_does_not_read_again(
    client: TestClient, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.desk.conversations.keep(new_id(), turn(WHO, quote(corpus, "a.txt")))
    assert len(found(client, q="dredged")) == 1

    def read(*_: str) -> None:
        pytest.fail("the text of a quote was read twice")

    monkeypatch.setattr(type(corpus), "cited", read)
    assert "One conversation" in client.get("/history", params={"q": "dredged"}).text


def test_a_search_finds_names_questions_and_words_of_quotes(client: TestClient, corpus: Corpus) -> None:
    kept, one, two = corpus.desk.conversations, new_id(), new_id()
    kept.keep(one, turn(WHO, quote(corpus, "a.txt")))
    kept.keep(two, turn("What sank?", quote(corpus, "b.txt"), minutes=1))
    assert found(client, q="HARBOUR") == [two, one]
    assert found(client, q="harbour told") == [one]
    assert found(client, q="dredged march") == [one]
    assert found(client, q="sank") == [two]
    assert found(client, q="zebra") == []
    kept.rename(one, "Zebras")
    assert found(client, q="zebra") == [one]
    assert found(client, q="told") == [one]


def test_a_search_shows_the_question_that_holds_most_of_the_words_and_leads_to_it(
    client: TestClient, corpus: Corpus
) -> None:
    kept, one = corpus.desk.conversations, new_id()
    for minutes, (question, document) in enumerate(
        [("Who was told?", "b.txt"), ("Which <b>ferry</b>?", "b.txt"), ("And the wells?", "a.txt")]
    ):
        kept.keep(one, turn(question, quote(corpus, document), minutes=minutes))
    link = f'href="/?conversation={one}'
    for query, place, marked in (
        ("b FERRY", 2, "Which &lt;<mark>b</mark>&gt;<mark>ferry</mark>&lt;/<mark>b</mark>&gt;?"),
        ("dredged", 3, "And the wells?"),  # which a quote of its answer holds
    ):
        shown = client.get("/history", params={"q": query}).text
        assert f'{link}#question-{place}"' in shown
        assert f"<q>{marked}</q>" in shown
    shown = client.get("/history", params={"q": "told"}).text
    assert f'{link}#question-1"' in shown
    assert "Who was <mark>told</mark>?</a>" in shown
    kept.rename(one, "Zebras")
    assert f'{link}"' in client.get("/history", params={"q": "zebras"}).text


def test_a_search_finds_no_word_of_what_was_purged(client: TestClient, corpus: Corpus) -> None:
    corpus.desk.conversations.keep(new_id(), turn("What?", quote(corpus, "b.txt")))
    assert len(found(client, q="ferry")) == 1
    corpus.purge(["b.txt"])
    assert found(client, q="ferry") == []


def test_a_conversation_is_renamed_deleted_and_put_back(client: TestClient, corpus: Corpus) -> None:
    corpus.desk.conversations.keep(one := new_id(), turn(WHO))
    path = f"{ROUTE}/{one}"
    assert client.get(path).json()["name"] == WHO
    assert client.patch(path, json={"name": "Mine"}).json()["name"] == "Mine"
    assert client.delete(path).json()["name"] == "Mine"
    gone = client.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "conversation_not_found")
    assert client.delete(path).status_code == 404
    assert client.post(f"{path}/restore").json()["questions"] == 1
    assert found(client) == [one]
    assert client.patch(path, json={"name": "x" * 201}).status_code == 400


def test_its_turns_have_their_quotes_and_what_became_of_these(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    corpus.desk.conversations.keep(
        one := new_id(), turn(WHO, quote(corpus, "a.txt"), quote(corpus, "b.txt", 2))
    )
    corpus.index(write(inbox, "a.txt", "Another text altogether, of another harbour.\n"))
    corpus.purge(["b.txt"])
    (told,) = client.get(f"{ROUTE}/{one}/turns").json()
    assert told["answer"]["question"] == WHO
    assert [each["text"] for each in told["answer"]["quotes"]] == [TEXT[:32]]
    ((place, fate),) = told["since"].items()
    assert fate.startswith("superseded on ")
    assert place.endswith("/0-32")
    assert [each["number"] for each in told["purged"]] == [2]


def test_it_is_exported_as_the_file_that_save_writes(client: TestClient, corpus: Corpus) -> None:
    corpus.desk.conversations.keep(one := new_id(), turn("Who <b>knew</b>?", quote(corpus, "a.txt")))
    reply = client.get(f"{ROUTE}/{one}/export")
    assert reply.headers["content-disposition"] == 'attachment; filename="pullquote-2026-11-28.html"'
    assert "Who&#32;&lt;b&gt;knew&lt;/b&gt;?" in reply.text.replace(" ", "&#32;")
    assert "The harbour was dredged in March" in reply.text


@pytest.mark.parametrize("wrong", ["x", "..%2f..%2fetc", "a" * 17, "é" * 16])
def test_what_is_no_id_is_refused(client: TestClient, wrong: str) -> None:
    for path in (f"{ROUTE}/{wrong}", f"{ROUTE}/{wrong}/turns"):
        assert client.get(path).status_code in (400, 404)


def test_where_others_can_reach_the_server_and_may_change_nothing_there_is_no_history(corpus: Corpus) -> None:
    corpus.desk.conversations.keep(one := new_id(), turn(WHO))
    app = create_app(engine_over(corpus, may_change=False), "127.0.0.1")
    with TestClient(app, base_url=BASE) as client:
        for method, path in (
            ("GET", ROUTE),
            ("GET", f"{ROUTE}/{one}"),
            ("GET", f"{ROUTE}/{one}/turns"),
            ("GET", f"{ROUTE}/{one}/export"),
            ("PATCH", f"{ROUTE}/{one}"),
            ("DELETE", f"{ROUTE}/{one}"),
            ("POST", f"{ROUTE}/{one}/restore"),
        ):
            reply = client.request(method, path)
            assert (reply.status_code, reply.json()["code"]) == (403, "read_only_server"), (method, path)
    assert corpus.desk.conversations.info(one).name == WHO


@pytest.mark.day
@pytest.mark.slow
def test_a_search_of_a_thousand_conversations_takes_300_ms_of_processor_time(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    for number in range(200):
        write(inbox, f"many/{number}.txt", words(number, 400))
    corpus.index(inbox / "many")
    quotes = [quote(corpus, f"{number}.txt") for number in range(200)]
    for number in range(1000):
        turns = [turn(f"Question {number} {at}?", *quotes[(number + at) % 197 :][:3]) for at in range(2)]
        conversation = new_id()
        for each in turns:
            corpus.desk.conversations.keep(conversation, each)
    seconds = []
    for query in ("", "question 77", "zebra", "zebra", quotes[5].text.split()[0]):
        began = time.process_time()
        reply = client.get(ROUTE, params={"q": query})
        seconds.append(time.process_time() - began)
        assert reply.status_code == 200
    assert max(seconds) < 0.3, seconds
