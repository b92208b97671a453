"""What the prose of a document says of it: its dateline, its sign-off, its imprint, and forms of heads."""

from __future__ import annotations

import datetime as dt

import pytest

from qa.formats.heads.header import parse_header
from qa.formats.heads.prose import read_foot
from qa.formats.placeholders import is_no_author
from qa.text.dates import PartialDate

PROSE = "The pier was closed for nine days, and the ferry went to the other side, as few people liked.\n"
HEAD = f"Notice of works\n3 May 2012\n\n{PROSE}\n"


@pytest.mark.parametrize(
    ("foot", "author"),
    [
        ("Yours sincerely,\n\nBeatrice Amoah-Finch\nSenior Investigator", "Beatrice Amoah-Finch"),
        ("Respectfully submitted, J. Pruitt", "J. Pruitt"),
        ("Mit freundlichen Grüßen\nPetra Lang", "Petra Lang"),
        ("By Edith Marlow", "Edith Marlow"),
        ("George Pellew\nFor: Chief Pensions Officer", "George Pellew"),
        ("Thomas Rydel is a research fellow at the Institute.", "Thomas Rydel"),
        ("Contact: Simon Yardley, press office", ""),
        ("* Allan Pratt\n  President", ""),
    ],
)
def test_who_signs_a_text_at_its_end_has_written_it(foot: str, author: str) -> None:
    assert parse_header(HEAD + foot + "\n").author == author


@pytest.mark.parametrize(
    ("foot", "publisher"),
    [
        ("Published by the Corn Exchange Institute. Back issues: 31, 32.", "Corn Exchange Institute"),
        ("Text © Oceans Foundation 2003. Drawings: Lorna Beech.", "Oceans Foundation"),
        ("Danube Policy Centre, Vienna. Editorial team: Otto Reiss.", "Danube Policy Centre"),
        ("Source: Ostania State Radio, Bereg, 1700 gmt", "Ostania State Radio"),
        ("The Danube Policy Centre, which Otto Reiss leads, has said nothing.", ""),
    ],
)
def test_an_imprint_at_the_end_names_the_publisher(foot: str, publisher: str) -> None:
    assert parse_header(f"Notice of works\n\n{PROSE}\n{foot}\n").publisher == publisher


def test_wrapped_prose_is_no_imprint() -> None:
    wrapped = (
        "Members are reminded that the form must reach the secretariat of the\n"
        "Lakeside Centre, Vienna. The fee for late ones is the same as it was in\n"
        "former years, and may be paid at the desk\n"
    )
    assert read_foot(f"{PROSE}\n{wrapped}", 0, "auto").publisher == ""


@pytest.mark.parametrize(
    ("foot", "date"),
    [
        ("Done at Port Adela, 13 August 1997.", dt.date(1997, 8, 13)),
        ("June 2010", PartialDate(2010, 6)),
        ("It will be opened again on 9 June 2010.", None),
    ],
)
def test_the_place_and_day_at_the_end_of_a_text_are_those_of_its_issue(
    foot: str, date: dt.date | None
) -> None:
    assert parse_header(f"Notice of works\n\n{PROSE}\n{foot}\n").date == date


def test_a_long_text_is_not_signed_by_its_last_line() -> None:
    assert read_foot(PROSE * 400 + "\nBy Edith Marlow\n", 0, "auto").author == ""


@pytest.mark.parametrize(
    ("head", "author"),
    [
        ("Late shipment\nCase note by Priya Nair, LL.M.\n3 May 2004", "Priya Nair"),
        (
            "Soil at the pier\nPrepared by: Dale Ostrander, P.E., and Mary Whitcomb\n3 May 2004",
            "Dale Ostrander; Mary Whitcomb",
        ),
        ("Frost\n(by Ivo Brandt)\n3 May 2004", "Ivo Brandt"),
        ("Sea lanes\nReport: Joseph Demir, 10 December 2002", "Joseph Demir"),
        (
            "Prices\nRemarks by Deputy Governor Samuel Reid at the Chamber of Commerce\n3 May 2004",
            "Samuel Reid",
        ),
        ("Minutes of the board\nInterviewee: Jonas Kern\n3 May 2004", ""),
    ],
)
def test_a_credit_names_the_author(head: str, author: str) -> None:
    assert parse_header(f"{head}\n\n{PROSE}").author == author


