"""The collections of a library, and how they are indexed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.schema import FILTERED_BY_NAME
from qa.storage.cluster.layout import INDEXES, index_wanted, shards_wanted
from qa.storage.records import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.cluster.connection import Connection

# A library says by which schema it was made: of what follows (raised with every change), and of the rows.
SCHEMA = 1_000 + tables.SCHEMA
# Up to so many rows Milvus makes no index of (`minSegmentNumRowsToEnableIndex`), but looks at each.
_EXACT = 1_024
# The level of a segment that says which rows are deleted, and has none.
_DELETIONS = "L0"
# Bytes that a text field of Milvus holds.
LONGEST = 65_535
# FTS5's own parameters (k1 1.2), where each word of a passage counts twice, so that one of its head may count
# half: twice the count with twice k1 is the same.
K1, B = 2.4, 0.75
DENSE, SPARSE = "vector", "sparse"
# Every collection of Milvus needs a vector: of those that are searched by none, all have this one.
NO_VECTOR = {DENSE: [0.0, 0.0]}
FILTERED = ("date", *FILTERED_BY_NAME)

_TEXT = dict.fromkeys(("path", "place", "owner", "row", "listed", "text", "sentences", *FILTERED), LONGEST)
_TEXT |= dict.fromkeys(("name", "folded", "spelling"), 2_000)
_TEXT |= dict.fromkeys(("sha256", "words_sha256", "digest"), 64) | {"kind": 20, "mark": 20, "format": 100}


@dataclass(frozen=True, slots=True)
class Collections:
    """The names of a library's collections; those of passages are numbered by the embedding in them."""

    documents: str
    catalogue: str
    texts: str
    spellings: str
    leases: str
    _passages: str

    @classmethod
    def of(cls, name: str) -> Collections:
        """Give the collections of the library with a name."""
        kinds = ("documents", "catalogue", "texts", "spellings", "leases", "passages")
        return cls(*(f"{name}_{kind}" for kind in kinds))

    def passages(self, encoding: int) -> str:
        """Give the collection with the passages of an embedding."""
        return f"{self._passages}_{encoding}"

    @property
    def fixed(self) -> tuple[str, ...]:
        """All but those with passages."""
        return self.documents, self.catalogue, self.texts, self.spellings, self.leases


_PASSAGE_TEXTS = ("digest", "sentences", *FILTERED)
_PASSAGE_NUMBERS = ("serial", "edition", "ordinal", "start", "end")
# The key, what it is, and the fields beside it that hold text or whole numbers; those that are looked up by.
_FIELDS: dict[str, tuple[str, int, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "documents": (
        *("id", LONGEST),
        ("sha256", "words_sha256", "format", "row", "listed", *FILTERED),
        ("serial", "edition", "changed"),
        ("sha256", "words_sha256", "serial", "edition", "changed", *FILTERED),
    ),
    "catalogue": (
        *("key", 300),
        ("kind", "path", "place", "owner", "sha256", "words_sha256", "mark", "row"),
        (),
        ("kind", "path", "place", "owner", "sha256", "words_sha256", "mark"),
    ),
    "texts": ("key", 80, ("sha256", "text"), ("part",), ("sha256",)),
    "spellings": ("key", 80, ("name", "folded", "spelling"), (), ("name",)),
    "leases": ("key", 80, ("row",), (), ()),
}


def create(connection: Connection, collections: Collections) -> None:
    """Make the collections of a library that there are not yet, but for those with passages."""
    for name in collections.fixed:
        if connection.call("has_collection", name):
            continue
        key, longest, texts, numbers, looked_up = _FIELDS[name.rpartition("_")[2]]
        schema, kinds = _schema(connection)
        schema.add_field(key, kinds.VARCHAR, max_length=longest, is_primary=True)
        _add(schema, kinds, texts, numbers)
        schema.add_field(DENSE, kinds.FLOAT_VECTOR, dim=2)
        indexes = _indexes(connection, looked_up)
        indexes.add_index(DENSE, index_type="FLAT", metric_type="IP")
        _make(connection, name, schema, indexes)


def create_passages(connection: Connection, name: str, dimension: int) -> None:
    """Make a collection of passages, searched by vectors and, where Milvus can, by words.

    Raises:
        InputError: the environment wants an index, or shards, that there are not.
    """
    from pymilvus import Function, FunctionType

    if connection.call("has_collection", name):
        return
    schema, kinds = _schema(connection)
    schema.add_field("key", kinds.INT64, is_primary=True)
    _add(schema, kinds, _PASSAGE_TEXTS, _PASSAGE_NUMBERS)
    schema.add_field(DENSE, kinds.FLOAT_VECTOR, dim=dimension)
    indexes = _indexes(connection, ("serial", "edition", "digest", *FILTERED))
    kind = "FLAT" if connection.address.lite else index_wanted()
    parameters = INDEXES[kind].parameters if kind in INDEXES else {}
    indexes.add_index(DENSE, metric_type="IP", index_type=kind, params=dict(parameters))
    if connection.has_words:
        schema.add_field("words", kinds.VARCHAR, max_length=LONGEST, enable_analyzer=True)
        schema.add_field(SPARSE, kinds.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["words"],
                output_field_names=[SPARSE],
            )
        )
        indexes.add_index(
            SPARSE,
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"bm25_k1": K1, "bm25_b": B},
        )
    _make(connection, name, schema, indexes, 1 if connection.address.lite else shards_wanted())


