"""One document: its sentences, passages and metadata, and the texts that models read."""
