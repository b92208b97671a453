"""reStructuredText gives the words that docutils would show, and nothing that the file only points to."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.formats.kinds import read_source
from qa.formats.rst import read
from qa.formats.source import PLAIN, Options, Source
from qa.formats.worker import Worker
from qa.quoting.claims.file import claims
from qa.schema import Document, locator
from tests.qa.formats.reading import named, one, one_of, read_or_refused, refusal

HERE = Path(__file__).parent
TEXT = """\
Copper prices

A quarterly note

Author: Ann Osei
Organization: Institute of Metals
Date: 4 April 2008
Version: 1.2

Market

Copper rose by 4 percent in May[1], as Dr. Bo Strand said; see the report [IFES2008]. They sold 10⁶ t.

- Copper, of which most is scrap
- Zinc
  a. Refined
  b. Raw

Port

The harbour of Nord, on the river.

Prices are in euros.

He wrote:

The market was closed for a week, and nobody said why.

— Bo Strand

The formula:

price = tons * rate
  + duty

Prices

Tons by port

Port | April | May
Nord | 1,250 | 1,300
| about | about
Süd | 300 |

Month | Price
April | 4
May | 5

Copper, copper,
everywhere

Method

See the method and prices.mean.

1.2 The mean is weighted.

The earlier notes.

[1] Against April.

