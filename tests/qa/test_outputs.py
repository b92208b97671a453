"""No option that writes a file replaces one that Pullquote did not write itself; see `qa.outputs`."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sys
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from qa import outputs
from qa.cli import cli
from qa.corpus import Corpus
from qa.errors import OutputError
from qa.evaluation import trec
from qa.evaluation.report import to_html
from qa.evaluation.thumbs import save, to_queries
from qa.intake.folders import listing
from qa.intake.report import write_report
from qa.intake.watch import bursts
from qa.outputs import check_no_source, check_output, output_kind, write_output
from qa.quoting.render import to_json
from qa.schema import Answer, FileResult, IndexReport, QuoteReference, ShownAnswer
from qa.text.json_lines import dumps
from qa.web import transcript
from tests.qa.evaluation.sample import evaluation, text_of, title_of
from tests.qa.formats.test_reading import as_nobody
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

REPORT = IndexReport((FileResult("/briefs/a, b.txt", "added", "a.txt", 3),), 1.0)
ANSWER = to_json(Answer("Who?", "Who?", "none"), lambda _: pytest.fail("nothing is quoted"), "q1") + "\n"

FIELDS = ("id", "question", "history", "pullquote", "outcome", "path", "status", "text")
STARTS: tuple[dict[str, Any], ...] = ({}, {"path": "a", "status": "added"}, {"id": "1", "question": "Who?"})
KINDS = (
    *(outputs.ANSWERS, outputs.STATE, outputs.INDEX_REPORT, outputs.INDEX_TABLE, outputs.EVALUATION_REPORT),
    *(outputs.CONVERSATION, outputs.TREC_RUN, outputs.TREC_QRELS, outputs.TEST_QUERIES, outputs.TEST_TABLE),
)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    write(tmp_path / "docs", "a.txt", words(1))
    write(tmp_path / "docs", "brief.txt", "Rice rose to 900 won.\n")
    return tmp_path / "docs"


@pytest.fixture
def run(library: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command with the tiny encoder."""
    opened = Corpus.open
    monkeypatch.setattr(
        Corpus, "open", lambda *args, **options: opened(*args, encoder=TinyEncoder(), **options)
    )
    return lambda *words: CliRunner().invoke(cli, [*map(str, words), "--library", str(library)])


