"""A process that changes a library without end, to be killed at any moment. It says what it has done."""

from __future__ import annotations

import os
import random
import signal
from typing import TYPE_CHECKING, Literal

import embeddings.files
import embeddings.index
import qa.fulltext
from embeddings.index import VectorIndex
from qa.fulltext import FullText
from qa.library import LibraryIndex
from qa.store import Store
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from qa.schema import Progress

NAMES = tuple(f"brief {number} ü.txt" for number in range(6))
# Of a large library, "in the middle of it" is in that of its base.
KillPoint = Literal[
    "before the index is written",
    "in the middle of it",
    "when all but its head is written",
    "before it is recorded",
    "before the old one is cleared away",
    "",
]
# Only a large library has postings.
LargeKillPoint = Literal[
    "before the postings are made",
    "in the middle of them",
    "when all but their head is written",
    "before they are recorded",
    "before the old ones are cleared away",
]


def text_of(seed: int) -> str:
    """The text that a document has under a seed."""
    return words(seed)


def run(
    library: Path,
    inbox: Path,
    seed: int,
    said: Connection,
    kill_at: KillPoint | LargeKillPoint = "",
    large: bool = False,
) -> None:
    """Add, replace and remove documents; say ("try" | "done", id, seed or None) around every change.

    The index of a `large` library is kept as that of a million passages is.
    """
    random.seed(seed)
    if large:
        embeddings.index.EXACT_UP_TO, embeddings.index.DELTA_LEAST, embeddings.index.DELTA_MOST = 5, 2, 10
        qa.fulltext.FTS5_UP_TO = 5
    _arm(kill_at)
    with tiny_corpus(library) as corpus:
        while True:
            held = [info.id for info in corpus.documents()]
            if held and random.random() < 0.3:
                name = random.choice(held)
                said.send(("try", name, None))
                corpus.remove([name])
                said.send(("done", name, None))
                continue
            chosen = {name: random.randrange(10**6) for name in random.sample(NAMES, random.randint(1, 3))}
            for name, number in chosen.items():
                write(inbox, name, text_of(number))
                said.send(("try", name, number))

            def acknowledge(progress: Progress, chosen: dict[str, int] = chosen) -> None:
                if progress.stage == "write":
                    said.send(("done", progress.name, chosen[progress.name]))

            corpus.index(*(inbox / name for name in chosen), progress=acknowledge)


# Where the process dies instead of what it would do.
DEADLY: dict[KillPoint | LargeKillPoint, tuple[object, str]] = {
    "before the index is written": (VectorIndex, "save"),
    "in the middle of it": (embeddings.files.os, "fsync"),
    "when all but its head is written": (embeddings.index, "write_sealed"),
    "before the old one is cleared away": (LibraryIndex, "_sweep"),
    "before it is recorded": (Store, "record_index"),
    "before the postings are made": (Store, "write_postings"),
    "in the middle of them": (qa.fulltext.shutil, "copyfileobj"),
    "when all but their head is written": (qa.fulltext, "write_sealed"),
    "before they are recorded": (Store, "record_words"),
    "before the old ones are cleared away": (FullText, "_sweep"),
}


def _arm(kill_at: KillPoint | LargeKillPoint) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if kill_at:
        setattr(*DEADLY[kill_at], die)
