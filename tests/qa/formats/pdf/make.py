"""Make the PDFs of these tests: `python tests/qa/formats/pdf/make.py`. Needs reportlab and Pillow.

Words may be broken at "|" and at hyphens. What the pages say stands below, so that the tests can compare.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILES = Path(__file__).parent / "files"
WIDTH, HEIGHT = 595, 842


def paragraphs_of(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text that is wrapped here, each as one line."""
    return tuple(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


DROPPED = (
    "The river market opened before dawn, and by noon",
    "its traders had weighed more metal than the railway",
    "carried in a week. This page asks how the price was set",
    "there, and who was paid for it at the end of the season.",
)
BRIEF_HEADER = (
    "Scrap metal smuggling rampant in North Korea",
    "Institute for Far Eastern Studies (IFES)",
    "NK Brief No. 08-4-4-1",
    "4/4/2008",
)
BRIEF = paragraphs_of("""
As smuggling scrap metal across the border has become wide|spread among resi|dents lately, police
are inves|tigating the illegal trade, leading to the arrest of all of the resi|dents in the border
region who were involved in it.

Those arrested were from ‘Unit 8’, an office in Hyesan under the direc|tion of the regional office
of the People’s Trading Bureau.

According to the source, “An order was handed down by the central govern|ment at the beginning of
March.” It is said that every|thing metal that was not bolted down is gone.
""")
ARTICLE_TITLE = "Copper on the Tumen: how a river market priced metal, 1998–2007"
ARTICLE_AUTHORS = "Mina Harrow and Tobias Lund"
ARTICLE = paragraphs_of("""
# Introduction

The river market at Hoeryong opened before dawn, and by noon its traders had weighed more metal than
the rail|way car|ried in a week. This paper asks how the price of copper was agreed upon there, who
was paid, and why the smug|gling of scrap out|lived every cam|paign against it. It draws on the
note|books of four traders and on long-term records kept by a cus|toms clerk.

Smuggling is seldom the work of strangers. In the note|books the same nine fami|lies appear in each
season, and their agree|ments were renewed at the lunar new year.^1 The long-term con|tract was
spoken, never writ|ten, and it bound the car|rier as well as the buyer.

# Prices

A kilo|gram of clean copper wire fetched 2,400 won in 1998 and 11,500 won in 2007. Most of the
increase fell in the three years after the cur|rency reform, when traders refused to hold notes and
asked for rice. The clerk wrote that nobody wished to be the last to own paper, and that even the
inspec|tors pre|ferred to be paid in kind.

Aluminium fol|lowed a dif|ferent course. It was light, it was plenti|ful, and boys could carry it
over the ice in a single night; its price there|fore fell when|ever the river froze. In the winter
of 2003 the freeze lasted for ninety-one days, and the note|books record that a sledge-load was
worth less than the rope that tied it.

# Carriers and inspectors

Carriers were paid by the cross|ing. The fee rose with the number of patrols, as one would expect,
but it also rose with the moon, since a bright night dou|bled the risk of being seen. Inspectors
knew this calen|dar as well as the car|riers did, and they set their own fees by it.^2

When a new com|mander arrived, the fees were sus|pended for about a month. Then a cousin would be
found who had served with him, or a debt that could be remem|bered, and the old calen|dar returned.
Of eleven comman|ders named in the note|books only two held out for longer than a year, and both
were posted else|where before their second winter.

The traders did not think of this as corrup|tion. In their telling it was a toll, no dif|ferent from
the toll at a bridge, and the bridge was the com|mander’s. What angered them was not the toll but
its uncer|tainty, for a car|rier who had paid once might be stopped again an hour later by a second
patrol that had not been told.

# Conclusion

The price of copper on the Tumen was nei|ther free nor fixed. It was agreed upon by people who knew
each other, renewed it every spring, and built the cost of the state into it. Campaigns changed who
was paid; they did not change that some|one was. A smug|gler, in the clerk’s words, is a mer|chant
whom the weather obeys.

Further work should ask how the same fami|lies fared when the market moved inland. The cus|toms
records end in 2007, but the note|books do not, and two of the four traders have said that theirs
may be read.
""")
ARTICLE_NOTES = paragraphs_of("""
^1 The lunar new year fell between 21 January and 20 February in the years studied.

^2 One inspector is said to have kept an almanac for this purpose alone.
""")
COLUMNS_THREE = paragraphs_of("""
Rice was brought down from the hills on the first market day and sold before the rain began to fall
on the road. The buyers stood in a line that reached the old mill, and the last of them went home
with millet.

Salt came by boat. The boatmen asked for cloth in return and would not take coins, which they said
sank faster than they could swim. By evening the quay was empty again and the dogs had it to
themselves until morning.

Timber was the business of the army. No one asked what it cost, since no one was offered any, but
the lorries were counted by the children who sold apples at the bend below the school and who never
lost count.
""")
COLUMNS_BELOW = paragraphs_of("""
After the figure the account goes on with the prices of the second market day, when the rain had
stopped and the road was open to carts once more. A sack of rice was then exchanged for two pairs of
shoes.

On the third day the market was closed by order. The order gave no reason and named no date on which
it would end, and so the traders sat down by the gate and waited, which was not forbidden by the
order.

It was opened again in the week after the harvest. The traders say that the gate had rusted shut by
then and that it took four men to move it, each of whom was given a melon by the oldest of the women
there.
""")
(CAPTION,) = paragraphs_of("""
Figure 1. Goods that were carried to the market by cart and by boat in each of the three weeks
studied
""")
KOREAN = paragraphs_of("""
북한에서 고철 밀수 성행

국경 지역에서 고철 밀수가 널리 퍼지면서 경찰이 불법 거래를 수사하고 있다. 혜산시의
주민들이 체포되었다고 소식통이 전했다.
""")
SCAN = (
    "The inspector counted forty sacks of cement at the",
    "bridge on Monday. He wrote the number in his book",
    "and signed the page. On Tuesday the sacks were gone.",
)
(TYPED,) = paragraphs_of("""
This page was typed. It says that the inspector was asked about the cement and that he gave no
answer to any of the questions which were put to him on that day.
""")


# Of each page its head, its foot, and its title where it has one; and its paragraph.
DIARY_EDGES = (
    ("A Diary of the Bridge", "Tuesday Wire, 4 March 2008", ""),
    ("The first week", "Tuesday Wire, 11 March 2008", "Customs"),
    ("A Diary of the Bridge", "Tuesday Wire, 18 March 2008", ""),
    ("Prices", "Tuesday Wire, 25 March 2008", "Ice"),
    ("A Diary of the Bridge", "Tuesday Wire, 1 April 2008", ""),
)
DIARY = paragraphs_of("""
The bridge was closed at six in the morning, and the carts that had come in the night stood in a row as
far as the mill. No one was told why.

A clerk came with a list and read names from it. Those who were named went home, and those who were not
went home later.

Copper was bought at the old price until noon. Then a man came over the ice, and after that there was no
price at all.

The ice held for nine more days. It is said that the mill was sold in that time, and sold back, and that
both were paid for.

On the tenth day the bridge was opened, and the clerk stood on it with his list and counted those who came
over.
""")


def broken(text: str) -> list[list[str]]:
    """Cut into words, and these where they may be broken; a piece that needs a hyphen there ends with "|"."""
    words = []
    for word in text.split(" "):
        pieces = word.replace("|", "|\0").replace("-", "-\0").split("\0")
        words.append(pieces)
    return words


def set_lines(text: str, font: str, size: float, width: float, indent: float) -> Iterator[str]:
    """Break a paragraph to lines greedily."""

    def fits(line: str) -> bool:
        room = width - (indent if first else 0)
        return pdfmetrics.stringWidth(line.replace("^", ""), font, size) <= room

    first, line = True, ""
    for pieces in broken(text):
        lead = " " if line else ""
        whole = "".join(pieces).replace("|", "")
        if fits(line + lead + whole):
            line += lead + whole
            continue
        done = 0
        for count in range(len(pieces) - 1, 0, -1):
            start = "".join(pieces[:count]).replace("|", "")
            start += "-" if pieces[count - 1].endswith("|") else ""
            if fits(line + lead + start):
                line, done = line + lead + start, count
                break
        yield line
        first, line = False, "".join(pieces[done:]).replace("|", "")
    yield line


def draw(canvas: Canvas, x: float, y: float, line: str, font: str, size: float, width: float = 0) -> None:
    """Draw a line, filled to a width if one is given; "^1" raises the 1."""
    text = canvas.beginText(x, y)
    text.setFont(font, size)
    if width and " " in line:
        text.setWordSpace(
            (width - pdfmetrics.stringWidth(line.replace("^", ""), font, size)) / line.count(" ")
        )
    before, _, after = line.partition("^")
    text.textOut(before)
    if after:
        text.setFont(font, size * 0.6)
        text.setRise(size * 0.35)
        text.textOut(after[0])
        text.setFont(font, size)
        text.setRise(0)
        text.textOut(after[1:])
    canvas.drawText(text)


def paragraphs(
    texts: Sequence[str], size: float, width: float, indent: float
) -> Iterator[tuple[str, float, float, bool, str]]:
    """Yield lines as (text, indent, width to fill or 0, whether room is left above, font)."""
    for text in texts:
        heading = text.startswith("# ")
        font = "Times-Bold" if heading else "Times-Roman"
        lines = list(set_lines(text.removeprefix("# "), font, size, width, 0 if heading else indent))
        for number, line in enumerate(lines):
            shift = indent if not number and not heading else 0
            last = number == len(lines) - 1
            yield line, shift, 0 if last else width - shift, heading and not number, font


def brief() -> bytes:
    """One page, one column, not filled to the right: the head of a brief and three paragraphs."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    canvas.setTitle("Microsoft Word - brief.doc")
    canvas.setAuthor("user")
    y = 760.0
    for number, line in enumerate(BRIEF_HEADER):
        draw(canvas, 72, y, line, "Helvetica-Bold" if not number else "Helvetica", 15 if not number else 10.5)
        y -= 24 if not number else 14
    for text in BRIEF:
        y -= 9
        for line in set_lines(text, "Helvetica", 10.5, 400, 0):
            draw(canvas, 72, y, line, "Helvetica", 10.5)
            y -= 14
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def article() -> bytes:
    """Three pages in two columns, with running heads that alternate, page numbers and footnotes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True, lang="en-GB")
    canvas.setTitle(ARTICLE_TITLE)
    canvas.setAuthor("Mina Harrow, Tobias Lund")
    size, leading, width, indent = 10, 12, 215, 12
    todo = list(paragraphs(ARTICLE, size, width, indent))
    for page in range(3):
        number = 117 + page
        left = number % 2 == 0
        if page:
            head = f"{number}   M. Harrow and T. Lund" if left else f"Copper on the Tumen   {number}"
            draw(canvas, 72 if left else 395, 795, head, "Times-Italic", 9)
        draw(canvas, 72, 40, "River Markets Review 12 (3), 14 May 2009", "Times-Roman", 8)
        top = 760.0
        if not page:
            draw(canvas, 72, 750, ARTICLE_TITLE, "Times-Bold", 15)
            draw(canvas, 220, 725, ARTICLE_AUTHORS, "Times-Italic", 11)
            top = 690
        bottom = 480 if not page else 600
        for column in range(2):
            y = top
            note = ARTICLE_NOTES[page] if page < 2 and column == page else ""
            while todo and y > bottom + (30 if note else 0) + (20 if todo[0][3] else 0):
                line, shift, fill, apart, font = todo.pop(0)
                y -= 8 if apart else 0
                draw(canvas, 72 + column * 235 + shift, y, line, font, size, fill)
                y -= leading
            for line in set_lines(note, "Times-Roman", 8, width, 0) if note else ():
                draw(canvas, 72 + column * 235, y - 8, line, "Times-Roman", 8)
                y -= 9.5
        canvas.showPage()
    assert not todo, len(todo)
    canvas.save()
    return buffer.getvalue()


