"""What a web page says about itself: in its head, in JSON-LD, in a comment of the program that saved it.

What is stated in several places is taken from the first of them. A date that could be read two ways is not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from qa.formats.dates import read_date
from qa.formats.name_classes import is_institution, letters, may_publish
from qa.formats.numbers import find_number
from qa.formats.organisations import is_kind, is_periodical, is_section_heading, likely_institution
from qa.formats.people import in_order
from qa.formats.placeholders import is_no_author, is_no_title
from qa.schema import Document, Found

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from lxml import html

    from qa.formats.dates import DateOrder
    from qa.formats.markup import Block
    from qa.schema import Certainty

# Names of <meta> elements, lower case, the most telling first.
_META = {
    "title": ("citation_title", "og:title", "dc.title", "dcterms.title", "twitter:title"),
    "author": (
        "citation_author",
        "author",
        "dc.creator",
        "dcterms.creator",
        "article:author",
        "parsely-author",
    ),
    "publisher": (
        "citation_publisher",
        "citation_technical_report_institution",
        "citation_dissertation_institution",
        "og:site_name",
        "dc.publisher",
        "dcterms.publisher",
        "publisher",
        "application-name",
    ),
    "series": ("citation_journal_title", "citation_series_title", "prism.publicationname"),
    "number": ("citation_technical_report_number", "citation_issue"),
    "date": (
        "article:published_time",
        "citation_publication_date",
        "citation_date",
        "dcterms.issued",
        "dc.date.issued",
        "dcterms.date",
        "dc.date",
        "datepublished",
        "publishdate",
        "publish-date",
        "publication_date",
        "pubdate",
        "date",
        "sailthru.date",
        "parsely-pub-date",
    ),
    "url": ("og:url", "citation_abstract_html_url"),
    "language": ("content-language", "dc.language", "dcterms.language", "citation_language", "og:locale"),
}
_IN_JSON_LD = {
    "author": "author",
    "publisher": "publisher",
    "date": "datePublished",
    "series": "isPartOf",
    "url": "url",
    "language": "inLanguage",
}
_ARTICLE = re.compile(r"Article$|^(?:BlogPosting|Report|SocialMediaPosting|Book|Legislation)$")
_SAVED = re.compile(
    r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->|Page saved with SingleFile\s+url:\s*(https?://\S+)"
)
_DATE_IN_URL = re.compile(r"/((?:19|20)\d\d)/(\d\d)/(\d\d)(?:/|$)")
# ISO 639-2 to 639-1, of the languages that pages and books are likely to be in.
TWO_LETTERS = {
    pair[:3]: pair[4:]
    for pair in """
    ara=ar ces=cs chi=zh cze=cs dan=da deu=de dut=nl ell=el eng=en fin=fi fra=fr fre=fr ger=de gre=el
    heb=he hin=hi hun=hu ind=id ita=it jpn=ja kor=ko mon=mn nld=nl nor=no per=fa pol=pl por=pt ron=ro
    rum=ro rus=ru spa=es swe=sv tha=th tur=tr ukr=uk vie=vi zho=zh
    """.split()
}
_IN_UTC = re.compile(r"\d(?:Z|[+-]00:?00)\s*$", re.IGNORECASE)
_SITE = re.compile(r"\s{0,4}(?:[|·•«»‹›_–—]|\s-|-(?=[\u4e00-\u9fff])|::)\s{0,4}(?=\S)")
_SITE_BEFORE = re.compile(r"(?:[|·•«»‹›_–—]|\s-|::)\s?$")
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)"
    r"|copyright)[\s,]{0,3}(?:\d{4}(?:\s?[–-]\s?\d{4})?)?[\s,]{0,3}(?:by )?(?P<holder>[^.,|©\d]{3,60})",
    re.IGNORECASE,
)
_LAST = 15  # blocks
_NUMBERS_IT = re.compile(
    r"\bNo\.?\s?\d[\d/.-]{0,9}[^\w]{0,3}$"
)  # "Statement No. 14: …" is a title with what follows
_OF_A_SITE = re.compile(r"\s(?:intranet|extranet|web ?site|home ?page)$", re.IGNORECASE)
_TOP = 12  # blocks
_SHORT = 15  # characters: a heading of no more may stand in a title by chance
_HIGHEST = 3  # levels of headings that a page's title may stand in

_Fact = tuple[str, str, str, "Certainty"]  # field, value, source, how sure


def describe_page(
    source: str, tree: html.HtmlElement, blocks: list[Block], date_order: DateOrder
) -> Document:
    """Return a document without text: what the page of this source, tree and blocks says about itself."""
    values: dict[str, Any] = {}
    found: list[Found] = []
    doubts: list[str] = []
    for field, written, where, sure in _facts(source, tree, blocks):
        value: Any = " ".join(written.split())
        in_utc = field == "date" and bool(_IN_UTC.search(value))
        if not value or field in values or not value.isprintable():
            if field == "date" and field in values and not in_utc and sure == "stated":
                _correct_utc(values, found, read_date(value, date_order)[0], where)
            continue
        if field == "date":
            value, doubt = read_date(value, date_order)
            sure = "likely" if in_utc else sure  # it may have been another day where it was published
            doubts += [doubt] if doubt else []
        elif field == "url":
            value = value if re.fullmatch(r"https?://\S+", value) else ""
        elif field == "author":
            value = "" if "://" in value or is_no_author(value) else value
        elif field == "title":
            value = "" if is_no_title(value) else value
        elif field == "language":
            value = primary_language(value)
        if value:
            values[field] = value
            found.append(Found(field, where, sure))
    site = re.escape(values.get("publisher", ""))
    if site and (shorter := re.sub(rf"(?<=\w){_SITE.pattern}{site}$", "", values.get("title", ""))):
        values["title"] = shorter
    notes = () if "date" in values else tuple(dict.fromkeys(doubts))
    return Document(id="", text="", format="html", found=tuple(found), notes=notes, **values)


def _correct_utc(values: dict[str, Any], found: list[Found], date: dt.date | None, where: str) -> None:
    """Put a date as its place has it in the stead of the one of a time in UTC, where they are a day apart."""
    utc = next(each for each in found if each.field == "date")
    if date and utc.sure == "likely" and abs((date - values["date"]).days) <= 1:
        found[found.index(utc)] = Found("date", where, "stated")
        values["date"] = date


def _facts(source: str, tree: html.HtmlElement, blocks: list[Block]) -> Iterator[_Fact]:
    """Yield what may be known, the surest first."""
    meta: dict[str, list[str]] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("http-equiv") or node.get("itemprop")
        if name and node.get("content"):
            meta.setdefault(name.lower(), []).append(node.get("content"))
    for volume, issue in zip(meta.get("citation_volume", ()), meta.get("citation_issue", ()), strict=False):
        yield "number", f"{volume}({issue})", "meta citation_volume", "stated"
    linked = dict(_linked(tree))
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            yield "url", link.get("href", ""), "canonical link", "stated"
    yield "language", tree.get("lang") or "", "html lang", "stated"
    yield "author", linked.get("author", ""), "JSON-LD", "stated"  # of several, a meta may name one
    headings = [block for block in blocks if 1 <= block.level <= _HIGHEST]
    titles = [" ".join(block.text.split()) for block in sorted(headings, key=lambda block: block.level)]
    if len(titles) > 1 and any(
        block.level > 1 for block in headings
    ):  # who publishes it may stand in one too
        titles = [each for each in titles if not (is_institution(each) or likely_institution(each))] or titles
    if not titles:  # a part of the page's own title that stands on the page as well
        shown = {part.strip() for part in _SITE.split(" ".join(tree.findtext(".//title", "").split()))}
        tops = [" ".join(line.split()) for block in blocks[:_TOP] for line in block.text.splitlines()]
        titles = [line for line in tops if line in shown and len(line) > _SHORT][-1:]
    main = [" ".join(block.text.split()) for block in blocks if block.level == 1]
    main = [each for each in main if each in titles or len(headings) == 1]
    whole = " ".join(tree.findtext(".//title", "").split())
    if len(main) == 1 and len(titles) == 2 and letters(find_number(whole).series) == letters(main[0]):
        main = titles = titles[1:]  # "La Lettre du large n° 52": the heading is the periodical's
    for field, names in _META.items():
        for name in names:
            value = meta.get(name, [""])[0]
            if field == "author":
                value = "; ".join(dict.fromkeys(map(in_order, meta.get(name, ()))))
            elif field == "title":
                value, _ = _apart(value, titles)
            yield field, value, f"meta {name}", "stated"
        yield field, linked.get(field, ""), "JSON-LD", "stated"
    head = " ".join(tree.findtext(".//title", "").split())
    title, site = _apart(head, titles)
    heading = main[0] if len(main) == 1 else "" if main else next(iter(titles), "")
    if (
        title == head
        and heading
        and may_be_heading(heading)
        and letters(head) not in map(letters, titles)
        and not (head.endswith(heading) and _NUMBERS_IT.search(head.removesuffix(heading)))
    ):
        parts = [part for part in _SITE.split(head) if part.strip()]
        site = parts[-1].strip() if parts else ""
        site = site if " " in site and (is_institution(site) or is_periodical(site)) else ""
        title = heading  # what all pages of a site are called is no title of one
    parts = [part.strip() for part in _SITE.split(title) if part.strip()]
    named = len(parts) > 1 and all(is_kind(part) or is_institution(part) for part in parts)
    yield "title", "" if named else title, "page title", "stated"
    site = _OF_A_SITE.sub("", site)
    yield "publisher", "" if is_kind(site) else site, "page title", "likely"
    for block in blocks[-_LAST:]:
        owned = _COPYRIGHT.match(" ".join(block.text.split()))
        if owned and may_publish(owned["holder"].strip()):
            yield "publisher", owned["holder"].strip(), "its copyright line", "likely"
    if not head and titles and may_be_heading(titles[0]):
        yield "title", titles[0], "its first heading", "likely"
    if saved := _SAVED.search(source[:5000]):
        yield "url", saved[1] or saved[2], "saved from", "stated"
    yield from _marked_up(tree)
    for address in (*(link.get("href", "") for link in tree.iter("link")), *meta.get("og:url", ())):
        if dated := _DATE_IN_URL.search(address):
            yield "date", "-".join(dated.groups()), "address", "likely"


def _marked_up(tree: html.HtmlElement) -> Iterator[_Fact]:
    """Yield what elements of the page's body are marked to say."""
    times: list[str] = []
    for node in tree.iter("time", "span", "a", "p", "div", "abbr"):
        said = node.get("itemprop", "").lower()
        if said == "datepublished":
            yield (
                "date",
                node.get("datetime") or node.get("content") or node.text_content(),
                "itemprop",
                "stated",
            )
        elif said == "author" or "author" in (node.get("rel") or "").split():
            yield "author", node.text_content()[:200], "author of the page's text", "likely"
        if node.tag == "time":
            if "pubdate" in node.attrib:
                yield "date", node.get("datetime") or node.text_content(), "time element", "stated"
            times.append((node.get("datetime") or "")[:10])
    if len(set(times)) == 1:
        yield "date", times[0], "time element", "likely"


