"""Read the claims of this program's answers, as JSON or as `pullquote ask` prints them."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qa.quoting.claims.citations import first_title
from qa.quoting.claims.claim import LEAST_WORDS, Claim, wrong_range
from qa.quoting.claims.prose import of_prose
from qa.schema import CitationId
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERED = re.compile(r"\[[0-9]+\] “")
# The beginnings of the lines below the quotes, now and in earlier versions of Pullquote.
_CLOSES = tuple(
    f"Confidence that {words} the answer: " for words in ("the documents searched state", "the corpus states")
)
# The beginnings of lines that continue a part of an answer. Other lines after the part are not from the
# answer.
_GO_ON = {
    "citation": ("  ", "Also in: "),
    "closing": ("Confidence that ", "Searched ", "Parts: ", "Shown: ", "Note: ", "Different ", "  "),
}


def of_json(text: str) -> list[Claim] | None:
    """Return the claims of one JSON value or of JSON lines, or None if the text is neither."""
    for parts in ([text], text.split("\n")):
        with suppress(ValueError, RecursionError):  # brackets may be nested very deeply
            values = [(line, json.loads(part)) for line, part in enumerate(parts, 1) if part.strip()]
            return [claim for line, value in values for claim in _of_value(value, line)]
    return None


def _of_value(value: object, line: int) -> Iterator[Claim]:
    """Yield the quotes in a value at any depth: quotes of answers, and the `quotes` of test queries."""
    if isinstance(value, list):
        for item in value:
            yield from _of_value(item, line)
    elif isinstance(value, dict):
        if isinstance(value.get("sha256"), str) and isinstance(value.get("text"), str) and "start" in value:
            yield _of_quote(value, line)
            return
        for name, item in value.items():
            if name == "quotes" and isinstance(item, list) and all(isinstance(one, str) for one in item):
                document = value.get("document")
                named_document = document if isinstance(document, str) else ""
                yield from (Claim(one, line, document=named_document, exact=True) for one in item)
            else:
                yield from _of_value(item, line)


def _of_quote(quote: dict[str, Any], line: int) -> Claim:
    citation = quote.get("citation")
    title = citation.get("title", "") if isinstance(citation, dict) else ""
    start, end = quote["start"], quote.get("end")
    if type(start) is int and type(end) is int:
        citation_id = CitationId(quote["sha256"], start, end)
        wrong = wrong_range(citation_id)
    else:
        citation_id, wrong = None, f"start {start!r} and end {end!r} are not both whole numbers"
    return Claim(quote["text"], line, citation_id, str(quote.get("document", "")), str(title), True, wrong)


def is_transcript(text: str) -> bool:
    """Return whether a text contains an answer as `pullquote ask` prints it."""
    return bool(re.search(r"(?m)^Question: ", text) and re.search(r"(?m)^(?:  )?\[[0-9]+\] “", text))


def of_transcript(text: str) -> list[Claim]:
    """Return the claims of printed answers, and of the text around them.

    All words above a numbered citation are its quote. In a terminal, answers are indented and their lines are
    wrapped. The text around the answers is running text: the report into which they were pasted.
    """
    claims: list[Claim] = []
    around = text.split("\n")
    lines = [line.removeprefix("  ").rstrip() for line in around]
    begin: int | None = None
    part = ""  # the part of an answer that the line belongs to, up to the next empty line
    for at, line in enumerate(lines):
        if line.startswith("Question: "):
            part, begin = "opening", None
        elif begin is not None and line.startswith(_CLOSES):
            part, begin = "closing", None
        elif begin is not None and _NUMBERED.match(line):
            if (
                lines[begin].startswith("== ") and "" in lines[begin:at]
            ):  # the document's title, which stays running text
                begin = lines.index("", begin, at) + 1
            around[begin : at + 1] = [""] * (at + 1 - begin)
            begin += 2 * (lines[begin : begin + 2] == ["[…]", ""])
            title = first_title(line)
            claims.append(Claim("\n".join(lines[begin:at]), begin + 1, title=title, shape="answer"))
            if measure(title) >= LEAST_WORDS:
                claims.append(Claim(title, at + 1, maybe_title=True))
            part, begin = "citation", None
        elif not line:
            begin = begin if part in ("", "closing") else at + 1
            part = ""
        if part == "opening" or around[at].startswith(_GO_ON.get(part, ())):
            around[at] = ""
    return sorted([*claims, *of_prose("\n".join(around))], key=lambda claim: claim.line)