@pytest.mark.slow
def test_what_pullquote_wrote_is_no_document_in_an_archive_either(tmp_path: Path, library: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    written = [path for path, _ in own(made)]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("answers.jsonl", ANSWER)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in written:
            archive.write(path, path.name)
        archive.writestr("a.txt", words(1))
        archive.writestr("inner.zip", inner.getvalue())
    with tiny_corpus(library) as corpus:
        report = corpus.index(tmp_path / "all.zip")
        assert [info.id for info in corpus.documents()] == ["all.zip/a.txt"]
    notes = [note for each in report.files if each.status == "skipped" for note in each.notes]
    for name, note in zip((*(path.name for path in written), "inner.zip/answers.jsonl"), notes, strict=True):
        assert note.startswith(f"{tmp_path / 'all.zip'}/{name} is ")
        assert note.endswith("that Pullquote wrote, so it is not indexed.")
    assert report.count("refused") == 0


def feedback_file(folder: Path, name: str) -> Path:
    with tiny_corpus(folder / "thumbs") as corpus:
        write(folder, "x.txt", "Rice rose.")
        corpus.index(folder / "x.txt")
        document = corpus.document("x.txt")
        place = QuoteReference("x.txt", document.sha256, 0, 10)
        corpus.desk.put_thumb(
            ShownAnswer("What rose?", ("Hm?", "=1"), "What rose?", "answered", (place,)), None, "up"
        )
        save(to_queries(corpus.desk, corpus.store), folder / name)
    return folder / name


def own(folder: Path) -> Iterator[tuple[Path, outputs.Kind]]:
    """Write each kind of output as the commands do."""
    for name, kind in (("report.jsonl", outputs.INDEX_REPORT), ("report.csv", outputs.INDEX_TABLE)):
        write_report(REPORT, folder / name)
        yield folder / name, kind
    write_output(folder / "report.html", [to_html(evaluation(), text_of, title_of)])
    yield folder / "report.html", outputs.EVALUATION_REPORT
    saved = dt.datetime(2008, 4, 4, tzinfo=dt.UTC)
    write_output(folder / "chat.html", [transcript.page([], saved)])
    yield folder / "chat.html", outputs.CONVERSATION
    yield write(folder, "answers.jsonl", ANSWER * 2), outputs.ANSWERS
    trec.write_run(folder / "run.txt", {"q 1": {"id": "q 1", "passages": [{"document": "a b.txt"}]}})
    yield folder / "run.txt", outputs.TREC_RUN
    trec.write_qrels(folder / "qrels.txt", {"q 1": {"a b.txt": 1, "c": -1}})
    yield folder / "qrels.txt", outputs.TREC_QRELS
    yield feedback_file(folder, "queries.jsonl"), outputs.TEST_QUERIES
    yield feedback_file(folder, "queries.csv"), outputs.TEST_TABLE


def test_each_output_is_known_again_may_be_replaced_and_is_no_document(tmp_path: Path, library: Path) -> None:
    (tmp_path / "docs").mkdir()
    written = list(own(tmp_path / "docs"))
    for path, kind in written:
        assert output_kind(path) is kind
        check_output("--out", path, kind, library=library)
        with pytest.raises(OutputError, match="exists; use --force"):
            check_output("--out", path, outputs.Kind("a poem", lambda _: False), library=library)
    found = listing([tmp_path / "docs"])
    assert [file.path.name for file in found.files] == ["x.txt"]
    assert {str(path) for path, _ in written} <= set(found.skipped)
    (refused,) = listing([tmp_path / "docs" / "report.csv"]).refused
    assert refused.error
    assert "is an index report that Pullquote wrote, so it is not indexed" in refused.error.message


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (outputs.ANSWERS, '{"id": "1", "outcome": "won", "sport": "chess"}\n'),
        (outputs.ANSWERS, ANSWER + ANSWER[:-2] + ', "my verdict": "right"}\n'),
        (outputs.ANSWERS, ANSWER + "and my own remarks\n"),
        (outputs.STATE, '{"pullquote": "is nice"}'),
        (outputs.INDEX_REPORT, '{"path": "a", "status": "added"}\n'),
        (outputs.INDEX_TABLE, "path,status,document,passages,code,message,notes,mine\n"),
        (outputs.INDEX_TABLE, "name,price\nrice,900\n"),
        (outputs.EVALUATION_REPORT, "<!doctype html><html><head><title>Pullquote evaluation</title>"),
        (outputs.EVALUATION_REPORT, "<html><body><p>" + "x" * 3000 + '<meta name="generator" content="Pullq'),
        (outputs.TREC_RUN, "q1 Q0 d 1 5 bm25\n"),
        (outputs.TREC_QRELS, "q1 0 d 1\n"),
        (outputs.TREC_QRELS, "q1 pullquote d 1\nq2 0 mine 1\n"),
        (outputs.TEST_QUERIES, '{"id": "1", "question": "Who?", "quotes": []}\n'),
        (outputs.TEST_TABLE, "question,quote\nWho?,He.\n"),
        *((kind, "Rice rose to 900 won.\n") for kind in (outputs.ANSWERS, outputs.INDEX_REPORT)),
    ],
)
def test_what_somebody_else_wrote_is_spared(
    tmp_path: Path, library: Path, kind: outputs.Kind, content: str
) -> None:
    path = write(tmp_path, "precious", content)
    with pytest.raises(OutputError, match="precious exists; use --force"):
        check_output("--out", path, kind, library=library)
    check_output("--out", path, kind, library=library, force=True)
    path.write_bytes(b"")
    check_output("--out", path, kind, library=library)


def test_an_index_report_does_not_replace_a_document(
    run: Callable[..., Result], docs: Path, library: Path
) -> None:
    before = (docs / "brief.txt").read_bytes()
    for force in ([], ["--force"]):
        result = run("index", docs, "--report", docs / "brief.txt", *force)
        assert result.exit_code == 3
        assert "brief.txt" in result.stderr
        assert not library.exists()
    assert run("index", docs).exit_code == 0
    for options in ([docs / "a.txt"], [docs / "a.txt", "--force"]):  # another file, but one of the library's
        assert run("index", *options, "--report", docs / "brief.txt").exit_code == 3
    assert (docs / "brief.txt").read_bytes() == before


