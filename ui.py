"""The chat in the browser: Gradio on top of the HTTP interface. This only connects parts of `qa/web/`."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import os
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from weakref import WeakValueDictionary

from qa.errors import AddressError, BusyError, CancelledError
from qa.places import LibraryAddress, shipped_corpus
from qa.schema import STRICTNESS
from qa.text.display import plural, visible
from qa.web import cards, conversations
from qa.web.conversations import Conversation
from qa.web.engine import DEADLINE, STOPPED, Engine
from qa.web.gradio_import import quicken
from qa.web.options import readiness
from qa.web.threads import Threads
from qa.web.turns import CLIENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import gradio as gr
    from fastapi import FastAPI

    from qa.web.access import Access

# Browsers that run in the terminal and would take it over. Without a display, Python finds only these.
_TEXT_BROWSERS = {"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh", "carbonyl"}


# Conversations that are read or written at once.
_OPENED_AT_ONCE = 4
# Number of functions that Gradio runs at once: more than can wait for threads.
_IN_GRADIO = 128
# The warning at the start if others can reach the chat. There are no accounts yet.
_EXPOSED = """\
warning: {how} lets others reach the chat.
  {who} can ask questions, and download the files that were added in the chat.
  They can read every document, also its earlier texts and removed documents until they are purged.
  There are no accounts: everybody has the same rights.
  {sent}
{changes}"""
_BY_HOST = """\
The connection is not encrypted, and the token can be read. In a network that you do not trust, leave --host
  out. Users then come by `ssh -L {port}:127.0.0.1:{port} THIS-MACHINE`, or through a proxy that encrypts
  (--public-url)."""
_BY_PROXY = "The proxy has to encrypt the connection (https)."

_READ_ONLY = """\
  Nobody, not even you, can change anything here: adding, editing and removing documents, thumbs and history
  are off. To allow all of this to everybody, start with --allow-changes."""
_OPEN_TO_CHANGES = """\
  With --allow-changes they can do everything that you can. They can add, edit and remove documents, and purge
  them for good. They can read, rename and delete all conversations. They can see and press thumbs, and
  download the test queries made from thumbs. Pullquote does not record who did what."""


def serve(
    library: LibraryAddress,
    host: str,
    port: int,
    *,
    open_browser: bool,
    strictness: float = STRICTNESS,
    reader: str | None = None,
    seconds: float = DEADLINE,
    allow_changes: bool = False,
    public_url: str = "",
    asks_token: bool = True,
    index: str = "",
    metrics: str | None = None,
    json_logs: bool = False,
) -> None:
    """Serve the chat until Ctrl-C or SIGTERM. Port 0 means any free port. The page begins with `strictness`.

    An answer may take `seconds`. If others can reach the chat, by its address or through a proxy at
    `public_url`, the chat asks for a token unless `asks_token` is false. Then the chat also allows no changes
    unless `allow_changes` is true. A library that does not exist yet is made, with its index at `index`.
    Counts for Prometheus are served at the address `metrics`. With `json_logs`, messages are JSON.

    Raises:
        AddressError: the address cannot be used. This is found before anything heavy is loaded.
        InputError: the token's file or the proxy's address is not valid.
        KeyboardInterrupt: on Ctrl-C, once everything is closed.
    """
    signal.signal(signal.SIGTERM, _leave)
    listener = _listen(host, port)
    # Imported here, so that a port in use is reported at once.
    from qa.web.access import TOKEN_FILE, Access, new_token, public_address
    from qa.web.allocator import return_freed_memory
    from qa.web.request_log import write_json
    from qa.web.server import create_server

    return_freed_memory()
    say = write_json() if json_logs else _say
    shown = "localhost" if host in {"0.0.0.0", "::", ""} else f"[{host}]" if ":" in host else host  # noqa: S104
    url = f"http://{shown}:{listener.getsockname()[1]}/"
    others = not ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
    public = public_address(public_url) if public_url else ""
    exposed = others or bool(public)
    file = os.environ.get(TOKEN_FILE)
    token = new_token(file) if asks_token and (exposed or file) else ""
    shown_token = f"?token={token}" if token and not file else ""
    say(f"Pullquote is starting at {url}{shown_token} (stop it with Ctrl-C)")
    if public:
        say(f"Others use {public}/{shown_token}")
    if token and file:
        say(f"The chat asks for the token in {file}")
    if exposed:
        by_port = listener.getsockname()[1] if others else 0
        say(_exposure(host, by_port, has_token=bool(token), allow_changes=allow_changes))
    may_change = allow_changes or not exposed
    engine = Engine(library, shipped_corpus(), say, strictness, reader, seconds, may_change, index=index)
    with contextlib.ExitStack() as closing:
        if metrics is not None:
            from qa.web.metrics import Metrics

            say(f"Prometheus finds the metrics at {closing.enter_context(Metrics(engine).serving(metrics))}")
        scratch = closing.enter_context(tempfile.TemporaryDirectory(prefix="pullquote-"))
        os.environ |= _gradio_settings(scratch)
        # No imported object is ever freed, and a search for garbage among them would take 0.1 s.
        gc.disable()
        app = create_app(engine, host, Access(token, public, anyone=not asks_token))
        gc.freeze()
        gc.enable()
        engine.start()
        threading.Thread(target=_announce, args=(engine, url, say), daemon=True).start()
        if open_browser:
            # The listener already takes connections. The browser waits the moment until they are answered.
            threading.Thread(target=show, args=(url,), daemon=True).start()
        try:
            create_server(app).run(sockets=[listener])
        finally:
            engine.stop()
            listener.close()


def _exposure(host: str, port: int, *, has_token: bool, allow_changes: bool) -> str:
    """Return who can use the chat, and for what: at the port, or through a proxy if the port is 0."""
    return _EXPOSED.format(
        how=f"--host {host}" if port else "--public-url",
        who="Whoever has the token" if has_token else "With --no-token, whoever reaches it",
        sent=_BY_HOST.format(port=port) if port else _BY_PROXY,
        changes=_OPEN_TO_CHANGES if allow_changes else _READ_ONLY,
    )


def _gradio_settings(scratch: str) -> dict[str, str]:
    """Return the environment variables that Gradio reads when it is imported.

    With them, Gradio asks no outside host and keeps its files in `scratch`. It also makes no statistics of
    all questions after each question. Nobody could see the statistics, and they need pandas.
    """
    return {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(sys.maxsize),
        "GRADIO_TEMP_DIR": scratch,
        "HF_HUB_OFFLINE": "1",
    }


def _say(message: str) -> None:
    print(visible(message), file=sys.stderr, flush=True)  # noqa: T201


def _announce(engine: Engine, url: str, say: Callable[[str], None]) -> None:
    """Wait for the end of the start, and say whether questions can be answered."""
    state = engine.settled()
    if state.stage == "ready":
        held = plural(engine.corpus.store.count().documents, "document")
        say(f"Ready at {url} ({held} in {engine.library})")
    elif state.error and state.error.code != STOPPED:
        say(f"error: {state.error.message}")


def show(url: str) -> None:
    """Open the page in the user's browser, if the browser has its own window."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:  # without a browser, the address is on the terminal
        return
    if Path(getattr(browser, "name", "")).name not in _TEXT_BROWSERS:
        browser.open(url)


