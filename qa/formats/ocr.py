"""Pictures of pages to words, by Tesseract, a program of its own (https://github.com/tesseract-ocr/tesseract)."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import InputError
from qa.formats import tesseract
from qa.formats.layout import Line, Word, as_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from qa.formats.source import Source

# How sure Tesseract says to be of letters, from 0 to 100: 96 of clean type, and 30 where it is upside down.
LEGIBLE = 40
SURE = 65
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


def program() -> tuple[str, int]:
    """Return where Tesseract is on the PATH and when it was last changed; "" and 0 where there is none."""
    found = shutil.which("tesseract") or ""
    try:
        return found, Path(found).stat().st_mtime_ns if found else 0
    except OSError:  # taken away just now
        return "", 0


def version(name: str) -> str:
    """Return "Tesseract 5.5.0", or "" where none is on the PATH.

    Raises:
        InputError: naming `name`, for which it is asked, when Tesseract fails.
    """
    if shutil.which("tesseract") is None:
        return ""
    first = _of(name, tesseract.version).splitlines()[:1]
    return f"Tesseract {''.join(first).removeprefix('tesseract').strip()}"


def languages(name: str) -> frozenset[str]:
    """Return the languages that Tesseract has data for, as it names them ("eng", "chi_sim").

    Raises:
        InputError: naming `name`, for which they are asked, when Tesseract fails.
    """
    return frozenset(_of(name, tesseract.languages).splitlines()[1:]) - _NO_LANGUAGES


def model_for(language: str, installed: frozenset[str]) -> str:
    """Name Tesseract's data for a language ("ko-KR"), with English where that is unknown or not installed."""
    wanted = _LANGUAGES.get(re.split("[-_]", language.lower())[0], "")
    return "+".join(name for name in dict.fromkeys((wanted, "eng")) if name in installed)


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of a picture, in the order that Tesseract gives them; how `sure` it is, from 0 to 100.

    Words that stand `on_end` run from the bottom to the top, or the other way.
    """

    lines: list[Line]
    sure: float
    on_end: bool = False


def read_picture(grey: NDArray[np.uint8], points_a_pixel: float, model: str, source: Source) -> Reading:
    """Read a page's picture, `uint8 [height, width]`; where that makes no sense, turned as it makes the most.

    Turned by what Tesseract is sure of, and not by its own judgment of which way up a page is: for that it
    needs data that may be missing, and more words than a page may have.

    Raises:
        InputError: naming the source, when Tesseract fails or takes longer than it may.
    """
    best = Reading([], 0.0)
    for quarters in (0, 1, 3, 2):
        source.more_time(tesseract.SECONDS)
        reading = _read(np.ascontiguousarray(np.rot90(grey, quarters)), points_a_pixel, model, source.name)
        best = max(best, reading, key=lambda each: each.sure * (not each.on_end))
        if best.sure >= SURE and not best.on_end:
            break
    return best


def _read(grey: NDArray[np.uint8], points_a_pixel: float, model: str, name: str) -> Reading:
    height, width = grey.shape
    picture = b"P5 %d %d 255\n" % (width, height) + grey.tobytes()
    dpi = round(72 / points_a_pixel)
    return _reading(_of(name, lambda: tesseract.read(picture, dpi, model)), points_a_pixel)


def _of(name: str, run: Callable[[], str]) -> str:
    """Return what Tesseract says; where it fails, name the source for which it ran."""
    try:
        return run()
    except TimeoutError:
        raise InputError(
            f"{name}: Tesseract took longer than {tesseract.SECONDS:.0f} s for a page. "
            "Read it by another program."
        ) from None
    except tesseract.TesseractError as error:
        raise InputError(
            f"{name}: Tesseract failed ({str(error)[:200]}). "
            "See whether `tesseract --list-langs` works, or index it without OCR."
        ) from None


def _reading(tsv: str, scale: float) -> Reading:
    """Read its table: level, page, block, paragraph, line, word; left, top, width, height; sureness, text."""
    rows = [row.split("\t") for row in tsv.splitlines()[1:]]
    words = [row for row in rows if len(row) == 12 and row[0] == "5" and row[11].strip()]
    if not words:
        return Reading([], 0.0)
    letters = [len(row[11].strip()) for row in words]
    sure = sum(float(row[10]) * count for row, count in zip(words, letters, strict=True)) / sum(letters)
    tall = [int(row[9]) > int(row[8]) for row, count in zip(words, letters, strict=True) if count > 3]
    return Reading(list(_in_columns(list(_lines(words, scale)))), sure, sum(tall) > 0.5 * len(tall))


def _lines(words: Sequence[Sequence[str]], scale: float) -> Iterator[Line]:
    """Yield a line for each of Tesseract's, with its block as its column."""
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


def _in_columns(lines: Sequence[Line]) -> Iterator[Line]:
    """Number columns anew: blocks below each other are of one, with others beside all of them or none.

    Tesseract parts blocks where there is some space between lines.
    """
    blocks = [_Box(list(group)) for _, group in groupby(lines, key=lambda line: line.column)]
    column = 1
    for at, block in enumerate(blocks):
        above = blocks[at - 1] if at else block
        together = above.is_over(block) and above.has_beside(blocks) == block.has_beside(blocks)
        column += at > 0 and not together
        yield from (replace(line, column=column) for line in block.lines)


class _Box:
    """The lines of a block, and the edges around them."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.left, self.right = min(line.left for line in lines), max(line.right for line in lines)
        self.top, self.bottom = min(line.top for line in lines), max(line.bottom for line in lines)

    def is_over(self, other: _Box) -> bool:
        """Whether the other stands below."""
        return self.bottom <= other.top and self.left < other.right and other.left < self.right

    def has_beside(self, others: Sequence[_Box]) -> bool:
        """Whether one of the others stands to its left or its right."""
        return any(
            self.top < other.bottom
            and other.top < self.bottom
            and (other.right <= self.left or self.right <= other.left)
            for other in others
        )
