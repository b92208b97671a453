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
    from qa.text.written_dates import DateOrder

AskDocument = Callable[[str, str, int], FileResult | None]
AskFile = Callable[[str, str], tuple[FileResult, ...] | None]


def _nothing(_: float) -> None:
    """Do nothing: nobody counts the time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or a member of an archive.

    Attributes:
        name: what messages call it.
        file_name: its name without folders. The ending tells the format; the stem is the last resort for a
            title.
        data: its bytes.
        more_time: asks for seconds beyond what a file usually has (`qa.formats.worker`). A reader calls it
            before work that takes long, such as a page by OCR.
    """

    name: str
    file_name: str
    data: bytes
    more_time: Callable[[float], None] = _nothing


@dataclass(frozen=True, slots=True)
class Options:
    """How sources are read, whatever their format.

    Attributes:
        date_order: how a date is read that could be read two ways.
        columns: pairs of a document's field ("text", "title", "date", …) and the column of a table, or the
            key of a record, that holds it.
        ocr: whether Tesseract reads scanned pages, where it is installed.
        as_report: whether the file is read for what it quotes. In a document of Word or OpenDocument, a block
            quote then has "> " before each line, and `Document.unread` names what was not read.
    """

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()
    ocr: bool = True
    as_report: bool = False


PLAIN = Options()


def nothing_known(document_id: str, source_sha256: str, size: int) -> None:
    """Know no document by its id, the SHA-256 (hex) and the bytes of its source, so that each is read."""


def nothing_same(path: str, sha256: str) -> None:
    """Know no file by its path and the SHA-256 (hex) of its bytes, so that each is read."""
