"""Run pandoc in a sandbox. It reads only the files that it is given, fetches nothing, and has a time limit.

The extra `report` installs pandoc with the package `pypandoc-binary`. Pandoc is run as a program. The package
is never imported.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 60.0
# Memory limit: GHC's runtime ends pandoc if it needs more than 2 GB. 1,000 citations of 1,000 documents take
# 0.24 GB and 4 s.
_MEMORY = ("+RTS", "-M2g", "-RTS")
# Limit of two pandoc processes at the same time. Each takes 0.2 GB and a core, and further calls wait.
_AT_ONCE = threading.BoundedSemaphore(2)
_KEPT = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def package_folder(package: str, distribution: str, wanted_for: str) -> Path:
    """Return the folder of a package of the extra `report`, without importing the package.

    Raises:
        MissingExtraError: the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            f"{wanted_for} needs {distribution}, which is not installed: install it with pip install "
            "'pullquote[report]' or make install"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def pandoc_path() -> Path:
    """Return the path of the pandoc program in the package. A pandoc on the PATH is ignored.

    Raises:
        MissingExtraError: the package is not installed, or contains no program.
    """
    wanted_for = "citing by a style"
    folder = package_folder("pypandoc", "pypandoc-binary", wanted_for) / "files"
    for name in ("pandoc", "pandoc.exe"):
        if (folder / name).is_file():
            return folder / name
    raise MissingExtraError(
        f"{wanted_for} needs pypandoc-binary, as the installed pypandoc has no program: "
        "pip uninstall pypandoc, then pip install 'pullquote[report]'"
    )


def run_pandoc(
    arguments: Sequence[str],
    given: bytes,
    files: Mapping[str, bytes] | None = None,
    *,
    seconds: float = SECONDS,
) -> bytes:
    """Return pandoc's output for the input `given`.

    While pandoc runs, `files` are in its folder under the given names.

    Raises:
        InputError: pandoc refuses its input, or takes longer than `seconds`.
        MissingExtraError: pandoc is not installed.
    """
    program = pandoc_path()
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="pullquote-") as name:
        folder = Path(name)
        for file, data in (files or {}).items():
            (folder / file).write_bytes(data)
        environment = {variable: os.environ[variable] for variable in _KEPT if variable in os.environ}
        # The folder of user data is empty, so a user's templates, filters and styles do not change the
        # output.
        (folder / "data").mkdir()
        try:
            done = subprocess.run(  # noqa: S603 - our own program; no argument comes from a stranger
                [program, *_MEMORY, "--sandbox", "--data-dir=data", *arguments],
                input=given,
                capture_output=True,
                cwd=folder,
                env={**environment, "HOME": name, "LANG": "C.UTF-8"},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InputError(
                f"pandoc took longer than {seconds:g} seconds and was stopped: try again with fewer quotes"
            ) from None
        except OSError as error:
            raise MissingExtraError(f"{program} cannot be run: {error.strerror}") from error
    if done.returncode:
        message = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise InputError(f"pandoc refuses this: {message[:500] or f'exit code {done.returncode}'}")
    return done.stdout
