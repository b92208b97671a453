from __future__ import annotations

import ir_measures
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import InputError
from qa.evaluation import measures
from qa.evaluation.schema import Query, Suite
from qa.evaluation.trec import ranking, read_qrels, read_run, write_qrels, write_run

# Graded relevance, a spam grade below 0, a query that nothing was found for (q4), one without a relevant
# document (q3), and one that the run has but the qrels do not (q5).
QRELS = """\
q1 0 a 2
q1 0 b 1
q1 0 c 0
q1 0 spam -2
q2 0 d 1
q2 0 missing 3
q3 0 a 0
q4 0 e 1
"""
# Ties in q1 (a, x and b) and, only in single precision, in q2 (y, d); unjudged documents; ranks that lie.
RUN = """\
q1 Q0 spam 1 9.5 other
q1 Q0 a 2 3.25 other
q1 Q0 x 3 3.25 other
q1 Q0 b 4 3.25 other
q1 Q0 c 1 -1 other
q2 Q0 d 1 1.00000001 other
q2 Q0 y 2 1.0 other
q2 Q0 z 3 0.5 other
q3 Q0 a 1 1 other
q5 Q0 a 1 1 other
"""
PYTREC = {
    "nDCG@10": "ndcg_cut_10",
    "RR@10": "recip_rank",
    "R@5": "recall_5",
    "R@20": "recall_20",
    "Success@1": "success_1",
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "qrels").write_text(QRELS, encoding="utf-8")
    (tmp_path / "run").write_text(RUN, encoding="utf-8")
    return tmp_path / "qrels", tmp_path / "run"


def judged(qrels, run):
    queries = tuple(Query(query, "?", answerable=None) for query in ("q1", "q2", "q3", "q4", "q5"))
    # A query for which nothing was found has no line in a run, but an empty ranking in an answers file.
    answers = {query.id: run.get(query.id, {"passages": []}) for query in queries}
    return {
        each.query.id: each.values for each in measures.judge(Suite("s", queries, qrels), answers, {}.get)
    }


def test_a_run_is_scored_as_by_hand(files):
    values = judged(read_qrels(files[0]), read_run(files[1]))
    # q1 is ranked spam, x, b, a, c: of the ties the later id first. Gains 1 at rank 3 and 2 at rank 4.
    assert values["q1"]["nDCG@10"] == pytest.approx((1 / 2 + 2 / 2.321928) / (2 + 1 / 1.584963), abs=1e-5)
    assert values["q1"]["RR@10"] == pytest.approx(1 / 3)
    assert values["q1"]["R@5"] == 1
    assert values["q1"]["Success@1"] == 0
    # q2 is ranked y, d, z.
    assert values["q2"]["RR@10"] == 1 / 2
    assert values["q2"]["R@20"] == 1 / 2
    assert values["q4"] == dict.fromkeys(PYTREC, 0)


def test_queries_without_a_relevant_document_have_no_ranking_to_score(files):
    values = judged(read_qrels(files[0]), read_run(files[1]))
    assert values["q3"] == values["q5"] == {}


def test_the_figures_of_a_run_are_those_of_trec_eval(files):
    qrels, run = read_qrels(files[0]), read_run(files[1])
    scores = {}
    for line in RUN.splitlines():
        query, _, document, _, score, _ = line.split()
        scores.setdefault(query, {})[document] = float(score)
    theirs = pytrec_eval.RelevanceEvaluator(
        {query: qrels[query] for query in ("q1", "q2", "q4")},
        {"ndcg_cut.10", "recip_rank", "recall.5,20", "success.1"},
    ).evaluate(scores)
    ours = judged(qrels, run)
    for query in ("q1", "q2"):
        for name, theirs_name in PYTREC.items():
            assert ours[query][name] == pytest.approx(theirs[query][theirs_name], abs=5e-5), (query, name)


def test_the_files_that_are_written_give_ir_measures_the_same_figures(files, tmp_path):
    qrels, run = read_qrels(files[0]), read_run(files[1])
    write_qrels(tmp_path / "qrels.out", qrels)
    write_run(tmp_path / "run.out", run)
    ours = judged(qrels, run)
    found = ir_measures.iter_calc(
        list(map(ir_measures.parse_measure, PYTREC)),
        ir_measures.read_trec_qrels(str(tmp_path / "qrels.out")),
        ir_measures.read_trec_run(str(tmp_path / "run.out")),
    )
    theirs = {(each.query_id, str(each.measure)): each.value for each in found if each.query_id != "q3"}
    assert {(query, name): value for query in ours for name, value in ours[query].items()} == pytest.approx(
        theirs, abs=5e-5
    )


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), min_size=1, max_size=4),
    st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3)), min_size=4, max_size=4),
)
def test_any_ranking_scores_as_trec_eval_scores_the_run_that_is_written(tmp_path_factory, ranks, grades):
    folder = tmp_path_factory.mktemp("run")
    answers = {
        f"q{i}": {"passages": [{"document": document} for document in documents]}
        for i, documents in enumerate(ranks)
    }
    qrels = {f"q{i}": each for i, each in enumerate(grades[: len(ranks)])}
    suite = Suite("s", tuple(Query(query, "?") for query in answers), qrels)
    ours = {each.query.id: each.values for each in measures.judge(suite, answers, {}.get)}
    write_run(folder / "run", answers)
    scores = {}
    for line in (folder / "run").read_text(encoding="utf-8").splitlines():
        query, _, document, _, score, _ = line.split()
        scores.setdefault(query, {})[document] = float(score)
    evaluator = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.10", "recip_rank", "recall.5,20", "success.1"}
    )
    for query, theirs in evaluator.evaluate(scores).items():
        if any(qrels[query].values()):
            assert {name: theirs[PYTREC[name]] for name in PYTREC} == pytest.approx(ours[query])


