from __future__ import annotations

import datetime as dt
import json
import shutil
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking.answer import Answerer
from qa.errors import InputError, OutputError
from qa.evaluation import batch
from qa.evaluation.batch import Question, answer_file, code_sha256, keep_earlier, read_questions
from qa.quoting.render import to_json
from qa.schema import Answer, AskOptions, Filters, Turn
from tests.conftest import ROOT
from tests.qa.tiny import TinyReader, tiny_corpus, write


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"_id": "a", "text": "Who?"}', Question("a", "Who?")),
        ('{"id": "a", "question": "Who?"}', Question("a", "Who?")),
        ('{"_id": "a", "id": "b", "text": "Who?", "question": "What?"}', Question("a", "Who?")),
        ('{"_id": 7, "text": "Who?"}', Question("7", "Who?")),
        ('{"_id": null, "id": "b", "text": "Who?"}', Question("b", "Who?")),
        ('{"_id": null, "text": "Who?"}', Question("1", "Who?")),
        ('{"text": "Who?"}', Question("1", "Who?")),
        ('{"_id": "a", "text": "Who?", "history": ["Where?"]}', Question("a", "Who?", ("Where?",))),
        ('{"_id": "a", "text": "Who?", "history": null}', Question("a", "Who?")),
        (
            '{"_id": "a", "text": "Who?", "history": [{"role": "assistant", "text": "There."}]}',
            Question("a", "Who?", (Turn("assistant", "There."),)),
        ),
        (
            '{"_id": "a", "text": "Who?", "filters": {"since": "2008-04-04", "series": ["A", "B"]}}',
            Question("a", "Who?", filters=Filters(since=dt.date(2008, 4, 4), series=("A", "B"))),
        ),
        ('{"_id": "a", "text": ""}', Question("a", "")),
        ('{"_id": "a", "text": "whole \\ud83d\\ude00"}', Question("a", "whole \U0001f600")),
    ],
)
def test_a_question_line_is_read(line, expected):
    assert read_questions(line.encode()) == (expected,)


@pytest.mark.parametrize(
    ("line", "answer_id", "said"),
    [
        (b"who?", "1", "line 1 is not a question: Expecting value"),
        (b"[1, 2]", "1", "it is not a JSON object"),
        (b'{"_id": "a"}', "a", 'it has no "text" or "question"'),
        (b'{"_id": "a", "text": 5}', "a", 'it has no "text" or "question"'),
        (b'{"_id": "a", "text": "Who?", "history": "Where?"}', "a", '"history" is not a list'),
        (b'{"_id": "a", "text": "Who?", "history": [5]}', "a", '"history" holds strings'),
        (
            b'{"_id": "a", "text": "Who?", "history": [{"role": "x", "text": ""}]}',
            "a",
            '"history" holds strings',
        ),
        (b'{"_id": "a", "text": "Who?", "filters": "x"}', "a", '"filters" holds "since"'),
        (b'{"_id": "a", "text": "Who?", "filters": {"since": "May"}}', "a", '"filters" holds "since"'),
        (b'{"_id": "a", "text": "Who?", "filters": {"colour": "red"}}', "a", '"filters" holds "since"'),
        (b'{"_id": "a", "text": "Who?", "filters": {"series": [5]}}', "a", '"filters" holds "since"'),
        (b'{"_id": "a", "text": "caf\xe9"}', "1", "can't decode byte 0xe9"),
        (b"[" * 100_000, "1", "line 1 is not a question"),
        (b'{"_id": "a", "text": "half \\ud83d"}', "a", "surrogates not allowed"),
        (b'{"_id": "a", "text": "Who?", "history": ["half \\ud83d"]}', "a", "surrogates not allowed"),
    ],
)
def test_a_line_that_is_no_question_carries_its_failure(line, answer_id, said):
    (question,) = read_questions(line)
    assert question.id == answer_id
    assert question.failure
    assert question.failure.code == "bad_input"
    assert said in question.failure.message


