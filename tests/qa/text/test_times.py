from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from embeddings.reader import open_reader
from qa import Corpus
from qa.asking.answer import Answerer
from qa.quoting import render
from qa.schema import DatePreference
from qa.text import times
from qa.text.dates import date_in_words, parse_date
from qa.text.question import ParsedQuestion
from qa.web.cards import answer_card

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2009, 5, 13)  # a Wednesday


def _asked(question: str, *earlier: str) -> tuple[str, str, str, str] | None:
    """Kind, first and last day, and the words that said so."""
    found = times.preference(ParsedQuestion(question), [*map(ParsedQuestion, earlier)], TODAY)
    if found is None:
        return None
    words = question[found.words.start : found.words.end] if found.words else ""
    return found.kind, str(found.since or ""), str(found.until or ""), words


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What changed since 2007?", ("event", "2007-01-01", "", "since 2007")),
        ("Who was arrested in March 2008?", ("event", "2008-03-01", "2008-03-31", "in March 2008")),
        ("who was arrested in march, 2008", ("event", "2008-03-01", "2008-03-31", "in march, 2008")),
        ("Who fled between 2006 and 2008?", ("event", "2006-01-01", "2008-12-31", "between 2006 and 2008")),
        (
            "Prices between May and July 2008?",
            ("event", "2008-05-01", "2008-07-31", "between May and July 2008"),
        ),
        (
            "Prices from May 2008 to July 2008?",
            ("event", "2008-05-01", "2008-07-31", "from May 2008 to July 2008"),
        ),
        ("What happened after February 2008?", ("event", "2008-03-01", "", "after February 2008")),
        ("What was sold before 2008?", ("event", "", "2007-12-31", "before 2008")),
        ("What was sold until June 2008?", ("event", "", "2008-06-30", "until June 2008")),
        ("What happened on 4 April 2008?", ("event", "2008-04-04", "2008-04-04", "on 4 April 2008")),
        ("What happened on April 4th, 2008?", ("event", "2008-04-04", "2008-04-04", "on April 4th, 2008")),
        ("Who died in the summer of 2007?", ("event", "2007-06-01", "2007-08-31", "in the summer of 2007")),
        ("What was smuggled in the 1990s?", ("event", "1990-01-01", "1999-12-31", "in the 1990s")),
        ("What did rice cost last year?", ("event", "2008-01-01", "2008-12-31", "last year")),
        ("What was said last month?", ("event", "2009-04-01", "2009-04-30", "last month")),
        ("What was said last week?", ("event", "2009-05-04", "2009-05-10", "last week")),
        ("What was published in April 2008?", ("published", "2008-04-01", "2008-04-30", "in April 2008")),
        ("What do the briefs of 2007 say?", ("published", "2007-01-01", "2007-12-31", "of 2007")),
        ("What do reports from 2007 say?", ("published", "2007-01-01", "2007-12-31", "from 2007")),
        ("What do articles published since 2007 say?", ("published", "2007-01-01", "", "since 2007")),
        ("What does the March 2008 brief say?", ("published", "2008-03-01", "2008-03-31", "March 2008")),
        ("A note dated 4 April 2008?", ("published", "2008-04-04", "2008-04-04", "dated 4 April 2008")),
        ("What is the latest price of rice?", ("latest", "", "", "latest")),
        ("What does the most recent brief say?", ("latest", "", "", "most recent")),
        ("What does the last brief say?", ("latest", "", "", "last")),
        ("In 2008 prices rose, why?", ("event", "2008-01-01", "2008-12-31", "In 2008")),
        ("Who died in 2008 floods?", ("event", "2008-01-01", "2008-12-31", "in 2008")),
        (
            "Why, in 2006 missiles were launched?",
            ("event", "2006-01-01", "2006-12-31", "in 2006"),
        ),
        ("What rose in 2007 or 2008?", ("event", "2007-01-01", "2008-12-31", "in 2007 or 2008")),
        ("What rose in 2008 and 2007?", ("event", "2007-01-01", "2008-12-31", "in 2008 and 2007")),
        (
            "What rose in February 2008 and in March 2008?",
            ("event", "2008-02-01", "2008-03-31", "in February 2008 and in March 2008"),
        ),
        ("What rose in the year 2008?", ("event", "2008-01-01", "2008-12-31", "in the year 2008")),
        ("What rose from 2005-2008?", ("event", "2005-01-01", "2008-12-31", "from 2005-2008")),
        (
            "Who died between 12 and 15 May 2008?",
            ("event", "2008-05-12", "2008-05-15", "between 12 and 15 May 2008"),
        ),
        (
            "Prices between May 2008 and July?",
            ("event", "2008-05-01", "2008-07-31", "between May 2008 and July"),
        ),
        ("What were prices in Q1 2008?", ("event", "2008-01-01", "2008-03-31", "in Q1 2008")),
        ("Rice prices Q4 2008?", ("event", "2008-10-01", "2008-12-31", "Q4 2008")),
        ("What was sold by 2000?", ("event", "", "2000-12-31", "by 2000")),
        ("What do the latest briefs of 2008 say?", ("published", "2008-01-01", "2008-12-31", "of 2008")),
        ("The latest price in March 2008?", ("event", "2008-03-01", "2008-03-31", "in March 2008")),
        (
            "Who fled after 2006 but before 2009?",
            ("event", "2007-01-01", "2008-12-31", "after 2006 but before 2009"),
        ),
        (
            "Who fled after May but before July 2008?",
            ("event", "2008-06-01", "2008-06-30", "after May but before July 2008"),
        ),
        (
            "Who fled before 2009 and after March 2007?",
            ("event", "2007-04-01", "2008-12-31", "before 2009 and after March 2007"),
        ),
        ("Who fled from June 2007 onwards?", ("event", "2007-06-01", "", "from June 2007 onwards")),
        ("Prices from 2007 on?", ("event", "2007-01-01", "", "from 2007 on")),
        ("What was sold from 2007 on the border?", ("event", "2007-01-01", "2007-12-31", "from 2007")),
        ("Prices 2007 onwards?", ("event", "2007-01-01", "", "2007 onwards")),
        ("What was sold in 2007/08?", ("event", "2007-01-01", "2008-12-31", "in 2007/08")),
        ("What was sold in mid-2008?", ("event", "2008-01-01", "2008-12-31", "in mid-2008")),
        ("Rice prices, late 2008?", ("event", "2008-01-01", "2008-12-31", "late 2008")),
        ("What was sold no later than 2007?", ("event", "", "2007-12-31", "no later than 2007")),
        ("What was sold no earlier than 2007?", ("event", "2007-01-01", "", "no earlier than 2007")),
        ("What was said yesterday?", ("event", "2009-05-12", "2009-05-12", "yesterday")),
        ("In the last three months?", ("event", "2009-02-01", "2009-05-13", "In the last three months")),
        ("Who fled two years ago?", ("event", "2007-01-01", "2007-12-31", "two years ago")),
        ("Who fled 17 months ago?", ("event", "2007-12-01", "2007-12-31", "17 months ago")),
        ("Who fled 2 weeks ago?", ("event", "2009-04-29", "2009-04-29", "2 weeks ago")),
        ("2008년 3월에 누가 체포되었나?", ("event", "2008-03-01", "2008-03-31", "2008년 3월")),
        ("2008年3月4日谁被捕?", ("event", "2008-03-04", "2008-03-04", "2008年3月4日")),
        ("2007년 이후 쌀값은?", ("event", "2007-01-01", "", "2007년 이후")),
        ("2008年以前的米价?", ("event", "", "2008-12-31", "2008年以前")),
        ("Who fled not before 2008?", ("event", "2008-01-01", "", "not before 2008")),
        ("Who fled not after 2008?", ("event", "", "2008-12-31", "not after 2008")),
        ("In the years 2006 to 2008?", ("event", "2006-01-01", "2008-12-31", "In the years 2006 to 2008")),
        ("Who fled not in 2008 but in 2007?", ("event", "2007-01-01", "2007-12-31", "in 2007")),
        # Numbers of things, lengths of time, and what is quoted.
        ("Who hired over 2000 North Korean workers?", None),
        ("Who sent food in 2000 metric tons?", None),
        ("Who sold it for 2000 RMB?", None),
        ("Who was guarded by 2000 armed police?", None),
        ("Who paid a fine of 2000 euro?", None),
        ("What rose by 2000 percent?", None),
        ("Who sold rice for 1900 to 2000 won?", None),
        ("What was the last year of the famine?", None),
        ("What changed in recent years?", None),
        ("What happened two years before 2008?", None),
        ('Who wrote "in March 2008" of rice?', None),
        ("Who wrote “rice” in 2008?", ("event", "2008-01-01", "2008-12-31", "in 2008")),
        # No time that orders anything: part of a name, a number, a verb, a month of no year, no such day.
        ("Who came before the 2008 Olympics?", None),
        ("Who led the 2019 deserter home?", None),
        ("Who paid for 2000 tons?", None),
        ("Who paid up to 2,008 won?", None),
        ("How many may march in May?", None),
        ("What happened on 31 February 2008?", None),
        ("Who was last seen?", None),
        ("Who signed contract 08-4-4-1?", None),
    ],
)
def test_a_question_names_a_time(question: str, expected: tuple[str, str, str, str] | None) -> None:
    assert _asked(question) == expected


