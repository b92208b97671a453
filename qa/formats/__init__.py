"""Turns files into documents, with one module for each format. Start at `reading.py`."""
