"""The fifty files of the analyst's day: briefs of an invented valley in all formats, and six broken files.

All that they say is invented. `write` puts them into a folder, as they lie on an analyst's disk.
"""

from __future__ import annotations

import html
import io
import json
import mailbox
import shutil
import textwrap
import zipfile
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import odfdo
import openpyxl
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = Path(__file__).parents[1] / "qa" / "formats"


@dataclass(frozen=True)
class Brief:
    """What a file says: its head, and paragraphs with a blank line between them."""

    title: str
    publisher: str
    date: str
    text: str

    @property
    def head(self) -> list[str]:
        return [self.title, self.publisher, self.date]

    @property
    def paragraphs(self) -> list[str]:
        return self.text.split("\n\n")


# ---------------------------------------------------------------- what they say

MONITOR, INSTITUTE, ROADS = "Border Monitor", "River Institute", "Office of Roads"
RICE = Brief(
    "Rice prices in Orsk",
    MONITOR,
    "12 March 2019",
    "The price of a kilogram of rice in the market of Orsk rose to 5,200 crowns in the first week of March. "
    "Traders blame the closed customs house at Tarn.\n\nWheat flour could not be had at all.",
)
FERRY = Brief(
    "The ferry at Lower Ford",
    ROADS,
    "4 May 2011",
    "The ferry at Lower Ford was stopped on 28 April because its cable had frayed. "
    "The harbour master, Ida Brenner, ordered a new cable from the rope works at Kelm.\n\n"
    "Until it comes, a rowing boat carries the post.",
)
BRIDGE = Brief(
    "The bridge at Tarn",
    ROADS,
    "9 June 2014",
    "The bridge at Tarn was built in 1931 for carts. Today it carries twelve tonnes at most. "
    "An engineer found cracks in the third pier.\n\nThe repair will cost 340,000 crowns.",
)
CORRECTED_BRIDGE = Brief(
    BRIDGE.title, BRIDGE.publisher, BRIDGE.date, BRIDGE.text.replace("340,000 crowns", "415,000 crowns")
)
COPPER = Brief(
    "Copper thieves on the railway",
    MONITOR,
    "20 November 2007",
    "Thieves cut four kilometres of copper wire from the railway between Orsk and Kelm. "
    "Six trains had to be drawn by steam engines.\n\nThe police arrested nine men in a barn at Upper Mill.",
)
NOTES = [
    RICE,
    FERRY,
    COPPER,
    Brief(
        "Wolves near Upper Mill",
        "Valley Letter",
        "2 February 2016",
        "A pack of eleven wolves was seen near Upper Mill. Shepherds lost forty sheep in January.",
    ),
    Brief(
        "The school at Kelm",
        "Valley Letter",
        "1 September 2018",
        "The school at Kelm was opened again after the fire of 2015. It has room for ninety pupils. "
        "Its new headmistress is Vera Lund.",
    ),
    Brief(
        "Snow on the pass",
        ROADS,
        "17 January 2020",
        "The Sorrel Pass was closed by snow for twenty-three days. A plough was brought from Orsk.",
    ),
    Brief(
        "A strike at the cement works",
        MONITOR,
        "8 October 2013",
        "Workers at the cement works of Garn went on strike for higher wages. "
        "The strike ended after seventeen days, when the owner agreed to pay for night shifts.",
    ),
    Brief(
        "The mayor of Orsk",
        MONITOR,
        "30 May 2017",
        "Tobias Harrow was elected mayor of Orsk with 61 percent of the votes. He promised a hospital.",
    ),
    Brief(
        "Cholera in the camps",
        INSTITUTE,
        "14 August 2010",
        "Cholera broke out in two camps south of Garn. Nurses counted 212 patients. "
        "The water came from an open canal.",
    ),
    Brief(
        "Salt from the lake",
        INSTITUTE,
        "3 July 2012",
        "Salt is won from Lake Merrin by women of four villages. A sack is sold for eight crowns in Kelm.",
    ),
]
MILL = Brief(
    "The mill closes",
    "Valley Letter",
    "12 May 1998",
    "The last mill in the valley shut its doors on Friday. Forty people were dismissed.",
)
MARKDOWN = [
    MILL,
    BRIDGE,
    Brief(
        "Power cuts",
        MONITOR,
        "5 December 2019",
        "Power is cut in Orsk for six hours each night. The dam at Merrin holds too little water.",
    ),
    Brief(
        "The seed bank",
        INSTITUTE,
        "21 April 2015",
        "The seed bank at Kelm keeps 1,400 kinds of barley in a disused salt mine.",
    ),
]
PAGES = [
    Brief(
        "Grain purchase campaign",
        "Ministry of Supply",
        "5 November 2021",
        "The ministry bought 71,000 tonnes of grain from farmers. It paid 310 crowns for a tonne of wheat.",
    ),
    Brief(
        "The long road to Sorrel",
        MONITOR,
        "11 February 2009",
        "The road to Sorrel climbs for ninety kilometres. It was cut by prisoners in 1952.",
    ),
    Brief(
        "A newspaper is closed",
        MONITOR,
        "19 March 2018",
        "The newspaper Morning Post of Orsk was closed by a court. Its editor, Nina Falk, fled abroad.",
    ),
    Brief(
        "Bees in the orchards",
        "Valley Letter",
        "6 June 2020",
        "Half of all bee colonies in the orchards of Garn died in spring. A mite had weakened them.",
    ),
]
# Each paragraph of these stands on a page of its own.
REPORTS = [
    Brief(
        "Coal by river",
        INSTITUTE,
        "10 October 2016",
        "Coal goes from the mines of Garn to the harbour of Tarn by barge. A barge carries 260 tonnes.\n\n"
        "In 2015 the river froze for fifty-one days. The mines then laid off three hundred men.",
    ),
    Brief(
        "Timber on the border",
        INSTITUTE,
        "22 September 2014",
        "Timber is felled without licence in the forests north of Sorrel. Most of it is spruce.\n\n"
        "Smugglers pay foresters two crowns for each trunk. They float them across the border at night.",
    ),
    Brief(
        "Wages of teachers",
        INSTITUTE,
        "15 January 2013",
        "Teachers in the valley earn 900 crowns a month. Many of them sell vegetables.\n\n"
        "The union demanded a rise of twelve percent. The province offered four percent.",
    ),
    Brief(
        "The vaccination of cattle",
        "Veterinary Service",
        "7 April 2017",
        "Foot-and-mouth disease was found on two farms near Kelm. All markets for cattle were closed.\n\n"
        "Vets vaccinated 38,000 animals within nine days. The vaccine was flown in by the army.",
    ),
]
LETTERS = [
    Brief(
        "Water for Orsk",
        ROADS,
        "2 August 2016",
        "The waterworks of Orsk pump 18,000 cubic metres a day. A third of it leaks from old pipes.",
    ),
    Brief(
        "The tunnel",
        ROADS,
        "25 October 2019",
        "A tunnel under the Sorrel Pass would be 4.6 kilometres long. The firm Adler and Sons has drawn it.",
    ),
    Brief(
        "Court for smugglers",
        MONITOR,
        "13 December 2008",
        "A court at Tarn sentenced five smugglers to three years in prison. They had carried mercury.",
    ),
    FERRY,  # the same words as the text file: one document in two files
]
BOOKS = [
    Brief(
        "Fishing on Merrin",
        INSTITUTE,
        "1 March 2005",
        "Fishermen on Lake Merrin catch perch and pike. The trout vanished after the dam was built in 1974.",
    ),
    Brief(
        "The apricot harvest",
        "Valley Letter",
        "18 July 2006",
        "Apricots from Garn are dried on the roofs. Dealers ship them to the capital in wooden boxes.",
    ),
]
RICH = [
    Brief(
        "Floods in Tarn",
        MONITOR,
        "29 June 2013",
        "The river flooded the lower town of Tarn on 26 June. Seventy families were taken to the barracks.",
    ),
    Brief(
        "Counterfeit notes",
        MONITOR,
        "3 May 2015",
        "Counterfeit notes of 500 crowns were found in Kelm. The police suspect a printer from Orsk.",
    ),
]
NOVELS = [
    Brief(
        "A history of Kelm",
        "Kelm Press",
        "1987",
        "Kelm was founded by miners in 1643. Its first charter was burnt by the Duke of Garn.",
    ),
    Brief(
        "The lighthouse keeper",
        "Kelm Press",
        "1992",
        "The lighthouse on Merrin was kept by one woman, Greta Olsen, for thirty-eight years.",
    ),
]
MAILS = [
    Brief(
        "Trucks at the depot",
        "Pia Holm",
        "Fri, 04 Apr 2008 10:00:00 +0000",
        "Fourteen trucks stood at the depot of Tarn on Thursday. They were painted grey.",
    ),
    Brief(
        "Fuel",
        "Pia Holm",
        "Mon, 07 Apr 2008 10:00:00 +0000",
        "Diesel is rationed at the border. Each lorry gets thirty litres.",
    ),
    Brief(
        "The colonel",
        "Pia Holm",
        "Tue, 08 Apr 2008 10:00:00 +0000",
        "Colonel Marek Voss took command of the garrison at Sorrel last week.",
    ),
]
MAILBOX = [
    Brief(
        "Passports",
        "Jon Reed",
        "Wed, 09 Apr 2008 10:00:00 +0000",
        "A forged passport costs 2,000 crowns in Tarn.",
    ),
    Brief(
        "Radio",
        "Jon Reed",
        "Thu, 10 Apr 2008 10:00:00 +0000",
        "Radio Sorrel was jammed from a hill near the border.",
    ),
]
NEWS = [
    Brief(
        "Ice on the river",
        MONITOR,
        "Wed, 06 Mar 2019 10:00:00 GMT",
        "The ice on the river broke three weeks early this year.",
    ),
    Brief(
        "A new airport",
        MONITOR,
        "Thu, 07 Mar 2019 10:00:00 GMT",
        "The airport of Orsk will get a second runway in 2022.",
    ),
]
ATOM = [
    Brief("Tea smuggling", MONITOR, "2019-04-02T10:00:00Z", "Tea is smuggled over the lake in hollow oars.")
]
SHEET = [
    Brief(
        "Zinc exports",
        INSTITUTE,
        "2018-02-01",
        "The valley exported 900 tonnes of zinc in 2017. All of it went through Tarn.",
    ),
    Brief(
        "Lead in the soil",
        INSTITUTE,
        "2018-03-01",
        "Lead was measured in the soil of eleven gardens in Garn.",
    ),
]
TABLE = [
    Brief(
        "Taxi fares",
        MONITOR,
        "2014-05-01",
        "A taxi from the station to the market of Orsk costs twelve crowns.",
    ),
    Brief(
        "Street lamps",
        MONITOR,
        "2014-06-01",
        "Kelm replaced its 640 street lamps. The town now saves half of its power.",
    ),
]
TABS = [Brief("Tobacco", MONITOR, "2014-07-01", "A packet of tobacco costs nine crowns on the black market.")]
RECORDS = [
    Brief(
        "The prison at Garn", MONITOR, "2012-01-05", "The prison at Garn holds 430 men. It was built for 180."
    )
]
LINES = [
    Brief("Opium", MONITOR, "2011-09-30", "Opium poppies are grown on terraces above Sorrel by six families.")
]
PACKED = [
    Brief(
        "The census",
        INSTITUTE,
        "20 May 2001",
        "The census of 2001 counted 83,412 people in the valley. Every fifth was a child.",
    ),
    Brief("The cave", INSTITUTE, "4 June 2002", "Bones of a bear were found in a cave near Upper Mill."),
]

