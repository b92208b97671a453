"""Postings: for each word, the passages that contain it and how often, in arrays for numpy.

All tokens are FTS5's own, read from its vocabulary tables. A word in this module is a stem, as UTF-8 bytes. A
segment contains the postings of some passages and is never changed. It lies in memory or in a mapped file.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from qa.storage.records.tables import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from embeddings.arrays import Int64, UInt8

    UInt32 = npt.NDArray[np.uint32]

# A word in the head counts half (`words.BM25_HEAD_WEIGHT`). A posting's weight is twice that, to be whole.
_WEIGHTS = "1 + (col = 'body')"
# Maximum number of tokens in memory at once while postings are made. A single word may have more.
_BLOCK = 1_000_000
_ALIGNED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The postings of n passages, which contain t different words.

    `keys`, int64 [n] and ascending, are the keys of the passages. A passage's place is its index in `keys`.
    `lengths`, uint32 [n], are the numbers of tokens of the passages, head and body together. `words` contains
    the words in order, one after the other, and `ends`, int64 [t], the end of each word. The postings of word
    i are `postings[offsets[i]:offsets[i + 1]]`: the places of the passages, uint32, then their weights,
    `widths[i]` bytes each, then up to three bytes of padding.
    """

    keys: Int64
    lengths: UInt32
    ends: Int64
    offsets: Int64
    widths: UInt8
    words: UInt8
    postings: UInt8

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, keys: Int64) -> Int64:
        """Return the places of the given keys. Leave out keys that are not in the segment."""
        at = np.searchsorted(self.keys, keys)
        inside = at < len(self.keys)
        at, keys = at[inside], keys[inside]
        places: Int64 = at[self.keys[at] == keys]
        return places

    def find(self, word: bytes) -> tuple[UInt32, npt.NDArray[np.unsignedinteger]]:
        """Return the places of the passages with the word, uint32 [m] and ascending, and its weights."""
        at = bisect_left(range(len(self.ends)), word, key=self._word)
        if at == len(self.ends) or self._word(at) != word:
            return np.empty(0, np.uint32), np.empty(0, np.uint8)
        held = self.postings[self.offsets[at] : self.offsets[at + 1]]
        width = int(self.widths[at])
        count = len(held) // (4 + width)
        weights = held[4 * count : (4 + width) * count].view(f"<u{width}")
        return held[: 4 * count].view("<u4"), weights

    def _word(self, at: int) -> bytes:
        return self.words[self.ends[at - 1] if at else 0 : self.ends[at]].tobytes()

    # As bytes: a structure, then the postings

    @property
    def structure(self) -> bytes:
        """All arrays but the postings, as bytes. Their number is divisible by 8."""
        sizes = np.array([len(self.keys), len(self.ends), len(self.words), self.offsets[-1]], "<i8")
        arrays = (sizes, self.keys, self.ends, self.offsets, self.lengths, self.widths, self.words)
        content = b"".join(array.tobytes() for array in arrays)
        return content + bytes(-len(content) % _ALIGNED)

    @classmethod
    def of_bytes(cls, content: UInt8) -> Self:
        """Read a segment from bytes. The segment's arrays are views of the bytes.

        Raises:
            ValueError: the bytes are not a segment.
        """
        content = np.asarray(content)  # slices of a memmap would cost more
        n, t, characters, size = sizes = content[:32].view("<i8").tolist()
        counts = {"keys": n, "ends": t, "offsets": t + 1, "lengths": n, "widths": t, "words": characters}
        kinds = dict.fromkeys(("keys", "ends", "offsets"), "<i8") | {"lengths": "<u4"}
        if min(sizes) < 0 or sum(sizes) > len(content):
            raise ValueError("it is cut")
        at = 32
        arrays = {}
        for name, count in counts.items():
            kind = np.dtype(kinds.get(name, "u1"))
            end = at + count * kind.itemsize
            arrays[name] = content[at:end].view(kind)
            at = end
        at += -at % _ALIGNED
        if at + size != len(content):
            raise ValueError("its lengths are wrong")
        segment = cls(**arrays, postings=content[at:])
        if not segment._is_sound:
            raise ValueError("its numbers make no sense")
        return segment

    @property
    def _is_sound(self) -> bool:
        """Whether all numbers are plausible. The postings are not checked: not all of them are read."""
        return bool(
            (np.diff(self.keys, prepend=-1) > 0).all()
            and (np.diff(self.ends, prepend=0) >= 0).all()
            and (np.diff(self.offsets) >= 0).all()
            and len(self.words) == (self.ends[-1] if self.ends.size else 0)
            and (self.offsets[0], self.offsets[-1]) == (0, len(self.postings))
            and np.isin(self.widths, (1, 4)).all()
        )


