"""Rows of tables that have no ids: documents follow what a row says, not its number."""

from __future__ import annotations

import zipfile
from shutil import rmtree
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.document.row_identity import Row, follow
from qa.schema import sha256_text
from tests.qa.consistency import index_problems, problems
from tests.qa.formats.xlsx.make import workbook
from tests.qa.intake.test_left_out import index
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

ALPHA, BETA, GAMMA, DELTA, NEW = (
    f"{name}. {' '.join(words(seed, 24).split())}"
    for seed, name in enumerate(("Alpha", "Beta", "Gamma", "Delta", "New"))
)


def as_table(inbox: Path, *texts: str) -> None:
    write(inbox, "t.csv", "\n".join(["text", *texts]))


def as_member(inbox: Path, *texts: str) -> None:
    inbox.mkdir(exist_ok=True)
    with zipfile.ZipFile(inbox / "all.zip", "w") as archive:
        archive.writestr("t.csv", "\n".join(["text", *texts]))


def as_sheet(inbox: Path, *texts: str) -> None:
    inbox.mkdir(exist_ok=True)
    rows = [["text"], *([text] for text in texts)]
    (inbox / "t.xlsx").write_bytes(workbook({"Notes": [["A sheet without texts"]], "T": rows}))


def held(corpus: Corpus) -> dict[str, str]:
    """The ids of documents, by the first word of their texts."""
    return {corpus.document(info.id).text.split(".")[0]: info.id for info in corpus.documents()}


def row(corpus: Corpus, document_id: str) -> str:
    return next(each.name for each in corpus.document(document_id).sections if each.kind in ("row", "record"))


@pytest.mark.slow
@pytest.mark.parametrize("put", [as_table, as_member, as_sheet])
def test_removals_corrections_and_history_follow_their_rows(
    corpus: Corpus, inbox: Path, put: type[as_table]
) -> None:
    put(inbox, ALPHA, "Beta. It was otherwise.", GAMMA, DELTA)
    corpus.index(inbox)
    put(inbox, ALPHA, BETA, GAMMA, DELTA)
    corpus.index(inbox)
    its = held(corpus)
    corpus.edit(its["Beta"], {"publisher": "Beta Press"})
    corpus.edit(its["Gamma"], {"publisher": "Gamma Press"})
    corpus.remove([its["Gamma"]])

    put(inbox, NEW, ALPHA, BETA, GAMMA, DELTA)
    said = index(corpus, inbox)
    assert sorted(said) == sorted([
        *(("replaced", its[name]) for name in ("Alpha", "Beta", "Delta")),
        *(("added", f"{its['Alpha']}~2"), ("withdrawn", its["Gamma"])),
    ])  # fmt: skip
    now = held(corpus)
    assert now == {name: its[name] for name in ("Alpha", "Beta", "Delta")} | {"New": f"{its['Alpha']}~2"}
    assert {info.id: info.publisher for info in corpus.documents() if info.publisher} == {
        its["Beta"]: "Beta Press"
    }
    assert [row(corpus, now[name]) for name in ("New", "Alpha", "Beta", "Delta")] == ["2", "3", "4", "6"]
    (version,) = [
        each
        for each in corpus.store.versions(its["Beta"])
        if each.sha256 != corpus.document(its["Beta"]).sha256
    ]
    assert version.sha256 == sha256_text("Beta. It was otherwise.")
    assert corpus.store.versions(its["Alpha"]) == ()
    assert [each.document_id for each in corpus.store.removed()] == [its["Gamma"]]

    corpus.restore([its["Gamma"]])
    assert {status for status, _ in index(corpus, inbox)} <= {"unchanged", "replaced"}
    assert row(corpus, its["Gamma"]) == "5"
    (info,) = [info for info in corpus.documents() if info.publisher == "Gamma Press"]
    assert info.id == its["Gamma"]


def test_what_was_purged_of_a_table_stays_out_when_its_row_has_another_number(
    corpus: Corpus, inbox: Path
) -> None:
    as_table(inbox, ALPHA, BETA, GAMMA)
    corpus.index(inbox)
    corpus.purge([held(corpus)["Beta"]])
    as_table(inbox, NEW, ALPHA, BETA, GAMMA)
    assert ("purged", "") in index(corpus, inbox)
    assert held(corpus).keys() == {"New", "Alpha", "Gamma"}


