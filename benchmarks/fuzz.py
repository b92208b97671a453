"""Index hostile and broken files among good files, and report times, memory and lost files.

usage: python -m benchmarks.fuzz [--files N] [--seed N] [--only ENDING ...] [--keep FOLDER]

Makes N files of all formats from the small real files in tests/qa/formats. They are cut, or have flipped
bits, moved blocks or wrong endings. A seed always gives the same files. Other files are made to harm: bombs
of ZIP and XML entities, endless nesting, lines of many megabytes, names that lead out of an archive, and
links in a circle. Some files are good. All files are indexed with an encoder that takes no time. The module
prints:

- crashes: an error of `Corpus.index`, and files at which the reading process broke down or ran out of time or
  memory (the report names these files);
- the longest time to read and segment a file, and the peak memory of each process;
- files written outside the library, files that the report does not name, and good files that are not indexed.

The exit code is 1 if there is a crash, a file over 20 s, a process over 1 GB, or a file of the last line.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks import machine
from benchmarks.ingest import Instant
from qa.corpus import Corpus
from qa.document.segment import passages
from qa.formats.kinds import ENDINGS
from qa.formats.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Document, IndexReport, Passage

ROOT = Path(__file__).parent.parent
MOST_SECONDS, MOST_BYTES = 20.0, 1_000_000_000
_ONE_IN = 10  # one file in this number is good
OUT = ("../out.txt", "../../out.txt", "/out.txt", "C:\\out.txt", "/etc/out.txt", "a/../../../out.txt")


def main() -> None:
    """Make the files, index them, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=2_500, metavar="N")
    parser.add_argument("--seed", type=int, default=6, metavar="N")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=sorted(ENDINGS),
        metavar="ENDING",
        help="files of these endings: .xlsx .rtf",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work here, and leave it")
    arguments = parser.parse_args()
    print(machine.line(), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        endings = frozenset(arguments.only or ENDINGS)
        results = run(arguments.keep or Path(folder), arguments.files, arguments.seed, endings=endings)
    print(json.dumps(results, indent=2, ensure_ascii=False))
    sys.exit(1 if faults(results) else 0)


def faults(found: dict[str, Any]) -> list[str]:
    """Return the names of the limits that were exceeded."""
    wrong = [name for name in ("crash", "unnamed", "lost", "written_outside") if found[name]]
    wrong += ["seconds"] if found["longest"][0][0] > MOST_SECONDS + 1 else []  # plus time to end a process
    return wrong + [name for name in ("parent_bytes", "worker_bytes") if found[name] > MOST_BYTES]


def run(
    folder: Path, count: int, seed: int, *, large: bool = True, endings: frozenset[str] = frozenset(ENDINGS)
) -> dict[str, Any]:
    """Make `count` files in the folder, index them, and return the results. `large` adds large files."""
    # Names that lead out of an archive lead to folders that are checked afterwards.
    inbox = folder / "outer" / "inner" / "in"
    inbox.mkdir(parents=True)
    temporary = folder / "temporary"
    temporary.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    good = make(inbox, count, seed, large=large, endings=endings)
    watched = [folder / "outer", temporary, *map(Path, OUT)]
    before = _listed(watched)
    measured: dict[str, Any] = {"files": len(list(_files(inbox))), "crash": ""}
    report: IndexReport | None = None
    began = time.perf_counter()
    with Corpus.open(folder / "library", encoder=Instant()) as corpus, _measured() as (seconds, peaks):
        try:
            report = corpus.index(inbox)
        except BaseException as error:
            measured["crash"] = f"{type(error).__name__}: {error}"
        held = {info.id: info for info in corpus.documents()}
        lost = [name for name, text in good.items() if name not in held or corpus.document(name).text != text]
    measured["seconds"] = round(time.perf_counter() - began, 1)
    after = _listed(watched)
    results = report.files if report else ()
    paths = [os.path.realpath(path) for path in _files(inbox)]
    skipped = report.skipped if report else ()
    reported = {os.path.realpath(path) for path in (*(result.path for result in results), *skipped)}
    messages = [result.error.message for result in results if result.error]
    return {
        **measured,
        "results": Counter(result.status for result in results),
        "lost": lost,
        "unnamed": [path for path in paths if path not in reported],
        "unnamed_refusals": sum(
            result.path not in result.error.message for result in results if result.error is not None
        ),
        "written_outside": sorted(name for name, _, _ in before ^ after),
        "accidents": {
            what: sum(words in message for message in messages)
            for what, words in (
                ("broke down", "broke down"),
                ("no time left", "took longer than"),
                ("no memory left", "of memory to be read"),
                ("an error of a library", "or not as its format has it"),
            )
        },
        "longest": sorted(((round(taken, 2), name) for name, taken in seconds.items()), reverse=True)[:10],
        "parent_bytes": peaks["parent"],
        "worker_bytes": peaks["worker"],
    }


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files under a folder. Links are not followed. A broken link is a file."""
    for inside, _, names in os.walk(folder):
        yield from (Path(inside) / name for name in names)


def _listed(paths: list[Path]) -> set[tuple[str, int, int]]:
    """Return files, and all files in folders, with size and time of change."""
    files = (path for given in paths for path in ([given] if given.is_file() else _files(given)))
    return {(str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in files}


@contextmanager
def _measured() -> Iterator[tuple[dict[str, float], dict[str, int]]]:
    """Measure the time to read and segment each file, and the peak memory of this process and the worker."""
    # The peak is counted from here, because making the files took memory.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    seconds: dict[str, float] = {}
    peaks = {"parent": 0, "worker": 0}
    read = Worker.read
    workers: list[Worker] = []
    over = threading.Event()

    def timed_read(self: Worker, source: Source, options: Options) -> Iterator[Any]:
        workers[:] = [self]
        items = read(self, source, options)
        while True:
            began = time.perf_counter()
            item = next(items, None)
            taken = time.perf_counter() - began
            seconds[source.file_name] = seconds.get(source.file_name, 0) + taken
            if item is None:
                return
            yield item

    def timed_passages(document: Document) -> tuple[Passage, ...]:
        began = time.perf_counter()
        made = passages(document)
        name = Path(document.path).name
        seconds[name] = seconds.get(name, 0) + time.perf_counter() - began
        return made

    def watch() -> None:
        while not over.wait(0.01):
            process = workers[0]._process if workers else None
            for name, number in (("parent", os.getpid()), ("worker", process.pid if process else 0)):
                peaks[name] = max(peaks[name], _peak(number))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with patch.object(Worker, "read", timed_read), patch("qa.intake.make.passages", timed_passages):
            yield seconds, peaks
    finally:
        over.set()
        watcher.join()


def _peak(process: int) -> int:
    """Return the peak memory of a process in bytes, or 0 if the system does not report it."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    match = re.search(r"VmHWM:\s+(\d+)", status)
    return int(match[1]) * 1024 if match else 0


# The files


def make(
    inbox: Path, count: int, seed: int, *, large: bool, endings: frozenset[str] = frozenset(ENDINGS)
) -> dict[str, str]:
    """Write the files, and return the texts of the good files by name."""
    chance = random.Random(seed)
    real = [
        path
        for path in sorted((ROOT / "tests/qa/formats").rglob("*"))
        if path.suffix.lower() in endings and path.is_file()
    ] + sorted((ROOT / "seeds").rglob("*.txt"))
    by_ending: dict[str, list[bytes]] = {}
    for path in real:
        by_ending.setdefault(path.suffix.lower(), []).append(path.read_bytes())
    made_to_harm = chain(_hostile(chance), _large() if large else ())
    hostile = (file for file in made_to_harm if PurePath(file[0]).suffix in endings)
    good: dict[str, str] = {}
    for number in range(count):
        folder = inbox / f"{number % 7}"
        folder.mkdir(exist_ok=True)
        if number % _ONE_IN == 0:
            name = f"good-{number}.txt"
            text = f"Good file number {number}\n\nIn file {number}, copper rose by {number} percent in May.\n"
            (folder / name).write_bytes(text.encode())
            good[f"{number % 7}/{name}"] = text
        elif made := next(hostile, None):
            name, data = made
            (folder / f"{number}-{name}").write_bytes(data)
        else:
            # Each ending is equally likely.
            ending = chance.choice(sorted(by_ending))
            data = chance.choice(by_ending[ending])
            harm = chance.choice(HARMS)
            if chance.random() < 0.15:
                ending = chance.choice(sorted(endings))
            (folder / f"{number}-{harm.__name__}{ending}").write_bytes(harm(data, chance))
    with suppress(OSError):  # Windows lets only administrators make links
        (inbox / "circle").symlink_to(inbox, target_is_directory=True)
        (inbox / "self.txt").symlink_to(inbox / "self.txt")
        (inbox / "gone.txt").symlink_to(inbox / "not there.txt")
    return good


def as_it_is(data: bytes, _: random.Random) -> bytes:
    """Return a real file unchanged."""
    return data


def cut(data: bytes, chance: random.Random) -> bytes:
    """Return a file without its end."""
    return data[: chance.randrange(len(data) + 1)]


def beheaded(data: bytes, chance: random.Random) -> bytes:
    """Return a file without its beginning."""
    return data[chance.randrange(len(data) + 1) :]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Return a file with some bits flipped."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32, 256)) if data else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def moved(data: bytes, chance: random.Random) -> bytes:
    """Return a file with a piece repeated elsewhere in it, a random number of times."""
    start, at = chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randrange(1, 500)]
    return data[:at] + piece * chance.choice((1, 2, 1_000)) + data[at:]


