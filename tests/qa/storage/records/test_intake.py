from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qa.consistency import problems
from tests.qa.storage.folder import records
from tests.qa.storage.intake_contract import IntakeContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.records.store import Store


class TestStore(IntakeContract):
    @pytest.fixture
    def library(self, tmp_path: Path) -> Iterator[Store]:
        store = records(tmp_path / "a library, in Zürich")
        yield store
        store.close()
        assert problems(store.folder) == []

    def remove(self, library: Store, document_id: str) -> None:
        library.remove([document_id])

    def purge(self, library: Store, document_id: str) -> None:
        library.purge([document_id])
