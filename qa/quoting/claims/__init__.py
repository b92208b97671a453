"""Find the quotes of a file. `file` is the entry point, and the other modules read one kind of text each."""
