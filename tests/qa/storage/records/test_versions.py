from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.cli import cli
from qa.corpus import Corpus
from qa.document.segment import passages as passages_of
from qa.errors import DocumentNotFoundError, InputError, LibraryError
from qa.evaluation.thumbs import shown_answer
from qa.schema import Answer, Quote, QuoteReference, sha256_text
from qa.storage.sqlite.file import SqliteFile
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.embeddings.conftest import make_encoder, tiny_transformer  # noqa: F401 - fixtures
from tests.qa.consistency import index_problems, problems
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result


OLD = words(1)
NEW = words(2)


@pytest.fixture
def corpus(library: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        yield corpus


def thumb(corpus: Corpus, document_id: str, question: str) -> None:
    """Judge an answer that quotes the beginning of a document."""
    quote = Quote(corpus.document(document_id), 0, 20)
    shown = shown_answer(Answer(question, question, "answered", quotes=(quote,)))
    corpus.desk.put_thumb(shown, None, "up")
    corpus.desk.put_thumb(shown, QuoteReference(document_id, quote.document.sha256, 0, 20), "up")


def vectors(library: Path) -> list[bytes]:
    with sqlite3.connect(library / "library.sqlite3") as db:
        rows = db.execute("SELECT vector FROM vectors ORDER BY passage").fetchall()
    db.close()
    return [vector for (vector,) in rows]


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# What is kept


def test_a_text_that_changes_is_kept_and_still_opens_by_its_hash(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    before = corpus.document("a.txt")
    corpus.index(write(inbox, "a.txt", NEW))

    (version,) = corpus.store.versions("a.txt")
    assert (version.sha256, version.reason) == (sha256_text(OLD), "superseded")
    cited = corpus.cited(sha256_text(OLD))
    assert cited.document == before
    assert (cited.status, cited.since) == ("superseded", version.at)
    assert (cited.current_id, cited.current_sha256) == ("a.txt", sha256_text(NEW))
    now = corpus.cited(sha256_text(NEW))
    assert (now.document, now.status, now.since) == (corpus.document("a.txt"), "current", None)


def test_a_version_of_before_a_column_was_added_still_opens(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.index(write(inbox, "a.txt", NEW))
    with sqlite3.connect(corpus.library / "library.sqlite3") as db:
        db.execute("UPDATE versions SET held = json_remove(held, '$.author')")
    cited = corpus.cited(sha256_text(OLD))
    assert (cited.document.text, cited.document.author, cited.status) == (OLD, "", "superseded")


@pytest.mark.parametrize("how", ["remove", "prune"])
def test_what_takes_the_id_of_a_removed_document_does_not_supersede_it(
    corpus: Corpus, inbox: Path, how: str
) -> None:
    write(inbox, "b.txt", words(3))
    corpus.index(write(inbox, "a.txt", OLD).parent)
    corpus.index(write(inbox, "a.txt", NEW))
    if how == "remove":
        corpus.remove(["a.txt"])
    else:
        (inbox / "a.txt").unlink()
        assert corpus.index(inbox, prune=True).count("removed") == 1
    write(inbox, "a.txt", words(4))
    assert corpus.index(inbox).count("added") == 1
    assert corpus.document("a.txt").text == words(4)

    removal = corpus.store.versions("a.txt")[0]
    for text in (NEW, OLD):  # the latter was superseded first, by the text that was removed
        cited = corpus.cited(sha256_text(text))
        assert (cited.status, cited.since, cited.current_id) == ("removed", removal.at, "")


def test_what_was_superseded_stays_so_when_its_successor_went_and_came_back(
    corpus: Corpus, inbox: Path
) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.index(write(inbox, "a.txt", NEW))
    corpus.remove(["a.txt"], withdrawn=False)
    assert corpus.cited(sha256_text(OLD)).status == "removed"
    corpus.index(inbox / "a.txt")
    cited = corpus.cited(sha256_text(OLD))
    assert (cited.status, cited.current_sha256) == ("superseded", sha256_text(NEW))


def test_the_old_text_is_found_by_no_search(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", "The heron stood in the reeds.\n"))
    corpus.index(write(inbox, "a.txt", "The stork stood in the reeds.\n"))
    everything = corpus.store.select()
    assert not corpus.store.matching([["heron"]], 9, everything)[0]
    assert not corpus.store.phrase("heron", everything).places
    assert len(corpus.store.nearest(corpus.store.encode_queries(["heron"]), 9, everything)[0]) == 1


def test_changed_metadata_alone_keep_no_version(corpus: Corpus, inbox: Path) -> None:
    line = '{"_id": "a", "title": "%s", "text": "The heron stood in the reeds."}\n'
    corpus.index(write(inbox, "a.jsonl", line % "One"))
    report = corpus.index(write(inbox, "a.jsonl", line % "Two"))
    assert report.count("replaced") == 1
    assert corpus.store.versions("a") == ()


@pytest.mark.slow
def test_a_text_that_comes_back_is_current_again_and_kept_once(corpus: Corpus, inbox: Path) -> None:
    for text in (OLD, NEW, OLD, NEW, OLD):
        corpus.index(write(inbox, "a.txt", text))
    assert corpus.cited(sha256_text(OLD)).status == "current"
    assert [each.sha256 for each in corpus.store.versions("a.txt")] == [sha256_text(NEW)]
    corpus.index(write(inbox, "a.txt", NEW))
    assert [each.sha256 for each in corpus.store.versions("a.txt")] == [sha256_text(OLD)]


# Removed, and put back


def test_what_is_removed_comes_back_as_it_was_with_the_same_vectors(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    path = write(inbox, "a.txt", OLD)
    corpus.index(path)
    before, held = corpus.store.document_and_passages("a.txt"), vectors(library)

    corpus.remove(["a.txt"])
    assert corpus.documents() == ()
    assert corpus.cited(before[0].sha256).document == before[0]
    assert corpus.cited(before[0].sha256).status == "removed"
    assert [each.document_id for each in corpus.store.removed()] == ["a.txt"]

    (restored,) = corpus.restore(["a.txt"])
    assert (restored.status, restored.document_id) == ("added", "a.txt")
    after = corpus.store.document_and_passages("a.txt")
    assert after[0] == before[0]
    assert [(each.start, each.end) for each in after[1]] == [(each.start, each.end) for each in before[1]]
    assert vectors(library) == held
    assert corpus.store.removed() == ()
    assert corpus.index(path).count("unchanged") == 1
    corpus.close()
    assert problems(library) == index_problems(library) == []


def test_a_removed_document_stays_removed_until_its_file_changes(corpus: Corpus, inbox: Path) -> None:
    path = write(inbox, "a.txt", OLD)
    corpus.index(path)
    corpus.remove(["a.txt"])
    (result,) = corpus.index(path).files
    assert (result.status, result.document_id) == ("withdrawn", "a.txt")
    assert corpus.documents() == ()

    assert corpus.index(write(inbox, "a.txt", NEW)).count("added") == 1
    cited = corpus.cited(sha256_text(OLD))
    assert (cited.status, cited.current_sha256) == ("removed", "")  # nobody knows that it is the same one
    # What was withdrawn then is a version like any other by now.
    assert corpus.index(write(inbox, "a.txt", OLD)).count("replaced") == 1


def test_what_went_with_its_file_comes_back_with_it(corpus: Corpus, inbox: Path) -> None:
    path = write(inbox, "a.txt", OLD)
    corpus.index(path)
    corpus.remove(["a.txt"], withdrawn=False)
    assert corpus.index(path).count("added") == 1


def test_a_restore_is_refused_where_the_id_is_taken_or_nothing_was_removed(
    corpus: Corpus, inbox: Path
) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.remove(["a.txt"])
    corpus.index(write(inbox, "a.txt", NEW))
    with pytest.raises(InputError, match="remove the other document first"):
        corpus.restore(["a.txt"])
    with pytest.raises(DocumentNotFoundError, match="documents --removed"):
        corpus.restore(["b.txt"])
    corpus.remove(["a.txt"])
    with pytest.raises(DocumentNotFoundError, match="restore"):
        corpus.document("a.txt")


def test_a_second_restore_says_that_it_is_there_already(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.remove(["a.txt"])
    corpus.restore(["a.txt"])
    with pytest.raises(
        InputError,
        match=r"'a\.txt' is already in the library, so there is nothing to "
        "restore",
    ):
        corpus.restore(["a.txt"])
    with pytest.raises(InputError, match="nothing to restore"):  # what was never removed
        corpus.restore([corpus.index(write(inbox, "b.txt", NEW)).files[0].document_id])


# A citation outlives all that


def test_a_citation_outlives_other_passages_another_model_and_another_text(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", OLD))
        document, passages = corpus.store.document_and_passages("a.txt")
        quote = Quote(document, passages[1].sentences[0].start, passages[1].sentences[0].end)
        cut = len(passages)

    monkeypatch.setattr("qa.intake.make.passages", partial(passages_of, words=30))
    monkeypatch.setattr("qa.intake.plan.made_by", lambda *_: "another segmenter")
    with tiny_corpus(library) as corpus:
        assert corpus.index(inbox / "a.txt").count("replaced") == 1
        assert len(corpus.store.passages_of("a.txt")) > cut
        other = TinyEncoder("other", 16)
        corpus.reindex(other)
        assert corpus.store.encoder_identity == other.identity
        assert corpus.cited(document.sha256).status == "current"
        corpus.index(write(inbox, "a.txt", NEW))

        cited = corpus.cited(document.sha256)
        assert cited.status == "superseded"
        assert Quote(cited.document, quote.start, quote.end).text == quote.text
    assert problems(library) == index_problems(library) == []


def test_the_citations_api_says_what_has_become_of_a_quote(corpus: Corpus, tmp_path: Path) -> None:
    said, kept = "Some forty people were arrested.", "The others were let go."
    old = f"Arrests\n\n{said} {kept}\n"
    corpus.index(write(tmp_path, "a.txt", old))
    engine = Engine(corpus.library, tmp_path, _corpus=corpus)
    client = TestClient(create_app(engine, "127.0.0.1"), base_url="http://127.0.0.1:7860")

    def cited(words: str) -> dict[str, Any]:
        at = old.index(words)
        return client.get(f"/api/v1/citations/{sha256_text(old)}/{at}-{at + len(words)}").json()

    now = cited(said)
    assert (now["status"], now["since"], now["moved"], now["difference"]) == ("current", None, None, [])
    assert now["current"] == {"document": "a.txt", "sha256": sha256_text(old)}

    new = old.replace("forty", "fifty")
    corpus.index(write(tmp_path, "a.txt", f"More on this.\n\n{new}"))
    text = corpus.document("a.txt").text
    changed, moved = cited(said), cited(kept)
    for each in (changed, moved):
        assert each["before"] + each["quote"] + each["after"] == old
        assert (each["status"], each["since"]) == (
            "superseded",
            corpus.store.versions("a.txt")[0].at.isoformat(),
        )
        assert each["citation"].endswith(f", superseded on {each['since_in_words']}")
        assert each["current"]["sha256"] == sha256_text(text)
    assert text[moved["moved"]["start"] : moved["moved"]["end"]] == kept
    assert (changed["moved"], moved["difference"]) == (None, [])
    assert [each for each in changed["difference"] if each["op"] != "equal"] == [
        {"op": "delete", "text": "forty "},
        {"op": "insert", "text": "fifty "},
    ]
    corpus.remove(["a.txt"])
    gone = cited(said)
    assert (gone["status"], gone["current"], gone["quote"]) == ("removed", None, said)
    corpus.purge(["a.txt"])
    assert cited(said)["code"] == "document_not_found"


# The commands


def run(corpus: Corpus, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--library", str(corpus.library)])


def test_the_commands_list_restore_and_erase(corpus: Corpus, tmp_path: Path, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.index(write(inbox, "a.txt", NEW))
    thumb(corpus, "a.txt", "What is it?")
    shown = run(corpus, "documents", "show", "a.txt")
    assert f"version: {sha256_text(OLD)}, superseded on " in shown.stdout
    (listed,) = json.loads(run(corpus, "documents", "show", "a.txt", "--json").stdout)["versions"]
    assert (listed["sha256"], listed["reason"]) == (sha256_text(OLD), "superseded")

    assert run(corpus, "remove", "a.txt").stdout == "removed a.txt\n"
    assert run(corpus, "documents").stdout == ""
    assert run(corpus, "documents", "--removed").stdout.startswith("a.txt\t20")
    (removed,) = json.loads(run(corpus, "documents", "--removed", "--json").stdout)
    assert (removed["id"], removed["sha256"]) == ("a.txt", sha256_text(NEW))
    missing = run(corpus, "documents", "show", "a.txt")
    assert (missing.exit_code, "pullquote restore" in missing.stderr) == (3, True)
    report = write(tmp_path, "report.md", f"“{OLD[:80]}” (#cite={sha256_text(OLD)}/0-80)\n")
    purged = run(corpus, "remove", "--purge", "--yes", "a.txt", "--cited-by", str(report), "--json")
    assert "2 thumbs would be erased with it, on 'What is it?'" in purged.stderr
    assert f"{report} cites 1 quote that would be erased" in purged.stderr
    assert f"{inbox / 'a.txt'} stays; it is indexed again only if the file itself is named" in purged.stderr
    assert json.loads(purged.stdout) == {
        "purged": ["a.txt"],
        "cited": {
            "thumbs": {"a.txt": {"count": 2, "questions": ["What is it?"]}},
            "conversations": {"a.txt": []},
            "dossiers": {"a.txt": []},
            "files": {str(report): 1},
            "before": {},
            "same_text": {},
        },
    }
    assert run(corpus, "remove", "--purge").exit_code == 0
    assert run(corpus, "restore", "a.txt").exit_code == 3
    assert run(corpus, "documents", "--removed").stdout == ""


def test_an_earlier_text_is_shown_by_how_its_hash_begins(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.index(write(inbox, "a.txt", NEW))
    shown = run(corpus, "documents", "show", "a.txt", "--version", sha256_text(OLD)[:12])
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.endswith(f"\n\n{OLD}\n")
    assert f"version: {sha256_text(OLD)}, superseded on " in shown.stdout
    data = json.loads(
        run(corpus, "documents", "show", "a.txt", "--version", sha256_text(OLD).upper(), "--json").stdout
    )
    assert (data["text"], data["sha256"], data["characters"]) == (OLD, sha256_text(OLD), len(OLD))
    assert data["locations"] == [str(inbox / "a.txt")]
    for wrong in ("0" * 12, "", sha256_text(NEW)):
        refused = run(corpus, "documents", "show", "a.txt", "--version", wrong)
        assert (refused.exit_code, "has no earlier text" in refused.stderr) == (3, True)
    corpus.remove(["a.txt"])
    assert run(corpus, "documents", "show", "a.txt", "--version", sha256_text(OLD)).exit_code == 0


def test_where_nobody_can_be_asked_a_purge_needs_yes(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    refused = run(corpus, "remove", "--purge", "a.txt")
    assert refused.exit_code == 2
    assert (
        "--purge erases documents for good, and outside a terminal the command cannot ask: add --yes"
        in refused.stderr
    )
    assert corpus.document("a.txt").text == OLD
    assert run(corpus, "remove", "--purge", "a.txt", "--yes").exit_code == 0


@pytest.mark.slow
def test_a_purge_names_who_else_has_the_text_and_stays(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    corpus.index(write(inbox, "b.txt", NEW))
    corpus.remove(["a.txt"], withdrawn=False)
    corpus.index(write(inbox, "c.txt", OLD))  # held under another id than what was removed
    corpus.index(write(inbox, "b.txt", OLD + "And more.\n"))
    assert corpus.store.same_text("c.txt") == ("a.txt",)
    assert corpus.store.same_text("b.txt") == ()

    purged = run(corpus, "remove", "--purge", "--yes", "c.txt", "--json")
    assert "a.txt has, or had, the same text as c.txt, and stays: to erase it, name it too" in purged.stderr
    assert json.loads(purged.stdout)["cited"]["same_text"] == {"c.txt": ["a.txt"]}
    assert corpus.cited(sha256_text(OLD)).status == "removed"
    corpus.index(write(inbox, "d.txt", OLD))
    both = run(corpus, "remove", "--purge", "--yes", "a.txt", "d.txt", "--json")
    assert json.loads(both.stdout)["cited"]["same_text"] == {}
    with pytest.raises(DocumentNotFoundError):
        corpus.cited(sha256_text(OLD))


def test_a_purge_says_that_what_had_the_id_before_goes_too(corpus: Corpus, inbox: Path) -> None:
    line = '{"_id": "a", "title": "%s", "text": "%s"}\n'
    corpus.index(write(inbox, "a.jsonl", line % ("The heron", "The heron stood in the reeds.")))
    corpus.index(write(inbox, "a.jsonl", line % ("The stork", "The stork flew over the fields.")))
    corpus.remove(["a"])
    corpus.index(write(inbox, "a.jsonl", line % ("The crane", "Cranes dance in the snow.")))
    date = corpus.store.versions("a")[0].at.date()
    purged = run(corpus, "remove", "--purge", "--yes", "a", "--json")
    gone = f"The stork, removed on {date}"
    assert (
        f"a was another document's id before, and that document would be erased too: {gone}" in purged.stderr
    )
    assert json.loads(purged.stdout)["cited"]["before"] == {"a": [gone]}


@pytest.mark.models
def test_a_citation_outlives_it_all_with_the_commands_that_people_type(
    tmp_path: Path,
    inbox: Path,
    make_encoder: Callable[..., Path],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pullquote(*arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments, "--library", str(tmp_path / "library")])

    said = "Some forty people were arrested on the highway."
    path = write(inbox, "a.txt", f"Arrests\n\n{OLD}\n\n{said}\n")
    assert pullquote("index", str(path)).exit_code == 0
    with Corpus.open(tmp_path / "library") as corpus:
        document = corpus.document("a.txt")
        at = document.text.index(said)
        cut = len(corpus.store.passages_of("a.txt"))
    cited = f"/#cite={document.sha256}/{at}-{at + len(said)}"
    answers = write(tmp_path, "report.md", f"“{said}” ([source]({cited}))")
    assert pullquote("verify", str(answers)).exit_code == 0

    with monkeypatch.context() as patch:  # another segmenter, as a later release may have
        patch.setattr("qa.intake.make.passages", partial(passages_of, words=30))
        patch.setattr("qa.intake.plan.made_by", lambda *_: "another segmenter")
        assert "1 replaced" in pullquote("index", str(path)).stdout
        with Corpus.open(tmp_path / "library") as corpus:
            assert len(corpus.store.passages_of("a.txt")) > cut
        assert pullquote("reindex", "--encoder", str(make_encoder())).exit_code == 0
        assert pullquote("verify", str(answers)).exit_code == 0
        write(inbox, "a.txt", f"Arrests\n\n{NEW}\n")
        assert "1 replaced" in pullquote("index", str(path)).stdout
    superseded = pullquote("verify", str(answers))
    assert (superseded.exit_code, superseded.stdout.split()[2]) == (1, "superseded")
    assert pullquote("remove", "a.txt").exit_code == 0
    assert pullquote("verify", str(answers)).stdout.split()[2] == "removed"
    again = pullquote("index", str(path))
    assert (again.exit_code, "1 withdrawn" in again.stdout) == (0, True)
    assert "a.txt; `pullquote restore` puts it back" in again.stderr
    assert pullquote("restore", "a.txt").stdout == "restored a.txt\n"
    assert pullquote("verify", str(answers)).stdout.split()[2] == "superseded"


@pytest.mark.parametrize(
    "arguments",
    [("remove",), ("remove", "a", "--cited-by", __file__), ("documents", "--removed", "--series", "x")],
)
def test_what_makes_no_sense_is_wrong_usage(corpus: Corpus, arguments: tuple[str, ...]) -> None:
    assert run(corpus, *arguments).exit_code == 2


# Erased


UNIQUE = "The zyzzogeton was seen near the qwertzuiop bridge at noon."


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite as most have it: what is deleted stays in free pages. Debian's overwrites it by itself."""
    prepare = SqliteFile._prepare

    def careless(self: SqliteFile, db: sqlite3.Connection) -> None:
        prepare(self, db)
        db.execute("PRAGMA secure_delete = OFF")

    monkeypatch.setattr(SqliteFile, "_prepare", careless)


@pytest.mark.slow
@pytest.mark.usefixtures("careless")
def test_what_is_purged_leaves_no_byte_of_its_words_or_vectors(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "keep.txt", words(5)))
        corpus.index(write(inbox, "secretname.txt", OLD))
        corpus.index(write(inbox, "secretname.txt", UNIQUE + "\n\n" + words(3)))
        thumb(corpus, "secretname.txt", "What was seen near the bridge zyxwvu?")
        thumb(corpus, "keep.txt", "What is kept?")
        of_secret = vectors(library)[-1]
        corpus.index(write(inbox, "secretname.txt", NEW))
        held = bytes_in(library)
        for trace in (b"zyzzogeton", b"qwertzuiop", b"zyxwvu", b"secretname"):
            assert trace in held  # so that looking for it later means something
        assert vectors(library)[-1] in held
        of_new = vectors(library)[-1]

        assert corpus.citing("secretname.txt") == (2, ("What was seen near the bridge zyxwvu?",))
        assert corpus.purge(["secretname.txt"]) == ("secretname.txt",)
        # While it is open, and after it is closed.
        for _ in range(2):
            held = bytes_in(library)
            for trace in (b"zyzzogeton", b"qwertzuiop", b"zyxwvu", b"secretname", of_secret, of_new):
                assert trace not in held
            corpus.close()
    with tiny_corpus(library) as corpus:
        assert [info.id for info in corpus.documents()] == ["keep.txt"]
        assert len(corpus.desk.thumbs()) == 2
        for text in (OLD, NEW, UNIQUE + "\n\n" + words(3)):
            with pytest.raises(DocumentNotFoundError, match="erased for good"):
                corpus.cited(sha256_text(text))
    assert problems(library) == index_problems(library) == []


def test_what_was_removed_before_can_be_purged(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", UNIQUE), write(inbox, "b.txt", OLD))
        corpus.remove(["a.txt"])
        assert b"zyzzogeton" in bytes_in(library)
        corpus.purge(["a.txt"])
        assert corpus.store.removed() == ()
        with pytest.raises(DocumentNotFoundError):
            corpus.purge(["a.txt"])
    assert b"zyzzogeton" not in bytes_in(library)
    assert b"qwertzuiop" not in bytes_in(library)


def test_a_purge_of_a_large_library_leaves_no_byte_in_its_derived_files(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.index.EXACT_UP_TO", 5)
    monkeypatch.setattr("qa.storage.file_index.full_text.FTS5_UP_TO", 5)
    with tiny_corpus(library) as corpus:
        paths = [write(inbox, f"{number}.txt", words(number)) for number in range(8)]
        corpus.index(*paths, write(inbox, "a.txt", UNIQUE))
        bases = {path.name for pattern in ("vectors-*", "postings-*") for path in library.glob(pattern)}
        assert len(bases) == 2
        assert any(b"zyzzogeton" in path.read_bytes() for path in library.glob("postings-*"))
        corpus.purge(["a.txt"])
        assert b"zyzzogeton" not in bytes_in(library)
        after = {path.name for pattern in ("vectors-*", "postings-*") for path in library.glob(pattern)}
        assert len(after) == 2
        assert not bases & after
        assert corpus.store.matching([["word1"]], 3, corpus.store.select())[0]
    assert problems(library) == index_problems(library) == []


def test_a_text_that_another_document_has_too_keeps_that_ones_thumbs(corpus: Corpus, inbox: Path) -> None:
    record = json.dumps({"_id": "b", "text": OLD})  # not merged, as the same text in another file is
    corpus.index(write(inbox, "a.txt", OLD), write(inbox, "b.jsonl", record))
    thumb(corpus, "b", "Of the other?")
    thumb(corpus, "a.txt", "Of this one?")
    corpus.purge(["a.txt"])
    assert {each.shown.question for each in corpus.desk.thumbs()} == {"Of the other?"}


def test_a_purge_that_a_reader_holds_up_says_so_and_is_finished_by_the_next(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.sqlite.file.BUSY_SECONDS", 0.1)
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", UNIQUE), write(inbox, "b.txt", OLD))
        reader = sqlite3.connect(library / "library.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM documents").fetchone()
        with pytest.raises(LibraryError, match="remove --purge"):
            corpus.purge(["a.txt"])
        assert [info.id for info in corpus.documents()] == ["b.txt"]
        reader.close()
        assert corpus.purge() == ()
        assert b"zyzzogeton" not in bytes_in(library)
        assert corpus.purge() == ()


def test_what_another_process_purges_while_an_index_is_remade_is_erased_by_the_next_purge(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny_corpus(library) as corpus, tiny_corpus(library) as other:
        corpus.index(write(inbox, "a.txt", OLD), write(inbox, "b.txt", UNIQUE))
        remake = corpus.store.index.vectors.remake

        def remake_while_another_purges() -> None:
            other.store.purge(["b.txt"])  # and is killed
            remake()

        monkeypatch.setattr(corpus.store.index.vectors, "remake", remake_while_another_purges)
        corpus.purge(["a.txt"])
        monkeypatch.undo()
        assert corpus.store.erasing
        corpus.purge()
        assert not corpus.store.erasing
        for trace in (b"zyzzogeton", b"qwertzuiop", b"b.txt"):
            assert trace not in bytes_in(library)


def test_another_process_answers_no_longer_from_what_is_removed_or_purged(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus, tiny_corpus(library) as server:
        corpus.index(write(inbox, "a.txt", UNIQUE), write(inbox, "b.txt", OLD))

        def found() -> tuple[list[str], list[str]]:
            everything = server.store.select()
            dense = server.store.nearest(server.store.encode_queries([UNIQUE]), 9, everything)[0]
            bm25 = server.store.matching([["zyzzogeton"]], 9, everything)[0]
            places = [[hit.document_id for hit, _ in hits] for hits in (dense, bm25)]
            return places[0], places[1]

        assert found()[1] == ["a.txt"]
        assert server.store.document_and_passages("a.txt")[0].text == UNIQUE
        corpus.remove(["a.txt"])
        assert "a.txt" not in found()[0]
        assert found()[1] == []
        corpus.restore(["a.txt"])
        assert found()[1] == ["a.txt"]
        corpus.purge(["a.txt"])
        assert "a.txt" not in found()[0]
        assert found()[1] == []
        with pytest.raises(DocumentNotFoundError):
            server.store.document_and_passages("a.txt")
        near = server.store.encode_queries(["word1"])
        assert np.isfinite(
            [score for _, score in server.store.nearest(near, 9, server.store.select())[0]]
        ).all()


def test_what_is_restored_to_a_file_that_now_holds_a_withdrawn_text_is_found_gone(
    library: Path, inbox: Path
) -> None:
    with tiny_corpus(library) as corpus:
        for name, text in (("a.txt", OLD), ("b.txt", UNIQUE), ("stays.txt", "It stays.\n")):
            write(inbox, name, text)
        corpus.index(inbox)
        (inbox / "b.txt").replace(inbox / "a.txt")
        corpus.index(inbox, prune=True)
        corpus.remove(["b.txt"])
        corpus.restore(["a.txt"])
        report = corpus.index(inbox)
        assert {(each.status, each.document_id) for each in report.files} == {
            *(("withdrawn", "b.txt"), ("gone", "a.txt"), ("unchanged", "stays.txt"))
        }
        corpus.prune(report)
        assert [info.id for info in corpus.documents()] == ["stays.txt"]
    assert problems(library) == []


@pytest.mark.slow
def test_what_is_restored_to_an_archive_that_no_longer_has_it_is_found_gone(
    library: Path, inbox: Path
) -> None:
    inbox.mkdir()

    def pack(**members: str) -> None:
        with zipfile.ZipFile(inbox / "all.zip", "w") as archive:
            for name, text in members.items():
                archive.writestr(f"{name}.txt", text)

    with tiny_corpus(library) as corpus:
        pack(a=OLD, b=UNIQUE)
        corpus.index(inbox)
        pack(a=UNIQUE)
        for _ in range(3):
            report = corpus.index(inbox)
        assert [(each.status, each.document_id) for each in report.files] == [("unchanged", "all.zip/b.txt")]
        corpus.restore(["all.zip/a.txt"])
        report = corpus.index(inbox)
        assert [(each.status, each.document_id) for each in report.files] == [
            ("unchanged", "all.zip/b.txt"),
            ("gone", "all.zip/a.txt"),
        ]
    assert problems(library) == []


# Any sequence of changes

NAMES = ("a.txt", "b.txt")
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "remove", "restore", "purge"]), st.sampled_from(NAMES),
              st.integers(0, 3)),
    max_size=10,
)  # fmt: skip


@pytest.mark.day
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_citation_ever_made_resolves_to_its_text_unless_purged(
    steps: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    for folder in ("library", "in"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
    ever: dict[str, dict[str, str]] = {name: {} for name in NAMES}  # of each document: its texts by hash
    current: dict[str, str] = {}
    removed: dict[str, str] = {}  # what is withdrawn, or was removed last
    with tiny_corpus(tmp_path / "library") as corpus:
        for kind, name, seed in steps:
            # No text of one document is another's: then a purge says of each what must have gone.
            text = f"Of {name}. " + words(seed, 36)
            if kind == "put":
                corpus.index(write(tmp_path / "in", name, text))
                if name in current or removed.get(name) != text:
                    current[name] = text
                    ever[name][sha256_text(text)] = text
                    removed.pop(name, None)
            elif kind == "remove" and name in current:
                corpus.remove([name])
                removed[name] = current.pop(name)
            elif kind == "restore" and name in removed:
                corpus.restore([name])
                current[name] = removed.pop(name)
            elif kind == "purge" and ever[name]:
                corpus.purge([name])
                for sha256 in ever[name]:
                    with pytest.raises(DocumentNotFoundError):
                        corpus.cited(sha256)
                ever[name].clear()
                current.pop(name, None)
                removed.pop(name, None)
            assert {info.id: corpus.document(info.id).text for info in corpus.documents()} == current
            for texts in ever.values():
                for sha256, cited in texts.items():
                    found = corpus.cited(sha256)
                    assert found.document.text == cited
                    assert (found.status == "current") == (cited in current.values())
    assert problems(tmp_path / "library") == []