def test_a_follow_up_keeps_the_time_or_names_its_own() -> None:
    first = "What did rice cost in March 2008?"
    assert _asked("And in Musan?", first) == ("event", "2008-03-01", "2008-03-31", "")
    assert _asked("And in 2009?", first) == ("event", "2009-01-01", "2009-12-31", "in 2009")
    assert _asked("And in April?", first) == ("event", "2008-04-01", "2008-04-30", "in April")
    assert _asked("And the latest?", first) == ("latest", "", "", "latest")
    assert _asked("And there?", first, "And in 2009?") == ("event", "2009-01-01", "2009-12-31", "")
    assert _asked("And in May?", first, "And in 2009?") == ("event", "2009-05-01", "2009-05-31", "in May")


def test_a_follow_up_about_another_time_does_not_keep_the_one_before() -> None:
    first = "What did rice cost in March 2008?"
    for question in ("And since then?", "And what has it cost since?"):
        assert _asked(question, first) == ("event", "2008-03-01", "", "")
    for question in ("And the year before?", "And at any time?", "And the following month?", "And later?"):
        assert _asked(question, first) is None
        assert _asked("And for corn?", first, question) is None
    assert _asked("And before the trial?", first) == ("event", "2008-03-01", "2008-03-31", "")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happened in March 2008?", "What happened?"),
        ("In 1979, during the crisis, what was lost?", "During the crisis, what was lost?"),
        ("in 2008 prices rose, why?", "prices rose, why?"),
        ("Who, in 2007, was fined?", "Who, was fined?"),
        ("Which party won the seat (in 2007)?", "Which party won the seat ()?"),
        ("Which party won in the 2015 UK election?", "Which party won in the UK election?"),
        ("What was lost in the 1950's?", "What was lost?"),
        ("What does the March 2008 brief say?", "What does the brief say?"),
        ("What do articles published since 2007 say?", "What do articles say?"),
        ("What did rice cost in briefs published in April 2007?", "What did rice cost?"),
        ("What was published in April 2007?", "What was published?"),
        ("What changed?", "What changed?"),
    ],
)
def test_a_question_without_its_time_is_a_question(question: str, expected: str) -> None:
    assert times.without(ParsedQuestion(question)) == expected


