"""Stores a library in one folder: SQLite, with files of FAISS and of postings next to it."""
