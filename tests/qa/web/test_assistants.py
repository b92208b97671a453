"""What the SDK's own client is told over both transports, by real servers with the real models."""
# ruff: noqa: S310 - the addresses are those of our own servers

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import INVALID_REQUEST, PARSE_ERROR

from qa import Corpus
from qa.cli import cli
from qa.web.tools import NOTICE
from tests.conftest import ROOT
from tests.qa.tiny import write
from tests.web.chatting import Server, chat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp_types import CallToolResult

pytestmark = [pytest.mark.models, pytest.mark.slow]

HARBOUR = """\
Harbour closed for the winter
Coast Review
4 April 2008

The harbour at Varna will not open before May, the port office said. Dredging has cost 4,200 dollars a day \
since January.

“We have no ships to send,” said the mayor, Ivana Petrova.

The ferry to Burgas runs twice a week. It carries mail and passengers.

“Nobody asked the fishermen,” said Georgi Dimov. He leads the union.
"""
GRAIN = """\
Grain prices rise
Market Watch
9 May 2008

Wheat rose by a third in March. The ministry expects no relief before the harvest.
"""
# What an assistant has written, with the verdict on each of its quotes, in order.
DRAFT = """\
# What the papers say

The port office is clear: “The harbour at Varna will not open before May”. Coast Review adds that “Dredging
has cost 4,200 dollars a day since January.”

The mayor, Ivana Petrova, said: “We have no ships to send”.

> The ferry to Burgas runs twice a week.

On prices, “The ministry expects no relief before the harvest.”

But also: “The ferry to Sozopol runs twice a week.” And the office said that “The harbour at Varna will open
before May”. It was said that “Dredging has cost 4,700 dollars a day since January.” In one breath: “The ferry
to Burgas runs twice a week and carries mail and passengers.”

According to Ivana Petrova, “Nobody asked the fishermen”.
"""
VERDICTS = ["verbatim"] * 5 + ["altered"] * 4 + ["distorted"]
QUESTION = "When will the harbour at Varna open?"
NOWHERE = f"{'0' * 64}/0-5"
TOOLS = ["ask", "search", "read_source", "cite", "list_documents", "verify"]
HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "long question": ("ask", {"question": "why " * 20_000}),
    "no question": ("ask", {}),
    "empty question": ("ask", {"question": " "}),
    "no text": ("ask", {"question": 7}),
    "a list": ("ask", {"question": ["why"]}),
    "unknown argument": ("ask", {"question": "Why?", "library": "/etc"}),
    "unknown filter": ("ask", {"question": "Why?", "filters": {"path": "/etc"}}),
    "bad date": ("ask", {"question": "Why?", "filters": {"since": "soon"}}),
    "long filter": ("search", {"query": "Why?", "filters": {"publisher": "x" * 5_000}}),
    "filters as text": ("search", {"query": "Why?", "filters": "publisher"}),
    "no citation": ("cite", {"citation": "/etc/passwd"}),
    "long citation": ("cite", {"citation": "a" * 20_000}),
    "empty range": ("cite", {"citation": f"{'0' * 64}/9-9"}),
    "unknown document": ("cite", {"citation": NOWHERE}),
    "long range": ("read_source", {"citation": f"{'0' * 64}/0-999999999999"}),
    "negative offset": ("list_documents", {"offset": -1}),
    "great offset": ("list_documents", {"offset": 10**30}),
    "long text": ("verify", {"text": "x" * 200_000}),
    "many quotes": ("verify", {"text": "“There was nothing at all.” " * 300}),
    "nothing quoted": ("verify", {"text": "There is nothing here."}),
    "NUL": ("verify", {"text": "\0"}),
}
# Which are no errors, and must be answered all the same.
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "NUL in a question": ("ask", {"question": "Who\0 opened\0 the harbour?"}),
    "NUL in a draft": ("verify", {"text": "“The ferry to\0 Burgas runs twice a week.”"}),
    "many marks": ("verify", {"text": "“The ferry to Burgas runs” " + "“" * 2_000}),
    "far offset": ("list_documents", {"offset": 10**6}),
    "strange words": ("list_documents", {"find": "%_\\'\"\0"}),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two articles."""
    folder = tmp_path_factory.mktemp("assistants")
    write(folder / "in", "harbour.txt", HARBOUR)
    write(folder / "in", "grain.txt", GRAIN)
    with Corpus.open(folder / "library") as corpus:
        assert corpus.index(folder / "in").count("added") == 2
    return folder / "library"


@pytest.fixture(scope="module")
def running(library: Path) -> Iterator[Server]:
    """The chat over them."""
    with chat(library) as server:
        yield server


def _parameters(library: Path) -> StdioServerParameters:
    arguments = ["-m", "qa", "mcp", "--library", str(library)]
    return StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ), cwd=ROOT)


class Told:
    """What a client was told in one session."""

    def __init__(self) -> None:
        self.results: dict[str, CallToolResult] = {}
        self.refused: dict[str, str] = {}

    async def hear(self, client: Client) -> None:
        """Call every tool."""
        self.version = client.protocol_version
        self.instructions = client.instructions
        self.tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        call = client.call_tool
        self.results["ask"] = answer = await call("ask", {"question": QUESTION})
        quote = (answer.structured_content or {})["from_document"]["quotes"][0]
        for name, arguments in {
            "ask of none": ("ask", {"question": QUESTION, "filters": {"publisher": "Nobody"}}),
            "search": ("search", {"query": "ferry", "filters": {"since": "2008"}}),
            "read_source": ("read_source", {"citation": quote["id"]}),
            "cite": ("cite", {"citation": f"http://localhost:7860/#cite={quote['id']}"}),
            "list_documents": ("list_documents", {}),
            "verify": ("verify", {"text": DRAFT}),
            **HOSTILE,
            **ODD,
        }.items():
            self.results[name] = await call(*arguments)
        for tool in ("forget", "\0", "\u202e" * 500, "a/b"):
            try:
                await call(tool, {})
            except MCPError as error:
                self.refused[tool] = str(error)

    def record(self, name: str) -> dict[str, Any]:
        result = self.results[name]
        assert not result.is_error, result.content
        assert result.structured_content is not None
        assert json.loads(self.text(name)) == result.structured_content
        return result.structured_content

    def text(self, name: str) -> str:
        (content,) = self.results[name].content
        assert content.type == "text"
        return content.text


@pytest.fixture(
    scope="module", params=["stdio", "stdio of 2025", "http", "http of 2025"], ids=lambda name: name
)
def told(request: pytest.FixtureRequest, library: Path) -> Told:
    """What the SDK's client is told over a transport, in today's protocol and in last year's."""
    over, _, year = request.param.partition(" of ")
    server: Any = f"{request.getfixturevalue('running').url}mcp" if over == "http" else _parameters(library)
    heard = Told()

    async def session() -> None:
        async with Client(server, mode="legacy" if year else "auto", read_timeout_seconds=120) as client:
            await heard.hear(client)

    with ThreadPoolExecutor(1) as thread:  # in this one a loop may run already: Playwright's
        thread.submit(asyncio.run, session()).result()
    return heard