@pytest.mark.slow
def test_a_row_that_was_taken_out_is_gone_and_the_others_stay_what_they_are(
    corpus: Corpus, inbox: Path
) -> None:
    as_table(inbox, ALPHA, BETA, GAMMA, DELTA)
    corpus.index(inbox)
    its = held(corpus)
    corpus.remove([its["Delta"]])
    as_table(inbox, ALPHA, GAMMA, DELTA)
    assert index(corpus, inbox) == [
        ("unchanged", its["Alpha"]),
        *(("replaced", its["Gamma"]), ("withdrawn", its["Delta"]), ("gone", its["Beta"])),
    ]
    as_table(inbox, ALPHA, GAMMA, BETA, DELTA)  # before it was pruned
    assert ("replaced", its["Beta"]) in index(corpus, inbox)
    assert held(corpus) == {name: its[name] for name in ("Alpha", "Beta", "Gamma")}
    as_table(inbox, ALPHA, BETA)
    corpus.index(inbox, prune=True)
    assert held(corpus) == {name: its[name] for name in ("Alpha", "Beta")}
    as_table(inbox, ALPHA, BETA, DELTA)
    assert ("withdrawn", its["Delta"]) in index(corpus, inbox)


def test_rows_that_have_ids_are_known_by_these(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "t.csv", f"id,text\n2,{ALPHA}\nb,{BETA}\n")
    corpus.index(inbox)
    write(inbox, "t.csv", f"id,text\nb,{ALPHA}\n2,{BETA}\n")
    assert {status for status, _ in index(corpus, inbox)} == {"replaced"}
    assert held(corpus) == {"Alpha": "t.csv#b", "Beta": "t.csv#2"}


def test_a_run_that_ends_after_rows_were_numbered_anew_is_finished_by_the_next(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    as_table(inbox, ALPHA, BETA, GAMMA)
    corpus.index(inbox)
    its = held(corpus)
    as_table(inbox, GAMMA, NEW, ALPHA)

    def interrupt(progress: object) -> None:
        if getattr(progress, "stage", "") == "embed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.index(inbox, progress=interrupt)
    assert problems(library) == []
    corpus.index(inbox, prune=True)
    assert held(corpus).items() >= {name: its[name] for name in ("Alpha", "Gamma")}.items()
    assert held(corpus).keys() == {"Alpha", "Gamma", "New"}


CASES = {
    # Rows before and now, and which of before each is now; "-" for a new one.
    "abc abc": "abc",
    "abc nabc": "-abc",
    "abc cab": "cab",
    "abc ac": "ac",
    "abc aBc": "abc",
    "abc naBc": "-abc",
    "abc ABC": "abc",
    "abc aBCd": "abc-",
    "abc aBnc": "ab-c",
    "abc anBc": "a-bc",
    "abc nABc": "-abc",
    "ab xy": "ab",
    "ab xyz": "---",
    "aab aaab": "aa-b",
    "aab ab": "ab",
}


@pytest.mark.parametrize(("rows", "expected"), CASES.items())
def test_a_row_is_the_one_that_says_the_same_or_stands_between_the_same(rows: str, expected: str) -> None:
    def made(names: str) -> list[Row]:
        texts = [f"{words(ord(name.lower()), 24)} {name}" for name in names]  # "A" is like "a"
        return [Row(f"#{at}", sha256_text(text), sha256_text(text), text) for at, text in enumerate(texts, 2)]

    before, now = map(made, rows.split())
    was = follow(before, now, lambda part: next(row.text for row in before if row.part == part))
    found = "".join(rows[int(was[row.part][1:]) - 2] if row.part in was else "-" for row in now)
    if rows == "aab aaab":  # of rows that say the same, any three
        assert sorted(found) == sorted(expected)
    else:
        assert found == expected


ROWS = st.lists(st.integers(0, 7), max_size=6, unique=True)


@pytest.mark.day
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=st.lists(ROWS, min_size=1, max_size=5), removed=st.integers(0, 7))
def test_whatever_becomes_of_a_table_a_row_that_stays_keeps_its_id_and_a_removed_one_stays_out(
    tables: list[list[int]], removed: int, tmp_path: Path
) -> None:
    for folder in ("library", "in"):
        rmtree(tmp_path / folder, ignore_errors=True)
    out = f"Row{removed}"
    with tiny_corpus(tmp_path / "library") as corpus:
        before: dict[str, str] = {}
        stayed = False  # the row of what was removed, in the table
        for numbers in tables:
            as_table(tmp_path / "in", *(f"Row{number}. It says {number}." for number in numbers), "Last.")
            foreseen = corpus.index(tmp_path / "in", dry_run=True).files
            report = corpus.index(tmp_path / "in")
            said = sorted((each.status, each.document_id) for each in report.files)
            assert said == sorted((each.status, each.document_id) for each in foreseen)
            corpus.prune(report)
            now = held(corpus)
            assert all(now[name] == before[name] for name in now.keys() & before.keys())
            assert now.keys() | {out} == {f"Row{number}" for number in numbers} | {"Last", out}
            left_out = any(status == "withdrawn" for status, _ in said)
            assert (out in now) == (removed in numbers and not left_out)
            # It may come back where another text was read in its place meanwhile.
            assert left_out or not (removed in numbers and stayed)
            stayed = removed in numbers
            if out in now:
                corpus.remove([now.pop(out)])
            before = now
    assert problems(tmp_path / "library") == index_problems(tmp_path / "library") == []
