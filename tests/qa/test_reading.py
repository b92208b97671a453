"""What has no end is not read; see `qa.reading`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.errors import InputError
from qa.reading import read_file
from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices of POSIX")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "command",
    [
        ["verify", "FILE.md"],
        ["evaluate", "FILE.csv"],
        ["evaluate", "FILE.jsonl"],
        ["evaluate", "suite.csv", "--answers", "FILE.jsonl"],
        ["evaluate", "suite.csv", "--answers", "answers.jsonl", "--baseline", "FILE.jsonl"],
        ["answer", "FILE.jsonl", "--out", "answers.jsonl"],
    ],
    ids=" ".join,
)
def test_what_has_no_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "suite.csv", "id,question\n1,Who?\n")
    write(tmp_path, "answers.jsonl", '{"id": "1", "outcome": "none", "quotes": []}\n')
    name = next(word for word in command if word.startswith("FILE"))
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    result = CliRunner().invoke(cli, [*command, "--library", str(tmp_path / "library")])
    assert result.exit_code == 3
    assert f"{name} is not an ordinary file" in result.stderr


def test_a_pipe_of_the_shell_is_read_to_its_end() -> None:
    code = (
        "import sys, pathlib; from qa.reading import read_file; print(read_file(pathlib.Path(sys.argv[1])))"
    )
    shell = f'{shlex.quote(sys.executable)} -c "{code}" <(printf "Who?")'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout == "b'Who?'\n"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with path.open("wb") as file:
        file.truncate(2_000_001)
    with pytest.raises(InputError, match=r"answers\.jsonl is larger than 2 MB"):
        read_file(path, most=2_000_000)
    os.truncate(path, 2_000_000)
    assert len(read_file(path, most=2_000_000)) == 2_000_000
