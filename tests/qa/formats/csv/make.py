"""Write the tables in this folder: `python tests/qa/formats/csv/make.py`."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

BRIEFS = """\
id,Headline,body,Published,outlet,section
w-1,Copper prices rise,"Copper rose by 4 percent in Dandong, traders said.
""It will not last,"" one of them said.",2008-04-04,Border Wire,markets
w-2,Rice aid arrives,Three ships with rice came to Nampo on Friday.,5 May 2008,Border Wire,aid
,,"No title, no id; and still a text.",,,
w-1,The same id again,The border at Hyesan was closed on Monday.,,Border Wire,border
w-5,Without a text,,2008-05-06,Border Wire,aid
"""

UNCLOSED = """\
id,text
1,"He left on Monday.
2,"She stayed, it is said."
3,They ate.
4,"Ships came.
They left."
"""

FIGURES = """\
Country,Year,"Imports, t",Share
"Korea, Republic of",2007,"1,800",4.5%
St. Lucia. Castries,2007,,0.1%

China,2008,"2,450",
"""

if __name__ == "__main__":
    (HERE / "figures.csv").write_bytes(FIGURES.encode())
    (HERE / "titled.csv").write_bytes(
        b"Customs returns, 2019\r\n\r\nLand;2018;2019\r\nIran;4,5;6,7\r\nChina;1,5;2,5\r\n"
    )
    (HERE / "unclosed.csv").write_bytes(UNCLOSED.encode())
    (HERE / "briefs.csv").write_bytes(BRIEFS.encode())
    rows = "Kennung;Überschrift;Inhalt\r\na;Schrott;Kupfer, Zink; und mehr\r\n"
    rows += 'b;Grenze;"Kupfer, Zink; und mehr"\r\n'
    (HERE / "semicolon.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    tabs = "title\ttext\tlanguage\r\n고철 밀수\t량강도에서 고철 밀수가 늘고 있다.\tko\r\n"
    (HERE / "excel.csv").write_bytes(tabs.encode("utf-16"))
    (HERE / "wire.tsv").write_bytes(b"title\ttext\nOne, two; three\tSix men, it is said, left on Monday.\n")
    (HERE / "western.csv").write_bytes("title,text\nCafé,He left the café.\n".encode("cp1252"))
