"""From a file to documents. Bad input is handed over, not raised.

A file's bytes are read once, and hashed; what the caller knows of these bytes is not read again:
- `known(id, sha256, size)`, asked of a file that is one document, and of each record of a .jsonl: it gives
  what is to be reported of it (a `FileResult`, "unchanged"), or None where it must be read.
- `same(path, sha256)`, asked of every other file, and of one that is not known as a document, since it may
  have been refused before: it gives all that is to be reported of the file, in order, or None as above.
Only then is the file parsed, by a `Worker`: another process.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.jsonl import read_jsonl
from qa.formats.kinds import JSONL, READS, kind_of, named, some_refused
from qa.formats.remote import fetched
from qa.formats.source import PLAIN, AskDocument, AskFile, Options, Source, nothing_known, nothing_same
from qa.formats.text import MOST_BYTES
from qa.formats.worker import Worker
from qa.places import SIDECAR
from qa.schema import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.remote import RemoteFile
    from qa.schema import Document, FileResult

# The path of what has to be fetched.
NOWHERE = Path("nowhere")
# Hidden files and folders, and what Word puts beside a document while it is open.
HIDDEN = (".", "~$")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        path: where its bytes lie.
        root: the folder that was named, under which it was found; None where it was named itself.
        upload: the name by which it was uploaded; "" for a file that its path names.
        shown_as: what messages call it, where that is neither of these.
        remote: where it is, if that is no path; then there is nothing at `path`.
    """

    path: Path
    root: Path | None = None
    upload: str = ""
    shown_as: str = ""
    remote: RemoteFile | None = None

    @property
    def shown(self) -> str:
        """What messages call it."""
        if self.remote:
            return self.remote.url
        return self.shown_as or self.upload or str(self.path)

    @property
    def file_name(self) -> str:
        """Its name without folders, whose ending tells the format."""
        if self.remote:
            return self.remote.name
        return PurePosixPath(self.upload).name if self.upload else self.path.name

    @property
    def id(self) -> str:
        """The id of its document; the ids of its parts, but for records' own, begin with it."""
        if self.remote:
            return self.remote.id
        return self.upload or file_id(self.path, self.root)


def supported(path: Path) -> bool:
    """Whether a file's name says that it is of a format that can be read."""
    return named(path.name) is not None


def files(path: Path, skipped: list[Path], *, follow_links: bool = False) -> Iterator[Path]:
    """Yield a file itself, or the supported files under a folder: sorted, none hidden, each folder once.

    What is of another kind in a folder goes to `skipped`, a sidecar of what is not read, and a link that
    leads out of the folder or to nothing, unless links are to be followed. A link to what is listed by itself
    is passed over; one to a hidden file, or to one whose name says no format, is read. A subfolder that
    cannot be listed is handed over as it is, for `read_path` to refuse by name.

    Raises:
        InputError: at the first step, when nothing is there or nothing supported is in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path} was not found. Check the path.")
        yield path
        return
    empty = True
    inside = None if follow_links else path.resolve()
    for found in _walk(path, set(), skipped, inside):
        empty = False
        yield found
    if empty:
        raise InputError(f"{path} holds nothing to read. {READS}.")


def _walk(folder: Path, visited: set[Path], skipped: list[Path], inside: Path | None) -> Iterator[Path]:
    real = folder.resolve()
    if real in visited:  # a link back to where we were
        return
    visited.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    read: set[str] = set()  # names of files: each comes before its sidecar
    for entry in entries:
        if entry.name.startswith(HIDDEN):
            continue
        if entry.name.endswith(SIDECAR):
            if entry.name.removesuffix(SIDECAR) not in read:
                skipped.append(entry)
        elif inside and entry.is_symlink() and not _is_within(entry, inside):
            skipped.append(entry)
        elif inside and entry.is_symlink() and _is_listed(entry.resolve(), inside):
            continue
        elif entry.is_dir():
            yield from _walk(entry, visited, skipped, inside)
        elif supported(entry):
            read.add(entry.name)
            yield entry
        else:
            skipped.append(entry)


def _is_within(link: Path, folder: Path) -> bool:
    """Tell whether a link leads to something in the folder."""
    # `Path.exists` raises where a folder on the way may not be read.
    return os.path.exists(link) and link.resolve().is_relative_to(folder)  # noqa: PTH110


def _is_listed(path: Path, folder: Path) -> bool:
    """Tell whether a path in the folder is come upon without a link."""
    is_hidden = any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
    return not is_hidden and (path.is_dir() or supported(path))


def read_path(
    path: Path,
    root: Path | None = None,
    options: Options = PLAIN,
    known: AskDocument = nothing_known,
    same: AskFile = nothing_same,
    worker: Worker | None = None,
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of the file at a path; see `read_file`."""
    return read_file(InputFile(path, root), options, known, same, worker)


