"""One document: its sentences, passages and metadata, and what the models read of it."""
