"""Texts by their SHA-256, in parts: a field of Milvus holds 65,535 bytes. Each is checked whole when read."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

from qa.errors import LibraryError
from qa.storage.cluster.schema import NO_VECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qa.storage.cluster.connection import Connection

# Bytes in a part, less what a character cut at the end may take.
PART = 60_000
# Texts that are read in one call: as many, of so many parts each, make a message of a server's size.
READ_AT_ONCE = 20
PARTS_AT_ONCE = 40


def put(connection: Connection, collection: str, texts: Iterable[str]) -> None:
    """Keep texts; one that is kept already is written over by the same."""
    rows = [
        {"key": f"{sha256}:{part}", "sha256": sha256, "part": part, "text": piece} | NO_VECTOR
        for text in dict.fromkeys(texts)
        for sha256 in [_sha256(text)]
        for part, piece in enumerate(_parts(text))
    ]
    connection.upsert(collection, rows)


def read(
    connection: Connection,
    collection: str,
    sha256s: Iterable[str],
    files: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Read texts by their SHA-256 (hex); each is hashed. `files` says which files they came from.

    Raises:
        LibraryError: one is not held, or is not what its hash says.
    """
    wanted = list(dict.fromkeys(sha256s))
    found: dict[str, dict[int, str]] = {sha256: {} for sha256 in wanted}
    # Nearly all have one part, which its key finds at once; a full one has others behind it.
    for row in connection.get(collection, [f"{each}:0" for each in wanted], ("sha256", "part", "text")):
        found[row["sha256"]][0] = row["text"]
    longer = [each for each in wanted if len(found[each].get(0, "").encode()) > PART - 4]
    first = 1
    while longer:
        for at in range(0, len(longer), READ_AT_ONCE):
            some = longer[at : at + READ_AT_ONCE]
            also = f"part >= {first} and part < {first + PARTS_AT_ONCE}"
            for row in connection.query_in(collection, "sha256", some, ("sha256", "part", "text"), also):
                found[row["sha256"]][row["part"]] = row["text"]
        first += PARTS_AT_ONCE
        longer = [each for each in longer if first - 1 in found[each]]
    texts = {}
    for sha256, parts in found.items():
        texts[sha256] = "".join(parts[part] for part in sorted(parts))
        if _sha256(texts[sha256]) != sha256:
            file = f", which came from {files[sha256]}," if sha256 in files else ""
            raise LibraryError(
                f"the text with the SHA-256 {sha256} at {connection.address.text}{file} is incomplete: the "
                "library is damaged. Put it back from a backup, or index its document again"
            )
    return texts


def _parts(text: str) -> Iterator[str]:
    """Part a text where it is too long for a field; "" is one part."""
    data = text.encode()
    start = 0
    while len(data) - start > PART:
        end = start + PART
        while data[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        yield data[start:end].decode()
        start = end
    yield data[start:].decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
