from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.furniture import find_furniture
from qa.formats.heads.header import Header, parse_header
from qa.text.dates import PartialDate
from qa.text.written_dates import DateOrder, find_date

BODY = (
    "\n\nTraders in the city told us on Monday that prices had risen by a third since the new year began.\n"
)
D = date(2024, 3, 18)


def read(header: str, order: DateOrder = "auto") -> Header:
    return parse_header(header + BODY, order)


# header, title, publisher, series, number, date
HEADERS = {
    "title first, one line each": (
        "Coal barges gather off Nampo\nYellow Sea Monitor\nBrief No. 214\n18 March 2024",
        ("Coal barges gather off Nampo", "Yellow Sea Monitor", "Brief", "214", D),
    ),
    "publisher first, bars": (
        "Yellow Sea Monitor | Brief No. 239\n\nCoal pier busy, but buyers pay less\n\n18 March 2024",
        ("Coal pier busy, but buyers pay less", "Yellow Sea Monitor", "Brief", "239", D),
    ),
    "all in one line": (
        "DANUBE COURT REPORTER | No. 112 | 18 March 2024\nEight convicted; the driver is acquitted",
        ("Eight convicted; the driver is acquitted", "DANUBE COURT REPORTER", "", "112", D),
    ),
    "commas and brackets": (
        "Herb smugglers return to the Yalu\nNortheast Borderland Wire, NBW-0601 (18 March 2024)",
        ("Herb smugglers return to the Yalu", "Northeast Borderland Wire", "", "NBW-0601", D),
    ),
    "place and date": (
        "Yalu Trade Watch — Fortnightly 33\n\nSinuiju customs: paperwork piles up\n\nDandong, 18 March 2024",
        ("Sinuiju customs: paperwork piles up", "Yalu Trade Watch", "Fortnightly", "33", D),
    ),
    "number first, title last": (
        "NBW-0533\n18 March 2024\nNortheast Borderland Wire\n\nTumen: night searches and a ledger",
        ("Tumen: night searches and a ledger", "Northeast Borderland Wire", "", "NBW-0533", D),
    ),
    "a dash in the title": (
        "Institute for East Seas\nBrief 2020/17\n\nA plant lights up – for how long?\n\n18 March 2024",
        ("A plant lights up – for how long?", "Institute for East Seas", "Brief", "2020/17", D),
    ),
    "published": (
        "“They take the phone”: a broker\nBorder Voice — Interview 37\nPublished Monday, March 18, 2024",
        ("“They take the phone”: a broker", "Border Voice", "Interview", "37", D),
    ),
    "a periodical before its number": (
        "Maritime Law Bulletin, No. 331, 18 March 2024\nLife jackets on the Sund after the rule",
        ("Life jackets on the Sund after the rule", "Maritime Law Bulletin", "", "331", D),
    ),
    "a title that looks like a publisher": (
        "Ledger of Zeta\n\nMarine Weekly\n18 March 2024",
        ("Ledger of Zeta", "Marine Weekly", "", "", D),
    ),
    "labels": (
        "Title: Copper prices\nPublisher: Foo Wire\nNumber: 7\nDate: 2024-03-18\nhttps://example.org/7",
        ("Copper prices", "Foo Wire", "", "7", D),
    ),
    "line ends of Windows": (
        "Coal barges gather off Nampo\r\nYellow Sea Monitor\r\nBrief No. 214\r\n18 March 2024",
        ("Coal barges gather off Nampo", "Yellow Sea Monitor", "Brief", "214", D),
    ),
    "no header but a title": ("Coal barges gather", ("Coal barges gather", "", "", "", None)),
    "a year in the title": ("Budget 2015/16", ("Budget 2015/16", "", "", "", None)),
    "a date in the title": ("The landing of 6 June 1944", ("The landing of 6 June 1944", "", "", "", None)),
    "a code in the title": (
        "Outbreak of COVID-19\n18 March 2024",
        ("Outbreak of COVID-19", "", "", "", D),
    ),
    "a month without a day": (
        "Coal barges gather\nMarch 2024",
        ("Coal barges gather", "", "", "", PartialDate(2024, 3)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=HEADERS)
def test_a_header_gives_what_it_says_and_nothing_else(
    header: str, expected: tuple[str, str, str, str, date | None]
) -> None:
    found = read(header)
    assert (found.title, found.publisher, found.series, found.number, found.date) == expected


def test_a_number_of_an_issue_names_no_series() -> None:
    found = read("KIVU MINERALS MONITOR\nIssue No. 41, 17 November 2023")
    assert (found.title, found.publisher, found.number) == ("KIVU MINERALS MONITOR", "", "41")
    assert found.series == "KIVU MINERALS MONITOR"


def test_an_institute_publishes_and_its_periodical_is_the_series() -> None:
    found = read("Northern Seas Institute\nStrait Watch No. 12\n\nThe Gap Closes\n\nBy Mira Osterhaus")
    assert (found.publisher, found.series, found.number) == ("Northern Seas Institute", "Strait Watch", "12")
    assert (found.title, found.author) == ("The Gap Closes", "Mira Osterhaus")


@pytest.mark.parametrize(
    "line", ["Prepared by Jan Teodoru", "Prepared by: Jan Teodoru", "Author: Jan Teodoru"]
)
def test_who_prepared_a_text_is_its_author_and_no_publisher(line: str) -> None:
    found = read(f"4 April 2008\n\nAfter the reshuffle\n\n{line}")
    assert (found.title, found.author, found.publisher) == ("After the reshuffle", "Jan Teodoru", "")


def test_the_head_of_a_memo_is_read() -> None:
    found = read(
        "MEMORANDUM\n\nTO:      All\nFROM:    T. Hallworth, Director\nDATE:    23 November 2009\nRE: Files"
    )
    assert (found.title, found.author, found.date) == ("Files", "T. Hallworth", date(2009, 11, 23))
    assert found.publisher == ""


@pytest.mark.parametrize(
    "line",
    [
        "Tel No. 0555 7123",
        "Page 1 of 3",
        "ISBN 0-555-01234-7",
        "Registered in Eastmark No. 5550881",
        "88 pages",
    ],
)
def test_telephones_pages_and_registers_number_no_document(line: str) -> None:
    found = read(f"Elara Port Authority\n{line}\n\n16 July 2015\n\nReefer plugs out of service")
    assert (found.number, found.title) == ("", "Reefer plugs out of service")
    assert found.publisher == "Elara Port Authority"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("First published: 8 May 2012\nLast revised: 3 October 2017", date(2012, 5, 8)),
        ("Heard: 4 October 2006\nJudgment delivered: 19 January 2007", date(2007, 1, 19)),
        ("Retrieved 14 September 2019", None),
        ("Reporting period: 25–31 May 2014", None),
        ("Spring 2019", None),
        ("10 декабря 2020 г.", date(2020, 12, 10)),
        ("2018. 12. 20.", date(2018, 12, 20)),
        ("Marzo de 2021", PartialDate(2021, 3)),
        ("2016年11月", PartialDate(2016, 11)),
    ],
)
def test_of_several_dates_that_of_publication_counts(lines: str, expected: date | None) -> None:
    assert read(f"Prisons Inspectorate\nGuidance on visits\n\n{lines}").date == expected


