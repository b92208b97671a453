from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from qa.schema import Document, Span
from training.prepare import BRIEFS, counted, drawn
from training.questions import (
    PUBLIC,
    Apart,
    Question,
    briefs,
    is_held_out,
    passages_file,
    public_group,
    suite,
)
from training.windows import MONTHS, Example, Material, change, dress, in_conversation, lists

TEXT = (
    "Police in Hyesan arrested three scrap dealers in March. They had bought copper wire from a mill. "
    "The mill stands on the Amnok. Nobody there would speak. A truck was found in Musan in May."
)
GOLD = "They had bought copper wire from a mill."


def question(text: str = "What had the dealers of Hyesan bought?") -> Question:
    start = TEXT.index(GOLD)
    answer = TEXT.index("copper wire")
    return Question(
        text,
        Document("a.txt", TEXT, title="Dealers held"),
        (Span(start, start + len(GOLD)),),
        Span(answer, answer + 11),
        "here",
        "a.txt",
    )


def other(number: int) -> Question:
    text = (
        f"In village {number} the copper mill was closed. Its dealers left for the coast. Scrap is dear now."
    )
    return Question(
        f"Why was mill {number} of Riwon closed?",
        Document(f"{number}.txt", text),
        (),
        None,
        "here",
        f"{number}",
    )


@pytest.mark.models
def test_windows_say_of_each_sentence_whether_it_answers() -> None:
    questions = [question(), *map(other, range(4))]
    every = dict.fromkeys(BRIEFS, 1.0)
    made = list(lists(Material(questions), questions, every, random.Random(1)))
    kinds = [{example.kind for example in examples} for examples in made]
    assert set().union(*kinds) == {"answers", "removed", "changed", "same", "other", "far"}
    assert "answers" in kinds[0], "what answers a question is compared with what does not"
    for each in chain.from_iterable(made):
        assert len(each.sentences) == len(each.labels)
        assert each.answers == (each.kind == "answers")
        for sentence, label in zip(each.sentences, each.labels, strict=True):
            assert label == (each.kind == "answers" and sentence == GOLD)
        assert (each.span is not None) == each.answers
        if each.span:
            place, start, end = each.span
            assert each.sentences[place][start:end] == "copper wire"
        if each.kind in ("other", "far") and "Hyesan" in each.question:
            assert not any(sentence in TEXT for sentence in each.sentences)


@pytest.mark.models
def test_the_same_seed_makes_the_same_windows() -> None:
    def made() -> list[object]:
        questions = [question(), other(1)]
        return list(lists(Material(questions), questions, BRIEFS, random.Random(5)))

    assert made() == made()


@pytest.mark.models
def test_a_twin_is_asked_of_the_window_that_answers_its_question() -> None:
    asked = question()
    twin = replace(asked, text="What had the dealers of Hyesan sold?", gold=(), answer=None)
    elsewhere = replace(other(1), text=asked.text)
    rates = dict.fromkeys(BRIEFS, 0.0)
    for each, document in ((twin, TEXT), (elsewhere, other(1).document.text)):
        [[answers, unanswered]] = lists(
            Material([replace(asked, twin=each)]), [replace(asked, twin=each)], rates, random.Random(3)
        )
        assert (answers.answers, unanswered.answers, unanswered.kind) == (True, False, "twin")
        assert all(sentence in document for sentence in unanswered.sentences)
        if each is twin:
            assert unanswered.sentences == answers.sentences


@pytest.mark.models
def test_what_was_said_before_is_read_beside_a_window_that_lacks_a_word_of_the_question() -> None:
    first, last = "Captain Hall is the master of the Orient.", "The master was paid nine dollars."
    text = " ".join(
        [first, *(f"The harbour of quay {n} was full of ships from the north." for n in range(40)), last]
    )
    gold = Span(len(text) - len(last), len(text))
    asked = Question("What was Captain Hall paid?", Document("a.txt", text), (gold,), None, "here", "a.txt")
    contexts = set()
    for seed in range(20):
        [[answers]] = lists(Material([asked]), [asked], dict.fromkeys(BRIEFS, 0.0), random.Random(seed))
        assert answers.sentences[-1] == last
        contexts.add(answers.context)
    assert contexts == {"", first}


def test_of_a_pair_the_question_that_nothing_answers_goes_with_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": "g_0", "title": "", "text": TEXT}))
    asked = {
        "_id": "1",
        "text": "Bought what?",
        "answerable": True,
        "gold_sentences": [GOLD],
        "document": "g_0",
    }
    twin = {"_id": "2", "text": "Sold what?", "answerable": False, "document": "g_0", "twin": "1"}
    alone = {"_id": "3", "text": "Why?", "answerable": False, "document": "g_0"}
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, (asked, twin, alone))))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tg_0\t1\n")
    found = list(suite(folder))
    assert [(each.text, each.twin and each.twin.text) for each in found] == [
        ("Bought what?", "Sold what?"),
        ("Why?", None),
    ]


def test_one_document_group_in_eight_of_a_public_set_is_kept_for_validation() -> None:
    assert public_group("medquad", "medquad-GARD-1-3") == "medquad-GARD-1"
    assert public_group("squad_du_answerable", "University_of_Notre_Dame_3") == "University_of_Notre_Dame"
    assert public_group("timeqa", "timeqa-a_1") == "timeqa-a_1"
    for source in PUBLIC:
        kept = sum(is_held_out(f"document-{number}_0-0", source) for number in range(800))
        assert 60 < kept < 140
    assert not any(is_held_out(f"document-{number}", "here") for number in range(800))


