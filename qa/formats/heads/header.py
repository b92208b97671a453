"""Reads the header of a text: the few short lines at the top with title, author, publisher, number and date.

Headers have any order ("Monitor | Brief No. 239", title first or last). So each line is taken apart first.
Labels, dates, numbers, addresses and names of people are recognised by their form. Parts that a citation does
not need (telephone numbers, kinds of documents) are dropped. Then publisher, series and title are found among
the remaining names. A field that is not sure stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.formats.heads.labels import LABEL, label_of
from qa.formats.heads.line_names import EAST_ASIAN
from qa.formats.heads.line_parts import HARD_WRAPPED
from qa.formats.heads.line_reader import SEPARATOR, cells, parse_line
from qa.formats.heads.line_rules import ACADEMIC, COPYRIGHT
from qa.formats.heads.numbers import find_number
from qa.formats.heads.prose import dateline, letter_subject, producer, read_foot
from qa.formats.heads.top import TOP, find_top, without_misreadings
from qa.text.name_classes import (
    COURT,
    STATE,
    WORDS,
    classify_name,
    has_name_form,
    is_address,
    is_division,
    is_institution,
    is_law_or_event,
    is_like_a_title,
    is_office,
    is_plainly_institution,
    letters,
    without_seat,
)
from qa.text.organisations import (
    is_kind,
    is_periodical,
    is_section_heading,
    issued_by,
    likely_institution,
    may_name_institution,
    names_periodical,
)
from qa.text.people import is_role, likely_people, people_in_line, surely_people
from qa.text.written_dates import DateOrder, find_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from qa.formats.heads.line_parts import HeadDate, Line, Name, Role
    from qa.schema import Span

_RANKS: dict[Role, int] = {"published": 0, "plain": 1, "event": 2, "updated": 3, "never": 4}
_GOES_ON = re.compile(
    r"(?:\b(?:an?|and|as|at|by|for|from|in|into|of|on|or|the|to|with|de|la|le|der|die|und|et)|[,&–—-])$",
    re.IGNORECASE,
)
_SERIES_KIND = re.compile(
    r"\b(?:series|papers?|briefs?|notes?|reports?|bulletin|circular|advisory)$", re.IGNORECASE
)
_ENDS_AS_DAY = re.compile(r"\b(?:day|week|night|eve|month|year|anniversary|sunday)$", re.IGNORECASE)
_ENGLISH = re.compile(r"\b(?:the|and|of)\b")
_ENOUGH = 200  # characters: a longer text can be recognised as not English
_SHORT_PERSON = 3  # maximum words of a line in a list of names
_SHORT_NAME = 5  # maximum words of a title that is the name of a newsletter
_FOOT = 600  # characters at the end of a text, where its publisher may stand again
_LETTERHEAD = 2  # lines of a letter's head, above the receiver's address
# Words that follow the name of a person or institution: "Corvex Credit Ratings has today downgraded …"
_ACTS = (
    r"(?:has|have|today|said|says|announced?s?|will|calls?|called|condemns?|welcomes?|believes?|urges?"
    r"|reports?"
    r"|recommends?|publishe[sd]|expects?|estimates?|is (?:an?|the|pleased)|was (?:founded|established))"
)
_PIECE = re.compile(r"[^\W\d_]{4,12}")  # "Paper", "Dispatch"
_SERIES_OF = re.compile(
    r"(?:discussion|working|occasional|policy|research|technical|staff|conference|briefing|strategic|[\w-]+)"
    r" (?:papers|series|briefs|studies|essays|monographs) (?:in|on|of|from)\s",
    re.IGNORECASE,
)
_FULL_STOP = re.compile(r"(?:^|\s)[^\W\d_]{2,}[.!…][”’\"')\]]*$")
_LONG_TITLE = 4  # words: a longer name is hardly a publisher's
_LONGEST_NOTE = 8  # words: a longer line in lower case is somebody's note
_LEAST_TITLE = -1  # minimum score of a title
# A label that no list has, and a name: "Release manager: @jo", "Respondent: Harbour Mission Ltd".
_LABELLED = re.compile(r"(?P<label>[^\W\d_a-z][\w’'-]*(?: [a-z][\w’'/-]*){0,7}): (?P<value>@?[^\W\d_].*)")
_PART = re.compile(r"\b(?:division|department|unit|section|branch|directorate)$", re.IGNORECASE)
_HISTORY = 3  # so many dates without a known role are a list of versions, not the date of the text
_SURE = 4  # minimum score of a publisher
_MOST_UNDATED = 6  # maximum lines of a header without a date or number
_INSIDE_A_TITLE = re.compile(
    r"\s(?:and|or|in|on|to|from|after|with|without|by|as|at|under|between|against|before|is|are|was|will"
    r"|should)\s"
)
_SUBTITLE = re.compile(
    r"(?:how|why|what|when|where|who|an?|towards?|lessons|testimon(?:y|ies)|evidence|findings|notes|voices"
    r"|stories"
    r"|report (?:of|on)|results|from|on|the case)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The fields that a header states. The other fields are empty.

    Attributes:
        title, publisher, series, number, date, url, author: as in a document.
        spans: the lines of the header, in order.
        notes: notes on the date for the reader of the document.
    """

    title: str = ""
    publisher: str = ""
    series: str = ""
    number: str = ""
    date: dt.date | None = None
    url: str = ""
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    author: str = ""


