"""The Documents page and the list of documents over HTTP, over a real library with a tiny encoder."""

from __future__ import annotations

import re
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from qa.places import shipped_corpus
from qa.web.api import create_app
from qa.web.documents import address
from qa.web.engine import Engine
from tests.qa.tiny import tiny_corpus, write
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from qa.corpus import Corpus

BASE = "http://127.0.0.1:7860"
HOSTILE = "</title><script>window.canary=1</script><img src=x onerror=alert(1)>"


@contextmanager
def three_documents(folder: Path) -> Iterator[Corpus]:
    """Three documents, one of them hostile."""
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(
            write(
                folder,
                "harbour.txt",
                "The harbour\n\nOffice of Ports\n4 April 2008\n\nIt was closed in May.\n",
            ),
            write(folder, "rice.md", "---\ntitle: Rice prices\ndate: 2010-02-01\n---\n\nRice is dear.\n"),
            write(folder, "a&b <i>.txt", f"{HOSTILE}\n\nNothing runs here.\n"),
        )
        yield corpus


def engine_of(corpus: Corpus) -> Engine:
    engine = Engine(corpus.library, shipped_corpus())
    engine._corpus = corpus
    return engine


def client_of(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=BASE, headers={"Accept": "text/html"})


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with three_documents(tmp_path) as corpus:
        yield corpus


