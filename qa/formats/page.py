"""Reads a web page's metadata from its head, JSON-LD and body, and a comment of the program that saved it.

If several places give a field, the first place counts. A date that could be read in two ways is left out.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from qa.formats.heads.numbers import find_number
from qa.formats.placeholders import is_no_author, is_no_title
from qa.schema import FIELDS, Document, Found
from qa.text.name_classes import is_institution, letters, may_own, may_publish
from qa.text.organisations import is_kind, is_periodical, is_section_heading, likely_institution
from qa.text.people import in_order, likely_people, people_first, surely_people
from qa.text.written_dates import find_date, read_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from lxml import html

    from qa.formats.markup import Block
    from qa.schema import Certainty
    from qa.text.written_dates import DateOrder

_ARTICLE = re.compile(r"Article$|^(?:BlogPosting|Report|SocialMediaPosting|Book|Legislation)$")
_SAVED = re.compile(
    r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->|Page saved with SingleFile\s+url:\s*(https?://\S+)"
)
_DATE_IN_URL = re.compile(r"/((?:19|20)\d\d)/(\d\d)/(\d\d)(?:/|$)")
# ISO 639-2 codes to ISO 639-1 codes, for the languages that are likely for pages and books.
TWO_LETTERS = {
    pair[:3]: pair[4:]
    for pair in """
    ara=ar ces=cs chi=zh cze=cs dan=da deu=de dut=nl ell=el eng=en fin=fi fra=fr fre=fr ger=de gre=el
    heb=he hin=hi hun=hu ind=id ita=it jpn=ja kor=ko mon=mn nld=nl nor=no per=fa pol=pl por=pt ron=ro
    rum=ro rus=ru spa=es swe=sv tha=th tur=tr ukr=uk vie=vi zho=zh
    """.split()
}
# Programs that make a book or manual of many pages. A page's title then has the book's title too.
_MAKES_BOOKS = re.compile(
    r"docbook|sphinx|docutils|asciidoc|texi2|makeinfo|gapdoc|doxygen|mkdocs|docusaurus|gitbook|jupyter|latex2html"
    r"|hevea|pandoc",
    re.IGNORECASE,
)
_BOOK = re.compile(
    r"<!--\s*Book generated using mdBook\s*-->|\bDOCUMENTATION_OPTIONS\b|documentation_options\.js"
)
_IN_UTC = re.compile(r"\d(?:Z|[+-]00:?00)\s*$", re.IGNORECASE)
_SITE = re.compile(
    r"\s{0,4}(?:[|·•«»‹›_–—]|\s-|-(?=[\u4e00-\u9fff])|\s:(?=\s[\u4e00-\u9fff\uac00-\ud7a3])|::)\s{0,4}(?=\S)"
)
_SITE_BEFORE = re.compile(r"(?:[|·•«»‹›_–—]|\s-|::)\s?$")
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright(?=\s{0,3}(?:\d{4}|©|\(c\))))[\s,©]{0,3}(?:copyright\s{0,3})?"
    r"(?:\d{4}(?:\s?[–-]\s?\d{4})?[\s,]{0,3}){0,9}(?:by )?"
    r"(?P<holder>(?:(?!creative commons att)[^.,|©\d(]|\.(?=\w)|(?<=\s[A-Z])\.){3,60})",
    re.IGNORECASE,
)
_LAST = 15  # blocks at the end of a page that may have a copyright line
_PIPED = re.compile(r"(?P<title>[^|]{8,})\s\|\s(?P<site>[^|\s]+(?:\s[^|\s]+){0,3})")
_VERSION = re.compile(r"\d\.\d|\b(?:documentation|manual|handbook|guide)\b", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,6}", re.IGNORECASE)
_BYLINE = re.compile(r"(?<![a-z])(?:by-?line|author)s?(?![a-z])", re.IGNORECASE)
_DATED = re.compile(
    r"(?<![a-z])(?:pub-?date|date(?:line|time)?|publish(?:ed)?(?:[-_]?(?:on|date|time))?|(?:entry|post)[-_]date)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_MOST_WRITTEN = 1_000  # characters of an element that has only a date, including white space
_TIME_OF_DAY = re.compile(r"\b\d\d?:\d\d(?::\d\d)?(?: (?:[AP]M|[A-Z]{3,4})\b)?")
_NOT_OF_PAGE = re.compile(
    r"(?<![a-z])(?:comments?|commentlist|repl(?:y|ies)|related|sidebar|teaser|promo|recent|popular|footer|bio"
    r"|aside)(?![a-z])",
    re.IGNORECASE,
)
_AROUND_SCRIPT = " \t\r\n/*"
_TOP_OF_PAGE = 40  # blocks, including navigation
# Names of facts about the author: a field for the author, and a byline on the page.
_CLAIMED, _SHOWN = "claimed author", "byline"
_MOST_BYLINES = 100
_AROUND_BYLINE = 3  # levels of elements around a byline: bylines that share such an element are one group
_SENTENCE = 80  # characters: a longer block that ends like a sentence is prose
_PROSE = 180  # characters: a longer block is prose
_NUMBERS_IT = re.compile(
    r"\bNo\.?\s?\d[\d/.-]{0,9}[^\w]{0,3}$"
)  # in "Statement No. 14: …", the number is part of the title
_LABEL_BEFORE = re.compile(r"[^\W\d_]{2,20}(?:\s[\dA-Z.]{1,6})?(?:\s[-–—]|[:.])\s")
_NUMBER_BEFORE = re.compile(r"(?:\d{1,3}|[A-Z])(?:\.\d{1,3}){0,4}[.:]\s")
_OF_THE_WEB = ("og:", "article:", "twitter:", "dc.", "dcterms.", "citation_")  # names of <meta> elements
_RELATED = ("canonical", "shortlink", "alternate")
_OF_A_SITE = re.compile(r"\s(?:intranet|extranet|web ?site|home ?page)$", re.IGNORECASE)
_TOP = 12  # blocks at the top of a page that may show its title
_SHORT = 15  # characters: so short a heading may occur in a title by chance
_HIGHEST = 3  # lowest level of a heading that may be a page's title

_Fact = tuple[str, str, str, "Certainty"]  # field, value, source, how sure


def describe_page(
    source: str, tree: html.HtmlElement, blocks: list[Block], date_order: DateOrder
) -> Document:
    """Return a document without text, but with the metadata of the page of this source, tree and blocks."""
    values: dict[str, Any] = {}
    origins: list[Found] = []
    doubts: list[str] = []
    facts = list(_facts(source, tree, blocks))
    for field, written, where, sure in [*facts, *_authors(facts)]:
        value: Any = " ".join(written.split())
        in_utc = field == "date" and bool(_IN_UTC.search(value))
        if field in (_CLAIMED, _SHOWN) or not value or field in values or not value.isprintable():
            if field == "date" and field in values and not in_utc and sure == "stated":
                _correct_utc(values, origins, read_date(value, date_order)[0], where)
            continue
        if field == "date":
            value, doubt = read_date(value, date_order)
            sure = "likely" if in_utc else sure  # the local date of publication may be another day
            doubts += [doubt] if doubt else []
        elif field == "url":
            value = value if re.fullmatch(r"https?://\S+", value) else ""
        elif field == "title":
            value = "" if is_no_title(value) else value
        elif field == "language":
            value = primary_language(value)
        if value:
            values[field] = value
            origins.append(Found(field, where, sure))
    site = re.escape(values.get("publisher", ""))
    if site and (shorter := re.sub(rf"(?<=\w){_SITE.pattern}{site}$", "", values.get("title", ""))):
        values["title"] = shorter
    notes = () if "date" in values else tuple(dict.fromkeys(doubts))
    return Document(id="", text="", format="html", found=tuple(origins), notes=notes, **values)


def _authors(facts: list[_Fact]) -> Iterator[_Fact]:
    """Yield the authors of the page: first people from any field, then other names from author fields.

    The site's name and address do not count.
    """
    sites = {letters(value) for field, value, _, _ in facts if field == "publisher"}
    others: list[_Fact] = []
    for field, written, where, sure in facts:
        value = " ".join(written.split())
        if field not in (_CLAIMED, _SHOWN) or "://" in value or is_no_author(value):
            continue
        if letters(value) in sites or _HOST.fullmatch(value):
            continue
        if people := byline_people(value):
            yield "author", people, where, sure
        elif field == _CLAIMED:
            others.append(("author", value, where, "guessed"))
    yield from others


def _correct_utc(values: dict[str, Any], origins: list[Found], date: dt.date | None, where: str) -> None:
    """Replace the date of a UTC time by a local date, if they are at most one day apart."""
    utc = next(origin for origin in origins if origin.field == "date")
    if date and utc.sure == "likely" and abs((date - values["date"]).days) <= 1:
        origins[origins.index(utc)] = Found("date", where, "stated")
        values["date"] = date


def _facts(source: str, tree: html.HtmlElement, blocks: list[Block]) -> Iterator[_Fact]:
    """Yield possible metadata, the surest first."""
    meta = _meta(tree)
    for volume, issue in zip(meta.get("citation_volume", ()), meta.get("citation_issue", ()), strict=False):
        yield "number", f"{volume}({issue})", "meta citation_volume", "stated"
    linked = dict(_linked(tree))
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            yield "url", link.get("href", ""), "canonical link", "stated"
    yield "language", tree.get("lang") or "", "html lang", "stated"
    yield _CLAIMED, linked.get("author", ""), "JSON-LD", "stated"  # a meta may name one of several
    head = " ".join(tree.findtext(".//title", "").split())
    generated = " ".join(meta.get("generator", ()))
    of_book = bool(_MAKES_BOOKS.search(generated) or _BOOK.search(source))
    on_web = (
        bool(linked)
        or any(name.startswith(_OF_THE_WEB) for name in meta)
        or any(link.get("rel") in _RELATED for link in tree.iter("link"))
    )
    titles = _titles(blocks, head, of_book=of_book)
    for field, declared in FIELDS.items():
        for name in declared.meta:
            value = meta.get(name, [""])[0]
            if field == "author":
                several = list(dict.fromkeys(map(in_order, meta.get(name, ()))))
                value = "; ".join(several if all(map(byline_people, several)) else several[:1])
            elif field == "title":
                value, _ = _apart(value, titles)
            yield _CLAIMED if field == "author" else field, value, f"meta {name}", "stated"
        yield _CLAIMED if field == "author" else field, linked.get(field, ""), "JSON-LD", "stated"
    yield from _head_facts(head, titles, of_book=of_book, on_web=on_web)
    for line in (*meta.get("copyright", ()), *(block.text for block in blocks[-_LAST:])):
        owned = _COPYRIGHT.search(" ".join(line.split()))
        holder = owned["holder"].strip() if owned else ""
        if may_own(holder) and not byline_people(holder):
            yield "publisher", holder, "its copyright line", "likely"
    if not head and titles and may_be_heading(titles[0]):
        yield "title", titles[0], "its first heading", "likely"
    if saved := _SAVED.search(source[:5000]):
        yield "url", saved[1] or saved[2], "saved from", "stated"
    yield from _marked_up(tree)
    for address in (*(link.get("href", "") for link in tree.iter("link")), *meta.get("og:url", ())):
        if dated := _DATE_IN_URL.search(address):
            yield "date", "-".join(dated.groups()), "address", "likely"
    yield "date", next(_dates_below_title(tree), ""), "date element", "stated"


def _meta(tree: html.HtmlElement) -> dict[str, list[str]]:
    """Return the values of the page's `meta` elements by their names in lower case."""
    meta: dict[str, list[str]] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("http-equiv") or node.get("itemprop")
        if name and node.get("content"):
            meta.setdefault(name.lower(), []).append(node.get("content"))
    return meta


