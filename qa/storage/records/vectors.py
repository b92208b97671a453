"""Reads and writes the vectors of passages in the store, and the encoder that made them.

Each function works inside a transaction of the store.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from embeddings.models import EncoderIdentity
from qa.errors import InputError, LibraryError
from qa.storage.encodings import LONGEST_NAME, check_encoder, is_plain
from qa.storage.intake_port import EmbeddedPassages, Encoding, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embeddings.arrays import Float32, Int64
    from qa.schema import Passage
    from qa.storage.statements import Statements

_VECTOR = np.dtype("<f4")  # as stored, on any machine


def encoding(db: Statements) -> Encoding | None:
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


def encodings(db: Statements) -> list[Encoding]:
    """Return the active encoding, and the encodings that may become the active one."""
    rows = db.execute("SELECT number, name, sha256, dimension FROM encodings ORDER BY number").fetchall()
    return [Encoding(int(number), EncoderIdentity(*identity)) for number, *identity in rows]


def new_encoding(db: Statements, encoder: EncoderIdentity) -> Encoding:
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


def encoding_for(db: Statements, encoder: EncoderIdentity, where: str) -> Encoding:
    """Return the active encoding, which must be this encoder's. The first ingest of a library records it."""
    held = encoding(db)
    if held is None:  # another writer may do the same: lock the row, and look again
        db.execute("UPDATE library SET encoding = encoding WHERE encoding IS NULL")
        held = encoding(db)
    if held is None:
        held = new_encoding(db, encoder)
        db.execute("UPDATE library SET encoding = ?", (held.number,))
    check_encoder(held, encoder, where)
    return held


def stored(vector: Float32) -> bytes:
    """Return a vector as bytes for the store."""
    return vector.astype(_VECTOR).tobytes()


def known(db: Statements, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
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


def put(db: Statements, encoding: Encoding, vectors: Mapping[int, tuple[bytes, Float32]], where: str) -> None:
    """Add digests and vectors to an embedding, by passage key. Skip keys that no longer exist.

    Raises:
        LibraryError: another reindex finished meanwhile and has deleted this embedding.
    """
    if not db.execute("SELECT 1 FROM encodings WHERE number = ?", (encoding.number,)).fetchone():
        raise LibraryError(
            f"another `pullquote reindex` of {where} finished first: run yours again if needed"
        )
    db.executemany(
        "INSERT INTO vectors (passage, encoding, digest, vector) SELECT key, ?, ?, ? FROM passages "
        "WHERE key = ? ON CONFLICT (passage, encoding) DO UPDATE "
        "SET digest = excluded.digest, vector = excluded.vector",
        [(encoding.number, digest, stored(vector), key) for key, (digest, vector) in vectors.items()],
    )


def adopt(db: Statements, encoding: Encoding) -> tuple[str, ...]:
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


def embedded(db: Statements, passages: Iterable[Passage]) -> EmbeddedPassages | None:
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


def read(db: Statements, keys: Int64, encoding: Encoding) -> tuple[Int64, Float32]:
    """Read vectors by key. Return the keys that exist, ascending, and their vectors, float32 [n, d]."""
    rows = db.execute(
        "SELECT passage, vector FROM vectors WHERE encoding = ? "
        "AND passage IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY passage",
        (encoding.number, json.dumps(keys.tolist())),
    ).fetchall()
    held = np.array([key for key, _ in rows], np.int64)
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), _VECTOR)
    return held, vectors.reshape(len(rows), encoding.identity.dimension)
