"""Compare the words that Pullquote and pdftotext read from PDFs.

usage: python -m benchmarks.pdf_words FOLDER [--samples N]

FOLDER has PDFs, at any depth. Both texts become multisets of words after NFKC. Words that a hyphen breaks at
a line end are joined. Other hyphens and raised marks are removed. Prints for each PDF, and for all:

- words: the number of words that pdftotext reads.
- glued: the number of our words that are several neighbouring words of pdftotext.
- marks: the number of our words that are a word and its marks, or letters and digits of a formula, in
pdftotext.
- split: the number of words of pdftotext that are several neighbouring words of ours.
- ours, theirs: the number of other words that only Pullquote or only pdftotext reads. Running heads do not
count,
  because Pullquote leaves them out.

pdftotext comes with poppler-utils (Debian) or poppler (Homebrew).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.kinds import read_source
from qa.formats.layout import as_line
from qa.formats.pdf import characters_of, open_pdf, rows_of
from qa.formats.source import Options, Source
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("glued", "marks", "split", "ours", "theirs")
# Ends of our lines that have no space behind them.
_BROKEN = re.compile(r"(?<=\w)[-\u2010\xad]\n(?=\w)|(?<=\S[-–—/])\n(?=\S)")
_HYPHENS = re.compile("[-\u2010\u2011\xad]")
_ACCENT = re.compile(
    "(?<=[\u0300-\u036f]) (?=\\S)"
)  # pdftotext ends a word at an accent that is a separate glyph
_WORD = re.compile(r"[^\W_]{2}|^[aAI]$")
_MOST_PARTS = 6  # maximum number of parts of a glued word
_RAISED = re.compile("[⁰¹²³⁴-⁹]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between the words of two readings of a PDF.

    Attributes:
        words: the number of words that pdftotext reads.
        glued: our words that are several words of pdftotext.
        marks: our words that are a word and marks, or single letters and digits, in pdftotext.
        split: words of pdftotext that are several words of ours.
        ours, theirs: other words that only one reading has.
    """

    words: int
    glued: Counter[str]
    marks: Counter[str]
    split: Counter[str]
    ours: Counter[str]
    theirs: Counter[str]


def main() -> None:
    """Compare the PDFs of a folder, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=0, metavar="N", help="show N words of each kind")
    arguments = parser.parse_args()
    if not shutil.which("pdftotext"):
        sys.exit(
            "pdftotext is missing. Install poppler-utils (Debian) or poppler (Homebrew), and run this again."
        )
    pdfs: list[Difference] = []
    for path in sorted(arguments.folder.rglob("*.pdf")):
        try:
            pdfs.append(compare(path))
        except InputError as error:
            print(f"not compared: {error}")
            continue
        print(f"{_figures(pdfs[-1])}  {path.name}")
        for kind in KINDS:
            shown = [word for word, _ in getattr(pdfs[-1], kind).most_common(arguments.samples)]
            if shown:
                print(f"    {kind}: {' · '.join(shown)}")
    if not pdfs:
        sys.exit(f"{arguments.folder} has no PDFs that can be compared.")
    print(f"{_figures(*pdfs)}  {len(pdfs)} PDFs")
    words = sum(pdf.words for pdf in pdfs)
    print(f"glued: {10_000 * sum(pdf.glued.total() for pdf in pdfs) / max(1, words):,.2f} of 10,000 words")


def _figures(*differences: Difference) -> str:
    counts = [sum(difference.words for difference in differences)]
    counts += [sum(getattr(difference, kind).total() for difference in differences) for kind in KINDS]
    return "  ".join(f"{name} {count:>7,}" for name, count in zip(("words", *KINDS), counts, strict=True))


def compare(path: Path) -> Difference:
    """Return the differences between our words of a PDF and the words of pdftotext.

    Raises:
        InputError: Pullquote or pdftotext cannot read the PDF.
    """
    source = Source(path.name, path.name, path.read_bytes())
    document = next(item for item in read_source(source, Options(ocr=False)) if isinstance(item, Document))
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise InputError(f"pdftotext cannot read {path}: {done.stderr.decode(errors='replace')[:200]}")
    on_pages = Counter(words_of(lines_of(source)))
    theirs = _ACCENT.sub("", done.stdout.decode("utf-8", "replace"))
    return difference(document.text, theirs, on_pages)


def lines_of(source: Source) -> str:
    """Return all lines of a PDF, with running heads."""
    with open_pdf(source) as pdf:
        pages = [page.get_textpage() for page in pdf]
        rows = (row for page in pages for row in rows_of(page, characters_of(page)))
        return "\n".join(as_line(row, column).text for _, column, row in rows)


def words_of(text: str) -> list[str]:
    """Return the words of a text in the form that is compared."""
    text = _RAISED.sub("", _BROKEN.sub("", text))
    text = _HYPHENS.sub("", unicodedata.normalize("NFKC", text))
    return text.split()


def difference(ours: str, theirs: str, on_pages: Counter[str]) -> Difference:
    """Return the differences between two texts. `on_pages` has our words with the running heads."""
    our_words, their_words = words_of(ours), words_of(theirs)
    only_ours, only_theirs = Counter(our_words), Counter(their_words)
    only_ours, only_theirs = only_ours - only_theirs, only_theirs - only_ours
    together = _compounds(only_ours, their_words)
    apart = _compounds(only_theirs, our_words)
    glued = Counter(word for word, parts in together if _are_words(parts))
    marks = Counter(word for word, parts in together if not _are_words(parts))
    return Difference(
        len(their_words),
        glued,
        marks,
        Counter(word for word, _ in apart),
        only_ours - glued - marks - Counter(part for _, parts in apart for part in parts),
        only_theirs
        - Counter(word for word, _ in apart)
        - Counter(part for _, parts in together for part in parts)
        - (on_pages - Counter(our_words)),
    )


def _are_words(parts: Sequence[str]) -> bool:
    """Return whether at least two parts are words, instead of marks or letters of a formula."""
    return sum(bool(_WORD.search(part)) for part in parts) > 1


def _compounds(words: Counter[str], others: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """Return the words that are several neighbouring other words, with their parts."""
    left = Counter(words)
    compounds: list[tuple[str, Sequence[str]]] = []
    for first, joined in enumerate(others):
        for last in range(first + 1, min(first + _MOST_PARTS, len(others))):
            joined += others[last]
            if left[joined] > 0:
                left[joined] -= 1
                compounds.append((joined, others[first : last + 1]))
    return compounds


if __name__ == "__main__":
    main()