def _head_facts(head: str, titles: list[str], *, of_book: bool, on_web: bool) -> Iterator[_Fact]:
    """Yield what the title in the page's head says: the page's own title, and its site, series or number.

    `titles` are the headings that may be the page's title, the likeliest first.
    """
    title, site = _apart(head, titles)
    if title == head and titles and may_be_heading(titles[0]) and not _begins(head, titles[0]):
        if not (head.endswith(titles[0]) and _NUMBERS_IT.search(head.removesuffix(titles[0]))):
            parts = [part for part in _SITE.split(head) if part.strip()]
            site = parts[-1].strip() if parts else ""
            site = site if " " in site and (is_institution(site) or is_periodical(site)) else ""
            title = titles[0]  # the common title of a site's pages is not a page's title
    elif title == head and (piped := _PIPED.fullmatch(head)):
        title, site = piped["title"], piped["site"]
    parts = [part.strip() for part in _SITE.split(title) if part.strip()]
    is_generic = len(parts) > 1 and all(is_kind(part) or is_institution(part) for part in parts)
    yield "title", "" if is_generic else title, "page title", "stated"
    site = _OF_A_SITE.sub("", site)
    if not is_kind(site) and not is_section_heading(site):
        if number := find_number(site).number:  # "RFC 2822"
            yield "number", number, "page title", "likely"
        else:
            field = "series" if of_book or _VERSION.search(site) else "publisher"
            if field == "series" or on_web or _is_body(site) or is_periodical(site):
                yield field, site, "page title", "likely"  # else it may be the name of a program


