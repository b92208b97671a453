"""What many tests of documents begin with: an empty library, and a folder of files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import postgresql as program
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

pytest.register_assert_rewrite("tests.qa.storage.contract")


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
