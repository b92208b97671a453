"""Further reports that say rightly, or wrongly, where a quote is from, written after the code was."""

HONEST = """\
By the account of the Harbour Office, {strait}.
The May issue of Strait Watch, edited by Ada Fell, opens with the words {strait}.
On page 1 of Strait Watch we find {strait}, a claim that Reuters later checked.
Ada Fell, who once wrote for the River Press, says {strait}.
Reuters asked the Harbour Office, whose answer was {strait}.
When asked by the Daily Harbour, the Harbour Office wrote back: {strait}.
The Valley Gazette reprinted a notice of the Harbour Office: {strait}.
A dispute between the River Press and the Harbour Office began in May: {strait}, the latter had written.
{strait}, the office said, and the Valley Gazette did not object.
The Harbour Office told Reuters that {strait}.
Two papers, Ferry Notes and Strait Watch, differ: {strait}, says the one; {ferry}, says the other.
{strait} (this is the view of Strait Watch; Ferry Notes is more hopeful).
{strait}, it was said at a meeting of the River Press Club.
After reading Ferry Notes, one is surprised that {strait}.
What Ferry Notes calls a rumour, Strait Watch states as fact: {strait}.
Never has Ferry Notes reported that {strait}.
Ferry Notes did not write that {strait}.
It is not from Ferry Notes but from Strait Watch: {strait}.
The captain left Reuters, saying that {strait}.
{strait}[^3]\\n\\n[^3]: Fell, “Strait Watch”, p. 2; but see Holt, “Ferry Notes”, p. 4.
{strait}[^3]\\n\\n[^3]: For another view, see Ferry Notes.
- Strait Watch, May 2008: {strait}
**Harbour Office:** {strait}
> The strait is closed to ships without a pilot.\\n>\\n> — Ada Fell, Harbour Office
| Date | Subject | Words | From |\\n|---|---|---|---|\\n| May | Ferry Notes | {strait} | Strait Watch |
The Gazette's Petra Lind noted that {salt}.
In her report for the Valley Gazette, Lind found that {salt}.
{beams}, in the judge's words.
At the hearing Maria Hall, the judge, said {beams}.
The Ministry of Works records what Judge Hall said: {beams}.
"""

DISHONEST = """\
By the account of Ferry Notes, {strait}.
The March issue of Ferry Notes, edited by Milo Holt, opens with the words {strait}.
On page 1 of Ferry Notes we find {strait}.
Milo Holt, who once wrote for the Harbour Office, says {strait}.
{strait}: so Reuters on 12 May.
{strait}, if we are to believe the River Press.
The River Press went so far as to say that {strait}.
Reporting for Reuters, Jan Berg wrote that {strait}.
Our source for this is Ferry Notes: {strait}.
As readers of the Valley Gazette learned in May, {strait}.
It was the River Press that first reported {strait}.
{strait}, the Valley Gazette quoted a pilot as saying.
Both the River Press and Reuters state that {strait}.
- Ferry Notes, May 2008: {strait}
**River Press:** {strait}
> The strait is closed to ships without a pilot.\\n>\\n> — Milo Holt, River Press
{strait} (quoted in Ferry Notes, 1 March 2008).
{strait}.[^3]\\n\\n[^3]: Holt, M. (2008). Ferry Notes. River Press.
| Date | Words | From |\\n|---|---|---|\\n| May | {strait} | Ferry Notes |
In its survey of the river, the Valley Gazette writes: {strait}.
The Gazette of the Isles put it bluntly: {strait}.
{strait}, as was published in the Inland Courier.
“The strait is closed to ships without a pilot,” Minister Novak wrote in the Daily Harbour.
{beams}, Petra Lind told the inquiry.
At the hearing Foreign Minister Novak said that {beams}.
"""