TITLES = {
    each.title
    for briefs in (
        *(NOTES, MARKDOWN, PAGES, REPORTS, LETTERS, BOOKS, RICH, NOVELS, MAILS, MAILBOX, NEWS, ATOM),
        *(SHEET, TABLE, TABS, RECORDS, LINES, PACKED),
    )
    for each in briefs
}

# ---------------------------------------------------------------- how they are written


def text(brief: Brief) -> bytes:
    return "\n".join([*brief.head, "", brief.text, ""]).replace("\n", "\n\n", 1).encode()


def markdown(brief: Brief) -> bytes:
    return (
        f"---\ntitle: {brief.title}\npublisher: {brief.publisher}\ndate: {brief.date}\n---\n\n"
        f"# {brief.title}\n\n{brief.text}\n"
    ).encode()


def page(brief: Brief) -> bytes:
    body = "".join(f"<p>{html.escape(each)}</p>" for each in brief.paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{brief.title}</title>'
        f'<meta property="og:site_name" content="{brief.publisher}"></head>'
        f"<body><article><h1>{brief.title}</h1><p>{brief.date}</p>{body}</article></body></html>"
    ).encode()


def pdf(brief: Brief) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842), invariant=True)
    canvas.setTitle(brief.title)
    for number, paragraph in enumerate(brief.paragraphs):
        lines = textwrap.wrap(paragraph, 80)
        for row, line in enumerate([*brief.head, "", *lines] if not number else lines):
            canvas.drawString(72, 760 - 20 * row, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def word(brief: Brief) -> bytes:
    document, file = docx.Document(), io.BytesIO()
    document.core_properties.title = brief.title
    for each in (*brief.head, *brief.paragraphs):
        document.add_paragraph(each)
    document.save(file)
    return file.getvalue()


def open_document(brief: Brief) -> bytes:
    document, file = odfdo.Document("text"), io.BytesIO()
    document.body.clear()
    document.meta.title = brief.title
    for each in (*brief.head, *brief.paragraphs):
        document.body.append(odfdo.Paragraph(each))
    document.save(file)
    return file.getvalue()


def rich(brief: Brief) -> bytes:
    return (r"{\rtf1\ansi " + r"\par ".join([*brief.head, *brief.paragraphs]) + "}").encode("ascii")


def book(brief: Brief) -> bytes:
    body = "".join(f"<p>{each}</p>" for each in brief.paragraphs)
    members = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'version="1.0"><rootfiles><rootfile full-path="book.opf" '
        'media-type="application/oebps-package+xml"/></rootfiles></container>',
        "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{brief.title}</dc:title><dc:publisher>{brief.publisher}</dc:publisher>"
        f"<dc:date>{brief.date}</dc:date></metadata>"
        '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>',
        "a.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f"<body><h1>{brief.title}</h1>{body}</body></html>",
    }
    return packed({"mimetype": b"application/epub+zip", **{k: v.encode() for k, v in members.items()}})


