"""Which files there are under what was named, and which of those that are held are no longer there."""

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
    from qa.storage.intake_port import HeldLocation

_ENDS = 65_536  # bytes at each end of a file: enough to tell its kind


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found under the paths that were named.

    Attributes:
        files: the files.
        refused: what cannot be listed.
        skipped: what is of another kind in a folder, was written by Pullquote itself, or is a link that is
            not followed.
        folders: the folders that were named and could be listed: resolved, or their addresses.
    """

    files: tuple[InputFile, ...]
    refused: tuple[FileResult, ...]
    skipped: tuple[str, ...]
    folders: tuple[str, ...]


def listing(paths: Iterable[Path | str], *, follow_links: bool = False) -> Listing:
    """Find the files of files and folders, each once, as it is come upon first.

    Raises:
        InputError: an address holds a password.
        MissingExtraError: the package for an address is not installed.
    """
    found: dict[str, InputFile] = {}
    refused: list[FileResult] = []
    skipped: list[Path] = []
    skipped_urls: list[str] = []
    folders: list[str] = []
    for each in paths:
        if is_url(each):
            url = checked_url(str(each))
            try:
                there, others = _remote(url)
            except InputError as error:
                refused.append(refusal(printable(url), error))
            else:
                found |= {file.url: InputFile(NOWHERE, remote=file) for file in there.files}
                skipped_urls += others
                folders += [url] if there.is_folder else []
            continue
        given = Path(each)
        root = given if given.is_dir() else None
        if root:
            folders.append(resolved(given))
        try:
            for path in files(given, skipped, follow_links=follow_links):
                if not (own := own_output(path)):
                    found.setdefault(resolved(path), InputFile(path, root))
                elif root:
                    skipped.append(path)
                else:
                    refused.append(refusal(resolved(path), InputError(own)))
        except InputError as error:
            refused.append(refusal(resolved(given), error))
    of_use = {
        sidecar_of(file.path) for file in found.values() if not file.remote
    }  # a link in a folder may be named itself
    skipped = [path for path in skipped if path not in of_use]
    return Listing(
        tuple(found.values()),
        tuple(dict.fromkeys(refused)),
        tuple(dict.fromkeys((*map(resolved if follow_links else _itself, skipped), *skipped_urls))),
        tuple(dict.fromkeys(folders)),
    )


def _remote(url: str) -> tuple[RemoteListing, list[str]]:
    """List the files at an address that are to be read, by the rules of folders; and the others."""
    there = remote_files(url)
    if not there.is_folder:
        return there, []
    seen = [file for file in there.files if not any(part.startswith(HIDDEN) for part in file.id.split("/"))]
    read = {file.url: file for file in seen if not file.name.endswith(SIDECAR) and named(file.name)}
    if not read:
        raise InputError(f"{url} holds nothing to read. {READS}.")
    others = [file.url for file in seen if file.url.removesuffix(SIDECAR) not in read]
    return replace(there, files=tuple(read.values())), others


def resolved(path: Path) -> str:
    """Give a path as the library holds it: absolute, so that the same file is known again from any folder."""
    return os.path.realpath(printable(str(path)))  # of a link in a circle, too


def place(file: InputFile) -> str:
    """Give a file's path as the library holds it."""
    if file.remote:
        return file.remote.url
    return f"{UPLOAD}{file.upload}" if file.upload else resolved(file.path)


def _itself(path: Path) -> str:
    """Give the absolute path of a file, or of a link and not of what it leads to."""
    return os.path.join(resolved(path.parent), printable(path.name))  # noqa: PTH118 -- as text


def own_output(path: Path) -> str:
    """Say of a file that Pullquote wrote itself, such as a report, that it is no document; "" of others."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return outputs.own_output(path, file)
    except OSError:  # whoever reads it says why it cannot be read
        pass
    return ""


def refusal(path: str, error: InputError) -> FileResult:
    """Report that a file was refused, by its path as the library holds it."""
    columns = error.columns if isinstance(error, TextColumnError) else ()
    return FileResult(path, "refused", error=Failure(error.code, str(error)), columns=columns)


def missing(places: Iterable[HeldLocation], seen: set[str]) -> tuple[list[HeldLocation], tuple[str, ...]]:
    """Tell which places are gone, but for those in files that were seen; and in words, what is kept.

    A file is gone where the system says that it is not there, and the folder that it was in can be read and
    holds something; or, with all of its folder, where that is true of the folder above. A folder that holds
    nothing is what is left of a disk that is not mounted.
    """
    gone: list[HeldLocation] = []
    kept: dict[str, int] = {}
    doubts: dict[str, str] = {}
    for place in places:
        if place.kept or place.path in seen:
            continue
        if is_url(place.path):  # its folder was listed
            gone.append(place)
            continue
        if not is_gone(place.path):
            continue
        folder = os.path.dirname(place.path)  # noqa: PTH120 -- as text: 10,000 of them
        if folder not in doubts:
            doubts[folder] = _doubt(Path(folder))
        if doubts[folder]:
            kept[doubts[folder]] = kept.get(doubts[folder], 0) + 1
        else:
            gone.append(place)
    return gone, tuple(
        f"{doubt}: {count:,} of its files are no longer seen, and their documents stay. If they are to go, "
        "remove the folder too, or use `pullquote remove`."
        for doubt, count in kept.items()
    )


def without_files(skipped: Iterable[str]) -> tuple[str, ...]:
    """Say which sidecar files are of no file that is read, of what was skipped."""
    return tuple(
        f"{path} describes no document: {_why_undescribed(Path(path.removesuffix(SIDECAR)))}"
        for path in skipped
        if path.endswith(SIDECAR)
    )


def _why_undescribed(path: Path) -> str:
    """Say why a sidecar beside a file is of no use, and what to do."""
    if path.is_symlink():
        return f"{path.name} is a link that is not read. Put it beside the file that the link leads to."
    if path.exists():
        return f"{path.name} is not read. Remove it."
    return f"there is no {path.name} beside it. Name it after its file, or remove it."


def reason(skipped: str) -> str:
    """Say why a file of a folder was skipped: as of one that is named, where that would be refused, too."""
    if described := without_files([skipped]):
        return described[0]
    if is_url(skipped):
        return f"{skipped} is of a kind that its name does not say. Name the file itself to have it read."
    path = Path(skipped)
    try:
        if path.is_symlink():
            return _reason_of_link(path)
        if not path.is_file():  # a pipe or a device would be read for ever
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
    return f"{path} is {kind.what}, but its name does not say so. Name the file itself to have it read."


def is_followable(link: Path) -> bool:
    """Tell whether a link that was skipped is read where links are followed."""
    # `Path.exists` raises where a folder on the way may not be read.
    return os.path.exists(link) and (link.is_dir() or supported(link))  # noqa: PTH110


def _reason_of_link(link: Path) -> str:
    named = f"{link} is a link to {os.path.realpath(link)},"
    if is_followable(link):
        return f"{named} out of its folder. Follow links with --follow-links, or name what it leads to."
    if os.path.exists(link):  # noqa: PTH110
        return f"{named} and its name is of no kind that is read. Name what it leads to, to have it read."
    return f"{named} where nothing can be read. Mend the link, or remove it."


def _doubt(folder: Path) -> str:
    """Say why files that are not seen in a folder may be there all the same; "" where they are not."""
    try:
        while not (folder.is_dir() or folder.is_symlink()) and folder.parent != folder:
            folder = folder.parent
        with os.scandir(folder) as entries:
            if any(not entry.name.startswith(".") for entry in entries):
                return ""
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror})"
    return f"{folder} is empty, as a disk is that is not mounted"
