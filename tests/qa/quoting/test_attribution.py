"""Whom reports say that a quote is from: written by hand, right and wrong, on a small library."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import docx
import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.quoting.claims.file import claims, of_text
from qa.quoting.verify import Verifier, is_work, lines, to_dict
from tests.conftest import ROOT
from tests.qa.quoting import (
    attributions,
    attributions_fifth,
    attributions_fourth,
    attributions_second,
    attributions_third,
)
from tests.qa.quoting.attributions import QUOTES, library, sentences
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.quoting.verify import Verdict

STRAIT = QUOTES["strait"]
ALARMS = ("moved", "distorted")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("attribution")
    with tiny_corpus(folder / "library") as corpus:
        library(corpus, folder)
        yield corpus


def verify(corpus: Corpus, report: str) -> list[Verdict]:
    return [each for each in Verifier(corpus.store).verdicts(of_text(report)) if not is_work(each)]


def said_of(verdict: Verdict) -> str:
    return "".join(words for line in lines(verdict) for words, _ in line)


# At first sight, of each list: precision and recall. Before the grammar the first had .82 and .40.
# First: .95, .88. Second: .89, .64. Third: 1.00, .72. Fourth: .87, .65. Fifth, the last: 1.00, .90.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("listed", "least_recall"),
    [
        (attributions, 1.0),
        (attributions_second, 0.9),
        (attributions_third, 0.9),
        (attributions_fourth, 0.8),
        (attributions_fifth, 0.9),
    ],
    ids=["first", "second", "third", "fourth", "fifth"],
)
def test_a_wrong_source_is_told_and_a_right_one_raises_no_alarm(
    corpus: Corpus, listed, least_recall: float
) -> None:
    honest, dishonest = sentences(listed.HONEST), sentences(listed.DISHONEST)
    assert [report for report in honest if {each.status for each in verify(corpus, report)} & {*ALARMS}] == []
    told = [report for report in dishonest if {each.status for each in verify(corpus, report)} & {*ALARMS}]
    assert len(told) >= least_recall * len(dishonest)


@pytest.mark.parametrize(
    "report",
    [
        "{0}, we read in the {1}.",
        "Citing {1}, the paper says {0}.",
        "{1} revealed that {0}.",
        "{1} disclosed: {0}.",
        "{1} put it so: {0}.",
        "{1} argued that {0}.",
        "{1} warned that {0}.",
        "{1} found that {0}.",
        "{0}, revealed {1}.",
        "{0}, {1} wrote.",
        "Per {1}, {0}.",
        "{1} — {0}",
        "{0} — {1}",
        "{0} ({1}, 12 May 2008).",
        "| {1} | {0} |",
        "{0}[^1]\n\n[^1]: {1}, Kumsan, 12 May 2008.",
        "<p>{0}<a href='#n1'>1</a></p><ol><li id='n1'>{1}, 12 May 2008</li></ol>",
        "<p>{0}<sup><a href='#n1'>1</a></sup></p><ol><li id='n1'>{1}, 2008 <a href='#r1'>back</a></li></ol>",
        "{0}[1]\n\n[1] {1}, 12 May 2008.",  # as notes of Word documents are read
        "<p>{1}:</p><blockquote>{0}</blockquote>",
        "<html><figure><blockquote>{0}</blockquote><figcaption>{1}, 2008</figcaption></figure></html>",
        "<table><tr><th>Source</th><th>Quote</th></tr><tr><td>{1}</td><td><q>{0}</q></td></tr></table>",
    ],
)
@pytest.mark.parametrize("name", ["River Press", "Ferry Notes", "Reuters", "Milo Holt"])
def test_each_form_of_a_wrong_source_is_told_and_the_right_one_is_not(
    corpus: Corpus, report: str, name: str
) -> None:
    quote = STRAIT[1:-1] if "<blockquote>" in report or "<q>" in report else STRAIT
    (verdict,) = verify(corpus, report.format(quote, name))
    assert (verdict.status, verdict.attributed) == ("moved", name)
    assert f"the text names {name}" in said_of(verdict)
    right = {"Milo Holt": "Ada Fell", "Ferry Notes": "Strait Watch"}.get(name, "Harbour Office")
    assert [each.status for each in verify(corpus, report.format(quote, right))] == ["verbatim"]


def test_of_a_source_that_is_in_no_library_that_is_said(corpus: Corpus) -> None:
    (verdict,) = verify(corpus, f"{STRAIT}, wrote the Coastal Times.")
    assert (verdict.status, verdict.attributed, verdict.unlisted) == ("moved", "Coastal Times", True)
    assert "which is not a source in the library" in said_of(verdict)
    assert to_dict([verdict])["quotes"][0]["unlisted"] is True
    (verdict,) = verify(corpus, f"{STRAIT}, wrote the River Press.")
    assert not verdict.unlisted
    assert "not a source in the library" not in said_of(verdict)


def test_what_a_document_quotes_of_another_may_be_ascribed_to_either(corpus: Corpus, tmp_path: Path) -> None:
    assert [each.status for each in verify(corpus, f"The Harbour Office says {QUOTES['bread']}.")] == [
        "verbatim"
    ]
    assert [each.status for each in verify(corpus, f"{QUOTES['bread']} (Valley Gazette)")] == ["verbatim"]
    assert [each.status for each in verify(corpus, f"The River Press says {QUOTES['bread']}.")] == ["moved"]


def test_a_quote_that_stands_in_two_documents_may_be_ascribed_to_each(corpus: Corpus) -> None:
    for name, status in (("River Press", "verbatim"), ("Reuters", "verbatim"), ("Valley Gazette", "moved")):
        assert [each.status for each in verify(corpus, f"{QUOTES['winter']}, wrote the {name}.")] == [status]


@pytest.mark.parametrize(
    ("report", "speaker"),
    [
        ("{beams}, said Minister Novak.", "Judge Hall"),
        ("Minister Novak said that {beams}.", "Judge Hall"),
        ("According to Minister Novak, {beams}.", "Judge Hall"),
        ("Judge Hall replied that {money}.", "Minister Novak"),
        ("The mayor, Ivana Petrova, said: {beams}.", "Judge Hall"),
        ("The mayor of the town, Ivana Petrova, said that {beams}.", "Judge Hall"),
        ("As the mayor, Ivana Petrova, put it: {beams}.", "Judge Hall"),
        ("{beams}, said the mayor, Ivana Petrova.", "Judge Hall"),
        ("{beams}, according to the mayor, Ivana Petrova.", "Judge Hall"),
        ("{beams}, the mayor, Ivana Petrova, said.", "Judge Hall"),
        ("The mayor, Ivana Petrova, who opposed the plan, said: {beams}.", "Judge Hall"),
        ("The mayor, Ivana Petrova, 54, said: {beams}.", "Judge Hall"),
        ("The mayor, Ivana Petrova, told reporters: {beams}.", "Judge Hall"),
        ("The following week, Ivana Petrova, who was ill, said: {beams}.", "Judge Hall"),
        ("A year later, Ivana Petrova, the mayor, said: {beams}.", "Judge Hall"),
    ],
)
def test_a_quote_put_into_another_mouth_is_distorted(corpus: Corpus, report: str, speaker: str) -> None:
    (verdict,) = verify(corpus, report.format(**QUOTES))
    assert verdict.status == "distorted"
    assert [(each.kind, each.text) for each in verdict.omitted][-1] == ("speaker", speaker)
    assert f"not said by {verdict.attributed}, but by {speaker}" in said_of(verdict)


@pytest.mark.parametrize(
    "report",
    [
        "{beams}, said Judge Hall.",
        "{beams}, said Judge Maria Hall.",
        "{beams}, said the judge.",
        "{beams}, wrote Jonas Reed.",  # who wrote the document
        "{strait}, said Minister Novak.",  # the document names no speaker there
        "The judge, Maria Hall, said: {beams}.",
        "{beams}, the judge wrote to the mayor, Ivana Petrova.",
        "{beams}, the judge told the mayor, Ivana Petrova.",
        "{beams}, he told Ivana Petrova.",
        "{beams}, he warned a reporter, Ivana Petrova, in May.",
        "A reporter, Ivana Petrova, quotes Judge Hall: {beams}.",
        "A reporter, Ivana Petrova, quotes him: {beams}.",
        "{beams}, reports a journalist, Ivana Petrova, quoting the judge.",
        "The mayor, Ivana Petrova, noted the words of the judge: {beams}.",
        "In the mayor's house, Ivana Petrova's, the judge said that {beams}.",
        "In a letter to the mayor, Ivana Petrova, the judge said that {beams}.",
        "Minister Novak was there when “The beams were rotten long before the fire” was said.",
    ],
)
def test_a_speaker_is_wrong_only_where_the_document_names_another(corpus: Corpus, report: str) -> None:
    assert [each.status for each in verify(corpus, report.format(**QUOTES))] == ["verbatim"]


def test_a_speaker_is_found_in_a_document_with_straight_marks_too(tmp_path: Path) -> None:
    text = 'Harbour\n\n"We have no money left for the bridge," the treasurer, Mikko Salo, said. He left.\n'
    with tiny_corpus(tmp_path / "library") as held:
        held.index(write(tmp_path, "harbour.txt", text))
        for named, status in (("Ivana Petrova", "distorted"), ("Mikko Salo", "verbatim")):
            (verdict,) = verify(
                held, f"The treasurer, {named}, said: “We have no money left for the bridge”."
            )
            assert verdict.status == status
            assert [each.text for each in verdict.omitted] == ["Mikko Salo"] * (status == "distorted")


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("“The mole will fall within a year,” the engineer told the mayor, Ada Orr.", "Bo Lind said: {0}."),
        (
            'The 5" bolt broke. The mole will fall within a year. A 6" bolt broke, said Dan Moe.',
            "Bo Lind said: {0}.",
        ),
    ],
    ids=["who listens", "inches"],
)
def test_a_document_that_names_a_listener_or_inches_names_no_speaker(
    tmp_path: Path, text: str, report: str
) -> None:
    with tiny_corpus(tmp_path / "library") as held:
        held.index(write(tmp_path, "mole.txt", f"The mole\n\n{text}\n"))
        said = report.format("“The mole will fall within a year”")
        assert [each.status for each in verify(held, said)] == ["verbatim"]


@pytest.mark.parametrize(
    ("header", "row", "status"),
    [
        ("quote,source", "{0},River Press", "moved"),
        ("quote,publisher", "{0},Harbour Office", "verbatim"),
        ("quote,topic", "{0},River Press", "verbatim"),
        ("title,remark", "Ferry Notes,It says {0} there", "moved"),
    ],
)
def test_a_column_of_sources_names_them(
    corpus: Corpus, tmp_path: Path, header: str, row: str, status: str
) -> None:
    path = write(tmp_path, "quotes.csv", f"{header}\n{row.format(STRAIT)}\n")
    assert [each.status for each in Verifier(corpus.store).verdicts(claims(path)[0])] == [status]


@pytest.mark.parametrize(("name", "status"), [("River Press", "moved"), ("Harbour Office", "verbatim")])
def test_tables_of_word_documents_name_sources(
    corpus: Corpus, tmp_path: Path, name: str, status: str
) -> None:
    document = docx.Document()
    document.add_paragraph("What the papers say of ships:")
    table = document.add_table(rows=2, cols=2)
    cells = ("Source", "Quote", name, STRAIT)
    for cell, words in zip((cell for row in table.rows for cell in row.cells), cells, strict=True):
        cell.text = words
    document.save(str(tmp_path / "report.docx"))
    found = claims(tmp_path / "report.docx")[0]
    assert [each.status for each in Verifier(corpus.store).verdicts(found)] == [status]


def test_the_title_of_a_document_in_running_text_is_no_quote(corpus: Corpus) -> None:
    report = f"“Who Sold the Salt?” asked the Valley Gazette, and {QUOTES['salt']}."
    assert [each.status for each in verify(corpus, report)] == ["verbatim"]
    report = f"In “Smuggling at Hyesan” we read of {QUOTES['arrests']}."
    assert [each.status for each in verify(corpus, report)] == ["verbatim"]
    assert [each.status for each in verify(corpus, "He wrote “Who Sold the Pepper?” at night.")] == [
        "unknown"
    ]


def test_of_two_sentences_the_one_around_the_quote_counts(corpus: Corpus) -> None:
    for report in (
        "“The strait is closed to ships without a pilot.” According to the River Press, it rained.",
        f"It rained, wrote the River Press. {STRAIT}",
        f"- River Press\n- {STRAIT}",
        f"# The River Press\n{STRAIT}",
        f"<p>The River Press</p><p>{STRAIT}</p>",
    ):
        assert [each.status for each in verify(corpus, report)] == ["verbatim"], report
    for report in (
        "“The strait is closed to ships without a pilot.” (River Press, 2008)",
        f"{STRAIT}. (River Press, 2008)",
        f"{STRAIT}, said Dr. Berg in Ferry Notes.",
    ):
        assert [each.status for each in verify(corpus, report)] == ["moved"], report


def test_the_command_fails_on_a_wrong_source(corpus: Corpus, tmp_path: Path) -> None:
    report = write(tmp_path, "report.md", f"{STRAIT}[^1]\n\n[^1]: River Press, 12 May 2008.\n")
    done = CliRunner().invoke(cli, ["verify", "--library", str(corpus.library), str(report)])
    assert done.exit_code == 1
    assert "the text names River Press" in done.stdout


def test_a_publisher_is_known_by_its_acronym_and_with_it(tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        institute = "Institute for Salt Studies"
        lines = [
            {
                "_id": "a",
                "title": "On Salt",
                "publisher": f"{institute} (ISS)",
                "text": "Salt is dear.",
            },
            {"_id": "b", "title": "On Rice", "publisher": "Rice Board", "text": "Rice is sold at night."},
        ]
        corpus.index(write(tmp_path, "two.jsonl", "\n".join(map(json.dumps, lines)) + "\n"))
        for name in ("ISS", institute, f"{institute} (ISS)"):
            wrong, right = f"{name} reported: “Rice is sold at night.”", f"{name} reported: “Salt is dear.”"
            assert [each.status for each in verify(corpus, wrong)] == ["moved"], name
            assert [each.status for each in verify(corpus, right)] == ["verbatim"], name


@pytest.mark.slow
def test_many_quotes_in_a_row_of_a_page_take_time_in_proportion(corpus: Corpus) -> None:
    def seconds(count: int) -> float:
        page = "<html><table><tr><td>{0}</td><td>{0}</td></tr></table></html>".format(
            "<p><q>a b c d</q></p>" * count
        )
        started = time.thread_time()
        assert len(of_text(page)) == 2 * count
        return time.thread_time() - started

    few, many = (min(seconds(count) for _ in range(3)) for count in (500, 2_000))
    assert many < 12 * max(few, 0.05)


SAID = """\
According to {0}, {1}.
{1}, wrote {0}.
{0} reported that {1}.
{1} ({0}).
{1} — {0}
{1}, we read in {0}.
Citing {0}, an official said {1}.
| {0} | {1} |
{1}[^1]$$[^1]: {0}, 2008, p. 3.
As {0} put it, {1}."""
MENTIONED = """\
{1} stands in a report on {0}.
Unlike {0}, it says {1}.
{1}, it said of {0}.
Nothing in {0} suggests that {1}.
{1}, which {0} denies.
{0} has another view. {1}
{1}. {0} has another view.
He worked for {0} when he heard that {1}.
{0} disagrees, but {1}."""


@pytest.mark.day
def test_of_the_documents_of_the_suites_each_source_is_told_from_a_mention(tmp_path: Path) -> None:
    # In 14 forms and 11 mentions, six others for each: no false alarm in 6,452, and .99 of 6,216 were told.
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "tests" / "suites").glob("*/corpus.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "suites.jsonl", "\n".join(map(json.dumps, rows)) + "\n"))
        verifier, told, all_wrong = Verifier(corpus.store), 0, 0
        documents = corpus.documents()
        for info, other in zip(documents, [*documents[7:], *documents[:7]], strict=True):
            text, passages = corpus.store.document_and_passages(info.id)
            quotes = [text.text[each.start : each.end] for part in passages for each in part.sentences]
            quote = max((each for each in quotes if not set(each) & {*'“”"\n'}), key=len)
            for name in filter(None, (other.title, other.publisher)):
                for form in _forms(SAID):
                    right, wrong = (form.format(each, f"“{quote}”") for each in (info.title, name))
                    assert _alarms(verifier, quote, right) == [], right
                    all_wrong += 1
                    told += bool(_alarms(verifier, quote, wrong)) or other.publisher == info.publisher
                for form in _forms(MENTIONED):
                    report = form.format(name, f"“{quote}”")
                    assert _alarms(verifier, quote, report) == [], report
        assert told >= 0.98 * all_wrong


def _forms(listed: str) -> list[str]:
    return [line.replace("$", "\n") for line in listed.splitlines()]


def _alarms(verifier: Verifier, quote: str, report: str) -> list[str]:
    return [
        each.status
        for each in verifier.verdicts(of_text(report))
        if each.claim.text == quote and each.status in ALARMS
    ]
