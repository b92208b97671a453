"""That the benchmarks of a process's start, and of the peers, run; what they measure is for docs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import peers
from qa.evaluation.schema import Query, Suite
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NEWS = ROOT / "tests" / "suites" / "news"
ANSWERS = """
import json, sys
suite, out, _, queries = sys.argv[1:]
with open(out, "w") as answers:
    for query in map(json.loads, open(queries)):
        answer = {"id": query["_id"], "milliseconds": {"total": 7}}
        answer["passages"] = [{"document": id_} for id_ in ("b", "b", "a")]
        print(json.dumps(answer), file=answers)
"""


def printed(*command: str, **environment: str) -> str:
    """Run a benchmark, which must succeed; gives what it printed."""
    outside = {name: value for name, value in os.environ.items() if name != "PULLQUOTE_PEERS"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=outside | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.day
@pytest.mark.models
def test_cold_times_asking_with_a_warm_and_an_empty_cache() -> None:
    table = printed("benchmarks.cold", "1")
    for row in ("pullquote ask  ", "pullquote ask, empty model cache ", "python -c 'import numpy' "):
        assert f"\n{row}" in table


@pytest.mark.day
@pytest.mark.models
def test_chat_times_its_start_and_its_answers() -> None:
    table = printed("benchmarks.chat", "1")
    for row in ("page served ", "first answer ", "first answer, empty cache ", "answer: total "):
        assert f"\n{row}" in table


@pytest.mark.day
@pytest.mark.models
def test_answers_are_timed_by_stage_for_one_user_and_for_many(tmp_path: Path) -> None:
    printed("benchmarks.synthetic", str(tmp_path), str(NEWS), "--asked", str(NEWS), "--passages", "120")
    table = printed(
        *("benchmarks.answer", str(tmp_path), str(NEWS), "--passages", "120", "--questions", "4"),
        *("--users", "2", "--repeats", "1", "--json", str(tmp_path / "answer.json")),
    )
    assert table.count("\n120 passages ") == table.count("\n1 document ") == 2
    found = json.loads((tmp_path / "answer.json").read_text())
    for size in ("1 document", "120 passages"):
        p50, p95 = found["one"][size]["total"]
        assert 0 < p50 <= p95
        assert found["many"][size]["errors"] == 0
        assert found["many"][size]["rate"] > 0


@pytest.mark.day
@pytest.mark.models
def test_without_their_environment_the_peers_are_absent_and_the_others_measured(tmp_path: Path) -> None:
    failing, record = tmp_path / "reference.py", tmp_path / "figures.json"
    failing.write_text("raise SystemExit('bm25s is not installed')")
    table = printed(
        "benchmarks.peers",
        *("--suite", str(NEWS), "--questions", "4", "--repeats", "1"),
        *("--reference", str(failing), "--json", str(record)),
    )
    assert "pip install txtai haystack-ai" in table
    assert "absent: bm25s is not installed" in table
    whole, alone, script, _ = json.loads(record.read_text(encoding="utf-8"))["sides"]
    for side in (whole, script):
        assert len(side["index_seconds"]) == len(side["cold_seconds"]) == 1
        assert side["index_peak"] > 50e6
    for side in (whole, alone, script):
        assert len(side["milliseconds"]) == len(side["found"]) == 4
        assert side["quality"]["nDCG@10"] > 0.5
    assert alone["peak"] < script["peak"]  # as it needs no torch


@pytest.mark.day
@pytest.mark.models
@pytest.mark.skipif("PULLQUOTE_PEERS" not in os.environ, reason="PULLQUOTE_PEERS names no environment")
def test_txtai_and_haystack_are_measured_in_their_environment(tmp_path: Path) -> None:
    record = tmp_path / "figures.json"
    printed(
        "benchmarks.peers",
        *("--suite", str(NEWS), "--questions", "4", "--repeats", "1", "--json", str(record)),
        PULLQUOTE_PEERS=os.environ["PULLQUOTE_PEERS"],
    )
    for side in json.loads(record.read_text(encoding="utf-8"))["sides"][3:]:
        assert side["absent"] == ""
        assert side["quality"]["nDCG@10"] > 0.5


def test_an_environment_that_is_none_is_refused_and_the_way_to_make_one_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PULLQUOTE_PEERS", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match=r"nowhere is no environment(.|\n)*pip install txtai"):
        peers.peer_sides(NEWS / "corpus.jsonl", tmp_path)


def test_a_reference_is_timed_by_its_own_clock_and_its_documents_ranked_once(tmp_path: Path) -> None:
    script = tmp_path / "reference.py"
    script.write_text(ANSWERS, encoding="utf-8")
    side = peers.Side("reference", "", tmp_path)
    peers.refer(
        side,
        argparse.Namespace(reference=script, suite=NEWS, repeats=2),
        [Query("1", "Who?"), Query("2", "What?")],
    )
    assert len(side.cold_seconds) == 2
    assert side.milliseconds == [7, 7]
    assert side.found == {"1": ["b", "a"], "2": ["b", "a"]}
    qrels = {"1": {"b": 1}, "2": {"a": 1}}
    asked = Suite("s", (), qrels)
    assert peers.quality(side, asked, [Query("1", "Who?"), Query("2", "What?")])["Success@1"] == 0.5


def test_a_side_that_fails_is_absent_with_its_last_words_and_the_others_go_on(tmp_path: Path) -> None:
    failing = peers.Side("failing", "", tmp_path, ask=[sys.executable, "-c", "raise OSError('no index')"])
    working = peers.Side("working", "", tmp_path, ask=[sys.executable, "-c", "print()"])
    peers.each([failing, working], lambda side: peers.cold(side, Query("1", "Who?")))
    assert failing.absent == "OSError: no index"
    assert len(working.cold_seconds) == 1


def test_questions_that_need_a_history_are_not_asked() -> None:
    queries = (
        Query("1", "And then?", history=("Who?",)),
        Query("2", "Who?"),
        Query("3", "Nothing relevant?"),
    )
    asked = Suite("s", queries, {"1": {"a": 1}, "2": {"a": 1}, "3": {"a": 0}})
    assert [query.id for query in peers.drawn(asked, 10)] == ["2"]
