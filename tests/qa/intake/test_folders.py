"""What is read of a folder that anybody may have filled: no links out of it, nothing that never ends."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.intake.report import report_to_dict
from qa.intake.watch import bursts
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links and pipes as POSIX does")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the one that is indexed."""
    return write(tmp_path / "outside", "secret.txt", words(9)).parent


def ids(corpus: Corpus) -> list[str]:
    return [info.id for info in corpus.documents()]


def test_links_that_lead_out_of_a_folder_are_left_out_and_said(
    corpus: Corpus, inbox: Path, outside: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").symlink_to(outside / "secret.txt")
    (inbox / "c").symlink_to(outside)
    (inbox / "d.txt").symlink_to(inbox / "nowhere.txt")
    report = corpus.index(inbox)
    assert ids(corpus) == ["a.txt"]
    assert report.skipped == tuple(str(inbox / name) for name in ("b.txt", "c", "d.txt"))


def test_they_are_followed_where_that_is_said(corpus: Corpus, inbox: Path, outside: Path) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "c").symlink_to(outside)
    report = corpus.index(inbox, follow_links=True)
    assert ids(corpus) == ["a.txt", "c/secret.txt"]
    assert report.skipped == ()


def test_what_was_read_through_a_link_once_is_neither_gone_nor_pruned(
    corpus: Corpus, inbox: Path, outside: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "c").symlink_to(outside)
    corpus.index(inbox, follow_links=True)
    report = corpus.index(inbox, prune=True)
    assert [each.status for each in report.files] == ["unchanged"]
    assert report.skipped == (str(inbox / "c"),)
    assert ids(corpus) == ["a.txt", "c/secret.txt"]


def test_a_link_that_stays_in_the_folder_is_what_it_leads_to(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "sub/a.txt", words(1))
    (inbox / "b.txt").symlink_to("sub/a.txt")
    (inbox / "up").symlink_to(inbox)
    report = corpus.index(inbox)
    assert ids(corpus) == ["sub/a.txt"]
    assert report.skipped == ()


def test_a_link_to_what_is_not_read_by_itself_is_read(corpus: Corpus, inbox: Path) -> None:
    write(inbox, ".annex/objects/a1", words(1))
    write(inbox, "brief.v3", words(2))
    write(inbox, ".shelf/c.txt", words(3))
    (inbox / "a.txt").symlink_to(".annex/objects/a1")
    (inbox / "b.txt").symlink_to("brief.v3")
    (inbox / "c").symlink_to(".shelf")
    assert corpus.index(inbox).skipped == (str(inbox / "brief.v3"),)
    assert ids(corpus) == ["a.txt", "b.txt", "c/c.txt"]
    report = corpus.index(inbox, prune=True)
    assert [each.status for each in report.files] == ["unchanged"] * 3


def test_each_link_that_is_not_read_is_named_with_its_own_reason(
    corpus: Corpus, inbox: Path, outside: Path
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, ".annex/photo", "a photo")
    targets = {
        "gone.txt": (inbox / "not there.txt", "where nothing can be read"),
        "outside.png": (outside / "secret.txt", "of no kind that is read"),
        "outside.txt": (outside / "secret.txt", "out of its folder"),
        "photo.png": (inbox / ".annex/photo", "of no kind that is read"),
        "self.txt": (inbox / "self.txt", "where nothing can be read"),
    }
    for name, (target, _) in targets.items():
        (inbox / name).symlink_to(target)
    report = corpus.index(inbox)
    assert report.skipped == tuple(str(inbox / name) for name in targets)
    printed = report_to_dict(report)["skipped_because"]
    for name, told in zip(targets, printed, strict=True):
        assert targets[name][1] in told
        assert str(inbox / name) in told
    shown = (
        CliRunner().invoke(cli, ["index", str(inbox), "--dry-run", "--library", str(corpus.library)]).output
    )
    assert "1 link was not followed (outside.txt): to follow them, add --follow-links" in shown
    names = "gone.txt, outside.png, photo.png and 1 more"
    assert f"left out 4 links that lead to nothing that can be read ({names})" in shown