def test_a_document_is_ranked_where_its_first_passage_stands():
    passages = [{"document": "b"}, {"document": "a"}, {"document": "b"}, {"document": "c"}]
    assert ranking({"passages": passages}) == ("b", "a", "c")
    assert ranking({}) == ()


def test_written_scores_fall_with_the_rank(tmp_path):
    passages = [{"document": name, "score": 0.5} for name in "bac"]
    write_run(tmp_path / "run", {"q": {"passages": passages}}, tag="mine")
    assert (tmp_path / "run").read_bytes() == b"q Q0 b 1 3 mine\nq Q0 a 2 2 mine\nq Q0 c 3 1 mine\n"


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.dictionaries(names, st.lists(names, min_size=1, max_size=4, unique=True), max_size=4))
def test_any_ids_come_back_from_a_run_and_from_qrels(tmp_path_factory, documents):
    folder = tmp_path_factory.mktemp("ids")
    answers = {
        query: {"passages": [{"document": each} for each in found]} for query, found in documents.items()
    }
    write_run(folder / "run", answers)
    assert {query: list(ranking(line)) for query, line in read_run(folder / "run").items()} == documents
    qrels = {query: dict.fromkeys(found, 1) for query, found in documents.items()}
    write_qrels(folder / "qrels", qrels)
    assert read_qrels(folder / "qrels") == qrels


def test_an_id_with_white_space_is_one_column_for_other_programs(tmp_path):
    write_qrels(tmp_path / "qrels", {"q": {"my brief.txt": 1, "percent:x": 1, "100%25.txt": 2}})
    lines = (tmp_path / "qrels").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "q pullquote percent:my%20brief.txt 1",
        "q pullquote percent:percent%3Ax 1",
        "q pullquote 100%25.txt 2",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "query-id\tcorpus-id\tscore\nq1\ta b\t2\nq2\tc\t-1\n",
        "q1\ta b\t2\nq2\tc\t-1\n",
        "\ufeffquery-id\tcorpus-id\tscore\r\nq1\ta b\t2\r\n\r\nq2\tc\t-1\r\n",
        "\ufeffq1\t0\ta b\t2\nq2\t0\tc\t-1",
        "q1 0 percent:a%20b 2\nq2  Q0\tc -1",
    ],
    ids=["BEIR", "without a header", "from Windows", "TREC with tabs", "TREC with spaces"],
)
def test_qrels_are_read_in_the_layouts_that_occur(tmp_path, text):
    path = tmp_path / "qrels.tsv"
    path.write_bytes(text.encode())
    assert read_qrels(path) == {"q1": {"a b": 2}, "q2": {"c": -1}}


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_qrels, b"q 0 a 1\nq 0 a high\n", "line 2: the grade 'high' is not a whole number"),
        (read_qrels, b"q 0 a 1.5\n", "line 1: the grade '1.5'"),
        (read_qrels, b"q 0 a 2000000000\n", "line 1: the grade '2000000000'"),
        (read_qrels, b"q\ta\t1\nquery-id\tcorpus-id\tscore\n", "line 2: the grade 'score'"),
        (read_qrels, b"q a\n", "line 1 has 2 columns"),
        (read_qrels, b"q 0 caf\xe9 1\n", "not UTF-8"),
        (read_run, b"q Q0 a 1 2 tag\n\nq Q0 a 1 2\n", "line 3 is not a line of a run"),
        (read_run, b"q Q0 a 1 high tag\n", "line 1 is not a line of a run"),
        (read_run, b"q Q0 a 1 nan tag\n", "line 1 is not a line of a run"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path, read, text, said):
    path = tmp_path / "file"
    path.write_bytes(text)
    with pytest.raises(InputError, match=said):
        read(path)


def test_only_white_space_that_trec_eval_knows_parts_columns(tmp_path):
    path = tmp_path / "file"
    path.write_text("q 0 no\u00a0break 1\n", encoding="utf-8")
    assert read_qrels(path) == {"q": {"no\u00a0break": 1}}
    path.write_text("q Q0\tno\u00a0break 1 1 tag\n", encoding="utf-8")
    assert ranking(read_run(path)["q"]) == ("no\u00a0break",)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none: No such file"):
        read_run(tmp_path / "none")
    with pytest.raises(InputError, match="cannot be written"):
        write_run(tmp_path / "none" / "run", {})


@pytest.mark.filterwarnings("error")
def test_a_score_beyond_single_precision_is_infinite_as_in_trec_eval(tmp_path):
    path = tmp_path / "run"
    path.write_text("q Q0 a 1 1e39 x\nq Q0 b 2 1e300 x\nq Q0 c 3 1e38 x\n", encoding="utf-8")
    assert [passage["document"] for passage in read_run(path)["q"]["passages"]] == ["b", "a", "c"]
