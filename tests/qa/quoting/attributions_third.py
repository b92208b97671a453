"""Reports that say rightly, or wrongly, where a quote is from, written once the code was mended."""

HONEST = """\
The trade in salt, wrote the Valley Gazette, was brisk: {salt}.
Among the reports from the coast, that of the Harbour Office stands out ({strait}).
Asked about the Reuters story, an official pointed to Strait Watch, where it says {strait}.
Reuters and the Daily Harbour have offices on the quay, where {strait} is painted on a board.
According to Ada Fell of the Harbour Office, {strait}; Milo Holt of the River Press would not comment.
The Harbour Office's newsletter, not Ferry Notes, was the first to report that {strait}.
{strait}, according to a newsletter that competes with Ferry Notes.
{strait}, wrote the Harbour Office in answer to a question from Reuters.
{strait}, said the Harbour Office, citing pilots.
Nothing in Ferry Notes or in the Daily Harbour suggests that {strait}.
Had the Valley Gazette read that {strait}, it would have said so.
Whether Ferry Notes agrees that {strait} we do not know.
Pilots call it a “Ferry Notes” problem: {strait}.
In Strait Watch, Fell criticised Ferry Notes and added that {strait}.
The author of Ferry Notes may not like it, but Strait Watch is right that {strait}.
On the desk lay Ferry Notes, the Valley Gazette and Strait Watch, which said: {strait}.
The two men from the River Press nodded when the harbour master read out {strait}.
{strait}, which is why Reuters sent nobody.
{strait} — a blow to Ferry Notes and its readers.
{strait}(cf. Ferry Notes, p. 3).
{strait} (emphasis added; compare Ferry Notes, no. 41).
| Harbour Office | The River Press disagrees | {strait} |
Title: Strait Watch\\nPublisher: Harbour Office\\nQuote: {strait}
{strait}[^7] and so the boats wait.[^8]\\n\\n[^7]: Strait Watch, no. 12.\\n[^8]: Ferry Notes, no. 41.
{beams}, the court heard; Judge Hall was blunt.
Judge Hall, answering Minister Novak, said {beams}.
Novak's answer to the judge was that {money}.
The former minister, Jan Novak, replied that {money}.
It was an economist, Petra Lind, who wrote that {salt}.
Institute for Far Eastern Studies, “Smuggling at Hyesan”: {arrests}
"""

DISHONEST = """\
In its May number the River Press has this sentence: {strait}.
{strait}, Ferry Notes informs its readers.
{strait}, to quote Ferry Notes.
To quote the Valley Gazette: {strait}.
The words are those of Ferry Notes: {strait}.
{strait}, in the words of the River Press.
{strait}, a Reuters dispatch said on Monday.
{strait}, Milo Holt wrote in the River Press.
{strait}, wrote Ines Okafor.
Writing in the Daily Harbour, Ines Okafor held that {strait}.
From the Valley Gazette of 2 November: {strait}.
Source: Ferry Notes. {strait}
{strait} (Source: River Press).
{strait} (Holt, Ferry Notes).
{strait} – so wrote Reuters.
Reuters, 7 June 2008: {strait}
The Daily Harbour carried a piece saying {strait}.
The Valley Gazette was the first to report that {strait}.
| Paper | What it says |\\n|---|---|\\n| Ferry Notes | {strait} |\\n| Strait Watch | {strait} |
{strait}¹\\n\\n¹ Ferry Notes, River Press 2008.
{strait}, as one reads in the Lantern Gazette.
{beams}, Novak said. Minister Novak added that {beams}.
President Jan Berg declared: {beams}.
{grain}, wrote Strait Watch.
{cranes}, Reuters wrote.
"""
