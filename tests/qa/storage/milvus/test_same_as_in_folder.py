"""A library with an index on Milvus finds the same as a library in a folder, after any changes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from qa.storage.engines import do_nothing
from qa.storage.milvus import index
from qa.storage.open import open_library
from tests.qa.storage.milvus.conftest import index_of
from tests.qa.storage.pairs import Pair
from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.library import Library

STEPS = 40


# Results have numbers, which have gaps on PostgreSQL: `test_same_as_sqlite.py` compares the two databases.
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("followed", [256, 0], ids=["followed", "scanned"])
@pytest.mark.parametrize("seed", [0, 26, *(pytest.param(n, marks=pytest.mark.day) for n in range(30, 50))])
def test_the_same_changes_have_the_same_results(
    library: Library, tmp_path: Path, seed: int, followed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FOLLOWED", followed)
    files = tmp_path / "files"
    (files / "d").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "d/e.txt"):  # the others are gone
        (files / name).touch()
    if not followed:  # leave all changes in the outbox
        monkeypatch.setattr(library.database, "after_commit", do_nothing)
        monkeypatch.setattr("qa.storage.milvus.follower.Follower.wake", lambda _: None)
    with closing(open_library(tmp_path / "folder", encoder=TinyEncoder())) as folder:
        pair = Pair(folder, library, seed, files)
        for step in range(STEPS):
            pair.step()
            if step % 10 == 9:
                pair.compare_searches(has_words=index_of(library)._opened.connection.has_words)
        pair.compare()
