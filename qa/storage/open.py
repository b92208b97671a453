"""Which engine keeps a library: today, files in one folder. No other module imports an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from qa.storage.embedded.library import EmbeddedLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embeddings.encoder import Encoder
    from qa.storage.findings import Finding

OpenLibrary: TypeAlias = EmbeddedLibrary
"""A library that was opened, whatever keeps it: `qa.storage.ports` says what can be asked of it."""


def open_library(
    folder: Path, *, create: bool = True, read_only: bool = False, encoder: str | Encoder | None = None
) -> OpenLibrary:
    """Open the library in a folder; see `EmbeddedLibrary`.

    Raises:
        LibraryNotFoundError: there is no library in the folder, and `create` is False.
        EncoderMismatchError: another encoder than the one named made the library's vectors.
        LibraryError: the library is damaged, locked, or may not be written.
        ModelError: there is no such encoder.
    """
    library = EmbeddedLibrary(folder, create=create, read_only=read_only, encoder=encoder)
    if encoder is not None:
        try:
            library.encoders.identity()
        except BaseException:
            library.close()
            raise
    return library


def examine_library(folder: Path) -> Iterator[Finding]:
    """Look at all that the library in a folder keeps, and at the encoder of its vectors.

    Raises:
        LibraryNotFoundError: there is no library in the folder.
        LibraryError: the library is damaged or locked.
    """
    from qa.storage.embedded.examine import examine

    return examine(folder)
