from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking import retrieve
from qa.asking.retrieve import DEPTH, DOCUMENTS, candidates, fuse
from qa.text.names import Names
from qa.text.terms import content_words
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path

SCORES = st.dictionaries(st.integers(1, 30), st.floats(-5, 5), max_size=12)


def test_fusion_of_a_small_case_by_hand() -> None:
    dense = {1: 0.8, 2: 0.4, 3: 0.6}
    lexical = {2: 10.0, 4: 5.0}
    assert fuse(dense, lexical, weight=0.7) == pytest.approx({1: 0.7, 2: 0.3, 3: 0.35, 4: 0.0})


@given(SCORES, SCORES)
def test_fused_scores_lie_between_0_and_1_and_cover_what_either_search_found(
    dense: dict[int, float], lexical: dict[int, float]
) -> None:
    fused = fuse(dense, lexical)
    assert fused.keys() == dense.keys() | lexical.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in fused.values())


@given(SCORES)
def test_with_one_search_alone_fusion_keeps_its_order(dense: dict[int, float]) -> None:
    fused = fuse(dense, {})
    assert all(fused[a] >= fused[b] for a in dense for b in dense if dense[a] >= dense[b])


def test_candidates_come_from_enough_documents_even_where_one_document_fills_the_first_results(
    tmp_path: Path,
) -> None:
    sentence = "Copper prices rose at the border again this week, traders said in the market of Hyesan. "
    write(tmp_path / "in", "big.txt", "\n\n".join(sentence * 9 for _ in range(150)))
    for number in range(30):
        write(tmp_path / "in", f"small-{number}.txt", f"A note on rice number {number}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        found, _ = candidates(corpus.store, [("copper prices at the border", 1.0)], corpus.store.select())
        documents = set(corpus.store.documents_of(key for key, _ in found).values())
    assert len(documents) >= DOCUMENTS
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_of_one_long_document_no_more_is_ranked_than_each_search_finds_at_first(tmp_path: Path) -> None:
    sentence = "Copper prices rose at the border again this week, traders said in the market of Hyesan. "
    path = write(tmp_path, "long.txt", "\n\n".join(sentence * 9 for _ in range(3 * DEPTH)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(path)
        found, _ = candidates(corpus.store, [("copper prices at the border", 1.0)], corpus.store.select())
    assert DEPTH <= len(found) <= 2 * DEPTH


def test_a_passage_found_by_one_reading_of_the_question_only_is_among_the_candidates(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    write(tmp_path, "b.txt", "Guards took bribes.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        readings = [("anthracite barges", 1.0), ("guards bribes", 3.0)]
        found, _ = candidates(corpus.store, readings, corpus.store.select())
        assert [corpus.store.documents_of([key])[key] for key, _ in found] == ["b.txt", "a.txt"]


def test_a_passage_scores_the_weighted_mean_of_what_it_scores_for_each_reading(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    write(tmp_path, "b.txt", "Guards took bribes.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        first, second = (
            dict(candidates(corpus.store, [(text, 1.0)], corpus.store.select())[0])
            for text in ("anthracite", "bribes")
        )
        both = dict(
            candidates(corpus.store, [("anthracite", 1.0), ("bribes", 3.0)], corpus.store.select())[0]
        )
        assert both == pytest.approx({key: (first[key] + 3 * second[key]) / 4 for key in both})


def test_all_readings_of_a_question_are_searched_in_one_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    calls = []
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
        search = corpus.store.nearest

        def counted(vectors, *rest):
            calls.append(len(vectors))
            return search(vectors, *rest)

        monkeypatch.setattr(corpus.store, "nearest", counted)
        candidates(
            corpus.store, [("anthracite", 1.0), ("bribes", 3.0), ("barges", 1.0)], corpus.store.select()
        )
    assert calls == [3]


def test_content_words_leave_out_what_only_holds_a_question_together() -> None:
    assert content_words("Who were the guards, and what did the guards take?") == ["guards", "take"]
    assert content_words("What was it?") == ["what", "was", "it"]


def test_passages_that_do_not_count_change_neither_the_others_nor_their_scores(tmp_path: Path) -> None:
    texts = {"a": "Barges carried anthracite.", "b": "Guards took bribes for anthracite.", "c": "Rice rose."}
    readings = [("anthracite barges", 1.0), ("guards bribes", 3.0)]
    for name, text in texts.items():
        write(tmp_path / "in", f"{name}.txt", f"{text}\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        alone, _ = candidates(corpus.store, readings, corpus.store.select())
        others = (
            {"_id": f"ko-{number}", "text": f"anthracite 바지선은 석탄을 {number}톤 날랐다. bribes"}
            for number in range(2 * DEPTH)
        )
        write(tmp_path / "in", "ko.jsonl", "\n".join(map(json.dumps, others)))
        corpus.index(tmp_path / "in")
        ours = {key for key, _ in alone}
        found, others = candidates(
            corpus.store, readings, corpus.store.select(), Names(), lambda keys: ours.intersection(keys)
        )
        assert [key for key, _ in found] == [key for key, _ in alone]
        assert {name[:2] for name in corpus.store.documents_of(key for key, _ in others).values()} == {"ko"}
        assert not ours.intersection(key for key, _ in others)


def test_passages_that_count_are_looked_for_only_so_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieve, "DEPTH", 2)
    monkeypatch.setattr(retrieve, "DEEPEST", 8)
    for number in range(40):
        write(tmp_path / "in", f"{number}.txt", f"Barges carried anthracite {number}.\n")
    depths = []
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        search = corpus.store.nearest
        monkeypatch.setattr(
            corpus.store,
            "nearest",
            lambda vectors, depth, selection: depths.append(depth) or search(vectors, depth, selection),
        )
        found, others = candidates(
            corpus.store, [("anthracite", 1.0)], corpus.store.select(), Names(), lambda keys: set()
        )
    assert depths == [2, 4, 8]
    assert not found
    assert len(others) >= 8
