"""Reads and writes the vectors of passages, and the encoder that made them: two encoders are never mixed.

Each function works inside a transaction.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import numpy as np

from embeddings.models import EncoderIdentity
from qa.errors import EncoderMismatchError, InputError
from qa.storage.intake_values import EmbeddedPassages, Encoding, Entry
from qa.text.display import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embeddings.arrays import Float32, Int64
    from qa.schema import Passage
    from qa.storage.statements import Found, Statements

_LONGEST_NAME = 200
_VECTOR = np.dtype("<f2")  # half floats, as stored on any machine


def encoding(db: Statements) -> Encoding | None:
    """Return the active encoding, or None before the first document."""
    return encoding_of(ask_encoding(db))


def ask_encoding(db: Statements) -> Found:
    """Ask for the active encoding."""
    return db.execute(
        "SELECT number, name, sha256, dimension FROM encodings WHERE number = (SELECT encoding FROM library)"
    )


def encoding_of(asked: Found) -> Encoding | None:
    """Return the encoding that was asked for, or None before the first document."""
    row = asked.fetchone()
    if row is None:
        return None
    number, name, sha256, dimension = row
    if not all(map(_is_plain, (name, sha256))):
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
    if not _is_plain(encoder.name):
        raise InputError(
            f"the encoder's name {encoder.name[:_LONGEST_NAME]!r} has control characters, or more than "
            f"{_LONGEST_NAME} characters: give its folder another name"
        )
    number = db.execute(
        "INSERT INTO encodings (name, sha256, dimension) VALUES (?, ?, ?)",
        (encoder.name, encoder.sha256, encoder.dimension),
    ).lastrowid
    return Encoding(int(number or 0), encoder)


def encoding_for(db: Statements, asked: Found, encoder: EncoderIdentity, where: str) -> Encoding:
    """Return the active encoding, which must be this encoder's. The first ingest of a library records it.

    `asked` is the result of `ask_encoding` in this transaction.
    """
    held = encoding_of(asked)
    if held is None:  # another writer may do the same: lock the row, and look again
        db.execute("UPDATE library SET encoding = encoding WHERE encoding IS NULL")
        held = encoding(db)
    if held is None:
        held = new_encoding(db, encoder)
        db.execute("UPDATE library SET encoding = ?", (held.number,))
    check_encoder(held, encoder, where)
    return held


def stored(vector: Float32) -> bytes:
    """Return a unit vector as it is stored: half floats, which change a cosine by less than .001."""
    return vector.astype(_VECTOR).tobytes()


def loaded(content: bytes) -> Float32:
    """Return the vectors in stored bytes, one after the other."""
    return np.frombuffer(content, _VECTOR).astype(np.float32)


def embedded(db: Statements, passages: Iterable[Passage]) -> EmbeddedPassages | None:
    """Return passages with their active vectors, or None if there are no vectors at all."""
    held = encoding(db)
    if held is None:
        return None
    query = "SELECT digest, vector FROM vectors WHERE passage = ? AND encoding = ?"
    entries = []
    for passage in passages:
        digest, vector = db.execute(query, (passage.key, held.number)).fetchone()
        entries.append(Entry(passage, digest, loaded(vector)))
    return EmbeddedPassages(entries, held.identity)


def read(db: Statements, keys: Int64, encoding: Encoding) -> tuple[Int64, Float32]:
    """Read vectors by key. Return the keys that exist, ascending, and their vectors, float32 [n, d]."""
    rows = db.execute(
        "SELECT passage, vector FROM vectors WHERE encoding = ? "
        "AND passage IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY passage",
        (encoding.number, json.dumps(keys.tolist())),
    ).fetchall()
    held = np.array([key for key, _ in rows], np.int64)
    vectors = loaded(b"".join(vector for _, vector in rows))
    return held, vectors.reshape(len(rows), encoding.identity.dimension)


def _is_plain(name: str) -> bool:
    """Return whether a name is short enough, and has no character that could alter a message's display."""
    return 0 < len(name) <= _LONGEST_NAME and in_one_line(name) == name


def check_encoder(encoding: Encoding, encoder: EncoderIdentity, place: str) -> None:
    """Raise an error if `encoder` is not the encoder of the active vectors.

    Raises:
        EncoderMismatchError: another encoder made the active vectors.
    """
    held = encoding.identity
    if (held.sha256, held.dimension) != (encoder.sha256, encoder.dimension):
        raise EncoderMismatchError(
            f"the vectors in {place} were made by {held.name} (SHA-256 {held.sha256[:12]}…), not by "
            f"{encoder.name} ({encoder.sha256[:12]}…): use that encoder, or make the vectors again "
            f"with `pullquote reindex --encoder {shlex.quote(encoder.name)}`"
        )
