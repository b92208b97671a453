"""How parts become a text with sections."""

from __future__ import annotations

import pytest

from qa.formats.blocks import Part, compose, join


@pytest.mark.parametrize("kind", ["slide", "chapter", "message"])
def test_a_section_without_words_is_none(kind: str) -> None:
    """Above all at the beginning of a text, where such a section once lasted to the end of the text."""
    empty = compose([Part(kind, "1"), Part(kind, "2"), Part("paragraph", "He left."), Part(kind, "3")])
    assert [(each.name, each.start, each.end) for each in empty.sections] == [("2", 0, 8)]


def test_sections_with_a_depth_lie_in_each_other() -> None:
    joined = join(
        [
            Part("section", "A", depth=0),
            Part("paragraph", "A", depth=0),
            Part("section", "B", depth=1),
            Part("paragraph", "B", depth=1),
            Part("item", "- b", depth=2),
            Part("item", "- a", depth=1),
            Part("paragraph", "none", depth=0),
        ]
    )
    assert joined.text == "A\n\nB\n\n- b\n- a\n\nnone"
    spans = {each.name: joined.text[each.start : each.end] for each in joined.sections}
    assert spans == {"A": "A\n\nB\n\n- b\n- a", "B": "B\n\n- b"}
