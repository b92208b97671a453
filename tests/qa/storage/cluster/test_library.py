from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qa.storage.contract import LibraryContract
from tests.qa.storage.test_store import ingest

if TYPE_CHECKING:
    from qa.schema import Document
    from qa.storage.cluster.library import ClusterLibrary


class TestClusterLibrary(LibraryContract):
    @pytest.fixture
    def library(self, cluster: ClusterLibrary) -> ClusterLibrary:
        return cluster

    def put(self, library: ClusterLibrary, *documents: Document) -> None:
        for document in documents:
            ingest(library, document)

    def remove(self, library: ClusterLibrary, *ids: str) -> None:
        library.remove(ids)

    @pytest.mark.skip(reason="not on a cluster: each document put in would write to the table of spellings")
    def test_names_are_found_in_the_spellings_of_the_documents(self, library: ClusterLibrary) -> None: ...

    @pytest.mark.skip(reason="not on a cluster: each document put in would be compared with many others")
    def test_copies_are_those_that_the_filters_leave_the_most_similar_first(
        self, library: ClusterLibrary
    ) -> None: ...
