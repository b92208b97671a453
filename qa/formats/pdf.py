"""Reads PDF: PDFium extracts the text of the pages. Tesseract, if installed, reads scanned pages by OCR.

`qa.formats.layout` puts the text in reading order; its docstring says what it joins and leaves out.
Annotations, filled-in forms and attachments are not read.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from qa.errors import InputError
from qa.formats import ocr
from qa.formats.heads.header import parse_header
from qa.formats.heads.line_rules import ACADEMIC
from qa.formats.layout import LaidOutText, Line, Page, Word, as_line, lay_out, rows_in_order
from qa.formats.properties import reconcile
from qa.formats.text import check_text, describe
from qa.schema import Document, Found
from qa.text.name_classes import is_division, is_institution, letters
from qa.text.organisations import is_kind
from qa.text.people import surely_people
from qa.text.written_dates import find_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.source import Options, Source

MOST_PAGES = 5000
_PAGES_A_SECOND = 20  # minimum, on a slow machine
_MOST_PIXELS = 12_000_000  # of a page's picture: an A4 page at 300 dpi has 8.7 million
_DPI = 300
_UPRIGHT = 0.1  # share of a right angle: text that leans more is left out as a stamp across the page
_FARTHEST = 1e6  # points: no page is so large
_FEW_CHARACTERS = 25  # a page with fewer characters and a picture is a scan
_BAD = 0.2  # share of unreadable characters: a page with more is read by OCR
_MANY_PATHS = 200  # shapes on a page without text: more shapes may be drawn letters

# PDFium writes U+0002 for a hyphen at the end of a line, and removes the line end.
_HYPHENS = "\x02\ufffe"
_RUN = re.compile(r"[^\s\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe]")
# em: minimum gap between two letters, minimum gap at another character, and minimum step back of a new word.
_APART, _APART_OF_MARKS, _BACK = 0.13, 0.22, 0.3
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufff0-\uffff]")
_LETTERS = {
    "\x02": "-",
    "\ufffe": "-",
    "\xad": "",
    "\u200b": "",
    "\ufeff": "",
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
}
_AS_LETTERS = str.maketrans(_LETTERS)
_BOLD = re.compile(rb"bold|black|heavy|demi|medi$", re.IGNORECASE)
_MARKS = "0123456789*†‡§"
_MARK = re.compile(r"(?<=[^\d*†‡§,])[\d*†‡§,]{1,5}$")
_PAGE_NUMBER = re.compile(r"[\divxlc]+", re.IGNORECASE)
_MOST_RUNNING = 4
_ROOM = 0.7  # share of a line's type size: more room above separates the line from the line before
_VERSION = re.compile(r"(?:version|edition|release|revision|draft)\b.{0,20}\d", re.IGNORECASE)
_TOP = 3_000  # characters at the beginning of the text
_NOTED = " *∗†‡§¹"  # marks of a note to a title
_HALF = re.compile("[\ud800-\udfff]")


def read(source: Source, options: Options) -> Iterator[Document]:
    """Yield the one document of a PDF, with its pages and headings as sections.

    Raises:
        InputError: if the PDF needs a password, is damaged, has no pages or too many, or has no text. A
            picture of text counts only if OCR can read it.
    """
    with open_pdf(source) as pdf:
        count = len(pdf)
        if not count:
            raise InputError(f"{source.name} has no pages. Leave it out, or export it again.")
        if count > MOST_PAGES:
            raise InputError(f"{source.name} has {count} pages; up to {MOST_PAGES} are read. Split it.")
        source.more_time(count / _PAGES_A_SECOND)
        language = _language(pdf)
        pages = [_read_page(pdf, index) for index in range(count)]
        scanned = [index for index, page in enumerate(pages) if page.scanned]
        program = ocr.version(source.name) if scanned and options.ocr else ""
        if program:
            _read_scans(pdf, pages, scanned, language, source)
        notes = list(_notes(pages, scanned, program))
        laid = lay_out([page.page for page in pages])  # also removes running heads from the pages
        first = next((page.page.lines for page in pages if page.page.lines), [])
        if not laid.text.strip():
            raise InputError(_nothing(source.name, pages, scanned, program, asked=options.ocr))
        check_text(laid.text, source.name)
        yield _described(pdf, source, options, laid, first, language, program, notes)


def open_pdf(source: Source) -> pdfium.PdfDocument:
    """Open a PDF.

    Raises:
        InputError: the PDF needs a password, is encrypted in an unknown way, or is damaged.
    """
    try:
        return pdfium.PdfDocument(source.data)
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            problem = "needs a password. Save a copy without one and index that"
        elif error.err_code == raw.FPDF_ERR_SECURITY:
            problem = "is encrypted in a way that cannot be read. Save a copy without encryption"
        else:
            problem = "is damaged, or is not a PDF. Open it in a PDF reader and save it again"
        raise InputError(f"{source.name} {problem}.") from None


# Pages


@dataclass(slots=True)
class _PageReading:
    """The result of reading a page.

    Attributes:
        page: the page, with the lines that were read.
        why: "picture", "code", "damaged" or "illegible" if the text cannot be read, or else "".
        hidden: whether the text is invisible, because another program read it from a scan.
        doubtful: whether OCR is unsure of the text.
    """

    page: Page
    why: str = ""
    hidden: bool = False
    doubtful: bool = False

    @property
    def scanned(self) -> bool:
        """Return whether OCR might read the page."""
        return self.why in ("picture", "code")


def _read_page(pdf: pdfium.PdfDocument, index: int) -> _PageReading:
    """Read the lines of a page, or why they cannot be read: damaged, a picture, or an unknown code."""
    page = Page(label_of(pdf, index))
    try:
        with_text = pdf[index]
        text = with_text.get_textpage()
    except pdfium.PdfiumError:
        return _PageReading(page, why="damaged")
    characters = characters_of(text)
    visible = sum(map(len, characters.split()))
    bad = len(_UNREADABLE.findall(characters.replace("\x02", "").replace("\ufffe", "")))
    result = _PageReading(page)
    if bad > _BAD * visible:
        result.why = "code"
    elif visible < _FEW_CHARACTERS and _is_picture(with_text):
        result.why = "picture"
    if result.why != "code":
        page.lines = _lines(text, characters)
        result.hidden = bool(page.lines) and _is_hidden(text, characters)
        page.read_by = "OCR" if result.hidden else ""
    text.close()
    with_text.close()
    return result


def label_of(pdf: pdfium.PdfDocument, index: int) -> str:
    """Return the document's label of a page ("iv"), or else the number of the page."""
    label = pdf.get_page_label(index).strip()
    return label if label and len(label) <= 20 and label.isprintable() else str(index + 1)


