"""Libraries with an index on Milvus. A Milvus Lite file takes a second to open: a module has one file."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.storage.milvus.address import Address
from qa.storage.milvus.connection import Connection
from qa.storage.milvus.index import MilvusIndex
from qa.storage.open import open_library
from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.library import Library

FOLDER = Path(__file__).parent
ENCODER = TinyEncoder()


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


@pytest.fixture
def library(address: str, tmp_path: Path) -> Iterator[Library]:
    library = open_library(tmp_path / "a library, in Zürich", encoder=ENCODER, index=address)
    yield library
    library.close()