def overwritten(data: bytes, chance: random.Random) -> bytes:
    """Return a file with zeros, high bytes or noise over a piece of it."""
    start, size = chance.randrange(len(data) + 1), chance.randrange(1, 300)
    noise = chance.choice((b"\0" * size, b"\xff" * size, chance.randbytes(size)))
    return data[:start] + noise + data[start + size :]


HARMS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    as_it_is,
    cut,
    beheaded,
    flipped,
    moved,
    overwritten,
)


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _entities() -> str:
    """Return ten entities, each of ten times the previous entity: ten thousand million words."""
    lines = [f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 11)]
    return '<!DOCTYPE x [<!ENTITY e0 "boom">' + "".join(lines) + "]>"


_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHOW = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def _docx(document: bytes) -> bytes:
    return _zip(
        {
            "[Content_Types].xml": b"<Types "
            b'xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            b'relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.'
            b'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{_RELATION}" Target="word/document.xml"/></Relationships>'.encode(),
            "word/document.xml": document,
        }
    )


def _pptx(slide: bytes) -> bytes:
    """Return the presentation of the tests with another second slide."""
    out = io.BytesIO(_of_tests("pptx/deck.pptx"))
    with zipfile.ZipFile(out) as package:
        members = {member.filename: package.read(member) for member in package.infolist()}
    return _zip({**members, "ppt/slides/slide2.xml": slide})


