"""The answers that evaluations keep in this user's cache, by library. Purging documents deletes them too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from embeddings.models import cache_folder
from qa.errors import LibraryError

if TYPE_CHECKING:
    from pathlib import Path


def forget_answers(library: Path) -> None:
    """Remove all answers from a library that are in the cache: they may quote purged documents.

    Raises:
        LibraryError: a file of answers cannot be removed.
    """
    for path in answers_folder(library).glob("answers-*.jsonl*"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"{path} cannot be removed ({error.strerror}), and may quote erased documents: remove "
                "this file yourself"
            ) from error


def answers_folder(library: Path) -> Path:
    """Return the folder that stores the answers from a library."""
    own = library.parent == evaluations_folder()
    return library if own else evaluations_folder() / short_name(str(library.resolve()))


def evaluations_folder() -> Path:
    """Return the folder that stores the files of evaluations."""
    return cache_folder() / "evaluate"


def short_name(text: str) -> str:
    """Return a file name derived from a text."""
    return short_hash(text.encode("utf-8", "surrogatepass"))


def short_hash(data: bytes) -> str:
    """Return a file name derived from some bytes."""
    return hashlib.sha256(data).hexdigest()[:16]