[IFES2008] Scrap metal smuggling."""


def text_of(source: str) -> str:
    return one_of(read, source.encode(), "a.rst").text


def test_the_text_is_what_docutils_shows_without_what_it_makes() -> None:
    assert one(read, HERE / "report.rst").text == TEXT


def test_title_and_fields_are_metadata() -> None:
    found = one(read, HERE / "report.rst")
    assert (found.title, found.author, found.publisher) == (
        "Copper prices",
        "Ann Osei",
        "Institute of Metals",
    )
    assert (found.date, found.number, found.language) == (dt.date(2008, 4, 4), "", "en")
    stated = {each.field: each.source for each in found.found if each.sure == "stated"}
    assert stated == dict.fromkeys(("title", "author", "publisher", "date"), "the fields at its top")
    lines = [found.text[span.start : span.end] for span in found.header]
    assert lines[:1] == ["Copper prices"]
    assert {"Author: Ann Osei", "Date: 4 April 2008"} <= set(lines)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (":Authors: - Ann Osei\n          - Bo Strand\n", ("Ann Osei; Bo Strand", None, 0)),
        (":Autor: Ann Osei\n:Date: $Date: 2008/04/04 $\n", ("Ann Osei", dt.date(2008, 4, 4), 0)),
        (":Author: Ann Osei\n:Author: Bo Strand\n", ("Ann Osei; Bo Strand", None, 0)),
        (":date: soon\n", ("", None, 1)),
        (":tocdepth: 2\n", ("", None, 0)),
    ],
)
def test_fields_are_read_as_front_matter_is(fields: str, expected: tuple[str, dt.date | None, int]) -> None:
    found = one_of(read, f"Prices\n======\n\n{fields}\nCopper rose.\n".encode(), "a.rst")
    assert (found.author, found.date, len(found.notes)) == expected


def test_headings_and_notes_are_places() -> None:
    found = one(read, HERE / "report.rst")
    assert list(named(found, "section")) == ["Copper prices", "Market", "Prices", "Method"]
    assert named(found, "footnote") == {
        "1": "[1] Against April.",
        "IFES2008": "[IFES2008] Scrap metal smuggling.",
    }
    at = found.text.index("Nord | 1,250")
    assert locator(found, at, at + 4).startswith("section “Prices”")


def test_every_word_of_the_text_is_in_the_file() -> None:
    words = re.findall(r"\w+", TEXT.replace("10⁶", "10"))
    assert set(words) <= set(re.findall(r"\w+", (HERE / "report.rst").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("He left.\n\n.. include:: /etc/passwd\n", "He left."),
        ("He left.\n\n.. literalinclude:: /etc/passwd\n", "He left."),
        ("He left.\n\n.. raw:: html\n\n   <script>alert(1)</script>\n", "He left."),
        ("He left.\n\n.. raw:: html\n   :url: https://example.org/\n", "He left."),
        ("He left.\n\n.. csv-table::\n   :file: /etc/passwd\n", "He left."),
        ("He left.\n\n.. csv-table::\n   :url: https://example.org/\n", "He left."),
        ("He left.\n\n.. figure:: /etc/passwd\n   :figwidth: image\n\n   A map.\n", "He left.\n\nA map."),
        ("He left on |d|.\n\n.. |d| date::\n", "He left on |d|."),
        ("He left |a|.\n\n.. |a| replace:: |b|\n.. |b| replace:: |a|\n", "He left |a|."),
        (".. role:: raw-html(raw)\n   :format: html\n\nHe :raw-html:`<b>` left.\n", None),
        (".. automodule:: os\n   :members:\n\nHe left.\n", "He left."),
    ],
)
def test_nothing_is_included_fetched_run_or_made_up(source: str, text: str | None) -> None:
    found = text_of(source)
    assert "root:" not in found
    assert text is None or found == text


def test_what_is_left_out_is_named() -> None:
    pictures = b".. mermaid::\n\n   a-->b\n\n.. note:: .. uml::\n\n      a -> b\n\n   In May.\n"
    source = b"He left.\n\n.. include:: a.txt\n\n.. raw:: html\n\n   <b>x</b>\n\n" + pictures
    found = one_of(read, source, "a.rst")
    assert found.text == "He left.\n\nIn May."
    assert found.notes == ("Left out, as it is no text or cannot be read: include, raw, mermaid, uml.",)


def test_a_substitution_makes_no_large_text_of_a_small_file() -> None:
    names = "\n".join(f".. |a{n}| replace:: {f'|a{n + 1}| ' * 40}" for n in range(12))
    assert len(text_of(f"He left |a0|.\n\n{names}\n")) < 2_000


def test_roles_of_one_text_are_not_those_of_the_next() -> None:
    assert text_of(".. role:: ref(code)\n.. default-role:: ref\n\nSee `x <y>`.\n") == "See x <y>."
    assert text_of("See :ref:`x <y>`.\n") == "See x."


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("He *left **the `town.\n", "He *left **the `town."),
        ("A title\n===\n\nHe left.\n", "A title ===\n\nHe left."),
        ("====\nAt\n\nHe left.\n", "====\nAt\n\nHe left."),
        ("==== ====\nPort Tons and more\n==== ====\nNord 1\n\nHe left.\n", None),
        ("+---+\n| a\n+-\n\nHe left.\n", "+---+\n| a\n+-\n\nHe left."),
        ("- a\nb\n\n  c\n d\n", None),
        ("See :unknown:`a thing` and [9]_ and |no|.\n", "See a thing and [9] and |no|."),
        (".. admonition:: Care\n\n   He left.\n", "Care\n\nHe left."),
        (".. |x| image:: a.png\n\nHe |x| left.\n", "He left."),
    ],
)
def test_broken_markup_loses_no_words(source: str, text: str | None) -> None:
    found = text_of(source)
    assert text is None or found == text
    if text is None:
        assert set(re.findall(r"\w+", source)) == set(re.findall(r"\w+", found))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (".. note::\n   :collapsible:\n   :ids: a\n\n   He left.\n", "He left."),
        (".. note::\n   :class: ?\n   He left.\n", "He left."),
        (".. code-block:: python\n   :caption: To *sell*\n   :linenos:\n\n   sell()\n", "To sell\n\nsell()"),
        (".. math::\n   :label: eq1\n\n   a + b\n", "a + b"),
        (".. figure:: a.png\n   :numbered:\n   :width: wide\n\n   A map.\n", "A map."),
        (".. image:: a.png\n\n   A map.\n", "A map."),
        (
            ".. list-table:: Prices\n\n   * - May\n     - 4\n   * - June\n",
            "Prices\n\n* - May\n  - 4\n* - June",
        ),
        (".. table:: Prices\n\n   +---+\n   | 4\n   +-\n", "Prices\n\n+---+\n| 4\n+-"),
        (".. note:: .. seealso:: He left.\n", "He left."),
        (".. seealso:: Glossary\n\n.. centered:: LICENSE\n", "Glossary\n\nLICENSE"),
        (".. versionadded:: 2.1\n\n.. deprecated:: 3.0\n\n   Sell.\n\n.. index:: copper\n", "Sell."),
        (".. only:: not html\n\n   He left.\n\n.. ifconfig:: x\n\n   So did I.\n", "He left.\n\nSo did I."),
        (".. topic:: Ports\n   :class: contents\n\n   He left.\n\n.. contents:: All\n", "Ports\n\nHe left."),
    ],
)
def test_a_directive_gives_its_words_and_not_its_settings(source: str, text: str) -> None:
    assert text_of(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (":index:`copper` and :index:`scrap <single: x>`", "copper and scrap"),
        (":command:`kill <pid>` or :file:`/usr/<dir>`", "kill <pid> or /usr/<dir>"),
        (":c:expr:`x<y>` and :cpp:class:`vector<int>`", "x<y> and vector<int>"),
        (":ref:`a < b <label>` and :py:func:`~os.path`", "a < b and os.path"),
    ],
)
def test_a_role_gives_its_words_without_its_target(source: str, text: str) -> None:
    assert text_of(source) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_any_line_end_gives_the_same_text(encoding: str, end: str) -> None:
    words = "Die Häfen waren für Wochen geschlossen, sagte die Behörde in Zürich. "
    source = f"Häfen\n=====\n\n- {words}\n- Süd\n\n::\n\n    a\n    b\n".replace("\n", end)
    assert one_of(read, source.encode(encoding), "a.rst").text == f"Häfen\n\n- {words.strip()}\n- Süd\n\na\nb"


def test_a_report_marks_block_quotes(tmp_path: Path) -> None:
    data = (HERE / "report.rst").read_bytes()
    found = one_of(read, data, "a.rst", Options(as_report=True))
    assert "\n\n> The market was closed for a week, and nobody said why.\n\n" in found.text
    (tmp_path / "a.rst").write_bytes(data)
    reading = claims(tmp_path / "a.rst")
    assert [claim.text for claim in reading.claims] == [
        "The market was closed for a week, and nobody said why."
    ]
    assert reading.unread == ("pictures", "comments")


def test_text_nested_too_deep_is_refused() -> None:
    assert "is nested too deep" in refusal(read, b"- " * 3_000 + b"a", "a.rst")
    assert "too many links in a paragraph" in refusal(read, b"see http://a.b\n" * 3_000, "a.rst")


def test_an_enormous_table_is_read_or_refused() -> None:
    line = b"====== =====\n"
    read_or_refused(read, line + b"Nord   1,250\n" * 2_000 + line, "a.rst")
    read_or_refused(read, b"+---+---+\n" + b"| a | b |\n+---+---+\n" * 100, "a.rst")


@given(st.text(alphabet="ab \n*`_|:.=-+[]<>#\\\t", max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(read, text.encode(), "a.rst")


def test_the_confined_process_reads_it() -> None:
    """docutils loads modules while it parses: the process may read them, and no other file."""
    tables = b".. include:: /etc/passwd\n\n.. csv-table::\n\n   a, b\n\n.. figure:: a.png\n\n   He left.\n"
    data = b"Prices\n======\n\n" + tables
    with Worker() as worker:
        (found,) = worker.read(Source("a.rst", "a.rst", data), PLAIN)
    (here,) = read_source(Source("a.rst", "a.rst", data), PLAIN)
    assert isinstance(found, Document)
    assert found == here
    assert "a | b" in found.text


def test_only_this_format_imports_docutils() -> None:
    code = "import sys, qa.formats.__main__, qa.formats.markdown; print('docutils' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
