"""Every list over HTTP comes in parts in the same form; a client that follows `Link` sees each item once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from qa.schema import DossierEntry
from qa.web.engine import Engine, State
from tests.qa.desk.test_conversations import new_id, turn
from tests.qa.tiny import write
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

BASE = "http://127.0.0.1:7860"
COUNT = 5


@pytest.fixture
def client(corpus: Corpus, inbox: Path) -> Iterator[TestClient]:
    """Lists of five each."""
    names = [f"brief {number}.txt" for number in range(COUNT)]
    corpus.index(*(write(inbox, name, f"Nothing new from {name}.\n") for name in names))
    removed = [f"old {name}" for name in names]
    corpus.index(*(write(inbox, name, f"Nothing old from {name}.\n") for name in removed))
    corpus.remove(removed)
    for number, name in enumerate(names):
        corpus.put_in_collection([name], f"collection {number}")
        corpus.desk.conversations.keep(new_id(), turn(f"Why {number}?"))
        corpus.desk.conversations.keep("a" * 16, turn(f"Who {number}?", minutes=1))  # the newest
        corpus.desk.dossiers.create(f"Dossier {number}")
    corpus.desk.conversations.delete(corpus.desk.conversations.all()[-1].id)
    newest = corpus.desk.dossiers.all()[0]
    corpus.desk.dossiers.add(newest.id, [DossierEntry("note", f"Note {number}") for number in range(COUNT)])
    engine = Engine(corpus.library, corpus.library.parent, _corpus=corpus)
    engine._settle(State("ready"))
    with TestClient(app_over(engine), base_url=BASE) as client:
        yield client


def items(reply: Any) -> list[str]:
    listed = next(iter(reply.values())) if isinstance(reply, dict) else reply
    return [str(each) for each in listed]


def links(header: str) -> dict[str, str]:
    return {name: address for address, name in re.findall(r'<([^>]+)>; rel="(\w+)"', header)}


@pytest.mark.parametrize(
    "route",
    [
        "documents",
        "documents?sort=title&q=brief",
        "removed-documents",
        "removed-documents?q=brief",
        "collections",
        "conversations",
        f"conversations/{'a' * 16}/turns",
        "dossiers",
        "dossiers/NEWEST/entries",
    ],
)
def test_parts_lead_from_the_first_to_the_last_and_back(client: TestClient, route: str) -> None:
    newest = client.get("/api/v1/dossiers").json()["dossiers"][0]["id"]
    path = f"/api/v1/{route.replace('NEWEST', newest)}"
    whole = client.get(path)
    assert len(items(whole.json())) == COUNT
    assert (whole.headers["X-Total-Count"], "Link" in whole.headers) == (str(COUNT), False)
    part = client.get(path, params={**dict(whole.request.url.params), "limit": 2})
    seen, sizes = [], []
    while True:
        seen += items(part.json())
        sizes.append(len(items(part.json())))
        assert part.headers["X-Total-Count"] == str(COUNT)
        if "next" not in (led := links(part.headers.get("Link", ""))):
            break
        assert led["next"].startswith("/api/v1/")
        part = client.get(led["next"])
    assert (seen, sizes) == (items(whole.json()), [2, 2, 1])
    before = client.get(links(part.headers["Link"])["prev"])
    assert items(before.json()) == seen[2:4]


@pytest.mark.parametrize("asked", ["limit=0", "limit=1001", "offset=-1", "offset=1000001", "limit=a"])
@pytest.mark.parametrize(
    "route", ["collections", "conversations", f"conversations/{'a' * 16}/turns", "dossiers"]
)
def test_a_number_out_of_range_is_refused(client: TestClient, route: str, asked: str) -> None:
    assert client.get(f"/api/v1/{route}?{asked}").status_code == 400


def test_an_offset_past_the_end_gives_nothing_and_leads_back(client: TestClient) -> None:
    part = client.get("/api/v1/documents?limit=2&offset=9")
    assert (part.json(), part.headers["X-Total-Count"]) == ([], str(COUNT))
    assert links(part.headers["Link"]) == {"prev": "/api/v1/documents?limit=2&offset=4"}
