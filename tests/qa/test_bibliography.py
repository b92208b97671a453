"""Citations to be pasted and bibliographies, from the command line and over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import bibtexparser
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from qa.cli import cli
from qa.commands import shared
from qa.quoting.bibliography import pandoc
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "http://127.0.0.1:7860"
MEMO = 'Title: A memo\nDate: 2008-04-04\n\nThe *harbour* was "closed" in May.  It opened again.\n'


def run(library: Path, *arguments: str, **options):
    return CliRunner().invoke(cli, [*arguments, "--library", str(library)], **options)


@pytest.fixture
def held(library: Path, inbox: Path) -> Path:
    """A library of two documents."""
    write(inbox, "memo.txt", MEMO)
    write(inbox, "other.txt", "Title: 북한의 고철 & more\n\nNothing of note was seen at the bridge.\n")
    with tiny_corpus(library) as corpus:
        corpus.index(inbox)
        corpus.edit("other.txt", {"url": "https://example.org/other"})
    return library


@pytest.fixture
def place(held: Path) -> str:
    with tiny_corpus(held) as corpus:
        document = corpus.document("memo.txt")
    start = document.text.index("The *harbour*")
    end = document.text.index("May.") + len("May.")
    return f"{document.sha256}/{start}-{end}"


class TestCite:
    def test_a_quote_with_its_citation_is_printed(self, held: Path, place: str):
        done = run(held, "cite", place, "--format", "markdown")
        assert done.exit_code == 0
        assert done.stdout == (
            '“The \\*harbour\\* was \\"closed\\" in May.”[^2008memo-24e9fd]\n\n[^2008memo-24e9fd]: '
            "“A memo”, 4 April 2008, paragraph 1\n"
        )

    def test_a_style_alone_gives_plain_text(self, held: Path, place: str):
        done = run(held, "cite", place, "--style", "mla")
        assert (
            done.stdout == '“The *harbour* was "closed" in May.” (A Memo, par. 1)\n\nA Memo. 4 Apr. 2008.\n'
        )

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("--format", "text", "--json"), 2, "--json contradicts --format"),
            (("--format", "ris", "--style", "apa"), 2, "--format ris takes no --style"),
            (("--style", "no-such"), 3, "there is no citation style 'no-such': use chicago, apa, mla, ieee"),
            (
                ("--style", "no-such.csl"),
                3,
                "the style no-such.csl cannot be read: No such file or directory",
            ),
        ],
    )
    def test_what_makes_no_sense_is_said(self, held: Path, place: str, arguments, code: int, said: str):
        done = run(held, "cite", place, *arguments)
        assert (done.exit_code, said in " ".join(done.stderr.split())) == (code, True)

    def test_without_pandoc_our_own_line_is_still_to_be_had(
        self, held: Path, place: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(pandoc, "find_spec", lambda _: None)
        assert run(held, "cite", place, "--format", "latex").exit_code == 0
        done = run(held, "cite", place, "--style", "apa")
        assert (done.exit_code, "pip install 'pullquote[report]'" in done.stderr) == (3, True)


class TestExport:
    @pytest.mark.parametrize("form", ["bibtex", "ris", "csl-json"])
    def test_all_documents_are_exported_and_nothing_is_to_change_when_they_come_back(
        self, held: Path, tmp_path: Path, form: str
    ):
        out = tmp_path / f"refs.{form}"
        done = run(held, "documents", "export", "--format", form, "--out", str(out))
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == f"2 documents written to {out}\n"
        back = run(held, "documents", "import", str(out))
        assert (back.exit_code, back.stdout) == (0, "")
        assert back.stderr == "There is nothing to change.\n"

    def test_ids_and_filters_choose(self, held: Path):
        named = bibtexparser.parse_string(run(held, "documents", "export", "other.txt").stdout)
        assert [entry.key.rpartition("-")[0] for entry in named.entries] == ["more"]
        filtered = run(held, "documents", "export", "--since", "2008", "--format", "csl-json").stdout
        assert [item["title"] for item in json.loads(filtered)] == ["A memo"]
        done = run(held, "documents", "export", "nope")
        assert (done.exit_code, "no document" in done.stderr) == (3, True)

    def test_no_file_is_replaced_unasked(self, held: Path, tmp_path: Path):
        out = write(tmp_path, "refs.bib", "something else")
        arguments = ("documents", "export", "--out", str(out))
        assert run(held, *arguments).exit_code == 3
        assert out.read_text() == "something else"
        assert run(held, *arguments, "--force").exit_code == 0


class TestImport:
    BIB = "@report{a, title={a MEMO}, institution={River Press}, date={2008-04}}\n@misc{b, title={Unknown}}\n"

    @pytest.fixture(autouse=True)
    def _tiny(self, held: Path, monkeypatch: pytest.MonkeyPatch):
        """Let commands open the library with the encoder that made it, which an edit needs."""
        monkeypatch.setattr(shared, "corpus", lambda _: tiny_corpus(held))

    def test_changes_are_shown_and_made_only_with_apply(self, held: Path, tmp_path: Path):
        path = str(write(tmp_path, "refs.bib", self.BIB))
        shown = run(held, "documents", "import", path)
        assert shown.exit_code == 1
        assert shown.stdout.splitlines() == [
            "memo.txt\ttitle\tA memo\ta MEMO\tsame title",
            "memo.txt\tpublisher\tnone\tRiver Press\tsame title",
            "memo.txt\tdate\t2008-04-04\t2008-04\tsame title",
        ]
        assert shown.stderr.splitlines() == [
            "left out: line 2 (Unknown): no document has this address or title",
            "Nothing was changed. To change 1 document, add --apply.",
        ]
        with tiny_corpus(held) as corpus:
            assert corpus.document("memo.txt").publisher == ""
        done = run(held, "documents", "import", path, "--apply", "--json")
        assert json.loads(done.stdout)["applied"] is True
        with tiny_corpus(held) as corpus:
            assert (corpus.document("memo.txt").publisher, str(corpus.document("memo.txt").date)) == (
                *("River Press", "2008-04"),
            )
        undone = run(held, "documents", "edit", "memo.txt", "--reset", "title", "--reset", "publisher")
        assert undone.stdout == "title: A memo\npublisher: none\n"

    def test_an_ambiguous_one_is_named_and_left(self, held: Path, tmp_path: Path):
        twice = "TY  - RPRT\nTI  - A memo\nPB  - {}\nER  - \n"
        path = write(tmp_path, "refs.ris", twice.format("One") + twice.format("Two"))
        done = run(held, "documents", "import", str(path), "--apply")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "left out: line 1 (A memo): line 5 also describes memo.txt" in done.stderr

    def test_a_bad_file_is_refused_by_its_line(self, held: Path, tmp_path: Path):
        path = write(tmp_path, "refs.bib", "@misc{a, title={x}}\n@misc{b title={y}}\n")
        done = run(held, "documents", "import", str(path), "--apply")
        assert (done.exit_code, f"{path}, line 2: this BibTeX cannot be read" in done.stderr) == (3, True)


class TestHttp:
    @pytest.fixture
    def client(self, held: Path) -> Iterator[TestClient]:
        with tiny_corpus(held) as corpus:
            engine = Engine(held, held)
            engine._corpus = corpus  # type: ignore[attr-defined]
            with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
                yield client

    def test_a_quote_with_its_citation_is_text(self, client: TestClient, place: str):
        route = f"/api/v1/citations/{place}"
        html = client.get(route, params={"format": "html", "style": "chicago"})
        assert html.headers["content-type"] == "text/plain; charset=utf-8"
        assert "<p><em>A Memo</em> (2008), para. 1.</p>" in html.text
        assert client.get(route, params={"style": "apa"}).text.endswith("A memo. (2008).\n")
        item = client.get(route, params={"format": "csl-json"})
        assert item.headers["content-type"] == "application/vnd.citationstyles.csl+json"
        assert item.json()[0]["note"] == '“The *harbour* was "closed" in May.” (paragraph 1)'

    @pytest.mark.parametrize("query", [{"format": "docx"}, {"style": "../apa"}, {"style": "/etc/x.csl"}])
    def test_no_other_format_and_no_file_can_be_named(self, client: TestClient, place: str, query):
        reply = client.get(f"/api/v1/citations/{place}", params=query)
        assert (reply.status_code, reply.json()["code"]) == (400, "bad_input")

    def test_what_is_not_installed_is_said(
        self, client: TestClient, place: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(pandoc, "find_spec", lambda _: None)
        reply = client.get(f"/api/v1/citations/{place}", params={"style": "apa"})
        assert (reply.status_code, reply.json()["code"]) == (501, "missing_extra")

    def test_a_bibliography_is_a_file(self, client: TestClient):
        reply = client.get("/api/v1/bibliography/bibtex")
        assert reply.headers["content-disposition"] == 'attachment; filename="documents.bib"'
        assert len(bibtexparser.parse_string(reply.text).entries) == 2
        one = client.get("/api/v1/bibliography/csl-json", params={"document": "memo.txt"})
        assert [item["title"] for item in one.json()] == ["A memo"]
        assert client.get("/api/v1/bibliography/ris", params={"since": "2009"}).text == ""
        assert client.get("/api/v1/bibliography/ris", params={"document": "x"}).status_code == 404
        assert client.get("/api/v1/bibliography/docx").status_code == 400


def test_asking_imports_nothing_of_this():
    code = (
        "import sys, qa.commands.questions, qa.commands.documents, qa.corpus; "
        "print([m for m in sys.modules if m.startswith(('qa.quoting.bibliography', 'bibtexparser', "
        "'pypandoc', 'pylatexenc', 'citeproc'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