def _of_tests(name: str) -> bytes:
    return (ROOT / "tests/qa/formats" / name).read_bytes()


def _odt(content: bytes) -> bytes:
    return _zip(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": b"<m:manifest "
            b'xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            b'<m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.text"/>'
            b"</m:manifest>",
            "content.xml": content,
        }
    )


_HEADING = b"<row><c t='str'><v>text</v></c></row>"


def _xlsx(rows: bytes, *, strings: bytes = b"", prolog: bytes = b"") -> bytes:
    """Return a workbook with one sheet of these rows."""
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = b"http://schemas.openxmlformats.org/package/2006/"
    relations = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml."
    relation = b'<Relationship Id="%s" Type="' + relations + b'/%s" Target="%s"/>'
    related = b'<Relationships xmlns="' + package + b'relationships">%s</Relationships>'
    override = b'<Override PartName="/xl/%s" ContentType="' + kind + b'%s+xml"/>'
    return _zip(
        {
            "[Content_Types].xml": b'<Types xmlns="%scontent-types">' % package
            + override % (b"workbook.xml", b"sheet.main")
            + override % (b"sharedStrings.xml", b"sharedStrings")
            + b"</Types>",
            "_rels/.rels": related % (relation % (b"r1", b"officeDocument", b"xl/workbook.xml")),
            "xl/_rels/workbook.xml.rels": related
            % (
                relation % (b"r1", b"worksheet", b"s.xml")
                + relation % (b"r2", b"sharedStrings", b"sharedStrings.xml")
            ),
            "xl/workbook.xml": b'<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="A" sheetId="1" '
            b'r:id="r1"/></sheets></workbook>' % (main, relations),
            "xl/sharedStrings.xml": b'<sst xmlns="%s">%s</sst>' % (main, strings),
            "xl/s.xml": prolog
            + b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, rows),
        }
    )


