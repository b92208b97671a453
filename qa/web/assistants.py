"""Serve the tools for assistants over MCP (Model Context Protocol), on stdio and at /mcp.

This module uses the official SDK. The SDK's import takes most of a second, so only `serve` and the first
request to /mcp import the SDK.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route

from qa import __version__
from qa.errors import InputError, PullquoteError
from qa.text.json_lines import dumps
from qa.web.problem import DEFECT, first_error
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Self

    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult
    from starlette.types import Message, Receive, Scope, Send

    from qa.web.engine import Engine
    from qa.web.tools import Tool

PATH = "/mcp"
# Threads for all tools except `ask` and `verify`.
_AT_ONCE = 4
# Maximum number of lines that are read ahead from a client's standard input.
_LINES_AHEAD = 8
# The JSON escape of half a surrogate pair, whether the other half follows or not.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
log = logging.getLogger(__name__)


def create_server(engine: Engine) -> Server[Any]:
    """Return the SDK's server. The engine answers its tools. It has no resources and no prompts."""
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp_types import INVALID_PARAMS, ListToolsResult, ToolAnnotations
    from mcp_types import Tool as ListedTool

    from qa.web.tools import INSTRUCTIONS, NOTICE, TOOLS

    # A client's mistakes are reported to the client, not on the terminal.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    threads = Threads(_AT_ONCE)
    by_name = {tool.name: tool for tool in TOOLS}
    listed = [
        ListedTool(
            name=tool.name,
            title=tool.title,
            description=f"{tool.description} {NOTICE}",
            input_schema=tool.arguments.model_json_schema(),
            output_schema=tool.record.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=tool.title,
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=False,
            ),
        )
        for tool in TOOLS
    ]

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=listed)

    async def call_tool(context: Any, params: Any) -> CallToolResult:
        tool = by_name.get(params.name)
        if tool is None:
            names = ", ".join(by_name)
            raise MCPError(INVALID_PARAMS, f"there is no tool {params.name!r:.60}: there are {names}")
        return await _called(engine, tool, params.arguments or {}, threads)

    return Server(
        "pullquote",
        title="Pullquote",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _called(engine: Engine, tool: Tool, arguments: object, threads: Threads) -> CallToolResult:
    """Call a tool. An error becomes words for the assistant, without paths of this machine."""
    from mcp_types import CallToolResult, TextContent

    record: dict[str, Any] | None = None
    try:
        record = await _run(engine, tool, tool.arguments.model_validate(arguments), threads)
        text = dumps(record)
    except ValidationError as error:
        text = f"{first_error(error)} ({InputError.code})"
    except PullquoteError as error:
        text = f"{engine.public(str(error))} ({error.code})"
    except Exception:  # the outermost border: clients see no exceptions
        log.exception("the tool %s failed", tool.name)
        text = DEFECT
    content = TextContent(type="text", text=text)
    return CallToolResult(content=[content], structured_content=record, is_error=record is None)


async def _run(engine: Engine, tool: Tool, arguments: Any, others: Threads) -> dict[str, Any]:
    """Run a tool in a thread. Cancel the tool's work when nobody waits for it any more."""
    deadline = engine.deadline()  # includes the wait for a turn
    threads = {"ask": engine.asking, "verify": engine.verifying}.get(tool.name, others)
    return await threads.run_while_awaited(deadline, tool.call, engine, arguments, deadline)


def serve(engine: Engine) -> None:
    """Serve one client on standard input and output, until the client leaves or Ctrl-C is pressed.

    Meanwhile, everything else that is printed goes to standard error.

    Raises:
        KeyboardInterrupt: on Ctrl-C.
    """
    from mcp.server.stdio import stdio_server

    server = create_server(engine)
    interrupted = False

    async def run() -> None:
        lines = _Lines(sys.stdin.fileno())

        def interrupt(*_: object) -> None:
            nonlocal interrupted
            if interrupted:  # the second Ctrl-C ends it at once
                raise KeyboardInterrupt
            interrupted = True
            lines.end()

        signal.signal(signal.SIGINT, interrupt)
        given: Any = lines  # the SDK only iterates over the lines of a file
        async with stdio_server(stdin=given) as (read, write):
            messages: Any = _Messages(read, write)
            await server.run(messages, write, server.create_initialization_options())

    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL
    try:
        asyncio.run(run())
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt


class _Lines:
    """Yields the lines of a file as they come, until the file ends or `end` is called.

    The SDK would read the lines in a thread that the program waits for at its end. Ctrl-C would then do
    nothing until the next line. The thread of this class is a daemon, so the program does not wait for it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(_LINES_AHEAD)
        threading.Thread(target=self._read, name="pullquote-stdin", daemon=True).start()

    def end(self) -> None:
        """Stop yielding lines. Any thread may call this method."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._queue.put_nowait, None)

    async def __aiter__(self) -> AsyncIterator[str]:
        while (line := await self._queue.get()) is not None:
            self._room.release()
            if line.strip():
                yield _whole(line).decode("utf-8", "replace")

    def _read(self) -> None:
        pieces: list[bytes] = []
        with suppress(RuntimeError):
            while data := os.read(self._descriptor, 1 << 16):
                *ended, rest = data.split(b"\n")
                for line in ended:
                    self._hand_over(b"".join([*pieces, line]))
                    pieces.clear()
                pieces.append(rest)
            self._hand_over(b"".join(pieces))
        self.end()

    def _hand_over(self, line: bytes) -> None:
        self._room.acquire()
        self._loop.call_soon_threadsafe(self._queue.put_nowait, line)


class _Messages:
    """Yields the messages of a client, and answers an invalid message with an error.

    The SDK answers invalid messages only over HTTP.
    """

    def __init__(self, read: Any, write: Any) -> None:
        self._read, self._write = read, write

    @property
    def last_context(self) -> Any:
        """Return the context of the last message, as the SDK's streams do."""
        return self._read.last_context

    async def receive(self) -> Any:
        """Wait for the next message, and return it."""
        while isinstance(received := await self._read.receive(), Exception):
            await self._write.send(_no_message(received))
        return received

    async def aclose(self) -> None:
        """Take no more messages."""
        await self._read.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


def _no_message(error: Exception) -> Any:
    from mcp.shared.message import SessionMessage
    from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError

    is_json = isinstance(error, ValidationError) and error.errors()[0]["type"] != "json_invalid"
    code, what = (INVALID_REQUEST, "Invalid Request") if is_json else (PARSE_ERROR, "Parse error")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=what)))


