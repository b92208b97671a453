"""Files of references: read as others write them, and refused by their line."""

from __future__ import annotations

import re

import pytest

from qa.errors import InputError
from qa.quoting.bibliography.matching import address_key, match_references, title_key
from qa.quoting.bibliography.reading import Reference, read_references
from tests.qa.quoting.bibliography.documents import DOCUMENTS

ZOTERO_BIBTEX = rb"""
@comment{a remark}
@string{ifes = "Institute for Far Eastern Studies"}
% another remark
@techreport{ifes_scrap_2008,
	title = {Scrap {Metal} Smuggling \& {\'E}t{\'e}: 100\% of it},
	url = {https://example.org/a_b?x=1&y=%20},
	author = {{Institute of Roads} and M{\"u}ller, Hans and {van der} Berg, Ludwig and others},
	institution = ifes # " (IFES)",
	series = {NK Brief},
	number = {08-4-4-1},
	month = apr,
	year = {2008},
	language = {english},
}
@article{two, title="Rice & prices", journal={Market {W}eekly}, date={2019-05/2019-06}, langid={korean}}
@online{three, title={A page}, organization={Port of Tarn}, year=2020, month=12, day=1}
"""
ZOTERO_RIS = b"""TY  - RPRT
TI  - Scrap metal smuggling
AU  - M\xc3\xbcller, Hans
AU  - Institute of Roads,
T2  - NK Brief
SN  - 08-4-4-1
PB  - IFES
DA  - 2008/04//
PY  - 2008
LA  - en-GB
UR  - https://example.org/scrap
AB  - An abstract
that goes on
ER  -

TY  - ELEC
TI  - A page
T2  - Port of Tarn
DA  - 2020/12/01/
ER  -
"""
ZOTERO_CSL = """[
 {"id": "http://zotero.org/users/1/items/A", "type": "report", "title": "Scrap <i>metal</i>",
  "author": [{"family": "Müller", "given": "Hans"}, {"literal": "Institute of Roads"}],
  "collection-title": "NK Brief", "number": "08-4-4-1", "publisher": "IFES", "language": "en-US",
  "issued": {"date-parts": [["2008", "4"]]}, "URL": "https://example.org/scrap"},
 {"id": "b", "type": "webpage", "title": "A page", "container-title": "Port of Tarn",
  "issued": {"date-parts": [[2020]]},
  "author": [{"family": "Berg", "given": "Ludwig", "non-dropping-particle": "van der"}]}
]"""


def test_bibtex_is_read_as_zotero_writes_it():
    first, second, third = read_references(ZOTERO_BIBTEX, "refs.bib")
    assert first == Reference(
        "ifes_scrap_2008",
        "line 5",
        {
            "publisher": "Institute for Far Eastern Studies (IFES)",
            "series": "NK Brief",
            "number": "08-4-4-1",
            "url": "https://example.org/a_b?x=1&y=%20",
            "language": "en",
            "title": "Scrap Metal Smuggling & Été: 100% of it",
            "author": "Institute of Roads; Hans Müller; Ludwig van der Berg",
            "date": "2008-04",
        },
    )
    assert second.values == {
        "series": "Market Weekly",
        "language": "ko",
        "title": "Rice & prices",
        "date": "2019-05",
    }
    assert third.values == {"publisher": "Port of Tarn", "title": "A page", "date": "2020-12-01"}


def test_ris_is_read_as_zotero_writes_it():
    first, second = read_references(ZOTERO_RIS, "refs.ris")
    assert first.values == {
        "title": "Scrap metal smuggling",
        "author": "Hans Müller; Institute of Roads",
        "series": "NK Brief",
        "number": "08-4-4-1",
        "publisher": "IFES",
        "date": "2008-04",
        "language": "en",
        "url": "https://example.org/scrap",
    }
    assert (second.where, second.values) == (
        "line 16",
        {"title": "A page", "publisher": "Port of Tarn", "date": "2020-12-01"},
    )


def test_csl_json_is_read_as_zotero_writes_it():
    first, second = read_references(ZOTERO_CSL.encode(), "refs.json")
    assert first.values == {
        "title": "Scrap metal",
        "author": "Hans Müller; Institute of Roads",
        "series": "NK Brief",
        "number": "08-4-4-1",
        "publisher": "IFES",
        "date": "2008-04",
        "language": "en",
        "url": "https://example.org/scrap",
    }
    assert second.values == {
        "title": "A page",
        "author": "Ludwig van der Berg",
        "publisher": "Port of Tarn",
        "date": "2020",
    }


@pytest.mark.parametrize(
    "data", [ZOTERO_BIBTEX, ZOTERO_RIS, ZOTERO_CSL.encode(), b"\xef\xbb\xbf" + ZOTERO_RIS]
)
def test_a_file_with_another_ending_is_told_by_its_beginning(data: bytes):
    assert len(read_references(data, "refs.txt")) >= 2


