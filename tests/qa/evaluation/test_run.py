"""Asking, keeping and comparing: without models, on a library with the tiny encoder."""

from __future__ import annotations

import json
import threading

import pytest

from embeddings.models import INT8_ENCODER
from qa.errors import InputError
from qa.evaluation import run
from qa.evaluation.schema import Query, Suite
from qa.evaluation.trec import write_run
from qa.schema import Document, Turn
from tests.qa.tiny import TinyEncoder, tiny_corpus, write

SUITE = Suite("s", (Query("a", "Who?"), Query("b", "When?", ("Who?", Turn("assistant", "He.")))))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "the cache"))
    return tmp_path / "the cache" / "evaluate"


def answer_line(query: str, **fields: object) -> dict[str, object]:
    return {"id": query, "outcome": "answered", "confidence": 0.5, "quotes": [], "passages": [], **fields}


def answers_file(tmp_path, *records: object, name: str = "answers.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


# The suite's own corpus


def own_corpus(tmp_path, *records: object):
    return answers_file(tmp_path, *records, name="corpus.jsonl")


def test_the_documents_of_a_suite_are_read_and_refused_lines_are_said(tmp_path):
    said = []
    path = own_corpus(tmp_path, {"_id": "a", "title": "T", "text": "One."}, {"_id": "b", "text": ""})
    documents = run.suite_documents(path, said.append)
    assert {key: (each.title, each.text) for key, each in documents.items()} == {"a": ("T", "One.")}
    assert len(said) == 1
    assert said[0].startswith(f"1 line of {path} left out; the first: ")


def test_a_corpus_without_a_document_is_refused_with_its_reason(tmp_path):
    with pytest.raises(InputError, match="line 1"):
        run.suite_documents(own_corpus(tmp_path, {"_id": "b", "text": ""}), print)
    with pytest.raises(InputError, match=r"cannot read .*none\.jsonl"):
        run.suite_documents(tmp_path / "none.jsonl", print)


def test_a_suites_library_is_named_by_corpus_and_encoder_and_not_by_where_it_lies(tmp_path, cache):
    one = own_corpus(tmp_path, {"_id": "a", "text": "One."})
    (tmp_path / "moved").mkdir()
    moved = own_corpus(tmp_path / "moved", {"_id": "a", "text": "One."})
    other = answers_file(tmp_path, {"_id": "a", "text": "Two."}, name="other.jsonl")
    named = run._suite_library_folder(one, None)
    assert named.parent == cache
    assert run._suite_library_folder(moved, None) == named
    assert run._suite_library_folder(other, None) != named
    assert run._suite_library_folder(one, INT8_ENCODER) != named


# Keeping answers


def test_answers_are_kept_by_library_and_questions(tmp_path, cache):
    path = run.answers_path(tmp_path / "library", SUITE)
    assert path.is_relative_to(cache)
    assert path == run.answers_path(tmp_path / "library", Suite("another name", SUITE.queries))
    assert path != run.answers_path(tmp_path / "other", SUITE)
    assert path != run.answers_path(tmp_path / "library", Suite("s", SUITE.queries[:1]))
    own = cache / "0123"
    assert run.answers_path(own, SUITE).parent == own


def test_questions_are_written_as_the_answer_command_reads_them():
    records = [json.loads(line) for line in run._questions(SUITE).splitlines()]
    assert records == [
        {"_id": "a", "text": "Who?", "history": []},
        {"_id": "b", "text": "When?", "history": ["Who?", {"role": "assistant", "text": "He."}]},
    ]


def test_a_second_process_waits_until_the_first_has_ended_and_says_so(tmp_path):
    order, waits = [], threading.Event()

    def say(message: str) -> None:
        order.append(message)
        waits.set()

    def second() -> None:
        with run.locked(tmp_path / "a", say):
            order.append("second")

    thread = threading.Thread(target=second)
    with run.locked(tmp_path / "a", order.append):
        thread.start()
        assert waits.wait(10)
        order.append("first has ended")
    thread.join(10)
    assert [line.split(":")[0] for line in order] == [
        f"another evaluation is writing {tmp_path / 'a'}",
        "first has ended",
        "second",
    ]


def test_different_files_do_not_wait_for_each_other(tmp_path):
    said = []
    with run.locked(tmp_path / "a", said.append), run.locked(tmp_path / "b", said.append):
        assert said == []


def test_a_lock_is_let_go_when_what_held_it_fails(tmp_path):
    said = []
    with pytest.raises(KeyboardInterrupt), run.locked(tmp_path / "a", said.append):
        raise KeyboardInterrupt
    with run.locked(tmp_path / "a", said.append):
        assert said == []


# Answers from files


def test_answers_are_read_by_id(tmp_path):
    path = answers_file(tmp_path, answer_line("a"), {"id": 7})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\n")
    assert run.read_answers(path) == {"a": answer_line("a"), "7": {"id": 7}}


def test_a_trec_run_is_read_as_answers(tmp_path):
    path = tmp_path / "run"
    write_run(path, {"a": {"id": "a", "passages": [{"document": "d2"}, {"document": "d1"}]}})
    found = run.read_answers(path)
    assert [passage["document"] for passage in found["a"]["passages"]] == ["d2", "d1"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "there is no answer in"),
        (b'{"id": "a"}\n{"id": "b", ', "line 2 is not JSON"),
        (b'{"question": "Who?"}\n', 'line 1 is not an answer: it has no "id"'),
        (b'{"id": "a"}\n[1]\n', "line 2 is not a JSON object"),
        (b'{"id": "a"}\n{"id": "a"}\n', "line 2: there is already an answer to 'a'"),
        (b'{"id": "a", "passages": [{"document": "\\ud83d"}]}\n', "line 1 cannot be read"),
        (b"notes of mine\n", "line 1"),
    ],
)
def test_what_is_no_answers_file_is_refused_with_its_line(tmp_path, data, said):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        run.read_answers(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none: No such file"):
        run.read_answers(tmp_path / "none")


def test_answers_to_other_questions_are_refused_and_some_missing_are_counted(tmp_path):
    said = []
    run.check_answers(SUITE, {"a": answer_line("a"), "x": answer_line("x")}, tmp_path / "f", said.append)
    assert said == [f"{tmp_path / 'f'} answers 1 of the 2 questions: the others are left out"]
    with pytest.raises(InputError, match="does not answer any question of s"):
        run.check_answers(SUITE, {"x": answer_line("x")}, tmp_path / "f", said.append)


# Qrels and documents

DOCUMENTS = {"d1": Document("d1", "He did."), "d2": Document("d2", "In May.")}


def test_expected_documents_that_are_not_there_are_counted_and_named():
    said = []
    suite = Suite("s", SUITE.queries, {"a": {"d1": 1, "gone": 1, "irrelevant": 0}, "not asked": {"x": 1}})
    run.check_qrels(suite, DOCUMENTS, said.append)
    assert said == ["1 of the 2 documents expected are not here: gone, …"]


def test_a_suite_of_another_library_is_refused():
    with pytest.raises(InputError, match=r"the suite is for another library.*pullquote documents"):
        run.check_qrels(Suite("s", SUITE.queries, {"a": {"gone": 1}}), DOCUMENTS, print)


# Scoring


def quoting(query: str, document: str, text: str) -> dict[str, object]:
    quote = {"document": document, "start": 0, "end": len(text), "text": text}
    return answer_line(query, quotes=[quote])


def test_a_run_is_compared_with_a_baseline_on_what_both_have():
    queries = [("a", "d1", "He did."), ("b", "d2", "In May."), ("c", "d2", "In May.")]
    suite = Suite("s", tuple(Query(query, "?", gold=(text,)) for query, _, text in queries))
    good = {query: quoting(query, document, text) for query, document, text in queries}
    bad = {query: quoting(query, "d1", "He did.") for query in ("b", "c", "x")}
    evaluation = run.evaluate(suite, good, DOCUMENTS, bad)
    found = (evaluation.measures["hit@1"], evaluation.baseline["hit@1"], evaluation.differences["hit@1"])
    assert [(each.value, each.n) for each in found] == [(1, 3), (0, 2), (1, 2)]
    assert [each.query.id for each in evaluation.baseline_judged] == ["b", "c"]
    assert run.evaluate(suite, good, DOCUMENTS).differences == {}


def test_a_baseline_with_no_question_in_common_is_refused():
    with pytest.raises(InputError, match="no question in common"):
        run.evaluate(SUITE, {"a": answer_line("a")}, DOCUMENTS, {"b": answer_line("b")})


def test_whether_quotes_are_verbatim_is_measured_where_there_are_documents_and_only_there():
    answers = {"a": quoting("a", "d1", "He did."), "b": quoting("b", "d2", "In June")}
    assert run.evaluate(SUITE, answers, DOCUMENTS).measures["verbatim"].value == 0.5
    assert "verbatim" not in run.evaluate(SUITE, answers, {}).measures


def test_the_documents_of_a_library_are_read_by_id(tmp_path):
    write(tmp_path / "briefs", "a.txt", "He did.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "briefs")
        documents = run.library_documents(corpus)
        assert documents == {"a.txt": corpus.document("a.txt")}


def test_the_library_of_a_suite_is_indexed_once_and_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    encoder = TinyEncoder()
    opened = run.Corpus.open
    monkeypatch.setattr(run.Corpus, "open", lambda folder, **_: opened(folder, encoder=encoder))
    path = own_corpus(tmp_path, *({"_id": str(at), "text": f"Text {at}."} for at in range(3)))

    def interrupt(progress) -> None:
        if progress.stage == "write" and progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), run.suite_library(path, None, interrupt, print):
        pass
    for expected in ({"read", "model", "embed", "write"}, set()):
        stages = set()
        with run.suite_library(
            path, None, lambda progress, to=stages: to.add(progress.stage), print
        ) as library:
            assert [info.id for info in library.documents()] == ["0", "1", "2"]
        assert stages == expected
    assert encoder.embedded == 3 + 1  # the third was embedded, but not written, when it was interrupted


def test_a_library_of_another_schema_is_not_taken_for_that_of_a_suite(tmp_path, monkeypatch):
    path = own_corpus(tmp_path, {"_id": "a", "text": "Text."})
    now = run._suite_library_folder(path, None)
    assert run._suite_library_folder(path, None) == now
    monkeypatch.setattr(run, "SCHEMA", run.SCHEMA + 1)
    assert run._suite_library_folder(path, None) != now
