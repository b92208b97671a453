"""A library on Milvus in parts, to be copied to another place or from there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qa.storage.cluster import passage_rows
from qa.storage.cluster.entities import EDITION
from qa.storage.parts import COPIED, Part
from qa.storage.ports import READ_AT_ONCE
from qa.storage.records.reading import document_at, put_rows, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.cluster.session import Session
    from qa.storage.cluster.working import Working


class Copying:
    """Gives all that is known, and takes in what another library knows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def parts(self) -> Iterator[Part]:
        """Give all that is known, in parts, to be copied."""
        rows = self._session.connection.scan(self._session.collections.documents, "serial >= 0", ("serial",))
        for serial in sorted(row["serial"] for row in rows):
            if part := self._session.read_in_one_state(partial(self._part, serial)):
                yield part
        for table in COPIED:
            if table not in ("documents", "locations"):
                yield from self._parts_of(table)

    def _part(self, serial: int, working: Working) -> Part | None:
        working.listed([serial], with_texts=True)
        rows = rows_of(working.db, "documents")
        encoding = working.state.in_force()
        if not rows or not encoding:
            return None
        document = document_at(working.db, self._session.address.text, serial)
        name = self._session.passages(working.state)
        held = passage_rows.embedded(self._session.connection, name, encoding, document.id, rows[0][EDITION])
        return Part({"documents": rows, "locations": rows_of(working.db, "locations")}, document, held)

    def _parts_of(self, table: str) -> Iterator[Part]:
        """Give the rows of a table, with their texts, some at once."""
        keys = [
            row["key"]
            for row in self._session.connection.scan(
                self._session.collections.catalogue, f'kind == "{table}"', ("key",)
            )
        ]
        for first in range(0, len(keys), READ_AT_ONCE):
            with self._session.reading(self._session.committed_state()) as working:
                some = keys[first : first + READ_AT_ONCE]
                working.fetch(*working.of(table, "key", some), with_texts=True)
                yield Part({table: rows_of(working.db, table)})

    def take(self, part: Part) -> None:
        """Take in what another library knows, in one transaction; rows of the same numbers are replaced."""
        with self._session.changing() as change:
            for table in COPIED:
                rows = part.rows.get(table, ())
                put_rows(change.db, table, rows)
                change.texts += [row["text"] for row in rows if table == "versions"]
            if part.document and part.passages:
                change.stage(part.document, part.passages)
