"""`pullquote evaluate` as people and programs use it; with real models only where it has to ask."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from embeddings.reading import Reading
from qa.asking import confidence, own_confidence
from qa.asking.answer import Answerer
from qa.cli import cli
from qa.evaluation import command
from qa.evaluation import run as evaluation_run
from qa.evaluation.measures import MEASURES
from qa.schema import Filters, ShownAnswer, Signals
from tests.qa.tiny import tiny_corpus, write

ROOT = Path(__file__).parents[3]
DOCUMENTS = {
    "mill": "The mill was built in 1902 by Anna Holm. It burned down in May 1911.",
    "ferry": "The ferry to Skarholm sails twice a day. A ticket costs 40 kroner.",
    "bank": "The savings bank closed its office on the island. Its last director was Jens Vik.",
}
# id, question, document, sentence; a question without a sentence has no answer.
QUESTIONS = (
    ("q1", "Who built the mill?", "mill", "The mill was built in 1902 by Anna Holm."),
    ("q2", "What does a ticket for the ferry cost?", "ferry", "A ticket costs 40 kroner."),
    ("q3", "Who was the last director of the savings bank?", "bank", "Its last director was Jens Vik."),
    ("q4", "How many passengers does the ferry hold?", "", ""),
)


def run(*arguments: object, **options):
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)], **options)


def jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def answer_line(query: str, question: str, document: str, text: str, confidence: float) -> dict[str, object]:
    start = DOCUMENTS[document].index(text)
    place = {"document": document, "start": start, "end": start + len(text)}
    return {
        "id": query,
        "question": question,
        "outcome": "answered" if confidence > 0.5 else "weak",
        "confidence": confidence,
        "quotes": [{**place, "text": text}],
        "passages": [{**place, "score": 1.0}],
        "milliseconds": {"total": 100.0},
    }


FERRY = ("ferry", "The ferry to Skarholm sails twice a day.")


@pytest.fixture
def suite(tmp_path) -> Path:
    """A suite with its own corpus."""
    folder = tmp_path / "island suite"
    folder.mkdir()
    jsonl(folder / "corpus.jsonl", *({"_id": key, "text": text} for key, text in DOCUMENTS.items()))
    jsonl(
        folder / "queries.jsonl",
        *(
            {"_id": query, "text": text, "answerable": bool(gold), "gold_sentences": [gold] if gold else []}
            for query, text, _, gold in QUESTIONS
        ),
    )
    rows = "".join(f"{query}\t{document}\t1\n" for query, _, document, _ in QUESTIONS if document)
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture
def perfect(tmp_path) -> Path:
    """Answers that are right throughout."""
    right = (answer_line(*question, 0.9) for question in QUESTIONS[:3])
    return jsonl(tmp_path / "perfect.jsonl", *right, answer_line(*QUESTIONS[3][:2], *FERRY, 0.1))


@pytest.fixture
def poor(tmp_path) -> Path:
    """Answers that all quote the same sentence."""
    lines = (answer_line(query, text, *FERRY, 0.6) for query, text, _, _ in QUESTIONS)
    return jsonl(tmp_path / "poor.jsonl", *lines)


@pytest.fixture
def library(tmp_path) -> Path:
    """A library of the same documents, as files."""
    for name, text in DOCUMENTS.items():
        write(tmp_path / "briefs", f"{name}.txt", text)
    with tiny_corpus(tmp_path / "the library") as corpus:
        corpus.index(tmp_path / "briefs")
    return tmp_path / "the library"


def test_a_suite_of_files_in_a_folder_is_indexed_once_and_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "suites" / "corpus" / "north", "ferry.txt", DOCUMENTS["ferry"])
    write(tmp_path / "suites" / "corpus" / "north", "bank.md", DOCUMENTS["bank"])
    folder = tmp_path / "suites" / "half"
    folder.mkdir()
    record = {
        "_id": "f",
        "text": "How often does the ferry sail?",
        "gold_sentences": [FERRY[1]],
        "type": "row",
    }
    jsonl(folder / "queries.jsonl", record)
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nf\tnorth/ferry.txt\t1\n", encoding="utf-8")
    result = run(folder, "--check", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["check"]["exact"] == 1
    source = tmp_path / "suites" / "corpus" / "north" / "ferry.txt"
    refused = run(folder, "--report", source, "--force")
    assert refused.exit_code == 3
    assert "--report names a file that the command also reads" in refused.stderr
    assert source.read_text(encoding="utf-8") == DOCUMENTS["ferry"]


# Scoring answers that there are


def test_json_has_the_measures_by_the_names_of_the_design(suite, perfect):
    result = run(suite, "--answers", perfect, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["suite"], found["queries"]) == ("island suite", 4)
    values = {name: estimate["value"] for name, estimate in found["measures"].items()}
    assert all({"value", "low", "high"} <= estimate.keys() for estimate in found["measures"].values())
    ones = "nDCG@10 RR@10 R@5 R@20 Success@1 hit@1 hit@3 word_precision word_recall word_F1"
    others = "AUROC coverage@95 accuracy verbatim right"
    assert {name: values[name] for name in f"{ones} {others}".split()} == dict.fromkeys(
        f"{ones} {others}".split(), 1.0
    )
    assert values["Brier"] == pytest.approx(0.01)
    assert values["p50_ms"] == 100
    assert values.keys() <= MEASURES.keys()
    assert found["check"] == {
        "quotes": 3,
        "exact": 3,
        "typography": 0,
        "elsewhere": 0,
        "missing": 0,
        "findings": [],
    }


def test_the_table_has_its_figures_under_each_other_and_no_colour(suite, perfect):
    result = run(suite, "--answers", perfect)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "island suite: 4 questions (3 answerable, 1 not answerable)"
    assert lines[1] == "outcomes: 3 answered, 1 weak"
    header = next(line for line in lines if line.startswith("measure"))
    rows = lines[lines.index(header) + 1 : lines.index("", lines.index(header))]
    assert [row.split()[0] for row in rows] == [
        name for name in MEASURES if name not in ("answer@3", "facts")
    ]
    end = header.index("value") + len("value")
    assert all(row[end - 1].isdigit() and row[end] == " " for row in rows)
    assert lines[-1] == f"answers: {perfect}"
    assert "\x1b" not in result.stdout


def test_a_trec_run_is_scored_by_its_ranking_alone(suite, perfect, tmp_path):
    trec, qrels = tmp_path / "a run", tmp_path / "the qrels"
    first = run(suite, "--answers", perfect, "--trec-run", trec, "--trec-qrels", qrels, "--json")
    assert first.exit_code == 0, first.stderr
    assert qrels.read_text() == "q1 pullquote mill 1\nq2 pullquote ferry 1\nq3 pullquote bank 1\n"
    found = json.loads(run(suite, "--answers", trec, "--json").stdout)
    assert set(found["measures"]) == {"nDCG@10", "RR@10", "R@5", "R@20", "Success@1"}
    assert found["measures"]["nDCG@10"] == json.loads(first.stdout)["measures"]["nDCG@10"]


def test_a_report_is_written_whole_with_every_question(suite, perfect, tmp_path):
    page = tmp_path / "a folder that is made" / "report.html"
    assert run(suite, "--answers", perfect, "--report", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert all(question[1] in html for question in QUESTIONS)


def test_an_output_that_cannot_be_written_is_said_before_anything_is_asked(suite, perfect):
    result = run(suite, "--report", perfect / "report.html")
    assert result.exit_code == 3
    assert str(perfect) in result.stderr
    assert "Answering" not in result.stderr


def test_answers_of_some_of_the_questions_are_scored_and_that_is_said(suite, perfect, tmp_path):
    some = tmp_path / "some.jsonl"
    some.write_bytes(b"".join(perfect.read_bytes().splitlines(keepends=True)[:2]))
    result = run(suite, "--answers", some, "--json")
    assert json.loads(result.stdout)["queries"] == 2
    assert "answers 2 of the 4 questions" in result.stderr
    assert run(suite, "--answers", some, "-q").stderr == ""


def test_a_limit_takes_so_many_of_them(suite, perfect, tmp_path):
    qrels = tmp_path / "qrels"
    result = run(suite, "--answers", perfect, "--limit", 2, "--trec-qrels", qrels, "--json")
    assert json.loads(result.stdout)["queries"] == 2
    assert 1 <= len(qrels.read_text().splitlines()) <= 2


# Comparing and gates


def test_a_baseline_is_compared_question_by_question_and_the_verdict_is_in_words(suite, perfect, poor):
    result = run(suite, "--answers", perfect, "--baseline", poor)
    assert result.exit_code == 0, result.stderr
    header = next(line for line in result.stdout.splitlines() if line.startswith("measure"))
    assert header.split() == "measure value baseline difference 95 % interval p n".split()
    row = next(line for line in result.stdout.splitlines() if line.startswith("hit@1 "))
    # Of the three with an answer, the sentence that is always quoted is right for none.
    assert row.split()[:4] == ["hit@1", "1.000", "0.000", "+1.000"]
    assert "No significant difference in " in result.stdout
    found = json.loads(run(suite, "--answers", perfect, "--baseline", poor, "--json").stdout)
    assert found["differences"]["accuracy"]["value"] == 0.25
    assert found["baseline"]["accuracy"]["value"] == 0.75


def test_a_baseline_that_answers_fewer_questions_is_compared_on_those(suite, perfect, poor, tmp_path):
    some = tmp_path / "some.jsonl"
    some.write_bytes(b"".join(poor.read_bytes().splitlines(keepends=True)[:2]))
    result = run(suite, "--answers", perfect, "--baseline", some)
    assert result.exit_code == 0, result.stderr
    assert (
        "The baseline answers 2 of these questions. The differences are for these questions."
    ) in result.stdout


@pytest.mark.parametrize(
    ("gate", "failure"),
    [
        ("hit@3=.9", ""),
        ("hit@3=1", ""),
        (" hit@3 = .9 ", ""),
        ("Brier=.02", ""),
        ("Brier=.001", "failed: Brier is 0.01, above 0.001"),
        ("Success@1=1.1", "failed: Success@1 is 1, below 1.1"),
        ("answer@3=.1", "failed: answer@3 was not measured"),
    ],
)
def test_a_gate_fails_where_the_measure_is_worse_whichever_way_is_better(suite, perfect, gate, failure):
    result = run(suite, "--answers", perfect, "--fail-under", gate, "--fail-under", "R@5=.5")
    assert result.exit_code == (1 if failure else 0)
    assert failure in result.stdout
    assert ("failed:" in result.stdout) == bool(failure)


@pytest.mark.parametrize("gate", ["hit@4=.9", "hit@3", "hit@3=high", "hit@3=nan", "hit@3=inf", "=1", ""])
def test_a_gate_that_names_no_measure_or_no_number_is_wrong_usage(suite, perfect, gate):
    result = run(suite, "--answers", perfect, "--fail-under", gate)
    assert result.exit_code == 2
    assert "hit@3" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--answers", "{perfect}", "--out", "{new}"],
        ["--answers", "{perfect}", "--fresh"],
        ["--check", "--report", "{new}"],
        ["--check", "--answers", "{perfect}"],
        ["--check", "--fail-under", "hit@1=1"],
        ["--answers", "{perfect}", "--report", "{new}", "--trec-run", "{new}"],
        ["--limit", "0"],
    ],
    ids=" ".join,
)
def test_options_that_contradict_are_wrong_usage(suite, perfect, tmp_path, options):
    filled = [each.format(perfect=perfect, new=tmp_path / "new") for each in options]
    assert run(suite, *filled).exit_code == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--out", "{suite}/queries.jsonl"],
        ["--answers", "{perfect}", "--trec-run", "{perfect}"],
        ["--answers", "{perfect}", "--report", "{suite}/corpus.jsonl"],
    ],
    ids=" ".join,
)
def test_what_is_read_is_never_written(suite, perfect, options):
    before = {path: path.read_bytes() for path in (*suite.iterdir(), perfect)}
    filled = [each.format(perfect=perfect, suite=suite) for each in options]
    for force in ([], ["--force"]):
        result = run(suite, *filled, *force)
        assert (result.exit_code, "names a file that the command also reads" in result.stderr) == (3, True)
    assert {path: path.read_bytes() for path in before} == before


# Test queries of one's own


def test_a_check_finds_the_quotes_and_needs_no_model(library, tmp_path):
    table = tmp_path / "questions.csv"
    table.write_bytes(
        "question;quote\r\nWho built it?;the mill was built in 1902\r\n"
        "What is closed?;The savings bank closed\r\n".encode("cp1252")
    )
    result = run(table, "--check", "--library", library)
    assert result.exit_code == 0, result.stderr
    assert "Quotes expected: 1 found, 1 found in other typography." in result.stdout


def test_a_check_shows_what_is_lost_with_the_nearest_text_and_exits_with_1(library, tmp_path):
    queries = jsonl(
        tmp_path / "q.jsonl",
        {"id": "a", "question": "Who built it?", "quotes": ["The mill was built in 1903 by Anna Holm."]},
        {"id": "b", "question": "Cost?", "quotes": ["A ticket costs 40 kroner."], "document": "mill.txt"},
        {"id": "c", "question": "Which?", "quotes": ["The "]},
    )
    result = run(queries, "--check", "--library", library)
    assert result.exit_code == 1
    assert "question a: not found: “The mill was built in 1903 by Anna Holm.”" in result.stdout
    assert "nearest, in mill.txt: “The mill was built in 1902 by Anna Holm.”" in result.stdout
    assert "question b: not found in mill.txt: “A ticket costs 40 kroner.”\n  it stands in ferry.txt" in (
        result.stdout
    )
    assert "Found in more than one place:\n  question c: “The” in " in result.stdout
    found = json.loads(run(queries, "--check", "--json", "--library", library).stdout)
    assert [each["status"] for each in found["check"]["findings"]] == ["missing", "elsewhere", "exact"]
    assert (found["check"]["missing"], found["check"]["elsewhere"]) == (1, 1)
    assert found["check"]["findings"][1]["places"] == {"ferry.txt": 1}


def test_test_queries_get_their_relevant_documents_from_their_quotes(library, tmp_path):
    queries = jsonl(
        tmp_path / "q.jsonl",
        {"id": "a", "question": "Who built it?", "quotes": ["the mill was built in 1902"]},
        {"id": "b", "question": "Lost?", "quotes": ["It is nowhere."]},
    )
    place = {"document": "mill.txt", "start": 0, "end": 40}
    line = {"quotes": [{**place, "text": DOCUMENTS["mill"][:40]}], "passages": [{**place, "score": 1}]}
    answers = jsonl(tmp_path / "answers.jsonl", *({**line, "id": query} for query in "ab"))
    result = run(queries, "--answers", answers, "--json", "--library", library)
    assert result.exit_code == 0, result.stderr
    measures = json.loads(result.stdout)["measures"]
    assert (measures["nDCG@10"]["value"], measures["nDCG@10"]["n"]) == (1, 1)
    assert (measures["hit@1"]["value"], measures["hit@1"]["n"]) == (0.5, 2)
    assert measures["verbatim"]["value"] == 1
    assert "1 of 2 expected quotes not found; the first, of question b: “It is nowhere.”" in result.stderr


def test_without_a_library_answers_are_scored_but_not_compared_with_their_sources(perfect, tmp_path):
    queries = jsonl(tmp_path / "q.jsonl", {"id": "q1", "question": "Who?", "quotes": [QUESTIONS[0][3]]})
    result = run(queries, "--answers", perfect, "--json", "--library", tmp_path / "none")
    assert result.exit_code == 0, result.stderr
    assert "there is no library in" in result.stderr
    measures = json.loads(result.stdout)["measures"]
    assert measures["hit@1"]["value"] == 1
    assert "verbatim" not in measures
    assert not (tmp_path / "none").exists()


def test_an_empty_library_cannot_be_asked(tmp_path):
    tiny_corpus(tmp_path / "empty").close()
    queries = jsonl(tmp_path / "q.jsonl", {"question": "Who?"})
    result = run(queries, "--library", tmp_path / "empty")
    assert result.exit_code == 3
    assert "is empty. Add documents first: pullquote index PATH" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{none}"], "there is no suite"),
        (["{none}.csv"], "cannot read"),
        (["{suite}", "--answers", "{none}"], "none: No such file"),
        (["{suite}", "--answers", "{suite}/corpus.jsonl"], "it has no"),
        (["{suite}", "--answers", "{perfect}", "--baseline", "{none}"], "none: No such file"),
        (["{queries}", "--check", "--library", "{none}"], "library"),
        (["{queries}", "--encoder", "all-MiniLM-L6-v2"], "--encoder is only for a suite with its own corpus"),
        (["{suite}", "--answers", "{perfect}", "--encoder", "x"], "--encoder is only for a suite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_exits_with_3_and_says_what_is_wrong(suite, perfect, tmp_path, arguments, said):
    queries = jsonl(tmp_path / "q.jsonl", {"question": "Who?"})
    places = {"suite": suite, "perfect": perfect, "none": tmp_path / "none", "queries": queries}
    result = run(*(each.format(**places) for each in arguments))
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")
    assert said in result.stderr


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """What evaluations keep, apart from the user's; exports of models stay where they are."""
    kept = tmp_path / "kept" / "evaluate"
    monkeypatch.setattr(evaluation_run, "evaluations_folder", lambda: kept)
    monkeypatch.setattr("qa.storage.answer_cache.evaluations_folder", lambda: kept)
    return kept


