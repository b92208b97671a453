"""What several servers share besides records: uploaded files, aliases, a fitted confidence, and a backup."""

from __future__ import annotations

import hashlib
import io
import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from qa.asking import own_confidence
from qa.asking.confidence import shipped
from qa.desk.stored_conversations import new_id
from qa.errors import LibraryError, OriginalNotFoundError
from qa.schema import DossierEntry, QuoteReference, ShownAnswer
from qa.storage.postgresql.address import PostgresAddress
from qa.storage.postgresql.originals import PART_BYTES
from qa.text.names import ALIAS_FILE
from tests.qa.desk.on_server import corpus_on_server
from tests.qa.desk.test_conversations import turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from tests.postgresql import Server

pytestmark = pytest.mark.slow

TEXT = b"The zyzzogeton was seen at noon. Everybody was told.\n"
LARGE = bytes(range(256)) * (PART_BYTES // 100)


@pytest.fixture
def servers(address: str, tmp_path: Path) -> Iterator[tuple[Corpus, Corpus]]:
    """Two chat servers, each with a folder of its own."""
    with (
        closing(corpus_on_server(address, tmp_path / "one")) as one,
        closing(corpus_on_server(address, tmp_path / "two")) as two,
    ):
        yield one, two


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def parts(postgresql: Server, address: str) -> str:
    schema = PostgresAddress.parse(address).schema
    return postgresql.sql(f"SELECT count(*) FROM {schema}.original_parts")  # noqa: S608 - made by the test


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


@pytest.mark.parametrize("content", [LARGE, LARGE[:PART_BYTES], b"a", b""])
def test_a_file_of_any_size_comes_back_as_it_was(
    servers: tuple[Corpus, Corpus], address: str, postgresql: Server, content: bytes
) -> None:
    one, two = servers
    kept = one.store.keep_upload("large.bin", io.BytesIO(content))
    assert kept.is_new
    assert not one.store.keep_upload("large.bin", io.BytesIO(content)).is_new
    (listed,) = two.store.uploads("large.bin")
    assert listed.path.read_bytes() == content
    newer = one.store.keep_upload("large.bin", io.BytesIO(content + b"!"))
    assert [each.sha256 for each in two.store.uploads()] == [newer.sha256]
    for each in (kept, newer):
        two.store.forget_upload(each)
    assert parts(postgresql, address) == "0"


def test_a_purge_on_one_server_deletes_the_bytes_in_the_database_and_the_copies_of_the_others(
    servers: tuple[Corpus, Corpus], address: str, postgresql: Server
) -> None:
    one, two = servers
    (read,) = one.upload("seen.txt", io.BytesIO(TEXT)).files
    one.upload("other.txt", io.BytesIO(b"The harbour was dredged in March.\n"))
    copy = two.original(read.document_id).path
    two.store.fetch_own_files()
    os.utime(copy, (time.time() - 3600,) * 2)
    one.purge([read.document_id])
    assert parts(postgresql, address) == "1"
    assert not any(TEXT in path.read_bytes() for path in files_in(one.library))
    two.store.fetch_own_files()  # as each question does
    assert not any(TEXT in path.read_bytes() for path in files_in(two.library))


def test_a_file_that_is_damaged_in_the_database_is_not_shown(
    servers: tuple[Corpus, Corpus], address: str, postgresql: Server
) -> None:
    one, two = servers
    (read,) = one.upload("seen.txt", io.BytesIO(TEXT)).files
    schema = PostgresAddress.parse(address).schema
    postgresql.sql(f"UPDATE {schema}.original_parts SET content = 'another'")  # noqa: S608
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
    asked = [each.question for each in one.desk.conversations.turns(conversation)]
    assert asked == ["Who was told?", "And where?"]
    made = two.desk.dossiers.find_or_create("Harbours")
    assert one.desk.dossiers.find_or_create("harbours").id == made.id
    assert one.stats().desk_bytes > 0


def test_one_backup_restored_into_an_empty_database_is_the_same_library(
    servers: tuple[Corpus, Corpus], address: str, postgresql: Server, tmp_path: Path
) -> None:
    one, _ = servers
    (read,) = one.upload("seen.txt", io.BytesIO(TEXT)).files
    place = QuoteReference("seen.txt", one.document("seen.txt").sha256, 0, 32)
    one.desk.put_thumb(ShownAnswer("Who?", (), "Who?", "answered", (place,)), place, "up")
    one.desk.conversations.keep(conversation := new_id(), turn("Who was told?"))
    dossier = one.desk.dossiers.create("Harbours").id
    one.desk.dossiers.add(dossier, [DossierEntry("quote", place=place), DossierEntry("note", "Mine.")])
    (one.library / ALIAS_FILE).write_text("Whitemount = Changbai\n")
    one.store.share_own_file(ALIAS_FILE)
    schema = PostgresAddress.parse(address).schema
    postgresql.restore(postgresql.dump(schema), "restored")
    elsewhere = f"{postgresql.address(database='restored')}?schema={schema}"
    with closing(corpus_on_server(elsewhere, tmp_path / "restored")) as restored:

        def contents(corpus: Corpus) -> tuple[object, ...]:
            desk, ids = corpus.desk, [info.id for info in corpus.documents()]
            return (
                [corpus.store.document_and_passages(each) for each in ids],
                [(answer.outcome, [each.text for each in answer.quotes]) for answer in [asked(corpus)]],
                desk.thumbs(),
                desk.conversations.turns(conversation),
                desk.dossiers.entries(dossier),
                corpus.original(read.document_id).path.read_bytes(),
                corpus.store.aliases().own,
                corpus.store.generation,
            )

        assert contents(restored) == contents(one)
        # The numbers of new rows go on.
        (added,) = restored.desk.dossiers.add(dossier, [DossierEntry("note", "Another.")])
        assert added.id > max(each.id for each in one.desk.dossiers.entries(dossier))
        assert [
            each.status for each in restored.upload("b.txt", io.BytesIO(b"Nobody was told.\n")).files
        ] == ["added"]


def asked(corpus: Corpus):
    return corpus.ask("Who was told?")


def test_two_connections_do_not_wait_for_each_other_in_a_thread(servers: tuple[Corpus, Corpus]) -> None:
    """A writer of the desk that reads a document does so in its own transaction."""
    one, _ = servers
    one.upload("seen.txt", io.BytesIO(TEXT))
    place = QuoteReference("seen.txt", one.document("seen.txt").sha256, 0, 32)
    shared = one.store.database.shared
    assert shared
    for _ in range(7):  # one connection is left
        assert shared._places.acquire(blocking=False)
    one.desk.put_thumb(ShownAnswer("Who?", (), "Who?", "answered", (place,)), place, "up")
    assert one.desk.count_thumbs() == (1, 1)
