from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.places import shipped_corpus
from qa.web.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANY = ("Which documents do you have?", "What can you do?")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus.open(tmp_path / "library") as opened:
        yield opened


def test_of_the_brief_that_ships_it_is_asked(corpus: Corpus) -> None:
    corpus.index(shipped_corpus())
    assert "What was taken from the Kumsandong fertilizer factory?" in examples(corpus)


def test_of_other_documents_names_in_their_titles_are_asked_after(corpus: Corpus, tmp_path: Path) -> None:
    texts = {
        "a.txt": "Ferry sinks off Port Leith\n\n4 May 2019\n\nThe ferry sank off Port Leith on Friday.",
        "b.md": "# The Loss Of The Corran\n\n5 May 2019\n\nThe Corran was lost.",
        "c.txt": "A note on Oban\n\n5 May 2019\n\nNothing is said of the town here.",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    corpus.index(*(tmp_path / name for name in texts))
    assert examples(corpus) == ("Which documents mention Port Leith?", *ANY)


def test_of_nothing_no_names_are_asked_after(corpus: Corpus) -> None:
    assert examples(corpus) == ANY


def test_documents_are_read_again_only_once_the_library_has_changed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    monkeypatch.setattr(corpus, "document", lambda name: read.append(name) or Corpus.document(corpus, name))
    for name, place in (("a.txt", "Port Leith"), ("b.txt", "Corran")):
        (tmp_path / name).write_text(f"Ferry sinks off {place}\n\nIt sank off {place} on Friday.", "utf-8")
        corpus.index(tmp_path / name)
        assert examples(corpus) == examples(corpus)
        assert f"Which documents mention {place}?" in examples(corpus)
    assert sorted(read) == ["a.txt", "a.txt", "b.txt"]
