"""Answer a question with quotes."""