def test_an_index_report_in_the_folder_is_no_document_and_is_replaced(
    run: Callable[..., Result], docs: Path
) -> None:
    for name in ("report.csv", "report.jsonl"):
        first = run("index", docs, "--report", docs / name)
        again = run("index", docs, "--report", docs / name)
        assert (first.exit_code, again.exit_code) == (0, 0)
        assert f"left out 1 file that Pullquote wrote itself ({name})" in again.stdout
        assert "of another kind" not in again.stdout
        assert "2 documents" in again.stdout
        assert "unchanged" in (docs / name).read_text(encoding="utf-8")
        (docs / name).unlink()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_to_a_document_is_as_good_as_the_document(
    tmp_path: Path, docs: Path, library: Path, link: str, force: bool
) -> None:
    getattr(tmp_path / "report.csv", link)(docs / "brief.txt")
    with tiny_corpus(library) as corpus:
        corpus.index(docs)
        with pytest.raises(OutputError, match=r"report\.csv"):
            check_no_source("--report", tmp_path / "report.csv", outputs.INDEX_TABLE, corpus.store.sources())
    with pytest.raises(OutputError):
        check_output(
            "--report",
            tmp_path / "report.csv",
            outputs.INDEX_TABLE,
            library=library,
            read=[docs / "brief.txt"],
            force=force,
        )


RECORD = '{"id": "brief-1", "title": "Rice", "text": "Rice rose to 900 won."}'
QUESTION = '{"id": "brief-1", "question": "What rose?", "note": "mine'
CUT = ANSWER[: ANSWER.index('"outcome"')]


@pytest.mark.parametrize("content", [RECORD, RECORD[:-5], QUESTION, QUESTION + '"}', ANSWER + RECORD])
def test_a_last_line_without_a_newline_is_no_answer_by_that_alone(
    tmp_path: Path, library: Path, content: str
) -> None:
    path = write(tmp_path, "mine.jsonl", content)
    if content != ANSWER + RECORD:  # a file is told by how it begins
        assert output_kind(path) is None
    with pytest.raises(OutputError, match="exists; use --force"):
        check_output("--out", path, outputs.ANSWERS, library=library)


@pytest.mark.parametrize("content", [ANSWER + '{"id": "q', ANSWER + ANSWER[:40], CUT, ANSWER[:-1]])
def test_answers_that_were_cut_short_are_known_again(tmp_path: Path, library: Path, content: str) -> None:
    path = write(tmp_path, "answers.jsonl", content)
    assert output_kind(path) is outputs.ANSWERS
    check_output("--out", path, outputs.ANSWERS, library=library)


def test_a_document_of_one_line_is_indexed_and_not_replaced(
    run: Callable[..., Result], tmp_path: Path, docs: Path
) -> None:
    write(docs, "one.jsonl", RECORD)
    write(docs, "one.json", RECORD)
    assert {file.path.name for file in listing([docs]).files} >= {"one.jsonl", "one.json"}
    run("index", docs)
    questions = write(tmp_path, "questions.jsonl", '{"text": "Who?"}\n')
    mine = write(tmp_path, "mine.jsonl", RECORD)
    assert run("answer", questions, "--out", mine).exit_code == 3
    assert mine.read_text() == RECORD


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(record=_JSON | st.dictionaries(st.sampled_from(FIELDS), _JSON), fields=st.sampled_from(STARTS))
@example(record={"text": "x y z", "history": None}, fields={})
@example(record={"question": "Who?", "history": 5}, fields={"id": "1"})
@example(record={"question": "Who?", "history": "Who?"}, fields={"id": "1", "question": ""})
def test_no_json_is_too_odd_to_be_told_from_an_output(record: Any, fields: dict[str, str]) -> None:
    if isinstance(record, dict):
        record = {**fields, **record}
    for kind in KINDS:
        for line in (json.dumps(record), json.dumps(record, ensure_ascii=False), dumps(record, indent=1)):
            assert not kind.matches(iter(line.encode("utf-8", "surrogatepass").splitlines(keepends=True)))


@pytest.mark.parametrize("line", ["[" * 60_000, '{"id": ' * 9_000, '{"id": "1", "question": ' + "[" * 60_000])
def test_nesting_without_end_is_no_output(tmp_path: Path, line: str) -> None:
    assert output_kind(write(tmp_path, "deep.json", line)) is None
    assert not any(kind.matches(iter([line.encode()])) for kind in KINDS)


