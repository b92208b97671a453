"""Turn files into documents in the library."""
