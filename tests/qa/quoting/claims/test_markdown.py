from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.quoting.claims.file import all_of_text, claims
from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

QUOTE = "The plant was never closed and the army arrested the mayor."


def quoted(text: str, kind: str = "markdown") -> list[str]:
    return [" ".join(claim.words.split()) for claim in all_of_text(text, kind) if not claim.unpaired]


@pytest.mark.parametrize(
    "text",
    [
        "```python\n>>> from qa import one, two, three\n>>> print(one, two, three)\n```\n",
        "~~~\n> It was never opened at all.\n~~~\n",
        "- So:\n  ```\n  > It was never opened at all.\n  ```\n",
        "So:\n\n    >>> from qa import one, two, three\n",
    ],
)
def test_what_a_block_of_code_shows_is_no_block_quote(text: str) -> None:
    assert quoted(text) == []


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@pytest.mark.parametrize(
    "before",
    [
        "~~~~~~~~~~\n\n",
        "```\n",
        "```\nSome code.\n```python\n",
        "- ```\n  Some code.\n\n",
        "<!-- to do\n\n",
        "<!-- to do\n",
        "<pre>\n\n",
        "<style>\nx{}\n\n",
        "<script>\n\n",
        "<?x\n\n",
        "<!x\n",
        "<br>\n",
        "<p>An introduction.</p>\n",
        "<details>\n<summary>More</summary>\n",
        "<!-- to do -->\n",
        "[x]: http://a '\n",
        "[^1]: See this:\n\n    ",
        "```\nSome code.\n```\n",
        "> ```\n",
        "\f",
        "Intro.\r\r",
    ],
)
def test_no_block_quote_is_dropped_for_what_stands_before_it(
    tmp_path: Path, before: str, suffix: str
) -> None:
    path = write(tmp_path, f"report{suffix}", f"{before}> {QUOTE}\n\nSo it ends.\n")
    assert [claim.words.strip() for claim in claims(path)[0]] == [QUOTE]


def test_outside_markdown_there_is_no_code() -> None:
    text = f"~~~~~~~~~~\n\n> {QUOTE}\n\n~~~~~~~~~~\n"
    assert quoted(text, "text") == quoted(text, "") == [QUOTE]


def test_outside_markdown_a_rule_of_tildes_hides_no_heading() -> None:
    sources = "Sources\n\n1. Holt, “A Ferry of the North”, 2008."
    text = f"~~~~~\n\n{sources}\n\n# More\n\nHe said “it is closed now”.\n"
    assert [claim.maybe_title for claim in all_of_text(text)] == [True, False]


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
@pytest.mark.parametrize("kind", ["markdown", "text"])
def test_a_block_quote_is_read_wherever_it_stands(text: str, kind: str) -> None:
    assert quoted(text, kind) == ["The mill was sold in May. Nobody knew of it."]
    (claim,) = all_of_text(text, kind)
    assert text.split("\n")[claim.line - 1].endswith(("sold in May.", "sold in May.\r"))


def test_a_line_without_its_mark_is_the_writers_own() -> None:
    text = "> The mill was sold in May.\nThis shows “that nobody knew it”, and no more.\n"
    assert quoted(text) == ["The mill was sold in May.", "that nobody knew it"]


@pytest.mark.parametrize("heading", ["# What was said", "What was said\n=======", "What was\nsaid\n---"])
def test_any_heading_ends_a_list_of_references(heading: str) -> None:
    text = (
        f"## Sources\n\n1. Holt, “A Ferry of the North”, 2008.\n\n{heading}\n\nHe said “it is closed now”.\n"
    )
    assert [claim.maybe_title for claim in all_of_text(text)] == [True, False]


@pytest.mark.parametrize("heading", ["# On “{}”", "On “{}”\n=====", "Of the ferry, and\non “{}”\n---"])
def test_a_heading_may_name_a_document(heading: str) -> None:
    (claim,) = all_of_text(heading.format("A Ferry of the North"))
    assert claim.maybe_title
