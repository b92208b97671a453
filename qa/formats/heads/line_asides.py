"""Recognises the parts of a line that a citation does not need: contacts, remarks, prices, page numbers.

The functions are rules of `qa.formats.heads.line_rules`, so they return whether the part is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.formats.heads.issue_dates import DAY, dates_in
from qa.formats.heads.numbers import find_number
from qa.text.organisations import is_section_heading

if TYPE_CHECKING:
    from qa.formats.heads.line_parts import Part


def remark_in_brackets(part: Part) -> bool:
    """Skip words in square brackets."""
    words = part.words
    if words.startswith("[") and words.endswith("]") and not find_number(words[1:-1]).number:
        part.line.aside = True
        return True
    return False


SEASON = re.compile(
    r"[(\s]*(?:(?:spring|summer|autumn|fall|winter|printemps|été|automne|hiver|frühjahr|sommer|herbst"
    r"|primavera)"
    r"|q[1-4]|[1-4]q|(?:first|second|third|fourth) (?:quarter|half)|h[12])(?: (?:issue|edition"
    r"|number))?[ ,/]*(?:of )?(?:19"
    r"|20)?\d\d(?:[/–-]\d+)?"
    r"[)\s.]*",
    re.IGNORECASE,
)


def season(part: Part) -> bool:
    """Skip the season or the quarter of an issue: "Spring 2014"."""
    if not SEASON.fullmatch(part.words):
        return False
    part.line.season = part.line.aside = True
    return True


# Labels without a colon. They may stand in the head of any text, and do not make a header by themselves.
_WITHOUT_COLON = re.compile(
    r"(?:reporting period|period covered|reference (?:month|period)|next (?:release|issue)|last (?:updated"
    r"|revised|modified)|(?:updated|revised|heard|mis à jour)(?:\s(?:on|in|at|le)\b|\s[\d(]"
    r"|\s(?-i:[A-Z])\w{2,8}\.?\s\d|$))",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"(?:last )?(?:updated|revised|modified)\b", re.IGNORECASE)


def label_without_colon(part: Part) -> bool:
    """Skip a label without a colon and its value, but keep the day of an update."""
    if not _WITHOUT_COLON.match(part.words):
        return False
    part.line.aside = True
    if _UPDATED.match(part.words):
        part.line.dates += dates_in(part.words, part.order, "updated")
    return True


_NOT_BY = re.compile(
    r"(?:eds?|editors?|hrsg)\b[.:]?\s(?=\S)"
    r"|(?:edited|translated|photographs?|photos?|illustrated|illustrations?|photography|traduit|übersetzt)\b"
    r".{0,40}\b(?:by|par|von)\s",
    re.IGNORECASE,
)


def editor_or_translator(part: Part) -> bool:
    """Skip the name of somebody who did not write the text: an editor, a translator, a photographer."""
    return _set_aside(part, _NOT_BY)


_AGENDA_ITEM = re.compile(r"agenda item\b", re.IGNORECASE)


def agenda_item(part: Part) -> bool:
    """Skip the item of an agenda that the text belongs to."""
    return _set_aside(part, _AGENDA_ITEM)


def _set_aside(part: Part, pattern: re.Pattern[str]) -> bool:
    """Return whether a part begins with a pattern. If so, a citation does not need the line."""
    if not pattern.match(part.words):
        return False
    part.line.aside = True
    return True


_PAGE = re.compile(
    r"(?:\bpages?|[,;]\s?pp?\.?|\spp?\.)\s?\d{1,5}(?:\s?(?:of|[–/-])\s?\d{1,5})?\s{0,3}$", re.IGNORECASE
)


def number_of_page(part: Part) -> bool:
    """Remove a page number at the end of the part."""
    part.words = _PAGE.sub("", part.words)
    return False


_NOTED = re.compile(
    r"\([^()]{0,80}\b(?:\d{1,4} ?(?:pp|pages)|isbn|issn|price)\b[^()]{0,80}\)$", re.IGNORECASE
)


def pages_and_price(part: Part) -> bool:
    """Remove brackets with pages or a price."""
    part.words = _NOTED.sub("", part.words)
    return False


# Numbers that are not the document's number, addresses and other contents of a letterhead.
_IDENTIFIER = re.compile(
    r"\b(?:isbn|issn|doi|p\.?\s?o\.? box)\b|\b(?:e-?mail|vat|iban|jel)(?: no)?\.?:"
    r"|\b(?:tel(?:ephone)?|phone|fax|mobile|hotline)\b[.:]?\s?(?:no\.?\s?)?[+\d(]"
    r"|\b(?:reg(?:istered|istration)?|charity|company|licen[cs]e|helpline|health line|line)\b[^|]{0,30}\bno\b"
    r"|\breg\. (?:no|charity)|\bregistered in\b|^price\b|\bprice:? ?[\d£$€]|^pages?\b|\b\d+ ?(?:pages"
    r"|leaves|words"
    r"|pp?)\b|\bmin(?:utes?)? read\b"
    r"|\d comments?\b|\S@\S|\bwww\.|\blicen[cs]e (?:cc|no)\b|^copyright\b|©|\ball rights reserved\b"
    r"|^(?!\d{3,6}/\d{2,4}$)\+?[\d() /.-]{7,}$"
    r"|\(\d{3}\) \d{3}|\+\d{1,3} \d"
    r"|\b(?:street|road|lane|avenue|stra(?:ss|ß)e|platz|allee|calle|avenida|rue|square|boulevard|quay"
    r"|dock|wharf|mews|crescent|terrace|parade|embankment)\b[^|:]{0,30},\s(?-i:[A-Z\d])"
    r"|,\s\d{4,6}\s(?-i:[A-Z])|\b(?-i:[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2})\b|^(?-i:ASX|NYSE|LSE|AIM|TSX"
    r"|NASDAQ|ABN|ACN|ISIN|LEI)\b"
    r"|^\d{1,5}[a-z]?,? (?:[\w.’'-]+ ){0,4}(?:street|st|road|rd|row|avenue|ave|lane|square|boulevard|blvd"
    r"|drive"
    r"|way|quay|dock|wharf|gardens|court|mews|parade|esplanade|embankment|plaza|place|crescent|terrace)\b",
    re.IGNORECASE,
)


def contact_or_identifier(part: Part) -> bool:
    """Remove a contact, a price or an identifier. Only a sentence above it is left."""
    if _IDENTIFIER.search(part.words):
        first = part.words.split(". ")[0]
        part.words = first if _IDENTIFIER.search(first) is None else ""
        part.line.aside = True
    return False


_REMARK = re.compile(
    r"(?:check (?:against|on) delivery|agenda item\b|(?:edited|revised|updated|reviewed|compiled) by$"
    r"|\.\. [\w-]+::|table of contents$|for (?:immediate"
    r"|release|partners|district doctors|the press|attention)\b|not for\b|by our\b"
    r"|(?:final|public) version|english translation|translated\b|summary$|minutes$|restricted(?:$"
    r"|[ :–-]{1,3}(?:distribution|circulation|access))"
    r"|(?:strictly )?confidential(?:$|\W{1,3}not for)"
    r"|unclassified|(?:draft|version|revision)(?: [\w.]{1,5})?(?: \([^()]{1,60}\))?$"
    r"|by (?:registered|certified|recorded|express) (?:post|mail)$"
    r"|(?:entered|registered|filed|lodged|laid|tabled) (?:in|with|before) the (?:regist(?:er|ry)|court"
    r"|house|assembly|parliament)\b"
    r"|(?:[\w’'-]+ ){0,3}(?:thesis|dissertation) (?:submitted|presented) (?:to|for|in)\b"
    r"|published with|embargoed|(?:our )?ref\b"
    r"|all times\b|period covered\b"
    r"|(?:[\w-]+ ){1,3}(?:session|sitting|meeting|edition|year)$|held at\b|present(?:ed)? (?:at|to)\b"
    r"|original:"
    r"|(?:(?:action|name|date|signature|number|description|title|reference|version|author|revision)\s?){1,8}$"
    r"|(?:[\w-]+ )?draft$|(?:exhibit|annexe?|attachment|enclosure) [\w.-]{1,8}$"
    r"|page \d|menu$|home$|keywords\b|classified(?:$| by)|(?:top )?secret$"
    r"|(?:strictly )?private(?: and confidential)?$|public$|internal$|unlimited$"
    r"|valid (?:from|until|to|through|for|\d)|in force (?:from|since|as)|effective (?:from|date|as|\d)"
    r"|supersede[sd]? |withdrawn (?:on|from)|(?:this )?replaces\b|available (?:at|from|online|in)\b"
    r"|(?:supported|funded|sponsored|commissioned|endorsed|hosted|printed|typeset|seconded|moved) by\b"
    r"|with (?:the )?(?:support|assistance|funding|help|thanks)\b|in (?:association|partnership|co-?operation"
    r"|collaboration) with\b|on (?:behalf|the basis) of\b|(?:submitted|addressed|presented|prepared"
    r"|subject) (?:to|for)\b"
    r"|do not (?:cite|quote|circulate|distribute|copy)|please (?:do|note|quote|send|reply|circulate"
    r"|cite)|see (?:also|page)\b|no part of\b|continued (?:from|on)|end$|begins?$"
    r"|(?-i:FM|TO|INFO) (?-i:[A-Z ]+)$|(?:from|by) our (?:own )?|(?:type|manu)script(?:$|,)|facsimile$"
    r"|scan(?:ned)?$|copy(?:$| no\b| \d| for\b)|photographs?(?:$| by)"
    rf"|(?:{DAY},? )?\d{{1,2}}(?:[–-]\d{{1,2}})? [^\W\d_]+$)",
    re.IGNORECASE,
)


def remark(part: Part) -> bool:
    """Skip a remark on the text: its secrecy, its state, its receivers, the support for it."""
    if not _REMARK.match(part.words):
        return False
    part.line.aside = part.line.aside or not part.shared
    return True


_AFFILIATION = re.compile(
    r"(?:\(?\d{1,2}\)|[*†‡§¹²³⁴-⁹]+)\s*\S"
    r"|(?:the )?(?:author|writer)s? (?:is|are)\b"
    r"|(?:(?:senior|junior|visiting|research|associate|assistant|adjunct|emeritus|policy|programme"
    r"|program)\s+)*"
    r"(?:fellow|lecturer|professor|researcher|analyst|director|scholar|correspondent|officer|student|reader"
    r"|(?:permanent |special )?representative (?:of|to)\b.*|specialist|economist|adviser|advisor"
    r"|candidate)\b",
    re.IGNORECASE,
)


def heading_or_affiliation(part: Part) -> bool:
    """Skip the heading of a part of the text, and what its author does or where."""
    if not is_section_heading(part.words) and not _AFFILIATION.match(part.words):
        return False
    part.line.aside = True
    return True
