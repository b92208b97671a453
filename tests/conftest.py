"""What all tests share. Nothing here reaches the library or the settings of the person who runs them."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# Several processes run tests. A second thread of torch or BLAS in each process only waits for the first.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from qa.web.gradio_import import quicken

if TYPE_CHECKING:
    from collections.abc import Iterator

# A slow machine is no counterexample; on CI a failure must come back when it is run again.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
# `make test-fast` tries a fifth of the examples: --hypothesis-profile is read after this.
settings.register_profile("fast", settings(), max_examples=20)

quicken()  # tests import Gradio as the chat does: in a third of the time

ROOT = Path(__file__).resolve().parent.parent
BRIEF = ROOT / "seeds" / "ifes-nk-brief-08-4-4-1-scrap-metal-smuggling.txt"


_LONGEST = frozenset({"test_server.py", "test_faults.py", "test_faults_on_server.py", "test_distributed.py"})


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Keep what is imported and collected from every later search for garbage: it stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: what comes last is left to one process alone."""
    items.sort(key=lambda item: (item.path.name not in _LONGEST, "browser" not in item.keywords))


@pytest.fixture(scope="session", autouse=True)
def library_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point the default library and the settings at empty places: a test must not write to the user's."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("settings-of-nobody"))
    os.environ["PULLQUOTE_LIBRARY"] = str(tmp_path_factory.mktemp("library-of-nobody"))


@pytest.fixture(scope="session")
def brief() -> Path:
    """The brief that ships."""
    return BRIEF
