"""Libraries on a PostgreSQL server: each test has a schema of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from qa.storage.postgresql.records import PostgresDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgresql import Server

_numbers = itertools.count(1)


@pytest.fixture
def address(postgresql: Server) -> str:
    return f"{postgresql.address()}?schema=records_{next(_numbers)}"


@pytest.fixture
def database(address: str, tmp_path: Path) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(address, tmp_path / "a library, in Zürich")
    yield database
    database.close()