def _is_prose(block: Block) -> bool:
    whole = len(block.text) > _SENTENCE and block.text.endswith((".", "!", "?", "…"))
    return not block.level and (whole or len(block.text) > _PROSE)


def _begins(head: str, heading: str) -> bool:
    """Return whether the title in the head begins with a heading, and the site's name does not follow."""
    return letters(head).startswith(letters(heading)) and not _SITE.match(head, len(heading))


def _titles(blocks: list[Block], head: str, *, of_book: bool) -> list[str]:
    """Return the headings that may be the page's title, the likeliest first.

    `head` is the title in the page's head. If headings occur in `head`, only these headings count. Headings
    are sorted by level. Below the first paragraph of prose, only headings of level 1 count.
    """
    prose = next((at for at, block in enumerate(blocks) if _is_prose(block)), len(blocks))
    headings = [
        (block.level, " ".join(block.text.split()).rstrip(" ¶#"))
        for at, block in enumerate(blocks)
        if 1 <= block.level <= _HIGHEST and (at < prose or block.level == 1)
    ]
    titles = [words for _, words in sorted(headings, key=lambda heading: heading[0])]
    shown = {part.strip() for part in _SITE.split(head)}
    if not titles:  # a part of the title in the head that the page also shows
        tops = [" ".join(line.split()) for block in blocks[:_TOP] for line in block.text.splitlines()]
        return [line for line in tops if line in shown and len(line) > _SHORT][-1:]
    titles = [title for title in titles if may_be_heading(title) or (of_book and head.startswith(title))]
    if labelled := [title for title in titles if _is_labelled(title, shown)]:
        return labelled
    if inside := [title for title in titles if _apart(head, [title])[1] or title == head]:
        highest = [title for title in inside if (headings[0][0], title) in headings]
        return highest[-1:] if len(highest) > 1 else inside  # the first heading names the site or the work
    if not _is_body(head) and any(
        head == line for block in blocks[:_TOP_OF_PAGE] for line in block.text.splitlines()
    ):
        return []
    top = [words for level, words in headings if level == min(level for level, _ in headings)]
    own_titles = [title for title in titles if not (may_publish(title) and _is_body(title))]
    return (own_titles or titles) if set(top) & set(titles) else []