@pytest.fixture
def engine(corpus: Corpus) -> Engine:
    return engine_of(corpus)


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with client_of(app_over(engine)) as client:
        yield client


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of documents that no test changes: to make it takes longer than to ask it."""
    folder = tmp_path_factory.mktemp("unchanged")
    with three_documents(folder) as corpus:
        app = create_app(engine_of(corpus), "127.0.0.1")  # of its own, beside that of other tests
        with client_of(app) as client:
            yield client


def titles(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="title">.*?<a [^>]*>([^<]*)</a>', page, re.DOTALL)


class TestTable:
    def test_it_shows_what_came_last_first_and_escapes_it(self, unchanged: TestClient) -> None:
        page = unchanged.get("/documents")
        assert page.status_code == 200
        assert titles(page.text)[1:] == ["Rice prices", "The harbour"]
        assert "<script>window" not in page.text
        assert "&lt;script&gt;window.canary" in page.text
        assert "unsafe-eval" not in page.headers["Content-Security-Policy"]
        assert "3 documents" in page.text

    def test_below_a_title_stand_its_number_and_the_name_of_its_file(
        self, client: TestClient, corpus: Corpus
    ) -> None:
        corpus.edit("rice.md", {"series": "Price Brief", "number": "7"})
        page = client.get("/documents").text
        assert "<small>Price Brief No. 7 · rice.md</small>" in page
        assert "<small>harbour.txt</small>" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=RICE", ["Rice prices"]),
            ("q=harbour+rice", []),
            ("since=2009", ["Rice prices"]),
            ("until=2008-04&format=text", ["The harbour"]),
            ("format=markdown", ["Rice prices"]),
            ("sort=date&order=asc&q=.", ["The harbour", "Rice prices"]),
            ("sort=date&order=desc&since=2000", ["Rice prices", "The harbour"]),
            ("sort=title&until=2020", ["The harbour", "Rice prices"]),
        ],
    )
    def test_the_address_says_what_it_shows(
        self, unchanged: TestClient, query: str, found: list[str]
    ) -> None:
        shown = titles(unchanged.get(f"/documents?{query}").text)
        assert [title for title in shown if "canary" not in title] == found

    def test_what_makes_no_sense_in_an_address_is_left_out(self, unchanged: TestClient) -> None:
        page = unchanged.get("/documents?sort=none&order=up&since=20&offset=x&other=1")
        assert page.status_code == 200
        assert len(titles(page.text)) == 3
        assert "“20” is not a date yet" in page.text

    def test_its_links_keep_what_was_asked_for(self, unchanged: TestClient) -> None:
        page = unchanged.get("/documents?q=a%26b&format=text&sort=date&order=desc").text
        assert 'href="/documents?q=a%26b&amp;format=text&amp;sort=title&amp;order=asc"' in page
        assert 'href="/documents?q=a%26b&amp;format=text&amp;sort=date&amp;order=asc"' in page
        assert page.count('aria-sort="descending"') == 1

    def test_more_rows_come_from_where_the_first_end(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qa.web.documents.ROWS", 2)
        first = client.get("/documents?sort=id").text
        more = re.search(r'hx-get="([^"]*offset=2)"', first)
        assert more is not None
        rest = client.get(more[1].replace("&amp;", "&")).text
        assert len(titles(first)) == 2
        assert len(titles(rest)) == 1
        assert "offset=" not in rest

    def test_a_document_that_was_removed_is_listed_as_such(self, client: TestClient, corpus: Corpus) -> None:
        corpus.remove(["rice.md", "harbour.txt"])
        assert len(titles(client.get("/documents").text)) == 1
        page = client.get("/documents?state=removed&q=rice").text
        assert titles(page) == ["Rice prices"]
        assert re.search(r"Removed on \d+ \w+ 20\d\d", page)

    def test_where_all_were_removed_it_leads_to_them(self, client: TestClient, corpus: Corpus) -> None:
        corpus.remove([info.id for info in corpus.documents()])
        page = client.get("/documents").text
        assert "All documents were removed." in page
        assert 'href="/documents?state=removed"' in page
        assert len(titles(client.get("/documents?state=removed").text)) == 3

    def test_an_empty_library_is_a_place_to_begin(self, client: TestClient, corpus: Corpus) -> None:
        corpus.purge([info.id for info in corpus.documents()])
        page = client.get("/documents").text
        assert "There are no documents yet" in page
        assert "can be put back" not in page
        assert "<table" not in page


class TestListOverHTTP:
    def get(self, client: TestClient, query: str = "") -> tuple[list[str], str]:
        response = client.get(f"/api/v1/documents{query}")
        assert response.status_code == 200, response.text
        listed: list[dict[str, Any]] = response.json()
        return [each["id"] for each in listed], response.headers["X-Total-Count"]

    def test_all_are_listed_in_order_of_id(self, unchanged: TestClient) -> None:
        assert self.get(unchanged) == (["a&b <i>.txt", "harbour.txt", "rice.md"], "3")

    def test_a_part_of_the_list_says_how_many_there_are(self, unchanged: TestClient) -> None:
        assert self.get(unchanged, "?sort=date&order=desc&limit=1&offset=1") == (["harbour.txt"], "3")
        assert self.get(unchanged, "?q=txt&since=2008&limit=0") == ([], "1")

    def test_a_filter_takes_several_values(self, client: TestClient, corpus: Corpus) -> None:
        corpus.put_in_collection(["harbour.txt"], "ports")
        corpus.put_in_collection(["rice.md"], "Food & drink")
        both = ["harbour.txt", "rice.md"]
        assert self.get(client, "?collection=ports&collection=food+%26+drink") == (both, "2")
        assert self.get(client, "?collection=ports") == (both[:1], "1")

    @pytest.mark.parametrize(
        "query", ["?sort=sha256", "?limit=-1", "?offset=x", "?since=20", "?none=1", f"?q={'x' * 501}"]
    )
    def test_a_query_that_makes_no_sense_is_refused(self, unchanged: TestClient, query: str) -> None:
        response = unchanged.get(f"/api/v1/documents{query}")
        assert (response.status_code, response.json()["code"]) == (400, "bad_input")


class TestRemovedOverHTTP:
    def test_what_can_be_put_back_is_listed_and_described_no_more(
        self, client: TestClient, engine: Engine, corpus: Corpus
    ) -> None:
        engine.may_change = False  # who may only read, may read this
        assert client.get("/api/v1/removed-documents").json() == []
        corpus.remove(["rice.md"])
        corpus.remove(["harbour.txt"])
        response = client.get("/api/v1/removed-documents")
        assert response.json() == [version.to_dict() for version in corpus.store.removed()]
        assert [each["id"] for each in response.json()] == ["harbour.txt", "rice.md"]
        assert response.headers["X-Total-Count"] == "2"
        assert client.get("/api/v1/documents/rice.md").status_code == 404
        corpus.restore(["rice.md"])
        assert [each["id"] for each in client.get("/api/v1/removed-documents").json()] == ["harbour.txt"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=RICE", ["rice.md"]),
            ("q=ports+brief", ["harbour.txt"]),
            ("series=port+brief&publisher=office+of+ports", ["harbour.txt"]),
            ("series=none", []),
            ("since=2009", ["rice.md"]),
            ("until=2008-04&format=text", ["harbour.txt"]),
            ("limit=0", []),
            ("limit=1&offset=1", ["harbour.txt"]),
        ],
    )
    def test_it_is_searched_and_filtered_as_the_others_are(
        self, client: TestClient, corpus: Corpus, query: str, found: list[str]
    ) -> None:
        corpus.edit("harbour.txt", {"series": "Port Brief", "publisher": "Office of Ports"})
        corpus.remove(["harbour.txt"])
        corpus.remove(["rice.md"])
        assert [each["id"] for each in client.get(f"/api/v1/removed-documents?{query}").json()] == found

    @pytest.mark.parametrize(
        "query", ["limit=-1", "offset=x", "since=20", "sort=date", f"q={'x' * 501}", "collection=%01"]
    )
    def test_a_query_that_makes_no_sense_is_refused(self, unchanged: TestClient, query: str) -> None:
        response = unchanged.get(f"/api/v1/removed-documents?{query}")
        assert (response.status_code, response.json()["code"]) == (400, "bad_input")


class TestDescribedOverHTTP:
    def test_it_is_what_the_list_says_and_the_earlier_texts(
        self, client: TestClient, engine: Engine, corpus: Corpus, tmp_path: Path
    ) -> None:
        engine.may_change = False
        before = corpus.document("rice.md")
        corpus.index(write(tmp_path, "rice.md", "---\ntitle: Rice prices\n---\n\nRice is dearer now.\n"))
        described = client.get("/api/v1/documents/rice.md").json()
        (version,) = described.pop("versions")
        (listed,) = client.get("/api/v1/documents?q=rice").json()
        assert described == listed
        assert not {"path", "locations", "text"} & described.keys()
        assert {"field": "title", "source": "front matter", "sure": "stated"} in described["found"]
        assert (version["sha256"], version["reason"]) == (before.sha256, "superseded")
        assert version["characters"] == len(before.text)

    def test_an_id_may_have_slashes_and_begin_as_others_do(
        self, client: TestClient, corpus: Corpus, tmp_path: Path
    ) -> None:
        lines = [f'{{"_id": "{name}", "text": "It is so {name}."}}' for name in ("a", "a/b?c")]
        corpus.index(write(tmp_path, "many.jsonl", "\n".join(lines)))
        for info in corpus.documents():
            described = client.get(f"/api/v1/documents/{quote(info.id, safe='')}").json()
            assert described["id"] == info.id

    @pytest.mark.parametrize(
        ("path", "status"), [("none", 404), ("", 404), ("rice", 404), ("x" * 5_000, 400)]
    )
    def test_one_that_is_not_there_is_a_problem(self, unchanged: TestClient, path: str, status: int) -> None:
        response = unchanged.get(f"/api/v1/documents/{path}")
        assert response.headers["content-type"] == "application/problem+json"
        assert response.status_code == status

    @pytest.mark.parametrize("rest", ["original", "view", "pages/1.png"])
    def test_it_takes_no_other_routes_place(self, unchanged: TestClient, rest: str) -> None:
        response = unchanged.get(f"/api/v1/documents/rice.md/{rest}")
        assert (response.status_code, response.json()["code"]) == (404, "original_not_found")
        assert unchanged.get("/api/v1/documents/rice.md/purge").json()["title"] == "Rice prices"


class TestDocumentPage:
    def test_it_says_what_is_known_and_where_that_comes_from(
        self, client: TestClient, corpus: Corpus
    ) -> None:
        corpus.edit("harbour.txt", {"publisher": "Port <Office>"})
        page = client.get("/documents/harbour.txt").text
        assert "“The harbour”, Port &lt;Office&gt;, 4 April 2008" in page
        assert re.search(r"Probably, from: its header", page)
        assert "Corrected by you" in page
        assert "From: front matter" in client.get("/documents/rice.md").text

    def test_its_text_is_the_documents(self, client: TestClient, corpus: Corpus) -> None:
        for info in corpus.documents():
            page = client.get(address(info.id)).text
            shown = page.split('aria-label="The text">')[1].split('</div>\n<div id="selected-words"')[0]
            assert unescape(re.sub(r"<[^>]*>", "", shown)) == corpus.document(info.id).text

    def test_a_hostile_title_and_text_are_escaped_everywhere(self, unchanged: TestClient) -> None:
        page = unchanged.get(address("a&b <i>.txt")).text
        assert "<script>window" not in page
        assert "<img src=x" not in page
        assert page.count("&lt;script&gt;window.canary") >= 4

    def test_a_removed_document_and_an_earlier_text_say_so(
        self, client: TestClient, corpus: Corpus, tmp_path: Path
    ) -> None:
        before = corpus.document("rice.md").sha256
        corpus.index(write(tmp_path, "rice.md", "---\ntitle: Rice prices\n---\n\nRice is dearer now.\n"))
        earlier = f"/documents/rice.md?version={before}"
        assert earlier in client.get("/documents/rice.md").text
        assert "An earlier text, until" in client.get(earlier).text
        assert "Rice is dear." in client.get(earlier).text
        corpus.remove(["rice.md"])
        page = client.get("/documents/rice.md").text
        assert "Removed on" in page
        assert "Rice is dearer now." in page

    @pytest.mark.parametrize("path", ["/documents/none", "/documents/a/b", "/documents/rice.md?version=00"])
    def test_one_that_is_not_there_is_a_page_that_says_so(self, unchanged: TestClient, path: str) -> None:
        response = unchanged.get(path)
        assert response.status_code == 404
        assert "There is no such page" in response.text

    def test_a_document_in_a_folder_has_an_address(
        self, client: TestClient, corpus: Corpus, tmp_path: Path
    ) -> None:
        corpus.index(
            write(tmp_path, "many.jsonl", '{"_id": "a/../b?c", "title": "One", "text": "It is so."}\n').parent
        )
        found = re.search(r'href="(/documents/[^"]*b%3Fc[^"]*)"', client.get("/documents?q=one").text)
        assert found is not None
        assert "It is so." in client.get(found[1]).text

    def test_where_nothing_may_be_changed_there_is_no_control_that_does(
        self, client: TestClient, engine: Engine
    ) -> None:
        engine.may_change = False
        for path in ("/documents", "/documents/rice.md", "/documents?state=removed"):
            page = client.get(path).text
            for control in ("data-do=", "<textarea", 'type="file"', 'class="purge"', 'type="checkbox"'):
                assert control not in page

    def test_what_is_selected_is_copied_anywhere_and_kept_where_things_may_be_changed(
        self, client: TestClient, engine: Engine, corpus: Corpus
    ) -> None:
        place = f"{corpus.document('rice.md').sha256}/0-4"
        for may_change in (True, False):
            engine.may_change = may_change
            for path in ("/documents/rice.md", f"/parts/sources/{place}"):
                page = client.get(path).text
                assert "Copy with citation" in page
                assert ("Keep: the selected words" in page) == may_change
