"""Which engine keeps a library: today, files in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.embedded.library import EmbeddedLibrary

if TYPE_CHECKING:
    from pathlib import Path

    from embeddings.encoder import Encoder


def open_library(
    folder: Path, *, create: bool = True, read_only: bool = False, encoder: str | Encoder | None = None
) -> EmbeddedLibrary:
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
