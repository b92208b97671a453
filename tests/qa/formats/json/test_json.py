from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ingest import Instant
from qa.corpus import Corpus
from qa.errors import InputError
from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.formats.worker import Worker
from qa.schema import Document, Found, locator
from tests.qa.formats.json.make import BRIEFS
from tests.qa.formats.reading import refusal
from tests.qa.formats.zip.make import packed

if TYPE_CHECKING:
    from pathlib import Path


def found(value: object, name: str = "a.json", **columns: str) -> list[Document | InputError]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(read_source(Source(name, name, data), Options(columns=tuple(columns.items()))))


def texts(value: object, **columns: str) -> list[tuple[str, str]]:
    items = found(value, **columns)
    assert all(isinstance(item, Document) for item in items), items
    return [(item.id, item.text) for item in items if isinstance(item, Document)]


def test_a_list_of_records_has_the_keys_of_json_lines() -> None:
    first, second = found(BRIEFS)
    assert isinstance(first, Document)
    assert (first.id, first.text, first.title) == ("#w-1", "Copper rose by 4 percent.", "Copper prices rise")
    assert (first.date, first.format) == (dt.date(2008, 4, 4), "json")
    assert Found("title", "key “Headline”", "stated") in first.found
    assert isinstance(second, Document)
    assert (second.id, second.title) == ("#2", "Rice aid arrives")


@pytest.mark.parametrize("key", ["documents", "items", "data"])
def test_records_may_stand_under_a_usual_key(key: str) -> None:
    assert [name for name, _ in texts({"count": 2, key: BRIEFS})] == ["#w-1", "#2"]


def test_one_record_is_a_document() -> None:
    assert texts(BRIEFS[0]) == [("#w-1", "Copper rose by 4 percent.")]
    assert texts({"text": "He left.", "items": ["a", "b"]}) == [("#1", "He left.")]


def test_columns_are_those_that_are_named() -> None:
    assert texts([{"story": "He left.", "slug": "s/1", "text": "Not this."}], text="story", id="slug") == [
        ("#s/1", "He left.")
    ]
    (refused,) = found([{"story": "He left."}], text="body")
    assert "a.json, record 1 has no “body”; it has story" in str(refused)


def test_a_record_without_an_id_is_named_and_cited_by_its_place() -> None:
    first, second = found([{"text": "He left."}, {"text": "She stayed.\n\nIt rained."}])
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (second.id, second.title) == ("#2", "a, record 2")
    at = second.text.index("It rained")
    assert locator(second, at, at + 9) == "record 2, paragraph 2"


def test_json_lines_in_a_json_file_are_read_as_such() -> None:
    lines = "\n".join(json.dumps(each) for each in BRIEFS).encode()
    assert [name for name, _ in texts(lines)] == ["#w-1", "#2"]


def test_one_record_that_is_refused_does_not_cost_the_others() -> None:
    wrong = [{"_id": "a", "text": "He left."}, 7, {"_id": "b"}, {"_id": "a", "text": "Again."}, BRIEFS[0]]
    first, *refused, last = found(wrong)
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert [str(each).partition(" ")[2] for each in refused] == [
        'record 2 is not an object. Write {"_id": …, "title": …, "text": …}.',
        'record 3 has no "text". Give the document\'s text, in quotation marks.',
        "record 4: the id 'a' was used before. Give each record its own id.",
    ]


