"""Classify a name in a head by its form: the name of an institution or of a periodical, or a title."""

from __future__ import annotations

import re
from typing import Literal

from qa.text.organisations import (
    is_kind,
    is_periodical,
    is_section_heading,
    may_name_institution,
    names_institution,
    names_periodical,
)

SMALL_WORD = re.compile(
    r"(?:an?|and|as|at|but|by|d|de|del|der|des|di|du|et|for|from|für|im|in|into|la|le|les|nor|off?|on|or|over"
    r"|per|plc|s|the|to|und|von|via|with|without|y)",
    re.IGNORECASE,
)
WORDS = re.compile(r"[^\W\d_][\w’'.-]*")
COURT = re.compile(r"^in the (?=.{0,100}\b(?:court|tribunal)\b)", re.IGNORECASE)
STATE = re.compile(
    r"(?:the )?(?:republic|kingdom|government|commonwealth|state(?! of (?:the|our|an?)\b)|united nations)\b",
    re.IGNORECASE,
)
_ENDS_AS_SERIES = re.compile(
    r"\w\s(?:papers|notes|letters?|briefs|reports|perspectives|insights|outlook|dispatches|record"
    r"|tracker|barometer"
    r"|notebook|essays|studies|monographs|series|briefings)$",
    re.IGNORECASE,
)
_ELIDED = re.compile(r"[ld][’'](?=[^\W\da-z_])")
_MOST_WORDS = 12  # most words of a name
_MOST_OWNING = 7  # most words in the name of a text's owner
_MOST_IN_A_ROW = 7  # most words in a row without a small word between them
_QUOTED = re.compile(r"[«“\"„][^«»“”\"„]{1,40}[»”\"“]")  # «Голос» in the name of an association
SMALL_WORDS = re.compile(r"\b(?:and|in|on|to|from|after|with|by|as|at)\b", re.IGNORECASE)
_BEGINS_AS_TITLE = re.compile(
    r"an?\s|(?:(?:the|final|interim|annual|second|first|special|joint|draft)\s+)*(?:report|comments?|rules"
    r"|notice|letter|statement"
    r"|minutes|guide|guidance|review|remarks|resolution|study|survey|analysis|assessment|evaluation|notes?"
    r"|inspection|speech|address|proposal|response|submission|reply|introduction|inquiry|case|history"
    r"|politics"
    r"|list|register|amendments?|decision|judgment|opinion|order|practice direction|appeal)\s"
    r"(?:of|on|to|for|from|at|by|into|about|in|against)\s"
    r"|the (?:(?:future|role|impact|costs?|price|rise|fall|end|politics|history|making|limits) of"
    r"|(?:state|case) (?:of|for"
    r"|against) the)\s|(?:how|why|what|when|where|who|whose|which|is|are|do|does|can|should|will"
    r"|towards?|beyond|inside"
    r"|between|after|before|against|behind)\s",
    re.IGNORECASE,
)
_BEGINS_AS_INSTITUTION = re.compile(
    r"(?:the |la |le |el |die |das |der |l['’])?(?:\w+ )?\w+\s(?:of|for|on|de|del|des|du|für|der|dos|da|do"
    r"|van|voor|per|di)\b",
    re.IGNORECASE,
)
_OF_A_NAME = re.compile(
    r"(?:plc|ltd|gmbh|mbh|per|pour|para|zur|zum|voor|van|het|ve|och|og|of|for|the|de|del|des|du|da|do|das|dos|di|der|für|&|la|le|les|los|las|el|sans|y|et|e|и)",
    re.IGNORECASE,
)


