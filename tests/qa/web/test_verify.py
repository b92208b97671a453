"""The quotes of a text verified over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.deadline import Deadline
from qa.limits import MAX_DRAFT_CHARACTERS
from qa.web import tools
from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

    from qa.corpus import Corpus
    from qa.web.engine import Engine

DRAFT = (
    "He wrote: “The harbour at Ostrava was closed in May.”\n\n> The harbour at Ostrava was closed in June.\n"
)


@pytest.fixture(autouse=True)
def documents(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "harbour.txt", "The harbour at Ostrava was closed in May. Nobody came.\n"))


def test_everybody_is_told_what_assistants_are(client: TestClient, engine: Engine) -> None:
    engine.may_change = False
    record = client.post("/api/v1/verify", json={"text": DRAFT}).json()
    assert [quote["status"] for quote in record["quotes"]] == ["verbatim", "altered"]
    assert record["right"] is False
    assert record["found"] == "2 quotes found: 1 in quotation marks, 1 as block quotes"
    assert (record["forms"]["block quote"], record["unread"]) == (1, [])
    assert record == tools.verify(engine, tools.Draft(text=DRAFT), Deadline())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": DRAFT, "unknown": 1}, "unknown"),
        ({"text": "There is nothing here."}, "the text has no quotes"),
        ({"text": "x" * (MAX_DRAFT_CHARACTERS + 1)}, "in parts"),
        ({"text": "“There was nothing at all.” " * 300}, "in parts"),
    ],
)
def test_what_cannot_be_verified_is_refused(client: TestClient, body: object, said: str) -> None:
    response = client.post("/api/v1/verify", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "bad_input")
    assert said in response.json()["detail"]


def test_it_has_the_time_that_an_answer_has(client: TestClient, engine: Engine) -> None:
    engine.seconds = 0.0
    response = client.post("/api/v1/verify", json={"text": DRAFT})
    assert (response.status_code, response.json()["code"]) == (504, "deadline")
