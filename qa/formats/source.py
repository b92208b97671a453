"""What every format module is given, and what it gives.

A format module has `read(source, options)`, a generator of the source's documents. A document's `id` is then
"" where the source is one document, and else the name of its part (a row, an entry), unique in the source;
its `path` is empty, and so is its `source_sha256` where it stands for the whole source: `qa.formats.reading`
fills these in. What is refused is yielded as an `InputError` (a part) or raised as one (all of it): it names
`source.name`, says why, and what to do next. Nothing else is raised, whatever the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.schema import FileResult

if TYPE_CHECKING:
    from qa.formats.dates import DateOrder

Known = Callable[[str, str, int], FileResult | None]
Same = Callable[[str, str], tuple[FileResult, ...] | None]


def _nothing(_: float) -> None:
    """Do nothing: nobody counts the time."""


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a file, or of a member of an archive. Messages call it `name`.

    `file_name` is its own, without folders: by its ending the format is told, and without anything better it
    makes the title. A reader calls `more_time(seconds)` before work that is known to take long, such as a
    page by OCR, and gets so much more than what a file has anyhow (`qa.formats.worker`).
    """

    name: str
    file_name: str
    data: bytes
    more_time: Callable[[float], None] = _nothing


@dataclass(frozen=True, slots=True)
class Options:
    """How sources are read, whatever their format.

    `columns` maps fields of a document ("text", "title", "date", …) to the columns of a table, or the keys of
    a record, that hold them. With `ocr`, scanned pages are read by Tesseract where that is installed.
    """

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()
    ocr: bool = True


PLAIN = Options()


def nothing_known(document_id: str, source_sha256: str, size: int) -> None:
    """Know no document by its id, the SHA-256 (hex) and the bytes of its source, so that each is read."""


def nothing_same(path: str, sha256: str) -> None:
    """Know no file by its path and the SHA-256 (hex) of its bytes, so that each is read."""
