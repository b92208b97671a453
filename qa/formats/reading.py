"""Reads files into documents. Errors about bad input are yielded, not raised.

A file's bytes are read once and hashed. If the caller already knows the bytes, they are not parsed again. The
caller gives two functions:

- `ask_document(id, sha256, size)` is called for a file that is one document, and for each record of a .jsonl.
  It returns the result to report (a `FileResult`, "unchanged"), or None if the document must be read.
- `ask_file(path, sha256)` is called for every other file. It is also called for a file that `ask_document`
  does not know, because the file may have been refused before. It returns all results to report, in order,
  or None.

Without a result, a `Worker` parses the file in another process. A .jsonl is parsed in this process.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import nullcontext
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

# The path of a file that is not fetched yet.
NOWHERE = Path("nowhere")
# Prefixes of hidden files and folders, and of files that Word puts next to an open document.
HIDDEN = (".", "~$")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        path: the path of the bytes.
        root: the named folder that contains the file, or None if the file itself was named.
        upload: the name of an uploaded file, or "" for a file that is named by its path.
        shown_as: the name in messages, if it is neither the path nor the upload's name.
        remote: the file's address, if it is not on this machine. Then `path` is NOWHERE until it is fetched.
    """

    path: Path
    root: Path | None = None
    upload: str = ""
    shown_as: str = ""
    remote: RemoteFile | None = None

    @property
    def shown(self) -> str:
        """Return the file's name in messages."""
        if self.remote:
            return self.remote.url
        return self.shown_as or self.upload or str(self.path)

    @property
    def file_name(self) -> str:
        """Return the name without folders. Its ending shows the format."""
        if self.remote:
            return self.remote.name
        return PurePosixPath(self.upload).name if self.upload else self.path.name

    @property
    def id(self) -> str:
        """Return the id of the file's document. It also begins the ids of the parts, except in a .jsonl."""
        if self.remote:
            return self.remote.id
        return self.upload or file_id(self.path, self.root)


def supported(path: Path) -> bool:
    """Return whether a file's name shows a supported format."""
    return named(path.name) is not None


def files(path: Path, skipped: list[Path], *, follow_links: bool = False) -> Iterator[Path]:
    """Yield a file itself, or the supported files under a folder, sorted and without hidden files.

    Each folder is visited once. `skipped` gets the files in other formats, and sidecars of files that are not
    read. A subfolder that cannot be listed is yielded itself, so that `read_path` refuses it by name.

    Unless `follow_links` is set, `skipped` also gets links that lead out of the folder or to nothing. A link
    to a file that is listed anyway is passed over. A link to a hidden file, or to a file whose name shows no
    format, is read.

    Raises:
        InputError: at the first step, if the path does not exist or the folder has no supported file.
    """
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path} was not found. Check the path.")
        yield path
        return
    empty = True
    inside = None if follow_links else path.resolve()
    for file_path in _walk(path, set(), skipped, inside):
        empty = False
        yield file_path
    if empty:
        raise InputError(f"{path} has nothing that can be read. {READS}.")


def _walk(folder: Path, visited: set[Path], skipped: list[Path], inside: Path | None) -> Iterator[Path]:
    """Yield the files to read in a folder, in order, and add the others to `skipped`."""
    real = folder.resolve()
    if real in visited:  # a link back to a visited folder
        return
    visited.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    read: set[str] = set()  # names of files; in the order, a file comes before its sidecar
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
    """Return whether a link leads to something in the folder."""
    # `Path.exists` raises an error if a folder on the way may not be read.
    return os.path.exists(link) and link.resolve().is_relative_to(folder)  # noqa: PTH110


def _is_listed(path: Path, folder: Path) -> bool:
    """Return whether the walk through the folder finds a path without a link."""
    is_hidden = any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
    return not is_hidden and (path.is_dir() or supported(path))


def read_path(
    path: Path,
    root: Path | None = None,
    options: Options = PLAIN,
    ask_document: AskDocument = nothing_known,
    ask_file: AskFile = nothing_same,
    worker: Worker | None = None,
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of the file at a path, as `read_file` does."""
    return read_file(InputFile(path, root), options, ask_document, ask_file, worker)


def read_file(
    file: InputFile,
    options: Options = PLAIN,
    ask_document: AskDocument = nothing_known,
    ask_file: AskFile = nothing_same,
    worker: Worker | None = None,
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of one file in order, or the caller's results for documents that it knows.

    See the module's docstring for `ask_document` and `ask_file`. A document's id is the file's path relative
    to `root`, with "/", or else the file's name. For a part, "#" and the name of the part follow. For a
    member of an archive, "/" and the name of the member follow. The id of a .jsonl's record is its `_id`.

    Refused input is yielded as an InputError that names the file, says why, and what to do. Nothing is
    raised. Without a `worker`, a new worker is started and ended.
    """
    path, shown = file.path, file.shown
    try:
        if file.remote and path == NOWHERE:
            most = None if named(file.file_name) is JSONL else _most_bytes(file) + 1
            with fetched(file.remote, most) as local_path:
                yield from read_file(replace(file, path=local_path), options, ask_document, ask_file, worker)
        elif path.is_dir():
            next(path.iterdir(), None)  # raises an OSError if the folder cannot be listed
            yield InputError(f"{shown} is a folder, not a file. Name the files in it.")
        elif not path.exists():
            mending = "Upload it again" if file.upload else "Check the path"
            yield InputError(f"{shown} was not found. {mending}.")
        elif file.upload and path.is_symlink():  # else the library's creator could choose what is read
            yield InputError(f"{shown} is a link in the library and is not read. Upload the file again.")
        elif not path.is_file():  # a pipe or a device would be read for ever
            yield InputError(f"{shown} is not an ordinary file. {READS}.")
        elif named(file.file_name) is JSONL:
            # A .jsonl may have any size. The standard library reads it line by line, in this process.
            yield from some_refused(read_jsonl(path, options, ask_document, shown), shown)
        else:
            source = Source(shown, file.file_name, _bytes(file))
            yield from _read(source, file.id, options, ask_document, ask_file, worker)
    except InputError as error:
        yield error
    except OSError as error:
        yield InputError(f"{shown} cannot be read: {error.strerror}. Check its permissions.")


def _bytes(file: InputFile) -> bytes:
    """Return a file's bytes, read once. So the hashed and parsed bytes are the same if the file changes."""
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
    ask_document: AskDocument,
    ask_file: AskFile,
    worker: Worker | None,
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of a file, or the results that make it needless to read the file."""
    sha256 = hashlib.sha256(source.data).hexdigest()
    path = printable(source.name)
    kind, _ = kind_of(source)
    if not kind.several and (result := ask_document(given_id, sha256, len(source.data))):
        yield result
    elif (results := ask_file(path, sha256)) is not None:
        yield from results
    else:
        with nullcontext(worker) if worker else Worker() as reader:
            for item in reader.read(source, options):
                if isinstance(item, InputError):
                    yield item
                else:
                    yield replace(item, id=printable(given_id + item.id), path=path)


def file_id(path: Path, root: Path | None) -> str:
    """Return the id of a file under `root`. It also begins the ids of the parts, except in a .jsonl."""
    if root is not None and path.is_relative_to(root):
        return printable(path.relative_to(root).as_posix())
    return printable(path.name)
