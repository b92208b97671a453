"""How files are to be read, and what a library knows of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING

from qa.document.metadata import NO_SIDECAR, Sidecar, open_sidecar, sidecar_from, sidecar_of
from qa.document.row_identity import TABLES
from qa.document.segment import SEGMENTATION
from qa.errors import InputError
from qa.formats import ocr
from qa.formats.kinds import JSONL, named, reading_of
from qa.formats.remote import fetched_sidecar
from qa.formats.source import Options
from qa.intake.folders import refusal, resolved
from qa.places import SIDECAR
from qa.storage.intake_port import ReadAs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.document.row_identity import Row
    from qa.formats.reading import InputFile
    from qa.schema import FileResult
    from qa.storage.intake_port import IntakeLibrary, KnownFile
    from qa.text.written_dates import DateOrder

# Another version of one of these may read a file otherwise.
LIBRARIES = (
    *("chardet", "feedparser", "lxml", "lxml_html_clean", "markdown-it-py", "odfdo", "openpyxl", "py3langid"),
    *("pypdfium2", "python-docx", "python-oxmsg", "python-pptx", "sentencex", "trafilatura"),
)


@dataclass(frozen=True, slots=True)
class UserOptions:
    """What a person says of how files are read.

    Attributes:
        date_order: how dates such as 4/8/2008 are read; None where each file is read as it was last.
        columns: which columns hold which fields; likewise.
        named_files: whether a person named the files that are not in a folder: then what was purged of them
            is taken in again.
        follow_links: whether links are followed.
        text_columns: which column holds the text, by the path of a table as the library holds it.
        collection_column: which column or key of all files holds the collection.
    """

    date_order: DateOrder | None = None
    columns: tuple[tuple[str, str], ...] | None = None
    named_files: bool = True
    follow_links: bool = False
    text_columns: Mapping[str, str] = field(default_factory=dict)
    collection_column: str = ""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How a file is to be read.

    Attributes:
        file: the file.
        is_named: whether a person named it.
        name: what the ids of its documents begin with; "" where its records have ids of their own.
        options: the options of its format.
        sidecar: what lies beside it.
        made_by: the name of what reads it.
        known: what the library knows of it.
        refused: what is reported of its sidecar, where that cannot be read.
    """

    file: InputFile
    is_named: bool
    name: str
    options: Options
    sidecar: Sidecar
    made_by: str
    known: KnownFile
    refused: FileResult | None = None

    @property
    def read_as(self) -> ReadAs:
        """How the file is read, as far as a person can say so."""
        return ReadAs(self.options.date_order, self.options.columns)

    @property
    def rows(self) -> list[Row]:
        """The rows of a table that the file was, which the rows that it has now may follow."""
        return self.known.rows(TABLES) if self.name else []


def plan_file(library: IntakeLibrary, told: UserOptions, file: InputFile, known: KnownFile) -> FilePlan:
    """Return how a file is to be read of which so much is known: as is told, or else as it was last."""
    last = known.read_as
    columns = last.columns if told.columns is None else told.columns
    chosen = {"text": told.text_columns.get(known.path), "collection": told.collection_column}
    for field_name, column in chosen.items():
        if column:
            columns = (*(each for each in columns if each[0] != field_name), (field_name, column))
    options = Options(last.date_order if told.date_order is None else told.date_order, columns)
    refused, sidecar = None, NO_SIDECAR
    try:
        if file.remote:
            if file.remote.has_sidecar:
                sidecar = sidecar_from(fetched_sidecar(file.remote), file.remote.url + SIDECAR)
        elif not file.upload:
            sidecar = open_sidecar(file.path, follow_links=told.follow_links)
    except InputError as error:
        lies = file.remote.url + SIDECAR if file.remote else resolved(sidecar_of(file.path))
        refused = refusal(lies, error)
        sidecar = Sidecar(library.sidecar_values(known.path), "as it was")
    name = "" if named(file.file_name) is JSONL else file.id
    reader = made_by(PurePath(known.path).name, options, sidecar.sha256)
    is_named = told.named_files and file.root is None
    return FilePlan(file, is_named, name, options, sidecar, reader, known, refused)


@cache
def _tesseract(program: tuple[str, int]) -> tuple[str, ...]:
    """Ask this program once for its version and languages: at each file, that took longer than most do."""
    try:
        return (ocr.version("Tesseract"), *sorted(ocr.languages("Tesseract"))) if program[0] else ()
    except InputError:  # it fails: said of each file that needs it
        return ()


@cache
def made_by(file_name: str, options: Options, sidecar: str = "") -> str:
    """Name what reads and segments a file: read by the same, a file that has not changed gives the same.

    `sidecar` is the SHA-256 of what lies beside the file.
    """
    libraries = [version(name) for name in LIBRARIES]
    if options.ocr:  # what was refused for want of Tesseract is read once it is there
        libraries += _tesseract(ocr.program())
    readers = (reading_of(file_name), f"segmentation {SEGMENTATION}", *libraries, repr(options), sidecar)
    return hashlib.sha256(" ".join(readers).encode()).hexdigest()
