"""Make suites to fit the confidence on, of the part of public sets on which no reader is trained.

usage: python -m training.corpora PUBLIC FOLDER [SUITE=IDS ...]

PUBLIC has a folder for each set (corpus.jsonl, queries.jsonl; see docs/reader.md). The module writes a suite
for each set into FOLDER, in the layout that `pullquote evaluate` takes. FOLDER is outside the repository.
SUITE=IDS adds the questions of another suite whose ids are in the file IDS, under the name of the file.

A set calls a question unanswerable for one document, but another document of the same group may answer it. In
half of the groups, the answering document is taken out of the corpus. In the other groups, the question is
taken out. A set with few unanswerable questions gets *far* questions (`"type": "far"`) about documents that
are taken out of the corpus. So the corpus may have no document on their subject.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.questions import is_public_held_out, public_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Line = dict[str, Any]

# Maximum number of questions of a class. A set with fewer than FEW unanswerable questions gets far questions.
MOST = 150
FEW = 50


def main() -> None:
    """Write the suites."""
    parser = argparse.ArgumentParser()
    parser.add_argument("public", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="*", metavar="SUITE=IDS")
    arguments = parser.parse_args()
    for source in sorted(folder for folder in arguments.public.iterdir() if folder.is_dir()):
        documents, questions = (read_lines(source / name) for name in ("corpus.jsonl", "queries.jsonl"))
        corpus, asked = suite(source.name, documents, questions)
        relevant = [
            f"{question['_id']}\t{question['document']}\t1" for question in asked if question["answerable"]
        ]
        write_suite(arguments.folder / source.name, corpus, asked, relevant)
    for suite_path, _, ids in (argument.partition("=") for argument in arguments.suites):
        wanted = set(Path(ids).read_text(encoding="utf-8").split())
        questions = [line for line in read_lines(Path(suite_path) / "queries.jsonl") if line["_id"] in wanted]
        qrels = (Path(suite_path) / "qrels.tsv").read_text(encoding="utf-8").splitlines()
        relevant = [line for line in qrels if line.split("\t")[0] in wanted]
        write_suite(
            arguments.folder / Path(ids).stem,
            read_lines(Path(suite_path) / "corpus.jsonl"),
            questions,
            relevant,
        )


def suite(source: str, documents: Sequence[Line], questions: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return the corpus and the questions of the part of a set that is held out from training."""
    corpus = {
        document["_id"]: document for document in documents if is_public_held_out(source, document["_id"])
    }
    held_out = [line for line in questions if line["document"] in corpus]
    rng = random.Random(source)
    rng.shuffle(held_out)
    answering: dict[str, set[str]] = defaultdict(set)
    for line in held_out:
        if line["answerable"]:
            answering[_asked(line)].add(line["document"])
    for line in held_out:
        own = public_group(source, line["document"])
        others = answering[_asked(line)]
        siblings = all(public_group(source, other) == own and other != line["document"] for other in others)
        if not line["answerable"] and siblings and _number(f"twins of {own}") % 2:
            for other in others:
                corpus.pop(other, None)
    for others in answering.values():
        others.intersection_update(corpus)
    held_out = [line for line in held_out if line["document"] in corpus]
    near = [line for line in held_out if not line["answerable"] and not answering[_asked(line)]][:MOST]
    far: list[Line] = []
    if len(near) < FEW:
        far = _far(source, corpus, [line for line in held_out if line["answerable"]], rng)
    answered = [line for line in held_out if line["answerable"] and line["document"] in corpus][:MOST]
    near = [line for line in near if line["document"] in corpus]
    return list(corpus.values()), [*answered, *near, *far]


def _far(source: str, corpus: dict[str, Line], answered: Sequence[Line], rng: random.Random) -> list[Line]:
    """Take whole groups of documents, at most a third, out of the corpus. Return questions about them."""
    groups = sorted({public_group(source, document_id) for document_id in corpus})
    rng.shuffle(groups)
    out: set[str] = set()
    far: list[Line] = []
    by_group: dict[str, list[Line]] = defaultdict(list)
    for question in answered:
        by_group[public_group(source, question["document"])].append(question)
    for name in groups[: max(1, len(groups) // 3)]:
        out.add(name)
        far += by_group[name]
        if len(far) >= MOST:
            break
    for document_id in [id_ for id_ in corpus if public_group(source, id_) in out]:
        del corpus[document_id]
    return [
        {**question, "answerable": False, "gold_sentences": [], "answers": [], "type": "far"}
        for question in far[:MOST]
    ]


def _asked(question: Line) -> str:
    """Return the key of a question and its history, which equal questions share."""
    return json.dumps([question.get("history", []), question["text"]]).casefold()


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def read_lines(path: Path) -> list[Line]:
    """Return the records of a file of JSON lines."""
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def write_suite(
    folder: Path, corpus: Iterable[Line], questions: Sequence[Line], qrels: Sequence[str]
) -> None:
    """Write a suite in the layout that `pullquote evaluate` takes, and print how many questions it has."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("corpus.jsonl", corpus), ("queries.jsonl", questions)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *qrels, ""]), encoding="utf-8")
    answered = sum(question["answerable"] for question in questions)
    print(f"{folder.name}: {answered} answerable, {len(questions) - answered} not")


if __name__ == "__main__":
    main()
