"""Whatever stands in a library's rows, a command says that it is damaged, or answers: no row is a defect."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.corpus import Corpus
from qa.desk import file as desk_file
from qa.schema import QuoteReference, ShownAnswer
from qa.storage.sqlite.database import LAYOUT
from qa.storage.sqlite.file import FileLayout, expected_schema
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "\x1b[31m\n",
    "{}",
    '[["\x01"]]',
    "[[0, 99999999, 1, 2, 3]]",
    "[" * 100_000,
    b"\0" * 100,
    -1,
    99_999_999,
)
TABLES = (
    "documents",
    "passages",
    "versions",
    "locations",
    "encodings",
    "corrections",
    "vectors",
    "files",
)
COMMANDS = (
    ["documents"],
    ["documents", "--removed"],
    ["documents", "show", "a.txt"],
    ["documents", "show", "b.txt"],
    ["feedback"],
    ["verify", "quoted.txt"],
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a library with a row in every table."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / "docs", "a.txt", "A heading\n\n" + words(1, 60))
    write(folder / "docs", "b.txt", words(2, 60))
    write(folder, "quoted.txt", f"It said “{words(1, 60)[:60]}”.\n")
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(folder / "docs")
        corpus.edit("a.txt", {"title": "Corrected"})
        corpus.remove(["b.txt"])
        document = corpus.document("a.txt")
        place = QuoteReference("a.txt", document.sha256, 0, 9)
        corpus.desk.put_thumb(ShownAnswer("Who?", ("Where?",), "Who?", "answered", (place,)), place, "up")
    return folder


def columns(layout: FileLayout, tables: tuple[str, ...]) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:")) as db:
        for kind, name, _, sql in expected_schema(layout):
            if kind == "table" and name in tables:
                db.execute(sql)
        return [
            (layout.name, table, column)
            for table in tables
            for _, column, *_ in db.execute(f"PRAGMA table_info({table})").fetchall()
        ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "table", "column"), [*columns(LAYOUT, TABLES), *columns(desk_file.LAYOUT, ("thumbs",))]
)
def test_no_value_in_a_column_is_a_defect(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, table: str, column: str
) -> None:
    opened = Corpus.open
    monkeypatch.setattr(
        Corpus, "open", lambda *args, **options: opened(*args, encoder=TinyEncoder(), **options)
    )
    monkeypatch.chdir(made)
    for at, value in enumerate(HOSTILE):
        library = tmp_path / str(at)
        shutil.copytree(made / "library", library)
        with closing(sqlite3.connect(library / file, isolation_level=None)) as db:
            db.create_function("casefold", 1, str.casefold, deterministic=True)
            db.execute("PRAGMA ignore_check_constraints = ON")
            try:
                db.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608
            except sqlite3.Error:  # no such value can be there
                continue
        for command in COMMANDS:
            result = CliRunner().invoke(cli, [*command, "--library", str(library)], color=True)
            assert result.exit_code in (0, 1, 3), (value, command, result.stderr, result.exception)
            assert "\x1b" not in result.output, (value, command)
