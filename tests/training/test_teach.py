from __future__ import annotations

import json
import random
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.models


def test_lists_of_several_files_are_mixed_and_stay_whole(tmp_path: Path) -> None:
    from training.teach import mixed

    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file in files:
        entries = [{"list": number // 3, "question": f"{file.stem}{number // 3}"} for number in range(30)]
        file.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    entries = mixed(files, random.Random(1))
    lists = [list(each) for _, each in groupby(entries, key=lambda entry: entry["list"])]
    assert [len(each) for each in lists] == [3] * 20
    assert [each[0]["list"] for each in lists] == list(range(20))
    asked = [{entry["question"] for entry in each} for each in lists]
    assert all(len(each) == 1 for each in asked)
    given = [f"{name}{at}" for name in "ab" for at in range(10)]
    drawn = [each.pop() for each in asked]
    assert drawn != given
    assert sorted(drawn) == sorted(given)
