"""Requests that an outsider might send to a running chat, generated: targets times hostile values.

`requests` gives the same ones for the same seed. Each is the bytes of one HTTP/1.1 request, so that what no
HTTP library would send can be sent too.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import Headers

from qa.web.access import Access
from qa.web.queue import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterator

# ruff: noqa: E501 - tables of values are as they are
HOST = "127.0.0.1"
# The page's session with the queue: what it has asked for comes back in its stream of events.
SESSION = "hostile"
# By which the session is that of one browser.
COOKIE = Access().cookie(Headers({"host": HOST})).partition(";")[0]


@dataclass(frozen=True)
class Bait:
    """What a hostile request tries to make the server open or reach; all of it is watched.

    - secret: the absolute path of a file outside the library, with a text that no response may hold.
    - pipe: the absolute path of a FIFO, at which whoever opens it waits for ever.
    - address: an HTTP address at which a listener counts the connections.
    - sha256: the text's SHA-256 (hex) of a document of the library, 400 kB long and superseded.
    """

    secret: str
    pipe: str
    address: str
    sha256: str


@dataclass(frozen=True)
class Request:
    """One request: what it tries, for the messages, and its bytes. `endless`: the response may not end."""

    kind: str
    name: str
    data: bytes
    endless: bool = False


def requests(bait: Bait, seed: int = 20261127, per_target: int = 8) -> list[Request]:
    """Generate the requests: of each kind, and in each place where a value goes, `per_target` values."""
    chance = random.Random(seed)
    made = [
        *_json_requests(bait, chance, per_target),
        *_queue_requests(bait, chance, per_target),
        *_changes(bait, chance, per_target),
        *_large_requests(),
        *_paths(bait),
        *_headers(bait),
        *_raw_requests(),
        *_parts(bait, chance, per_target),
        *_many_questions(bait, chance, per_target),
        *_assistants(bait, chance, per_target),
    ]
    chance.shuffle(made)
    return made


def question(text: str) -> Request:
    """Make an ordinary request: this question, over HTTP."""
    return _post("ordinary", "/api/v1/ask", {"question": text}, "question", text)


def texts(bait: Bait) -> list[str]:
    """Hostile texts: long repeats, paths and addresses, and what other programs would run."""
    repeated = (
        " ", "\n", "2008 ", "from 2007 to ", "since ", "in March ", "May 4, ", "not in ", "two hundred ", '"', "“", "“a” ", "(",
        "[", "Kim-", "O'", "a.b.", "No. ", "Who ", "who is he? ", "?", "-", "a-", "é", "e\u0301", "ŏ", "ﷺ", "한", "中", "\u200d",
        "\u202e", "&amp;", "<b>", "*", "\\", "%", "1,", "1.", "9", "€", "http://", "@", "…", "[…] ", "not ", "the ", "x",
    )  # fmt: skip
    return [
        *(each * (20_000 // len(each)) for each in repeated),
        *(each * (1_900 // len(each)) for each in repeated),
        *(each * (1_500 // len(each)) + "a" for each in repeated),
        bait.secret, bait.pipe, bait.address, f"file://{bait.secret}", f"../../../../../..{bait.secret}",
        "/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/mem", "\\\\127.0.0.1\\share\\file", "~root/.ssh/id_rsa",
        f"${{jndi:{bait.address}}}", f"<img src={bait.address}>", "{{7*7}}", "${7*7}", "__import__('os').system('id')",
        "' OR 1=1 --", "'; DROP TABLE documents; --", 'NEAR("a" "b", 999999999)', "a* OR b* AND (c", '"a" ^ "b"',
        "title:secret", "\x00", "a\x00b", "\x1b[2J", "\u202ereversed", "\r\nSet-Cookie: a=b", "null", "undefined", "true",
        "0", "-1", "1e999", "NaN", "2008-13-45", "9999-12-31", "0000-00-00", "2008-02-30", "1-1-1", "٢٠٠٨", "２００８-04-04",
        "milvus://127.0.0.1:1/x", "sqlite:///etc/passwd", "en" * 500, "",
    ]  # fmt: skip


def values(bait: Bait) -> list[Any]:
    """Hostile values of JSON: of another type than is expected, huge, deep, or a file of Gradio's."""
    file = {"path": bait.secret, "meta": {"_type": "gradio.FileData"}}
    return [
        None, True, -1, 0, 1e308, 10**400, -(10**30), [], {}, [[]], [None] * 10_000, ["a"] * 5_000, [{}] * 3_000,
        {str(number): number for number in range(5_000)}, {"": ""}, {"__proto__": {"a": 1}}, {"$ref": bait.address},
        file, [file], {"a": [{"b": file}]}, file | {"path": "/dev/zero"}, file | {"path": bait.pipe},
        file | {"path": bait.address}, file | {"path": None, "url": bait.address}, {"path": bait.secret},
        {"url": bait.address, "orig_name": "x", "mime_type": "text/plain", "is_stream": True},
        {"__type__": "update", "value": file}, {"_type": "gradio.FileData", "path": bait.secret},
    ]  # fmt: skip