def _is_labelled(heading: str, shown: set[str]) -> bool:
    """Return whether a heading is a label and then a part of the page's title: "Chapter 1 - Tides"."""
    label = _LABEL_BEFORE.match(heading)
    return label is not None and heading[label.end() :] in {_NUMBER_BEFORE.sub("", part) for part in shown}


def _is_body(name: str) -> bool:
    return is_institution(name) or likely_institution(name)


def _marked_up(tree: html.HtmlElement) -> Iterator[_Fact]:
    """Yield metadata from marked elements in the page's body."""
    for byline in _bylines(tree):
        yield _SHOWN, byline, "byline", "likely"
    times: list[str] = []
    for node in tree.iter("time", "span", "a", "p", "div", "abbr"):
        itemprop = node.get("itemprop", "").lower()
        if itemprop == "datepublished":
            yield (
                "date",
                node.get("datetime") or node.get("content") or node.text_content(),
                "itemprop",
                "stated",
            )
        if node.tag == "time":
            if "pubdate" in node.attrib:
                yield "date", node.get("datetime") or node.text_content(), "time element", "stated"
            times.append((node.get("datetime") or "")[:10])
    if len(set(times)) == 1:
        yield "date", times[0], "time element", "likely"


def _dates_below_title(tree: html.HtmlElement) -> Iterator[str]:
    """Yield dates from elements below the title that are marked as dates. Above it, a date may be today's."""
    title = next(tree.iter("h1", "h2"), None)
    below = False
    for node in tree.iter(etree.Element):
        below = below or node is title
        if below and _is_marked(node, _DATED) and len(written := node.text_content()) <= _MOST_WRITTEN:
            words = " ".join(_TIME_OF_DAY.sub(" ", written).split())
            if len(words) <= _SENTENCE and (found_date := find_date(words)):
                yield words[found_date.start : found_date.end]


def _bylines(tree: html.HtmlElement) -> Iterator[str]:
    """Yield the texts of the page's elements for its authors. Elements of one group give one text."""
    marked = [node for node in tree.iter(etree.Element) if _is_marked(node, _BYLINE)]
    outer = {ancestor for node in marked for ancestor in node.iterancestors()}
    inner = [node for node in marked if node not in outer][:_MOST_BYLINES]
    around = {node: set(islice(node.iterancestors(), _AROUND_BYLINE)) for node in inner}
    while inner:
        first, *rest = inner
        group = [first, *(node for node in rest if around[first] & around[node])]
        inner = [node for node in rest if node not in group]
        lines = [line for node in group for line in _lines_of(node)]
        yield "; ".join(dict.fromkeys(line for line in lines if line and len(line) <= _PROSE))