# Fitting the confidence, with a reader whose every sentence says how sure it is


class NumberReader:
    """Reads how sure it is of a lock off its text, "logit 1.5"; all other texts say nothing of it."""

    name = model = "reader"
    deeper = None

    def read(self, question, windows, retrieved):
        lock = re.search(r"lock\d+x", question)[0]
        texts = [" ".join(each.sentences) for each in windows]
        sure = [float(re.search(r"logit (\S+)", each)[1]) if lock in each else -15.0 for each in texts]
        return [Reading(each, each, each, (each,), (None,)) for each in sure]


@pytest.fixture
def fitting(tmp_path, monkeypatch):
    """A function that makes a library of so many questions, half answerable, and fits on them."""
    rng = np.random.default_rng(3)

    def make(answerable: int, others: int, shift: float):
        library = tmp_path / "library"
        lines = []
        with tiny_corpus(library) as corpus:
            for number in range(answerable + others):
                known = number < answerable
                logit = (1.3 if known else -1.3) + shift + 2 * rng.normal()  # as the confidence has it
                write(tmp_path / "texts", f"{number}.txt", f"The lock{number}x has logit {logit:.3f}\n")
                lines.append({"id": str(number), "question": f"What has lock{number}x?", "answerable": known})
            corpus.index(tmp_path / "texts")
        monkeypatch.setattr(command, "Corpus", SimpleNamespace(open=opened))
        return library, jsonl(tmp_path / "mine.jsonl", *lines)

    def opened(library, **_):
        corpus = tiny_corpus(library)
        corpus._answerer = Answerer(
            corpus.store,
            NumberReader(),
            fitted=lambda: own_confidence.of_library(corpus.library, "reader"),
        )
        return corpus

    return make


