from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qa.storage.intake_contract import IntakeContract

if TYPE_CHECKING:
    from qa.storage.cluster.library import ClusterLibrary


pytestmark = pytest.mark.slow


class TestClusterIntake(IntakeContract):
    @pytest.fixture
    def library(self, cluster: ClusterLibrary) -> ClusterLibrary:
        return cluster

    def remove(self, library: ClusterLibrary, document_id: str) -> None:
        library.remove([document_id])

    def purge(self, library: ClusterLibrary, document_id: str) -> None:
        library.purge([document_id])
