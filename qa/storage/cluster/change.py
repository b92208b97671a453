"""One change under way: the rows that it works on, the passages that it stages, and what it commits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.storage.cluster import journal, passage_rows, schema, spellings, texts
from qa.storage.cluster.entities import EDITION
from qa.storage.encodings import LONGEST_NAME, check_encoder, is_plain
from qa.storage.records import versions
from qa.storage.records.corrections import put_in_collection
from qa.storage.records.put import compare_row, put_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from embeddings.models import EncoderIdentity
    from qa.schema import Document
    from qa.storage.cluster.connection import Connection
    from qa.storage.cluster.schema import Collections
    from qa.storage.cluster.state import State
    from qa.storage.cluster.stems import Stemmer
    from qa.storage.cluster.working import Working
    from qa.storage.intake_port import EmbeddedPassages, Encoding, ReadDocument, Status


class Change:
    """One change of a library, in one writer's turn.

    Attributes:
        state: what the library is before it.
        working: the rows that it works on.
        forgotten: the texts that it erases, by SHA-256.
        unspelt: the keys of spellings of names that it erases.
        texts: the texts that it keeps, but for those of the documents whose passages it stages.
    """

    def __init__(
        self,
        connection: Connection,
        collections: Collections,
        stemmer: Stemmer,
        keep: Callable[[], None],
        state: State,
        working: Working,
    ) -> None:
        self._connection, self._collections, self._stemmer = connection, collections, stemmer
        self._keep = keep  # makes sure that the writer's turn has not ended
        self.state, self.working = state, working
        self._after = state
        self._staged: list[passage_rows.Staged] = []
        self.forgotten: set[str] = set()
        self.unspelt: set[str] = set()
        self.texts: list[str] = []

    @property
    def db(self) -> sqlite3.Connection:
        """The tables."""
        return self.working.db

    def write(
        self, number: int | None, read: ReadDocument, given_id: str, given: EmbeddedPassages
    ) -> tuple[int, Status]:
        """Write a document, new or in place of the one of that number; its passages only if they change."""
        encoding = self._encoding_for(given.encoder)
        collection = self._collections.passages(encoding.number)
        row = compare_row(self.db, number, read, given_id)
        edition = 0
        if number is not None:
            (edition,) = self.db.execute(
                f"SELECT {EDITION} FROM documents WHERE serial = ?",  # noqa: S608
                (number,),
            ).fetchone()
        has_passages = row.has_same_words and passage_rows.are_held(
            self._connection, collection, edition, given.entries
        )
        number, status = put_row(self.db, row, "", has_passages=has_passages)
        if not has_passages or passage_rows.filtered(row.held or {}) != passage_rows.filtered(row.values):
            self._stage(number, read.document.text, str(row.values["head"]), given)
        return number, status

    def collect(self, number: int, collection: str) -> str:
        """Put a document into a collection; return its id, or "" where it is there already."""
        moved = put_in_collection(self.db, number, collection)
        encoding = self.state.in_force()
        if moved and encoding:
            edition, head, sha256 = self.db.execute(
                f"SELECT {EDITION}, head, sha256 FROM documents WHERE serial = ?",  # noqa: S608
                (number,),
            ).fetchone()
            (text,) = texts.read(self._connection, self._collections.texts, [sha256]).values()
            name = self._collections.passages(encoding.number)
            held = passage_rows.embedded(self._connection, name, encoding, moved, edition)
            self._stage(number, text, head, held)
        return moved

    def drop(self, number: int, *, withdrawn: bool = False) -> None:
        """Take a document out, and keep its text."""
        versions.keep(self.db, number, "removed", withdrawn=withdrawn)
        self.db.execute("DELETE FROM documents WHERE serial = ?", (number,))

    def _encoding_for(self, encoder: EncoderIdentity) -> Encoding:
        """Find the embedding in force, which must be this encoder's; the first document makes it."""
        held = self._after.in_force()
        if held is None:
            held = self.new_encoding(encoder)
            self._after = replace(self._after, encoding=held.number)
        check_encoder(held, encoder, self._connection.address.text)
        return held

    def new_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for an embedding.

        Raises:
            InputError: the encoder's name is too long, or has control characters.
        """
        if not is_plain(encoder.name):
            raise InputError(
                f"the encoder's name {encoder.name[:LONGEST_NAME]!r} has control characters, or more than "
                f"{LONGEST_NAME} characters: give its folder another name"
            )
        self._after, encoding = self._after.with_encoding(encoder)
        self._keep()
        name = self._collections.passages(encoding.number)
        schema.drop(self._connection, name)  # of a change that was never committed
        schema.create_passages(self._connection, name, encoder.dimension)
        return encoding

    def adopt(self, encoding: Encoding) -> None:
        """Put an embedding in force, and forget all others."""
        named = {str(encoding.number): self.state.encodings[str(encoding.number)]}
        self._after = replace(self._after, encoding=encoding.number, encodings=named)

    def stage(self, document: Document, given: EmbeddedPassages) -> None:
        """Stage the passages of a document whose row is there."""
        self._encoding_for(given.encoder)
        row = self.db.execute("SELECT serial, head FROM documents WHERE id = ?", (document.id,)).fetchone()
        self._stage(row[0], document.text, row[1], given)

    def _stage(self, number: int, text: str, head: str, given: EmbeddedPassages) -> None:
        edition = self._after.edition + 1
        self._after = replace(self._after, edition=edition)
        values = self.db.execute("SELECT * FROM documents WHERE serial = ?", (number,))
        names = [name for name, *_ in values.description]
        filtered = passage_rows.filtered(dict(zip(names, values.fetchone(), strict=True)))
        self._staged.append(passage_rows.Staged(number, edition, filtered, head, text, given))
        self.db.execute(
            f"UPDATE documents SET {EDITION} = ?, passages = ? WHERE serial = ?",  # noqa: S608
            (edition, len(given.entries), number),
        )

    def commit(self, *, counted: bool) -> State:
        """Write all, whole or not at all; return what the library is then."""
        changed, gone = self.working.changed()
        if not changed and not gone and self._after == self.state and not self.forgotten:
            return self.state
        connection, collections = self._connection, self._collections
        before = [row for (table, _), row in self.working.loaded.items() if table == "documents"]
        now = self.db.execute("SELECT count(*), coalesce(sum(passages), 0) FROM documents").fetchone()
        numbers = {**self._after.numbers, **self.working.numbers()}
        after = replace(
            self._after,
            generation=self.state.generation
            + (counted and bool(changed or gone or self._after != self.state)),
            changes=self.state.changes + 1,
            documents=self.state.documents + now[0] - len(before),
            passages=self.state.passages + now[1] - sum(row["passages"] for row in before),
            numbers=numbers,
        )
        self._keep()
        texts.put(connection, collections.texts, self.texts)
        for staged in self._staged:
            texts.put(connection, collections.texts, [staged.text])
            spellings.put(connection, collections.spellings, f"{staged.head}\n\n{staged.text}")
            name = collections.passages(after.encoding)
            connection.upsert(name, staged.rows(connection, self._stemmer))
        journal.commit(
            connection,
            collections,
            self.state,
            after,
            changed,
            gone,
            before,
            self.forgotten,
            self.unspelt,
            self._keep,
        )
        return after