def test_links_in_a_circle_end(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").symlink_to(inbox / "c.txt")
    (inbox / "c.txt").symlink_to(inbox / "b.txt")
    (inbox / "up").symlink_to(inbox)
    for follow in (False, True):
        corpus.index(inbox, follow_links=follow)
        assert ids(corpus) == ["a.txt"]


def test_the_path_that_is_named_may_be_a_link(
    corpus: Corpus, inbox: Path, outside: Path, tmp_path: Path
) -> None:
    write(inbox, "a.txt", words(1))
    (tmp_path / "folder").symlink_to(inbox)
    (tmp_path / "file.txt").symlink_to(outside / "secret.txt")
    report = corpus.index(tmp_path / "folder", tmp_path / "file.txt")
    assert ids(corpus) == ["a.txt", "file.txt"]
    assert report.skipped == ()


def test_pipes_sockets_and_devices_end_nothing(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "z.txt", words(1))
    os.mkfifo(inbox / "a.txt")
    os.mkfifo(inbox / "b.pdf")
    os.mkfifo(inbox / "c.jsonl")
    os.mkfifo(inbox / "d.of another kind")
    monkeypatch.chdir(inbox)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("e.txt")
        report = corpus.index(inbox, inbox / "a.txt", "/dev/zero")
    assert ids(corpus) == ["z.txt"]
    refused = [each.error.message for each in report.files if each.error]
    assert len(refused) == 5
    assert all("is not an ordinary file" in message for message in refused)


@pytest.mark.parametrize("kind", ["pipe", "link", "device", "huge", "number", "hexadecimal", "key", "deep"])
def test_a_hostile_sidecar_is_refused_by_name_and_the_files_go_in(
    corpus: Corpus, inbox: Path, outside: Path, kind: str
) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "b.txt", words(2))
    sidecar = inbox / "a.txt.meta.toml"
    match kind:
        case "pipe":
            os.mkfifo(sidecar)
        case "link":
            sidecar.symlink_to(write(outside, "x.toml", 'title = "Secret"'))
        case "device":
            sidecar.symlink_to("/dev/zero")
        case "huge":
            with sidecar.open("wb") as file:
                file.truncate(1 << 30)
        case "number":
            sidecar.write_text("number = " + "1" * 90_000)
        case "hexadecimal":
            sidecar.write_text("number = 0x" + "1" * 30_000)
        case "key":
            sidecar.write_text(".".join("a" * 49_000) + " = 1")
        case "deep":
            sidecar.write_text("number = " + "[" * 30_000)
    report = corpus.index(inbox)
    assert ids(corpus) == ["a.txt", "b.txt"]
    [refused] = [each for each in report.files if each.error]
    assert refused.error is not None
    assert str(sidecar) in refused.error.message
    assert corpus.document("a.txt").title != "Secret"


def test_a_sidecar_may_be_a_link_to_one_beside_it(corpus: Corpus, inbox: Path, outside: Path) -> None:
    write(inbox, "a.txt", words(1))
    write(inbox, "common.toml", 'publisher = "River Press"')
    (inbox / "a.txt.meta.toml").symlink_to("common.toml")
    corpus.index(inbox)
    assert corpus.document("a.txt").publisher == "River Press"
    (inbox / "a.txt.meta.toml").unlink()
    (inbox / "a.txt.meta.toml").symlink_to(write(outside, "x.toml", 'publisher = "Hill Press"'))
    corpus.index(inbox, follow_links=True)
    assert corpus.document("a.txt").publisher == "Hill Press"


def test_the_command_says_which_links_it_left_out(library: Path, inbox: Path, outside: Path) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").symlink_to(outside / "secret.txt")
    (inbox / "c.png").touch()
    with tiny_corpus(library) as corpus:
        corpus.index(inbox / "a.txt")
    arguments = ["index", str(inbox), "--dry-run", "--library", str(library)]
    shown = CliRunner().invoke(cli, arguments).output
    assert "1 link was not followed (b.txt): to follow them, add --follow-links" in shown
    assert "skipped 1 file of another kind (c.png)" in shown
    printed = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    reasons = dict(zip(printed["skipped"], printed["skipped_because"], strict=True))
    assert str(outside / "secret.txt") in reasons[str(inbox / "b.txt")]
    assert "--follow-links" in reasons[str(inbox / "b.txt")]
    followed = json.loads(CliRunner().invoke(cli, [*arguments, "--follow-links", "--json"]).stdout)
    assert followed["added"] == 1


@pytest.mark.slow
def test_a_watch_does_not_look_through_links(
    inbox: Path, outside: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.watch._WAKE", 100)
    monkeypatch.setattr("qa.intake.watch._QUIET", 100)
    write(inbox, "a.txt", words(1))
    (inbox / "c").symlink_to(outside)
    waiting = bursts([inbox], library)
    next(waiting)
    write(outside, "more.txt", words(2))
    with ThreadPoolExecutor(1) as thread:
        burst = thread.submit(next, waiting)
        with pytest.raises(TimeoutError):
            burst.result(1)
        write(inbox, "sub/deeper/b.txt", words(3))
        burst.result(20)
    for change in (
        lambda: write(inbox, "sub/deeper/d.txt", words(4)),
        lambda: shutil.rmtree(inbox / "sub"),
        lambda: write(inbox, "sub/deeper/b.txt", words(3)),
    ):
        change()
        next(waiting)
    waiting.close()
