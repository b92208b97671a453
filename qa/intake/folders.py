"""Find the files under given paths, and find out which files of the library no longer exist."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa import outputs
from qa.document.metadata import sidecar_of
from qa.errors import InputError, TextColumnError
from qa.formats.kinds import READS, kind_of, named
from qa.formats.reading import HIDDEN, NOWHERE, InputFile, files, supported
from qa.formats.remote import checked_url, remote_files
from qa.formats.source import Source
from qa.places import SIDECAR, is_url
from qa.schema import UPLOAD, Failure, FileResult, printable
from qa.storage.files import is_gone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.formats.remote import RemoteListing
    from qa.storage.intake_values import HeldLocation

_ENDS = 65_536  # bytes at each end of a file that are read to recognise the file's kind


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that were found under the given paths.

    Attributes:
        files: the files.
        refused: the paths that cannot be listed.
        skipped: files in a folder that have an unknown kind or were written by Pullquote itself, and links
            that are not followed.
        folders: the given folders that could be listed: resolved, or their addresses.
    """

    files: tuple[InputFile, ...]
    refused: tuple[FileResult, ...]
    skipped: tuple[str, ...]
    folders: tuple[str, ...]


def listing(paths: Iterable[Path | str], *, follow_links: bool = False) -> Listing:
    """Find the files of files and folders. Each file is listed once, at its first occurrence.

    Raises:
        InputError: an address contains a password.
        MissingExtraError: the package for an address is not installed.
    """
    input_files: dict[str, InputFile] = {}
    refused: list[FileResult] = []
    skipped: list[Path] = []
    skipped_urls: list[str] = []
    folders: list[str] = []
    for path_or_url in paths:
        if is_url(path_or_url):
            url = checked_url(str(path_or_url))
            try:
                remote_listing, others = _remote(url)
            except InputError as error:
                refused.append(refusal(printable(url), error))
            else:
                input_files |= {file.url: InputFile(NOWHERE, remote=file) for file in remote_listing.files}
                skipped_urls += others
                folders += [url] if remote_listing.is_folder else []
            continue
        given = Path(path_or_url)
        root = given if given.is_dir() else None
        if root:
            folders.append(resolved(given))
        try:
            for path in files(given, skipped, follow_links=follow_links):
                if not (own := own_output(path)):
                    input_files.setdefault(resolved(path), InputFile(path, root))
                elif root:
                    skipped.append(path)
                else:
                    refused.append(refusal(resolved(path), InputError(own)))
        except InputError as error:
            refused.append(refusal(resolved(given), error))
    of_use = {
        sidecar_of(file.path) for file in input_files.values() if not file.remote
    }  # a folder skips a link and its sidecar, but the link itself may be given, too
    skipped = [path for path in skipped if path not in of_use]
    return Listing(
        tuple(input_files.values()),
        tuple(dict.fromkeys(refused)),
        tuple(dict.fromkeys((*map(resolved if follow_links else _itself, skipped), *skipped_urls))),
        tuple(dict.fromkeys(folders)),
    )


def _remote(url: str) -> tuple[RemoteListing, list[str]]:
    """Return the files to read at an address, by the rules of folders, and the addresses of the others."""
    remote_listing = remote_files(url)
    if not remote_listing.is_folder:
        return remote_listing, []
    seen = [
        file
        for file in remote_listing.files
        if not any(part.startswith(HIDDEN) for part in file.id.split("/"))
    ]
    read = {file.url: file for file in seen if not file.name.endswith(SIDECAR) and named(file.name)}
    if not read:
        raise InputError(f"{url} has nothing that can be read. {READS}.")
    others = [file.url for file in seen if file.url.removesuffix(SIDECAR) not in read]
    return replace(remote_listing, files=tuple(read.values())), others


def resolved(path: Path) -> str:
    """Return a path as the library stores it: absolute, so that a file is recognised from any folder."""
    return os.path.realpath(printable(str(path)))  # also works for a circular link


def library_path(file: InputFile) -> str:
    """Return a file's path as the library stores it."""
    if file.remote:
        return file.remote.url
    return f"{UPLOAD}{file.upload}" if file.upload else resolved(file.path)


def _itself(path: Path) -> str:
    """Return the absolute path of a file, or of a link itself, not of its target."""
    return os.path.join(resolved(path.parent), printable(path.name))  # noqa: PTH118 -- as text


