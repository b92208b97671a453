"""Uploaded files: their names, and what becomes of their bytes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import qa.intake.plan
from qa.cli import cli
from qa.corpus import Corpus
from qa.errors import DocumentNotFoundError, InputError, LibraryError, OriginalNotFoundError
from qa.intake.upload_names import MOST_PART, upload_name
from qa.schema import Filters
from qa.storage.open import examine_library
from qa.storage.records import uploads
from tests.qa.consistency import problems
from tests.qa.tiny import TinyEncoder, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HARBOUR = b"The harbour at Ostrava was closed in May. Nobody came."
SCHOOL = b"The school at Hyesan was opened in June. Everybody came."


def upload(corpus: Corpus, name: str, content: bytes, collection: str = "") -> list[tuple[str, str]]:
    """Upload a file; return what became of it, by id."""
    report = corpus.upload(name, BytesIO(content), collection=collection)
    return [(result.document_id, result.status) for result in report.files]


def archive(files: Mapping[str, bytes]) -> bytes:
    with zipfile.ZipFile(content := BytesIO(), "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return content.getvalue()


def originals(library: Path) -> list[bytes]:
    """Read all that lies among the originals, parts of files too."""
    return [path.read_bytes() for path in sorted((library / uploads.FOLDER).rglob("*")) if path.is_file()]


def holding(library: Path, words: bytes) -> list[str]:
    """Name the files of a library that hold some words."""
    return [path.name for path in library.rglob("*") if path.is_file() and words in path.read_bytes()]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("report.txt", "report.txt"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        (r"C:\Users\Kim\My briefs\report.pdf", "Users/Kim/My briefs/report.pdf"),
        (r"..\..\report.pdf", "report.pdf"),
        ("2008//./briefs/../report.txt", "2008/briefs/report.txt"),
        ("re\x00po\nrt.txt", "re po rt.txt"),
        ("ex\u202efdp.txt", "exfdp.txt"),
        (" report .txt ", "report .txt"),
        ("u\u0308ber.txt", "über.txt"),
        ("CON", "CON"),
        ("nul.txt", "nul.txt"),
        ("\udcff.txt", r"\xff.txt".replace("\\", "/").strip("/")),
        ("김.hwp", "김.hwp"),
        ("x" * MOST_PART, "x" * MOST_PART),
    ],
)
def test_a_name_is_text_that_leads_nowhere(given: str, name: str) -> None:
    assert upload_name(given) == name
    assert upload_name(name) == name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no name"),
        ("   ", "no name"),
        ("../..", "no name"),
        ("C:\\", "no name"),
        ("\u202e\n", "no name"),
        ("x" * 300 + ".txt", "304 characters; at most 255"),
        ("a/" * 600 + "x.txt", "at most 255 are kept, and 1,000 with its folders"),
        (".env", "hidden"),
        (".git/config.txt", "hidden"),
        ("~$report.docx", "hidden"),
        ("report.txt.meta.toml", "describes another file"),
    ],
)
def test_a_name_that_says_nothing_is_refused(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        upload_name(given)


def test_an_uploaded_file_is_read_as_any_other_and_kept(corpus: Corpus) -> None:
    assert upload(corpus, "2008/my harbour.txt", HARBOUR) == [("2008/my harbour.txt", "added")]
    (info,) = corpus.documents()
    assert (info.path, info.title, info.format) == ("upload:2008/my harbour.txt", "my harbour", "text")
    original = corpus.original(info.id)
    assert (original.name, original.path.read_bytes()) == ("2008/my harbour.txt", HARBOUR)
    assert original.path.is_relative_to(corpus.library / "originals")
    assert upload(corpus, "2008/my harbour.txt", HARBOUR) == [("2008/my harbour.txt", "unchanged")]
    assert upload(corpus, "copy.txt", HARBOUR) == [("2008/my harbour.txt", "duplicate")]
    assert originals(corpus.library) == [HARBOUR]


def test_another_file_of_the_same_name_takes_its_place_and_the_citation_still_opens(corpus: Corpus) -> None:
    upload(corpus, "brief.txt", HARBOUR)
    before = corpus.document("brief.txt")
    assert upload(corpus, "brief.txt", SCHOOL) == [("brief.txt", "replaced")]
    assert corpus.original("brief.txt").path.read_bytes() == SCHOOL
    assert corpus.cited(before.sha256).status == "superseded"
    assert sorted(originals(corpus.library)) == [HARBOUR, SCHOOL]  # of what was cited, nothing is lost
    assert upload(corpus, "brief.txt", b"\xff\xfe\x00") == [("", "refused")]
    assert corpus.original("brief.txt").path.read_bytes() == SCHOOL
    assert upload(corpus, "brief.txt", HARBOUR) == [("brief.txt", "replaced")]
    assert corpus.original("brief.txt").path.read_bytes() == HARBOUR


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("picture.png", b"\x89PNG and so on", "picture.png is a PNG image"),
        ("brief.pdf", b"no PDF", "brief.pdf is not a PDF"),
        ("empty.txt", b"", "empty.txt"),
        ("bomb.zip", lambda: archive({"bomb.txt": b"0" * 300_000_000}), "bomb.zip"),  # made only for its test
    ],
)
def test_what_cannot_be_read_is_refused_without_a_path_and_nothing_of_it_is_kept(
    corpus: Corpus, name: str, content: bytes | Callable[[], bytes], said: str
) -> None:
    given = content if isinstance(content, bytes) else content()
    (result,) = corpus.upload(name, BytesIO(given)).files
    assert result.error
    assert result.error.message.startswith(said)
    assert (result.path, result.document_id) == (f"upload:{name}", "")
    assert str(corpus.library) not in result.error.message
    assert originals(corpus.library) == []
    assert corpus.store.uploads() == ()


def test_an_id_that_is_taken_is_made_unique(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", HARBOUR.decode()))
    assert upload(corpus, "a.txt", SCHOOL) == [("a.txt~2", "added")]
    with pytest.raises(OriginalNotFoundError, match="not uploaded"):
        corpus.original("a.txt")
    with pytest.raises(DocumentNotFoundError):
        corpus.original("b.txt")


def test_indexing_and_pruning_leave_it_alone(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(corpus, "a.txt", HARBOUR)
    write(inbox, "b.txt", SCHOOL.decode())
    monkeypatch.chdir(inbox)
    for folder in (inbox, inbox.parent, Path()):
        assert "a.txt" not in {each.document_id for each in corpus.index(folder, prune=True).files}
        assert corpus.index(folder, dry_run=True).count("gone") == 0
    assert {info.id for info in corpus.documents()} >= {"a.txt"}
    (inbox / "b.txt").unlink()
    write(inbox, "c.txt", "Something else.")
    corpus.index(inbox, prune=True)
    assert {info.id for info in corpus.documents()} == {"a.txt", "c.txt"}


def test_a_document_whose_file_is_gone_follows_its_upload_under_its_name(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", HARBOUR.decode()))
    assert upload(corpus, "sent/b.txt", HARBOUR) == [("a.txt", "duplicate")]
    write(inbox, "a.txt", SCHOOL.decode())
    corpus.index(inbox)
    assert [(info.id, info.path.rpartition("/")[2]) for info in corpus.documents()] == [
        ("a.txt", "a.txt"),
        ("sent/b.txt", "b.txt"),
    ]
    (inbox / "a.txt").unlink()
    write(inbox, "c.txt", "Something else.")
    upload(corpus, "d.txt", SCHOOL)
    corpus.index(inbox, prune=True)
    assert corpus.original("a.txt").name == "d.txt"


def test_all_is_read_again_from_what_was_kept(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(corpus, "a.txt", HARBOUR)
    upload(corpus, "b.csv", b"id,text\n1,One row here.\n2,Two rows here.\n")
    before = corpus.store.known_file("upload:a.txt").parts[""].made_by
    assert {each.status for each in corpus.read_uploads().files} == {"unchanged"}
    assert corpus.store.known_file("upload:a.txt").parts[""].made_by == before
    monkeypatch.setattr(qa.intake.plan, "made_by", lambda *_: "the next version")
    report = corpus.read_uploads()
    assert [(each.document_id, each.status) for each in report.files] == [
        ("a.txt", "unchanged"),
        ("b.csv#1", "unchanged"),
        ("b.csv#2", "unchanged"),
    ]
    assert corpus.store.known_file("upload:a.txt").parts[""].made_by == "the next version"
    corpus.reindex(TinyEncoder("another"))
    assert {info.id for info in corpus.documents()} == {"a.txt", "b.csv#1", "b.csv#2"}
    monkeypatch.setattr(qa.intake.plan, "made_by", lambda *_: "the one after that")
    corpus.original("a.txt").path.unlink()
    (lost, *_) = corpus.read_uploads().files
    assert lost.error
    assert lost.error.message == "a.txt was not found. Upload it again."
    assert corpus.document("a.txt").text.encode() == HARBOUR


def test_removed_its_file_is_kept_and_purged_it_is_erased(corpus: Corpus) -> None:
    upload(corpus, "a.txt", HARBOUR)
    upload(corpus, "a.txt", SCHOOL)
    corpus.remove(["a.txt"])
    assert corpus.original("a.txt").path.read_bytes() == SCHOOL
    corpus.restore(["a.txt"])
    assert corpus.original("a.txt").path.read_bytes() == SCHOOL
    corpus.remove(["a.txt"])
    assert upload(corpus, "b.txt", SCHOOL) == [("a.txt", "withdrawn")]  # what a person removed stays out
    corpus.purge(["a.txt"])
    for words in (b"harbour", b"Hyesan"):
        assert holding(corpus.library, words) == []
    assert corpus.store.uploads() == ()
    assert upload(corpus, "a.txt", SCHOOL) == [("a.txt", "added")]  # a person has just named it


def test_what_other_documents_are_from_is_not_erased(corpus: Corpus) -> None:
    both = archive({"one.txt": HARBOUR, "two.txt": SCHOOL})
    assert upload(corpus, "both.zip", both) == [("both.zip/one.txt", "added"), ("both.zip/two.txt", "added")]
    assert upload(corpus, "same.zip", both) == [
        ("both.zip/one.txt", "duplicate"),
        ("both.zip/two.txt", "duplicate"),
    ]
    corpus.purge(["both.zip/one.txt"])
    assert corpus.original("both.zip/two.txt").path.read_bytes() == both
    corpus.purge(["both.zip/two.txt"])
    assert originals(corpus.library) == []
    assert holding(corpus.library, b"Hyesan") == []


def test_what_is_new_is_put_into_the_collection_that_is_named_and_nothing_else_is_moved(
    corpus: Corpus,
) -> None:
    upload(corpus, "a.txt", HARBOUR, "ports")
    upload(corpus, "b.txt", SCHOOL)
    upload(corpus, "a.txt", HARBOUR, "others")
    upload(corpus, "copy of b.txt", SCHOOL, "schools")
    assert {info.id: info.collection for info in corpus.documents()} == {"a.txt": "ports", "b.txt": ""}
    upload(corpus, "a.txt", b"Another text by now.")
    assert corpus.document("a.txt").collection == "ports"


def test_a_file_puts_itself_into_a_collection_only_if_its_upload_asks_for_that(corpus: Corpus) -> None:
    record = json.dumps({"_id": "a", "text": "The harbour was closed.", "collection": "trusted"}).encode()
    table = b"_id,text,collection\nb,The school was opened,trusted\n"
    upload(corpus, "a.jsonl", record)
    upload(corpus, "b.csv", table, "guests")
    upload(corpus, "c.zip", archive({"c.jsonl": record.replace(b"harbour", b"port")}))
    assert {info.collection for info in corpus.documents()} == {"", "guests"}
    asked = BytesIO(record.replace(b"harbour", b"market").replace(b'"a"', b'"d"'))
    corpus.upload("d.jsonl", asked, collection="guests", collection_column="collection")
    assert corpus.document("d").collection == "trusted"
    more = record.replace(b"harbour", b"market").replace(b'"a"', b'"d"') + b"\n"
    more += json.dumps({"_id": "e", "text": "The bridge was shut.", "collection": "trusted"}).encode()
    upload(corpus, "d.jsonl", more)  # it is remembered
    assert corpus.document("e").collection == "trusted"


def test_a_collection_changes_without_a_passage_embedded_anew(library: Path) -> None:
    encoder = TinyEncoder()
    with Corpus.open(library, encoder=encoder) as corpus:
        for name, content in [("a.txt", HARBOUR), ("b.txt", SCHOOL)]:
            upload(corpus, name, content)
        record = json.dumps({"_id": "c", "text": "Text.", "collection": "own"}).encode()
        corpus.upload("c.jsonl", BytesIO(record), collection_column="collection")
        embedded, keys = encoder.embedded, [each.key for each in corpus.store.passages_of("a.txt")]
        assert corpus.put_in_collection(["a.txt", "c", "a.txt"], "ports") == ("a.txt", "c")
        assert corpus.put_in_collection(["a.txt"], "ports") == ()
        with pytest.raises(DocumentNotFoundError):
            corpus.put_in_collection(["b.txt", "nothing"], "ports")
        assert corpus.document("b.txt").collection == ""
        assert corpus.rename_collection("ports", "harbours") == ("a.txt", "c")
        assert dict(corpus.store.facets().values["collection"]) == {"harbours": 2}
        corrected = corpus.store.corrections_of("c")["collection"]
        assert (corrected.value, corrected.was) == ("harbours", "own")
        # Back to what the source says, or to none, nothing is corrected.
        corpus.put_in_collection(["c"], "own")
        corpus.put_in_collection(["a.txt"], "")
        for document_id in ("c", "a.txt"):
            assert corpus.store.corrections_of(document_id) == {}
            assert "corrected" not in {found.sure for found in corpus.document(document_id).found}
        with pytest.raises(InputError, match="no collection 'harbours'"):
            corpus.rename_collection("harbours", "x")
        for empty in ("", " "):
            with pytest.raises(InputError, match="give the collection a name"):
                corpus.rename_collection("own", empty)
        assert [each.key for each in corpus.store.passages_of("a.txt")] == keys
        assert encoder.embedded == embedded
    assert problems(library) == []


def test_a_library_that_is_opened_to_be_read_refuses_it(corpus: Corpus) -> None:
    upload(corpus, "a.txt", HARBOUR)
    with tiny_corpus(corpus.library, read_only=True) as reading:
        with pytest.raises(LibraryError, match="may not be written"):
            upload(reading, "b.txt", SCHOOL)
        assert reading.original("a.txt").path.read_bytes() == HARBOUR
    assert originals(corpus.library) == [HARBOUR]


def test_an_error_while_it_is_read_leaves_nothing_of_it(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(corpus, "a.txt", HARBOUR)
    with monkeypatch.context() as patch:
        patch.setattr(TinyEncoder, "encode_documents", lambda *_: 1 / 0)
        for name in ("a.txt", "b.txt"):
            with pytest.raises(ZeroDivisionError):
                upload(corpus, name, SCHOOL)
    assert corpus.original("a.txt").path.read_bytes() == HARBOUR
    assert originals(corpus.library) == [HARBOUR]
    assert {each.status for each in corpus.read_uploads().files} == {"unchanged"}
    assert upload(corpus, "a.txt", SCHOOL) == [("a.txt", "replaced")]


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size with POSIX's setrlimit")
def test_a_disk_that_is_full_leaves_nothing_of_it(corpus: Corpus) -> None:
    import resource

    upload(corpus, "a.txt", HARBOUR)
    limits, before = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))
        with pytest.raises(LibraryError, match="originals cannot be written"):
            upload(corpus, "b.txt", b"word " * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert originals(corpus.library) == [HARBOUR]
    assert upload(corpus, "b.txt", SCHOOL) == [("b.txt", "added")]


def test_the_doctor_names_what_is_missing_damaged_or_left_behind(corpus: Corpus) -> None:
    def finding() -> tuple[str, str]:
        (found,) = (each for each in examine_library(corpus.library) if each.about == "originals")
        return found.value, found.problem

    assert finding() == ("0 uploaded files", "")
    for name, content in [("a.txt", HARBOUR), ("b.txt", SCHOOL)]:
        upload(corpus, name, content)
    assert finding() == ("2 uploaded files", "")
    corpus.original("a.txt").path.unlink()
    kept = corpus.original("b.txt").path
    kept.write_bytes(b"changed")
    assert finding()[1].startswith("a.txt is missing; b.txt is damaged; answers are not affected")
    with pytest.raises(LibraryError, match=r"the original of 'b.txt' is damaged: upload 'b.txt' again"):
        corpus.original("b.txt")
    for name, content in [("a.txt", HARBOUR), ("b.txt", SCHOOL)]:
        kept.unlink(missing_ok=True)
        upload(corpus, name, content)
    assert finding() == ("2 uploaded files", "")
    stray = corpus.library / "originals" / "00" / ("0" * 64)
    stray.parent.mkdir()
    stray.write_bytes(b"a stray")
    part = corpus.library / "originals" / ".upload-0123456789abcdef.part"
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    assert finding()[1].startswith("2 files in ")
    corpus.purge()
    assert finding() == ("2 uploaded files", "")
    assert sorted(originals(corpus.library)) == [HARBOUR, SCHOOL]


def test_what_a_user_has_in_a_folder_of_that_name_is_left_alone(library: Path) -> None:
    own = [
        write(library / "originals", name, "A user's own.")
        for name in ("report.txt", "ab/report.txt", ".hidden", ".x.part", f"00/{'1' * 64}", "1" * 64)
    ]
    with tiny_corpus(library) as corpus:
        upload(corpus, "a.txt", HARBOUR)
        corpus.purge(["a.txt"])
        corpus.purge()
        assert [path.read_text() for path in own] == ["A user's own."] * len(own)
        assert corpus.stats().originals_bytes == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_strangers_library_lead_nowhere(library: Path, tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere" / "00", "0" * 64, "A secret.")
    with tiny_corpus(library) as corpus:
        (library / "originals").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(LibraryError, match="originals is a link"):
            upload(corpus, "a.txt", HARBOUR)
        corpus.purge()
        assert secret.read_text() == "A secret."
        (library / "originals").unlink()
        upload(corpus, "a.txt", HARBOUR)
        kept = corpus.original("a.txt").path
        kept.unlink()
        kept.symlink_to(secret)
        with pytest.raises(LibraryError, match="cannot be read"):
            corpus.original("a.txt")
        (refused,) = _read_anew(corpus)
        assert refused == "a.txt is a link in the library and is not read. Upload the file again."


def _read_anew(corpus: Corpus) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qa.intake.plan, "made_by", lambda *_: "the next version")
        return [each.error.message for each in corpus.read_uploads().files if each.error]


def test_the_records_of_an_uploaded_file_are_chosen_by_its_name(corpus: Corpus) -> None:
    for name, record in [("one.jsonl", "1"), ("2008/one.jsonl", "2"), ("two.jsonl", "3")]:
        upload(corpus, name, json.dumps({"_id": record, "text": f"Record {record} of the harbour."}).encode())
    named = {
        name: [info.id for info in corpus.documents(Filters(document=(name,)))]
        for name in ("one.jsonl", "2008/one.jsonl", "two.jsonl", "o.jsonl")
    }
    assert named == {
        "one.jsonl": ["1", "2"],
        "2008/one.jsonl": ["2"],
        "two.jsonl": ["3"],
        "o.jsonl": [],
    }


def test_the_command_shows_uploaded_documents_and_reads_them_again(library: Path) -> None:
    with tiny_corpus(library) as corpus:
        upload(corpus, "a.txt", HARBOUR)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--library", str(library)])
        assert result.exit_code == 0, result.output
        return result.output

    (listed,) = json.loads(run("documents", "--json"))
    assert (listed["id"], listed["path"]) == ("a.txt", "upload:a.txt")
    assert "54 B, of uploaded files" in run("documents", "--stats")
    assert "HARBOUR".lower() in run("documents", "show", "a.txt")
    result = CliRunner().invoke(cli, ["index", "--uploads", "--prune", "--library", str(library)])
    assert (result.exit_code, "leave out" in result.output) == (2, True)


def _upload_and_die(library: Path, at: str) -> None:
    """Upload, and be killed: before the bytes have their name, before a document came, or after that."""
    module, function = {
        "written": ("qa.storage.records.uploads", "move_whole"),
        "kept": ("qa.intake.run", "plan_file"),
        "put": ("qa.storage.records.files", "_put_file"),
    }[at]

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(sys.modules[module], function, die)
    with tiny_corpus(library) as corpus:
        upload(corpus, "a.txt", SCHOOL)


@pytest.mark.skipif(sys.platform == "win32", reason="a process can only kill itself like this on POSIX")
@pytest.mark.parametrize("at", ["written", "kept", "put"])
def test_a_kill_at_any_step_breaks_nothing_and_is_mended_by_the_next_upload(library: Path, at: str) -> None:
    with tiny_corpus(library) as corpus:
        upload(corpus, "a.txt", HARBOUR)
    process = multiprocessing.get_context("fork").Process(target=_upload_and_die, args=(library, at))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with tiny_corpus(library) as corpus:
        held = corpus.document("a.txt").text.encode()
        assert held == (SCHOOL if at == "put" else HARBOUR)
        # Whatever was read last, its original is the one that it was read from.
        assert corpus.original("a.txt").path.read_bytes() == held
        for part in (library / "originals").glob(".*.part"):
            os.utime(part, (0, time.time() - 100))
        corpus.purge()
        assert not [*(library / "originals").glob(".*.part")]
        assert upload(corpus, "a.txt", SCHOOL) in ([("a.txt", "replaced")], [("a.txt", "unchanged")])
        assert corpus.original("a.txt").path.read_bytes() == SCHOOL
        assert sorted(originals(library)) == [HARBOUR, SCHOOL]
        corpus.purge(["a.txt"])
        assert holding(library, b"Hyesan") == holding(library, b"harbour") == []
    assert problems(library) == []


def test_a_table_is_read_by_the_column_that_is_named_as_its_text_and_so_again(corpus: Corpus) -> None:
    remark = b"the keeper says that the water was low at noon"
    table = b"Nr;Entry;Remark\n1;The sluice was opened on Monday by the keepers;%s\n" % remark
    (refused,) = corpus.upload("log.csv", BytesIO(table)).files
    assert (refused.status, [name for name, _ in refused.columns]) == ("refused", ["Nr", "Entry", "Remark"])
    (added,) = corpus.upload("log.csv", BytesIO(table), collection="water", text_column="Entry").files
    assert (added.status, added.document_id, added.columns) == ("added", "log.csv#2", ())
    document = corpus.document("log.csv#2")
    assert (document.text, document.collection) == (
        "The sluice was opened on Monday by the keepers",
        "water",
    )
    longer = table + b"2;The sluice was shut on Tuesday by the keepers;%s\n" % remark
    assert [each.status for each in corpus.upload("log.csv", BytesIO(longer)).files] == ["unchanged", "added"]
    (packed,) = corpus.upload("logs.zip", BytesIO(archive({"log.csv": table}))).files
    assert (packed.status, packed.columns) == ("refused", ())  # its files may have any columns
    (other,) = corpus.upload("other.csv", BytesIO(table), text_column="Body").files
    assert (other.status, len(other.columns)) == ("refused", 3)