def test_a_report_of_an_agency_says_when_and_by_whom_in_its_first_words() -> None:
    found = parse_header(
        "Oil slick reaches the skerries\n\nSANDVIK, Jan. 11, 1978 (Nordlys Bureau) -- Oil from the tanker "
        "reached the outer skerries before dawn, the coast watch said, and the wind was rising.\n"
    )
    assert (found.title, found.publisher) == ("Oil slick reaches the skerries", "Nordlys Bureau")
    assert found.date == date(1978, 1, 11)


def test_the_spans_are_the_header_lines_and_the_address_is_taken() -> None:
    text = "Coal barges gather\nYellow Sea Monitor\nNo. 7, 18 March 2024\nhttps://example.org/7" + BODY
    found = parse_header(text)
    assert [text[span.start : span.end] for span in found.spans] == text[: text.index("\n\n")].split("\n")
    assert found.url == "https://example.org/7"


HEAD = "Coal barges gather\nYellow Sea Monitor\nNo. 7\nPublished: 18 March 2024"


@pytest.mark.parametrize(
    "line",
    [
        "Author: Lena Fischer",
        "AUTHORS: Lena Fischer, Žofia Nová",
        "By Lena Fischer",
        "By Lena Fischer and Žofia Nová, Seoul",
        "BY LENA FISCHER",
        "By our correspondent in Vardeni",
        "Written by: Lena Fischer",
        "Contact: desk@example.org",
        "Source: interviews in Dandong, February",
        "Dateline: Seoul",
        "Keywords: coal, Nampo",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_for_the_author_or_a_contact_is_of_the_header_and_changes_nothing_else_in_it(
    line: str, end: str
) -> None:
    lines = HEAD.split("\n")
    for at in (2, 3, 4):  # in the middle, before the date, after it
        text = (end.join([*lines[:at], line, *lines[at:]]) + BODY).replace("\n", end).replace("\r\r", "\r")
        found = parse_header(text)
        assert [text[span.start : span.end] for span in found.spans] == [*lines[:at], line, *lines[at:]]
        assert replace(found, spans=(), author="") == replace(read(HEAD), spans=())


def test_the_author_may_stand_apart_and_the_title_below() -> None:
    text = (
        "Yellow Sea Monitor\nNo. 7, 18 March 2024\n\nBy Lena Fischer\n\nCoal barges gather off Nampo" + BODY
    )
    found = parse_header(text)
    assert (found.title, len(found.spans)) == ("Coal barges gather off Nampo", 4)


def test_the_author_below_a_lone_title_is_of_the_header() -> None:
    found = parse_header("Coal barges gather\nAuthor: Lena Fischer\nContact: desk@example.org" + BODY)
    assert (found.title, len(found.spans)) == ("Coal barges gather", 3)


def test_whatever_stands_between_the_lines_of_a_header_is_of_it() -> None:
    text = "Open Sky Korea\nPRESS RELEASE\nNo. 7\nNew imagery of the plant\n18 March 2024" + BODY
    assert len(parse_header(text).spans) == 5


@pytest.mark.parametrize(
    "start",
    [
        "By 1900 there were nine theatres.",
        "By Monday Chinese traders had left",
        "By Kim Jong Un, the traders of the\nmarket were told nothing at all that day.",
        "By contrast, the purchase was small",
        "By mine of origin, January to June (thousand tons)",
        "Source: We pay in yuan\nMonitor: And who takes it?\nSource: The guards take it.",
        "Source: A trader in Hyesan said that prices rose.",
        "\nSource: A trader in Hyesan",
        "Source of infection: the river",
        "Rating: hold (unchanged)",
    ],
)
def test_the_first_line_of_the_text_is_not_taken_for_the_authors(start: str) -> None:
    found = parse_header(f"{HEAD}\n{start}{BODY}")
    assert found.spans == read(HEAD).spans


@pytest.mark.parametrize(
    "text",
    [
        "The Border Institute said on 4 May 2020 that six men were held. They were let go.",
        "We met on 4 May 2020.\nThen we left for the border and saw nobody at all on the way.",
        "Table 3: The four axioms that take as premises the institute’s relations, as of 4 May 2020.\nNext.",
        "- The Border Wire, No. 7, 4 May 2020\n- Another item",
        "Dear friends,\nOn 4 May 2020 we wrote to the Institute for Border Studies.",
    ],
)
def test_prose_is_not_taken_for_a_header(text: str) -> None:
    assert parse_header(text) == Header()


@pytest.mark.parametrize(
    ("written", "order", "number", "expected", "note"),
    [
        ("4/4/2008", "auto", "", date(2008, 4, 4), ""),
        ("25/4/2008", "auto", "", date(2008, 4, 25), ""),
        ("4/25/2008", "dmy", "", date(2008, 4, 25), ""),
        ("5/4/2008", "auto", "08-4-5-1", date(2008, 4, 5), "as the number 08-4-5-1 says"),
        ("5/4/2008", "mdy", "08-4-5-1", date(2008, 4, 5), "as the number 08-4-5-1 says"),
        ("5/4/2008", "dmy", "", date(2008, 4, 5), "by the date order “dmy”"),
        ("5/4/2008", "mdy", "7", date(2008, 5, 4), "by the date order “mdy”"),
        ("5/4/2008", "auto", "", None, "may mean 2008-04-05 or 2008-05-04"),
        ("05.04.2008", "auto", "", None, "may mean"),
        ("31/2/2008", "auto", "", "absent", ""),
        ("2008.04.04", "auto", "", date(2008, 4, 4), ""),
        ("2008-04-04", "auto", "", date(2008, 4, 4), ""),
        ("Tuesday, March 4, 2008", "auto", "", date(2008, 3, 4), ""),
        ("4th Sept. 2008", "auto", "", date(2008, 9, 4), ""),
        ("17 Nov. 2021", "auto", "", date(2021, 11, 17), ""),
        ("31 April 2008", "auto", "", "absent", ""),
        ("12/2008", "auto", "", "absent", ""),
        ("08-4-4-1", "auto", "", "absent", ""),
        ("1.2.3.2008", "auto", "", "absent", ""),
    ],
)
def test_a_date_is_read_where_it_is_certain_and_the_doubt_is_stated(
    written: str, order: DateOrder, number: str, expected: date | str | None, note: str
) -> None:
    found = find_date(f"Seoul, {written}", order, number)
    if expected == "absent":
        assert found is None
        return
    assert found is not None
    assert found.date == expected
    assert note in found.note
    assert bool(found.note) == bool(note)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_written_form_of_a_date_gives_it_back(day: date) -> None:
    for form in (
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%Y-%m-%d}",
        f"{day:%d %b. %Y}",
    ):
        found = find_date(form)
        assert found is not None
        assert (found.date, found.start) == (day, 0)


FURNITURE = [
    "Share",
    "Comments are closed.",
    "Share | Print | Related: “Tideland plan” (No. 209)",
    "Tweet",
    "Print this page",
    "Read more »",
    "Subscribe",
    "Advertisement",
    "Leave a comment",
    "Posted in News and Events | Tagged copper, border",
    "Related posts: RPN 2024-02, RPN 2023-17",
    "Subscribe · Archive · Methodology",
    "Share on: X | Telegram",
    "Skip to main content",
    "© 2024 Border Wire",
    "— End of note —",
    "0 Comments",
]


@pytest.mark.parametrize("line", FURNITURE)
def test_page_furniture_is_found_as_a_whole_line_at_the_end(line: str) -> None:
    text = f"Prices rose.{BODY}\n{line}\n"
    assert [text[span.start : span.end] for span in find_furniture(text)] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Share prices fell.",
        "Share prices",
        "Printing was banned.",
        "Comments are closed to nobody, he said.",
        "The talk was held in Lerwick on 20 June. Print | Share",
        "Print runs were cut | The press was sold",
        "Related cases were heard in May.",
        "Contact: press office, Torvik",
        "Next note: mid-July.",
        "The end was near.",
        "Comment",
    ],
)
def test_a_real_line_is_not_taken_for_furniture(line: str) -> None:
    assert find_furniture(f"Prices rose.{BODY}\n{line}\n") == ()


