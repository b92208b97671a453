"""A changed reading has a raised number: else files that were read before are not read anew.

What the files beside the tests of the formats give, and the heads of headers/a.jsonl, is kept in
readings.json. After a change that is meant, raise `Kind.reading` (or `SEGMENTATION`) and run:

python -m tests.qa.formats.test_readings
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qa.document.segment import SEGMENTATION, passages
from qa.formats.kinds import KINDS, LIBRARIES, named, read_source
from qa.formats.source import Options, Source
from qa.formats.worker import to_plain
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
RECORD = HERE / "readings.json"
RECORDS = b'{"_id": "1", "title": "Copper", "text": "He left. She stayed.", "date": "2008-04"}\n{"_id": 2}\n'


def sources(name: str) -> Iterator[Source]:
    """Yield what there is of a format."""
    for path in sorted(HERE.rglob("*")):
        if kind_named(path.name) == name and "headers" not in path.parts and path != RECORD:
            yield Source(path.name, path.name, path.read_bytes())
    for line in (HERE / "headers" / "a.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if kind_named(item["name"]) == name and item.get("source"):
            yield Source(item["name"], item["name"], item["source"].encode())
    if name == "jsonl":
        yield Source("records.jsonl", "records.jsonl", RECORDS)


def kind_named(file_name: str) -> str:
    kind = named(file_name)
    return kind.name if kind else ""


def reading(name: str, fields: list[str]) -> str:
    """Hash what all files of a format give: documents, passages and refusals.

    A field that is not among `fields`, those that there were, counts only where it has a value.
    """
    digest = hashlib.sha256()
    for source in sources(name):
        try:
            for item in read_source(source, Options(ocr=False)):
                given: Any = str(item)
                if isinstance(item, Document):
                    parts = [(each.start, each.end, len(each.sentences)) for each in passages(item)]
                    plain = {key: value for key, value in to_plain(item).items() if value or key in fields}
                    given = [plain, parts]
                digest.update(json.dumps(given, sort_keys=True).encode())
        except Exception as error:
            digest.update(type(error).__name__.encode())
    return digest.hexdigest()


def libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


@pytest.mark.parametrize("name", KINDS)
def test_a_format_that_is_read_otherwise_has_another_number(name: str) -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    if record["libraries"] != libraries():
        pytest.skip("recorded with other versions of the libraries that read files")
    now = [KINDS[name].reading, SEGMENTATION, reading(name, record["fields"])]
    assert now == record["readings"][name], f"{name} is read otherwise than before: see above"


def test_every_format_has_files() -> None:
    assert [name for name in KINDS if not any(sources(name))] == []


if __name__ == "__main__":
    fields = list(to_plain(Document("", "")))
    readings = {name: [kind.reading, SEGMENTATION, reading(name, fields)] for name, kind in KINDS.items()}
    record = {"libraries": libraries(), "fields": fields, "readings": readings}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
