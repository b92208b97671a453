"""Import Gradio in a third of the time: without its help for editors, its command line and data frames.

The chat does not use these parts of Gradio 6.31's import:

- Gradio parses the sources of each of its 81 components, and compares or writes a `.pyi` file
  (`gradio.component_meta.create_or_modify_pyi`). The folder may also be read-only.
- Gradio makes the docstring of each of the components' 216 events from a template
  (`gradio.events.EventListener.set_doc`).
- Gradio imports pandas for two functions that cache data frames, and a client of hosted models for
  `gradio.load`. Both are still imported when they are first used.
- `gradio.deploy` imports the command line, with all that the command line imports.
- `gradio.mcp` imports the MCP SDK, if it is installed, for a server of its own.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import LazyLoader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

# Modules that are imported only when they are first used. Gradio's own import only names them.
_LAZY = {"pandas", "gradio.external_utils"}
_DOCUMENTING = {"gradio.component_meta", "gradio.events"}
_COMMAND_LINE = "gradio.cli"
_ASSISTANTS = "gradio.mcp"


def _nothing(*_: object, **__: object) -> None:
    """Do nothing. This replaces functions that make documentation."""


class _Loader(SourceFileLoader):
    """Runs a module of Gradio, and then replaces its function that documents components."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if module.__name__ == "gradio.component_meta":
            vars(module)["create_or_modify_pyi"] = _nothing
        else:
            module.EventListener.set_doc = _nothing


def _deploy(*arguments: Any) -> Any:
    """Run the real `gradio.deploy`, which is imported only now."""
    return import_module(f"{_COMMAND_LINE}.cli").deploy(*arguments)


class _CommandLine(SourceFileLoader):
    """Makes the package of the command line without its contents. Each module is imported when it is used."""

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["deploy"] = _deploy


class _WithoutSdk(SourceFileLoader):
    """Runs a module as if the MCP SDK was not installed, unless it is imported already."""

    def exec_module(self, module: ModuleType) -> None:
        if "mcp" in sys.modules:
            super().exec_module(module)
            return
        sys.modules["mcp"] = None  # type: ignore[assignment] # any import of it fails
        try:
            super().exec_module(module)
        finally:
            del sys.modules["mcp"]


# The loaders of modules that are imported in part.
_LOADERS = {
    **dict.fromkeys(_DOCUMENTING, _Loader),
    _COMMAND_LINE: _CommandLine,
    _ASSISTANTS: _WithoutSdk,
}


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _LAZY | _LOADERS.keys():
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec and spec.origin and spec.loader:
            if fullname in _LAZY:
                spec.loader = LazyLoader(spec.loader)
            else:
                spec.loader = _LOADERS[fullname](fullname, spec.origin)
        return spec


def quicken() -> None:
    """Make Gradio's import leave these parts out, if Gradio is not imported yet."""
    sys.meta_path.insert(0, _Finder())
