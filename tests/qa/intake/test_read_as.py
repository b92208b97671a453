"""How a person said that a file is to be read, and that it is remembered."""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.corpus import Corpus
from qa.schema import Filters
from tests.qa.consistency import problems
from tests.qa.tiny import TinyEncoder, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

TABLE = "Summary,text\nThe ferry was suspended.,see left\nThe pier was mended.,see left\n"
# English: in other languages 5/4/2008 is read with the day first.
DATED = (
    "Cabinet brief\n\nPublished 5/4/2008\n\nThe minister of the interior and the head of the guards met.\n"
)


def texts(corpus: Corpus) -> set[str]:
    return {corpus.document(info.id).text for info in corpus.documents()}


SUMMARIES = {"The ferry was suspended.", "The pier was mended."}


def test_a_folder_is_read_as_its_files_were_when_these_were_named(library: Path, inbox: Path) -> None:
    table = write(inbox, "s.csv", TABLE)
    records = write(inbox, "r.jsonl", json.dumps({"key": "k", "Summary": "The crane fell."}))
    write(inbox, "other.csv", "text\nThe lamp went out.\n")
    with tiny_corpus(library, columns={"text": "Summary"}) as corpus:
        corpus.index(table)
    with tiny_corpus(library, columns={"text": "Summary", "id": "key"}) as corpus:
        corpus.index(records)
    with tiny_corpus(library) as corpus:
        assert corpus.index(inbox, dry_run=True).count("added") == 1
        report = corpus.index(inbox)
        assert (report.count("unchanged"), report.count("added"), report.count("refused")) == (3, 1, 0)
        write(inbox, "s.csv", TABLE + "The quay was paved.,see left\n")
        report = corpus.index(inbox)
        assert (report.count("unchanged"), report.count("added")) == (4, 1)
        assert texts(corpus) == SUMMARIES | {"The crane fell.", "The lamp went out.", "The quay was paved."}
    assert problems(library) == []


def test_what_is_said_for_a_run_replaces_what_was_remembered_one_by_one(library: Path, inbox: Path) -> None:
    write(inbox, "a.txt", DATED)
    table = write(inbox, "s.csv", TABLE)

    def day() -> str:
        with tiny_corpus(library) as corpus:
            assert corpus.index(inbox).count("unchanged") == 3
            return str(corpus.documents(Filters(document=("a.txt",)))[0].date)

    with tiny_corpus(library, date_order="dmy", columns={"text": "Summary"}) as corpus:
        corpus.index(inbox)
    assert day() == "2008-04-05"
    with tiny_corpus(library, date_order="mdy") as corpus:
        corpus.index(inbox)
        assert texts(corpus) == SUMMARIES | {DATED}  # the columns were not spoken of
    assert day() == "2008-05-04"
    with tiny_corpus(library, columns={}) as corpus:
        corpus.index(table)
        assert texts(corpus) == {"see left", DATED}
    assert day() == "2008-05-04"
    with tiny_corpus(library, date_order="auto") as corpus:
        corpus.index(inbox)
    assert day() == "None"
    db = sqlite3.connect(library / "library.sqlite3")
    rows = db.execute("SELECT path FROM read_as").fetchall()
    db.close()
    assert rows == [(str(inbox / "a.txt"),)]  # that is still read by its columns, had it any


def test_a_file_that_is_wholly_refused_is_not_remembered_so(library: Path, inbox: Path) -> None:
    write(inbox, "s.csv", TABLE)
    with tiny_corpus(library, columns={"text": "Resume"}) as corpus:
        assert corpus.index(inbox).count("refused") == 1
    with tiny_corpus(library) as corpus:
        assert corpus.index(inbox).count("added") == 2


def test_the_command_reads_as_before_what_it_is_told_nothing_of(library: Path, inbox: Path) -> None:
    write(inbox, "a.txt", DATED)
    write(inbox, "r.jsonl", json.dumps({"key": "k", "text": "The crane fell."}))
    with tiny_corpus(library, date_order="dmy") as corpus:
        refused = corpus.index(inbox).files[-1]
    assert refused.error
    assert "--column id=KEY" in refused.error.message

    def index(*options: str) -> str:
        command = ["index", str(inbox), "--library", str(library), "--dry-run", *options]
        return CliRunner().invoke(cli, command).stdout

    assert "1 unchanged; 1 refused" in index()
    assert "1 replaced; 1 refused" in index("--date-order", "auto")
    for name in ("id", "_id"):
        assert "1 added" in index("--column", f"{name}=key")


TWO = (
    "Case,Question,Reply\n"
    "1,Why was the ferry across the strait suspended last week?,The harbour master says that ice closed it.\n"
    "2,Who pays for the repairs of the old pier this year?,The port pays for all of the repairs.\n"
)
QUESTIONS = {
    "Why was the ferry across the strait suspended last week?",
    "Who pays for the repairs of the old pier this year?",
}
REPLIES = {
    "The harbour master says that ice closed it.",
    "The port pays for all of the repairs.",
}


