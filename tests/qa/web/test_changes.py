"""Documents in and out over HTTP: the app in this process, and a chat of its own over real connections."""

from __future__ import annotations

import contextlib
import io
import json
import random
import socket
import threading
import time
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from hashlib import sha256
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from qa.cli import cli
from qa.errors import LibraryError
from qa.web import server, uploads
from qa.web.api import create_app
from qa.web.engine import Engine
from qa.web.guard import MAX_UPLOAD_BYTES
from tests.qa.consistency import problems
from tests.qa.storage.folder import source
from tests.qa.test_deadline import until
from tests.qa.tiny import TinyEncoder, tiny_corpus, write
from tests.qa.web.server_sent import read_events
from tests.qa.web.test_server import connections, is_closed, linux, read_all
from tests.web.chatting import chat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from httpx import Response

    from tests.web.chatting import Server

BASE = "http://127.0.0.1:7860"
HARBOUR = b"The harbour at Ostrava was closed in May. Nobody came."
FERRY = b"The ferry of Ostrava sank in June.\n"
MINE = b"The mine of Kosan was shut in July.\n"
SCHOOL = b"The school at Hyesan was opened in June. Everybody came."


def upload(client: TestClient, name: str, content: bytes, **asked: str) -> Response:
    return client.post("/api/v1/documents", params={"name": name, **asked}, content=content)


def with_events(client: TestClient, name: str, content: bytes) -> Response:
    accept = {"Accept": "text/event-stream"}
    return client.post("/api/v1/documents", params={"name": name}, content=content, headers=accept)


def said(response: Response) -> list[tuple[str, str]]:
    assert response.status_code == 200, response.text
    return [(each["document"], each["status"]) for each in response.json()]


def address(document_id: str, rest: str = "") -> str:
    return f"/api/v1/documents/{quote(document_id, safe='')}{rest}"


