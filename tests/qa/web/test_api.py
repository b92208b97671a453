"""The HTTP interface over a real library with the real models, and the guard around it."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from fastapi.testclient import TestClient

import ui
from qa.asking import confidence
from qa.corpus import Corpus
from qa.desk.desk import DeskDatabase
from qa.errors import InputError
from qa.evaluation.suite import load
from qa.places import shipped_corpus
from qa.schema import STRICTNESS, Answer, Quote
from qa.storage.library import Library
from qa.web.api import create_app
from qa.web.engine import Engine
from qa.web.guard import MAX_BODY_BYTES
from qa.web.shown import remember, to_remember
from tests.qa.tiny import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUESTION = "What was taken from the Kumsandong fertilizer factory?"
BASE = "http://127.0.0.1:7860"
JSON = {"Content-Type": "application/json"}


def wait_for(engine: Engine, stage: str) -> None:
    deadline = time.monotonic() + 60
    while engine.state.stage not in {stage, "failed"} and time.monotonic() < deadline:
        time.sleep(0.02)
    assert engine.state.stage == stage, engine.state


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    engine.start()
    wait_for(engine, "ready")
    yield engine
    engine.stop()


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole app, Gradio included, over an engine that was never started."""
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    with TestClient(ui.create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        yield client


@pytest.mark.models
def test_a_citation_opens_the_document_that_it_names_of_several_with_its_text(tmp_path: Path) -> None:
    lines = [{"_id": f"{name} & more", "title": name, "text": "Nothing new from Komdok."} for name in "ab"]
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "two.jsonl", "\n".join(map(json.dumps, lines))))
        sha256 = corpus.document("a & more").sha256
    engine = Engine(tmp_path / "library", None)
    engine.start()
    wait_for(engine, "ready")
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        for named, title in (("", "a"), ("a & more", "a"), ("b & more", "b"), ("gone", "a")):
            found = client.get(f"/api/v1/citations/{sha256}/0-7", params={"document": named}).json()
            assert (found["title"], found["quote"]) == (title, "Nothing")
    engine.stop()


@pytest.mark.models
def test_a_thumb_on_an_answer_whose_document_was_purged_meanwhile_is_refused(tmp_path: Path) -> None:
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "a.txt", "Nothing new from Komdok."))
        engine = Engine(tmp_path / "library", None)
        engine.start()
        wait_for(engine, "ready")
        quotes = (Quote(corpus.document("a.txt"), 0, 7),)
        shown = Answer(QUESTION, QUESTION, "answered", quotes=quotes)
        answer = remember(engine, to_remember(shown, ()))
        corpus.purge(["a.txt"])
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        response = client.post("/api/v1/feedback", json={"answer": answer, "thumb": "up"})
        assert (response.status_code, response.json()["code"]) == (404, "answer_not_found")
        assert client.get("/api/v1/feedback").json() == {"thumbs": 0, "queries": 0}
    engine.stop()


