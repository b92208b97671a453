"""Reads the head of a document from its first lines: title, authors, publisher, date and number."""