def read_file(
    file: InputFile,
    options: Options = PLAIN,
    known: AskDocument = nothing_known,
    same: AskFile = nothing_same,
    worker: Worker | None = None,
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of one file, in its order; what is known (see above) comes in their place, unread.

    A document's id is the path of the file relative to `root`, with "/", or else its name; of a part of it,
    "#" and the part's name follow, of a member of an archive "/" and its name; a .jsonl's record has its
    `_id`. What is refused comes as an InputError, which names the file, says why, and what to do; nothing is
    raised. Without a `worker`, one is started and ended.
    """
    path, shown = file.path, file.shown
    try:
        if file.remote and path == NOWHERE:
            most = None if named(file.file_name) is JSONL else _most_bytes(file) + 1
            with fetched(file.remote, most) as here:
                yield from read_file(replace(file, path=here), options, known, same, worker)
        elif path.is_dir():
            next(path.iterdir(), None)  # one that cannot be listed says so
            yield InputError(f"{shown} is a folder, not a file. Name the files in it.")
        elif not path.exists():
            mending = "Upload it again" if file.upload else "Check the path"
            yield InputError(f"{shown} was not found. {mending}.")
        elif file.upload and path.is_symlink():  # whoever made the library would choose what is read
            yield InputError(f"{shown} is a link in the library, and is not read. Upload it again.")
        elif not path.is_file():  # a pipe or a device would be read for ever
            yield InputError(f"{shown} is not an ordinary file. {READS}.")
        elif named(file.file_name) is JSONL:
            # Of any size, and read by the standard library: line by line, here.
            yield from some_refused(read_jsonl(path, options, known, shown), shown)
        else:
            source = Source(shown, file.file_name, _bytes(file))
            yield from _read(source, file.id, options, known, same, worker)
    except InputError as error:
        yield error
    except OSError as error:
        yield InputError(f"{shown} cannot be read: {error.strerror}. Check its permissions.")


def _bytes(file: InputFile) -> bytes:
    """Read a file once: what is hashed is what is parsed, whoever writes to the file meanwhile."""
    most = _most_bytes(file)
    with file.path.open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise InputError(f"{file.shown} is larger than {most // 1_000_000} MB. Split it into smaller files.")
    return data


def _most_bytes(file: InputFile) -> int:
    kind = named(file.file_name)
    return kind.most_bytes if kind else MOST_BYTES


def _read(
    source: Source,
    given_id: str,
    options: Options,
    known: AskDocument,
    same: AskFile,
    worker: Worker | None,
) -> Iterator[Document | FileResult | InputError]:
    sha256 = hashlib.sha256(source.data).hexdigest()
    path = printable(source.name)
    kind, _ = kind_of(source)
    if not kind.several and (result := known(given_id, sha256, len(source.data))):
        yield result
    elif (results := same(path, sha256)) is not None:
        yield from results
    else:
        reader = worker or Worker()
        try:
            for item in reader.read(source, options):
                if isinstance(item, InputError):
                    yield item
                else:
                    yield replace(item, id=printable(given_id + item.id), path=path)
        finally:
            if worker is None:
                reader.close()


def file_id(path: Path, root: Path | None) -> str:
    """Give the id of a file found under `root`; ids of its parts, but for records' own, begin with it."""
    if root is not None and path.is_relative_to(root):
        return printable(path.relative_to(root).as_posix())
    return printable(path.name)