def characters_of(text: pdfium.PdfTextPage) -> str:
    """Return the characters of a page, one for each of PDFium's. `_written` joins surrogate pairs later."""
    handle = text.raw
    return "".join(chr(raw.FPDFText_GetUnicode(handle, index)) for index in range(text.count_chars()))


def _is_picture(page: pdfium.PdfPage) -> bool:
    """Return whether a page shows a large image, or so many shapes that they may be letters."""
    width, height = page.get_size()
    paths = 0
    for shape in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH), max_depth=4):
        if shape.type == raw.FPDF_PAGEOBJ_PATH:
            paths += 1
            if paths > _MANY_PATHS:
                return True
            continue
        left, bottom, right, top = shape.get_bounds()
        if (right - left) * (top - bottom) > 0.1 * width * height or shape.level > 0:
            return True
    return False


def _is_hidden(text: pdfium.PdfTextPage, characters: str) -> bool:
    first = len(characters) - len(characters.lstrip())
    shape = raw.FPDFText_GetTextObject(text.raw, first)
    return bool(shape) and raw.FPDFTextObj_GetTextRenderMode(shape) == raw.FPDF_TEXTRENDERMODE_INVISIBLE


def _lines(text: pdfium.PdfTextPage, characters: str) -> list[Line]:
    """Return the lines of a page in order, first the lines in the direction of most of its text."""
    rows = list(rows_of(text, characters))
    upright = rows[0][0] if rows else 0
    return [replace(as_line(row, column), aside=turn != upright) for turn, column, row in rows]


def rows_of(text: pdfium.PdfTextPage, characters: str) -> Iterator[tuple[int, int, list[Word]]]:
    """Yield the lines in order, each as its number of quarter turns, its column and its words."""
    words = list(_words(text, characters))
    turns = Counter[int]()
    for turn, word in words:
        turns[turn] += len(word.text)
    for turn, _ in turns.most_common():
        for column, row in rows_in_order([word for angle, word in words if angle == turn]):
            yield turn, column, row