def test_a_sentence_is_of_a_time_by_what_it_says_or_else_by_its_day() -> None:
    asked = DatePreference("event", dt.date(2007, 1, 1))
    before, since = dt.date(2006, 5, 1), dt.date(2008, 5, 1)
    assert times.is_of(asked, since, "He fled.")
    assert not times.is_of(asked, since, "He fled in 1999.")
    assert not times.is_of(asked, before, "He fled.")
    assert not times.is_of(asked, None, "He fled.")
    assert times.is_of(asked, None, "He fled in 2009.")
    assert not times.is_of(DatePreference("latest"), since, "He fled.")


def test_a_sentence_names_the_very_time_or_one_within_it() -> None:
    asked = DatePreference("event", dt.date(2008, 3, 1), dt.date(2008, 3, 31))
    day = dt.date(2008, 4, 4)
    assert times.names(asked, day, "In March, prices rose.")
    assert not times.names(asked, day, "On 4 March 2008, prices rose.")
    assert not times.names(asked, day, "In 2008, prices rose.")


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("In March, prices rose.", dt.date(2008, 4, 4), ["2008-03-01"]),
        ("In December, prices rose.", dt.date(2008, 4, 4), ["2007-12-01"]),
        ("Prices rose in December 2009.", dt.date(2008, 4, 4), ["2009-12-01"]),
        ("Prices may rise, and men march.", dt.date(2008, 4, 4), []),
        ("In March, prices rose.", None, []),
        ("As of 14 March 2008 and last year.", None, ["2008-03-14"]),
        ("Worse than last year.", dt.date(2008, 4, 4), ["2007-01-01"]),
        ("Yesterday, two weeks ago, last month and last year.", dt.date.min, []),
        ("Next to nothing, this week.", dt.date.max, []),
    ],
)
def test_a_text_speaks_of_times_seen_from_its_own_day(
    text: str, published: dt.date | None, expected: list[str]
) -> None:
    assert [str(first) for first, _ in times.spoken_of(text, published)] == expected


