"""The desk's tables in a database that several servers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.desk.file import EVERY_TABLE, LAYOUT

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from qa.storage.postgresql.database import SharedDatabase
    from qa.storage.statements import Statements

_NUMBERED = ("turns", "dossier_entries")


class SharedTables:
    """The desk's tables on a server, made at the first write. Implements `qa.desk.tables.DeskTables`."""

    def __init__(self, database: SharedDatabase) -> None:
        self._database = database

    def close(self) -> None:
        """Close what nobody uses. The next use opens it again."""
        self._database.close()

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction."""
        return self._database.writing(LAYOUT)

    def reading(self) -> AbstractContextManager[Statements]:
        """Yield one snapshot."""
        return self._database.reading(LAYOUT)

    def count_on(self, db: Statements) -> None:
        """Give new rows numbers after the existing rows' numbers."""
        for table in _NUMBERED:
            (last,) = db.execute(f"SELECT max(serial) FROM {table}").fetchone()  # noqa: S608
            if last:
                db.execute("SELECT setval(pg_get_serial_sequence(?, 'serial'), ?)", (table, last))

    def is_made(self) -> bool:
        """Return True: a purge that looked for the tables could miss the first writer's."""
        return True

    def scrub(self) -> None:
        """Write the tables again without deleted content. The server's logs and backups are unchanged."""
        self._database.rewrite(EVERY_TABLE, whole=True)

    def count_bytes(self) -> int:
        """Return the size of the tables in bytes."""
        return self._database.table_bytes(EVERY_TABLE)

    def damage(self) -> list[str]:
        """Return nothing: the server itself reports damage in its files."""
        return []
