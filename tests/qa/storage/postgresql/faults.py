"""Kill PostgreSQL, Milvus or a writer, fill a disk, cut the network, or restore a backup; check the library.

`unshare -nm python -m tests.qa.storage.postgresql.faults FOLDER TIMES SEED SCENARIO …`, as root. The
records of the library are on PostgreSQL, and its index is on Milvus. Each time there are new, changed and
purged files. One process writes them, and another process asks meanwhile. Afterwards each acknowledged
document must be there once, no purged document may be there, a second run must bring the rest, `doctor`
must find no problem, and searches must find the same as in a folder with the same files. No question may
ever have another answer than on quiet servers, or an error. PULLQUOTE_CUT is for how many seconds the
network is cut. The scenario `restored` comes last, because it replaces Milvus by an empty server.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.asking.answer import Answerer
from qa.corpus import Corpus
from qa.desk.kept import kept_turn
from qa.desk.stored_conversations import new_id
from qa.places import library_address
from qa.schema import STRICTNESS, DossierEntry, QuoteReference
from qa.storage.examine import examine
from qa.storage.open import move_index, open_library, open_records
from qa.storage.postgresql.dialect import Session
from tests import postgresql
from tests.qa.storage.milvus import on_server
from tests.qa.storage.milvus.faults_on_server import BEASTS, Asker, encoder, say, text_of
from tests.qa.tiny import TinyReader, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.schema import Progress
    from qa.storage.library import Library

NEW, CHANGED = 10, 2  # files each time
MEBIBYTES = 300  # of PostgreSQL's disk, if the disk is to be full
# Seconds until questions are answered again after a fault, on a machine with many processes.
LONGEST_AWAY = 180.0
# Seconds for which the network is cut; 0: up to eight.
CUT = float(os.environ.get("PULLQUOTE_CUT", "0"))
NEAR = 1e-5  # cosines that differ less are equal
ASKED = ("Where does the kraken sleep?", words(1, 12), words(2, 12), "so says")
# What `doctor` finds wrong: an encoder that is none.
OF_TESTS = ("encoder",)


# The writer, a process of its own


def write_files(place: str, inbox: str, last: int, doomed: list[str]) -> None:
    """Purge documents, index a folder, and say what is acknowledged.

    The process kills itself before the statement of number `last`, or after it if the number is negative.
    """
    count = _dies_at(last)

    def acknowledge(progress: Progress) -> None:
        if progress.stage == "write":
            print("written", Path(progress.name).name, flush=True)  # noqa: T201

    with Corpus.open(place, encoder=encoder()) as corpus:
        if doomed:
            corpus.purge(doomed)
            print("purged", time.monotonic(), *doomed, flush=True)  # noqa: T201
        corpus.index(inbox, progress=acknowledge)
    print("statements", count.total(), flush=True)  # noqa: T201


def _dies_at(last: int) -> Counter[str]:
    """Count the statements of this process, and kill it at one of them."""
    count = Counter[str]()

    def counted(run: Callable[..., Any]) -> Callable[..., Any]:
        def execute(*given: Any) -> Any:
            count["statements"] += 1
            number = count["statements"]
            if number == last:
                os.kill(os.getpid(), signal.SIGKILL)
            done = run(*given)
            if number == -last:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return execute

    Session.execute = counted(Session.execute)  # type: ignore[method-assign]
    Session.executemany = counted(Session.executemany)  # type: ignore[method-assign]
    return count


class Writer:
    """A process that writes, and what it has acknowledged."""

    def __init__(self, place: str, inbox: Path, last: int, doomed: list[str]) -> None:
        command = [sys.executable, "-m", __spec__.name, "write", place, str(inbox), str(last), *doomed]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.written: set[str] = set()
        self.purged: dict[str, float] = {}
        self.statements = 0
        self._said = ""
        self._listening = [threading.Thread(target=each, daemon=True) for each in (self._hear, self._read)]
        for each in self._listening:
            each.start()

    def _hear(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            kind, *rest = line.split()
            if kind == "written":
                self.written.add(rest[0])
            elif kind == "purged":
                self.purged |= dict.fromkeys(rest[1:], float(rest[0]))
            else:
                self.statements = int(rest[0])

    def _read(self) -> None:
        assert self.process.stderr
        self._said = self.process.stderr.read()

    def works(self, new: set[str], count: int, seconds: float) -> None:
        """Wait until it has acknowledged so many of the new files, and some time more, or has ended."""
        while len(self.written & new) < count and self.process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)

    def ended(self) -> tuple[int, str]:
        """Wait until it has ended. Return its code, and what it has written to its standard error."""
        code = self.process.wait(600)
        for each in self._listening:
            each.join()
        return code, self._said


class Books:
    """What there should be in a library, and whether it is there."""

    def __init__(self, place: str, index: str, folder: Path, seed: int) -> None:
        self.place, self.inbox, self._quiet = place, folder / "inbox", folder / "quiet"
        open_library(library_address(place), index=index).close()
        self.random = random.Random(seed)
        self.count = Counter[str]()
        self.purged: dict[str, float] = {}
        self._texts: dict[str, str] = {}
        self._round = 0
        self._statements = 1
        self._new: set[str] = set()
        for beast in BEASTS:
            self._write(f"{beast}.txt", f"The {beast} sleeps in the barn of {beast}ton.\n")
        self._second_run(set())

    def _write(self, name: str, text: str) -> None:
        self._texts[name] = text
        write(self.inbox, name, text)

    def begun(self, last: int = 0) -> Writer:
        """Let new and changed files be written, and some be purged."""
        self._round += 1
        doomed = [name for name in (f"{self._round - 1}-0.txt",) if name in self._texts]
        for name in doomed:
            del self._texts[name]
            (self.inbox / name).unlink()
        old = sorted(self._texts.keys() - {f"{beast}.txt" for beast in BEASTS})
        for name in self.random.sample(old, min(CHANGED, len(old))):
            self._write(name, text_of(f"{name} {self._round}"))
        self._new = {f"{self._round}-{each}.txt" for each in range(NEW)}
        for name in sorted(self._new):
            secret = f"The phoenix sleeps in the nest of {name}.\n\n" if name.endswith("-0.txt") else ""
            self._write(name, secret + text_of(name))
        self._doomed = set(doomed)
        return Writer(self.place, self.inbox, last, doomed)

    def interrupted(self) -> Writer:
        """Let files be written, and return in the middle of it."""
        writer = self.begun()
        writer.works(self._new, self.random.randrange(NEW), self.random.uniform(0, 0.5))
        return writer

    def killed(self) -> Writer:
        """Let a writer be killed: at a random statement, or at a random moment."""
        if self._statements > 1 and self.random.random() < 0.7:
            last = self.random.choice((1, -1)) * self.random.randrange(1, self._statements)
            writer = self.begun(last)
        else:
            writer = self.interrupted()
            writer.process.kill()
        writer.process.wait(600)
        return writer

    def ended(self, writer: Writer, *, may_be_killed: bool = False) -> None:
        """Wait until the writer has ended, and look at how."""
        code, said = writer.ended()
        named = re.search(r"^qa\.errors\.(Library|Conflict)\w*: ", said, re.MULTILINE)
        assert code == 0 or (code == -9 if may_be_killed else named), said
        self._statements = writer.statements or self._statements
        self.count["runs that ended well" if code == 0 else "runs that were broken off"] += 1
        self.count["documents acknowledged by these"] += len(writer.written & self._new)

    def check(self, writer: Writer) -> None:
        """Look whether what was acknowledged is so, let a second run bring the rest, and look at all."""
        self.purged |= writer.purged
        held = set(self._held())
        assert writer.written <= held, writer.written - held
        assert not held & self.purged.keys(), held & self.purged.keys()
        with closing(open_records(library_address(self.place))) as records:
            for name in writer.written & self._texts.keys():
                assert records.document(name).text == self._texts[name], name
        self._second_run(held & self._doomed)
        self.purged |= dict.fromkeys(self._doomed, time.monotonic())
        assert set(self._held()) == set(self._texts)
        with Corpus.open(self.place, encoder=encoder()) as corpus, self.in_folder() as quiet:
            library = corpus.store
            assert library.count() == quiet.store.count()
            for name, text in self._texts.items():
                document, passages = library.document_and_passages(name)
                assert document.text == text
                assert "".join(text[each.start : each.end] for each in passages) == text
            assert_found_alike(library, quiet.store)
            one, other = (answers(each.store) for each in (corpus, quiet))
            assert one == other, (one, other)
            wrong = [each for each in examine(library) if each.problem and each.about not in OF_TESTS]
        assert not wrong, wrong
        self.count["checks"] += 1

    def _held(self) -> list[str]:
        """List the ids of the documents; each is there once."""
        with closing(open_records(library_address(self.place))) as records:
            ids = [document_id for document_id, _ in records.hashes()]
        assert len(ids) == len(set(ids))
        return ids

    def _second_run(self, doomed: set[str]) -> None:
        with Corpus.open(self.place, encoder=encoder()) as corpus:
            corpus.purge(doomed)  # with no document, it completes an interrupted purge
            report = corpus.index(self.inbox)
        assert not [each for each in report.files if each.error], report

    @contextmanager
    def in_folder(self) -> Iterator[Corpus]:
        """Open a folder with the same documents, whose engines nobody disturbs."""
        with Corpus.open(self._quiet, encoder=encoder()) as corpus:
            corpus.index(self.inbox, prune=True)
            yield corpus


def assert_found_alike(library: Library, quiet: Library) -> None:
    """Look whether the nearest passages are the same, in the same order, as in a folder."""
    everything = quiet.count().passages + 1
    found, expected = (
        [
            [((hit.document_id, hit.start), score) for hit, score in hits]
            for hits in each.nearest(each.encode_queries(ASKED), everything, each.select())
        ]
        for each in (library, quiet)
    )
    for ours, theirs in zip(found, expected, strict=True):
        scores = dict(theirs)
        assert len(ours) == len(theirs) == len(scores)
        assert dict(ours).keys() == scores.keys()
        assert all(abs(score - scores[at]) < NEAR for at, score in ours)
        in_order = [scores[at] for at, _ in ours]
        assert all(one > other - NEAR for one, other in pairwise(in_order))


def answers(library: Library) -> list[list[str]]:
    answerer = Answerer(library, TinyReader())
    return [
        [str(quote.text) for quote in answerer.ask(f"Where does the {beast} sleep?").quotes]
        for beast in BEASTS
    ]


@contextmanager
def cut_off(ports: list[int], *, silent: bool) -> Iterator[None]:
    """Let no packet of these ports through. If the cut is not silent, whoever sends is refused."""
    verdict = "drop" if silent else "reject with tcp reset"
    listed = ", ".join(map(str, ports))
    rules = [f"tcp {end} {{ {listed} }} {verdict}" for end in ("dport", "sport")]
    chain = ["chain packets {", "type filter hook input priority 0", *rules, "}"]
    _firewall("\n".join(["table ip cut {", *chain, "}"]))
    try:
        yield
    finally:
        _firewall("delete table ip cut")


def _firewall(rules: str) -> None:
    subprocess.run(["nft", "--file", "-"], input=rules, text=True, check=True)


# Scenarios


@dataclass
class Servers:
    """The two servers, and where files are."""

    postgresql: postgresql.Server
    milvus: on_server.Server
    folder: Path

    def books(self, name: str, seed: int) -> Books:
        """Make a library on the servers."""
        place = f"{self.postgresql.address()}?schema={name}"
        return Books(place, self.milvus.address, self.folder / name, seed)


def postgresql_killed(servers: Servers, times: int, seed: int) -> None:
    killed(servers, times, seed, "postgresql_killed", [servers.postgresql])


def milvus_killed(servers: Servers, times: int, seed: int) -> None:
    killed(servers, times, seed, "milvus_killed", [servers.milvus])


def both_killed(servers: Servers, times: int, seed: int) -> None:
    killed(servers, times, seed, "both_killed", [servers.postgresql, servers.milvus])


def killed(
    servers: Servers, times: int, seed: int, name: str, which: list[postgresql.Server | on_server.Server]
) -> None:
    books = servers.books(name, seed)

    def strike() -> Writer:
        writer = books.interrupted()
        for each in books.random.sample(which, len(which)):
            each.kill()
        if books.random.random() < 0.5:  # otherwise the server is back while the writer still tries
            writer.ended()
        time.sleep(books.random.uniform(0, 3))
        for each in which:
            each.start()
        return writer

    asked_meanwhile(books, times, strike)


def network_cut(servers: Servers, times: int, seed: int) -> None:
    books = servers.books("network_cut", seed)
    ports = [servers.postgresql.port, on_server.PORT]

    def strike() -> Writer:
        writer = books.interrupted()
        cut = books.random.choice((ports[:1], ports[1:], ports))
        silent = books.random.random() < 0.7
        seconds = books.random.uniform(0.5, 8)  # drawn in any case: a seed gives the same faults
        with cut_off(cut, silent=silent):
            time.sleep(CUT or seconds)
        return writer

    asked_meanwhile(books, times, strike)


def asked_meanwhile(books: Books, times: int, strike: Callable[[], Writer]) -> None:
    """Let a fault happen some times, while a process asks."""
    asker = Asker(books.place)
    asker.hears_answers()
    right = {each["beast"]: each for each in asker.said if "outcome" in each}
    assert all("answered" in each["outcome"] for each in right.values()), right
    slowest = 0.0
    for _ in range(times):
        writer = strike()
        slowest = max(slowest, asker.hears_answers(LONGEST_AWAY))
        books.ended(writer)
        books.check(writer)
        judged = asker.judged(right)
        for said in list(asker.said):
            for name in re.findall(r"nest of (\S+\.txt)", " ".join(said.get("quotes", ()))):
                assert said["begun"] < books.purged.get(name, said["begun"] + 1), said
                judged["answers_of_documents_to_be_purged"] = (
                    judged.get("answers_of_documents_to_be_purged", 0) + 1
                )
        say(books.count, slowest_to_answer_again=slowest, **judged)
    asker.end()


def writer_killed(servers: Servers, times: int, seed: int) -> None:
    books = servers.books("writer_killed", seed)
    writer = books.begun()  # this counts the statements
    books.ended(writer)
    books.check(writer)
    for _ in range(times):
        writer = books.killed()
        books.ended(writer, may_be_killed=True)
        books.check(writer)
        say(books.count)


def disk_full(servers: Servers, times: int, seed: int) -> None:
    books = servers.books("disk_full", seed)
    filler = servers.postgresql.folder / "filler"

    def strike() -> Writer:
        left = shutil.disk_usage(filler.parent).free - books.random.randrange(1 << 18)
        with suppress(OSError), filler.open("wb") as file:
            file.write(bytes(max(left, 0)))
        writer = books.begun()
        writer.ended()
        filler.unlink()
        has_ended = servers.postgresql.has_ended()
        books.count["servers that ended" if has_ended else "servers that stayed"] += 1
        if has_ended:
            servers.postgresql.start()
        return writer

    asked_meanwhile(books, times, strike)


def restored(servers: Servers, _: int, seed: int) -> None:
    """Restore a backup into new, empty servers, and compare the library with the library before."""
    books = servers.books("restored", seed)
    books.ended(books.begun())
    with Corpus.open(books.place, encoder=encoder()) as corpus:
        quoted = QuoteReference("kraken.txt", corpus.document("kraken.txt").sha256, 0, 32)
        answer = Answerer(corpus.store, TinyReader()).ask("Where does the kraken sleep?")
        corpus.desk.conversations.keep(new_id(), kept_turn(answer, dt.datetime.now(dt.UTC), STRICTNESS))
        corpus.desk.dossiers.add(
            corpus.desk.dossiers.create("Beasts").id,
            [DossierEntry("quote", place=quoted), DossierEntry("note", "Mine.")],
        )
        before = contents(corpus)
    dump = servers.postgresql.dump("restored")
    servers.milvus.stop()
    shutil.rmtree(servers.milvus.folder)
    servers.milvus.start()
    empty = postgresql.Server()
    try:
        empty.restore(dump, "elsewhere")
        os.environ["PGPASSWORD"] = empty.password
        place = f"{empty.address(database='elsewhere')}?schema=restored"
        move_index(library_address(place), f"milvus://localhost:{on_server.PORT}")
        with Corpus.open(place, encoder=encoder()) as corpus, books.in_folder() as quiet:
            assert contents(corpus) == before
            assert_found_alike(corpus.store, quiet.store)
            books.count["restored passages"] = corpus.stats().passages
            wrong = [each for each in examine(corpus.store) if each.problem and each.about not in OF_TESTS]
        assert not wrong, wrong
    finally:
        os.environ["PGPASSWORD"] = servers.postgresql.password
        empty.stop()
    say(books.count)


def contents(corpus: Corpus) -> list[Any]:
    """Return the documents and answers of a library, and what people keep."""
    library, desk = corpus.store, corpus.desk
    return [
        [library.document_and_passages(info.id) for info in library.documents()],
        answers(library),
        [desk.conversations.turns(info.id) for info in desk.conversations.all()],
        [desk.dossiers.entries(info.id) for info in desk.dossiers.all()],
    ]


SCENARIOS = {
    each.__name__: each
    for each in (
        postgresql_killed,
        milvus_killed,
        both_killed,
        writer_killed,
        network_cut,
        disk_full,
        restored,
    )
}


def main(folder: Path, times: int, seed: int, names: list[str]) -> None:
    # The copies of a library on a server lie in the user's data.
    os.environ["XDG_DATA_HOME"] = str(folder / "data")
    with on_server.Server(folder / "milvus") as milvus:
        records = postgresql.Server(MEBIBYTES if "disk_full" in names else 0)
        os.environ["PGPASSWORD"] = records.password
        try:
            for name in names:
                print(name, flush=True)  # noqa: T201
                SCENARIOS[name](Servers(records, milvus, folder), times, seed)
        finally:
            records.stop()


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[0] == "write":
        write_files(given[1], given[2], int(given[3]), given[4:])
    else:
        main(Path(given[0]).resolve(), int(given[1]), int(given[2]), given[3:])
