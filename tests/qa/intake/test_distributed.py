"""Ingest by Ray gives what ingest without it does, whichever of its processes dies meanwhile."""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import pickle
import random
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qa.intake.distributed.workers
from qa.corpus import Corpus
from qa.errors import InputError, MissingExtraError, WorkersError
from qa.intake.distributed.stages import FileItem, Job, Portion, ReadFiles, difference, versions
from qa.intake.distributed.workers import Workers
from qa.intake.folders import library_path, listing
from qa.intake.make import PlannedFile
from qa.intake.plan import UserOptions, plan_file
from qa.places import library_address
from qa.storage.open import examine_library, open_library, open_records
from tests import postgresql as program
from tests.conftest import BRIEF, ROOT
from tests.qa.consistency import index_problems, problems
from tests.qa.intake.ray_nodes import cluster, descendants, kill, left_of
from tests.qa.tiny import words, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.schema import IndexReport
    from tests.qa.intake.ray_nodes import Cluster

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ray's processes are looked for in /proc")

log = logging.getLogger(__name__)
# PULLQUOTE_FAULTS=20 for a long run.
FAULTS = int(os.environ.get("PULLQUOTE_FAULTS", "2"))
DOCUMENTS = 120
FORMATS = Path(__file__).parents[1] / "formats"


@pytest.fixture(scope="module")
def password(request: pytest.FixtureRequest) -> None:
    """The password of the tests' PostgreSQL, which Ray must have when it starts."""
    if program.programs() and importlib.util.find_spec("psycopg"):
        request.getfixturevalue("postgresql")


@pytest.fixture(scope="module")
def ray_here(password: None) -> Iterator[Workers]:
    """Ray on this machine, once for all tests here: an index run uses what has been started."""
    with Workers("local", Path()) as workers:
        yield workers


def fill(folder: Path) -> None:
    """Put files of all kinds there: bad ones, copies, tables, archives and mail."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("csv", "mbox", "mail", "zip", "html"):
        shutil.copytree(FORMATS / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(BRIEF, folder)
    shutil.copy(BRIEF, folder / "copy.txt")
    write(folder, "described.txt", "Tanks were sold.\n\nNobody asked by whom.\n")
    write(folder, "described.txt.meta.toml", 'title = "What was sold"\n')
    rows = "".join(f"Row {number},Tank {number} was sold in Wonsan.\n" for number in range(4))
    write(folder, "rows.csv", f"title,text\n{rows}")
    write(folder, "gone.txt", "Ships were sold.\n")
    write(folder, "nonsense.pdf", "%PDF-1.4\nnothing\n")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of small files."""
    for number in range(DOCUMENTS):
        write(tmp_path / "in", f"{number:04}.txt", words(number, 60))
    return tmp_path / "in"


def described(corpus: Corpus) -> object:
    """All that a library holds, but for numbers and times."""
    hashes = dict(corpus.store.hashes())
    return [
        (
            corpus.document(each),
            [(its.start, its.end, its.sentences) for its in corpus.store.passages_of(each)],
            [(at.path, at.part) for at in corpus.store.places_in(corpus.document(each).path)],
        )
        for each in sorted(hashes)
    ]


@pytest.mark.day
def test_report_and_library_are_the_same_as_without_workers(ray_here: Workers, tmp_path: Path) -> None:
    inbox = tmp_path / "in ü"
    reports: dict[str | None, list[IndexReport]] = {None: [], "local": []}
    held = {}
    for workers, found in reports.items():
        fill(inbox)
        with Corpus.open(tmp_path / f"library {workers}") as corpus:

            def index(corpus: Corpus = corpus, workers: str | None = workers, **options: bool) -> IndexReport:
                return corpus.index(inbox, workers=workers, **options)

            found += [index(dry_run=True), index(), index()]
            change(corpus, inbox)
            found.append(index())
            (inbox / "renamed.txt").rename(inbox / "copy.txt")
            found.append(index(prune=True))
            held[workers] = contents(corpus)
            assert corpus.document("described.txt").title == "Corrected"
            index_whole = (problems(corpus.library), index_problems(corpus.library))
        assert index_whole == ([], [])
    for plain, distributed in zip(reports[None], reports["local"], strict=True):
        assert distributed.files == plain.files
        assert (distributed.skipped, distributed.remarks) == (plain.skipped, plain.remarks)
    assert {each.status for each in reports["local"][2].files} == {"unchanged", "refused"}
    statuses = {each.status for each in reports["local"][3].files}
    assert statuses >= {"moved", "replaced", "withdrawn", "gone", "unchanged", "refused"}
    assert held["local"] == held[None]