@pytest.mark.slow
def test_a_confidence_that_gains_is_kept_and_used_until_it_is_taken_away(fitting, cache, tmp_path):
    library, mine = fitting(40, 40, shift=-6.0)
    before = run(mine, "--library", library, "--out", tmp_path / "before.jsonl")
    assert before.exit_code == 0, before.stderr
    result = run(mine, "--library", library, "--fit", "--json", "--out", tmp_path / "fit.jsonl")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["fit"]
    assert (found["questions"], found["answerable"], found["file"]) == (
        80,
        40,
        str(library / "confidence.json"),
    )
    assert found["right"]["after"] > found["right"]["before"]
    assert found["Brier"]["difference"]["high"] < 0

    after = run(mine, "--library", library, "--json", "--out", tmp_path / "after.jsonl")
    right = json.loads(after.stdout)["measures"]["accuracy"]["value"]
    assert right == pytest.approx(
        found["right"]["after"], abs=0.03
    )  # which was measured on questions left out
    assert run("--unfit", "--library", library).exit_code == 0
    assert run(mine, "--library", library, "--out", tmp_path / "again.jsonl").exit_code == 0
    again, first = ((tmp_path / name).read_text() for name in ("again.jsonl", "before.jsonl"))
    assert [json.loads(line)["confidence"] for line in again.splitlines()] == [
        json.loads(line)["confidence"] for line in first.splitlines()
    ]


