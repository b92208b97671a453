"""A library copied to another place, whatever keeps either: all that is known, and each document compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.errors import InputError, LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.schema import Passage
    from qa.storage.open import OpenLibrary


def copy(source: OpenLibrary, target: OpenLibrary, progress: Callable[[int, int], None]) -> int:
    """Copy all that a library knows into an empty one, or go on where that was broken off.

    Return how many documents were copied. Afterwards each document of the target, with its passages, is read
    and compared with the source's, and so is each earlier text.

    Raises:
        InputError: the target has other documents.
        LibraryError: what is in the target is not what is in the source.
    """
    wanted = dict(source.hashes())
    there = dict(target.hashes())
    if any(wanted.get(document_id) != sha256 for document_id, sha256 in there.items()):
        raise InputError("the library to copy to has documents of its own: name one that is empty, or new")
    copied = 0
    for part in source.parts():
        if part.document is None or part.document.id not in there:
            target.take(part)
        if part.document:
            copied += part.document.id not in there
            progress(copied + len(there), len(wanted))
    for upload in source.uploads():
        with upload.path.open("rb") as content:
            target.keep_upload(upload.name, content)
    target.save()
    _compare(source, target)
    return copied


def _compare(source: OpenLibrary, target: OpenLibrary) -> None:
    """Read both, and compare.

    Raises:
        LibraryError: naming what differs.
    """
    wanted = source.hashes()
    if target.hashes() != wanted:
        raise LibraryError("the copy has not all documents: one was changed meanwhile; copy again")
    for document_id, _ in wanted:
        one, other = source.document_and_passages(document_id), target.document_and_passages(document_id)
        if one[0] != other[0] or _plain(one[1]) != _plain(other[1]):
            raise LibraryError(
                f"the copy of {document_id!r} is not its original: if one of the two was changed since, "
                "copy to a new library"
            )
        for version in source.versions(document_id):
            _compare_cited(source, target, version.sha256, document_id)
    for version in source.removed():
        _compare_cited(source, target, version.sha256, version.document_id)


def _compare_cited(source: OpenLibrary, target: OpenLibrary, sha256: str, document_id: str) -> None:
    if source.cited(sha256, document_id) != target.cited(sha256, document_id):
        raise LibraryError(f"an earlier text of {document_id!r} is not the same in the copy: copy again")


def _plain(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages without their keys, which are each library's own."""
    return [replace(each, key=0) for each in passages]
