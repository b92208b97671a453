"""The meaning of words: terms, phrases, names, times and dates, without any document."""
