from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.qa.storage.test_store import ingest

from tests.qa.storage.contract import LibraryContract

if TYPE_CHECKING:
    from qa.storage.cluster.library import ClusterLibrary

    from qa.schema import Document

pytestmark = pytest.mark.slow

# What full text is needed for: a server before 2.5 has none.
BY_WORDS = (
    *("filters_hold_for_every_search", "hit_says_where", "is_replaced_is_found", "selection_of_before"),
    *("filters_restrict_inside", "full_text", "passages_that_match_as_well", "never_query_syntax"),
    *("a_phrase", "places_of_a_document", "one_state_of_the_library", "names_are_found"),
)


class TestClusterLibrary(LibraryContract):
    @pytest.fixture
    def library(self, cluster: ClusterLibrary, request: pytest.FixtureRequest) -> ClusterLibrary:
        if not cluster.connection.has_words and any(each in request.node.name for each in BY_WORDS):
            pytest.skip("not on a server before 2.5: it has no BM25")
        return cluster

    def put(self, library: ClusterLibrary, *documents: Document) -> None:
        for document in documents:
            ingest(library, document)

    def remove(self, library: ClusterLibrary, *ids: str) -> None:
        library.remove(ids)

    @pytest.mark.skip(reason="not on a cluster: each document put in would be compared with many others")
    def test_copies_are_those_that_the_filters_leave_the_most_similar_first(
        self, library: ClusterLibrary
    ) -> None: ...
