"""SQL for both a SQLite file and a PostgreSQL server: the interface that runs it, and layouts of tables.

The SQL is SQLite's, limited to the part that PostgreSQL knows too. Values are `?`, or `?1`, `?2` and so on.
Keywords are in capitals. A word that is a keyword and also a column's name is in small letters as a column.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# The exceptions that occur when values are made from a malformed row.
NO_VALUE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Found(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """The number of rows that the statement changed."""

    @property
    def lastrowid(self) -> int | None:
        """The number of the row that the statement inserted."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""

    def __iter__(self) -> Iterator[Any]: ...


class Statements(Protocol):
    """One transaction of SQLite (a `sqlite3.Connection`) or of PostgreSQL."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Found:
        """Run a statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        """Run a statement with each of several values."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Tables that belong together, and the changes of their schema.

    Attributes:
        name: the name of the tables' file, or of their part of a database.
        first_schema: the number of the schema that `statements` create.
        statements: the statements that create the tables.
        changes: the function that changes the tables to each later schema, inside a transaction.
    """

    name: str
    first_schema: int
    statements: tuple[str, ...]
    changes: Mapping[int, Callable[[Any], None]]

    @property
    def latest_schema(self) -> int:
        """The newest schema that this code knows."""
        return max(self.changes, default=self.first_schema)

    def bring(self, db: Statements, held: int, to: int) -> None:
        """Change the tables from schema `held` to schema `to`. If `held` is 0, create them first."""
        if not held:
            for statement in self.statements:
                db.execute(statement)
            held = self.first_schema
        for later in range(held + 1, to + 1):
            self.changes[later](db)


@contextmanager
def empty(layout: Layout) -> Iterator[sqlite3.Connection]:
    """Yield a connection to empty tables in memory."""
    with closing(sqlite3.connect(":memory:")) as db:
        layout.bring(db, 0, layout.latest_schema)
        yield db
