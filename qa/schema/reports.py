"""How far work on files has come, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from qa.schema.answers import Failure

# "skipped": of another kind than is read, all of a file or a part of it; "gone": no longer there, its
# document held all the same.
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
    """How far a long piece of work has come. `total` is 0 while unknown.

    In stage "write", `bytes` of the `all_bytes` of the files to index are done; `passages` were new in them.
    """

    stage: Literal["model", "read", "embed", "write"]
    done: int
    total: int
    name: str = ""
    passages: int = 0
    bytes: int = 0
    all_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input document. `error` is set only when it was refused.

    What is "withdrawn" was removed by a person, and has not changed since: `pullquote restore` puts it back.
    What is "purged" was erased, and its file has not changed since: it is taken in when it is named itself.
    """

    path: str
    status: FileStatus
    document_id: str = ""
    passages: int = 0
    error: Failure | None = None
    notes: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `Corpus.index` did, document by document. `skipped` are paths of other kinds in its folders.

    Among these are sidecar files without their file. `remarks` say so, and what was kept although its files
    were not seen. Of a `dry_run`, it is what would be done.
    """

    files: tuple[FileResult, ...]
    seconds: float
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, status: str) -> int:
        """How many documents ended with this status."""
        return sum(result.status == status for result in self.files)
