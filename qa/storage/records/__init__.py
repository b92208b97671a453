"""What is known of documents, as tables of SQLite: the rules that all engines share."""
