from __future__ import annotations

import datetime as dt
import json
import random
import re
import unicodedata
from itertools import combinations, permutations
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Corpus
from qa.asking import copies, exact
from qa.asking.copies import Copies
from qa.document.segment import passages
from qa.document.similarity import RUNS, body_words, contained, differ, similarity
from qa.quoting import render
from qa.schema import EVERYTHING, Answer, Document, Filters, Quote, Span
from qa.text.question import ParsedQuestion
from qa.web.cards import quote_card
from tests.qa.asking.casualties import CASES, CAUSE, form, retold, short_note
from tests.qa.briefs import reader
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.qa.asking.casualties import Case


def _edited(text: str, share: float) -> str:
    """The text with a share of its words replaced by others, figures left alone."""
    drawn = random.Random(7)
    return " ".join(
        f"edited{drawn.random()}".replace(".", "") if drawn.random() < share and word.isalpha() else word
        for word in text.split(" ")
    )


def test_an_edited_a_cut_and_a_framed_story_are_copies(brief: Path) -> None:
    story = brief.read_text(encoding="utf-8")
    whole = body_words(story)
    assert similarity(whole, whole) == 1
    framed = body_words(f"Another headline\nThe Daily Outlet, from our agencies\n\n{story}\n\nRead more.")
    assert similarity(whole, framed) == 1
    assert similarity(whole, body_words(_edited(story, 0.05))) > RUNS
    assert similarity(whole, whole[: len(whole) // 2]) == 1
    assert similarity(whole, body_words(_edited(story, 0.3))) == 0


def test_an_excerpt_and_a_digest_are_no_copies(brief: Path) -> None:
    whole = body_words(brief.read_text(encoding="utf-8"))
    assert similarity(whole, whole[: len(whole) // 4]) == 0
    assert similarity(whole, [*whole, *body_words(words(1, 3 * len(whole)))]) == 0


_FORM = """Weekly prices, week {week}. Rice was sold at {rice} won a kilogram in Hyesan, the dollar at
{dollar} won.

The prices are gathered by our correspondents at the general markets of the towns named, on the morning of
the Friday, from traders in each place, and are given as the median of what they asked. Prices asked of
foreigners and of enterprises are left out. A kilogram is that of the market, which is weighed with the sack.
The won is that of the state bank, and the exchange is that of the street. Readers who wish to use these
figures are asked to name the bulletin and the week. Past bulletins can be had from the editors on request.
"""


def _weekly(week: int) -> str:
    return _FORM.format(week=week, rice=1000 + 37 * week, dollar=3000 + 11 * week)


def test_the_same_form_with_other_figures_is_no_copy() -> None:
    one, other = body_words(_weekly(1)), body_words(_weekly(2))
    assert contained(one, other) > RUNS
    assert similarity(one, other) == 0


def test_a_passage_with_another_figure_repeats_nothing() -> None:
    passage = f"{words(1, 1000)} 1037 won. {words(2, 1000)}"
    other = passage.replace("1037", "1074")
    assert contained(body_words(passage), body_words(other)) > copies.REPEATED
    assert copies.repeats(passage, f"{passage} More.")
    assert not copies.repeats(passage, other)


def test_one_of_three_figures_may_differ_in_a_copy_whatever_the_order() -> None:
    one, other = body_words(f"{words(1)} 1 2 3"), body_words(f"{words(1)} 1 2 4")
    assert similarity(one, other) == similarity(other, one) > RUNS
    assert similarity(body_words(f"{words(1)} 1 2"), body_words(f"{words(1)} 1 3")) == 0
    one, other = body_words(f"{words(1)} 1 2 3"), body_words(f"{words(1)} 1 two three")  # as long
    assert similarity(one, other) == similarity(other, one)


def test_short_texts_are_copies_only_where_they_are_equal() -> None:
    one = body_words("Nothing new was reported from the border this week.")
    assert similarity(one, list(one)) == 1
    assert similarity(one, [*one, "again"]) == 0
    assert similarity([], []) == 0


def test_what_stands_apart_does_not_count() -> None:
    assert body_words("HEAD one two FOOT three", [(13, 17), (0, 4)]) == ["one", "two", "three"]
    assert body_words("one two", [(0, 3), (0, 2)]) == ["two"]


def _copies(corpus: Corpus) -> Mapping[str, Mapping[str, float]]:
    return corpus.store.copies(info.id for info in corpus.documents())


# Variants of three stories, a form filled in twice, and what is short: some are copies of some.
_LONG = {number: words(number) for number in (1, 2, 3)}
_TEXTS = [
    *_LONG.values(),
    *(text.replace("\n\n", " ") for text in _LONG.values()),
    _LONG[1][: len(_LONG[1]) * 2 // 3],
    "A lead of another kind\n\n" + _LONG[2][40:],
    _LONG[3] + words(9, 60),
    _weekly(1),
    _weekly(2),
    "Nothing new.",
    "nothing, new",
]


@pytest.mark.day
@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.integers(0, 7), st.integers(-1, len(_TEXTS) - 1)), max_size=24))
def test_the_pairs_are_those_of_a_library_made_afresh(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    held: dict[str, str] = {}
    with tiny_corpus(folder / "grown") as corpus, tiny_corpus(folder / "fresh") as fresh:
        for place, number in steps:
            name = f"{place}.jsonl"  # records: the same words in two texts would be one document
            if number >= 0:
                held[name] = json.dumps({"_id": str(place), "text": _TEXTS[number]})
                corpus.index(write(folder / "files", name, held[name]))
            elif name in held:
                del held[name]
                corpus.remove([str(place)], withdrawn=False)
                (folder / "files" / name).unlink()
        fresh.index(*(folder / "files" / name for name in sorted(held)))
        pairs = _copies(corpus)
        assert pairs == _copies(fresh)
        assert all(pairs[other][one] == alike for one, its in pairs.items() for other, alike in its.items())


@pytest.mark.slow
def test_of_the_texts_above_some_are_copies_and_some_not(tmp_path: Path) -> None:
    for number, text in enumerate(_TEXTS):
        write(tmp_path / "files", f"{number:02}.jsonl", json.dumps({"_id": f"{number:02}", "text": text}))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "files")
        found = {one: sorted(others) for one, others in _copies(corpus).items()}
    assert found == {
        "00": ["03", "06"],
        "03": ["00", "06"],
        "06": ["00", "03"],
        "01": ["04", "07"],
        "04": ["01", "07"],
        "07": ["01", "04"],
        "02": ["05", "08"],
        "05": ["02", "08"],
        "08": ["02", "05"],
        "11": ["12"],
        "12": ["11"],
    }


# One story in five outlets, among others

_OUTLETS = ("Agency", "Daily North", "Evening Post", "River News", "Weekly Herald")
_WIRE = """Guards at the Kapsan crossing seized eleven lorries of scrap copper on 3 March, two drivers said.

The lorries had come from the closed mine at Komdok, and their papers named a state trading company. The
drivers were held for four days and let go after each had paid 600 yuan.

An official of the province said that “not one bolt” of the mine would leave the country again. Traders in
Hyesan doubt it: the price of copper across the river has doubled since the winter.
"""


def _wire() -> Iterator[dict[str, str]]:
    for number, outlet in enumerate(_OUTLETS):
        yield {
            "_id": f"wire-{number}",
            "title": f"Copper seized at Kapsan ({outlet})",
            "publisher": outlet,
            "date": f"2008-03-{5 + number:02}",
            "text": _WIRE + (f"\nRead more in {outlet}.\n" if number % 2 else ""),
        }


def _other() -> Iterator[dict[str, str]]:
    for week in range(1, 31):
        yield {"_id": f"week-{week}", "title": f"Prices, week {week}", "text": _weekly(week)}


def _indexed(folder: Path, *records: dict[str, str]) -> Corpus:
    folder.mkdir()
    file = folder / "records.jsonl"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    corpus = Corpus.open(folder / "library")
    corpus.index(file)
    return corpus


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with _indexed(tmp_path_factory.mktemp("wire") / "all", *_wire(), *_other()) as corpus:
        yield corpus


_ASKED = "How many lorries were seized at the Kapsan crossing?"


@pytest.mark.models
def test_five_copies_are_one_quote_that_names_the_others(wire: Corpus) -> None:
    answer = wire.ask(_ASKED)
    assert answer.outcome == "answered"
    first = answer.quotes[0]
    assert first.text.startswith("Guards at the Kapsan crossing seized eleven lorries")
    named = {first.document.id, *(copy.document.id for copy in first.copies)}
    assert named == {f"wire-{number}" for number in range(5)}
    assert all(copy.text == first.text for copy in first.copies)
    assert len({quote.document.id for quote in answer.quotes if quote.document.id.startswith("wire")}) == 1
    assert len({passage.document_id for passage in answer.passages}) >= 20


@pytest.mark.models
def test_a_copy_is_not_read_in_the_place_of_something_else(wire: Corpus) -> None:
    answer = wire.ask(_ASKED)
    read = [passage.document_id for passage in answer.passages[: answer.read]]
    assert sum(document.startswith("wire") for document in read) == 1
    assert len(read) >= 3
    assert {f"wire-{number}" for number in range(5)} <= {passage.document_id for passage in answer.passages}


@pytest.mark.models
def test_copies_make_an_answer_no_surer(wire: Corpus, tmp_path: Path) -> None:
    one = next(_wire())
    with _indexed(tmp_path / "one", one, *_other()) as alone:
        assert wire.ask(_ASKED).confidence == pytest.approx(alone.ask(_ASKED).confidence, abs=0.02)
        assert not alone.ask(_ASKED).quotes[0].copies


@pytest.mark.models
def test_a_phrase_in_five_copies_is_quoted_once(wire: Corpus) -> None:
    answer = wire.ask("“not one bolt”")
    assert len(answer.quotes) == 1
    assert len(answer.quotes[0].copies) == 4


@pytest.mark.models
def test_of_the_same_words_the_earliest_is_shown(wire: Corpus) -> None:
    """The outlets have headlines of their own: which is found best says nothing of the day."""
    for outlet in _OUTLETS:
        quote = wire.ask(f"{_ASKED} {outlet}").quotes[0]
        assert quote.document.id == "wire-0"
        assert len(quote.copies) == 4


def _quoted(corpus: Corpus, document_id: str, words: str, emphasised: str) -> Quote:
    document = corpus.document(document_id)
    start = document.text.index(words)
    at = document.text.index(emphasised, start)
    return Quote(document, start, start + len(words), 2.5, 1, (Span(at, at + len(emphasised)),))


_SAID = "Guards at Kapsan in Hamgyŏng said on 3 March 2008 that they had seized eleven lorries of copper."


def _versions(folder: Path, odd: str) -> Corpus:
    """Five outlets' copies of one story, of which the first says something else in its first sentence."""
    records = [
        {
            "_id": f"{number}",
            "title": f"Copper ({_OUTLETS[number]})",
            "date": f"2008-03-{5 + number:02}",
            "text": f"{odd if not number else _SAID} {words(1)}",
        }
        for number in range(5)
    ]
    corpus = tiny_corpus(folder / "library")
    corpus.index(write(folder, "records.jsonl", "\n".join(map(json.dumps, records))))
    return corpus


@pytest.mark.parametrize(
    "odd",
    [
        _SAID.replace("eleven", "twelve"),
        _SAID.replace("eleven", "11"),
        _SAID.replace("had", "had not"),
        _SAID.replace("Kapsan", "Hyesan"),
        _SAID.replace("March", "May"),
        _SAID.replace("copper", "tin"),
        f"It is not true: {_SAID}",
    ],
)
def test_a_copy_that_says_something_else_is_a_quote_of_its_own_after_what_most_say(
    tmp_path: Path, odd: str
) -> None:
    with _versions(tmp_path, odd) as corpus:
        assert len(_copies(corpus)["0"]) == 4
        for found in ("0", "3"):
            text = odd if found == "0" else _SAID
            asked = _quoted(corpus, found, text, "lorries")
            quotes, notes = copies.versions(Copies(corpus.store, EVERYTHING), [asked])
            shown = copies.merged(
                Copies(corpus.store, EVERYTHING), quotes, corpus.store.read(corpus.store.copies(["0"])["0"])
            )
            assert [(quote.text, quote.document.id) for quote in shown] == [(_SAID, "1"), (odd, "0")]
            assert [{copy.document.id for copy in quote.copies} for quote in shown] == [{*"234"}, set()]
            (note,) = notes
            assert note.endswith(": “Copper (Daily North)”, 6 March 2008; “Copper (Agency)”, 5 March 2008.")
            quotes, _ = copies.versions(Copies(corpus.store, EVERYTHING), [asked], agreed=False)
            assert quotes[0] == asked
            both = [_quoted(corpus, "0", odd, "lorries"), _quoted(corpus, "3", _SAID, "lorries")]
            assert copies.versions(Copies(corpus.store, EVERYTHING), both) == ((both[1], both[0]), notes)
            assert copies.versions(Copies(corpus.store, Filters(document=(found,))), [asked]) == (
                (asked,),
                (),
            )


@pytest.mark.parametrize(
    "odd",
    [
        _SAID.replace(" that", "  that").upper(),
        _SAID.replace("Guards", "“Guards,”"),
        f"KAPSAN, 3 March (Agency) — {_SAID}",
        f"SEOUL (Agency) - {_SAID}",
        f"KAPSAN -- {_SAID}",
        unicodedata.normalize("NFD", _SAID),
    ],
)
def test_case_space_quotation_marks_and_a_dateline_make_no_other_version(tmp_path: Path, odd: str) -> None:
    with _versions(tmp_path, odd) as corpus:
        for asked in (_quoted(corpus, "3", _SAID, "lorries"), _quoted(corpus, "0", odd, odd[-6:])):
            assert copies.versions(Copies(corpus.store, EVERYTHING), [asked]) == ((asked,), ())
            (shown,) = copies.merged(Copies(corpus.store, EVERYTHING), [asked])
            assert {place.document.id for place in (shown, *shown.copies)} == {*"01234"}


@pytest.mark.models
@pytest.mark.parametrize(
    ("word", "other"), [("eleven", "12"), ("seized", "never seized"), ("Kapsan", "Komdok")]
)
def test_of_copies_that_differ_what_most_say_is_quoted_first(tmp_path: Path, word: str, other: str) -> None:
    told = "Guards at the Kapsan crossing seized eleven lorries"
    odd = told.replace(word, other)
    records = list(_wire())
    records[0]["text"] = records[0]["text"].replace(told, odd)
    with _indexed(tmp_path / "all", *records, *_other()) as corpus:
        for question in (_ASKED, f"{_ASKED} {_OUTLETS[0]}"):
            answer = corpus.ask(question)
            first, second = answer.quotes
            assert first.text.startswith(told)
            assert {place.document.id for place in (first, *first.copies)} == {
                f"wire-{number}" for number in range(1, 5)
            }
            assert second.text.startswith(odd)
            assert (second.document.id, second.copies) == ("wire-0", ())
            assert "Daily North, 6 March 2008; “Copper seized at Kapsan (Agency)”" in answer.notes[-1]


def test_what_one_publisher_says_at_several_times_is_no_version(tmp_path: Path) -> None:
    said = "The price of rice in Hyesan stayed as it was, and traders said that they expected no change."
    records = [
        {"_id": f"{week}", "publisher": "Bulletin", "text": f"{said} {words(1)}"} for week in range(2, 5)
    ]
    records.append({**records[0], "_id": "1", "text": f"{said.replace('stayed', 'fell')} {words(1)}"})
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "records.jsonl", "\n".join(map(json.dumps, records))))
        assert len(_copies(corpus)["1"]) == 3
        asked = _quoted(corpus, "1", said.replace("stayed", "fell"), "fell")
        assert copies.versions(Copies(corpus.store, EVERYTHING), [asked]) == ((asked,), ())