def _apart(title: str, headings: list[str]) -> tuple[str, str]:
    """Take the name of the site off a title: what follows the page's own heading in it, or stands before."""
    for heading in sorted(headings, key=len, reverse=True):
        if title.startswith(heading) and (rest := _SITE.match(title, len(heading))):
            return heading, _SITE.split(title[rest.end() :])[-1]
        before = title.removesuffix(heading)
        if heading and before != title and (rest := _SITE_BEFORE.search(before)):
            return heading, _SITE.split(before[: rest.start()].rstrip())[0]  # "Network | Stories"
        before, found, after = title.partition(heading) if len(heading) > _SHORT else ("", "", "")
        if found and (rest := _SITE.match(after)):
            whole = f"{before}{heading}" if _NUMBERS_IT.search(before) else heading
            return whole, after[rest.end() :]
    return title, ""


def may_be_heading(words: str) -> bool:
    """Whether a heading may be a page's title: "Summary" is none."""
    return 5 <= len(words) <= 250 and not is_section_heading(words)


def primary_language(tag: str) -> str:
    """Return "en" for "en-GB" and "eng", and "" for what is no language tag."""
    primary = re.split("[-_,]", tag.lower())[0].strip()
    return TWO_LETTERS.get(primary, primary) if re.fullmatch("[a-z]{2,3}", primary) else ""


def _linked(tree: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """Yield the fields that the page's JSON-LD (schema.org) gives for its article."""
    for script in tree.iter("script"):
        if script.get("type", "").lower() != "application/ld+json":
            continue
        try:
            article = _article(json.loads(script.text or ""))
        except (ValueError, RecursionError):
            continue
        if article:
            yield "title", _name(article.get("headline")) or _name(article.get("name"))
            yield from ((field, _name(article.get(key))) for field, key in _IN_JSON_LD.items())
            return


def _article(data: object) -> dict[str, Any]:
    """Find the first article in JSON-LD, which may be a list, or hold an "@graph"."""
    todo = [data]
    while todo:
        node = todo.pop(0)
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            kinds = node.get("@type")
            if any(_ARTICLE.search(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                return node
            todo += [node.get("@graph"), node.get("mainEntity")]
    return {}


def _name(value: object) -> str:
    """Return a text, the name of a thing, or those of several."""
    match value:
        case str():
            return value
        case {"name": str(name)}:
            return name
        case [*several]:
            return "; ".join(filter(None, map(_name, several)))
        case _:
            return ""
