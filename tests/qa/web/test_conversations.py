"""The page's conversation: kept as it goes, opened again as it was, and branched."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from anyio import to_thread

import ui
from qa.desk.stored_conversations import new_id
from qa.schema import STRICTNESS
from qa.web.conversations import Conversation, opened, read_place
from tests.qa.tiny import tiny_corpus, write
from tests.qa.web.looped import all_of, run
from tests.qa.web.test_history import engine_over

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.web.engine import Engine
    from qa.web.turns import Turns

_T = TypeVar("_T")
HARBOUR = "Who dredged the harbour?"
FERRY = "When did the ferry sink?"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(
            write(inbox, "a.txt", "The harbour was dredged in March by Danes. Nobody was told.\n"),
            write(inbox, "b.txt", "The ferry sank in June. Everybody was told of the ferry.\n"),
        )
        yield corpus


@pytest.fixture
def engine(corpus: Corpus) -> Engine:
    return engine_over(corpus)


class Tab:
    """A browser's tab: what Gradio calls, with the state that it keeps for the tab."""

    def __init__(self, engine: Engine, conversation: str) -> None:
        functions: dict[str, Callable[..., Any]] = {
            each.name: each.fn for each in ui.page(engine).fns.values()
        }
        self.functions = functions
        self.id = conversation
        self.state = Conversation()
        self.messages: list[dict[str, str]] = []

    def ask(self, question: str, *, taken: Turns | None = None, **place: object) -> str:
        where = json.dumps({"conversation": self.id} | place)
        asked = all_of(self.functions["ask"](question, STRICTNESS, "", where, self.state))
        for _, messages, state in run(while_taken(taken, asked) if taken else asked):
            if isinstance(messages, list):
                self.messages = messages
            if isinstance(state, Conversation):
                self.state = state
        return self.messages[-1]["content"]

    def open(self) -> None:
        self.messages, self.state = run(self.functions["open_kept"](self.place, self.state))

    @property
    def place(self) -> str:
        return json.dumps({"conversation": self.id})

    @property
    def shown(self) -> list[str]:
        """What is shown, without the ids by which answers are judged."""
        return [re.sub(r' id="answer-[^"]*"', "", each["content"]) for each in self.messages]


async def while_taken(turns: Turns, work: Awaitable[_T]) -> _T:
    """Wait for work while others have all turns."""
    async with AsyncExitStack() as others:
        for _ in range(turns._at_once):
            await others.enter_async_context(turns.turn())
        return await work


def test_a_conversation_is_opened_again_in_another_tab_to_the_character(engine: Engine) -> None:
    tab, other = Tab(engine, new_id()), Tab(engine, "")
    assert "blockquote" in tab.ask(HARBOUR)
    tab.ask("And the ferry?")
    tab.ask("zyzzogeton qwertzuiop")
    tab.ask("Hello")
    tab.ask("?" * 3)
    tab.ask("x" * 3000)
    other.id = tab.id
    other.open()
    assert other.shown == tab.shown
    assert other.state.questions == tab.state.questions
    assert len(other.shown) == 12


def test_it_goes_on_where_the_server_was_restarted_meanwhile(corpus: Corpus, engine: Engine) -> None:
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)
    again = Tab(engine_over(corpus), tab.id)  # whose state was lost
    again.messages = tab.messages
    again.ask(FERRY)
    assert again.shown[:2] == tab.shown
    assert len(again.shown) == 4
    assert [each.question for each in corpus.desk.conversations.turns(tab.id)] == [HARBOUR, FERRY]


def test_a_follow_up_is_understood_in_a_conversation_that_is_continued(engine: Engine) -> None:
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)
    tab.state = Conversation()
    tab.open()
    assert "Read together with “" in tab.ask("And who told them?")


def test_numbers_go_on_and_a_place_keeps_its_own(engine: Engine) -> None:
    tab = Tab(engine, new_id())
    first = re.findall(r"\[(\d+)\]", tab.ask(HARBOUR))
    tab.open()
    later = re.findall(r"\[(\d+)\]", tab.ask(FERRY))
    assert first[0] == "1"
    assert re.findall(r"\[(\d+)\]", tab.ask(HARBOUR)) == first
    assert max(map(int, later)) <= len(set(first + later))


def test_all_that_answers_is_kept_in_place_of_the_answer(corpus: Corpus, engine: Engine) -> None:
    tab = Tab(engine, new_id())
    tab.ask(FERRY)
    tab.ask(HARBOUR)
    tab.open()
    tab.messages, tab.state = run(tab.functions["show_all"]("0", tab.place, tab.state))
    turns = corpus.desk.conversations.turns(tab.id)
    assert [each.question for each in turns] == [FERRY, HARBOUR]
    assert turns[0].all_quotes
    shown = tab.shown
    tab.open()
    assert tab.shown == shown


