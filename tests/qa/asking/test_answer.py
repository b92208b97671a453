from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embeddings.reader import open_reader
from embeddings.reading import Reading
from qa import Corpus
from qa.asking import confidence
from qa.asking.answer import Answerer, answer_or_error
from qa.asking.confidence import LOOSEST, STRICTEST
from qa.deadline import Deadline
from qa.errors import CancelledError, LibraryError, QuestionError
from qa.limits import MAX_QUESTION_CHARACTERS, check_history, check_question
from qa.quoting.render import how_read
from qa.schema import Filters, Turn
from tests.qa.recorded import Recorded
from tests.qa.tiny import TinyReader, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embeddings.reading import Window
    from qa.schema import Answer
    from qa.storage.results import Hit, Selection


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, brief: Path) -> Iterator[Corpus]:
    with Corpus.open(tmp_path_factory.mktemp("answer") / "library") as opened:
        opened.index(brief)
        yield opened


@pytest.mark.parametrize("question", ["", "   \n", "?!", "…"])
def test_a_question_without_words_is_refused(question: str) -> None:
    with pytest.raises(QuestionError, match=r"[Tt]ype what you want to know"):
        check_question(question)


def test_a_question_of_100_000_characters_is_refused_and_told_the_limit() -> None:
    with pytest.raises(QuestionError, match=f"100,000 characters; at most {MAX_QUESTION_CHARACTERS:,}"):
        check_question("a" * 100_000)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(QuestionError, match="surrogate"):
        check_question("caf\ud83d?")


@pytest.mark.parametrize("turn", ["half \ud83d", Turn("assistant", "\udc80")])
def test_an_earlier_turn_with_half_a_surrogate_pair_is_refused_and_named(turn: str | Turn) -> None:
    check_history(["whole \U0001f600", Turn("assistant", "There.")])
    with pytest.raises(QuestionError, match="turn 2 of the history is not valid text"):
        check_history(["Where?", turn])


class _Logits:
    """Reads logits off the texts, "logit 1.5", and remembers those read."""

    name = model = "reader"
    deeper = None

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        texts = [" ".join(each.sentences) for each in windows]
        logits = [float(text.rpartition(" ")[2]) for text in texts]
        return [Reading(each, each, each, (each,), (None,)) for each in logits]


@pytest.mark.parametrize(("logits", "background"), [([1.5, -4.0, -2.0], -3.0), ([0.5], 0.5)])
def test_the_background_is_what_the_other_passages_are_rated(
    logits: list[float], background: float, tmp_path: Path
) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        for number, logit in enumerate(logits):
            corpus.index(
                write(tmp_path, f"{number}.txt", f"The mill of place{number} has the logit {logit}\n")
            )
        signals = Answerer(corpus.store, _Logits()).ask("What has the mill?").signals
    assert signals is not None
    assert (signals.answers, signals.background) == (max(logits), background)


class _Keeping(TinyReader):
    """Keeps the windows that it reads."""

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        self.windows += windows
        return super().read(question, windows, retrieved)


def test_a_passage_is_read_with_what_introduces_the_names_of_the_question_and_that_is_not_quoted(
    tmp_path: Path,
) -> None:
    hall, paid = "Captain Hall is the master of the Orient.", "The master was paid nine dollars."
    between = " ".join(f"The harbour of place{number} was cold and full of ships." for number in range(30))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "a.txt", f"{hall} {between} {paid}\n"))

        def context(question: str) -> str:
            reader = _Keeping()
            answer = Answerer(corpus.store, reader).ask(question)
            assert paid in [quote.text for quote in (*answer.quotes, *answer.nearest)], question
            return next(each.context for each in reader.windows if paid in each.sentences)

        assert context("Was the master, Captain Hall, paid?") == hall
        assert context("Was the master, the captain, paid?") == ""


