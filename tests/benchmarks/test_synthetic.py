"""The benchmarks run, at a few hundred passages, and what they compare is the same where it must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import qa.storage.file_index.full_text
from benchmarks import fulltext, scale, synthetic
from qa import Corpus
from qa.schema import EVERYTHING
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SUITES = ROOT / "tests" / "suites"
SIZE = 300
WORDS = (["strike"], ["rain", "river", "people", "valley"], ["minister", "government", "minister", "zebra"])

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of SIZE passages from four articles, with the brief in it as it is."""
    few = tmp_path_factory.mktemp("few") / "news"
    few.mkdir()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        lines = (SUITES / "news" / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (few / name).write_text("".join(lines[:4] if name == "corpus.jsonl" else lines), encoding="utf-8")
    folder = tmp_path_factory.mktemp("libraries")
    synthetic.make(folder, [few], [SUITES / "nk_brief"], [SIZE])
    return folder / str(SIZE)


@pytest.fixture(scope="module")
def ways(library: Path) -> dict[str, fulltext.Search]:
    fulltext.build(library, "fts5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            qa.storage.file_index.full_text, "FTS5_UP_TO", qa.storage.file_index.full_text.FTS5_UP_TO
        )  # what `build` lowers, is put back
        fulltext.build(library, "postings")
    fts5 = fulltext.Fts5(library)
    postings = fulltext.Postings(library)
    return {"joined": fts5.joined, "late": fts5.late, "budget": fts5.budget, "postings": postings}


def test_a_library_has_its_size_and_holds_what_is_asked_about(library: Path) -> None:
    with Corpus.open(library, create=False) as corpus:
        infos = corpus.documents()
        assert sum(info.passages for info in infos) == SIZE
        real = {info.id for info in infos if not info.path.startswith("synthetic/")}
        passages = corpus.store.passages_of("s0")
        assert corpus.document("s0").text.endswith("\n")
    gold = {document for line in _questions(library) for document in line["gold"]}
    assert real
    assert real <= gold
    assert {3, 4, 5} == {len(passage.sentences) for passage in passages}


def test_a_passage_lies_near_its_own_sentences(library: Path) -> None:
    with Corpus.open(library, create=False) as corpus:
        document, passages = corpus.store.document_and_passages("s0")
        queries = corpus.store.encode_queries([document.text[p.start : p.end] for p in passages[:20]])
        found = [corpus.store.nearest(query[None], 10, corpus.store.select())[0] for query in queries]
    assert (
        np.mean([p.key in {hit.key for hit, _ in each} for p, each in zip(passages, found, strict=False)])
        > 0.8
    )


@pytest.mark.parametrize("name", fulltext.FILTERS)
def test_exact_ways_of_full_text_search_find_the_same(ways: dict[str, fulltext.Search], name: str) -> None:
    for words in WORDS:
        expected = ways["joined"](words, SIZE, fulltext.FILTERS[name])
        scores = np.array([score for _, score in expected])
        for way in ("late", "postings"):
            found = ways[way](words, SIZE, fulltext.FILTERS[name])
            assert {key for key, _ in found} == {key for key, _ in expected}
            assert np.allclose([score for _, score in found], scores, rtol=1e-12), way


def test_a_budget_keeps_the_rarest_words(
    ways: dict[str, fulltext.Search], library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ways["late"](WORDS[1], SIZE, EVERYTHING)
    assert ways["budget"](WORDS[1], SIZE, EVERYTHING) == everything
    monkeypatch.setattr(fulltext, "BUDGET", 1)
    rarest = sorted(WORDS[1], key=lambda word: len(ways["late"]([word], SIZE, EVERYTHING)))[:2]
    assert ways["budget"](WORDS[1], SIZE, EVERYTHING) == ways["late"](rarest, SIZE, EVERYTHING)


def test_tantivy_finds_what_holds_the_words(library: Path, ways: dict[str, fulltext.Search]) -> None:
    pytest.importorskip("tantivy")
    fulltext.build(library, "tantivy")
    tantivy = fulltext.Tantivy(fulltext.index_path(library, "tantivy"))
    for name, filters in fulltext.FILTERS.items():
        found = tantivy(["strike"], SIZE, filters)
        assert {key for key, _ in found} == {key for key, _ in ways["late"](["strike"], SIZE, filters)}, name


def test_the_comparison_of_full_text_prints_a_row_for_each_way(
    library: Path, ways: dict[str, fulltext.Search], capsys: pytest.CaptureFixture[str]
) -> None:
    fulltext.search(library, fulltext.KINDS, 2)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| 300")]
    assert {row[3] for row in rows} >= {"Source.bm25", *ways}
    assert all(float(row[6]) == 1 for row in rows if row[3] in {"Source.bm25", "joined", "late"})


def test_the_scale_of_a_library_is_measured_in_new_processes(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = scale.measure(library.parent, [SIZE], questions=2, rounds=1)
    scale.show(report)
    (measured,) = report["libraries"]
    assert measured["recall"] == 1  # so few are searched exactly
    assert measured["bytes"]["vectors"] > SIZE * 384 * 2
    (run,) = measured["runs"]
    assert run["memory"]["VmRSS"] > run["memory"]["RssAnon"] > 0
    for part in ("encode", "dense", "full text", "the rest"):
        assert min(run["milliseconds"]["question"][part]) > 0
    assert run["opened"] > max(run["milliseconds"]["question"]["retrieval"])
    assert "| recall@10 of dense search | 1.000 |" in capsys.readouterr().out
    assert json.loads(json.dumps(report)) == report


def _questions(library: Path) -> list[dict[str, list[str]]]:
    lines = (library.parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