def refused(response: Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["detail"]


class TestAdd:
    def test_the_briefs_that_ship_are_added_to_try_things_with(
        self, client: TestClient, engine: Engine
    ) -> None:
        (engine.shipped / "brief.txt").write_bytes(HARBOUR)
        assert said(client.post("/api/v1/documents/sample")) == [("brief.txt", "added")]
        assert said(client.post("/api/v1/documents/sample")) == [("brief.txt", "unchanged")]

    def test_a_file_is_added_replaced_and_refused_and_says_so(self, client: TestClient) -> None:
        (result,) = upload(client, "2008/my harbour.txt", HARBOUR, collection="ports").json()
        assert result == {
            "status": "added",
            "document": "2008/my harbour.txt",
            "title": "my harbour",
            "collection": "ports",
            "also_at": [],
            "former": "",
            "passages": 1,
            "error": None,
            "columns": [],
            "notes": [],
        }
        (listed,) = client.get("/api/v1/documents").json()
        assert (listed["id"], listed["collection"]) == ("2008/my harbour.txt", "ports")
        assert "path" not in listed
        assert said(upload(client, "2008/my harbour.txt", HARBOUR)) == [("2008/my harbour.txt", "unchanged")]
        (copy,) = upload(client, "copy.txt", HARBOUR, collection="others").json()
        assert (copy["document"], copy["status"]) == ("2008/my harbour.txt", "duplicate")
        assert (copy["also_at"], copy["collection"]) == (["2008/my harbour.txt"], "ports")
        (changed,) = upload(client, "2008/my harbour.txt", SCHOOL).json()
        assert (changed["document"], changed["status"]) == ("2008/my harbour.txt", "replaced")
        assert changed["former"] == "copy.txt"
        (result,) = upload(client, "picture.jpg", b"\xff\xd8\xff and so on").json()
        assert (result["status"], result["document"]) == ("refused", "")
        assert result["error"]["message"].startswith("picture.jpg is a JPEG image.")

    def test_a_table_shows_its_columns_and_is_read_by_the_one_that_is_chosen(
        self, client: TestClient
    ) -> None:
        table = (
            b"<b>Log</b>,Remark\n"
            b"The sluice\twas opened on Monday by the two keepers,It was shut again when the water was low\n"
        )
        (refused,) = upload(client, "log.csv", table, collection="water").json()
        assert (refused["status"], refused["error"]["code"]) == ("refused", "text_column")
        assert refused["columns"] == [
            {"name": "<b>Log</b>", "value": "The sluice was opened on Monday by the two keepers"},
            {"name": "Remark", "value": "It was shut again when the water was low"},
        ]
        (added,) = upload(client, "log.csv", table, collection="water", text_column="<b>Log</b>").json()
        assert (added["status"], added["document"], added["collection"]) == ("added", "log.csv#2", "water")
        assert added["columns"] == []

    def test_what_is_said_names_nothing_to_type_at_a_terminal(self, client: TestClient) -> None:
        (table,) = upload(client, "rows.csv", b"a,b\n").json()
        assert table["error"]["message"] == (
            "rows.csv does not say which column holds the text. Its columns are: a, b. Call one of "
            "them “text”."
        )
        text = "A brief\n\nOffice of Tests\n04/03/2011\n\nIt says so.\n"
        (dated,) = upload(client, "brief.txt", text.encode()).json()
        assert dated["notes"][0].endswith("; it was left out. Correct it.")
        page = client.get("/documents/brief.txt", headers={"Accept": "text/html"}).text
        assert "Note: The date “04/03/2011” may mean" in page
        assert "--date-order" not in page
        start = text.index("It says")
        cited = client.get(
            f"/api/v1/citations/{sha256(text.encode()).hexdigest()}/{start}-{start + 10}"
        ).json()
        assert cited["notes"] == dated["notes"]
        removed = client.post(address("none", "/restore")).json()["detail"]
        assert removed == "no document 'none' was removed, or it was erased for good"

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("", "no name"),
            ("..", "no name"),
            ("\x00\n", "no name"),
            ("x" * 300, "300 characters"),
            (".env", "hidden"),
        ],
    )
    def test_a_name_that_says_nothing_is_refused(self, client: TestClient, name: str, said: str) -> None:
        status, detail = refused(upload(client, name, HARBOUR))
        assert (status, said in detail) == (400, True)
        assert client.get("/api/v1/documents").json() == []

    def test_a_name_leads_nowhere(self, client: TestClient, engine: Engine) -> None:
        for name in ("../../outside.txt", r"C:\Windows\outside.txt", "/etc/outside.txt", "CON", "nul.txt"):
            upload(client, name, HARBOUR + name.encode())
        outside = [path for path in engine.library.parent.rglob("*") if "outside" in path.name]
        assert outside == []

    def test_a_bomb_costs_itself_and_nothing_else(self, client: TestClient) -> None:
        with zipfile.ZipFile(bomb := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("bomb.txt", b"0" * 300_000_000)
        (result,) = upload(client, "bomb.zip", bomb.getvalue()).json()
        assert result["status"] == "refused"
        assert "/" not in result["error"]["message"].replace("bomb.zip/bomb.txt", "")
        assert said(upload(client, "a.txt", HARBOUR)) == [("a.txt", "added")]

    def test_one_that_is_too_large_is_refused_before_it_is_sent(self, client: TestClient) -> None:
        headers = {"Content-Length": str(MAX_UPLOAD_BYTES + 1)}
        response = client.post("/api/v1/documents", params={"name": "a.txt"}, content=b"x", headers=headers)
        status, detail = refused(response)
        assert (status, "100,000,000 bytes" in detail) == (413, True)
        # No other route takes so much.
        response = client.post("/api/v1/ask", content=b"x", headers={"Content-Length": "2000000"})
        assert response.status_code == 413

    def test_of_one_name_at_once_each_is_whole(self, client: TestClient, engine: Engine) -> None:
        texts = [f"Text {number} of the harbour.".encode() * 50 for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            results = [*pool.map(lambda text: said(upload(client, "a.txt", text)), texts)]
        assert sorted(status for ((_, status),) in results) == ["added", *["replaced"] * 5]
        assert (
            engine.corpus.original("a.txt").path.read_bytes().decode() == engine.corpus.document("a.txt").text
        )
        assert len(engine.corpus.store.versions("a.txt")) == 5

    def test_a_file_that_is_sent_again_is_unchanged_also_at_the_same_time(
        self, client: TestClient, engine: Engine
    ) -> None:
        assert said(upload(client, "a.txt", HARBOUR)) == [("a.txt", "added")]
        generation = engine.corpus.store.generation
        assert said(upload(client, "a.txt", HARBOUR)) == [("a.txt", "unchanged")]
        with ThreadPoolExecutor(6) as pool:
            again = [*pool.map(lambda _: said(upload(client, "a.txt", HARBOUR)), range(6))]
            new = [*pool.map(lambda _: said(upload(client, "b.txt", SCHOOL)), range(6))]
        assert again == [[("a.txt", "unchanged")]] * 6
        assert sorted(status for ((_, status),) in new) == ["added", *["unchanged"] * 5]
        assert engine.corpus.store.generation == generation + 1
        assert engine.corpus.store.versions("a.txt") == ()
        # Whoever sends again what a person has removed meanwhile does not put it back.
        client.delete(address("a.txt"))
        assert said(upload(client, "a.txt", HARBOUR)) == [("a.txt", "withdrawn")]

    def test_events_say_how_far_a_file_has_come_and_what_became_of_it(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "_TOLD_EVERY", 0.01)
        encode = TinyEncoder.encode_documents

        def slowly(*given: Any, **named: Any) -> Any:
            time.sleep(0.1)
            return encode(*given, **named)

        monkeypatch.setattr(TinyEncoder, "encode_documents", slowly)
        response = with_events(client, "a.txt", HARBOUR)
        *progress, (last, _, results) = read_events(response.text)
        assert {name for name, _, _ in progress} == {"progress"}
        stages = [data["stage"] for _, _, data in progress]
        assert (stages[0], len(stages) > 1) == ("wait", True)
        assert set(stages) <= {"wait", "model", "read", "embed", "write"}
        assert last == "result"
        assert [(each["document"], each["status"]) for each in results] == [("a.txt", "added")]
        assert read_events(with_events(client, "b.txt", b"").text)[-1][2][0]["status"] == "refused"

    def test_what_goes_wrong_after_the_file_has_come_is_an_event(
        self, client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for error, code in (
            (LibraryError(f"{engine.library}/x is full"), "library"),
            (ValueError("?"), "internal"),
        ):
            monkeypatch.setattr(engine.corpus, "upload", Mock(side_effect=error))
            name, _, problem = read_events(with_events(client, "a.txt", HARBOUR).text)[-1]
            assert (name, problem["status"], problem["code"]) == ("error", 500, code)
            assert str(engine.library.parent) not in problem["detail"]
        # Before, it is a status.
        assert with_events(client, ".hidden", HARBOUR).status_code == 400

    def test_a_library_that_may_not_be_written_says_so(self, engine: Engine, tmp_path: Path) -> None:
        with tiny_corpus(engine.library, read_only=True) as reading:
            app = create_app(Engine(engine.library, tmp_path, _corpus=reading), "127.0.0.1")
            with TestClient(app, base_url=BASE) as client:
                status, detail = refused(upload(client, "a.txt", HARBOUR))
        assert (status, "may not be written" in detail) == (500, True)
        assert str(tmp_path) not in detail


class TestChange:
    @pytest.fixture(autouse=True)
    def _documents(self, client: TestClient) -> None:
        upload(client, "2008/a & b.txt", HARBOUR)
        upload(client, "c.txt", SCHOOL)

    def test_metadata_are_corrected_and_put_back(self, client: TestClient) -> None:
        given = {"title": "The harbour", "date": "2008-04", "publisher": ""}
        fields = client.patch(address("2008/a & b.txt"), json=given).json()["fields"]
        assert fields["title"] == {
            "value": "The harbour",
            "source": "corrected by hand",
            "sure": "corrected",
            "corrected": True,
            "was": "a & b",
        }
        assert (fields["date"]["value"], fields["author"]["corrected"]) == ("2008-04", False)
        fields = client.patch(address("2008/a & b.txt"), json={"title": None, "series": None}).json()[
            "fields"
        ]
        assert (fields["title"]["value"], fields["title"]["corrected"]) == ("a & b", False)
        assert fields["date"]["corrected"] is True
        for body in ({"date": "soon"}, {"colour": "red"}, {"title": "x" * 2000}, {"title": 1}):
            assert refused(client.patch(address("2008/a & b.txt"), json=body))[0] == 400
        assert refused(client.patch(address("nothing"), json={"title": "x"}))[0] == 404

    def test_removed_restored_and_purged(self, client: TestClient, engine: Engine) -> None:
        at = "2008/a & b.txt"
        assert client.delete(address(at)).json() == {"removed": [at]}
        assert refused(client.delete(address(at)))[0] == 404
        assert client.post(address(at, "/restore")).json() == {"restored": [at]}
        assert refused(client.post(address(at, "/restore")))[0] == 400
        client.delete(address(at))
        goes = client.get(address(at, "/purge")).json()
        assert (goes["title"], goes["files"], goes["conversations"]) == ("a & b", ["2008/a & b.txt"], [])
        status, detail = refused(client.post(address(at, "/purge"), json={"title": "A & b"}))
        assert (status, "“a & b”" in detail) == (400, True)
        assert client.post(address(at, "/purge"), json={"title": " a & b "}).json()["purged"] == [at]
        assert refused(client.get(address(at, "/purge")))[0] == 404
        kept = [path.read_bytes() for path in engine.library.rglob("*") if path.is_file()]
        assert not [data for data in kept if b"Ostrava" in data]

    def test_the_original_is_sent_to_be_saved_byte_for_byte(
        self, client: TestClient, tmp_path: Path, engine: Engine
    ) -> None:
        page = b"<!doctype html><title>A page</title><script>window.canary = 1</script><p>Closed."
        upload(client, "p\u00e4ge.html", page)
        response = client.get(address("p\u00e4ge.html", "/original"))
        assert response.content == page
        headers = response.headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["content-disposition"] == "attachment; filename*=utf-8''p%C3%A4ge.html"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; sandbox"
        text = client.get(address("2008/a & b.txt", "/original"))
        assert (text.content, text.headers["content-type"]) == (HARBOUR, "text/plain; charset=utf-8")
        assert text.headers["content-disposition"] == "attachment; filename*=utf-8''a%20%26%20b.txt"
        engine.corpus.index(write(tmp_path, "on disk.txt", "Another text."))
        response = client.get(address("on disk.txt", "/original"))
        assert refused(response)[0] == 404
        assert response.json()["code"] == "original_not_found"

    def test_collections_are_made_renamed_and_left(self, client: TestClient) -> None:
        assert client.get("/api/v1/collections").json() == []
        both = {"ids": ["2008/a & b.txt", "c.txt"], "collection": "ports / schools"}
        assert client.post("/api/v1/documents/collection", json=both).json() == {"moved": both["ids"]}
        assert client.get("/api/v1/collections").json() == [{"name": "ports / schools", "documents": 2}]
        at = f"/api/v1/collections/{quote('ports / schools', safe='')}"
        assert client.patch(at, json={"name": "north"}).json() == {"name": "north", "renamed": 2}
        assert refused(client.patch(at, json={"name": "south"}))[0] == 400
        assert refused(client.patch("/api/v1/collections/north", json={"name": " "}))[0] == 400
        out = {"ids": ["c.txt"], "collection": ""}
        assert client.post("/api/v1/documents/collection", json=out).json() == {"moved": ["c.txt"]}
        assert client.get("/api/v1/collections").json() == [{"name": "north", "documents": 1}]
        wrong = {"ids": ["c.txt", "nothing"], "collection": "north"}
        assert refused(client.post("/api/v1/documents/collection", json=wrong))[0] == 404

    def test_where_nothing_may_be_changed_all_of_it_is_refused(
        self, client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "may_change", False)
        before = client.get("/api/v1/documents").json()
        for response in (
            upload(client, "d.txt", HARBOUR),
            client.patch(address("c.txt"), json={"title": "x"}),
            client.delete(address("c.txt")),
            client.post(address("c.txt", "/restore")),
            client.get(address("c.txt", "/purge")),
            client.post(address("c.txt", "/purge"), json={"title": "c"}),
            client.post("/api/v1/documents/collection", json={"ids": ["c.txt"], "collection": "x"}),
            client.patch("/api/v1/collections/x", json={"name": "y"}),
        ):
            assert (response.status_code, response.json()["code"]) == (403, "read_only_server")
        assert client.get("/api/v1/documents").json() == before
        assert client.get(address("c.txt", "/original")).content == SCHOOL

    def test_another_site_is_refused(self, client: TestClient) -> None:
        headers = {"Origin": "http://evil.example"}
        for method, path in (("POST", "/api/v1/documents?name=x.txt"), ("DELETE", address("c.txt"))):
            assert client.request(method, path, headers=headers, content=HARBOUR).status_code == 403


# Over real connections


@pytest.fixture
def connect(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., socket.socket]]:
    """Opens connections to a server that is patient for a second."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 1)
    monkeypatch.setattr(server, "UPLOAD_SECONDS", 1)
    monkeypatch.setattr(server, "UPLOAD_BYTES", 1000)
    with connections(create_app(engine, "127.0.0.1"), timeout=30) as connect:
        yield connect


def head(name: str, length: int, *more: str) -> bytes:
    lines = (f"POST /api/v1/documents?name={quote(name)} HTTP/1.1", "Host: 127.0.0.1",
             f"Content-Length: {length}", "Connection: close", *more)  # fmt: skip
    return "\r\n".join((*lines, "", "")).encode()


def reply(connection: socket.socket) -> tuple[int, Any]:
    start, _, body = read_all(connection).partition(b"\r\n\r\n")
    return int(start.split()[1]), json.loads(body)


def files(engine: Engine) -> list[str]:
    """Name what lies in the library besides its own files."""
    own = ("library.sqlite3", "desk.sqlite3", "index-")
    return [
        path.name for path in engine.library.rglob("*") if path.is_file() and not path.name.startswith(own)
    ]


def test_a_large_file_comes_in_pieces_for_as_long_as_it_goes_on(
    connect: Callable[[], socket.socket], engine: Engine
) -> None:
    with zipfile.ZipFile(archive := io.BytesIO(), "w") as opened:
        opened.writestr("harbour.txt", HARBOUR)
        opened.writestr("padding.bin", b"x" * 4_000_000)  # four times what any other body may have
    sent = archive.getvalue()
    connection = connect()
    connection.sendall(head("large.zip", len(sent)))
    for start in range(0, len(sent), 800_000):
        connection.sendall(sent[start : start + 800_000])
        time.sleep(0.5)
    status, results = reply(connection)
    assert (status, {each["status"] for each in results}) == (200, {"added", "skipped"})
    assert engine.corpus.original("large.zip/harbour.txt").path.read_bytes() == sent


def test_one_that_comes_in_drops_is_ended_and_leaves_nothing(
    connect: Callable[[], socket.socket], engine: Engine
) -> None:
    connection = connect()
    connection.sendall(head("slow.txt", 1_000_000))
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 20 and not is_closed(connection):
            connection.sendall(b"x")
    assert time.monotonic() - began < 15
    assert files(engine) == []


def test_one_that_is_broken_off_leaves_nothing(connect: Callable[[], socket.socket], engine: Engine) -> None:
    for sent in (b"", HARBOUR, b"x" * 500_000):
        connection = connect()
        connection.sendall(head("half.txt", 1_000_000) + sent)
        connection.shutdown(socket.SHUT_RDWR)
    whole = connect()
    whole.sendall(head("whole.txt", len(HARBOUR)) + HARBOUR)
    assert reply(whole)[0] == 200
    assert files(engine) == [engine.corpus.original("whole.txt").sha256]
    assert [info.id for info in engine.corpus.documents()] == ["whole.txt"]


def test_more_than_are_received_at_once_wait_their_turn(
    connect: Callable[[], socket.socket], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled = [connect() for _ in range(uploads.RECEIVED_AT_ONCE)]
    for connection in stalled:
        connection.sendall(head("stalled.txt", 1_000_000) + b"x" * 10)
    waiting = connect()
    waiting.sendall(head("waits.txt", len(HARBOUR)) + HARBOUR)
    status, results = reply(waiting)  # once the others were ended
    assert (status, results[0]["status"]) == (200, "added")
    assert files(engine) == [engine.corpus.original("waits.txt").sha256]


@linux
def test_slow_files_of_one_client_leave_those_of_another_alone(
    connect: Callable[..., socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 20)
    stalled = [connect("127.0.0.2") for _ in range(2 * uploads.RECEIVED_AT_ONCE)]
    for connection in stalled:
        connection.sendall(head("stalled.txt", 1_000_000) + b"x" * 10)
    time.sleep(0.2)
    other = connect("127.0.0.3")
    other.sendall(head("other.txt", len(HARBOUR)) + HARBOUR)
    status, results = reply(other)
    assert (status, results[0]["status"]) == (200, "added")
    assert not any(map(is_closed, stalled))


@linux
def test_files_that_take_long_are_read_beside_those_of_another_client(
    connect: Callable[..., socket.socket], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, read = threading.Event(), engine.corpus._intake.read_uploads

    def slowly(uploads: Any, *given: Any, **named: Any) -> Any:
        if uploads[0].name.startswith("long"):
            assert goes_on.wait(20)
        return read(uploads, *given, **named)

    monkeypatch.setattr(engine.corpus._intake, "read_uploads", slowly)
    long, again, longer = connect("127.0.0.2"), connect("127.0.0.2"), connect("127.0.0.3")
    other = connect("127.0.0.4")
    long.sendall(head("long.txt", len(SCHOOL)) + SCHOOL)
    longer.sendall(head("longer.txt", len(MINE)) + MINE)
    again.sendall(head("again.txt", len(FERRY)) + FERRY)
    time.sleep(0.2)
    other.sendall(head("other.txt", len(HARBOUR)) + HARBOUR)
    assert reply(other)[1][0]["status"] == "added"
    assert [each.id for each in engine.corpus.documents()] == ["other.txt"]
    goes_on.set()
    assert [reply(each)[1][0]["status"] for each in (long, longer, again)] == ["added"] * 3


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_file_that_is_being_read_is_taken_in_though_its_client_has_gone(
    connect: Callable[[], socket.socket], engine: Engine, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    read = engine.corpus.upload

    def slowly(*given: Any, **named: Any) -> Any:
        begun.set()
        assert goes_on.wait(20)
        return read(*given, **named)

    monkeypatch.setattr(engine.corpus, "upload", slowly)
    names = [f"{number}.txt" for number in range(uploads.RECEIVED_AT_ONCE + 1)]  # were any to keep its room
    for name in names:
        connection = connect()
        connection.sendall(head(name, len(HARBOUR) + 5, f"Accept: {accept}") + HARBOUR + name.encode())
        assert begun.wait(20)
        connection.close()
        goes_on.set()
        until(lambda name=name: [each.id for each in engine.corpus.documents()][-1:] == [name])
        begun.clear(), goes_on.clear()
    goes_on.set()
    last = connect()
    last.sendall(head("last.txt", len(SCHOOL)) + SCHOOL)
    assert reply(last)[1][0]["status"] == "added"
    assert len(engine.corpus.documents()) == len(names) + 1


@pytest.mark.models
@pytest.mark.day
def test_a_file_is_safely_sent_again_after_a_kill_at_any_time(tmp_path: Path) -> None:
    statuses = []
    for number, seconds in enumerate((0.05, 0.4, 1.5, 30)):
        path = f"api/v1/documents?name={number}.txt"
        days = [f"On day {day} of year {number} the harbour at Ostrava was closed.\n\n" for day in range(400)]

        def send(running: Server, path: str = path, text: bytes = "".join(days).encode()) -> Any:
            request = urllib.request.Request(running.url + path, text, method="POST")  # noqa: S310
            with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
                return json.load(response)

        with chat(tmp_path / "library") as running, ThreadPoolExecutor(1) as pool:
            until(lambda running=running: running.get("api/v1/health")[0] == 200, 100)
            first = pool.submit(send, running)
            wait([first], timeout=seconds)
            running.process.kill()
            with contextlib.suppress(OSError, HTTPException):
                first.result()
        with chat(tmp_path / "library") as running:
            until(lambda running=running: running.get("api/v1/health")[0] == 200, 100)
            (result,) = send(running)
            statuses.append(result["status"])
            assert result["passages"] > 0
            listed = [each["id"] for each in running.get("api/v1/documents?q=.txt")[1]]
            assert listed.count(f"{number}.txt") == 1
    assert set(statuses) == {"added", "unchanged"}
    assert problems(tmp_path / "library") == []


@pytest.mark.models
@pytest.mark.day
def test_questions_are_answered_while_files_come_and_after_a_kill_from_what_came(tmp_path: Path) -> None:
    library, question = tmp_path / "library", "When was the harbour at Ostrava closed?"

    def send(running: Server, method: str, path: str, body: bytes, kind: str = "application/json") -> Any:
        request = urllib.request.Request(running.url + path, body, {"Content-Type": kind}, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)

    def ask(running: Server) -> Any:
        return send(running, "POST", "api/v1/ask", json.dumps({"question": question}).encode())

    def wait_until_ready(running: Server) -> None:
        deadline = time.monotonic() + 100
        while running.get("api/v1/health")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.1)

    name, text = "my briefs/harbour \u00e4.txt", "The harbour at Ostrava was closed in May.\n\nNobody came."
    with chat(library) as running:
        wait_until_ready(running)
        path = f"api/v1/documents?name={quote(name)}"
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(ask, running) for _ in range(3)]
            sent = [
                pool.submit(send, running, "POST", f"api/v1/documents?name={n}.txt", b"Text %d." % n)
                for n in range(10)
            ]
            (added,) = send(running, "POST", path, text.encode())
            assert {each.result()[0]["status"] for each in sent} == {"added"}
            assert {each.result()["error"] for each in asked} == {None}
        assert added["status"] == "added"
        assert ask(running)["quotes"][0]["document"] == name
        running.process.kill()
    with chat(library) as running:
        wait_until_ready(running)
        answer = ask(running)
        assert (answer["outcome"], answer["quotes"][0]["document"]) == ("answered", name)
        assert str(tmp_path) not in json.dumps(answer)
    said = CliRunner().invoke(cli, ["ask", question, "--library", str(library)])
    assert (said.exit_code, "closed in May" in said.stdout) == (0, True)
    assert "upload:" not in said.stdout
    assert str(library) not in said.stdout


@pytest.mark.day
def test_three_hundred_files_take_no_longer_each_than_the_first(client: TestClient, engine: Engine) -> None:
    """`benchmarks/uploads.py` posts ten thousand, with the real models."""
    seconds = []
    for number in range(300):
        chance = random.Random(number)
        text = " ".join("".join(chance.choices("abcdefgh", k=6)) for _ in range(30)).encode()
        began = time.process_time()
        (result,) = upload(client, f"{number // 100}/{number}.txt", text).json()
        seconds.append(time.process_time() - began)
        assert result["status"] == "added", result
    assert engine.corpus.store.count().documents == 300
    assert sum(seconds[-60:]) < 3 * sum(seconds[:60])


def test_the_index_is_written_after_the_last_of_the_files_that_come_together(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    save = engine.corpus.store.save
    monkeypatch.setattr(
        engine.corpus.store, "save", lambda: (written.append(engine.corpus.store.count().documents), save())
    )
    before = engine.corpus.store.count().documents

    def post(number: int) -> int:
        return upload(client, f"{number}.txt", f"The ferry {number} sank in June.\n".encode()).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(post, range(12))) == {200}
    assert len(written) < 12
    assert written[-1] == before + 12
    record = source(engine.corpus.store).index_record()
    assert record.file_generation == record.generation
