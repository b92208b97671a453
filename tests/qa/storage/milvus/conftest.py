"""Libraries with an index on Milvus. A Milvus Lite file takes a second to open: a module has one file."""

from __future__ import annotations

import itertools
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.places import ServerAddress
from qa.storage.milvus.address import Address
from qa.storage.milvus.connection import Connection
from qa.storage.milvus.index import MilvusIndex
from qa.storage.open import open_library
from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.places import LibraryAddress
    from qa.storage.library import Library
    from tests.postgresql import Server

FOLDER = Path(__file__).parent
ENCODER = TinyEncoder()
_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that open Milvus as slow."""
    for item in items:
        if item.path.parent == FOLDER and "address" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Milvus Lite file, or of the server of `on_server`."""
    address = os.environ.get("PULLQUOTE_TEST_MILVUS")
    address = address or f"milvus://{tmp_path_factory.mktemp('an index, in Zürich')}/index.db"
    with closing(Connection(Address.parse(address))) as connection:  # keep it open for all tests
        yield address
        for name in connection.call("list_collections"):
            connection.call("drop_collection", name)


def index_of(library: Library) -> MilvusIndex:
    assert isinstance(library.index, MilvusIndex)
    return library.index


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.day)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> LibraryAddress:
    """The place of a new library, whose records are in SQLite or in PostgreSQL."""
    folder = tmp_path / "a library, in Zürich"
    if request.param == "sqlite":
        return folder
    server: Server = request.getfixturevalue("postgresql")
    return ServerAddress(f"{server.address()}?schema=milvus_{next(_numbers)}", folder)


@pytest.fixture
def library(address: str, place: LibraryAddress) -> Iterator[Library]:
    library = open_library(place, encoder=ENCODER, index=address)
    yield library
    library.close()