def test_an_event_is_told_of_when_it_happened_or_later_and_never_before() -> None:
    asked = DatePreference("event", dt.date(2008, 3, 1), dt.date(2008, 3, 31))
    told = [
        (dt.date(2010, 1, 1), "In March 2008, prices rose."),
        (dt.date(2008, 4, 4), "Prices rose."),
        (dt.date(2010, 1, 1), "Prices rose."),
        (dt.date(2006, 4, 4), "Prices rose."),
    ]
    fits = times.fits(asked, told)
    assert fits == sorted(fits, reverse=True)
    assert len(set(fits)) == len(told)
    assert fits[-1] == 0
    published = DatePreference("published", dt.date(2008, 3, 1), dt.date(2008, 3, 31))
    assert times.fits(published, told) == [0, 0, 0, 0]
    assert times.fits(published, [(dt.date(2008, 3, 31), "")]) == [1]


def test_what_names_only_other_times_does_not_fit() -> None:
    asked = DatePreference("event", None, dt.date(2008, 1, 31))
    day = dt.date(2008, 2, 10)
    told = [(day, "In February 2008 it fell."), (day, "In 2008 it fell."), (day, "In January 2008 it fell.")]
    assert times.fits(asked, [*told, (day, "It fell.")]) == [0, times._NEWS, 1, times._NEWS]


def test_the_latest_is_what_tells_of_the_newest_time() -> None:
    latest = DatePreference("latest")
    back = (dt.date(2009, 5, 1), "Rice had been 2,050 won in March 2008.")
    news = (dt.date(2009, 2, 1), "Rice cost 1,900 won in January.")
    assert times.fits(latest, [back, news]) == [0, 1]
    assert times.fits(latest, [(back[0], "Rice, 2,050 won in March 2008, cost 1,800 in April."), news]) == [
        1,
        0,
    ]


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("On 12 April it rained.", "2024-04", ["2024-04-12"]),
        ("In May it rained.", "2024-04", ["2023-05-01"]),
        ("In May it rained.", "2024", ["2024-05-01"]),
        ("It rained last month.", "2024-04", ["2024-03-01"]),
        ("It rained two months ago.", "2024-04", ["2024-02-01"]),
        ("It rained last month.", "2024", []),
        ("It rained last year.", "2024", ["2023-01-01"]),
        ("It rained last week, or yesterday, or three days ago.", "2024-04", []),
    ],
)
def test_times_are_counted_from_a_month_only_as_far_as_it_tells(
    text: str, published: str, expected: list[str]
) -> None:
    assert [str(first) for first, _ in times.spoken_of(text, parse_date(published))] == expected


