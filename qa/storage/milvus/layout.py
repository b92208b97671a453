"""The kind of index and the number of shards of a new collection, as the operator chooses them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Environment variables.
INDEX, SHARDS = "PULLQUOTE_MILVUS_INDEX", "PULLQUOTE_MILVUS_SHARDS"
MOST_SHARDS = 16  # Milvus's default maximum for a collection


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """A kind of index of vectors.

    Attributes:
        parameters: the parameters of a new index.
        effort: the parameter of a search that says how much of the index is searched.
        least: the least value of `effort`, with which the ten nearest are found.
    """

    parameters: Mapping[str, int]
    effort: str
    least: int


INDEXES = {
    "HNSW": VectorIndex({"M": 32, "efConstruction": 360}, "ef", 400),
    "IVF_SQ8": VectorIndex({"nlist": 4096}, "nprobe", 256),
    "DISKANN": VectorIndex({}, "search_list", 400),
}


def index_wanted() -> str:
    """Return the name of the kind of index that the operator wants.

    Raises:
        InputError: Pullquote does not know this kind.
    """
    name = os.environ.get(INDEX, "").upper() or "HNSW"
    if name not in INDEXES:
        raise InputError(f"{INDEX} is {name!r}: use one of {', '.join(INDEXES)}")
    return name


def shards_wanted() -> int:
    """Return the number of shards that the operator wants.

    Raises:
        InputError: the number is not valid.
    """
    number = os.environ.get(SHARDS) or "1"
    if not number.isdecimal() or not 1 <= int(number) <= MOST_SHARDS:
        raise InputError(f"{SHARDS} is {number!r}: give a number from 1 to {MOST_SHARDS}")
    return int(number)