def route(engine: Engine) -> Route:
    """Return the route /mcp for the chat's app."""
    return Route(PATH, endpoint=_Endpoint(engine))


class _Endpoint:
    """Serves streamable HTTP without sessions: each request is a POST, and is answered with JSON."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._server: Server[Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, for as long as the client waits."""
        if self._server is None:
            self._server = await run_in_threadpool(create_server, self._engine)
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        answer = asyncio.ensure_future(_answer(self._server, _whole(body), scope, send))
        left = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((answer, left), return_when=asyncio.FIRST_COMPLETED)
        finally:
            answer.cancel()
            left.cancel()
            await asyncio.wait((answer, left))
        if not answer.cancelled():
            answer.result()


async def _answer(server: Server[Any], body: bytes, scope: Scope, send: Send) -> None:
    """Let the MCP server answer one request."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    never: asyncio.Future[Message] = asyncio.Future()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        return await never  # `_left` notices when the client leaves

    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    # One manager for each request. Without sessions it has no state to keep, and its tasks end with it.
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request({**scope, "headers": headers}, receive, send)


async def _left(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _whole(message: bytes) -> bytes:
    """Replace single halves of surrogate pairs with U+FFFD, because the SDK refuses them without a reply."""
    if not _SURROGATE.search(message):
        return message
    try:
        text = json.dumps(json.loads(message), ensure_ascii=False)
    except (ValueError, RecursionError):
        return message  # not JSON: the SDK says so itself
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
