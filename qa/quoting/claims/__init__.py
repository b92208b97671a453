"""What a file quotes: `file` is the way in, and each other module reads one kind of text."""
