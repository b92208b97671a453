"""Reads pictures of pages with the program Tesseract (https://github.com/tesseract-ocr/tesseract)."""

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

# Tesseract's confidence in a page's letters, 0 to 100. Clean type has 96, upside-down type 30. A page below
# LEGIBLE is not read. A page below SURE gets a note, and is also read turned.
LEGIBLE = 40
SURE = 65
WHERE_FROM = (
    "Debian, Ubuntu: apt install tesseract-ocr; macOS: brew install tesseract; Windows:"
    " winget install UB-Mannheim.TesseractOCR"
)
INSTALL = f"Install Tesseract ({WHERE_FROM}) and index it again"
_NO_LANGUAGES = frozenset({"osd", "equ"})  # data for the orientation of pages, and for formulas
_LANGUAGES = {
    "ar": "ara", "cs": "ces", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "ja": "jpn",
    "ko": "kor", "nl": "nld", "pl": "pol", "pt": "por", "ru": "rus", "uk": "ukr", "vi": "vie",
    "zh": "chi_sim",
}  # fmt: skip


def program() -> tuple[str, int]:
    """Return Tesseract's path and the time of its last change (ns), or "" and 0 if it is not on the PATH."""
    path = shutil.which("tesseract") or ""
    try:
        return path, Path(path).stat().st_mtime_ns if path else 0
    except OSError:  # deleted just now
        return "", 0


def version(name: str) -> str:
    """Return name and version, such as "Tesseract 5.5.0", or "" if Tesseract is not on the PATH.

    Raises:
        InputError: naming `name`, the source that needs OCR, if Tesseract fails.
    """
    if shutil.which("tesseract") is None:
        return ""
    first = _output_of(name, tesseract.version).splitlines()[:1]
    return f"Tesseract {''.join(first).removeprefix('tesseract').strip()}"


def languages(name: str) -> frozenset[str]:
    """Return the languages that Tesseract has data for, by Tesseract's names ("eng", "chi_sim").

    Raises:
        InputError: naming `name`, the source that needs OCR, if Tesseract fails.
    """
    return frozenset(_output_of(name, tesseract.languages).splitlines()[1:]) - _NO_LANGUAGES


def model_for(language: str, installed: frozenset[str]) -> str:
    """Return the names of Tesseract's data for a language ("ko-KR") and for English, such as "kor+eng".

    Data that is not installed is left out.
    """
    wanted = _LANGUAGES.get(re.split("[-_]", language.lower())[0], "")
    return "+".join(name for name in dict.fromkeys((wanted, "eng")) if name in installed)


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of a picture.

    Attributes:
        lines: the lines, in Tesseract's order.
        sure: Tesseract's confidence in the letters, 0 to 100.
        on_end: whether most of the words run from the bottom to the top, or from the top to the bottom.
    """

    lines: list[Line]
    sure: float
    on_end: bool = False


def read_picture(grey: NDArray[np.uint8], points_a_pixel: float, model: str, source: Source) -> Reading:
    """Read a page's picture, `uint8 [height, width]`. If its words make no sense, read it turned as well.

    Return the reading with the highest confidence. Tesseract could detect the orientation of a page itself,
    but it needs data that may be missing, and more words than a page may have.

    Raises:
        InputError: naming the source, if Tesseract fails or takes too long.
    """
    best = Reading([], 0.0)
    for quarters in (0, 1, 3, 2):
        source.more_time(tesseract.SECONDS)
        reading = _read(np.ascontiguousarray(np.rot90(grey, quarters)), points_a_pixel, model, source.name)
        best = max(best, reading, key=lambda candidate: candidate.sure * (not candidate.on_end))
        if best.sure >= SURE and not best.on_end:
            break
    return best


def _read(grey: NDArray[np.uint8], points_a_pixel: float, model: str, name: str) -> Reading:
    height, width = grey.shape
    picture = b"P5 %d %d 255\n" % (width, height) + grey.tobytes()
    dpi = round(72 / points_a_pixel)
    return _reading(_output_of(name, lambda: tesseract.read(picture, dpi, model)), points_a_pixel)


def _output_of(name: str, run: Callable[[], str]) -> str:
    """Return the output of Tesseract, or raise an InputError that names the source."""
    try:
        return run()
    except TimeoutError:
        raise InputError(
            f"{name}: Tesseract took longer than {tesseract.SECONDS:.0f} s for a page. Read "
            "the file with another OCR program."
        ) from None
    except tesseract.TesseractError as error:
        raise InputError(
            f"{name}: Tesseract failed ({str(error)[:200]}). "
            "Check that `tesseract --list-langs` works, or index the file without OCR."
        ) from None


def _reading(tsv: str, scale: float) -> Reading:
    """Read Tesseract's table.

    Its columns are level, page, block, paragraph, line, word, left, top, width, height, confidence and text.
    """
    rows = [row.split("\t") for row in tsv.splitlines()[1:]]
    words = [row for row in rows if len(row) == 12 and row[0] == "5" and row[11].strip()]
    if not words:
        return Reading([], 0.0)
    letters = [len(row[11].strip()) for row in words]
    sure = sum(float(row[10]) * count for row, count in zip(words, letters, strict=True)) / sum(letters)
    tall = [int(row[9]) > int(row[8]) for row, count in zip(words, letters, strict=True) if count > 3]
    return Reading(list(_in_columns(list(_lines(words, scale)))), sure, sum(tall) > 0.5 * len(tall))


def _lines(words: Sequence[Sequence[str]], scale: float) -> Iterator[Line]:
    """Yield Tesseract's lines, each with the number of its block as its column."""
    # The height of a line depends on its letters, so one size is used for the whole page.
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
    """Number the columns again: a block that is below the last block belongs to the same column.

    Also, both blocks must have other blocks to their left or right, or both must have none. Tesseract itself
    begins a block wherever there is some space between lines.
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
        """Return whether the other box is below this box, and overlaps it in width."""
        return self.bottom <= other.top and self.left < other.right and other.left < self.right

    def has_beside(self, others: Sequence[_Box]) -> bool:
        """Return whether another box is to the left or to the right of this box."""
        return any(
            self.top < other.bottom
            and other.top < self.bottom
            and (other.right <= self.left or self.right <= other.left)
            for other in others
        )