def _words(text: pdfium.PdfTextPage, characters: str) -> Iterator[tuple[int, Word]]:
    """Yield each word with the number of quarter turns that the page needs to show it upright.

    Words at any other angle are left out.
    """
    handle = text.raw
    first, last, matrix = raw.FS_RECTF(), raw.FS_RECTF(), raw.FS_MATRIX()
    font, flags = ctypes.create_string_buffer(80), ctypes.c_int()
    done = 0
    for start, end in _runs(handle, characters):
        between, done = characters[done:start], end
        raw.FPDFText_GetMatrix(handle, start, matrix)
        turn = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
        if not abs(turn - round(turn)) < _UPRIGHT:
            continue
        size = raw.FPDFText_GetFontSize(handle, start) * math.hypot(matrix.c, matrix.d)
        raw.FPDFText_GetFontInfo(handle, start, font, len(font), flags)
        bold = _BOLD.search(font.value) is not None
        spaced: bool | None = False
        if between or (start and characters[start - 1] in _HYPHENS):
            spaced = True if between.strip("\r\n") else None
        for begin, stop in _without_gaps(handle, characters, (start, end), round(turn) % 4):
            raw.FPDFText_GetLooseCharBox(handle, begin, first)
            raw.FPDFText_GetLooseCharBox(handle, stop - 1, last)
            left, right, top, bottom = _upright(first, last, round(turn) % 4)
            written = _written(characters[begin:stop])
            if written and 0 < size < _FARTHEST and abs(left + right + top + bottom) < _FARTHEST:
                is_apart = True if begin > start else spaced
                yield round(turn) % 4, Word(written, left, right, top, bottom, size, bold, is_apart)


def _without_gaps(
    handle: raw.FPDF_TEXTPAGE, characters: str, run: tuple[int, int], turn: int
) -> Iterator[tuple[int, int]]:
    """Split a run of letters at visible gaps where PDFium has no space, and yield the parts.

    Letters that are spaced out on purpose, one after the other, stay together.
    """
    box = raw.FS_RECTF()
    at_box, box_of = ctypes.byref(box), raw.FPDFText_GetLooseCharBox
    (start, end), edges = run, []
    for index in range(start, end):
        box_of(handle, index, at_box)
        edges.append(_upright(box, box, turn)[:2] if turn else (box.left, box.right))
    splits: set[int] = set()
    if edges[0][0] < edges[-1][0] and not _FROM_RIGHT.search(characters, start, end):  # nor downwards
        size = max(_em(handle, start))  # other letters' sizes are read only at possible gaps
        reached = edges[0][1]
        for at, (before, after) in enumerate(pairwise(edges), start + 1):
            gap, step = after[0] - reached, after[0] - before[0]
            if (gap > _APART * size or step < -_BACK * size) and _is_apart(handle, characters, at, gap, step):
                splits.add(at)
                reached = after[1]
            reached = max(reached, after[1])  # an accent ends before its letter does
    alone = sorted(at for at in splits if at - 1 not in splits and at + 1 not in splits)
    yield from pairwise([start, *alone, end])


def _is_apart(handle: raw.FPDF_TEXTPAGE, characters: str, at: int, gap: float, step: float) -> bool:
    """Return whether two characters are as far apart as words. Marks and figures need a wider gap."""
    size = max(*_em(handle, at - 1), *_em(handle, at))
    least = _APART if characters[at - 1].isalpha() and characters[at].isalpha() else _APART_OF_MARKS
    return gap > least * size or step < -_BACK * size


