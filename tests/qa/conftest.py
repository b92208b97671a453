"""What many tests of documents begin with: an empty library, and a folder of files beside it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from qa.formats.worker import SECONDS, KeptWorker, Worker, _environment
from tests import postgresql as program
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

pytest.register_assert_rewrite("tests.qa.storage.contract")


@pytest.fixture(scope="session", autouse=True)
def one_parser() -> Iterator[None]:
    """Let one process parse files for all tests: it takes longer to start than most files take to read.

    A test that changes the environment or the path of imports, or that forks, gets processes of its own.
    """
    usual = (os.getpid(), _environment())
    kept: dict[float, KeptWorker] = {}

    @contextmanager
    def lent(seconds: float = SECONDS) -> Iterator[Worker]:
        if seconds not in kept:
            kept[seconds] = KeptWorker(seconds=3600, file_seconds=seconds)
        is_usual = (os.getpid(), _environment()) == usual
        with kept[seconds].lent() if is_usual else Worker(seconds) as worker:
            yield worker

    class Lender(KeptWorker):
        @contextmanager
        def lent(self) -> Iterator[Worker]:
            with lent(self._file_seconds) as worker:
                yield worker

    with pytest.MonkeyPatch.context() as patch:
        for module in ("qa.formats.reading", "qa.intake.run", "qa.quoting.claims.file"):
            patch.setattr(f"{module}.Worker", lent)
        for module in ("qa.intake.intake", "qa.web.originals"):
            patch.setattr(f"{module}.KeptWorker", Lender)
        yield
    for each in kept.values():
        each.close()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Where a library may be made."""
    return tmp_path / "library"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Where its files may lie; `tests.qa.tiny.write` makes it."""
    return tmp_path / "in"


@pytest.fixture
def corpus(library: Path) -> Iterator[Corpus]:
    """A corpus of a tiny encoder, whose library is whole in the end."""
    with tiny_corpus(library) as corpus:
        yield corpus
    assert problems(library) == []


@pytest.fixture(scope="session")
def postgresql() -> Iterator[program.Server]:
    """A PostgreSQL server, whose password is in the environment, as libpq wants it."""
    pytest.importorskip("psycopg")
    if program.programs() is None:
        pytest.skip(program.MISSING)
    server = program.Server()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PGPASSWORD", server.password)
        yield server
    server.stop()
