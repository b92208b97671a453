"""Twelve documents of eight formats and more, and forty quotes of them that are hard to hand on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qa.quoting.bibliography.pandoc import run_pandoc
from qa.report.contents import entry_of
from qa.schema import Asked, DossierEntry, Filters, Quote

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

# By file: its sentences, each a paragraph of its own. Each is quoted.
TEXTS: dict[str, list[str]] = {
    "harbour.txt": [
        'The clerk wrote "closed until further notice" on 5 * 3 slips -- and left.',
        "Rates  rose   by 4% in _May_ & #7 of {2008}; the $5 fee stayed ~ the same ^ as before.",
        "The path is C:\\docs\\may\\x_y and the mark `code` | cell <b>bold</b> [x](y).",
        "The harbour master did not open the gate on Tuesday, although the tide was high.",
    ],
    "minutes.md": [
        "The committee met on 4 April 2008 and did not approve the budget.",
        "Two members were absent from the vote, which was taken by a show of hands.",
        "No decision may be published before the minister has signed the record.",
    ],
    "report.docx": [
        "The factory in Hoeryong was stripped of its metal by workers who were not paid.",
        "An inspector counted 1,200 tons of scrap at the station in March.",
        "The manager said that “the machines will never run again” and left the room.",
        "Nobody was arrested except the night guard, who denied everything.",
    ],
    "survey.odt": [
        "Of those asked, 62 percent had bought rice at the market within a week.",
        "Prices doubled between June and August, the survey found.",
        "The authors could not rule out that some answers were given under pressure.",
    ],
    "page.html": [
        "The ferry left Wonsan at dawn with 240 passengers on board.",
        "It’s the owner’s view that the ’90s were “the worst of years” — nothing less.",
        "The company denies that any of its ships carried coal to the south.",
    ],
    "letter.eml": [
        "I have never received the second payment that your office promised us.",
        "Please do not send the samples by rail, for the line is closed until autumn.",
        "The director will travel to Pyongyang in the first week of May.",
    ],
    "book.epub": [
        "The old road runs along the river for eleven miles before it turns north.",
        "Travellers were told that the bridge might fall, and most of them crossed it.",
        "There was no inn in the valley and hardly any bread.",
    ],
    "table.csv": [
        "The mine at Musan reported no accident in the second quarter of the year.",
        "Output fell by a third because the pumps had failed twice.",
        "The union did not agree to longer shifts underground.",
    ],
    "records.jsonl": [
        "The court found that the contract was void from the beginning.",
        "Neither party had signed the last page of the agreement.",
        "The claimant must pay the costs of both sides, the judge ruled.",
        "An appeal may be lodged within thirty days of this judgment.",
    ],
    "paper.pdf": [
        "The sample was kept at four degrees for nine days before it was opened.",
        "No trace of the compound was found in any of the controls.",
        "The effect was larger in the second group than in the first.",
        "Three jars were lost in transit, and their labels with them.",
    ],
    "korean.txt": [
        "회령의 공장은 3월에 고철을 내다 팔기 위하여 완전히 해체되었다.",
        "그는 “기계는 다시 돌아가지 않을 것이다”라고 말하고 방을 나갔다.",
        "주민들은 아직 배급을 받지 못하고 있다고 소식통이 전했다.",
    ],
    "chinese.html": [
        "会宁的工厂在三月被拆除，废铁卖给了外国商人。",
        "经理说：“机器再也不会运转了”，然后离开了房间。",
        "居民们还没有领到粮食，消息人士这样说。",
    ],
}
# In what words each of twenty quotes is altered, and what they are altered to.
ALTERED = (
    ("did not open the gate", "did open the gate"),  # a dropped “not”
    ("did not approve", "did now approve"),  # one letter
    ("kept at four degrees for nine days", "kept at four degrees for nine hours"),
    ("Two members were absent", "Two members were present"),
    ("No decision may be", "A decision may be"),
    ("who were not paid", "who were paid"),
    ("1,200 tons", "1,300 tons"),
    ("except the night guard", "and the night guard"),
    ("62 percent", "26 percent"),  # digits swapped
    ("between June and August", "between June and October"),
    ("could not rule out", "could rule out"),
    ("240 passengers on", "240 passengers and crew on"),  # words put in
    ("denies that any", "denies that all"),
    ("never received", "received"),
    ("Please do not send", "Please do send"),
    ("in the first week of May", "in the last week of May"),
    ("eleven miles", "eleven kilometres"),
    ("might fall", "would fall"),
    ("reported no accident", "reported an accident"),
    ("because the pumps had failed twice", "because the pumps had failed"),  # words left out
)
DATES = {"report.docx": "2008-04-04", "minutes.md": "2008-04"}


def write_documents(folder: Path) -> None:
    """Write the twelve files."""
    folder.mkdir(exist_ok=True)
    for name, sentences in TEXTS.items():
        (folder / name).write_bytes(_file(name, sentences))


def _file(name: str, sentences: list[str]) -> bytes:
    stem, _, form = name.partition(".")
    title = f"On the {stem} of 2008"
    text = "\n\n".join([title, *sentences]) + "\n"
    if form in ("txt", "md"):
        return (f"# {text}" if form == "md" else text).encode()
    if form == "eml":
        head = f"From: Ada Smith <ada@example.org>\nTo: b@example.org\nSubject: {title}\n"
        date = "Date: Fri, 4 Apr 2008 09:30:00 +0000\n"
        return f"{head}{date}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()
    if form == "csv":
        rows = "".join(f'{stem} {at},"{sentence}"\n' for at, sentence in enumerate(sentences, 1))
        return f"title,text\n{rows}".encode()
    if form == "jsonl":
        lines = (
            {"_id": f"{stem}-{at}", "title": f"{stem} {at}", "text": sentence}
            for at, sentence in enumerate(sentences, 1)
        )
        return "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    if form == "pdf":
        return _pdf(title, sentences)
    if form == "html":
        paragraphs = "".join(f"<p>{sentence}</p>" for sentence in sentences)
        page = f"<html><head><meta charset=utf-8><title>{title}</title></head><body><article>"
        return f"{page}<h1>{title}</h1>{paragraphs}</article></body></html>".encode()
    blocks = [{"t": "Para", "c": [{"t": "Str", "c": sentence}]} for sentence in sentences]
    meta = {"title": {"t": "MetaInlines", "c": [{"t": "Str", "c": title}]}}
    tree = {"pandoc-api-version": [1, 23, 1], "meta": meta, "blocks": blocks}
    return run_pandoc(
        ("--from=json", f"--to={form}", "--standalone", "--output=-"), json.dumps(tree).encode()
    )


def _pdf(title: str, sentences: list[str]) -> bytes:
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    data = BytesIO()
    canvas = Canvas(data)
    for at, line in enumerate([title, *sentences]):
        canvas.drawString(72, 760 - 30 * at, line)
    canvas.save()
    return data.getvalue()


def quotes(corpus: Corpus) -> list[Quote]:
    """Return the forty quotes, in order of the files."""
    documents = [corpus.document(info.id) for info in corpus.documents()]
    found = []
    for sentences in TEXTS.values():
        for sentence in sentences:
            document = next(each for each in documents if sentence in each.text)
            start = document.text.index(sentence)
            found.append(Quote(document, start, start + len(sentence)))
    return found


def fill(corpus: Corpus, name: str) -> str:
    """Make a dossier of the quotes, with headings, notes and questions; return its id."""
    asked = Asked("What happened to the “machines of Hoeryong”?", filters=Filters(publisher=("IFES",)))
    entries: list[DossierEntry] = []
    for at, quote in enumerate(quotes(corpus)):
        if at % 10 == 0:
            entries.append(DossierEntry("heading", f"Finding {at // 10 + 1}: *stars* & _lines_"))
            entries.append(DossierEntry("note", "This is *my* view -- not the documents’.\n\nAnd this, too."))
        entries.append(entry_of(quote, asked if at % 3 == 0 else None))
    nothing = Asked('Who said "the talks will surely resume in May"?', "none")
    entries.append(DossierEntry("question", asked=nothing))
    made = corpus.desk.dossiers.create(name)
    corpus.desk.dossiers.add(made.id, entries)
    return made.id
