"""Pictures of pages to words, by Tesseract, a program of its own (https://github.com/tesseract-ocr/tesseract)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.layout import Line, Word, as_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

SECONDS_A_PAGE = 60
WHERE_FROM = (
    "Debian, Ubuntu: apt install tesseract-ocr; macOS: brew install tesseract; Windows:"
    " winget install UB-Mannheim.TesseractOCR"
)
INSTALL = f"Install Tesseract ({WHERE_FROM}) and index it again"
_NO_LANGUAGES = frozenset({"osd", "equ"})  # data for which way up a page is, and for formulas
_LANGUAGES = {
    "ar": "ara", "cs": "ces", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "ja": "jpn",
    "ko": "kor", "nl": "nld", "pl": "pol", "pt": "por", "ru": "rus", "uk": "ukr", "vi": "vie",
    "zh": "chi_sim",
}  # fmt: skip


def version(name: str) -> str:
    """Return "Tesseract 5.5.0", or "" where none is on the PATH.

    Raises:
        InputError: naming `name`, for which it is asked, when Tesseract fails.
    """
    if shutil.which("tesseract") is None:
        return ""
    first = _run(["--version"], b"", name).splitlines()[:1]
    return f"Tesseract {''.join(first).removeprefix('tesseract').strip()}"


def languages(name: str) -> frozenset[str]:
    """Return the languages that Tesseract has data for, as it names them ("eng", "chi_sim").

    Raises:
        InputError: naming `name`, for which they are asked, when Tesseract fails.
    """
    return frozenset(_run(["--list-langs"], b"", name).splitlines()[1:]) - _NO_LANGUAGES


def model_for(language: str, installed: frozenset[str]) -> str:
    """Name Tesseract's data for a language ("ko-KR"), with English where that is unknown or not installed."""
    wanted = _LANGUAGES.get(re.split("[-_]", language.lower())[0], "")
    return "+".join(name for name in dict.fromkeys((wanted, "eng")) if name in installed)


def read_picture(grey: NDArray[np.uint8], points_a_pixel: float, model: str, name: str) -> list[Line]:
    """Read the lines of a page's picture, `uint8 [height, width]`, in the order that Tesseract gives them.

    Raises:
        InputError: naming `name`, when Tesseract fails or takes longer than SECONDS_A_PAGE.
    """
    height, width = grey.shape
    picture = b"P5 %d %d 255\n" % (width, height) + grey.tobytes()
    dpi = str(round(72 / points_a_pixel))
    arguments = ["stdin", "stdout", "--dpi", dpi, *(["-l", model] if model else []), "tsv"]
    return list(_lines(_run(arguments, picture, name), points_a_pixel))


def _run(arguments: list[str], given: bytes, name: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 -- what is run is named here; its arguments are ours
            ["tesseract", *arguments],  # noqa: S607 -- wherever it is installed
            input=given,
            capture_output=True,
            timeout=SECONDS_A_PAGE,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its threads only wait for one another
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{name}: Tesseract took longer than {SECONDS_A_PAGE} s for a page. Read it by another program."
        ) from None
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise InputError(
            f"{name}: Tesseract failed ({said.decode('utf-8', 'replace').strip()[:200]}). "
            "See whether `tesseract --list-langs` works, or index it without OCR."
        ) from None
    return done.stdout.decode("utf-8", "replace")


def _lines(tsv: str, scale: float) -> Iterator[Line]:
    """Read its table: level, page, block, paragraph, line, word; left, top, width, height; sureness, text."""
    rows = [row.split("\t") for row in tsv.splitlines()[1:]]
    words = [row for row in rows if len(row) == 12 and row[0] == "5" and row[11].strip()]
    if not words:
        return
    # Heights of lines follow the letters in them, so one size stands for all of the page.
    size = median(int(row[9]) for row in words) * scale * 1.2
    for (block, _, _), group in groupby(words, key=lambda row: (int(row[2]), row[3], row[4])):
        row = [
            Word(
                word[11].strip(),
                int(word[6]) * scale,
                (int(word[6]) + int(word[8])) * scale,
                int(word[7]) * scale,
                (int(word[7]) + int(word[9])) * scale,
                size,
            )
            for word in group
        ]
        yield as_line(row, block)
