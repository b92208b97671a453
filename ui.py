"""The chat in the browser: Gradio on top of the HTTP interface. Wiring only; the rest is in `qa/web/`."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

from qa.asking.confidence import STRICTNESS
from qa.errors import AddressError, PullquoteError
from qa.limits import MAX_QUESTION_CHARACTERS, MAX_TURNS
from qa.places import shipped_corpus
from qa.schema import Answer, Failure
from qa.text import times
from qa.text.display import plural, visible
from qa.web import cards, transcript
from qa.web.engine import DEADLINE, STOPPED, Engine
from qa.web.gradio_import import without_interface_files
from qa.web.options import read_options, readiness

if TYPE_CHECKING:
    from collections.abc import Iterator

    import gradio as gr
    from fastapi import FastAPI

    from qa.deadline import Deadline
    from qa.schema import Dates, Document, Outcome


log = logging.getLogger(__name__)
# Browsers that would take the terminal over; without a display, Python knows no others.
_TEXT_BROWSERS = {"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh", "carbonyl"}


# Said at the start where others can reach the chat. There are no accounts yet.
_EXPOSED = """\
warning: --host {host} opens the chat to everyone who can reach this machine over the network, and it has no
  accounts. They can ask questions and read every document whole, also earlier and removed texts until these
  are purged. What is sent is not encrypted.
{changes}
  To keep it to yourself, leave --host out. To let others in, let a firewall admit only their addresses to
  port {port}, or leave --host out and have each come by `ssh -L {port}:127.0.0.1:{port} THIS-MACHINE`."""

_READ_ONLY = """\
  Nobody can change anything here, nor can you: adding, editing and removing documents, thumbs and history are
  off. To let everybody do all of it, start with --allow-changes."""
_OPEN_TO_CHANGES = """\
  With --allow-changes they can also do all that you can: add, edit and remove documents, purge them for good,
  read, rename and delete the conversations of everybody, see and press thumbs, and download the test queries
  made of them. No record is kept of who did what."""


def serve(
    library: Path,
    host: str,
    port: int,
    *,
    open_browser: bool,
    strictness: float = STRICTNESS,
    reader: str | None = None,
    seconds: float = DEADLINE,
    allow_changes: bool = False,
) -> None:
    """Serve the chat until Ctrl-C or SIGTERM. Port 0 takes a free one. The page begins with `strictness`.

    An answer may take so many seconds. Where others can reach the chat, it changes nothing unless
    `allow_changes`.

    Raises:
        AddressError: when the address cannot be had, before anything heavy is loaded.
        KeyboardInterrupt: on Ctrl-C, once everything is closed.
    """
    signal.signal(signal.SIGTERM, _leave)
    listener = _listen(host, port)
    # Not before: a port in use is told at once.
    from qa.web.server import create_server

    shown = "localhost" if host in {"0.0.0.0", "::", ""} else f"[{host}]" if ":" in host else host  # noqa: S104
    url = f"http://{shown}:{listener.getsockname()[1]}/"
    _say(f"Pullquote is starting at {url} (stop it with Ctrl-C)")
    exposed = not ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
    if exposed:
        changes = _OPEN_TO_CHANGES if allow_changes else _READ_ONLY
        _say(_EXPOSED.format(host=host, port=listener.getsockname()[1], changes=changes))
    may_change = allow_changes or not exposed
    engine = Engine(library, shipped_corpus(), _say, strictness, reader, seconds, may_change)
    with tempfile.TemporaryDirectory(prefix="pullquote-") as scratch:
        # Gradio reads these when it is imported: it asks no outside host, and keeps files to itself.
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": scratch, "HF_HUB_OFFLINE": "1"}
        app = create_app(engine, host)
        engine.start()
        threading.Thread(target=_announce, args=(engine, url), daemon=True).start()
        if open_browser:
            # The listener already takes connections: the browser waits the moment until they are answered.
            threading.Thread(target=show, args=(url,), daemon=True).start()
        try:
            create_server(app).run(sockets=[listener])
        finally:
            engine.stop()
            listener.close()


def _say(message: str) -> None:
    print(visible(message), file=sys.stderr, flush=True)  # noqa: T201


def _announce(engine: Engine, url: str) -> None:
    """Say on the terminal, once it is known, whether questions can be answered."""
    state = engine.settled()
    if state.stage == "ready":
        held = plural(engine.corpus.store.count().documents, "document")
        _say(f"Ready at {url} ({held} in {engine.library})")
    elif state.error and state.error.code != STOPPED:
        _say(f"error: {state.error.message}")


def show(url: str) -> None:
    """Open the page in the user's browser, if that has a window of its own."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:  # there is none; the address is on the terminal
        return
    if Path(getattr(browser, "name", "")).name not in _TEXT_BROWSERS:
        browser.open(url)


