"""A desk in a file, and one on a PostgreSQL server: what is promised of the one is promised of the other."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.qa.desk.on_server import corpus_on_server
from tests.qa.tiny import tiny_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qa.corpus import Corpus
    from tests.postgresql import Server

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on both desks, unless it looks into the file of the one, or runs a command."""
    if "keeper" in metafunc.fixturenames:
        in_file = metafunc.definition.get_closest_marker("own_file")
        on_server = pytest.param("postgresql", marks=pytest.mark.slow)
        metafunc.parametrize("keeper", ["file"] if in_file else ["file", on_server])


@pytest.fixture
def open_corpus(keeper: str, library: Path, request: pytest.FixtureRequest) -> Callable[..., Corpus]:
    """Open the library of the test: in a folder, or on the server."""
    if keeper == "file":
        return partial(tiny_corpus, library)
    server: Server = request.getfixturevalue("postgresql")
    return partial(corpus_on_server, f"{server.address()}?schema=desk_{next(_numbers)}", library)