@pytest.mark.slow
def test_a_fit_says_what_it_is_compared_with_where_another_is_in_use(fitting, cache):
    library, mine = fitting(40, 40, shift=-6.0)
    first, again = (run(mine, "--library", library, "--fit") for _ in range(2))
    for result in (first, again):
        assert result.exit_code == 0, result.stderr
        assert "by the confidence that ships" in result.stdout
    assert "takes the place" not in first.stdout
    assert "replaces the confidence fitted on 80 questions of mine on" in " ".join(again.stdout.split())


@pytest.mark.slow
def test_a_confidence_that_gains_nothing_is_not_kept_and_fails(fitting, cache):
    library, mine = fitting(25, 25, shift=0.0)
    result = run(mine, "--library", library, "--fit")
    assert result.exit_code == 1, result.stderr
    assert "gains no more than chance, so it was not stored" in result.stdout
    assert not (library / own_confidence.FILE).exists()


def test_too_few_test_queries_are_refused_before_they_are_asked(fitting, cache):
    library, mine = fitting(3, 25, shift=0.0)
    result = run(mine, "--library", library, "--fit")
    assert result.exit_code == 3
    assert "3 with an answer in the documents and 25 without; at least 10 of each" in result.stderr
    assert run("--library", library, "--fit").exit_code == 3  # and no thumbs