def _epub(chapter: bytes) -> bytes:
    return _zip(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": b'<container version="1.0" '
            b'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf" '
            b'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "c.opf": b'<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>'
            b'<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            b'<spine><itemref idref="a"/></spine></package>',
            "a.xhtml": chapter,
        }
    )


def _pdf(content: bytes, more: bytes = b"") -> bytes:
    """Return a PDF of one page with this content, compressed."""
    packed = zlib.compress(content, 9)
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>"
        + more
        + b">>endobj\n4 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(packed)
        + packed
        + b"\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def _hostile(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of files that are made to harm."""
    entities, many = _entities(), 100_000
    # Entities
    xml = f'<?xml version="1.0"?>{entities}'
    yield "entities.xml", f"{xml}<rss><channel><item><title>&e10;</title></item></channel></rss>".encode()
    yield "entities.atom", f"{xml}<feed><entry><title>&e10;</title></entry></feed>".encode()
    yield "entities.html", f"{entities}<html><body><p>&e10;</p></body></html>".encode()
    yield "entities.xhtml", f"{xml}<html><body><p>&e10;</p></body></html>".encode()
    word = f'<w:document xmlns:w="{_WORD}"><w:body>%s</w:body></w:document>'
    text = f'<o:document-content xmlns:o="{_OFFICE}" xmlns:t="{_TEXT}"><o:body><o:text>%s</o:text></o:body>'
    text += "</o:document-content>"
    yield "entities.docx", _docx(f"{xml}{word % '<w:p><w:r><w:t>&e10;</w:t></w:r></w:p>'}".encode())
    yield "entities.odt", _odt(f"{xml}{text % '<t:p>&e10;</t:p>'}".encode())
    yield "entities.epub", _epub(f"{xml}<html><body><p>&e10;</p></body></html>".encode())
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    yield "outside.xml", f"{outside}<rss><channel><item><title>&e;</title></item></channel></rss>".encode()
    yield "outside.docx", _docx(f"{outside}{word % '<w:p><w:r><w:t>&e;</w:t></w:r></w:p>'}".encode())
    long = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "%s">]>' % ("a" * many)
    yield "quadratic.xml", f"{long}<rss><channel><item>{'&e;' * 20_000}</item></channel></rss>".encode()
    # Nesting
    for ending in ("html", "xhtml", "md", "xml", "rss", "eml"):
        yield f"nested.{ending}", b"<div>" * many + b"He left." + b"</div>" * many
    yield "nested-lists.html", b"<ul><li>" * many
    yield "nested-tables.html", b"<table><tr><td>" * many
    yield "nested-fonts.html", b"<b><i><font><a>" * many
    yield "nested-items.rss", b"<rss><channel>" + b"<item>" * many
    yield "nested.docx", _docx((word % ("<w:tbl><w:tr><w:tc>" * 20_000)).encode())
    yield "nested-runs.docx", _docx((word % ("<w:p>" * many + "</w:p>" * many)).encode())
    yield "nested.odt", _odt((text % ("<t:list><t:list-item>" * 50_000)).encode())
    yield "nested.epub", _epub(b"<html><body>" + b"<div>" * many)
    yield "nested.jsonl", b'{"_id": "1", "text": ' + b"[" * many + b"\n"
    yield "nested-quotes.md", b">" * many + b" He left.\n"
    yield "nested-brackets.md", b"[" * many + b"a" + b"](b)" * many
    yield "nested-stars.md", b"*a **b " * many
    yield "nested-list.md", b"".join(b" " * number + b"- a\n" for number in range(2_000))
    yield "ticks.md", b"".join(b"`" * number + b" " for number in range(2_000))
    yield "nested.pdf", _pdf(b"q " * many) + b"[" * many
    yield "nested-forms.pdf", b"%PDF-1.7\n1 0 obj" + b"<</A" * many + b"endobj"
    boundary = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=%d\n\n--%d\n"
    yield "nested-parts.eml", b"From: a\n" + b"".join(boundary % (number, number) for number in range(3_000))
    yield "nested-mails.eml", b"From: a\n" + b"Content-Type: message/rfc822\n\n" * 20_000
    yield "nested.rtf", b"{\\rtf1 " + b"{" * 1_000_000 + b"He left."
    yield "nested-destinations.rtf", b"{\\rtf1 " + b"{\\*\\a{\\footnote " * many + b"He left."
    yield "bytes.rtf", b"{\\rtf1 He left.\\bin2147483647 a}"
    yield "nested.json", b"[" * 1_000_000
    yield "nested-objects.json", b'{"text": "He left.", "a": ' + b'{"a":' * 1_000_000
    yield "digits.json", b'[{"text": "He left.", "_id": ' + b"9" * 1_000_000 + b"}]"
    yield "entities.xlsx", _xlsx(b"<row><c t='str'><v>&e10;</v></c></row>", prolog=_entities().encode())
    yield "outside.xlsx", _xlsx(b"<row><c t='str'><v>&e;</v></c></row>", prolog=outside.encode())
    yield "nested.xlsx", _xlsx(b"<row><c>" * many)
    yield "far.xlsx", _xlsx(b"<row r='99999999999999'/>")
    yield "far-cells.xlsx", _xlsx(_HEADING + b"<row r='1048576'><c r='ZZZ1048576' t='str'><v>a</v></c></row>")
    yield "strings.xlsx", _xlsx(_HEADING + b"<row><c t='s'><v>999999999</v></c></row>")
    slide = f'<p:sld xmlns:p="{_SHOW}" xmlns:a="{_DRAWING}"><p:cSld><p:spTree>%s</p:spTree></p:cSld></p:sld>'
    shape = "<p:sp><p:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:txBody></p:sp>"
    yield "entities.pptx", _pptx(f"{xml}{slide % (shape % '&e10;')}".encode())
    yield "outside.pptx", _pptx(f"{outside}{slide % (shape % '&e;')}".encode())
    yield "nested.pptx", _pptx((slide % ("<p:grpSp>" * many)).encode())
    yield "groups.pptx", _pptx((slide % ("<p:grpSp>" * 200 + "</p:grpSp>" * 200)).encode())
    yield "shapes.pptx", _pptx((slide % (shape % "He left." * many)).encode())
    letter = _of_tests("msg/page.msg")
    yield "nested.msg", letter.replace(letter[512:1_024], b"\0" * 512)
    yield "circle.msg", letter[:76] + b"\0" * 436 + letter[512:]
    separator = b"From a Fri Apr  4 10:00:00 2008\n"
    yield "separators.mbox", separator * many
    yield "headers.mbox", (separator + b"Subject: a\n") * 10_000
    yield "nested.mbox", separator + b"Subject: a\nContent-Type: message/rfc822\n\n" * 20_000
    inner = _zip({"a.txt": b"He left."})
    for _ in range(50):
        inner = _zip({"a.zip": inner})
    yield "nested.zip", inner
    # Names that lead out
    for ending in (".zip", ".epub", ".docx", ".odt", ".xlsx", ".pptx"):
        yield f"leading-out{ending}", _zip(dict.fromkeys(OUT, b"I lead out."))
    yield "leading-out-2.epub", _epub(b"He left.").replace(b"a.xhtml", b"../a.xm")
    # Noise
    for ending in ENDINGS:
        yield f"nothing{ending}", b""
        yield f"noise{ending}", chance.randbytes(20_000)
        yield f"zeros{ending}", b"\0" * 20_000