def test_a_lone_word_in_the_middle_of_a_text_is_not_furniture_but_an_unmistakable_line_is() -> None:
    middle = BODY * 9
    text = f"{middle}\nShare\n{middle}\nLeave a comment\n{middle}"
    assert [text[span.start : span.end] for span in find_furniture(text)] == ["Leave a comment"]


def test_the_titles_under_related_posts_are_furniture_too() -> None:
    text = f"Prices rose.{BODY}\nRelated posts\n– Defectors and the banking law\n– What counts as a ledger?\n"
    assert [text[span.start : span.end] for span in find_furniture(text)] == [
        "Related posts",
        "– Defectors and the banking law",
        "– What counts as a ledger?",
    ]


def test_a_text_of_nothing_but_furniture_has_none() -> None:
    assert find_furniture("Share\nPrint\n") == ()


@given(st.text(max_size=300))
def test_any_text_has_a_header_and_furniture_that_lie_in_it(text: str) -> None:
    for span in (*parse_header(text).spans, *find_furniture(text)):
        line = text[span.start : span.end]
        assert line
        assert line == line.strip()


def test_the_day_on_which_a_copy_was_fetched_is_not_the_documents() -> None:
    for fetched in ("Downloaded from journals.example on", "Accessed on", "Retrieved", "Printed on"):
        assert find_date(f"{fetched} 3 May 2019") is None
    found = find_date("Accessed 3 May 2019. Published 2 May 2018")
    assert found is not None
    assert str(found.date) == "2018-05-02"


