"""Documents as items of CSL-JSON, and the places of quotes as locators."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.quoting.bibliography.csl import citation_key, csl_date, csl_item, date_of, keys, located, names
from qa.schema import Quote
from qa.text.dates import PartialDate, parse_date
from tests.qa.quoting.bibliography.documents import DOCUMENTS, END, START

BY_ID = {document.id: document for document in DOCUMENTS}


def test_a_numbered_brief_is_a_report_with_all_that_is_known():
    assert csl_item(BY_ID["scrap.txt"]) == {
        "id": "ifes2008scrap-1d6e1e",
        "type": "report",
        "title": "Scrap metal smuggling rampant in North Korea",
        "publisher": "Institute for Far Eastern Studies (IFES)",
        "collection-title": "NK Brief",
        "number": "08-4-4-1",
        "issued": {"date-parts": [[2008, 4, 4]]},
        "language": "en",
    }


def test_an_email_has_an_author_and_a_web_page_a_site():
    mail, page = csl_item(BY_ID["mail.eml"]), csl_item(BY_ID["page.html"])
    assert (mail["type"], mail["author"]) == (
        "personal_communication",
        [{"family": "Lopez", "given": "Maria"}],
    )
    assert (page["type"], page["container-title"], page["URL"]) == (
        *("webpage", "Port of Tarn", "https://example.org/harbour?a=1&b=2#top"),
    )


@pytest.mark.parametrize("written", ["2008", "2008-04", "2008-04-04", "0987-01"])
def test_a_date_is_as_precise_as_it_is_known(written: str):
    date = parse_date(written)
    assert date_of(csl_date(date)) == written
    assert csl_date(date)["date-parts"][0] == [int(part) for part in written.split("-")]


def test_what_is_unknown_is_left_out_and_a_document_without_a_title_has_its_id():
    bare = replace(BY_ID["bare.txt"], title="", url="file:///home/me/bare.txt")
    assert csl_item(bare).keys() == {"id", "type", "title", "language"}
    assert csl_item(bare)["title"] == "bare.txt"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Ulrike Sand", [{"family": "Sand", "given": "Ulrike"}]),
        ("Sand, Ulrike", [{"family": "Sand", "given": "Ulrike"}]),
        (
            "Ludwig van der Berg",
            [{"family": "Berg", "given": "Ludwig", "non-dropping-particle": "van der"}],
        ),
        ("Kim Min-ji", [{"literal": "Kim Min-ji"}]),
        ("Kim Jong Il", [{"literal": "Kim Jong Il"}]),
        ("김민지", [{"literal": "김민지"}]),
        ("Institute of Roads", [{"literal": "Institute of Roads"}]),
        ("Roads, Bridges and Harbours Office", [{"literal": "Roads, Bridges and Harbours Office"}]),
        ("desk@example.org", [{"literal": "desk@example.org"}]),
        (
            "Jane Roe, John Doe; Maria Lopez",
            [{"literal": "Jane Roe, John Doe"}, {"family": "Lopez", "given": "Maria"}],
        ),
        ("Jane Roe, John Doe", [{"family": "Roe", "given": "Jane"}, {"family": "Doe", "given": "John"}]),
        ("", []),
    ],
)
def test_names_are_taken_apart_only_where_that_is_certain(author: str, expected: list[dict[str, str]]):
    assert names(author) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("month.pdf", {"label": "page", "locator": "12"}),
        ("scrap.txt", {"label": "paragraph", "locator": "2"}),
        ("many.pdf", {"label": "note", "locator": "7"}),
        ("series.docx", {"label": "paragraph", "locator": "1", "suffix": ", section “Methods”"}),
        ("sheet.xlsx", {"suffix": ", sheet “Prices”, row 3"}),
        (
            "mbox.mbox",
            {"label": "paragraph", "locator": "2", "suffix": ", message 2, Idris Coker, 3 May 2008"},
        ),
    ],
)
def test_a_locator_names_page_paragraph_and_note_and_says_the_rest(name: str, expected: dict[str, str]):
    assert located(Quote(BY_ID[name], START, END)) == expected


def test_keys_are_readable_unique_and_depend_on_no_other_document():
    given = keys(DOCUMENTS)
    assert len(set(given)) == len(DOCUMENTS)
    assert given == [citation_key(document) for document in reversed(DOCUMENTS)][::-1]
    assert given[:3] == ["ifes2008scrap-1d6e1e", "sand2021harbour-f2df9e", "rivernotes-5c61ec"]
    assert all(key.isascii() and key.replace("-", "").isalnum() for key in given)
    twice = keys([BY_ID["scrap.txt"], BY_ID["scrap.txt"]])
    assert twice == ["ifes2008scrap-1d6e1e", twice[0] + twice[1][len(twice[0]) :]]
    assert twice[0] != twice[1]


def test_a_month_stays_a_month():
    assert csl_item(replace(BY_ID["scrap.txt"], date=PartialDate(2008, 4)))["issued"] == {
        "date-parts": [[2008, 4]]
    }
