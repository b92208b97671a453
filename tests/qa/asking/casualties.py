"""Make notes on different accidents of ships, which share sentences and whole paragraphs."""

from __future__ import annotations

from typing import NamedTuple

CAUSE = "The cause was found to be a dragged anchor."


class Case(NamedTuple):
    ship: str
    port: str
    day: str
    master: str
    hurt: str


CASES = (
    Case("Aurora", "Rotterdam", "3 March", "Jansen", "a stoker broke his arm"),
    Case("Borealis", "Antwerp", "7 June", "Peeters", "no man was hurt"),
    Case("Corona", "Hamburg", "12 May", "Brandt", "two deckhands were bruised"),
    Case("Dorado", "Gdansk", "21 January", "Nowak", "the cook was scalded"),
    Case("Estrella", "Vigo", "30 April", "Castro", "the pilot lost a finger"),
    Case("Fortuna", "Livorno", "17 August", "Rossi", "all hands were saved"),
    Case("Gloria", "Piraeus", "9 October", "Pappas", "a passenger fainted"),
    Case("Halcyon", "Bergen", "25 November", "Olsen", "the mate was washed overboard"),
    Case("Ilmatar", "Turku", "14 February", "Virtanen", "a diver was sick"),
    Case("Juno", "Malmo", "28 July", "Lindgren", "a boy fell down a ladder"),
)


def short_note(case: Case) -> str:
    """Return a note of a few sentences. One sentence is in all notes."""
    return (
        f"On {case.day} the coaster {case.ship} went aground off {case.port} in a gale, and {case.hurt}. "
        f"{CAUSE} Captain {case.master} told the harbour office that the watch had been asleep. "
        f"The {case.ship} was towed into {case.port} on the next tide and has been in dock there since.\n"
    )


_FORM = """The coaster {ship} under Captain {master} was lost off {port} on {day}.

{cause} This note is issued by the Board of Marine Inquiry in London under section 12 of the Shipping
Act of 1995. It is the sole purpose of an inquiry to prevent accidents, and it is not its purpose to
find blame or to settle claims. The Board heard the master and the crew, looked at the log and at the
charts, and had the gear tested by the National Laboratory at Teddington.

Owners are reminded of Circular 88 of the International Maritime Organization, by which the holding of
the anchor is to be watched at all times by a man who can be spared for it, whatever the weather. The
Board asks that this note be read to every watch and be hung in the mess.
"""


def form(case: Case) -> str:
    """Return a completed form. Most of it is the same in all forms."""
    return _FORM.format(cause=CAUSE, **case._asdict())


def retold(text: str, outlet: str) -> str:
    """Return a note as another paper prints it: with its own head and end, and with changed words."""
    changed = text.replace("had been asleep", "had fallen asleep").replace("looked at", "examined")
    return f"{outlet} has this from our correspondent.\n\n{changed}\nRead more in {outlet} tomorrow.\n"
