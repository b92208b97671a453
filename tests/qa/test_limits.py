from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from qa import Corpus, limits
from qa.cli import cli
from qa.errors import InputError, QuestionError
from qa.evaluation.batch import answer_file
from qa.limits import check_dates, check_filters, check_history, check_question
from qa.schema import AskOptions, Filters, Turn
from qa.web.engine import Engine
from qa.web.options import read_options
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LONG = limits.MAX_QUESTION_CHARACTERS + 1


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus.open(tmp_path_factory.mktemp("empty") / "library") as corpus:
        yield corpus


def wrong(**values: Any) -> Filters:
    """Make filters with values that no type checker would let pass."""
    return Filters(**values)


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (["2008 " * 5000], "turn 1 of the history has 25,000 characters; at most 2,000"),
        (["Who?", Turn("user", "a" * LONG)], "turn 2 of the history has 2,001 characters; at most 2,000"),
        ([Turn("assistant", "a" * 20_001)], "turn 1 of the history has 20,001 characters; at most 20,000"),
        (["Who?"] * 201, "the history has 201 turns; at most 200"),
    ],
)
def test_a_history_that_is_too_long_is_refused_and_named(history: Sequence[str | Turn], said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        check_history(history)


def test_a_history_within_the_limits_passes() -> None:
    check_history(["a" * 2_000] * 199 + [Turn("assistant", "a" * 20_000)])


@pytest.mark.parametrize("question", [None, 5, b"Who?"])
def test_a_question_that_is_no_text_is_refused(question: object) -> None:
    with pytest.raises(QuestionError, match="write a text"):
        check_question(question)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(publisher="x" * 501), "'publisher' has 501 characters; at most 500"),
        (Filters(collection="x" * 20_000), "'collection' has 20,000 characters"),
        (Filters(document=("x" * 4_097,)), "'document' has 4,097 characters; at most 4,096"),
        (Filters(document=("x",) * 1_001), "1,001 documents; at most 1,000"),
        (Filters(publisher=("IFES",) * 101), "'publisher' has 101 values; at most 100"),
        (Filters(publisher=("IFES", "x" * 501)), "'publisher' has 501 characters"),
        (Filters(series="\ud800"), "'series': .* is not valid text"),
    ],
)
def test_filters_that_are_too_long_are_refused_and_named(filters: Filters, said: str) -> None:
    check_filters(Filters(publisher="x" * 500, document=("y" * 4_096,) * 1_000))
    with pytest.raises(InputError, match=said):
        check_filters(filters)


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (None, r"the history is None: write a list of turns, such as \['Who was arrested\?'\]"),
        (5, "the history is 5: write a list"),
        ({"role": "user"}, "the history is {.*: write a list"),
        (iter(["Who?"]), "the history is <list_iterator .*: write a list"),
        ([1], r"turn 1 of the history is 1: write a text, or Turn\('user', 'Who was arrested\?'\)"),
        (["Who?", None], "turn 2 of the history is None: write a text"),
        ([{"role": "user", "text": "Who?"}], "turn 1 of the history is {.*: write a text"),
        (b"Who?", "turn 1 of the history is 87: write a text"),
        ([Turn("user", 5)], r"turn 1 of the history is Turn\(role='user', text=5\): write a text"),
        ([Turn("system", "Who?")], r"turn 1 of the history is Turn\(role='system'.*: write a text"),
    ],
)
def test_a_history_of_the_wrong_type_is_refused_and_told_what_to_write(history: Any, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        check_history(history)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (None, r"the filters are None: write, for example, Filters\(publisher='IFES'\)"),
        ({"publisher": "IFES"}, "the filters are {.*: write, for example, Filters"),
        (wrong(publisher=5), "the filter 'publisher' is 5: write a text"),
        (wrong(series=None), "the filter 'series' is None: write a text"),
        (wrong(language=["en"]), r"the filter 'language' is \['en'\]: write a text"),
        (wrong(language=("en", 5)), "the filter 'language' is 5: write a text"),
        (wrong(collection=b"a"), "the filter 'collection' is b'a': write a text"),
        (wrong(document=(1,)), r"the filter 'document' is \(1,\): write a tuple of ids"),
        (wrong(document=["a.txt"]), r"\['a.txt'\]: write a tuple of ids, such as \('report.txt',\)"),
        (wrong(document=[1]), "write a tuple of ids"),
        (wrong(document=None), "the filter 'document' is None: write a tuple of ids"),
    ],
)
def test_filters_of_the_wrong_type_are_refused_and_told_what_to_write(filters: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_filters(filters)


@pytest.mark.parametrize("dates", ["foo", None, 5, ["auto"]])
def test_a_way_with_dates_that_is_not_known_is_refused_and_told_what_to_write(dates: Any) -> None:
    check_dates("auto")
    check_dates("ignore")
    with pytest.raises(InputError, match=r"dates is .*: write 'auto' or 'ignore'"):
        check_dates(dates)


@pytest.mark.models
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"history": None}, "the history is None"),
        ({"history": [1]}, "turn 1 of the history is 1"),
        ({"filters": None}, "the filters are None"),
        ({"filters": wrong(document=[1])}, "the filter 'document' is"),
        ({"filters": wrong(publisher=5)}, "the filter 'publisher' is 5"),
        ({"strictness": "x"}, "the strictness is 'x'"),
        ({"dates": "foo"}, "dates is 'foo'"),
    ],
)
def test_from_python_what_is_of_the_wrong_type_is_refused(
    empty: Corpus, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        empty.ask("Who was arrested?", **asked)


def test_options_of_the_page_that_are_too_long_are_refused() -> None:
    with pytest.raises(InputError, match="at most 100,000 are read: clear them"):
        read_options(" " * 100_001)


def test_the_command_line_refuses_what_is_too_long() -> None:
    result = CliRunner().invoke(cli, ["ask", "Who?", "--publisher", "x" * 501])
    assert result.exit_code == 2
    assert "'publisher' has 501 characters" in result.stderr


@pytest.mark.models
def test_an_answer_line_names_the_turn_that_is_too_long(tmp_path: Path, brief: Path) -> None:
    line = json.dumps({"_id": "a", "text": "Who was arrested then?", "history": ["2008 " * 5000]})
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
        with pytest.raises(QuestionError, match="turn 1 of the history"):
            corpus.ask("Who was arrested then?", ["2008 " * 5000])
        counts = answer_file(
            corpus, line.encode(), tmp_path / "answers.jsonl", AskOptions(), lambda *_: None, lambda _: None
        )
    answer = json.loads((tmp_path / "answers.jsonl").read_bytes())
    assert counts == {"error": 1}
    assert answer["error"]["code"] == "bad_question"
    assert answer["error"]["message"].startswith("turn 1 of the history has 25,000 characters")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "feedback", {"answer": "x" * 65, "thumb": "up"}),
        ("POST", "feedback", {"answer": "x", "quote": "0" * 91, "thumb": "up"}),
        ("GET", f"feedback/answers/{'x' * 65}", None),
        ("GET", f"citations/{'0' * 64}/0-{10**12}", None),
        ("GET", f"citations/{'0' * 65}/0-1", None),
        ("POST", "ask", {"question": "Who?", "filters": {"since": "2" * 100_000}}),
    ],
)
def test_over_http_what_is_too_long_is_a_short_400(
    tmp_path: Path, method: str, path: str, body: dict[str, object] | None
) -> None:
    app = app_over(Engine(tmp_path, tmp_path))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        response = client.request(method, f"/api/v1/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_input"
    assert len(response.content) < 1_000
