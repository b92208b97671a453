"""Files to documents in the library."""
