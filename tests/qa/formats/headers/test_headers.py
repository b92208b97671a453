"""Test what is read from the heads of real files. Their gold was written independently of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.qa.formats.headers.score import FIELDS, Score, alike, items, read_items_here, score

HERE = Path(__file__).parent
# Minimum precision and recall of each field. All sets but f are development data.
# docs/decisions/0016-heads.md has the values from before the sets' misses were read.
FLOORS = {
    "a": {
        "title": (0.97, 0.97),
        "author": (0.97, 0.97),
        "publisher": (0.97, 0.94),
        "series": (0.97, 0.93),
        "number": (0.97, 0.95),
        "date": (0.97, 0.97),
    },
    "b": {
        "title": (0.95, 0.95),
        "author": (0.97, 0.95),
        "publisher": (0.97, 0.93),
        "series": (0.94, 0.93),
        "number": (0.97, 0.97),
        "date": (0.97, 0.97),
    },
    "c": {
        "title": (0.90, 0.83),
        "author": (0.97, 0.90),
        "publisher": (0.86, 0.75),
        "series": (0.88, 0.69),
        "number": (0.97, 0.91),
        "date": (0.97, 0.89),
    },
    "d": {
        "title": (0.94, 0.93),
        "author": (0.96, 0.90),
        "publisher": (0.96, 0.89),
        "series": (0.97, 0.93),
        "number": (0.97, 0.94),
        "date": (0.97, 0.94),
    },
    "e": {
        "title": (0.90, 0.90),
        "author": (0.97, 0.90),
        "publisher": (0.93, 0.80),
        "series": (0.93, 0.83),
        "number": (0.94, 0.89),
        "date": (0.97, 0.90),
    },
    "f": {
        "title": (0.85, 0.83),
        "author": (0.91, 0.77),
        "publisher": (0.87, 0.74),
        "series": (0.84, 0.85),
        "number": (0.91, 0.81),
        "date": (0.95, 0.86),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORS)
def test_what_is_said_of_a_document_is_right_and_most_of_it_is_said(name: str, tmp_path: Path) -> None:
    listed = items(HERE / f"{name}.jsonl")
    scores, misses = score(listed, list(read_items_here(listed, tmp_path)))
    for field, (precision, recall) in FLOORS[name].items():
        assert scores[field].precision >= precision, (field, misses)
        assert scores[field].recall >= recall, (field, misses)


def test_values_are_compared_without_regard_to_case_space_and_typography() -> None:
    assert alike("“The  Lantern” – 1987.") == alike("'the lantern' - 1987")
    assert alike("No. 7") != alike("No. 8")


def test_saying_nothing_costs_recall_unless_it_is_right_and_a_wrong_value_costs_both() -> None:
    listed = [
        {"id": "1", "form": "txt", "gold": {"title": "A"}},
        {"id": "2", "form": "txt", "gold": {"title": "B"}, "gold_or": {"title": [""]}},
        {"id": "3", "form": "txt", "gold": {"title": "C"}, "gold_or": {"title": ["D"]}},
        {"id": "4", "form": "txt", "gold": {"title": ""}},
    ]
    said = [{**dict.fromkeys(FIELDS, ""), "title": title} for title in ("", "", "d", "E")]
    scores, misses = score(listed, said)
    assert scores["title"] == Score(said=2, right=1, expected=2, found=1)
    assert len(misses) == 2
