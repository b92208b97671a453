"""Measure how long a desk takes in a file and on a PostgreSQL server: `python -m benchmarks.desk`."""

from __future__ import annotations

import datetime as dt
import os
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from qa.desk.desk import DeskDatabase
from qa.desk.kept import kept_turn
from qa.desk.stored_conversations import new_id
from qa.schema import Answer, DossierEntry, ShownAnswer
from qa.storage.postgresql.records import PostgresDatabase
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase
from tests.postgresql import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.storage.engines import Database

TIMES, ENTRIES = 200, 100


def measure(what: str, action: Callable[[int], object]) -> None:
    """Print the median and the 95th percentile of an action's milliseconds."""
    taken = []
    for number in range(TIMES):
        began = time.perf_counter()
        action(number)
        taken.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(taken, n=20)[-1]
    print(f"  {what:<40} {statistics.median(taken):6.1f} ms, p95 {p95:6.1f} ms")


def run(desk: DeskDatabase) -> None:
    """Measure a desk."""
    answer = Answer("What?", "What?", "none", 0.1, 0.8, searched=1)
    measure("a thumb", lambda n: desk.put_thumb(ShownAnswer(f"{n}?", (), f"{n}?", "none"), None, "up"))
    conversation = new_id()
    now = dt.datetime.now(dt.UTC)
    measure("a turn kept", lambda _: desk.conversations.keep(conversation, kept_turn(answer, now, 0.8)))
    measure("a conversation of 200 turns read", lambda _: desk.conversations.turns(conversation))
    dossier = desk.dossiers.create("Kept").id
    added = desk.dossiers.add(dossier, [DossierEntry("note", str(number)) for number in range(ENTRIES)])
    measure(f"an entry of {ENTRIES} moved", lambda n: desk.dossiers.move(dossier, added[n % ENTRIES].id, 1))
    measure(f"a dossier of {ENTRIES} read", lambda _: desk.dossiers.entries(dossier))


def compare(name: str, database: Database) -> None:
    """Measure a desk, and the user's own files, in a database."""
    print(name)
    with closing(Store(database)) as records:
        run(DeskDatabase(records))
        measure("aliases and confidence looked at", lambda _: database.fetch_own_files())


def main() -> None:
    """Measure a desk in a file and a desk on a server."""
    server = Server()
    os.environ["PGPASSWORD"] = server.password
    try:
        with tempfile.TemporaryDirectory() as folder:
            compare("a file", SqliteDatabase(Path(folder) / "library"))
            address = server.address()
            compare("PostgreSQL, on this machine", PostgresDatabase(address, Path(folder) / "copies"))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
