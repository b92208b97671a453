"""Speakers whom a document names by surname, role or pronoun, against what a report says of who spoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.quoting.antecedents import People
from qa.quoting.claims.file import of_text
from qa.quoting.verify import Verdict, Verifier, lines
from qa.schema import Document
from tests.qa.quoting import speakers_named, speakers_named_second, speakers_named_third
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path


def verdicts(folder: Path, documents: dict[str, str], reports: list[str]) -> list[Verdict]:
    with tiny_corpus(folder / "library") as corpus:
        for name, text in documents.items():
            write(folder / "documents", f"{name}.txt", text)
        corpus.index(folder / "documents")
        verifier = Verifier(corpus.store)
        return [verdict for report in reports for verdict in verifier.verdicts(of_text(report))]


# At first sight, told of the 14 wrong ones and of the 40 right ones: 11 and none; 10 and none; 14 and none.
@pytest.mark.slow
@pytest.mark.parametrize(
    "listed", [speakers_named, speakers_named_second, speakers_named_third], ids=["first", "second", "third"]
)
def test_a_wrong_speaker_is_told_and_a_right_one_raises_no_alarm(tmp_path: Path, listed) -> None:
    assert (len(listed.WRONG), len(listed.RIGHT)) == (14, 40)
    rows = [*listed.WRONG, *listed.RIGHT]
    judged = verdicts(tmp_path, listed.DOCUMENTS, [report.format(quote) for _, report, quote in rows])
    assert {each.status for each in judged} == {"verbatim", "distorted"}
    told = [each.claim.prose for each in judged[len(listed.WRONG) :] if each.status == "distorted"]
    assert told == []
    assert [each.status for each in judged[: len(listed.WRONG)]].count("distorted") == 14


def speaker(text: str, quote: str) -> tuple[str, ...]:
    start = text.index(quote)
    found = People(text).speaker(Document("a.txt", text), start, start + len(quote))
    return found.names if found else ()


NOVAK = "Petr Novak, the minister of transport, came on Monday."
SAID = "“The pier is shut,” {} said."


@pytest.mark.parametrize(
    ("before", "who"),
    [
        (NOVAK, "he"),
        (NOVAK, "Novak"),
        (NOVAK, "the minister"),
        (NOVAK, "the transport minister"),
        ("Minister Petr Novak came.", "the minister"),
        ("The minister, Petr Novak, came.", "the minister"),
        ("Petr Novak, 54, became minister in May.", "Novak"),
        (f"{NOVAK}\n\nThe water was high.", "he"),
        ("Petr Novak came. “Come in,” said Anna Kral. Novak sat down.", "Novak"),
        ("Deputy Minister Petr Novak came.", "the deputy minister"),
    ],
)
def test_who_is_meant_is_told_where_it_is_clear(before: str, who: str) -> None:
    (name,) = speaker(f"{before} {SAID.format(who)}", "The pier is shut")
    assert name.endswith("Petr Novak")


@pytest.mark.parametrize(
    ("before", "who"),
    [
        ("", "he"),
        ("Petr Novak met Anna Kral on Monday.", "he"),
        ("Petr Novak met the harbour master on Monday.", "he"),
        ("Dockers wrote to Petr Novak.", "he"),
        ("Chairwoman Jana Novak came.", "he"),
        (NOVAK, "the finance minister"),
        (NOVAK, "a minister"),
        (NOVAK, "the minister’s spokesman"),
        (NOVAK, "the mayor"),
        (NOVAK, "the former minister"),
        ("Deputy Minister Petr Novak came.", "the minister"),
        (f"{NOVAK} A fisherman saw it.", "he"),
        (NOVAK, "the ministry"),
        (f"{NOVAK} Ewa Lis, the minister of finance, came as well.", "the minister"),
        (f"{NOVAK} The finance minister was ill.", "the minister"),
        ("Jan Lis, a spokesman, came. Later a spokesman of the port called.", "the spokesman"),
    ],
)
def test_nobody_is_named_where_it_is_not_clear_who_is_meant(before: str, who: str) -> None:
    assert speaker(f"{before} {SAID.format(who)}", "The pier is shut") == ()


def test_of_two_with_one_surname_either_may_be_meant(tmp_path: Path) -> None:
    text = f"Petr Novak came with Jana Novak. {SAID.format('Novak')}"
    assert speaker(text, "The pier is shut") == ("Petr Novak", "Jana Novak")
    reports = [f"“The pier is shut,” said {name}." for name in ("Petr Novak", "Jana Novak", "Anna Kral")]
    judged = verdicts(tmp_path, {"pier": text}, reports)
    assert [each.status for each in judged] == ["verbatim", "verbatim", "distorted"]


def test_a_brother_who_is_named_elsewhere_is_somebody_else(tmp_path: Path) -> None:
    text = f"{NOVAK}\n\nHis brother, Pavel Novak, stayed at home.\n\n{SAID.format('The minister')}"
    reports = [f"“The pier is shut,” said {name}." for name in ("Petr Novak", "Pavel Novak")]
    assert [each.status for each in verdicts(tmp_path, {"pier": text}, reports)] == ["verbatim", "distorted"]


@pytest.mark.parametrize(
    ("who", "mention"), [("he", "he"), ("the minister", "the minister"), ("Novak", "Novak")]
)
def test_a_differing_speaker_is_said_in_plain_words(tmp_path: Path, who: str, mention: str) -> None:
    text = f"{NOVAK} {SAID.format(who)}"
    (verdict,) = verdicts(tmp_path, {"pier": text}, ["“The pier is shut,” said Anna Kral."])
    said = "".join(words for line in lines(verdict) for words, _ in line)
    assert f"not said by Anna Kral, but by Petr Novak (“{mention}” in the document)" in said
    assert "without" not in said
    assert [each.text for each in verdict.omitted] == ["Petr Novak"]


def test_whoever_stands_before_a_pronoun_may_be_meant(tmp_path: Path) -> None:
    text = f"{NOVAK}\n\nRonaldo scored twice.\n\n{SAID.format('he')}"
    reports = [
        f"“The pier is shut,” said {name}." for name in ("Cristiano Ronaldo", "Petr Novak", "Anna Kral")
    ]
    judged = verdicts(tmp_path, {"pier": text}, reports)
    assert [each.status for each in judged] == ["verbatim", "verbatim", "distorted"]


@pytest.mark.parametrize("name", ["Volodymyr Zelenskyy", "Wolodymyr Selenskyj", "President Zelenski"])
def test_another_spelling_is_nobody_else(tmp_path: Path, name: str) -> None:
    text = f"President Volodymyr Zelensky came. {SAID.format('Zelensky')}"
    assert [e.status for e in verdicts(tmp_path, {"pier": text}, [f"“The pier is shut,” said {name}."])] == [
        "verbatim"
    ]


def test_who_passes_a_quote_on_is_not_taken_for_its_speaker(tmp_path: Path) -> None:
    text = f"{NOVAK} {SAID.format('he')}"
    reports = [
        "Anna Kral quoted Petr Novak as saying: “The pier is shut.”",
        "Anna Kral heard Novak say that “The pier is shut”.",
        "Petr Novak told Anna Kral: “The pier is shut.”",
        "The minister said: “The pier is shut.” Anna Kral was not there.",
    ]
    assert {each.status for each in verdicts(tmp_path, {"pier": text}, reports)} == {"verbatim"}
