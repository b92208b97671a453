"""Words that several outputs show."""

from __future__ import annotations

from qa.text.display import source_in_words


def test_the_source_of_a_value_is_said_without_the_jargon_of_html() -> None:
    assert source_in_words("meta article:published_time") == "the page's tag “article:published_time”"
    assert source_in_words("PDF information") == "PDF information"
