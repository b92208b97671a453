"""How collections of passages are laid out, as an operator wants it: read when one is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX, SHARDS = "PULLQUOTE_MILVUS_INDEX", "PULLQUOTE_MILVUS_SHARDS"
MOST_SHARDS = 16  # that Milvus makes of a collection, unless it was told otherwise


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An index of vectors.

    Attributes:
        parameters: what it is made with.
        effort: the parameter of a search that says how much of the index is looked at.
        least: how much that is, to find as few as ten.
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
    """Tell which index vectors are to have.

    Raises:
        InputError: it is none that Pullquote knows how to search.
    """
    named = os.environ.get(INDEX, "").upper() or "HNSW"
    if named not in INDEXES:
        raise InputError(f"{INDEX} is {named!r}: use one of {', '.join(INDEXES)}")
    return named


def shards_wanted() -> int:
    """Tell how many shards a collection is to have.

    Raises:
        InputError: it is no such number.
    """
    said = os.environ.get(SHARDS) or "1"
    if not said.isdecimal() or not 1 <= int(said) <= MOST_SHARDS:
        raise InputError(f"{SHARDS} is {said!r}: give a number from 1 to {MOST_SHARDS}")
    return int(said)
