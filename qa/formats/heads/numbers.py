"""Finds the number that a header gives its document, and the numbered series: "Strait Watch No. 12"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from qa.text.organisations import is_kind, names_institution, names_periodical

# Words for pieces that publishers number: the word stands before the number.
_PIECE = (
    r"(?:abstract|advisory|alert|analysis|announcement|appeal|brief|briefing|bulletin|case|circular"
    r"|conversations?"
    r"|digest|dispatch|despatch|document|edition|entry|essay|feature|flash|fortnightly|insight|interview"
    r"|issue|item"
    r"|leaflet|letter|memo|memorandum|minutes|monthly|monograph|note|notebook|notice|number|outlook|paper"
    r"|perspective|policy|primer|quarterly|read|release|report|review|series|service|sheet|sitrep|special"
    r"|statement|study|summary|table|timeline|update|voices|watch|weekly|week|wire|monitor|magazine"
    r"|journal|gazette|newsletter|arbeitspapier"
    r"|note d.analyse|cahier|cuaderno|quaderno|documento|informe|boletín|nota|stellungnahme|\w*papier"
    r"|\w*bericht|rundschreiben|merkblatt|mitteilung|heft|выпуск"
    r"|decision"
    r"|ruling|opinion|order|judgment|resolution|directive|instruction|notification|fieldnote|field note"
    r"|dossier|notu|notat"
    r"|factsheet|viewpoint|commentary|backgrounder|explainer|briefer|lecture|occasional paper)s?"
)
_PIECES = re.compile(rf"(?:[\w’'-]+\s)?{_PIECE}", re.IGNORECASE)
_MARK = (
    r"(?:Nos?(?:\.|(?![^\W\d_]+\s))|Nr\.?|Number|Num\.|Núm\.?|Numéro|Número|N\.?\s?[°º]|N\.\s?(?=\d)|№|#(?=\d)|Heft|Ausgabe"
    r"|Выпуск|вып\."
    r"|(?:Our )?Ref\.?:?)"
)
_BODY_AND_SERIES = re.compile(rf"(?P<body>.*?[^\s,]),?\s(?P<series>(?:[\w&’'-]+\s)?{_PIECE})", re.IGNORECASE)
_ENDS_AS_PIECE = re.compile(rf"\b{_PIECE}$", re.IGNORECASE)
_OF = re.compile(r"\s(?:of|by|from)\s(?:(?-i:the)\s)?(?P<body>[^\W\d_].*)$", re.IGNORECASE)
_GENERIC = re.compile(
    r"(?:issue|edition|number|document|doc\.?|case|item|entry|ref\.?|our ref\.?|dnr|d\.?nr|az"
    r"|aktenzeichen|sygn|docket|application|petition"
    r"|appeal|file|claim|week|catalogue|index|code|(?:año|année|jahrgang|год|anno|ano) [ivxl\d]+|heft"
    r"|ausgabe|numéro|número|выпуск)s?",
    re.IGNORECASE,
)
# Kinds of documents that are numbered without being a series.
_NO_SERIES = re.compile(
    r"(?:press |news |media |lab |laboratory |test |inspection )?(?:release|statement|decision|order"
    r"|ruling|judge?ment|resolution"
    r"|regulation|tender|invitation|permit|licen[cs]e|contract|complaint|agenda item"
    r"|directive"
    r"|instruction|notification|notice|letter|minutes|announcement|report|opinion|communiqué|comunicado"
    r"|law|act"
    r"|pressemitteilung|bill|decree|presentation|case|draft|memo|memorandum)s?"
    r"|(?:\w+ )?(?:appeal|petition|application|case|claim|suit|action|motion)s?",
    re.IGNORECASE,
)
# What may follow the number of an issue: "No. 12, 2014, 89, 113–120", "n° 208, janvier-février 2021".
_PAGES_OR_MONTHS = re.compile(
    r"[,;]\s[\d ,;:()–-]{4,40}|[,;]\s[^\W\d_]{3,12}\s?[–/-]\s?[^\W\d_]{3,12}\s\d{4}"
)
# "Corridors of Power, Episode 88: The Quiet Coup"
_EPISODE = re.compile(
    r"(?P<series>[^\W\d_][^\d:]{2,60}),? (?:episode|ep\.|lecture|folge|épisode|episodio"
    r"|выпуск) (?P<number>\d{1,4})[:.]? "
    r"(?P<title>\S.{4,120})",
    re.IGNORECASE,
)
_SHORT_NAME = 5  # maximum words of a name behind "of", unless it names an institution
_NO_BODY = ("press", "public", "office", "group", "service")  # not institutions by themselves
_HOW_OFTEN = re.compile(
    r"daily|weekly|fortnightly|monthly|quarterly|annual|special|new|online|print", re.IGNORECASE
)
_ENDS_GENERIC = re.compile(r"(?:^|[\s,;:(])(?:issue|edition|number|week)$", re.IGNORECASE)
# "Old Brindal Papers: VI"
_ROMAN = re.compile(
    r"(?P<series>[^\W\d_][^\n:,]{2,60}\b(?i:papers|series|studies|tracts|pamphlets|reports|notes"
    r"|monographs|texts))[:,]?"
    r"\s(?P<number>[IVXLC]+)"
)
_CODE = (
    r"(?=[\w./-]*\d)(?!\d{1,2}(?:st|nd|rd|th)\b)\w[\w./-]*(?:,\d{3})*"
    r"(?:\s\(\d{4}\)|\s(?i:of)\s(?:19|20)\d\d)?"
)
_YEARS = re.compile(r"(?P<first>(?:1[5-9]|20)\d\d)(?:[–/-](?:1[5-9]|20)?(?P<last>\d\d))?")
_VOLUME = re.compile(
    r"(?:Vol(?:ume)?|Bd|Band|Том|Т)\.?\s?(?P<volume>[IVXLC]+|\d+)(?:[,;:]?\s{0,3}(?:No|Nr|Issue|Iss|Number|Part|Pt"
    r"|Heft|№|H)\.?\s?(?P<issue>\d+)|(?!\w))",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(r"(?:제\s?(?P<korean>\d{1,5})\s?[호號집]|第\s?(?P<chinese>\d{1,5})\s?[期号號辑輯])")
_MARKED = re.compile(rf"(?<![\w/.-]){_MARK}\s?(?P<code>(?:(?-i:[A-Z]{{2,6}}) )?{_CODE})", re.IGNORECASE)
_PIECE_AND_CODE = re.compile(
    rf"(?<![\w/.-]){_PIECE},?:?\s{{1,3}}(?P<code>{_CODE})(?: of \d+)?", re.IGNORECASE
)
_BARE = re.compile(
    r"(?<![\w/.-])(?:(?P<letters>(?![A-Z]{2} \d{5}(?!\w))"
    r"[A-Z]{1,6}(?:[-/][A-Z]{1,6})*[-/ ]?\d[\d/.-]*(?:-[A-Z])?)"
    r"|(?P<digits>\d{4}/\d{1,3}|\d{1,3}/\d{4}|\d{2,4}(?:-\d{1,2}){2,3}))(?!\w)"
)
_SLASHED = re.compile(
    r"(?P<series>(?-i:[^\Wa-z\d_])[\w’'-]*(?:\s[\w’'-]+){0,4}),?\s(?P<code>\d{1,4}[/-]\d{1,4}(?:[/-]\d{1,3})?)"
)
# "A/HRC/31/72", "COM(2016) 245 final", "[2012] VSC 45", "GAO-12-345"
_SYMBOL = re.compile(
    r"[A-Z][A-Za-z]{0,9}(?:[./-][A-Za-z0-9().]{1,12}){1,6}|[A-Z]{1,8}\(\d{2,4}\)\s?\d{1,5}(?: final)?"
    r"|[\[(]\d{4}[\])] [A-Z]{2,10} \d{1,5}|(?:[A-Z]{1,6} )?[A-Z]{0,4}\d{1,5}[-/]\d{1,5}"
)
_CHINESE_SYMBOL = re.compile(r"[\u4e00-\u9fff]{1,8}[〔［\[(（]\d{4}[〕］\])）]\s?(?:第\s?)?\d{1,5}\s?号")
_BRACKETED = re.compile(r"(?P<name>[^()]{3,100})\((?P<inner>[^()]{3,60})\)")
_REVISED = re.compile(r"[\s,;]*\(?(?:rev|corr|add|n\.s|final|new series)\b.{0,20}", re.IGNORECASE)
# "Lakeside Review 14:2 (2010)", "Lakeside Review, 14(2)"
_VOLUME_AND_ISSUE = re.compile(
    r"(?P<name>[^\W\d_][^\d:()]{3,80}),?\s(?P<volume>\d{1,3})(?::\s?|\s?\()(?P<issue>\d{1,3})\)?(?=[\s,(.]|$)"
)
_QUARTER = re.compile(
    r"[QH][1-4](?:\s.*)?|FY.*|A\d|COVID.*|(?i:draft|version|rev|part|page|chapter|annex|table|week|day"
    r"|phase|room|suite|line|step|stage).*|G\d+|[A-Z]\d"
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number that was found in some words.

    Attributes:
        number: the number, or "" if there is none.
        series: the name of the numbered series.
        rest: the rest of the words.
        bare: whether no word such as "No." shows that it is a number.
        generic: whether a word such as "Issue" stands before it. The name of the series is then elsewhere.
        volume: whether it is the number of a volume.
    """

    number: str = ""
    series: str = ""
    rest: str = ""
    bare: bool = False
    generic: bool = False
    volume: bool = False