def parse_header(
    text: str, date_order: DateOrder = "auto", title: str = "", above: Iterable[str] = ()
) -> Header:
    """Read the header at the top of a text.

    `title` is the title if it is known already. `above` are lines that the page shows above the text but that
    do not belong to the text, such as a running head.
    """
    if date_order == "auto" and len(text) > _ENOUGH and len(_ENGLISH.findall(text[:TOP])) <= 2:
        date_order = "dmy"  # the order is in doubt only in English
    top = find_top(text)
    taken = [parse_line(words, None, -1, date_order) for words in above]
    taken += [parse_line(text[span.start : span.end], span, block, date_order) for span, block in top.lines]
    letter = letter_subject(text, top.prose) if top.prose >= 0 else None
    if letter is not None:
        taken = taken[:_LETTERHEAD] + [replace(line, names=[], people="") for line in taken[_LETTERHEAD:]]
        title = title or letter
    taken = without_misreadings(text, taken)
    for number, line in enumerate(taken):
        for name in line.names:
            name.line = number
    header = _Reading(text, taken, title, date_order, top.prose).header()
    foot = read_foot(text, top.prose, date_order)
    if header.publisher[:1].islower() or header.publisher in ("Inc", "Ltd", "LLC"):
        header = replace(header, publisher="")
    if foot.publisher and not header.series and classify_name(header.publisher) == "periodical":
        header = replace(header, series=header.publisher, publisher="")
    return replace(
        header,
        author=header.author or foot.author,
        publisher=without_seat(header.publisher or foot.publisher),
        date=header.date or (None if header.notes else foot.date),
    )