def columns() -> bytes:
    """A page of three columns above a caption that is as wide as all, and three below; lines not level."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    draw(canvas, 60, 780, "Three weeks at the market", "Times-Bold", 18)
    for top, texts in ((740.0, COLUMNS_THREE), (500.0, COLUMNS_BELOW)):
        for column, text in enumerate(texts):
            y = top - 5 * (column == 1)
            for line in set_lines(text, "Times-Roman", 10, 150, 0):
                draw(canvas, 60 + 165 * column, y, line, "Times-Roman", 10)
                y -= 12.5
    canvas.rect(60, 550, 480, 40)
    draw(canvas, 60, 530, CAPTION, "Times-Roman", 10, 480)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def picture(lines: Sequence[str], turned: int = 0) -> ImageReader:
    """Draw lines as a scanner would see them, turned by so many degrees."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1240, 500), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(44)
    for number, line in enumerate(lines):
        pen.text((60, 60 + 70 * number), line, fill=0, font=font)
    return ImageReader(image.convert("1").rotate(turned, expand=True))


def scanned(lines: Sequence[str] = SCAN, *, typed: bool = False, turned: int = 0) -> bytes:
    """A page that is a picture of text, turned by so many degrees; before it, if asked, one of text."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    if typed:
        for number, line in enumerate(set_lines(TYPED, "Helvetica", 11, 400, 0)):
            draw(canvas, 72, 760 - 14 * number, line, "Helvetica", 11)
        canvas.showPage()
    width, height = (240, 595) if turned % 180 else (595, 240)
    canvas.drawImage(picture(lines, turned), 0, 800 - height, width, height)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def one_page(
    text: str = TYPED,
    *,
    font: str = "Helvetica",
    title: str = "",
    encrypt: str | None = None,
    size: tuple[float, float] = (WIDTH, HEIGHT),
) -> bytes:
    """A page with a paragraph; encrypted with a password ("" needs none to read) if one is given."""
    buffer = io.BytesIO()
    encryption = None if encrypt is None else StandardEncryption(encrypt, ownerPassword="owner", canCopy=0)
    canvas = Canvas(buffer, pagesize=size, invariant=True, encrypt=encryption)
    if title:
        draw(canvas, 72, 790, title, font, 16)
    for number, line in enumerate(set_lines(text, font, 11, 400, 0)):
        draw(canvas, 72, 760 - 14 * number, line, font, 11)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def tight(words: Sequence[str], room: float) -> bytes:
    """A line of words with a space character between two, which leaves so many points between their boxes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    text = canvas.beginText(72, 700)
    text.setFont("Times-Italic", 10)
    text.setWordSpace(room - pdfmetrics.stringWidth(" ", "Times-Italic", 10))
    text.textOut(" ".join(words))
    canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def drop_cap() -> bytes:
    """A paragraph that begins with a letter as tall as two lines."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    draw(canvas, 72, 688, DROPPED[0][0], "Times-Roman", 36)
    for number, line in enumerate((DROPPED[0][1:], *DROPPED[1:])):
        draw(canvas, 95 if number < 2 else 72, 702 - 14 * number, line, "Times-Roman", 12)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scan_with_text() -> bytes:
    """A scan over which another program has laid what it read, invisible."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    canvas.drawImage(picture(SCAN), 0, 560, 595, 240)
    text = canvas.beginText(30, 760)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 20)
    text.setLeading(34)
    text.textLines(SCAN)
    canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def pages_of_nothing(count: int) -> bytes:
    """So many empty pages."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    for _ in range(count):
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def nameless_letters() -> bytes:
    """A page whose font maps its letters to characters for private use, as some programs do."""
    codes = "".join(f"<{code:02X}> <{0xE000 + code:04X}>\n" for code in range(32, 126))
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapName /X def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n94 beginbfchar\n{codes}endbfchar\nendcmap end"
    )
    content = f"BT /F 11 Tf 72 700 Td ({TYPED}) Tj ET"
    return page_of(
        content,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        f"<</Length {len(cmap)}>>stream\n{cmap}\nendstream",
    )


def moved_apart(words: Sequence[str], gap: float, between_letters: float = 0) -> bytes:
    """A line of words that stand `gap` em apart, without any character between them, as troff sets them."""
    size = 11
    moves = [f"{(0.6 * len(word) + between_letters * len(word) + gap) * size:.3f} 0 Td" for word in words]
    shown = " ".join(f"({word}) Tj {move}" for word, move in zip(words, moves, strict=True))
    content = f"BT /F {size} Tf {between_letters * size:.3f} Tc 72 700 Td {shown} ET"
    return page_of(content, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>")


def page_of(content: str, *font: str) -> bytes:
    """A PDF of one page: the operators of its content, and the objects of its font."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        *font,
    ]
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n".encode()


