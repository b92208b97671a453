"""Haystack's hybrid retrieval by its documentation: BM25 and dense, joined by reciprocal rank fusion.

https://docs.haystack.deepset.ai/docs/documentjoiner, with the in-memory store and its retrievers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from side import FOUND, run

if TYPE_CHECKING:
    from pathlib import Path

    from side import Search


def index(weights: str, documents: list[tuple[str, str]], folder: Path) -> None:
    """Embed the documents into a store, and save the store."""
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    pipeline = Pipeline()
    pipeline.add_component("embedder", SentenceTransformersDocumentEmbedder(model=weights))
    pipeline.add_component("writer", DocumentWriter(store))
    pipeline.connect("embedder", "writer")
    pipeline.run({"embedder": {"documents": [Document(id=id_, content=text) for id_, text in documents]}})
    store.save_to_disk(str(folder / "store.json"))


def opened(weights: str, folder: Path) -> Search:
    """Load the store and the model."""
    store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
    pipeline = Pipeline()
    pipeline.add_component("embedder", SentenceTransformersTextEmbedder(model=weights, progress_bar=False))
    pipeline.add_component("dense", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("bm25", InMemoryBM25Retriever(store))
    pipeline.add_component("joiner", DocumentJoiner("reciprocal_rank_fusion", top_k=FOUND))
    pipeline.connect("embedder.embedding", "dense.query_embedding")
    pipeline.connect("bm25", "joiner")
    pipeline.connect("dense", "joiner")

    def search(question: str) -> list[tuple[str, str]]:
        outputs = pipeline.run({"embedder": {"text": question}, "bm25": {"query": question}})
        return [(document.id, document.content) for document in outputs["joiner"]["documents"]]

    return search


if __name__ == "__main__":
    run(index, opened)
