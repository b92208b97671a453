"""A conversation on the page: what one tab has asked and seen, kept on the desk as it goes."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, ValidationError

from qa.desk.conversations import is_id
from qa.desk.kept import kept_turn, recall
from qa.errors import BusyError, CancelledError, NotReadyError, PullquoteError, UnknownConversationError
from qa.limits import MAX_DOCUMENTS, MAX_QUESTION_CHARACTERS, MAX_TURNS
from qa.schema import FILTERED_BY_NAME, Answer, CitationId, DocumentQuery, Failure, Filters
from qa.text import times
from qa.web import cards, transcript
from qa.web.body import Body
from qa.web.options import FiltersBody, Options, read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qa.deadline import Deadline
    from qa.desk.kept import Recalled
    from qa.schema import KeptTurn
    from qa.storage.ports import Cited
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
# Texts in memory while many turns are read again: the turns of a conversation quote the same ones.
_TEXTS = 64
# Stands for the questions of a conversation that cannot be opened.
_BEFORE = "What was asked before"


def _id(value: str) -> str:
    if value and not is_id(value):
        raise ValueError("this is no id of a conversation")
    return value


class Place(Body):
    """Where a question is asked: in a conversation, at its end or in place of an earlier question.

    `edited` is the place of that earlier question, from 0. `conversation` is then a branch of the
    conversation that the page shows. `question` is the page's id of the question (`qa.web.running`).
    """

    conversation: Annotated[str, Field(max_length=64), AfterValidator(_id)] = ""
    edited: Annotated[int, Field(ge=0)] | None = None
    question: Annotated[str, Field(max_length=64)] = ""


def read_place(text: str) -> Place:
    """Read from the page's JSON where a question is asked; JSON that cannot be read names no place."""
    try:
        return Place.model_validate_json(text or "{}")
    except ValidationError:
        return Place()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the question with all that it was asked with."""

    question: str
    earlier: list[str]
    strictness: float
    options: str


@dataclass(slots=True, eq=False)
class Exchange:
    """A question and what is shown of its answer; there is no turn while it is being answered."""

    asked: Asked
    card: str = cards.PENDING
    turn: KeptTurn | None = None


@dataclass(slots=True, weakref_slot=True, eq=False)
class Conversation:
    """What one browser tab has asked and seen, until a new one takes its place.

    Without an id it is not kept.
    """

    id: str = ""
    questions: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    numbers: cards.Numbers = field(default_factory=cards.Numbers)
    ended: bool = False
    deadlines: set[Deadline] = field(default_factory=set)

    @property
    def wanted(self) -> bool:
        """Tell whether an answer is still wanted: to be shown, or to be kept."""
        return bool(self.id) or not self.ended

    @property
    def messages(self) -> list[dict[str, str]]:
        """Return two messages for each exchange, as Gradio's chat takes them: the question and the card."""
        return [
            message
            for exchange in tuple(self.exchanges)
            for message in _messages(exchange.asked.question, exchange.card)
        ]

    def messages_with(self, question: str, place: Place, card: str = cards.PENDING) -> list[dict[str, str]]:
        """Return the messages, and a question that is asked now with its card."""
        before = self.messages if place.edited is None else self.messages[: 2 * place.edited]
        return [*before, *_messages(question, card)]

    def ask(self, question: str, strictness: float, options: str) -> Exchange:
        """Begin an exchange."""
        exchange = Exchange(Asked(question, self.questions[-MAX_TURNS:], strictness, options))
        self.exchanges.append(exchange)
        return exchange

    def end(self) -> None:
        """Show nothing more: another conversation takes its place. What is being answered is still kept."""
        self.ended = True
        if not self.id:
            self.cancel()

    def cancel(self) -> None:
        """Stop what is still being answered: nobody waits for it."""
        for deadline in tuple(self.deadlines):
            deadline.cancel()

    def note(self, turn: KeptTurn) -> None:
        """Remember a turn's question for follow-ups, without a time that the user has chosen to ignore."""
        if turn.answer.error is not None:
            return
        if turn.history == "ignore":
            self.questions.clear()
        self.questions.append(turn.question)
        if turn.dates == "ignore":
            timeless = times.without(turn.question)
            self.questions = [timeless if each == turn.question else each for each in self.questions]


def _messages(question: str, card: str) -> list[dict[str, str]]:
    # One character too many stays, as it is why the question is refused.
    shown = cards.text(question[: MAX_QUESTION_CHARACTERS + 1])
    return [{"role": "user", "content": shown}, {"role": "assistant", "content": card}]


