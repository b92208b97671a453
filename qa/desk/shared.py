"""The desk's tables in a database that several servers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.desk.file import LAYOUT, TABLES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from qa.storage.postgresql.database import SharedDatabase
    from qa.storage.statements import Statements

_NUMBERED = ("turns", "dossier_entries")


class SharedTables:
    """The tables, which are made when something is first written; implements `qa.desk.tables.DeskTables`."""

    def __init__(self, database: SharedDatabase) -> None:
        self._database = database

    def close(self) -> None:
        """Close what nobody uses; it is opened again where it is used again."""
        self._database.close()

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction."""
        return self._database.writing(LAYOUT)

    def reading(self) -> AbstractContextManager[Statements]:
        """Give one snapshot."""
        return self._database.reading(LAYOUT)

    def count_on(self, db: Statements) -> None:
        """Have new rows get numbers after those that there are."""
        for table in _NUMBERED:
            (last,) = db.execute(f"SELECT max(serial) FROM {table}").fetchone()  # noqa: S608
            if last:
                db.execute("SELECT setval(pg_get_serial_sequence(?, 'serial'), ?)", (table, last))

    def is_made(self) -> bool:
        """Tell whether anything was ever kept."""
        return self._database.has(LAYOUT)

    def scrub(self) -> None:
        """Write the tables anew, without what was deleted. The server's logs and backups stay as they are."""
        self._database.rewrite(TABLES, whole=True)

    def count_bytes(self) -> int:
        """Measure the tables."""
        return self._database.table_bytes(TABLES)

    def damage(self) -> list[str]:
        """List nothing: what is wrong in its files, the server says itself."""
        return []