def test_a_refused_table_shows_its_columns_and_is_read_by_the_one_that_is_named_and_again(
    library: Path, inbox: Path
) -> None:
    table = write(inbox, "deep/two.csv", TWO)
    write(inbox, "other.txt", "The lamp went out.")
    with tiny_corpus(library) as corpus:
        for _ in range(2):  # what was refused before, too
            (refused,) = [each for each in corpus.index(inbox).files if each.error]
            assert refused.error
            assert refused.error.code == "text_column"
            assert refused.columns == (
                ("Case", "1"),
                ("Question", "Why was the ferry across the strait suspended last week?"),
                ("Reply", "The harbour master says that ice closed it."),
            )
        report = corpus.index(inbox, text_columns={refused.path: "Reply"})
        assert [(each.path, each.status, each.document_id) for each in report.files] == [
            (str(table), "added", f"deep/two.csv#{row}") for row in (2, 3)
        ]
        assert texts(corpus) == REPLIES | {"The lamp went out."}
        write(inbox, "deep/two.csv", TWO + "3,Is there more?,There is no more to be said of it.\n")
        assert corpus.index(inbox).count("added") == 1
        assert texts(corpus) > REPLIES
    assert problems(library) == []


def test_a_column_that_is_not_there_shows_those_that_are(library: Path, inbox: Path) -> None:
    write(inbox, "two.csv", TWO)
    with tiny_corpus(library, columns={"text": "Body"}) as corpus:
        (refused,) = corpus.index(inbox).files
        assert refused.error
        assert "has no column “Body”" in refused.error.message
        assert [name for name, _ in refused.columns] == ["Case", "Question", "Reply"]
    with tiny_corpus(library, columns={"title": "Body"}) as corpus:
        (refused,) = corpus.index(inbox).files
        assert (refused.error is not None, refused.columns) == (True, ())


@pytest.fixture
def terminal(library: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `pullquote index` as in a terminal, with the tiny encoder."""
    tiny = partial(Corpus.open, encoder=TinyEncoder())
    monkeypatch.setattr(Corpus, "open", tiny)
    monkeypatch.setattr("qa.commands.indexing._in_a_terminal", lambda: True)

    def run(*arguments: str | Path, said: str) -> Result:
        given = ["index", *map(str, arguments), "--library", str(library)]
        return CliRunner().invoke(cli, given, input=said)

    return run


@pytest.mark.parametrize(("said", "read"), [("3\n", REPLIES), ("9\nNone\n Question \n", QUESTIONS)])
def test_in_a_terminal_it_asks_which_column_holds_the_text(
    terminal: Callable[..., Result], library: Path, inbox: Path, said: str, read: set[str]
) -> None:
    write(inbox, "two.csv", TWO)
    write(inbox, "other.txt", "The lamp went out.")
    result = terminal(inbox, said=said)
    assert result.exit_code == 0
    asked = result.stderr
    assert "two.csv does not say which column holds the text. Its columns are:\n   1  Case: 1\n" in asked
    assert "\n   3  Reply: The harbour master says that ice closed it.\n" in asked
    assert ("there is no column “9”" in asked) == ("there is no column “None”" in asked) == ("9" in said)
    assert "refused" not in result.stdout + asked
    assert "3 added" in result.stdout
    with tiny_corpus(library) as corpus:
        assert texts(corpus) == read | {"The lamp went out."}
    assert "Which column" not in terminal(inbox, said="").stderr  # it is remembered


def test_in_a_terminal_a_table_is_left_out_by_an_empty_reply_and_elsewhere_as_ever(
    terminal: Callable[..., Result], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "two.csv", TWO)
    left_out = terminal(inbox, said="\n")
    assert left_out.exit_code == 3
    assert "Which column holds the text?" in left_out.stderr
    assert "--column text=COLUMN" in left_out.stderr
    assert "1 refused" in left_out.stdout
    monkeypatch.setattr("qa.commands.indexing._in_a_terminal", lambda: False)
    elsewhere = terminal(inbox, said="3\n")
    assert elsewhere.exit_code == 3
    assert "Which column" not in elsewhere.stderr


@pytest.mark.parametrize(("said", "left"), [("y\n", 1), ("n\n", 2)])
def test_in_a_terminal_it_asks_whether_the_former_text_of_a_corrected_file_is_to_go(
    terminal: Callable[..., Result], library: Path, inbox: Path, said: str, left: int
) -> None:
    write(inbox, "a.txt", "The bridge was closed on Monday.")
    write(inbox, "b.txt", "The bridge was closed on Monday.")
    assert terminal(inbox, said="").exit_code == 0
    write(inbox, "a.txt", "The bridge was closed on Tuesday.")
    asked = terminal(inbox, said=said)
    assert f"Its former text is still at {inbox / 'b.txt'}, and is quoted as b.txt." in asked.stderr
    assert "Remove b.txt from the library? [y/N]" in asked.stderr
    with tiny_corpus(library) as corpus:
        assert len(texts(corpus)) == left
        assert "The bridge was closed on Tuesday." in texts(corpus)