def test_two_tabs_write_into_one_conversation_and_nothing_is_lost(corpus: Corpus, engine: Engine) -> None:
    one = Tab(engine, new_id())
    one.ask(HARBOUR)
    two = Tab(engine, one.id)
    two.open()
    two.ask(FERRY)
    one.ask("Who was told?")
    assert len(two.messages) == 4
    assert len(one.messages) == 6  # the next question brings what the other has asked
    shown = one.shown
    one.open()
    assert one.shown == shown
    asked = [each["content"] for each in one.messages[::2]]
    assert [each.replace("&#32;", " ") for each in asked] != []
    turns = corpus.desk.conversations.turns(one.id)
    assert [each.question for each in turns] == [HARBOUR, FERRY, "Who was told?"]
    assert len(one.messages) == 6


def test_a_question_asked_otherwise_is_shown_in_its_place_and_the_old_course_is_kept(
    corpus: Corpus, engine: Engine
) -> None:
    tab = Tab(engine, old := new_id())
    for question in (HARBOUR, FERRY, "Who was told?"):
        tab.ask(question)
    before = tab.shown
    tab.id = new_id()
    tab.ask("What sank in June?", edited=1)
    assert tab.shown[:2] == before[:2]
    assert len(tab.shown) == 4
    kept = corpus.desk.conversations
    assert [each.question for each in kept.turns(tab.id)] == [HARBOUR, "What sank in June?"]
    assert [each.question for each in kept.turns(old)] == [HARBOUR, FERRY, "Who was told?"]
    shown = tab.shown
    tab.open()
    assert tab.shown == shown
    first, tab.id = tab.id, new_id()
    tab.ask("Who told whom?", edited=0)
    assert [each.question for each in kept.turns(tab.id)] == ["Who told whom?"]
    assert kept.info(first).questions == 2


def test_a_visitor_may_reach_another_server_with_each_request(corpus: Corpus, engine: Engine) -> None:
    """Each server has its own functions of the page, and its own state for the tab."""
    one, two = Tab(engine, new_id()), Tab(engine_over(corpus), "")
    two.id = one.id
    one.ask(HARBOUR)
    two.ask(FERRY)
    one.ask("And who was told?")
    assert len(one.messages) == 6
    two.messages, two.state = run(two.functions["show_all"]("2", two.place, two.state))
    assert two.shown[:5] == one.shown[:5]
    assert len(two.state.exchanges) == 3
    saved = run(two.functions["save"](two.place, Conversation()))
    assert saved.count("<article") == 3
    two.id, two.state = new_id(), Conversation()
    two.ask("When was the harbour dredged?", edited=2, of=one.id)
    assert [each.question for each in corpus.desk.conversations.turns(two.id)] == [
        HARBOUR, FERRY, "When was the harbour dredged?",
    ]  # fmt: skip


def test_a_new_conversation_does_not_lose_what_is_still_being_answered(
    corpus: Corpus, engine: Engine
) -> None:
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)

    async def begin_anew() -> None:
        where = json.dumps({"conversation": tab.id})
        answers = tab.functions["ask"](FERRY, STRICTNESS, "", where, tab.state)
        await anext(answers)
        messages, state = tab.functions["start_anew"](tab.state)
        assert (messages, state.exchanges) == ([], [])
        async for each in answers:
            assert not any(isinstance(part, list) for part in each)  # nothing of it is shown

    run(begin_anew())
    assert [each.question for each in corpus.desk.conversations.turns(tab.id)] == [HARBOUR, FERRY]


