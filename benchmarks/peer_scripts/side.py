"""Run the commands of `benchmarks.peers` for a peer, in the peer's process.

usage: python SCRIPT WEIGHTS index CORPUS FOLDER | ask FOLDER QUESTION | serve FOLDER

`WEIGHTS` is the encoder's folder. `serve` reads questions, one JSON string in a line. For each question it
writes a line with the milliseconds of the search and the ids of the documents that were found, best first.
The module does not import Pullquote, because it runs in the peers' environment.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Index = Callable[[str, list[tuple[str, str]], Path], None]
    # Gives (id, text) of the documents for a question, best first.
    Search = Callable[[str], list[tuple[str, str]]]

# Number of documents that nDCG@10 needs.
FOUND = 10


def run(index: Index, opened: Callable[[str, Path], Search]) -> None:
    """Run the command of the command line.

    `index(weights, documents, folder)` embeds (id, text) pairs and saves the index in an empty folder.
    `opened(weights, folder)` loads the index.
    """
    weights, verb, *rest = sys.argv[1:]
    if verb == "index":
        index(weights, documents(Path(rest[0])), Path(rest[1]))
    elif verb == "ask":
        hits = opened(weights, Path(rest[0]))(rest[1])
        print(*(hits[0] if hits else ("nothing",)), sep="\n")
    else:
        serve(opened(weights, Path(rest[0])))


def documents(corpus: Path) -> list[tuple[str, str]]:
    """Return (id, text) of each document of a BEIR corpus. A text begins with its title, as in BEIR."""
    with corpus.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [(record["_id"], f"{record.get('title') or ''}\n{record['text']}".strip()) for record in records]


def serve(search: Search) -> None:
    """Write a first line, `{}`, when all is warm. Then answer the questions of standard input to its end."""
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print to standard error
    search("warm")
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        start = time.perf_counter()
        hits = search(question)
        milliseconds = 1000 * (time.perf_counter() - start)
        answer = {"milliseconds": milliseconds, "found": [document for document, _ in hits]}
        print(json.dumps(answer), file=answers, flush=True)