def test_one_bad_line_loses_none_of_the_others():
    data = b'\xef\xbb\xbf{"_id": "a", "text": "1"}\r\n\nnot json\n{"_id": "b", "text": "2"}'
    assert [(q.id, q.text, q.failure is None) for q in read_questions(data)] == [
        ("a", "1", True),
        ("3", "", False),
        ("b", "2", True),
    ]


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_each_line_that_is_not_empty_is_one_question(data):
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert len(read_questions(data)) == sum(bool(line.strip()) for line in lines)


QUESTIONS = tuple(Question(str(number), "Who?") for number in range(4))
BASIS = {"pullquote": "1", "code": "", "library": "l", "generation": 3, "questions": "", "filters": {}}


def answers(*outcomes: str, first: str = "0") -> bytes:
    lines = (
        to_json(Answer("Who?", "Who?", outcome), Mock(), str(at) if at else first)
        for at, outcome in enumerate(outcomes)
    )
    return "".join(line + "\n" for line in lines).encode()


@pytest.fixture
def out(tmp_path):
    path = tmp_path / "answers of today.jsonl"
    keep_earlier(path, BASIS, QUESTIONS)
    return path


def test_the_first_run_starts_with_an_empty_file_and_says_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    assert keep_earlier(path, BASIS, QUESTIONS) == ([], "")
    assert path.read_bytes() == b""
    assert json.loads((tmp_path / "a.jsonl.state").read_text()) == BASIS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "a.jsonl.state"]


def test_whole_answers_of_an_earlier_run_are_kept_and_a_cut_line_is_dropped(out):
    out.write_bytes(answers("answered", "none") + b'{"id": "2", "outc')
    outcomes, message = keep_earlier(out, BASIS, QUESTIONS)
    assert outcomes == ["answered", "none"]
    assert message == "going on after 2 of 4 answers"
    assert out.read_bytes() == answers("answered", "none")


def test_nothing_but_a_cut_line_is_a_run_that_begins(out):
    out.write_bytes(answers("answered")[:70])
    assert keep_earlier(out, BASIS, QUESTIONS)[0] == []
    assert out.read_bytes() == b""


@pytest.mark.parametrize(
    "data", [b"q1 Q0 d 1 5 x\n", b"<html>", b'{"_id": "a", "text": "Who?"}\n', b"5\n", b"[" * 10_000]
)
def test_a_file_that_never_held_answers_is_spared(tmp_path, data):
    path = tmp_path / "precious"
    path.write_bytes(data)
    with pytest.raises(OutputError, match="exists; use --force"):
        keep_earlier(path, BASIS, QUESTIONS)
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["", ".state", ".earlier"])
def test_no_file_beside_the_answers_is_replaced_that_somebody_else_wrote(out, ending):
    out.write_bytes(answers("answered"))
    precious = out.with_name(out.name + ending)
    precious.write_bytes(b"my notes\n")
    with pytest.raises(OutputError, match="exists; use --force"):
        keep_earlier(out, {**BASIS, "strictness": 0.9}, QUESTIONS)
    assert precious.read_bytes() == b"my notes\n"


def test_answers_that_are_begun_anew_by_mistake_are_not_lost(out):
    out.write_bytes(answers("answered", "none"))
    aside = out.with_name(out.name + ".earlier")
    _, message = keep_earlier(out, {**BASIS, "strictness": 0.9}, QUESTIONS)
    assert f"the former answers are in {aside.name} until" in message
    assert aside.read_bytes() == answers("answered", "none")
    out.write_bytes(answers("weak"))  # it is interrupted, and begun anew once more
    keep_earlier(out, {**BASIS, "strictness": 0.8}, QUESTIONS)
    assert (aside.read_bytes(), out.read_bytes()) == (answers("answered", "none"), b"")


def test_with_force_any_file_makes_way(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"my notes\n")
    assert keep_earlier(path, BASIS, QUESTIONS, force=True)[0] == []
    assert path.read_bytes() == b""


