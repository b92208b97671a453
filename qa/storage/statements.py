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
    from collections.abc import Iterable, Iterator, Sequence

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

    @property
    def description(self) -> Any:
        """The columns of the rows. The first item of each column is its name."""

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
    """Tables that belong together.

    Attributes:
        name: the name of the tables' file, or of their part of a database.
        schema: the number of their schema. It changes whenever the tables change.
        statements: the statements that create the tables.
    """

    name: str
    schema: int
    statements: tuple[str, ...]

    def make(self, db: Statements) -> None:
        """Create the tables."""
        for statement in self.statements:
            db.execute(statement)


@contextmanager
def empty(layout: Layout) -> Iterator[sqlite3.Connection]:
    """Yield a connection to empty tables in memory."""
    with closing(sqlite3.connect(":memory:")) as db:
        layout.make(db)
        yield db
