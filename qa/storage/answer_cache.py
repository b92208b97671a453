"""Answers that evaluations keep in this user's cache, by library: what was purged must leave it, too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from embeddings.models import cache_folder
from qa.errors import LibraryError

if TYPE_CHECKING:
    from pathlib import Path


def forget_answers(library: Path) -> None:
    """Remove all answers from a library that are in the cache: they quote what was purged.

    Raises:
        LibraryError: they cannot be removed.
    """
    for path in answers_folder(library).glob("answers-*.jsonl*"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"{path} cannot be removed ({error.strerror}), and may quote what was erased: remove it"
            ) from error


def answers_folder(library: Path) -> Path:
    """Return the folder in which the answers from a library are kept."""
    own = library.parent == evaluations_folder()
    return library if own else evaluations_folder() / short_name(str(library.resolve()))


def evaluations_folder() -> Path:
    """Return the folder in which evaluations keep what they make."""
    return cache_folder() / "evaluate"


def short_name(text: str) -> str:
    """Return a file name that stands for a text."""
    return short_hash(text.encode("utf-8", "surrogatepass"))


def short_hash(data: bytes) -> str:
    """Return a file name that stands for these bytes."""
    return hashlib.sha256(data).hexdigest()[:16]
