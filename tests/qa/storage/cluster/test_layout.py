"""What an operator may choose: the index of vectors, and the number of shards."""

from __future__ import annotations

import pytest
from qa.storage.cluster import layout

from qa.errors import InputError


def test_without_a_word_it_is_a_graph_in_one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(layout.INDEX, raising=False)
    monkeypatch.setenv(layout.SHARDS, "")
    assert (layout.index_wanted(), layout.shards_wanted()) == ("HNSW", 1)


def test_what_the_environment_says_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(layout.INDEX, "diskann")
    monkeypatch.setenv(layout.SHARDS, "8")
    assert (layout.index_wanted(), layout.shards_wanted()) == ("DISKANN", 8)


@pytest.mark.parametrize("shards", ["0", "17", "two", "-1"])
def test_what_milvus_could_not_make_is_refused(shards: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(layout.SHARDS, shards)
    with pytest.raises(InputError, match="from 1 to 16"):
        layout.shards_wanted()
    monkeypatch.setenv(layout.INDEX, "ANNOY")
    with pytest.raises(InputError, match="HNSW, IVF_SQ8, DISKANN"):
        layout.index_wanted()
