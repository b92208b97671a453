"""Suites and test-query files as people write them, right and wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.evaluation.batch import Question, read_questions
from qa.evaluation.schema import Query
from qa.evaluation.suite import draw, is_table, load, questions_of_table, with_thumbs
from qa.evaluation.thumbs import to_file
from qa.schema import Filters, Turn


def lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def folder(tmp_path, queries: bytes, qrels: str = "", name: str = "qrels.tsv"):
    path = tmp_path / "my suite"
    (path / name).parent.mkdir(parents=True)
    (path / "queries.jsonl").write_bytes(queries)
    if qrels:
        (path / name).write_text(qrels, encoding="utf-8")
    return path


def table(tmp_path, data: str | bytes, name: str = "my questions.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# Folders


def test_suites_beside_each_other_share_a_folder_of_files(tmp_path):
    one = folder(tmp_path, lines({"_id": "q", "text": "Who?", "parts": [["He did.", "She did."], []]}))
    assert load(one).corpus is None
    (tmp_path / "corpus").mkdir()
    assert load(one).corpus == tmp_path / "corpus"
    assert load(one).queries[0].parts == (("He did.", "She did."), ())


@pytest.mark.parametrize("parts", ["He did.", ["He did."], [[1]]])
def test_parts_that_are_no_lists_of_sentences_are_refused(parts, tmp_path):
    with pytest.raises(InputError, match=r"queries.jsonl, line 1: .*part"):
        load(folder(tmp_path, lines({"_id": "q", "text": "Who?", "parts": parts})))


def test_a_folder_in_beir_layout_is_read_with_all_that_it_says(tmp_path):
    record = {
        "_id": "q1",
        "text": "Who?",
        "history": ["Where?", {"role": "assistant", "text": "Here."}],
        "answerable": True,
        "gold_sentences": ["He did.", "She did."],
        "answers": ["he"],
        "all_needed": True,
        "type": "who",
        "near_miss_doc": "is ignored",
    }
    path = folder(tmp_path, lines(record), "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    (path / "corpus.jsonl").write_bytes(b"{}")
    suite = load(path)
    assert suite.name == "my suite"
    assert suite.corpus == path / "corpus.jsonl"
    assert suite.qrels == {"q1": {"d1": 2, "d2": 0}}
    assert suite.queries == (
        Query(
            "q1",
            "Who?",
            ("Where?", Turn("assistant", "Here.")),
            True,
            ("He did.", "She did."),
            ("he",),
            all_needed=True,
            type="who",
        ),
    )


@pytest.mark.parametrize(
    ("name", "qrels"),
    [("qrels.tsv", "q1\td1\t1\n"), ("qrels/test.tsv", "q1\td1\t1\n"), ("qrels.tsv", "q1 0 d1 1\n")],
)
def test_qrels_are_found_in_both_places_and_read_in_both_styles(tmp_path, name, qrels):
    suite = load(folder(tmp_path, lines({"_id": "q1", "text": "Who?"}), qrels, name))
    assert suite.qrels == {"q1": {"d1": 1}}
    assert suite.corpus is None
    assert suite.queries[0].answerable is True


def test_where_nobody_says_what_is_answerable_only_judged_queries_are_asked_as_beir_means_it(tmp_path):
    said = []
    queries = lines({"_id": "q1", "text": "Who?"}, {"_id": "train", "text": "What?"})
    suite = load(folder(tmp_path, queries, "q1\td1\t1\n"), said.append)
    assert [query.id for query in suite.queries] == ["q1"]
    assert said == ["1 of the 2 queries have no qrels: left out"]


def test_where_answerability_is_said_queries_without_qrels_are_asked(tmp_path):
    queries = lines(
        {"_id": "q1", "text": "Who?", "answerable": True},
        {"_id": "q2", "text": "What?", "answerable": False},
        {"_id": "q3", "text": "Why?", "answerable": None},
    )
    suite = load(folder(tmp_path, queries, "q1\td1\t1\n"))
    assert [query.answerable for query in suite.queries] == [True, False, None]


def test_a_document_judged_irrelevant_is_no_reason_to_think_that_there_is_an_answer(tmp_path):
    queries = lines({"_id": "q1", "text": "Who?"}, {"_id": "q2", "text": "What?"})
    suite = load(folder(tmp_path, queries, "q1\td1\t1\nq2\td1\t0\n"))
    assert [query.answerable for query in suite.queries] == [True, None]


def test_a_gold_sentence_that_stands_twice_counts_twice(tmp_path):
    suite = load(folder(tmp_path, lines({"_id": "q", "text": "Who?", "gold_sentences": ["He.", "He."]})))
    assert suite.queries[0].gold == ("He.", "He.")


@pytest.mark.parametrize(
    ("queries", "qrels", "said"),
    [
        (lines({"_id": "q", "text": "a"}, {"_id": "q", "text": "b"}), "", "two questions have the id 'q'"),
        (lines({"_id": "q", "text": "a"}), "other\td\t1\n", "do not name any of its queries"),
        (lines({"_id": "q", "text": " "}), "", 'queries.jsonl, line 1 has no "question"'),
        (b"\n{\n", "", "queries.jsonl, line 2 is not JSON"),
        (b"[1]\n", "", "line 1 is not a JSON object"),
        (b'{"text": "caf\xe9"}\n', "", "line 1 is not UTF-8"),
        (b'{"text": "\\ud83d"}\n', "", "line 1 cannot be read"),
        (b"[" * 100_000, "", "line 1 cannot be read"),
        (b"\n", "", "there is no question in"),
        (lines({"text": "a", "history": "b"}), "", '"history" is not a list'),
        (lines({"text": "a", "gold_sentences": [5]}), "", '"gold_sentences" is not a list of texts'),
        (lines({"text": "a", "answerable": "yes"}), "", '"answerable" is not true, false or null'),
        (lines({"text": 5}), "", '"text" is not text'),
        (lines({"text": "a", "filters": {"since": "May"}}), "", 'line 1: "filters" holds "since"'),
    ],
)
def test_what_makes_no_sense_is_refused_with_file_and_line(tmp_path, queries, qrels, said):
    path = folder(tmp_path, queries, qrels)
    with pytest.raises(InputError) as error:
        load(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_folder_without_queries_is_no_suite(tmp_path):
    with pytest.raises(InputError, match=r"it has no queries\.jsonl"):
        load(tmp_path)


def test_qrels_of_other_splits_alone_are_not_guessed_at(tmp_path):
    path = folder(tmp_path, lines({"_id": "q1", "text": "Who?"}), "q1\td1\t1\n", "qrels/dev.tsv")
    with pytest.raises(InputError, match=r"holds dev\.tsv, but no test\.tsv"):
        load(path)


# Files of test queries


def test_a_jsonl_file_of_test_queries_is_read(tmp_path):
    data = lines(
        {"question": "Who?", "quotes": ["He did."], "document": "a.txt"},
        {"id": 7, "question": "When?", "answers": ["2008"], "history": ["Who?"]},
        {"id": "n", "question": "Why?", "answerable": False},
        {"id": "u", "question": "How?"},
    )
    suite = load(table(tmp_path, b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), "q.jsonl"))
    assert suite.name == "q"
    assert suite.corpus is None
    assert suite.queries == (
        Query("1", "Who?", gold=("He did.",), document="a.txt"),
        Query("7", "When?", ("Who?",), answers=("2008",)),
        Query("n", "Why?", answerable=False),
        Query("u", "How?", answerable=None),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_whatever_the_spreadsheet_made_of_it(tmp_path, separator, end, encoding):
    rows = [
        ["Question", "quote", "answerable", "remark"],
        ["Who, or what; when?", "“He” did.", "", "x"],
        ["", "She did.", "", ""],
        ["", "", "", ""],
        ["Why?", "", "No", ""],
    ]
    quoted = (separator.join(f'"{cell}"' for cell in row) for row in rows)
    suite = load(table(tmp_path, end.join(quoted).encode(encoding)))
    assert suite.queries == (
        Query("2", "Who, or what; when?", gold=("“He” did.", "She did.")),
        Query("5", "Why?", answerable=False),
    )


def test_rows_of_one_question_or_one_id_belong_together(tmp_path):
    suite = load(
        table(
            tmp_path,
            "id,question,quote,quotes,answer,document\n"
            "a,Who?,One.,,he,d.txt\n"
            ',When?,,"Two.\nThree.",,\n'
            "a,,Four.,,she,\n"
            ",Who?,One.,,,\n",
        )
    )
    assert suite.queries == (
        Query("a", "Who?", gold=("One.", "Four."), answers=("he", "she"), document="d.txt"),
        Query("3", "When?", gold=("Two.", "Three.")),
    )


def test_earlier_questions_stand_in_the_rows_of_their_follow_up_in_order(tmp_path):
    suite = load(table(tmp_path, 'question,history,quote\nWhen?,Who?,In May.\nWhen?,"And\nwhy?",\n,Who?,\n'))
    assert suite.queries == (Query("2", "When?", ("Who?", "And\nwhy?", "Who?"), gold=("In May.",)),)


def test_thumbs_come_back_from_both_kinds_of_file_as_they_went_out(tmp_path):
    records = [
        {"id": "a", "question": "When?", "history": ["Who?", "Why?"], "quotes": ["In “May”;", "on\n1, 2."],
         "answerable": True, "document": "a.txt"},
        {"id": "b", "question": "When?", "quotes": [], "answerable": None, "rejected": ["x"], "notes": ["y"]},
    ]  # fmt: skip
    jsonl = load(table(tmp_path, to_file(records, "jsonl"), "thumbs.jsonl"))
    assert jsonl.queries == (
        Query("a", "When?", ("Who?", "Why?"), gold=("In “May”;", "on\n1, 2."), document="a.txt"),
        Query("b", "When?", answerable=None),
    )
    assert load(table(tmp_path, to_file(records, "csv"), "thumbs.csv")).queries == jsonl.queries


def test_a_table_in_the_windows_code_page_is_read_and_that_is_said(tmp_path):
    said = []
    suite = load(table(tmp_path, "question;quote\nWho?;“Café” – yes\n".encode("cp1252")), said.append)
    assert suite.queries[0].gold == ("“Café” – yes",)
    assert len(said) == 1
    assert "Windows-1252" in said[0]


def test_the_line_with_which_excel_names_its_separator_is_no_header(tmp_path):
    suite = load(table(tmp_path, "sep=;\r\nquestion;quote\r\nWho?;He, did.\r\n"))
    assert suite.queries == (Query("3", "Who?", gold=("He, did.",)),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("frage,zitat\nWer?,Er.\n", 'has no column "question" in its first line'),
        ("", 'has no column "question"'),
        ("question\n", "there is no question in"),
        ("question,answerable\nWho?,maybe\n", "line 2: \"answerable\" is 'maybe'"),
        ("question,quote\nWho?,He, did.\n", "line 2 has 3 cells under 2 columns"),
        ("question,quote,quote\nWho?,a,b\n", "two columns 'quote'"),
        ("id,question\na,Who?\na,When?\n", "line 3: the id 'a' was used for another question"),
        ("question,answerable\nWho?,yes\nWho?,no\n", 'line 3: another "answerable"'),
        ("question,document\nWho?,a\nWho?,b\n", 'line 3: another "document"'),
        ("question,quote\n,He did.\n", 'line 2 has no "question"'),
        ('question,quote\nWho?,"He\n', "line 2: unexpected end of data"),
        (b"question\nWho \x81\n", "is not text in UTF-8"),
    ],
)  # fmt: skip
def test_a_table_that_makes_no_sense_is_refused_with_file_and_line(tmp_path, data, said):
    path = table(tmp_path, data)
    with pytest.raises(InputError) as error:
        load(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_another_kind_of_file_is_told_what_to_become(tmp_path):
    with pytest.raises(InputError, match="CSV UTF-8"):
        load(table(tmp_path, b"PK", "questions.xlsx"))
    with pytest.raises(InputError, match="there is no suite"):
        load(tmp_path / "none")
    with pytest.raises(InputError, match=r"cannot read .*none\.csv"):
        load(tmp_path / "none.csv")


def test_a_limit_draws_the_questions_that_the_reference_draws(tmp_path):
    suite = load(folder(tmp_path, lines(*({"_id": str(at), "text": "Who?"} for at in range(50)))))
    expected = [str(at) for at in range(50)]
    random.Random(7).shuffle(expected)
    assert [query.id for query in draw(suite, 5).queries] == expected[:5]
    assert len(draw(suite, 500).queries) == 50


@pytest.mark.parametrize(
    "data",
    [
        b"id,question,history\n7,Who left?,Who came?\n,,And then?\n8,When?,\n",
        b"\xef\xbb\xbfID;Text;History;remark\r\n7;Who left?;Who came?;x\r\n;;And then?;\r\n8;When?;;\r\n",
    ],
)
def test_a_table_of_questions_is_asked_as_the_lines_of_json_would_be(data):
    assert is_table(data)
    lines = questions_of_table(data, Path("questions.csv"), pytest.fail)
    assert read_questions(lines) == (
        Question("7", "Who left?", ("Who came?", "And then?")),
        Question("8", "When?"),
    )


@pytest.mark.parametrize(
    "data",
    [b"", b'{"_id": "1", "text": "Who?"}\n', b"Who left, and when?\n", b"name,price\nrice,9\n", b"[1]"],
)
def test_what_has_no_column_of_questions_is_no_table(data):
    assert not is_table(data)
    with pytest.raises(InputError, match=r'q\.csv has no column "question"'):
        questions_of_table(data, Path("q.csv"), pytest.fail)


def test_a_thumb_under_filters_is_another_question_than_the_one_asked_of_everything(tmp_path):
    wires = Filters(collection="Wires")
    asked = {"question": "Who left?", "quotes": [], "answerable": True}
    suite = load(table(tmp_path, json.dumps(asked), "mine.jsonl"))
    under = {**asked, "id": "t", "answerable": False, "filters": wires.to_dict()}
    both = with_thumbs(suite, [asked | {"id": "s"}, under])
    assert [(each.answerable, each.filters) for each in both.queries] == [(True, Filters()), (False, wires)]


def test_filters_that_are_no_json_are_refused_with_their_line(tmp_path):
    with pytest.raises(InputError, match='line 2: "filters" is not JSON'):
        load(table(tmp_path, "question,filters\nWho left?,Wires\n"))
