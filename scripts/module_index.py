"""Write docs/modules.md from the docstrings of modules. A test fails when the file is out of date."""

from __future__ import annotations

import ast
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "modules.md"
_HEAD = """\
# Modules

Made from the first lines of docstrings by `python scripts/module_index.py`; do not edit by hand. The ways
through these modules are in [architecture.md](architecture.md).
"""


def page() -> str:
    """Return the whole page."""
    paths = sorted((ROOT / "qa").rglob("*.py")) + sorted((ROOT / "embeddings").rglob("*.py"))
    rooms = groupby(
        sorted(paths, key=lambda path: path.parent.relative_to(ROOT).parts), key=lambda path: path.parent
    )
    return "\n".join([_HEAD, *(_room(folder, list(modules)) for folder, modules in rooms)])


def _room(folder: Path, modules: list[Path]) -> str:
    lines = [f"| `{path.stem}` | {first_line(path)} |" for path in modules if path.stem != "__init__"]
    name = folder.relative_to(ROOT).as_posix()
    return "\n".join(
        [f"## {name}/", first_line(folder / "__init__.py"), "", "| | |", "|---|---|", *lines, ""]
    )


def first_line(path: Path) -> str:
    """Return the first paragraph of a module's docstring, as one line that a table can hold."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
