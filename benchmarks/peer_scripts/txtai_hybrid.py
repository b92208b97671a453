"""txtai's hybrid index by its documentation: dense vectors and BM25, with the texts.

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
    """Embed and index the documents, and save the index."""
    embeddings = Embeddings(path=weights, hybrid=True, content=True)
    embeddings.index(documents)
    embeddings.save(str(folder / "index"))


def opened(_: str, folder: Path) -> Search:
    """Load the index. It names the folder of its model."""
    embeddings = Embeddings()
    embeddings.load(str(folder / "index"))
    return lambda question: [(hit["id"], hit["text"]) for hit in embeddings.search(question, FOUND)]


if __name__ == "__main__":
    run(index, opened)
