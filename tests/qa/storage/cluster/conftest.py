"""A library in a Milvus Lite file. Collections take seconds to make: one file serves a module's tests."""

from __future__ import annotations

from contextlib import closing
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
    from pathlib import Path

ENCODER = TinyEncoder()


def empty(address: Address) -> None:
    """Delete all rows of a library."""
    collections = Collections.of(address.name)
    with closing(Connection(address)) as connection:
        state = states.read(connection, collections)
        assert state is not None
        for name in (*collections.fixed, *map(collections.passages, map(int, state.encodings))):
            (key,) = connection.milvus.describe_collection(name)["fields"][:1]
            connection.delete(name, f"{key['name']} >= 0" if key["type"] == 5 else f'{key["name"]} != ""')
        kept = State(encodings=state.encodings, encoding=state.encoding, numbers={"encodings": 1})
        states.write(connection, collections, kept if state.encoding == 1 else State())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    file = tmp_path_factory.mktemp("a library, in Zürich") / "library.db"
    address = Address.parse(f"milvus://{file}")
    with closing(Connection(address)):  # open for all tests, as it takes a second
        yield address


@pytest.fixture
def cluster(address: Address, tmp_path: Path) -> Iterator[ClusterLibrary]:
    with closing(ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)):
        empty(address)
    library = ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)
    yield library
    library.close()
