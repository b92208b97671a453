"""Suites to fit the confidence on: what is answered in the corpus, and what is not."""

from __future__ import annotations

from training.corpora import FEW, MOST, suite
from training.questions import is_public_held_out


def documents(source: str, parts: int = 2) -> list[dict[str, str]]:
    return [{"_id": f"{source}-{n}-{part}", "text": "…"} for n in range(2_000) for part in range(parts)]


def question(document: str, text: str, *, answerable: bool) -> dict[str, object]:
    gold = ["gold"] if answerable else []
    return {
        "_id": f"q {document}",
        "text": text,
        "document": document,
        "answerable": answerable,
        "gold_sentences": gold,
    }


def answered_everywhere() -> list[dict[str, object]]:
    return [question(each["_id"], f"{each['_id']}?", answerable=True) for each in documents("ester", 1)]


def test_what_a_sibling_answers_is_no_unanswerable_question_of_the_corpus() -> None:
    """Of each two documents of a group the second answers the question that both are asked."""
    asked = [
        question(name, name.rpartition("-")[0], answerable=name.endswith("-1"))
        for name in (each["_id"] for each in documents("medquad"))
    ]
    corpus, questions = suite("medquad", documents("medquad"), asked)
    left = {each["_id"] for each in corpus}
    near = [each for each in questions if not each["answerable"] and each.get("type") != "far"]
    assert len(near) >= FEW
    assert not any(each["document"].removesuffix("0") + "1" in left for each in near)
    assert all(each["document"] in left for each in questions if each["answerable"])


def test_a_set_whose_questions_are_all_answered_gets_some_on_documents_that_are_taken_out() -> None:
    corpus, questions = suite("ester", documents("ester", 1), answered_everywhere())
    left = {each["_id"] for each in corpus}
    far = [each for each in questions if not each["answerable"]]
    assert far
    assert all(each["type"] == "far" and not each["gold_sentences"] for each in far)
    assert not any(each["document"] in left for each in far)
    answered = [each for each in questions if each["answerable"]]
    assert len(answered) == MOST
    assert all(each["document"] in left for each in answered)


def test_nothing_that_a_reader_may_be_trained_on_is_in_a_suite() -> None:
    corpus, questions = suite("ester", documents("ester", 1), answered_everywhere())
    ids = {each["_id"] for each in corpus} | {each["document"] for each in questions}
    assert all(is_public_held_out("ester", each) for each in ids)
    assert suite("ester", documents("ester", 1), answered_everywhere()) == (corpus, questions)
