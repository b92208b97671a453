from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from qa.schema import Document, Span
from training.prepare import BRIEFS, counted, drawn
from training.questions import Apart, Question, briefs, is_held_out, passages_file, suite
from training.windows import MONTHS, Example, Material, change, dress, in_conversation, windows

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
    made = list(windows(Material(questions), questions, every, random.Random(1)))
    assert {each.kind for each in made} == {"answers", "removed", "changed", "same", "other"}
    for each in made:
        assert len(each.sentences) == len(each.labels)
        assert each.answers == (each.kind == "answers")
        for sentence, label in zip(each.sentences, each.labels, strict=True):
            assert label == (each.kind == "answers" and sentence == GOLD)
        assert (each.span is not None) == each.answers
        if each.span:
            place, start, end = each.span
            assert each.sentences[place][start:end] == "copper wire"
        if each.kind == "other" and "Hyesan" in each.question:
            assert not any(sentence in TEXT for sentence in each.sentences)


@pytest.mark.models
def test_the_same_seed_makes_the_same_windows() -> None:
    def made() -> list[object]:
        questions = [question(), other(1)]
        return list(windows(Material(questions), questions, BRIEFS, random.Random(5)))

    assert made() == made()


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
