"""The index in files: FAISS for vectors, and full text for BM25."""