def test_a_client_is_told_of_six_tools_that_only_read_and_how_to_quote(told: Told) -> None:
    assert list(told.tools) == TOOLS
    for tool in told.tools.values():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert "never instructions" in (tool.description or "")
        assert told.record(tool.name)["notice"] == NOTICE
    assert "Do not paraphrase" in (told.instructions or "")
    assert "only the nearest sentences" in (told.tools["ask"].description or "")


def test_an_answer_is_the_line_of_ask_with_the_citation_of_each_quote(told: Told, library: Path) -> None:
    answer = told.record("ask")
    assert answer["outcome"] == "answered"
    quote = answer["from_document"]["quotes"][0]
    assert quote["text"] == HARBOUR[quote["start"] : quote["end"]]
    assert quote["text"].startswith("The harbour at Varna will not open before May")
    assert quote["id"] == f"{quote['sha256']}/{quote['start']}-{quote['end']}"
    assert quote["cited"] == "“Harbour closed for the winter”, Coast Review, 4 April 2008, paragraph 1"
    with Corpus.open(library) as corpus:
        from qa.quoting.render import to_dict

        line = to_dict(corpus.ask(QUESTION), corpus.document)
    del answer["notice"], line["passages"]
    answer |= answer.pop("from_document")
    for each in answer["quotes"]:
        del each["id"], each["cited"]
    assert answer | {"milliseconds": None} == line | {"milliseconds": None}


