"""Measure answers against test queries: suites, measures, comparisons, reports."""
