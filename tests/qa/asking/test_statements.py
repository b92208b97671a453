"""What states something and may be quoted, and what is only a line of a letter, a page or a header."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.asking import statements
from qa.asking.statements import ALL_FIELDS, asked, may_answer
from qa.document.segment import sentences
from qa.schema import Document, Section, Sentence, Span
from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEFORE = "The ministry counted 412 boats in March and said that most of them had no licence.\n\n"

STATES_SOMETHING = [
    "The ferry sank off Bergen on 4 April 2008.",
    "Dear Leader songs were played at the border post.",
    "Dear Daniel, the anchor was dragged for two miles.",
    "Hello Kitty dolls worth 3,000 dollars were seized.",
    "Thank you letters were sent to 412 donors.",
    "Thanks to the new pump, the mine stayed dry.",
    "Regards for safety were low, the inspector wrote.",
    "Sincerely held beliefs were no excuse, the court ruled.",
    "Best prices were paid at the harbour in June.",
    "From May on, no fuel was sold in Hyesan.",
    "From: the north came most of the copper, the rest was local scrap.",
    "To cross the river, smugglers paid 200 yuan.",
    "By June the bridge was open again.",
    "By Tuesday all roads were closed",
    "Date palms were planted along the canal.",
    "The date: 4 April, the place: Hyesan, the dead: six.",
    "Price of rice: 4,200 won a kilo",
    "Rice: 4,200 won",
    "Cause: a dragged anchor",
    "Deaths: 12",
    "Vessel: MV Ada Lovelace",
    "Rice 1200 1300 1400 1500",
    "Hyesan | 412 | 380",
    "Copper - 12 tonnes",
    "- Six boats were lost.",
    "2. The second boat had no licence.",
    "Source: the harbour master said that twelve boats were lost.",
    "Source: customs",
    "Subject: to be decided by the board at its next meeting in May.",
    "Published reports put the number of dead at 61.",
    "Copyright law was changed in 2019.",
    "The company holds the copyright of the map.",
    "Page 3 of the report was left blank.",
    "Read more books, the minister told pupils.",
    "See more than twenty ships in the bay and you know that the strait is closed.",
    "Click beetles destroyed a third of the potatoes.",
    "Follow-up inspections found no leak.",
    "Join us or leave, the rebels told the villagers.",
    "Share prices fell by a tenth.",
    "Subscribers pay 12 dollars a month.",
    "Call the harbour on +47 55 12 34 56 before entering the fairway at night, the notice says.",
    "Six people – four men > 60 and two women – were hurt.",
    "“Why was the sluice open?” she asked.",
    "Exports rose… then they fell to 12 tonnes in 2019.",
    "Fishing was banned .... nobody knew why, or until when.",
    "Kim Chol-su, Ri Yong and four others",
    "Anna Berg (chair)",
    "His e-mail to anna@harbour.example was read out in court.",
    "See http://harbour.example/log for how the crew counted 412 boats in one night.",
    "세관은 고철 6톤을 압수했다.",
    "安全检查没有发现泄漏。",
    "Die Feuerwehr löschte den Brand am Dienstag.",
    "Les douaniers ont saisi douze tonnes de cuivre.",
    "Hi-tech pumps were flown in from Oslo.",
    "Tags on the fish showed that they came from the north.",
    "April 4 was the last day of the strike.",
    "In 2004",
    "Editor Anna Berg was fined 400 kroner.",
    "Home to 412 families, the valley was flooded in May.",
    "Cheers went up when the boat came in.",
    "All rights of way were closed.",
    "Not one of the 12 pumps worked!",
    "Contact with the ship was lost at 3 a.m.",
    "Address to the nation by the president, 4 April 2008: “No one will go hungry.”",
    "Mobile phones were banned.",
    "No. 12 shaft was flooded.",
    "Register of ships now lists 40 vessels.",
    "Return to the main port was delayed by ice.",
    "Return to top form took the team a year",
    "Follow us at once, the guards shouted.",
    "Sign in the window says closed for now.",
    "Register of ships now lists 40 vessels",
    "Donate blood today or lose a day, factory tells workers",
    "Sign up for the war was slow in the north.",
    "Read more of the law, judge tells minister",
    "See all in court next week, the mayor says",
    "Share on the market fell by a tenth",
    "Click on the red key to stop the pump.",
    "Dear leader visits mill",
    "Dear Leader Visits Mill",
    "Hello Kitty goods banned",
    "Hi tech exports rise",
    "Hi tech exports rise again!",
    "Greetings from the north were read out",
    "尊敬的领导访问工厂",
    "Distribution: 40 tonnes of rice to each county",
    "Contact: lost at 3 a.m. off Bergen",
    "Classification: grade 4 of 5",
    "Volume: 40 cubic metres",
    "Share: 12 per cent",
    "Mobile: 412 subscribers",
    "Title: defended for the third time",
    "Language: Korean and Chinese",
    "Published: 412 books in Korean",
    "Sent: 40 tonnes of rice on 4 April 2008",
    "Edition: 5,000 copies",
    "Subject: male, aged 40",
    "Rice\t1200",
    "Hyesan > Kapsan > Samsu",
    "Route: Hyesan → Kapsan → Samsu",
    "<b> 12 pumps </b> > 40 boats > 3 ships",
    "Log in to [IBM Cloud](https://cloud.example/login) and stop the pump",
    "A fine of [400 kroner](https://harbour.example/fines) for [each boat](https://harbour.example/boats)",
]
STATES_NOTHING = [
    "Dear Daniel,",
    "Dear Sir or Madam:",
    "Dear colleagues",
    "Hi all,",
    "Hi Anna!",
    "Hello team,",
    "Good morning everyone,",
    "To whom it may concern:",
    "Sehr geehrte Frau Berg,",
    "Liebe Kolleginnen und Kollegen,",
    "Bonjour à tous,",
    "Chère Madame,",
    "Estimado señor Ruiz:",
    "Уважаемая госпожа Берг!",
    "존경하는 김 선생님,",
    "尊敬的王先生：",
    "Best regards,",
    "Kind regards",
    "With best wishes,",
    "Yours sincerely,",
    "Yours faithfully",
    "Many thanks,",
    "Thanks!",
    "Thanks, Tom",
    "Thank you in advance.",
    "Best, Anna Berg",
    "Regards, Daniel Okafor",
    "Cheers,",
    "Mit freundlichen Grüßen",
    "Cordialement,",
    "Un saludo,",
    "С уважением,",
    "감사합니다.",
    "此致",
    "Published: 4 April 2008",
    "Last updated: 12 May 2021, 14:03",
    "Posted on: 2021-05-12",
    "From: Anna Berg <anna@harbour.example>",
    "Sent: Friday, 4 April 2008 09:12",
    "Cc: desk@harbour.example",
    "**Author:** Anna Berg",
    "Publisher: Northern Seas Institute",
    "Tags: trade, copper",
    "Keywords: anchor; drift; Bergen",
    "Filed under: News",
    "ISSN: 1234-5678",
    "Image credit: Harbour Watch",
    "Contact: desk@harbour.example",
    "Tel: +47 55 12 34 56",
    "+47 55 12 34 56 | desk@harbour.example",
    "www.harbour.example",
    "https://harbour.example/notes/12",
    "[Harbour notes](https://harbour.example/notes)",
    "By Anna Berg",
    "Written by Anna Berg and Daniel Okafor",
    "Reporting by Kim Chol-su",
    "4 April 2008",
    "Friday, 4 April 2008",
    "Seoul, 4 April 2008",
    "Page 3 of 10",
    "- 3 -",
    "17",
    "Introduction ........ 3",
    "3.2 Findings . . . . . 17",
    "© 2021 Northern Seas Institute",
    "Copyright 2021 Northern Seas Institute. All rights reserved.",
    "Read more",
    "Read more: Six boats lost off Bergen",
    "Read more about the strike",
    "See also: Six boats lost off Bergen",
    "Related stories: Six boats lost",
    "Click here to download the log",
    "Follow us on Twitter",
    "Sign up for our weekly newsletter",
    "Subscribe to our e-mail alerts",
    "Share this on Facebook",
    "You may also like these stories",
    "This site uses cookies to improve your experience.",
    "Skip to main content",
    "Back to top",
    "Privacy policy",
    "Home > News > Shipping",
    "Start › Notices › Anchors › 2021",
    "#anchor #drift #bergen",
    "Learn more about the strike.",
    "Learn more about the long strike of the harbour pilots.",
    "* [Order of operation of the pumps on board](https://harbour.example/pumps)",
    "See [Harbour notes](https://harbour.example/notes)",
    "Subscribe now!",
    "Phone: 408-779-2101",
    "Last Modified: Tuesday, 28-Aug-2007 13:13:09 EDT",
    "Related: Price Bulletin 10; First Reports",
    "Press contact: M. Lindqvist, deputy spokesperson",
]
IN_COMPANY = [
    "To: Daniel Okafor; Kim Chol-su",
    "Subject: Anchors",
    "Re: Anchors",
    "Category: Shipping",
    "Photo: Anna Berg / Northern Seas Institute",
    "Contact: desk officer, Dandong",
    "Distribution: members",
]

NAMED = Document(id="x", text="x", title="Anchors adrift", series="Strait Watch", number="12")


def _in_text(line: str, above: str = BEFORE) -> tuple[Document, Sentence]:
    document = Document(id="x", text=f"{above}{line}\n\nThe end came in May.\n")
    return document, Sentence(len(above), len(above) + len(line))


@pytest.mark.parametrize("line", STATES_SOMETHING)
def test_what_states_something_may_be_quoted(line: str) -> None:
    assert may_answer(*_in_text(line), fields=statements.NOTHING)


@pytest.mark.parametrize("line", STATES_NOTHING)
def test_what_states_nothing_may_not(line: str) -> None:
    assert not may_answer(*_in_text(line), fields=statements.NOTHING)


@pytest.mark.parametrize("line", IN_COMPANY)
def test_some_labels_count_beside_other_such_lines_only_for_facts_have_them_too(line: str) -> None:
    assert may_answer(*_in_text(line), fields=statements.NOTHING)
    assert not may_answer(*_in_text(line, f"{BEFORE}From: desk@harbour.example\n"), fields=statements.NOTHING)
    document = Document(id="x", text=f"{BEFORE}{line}\nDate of issue: May 2008\n")
    sentence = Sentence(len(BEFORE), len(BEFORE) + len(line))
    assert not may_answer(document, sentence, statements.NOTHING)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("Published: 4 April 2008", "date"),
        ("4 April 2008", "date"),
        ("By Anna Berg", "author"),
        ("Publisher: Northern Seas Institute", "publisher"),
        ("Author: Anna Berg", "author"),
        ("Ref: NSI/12", "number"),
        ("Tel: +47 55 12 34 56", "contact"),
    ],
)
def test_a_line_that_names_a_field_answers_a_question_for_just_that(line: str, field: str) -> None:
    for each in ALL_FIELDS:
        assert may_answer(*_in_text(line), fields=frozenset({each})) == (each == field)


@pytest.mark.parametrize("line", ["Date: 4 April 2008", "Source: customs", "No.: 12", "By: Anna Berg"])
def test_some_labels_count_on_top_only_for_facts_have_them_too(line: str) -> None:
    assert may_answer(*_in_text(line), fields=statements.NOTHING) == (not line.startswith("By"))
    assert not may_answer(*_in_text(line, "Anchors\n\n"), fields=statements.NOTHING)


def test_a_signature_is_what_stands_below_a_sign_off() -> None:
    text = (
        f"{BEFORE}Best regards,\n\nDaniel Okafor\nSenior analyst, North Desk\nBergen\n\n"
        "The second boat was found in May."
    )
    document = Document(id="x", text=text)
    kept = [each for each in sentences(document) if may_answer(document, each, statements.NOTHING)]
    assert [text[each.start : each.end] for each in kept] == [
        BEFORE.strip(),
        "The second boat was found in May.",
    ]
    role = [each for each in sentences(document) if may_answer(document, each, frozenset({"contact"}))]
    assert "Senior analyst, North Desk" in [text[each.start : each.end] for each in role]


def test_what_is_known_of_a_document_is_no_statement_where_it_stands_alone() -> None:
    text = f"Anchors adrift\n\n{BEFORE}Northern Seas Institute\n\nSTRAIT WATCH 12\n\nAnna Berg\n\nOslo\n"
    document = Document(
        id="x",
        text=text,
        title="Anchors adrift",
        publisher="Northern Seas Institute",
        series="Strait Watch",
        number="12",
        author="Anna Berg",
    )
    kept = [each for each in sentences(document) if may_answer(document, each, statements.NOTHING)]
    assert [text[each.start : each.end] for each in kept] == [BEFORE.strip(), "Oslo"]


@pytest.mark.parametrize("line", ["Daniel", "- Daniel", "OKAFOR", "Anna"])
def test_who_wrote_a_message_signs_it(line: str) -> None:
    text = f"{BEFORE}{line}\n\nThe pumps failed.\n"
    sentence = Sentence(len(BEFORE), len(BEFORE) + len(line))
    messages = (Section(len(text) - 19, len(text), "message", "2 (Anna Berg, 4 April 2008)"),)
    mail = Document(id="x", text=text, author="Daniel Okafor", format="email", sections=messages)
    assert not may_answer(mail, sentence, statements.NOTHING)
    assert may_answer(mail, sentence, frozenset({"author"}))
    assert may_answer(replace(mail, format="text"), sentence, statements.NOTHING)


def test_a_header_line_is_quoted_for_what_it_names() -> None:
    text = "Anchors adrift\nNorthern Seas Institute\nStrait Watch No. 12\n4/4/2008\n\n" + BEFORE
    ends = [len("Anchors adrift"), 38, 58, 67]
    header = tuple(
        Span(start, end) for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)
    )
    document = Document(
        id="x",
        text=text,
        title="Anchors adrift",
        publisher="Northern Seas Institute",
        series="Strait Watch",
        number="12",
        date=dt.date(2008, 4, 4),
        header=header,
    )
    found = {text[each.start : each.end]: each for each in sentences(document)}
    for line, field in [
        ("Anchors adrift", "title"),
        ("Northern Seas Institute", "publisher"),
        ("Strait Watch No. 12", "number"),
        ("4/4/2008", "date"),
    ]:
        allowed = [each for each in ALL_FIELDS if may_answer(document, found[line], frozenset({each}))]
        assert allowed == [field]
        assert not may_answer(document, found[line], statements.NOTHING)


@pytest.mark.parametrize(
    ("line", "field"), [("Ida Norr and Bo Lund", "author"), ("ISSN 2999-1184", "number")]
)
def test_authors_together_and_identifiers_are_recognised(line: str, field: str) -> None:
    document = Document(
        id="x", text=f"{line}\n\n{BEFORE}", author="Ida Norr; Bo Lund", header=(Span(0, len(line)),)
    )
    [found, *_] = sentences(document)
    assert [each for each in ALL_FIELDS if may_answer(document, found, frozenset({each}))] == [field]


def test_a_heading_that_names_a_section_or_asks_is_none() -> None:
    text = (
        f"# Anchors\n\n{BEFORE}## Causes\n\nIt drifted.\n\n## What went wrong with the pumps?\n\nRust.\n\n"
        "## Twelve pumps failed in May\n"
    )
    document = Document(id="x", text=text)
    kept = [each for each in sentences(document) if may_answer(document, each, statements.NOTHING)]
    assert [text[each.start : each.end] for each in kept] == [
        BEFORE.strip(),
        "It drifted.",
        "Rust.",
        "## Twelve pumps failed in May",
    ]


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("date of issue?", {"date"}),
        ("When was this brief published?", {"date"}),
        ("What is the publication date?", {"date"}),
        ("On what day was the report released?", {"date"}),
        ("How old is this document?", {"date"}),
        ("When did it come out?", {"date"}),
        ("Who put this brief out?", {"publisher"}),
        ("Who published the report?", {"publisher"}),
        ("Which institute is behind this paper?", {"publisher"}),
        ("Who issued this bulletin?", {"publisher", "author"}),
        ("Name the publisher.", {"publisher"}),
        ("Who wrote this article?", {"author"}),
        ("Name of the analyst who drafted this brief?", {"author"}),
        ("Who is the author?", {"author"}),
        ("Who sent this e-mail?", {"author", "publisher"}),
        ("What is the serial number of this brief?", {"number"}),
        ("And what is the number of the brief?", {"number"}),
        ("Which series is it?", {"number", "publisher"}),
        ("What's the headline?", {"title"}),
        ("What is this brief about?", {"title"}),
        ("what does the acronym IFES stand for", {"publisher", "author"}),
        ("How do I cite this?", set(ALL_FIELDS)),
        ("Postal address of the institute?", {"contact"}),
        ("What is the phone number of the desk?", {"contact", "number"}),
        ("When was the brief on boats in the strait published?", {"date"}),
        ("Who published Strait Watch?", {"publisher"}),
        ("When was Strait Watch No. 12 published?", {"date"}),
        ("Who wrote “Anchors adrift”?", {"author"}),
    ],
)
def test_a_question_asks_for_fields_of_a_document(question: str, fields: set[str]) -> None:
    assert asked(ParsedQuestion(question), NAMED) == fields


@pytest.mark.parametrize(
    "question",
    [
        "In what year does the brief think trafficking in scrap caught on?",
        "When was that?",
        "When was the order issued?",
        "For how long?",
        "Which news outlet carried the account of the intercepted load?",
        "Who first spotted that the spillway had burst?",
        "How many tonnes were seized?",
        "What number of boats was lost?",
        "Which factory was stripped of its metal?",
        "What date was set for the trial?",
        "Who was arrested?",
        "What do the documents say about copper?",
        "Who was sent to the border?",
        "When did the strike begin according to the report?",
        "When was the law published?",
        "Whose anchors went adrift?",
        "How much did it cost?",
        "Where is the mine?",
    ],
)
def test_most_questions_ask_for_none(question: str) -> None:
    assert asked(ParsedQuestion(question), NAMED) == statements.NOTHING


def test_telling_a_line_takes_no_longer_than_its_length() -> None:
    for hostile in ("a ", "Dear ", "> ", ". ", "the brief ", "[", "a@", "By A ", "+1 ", "\t", "… "):
        document, sentence = _in_text((hostile * 240)[:240])
        start = time.perf_counter()
        for _ in range(20):
            may_answer(document, sentence, statements.NOTHING)
            asked(ParsedQuestion((hostile * 2000)[:2000]), NAMED)
        assert time.perf_counter() - start < 2, hostile


# With the models


def _mail(sender: str, date: str, subject: str, body: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = (
        sender,
        "desk@harbour.example",
        subject,
        date,
    )
    message.set_content(body)
    return bytes(message)


MAILS = {
    "anchor.eml": _mail(
        "Anna Berg <anna@harbour.example>",
        "Fri, 04 Apr 2008 09:12:00 +0200",
        "The Sula and her anchor",
        "Dear Daniel,\n\nThe divers went down on Tuesday. They say that the anchor of the Sula was dragged "
        "for "
        "two miles and cut the cable at the second buoy.\n\nThe harbour office will bill the owner.\n\n"
        "Best regards,\n\nAnna Berg\nSenior inspector, Harbour Watch\nBergen\n",
    ),
    "cable.eml": _mail(
        "Daniel Okafor <daniel@cable.example>",
        "Mon, 07 Apr 2008 11:00:00 +0200",
        "Re: The Sula and her anchor",
        "Hi Anna,\n\nThank you for the quick word. The cable will be mended by the end of May; a ship is on "
        "its way from Rotterdam.\n\nWe reckon with a bill of 400,000 kroner.\n\nMany thanks,\nDaniel\n\n"
        "Daniel Okafor\nHead of repairs\nNorth Cable Company\n+47 55 12 34 56\n",
    ),
}
BRIEF = """Strait Watch No. 12
Northern Seas Institute
Fewer boats in the strait
12 May 2021

