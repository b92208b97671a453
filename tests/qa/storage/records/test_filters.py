from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.schema import Filters
from tests.conftest import ROOT
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus

FORMATS = ROOT / "tests/qa/formats"
FILES = (
    *("csv/briefs.csv", "csv/wire.tsv", "json/briefs.json", "xlsx/briefs.xlsx", "mbox/desk.mbox"),
    *("zip/mixed.zip", "feed/files/atom.xml", "feed/files/rss.xml"),
)


def records(*ids: str) -> str:
    return "\n".join(json.dumps({"_id": each, "text": f"Copper of {each} rose."}) for each in ids)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    inbox = tmp_path_factory.mktemp("inbox")
    for name in FILES:
        shutil.copy(FORMATS / name, inbox)
    write(inbox, "wire.jsonl", records("w1", "w2", "both"))
    write(inbox, "sub/OTHER.JSONL", records("o1", "both"))
    write(inbox, "sub/hardwire.jsonl", records("h1"))
    with tiny_corpus(tmp_path_factory.mktemp("library")) as corpus:
        corpus.index(inbox)
        yield corpus


def selected(corpus: Corpus, *named: str) -> set[str]:
    filters = Filters(document=named)
    ids = {info.id for info in corpus.documents(filters)}
    assert corpus.store.select(filters).documents == len(ids)
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("name", [Path(each).name for each in FILES])
def test_a_file_of_many_documents_is_selected_by_its_name(corpus: Corpus, name: str) -> None:
    held = {info.id for info in corpus.documents() if Path(info.path).name == name}
    assert held - {name}
    assert selected(corpus, name) == held


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "ids"),
    [
        (("wire.jsonl",), {"w1", "w2", "both"}),
        (("OTHER.JSONL",), {"o1", "both"}),
        (("sub/OTHER.JSONL", "w1"), {"o1", "both", "w1"}),
        (("wire.jsonl", "sub/hardwire.jsonl"), {"w1", "w2", "both", "h1"}),
        (("ire.jsonl",), set()),
        (("%.jsonl",), set()),
        (("_ire.jsonl",), set()),
        ((".jsonl",), set()),
        (("",), set()),
    ],
)
def test_so_is_a_file_of_records_with_ids_of_their_own(
    corpus: Corpus, named: tuple[str, ...], ids: set[str]
) -> None:
    assert selected(corpus, *named) == ids


def test_and_by_its_path(corpus: Corpus) -> None:
    (path,) = {info.path for info in corpus.documents() if info.id == "h1"}
    assert selected(corpus, path) == {"h1"}
