"""Citations by style, as citeproc-js 2.4.63 renders them too (`record.js`), but for what is named here."""

from __future__ import annotations

import html
import json
import re
import sys
import time
from pathlib import Path

import pytest

from qa.errors import InputError, MissingExtraError
from qa.quoting.bibliography import pandoc
from qa.quoting.bibliography.csl import csl_item, keys, located
from qa.quoting.bibliography.markup import words
from qa.quoting.bibliography.styles import STYLES, Rendered, _for_style, _shipped, open_style, rendered
from qa.schema import Quote
from tests.qa.quoting.bibliography.documents import DOCUMENTS, END, START

ITEMS = [csl_item(document, key=key) for document, key in zip(DOCUMENTS, keys(DOCUMENTS), strict=True)]
CITATIONS = [
    {"id": item["id"], **located(Quote(document, START, END))}
    for item, document in zip(ITEMS, DOCUMENTS, strict=True)
]
RECORDED = json.loads(Path(__file__).with_name("rendered.json").read_text(encoding="utf-8"))

# What differs, and why we keep pandoc's: (pattern in pandoc's, what stands there in citeproc-js's).
DIFFERENCES = (
    # CSL's own list of words that titles have in small letters has neither.
    (r"\bAlong\b", "along"),
    (r"Trade Without", "Trade without"),
    # A full stop or comma is put within “ ” of a section's name, which is no quotation of ours.
    (r"“(Two|Methods)”\.", r"“\1.”"),
)
# Whole entries: (style, how it begins) of those that differ otherwise.
_DASHED = "by a dash in place of an author that is not the same (“Sand” for “Sand et al.”)"
OTHERWISE = {
    ("mla", "Sand, Ulrike, et al. Trade"): _DASHED,
    ("mla", "Sand, Ulrike. Why"): "a dash in place of the author that stands two entries above",
    ("ieee", "[19] J. van der Berg"): "pandoc leaves out [Online] of a report with an address",
}


@pytest.fixture(scope="module", params=STYLES)
def made(request: pytest.FixtureRequest) -> tuple[str, Rendered]:
    return request.param, rendered(ITEMS, CITATIONS, open_style(request.param))


def _of_js(text: str) -> str:
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))
    plain = " ".join(plain.replace("\N{NON-BREAKING HYPHEN}", "-").split())
    return re.sub(r"^(\[\d+\])(?=[^\s,\]])", r"\1 ", plain)


def _as_js(text: str) -> str:
    for pattern, other in DIFFERENCES:
        text = re.sub(pattern, other, text)
    return " ".join(text.split())


def test_citations_are_those_of_citeproc_js(made: tuple[str, Rendered]):
    style, ours = made
    assert [_as_js(words(each, "text")) for each in ours.citations] == [
        _of_js(each) for each in RECORDED[style]["citations"]
    ]


def test_the_bibliography_is_that_of_citeproc_js(made: tuple[str, Rendered]):
    style, ours = made
    entries = [_as_js(words(entry, "text")) for _, entry in ours.bibliography]
    theirs = list(map(_of_js, RECORDED[style]["bibliography"]))
    assert len(entries) == len(theirs)
    differing = [entry for entry, other in zip(entries, theirs, strict=True) if entry != other]
    expected = [begins for name, begins in OTHERWISE if name == style]
    assert len(differing) == len(expected)
    assert all(any(entry.startswith(begins) for begins in expected) for entry in differing)


def test_an_email_is_in_no_bibliography_of_chicago_and_apa(made: tuple[str, Rendered]):
    style, ours = made
    listed = {key for key, _ in ours.bibliography}
    left = {item["id"] for item in ITEMS} - listed
    assert left == ({"lopez2015re-aefa8c"} if style in ("chicago", "apa") else set())


def test_a_number_is_as_its_document_has_it():
    made = rendered(ITEMS[:1], CITATIONS[:1], open_style("chicago"))
    assert words(made.citations[0], "text") == (
        "Scrap Metal Smuggling Rampant in North Korea, NK Brief 08-4-4-1 "
        "(Institute for Far Eastern Studies (IFES), 2008), para. 2."
    )


