"""The command line as a person uses it: the real models, the brief that ships, new processes."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa.asking import confidence
from qa.cli import cli
from qa.corpus import Corpus
from qa.schema import sha256_text
from qa.storage.sqlite.database import FILE_NAME
from tests.conftest import ROOT
from tests.qa.briefs import BRIEF, SEED

pytestmark = pytest.mark.models

QUESTION = "Where were the arrested people employed?"


def run(*arguments: str, **options):
    return CliRunner().invoke(cli, arguments, **options)


def process(*arguments: str, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "qa", *arguments], cwd=ROOT, capture_output=True, env=environment, **options
    )


@pytest.fixture(scope="session")
def shipped(tmp_path_factory) -> Path:
    """A library that `pullquote index` made of the brief that ships."""
    library = tmp_path_factory.mktemp("with a space") / "library"
    result = run("index", "--library", str(library))
    assert result.exit_code == 0, result.stderr
    return library


@pytest.fixture
def library(shipped, tmp_path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(shipped, tmp_path / "library"))


def test_index_reads_dates_in_the_order_that_it_is_told(library, tmp_path):
    brief = tmp_path / "brief.txt"
    brief.write_text("Copper prices rise\nMarket Watch Institute\n5/4/2008\n\nThey rose at once.\n")
    index = ("index", str(brief), "--library", str(library))
    dated = ("documents", "show", brief.name, "--json", "--library", str(library))
    assert "--date-order dmy or --date-order mdy" in run(*index).stdout
    assert json.loads(run(*dated).stdout)["date"] == ""
    for order, date in (("dmy", "2008-04-05"), ("mdy", "2008-05-04")):
        assert run(*index, "--date-order", order).exit_code == 0
        assert json.loads(run(*dated).stdout)["date"] == date


def test_index_without_a_path_takes_the_brief_that_ships_and_is_done_at_once_the_second_time(library):
    result = run("index", "--library", str(library))
    assert result.exit_code == 0
    assert result.stdout.startswith("1 document in ")
    assert "1 unchanged" in result.stdout
    assert f"library: {library}" in result.stdout


def test_index_takes_in_what_is_good_and_names_what_is_not(library, tmp_path):
    briefs = tmp_path / "my briefs"
    briefs.mkdir()
    (briefs / "good.txt").write_text("Prices rose in May.\n", encoding="utf-8")
    (briefs / "empty.txt").write_bytes(b"")
    (briefs / "binary.txt").write_bytes(b"\x00\x01\x02PNG\x00" * 99)
    (briefs / "broken.txt").write_bytes(b"caf\xe9 and more")
    result = run("index", str(briefs), "--library", str(library))
    assert result.exit_code == 1
    assert "1 added; 3 refused" in result.stdout
    for name in ("empty.txt", "binary.txt", "broken.txt"):
        (line,) = [line for line in result.stderr.splitlines() if name in line]
        assert line.startswith("refused: ")
    listed = json.loads(run("documents", "--json", "--library", str(library)).stdout)
    assert sorted(info["id"] for info in listed) == ["good.txt", SEED.name]


def test_index_of_nothing_but_bad_files_exits_with_3_and_loses_nothing(library, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    result = run("index", str(tmp_path / "empty.txt"), "--json", "--library", str(library))
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["added"], report["refused"]) == (0, 1)
    assert report["files"][0]["error"]["code"] == "bad_input"
    assert len(json.loads(run("documents", "--json", "--library", str(library)).stdout)) == 1


def test_files_of_other_kinds_are_named_three_of_many_and_are_no_documents(tmp_path):
    briefs, library = tmp_path / "briefs", tmp_path / "library"
    briefs.mkdir()
    (briefs / "report.png").touch()
    alone = run("index", str(briefs), "--library", str(library))
    assert alone.exit_code == 3
    assert "has nothing that can be read" in alone.stderr
    assert "0 documents in " in alone.stdout
    assert "skipped 1 file of another kind (report.png): Pullquote reads plain text, Markdown" in alone.stdout
    (briefs / "good.txt").write_text("Prices rose in May.\n", encoding="utf-8")
    for name in ("a.key", "b.key", "z.key", "z2.key"):
        (briefs / name).touch()
    beside = run("index", str(briefs), str(tmp_path / "none.txt"), "--library", str(library))
    assert beside.exit_code == 1
    assert beside.stdout.startswith("1 document in ")
    assert "skipped 5 files of another kind (a.key, b.key, report.png and 2 more): " in beside.stdout


def test_a_quiet_index_says_nothing(library):
    result = run("index", "-q", "--library", str(library))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_doubt_about_a_date_is_shown(library, tmp_path):
    doubtful = tmp_path / "doubtful.txt"
    doubtful.write_text(
        "Exports fell\n\nSome Institute\n5/4/2008\n\nExports fell in spring.\n", encoding="utf-8"
    )
    result = run("index", str(doubtful), "--library", str(library))
    assert "note: doubtful.txt: " in result.stdout
    assert "note: " not in run("index", str(doubtful), "--library", str(library)).stdout  # it has been said


def test_ask_answers_in_plain_text_with_the_exact_quote_on_its_own_line(shipped):
    done = process("ask", QUESTION, "--library", str(shipped))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    lines = done.stdout.decode("utf-8").splitlines()
    assert lines[0] == f"Question: {QUESTION}"
    quotes = [lines[at - 1] for at, line in enumerate(lines) if line.startswith("[1] “Scrap metal")]
    assert quotes
    assert all(quote in BRIEF.text for quote in quotes)
    assert "\x1b" not in done.stdout.decode()


def test_ask_as_json_gives_quotes_that_are_slices(shipped):
    result = run("ask", QUESTION, "--json", "--library", str(shipped))
    line = json.loads(result.stdout)
    assert line["outcome"] == "answered"
    assert line["quotes"]
    for quote in line["quotes"]:
        assert quote["sha256"] == sha256_text(BRIEF.text)
        assert quote["text"] == BRIEF.text[quote["start"] : quote["end"]]


def test_ask_prints_in_the_form_that_it_is_told(shipped):
    told = ("ask", QUESTION, "--library", str(shipped), "--format")
    written = run(*told, "markdown").stdout
    assert written.startswith(f"**Question: {QUESTION}**\n\n> ")
    assert "> Those arrested" in written
    assert run(*told, "text").stdout == run(*told[:-1]).stdout
    assert json.loads(run(*told, "json").stdout)["outcome"] == "answered"
    assert run(*told, "json", "--json").exit_code == 0
    contradiction = run(*told, "markdown", "--json")
    assert contradiction.exit_code == 2
    assert "--json contradicts --format markdown" in contradiction.stderr


def test_an_error_is_json_where_the_answer_would_be(tmp_path):
    result = run("ask", QUESTION, "--library", str(tmp_path / "none"), "--format", "json")
    assert json.loads(result.stdout)["error"]["code"] == "library_not_found"


def test_json_stays_exact_where_standard_output_cannot_hold_every_character(shipped):
    done = process("ask", QUESTION, "--json", "--library", str(shipped), env={"PYTHONIOENCODING": "ascii"})
    line = json.loads(done.stdout.decode("ascii"))
    for quote in line["quotes"]:
        assert quote["text"] == BRIEF.text[quote["start"] : quote["end"]]


def test_a_console_that_cannot_hold_every_character_shows_which_and_does_not_fail(shipped):
    done = process("ask", QUESTION, "--library", str(shipped), env={"PYTHONIOENCODING": "cp437"})
    assert done.returncode == 0
    assert b"\\u201cScrap metal" in done.stdout


def test_a_question_may_come_from_standard_input(shipped):
    result = run("ask", "-", "--json", "--library", str(shipped), input=f"{QUESTION}\n")
    assert json.loads(result.stdout)["question"] == QUESTION


def test_a_follow_up_shows_the_question_as_it_was_understood(shipped):
    result = run("ask", "When was that?", "--history", QUESTION, "--json", "--library", str(shipped))
    line = json.loads(result.stdout)
    assert line["interpreted_question"] != line["question"] == "When was that?"


@pytest.mark.parametrize("question", ["hello", "which documents do you have?"])
def test_what_is_no_question_for_the_corpus_gets_a_reply_and_exit_code_1(question, shipped):
    result = run("ask", question, "--json", "--library", str(shipped))
    line = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (line["outcome"], line["quotes"]) == ("none", [])
    assert line["reply"]["text"]


@pytest.mark.parametrize("strictness", [confidence.LOOSEST, confidence.STRICTEST])
def test_a_strictness_sets_the_confidence_from_which_is_answered(strictness, shipped):
    done = run(
        "ask", "Who was arrested?", "--json", "--strictness", str(strictness), "--library", str(shipped)
    )
    line = json.loads(done.stdout)
    assert line["threshold"] == round(confidence.threshold(strictness), 4)
    assert (line["outcome"] == "answered") == (line["confidence"] >= line["threshold"])
    assert done.exit_code == (0 if line["outcome"] == "answered" else 1)


def test_half_a_surrogate_pair_in_the_history_is_bad_input(shipped):
    done = run("ask", "And then?", "--history", "\udcff x", "--library", str(shipped))
    assert done.exit_code == 3
    assert "error: turn 1 of the history is not valid text" in done.stderr


def test_filters_that_leave_nothing_say_so_and_what_there_is(shipped):
    result = run("ask", QUESTION, "--since", "2009", "--library", str(shipped))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == (
        "Nothing was searched. No document is dated since 1 January 2009: the only date is 4 April 2008."
    )
    assert "No answer found" not in result.stdout


@pytest.mark.parametrize(
    "question", ["", " \n\t", "who " * 25_000], ids=["empty", "blank", "100,000 characters"]
)
def test_a_question_that_cannot_be_asked_is_bad_input(question, shipped):
    result = run("ask", question, "--json", "--library", str(shipped))
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "bad_question"
    assert len(result.stderr) < 400


def spoil(library: Path, statement: str) -> None:
    with sqlite3.connect(library / FILE_NAME) as db:
        assert db.execute(statement).rowcount == 1
    db.close()


@pytest.mark.parametrize("how", [[], ["--json"]], ids=["text", "json"])
def test_a_store_that_was_tampered_with_is_an_error_and_never_an_answer(how, library):
    spoil(library, "UPDATE documents SET text = replace(text, 'Unit 8', 'Unit 9')")
    result = run("ask", QUESTION, *how, "--library", str(library))
    assert result.exit_code in (3, 4)
    assert "error: " in result.stderr
    assert "Unit 9" not in result.stdout
    assert "No answer found" not in result.stdout
    if how:
        line = json.loads(result.stdout)
        assert (line["outcome"], line["quotes"]) == ("error", [])


def test_a_damaged_library_is_named_and_doctor_says_what_to_do(library):
    path = library / FILE_NAME
    data = bytearray(path.read_bytes())
    data[2048 : len(data) // 2] = b"\xa5" * (len(data) // 2 - 2048)
    path.write_bytes(data)
    asked = run("ask", QUESTION, "--library", str(library))
    assert asked.exit_code == 3
    assert FILE_NAME in asked.stderr
    checked = run("doctor", "--library", str(library))
    assert checked.exit_code == 1
    assert "pullquote index" in checked.stdout


def test_a_faiss_file_cut_in_half_is_found_by_doctor_and_mended_by_the_next_question(library):
    (index,) = library.glob("index-*.faiss")
    whole = index.read_bytes()
    index.write_bytes(whole[: len(whole) // 2])
    assert run("doctor", "--library", str(library)).exit_code == 1
    assert run("ask", QUESTION, "--library", str(library)).exit_code == 0
    checked = run("doctor", "--library", str(library))
    assert checked.exit_code == 0, checked.stdout
    assert checked.stdout.endswith("\nNo problems found.\n")


def test_doctor_finds_a_text_that_was_tampered_with(library):
    spoil(library, "UPDATE documents SET text = replace(text, 'Unit 8', 'Unit 9')")
    checked = run("doctor", "--library", str(library))
    assert checked.exit_code == 1
    assert SEED.name in checked.stdout.partition("1 problem:")[2]


def test_vectors_of_another_encoder_are_refused_with_the_command_to_run(library):
    spoil(library, "UPDATE encodings SET sha256 = replace(sha256, '5', '6')")
    result = run("ask", QUESTION, "--json", "--library", str(library))
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "encoder_mismatch"
    assert "pullquote reindex --encoder" in result.stderr


def test_reindex_embeds_anew_and_questions_are_answered_as_before(library):
    result = run("reindex", "--encoder", "all-MiniLM-L6-v2", "--library", str(library))
    assert result.exit_code == 0
    assert result.stdout.endswith("embedded with all-MiniLM-L6-v2\n")
    assert run("ask", QUESTION, "--library", str(library)).exit_code == 0


def test_documents_are_listed_one_a_line_when_piped(shipped):
    result = run("documents", "--library", str(shipped))
    assert result.stdout == (
        "ID\tDate\tAuthor\tPublisher\tNumber\tTitle\n"
        f"{SEED.name}\t2008-04-04\t\tInstitute for Far Eastern Studies (IFES)\t08-4-4-1\t"
        "Scrap metal smuggling rampant in North Korea\n"
    )
    assert run("documents", "--until", "2007", "--library", str(shipped)).stdout == ""


def test_a_document_is_shown_with_its_exact_text(shipped):
    read = run("documents", "show", SEED.name, "--library", str(shipped)).stdout
    assert BRIEF.text in read
    assert "number: 08-4-4-1 (its header, likely)\n" in read
    shown = json.loads(run("documents", "show", SEED.name, "--json", "--library", str(shipped)).stdout)
    assert shown["text"] == BRIEF.text
    assert shown["sha256"] == BRIEF.sha256


def test_remove_takes_all_or_nothing(library):
    refused = run("remove", SEED.name, "no such document", "--library", str(library))
    assert refused.exit_code == 3
    assert "no such document" in refused.stderr
    assert run("documents", "--library", str(library)).stdout
    removed = run("remove", SEED.name, "--library", str(library))
    assert (removed.exit_code, removed.stdout) == (0, f"removed {SEED.name}\n")
    assert run("documents", "--library", str(library)).stdout == ""


def questions_file(folder: Path) -> Path:
    path = folder / "questions.jsonl"
    lines = (
        json.dumps({"_id": "q1", "text": QUESTION}),
        "not json",
        json.dumps({"_id": "q3", "text": "When was that?", "history": [QUESTION]}),
        json.dumps({"_id": "q4", "text": ""}),
        json.dumps({"_id": "q5", "text": "half \ud83d a question about arrests"}),
        json.dumps({"_id": "q6", "text": "hello"}),
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_answer_writes_one_line_a_question_in_order_and_a_bad_line_is_an_error_not_a_none(shipped, tmp_path):
    out = tmp_path / "answers.jsonl"
    result = run("answer", str(questions_file(tmp_path)), "--out", str(out), "--library", str(shipped))
    assert result.exit_code == 1
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["q1", "2", "q3", "q4", "q5", "q6"]
    codes = [line["error"]["code"] if line["error"] else None for line in lines]
    assert codes == [None, "bad_input", None, "bad_question", "bad_input", None]
    assert lines[4]["question"] == "half \ud83d a question about arrests"
    assert all((line["outcome"] == "error") == (line["error"] is not None) for line in lines)
    assert lines[5]["outcome"] == "none"
    assert "6 questions: " in result.stderr


def test_answer_goes_on_where_it_stopped_only_while_all_is_the_same(library, tmp_path):
    questions, out = questions_file(tmp_path), tmp_path / "answers.jsonl"
    command = ["answer", str(questions), "--out", str(out), "--library", str(library)]
    run(*command)
    complete = out.read_bytes()
    first = complete.index(b"\n") + 1
    marked = complete[:first].replace(b'"notes": []', b'"notes": ["kept"]')
    out.write_bytes(marked + complete[first : first + 30])
    resumed = run(*command)
    assert "going on after 1 of 6 answers" in resumed.stderr
    assert out.read_bytes().startswith(marked)
    assert out.read_bytes().count(b"\n") == 6
    stricter = run(*command, "--strictness", "90%")
    assert "starting again" in stricter.stderr
    assert b"kept" not in out.read_bytes()
    assert "going on after 6 of 6 answers" in run(*command, "--strictness", ".9").stderr
    other = run(*command, "--since", "2009")
    assert "starting again" in other.stderr
    assert b"kept" not in out.read_bytes()
    more = tmp_path / "more.txt"
    more.write_text("Prices rose in May.\n", encoding="utf-8")
    run("index", str(more), "--library", str(library))
    assert "starting again" in run(*command, "--since", "2009").stderr


def test_answers_may_go_to_standard_output(shipped, tmp_path):
    done = process("answer", str(questions_file(tmp_path)), "--out", "-", "-q", "--library", str(shipped))
    assert done.returncode == 1
    assert done.stderr == b""
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
        "q1",
        "2",
        "q3",
        "q4",
        "q5",
        "q6",
    ]
    assert not (ROOT / "-").exists()


@pytest.mark.parametrize("data", ["id,text\n7,Who left?\n", '{"id": "7", "question": "Who left?"}\n'])
def test_questions_may_come_from_standard_input_and_from_a_table(shipped, tmp_path, data):
    (tmp_path / "questions.csv").write_text("question,id\nWho left?,7\n")
    named = str(tmp_path / "questions.csv")
    piped = run("answer", "-", "--out", "-", "-q", "--library", str(shipped), input=data)
    table = run("answer", named, "--out", "-", "-q", "--library", str(shipped))
    for result in (piped, table):
        assert result.exit_code == 0, result.stderr
        (line,) = map(json.loads, result.stdout.splitlines())
        assert (line["id"], line["question"]) == ("7", "Who left?")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_named_and_no_defect(shipped, tmp_path):
    full = ["answer", str(questions_file(tmp_path)), "--out", "/dev/full", "--library", str(shipped)]
    result = run(*full)
    assert result.exit_code == 3
    assert "cannot write the answers to /dev/full: No space left on device" in result.stderr
    with Path("/dev/full").open("wb") as device:
        done = subprocess.run(
            [sys.executable, "-m", "qa", "documents", "--library", str(shipped)],
            cwd=ROOT,
            stdout=device,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr.decode().strip() == "error: No space left on device"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports it otherwise")
@pytest.mark.parametrize(
    "command", [["documents", "show", SEED.name], ["ask", QUESTION, "--json"]], ids=" ".join
)
def test_a_reader_that_goes_away_is_no_error_worth_a_word(command, shipped):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "qa", *command, "--library", str(shipped)],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT between processes")
def test_an_interrupted_index_exits_with_130_and_keeps_what_was_finished(library, tmp_path):
    many = tmp_path / "many.jsonl"
    with many.open("w", encoding="utf-8") as file:
        for number in range(4000):
            file.write(json.dumps({"_id": f"d{number}", "text": f"Event {number} took place."}) + "\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "qa", "index", str(many), "--library", str(library)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.5)
        listed = run("documents", "--library", str(library)).stdout.splitlines()
        if len(listed) > 2:  # more than the headings and the brief
            break
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "The files that were finished are kept" in said
    kept = len(run("documents", "--library", str(library)).stdout.splitlines())
    assert 2 < kept < 4002
    assert run("ask", QUESTION, "--document", SEED.name, "--library", str(library)).exit_code == 0


def test_ask_needs_neither_torch_nor_the_page_nor_what_reads_files(shipped):
    code = (
        "import sys; from qa.cli import cli\n"
        f"try: cli(['ask', {QUESTION!r}, '--library', {str(shipped)!r}])\n"
        "except SystemExit: pass\n"
        "slow = {'torch', 'sentence_transformers', 'transformers', 'gradio', 'fastapi', 'onnx', 'rich',"
        " 'qa.formats.reading'}\n"
        "print('HEAVY', sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


PLACES = 300


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def damage(cache: Path) -> None:
    """Change 300 places of all weights that run, and keep sizes and times."""
    found = list(cache.rglob("*.weights"))
    assert len(found) >= 2
    for weights in found:
        status, content = weights.stat(), bytearray(weights.read_bytes())
        for place in random.Random(1).sample(range(len(content)), PLACES):
            content[place] ^= 0x7F
        with weights.open("r+b") as file:
            file.write(content)
        os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))


def spoiled(cache: Path, found: dict[str, bytes]) -> list[str]:
    return [path.name for path in cache.rglob("*.weights") if path.read_bytes() != found[path.name]]


def test_doctor_reports_damaged_weights_and_makes_them_again(library, cache):
    asked = run("ask", QUESTION, "--json", "--library", str(library))
    whole = {path.name: path.read_bytes() for path in cache.rglob("*.weights")}
    damage(cache)
    assert len(spoiled(cache, whole)) == 2
    report = run("doctor", "--json", "--library", str(library))
    assert report.exit_code == 1
    findings = {each["about"]: each["problem"] for each in json.loads(report.stdout)["findings"]}
    for about, problem in findings.items():
        assert ("were damaged, so they are made again" in problem) == (
            about in ("reader", "encoder export")
        ), (
            about,
            problem,
        )
    assert not spoiled(cache, whole)
    assert run("doctor", "--library", str(library)).exit_code == 0
    again = run("ask", QUESTION, "--json", "--library", str(library))
    one, two = (json.loads(each.stdout) for each in (asked, again))
    assert one["quotes"] == two["quotes"]
    assert one["confidence"] == two["confidence"]


def test_a_running_model_notices_that_its_weights_are_damaged_and_goes_on_with_whole_ones(
    library, cache, caplog
):
    with Corpus.open(library) as corpus:
        expected = corpus.ask(QUESTION).to_dict()
        finished()
    damage(cache)
    with Corpus.open(library) as corpus:
        damaged = corpus.ask(QUESTION).to_dict()
        assert damaged["signals"] != expected["signals"]
        finished()
        assert caplog.text.count("was made again. Answers given before may be wrong") == 2
        caplog.clear()
        mended = corpus.ask(QUESTION).to_dict()
        assert {**mended, "milliseconds": {}} == {**expected, "milliseconds": {}}
        finished()
        assert not caplog.text


ASK, INDEX = ("ask", QUESTION), ("index", str(SEED))


@pytest.mark.day
@pytest.mark.parametrize(("command", "uses"), [(ASK, 2), (INDEX, 1)], ids=["ask", "index"])
def test_a_command_notices_that_its_weights_are_damaged_before_it_ends(
    library, cache, tmp_path, command, uses
):
    place = ("--library", str(library if command == ASK else tmp_path / "new"))
    run(*ASK, "--library", str(library))
    whole = {path.name: path.read_bytes() for path in cache.rglob("*.weights")}
    damage(cache)
    first = process(*command, *place)
    assert first.stderr.count(b"was made again") == uses
    assert b"index them again into a new library" in first.stderr
    assert len(spoiled(cache, whole)) == 2 - uses
    assert b"was made again" not in process(*command, *place).stderr


@pytest.mark.day
def test_an_upload_notices_that_the_encoder_is_damaged(library, cache, caplog):
    run(*ASK, "--library", str(library))
    damage(cache)
    with Corpus.open(library) as corpus:
        corpus.upload("note.txt", io.BytesIO(b"The well at Sarna has been dry since May."))
        finished()
        assert caplog.text.count("index them again into a new library") == 1


@pytest.mark.parametrize("suffix", ["onnx", "tokenizer"])
def test_a_small_file_of_a_model_that_is_damaged_is_made_again_at_once(library, cache, suffix):
    asked = ("ask", QUESTION, "--json", "--library", str(library))
    expected = json.loads(run(*asked).stdout)
    for path in cache.rglob(f"*.{suffix}"):
        status, content = path.stat(), path.read_bytes()
        path.write_bytes(content[: len(content) // 2] + b"#" + content[len(content) // 2 + 1 :])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert json.loads(run(*asked).stdout)["quotes"] == expected["quotes"]


def finished() -> None:
    """Wait until what was begun in the background has ended."""
    for thread in threading.enumerate():
        if thread.name == "pullquote-check":
            thread.join(60)