@pytest.mark.models
class TestAnswers:
    def test_a_question_gives_an_answer_line(self, client: TestClient, brief: Path) -> None:
        response = client.post("/api/v1/ask", json={"question": QUESTION})
        line = response.json()
        source = brief.read_text("utf-8")
        assert response.status_code == 200
        assert line["outcome"] == "answered"
        assert "bolted down" in line["quotes"][0]["text"]
        assert [quote["text"] for quote in line["quotes"]] == [
            source[q["start"] : q["end"]] for q in line["quotes"]
        ]

    def test_history_and_filters_are_heeded(self, client: TestClient) -> None:
        history = ["Who was arrested on the highway?", {"role": "assistant", "text": "“Those arrested…”"}]
        line = client.post(
            "/api/v1/ask", json={"question": "And where were they from?", "history": history}
        ).json()
        assert line["interpreted_question"] != line["question"]
        line = client.post(
            "/api/v1/ask", json={"question": QUESTION, "filters": {"since": "2009-01-01"}}
        ).json()
        assert (line["outcome"], line["searched"]) == ("none", 0)
        line = client.post(
            "/api/v1/ask", json={"question": QUESTION, "filters": {"since": "2008-04", "until": "2008"}}
        ).json()
        assert (line["filters"]["since"], line["filters"]["until"]) == ("2008-04-01", "2008-12-31")
        assert line["quotes"]
        names = ["Nobody", "Institute for Far Eastern Studies (IFES)"]
        line = client.post(
            "/api/v1/ask", json={"question": QUESTION, "filters": {"publisher": names, "language": "en"}}
        ).json()
        assert (line["filters"]["publisher"], line["filters"]["language"]) == (names, "en")
        assert line["quotes"]
        refused = client.post(
            "/api/v1/ask", json={"question": QUESTION, "filters": {"publisher": ["IFES"] * 101}}
        )
        assert refused.status_code == 400

    def test_a_strictness_sets_the_confidence_from_which_is_answered(self, client: TestClient) -> None:
        def line(**asked: object) -> dict[str, Any]:
            found: dict[str, Any] = client.post("/api/v1/ask", json={"question": QUESTION, **asked}).json()
            assert (found["outcome"] == "answered") == (found["confidence"] >= found["threshold"])
            return found

        for strictness in (confidence.LOOSEST, confidence.STRICTEST):
            threshold = round(confidence.threshold(strictness), 4)
            assert line(strictness=strictness)["threshold"] == threshold
        assert line()["threshold"] == round(confidence.threshold(), 4)
        assert line(strictness=None)["threshold"] == round(confidence.threshold(), 4)

    def test_without_one_the_strictness_of_the_chat_holds(self, client: TestClient, engine: Engine) -> None:
        engine.strictness = confidence.STRICTEST
        found = client.post("/api/v1/ask", json={"question": QUESTION}).json()
        engine.strictness = STRICTNESS
        assert found["threshold"] == round(confidence.threshold(confidence.STRICTEST), 4)

    def test_a_citation_gives_the_quote_in_its_whole_source(self, client: TestClient, brief: Path) -> None:
        quote = client.post("/api/v1/ask", json={"question": QUESTION}).json()["quotes"][0]
        cited = client.get(f"/api/v1/citations/{quote['sha256']}/{quote['start']}-{quote['end']}").json()
        assert cited["quote"] == quote["text"]
        assert cited["before"] + cited["quote"] + cited["after"] == brief.read_text("utf-8")
        assert (cited["title"], cited["publisher"], cited["number"], cited["date"]) == (
            "Scrap metal smuggling rampant in North Korea",
            "Institute for Far Eastern Studies (IFES)",
            "08-4-4-1",
            "2008-04-04",
        )

    def test_health_is_good_and_documents_are_listed(self, client: TestClient) -> None:
        assert client.get("/api/v1/health").json()["status"] == "ok"
        (document,) = client.get("/api/v1/documents").json()
        assert document["number"] == "08-4-4-1"
        assert "text" not in document
        assert not {"path", "locations"} & document.keys()

    def test_the_examples_are_about_the_brief_only_where_it_is_all_there_is(
        self, client: TestClient, tmp_path: Path
    ) -> None:
        assert QUESTION in client.get("/api/v1/examples").json()
        other = tmp_path / "water.txt"
        other.write_text("Wells ran dry in May.\n", encoding="utf-8")
        with Corpus.open(tmp_path / "library") as corpus:
            corpus.index(shipped_corpus(), other)
        engine = Engine(tmp_path / "library", shipped_corpus())
        engine.start()
        wait_for(engine, "ready")
        with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as two:
            examples = two.get("/api/v1/examples").json()
        engine.stop()
        assert examples
        assert QUESTION not in examples

    @pytest.mark.parametrize(
        ("place", "status", "code"),
        [
            (f"{'0' * 64}/0-5", 404, "document_not_found"),
            ("SHA/0-999999", 400, "bad_input"),
            ("SHA/5-5", 400, "bad_input"),
            ("SHA/9-5", 400, "bad_input"),
            ("SHA/a-5", 400, "bad_input"),
            ("short/0-5", 400, "bad_input"),
        ],
    )
    def test_a_citation_that_leads_nowhere_says_so(
        self, client: TestClient, place: str, status: int, code: str
    ) -> None:
        sha256 = client.get("/api/v1/documents").json()[0]["sha256"]
        response = client.get(f"/api/v1/citations/{place.replace('SHA', sha256)}")
        assert response.headers["content-type"] == "application/problem+json"
        assert (response.status_code, response.json()["code"]) == (status, code)

    @pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("TRACE", "a"), ("GET", "a/b/c")])
    def test_a_route_that_is_not_there_is_a_problem_too(
        self, guarded: TestClient, method: str, path: str
    ) -> None:
        response = guarded.request(method, f"/api/v1/{path}")
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", "ask", "POST"),
            ("TRACE", "documents", "GET, POST"),
            ("PUT", "documents/a/b.txt", "GET, PATCH, DELETE"),
            ("PROPFIND", "collections/a", "PATCH"),
        ],
    )
    def test_a_method_that_an_address_does_not_know_is_a_problem_that_names_those_that_it_does(
        self, guarded: TestClient, method: str, path: str, allowed: str
    ) -> None:
        response = guarded.request(method, f"/api/v1/{path}")
        assert (response.status_code, response.headers["content-type"]) == (405, "application/problem+json")
        assert response.headers["allow"] == allowed

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"question": ""},
            {"question": "x" * 100_000},
            {"question": 5},
            {"question": QUESTION, "unknown": 1},
            {"question": QUESTION, "filters": {"since": "yesterday"}},
            {"question": QUESTION, "filters": {"since": "2008-02-30"}},
            {"question": QUESTION, "filters": {"since": 2008}},
            {"question": QUESTION, "filters": {"unknown": "x"}},
            {"question": QUESTION, "history": [{"role": "system", "text": ""}]},
            {"question": "And then?", "history": ["\ud800 x"]},
            {"question": "And then?", "history": [{"role": "assistant", "text": "\ud800"}]},
            {"question": QUESTION, "strictness": 0.3},
            {"question": QUESTION, "strictness": 75},
            {"question": QUESTION, "strictness": float("nan")},
            {"question": QUESTION, "strictness": "0.8"},
            {"question": QUESTION, "strictness": True},
        ],
    )
    def test_a_question_that_cannot_be_asked_is_a_400(self, client: TestClient, body: object) -> None:
        response = client.post("/api/v1/ask", content=json.dumps(body), headers=JSON)
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"]


