"""Index thousands of documents of mixed formats: once, again unchanged, again with one file changed.

usage: python -m benchmarks.mixed FOLDER SUITE [SUITE ...] [--documents N]

Makes FOLDER/documents with N documents in the formats of WRITERS. Some documents are rows, entries or members
of one file. Each document has sentences of the suites' documents, drawn at random. Then the module runs
`pullquote index` on the folder, and measures the wall time and the peak memory of each process. PDFs are
written by reportlab, which is one of the development tools.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = 120


def main() -> None:
    """Make the documents and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", type=Path, nargs="+", metavar="SUITE")
    parser.add_argument("--documents", type=int, default=10_000, metavar="N")
    arguments = parser.parse_args()
    documents, library = arguments.folder / "documents", arguments.folder / "library"
    for made in (documents, library):
        shutil.rmtree(made, ignore_errors=True)
    documents.mkdir(parents=True)
    print(machine.line())
    count, size = make(documents, arguments.suites, arguments.documents)
    print(f"{arguments.documents:,} documents in {count:,} files, {size / 1e6:.1f} MB")
    index("all, into an empty library", documents, library)
    index("nothing changed", documents, library)
    changed = next(documents.rglob("*.docx"))
    replacement = text_of(random.Random(-1), sentences(arguments.suites))
    changed.write_bytes(docx([replacement]))
    index("one file changed", documents, library)


def index(what: str, documents: Path, library: Path) -> None:
    """Index the documents as a user does, and print the results, the time and the memory."""
    command = [sys.executable, "-m", "qa", "index", "-q", "--json", "--library", str(library), str(documents)]
    before = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - before
    report = json.loads(done.stdout)
    statuses = Counter(result["status"] for result in report["files"])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{what}: {seconds:.1f} s; {dict(statuses)}; greatest process so far {peak:,.0f} MiB")
    for result in report["files"]:
        if result["status"] == "refused":
            print(f"  refused: {result['error']['message']}")


Text = tuple[str, list[str]]  # a title and paragraphs


def sentences(suites: list[Path]) -> list[str]:
    """Return the sentences of the suites, split by a simple rule."""
    pool = []
    for suite in suites:
        with (suite / "corpus.jsonl").open(encoding="utf-8") as file:
            for line in file:
                pool += re.findall(r"[A-Z][^.\n]{40,300}[.](?= [A-Z]|\n|$)", json.loads(line)["text"])
    return pool


def text_of(rng: random.Random, pool: list[str]) -> Text:
    """Return a document with a random title and paragraphs of three sentences, of about WORDS words."""
    drawn: list[str] = []
    while sum(len(p.split()) for p in drawn) < WORDS:
        drawn.append(" ".join(rng.choices(pool, k=3)))
    return f"Report {rng.randrange(10**9)}", drawn


def make(folder: Path, suites: list[Path], count: int) -> tuple[int, int]:
    """Write the documents. Return the number of files and their bytes."""
    rng, pool = random.Random(6), sentences(suites)
    files = size = 0
    for kind, (share, in_a_file, write) in WRITERS.items():
        inside = folder / kind
        inside.mkdir()
        texts = [text_of(rng, pool) for _ in range(count * share // 100)]
        for start in range(0, len(texts), in_a_file):
            data = write(texts[start : start + in_a_file])
            (inside / f"{start:05}.{kind}").write_bytes(data)
            files, size = files + 1, size + len(data)
    return files, size


# Writers: each returns the bytes of a file


def plain(texts: list[Text]) -> bytes:
    """Write a text, its title first."""
    ((title, body),) = texts
    return "\n\n".join([title, *body]).encode()


def markdown(texts: list[Text]) -> bytes:
    """Write front matter, headings and paragraphs."""
    ((title, body),) = texts
    parts = [f"---\ntitle: {title}\ndate: 2008-04-04\n---", f"# {title}", body[0], "## More", *body[1:]]
    return "\n\n".join(parts).encode()


def html(texts: list[Text]) -> bytes:
    """Write a page with furniture around its article."""
    ((title, body),) = texts
    links = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(12))
    article = "".join(f"<p>{escape(p)}</p>" for p in body)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | Paper</title>'
        f'<link rel="canonical" href="https://example.org/{title[7:]}">'
        '<meta property="article:published_time" content="2008-04-04"></head>'
        f"<body><nav><ul>{links}</ul></nav><article><h1>{title}</h1>{article}</article>"
        f"<footer><ul>{links}</ul><p>All rights reserved.</p></footer></body></html>"
    ).encode()


