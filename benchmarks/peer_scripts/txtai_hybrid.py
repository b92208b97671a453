"""txtai as its documentation builds a hybrid index: dense vectors and BM25, with the texts kept.

https://neuml.github.io/txtai/embeddings/configuration/general: `hybrid`, `content`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from side import FOUND, run
from txtai import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

    from side import Search


def index(weights: str, documents: list[tuple[str, str]], folder: Path) -> None:
    """Embed and index the documents; save all."""
    embeddings = Embeddings(path=weights, hybrid=True, content=True)
    embeddings.index(documents)
    embeddings.save(str(folder / "index"))


def opened(_: str, folder: Path) -> Search:
    """Load the index, which names its model's folder."""
    embeddings = Embeddings()
    embeddings.load(str(folder / "index"))
    return lambda question: [(each["id"], each["text"]) for each in embeddings.search(question, FOUND)]


if __name__ == "__main__":
    run(index, opened)
