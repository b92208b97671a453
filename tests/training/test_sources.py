from __future__ import annotations

import json
from typing import TYPE_CHECKING

from training.questions import passages_file
from training.sources import LONGEST, squad

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TEXT = "The mill burnt in 1904. It was rebuilt by the town. It stands empty."


def test_squad_gives_answers_by_offset_and_drops_those_that_are_elsewhere(tmp_path: Path) -> None:
    questions = [
        {"question": "When did it burn?", "answers": [{"text": "1904", "answer_start": 18}]},
        {"question": "Who burnt it?", "is_impossible": True, "answers": []},
        {"question": "Who rebuilt it?", "answers": [{"text": "the town", "answer_start": 3}]},
    ]
    article = {"title": "The_mill", "paragraphs": [{"context": TEXT, "qas": questions}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [article]}))
    first, second = squad(path)
    assert [TEXT[start:end] for start, end in first["gold"]] == ["1904"]
    assert (second["answerable"], second["gold"], second["title"]) == (False, [], "The mill")


def test_a_long_text_is_cut_about_its_answer(tmp_path: Path) -> None:
    text = "Nothing is said here. " * 400 + TEXT + " Nor here is anything." * 400
    answer = {"text": "1904", "answer_start": text.index("1904")}
    article = {"paragraphs": [{"context": text, "qas": [{"question": "When?", "answers": [answer]}]}]}
    path = tmp_path / "paper.json"
    path.write_text(json.dumps({"data": [article]}))
    [found] = squad(path)
    [(start, end)] = found["gold"]
    assert found["text"][start:end] == "1904"
    assert len(found["text"]) < LONGEST + 100
    assert TEXT in found["text"]


def test_selqa_marks_whole_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentences = TEXT.split(". ")
    entry = {"question": "When?", "candidates": sentences, "answers": [1], "article": "Mill", "section": ""}
    lines = converted("selqa", tmp_path, {"selqa.json": json.dumps([entry])}, capsys)
    assert [lines[0]["text"][start:end] for start, end in lines[0]["gold"]] == [sentences[1]]


def test_unansq_pairs_a_question_with_one_that_the_paragraph_does_not_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        f"{part}-{name}.txt": text
        for part in ("dev", "test", "train")
        for name, text in {
            "context": "the mill burnt in 1904 .\n" * (part == "dev"),
            "answerable-questions": "1\twhen did it burn ?\t4\t4\n" * (part == "dev"),
            "unanswerable-questions": "2\twho burnt it ?\t4\t4\n" * (part == "dev"),
        }.items()
    }
    first, second = converted("unansq", tmp_path, files, capsys, folder=True)
    assert [first["text"][start:end] for start, end in first["gold"]] == ["1904"]
    assert (second["question"], second["gold"]) == ("who burnt it ?", [])
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(map(json.dumps, [first, second])))
    assert [bool(question.gold) for question in passages_file(path)] == [True, False]


def converted(
    form: str,
    folder_path: Path,
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    *,
    folder: bool = False,
) -> list[dict[str, object]]:
    from training import sources

    for name, text in files.items():
        (folder_path / name).write_text(text)
    target = folder_path if folder else folder_path / next(iter(files))
    sources.main([form, str(target)])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
