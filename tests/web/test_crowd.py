"""What is left to one client while another attacks: real servers, and addresses of 127.0.0.0/8.

The bounds are generous; `python -m benchmarks.crowd` measures.
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from benchmarks.crowd import ATTACKER, ATTACKS, OTHER, Client, attacked
from qa import Corpus
from qa.evaluation import suite
from tests.conftest import ROOT
from tests.web.chatting import Server, chat

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.day,
    pytest.mark.models,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all addresses of 127.0.0.0/8"),
]
NEWS = ROOT / "tests" / "suites" / "news"
ROUNDS = 2
LIST_SECONDS, QUESTION_SECONDS, FILE_SECONDS = 10, 20, 20


@pytest.fixture(scope="module")
def questions() -> list[str]:
    return [query.text for query in suite.load(NEWS).queries]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat over documents of which a question takes longer than of one brief."""
    library = tmp_path_factory.mktemp("crowd") / "library"
    with Corpus.open(library) as corpus:
        corpus.index(NEWS / "corpus.jsonl")
    with chat(library) as server:
        client = Client(server.url, OTHER)
        while client.status("/api/v1/health")[0] != "200":
            pass
        yield server


def test_of_160_questions_at_once_those_beyond_what_can_be_done_soon_are_refused(
    crowded: Server, questions: list[str]
) -> None:
    client = Client(crowded.url, ATTACKER)

    def ask(number: int) -> tuple[str, float]:
        return client.status("/api/v1/ask", {"question": questions[number % len(questions)]})

    with ThreadPoolExecutor(160) as crowd:
        replies = list(crowd.map(ask, range(160)))
    statuses = Counter(status for status, _ in replies)
    assert statuses.keys() == {"200", "503"}  # neither reset nor late
    assert statuses["200"] >= 4  # as many as are asked at once
    assert client.open("/api/v1/health").status == 200


@pytest.mark.parametrize("name", ATTACKS)  # the last one keeps the server busy until it ends
def test_an_attack_from_one_address_leaves_another_its_stream_its_lists_and_its_answers(
    crowded: Server, questions: list[str], name: str
) -> None:
    times, ended = attacked(crowded.url, ATTACKS[name], questions, ROUNDS)
    assert not ended
    assert all(each is not None for found in times.values() for each in found)
    slowest = {what: max(each for each in found if each is not None) for what, found in times.items()}
    assert slowest["health"] < LIST_SECONDS
    assert slowest["list"] < LIST_SECONDS
    assert slowest["question"] < QUESTION_SECONDS
    assert slowest["file"] < FILE_SECONDS
