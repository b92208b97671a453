"""When something changes in folders: bursts of changes, each once it is over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qa.formats import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_QUIET = 500  # ms without a change, after which a burst is over: files are copied in pieces
_BURST = 10_000  # ms after which one is over that does not end
_WAKE = 1_000  # ms


def bursts(paths: Iterable[Path], library: Path) -> Iterator[None]:
    """Yield at once, and then after each burst of changes to the files, or in the folders, for ever.

    What changes meanwhile, while the caller works, ends in the next burst. Hidden files and locks do not
    count, nor does the library, which may lie in one of the folders and changes by being written.

    Raises:
        OSError: a path is not there.
        KeyboardInterrupt: Ctrl-C.
    """
    from watchfiles import watch

    roots = [path.resolve() for path in paths]
    own = library.resolve()

    def counts(_: object, changed: str) -> bool:
        path = Path(changed)
        under = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), path)
        return not path.is_relative_to(own) and not any(part.startswith(HIDDEN) for part in under.parts)

    begun = False
    for changes in watch(
        *roots,
        watch_filter=counts,
        debounce=_BURST,
        step=_QUIET,
        rust_timeout=_WAKE,
        yield_on_timeout=True,  # at first, when it is watching, so that nothing is missed before
    ):
        if changes or not begun:
            begun = True
            yield
