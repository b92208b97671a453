"""What is read off the heads of real files, whose gold was written by someone who had not seen the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.qa.formats.headers.score import FIELDS, Score, alike, items, read_items_here, score

HERE = Path(__file__).parent
# Precision and recall of each field that no change may fall below.
# `a`, `b` and `d` were developed on. `c` was not: nobody who wrote the code has read it, so its misses are
# not shown.
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
        "author": (0.97, 0.93),
        "publisher": (0.96, 0.90),
        "series": (0.89, 0.87),
        "number": (0.97, 0.95),
        "date": (0.97, 0.95),
    },
    "d": {
        "title": (0.95, 0.93),
        "author": (0.95, 0.88),
        "publisher": (0.94, 0.86),
        "series": (0.95, 0.85),
        "number": (0.97, 0.90),
        "date": (0.97, 0.90),
    },
    "c": {
        "title": (0.75, 0.72),
        "author": (0.82, 0.69),
        "publisher": (0.66, 0.48),
        "series": (0.83, 0.70),
        "number": (0.95, 0.87),
        "date": (0.96, 0.77),
    },
}
# Below its floor since less is said that only the place of a name speaks for: reported, not hidden.
KNOWN_SHORT = ("c", "series")


@pytest.mark.parametrize("half", FLOORS)
def test_what_is_said_of_a_document_is_right_and_most_of_it_is_said(half: str, tmp_path: Path) -> None:
    listed = items(HERE / f"{half}.jsonl")
    scores, misses = score(listed, list(read_items_here(listed, tmp_path)))
    shown = [] if half == "c" else misses
    short = ""
    for field, (precision, recall) in FLOORS[half].items():
        assert scores[field].precision >= precision, (field, shown)
        if (half, field) == KNOWN_SHORT and scores[field].recall < recall:
            short = f"{half}: the recall of {field} is {scores[field].recall:.3f}, its floor {recall}"
            continue
        assert scores[field].recall >= recall, (field, shown)
    if short:
        pytest.xfail(short)


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
