"""Measure how long the server takes to list, search, order and open documents in a large library.

usage: python -m benchmarks.listing FOLDER [--documents N]

Makes the library FOLDER/N, unless it exists. Then it asks the routes for pages and data, in this process and
without a network. The documents are made up, with titles of some words, some hundred publishers, and texts of
about CHARACTERS. They are written directly into the tables, without passages and vectors, because lists do
not read them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path
from urllib.parse import quote

from fastapi.testclient import TestClient

from benchmarks import machine
from qa import Corpus
from qa.places import shipped_corpus
from qa.schema import sha256_text
from qa.storage.sqlite.database import SqliteDatabase
from qa.web.api import create_app
from qa.web.engine import Engine

CHARACTERS = 4000
RUNS = 7
_WORDS = (
    "report market border harbour trade grain factory railway winter ministry prices smuggling copper coal "
    "traders police inspection power supply rice fertiliser brigade province city new old rising closed"
).split()
ASKED = {
    "the table": "/documents",
    "the last rows": "/documents?offset=99900&sort=title",
    "search: one word": "/documents?q=harbour",
    "search: two words, few found": "/documents?q=harbour+08-17",
    "search: nothing found": "/documents?q=zzz",
    "search: not ASCII": "/documents?q=%C3%A9cole",
    "by title": "/documents?sort=title",
    "by date, newest first": "/documents?sort=date&order=desc",
    "by publisher, of a year": "/documents?sort=publisher&since=2008&until=2008",
    "one publisher, by title": "/documents?publisher=publisher+7&sort=title",
    "a document": f"/documents/{quote('made/50000.txt', safe='')}",
    "data: a hundred": "/api/v1/documents?limit=100&sort=title&q=grain",
}


def make(folder: Path, number: int) -> None:
    """Fill a library with `number` documents."""
    Corpus.open(folder).close()
    chance = random.Random(4)
    database = SqliteDatabase(folder)
    with database.writing() as db:
        for index in range(number):
            words = chance.choices(_WORDS, k=CHARACTERS // 7)
            text = f"{index} {' '.join(words)}."
            day = f"{chance.randint(1990, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            held = {
                "id": f"made/{index}.txt",
                "given_id": f"made/{index}.txt",
                "path": f"/made/{index}.txt",
                "title": " ".join(words[:6]).capitalize(),
                "publisher": f"Publisher {chance.randint(1, 300)}",
                "series": "Made Brief",
                "number": f"{day[2:4]}-{index % 97}",
                "date": day,
                "url": "",
                "language": chance.choice(("en", "en", "fr")),
                "format": chance.choice(("text", "pdf", "html")),
                "collection": f"Collection {chance.randint(1, 40)}",
                "sha256": sha256_text(text),
                "source_sha256": sha256_text(text),
                "header": "[]",
                "furniture": "[]",
                "notes": "[]",
                "head": "",
                "characters": len(text),
                "text": text,
                "author": "",
            }
            columns, marks = ", ".join(held), ", ".join("?" * len(held))
            db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks})", tuple(held.values()))  # noqa: S608
        db.execute(
            "INSERT INTO locations (path, part, document, format, source_sha256, sha256, made_by) "
            "SELECT path, '', serial, format, source_sha256, sha256, '' FROM documents"
        )
    database.close()


def main() -> None:
    """Make the library and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    arguments = parser.parse_args()
    folder = arguments.folder / str(arguments.documents)
    if not folder.exists():
        make(folder, arguments.documents)
    engine = Engine(folder, shipped_corpus())
    engine.start()
    engine.settled()
    with TestClient(create_app(engine, "127.0.0.1"), base_url="http://127.0.0.1:7860") as client:
        print(json.dumps({"machine": machine.line(), "documents": engine.corpus.store.count().documents}))
        print(f"{'milliseconds':32}{'first':>8}{'of processor':>14}{'again':>8}{'of processor':>14}")
        for name, path in ASKED.items():
            took, worked = [], []
            for _ in range(RUNS):
                begun, before = time.perf_counter(), time.process_time()
                client.get(path).raise_for_status()
                took.append((time.perf_counter() - begun) * 1000)
                worked.append((time.process_time() - before) * 1000)
            first = f"{took[0]:8.0f}{worked[0]:14.0f}"
            print(f"{name:32}{first}{statistics.median(took[1:]):8.0f}{statistics.median(worked[1:]):14.0f}")


if __name__ == "__main__":
    main()