@pytest.mark.slow
def test_thumbs_are_fitted_on_too_each_question_once(fitting, cache):
    library, mine = fitting(40, 40, shift=-6.0)
    lines = [json.loads(line) for line in mine.read_text().splitlines()]
    with tiny_corpus(library) as corpus:
        for line in lines[30:]:  # those before are in the suite alone, ten on both sides are in both
            answered = "answered" if line["answerable"] else "none"
            shown = ShownAnswer(line["question"], (), line["question"], answered, ())
            corpus.desk.put_thumb(shown, None, "up")
    jsonl(mine, *lines[:40], lines[79])
    result = run(mine, "--library", library, "--fit", "--json")
    assert result.exit_code == 0, result.stderr
    assert "39 questions more, from the thumbs" in result.stderr
    assert json.loads(result.stdout)["fit"]["questions"] == 80


@pytest.mark.slow
def test_a_thumb_under_filters_is_asked_under_these_filters(fitting, cache, tmp_path):
    library, mine = fitting(20, 20, shift=0.0)
    filters = Filters(document=("7.txt",))
    with tiny_corpus(library) as corpus:
        corpus.desk.put_thumb(
            ShownAnswer("What has lock3x?", (), "What has lock3x?", "none", filters=filters), None, "up"
        )
    result = run(mine, "--library", library, "--fit", "--json", "--out", tmp_path / "answers.jsonl")
    assert "1 question more, from the thumbs" in result.stderr
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    asked = {bool(each["filters"]["document"]): each for each in answers if "lock3x" in each["question"]}
    assert (asked[True]["filters"]["document"], asked[True]["searched"]) == (["7.txt"], 1)
    assert asked[False]["searched"] == 40