# head, and what is read off it: title, author, publisher, series, number
FORMS = {
    "a press database": (
        "HD   Sugar sours\nBY   By Latika Menon\nPD   27 May 2009\nSN   Deccan Commodity Wire\nLA   English",
        ("Sugar sours", "Latika Menon", "Deccan Commodity Wire", "", ""),
    ),
    "a letter": (
        ("Valley Ramblers' Association\n4 Upper Lane, Tarn\n\n19 February 1988\n\n"
        "The Surveyor\nCounty Hall\n\nDear Sir,\n\n"
        "Re: Footpath 22"),
        ("Footpath 22", "", "Valley Ramblers' Association", "", ""),
    ),
    "an issue of a periodical, the article below": (
        "Issue 14 of The Lantern\nMay 2011\n\nThe Long Wait\nJane Doe",
        ("The Long Wait", "Jane Doe", "", "The Lantern", "14"),
    ),
    "pieces of a series": (
        "Harbour Policy Papers\nPaper 12\n\nThe Long Wait\n\nJane Doe\nHarbour Institute\nMay 2010",
        ("The Long Wait", "Jane Doe", "Harbour Institute", "Harbour Policy Papers", "12"),
    ),
    "a copyright line": (
        "The Weight of a Stamp\nRosalind Achebe\n\n(c) 2014 Lantern House. All rights reserved.",
        ("The Weight of a Stamp", "Rosalind Achebe", "Lantern House", "", ""),
    ),
    "what only has the shape of a person's name": (
        "Harbour Institute\n3 May 2010\n\nFiring Practice\n\nRules for small craft in the inner harbour",
        ("Rules for small craft in the inner harbour", "", "Harbour Institute", "", ""),
    ),
    "a place, a remark and a line in brackets are no title": (
        "Tarn, 3 May 2010\nNot for sale\n(replaces Form 7)\nValid until June 2011\n\nRules for Visitors",
        ("Rules for Visitors", "", "", "", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), FORMS.values(), ids=FORMS)
def test_a_form_is_read_and_what_is_not_sure_is_left_out(
    header: str, expected: tuple[str, str, str, str, str]
) -> None:
    found = parse_header(header + BODY)
    assert (found.title, found.author, found.publisher, found.series, found.number) == expected


def test_only_in_english_is_there_a_doubt_which_number_is_the_day() -> None:
    russian = (
        "Министерство энергетики\nО состоянии складов\n02.12.2016\n\n" + "Склады заполнены наполовину. " * 10
    )
    assert parse_header(russian).date == date(2016, 12, 2)
    assert read("Harbour Institute\nRules for visitors\n02.12.2016").date is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Corrected brief\nOffice of Tests\n4 April 2008\n\nIt says so.\n", "Corrected brief"),
        ("Office of Tests\n4 April 2008\n\nIt says so.\n", ""),
        ("4 April 2008\nIt says so.\n", ""),
        ("It says so.\n\nOffice of Tests\n4 April 2008\n", "It says so"),  # an old newspaper's headline
    ],
)
def test_a_sentence_below_other_lines_is_no_title(text: str, title: str) -> None:
    assert parse_header(text).title == title