_DIVISION = re.compile(
    r"(?:the )?(?:[\w&’'-]+ ){0,3}(?:department|division|unit|office|section|directorate|desk|service"
    r"|programme|program|branch|staff)",
    re.IGNORECASE,
)
# The names of laws and of events. Neither publishes anything.
_LAW = re.compile(
    r"\b(?:regulations?|rules|acts?|order|bill|ordinance|decree|by-?laws|code|law)(?:,? \d{4})?$",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"(?:the )?(?:[\w-]+ ){0,4}(?:workshop|seminar|symposium|conference|round ?table|webinar|hearing"
    r"|colloquium"
    r"|lecture|luncheon|retreat|training course)s?,",
    re.IGNORECASE,
)
# "Recent decisions of the Court": the words before the institution's name do not belong to a name.
_SPEAKS_OF = re.compile(r"(?:[A-Z][\w’'-]*\s){1,2}[a-z]{4,}s? (?:of|by|from|for) (?:the )?[A-Z]")


_SERIES_OF_A_BODY = re.compile(
    r"(?:études?|cahiers?|notes?|documents?|quaderni|cuadernos|schriften|(?:[\w-]+ )?(?:papers"
    r"|studies|reports|briefs))"
    r"\s(?:de|des|du|of|di|del|della|der|from)\b",
    re.IGNORECASE,
)


_OFFICE = re.compile(
    r"(?:(?:prime |deputy )?minister (?:of|for) .{3,60}|(?:staff |senior |special |chief |general "
    r"|deputy )?(?:reporter|correspondent|editor|writer|secretary|director|officer"
    r"|manager|columnist|chair(?:man|woman|person)?)s?)",
    re.IGNORECASE,
)
_ADDED = re.compile(r",\s[a-z].*$")
_ONE_A_TOWN = re.compile(
    r"\b(?:parish|embassy|consulate|church|diocese|mission|university|school|college|branch|ministry|department|hospital|saints?"
    r"|court|chamber|union|chapter|section)\b",
    re.IGNORECASE,
)
_SEAT = re.compile(r"(?P<body>.+), (?-i:[A-Z][a-zà-ÿ’'-]+)(?: (?-i:[A-Z][a-zà-ÿ’'-]+))?")


# "14 Pier Street, Lindhaven", "Two Minster Yard, Wexley", "Rua do Cais 9, Maravel"
_CAPITALISED = r"[^\W\d_a-z][\w.’'-]*"
_ADDRESS = re.compile(
    rf"(?:\d{{1,4}}[a-z]?|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten) (?:{_CAPITALISED} ){{1,3}}"
    r"(?:Street|St\.?|Road|Rd\.?|Lane|Yard|Row|Square|Avenue|Ave\.?|Quay|Terrace|Crescent|Boulevard|Wharf)"
    rf",(?: {_CAPITALISED}){{1,3}}"
    rf"|(?:(?:Rua|Rue|Via|Calle|Avenida|Plaza|Piazza|Praça)(?: [^\W\d_][\w.’'-]*){{1,4}}"
    r"|[^\W\d_a-z]\w+(?:straße|strasse|gasse|straat|kade|gata|gade|platz)) \d{1,3}[a-z]?,"
    rf"(?: \d{{4,6}})?(?: {_CAPITALISED}){{1,2}}"
)


def letters(text: str) -> str:
    """Return the letters and digits of a text, case-folded."""
    return re.sub(r"\W", "", text).casefold()


def is_office(name: str) -> bool:
    """Return whether words say what somebody is, without naming anybody: "Staff Reporter"."""
    return bool(_OFFICE.fullmatch(name))


def without_seat(name: str) -> str:
    """Return an institution's name without the additions that heads make: its town, "public hearing"."""
    bare = _ADDED.sub("", name)
    seat = _SEAT.fullmatch(bare)
    if (
        seat
        and not _ONE_A_TOWN.search(bare)
        and is_institution(seat["body"])
        and classify_name(bare[len(seat["body"]) + 2 :]) == "other"
    ):
        bare = seat["body"]
    return bare if bare != name and (is_institution(bare) or bare == _ADDED.sub("", name)) else name


def is_address(words: str) -> bool:
    """Return whether words are the address of a house: "14 Pier Street, Lindhaven"."""
    return bool(_ADDRESS.fullmatch(words))


