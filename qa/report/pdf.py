"""Make a report's PDF with Typst, from the Typst markup that pandoc writes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import ExportError, MissingExtraError
from qa.report import typesetting
from qa.report.fonts import Face, families_for, folders

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

SECONDS = 120.0
# The PDF must not change the characters of quotes, so it has no hyphenation, no ligatures and no smart
# quotes. A quote stays on one page, because otherwise a footnote would stand between its parts.
_PREAMBLE = """
#set document(title: {title}, author: ())
#set page(paper: "a4", margin: (x: 2.6cm, y: 2.4cm), numbering: "1")
#set text(
  font: {fonts}, size: 10.5pt, lang: "en", fallback: false, hyphenate: false, ligatures: false,
  discretionary-ligatures: false, historical-ligatures: false, alternates: false,
)
#set par(justify: false, leading: 0.68em, spacing: 1.1em)
#set smartquote(enabled: false)
#set footnote.entry(gap: 0.7em)
#show quote.where(block: true): set block(breakable: false, above: 1.3em, below: 1.3em)
#show heading: set block(above: 1.6em, below: 0.9em)
#show heading: set text(weight: "bold")
#show heading.where(level: 1): set text(size: 16pt)
#show heading.where(level: 2): set text(size: 13pt)
#show heading.where(level: 3): set text(size: 11pt)
#let horizontalrule = line(length: 100%)
#let blockquote(body) = quote(block: true, body)

"""


def choose_fonts(characters: Iterable[str]) -> list[str]:
    """Return the font families that have all of these characters, and the characters that `typeset` adds.

    Raises:
        ExportError: no font has one of the characters.
        MissingExtraError: Typst is not installed.
    """
    faces = [
        Face(family, Path(path), index, is_regular)
        for family, path, index, is_regular in json.loads(_run({"fonts": True, "folders": _folders()}))
    ]
    return families_for({*characters, *"0123456789–…"}, faces)


def typeset(body: str, title: str, families: Iterable[str], made: dt.datetime) -> bytes:
    """Return the PDF of a text in Typst's markup, in fonts of these families.

    Raises:
        ExportError: Typst refuses the text, or takes too long.
        MissingExtraError: Typst is not installed.
    """
    listed = f"({', '.join(map(_string, families))},)"
    source = _PREAMBLE.format(title=_string(title), fonts=listed) + body
    return _run({"source": source, "folders": _folders(), "made": int(made.timestamp())})


def _folders() -> list[str]:
    return [str(folder) for folder in folders()]


def _string(text: str) -> str:
    """Return a text as a string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _run(task: dict[str, Any]) -> bytes:
    """Return the PDF that Typst sets, in a process of its own."""
    if find_spec("typst") is None:
        raise MissingExtraError(
            "writing a PDF needs typst, which is not installed: install it with pip install "
            "'pullquote[report]' "
            "or make install, or export as docx, odt or html"
        )
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            # -P prevents the import of modules from the current folder.
            [sys.executable, "-P", typesetting.__file__],
            input=json.dumps(task).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"the PDF took longer than {SECONDS:g} seconds and was stopped: export fewer quotes"
        ) from None
    if done.returncode:
        message = " ".join(done.stderr.decode("utf-8", "replace").split())[-500:]
        raise ExportError(f"Typst cannot set the PDF: {message}")
    return done.stdout
