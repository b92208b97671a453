"""Checks a library for `pullquote doctor`, without changing or mending the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings import models
from qa.errors import LibraryError
from qa.storage.findings import NAMED, Finding, of_aliases, of_encoder
from qa.storage.records import uploads
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.library import Library


def examine(library: Library) -> Iterator[Finding]:
    """Check all stored parts of a library, and the encoder of its vectors.

    Raises:
        LibraryError: the library is damaged, locked or away.
    """
    yield from library.database.examine()
    yield of_aliases(library.folder)
    yield from _contents(library)
    encoding = library.encoding()
    name = encoding.identity.name if encoding else models.DEFAULT_ENCODER
    yield from of_encoder(name, library.encoders.identity)


def _contents(library: Library) -> Iterator[Finding]:
    """Read every document, and yield what is found about documents, originals and index."""
    infos = library.documents()
    damaged = []
    for info in infos:
        try:
            library.document(info.id)  # reads and hashes its text
        except LibraryError as error:
            damaged.append(str(error))
    count = sum(info.passages for info in infos)
    yield Finding("generation", str(library.generation))
    yield Finding(
        "documents",
        f"{plural(len(infos), 'document')}, {plural(count, 'passage')}",
        "; ".join(damaged),
    )
    yield _originals(library)
    yield from library.index.examine(count)


def _originals(library: Library) -> Finding:
    """Check the uploaded files: read and hash each of them, and count leftovers of interrupted uploads."""
    uploaded = library.uploads()
    problems = [f"{upload.name} {wrong}" for upload in uploaded if (wrong := uploads.damage(upload))]
    if (more := len(problems) - NAMED) > 0:
        problems[NAMED:] = [f"{more:,} more"]
    if problems:
        problems.append("answers are not affected; to repair the originals, upload these files again")
    names, paths = library.leftovers()
    if count := len(names) + len(paths):
        problems.append(
            f"{plural(count, 'file')} in {library.folder / uploads.FOLDER} belong to no document (left "
            "by an interrupted upload): `pullquote remove --purge` removes them"
        )
    return Finding("originals", plural(len(uploaded), "uploaded file"), "; ".join(problems))
