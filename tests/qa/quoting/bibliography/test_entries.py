"""What we write is read by parsers that others wrote, and by our own, without loss."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import bibtexparser
import pytest
import rispy
from hypothesis import example, given
from hypothesis import strategies as st

from qa.document.metadata import value_of
from qa.formats.kinds import KINDS
from qa.quoting.bibliography.csl import csl_item, date_of, name_in_words
from qa.quoting.bibliography.entries import (
    FORMS,
    bibtex_text,
    entries,
    entries_of_documents,
    entry_of_quote,
)
from qa.quoting.bibliography.matching import match_references
from qa.quoting.bibliography.pandoc import run_pandoc
from qa.quoting.bibliography.reading import _decoder, read_references
from qa.schema import Document, Quote
from tests.qa.quoting.bibliography.documents import DOCUMENTS, END, START

ITEMS = {item["id"]: item for item in map(csl_item, DOCUMENTS)}
_TEXTS = st.text(
    st.sampled_from([*"{}\\%&$#_^~\"'`-,<>|?! aé고@=;:."])
    | st.characters(exclude_categories=("C", "Z"), exclude_characters="\u0302"),
    max_size=30,
).map(lambda text: " ".join(text.split()))


def _authors(item: dict) -> list[str]:
    return [name_in_words(name) for name in item.get("author", ())]


def _publisher(item: dict) -> str:
    return item.get("publisher") or item.get("container-title", "")


def test_bibtexparser_reads_all_of_it():
    library = bibtexparser.parse_string(entries_of_documents(DOCUMENTS, "bibtex"))
    assert (library.failed_blocks, len(library.entries)) == ([], len(DOCUMENTS))
    decode = _decoder()
    for entry in library.entries:
        item, read = ITEMS[entry.key], {field.key: field.value for field in entry.fields}
        said = {name: decode(value) for name, value in read.items()}
        assert said["title"] == item["title"]
        publisher = said.get("institution") or said.get("organization") or said.get("publisher", "")
        assert publisher == _publisher(item)
        assert (said.get("series", ""), said.get("number", "")) == (
            *(item.get("collection-title", ""), item.get("number", "")),
        )
        assert read.get("url", "") == item.get("URL", "")
        assert said.get("year", "") == date_of(item.get("issued", {}))[:4]


@pytest.mark.parametrize("form", FORMS)
def test_a_document_of_each_format_has_an_entry(form):
    titles = {kind.name: f"Written as {kind.name}" for kind in KINDS.values()}
    documents = [
        replace(DOCUMENTS[0], id=name, format=name, title=title, series="", number="")
        for name, title in titles.items()
    ]
    written = entries_of_documents(documents, form)
    assert [title for title in titles.values() if not re.search(rf"\b{title}\b", written)] == []


def test_pandoc_reads_all_of_the_bibtex():
    read = json.loads(
        run_pandoc(["--from=bibtex", "--to=csljson"], entries_of_documents(DOCUMENTS, "bibtex").encode())
    )
    assert [item["id"] for item in read] == list(ITEMS)
    for item in read:
        ours = ITEMS[item["id"]]
        assert _straight(re.sub(r"</?span[^>]*>", "", item["title"])) == _straight(ours["title"])
        assert [name.get("literal") or name["family"] for name in item.get("author", ())] == [
            name.get("literal") or name["family"] for name in ours.get("author", ())
        ]
        assert item.get("issued") == ours.get("issued")
        assert _straight(item.get("publisher", "")) == _straight(_publisher(ours))
        assert item.get("URL") == ours.get("URL")
        assert item.get("number") == ours.get("number")
        assert re.sub(r"</?span[^>]*>", "", item.get("collection-title", "")) == ours.get(
            "collection-title", ""
        )


def _straight(text: str) -> str:
    """Return a text without what pandoc's reader makes typographic."""
    return text.translate(str.maketrans("‘’“”", "''\"\""))