@pytest.mark.parametrize(
    "line",
    [
        "Release manager: @jo-kern",
        "First signatory: Marta Okafor, beekeeper, of Tarn",
        "Respondent: Tarn District Council",
        "Version 4.0 (replaces version 3.2)",
        "Two Minster Yard, Tarn",
        "14 Pier Street, Tarn",
        "Rua do Cais 9, Tarn",
        "By registered post",
        "Thesis submitted for the degree of Master of Arts",
        "Entered in the register under P-311",
        "Registry file number: 0-44182",
    ],
)
@pytest.mark.parametrize("lines", ["{title}\n{line}", "{line}\n{title}"], ids=["below", "above"])
def test_a_line_that_states_something_else_is_no_title_and_not_part_of_it(line: str, lines: str) -> None:
    title = "Contact of the ferry Havsule with the quay at Tarn"
    head = lines.format(title=title, line=line)
    header = parse_header(f"HARBOUR BOARD\n{head}\n3 May 2012\n\nThe ferry struck the quay in the fog.\n")
    assert header.title == title


@pytest.mark.parametrize(
    "title",
    [
        "Mali crisis: French troops enter Timbuktu",
        "Working better together: Community policing in Tarn",
        "Accident report: Grounding of the ferry Havsule",
        "Review: The British Museum",
        "Team, Club and Town",
        "Broken promises: Aid to Haiti ten years on",
        "Egypt: National Council for Human Rights under attack",
        "One Hundred Days, Ukraine",
        "100 Days On, Kabul Waits",
        "Laid at the Door: Child Abandonment in Tarn",
        "Advocates call for reform of the Press Council",
        "Report of the\nPanel on Internal Displacement",
        "Pirates, Smugglers and Fishermen: The Struggle for Northern\nSomalia",
    ],
)
def test_a_title_that_looks_like_another_line_stays_the_title(title: str) -> None:
    header = parse_header(f"World Bank\n{title}\n3 May 2012\n\nThe ferry struck the quay in the fog.\n")
    assert header.title == title.replace("\n", " ")


