"""The description of the house names every module by its path, and none that is gone."""

from __future__ import annotations

import re

import grimp

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = {
    path if "/" in path else f"qa/{path}"
    for path in re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE)
    for path in re.findall(r"`([\w/]+\.py)`", path)
}
MODULES = {
    path.relative_to(ROOT).as_posix()
    for package in ("qa", "embeddings")
    for path in (ROOT / package).rglob("*.py")
    if not path.name.startswith("__")
}


def test_every_module_has_its_place_in_the_description_of_the_house() -> None:
    assert set() == MODULES - NAMED


def test_the_description_names_no_module_that_is_gone() -> None:
    assert set() == NAMED - MODULES


def test_few_modules_lie_flat() -> None:
    assert len(list((ROOT / "qa").glob("*.py"))) <= 16


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("qa", "embeddings")
    circles = [
        (module, imported)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if graph.chain_exists(importer=imported, imported=module)
    ]
    assert circles == []