def test_what_is_dated_by_its_month_fits_where_some_of_its_days_do() -> None:
    month = parse_date("2008-03")
    published = DatePreference("published", dt.date(2008, 3, 10), dt.date(2008, 3, 20))
    event = DatePreference("event", dt.date(2008, 3, 10), dt.date(2008, 3, 20))
    assert times.fits(published, [(month, ""), (parse_date("2008-04"), "")]) == [1, 0]
    assert times.fits(event, [(month, "It fell."), (parse_date("2008-02"), "It fell.")]) == [times._NEWS, 0]
    assert times.fits(DatePreference("latest"), [(month, ""), (dt.date(2008, 2, 29), "")]) == [1, 0]


def test_a_bound_names_what_there_is_not() -> None:
    assert times.bound("2024-02", last=True) == dt.date(2024, 2, 29)
    assert times.bound("2024", last=False) == dt.date(2024, 1, 1)
    with pytest.raises(ValueError, match="there is no such month: 2024-13"):
        times.bound("2024-13", last=False)
    with pytest.raises(ValueError, match="there is no such day: 2024-02-30"):
        times.bound("2024-02-30", last=False)


def test_what_fits_comes_first_of_what_answers_about_as_well_and_of_nothing_else() -> None:
    asked = DatePreference("published", dt.date(2008, 1, 1), dt.date(2008, 12, 31))
    old, new = (dt.date(2007, 5, 1), ""), (dt.date(2008, 5, 1), "")
    assert times.setbacks(asked, [2.0, 1.0], [old, new]) == [times.CLOSE, 0]
    assert times.setbacks(asked, [2.0, 2.0 - times.CLOSE - 0.1], [old, new]) == [0, 0]
    assert times.setbacks(asked, [2.0, 1.0], [old, old]) == [0, 0]
    latest = DatePreference("latest")
    assert times.setbacks(latest, [1.0, 2.0, -9.0], [new, old, (dt.date(2009, 1, 1), "")])[0] == 0
    assert times.setbacks(latest, [], []) == []


# A bulletin that appears on the fourth of each month and tells of the month before.
def _bulletins() -> Iterator[dict[str, str]]:
    for year in (2007, 2008):
        for month in range(1, 13):
            date = dt.date(year, month, 4)
            told = date_in_words(date - dt.timedelta(days=5)).split()[1]
            rice = 1000 + 37 * (12 * (year - 2007) + month)
            yield {
                "_id": f"{date:%Y-%m}",
                "title": "Prices at the border",
                "publisher": "Border Market Watch",
                "date": date.isoformat(),
                "text": f"Prices at the border\nBorder Market Watch\n{date_in_words(date)}\n\n"
                f"Rice cost {rice} won a kilogram at the market of Hyesan in {told}, "
                f"traders said. Maize sold for {rice // 3} won.\n\nPatrols along the river stopped "
                f"{3 + month} traders and took their goods.\n",
            }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("times")
    file = folder / "bulletins.jsonl"
    file.write_text("\n".join(map(json.dumps, _bulletins())), encoding="utf-8")
    with Corpus.open(folder / "library") as opened:
        opened.index(file)
        yield opened


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("What did rice cost in Hyesan in March 2008?", "2008-04"),
        ("What did rice cost in Hyesan in June 2007?", "2007-07"),
        ("What did maize sell for in November 2007?", "2007-12"),
        ("What is the latest price of rice in Hyesan?", "2008-12"),
        ("What did rice cost in the most recent brief?", "2008-12"),
        ("What did rice cost in briefs published in April 2007?", "2007-04"),
        ("How many traders were stopped according to the September 2007 bulletin?", "2007-09"),
        ("How many traders were stopped since December 2008?", "2008-12"),
    ],
)
def test_the_time_decides_between_bulletins_that_say_the_same(
    corpus: Corpus, question: str, document: str
) -> None:
    answer = corpus.ask(question)
    assert answer.preference
    assert answer.passages[0].document_id == document
    assert answer.quotes[0].document.id == document