def own_output(path: Path) -> str:
    """Return a message that Pullquote wrote the file itself, such as a report, or "" if it did not."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return outputs.own_output(path, file)
    except OSError:  # reading the file later gives the reason
        pass
    return ""


def refusal(path: str, error: InputError) -> FileResult:
    """Return a file's refusal as a result. `path` is the path as the library stores it."""
    columns = error.columns if isinstance(error, TextColumnError) else ()
    return FileResult(path, "refused", error=Failure(error.code, str(error)), columns=columns)


def missing(locations: Iterable[HeldLocation], seen: set[str]) -> tuple[list[HeldLocation], tuple[str, ...]]:
    """Return the locations that are gone, and remarks on files that are missing but whose documents stay.

    Locations in files that were seen are not gone. A file is gone if the system says that it does not exist,
    and if its folder can be read and is not empty. If the folder does not exist either, the nearest existing
    folder above decides. An empty folder is not enough: it may be the mount point of a disk that is not
    mounted.
    """
    gone: list[HeldLocation] = []
    counts: dict[str, int] = {}
    doubts: dict[str, str] = {}
    for location in locations:
        if location.kept or location.path in seen:
            continue
        if is_url(location.path):  # its folder was listed
            gone.append(location)
            continue
        if not is_gone(location.path):
            continue
        folder = os.path.dirname(location.path)  # noqa: PTH120 -- as text: 10,000 of them
        if folder not in doubts:
            doubts[folder] = _doubt(Path(folder))
        if doubts[folder]:
            counts[doubts[folder]] = counts.get(doubts[folder], 0) + 1
        else:
            gone.append(location)
    return gone, tuple(
        f"{doubt}: {count:,} of its files are no longer seen, and their documents stay. To remove the "
        "documents, "
        "remove the folder too, or use `pullquote remove`."
        for doubt, count in counts.items()
    )


def without_files(skipped: Iterable[str]) -> tuple[str, ...]:
    """Return a message for each skipped sidecar file that belongs to no file that is read."""
    return tuple(
        f"{path} describes no document: {_why_undescribed(Path(path.removesuffix(SIDECAR)))}"
        for path in skipped
        if path.endswith(SIDECAR)
    )


def _why_undescribed(path: Path) -> str:
    """Return why the sidecar next to a file is useless, and advice."""
    if path.is_symlink():
        return f"{path.name} is a link that is not read. Put the file next to the file that it describes."
    if path.exists():
        return f"{path.name} is not read. Remove it."
    return f"there is no {path.name} next to it. Name it after its file, or remove it."


def reason(skipped: str) -> str:
    """Return why a file of a folder was skipped, or why it would be refused even if it were named."""
    if described := without_files([skipped]):
        return described[0]
    if is_url(skipped):
        return f"{skipped} has a name that does not show its kind. To read it, name the file itself."
    path = Path(skipped)
    try:
        if path.is_symlink():
            return _reason_of_link(path)
        if not path.is_file():  # reading a pipe or a device would never end
            return f"{path} is not an ordinary file."
        if own := own_output(path):
            return own
        with path.open("rb") as file:
            data = file.read(_ENDS)
            if (size := path.stat().st_size) > 2 * _ENDS:
                file.seek(size - _ENDS)
            data += file.read(_ENDS)
        kind, _ = kind_of(Source(skipped, path.name, data))
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}. Check its permissions."
    return f"{path} is {kind.what}, but its name does not say so. To read it, name the file itself."


def is_followable(link: Path) -> bool:
    """Return whether a skipped link is read when links are followed."""
    # `Path.exists` raises an error if a folder on the way may not be read.
    return os.path.exists(link) and (link.is_dir() or supported(link))  # noqa: PTH110


def _reason_of_link(link: Path) -> str:
    subject = f"{link} is a link to {os.path.realpath(link)},"
    if is_followable(link):
        return f"{subject} out of its folder. To read it, use --follow-links, or name the target of the link."
    if os.path.exists(link):  # noqa: PTH110
        return f"{subject} and its name is of no kind that is read. To read it, name the target of the link."
    return f"{subject} where nothing can be read. Correct the link, or remove it."


def _doubt(folder: Path) -> str:
    """Return why missing files of a folder may still exist, or "" if they are gone."""
    try:
        while not (folder.is_dir() or folder.is_symlink()) and folder.parent != folder:
            folder = folder.parent
        with os.scandir(folder) as entries:
            if any(not entry.name.startswith(".") for entry in entries):
                return ""
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror})"
    return f"{folder} is empty, like a disk that is not mounted"
