"""A library in one folder: SQLite, with FAISS and postings beside it."""
