"""Rows of the tables of documents as entities of Milvus, with what they are looked up by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qa.schema import FILTERED_BY_NAME, UPLOAD
from qa.storage.answer_cache import short_hash
from qa.storage.cluster.schema import NO_VECTOR
from qa.storage.records import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.storage.cluster.connection import Row

# The tables that are kept, and the columns that a row is known by.
KEYS = {
    "documents": ("serial",),
    "versions": ("number",),
    "locations": ("number",),
    "withdrawn": ("path", "part"),
    "files": ("path",),
    "purged": ("path_sha256", "source_sha256"),
    "corrections": ("document", "field"),
    "read_as": ("path",),
    "erasing": ("one",),
}
# What a list of documents is searched, ordered and filtered by.
LISTED = ("serial", "id", *tables.LISTED, "format", "passages")
# A column of the tables that the cluster uses for what SQLite does not need: the edition of the passages.
EDITION = "first_key"
UNREAD, UPLOADED = "unread", "uploaded"
# Where a document that was removed has stood: entities of their own, as it may have been many places.
STOOD = "stood"
_LOOKED_UP = ("path", "place", "owner", "sha256", "words_sha256", "mark")


def place_of(path: str, part: str) -> str:
    """Name a place, by a hash: a path may be long."""
    return short_hash(f"{path}\0{part}".encode("utf-8", "surrogatepass"))


def key_of(table: str, row: Mapping[str, Any]) -> str:
    """Name a row of a table but that of documents, whose ids are their keys."""
    values = [row[column] for column in KEYS[table]]
    if len(values) == 1 and isinstance(values[0], int):
        return f"{table}:{values[0]}"
    return f"{table}:{short_hash(json.dumps(values).encode())}"


def document_entity(row: Mapping[str, Any], written: str, generation: int) -> Row:
    """Make the entity of a document of its row, which `written` says in JSON."""
    return {
        **{name: str(row[name]).casefold()[:10_000] for name in FILTERED_BY_NAME},
        **{name: row[name] for name in ("id", "sha256", "words_sha256", "format", "date", "serial")},
        "edition": row[EDITION],
        "changed": generation,
        "listed": json.dumps([row[name] for name in LISTED], ensure_ascii=False),
        "row": written,
        **NO_VECTOR,
    }


def catalogue_entities(table: str, row: Mapping[str, Any], written: str) -> list[Row]:
    """Make the entities of a row of another table, which `written` says in JSON."""
    own = _entity(key_of(table, row), table, written, _looked_up(table, row))
    said = json.dumps({"version": row["number"]}) if table == "versions" else ""
    return [own, *(_entity(key, STOOD, said, {"place": place}) for key, place in _stood(table, row).items())]


def keys_of(table: str, row: Mapping[str, Any]) -> list[str]:
    """Name the entities of a row of a table but that of documents, whose ids are their keys."""
    return [key_of(table, row), *_stood(table, row)]


def _entity(key: str, kind: str, written: str, looked_up: dict[str, str]) -> Row:
    found = dict.fromkeys(_LOOKED_UP, "") | looked_up
    return {"key": key, "kind": kind, "row": written, **found, **NO_VECTOR}


def _stood(table: str, row: Mapping[str, Any]) -> dict[str, str]:
    """Give the places at which a document stood that was removed, by the keys of their own entities."""
    if table != "versions" or row["reason"] != "removed":
        return {}
    places = [place_of(at["path"], at["part"]) for at in json.loads(row["held"])["locations"]]
    return {f"{STOOD}:{row['number']}:{place}": place for place in places}


def _looked_up(table: str, row: Mapping[str, Any]) -> dict[str, str]:
    if table == "locations":
        return {
            "path": row["path"],
            "place": place_of(row["path"], row["part"]),
            "owner": str(row["document"]),
            "mark": "" if row["made_by"] else UNREAD,
        }
    if table == "versions":
        held = json.loads(row["held"])
        paths = [held["path"], *(at["path"] for at in held["locations"])]
        uploaded = any(path.startswith(UPLOAD) for path in paths)
        return {
            "path": held["path"],
            "owner": row["document"],
            "sha256": row["sha256"],
            "words_sha256": held.get("words_sha256", ""),
            "mark": UPLOADED if uploaded else "",
        }
    if table == "withdrawn":
        return {
            "path": row["path"],
            "place": place_of(row["path"], row["part"]),
            "owner": str(row["version"]),
        }
    if table == "purged":
        return {"path": row["path_sha256"]}
    return {"path": row.get("path", ""), "owner": row.get("document", "")}
