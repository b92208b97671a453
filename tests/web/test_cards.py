"""What a card says, without a browser."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest

from qa.errors import VerbatimError
from qa.schema import Answer, Document, Filters, Quote, Signals, Span
from qa.web.cards import Numbers, answer_card, quote_block
from qa.web.cards import text as html_of
from tests.qa.briefs import BRIEF, quote, reader

SIGNALS = Signals(1.5, 1.5, 2.5, 2.0, 0.25, 3.0, 0.5, 0.75, 0.6667, 1.0, 0.0)


@pytest.mark.parametrize(
    ("confidence", "outcome", "said"),
    [
        (0.83, "answered", "likely answered: 83&nbsp;%<"),
        (
            0.31,
            "weak",
            "are 31&nbsp;% likely to answer: too little for “more often”.",
        ),
    ],
)
def test_a_card_says_how_sure_it_is_and_what_would_have_done(confidence, outcome, said):
    quotes = (quote(BRIEF, "In response", "useless.", 1),)
    answer = Answer("Who?", "Who?", outcome, confidence, 0.55, SIGNALS, quotes, searched=1, strictness=0.8)
    assert said in answer_card(answer, reader(BRIEF))
    card = answer_card(replace(answer, calibrated=False), reader(BRIEF))
    assert "likely answered: unknown<" in card
    assert "%" not in card


def test_words_of_earlier_questions_are_shown_and_can_be_taken_away():
    answer = Answer("When?", "When? (copper)", "none", carried=("copper",))
    card = answer_card(answer, reader(BRIEF))
    assert "Understood as: When? (copper) <a" in card  # kept before the earlier questions were
    read_with = replace(answer, read_with=("Where was <copper> seized?", "By whom?"))
    assert "Read together with “Where was &lt;copper&gt; seized?” and “By whom?” <a" in answer_card(
        read_with, reader(BRIEF)
    )
    assert '<a class="ignore-history" href="#history=ignore">Ask without the earlier questions</a>' in card
    assert "ignore-history" not in answer_card(replace(answer, carried=()), reader(BRIEF))


def test_figures_that_differ_are_compared_above_the_quotes_with_links_to_them():
    one = Document("a.txt", "61 people died.", title="A <b> toll")
    other = Document(
        "b.txt", "In all, 58 died.", title="T" * 111, publisher="Gazette", date=dt.date(2008, 4, 4)
    )
    quotes = (quote(one, "61", "died.", 1, ("61",)), quote(other, "In all", "died.", 2, ("58",)))
    answer = Answer("How many people died?", "How many people died?", "answered", quotes=quotes)
    card = answer_card(answer, reader(one, other))
    table = card[card.index('<table class="differing">') : card.index("</table>")]
    assert card.index("</table>") < card.index("<blockquote")
    assert "Different figures" in table
    assert re.findall(r'<th scope="row">(.*?)</th>', table) == ["61", "58"]
    assert re.findall(r'<td class="date">(.*?)</td>', table) == ["no date", "4 April 2008"]
    links = re.findall(r'<a class="cite" href="([^"]*)">', card)
    assert links[:2] == links[2:]
    assert "A &lt;b&gt; toll" in table
    assert f'class="title long" title="{"T" * 111}">{"T" * 111}<' in table


def test_what_is_only_near_an_answer_is_folded_below_it_with_its_name_and_checked():
    first, near = (Quote(BRIEF, at, at + 40, number=number) for number, at in enumerate((0, 60), 1))
    answer = Answer("Who?", "Who?", "answered", 0.9, 0.5, quotes=(first,), nearest=(near,), searched=1)
    card = answer_card(answer, reader(BRIEF))
    _, _, folded = card.partition('<details class="more nearest"><summary>Nearest passages</summary>')
    assert folded.startswith('<section class="card"><blockquote')
    assert "[2]" in folded
    with pytest.raises(VerbatimError):
        answer_card(answer, reader(replace(BRIEF, text=BRIEF.text[:50] + BRIEF.text[50:].upper())))
    numbers = Numbers()
    numbers.take("x", 7)
    assert [each.number for each in numbers.number(answer).nearest] == [9]


def test_a_note_of_a_card_names_no_option_of_the_terminal():
    answer = Answer("Who?", "Who?", "none", notes=("It knows English. Name another with --reader.",))
    assert '<p class="note">It knows English.</p>' in answer_card(answer, reader(BRIEF))


def test_what_is_not_in_the_corpus_says_where_was_looked():
    filters = Filters(since=dt.date(2008, 1, 1), publisher="IFES")
    card = answer_card(Answer("Who?", "Who?", "none", filters=filters, searched=2), reader(BRIEF))
    assert (
        "<h2>No answer found in the 2 documents searched (since 1 January 2008, publisher IFES)</h2>" in card
    )
    card = answer_card(Answer("Who?", "Who?", "none", searched=2), reader(BRIEF))
    assert "<h2>No answer found in the 2 documents searched</h2>" in card
    filters = Filters(document=("a.txt",), language="ko")
    none = Answer("Who?", "Who?", "none", filters=filters, searched=1)
    card = answer_card(none, reader(BRIEF), titles={"a.txt": "A <visit>"})
    assert "in the document searched (language Korean, document “A &lt;visit&gt;”)<" in card


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "The **copper** was `sold` by [the mill](https://mill.example/a_b).",
            "The copper was sold by the mill.",
        ),
        ("> It rose by 2 * 3 = 6 points*", "It rose by 2 * 3 = 6 points*"),
        ("Ends within ***both kinds*** of_emphasis_", "Ends within both kinds of_emphasis_"),
        ("It cost 5\\* a day.", "It cost 5* a day."),
    ],
)
@pytest.mark.parametrize("emphasis", [(), (4, 14), (0, 17)])
def test_markdowns_marks_stand_in_the_card_and_are_not_shown(written, shown, emphasis):
    document = replace(BRIEF, text=f"First. {written} Last.", format="markdown")
    spans = (Span(7 + emphasis[0], 7 + emphasis[1]),) if emphasis else ()
    html = quote_block(Quote(document, 7, 7 + len(written), 1.0, 1, spans), reader(document))
    assert "".join(re.sub(r'<span class="markup">.*?</span>|<[^>]+>', "", html)) == html_of(shown)
    assert re.sub(r"<[^>]+>", "", html) == html_of(written)
    plain = replace(document, format="text")
    assert "markup" not in quote_block(Quote(plain, 7, 7 + len(written), 1.0, 1, spans), reader(plain))


@pytest.mark.parametrize(
    ("written", "hidden"),
    [
        ("- Grain came late.", 1),
        ("* Grain *came* late.", 3),
        ("- Grain came.\n- It was sold.", 0),
        ("-5 degrees.", 0),
    ],
)
def test_the_bullet_of_a_single_item_is_not_shown(written, hidden):
    document = replace(BRIEF, text=f"First.\n\n{written}\n\nLast.", format="markdown")
    html = quote_block(Quote(document, 8, 8 + len(written), 1.0, 1), reader(document))
    assert html.count('class="markup"') == hidden
    assert re.sub(r"<[^>]+>", "", html) == html_of(written)
