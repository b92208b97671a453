"""The input of every format module, and the rules for its output.

A format module has a generator `read(source, options)` that yields the source's documents. If the source is
one document, the document's `id` is "". Otherwise the `id` is the name of a part (a row, an entry). Later,
`qa.formats.kinds` makes the ids unique and fills in an empty `source_sha256`, which means the whole source.
`qa.formats.reading` fills in the `path`.

If a part of the source is refused, the module yields an `InputError`. If the whole source is refused, the
module raises an `InputError`. The error names `source.name`, says why, and what to do next. The module must
raise nothing else, whatever the bytes.
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
        name: the name in messages.
        file_name: the name without folders. Its ending shows the format. Its stem is the title if the
            document has no other title.
        data: the bytes.
        more_time: asks for more seconds than a file usually has (`qa.formats.worker`). A reader calls it
            before slow work, such as a page by OCR.
    """

    name: str
    file_name: str
    data: bytes
    more_time: Callable[[float], None] = _nothing


@dataclass(frozen=True, slots=True)
class Options:
    """Settings for reading sources of any format.

    Attributes:
        date_order: how to read a date that could be read in two ways.
        columns: pairs of a document's field ("text", "title", "date", …) and the table column or record key
            that contains the field.
        ocr: whether Tesseract, if installed, reads scanned pages.
        as_report: whether the file is read for its quotes. Then, in a Word or OpenDocument document, each
            line of a block quote begins with "> ", and `Document.unread` names the content that was not read.
    """

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()
    ocr: bool = True
    as_report: bool = False


PLAIN = Options()


def nothing_known(document_id: str, source_sha256: str, size: int) -> None:
    """Return None, so that each document is read. The hash is SHA-256 (hex), the size is in bytes."""


def nothing_same(path: str, sha256: str) -> None:
    """Return None, so that each file is read. `sha256` is in hex."""