def _large() -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of files that are large, or become large when they are read."""
    text = f'<o:document-content xmlns:o="{_OFFICE}" xmlns:t="{_TEXT}"><o:body><o:text>%s</o:text></o:body>'
    text += "</o:document-content>"
    word = f'<w:document xmlns:w="{_WORD}"><w:body>%s</w:body></w:document>'
    separator = b"From a Fri Apr  4 10:00:00 2008\n"
    # Lines without an end
    line = b"border " * 3_000_000
    for ending in sorted({ending for ending, kind in ENDINGS.items() if not kind.signed}):
        yield f"line{ending}", line[:20_000_000]
    yield "line-of-a.txt", b"a" * 4_900_000
    yield "line-of-a.md", b"a" * 4_900_000
    yield "line-of-a.html", b"<p>" + b"a" * 4_900_000
    yield "lines.txt", b"a\n" * 190_000
    yield "pages.txt", b"a\f" * 2_400_000
    # Texts of the greatest allowed size, full of parts that take time: sentences, names, words, accents
    yield "sentences.txt", "中文。".encode() * 290_000
    yield "sentences.jsonl", b'{"_id": "1", "text": "' + b"He left. " * 290_000 + b'"}'
    yield "sentences-over.txt", "中文。".encode() * 1_600_000
    yield "names.txt", b"Kim Jong Un " * 410_000
    yield "words.txt", b"a " * 2_400_000
    yield "ticks.txt", b"a" * 300_000 + b"`" * 4_600_000
    yield "quotes.txt", ("a" * 300_000 + "„" * 4_600_000).encode()
    yield "accents.txt", ("e" + "\u0316\u0301" * 200_000).encode()
    yield "accents.jsonl", ('{"_id": "1", "text": "e' + "\u0316\u0301" * 200_000 + '"}').encode()
    yield "accents-in-good-faith.txt", ("e" + "\u0316\u0301" * 140).encode() * 17_000
    # A long title, which is read with each passage
    title = b"title " * 100_000
    yield "title.html", b"<title>" + title + b"</title><p>" + b"He left the town. " * 200_000
    yield "title.jsonl", b'{"_id": "1", "title": "' + title + b'", "text": "' + b"He left. " * 200_000 + b'"}'
    yield "title.csv", b"title,text\n" + title + b"," + b"He left. " * 200_000
    yield "lines.csv", b"text\n" + b"a\n" * 10_000
    yield "line.csv", b"text,title\n" + b'"' + b"a" * 20_000_000
    yield "columns.csv", b"text," * 1_000_000 + b"\n" + b"a," * 1_000_000
    yield "line.jsonl", b'{"_id": "1", "text": "' + b"a " * 2_400_000 + b'"}'
    yield "lists.jsonl", b'{"_id": "1", "text": "He left.", "a": [' + b"{}," * 16_000_000 + b"1]}"
    yield "over.jsonl", b'{"_id": "1", "text": "' + b"a" * 60_000_000
    yield "lists.json", b'[{"text": "He left.", "a": [' + b"{}," * 16_000_000 + b"1]}]"
    yield "records.json", b"[" + b'{"text": "He left."},' * 20_000 + b"1]"
    yield "line.json", b'[{"text": "' + b"a " * 2_400_000 + b'"}]'
    yield "over.json", b'[{"text": "' + b"a" * 60_000_000 + b'"}]'
    yield "line.mbox", separator + b"Subject: a\n\n" + b"From 10:00 " * 2_000_000
    yield "messages.mbox", (separator + b"Subject: a\n\nHe left.\n\n") * 10_000
    yield "words.rtf", b"{\\rtf1 " + b"\\b a\\b0 " * 900_000 + b"}"
    yield "groups.rtf", b"{\\rtf1 " + b"{a}" * 1_000_000 + b"}"
    yield "picture.rtf", b"{\\rtf1 He left.{\\pict " + b"00ff" * 10_000_000 + b"}}"
    yield "notes.rtf", b"{\\rtf1 " + b"a{\\footnote b}" * 100_000 + b"}"
    yield "cells.rtf", b"{\\rtf1 \\intbl " + b"a\\cell " * 500_000 + b"\\row}"
    yield "bomb-of-rows.xlsx", _xlsx(b"<row/>" * 16_000_000)
    yield "bomb-of-cells.xlsx", _xlsx(b"<row>" + b"<c/>" * 30_000_000 + b"</row>")
    yield (
        "bomb-of-a-cell.xlsx",
        _xlsx(_HEADING + b"<row><c t='str'><v>" + b"a" * 100_000_000 + b"</v></c></row>"),
    )
    yield "bomb-of-a-string.xlsx", _xlsx(_HEADING, strings=b"<si><t>" + b"a" * 100_000_000 + b"</t></si>")
    yield "bomb-of-strings.xlsx", _xlsx(_HEADING, strings=b"<si><t>a</t></si>" * 500_000)
    yield "rows.xlsx", _xlsx(_HEADING + b"<row><c t='str'><v>He left.</v></c></row>" * 20_000)
    yield "bomb.xlsx", _zip({"xl/workbook.xml": b"\0" * 250_000_000})
    yield "headers.eml", b"".join(b"X-%d: a\n" % number for number in range(200_000)) + b"\nHe left."
    yield (
        "line-of-base64.eml",
        (
            b"From: a\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"He left. " * 500_000).replace(b"\n", b"")
        ),
    )
    yield "attributes.html", b"<p " + b"a=b " * 500_000 + b">He left."
    yield "spaces.html", b"<html><body><p>a" + b" " * 4_000_000 + b"b</p>"
    yield "spaces.txt", b"a" + b" " * 4_000_000 + b"b"
    yield "operators.pdf", _pdf(b"BT /F 9 Tf 9 9 Td " + b"(a) Tj " * 2_000_000 + b"ET")
    # Bombs
    zeros, letters = b"\0" * 100_000_000, b"He left. " * 5_000_000
    yield "bomb.zip", _zip({"a.txt": zeros, "b.pdf": zeros})
    yield "bomb-of-text.zip", _zip({f"{number}.txt": letters for number in range(5)})
    bomb = _zip({"a.zip": _zip({"a.txt": zeros})})
    yield "bomb-in-bombs.zip", _zip({f"{number}.zip": bomb for number in range(100)})
    yield "bomb-of-names.zip", _zip({f"{number}.txt": b"" for number in range(20_000)})
    yield "bomb.pptx", _pptx(b"<a>" + zeros)
    yield "bomb.docx", _docx(b"<w>" + zeros)
    yield (
        "bomb-of-text.docx",
        _docx((word % f"<w:p><w:r><w:t>{letters[:30_000_000].decode()}</w:t></w:r></w:p>").encode()),
    )
    yield "bomb.odt", _odt(zeros)
    yield "bomb-of-spaces.odt", _odt((text % '<t:p>a<t:s t:c="2000000000"/>b</t:p>').encode())
    yield (
        "bomb-of-cells.odt",
        _odt(
            (
                text.replace("<o:text>", '<o:text xmlns:b="urn:oasis:names:tc:opendocument:xmlns:table:1.0">')
                % '<b:table><b:table-row b:number-rows-repeated="1000000"><b:table-cell '
                'b:number-columns-repeated="1000000"><t:p>a</t:p></b:table-cell></b:table-row></b:table>'
            ).encode()
        ),
    )
    yield "bomb.epub", _epub(zeros)
    yield "bomb-of-text.epub", _epub(b"<html><body><p>" + letters)
    yield "bomb.pdf", _pdf(zeros)
    yield "bomb-of-text.pdf", _pdf(b"BT /F 9 Tf 9 9 Td (" + letters + b") Tj ET")
    yield "bomb-of-pages.pdf", _pdf(b"", b"/Count 2000000000")
    yield "huge-page.pdf", _pdf(b"BT /F 9 Tf (a) Tj ET").replace(b"595 842", b"9999999 9999999")


if __name__ == "__main__":
    main()