def _lines_of(node: html.HtmlElement) -> list[str]:
    """Return the lines of an element's text."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(node, events=("start", "end")):
        if event == "start":
            pieces += ["\n" if element.tag == "br" else "", element.text or ""]
        elif element is not node:
            pieces.append(element.tail or "")
    return [" ".join(line.split()) for line in "".join(pieces).splitlines()]


def _is_marked(node: html.HtmlElement, words: re.Pattern[str]) -> bool:
    """Return whether an element's attributes match `words`, and it is outside comments, teasers etc."""
    attributes = (
        f"{node.get('class', '')} {node.get('id', '')} {node.get('itemprop', '')} {node.get('rel', '')}"
    )
    if not words.search(attributes) or node.tag in ("link", "meta", "script", "body", "html"):
        return False
    around = " ".join(
        f"{element.get('class', '')} {element.get('id', '')} {element.tag}"
        for element in (node, *node.iterancestors())
    )
    return not _NOT_OF_PAGE.search(around)


def byline_people(written: str) -> str:
    """Return the people in a byline like "By Ann Osei, Ferry Wire | 3 May", with "; " between them."""
    written = re.sub(
        r"(?i)^\W*(?:(?:by|par|von|por|di|de|story by|posted by|written by)\b\s?:?\s*)+", "", written
    )
    written = re.split(
        r"\s[|•·–—]\s|\s?\(|\d", re.sub(r"<[^<>]{0,100}>|(?<![\w.+-])[\w.+-]{1,64}@\S{1,100}", "", written)
    )[0].strip(" ,;|")
    names = people_first(written)
    return names if surely_people(names) or likely_people(names) else ""


def _apart(title: str, headings: list[str]) -> tuple[str, str]:
    """Split a title into the page's own heading and the site's name after or before it.

    Without a site's name, return the whole title and "".
    """
    longest = sorted(headings, key=len, reverse=True)
    for heading in longest:
        if title.startswith(heading) and (rest := _SITE.match(title, len(heading))):
            return heading, _SITE.split(title[rest.end() :])[-1]
    for heading in longest:
        before = title.removesuffix(heading)
        if heading and before != title and (rest := _SITE_BEFORE.search(before)):
            return heading, _SITE.split(before[: rest.start()].rstrip())[0]  # "Network | Stories"
        before, matched, after = title.partition(heading) if len(heading) > _SHORT else ("", "", "")
        if matched and (rest := _SITE.match(after)):
            whole = f"{before}{heading}" if _NUMBERS_IT.search(before) else heading
            return whole, after[rest.end() :]
    return title, ""


def may_be_heading(words: str) -> bool:
    """Return whether a heading may be a page's title, unlike "Summary"."""
    return 5 <= len(words) <= 250 and not is_section_heading(words)


def primary_language(tag: str) -> str:
    """Return the language of a tag, such as "en" for "en-GB" or "eng", or "" if it is not a language tag."""
    primary = re.split("[-_,]", tag.lower())[0].strip()
    is_known = re.fullmatch("[a-z]{2,3}", primary) and primary not in ("und", "mul", "zxx")
    return TWO_LETTERS.get(primary, primary) if is_known else ""


def _linked(tree: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """Yield the fields that the page's JSON-LD (schema.org) gives for its article."""
    for script in tree.iter("script"):
        if script.get("type", "").lower() != "application/ld+json":
            continue
        try:
            article = _article(json.loads(_unwrapped(script.text or "")))
        except (ValueError, RecursionError):
            continue
        if article:
            yield "title", _name(article.get("headline")) or _name(article.get("name"))
            keys = {field: info.json_ld for field, info in FIELDS.items() if info.json_ld}
            yield from ((field, _name(article.get(key))) for field, key in keys.items())
            return


def _unwrapped(script: str) -> str:
    """Return a script without marks that hide it from XML parsers: "//<![CDATA[" and "//]]>", or "<!--"."""
    script = script.strip(_AROUND_SCRIPT).removeprefix("<![CDATA[").removeprefix("<!--")
    return script.removesuffix("]]>").removesuffix("-->").strip(_AROUND_SCRIPT)


def _article(data: object) -> dict[str, Any]:
    """Return the first article in JSON-LD, or {}. The JSON-LD may be a list, or have an "@graph"."""
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
    """Return a text, the name of a thing, or the names of several things."""
    match value:
        case str():
            return value
        case {"name": str(name)}:
            return name
        case [*several]:
            return "; ".join(filter(None, map(_name, several)))
        case _:
            return ""
