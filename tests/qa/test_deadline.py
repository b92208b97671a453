"""Work ends when its time is up, or when nobody waits for it: in Python, over HTTP and on the page."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import gradio
import pytest
import uvicorn
from fastapi.testclient import TestClient
from gradio.context import LocalContext

import qa.web.engine
import ui
from qa.deadline import Deadline, Step
from qa.errors import CancelledError, DeadlineError, NotReadyError
from qa.places import shipped_corpus
from qa.web import api, conversations
from qa.web.cards import PENDING, STOPPED
from qa.web.conversations import Conversation
from qa.web.engine import Engine
from qa.web.running import Running
from tests.qa.web.looped import all_of, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.storage.results import Selection

QUESTION = "What was taken from the Kumsandong fertilizer factory?"


def test_work_may_go_on_until_its_time_is_up() -> None:
    deadline = Deadline(0.05)
    deadline.check()
    time.sleep(0.06)
    with pytest.raises(DeadlineError, match=r"within 0\.05 s"):
        deadline.check()
    deadline.restart()
    deadline.check()


def test_work_without_a_deadline_may_go_on_until_it_is_cancelled() -> None:
    deadline = Deadline()
    deadline.check()
    deadline.cancel()
    with pytest.raises(CancelledError):
        deadline.check()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    engine.start()
    assert engine.settled().stage == "ready"
    yield engine
    engine.stop()


@pytest.fixture
def hurried(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(engine, "seconds", 1e-6)
    return engine


@pytest.mark.models
class TestAsking:
    def test_over_http_a_question_past_its_deadline_is_a_504_of_its_own_name(self, hurried: Engine) -> None:
        with TestClient(api.create_app(hurried, "127.0.0.1"), base_url="http://127.0.0.1:7860") as client:
            response = client.post("/api/v1/ask", json={"question": QUESTION})
        assert response.status_code == 504
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "deadline"

    def test_the_page_shows_an_error_never_not_in_the_corpus(self, hurried: Engine) -> None:
        conversation = Conversation()
        exchange = conversation.ask(QUESTION, 0.86, "")
        conversations.answer(hurried, exchange, conversation)
        card = exchange.card
        assert 'class="error"' in card
        assert "within" in card
        assert "not-in-corpus" not in card
        assert not conversation.deadlines

    def test_the_time_in_which_the_models_load_does_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(qa.web.engine, "_PATIENCE", 0.05)
        waiting = Engine(shipped_corpus(), shipped_corpus(), seconds=0.1)
        threading.Timer(0.5, waiting.stop).start()
        with pytest.raises(NotReadyError, match="stopping"):  # and no DeadlineError
            waiting.ask(QUESTION, wait=True)

    def test_a_question_that_waits_for_the_models_can_be_withdrawn(self) -> None:
        waiting = Engine(shipped_corpus(), shipped_corpus())
        deadline = Deadline()
        threading.Timer(0.1, deadline.cancel).start()
        with pytest.raises(CancelledError):
            waiting.ask(QUESTION, wait=True, deadline=deadline)

    def test_work_ends_when_its_client_has_left(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = threading.Event()
        stages = follow(engine, monkeypatch, left.wait)
        with served(engine) as port:
            body = json.dumps({"question": QUESTION}).encode()
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(
                b"POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            until(lambda: "select" in stages)
            client.close()
            time.sleep(0.2)  # until the server has seen it
            left.set()
            until(lambda: "ended" in stages)
        assert stages == ["select", "ended"]

    def test_a_new_conversation_ends_what_the_old_one_asked(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        conversation = Conversation()
        stages = follow(engine, monkeypatch, conversation.end)
        exchange = conversation.ask(QUESTION, 0.86, "")
        conversations.answer(engine, exchange, conversation)
        assert exchange.card == PENDING
        assert stages == ["select", "ended"]

    def test_a_tab_that_is_closed_ends_what_it_asked(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = {target[1]: each.fn for each in ui.page(engine).fns.values() for target in each.targets}
        LocalContext.request.set(gradio.Request(session_hash="a tab"))
        stages = follow(engine, monkeypatch, events["unload"])
        *_, (_, messages, _) = run(all_of(events["submit"](QUESTION, 0.86, "", "", Conversation())))
        assert messages[-1]["content"] == STOPPED
        assert stages == ["select", "ended"]

    def test_the_page_hears_how_far_its_question_has_come(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[Step | None] = []
        check = Deadline.check
        monkeypatch.setattr(Deadline, "check", lambda it: (heard.append(step(engine)), check(it)))
        *_, (_, messages, _) = submit(engine)
        assert 'class="card"' in messages[-1]["content"]
        stages = [each.stage for each in heard if each]
        assert list(dict.fromkeys(stages)) == ["waiting", "searching", "reading", "quoting"]
        (first, *_) = [each for each in heard if each and each.stage == "reading"]
        assert first.done == 0 < first.total
        assert step(engine) is None

    def test_a_question_that_is_stopped_is_worked_on_no_further_and_says_so(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stages = follow(engine, monkeypatch, lambda: engine.running.stop(ID))
        *_, (_, messages, conversation) = submit(engine)
        assert stages == ["select", "ended"]
        assert messages[-1]["content"] == STOPPED
        assert "not-in-corpus" not in STOPPED
        assert (conversation.questions, [each.turn for each in conversation.exchanges]) == ([], [None])

    def test_a_question_that_is_stopped_in_line_never_begins(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stages = follow(engine, monkeypatch, list)
        assert not engine.running.stop(ID)
        ((box, messages, conversation),) = submit(engine)
        assert {str(box), str(messages), str(conversation)} == {str(gradio.skip())}
        assert stages == []
        engine.running = Running()

    def test_a_question_in_line_knows_how_many_come_before_it_and_can_be_stopped(
        self, engine: Engine
    ) -> None:
        events = {target[1]: each.fn for each in ui.page(engine).fns.values() for target in each.targets}

        def before(question: str) -> int | None:
            deadline = engine.running.deadline(question)
            return deadline and engine.asking.before(deadline)

        async def test() -> None:
            async with AsyncExitStack() as others:
                for _ in range(qa.web.engine._ASKED_AT_ONCE):
                    await others.enter_async_context(engine.asking.turn())
                asked = []
                for question in (ID, OTHER):
                    place = json.dumps({"question": question})
                    submitted = events["submit"](QUESTION, 0.86, "", place, Conversation())
                    asked.append(asyncio.create_task(all_of(submitted)))
                    await asyncio.sleep(0.1)
                assert (before(ID), before(OTHER)) == (0, 1)
                engine.running.stop(ID)
                ((box, *_),) = await asked[0]
                assert str(box) == str(gradio.skip())  # what stands in it stays
                assert (before(ID), before(OTHER)) == (None, 0)
            *_, (_, messages, _) = await asked[1]
            assert 'class="card"' in messages[-1]["content"]
            assert before(OTHER) is None

        run(test())

    def test_a_question_that_could_not_be_answered_soon_says_that_the_server_is_busy(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine.asking, "_cost", 60)

        async def test() -> None:
            async with AsyncExitStack() as others:
                for _ in range(qa.web.engine._ASKED_AT_ONCE):
                    await others.enter_async_context(engine.asking.turn())
                events = {each.name: each.fn for each in ui.page(engine).fns.values()}
                *_, (_, messages, _) = await all_of(
                    events["ask"](QUESTION, 0.86, "", json.dumps({"question": OTHER}), Conversation())
                )
            assert "the server is busy" in messages[-1]["content"]

        run(test())


ID, OTHER = "a" * 16, "b" * 16


def submit(engine: Engine) -> list[tuple[Any, Any, Any]]:
    """Ask as the page does, by an id."""
    events = {target[1]: each.fn for each in ui.page(engine).fns.values() for target in each.targets}
    LocalContext.request.set(gradio.Request(session_hash="a tab"))
    return run(all_of(events["submit"](QUESTION, 0.86, "", json.dumps({"question": ID}), Conversation())))


def step(engine: Engine) -> Step | None:
    deadline = engine.running.deadline(ID)
    return deadline and deadline.step


def follow(engine: Engine, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> list[str]:
    """Note which stages a question reaches; something happens while documents are selected for it."""
    corpus, stages = engine.corpus, list[str]()
    select, bm25, ask = corpus.store.select, corpus.store.matching, engine.ask

    def selecting(*given: object) -> Selection:
        stages.append("select")
        meanwhile()
        return select(*given)

    def searching(*given: object) -> object:
        stages.append("search")
        return bm25(*given)

    def asking(*given: object, **named: object) -> object:
        try:
            return ask(*given, **named)
        finally:
            stages.append("ended")

    monkeypatch.setattr(corpus.store, "select", selecting)
    monkeypatch.setattr(corpus.store, "matching", searching)
    monkeypatch.setattr(Engine, "ask", lambda _, *given, **named: asking(*given, **named))
    return stages


class served:  # noqa: N801 -- used as a function
    """Serve the HTTP interface on a free port."""

    def __init__(self, engine: Engine) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        app = api.create_app(engine, "127.0.0.1")
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def __enter__(self) -> int:
        self._thread.start()
        until(lambda: self._server.started)
        return self._listener.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
