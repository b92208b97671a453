"""List the functions that are longer than 80 lines. Exit with 1 if there are any.

A function counts with its docstring and without its decorators. It is not listed if the comment on the line
above its `def` begins with "# Long: " and says why it is long.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MOST_LINES = 80
_REASON = "# Long: "


def long_functions(source: str) -> Iterator[tuple[int, str, int]]:
    """Yield the first line, name and number of lines of each function that is long without a reason."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            above = lines[node.lineno - 2].strip() if node.lineno > 1 else ""
            has_reason = above.startswith(_REASON)  # without a reason, the space is stripped
            if length > MOST_LINES and not has_reason:
                yield node.lineno, node.name, length


def main() -> None:
    """List the long functions of `qa/`, `embeddings/` and `ui.py`."""
    paths = [*(ROOT / "qa").rglob("*.py"), *(ROOT / "embeddings").rglob("*.py"), ROOT / "ui.py"]
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {name} has {length} lines, and may have {MOST_LINES}"
        for path in sorted(paths)
        for line, name, length in long_functions(path.read_text(encoding="utf-8"))
    ]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
