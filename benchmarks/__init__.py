"""Benchmarks. Each script says what it measures, with what it compares, and prints its table."""