@pytest.mark.models
def test_an_answer_says_what_it_rests_on_and_from_where_on_it_is_one(corpus: Corpus) -> None:
    question = "Who is the head of Unit 8?"
    loose, strict = (corpus.ask(question, strictness=strictness) for strictness in (LOOSEST, STRICTEST))
    assert loose.signals
    assert loose.signals == strict.signals
    assert loose.confidence == confidence.probability(loose.signals)
    assert (loose.threshold, strict.threshold) == tuple(map(confidence.threshold, (LOOSEST, STRICTEST)))
    assert (loose.outcome, strict.outcome) == ("answered", "weak")


@pytest.mark.models
def test_an_answer_quotes_whole_sentences_of_the_source(corpus: Corpus) -> None:
    answer = corpus.ask("Which factory was stripped of its metal?")
    assert answer.outcome == "answered"
    assert "Kumsandong Fertilizer Factory" in answer.quotes[0].text
    assert [quote.number for quote in answer.quotes] == list(range(1, len(answer.quotes) + 1))
    assert len({(quote.start, quote.end) for quote in answer.quotes}) == len(answer.quotes)


@pytest.mark.models
def test_the_header_answers_who_published_the_brief_and_when(corpus: Corpus) -> None:
    assert corpus.ask("Who published this?").quotes[0].text == "Institute for Far Eastern Studies (IFES)"
    assert corpus.ask("When was this brief published?").quotes[0].text == "4/4/2008"


@pytest.mark.models
def test_what_the_corpus_has_nothing_on_is_not_in_it(corpus: Corpus) -> None:
    answer = corpus.ask("What is the boiling point of ethanol?")
    assert answer.outcome == "none"
    assert answer.quotes == ()
    assert answer.passages


@pytest.mark.models
def test_a_near_miss_shows_the_closest_sentences_as_weak(corpus: Corpus) -> None:
    answer = corpus.ask("How many people were arrested on the highway?")
    assert answer.outcome == "weak"
    assert answer.quotes


@pytest.mark.models
def test_page_furniture_is_never_quoted(corpus: Corpus) -> None:
    for question in ("Are comments closed?", "Can I share this?"):
        assert not {"Share", "Comments are closed."} & {quote.text for quote in corpus.ask(question).quotes}


@pytest.mark.models
def test_a_follow_up_is_read_with_the_question_before_and_shown_so(corpus: Corpus) -> None:
    answer = corpus.ask("When was that?", ["When did scrap metal smuggling become popular?"])
    assert answer.interpreted_question == "When was that? (scrap, metal, smuggling, become, popular)"
    assert "2004" in answer.quotes[0].text


@pytest.mark.models
def test_what_is_no_question_gets_a_fixed_reply_and_no_quote(corpus: Corpus) -> None:
    answer = corpus.ask("hello")
    assert answer.reply
    assert answer.reply.kind == "greeting"
    assert (answer.outcome, answer.quotes) == ("none", ())


@pytest.mark.models
def test_a_missing_phrase_keeps_an_answer_from_being_called_one(corpus: Corpus) -> None:
    answer = corpus.ask('What was taken from the Kumsandong "fertilizer works"?')
    assert answer.confidence >= answer.threshold > 0
    assert answer.outcome == "weak"
    assert answer.notes == ("The exact phrase “fertilizer works” does not occur.",)


@pytest.mark.models
def test_a_date_that_the_question_asks_for_is_emphasised(corpus: Corpus) -> None:
    quote = corpus.ask("When did scrap metal smuggling become popular?").quotes[0]
    assert "2004" in [quote.document.text[span.start : span.end] for span in quote.emphasis]


@pytest.mark.models
def test_filters_that_leave_nothing_search_nothing_and_say_so(corpus: Corpus) -> None:
    answer = corpus.ask("Which factory was stripped?", filters=Filters(publisher="Nobody"))
    assert (answer.outcome, answer.searched, answer.passages) == ("none", 0, ())
    assert answer.unsearched.startswith("No document has the publisher “Nobody”: there is “")


