"""Make windows of sentences from several documents, which only together answer a question of several parts.

usage: python -m training.together OUT.jsonl TRAINDATA MULTIHOP_TWINS [--seed N]

The product reads its chosen sentences for such a question in the same way (`qa.asking.several`).
"""

from __future__ import annotations

import argparse
import json
import random
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from qa.document.window import among_others
from qa.schema import Document
from training.corpora import read_lines
from training.prepare import WRITTEN
from training.questions import found, is_public_held_out, written_documents
from training.windows import Example, Lines, dress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from training.windows import Line

# Maximum number of sentences without evidence in a window.
MOST_OTHERS = 4
SHARED = 0.6  # share of these sentences that have most words in common with the question


def main() -> None:
    """Write the windows of the written questions and of `multihop_twins`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("traindata", type=Path)
    parser.add_argument("multihop_twins", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    lists = chain(together(arguments.traindata, WRITTEN, rng), twins(arguments.multihop_twins, rng))
    with arguments.out.open("w", encoding="utf-8") as out:
        for number, examples in enumerate(lists):
            for example in examples:
                print(json.dumps({"list": number, **example.as_dict()}, ensure_ascii=False), file=out)


def together(folder: Path, written: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Yield for each written question of several parts windows that answer or lack a part."""
    documents = written_documents(folder, written)
    lines: dict[str, list[Line]] = {}
    for entry in read_lines(written / "kinds.jsonl"):
        ids = dict.fromkeys([*entry["documents"], *entry.get("group", ())])
        if len(entry["parts"]) < 2 or not ids:
            continue
        for id_ in ids:
            lines.setdefault(id_, [line for run in Lines(documents[id_]).runs for line in run])
        yield _dressed(_windows(entry, documents, lines, rng), rng)


def twins(folder: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Yield such windows for `multihop_twins`. Each paragraph of its texts is a document with a title."""
    texts = {entry["_id"]: entry["text"] for entry in read_lines(folder / "corpus.jsonl")}
    asked = {entry["_id"]: entry for entry in read_lines(folder / "queries.jsonl")}
    for entry in asked.values():
        if is_public_held_out(folder.name, entry["document"]):
            continue
        documents = dict(_paragraphs(entry["document"], texts[entry["document"]]))
        lines = {
            name: [line for run in Lines(document).runs for line in run]
            for name, document in documents.items()
        }
        whole = entry if entry["answerable"] else asked.get(entry.get("twin", ""))
        parts = [
            {
                "document": next(
                    (name for name, document in documents.items() if sentence in document.text), ""
                ),
                "gold_sentences": [sentence],
            }
            for sentence in (whole or {}).get("gold_sentences", ())
        ]
        if len(parts) > 1 and all(part["document"] for part in parts) == entry["answerable"]:
            full_entry = {**entry, "parts": parts, "documents": list(documents)}
            yield _dressed(_windows(full_entry, documents, lines, rng), rng)


def _paragraphs(id_: str, text: str) -> Iterator[tuple[str, Document]]:
    for number, paragraph in enumerate(text.split("\n\n")):
        title, _, body = paragraph.partition("\n")
        if body.strip():
            name = f"{id_}-{number}"
            yield name, Document(name, body.strip(), title=title)


def _dressed(windows: Iterable[Example], rng: random.Random) -> list[Example]:
    seed = rng.random()
    return [dress(window, random.Random(seed)) for window in windows]


def _windows(
    entry: Mapping[str, Any],
    known: Mapping[str, Document],
    lines: Mapping[str, list[Line]],
    rng: random.Random,
) -> Iterator[Example]:
    ids = list(dict.fromkeys([*entry["documents"], *entry.get("group", ())]))
    gold: list[list[tuple[str, int]]] = []
    for part in entry["parts"]:
        spans = found(known[part["document"]], part["gold_sentences"]) if part["document"] else ()
        gold.append(
            [
                (part["document"], at)
                for at, line in enumerate(lines[part["document"]] if spans else ())
                if any(line.span.start < span.end and span.start < line.span.end for span in spans)
            ]
        )
    every = {place for places in gold for place in places}
    asked = set(entry["text"].casefold().split())
    others = [(id_, at) for id_ in ids for at in range(len(lines[id_])) if (id_, at) not in every]

    def example(chosen: list[list[tuple[str, int]]], kind: str, *, whole: bool) -> Example:
        places = [rng.choice(part) for part in chosen if part]
        some = rng.sample(others, min(len(others), rng.randint(0, MOST_OTHERS)))
        likely = sorted(
            others, key=lambda place: -len(asked & set(lines[place[0]][place[1]].text.casefold().split()))
        )[: 2 * MOST_OTHERS]
        some = [rng.choice(likely) if rng.random() < SHARED else other for other in some]
        shown = list(dict.fromkeys([*places, *some]))
        rng.shuffle(shown)
        texts = tuple(among_others(known[id_], lines[id_][at].text) for id_, at in shown)
        evidence = tuple(place in places for place in shown)
        labels = evidence if whole else (False,) * len(shown)
        return Example(entry["text"], "", texts, labels, None, kind, "together", "", evidence)

    if entry["answerable"]:
        yield example(gold, "answers", whole=True)
        # A part may not be left out if its evidence is also evidence for another part.
        apart = [
            at
            for at, part in enumerate(gold)
            if not set(part) & {p for o in gold if o is not part for p in o}
        ]
        if apart:
            lost = rng.choice(apart)
            yield example([part for at, part in enumerate(gold) if at != lost], "part", whole=False)
    else:
        for _ in range(2):
            yield example(gold, "part", whole=False)


if __name__ == "__main__":
    main()
