"""Find citations in running text: links to quotes, and the citation lines that this program writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.quoting.claims.claim import CITATION_ID
from qa.quoting.claims.marks import CLOSING, MOST_CHARACTERS, STRAIGHT, Ends, Quotation

if TYPE_CHECKING:
    from collections.abc import Iterator

# The beginning of a citation. Later quotation marks in a citation are around names of sections.
_CITES = re.compile(r"(?:\[[0-9]+\] )?(?:[—–-] ?)?(?=“)")
CITATION_LINE = re.compile(r"[ \t]*(?:\n[ \t]*){1,3}(?P<cites>(?:[—–] ?|- )?“[^\n]*)")
# The facts after the title in a citation. Only names of sections have quotation marks there.
_NAME = r"“(?:[^“”\n]|“[^“”\n]*”)*”"
_SECTION = r"(?:chapters?|entry|entries|sections?|sheets?)"
_FACTS = re.compile(rf"(?:, (?:{_SECTION} {_NAME}(?: to {_NAME})?|[^,\n“”\"„«»「」『』]*))*")
_LOCATED = re.compile(
    rf"{_SECTION} “"
    r"|[,·] (?:header|(?:\w*notes?|items?|lines?|messages?|pages?|paragraphs?|records?|rows?) \w)"
)
# A numbered citation as the chat shows it, or as `ask` prints it.
_NUMBERED = re.compile(r"(?m)^[ \t]*(?P<number>\[[0-9]+\]) (?P<cites>“[^\n]*|[^\n]*? · [^\n]*)$")
_SEVERAL = re.compile(r"paragraphs ([0-9]{1,6})–([0-9]{1,6})")
# A line above a citation that is not part of the quote.
_BETWEEN = re.compile(
    r"Copy|Copied|Link|New conversation|Pullquote|\[…\]|Searched [0-9,]+ .*"
    r"|(?:Different (?:figures|dates)|.* preferred, as the question says\.) .*|.*\t\[[0-9]+\] .*"
    r"|Read together with “.*|(?:Also in|Confidence that|Note|Prefers|Question|Understood as): .*"
)
# The labels of a citation. They are not the writer's own words: “[1]”, “(see also”, “Source:”.
LABEL = re.compile(
    r"\[\^?[0-9⁰¹²³⁴-⁹]{1,3}\]|^[^\S\n]*+[0-9]{1,3}[.):]"
    r"|\b(?:(?:citation|links?|quote|refs?|references?|sources?|Quellen?)(?: [0-9]{1,3})?"
    r"|again|also|and|cf|cited?|from|here|ibid|in|quoted|see|the|there|voir|siehe|출처|来源)\b",
    re.IGNORECASE | re.MULTILINE,
)
_LINK = re.compile(r"https?://\S*|(?<![^\s\[\]()])[^\s\[\]()]*#cite=\S*|\bcite=")
# A link with its label, or a citation id alone.
LINKED = re.compile(
    rf"\(?\[(?P<label>[^\[\]\n]{{0,120}})\]\([^()\s]{{1,400}}\)\)?|{CITATION_ID.pattern}|{_LINK.pattern}"
)


def cited_title(line: str) -> str:
    """Return the title of a citation line that this program writes, or that begins with a dash.

    Return "" if the line is not such a citation.
    """
    line = line.strip()
    title = first_title(line)
    rest = line[line.find(title) + len(title) + 1 :] if title else ""
    if not title or not _FACTS.fullmatch(rest.rstrip(".")):
        return ""
    return title if _LOCATED.search(rest) or (not rest and line[0] in "—–") else ""


def first_title(cites: str) -> str:
    """Return the quoted title at the beginning of a citation, or "" if a line end cuts the title."""
    begun = _CITES.match(cites)
    end = Ends(cites).of(begun.end()) if begun else None
    return cites[begun.end() + 1 : end - 1] if begun and end and cites[end : end + 1] in ("", ",") else ""


def link_start(line: str) -> int:
    """Return the offset of the citation link at the end of a line, or the line's length without a link."""
    ids = list(CITATION_ID.finditer(line))
    if not ids or re.search(r"\s\S", line[ids[-1].end() :]):
        return len(line)
    at = ids[-1].start()
    inside = line.rfind("](", 0, at)
    if inside >= 0 and not re.search(r"[\s)]", line[inside:at]):
        return max(0, line.rfind("[", 0, inside))
    return len(line[:at].rstrip()) if line[:at].endswith(" ") else line.rfind(" ", 0, at) + 1


def own_words(before: str, label: str = "") -> str:
    """Return the words before a citation and in its link, or "" if they are only labels of a citation."""
    words = f"{before} [{label.strip(' []')}]" if label else before
    return f"{before} {label}" if re.search(r"\w", LABEL.sub(" ", _LINK.sub(" ", words))) else ""


def without_links(text: str) -> str:
    """Return a text without links and brackets."""
    return re.sub(r"[\[\]()<>]", " ", _LINK.sub(" ", text))


def quotes_above(text: str, ends: Ends) -> Iterator[Quotation]:
    """Yield the quotes above numbered citations: one paragraph, or as many paragraphs as are cited."""
    begin = 0
    for match in _NUMBERED.finditer(text):
        cites = match["cites"]
        marked = cites.startswith("“")
        title = cited_title(cites) if marked else cites.partition(" · ")[0]
        if not title:
            continue
        several = _SEVERAL.search(cites)
        more = int(several[2]) - int(several[1]) if several else 0
        first = last = None
        at = match.start() - 1
        while at > max(begin, match.start() - MOST_CHARACTERS):
            start = text.rfind("\n", begin, at) + 1 or begin
            line = text[start:at].strip()
            if _BETWEEN.fullmatch(line):
                break
            if not line and last is not None:
                if not more:
                    break
                more -= bool(text[at : at + 1])
            if line:
                first, last = start, last or at
            at = start - 1
        begin = match.end()
        if first is None or last is None:
            continue
        words = text[first:last]
        first += len(words) - len(words.lstrip())
        words = words.strip()
        if match["number"] in words[1:]:  # the number is a note to the writer's own words
            continue
        if words[0] in (*CLOSING, *STRAIGHT) and ends.of(first) == first + len(words):
            words = words[1:-1]
        head, _, rest = words.partition("\n")
        readings = (rest.strip(),) if rest.strip() and head.rstrip().endswith("?") else ()
        yield Quotation(
            first, last, words, match.end(), title, readings=readings, marked=marked, form="answer"
        )
