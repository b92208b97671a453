"""A library on Milvus. Its collections take seconds to make: one serves all tests of a module."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from qa.storage.cluster import state as states
from qa.storage.cluster.address import Address
from qa.storage.cluster.connection import Connection
from qa.storage.cluster.library import ClusterLibrary
from qa.storage.cluster.schema import Collections
from qa.storage.cluster.state import State

from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
ENCODER = TinyEncoder()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a library on Milvus as slow: the first of a module pays for its start."""
    for item in items:
        if item.path.parent == FOLDER and "address" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def empty(address: Address) -> None:
    """Delete all rows of a library."""
    collections = Collections.of(address.name)
    with closing(Connection(address)) as connection:
        state = states.read(connection, collections)
        assert state is not None
        for name in collections.fixed:
            connection.delete(name, "serial >= 0" if name == collections.documents else 'key != ""')
        for name in map(collections.passages, map(int, state.encodings)):
            connection.delete(name, "key >= 0")
        kept = State(encodings=state.encodings, encoding=state.encoding, numbers={"encodings": 1})
        states.write(connection, collections, kept if state.encoding == 1 else State())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Address]:
    """A Milvus Lite file, unless a server is named (`on_server`)."""
    folder = tmp_path_factory.mktemp("a library, in Zürich")
    server = os.environ.get("PULLQUOTE_TEST_MILVUS")
    name = request.module.__name__.rpartition(".")[2]
    address = Address.parse(f"{server}/{name}" if server else f"milvus://{folder}/library.db")
    with closing(Connection(address)):  # open for all tests, as it takes a second
        yield address


@pytest.fixture
def cluster(address: Address, tmp_path: Path) -> Iterator[ClusterLibrary]:
    with closing(ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)):
        empty(address)
    library = ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)
    yield library
    library.close()
