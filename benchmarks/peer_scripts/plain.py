"""A script without a framework: sentence-transformers and an exact FAISS index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import faiss
from sentence_transformers import SentenceTransformer
from side import FOUND, run

if TYPE_CHECKING:
    from pathlib import Path

    from side import Search


def index(weights: str, documents: list[tuple[str, str]], folder: Path) -> None:
    """Embed the documents, and save the index and the texts."""
    model = SentenceTransformer(weights)
    vectors = model.encode([text for _, text in documents], normalize_embeddings=True)
    nearest = faiss.IndexFlatIP(vectors.shape[1])
    nearest.add(vectors)
    faiss.write_index(nearest, str(folder / "index.faiss"))
    (folder / "documents.json").write_text(json.dumps(documents), encoding="utf-8")


def opened(weights: str, folder: Path) -> Search:
    """Load the model, the index and the texts."""
    model = SentenceTransformer(weights)
    nearest = faiss.read_index(str(folder / "index.faiss"))
    documents = json.loads((folder / "documents.json").read_text(encoding="utf-8"))

    def search(question: str) -> list[tuple[str, str]]:
        _, numbers = nearest.search(model.encode([question], normalize_embeddings=True), FOUND)
        return [documents[number] for number in numbers[0] if number >= 0]

    return search


if __name__ == "__main__":
    run(index, opened)