def test_an_error_is_kept_as_an_error_and_what_nobody_waited_for_is_not(
    corpus: Corpus, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = Tab(engine, new_id())
    monkeypatch.setattr(engine, "seconds", 1e-9)
    assert 'class="error"' in tab.ask(HARBOUR)
    monkeypatch.undo()
    tab.open()
    assert 'class="error"' in tab.shown[-1]
    assert tab.state.questions == []
    engine.stop()
    assert "is stopping" in tab.ask(FERRY)
    assert len(corpus.desk.conversations.turns(tab.id)) == 1


def test_where_nothing_may_be_changed_nothing_is_kept_and_all_else_works(corpus: Corpus) -> None:
    tab = Tab(engine_over(corpus, may_change=False), new_id())
    assert "blockquote" in tab.ask(HARBOUR)
    tab.ask(FERRY, edited=0)
    assert len(tab.messages) == 2
    assert corpus.desk.conversations.count() == 0
    kept = Tab(engine_over(corpus), new_id())
    kept.ask(HARBOUR)
    tab.id = kept.id
    tab.open()
    assert tab.messages == []


def test_an_answer_that_cannot_be_kept_is_shown_and_says_so(corpus: Corpus, engine: Engine) -> None:
    (corpus.library / "desk.sqlite3").write_bytes(
        b"not a database, but long enough to be taken for one" * 100
    )
    tab = Tab(engine, new_id())
    card = tab.ask(HARBOUR)
    assert "What was asked before" in tab.messages[0]["content"].replace("&#32;", " ")
    assert "desk.sqlite3 is damaged" in tab.messages[1]["content"].replace("&#32;", " ")
    assert "blockquote" in card
    assert "This answer is not kept:" in card.replace("&#32;", " ")
    assert str(corpus.library) not in card


def test_what_is_marked_and_purged_is_so_where_the_conversation_is_saved(
    corpus: Corpus, engine: Engine, inbox: Path
) -> None:
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)
    tab.ask(FERRY)
    corpus.index(write(inbox, "a.txt", "Another text, of which nothing is known.\n"))
    corpus.purge(["b.txt"])
    page = run(tab.functions["save"](tab.place, tab.state)).replace("&#32;", " ")
    assert "superseded on" in page
    assert "Purged" in page
    assert "ferry sank" not in page
    tab.open()
    assert "This source was superseded on" in tab.shown[1].replace("&#32;", " ")
    assert "ferry sank" not in "".join(tab.shown).replace("&#32;", " ")


@pytest.mark.parametrize(
    "wrong", ["[]", "{", '{"conversation": "../../x"}', '{"edited": -1}', '{"other": 1}']
)
def test_what_the_pages_script_did_not_write_names_no_place(wrong: str) -> None:
    assert read_place(wrong) == read_place("")


def test_a_conversation_that_is_not_kept_yet_begins(engine: Engine) -> None:
    conversation = opened(engine, one := new_id())
    assert (conversation.id, conversation.exchanges) == (one, [])


def test_a_server_that_is_busy_says_so_where_the_question_is_asked(
    corpus: Corpus, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)
    tab.ask(FERRY)
    before = tab.shown
    monkeypatch.setattr(engine.asking, "_cost", 60)
    again = Tab(engine, tab.id)  # reloaded, and not opened yet
    assert "the server is busy" in again.ask("And who told them?", taken=engine.asking)
    assert (again.shown[:4], len(again.shown)) == (before, 6)
    tab.id = new_id()
    assert "the server is busy" in tab.ask("Who sank?", taken=engine.asking, edited=1)
    assert (tab.shown[:2], len(tab.shown)) == (before[:2], 4)
    assert [each.question for each in corpus.desk.conversations.turns(tab.id)] == [HARBOUR]


def test_where_too_many_conversations_are_opened_it_is_said_and_nothing_is_lost(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "DEADLINE", 0.1)
    tab = Tab(engine, new_id())
    tab.ask(HARBOUR)
    before, where = tab.shown, json.dumps({"conversation": tab.id})
    open_kept, save, ask = (tab.functions[name] for name in ("open_kept", "save", "ask"))

    async def test() -> None:
        opening = [asyncio.create_task(open_kept(where, Conversation())) for _ in range(ui._OPENED_AT_ONCE)]
        await asyncio.sleep(0.1)
        file = await save(where, tab.state)
        assert file.startswith("The conversation was not saved: the server is busy")
        *_, (_, messages, _) = await all_of(ask(FERRY, STRICTNESS, "", where, Conversation()))
        assert "the server is busy" in messages[-1]["content"]
        tab.messages, tab.state = await open_kept(where, tab.state)
        assert "the server is busy" in tab.messages[-1]["content"]
        engine._opened.set()
        await asyncio.gather(*opening)

    engine._opened.clear()  # who opens waits for the library
    try:
        run(test())
    finally:
        engine._opened.set()
    tab.ask(FERRY)
    assert (tab.shown[:2], len(tab.shown)) == (before, 4)


def test_the_page_is_answered_though_all_threads_of_the_rest_are_taken(engine: Engine) -> None:
    ask = Tab(engine, "").functions["ask"]

    async def test() -> None:
        rest = to_thread.current_default_thread_limiter()
        rest.total_tokens = 1
        async with rest, asyncio.timeout(20):
            *_, (_, messages, _) = await all_of(ask(HARBOUR, STRICTNESS, "", "", Conversation()))
        assert "blockquote" in messages[-1]["content"]

    run(test())
