"""Conversations over HTTP and as a page: list, search, rename, delete, put back and export them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, Field

from qa.desk.find import Finder
from qa.desk.kept import recall
from qa.desk.stored_conversations import MAX_NAME_CHARACTERS
from qa.limits import MAX_FILTER_CHARACTERS
from qa.schema import Dates, History, answer_to_dict
from qa.text.dates import date_in_words
from qa.web import pages, paging
from qa.web.body import Body
from qa.web.conversations import as_file, reading
from qa.web.replies import CONVERSATION, QUESTION, replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.desk.find import Match
    from qa.schema import ConversationInfo, KeptTurn
    from qa.storage.results import Cited
    from qa.web.engine import Engine

_NAMED = "The `id` of a conversation."
_Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$", description=_NAMED, examples=[CONVERSATION])]
_UNKNOWN = {404: "`conversation_not_found`: there is no such conversation, or it was deleted"}
_FIND = "Words that the conversation must have, each in a question, a quote or the name."
_Words = Annotated[str, Query(max_length=MAX_FILTER_CHARACTERS, description=_FIND, examples=["factory"])]
_ONLY = "List only the conversation with this `id`. If there is none, the list is empty."
_OnlyId = Annotated[str, Query(max_length=64, description=_ONLY, examples=[CONVERSATION])]
_TOO_LONG = {400: f"`bad_input`: a name of more than {MAX_NAME_CHARACTERS} characters"}
LISTED = 50


class NameBody(Body):
    """The name of a conversation."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)] = Field(
        description=f"The name, at most {MAX_NAME_CHARACTERS} characters.",
        examples=["The fertilizer factory"],
    )


class ConversationRecord(BaseModel):
    """A conversation without its turns."""

    id: str = Field(
        description="The id of the conversation. The page opens it at `/?conversation=ID`.",
        examples=[CONVERSATION],
    )
    name: str = Field(
        description="The name: the first question, unless it was renamed. If several conversations have the "
        "same name, they are numbered.",
        examples=[QUESTION],
    )
    began: str = Field(
        description="The time of its first question (UTC).", examples=["2026-11-28T09:30:05+00:00"]
    )
    changed: str = Field(description="The time of its last question.", examples=["2026-11-28T09:41:17+00:00"])
    questions: int = Field(description="The number of questions.", examples=[3])
    last: str = Field(description="The last question.", examples=["And who paid?"])


class ConversationsRecord(BaseModel):
    """A part of the list of conversations."""

    conversations: list[ConversationRecord]
    total: int = Field(description="The number of items in all, or of items found.", examples=[1])
    complete: bool = Field(
        description="Whether every quote was searched. If not, quotes are still being read: the same search "
        "goes on.",
        examples=[True],
    )


class TurnRecord(BaseModel):
    """A question of a conversation, and its answer."""

    number: int
    asked: str = Field(description="When the question was asked.")
    strictness: float
    dates: Dates
    history: History
    generation: int = Field(description="The number of changes of the library before the question.")
    answer: dict[str, Any] = Field(description="The answer line, with quotes as they are read now.")
    since: dict[str, str] = Field(
        description="The quotes whose texts were superseded or removed, by place, and when that was."
    )
    purged: list[dict[str, Any]] = Field(
        description="The quotes whose documents were purged: the `number` of each, and the time (`on`)."
    )


def finder(engine: Engine) -> Finder:
    """Return the finder of conversations. The routes and the page share it, and the quotes that it caches."""
    return Finder(lambda sha256, document: engine.corpus.cited(sha256, document))


def routes(engine: Engine, finder: Finder, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/conversations`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/conversations", tags=["Conversations"])

    @router.get("", responses=replies(ConversationsRecord, headers=paging.HEADERS))
    @few_at_once
    def conversations(
        request: Request,
        response: Response,
        q: _Words = "",
        id: _OnlyId = "",  # noqa: A002
        limit: paging.Limit = LISTED,
        offset: paging.Offset = 0,
    ) -> dict[str, Any]:
        """List or search the conversations.

        List the questions and answers of the page. They are stored as questions and places, never with the
        text of a quote. The conversation that was changed last comes first.
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

    @router.get("/{conversation}", responses=replies(ConversationRecord, _UNKNOWN))
    def conversation(conversation: _Id) -> dict[str, Any]:
        """Describe a conversation. Return its name, its times, and its number of questions."""
        return info_to_dict(engine.corpus.desk.conversations.info(conversation))

    @router.get(
        "/{conversation}/turns", responses=replies(list[TurnRecord], _UNKNOWN, headers=paging.HEADERS)
    )
    @few_at_once
    def turns(
        request: Request,
        response: Response,
        conversation: _Id,
        limit: paging.LimitOrAll = None,
        offset: paging.Offset = 0,
    ) -> list[dict[str, Any]]:
        """Read a conversation.

        Return each question with its answer line, as it was shown. The quotes are read from their sources
        now, also from texts that were superseded or removed.
        """
        cited, kept_turns = reading(engine), engine.corpus.desk.conversations.turns(conversation)
        return [
            _turn_to_dict(turn, cited) for turn in paging.part(request, response, kept_turns, limit, offset)
        ]

    @router.get("/{conversation}/export", responses=replies(None, _UNKNOWN, media=["text/html"]))
    @few_at_once
    def export(conversation: _Id) -> HTMLResponse:
        """Download a conversation.

        The file that *Save* on the page writes: HTML to read, print and check with `pullquote verify`.
        """
        info = engine.corpus.desk.conversations.info(conversation)
        page = as_file(engine, engine.corpus.desk.conversations.turns(conversation))
        name = f"pullquote-{info.changed.astimezone():%Y-%m-%d}.html"
        return HTMLResponse(page, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    router.include_router(_changes(engine))
    return router


def _changes(engine: Engine) -> APIRouter:
    """Return the routes that rename, delete and put back a conversation."""
    router = APIRouter()

    @router.patch("/{conversation}", responses=replies(ConversationRecord, _TOO_LONG | _UNKNOWN))
    def rename(conversation: _Id, body: NameBody) -> dict[str, Any]:
        """Rename a conversation.

        With an empty name, the conversation is named after its first question again.
        """
        return info_to_dict(engine.corpus.desk.conversations.rename(conversation, body.name))

    @router.delete("/{conversation}", responses=replies(ConversationRecord, _UNKNOWN))
    def delete(conversation: _Id) -> dict[str, Any]:
        """Delete a conversation. The conversation can be put back for a day. Then it is erased."""
        info = engine.corpus.desk.conversations.info(conversation)
        engine.corpus.desk.conversations.delete(conversation)
        return info_to_dict(info)

    @router.post("/{conversation}/restore", responses=replies(ConversationRecord, _UNKNOWN))
    def restore(conversation: _Id) -> dict[str, Any]:
        """Put back a deleted conversation. The conversation is as it was when it was deleted."""
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
    times = {name: getattr(info, name).isoformat(timespec="seconds") for name in ("began", "changed")}
    return asdict(info) | times


def _turn_to_dict(turn: KeptTurn, cited: Callable[[str, str], Cited]) -> dict[str, Any]:
    """Return a stored turn for JSON. Its quotes are read from their documents again."""
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
