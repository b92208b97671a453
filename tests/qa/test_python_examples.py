"""Every example that documents the Python interface runs as it stands."""

from __future__ import annotations

import doctest
import shutil
from typing import TYPE_CHECKING

import pytest

import qa
from qa import Corpus, corpus
from qa.quoting import quoted_answer
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.models
OPTIONS = doctest.ELLIPSIS


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus.open(tmp_path_factory.mktemp("library")) as made:
        made.index(ROOT / "seeds")
        yield made


def test_the_page_on_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    # The fence that ends a block would be read as what an example prints.
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8").replace("```\n", "\n")
    examples = doctest.DocTestParser().get_doctest(page, {}, "python.md", None, 0)
    assert len(examples.examples) > 20
    run(examples)


@pytest.mark.parametrize("module", [qa, corpus, quoted_answer], ids=lambda module: module.__name__)
def test_examples_of_docstrings(module: object, answering: Corpus) -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [each for each in finder.find(module, extraglobs={"corpus": answering}) if each.examples]
    assert found
    for each in found:
        run(each)


def run(examples: doctest.DocTest) -> None:
    printed: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=printed.append)
    assert failed == 0, "".join(printed)
