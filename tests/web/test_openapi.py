"""Requests that Schemathesis makes of the OpenAPI document, valid ones and others, sent to a running server.

What it asks and checks stands in `schemathesis.toml`, with the reason for each check that cannot apply.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.desk import stored_dossiers as dossiers
from qa.report.contents import kept_quote
from qa.schema import CitationId, DossierEntry
from tests.qa.desk.test_conversations import turn
from tests.qa.test_deadline import until
from tests.web.chatting import ROOT, chat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.chatting import Server

pytestmark = [pytest.mark.day, pytest.mark.models]

HERE = Path(__file__).parent
PDFS = ROOT / "tests" / "qa" / "formats" / "pdf" / "files"
# That the run may take on an idle machine is two minutes; another load is no failure.
SECONDS = 900


@pytest.fixture
def server(tmp_path: Path, brief: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a small library that has what the examples of the OpenAPI document name."""
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
        corpus.upload(
            "report.txt", BytesIO(b"The harbour at Ostrava was closed in May."), collection="markets"
        )
        corpus.upload("report.html", BytesIO(b"<p>The school at Hyesan was opened in June.</p>"))
        with (PDFS / "brief.pdf").open("rb") as file:
            corpus.upload("report.pdf", file)
        corpus.desk.conversations.keep("Jc1yq3vZk0TtWb7e", turn("Which factory was stripped of its metal?"))
        monkeypatch.setattr(dossiers, "new_id", lambda: "x3Qk9vZk0TtWb7eA")
        made = corpus.desk.dossiers.create("Works")
        factory = CitationId(corpus.documents()[0].sha256, 1114, 1360)
        entries = [DossierEntry("heading", "Works"), kept_quote(corpus.store, factory)]
        corpus.desk.dossiers.add(made.id, entries)
    with chat(tmp_path / "library", "--host", "127.0.0.1", "--allow-changes") as running:
        until(lambda: running.get("api/v1/health")[0] == 200, 120)
        yield running


def test_no_request_that_schemathesis_makes_finds_a_fault(server: Server, tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=Path(sys.executable).parent)
    assert program
    command = [program, "--config-file", HERE / "schemathesis.toml", "--no-color", "run"]
    command += [f"{server.url}api/v1/openapi.json"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.web.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    said = done.stdout + done.stderr
    print(said[said.rfind("= SUMMARY") :])  # noqa: T201 - asked for with -s
    assert done.returncode == 0, said
    operations = [
        method for path in server.get("api/v1/openapi.json")[1]["paths"].values() for method in path
    ]
    assert f"Tested: {len(operations)}" in said
