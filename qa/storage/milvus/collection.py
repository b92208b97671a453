"""A collection of Milvus: the passages of a library with the vectors of one encoding."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from qa.errors import LibraryError
from qa.schema import Progress
from qa.storage.milvus.conditions import COLUMNS
from qa.storage.milvus.layout import INDEXES, index_wanted, shards_wanted
from qa.storage.milvus.rows import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Float32, Int64
    from qa.schema import OnProgress
    from qa.storage.milvus.connection import Connection, Row

# FTS5's parameters are k1 = 1.2 and b = 0.75, with the head's words counted half. In a collection, the words
# of a passage stand twice, and the words of the head once. Twice the counts with twice k1 are equal scores.
K1, B = 2.4, 0.75
# Milvus makes no index of so few rows (`minSegmentNumRowsToEnableIndex`), and compares each row.
_EXACT = 1_024
_DELETIONS = "L0"  # the level of a segment that only lists deleted rows
# Maximum seconds in which Milvus indexes no row, and maximum seconds for each passage (two busy cores need
# 0.004). Seconds between two checks.
LONGEST_PAUSE, SLOWEST, _CHECK = 3_600.0, 0.05, 0.5


class Collection:
    """A collection. Threads may share it. Every method raises LibraryError as `Connection` says."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self.name = connection, name
        self._kind = ""

    def exists(self) -> bool:
        """Return whether Milvus has the collection."""
        return bool(self._connection.call("has_collection", self.name))

    def create(self, dimension: int) -> None:
        """Create the collection. It has words if Milvus has BM25.

        Raises:
            InputError: the environment asks for a kind of index, or a number of shards, that does not exist.
        """
        from pymilvus import DataType, Function, FunctionType

        schema = self._connection.milvus.create_schema(auto_id=False, enable_dynamic_field=False)
        indexes = self._connection.milvus.prepare_index_params()
        schema.add_field("key", DataType.INT64, is_primary=True)
        schema.add_field("document", DataType.INT64)
        for column in COLUMNS:
            schema.add_field(column, DataType.VARCHAR, max_length=LONGEST)
        for column in ("document", *COLUMNS) if self._connection.indexes_columns else ():
            indexes.add_index(column, index_type="INVERTED")
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        is_lite = self._connection.address.lite
        kind = "FLAT" if is_lite else index_wanted()
        parameters = dict(INDEXES[kind].parameters) if kind in INDEXES else {}
        indexes.add_index("vector", metric_type="IP", index_type=kind, params=parameters)
        if self._connection.has_words:
            schema.add_field("words", DataType.VARCHAR, max_length=LONGEST, enable_analyzer=True)
            schema.add_field("counts", DataType.SPARSE_FLOAT_VECTOR)
            schema.add_function(
                Function(
                    name="bm25",
                    function_type=FunctionType.BM25,
                    input_field_names=["words"],
                    output_field_names=["counts"],
                )
            )
            indexes.add_index(
                "counts",
                index_type="SPARSE_INVERTED_INDEX",
                metric_type="BM25",
                params={"bm25_k1": K1, "bm25_b": B},
            )
        self._connection.call(
            "create_collection",
            self.name,
            schema=schema,
            index_params=indexes,
            num_shards=1 if is_lite else shards_wanted(),
            consistency_level="Bounded",
        )

    def load(self) -> None:
        """Load the collection into memory, so that it can be searched. After a start it may not be loaded."""
        if "Loaded" not in str(self._connection.call("get_load_state", self.name)):
            self._connection.call("load_collection", self.name)

    def upsert(self, rows: Sequence[Row]) -> None:
        """Write rows. A row replaces the row with the same key."""
        self._connection.upsert(self.name, rows)

    def delete(self, keys: Sequence[int]) -> None:
        """Delete the rows with these keys."""
        self._connection.delete(self.name, keys)

    def keys(self) -> Int64:
        """Return the keys of all rows, ascending."""
        return self._connection.keys(self.name)

    def count(self) -> int:
        """Count the rows."""
        return self._connection.count(self.name)

    def nearest(self, vectors: Float32, most: int, condition: str) -> list[list[tuple[int, float]]]:
        """Find the nearest rows to each unit vector, as (key, cosine), the highest cosine first."""
        index = INDEXES.get(self.kind())
        effort = {index.effort: max(most, index.least)} if index else {}
        asked = [vector.tolist() for vector in vectors]
        # On Milvus Lite, the rounding of a cosine depends on the number of vectors in a call.
        calls = [[vector] for vector in asked] if self._connection.address.lite else [asked]
        return [
            found
            for call in calls
            for found in self._connection.search(self.name, "vector", call, most, condition, effort)
        ]

    def matching(self, queries: Sequence[str], most: int, condition: str) -> list[list[tuple[int, float]]]:
        """Find the best rows by BM25 for any of the stems of each query, as (key, score), the best first."""
        found = self._connection.search(self.name, "counts", queries, most, condition, {})
        # A server returns the scores of BM25. Milvus Lite returns the scores below zero.
        return [[(key, abs(score)) for key, score in hits if score] for hits in found]

    # The index of vectors

    def kind(self) -> str:
        """Return the name of the kind of index. It is read once."""
        if not self._kind:
            self._kind = str(self._described().get("index_type", ""))
        return self._kind

    def _described(self) -> dict[str, Any]:
        return dict(self._connection.call("describe_index", self.name, "vector") or {})

    def not_indexed(self) -> int:
        """Count the rows that the loaded index of vectors does not have yet.

        A server needs about 20 s to index new rows, and then to load the index. Until then it searches a
        temporary index, and misses many rows. Rows count as indexed if Milvus compares each of them.
        """
        waiting = int(self._described().get("pending_index_rows") or 0)
        if waiting <= _EXACT and not self._connection.address.lite:
            loaded = {
                segment.segment_id for segment in self._connection.call("list_loaded_segments", self.name)
            }
            not_loaded = sum(
                segment.num_rows
                for segment in self._connection.call("list_persistent_segments", self.name)
                if segment.segment_id not in loaded and segment.level_name != _DELETIONS
            )
            waiting = max(waiting, not_loaded)
        return waiting if waiting > _EXACT else 0

    def finish(self, passages: int, progress: OnProgress | None) -> None:
        """Flush the collection, and wait until all of its rows are indexed.

        Raises:
            LibraryError: Milvus has indexed no row for an hour, or is far too slow.
        """
        self.flush()
        begun = since = time.monotonic()
        last = 0
        while left := 0 if self._connection.address.lite else self.not_indexed():
            if progress:
                progress(Progress("index", max(passages - left, 0), passages))
            if left != last:  # the number also grows, when the server merges segments
                last, since = left, time.monotonic()
            if time.monotonic() > min(since, begun + passages * SLOWEST) + LONGEST_PAUSE:
                raise LibraryError(
                    f"Milvus at {self._connection.address.text} has stopped indexing: check that its index "
                    "nodes run. The passages are stored, but questions may miss them until they are indexed"
                )
            time.sleep(_CHECK)
        if last and progress:
            progress(Progress("index", passages, passages))

    def flush(self) -> None:
        """Have Milvus write the changes so far to disk."""
        self._connection.call("flush", self.name)

    def compact(self) -> None:
        """Write the rows to disk again, without deleted rows.

        A server removes the old files later, after the time of its garbage collection.
        """
        self.flush()
        self._connection.call("compact", self.name)


def collections(connection: Connection, name: str) -> list[int]:
    """Return the numbers of the encodings whose passages a library has in collections."""
    prefix = f"{name}_"
    ours = [other for other in connection.call("list_collections") if other.startswith(prefix)]
    return sorted(int(number) for other in ours if (number := other.removeprefix(prefix)).isdecimal())
