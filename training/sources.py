"""Convert public question sets to the lines of JSON that `training/prepare.py` takes.

usage: python -m training.sources squad FILE.json > OUT.jsonl
       python -m training.sources selqa FILE.json ... > OUT.jsonl
       python -m training.sources unansq FOLDER [SQUAD.json ...] > OUT.jsonl

- `squad` reads the form of SQuAD 1.1 and 2.0. SQuADShifts, COVID-QA, PolicyQA and Quoref have the same form.
- `selqa` reads the sentence selection of SelQA.
- `unansq` reads the folder `QG` of UnAnsQ: pairs of an answerable and an unanswerable question on a paragraph
of
  SQuAD 2.0. All pairs of its dev part are read, because they come with their paragraphs. A pair of its train
  part is read if its answerable question is in a SQUAD.json. Its test part is left out, because it has
  articles that are kept for validation, without their names.

docs/reader.md says where each set is, and its licence. Documents that are kept for validation are left out
when windows are made.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.text.terms import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Characters around the answer to which a longer text is cut, about.
LONGEST = 4000


def main(argv: Sequence[str] | None = None) -> None:
    """Convert one set, and print its lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("form", choices=["squad", "selqa", "unansq"])
    parser.add_argument("paths", type=Path, nargs="+")
    arguments = parser.parse_args(argv)
    first, *others = arguments.paths
    match arguments.form:
        case "squad":
            lines = [line for path in arguments.paths for line in squad(path)]
        case "selqa":
            lines = [line for path in arguments.paths for line in selqa(path)]
        case _:
            lines = list(unansq(first, [line for path in others for line in squad(path)]))
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    unanswerable = sum(not line["answerable"] for line in lines)
    print(f"{len(lines)} questions, {unanswerable} unanswerable", file=sys.stderr)


def squad(path: Path) -> Iterator[dict[str, Any]]:
    """Yield questions on paragraphs, with answers by offset. Answers at wrong offsets are left out."""
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        title = (article.get("title") or "").replace("_", " ")
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            for question in paragraph["qas"]:
                answers = [] if question.get("is_impossible") else question["answers"]
                gold = sorted({(a["answer_start"], a["answer_start"] + len(a["text"])) for a in answers})
                gold = [
                    (start, end) for start, end in gold if text[start:end] in {a["text"] for a in answers}
                ]
                if gold or question.get("is_impossible"):
                    group = title or f"{path.stem}-{paragraph.get('document_id', len(text))}"
                    yield line(question["question"], *cut(text, gold), title, group)


def cut(text: str, gold: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Return whole sentences of a long text around its first answer, and the gold by their offsets."""
    if len(text) <= LONGEST:
        return text, gold
    middle = gold[0][0] if gold else 0
    ends = [match.end() for match in re.finditer(r"[.!?]\s+|\n+", text)]
    start = max((end for end in ends if end <= max(0, middle - LONGEST // 2)), default=0)
    end = min((end for end in ends if end >= middle + LONGEST // 2), default=len(text))
    return text[start:end], [(a - start, b - start) for a, b in gold if start <= a and b <= end]


def selqa(path: Path) -> Iterator[dict[str, Any]]:
    """Yield questions on sections, whose sentences are marked as evidence or not."""
    for entry in json.loads(path.read_text(encoding="utf-8")):
        sentences = [sentence.strip() for sentence in entry["candidates"]]
        starts = [0]
        for sentence in sentences:
            starts.append(starts[-1] + len(sentence) + 1)
        gold = [(starts[i], starts[i] + len(sentences[i])) for i in entry["answers"]]
        title = " - ".join(filter(None, (entry["article"], entry["section"])))
        if gold:
            yield line(entry["question"], " ".join(sentences), gold, title, entry["article"], span=False)


def unansq(folder: Path, known: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield pairs of questions, in lower case and with spaces between tokens, as uncased BERT reads them."""
    own = (
        rows(folder / f"dev-{name}.txt")
        for name in ("context", "answerable-questions", "unanswerable-questions")
    )
    for [text, *_], (_, asked, first, last), (_, twin, *_) in zip(*own, strict=True):
        places = [match.span() for match in re.finditer(r"\S+", text)]
        if int(last) < len(places):
            gold = [(places[int(first)][0], places[int(last)][1])]
            yield line(asked, text, gold, "", f"unansq-{text[:40]}")
            yield line(twin, text, [], "", f"unansq-{text[:40]}")
    by_question = {tuple(words(entry["question"])): entry for entry in known if entry["answerable"]}
    for (_, asked, *_), (_, twin, *_) in zip(
        rows(folder / "train-answerable-questions.txt"),
        rows(folder / "train-unanswerable-questions.txt"),
        strict=True,
    ):
        if entry := by_question.get(tuple(words(asked))):
            yield line(twin, entry["text"], [], entry["title"], entry["group"])


def rows(path: Path) -> list[list[str]]:
    """Return the fields of each line between tabs. Only a line feed ends a line."""
    return [row.split("\t") for row in path.read_text("utf-8").split("\n") if row]


def line(
    question: str, text: str, gold: list[tuple[int, int]], title: str, group: str, *, span: bool = True
) -> dict[str, Any]:
    """Return one line, as `training.questions.passages_file` reads it."""
    return {
        "question": question.strip(),
        "text": text,
        "title": title,
        "group": group.replace(" ", "_"),
        "gold": gold,
        "answerable": bool(gold),
        "span": span,
    }


if __name__ == "__main__":
    main()
