"""Remember the quotes of the last answer in a terminal, so that a command can name a quote by its number."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import asdict, astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import InputError
from qa.schema import Asked, CitationId, Filters, QuoteReference, citation_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.corpus import Corpus
    from qa.schema import Answer, Turn

# Evaluations name their answers in this folder in the same way. So a purge removes all of them.
_FILE = "answers-last.jsonl"


class Named(NamedTuple):
    """A quote that a person names: its citation, its document, and its question if it is known.

    Attributes:
        place: the id of the quote's citation.
        document: the id of the quote's document, or "".
        asked: the question whose answer has the quote, if known.
        differing: where the quotes of this answer give different figures or dates.
    """

    place: CitationId
    document: str = ""
    asked: Asked | None = None
    differing: tuple[QuoteReference, ...] = ()


def remember(corpus: Corpus, answer: Answer, history: Sequence[str | Turn] = ()) -> None:
    """Write an answer's question and the ids of its quotes into this user's cache.

    If the cache cannot be written, the last answer is not remembered.
    """
    from embeddings.files import write_whole
    from qa.asking.conversation import earlier_questions
    from qa.report.contents import asked_of
    from qa.text.differing_figures import differing

    now = dt.datetime.now(dt.UTC)
    asked = asked_of(answer, earlier_questions(history), corpus.store.generation, now)
    last = {
        "asked": asdict(asked) | {"filters": asked.filters.to_dict(), "at": now.isoformat()},
        "quotes": {
            quote.number: (str(citation_id(quote)), quote.document.id)
            for quote in (*answer.shown, *answer.nearest)
        },
        "differing": [astuple(figure.reference) for figure in differing(answer)],
    }
    path = _path(corpus)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, (json.dumps(last) + "\n").encode())


def quote_named(corpus: Corpus, named: str) -> Named:
    """Return the quote that a person names by its number in the last answer, its id or its address.

    A number means a quote in the last answer. Any other text is the id of a citation, or its address.

    Raises:
        InputError: no answer is remembered, it has no such quote, or the text is not a citation.
    """
    from qa.quoting.cite import parse_citation

    if not (named.isdecimal() and named.isascii()):
        return Named(*parse_citation(named))
    try:
        last = json.loads(_path(corpus).read_bytes())
        asked = _asked(last["asked"])
        quotes = {
            int(number): (parse_citation(address)[0], name)
            for number, (address, name) in last["quotes"].items()
        }
        differing = tuple(QuoteReference(*reference) for reference in last["differing"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, InputError):
        raise InputError(
            f"there is no last answer, so there is no quote {named}: ask a question first with "
            "`pullquote ask`, or "
            "give the quote's id, SHA256/START-END"
        ) from None
    if int(named) not in quotes:
        quoted = f"it has {len(quotes)}" if quotes else "it quoted nothing"
        raise InputError(f"the last answer, to {asked.question!r}, has no quote {named}: {quoted}")
    return Named(*quotes[int(named)], asked, differing)


def _asked(held: dict[str, object]) -> Asked:
    """Rebuild the question from the JSON that `remember` wrote."""
    asked = Asked(**held)  # type: ignore[arg-type]
    return replace(
        asked,
        filters=Filters.from_dict(held["filters"]),  # type: ignore[arg-type]
        at=dt.datetime.fromisoformat(str(held["at"])),
        earlier=tuple(asked.earlier),
    )


def _path(corpus: Corpus) -> Path:
    from qa.storage.answer_cache import answers_folder

    return answers_folder(Path(corpus.library)) / _FILE