def test_another_corpus_than_the_library_is_not_fitted_on(suite):
    result = run(suite, "--fit")
    assert result.exit_code == 3
    assert "this suite has its own corpus" in result.stderr


@pytest.mark.parametrize(
    "more", [("--answers", "a.jsonl"), ("--limit", "3"), ("--check",), ("--encoder", "x")]
)
def test_a_fit_asks_all_questions_of_the_library(more, tmp_path):
    assert run(write(tmp_path, "q.csv", "question\nWho?\n"), "--fit", *more).exit_code == 2


# Asking, with the real models


@pytest.mark.models
def test_a_suite_is_indexed_asked_and_scored_and_goes_on_where_it_was_interrupted(suite, cache, monkeypatch):
    asked = []

    def interrupted(corpus, questions, out, options, progress, say, **how):
        def stop(done: int, total: int) -> None:
            asked.append(done)
            if done == 2 and len(asked) == 3:
                raise KeyboardInterrupt
            progress(done, total)

        return answer_file(corpus, questions, out, options, stop, say, **how)

    answer_file = evaluation_run.answer_file
    monkeypatch.setattr(evaluation_run, "answer_file", interrupted)
    first = run(suite)
    assert first.exit_code == 130
    (kept,) = cache.glob("*/answers-*.jsonl")
    assert (
        f"The answers so far are in {kept}; run the same command again to go on from there." in first.stderr
    )
    assert len(kept.read_bytes().splitlines()) == 2

    second = run(suite, "--json")
    assert second.exit_code == 0, second.stderr
    assert asked == [0, 1, 2, 2, 3, 4]
    assert "going on after 2 of 4 answers" in second.stderr
    assert "Embedding" not in second.stderr
    found = json.loads(second.stdout)
    assert found["answers"] == str(kept)
    assert found["queries"] == 4
    assert {name: found["measures"][name]["value"] for name in ("nDCG@10", "hit@3", "verbatim")} == {
        "nDCG@10": 1,
        "hit@3": 1,
        "verbatim": 1,
    }

    third = run(suite, "--json")
    assert asked[6:] == [4]
    assert json.loads(third.stdout)["measures"] == found["measures"]
    assert run(suite, "--fresh", "-q").exit_code == 0
    assert asked[7:] == [0, 1, 2, 3, 4]

    assert found["threshold"] == round(confidence.threshold(), 4)
    stricter = run(suite, "--strictness", str(confidence.STRICTEST), "--json")
    assert asked[12:] == [0, 1, 2, 3, 4]
    assert json.loads(stricter.stdout)["threshold"] == round(confidence.threshold(confidence.STRICTEST), 4)


