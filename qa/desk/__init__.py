"""Store what a person adds to a library: conversations, dossiers, thumbs, and test queries from thumbs."""
