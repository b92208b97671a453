"""What several servers share beside a library on Milvus: uploaded files, aliases, a fitted confidence.

Each server has a folder of its own. Milvus Lite lets one process in, so here they are of one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from qa.storage.cluster.library import ClusterLibrary
from qa.storage.cluster.originals import PART_BYTES, PARTS

from qa.asking import own_confidence
from qa.asking.confidence import shipped
from qa.cli import cli
from qa.corpus import Corpus
from qa.desk.file import LAYOUT
from qa.desk.stored_conversations import new_id
from qa.errors import InputError, LibraryError, OriginalNotFoundError
from qa.places import ClusterAddress, folder_of, library_address
from qa.storage.open import examine_library
from qa.storage.postgresql.address import PostgresAddress
from qa.storage.postgresql.database import SharedDatabase
from qa.text.names import ALIAS_FILE
from tests.qa.desk.test_conversations import turn
from tests.qa.storage.cluster.conftest import ENCODER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.cluster.address import Address

    from tests.postgresql import Server

pytestmark = pytest.mark.slow

TEXT = b"The zyzzogeton was seen at noon. Everybody was told.\n"
LARGE = bytes(range(256)) * (PART_BYTES // 100)


@pytest.fixture
def desk(postgresql: Server, tmp_path: Path) -> str:
    return f"{postgresql.address()}?schema=desk_{secrets.token_hex(6)}"


@contextmanager
def server(address: Address, desk: str, folder: Path) -> Iterator[Corpus]:
    """One of several chat servers."""
    shared = SharedDatabase(PostgresAddress.parse(desk))
    with Corpus(ClusterLibrary(address, folder, shared, encoder=ENCODER)) as corpus:
        yield corpus


@pytest.fixture
def servers(
    cluster: ClusterLibrary, address: Address, desk: str, tmp_path: Path
) -> Iterator[tuple[Corpus, Corpus]]:
    cluster.close()
    with server(address, desk, tmp_path / "one") as one, server(address, desk, tmp_path / "two") as two:
        yield one, two


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_one_server_was_sent_the_other_shows_byte_for_byte(servers: tuple[Corpus, Corpus]) -> None:
    one, two = servers
    report = one.upload("2008/seen.txt", io.BytesIO(TEXT))
    assert [each.status for each in report.files] == ["added"]
    found = two.original(report.files[0].document_id)
    assert found.path.is_relative_to(two.library)
    assert found.path.read_bytes() == TEXT
    (listed,) = two.store.uploads()
    assert (listed.name, listed.sha256) == ("2008/seen.txt", hashlib.sha256(TEXT).hexdigest())
    assert [each.status for each in two.upload("2008/seen.txt", io.BytesIO(TEXT)).files] == ["unchanged"]
    assert two.stats().originals_bytes == len(TEXT)


@pytest.mark.parametrize("content", [LARGE, LARGE[:PART_BYTES], b"a", b""])
def test_a_file_of_any_size_comes_back_as_it_was(servers: tuple[Corpus, Corpus], content: bytes) -> None:
    one, two = servers
    kept = one.store.keep_upload("large.bin", io.BytesIO(content))
    assert kept.is_new
    assert not one.store.keep_upload("large.bin", io.BytesIO(content)).is_new
    (listed,) = two.store.uploads("large.bin")
    assert listed.path.read_bytes() == content
    newer = one.store.keep_upload("large.bin", io.BytesIO(content + b"!"))
    assert [each.sha256 for each in two.store.uploads()] == [newer.sha256]


def test_a_purge_on_one_server_takes_the_bytes_from_the_database_and_from_the_others(
    servers: tuple[Corpus, Corpus], desk: str, postgresql: Server
) -> None:
    one, two = servers
    (read,) = one.upload("seen.txt", io.BytesIO(TEXT)).files
    one.upload("other.txt", io.BytesIO(b"The harbour was dredged in March.\n"))
    copy = two.original(read.document_id).path
    os.utime(copy, (time.time() - 3600,) * 2)
    one.purge([read.document_id])
    schema = PostgresAddress.parse(desk).schema
    left = f"SELECT count(*) FROM {schema}.{PARTS}"  # noqa: S608
    assert postgresql.sql(left) == "1"
    assert not any(TEXT in path.read_bytes() for path in files_in(one.library))
    with pytest.raises(LibraryError):
        two.original(read.document_id)
    two.store.uploads()
    assert not any(TEXT in path.read_bytes() for path in files_in(two.library))


def test_a_file_that_is_damaged_in_the_database_is_not_shown(
    servers: tuple[Corpus, Corpus], desk: str, postgresql: Server
) -> None:
    one, two = servers
    (read,) = one.upload("seen.txt", io.BytesIO(TEXT)).files
    schema = PostgresAddress.parse(desk).schema
    postgresql.sql(f"UPDATE {schema}.{PARTS} SET content = 'another'")  # noqa: S608
    with pytest.raises(LibraryError, match=r"is missing: upload 'seen\.txt' again"):
        two.original(read.document_id)
    assert one.original(read.document_id).path.read_bytes() == TEXT


def test_a_file_that_was_indexed_where_it_lies_is_no_upload(
    servers: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    one, two = servers
    (tmp_path / "seen.txt").write_bytes(TEXT)
    one.index(tmp_path / "seen.txt")
    with pytest.raises(OriginalNotFoundError):
        two.original("seen.txt")


def test_aliases_and_a_confidence_reach_the_other_server(servers: tuple[Corpus, Corpus]) -> None:
    one, two = servers
    one.upload("mill.txt", io.BytesIO(b"The mill of Changbai closed in March.\n"))
    assert not two.store.names("What closed in Whitemount?").names
    (one.library / ALIAS_FILE).write_text("Whitemount = Changbai\n")
    one.store.share_own_file(ALIAS_FILE)
    (match,) = two.store.names("What closed in Whitemount?").names
    assert match.found == ("Changbai",)
    reader = own_confidence.identify("reader")
    own = own_confidence.OwnConfidence(shipped("reader"), reader, "mine", 40, 20, "2026-11-29")
    own_confidence.save(one.library, own)
    one.store.share_own_file(own_confidence.FILE)
    two.store.fetch_own_files()
    assert own_confidence.look_up(two.library, "reader") == (own, "")
    own_confidence.remove(two.library)
    two.store.share_own_file(own_confidence.FILE)
    one.store.fetch_own_files()
    assert own_confidence.look_up(one.library, "reader") == (None, "")
    assert (one.library / ALIAS_FILE).exists()


def test_conversations_and_dossiers_of_one_server_are_the_others(servers: tuple[Corpus, Corpus]) -> None:
    one, two = servers
    conversation = new_id()
    one.desk.conversations.keep(conversation, turn("Who was told?"))
    two.desk.conversations.keep(conversation, turn("And where?", minutes=1))
    assert [each.question for each in one.desk.conversations.turns(conversation)] == [
        "Who was told?",
        "And where?",
    ]
    made = two.desk.dossiers.find_or_create("Harbours")
    assert one.desk.dossiers.find_or_create("harbours").id == made.id
    assert one.stats().desk_bytes > 0


def test_the_commands_and_the_doctor_know_a_shared_desk(
    address: Address, cluster: ClusterLibrary, desk: str, postgresql: Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    cluster.close()
    chosen = ["--library", address.text, "--desk", desk]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, *chosen])
        assert postgresql.password not in done.output
        return done.output

    (tmp_path / "mine.txt").write_text("Whitemount = Changbai\n")
    assert "(1 group)" in run("names", "--aliases", str(tmp_path / "mine.txt"))
    (tmp_path / "wrong.txt").write_text("alone\n")
    assert 'write names with " = " between them' in run("names", "--aliases", str(tmp_path / "wrong.txt"))
    assert "(1 group)" in run("names")
    run("dossier", "note", "Harbours", "A note.")
    assert "Harbours" in run("dossier", "list")
    place = library_address(address.text, desk)
    assert isinstance(place, ClusterAddress)
    assert place.desk == desk
    assert folder_of(place).is_relative_to(tmp_path / "data")
    found = {each.about: each for each in examine_library(place)}
    assert "PostgreSQL" in found["desk server"].value
    assert f"desk.sqlite3 {LAYOUT.schema}" in found["desk server"].value
    assert found["desk server"].problem == ""
    said = json.loads(run("doctor", "--json"))
    assert {"about": "desk", "value": "0 thumbs and 0 conversations", "problem": ""} in said["findings"]
    postgresql.sql("ALTER SYSTEM SET synchronous_commit = off")
    postgresql.sql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    try:
        found = {each.about: each for each in examine_library(place)}
        assert "synchronous_commit is off" in found["desk server"].problem
    finally:
        postgresql.sql("ALTER SYSTEM RESET synchronous_commit")
        postgresql.sql("SELECT pg_reload_conf()")
    with monkeypatch.context() as wrong:
        wrong.setenv("PGPASSWORD", "mistaken")
        found = {each.about: each for each in examine_library(place)}
        assert "check the user, the password" in found["desk server"].problem
        done = CliRunner().invoke(cli, ["dossier", "list", *chosen])
        assert done.exit_code == LibraryError.exit_code
    done = CliRunner().invoke(
        cli, ["dossier", "list", "--library", address.text, "--desk", "postgresql://me:hidden@h/x"]
    )
    assert (done.exit_code, "hidden" in done.output) == (InputError.exit_code, False)
