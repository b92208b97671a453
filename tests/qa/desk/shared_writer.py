"""Write to a shared desk, as one of several servers, and print what was acknowledged.

`python -m tests.qa.desk.shared_writer FOLDER ADDRESS NAME COUNT`: print "opened" when the desk is open, then
work COUNT rounds, or endless rounds with 0. If the server refuses, print "lost", and begin the next round.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from qa.desk.kept import kept_turn
from qa.errors import LibraryError, UnknownDossierError
from qa.schema import Answer, DossierEntry, ShownAnswer
from qa.storage.postgresql import database
from tests.qa.desk.on_server import corpus_on_server

DOSSIER, CONVERSATION = "Harbours", "a" * 16


def main(folder: str, address: str, name: str, count: str) -> None:
    drawn = random.Random(name)
    with corpus_on_server(address, Path(folder)) as corpus:
        desk_, number = corpus.desk, 0
        dossiers = desk_.dossiers
        print("opened", flush=True)  # noqa: T201
        while not int(count) or number < int(count):
            number += 1
            token = f"{name}-{number}"
            try:
                made = dossiers.find_or_create(DOSSIER)
                (added,) = dossiers.add(made.id, [DossierEntry("note", token)], drawn.randint(1, 9))
                print("note", token, flush=True)  # noqa: T201
                dossiers.move(made.id, added.id, drawn.randint(1, 9))
                if number % 3 == 0:
                    with suppress(UnknownDossierError):  # the other server has removed it
                        dossiers.remove(made.id, dossiers.entries(made.id)[0].id)
                        print("gone", token, flush=True)  # noqa: T201
                answer = Answer(token, token, "none", 0.1, 0.8, searched=1)
                desk_.conversations.keep(CONVERSATION, kept_turn(answer, dt.datetime.now(dt.UTC), 0.8))
                print("turn", token, flush=True)  # noqa: T201
                desk_.put_thumb(ShownAnswer(token, (), token, "none"), None, "up")
                print("thumb", token, flush=True)  # noqa: T201
            except LibraryError as error:
                print("lost", str(error).replace("\n", " "), flush=True)  # noqa: T201
                time.sleep(0.1)


def purge_and_die(address: str, folder: Path, name: str, at: int) -> None:
    """Purge a document, and end this process in place of the statement of this number."""
    corpus = corpus_on_server(address, folder)
    count, execute = 0, database.Session.execute

    def execute_or_die(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            os._exit(9)
        return execute(*arguments)

    database.Session.execute = execute_or_die  # type: ignore[method-assign]
    corpus.purge([name])


if __name__ == "__main__":
    main(*sys.argv[1:])