def find_number(words: str) -> Numbered:
    """Return the number at the start or the end of some words. All of the words may be the number, too."""
    words = words.strip(" ,;:")
    inner = _BRACKETED.fullmatch(words)
    if inner and (within := find_number(inner["inner"])).number and not within.bare and inner["name"].strip():
        return replace(within, rest=inner["name"].strip())  # "Salt Tax Explained (Explainer No. 9)"
    issue = _VOLUME_AND_ISSUE.match(words)
    if issue and names_periodical(issue["name"]):
        return Numbered(f"{issue['volume']}({issue['issue']})", issue["name"].rstrip(" ,"), volume=True)
    if match := _VOLUME.search(words):
        number = f"{match['volume']}({match['issue']})" if match["issue"] else match["volume"]
        return _numbered(words, match, number, volume=True)
    if _CHINESE_SYMBOL.fullmatch(words):
        return Numbered(words)
    if match := _EAST_ASIAN.search(words):
        numbered = _numbered(words, match, match["korean"] or match["chinese"])
        names = re.sub(r"^\d{4}\s?[年년]", "", words[: match.start()]).strip()
        return numbered if names else replace(numbered, rest="")
    if episode := _EPISODE.fullmatch(words):
        return Numbered(episode["number"], episode["series"].rstrip(" ,:–-"), episode["title"])
    for match in _MARKED.finditer(words):
        if _stands_apart(words, match):
            return _numbered(words, match, match["code"])
    for match in _PIECE_AND_CODE.finditer(words):
        if _stands_apart(words, match) and not _is_year(match["code"].strip(" .")):
            return _numbered(words, match, match["code"], at=match.start("code"))
    if roman := _ROMAN.fullmatch(words):
        return Numbered(roman["number"], roman["series"], bare=True)
    slashed = _SLASHED.fullmatch(words)
    if slashed and not _is_year(slashed["code"]) and not re.fullmatch("[A-Z]{1,5}", slashed["series"]):
        counted = "" if _GENERIC.fullmatch(slashed["series"]) else slashed["series"]
        return Numbered(slashed["code"], counted)
    if _SYMBOL.fullmatch(words) and re.search(r"\d", words) and not _QUARTER.fullmatch(words):
        return Numbered(words, bare=True)
    for match in _BARE.finditer(words):
        if _QUARTER.fullmatch(match[0]) or not (_ends(words, match) or match.start() == 0):
            continue
        before = words[: match.start()]
        if match.start() == 0 and not _ends(words, match):
            continue
        if before and not re.search(r"[,(]\s*$|\s\s$", before) and not _is_series(before):
            continue
        if _is_year(match[0]):
            continue
        if acronym_and_number := re.fullmatch(r"([A-Z]{4,}) (\d{1,4})", match[0]):
            return Numbered(acronym_and_number[2], acronym_and_number[1], bare=True)
        numbered = _numbered(words, match, match[0])
        return Numbered(numbered.number, numbered.series, numbered.rest, bare=True)
    return Numbered()


