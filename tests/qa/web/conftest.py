"""What tests of HTTP share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from qa.web.engine import Engine, State
from tests.qa.web.served import app_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus

BASE = "http://127.0.0.1:7860"


@pytest.fixture
def engine(corpus: Corpus) -> Engine:
    """An engine that is ready, over an empty library."""
    engine = Engine(corpus.library, corpus.library.parent, _corpus=corpus)
    engine._settle(State("ready"))
    return engine


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(app_over(engine), base_url=BASE) as client:
        yield client
