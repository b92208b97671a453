"""What is wrong with a library on Milvus: the server, the collections and their indexes, and each text."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from qa.errors import LibraryError
from qa.storage.cluster import schema
from qa.storage.cluster.library import ClusterLibrary
from qa.storage.encoders import Encoders
from qa.storage.findings import Finding, of_aliases, of_encoder, of_originals, of_shared_desk
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.cluster.address import Address
    from qa.storage.postgresql.database import SharedDatabase

_NAMED = 5  # of many problems


def examine(address: Address, desk: Path, shared: SharedDatabase | None = None) -> Iterator[Finding]:
    """Look at all that the library at an address keeps, at the desk, and at the encoder of its vectors.

    Raises:
        LibraryNotFoundError: there is no library at the address.
        LibraryError: Milvus is away, or refuses.
    """
    with closing(ClusterLibrary(address, desk, shared, create=False, read_only=True)) as library:
        yield _server(library)
        yield from _collections(library)
        yield Finding("generation", str(library.generation))
        yield _documents(library)
        yield from _beside(library)
        encoding = library.encoding()
        if encoding:
            yield from of_encoder(encoding.identity.name, Encoders(library, None, address.text).identity)


def _beside(library: ClusterLibrary) -> Iterator[Finding]:
    """Look at what a person keeps beside the library, and at the server that has it, if one has."""
    try:
        if library.shared:
            yield of_shared_desk(library.shared)
        library.fetch_own_files()
        yield of_aliases(library.folder)
        yield of_originals(library.uploads())
    except LibraryError as error:
        yield Finding("desk server", "not to be used", str(error))


def _server(library: ClusterLibrary) -> Finding:
    connection = library.connection
    what = "Milvus Lite" if library.address.lite else "Milvus"
    too_old = (  # no problem, as who asks may not be who upgrades it
        ", which has no BM25 (new in 2.5): questions are answered by vectors alone, and exact phrases "
        "are not "
        "found. Upgrade the server when you can"
    )
    return Finding("server", f"{what} {connection.version}{'' if connection.has_words else too_old}")


def _collections(library: ClusterLibrary) -> Iterator[Finding]:
    """Look at the fields of each collection, and whether all of its rows are indexed."""
    wrong, behind, count = [], [], 0
    for name in library.collections():
        count += 1
        if lacking := schema.lacking(library.connection, name):
            wrong.append(f"{name} lacks {', '.join(lacking)}")
        waiting = schema.not_indexed(library.connection, name)
        if waiting:
            behind.append(f"{waiting:,} rows of {name}")
    mending = "put the library back from a backup, or copy its documents into another"
    yield Finding(
        "schema",
        f"{schema.SCHEMA}, {plural(count, 'collection')}",
        f"{'; '.join(wrong)}: {mending}" if wrong else "",
    )
    yield Finding(
        "indexes",
        "behind" if behind else "in step",
        f"not yet indexed: {', '.join(behind)}. Until then, questions may miss them" if behind else "",
    )


def _documents(library: ClusterLibrary) -> Finding:
    """Read and hash every text, and compare the passages that there are with those that there should be."""
    damaged = []
    ids = [document_id for document_id, _ in library.hashes()]
    passages = 0
    for document_id in ids:
        try:
            passages += len(library.passages_of(document_id))
        except LibraryError as error:
            damaged.append(str(error))
    held = library.count()
    if not damaged and (held.documents, held.passages) != (len(ids), passages):
        damaged.append(
            f"there should be {plural(held.documents, 'document')} and {plural(held.passages, 'passage')}: "
            "check again when nobody writes. If the numbers still differ, put the library back from a backup"
        )
    said = "; ".join(damaged[:_NAMED])
    return Finding("documents", f"{plural(len(ids), 'document')}, {plural(passages, 'passage')}", said)
