"""A third list of quotes with words left out: quotes that once passed as verbatim, and harmless quotes.

The words that are left out stand in braces, as in `tests.qa.quoting.elisions`.
"""

from __future__ import annotations

from tests.qa.quoting.elisions import Elision, read

HARMFUL = (
    "The road to the harbour was {anything but} safe in the winter months.",
    "The guards {scarce} knew the way to the old mill.",
    "There was {little} food in the stores of the camp that year.",
    "There was {scant} evidence of theft in the stores of the camp.",
    "There was {precious little} help from the capital in those years.",
    "The mine had {zero} accidents in the first year of the war.",
    "The bank {has yet to} pay the farmers for their grain.",
    "The minister {had little to do with} the sale of the old harbour.",
    "The village was {all but} destroyed in the storm of that spring.",
    "The bridge was {as good as} finished when the soldiers came.",
    "The captain {omitted to} report the loss of the second boat.",
    "The clerk {neglected to} count the sacks before they were sold.",
    "The clerk {forgot to} count the sacks before they were sold.",
    "The clerk {forbore to} count the sacks before they were sold.",
    "The bridge was {too weak to} carry the lorries of the army.",
    "The new law {exempts} the farmers of the valley from the tax.",
    "The high court {overturned} the sentence of the two traders.",
    "The high court {voided} the contract with the harbour office.",
    "The soldiers {spared} the houses of the fishermen by the river.",
    "The manager {hid} the loss of the money from the bank.",
    "The trial was held {in the absence of} witnesses from the camp.",
    "There was {nobody but} the guard in the house that night.",
    "The guards {couldnt} read the letter that was found there.",
    "The mill {wasnʼt} closed in the winter after the war.",
    "The mill {wasn`t} closed in the winter after the war.",
    "The mill was {(not)} closed in the winter after the war.",
    "The mill was {nоt} closed in the winter after the war.",
    "The harbour{, critics say,} was sold for half its price.",
    "The harbour{, its spokesman claims,} was sold for its full price.",
    "{The traders claim} the harbour was sold for its full price.",
    "{The embassy thinks} the harbour was sold for its full price.",
    "{In the traders' telling,} the harbour was sold for its full price.",
    "The workers {were meant to} receive rice from the store.",
    "The workers {were supposed to} receive rice from the store.",
    "The guards {pretended to} search the lorries at the gate.",
    "The mayor {was accused of} selling the bread of the school.",
    "The captain {is thought to have} sold the boat in spring.",
    "The captain {may well have} sold the boat in spring.",
    "The price of rice saw a {twofold} rise in the spring.",
    "The boats took {a fifth} of the fish in the bay.",
    "The soldiers shot {a score} of horses at the old mill.",
    "The soldiers shot {a couple} of horses at the old mill.",
    "The treaty was broken by King Louis {XIV} of France that year.",
)

HARMLESS = (
    "The overturned lorry {by the river} was found in the morning.",
    "The lorry {with its zeal} was found by the soldiers in the morning.",
    "The traders {of the valley} claim the harbour was sold.",
    "The mill {by the river (the old one)} was closed in the winter.",
    "The guards {too} knew the way to the old mill.",
    "The guards {of the couple} knew the way to the old mill.",
    "The workers {who were well} received rice from the store.",
    "The captain {in I Company} sold the boat in spring.",
    "The clerk {in the meantime} counted the sacks before they were sold.",
    "The road {past the scaffold} was safe in the winter months.",
)


def third() -> list[Elision]:
    """Return the list. Another sentence comes first if words at the beginning are left out."""
    lead = "Nobody expected what came next. "
    marked = [*((each, "any") for each in HARMFUL), *((each, "") for each in HARMLESS)]
    return [read(lead + each if each.startswith("{") else each, kind) for each, kind in marked]
