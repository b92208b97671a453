"""Which encoders are opened for a library: those that come along, and those that the user has named."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from embeddings.encoder import identify_encoder
from embeddings.models import EncoderIdentity
from qa.cli import cli
from qa.corpus import Corpus
from qa.errors import EncoderMismatchError, InputError, LibraryError, UntrustedEncoderError
from qa.storage.encoders import ENCODER_VARIABLE, is_trusted, trust
from qa.storage.sqlite.database import FILE_NAME
from tests.qa.quoting.test_verify import verify
from tests.qa.tiny import TinyEncoder, write

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
# Ends a process that looks at a model's folder, or for a host.
WATCHED = """
import sys
def watch(event, arguments):
    if event.startswith("socket.") or "a-model" in str(arguments[:1]):
        sys.stderr.write(f"{event} {arguments}")
        sys.stderr.flush()
        import os
        os._exit(99)
sys.addaudithook(watch)
"""


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv(ENCODER_VARIABLE, raising=False)


def recorded(folder: Path, name: str) -> Path:
    """Make a library that says that an encoder of that name has made its vectors."""
    encoder = TinyEncoder()
    encoder.identity = EncoderIdentity(name, encoder.identity.sha256, encoder.identity.dimension)
    write(folder / "in", "a.txt", "The mill was closed in March.")
    with Corpus.open(folder / "library", encoder=encoder) as corpus:
        corpus.index(folder / "in")
    return folder / "library"


def watched(script: str, library: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCHED + script, str(library)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["{}/a-model", "someone/a-model"])
def test_the_encoder_that_a_library_names_is_neither_read_nor_looked_for(tmp_path: Path, name: str) -> None:
    name = name.format(tmp_path)
    library = recorded(tmp_path, name)
    model = tmp_path / "a-model"
    model.mkdir()
    (model / "config.json").write_text('{"hidden_size": 32}')
    (model / "model.safetensors").write_bytes(b"")
    script = """
from qa.cli import cli
from qa.corpus import Corpus
from qa.storage.sqlite.database import FILE_NAME
from qa.errors import UntrustedEncoderError
from pathlib import Path
with Corpus.open(sys.argv[1]) as corpus:
    inbox = Path(sys.argv[1]).parent / "in"
    for work in (lambda: corpus.ask("What was closed?"), lambda: corpus.index(inbox)):
        try:
            work()
        except UntrustedEncoderError as error:
            print(error)
    print(corpus.document("a.txt").text, corpus.store.encoder_identity.name, corpus.stats().documents)
from qa.cli import cli
for command in (["documents"], ["doctor"], ["ask", "What was closed?"]):
    try:
        cli([*command, "--library", sys.argv[1]])
    except SystemExit as end:
        print("exit code", end.code)
