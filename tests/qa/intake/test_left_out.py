"""What a person took out stays out: what was removed wherever it is found, what was purged where it was."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.errors import DocumentNotFoundError
from qa.evaluation import run, suite
from tests.qa.tiny import words, write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.schema import IndexReport

OLD = words(1)
NEW = words(2)


def done(report: IndexReport) -> list[tuple[str, str]]:
    return [(each.status, each.document_id) for each in report.files]


def index(corpus: Corpus, inbox: Path) -> list[tuple[str, str]]:
    """Index a folder. It is foreseen; and said again as long as nothing changes, which changes nothing."""
    foreseen = done(corpus.index(inbox, dry_run=True))
    said = done(corpus.index(inbox))
    assert foreseen == said
    generation = corpus.store.generation
    again = done(corpus.index(inbox))
    assert corpus.store.generation == generation
    out = ("withdrawn", "purged")
    assert sorted(each for each in again if each[0] in out) == sorted(each for each in said if each[0] in out)
    return said


def ids(corpus: Corpus) -> list[str]:
    return [info.id for info in corpus.documents()]


def feed(*numbers: int) -> str:
    entries = "".join(
        f"<item><guid>g{number}</guid><title>Item {number}</title>"
        f"<description>{words(number, 24)}</description></item>"
        for number in numbers
    )
    return f'<rss version="2.0"><channel><title>Feed</title>{entries}</channel></rss>'


# Removed


@pytest.mark.slow
@pytest.mark.parametrize(
    "again", ["renamed", "copied", "another format", "another space", "with another in its place"]
)
def test_what_was_removed_stays_so_wherever_its_words_are_found(
    corpus: Corpus, library: Path, inbox: Path, again: str
) -> None:
    path = write(inbox, "wire.txt", OLD)
    write(inbox, "stays.txt", NEW)
    corpus.index(inbox)
    corpus.remove(["wire.txt"])
    expected = [("withdrawn", "wire.txt")]
    if again == "renamed":
        path.rename(inbox / "other.txt")
    elif again == "copied":
        write(inbox, "sub/other.txt", OLD)
        expected *= 2
    elif again == "another format":
        path.unlink()
        write(inbox, "other.md", OLD)
    elif again == "another space":
        path.write_text(OLD.replace("\n\n", "\n\n\n"))
    else:
        path.rename(inbox / "sub.txt")
        write(inbox, "wire.txt", words(3))
        expected.append(("added", "wire.txt"))
    said = index(corpus, inbox)
    assert sorted(said) == sorted([*expected, ("unchanged", "stays.txt")])
    assert [each.document_id for each in corpus.store.removed()] == (
        [] if again == "with another in its place" else ["wire.txt"]
    )
    if again == "with another in its place":
        return
    corpus.restore(["wire.txt"])
    corpus.index(inbox, prune=True)
    (info,) = [info for info in corpus.documents() if info.id == "wire.txt"]
    here = {"renamed": ["other.txt"], "copied": ["wire.txt", "sub/other.txt"], "another format": ["other.md"]}
    assert list(info.locations) == [str(inbox / name) for name in here.get(again, ["wire.txt"])]
    assert {status for status, _ in done(corpus.index(inbox))} == {"unchanged"}


@pytest.mark.slow
def test_a_removed_document_that_is_moved_twice_stays_so(corpus: Corpus, inbox: Path) -> None:
    path = write(inbox, "a.txt", OLD)
    write(inbox, "stays.txt", NEW)
    corpus.index(inbox)
    corpus.remove(["a.txt"])
    for name in ("b.txt", "c.txt"):
        path = path.rename(inbox / name)
        assert ("withdrawn", "a.txt") in index(corpus, inbox)
    write(inbox, "b.txt", words(3))  # where it stood for a while
    path = path.rename(inbox / "d.txt")
    assert ("withdrawn", "a.txt") in index(corpus, inbox)
    assert ids(corpus) == ["b.txt", "stays.txt"]


@pytest.mark.slow
def test_the_same_words_of_another_publisher_were_not_removed(corpus: Corpus, inbox: Path) -> None:
    head = '<html><head><meta property="og:site_name" content="%s"></head>'
    page = head + "<body><article><p>%s</p></article></body></html>"
    write(inbox, "a.html", page % ("Gazette", OLD))
    corpus.index(inbox)
    corpus.remove(["a.html"])
    write(inbox, "b.html", page % ("Herald", OLD))
    assert index(corpus, inbox) == [("withdrawn", "a.html"), ("added", "b.html")]


@pytest.mark.slow
def test_a_removed_entry_of_a_feed_stays_so_when_another_arrives_or_the_feed_is_moved(
    corpus: Corpus, inbox: Path
) -> None:
    path = write(inbox, "f.xml", feed(1, 2))
    corpus.index(inbox)
    corpus.remove(["f.xml#g2"])
    path.write_text(feed(3, 1, 2))
    assert sorted(index(corpus, inbox)) == [
        *(("added", "f.xml#g3"), ("replaced", "f.xml#g1"), ("withdrawn", "f.xml#g2"))
    ]
    write(inbox, "sub/f.xml", path.read_text())
    path.unlink()
    assert ("withdrawn", "f.xml#g2") in index(corpus, inbox)
    assert "f.xml#g2" not in ids(corpus)
    corpus.restore(["f.xml#g2"])
    corpus.index(inbox, prune=True)
    (info,) = [info for info in corpus.documents() if info.id == "f.xml#g2"]
    assert list(info.locations) == [str(inbox / "sub/f.xml")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r.jsonl", "r.csv"])
def test_a_removed_record_stays_so_when_its_file_is_moved(corpus: Corpus, inbox: Path, name: str) -> None:
    rows = [{"id": f"r{number}", "text": words(number, 12).strip()} for number in range(3)]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    if name == "r.csv":
        text = "id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows)
    path = write(inbox, name, text)
    corpus.index(inbox)
    its = ids(corpus)[1]
    corpus.remove([its])
    for other in ("one", "two"):
        path = path.rename(path.with_stem(other))
        assert index(corpus, inbox).count(("withdrawn", its)) == 1
        assert len(ids(corpus)) == 2


def test_the_command_says_that_what_was_moved_was_removed(corpus: Corpus, library: Path, inbox: Path) -> None:
    path = write(inbox, "a.txt", OLD)
    corpus.index(inbox)
    corpus.remove(["a.txt"])
    path.rename(inbox / "b.txt")
    result = CliRunner().invoke(cli, ["index", str(inbox), "--library", str(library), "--dry-run"])
    assert "not indexed, as it was removed earlier: a.txt; `pullquote restore` puts it back" in result.stderr


# Purged


@pytest.mark.slow
def test_what_was_purged_is_left_out_until_its_file_is_named_or_changes(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    path = write(inbox, "a.txt", OLD)
    write(inbox, "stays.txt", NEW)
    corpus.index(inbox)
    corpus.purge(["a.txt"])
    assert index(corpus, inbox) == [("purged", ""), ("unchanged", "stays.txt")]
    result = CliRunner().invoke(cli, ["index", str(inbox), "--library", str(library), "--dry-run"])
    said = f"not indexed, as it was purged earlier: {path}; to index it again, name the file itself"
    assert said in result.stderr
    assert "1 document in" in result.stdout
    assert done(corpus.index(path, named_files=False)) == [("purged", "")]
    with pytest.raises(DocumentNotFoundError):
        corpus.document("a.txt")

    assert done(corpus.index(path)) == [("added", "a.txt")]
    assert index(corpus, inbox) == [("unchanged", "a.txt"), ("unchanged", "stays.txt")]
    corpus.purge(["a.txt"])
    path.write_text(words(3))
    assert index(corpus, inbox) == [("added", "a.txt"), ("unchanged", "stays.txt")]
    path.write_text(OLD)
    assert index(corpus, inbox) == [("replaced", "a.txt"), ("unchanged", "stays.txt")]


def test_what_was_removed_and_then_purged_is_left_out_too(corpus: Corpus, inbox: Path) -> None:
    path = write(inbox, "a.txt", OLD)
    corpus.index(inbox)
    corpus.remove(["a.txt"])
    path.rename(inbox / "b.txt")
    corpus.index(inbox)
    corpus.purge(["a.txt"])
    assert index(corpus, inbox) == [("purged", "")]


@pytest.mark.slow
def test_of_a_file_of_several_what_was_purged_is_left_out(corpus: Corpus, inbox: Path) -> None:
    inbox.mkdir()

    def pack(*names: str) -> Path:
        with zipfile.ZipFile(inbox / "all.zip", "w") as archive:
            for number, name in enumerate(names):
                archive.writestr(f"{name}.txt", words(number))
        return inbox / "all.zip"

    pack("a", "b")
    path = write(inbox, "f.xml", feed(11, 12))
    corpus.index(inbox)
    corpus.purge(["all.zip/a.txt", "f.xml#g12"])
    stay = {("unchanged", "all.zip/b.txt"), ("unchanged", "f.xml#g11"), ("purged", "")}
    assert set(index(corpus, inbox)) == stay
    path.write_text(feed(13, 11, 12))
    pack("a", "b", "c")
    said = index(corpus, inbox)
    assert said.count(("purged", "")) == 2
    assert ids(corpus) == ["all.zip/b.txt", "all.zip/c.txt", "f.xml#g11", "f.xml#g13"]
    assert ("added", "f.xml#g12") in done(corpus.index(path))
    path.write_text(feed(13, 11, 12, 14))
    assert ("added", "f.xml#g14") in index(corpus, inbox)
    assert "f.xml#g12" in ids(corpus)


def test_a_purge_drops_the_answers_that_evaluate_keeps_of_this_library_alone(
    corpus: Corpus, library: Path, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.answer_cache.cache_folder", lambda: tmp_path / "cache")
    questions = suite.load(write(tmp_path, "q.jsonl", '{"_id": "1", "text": "What is said?"}\n'), print)
    kept, others = (run.answers_path(of, questions) for of in (library, tmp_path / "another"))
    corpus.index(write(inbox, "a.txt", OLD))
    for path in (kept, others, kept.with_name(f"{kept.name}.state")):
        write(path.parent, path.name, OLD)
    corpus.purge(["a.txt"])
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [others]
