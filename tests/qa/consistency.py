"""Check a library from outside: through SQLite and the files, not through Store."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from embeddings.arrays import Bits
from embeddings.index import VectorIndex
from qa.document.identity import words_sha256
from qa.schema import Span, sha256_text
from qa.storage.file_index.full_text import Postings
from qa.storage.file_index.vector_index import PART_SECONDS
from qa.text.terms import indexed

if TYPE_CHECKING:
    from pathlib import Path


def problems(library: Path) -> list[str]:
    """Return the problems of a library that no process has open."""
    found: list[str] = []
    db = sqlite3.connect(library / "library.sqlite3")
    try:
        found += [row for (row,) in db.execute("PRAGMA integrity_check") if row != "ok"]
        found += [f"foreign key: {row}" for row in db.execute("PRAGMA foreign_key_check")]
        texts = {}
        for serial, name, text, sha256, head, first, count in db.execute(
            "SELECT serial, id, text, sha256, head, first_key, passages FROM documents"
        ):
            texts[serial] = (text, head)
            if sha256_text(text) != sha256:
                found.append(f"{name}: the text has another SHA-256")
            spans = db.execute(
                "SELECT start, end FROM passages WHERE document = ? ORDER BY ordinal", (serial,)
            ).fetchall()
            keys = db.execute("SELECT key FROM passages WHERE document = ? ORDER BY ordinal", (serial,))
            if [key for (key,) in keys] != list(range(first, first + count)):
                found.append(f"{name}: the keys of its passages are not the run recorded")
            if "".join(text[start:end] for start, end in spans) != text:
                found.append(f"{name}: its passages do not tile it")
        for number, name, text, sha256, held in db.execute(
            "SELECT number, document, text, sha256, held FROM versions"
        ):
            if sha256_text(text) != sha256 or json.loads(held)["id"] != name:
                found.append(f"{name}: version {number} is not what was kept")
        found += [
            f"{name}: {count} versions have one text"
            for name, count in db.execute(
                "SELECT document, count(*) FROM versions GROUP BY document, sha256 HAVING count(*) > 1"
            )
        ]
        passages = db.execute("SELECT key, document, start, end FROM passages ORDER BY key").fetchall()
        vectors = db.execute(
            "SELECT passage FROM vectors WHERE encoding = (SELECT encoding FROM library) ORDER BY passage"
        ).fetchall()
        if [key for key, *_ in passages] != [key for (key,) in vectors]:
            found.append("not every passage has one vector")
        found += _places(db)
        found += _full_text(
            db, [(key, texts[at][1], texts[at][0][start:end]) for key, at, start, end in passages]
        )
    finally:
        db.close()
    return found


def _places(db: sqlite3.Connection) -> list[str]:
    """Return the problems of the places of documents, and of the files that were read."""
    found = []
    for serial, name, text, furniture, words, *first in db.execute(
        "SELECT serial, id, text, furniture, words_sha256, path, format, source_sha256, made_by "
        "FROM documents"
    ).fetchall():
        places = db.execute(
            "SELECT path, format, source_sha256, made_by FROM locations WHERE document = ? ORDER BY number",
            (serial,),
        ).fetchall()
        if not places:
            found.append(f"{name}: stands nowhere")
        elif list(places[0]) != first:
            found.append(f"{name}: its path and the like are not those of its first location")
        if words != words_sha256(text, [Span(*span) for span in json.loads(furniture)]):
            found.append(f"{name}: the hash of its words is another")
    for path, documents, held in db.execute(
        "SELECT path, documents, (SELECT count(*) FROM locations WHERE locations.path = files.path) "
        "FROM files"
    ):
        if documents not in (0, held):
            found.append(f"{path}: of {documents} documents that were read {held} are held")
    return found


def index_problems(library: Path) -> list[str]:
    """Return the differences between the active index file and the store."""
    db = sqlite3.connect(library / "library.sqlite3")
    try:
        rows = db.execute(
            "SELECT index_file, dimension FROM library JOIN encodings ON number = encoding"
        ).fetchall()
        if not rows:  # killed before the first document: there may be no index file
            return [path.name for path in library.glob("index-*.faiss")]
        ((file, dimension),) = rows
        held = db.execute(
            "SELECT passage, vector FROM vectors "
            "WHERE encoding = (SELECT encoding FROM library) ORDER BY passage"
        ).fetchall()
    finally:
        db.close()
    index = VectorIndex.open(library / file, dimension)
    found = []
    if sorted(index.ids.tolist()) != [key for key, _ in held]:
        found.append(f"{file} holds other keys than the store")
    close = 1e-3 if index.kind == "flat" else 0.1  # half floats; 4 bits a dimension
    for key, blob in held:
        vector = np.frombuffer(blob, "<f2").astype(np.float32)
        scores, keys = index.search(vector[np.newaxis], 1, Bits.of_keys(np.array([key])))
        if keys.tolist() != [[key]] or not np.isclose(scores[0, 0], 1, atol=close):
            found.append(f"{file} holds another vector for {key}")
    return found + _others(library, "*.faiss", "vectors-", {file, index.base_file})


def words_problems(library: Path) -> list[str]:
    """Return the differences between the active file of postings and the store."""
    db = sqlite3.connect(library / "library.sqlite3")
    try:
        ((file, generation),) = db.execute("SELECT words_file, words_generation FROM library").fetchall()
        keys = [key for (key,) in db.execute("SELECT key FROM passages ORDER BY key")]
        db.execute("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab ('main', 'words', 'instance')")
        right: dict[bytes, Counter[int]] = defaultdict(Counter)
        lengths: Counter[int] = Counter()
        for word, key, column in db.execute("SELECT CAST(term AS BLOB), doc, col FROM temp.tokens"):
            right[word][key] += 2 if column == "body" else 1
            lengths[key] += 1
    finally:
        db.close()
    postings = Postings.open(library, file, generation, thorough=True)
    held: dict[bytes, Counter[int]] = defaultdict(Counter)
    found = []
    for segment in postings.segments:
        live = ~np.isin(segment.keys, postings.gone)
        if segment.lengths[live].tolist() != [lengths[key] for key in segment.keys[live].tolist()]:
            found.append(f"{file} has other lengths than the store")
        for word in np.split(segment.words, segment.ends[:-1]) if segment.ends.size else []:
            places, weights = segment.find(word.tobytes())
            for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
                if live[place]:
                    held[word.tobytes()][int(segment.keys[place])] += weight
    if postings.keys.tolist() != keys:
        found.append(f"{file} holds other keys than the store")
    if held != right:
        found.append(f"{file} holds other postings than the store")
    return found + _others(library, "*.bin", "postings-", {file, postings.file.name})


def _others(library: Path, pattern: str, base: str, belong: set[str]) -> list[str]:
    """Return the files of a kind that do not belong. An earlier base may stay for a while."""
    others = {
        path.name
        for path in library.glob(pattern)
        if not path.name.startswith(base) or time.time() - path.stat().st_mtime > PART_SECONDS
    } - belong
    return [f"files besides {belong}: {others}"] if others else []


def _full_text(db: sqlite3.Connection, rows: list[tuple[int, str, str]]) -> list[str]:
    """Compare the full-text index, word for word, with a new index of the rows."""
    db.execute(
        "CREATE VIRTUAL TABLE temp.fresh USING fts5 "
        "(head, body, content = '', tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    entered = [(key, indexed(head), indexed(body)) for key, head, body in rows]
    db.executemany("INSERT INTO temp.fresh (rowid, head, body) VALUES (?, ?, ?)", entered)
    instances = []
    for database, table in (("main", "words"), ("temp", "fresh")):
        module = f"fts5vocab ('{database}', '{table}', 'instance')"
        db.execute(f"CREATE VIRTUAL TABLE temp.{table}_vocabulary USING {module}")
        instances.append(sorted(db.execute(f"SELECT * FROM temp.{table}_vocabulary")))  # noqa: S608
    return [] if instances[0] == instances[1] else ["the full-text index does not match the texts"]
