"""Remember which quotes the last answer in a terminal had, so that a command can name one by its number."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import InputError
from qa.schema import Asked, CitationId, Filters, citation_id

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.schema import Answer

# Named like the answers that evaluations keep there: a purge removes all of them.
_FILE = "answers-last.jsonl"


def remember(corpus: Corpus, answer: Answer) -> None:
    """Write the ids of an answer's quotes into this user's cache, without their words.

    Where the cache cannot be written, the last answer is not remembered.
    """
    from embeddings.files import write_whole

    quotes = [
        {"number": quote.number, "id": str(citation_id(quote)), "document": quote.document.id}
        for quote in (*answer.shown, *answer.nearest)
    ]
    last = {
        "question": answer.question,
        "outcome": answer.outcome,
        "filters": asdict(answer.filters),
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "generation": corpus.store.generation,
        "quotes": quotes,
    }
    path = _path(corpus)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, (json.dumps(last, default=str) + "\n").encode())


def quote_named(corpus: Corpus, named: str) -> tuple[CitationId, str, Asked | None]:
    """Return the id of the quote that a person names, its document's id or "", and the question if known.

    A number is that of a quote in the last answer; all else is the id of a citation, or its address.

    Raises:
        InputError: no answer is remembered, it has no such quote, or the text is no citation.
    """
    from qa.quoting.cite import parse_citation

    if not (named.isdecimal() and named.isascii()):
        return *parse_citation(named), None
    try:
        last: dict[str, Any] = json.loads(_path(corpus).read_bytes())
    except (OSError, ValueError):
        raise InputError(
            f"there is no last answer to take quote {named} from: ask first, with `pullquote ask`, or give "
            "the quote's id, SHA256/START-END"
        ) from None
    for quote in last["quotes"]:
        if quote["number"] == int(named):
            place, _ = parse_citation(quote["id"])
            return place, quote["document"], _asked(last)
    count = len(last["quotes"])
    there = f"it has {count}" if count else "it quoted nothing"
    raise InputError(f"the last answer, to {last['question']!r}, has no quote {named}: {there}")


def _asked(last: dict[str, Any]) -> Asked:
    values: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in last["filters"].items()
    }
    for name in ("since", "until"):
        values[name] = dt.date.fromisoformat(values[name]) if values[name] else None
    at = dt.datetime.fromisoformat(last["at"])
    return Asked(last["question"], last["outcome"], Filters(**values), at, last["generation"])


def _path(corpus: Corpus) -> Path:
    from qa.storage.answer_cache import answers_folder

    return answers_folder(Path(corpus.library)) / _FILE
