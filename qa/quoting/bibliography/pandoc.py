"""Pandoc, shut in: it reads no file but those it is given, fetches nothing, and has a time limit.

It is in the package `pypandoc-binary`, which the extra `report` brings. It is run, never imported.
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
# GHC's runtime ends a pandoc that wants more memory. 1,000 citations of 1,000 documents take 0.24 GB and 4 s.
_MEMORY = ("+RTS", "-M2g", "-RTS")
# One takes 0.2 GB and a core; others wait, so that many who cite at once take no more.
_AT_ONCE = threading.BoundedSemaphore(2)
_KEPT = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def package_folder(package: str, distribution: str, wanted_for: str) -> Path:
    """Return the folder of a package that the extra `report` brings, without importing it.

    Raises:
        MissingExtraError: it is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            f"{wanted_for} needs {distribution}, which is not installed: pip install 'pullquote[report]' "
            "brings it, and so does make install"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def pandoc_path() -> Path:
    """Return the program: always the package's, whatever else is on the PATH.

    Raises:
        MissingExtraError: the package is not installed, or holds no program.
    """
    wanted_for = "citing by a style"
    folder = package_folder("pypandoc", "pypandoc-binary", wanted_for) / "files"
    for name in ("pandoc", "pandoc.exe"):
        if (folder / name).is_file():
            return folder / name
    raise MissingExtraError(
        f"{wanted_for} needs pypandoc-binary; the pypandoc that is installed brings no program: "
        "pip uninstall pypandoc, then pip install 'pullquote[report]'"
    )


def run_pandoc(
    arguments: Sequence[str],
    given: bytes,
    files: Mapping[str, bytes] | None = None,
    *,
    seconds: float = SECONDS,
) -> bytes:
    """Return what pandoc makes of `given`; `files` lie in its folder by these names while it runs.

    Raises:
        InputError: it refuses what it is given, or takes longer than `seconds`.
        MissingExtraError: it is not installed.
    """
    program = pandoc_path()
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="pullquote-") as name:
        folder = Path(name)
        for file, data in (files or {}).items():
            (folder / file).write_bytes(data)
        environment = {each: os.environ[each] for each in _KEPT if each in os.environ}
        # An empty folder of user data: no template, filter or style of the user's changes what comes out.
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
            raise InputError(f"pandoc took longer than {seconds:g} seconds, and was ended") from None
        except OSError as error:
            raise MissingExtraError(f"{program} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise InputError(f"pandoc refuses this: {said[:500] or f'exit code {done.returncode}'}")
    return done.stdout