def labelled() -> bytes:
    """Four pages: iii, iv, 1, 2; a sentence runs from iv to 1."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    canvas.addPageLabel(0, style="ROMAN_LOWER", start=3)
    canvas.addPageLabel(2, style="ARABIC", start=1)
    texts = (
        "The preface thanks the people of four villages for their patience and their plums.",
        "It was written in a winter when the post did not come, and it ends with a promise to",
        "send each of them a copy. The first chapter begins with the ferry that was sold twice.",
        "The second begins with the man who bought it.",
    )
    for text in texts:
        draw(canvas, 72, 700, text, "Times-Roman", 11)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def diary() -> bytes:
    """Five pages with heads and feet in small type that differ, and titles of some pages."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    for number, ((head, foot, title), text) in enumerate(zip(DIARY_EDGES, DIARY, strict=True)):
        draw(canvas, 360 if number % 2 else 72, 800, head, "Times-Italic", 8)
        draw(canvas, 72, 40, foot, "Times-Roman", 8)
        if title:
            draw(canvas, 72, 760, title, "Times-Bold", 16)
        for row, line in enumerate(set_lines(text, "Times-Roman", 11, 150, 0)):
            draw(canvas, 72, 730 - 14 * row, line, "Times-Roman", 11)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def rotated() -> bytes:
    """A page that is turned by 90 degrees, with its text turned back, and a stamp across it."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=True)
    canvas.setPageRotation(90)
    canvas.rotate(90)
    for number, line in enumerate(set_lines(TYPED, "Helvetica", 11, 400, 0)):
        draw(canvas, 72, -100 - 14 * number, line, "Helvetica", 11)
    canvas.rotate(30)
    draw(canvas, 300, -400, "DRAFT", "Helvetica-Bold", 60)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def main() -> None:
    """Write the files."""
    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    FILES.mkdir(exist_ok=True)
    whole = article()
    files = {
        "brief": brief(),
        "article": whole,
        "damaged": whole.replace(b"startxref\n", b"startxref\n9"),  # its table of objects is not found
        "truncated": whole[: len(whole) - 700],
        "columns": columns(),
        "scanned": scanned(),
        "mixed": scanned(typed=True),
        "password": one_page(encrypt="secret"),
        "restricted": one_page(encrypt=""),
        "korean": one_page(KOREAN[1], font="HYSMyeongJo-Medium", title=KOREAN[0]),
        "labelled": labelled(),
        "rotated": rotated(),
        "diary": diary(),
    }
    for name, data in files.items():
        (FILES / f"{name}.pdf").write_bytes(data)


if __name__ == "__main__":
    main()