def load(connection: Connection, names: Iterable[str]) -> None:
    """Have Milvus hold collections ready to be searched, as it may not after it was started."""
    for name in names:
        if "Loaded" not in str(connection.call("get_load_state", name)):
            connection.call("load_collection", name)


def drop(connection: Connection, name: str) -> None:
    """Drop a collection, if it is there."""
    if connection.call("has_collection", name):
        connection.call("drop_collection", name)


def lacking(connection: Connection, name: str) -> list[str]:
    """List the fields that a collection should have, and has not."""
    held = {each["name"] for each in connection.call("describe_collection", name)["fields"]}
    if "_passages_" in name:
        wanted = {"key", *_PASSAGE_TEXTS, *_PASSAGE_NUMBERS, DENSE}
        wanted |= {"words", SPARSE} if connection.has_words else set()
    else:
        key, _, texts, numbers, _ = _FIELDS[name.rpartition("_")[2]]
        wanted = {key, *texts, *numbers, DENSE}
    return sorted(wanted - held)


def index_kind(connection: Connection, name: str) -> str:
    """Tell which index the vectors of a collection have."""
    return str((connection.call("describe_index", name, DENSE) or {}).get("index_type", ""))


def not_indexed(connection: Connection, name: str) -> int:
    """Count the rows of a collection that are not searched by its index of vectors yet.

    They have to be in it, and whoever searches must have loaded it. Up to then, which takes some 20 s more, a
    server searches by a makeshift one and misses many. So few that Milvus looks at each count as indexed.
    """
    described = connection.call("describe_index", name, DENSE) or {}
    waiting = int(described.get("pending_index_rows") or 0)
    if waiting or connection.address.lite:
        return waiting
    loaded = {each.segment_id for each in connection.call("list_loaded_segments", name)}
    waiting = sum(
        each.num_rows
        for each in connection.call("list_persistent_segments", name)
        if each.segment_id not in loaded and each.level_name != _DELETIONS
    )
    return waiting if waiting > _EXACT else 0


def _schema(connection: Connection) -> tuple[Any, Any]:
    from pymilvus import DataType

    return connection.milvus.create_schema(auto_id=False, enable_dynamic_field=False), DataType


def _add(schema: Any, kinds: Any, texts: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    for name in texts:
        schema.add_field(name, kinds.VARCHAR, max_length=_TEXT[name])
    for name in numbers:
        schema.add_field(name, kinds.INT64)


def _indexes(connection: Connection, looked_up: tuple[str, ...]) -> Any:
    indexes = connection.milvus.prepare_index_params()
    for name in looked_up if connection.indexes_columns else ():
        indexes.add_index(name, index_type="INVERTED")
    return indexes


def _make(connection: Connection, name: str, schema: Any, indexes: Any, shards: int = 1) -> None:
    connection.call(
        "create_collection",
        name,
        schema=schema,
        index_params=indexes,
        num_shards=shards,
        consistency_level="Session",
    )
