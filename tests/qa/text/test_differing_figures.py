from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import pytest
from rich.console import Console

from qa.quoting import render
from qa.quoting.claims.file import of_text
from qa.schema import Answer, Document, Quote, Span
from qa.text import differing_figures as figures
from qa.text.differing_figures import differing, in_words

DEAD = "How many people died?"
COST = "What was the price of it?"


def answer(question: str, *texts: str, outcome: str = "answered", documents: int = 9) -> Answer:
    """An answer that quotes each text, with the words in [brackets] emphasised."""
    quotes = []
    for number, marked in enumerate(texts):
        start, end = marked.index("["), marked.index("]") - 1
        text = marked.replace("[", "").replace("]", "")
        name = f"{number % documents}.txt"
        document = Document(name, text, title="txt", publisher=name)
        quotes.append(Quote(document, 0, len(text), 1.0, number + 1, (Span(start, end),)))
    return Answer(question, question, outcome, quotes=tuple(quotes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "texts", "told"),
    [
        (
            DEAD,
            ("[61] people died.", "The flood killed [58].", "[61] died."),
            "Different figures: 61 [1] [3], 58 [2]",
        ),
        (DEAD, ("[Sixty-one people] died.", "[61 people] died."), ""),
        (DEAD, ("[Three hundred and twelve] died.", "[312] died."), ""),
        (DEAD, ("[1.2 million] died.", "[1,200,000] died."), ""),
        (DEAD, ("About [60] died.", "[61] died."), ""),
        (DEAD, ("About [60] died.", "[91] died."), "Different figures: 60 [1], 91 [2]"),
        ("What was the price of it?", ("[$40] a head.", "[€35] a head."), ""),
        ("What was the price of it?", ("It cost [40 dollars].", "It took [9 hours]."), ""),
        (DEAD, ("[Between 50 and 60] died.", "[91] died."), ""),
        (
            "When did it sink?",
            ("On [4 April 2008].", "On [April 5]."),
            "Different dates: 4 April 2008 [1], April 5 [2]",
        ),
        (DEAD, ("[61] died.", "[58 people] died."), "Different figures: 61 [1], 58 [2]"),
        (
            "How much rose it?",
            ("By [61]%.", "By [58 per cent]."),
            "Different figures: 61% [1], 58 per cent [2]",
        ),
        ("How much was it?", ("[3 million] dollars.", "[4 tons]."), ""),
        ("When did it sink?", ("On [4 April 2008].", "In [April]."), ""),
        ("When did it sink?", ("In [2008].", "In [May 2007]."), "Different dates: 2008 [1], May 2007 [2]"),
        ("When did it sink?", ("On [Tuesday].", "In [May 2007]."), ""),
        ("When did it sink?", ("[Separately], at night.", "In [May 2007]."), ""),
        ("When will it sink?", ("It [may] never sink.", "In [June 2007]."), ""),
        (
            "When did it sink?",
            ("In [Sept. 2007].", "In [May 2007]."),
            "Different dates: Sept. 2007 [1], May 2007 [2]",
        ),
        ("What was the price of it?", ("It cost [$5m].", "It cost [$5 million]."), ""),
        (
            "What was the price of it?",
            ("It cost [$5m].", "It cost [$6bn]."),
            "Different figures: $5m [1], $6bn [2]",
        ),
        (DEAD, ("[2] million people died.", "[2,000,000] people died."), ""),
        (DEAD, ("[two dozen] died.", "[24] died."), ""),
        (DEAD, ("[1.200] people died.", "[1,200] people died."), ""),
        (COST, ("It cost [€2 milliard].", "It cost [€2 bn]."), ""),
        (
            COST,
            ("For [€2 milliards].", "For [€3bn]."),
            "Different figures: €2 milliards [1], €3bn [2]",
        ),
        (COST, ("It cost [€4 mn].", "It cost [€4 mln]."), ""),
        (COST, ("It cost [€4 mrd].", "It cost [€4,000,000,000]."), ""),
        (COST, ("It cost [₹1.2 lakh].", "It cost [₹1,20,000]."), ""),
        (
            COST,
            ("For [₹2 crore].", "For [₹3 crores]."),
            "Different figures: ₹2 crore [1], ₹3 crores [2]",
        ),
        (COST, ("It cost [₹1.2 lakh crore].", "It cost [₹1.2 trillion]."), ""),
        (COST, ("It cost [$5 thousand million].", "It cost [$5 billion]."), ""),
        (DEAD, ("[Two lakh] people died.", "[200,000] people died."), ""),
        (DEAD, ("[Twelve crores] saw it.", "[120 million] saw it."), ""),
        # Money is not measured in metres.
        (COST, ("It cost [$5 m].", "It cost [$5 million]."), ""),
        (COST, ("It cost [$5 m].", "It cost [$6 million]."), "Different figures: $5 m [1], $6 million [2]"),
        # What may be two things is neither: metres or millions; crore or credit.
        ("How deep is it?", ("It is [5 m] deep.", "It is [5 million] deep."), ""),
        (DEAD, ("[5 m] people died.", "[5 million] people died."), ""),
        (DEAD, ("[5 m] people died.", "[6 million] people died."), ""),
        (COST, ("It cost [5 cr].", "It cost [6 crore]."), ""),
        (DEAD, ("Of [lakhs of] people none knew.", "[61] died."), ""),
        (DEAD, ("At least [50] died.", "[Sixty-one] died."), ""),
        (DEAD, ("[50 or more] died.", "[Sixty-one] died."), ""),
        (DEAD, ("Between 60 and [70] died.", "[65] died."), ""),
        (DEAD, ("[60] miners died.", "[3] children died."), ""),
        (DEAD, ("[60] dead.", "[40] wounded."), ""),
        ("When did it sink?", ("On 11-[12 September].", "On [11 September]."), ""),
        ("When did it sink?", ("On 11 and [12 September 2001].", "On [11 September]."), ""),
        ("When did it sink?", ("Of [2000 people] none knew.", "In [2001]."), ""),
        ("When did it sink?", ("In fiscal [2008].", "In [2009]."), ""),
        ("Who died?", ("[61] people.", "[58] people."), ""),
    ],
)
def test_figures_of_different_documents_are_compared(
    question: str, texts: tuple[str, ...], told: str
) -> None:
    assert in_words(answer(question, *texts)) == told


