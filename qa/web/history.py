"""Conversations over HTTP and as a page: list, search, rename, delete, put back and export them."""

from __future__ import annotations

import datetime as dt
import re
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import Field

from qa.desk.find import Finder
from qa.desk.kept import recall
from qa.desk.stored_conversations import MAX_NAME_CHARACTERS
from qa.limits import MAX_FILTER_CHARACTERS
from qa.schema import answer_to_dict
from qa.text.dates import date_in_words
from qa.web import pages, paging
from qa.web.body import Body
from qa.web.conversations import as_file, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.desk.find import Match
    from qa.schema import ConversationInfo, KeptTurn
    from qa.storage.ports import Cited
    from qa.web.engine import Engine

_Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$")]
LISTED = 50


class NameBody(Body):
    """The name of a conversation. With "", the conversation is named by its first question again."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)]


def finder(engine: Engine) -> Finder:
    """Return the finder of conversations. The routes and the page share it, and the quotes that it caches."""
    return Finder(lambda sha256, document: engine.corpus.cited(sha256, document))


def routes(engine: Engine, finder: Finder, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/conversations`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/conversations")

    @router.get("")
    @few_at_once
    def conversations(
        request: Request,
        response: Response,
        q: Annotated[str, Query(max_length=MAX_FILTER_CHARACTERS)] = "",
        id: Annotated[str, Query(max_length=64)] = "",  # noqa: A002
        limit: paging.Limit = LISTED,
        offset: paging.Offset = 0,
    ) -> dict[str, Any]:
        """List the conversations that contain every word of `q`, the last changed first.

        Without `q`, list all conversations. With an `id`, list only the conversation with this id, if any.
        """
        result = finder.find(engine.corpus.desk.conversations, q)
        if id:
            result = result._replace(
                conversations=tuple(info for info in result.conversations if info.id == id)
            )
        part = paging.part(request, response, result.conversations, limit, offset)
        return {
            "conversations": [info_to_dict(info) for info in part],
            "total": len(result.conversations),
            "complete": result.complete,
        }

    @router.get("/{conversation}")
    def conversation(conversation: _Id) -> dict[str, Any]:
        """Describe a conversation."""
        return info_to_dict(engine.corpus.desk.conversations.info(conversation))

    @router.get("/{conversation}/turns")
    @few_at_once
    def turns(
        request: Request,
        response: Response,
        conversation: _Id,
        limit: paging.LimitOrAll = None,
        offset: paging.Offset = 0,
    ) -> list[dict[str, Any]]:
        """Return each question of a conversation with its answer, with quotes read from their sources now."""
        cited, kept_turns = reading(engine), engine.corpus.desk.conversations.turns(conversation)
        return [
            _turn_to_dict(turn, cited) for turn in paging.part(request, response, kept_turns, limit, offset)
        ]

    @router.get("/{conversation}/export")
    @few_at_once
    def export(conversation: _Id) -> HTMLResponse:
        """Return a conversation as the file that *Save* on the page writes."""
        info = engine.corpus.desk.conversations.info(conversation)
        page = as_file(engine, engine.corpus.desk.conversations.turns(conversation))
        name = f"pullquote-{info.changed.astimezone():%Y-%m-%d}.html"
        return HTMLResponse(page, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @router.patch("/{conversation}")
    def rename(conversation: _Id, body: NameBody) -> dict[str, Any]:
        """Give a conversation a name."""
        return info_to_dict(engine.corpus.desk.conversations.rename(conversation, body.name))

    @router.delete("/{conversation}")
    def delete(conversation: _Id) -> dict[str, Any]:
        """Delete a conversation. It can be put back for a day."""
        info = engine.corpus.desk.conversations.info(conversation)
        engine.corpus.desk.conversations.delete(conversation)
        return info_to_dict(info)

    @router.post("/{conversation}/restore")
    def restore(conversation: _Id) -> dict[str, Any]:
        """Put back a conversation that was deleted."""
        return info_to_dict(engine.corpus.desk.conversations.restore(conversation))

    return router


def page(engine: Engine, finder: Finder) -> APIRouter:
    """Return the routes of the History page."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/history")
    def history(
        q: Annotated[str, Query(max_length=MAX_FILTER_CHARACTERS)] = "",
        offset: paging.Offset = 0,
    ) -> HTMLResponse:
        """Show all conversations, or the conversations that a search finds."""
        if not engine.may_change:
            return pages.page("history.html", kept=False)
        result = finder.find(engine.corpus.desk.conversations, q)
        shown, total = result.conversations[offset : offset + LISTED], len(result.conversations)
        searched = {"q": q} if q.strip() else {}
        after = offset + len(shown)
        return pages.page(
            "history.html",
            kept=True,
            held=total if not searched else engine.corpus.desk.conversations.count(),
            total=total,
            complete=result.complete,
            days=[
                (day, list(items))
                for day, items in groupby(
                    (_item(info, result.matches.get(info.id), q) for info in shown), key=lambda item: item.day
                )
            ],
            day_before=_item(result.conversations[offset - 1]).day if 0 < offset <= total else "",
            q=q,
            again=f"/history?{urlencode(searched)}",
            more=f"/history?{urlencode(searched | {'offset': after})}" if after < total else "",
        )

    @router.get("/history/{conversation}")
    def conversation(conversation: _Id) -> RedirectResponse:
        """Redirect to the Ask page, which opens the conversation."""
        return RedirectResponse(f"/?conversation={conversation}")

    return router


class _Item(NamedTuple):
    """A conversation in the list, with the day and the time of the last question."""

    id: str
    name: str
    day: str
    at: str
    questions: int
    last: str
    href: str
    marked_name: str
    found: str


def _item(info: ConversationInfo, match: Match | None = None, query: str = "") -> _Item:
    """Return a conversation for the list. If a search found a question in it, link to that question."""
    at, today = info.changed.astimezone(), dt.datetime.now().astimezone().date()
    day = {today: "Today", today - dt.timedelta(days=1): "Yesterday"}.get(at.date())
    return _Item(
        info.id,
        info.name,
        day or date_in_words(at),
        f"{at:%H:%M}",
        info.questions,
        info.last,
        f"/?conversation={info.id}{f'#question-{match.position}' if match else ''}",
        _marked(info.name, query),
        _marked(match.question, query) if match and match.position > 1 else "",
    )


def _marked(text: str, query: str) -> Markup:
    """Return a text as HTML with marks around the words of a query."""
    words = "|".join(map(re.escape, query.split()))
    parts = re.split(f"({words})", text, flags=re.IGNORECASE) if words else [text]
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def info_to_dict(info: ConversationInfo) -> dict[str, Any]:
    """Return a conversation as HTTP gives it."""
    return {
        "id": info.id,
        "name": info.name,
        "began": info.began.isoformat(timespec="seconds"),
        "changed": info.changed.isoformat(timespec="seconds"),
        "questions": info.questions,
        "last": info.last,
    }


def _turn_to_dict(turn: KeptTurn, cited: Callable[[str, str], Cited]) -> dict[str, Any]:
    again = recall(turn, cited)
    return {
        "number": turn.number,
        "asked": turn.asked.isoformat(timespec="seconds"),
        "strictness": turn.strictness,
        "dates": turn.dates,
        "history": turn.history,
        "generation": turn.generation,
        "answer": answer_to_dict(again.answer),
        "since": {str(citation): fate for citation, fate in again.fates.items()},
        "purged": [
            {"number": lost.number, "on": lost.purged.isoformat() if lost.purged else None}
            for lost in again.lost
        ],
    }
