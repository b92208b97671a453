"""The index of modules is up to date, the house is low, and no modules import each other in a circle."""

from __future__ import annotations

import re
import runpy
from collections import defaultdict
from functools import cache

import grimp

from tests.conftest import ROOT

# The most rooms in a chain of imports. A room is a folder or a module of `qa`, `embeddings`, or `ui.py`.
MOST_FLOORS = 13
UI = (ROOT / "ui.py").read_text(encoding="utf-8")


def test_the_index_of_modules_is_what_the_docstrings_say() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "module_index.py"))["page"]()
    written = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    assert written == page, "run: python scripts/module_index.py"


def test_the_house_is_low() -> None:
    graph = grimp.build_graph("qa", "embeddings", include_external_packages=True)
    below: dict[str, set[str]] = defaultdict(set)
    below["ui"] = {room(name) for name in re.findall(r"^ *from (qa[\w.]*) import", UI, re.MULTILINE)}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if imported.startswith(("qa.", "embeddings.", "ui")) and room(module) != room(imported):
                below[room(module)].add(room(imported))
    assert below["commands"] >= {"ui", "web"}

    @cache
    def floor(name: str) -> int:
        return 1 + max(map(floor, below[name]), default=0)

    assert max(map(floor, list(below))) <= MOST_FLOORS


def room(module: str) -> str:
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] or package if package == "qa" else package


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


def test_a_function_is_long_only_for_a_reason() -> None:
    long_functions = runpy.run_path(str(ROOT / "scripts" / "long_functions.py"))["long_functions"]
    body = "    pass\n" * 79
    source = f"def short():\n{body}\n\ndef long():\n{body}    pass\n"
    assert list(long_functions(source)) == [(83, "long", 81)]
    assert list(long_functions(source.replace("def long", "# Long: it is one table.\ndef long"))) == []
    assert list(long_functions(source.replace("def long", "# Long: \ndef long"))) == [(84, "long", 81)]
