from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.commands import doctor
from qa.commands.doctor import Finding
from qa.storage.sqlite.database import SqliteDatabase
from tests.qa.tiny import tiny_corpus, write

ROOT = Path(__file__).parents[3]


def test_the_packages_looked_for_are_those_that_are_required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.match(r"[\w-]+", line)[0].replace("_", "-") for line in project["dependencies"]}
    assert {name.replace("_", "-") for name in doctor.required_packages()} == required


def test_a_missing_package_is_a_problem_with_its_mending(monkeypatch):
    monkeypatch.setattr(doctor, "required_packages", lambda: ["no-such-package-x"])
    (finding,) = [f for f in doctor._software() if f.about == "no-such-package-x"]
    assert finding.value == "missing"
    assert finding.problem.endswith("pip install no-such-package-x")


def test_without_torch_the_models_that_ship_still_answer(monkeypatch):
    def version(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(doctor, "required_packages", lambda: ["torch"])
    monkeypatch.setattr(doctor.metadata, "version", version)
    (finding,) = [f for f in doctor._software() if f.about == "torch"]
    assert (finding.value, finding.problem) == ("missing; the models that ship do not need it", "")


def test_without_problems_the_report_says_so_last():
    findings = (Finding("python", "3.11"), Finding("store", "whole"))
    assert doctor.to_text(findings) == "python  3.11\nstore   whole\n\nNo problems found.\n"


def test_each_problem_is_listed_after_the_findings():
    findings = (Finding("python", "3.11"), Finding("store", "none", "there is no library: \x1b make one"))
    assert doctor.to_text(findings).splitlines()[-2:] == ["1 problem:", "- there is no library: ␛ make one"]
    assert doctor.to_dict(findings)["problems"] == ["there is no library: \x1b make one"]


@pytest.mark.slow
def test_it_works_without_a_library_and_makes_none(tmp_path):
    library = tmp_path / "deep" / "none"
    result = CliRunner().invoke(cli, ["doctor", "--json", "--library", str(library)])
    assert result.exit_code == 1
    findings = {f["about"]: f for f in json.loads(result.stdout)["findings"]}
    assert findings["library"]["value"] == str(library)
    assert "pullquote index" in findings["store"]["problem"]
    assert {
        "pullquote",
        "python",
        "platform",
        "torch",
        "threads",
        "sqlite",
        "OCR",
        "encoder",
        "reranker",
    } <= (findings.keys())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be read as one" * 40])
def test_it_works_on_a_file_that_is_no_library_and_leaves_it_alone(content, tmp_path):
    from qa.storage.sqlite.database import FILE_NAME

    (tmp_path / FILE_NAME).write_bytes(content)
    findings = doctor.examine(tmp_path)
    (store,) = [f for f in findings if f.about == "store"]
    assert store.problem
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_an_sqlite_without_full_text_search_is_a_problem(monkeypatch):
    class WithoutFts5(sqlite3.Connection):
        def execute(self, sql, *parameters):
            return super().execute(sql.replace("fts5", "no_such_module"), *parameters)

    monkeypatch.setattr(doctor.sqlite3, "connect", lambda path: WithoutFts5(path))
    (finding,) = doctor._sqlite()
    assert "FTS5" in finding.problem


def test_that_files_cannot_be_read_is_a_problem(tmp_path, monkeypatch):
    assert doctor._reading().problem == ""
    (tmp_path / "trafilatura.py").write_text("import cleaned_away")
    (tmp_path / "trafilatura.dist-info").mkdir()  # a folder of packages
    monkeypatch.syspath_prepend(tmp_path)
    assert "No module named 'cleaned_away'" in doctor._reading().problem


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_tesseract_is_named_with_its_version_and_languages():
    said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    finding = doctor._ocr()
    assert finding.value.startswith(
        f"T{said.stdout.splitlines()[0][1:]}, for scanned PDFs in these languages: "
    )
    assert "eng" in finding.value
    assert not finding.problem


def test_to_have_no_tesseract_is_no_problem_and_it_is_said_what_that_means(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = doctor._ocr()
    assert finding.value.startswith("none: a scanned PDF is refused")
    assert "apt install tesseract-ocr;" in finding.value
    assert not finding.problem


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell stands in for Tesseract")
@pytest.mark.parametrize(
    ("script", "value", "problem"),
    [
        ("echo broken >&2; exit 1", "not working", "OCR: Tesseract failed (broken)"),
        (
            '[ "$1" = --version ] && echo "tesseract 5.0" || printf "List (1):\\nosd\\n"',
            "Tesseract 5.0, no languages",
            "Tesseract has no data for any language",
        ),
    ],
)
def test_a_tesseract_that_reads_nothing_is_a_problem(script, value, problem, tmp_path, monkeypatch):
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    finding = doctor._ocr()
    assert finding.value == value
    assert finding.problem.startswith(problem)


@pytest.mark.slow
def test_lines_of_aliases_that_make_no_sense_are_a_problem(tmp_path):
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "a.txt", "The mill was closed."))
    write(tmp_path, "library/aliases.txt", "Sinuiju = Border City\n" + "Sinuiju\n" * 9)
    [finding] = [each for each in doctor.examine(tmp_path / "library") if each.about == "aliases"]
    assert finding.value.startswith("1 group of names in ")
    assert "aliases.txt, line 2" in finding.problem
    assert finding.problem.endswith("; and 4 more")


def test_a_library_that_may_not_be_written_is_a_problem(tmp_path, monkeypatch):
    with closing(SqliteDatabase(tmp_path)) as database:
        opened = {finding.about: finding for finding in database.examine()}["access"]
        monkeypatch.setattr("qa.storage.sqlite.file.os.access", lambda *_: False)
        closed = {finding.about: finding for finding in database.examine()}["access"]
    assert (closed.value, opened.value, opened.problem) == ("read only", "read and write", "")
    assert str(tmp_path) in closed.problem
    assert "permissions" in closed.problem
