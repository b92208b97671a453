"""Documents in other scripts beside English ones: what cannot be judged changes nothing of what can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.schema import Filters
from qa.text.terms import is_latin
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.schema import Answer

BRIEF = ROOT / "seeds"
NEWS = ROOT / "tests/suites/news"

KOREAN = "양강도 갑산군과 혜산시를 잇는 도로에서 고철 6.5톤을 싣고 가던 밀수꾼들이 체포되었다."
RUSSIAN = "Пограничники задержали шестерых жителей с ломом цветных металлов у реки Ялу."
MUCH_KOREAN = [
    "소식통은 “중앙에서 단속 지시가 내려왔다.”고 말했다.",
    "비료공장에는 벽만 남았고, 국경경비대는 압록강을 건너는 사람들을 지켜보고 있다.",
    "2008년 3월에 가격은 두 배로 올랐다.",
    "교량의 사용 정지와 제한이 가해질 수 있다고 현장 관리자는 밝혔다.",
    "주민들은 시장에서 쌀과 옥수수를 사고팔았다.",
    "DPRK 당국은 밀수를 막기 위해 공개 처형까지 하였다.",
    "그들은 뇌물을 받았다.",
    "인공위성은 4월에 발사되었다.",
]
MIXED = (
    "The market at Onsong opened in May. 온성 시장은 오월에 문을 열었다. 상인들은 세금을 내야 했다.\n\n"
    "상인 리씨는 세금이 너무 높다고 말했다. The head of the market, Ri Chol, bought three trucks in June. "
    "트럭은 중국에서 왔다.\n"
)
OFF_TOPIC = [
    "Who won the football World Cup in 2006?",
    "How do I bake sourdough bread?",
    "What is the capital of Australia?",
    "Which element has the atomic number 79?",
    "Who painted the ceiling of the Sistine Chapel?",
    "When did the Titanic sink?",
    "How many players are in a rugby team?",
    "What causes the northern lights?",
    "Who wrote Pride and Prejudice?",
    "Which planet has the most moons?",
    "How tall is the Eiffel Tower?",
    "What is the best treatment for migraine?",
    "Who invented the telephone?",
    "How long does it take to learn the violin?",
    "Which breed of dog is the smallest?",
    "What is the boiling point of ethanol?",
    "When was the first email sent?",
    "Who directed the film Vertigo?",
    "How are pearls formed?",
    "Which vitamins are in oranges?",
    "What is the plot of Hamlet?",
    "Who discovered penicillin?",
]
WHICH = [f"news-{number:02}" for number in range(1, 10)]


def _on_topic() -> list[str]:
    queries = [json.loads(line) for line in (NEWS / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    news = [each["text"] for each in queries if each["answerable"] and each.get("doc") in WHICH]
    return [*news[:20], "Who is looking into the illicit trade?", "Which factory was stripped of its metal?"]


def _library(folder: Path, extra: dict[str, str]) -> Corpus:
    docs = folder / "docs"
    docs.mkdir()
    records = (NEWS / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    (docs / "news.jsonl").write_text(
        "\n".join(line for line in records if json.loads(line)["_id"] in WHICH), encoding="utf-8"
    )
    for path in BRIEF.iterdir():
        (docs / path.name).write_bytes(path.read_bytes())
    for name, text in extra.items():
        (docs / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    corpus = Corpus.open(folder / "library")
    corpus.index(docs)
    return corpus


def _seen(answer: Answer) -> tuple[object, ...]:
    """What a reader sees first: the outcome, whether it is judged, and the first quote."""
    first = answer.quotes[0].text if answer.quotes else ""
    return answer.outcome, answer.calibrated, first


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """The answers without any foreign document."""
    with _library(tmp_path_factory.mktemp("alone"), {}) as corpus:
        yield {question: corpus.ask(question) for question in (*OFF_TOPIC, *_on_topic())}


@pytest.mark.day
@pytest.mark.models
@pytest.mark.parametrize(
    "extra",
    [
        {"ko": KOREAN, "ru": RUSSIAN},
        {f"ko-{number}": text for number, text in enumerate(MUCH_KOREAN * 8)} | {"ru": RUSSIAN},
        {"long": "\n\n".join(" ".join(MUCH_KOREAN) for _ in range(60))},
    ],
    ids=["a Korean and a Russian sentence", "many Korean documents", "a long Korean document"],
)
def test_documents_in_other_scripts_change_no_english_answer(
    alone: dict[str, Answer], tmp_path: Path, extra: dict[str, str]
) -> None:
    with _library(tmp_path, extra) as corpus:
        for question, before in alone.items():
            after = corpus.ask(question)
            assert _seen(after) == _seen(before), question
            assert after.confidence == pytest.approx(before.confidence, abs=0.02), question
        assert sum(answer.outcome == "none" for answer in alone.values()) >= 15
        assert sum(answer.outcome == "answered" for answer in alone.values()) >= 15


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A few English, Korean and mixed texts."""
    folder = tmp_path_factory.mktemp("mixed")
    texts = {"ko": " ".join(MUCH_KOREAN), "mixed": MIXED, "en": "The ferry to Onsong sank on 4 April 2008."}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(*(folder / f"{name}.txt" for name in texts))
        yield corpus


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("Who bought three trucks in June?", "bought three trucks"),
        ("When did the market at Onsong open?", "opened in May"),
        ("When did the ferry sink?", "4 April 2008"),
    ],
)
def test_what_is_in_english_beside_korean_is_judged_as_ever(
    mixed: Corpus, question: str, quoted: str
) -> None:
    answer = mixed.ask(question)
    assert (answer.outcome, answer.calibrated) == ("answered", True)
    assert quoted in answer.quotes[0].text
    assert all(is_latin(quote.text) for quote in answer.quotes)


@pytest.mark.models
def test_a_korean_sentence_is_shown_where_it_holds_what_is_looked_for_and_nothing_english_comes_near(
    mixed: Corpus,
) -> None:
    answer = mixed.ask("satellite of the DPRK")
    assert (answer.outcome, answer.calibrated, answer.confidence) == ("weak", False, 0)
    assert any("DPRK" in quote.text for quote in answer.quotes)
    assert any("knows only English" in note for note in answer.notes)
    for question in ("How are pearls formed?", "Who discovered penicillin?"):
        answer = mixed.ask(question)
        assert all(is_latin(quote.text) for quote in answer.quotes)
        assert answer.calibrated


@pytest.mark.models
@pytest.mark.parametrize(
    "question", ["압록강을 건너는 사람들을 누가 지켜보고 있는가?", "Who guards the 압록강?"]
)
def test_a_korean_question_is_shown_sentences_and_not_judged(mixed: Corpus, question: str) -> None:
    answer = mixed.ask(question)
    assert (answer.outcome, answer.calibrated, answer.confidence) == ("weak", False, 0)
    assert answer.quotes


@pytest.mark.models
def test_of_documents_in_another_script_alone_it_is_not_said_that_they_do_not_state_it(
    mixed: Corpus,
) -> None:
    answer = mixed.ask("How are pearls formed?", filters=Filters(document=("ko.txt",)))
    assert (answer.outcome, answer.calibrated, answer.quotes) == ("none", False, ())
    assert any("knows only English" in note for note in answer.notes)