def _leave(number: int, _: object) -> NoReturn:
    """End by way of every `finally`: uvicorn raises the signal again when it has closed."""
    raise SystemExit(128 + number)


def create_app(engine: Engine, host: str) -> FastAPI:
    """The whole app: HTTP routes first, then the page at "/"."""
    without_interface_files()
    import gradio as gr

    from qa.web import api

    app = api.create_app(engine, host)
    gr.mount_gradio_app(
        app,
        page(engine),
        "/",
        server_name=host,
        theme=gr.themes.Base(font=["sans-serif"], font_mono=["monospace"]),
        allowed_paths=[],
        max_file_size=1,
        show_error=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    return app


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the question with all that it was asked with."""

    question: str
    earlier: list[str]
    strictness: float
    options: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as a card for the page, and as an entry for the file of the conversation."""

    outcome: Outcome
    card: str
    entry: str


@dataclass(slots=True, eq=False)
class Exchange:
    """A question and what is shown of its answer; there is no entry while it is being answered."""

    asked: Asked
    card: str = cards.PENDING
    entry: str = ""


@dataclass(slots=True, weakref_slot=True, eq=False)
class Conversation:
    """What one browser tab has asked and seen, until a new one takes its place."""

    questions: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    numbers: cards.Numbers = field(default_factory=cards.Numbers)
    ended: bool = False
    deadlines: set[Deadline] = field(default_factory=set)

    @property
    def messages(self) -> list[dict[str, str]]:
        """Two messages for each exchange, as Gradio's chat takes them: the question and the card."""
        return [
            {"role": role, "content": content}
            for exchange in tuple(self.exchanges)
            # One character too many stays, as it is why the question is refused.
            for role, content in (
                ("user", cards.text(exchange.asked.question[: MAX_QUESTION_CHARACTERS + 1])),
                ("assistant", exchange.card),
            )
        ]

    def cancel(self) -> None:
        """Stop what is still being answered: nobody waits for it."""
        for deadline in tuple(self.deadlines):
            deadline.cancel()

    def remember(self, question: str, dates: Dates) -> None:
        """Take note of a question, for follow-ups: a time that was to be ignored is none of theirs."""
        self.questions.append(question)
        if dates == "ignore":
            timeless = times.without(question)
            self.questions = [timeless if each == question else each for each in self.questions]


def page(engine: Engine) -> gr.Blocks:
    """The question box and the conversation; the rest of the page is `qa/web/static/page.js`."""
    import gradio as gr
    from gradio.context import LocalContext

    tabs: WeakValueDictionary[str, Conversation] = WeakValueDictionary()

    def tab() -> str:
        request = LocalContext.request.get(None)
        return (request and request.session_hash) or ""

    def leave() -> None:
        if conversation := tabs.get(tab()):
            conversation.cancel()

    def ask(
        question: str, strictness: float, options: str, conversation: Conversation
    ) -> Iterator[tuple[Any, ...]]:
        if not isinstance(question, str) or not question.strip():
            yield gr.skip(), gr.skip(), gr.skip()
            return
        exchange = Exchange(Asked(question, conversation.questions[-MAX_TURNS:], strictness, options))
        conversation.exchanges.append(exchange)
        try:
            yield "", conversation.messages, gr.skip()
            tabs[tab()] = conversation
            rendered = _answer(engine, exchange.asked, conversation)
            if conversation.ended:  # Gradio's own cancelling comes too late for some
                yield gr.skip(), gr.skip(), gr.skip()
                return
            exchange.card, exchange.entry = rendered.card, rendered.entry
            yield gr.skip(), conversation.messages, conversation
        finally:
            if not exchange.entry:  # broken off: nothing will answer it
                conversation.exchanges.remove(exchange)

    def show_all(number: str, conversation: Conversation) -> Any:
        """Put all that answers in place of an answer, or an error below it."""
        try:
            exchange = conversation.exchanges[int(number)]
        except (TypeError, ValueError, IndexError):  # not from the page's script
            return gr.skip()
        rendered = _answer(engine, exchange.asked, conversation, find_all=True)
        if conversation.ended:
            return gr.skip()
        if rendered.outcome == "error":
            exchange.card += rendered.card
        else:
            exchange.card, exchange.entry = rendered.card, rendered.entry
        return conversation.messages

    def start_anew(conversation: Conversation) -> tuple[list[dict[str, str]], Conversation]:
        conversation.ended = True
        conversation.cancel()
        return [], Conversation()

    def save(conversation: Conversation) -> str:
        entries = [exchange.entry for exchange in conversation.exchanges if exchange.entry]
        return transcript.page(entries, dt.datetime.now().astimezone())

    with gr.Blocks(title="Pullquote", analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
        conversation = gr.State(Conversation(), time_to_live=86_400)
        new = gr.Button("New conversation", elem_id="new-conversation")
        keep = gr.Button("Save", elem_id="save")
        chat = gr.Chatbot(
            elem_id="conversation",
            label="Conversation",
            show_label=False,
            height=None,
            layout="panel",
            buttons=[],
            autoscroll=False,
            render_markdown=False,
            sanitize_html=True,
            latex_delimiters=[],
            allow_tags=False,
            feedback_options=None,
            group_consecutive_messages=False,
        )
        with gr.Row(elem_id="composer"):
            question = gr.Textbox(
                elem_id="question",
                label="Your question",
                placeholder="Ask the documents a question",
                lines=1,
                max_lines=6,
            )
            send = gr.Button("Ask", elem_id="ask", variant="primary")
            strictness = gr.Radio(
                readiness(engine.strictness), value=engine.strictness, label="Answer", elem_id="strictness"
            )
            # Written by the page's script (`static/filters.js`), read by `qa.web.options`; never seen.
            options = gr.Textbox(elem_id="options", label="Options", show_label=False)
            # The page's script writes here of which answer all is to be shown, and clicks `show`; never seen.
            all_of = gr.Textbox(elem_id="all-of", label="Show all", show_label=False)
            # Filled with the file, which the page's script hands to the browser; never seen.
            saved = gr.Textbox(elem_id="saved", label="Saved", show_label=False, lines=2, max_lines=2)
            show = gr.Button("Show all", elem_id="show-all")
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        asking = gr.on(
            [question.submit, send.click],
            ask,
            [question, strictness, options, conversation],
            [question, chat, conversation],
            trigger_mode="multiple",
            concurrency_limit=4,
            **quiet,
        )
        keep.click(save, [conversation], [saved], **quiet)
        finding = show.click(
            show_all,
            [all_of, conversation],
            [chat],
            trigger_mode="multiple",
            concurrency_limit=4,
            **quiet,
        )
        # What is still on its way would bring the old conversation back.
        new.click(start_anew, [conversation], [chat, conversation], cancels=[asking, finding], **quiet)
        blocks.unload(leave)
    return blocks.queue(max_size=64)


def _answer(engine: Engine, asked: Asked, conversation: Conversation, *, find_all: bool = False) -> Rendered:
    """Answer and render. This is the border: whatever goes wrong becomes a card that says so."""
    deadline = engine.deadline()
    conversation.deadlines.add(deadline)
    try:
        options = read_options(asked.options)
        earlier = [] if options.history == "ignore" else asked.earlier
        answer = engine.ask(
            asked.question,
            earlier,
            options.filters.filters(),
            asked.strictness,
            options.dates,
            wait=True,
            find_all=find_all,
            deadline=deadline,
        )
        # By its id it can be judged.
        answer_id = engine.answers.remember(answer, earlier) if engine.may_change else ""
        if not find_all:
            if options.history == "ignore":
                conversation.questions.clear()
            conversation.remember(asked.question, options.dates)
        return _render(conversation.numbers.number(answer), engine, answer_id)
    except PullquoteError as error:
        failure = Failure(error.code, engine.public(str(error)))
    except Exception:
        log.exception("could not answer")
        failure = Failure("internal", "Something went wrong inside Pullquote; its log says what.")
    finally:
        conversation.deadlines.discard(deadline)
    refused = asked.question[: MAX_QUESTION_CHARACTERS + 1]
    return _render(Answer(refused, refused, "error", error=failure), engine)


def _render(answer: Answer, engine: Engine, answer_id: str = "") -> Rendered:
    def read(document_id: str) -> Document:
        return engine.corpus.document(document_id)  # an error is shown without, where there is no corpus

    card = cards.answer_card(answer, read, answer_id)
    entry = transcript.entry(answer, read, dt.datetime.now().astimezone())
    return Rendered(answer.outcome, card, entry)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=128)
    except OverflowError as error:
        raise AddressError(f"{port} is not a port: name one from 1 to 65535 with --port") from error
    except OSError as error:
        raise AddressError(
            f"cannot serve the chat at {host}, port {port}: {error.strerror or error}; "
            "is it already running there? Name another port with --port"
        ) from error
