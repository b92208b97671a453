"""The head of a document: its title, authors, publisher, date and number, read from its first lines."""
