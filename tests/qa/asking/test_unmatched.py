from __future__ import annotations

import datetime as dt
import json
import random
import time
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import pytest

from qa.asking.unmatched import ALIKE_FROM, _nearest, unmatched
from qa.schema import Filters
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

RECORDS = [
    {"_id": "dam.txt", "publisher": "River Press", "series": "Brief", "date": "2008-04-04", "language": "en"},
    {"_id": "port.txt", "publisher": "Orlava Gazette", "date": "2010-05-01", "language": "en"},
    {"_id": "note.txt", "publisher": "IFES"},
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("unmatched")
    lines = [json.dumps(record | {"text": f"The text of {record['_id']}."}) for record in RECORDS]
    write(folder, "x.jsonl", "\n".join(lines))
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(folder / "x.jsonl")
        yield corpus


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (
            Filters(publisher="River"),
            "No document has the publisher “River”: did you mean “River Press”?",
        ),
        (
            Filters(publisher="orlava gazete"),
            "No document has the publisher “orlava gazete”: did you mean “Orlava Gazette”?",
        ),
        (
            Filters(publisher="Reuters"),
            "No document has the publisher “Reuters”: there is “IFES”, “Orlava Gazette”, “River Press”.",
        ),
        (Filters(language="english"), "No document has the language “english”: did you mean “English (en)”?"),
        (Filters(language="fr"), "No document has the language “French”: there is “English”."),
        (
            Filters(collection="markets"),
            "No document has the collection “markets”: no document has a collection.",
        ),
        (
            Filters(since=dt.date(2030, 1, 1)),
            (
                "No document is dated since 1 January 2030: the dates are from 4 April 2008 to 1 May 2010, "
                "and 1 document without a date."
            ),
        ),
        (
            Filters(document=("dam.tx",)),
            "The library has no document 'dam.tx': did you mean 'dam.txt'?",
        ),
        (
            Filters(publisher="River", series="Brif"),
            (
                "No document has the publisher “River”: did you mean “River Press”? "
                "No document has the series “Brif”: did you mean “Brief”?"
            ),
        ),
        (
            Filters(publisher=("River", "IFES"), series=("Brif", "Series")),
            (
                "No document has the publisher “River”: did you mean “River Press”? "
                "No document has the series “Brif”: did you mean “Brief”? "
                "No document has the series “Series”: there is “Brief”."
            ),
        ),
        (
            Filters(publisher="IFES", since=dt.date(2008, 1, 1)),
            "No document matches the filters: since 1 January 2008, publisher IFES.",
        ),
    ],
)
def test_each_filter_that_leaves_nothing_is_named_with_what_may_have_been_meant(corpus, filters, said):
    assert not corpus.store.select(filters).documents
    assert unmatched(corpus.store, filters) == said


def test_many_values_are_not_all_named(tmp_path: Path):
    lines = [json.dumps({"_id": f"{n}", "publisher": f"P{n}", "text": f"Text {n}."}) for n in range(9)]
    write(tmp_path, "x.jsonl", "\n".join(lines))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "x.jsonl")
        said = unmatched(corpus.store, Filters(publisher="Zeitung"))
    assert said.endswith("there is “P0”, “P1”, “P2”, “P3”, “P4” and 4 more.")


def test_an_empty_library_is_said_to_be_empty_whatever_the_filters(tmp_path: Path):
    with tiny_corpus(tmp_path / "library") as corpus:
        assert unmatched(corpus.store, Filters(publisher="River")).startswith("The library is empty.")


def test_a_hint_takes_no_time_however_long_the_value_and_however_many_there_are(tmp_path: Path):
    names = [f"{'The Daily Gazette of the Northern Provinces ' * 5}{n}" for n in range(300)]
    lines = [json.dumps({"_id": f"{n}", "publisher": each, "text": "Text."}) for n, each in enumerate(names)]
    write(tmp_path, "x.jsonl", "\n".join(lines))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "x.jsonl")
        started = time.thread_time()
        for value in ("e" * 20_000, "The Daily Gazette of the Northern Provinces " * 450):
            assert unmatched(corpus.store, Filters(publisher=value))
        assert time.thread_time() - started < 2


@pytest.mark.parametrize("seed", range(20))
def test_the_nearest_value_is_the_one_most_like_it(seed: int):
    drawn = random.Random(seed)
    held = sorted({"".join(drawn.choices("abcde ", k=drawn.randrange(1, 12))) for _ in range(40)})
    value = "".join(drawn.choices("abcde ", k=6))

    def likeness(each: str) -> float:
        alike = SequenceMatcher(None, each, value, autojunk=False).ratio()
        return max(alike, ALIKE_FROM + alike / 10) if each in value or value in each else alike

    nearest = max(held, key=likeness)
    assert _nearest(held, value) == (nearest, likeness(nearest))