def test_the_earliest_place_of_a_quote_is_shown_with_its_emphasis(tmp_path: Path) -> None:
    text = "Two men said: “eleven lorries” were seized."
    records = [
        {"_id": "a", "text": text, "date": "2008-03-09"},
        {
            "_id": "b",
            "text": f"Early.\n\n{text}".replace("said: “eleven", 'said:\n"eleven'),
            "date": "2008-03-05",
        },
        {"_id": "c", "text": text, "date": ""},
    ]
    for record in records:
        record["text"] += " " + words(1)
    file = write(tmp_path, "records.jsonl", "\n".join(map(json.dumps, records)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(file)
        quote = _quoted(corpus, "a", text, "eleven lorries")
        (moved,) = copies.merged(Copies(corpus.store, EVERYTHING), [quote])
        (kept,) = copies.merged(Copies(corpus.store, EVERYTHING), [quote], earliest=False)
    assert (moved.document.id, moved.score, moved.text) == (
        "b",
        2.5,
        'Two men said:\n"eleven lorries” were seized.',
    )
    assert [moved.document.text[span.start : span.end] for span in moved.emphasis] == ["eleven lorries"]
    assert [copy.document.id for copy in moved.copies] == ["a", "c"]
    assert (kept.document.id, [copy.document.id for copy in kept.copies]) == ("a", ["b", "c"])


def test_only_copies_that_the_filters_leave_are_named(tmp_path: Path) -> None:
    file = write(tmp_path, "records.jsonl", "\n".join(map(json.dumps, _wire())))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(file)
        for filters, named in [
            (EVERYTHING, {0, 1, 2, 3, 4}),
            (Filters(publisher="Evening Post"), {2}),
            (Filters(until=dt.date(2008, 3, 7)), {0, 1, 2}),
            (Filters(document=("wire-1", "wire-2")), {1, 2}),
        ]:
            found = exact.search(corpus.store, ParsedQuestion("“not one bolt”"), corpus.store.select(filters))
            (quote,) = found.quotes
            assert {place.document.id for place in (quote, *quote.copies)} == {f"wire-{n}" for n in named}


def test_a_sentence_that_a_rewritten_story_keeps_is_one_source_with_it(tmp_path: Path) -> None:
    sentence = "The mill at Komdok was to deliver 40 tons of copper wire."
    records = [
        {"_id": "a", "text": f"{sentence} {words(1)}", "date": "2008-03-09"},
        {"_id": "b", "text": f"{sentence} {words(1)} Read more.", "date": "2008-03-05"},
        {"_id": "new", "text": f"{words(2)} {sentence} Indeed.", "date": "2008-03-01"},
        {"_id": "odd", "text": f"{sentence.replace('40', '45')} {words(3)}", "date": "2008-03-02"},
    ]
    file = write(tmp_path, "records.jsonl", "\n".join(map(json.dumps, records)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(file)
        assert set(_copies(corpus)) == {"a", "b"}
        read = corpus.store.read(each["_id"] for each in records)
        asked = [_quoted(corpus, "a", sentence, "40"), _quoted(corpus, "new", sentence, "40")]
        (one,) = copies.merged(Copies(corpus.store, EVERYTHING), asked, read)
        indeed = _quoted(corpus, "new", "Indeed.", "Indeed")
        odd = {"odd": (Document("odd", "Indeed."), passages(Document("odd", "Indeed.")))}
        (short,) = copies.merged(Copies(corpus.store, EVERYTHING), [indeed], odd)
    assert one.document.id == "b"  # the earliest of the copies: the other story is another context
    assert [place.document.id for place in one.copies] == ["a", "new"]
    assert not short.copies


@pytest.mark.models
def test_every_interface_names_the_copies(wire: Corpus) -> None:
    answer = wire.ask(_ASKED)
    copy = answer.quotes[0].copies[0]
    named = f"“{copy.document.title}”, {copy.document.publisher}, {copy.document.date.day} March 2008"
    text = render.to_text(answer, wire.document)
    assert "\nAlso in: “" in text
    assert named in text
    line = render.to_dict(answer, wire.document)["quotes"][0]
    assert [each["document"] for each in line["copies"]] == [
        each.document.id for each in answer.quotes[0].copies
    ]
    assert line["copies"][0]["date"] == copy.document.date.isoformat()
    card = quote_card(answer.quotes[0], wire.document)
    place = f"{copy.document.sha256}/{copy.start}-{copy.end}"
    assert f'href="#cite={place}&amp;document={copy.document.id}"' in card
    assert "Also in: " in card


@pytest.mark.models
def test_the_same_form_with_other_figures_stays_apart(wire: Corpus) -> None:
    answer = wire.ask("What was the price of rice in Hyesan in week 17?")
    assert answer.quotes[0].document.id == "week-17"
    assert not answer.quotes[0].copies


def test_of_many_copies_some_are_named_and_the_others_counted(tmp_path: Path) -> None:
    records = [{"_id": f"{number:02}", "text": "Nothing new from Komdok."} for number in range(14)]
    file = write(tmp_path, "records.jsonl", "\n".join(map(json.dumps, records)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(file)
        found = exact.search(corpus.store, ParsedQuestion("“new from Komdok”"), corpus.store.select())
    assert len(found.quotes) == 1
    assert len(found.quotes[0].copies) == 13
    shown = Answer("?", "?", "answered", quotes=found.quotes)
    text = render.to_text(shown, reader(*(quote.document for quote in found.quotes)))
    assert text.count("“") == render.NAMED + 1
    assert "; and 3 more.\n" in text


# Notes on different cases that share sentences, and notes on one case

_NOTES = (short_note, form)
_CASE_PAIRS = list(combinations(CASES, 2))


def _noted(folder: Path, note: Callable[[Case], str]) -> Corpus:
    """Index a note on each case, each of its own office, and of each case what another paper made of it."""
    records = [
        {"_id": f"{case.ship}-{outlet}", "title": f"{case.ship} aground", "publisher": outlet, "text": text}
        for case in CASES
        for outlet, text in (
            (f"{case.port} Office", note(case)),
            ("Sea News", retold(note(case), "Sea News")),
        )
    ]
    corpus = tiny_corpus(folder / "library")
    corpus.index(write(folder, "notes.jsonl", "\n".join(map(json.dumps, records))))
    return corpus


@pytest.mark.parametrize("note", _NOTES)
def test_notes_on_different_cases_are_no_copies_and_notes_on_one_are(
    tmp_path: Path, note: Callable[[Case], str]
) -> None:
    assert len(_CASE_PAIRS) >= 30
    with _noted(tmp_path, note) as corpus:
        pairs = {(one, other) for one, others in _copies(corpus).items() for other in others}
    same = {(one, other) for one, other in pairs if one.partition("-")[0] == other.partition("-")[0]}
    assert pairs == same
    assert len(same) == 2 * len(CASES)


@pytest.mark.parametrize("note", _NOTES)
def test_a_sentence_of_notes_on_different_cases_stands_alone(
    tmp_path: Path, note: Callable[[Case], str]
) -> None:
    with _noted(tmp_path, note) as corpus:
        read = corpus.store.read(info.id for info in corpus.documents())
        for case in CASES:
            name = f"{case.ship}-{case.port} Office"
            asked = _quoted(corpus, name, CAUSE, "anchor")
            (shown,) = copies.merged(Copies(corpus.store, EVERYTHING), [asked], read)
            assert {place.document.id for place in (shown, *shown.copies)} == {name, f"{case.ship}-Sea News"}
            quotes, notes = copies.versions(Copies(corpus.store, EVERYTHING), [asked])
            assert (quotes, notes) == ((asked,), ())


@pytest.mark.parametrize("note", _NOTES)
def test_what_two_papers_put_before_and_after_a_story_tells_no_case_apart(
    note: Callable[[Case], str],
) -> None:
    for case in CASES:
        one = f"Harbour Gazette, by Ann Jones\n\n{note(case)}\nWrite to Ann Jones of the Gazette in London."
        other = f"Jim Brown has this for the Weekly Herald.\n\n{note(case)}\nMore in the Herald of 9 March."
        assert not differ(one, other)
        assert not differ(note(case), retold(note(case), "Sea News"))


def test_a_case_is_told_apart_whatever_the_length_of_the_form() -> None:
    for one, other in _CASE_PAIRS:
        long = "The rules of the Board say what is to be done in such a case, and by whom. " * 20
        assert differ(form(one) + long, form(other) + long)


def test_what_was_paired_before_is_told_apart_when_it_is_shown(tmp_path: Path) -> None:
    with _noted(tmp_path, form) as corpus:
        with corpus.store.database.writing() as db:
            numbers = [number for (number,) in db.execute("SELECT serial FROM documents")]
            db.executemany("INSERT OR IGNORE INTO copies VALUES (?, ?, 0.9)", permutations(numbers, 2))
        asked = _quoted(corpus, "Aurora-Rotterdam Office", CAUSE, "anchor")
        (shown,) = copies.merged(Copies(corpus.store, EVERYTHING), [asked])
        assert [copy.document.id for copy in shown.copies] == ["Aurora-Sea News"]


def test_a_passage_on_another_ship_repeats_nothing() -> None:
    rest = words(3, 600)
    one, other = (f"It was the coaster {case.ship}, lost off {case.port}. {rest}" for case in CASES[:2])
    other = other.replace("lost", "lost with Captain Peeters")
    one = one.replace("lost", "lost with Captain Jansen")
    assert contained(body_words(one), body_words(other)) > copies.REPEATED
    assert copies.repeats(one, f"{one} More.")
    assert not copies.repeats(one, other)


def test_a_sentence_that_names_its_case_is_one_source_wherever_it_stands(tmp_path: Path) -> None:
    sentence = "The coaster Aurora was lost off Rotterdam on 3 March in a gale from the west."
    records = [
        {"_id": "note", "text": f"{sentence} {words(1)}"},
        {"_id": "survey", "text": f"Losses of the year. {sentence} {words(2)}"},
    ]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "r.jsonl", "\n".join(map(json.dumps, records))))
        (shown,) = copies.merged(
            Copies(corpus.store, EVERYTHING),
            [_quoted(corpus, "note", sentence, "Aurora")],
            corpus.store.read(["survey"]),
        )
    assert [copy.document.id for copy in shown.copies] == ["survey"]


def test_a_link_to_a_copy_opens_the_document_that_it_names(tmp_path: Path) -> None:
    records = [
        {"_id": f"{number} & more", "title": f"Copper ({outlet})", "publisher": outlet, "text": _WIRE}
        for number, outlet in enumerate(_OUTLETS)
    ]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "r.jsonl", "\n".join(map(json.dumps, records))))
        found = exact.search(corpus.store, ParsedQuestion("“not one bolt”"), corpus.store.select())
        (quote,) = found.quotes
        assert len({place.document.sha256 for place in (quote, *quote.copies)}) == 1
        card = quote_card(quote, corpus.document)
        links = re.findall(r'href="(#cite=[^"]*)">([^<]*)', card.replace("&amp;", "&"))
        opened = re.findall(
            r'class="(?:cite|copy)" href="#cite=([^"/]*)/([0-9]*)-([0-9]*)&amp;document=([^"]*)"', card
        )
        assert len(links) == len(opened) == 5
        for place, (sha256, start, end, document) in zip((quote, *quote.copies), opened, strict=True):
            cited = corpus.cited(sha256, unquote(document)).document
            assert cited == place.document
            assert cited.text[int(start) : int(end)] == place.text
