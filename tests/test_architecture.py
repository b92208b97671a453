from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", ["embeddings", "qa", "qa/evaluation", "qa/formats", "qa/web"])
def test_every_module_has_its_place_in_the_description_of_the_house(package: str) -> None:
    modules = {path.name for path in (ROOT / package).glob("*.py") if not path.name.startswith("__")}
    assert modules - set(re.findall(r"`([\w.]+\.py)`", PAGE)) == set()


def test_the_description_names_no_module_that_is_gone() -> None:
    there = {path.name for path in ROOT.glob("**/*.py") if ".venv" not in path.parts}
    assert set(re.findall(r"`([\w.]+\.py)`", PAGE)) - there == set()
