"""Counts for Prometheus, at an address of their own: questions, times, the queue and the library. No words.

Whoever can reach the address sees all numbers, and needs no token.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from qa import __version__
from qa.errors import AddressError, PullquoteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from qa.schema import Answer
    from qa.web.engine import Engine

# Upper limits of the times that are counted together, in seconds. A question may take 30 seconds.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counts of an engine's answers and errors from now on, and its state at each request for them."""

    def __init__(self, engine: Engine) -> None:
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
        engine.ended = self._count
        self.registry.register(self)

    def _count(self, ended: Answer | PullquoteError) -> None:
        """Count a question that ended with an answer or an error."""
        if isinstance(ended, PullquoteError):
            self._errors.labels(ended.code).inc()
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
            yield from _library(engine)

    @contextmanager
    def serving(self, address: str) -> Iterator[str]:
        """Serve the counts at `HOST:PORT`, in a thread, until the block ends. Yield their URL.

        Raises:
            AddressError: the address cannot be used.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise AddressError(f"--metrics takes an address such as 127.0.0.1:9464, not {address!r}")
        try:
            server, thread = start_http_server(int(port), host.strip("[]"), registry=self.registry)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise AddressError(
                f"cannot serve the metrics at {address}: {reason}; name another address with --metrics"
            ) from error
        try:
            yield f"http://{host}:{server.server_port}/metrics"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _library(engine: Engine) -> Iterator[Metric]:
    """Yield the size of the library, and whether its database answers."""
    store = engine.corpus.store
    try:
        held, generation, waiting = store.count(), store.generation, store.waiting()
    except PullquoteError:
        yield GaugeMetricFamily("pullquote_library_up", "Whether the library can be read.", 0)
        return
    yield GaugeMetricFamily("pullquote_library_up", "Whether the library can be read.", 1)
    yield GaugeMetricFamily("pullquote_documents", "Documents in the library.", held.documents)
    yield GaugeMetricFamily("pullquote_passages", "Passages in the library.", held.passages)
    yield GaugeMetricFamily("pullquote_generation", "Changes of the library so far.", generation)
    yield GaugeMetricFamily(
        "pullquote_index_waiting", "Passages that an index on a server must still add or delete.", waiting
    )