@pytest.mark.models
def test_a_preference_can_be_removed_and_hardly_changes_the_confidence(corpus: Corpus) -> None:
    question = "What is the latest price of rice in Hyesan?"
    with_it, without = corpus.ask(question), corpus.ask(question, dates="ignore")
    assert without.preference is None
    assert without.quotes[0].document.id != "2008-12"
    assert with_it.quotes[0].document.id != without.quotes[0].document.id
    # Which of many passages that say the same are read, and which of them is best, depends on the time.
    assert with_it.outcome == without.outcome
    assert with_it.confidence == pytest.approx(without.confidence, abs=0.05)
    assert with_it.signals
    assert without.signals
    for name in ("lead", "few", "coverage", "fits"):
        assert getattr(with_it.signals, name) == pytest.approx(getattr(without.signals, name)), name
    assert {passage.document_id for passage in with_it.passages} == {
        passage.document_id for passage in without.passages
    }


@pytest.mark.models
def test_a_time_that_no_document_fits_takes_nothing_away(corpus: Corpus) -> None:
    question = "What did rice cost in Hyesan in documents published in 1999?"
    with_it, without = corpus.ask(question), corpus.ask(question, dates="ignore")
    assert with_it.preference
    assert (with_it.quotes, with_it.passages) == (without.quotes, without.passages)


@pytest.mark.models
def test_last_year_is_counted_from_today(corpus: Corpus) -> None:
    answerer = Answerer(corpus.store, open_reader(), today=lambda: dt.date(2008, 12, 31))
    answer = answerer.ask("What did rice cost in Hyesan last year?")
    assert answer.preference
    assert answer.preference.since == dt.date(2007, 1, 1)
    assert answer.quotes[0].document.id in {f"2007-{month:02}" for month in range(1, 13)} | {"2008-01"}


@pytest.mark.models
def test_a_follow_up_is_answered_of_the_time_it_names(corpus: Corpus) -> None:
    history = ["What did rice cost in Hyesan in March 2008?"]
    answer = corpus.ask("And in June 2007?", history)
    assert answer.interpreted_question == "And in June 2007? (rice, cost, Hyesan)"
    assert answer.quotes[0].document.id == "2007-07"
    kept = corpus.ask("And what did maize sell for there?", history)
    assert kept.preference
    assert kept.preference.words is None
    assert kept.quotes[0].document.id == "2008-04"


@pytest.mark.models
def test_every_interface_shows_the_preference(corpus: Corpus) -> None:
    answer = corpus.ask("What did rice cost in Hyesan in March 2008?")
    assert "Events in March 2008 are preferred, as the question says." in render.to_text(
        answer, corpus.document
    )
    assert render.to_dict(answer, corpus.document)["preference"] == {
        "kind": "event",
        "since": "2008-03-01",
        "until": "2008-03-31",
        "words": [29, 42],
    }
    card = answer_card(answer, corpus.document)
    assert "Events in March 2008 are preferred, as the question says." in card.replace("&#32;", " ")
    assert 'class="ignore-dates"' in card
    ignored = corpus.ask(answer.question, dates="ignore")
    assert "preferred" not in render.to_text(ignored, corpus.document) + answer_card(ignored, corpus.document)
    assert render.to_dict(ignored, corpus.document)["preference"] is None


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (dt.date(2008, 1, 1), dt.date(2008, 12, 31), "events in 2008"),
        (dt.date(2008, 1, 1), None, "events since 1 January 2008"),
        (None, dt.date(2008, 1, 1), "events until 1 January 2008"),
        (dt.date(2008, 4, 4), dt.date(2008, 4, 4), "events on 4 April 2008"),
        (dt.date(2006, 1, 1), dt.date(2008, 12, 31), "events from 1 January 2006 to 31 December 2008"),
    ],
)
def test_a_preference_is_said_in_words(since: dt.date | None, until: dt.date | None, said: str) -> None:
    assert times.in_words(DatePreference("event", since, until)) == said
