"""The command line without models: usage, errors, exit codes, documentation."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from qa import __version__
from qa.asking import confidence
from qa.cli import cli
from qa.commands import options
from qa.errors import VerbatimError
from qa.formats.kinds import ENDINGS
from qa.quoting.render import answers_from
from qa.schema import STRICTNESS, Filters
from tests.qa.tiny import tiny_corpus, write

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **options):
    return CliRunner().invoke(cli, arguments, **options)


def test_the_version_is_printed():
    assert run("--version").stdout == f"pullquote {__version__}\n"


def test_the_module_does_what_the_command_does():
    done = subprocess.run(
        [sys.executable, "-m", "qa", "--version"], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == f"pullquote {__version__}"


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help_and_is_listed(name):
    assert run(name, "--help").exit_code == 0
    assert f"\n  {name} " in run("--help").stdout


def test_the_help_of_index_names_every_ending_that_is_read():
    said = run("index", "--help").stdout
    assert [ending for ending in ENDINGS if not re.search(rf"\{ending}\b", said)] == []


def test_docs_cli_md_is_what_the_help_says():
    page = runpy.run_path(str(ROOT / "scripts" / "cli_docs.py"))["page"]()
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == page, "run: python scripts/cli_docs.py"


@pytest.mark.parametrize(
    "name", ["index", "ask", "answer", "documents", "documents show", "remove", "cite", "reindex", "chat"]
)
def test_every_command_of_the_design_is_documented(name):
    assert f"\n## pullquote {name}\n" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["ask", "--help"], ["chat", "--help"], ["ask", "--since", "x", "q"]],
)
def test_help_and_usage_import_nothing_slow(arguments):
    code = (
        "import sys; from qa.cli import cli\n"
        f"try: cli({arguments!r})\n"
        "except SystemExit: pass\n"
        "slow = {'numpy', 'rich', 'sqlite3', 'platformdirs', 'onnxruntime', 'torch', 'gradio', 'qa.corpus'}\n"
        "print('HEAVY', sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


@click.command()
@options.filters
def probe(filters: Filters) -> None:
    click.echo(repr(filters))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], Filters()),
        (["--since", "2008-04-04"], Filters(since=dt.date(2008, 4, 4))),
        (["--since", "2008-04"], Filters(since=dt.date(2008, 4, 1))),
        (["--since", "2008"], Filters(since=dt.date(2008, 1, 1))),
        (["--until", "2008-02"], Filters(until=dt.date(2008, 2, 29))),
        (["--until", "2007-02"], Filters(until=dt.date(2007, 2, 28))),
        (["--until", "2008"], Filters(until=dt.date(2008, 12, 31))),
        (["--since", "2008", "--until", "2008"], Filters(dt.date(2008, 1, 1), dt.date(2008, 12, 31))),
        (["--document", "a", "--document", "b"], Filters(document=("a", "b"))),
        (
            ["--publisher", "P", "--series", "S", "--language", "en", "--collection", "c"],
            Filters(publisher="P", series="S", language="en", collection="c"),
        ),
        (
            ["--collection", "a", "--collection", "b", "--publisher", "P", "--publisher", "Q"],
            Filters(publisher=("P", "Q"), collection=("a", "b")),
        ),
    ],
)
def test_filters_are_read_as_they_are_meant(arguments, expected):
    assert CliRunner().invoke(probe, arguments).stdout.strip() == repr(expected)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "yesterday"],
        ["--since", "4/4/2008"],
        ["--since", "2008-13"],
        ["--until", "2008-02-30"],
        ["--until", "0000"],
        ["--since", "٢٠٠٨"],
        ["--since", "2009", "--until", "2008"],
    ],
)
def test_a_date_that_makes_no_sense_is_wrong_usage(arguments):
    result = CliRunner().invoke(probe, arguments)
    assert result.exit_code == 2
    assert "Error:" in result.stderr


@click.command()
@options.strictness
def strict(strictness: float) -> None:
    click.echo(repr(strictness))


def test_the_help_says_from_which_confidence_on_a_strictness_answers() -> None:
    text = " ".join(CliRunner().invoke(strict, ["--help"]).output.split())
    shown = re.findall(r"(\d+)% at (\.\d+)", text)
    assert [float(share) for _, share in shown] == [STRICTNESS, confidence.STRICTEST]
    assert [int(percent) for percent, _ in shown] == [
        answers_from(confidence.threshold(float(share))) for _, share in shown
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], STRICTNESS),
        (["--strictness", ".9"], 0.9),
        (["--strictness", "75%"], 0.75),
        (["--strictness", " 75 % "], 0.75),
        (["--strictness", str(confidence.LOOSEST)], confidence.LOOSEST),
        (["--strictness", f"{confidence.STRICTEST:%}"], confidence.STRICTEST),
    ],
)
def test_a_strictness_is_a_share_or_a_percentage(arguments, expected):
    assert CliRunner().invoke(strict, arguments).stdout == f"{expected}\n"


@pytest.mark.parametrize("value", ["strict", "", "%", "75", ".3", "1", "100%", "nan", "-inf"])
def test_a_strictness_that_makes_no_sense_is_wrong_usage_and_told_the_bounds(value):
    result = CliRunner().invoke(strict, ["--strictness", value])
    assert result.exit_code == 2
    assert "Invalid value for '--strictness'" in result.stderr
    bounds = f"is not between {confidence.LOOSEST} and {confidence.STRICTEST}"
    assert "write .75 or 75%" in result.stderr or bounds in result.stderr


@pytest.mark.parametrize("name", ["ask", "answer", "evaluate", "chat"])
def test_the_help_gives_the_bounds_and_the_default_of_the_strictness(name):
    said = " ".join(run(name, "--help").stdout.split())
    bounds = f"from {confidence.LOOSEST:g} to {confidence.STRICTEST:g}".replace("0.", ".")
    assert bounds in said
    assert f"[default: {STRICTNESS:g}]".replace("0.", ".") in said


@pytest.mark.parametrize("option", [("--strictness", ".9"), ("--reader", "cross-encoder")])
def test_scoring_answers_that_there_are_knows_neither_strictness_nor_reader(tmp_path, option):
    result = run("evaluate", str(tmp_path), "--answers", "a.jsonl", *option)
    assert result.exit_code == 2
    assert "leave out --out, --fresh, --strictness and --reader" in result.stderr
    assert run("evaluate", str(tmp_path), "--check", "--strictness", ".9").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [[], ["ask"], ["answer"], ["answer", "q.jsonl"], ["remove"], ["reindex"], ["show"], ["ask", "--no-such"],
     ["chat", "--port", "70000"], ["documents", "show"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_with_2(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--set", "nope=1"), "'nope' is not a field of a document: use title, author"),
        (("--reset", "nope"), "'nope' is not a field of a document: use title, author"),
        (("--set", "date=spring"), "'spring' is not a date; write 2008-04-04, 2008-04 or 2008"),
        (("--set", "date=2024-W15"), "'2024-W15' is not a date; write 2008-04-04, 2008-04 or 2008"),
        (("--set", "title"), "'title' says no value"),
    ],
    ids=repr,
)
def test_a_correction_that_makes_no_sense_is_wrong_usage(option, said):
    result = run("documents", "edit", "a.txt", *option)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["ask", "How", "many", "died?"], 'put the question in quotes: pullquote ask "How many died?"'),
        (["ask", "How", "many", "-q", "died?"], 'pullquote ask "How many died?"'),
        (["documents", "water.txt"], "pullquote documents show water.txt"),
        (["documents", "my water.txt"], 'pullquote documents show "my water.txt"'),
    ],
    ids=repr,
)
def test_wrong_usage_says_what_to_type(arguments, advice):
    result = run(*arguments)
    assert result.exit_code == 2
    assert advice in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["ask", "Who?"], ["documents"], ["documents", "show", "x"], ["remove", "x", "--yes"]],
    ids=" ".join,
)
def test_a_missing_library_is_named_with_what_to_type(arguments, tmp_path):
    library = tmp_path / "no such library"
    result = run(*arguments, "--library", str(library))
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert str(library) in result.stderr
    assert "pullquote index" in result.stderr
    assert not library.exists()


def test_with_json_an_error_has_a_code_on_standard_output(tmp_path):
    result = run("ask", "Who?", "--json", "--library", str(tmp_path))
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "library_not_found"
    assert error["message"] in result.stderr


def test_with_json_a_question_that_met_an_error_has_a_whole_answer_line(tmp_path):
    result = run("ask", "Who?", "--json", "--since", "2008", "--library", str(tmp_path))
    line = json.loads(result.stdout)
    assert (line["question"], line["outcome"], line["quotes"]) == ("Who?", "error", [])
    assert line["filters"]["since"] == "2008-01-01"
    assert line["error"]["code"] == "library_not_found"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device to write to")
@pytest.mark.parametrize(
    ("words", "completed"), [("pullquote ver", "verify"), ("pullquote ask --form", "--format")]
)
def test_a_shell_can_complete_commands_and_options(words, completed):
    environment = os.environ | {"_PULLQUOTE_COMPLETE": "zsh_complete", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split()) - 1)
    done = subprocess.run(
        [sys.executable, "-m", "qa"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert completed in done.stdout.splitlines()


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_full_disk_behind_standard_output_is_one_line_and_no_traceback(as_json, tmp_path):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "qa", "documents", *as_json, "--library", str(made(tmp_path))],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "error: No space left on device\n")


def made(folder):
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(write(folder, "brief.txt", "Barges left port on Monday morning.\n"))
    return folder / "library"


@pytest.mark.parametrize("command", [("ask", "Who?"), ("answer", "QUESTIONS", "--out", "-")])
def test_a_filter_that_matches_nothing_is_named_and_exits_with_1(command, tmp_path):
    questions = write(tmp_path, "q.jsonl", '{"_id": "a", "text": "Who?"}\n')
    arguments = [str(questions) if word == "QUESTIONS" else word for word in command]
    result = run(*arguments, "--document", "brief.tx", "--library", str(made(tmp_path)))
    assert result.exit_code == 1
    said = "o document 'brief.tx': did you mean 'brief.txt'?"
    assert said in (result.stdout if command[0] == "ask" else result.stderr)


@pytest.mark.parametrize("option", ["publisher", "series", "document", "language", "collection"])
@pytest.mark.parametrize("value", ["", " ", "x" * 5_000])
def test_a_filter_with_an_impossible_value_is_wrong_usage(option, value):
    result = CliRunner().invoke(probe, [f"--{option}", value])
    assert result.exit_code == 2
    assert option in result.stderr


def test_the_list_of_documents_has_headings_authors_and_a_search(tmp_path):
    named = ("--library", str(made(tmp_path)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.edit("brief.txt", {"author": "Ana Ruiz"})
    rows = [line.split("\t") for line in run("documents", *named).stdout.splitlines()]
    assert rows[0] == ["ID", "Date", "Author", "Publisher", "Number", "Title"]
    assert [row[:3] for row in rows[1:]] == [["brief.txt", "", "Ana Ruiz"]]
    for found in (("--find", "ruiz"), ("--text", "port on monday"), ("--find", "Ana", "--text", "Barges")):
        assert "brief.txt" in run("documents", *found, *named).stdout
    for option, words in (("--find", "Barges"), ("--text", "Monday port"), ("--publisher", "Nobody")):
        missed = run("documents", option, words, *named)
        assert (missed.exit_code, missed.stdout) == (1, "")
        assert words in missed.stderr
    within = run("documents", "--document", "brief.txt", "--find", "Barges", *named)
    assert "within the filters (document brief.txt) has “Barges”" in within.stderr
    assert json.loads(run("documents", "--text", "Monday port", "--json", *named).stdout) == []


def test_a_folder_may_be_named_with_a_slash_at_its_end(tmp_path):
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path / "in", "wire/a.txt", "Barges left port.\n").parents[1])
        for named in ("wire", "wire/"):
            assert [each.id for each in corpus.documents(Filters(document=(named,)))] == ["wire/a.txt"]


def test_the_counts_of_a_report_add_up(tmp_path):
    inbox = tmp_path / "in"
    write(inbox, "a.txt", "Barges left port on Monday.\n")
    write(inbox, "copy.txt", "Barges left port on Monday.\n")
    (inbox / "damaged.pdf").write_bytes(b"%PDF-1.4 cut short")
    said = run("index", str(inbox), "--dry-run", "--library", str(tmp_path / "library")).stdout
    assert f"note: {inbox / 'copy.txt'}: The same text as {inbox / 'a.txt'}." in said
    counts = re.search(r"(\d+) documents in .*: (\d+) added, (\d+) duplicate; 1 refused", said)
    assert counts, said
    total, *parts = map(int, counts.groups())
    assert total == sum(parts) == 2


def test_without_a_name_the_styles_of_citations_are_listed():
    names = run("cite", "--style").stdout.split()
    assert names[:4] == ["chicago", "apa", "mla", "ieee"]
    assert "nature" in names
    assert len(names) == len(set(names))


def test_an_index_is_built_again(tmp_path):
    library = str(made(tmp_path))
    result = run("reindex", "--index", "files", "--library", library)
    assert (result.exit_code, result.stdout) == (0, "index built again: files\n")
    result = run("reindex", "--index", "elsewhere", "--library", library)
    assert result.exit_code == 3
    assert "elsewhere is not an address of an index" in result.stderr
    assert run("reindex", "--index", "files", "--encoder", "x", "--library", library).exit_code == 2


def test_an_encoder_that_is_not_there_is_bad_input(tmp_path):
    result = run("reindex", "--encoder", "./none", "--library", str(made(tmp_path)))
    assert result.exit_code == 3
    assert "./none" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "Who?", "--publisher", "\udcff"),
        ("ask", "Who?", "--document", "\udcff"),
        ("documents", "--series", "\udcff"),
        ("documents", "show", "\udcff"),
        ("remove", "\udcff"),
    ],
)
def test_an_argument_that_is_not_utf_8_is_bad_input_and_no_defect(arguments, tmp_path):
    result = run(*arguments, "--library", str(made(tmp_path)))
    assert result.exit_code == (2 if arguments[-2].startswith("--") else 3)
    assert "'\\udcff' is not valid text" in result.stderr


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_the_library_may_be_named_anywhere(place, tmp_path):
    library = str(tmp_path / "there")
    arguments = {
        "before": ["--library", library, "documents"],
        "after": ["documents", "--library", library],
        "environment": ["documents"],
    }[place]
    result = run(*arguments, env={"PULLQUOTE_LIBRARY": library if place == "environment" else "elsewhere"})
    assert library in result.stderr


@pytest.mark.parametrize(
    ("raised", "exit_code", "said"),
    [
        (ZeroDivisionError("division by zero"), 4, "error: ZeroDivisionError: division by zero (a defect"),
        (KeyboardInterrupt(), 130, "interrupted."),
        (VerbatimError("quote [1] is not what 'a' says"), 4, "error: quote [1] is not what 'a' says"),
        (VerbatimError("two\nlines \x1b[2J"), 4, "error: two lines ␛[2J"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_raised_becomes_one_line_and_an_exit_code(raised, exit_code, said, monkeypatch):
    def broken(*arguments, **options):
        raise raised

    monkeypatch.setattr("qa.corpus.Corpus.open", broken)
    result = run("ask", "Who?")
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["-v", "ask", "Who?"], ["ask", "Who?", "-v"]], ids=" ".join)
def test_verbose_shows_where_an_error_arose(arguments, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("qa.corpus.Corpus.open", broken)
    result = run(*arguments)
    assert "Traceback (most recent call last)" in result.stderr
    assert "in broken" in result.stderr


def test_an_interrupted_index_says_what_is_kept(monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("qa.corpus.Corpus.open", interrupted)
    result = run("index")
    assert result.exit_code == 130
    assert "The files that were finished are kept" in result.stderr


def test_a_question_from_standard_input_must_be_text(tmp_path):
    result = run("ask", "-", "--library", str(tmp_path), input=b"caf\xe9")
    assert result.exit_code == 3
    assert "standard input is not UTF-8 text (byte 3)" in result.stderr


def test_a_questions_file_that_is_not_there_is_bad_input(tmp_path):
    result = run("answer", str(tmp_path / "none.jsonl"), "--out", "-", "--library", str(tmp_path))
    assert result.exit_code == 3
    assert "cannot read" in result.stderr
    assert "none.jsonl: No such file" in result.stderr


def test_answers_never_overwrite_the_questions(tmp_path):
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"_id": "1", "text": "Who?"}\n')
    result = run("answer", str(questions), "--out", str(questions), "--library", str(tmp_path / "library"))
    assert result.exit_code == 3
    assert "--out names a file that the command also reads" in result.stderr
    assert questions.read_text() == '{"_id": "1", "text": "Who?"}\n'


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ev\x1b[31mil"],
        ["ask", "Who?", "--ev\x1b[31mil"],
        ["feedback", "--out", "ev\x1b[31mil"],
        ["evaluate", "s.csv", "--out", "ev\x1b[31mil", "--report", "ev\x1b[31mil.state"],
    ],
)
def test_a_usage_error_repeats_what_was_typed_without_its_controls(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments, color=True)
    assert result.exit_code == 2
    assert "[31mil" in result.stderr
    assert "\x1b" not in result.stderr
