from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.corpus import Corpus
from qa.schema import Span
from qa.sources import words_sha256
from tests.qa.consistency import index_problems, problems
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.schema import IndexReport, Progress


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


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
    given = corpus._given
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
    generation = corpus.generation
    assert done(corpus.index(inbox)) == [("a.txt", "unchanged", "a.txt"), ("b.text", "unchanged", "a.txt")]
    assert corpus.generation == generation


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
    assert done(report) == [("b.txt", "unchanged", "a.txt"), ("a.txt", "moved", "a.txt")]
    assert places(corpus) == {"a.txt": ["b.txt"]}
    assert done(corpus.index(inbox)) == [("b.txt", "replaced", "a.txt")]
    assert corpus.document("a.txt").text == second.read_text(encoding="utf-8")


def test_a_copy_that_changes_becomes_a_document_of_its_own(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(1))
    corpus.index(inbox)
    write(inbox, "b.txt", words(2))
    assert done(corpus.index(inbox)) == [("a.txt", "unchanged", "a.txt"), ("b.txt", "added", "b.txt")]
    assert places(corpus) == {"a.txt": ["a.txt"], "b.txt": ["b.txt"]}


def test_when_the_first_file_changes_the_document_is_read_anew_from_the_other_in_the_same_run(
    corpus: Corpus, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    other = write(inbox, "b.txt", words(1) + "\n")
    corpus.index(inbox)
    write(inbox, "a.txt", words(2))
    corpus.index(inbox)
    assert places(corpus) == {"a.txt": ["b.txt"], "a.txt~2": ["a.txt"]}
    assert corpus.document("a.txt").text == other.read_text(encoding="utf-8")
    assert corpus.document("a.txt~2").text == words(2)
    assert {each[1] for each in done(corpus.index(inbox))} == {"unchanged"}


def test_a_file_that_becomes_a_copy_of_another_joins_its_document(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    corpus.index(inbox)
    old = corpus.document("b.txt").sha256
    write(inbox, "b.txt", words(1))
    assert done(corpus.index(inbox))[1] == ("b.txt", "duplicate", "a.txt")
    assert places(corpus) == {"a.txt": ["a.txt", "b.txt"]}
    assert corpus.cited(old).document.text == words(2)  # a citation of what stood there still opens it


# Moved, gone, pruned


def test_a_file_that_was_moved_is_the_same_document_and_nothing_is_embedded(
    corpus: Corpus, inbox: Path
) -> None:
    path = write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    corpus.index(inbox)
    before, keys = encoder(corpus).embedded, [passage.key for passage in corpus.passages_of("a.txt")]
    (inbox / "old").mkdir()
    path.rename(inbox / "old" / "renamed.txt")
    report = corpus.index(inbox, prune=True)
    assert done(report) == [("b.txt", "unchanged", "b.txt"), ("renamed.txt", "moved", "a.txt")]
    assert places(corpus) == {"a.txt": ["renamed.txt"], "b.txt": ["b.txt"]}
    assert encoder(corpus).embedded == before
    assert [passage.key for passage in corpus.passages_of("a.txt")] == keys


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
    write(inbox, "" if not emptied else "c.txt", words(3)) if emptied else None
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

    from tests.qa.test_formats import as_nobody

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
    monkeypatch.setattr("qa.corpus._made_by", lambda options: "a later version of Pullquote")
    monkeypatch.setattr("qa.formats.worker.Worker.read", forbidden)
    with pytest.raises(AssertionError, match="parsed again"):
        corpus.index(inbox)


def test_a_file_that_vanishes_before_it_is_read_is_named_and_no_error(corpus: Corpus, inbox: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(inbox, name, words(ord(name[0])))

    def vanish(progress: Progress) -> None:
        if progress.stage == "read":
            (inbox / "b.txt").unlink(missing_ok=True)

    report = corpus.index(inbox, progress=vanish)
    assert [(name, status) for name, status, _ in done(report)] == [
        ("b.txt", "gone"),
        ("a.txt", "added"),
    ] or [(name, status) for name, status, _ in done(report)] == [("a.txt", "added"), ("b.txt", "gone")]


# Dry run


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
