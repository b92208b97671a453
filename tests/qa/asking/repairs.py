"""Make notes on the repair of bridges, each a document. Most notes have the cost."""

from __future__ import annotations

BRIDGES = (
    "Arden Bexley Corran Dunmore Eastry Falkirk Garvald Hexham Inverin Jarrow Kelso Lanark Melrose Nairn Oban"
    " Peebles Quarry Rothes Selkirk Tain Ullapool Voe Wick Yarrow"
).split()
# The number of notes at the beginning that have the cost.
PRICED = 20
_COST = (
    "The repair of the {bridge} bridge cost {pounds:,} pounds.",
    "For the repair the council paid a cost of {pounds:,} pounds.",
    "The repair cost {pounds:,} pounds, half of it borne by the county.",
)
_BESIDE = (
    "The {bridge} bridge was closed to lorries for the winter.",
    "Buses went by the old ford meanwhile.",
    "Shopkeepers of {bridge} complained of lost trade.",
    "The parapet of {bridge} is of local sandstone.",
    "A scaffold fell in a gale, and nobody was hurt.",
)


def cost(number: int) -> str:
    """Return the sentence with the cost of a bridge's repair."""
    return _COST[number % len(_COST)].format(bridge=BRIDGES[number], pounds=1_700 * (number + 3))


def note(number: int) -> str:
    """Return the note on a bridge."""
    sentences = [each.format(bridge=BRIDGES[number]) for each in _BESIDE]
    if number < PRICED:
        sentences.insert(number % 5, cost(number))
    return " ".join(sentences) + "\n"
