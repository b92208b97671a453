"""From a file to documents: one module a format; `reading.py` is the way in."""
