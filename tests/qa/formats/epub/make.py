"""Write the books in this folder: `PYTHONPATH=. python tests/qa/formats/epub/make.py`."""

# ruff: noqa: E501 -- XML as programs write it

from __future__ import annotations

import html
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE.parents[3] / "seeds"
CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


def opf(metadata: str, items: str, spine: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>
<manifest>{items}</manifest><spine>{spine}</spine></package>"""


def page(body: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head>
<body>{body}</body></html>"""


def items(*names: str) -> str:
    return "".join(
        f'<item id="{name.partition(".")[0]}" href="{name}" media-type="application/xhtml+xml"/>'
        for name in names
    )


def refs(*names: str) -> str:
    return "".join(f'<itemref idref="{name}"/>' for name in names)


def save(name: str, members: dict[str, str]) -> None:
    with zipfile.ZipFile(HERE / name, "w") as file:
        file.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        for path, text in members.items():
            file.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED, 9)


NAV = page("""<nav epub:type="landmarks"><ol><li><a href="one.xhtml">Start</a></li></ol></nav>
<nav epub:type="toc"><h1>Contents</h1><ol><li><a href="one.xhtml">One: The <i>River</i></a>
<ol><li><a href="one.xhtml#ice">Ice</a></li></ol></li>
<li><a href="t%C3%AFo.xhtml">Two</a></li><li><a href="t%C3%AFo.xhtml#three">Three</a></li></ol></nav>""")
ONE = page("""<section><h1>One: The River</h1><p>Ice came <em>ear</em>ly&nbsp;that year<a epub:type="noteref" href="#n1">1</a>,
and 10<sup>6</sup> tonnes lay still.</p><h2 id="ice">Ice</h2><ul><li>thin</li><li>thick</li></ul>
<table><tr><th>Month</th><th>cm</th></tr><tr><td>May</td><td>3</td></tr></table>
<aside epub:type="footnote" id="n1"><p>1. By the gauge.</p></aside></section>""")
ONE_MORE = page("<p>It goes on in another file.</p>")
TWO = page("""<h1>Two</h1><p>Two ends<sup><a href="notes.xhtml#a">2</a></sup>.</p><div id="three"><h1>Three</h1>
<p>Three be&shy;gins.</p></div>""")


def book() -> None:
    metadata = """<dc:title>Rivers of the North</dc:title><dc:creator id="a">Pak Yong-su</dc:creator>
<dc:creator id="t">Anna Translator</dc:creator><meta refines="#t" property="role">trl</meta>
<dc:publisher>River Press</dc:publisher><dc:date>2019-03-04</dc:date><dc:language>en-GB</dc:language>
<dc:identifier id="i">urn:isbn:9780000000002</dc:identifier><dc:source>https://example.org/rivers</dc:source>"""
    save(
        "book.epub",
        {
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": opf(
                metadata,
                items("cover.xhtml", "one.xhtml", "more.xhtml")
                + '<item id="two" href="t%C3%AFo.xhtml" media-type="application/xhtml+xml"/>'
                + '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
                refs("cover", "nav", "one", "more", "two"),
            ),
            "OPS/cover.xhtml": page('<img src="cover.jpg" alt="Cover"/>'),
            "OPS/nav.xhtml": NAV,
            "OPS/one.xhtml": ONE,
            "OPS/more.xhtml": ONE_MORE,
            "OPS/tïo.xhtml": TWO,
        },
    )


def old_book() -> None:
    """EPUB 2: an NCX, pages that are not well-formed, Korean, a date without a day."""
    ncx = """<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint id="p1"><navLabel><text>제1장 강</text></navLabel><content src="text/one.html#top"/></navPoint></navMap></ncx>"""
    save(
        "korean.epub",
        {
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": opf(
                "<dc:title>북방의 강</dc:title><dc:creator opf:role='aut'>김철수</dc:creator><dc:date>2008</dc:date>"
                "<dc:language>ko</dc:language><dc:identifier id='i'>9780000000002</dc:identifier>",
                '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
                '<item id="one" href="text/one.html" media-type="application/xhtml+xml"/>'
                '<item id="gone" href="text/gone.html" media-type="application/xhtml+xml"/>',
                refs("one", "gone"),
            ),
            "OPS/toc.ncx": ncx,
            "OPS/text/one.html": "<html><body><h1 id=top>제1장 강</h1><p>압록강이 얼었다.<br>사람들이 건넜다.</body>",
        },
    )


def brief() -> None:
    (path,) = SEEDS.glob("*.txt")
    paragraphs = path.read_text("utf-8").split("\n\n")
    body = "".join(f"<p>{html.escape(text).replace(chr(10), '<br/>')}</p>" for text in paragraphs)
    save(
        "brief.epub",
        {
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": opf("<dc:language>en</dc:language>", items("one.xhtml"), refs("one")),
            "OPS/one.xhtml": page(body),
        },
    )


def protected() -> None:
    encryption = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod Algorithm="{}"/>
<enc:CipherData><enc:CipherReference URI="OPS/one.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>"""
    whole = {
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": opf("<dc:title>Locked</dc:title>", items("one.xhtml"), refs("one")),
        "OPS/one.xhtml": page("<p>Said openly.</p>"),
    }
    locked = encryption.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    save("locked.epub", {**whole, "META-INF/encryption.xml": locked, "META-INF/rights.xml": "<rights/>"})
    save(
        "fonts.epub",
        {**whole, "META-INF/encryption.xml": encryption.format("http://www.idpf.org/2008/embedding")},
    )


def broken() -> None:
    whole = (HERE / "book.epub").read_bytes()
    (HERE / "cut-off.epub").write_bytes(whole[: len(whole) // 2])
    (HERE / "text.epub").write_bytes(b"This is no book.")
    save("no-container.epub", {"OPS/one.xhtml": ONE})
    save("no-package.epub", {"META-INF/container.xml": CONTAINER})


if __name__ == "__main__":
    book()
    old_book()
    brief()
    protected()
    broken()