def is_at(engine: Engine, place: Place, shown: Conversation) -> bool:
    """Tell whether a question is asked in the conversation that is `shown`."""
    if place.edited is not None:
        return False
    named = place.conversation if engine.may_change else ""
    begun_unnamed = not shown.id and bool(shown.exchanges)
    return named in ("", shown.id) or begun_unnamed


def at_place(engine: Engine, place: Place, shown: Conversation) -> Conversation:
    """Return the conversation that is asked in, where it is not `shown`: one that is kept, or a branch."""
    if place.edited is not None:
        return _branch(engine, shown, place.edited, place.conversation if engine.may_change else "")
    return opened(engine, place.conversation)


def opened(engine: Engine, conversation_id: str) -> Conversation:
    """Open a conversation as it was kept; one that is not kept yet begins."""
    conversation = Conversation(conversation_id)
    if not engine.may_change:
        return conversation
    try:
        engine.wait_for_library()
        turns = engine.corpus.desk.conversations.turns(conversation_id)
    except UnknownConversationError:
        return conversation
    except PullquoteError as error:
        card = cards.error_card(Failure(error.code, engine.public(str(error))))
        conversation.exchanges.append(Exchange(Asked(_BEFORE, [], 0, ""), card))
        return conversation
    cited = reading(engine)
    for turn in turns:
        conversation.exchanges.append(_exchange(engine, turn, conversation, cited))
        conversation.note(turn)
    return conversation


def _exchange(
    engine: Engine, turn: KeptTurn, conversation: Conversation, cited: Callable[[str, str], Cited]
) -> Exchange:
    """Show a kept turn again, with the numbers that its quotes had."""
    for quote in (*turn.quotes, *(turn.all_quotes or ()), *turn.nearest):
        place = f"purged {quote.number}" if quote.purged else CitationId(quote.sha256, quote.start, quote.end)
        conversation.numbers.take(str(place), quote.number)
    options = Options(filters=_filters(turn), dates=turn.dates, history=turn.history)
    earlier = [] if turn.history == "ignore" else conversation.questions[-MAX_TURNS:]
    asked = Asked(turn.question, earlier, turn.strictness, options.model_dump_json())
    try:
        card = _card(engine, turn, recall(turn, cited), earlier)
    except PullquoteError as error:
        card = cards.error_card(Failure(error.code, engine.public(str(error))))
    return Exchange(asked, card, turn)


def _filters(turn: KeptTurn) -> FiltersBody:
    filters = turn.answer.filters
    return FiltersBody(
        since=filters.since.isoformat() if filters.since else None,
        until=filters.until.isoformat() if filters.until else None,
        document=list(filters.document),
        **{name: list(filters.values(name)) for name in FILTERED_BY_NAME},
    )


def _branch(engine: Engine, shown: Conversation, edited: int, new_id: str) -> Conversation:
    """Begin a conversation with what comes before a question of another, which stays as it is."""
    branch = Conversation(new_id, exchanges=shown.exchanges[:edited])
    kept = [exchange.turn.number for exchange in branch.exchanges if exchange.turn]
    if shown.id and kept:
        engine.corpus.desk.conversations.branch(shown.id, max(kept) + 1, new_id)
    for exchange in branch.exchanges:
        if exchange.turn:
            branch.note(exchange.turn)
    branch.numbers = shown.numbers  # those of questions that are gone stay taken
    shown.end()
    return branch


def reading(engine: Engine) -> Callable[[str, str], Cited]:
    """Return a function that reads cited documents, and remembers those read last."""
    return lru_cache(maxsize=_TEXTS)(engine.corpus.cited)


# Answering


async def find_all(engine: Engine, exchange: Exchange, conversation: Conversation) -> None:
    """Find all that answers, when it is its turn."""
    deadline = engine.deadline()
    conversation.deadlines.add(deadline)
    try:
        await engine.asking.run_while_awaited(
            deadline, answer, engine, exchange, conversation, deadline, find_all=True
        )
    except CancelledError:  # before it had its turn
        exchange.card += cards.STOPPED
    except BusyError as error:
        exchange.card += busy(error)
    finally:
        conversation.deadlines.discard(deadline)


def busy(error: BusyError) -> str:
    """Return the card of a question that has no turn."""
    return cards.error_card(Failure(error.code, str(error)))


def unopened(error: BusyError) -> list[dict[str, str]]:
    """Return the messages in place of a conversation that has no turn to be opened."""
    return _messages(_BEFORE, busy(error))


