from __future__ import annotations

import csv
import json
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qa.intake.plan
from qa.cli import cli
from qa.corpus import Corpus
from qa.document.identity import words_sha256
from qa.errors import InputError, LibraryError
from qa.formats.source import Options
from qa.intake.watch import bursts
from qa.schema import Span
from qa.text.cells import from_cell
from tests.qa.consistency import index_problems, problems
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

    from qa.schema import IndexReport, Progress


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "in coming"


@pytest.fixture
def corpus(library: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        yield corpus
    assert problems(library) == []
    assert index_problems(library) == []


def encoder(corpus: Corpus) -> TinyEncoder:
    given = corpus.store.encoders._given
    assert isinstance(given, TinyEncoder)
    return given


def done(report: IndexReport) -> list[tuple[str, str, str]]:
    """What became of each file: its name, the status, the document."""
    return [(Path(each.path).name, each.status, each.document_id) for each in report.files]


def places(corpus: Corpus) -> dict[str, list[str]]:
    """The names of the files that each document stands in."""
    return {info.id: [Path(path).name for path in info.locations] for info in corpus.documents()}


# The same document in several places


def test_the_words_of_a_text_are_its_letters_and_digits_whatever_their_form() -> None:
    text = "In 2008, “Zürich” didn’t ﬁnd 1.5 t.\n"
    assert words_sha256(text) == words_sha256("IN 2008 Zu\u0308rich didn't find\r\n\t1.5 T")
    assert words_sha256(text) != words_sha256(text.replace("1.5", "15"))
    assert words_sha256("A text.\nShare\n", [Span(8, 13)]) == words_sha256("A text.")
    assert words_sha256("— … !") == ""


def test_the_same_text_in_two_files_is_one_document_with_two_locations(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "sub/b.text", words(1).replace(". ", ".\n"))
    assert done(corpus.index(inbox)) == [("a.txt", "added", "a.txt"), ("b.text", "duplicate", "a.txt")]
    assert places(corpus) == {"a.txt": ["a.txt", "b.text"]}
    assert corpus.document("a.txt").text == words(1)
    generation = corpus.store.generation
    assert done(corpus.index(inbox)) == [("a.txt", "unchanged", "a.txt"), ("b.text", "unchanged", "a.txt")]
    assert corpus.store.generation == generation


def test_a_second_copy_says_where_the_first_is_and_in_which_collection(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "wire/a.txt", words(1))
    corpus.index(inbox)
    corpus.put_in_collection(["wire/a.txt"], "ports")
    write(inbox, "wire/copy.txt", words(1))
    result = corpus.index(inbox).files[1]
    first = inbox / "wire" / "a.txt"
    assert result.notes == (f"The same text as {first}, which is in the collection “ports”.",)
    assert corpus.document("wire/a.txt").collection == "ports"


@pytest.mark.parametrize(("corrected", "other"), [("a.txt", "b.txt"), ("b.txt", "a.txt")])
def test_of_a_text_that_is_corrected_it_is_said_where_the_former_still_stands(
    corpus: Corpus, inbox: Path, corrected: str, other: str
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(1))
    corpus.index(inbox)
    write(inbox, corrected, words(2))
    report = corpus.index(inbox)
    (result,) = [each for each in report.files if each.former]
    assert (Path(result.path).name, corpus.document(result.former).text) == (corrected, words(1))
    assert (
        f"Its former text is still at {inbox / other}, and is quoted as {result.former}" in result.notes[-1]
    )
    assert corpus.document(result.document_id).text == words(2)
    corpus.remove([result.former])
    assert [info.id for info in corpus.documents()] == [result.document_id]
    assert not any(each.former for each in corpus.index(inbox).files)


def test_nothing_is_said_of_a_former_text_where_all_its_files_were_corrected(
    corpus: Corpus, inbox: Path
) -> None:
    for text in (words(1), words(2)):
        write(inbox, "a.txt", text)
        write(inbox, "b.txt", text)
        report = corpus.index(inbox)
    assert [each.former for each in report.files] == ["", ""]
    assert [info.id for info in corpus.documents()] == ["a.txt"]


def test_records_stay_documents_of_their_own_whatever_their_words(corpus: Corpus, inbox: Path) -> None:
    lines = [json.dumps({"_id": name, "text": words(1)}) for name in ("r1", "r2")]
    write(inbox, "a.txt", words(1))
    write(inbox, "r.jsonl", "\n".join(lines))
    assert [each[1] for each in done(corpus.index(inbox))] == ["added"] * 3
    write(inbox, "z.txt", words(1))
    assert done(corpus.index(inbox))[-1] == ("z.txt", "duplicate", "a.txt")


def test_the_same_words_under_another_date_or_publisher_are_another_document(
    corpus: Corpus, inbox: Path
) -> None:
    for day in ("4 April 2008", "5 April 2008"):
        write(inbox, f"{day}.txt", f"Weekly bulletin\nPublished {day}\n\nNothing to report this week.\n")
    corpus.index(inbox)
    assert len(corpus.documents()) == 2
    # The words of these headers differ, so only what is known of the documents can tell these apart.
    first, second = (corpus.document(info.id) for info in corpus.documents())
    assert first.date != second.date


def test_a_document_stays_when_its_first_file_goes_and_follows_the_text_of_the_next(
    corpus: Corpus, inbox: Path
) -> None:
    first, second = write(inbox, "a.txt", words(1)), write(inbox, "b.txt", words(1).replace("\n\n", "\n\n\n"))
    corpus.index(inbox)
    first.unlink()
    report = corpus.index(inbox)
    assert done(report) == [("b.txt", "replaced", "a.txt"), ("a.txt", "moved", "a.txt")]
    assert places(corpus) == {"a.txt": ["b.txt"]}
    assert done(corpus.index(inbox)) == [("b.txt", "unchanged", "a.txt")]
    assert corpus.document("a.txt").text == second.read_text(encoding="utf-8")


def test_a_copy_that_changes_becomes_a_document_of_its_own(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(1))
    corpus.index(inbox)
    write(inbox, "b.txt", words(2))
    assert done(corpus.index(inbox)) == [("a.txt", "unchanged", "a.txt"), ("b.txt", "added", "b.txt")]
    assert places(corpus) == {"a.txt": ["a.txt"], "b.txt": ["b.txt"]}


@pytest.mark.slow
def test_when_the_first_of_copies_changes_it_keeps_the_id_and_the_others_have_one_of_theirs(
    corpus: Corpus, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    other = write(inbox, "sub/b.txt", words(1) + "\n")
    write(inbox, "sub/c.txt", words(1))
    corpus.index(inbox)
    old = corpus.document("a.txt").sha256
    write(inbox, "a.txt", words(2, 12))
    assert done(corpus.index(inbox, dry_run=True))[0] == ("a.txt", "replaced", "a.txt")
    assert done(corpus.index(inbox))[0] == ("a.txt", "replaced", "a.txt")
    assert places(corpus) == {"a.txt": ["a.txt"], "sub/b.txt": ["b.txt", "c.txt"]}
    assert corpus.document("sub/b.txt").text == other.read_text(encoding="utf-8")
    assert corpus.document("a.txt").text == words(2, 12)
    assert [version.sha256 for version in corpus.store.versions("a.txt")] == [old]
    assert {each[1] for each in done(corpus.index(inbox))} == {"unchanged"}


def test_of_a_record_in_two_files_the_first_keeps_the_id(corpus: Corpus, inbox: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(inbox, name, json.dumps({"_id": "1", "text": words(1)}))
    corpus.index(inbox)
    before = encoder(corpus).embedded
    write(inbox, "a.jsonl", json.dumps({"_id": "1", "text": words(2)}))
    corpus.index(inbox)
    assert places(corpus) == {"1": ["a.jsonl"], "1~2": ["b.jsonl"]}
    assert corpus.document("1~2").text == words(1)
    assert encoder(corpus).embedded == before + len(corpus.store.passages_of("1"))


def test_a_file_that_becomes_a_copy_of_another_joins_its_document(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    corpus.index(inbox)
    old = corpus.document("b.txt").sha256
    write(inbox, "b.txt", words(1))
    assert done(corpus.index(inbox))[1] == ("b.txt", "duplicate", "a.txt")
    assert places(corpus) == {"a.txt": ["a.txt", "b.txt"]}
    assert corpus.cited(old).document.text == words(2)  # a citation of what stood there still opens it


def test_a_record_whose_id_begins_with_its_files_name_is_one_of_its_own(corpus: Corpus, inbox: Path) -> None:
    lines = [json.dumps({"_id": name, "text": words(n)}) for n, name in enumerate(("1", "c.jsonl1"))]
    write(inbox, "c.jsonl", "\n".join(lines))
    for status in ("added", "unchanged"):
        assert done(corpus.index(inbox)) == [("c.jsonl", status, "1"), ("c.jsonl", status, "c.jsonl1")]


# Moved, gone, pruned


def test_a_file_that_was_moved_is_the_same_document_and_nothing_is_embedded(
    corpus: Corpus, inbox: Path
) -> None:
    path = write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    corpus.index(inbox)
    before, keys = encoder(corpus).embedded, [passage.key for passage in corpus.store.passages_of("a.txt")]
    (inbox / "old").mkdir()
    path.rename(inbox / "old" / "renamed.txt")
    report = corpus.index(inbox, prune=True)
    assert done(report) == [("b.txt", "unchanged", "b.txt"), ("renamed.txt", "moved", "a.txt")]
    assert places(corpus) == {"a.txt": ["renamed.txt"], "b.txt": ["b.txt"]}
    assert encoder(corpus).embedded == before
    assert [passage.key for passage in corpus.store.passages_of("a.txt")] == keys


def test_what_is_gone_is_named_until_it_is_pruned_and_can_be_restored(corpus: Corpus, inbox: Path) -> None:
    for number in range(3):
        write(inbox, f"{number}.txt", words(number))
    corpus.index(inbox)
    (inbox / "1.txt").unlink()
    for _ in range(2):
        assert done(corpus.index(inbox))[-1] == ("1.txt", "gone", "1.txt")
        assert len(corpus.documents()) == 3
    report = corpus.prune(corpus.index(inbox))
    assert (report.count("gone"), report.count("removed")) == (0, 1)
    assert places(corpus).keys() == {"0.txt", "2.txt"}
    assert corpus.index(inbox).count("gone") == 0
    corpus.restore(["1.txt"])
    assert corpus.document("1.txt").text == words(1)
    assert corpus.index(inbox, prune=True).count("removed") == 1
    write(inbox, "1.txt", words(1))
    assert done(corpus.index(inbox))[1] == ("1.txt", "added", "1.txt")


def test_that_the_file_of_what_was_restored_is_gone_is_said_once(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    for name in "ab":
        write(inbox, f"{name}.txt", words(ord(name)))
    corpus.index(inbox)
    (inbox / "a.txt").unlink()
    corpus.index(inbox, prune=True)
    corpus.restore(["a.txt"])
    for dry_run, said in ((True, 1), (False, 1), (True, 0), (False, 0)):
        assert corpus.index(inbox, dry_run=dry_run).count("gone") == said
    assert corpus.index(inbox, prune=True).count("removed") == 0
    assert places(corpus) == {"a.txt": ["a.txt"], "b.txt": ["b.txt"]}
    corpus.edit("a.txt", {"title": "Rice"})
    assert problems(library) == []
    assert corpus.index(inbox).count("gone") == 0
    write(inbox, "a.txt", words(ord("a")))  # it is there again, and goes as any other
    for _ in range(2):
        assert {status for _, status, _ in done(corpus.index(inbox))} == {"unchanged"}
    (inbox / "a.txt").unlink()
    for _ in range(2):
        assert corpus.index(inbox).count("gone") == 1
    assert corpus.index(inbox, prune=True).count("removed") == 1


def test_a_file_and_a_folder_take_each_others_place(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt/c.txt", words(2))
    corpus.index(inbox)
    (inbox / "a.txt").unlink()
    shutil.rmtree(inbox / "b.txt")
    write(inbox, "a.txt/d.txt", words(3))
    write(inbox, "b.txt", words(4))
    report = corpus.index(inbox / "a.txt", inbox / "b.txt", prune=True)
    assert report.count("removed") == 1
    report = corpus.index(inbox, prune=True)
    assert report.count("removed") == 1
    assert report.remarks == ()
    assert places(corpus) == {"d.txt": ["d.txt"], "b.txt": ["b.txt"]}


def test_a_file_is_listed_once_however_often_it_was_named(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "sub/a.txt", words(1))
    write(inbox, "sub/b.png", "")
    write(inbox, "~$a.docx", "a lock of Word's")
    (inbox / "link.txt").symlink_to("sub/a.txt")
    report = corpus.index(inbox, inbox, inbox / "sub", inbox / "none", inbox / "none")
    assert [each.status for each in report.files] == ["refused", "added"]
    assert [Path(each).name for each in report.skipped] == ["b.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that takes any bytes")
def test_files_whose_names_are_not_utf_8_are_two_and_are_pruned(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(0))
    names = [os.fsencode(inbox) + name for name in (b"/caf\xe8.txt", b"/caf\xe9.txt")]
    for number, name in enumerate(names):
        Path(os.fsdecode(name)).write_text(words(number + 1), encoding="utf-8")
    for status in ("added", "unchanged"):
        assert corpus.index(inbox, prune=True).count(status) == 3
    Path(os.fsdecode(names[0])).unlink()
    assert corpus.index(inbox, prune=True).count("removed") == 1
    assert places(corpus).keys() == {"a.txt", "caf\\xe9.txt"}


def test_only_what_is_under_a_folder_that_was_named_is_gone(corpus: Corpus, inbox: Path) -> None:
    for name in ("one/a.txt", "one-and-more/b.txt", "two/c.txt"):
        write(inbox, name, words(ord(name[-5])))
        write(inbox, str(Path(name).with_name("stays.txt")), name)
    corpus.index(inbox)
    for name in ("one/a.txt", "one-and-more/b.txt", "two/c.txt"):
        (inbox / name).unlink()
    report = corpus.index(inbox / "one", inbox / "two" / "stays.txt", prune=True)
    assert [Path(each.path).name for each in report.files if each.status == "removed"] == ["a.txt"]
    assert corpus.index(inbox, inbox / "two", prune=True).count("removed") == 2


@pytest.mark.parametrize("emptied", ["", "sub"])
def test_nothing_is_pruned_of_a_folder_that_holds_nothing(corpus: Corpus, inbox: Path, emptied: str) -> None:
    """So looks the place where a disk is not mounted."""
    write(inbox, "sub/a.txt", words(1))
    write(inbox, "sub/deep/b.txt", words(2))
    if emptied:
        write(inbox, "c.txt", words(3))
    corpus.index(inbox)
    shutil.rmtree(inbox / emptied)
    (inbox / emptied).mkdir()
    write(inbox / emptied, ".hidden", "")
    report = corpus.index(inbox, prune=True)
    assert report.count("removed") == report.count("gone") == 0
    (remark,) = report.remarks
    assert f"{inbox / emptied} is empty" in remark
    assert "2 of its files" in remark
    assert {"sub/a.txt", "sub/deep/b.txt"} <= places(corpus).keys()
    if emptied:
        (inbox / emptied / ".hidden").unlink()
        (inbox / emptied).rmdir()  # now it is meant
        assert corpus.index(inbox, prune=True).count("removed") == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become nobody")
def test_nothing_is_pruned_of_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    import tempfile

    from tests.qa.formats.test_reading import as_nobody

    with tempfile.TemporaryDirectory() as folder:
        library, inbox = Path(folder) / "library", Path(folder) / "in"
        write(inbox, "a.txt", words(1))
        write(inbox, "sub/b.txt", words(2))
        with tiny_corpus(library) as corpus:
            corpus.index(inbox)
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 65534, 65534)
        with as_nobody(), tiny_corpus(library) as corpus:
            (inbox / "sub").chmod(0)
            report = corpus.index(inbox, prune=True)
            (inbox / "sub").chmod(0o755)
            assert places(corpus).keys() == {"a.txt", "sub/b.txt"}
        assert [each.status for each in report.files] == ["unchanged", "refused"]


def test_records_that_a_file_no_longer_has_are_gone_but_not_while_some_of_it_is_refused(
    corpus: Corpus, inbox: Path
) -> None:
    lines = [json.dumps({"_id": f"r{number}", "text": words(number)}) for number in range(3)]
    write(inbox, "r.jsonl", "\n".join(lines))
    corpus.index(inbox)
    write(inbox, "r.jsonl", "\n".join([lines[0], "{", lines[2]]))
    assert corpus.index(inbox, prune=True).count("removed") == 0
    write(inbox, "r.jsonl", "\n".join([lines[0], lines[2]]))
    for _ in range(2):
        assert done(corpus.index(inbox))[-1] == ("r.jsonl", "gone", "r1")
    assert corpus.index(inbox, prune=True).count("removed") == 1
    assert places(corpus).keys() == {"r0", "r2"}


@pytest.mark.slow
def test_a_row_that_a_table_no_longer_has_is_named_until_it_is_pruned(corpus: Corpus, inbox: Path) -> None:
    rows = [f"r{number},{words(number, 12).strip()}" for number in range(3)]
    write(inbox, "t.csv", "\n".join(["id,text", *rows]))
    corpus.index(inbox)
    write(inbox, "t.csv", "\n".join(["id,text", *rows[:2]]))
    for _ in range(3):
        report = corpus.index(inbox)
        assert [each.status for each in report.files] == ["unchanged", "unchanged", "gone"]
    assert corpus.index(inbox, prune=True).count("removed") == 1
    for _ in range(2):
        assert [each.status for each in corpus.index(inbox).files] == ["unchanged"] * 2


@pytest.mark.slow
def test_the_rows_of_a_table_that_is_renamed_are_moved(corpus: Corpus, inbox: Path) -> None:
    rows = [f"r{number},{words(number, 12).strip()}" for number in range(3)]
    table = write(inbox, "t.csv", "\n".join(["id,text", *rows]))
    corpus.index(inbox)
    ids = set(places(corpus))
    write(inbox, "copy.csv", "\n".join(["id,text", *rows]))
    assert corpus.index(inbox).count("added") == 3  # the same rows in two tables may be about two things
    (inbox / "copy.csv").unlink()
    corpus.index(inbox, prune=True)
    table.rename(inbox / "u.csv")
    report = corpus.index(inbox, prune=True)
    assert [each.status for each in report.files] == ["moved"] * 3
    assert set(places(corpus)) == ids


# Files that change places


def as_files(inbox: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        write(inbox, name, text)


def as_members(inbox: Path, texts: dict[str, str]) -> None:
    inbox.mkdir(exist_ok=True)
    with zipfile.ZipFile(inbox / "all.zip", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)


@pytest.mark.slow
@pytest.mark.parametrize("put", [as_files, as_members])
@pytest.mark.parametrize("order", ["ba", "bca", "cab", "bad", "badc"])
def test_documents_that_change_places_keep_their_ids_corrections_and_history(
    corpus: Corpus, library: Path, inbox: Path, put: Callable[[Path, dict[str, str]], None], order: str
) -> None:
    names = sorted(order)
    write(inbox, "stays.txt", words(1))
    put(inbox, {f"{name}.txt": words(ord(name) + 100) for name in names})
    corpus.index(inbox)
    put(inbox, {f"{name}.txt": words(ord(name)) for name in names})
    corpus.index(inbox)
    its = {name: next(info.id for info in corpus.documents() if info.id.endswith(f"{name}.txt"))
           for name in names}  # fmt: skip
    for name in names:
        corpus.edit(its[name], {"title": f"The title of {name}"})
    before, embedded = versions(corpus), encoder(corpus).embedded
    keys = {name: [passage.key for passage in corpus.store.passages_of(its[name])] for name in names}
    put(inbox, {f"{place}.txt": words(ord(name)) for place, name in zip(names, order, strict=True)})
    foreseen = done(corpus.index(inbox, dry_run=True))
    report = corpus.index(inbox, prune=True)
    assert done(report) == foreseen
    assert {each.document_id: each.status for each in report.files} == {
        its[name]: "unchanged" if name == place else "moved" for place, name in zip(names, order, strict=True)
    } | {"stays.txt": "unchanged"}
    assert (report.count("removed"), report.count("gone"), report.remarks) == (0, 0, ())
    assert len(corpus.documents()) == len(names) + 1
    for place, name in zip(names, order, strict=True):
        assert corpus.document(its[name]).text == words(ord(name))
        assert corpus.document(its[name]).title == f"The title of {name}"
        assert corpus.cited(corpus.document(its[name]).sha256).status == "current"
        assert [passage.key for passage in corpus.store.passages_of(its[name])] == keys[name]
        ((path, part),) = stands(library, its[name])
        assert f"{path}{part}".endswith(f"{place}.txt")
    assert versions(corpus) == before
    assert encoder(corpus).embedded == embedded
    generation = corpus.store.generation
    assert {status for _, status, _ in done(corpus.index(inbox, prune=True))} == {"unchanged"}
    assert corpus.store.generation == generation


def versions(corpus: Corpus) -> dict[str, list[tuple[str, str]]]:
    """The texts that each document had, and why no longer."""
    return {info.id: [(each.sha256, each.reason) for each in corpus.store.versions(info.id)]
            for info in corpus.documents()} | {
        "removed": [(each.sha256, each.document_id) for each in corpus.store.removed()]
    }  # fmt: skip


def stands(library: Path, document_id: str) -> list[tuple[str, str]]:
    """The files and parts in which a document stands."""
    db = sqlite3.connect(library / "library.sqlite3")
    rows = db.execute(
        "SELECT locations.path, part FROM locations JOIN documents ON serial = document WHERE id = ?",
        (document_id,),
    ).fetchall()
    db.close()
    return rows


def test_what_a_copy_has_overwritten_is_removed_and_can_be_restored(corpus: Corpus, inbox: Path) -> None:
    for name in "abc":
        write(inbox, f"{name}.txt", words(ord(name)))
    corpus.index(inbox)
    corpus.edit("a.txt", {"title": "Rice"})
    write(inbox, "a.txt", words(ord("b")))
    assert done(corpus.index(inbox))[0] == ("a.txt", "duplicate", "b.txt")
    assert [each.document_id for each in corpus.store.removed()] == ["a.txt"]
    assert {status for _, status, _ in done(corpus.index(inbox))} == {"unchanged"}
    write(inbox, "a.txt", words(7))  # which comes under the id of what stood there and was corrected
    assert done(corpus.index(inbox))[0] == ("a.txt", "added", "a.txt")
    assert corpus.document("a.txt").title == "Rice"


def test_a_run_that_ends_between_two_files_that_changed_places_is_finished_by_the_next(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    for name in "abc":
        write(inbox, f"{name}.txt", words(ord(name)))
    corpus.index(inbox)
    for name, other in ("ab", "ba"):
        write(inbox, f"{name}.txt", words(ord(other)))

    def interrupt(progress: Progress) -> None:
        if progress.stage == "write" and progress.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.index(inbox, progress=interrupt)
    assert problems(library) == []
    assert len(corpus.documents()) == 3
    corpus.index(inbox)
    assert places(corpus) == {"a.txt": ["b.txt"], "b.txt": ["a.txt"], "c.txt": ["c.txt"]}
    assert {status for _, status, _ in done(corpus.index(inbox))} == {"unchanged"}
    assert corpus.store.removed() == ()


# Files as they were read last


def test_a_container_that_has_not_changed_is_not_parsed_again(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"{number},Row {number},{words(number, 30).strip()!r}" for number in range(5))
    path = write(inbox, "t.csv", f"id,title,text\n{rows}\n".replace("'", '"'))
    assert corpus.index(inbox).count("added") == 5
    with monkeypatch.context() as patched:
        patched.setattr("qa.formats.worker.Worker.read", forbidden)
        assert [each[1] for each in done(corpus.index(inbox))] == ["unchanged"] * 5
    corpus.remove([corpus.documents()[2].id])
    assert corpus.index(inbox).count("withdrawn") == 1
    with monkeypatch.context() as patched:
        patched.setattr("qa.formats.worker.Worker.read", forbidden)
        report = corpus.index(inbox)
        assert (report.count("unchanged"), report.count("withdrawn")) == (4, 1)
    path.write_text(path.read_text(encoding="utf-8").replace("Row 4", "Row four"), encoding="utf-8")
    assert corpus.index(inbox).count("replaced") == 1


def forbidden(*_: object) -> None:
    raise AssertionError("it was parsed again")


def test_a_refused_file_that_has_not_changed_is_refused_for_the_same_reason_unread(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").write_bytes(b"caf\xe9")
    first = corpus.index(inbox)
    with monkeypatch.context() as patched:
        patched.setattr("qa.formats.worker.Worker.read", forbidden)
        second = corpus.index(inbox)
    assert second.files[1] == first.files[1]
    assert "is not UTF-8" in second.files[1].error.message
    monkeypatch.setattr("qa.intake.plan.made_by", lambda *_: "a later version of Pullquote")
    monkeypatch.setattr("qa.formats.worker.Worker.read", forbidden)
    with pytest.raises(AssertionError, match="parsed again"):
        corpus.index(inbox)


def test_what_reads_files_changes_when_ocr_comes_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    qa.intake.plan.made_by.cache_clear()
    made = []
    for there in ("", "Tesseract 5.5.0"):
        monkeypatch.setattr("qa.formats.ocr.program", lambda there=there: (there, 0))
        monkeypatch.setattr("qa.formats.ocr.version", lambda _, there=there: there)
        monkeypatch.setattr(
            "qa.formats.ocr.languages", lambda _, there=there: frozenset({"eng"} if there else ())
        )
        made.append([qa.intake.plan.made_by("a.pdf", Options(ocr=ocr)) for ocr in (True, False)])
        qa.intake.plan.made_by.cache_clear()
    (with_none, off), (with_one, still_off) = made
    assert with_none != with_one
    assert off == still_off


def test_a_file_that_vanishes_before_it_is_read_is_named_and_no_error(corpus: Corpus, inbox: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(inbox, name, words(ord(name[0])))

    def vanish(progress: Progress) -> None:
        if progress.stage == "read":
            (inbox / "b.txt").unlink(missing_ok=True)

    report = corpus.index(inbox, progress=vanish)
    assert {(name, status) for name, status, _ in done(report)} == {("a.txt", "added"), ("b.txt", "gone")}


# Dry run


@pytest.mark.slow
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(library: Path, inbox: Path) -> None:
    for number in range(5):
        write(inbox, f"{number}.txt", words(number))
    with tiny_corpus(library) as corpus:
        corpus.index(inbox)
    write(inbox, "1.txt", words(11))
    (inbox / "2.txt").unlink()
    (inbox / "3.txt").rename(inbox / "moved.txt")
    write(inbox, "copy.txt", words(4))
    write(inbox, "new.txt", words(20))
    write(inbox, "new too.txt", words(20))
    (inbox / "bad.txt").write_bytes(b"caf\xe9")
    before = {path: path.read_bytes() for path in library.iterdir()}
    with Corpus.open(library, create=False, encoder=TinyEncoder(), read_only=True) as corpus:
        foreseen = corpus.index(inbox, dry_run=True)
        assert encoder(corpus).embedded == 0
    assert {path: path.read_bytes() for path in library.iterdir()} == before
    assert foreseen.dry_run
    with tiny_corpus(library) as corpus:
        report = corpus.index(inbox)
    assert done(foreseen) == done(report)
    assert {status for _, status, _ in done(report)} == {
        *("unchanged", "replaced", "gone", "moved", "duplicate", "added", "refused")
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("11", "2", [("a.txt", "replaced", "a.txt"), ("b.txt", "gone", "b.txt")]),
        ("1-", "21", [("a.txt", "replaced", "a.txt"), ("b.txt", "added", "b.txt")]),
        ("1-", "22", [("a.txt", "replaced", "a.txt"), ("b.txt", "duplicate", "a.txt")]),
        ("11", "23", [("a.txt", "replaced", "a.txt"), ("b.txt", "replaced", "b.txt")]),
        ("111", "231", [
            ("a.txt", "replaced", "a.txt"), ("b.txt", "replaced", "b.txt"), ("c.txt", "unchanged", "c.txt")
        ]),
        ("12", "21", [("a.txt", "moved", "b.txt"), ("b.txt", "moved", "a.txt")]),
        ("12", "23", [("a.txt", "moved", "a.txt~2"), ("b.txt", "replaced", "b.txt")]),
        ("12", "2-", [("a.txt", "moved", "b.txt")]),
        ("11-", "--1", [("c.txt", "moved", "a.txt")]),
        ("11-", "-11", [("b.txt", "unchanged", "a.txt"), ("c.txt", "moved", "a.txt")]),
    ],
)  # fmt: skip
def test_a_dry_run_foresees_what_documents_do_to_each_other(
    corpus: Corpus, inbox: Path, before: str, after: str, said: list[tuple[str, str, str]]
) -> None:
    write(inbox, "stays.txt", words(9))
    for texts in (before, after):
        for name, text in zip("abc", texts, strict=False):
            (inbox / f"{name}.txt").unlink(missing_ok=True)
            if text != "-":
                write(inbox, f"{name}.txt", words(int(text)))
        for name in "abc"[len(texts) :]:
            (inbox / f"{name}.txt").unlink(missing_ok=True)
        foreseen = done(corpus.index(inbox, dry_run=True))
        report = done(corpus.index(inbox))
        assert foreseen == report
    assert [each for each in report if each[0] != "stays.txt"] == said


@pytest.mark.slow
def test_a_dry_run_foresees_that_a_document_follows_the_text_of_another_of_its_files(
    corpus: Corpus, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(1).replace("\n\n", "\n\n\n"))
    corpus.index(inbox)
    write(inbox, "a.txt", words(2))
    foreseen = done(corpus.index(inbox, dry_run=True))
    assert foreseen == done(corpus.index(inbox))
    assert foreseen == [("a.txt", "replaced", "a.txt"), ("b.txt", "replaced", "b.txt")]


# Any sequence of changes

NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "sub/d.txt"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.integers(0, 3)),
        st.tuples(st.just("move"), NAMES, NAMES),
        st.tuples(st.just("copy"), NAMES, NAMES),
        st.tuples(st.just("swap"), NAMES, NAMES),
        st.tuples(st.just("delete"), NAMES, st.just(0)),
        st.tuples(st.just("index"), st.booleans(), st.just(0)),
    ),
    max_size=16,
)


@pytest.mark.day
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_after_any_changes_and_a_prune_the_library_holds_what_one_made_afresh_does(
    changes: list[tuple[str, str, str | int]], tmp_path: Path
) -> None:
    """But for ids: these tell where a text was first, for ever."""
    for folder in ("old", "fresh", "in"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
    inbox = tmp_path / "in"
    write(inbox, "stays.txt", words(99))
    write(inbox, "sub/stays too.txt", words(98))
    with tiny_corpus(tmp_path / "old") as old, tiny_corpus(tmp_path / "fresh") as fresh:
        for kind, name, other in changes:
            if kind == "put":
                write(inbox, name, words(int(other)))
            elif kind == "index":
                foreseen = done(old.index(inbox, dry_run=True))
                assert done(old.index(inbox)) == foreseen
                if name:
                    old.index(inbox, prune=True)
            elif kind == "swap":
                one, two = inbox / name, inbox / str(other)
                if one.exists() and two.exists():
                    texts = one.read_bytes(), two.read_bytes()
                    two.write_bytes(texts[0])
                    one.write_bytes(texts[1])
            elif (inbox / name).exists():
                if kind == "delete":
                    (inbox / name).unlink()
                else:
                    (inbox / name).rename(inbox / str(other)) if kind == "move" else (
                        shutil.copy(inbox / name, inbox / f"copy {other}") if "/" not in str(other) else None
                    )
        old.index(inbox, prune=True)
        fresh.index(inbox)
        assert held(old) == held(fresh)
        generation = old.store.generation
        again = old.index(inbox, prune=True)
        assert {each.status for each in again.files} == {"unchanged"}
        assert old.store.generation == generation
    for library in (tmp_path / "old", tmp_path / "fresh"):
        assert problems(library) == []
        assert index_problems(library) == []


def held(corpus: Corpus) -> set[tuple[str, frozenset[str]]]:
    """The texts, each with the files that it stands in."""
    return {(corpus.document(info.id).text, frozenset(info.locations)) for info in corpus.documents()} | {
        (f"{len(corpus.documents())} documents", frozenset())
    }


# Two runs at once, and no room


def index_in_a_process(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(inbox, prune=True)


@pytest.mark.day
def test_two_runs_at_once_on_one_library_lose_nothing(library: Path, inbox: Path) -> None:
    for number in range(40):
        write(inbox, f"{number}.txt", words(number))
    with tiny_corpus(library) as corpus:
        corpus.index(inbox)
    for number in range(0, 40, 2):
        write(inbox, f"{number}.txt", words(100 + number))
    (inbox / "1.txt").unlink()
    (inbox / "3.txt").rename(inbox / "moved.txt")
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=index_in_a_process, args=(library, inbox)) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert [each.exitcode for each in runs] == [0, 0]
    with tiny_corpus(library) as corpus:
        assert len(corpus.documents()) == 39
        assert {status for _, status, _ in done(corpus.index(inbox))} == {"unchanged"}
        files = {path: path.read_text(encoding="utf-8") for path in inbox.iterdir()}
        assert {Path(info.path): corpus.document(info.id).text for info in corpus.documents()} == files
    assert problems(library) == []
    assert index_problems(library) == []


@pytest.mark.day
def test_a_full_disk_is_a_clear_error_and_the_next_run_goes_on(library: Path, inbox: Path) -> None:
    """RLIMIT_FSIZE: no file may grow beyond it, which SQLite meets as it does a full disk."""
    for number in range(60):
        write(inbox, f"{number}.txt", words(number, 2_000))
    lines = [json.dumps({"_id": f"r{n}", "text": words(n)}) for n in range(20)]
    write(inbox, "r.jsonl", "\n".join(lines))
    with tiny_corpus(library) as corpus:
        corpus.index(inbox / "0.txt")
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from tests.qa.intake.test_sync import index_in_a_process\nfrom qa.errors import LibraryError\n"
        "from qa.document.metadata import _classifier\n_classifier()  # unpacked into a temporary file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, 900_000))\n"
        "try: index_in_a_process(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except LibraryError as error: sys.exit(str(error))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(library), str(inbox)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Nothing was lost" in result.stderr, result.stderr
    assert problems(library) == []
    with tiny_corpus(library) as corpus:
        held = len(corpus.documents())
        assert 1 < held < 80
        report = corpus.index(inbox)
        assert report.count("unchanged") == held
        assert len(corpus.documents()) == 80
    assert problems(library) == []


# The command


@pytest.fixture
def run(library: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `pullquote index` with the tiny encoder."""
    opened = Corpus.open
    monkeypatch.setattr(
        Corpus, "open", lambda *args, **options: opened(*args, encoder=TinyEncoder(), **options)
    )

    def run(*arguments: str | Path, **options: object) -> Result:
        words = ["index", *map(str, arguments), "--library", str(library)]
        return CliRunner().invoke(cli, words, **options)  # type: ignore[arg-type]

    return run


def test_the_command_names_what_is_gone_and_prunes_it_when_told_to(
    run: Callable[..., Result], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write(inbox, f"{number}.txt", words(number))
    assert run(inbox).exit_code == 0
    for number in range(4):
        (inbox / f"{number}.txt").unlink()
    named = run(inbox)
    assert named.exit_code == 0
    assert "1 document in " in named.stdout
    assert "1 unchanged; 4 gone" in named.stdout
    assert (
        "4 documents (0.txt, 1.txt, 2.txt and 1 more) are no longer there; "
        "to remove them from the library, add --prune" in named.stdout
    )
    monkeypatch.setattr("qa.commands.indexing._in_a_terminal", lambda: True)
    refused = run(inbox, input="n\n")
    assert f"4 documents (0.txt, 1.txt, 2.txt and 1 more) are no longer in {inbox}" in refused.stderr
    assert "[y/N]" in refused.stderr
    assert "4 gone" in refused.stdout
    assert "4 removed" in run(inbox, input="y\n").stdout
    monkeypatch.undo()


def test_the_counts_add_up_and_what_was_removed_is_not_counted(
    run: Callable[..., Result], library: Path, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(1))
    write(inbox, "c.txt", words(2))
    assert re.match(r"3 documents in .* s: 2 added, 1 duplicate\n", run(inbox).stdout)
    assert re.match(r"3 documents in .* s: 3 unchanged\n", run(inbox).stdout)
    with Corpus.open(library) as corpus:  # with the tiny encoder
        corpus.remove(["c.txt"])
    assert re.match(r"2 documents in .* s: 2 unchanged; 1 withdrawn\n", run(inbox).stdout)


def test_the_command_names_a_sidecar_without_its_file_and_calls_it_no_file_of_another_kind(
    run: Callable[..., Result], inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt.meta.toml", "")
    result = run(inbox)
    assert result.exit_code == 0
    assert "b.txt.meta.toml describes no document: there is no b.txt next to it." in result.stderr
    assert "of another kind" not in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="makes links as POSIX does")
def test_a_sidecar_beside_what_is_not_read_is_named(
    run: Callable[..., Result], inbox: Path, tmp_path: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "inside.txt").symlink_to(inbox / "a.txt")
    (inbox / "outside.txt").symlink_to(write(tmp_path, "secret.txt", words(2)))
    write(inbox, "picture.png", "")
    (inbox / "folder").mkdir()
    for name in ("a.txt", "inside.txt", "outside.txt", "picture.png", "folder"):
        write(inbox, f"{name}.meta.toml", 'title = "Named"')
    result = run(inbox)
    said = result.stderr.splitlines()
    for name in ("inside.txt", "outside.txt"):
        (line,) = [line for line in said if f"{name}.meta.toml describes no document" in line]
        assert f"{name} is a link that is not read" in line
    for name in ("picture.png", "folder"):
        (line,) = [line for line in said if f"{name}.meta.toml describes no document" in line]
        assert f"{name} is not read" in line
    assert not [line for line in said if "/a.txt.meta.toml" in line]
    assert "outside.txt.meta.toml" not in run(inbox, inbox / "outside.txt").stderr
    followed = run(inbox, "--follow-links")
    assert "outside.txt.meta.toml" not in followed.stderr


def test_prune_on_the_command_line_does_not_ask(run: Callable[..., Result], inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    run(inbox)
    (inbox / "a.txt").unlink()
    printed = json.loads(run(inbox, "--prune", "--json").stdout)
    assert (printed["removed"], printed["gone"], printed["unchanged"]) == (1, 0, 1)
    assert printed["skipped"] == []


def test_a_dry_run_of_the_command_makes_no_library(
    run: Callable[..., Result], library: Path, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").write_bytes(b"caf\xe9")
    result = run(inbox, "--dry-run")
    assert result.exit_code == 1
    assert "refused: " in result.stderr  # once, with its reason
    assert "refused " not in result.stdout
    assert "nothing was changed" in result.stdout
    assert f"    added {inbox / 'a.txt'}: a.txt" in result.stdout
    assert not library.exists()
    assert run(inbox, "--dry-run", "--watch").exit_code == 2


@pytest.mark.parametrize("name", ["report.jsonl", "report.csv"])
def test_a_report_says_of_each_file_what_became_of_it(
    run: Callable[..., Result], inbox: Path, tmp_path: Path, name: str
) -> None:
    write(inbox, "=a.txt", words(1))
    (inbox / "b.txt").write_bytes(b"caf\xe9")
    write(inbox, "c.png", "")
    path = tmp_path / name
    assert run(inbox, "--report", path).exit_code == 1
    if name.endswith(".csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{key: from_cell(value) for key, value in row.items()} for row in csv.DictReader(file)]
    else:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(Path(row["path"]), row["status"]) for row in rows] == [
        (inbox / "b.txt", "refused"),
        (inbox / "=a.txt", "added"),
        (inbox / "c.png", "skipped"),
    ]
    assert (rows[1]["document"], rows[0]["code"]) == ("=a.txt", "bad_input")
    assert "is not UTF-8" in rows[0]["message"]


def test_what_is_left_out_of_an_archive_is_said_of_the_archive_and_of_no_document_in_it(
    run: Callable[..., Result], library: Path, inbox: Path
) -> None:
    inbox.mkdir(exist_ok=True)
    with zipfile.ZipFile(inbox / "pack.zip", "w") as pack:
        pack.writestr("a.txt", words(1))
        pack.writestr("photo.png", b"\x89PNG")
    result = run(inbox)
    assert result.exit_code == 0
    assert "1 document in" in result.stdout
    said = f"note: {inbox / 'pack.zip'}: files of other kinds in the archive were left out: photo.png.\n"
    assert said in result.stdout
    assert result.stdout.count("note: ") == 1
    with Corpus.open(library) as corpus:
        assert corpus.document("pack.zip/a.txt").notes == ()
    assert "note: " not in run(inbox).stdout
    (inbox / "pack.zip").unlink()
    with zipfile.ZipFile(inbox / "pack.zip", "w") as pack:
        pack.writestr("a.txt", b"caf\xe9")
        pack.writestr("photo.png", b"\x89PNG")
    assert run(inbox).exit_code == 3


def test_a_skipped_file_has_the_reason_for_which_one_that_is_named_is_refused(
    run: Callable[..., Result], inbox: Path, tmp_path: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.doc").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    write(inbox, "c", words(2))
    (inbox / "d.gif").write_bytes(b"GIF89a" + bytes(9))
    write(inbox, "e.txt.meta.toml", "")
    (inbox / "f").write_bytes(b"%PDF-1.4")
    path = tmp_path / "report.jsonl"
    printed = json.loads(run(inbox, "--report", path, "--json").stdout)
    said = [json.loads(line)["message"] for line in path.read_text(encoding="utf-8").splitlines()][1:]
    assert printed["skipped_because"] == said
    assert len(printed["skipped"]) == 5
    named = [run(inbox / name, "--json").stdout for name in ("b.doc", "c", "d.gif")]
    assert said[:3] == [json.loads(each)["files"][0]["error"]["message"] for each in named]
    assert "describes no document" in said[3]
    assert "is a PDF, but its name does not say so" in said[4]


@pytest.mark.slow
def test_a_watch_indexes_what_changes_and_leaves_out_what_is_hidden(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.watch._WAKE", 100)
    monkeypatch.setattr("qa.intake.watch._QUIET", 100)
    write(inbox, "a.txt", words(1))
    own = inbox / ".library"
    with tiny_corpus(own) as corpus:
        waiting = bursts([inbox], own)
        next(waiting)
        corpus.index(inbox)  # which writes the library, in the folder that is watched
        write(inbox, ".hidden.txt", words(2))
        write(inbox, "sub/b.txt", words(3))
        next(waiting)
        assert corpus.index(inbox).count("added") == 1
        (inbox / "a.txt").rename(inbox / "sub" / "c.txt")
        next(waiting)
        assert corpus.index(inbox).count("moved") == 1
        waiting.close()


@pytest.mark.slow
def test_a_watch_outlives_that_its_folder_is_made_again_and_ends_when_it_is_removed(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.watch._WAKE", 100)
    monkeypatch.setattr("qa.intake.watch._QUIET", 100)
    write(inbox, "a.txt", words(1))
    with tiny_corpus(library) as corpus:
        waiting = bursts([inbox], library)
        next(waiting)
        for number in (2, 3):
            shutil.rmtree(inbox)
            write(inbox, "a.txt", words(number))
            next(waiting)
            corpus.index(inbox)
            assert corpus.document("a.txt").text == words(number)
        write(inbox, "b.txt", words(4))
        next(waiting)
        assert corpus.index(inbox).count("added") == 1
    shutil.rmtree(inbox)
    with pytest.raises(InputError, match="removed while it was watched"):
        next(waiting)


@pytest.mark.day
@pytest.mark.skipif(sys.platform == "win32", reason="sends what Ctrl-C does on POSIX")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_watch_says_once_what_it_watches_and_ctrl_c_ends_it_as_it_is_meant_to(
    library: Path, inbox: Path, quiet: bool
) -> None:
    write(inbox, "a.txt", words(1))
    code = (
        "import functools\nfrom qa.cli import main\nfrom qa.corpus import Corpus\n"
        "from tests.qa.tiny import TinyEncoder\n"
        "Corpus.open = functools.partial(Corpus.open, encoder=TinyEncoder())\nmain()\n"
    )
    options = ["index", str(inbox), "--watch", "--library", str(library), *(["--quiet"] if quiet else [])]
    with subprocess.Popen(
        [sys.executable, "-c", code, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _until(lambda: _count(library) == 1)
            write(inbox, "b.txt", words(2))
            _until(lambda: _count(library) == 2)
            if not quiet:  # the second report is shown
                while not process.stdout.readline().startswith("2 documents in "):
                    pass
            time.sleep(3)  # what it still does then is to wait
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert stderr.count(f"Watching {inbox} for changes. Ctrl-C ends it.") == (0 if quiet else 1)
    assert stderr.endswith("" if quiet else "Watching has ended: 2 added.\n")
    assert "Traceback" not in stderr
    assert "interrupted" not in stderr
    assert problems(library) == []


def test_a_watch_counts_a_file_that_stays_broken_once(
    run: Callable[..., Result], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "gone.txt", words(2))
    broken = write(inbox, "broken.pdf", "no PDF")

    def changes(*_: object, **__: object) -> Iterator[None]:
        yield
        write(inbox, "b.txt", words(3))
        (inbox / "gone.txt").unlink()
        yield
        write(inbox, "a.txt", words(4))
        write(inbox, "other.pdf", "no PDF")
        yield
        broken.unlink()
        yield

    monkeypatch.setattr("qa.intake.watch.bursts", changes)
    last = run(inbox, "--watch").stderr.splitlines()[-1]
    assert last == "Watching has ended: 3 added, 1 replaced, 1 refused, 1 gone."


def _count(library: Path) -> int:
    """How many documents a library holds that may not be there yet."""
    try:
        with Corpus.open(library, create=False, read_only=True) as corpus:
            return corpus.store.count().documents
    except LibraryError:
        return 0


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to be so within a minute")
