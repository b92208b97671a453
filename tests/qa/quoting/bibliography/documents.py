"""Twenty documents of all kinds, for which citations are made."""

from __future__ import annotations

import datetime as dt

from qa.schema import Document, Section
from qa.text.dates import PartialDate

_TEXT = "A heading\n\nThe first paragraph says so.\n\nThe second one does not.\n"
_BODY = (11, 39)


def _document(id: str, format: str, sections: tuple[Section, ...] = (), **known: object) -> Document:  # noqa: A002
    return Document(id, _TEXT, format=format, sections=sections, **known)  # type: ignore[arg-type]


def _at(kind: str, name: str) -> tuple[Section, ...]:
    return (Section(0, len(_TEXT), kind, name),)  # type: ignore[arg-type]


DOCUMENTS = (
    _document(
        "scrap.txt",
        "text",
        title="Scrap metal smuggling rampant in North Korea",
        publisher="Institute for Far Eastern Studies (IFES)",
        series="NK Brief",
        number="08-4-4-1",
        date=dt.date(2008, 4, 4),
    ),
    _document(
        "page.html",
        "html",
        title="Harbour dues & fees: what changes",
        author="Ulrike Sand",
        publisher="Port of Tarn",
        date=dt.date(2021, 11, 30),
        url="https://example.org/harbour?a=1&b=2#top",
    ),
    _document("undated.txt", "text", title="Notes on the northern border", publisher="River Press"),
    _document(
        "month.pdf",
        "pdf",
        _at("page", "12"),
        title="Annual review",
        author="Rehana Siddiqui; Ludwig van Beethoven",
        publisher="Ministry of Works",
        date=PartialDate(2019, 6),
    ),
    _document(
        "year.pdf",
        "pdf",
        _at("page", "iv"),
        title="Yearbook",
        publisher="Statistics Office",
        date=PartialDate(1999),
    ),
    _document(
        "mail.eml",
        "email",
        title="Re: the bridge at Hyesan",
        author="Maria Lopez",
        date=dt.date(2015, 2, 3),
    ),
    _document(
        "book.epub",
        "epub",
        _at("chapter", "Two"),
        title="A History of the River",
        author="Jane Roe, John Doe",
        publisher="Longman",
        date=PartialDate(2003),
        language="en",
    ),
    _document(
        "korean.txt",
        "text",
        title="북한의 고철 밀수",
        author="김민지",
        publisher="극동문제연구소",
        date=dt.date(2008, 4, 4),
        language="ko",
    ),
    _document(
        "post.xml",
        "feed",
        title="Prices rise again",
        author="Kim Min-ji",
        publisher="Daily Wire",
        date=dt.date(2023, 1, 9),
        url="https://example.org/feed/9",
    ),
    _document(
        "french.txt",
        "text",
        title="L'été à Besançon",
        author="Hélène Dupré",
        publisher="Éditions du Lac",
        date=dt.date(2010, 8, 1),
        language="fr",
    ),
    _document(
        "table.csv",
        "csv",
        _at("row", "12"),
        title="Convoy seen at the crossing",
        publisher="Border Monitor",
        series="Daily Log",
        number="1234",
        date=dt.date(2022, 3, 7),
    ),
    _document(
        "sheet.xlsx",
        "xlsx",
        (*_at("sheet", "Prices"), *_at("row", "3")),
        title="Rice prices",
        publisher="Market Board",
        date=dt.date(2020, 12, 31),
    ),
    _document("bare.txt", "text", title="A memo that says nothing of itself"),
    _document(
        "series.docx",
        "docx",
        _at("section", "Methods"),
        title="Counting Trucks: A Field Manual",
        author="Institute of Roads",
        publisher="Institute of Roads",
        series="Working Papers",
        date=dt.date(2018, 5, 2),
    ),
    _document(
        "many.pdf",
        "pdf",
        _at("footnote", "7"),
        title="Trade without figures",
        author="; ".join(f"{given} Sand" for given in ("Ulrike", "Maria", "Jane", "John", "Ludwig")),
        publisher="Trade Institute",
        number="17",
        date=dt.date(2016, 9, 9),
    ),
    _document(
        "quoted.html",
        "html",
        title="“We will not pay,” says minister",
        publisher="The Northern Post",
        date=dt.date(2024, 2, 29),
        url="https://example.org/pay",
    ),
    _document(
        "braces.txt",
        "text",
        title='Why {C} & C++ cost 100% more: a "test" of $5_000 ~ #1 \\ ^',
        author="Sand, Ulrike",
        publisher="R&D Office",
        date=dt.date(2011, 1, 1),
    ),
    _document(
        "long.txt",
        "text",
        title=" ".join(["A very long title of a report on everything that was seen along the river"] * 5),
        publisher="River Press",
        date=PartialDate(2014, 1),
    ),
    _document(
        "lines.txt",
        "text",
        title="A title\nin two lines",
        author="Jane van der Berg",
        publisher="River Press",
        series="Notes",
        number="3",
        date=dt.date(2005, 10, 10),
        url="https://example.org/notes/3",
    ),
    _document(
        "mbox.mbox",
        "mbox",
        _at("message", "2, Idris Coker, 3 May 2008"),
        title="Convoys",
        author="Idris Coker",
        publisher="Relief Network",
        date=dt.date(2008, 5, 3),
    ),
)
START, END = _BODY
