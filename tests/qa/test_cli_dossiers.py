"""The commands of dossiers: gathered at the terminal, shown, undone, exported and verified."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.commands.dossiers import keep
from qa.commands.last_answer import remember
from qa.desk.stored_dossiers import Dossiers
from qa.schema import Answer, Filters, More, Quote, Reply, Span
from qa.storage.answer_cache import answers_folder
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from qa.corpus import Corpus

TEXT = "The harbour was dredged in March. Nobody was told of it.\n"
NAME = "Harbours"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", TEXT), write(inbox, "b.txt", "A ferry sank in June, they said.\n"))
        yield corpus


def run(corpus: Corpus, *arguments: str, given: str | None = None, code: int = 0) -> Result:
    arguments = ("dossier", *arguments, "--library", str(corpus.library))
    done = CliRunner().invoke(cli, arguments, input=given)
    assert done.exit_code == code, done.output
    return done


def citation(corpus: Corpus, document: str = "a.txt", start: int = 0, end: int = 33) -> str:
    return f"{corpus.document(document).sha256}/{start}-{end}"


def test_a_dossier_is_gathered_and_shown(corpus: Corpus) -> None:
    assert "there is no dossier yet" in run(corpus, "list").stderr
    assert run(corpus, "heading", NAME, "Works").stdout == "Harbours: added as entry 1\n"
    run(corpus, "add", NAME.lower(), citation(corpus), "--question", "When was it dredged?")
    assert "is there already as entry 2" in run(corpus, "add", NAME, citation(corpus)).stdout
    run(corpus, "note", NAME, "-", given="Mine,\nin two lines.\n")
    run(corpus, "note", NAME, "First.", "--at", "1")
    assert run(corpus, "show", NAME).stdout == (
        "  1  Analyst’s note: First.\n"
        "  2  Works\n"
        "  3  The harbour was dredged in March.\n"
        "     “a”, paragraph 1\n"
        "     asked: When was it dredged?\n"
        "  4  Analyst’s note: Mine,\n"
        "     in two lines.\n"
    )
    listed = json.loads(run(corpus, "list", "--json").stdout)
    assert [(each["name"], each["quotes"], each["entries"]) for each in listed] == [(NAME, 1, 4)]
    shown = json.loads(run(corpus, "show", NAME, "--json").stdout)
    assert [each["kind"] for each in shown["entries"]] == ["note", "heading", "quote", "note"]
    assert shown["entries"][2]["text"] == TEXT[:33]
    assert run(corpus, "list").stdout.startswith("Harbours\t1 quote\t")


def test_a_quote_of_the_last_answer_is_added_by_its_number(corpus: Corpus) -> None:
    assert "ask a question first" in run(corpus, "add", NAME, "2", code=3).stderr
    documents = [corpus.document(each) for each in ("a.txt", "b.txt")]
    quotes = tuple(Quote(each, 0, 20, number=number) for number, each in enumerate(documents, 1))
    filters = Filters(document=("a.txt", "b.txt"), since=dt.date(2008, 4, 4))
    answer = Answer("What sank?", "What sank?", "weak", quotes=quotes, filters=filters)
    answer = replace(answer, searched=7, strictness=0.86, carried=("there",))
    remember(corpus, answer, ["Who was there?"])
    run(corpus, "add", NAME, "2")
    (entry,) = json.loads(run(corpus, "show", NAME, "--json").stdout)["entries"]
    assert (entry["document"], entry["text"]) == ("b.txt", "A ferry sank in June")
    assert entry["question"] == "What sank?"
    assert entry["filters"] == {"since": "2008-04-04", "document": ["a.txt", "b.txt"]}
    assert "asked: What sank? (after “Who was there?”)" in run(corpus, "show", NAME).stdout
    assert entry["strictness"] == 0.86
    assert entry["earlier"] == ["Who was there?"]
    assert entry["outcome"] == "weak"
    assert entry["said"].startswith("No answer found in the 7 documents searched")
    assert "has no quote 3: it has 2" in run(corpus, "add", NAME, "3", code=3).stderr
    corpus.purge(["b.txt"])
    assert "ask a question first" in run(corpus, "add", NAME, "2", code=3).stderr


def test_a_quote_added_by_its_number_keeps_where_sources_differ(corpus: Corpus, inbox: Path) -> None:
    texts = {"c.txt": "In all 61 boats were lost.\n", "d.txt": "In all 58 boats were lost.\n"}
    corpus.index(*(write(inbox, name, text) for name, text in texts.items()))
    quotes = tuple(
        Quote(corpus.document(name), 0, 26, number=at, emphasis=(Span(7, 9),))
        for at, name in enumerate(texts, 1)
    )
    asked = "How many boats were lost?"
    remember(corpus, Answer(asked, asked, "answered", quotes=quotes))
    run(corpus, "add", NAME, "2")
    assert "Sources differ: 58 here; 61 in c." in run(corpus, "show", NAME).stdout


@pytest.mark.parametrize(
    "damaged", ["", "[]", '{"asked": {}}', '{"asked": 1, "quotes": [], "differing": []}']
)
def test_a_damaged_last_answer_is_none(corpus: Corpus, damaged: str) -> None:
    remember(corpus, Answer("What sank?", "What sank?", "none"))
    (path,) = answers_folder(corpus.library).glob("answers-last.jsonl")
    path.write_text(damaged)
    assert "ask a question first" in run(corpus, "add", NAME, "1", code=3).stderr


def test_to_add_a_quote_the_others_are_not_read(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    run(corpus, "heading", NAME, "Works")
    monkeypatch.setattr(Dossiers, "entries", None)
    assert "added as entry 1" in run(corpus, "add", NAME, citation(corpus), "--at", "1").stdout


def test_entries_are_moved_and_removed_and_all_is_undone(corpus: Corpus) -> None:
    for words in ("one", "two", "three"):
        run(corpus, "heading", NAME, words)
    assert run(corpus, "move", NAME, "3", "1").stdout == "entry 3 is now entry 1\n"
    assert "pullquote dossier undo Harbours" in run(corpus, "remove", NAME, "1").stdout
    assert re.findall("one|two|three", run(corpus, "show", NAME).stdout) == ["one", "two"]
    assert run(corpus, "undo", NAME).stdout == "entry 1 was put back\n"
    run(corpus, "rename", NAME, "Ports")
    run(corpus, "delete", "ports")
    assert "was deleted" in run(corpus, "undo", NAME, code=3).stderr
    assert run(corpus, "undo", "Ports").stdout == "Ports was put back\n"
    assert re.findall("one|two|three", run(corpus, "show", "Ports").stdout) == ["three", "one", "two"]


def test_what_is_wrong_is_said_with_the_next_step(corpus: Corpus) -> None:
    assert "make a dossier with `pullquote dossier add`" in run(corpus, "show", NAME, code=3).stderr
    run(corpus, "heading", NAME, "Works")
    assert "there is “Harbours”" in run(corpus, "show", "Ports", code=3).stderr
    assert "it has 1 to 1" in run(corpus, "remove", NAME, "7", code=3).stderr
    assert "is not a citation" in run(corpus, "add", NAME, "nowhere", code=3).stderr
    assert "a heading has no words" in run(corpus, "heading", NAME, " ", code=3).stderr
    assert "add --format" in run(corpus, "export", NAME, "--out", "report", code=2).stderr
    error = json.loads(run(corpus, "show", "Ports", "--json", code=3).stdout)["error"]
    assert error["code"] == "dossier_not_found"


def test_a_quote_that_is_no_longer_so_fails_the_check(corpus: Corpus, inbox: Path) -> None:
    run(corpus, "add", NAME, citation(corpus))
    run(corpus, "add", NAME, citation(corpus, "b.txt", 0, 20))
    assert "2 verbatim" in run(corpus, "verify", NAME).stderr
    corpus.index(write(inbox, "a.txt", TEXT.replace("March", "May")))
    assert "1 verbatim, 1 superseded" in run(corpus, "verify", NAME, code=1).stderr
    assert "superseded on" in run(corpus, "show", NAME).stdout
    corpus.purge(["b.txt"])
    assert "1 superseded, 1 purged" in run(corpus, "verify", NAME, code=1).stderr
    assert "a quote, purged on" in run(corpus, "show", NAME).stdout
    assert json.loads(run(corpus, "verify", NAME, "--json", code=1).stdout)["purged"] == 1


def test_a_purge_names_the_dossiers_that_it_empties_first(corpus: Corpus) -> None:
    run(corpus, "add", NAME, citation(corpus))
    purge = ["remove", "a.txt", "--purge", "--yes", "--library", str(corpus.library)]
    done = CliRunner().invoke(cli, purge)
    assert "1 dossier would lose quotes of a.txt and keep its notes: 'Harbours'" in done.stderr


@pytest.mark.slow
def test_a_report_is_written_and_verified_and_replaces_no_file_of_others(
    corpus: Corpus, inbox: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pypandoc")
    run(corpus, "add", NAME, citation(corpus))
    report = tmp_path / "report.md"
    assert "1 quote of Harbours" in run(corpus, "export", NAME, "--out", str(report)).stderr
    assert report.stat().st_mode == write(tmp_path, "other.md", "").stat().st_mode  # as the umask has it
    verify = ["verify", str(report), "--library", str(corpus.library)]
    assert CliRunner().invoke(cli, verify).exit_code == 0
    report.write_text(report.read_text().replace("Nobody", "Somebody").replace("dredged", "dredge"))
    assert CliRunner().invoke(cli, verify).exit_code == 1
    assert "report.md" in run(corpus, "export", NAME, "--out", str(report), code=3).stderr
    run(corpus, "export", NAME, "--out", str(report), "--force")
    source = inbox / "a.txt"
    said = run(corpus, "export", NAME, "--out", str(source), "--format", "md", "--force", code=3).stderr
    assert "documents of the library were read from" in said
    page = tmp_path / "report.html"
    for _ in range(2):  # which Pullquote knows for its own
        run(corpus, "export", NAME, "--out", str(page), "--style", "apa")
    piped = run(corpus, "export", NAME, "--out", "-", "--format", "tex")
    assert "The harbour was dredged in March." in piped.stdout


def test_an_answer_is_kept_with_its_question_or_that_there_is_none(corpus: Corpus) -> None:
    document = corpus.document("a.txt")
    quotes = (Quote(document, 0, 33), Quote(document, 34, 56))
    filters = Filters(publisher=("IFES",))
    answer = Answer("When?", "When?", "answered", 0.9, 0.8, quotes=quotes[:1], filters=filters)
    assert keep(corpus, NAME, answer) == "kept in Harbours: 1 quote"
    more = More(1, 2, 1, False, 2, quotes)
    every = Answer("When?", "When?", "answered", 0.9, 0.8, quotes=quotes[:1], more=more)
    assert keep(corpus, NAME, every) == "kept in Harbours: 1 quote"
    nothing = Answer("Who paid?", "Who paid?", "none", 0.1, 0.8)
    assert keep(corpus, NAME, nothing) == "kept in Harbours: No answer found in the documents searched"
    nowhere = Answer("Who paid?", "Who paid?", "none", unsearched="No document has the publisher “X”.")
    assert "nothing was searched" in keep(corpus, "Other", nowhere)
    hello = Answer("Hello", "Hello", "none", 0.1, 0.8, reply=Reply("greeting", "Hello."))
    assert keep(corpus, "Other", hello).startswith("nothing was kept")
    first, second, third = corpus.desk.dossiers.entries(corpus.desk.dossiers.find(NAME).id)
    assert first.asked is not None
    assert (first.asked.question, first.asked.filters) == ("When?", filters)
    assert second.place is not None
    assert second.place.start == 34
    assert third.asked is not None
    assert third.asked.outcome == "none"
    assert [each.name for each in corpus.desk.dossiers.all()] == [NAME]


def test_what_is_no_longer_current_is_named_before_the_report_is_written(
    corpus: Corpus, inbox: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pypandoc")
    run(corpus, "add", NAME, citation(corpus))
    run(corpus, "add", NAME, citation(corpus, "b.txt", 0, 33))
    assert "quote 1" not in run(corpus, "export", NAME, "--out", str(tmp_path / "a.html")).stderr
    corpus.index(write(inbox, "a.txt", TEXT.replace("March", "May")))
    corpus.remove(["b.txt"])
    done = run(corpus, "export", NAME, "--out", str(tmp_path / "b.html"))
    first, second, *_, last = done.stderr.splitlines()
    assert re.fullmatch(
        r"quote 1: superseded on .*\. The present text has other words\. “The harbour was dredged in .*”",
        first,
    )
    assert re.match(r"quote 2: removed on .*\. Answers no longer quote this document\.", second)
    assert last.endswith("2 quotes of Harbours")
    listed = json.loads(run(corpus, "export", NAME, "--out", str(tmp_path / "c.html"), "--json").stdout)
    assert listed["outdated"] == [first, second]


def test_a_superseded_quote_is_renewed_and_undone(corpus: Corpus, inbox: Path) -> None:
    run(corpus, "add", NAME, citation(corpus), "--question", "When?")
    assert "the quote is current" in run(corpus, "renew", NAME, "1", code=3).stderr
    run(corpus, "add", NAME, citation(corpus, "b.txt"))
    corpus.remove(["b.txt"])
    refused = run(corpus, "renew", NAME, "2", code=3).stderr
    assert "was removed on" in refused
    assert "says nothing similar" not in refused
    run(corpus, "remove", NAME, "2")
    corpus.index(write(inbox, "a.txt", TEXT.replace("March", "May")))
    assert "superseded on" in run(corpus, "show", NAME).stdout
    assert "entry 1 has the present words" in run(corpus, "renew", NAME, "1").stdout
    shown = run(corpus, "show", NAME).stdout
    assert "dredged in May." in shown
    assert "asked: When?" in shown
    assert "superseded" not in shown
    run(corpus, "undo", NAME)
    assert "dredged in March." in run(corpus, "show", NAME).stdout
