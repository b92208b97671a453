"""Watch folders for bursts of changes. Each burst is reported when it is over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.reading import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_QUIET = 500  # ms without a change that end a burst, because files are copied in pieces
_BURST = 10_000  # ms after which an endless burst is reported
_WAKE = 1_000  # ms after which the watch wakes up without a change


def bursts(
    paths: Iterable[Path], library: Path, report: Path | None = None, *, follow_links: bool = False
) -> Iterator[None]:
    """Yield at once, and then after each burst of changes to the files, or in the folders, until Ctrl-C.

    Changes while the caller works belong to the next burst. Hidden files and locks do not count. The library
    and the report do not count either: they may lie in one of the folders, and change because they are
    written. Changes behind links count only with `follow_links`.

    Raises:
        OSError: a path does not exist.
        InputError: a path was removed while it was watched.
    """
    from watchfiles import Change, watch

    roots = [path.resolve() for path in paths]
    own = library.resolve()
    written = report.resolve() if report else None

    def counts(_: object, changed: str) -> bool:
        path = Path(changed)
        under = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), path)
        if path == written or path.is_relative_to(own):
            return False
        return not any(part.startswith(HIDDEN) for part in under.parts)

    while True:
        identities = [_identity(root) for root in roots]
        begun = False
        try:
            for changes in watch(
                # List the folders, because `watch` itself would follow links.
                *(roots if follow_links else _folders(roots)),
                recursive=follow_links,
                watch_filter=counts,
                debounce=_BURST,
                step=_QUIET,
                rust_timeout=_WAKE,
                yield_on_timeout=True,  # so that the first yield comes once watching has begun
            ):
                now = [_identity(root) for root in roots]
                if None in now:
                    root = roots[now.index(None)]
                    raise InputError(
                        f"{root} was removed while it was watched. Start the watch again without it."
                    )
                gone = {changed for kind, changed in changes if kind == Change.deleted}
                if now != identities or any(str(root) in gone for root in roots):
                    break  # a replaced path reports no changes: watch it again
                if not follow_links and any(
                    kind == Change.added and _is_folder(Path(changed)) for kind, changed in changes
                ):
                    break  # watch the new folder, too
                if changes or not begun:
                    begun = True
                    yield
        except KeyboardInterrupt:  # the normal end
            return
        except FileNotFoundError:  # a folder inside was removed before it was watched
            if None in map(_identity, roots):
                raise


def _folders(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and the folders with all folders in them, except hidden folders and links."""
    for root in roots:
        yield root
        for folder, names, _ in os.walk(root):
            names[:] = [name for name in names if not name.startswith(HIDDEN)]
            yield from (path for name in names if _is_folder(path := Path(folder, name)))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _identity(path: Path) -> tuple[int, int] | None:
    """Return an identity that tells a file or folder from another one at its path, or None if missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