@pytest.mark.parametrize(
    ("line", "number", "series"),
    [
        ("Working Paper No. 7, World Bank", "7", "Working Paper"),
        ("Policy Brief 12, Harbour Institute", "12", "Policy Brief"),
        ("Situation Report No. 12, South Sudan", "12", "Situation Report"),
    ],
)
def test_a_numbered_series_is_no_address(line: str, number: str, series: str) -> None:
    header = parse_header(f"{line}\nLand and memory of the isles\nAnn Osei\n3 May 2012\n\nIt says so.\n")
    assert (header.number, header.series) == (number, series)


@pytest.mark.parametrize("label", ["Date of judgment", "Judgment date", "Decided", "Date of decision"])
def test_a_judgment_between_parties_has_its_date(label: str) -> None:
    parties = "Appellant: Marta Okafor\nRespondent: Harbour Board"
    header = parse_header(
        "IN THE SUPREME COURT OF TARN\nOkafor v Harbour Board\n[2012] TASC 14\n"
        f"{parties}\n{label}: 3 May 2012\n\nThe appeal is dismissed.\n"
    )
    assert header.date == date(2012, 5, 3)


@pytest.mark.parametrize("author", ["Article 19", "Forum 2000 Foundation", "Group 484"])
def test_a_number_may_belong_to_the_name_of_an_author(author: str) -> None:
    header = parse_header(f"Land and memory\nAuthor: {author}\n3 May 2012\n\nIt says so.\n")
    assert header.author == author


def test_a_notice_is_no_number() -> None:
    header = parse_header(
        "PORT EXCHANGE\nMARKET NOTICE 2020-158\nTrading is suspended\n\nIt goes on later.\n"
    )
    assert (header.number, header.series) == ("2020-158", "MARKET NOTICE")


def test_a_section_heading_above_the_head_is_no_title() -> None:
    found = read("Executive Summary\n\nFerry Fares in the Outer Isles\n\nHarbour Institute\n3 May 2019")
    assert (found.title, found.publisher, found.date) == (
        "Ferry Fares in the Outer Isles",
        "Harbour Institute",
        date(2019, 5, 3),
    )


def test_an_institution_alone_is_no_title() -> None:
    assert read("Harbour Institute").title == ""


@pytest.mark.parametrize("line", ["Revised by", ".. include:: header.txt"])
def test_a_label_without_its_name_and_a_directive_are_no_title(line: str) -> None:
    assert line not in read(f"{line}\n\nAnn Osei\n3 May 2019").title


def test_a_university_in_one_word_is_no_author() -> None:
    text = f"Ferry fares\n\nAnn Osei\nWirtschaftsuniversität Isle{BODY}"
    assert parse_header(text, "auto", "Ferry fares").author == "Ann Osei"


def test_a_line_of_prose_between_labels_does_not_end_the_head() -> None:
    found = read(
        "Ferry fares\n\nAuthor: Ann Osei\n\nA short guide to what the crossings cost, for who travels with "
        "a car or on foot.\n\nLast updated: 3 May 2019"
    )
    assert (found.title, found.author, found.date) == ("Ferry fares", "Ann Osei", date(2019, 5, 3))


@pytest.mark.parametrize(
    "line", ["Printed 3 May 2019", "Generated on 3 May 2019", "Copyright © 1996-2024 Ann Osei"]
)
def test_the_day_of_a_print_and_a_range_of_years_are_no_date(line: str) -> None:
    assert read(f"Ferry fares\n{line}\nHarbour Institute").date is None


@pytest.mark.parametrize(
    ("lines", "author"),
    [
        ("Ann Osei <osei@isles.example>\nBo Strand <strand@isles.example>", "Ann Osei; Bo Strand"),
        ("Ann Osei\nDepartment of Piers\n\nPeter Strand\nIsle College", "Ann Osei; Peter Strand"),
        ("Ann Osei, Ferry Labs\n3 May 2019", "Ann Osei"),
        ("by Ann Osei and Bo Strand, with drawings by others", "Ann Osei; Bo Strand"),
        ("Ann Osei 8/17/19 11:04am", "Ann Osei"),
    ],
)
def test_authors_stand_below_the_title_with_where_they_work(lines: str, author: str) -> None:
    assert parse_header(f"Ferry fares\n\n{lines}{BODY}", "auto", "Ferry fares").author == author
