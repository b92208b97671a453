"""Quotes: their citations, their output formats, and the check of a text's quotes against the documents."""