def message(brief: Brief) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{brief.publisher} <desk@example.org>"
    mail["Subject"], mail["Date"] = brief.title, brief.date
    mail["Message-ID"] = f"<{brief.title.replace(' ', '-')}@example.org>"
    mail.set_content(brief.text)
    return mail


def feed(briefs: list[Brief]) -> bytes:
    entries = "".join(
        f"<item><title>{each.title}</title><guid>{number}</guid><pubDate>{each.date}</pubDate>"
        f"<description>{each.text}</description></item>"
        for number, each in enumerate(briefs)
    )
    return f'<rss version="2.0"><channel><title>{MONITOR}</title>{entries}</channel></rss>'.encode()


def atom(briefs: list[Brief]) -> bytes:
    entries = "".join(
        f"<entry><id>{number}</id><title>{each.title}</title><updated>{each.date}</updated>"
        f'<content type="text">{each.text}</content></entry>'
        for number, each in enumerate(briefs)
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{MONITOR}</title><id>f</id>{entries}</feed>'
    ).encode()


def rows(briefs: list[Brief], between: str) -> bytes:
    lines = [
        ("title", "publisher", "date", "text"),
        *((b.title, b.publisher, b.date, b.text) for b in briefs),
    ]
    return "\n".join(between.join(line) for line in lines).encode()