def _is_year(code: str) -> bool:
    """Return whether a code is a year, two years in a row or a range of years: 2004, 2015/16, 2004–2010."""
    years = _YEARS.fullmatch(code)
    if years is None or not years["last"] or len(code) > len("2015/16"):
        return years is not None
    return (int(years["first"]) + 1) % 100 == int(years["last"])


def _ends(words: str, match: re.Match[str]) -> bool:
    rest = words[match.end() :].strip(" ,;:.)")
    return not rest or bool(_REVISED.fullmatch(words[match.end() :])) or rest.startswith("(")


def _stands_apart(words: str, match: re.Match[str]) -> bool:
    """Return whether a number ends the words, or begins them and is separated from the rest."""
    before = words[: match.start()].strip()
    after = words[match.end() :]
    begins = not before or _PIECES.fullmatch(before)
    body = _OF.match(words[match.end() :])
    counted = body and not before and len(body["body"].split()) <= _SHORT_NAME
    if body and (names_institution(body["body"]) or counted) and len(words) <= 100:
        return True
    if before and _PAGES_OR_MONTHS.fullmatch(after):
        return True
    return _ends(words, match) or bool(begins and after[:1] in ":,." and len(words) <= 100)


def _is_series(before: str) -> bool:
    """Return whether the words before a code name the numbered series: "JOINT HULL ADVISORY JHA-031"."""
    return bool(_ENDS_AS_PIECE.search(before.rstrip())) or (
        names_institution(before) and not re.search(r"[:?]", before)
    )


