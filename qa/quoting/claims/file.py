"""Read the quotes of a file of any format. This is the package's entry point."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import InputError, PartlyReadError
from qa.formats.encoding import encoding_of
from qa.formats.kinds import KINDS, kind_of
from qa.formats.source import Options, Source
from qa.formats.worker import Worker
from qa.quoting.claims.answers import is_transcript, of_json, of_transcript
from qa.quoting.claims.latex import plain_text
from qa.quoting.claims.pages import is_page, of_page
from qa.quoting.claims.prose import of_prose
from qa.quoting.claims.tables import is_table, of_table
from qa.quoting.claims.titles import in_note
from qa.quoting.claims.unread import never_read, unread_of_text
from qa.reading import read_file
from qa.schema import locator
from qa.text.display import visible

if TYPE_CHECKING:
    from pathlib import Path

    from qa.quoting.claims.claim import Claim

# Formats that are read as plain text. "" means a file of no known format. A web page is also read as text if
# it is UTF-8. Otherwise it is read as for indexing.
_TEXTS = ("", *(kind.name for kind in KINDS.values() if kind.as_text))
_LATEX = (".tex", ".latex")
_IN_NOTE = re.compile(r"\b(?:foot|end)note\b")
_REPORT = Options(as_report=True)


class Reading(NamedTuple):
    """The result of reading a file.

    Attributes:
        claims: the quotes of the file.
        passed_over: quotations of fewer than `LEAST_WORDS` words, and quotation marks without their partner.
        unread: the names of other content that was not read ("comments").
    """

    claims: list[Claim]
    passed_over: list[Claim]
    unread: tuple[str, ...]


def claims(path: Path) -> Reading:
    """Read the quotes of a file in order: of answers (JSON, JSON lines), CSV, HTML, Markdown, LaTeX or text.

    A file of any other format that Pullquote indexes is read as for indexing, in a separate process. There,
    block quotes are also recognised by the style or indent of word processors.

    Raises:
        InputError: the file cannot be read.
    """
    data = read_file(path)
    source = Source(str(path), path.name, data)
    kind, text = "", None
    refused = InputError(f"{path} is not UTF-8 text: export it as text, HTML or JSON lines")
    try:
        kind = kind_of(source)[0].name
    except InputError as error:
        refused = error
    try:
        text = data.decode(encoding_of(data)) if kind in ("html", *_TEXTS) else None
    except UnicodeDecodeError as error:
        if kind in _TEXTS:
            raise refused from error
    if text is not None and path.suffix.lower() in _LATEX:
        kind = "latex"
    return _of_documents(source) if text is None else _of_text(text, kind)


def claims_of_text(text: str) -> Reading:
    """Read the quotes of a text of any format, as `claims` does for a file."""
    return _of_text(text, "")


def _of_text(text: str, kind: str) -> Reading:
    claims, kind = _of_kind(text, kind)
    return _parted(claims, (*(never_read(kind) if kind == "json" else ()), *unread_of_text(text, kind)))


def of_text(text: str) -> list[Claim]:
    """Return the quotes of a text of any format."""
    return claims_of_text(text).claims


def _parted(claims: list[Claim], unread: tuple[str, ...]) -> Reading:
    read = [claim for claim in claims if _is_read(claim)]
    return Reading(read, [claim for claim in claims if not _is_read(claim)], unread)


def _is_read(claim: Claim) -> bool:
    return not (claim.short or claim.unpaired)


def _of_documents(source: Source) -> Reading:
    """Read the quotes of the documents in a file, each with its place in the words of a citation.

    Raises:
        InputError: a document is refused.
    """
    claims: list[Claim] = []
    unread: list[str] = []
    with Worker() as worker:
        for document in worker.read(source, _REPORT):
            if isinstance(document, PartlyReadError):
                unread.append(str(document))
                continue
            if isinstance(document, InputError):
                raise document
            unread += [*never_read(document.format), *document.unread]
            line_at = [0, *(match.end() for match in re.finditer("\n", document.text))]
            for claim in all_of_text(document.text):
                at = line_at[min(claim.line, len(line_at)) - 1]
                where = locator(document, at, at + 1) if document.text else ""
                noted = bool(_IN_NOTE.search(where))
                titled = noted and claim.text and not claim.citation
                shape = "note" if noted else claim.shape
                parts = (visible(document.id.lstrip("/#")), where)
                claim = replace(claim, where=", ".join(filter(None, parts)), shape=shape)
                claims.append(in_note(claim) if titled else claim)
    return _parted(claims, tuple(dict.fromkeys(unread)))


def all_of_text(text: str, kind: str = "") -> list[Claim]:
    """Return the claims of a text of the format `kind`, including short quotations and unpaired marks.

    Without a `kind`, the format is detected.
    """
    return _of_kind(text, kind)[0]


def _of_kind(text: str, kind: str) -> tuple[list[Claim], str]:
    """Return the claims of a text, and the format as which the text was read."""
    if kind != "latex" and text.lstrip()[:1] in ("{", "[") and (claims := of_json(text)) is not None:
        return claims, "json"
    if kind == "html" or (kind != "latex" and is_page(text)):
        return list(of_page(text)), "html"
    if kind == "csv" or is_table(text):
        return list(of_table(text)), "csv"
    text = (plain_text(text) if kind == "latex" else text).replace("\r\n", "\n")
    if is_transcript(text):
        return of_transcript(text), kind
    return list(of_prose(text, is_markdown=kind == "markdown")), kind