def test_the_same_figures_stand_side_by_side() -> None:
    what, compared = figures.compared(answer(DEAD, "[61] people died.", "[58] died.", "[61] died."))
    assert what == "Different figures"
    assert [(figure.words, figure.quote.number) for figure in compared] == [("61", 1), ("61", 3), ("58", 2)]
    assert figures.compared(answer(DEAD, "[61] people died.", "[61] died.")) == ("", ())


@pytest.mark.parametrize("width", [100, 48])
def test_on_a_terminal_and_in_a_file_figures_stand_in_rows_under_each_other(width: int) -> None:
    found = answer(DEAD, "[61] people died.", "[1,058] died.")
    (one, other), titles = (
        found.quotes,
        ("The loss, as “the Herald” has it on the whole of its page", "A toll"),
    )
    quotes = tuple(
        replace(quote, document=replace(quote.document, title=title, publisher="Gazette", date=date))
        for quote, title, date in zip((one, other), titles, (dt.date(2019, 5, 4), None), strict=True)
    )
    found = replace(found, quotes=quotes)
    documents = {quote.document.id: quote.document for quote in quotes}
    text = render.to_text(found, documents.__getitem__)
    assert text.endswith(
        "Different figures:\n"
        f"  61     [1]  4 May 2019  {titles[0]}, Gazette\n"
        "  1,058  [2]  no date     A toll, Gazette\n"
    )
    screen = io.StringIO()
    Console(file=screen, width=width).print(render.to_terminal(found, documents.__getitem__))
    rows = [line.rstrip() for line in screen.getvalue().partition("Different figures:")[2].splitlines()[1:]]
    assert [row.split(None, 1)[0] for row in rows if row[2] != " "] == ["61", "1,058"]
    assert {row.index("[") for row in rows if "[" in row} == {9}
    assert all(row[:14].strip() == "" for row in rows if row[2] == " ")
    for written in (text, screen.getvalue()):  # `verify` takes no row for a quote
        assert [claim.text for claim in of_text(written) if not claim.maybe_title] == [
            "61 people died.",
            "1,058 died.",
        ]


def test_one_document_does_not_differ_from_itself() -> None:
    assert differing(answer(DEAD, "[61] died.", "[58] were found.", documents=1)) == ()


def test_the_nearest_passages_are_no_figures() -> None:
    assert differing(answer(DEAD, "[61] died.", "[58] died.", outcome="weak")) == ()
