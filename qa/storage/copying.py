"""Copies the records of a library to a library with any engines, and compares each document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.errors import InputError, LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.schema import Passage
    from qa.storage.library import Library
    from qa.storage.records.store import Store


def copy(source: Store, target: Library, progress: Callable[[int, int], None]) -> int:
    """Copy all contents of a library into an empty library, or continue an interrupted copy.

    Return the number of documents that were copied. After copying, read each document of the target with its
    passages, and each earlier text, and compare them with the source.

    Raises:
        InputError: the target has other documents.
        LibraryError: the target's contents differ from the source's.
    """
    wanted = dict(source.hashes())
    target_hashes = dict(target.hashes())
    if any(wanted.get(document_id) != sha256 for document_id, sha256 in target_hashes.items()):
        raise InputError("the library to copy to already has documents: name an empty or a new library")
    copied = 0
    for part in source.parts():
        if part.document is None or part.document.id not in target_hashes:
            target.take(part)
        if part.document:
            copied += part.document.id not in target_hashes
            progress(copied + len(target_hashes), len(wanted))
    for upload in source.uploads():
        with upload.path.open("rb") as content:
            target.keep_upload(upload.name, content)
    target.save()
    _compare(source, target)
    return copied


def _compare(source: Store, target: Library) -> None:
    """Read both libraries, and compare them.

    Raises:
        LibraryError: they differ. The message names the difference.
    """
    wanted = source.hashes()
    if target.hashes() != wanted:
        raise LibraryError(
            "the copy does not have all documents, as a document was changed during the copy: copy again"
        )
    for document_id, _ in wanted:
        one, other = source.document_and_passages(document_id), target.document_and_passages(document_id)
        if one[0] != other[0] or _plain(one[1]) != _plain(other[1]):
            raise LibraryError(
                f"the copy of {document_id!r} differs from its original: if one of the two was changed "
                "since, "
                "copy to a new library"
            )
        for version in source.versions(document_id):
            _compare_cited(source, target, version.sha256, document_id)
    for version in source.removed():
        _compare_cited(source, target, version.sha256, version.document_id)


def _compare_cited(source: Store, target: Library, sha256: str, document_id: str) -> None:
    if source.cited(sha256, document_id) != target.cited(sha256, document_id):
        raise LibraryError(f"an earlier text of {document_id!r} differs in the copy: copy again")


def _plain(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages with key 0: each library gives its own keys."""
    return [replace(passage, key=0) for passage in passages]
