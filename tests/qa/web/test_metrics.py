"""Counts for Prometheus: what was asked and refused, how long it took, and the library; nobody's words."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from qa.deadline import Deadline
from qa.errors import AddressError, LibraryError, PullquoteError
from qa.web import metrics
from qa.web.metrics import Metrics
from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.web.engine import Engine

ANYWHERE = "127.0.0.1:0"


def samples(url: str) -> dict[str, float]:
    """Ask for the counts, by name and label."""
    families = text_string_to_metric_families(httpx.get(url).text)
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def broken(*_: object, **__: object) -> None:
    raise ValueError("broken")


def test_answers_errors_times_and_the_library_are_counted(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.corpus.index(write(tmp_path, "note.txt", "The harbour of Zarnow has four berths. " * 9))
    with Metrics(engine).serving(ANYWHERE) as url:
        assert samples(url)["pullquote_passages"] == engine.corpus.store.count().passages > 0
        outcomes = [engine.ask(question).outcome for question in ("Who runs Zarnow?", "Hello!", "Berths?")]
        cancelled = Deadline(9)
        cancelled.cancel()
        with suppress(PullquoteError):
            engine.ask("Who runs Zarnow?", deadline=cancelled)
        monkeypatch.setattr(engine.corpus, "ask_with", broken)
        with suppress(ValueError):
            engine.ask("Who runs Zarnow?")
        counted = samples(url)
        for outcome in set(outcomes):
            assert counted[f"pullquote_answers_total {outcome}"] == outcomes.count(outcome)
        assert counted["pullquote_errors_total cancelled"] == counted["pullquote_errors_total internal"] == 1
        assert counted["pullquote_stage_seconds_count total"] == 3
        assert (
            counted["pullquote_documents"]
            == counted["pullquote_ready"]
            == counted["pullquote_library_up"]
            == 1
        )
        assert counted["pullquote_questions_waiting"] == counted["pullquote_refusals_total"] == 0
        assert not [name for name in counted if "zarnow" in name.casefold() or "_created" in name]
    with pytest.raises(httpx.ConnectError):
        samples(url)


def test_a_library_that_cannot_be_read_is_down_and_the_other_counts_come(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise LibraryError("away")

    with Metrics(engine).serving(ANYWHERE) as url:
        monkeypatch.setattr(engine.corpus.store, "count", away)
        counted = samples(url)
    assert counted["pullquote_library_up"] == 0
    assert counted["pullquote_ready"] == 1
    assert "pullquote_documents" not in counted


def test_a_library_that_does_not_answer_is_down_and_is_asked_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, thawed, count = list[int](), threading.Event(), engine.corpus.store.count

    def frozen() -> object:
        asked.append(1)
        thawed.wait(60)
        return count()

    monkeypatch.setattr(metrics, "_PATIENCE", 0.2)
    with Metrics(engine).serving(ANYWHERE) as url:
        monkeypatch.setattr(engine.corpus.store, "count", frozen)
        assert [samples(url)["pullquote_library_up"] for _ in range(2)] == [0, 0]
        assert len(asked) == 1
        thawed.set()
        monkeypatch.setattr(metrics, "_PATIENCE", 60)
        assert samples(url)["pullquote_library_up"] == 1


def test_a_defect_in_counting_is_logged_and_the_other_counts_come(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine.corpus.store, "count", broken)
    with Metrics(engine).serving(ANYWHERE) as url:
        assert samples(url)["pullquote_library_up"] == 0
    assert [record.exc_info is not None for record in caplog.records] == [True]


@pytest.mark.parametrize(
    "address", ["a..b:1", "9464", "", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:99999", "nowhere.invalid:1"]
)
def test_an_address_that_cannot_be_used_is_named(engine: Engine, address: str) -> None:
    with pytest.raises(AddressError, match="metrics"), Metrics(engine).serving(address):
        pass


def test_a_port_in_use_is_named(engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        address = f"127.0.0.1:{used.getsockname()[1]}"
        with pytest.raises(AddressError, match="in use"), Metrics(engine).serving(address):
            pass
