from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking import retrieve
from qa.asking.conversation import Interpretation, interpret
from qa.asking.retrieve import BEHIND, DEPTH, DOCUMENTS, Candidates, candidates, fuse, prepare
from qa.errors import LibraryError
from qa.text.question import ParsedQuestion
from qa.text.terms import content_words
from tests.qa.recorded import Recorded
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qa.storage.library import Library


def found_for(library: Library, readings: Sequence[tuple[str, float]], **options: bool) -> Candidates:
    asked = ParsedQuestion(readings[0][0])
    search = prepare(library, Interpretation(asked, asked, tuple(readings)), **options)
    return candidates(library, search, library.select())


def searched(library: Recorded) -> list[tuple[str, tuple]]:
    return [each for each in library.calls if each[0] == "nearest"]


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


@pytest.mark.slow
def test_candidates_come_from_enough_documents_even_where_one_document_fills_the_first_results(
    tmp_path: Path,
) -> None:
    sentence = "Copper prices rose at the border again this week, traders said in the market of Hyesan. "
    write(tmp_path / "in", "big.txt", "\n\n".join(sentence * 9 for _ in range(150)))
    for number in range(30):
        write(tmp_path / "in", f"small-{number}.txt", f"A note on rice number {number}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        found = found_for(corpus.store, [("copper prices at the border", 1.0)]).legible
        documents = {hit.document_id for hit, _ in found}
    assert len(documents) >= DOCUMENTS
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_of_one_long_document_no_more_is_ranked_than_each_search_finds_at_first(tmp_path: Path) -> None:
    sentence = "Copper prices rose at the border again this week, traders said in the market of Hyesan. "
    path = write(tmp_path, "long.txt", "\n\n".join(sentence * 9 for _ in range(3 * DEPTH)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(path)
        found = found_for(corpus.store, [("copper prices at the border", 1.0)]).legible
    assert DEPTH <= len(found) <= 2 * DEPTH


def test_a_passage_found_by_one_reading_of_the_question_only_is_among_the_candidates(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    write(tmp_path, "b.txt", "Guards took bribes.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        readings = [("anthracite barges", 1.0), ("guards bribes", 3.0)]
        found = found_for(corpus.store, readings).legible
        assert [hit.document_id for hit, _ in found] == ["b.txt", "a.txt"]


def test_a_passage_scores_the_weighted_mean_of_what_it_scores_for_each_reading(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    write(tmp_path, "b.txt", "Guards took bribes.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        first, second = (dict(found_for(corpus.store, [(text, 1.0)])[0]) for text in ("anthracite", "bribes"))
        both = dict(found_for(corpus.store, [("anthracite", 1.0), ("bribes", 3.0)])[0])
        assert both == pytest.approx({key: (first[key] + 3 * second[key]) / 4 for key in both})


def test_all_readings_of_a_question_are_searched_in_one_call(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Barges carried anthracite.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
        recorded = Recorded(corpus.store)
        found_for(recorded, [("anthracite", 1.0), ("bribes", 3.0), ("barges", 1.0)])
    assert [len(vectors) for name, (vectors, *_) in searched(recorded)] == [3]


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
        alone = found_for(corpus.store, readings).legible
        others = (
            {"_id": f"ko-{number}", "text": f"anthracite 바지선은 석탄을 {number}톤 날랐다. bribes"}
            for number in range(2 * DEPTH)
        )
        write(tmp_path / "in", "ko.jsonl", "\n".join(map(json.dumps, others)))
        corpus.index(tmp_path / "in")
        ours = {hit.key for hit, _ in alone}
        library = Recorded(corpus.store, legible=lambda hits: ours.intersection(hit.key for hit in hits))
        found, others, *_ = found_for(library, readings, judged=True)
        assert found == alone
        assert {hit.document_id[:2] for hit, _ in others} == {"ko"}
        assert not ours.intersection(hit.key for hit, _ in others)


@pytest.mark.slow
def test_passages_that_count_are_looked_for_only_so_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieve, "DEPTH", 2)
    monkeypatch.setattr(retrieve, "DEEPEST", 8)
    for number in range(40):
        write(tmp_path / "in", f"{number}.txt", f"Barges carried anthracite {number}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        library = Recorded(corpus.store, legible=lambda hits: set())
        found, others, *_ = found_for(library, [("anthracite", 1.0)], judged=True)
    assert [depth for name, (_, depth, *_) in searched(library)] == [2, 4, 8]
    assert not found
    assert len(others) >= 8


@pytest.mark.slow
def test_where_one_document_fills_all_that_is_found_the_search_ends_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieve, "DEPTH", 2)
    monkeypatch.setattr(retrieve, "BOUND", 16)
    sentence = "Copper prices rose at the border again this week, traders said in the market of Hyesan. "
    write(tmp_path / "in", "big.txt", "\n\n".join(sentence * 9 for _ in range(60)))
    for number in range(30):
        write(tmp_path / "in", f"small-{number}.txt", f"A note on rice number {number}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        library = Recorded(corpus.store)
        found = found_for(library, [("copper prices at the border", 1.0)]).legible
    assert [depth for name, (_, depth, *_) in searched(library)] == [2, 4, 8, 16]
    assert {hit.document_id for hit, _ in found} == {"big.txt"}


def test_a_document_that_is_replaced_before_it_is_read_is_searched_for_again(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "Barges carried anthracite.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")

        def replacing(*arguments):
            found = corpus.store.matching(*arguments)
            write(tmp_path / "in", "a.txt", "It is false that barges carried anthracite.\n")
            corpus.index(tmp_path / "in")
            return found

        library = Recorded(corpus.store, matching=replacing)
        search = prepare(library, interpret(ParsedQuestion("anthracite")))
        retrieved = retrieve.retrieve(library, search, corpus.store.select())
        ((passage, _),) = retrieved.to_read
        assert retrieved.documents["a.txt"] == corpus.document("a.txt")
        assert passage.end <= len(corpus.document("a.txt").text)
    assert len(searched(library)) == 2


def test_no_more_documents_are_opened_ahead_than_may_be_read(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / "in", f"{number}.txt", f"Barge{number} waited at the pier.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        opened: list[str] = []

        def noting(ids):
            opened.extend(wanted := [*ids])
            return corpus.store.read(wanted)

        library = Recorded(corpus.store, read=noting)
        search = prepare(library, interpret(ParsedQuestion("pier")))
        most = retrieve.AHEAD + 2
        assert len(retrieve.retrieve(library, search, corpus.store.select(), most=most).to_read) == most
    assert len(set(opened)) == most


def test_a_library_that_changes_with_each_search_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "Barges carried anthracite.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        library = Recorded(corpus.store, read=lambda ids: {})
        search = prepare(library, interpret(ParsedQuestion("anthracite")))
        with pytest.raises(LibraryError, match="changing faster than it can be searched"):
            retrieve.retrieve(library, search, corpus.store.select())
    assert len(searched(library)) == retrieve.ATTEMPTS


def test_what_other_documents_do_meanwhile_changes_no_search(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "Barges carried anthracite.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")

        def adding(*arguments):
            found = corpus.store.matching(*arguments)
            corpus.index(write(tmp_path, "b.txt", "Guards took bribes.\n"))
            return found

        library = Recorded(corpus.store, matching=adding)
        search = prepare(library, interpret(ParsedQuestion("anthracite")))
        assert retrieve.retrieve(library, search, corpus.store.select()).documents.keys() == {"a.txt"}
    assert len(searched(library)) == 1


def test_the_lead_is_how_much_nearer_the_first_passage_is_than_those_behind_it(tmp_path: Path) -> None:
    for number in range(BEHIND + 20):
        write(tmp_path / "in", f"{number}.txt", f"Barge{number} waited at the pier{number}.\n")
    asked = [("copper prices rose at the border", 1.0)]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        without = found_for(corpus.store, asked).lead
        corpus.index(write(tmp_path, "copper.txt", "Copper prices rose at the border.\n"))
        found = found_for(corpus.store, asked)
        first, *behind = [
            similarity
            for _, similarity in corpus.store.nearest(
                prepare(corpus.store, interpret(ParsedQuestion(asked[0][0]))).vectors,
                BEHIND,
                corpus.store.select(),
            )[0]
        ]
    assert found.lead == pytest.approx(first - sum(behind) / len(behind))
    assert found.lead > without + 0.1


@pytest.mark.parametrize("texts", [[], ["Copper prices rose at the border.\n"]])
def test_one_passage_alone_has_no_lead(texts: list[str], tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        for text in texts:
            corpus.index(write(tmp_path, "copper.txt", text))
        assert found_for(corpus.store, [("copper prices", 1.0)]).lead == 0


def test_a_word_that_only_other_documents_hold_is_not_on_the_subject_of_a_question(tmp_path: Path) -> None:
    """The tiny encoder takes "pensions" and "baggage" for "passengers"."""
    texts = {
        "ferry": "Passengers drowned. Passengers passengers passengers.",
        "budget": "The cabinet argued for days about taxes on cocoa, roads, the army and pensions.",
        "bank": "A bank that failed had kept the pensions of its clerks in gold, silver and bonds.",
    }
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(write(tmp_path, f"{name}.txt", f"{text}\n") for name, text in texts.items()))
        library, selection = corpus.store, corpus.store.select()
        [nearest] = library.nearest(library.encode_queries(["pensions"]), 1, selection)
        assert nearest[0][0].document_id == "ferry.txt"
        on_ferry = [ParsedQuestion("How many passengers drowned?")]
        asked = map(ParsedQuestion, ("pensions", "drowned", "baggage"))  # no document has "baggage"
        found = [retrieve.related(library, each, on_ferry, selection) for each in asked]
        assert found == [[False], [True], [True]]
