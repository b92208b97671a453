"""The progress of work on files, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.schema.answers import Failure

# "skipped": a file, or a part of a file, of a kind that is not read. "gone": a file that no longer exists.
# The document of a "gone" file stays in the library.
FileStatus = Literal[
    "added",
    "replaced",
    "moved",
    "duplicate",
    "unchanged",
    "refused",
    "withdrawn",
    "purged",
    "gone",
    "removed",
    "skipped",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a long piece of work.

    Attributes:
        stage: the stage of the work.
        done: how much of the stage is done.
        total: how much there is to do; 0 while unknown.
        name: the name of the file, model or other thing that is being worked on.
        passages: how many new passages were written.
        bytes: how many bytes of the files are indexed.
        all_bytes: how many bytes the files have in all.
    """

    stage: Literal["model", "read", "embed", "write", "index"]
    done: int
    total: int
    name: str = ""
    passages: int = 0
    bytes: int = 0
    all_bytes: int = 0


# A function that is called with the progress of work.
OnProgress: TypeAlias = "Callable[[Progress], None]"


@dataclass(frozen=True, slots=True)
class FileResult:
    """The result for one input document.

    Attributes:
        path: the file.
        status: the result. "withdrawn": a person removed the document, and the file has not changed.
            `pullquote restore` puts the document back. "purged": the document was erased, and the file has
            not changed. To take the file in again, name it.
        document_id: the id of the document.
        passages: how many passages the document has.
        error: why the file was refused.
        notes: remarks for a reader.
        part: the part of the file, if the file has several documents.
        former: the id of the document whose text was at this place before, if that text is still at another
            place, else "".
        columns: pairs of a column's name and the beginning of a value in the column. They are given for a
            table that was refused because it is unknown which column holds the text.
    """

    path: str
    status: FileStatus
    document_id: str = ""
    passages: int = 0
    error: Failure | None = None
    notes: tuple[str, ...] = ()
    part: str = ""
    former: str = ""
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The result of `Corpus.index`, or, for a dry run, the result that it would have.

    Attributes:
        files: the result for each document.
        seconds: how long the work took.
        skipped: files of other kinds in the folders, and sidecar files without a file.
        remarks: remarks for a reader, such as that documents were kept although their files were not seen.
        dry_run: whether this was a dry run, which changes nothing.
    """

    files: tuple[FileResult, ...]
    seconds: float
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, status: str) -> int:
        """Return how many documents ended with this status."""
        return sum(result.status == status for result in self.files)