def test_two_references_of_one_key_are_two():
    data = b"@misc{a, title={One}}\n@misc{a, title={Two \\& a half}}\n"
    read = read_references(data, "refs.bib")
    assert [(each.where, each.values["title"]) for each in read] == [
        ("line 1", "One"),
        ("line 2", "Two & a half"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.bib", b"@misc{a, title={x}}\n\n@misc{b, title={y}\n\n@misc{c, title={z}}\n", "a.bib, line 3: "),
        ("a.bib", b"@misc{a, title={x}}\n@misc{b title={y}}\n", "a.bib, line 2: "),
        ("a.bib", b"no reference\n", "a.bib, line 1: the file has no reference"),
        ("a.bib", b"@misc{a,\n title={\xff}}\n", "a.bib, line 2: this is not UTF-8"),
        ("a.bib", b"\n@misc{a, title={x}, date={2008-13}}\n", "a.bib, line 2: there is no such month"),
        (
            "a.ris",
            b"TY  - RPRT\nTI  - x\n\nTY  - RPRT\n",
            "a.ris, line 4: the reference of line 1 has no end",
        ),
        ("a.ris", b"\nTY  - RPRT\nTI  - x\n", "a.ris, line 2: the reference that begins here has no end"),
        ("a.ris", b"TY  - RPRT\nER  - \nTI  - x\n", "a.ris, line 3: a reference of RIS begins with"),
        ("a.json", b'[{"id": "a",\n "title": }]', "a.json, line 2: this is not JSON: "),
        ("a.json", b'[{"title": "x"}, 3]', "a.json, item 2: this is not an item of CSL-JSON"),
        ("a.json", b'[{"title": ["x"]}]', "a.json, item 1: this is not an item of CSL-JSON"),
        ("a.json", b'"x"', "a.json, line 1: this is not a list of CSL-JSON items"),
        ("a.json", b"[" * 100_000, "a.json, line 1: this JSON cannot be read"),
        ("a.json", b'[{"title": "' + b"x" * 1_001 + b'"}]', "a.json, item 1: the title has more than 1,000"),
        ("a.bib", b"", "a.bib, line 1: the file has no reference"),
        ("a.bib", b"@misc{a, title=%bx%b}" % (b"{" * 5_000, b"}" * 5_000), "a.bib, line 1: its braces"),
        ("a.bib", b"\n@misc{a, title={%bx%b}}" % (rb"\textbf{" * 3_000, b"}" * 3_000), "a.bib, line 2: its"),
    ],
)
def test_a_bad_file_is_refused_by_its_line(name: str, data: bytes, said: str):
    with pytest.raises(InputError, match=re.escape(said)):
        read_references(data, name)


def test_a_reference_is_matched_by_its_address_or_its_title_or_its_key():
    references = [
        Reference(
            "", "line 1", {"url": "http://www.example.org/harbour/?a=1&b=2", "title": "New", "date": "2022"}
        ),
        Reference("", "line 1", {"url": "http://www.example.org/harbour?a=1&b=2#x", "title": "New title"}),
        Reference("", "line 2", {"title": "SCRAP METAL: smuggling, rampant in north korea!", "number": "7"}),
        Reference("rivernotes-5c61ec", "line 3", {"title": "Quite another"}),
        Reference("", "line 4", {"title": "Unknown"}),
        Reference("", "line 5", {"url": "https://example.org/unknown"}),
    ]
    found = match_references(references[1:], DOCUMENTS)
    assert [(each.documents, each.reason) for each in found] == [
        (("page.html",), "address"),
        (("scrap.txt",), "title"),
        (("undated.txt",), "key"),
        ((), None),
        ((), None),
    ]
    assert found[0].values == {"title": "New title", "url": "http://www.example.org/harbour?a=1&b=2#x"}
    assert found[1].values["number"] == "7"


def test_what_several_match_is_ambiguous():
    twins = [DOCUMENTS[0], DOCUMENTS[0]]
    title = DOCUMENTS[0].title
    (match,) = match_references([Reference("", "line 1", {"title": title, "number": "9"})], twins)
    assert (match.is_ambiguous, match.changes) == (True, ())
    both = [Reference("", f"line {at}", {"title": title, "number": str(at)}) for at in (1, 2)]
    first, second = match_references(both, DOCUMENTS)
    assert (first.also, second.also) == (("line 2",), ("line 1",))
    assert first.is_ambiguous


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.example.org/a/", "http://example.org/a#b", True),
        ("https://example.org:443/a%20b", "https://EXAMPLE.org/a b", True),
        ("https://example.org/a?b=1", "https://example.org/a?b=2", False),
        ("https://example.org/A", "https://example.org/a", False),
        ("not an address", "", True),
        ("http://[", "", True),
    ],
)
def test_addresses_of_one_page_are_equal(one: str, other: str, same: bool):
    assert (address_key(one) == address_key(other)) is same


def test_titles_are_equal_by_their_letters():
    assert title_key("Ｓcrap  metal — “smuggling”") == title_key("scrap METAL: smuggling")
    assert title_key("북한의 고철") == title_key("북한의  고철!")
    assert title_key("!?") == ""