def change(corpus: Corpus, inbox: Path) -> None:
    """Move, change and remove files; correct and remove documents."""
    (inbox / "copy.txt").rename(inbox / "renamed.txt")
    corpus.edit("described.txt", {"title": "Corrected", "author": "A. Nobody"})
    write(inbox, "described.txt", "Tanks were bought.\n\nNobody asked by whom.\n")
    corpus.remove([next(info.id for info in corpus.documents() if info.id.startswith("rows.csv#"))])
    head, *rows = (inbox / "rows.csv").read_text().splitlines(keepends=True)
    write(inbox, "rows.csv", "".join((head, *rows[1:], *rows[:1])))  # documents follow their rows
    (inbox / "gone.txt").unlink()


def contents(corpus: Corpus) -> list[object]:
    """All that a library holds, but for numbers and times."""
    documents = [corpus.document(each) for each, _ in corpus.store.hashes()]
    return [
        (
            document,
            [(each.start, each.end, each.sentences) for each in corpus.store.passages_of(document.id)],
            [(at.path, at.part, at.document_id) for at in corpus.store.places_in(document.path)],
        )
        for document in documents
    ]


class InFolders:
    """Libraries in folders: the client puts the documents in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self) -> str:
        """Return the address of a library that does not exist yet."""
        return str(self._folder / secrets.token_hex(4))

    def held(self, library: str) -> int:
        """Count the documents."""
        try:
            with closing(sqlite3.connect(f"file:{library}/library.sqlite3?mode=ro", uri=True)) as db:
                return int(db.execute("SELECT count(*) FROM documents").fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def problems(self, library: str) -> list[str]:
        """Return what is wrong with a library."""
        return problems(Path(library)) + index_problems(Path(library))


class OnServers(InFolders):
    """Libraries on PostgreSQL, with an index of Milvus Lite: the actors put the documents in."""

    def __init__(self, folder: Path, server: program.Server) -> None:
        super().__init__(folder)
        self._server = server

    def new(self) -> str:
        """Make a library, and return its address."""
        name = f"workers_{secrets.token_hex(4)}"
        place = f"{self._server.address()}?schema={name}"
        open_library(library_address(place), index=f"milvus://{self._folder / name}.db").close()
        return place

    def held(self, library: str) -> int:
        """Count the documents."""
        with closing(open_records(library_address(library))) as records:
            return sum(1 for _ in records.hashes())

    def problems(self, library: str) -> list[str]:
        """Return what `doctor` finds."""
        return [
            f"{finding.about}: {finding.problem}"
            for finding in examine_library(library_address(library))
            if finding.problem
        ]


@pytest.fixture
def libraries(request: pytest.FixtureRequest, tmp_path: Path) -> InFolders:
    """Libraries in folders or, by the parameter "servers", on servers."""
    if getattr(request, "param", "folders") == "folders":
        return InFolders(tmp_path)
    pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed")
    return OnServers(tmp_path, request.getfixturevalue("postgresql"))


def check_whole(libraries: InFolders, library: str, many: Path) -> None:
    """Each file's text is held once, and found."""
    with Corpus.open(library, create=False) as corpus:
        assert [info.id for info in corpus.documents()] == sorted(path.name for path in many.iterdir())
        for path in many.iterdir():
            document = corpus.document(path.name)
            assert document.text == path.read_text()
            passages = corpus.store.passages_of(document.id)
            assert "".join(document.text[each.start : each.end] for each in passages) == document.text
    assert libraries.problems(library) == []


