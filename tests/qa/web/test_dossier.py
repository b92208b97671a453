"""The Dossiers pages and the menu of *Keep*, as the server renders them."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from qa.desk.stored_conversations import new_id
from qa.schema import Answer, Filters, Quote
from qa.web.shown import remember, to_remember
from tests.qa.tiny import write
from tests.qa.web.served import app_over
from tests.qa.web.test_dossiers import BASE, ROUTE, TEXT, add, citation, client, corpus, made
from tests.qa.web.test_history import engine_over

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.web.engine import Engine

__all__ = ["client", "corpus"]
HOSTILE = "<script>window.canary = 1</script><img src=x onerror=alert(1)> {{ 7*7 }}"


@pytest.fixture
def engine(corpus: Corpus) -> Engine:
    return engine_over(corpus)


def answered(engine: Engine, outcome: str = "answered", question: str = "When was it dredged?") -> str:
    """The id of an answer that was shown: it quotes the first sentence of a.txt, or nothing."""
    document = engine.corpus.document("a.txt")
    quotes = (Quote(document, 0, 33),) if outcome == "answered" else ()
    filters = Filters(publisher="IFES")
    shown = Answer(question, question, outcome, quotes=quotes, filters=filters)  # type: ignore[arg-type]
    return remember(engine, to_remember(shown, (), 3, dt.datetime(2026, 11, 27, tzinfo=dt.UTC)))


def read(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_list_says_what_a_dossier_is_until_there_is_one(client: TestClient, corpus: Corpus) -> None:
    assert "A dossier collects quotes for a report." in client.get("/dossiers").text
    assert client.get("/dossier").text == client.get("/dossiers").text
    dossier = made(client)
    add(client, dossier, kind="quote", citation=citation(corpus))
    page = client.get("/dossiers").text
    assert "A dossier collects quotes" not in page
    assert "Harbours One quote · changed today, " in read(page)
    assert f'href="/dossiers/{dossier}"' in page
    assert '<a href="/dossiers" aria-current="page">' in page


def test_a_dossier_shows_its_entries_in_order_and_what_has_become_of_them(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    dossier = made(client)
    add(client, dossier, kind="heading", words="Works")
    filters = {"publisher": "IFES", "document": ["b.txt"]}
    add(client, dossier, kind="quote", citation=citation(corpus), question="When?", filters=filters)
    add(client, dossier, kind="quote", citation=citation(corpus, "b.txt", 0, 20))
    add(client, dossier, kind="question", question="Who paid?")
    add(client, dossier, kind="note", words="\nMine <b>alone</b>.")
    page = client.get(f"/dossiers/{dossier}").text
    assert TEXT[:33] in page
    told = read(page)
    assert "Asked: When? · only publisher IFES, document “b” · " in told
    assert "Asked: Who paid? · " in told
    assert "No answer found in the documents searched." in told
    assert told.index("Analyst’s heading Works") < told.index("[1]") < told.index("[2]")
    assert "Analyst’s note Mine <b>alone</b>." in told
    assert told.count("Kept without a question") == 1  # the quote that no question found
    corpus.index(write(inbox, "a.txt", TEXT.replace("March", "May")))
    corpus.purge(["b.txt"])
    told = read(client.get(f"/dossiers/{dossier}").text)
    assert "One quote · 1 superseded · 1 more purged" in told
    assert re.search(r"Superseded on [^.]*\. The present text has other words\.", told)
    assert re.search(r"Purged on [^:]*: the document of this quote was erased for good\.", told)
    assert TEXT[:33] in told
    assert "ferry" not in told


def test_what_is_in_a_dossier_runs_nothing(client: TestClient, corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "c.md", f"---\ntitle: '{HOSTILE}'\n---\n\nIt rained. {HOSTILE}\r\n"))
    dossier = made(client, HOSTILE)
    end = len(corpus.document("c.md").text)
    add(client, dossier, kind="quote", citation=citation(corpus, "c.md", 0, end), question=f"{HOSTILE}?")
    add(client, dossier, kind="note", words=f"{HOSTILE}</textarea>")
    add(client, dossier, kind="heading", words=HOSTILE)
    for path in ("/dossiers", f"/dossiers/{dossier}", "/parts/keep"):
        reply = client.get(path)
        assert "<script>window" not in reply.text
        assert "<img" not in reply.text
        assert HOSTILE in unescape(reply.text)
        assert "script-src 'self';" in reply.headers["Content-Security-Policy"]


def test_a_quote_is_kept_with_what_its_answer_was_asked(corpus: Corpus, engine: Engine) -> None:
    with TestClient(app_over(engine), base_url=BASE) as client:
        dossier, answer, place = made(client), answered(engine), citation(corpus)
        assert client.get(f"{ROUTE}/kept", params={"answer": answer}).json() == {"question": [], "quotes": {}}
        link = f"{BASE}/#cite={place}&document=a.txt"
        entry = add(client, dossier, kind="quote", citation=link, answer=answer)["entry"]
        held = {"dossier": dossier, "name": "Harbours", "entry": entry}
        for query in ({"answer": answer}, {"citation": link}):
            kept = client.get(f"{ROUTE}/kept", params=query).json()
            assert kept == {"question": [], "quotes": {place: [held]}}
        (told,) = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
        assert (told["question"], told["outcome"]) == ("When was it dredged?", "answered")
        assert (told["filters"], told["asked"]) == ({"publisher": ["IFES"]}, "2026-11-27T00:00:00+00:00")
        menu = client.get("/parts/keep", params={"answer": answer, "citation": link}).text
        assert f'data-dossier="{dossier}" data-entry="{entry}" aria-pressed="true"' in menu
        client.delete(f"{ROUTE}/{dossier}/entries/{entry}")
        assert client.get(f"{ROUTE}/kept", params={"citation": link}).json()["quotes"] == {}


def test_that_nothing_was_found_is_kept_and_not_of_an_answer(corpus: Corpus, engine: Engine) -> None:
    with TestClient(app_over(engine), base_url=BASE) as client:
        dossier, answer = made(client), answered(engine, "none")
        entry = add(client, dossier, kind="question", answer=answer)["entry"]
        kept = client.get(f"{ROUTE}/kept", params={"answer": answer}).json()
        assert kept["question"] == [{"dossier": dossier, "name": "Harbours", "entry": entry}]
        menu = client.get("/parts/keep", params={"answer": answer}).text
        assert f'data-entry="{entry}"' in menu
        for wrong, status in ((answered(engine), 400), ("never", 404)):
            body = {"kind": "question", "answer": wrong}
            assert client.post(f"{ROUTE}/{dossier}/entries", json=body).status_code == status


def test_a_deleted_dossier_and_what_is_none_are_told_as_pages(client: TestClient) -> None:
    browser = {"Accept": "text/html"}
    dossier = made(client)
    client.delete(f"{ROUTE}/{dossier}")
    assert "There is no such page" in client.get(f"/dossiers/{dossier}", headers=browser).text
    assert client.get("/dossiers/x", headers=browser).status_code == 400
    assert client.get(f"/dossiers/{new_id()}", headers=browser).status_code == 404


def test_strangers_see_no_dossier_and_no_controls(corpus: Corpus) -> None:
    kept = corpus.desk.dossiers.create("Harbours").id
    engine = engine_over(corpus, may_change=False)
    with TestClient(app_over(engine), base_url=BASE) as client:
        for path in ("/dossiers", f"/dossiers/{kept}"):
            page = client.get(path).text
            assert "This server keeps no dossiers" in page
            assert "Harbours" not in page
            assert "<form" not in page
        assert client.get("/parts/keep").status_code == 403
        assert client.get(f"{ROUTE}/kept").status_code == 403
        source = client.get(f"/parts/sources/{citation(corpus)}").text
        assert "Copy quote" in source
        assert "Keep" not in source