@pytest.mark.parametrize(
    "beginning",
    ['{"a":[', '{"path": "a", "status": [', '{"id": "1", "question": "Who?", "history": [', CUT + '"x": ['],
)
def test_what_a_file_is_costs_no_more_than_how_it_begins(tmp_path: Path, beginning: str) -> None:
    path = write(tmp_path, "hostile.json", beginning + "{}," * 1_000_000 + "{}]}\n")
    tracemalloc.start()
    try:
        output_kind(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_where_a_file_cannot_or_must_not_be_written_is_said_before_any_work(
    run: Callable[..., Result], tmp_path: Path, docs: Path, library: Path
) -> None:
    missing = run("index", docs, "--report", tmp_path / "none" / "report.csv")
    assert missing.exit_code == 3
    assert f"there is no folder {tmp_path / 'none'}" in missing.stderr
    inside = run("index", docs, "--report", library / "report.csv", "--force")
    assert inside.exit_code == 3
    assert "in the library's folder" in inside.stderr
    assert not library.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions work otherwise on Windows")
def test_a_folder_that_may_not_be_written_is_said(library: Path) -> None:
    with as_nobody(), tempfile.TemporaryDirectory() as folder:
        locked = Path(folder) / "locked"
        locked.mkdir(mode=0o500)
        for path in (locked / "a", locked / "b" / "c"):
            with pytest.raises(OutputError, match="may not be written"):
                check_output("--out", path, outputs.ANSWERS, library=library, make_folder=True)


@pytest.mark.parametrize("name", ["questions.jsonl", "precious.jsonl", "held.txt"])
def test_answers_do_not_replace_the_questions_nor_anything_else(
    run: Callable[..., Result], tmp_path: Path, docs: Path, name: str
) -> None:
    run("index", docs)
    questions = write(tmp_path, "questions.jsonl", '{"text": "Who?"}\n')
    write(tmp_path, "precious.jsonl", '{"outcome": "a draw"}\n')
    path = docs / "brief.txt" if name == "held.txt" else tmp_path / name
    before = path.read_bytes()
    assert run("answer", questions, "--out", path).exit_code == 3
    assert path.read_bytes() == before
    assert not path.with_name(path.name + ".state").exists()


@pytest.mark.parametrize("option", ["--report", "--trec-run", "--trec-qrels", "--out"])
def test_an_evaluation_replaces_nothing_else(
    run: Callable[..., Result], tmp_path: Path, docs: Path, option: str
) -> None:
    run("index", docs)
    suite = write(tmp_path, "suite.csv", "question,answerable\nWho?,no\n")
    precious = write(tmp_path, "precious", "q1 0 judged-by-hand 1\n")
    answers = [] if option == "--out" else ["--answers", write(tmp_path, "answers.jsonl", ANSWER)]
    for path in (precious, suite, docs / "brief.txt"):
        before = path.read_bytes()
        force = ["--force"] if path != precious else []
        assert run("evaluate", suite, *answers, option, path, *force).exit_code == 3
        assert path.read_bytes() == before


def test_an_evaluation_writes_its_outputs_again(
    run: Callable[..., Result], tmp_path: Path, docs: Path
) -> None:
    run("index", docs)
    suite = write(tmp_path, "suite.csv", "id,question,answerable\nq1,Who?,no\n")
    answers = write(tmp_path, "answers.jsonl", ANSWER)
    told = ["--report", tmp_path / "r.html", "--trec-run", tmp_path / "run", "--trec-qrels", tmp_path / "qr"]
    for _ in range(2):
        result = run("evaluate", suite, "--answers", answers, *told)
        assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_feedback_does_not_replace_a_document(run: Callable[..., Result], tmp_path: Path, name: str) -> None:
    source = write(
        tmp_path / "docs",
        name,
        "id,text\n1,Rice rose.\n" if name == "out.csv" else '{"_id": "1", "text": "Rice rose."}\n',
    )
    before = source.read_bytes()
    assert run("index", source).exit_code == 0
    for force in ([], ["--force"]):
        assert run("feedback", "--out", source, *force).exit_code == 3
    assert source.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_an_output_has_the_mode_that_the_umask_gives_or_that_the_file_had(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    before = os.umask(0o027)
    try:
        for mode in (0o640, 0o600, 0o666):
            write_output(path, ["path,", b"status"])
            assert path.stat().st_mode & 0o777 == mode
            path.chmod({0o640: 0o600, 0o600: 0o666}.get(mode, mode))
    finally:
        os.umask(before)


def test_whatever_interrupts_a_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = write(tmp_path, "report", "earlier")

    def parts() -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_output(path, parts())
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "link").symlink_to(path)
    write_output(tmp_path / "link", ["new"])
    assert ((tmp_path / "link").is_symlink(), path.read_text()) == (True, "new")


@pytest.mark.skipif(sys.platform == "win32", reason="a device of POSIX")
def test_a_device_is_written_as_it_is(tmp_path: Path, library: Path) -> None:
    device = tmp_path / "device"
    device.symlink_to("/dev/null")
    check_output("--report", device, outputs.INDEX_REPORT, library=library)
    write_output(device, ["lost"])
    assert device.resolve().is_char_device()


def test_a_report_in_a_folder_that_is_watched_does_not_begin_another_burst(
    docs: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.watch._WAKE", 100)
    monkeypatch.setattr("qa.intake.watch._QUIET", 100)
    waiting = bursts([docs], library, docs / "report.csv")
    next(waiting)
    write_report(REPORT, docs / "report.csv")
    write(docs, "later.txt", dumps("x"))
    next(waiting)  # for the other file
    seen = json.dumps(sorted(path.name for path in docs.iterdir()))
    assert seen == '["a.txt", "brief.txt", "later.txt", "report.csv"]'
    waiting.close()


@pytest.mark.parametrize("beside", [".state", ".earlier"])
def test_force_spares_a_source_behind_what_lies_beside_the_answers(
    run: Callable[..., Result], tmp_path: Path, docs: Path, beside: str
) -> None:
    run("index", docs)
    before = (docs / "a.txt").read_bytes()
    (tmp_path / f"a.jsonl{beside}").symlink_to(docs / "a.txt")
    questions = write(tmp_path, "q.jsonl", '{"text": "Who?"}\n')
    result = run("answer", questions, "--out", tmp_path / "a.jsonl", "--force")
    assert (result.exit_code, (docs / "a.txt").read_bytes()) == (3, before)
    assert f"a.jsonl{beside}" in result.stderr


@pytest.mark.parametrize("beside", [".state", ".earlier"])
def test_force_spares_the_questions_beside_the_answers(
    run: Callable[..., Result], tmp_path: Path, docs: Path, beside: str
) -> None:
    run("index", docs)
    questions = write(tmp_path, f"b.jsonl{beside}", '{"text": "Who?"}\n')
    result = run("answer", questions, "--out", tmp_path / "b.jsonl", "--force")
    assert (result.exit_code, questions.read_text()) == (3, '{"text": "Who?"}\n')


def test_force_spares_the_sidecar_of_a_document(run: Callable[..., Result], docs: Path) -> None:
    sidecar = write(docs, "a.txt.meta.toml", 'title = "Rice"\n')
    for _ in range(2):  # before the library is made, and after
        assert run("index", docs, "--report", sidecar, "--force").exit_code == 3
        assert sidecar.read_text() == 'title = "Rice"\n'
        assert run("index", docs).exit_code == 0


def test_force_spares_the_source_of_a_document_that_was_removed(
    run: Callable[..., Result], tmp_path: Path, docs: Path
) -> None:
    run("index", docs)
    assert run("remove", "brief.txt").exit_code == 0
    questions = write(tmp_path, "q.jsonl", '{"text": "Who?"}\n')
    before = (docs / "brief.txt").read_bytes()
    result = run("answer", questions, "--out", docs / "brief.txt", "--force")
    assert (result.exit_code, (docs / "brief.txt").read_bytes()) == (3, before)


@pytest.mark.parametrize("beside", [".state", ".earlier"])
def test_two_outputs_of_one_command_are_two_files(
    run: Callable[..., Result], tmp_path: Path, docs: Path, beside: str
) -> None:
    run("index", docs)
    suite = write(tmp_path, "suite.csv", "question,answerable\nWho?,no\n")
    out = tmp_path / "y.jsonl"
    result = run("evaluate", suite, "--out", out, "--trec-run", tmp_path / f"y.jsonl{beside}")
    assert result.exit_code == 2
    assert "the same file as another option" in result.stderr
    assert not out.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_beside_the_answers_is_refused(run: Callable[..., Result], tmp_path: Path, docs: Path) -> None:
    run("index", docs)
    os.mkfifo(tmp_path / "a.jsonl.state")
    questions = write(tmp_path, "q.jsonl", '{"text": "Who?"}\n')
    result = run("answer", questions, "--out", tmp_path / "a.jsonl", "--force")
    assert result.exit_code == 3
    assert "a.jsonl.state is not an ordinary file" in result.stderr