REFUSED = {
    "nothing": (b"", "is empty"),
    "white space": (b" \n", "is empty"),
    "text": (b"He left.", "is not JSON"),
    "cut off": (b'[{"_id": "1", "text": "He le', "is not JSON: Unterminated string"),
    "no records": (b"[]", "has no records"),
    "a number": (b"7", "is neither a list of records nor a record"),
    "settings": (b'{"name": "x", "version": 1}', "it has “name”, “version”"),
    "two lists": (b'{"items": [], "data": []}', "an object without a text and without a list of records"),
    "another encoding": ('[{"text": "Café"}]'.encode("latin-1"), "is neither UTF-8 nor UTF-16"),
    "records without end": (b"[" + b"1," * 500_000 + b"1]", "holds more than 500,000 records"),
    "nested": (b"[" * 1_000_000, "cannot be read as JSON"),
    "nested whole": (b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000, "cannot be read as JSON"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_by_name_with_what_is_expected(data: bytes, reason: str) -> None:
    with Worker() as worker:
        (refused,) = worker.read(Source("a.json", "a.json", data), Options())
    assert isinstance(refused, InputError)
    assert str(refused).startswith("a.json")
    assert reason in str(refused)
    nexts = ('[{"_id": …, "title"', "iconv", "Put a record in it", "Split it")
    assert any(each in str(refused) for each in nexts)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_number_of_many_digits_costs_its_record_at_most(name: str) -> None:
    digits = "9" * 100_000
    records = (
        f'{{"_id": {digits}, "text": "He left."}}',
        f'{{"_id": "b", "text": "He stayed.", "price": {digits}}}',
        '{"_id": 7, "text": "He slept."}',
    )
    data = f"[{','.join(records)}]" if name == "a.json" else "\n".join(records)
    refused, *documents = found(data.encode(), name)
    assert "the id has more than 1,000 characters" in str(refused)
    assert [item.id for item in documents if isinstance(item, Document)] == ["#b", "#7"]


@pytest.mark.slow
def test_lists_that_take_all_memory_cost_their_file_alone() -> None:
    with Worker(memory=400_000_000) as worker:
        (refused,) = worker.read(Source("a.json", "a.json", b"[" + b"[]," * 8_000_000 + b"1]"), Options())
        (read,) = worker.read(Source("b.json", "b.json", b'{"text": "He left."}'), Options())
    assert "a.json needed more than 0.4 GB of memory" in str(refused)
    assert isinstance(read, Document)


def test_it_is_read_in_an_archive() -> None:
    data = packed({"in/a.json": json.dumps(BRIEFS).encode()})
    assert [item.id for item in found(data, "a.zip") if isinstance(item, Document)] == [
        "/in/a.json#w-1",
        "/in/a.json#2",
    ]


@pytest.mark.slow
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Mn", "Me"]), max_size=40),
        min_size=1,
        max_size=5,
    )
)
def test_what_was_written_is_what_is_read(written: list[str]) -> None:
    written = [f"He left. {text}" for text in written]
    assert [text for _, text in texts([{"text": text} for text in written])] == written
    assert [text for _, text in texts({"items": [{"text": text} for text in written]})] == written


def test_columns_are_remembered_and_records_that_change_places_keep_their_ids(tmp_path: Path) -> None:
    stories = [{"story": f"Ship {number} came to Nampo on Friday."} for number in range(4)]
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.json"
    file.write_text(json.dumps(stories), encoding="utf-8")
    with Corpus.open(tmp_path / "library", encoder=Instant(), columns={"text": "story"}) as corpus:
        corpus.index(file)
        before = {corpus.document(info.id).text: info.id for info in corpus.documents()}
        assert len(before) == 4
    with Corpus.open(tmp_path / "library", encoder=Instant()) as corpus:
        file.write_text(json.dumps([{"story": "A new one stands above."}, *stories]), encoding="utf-8")
        report = corpus.index(file)
        after = {corpus.document(info.id).text: info.id for info in corpus.documents()}
    assert {text: after[text] for text in before} == before
    assert sorted(result.status for result in report.files) == ["added", *["replaced"] * 4]  # cited anew


def test_a_list_in_a_file_of_json_lines_says_how_it_is_read(tmp_path: Path) -> None:
    from qa.formats.reading import read_path

    (tmp_path / "a.jsonl").write_text(json.dumps(BRIEFS), encoding="utf-8")
    (refused,) = read_path(tmp_path / "a.jsonl")
    assert "not a JSON object" in str(refused)
    assert ".json" in str(refused).replace("a.jsonl", "")


def test_refusals_name_the_source() -> None:
    from qa.formats.records import read

    assert "a.json" in refusal(read, b"7", "a.json")
