"""The progress of work on files, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.schema.answers import Failure

# "skipped": a file, or a part of one, of a kind that is not read. "gone": a file that is no longer there,
# whose document stays.
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
        stage: what is being done.
        done: how much of it is done.
        total: how much there is; 0 while unknown.
        name: what is being worked on.
        passages: how many new passages were written.
        bytes: how many bytes of the files are indexed.
        all_bytes: how many bytes the files have.
    """

    stage: Literal["model", "read", "embed", "write", "index"]
    done: int
    total: int
    name: str = ""
    passages: int = 0
    bytes: int = 0
    all_bytes: int = 0


# What is told of progress.
OnProgress: TypeAlias = "Callable[[Progress], None]"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input document.

    Attributes:
        path: the file.
        status: what became of it. "withdrawn": a person removed it, and it has not changed; `pullquote
        restore`
            puts it back. "purged": it was erased, and its file has not changed; to name the file takes it in.
        document_id: the id of the document.
        passages: how many passages it has.
        error: why it was refused.
        notes: remarks for a reader.
        part: the part of the file, if the file has several documents.
        former: the id of the document that has the text which stood here before, as long as that text stands
            at another place, too; else "".
        columns: of a table that was refused as nothing says which column holds the text: pairs of the name of
            a column and the beginning of a value in it.
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
    """What `Corpus.index` did, or, in a dry run, would do.

    Attributes:
        files: what became of each document.
        seconds: how long it took.
        skipped: files of other kinds in the folders, and sidecar files without a file.
        remarks: what a reader should know, such as documents kept although their files were not seen.
        dry_run: whether nothing was changed.
    """

    files: tuple[FileResult, ...]
    seconds: float
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, status: str) -> int:
        """Return how many documents ended with this status."""
        return sum(result.status == status for result in self.files)