@pytest.mark.parametrize(
    "line",
    [
        "Regional Workshop, Batanga, 24 May 2016",
        "The Customs (Transit Bonds) Regulations, 1997",
        "Staff Reporter",
    ],
)
def test_an_event_a_law_and_an_office_publish_nothing(line: str) -> None:
    assert parse_header(f"Port control in practice\n{line}\n3 May 2016\n\n{PROSE}").publisher == ""


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("Low Countries Forum, Ghent", "Low Countries Forum"),
        ("Relief Hands International, Kilembwe field office", "Relief Hands International"),
    ],
)
def test_a_publisher_is_named_without_its_town_or_office(line: str, publisher: str) -> None:
    assert (
        parse_header(f"After the vote of the islands\n{line}\n3 May 2016\n\n{PROSE}").publisher == publisher
    )


@pytest.mark.parametrize("name", ["no-reply@wire.example", "Tideway CMS", "HR"])
def test_a_program_and_a_desk_are_no_authors(name: str) -> None:
    assert is_no_author(name)


def test_a_table_of_contents_ends_the_head() -> None:
    text = (
        f"Slow money\n4 October 2011\n\nEXECUTIVE SUMMARY .......... i\nI. THE FLOOD .......... 1\n\n{PROSE}"
    )
    assert parse_header(text).title == "Slow money"


def test_a_day_until_which_a_text_was_embargoed_is_that_of_its_issue() -> None:
    text = (
        f"Harbour Institute\nPRESS RELEASE - EMBARGOED UNTIL 18 January 2010, 10:00\n\nA new head\n\n{PROSE}"
    )
    assert parse_header(text).date == dt.date(2010, 1, 18)


def test_a_series_is_named_in_the_line_of_its_number() -> None:
    text = (
        "Meridian Policy Briefs                    No. 17\n-----\nTwo Neighbours and a Pipeline\n\n"
        "by Thomas Rydel\n\n21 June 2006          Meridian Institute of International Affairs\n\n" + PROSE
    )
    header = parse_header(text)
    assert (header.title, header.series, header.number) == (
        "Two Neighbours and a Pipeline",
        "Meridian Policy Briefs",
        "17",
    )


def test_a_sentence_in_capitals_and_the_state_of_a_thing_publish_nothing() -> None:
    for line in ("THE STATE OF THE INLAND LAKES", "Port Union Members Reject Reclamation Of West Bay"):
        assert parse_header(f"{line}\n5 May 2013\n\n{PROSE}").publisher == ""


def test_people_under_a_heading_for_contacts_have_not_signed() -> None:
    foot = "{}\n\nLaura Hurst\nVice President, Corporate Affairs\n"
    assert parse_header(HEAD + foot.format("Media contacts")).author == ""
    assert parse_header(HEAD + foot.format("For the Board")).author == "Laura Hurst"


def test_years_of_several_owners_are_no_date_of_a_text() -> None:
    owned = f"{PROSE}\n\n© 2005, Pat Thorne\n"
    assert read_foot(owned, 0, "auto").date == PartialDate(2005)
    assert read_foot(f"{owned}© 2012-2014, Ann Osei\n", 0, "auto").date is None


def test_a_list_of_versions_gives_no_date() -> None:
    versions = "\n\n".join(f"0{number}\t{year}/05/05" for number, year in enumerate((2009, 2010, 2011), 1))
    assert parse_header(f"Mooring Manual\n\nACTION\tNAME\n\n{versions}\n\n{PROSE}").date is None
    assert parse_header(f"Mooring Manual\n\nACTION\tNAME\n\n{versions}\n\n{PROSE}").publisher == ""