def is_division(name: str) -> bool:
    """Return whether a name is the name of a part of an institution: "Evaluation Office"."""
    return bool(_DIVISION.fullmatch(name))


def is_law_or_event(name: str) -> bool:
    """Return whether a name is a law's or an event's, or has a year.

    Examples: "The Customs Regulations", "Regional Workshop, Batanga".
    """
    return bool(_LAW.search(name) or _EVENT.match(name) or re.search(r"\b(?:1[5-9]|20)\d\d\b", name))


def classify_name(name: str) -> Literal["institution", "periodical", "perhaps", "other"]:
    """Return what kind of thing a name names, judged by its words."""
    name = COURT.sub("", name)
    if is_periodical(name) and not _BEGINS_AS_TITLE.match(name) and not re.search(r"[:?!]", name):
        return "periodical"
    if _ENDS_AS_SERIES.search(name):
        return "perhaps"  # "Observatory Papers"
    if _SERIES_OF_A_BODY.match(name):
        return "perhaps"  # "Études de l'Observatoire"
    if is_law_or_event(name) or _SPEAKS_OF.match(name):
        return "other"
    if names_institution(name) and not is_like_a_title(_QUOTED.sub("", name)):
        return "institution"
    return "perhaps" if names_periodical(name) or may_name_institution(name) else "other"


def is_institution(name: str) -> bool:
    """Return whether a name is an institution's name, and not a title that mentions an institution."""
    return classify_name(name) == "institution"


def may_publish(name: str) -> bool:
    """Return whether a name may be an organisation's name, judged by its form and its words."""
    return has_name_form(name) and not is_section_heading(name) and not is_kind(name)


def may_own(holder: str) -> bool:
    """Return whether the words after "©" may be a text's owner: capitalised, except small words in names."""
    words = holder.split()
    return (
        1 <= len(words) <= _MOST_OWNING
        and not re.search(r"\d|\b(?:reserved|notice|policy|law)\b", holder, re.IGNORECASE)
        and all(
            word[0].isupper() or SMALL_WORD.fullmatch(word) or _OF_A_NAME.fullmatch(word) for word in words
        )
        and words[0][0].isupper()
    )


def is_like_a_title(name: str) -> bool:
    """Return whether a name has the form of a title, and not of a publisher's name."""
    if (
        re.search(r"[:?!;“”\"«»]|\sv(?:s|ersus)?\.?\s", name)
        or _BEGINS_AS_TITLE.match(name)
        or len(name) > 100
    ):
        return True
    words = WORDS.findall(name)
    content = [word for word in words if not SMALL_WORD.fullmatch(word)]
    lower = sum(word[0].islower() for word in content)
    if not words or words[0][0].islower():
        return True
    if len(words) > _MOST_WORDS or len(words) == len(content) >= _MOST_IN_A_ROW:
        return True
    if lower >= 2 or (lower and len(content) <= 3 and name.isascii()):
        starts = _BEGINS_AS_INSTITUTION.match(name)
        return not (not name.isascii() and names_institution(" ".join(words[:3]))) and not (
            starts and names_institution(starts[0])
        )
    return False


def has_name_form(name: str) -> bool:
    """Return whether a name may be an organisation's by its form: a few capitalised words, not a sentence."""
    words = name.split()
    content = [word for word in words if not _OF_A_NAME.fullmatch(word)]
    return (
        1 <= len(content) <= 6
        and len(name) <= 60
        and not is_like_a_title(name)
        and not re.search(r"[\d/|]", name)
        and words[0].lower() not in ("a", "an", "on", "in", "to", "from", "after")
        and not any(word[0].islower() and not _ELIDED.match(word) for word in content)
        and not SMALL_WORDS.search(name)
    )


def is_plainly_institution(name: str) -> bool:
    """Return whether a name that stands alone is so clearly an institution's that it is hardly a title."""
    starts = _BEGINS_AS_INSTITUTION.match(name)
    return bool(starts and names_institution(starts[0])) and not re.search(r"\d", name)
