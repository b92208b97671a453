from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.storage.open import open_library
from tests.qa.storage.contract import LibraryContract
from tests.qa.storage.records.test_store import ENCODER, ingest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.schema import Document
    from qa.storage.library import Library


class TestLibrary(LibraryContract):
    @pytest.fixture
    def library(self, tmp_path: Path) -> Iterator[Library]:
        library = open_library(tmp_path / "a library, in Zürich", encoder=ENCODER)
        yield library
        library.close()

    def put(self, library: Library, *documents: Document) -> None:
        for document in documents:
            ingest(library, document)

    def remove(self, library: Library, *ids: str) -> None:
        library.remove(ids)
