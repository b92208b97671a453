"""How the chat starts, fails and stops."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest
from playwright.sync_api import expect

import ui
from embeddings import runtime
from embeddings.models import READER_SHA256, cache_folder
from qa.desk.kept import kept_turn
from qa.schema import Answer
from qa.text import times
from qa.text.question import ParsedQuestion
from qa.web.cards import PENDING
from qa.web.conversations import Conversation
from qa.web.engine import Engine
from tests.qa.web.looped import all_of, run
from tests.web.chatting import ROOT, TOKEN, ask, chat, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.day
@pytest.mark.models
def test_a_first_start_shows_the_page_at_once_indexes_the_brief_and_answers_what_waited(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The models wait where the reader's listing is read from a pipe, so that nothing here is a race.
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "cache"))
    listing = runtime._listing(cache_folder() / READER_SHA256)
    listing.parent.mkdir(parents=True)
    os.mkfifo(listing)
    # The page is left open while the chat stops.
    with chat(tmp_path / "a new library") as server, opened(browser, server.url) as page:
        status = page.locator("#status")
        expect(status).to_have_text(re.compile("Opening the library|Indexing|Loading the models"))
        box = page.locator("#question textarea")
        box.fill("What was taken from the Kumsandong fertilizer factory?")
        box.press("Enter")
        expect(page.locator(".searching")).to_have_text("Searching…")
        box.fill("How many people were arrested on the highway?")
        box.press("Enter")
        # Held until the first is answered.
        expect(box).to_have_value("How many people were arrested on the highway?")
        listing.write_text('{"files": {"model": {"name": "none yet"}}}')
        answers = page.locator(".answer.finished")
        answers.nth(1).wait_for(timeout=60_000)
        expect(answers.nth(0).locator(".quote").first).to_contain_text("bolted down")
        expect(answers.nth(1).locator(".not-in-corpus")).to_be_visible()
        expect(status).to_be_hidden()
        assert server.get("api/v1/health")[0] == 200
        server.process.send_signal(signal.SIGINT)
        # 1.5 s on an idle machine; without an end to the open tab's streams it would wait for ever.
        told = server.process.communicate(timeout=60)[1]
        assert server.process.returncode == 130
        library = tmp_path / "a new library"
        assert told.splitlines()[1:3] == [
            f"There is no library in {library} yet: indexing the sample brief",
            f"Ready at {server.url} (1 document in {library})",
        ]
        assert "Traceback" not in told
        assert "ERROR" not in told


def test_a_time_that_was_ignored_is_none_of_the_questions_that_follow() -> None:
    conversation = Conversation()
    question = "What happened in August 2024?"
    answer = Answer(question, question, "none")
    now = dt.datetime.now(dt.UTC)
    conversation.note(kept_turn(answer, now, 0.5, "auto"))
    then = ParsedQuestion("And who said so?")
    assert times.preference(then, [*map(ParsedQuestion, conversation.questions)])
    conversation.note(kept_turn(answer, now, 0.5, "ignore"))
    assert times.preference(then, [*map(ParsedQuestion, conversation.questions)]) is None
    assert conversation.questions == ["What happened?", "What happened?"]


def test_an_ended_conversation_takes_no_answer() -> None:
    async def test() -> None:
        functions = functions_of_an_ended_chat()
        asked, start_anew = functions["ask"], functions["start_anew"]
        skipped = (gr.skip(),) * 3
        conversation = Conversation()
        *_, (_, messages, _) = await all_of(asked("Why?", 0.5, "", "", conversation))
        assert "Pullquote is stopping." in messages[-1]["content"]
        answers = asked("Who?", 0.5, "", "", conversation)
        assert await anext(answers) != skipped
        assert start_anew(conversation)[0] == []
        # said, or Gradio would show what was last said once more
        assert await all_of(answers) == [skipped]
        assert conversation.messages == messages

    run(test())


def test_all_that_answers_leaves_a_question_on_its_way_and_an_ended_conversation_alone() -> None:
    async def test() -> None:
        functions, skipped = functions_of_an_ended_chat(), (gr.skip(), gr.skip())
        asked, show_all, start_anew = (functions[name] for name in ("ask", "show_all", "start_anew"))
        conversation = Conversation()
        await all_of(asked("Why?", 0.5, "", "", conversation))
        answers = asked("Who?", 0.5, "", "", conversation)
        await anext(answers)
        messages, _ = await show_all("0", "", conversation)
        assert [said["content"] for said in messages[::2]] == ["Why?", "Who?"]
        # the second error stands below what was there
        assert messages[1]["content"].count("Pullquote is stopping.") == 2
        assert messages[3]["content"] == PENDING
        await answers.aclose()  # as Gradio does where the page has gone
        assert conversation.messages == messages[:2]
        for number in ("1", "", "first", None):
            assert await show_all(number, "", conversation) == skipped
        start_anew(conversation)
        assert await show_all("0", "", conversation) == skipped
        assert conversation.messages == messages[:2]

    run(test())


def functions_of_an_ended_chat() -> dict[str, Any]:
    """What the page calls, where whatever is asked is answered at once, with an error."""
    engine = Engine(Path("nowhere"), Path("nothing"))
    engine.stop()
    return {each.name: each.fn for each in ui.page(engine).fns.values()}


@pytest.mark.day
def test_a_damaged_library_is_an_error_on_the_page_and_in_health(browser: Browser, tmp_path: Path) -> None:
    from qa import Corpus

    Corpus.open(tmp_path).close()
    for file in tmp_path.iterdir():
        file.write_bytes(b"not a library " * 1000)
    with chat(tmp_path) as server, opened(browser, server.url) as page:
        expect(page.get_by_role("alert")).to_contain_text("Pullquote cannot answer questions.")
        status, problem = server.get("api/v1/health")
        assert (status, problem["code"], problem["stage"]) == (503, "library", "failed")
        assert str(tmp_path) not in problem["detail"] + json.dumps(server.get("api/v1/status"))
        assert server.process.stderr
        assert "is starting at" in server.process.stderr.readline()
        # The terminal names the whole path, which is nobody else's affair, and what to type there.
        told = server.process.stderr.readline()
        assert str(tmp_path) in told
        assert told.replace(f"{tmp_path.parent}/", "").startswith(f"error: {problem['detail']}")
        assert "pullquote" not in problem["detail"]
        answer = ask(page, "What was taken?")
        expect(answer.locator(".error")).to_contain_text(problem["detail"])
        expect(answer.locator(".not-in-corpus, .quote")).to_have_count(0)


@pytest.mark.day
def test_all_messages_of_a_chat_are_json_if_asked_for(tmp_path: Path) -> None:
    with chat(tmp_path / "library", "--json-logs") as server:
        server.get("api/v1/documents?collection=x")
        server.process.terminate()
        records = [json.loads(line) for line in server.process.communicate(timeout=60)[1].splitlines()]
    assert records[0]["message"].startswith(f"Pullquote is starting at {server.url}")
    [request] = [record for record in records if record.get("path") == "/api/v1/documents"]
    assert request["request_id"]
    assert request["message"].startswith("GET /api/v1/documents: ")


@pytest.mark.day
def test_the_page_says_that_the_server_has_gone(browser: Browser, tmp_path: Path) -> None:
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        expect(page.locator("#status")).to_be_hidden(timeout=60_000)
        sha256 = server.get("api/v1/documents")[1][0]["sha256"]
        server.process.terminate()
        server.process.wait(timeout=60)
        page.evaluate("hash => { location.hash = hash }", f"#cite={sha256}/0-5")
        expect(page.locator(".notice")).to_have_text("The server does not answer. Is it still running?")


@pytest.mark.day
@pytest.mark.parametrize(
    ("options", "warned", "may_change"),
    [
        (["--host", "0.0.0.0"], True, False),  # noqa: S104
        (["--host", "0.0.0.0", "--allow-changes"], True, True),  # noqa: S104
        (["--host", "127.0.0.1"], False, True),
        (["--host", "localhost", "--allow-changes"], False, True),
    ],
)
def test_a_chat_that_others_can_reach_says_who_can_do_what_and_changes_nothing_unless_told(
    tmp_path: Path, options: list[str], warned: bool, may_change: bool
) -> None:
    with chat(tmp_path / "library", *options, token=TOKEN) as server:
        assert server.get("api/v1/status")[1]["may_change"] == may_change
        assert replace(server, token=TOKEN[1:]).get("api/v1/status")[0] == 401  # wherever it listens
        server.process.terminate()
        said = " ".join(server.process.communicate(timeout=60)[1].split())
    assert (f"warning: --host {options[1]} lets others reach the chat" in said) == warned
    assert TOKEN not in said
    if warned:
        port = server.url.split(":")[-1].strip("/")
        for named in ("no accounts", "read every document", "token", f"ssh -L {port}:127.0.0.1:{port}"):
            assert named in said
        assert ("Nobody, not even you, can change anything here" in said) != may_change
        assert ("They can add, edit and remove documents" in said) == may_change


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a machine always has a display")
@pytest.mark.parametrize(
    ("name", "setting", "shown"),
    [
        ("w3m", "PATH", False),
        ("w3m", "BROWSER", False),
        ("lynx", "PATH", False),
        ("graphical", "BROWSER", True),
    ],
)
def test_a_browser_that_would_take_the_terminal_over_is_not_opened(
    tmp_path: Path, name: str, setting: str, shown: bool
) -> None:
    program, called = tmp_path / name, tmp_path / "called"
    program.write_text(f"#!/bin/sh\necho \"$1\" > '{called}'\n")
    program.chmod(0o755)
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    if setting == "BROWSER":
        environment["BROWSER"] = str(program)
    show = [sys.executable, "-c", "import ui; ui.show('http://127.0.0.1:7860/')"]
    subprocess.run(show, env=environment, check=True, timeout=60)
    assert called.exists() is shown


def test_a_port_in_use_is_named_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "qa",
            "chat",
            "--port",
            str(port),
            "--no-browser",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 3
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr
    imported = {
        line.rsplit("|", 1)[-1].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert imported & {"ui"}
    assert not imported & {"gradio", "fastapi", "torch", "onnxruntime", "faiss"}
