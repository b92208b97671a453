"""A conversation on the page: what one tab has asked and seen. Each answer is stored on the desk at once."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, ValidationError

from qa.desk.kept import kept_turn, recall
from qa.desk.stored_conversations import is_id
from qa.errors import BusyError, CancelledError, NotReadyError, PullquoteError, UnknownConversationError
from qa.limits import MAX_DOCUMENTS, MAX_QUESTION_CHARACTERS, MAX_TURNS
from qa.schema import FILTERED_BY_NAME, Answer, AskOptions, CitationId, DocumentQuery, Failure, Filters
from qa.text import times
from qa.text.question import ParsedQuestion
from qa.web import cards, transcript
from qa.web.body import Body
from qa.web.options import FiltersBody, Options, read_options
from qa.web.shown import remember, to_remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qa.deadline import Deadline
    from qa.desk.shown_answers import RememberedAnswer
    from qa.schema import KeptTurn
    from qa.storage.results import Cited
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
# Maximum number of texts in memory while turns are read again. Turns of a conversation quote the same texts.
_TEXTS = 64
# Shown instead of the questions of a conversation that cannot be opened.
_BEFORE = "What was asked before"


def _id(value: str) -> str:
    if value and not is_id(value):
        raise ValueError("this is not an id of a conversation")
    return value


class Place(Body):
    """The place of a question in a conversation: at the end, or instead of an earlier question.

    `edited` is the place of the earlier question, from 0. `conversation` is then the id of a new branch of
    the conversation `of` that the page shows. `question` is the page's id of the question (`qa.web.running`).
    """

    conversation: Annotated[str, Field(max_length=64), AfterValidator(_id)] = ""
    edited: Annotated[int, Field(ge=0)] | None = None
    of: Annotated[str, Field(max_length=64), AfterValidator(_id)] = ""
    question: Annotated[str, Field(max_length=64)] = ""


def read_place(text: str) -> Place:
    """Read the place of a question from the page's JSON. Return an empty place if it cannot be read."""
    try:
        return Place.model_validate_json(text or "{}")
    except ValidationError:
        return Place()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with all settings that it was asked with."""

    question: str
    earlier: list[str]
    strictness: float
    options: str


@dataclass(slots=True, eq=False)
class Exchange:
    """A question and the card of its answer. `turn` is None while the question is being answered."""

    asked: Asked
    card: str = cards.PENDING
    turn: KeptTurn | None = None


@dataclass(slots=True, weakref_slot=True, eq=False)
class Conversation:
    """The conversation of one browser tab, until a new conversation replaces it.

    A conversation without an id is not stored.
    """

    id: str = ""
    questions: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    numbers: cards.Numbers = field(default_factory=cards.Numbers)
    ended: bool = False
    deadlines: set[Deadline] = field(default_factory=set)

    @property
    def wanted(self) -> bool:
        """Tell whether an answer is still wanted, to show it or to store it."""
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
        """Return the messages, followed by a question that is asked now and its card."""
        before = self.messages if place.edited is None else self.messages[: 2 * place.edited]
        return [*before, *_messages(question, card)]

    def ask(self, question: str, strictness: float, options: str) -> Exchange:
        """Begin an exchange, and return it."""
        exchange = Exchange(Asked(question, self.questions[-MAX_TURNS:], strictness, options))
        self.exchanges.append(exchange)
        return exchange

    def end(self) -> None:
        """Show no more answers, because another conversation replaces this conversation.

        Answers in progress are still stored if the conversation has an id. Otherwise they are cancelled.
        """
        self.ended = True
        if not self.id:
            self.cancel()

    def cancel(self) -> None:
        """Cancel the answers in progress, because nobody waits for them."""
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
            timeless = times.without(ParsedQuestion(turn.question))
            self.questions = [
                timeless if question == turn.question else question for question in self.questions
            ]


def _messages(question: str, card: str) -> list[dict[str, str]]:
    # Keep one character too many, because it is the reason why the question is refused.
    shown = cards.text(question[: MAX_QUESTION_CHARACTERS + 1])
    return [{"role": "user", "content": shown}, {"role": "assistant", "content": card}]


def is_at(engine: Engine, place: Place, shown: Conversation) -> bool:
    """Tell whether a question is asked in the conversation that is `shown`, as far as this server knows."""
    if place.edited is not None:
        return False
    conversation_id = place.conversation if engine.may_change else ""
    begun_unnamed = not shown.id and bool(shown.exchanges)
    return conversation_id in ("", shown.id) or begun_unnamed


def at_place(engine: Engine, place: Place, shown: Conversation) -> Conversation:
    """Return the conversation for a question: `shown`, a stored one, or a new branch."""
    if place.edited is not None:
        shown = current(engine, place.of, shown)
        return _branch(engine, shown, place.edited, place.conversation if engine.may_change else "")
    if is_at(engine, place, shown):
        return current(engine, shown.id, shown)
    return opened(engine, place.conversation)


def current(engine: Engine, conversation_id: str, shown: Conversation) -> Conversation:
    """Return `shown`, or open the conversation with this id if `shown` is another or lacks stored turns.

    Another server may have answered the last questions of the page.
    """
    if not (conversation_id and engine.may_change) or (shown.exchanges and not shown.id):
        return shown
    if conversation_id == shown.id:
        numbers = {exchange.turn.number for exchange in shown.exchanges if exchange.turn}
        is_answering = any(exchange.card == cards.PENDING for exchange in shown.exchanges)
        try:
            if is_answering or engine.corpus.desk.conversations.numbers(conversation_id) <= numbers:
                return shown
        except PullquoteError:  # to store the answer will fail, too, and the card will say so
            return shown
    return opened(engine, conversation_id)


def opened(engine: Engine, conversation_id: str) -> Conversation:
    """Open a stored conversation, or begin a new conversation if this id is unknown."""
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
    to_judge: list[RememberedAnswer] = []
    for turn in turns:
        exchange, remembered = _exchange(engine, turn, conversation, cited)
        conversation.exchanges.append(exchange)
        conversation.note(turn)
        to_judge += remembered
    remember(engine, to_judge)
    return conversation


def _exchange(
    engine: Engine, turn: KeptTurn, conversation: Conversation, cited: Callable[[str, str], Cited]
) -> tuple[Exchange, list[RememberedAnswer]]:
    """Return the exchange of a stored turn, and its answer to be remembered.

    Its quotes have the same numbers as before.
    """
    for quote in (*turn.quotes, *(turn.all_quotes or ()), *turn.nearest):
        citation = (
            f"purged {quote.number}" if quote.purged else CitationId(quote.sha256, quote.start, quote.end)
        )
        conversation.numbers.take(str(citation), quote.number)
    options = Options(filters=_filters(turn), dates=turn.dates, history=turn.history)
    earlier = [] if turn.history == "ignore" else conversation.questions[-MAX_TURNS:]
    asked = Asked(turn.question, earlier, turn.strictness, options.model_dump_json())
    to_judge: list[RememberedAnswer] = []
    try:
        again = recall(turn, cited)
        titles = _titles(engine, again.answer)
        to_judge = _to_remember(again.answer, earlier, turn.generation, turn.asked, conversation)
        answer_id = next((answer.id for answer in to_judge), "")
        card = cards.answer_card(again.answer, again.document, answer_id, again.fates, again.lost, titles)
    except PullquoteError as error:
        card = cards.error_card(Failure(error.code, engine.public(str(error))))
    return Exchange(asked, card, turn), to_judge


def _filters(turn: KeptTurn) -> FiltersBody:
    filters = turn.answer.filters
    return FiltersBody(
        since=filters.since.isoformat() if filters.since else None,
        until=filters.until.isoformat() if filters.until else None,
        document=list(filters.document),
        **{name: list(filters.values(name)) for name in FILTERED_BY_NAME},
    )


def _branch(engine: Engine, shown: Conversation, edited: int, new_id: str) -> Conversation:
    """Begin a conversation with the exchanges before a question of `shown`, which ends but stays stored."""
    branch = Conversation(new_id, exchanges=shown.exchanges[:edited])
    numbers = [exchange.turn.number for exchange in branch.exchanges if exchange.turn]
    if shown.id and numbers:
        engine.corpus.desk.conversations.branch(shown.id, max(numbers) + 1, new_id)
    for exchange in branch.exchanges:
        if exchange.turn:
            branch.note(exchange.turn)
    branch.numbers = shown.numbers  # numbers of questions that are gone stay taken
    shown.end()
    return branch


def reading(engine: Engine) -> Callable[[str, str], Cited]:
    """Return a function that reads cited documents, and caches the last documents."""
    return lru_cache(maxsize=_TEXTS)(engine.corpus.cited)


# Answering


async def find_all(engine: Engine, exchange: Exchange, conversation: Conversation) -> None:
    """Find all quotes that answer, when the turn comes."""
    deadline = engine.deadline()
    conversation.deadlines.add(deadline)
    try:
        await engine.asking.run_while_awaited(
            deadline, answer, engine, exchange, conversation, deadline, find_all=True
        )
    except CancelledError:  # before the turn came
        exchange.card += cards.STOPPED
    except BusyError as error:
        exchange.card += busy(error)
    finally:
        conversation.deadlines.discard(deadline)


def busy(error: BusyError) -> str:
    """Return the card of a question that gets no turn."""
    return cards.error_card(Failure(error.code, str(error)))


def unopened(error: BusyError) -> list[dict[str, str]]:
    """Return the messages to show instead of a conversation that gets no turn to be opened."""
    return _messages(_BEFORE, busy(error))


def answer(
    engine: Engine,
    exchange: Exchange,
    conversation: Conversation,
    deadline: Deadline | None = None,
    *,
    find_all: bool = False,
) -> None:
    """Answer a question, show the answer in its exchange, and store the answer.

    With `find_all`, replace the answer with all quotes that answer. If this fails, the card of the error is
    added below the answer.

    This is the border: any error becomes a card that says what went wrong. If the conversation has ended, an
    answer that is stored is shown when the conversation is opened again. An answer that is not stored is
    dropped.
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
    """Store a turn, if turns are stored. Return the turn with its number, and a message if this failed."""
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
    """Answer a question, and return its card and its turn.

    The turn is None if the question was cancelled, or if the library or the models are not loaded.
    """
    conversation.deadlines.add(deadline)
    at = dt.datetime.now().astimezone()
    options = Options()
    try:
        options = read_options(asked.options)
        earlier = [] if options.history == "ignore" else asked.earlier
        new_answer = engine.ask(
            asked.question,
            earlier,
            AskOptions(options.filters.filters(), asked.strictness, options.dates, find_all),
            wait=True,
            deadline=deadline,
        )
        new_answer = conversation.numbers.number(new_answer)
        generation, titles = engine.corpus.store.generation, _titles(engine, new_answer)
        to_judge = _to_remember(new_answer, earlier, generation, at, conversation)
        answer_id = remember(engine, to_judge)
        card = cards.answer_card(new_answer, engine.corpus.document, answer_id, titles=titles)
        return card, kept_turn(new_answer, at, asked.strictness, options.dates, options.history, generation)
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


def _to_remember(
    new_answer: Answer, earlier: list[str], generation: int, asked: dt.datetime, conversation: Conversation
) -> list[RememberedAnswer]:
    """Return an answer as it is remembered. The list is empty if the conversation is not stored."""
    if not conversation.id:
        return []
    return to_remember(new_answer, earlier, generation, asked, conversation.id)


def _titles(engine: Engine, answer: Answer) -> dict[str, str]:
    """Return the titles of the documents that the filters name, by id."""
    if not answer.filters.document:
        return {}
    query = DocumentQuery(filters=Filters(document=answer.filters.document), limit=MAX_DOCUMENTS)
    return {
        document.id: document.title or document.id
        for document in engine.corpus.find_documents(query).documents
    }


def as_file(engine: Engine, turns: Iterable[KeptTurn]) -> str:
    """Return turns as the file of a conversation (`qa.web.transcript`). Read the quotes from their sources.

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