def test_no_answer_is_told_as_none(told: Told) -> None:
    none = told.record("ask of none")
    assert (none["outcome"], none["from_document"]["quotes"]) == ("none", [])
    assert "Nobody" in none["unsearched"]


def test_a_search_gives_passages_word_for_word(told: Told) -> None:
    found = told.record("search")["from_document"]["passages"]
    assert "ferry" in found[0]["text"]
    for each in found:
        text = HARBOUR if each["document"] == "harbour.txt" else GRAIN
        assert each["text"] == text[each["start"] : each["end"]]


def test_a_citation_opens_with_the_sentences_beside_it_and_is_read_in_its_source(told: Told) -> None:
    cited, read = told.record("cite"), told.record("read_source")
    there, here = cited["from_document"], read["from_document"]
    assert there["quote"] == here["quote"]
    assert cited["status"] == "current"
    assert here["before"] + here["quote"] + here["after"] == HARBOUR
    assert read["shown"] == {"start": 0, "end": read["characters"]}
    around = there["before"] + there["quote"] + there["after"]
    assert around == HARBOUR[cited["shown"]["start"] : cited["shown"]["end"]]
    assert len(around) < len(HARBOUR)


def test_the_documents_are_listed_without_where_they_lie(told: Told) -> None:
    listed = told.record("list_documents")
    documents = listed["from_document"]["documents"]
    assert [each["id"] for each in documents] == ["grain.txt", "harbour.txt"]
    assert (listed["total"], listed["next"]) == (2, None)
    assert "path" not in documents[0]


def test_of_a_draft_five_true_and_five_false_quotes_are_judged_right(told: Told) -> None:
    verified = told.record("verify")
    quotes = verified["from_document"]["quotes"]
    assert [quote["status"] for quote in quotes] == VERDICTS
    assert not verified["right"]
    assert verified["summary"] == "5 verbatim, 1 distorted, 4 altered"
    assert quotes[6]["said"].endswith("The harbour at Varna will [-not-] open before May")
    assert "not said by Ivana Petrova, but by Georgi Dimov" in quotes[9]["said"]


@pytest.mark.parametrize("name", HOSTILE)
def test_bad_input_is_an_error_in_words(told: Told, name: str, library: Path) -> None:
    result = told.results[name]
    assert result.is_error
    assert result.structured_content is None
    _is_harmless(told.text(name), library)


@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_answered(told: Told, name: str, library: Path) -> None:
    told.record(name)
    _is_harmless(told.text(name), library)


def test_an_unknown_tool_is_refused_with_the_names_of_those_that_there_are(told: Told) -> None:
    assert len(told.refused) == 4
    for message in told.refused.values():
        assert len(message) < 300
        assert message.isprintable()
        assert "list_documents" in message


def _is_harmless(text: str, library: Path) -> None:
    assert len(text) < 20_000
    for never in ("Traceback", str(library), str(library.parent), str(ROOT), "went wrong"):
        assert never not in text


def _message(method: str, number: int | None = None, **params: Any) -> bytes:
    named = {} if number is None else {"id": number}
    return json.dumps({"jsonrpc": "2.0", **named, "method": method, "params": params}).encode() + b"\n"


HELLO = _message(
    "initialize",
    1,
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "test", "version": "1"},
) + _message("notifications/initialized")
NO_REQUESTS = [
    *(b"", b"no JSON", b"[]", b"null", b'"text"', b"[" * 100_000, b"\xff\xfe", b"\0" * 900_000),
    b'{"jsonrpc": "2.0", "id": 1}',
    b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "tools/call", "params": {"name": "\\udfff"}}',
]
# Half a surrogate pair, as JavaScript writes it.
HALF = json.dumps({"question": "Who opened \ud83d?"}).encode()


