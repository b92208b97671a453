"""Make small libraries out of suites, to fit the confidence on: one, three or ten documents each.

usage: python -m training.small_libraries FOLDER SUITE [SUITE ...]

A suite of a thousand passages does not show what a user with one brief sees: little to read, and so little
that looks like an answer. Writes LIBRARIES suites of each SUITE into FOLDER, `NAME~1` and so on, in the
layout that `pullquote evaluate` takes: a few documents, the suite's questions on them, and *far* ones
(`"type": "far"`), about documents that are no kin of these. `training.confidence` takes the small libraries
of a suite as one corpus, and leaves them out together with the suite.
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

# The documents of each library: most small ones hold a single brief.
SIZES = (1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 10, 10)
# So many questions of each kind are asked of a library, at most.
MOST = 8
# Where parts and versions of a document share an id up to its last number.
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
            lines = [f"{each['_id']}\t{relevant[each['_id']]}\t1" for each in asked if each["answerable"]]
            write_suite(arguments.folder / f"{path.name}~{number}", held, asked, lines)


def libraries(
    name: str, documents: Sequence[Line], questions: Sequence[Line], relevant: Mapping[str, str]
) -> Iterator[tuple[list[Line], list[Line]]]:
    """Yield the documents and the questions of each small library of a suite.

    `relevant` names the document that answers a question; one that is not answered names the document that
    it was written about itself (`document`, `near_miss_doc`), or is not asked.
    """
    rng = random.Random(name)
    by_document: dict[str, list[Line]] = {}
    for each in questions:
        about = relevant.get(each["_id"]) or each.get("document") or each.get("near_miss_doc")
        if about and not each.get("history") and each.get("type") != "far":
            by_document.setdefault(about, []).append(each)
    kin = kinship([each["_id"] for each in documents])
    known = {each["_id"]: each for each in documents}
    order = sorted(known.keys() & by_document.keys())
    rng.shuffle(order)
    for size in SIZES:
        held, order = order[:size], order[size:]
        if len(held) < size:
            return
        own = [each for document in held for each in by_document[document]]
        families = {kin[each] for each in held}
        far = [
            {**each, "answerable": False, "gold_sentences": [], "answers": [], "type": "far"}
            for document, asked in by_document.items()
            if kin.get(document, document) not in families
            for each in asked
        ]
        kinds = ([q for q in own if q["answerable"]], [q for q in own if not q["answerable"]], far)
        yield (
            [known[each] for each in held],
            [each for kind in kinds for each in rng.sample(kind, min(MOST, len(kind)))],
        )


def kinship(ids: Sequence[str]) -> dict[str, str]:
    """Return for each document what it shares with its kin: the id up to its last number.

    Where all would be kin, the number is all that there is to the ids, and none is.
    """
    kin = {each: NUMBERED.sub("", each) for each in ids}
    return kin if len(set(kin.values())) > 1 else {each: each for each in ids}


if __name__ == "__main__":
    main()