def test_of_a_source_as_many_questions_are_drawn_as_all_epochs_take() -> None:
    questions = [other(number) for number in range(9)]
    for argument, epochs, expected in (("f", 2, 9), ("f=3", 2, 6), ("f=3", 9, 9), ("f=0", 2, 0)):
        path, most = counted(argument)
        assert path == Path("f")
        found = drawn(questions, most, epochs, random.Random(1))
        assert len(found) == len({id(each) for each in found}) == expected


def test_a_question_that_leans_on_another_carries_its_words_as_the_product_reads_it() -> None:
    asked = ["Who was arrested in Hyesan by the border police?"]
    made = {in_conversation("What had they bought?", asked, random.Random(n)) for n in range(99)}
    assert made == {"What had they bought?", "What had they bought? (arrested, Hyesan, border, police)"}
    alone = "What did the dealers of Hyesan buy?"
    assert {in_conversation(alone, asked, random.Random(n)) for n in range(99)} == {alone}


@pytest.mark.models
def test_a_passage_kept_for_validation_is_known_by_its_words_under_any_name(tmp_path: Path) -> None:
    held_out, trained_on = tmp_path / "squad2_half_dev", tmp_path / "news"
    for folder, id_, text in ((held_out, "Normans_3", TEXT), (trained_on, "a", "One two three. " * 9)):
        folder.mkdir()
        (folder / "corpus.jsonl").write_text(json.dumps({"_id": id_, "title": "", "text": text}))
    apart = Apart([held_out])
    assert apart.holds(TEXT[20:].lower().replace(".", " ."))
    assert not apart.holds("Police in Hyesan arrested three scrap dealers in April, it says.")
    assert [each.document.id for each in apart.without([question(), other(1)])] == ["1.txt"]
    assert Apart([trained_on]).holds("One two three. " * 4)
    with pytest.raises(SystemExit, match="was not found"):
        Apart([tmp_path / "nwes"])


def test_a_changed_detail_is_none_that_the_document_has_as_well() -> None:
    asked = "What was found in Musan in May 2008?"
    for seed in range(60):
        changed = change(asked, TEXT, ["Hyesan", "Riwon"], random.Random(seed))
        assert changed
        assert changed != asked
        assert not any(f" {month} " in changed for month in ("March",))
        assert "Hyesan" not in changed


def test_a_question_without_details_or_for_yes_or_no_is_not_changed() -> None:
    assert change("what was found?", TEXT, ["Riwon"], random.Random(1)) is None
    assert change("Was a truck found in May?", TEXT, ["Riwon"], random.Random(1)) is None
    assert len(MONTHS) == 12


def test_what_people_type_keeps_its_figures_and_its_labels() -> None:
    example = Example("Who was held in 2004?", "", ("He was.",), (True,), None, "answers", "here")
    for seed in range(200):
        dressed = dress(example, random.Random(seed))
        assert "2004" in dressed.question
        assert dressed.labels == example.labels


@pytest.mark.parametrize(
    ("document", "held_out"),
    [
        ("d3-07", True),
        ("d8-01", True),
        ("d12-13", True),
        ("d12-20", True),
        ("d12-12", False),
        ("d16-01a", False),
        ("Normans_3", True),
        ("Harvard_University_0", True),
        ("Steam_engine_2", False),
    ],
)
def test_what_is_kept_for_validation_is_known_by_its_id(document: str, held_out: bool) -> None:
    assert is_held_out(document) is held_out


def test_a_suite_for_validation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="never trained on"):
        list(suite(tmp_path / "clapnq_dev"))


def test_briefs_are_read_with_their_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "d1"
    folder.mkdir()
    (folder / "briefs.jsonl").write_text(json.dumps({"_id": "d1-01", "title": "Dealers", "text": TEXT}))
    entry = {"doc": "d1-01", "text": "Bought what?", "gold_sentences": [GOLD], "answer": "copper wire"}
    follow_up = entry | {
        "text": "And where?",
        "complete": "Where did they buy it?",
        "history": ["What wire?"],
    }
    (folder / "questions.jsonl").write_text(json.dumps(entry) + "\n" + json.dumps(follow_up))
    found, complete, understood = briefs(tmp_path)
    assert (complete.text, understood.text) == ("Where did they buy it?", "And where? (wire)")
    assert [found.document.text[span.start : span.end] for span in found.gold] == [GOLD]
    assert found.answer
    assert found.document.text[found.answer.start : found.answer.end] == "copper wire"


def test_lines_of_passages_are_read_and_contradictory_ones_left_out(tmp_path: Path) -> None:
    start = TEXT.index("copper wire")
    line = {
        "question": "Bought what?",
        "text": TEXT,
        "group": "g",
        "gold": [[start, start + 11]],
        "span": True,
    }
    path = tmp_path / "own.jsonl"
    lines = [
        line | {"answerable": True},
        line | {"answerable": False},
        line | {"group": "Normans", "answerable": True},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    [found] = passages_file(path)
    assert found.answer == Span(start, start + 11)