def test_a_style_may_be_a_file_a_dependent_one_or_another_name(tmp_path: Path):
    (tmp_path / "mine.csl").write_bytes(_shipped("ieee"))
    assert open_style(str(tmp_path / "mine.csl")).data == open_style("ieee").data
    assert open_style("Nature").in_notes is False
    assert open_style("chicago").in_notes is True
    dependent = (
        '<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text"><info><link rel="independent-parent" '
        'href="http://www.zotero.org/styles/{}"/></info></style>'
    )
    (tmp_path / "dependent.csl").write_text(dependent.format("apa"))
    assert open_style(str(tmp_path / "dependent.csl")).data == open_style("apa").data
    (tmp_path / "orphan.csl").write_text(dependent.format("no-such-style"))
    with pytest.raises(InputError, match=r"orphan\.csl depends on another: there is no citation style"):
        open_style(str(tmp_path / "orphan.csl"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<style", "is not XML: "),
        ("<html/>", "is not a citation style: its first element is html"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "is not a citation style"),
        ("x" * 2_000_001, "is larger than 2 MB"),
    ],
)
def test_what_is_no_style_is_named(tmp_path: Path, content: str, said: str):
    path = tmp_path / "bad.csl"
    path.write_text(content)
    with pytest.raises(InputError, match=re.escape(said)):
        open_style(str(path))


@pytest.mark.parametrize("name", ["../apa", "no such", "", "a" * 200, "/etc/passwd", "x.csl", "apa.csl"])
def test_a_stranger_can_name_no_file(name: str):
    with pytest.raises(InputError, match="there is no citation style"):
        open_style(name, files=False)


def test_a_style_that_pandoc_cannot_use_is_refused(tmp_path: Path):
    path = tmp_path / "empty.csl"
    path.write_text('<style xmlns="http://purl.org/net/xbiblio/csl" class="note"/>')
    with pytest.raises(InputError, match="pandoc refuses this"):
        rendered(ITEMS[:1], CITATIONS[:1], open_style(str(path)))


def test_pandoc_is_shut_in_and_has_a_time_limit(tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    for given in (f"\\input{{{secret}}} x", f"\\include{{{secret}}} x"):
        assert b"a secret" not in pandoc.run_pandoc(["--from=latex", "--to=plain"], given.encode())
    before = time.monotonic()
    with pytest.raises(InputError, match="took longer than"):
        pandoc.run_pandoc(["--from=markdown", "--to=plain"], b"*a " * 500_000, seconds=0.2)
    assert time.monotonic() - before < 10


def test_what_is_not_installed_is_said_with_what_brings_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pandoc, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pullquote\[report\]'"):
        open_style("apa")
    with pytest.raises(MissingExtraError, match="needs pypandoc-binary"):
        pandoc.pandoc_path()


def main() -> None:
    """Print what `record.js` renders."""
    given = {"items": list(map(_for_style, ITEMS)), "citations": CITATIONS, "styles": STYLES}
    json.dump(given, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()


_HOSTILE = (
    '<style xmlns="http://purl.org/net/xbiblio/csl" class="note" version="1.0"><info><title>x</title>'
    "<id>x</id><updated>2020-01-01T00:00:00Z</updated></info>{}<citation><layout>{}</layout></citation></style>"
)
_DOUBLED = "".join(
    f'<macro name="m{n}"><text macro="m{n + 1}"/><text macro="m{n + 1}"/></macro>' for n in range(40)
)


@pytest.mark.parametrize(
    ("macros", "layout", "message"),
    [
        (
            _DOUBLED + '<macro name="m40"><text value="x"/></macro>',
            '<text macro="m0"/>',
            "took longer than 2",
        ),
        (
            '<macro name="m"><text macro="m"/></macro>',
            '<text macro="m"/>',
            "took longer than 2|Heap exhausted",
        ),
        ("", "<group>" * 60 + "</group>" * 60, "more than 50 nested elements"),
        ("", "<group>" * 9000 + "</group>" * 9000, "is not XML"),
    ],
    ids=["macros that double", "a macro within itself", "deep", "very deep"],
)
def test_a_style_in_a_file_that_would_take_for_ever_is_refused(macros, layout, message, tmp_path):
    path = tmp_path / "hostile.csl"
    path.write_text(_HOSTILE.format(macros, layout))
    started = time.monotonic()
    with pytest.raises(InputError, match=rf"the style \S+hostile\.csl.*({message})"):
        rendered(ITEMS[:1], [{"id": ITEMS[0]["id"]}], open_style(str(path)))
    assert time.monotonic() - started < 4
