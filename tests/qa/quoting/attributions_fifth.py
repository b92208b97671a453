"""Reports that name the source of a quote rightly or wrongly. The code was not changed after them."""

HONEST = """\
Shipping is at a standstill. “The strait is closed to ships without a pilot.” Ferry Notes puts it more mildly.
The picture is mixed. According to the Harbour Office, {strait}, but Reuters saw boats leave.
Reuters saw boats leave, although the Harbour Office insists that {strait}.
The office confirmed in writing that {strait} and sent a copy to the River Press.
{strait}, the notice reads; a copy hangs in the offices of the Daily Harbour.
Several papers, among them the Valley Gazette, have since taken up the sentence {strait}.
This is the sentence that Ferry Notes would not print: {strait}.
As early as May, Strait Watch (a bulletin that the River Press also distributes) warned: {strait}.
Ferry Notes notwithstanding, {strait}.
- Ferry Notes: see above\\n- Strait Watch: {strait}
# Ferry Notes\\n\\nIt is contradicted by the Harbour Office, which states: {strait}
> {strait}\\n\\nFerry Notes has not replied.
| Paper | Quote |\\n|---|---|\\n| Strait Watch | {strait} |\\n| Ferry Notes | {ferry} |
{strait}[^1] {ferry}[^2]\\n\\n[^1]: Harbour Office, Strait Watch, 2008.\\n[^2]: Holt, Ferry Notes, 2008.
The NK Brief of 4 April 2008 has {arrests}.
“Grain ships turned back” was the headline; {grain}, Reuters wrote.
{salt}: the Valley Gazette, 2 November 2008.
The captain, quoted in many papers, said of the ferry that {ferry} (Ferry Notes, 2008).
Judge Hall is quoted as saying that {beams} (Ministry of Works, The Mill Inquiry).
When Minister Novak spoke of the mill he said that {money}; Judge Hall had left by then.
"""

DISHONEST = """\
The picture is clear. According to the Valley Gazette, {strait}.
Shipping is at a standstill: {strait}, reported Reuters last week.
The River Press was blunt: {strait}.
Ferry Notes, the oldest of the papers, says that {strait}.
In Ferry Notes, Milo Holt describes the scene: {strait}.
Reuters quoted the Harbour Office in June and noted that {strait}.
“The strait is closed to ships without a pilot” (River Press 2008).
“The strait is closed to ships without a pilot.” (Reuters, 7 June 2008)
“The strait is closed to ships without a pilot,” the Daily Harbour reported.
“The strait is closed to ships without a pilot,” we learn from Ferry Notes.
One paper, the Valley Gazette, even claimed that {strait}.
A Reuters story had it that {strait}.
The Reuters agency stated that {strait}.
The editor of the Valley Gazette remarked that {strait}.
| Who | Said |\\n|---|---|\\n| Daily Harbour | {strait} |
{strait}.[^4]\\n\\n[^4]: Reuters, 7 June 2008.
> The strait is closed to ships without a pilot.\\n\\n— Reuters, June 2008
The Western Herald says that {strait}.
{beams}, Minister Anton Novak told reporters.
In the words of Judge Hall, {money}.
"""
