"""Checks a library in one folder for `pullquote doctor`, without changing or mending the library."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from embeddings import models
from embeddings.files import DamagedFileError
from embeddings.index import IndexFileError, VectorIndex
from qa.errors import LibraryError
from qa.storage.embedded.database import FILE_NAME, Database
from qa.storage.embedded.full_text import Postings, suffices_fts5
from qa.storage.embedded.store import Store
from qa.storage.encoders import Encoders
from qa.storage.findings import Finding, of_aliases, of_encoder, of_originals
from qa.storage.records import uploads
from qa.storage.sqlite_file import may_write
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.embedded.vectors import Difference


def examine(folder: Path) -> Iterator[Finding]:
    """Check all stored parts of the library in a folder, and the encoder of its vectors.

    Raises:
        LibraryNotFoundError: the folder has no library.
        LibraryError: the library is damaged or locked.
    """
    yield _integrity(folder)
    yield of_aliases(folder)
    with closing(Store(folder, create=False, read_only=True)) as store:
        yield from _contents(store)
        encoding = store.encoding()
        name = encoding.identity.name if encoding else models.DEFAULT_ENCODER
        yield from of_encoder(name, Encoders(store, None, store.folder).identity)


def _integrity(library: Path) -> Finding:
    with closing(Database(library, create=False, read_only=True)) as database, database.reading() as db:
        rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)")]
    if rows == ["ok"]:
        return Finding("store", f"{database.path}, whole")
    return Finding(
        "store",
        "damaged",
        f"{database.path} is damaged ({'; '.join(rows)}): put it back from a backup, or move the folder away "
        "and run `pullquote index` again",
    )


def _access(folder: Path, *, writable: bool) -> Finding:
    if writable:
        return Finding("access", "read and write")
    return Finding(
        "access",
        "read only",
        f"{folder} may not be written by this user: questions are answered, but documents cannot be indexed, "
        "corrected or removed. If you want to change documents, correct the permissions of the folder "
        "and its files",
    )


def _contents(store: Store) -> Iterator[Finding]:
    infos = store.documents()
    damaged = []
    for info in infos:
        try:
            store.document(info.id)  # reads and hashes its text
        except LibraryError as error:
            damaged.append(str(error))
    count = sum(info.passages for info in infos)
    yield _access(store.folder, writable=may_write(store.folder / FILE_NAME))
    yield Finding("generation", str(store.generation))
    yield Finding(
        "documents",
        f"{plural(len(infos), 'document')}, {plural(count, 'passage')}",
        "; ".join(damaged),
    )
    yield _originals(store)
    yield _index(store, count)
    yield _postings(store, count)


def _originals(store: Store) -> Finding:
    """Check the uploaded files: read and hash each of them, and count leftovers of interrupted uploads."""
    finding = of_originals(store.uploads())
    names, paths = store.leftovers()
    if count := len(names) + len(paths):
        left = (
            f"{plural(count, 'file')} in {store.folder / uploads.FOLDER} belong to no document (left "
            "by an interrupted upload): `pullquote remove --purge` removes them"
        )
        return replace(finding, problem="; ".join(filter(None, (finding.problem, left))))
    return finding


def _index(store: Store, passages: int) -> Finding:
    record = store.index_record()
    if record.encoding is None:
        return Finding("index", "not needed: there are no documents")
    mending = "Nothing is lost: the next question builds it again from the store"
    if not record.file:
        return Finding("index", "none", f"the index has not been written. {mending}")
    try:
        dimension = record.encoding.identity.dimension
        index = VectorIndex.open(store.folder / record.file, dimension, thorough=True)
    except IndexFileError as error:
        return Finding("index", f"{record.file}, unusable", f"{error}. {mending}")
    difference = store.difference(record.encoding, lambda: index.ids)
    return _step("index", record.file, difference, passages, mending)


def _postings(store: Store, passages: int) -> Finding:
    record = store.words_record()
    mending = "Nothing is lost, but questions take longer until any `pullquote index` builds them again"
    if record.encoding is None or suffices_fts5(passages):
        return Finding("postings", "not needed: SQLite itself searches so few passages")
    if not record.file:
        return Finding("postings", "none", f"the postings have not been written. {mending}")
    try:
        postings = Postings.open(store.folder, record.file, record.file_generation, thorough=True)
    except DamagedFileError as error:
        return Finding("postings", f"{record.file}, unusable", f"{error}. {mending}")
    difference = store.difference(record.encoding, lambda: postings.keys)
    return _step("postings", record.file, difference, passages, mending)


def _step(about: str, file: str, difference: Difference | None, passages: int, mending: str) -> Finding:
    """Return the finding whether a derived file is up to date, by its difference from the store."""
    if difference is None or difference.stale.size or difference.missing.size:
        return Finding(about, f"{file}, behind", f"{file} is behind the store. {mending}")
    return Finding(about, f"{file}, in step with {plural(passages, 'passage')}")
