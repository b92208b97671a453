"""Counts for Prometheus, at an address of their own: questions, times, the queue and the library. No words.

Whoever can reach the address sees all numbers, and needs no token.
"""

from __future__ import annotations

import logging
import threading
from concurrent import futures
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from qa import __version__
from qa.errors import AddressError, LibraryError, PullquoteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from qa.corpus import Corpus
    from qa.schema import Answer
    from qa.web.engine import Engine

# Upper limits of the times that are counted together, in seconds. A question may take 30 seconds.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PATIENCE = 3.0  # seconds to wait for the library's database. Prometheus waits for ten seconds.
log = logging.getLogger(__name__)


class Metrics:
    """The counts of an engine's answers and errors from now on, and its state at each request for them."""

    def __init__(self, engine: Engine) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "pullquote_answers", "Answers by outcome.", ["outcome"], registry=self.registry
        )
        self._errors = Counter(
            "pullquote_errors", "Questions without an answer, by error.", ["code"], registry=self.registry
        )
        self._seconds = Histogram(
            "pullquote_stage_seconds",
            "Wall time of a stage of an answer.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._engine = engine
        self._lock, self._counting = threading.Lock(), futures.Future[_Counted]()
        self._counting.set_exception(LibraryError("the library was not counted yet"))
        engine.ended = self._count
        self.registry.register(self)

    def _count(self, ended: Answer | Exception) -> None:
        """Count a question that ended with an answer or an error."""
        if isinstance(ended, Exception):
            code = ended.code if isinstance(ended, PullquoteError) else "internal"
            self._errors.labels(code).inc()
            return
        self._answers.labels(ended.outcome).inc()
        for stage, milliseconds in asdict(ended.milliseconds).items():
            self._seconds.labels(stage).observe(milliseconds / 1000)

    def collect(self) -> Iterator[Metric]:
        """Yield the state of the queue and of the library. Prometheus calls this at each request."""
        engine = self._engine
        asking = engine.asking
        yield InfoMetricFamily("pullquote", "The version.", {"version": __version__})
        is_ready = engine.state.stage == "ready"
        yield GaugeMetricFamily("pullquote_ready", "Whether questions can be answered.", is_ready)
        yield GaugeMetricFamily("pullquote_questions_running", "Questions being answered.", asking.running)
        yield GaugeMetricFamily("pullquote_questions_waiting", "Questions that wait.", asking.waiting)
        yield CounterMetricFamily("pullquote_refusals", "Questions refused at once.", asking.refused)
        if is_ready:
            yield from _about_library(self._counted())

    def _counted(self) -> _Counted | None:
        """Return the size of the library, or None if its database does not answer in time.

        One thread at a time asks the database, however many requests wait.
        """
        with self._lock:
            if self._counting.done():
                self._counting = futures.Future()
                arguments = (self._engine.corpus, self._counting)
                threading.Thread(target=_count_library, args=arguments, daemon=True).start()
            counting = self._counting
        try:
            return counting.result(timeout=_PATIENCE)
        except (PullquoteError, futures.TimeoutError):
            return None
        except Exception:  # the other counts must come
            log.exception("the library could not be counted")
            return None

    @contextmanager
    def serving(self, address: str) -> Iterator[str]:
        """Serve the counts at `HOST:PORT`, in a thread, until the block ends. Yield their URL.

        Raises:
            AddressError: the address cannot be used.
        """
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        if not host or not port.isdecimal():
            raise AddressError(f"--metrics takes an address such as 127.0.0.1:9464, not {address!r}")
        try:
            server, thread = start_http_server(int(port), host, registry=self.registry)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise AddressError(
                f"cannot serve the metrics at {address}: {reason}; name another address with --metrics"
            ) from error
        try:
            shown = f"[{host}]" if ":" in host else host
            yield f"http://{shown}:{server.server_port}/metrics"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Counted(NamedTuple):
    """The size of a library, its changes so far, and the passages that its index must still take."""

    documents: int
    passages: int
    generation: int
    waiting: int


def _count_library(corpus: Corpus, counting: futures.Future[_Counted]) -> None:
    try:
        store = corpus.store
        held = store.count()
        counting.set_result(_Counted(held.documents, held.passages, store.generation, store.waiting()))
    except Exception as error:  # whoever waits gets it
        counting.set_exception(error)


def _about_library(counted: _Counted | None) -> Iterator[Metric]:
    """Yield whether the library's database answers, and the size of the library."""
    yield GaugeMetricFamily("pullquote_library_up", "Whether the library can be read.", counted is not None)
    if counted is None:
        return
    yield GaugeMetricFamily("pullquote_documents", "Documents in the library.", counted.documents)
    yield GaugeMetricFamily("pullquote_passages", "Passages in the library.", counted.passages)
    yield GaugeMetricFamily("pullquote_generation", "Changes of the library so far.", counted.generation)
    yield GaugeMetricFamily(
        "pullquote_index_waiting",
        "Passages that an index on a server must still add or delete.",
        counted.waiting,
    )