@pytest.mark.models
class TestFeedback:
    @pytest.fixture
    def line(self, client: TestClient) -> Iterator[dict[str, Any]]:
        """An answer; what is judged of it is taken back."""
        line = client.post("/api/v1/ask", json={"question": QUESTION, "history": ["Who?"]}).json()
        yield line
        for quote in (None, *map(self.place, line["quotes"])):
            client.post("/api/v1/feedback", json={"answer": line["id"], "quote": quote, "thumb": None})

    @staticmethod
    def place(quote: dict[str, Any]) -> str:
        return f"{quote['sha256']}/{quote['start']}-{quote['end']}"

    def test_a_thumb_is_kept_replaced_and_taken_back(self, client: TestClient, line: dict[str, Any]) -> None:
        place = self.place(line["quotes"][0])
        for thumb in ("up", "down"):
            for quote in (None, place):
                response = client.post(
                    "/api/v1/feedback", json={"answer": line["id"], "quote": quote, "thumb": thumb}
                )
            assert response.status_code == 200
            assert response.json() == {"answer": thumb, "quotes": {place: thumb}, "thumbs": 2, "queries": 1}
        assert client.get(f"/api/v1/feedback/answers/{line['id']}").json() == response.json()
        client.post("/api/v1/feedback", json={"answer": line["id"], "quote": place, "thumb": None})
        taken = client.post("/api/v1/feedback", json={"answer": line["id"], "thumb": None}).json()
        assert taken == {"answer": None, "quotes": {}, "thumbs": 0, "queries": 0}
        assert client.get("/api/v1/feedback").json() == {"thumbs": 0, "queries": 0}

    def test_the_same_question_shows_what_was_judged_before(
        self, client: TestClient, line: dict[str, Any]
    ) -> None:
        client.post("/api/v1/feedback", json={"answer": line["id"], "thumb": "up"})
        again = client.post("/api/v1/ask", json={"question": QUESTION, "history": ["Who?"]}).json()
        other = client.post("/api/v1/ask", json={"question": QUESTION}).json()
        assert client.get(f"/api/v1/feedback/answers/{again['id']}").json()["answer"] == "up"
        assert client.get(f"/api/v1/feedback/answers/{other['id']}").json()["answer"] is None

    @pytest.mark.parametrize(
        "otherwise",
        [{"filters": {"publisher": "Nobody"}}, {"filters": {"since": "2000"}}, {"strictness": 0.8}],
    )
    def test_the_same_question_asked_otherwise_shows_no_thumb(
        self, client: TestClient, line: dict[str, Any], otherwise: dict[str, Any]
    ) -> None:
        """Under these filters nothing is found, or the same quotes: neither answer was judged."""
        place = self.place(line["quotes"][0])
        for quote in (None, place):
            client.post("/api/v1/feedback", json={"answer": line["id"], "quote": quote, "thumb": "up"})
        asked = {"question": QUESTION, "history": ["Who?"]}
        other = client.post("/api/v1/ask", json=asked | otherwise).json()
        if other["id"]:
            shown = client.get(f"/api/v1/feedback/answers/{other['id']}").json()
            assert (shown["answer"], shown["quotes"]) == (None, {})
        again = client.post("/api/v1/ask", json=asked).json()
        shown = client.get(f"/api/v1/feedback/answers/{again['id']}").json()
        assert (shown["answer"], shown["quotes"]) == ("up", {place: "up"})

    def test_thumbs_are_had_as_a_file_of_test_queries(
        self, client: TestClient, line: dict[str, Any], tmp_path: Path
    ) -> None:
        first = self.place(line["quotes"][0])
        client.post("/api/v1/feedback", json={"answer": line["id"], "thumb": "up"})
        client.post("/api/v1/feedback", json={"answer": line["id"], "quote": first, "thumb": "up"})
        for form, kind in (("jsonl", "application/jsonl"), ("csv", "text/csv; charset=utf-8")):
            response = client.get(f"/api/v1/feedback/test-queries.{form}")
            assert response.headers["content-type"] == kind
            assert response.headers["content-disposition"] == f'attachment; filename="test-queries.{form}"'
            (tmp_path / f"queries.{form}").write_bytes(response.content)
            (query,) = load(tmp_path / f"queries.{form}").queries
            assert (query.text, query.answerable) == (QUESTION, True)
            assert query.gold == (line["quotes"][0]["text"],)
        assert client.get("/api/v1/feedback/test-queries.xlsx").status_code == 400

    def test_where_nothing_may_be_changed_thumbs_are_refused_and_questions_answered(
        self, client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert client.get("/api/v1/status").json()["may_change"] is True
        monkeypatch.setattr(engine, "may_change", False)
        line = client.post("/api/v1/ask", json={"question": QUESTION}).json()
        assert (line["outcome"], line["id"]) == ("answered", "")  # its question is not stored
        assert client.get("/api/v1/status").json()["may_change"] is False
        for response in (
            client.post("/api/v1/feedback", json={"answer": "any", "thumb": "up"}),
            client.get("/api/v1/feedback"),
            client.get("/api/v1/feedback/answers/any"),
            client.get("/api/v1/feedback/test-queries.jsonl"),
        ):
            assert (response.status_code, response.json()["code"]) == (403, "read_only_server")
            assert response.headers["content-type"] == "application/problem+json"
            assert "others can reach it" in response.json()["detail"]
            assert "--allow-changes" not in response.json()["detail"]  # which is for the terminal
        assert engine.corpus.desk.count_thumbs() == (0, 0)

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"answer": "made up", "thumb": "up"}, 404, "answer_not_found"),
            ({"answer": "", "thumb": "up"}, 404, "answer_not_found"),
            ({"answer": "ID", "thumb": "sideways"}, 400, "bad_input"),
            ({"answer": "ID"}, 400, "bad_input"),
            ({"answer": "ID", "thumb": "up", "text": "a quote of my own"}, 400, "bad_input"),
            ({"answer": "ID", "thumb": "up", "quote": f"{'0' * 64}/0-5"}, 400, "bad_input"),
            ({"answer": "ID", "thumb": "up", "quote": ""}, 400, "bad_input"),
        ],
    )
    def test_nothing_but_what_was_shown_can_be_judged(
        self, client: TestClient, line: dict[str, Any], body: dict[str, Any], status: int, code: str
    ) -> None:
        response = client.post(
            "/api/v1/feedback", json=body | {"answer": body["answer"].replace("ID", line["id"])}
        )
        assert response.headers["content-type"] == "application/problem+json"
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert client.get("/api/v1/feedback").json()["thumbs"] == 0

    def test_a_fixed_reply_has_no_id_to_judge_it_by(self, client: TestClient) -> None:
        assert client.post("/api/v1/ask", json={"question": "Hello"}).json()["id"] == ""