The institute counted 412 boats in the strait in April, a third fewer than in March. Skippers said that
fuel had become too dear.

The coast guard turned back six boats without a licence. Their owners were fined 400 kroner each.

© 2021 Northern Seas Institute. All rights reserved.
"""
NOTE = """---
title: Pumps of the Orra mine
date: 2023-09-26
author: Kim Chol-su
publisher: Mine Letter
---

The lower gallery of the Orra mine was flooded in August. Four of the twelve pumps had rusted through.

The company has ordered new pumps from Oslo.
"""
PAGE = """<html><head><title>Copper thefts on the railway</title></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<p>Home &gt; News &gt; Railways</p>
<h1>Copper thefts on the railway</h1><p>By Maria Lind</p><p>Published: 3 June 2022</p>
<p>Thieves cut nine kilometres of copper cable along the railway near Arnfeld in May. Trains stood still for
two days.</p>
<p>The railway company has hired forty guards, and puts the loss at 2 million kroner.</p>
<p>Read more: Six boats lost off Bergen</p><p>Sign up for our weekly newsletter</p>
<p>Contact: desk@railways.example</p></body></html>
"""
QUESTIONS = [
    "What cut the cable?",
    "What did Daniel say about the cable?",
    "Who is Daniel?",
    "Who will be billed?",
    "When will the cable be mended?",
    "What happened in 2023?",
    "When did the pumps break?",
    "When was the gallery flooded?",
    "How many boats did the institute count?",
    "Which institute counted boats?",
    "Who was fined?",
    "Who stole the copper?",
    "When was the copper cut?",
    "What will the company do about thefts?",
    "What did Anna ask Daniel?",
    "Who thanked Anna?",
    "What is going on in Bergen?",
    "What does Maria Lind say?",
]
NO_STATEMENTS = [
    "Dear Daniel",
    "Hi Anna",
    "Best regards",
    "Many thanks",
    "Senior inspector",
    "Head of repairs",
    "North Cable Company\n",
    "+47",
    "Strait Watch No. 12",
    "12 May 2021",
    "Fewer boats in the strait",
    "©",
    "date: 2023",
    "author:",
    "publisher:",
    "title:",
    "Home >",
    "By Maria",
    "Published:",
    "Read more",
    "Sign up",
    "Contact:",
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder: Path = tmp_path_factory.mktemp("letters")
    docs = folder / "docs"
    docs.mkdir()
    for name, data in MAILS.items():
        (docs / name).write_bytes(data)
    for name, text in {"brief.txt": BRIEF, "note.md": NOTE, "page.html": PAGE}.items():
        (docs / name).write_text(text, encoding="utf-8")
    with Corpus.open(folder / "library") as opened:
        report = opened.index(docs)
        assert not [file.error for file in report.files if file.error]
        yield opened


@pytest.mark.models
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_greeting_signature_header_or_boilerplate_is_quoted(corpus: Corpus, question: str) -> None:
    for quote in corpus.ask(question).quotes:
        assert not [each for each in NO_STATEMENTS if each in f"{quote.text}\n"], quote.text
        assert quote.text not in ("Daniel", "Anna Berg", "Bergen", "Daniel Okafor", "Northern Seas Institute")


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What cut the cable of the Sula?", "anchor of the Sula was dragged"),
        ("When will the cable be mended?", "by the end of May"),
        ("How many boats were counted in April?", "412 boats"),
        ("Why was the lower gallery flooded?", "rusted through"),
        ("How much copper cable was cut near Arnfeld?", "nine kilometres"),
        ("When was the brief on boats in the strait published?", "12 May 2021"),
        ("Who published the note on pumps of the Orra mine?", "publisher: Mine Letter"),
        ("What is the number of the brief on boats?", "Strait Watch No. 12"),
        ("What is the date of the note on pumps of the Orra mine?", "date: 2023-09-26"),
        ("Who is the author of the note on pumps of the Orra mine?", "author: Kim Chol-su"),
    ],
)
def test_statements_are_quoted_and_header_lines_where_they_are_asked_for(
    corpus: Corpus, question: str, quoted: str
) -> None:
    answer = corpus.ask(question)
    assert answer.outcome == "answered"
    assert quoted in answer.quotes[0].text