def _leave(number: int, _: object) -> NoReturn:
    """Exit through every `finally` block. uvicorn raises the signal again when it has closed."""
    raise SystemExit(128 + number)


def create_app(engine: Engine, host: str, access: Access | None = None) -> FastAPI:
    """Return the whole app: the HTTP routes first, then the page at "/"."""
    quicken()
    import gradio as gr

    from qa.web import api

    app = api.create_app(engine, host, access)
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


def page(engine: Engine) -> gr.Blocks:
    """Return the question box and the conversation. The rest of the page is `qa/web/static/page.js`."""
    import gradio as gr

    handlers = _Handlers(engine)
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    several = {"trigger_mode": "multiple", **quiet}
    with gr.Blocks(title="Pullquote", analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
        conversation = gr.State(Conversation(), time_to_live=86_400)
        new = gr.Button("New conversation", elem_id="new-conversation")
        keep = gr.Button("Save", elem_id="save")
        chat = _chat()
        box = _composer(engine)
        asking = gr.on(
            [box.question.submit, box.send.click],
            handlers.ask,
            [box.question, box.strictness, box.options, box.place, conversation],
            [box.question, chat, conversation],
            **several,
        )
        keep.click(handlers.save, [box.place, conversation], [box.saved], **quiet)
        finding = box.show.click(
            handlers.show_all, [box.all_of, box.place, conversation], [chat, conversation], **several
        )
        box.again.click(handlers.open_kept, [box.place, conversation], [chat, conversation], **quiet)
        # Runs that are still in progress would bring the old conversation back.
        new.click(
            handlers.start_anew, [conversation], [chat, conversation], cancels=[asking, finding], **quiet
        )
        blocks.unload(handlers.leave)
    # No work waits in Gradio's queue, because the queue knows no clients. Slow work waits in our `Threads`.
    blocks.max_threads = _IN_GRADIO
    return blocks.queue(max_size=64, default_concurrency_limit=None)


def _chat() -> gr.Chatbot:
    """Return the list of messages."""
    import gradio as gr

    return gr.Chatbot(
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


class _Composer(NamedTuple):
    """The question box, and what goes with a question.

    All after `strictness` are hidden; the page's script writes into the boxes, and clicks the buttons.

    Attributes:
        options: the filters of the question (`static/filters.js` writes them, `qa.web.options` reads them).
        place: the place of the question (`qa.web.conversations.Place`).
        all_of: which answer to show in full, once `show` is clicked.
        saved: the saved file, which the page's script gives to the browser, or an error.
        again: opens the conversation at `place`.
    """

    question: gr.Textbox
    send: gr.Button
    strictness: gr.Radio
    options: gr.Textbox
    place: gr.Textbox
    all_of: gr.Textbox
    saved: gr.Textbox
    show: gr.Button
    again: gr.Button


def _composer(engine: Engine) -> _Composer:
    """Return the row with the question box."""
    import gradio as gr

    with gr.Row(elem_id="composer"):
        return _Composer(
            question=gr.Textbox(
                elem_id="question",
                label="Your question",
                placeholder="Ask the documents a question",
                lines=1,
                max_lines=6,
            ),
            send=gr.Button("Ask", elem_id="ask", variant="primary"),
            strictness=gr.Radio(
                readiness(engine.strictness), value=engine.strictness, label="Answer", elem_id="strictness"
            ),
            options=gr.Textbox(elem_id="options", label="Options", show_label=False),
            place=gr.Textbox(elem_id="place", label="Conversation", show_label=False),
            all_of=gr.Textbox(elem_id="all-of", label="Show all", show_label=False),
            saved=gr.Textbox(elem_id="saved", label="Saved", show_label=False, lines=2, max_lines=2),
            show=gr.Button("Show all", elem_id="show-all"),
            again=gr.Button("Open", elem_id="open-kept"),
        )


class _Handlers:
    """What Gradio calls for the events of the page (`page`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tabs: WeakValueDictionary[str, Conversation] = WeakValueDictionary()
        self._opening = Threads(_OPENED_AT_ONCE, seconds=DEADLINE)

    async def ask(
        self, question: str, strictness: float, options: str, place: str, conversation: Conversation
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Ask a question. Yield the text of the question box, the messages and the conversation."""
        engine = self._engine
        _set_request()
        if not isinstance(question, str) or not question.strip():
            yield _same(), _same(), _same()
            return
        where, box, deadline = conversations.read_place(place), "", engine.deadline()
        if not engine.running.begin(where.question, deadline):
            yield _same(), _same(), _same()  # it was stopped while it waited: the text in the box stays
            return
        exchange = None
        try:
            async with engine.asking.turn(deadline):
                if not conversations.is_at(engine, where, conversation):
                    yield "", conversation.messages_with(question, where), _same()
                    box = _same()  # text that is typed meanwhile stays
                conversation = await self._open(where, conversation)
                exchange = conversation.ask(question, strictness, options)
                self._tabs[_tab()] = conversation
                yield box, *_shown(conversation)
                if conversation.wanted:
                    answer = conversations.answer
                    await engine.asking.run_in_turn(answer, engine, exchange, conversation, deadline)
            yield _same(), *_shown(conversation)
        except CancelledError:
            yield _same(), _same(), _same()
        except BusyError as error:
            card = conversations.busy(error)
            try:
                if not conversations.is_at(engine, where, conversation):
                    conversation = await self._open(where, conversation)
            except BusyError:  # the next question opens it
                yield "", conversation.messages_with(question, where, card), _same()
            else:
                conversation.ask(question, strictness, options).card = card
                yield "", *_shown(conversation)
        finally:
            engine.running.end(where.question)
            if exchange and exchange.card == cards.PENDING:  # broken off: nothing will answer it
                conversation.exchanges.remove(exchange)

    async def show_all(self, number: str, place: str, conversation: Conversation) -> tuple[Any, Any]:
        """Replace an answer with all quotes that answer, or add an error below it."""
        _set_request()
        try:
            conversation = await self._current(place, conversation)
            exchange = conversation.exchanges[int(number)]
        except (TypeError, ValueError, IndexError):  # not from the page's script
            return _same(), _same()
        except BusyError as error:
            return conversations.unopened(error), _same()
        await conversations.find_all(self._engine, exchange, conversation)
        return _shown(conversation)

    def start_anew(self, conversation: Conversation) -> tuple[list[dict[str, str]], Conversation]:
        """End the conversation, and begin an empty one."""
        conversation.end()
        return [], Conversation()

    async def open_kept(
        self, place: str, conversation: Conversation
    ) -> tuple[list[dict[str, str]], Conversation]:
        """End the conversation, and open the stored one that `place` names."""
        conversation.end()
        _set_request()
        conversation_id = conversations.read_place(place).conversation
        try:
            stored = await self._opening.run(conversations.opened, self._engine, conversation_id)
        except BusyError as error:  # the next question opens it
            return conversations.unopened(error), Conversation()
        return stored.messages, stored

    async def save(self, place: str, conversation: Conversation) -> str:
        """Return the conversation as a file, or an error."""
        _set_request()
        try:
            conversation = await self._current(place, conversation)
            turns = (exchange.turn for exchange in conversation.exchanges)
            return await self._opening.run(
                conversations.as_file, self._engine, [turn for turn in turns if turn]
            )
        except BusyError as error:
            return f"The conversation was not saved: {error}."

    def leave(self) -> None:
        """Cancel the question of a tab that is closed."""
        if conversation := self._tabs.get(_tab()):
            conversation.cancel()

    async def _open(self, where: conversations.Place, conversation: Conversation) -> Conversation:
        """Return the conversation for a question."""
        return await self._opening.run(conversations.at_place, self._engine, where, conversation)

    async def _current(self, place: str, conversation: Conversation) -> Conversation:
        """Return the conversation that the page shows, with the answers of other servers."""
        where = conversations.read_place(place)
        shown = where.of or where.conversation
        return await self._opening.run(conversations.current, self._engine, shown, conversation)


def _same() -> Any:
    """Return what leaves a part of the page as it is."""
    import gradio as gr

    return gr.skip()


def _shown(conversation: Conversation) -> tuple[Any, Any]:
    if conversation.ended:  # Gradio's own cancelling is sometimes too late
        return _same(), _same()
    return conversation.messages, conversation


def _request() -> Any:
    """Return the request whose event Gradio handles, or None."""
    from gradio.context import LocalContext

    return LocalContext.request.get(None)


def _tab() -> str:
    request = _request()
    return (request and request.session_hash) or ""


def _set_request() -> None:
    """Set the client and the id of the request for the work that follows: Gradio has its own context."""
    from qa.web.request_log import REQUEST_ID

    request = _request()
    client = getattr(request, "client", None)
    CLIENT.set(client.host if client else "")
    REQUEST_ID.set(getattr(getattr(request, "state", None), "request_id", ""))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=128)
    except OverflowError as error:
        raise AddressError(f"{port} is not a port: name a port from 1 to 65535 with --port") from error
    except OSError as error:
        raise AddressError(
            f"cannot serve the chat at {host}, port {port}: {error.strerror or error}; "
            "if the chat is already running there, use it, or name another port with --port"
        ) from error
