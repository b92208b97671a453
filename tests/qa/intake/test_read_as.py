"""How a person said that a file is to be read, and that it is remembered."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from click.testing import CliRunner

from qa.cli import cli
from qa.schema import Filters
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

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

    assert "1 unchanged, 1 refused" in index()
    assert "1 replaced, 1 refused" in index("--date-order", "auto")
    for name in ("id", "_id"):
        assert "1 added" in index("--column", f"{name}=key")