@pytest.mark.day
@pytest.mark.parametrize(
    ("victim", "libraries"),
    [
        ("(ReadFiles)", "folders"),
        ("(EmbedWindows)", "folders"),
        ("ray::Coordinator", "folders"),
        ("(EmbedWindows)", "servers"),
    ],
    indirect=["libraries"],
)
def test_a_process_of_rays_that_is_killed_costs_nothing(
    ray_here: Workers, many: Path, libraries: InFolders, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.intake.distributed.workers, "_PORTION", 4)
    moments = random.Random(victim)
    lives = math.inf  # seconds; the first run measures it
    killed = 0
    for _ in range(1 + 3 * FAULTS):
        killer = Killer(victim, moments.uniform(0, 1) * lives)
        library = libraries.new()
        with Corpus.open(library) as corpus:
            killer.start()
            report = corpus.index(many, workers="local")
            killer.join()
        assert [each.document_id for each in report.files] == sorted(path.name for path in many.iterdir())
        # An actor may have died after it had put documents in. They are unchanged when another puts them in.
        again = {"unchanged"} if isinstance(libraries, OnServers) else set()
        assert {each.status for each in report.files} - again == {"added"}
        check_whole(libraries, library, many)
        if not killer.has_killed:
            lives = killer.lived
        elif (killed := killed + 1) == FAULTS:
            break
    log.info("%s: killed in %d runs", victim, killed)
    assert killed == FAULTS


