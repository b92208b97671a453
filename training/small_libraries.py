"""Make small libraries of suites, of one, three or ten documents, to fit the confidence on.

usage: python -m training.small_libraries FOLDER SUITE [SUITE ...]

A user with one brief has few passages, and so few passages that look like an answer. A suite of a thousand
passages does not show this case. The module writes up to twelve suites of each SUITE into FOLDER, `NAME~1`
and so on, in the layout that `pullquote evaluate` takes. Each has a few documents, the suite's questions on
them, and *far* questions (`"type": "far"`) about unrelated documents. For `training.confidence`, the small
libraries of a suite are one corpus, which is left out together with the suite.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.corpora import read_lines, write_suite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Line = dict[str, Any]

# Number of documents of each library. Most small libraries have a single brief.
SIZES = (1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 10, 10)
# Maximum number of questions of each kind for a library.
MOST = 8
# The end of an id that parts and versions of a document do not share.
NUMBERED = re.compile(r"[-_]\d+$")


def main() -> None:
    """Write the small libraries of each suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", type=Path, nargs="+")
    arguments = parser.parse_args()
    for path in arguments.suites:
        documents, questions = (read_lines(path / name) for name in ("corpus.jsonl", "queries.jsonl"))
        judged = [line.split("\t") for line in (path / "qrels.tsv").read_text(encoding="utf-8").splitlines()]
        relevant = {query: document for query, document, *_ in judged[1:]}
        for number, (held, asked) in enumerate(libraries(path.name, documents, questions, relevant), start=1):
            lines = [
                f"{question['_id']}\t{relevant[question['_id']]}\t1"
                for question in asked
                if question["answerable"]
            ]
            write_suite(arguments.folder / f"{path.name}~{number}", held, asked, lines)


def libraries(
    name: str, documents: Sequence[Line], questions: Sequence[Line], relevant: Mapping[str, str]
) -> Iterator[tuple[list[Line], list[Line]]]:
    """Yield the documents and the questions of each small library of a suite.

    `relevant` has the document that answers each question. An unanswerable question names the document that
    it is about (`document`, `near_miss_doc`); otherwise it is left out.
    """
    rng = random.Random(name)
    by_document: dict[str, list[Line]] = {}
    for question in questions:
        about = relevant.get(question["_id"]) or question.get("document") or question.get("near_miss_doc")
        if about and not question.get("history") and question.get("type") != "far":
            by_document.setdefault(about, []).append(question)
    kin = kinship([document["_id"] for document in documents])
    lines_by_id = {document["_id"]: document for document in documents}
    order = sorted(lines_by_id.keys() & by_document.keys())
    rng.shuffle(order)
    for size in SIZES:
        held, order = order[:size], order[size:]
        if len(held) < size:
            return
        own = [question for document in held for question in by_document[document]]
        families = {kin[document_id] for document_id in held}
        far = [
            {**question, "answerable": False, "gold_sentences": [], "answers": [], "type": "far"}
            for document, asked in by_document.items()
            if kin.get(document, document) not in families
            for question in asked
        ]
        kinds = ([q for q in own if q["answerable"]], [q for q in own if not q["answerable"]], far)
        yield (
            [lines_by_id[document_id] for document_id in held],
            [question for kind in kinds for question in rng.sample(kind, min(MOST, len(kind)))],
        )


def kinship(ids: Sequence[str]) -> dict[str, str]:
    """Return the family of each document: its id without the number at the end.

    If all documents would be of one family, the ids are numbers only. Then each document is a family.
    """
    kin = {document_id: NUMBERED.sub("", document_id) for document_id in ids}
    return kin if len(set(kin.values())) > 1 else {document_id: document_id for document_id in ids}


if __name__ == "__main__":
    main()
