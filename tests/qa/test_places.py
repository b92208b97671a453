"""Whatever the case of an address, what is secret in it is never shown, and no folder is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.cli import cli
from qa.errors import InputError
from qa.places import ClusterAddress, folder_of, is_address, is_url, library_address, shown
from qa.web.api import create_app
from qa.web.engine import Engine

SECRET = "hUnter2hUnter2"  # noqa: S105 - what must never be seen
_FORMS = (
    "{}://u:{secret}@127.0.0.1:1/x",
    "{}:u:{secret}@127.0.0.1:1/x",
    " {}://u:{secret}@127.0.0.1:1/x",
    "{}://u:a/{secret}@127.0.0.1:1/x",
    "{}://u:a?{secret}@127.0.0.1:1/x",
    "{}://u:a#{secret}@127.0.0.1:1/x",
    "{}://u%3A{secret}@127.0.0.1:1/x",
    "{}://u:a@{secret}@127.0.0.1:1/x",
    "{}://[u:{secret}@127.0.0.1/x",
    "{}://127.0.0.1:1/x?password={secret}",
    "{}://127.0.0.1:1/x?password=a@{secret}",
    "{}://127.0.0.1:1/x?p={secret}#y",
    "zip:///a/x::{}://u:{secret}@127.0.0.1:1/x",
    "'{}://u:{secret}@127.0.0.1:1/x'",
    "“{}://u:{secret}@127.0.0.1:1/x”",
    "<{}://u:{secret}@127.0.0.1:1/x>",
    "library={}://u:{secret}@127.0.0.1:1/x",
    "my {}://u:{secret}@127.0.0.1:1/x",
    '"{}://127.0.0.1:1/x?password={secret}"',
)
_SCHEMES = (
    *("milvus", "milvus+tls", "postgresql", "postgres", "s3", "http", "https", "ray"),
    *("mivlus", "mil vus", "xy"),
)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    form, scheme = draw(st.sampled_from(_FORMS)), draw(st.sampled_from(_SCHEMES))
    upper = draw(st.lists(st.booleans(), min_size=len(scheme), max_size=len(scheme)))
    cased = "".join(sign.upper() if up else sign for sign, up in zip(scheme, upper, strict=True))
    if form.startswith("{}:u") and scheme not in ("milvus", "milvus+tls", "postgresql", "postgres"):
        form = _FORMS[0]  # without "://" it is the path of a file
    return form.format(cased, secret=SECRET)


COMMANDS = (
    ["documents", "--library", "{}"],
    ["index", "seeds", "--library", "{}"],
    ["doctor", "--library", "{}"],
    ["documents", "--library", "milvus://127.0.0.1:1/x", "--desk", "{}"],
    ["documents", "--desk", "{}"],
    ["index", "--library", "own", "{}"],
    ["index", "--library", "own", "--workers", "{}", "a.txt"],
    ["copy", "{}", "other"],
    ["copy-desk", "--library", "milvus://127.0.0.1:1/x", "{}"],
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses(), command=st.sampled_from(COMMANDS), by_variable=st.booleans())
def test_a_command_shows_no_secret_of_an_address_and_makes_no_folder_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    command: list[str],
    by_variable: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("A text.")
    words = [each.format(address) for each in command]
    environment = {name: str(tmp_path / name) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    if by_variable and words[-2] in ("--library", "--desk"):
        name = words.pop(-2).removeprefix("--").upper()
        environment[f"PULLQUOTE_{name}"] = words.pop()
    run = CliRunner().invoke(cli, [*words, "--json"] if words[0] == "documents" else words, env=environment)
    assert run.exit_code in (1, 2, 3), run.output
    assert SECRET not in run.stdout + run.stderr
    assert "Traceback" not in run.output
    made = {each.name for each in tmp_path.iterdir()}
    assert made <= {"a.txt", "own", "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}, made
    assert not [each for each in tmp_path.rglob("*") if SECRET in each.name]


@settings(max_examples=200)
@given(address=addresses())
def test_an_address_is_shown_without_its_secret(address: str) -> None:
    assert SECRET not in shown(address)
    if is_address(address):
        assert SECRET not in str(library_address(address))
        assert SECRET not in str(folder_of(library_address(address)))


def test_an_address_is_shown_as_far_as_it_is_no_secret() -> None:
    assert shown("Milvus://u:s@host:19530/x") == "milvus://host:19530/x"
    assert shown("milvus:///folder/file.db") == "milvus:///folder/file.db"
    assert shown("postgresql://me@host/x?schema=s") == "postgresql://host/x"
    assert shown("postgresql://me@host/x?password=a@b") == "postgresql://…"
    assert shown("a folder") == "a folder"
    assert shown("'Milvus://u:s@host/x'") == "'milvus://host/x'"
    assert shown("library=milvus://u:s@host/x") == "library=milvus://host/x"
    assert shown("s@milvus://host/x") == "milvus://host/x"
    assert shown("//u:s@host/x") == "//host/x"


def test_a_path_on_a_windows_drive_is_no_address() -> None:
    assert not is_url("C://Users/me")
    assert library_address("C://Users/me") == Path("C:/Users/me")


def test_a_scheme_is_read_without_case(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    assert library_address("MILVUS://Host/x", desk) == library_address("milvus://Host/x", desk)
    place = library_address("milvus://host/x", "PostgreSQL://me@host/x")
    assert isinstance(place, ClusterAddress)
    assert place.desk == "postgresql://me@host/x"


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses())
def test_a_server_says_no_secret_of_its_addresses(tmp_path: Path, address: str) -> None:
    try:
        place = library_address("milvus://127.0.0.1:1/x", address)
    except InputError:  # no server is started
        return
    engine = Engine(place, tmp_path)
    engine.start()
    engine.settled()
    client = TestClient(create_app(engine, "127.0.0.1"))
    said = [client.get("/api/v1/health").text, client.post("/api/v1/ask", json={"question": "Who?"}).text]
    assert not [each for each in said if SECRET in each]