@pytest.mark.parametrize("force", [False, True])
def test_after_a_forced_run_was_interrupted_the_same_command_goes_on(tmp_path, force):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"my notes\n")
    (tmp_path / "a.jsonl.state").write_bytes(b"my state\n")
    _, message = keep_earlier(path, BASIS, QUESTIONS, force=True)
    assert message == "starting again; the former file is now a.jsonl.replaced"
    path.write_bytes(answers("answered"))  # and here it is interrupted
    assert keep_earlier(path, BASIS, QUESTIONS, force=force)[0] == ["answered"]
    keep_earlier(path, {**BASIS, "strictness": 0.9}, QUESTIONS, force=force)
    assert (tmp_path / "a.jsonl.replaced").read_bytes() == b"my notes\n"
    assert (tmp_path / "a.jsonl.state.replaced").read_bytes() == b"my state\n"
    assert (tmp_path / "a.jsonl.earlier").read_bytes() == answers("answered")


def test_each_file_that_was_forced_away_is_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    for number in "123":
        path.write_text(number)
        keep_earlier(path, BASIS, QUESTIONS, force=True)
    names = "a.jsonl.replaced", "a.jsonl.replaced2", "a.jsonl.replaced3"
    assert [(tmp_path / name).read_text() for name in names] == ["1", "2", "3"]


def test_somebody_elses_earlier_file_hinders_no_run_that_does_not_need_its_place(out):
    out.write_bytes(answers("answered"))
    precious = out.with_name(out.name + ".earlier")
    precious.write_bytes(b"my notes\n")
    assert keep_earlier(out, BASIS, QUESTIONS)[0] == ["answered"]
    keep_earlier(out, {**BASIS, "strictness": 0.9}, QUESTIONS, force=True)
    assert out.with_name(out.name + ".replaced").read_bytes() == answers("answered")
    assert precious.read_bytes() == b"my notes\n"


def test_complete_answers_take_the_place_of_earlier_answers_alone(tmp_path):
    out, aside = tmp_path / "a.jsonl", tmp_path / "a.jsonl.earlier"
    for data, stays in ((b"my notes\n", True), (answers("answered"), False)):
        aside.write_bytes(data)
        answer_file(WithoutModels(), b'{"text": 5}', out, AskOptions(), print, print)
        assert json.loads(out.read_bytes())["outcome"] == "error"
        assert aside.exists() == stays


@pytest.mark.parametrize("data", [b"[" * 100_000, b"5\n", b"\xff\xfe\0"])
def test_whatever_a_forced_state_or_file_holds_it_makes_way(tmp_path, data):
    path = tmp_path / "a.jsonl"
    for name in ("a.jsonl", "a.jsonl.state"):
        (tmp_path / name).write_bytes(data)
    assert keep_earlier(path, BASIS, QUESTIONS, force=True)[0] == []
    assert (tmp_path / "a.jsonl.state.replaced").read_bytes() == data


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: out.with_name(out.name + ".state").unlink(),
        lambda out: out.with_name(out.name + ".state").write_text(json.dumps({**BASIS, "generation": 4})),
        lambda out: out.write_bytes(answers("none", first="other")),
        lambda out: out.write_bytes(answers("none", "none", "none", "none", "none")),
    ],
    ids=["no state", "other state", "other ids", "too many"],
)
def test_what_does_not_belong_to_this_run_is_begun_anew_and_said(out, spoil):
    out.write_bytes(answers("answered", "none"))
    spoil(out)
    outcomes, message = keep_earlier(out, BASIS, QUESTIONS)
    assert outcomes == []
    assert message.startswith("starting again")
    assert out.read_bytes() == b""
    assert json.loads(out.with_name(out.name + ".state").read_text()) == BASIS


@pytest.mark.parametrize(
    ("name", "rests_on_it"),
    [
        ("qa/asking/answer.py", True),
        ("qa/formats/text.py", True),
        ("embeddings/relevance_head.npz", True),
        ("qa/evaluation/batch.py", True),
        ("qa/evaluation/result_tables.py", False),
        ("qa/web/cards.py", False),
    ],
)
def test_answers_rest_on_the_code_and_the_weights_that_make_them(tmp_path, name, rests_on_it):
    for package in ("qa", "embeddings"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / name).open("ab") as file:
        file.write(b"\n")
    assert len(code_sha256()) == 64
    assert (code_sha256(tmp_path) != code_sha256()) == rests_on_it


