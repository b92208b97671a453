"""Many questions over HTTP: each is answered in its turn, as an event."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from qa.errors import DeadlineError
from qa.limits import MAX_QUESTIONS
from qa.schema import Answer
from qa.web import events, guard
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.qa.test_deadline import until
from tests.qa.web.server_sent import read_events
from tests.qa.web.test_server import connections, is_closed, read_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from qa.corpus import Corpus
    from qa.deadline import Deadline

BASE = "http://127.0.0.1:7860"


class Asked:
    """Answers in place of the models, and notes what was asked."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.deadlines: list[Deadline] = []
        self.held = ""  # the question that waits
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(
        self, engine: Engine, question: str, *given: object, deadline: Deadline, **named: object
    ) -> Answer:
        self.questions.append(question)
        self.deadlines.append(deadline)
        if question == self.held:
            self.goes_on.clear()
        while not self.goes_on.wait(0.01):
            deadline.raise_if_cancelled()
        if question == "late":
            raise DeadlineError(f"not within the time, says {engine.library}/a.txt")
        if question == "broken":
            raise ValueError("a fault of our own")
        return Answer(question, question, "none")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    monkeypatch.setattr(Engine, "ask", lambda engine, *given, **named: asked(engine, *given, **named))
    return asked


def ask(client: TestClient, *questions: Any, **how: Any) -> list[tuple[str, str, Any]]:
    response = client.post("/api/v1/questions", json={"questions": questions, **how})
    assert (response.status_code, response.headers["content-type"]) == (200, events.MEDIA + "; charset=utf-8")
    return read_events(response.text)


def test_each_question_has_its_answer_in_order_and_the_last_event_counts_them(
    client: TestClient, asked: Asked
) -> None:
    *answers, (last, _, counts) = ask(client, "Who?", {"id": "when", "question": "And\nwhen?"}, "Why?")
    assert [answer[:2] for answer in answers] == [
        ("answer", "1"),
        ("answer", "2"),
        ("answer", "3"),
    ]
    said = [data for _, _, data in answers]
    assert [(each["id"], each["done"], each["total"]) for each in said] == [
        ("1", 1, 3),
        ("when", 2, 3),
        ("3", 3, 3),
    ]
    assert [each["answer"]["question"] for each in said] == asked.questions == ["Who?", "And\nwhen?", "Why?"]
    assert {each["answer"]["outcome"] for each in said} == {"none"}
    assert (last, counts) == ("end", {"total": 3, "none": 3})
    assert client.get(f"/api/v1/feedback/answers/{said[0]['answer']['id']}").status_code == 200


def test_a_question_that_fails_is_an_error_and_the_next_is_asked(
    client: TestClient, asked: Asked, engine: Engine
) -> None:
    *answers, (_, _, counts) = ask(client, "late", "broken", "Who?")
    lines = [data["answer"] for _, _, data in answers]
    assert [line["outcome"] for line in lines] == ["error", "error", "none"]
    assert [line["error"] and line["error"]["code"] for line in lines] == ["deadline", "internal", None]
    assert str(engine.library.parent) not in json.dumps(lines)
    assert "fault of our own" not in json.dumps(lines)
    assert counts == {"total": 3, "error": 2, "none": 1}


@pytest.mark.models
def test_a_question_without_words_is_an_error_of_its_own(client: TestClient) -> None:
    *answers, _ = ask(client, "?", "")
    assert [data["answer"]["error"]["code"] for _, _, data in answers] == ["bad_question"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"questions": []},
        {"questions": "Who?"},
        {"questions": ["Who?"] * (MAX_QUESTIONS + 1)},
        {"questions": [{"question": "Who?", "other": 1}]},
        {"questions": ["Who?"], "strictness": 2},
        {"questions": ["Who?"], "filters": {"since": "May"}},
        {"questions": ["Who?"], "filters": {"publisher": "a" * 501}},
    ],
    ids=lambda body: json.dumps(body)[:50],
)
def test_what_cannot_be_asked_at_all_is_refused_before_anything_is(
    client: TestClient, asked: Asked, body: dict[str, Any]
) -> None:
    response = client.post("/api/v1/questions", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "bad_input")
    assert asked.questions == []


def test_until_questions_can_be_answered_none_is_taken(corpus: Corpus) -> None:
    engine = Engine(corpus.library, corpus.library.parent, _corpus=corpus)
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        response = client.post("/api/v1/questions", json={"questions": ["Who?"]})
    assert (response.status_code, response.json()["code"]) == (503, "not_ready")


def test_a_comment_comes_where_nothing_else_does(
    client: TestClient, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_SILENCE_SECONDS", 0.02)
    asked.goes_on.clear()
    threading.Timer(0.2, asked.goes_on.set).start()
    text = client.post("/api/v1/questions", json={"questions": ["Who?"]}).text
    assert text.startswith(": ping\n\n")
    assert [name for name, _, _ in read_events(text)] == ["answer", "end"]


@pytest.fixture
def connect(engine: Engine) -> Iterator[Callable[[], socket.socket]]:
    with connections(create_app(engine, "127.0.0.1"), timeout=20) as connect:
        yield connect


def send(connect: Callable[[], socket.socket], count: int = 3) -> socket.socket:
    body = json.dumps({"questions": [f"Who is {number}?" for number in range(count)]}).encode()
    connection = connect()
    head = f"POST /api/v1/questions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
    return connection


def test_an_answer_comes_as_soon_as_it_is_there_and_a_client_that_leaves_stops_the_work(
    connect: Callable[[], socket.socket], asked: Asked
) -> None:
    asked.held = "Who is 1?"
    connection = send(connect)
    assert read_until(connection, b'"done": 1')
    until(lambda: len(asked.questions) == 2)
    connection.close()
    until(lambda: asked.deadlines[-1]._cancelled.is_set())
    asked.goes_on.set()
    time.sleep(0.2)
    assert len(asked.questions) == 2


def test_one_stream_too_many_ends_the_oldest_without_an_end(
    connect: Callable[[], socket.socket], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_STREAMS", 2)
    asked.goes_on.clear()
    oldest, *others = [send(connect, 1) for _ in range(2)]
    until(lambda: len(asked.questions) == 2)
    others.append(send(connect, 1))
    until(lambda: any(each._cancelled.is_set() for each in asked.deadlines))
    assert read_until(oldest, b"0\r\n\r\n")
    asked.goes_on.set()
    for each in others:
        assert read_until(each, b"event: end")
    assert not is_closed(others[0])