def _runs(handle: raw.FPDF_TEXTPAGE, characters: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each word. A raised mark at the end of a word is yielded on its own."""
    for run in _RUN.finditer(characters):
        start, end = run.span()
        mark = _MARK.search(run.group()) if characters[end - 1] in _MARKS else None
        if mark and _em(handle, start + mark.start())[1] < 0.8 * _em(handle, start)[1]:
            yield start, start + mark.start()
            start += mark.start()
        yield start, end


def _em(handle: raw.FPDF_TEXTPAGE, index: int) -> tuple[float, float]:
    """Return the width and the height of a character's em, in points."""
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(handle, index, matrix)
    size = float(raw.FPDFText_GetFontSize(handle, index))
    return size * math.hypot(matrix.a, matrix.b), size * math.hypot(matrix.c, matrix.d)


def _written(characters: str) -> str:
    """Return a word's characters as text. Join surrogate pairs, split ligatures and remove soft hyphens."""
    if characters.isascii() and characters.isprintable():
        return characters
    if _HALF.search(characters):
        characters = characters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNREADABLE.sub("\ufffd", characters.translate(_AS_LETTERS))


def _upright(first: raw.FS_RECTF, last: raw.FS_RECTF, turn: int) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom of a word, on the page turned so that the word is upright."""
    left, right = min(first.left, last.left), max(first.right, last.right)
    low, high = min(first.bottom, last.bottom), max(first.top, last.top)
    return (
        (left, right, -high, -low),
        (low, high, left, right),
        (-right, -left, low, high),
        (-high, -low, -right, -left),
    )[turn]


# Scans


def _read_scans(
    pdf: pdfium.PdfDocument,
    pages: Sequence[_PageReading],
    scanned: Sequence[int],
    language: str,
    source: Source,
) -> None:
    """Read the scanned pages with Tesseract."""
    model = ocr.model_for(language, ocr.languages(source.name))
    for index in scanned:
        page = pdf[index]
        width, height = page.get_size()
        scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
        bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        reading = ocr.read_picture(
            bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width], 1 / scale, model, source
        )
        bitmap.close()
        page.close()
        if reading.lines and reading.sure < ocr.LEGIBLE:
            pages[index].why = "illegible"
            continue
        pages[index].page.lines, pages[index].page.read_by = reading.lines, "OCR"
        pages[index].doubtful = reading.sure < ocr.SURE


def _notes(pages: Sequence[_PageReading], scanned: Sequence[int], program: str) -> Iterator[str]:
    """Yield notes on pages that were read by OCR, or were not read."""

    def subject(indices: Sequence[int]) -> str:
        return _pages_were([pages[index].page.name for index in indices], indices)

    hidden = [index for index, page in enumerate(pages) if page.hidden]
    damaged = [index for index, page in enumerate(pages) if page.why == "damaged"]
    illegible = [index for index, page in enumerate(pages) if page.why == "illegible"]
    doubtful = [index for index, page in enumerate(pages) if page.doubtful]
    if scanned and not program:
        yield f"{subject(scanned)} not read: the file has only a picture of the text. {ocr.INSTALL}"
    elif read := [index for index in scanned if index not in illegible]:
        yield f"{subject(read)} read by OCR ({program}): check quotes against the page."
    if doubtful:
        yield f"{subject(doubtful)} hard to read by OCR: some of the words are wrong."
    if illegible:
        yield (
            f"{subject(illegible)} not read: {program} recognises hardly a word, whichever way the page "
            "is turned."
        )
    if hidden:
        yield f"{subject(hidden)} read by OCR (before, by another program): check quotes against the page."
    if damaged:
        yield f"{subject(damaged)} not read: damaged in the file"


def _pages_were(names: Sequence[str], indices: Sequence[int]) -> str:
    """Return the beginning of a sentence about pages: "Page 3 was", "Pages 1–3 and 7 were"."""
    runs: list[list[int]] = []
    for position, index in enumerate(indices):
        if runs and index == indices[runs[-1][-1]] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    parts = [names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]]}" for run in runs]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Page {listed} was" if len(names) == 1 else f"Pages {listed} were"


def _nothing(
    name: str, pages: Sequence[_PageReading], scanned: Sequence[int], program: str, *, asked: bool
) -> str:
    """Return a message that says why the PDF has no text, and what to do."""
    if any(page.why == "illegible" for page in pages):
        return f"{name} is scanned, and {program} recognises hardly a word. Scan it again, or leave it out."
    if program:
        return (
            f"{name} is scanned, and {program} found no text in it. If there is text, scan it again, "
            "or leave it out."
        )
    if scanned:
        how = "is scanned: its pages are pictures of text"
        if all(pages[index].why == "code" for index in scanned):
            how = "does not say which letters its fonts show, so its text can only be read by OCR"
        return f"{name} {how}. {ocr.INSTALL if asked else 'Index it with OCR'}."
    if any(page.why for page in pages):
        return f"{name} is damaged: its pages cannot be read. Open it in a PDF reader and save it again."
    return f"{name} has no text on its pages. Leave it out."


# Metadata


def _language(pdf: pdfium.PdfDocument) -> str:
    """Return the language that the file states ("en-US"), or ""."""
    length = raw.FPDFCatalog_GetLanguage(pdf.raw, None, 0)
    if not 2 < length < 100:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(pdf.raw, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    tag = buffer.raw[: length - 2].decode("utf-16-le", "replace")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][^\W_]{1,8})*", tag) else ""


def _information(pdf: pdfium.PdfDocument, key: str) -> str:
    value = pdf.get_metadata_value(key).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", value).split())[:300]


def _described(
    pdf: pdfium.PdfDocument,
    source: Source,
    options: Options,
    laid: LaidOutText,
    first: Sequence[Line],
    language: str,
    program: str,
    notes: list[str],
) -> Document:
    """Return a document with its metadata, from the file's information and the head of its first page."""
    above = [head for head in laid.running if not (find_date(head) or _PAGE_NUMBER.fullmatch(head))]
    above = above if len(above) <= _MOST_RUNNING else []  # changing heads name parts; `_dated` reads dates
    display = _display(laid.display, first)
    information = {"title": _information(pdf, "Title"), "author": _information(pdf, "Author")}
    page = _as_lines(first)
    stated = reconcile(information, page, display, above, options.date_order)
    title, author, publisher = (stated.get(field, "") for field in ("title", "author", "publisher"))
    shown = parse_header(page, options.date_order, title or display, above)
    on_page = letters(title) in letters(laid.text[:_TOP])
    whole_name = " " in author  # a whole name has more than one word
    facts = (
        (title, Found("title", "PDF information", "stated" if on_page else "likely")),
        (not title and display, Found("title", "the largest type of its first page", "likely")),
        (author, Found("author", "PDF information", "stated" if whole_name else "guessed")),
        (publisher, Found("publisher", "PDF information", "likely")),
        (not author and shown.author, Found("author", "its first page", "likely")),
        (not publisher and shown.publisher, Found("publisher", "its first page", "likely")),
        (shown.date, Found("date", "its first page", "likely")),
        (language, Found("language", "PDF catalogue", "stated")),
        (program, Found("text", f"OCR ({program})", "likely")),
    )
    document = Document(
        id="",
        text=laid.text,
        title=title or display,
        author=author or shown.author,
        publisher=publisher or shown.publisher,
        date=shown.date,
        language=re.split("[-_]", language.lower())[0] or "en",
        format="pdf",
        sections=laid.sections,
        found=tuple(origin for value, origin in facts if value),
        notes=tuple(notes),
    )
    document = describe(document, source.file_name.rsplit(".", 1)[0], options.date_order, above=above)
    return _without_needless_headings(_dated(_without_affiliation(document), pdf, laid, options))


def _without_affiliation(document: Document) -> Document:
    """Drop a publisher from the header or first page if it is probably where the author works."""
    read = ("its header", "its first page")
    if not document.author or not any(f.field == "publisher" and f.source in read for f in document.found):
        return document
    near_author = letters(document.author.split("; ")[-1] + document.publisher)
    if not (
        ACADEMIC.search(document.publisher)
        or is_division(document.publisher)
        or (surely_people(document.author) and near_author in letters(document.text[:_TOP]))
    ):
        return document
    others = tuple(origin for origin in document.found if origin.field != "publisher")
    return replace(document, publisher="", found=others)


def _display(largest: str, first: Sequence[Line]) -> str:
    """Return the title in the largest lines of the first page, without version and institution, or ""."""
    if not largest or is_kind(largest) or is_institution(largest):
        return ""
    title: list[str] = []
    for line in first:
        if line.text in largest:
            if title and not any(map(str.isalnum, line.text)):
                break  # a rule
            if title and (_VERSION.match(line.text) or is_institution(line.text) or is_division(line.text)):
                break
            title.append(line.text)
    return " ".join(title).rstrip(_NOTED) or largest


def _as_lines(first: Sequence[Line]) -> str:
    """Return the first page line by line, with a blank line for each gap between lines.

    The document's text joins the lines of a paragraph. In a head, it would join the name of an author with
    the institution below it.
    """
    pieces = [line.text for line in first[:1]]
    for above, line in pairwise(first):
        pieces += ["\n\n" if line.top - above.bottom > _ROOM * line.size else "\n", line.text]
    return "".join(pieces)


def _dated(document: Document, pdf: pdfium.PdfDocument, laid: LaidOutText, options: Options) -> Document:
    """Use a date from a running head if the header has none. The file's creation date only gives a note."""
    if document.date:
        return document
    dates = [date for head in laid.running if (date := find_date(head, options.date_order))]
    if dates and all(date.date == dates[0].date for date in dates):  # different dates belong to their pages
        origins = (*document.found, Found("date", "its running head", "likely"))
        notes = (*document.notes, *((dates[0].note,) if dates[0].note else ()))
        return replace(document, date=dates[0].date, found=origins, notes=notes)
    made = re.match(r"D:(\d{4})(\d\d)(\d\d)", _information(pdf, "CreationDate"))
    if made is None:
        return document
    note = f"No date of publication was found; the file was made on {'-'.join(made.groups())}."
    return replace(document, notes=(*document.notes, note))


def _without_needless_headings(document: Document) -> Document:
    """Drop headings that are the title or in the header, because a citation names the title and header."""
    title = letters(document.title)
    sections = tuple(
        section
        for section in document.sections
        if section.kind == "page"
        or not (
            letters(section.name) == title
            or any(span.start <= section.start < span.end for span in document.header)
        )
    )
    return replace(document, sections=sections)