def pdf(texts: list[Text]) -> bytes:
    """Write pages of A5 with their numbers below."""
    from reportlab.lib.pagesizes import A5
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    ((title, body),) = texts
    styles, out = getSampleStyleSheet(), io.BytesIO()
    story = [Paragraph(title, styles["Title"])]
    for paragraph in body:
        story += [Paragraph(escape(paragraph), styles["BodyText"]), Spacer(1, 8)]

    def number(canvas: object, document: object) -> None:
        canvas.drawString(200, 20, str(document.page))  # type: ignore[attr-defined]

    SimpleDocTemplate(out, pagesize=A5, title=title).build(story, onFirstPage=number, onLaterPages=number)
    return out.getvalue()


def docx(texts: list[Text]) -> bytes:
    """Write a heading and paragraphs."""
    import docx as library

    ((title, body),) = texts
    document, out = library.Document(), io.BytesIO()
    document.core_properties.title = title
    document.add_heading(title, 1)
    for paragraph in body:
        document.add_paragraph(paragraph)
    document.save(out)
    return out.getvalue()


def pptx(texts: list[Text]) -> bytes:
    """Write a slide with a title, and its paragraphs."""
    from pptx import Presentation

    ((title, body),) = texts
    presentation, out = Presentation(), io.BytesIO()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = title
    slide.placeholders[1].text = "\n".join(body)
    presentation.save(out)
    return out.getvalue()


def odt(texts: list[Text]) -> bytes:
    """Write a heading and paragraphs."""
    from odfdo import Document, Header, Paragraph

    ((title, body),) = texts
    document, out = Document("text"), io.BytesIO()
    document.body.clear()
    document.body.append(Header(1, title))
    for paragraph in body:
        document.body.append(Paragraph(paragraph))
    document.save(out)
    return out.getvalue()


def epub(texts: list[Text]) -> bytes:
    """Write a book of one chapter."""
    ((title, body),) = texts
    chapter = "".join(f"<p>{escape(p)}</p>" for p in body)
    files = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'version="1.0"><rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>",
        "b.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata><manifest>'
        '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine>'
        '<itemref idref="c"/></spine></package>',
        "c.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head>'
        f"<body><h1>One</h1>{chapter}</body></html>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def eml(texts: list[Text]) -> bytes:
    """Write a message."""
    ((title, body),) = texts
    message = EmailMessage()
    message["Subject"], message["From"] = title, "A. Writer <writer@example.org>"
    message["Date"] = "Fri, 04 Apr 2008 10:00:00 +0900"
    message.set_content("\n\n".join(body))
    return message.as_bytes()


def rss(texts: list[Text]) -> bytes:
    """Write a feed of entries."""
    items = "".join(
        f"<item><title>{title}</title><guid>{title}</guid><pubDate>Fri, 04 Apr 2008 10:00:00 GMT</pubDate>"
        f"<description>{escape(''.join(f'<p>{escape(p)}</p>' for p in body))}</description></item>"
        for title, body in texts
    )
    head = "<title>Paper</title><link>https://example.org/</link><description>News</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def table(texts: list[Text]) -> bytes:
    """Write a row for each document."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["id", "title", "date", "text"])
    rows.writerows([title[7:], title, "2008-04-04", "\n\n".join(body)] for title, body in texts)
    return out.getvalue().encode()


def records(texts: list[Text]) -> bytes:
    """Write a line for each document."""
    lines = [json.dumps({"_id": title, "title": title, "text": "\n\n".join(body)}) for title, body in texts]
    return "\n".join(lines).encode()


def archive(texts: list[Text]) -> bytes:
    """Write a text file for each document."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for title, body in texts:
            file.writestr(f"{title}.txt", plain([(title, body)]))
    return out.getvalue()


# Of a hundred documents, how many have an ending; how many of them one file holds; what writes the file.
WRITERS: dict[str, tuple[int, int, Callable[[list[Text]], bytes]]] = {
    "txt": (25, 1, plain),
    "md": (12, 1, markdown),
    "html": (15, 1, html),
    "pdf": (10, 1, pdf),
    "docx": (7, 1, docx),
    "pptx": (2, 1, pptx),
    "odt": (4, 1, odt),
    "epub": (4, 1, epub),
    "eml": (7, 1, eml),
    "rss": (5, 50, rss),
    "csv": (4, 100, table),
    "jsonl": (3, 100, records),
    "zip": (2, 20, archive),
}

if __name__ == "__main__":
    main()