@pytest.mark.models
def test_test_queries_are_asked_of_the_library_and_answers_go_where_they_are_told(tmp_path, cache):
    for name, text in DOCUMENTS.items():
        write(tmp_path / "briefs", f"{name}.txt", text)
    library = tmp_path / "library"
    index = CliRunner().invoke(cli, ["index", str(tmp_path / "briefs"), "--library", str(library)])
    assert index.exit_code == 0, index.stderr
    table = write(
        tmp_path, "q.csv", "question,quote\nWho built the mill?,the mill was built in 1902 by anna holm\n"
    )
    out = tmp_path / "my answers.jsonl"
    result = run(table, "--library", library, "--out", out, "--json", "--fail-under", "hit@3=1")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["answers"] == str(out)
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == ["2"]
    assert not list(cache.glob("*/answers-*"))


@pytest.mark.day
@pytest.mark.models
def test_a_confidence_that_is_wrong_for_the_brief_is_fitted_on_test_queries(tmp_path, cache, monkeypatch):
    wrong = replace(confidence.shipped(), intercept=confidence.shipped().intercept - 5.0)
    for module in (confidence, own_confidence):
        monkeypatch.setattr(module, "shipped", lambda reader="reader": wrong)
    library = tmp_path / "library"
    index = CliRunner().invoke(cli, ["index", str(ROOT / "seeds"), "--library", str(library)])
    assert index.exit_code == 0, index.stderr
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes((ROOT / "tests/suites/nk_brief/queries.jsonl").read_bytes())
    result = run(mine, "--library", library, "--fit", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["fit"]
    assert found["questions"] >= 80  # those of whose answer anything was read
    assert found["right"]["difference"]["low"] > 0
    own, problem = own_confidence.look_up(library, "reader")
    assert not problem
    question = "Which factory was stripped of its metal?"
    said = CliRunner().invoke(cli, ["ask", question, "--library", str(library), "--json"])
    line = json.loads(said.stdout)
    assert line["outcome"] == "answered"
    fitted, shipped = (each.probability(Signals(**line["signals"])) for each in (own.confidence, wrong))
    assert line["confidence"] == pytest.approx(fitted, abs=1e-3)
    assert fitted > shipped
