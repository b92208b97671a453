"""What counts as a difference between our words and pdftotext's; the program itself need not be installed."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from benchmarks import pdf_words
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BRIEF = ROOT / "tests" / "qa" / "formats" / "pdf" / "files" / "brief.pdf"


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "words"),
    [
        ("the head ofthe office", "the head of the office", "glued", ["ofthe"]),
        ("ofthefirst ofthefirst", "of the first of the first", "glued", ["ofthefirst"] * 2),
        ("M(x) is", "M (x) is", "marks", ["M(x)"]),
        ("packages.", "packages .", "marks", ["packages."]),
        ("the rail way", "the railway", "split", ["railway"]),
        ("copper", "copper tin", "theirs", ["tin"]),
        ("copper tin", "copper", "ours", ["tin"]),
    ],
)
def test_a_difference_is_of_one_kind(ours: str, theirs: str, kind: str, words: list[str]) -> None:
    found = pdf_words.difference(ours, theirs, Counter())
    assert {each: list(getattr(found, each).elements()) for each in pdf_words.KINDS} == {
        each: words if each == kind else [] for each in pdf_words.KINDS
    }


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("the smuggling of ﬁsh", "the smug-\ngling of fish"),
        ("long-term", "long-\nterm"),
        ("1998–2007", "1998–\n2007"),
        ("border.³", "border."),
    ],
)
def test_words_are_the_same_however_they_are_set(ours: str, theirs: str) -> None:
    assert pdf_words.words_of(ours) == pdf_words.words_of(theirs)


def test_a_running_head_is_no_difference() -> None:
    assert not pdf_words.difference("copper", "copper HEAD", Counter({"HEAD": 1, "copper": 1})).theirs


def run(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["pdf_words", str(folder), "--samples", "2"])
    pdf_words.main()


def test_without_pdftotext_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"pdftotext is missing\. Install poppler-utils"):
        run(monkeypatch, tmp_path)


def test_the_pdfs_of_a_folder_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, folder = tmp_path / "bin" / "pdftotext", tmp_path / "in"
    program.parent.mkdir()
    folder.mkdir()
    program.write_text("#!/bin/sh\necho 'Scrap metal smuggling ram pant in North Korea.'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    shutil.copy(BRIEF, folder)
    (folder / "broken.pdf").write_bytes(b"%PDF-")
    run(monkeypatch, folder)
    said = capsys.readouterr().out
    assert "words       8  glued       1" in said
    assert "glued: rampant" in said
    assert "not compared: broken.pdf is damaged" in said
    assert "1,250.00 of 10,000 words" in said
