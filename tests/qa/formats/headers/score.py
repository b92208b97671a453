"""Score the facts that are read from the heads of real files: precision and recall of each field.

python -m tests.qa.formats.headers.score FILE.jsonl [--totals]

Without `--totals`, wrong and missing values are listed, too. A value is right if it is the gold value or one
of `gold_or`. Case, space, the kind of quotation marks and dashes, and a full stop at the end do not matter.

Precision is the share of right values among the values that are given. Recall is the share of documents whose
gold value is found. A document is left out of recall if no value is right for it, too, and no value is given.
A file's name that replaces a missing title (`Found.sure` is "guessed") counts as no title.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.document.metadata import open_sidecar, value_of
from qa.formats.kinds import read_source
from qa.formats.reading import read_path
from qa.formats.source import Options, Source
from qa.formats.worker import Worker
from qa.schema import Document
from tests.qa.formats.headers.make import make

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = ("title", "author", "publisher", "series", "number", "date")
_DASHES = re.compile("[‐‑‒–—―−]")
_QUOTATION_MARKS = re.compile("[“”„«»‘’‚`´'\"]")


@dataclass
class Score:
    """The counts of one field. `said` is the base of precision, and `expected` the base of recall."""

    said: int = 0
    right: int = 0
    expected: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        """Return the share of right values among the values that are given."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Return the share of documents whose value is found."""
        return self.found / self.expected if self.expected else 1.0


def items(file: Path) -> list[dict[str, Any]]:
    """Read a file with one item in a line."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def values(document: Document) -> dict[str, str]:
    """Return the values of a document by field. A file's name does not count as a title."""
    named = {found.field for found in document.found if found.source == "its name"}
    return {field: "" if field in named else value_of(document, field) for field in FIELDS}


def read_items(listed: list[dict[str, Any]], folder: Path) -> Iterator[dict[str, str]]:
    """Make the file of each item, read it as `index` does, and yield its values."""
    with Worker() as worker:
        for item in listed:
            path = make(item, folder)
            document = next(iter(read_path(path, folder, worker=worker)))
            assert isinstance(document, Document), document
            yield values(open_sidecar(path).complete(document))


def read_items_here(listed: list[dict[str, Any]], folder: Path) -> Iterator[dict[str, str]]:
    """Make the file of each item, read it in this process, which is faster, and yield its values."""
    for item in listed:
        path = make(item, folder)
        document = next(iter(read_source(Source(str(path), path.name, path.read_bytes()), Options())))
        assert isinstance(document, Document), document
        yield values(open_sidecar(path).complete(document))


def alike(value: str) -> str:
    """Return a value in the form that is compared."""
    value = _QUOTATION_MARKS.sub("'", _DASHES.sub("-", value))
    return "".join(value.split()).casefold().removesuffix(".")


def score(listed: list[dict[str, Any]], said: list[dict[str, str]]) -> tuple[dict[str, Score], list[str]]:
    """Return the counts of each field, and a list of wrong and missing values."""
    scores = {field: Score() for field in FIELDS}
    misses: list[str] = []
    for item, read in zip(listed, said, strict=True):
        for field, counts in scores.items():
            gold = item["gold"].get(field, "")
            value = read[field]
            right = alike(value) in map(alike, (gold, *item.get("gold_or", {}).get(field, ())))
            counts.said += bool(value)
            counts.right += bool(value) and right
            counts.expected += bool(gold) and (bool(value) or not right)
            counts.found += bool(gold) and bool(value) and right
            if not right:
                misses.append(f"{item['id']} {item['form']} {field}: said {value!r}, should be {gold!r}")
    return scores, misses


def table(scores: dict[str, Score]) -> str:
    """Return the scores as a table."""
    lines = ["| | precision | recall |", "|---|---|---|"]
    for field, counts in scores.items():
        lines.append(
            f"| {field} | {counts.precision:.3f} ({counts.right} of {counts.said}) "
            f"| {counts.recall:.3f} ({counts.found} of {counts.expected}) |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the scores of a file of items."""
    listed = items(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        scores, misses = score(listed, list(read_items(listed, Path(folder))))
    lines = [table(scores), *([] if "--totals" in sys.argv else misses)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
