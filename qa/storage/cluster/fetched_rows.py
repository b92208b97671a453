"""Rows fetched from Milvus into tables of SQLite in memory, and which of them have changed since."""

# ruff: noqa: S608 -- statements are put together from the names of this package's own tables and columns.

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from qa.storage.cluster import texts
from qa.storage.cluster.connection import is_in, quoted
from qa.storage.cluster.entities import KEYS, STOOD
from qa.storage.records.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from qa.storage.cluster.connection import Connection
    from qa.storage.cluster.schema import Collections
    from qa.storage.cluster.state import State

# Numbers that are given to rows, and never twice.
NUMBERED = {"documents": "serial", "locations": "number", "versions": "number"}
# Values, and conditions, that are asked for in one call.
_AT_ONCE, _CONDITIONS = 500, 50
_KINDS = (*KEYS, STOOD)
# A row that says "@" and a SHA-256 is longer than a field, and lies among the texts.
ELSEWHERE = "@"


def never_twice(statements: Iterable[str]) -> Iterator[str]:
    """Let tables never give a number twice: rows that are not fetched have numbers, too."""
    for statement in statements:
        numbered = statement
        for table, column in NUMBERED.items():
            if f"CREATE TABLE {table} (" in statement:
                plain = f"{column} INTEGER PRIMARY KEY,"
                numbered = statement.replace(plain, f"{column} INTEGER PRIMARY KEY AUTOINCREMENT,")
        yield numbered


@cache
def _tables() -> bytes:
    """Return a database with the tables, empty."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for statement in never_twice(TABLES):
        db.execute(statement)
    db.execute("DROP TABLE uploads")
    made: bytes = db.serialize()
    db.close()
    return made


class FetchedRows:
    """Rows of a library in tables of SQLite, `db`, for one thread.

    Attributes:
        db: the tables.
        state: what the library is.
        loaded: the rows as they were fetched, by table and key.
    """

    def __init__(self, connection: Connection, collections: Collections, state: State) -> None:
        self._connection, self._collections = connection, collections
        self._names: dict[str, list[str]] = {}
        self.db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.db.deserialize(_tables())
        self.db.create_function("casefold", 1, str.casefold, deterministic=True)
        for table in NUMBERED:
            self.db.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, state.numbers.get(table, 0))
            )
        self.state = state
        self.loaded: dict[tuple[str, tuple[Any, ...]], dict[str, Any]] = {}
        self._asked: dict[tuple[str | int, ...], None] = {}

    def close(self) -> None:
        """Forget the rows."""
        self.db.close()

    @contextmanager
    def part(self, fetch: Callable[[Self], object]) -> Iterator[None]:
        """Fetch rows, and change rows, all or none; what is fetched stays."""
        asked = len(self._asked)
        try:
            fetch(self)
        except BaseException:  # it may not have come
            while len(self._asked) > asked:
                self._asked.popitem()
            raise
        self.db.execute("BEGIN")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    # Fetching

    def of(self, kinds: str, field: str, values: Iterable[str | int]) -> list[str]:
        """Write conditions for rows of some kinds that have one of the values, but for values asked before.

        `kinds` are names of tables, with spaces between them.
        """
        asked, named = self._asked, kinds.split()
        new = [
            each for each in dict.fromkeys(values) if any((kind, field, each) not in asked for kind in named)
        ]
        asked.update(dict.fromkeys((kind, field, each) for each in new for kind in named))
        parts = [is_in(field, new[first : first + _AT_ONCE]) for first in range(0, len(new), _AT_ONCE)]
        if kinds == "documents":
            return parts
        return [f"{is_in('kind', named)} and {each}" for each in parts]

    def fetch_documents(self, *conditions: str, with_texts: bool = False) -> list[dict[str, Any]]:
        """Fetch the documents that meet any of the conditions."""
        return [row for _, row in self._fetch("documents", conditions, with_texts)]

    def fetch(self, *conditions: str, with_texts: bool = False) -> dict[str, list[dict[str, Any]]]:
        """Fetch the rows of other tables that meet any of the conditions; give them by table."""
        found: dict[str, list[dict[str, Any]]] = {table: [] for table in _KINDS}
        for table, row in self._fetch("", conditions, with_texts):
            found[table].append(row)
        return found

    def _fetch(
        self, table: str, conditions: Sequence[str], with_texts: bool
    ) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, str]] = []
        collection = self._collections.documents if table else self._collections.catalogue
        for first in range(0, len(conditions), _CONDITIONS):
            any_of = " or ".join(f"({each})" for each in conditions[first : first + _CONDITIONS])
            rows = self._connection.query(collection, any_of, ("row",) if table else ("kind", "row"))
            found += [(table or row["kind"], row["row"]) for row in rows if table or row["kind"] in _KINDS]
        return self._take(found, with_texts)

    def _take(self, found: list[tuple[str, str]], with_texts: bool) -> list[tuple[str, dict[str, Any]]]:
        """Put rows, as JSON, into the tables, but for those that are there."""
        long = [each[1:] for _, each in found if each.startswith(ELSEWHERE)]
        lying = texts.read(self._connection, self._collections.texts, long)
        rows = [
            (table, json.loads(lying[each[1:]] if each.startswith(ELSEWHERE) else each))
            for table, each in found
        ]
        whole = {
            row["sha256"]: row.get("path") or row.get("document", "")
            for table, row in rows
            if with_texts and table in ("documents", "versions")
        }
        held = texts.read(self._connection, self._collections.texts, whole, whole)
        new = {}
        for table, row in rows:
            key = table, tuple(row[column] for column in KEYS.get(table, ()))
            if table in KEYS and key not in self.loaded:
                new[key] = row
        self.db.execute("PRAGMA foreign_keys = OFF")  # rows come in any order, and some alone
        self.db.execute("BEGIN")
        try:
            for (table, _), row in new.items():
                columns = self._columns(table)
                values = {name: row[name] for name in columns if name in row}
                if "text" in columns:
                    values["text"] = held.get(row["sha256"], "")
                marks = ", ".join("?" * len(values))
                # In a rehearsal, what another process adds meanwhile may have the number of a row made here.
                self.db.execute(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})",
                    tuple(values.values()),
                )
            self.db.execute("COMMIT")
        finally:  # what is loaded is in the tables, whatever breaks it off: else it would be taken for gone
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            else:
                self.loaded.update(new)
        self.db.execute("PRAGMA foreign_keys = ON")
        return rows

    def _columns(self, table: str) -> list[str]:
        if table not in self._names:
            rows = self.db.execute("SELECT name FROM pragma_table_info(?)", (table,))
            self._names[table] = [name for (name,) in rows]
        return self._names[table]

    # What has changed

    def changed(self) -> tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, Mapping[str, Any]]]]:
        """Give the rows that are new or other than they were, and those that are gone, with their tables."""
        others: list[tuple[str, dict[str, Any]]] = []
        left = dict(self.loaded)
        for table, key in KEYS.items():
            columns = [name for name in self._columns(table) if name != "text"]
            for values in self.db.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                row = dict(zip(columns, values, strict=True))
                before = left.pop((table, tuple(row[column] for column in key)), None)
                if before != row:
                    others.append((table, row))
        return others, [(table, row) for (table, _), row in left.items()]

    def numbers(self) -> dict[str, int]:
        """Give the numbers that were given last."""
        return dict(self.db.execute("SELECT name, seq FROM sqlite_sequence"))


def between(field: str, first: str, end: str) -> str:
    """Write the condition that a field is not below one value, and below another."""
    return f"{field} >= {quoted(first)} and {field} < {quoted(end)}"