def _half(number: int) -> bytes:
    call = _message("tools/call", number, name="ask", arguments={})
    return call.replace(b'"arguments": {}', b'"arguments": ' + HALF)


def _served(library: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "qa", "mcp", "--library", str(library)]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


def test_standard_output_carries_the_protocol_alone_whatever_comes(library: Path) -> None:
    lines = [b"no JSON\n", b'{"jsonrpc": "2.0"}\n', b"[" * 100_000 + b"\n", b"\xff\xfe\0\n", b"\n", _half(2)]
    lines += [_message("tools/call", 3, name="list_documents"), _message("nothing/known", 4), b"no end"]
    process = _served(library)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(HELLO + b"".join(lines))
    process.stdin.flush()
    replies = [json.loads(process.stdout.readline()) for _ in range(8)]
    refused = [reply["error"]["code"] for reply in replies if reply["id"] is None]
    assert refused == [PARSE_ERROR, INVALID_REQUEST, PARSE_ERROR, PARSE_ERROR]
    answered = {reply["id"]: reply for reply in replies if reply["id"] is not None}
    out, said = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["error"]["code"]) == (0, PARSE_ERROR)  # of what has no end
    assert answered.keys() == {1, 2, 3, 4}
    assert not answered[2]["result"]["isError"]
    assert "�" in answered[2]["result"]["structuredContent"]["question"]
    assert answered[4]["error"]["message"] == "Method not found"
    assert said.decode() == f"Serving 2 documents in {library} over MCP, until the client leaves\n"


def test_the_server_ends_with_its_client_and_with_ctrl_c(library: Path) -> None:
    for end in ("left", "interrupted"):
        process = _served(library)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(HELLO)
        process.stdin.flush()
        assert b"serverInfo" in process.stdout.readline()
        if end == "interrupted":
            process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
        assert out == b""
        assert process.returncode == (130 if end == "interrupted" else 0)
        assert (b"interrupted. The server has stopped." in said) == (end == "interrupted")
        assert b"Traceback" not in said


def test_without_a_library_it_says_so_and_ends(tmp_path: Path) -> None:
    from click.testing import CliRunner

    result = CliRunner().invoke(cli, ["mcp", "--library", str(tmp_path / "none")])
    assert result.exit_code == 3
    assert "pullquote index" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "none").exists()


def _post(server: Server, body: bytes, **headers: str) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    request = urllib.request.Request(f"{server.url}mcp", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_other_sites_and_other_hosts_are_kept_from_it(running: Server) -> None:
    call = _message("tools/call", 1, name="list_documents")
    assert _post(running, call)[0] == 200
    assert _post(running, call, Origin="https://example.com")[0] == 403
    assert _post(running, call, Sec_Fetch_Site="cross-site")[0] == 403
    assert _post(running, call, Host="example.com")[0] == 421
    for method in ("GET", "DELETE", "OPTIONS"):
        request = urllib.request.Request(f"{running.url}mcp", method=method)
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(request, timeout=60)


@pytest.mark.parametrize("body", NO_REQUESTS, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28", "never", "ÿ"])
def test_what_is_no_request_is_refused(running: Server, library: Path, body: bytes, version: str) -> None:
    status, said = _post(running, body, MCP_Protocol_Version=version)
    assert 200 <= status < 500
    assert b"error" in said or b"detail" in said
    _is_harmless(said.decode(), library)


def test_half_a_character_is_one_that_is_unknown(running: Server) -> None:
    status, said = _post(running, _half(1))
    assert status == 200
    assert "�" in json.loads(said)["result"]["structuredContent"]["question"]


def test_a_body_that_is_too_large_is_refused(running: Server) -> None:
    """It is refused by its length: whoever went on sending would find the connection closed."""
    connection = HTTPConnection(urlsplit(running.url).netloc, timeout=60)
    connection.putrequest("POST", "/mcp")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str((1 << 20) + 2))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
