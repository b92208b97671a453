"""The commands that make a library: its place, its index, and a copy with all that people keep."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.corpus import Corpus
from qa.errors import InputError
from qa.places import ServerAddress
from qa.schema import DossierEntry, QuoteReference, ShownAnswer
from qa.text.names import ALIAS_FILE
from tests.qa.desk.test_conversations import turn
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgresql import Server

pytestmark = pytest.mark.slow
TEXT = b"The harbour was seen at noon. Nobody was told.\n"


def run(*words: str, code: int = 0, **variables: str) -> str:
    done = CliRunner().invoke(cli, words, env=variables)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library with one document of each kind, and with something of each kind that people keep."""
    with tiny_corpus(tmp_path / "a: library") as corpus:
        corpus.index(write(tmp_path / "files", "one.txt", "The unicorn sleeps.\n"))
        corpus.upload("seen.txt", io.BytesIO(TEXT))
        corpus.desk.conversations.keep("a" * 16, turn("Who was told?"))
        corpus.desk.put_thumb(ShownAnswer("Who?", (), "Who?", "none"), None, "up")
        place = QuoteReference("seen.txt", corpus.document("seen.txt").sha256, 0, 29)
        made = corpus.desk.dossiers.create("Harbours")
        corpus.desk.dossiers.add(made.id, [DossierEntry("quote", place=place), DossierEntry("note", "Mine.")])
        write(corpus.library, ALIAS_FILE, "Whitemount = Changbai\n")
        return corpus.library


def test_a_copy_has_the_documents_and_all_that_people_keep(library: Path, tmp_path: Path) -> None:
    said = run("copy", str(library), str(tmp_path / "other"))
    assert "2 documents copied; all 2 compared with the originals" in said
    assert "1 thumb, 1 conversation and 1 dossier copied" in said
    with Corpus.open(library, create=False) as one, Corpus.open(tmp_path / "other", create=False) as other:
        assert other.store.hashes() == one.store.hashes()
        assert other.original("seen.txt").path.read_bytes() == TEXT
        assert other.store.aliases().own == 1
        assert other.desk.thumbs() == one.desk.thumbs()
        assert other.desk.conversations.turns("a" * 16) == one.desk.conversations.turns("a" * 16)
        (made,) = other.desk.dossiers.all()
        copied = other.desk.dossiers.entries(made.id)
        assert copied == one.desk.dossiers.entries(made.id)
        # Numbers go on after those that were copied.
        (added,) = other.desk.dossiers.add(made.id, [DossierEntry("note", "Another.")])
        assert added.id > max(entry.id for entry in copied)
    said = run("copy", str(library), str(tmp_path / "other"))
    assert "0 documents copied" in said
    assert "TO already has thumbs, conversations or dossiers, so none were copied" in said
    with Corpus.open(tmp_path / "other", create=False) as other:
        assert len(other.desk.dossiers.entries(made.id)) == 3


def test_a_library_is_not_copied_to_itself(library: Path) -> None:
    assert "FROM and TO are the same library" in run("copy", str(library), str(library), code=2)


def test_a_library_keeps_its_index(library: Path) -> None:
    words = ("index", str(library.parent / "files"), "--library", str(library))
    said = run(*words, "--index", "Milvus://host:19530", code=3)
    assert "has its index in files, not at milvus://host:19530: leave --index out" in said
    # The default is only for a new library.
    target = str(library.parent / "other")
    run("copy", str(library), target)
    assert "0 documents copied" in run("copy", str(library), target, PULLQUOTE_INDEX="milvus://host:19530")
    with pytest.raises(InputError, match="has its index in files, not at milvus://host:19530"):
        Corpus.open(library, index="milvus://host:19530")


def test_a_wrong_index_makes_no_library(tmp_path: Path) -> None:
    source = str(write(tmp_path, "one.txt", "The unicorn sleeps.\n"))
    for words, variables in ((("--index", "host:19530"), {}), ((), {"PULLQUOTE_INDEX": "host:19530"})):
        said = run("index", source, "--library", str(tmp_path / "library"), *words, code=3, **variables)
        assert "is not an address of an index: write milvus://HOST:PORT" in said
    assert not (tmp_path / "library").exists()


def test_a_new_library_on_postgresql_needs_an_index(postgresql: Server, tmp_path: Path) -> None:
    address = f"{postgresql.address()}?schema=without_index"
    with pytest.raises(InputError, match=r"needs an index on Milvus: write `pullquote index PATH --library"):
        Corpus.open(address)
    said = run("index", str(tmp_path), "--library", address, code=3)
    assert "--index milvus://HOST:PORT`" in said
    named = "SELECT count(*) FROM pg_namespace WHERE nspname = 'without_index'"
    assert postgresql.sql(named) == "0"


def test_the_address_of_a_library_is_shown_without_its_user() -> None:
    place = ServerAddress("postgresql://me@host:1/x?schema=news", None)  # type: ignore[arg-type]
    assert str(place) == "postgresql://host:1/x?schema=news"