def test_rispy_reads_all_of_it():
    read = rispy.loads(entries_of_documents(DOCUMENTS, "ris").replace("\r\n", "\n"))
    assert [record["id"] for record in read] == list(ITEMS)
    for record in read:
        item = ITEMS[record["id"]]
        assert record["title"] == item["title"]
        assert record.get("urls", [item.get("URL", "")])[0] == item.get("URL", "")
        assert len(record.get("authors", ())) == len(item.get("author", ()))
        assert record.get("publisher", record.get("secondary_title", "")) == _publisher(item)
        day = date_of(item.get("issued", {}))
        assert record.get("date", "").strip("/").replace("/", "-") == day
        assert record.get("year", "") == day[:4]


def test_pandoc_reads_all_of_the_ris():
    read = json.loads(
        run_pandoc(["--from=ris", "--to=csljson"], entries_of_documents(DOCUMENTS, "ris").encode())
    )
    assert [item["id"] for item in read] == list(ITEMS)
    for item in read:
        ours = ITEMS[item["id"]]
        assert _straight(item["title"]) == _straight(ours["title"])
        # Of a date, it reads the year only.
        if "issued" in ours:
            assert item["issued"]["date-parts"][0][0] == int(date_of(ours["issued"])[:4])
        assert item.get("URL") == ours.get("URL")


def test_pandoc_reads_all_of_the_csl_json():
    given = entries_of_documents(DOCUMENTS, "csl-json")
    assert {item["id"]: item for item in json.loads(given)} == ITEMS
    read = json.loads(run_pandoc(["--from=csljson", "--to=csljson"], given.encode()))
    assert [item["id"] for item in read] == list(ITEMS)
    assert [item.get("issued") for item in read] == [item.get("issued") for item in ITEMS.values()]


@pytest.mark.parametrize("form", FORMS)
def test_our_own_reader_finds_nothing_to_change(form: str):
    held = [_in_library(document) for document in DOCUMENTS]
    references = read_references(entries_of_documents(held, form).encode(), f"refs.{form}")
    matches = match_references(references, held)
    assert [match.documents for match in matches] == [(document.id,) for document in held]
    assert [match.changes for match in matches] == [()] * len(held)


def _in_library(document: Document) -> Document:
    """Return a document with its authors as a library has them, and its other fields on one line."""
    author = "; ".join(_authors(csl_item(document)))
    return replace(document, author=author, title=" ".join(document.title.split()))


@given(_TEXTS)
@example("?`")
@example("!`")
def test_a_field_of_bibtex_comes_back_and_its_braces_are_in_pairs(text: str):
    written = bibtex_text(text)
    depth = 0
    for character in written:  # as BibTeX counts, which knows no escape
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert _decoder()(written) == text


@given(_TEXTS.filter(str.strip), _TEXTS)
def test_any_title_and_publisher_come_back_in_each_format(title: str, publisher: str):
    item = {"id": "k", "type": "report", "title": title, "publisher": publisher}
    for form in FORMS:
        (read,) = read_references(entries([item], form).encode(), f"refs.{form}")
        expected = re.sub(r"</?(?:i|b|sup|sub|sc|span)\b[^<>]*>", "", title) if form == "csl-json" else title
        assert read.values.get("title", "") == expected
        assert read.values.get("publisher", "") == publisher


@pytest.mark.parametrize("form", FORMS)
def test_a_quote_is_the_note_of_its_document(form: str):
    text = entry_of_quote(Quote(DOCUMENTS[0], START, END), form)
    assert "“The first paragraph says so.” (paragraph 2)" in text


def test_metadata_of_a_document_are_what_is_exported():
    (read,) = read_references(entries_of_documents(DOCUMENTS[:1], "bibtex").encode(), "refs.bib")
    fields = ("title", "publisher", "series", "number", "date", "language")
    assert read.values == {field: value_of(DOCUMENTS[0], field) for field in fields}