def sheet(briefs: list[Brief]) -> bytes:
    workbook, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows(briefs, "\t").decode().split("\n"):
        workbook.active.append(row.split("\t"))
    workbook.save(file)
    return file.getvalue()


def record(brief: Brief) -> dict[str, str]:
    return {
        "id": brief.title,
        **{name: getattr(brief, name) for name in ("title", "publisher", "date", "text")},
    }


def packed(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def mailbox_of(briefs: list[Brief], path: Path) -> None:
    box = mailbox.mbox(path)
    for each in briefs:
        box.add(message(each))
    box.close()


# ---------------------------------------------------------------- where they lie


def write(folder: Path) -> None:
    """Write 44 good files and 6 broken ones into a folder, ten of them in a folder of it."""
    notes = folder / "field notes"
    notes.mkdir(parents=True)
    written: list[tuple[Path, str, list[Brief], Callable[[Brief], bytes]]] = [
        (notes, "txt", NOTES, text),
        (folder, "md", MARKDOWN, markdown),
        (folder, "html", PAGES, page),
        (folder, "pdf", REPORTS, pdf),
        (folder, "docx", LETTERS, word),
        (folder, "odt", BOOKS, open_document),
        (folder, "rtf", RICH, rich),
        (folder, "epub", NOVELS, book),
        (folder, "eml", MAILS, lambda brief: message(brief).as_bytes()),
    ]
    for place, ending, briefs, writer in written:
        for brief in briefs:
            (place / f"{brief.title}.{ending}").write_bytes(writer(brief))
    mailbox_of(MAILBOX, folder / "letters.mbox")
    for name, data in {
        "monitor.rss": feed(NEWS),
        "monitor.atom": atom(ATOM),
        "metals.xlsx": sheet(SHEET),
        "towns.csv": rows(TABLE, ","),
        "prices.tsv": rows(TABS, "\t"),
        "prisons.json": json.dumps([record(each) for each in RECORDS]).encode(),
        "crops.jsonl": b"".join(json.dumps(record(each)).encode() + b"\n" for each in LINES),
        "archive.zip": packed({f"{each.title}.txt": text(each) for each in PACKED}),
    }.items():
        (folder / name).write_bytes(data)
    write_broken(folder)


BROKEN = {
    "truncated.pdf": "damaged",
    "photo.docx": "is a PNG image",
    "nothing.txt": "is empty",
    "bomb.zip": "as ZIP bombs do",
    "korean.txt": "not UTF-8",
    "upwards.zip": "leads out of its archive",
}  # and what is said of each


def write_broken(folder: Path) -> None:
    shutil.copy(FORMATS / "pdf" / "files" / "truncated.pdf", folder)
    (folder / "photo.docx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "nothing.txt").touch()
    (folder / "bomb.zip").write_bytes(packed({"bomb.txt": b"0" * 12_000_000}))
    (folder / "korean.txt").write_bytes("쌀.".encode("cp949"))  # too short to tell its encoding
    (folder / "upwards.zip").write_bytes(packed({"../../up.txt": b"I lead out."}))
