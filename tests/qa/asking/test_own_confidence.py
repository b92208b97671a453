"""The confidence that a library has of its own: kept, used, told of and taken away."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.asking import confidence, own_confidence
from qa.asking.answer import Answerer
from qa.asking.own_confidence import FILE, OwnConfidence
from qa.cli import cli
from qa.commands.doctor import _confidence
from qa.evaluation.batch import _basis
from qa.schema import AskOptions
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path

FITTED = replace(confidence.shipped(), intercept=confidence.shipped().intercept + 1.0)
OWN = OwnConfidence(FITTED, own_confidence.identify("reader"), "mine", 64, 44, "2026-11-28")


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    path = own_confidence.save(tmp_path, OWN)
    assert path == tmp_path / FILE
    own, problem = own_confidence.look_up(tmp_path, "reader")
    assert not problem
    assert own is not None
    assert own.to_dict() == OWN.to_dict()
    assert own_confidence.of_library(tmp_path, "reader").to_dict() == FITTED.to_dict()


def test_a_library_without_one_has_the_confidence_that_ships(tmp_path: Path) -> None:
    assert own_confidence.look_up(tmp_path, "reader") == (None, "")
    assert own_confidence.of_library(tmp_path, "reader") is confidence.shipped("reader")
    assert not own_confidence.remove(tmp_path)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reader": "0" * 64}, "was fitted to another reader"),
        ({"weights": {"no such signal": 1.0}}, "cannot be read"),
        ({"weights": None}, "cannot be read"),
        ({"intercept": "x"}, "cannot be read"),
        ({"intercept": float("nan")}, "cannot be read"),
        ({"weights": {"answers": float("inf")}}, "cannot be read"),
        ({"curve": {"precision": [], "threshold": []}}, "cannot be read"),
        ({"curve": {"precision": [0.8, 0.9], "threshold": [0.5, 2.0]}}, "cannot be read"),
        ({"curve": {"precision": [0.9, 0.8], "threshold": [0.5, 0.6]}}, "cannot be read"),
        ({"intercept": 10**400}, "cannot be read"),
        ({"questions": None}, "cannot be read"),
        ({"questions": float("inf")}, "cannot be read"),
    ],
)
def test_one_that_cannot_be_used_is_told_once_and_what_ships_is_used(
    changed: dict[str, object], says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(json.dumps(OWN.to_dict() | changed), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert own_confidence.of_library(tmp_path, "reader") is confidence.shipped("reader")
    (message,) = caplog.messages
    assert says in message
    assert "--unfit" in message
    finding = _confidence(tmp_path)
    assert (finding.value, finding.problem) == ("fitted, not used", message)


@pytest.mark.parametrize("data", [b"\x00", b"[" * 100_000, b"[]", b"{}", b"7"])
def test_a_file_that_is_something_else_is_no_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(data)
    own, problem = own_confidence.look_up(tmp_path, "reader")
    assert own is None
    assert "cannot be read" in problem


def test_doctor_names_it(tmp_path: Path) -> None:
    assert _confidence(tmp_path).value == "as it ships"
    own_confidence.save(tmp_path, OWN)
    value = _confidence(tmp_path).value
    assert value.startswith("fitted on 64 questions of mine (44 answerable) on 2026-11-28")


def test_answers_use_it_from_the_next_question_on_and_files_of_answers_depend_on_it(tmp_path: Path) -> None:
    library = tmp_path / "library"
    with tiny_corpus(library) as corpus:
        corpus.index(write(tmp_path, "mill.txt", "The mill was built in 1902 by Anna Holm.\n"))
        answerer = Answerer(
            corpus.store, TinyReader(), fitted=lambda: own_confidence.of_library(library, "reader")
        )
        corpus._answerer = answerer
        before, basis = answerer.ask("Who built the mill?"), _basis(corpus, b"", AskOptions(dates="ignore"))
        own_confidence.save(library, OWN)
        after = answerer.ask("Who built the mill?")
        assert before.signals == after.signals
        assert before.confidence == confidence.shipped().probability(before.signals)
        assert after.confidence == pytest.approx(FITTED.probability(after.signals), abs=1e-3)
        assert after.confidence > before.confidence
        assert _basis(corpus, b"", AskOptions(dates="ignore")) != basis
        assert own_confidence.remove(library)
        assert answerer.ask("Who built the mill?").confidence == before.confidence
        assert _basis(corpus, b"", AskOptions(dates="ignore")) == basis


def test_unfit_takes_it_away_and_says_so(tmp_path: Path) -> None:
    library = tmp_path / "library"
    with tiny_corpus(library):
        pass
    own_confidence.save(library, OWN)
    said = [
        CliRunner().invoke(cli, ["evaluate", "--unfit", "--library", str(library), *more])
        for more in ([], [], ["--json"])
    ]
    assert [result.exit_code for result in said] == [0, 0, 0]
    assert "deleted" in said[0].stdout
    assert "No confidence was fitted" in said[1].stdout
    assert json.loads(said[2].stdout) == {"removed": False}


@pytest.mark.parametrize("arguments", [["mine.csv", "--unfit"], ["--unfit", "--fresh"], []])
def test_a_suite_is_asked_or_the_confidence_is_taken_away(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["evaluate", *arguments])
    assert result.exit_code == 2
