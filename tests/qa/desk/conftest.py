"""A desk in a file, and one on a PostgreSQL server: what is promised of the one is promised of the other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from qa.storage.postgresql.address import PostgresAddress
from qa.storage.postgresql.database import SharedDatabase
from qa.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from tests.postgresql import Server

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on both desks, unless it looks into the file of the one."""
    if "keeper" in metafunc.fixturenames:
        in_file = metafunc.definition.get_closest_marker("own_file")
        on_server = pytest.param("postgresql", marks=pytest.mark.slow)
        metafunc.parametrize("keeper", ["file"] if in_file else ["file", on_server])


@pytest.fixture
def on_desk(keeper: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have libraries in folders keep their desk where the test is to."""
    if keeper == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        address = PostgresAddress.parse(f"{server.address()}?schema=desk_{next(_numbers)}")
        monkeypatch.setattr(SqliteDatabase, "shared", SharedDatabase(address))
