from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from qa.storage.intake_values import ReadDocument
from qa.storage.library import Library
from qa.storage.records.store import Store
from tests.qa.storage.contract import LibraryContract
from tests.qa.storage.exact_index import ExactIndex
from tests.qa.storage.intake_contract import ENCODER, IntakeContract, embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.schema import Document
    from qa.storage.postgresql.records import PostgresDatabase


class TestLibraryOnPostgreSQL(LibraryContract):
    @pytest.fixture
    def library(self, database: PostgresDatabase) -> Iterator[Library]:
        with closing(Library(database, ExactIndex(database), ENCODER)) as library:
            yield library

    def put(self, library: Library, *documents: Document) -> None:
        for document in documents:
            library.put(ReadDocument.of(document), embedded(document))

    def remove(self, library: Library, *ids: str) -> None:
        library.remove(ids)


class TestStoreOnPostgreSQL(IntakeContract):
    @pytest.fixture
    def library(self, database: PostgresDatabase) -> Store:
        return Store(database)

    def remove(self, library: Store, document_id: str) -> None:
        library.remove([document_id])

    def purge(self, library: Store, document_id: str) -> None:
        library.purge([document_id])
