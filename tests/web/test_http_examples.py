"""The examples of docs/http.md, run by a shell against a running server."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from tests.conftest import ROOT
from tests.qa.test_deadline import until
from tests.qa.web.server_sent import read_events
from tests.web.chatting import chat

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.models,
    pytest.mark.day,
    pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here, which the examples run"),
]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "http.md").read_text("utf-8"), re.DOTALL)
BETWEEN = "-- the next block --"


def test_the_examples_run_as_they_stand(tmp_path: Path, brief: Path) -> None:
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
    (tmp_path / "report.txt").write_text("The harbour at Ostrava was closed in May.\n", "utf-8")
    with chat(tmp_path / "library") as server:
        until(lambda: server.get("api/v1/health")[0] == 200, 120)
        blocks = [block.replace("http://127.0.0.1:7860/", server.url) for block in BLOCKS]
        script = f"\necho; echo {BETWEEN!r}\n".join(blocks).replace("curl ", "curl --fail-with-body ")
        done = subprocess.run(
            ["sh", "-euc", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    _, asked, many, added, again, listed, put_back, cited, verified, kept, _ = done.stdout.split(
        f"\n{BETWEEN}\n"
    )
    assert '"outcome":"answered"' in asked
    *answers, end = read_events(many)
    assert [data["id"] for _, _, data in answers] == ["1", "mayor"]
    assert end == ("end", "", {"total": 2, "answered": 1, "none": 1})
    assert '"status":"added"' in added
    name, _, results = read_events(again)[-1]
    assert (name, [each["status"] for each in results]) == ("result", ["unchanged"])
    assert listed.count('"id":') == 2
    assert '"versions":[]' in put_back
    assert '"reason":"removed"' in put_back
    assert put_back.endswith('{"restored":["2008/report.txt"]}')
    assert '"status":"current"' in cited
    assert "*Scrap Metal Smuggling Rampant in North Korea*" in cited
    assert '"right":true' in verified
    assert '"verbatim":1' in kept
    assert (tmp_path / "report.docx").read_bytes().startswith(b"PK")
    assert (tmp_path / "markets.bib").read_text("utf-8").startswith("@")
    assert (tmp_path / "documents.json").read_text("utf-8").count('"id":') == 2
