"""The parts of a text's head: its lines, the dates in them, and the remaining names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from qa.schema import Span
    from qa.text.written_dates import DateOrder, FoundDate


HARD_WRAPPED = 50  # characters: a line of this length may go on in the next line
Role = Literal["published", "plain", "event", "updated", "never"]


@dataclass(frozen=True, slots=True)
class HeadDate:
    """A date of the header, and its role: the date of publication, of an event, of an update, or another."""

    found_date: FoundDate
    written: str
    role: Role


@dataclass(slots=True)
class Name:
    """Words of a header that may name its publisher, its series or its title."""

    text: str
    line: int  # the number of its line
    shares_line: bool = False  # whether it shares its line with something else
    dated: bool = False  # whether its line is one part, and has a date, too
    numbered: bool = False  # whether its part of the line has a number, too
    person: bool = False  # whether it may name people


@dataclass(slots=True)
class Line:
    """A line of the top of the text, taken apart. `span` is None if the line is only on the page."""

    words: str
    span: Span | None
    block: int
    stated: dict[str, str] = field(default_factory=dict)
    dates: list[HeadDate] = field(default_factory=list)
    number: str = ""
    series: str = ""
    bare: bool = False  # whether the number is a code without "No." or the like
    volume: bool = False  # whether the number is of a volume
    issue: bool = False  # whether the number is of an issue
    season: bool = False  # whether it says the season of an issue
    url: str = ""
    owner: str = ""  # the owner of the copyright, or the institution of the author
    people: str = ""  # the line names people, and may be there for that
    names: list[Name] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    aside: bool = False  # whether it is there for a contact or something else that a citation does not need

    @property
    def states_something(self) -> bool:
        """Return whether the line has a date, a number, an address or a stated field."""
        return bool(self.dates or self.number or self.url or self.stated)


@dataclass(slots=True)
class Part:
    """A part of a line that has no label, while rules read it.

    Attributes:
        words: what the rules have not taken out yet.
        shared: whether the line has other parts.
        with_dates: the words before the dates were taken out.
        dated: whether dates were taken out.
        numbered: whether a number was taken out, and words were left.
    """

    line: Line
    words: str
    order: DateOrder
    shared: bool
    with_dates: str = ""
    dated: bool = False
    numbered: bool = False
