"""The address of Milvus, and the operator's settings in the environment."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.errors import InputError, MissingExtraError
from qa.storage.milvus import layout
from qa.storage.milvus.address import TOKEN_FILE, Address
from qa.storage.milvus.connection import Connection
from qa.storage.milvus.rows import LONGEST, Stemmer, _searched

if TYPE_CHECKING:
    from qa.storage.library import Library


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("milvus://host:19530", "http://host:19530"),
        ("milvus+tls://host/", "https://host:19530"),
        ("milvus://[::1]:1", "http://[::1]:1"),
        ("milvus:///folder/an index.db", "/folder/an index.db"),
        ("milvus:///me@home/what?.db", "/me@home/what?.db"),
    ],
)
def test_an_address_names_a_server_or_a_file(text: str, uri: str) -> None:
    address = Address.parse(text)
    assert (address.uri, address.lite) == (uri, uri.startswith("/"))


@pytest.mark.parametrize(
    "text",
    ["milvus://", "milvus://host/name", "milvus:///file", "milvus:///f.db/name", "milvus://host:x",
     "milvus://h#f", "http://host"],
)  # fmt: skip
def test_a_text_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"write milvus://HOST:PORT"):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    ["milvus://u:hidden@h", "milvus://u:a/hidden@h:1", "milvus+tls://u:a#hidden@h", "milvus:u:hidden@h",
     "milvus://h:1?token=hidden"],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="may not have a password") as raised:
        Address.parse(text)
    assert "hidden" not in str(raised.value)


def test_a_token_is_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("user:secret\n")
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "token"))
    assert Address.parse("milvus://host").options() == {"token": "user:secret"}
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "none"))
    with pytest.raises(InputError, match=TOKEN_FILE):
        Address.parse("milvus://host").options()


def test_a_missing_extra_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pullquote\[cluster\]'"):
        Connection(Address.parse(f"milvus://{tmp_path}/x.db"))


def test_a_library_in_files_imports_no_package_of_the_extra() -> None:
    code = "import sys, qa.cli, qa.corpus; print({'pymilvus', 'milvus_lite', 'grpc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
def test_only_the_user_may_access_the_file(address: str, library: Library) -> None:
    where = Address.parse(address)
    if not where.lite:
        pytest.skip("a server has no file here")
    assert stat.S_IMODE(Path(where.uri).stat().st_mode) in (0o600, 0o700)
    assert library.count().documents == 0


def test_stems_are_in_letters_that_no_analyzer_divides() -> None:
    with closing(Stemmer()) as stemmer:
        (stems, none) = stemmer.written(["Smuggled coppers: 북한 cafés", ""])
    assert stems[:2] == ["asmuggl", "acopper"]
    assert all(stem.isascii() and stem.isalnum() for stem in stems)
    assert none == []


def test_the_words_of_a_very_long_passage_fit_into_the_column() -> None:
    searched = _searched(["ahead"], [f"a{number}" for number in range(20_000)])
    assert len(searched) <= LONGEST
    assert searched.split()[:3] == ["a0", "a1", "a2"]


def test_by_default_the_index_is_a_graph_in_one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(layout.INDEX, raising=False)
    monkeypatch.setenv(layout.SHARDS, "")
    assert (layout.index_wanted(), layout.shards_wanted()) == ("HNSW", 1)


def test_the_environment_chooses_index_and_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(layout.INDEX, "diskann")
    monkeypatch.setenv(layout.SHARDS, "8")
    assert (layout.index_wanted(), layout.shards_wanted()) == ("DISKANN", 8)


@pytest.mark.parametrize("shards", ["0", "17", "two", "-1"])
def test_an_index_that_milvus_could_not_make_is_refused(shards: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(layout.SHARDS, shards)
    with pytest.raises(InputError, match="from 1 to 16"):
        layout.shards_wanted()
    monkeypatch.setenv(layout.INDEX, "ANNOY")
    with pytest.raises(InputError, match="HNSW, IVF_SQ8, DISKANN"):
        layout.index_wanted()
