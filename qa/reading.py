"""Read whole files that a person names, but only files that have an end."""

from __future__ import annotations

import stat
from pathlib import Path

from qa.errors import InputError

MOST_BYTES = 1_000_000_000
# The folders for the pipe of a shell's `<(command)`. The pipe ends with the command.
_SHELL_PIPES = (Path("/dev/fd"), Path("/proc/self/fd"))


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of a file, or of a pipe that the shell has opened for this command.

    Raises:
        InputError: the file cannot be read, may have no end, or has more than `most` bytes. The message names
            the file.
    """
    try:
        mode = path.stat().st_mode
        of_shell = stat.S_ISFIFO(mode) and (path.parent in _SHELL_PIPES or path == Path("/dev/stdin"))
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or of_shell):  # opening a folder raises an error
            raise InputError(
                f"{path} is not an ordinary file (a pipe or a device may have no end): name a file"
            )
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > most:
        raise InputError(f"{path} is larger than {most // 1_000_000:,} MB. Split it.")
    return data
