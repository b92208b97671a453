"""SQL that a SQLite file and a PostgreSQL server both take: what runs it, and the tables that it is about.

It is SQLite's, of the part that both speak. Values are `?`, or `?1`, `?2` and so on; words of both languages
that are also columns' names are written small, keywords in capitals.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# What comes of a row that nobody has written properly, when values are made of it.
NO_VALUE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Found(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    @property
    def lastrowid(self) -> int | None:
        """The number that was given to the row that it put in."""

    def fetchone(self) -> Any:
        """Give the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Give the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Statements(Protocol):
    """One transaction, of SQLite's (a `sqlite3.Connection`) or of PostgreSQL's."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Found:
        """Run a statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        """Run a statement with each of several values."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Tables that belong together, and how they came to be what they are.

    Attributes:
        name: the name of their file, or of their part of a database.
        first_schema: the schema that `statements` make.
        statements: what makes the tables.
        changes: what brings them to each later schema, inside a transaction.
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
        """Make the tables where none are held, and change those of an earlier schema."""
        if not held:
            for statement in self.statements:
                db.execute(statement)
            held = self.first_schema
        for later in range(held + 1, to + 1):
            self.changes[later](db)


@contextmanager
def empty(layout: Layout) -> Iterator[sqlite3.Connection]:
    """Give the tables with nothing in them, in memory."""
    with closing(sqlite3.connect(":memory:")) as db:
        layout.bring(db, 0, layout.latest_schema)
        yield db