def _bytes(bait: Bait) -> list[bytes]:
    """Bodies that are no JSON at all, or none that ought to be."""
    deep = 50_000
    return [
        b"", b"null", b"[]", b'"text"', b"0", b"{", b'{"question": ', b"\xff\xfe{\x00}\x00", b"\x80\x81", b"NaN",
        b'{"question": NaN}', b'{"question": Infinity}', b'{"question": "\\ud800"}', b'{"question": "a", "question": "b"}',
        b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep, b'{"question": ' + b"9" * 500_000 + b"}",
        b'{"question": "Who was arrested?", "strictness": 1e400}', b'{"question": "' + b"\\u0000" * 300 + b'"}',
        b'{"question": "Who?", "history": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b" " * 1_000_000, b"a=b&c=d",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + bait.secret.encode() + b'"\r\n\r\nabc\r\n--x--\r\n',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://' + bait.secret.encode() + b'">]><a>&b;</a>',
        b'{"question": "' + b"x" * 1_100_000 + b'"}', b'"' * 100_000, b"\\" * 100_000, b'{"' + b"\\" * 99_999,
    ]  # fmt: skip


def _json_requests(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    ask = {
        "question": "Who was arrested?",
        "history": ["What was stolen?"],
        "filters": {},
        "strictness": 0.86,
    }
    thumb = {"answer": "a" * 32, "quote": None, "thumb": "up"}
    targets: list[tuple[str, dict[str, Any], tuple[str | int, ...]]] = [
        *(("/api/v1/ask", ask, (field,)) for field in ("question", "history", "filters", "strictness", "dates")),
        ("/api/v1/ask", ask, ("history", 0)),
        ("/api/v1/ask", ask | {"history": [{"role": "user", "text": "Who?"}]}, ("history", 0, "text")),
        ("/api/v1/ask", ask | {"history": [{"role": "user", "text": "Who?"}]}, ("history", 0, "role")),
        *(
            ("/api/v1/ask", ask, ("filters", field))
            for field in ("since", "until", "publisher", "series", "document", "language", "collection", "other")
        ),
        *(("/api/v1/feedback", thumb, (field,)) for field in ("answer", "quote", "thumb")),
    ]  # fmt: skip
    for path, body, where in targets:
        for value in chance.sample([*texts(bait), *values(bait)], per_target):
            yield _post("field", path, _put(body, where, value), ".".join(map(str, where)), value)
        long = chance.choice([text for text in texts(bait) if len(text) > 10_000])
        yield _post("field", path, _put(body, where, [long] * 40), ".".join(map(str, where)), "40 long texts")
    for path in ("/api/v1/ask", "/api/v1/feedback", "/gradio_api/queue/join", "/gradio_api/cancel"):
        for body in chance.sample(_bytes(bait), per_target):
            kind = chance.choice(
                ["application/json"] * 5 + ["text/plain", "multipart/form-data; boundary=x", ""]
            )
            yield _request("body", "POST", path, body, {"Content-Type": kind}, repr(body[:40]))


def _changes(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    """Change documents: with hostile values, ids, names and files."""
    documents, headers = "/api/v1/documents", {"Content-Type": "application/json"}

    def send(method: str, path: str, body: object, name: str) -> Request:
        return _request(
            "change", method, path, json.dumps(body).encode(), headers, f"{method} {path[:60]} {name}"
        )

    for field in ("title", "date", "collection", "other"):
        for value in chance.sample([*texts(bait), *values(bait)], per_target):
            yield send("PATCH", f"{documents}/harbour.txt", {field: value}, f"{field} = {repr(value)[:60]}")
    for value in chance.sample([*texts(bait), *values(bait)], per_target):
        yield send("POST", f"{documents}/harbour.txt/purge", {"title": value}, repr(value)[:60])
        yield send("POST", f"{documents}/collection", {"ids": value, "collection": "a"}, repr(value)[:60])
        yield send(
            "POST", f"{documents}/collection", {"ids": ["harbour.txt"], "collection": value}, repr(value)[:60]
        )
        yield send("PATCH", "/api/v1/collections/a", {"name": value}, repr(value)[:60])
    for text in [bait.secret, f"../../../../..{bait.secret}", *chance.sample(texts(bait), per_target)]:
        at = f"{documents}/{quote(text[:3_000], safe='')}"
        yield _request("change", "GET", f"{at}/original")
        yield _request("change", "GET", f"{at}/purge")
        yield _request("change", "DELETE", at)
        yield _request("change", "POST", f"{at}/restore")
        name = f"{documents}?name={quote(text[:3_000], safe='')}"
        yield _request("upload", "POST", f"{name}.txt", b"Nobody came to the harbour.")
        yield _request("upload", "POST", f"{name}&collection={quote(text[:3_000], safe='')}", b"Nobody came.")
    page = f'<p>Closed.<img src="{bait.address}"><iframe src="file://{bait.secret}"></iframe><script src="{bait.address}"></script>'
    for ending in ("txt", "html", "pdf", "docx", "zip", "csv", "json", "jsonl", "eml", "xml", "epub", "rtf"):
        for body in (
            page.encode(),
            b"PK\x03\x04" + bytes(1_000),
            b"%PDF-1.7\n" + b"[" * 50_000,
            *chance.sample(_bytes(bait), 2),
        ):
            yield _request(
                "upload", "POST", f"{documents}?name=hostile.{ending}", body, name=f"{ending}: {body[:40]!r}"
            )


def _queue_requests(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    join = {
        "data": ["Who was arrested?", 0.86, "", "", None],
        "event_data": None,
        "fn_index": 0,
        "trigger_id": 1,
        "session_hash": SESSION,
    }
    targets: list[tuple[str | int, ...]] = [
        *((field,) for field in ("data", "event_data", "fn_index", "trigger_id", "session_hash", "request", "other")),
        *(("data", at) for at in range(5)),
    ]  # fmt: skip
    for where in targets:
        for value in chance.sample([*texts(bait), *values(bait)], per_target):
            yield _post(
                "queue", "/gradio_api/queue/join", _put(join, where, value), ".".join(map(str, where)), value
            )
    for value in values(bait):  # each file and each oddity in each handler's place of text
        index = chance.randrange(5)
        yield _post(
            "queue",
            "/gradio_api/queue/join",
            join | {"fn_index": index, "data": [value] * INPUTS[index]},
            "data",
            value,
        )
    for path in ("/gradio_api/cancel", "/gradio_api/reset"):
        for value in chance.sample([*texts(bait), *values(bait)], per_target // 2):
            body = {"session_hash": SESSION, "fn_index": 0, "event_id": value}
            yield _post("queue", path, body, "event_id", value)
    for value in chance.sample(texts(bait), per_target):
        path = f"/gradio_api/queue/data?session_hash={quote(value[:5_000])}"
        yield _request("queue", "GET", path, name=path[:80], endless=True)
        path = f"/gradio_api/heartbeat/{quote(value[:500], safe='')}"
        yield _request("queue", "GET", path, name=path[:80], endless=True)


def _large_requests() -> Iterator[Request]:
    """Make values of many parts, each nearly as large as a body may be: an error for each part would cost much."""
    keys = {str(number): 1 for number in range(80_000)}
    join = {"fn_index": 0, "session_hash": SESSION}
    for value in ([1] * 500_000, [{}] * 300_000, [[]] * 300_000, keys, [keys]):
        for field in ("history", "filters"):
            yield _post("large", "/api/v1/ask", {"question": "Who?", field: value}, field, value)
        documents = {"question": "Who?", "filters": {"document": value}}
        yield _post("large", "/api/v1/ask", documents, "filters.document", value)
        yield _post("large", "/gradio_api/queue/join", join | {"data": value}, "data", value)
        for path in ("/api/v1/ask", "/api/v1/feedback", "/gradio_api/queue/join", "/gradio_api/cancel"):
            yield _post("large", path, value, "the body", value)


def _paths(bait: Bait) -> Iterator[Request]:
    secret = bait.secret
    climbs = [
        "../" * 12,
        "..%2f" * 12,
        "%2e%2e/" * 12,
        "..%5c" * 12,
        "....//" * 12,
        "..;/" * 12,
        "%252e%252e%252f" * 12,
    ]
    for prefix in (
        "/",
        "/web/",
        "/static/",
        "/assets/",
        "/gradio_api/file=",
        "/api/v1/",
        "/theme.css/",
        "/config/",
    ):
        for climb in climbs:
            yield _request("path", "GET", prefix + climb + secret.lstrip("/"))
        yield _request("path", "GET", prefix + quote(secret, safe=""))
    files = (
        f"file={secret}", f"file={bait.address}", f"file/{secret}", f"proxy={bait.address}", f"stream/{secret}",
        "upload", f"upload_progress?upload_id={secret}", "info", "openapi.json", "monitoring", "monitoring/summary",
        "component_server", "run/ask", "api/ask", "call/ask", "call/v2/ask", "login", "logout", "token", "app_id",
        "queue/status", "process_recording", "vibe-edit", "vibe-code", "profiling/traces", "deep_link", "startup-events",
        f"custom_component/0/client/component/{quote(secret, safe='')}", "dev/reload", "reset", "runs", "pwa_icon",
    )  # fmt: skip
    for name in files:
        for method in ("GET", "POST"):
            body = json.dumps({"data": [{"path": secret, "meta": {"_type": "gradio.FileData"}}]}).encode()
            yield _request("path", method, f"/gradio_api/{name}", body if method == "POST" else b"")
        yield _request("path", "GET", f"/{name}")
    for start, end in (
        (0, 1),
        (0, 400_000),
        (5, 4),
        (-1, 5),
        (0, 10**30),
        (10**18, 10**19),
        (200_000, 200_100),
        (399_900, 400_100),
    ):
        yield _request("citation", "GET", f"/api/v1/citations/{bait.sha256}/{start}-{end}")
    for sha256 in ("0" * 64, "g" * 64, "", secret, "%00", "a" * 20_000, "../" * 20):
        yield _request("citation", "GET", f"/api/v1/citations/{quote(sha256)}/0-10")
    for answer in ("", "x", secret, "a" * 20_000, "%00", "' OR 1=1 --"):
        yield _request("path", "GET", f"/api/v1/feedback/answers/{quote(answer)}")
    for form in ("jsonl", "csv", "xlsx", "html", quote(secret, safe="")):
        yield _request("path", "GET", f"/api/v1/feedback/test-queries.{form}")
    for method in ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "x" * 500):
        for path in ("/", "/api/v1/ask", "/api/v1/documents"):
            yield _request("method", method, path)
    for path in ("/api/v1/health", "/api/v1/filters", "/api/v1/documents", "/api/v1/openapi.json"):
        yield _request("path", "GET", f"{path}?{'a=b&' * 5_000}")


def _parts(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    """Ask for parts of the Ask page: under hostile filters, of hostile places, with hostile places marked."""
    places = (
        "0-0",
        "5-4",
        "-1-5",
        "0-400001",
        f"0-{10**30}",
        "0-1-2",
        "٠-٩",
        "0-1," * 10_000,
        "1-2," * 4_000 + "1-2",
    )
    source = f"/parts/sources/{bait.sha256}/0-30"
    for text in chance.sample(texts(bait), per_target):
        value = quote(text[:3_000], safe="")
        for field in ("q", "document", "publisher", "language", "since", "sort", "limit", "other"):
            yield _request("part", "GET", f"/parts/filters?{field}={value}")
        yield _request("part", "GET", f"/parts/filters/documents?q={value}&document={value}")
        yield _request("part", "GET", f"/parts/welcome?{value}")
        yield _request("part", "GET", f"/parts/{value}")
        yield _request("part", "GET", f"/parts/sources/{value}/0-30")
        yield _request("part", "GET", f"{source}?document={value}&quotes={value}")
        yield _request("part", "GET", f"{source}/similar?document={value}")
    for place in places:
        yield _request("part", "GET", f"/parts/sources/{bait.sha256}/{quote(place)}")
        yield _request("part", "GET", f"/parts/sources/{bait.sha256}/{quote(place)}/similar")
        yield _request("part", "GET", f"{source}?quotes={quote(place)}")
    for sha256 in ("0" * 64, "g" * 64, "%00", "../" * 20):
        yield _request("part", "GET", f"/parts/sources/{quote(sha256)}/0-30")
        yield _request("part", "GET", f"/parts/sources/{quote(sha256)}/0-30/similar")
    for path in ("/parts/welcome", "/parts/filters", source):
        yield _request("part", "POST", path, b"{}")
        yield _request("part", "GET", f"{path}?{'document=a&' * 5_000}")


def _many_questions(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    """Ask many questions at once: with hostile values, and with so many that the work has to end with the client."""
    path, asked = "/api/v1/questions", {"questions": [{"question": "Who?", "id": "a", "history": ["Why?"]}]}
    places: list[tuple[str | int, ...]] = [
        *(("questions",), ("questions", 0), ("filters",), ("strictness",), ("other",)),
        *(("questions", 0, field) for field in ("question", "id", "history", "other")),
    ]
    for where in places:
        for value in chance.sample([*texts(bait), *values(bait)], per_target):
            yield _post("questions", path, _put(asked, where, value), ".".join(map(str, where)), value)
    for count in (1_000, 1_001, 100_000):
        many = json.dumps({"questions": ["Who?"] * count}).encode()
        headers = {"Content-Type": "application/json"}
        yield _request("questions", "POST", path, many, headers, f"{count} questions", endless=True)
    for accept in ("text/event-stream", "text/event-stream, " * 1_000, "TEXT/EVENT-STREAM;q=0"):
        for name, body in (
            ("a.txt", b"Nobody came."),
            (bait.secret, b""),
            ("b.zip", b"PK\x03\x04" + bytes(1_000)),
        ):
            at = f"/api/v1/documents?name={quote(name, safe='')}"
            yield _request("upload", "POST", at, body, {"Accept": accept}, f"{name:.40} with events")


def _assistants(bait: Bait, chance: random.Random, per_target: int) -> Iterator[Request]:
    """Call the tools for assistants with hostile arguments, and send what is no call at all."""

    def call(body: bytes, name: str, **more: str) -> Request:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"} | more
        return _request("assistant", "POST", "/mcp", body, headers, f"/mcp {name}"[:90])

    given = {
        "ask": ("question", "filters"),
        "search": ("query",),
        "read_source": ("citation", "find"),
        "cite": ("citation",),
        "list_documents": ("filters", "offset"),
        "verify": ("text",),
        "nothing": ("known",),
    }
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    for tool, fields in given.items():
        for field in fields:
            for value in chance.sample([*texts(bait), *values(bait)], per_target):
                body = rpc | {"params": {"name": tool, "arguments": {field: value}}}
                yield call(json.dumps(body).encode(), f"{tool} {field} = {repr(value)[:60]}")
    for field in ("jsonrpc", "id", "method", "params"):
        for value in chance.sample([*texts(bait), *values(bait)], per_target):
            yield call(json.dumps(rpc | {field: value}).encode(), f"{field} = {repr(value)[:60]}")
    for raw in _bytes(bait):
        yield call(raw, repr(raw[:40]))
    listing = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()
    for header in (
        "Mcp-Protocol-Version",
        "Mcp-Session-Id",
        "Mcp-Method",
        "Mcp-Name",
        "Last-Event-Id",
        "Origin",
    ):
        for value in (bait.address, "a" * 9_000, "\xff", "../" * 20, ""):
            yield call(listing, f"{header}: {value[:40]}", **{header: value})
    for method in ("GET", "DELETE", "PUT", "OPTIONS", "HEAD"):
        yield _request("assistant", method, "/mcp", name=f"{method} /mcp", endless=True)
    for batch in ([rpc] * 5_000, [[rpc]] * 100, [listing.decode()] * 1_000):
        yield call(json.dumps(batch).encode(), "a batch")


def _headers(bait: Bait) -> Iterator[Request]:
    names = (
        "attacker.example",
        "127.0.0.1:99999",
        "[::1",
        "localhost@attacker.example",
        "a" * 5_000,
        "",
        "http://[",
        "null",
    )
    for value in (
        *names,
        "http://attacker.example",
        bait.address,
        "http://127.0.0.1:1",
        "file://",
        "http://[::1]:x",
    ):
        for header in (
            "Host",
            "Origin",
            "Referer",
            "X-Forwarded-Host",
            "Forwarded",
            "X-Forwarded-Proto",
            "X-Forwarded-For",
        ):
            yield _request("header", "GET", "/", headers={header: value}, name=f"{header}: {value[:60]}")
        yield _request(
            "header", "POST", "/gradio_api/queue/join", b"{}", {"Origin": value}, f"Origin: {value[:60]}"
        )
    for header, value in (
        ("Range", "bytes=" + "0-1," * 3_000), ("Range", "bytes=-1"), ("Cookie", "a=" * 5_000), ("Cookie", "access-token=x"),
        ("Accept-Encoding", "gzip;q=" + "9" * 5_000), ("Accept-Language", "en," * 5_000), ("Authorization", "Basic " + "=" * 999),
        ("Content-Encoding", "gzip"), ("Transfer-Encoding", "gzip, chunked"), ("Expect", "100-continue"),
        ("If-None-Match", '"' * 9_000), ("If-Modified-Since", "0" * 9_000), ("Upgrade", "websocket"), ("Connection", "Upgrade, x"),
        ("X-HTTP-Method-Override", "DELETE"), ("X-Gradio-Server", bait.address), ("X-Gradio-User", "api"),
        ("x-gradio-deep-link", bait.secret), ("Access-Control-Request-Method", "POST"), ("Content-Type", "a" * 9_000),
    ):  # fmt: skip
        for path in ("/", "/api/v1/documents", "/web/page.js"):
            yield _request("header", "GET", path, headers={header: value}, name=f"{header}: {value[:60]}")


def _raw_requests() -> Iterator[Request]:
    host = f"Host: {HOST}\r\n".encode()
    length = b"Content-Length: "
    for name, data in {
        "nothing but a line's end": b"\r\n" * 5_000,
        "HTTP/0.9": b"GET /\r\n\r\n",
        "no version": b"GET / \r\n" + host + b"\r\n",
        "version 9": b"GET / HTTP/9.9\r\n" + host + b"\r\n",
        "HTTP/2's opening": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "no host": b"GET / HTTP/1.1\r\n\r\n",
        "two hosts": b"GET / HTTP/1.1\r\n" + host + b"Host: attacker.example\r\n\r\n",
        "an absolute address": b"GET http://attacker.example/ HTTP/1.1\r\n" + host + b"\r\n",
        "a bare line feed": b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
        "a NUL in the path": b"GET /\x00 HTTP/1.1\r\n" + host + b"\r\n",
        "bytes that are no text": b"GET /\xff\xfe HTTP/1.1\r\n" + host + b"X: \xff\r\n\r\n",
        "a long path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        "a long header": b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        "many headers": b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n" * 20_000 + b"\r\n",
        "a folded header": b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n b\r\n\r\n",
        "a space before the colon": b"GET / HTTP/1.1\r\n" + host + b"X : a\r\n\r\n",
        "a length below zero": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length + b"-1\r\n\r\n",
        "a length that is no number": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length + "²\r\n\r\n".encode(),
        "a length of 300 digits": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length + b"9" * 300 + b"\r\n\r\n",
        "two lengths": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length + b"2\r\n" + length + b"3\r\n\r\n{}",
        "a length and chunks": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length
        + b"2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a chunk below zero": b"POST /api/v1/ask HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "a huge chunk": b"POST /api/v1/ask HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"f" * 16 + b"\r\n\r\n",
        "many small chunks": b"POST /api/v1/ask HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"1\r\n \r\n" * 20_000 + b"0\r\n\r\n",
        "chunks past the limit": b"POST /api/v1/ask HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n"
        + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 20 + b"0\r\n\r\n",
        "500 requests at once": (b"GET /api/v1/health HTTP/1.1\r\n" + host + b"\r\n") * 500,
        "a web socket": b"GET /gradio_api/queue/join HTTP/1.1\r\n" + host + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
        "half a request": b"POST /api/v1/ask HTTP/1.1\r\n" + host + length + b"100\r\n\r\n{",
        "half a line": b"GET /api/v1/he",
    }.items():  # fmt: skip
        yield Request("raw", name, data, endless=True)  # the server may wait for the rest


def _put(body: Any, where: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of the body with this value there."""
    if not where:
        return value
    copied = list(body) if isinstance(body, list) else dict(body)
    first, *rest = where
    below = copied[first] if isinstance(copied, list) else copied.get(first)
    copied[first] = _put(below, tuple(rest), value)  # type: ignore[call-overload]
    return copied


def _post(kind: str, path: str, body: Any, where: str, value: Any) -> Request:
    headers = {"Content-Type": "application/json"}
    data = json.dumps(body, separators=(",", ":")).encode()
    return _request(kind, "POST", path, data, headers, f"{path} {where} = {repr(value)[:60]}")


def _request(
    kind: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    name: str = "",
    *,
    endless: bool = False,
) -> Request:
    fixed = {"Host": HOST, "Cookie": COOKIE, "Connection": "close", "Content-Length": str(len(body))}
    all_headers = fixed | (headers or {})
    head = "".join(f"{header}: {value}\r\n" for header, value in all_headers.items())
    line = f"{method} {path} HTTP/1.1\r\n"
    return Request(kind, name or f"{method} {path:.100}", (line + head + "\r\n").encode() + body, endless)
