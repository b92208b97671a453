"""What words mean: terms, phrases, names, times and dates, without any document."""
