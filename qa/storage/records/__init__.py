"""Knowledge about documents as tables of SQLite: the rules that all engines share."""