class _Reading:
    """Combines the lines of one header."""

    def __init__(self, text: str, taken: list[Line], title: str, order: DateOrder, prose: int) -> None:
        self._text = text
        self._lines = taken
        self._known_title = title
        self._order = order
        self._prose = prose
        self._author = ""
        self._all: list[Name] = []

    def header(self) -> Header:
        """Return the fields of the header."""
        dated, agency = dateline(self._text, self._prose, self._order)
        if not self._is_header():
            day, notes = self._date("", dated)
            return replace(self._title_only(), date=day, notes=notes, publisher=agency)
        lines = self._lines
        names = self._all = [name for line in lines for name in line.names]
        author = self._stated("author")
        if not author:
            authors = self._authors()
            author = "; ".join(line.people for line in authors)
            names = [name for name in names if not (name.person and lines[name.line] in authors)]
        title = self._known_title or self._stated("title")
        names = [name for name in names if not _same(name.text, title)]
        self._author = author
        number, numbered = self._number()
        publisher, series = self._publisher(names, numbered, title)
        publisher = self._stated("publisher") or publisher or agency
        if numbered and numbered.volume and ACADEMIC.search(publisher):
            publisher = ""  # where an author of a journal works
        publisher = publisher or next(
            (line.owner for line in lines if line.owner and letters(line.owner) not in letters(author)), ""
        )
        publisher = publisher or producer(self._text[:TOP], self._prose)
        series = self._stated("series") or series
        title = title or self._title(names, publisher, series)
        title = title.removeprefix(f"{author}: ")
        if title and not self._known_title and not self._stated("title") and _names_no_text(title):
            title = ""
        if not title:
            title = next((kind for line in lines for kind in line.kinds if " " in kind), "")
        if not number and title and not (title_number := find_number(title)).bare:
            number = title_number.number  # "Statement No. 14/2021: Results of the purchase campaign"
        day, notes = self._date(number, dated)
        short = (
            title
            and not is_like_a_title(title)
            and not re.search(r"\d", title)
            and len(title.split()) <= _SHORT_NAME
        )
        if short and numbered and numbered.issue and not series and not numbered.names:
            series = title  # the heading of a newsletter
        own = not self._known_title and not self._stated("title")
        if (
            (numbered or (day and own and not author and not is_kind(title)))
            and not series
            and classify_name(title) == "periodical"
        ):
            series = title
        return Header(
            title=title,
            publisher=publisher,
            series=series,
            number=number,
            date=day,
            url=next((line.url for line in lines if line.url), ""),
            spans=self._spans({title, publisher, series}, author),
            notes=notes,
            author=author,
        )

    def _is_header(self) -> bool:
        """Return whether the lines say more than a title. Otherwise, they may be anything."""
        if any(
            line.states_something and not (line.bare and line.names and not line.dates)
            for line in self._lines
        ):
            return True
        if self._prose < 0 or len(self._lines) > _MOST_UNDATED:
            return False
        names = [name.text for line in self._lines for name in line.names]
        return len(self._lines) > 1 and bool(
            any(line.people or line.kinds or (line.aside and len(names) > 1) for line in self._lines)
            or (
                len(names) > 1 and any(classify_name(name) in ("institution", "periodical") for name in names)
            )
            or (len(names) > 1 and names[0].isupper())
            or (len(names) > 1 and may_name_institution(names[0]))
        )

    def _stated(self, name: str) -> str:
        return next((line.stated[name] for line in self._lines if line.stated.get(name)), "")

    def _authors(self) -> list[Line]:
        """Return the lines that name the authors: the first line that names people, and others like it."""
        known_title = self._known_title or self._stated("title")
        shaped = [
            line
            for line in self._lines
            if (surely_people(line.people) or (line is not self._lines[0] and self._likely(line)))
            and not _same(cells(line.words), known_title)
        ]
        if not shaped:
            return []
        first = self._lines.index(shaped[0])
        authors = [shaped[0]]
        single = [line.block for line in self._lines]
        apart = len(set(single)) == len(single)  # paragraphs of an office document
        for line in self._lines[first + 1 :]:
            short = line.people and len(line.words.split()) <= _SHORT_PERSON and "," not in line.words
            if short and line.block == authors[-1].block and line is self._below(authors[-1]):
                authors.append(line)  # part of a list of names
            elif line in shaped and (
                apart
                or line.block == authors[-1].block
                or (line is self._below(authors[-1]) and surely_people(line.people))
                or (self._heads_block(line) and self._heads_block(authors[-1]) and surely_people(line.people))
            ):
                authors.append(line)
        return authors

    def _heads_block(self, line: Line) -> bool:
        """Return whether a line is the first of its block. Each author may have a block of lines."""
        return line is next(other for other in self._lines if other.block == line.block)

    def _below(self, line: Line) -> Line | None:
        at = self._lines.index(line) + 1
        return self._lines[at] if at < len(self._lines) else None

    def _likely(self, line: Line) -> bool:
        """Return whether a line probably names people.

        The text must be English, whose common words are known, or the line must have several names or a role.
        """
        english = (
            "; " in line.people
            or ("," in line.words and is_role(line.words))
            or len(_ENGLISH.findall(self._text[:TOP])) > 2
        )
        return english and likely_people(line.people)

    def _number(self) -> tuple[str, Line | None]:
        numbered = [line for line in self._lines if line.number]
        line = min(numbered, key=lambda line: line.bare, default=None)
        return (line.number if line else ""), line

    def _publisher(self, names: list[Name], numbered: Line | None, title: str) -> tuple[str, str]:
        """Return publisher and series, and remove the publisher from `names`."""
        series = next(
            (
                line.series
                for line in [numbered, *self._lines]
                if line and line.series and (line.bare or line is numbered)
            ),
            "",
        )
        if numbered and numbered.number and not series and not numbered.volume:
            at = self._lines.index(numbered)
            nearby = [numbered, *self._lines[max(0, at - 1) : at]]
            series = next((kind for line in nearby for kind in line.kinds if _SERIES_KIND.search(kind)), "")
        if numbered and _PIECE.fullmatch(series):
            series = self._series_of_pieces(names, numbered, series)
        for position, name in enumerate(names):
            if body := issued_by(name.text):  # "The Tiller / Newsletter of the Harbour Mission"
                names.remove(name)
                if not position and numbered and not series and title and not is_like_a_title(title):
                    series = title  # "The Hive" over "Newsletter of the Society"
                if position and not series and not is_like_a_title(names[position - 1].text):
                    series = names[position - 1].text
                return body, series
        kinds = any(" " in kind for line in self._lines for kind in line.kinds)
        spare = len(names) > 1 or bool(title or series or kinds)
        season = next((line for line in self._lines if line.season), None) if numbered is None else None
        of_season = self._issue_name(names, season) if season and not series else None
        if of_season and classify_name(of_season.text) == "periodical" and (len(names) > 1 or title):
            series = of_season.text  # "Strait Quarterly, Spring 2014"
        best = max(names, key=lambda name: (self._publisher_rank(name, names), -name.line), default=None)
        if best and self._publisher_score(best, names) < _SURE:
            best = None
        counts = numbered and (numbered.issue or any(_SERIES_OF.match(name.text) for name in names))
        issue = self._issue_name(names, numbered) if numbered and counts else None
        if issue and not series:
            series = issue.text
            best = best if best is not issue else None
            others = [name for name in names if name is not issue]
            if others and best is None:
                best = max(others, key=lambda name: self._publisher_score(name, names))
                best = best if self._publisher_score(best, names) >= _SURE else None
        counted = self._issue_name(names, numbered) if best and not series and numbered else None
        left = [name for name in names if name not in (best, counted) and not name.person]
        may_be_series = counted and (left or title or names_periodical(counted.text))
        if counted and counted is not best and may_be_series:
            series = counted.text  # "Aldergate Pricing / LNG Morning Note | No. 41"
        if best is None or not (spare or is_plainly_institution(best.text)):
            counted_alone = (
                numbered
                and not numbered.issue
                and is_periodical(series)
                and not is_kind(series)
                and (names or title)
            )
            return (series, "") if counted_alone else ("", series)  # "Maritime Law Bulletin, No. 331"
        for name in list(names):
            above = STATE.match(name.text) or is_division(name.text)
            if name is best or (above and classify_name(name.text) == "institution"):
                names.remove(name)
        return COURT.sub("", best.text), series

    def _issue_name(self, names: list[Name], numbered: Line) -> Name | None:
        """Return the name of the periodical whose issue the line `numbered` states, or None."""
        at = self._lines.index(numbered)
        above = [line for line in self._lines[max(0, at - 3) : at] if line.block == numbered.block]
        above = above or self._lines[max(0, at - 1) : at] or self._lines[at + 1 : at + 2]
        candidates: list[Name] = []
        for name in names[::-1]:
            own = self._lines[name.line]
            counts = names_periodical(name.text)
            heads = numbered.issue and own is self._lines[0] and has_name_form(name.text)
            is_place = (
                own is numbered and own.dates and (" " not in name.text or f"{name.text}, " in own.words)
            )
            if (own is not numbered and own not in above) or is_place or re.search(r"\d|\.$", name.text):
                continue
            if (numbered.bare or own.block != numbered.block) and not (counts or heads):
                continue
            plain = (
                not is_like_a_title(name.text)
                and not is_address(name.text)
                and classify_name(name.text) != "institution"
                and not name.person
            )
            if plain or _SERIES_OF.match(name.text):
                candidates.append(name)
        periodicals = [name for name in names if classify_name(name.text) == "periodical"]
        return max(
            candidates,
            key=lambda name: (name in periodicals, self._lines[name.line] is numbered),
            default=None,
        )

    def _series_of_pieces(self, names: list[Name], numbered: Line, piece: str) -> str:
        """Return the series of numbered pieces, "Harbour Policy Papers" above "Paper 12", or else `piece`."""
        at = self._lines.index(numbered)
        nearby = [numbered, *self._lines[max(0, at - 1) : at]]
        for name in names:
            if self._lines[name.line] in nearby and re.search(
                rf"\b{re.escape(piece)}(?:s|es)$", name.text, re.IGNORECASE
            ):
                return name.text
        return piece

    def _publisher_rank(self, name: Name, names: list[Name]) -> tuple[bool, int]:
        """Return a sort key. A sure institution ranks above a periodical, which may belong to it."""
        much = self._publisher_score(name, names)
        return (much >= _SURE and classify_name(name.text) == "institution", much)

    def _publisher_score(self, name: Name, names: list[Name]) -> int:
        """Return how much a name's words, place and confirmation speak for it as the publisher."""
        line, kind = self._lines[name.line], classify_name(name.text)
        person = "," in name.text and likely_people(people_in_line(name.text.split(",")[0]))
        if is_law_or_event(name.text) or is_office(name.text):
            return 0
        if (
            person
            or (kind != "institution" and is_like_a_title(name.text))
            or name.person
            or is_kind(name.text)
        ):
            return 0
        if kind == "perhaps" and not may_name_institution(name.text):
            kind = "other"
        shaped = has_name_form(COURT.sub("", name.text))
        below = next((other for other in self._lines[name.line + 1 :] if not other.aside), None)
        above = self._lines[name.line - 1] if name.line else None
        first = name is names[0] and len(names) > 1 and shaped
        alone = all(other is line or other.block != line.block or other.aside for other in self._lines)
        dated = name.dated or bool(
            kind != "other" and line.dates and len(line.names) == 1 and not line.number
        )
        imprint = below is not None and below.block == line.block and below.dates and not below.names
        masthead = below is not None and below.block == line.block and bool(below.number or below.kinds)
        signed = (
            above is not None
            and above.block == line.block
            and bool(above.stated.get("author") or (above.people and above.people in self._author))
        )
        capitals = name.text.isupper() and not all(other.text.isupper() for other in names)
        state = any(other is not name and self._may_be_whole(other) for other in names) and bool(
            STATE.match(name.text) or is_division(name.text)
        )
        return (
            {
                "institution": 4
                if shaped or not name.text.isascii() or is_plainly_institution(name.text)
                else 3,
                "periodical": 2,
            }.get(kind, 0)
            + (kind == "perhaps")
            + likely_institution(name.text)
            + 3 * (dated and shaped and " " in name.text and not _ENDS_AS_DAY.search(name.text))
            + (kind == "periodical" and (self._beside_date(name) or (first and alone)))
            + (kind != "other" and shaped)
            + (alone and not first and kind != "other")
            + (first and (alone or masthead or kind != "other"))
            + (first and masthead)
            + (first and capitals)
            + (signed and shaped and not name.shares_line)
            + bool(imprint and shaped)
            + 3 * self._is_confirmed(name)
            - 3 * state
        )

    def _may_be_whole(self, name: Name) -> bool:
        """Return whether a name may be the parent institution of a division among the names."""
        is_body = classify_name(name.text) == "institution" or likely_institution(name.text)
        return is_body and not is_division(name.text)

    def _beside_date(self, name: Name) -> bool:
        """Return whether the name's line or a line near it in the same block has a date or number.

        The line above and the two lines below are near.
        """
        own = self._lines[name.line]
        around = self._lines[max(0, name.line - 1) : name.line + 3]
        return any(line.block == own.block and (line.dates or line.number) for line in around)

    def _is_confirmed(self, name: Name) -> bool:
        """Return whether other words of the text confirm that a name is an institution's.

        They may be an address, a copyright line, or the initials of the name. They may also be the name
        itself, at the end of the text or in a phrase such as "views of …".
        """
        own = letters(name.text)
        initials = "".join(word[0] for word in WORDS.findall(name.text) if word[0].isupper())
        if len(own) < 4 or name.text.count(" ") < 1:
            return False
        below = self._text[:TOP] if self._prose >= 0 else ""
        if name.text.count(" ") and name.text in self._text[max(self._prose, 0) :][-_FOOT:]:
            return True
        if name.text.count(" ") and re.search(
            rf"\bviews of (?:the )?{re.escape(name.text)}\b|\b{re.escape(name.text)}\s(?:{_ACTS})\b",
            below,
            re.IGNORECASE,
        ):
            return True
        others = "\n".join(line.words for line in self._lines if line is not self._lines[name.line])
        site = own in re.sub(r"[^\w@.\n]", "", others).casefold()
        owned = f"© {name.text}".casefold() in re.sub(r"©\s?(?:\d{4})?\s?(?:the )?", "© ", others).casefold()
        short = len(initials) > 2 and re.search(rf"(?<!\w){re.escape(initials)}(?!\w)", others)
        return bool(site or owned or short)

    def _title(self, names: list[Name], publisher: str, series: str) -> str:
        """Return the title among the remaining names. If it goes over two lines, join them."""
        if len(names) > 1 and names[0].line == 0 and self._lines[0].people and has_name_form(names[0].text):
            names = names[1:]  # the author or publisher: it is unclear which
        left = [
            name
            for name in names
            if not _same(name.text, publisher)
            and not _same(name.text, series)
            and not STATE.fullmatch(name.text)
            and not is_address(name.text)
            and not self._is_sentence_below(name)
        ]
        if not left:
            return series if series and not is_kind(series) else ""
        much, best = self._best(left, left)
        unlabelled = [name for name in left if not _is_labelled(name.text)]
        if unlabelled and best not in unlabelled:
            score, other = self._best(unlabelled, left)
            if score >= _LEAST_TITLE:
                much, best = score, other
        if much < 0 and any(_same(series, name.text) for name in self._all):
            return series
        if much < _LEAST_TITLE:
            return series if series and not is_kind(series) else ""
        title = best.text
        above = self._lines[best.line - 1] if best.line else None
        if (
            above
            and above.block == self._lines[best.line].block
            and len(above.names) == 1
            and re.search(r"\w:$", above.words)
        ):
            return f"{cells(above.words)} {title}"  # "THE GENERAL'S MUSEUM:" over its second line
        line = self._lines[best.line]
        whole = line.span and not line.dates and not line.series and not SEPARATOR.search(line.words)
        if line.number and whole and (line.bare or re.match(r"\W*\w+\W?\s?\d", line.words)):
            title = line.words  # "Case 7/2018: the savings bank" is a title with a number in it
        for below in left:
            next_line = self._lines[below.line]
            follows = (
                below.line == best.line + 1
                and next_line.block == line.block
                and not next_line.states_something
            )
            if follows and not below.shares_line and not best.shares_line and _goes_on(title, below.text):
                return f"{title} {below.text}"
        return title

    def _best(self, names: list[Name], left: list[Name]) -> tuple[int, Name]:
        """Return the highest score as a title among `left`, and its name. The first of equals counts."""
        scored = [(self._title_score(name, left), name) for name in names]
        return max(scored, key=lambda pair: (pair[0], -pair[1].line))

    def _is_sentence_below(self, name: Name) -> bool:
        """Return whether a name is a sentence below other lines: then the text has begun."""
        line = self._lines[name.line]
        return bool(
            name.line
            and _FULL_STOP.search(line.words)
            and not line.words.isupper()
            and not (line.dates or line.number or line.people)
        )

    def _title_score(self, name: Name, names: list[Name]) -> int:
        """Return how much a name's form and place among the names speak for it as the title."""
        line = self._lines[name.line]
        below = self._lines[name.line + 1] if name.line + 1 < len(self._lines) else None
        others = [other for other in names if other is not name]
        apart = any(self._lines[other.line].block != line.block for other in others)
        block = [block_line for block_line in self._lines if block_line.block == line.block]
        subtitle = any(
            other.line == name.line - 1 and self._lines[other.line].block == line.block for other in others
        )
        words = WORDS.findall(name.text)
        return (
            2 * (is_like_a_title(name.text) or bool(_INSIDE_A_TITLE.search(name.text)))
            - 6 * _is_credit(name.text)
            + (len(words) >= 3)
            + (not name.shares_line and not line.number and not line.dates)
            + bool(below and (below.people or below.stated.get("author")))
            + 3 * (name.numbered and is_like_a_title(name.text))
            - 4 * bool(_SUBTITLE.match(name.text) and others and others[0].line < name.line)
            - 3 * bool(STATE.match(name.text))
            - (6 if others else 3) * name.text[0].islower()
            - (2 if len(words) > _LONG_TITLE else 5) * name.dated
            - 3 * bool(_PART.search(name.text))
            - 3 * (name.shares_line and not name.numbered and not name.dated)
            - min(3, self._publisher_score(name, self._all))
            - 3 * subtitle
            - bool(re.search(r"\d$", name.text))
            - 2 * (len(words) < 2 and not EAST_ASIAN.search(name.text))
            - 2 * (apart and name.line == 0 and has_name_form(name.text))
            - (apart and any(block_line.number or block_line.dates for block_line in block))
        )

    def _date(self, number: str, dateline: HeadDate | None) -> tuple[dt.date | None, tuple[str, ...]]:
        """Return the date of publication that the lines give, with notes. There is none if they conflict."""
        owned = [line for line in self._lines if COPYRIGHT.match(line.words)]
        dates = [
            date
            for line in self._lines
            for date in line.dates
            if date.role != "never" and (line not in owned or len(owned) == 1)
        ]
        if not dates and dateline:
            dates = [dateline]
        plain = {date.written for date in dates if date.role == "plain"}
        if not dates or (len(plain) >= _HISTORY and len(plain) == len({date.written for date in dates})):
            return None, ()
        best = min(dates, key=lambda date: _RANKS[date.role])
        found_date = find_date(best.written, self._order, number) or best.found_date
        return found_date.date, ((found_date.note,) if found_date.note else ())

    def _spans(self, names: set[str], author: str) -> tuple[Span, ...]:
        """Return the lines of the header: the last line that surely belongs to it, and all lines above."""
        last, block = -1, -1
        stated = any(line.states_something for line in self._lines)
        for position, line in enumerate(self._lines):
            has_name = any(
                any(name.text in known_name for known_name in names) for name in line.names if name.text
            )
            labelled = label_of(line.words)[0] == "aside" and not line.words.lower().startswith("source")
            sure = line.states_something or has_name or bool(line.kinds)
            sure = sure or bool(line.people and line.people in author)
            if sure or (line.aside and (labelled or line.block == block)):
                last, block = position, line.block
            elif not stated:
                break
        return tuple(line.span for line in self._lines[: last + 1] if line.span)

    def _title_only(self) -> Header:
        """Return a header with only the first line as title, or an empty header.

        The line is a title if it stands alone above the text, looks like a title and does not only name an
        institution.
        """
        line = next((line for line in self._lines if line.span and (line.names or not line.aside)), None)
        if line is None or line.span is None:
            return Header()
        if _names_no_text(line.words):
            return Header()
        below = self._text[line.span.end :]
        alone = re.match(r"\s*[\r\n]", below) and below.strip()
        if not alone or not _looks_like_a_title(line.words):
            return Header()
        spans = [line.span]
        for next_line in self._lines[self._lines.index(line) + 1 :]:
            if not (next_line.aside and next_line.span):
                break
            spans.append(next_line.span)
        return Header(title=line.words, spans=tuple(spans))


