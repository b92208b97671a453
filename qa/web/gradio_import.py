"""Import Gradio in half the time: it writes no interface files beside its own sources.

At each import Gradio 6.31 parses the sources of its 81 components and compares, or writes, a `.pyi` file for
each (`gradio.component_meta.create_or_modify_pyi`). They are for editors, and the folder may be read-only.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_MODULE = "gradio.component_meta"


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        vars(module)["create_or_modify_pyi"] = lambda *_: None


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == _MODULE else None
        if spec and spec.origin:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def without_interface_files() -> None:
    """Have Gradio write no interface files, if it is not imported yet."""
    sys.meta_path.insert(0, _Finder())
