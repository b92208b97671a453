"""How the documents spell names: each spelling once, from whatever document it came first.

A spelling that stands in no document any more does no harm, as each name found is looked for in these
again. A purge deletes those that only its documents had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.schema import sha256_text
from qa.storage.cluster.schema import NO_VECTOR
from qa.text.names import spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.cluster.connection import Connection

_LONGEST = 500  # characters of what may be a name


def put(connection: Connection, collection: str, texts: Iterable[str]) -> None:
    """Note how texts spell names, but for what is noted already."""
    rows = {
        _key(name, folded): {"name": name, "folded": folded, "spelling": spelling}
        for text in texts
        for (name, folded), spelling in spellings(text).items()
        if max(len(name), len(folded), len(spelling)) <= _LONGEST
    }
    held = {row["key"] for row in connection.get(collection, list(rows), ("key",))}
    connection.upsert(
        collection, [{"key": key, **row, **NO_VECTOR} for key, row in rows.items() if key not in held]
    )


def find(connection: Connection, collection: str, names: Iterable[str]) -> dict[str, list[str]]:
    """Give the spellings of names with these keys, in order."""
    rows = connection.query_in(collection, "name", names, ("name", "folded", "spelling"))
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: (row["name"], row["folded"])):
        found.setdefault(row["name"], []).append(row["spelling"])
    return found


def keys_in(text: str) -> dict[str, str]:
    """Give the keys of the rows of the names that a text spells, and how it does, folded."""
    return {_key(name, folded): folded for name, folded in spellings(text)}


def _key(name: str, folded: str) -> str:
    return sha256_text(f"{name}\0{folded}")
