"""Files at addresses: what is there, what is not, and what cannot be told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from qa.errors import InputError, MissingExtraError
from qa.formats.remote import checked_url
from qa.intake.report import report_to_dict
from tests.qa.tiny import tiny_corpus

if TYPE_CHECKING:
    from pathlib import Path

fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")


@pytest.fixture
def bucket() -> str:
    """A folder in memory, at an address."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    files = {
        "a.txt": b"Tanks were sold.\n",
        "a.txt.meta.toml": b'title = "What was sold"\n',
        "in/b.md": b"# Ships\n\nShips were sold.\n",
        "in/c.bin": b"\0",
        ".hidden/d.txt": b"Hidden.\n",
        "rows.jsonl": b'{"_id": "one", "text": "Planes were sold."}\n',
        "bad.pdf": b"%PDF-1.4\n",
    }
    for name, data in files.items():
        system.pipe(f"/bucket/{name}", data)
    return "memory://bucket"


def test_a_folder_at_an_address_is_kept_in_step_with(bucket: str, tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    with tiny_corpus(tmp_path / "library") as corpus:
        report = corpus.index(f"{bucket}/")
        assert [(each.path, each.status, each.document_id) for each in report.files] == [
            ("memory://bucket/a.txt", "added", "a.txt"),
            ("memory://bucket/bad.pdf", "refused", ""),
            ("memory://bucket/in/b.md", "added", "in/b.md"),
            ("memory://bucket/rows.jsonl", "added", "one"),
        ]
        assert report.skipped == ("memory://bucket/in/c.bin",)
        assert "has a name that does not show its kind" in report_to_dict(report)["skipped_because"][0]
        assert corpus.document("a.txt").title == "What was sold"
        assert corpus.document("in/b.md").path == "memory://bucket/in/b.md"

        system.mv("/bucket/a.txt", "/bucket/moved.txt")
        system.mv("/bucket/a.txt.meta.toml", "/bucket/moved.txt.meta.toml")
        system.rm("/bucket/rows.jsonl")
        statuses = {each.path: each.status for each in corpus.index(bucket).files}
        assert statuses["memory://bucket/a.txt"] == "moved"
        assert statuses["memory://bucket/moved.txt"] == "duplicate"
        assert statuses["memory://bucket/in/b.md"] == "unchanged"
        assert statuses["memory://bucket/rows.jsonl"] == "gone"
        corpus.index(bucket, prune=True)
        assert [info.id for info in corpus.documents()] == ["a.txt", "in/b.md"]


def test_what_cannot_be_listed_is_an_error_and_nothing_is_gone(bucket: str, tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(bucket)
        system.store.clear()
        (refused,) = corpus.index(bucket, prune=True).files
        assert refused.status == "refused"
        assert refused.error
        assert refused.error.message == "memory://bucket was not found. Check the address."
        assert len(corpus.documents()) == 3


def test_a_file_is_named_itself(bucket: str, tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        (read,) = corpus.index(f"{bucket}/a.txt").files
        assert (read.status, read.document_id) == ("added", "a.txt")
        assert corpus.document("a.txt").title == "What was sold"


def test_a_file_that_is_too_large_is_fetched_no_further(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.formats.reading._most_bytes", lambda _: 5)
    with tiny_corpus(tmp_path / "library") as corpus:
        (refused,) = corpus.index(f"{bucket}/a.txt").files
        assert refused.error
        assert refused.error.message.startswith("memory://bucket/a.txt is larger than")


def test_nothing_that_is_fetched_stays(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(bucket)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["s3://key:secret@bucket/folder", "s3://key:a/secret@bucket/folder", "https://a.example/b?sig=secret",
     "https://secret@a.example/b", "az://folder@a/b?sp=r&sig=secret", "http://[secret:x@/", "zip://secret::memory://a.zip"],
)  # fmt: skip
def test_what_an_address_must_not_hold_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus, pytest.raises(InputError) as raised:
        corpus.index(url)
    assert url.startswith("zip") or "secret" not in str(raised.value)


def test_a_user_without_a_password_is_no_secret() -> None:
    assert checked_url("hdfs://reader@name/folder/") == "hdfs://reader@name/folder"
    assert checked_url("hdfs://name:8020/a@b") == "hdfs://name:8020/a@b"
    assert checked_url("s3://bucket/a:b@c.txt") == "s3://bucket/a:b@c.txt"
    assert checked_url("s3://bucket/what?.txt") == "s3://bucket/what?.txt"


@pytest.mark.parametrize("url", ["file://", "file:///", "memory://"])
def test_an_address_of_nothing_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="names no file or folder"):
        checked_url(url)


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_what_is_on_this_machine_is_named_by_its_path(scheme: str, tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus, pytest.raises(InputError) as raised:
        corpus.index(f"{scheme}://{tmp_path}")
    said = f"{scheme}://{tmp_path} is on this machine: write its path without {scheme}://"
    assert str(raised.value) == said


def test_a_folder_at_an_address_that_cannot_be_listed_is_an_error_and_not_gone(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = type(fsspec.filesystem("memory"))
    list_folder = system.ls

    def denied(self: Any, path: str, *arguments: Any, **options: Any) -> Any:
        if path.rstrip("/").endswith("/inner"):
            raise PermissionError("access denied")
        return list_folder(self, path, *arguments, **options)

    fsspec.filesystem("memory").pipe(f"{bucket}/inner/deep.txt", b"Deep tanks were sold.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(bucket)
        monkeypatch.setattr(system, "ls", denied)
        (refused,) = corpus.index(bucket, prune=True).files
        assert refused.error
        assert "cannot be listed: access denied" in refused.error.message
        monkeypatch.undo()
        assert {each.status for each in corpus.index(bucket).files} == {"unchanged", "refused"}


def test_a_protocol_without_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with tiny_corpus(tmp_path / "library") as corpus:
        with pytest.raises(MissingExtraError, match=r"s3://bucket needs a package.*s3fs"):
            corpus.index("s3://bucket")
        monkeypatch.setitem(sys.modules, "fsspec", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'pullquote\[cluster\]'"):
            corpus.index("s3://bucket")


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        (refused,) = corpus.index("nope://bucket").files
        assert refused.error
        assert "nope://bucket cannot be listed: Protocol not known: nope" in refused.error.message


def test_what_stands_before_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError, match="are not part of an address") as refused:
        checked_url("u:SECRET@s3://bucket/x")
    assert "SECRET" not in str(refused.value).upper()