class Killer(threading.Thread):
    """Kills the processes of a name, so many seconds after the first has come, unless they end before."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__()
        self._victim, self._seconds = name, seconds
        self.has_killed = False
        self.lived = 0.0  # seconds

    def run(self) -> None:
        begun = time.monotonic()
        while not self._found():
            if time.monotonic() > begun + 120:
                return
            time.sleep(0.05)
        begun = time.monotonic()
        while (pids := self._found()) and self.lived < self._seconds:
            time.sleep(0.05)
            self.lived = time.monotonic() - begun
        kill(*pids)
        self.has_killed = bool(pids)

    def _found(self) -> list[int]:
        return [pid for pid, name in descendants(os.getpid()).items() if self._victim in name]


def started(many: Path, library: str, address: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "qa", "index", many, "--library", library, "--workers", address],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(
    client: subprocess.Popen[str],
    libraries: InFolders,
    library: str,
    count: int,
    nodes: Cluster | None = None,
) -> None:
    """Wait until so many documents are held."""
    while libraries.held(library) < count:
        assert client.poll() is None, (client.communicate(), nodes and nodes.said_of_clients())
        time.sleep(0.02)


@pytest.mark.day
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_client_that_is_ended_leaves_no_process_and_goes_on_where_it_was(
    many: Path, libraries: InFolders, sent: signal.Signals
) -> None:
    moments = random.Random(sent)
    for _ in range(FAULTS):
        library = libraries.new()
        client = started(many, library, "local")
        wait_for(client, libraries, library, moments.randrange(1, DOCUMENTS // 2))
        processes = descendants(client.pid)
        client.send_signal(sent)
        _, said = client.communicate(timeout=60)
        assert len(processes) > 3
        assert left_of(processes) == {}
        if sent == signal.SIGINT:
            assert client.returncode == 130
            assert "The files that were finished are kept" in said
            assert "Traceback" not in said
        there = libraries.held(library)
        assert 0 < there < DOCUMENTS
        again = started(many, library, "local")
        output, said = again.communicate(timeout=300)
        assert f"{DOCUMENTS - there} added, {there} unchanged" in output
        assert again.returncode == 0
        assert "Traceback" not in said
        check_whole(libraries, library, many)


@pytest.fixture(scope="module")
def two_nodes(password: None) -> Iterator[Cluster]:
    with cluster() as nodes:
        yield nodes


@pytest.mark.day
@pytest.mark.skipif(" " in sys.executable, reason="`ray start` takes a blank in Python's path for its end")
@pytest.mark.parametrize("libraries", ["folders", "servers"], indirect=True)
def test_a_node_that_dies_costs_nothing(two_nodes: Cluster, many: Path, libraries: InFolders) -> None:
    moments = random.Random(20)
    lost: list[str] = []
    for _ in range(FAULTS):
        library = libraries.new()
        client = started(many, library, two_nodes.address, **two_nodes.environment)
        wait_for(client, libraries, library, moments.randrange(1, DOCUMENTS // 2), two_nodes)
        there = descendants(two_nodes.other.pid).values()
        lost += [name for name in there if "ReadFiles" in name or "EmbedWindows" in name]
        two_nodes.kill_other()
        two_nodes.other = two_nodes.add_node()
        output, said = client.communicate(timeout=300)
        assert client.returncode == 0, said + two_nodes.said_of_clients()
        assert f"{DOCUMENTS} documents" in output
        added, *unchanged = map(int, re.findall(r"(\d+) (?:added|unchanged)", output))
        # A lost actor may have put documents in. They are unchanged when their files are read again.
        assert added + sum(unchanged) == DOCUMENTS
        assert isinstance(libraries, OnServers) or not unchanged
        assert "Traceback" not in said
        check_whole(libraries, library, many)
    log.info("%d actors lost with %d nodes", len(lost), FAULTS)
    assert lost


@pytest.mark.slow
def test_workers_of_another_version_are_refused_by_name(
    ray_here: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_here, "_checked", False)
    with pytest.raises(WorkersError, match=r"has lxml [\d.]+ instead of 0.1: install the same there as here"):
        ray_here._check(Job(None, None, versions(None) | {"lxml": "0.1"}))


@pytest.mark.slow
def test_folders_may_be_named_from_the_current_one(
    ray_here: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in", "a.txt", "Tanks were sold.\n")
    with Corpus.open("library") as corpus:
        assert [each.status for each in corpus.index("in", workers="local").files] == ["added"]


@pytest.mark.slow
def test_what_ray_writes_here_is_this_users_alone(ray_here: Workers) -> None:
    import ray

    session = Path(ray.nodes()[0]["ObjectStoreSocketName"])
    assert any(stat.S_IMODE(each.stat().st_mode) == 0o700 for each in session.parents)


@pytest.mark.slow
def test_a_second_ray_in_one_process_is_refused(ray_here: Workers, tmp_path: Path) -> None:
    with pytest.raises(WorkersError, match="already uses another Ray"):
        Workers("ray://127.0.0.1:1", tmp_path)


def test_a_server_for_this_client_that_was_not_started_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import ray

    asked: list[str] = []

    def init(address: str, **_: object) -> None:
        asked.append(address)
        raise RuntimeError("Starting Ray client server failed. See ray_client_server_23000.err")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"ray://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(WorkersError, match="Starting Ray client server failed"):
            Workers(address, tmp_path)
    assert asked == [address] * 4


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="write local, or ray://HOST:PORT"):
        Workers("localhost", tmp_path)


@pytest.mark.day
def test_a_cluster_that_is_away_is_named(many: Path, tmp_path: Path) -> None:
    client = started(many, tmp_path / "library", "ray://127.0.0.1:1")
    _, said = client.communicate(timeout=240)
    assert client.returncode == 3
    assert "there is no Ray cluster at ray://127.0.0.1:1, or it refuses this program" in said
    assert "Traceback" not in said


def test_a_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pullquote\[cluster\]'"):
        Workers("local", tmp_path)


def portion_of(corpus: Corpus, inbox: Path) -> Portion:
    files = listing([inbox]).files
    known = corpus.store.known_files(map(library_path, files))
    plans = (
        plan_file(corpus.store, UserOptions(), file, its) for file, its in zip(files, known, strict=True)
    )
    return Portion(0, tuple(PlannedFile(plan, at, at, at + 1) for at, plan in enumerate(plans)))


def items_of(portion: Portion, library: Path | None) -> list[list[FileItem]]:
    job = Job(None, library, versions(None))
    rows = ReadFiles(job)({"portion": pickle.dumps(portion)})
    return [list(pickle.loads(row["chunk"]).items) for row in rows]  # noqa: S301


@pytest.mark.slow
def test_a_portion_that_is_read_again_gives_the_same_chunks_whatever_the_library_holds_by_then(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "in")
    with Corpus.open(tmp_path / "library") as corpus:
        portion = portion_of(corpus, tmp_path / "in")
        before = items_of(portion, None)
        corpus.index(tmp_path / "in")
        after = items_of(portion, tmp_path / "library")
    assert len(before) > 2

    def shape(chunks: list[list[FileItem]]) -> list[list[tuple[int, type, int]]]:
        return [[(each.file, type(each.item), each.read) for each in chunk] for chunk in chunks]

    assert shape(after) == shape(before)


def test_a_file_that_a_worker_cannot_see_is_told_from_one_that_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "in", "a.txt", "Tanks were sold.\n")
    with Corpus.open(tmp_path / "library") as corpus:
        portion = portion_of(corpus, tmp_path / "in")
    path.unlink()
    (item,) = items_of(portion, None)[0]
    assert isinstance(item.item, InputError)
    assert "cannot be seen on the worker" in str(item.item)


def test_differences_are_named() -> None:
    assert difference({"lxml": "6.0", "Python": "3.11"}, {"lxml": "5.0", "Python": "3.11"}) == (
        "lxml 5.0 instead of 6.0"
    )