@pytest.mark.models
def test_an_empty_library_answers_none(tmp_path: Path) -> None:
    with Corpus.open(tmp_path / "library") as empty:
        answer = empty.ask("Which factory was stripped of its metal?")
    assert (answer.outcome, answer.searched) == ("none", 0)
    assert answer.unsearched.startswith("The library is empty.")


@pytest.mark.models
def test_the_same_question_has_the_same_answer_also_from_many_threads(corpus: Corpus) -> None:
    def asked(question: str) -> Answer:
        return corpus.ask(question)

    questions = ["Who are Unit 8?", "When did famine spread?", "What was carried?", "Why did it fail?"]
    one_by_one = [shown(asked(question)) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        at_once = [shown(answer) for answer in pool.map(asked, questions * 3)]
    assert at_once == one_by_one * 3


def shown(answer: Answer) -> list[tuple[int, int, float]]:
    return [(quote.start, quote.end, quote.score) for quote in answer.quotes]


@pytest.mark.models
@pytest.mark.parametrize("question", ["Who?", "tell me something", "When was that?"])
def test_a_question_that_names_nothing_is_not_answered_and_told_why(corpus: Corpus, question: str) -> None:
    answer = corpus.ask(question)
    assert answer.outcome != "answered"
    assert answer.notes == ("The question has no words to search for: say what it is about.",)


@pytest.mark.models
@pytest.mark.parametrize("question", ['"nickel"', 'Who carried "nickel" to the border?', '"zinc"'])
def test_passages_come_from_many_documents_whatever_a_phrase_restricts_quotes_to(
    tmp_path: Path, question: str
) -> None:
    write(tmp_path, "a.txt", "Traders carried nickel to the border.\n")
    for number in range(24):
        write(tmp_path / "more", f"{number}.txt", f"A note of {number} words on the border.\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "more")
        answer = corpus.ask(question)
    assert {quote.document.id for quote in answer.quotes} <= {"a.txt"} or answer.outcome != "answered"
    ranked = [passage.document_id for passage in answer.passages]
    assert len(set(ranked)) >= 20
    assert len(ranked) == len({(passage.document_id, passage.start) for passage in answer.passages})
    scores = [passage.score for passage in answer.passages]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.models
def test_a_document_that_is_replaced_while_a_question_runs_is_quoted_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "a.txt", "Kim was arrested in Hyesan in March. The police said so.\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(path)
        copies = corpus.store.copies

        def replacing(*arguments: object) -> dict[str, dict[str, float]]:
            found = copies(*arguments)
            if "false" not in path.read_text():
                write(
                    tmp_path, "a.txt", "It is false that the police ever said so. Kim was arrested in May.\n"
                )
                corpus.index(path)
            return found

        monkeypatch.setattr(corpus.store, "copies", replacing)
        answer = corpus.ask("When was Kim arrested?")
    assert "Kim was arrested in May." in [quote.text for quote in answer.quotes]
    assert {quote.text for quote in answer.quotes} <= {
        "It is false that the police ever said so.",
        "Kim was arrested in May.",
    }


@pytest.mark.models
def test_a_passage_that_is_removed_while_a_question_runs_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.txt", "The works in Hyesan were stripped of copper.\n")
    write(tmp_path, "b.txt", "The works in Musan were stripped of nickel.\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        bm25 = corpus.store.matching

        def removing(queries: list[list[str]], k: int, selection: Selection) -> list[list[tuple[Hit, float]]]:
            found = bm25(queries, k, selection)
            if len(corpus.documents()) == 2:
                corpus.remove(["b.txt"])
            return found

        monkeypatch.setattr(corpus.store, "matching", removing)
        answer = corpus.ask("Which works were stripped?")
    assert {quote.document.id for quote in answer.quotes} <= {"a.txt"}


@pytest.mark.models
def test_what_goes_wrong_is_an_error_and_never_no_answer(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LibraryError("the library is damaged")

    monkeypatch.setattr(corpus.store, "select", broken)
    answer = answer_or_error(Answerer(corpus.store, open_reader()), "Which factory was stripped?")
    assert answer.outcome == "error"
    assert answer.error
    assert (answer.error.code, answer.error.message) == ("library", "the library is damaged")


_WIRE = """Guards at the Kapsan crossing seized eleven lorries of scrap copper on 3 March, two drivers said.

The lorries had come from the closed mine at Komdok, and their papers named a state trading company.

An official of the province said that “not one bolt” of the mine would leave the country again.
"""
_CALLS = 16


@pytest.fixture(scope="module", params=[5, 40])
def copied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A story in so many outlets, one of which tells it otherwise, among documents on other things."""
    folder = tmp_path_factory.mktemp("calls")
    records = [
        {
            "_id": f"wire-{number}",
            "title": f"Copper ({number})",
            "publisher": f"Outlet {number}",
            "date": f"2008-03-{1 + number % 28:02}",
            "text": (_WIRE if number else _WIRE.replace("eleven", "twelve")) + words(1),
        }
        for number in range(request.param)
    ]
    records += [{"_id": f"other-{number}", "text": words(number)} for number in range(2, 32)]
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(write(folder, "records.jsonl", "\n".join(map(json.dumps, records))))
        yield corpus


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "history", "quoted"),
    [
        ("How many lorries of scrap copper were seized at the Kapsan crossing?", (), "seized"),
        ("Who seized lorries of scrap copper at the crossing in March 2008?", (), "seized"),
        ("And what was seized there?", ("What did guards do at the Kapsan crossing?",), "seized"),
        ("“not one bolt”", (), "not one bolt"),
        ("Which official said “not one bolt” of the mine would leave the country?", (), "not one bolt"),
    ],
)
def test_a_question_asks_the_library_a_handful_of_times_whatever_is_quoted(
    copied: Corpus, question: str, history: tuple[str, ...], quoted: str
) -> None:
    library = Recorded(copied.store)
    answer = Answerer(library, TinyReader()).ask(question, history)
    copies = copied.store.count().documents - 30
    quote = next(quote for quote in answer.quotes if quoted in quote.text)
    assert len(quote.copies) >= copies - 2
    calls = [name for name, _ in library.calls]
    assert len(calls) <= _CALLS, calls
    assert calls.count("copies") <= 2


def test_what_an_exact_answer_leans_on_is_said_and_its_time_is_preferred(copied: Corpus) -> None:
    answer = Answerer(copied.store, TinyReader()).ask(
        "And “Komdok”?", ["What was seized since 20 March 2008?"]
    )
    assert answer.interpreted_question.startswith("And “Komdok”? (")
    assert answer.preference
    assert answer.preference.since == dt.date(2008, 3, 20)
    assert answer.outcome == "answered"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A story among documents on other things."""
    folder = tmp_path_factory.mktemp("followups")
    records = [{"_id": "wire", "text": _WIRE}]
    records += [{"_id": f"other-{number}", "text": words(number)} for number in range(2, 12)]
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(write(folder, "records.jsonl", "\n".join(map(json.dumps, records))))
        yield corpus


ON_OTHERS = ["Which word5 is word7 of word9?", "And why?", "Wer ist word11?"]
ON_THIS = ["Which lorries of scrap copper did guards seize at the Kapsan crossing?"]


@pytest.mark.parametrize(
    "question",
    [
        "How many lorries were seized?",
        "drivers",
        "Which drivers quarrelled overnight?",
        "What happened in 2024?",
    ],
)
def test_a_question_that_stands_alone_is_answered_after_others_as_in_a_fresh_conversation(
    wire: Corpus, question: str
) -> None:
    answerer = Answerer(wire.store, TinyReader())
    fresh, after = (answerer.ask(question, history) for history in ((), ON_OTHERS))
    assert replace(after, milliseconds=fresh.milliseconds) == fresh
    assert not after.carried


def test_a_question_that_only_the_conversation_answers_is_read_in_it_and_says_so(wire: Corpus) -> None:
    answerer = Answerer(wire.store, TinyReader())
    question = "drivers quarrelled overnight"
    assert answerer.ask(question).outcome == "weak"
    answer = answerer.ask(question, ON_THIS)
    assert answer.outcome == "answered"
    assert answer.carried == ("lorries", "scrap", "copper", "guards", "seize", "Kapsan", "crossing")
    assert answer.interpreted_question == f"{question} ({', '.join(answer.carried)})"
    assert answer.notes[0].startswith("The question alone has no answer")


def test_the_words_carried_are_those_of_the_last_question_on_the_subject(wire: Corpus) -> None:
    answerer = Answerer(wire.store, TinyReader())
    answer = answerer.ask("drivers quarrelled overnight", [*ON_OTHERS[:1], *ON_THIS, *ON_OTHERS[:1]])
    assert answer.carried == ("lorries", "scrap", "copper", "guards", "seize", "Kapsan", "crossing")


def test_a_brief_question_is_read_after_the_last_one_on_its_subject(wire: Corpus) -> None:
    answerer = Answerer(wire.store, TinyReader())
    assert not answerer.ask("drivers", ON_OTHERS).carried
    assert answerer.ask("drivers", ON_THIS).carried


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("towns")
    records = [
        {
            "_id": "weir",
            "text": "The owner of the Ulmbach weir is the Kestner family. The weir was built of oak.",
        },
        {
            "_id": "theatre",
            "text": "The theatre has nine hundred seats. The theatre curtain was sewed by nuns.",
        },
    ]
    records += [{"_id": f"other-{number}", "text": words(number)} for number in range(2, 12)]
    with tiny_corpus(folder / "library") as corpus:
        corpus.index(write(folder, "records.jsonl", "\n".join(map(json.dumps, records))))
        yield corpus


ON_WEIR = "Who is the owner of the Ulmbach weir?"


def test_a_question_that_names_its_own_thing_is_asked_without_the_topic_before(towns: Corpus) -> None:
    answer = Answerer(towns.store, TinyReader()).ask("and what about the theatre?", [ON_WEIR])
    assert answer.outcome == "answered"
    assert [quote.document.id for quote in answer.quotes] == ["theatre"]
    assert (answer.carried, answer.read_with) == ((), ())


def test_a_question_that_needs_a_topic_is_asked_with_the_last_alone(towns: Corpus) -> None:
    history = ["Who is the warden of the Dornach quarry lighthouse?", "and what about the theatre?"]
    answer = Answerer(towns.store, TinyReader()).ask("Who sewed it?", history)
    assert (answer.outcome, answer.quotes[0].document.id) == ("answered", "theatre")
    assert answer.carried == ("theatre",)
    assert answer.read_with == ("and what about the theatre?",)


def test_how_a_follow_up_was_read_is_said_in_a_sentence(towns: Corpus) -> None:
    answer = Answerer(towns.store, TinyReader()).ask("And of what was it built?", [ON_WEIR])
    assert answer.carried
    assert how_read(answer) == f"Read together with “{ON_WEIR}”"
    assert answer.to_dict()["read_with"] == [ON_WEIR]


def test_asking_again_ends_when_it_is_cancelled(towns: Corpus) -> None:
    deadline = Deadline()

    class Cancelling(TinyReader):
        def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
            deadline.cancel()
            return super().read(question, windows, retrieved)

    with pytest.raises(CancelledError):
        Answerer(towns.store, Cancelling()).ask("and what about the zebra?", [ON_WEIR], deadline=deadline)


def test_the_earlier_questions_are_looked_for_once(wire: Corpus) -> None:
    library = Recorded(wire.store)
    answer = Answerer(library, TinyReader()).ask("zebra giraffe", ON_OTHERS[:1])
    assert answer.outcome != "answered"
    encoded = [arguments[0] for name, arguments in library.calls if name == "encode_queries"]
    assert encoded.count(ON_OTHERS[:1]) == 1


def test_a_follow_up_in_an_empty_library_is_no_error(tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        answer = Answerer(corpus.store, TinyReader()).ask("drivers", ON_THIS)
    assert answer.unsearched
