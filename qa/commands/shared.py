"""Functions that commands share: opening the library, and printing."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qa.commands import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.places import LibraryAddress
    from qa.schema import Progress
    from qa.storage.library import Library

NAMED = 3  # files or other names that a message lists at most


@contextmanager
def corpus(settings: options.Settings) -> Iterator[Corpus]:
    """Open the library that the settings name."""
    from qa.corpus import Corpus

    with Corpus.open(library(settings), create=False, reader=settings.reader) as corpus:
        yield corpus


def library(settings: options.Settings) -> LibraryAddress:
    """Return the library that the settings name, or the default library."""
    from qa.places import default_library, library_address

    check_no_desk()
    return library_address(settings.library or default_library())


def check_no_desk() -> None:
    """Refuse a variable that names a desk.

    Raises:
        click.UsageError: there is such a variable.
    """
    if os.environ.get("PULLQUOTE_DESK"):
        raise click.UsageError(options.NO_DESK.format("PULLQUOTE_DESK"))


def new_index(settings: options.Settings, library: LibraryAddress) -> str:
    """Return the index that --index names, or the default index for a new library."""
    from qa.storage.open import takes_index

    default = settings.default_index
    return settings.index or (default if default and takes_index(library) else "")


def folder(settings: options.Settings) -> Path:
    """Return the folder of the library, or of the files next to a library on a server."""
    from qa.places import folder_of

    return folder_of(library(settings))


def put_own_file(library: Library, name: str, content: bytes) -> None:
    """Put a file next to the library, for all servers that share the library. Replace an earlier file.

    Raises:
        LibraryError: the file cannot be written.
    """
    from embeddings.files import write_whole
    from qa.errors import LibraryError

    path = library.folder / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise LibraryError(f"{path} cannot be written ({error.strerror})") from error
    library.share_own_file(name)


@contextmanager
def progress(settings: options.Settings) -> Iterator[Callable[[Progress], None]]:
    """Show progress, unless the settings are quiet."""
    from qa.progress import meter, staged

    with meter(quiet=settings.quiet) as show:
        yield staged(show)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    from qa.text.json_lines import dumps, is_utf8

    click.echo(dumps(value, ascii=not is_utf8(sys.stdout), indent=2))


def say(message: str) -> None:
    """Print a message to a person, on standard error."""
    from qa.text.display import in_one_line

    click.echo(in_one_line(message), err=True)


def print_styled(lines: Iterable[list[tuple[str, str]]]) -> None:
    """Print lines of (words, style), with colours if they are wanted.

    The lines are printed as segments. In a text, rich would turn tabs into spaces and drop blanks at line
    ends.
    """
    from rich.console import Console
    from rich.segment import Segment, Segments

    from qa.text.display import visible

    console = Console(soft_wrap=True)
    for pieces in lines:
        shown = [Segment(visible(words), console.get_style(style)) for words, style in pieces]
        console.print(Segments([*shown, Segment.line()]))
