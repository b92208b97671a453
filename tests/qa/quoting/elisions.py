"""Quotes with words left out, half of them harmless: written by hand, and made of the texts of the suites.

In those written by hand, what is left out stands in braces. They were labelled before any of them was tried.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from qa.schema import Span
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of each way of leaving words out of the suites' texts, so many are taken, evenly spread.
MOST = 25


class Elision(NamedTuple):
    """A text, the parts of it that are quoted, and the kind of what matters of the rest: "" for nothing."""

    text: str
    parts: tuple[Span, ...]
    kind: str


HARMFUL = {
    "negation": (
        "The customs service did {not} decide to close the crossing at Hyesan.",
        "The ministry {denied that it} had closed the crossing at Hyesan.",
        "Otávio Reinert, who heads the agency, {denied that the inspection} had been ignored for years.",
        "Grosu herself does {not} want to be head of government at all.",
        "Socialist leader Igor Batrânu {refused to} recognise the result of the election.",
        "The work was put out to tender twice but attracted {no} bidders from abroad.",
        "The previous parliament twice {failed to} approve a prime minister in time.",
        "The money was {never} paid to the families of the victims.",
        "{Neither the army nor} the police took part in the search for him.",
        "The driver had {hardly} slept before the accident on the bridge.",
        "The trains left {without} passengers on the first day of the strike.",
        "The judge said that there was {no evidence that} the mayor had taken money.",
        "The soldiers {were told not to open fire and} stood at the gate until noon.",
        "It is {not true that} the harbour was sold to a foreign bank.",
        "The workers {can’t} leave the factory before the shift is over.",
        "The committee {rejected a proposal under which it} would have paid for the road.",
        "He would {under no circumstances} sign the treaty in Geneva.",
        "The doctor {is unable to} treat patients who come from the villages.",
        "대통령은 회담에 {참석하지 않고} 곧바로 평양으로 돌아갔다고 한다.",
        "海关{没有}决定关闭惠山的边境口岸。",
    ),
    "hedge": (
        "The government {may} close the crossing before the winter comes.",
        "The rebels {reportedly} took the town on the river before dawn.",
        "The arrested man {allegedly} sold copper to traders from Dandong.",
        "The bridge could be opened next week {if the water falls}, the engineer wrote.",
        "Most of the paddy stored there {is expected to} be lost to the flood.",
        "The company {plans to} move its whole production to Hungary.",
        "The evacuation order for the upper town {could} be lifted at the weekend.",
        "The central bank is {likely to} raise its key rate again.",
        "The harvest was {almost} complete when the rain began to fall.",
        "The police {suspect that the fire was} set by the owner of the mill. It burned for days.",
        "The ship {probably} sank in the night after it had hit a rock.",
        "The new rules apply {only} to banks that hold foreign money.",
        "The strike will end on Friday {unless} the owners break their word.",
        "It {appears that} the convoy had left the road before the storm.",
        "세관은 다음 달에 국경을 {폐쇄할 가능성이 있으며} 주민들에게 이를 알렸다고 한다.",
        "据说{海关可能}关闭惠山的边境口岸。",
    ),
    "number": (
        "The mine produced {40,000 tons of} copper ore in the last year of the war.",
        "The flood killed {nine} people in the lower town of Santa Rita.",
        "Consumer prices rose {39.6 percent} in May from a year before.",
        "The party obtained {51 of the 101} seats in the new parliament.",
        "The fund has set aside {600 million} euros for the schools of Moldova.",
        "The forest lost {a third} of its trees in the storm of that winter.",
        "The plant was closed {in 2008} because of a fire in the boiler house.",
        "He paid {three thousand} dollars to the guards at the crossing.",
    ),
    "speaker": (
        "The border was closed in May, {the minister said,} and will stay closed all year.",
        "{According to a guard,} the convoy left the town before midnight and went north.",
        "The mayor told the paper on Friday that {a guard had said that} the gate was left open all night.",
        "The dam was unsafe, {an engineer warned,} and nobody had looked at it for years.",
        "The mayor resigned. {“}We knew that the soil was wet{,” the governor said.} The road is closed.",
        "The rain was fed by a warm sea, {and the dam’s owner claims that} nothing could be done.",
        "The prisoners were beaten at night, {wrote the newspaper of the exiles,} and some of them died.",
        "경찰은 {주민의 말에 따르면} 다음 날 아침에 그들을 풀어 주었다고 한다.",
    ),
    "sentence": (
        "The ministry of trade {refused to comment. Its head} resigned on Friday over the affair.",
        "The army {left the town. The rebels} burned the bridge over the river.",
    ),
}

HARMLESS = (
    "The breach was noticed {on a Sunday} by a night watchman who had gone out.",
    "The breach was noticed by {a night watchman,} Evaldo Kuhn, on his way home.",
    "The man{, who could not swim,} drowned in the river near the old mill.",
    "The firm{, which had never paid a dividend,} was sold to a bank in Vienna.",
    "The regional airport {at Chapadinha} is being used by military helicopters.",
    "State prosecutors opened an inquiry {on Monday} into the collapse of the dam.",
    "They have asked a judge to seize {the agency’s} computers and papers at once.",
    "Soldiers shovelled mud from the {hospital’s ground floor and from the} streets of the town.",
    "The minister{, not the president,} signed the treaty with the neighbours.",
    "The president promised emergency credit {to the flooded towns} and went home.",
    "The rice harvest was complete {in the south of the country} when the rain began.",
    "The ship left Hyesan. {Nobody was on board. It carried 40 tons of copper.} It reached Dandong.",
    "The mayor resigned. {The governor said that he was sorry.} The council chose a teacher in his place.",
    "The road is closed. {It may be opened next year.} The bridge was washed away in the night.",
    "Residents heard nothing {because the power had already failed} and the sirens stood still.",
    "The border {town} of Hyesan has a factory for fertilizer and a market.",
    "The market (which was not old) burned down{, to the dismay of its traders,} in the first week.",
    "The market {(it had not been insured)} burned down in the first week of the war.",
    "Her parents{, both engineers,} live in a village by the sea.",
    "Natalia Harea{, 41,} ran the finance ministry for a while after the war.",
    "The smugglers {quietly} amassed copper and nickel and sold them in China.",
    "The lower town will stay closed for weeks{, not days}. The upper town is dry.",
    "The court in Vienna {yesterday} freed the man whom the police had arrested.",
    "The president {of the republic} and his wife flew over the flooded valley.",
    "The soldiers took the {old} bridge and burned the ferry that lay beside it.",
    "The union{, although it had refused a first offer,} signed the contract in the end.",
    "The commission {in Brussels} has set aside money for schools in the north.",
    "The village {in the mountains} was cut off by snow from the rest of the valley.",
    "The company will sell its mines {in Chile} and its smelter to a rival.",
    "The police are investigating the {illegal} trade with scrap metal at the border.",
    "The guards{, whose pay had not come,} let the smugglers pass at night.",
    "The author of the report {on the dam} lives in a town by the river.",
    "The workers went home {at the end of the shift} and came back in the morning.",
    "The bank {of the town} lent money to farmers whose fields were flooded.",
    "She works as a nurse {at the hospital} in the port and sings in a choir.",
    "The boats were taken to the harbour {by the coast guard} and burned there.",
    "The talks {between the two sides} go on in a hotel near the lake.",
    "The chairman {of the council} thanked the firemen for their work in the night.",
    "The train {from Kyiv} to the border was stopped by a fallen tree.",
    "Farmers in the valley grow rice {and maize} and sell it to the towns.",
    "He told reporters {at the airport} that the talks would go on in May.",
    "The dialysis unit was lost {in the flood}, and the patients were flown out.",
    "Prices rose in the spring {after the ban} and fell again by the end of the year.",
    "She added {with a smile} that the lower town would stay closed for a while.",
    "The judge asked the witness {from the port} to repeat what he had seen.",
    "Gas is cheap {in the east} and dear in the west of the country.",
    "The film was shown {in the old theatre} and was praised by the critics.",
    "체포된 사람들은 {혜산에 있는} 무역국 사무소에서 일하던 사람들이었다.",
    "{惠山}海关决定关闭边境口岸。大家都{在家里}知道这件事情。",
    "The plane landed {safely} on the runway of the airport near the sea.",
    "Its head {, a former soldier,} resigned on Friday over the affair.",
    "The children {of the village} were brought to a school in the next valley.",
    "The hall was full {of people from the valley} when the mayor came in.",
    "The road to the pass {over the mountains} is closed in winter for lorries.",
)


def read(marked: str, kind: str) -> Elision:
    """Read an elision whose left-out words stand in braces."""
    parts, text, at = [], "", 0
    for piece in re.split(r"(\{[^{}]*\})", marked):
        if piece.startswith("{"):
            text += piece[1:-1]
        elif piece:
            text += piece
            parts.append((at, len(text)))
        at = len(text)
    spans = []
    for start, end in parts:
        words = text[start:end]
        spans.append(Span(start + len(words) - len(words.lstrip()), start + len(words.rstrip())))
    return Elision(text, tuple(spans), kind)


def written() -> list[Elision]:
    """Return those written by hand; before what is left out at the beginning, another sentence stands."""
    lead = "Nobody expected what came next. "
    harmful = [(each, kind) for kind, these in HARMFUL.items() for each in these]
    marked = [*harmful, *((each, "") for each in HARMLESS)]
    return [read(lead + each if each.startswith("{") else each, kind) for each, kind in marked]


_SENTENCE = re.compile(r"[A-Z][^.!?\n“”\"]{40,400}\.(?=\s)")
# What is left out of a sentence: the group "out".
_WAYS = {
    "negation": (r" (?P<out>not|never|no|nobody|nothing|without|denied|refused to|failed to|rejected)(?= )",),
    "hedge": (
        r" (?P<out>at least|about|nearly|some|up to|more than|almost|around)(?= [0-9])",
        r" (?P<out>may|might|could|would|is expected to|reportedly|allegedly|probably|only)(?= [a-z])",
    ),
    "number": (r" (?P<out>[0-9][0-9.,]*(?: (?:percent|million|billion))?)(?= [a-z])",),
    "speaker": (r"(?P<out>,? (?:[A-Z]\w+|the \w+) (?:said|says|told reporters)(?: that|,))(?= )",),
    "": (
        r"(?P<out>, (?:who|which|whose) [^,;:.—–()]{8,80},)(?= )",
        r"(?P<out> \([^()]{3,60}\))(?= )",
        r"(?P<out> (?:in|at|on|from|near|of|with|by) the [a-z]+)(?= (?:and|in|of|to|by|from|with) )",
        r" (?P<out>old|new|former|small|large|local|central|regional|foreign)(?= [a-z])",
    ),
}
_WORDS = re.compile(r"\w+")


def generated() -> list[Elision]:
    """Return elisions of the suites' texts: words of a kind from a sentence, or whole sentences."""
    lines = [
        line
        for suite in ("nk_brief", "news")
        for line in (ROOT / "tests" / "suites" / suite / "corpus.jsonl").read_text("utf-8").splitlines()
    ]
    texts = [json.loads(line)["text"] for line in lines]
    found: list[Elision] = []
    for kind, patterns in _WAYS.items():
        for pattern in patterns:
            found += _spread([each for text in texts for each in _within(text, pattern, kind)])
    found += _spread([each for text in texts for each in _between(text)])
    return found


def _within(text: str, pattern: str, kind: str) -> Iterator[Elision]:
    """Leave out, of each sentence, the first words that the pattern finds with three words on either side."""
    for sentence in _SENTENCE.finditer(text):
        for match in re.finditer(pattern, sentence[0]):
            before, after = sentence[0][: match.start("out")].rstrip(), sentence[0][match.end("out") :]
            if min(len(_WORDS.findall(before)), len(_WORDS.findall(after))) >= 3:
                start, end = sentence.start(), sentence.start() + match.end("out")
                second = end + len(after) - len(after.lstrip())
                yield Elision(text, (Span(start, start + len(before)), Span(second, sentence.end())), kind)
                break


def _between(text: str) -> Iterator[Elision]:
    """Leave out what stands between the first and the third sentence of a paragraph, whatever it says."""
    for paragraph in re.finditer(r"[^\n]+", text):
        whole = list(_SENTENCE.finditer(text, *paragraph.span()))
        if len(whole) >= 3 and '"' not in paragraph[0]:
            yield Elision(text, (Span(*whole[0].span()), Span(*whole[2].span())), "")


def _spread(found: list[Elision]) -> list[Elision]:
    step = max(1, len(found) // MOST)
    return found[::step][:MOST]
