"""What a peer in `benchmarks.peers` can be told to do, in a process of its own.

usage: python SCRIPT WEIGHTS index CORPUS FOLDER | ask FOLDER QUESTION | serve FOLDER

`WEIGHTS` is the encoder's folder. `serve` reads questions, one JSON string a line, and writes a line for
each: how many milliseconds the search took, and the ids of the documents found, best first. Nothing here
knows of Pullquote, as it runs in the peers' environment.
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
    # A question to (id, text) of the documents found, best first.
    Search = Callable[[str], list[tuple[str, str]]]

# As deep as nDCG@10 looks.
FOUND = 10


def run(index: Index, opened: Callable[[str, Path], Search]) -> None:
    """Do what the command line says.

    `index(weights, documents, folder)` embeds (id, text) pairs and saves all in an empty folder;
    `opened(weights, folder)` loads what was saved.
    """
    weights, verb, *rest = sys.argv[1:]
    if verb == "index":
        index(weights, documents(Path(rest[0])), Path(rest[1]))
    elif verb == "ask":
        found = opened(weights, Path(rest[0]))(rest[1])
        print(*(found[0] if found else ("nothing",)), sep="\n")
    else:
        serve(opened(weights, Path(rest[0])))


def documents(corpus: Path) -> list[tuple[str, str]]:
    """Read (id, text) of a BEIR corpus; a text begins with its title, as BEIR's own systems read it."""
    with corpus.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [(each["_id"], f"{each.get('title') or ''}\n{each['text']}".strip()) for each in records]


def serve(search: Search) -> None:
    """Say with a first line, `{}`, that all is warm; then answer standard input's questions until it ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    search("warm")
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        start = time.perf_counter()
        found = search(question)
        milliseconds = 1000 * (time.perf_counter() - start)
        answer = {"milliseconds": milliseconds, "found": [document for document, _ in found]}
        print(json.dumps(answer), file=answers, flush=True)
