"""Makes the rows of a collection from the records, with the words of passages as Milvus can search them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.storage.milvus.conditions import COLUMNS, folded
from qa.storage.records import vectors, words
from qa.storage.sqlite import stems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.arrays import Int64
    from qa.storage.intake_values import Encoding
    from qa.storage.milvus.connection import Row
    from qa.storage.statements import Statements

# Maximum number of bytes in a text column of Milvus.
LONGEST = 65_535
_OWN = ("document", *COLUMNS)


class Stemmer(stems.Stemmer):
    """Makes the stems of texts as the collections have them. Threads may share it."""

    def written(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the stems of each text, in order. The texts are as `qa.text.terms.indexed` makes them."""
        found = self.stems([text.replace("\0", " ") for text in texts])
        return [[_written(stem.decode()) for stem in text_stems] for text_stems in found]

    def passages(self, db: Statements, keys: Int64) -> dict[int, str]:
        """Return the words of passages as BM25 searches them, by key. Leave out keys that do not exist."""
        texts = words.texts_of(db, keys)
        heads = list(dict.fromkeys(head for _, head, _ in texts))
        written = self.written([*heads, *(body for _, _, body in texts)])
        of_head = dict(zip(heads, written, strict=False))
        return {
            key: _searched(of_head[head], body)
            for (key, head, _), body in zip(texts, written[len(heads) :], strict=True)
        }


def read(db: Statements, keys: Sequence[int], encoding: Encoding, stemmer: Stemmer | None) -> list[Row]:
    """Make the rows of passages with their vectors of an encoding. Leave out passages without a vector.

    Without a stemmer, the rows have no words.
    """
    held, matrix = vectors.read(db, np.array(sorted(keys), np.int64), encoding)
    searched = stemmer.passages(db, held) if stemmer else {}
    found = columns(db, held.tolist())
    rows = []
    for key, vector in zip(held.tolist(), matrix, strict=True):
        if key in found:  # on PostgreSQL, the passage may have been deleted since the last statement
            rows.append({"key": key, "vector": vector, **dict(zip(_OWN, found[key], strict=True))})
            if stemmer:
                rows[-1]["words"] = searched.get(key, "")
    return rows


def columns(db: Statements, keys: Sequence[int]) -> dict[int, tuple[object, ...]]:
    """Return the document and the filtered metadata of passages as rows have them, by key."""
    documents = db.execute(
        f"SELECT key, document, {', '.join(COLUMNS)} FROM passages "  # noqa: S608 - constants
        "JOIN documents ON serial = document WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (json.dumps(keys),),
    )
    return {key: (document, date, *map(folded, names)) for key, document, date, *names in documents}


def outdated(db: Statements, written: Mapping[int, object]) -> list[int]:
    """Return the numbers of the documents whose filtered metadata differ from what was written of them."""
    documents = db.execute(f"SELECT serial, {', '.join(COLUMNS)} FROM documents")  # noqa: S608 - constants
    held = {number: [date, *map(folded, names)] for number, date, *names in documents}
    return [number for number, metadata in held.items() if written.get(number, metadata) != metadata]


def columns_of(row: Row) -> tuple[Any, ...]:
    """Return the document and the filtered metadata in a row."""
    return tuple(row[name] for name in _OWN)


def _searched(head: Sequence[str], body: Sequence[str]) -> str:
    """Return the stems of a passage, each twice, and of the document's head: the head counts half.

    The last words of a very long passage are not searched.
    """
    searched = " ".join((*body, ".", *body, ".", *head))
    return searched if len(searched) <= LONGEST else searched[:LONGEST].rpartition(" ")[0]


def _written(stem: str) -> str:
    """Return a stem in ASCII letters and digits: the analyzers of Milvus divide words of other scripts."""
    return f"a{stem}" if stem.isascii() and stem.isalnum() else f"u{stem.encode().hex()}"
