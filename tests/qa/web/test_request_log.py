"""The id of a request, in its reply, on error pages and in the log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import gradio
import pytest
from fastapi.testclient import TestClient
from gradio.context import LocalContext
from starlette.requests import Request

import ui
from qa.web.conversations import Conversation
from qa.web.request_log import HEADER, REQUEST_ID, RequestLog
from tests.qa.web.looped import all_of, run
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from qa.web.engine import Engine

PAGE = {"Accept": "text/html"}


@pytest.fixture
def client(engine: Engine) -> TestClient:
    app = RequestLog(app_over(engine))
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


def test_a_defect_is_found_in_the_log_by_the_id_on_its_page(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(engine.corpus, "find_documents", broken)
    replies = [client.get("/documents", headers=headers) for headers in (PAGE, {})]
    ids = [reply.headers[HEADER] for reply in replies]
    assert [reply.status_code for reply in replies] == [500, 500]
    assert len(set(ids)) == 2
    assert f"<code>{ids[0]}</code>" in replies[0].text
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == [
        f"request {request_id} failed: GET /documents" for request_id in ids
    ]
    assert all(record.exc_info for record in errors)


def test_each_request_is_logged_without_its_query(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qa.web.request_log")
    found = client.get("/api/v1/documents?collection=harbour")
    missing = client.get("/nothing", headers=PAGE)
    client.get("/%1b[2J%0aGET")
    assert HEADER in found.headers
    assert "<code>" not in missing.text
    records = [record.__dict__ for record in caplog.records if record.name == "qa.web.request_log"]
    logged = [(record["method"], record["path"], record["status"]) for record in records]
    assert logged[:2] == [("GET", "/api/v1/documents", 200), ("GET", "/nothing", 404)]
    assert caplog.messages[-1] == "GET /␛[2J GET: 404"
    assert "harbour" not in str(records)
    assert all(record["milliseconds"] > 0 for record in records)


def test_a_question_of_the_page_is_answered_under_the_id_of_its_request(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered_under = list[str]()
    monkeypatch.setattr(engine.corpus, "ask_with", lambda *_, **__: answered_under.append(REQUEST_ID.get()))
    events = {
        target[1]: function.fn for function in ui.page(engine).fns.values() for target in function.targets
    }
    request = Request({"type": "http", "headers": [], "state": {"request_id": "5f3a"}})
    LocalContext.request.set(gradio.Request(request, session_hash="a tab"))
    run(all_of(events["submit"]("Who runs Zarnow?", 0.86, "", "", Conversation())))
    assert answered_under == ["5f3a"]


def test_a_record_is_a_line_of_json_with_its_request_and_its_error() -> None:
    script = """if True:
        import logging
        from qa.web.request_log import REQUEST_ID, write_json
        write_json()("Pullquote is starting\\nhere")
        REQUEST_ID.set("5f3a")
        try:
            open("nowhere/at all")
        except OSError:
            logging.getLogger("qa").exception("could not %s", "open it")
        logging.getLogger("qa").debug("not shown")
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    said, failed = map(json.loads, done.stderr.splitlines())
    assert (said["level"], said["message"]) == ("INFO", "Pullquote is starting\nhere")
    assert said["request_id"] is None
    assert said["time"].endswith("+00:00")
    assert (failed["level"], failed["message"], failed["request_id"]) == (
        "ERROR",
        "could not open it",
        "5f3a",
    )
    assert failed["exception"].startswith("Traceback")
    assert "nowhere/at all" in failed["exception"]
