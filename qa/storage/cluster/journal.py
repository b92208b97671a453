"""One change of a library, whole or not at all: Milvus has no transaction over several rows.

What the change needs and nobody sees yet (texts, passages of an edition that no document has) is written
first. So is a long journal, which says all rows that are to be other than they are, and can be repeated. Then
one row, the library's state, takes the journal in, or names it: that commits the change. The rows are
written, and the state drops it. Whoever finds a state with a journal waits, or repeats it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from qa.schema import sha256_text
from qa.storage.cluster import state as states
from qa.storage.cluster import texts
from qa.storage.cluster.connection import VALUES_AT_ONCE, is_in
from qa.storage.cluster.entities import EDITION, catalogue_entities, document_entity, keys_of
from qa.storage.cluster.fetched_rows import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qa.storage.cluster.connection import Connection, Row
    from qa.storage.cluster.schema import Collections
    from qa.storage.cluster.state import State

# Bytes of a row that a field holds surely.
_IN_FIELD = 60_000
# Bytes of a journal that the state, which is a row too, holds beside the rest; JSON writes some as six.
_IN_STATE = 20_000


@dataclass(frozen=True, slots=True)
class Journal:
    """What one change does to the rows.

    Attributes:
        documents: the documents to be written.
        catalogue: the rows of the catalogue to be written.
        no_documents: the ids of documents to be deleted.
        no_rows: the keys of rows of the catalogue to be deleted.
        editions: the edition of the passages that each document has from now on, by its number; 0 for none.
        no_texts: the texts to be deleted, by SHA-256.
        no_spellings: the keys of spellings of names to be deleted.
        state: what the library is afterwards.
    """

    documents: list[Row]
    catalogue: list[Row]
    no_documents: list[str]
    no_rows: list[str]
    editions: dict[str, int]
    no_texts: list[str]
    no_spellings: list[str]
    state: dict[str, Any]


def commit(
    connection: Connection,
    collections: Collections,
    state: State,
    after: State,
    changed: list[tuple[str, dict[str, Any]]],
    gone: list[tuple[str, Mapping[str, Any]]],
    before: Iterable[Mapping[str, Any]],
    forgotten: Iterable[str],
    unspelt: Iterable[str],
    keep: Callable[[], None],
) -> None:
    """Commit a change: `changed` and `gone` rows with their tables, `forgotten` texts, `unspelt` names.

    `before` are the rows of documents as they were, `state` and `after` what the library is before and
    afterwards; `keep` makes sure that this writer's turn has not ended.
    """
    long: list[str] = []

    def written(row: Mapping[str, Any]) -> str:
        said = json.dumps(row, ensure_ascii=False)
        if len(said.encode()) <= _IN_FIELD:
            return said
        long.append(said)
        return ELSEWHERE + sha256_text(said)

    documents = [
        document_entity(row, written(row), after.generation) for table, row in changed if table == "documents"
    ]
    rows = [
        each
        for table, row in changed
        if table != "documents"
        for each in catalogue_entities(table, row, written(row))
    ]
    ids, keys = {each["id"] for each in documents}, {each["key"] for each in rows}
    # Of a document that is new, nobody has put passages in before.
    had = {row["serial"] for row in before}
    editions = {
        str(row["serial"]): row[EDITION]
        for table, row in changed
        if table == "documents" and row["serial"] in had
    }
    for table, row in gone:
        if table == "documents":
            editions.setdefault(str(row["serial"]), 0)
    journal = Journal(
        documents,
        rows,
        [row["id"] for table, row in gone if table == "documents" and row["id"] not in ids],
        [
            key
            for table, row in gone
            if table != "documents"
            for key in keys_of(table, row)
            if key not in keys
        ],
        editions,
        sorted(set(forgotten)),
        sorted(unspelt),
        replace(after, pending="").to_dict(),
    )
    said = json.dumps({name: getattr(journal, name) for name in Journal.__slots__}, ensure_ascii=False)
    pending = said
    if len(said) * 4 > _IN_STATE:
        long.append(said)
        pending = ELSEWHERE + sha256_text(said)
    keep()
    texts.put(connection, collections.texts, long)
    keep()
    states.write(connection, collections, replace(state, pending=pending))
    _do(connection, collections, journal, pending, state.encodings, keep)


def repeat(connection: Connection, collections: Collections, state: State, keep: Callable[[], None]) -> None:
    """Finish the change whose journal a state names."""
    said = state.pending
    if said.startswith(ELSEWHERE):
        (said,) = texts.read(connection, collections.texts, [said[1:]]).values()
    _do(connection, collections, Journal(**json.loads(said)), state.pending, state.encodings, keep)


def _do(
    connection: Connection,
    collections: Collections,
    journal: Journal,
    pending: str,
    encodings: Iterable[str],
    keep: Callable[[], None],
) -> None:
    """Write the rows as a journal says, any number of times."""
    after = states.of_dict(journal.state)

    def write(collection: str, rows: list[Row]) -> None:
        keep()
        connection.upsert(collection, rows)

    def delete(collection: str, field: str, values: list[str]) -> None:
        keep()
        connection.delete_in(collection, field, values)

    write(collections.documents, journal.documents)
    write(collections.catalogue, journal.catalogue)
    delete(collections.documents, "id", journal.no_documents)
    delete(collections.catalogue, "key", journal.no_rows)
    for number in dict.fromkeys((*encodings, *after.encodings)):
        passages = collections.passages(int(number))
        for first in range(0, len(journal.editions), VALUES_AT_ONCE):
            # An edition is of one document alone.
            own = dict(islice(journal.editions.items(), first, first + VALUES_AT_ONCE))
            others = f"{is_in('serial', map(int, own))} and not ({is_in('edition', own.values())})"
            keep()
            connection.delete(passages, others)
    delete(collections.texts, "sha256", journal.no_texts)
    delete(collections.spellings, "key", journal.no_spellings)
    keep()
    states.write(connection, collections, after)
    if pending.startswith(ELSEWHERE):
        delete(collections.texts, "sha256", [pending[1:]])
