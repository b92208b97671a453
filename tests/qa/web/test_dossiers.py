"""Dossiers over HTTP: gathered, put in order, undone, exported, and closed to strangers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from qa.report.contents import entry_of
from qa.schema import Answer, Asked, AskOptions, DossierEntry, Filters, Quote, Span
from qa.web.engine import Engine
from qa.web.shown import remember, to_remember
from tests.qa.tiny import tiny_corpus, write
from tests.qa.web.served import app_over
from tests.qa.web.test_history import BASE, engine_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

ROUTE = "/api/v1/dossiers"
WHEN = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
TEXT = "The harbour was dredged in March. Nobody was told of it.\n"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", TEXT), write(inbox, "b.txt", "A ferry sank in June, they said.\n"))
        yield corpus


@pytest.fixture
def client(corpus: Corpus) -> Iterator[TestClient]:
    with TestClient(app_over(engine_over(corpus)), base_url=BASE) as client:
        yield client


def citation(corpus: Corpus, document: str = "a.txt", start: int = 0, end: int = 33) -> str:
    return f"{corpus.document(document).sha256}/{start}-{end}"


def made(client: TestClient, name: str = "Harbours") -> str:
    return str(client.post(ROUTE, json={"name": name}).json()["id"])


def add(client: TestClient, dossier: str, **body: Any) -> dict[str, Any]:
    reply = client.post(f"{ROUTE}/{dossier}/entries", json=body)
    assert reply.status_code == 200, reply.json()
    return dict(reply.json())


def kinds(client: TestClient, dossier: str) -> list[str]:
    return [each["kind"] for each in client.get(f"{ROUTE}/{dossier}").json()["in_order"]]


def test_a_dossier_is_gathered_and_read_with_its_quotes(client: TestClient, corpus: Corpus) -> None:
    dossier = made(client)
    add(client, dossier, kind="heading", words="Works")
    filters = {"publisher": "IFES", "since": "2008-04"}
    asked = {"question": "When was it dredged?", "filters": filters}
    add(client, dossier, kind="quote", citation=f"http://x/#cite={citation(corpus)}", **asked)
    add(client, dossier, kind="question", question="Who paid?")
    add(client, dossier, kind="note", words="Mine.", at=1)
    reply = client.get(f"{ROUTE}/{dossier}").json()
    note, heading, quote, question = reply["in_order"]
    assert (note["words"], heading["words"]) == ("Mine.", "Works")
    assert (quote["text"], quote["status"], quote["number"]) == (TEXT[:33], "current", 1)
    assert (quote["citation_id"], quote["after"]) == (citation(corpus), TEXT[33:])
    assert quote["filters"] == {"publisher": ["IFES"], "since": "2008-04-01"}
    assert (question["question"], question["outcome"]) == ("Who paid?", "none")
    listed = client.get(ROUTE).json()
    assert listed["total"] == 1
    assert (listed["dossiers"][0]["quotes"], listed["dossiers"][0]["entries"]) == (1, 4)


def test_entries_are_moved_changed_removed_and_put_back(client: TestClient) -> None:
    dossier = made(client)
    first = add(client, dossier, kind="note", words="Mine.")["entry"]
    add(client, dossier, kind="heading", words="Works")
    entry = f"{ROUTE}/{dossier}/entries/{first}"
    assert client.patch(entry, json={"words": "Ours.", "to": 2}).status_code == 200
    changed = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
    assert [each["words"] for each in changed] == ["Works", "Ours."]
    assert client.delete(entry).json()["entries"] == 1
    assert client.delete(entry).status_code == 404
    assert client.post(f"{entry}/restore").json()["entries"] == 2


def test_what_changes_an_entry_reads_no_others(client: TestClient, corpus: Corpus, inbox: Path) -> None:
    dossier = made(client)
    add(client, dossier, kind="quote", citation=citation(corpus))
    reply = add(client, dossier, kind="quote", citation=citation(corpus, "b.txt", 0, 20))
    assert reply.keys() == {"entry", "id", "name", "began", "changed", "quotes", "entries"}
    read: list[str] = []
    store = corpus.store
    with pytest.MonkeyPatch.context() as patch:
        cited = store.cited
        patch.setattr(
            type(store), "cited", lambda _, sha256, *rest: read.append(sha256) or cited(sha256, *rest)
        )
        add(client, dossier, kind="quote", citation=citation(corpus, "b.txt", 2, 20))
        client.patch(f"{ROUTE}/{dossier}/entries/{reply['entry']}", json={"to": 1})
        client.delete(f"{ROUTE}/{dossier}/entries/{reply['entry']}")
    assert set(read) <= {corpus.document("b.txt").sha256}


def test_a_dossier_is_renamed_deleted_and_put_back(client: TestClient) -> None:
    dossier = made(client)
    assert client.patch(f"{ROUTE}/{dossier}", json={"name": "Ports"}).json()["name"] == "Ports"
    assert client.delete(f"{ROUTE}/{dossier}").json()["name"] == "Ports"
    for route in ("", "/verify", "/export?format=md"):
        reply = client.get(f"{ROUTE}/{dossier}{route}")
        assert (reply.status_code, reply.json()["code"]) == (404, "dossier_not_found")
    assert client.post(f"{ROUTE}/{dossier}/restore").status_code == 200
    assert kinds(client, dossier) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "quote"}, 400, "bad_input"),
        ({"kind": "quote", "citation": "nowhere"}, 400, "bad_input"),
        ({"kind": "quote", "citation": f"{'0' * 64}/0-9"}, 404, "document_not_found"),
        ({"kind": "heading"}, 400, "bad_input"),
        ({"kind": "note", "words": " "}, 400, "bad_input"),
        ({"kind": "question"}, 400, "bad_input"),
        ({"kind": "question", "question": "Who paid?", "outcome": "answered"}, 400, "bad_input"),
        ({"kind": "question", "question": "?"}, 400, "bad_question"),
        ({"kind": "sermon", "words": "x"}, 400, "bad_input"),
        ({"kind": "note", "words": "x", "text": "y"}, 400, "bad_input"),
        ({"kind": "note", "words": "x", "at": 0}, 400, "bad_input"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, body: dict[str, Any], status: int, code: str
) -> None:
    reply = client.post(f"{ROUTE}/{made(client)}/entries", json=body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_quote_that_ends_within_a_line_break_is_refused_and_one_of_before_is_shown(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    corpus.index(write(inbox, "c.txt", "A train left.\r\n\r\nIt came back.\r\n"))
    dossier = made(client)
    place = citation(corpus, "c.txt", 0, 14)
    reply = client.post(f"{ROUTE}/{dossier}/entries", json={"kind": "quote", "citation": place})
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_input")
    assert "between the two characters of a line break" in reply.json()["detail"]
    corpus.desk.dossiers.add(dossier, [entry_of(Quote(corpus.document("c.txt"), 0, 14))])
    (shown,) = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
    assert shown["text"] == "A train left.\r"


def test_what_has_become_of_a_quote_is_told(client: TestClient, corpus: Corpus, inbox: Path) -> None:
    dossier = made(client)
    add(client, dossier, kind="quote", citation=citation(corpus), question="When?")
    add(client, dossier, kind="quote", citation=citation(corpus, "b.txt", 0, 20))
    assert client.get(f"{ROUTE}/{dossier}/verify").json()["counts"]["verbatim"] == 2
    corpus.index(write(inbox, "a.txt", TEXT.replace("March", "May")))
    corpus.purge(["b.txt"])
    first, second = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
    assert (first["status"], first["text"]) == ("superseded", TEXT[:33])
    assert first["fate"].startswith("superseded on ")
    assert second["status"] == "purged"
    assert "text" not in second
    judged = client.get(f"{ROUTE}/{dossier}/verify").json()
    assert (judged["counts"]["superseded"], judged["purged"]) == (1, 1)


def test_what_a_purge_takes_from_dossiers_is_told_before(client: TestClient, corpus: Corpus) -> None:
    add(client, made(client), kind="quote", citation=citation(corpus))
    assert client.get("/api/v1/documents/a.txt/purge").json()["dossiers"] == ["Harbours"]


@pytest.mark.slow
def test_a_dossier_is_exported_under_its_name_and_runs_nothing(client: TestClient, corpus: Corpus) -> None:
    pytest.importorskip("pypandoc")
    dossier = made(client, 'Häfen & "ports"')
    add(client, dossier, kind="quote", citation=citation(corpus))
    reply = client.get(f"{ROUTE}/{dossier}/export", params={"format": "html", "style": "apa"})
    assert TEXT[:33] in reply.text
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-disposition"] == (
        "attachment; filename=\"H_fen _ _ports_.html\"; filename*=UTF-8''H%C3%A4fen%20%26%20%22ports%22.html"
    )
    for query in ({"format": "exe"}, {"format": "md", "style": "/etc/passwd.csl"}, {}):
        assert client.get(f"{ROUTE}/{dossier}/export", params=query).status_code == 400


def test_strangers_neither_read_nor_change_dossiers(corpus: Corpus) -> None:
    kept = corpus.desk.dossiers.create("Harbours").id
    engine = engine_over(corpus, may_change=False)
    with TestClient(app_over(engine), base_url=BASE) as client:
        for method, route in (
            ("GET", ""),
            ("POST", ""),
            ("GET", f"/{kept}"),
            ("DELETE", f"/{kept}"),
            ("POST", f"/{kept}/entries"),
            ("GET", f"/{kept}/export?format=md"),
        ):
            reply = client.request(method, f"{ROUTE}{route}", json={"name": "x"})
            assert (reply.status_code, reply.json()["code"]) == (403, "read_only_server"), route


def test_a_question_without_an_answer_says_what_was_searched_and_is_asked_again(
    client: TestClient, corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def ask(_: Engine, question: str, earlier: Any, options: AskOptions, **__: Any) -> Answer:
        asked.append((question, earlier, options.filters, options.strictness))
        quotes = (Quote(corpus.document("c.txt"), 0, 26),) if len(asked) > 1 else ()
        outcome: Any = "answered" if quotes else "none"
        return Answer(
            question,
            question,
            outcome,
            quotes=quotes,
            filters=options.filters,
            searched=2,
            strictness=options.strictness,
        )

    monkeypatch.setattr(Engine, "ask", ask)
    dossier = made(client)
    kept = Asked("Who paid for it?", "none", Filters(language="en"), WHEN, corpus.store.generation, 2, 0.93)
    (entry,) = corpus.desk.dossiers.add(dossier, [DossierEntry("question", asked=kept)])
    (told,) = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
    assert told["said"] == "No answer found in the 2 documents searched (language en)"
    assert (told["searched"], told["strictness"]) == (2, 0.93)
    page = client.get(f"/dossiers/{dossier}").text
    assert "No answer found in the 2 documents searched (language English)." in page
    assert "28 November 2026, strictness only when sure" in page
    assert "searched then" not in page
    corpus.index(write(inbox, "c.txt", "The parish paid for it all.\n"))
    assert "2 documents were searched then; there are 3 now." in client.get(f"/dossiers/{dossier}").text
    path = f"{ROUTE}/{dossier}/entries/{entry.id}"
    again = client.post(f"{path}/ask").json()
    assert again["said"].startswith("No answer found in the 2 documents searched")
    assert asked == [("Who paid for it?", (), Filters(language="en"), 0.93)]
    assert len(corpus.desk.dossiers.entries(dossier)) == 1  # nothing is kept or replaced by asking
    renewed = client.post(f"{path}/renew", json={"answer": again["id"]}).json()
    (now,) = corpus.desk.dossiers.entries(dossier)
    assert (now.id, renewed["replaced"]) == (renewed["entry"], entry.id)
    assert now.asked is not None
    assert now.asked.generation == corpus.store.generation
    assert "searched then" not in client.get(f"/dossiers/{dossier}").text
    answered = client.post(f"{ROUTE}/{dossier}/entries/{now.id}/ask").json()
    assert (answered["said"], answered["quotes"][0]["text"]) == ("", "The parish paid for it all")
    refused = client.post(f"{ROUTE}/{dossier}/entries/{now.id}/renew", json={"answer": answered["id"]})
    assert refused.status_code == 400


def test_a_superseded_quote_takes_the_present_words_and_that_is_undone(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    dossier = made(client)
    entry = add(client, dossier, kind="quote", citation=citation(corpus), question="When?")["entry"]
    path = f"{ROUTE}/{dossier}/entries"
    assert client.post(f"{path}/{entry}/renew", json={}).json()["detail"].startswith("the quote is current")
    assert client.get(f"{ROUTE}/{dossier}/outdated").json() == {"outdated": []}
    corpus.index(write(inbox, "a.txt", "New.\n\n" + TEXT.replace("March", "early May of that year")))
    (old,) = client.get(f"{ROUTE}/{dossier}/outdated").json()["outdated"]
    assert (old["number"], old["status"], old["today"]) == (
        1,
        "superseded",
        "The present text has other words.",
    )
    assert old["present"]["text"] == "The harbour was dredged in early May of that year."
    page = client.get(f"/dossiers/{dossier}").text
    assert "Use the present words" in page
    assert page.index('id="outdated"') < page.index(">Download<")
    assert "<strong>Quote 1:</strong> superseded on " in page
    new = client.post(f"{path}/{entry}/renew", json={}).json()["entry"]
    (told,) = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
    assert (told["text"], told["status"], told["question"]) == (old["present"]["text"], "current", "When?")
    client.delete(f"{path}/{new}")
    client.post(f"{path}/{entry}/restore")
    assert [each["text"] for each in client.get(f"{ROUTE}/{dossier}").json()["in_order"]] == [TEXT[:33]]


def test_a_kept_quote_keeps_who_speaks_and_where_sources_differ(
    client: TestClient, corpus: Corpus, inbox: Path
) -> None:
    one = "Sixty-one people drowned, the coroner said."
    two = "In the end 58 people drowned in the \ufffdiver."
    corpus.index(write(inbox, "one.txt", f"{one}\n"), write(inbox, "two.txt", f"{two}\n"))
    engine = engine_over(corpus)
    quotes = tuple(
        Quote(corpus.document(name), 0, len(words), 1.0, at, (Span(*place),))
        for at, (name, words, place) in enumerate((("one.txt", one, (0, 9)), ("two.txt", two, (11, 13))), 1)
    )
    question = "How many people drowned?"
    answer_id = remember(engine, to_remember(Answer(question, question, "answered", quotes=quotes), ()))
    with TestClient(app_over(engine), base_url=BASE) as client:
        dossier = made(client, "Drowned")
        for name, words in (("one.txt", one), ("two.txt", two)):
            add(
                client,
                dossier,
                kind="quote",
                citation=citation(corpus, name, 0, len(words)),
                answer=answer_id,
            )
        first, second = client.get(f"{ROUTE}/{dossier}").json()["in_order"]
        page = client.get(f"/dossiers/{dossier}").text
    assert first["remarks"] == ["Said by the coroner.", "Sources differ: Sixty-one here; 58 in two."]
    assert second["remarks"][0] == "Sources differ: 58 here; Sixty-one in one."
    assert second["remarks"][1].startswith("1 letter could not be read")
    assert [each["text"] for each in second["differing"]] == ["58", "Sixty-one"]
    assert "Said by the coroner." in page