"""
    run = watched(script, library)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count(f"pullquote reindex --encoder {name}") >= 2
    assert f"{ENCODER_VARIABLE}={name}" in run.stdout
    assert f"The mill was closed in March. {name} 1" in run.stdout
    assert [line for line in run.stdout.splitlines() if line.startswith("exit code")] == [
        "exit code 0",
        "exit code 1",
        "exit code 3",
    ]


def test_without_it_another_encoder_can_take_over_and_quotes_are_verified(tmp_path: Path) -> None:
    library = recorded(tmp_path, "someone/a-model")
    with Corpus.open(library) as corpus:
        with pytest.raises(UntrustedEncoderError):
            corpus.store.encode_queries(["What was closed?"])
        [verdict] = verify(corpus, "“The mill was closed in March.”")
        assert verdict.status == "verbatim"
        corpus.reindex(TinyEncoder("other"))
        assert corpus.store.encode_queries(["What was closed?"]).shape == (1, 32)


def test_the_variable_permits_the_encoder_that_it_names(
    tmp_path: Path, make_folder: Callable[[str], EncoderIdentity], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = make_folder("mine")
    library = made_by(tmp_path, identity)
    with Corpus.open(library) as corpus, pytest.raises(UntrustedEncoderError):
        corpus.store.encoders.identity()
    monkeypatch.setenv(ENCODER_VARIABLE, identity.name)
    with Corpus.open(library) as corpus:
        assert corpus.store.encoders.identity() == identity


def test_the_variable_permits_no_other_encoder(
    tmp_path: Path, make_folder: Callable[[str], EncoderIdentity], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = made_by(tmp_path, make_folder("mine"))
    monkeypatch.setenv(ENCODER_VARIABLE, make_folder("another").name)
    with Corpus.open(library) as corpus, pytest.raises(UntrustedEncoderError):
        corpus.store.encoders.identity()


def test_the_variable_does_not_touch_a_library_of_the_default_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENCODER_VARIABLE, str(tmp_path / "nowhere"))
    with Corpus.open(tmp_path / "library") as corpus:
        assert corpus.store.encoder_identity == identify_encoder()


def test_a_folder_that_was_moved_is_permitted_where_it_is_now(
    tmp_path: Path, make_folder: Callable[[str], EncoderIdentity], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = make_folder("mine")
    library = made_by(tmp_path, identity)
    shutil.move(identity.name, tmp_path / "moved")
    monkeypatch.setenv(ENCODER_VARIABLE, str(tmp_path / "moved"))
    with Corpus.open(library) as corpus:
        assert corpus.store.encoders.identity() == replace(identity, name=str(tmp_path / "moved"))


def test_an_encoder_that_was_trusted_once_is_trusted_with_these_weights_only(
    tmp_path: Path, make_folder: Callable[[str], EncoderIdentity]
) -> None:
    identity = make_folder("mine")
    library = made_by(tmp_path, identity)
    trust(identity)
    trust(identity)
    assert is_trusted(identity)
    assert not is_trusted(replace(identity, sha256="0" * 64))
    assert not is_trusted(replace(identity, name="another"))
    with Corpus.open(library) as corpus:
        assert corpus.store.encoders.identity() == identity
    (Path(identity.name) / "model.safetensors").write_bytes(b"other weights")
    with Corpus.open(library) as corpus, pytest.raises(EncoderMismatchError):
        corpus.store.encoders.identity()


def test_notes_of_trust_that_make_no_sense_permit_nothing(tmp_path: Path) -> None:
    identity = EncoderIdentity("mine", "0" * 64, 32)
    trust(identity)
    [notes] = (tmp_path / "settings").rglob("*.json")
    for content in (b"", b"[1]", b"{", b'{"mine": 1}', b"\xff"):
        notes.write_bytes(content)
        assert not is_trusted(identity)
        trust(identity)
        assert is_trusted(identity)


def test_where_nothing_can_be_noted_reindex_works_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "a file"))
    trust(EncoderIdentity("mine", "0" * 64, 32))
    assert not is_trusted(EncoderIdentity("mine", "0" * 64, 32))


def test_whoever_reindexed_a_library_asks_it_without_saying_so_again(
    tmp_path: Path, make_folder: Callable[[str], EncoderIdentity]
) -> None:
    identity = make_folder("mine")
    library = made_by(tmp_path, identity)
    with Corpus.open(library) as corpus:
        corpus.reindex(identity.name)  # with the vectors that there are
    with Corpus.open(library) as corpus:
        assert corpus.store.encoders.identity() == identity


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[str], EncoderIdentity]:
    """Make a folder that looks like a model's, which is enough to be identified."""

    def make(name: str) -> EncoderIdentity:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.json").write_text('{"hidden_size": 32}')
        (folder / "model.safetensors").write_bytes(name.encode())
        return identify_encoder(str(folder))

    return make


def made_by(folder: Path, identity: EncoderIdentity) -> Path:
    """Make a library whose vectors are recorded as this encoder's."""
    encoder = TinyEncoder(dimension=identity.dimension)
    encoder.identity = identity
    write(folder / "in", "a.txt", "The mill was closed in March.")
    with Corpus.open(folder / "library", encoder=encoder) as corpus:
        corpus.index(folder / "in")
    return folder / "library"


def test_what_a_message_advises_to_run_is_quoted(tmp_path: Path) -> None:
    library = recorded(tmp_path, "--help; $(touch x)")
    with Corpus.open(library) as corpus, pytest.raises(UntrustedEncoderError) as refused:
        corpus.store.encoders.identity()
    assert "reindex --encoder '--help; $(touch x)'`" in str(refused.value)
    with (
        pytest.raises(EncoderMismatchError) as refused_too,
        Corpus.open(recorded(tmp_path / "other", "tiny"), encoder=TinyEncoder("a; b")) as corpus,
    ):
        corpus.store.encoders.identity()
    assert "reindex --encoder 'a; b'`" in str(refused_too.value)


@pytest.mark.parametrize("column", ["name", "sha256"])
@pytest.mark.parametrize("value", ["a\nb", "a\x1b[31m", "a" * 201, "", b"a"])
def test_what_is_no_name_of_an_encoder_is_a_damaged_library(
    tmp_path: Path, column: str, value: str | bytes
) -> None:
    library = recorded(tmp_path, "tiny")
    with closing(sqlite3.connect(library / FILE_NAME, isolation_level=None)) as db:
        db.execute(f"UPDATE encodings SET {column} = ?", (value,))  # noqa: S608
    with pytest.raises(LibraryError, match=r"library\.sqlite3 is damaged"), Corpus.open(library) as corpus:
        corpus.store.encoders.identity()


@pytest.mark.slow
def test_doctor_says_that_the_name_of_an_encoder_is_damage(tmp_path: Path) -> None:
    library = recorded(tmp_path, "tiny")
    with closing(sqlite3.connect(library / FILE_NAME, isolation_level=None)) as db:
        db.execute("UPDATE encodings SET name = ?", ("a\n\x1b[31m",))
    doctor = CliRunner().invoke(cli, ["doctor", "--library", str(library)], color=True)
    assert doctor.exit_code == 1
    assert "is damaged" in doctor.stdout
    assert "\x1b" not in doctor.stdout


def test_an_encoder_is_not_recorded_under_what_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give its folder another name"):
        recorded(tmp_path, "a\nb")
