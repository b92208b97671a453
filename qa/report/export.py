"""Export a dossier as a file in any of the formats. The file is checked before it is returned."""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
import zipfile
from itertools import chain
from typing import TYPE_CHECKING, get_args

from embeddings.models import DEEP_READER, DEEP_READER_SHA256, READER, READER_SHA256
from qa import __version__
from qa.errors import VerbatimError
from qa.quoting.bibliography.pandoc import run_pandoc
from qa.quoting.bibliography.styles import Rendered, open_style, rendered
from qa.quoting.cite import with_lines_joined
from qa.report.contents import cited, shown
from qa.report.pdf import choose_fonts, typeset
from qa.report.read_back import contains
from qa.report.tree import Facts, Format, characters, tree
from qa.text.display import visible

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.report.contents import Shown
    from qa.schema import DossierInfo

FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
}
# Options of pandoc by format. The extension "smart" is off, so straight quotes, dashes and dots stay
# unchanged.
_WRITERS: dict[Format, tuple[str, ...]] = {
    "docx": ("--to=docx", "--standalone"),
    "odt": ("--to=odt", "--standalone"),
    "pdf": ("--to=typst-smart",),
    "html": ("--to=html5-smart",),
    "md": ("--to=commonmark-smart-raw_html+footnotes",),
    "tex": ("--to=latex-smart", "--standalone"),
}
_RESTARTS = re.compile(rb"<w:numRestart [^<>]*/>")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="Pullquote dossier {version}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.55 Georgia, "DejaVu Serif", "Noto Serif CJK SC", serif; color: #1d1d1f; background: #fff;
  max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; overflow-wrap: break-word; }}
h1, h2, h3 {{ line-height: 1.25; }}
blockquote {{ margin: 1.5rem 0; padding-left: 1.1rem; border-left: 3px solid #9db2c7; }}
.quote {{ white-space: pre-wrap; }}
.quote br {{ display: none; }}
.note {{ margin: 1.5rem 0; padding: .1rem 1rem; background: #f5f1e6; }}
.footnotes {{ font-size: .9rem; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def export(
    corpus: Corpus, info: DossierInfo, form: Format, style: str = "chicago", *, files: bool = True
) -> bytes:
    """Return a dossier as a file. Each quote is read and hashed again, and then searched for in the file.

    `style` is one of `styles.STYLES`, a name of citationstyles.org, or, with `files`, a `.csl` file.

    Raises:
        ExportError: the file cannot be written, for example because no font has a character of a PDF.
        InputError: there is no such style, or the file is not a style.
        MissingExtraError: the packages of the extra `report` are not installed.
        VerbatimError: the file does not contain a quote word for word.
    """
    entries = shown(corpus.desk.dossiers.entries(info.id), corpus.store)
    opened = open_style(style, files=files)
    items, citations = cited(entries)
    rendered_citations = rendered(items, citations, opened) if citations else Rendered((), ())
    stats = corpus.store.stats()
    facts = Facts(
        info.name,
        dt.datetime.now().astimezone(),
        __version__,
        corpus.store.generation,
        stats.encoder,
        {READER: READER_SHA256, DEEP_READER: DEEP_READER_SHA256},
        opened.name,
    )
    written = _written(tree(entries, rendered_citations, facts, form), facts, form)
    _check(entries, written, form)
    return written


def _written(document: dict[str, object], facts: Facts, form: Format) -> bytes:
    """Return a dossier, given in pandoc's JSON, as a file."""
    title = visible(facts.name)
    # This comes before all slow work, because it refuses characters that no font has.
    families = choose_fonts({*title, *chain(*characters(document))}) if form == "pdf" else []
    arguments = ("--from=json", "--wrap=none", *_WRITERS[form], "--output=-")
    data = run_pandoc(arguments, json.dumps(document).encode())
    if form == "html":
        return _PAGE.format(version=__version__, title=html.escape(title), body=data.decode()).encode()
    if form == "docx":
        return _numbered_through(data)
    if form == "pdf":
        return typeset(data.decode(), title, families, facts.made)
    return data


def _numbered_through(data: bytes) -> bytes:
    """Return a Word file with footnotes numbered continuously across headings, also in LibreOffice."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename in ("word/document.xml", "word/settings.xml"):
                content = _RESTARTS.sub(b"", content)
            made.writestr(entry, content)
    return out.getvalue()


def _check(entries: tuple[Shown, ...], written: bytes, form: Format) -> None:
    quotes = [entry.quote for entry in entries if entry.quote]
    for number, is_contained in enumerate(
        contains([with_lines_joined(quote) for quote in quotes], written, form), 1
    ):
        if not is_contained:
            raise VerbatimError(
                f"quote {number} is not word for word in the {form} file, so nothing was written: "
                "please report this"
            )