def _numbered(
    words: str, match: re.Match[str], number: str, *, volume: bool = False, at: int = -1
) -> Numbered:
    """Return a number with the series, the institution or the title that stands beside it."""
    before = words[: match.start() if at < 0 else at].strip(" ,;:–—-(*")
    after = words[match.end() :].strip(" ,;:.)(*")
    number = re.sub(r"\s\((?:19|20)\d\d\)$", "", number.strip(" ."))
    before = re.sub(r"^\d{4}\s?[年년]$", "", before)
    generic = False
    if _ENDS_GENERIC.search(before) and not (at < 0 and before.lower().endswith(" week")):
        before, generic = _ENDS_GENERIC.sub("", before).strip(" ,;:–—-("), True
    if _GENERIC.fullmatch(before) or (generic and _HOW_OFTEN.fullmatch(before)):
        before, generic = "", True
    if re.search("[\uac00-\ud7a3\u4e00-\u9fff]", before) and " " in before:
        body, _, series = before.partition(" ")
        if names_institution(body) and not names_institution(series):
            return Numbered(number, series.strip("《》「」『』〈〉 "), body)
    if _NO_SERIES.fullmatch(before):
        before = ""
    counted = _OF.fullmatch(words[match.end() :])
    if not before and generic and counted and not names_institution(counted["body"]):
        return Numbered(number, counted["body"])  # "Issue 14 of The Lantern"
    if not before:
        return Numbered(number, "", after, generic=generic, volume=volume)
    if re.search(r"[:?!]", before) or len(before.split()) > 7:
        return Numbered(number, "", before)
    split = None if is_kind(before) else _BODY_AND_SERIES.fullmatch(before)
    if (
        split
        and split["body"].lower() not in _NO_BODY
        and (" " in split["body"] or not split["body"].isascii())
        and names_institution(split["body"])
        and not names_institution(split["series"])
    ):
        return Numbered(number, split["series"], split["body"])
    if names_institution(before) and not is_kind(before) and not _ENDS_AS_PIECE.search(before):
        return Numbered(number, "", before, generic=generic)
    return Numbered(number, before, "", generic=generic, volume=volume)