class TestNotReady:
    def test_health_names_the_stage(self, guarded: TestClient) -> None:
        response = guarded.get("/api/v1/health")
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["stage"] == "library"

    def test_questions_and_citations_are_not_ready(self, guarded: TestClient) -> None:
        for response in (
            guarded.post("/api/v1/ask", json={"question": QUESTION}),
            guarded.get(f"/api/v1/citations/{'0' * 64}/0-5"),
            guarded.get("/api/v1/documents"),
            guarded.get("/api/v1/feedback"),
            guarded.get("/api/v1/feedback/test-queries.jsonl"),
        ):
            assert (response.status_code, response.json()["code"]) == (503, "not_ready")

    def test_a_failed_start_is_told_to_whoever_asks(self, tmp_path: Path) -> None:
        library = tmp_path / "of Ann" / "library"
        library.parent.mkdir()
        library.write_text("a file where the folder should be")
        engine = Engine(library, shipped_corpus())
        engine.start()
        wait_for(engine, "failed")
        with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
            problem = client.get("/api/v1/health").json()
            asked = client.post("/api/v1/ask", json={"question": QUESTION})
            told = problem["detail"] + client.get("/api/v1/status").text + asked.text
        assert problem["code"] == "library"
        assert "folder library" in problem["detail"]
        assert "of Ann" not in told
        assert str(library) in str(engine.state.error)
        assert (asked.status_code, asked.json()["detail"]) == (503, problem["detail"])


