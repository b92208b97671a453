"""Read the claims of tables (CSV): quotes in columns of quotes, and running text in other columns."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from qa.quoting.claims.claim import Claim
from qa.quoting.claims.marks import without_marks
from qa.quoting.claims.prose import of_prose
from qa.quoting.references import is_source_column
from qa.text.cells import from_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# Columns that are not read: questions and rejected quotes.
_NOT_READ = ("question", "history", "rejected")


def is_table(text: str) -> bool:
    """Return whether a text begins with the header of a table of test queries."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return {"question", "quote"} <= {*re.split(r"\W+", first.lower())}


def of_table(text: str) -> Iterator[Claim]:
    """Yield the claims of a table's cells, each with the cells of its row that name its source."""
    separator = _SEPARATOR.match(text)
    rest = text[separator.end() :] if separator else text
    head = rest.lstrip("\r\n").partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = csv.reader(
        io.StringIO(rest, newline=""),
        delimiter=separator[1] if separator else max(_DELIMITERS, key=head.count),
    )
    names: list[str] = []
    begins = 1 + bool(separator)
    for row in rows:
        line, begins = begins, rows.line_num + 1 + bool(separator)
        if not names:
            names = [name.strip().lower() for name in row]
            continue
        cells = list(zip_longest(names, row, fillvalue=""))
        document = next((cell for name, cell in cells if name == "document"), "")
        sources = () if document else tuple(from_cell(c) for name, c in cells if c and is_source_column(name))
        for name, written in cells:
            cell = from_cell(written)
            if "quot" in name:
                for part in cell.splitlines() if name == "quotes" else [cell]:
                    if words := without_marks(part):
                        yield Claim(words, line, document=document, references=sources, shape="table cell")
            elif name not in _NOT_READ:
                for claim in of_prose(cell):
                    references = (*claim.references, *sources)
                    yield replace(
                        claim, line=line + claim.line - 1, references=references, shape="table cell"
                    )
