"""The place of publication, which only its declaration names: from files to pages and bibliographies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from qa.cli import cli
from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.places import shipped_corpus
from qa.quoting.bibliography.entries import FORMS, entries_of_documents
from qa.quoting.bibliography.reading import read_references
from qa.schema import Document, Filters
from qa.web import tools
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    write(tmp_path / "in", "rice.txt", "Rice is dear.\n")
    write(tmp_path / "in", "rice.txt.meta.toml", 'publication_place = "Seoul"\n')
    write(
        tmp_path / "in",
        "maize.md",
        "---\ntitle: Maize\nplace_of_publication: Basel\n---\n\nIt is cheap.\n",
    )
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        yield corpus


def places(corpus: Corpus, *asked: str) -> dict[str, str]:
    found = corpus.documents(Filters(publication_place=asked))
    return {info.id: info.publication_place for info in found}


def test_it_is_read_filtered_by_and_corrected(corpus: Corpus):
    assert places(corpus) == {"maize.md": "Basel", "rice.txt": "Seoul"}
    assert places(corpus, "seoul") == {"rice.txt": "Seoul"}
    assert corpus.edit("rice.txt", {"publication_place": "Busan"})[0].publication_place == "Busan"
    assert places(corpus, "seoul", "basel") == {"maize.md": "Basel"}
    corpus.edit("rice.txt", {}, reset=["publication_place"])
    assert places(corpus, "Seoul") == {"rice.txt": "Seoul"}


def test_commands_list_by_it_and_show_it(corpus: Corpus):
    corpus.close()
    library = ["--library", str(corpus.library)]
    listed = CliRunner().invoke(cli, ["documents", *library, "--publication-place", "BASEL"])
    assert (listed.exit_code, "maize.md" in listed.output, "rice.txt" in listed.output) == (0, True, False)
    nothing = CliRunner().invoke(cli, ["documents", *library, "--publication-place", "Sevul"])
    assert "No document has the publication place “Sevul”: did you mean “Seoul”?" in nothing.output
    shown = CliRunner().invoke(cli, ["documents", "show", *library, "rice.txt"])
    assert "publication_place: Seoul (sidecar file, stated)" in shown.output


def test_pages_http_and_assistants_have_it(corpus: Corpus):
    engine = Engine(corpus.library, shipped_corpus())
    engine._corpus = corpus
    with TestClient(create_app(engine, "127.0.0.1"), base_url="http://127.0.0.1:7860") as client:
        listed = client.get("/api/v1/documents", params={"publication_place": "Seoul"}).json()
        assert [each["publication_place"] for each in listed] == ["Seoul"]
        assert client.get("/api/v1/filters").json()["publication_places"] == [["Basel", 1], ["Seoul", 1]]
        client.headers["Accept"] = "text/html"
        page = client.get("/documents/rice.txt").text
        assert "Publication place</label>" in page
        changed = client.patch("/api/v1/documents/rice.txt", json={"publication_place": "Busan"}).json()
        assert changed["fields"]["publication_place"]["value"] == "Busan"
        table = client.get("/documents", params={"publication_place": "Basel"})
        assert ("maize.md" in table.text, "rice.txt" in table.text) == (True, False)
        chosen = client.get("/parts/filters").text
        assert "<legend>Publication places</legend>" in chosen
    listing = tools.Listed.model_validate({"filters": {"publication_place": ["Basel"]}})
    (found,) = tools.list_documents(engine, listing, None)["documents"]  # type: ignore[arg-type]
    assert found["publication_place"] == "Basel"


def test_a_page_states_it_in_a_meta_element():
    page = b"<title>A</title><meta name='DC.publisher.place' content='Oslo'><p>Rice is dear this year.</p>"
    (document,) = read_source(Source("a.html", "a.html", page), Options(ocr=False))
    assert isinstance(document, Document)
    assert document.publication_place == "Oslo"


@pytest.mark.parametrize("form", FORMS)
def test_a_bibliography_gives_it_and_takes_it_back(form: str) -> None:
    document = Document("a.txt", "Rice.", title="Rice", publication_place="Seoul & Busan")
    written = entries_of_documents([document], form)  # type: ignore[arg-type]
    name = {"bibtex": "a.bib", "ris": "a.ris", "csl-json": "a.json"}[form]
    (reference,) = read_references(written.encode(), name)
    assert reference.values["publication_place"] == "Seoul & Busan"