def build(db: sqlite3.Connection, keys: Int64, out: BinaryIO) -> Segment:
    """Make a segment of all rows of the table `words`. Write its postings to `out`, and return all else.

    `keys`, int64 [n] and ascending, are the keys of the rows.
    """
    lengths = np.zeros(len(keys), np.uint32)
    words, ends, sizes, widths = [], [], [np.zeros(1, np.int64)], []
    for some, counts, tokens in _tokens(db):
        places = np.searchsorted(keys, tokens >> 2).astype(np.int32)
        lengths += np.bincount(places, minlength=len(keys)).astype(np.uint32)
        # A posting is a run of tokens of one word in one passage.
        begins = np.ones(len(places), np.bool_)
        begins[1:] = places[1:] != places[:-1]
        begins[np.cumsum(counts[:-1])] = True
        starts = np.flatnonzero(begins)
        weights = np.add.reduceat(tokens & 3, starts)
        places = places[starts]
        first = np.searchsorted(starts, np.cumsum(counts) - counts)
        width = np.where(np.maximum.reduceat(weights, first) < 256, 1, 4)
        bounds = [*first.tolist(), len(starts)]
        size = np.diff(bounds) * (4 + width)
        for at, weight_width in enumerate(width.tolist()):
            run = slice(bounds[at], bounds[at + 1])
            out.write(places[run].astype("<i4").tobytes())
            out.write(weights[run].astype(f"<u{weight_width}").tobytes())
            out.write(bytes(-size[at] % 4))
        words += some
        ends.append(np.array([len(word) for word in some], np.int64))
        sizes.append(size + -size % 4)
        widths.append(width.astype(np.uint8))
    return Segment(
        keys,
        lengths,
        np.concatenate([np.empty(0, np.int64), *ends]).cumsum(),
        np.concatenate(sizes).cumsum(),
        np.concatenate([np.empty(0, np.uint8), *widths]),
        np.frombuffer(b"".join(words), np.uint8),
        np.empty(0, np.uint8),
    )


def _tokens(db: sqlite3.Connection) -> Iterator[tuple[list[bytes], Int64, Int64]]:
    """Yield all tokens of the table `words` in blocks: words in order, their token counts, and the tokens.

    A token is the number `4 * row + weight`. The tokens of a word are in order.
    """
    for kind in ("row", "instance"):
        table = f"temp.words_by_{kind} USING fts5vocab ('main', 'words', '{kind}')"
        db.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {table}")
    # Both tables are in the order of words.
    rows = db.execute(f"SELECT doc * 4 + {_WEIGHTS} FROM temp.words_by_instance")  # noqa: S608 -- a constant
    tokens = chain.from_iterable(rows)
    words: list[bytes] = []
    counts: list[int] = []
    total = 0
    for word, count in db.execute("SELECT CAST(term AS BLOB), cnt FROM temp.words_by_row"):
        if words and total + count > _BLOCK:
            yield words, np.array(counts), np.fromiter(islice(tokens, total), np.int64, total)
            words, counts, total = [], [], 0
        words.append(word)
        counts.append(count)
        total += count
    if words:
        yield words, np.array(counts), np.fromiter(tokens, np.int64, total)


def build_of_texts(rows: Iterable[tuple[int, str, str]]) -> Segment:
    """Make a segment in memory from passages, given as key, head and body, with ascending keys."""
    keys: list[int] = []
    postings = BytesIO()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute(WORDS)
        for row in rows:
            keys.append(row[0])
            db.execute("INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)", row)
        segment = build(db, np.array(keys, np.int64), postings)
    return replace(segment, postings=np.frombuffer(postings.getvalue(), np.uint8))
