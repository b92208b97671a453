"""A second list of quotes with words left out, which was labelled before the code was tried on it.

The list has cases that the first list lacks: few and seldom, former and planned states, stopped or undone
acts, and exceptions. The words that are left out stand in braces, as in `tests.qa.quoting.elisions`.
"""

from __future__ import annotations

from tests.qa.quoting.elisions import Elision, read

# Each changes the sense. The kind of the change is not tested.
HARMFUL = (
    "He said that {few} traders were arrested at the market of Hyesan.",
    "The report says that {very little} rice was sold in the north that year.",
    "They found that {scarcely any} of the wells held clean water.",
    "The inspectors {seldom} visited the mine before the accident.",
    "The trains {rarely} ran on time in the years after the war.",
    "The ministry {scarcely} knew what was sold at the border.",
    "The plant was {to be} closed in the spring of that year.",
    "The prisoners were {to be} moved to another camp before winter.",
    "The new bridge is {due to be} opened by the president in May.",
    "The envoy was {about to} leave the capital when the talks began.",
    "The plant {used to be} closed in winter for want of coal.",
    "The villagers {used to} sell timber to traders from China.",
    "The factory {no longer} makes fertilizer for the farms of the valley.",
    "The committee {opposed a plan that} would have closed the school.",
    "The union {opposed the decision to} sell the harbour to a bank.",
    "A higher court {overturned the ruling that} the mayor had taken bribes.",
    "The government {halted a plan to} build a second dam on the river.",
    "The army {called off its plan to} storm the fort before dawn.",
    "The council {cancelled its decision to} close the swimming bath.",
    "The ministry {postponed its decision to} raise the price of bread.",
    "The police {averted an attempt to} blow up the bridge at Sinuiju.",
    "The guards {thwarted an attempt to} free the prisoners by night.",
    "All the mines {except those in the south} were closed that year.",
    "All ships {but one} reached the harbour before the storm.",
    "The gate will stay shut {unless the guards are paid} until the morning.",
    "{Fewer than} half of the houses had a roof after the storm.",
    "The fund paid {fewer than} ten families in the first year.",
    "The mine sold {less than} half of its ore to the smelter.",
    "The minister {stopped short of saying that} the border was open.",
    "The new law {does away with a rule that} foreigners must report to the police.",
    "The judge {was not convinced that} the driver had seen the child.",
    "The mayor {promised to} repair the road before the winter.",
    "The rebels {claimed to have} taken the town on the river.",
    "The company {was supposed to} pay the workers at the end of May.",
    "The villagers {were meant to} receive rice from the state store.",
    "The bank {has yet to} pay the farmers for the grain it took.",
    "The army {is thought to have} lost forty men at the crossing.",
    "The treaty {would have} ended the war if both sides had signed.",
    "The dam {had never before} been inspected by an engineer.",
    "Hundreds of workers {narrowly escaped being} buried by the mud.",
)

HARMLESS = (
    "The plant was {in the end} closed in the spring of that year.",
    "The workers were {to the surprise of all} paid at the end of May.",
    "The gates are {to this day} locked at nine in the evening.",
    "The bridge was {the next morning} opened by the president.",
    "The {little} girl from the village sang before the president.",
    "The boat lay {for a few days} in the harbour of the old town.",
    "The members of the opposition {party} left the hall before the vote.",
    "The train {from the north} was halted by snow near the pass.",
    "The men who used to work there {in the summer} moved to the coast.",
    "The minister{, who was to retire in May,} opened the new bridge.",
    "The clerk{, who seldom spoke,} read the names of the dead aloud.",
    "The firm{, which no longer exists,} built most of the houses here.",
    "The store {opposite the station} sells rice and maize by weight.",
    "The exception was made {by the mayor} for a school in the valley.",
    "The road {to the north} was repaired by soldiers in the autumn.",
    "The guards walked {to and fro} before the gate until the morning.",
    "The letter was {to the best of my knowledge} written by the mayor.",
    "The houses were {to the south of the river} built on soft ground.",
    "The scarce water {of the wells} was kept for the hospital.",
    "The court {in the capital} overturned the ruling on Friday.",
    "The money was used {to the last coin} for the repair of the roof.",
    "The council voted {on Tuesday evening} to cancel the fair.",
    "The prisoners {of the second camp} were to be moved before winter.",
    "The farmers of the valley {and their sons} opposed the dam.",
    "The ferry {across the strait} used to sail twice a day.",
    "The factory {by the river} no longer makes fertilizer.",
    "Few traders {from the south} were seen at the market.",
    "Nothing {in the letter} was meant to be read by the guards.",
    "The schools {of the province} are to be closed in winter.",
    "The harbour {of the old town} is seldom free of ice before May.",
    "The order was given {by telephone} to halt the trains.",
    "The lorries were loaded {with cement} and sent to the dam.",
    "The doctor was asked {by the family} to write a short note.",
    "The mine is {by far} the largest in the country.",
    "The teacher {of history} is married to a nurse from the port.",
    "The houses are {to my mind} built too close to the water.",
    "The prisoners were {at first} held in a school near the border.",
    "The bread was {on that day} handed out by soldiers.",
    "The last ship {of the season} was unloaded in three days.",
    "The bells {of the church} were rung when the war ended.",
)


def second() -> list[Elision]:
    """Return the list. Another sentence comes first if words at the beginning are left out."""
    lead = "Nobody expected what came next. "
    marked = [*((each, "any") for each in HARMFUL), *((each, "") for each in HARMLESS)]
    return [read(lead + each if each.startswith("{") else each, kind) for each, kind in marked]
