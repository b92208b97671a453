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
from qa.places import ServerAddress, folder_of, index_address, is_address, is_url, library_address, shown
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
    ["documents", "--desk", "{}"],
    ["index", "a.txt", "--library", "never", "--index", "{}"],
    ["index", "--library", "own", "{}"],
    ["index", "--library", "own", "--workers", "{}", "a.txt"],
    ["copy", "{}", "other"],
    ["copy", "own", "other", "--index", "{}"],
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
    if by_variable and words[-2] in ("--library", "--desk", "--index"):
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
    assert shown("postgresql://me@host/x?schema=s") == "postgresql://host/x?schema=s"
    assert shown("postgresql://me@host/x?schema=s&password=a") == "postgresql://host/x"
    assert shown("postgresql://me@host/x?password=a@b") == "postgresql://…"
    assert shown("a folder") == "a folder"
    assert shown("'Milvus://u:s@host/x'") == "'milvus://host/x'"
    assert shown("library=milvus://u:s@host/x") == "library=milvus://host/x"
    assert shown("s@milvus://host/x") == "milvus://host/x"
    assert shown("//u:s@host/x") == "//host/x"


def test_a_path_on_a_windows_drive_is_no_address() -> None:
    assert not is_url("C://Users/me")
    assert library_address("C://Users/me") == Path("C:/Users/me")


def test_a_scheme_is_read_without_case() -> None:
    place = library_address("PostgreSQL://me@Host/X")
    assert isinstance(place, ServerAddress)
    assert place.address == "postgresql://me@Host/X"
    assert place == library_address("postgresql://me@Host/X")
    assert index_address("MILVUS://Host:1/") == "milvus://Host:1"
    assert index_address("Milvus+TLS://host") == "milvus+tls://host"


def test_libraries_of_one_database_have_their_own_folders_for_copies() -> None:
    one, other = (folder_of(library_address(f"postgresql://me@host/x?schema={name}")) for name in "ab")
    assert one != other
    assert one.parent == other.parent
    assert one.name.startswith("host_x_schema_a-")


def test_the_file_of_an_index_may_have_any_path() -> None:
    for path in ("/a folder/b:c@d?/x.db", "/C:/Users/me/x.db"):
        assert index_address(f"milvus://{path}") == f"milvus://{path}"


@pytest.mark.parametrize("name", ["folder", "postgresql://host/x", "milvus:host", "C:/x.db", ""])
def test_what_is_no_address_of_an_index_is_refused_with_the_form(name: str) -> None:
    with pytest.raises(InputError, match=r"is not an address of an index: write milvus://HOST:PORT"):
        index_address(name)


@pytest.mark.parametrize(
    "name", ["milvus://me:hidden@host", "milvus://host?token=hidden", "milvus://host#hidden"]
)
def test_an_index_with_a_password_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="put user:password into PULLQUOTE_MILVUS_TOKEN") as raised:
        index_address(name)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("words", "variables", "code"),
    [
        (["documents", "--library", "milvus://host:1/x"], {}, 3),
        (["documents"], {"PULLQUOTE_LIBRARY": "Milvus://host:1/x"}, 3),
        (["copy", "milvus:///a/b.db", "other"], {}, 3),
        (["--desk", "desk", "documents"], {}, 2),
        (["ask", "Who?", "--desk", ""], {}, 2),
        (["documents"], {"PULLQUOTE_DESK": "desk"}, 2),
        (["copy", "own", "other"], {"PULLQUOTE_DESK": "desk"}, 2),
    ],
)
def test_a_former_address_is_refused_with_the_command_to_run(
    words: list[str], variables: dict[str, str], code: int
) -> None:
    run = CliRunner().invoke(cli, words, env=variables)
    assert run.exit_code == code, run.output
    assert (
        "write `pullquote index PATH --library postgresql://USER@HOST:PORT/DATABASE --index milvus://HOST:PORT`"
        in run.stderr
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses())
def test_a_server_says_no_secret_of_its_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    try:
        place = library_address(address)
    except InputError:  # no server is started
        return
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    engine = Engine(place, tmp_path, index="milvus://127.0.0.1:1")
    engine.start()
    engine.settled()
    client = TestClient(create_app(engine, "127.0.0.1"))
    said = [client.get("/api/v1/health").text, client.post("/api/v1/ask", json={"question": "Who?"}).text]
    assert not [each for each in said if SECRET in each]
