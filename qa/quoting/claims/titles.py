"""Find the quotations that may be titles of documents or works, by their places in a text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.quoting.claims.citations import LABEL
from qa.quoting.references import NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.quoting.claims.claim import Claim

# The text of a link, which may be a document's title.
_LINK_TEXT = re.compile(r"(?<!!)\[[^\[\]\n]{1,400}\](?=\(|\[\w)")
_LIST_HEADING = re.compile(
    r"(?im)^#{0,6}[ \t]*\**(?:references?|bibliography|sources?|(?:foot|end)?notes|works cited|literature"
    r"|further reading|quellen|literatur|참고\s?문헌|출처|参考文献|參考文獻)\**:?[ \t]*$"
)
_SAYS = re.compile(
    r"\b(?:sa(?:id|ys)|told|writes?|wrote|stat(?:es|ed)|report(?:s|ed)|not(?:es|ed)|claim(?:s|ed)"
    r"|according to|quot(?:es|ed|ing)|that)\b"
)
# Small words between authors' names.
_JOINING = frozenset("al also and by cf de der di du ed eds et ff in la le s see the und van von y".split())
# The words after the title of a work in a list of references: where and when the work appeared.
_APPEARED = re.compile(
    r"\b(?:1[5-9]|20)[0-9]{2}\b|https?://|\bpp?\. ?[0-9]|\b(?:[Nn]o|[Vv]ol|Nr)\. ?[0-9]|\baccessed\b"
    r"|^[\s,.;(]*(?:in:? )?[*_]?[A-Z][\w&.’'-]*+(?: (?:of|the|and|for|de|der|la|&|[A-Z][\w&.’'-]*+))*"
    r"[*_]?[\s.,;)]*$"
)
# Verbs that show a sentence. Titles in capitals may have them, too.
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|must|did|does|do|said|says|been|went|came|took|made|gave"
    r"|became|began|sold|told|found|left|lost|paid|sent|fell|rose|burned|killed|closed|opened|died|[a-z]{3,}ed)\b"
)
# Minimum share, 0 to 1, of the long words that have a capital in a title.
_CAPITALS = 0.6


def title_places(text: str, headings: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges that may name documents without quoting them: headings and texts of links."""
    yield from headings
    yield from (match.span() for match in _LINK_TEXT.finditer(text))


def note_places(text: str, headings: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of footnotes, and of lists of references up to the next heading."""
    yield from (match.span() for match in NOTE.finditer(text) if not match["number"])
    starts = iter([*(start for start, _ in headings), len(text)])
    end = 0
    for heading in _LIST_HEADING.finditer(text):
        if heading.start() >= end:
            end = next(start for start in starts if start >= heading.end())
            yield heading.end(), end


def in_note(claim: Claim) -> Claim:
    """Return the claim as a claim in a note, which may be the title of a document or of a work."""
    work = cites_work(claim.text or "", claim.before, claim.after)
    return replace(claim, maybe_title=True, maybe_work=work, shape="note")


def cites_work(words: str, before: str, after: str) -> bool:
    """Return whether a quotation in a note or list of references is the title of a work.

    Such a title stands between the author and the place or year of publication.
    """
    if _is_sentence(words):
        return False
    names = re.findall(r"[^\W\d_][\w’'-]*", before)
    # Words after “Interview, Hamhung:” are a quote of what somebody said.
    if before.rstrip().endswith(":") and re.search(r"[^\W\d_]", LABEL.sub(" ", before)):
        return False
    authors = all(name[0].isupper() or not name[0].islower() or name in _JOINING for name in names)
    return authors and not _SAYS.search(f"{before} … {after}") and bool(_APPEARED.search(after))


def _is_sentence(words: str) -> bool:
    """Return whether words are a sentence, not a title.

    A sentence begins in lower case, or has a verb and few capitals.
    """
    long = re.findall(r"[^\W\d_]{4,}", words)
    capitals = sum(word[0].isupper() for word in long)
    return words[:1].islower() or (capitals < _CAPITALS * len(long) and bool(_PREDICATE.search(words)))
