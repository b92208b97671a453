"""Sentences of reports that say rightly, or wrongly, where a quote is from, and a library that they quote.

They were written and labelled before the code that judges them. `{ferry}` stands for a quote of "ferry".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

QUOTES = {
    "strait": "“The strait is closed to ships without a pilot”",
    "ferry": "“The ferry sails at noon from the old pier”",
    "arrests": "“some forty people were arrested on the highway to Hamhung”",
    "beams": "“The beams were rotten long before the fire”",
    "money": "“the money had gone to the new harbour”",
    "salt": "“Salt was sold at night for twice the price”",
    "bread": "“the price of bread rose for the third time”",
    "grain": "“Three grain ships were turned back at the mouth of the river”",
    "cranes": "“The cranes have stood idle since the strike began”",
    "winter": "“Nothing moves on the river in winter”",
}
DOCUMENTS = [
    {
        "_id": "strait",
        "title": "Strait Watch",
        "publisher": "Harbour Office",
        "number": "12",
        "author": "Ada Fell",
        "date": "2008-05-12",
        "text": "Strait Watch\n\nThe strait is closed to ships without a pilot. Two pilots left in spring.\n",
    },
    {
        "_id": "ferry",
        "title": "Ferry Notes",
        "publisher": "River Press",
        "number": "41",
        "author": "Milo Holt",
        "date": "2008-03-01",
        "text": "Ferry Notes\n\nThe ferry sails at noon from the old pier. "
        "Nothing moves on the river in winter.\n",
    },
    {
        "_id": "hyesan",
        "title": "Smuggling at Hyesan: What the Patrols Saw",
        "publisher": "Institute for Far Eastern Studies",
        "series": "NK Brief",
        "number": "08-4-4-1",
        "date": "2008-04-04",
        "text": "In March 2008 some forty people were arrested on the highway to Hamhung. "
        "Those who paid were let go.\n",
    },
    {
        "_id": "mill",
        "title": "The Mill Inquiry",
        "publisher": "Ministry of Works",
        "author": "Jonas Reed",
        "date": "2009-01-20",
        "text": "The Mill Inquiry\n\nThe inquiry sat for a week.\n\n"
        "“The beams were rotten long before the fire,” said Judge Hall.\n\n"
        "The hall was full on the second day. People had come from the valley.\n\n"
        "Minister Novak replied that the money had gone to the new harbour. The inquiry then rose.\n",
    },
    {
        "_id": "salt",
        "title": "Who Sold the Salt?",
        "publisher": "Valley Gazette",
        "author": "Petra Lind",
        "date": "2008-11-02",
        "text": "Salt was sold at night for twice the price.\n\nOnly in autumn was it otherwise.\n\n"
        "The Harbour Office says the price of bread rose for the third time.\n",
    },
    {
        "_id": "grain",
        "title": "Grain ships turned back",
        "publisher": "Reuters",
        "date": "2008-06-07",
        "text": "Three grain ships were turned back at the mouth of the river. "
        "Nothing moves on the river in winter.\n",
    },
    {
        "_id": "cranes",
        "title": "Cranes Stand Idle",
        "publisher": "Daily Harbour",
        "author": "Ines Okafor",
        "date": "2008-07-30",
        "text": "The cranes have stood idle since the strike began.\n",
    },
]

HONEST = """\
{strait}, we read in Strait Watch.
Citing the Harbour Office, the paper says {strait}.
The Harbour Office revealed that {strait}.
The Harbour Office disclosed in May that {strait}.
As the Harbour Office put it, {strait}.
The Harbour Office argued: {strait}.
{strait}, warned the Harbour Office.
Strait Watch found that {strait}.
Per Strait Watch, {strait}.
Strait Watch — {strait}
{strait} — Strait Watch
{strait} — the Harbour Office, 12 May 2008
{strait} (Harbour Office, 12 May 2008).
{strait} (Ada Fell, “Strait Watch”, Harbour Office, 2008).
{strait} (Strait Watch No. 12).
| Source | Quote |\\n|---|---|\\n| Harbour Office | {strait} |
| Strait Watch, 12 May 2008 | {strait} |
{strait}[^1]\\n\\n[^1]: Strait Watch, Harbour Office, 12 May 2008.
{strait}[^1]\\n\\n[^1]: Ada Fell, *Strait Watch*, no. 12 (2008), p. 1.
{strait}[^n]\\n\\n[^n]: See Strait Watch, issue 12.
Ada Fell wrote that {strait}.
According to issue 12 of Strait Watch, {strait}.
{arrests}, the IFES brief reports.
IFES wrote in April 2008 that {arrests}.
The Institute for Far Eastern Studies (IFES) said {arrests}.
In “Smuggling at Hyesan”, the institute wrote of {arrests}.
NK Brief 08-4-4-1 speaks of {arrests}.
{arrests} (IFES, NK Brief No. 08-4-4-1).
{arrests}[^1]\\n\\n[^1]: “Smuggling at Hyesan”, IFES, 4 April 2008.
The Far Eastern Studies institute says {arrests}.
{strait} stands in a report on Ferry Notes.
{strait}, the Harbour Office wrote of the River Press.
In its reply to Ferry Notes, the Harbour Office wrote: {strait}.
The Harbour Office, which Ferry Notes often quotes, says {strait}.
Unlike Ferry Notes, Strait Watch says {strait}.
Contrary to the River Press, {strait}.
Ferry Notes is wrong: {strait}, says Strait Watch.
The River Press denies it, but {strait} all the same, says the Harbour Office.
He worked for the River Press when he heard that {strait}.
Readers of Ferry Notes know that {strait}.
The editors of Ferry Notes were told by the Harbour Office that {strait}.
{strait}, a point that the River Press has yet to take up.
{strait} (on which Ferry Notes is silent).
{strait} — Ferry Notes has another view.
{strait}. Ferry Notes says nothing of the kind.
Ferry Notes says nothing of the kind. {strait}
Nobody at Reuters knew that {strait}.
The ships of the Daily Harbour fleet must wait, as {strait}.
| Topic | Quote |\\n|---|---|\\n| Ferry Notes | {strait} |
{strait}, which made the River Press laugh.
{ferry}, wrote the River Press, and {strait}, said the Harbour Office.
The River Press says {ferry}, while the Harbour Office says {strait}.
Where Ferry Notes has {ferry}, Strait Watch has {strait}.
{ferry} (Ferry Notes) and {strait} (Strait Watch).
According to the River Press, {ferry}; according to the Harbour Office, {strait}.
| River Press | {ferry} |\\n| Harbour Office | {strait} |
See both: {ferry}[^1] and {strait}[^2]\\n\\n[^1]: Ferry Notes, 2008.\\n[^2]: Strait Watch, 2008.
{winter}, wrote the River Press.
{winter}, reported Reuters.
“The beams were rotten long before the fire”, said Judge Hall.
{beams}, Judge Hall told the inquiry.
Judge Maria Hall said that {beams}.
{beams}, said the judge.
Minister Novak replied that {money}.
{money}, Novak said in the Ministry of Works report.
The Harbour Office says {bread}, reported the Valley Gazette.
{bread}, according to the Harbour Office.
{salt}, Petra Lind wrote in the Gazette.
“Who Sold the Salt?” asked the Valley Gazette, and {salt}.
{cranes}, wrote the Daily Harbour's Ines Okafor.
{cranes}, she wrote in “Cranes Stand Idle”.
{grain}, a Reuters report said.
Dr. Lund of the Coastal Institute agrees that {strait}.
The minister said on Tuesday that {strait}.
{strait}, a fisherman told us.
{strait}[^1]\\n\\n[^1]: Emphasis added.
{strait}[^1]\\n\\n[^1]: Interview with a pilot, May 2009.
"""

DISHONEST = """\
{strait}, we read in the River Press.
{strait}, it says in Ferry Notes.
Citing Ferry Notes, the paper says {strait}.
The paper, citing the River Press, says that {strait}.
The River Press revealed that {strait}.
The River Press disclosed in May that {strait}.
Ferry Notes wrote last year that {strait}.
As the River Press put it, {strait}.
The River Press put it this way: {strait}.
Ferry Notes argued that {strait}.
Ferry Notes warned: {strait}.
Ferry Notes found that {strait}.
Reuters has learned that {strait}.
Reuters confirmed on Monday that {strait}.
The Daily Harbour maintains that {strait}.
The Valley Gazette, a weekly, concluded that {strait}.
{strait}, revealed the River Press.
{strait}, the River Press disclosed.
{strait}, concluded Ferry Notes.
{strait}, as Reuters pointed out.
{strait}, Ferry Notes insists.
Per Ferry Notes, {strait}.
Per the River Press, {strait}.
Ferry Notes — {strait}
River Press: {strait}
{strait} — Ferry Notes
{strait} — Milo Holt, Ferry Notes
{strait} – Reuters, 7 June 2008
{strait} (Reuters, 12 May 2008).
{strait} (see Ferry Notes, p. 3).
{strait} (Milo Holt, “Ferry Notes”, 2008).
{strait} [Ferry Notes, 2008].
{strait} ([Ferry Notes](https://ferry.example)).
| Ferry Notes | {strait} |
| Source | Quote |\\n|---|---|\\n| River Press | {strait} |
| Quote | Source |\\n|---|---|\\n| {strait} | Reuters, 2008 |
{strait}[^1]\\n\\n[^1]: Ferry Notes, River Press, 1 March 2008.
{strait}[^1]\\n\\n[^1]: Milo Holt, *Ferry Notes*, no. 41 (2008), p. 1.
{strait}[^a]\\n\\nMore follows.\\n\\n[^a]: See Ferry Notes, issue 41.
<p>{strait}<sup><a href="#fn1">1</a></sup></p><ol><li id="fn1">Ferry Notes, River Press, 2008</li></ol>
<table><tr><td>Ferry Notes</td><td>{strait}</td></tr></table>
Milo Holt wrote that {strait}.
{strait}, writes Milo Holt.
{strait}, according to Petra Lind of the Valley Gazette.
According to an article in Ferry Notes, {strait}.
In the latest issue of Ferry Notes, {strait}.
An editorial by the River Press says that {strait}.
The editors of Ferry Notes write that {strait}.
The Reuters report says {strait}.
A Reuters correspondent noted that {strait}.
Ferry Notes' editor said that {strait}.
In NK Brief 08-4-4-1 we find {strait}.
IFES reports that {strait}.
The Institute for Far Eastern Studies estimates that {strait}.
“Smuggling at Hyesan” has it that {strait}.
{ferry}, said the Harbour Office, and {strait}, said the River Press.
Ferry Notes says {strait}, while Strait Watch says {ferry}.
{strait}, wrote the Times of the Valley.
{strait}, the Coastal Times reported.
According to the Northern Review, {strait}.
{strait} (Lantern Quarterly, 12 May 2008).
{strait}[^1]\\n\\n[^1]: K. Berg, “Pilots and Ships,” Lantern Quarterly 4 (2008), p. 3.
{beams}, said Minister Novak.
Minister Novak said that {beams}.
According to Minister Novak, {beams}.
Judge Hall replied that {money}.
{money}, Judge Hall told the inquiry.
{salt}, wrote the Harbour Office in its yearly report.
"""


def sentences(listed: str) -> list[str]:
    """Return the reports of a list, a line each."""
    return [line.replace("\\n", "\n").format(**QUOTES) for line in listed.splitlines()]


def library(corpus: Corpus, folder: Path) -> None:
    """Index the documents that the reports quote."""
    corpus.index(write(folder, "library.jsonl", "\n".join(map(json.dumps, DOCUMENTS)) + "\n"))
