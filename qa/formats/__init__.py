"""From a file to documents: one module a format; `reading.py` is the way in.

Its names are loaded on first use: a question needs the dates of this package, and none of its parsers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.formats.reading import (
        HIDDEN,
        READS,
        DateOrder,
        Known,
        Options,
        Same,
        Worker,
        file_id,
        files,
        read_path,
        supported,
    )

__all__ = [
    "HIDDEN",
    "READS",
    "DateOrder",
    "Known",
    "Options",
    "Same",
    "Worker",
    "file_id",
    "files",
    "read_path",
    "supported",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("qa.formats.reading"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