def answer(
    engine: Engine,
    exchange: Exchange,
    conversation: Conversation,
    deadline: Deadline | None = None,
    *,
    find_all: bool = False,
) -> None:
    """Answer a question, show the answer in its exchange, and keep it; or find all that answers instead.

    This is the border: whatever goes wrong becomes a card that says so. An error takes no answer's place, but
    stands below it. In a conversation that has ended, only what is kept is shown, by whoever opens it.
    """
    deadline = deadline or engine.deadline()
    card, turn = _answered(engine, exchange.asked, conversation, deadline, find_all=find_all)
    if not conversation.wanted:
        return
    before = exchange.turn
    if find_all and (turn is None or turn.answer.error):
        exchange.card += card
        return
    if turn is not None:
        if before is not None:
            turn = replace(turn, asked=before.asked, number=before.number)
        turn, problem = _keep(engine, conversation, turn, again=before is not None)
        card += problem
        if before is None:
            conversation.note(turn)
    exchange.card, exchange.turn = card, turn


def _keep(engine: Engine, conversation: Conversation, turn: KeptTurn, *, again: bool) -> tuple[KeptTurn, str]:
    """Keep a turn, if turns are kept; return it with its number, and what to say if that failed."""
    if not (conversation.id and engine.may_change) or (again and not turn.number):
        return turn, ""
    try:
        number = engine.corpus.desk.conversations.keep(conversation.id, turn)
    except PullquoteError as error:
        return turn, cards.problem(f"This answer is not kept: {engine.public(str(error))}")
    return replace(turn, number=number), ""


def _answered(
    engine: Engine, asked: Asked, conversation: Conversation, deadline: Deadline, *, find_all: bool
) -> tuple[str, KeptTurn | None]:
    """Answer a question: its card, and its turn unless nobody waited for the answer."""
    conversation.deadlines.add(deadline)
    at = dt.datetime.now().astimezone()
    options = Options()
    try:
        options = read_options(asked.options)
        earlier = [] if options.history == "ignore" else asked.earlier
        found = engine.ask(
            asked.question,
            earlier,
            options.filters.filters(),
            asked.strictness,
            options.dates,
            wait=True,
            find_all=find_all,
            deadline=deadline,
        )
        found = conversation.numbers.number(found)
        generation, titles = engine.corpus.store.generation, _titles(engine, found)
        answer_id = _remember(engine, found, earlier, generation, at, asked.strictness)
        card = cards.answer_card(found, engine.corpus.document, answer_id, titles=titles)
        return card, kept_turn(found, at, asked.strictness, options.dates, options.history, generation)
    except CancelledError:
        return cards.STOPPED, None
    except NotReadyError as error:
        return cards.error_card(Failure(error.code, engine.public(str(error)))), None
    except PullquoteError as error:
        failure = Failure(error.code, engine.public(str(error)))
    except Exception:
        log.exception("could not answer")
        failure = Failure("internal", "Something went wrong inside Pullquote; its log says what.")
    finally:
        conversation.deadlines.discard(deadline)
    refused = asked.question[: MAX_QUESTION_CHARACTERS + 1]
    none = Answer(refused, refused, "error", error=failure, filters=options.filters.filters())
    return cards.error_card(failure), kept_turn(none, at, asked.strictness, options.dates, options.history)


def _remember(
    engine: Engine, found: Answer, earlier: list[str], generation: int, asked: dt.datetime, strictness: float
) -> str:
    """Give an answer the id by which it can be judged and kept; "" where nothing may be."""
    if not engine.may_change:
        return ""
    return engine.answers.remember(found, earlier, generation, asked, strictness)


def _card(engine: Engine, turn: KeptTurn, again: Recalled, earlier: list[str]) -> str:
    answer_id = _remember(engine, again.answer, earlier, turn.generation, turn.asked, turn.strictness)
    titles = _titles(engine, again.answer)
    return cards.answer_card(again.answer, again.document, answer_id, again.fates, again.lost, titles)


def _titles(engine: Engine, answer: Answer) -> dict[str, str]:
    """Return the titles of the documents that the filters name, by id."""
    if not answer.filters.document:
        return {}
    named = DocumentQuery(filters=Filters(document=answer.filters.document), limit=MAX_DOCUMENTS)
    return {each.id: each.title or each.id for each in engine.corpus.find_documents(named).documents}


def as_file(engine: Engine, turns: Iterable[KeptTurn]) -> str:
    """Write turns as the file of a conversation (`qa.web.transcript`), the quotes read from their sources.

    Raises:
        PullquoteError: a source cannot be read.
    """
    cited = reading(engine)
    entries = []
    for turn in turns:
        again = recall(turn, cited)
        at = turn.asked.astimezone()
        titles = _titles(engine, again.answer)
        entries.append(transcript.entry(again.answer, again.document, at, again.fates, again.lost, titles))
    return transcript.page(entries, dt.datetime.now().astimezone())