def _same(one: str, other: str) -> bool:
    return bool(one) and letters(one) == letters(other)


def _names_no_text(title: str) -> bool:
    """Return whether words only name an office or an institution, and so are not the title of a text."""
    return is_office(title) or (
        ": " not in title and classify_name(title) == "institution" and has_name_form(title)
    )


def _is_credit(words: str) -> bool:
    """Return whether words are a label and a person's name: "Interviewee: Jo Kern"."""
    label = LABEL.match(words)
    who = people_in_line(words[label.end() :]) if label else ""
    return surely_people(who) or likely_people(who)


def _is_labelled(words: str) -> bool:
    """Return whether words are a label and a name. A label of one word needs the name of an institution."""
    match = _LABELLED.fullmatch(words)
    if match is None:
        return False
    name = match["value"].split(",")[0]
    if " " not in match["label"]:
        return is_institution(name) and has_name_form(name)
    return name.startswith("@") or has_name_form(name)


def _goes_on(above: str, below: str) -> bool:
    """Return whether a title goes on in the line below it."""
    return (
        bool(_GOES_ON.search(above))
        or above.endswith(":")
        or below[0].islower()
        or (len(above) >= HARD_WRAPPED and above[-1] != ")" and not _is_labelled(below))
    )


def _looks_like_a_title(line: str) -> bool:
    return (
        len(line) <= 150
        and bool(re.search(r"[^\W\d_]{2}", line))
        and not re.search(r"[.…,;:]$", line)
        and not is_section_heading(line)
        and not (line[0].islower() and len(line.split()) > _LONGEST_NOTE)
    )