class WithoutModels:
    """A library that can answer no question; `failure` is raised where the models should be opened."""

    library = "library"
    document = None
    store = Mock(generation=1, encoder_identity=Mock(sha256="0"), hashes=list)

    def __init__(self, failure=None):
        self.answerer = Mock(side_effect=[Mock(reader="reader"), failure or Mock()])


def _basis(folder, text="Who?", today=None, **options):
    library = WithoutModels()
    library.library = folder
    return batch._basis(library, json.dumps({"text": text}).encode(), AskOptions(**options), today)


def test_answers_rest_on_the_question_and_all_options(tmp_path):
    said = [
        _basis(tmp_path),
        _basis(tmp_path, text="What?"),
        _basis(tmp_path, filters=Filters(publisher="Post")),
        _basis(tmp_path, strictness=0.8),
        _basis(tmp_path, dates="ignore"),
        _basis(tmp_path, find_all=True),
    ]
    (tmp_path / "aliases.txt").write_text("Kim Il-sung = Great Leader\n")
    said.append(_basis(tmp_path))
    (tmp_path / "aliases.txt").write_text("Kim Il-sung = Dear Leader!\n")
    said.append(_basis(tmp_path))
    assert len({json.dumps(each) for each in said}) == len(said)
    assert _basis(tmp_path) == said[-1]


def test_answers_rest_on_today_only_where_a_question_does(tmp_path):
    asked = "What was sold last year?", "What was sold in 2007?"

    def of(day):
        return [_basis(tmp_path, text, today=dt.date(2008, 3, day)) for text in asked]

    (relative, absolute), (relative_later, absolute_later) = of(1), of(2)
    assert relative != relative_later
    assert absolute == absolute_later


@pytest.mark.parametrize("find_all", [False, True])
def test_all_that_answers_is_written_if_asked_for(tmp_path, find_all):
    out = tmp_path / "answers.jsonl"
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "note.txt", "The repair of the bridge cost 900 pounds.\n"))
        corpus.answerer = lambda: Answerer(corpus.store, TinyReader())
        asked = b'{"text": "What did the repair of the bridge cost?"}'
        answer_file(corpus, asked, out, AskOptions(find_all=find_all), print, print)
    (line,) = map(json.loads, out.read_text().splitlines())
    assert line["outcome"] == "answered"
    assert (line["more"]["quotes"] is not None) == find_all


def test_a_question_with_filters_of_its_own_is_asked_with_these(tmp_path):
    out = tmp_path / "answers.jsonl"
    with tiny_corpus(tmp_path / "library") as corpus:
        for name, pounds in (("north", 900), ("south", 700)):
            corpus.index(write(tmp_path, f"{name}.txt", f"The repair of the bridge cost {pounds} pounds.\n"))
        corpus.answerer = lambda: Answerer(corpus.store, TinyReader())
        asked = {"text": "What did the repair of the bridge cost?"}
        lines = [asked | {"filters": {"document": ["south.txt"]}}, asked]
        questions = "\n".join(map(json.dumps, lines)).encode()
        answer_file(corpus, questions, out, AskOptions(Filters(document=("north.txt",))), print, print)
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [{quote["document"] for quote in each["quotes"]} for each in answers] == [
        {"south.txt"},
        {"north.txt"},
    ]


def test_a_file_that_fails_while_answering_is_not_taken_for_that_of_the_answers(tmp_path):
    for failure, error, said in (
        (FileNotFoundError(2, "No such file or directory", "weights"), FileNotFoundError, "weights"),
        (
            OSError(28, "No space left on device"),
            InputError,
            "cannot write the answers to .*out: No space left",
        ),
    ):
        with pytest.raises(error, match=said):
            answer_file(
                WithoutModels(failure), b'{"text": "Who?"}', tmp_path / "out", AskOptions(), print, print
            )
