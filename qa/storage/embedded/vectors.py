"""Reads and writes the vectors of passages in the store, and the encoder that made them.

Each function works inside a transaction of the store.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embeddings.models import EncoderIdentity
from qa.errors import InputError, LibraryError
from qa.storage.encodings import LONGEST_NAME, check_encoder, is_plain
from qa.storage.intake_port import EmbeddedPassages, Encoding, Entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from embeddings.arrays import Float32, Int64
    from qa.schema import Passage

_VECTOR = np.dtype("<f4")  # as stored, on any machine


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """The changes that bring an index up to date with `generation`.

    Attributes:
        generation: the generation of the store.
        stale: the keys to remove. The index need not have them.
        missing: the keys to add.
    """

    generation: int
    stale: Int64
    missing: Int64


def encoding(db: sqlite3.Connection) -> Encoding | None:
    """Return the active encoding, or None before the first document."""
    row = db.execute(
        "SELECT number, name, sha256, dimension FROM encodings WHERE number = (SELECT encoding FROM library)"
    ).fetchone()
    if row is None:
        return None
    number, name, sha256, dimension = row
    if not all(map(is_plain, (name, sha256))):
        raise ValueError("an encoder's name or hash is missing")
    return Encoding(int(number), EncoderIdentity(name, sha256, int(dimension)))


def new_encoding(db: sqlite3.Connection, encoder: EncoderIdentity) -> Encoding:
    """Add an embedding by an encoder, without vectors yet.

    Raises:
        InputError: the encoder's name is too long, or has control characters.
    """
    if not is_plain(encoder.name):
        raise InputError(
            f"the encoder's name {encoder.name[:LONGEST_NAME]!r} has control characters, or more than "
            f"{LONGEST_NAME} characters: give its folder another name"
        )
    number = db.execute(
        "INSERT INTO encodings (name, sha256, dimension) VALUES (?, ?, ?)",
        (encoder.name, encoder.sha256, encoder.dimension),
    ).lastrowid
    return Encoding(int(number or 0), encoder)


def encoding_for(db: sqlite3.Connection, encoder: EncoderIdentity, folder: Path) -> Encoding:
    """Return the active encoding, which must be this encoder's. The first ingest of a library records it."""
    held = encoding(db)
    if held is None:
        held = new_encoding(db, encoder)
        db.execute("UPDATE library SET encoding = ?", (held.number,))
    check_encoder(held, encoder, folder)
    return held


def stored(vector: Float32) -> bytes:
    """Return a vector as bytes for the store."""
    return vector.astype(_VECTOR).tobytes()


def known(db: sqlite3.Connection, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
    """Return this encoder's stored vectors of windows with these digests, by digest."""
    query = (
        "SELECT vector FROM vectors JOIN encodings ON encodings.number = encoding "
        "WHERE digest = ? AND sha256 = ? AND dimension = ? LIMIT 1"
    )
    vectors = {}
    for digest in digests:
        row = db.execute(query, (digest, encoder.sha256, encoder.dimension)).fetchone()
        if row:
            vectors[digest] = np.frombuffer(row[0], _VECTOR)
    return vectors


def put(
    db: sqlite3.Connection, encoding: Encoding, vectors: Mapping[int, tuple[bytes, Float32]], folder: Path
) -> None:
    """Add digests and vectors to an embedding, by passage key. Skip keys that no longer exist.

    Raises:
        LibraryError: another reindex finished meanwhile and has deleted this embedding.
    """
    if not db.execute("SELECT 1 FROM encodings WHERE number = ?", (encoding.number,)).fetchone():
        raise LibraryError(
            f"another `pullquote reindex` of {folder} finished first: run yours again if needed"
        )
    db.executemany(
        "INSERT OR REPLACE INTO vectors (passage, encoding, digest, vector) "
        "SELECT key, ?, ?, ? FROM passages WHERE key = ?",
        [(encoding.number, digest, stored(vector), key) for key, (digest, vector) in vectors.items()],
    )


def adopt(db: sqlite3.Connection, encoding: Encoding) -> tuple[str, ...]:
    """Make an embedding the active embedding, and delete all others.

    If the embedding lacks passages, return the ids of their documents, and change nothing.
    """
    lacking = db.execute(
        "SELECT DISTINCT id FROM documents JOIN passages ON document = documents.serial "
        "WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE passage = key AND encoding = ?) ORDER BY id",
        (encoding.number,),
    ).fetchall()
    if not lacking:
        db.execute(
            "UPDATE library SET encoding = ?, index_file = '', index_generation = 0",
            (encoding.number,),
        )
        db.execute("DELETE FROM encodings WHERE number != ?", (encoding.number,))
    return tuple(document_id for (document_id,) in lacking)


def difference(
    db: sqlite3.Connection, of: Encoding, keys: Callable[[], Int64], last: int, generation: int
) -> Difference | None:
    """Return the keys to remove from an index and to add to it, or None if the encoding is not active.

    The index mirrors `generation`, and `last` is the greatest of its `keys`. `keys` is called only if the
    store no longer knows which passages were removed since `generation`. Then all keys are compared.
    """
    if encoding(db) != of:
        return None
    now, since = db.execute("SELECT generation, gone_since FROM library").fetchone()
    knows_removals = generation >= since
    # The active encoding gets vectors only for new passages, and keys only grow.
    rows = db.execute(
        "SELECT passage FROM vectors WHERE encoding = ? AND passage > ? ORDER BY passage",
        (of.number, last if knows_removals else -1),
    )
    held = np.fromiter((key for (key,) in rows), np.int64)
    # `gone` has each removed passage with the last generation that still had it. An index that mirrors this
    # generation has the passage, too.
    rows = db.execute("SELECT passage FROM gone WHERE generation >= ?", (generation,))
    gone = np.fromiter((key for (key,) in rows), np.int64) if knows_removals else held[:0]
    if knows_removals:
        return Difference(now, gone, held)
    has = keys()
    return Difference(now, np.setdiff1d(has, held), np.setdiff1d(held, has))


def embedded(db: sqlite3.Connection, passages: Iterable[Passage]) -> EmbeddedPassages | None:
    """Return passages with their active vectors, or None if there are no vectors at all."""
    held = encoding(db)
    if held is None:
        return None
    query = "SELECT digest, vector FROM vectors WHERE passage = ? AND encoding = ?"
    entries = []
    for passage in passages:
        digest, vector = db.execute(query, (passage.key, held.number)).fetchone()
        entries.append(Entry(passage, digest, np.frombuffer(vector, _VECTOR)))
    return EmbeddedPassages(entries, held.identity)


def read(db: sqlite3.Connection, keys: Int64, encoding: Encoding) -> tuple[Int64, Float32]:
    """Read vectors by key. Return the keys that exist, ascending, and their vectors, float32 [n, d]."""
    rows = db.execute(
        "SELECT passage, vector FROM vectors WHERE encoding = ? "
        "AND passage IN (SELECT value FROM json_each(?)) ORDER BY passage",
        (encoding.number, json.dumps(keys.tolist())),
    ).fetchall()
    held = np.array([key for key, _ in rows], np.int64)
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), _VECTOR)
    return held, vectors.reshape(len(rows), encoding.identity.dimension)
