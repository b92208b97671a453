"""Saved pages and Word documents as HTML to look at: what they show, and what they may not."""

from __future__ import annotations

import io
import re
from pathlib import Path

import docx
import mammoth
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from qa.errors import InputError
from qa.formats.page_view import view
from qa.formats.source import Source
from qa.formats.worker import Worker

DOCX = Path(__file__).parent / "docx"
PAGES = Path(__file__).parent / "html" / "pages"


def page(markup: str) -> str:
    return view(Source("a.html", "a.html", markup.encode()), "html")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>canary</script>",
        "<p onclick='canary'>x</p>",
        "<a href='javascript:canary'>x</a>",
        "<a href='http://canary/'>x</a>",
        "<a ping='http://canary/'>x</a>",
        "<meta http-equiv=refresh content='0;url=http://canary/'>",
        "<base href='http://canary/'>",
        "<link rel=preconnect href='http://canary/'>",
        "<link rel=stylesheet href='http://canary/'>",
        "<form action='http://canary/'><input value=canary><button>canary</button></form>",
        "<iframe src='http://canary/'></iframe>",
        "<iframe srcdoc='<script>canary</script>'></iframe>",
        "<object data='http://canary/'></object>",
        "<embed src='http://canary/'>",
        "<img src='http://canary/'>",
        "<img srcset='http://canary/ 2x'>",
        "<body background='http://canary/'>",
        "<video poster='http://canary/'></video>",
        "<svg><use xlink:href='http://canary/#a'/><image href='http://canary/'/></svg>",
        "<svg><script>canary</script></svg>",
        "<p style='background: url(http://canary/)'>x</p>",
        "<style>p { background: URL( 'http://canary/' ) }</style>",
        "<style>@import url(http://canary/);</style>",
        "<noscript><p>canary</p></noscript>",
        "<template><script>canary</script></template>",
    ],
)
def test_nothing_that_acts_or_loads_is_left(hostile: str) -> None:
    shown = page(f"<html><body><p>The harbour was closed.</p>{hostile}<p>Nobody came.</p></body></html>")
    assert "canary" not in shown
    assert "The harbour was closed." in shown
    assert "Nobody came." in shown


def test_a_style_imports_nothing() -> None:
    assert "@import" not in page("<style>@import 'http://elsewhere/'; p { color: red }</style><p>Closed.</p>")


def test_what_a_page_looks_like_stays() -> None:
    shown = page(
        "<html><head><style>p { color: red }</style></head><body><p class='a' style='color: blue'>Closed.</p>"
        "<a href='#note'>1</a><img src='data:image/png;base64,AAAA' alt='A map'></body></html>"
    )
    for kept in (
        "p { color: red }",
        'class="a"',
        "color: blue",
        'href="#note"',
        "data:image/png;base64,AAAA",
    ):
        assert kept in shown


def test_a_page_in_another_encoding_is_shown_in_its_own_letters() -> None:
    assert "夜" in page("<p>夜</p>")
    korean = (PAGES / "korean.html").read_bytes()
    assert "\ufffd" not in view(Source("a", "a.html", korean), "html")


def test_a_word_document_has_its_headings_lists_and_tables_and_no_links() -> None:
    made = docx.Document()
    made.add_heading("The harbour", 1)
    made.add_paragraph("Closed in May.", style="List Bullet")
    made.add_table(1, 2).cell(0, 1).text = "<script>canary</script>"
    file = io.BytesIO()
    made.save(file)
    shown = view(Source("a.docx", "a.docx", file.getvalue()), "docx")
    assert "<h1>The harbour</h1>" in shown
    assert "<li>Closed in May.</li>" in shown
    assert "<td><p>&lt;script&gt;canary&lt;/script&gt;</p></td>" in shown
    assert "href" not in shown


def test_a_word_document_opens_no_file_of_this_machine(tmp_path: Path) -> None:
    """A picture that is linked, not embedded, names a file."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"canary")
    made = docx.Document()
    made.add_paragraph("Closed in May.")
    made.part.rels.get_or_add_ext_rel(RELATION_TYPE.IMAGE, secret.as_uri())
    (number,) = (each.rId for each in made.part.rels.values() if each.is_external)
    picture = (
        f"<w:drawing {nsdecls('w', 'wp', 'a', 'pic', 'r')}><wp:inline><wp:docPr id='1' name='x'/><a:graphic>"
        f"<a:graphicData><pic:pic><pic:blipFill><a:blip r:link='{number}'/></pic:blipFill></pic:pic>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    made.add_paragraph().add_run()._r.append(parse_xml(picture))
    file = io.BytesIO()
    made.save(file)
    leaky = mammoth.convert_to_html(io.BytesIO(file.getvalue()), external_file_access=True).value
    assert "Y2FuYXJ5" in leaky  # so the document is what it is meant to be
    shown = view(Source("a.docx", "a.docx", file.getvalue()), "docx")
    assert "Closed in May." in shown
    assert "<img" not in shown


@pytest.mark.parametrize("name", ["cut-off", "text"])
def test_a_damaged_document_is_refused_by_name(name: str) -> None:
    data = (DOCX / f"{name}.docx").read_bytes()
    with Worker() as worker, pytest.raises(InputError, match=f"{name}.docx"):
        worker.view(Source(f"{name}.docx", f"{name}.docx", data), "docx")


def marks(shown: str) -> list[str]:
    return re.findall(r"<mark[^>]*>(.*?)</mark>", shown, re.DOTALL)


@pytest.mark.parametrize(
    ("body", "quote", "marked"),
    [
        (
            "<p>It rained. The harbour was closed. Nobody came.</p>",
            "The harbour was closed.",
            ["The harbour was closed."],
        ),
        (
            "<p>The <b>harbour</b>\n  was <i>closed</i>.</p>",
            "The harbour was closed.",
            ["The ", "harbour", "was ", "closed", "."],
        ),
        (
            "<p>Rain.</p><p>No &lt;one&gt; came.<br>Late.</p>",
            "No <one> came.\nLate.",
            ["No &lt;one&gt; came.", "Late."],
        ),
        ("<p>It rained.</p><p>It rained.</p>", "It rained.", []),
        ("<p>It rained.</p>", "It snowed.", []),
        ("<style>p { color: red }</style><p>It rained.</p>", "color: red", []),
        ("<p>It rained.</p>", "", []),
    ],
)
def test_a_quote_is_marked_where_its_words_stand_once(body: str, quote: str, marked: list[str]) -> None:
    markup = f"<html><head><title>It rained.</title></head><body id=quote>{body}</body></html>"
    plain, shown = page(markup), view(Source("a.html", "a.html", markup.encode()), "html", quote)
    assert [each.strip() for each in marks(shown)] == [each.strip() for each in marked]
    assert shown.count('id="quote"') == 1
    assert re.sub(r"</?mark[^>]*>", "", shown).replace(' id="quote"', "") == plain.replace(' id="quote"', "")


def test_a_quote_is_marked_in_a_word_document_too() -> None:
    document = docx.Document()
    document.add_paragraph("The harbour ").add_run("was closed").bold = True
    document.add_paragraph("Nobody came.")
    document.save(made := io.BytesIO())
    with Worker() as worker:
        shown = worker.view(Source("a.docx", "a.docx", made.getvalue()), "docx", "The harbour was closed")
    assert marks(shown) == ["The harbour", "was closed"]