class TestGuard:
    @pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "192.168.1.7"])
    def test_this_machine_may_be_named(self, guarded: TestClient, host: str) -> None:
        assert guarded.get("/api/v1/status", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:7860", "", "[::1"])
    def test_another_host_name_is_refused(self, guarded: TestClient, host: str) -> None:
        assert guarded.get("/api/v1/status", headers={"host": host}).status_code == 421

    @pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8000", "null"])
    @pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/feedback", "/gradio_api/queue/join"])
    def test_another_site_is_refused(self, guarded: TestClient, origin: str, path: str) -> None:
        response = guarded.post(path, json={}, headers={"origin": origin})
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers

    def test_the_page_itself_is_let_in(self, guarded: TestClient) -> None:
        response = guarded.post("/api/v1/ask", json={"question": QUESTION}, headers={"origin": BASE})
        assert response.status_code == 503
        assert "access-control-allow-origin" not in response.headers

    @pytest.mark.parametrize(
        "path",
        [
            "/gradio_api/upload",
            "/gradio_api/file=/etc/passwd",
            "/gradio_api/proxy=https://example.com/",
            "/gradio_api/info",
            "/gradio_api/call/ask",
            "/gradio_api/runs",
            "/gradio_api/mcp/",
            "/gradio_api/stream/x",
            "/gradio_api/component_server",
            "/monitoring",
            "/monitoring/summary",
            "/docs",
            "/redoc",
            "/login",
            "/robots.txt",
            "/gradio_api/queue/join/../../upload",
        ],
    )
    def test_routes_nobody_needs_are_closed(self, guarded: TestClient, path: str) -> None:
        assert guarded.get(path).status_code == 404
        assert guarded.post(path, files={"files": b"x"}).status_code == 404

    def test_files_of_the_machine_are_out_of_reach(self, guarded: TestClient) -> None:
        for path in (
            "/web/../api.py",
            "/web/%2e%2e/guard.py",
            "/static/%2e%2e/%2e%2e/%2e%2e/routes.py",
            "/web//etc/passwd",
        ):
            assert guarded.get(path).status_code in {403, 404}

    def test_a_large_body_is_refused_whatever_it_says_of_its_length(self, guarded: TestClient) -> None:
        large = b'{"question": "' + b"x" * MAX_BODY_BYTES + b'"}'
        assert guarded.post("/api/v1/ask", content=large).status_code == 413
        in_pieces = iter([large[:1000], large[1000:]])
        assert guarded.post("/api/v1/ask", content=in_pieces).status_code == 411  # its length is not known

    def test_every_response_carries_the_security_headers(self, guarded: TestClient) -> None:
        for path in ("/", "/api/v1/status", "/api/v1/health", "/web/page.js", "/nothing", "/theme.css"):
            headers = guarded.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]

    def test_scripts_are_files_or_named_by_hash(self, guarded: TestClient) -> None:
        page = guarded.get("/")
        (scripts,) = re.findall(r"script-src ([^;]*)", page.headers["content-security-policy"])
        assert "unsafe" not in scripts
        assert scripts.count("'sha256-") == len(re.findall(r"<script(?![^>]*src)", page.text))
        assert "/web/page.js" in page.text

    def test_the_page_names_no_other_host_to_load_from(self, guarded: TestClient) -> None:
        page = guarded.get("/").text
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', page) == []
        assert "raw.githubusercontent.com" not in page
        for path in ("/web/page.css", "/web/page.js", "/theme.css"):
            assert not re.search(r"(?:url\(|import |fetch\()[\"']?(?:https?:)?//", guarded.get(path).text)


@pytest.mark.slow
def test_filters_name_what_there_is_to_choose_from(client: TestClient):
    facets = client.get("/api/v1/filters").json()
    assert facets["languages"] == [["en", 1]]
    assert set(facets) == {
        "publishers",
        "publication_places",
        "series",
        "languages",
        "collections",
        "formats",
        "first",
        "last",
        "undated",
    }


@pytest.mark.models
@pytest.mark.parametrize(
    ("path", "body", "waits"),
    [
        (f"citations/{'0' * 64}/0-1", None, (Library, "cited")),
        ("filters", None, (Library, "facets")),
        ("documents", None, (Corpus, "find_documents")),
        ("feedback/test-queries.csv", None, (DeskDatabase, "thumbs")),
        ("feedback", {}, (DeskDatabase, "put_thumb")),
        ("ask", {"question": QUESTION}, (Corpus, "ask_with")),
    ],
)
def test_health_is_told_while_more_wait_than_there_are_threads(
    client: TestClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: dict[str, str] | None,
    waits: tuple[type, str],
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def wait(*_: object, **__: object) -> NoReturn:
        begun.release()
        go_on.wait(60)
        raise InputError("waited")

    monkeypatch.setattr(*waits, wait)
    if path == "feedback":
        answer = remember(engine, to_remember(Answer(QUESTION, QUESTION, "none"), ()))
        body = {"answer": answer, "thumb": "up"}
    with ThreadPoolExecutor(61) as crowd:
        try:
            method = "GET" if body is None else "POST"
            asked = [crowd.submit(client.request, method, f"/api/v1/{path}", json=body) for _ in range(60)]
            for _ in range(4 if path == "ask" else 8):
                assert begun.acquire(timeout=20)
            time.sleep(0.5)  # until as many have begun as may
            health = crowd.submit(client.get, "/api/v1/health").result(timeout=10)
        finally:
            go_on.set()
    assert health.status_code == 200
    statuses = {each.result().status_code for each in asked}
    assert statuses == ({400, 503} if path == "ask" else {400})  # no more questions than can be answered soon
