"""From a file to documents: one module a format. Bad input is handed over, not raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.dates import DateOrder
from qa.formats.jsonl import read_jsonl
from qa.formats.text import nothing_known, printable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.formats.text import Known
    from qa.schema import Document, FileResult

__all__ = ["DateOrder", "file_id", "files", "read_path", "supported"]

_TEXT = frozenset({".txt", ".text"})
_JSONL = frozenset({".jsonl"})
_SUPPORTED = "Pullquote reads plain text (.txt, .text) and JSON Lines (.jsonl)"


def supported(path: Path) -> bool:
    """Whether a file's name says that it is of a format that can be read."""
    return path.suffix.lower() in _TEXT | _JSONL


def files(path: Path, skipped: list[Path]) -> Iterator[Path]:
    """Yield a file itself, or the supported files under a folder: sorted, none hidden, each folder once.

    What is of another kind in a folder goes to `skipped`. A subfolder that cannot be listed is handed over as
    it is, for `read_path` to refuse by name.

    Raises:
        InputError: at the first step, when nothing is there or nothing supported is in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path} was not found. Check the path.")
        yield path
        return
    empty = True
    for found in _walk(path, set(), skipped):
        empty = False
        yield found
    if empty:
        raise InputError(f"{path} holds nothing to read. {_SUPPORTED}.")


def _walk(folder: Path, visited: set[Path], skipped: list[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in visited:  # a link back to where we were
        return
    visited.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry, visited, skipped)
        elif supported(entry):
            yield entry
        else:
            skipped.append(entry)


def read_path(
    path: Path, root: Path | None = None, date_order: DateOrder = "auto", known: Known = nothing_known
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of one file: one of a text file, one a record of a .jsonl.

    A text's id is its path relative to `root`, with "/", or else its name; a record's is its `_id`.
    What is refused comes as an InputError, which names the file, says why, and what to do; nothing is raised.
    What `known(id, sha256, size)` gives, of the bytes that a document stands in, comes in its place, unread.
    """
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # one that cannot be listed says so
            yield InputError(f"{path} is a folder, not a file. Name the files in it.")
        elif not path.exists():
            yield InputError(f"{path} was not found. Check the path.")
        elif not path.is_file():  # a pipe or a device would be read for ever
            yield InputError(f"{path} is not an ordinary file. {_SUPPORTED}.")
        elif path.suffix.lower() in _TEXT:
            yield read_text(path, file_id(path, root), date_order, known)
        elif path.suffix.lower() in _JSONL:
            yield from read_jsonl(path, date_order, known)
        else:
            kind = f"a {path.suffix} file" if path.suffix else "a file without an extension"
            yield InputError(f"{path} is {kind}. {_SUPPORTED}: save its text as a .txt file in UTF-8.")
    except InputError as error:
        yield error
    except OSError as error:
        yield InputError(f"{path} cannot be read: {error.strerror}. Check its permissions.")


def file_id(path: Path, root: Path | None) -> str:
    """Give the id of a file found under `root`; ids of its parts, but for records' own, begin with it."""
    if root is not None and path.is_relative_to(root):
        return printable(path.relative_to(root).as_posix())
    return printable(path.name)
