from __future__ import annotations

import pytest

from qa.quoting.claims.file import of_text


def quoted(text: str) -> list[str]:
    return [" ".join((claim.text or "").split()) for claim in of_text(text)]


@pytest.mark.parametrize(
    "text",
    [
        "```python\n>>> from qa import one, two, three\n>>> print(one, two, three)\n```\n",
        "~~~\n> It was never opened at all.\n~~~\n",
        "So:\n\n    >>> from qa import one, two, three\n",
    ],
)
def test_what_a_block_of_code_shows_is_no_block_quote(text: str) -> None:
    assert quoted(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "> The mill was sold in May.\n> Nobody knew of it.\n",
        "  > The mill was sold in May.\n  > Nobody knew of it.\n",
        "- > The mill was sold in May.\n  > Nobody knew of it.\n",
        "1. He wrote:\n\n   > The mill was sold in May.\n   > Nobody knew of it.\n\n2. So it went.\n",
        "# A report\r\n\r\n   > The mill was sold in May.\r\n   > Nobody knew of it.\r\n",
    ],
)
def test_a_block_quote_is_read_wherever_it_stands(text: str) -> None:
    assert quoted(text) == ["The mill was sold in May. Nobody knew of it."]
    (claim,) = of_text(text)
    assert text.split("\n")[claim.line - 1].endswith(("sold in May.", "sold in May.\r"))


def test_a_line_without_its_mark_is_the_writers_own() -> None:
    text = "> The mill was sold in May.\nThis shows “that nobody knew it”, and no more.\n"
    assert quoted(text) == ["The mill was sold in May.", "that nobody knew it"]


@pytest.mark.parametrize("heading", ["# What was said", "What was said\n=======", "What was\nsaid\n---"])
def test_any_heading_ends_a_list_of_references(heading: str) -> None:
    text = (
        f"## Sources\n\n1. Holt, “A Ferry of the North”, 2008.\n\n{heading}\n\nHe said “it is closed now”.\n"
    )
    assert [claim.maybe_title for claim in of_text(text)] == [True, False]


@pytest.mark.parametrize("heading", ["# On “{}”", "On “{}”\n=====", "Of the ferry, and\non “{}”\n---"])
def test_a_heading_may_name_a_document(heading: str) -> None:
    (claim,) = of_text(heading.format("A Ferry of the North"))
    assert claim.maybe_title
