"""What every library promises, with an index on Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qa.storage.contract import LibraryContract, ingest
from tests.qa.storage.intake_contract import IntakeContract
from tests.qa.storage.milvus.conftest import index_of

if TYPE_CHECKING:
    from qa.schema import Document
    from qa.storage.library import Library

# Tests that need BM25, which a server before 2.5 does not have.
BY_WORDS = (
    *("filters_hold_for_every_search", "hit_says_where", "is_replaced_is_found", "selection_of_before"),
    *("filters_restrict_inside", "full_text", "passages_that_match_as_well", "never_query_syntax"),
    *("one_state_of_the_library", "long_words_with_the_same_beginning"),
)


class TestMilvusLibrary(LibraryContract):
    @pytest.fixture
    def library(self, library: Library, request: pytest.FixtureRequest) -> Library:
        by_words = any(name in request.node.name for name in BY_WORDS)
        if by_words and not index_of(library)._opened.connection.has_words:
            pytest.skip("a server before 2.5 has no BM25")
        return library

    def put(self, library: Library, *documents: Document) -> None:
        for document in documents:
            ingest(library, document)

    def remove(self, library: Library, *ids: str) -> None:
        library.remove(ids)


class TestMilvusIntake(IntakeContract):
    @pytest.fixture
    def library(self, library: Library) -> Library:
        return library

    def remove(self, library: Library, document_id: str) -> None:
        library.remove([document_id])

    def purge(self, library: Library, document_id: str) -> None:
        library.purge([document_id])
