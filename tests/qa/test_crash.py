from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from typing import TYPE_CHECKING, get_args

import pytest

import qa.fulltext
from qa.schema import Filters
from tests.qa.consistency import index_problems, problems, words_problems
from tests.qa.tiny import tiny_corpus
from tests.qa.writer import KillPoint, LargeKillPoint, run, text_of

if TYPE_CHECKING:
    from pathlib import Path

# PULLQUOTE_CRASHES=1000 for a long run.
CRASHES = int(os.environ.get("PULLQUOTE_CRASHES", "25"))
POSIX = sys.platform != "win32"


class Books:
    """What the library must hold, by what its writers said: for each id, the seeds that its text may have.

    None stands for "not held". More than one is possible only where a writer was killed before it could say.
    """

    def __init__(self) -> None:
        self.may_be: dict[str, set[int | None]] = {}

    def note(self, kind: str, name: str, seed: int | None) -> None:
        if kind == "done":
            self.may_be[name] = {seed}
        else:
            self.may_be.setdefault(name, {None}).add(seed)

    def check(self, library: Path) -> None:
        """Start anew, as a user would; then look from outside."""
        with tiny_corpus(library, create=False) as corpus:
            held = {info.id: corpus.document(info.id) for info in corpus.documents()}
            for name in held.keys() | self.may_be.keys():
                possible = {seed: None if seed is None else text_of(seed) for seed in self.may_be[name]}
                text = held[name].text if name in held else None
                (settled,) = [seed for seed, expected in possible.items() if expected == text]
                self.may_be[name] = {settled}
                if text:
                    tiles = corpus.passages_of(name)
                    assert "".join(text[passage.start : passage.end] for passage in tiles) == text
            vector = corpus.encode_queries(["word1 word2"])[0]
            found = corpus.dense(vector, 1000, corpus.select(Filters()))
            assert len(found) == sum(info.passages for info in corpus.documents())
            # FTS5 answers where the postings are behind; the next change brings them in step.
            everything = corpus.select()
            for query in (["word1"], ["word2", "word3"]):
                assert corpus.bm25(query, 20, everything) == corpus._store.bm25(query, 20, everything)
            corpus._words.save()
            large = corpus.count().passages > qa.fulltext.FTS5_UP_TO
        assert problems(library) == []
        assert index_problems(library) == []
        assert not large or words_problems(library) == []


def crash(
    tmp_path: Path,
    books: Books,
    seed: int,
    seconds: float | None,
    large: bool,
    kill_at: KillPoint | LargeKillPoint = "",
) -> None:
    """Let a writer work until it kills itself, or is killed after so many seconds; note what it has said."""
    context = multiprocessing.get_context("forkserver" if POSIX else "spawn")
    if POSIX:
        context.set_forkserver_preload(["tests.qa.writer"])
    heard, said = context.Pipe(duplex=False)
    writer = context.Process(
        target=run, args=(tmp_path / "library ü", tmp_path / "in", seed, said, kill_at, large)
    )
    writer.start()
    said.close()
    if seconds is not None:
        books.note(*heard.recv())  # it is at work
        time.sleep(seconds)
        writer.kill()
    while True:
        try:
            books.note(*heard.recv())
        except EOFError:
            break
    writer.join(30)
    assert writer.exitcode == (-9 if POSIX else 1)


@pytest.fixture(params=[False, True], ids=["small", "large"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the library counts as large, to its writer and here."""
    if request.param:
        monkeypatch.setattr(qa.fulltext, "FTS5_UP_TO", 5)
    return bool(request.param)


def test_whenever_a_writer_is_killed_the_next_start_is_consistent_and_nothing_acknowledged_is_gone(
    tmp_path: Path, large: bool
) -> None:
    books, moments = Books(), random.Random(2008)
    for seed in range(CRASHES):
        crash(tmp_path, books, seed, moments.uniform(0, 0.12), large)
        books.check(tmp_path / "library ü")


@pytest.mark.skipif(not POSIX, reason="a process can only kill itself like this on POSIX")
@pytest.mark.parametrize(
    ("kill_at", "large"),
    [
        *((point, large) for point in get_args(KillPoint) if point for large in (False, True)),
        *((point, True) for point in get_args(LargeKillPoint)),
    ],
    indirect=["large"],
)
def test_a_kill_between_commit_and_index_file_leaves_the_index_behind_and_the_next_start_heals_it(
    tmp_path: Path, kill_at: KillPoint | LargeKillPoint, large: bool
) -> None:
    books = Books()
    for seed in range(3):
        crash(tmp_path, books, seed, None, large, kill_at)
        books.check(tmp_path / "library ü")
    assert any(None not in seeds for seeds in books.may_be.values())
