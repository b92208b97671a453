"""Measure how long the server takes to show a long conversation again, and to list and search many.

usage: python -m benchmarks.conversations FOLDER

Makes the library FOLDER/conversations, unless it exists. The library has made-up briefs, one conversation of
TURNS questions, and MANY conversations of two questions. Each answer has three quotes. The measured time is
the processor time of this process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.testclient import TestClient

from benchmarks import machine
from qa import Corpus
from qa.desk.kept import kept_turn
from qa.desk.stored_conversations import new_id
from qa.places import shipped_corpus
from qa.schema import Answer, Quote
from qa.web.api import create_app
from qa.web.conversations import opened
from qa.web.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS, MANY, BRIEFS = 200, 1000, 60
RUNS = 5
LONG = "A" * 16
_WORDS = (
    "harbour ferry price metal factory officials reported smuggled March rice copper border guards".split()
)
SEARCHES = {
    "list": "/history",
    "search: a word of most quotes": "/history?q=harbour",
    "search: a question": "/history?q=number+777",
    "search: nothing found": "/history?q=zzz",
}


def make(folder: Path) -> None:
    """Fill a library with briefs and conversations about them."""
    chance = random.Random(4)
    files = folder / "briefs"
    files.mkdir(parents=True)
    for number in range(BRIEFS):
        sentences = (f"{' '.join(chance.choices(_WORDS, k=14)).capitalize()}." for _ in range(60))
        (files / f"{number}.txt").write_text(f"Brief {number}\n\n" + "\n\n".join(sentences), "utf-8")
    with Corpus.open(folder) as corpus:
        corpus.index(files)
        documents = [corpus.document(info.id) for info in corpus.documents()]
        for conversation, turns in ((LONG, TURNS), *((new_id(), 2) for _ in range(MANY - 1))):
            for at in range(turns):
                question = f"Question number {chance.randint(0, 9999)}: what was reported?"
                quotes = []
                for number, document in enumerate(chance.sample(documents, 3), start=1):
                    start = chance.randrange(len(document.text) - 200)
                    quotes.append(Quote(document, start, start + 180, number=3 * at + number))
                answer = Answer(question, question, "answered", 0.9, 0.5, quotes=tuple(quotes))
                now = dt.datetime.now(dt.UTC)
                corpus.desk.conversations.keep(conversation, kept_turn(answer, now, 0.86))


def measure(folder: Path) -> dict[str, list[float]]:
    """Return the milliseconds of each action, by name."""
    engine = Engine(folder, shipped_corpus())
    engine.start()
    engine.settled()
    took: dict[str, list[float]] = {}

    def time_of(name: str, act: Callable[[], object]) -> None:
        began = time.process_time()
        act()
        took.setdefault(name, []).append(1000 * (time.process_time() - began))

    with TestClient(create_app(engine, "127.0.0.1"), base_url="http://127.0.0.1:7860") as client:
        for _ in range(RUNS):
            time_of(f"show {TURNS} turns again", lambda: opened(engine, LONG).messages)
            for name, address in SEARCHES.items():
                time_of(name, partial(client.get, address))
    engine.stop()
    return took


def main() -> None:
    """Make the library and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder / "conversations"
    if not folder.exists():
        make(folder)
    print(machine.line())
    for name, milliseconds in measure(folder).items():
        print(machine.row(name, milliseconds))


if __name__ == "__main__":
    main()
