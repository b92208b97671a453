"""The passages of documents: written under an edition that nobody sees yet, and read back whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.errors import InputError
from qa.schema import FILTERED_BY_NAME, Passage, Sentence
from qa.storage import columns as stored
from qa.storage.cluster.schema import DENSE, FILTERED
from qa.storage.cluster.stems import searched
from qa.storage.intake_port import EmbeddedPassages, Entry
from qa.storage.records.rows import SENTENCE, passage_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qa.storage.cluster.connection import Connection, Row
    from qa.storage.cluster.stems import Stemmer
    from qa.storage.intake_port import Encoding

# A passage's key is its edition, and its place in the document in so many bits: later ones are greater.
_BITS = 20
_PLACES = ("serial", "edition", "ordinal", "start", "end", "sentences")


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """Passages to be written of a document.

    Attributes:
        serial: the document's number.
        edition: the number that they are to be known by.
        filtered: the values of the document by which passages are filtered.
        head: the document's head, as it is searched.
        text: the document's text.
        passages: the passages.
    """

    serial: int
    edition: int
    filtered: Mapping[str, str]
    head: str
    text: str
    passages: EmbeddedPassages

    def rows(self, connection: Connection, stemmer: Stemmer) -> list[Row]:
        """Make their rows.

        Raises:
            InputError: the document has more than a million passages.
        """
        entries = self.passages.entries
        if len(entries) >= 1 << _BITS:
            raise InputError(f"a document of {len(entries):,} passages is too long for a cluster: split it")
        bodies = [self.text[each.passage.start : each.passage.end] for each in entries]
        head, *stems = stemmer.written([self.head, *bodies]) if connection.has_words else [[]]
        rows: list[Row] = []
        for ordinal, entry in enumerate(entries):
            _, start, end, sentences = passage_row(ordinal, entry.passage)
            rows.append(
                {
                    "key": self.edition << _BITS | ordinal,
                    "serial": self.serial,
                    "edition": self.edition,
                    "ordinal": ordinal,
                    "start": start,
                    "end": end,
                    "sentences": sentences,
                    "digest": entry.digest.hex(),
                    DENSE: entry.vector.astype(np.float32).tolist(),
                    **self.filtered,
                }
            )
            if connection.has_words:
                rows[-1]["words"] = searched(head, stems[ordinal])
        return rows


def filtered(row: Mapping[str, Any]) -> dict[str, str]:
    """Give the values of a document's row by which passages are filtered."""
    folded = {name: str(row[name]).casefold()[:10_000] for name in FILTERED_BY_NAME}
    return {"date": str(row["date"]), **folded}


def read(
    connection: Connection, collection: str, documents: Mapping[int, tuple[str, int, int]]
) -> dict[int, tuple[Passage, ...]]:
    """Read the passages of documents, in order, by the documents' numbers: of each, id, edition and how many.

    Those of which not all are there are left out: they were replaced meanwhile.
    """
    rows = connection.query_in(
        collection, "edition", [edition for _, edition, _ in documents.values()], ("key", *_PLACES)
    )
    found: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["key"])):
        if row["serial"] in documents and documents[row["serial"]][1] == row["edition"]:
            found.setdefault(row["serial"], []).append(row)
    whole = {}
    for serial, (document_id, _, count) in documents.items():
        own = found.get(serial, [])
        if len(own) == count:
            whole[serial] = tuple(_passage(document_id, row) for row in own)
    return whole


def _passage(document_id: str, row: Row) -> Passage:
    sentences = stored.rows(row["sentences"], Sentence, *SENTENCE)
    return Passage(document_id, row["ordinal"], row["start"], row["end"], sentences, row["key"])


def embedded(
    connection: Connection, collection: str, encoding: Encoding, document_id: str, edition: int
) -> EmbeddedPassages:
    """Read the passages of a document as they were put, with their vectors."""
    rows = connection.query(collection, f"edition == {edition}", ("key", *_PLACES, "digest", DENSE))
    rows.sort(key=lambda row: int(row["key"]))
    entries = [
        Entry(
            replace(_passage(document_id, row), key=0),
            bytes.fromhex(row["digest"]),
            np.array(row[DENSE], np.float32),
        )
        for row in rows
    ]
    return EmbeddedPassages(entries, encoding.identity)


def are_held(connection: Connection, collection: str, edition: int, passages: Sequence[Entry]) -> bool:
    """Tell whether an edition has these passages, with the vectors of the same windows."""
    rows = connection.query(collection, f"edition == {edition}", ("key", *_PLACES, "digest"))
    rows.sort(key=lambda row: int(row["key"]))
    return [(*(row[name] for name in _PLACES[2:]), row["digest"]) for row in rows] == described(passages)


def described(passages: Sequence[Entry]) -> list[tuple[Any, ...]]:
    """Tell of passages what makes them the same: where they are, and of which windows their vectors are."""
    return [(*passage_row(ordinal, each.passage), each.digest.hex()) for ordinal, each in enumerate(passages)]


def vectors(connection: Connection, collection: str, digests: Iterable[bytes]) -> dict[bytes, Any]:
    """Find the vectors that are held of windows with these digests."""
    rows = connection.query_in(collection, "digest", [each.hex() for each in digests], ("digest", DENSE))
    return {bytes.fromhex(row["digest"]): np.array(row[DENSE], np.float32) for row in rows}


def with_vectors(connection: Connection, of: str, to: str, given: Mapping[int, tuple[bytes, Any]]) -> None:
    """Write passages of one collection to another, by key, each with another digest and vector."""
    fields = ("key", *_PLACES, *FILTERED, *(("words",) if connection.has_words else ()))
    rows = connection.get(of, list(given), fields)
    connection.upsert(
        to,
        [
            {name: row[name] for name in fields}
            | {"digest": given[row["key"]][0].hex(), DENSE: given[row["key"]][1].astype(np.float32).tolist()}
            for row in rows
        ],
    )
