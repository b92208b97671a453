"""Plan how files are to be read, from the user's options and from what a library knows of them."""

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
from qa.formats.kinds import JSONL, LIBRARIES, named, reading_of
from qa.formats.remote import fetched_sidecar
from qa.formats.source import Options
from qa.intake.folders import refusal, resolved
from qa.places import SIDECAR
from qa.storage.intake_values import ReadAs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.document.row_identity import Row
    from qa.formats.reading import InputFile
    from qa.schema import FileResult
    from qa.storage.intake_values import KnownFile
    from qa.storage.records.store import Store
    from qa.text.written_dates import DateOrder


@dataclass(frozen=True, slots=True)
class UserOptions:
    """A person's options for reading files.

    Attributes:
        date_order: how dates such as 4/8/2008 are read. None means: as each file was read last.
        columns: which columns hold which fields. None means: as each file was read last.
        named_files: whether a person named the files that are not in a folder. Their purged documents are
            then taken in again.
        follow_links: whether links are followed.
        text_columns: the column with the text, by the path of a table as the library stores it.
        collection_column: the column or key with the collection, for all files.
    """

    date_order: DateOrder | None = None
    columns: tuple[tuple[str, str], ...] | None = None
    named_files: bool = True
    follow_links: bool = False
    text_columns: Mapping[str, str] = field(default_factory=dict)
    collection_column: str = ""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A plan of how to read a file.

    Attributes:
        file: the file.
        is_named: whether a person named the file.
        name: the prefix of the ids of the file's documents; "" if its records have ids of their own.
        options: the options of the file's format.
        sidecar: the file's sidecar.
        made_by: the name of what reads the file; see `made_by`.
        known: what the library knows of the file.
        refused: the result for the sidecar, if it cannot be read.
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
        """How the file is read, in the terms that a person can set."""
        return ReadAs(self.options.date_order, self.options.columns)

    @property
    def rows(self) -> list[Row]:
        """The rows that the file had as a table. Its present rows may follow them."""
        return self.known.rows(TABLES) if self.name else []


def plan_file(library: Store, user_options: UserOptions, file: InputFile, known_file: KnownFile) -> FilePlan:
    """Return how to read a file: as the user's options say, or else as the file was read last."""
    last = known_file.read_as
    columns = last.columns if user_options.columns is None else user_options.columns
    chosen = {
        "text": user_options.text_columns.get(known_file.path),
        "collection": user_options.collection_column,
    }
    for field_name, column in chosen.items():
        if column:
            columns = (*(pair for pair in columns if pair[0] != field_name), (field_name, column))
    options = Options(
        last.date_order if user_options.date_order is None else user_options.date_order, columns
    )
    refused, sidecar = None, NO_SIDECAR
    try:
        if file.remote:
            if file.remote.has_sidecar:
                sidecar = sidecar_from(fetched_sidecar(file.remote), file.remote.url + SIDECAR)
        elif not file.upload:
            sidecar = open_sidecar(file.path, follow_links=user_options.follow_links)
    except InputError as error:
        lies = file.remote.url + SIDECAR if file.remote else resolved(sidecar_of(file.path))
        refused = refusal(lies, error)
        sidecar = Sidecar(library.sidecar_values(known_file.path), "as it was")
    name = "" if named(file.file_name) is JSONL else file.id
    reader = made_by(PurePath(known_file.path).name, options, sidecar.sha256)
    is_named = user_options.named_files and file.root is None
    return FilePlan(file, is_named, name, options, sidecar, reader, known_file, refused)


@cache
def _tesseract(program: tuple[str, int]) -> tuple[str, ...]:
    """Return Tesseract's version and languages, from a cache: asking takes longer than most files do."""
    try:
        return (ocr.version("Tesseract"), *sorted(ocr.languages("Tesseract"))) if program[0] else ()
    except InputError:  # it fails; each file that needs it reports this
        return ()


@cache
def made_by(file_name: str, options: Options, sidecar: str = "") -> str:
    """Return a name for what reads and segments a file. The same name and file give the same documents.

    `sidecar` is the SHA-256 of the file's sidecar.
    """
    libraries = [version(name) for name in LIBRARIES]
    if options.ocr:  # files that were refused without Tesseract are read again once it is installed
        libraries += _tesseract(ocr.program())
    readers = (reading_of(file_name), f"segmentation {SEGMENTATION}", *libraries, repr(options), sidecar)
    return hashlib.sha256(" ".join(readers).encode()).hexdigest()
