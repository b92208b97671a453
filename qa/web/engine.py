"""Opens the library and the models in the background, and answers once they are there.

The page is up before anything heavy is loaded; until then questions wait here, and `state` says how far
things have come.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qa.asking.confidence import STRICTNESS
from qa.deadline import Deadline
from qa.errors import LibraryNotFoundError, NotReadyError, PullquoteError, ReadOnlyServerError
from qa.places import ClusterPlace, folder_of
from qa.quoting.render import info_to_dict
from qa.schema import EVERYTHING, Failure
from qa.web.problem import without_commands, without_desk, without_folders, without_milvus
from qa.web.running import Running
from qa.web.shown import Answers
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.places import LibraryPlace
    from qa.schema import Answer, Dates, DocumentInfo, Filters, Progress, Turn

Stage = Literal["library", "index", "models", "ready", "failed"]
DEADLINE = 30.0  # seconds that an answer may take
SOON = 5.0  # seconds within which a question is answered, by what others took lately, or else refused
_ASKED_AT_ONCE = 4
_VERIFIED_AT_ONCE = 2
_PATIENCE = 0.5  # seconds between looks at whether a question that waits is still wanted
STOPPED = "stopped"  # the code of the failure that an engine ends with
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How far the start has come. `total` is 0 while unknown; `name` is what is being read or loaded."""

    stage: Stage = "library"
    done: int = 0
    total: int = 0
    name: str = ""
    error: Failure | None = None


@dataclass(slots=True)
class Engine:
    """A library that opens itself: `start`, then `ask`.

    A library that does not exist yet is made and filled with `shipped`, and `say` is told; unless it `makes`
    any, the start fails. `state` is replaced, never changed, so that any thread may read it. `answers` are
    those shown lately, to be judged; `running` are the page's questions that are being answered. Questions
    are answered in the threads `asking`, and texts verified in those of `verifying`. `strictness`
    holds for questions that come without one; `reader` reads
    the passages. An answer may take `seconds`, those not counted in which the library and the models are
    opened. Where not `may_change`, questions are answered and documents read, and nothing that a person keeps
    is changed or shown: documents, thumbs and history.
    """

    library: LibraryPlace
    shipped: Path
    say: Callable[[str], None] = log.info
    strictness: float = STRICTNESS
    reader: str | None = None
    seconds: float = DEADLINE
    may_change: bool = True
    makes: bool = True
    state: State = field(default_factory=State)
    answers: Answers = field(default_factory=Answers)
    running: Running = field(default_factory=Running)
    asking: Threads = field(default_factory=lambda: Threads(_ASKED_AT_ONCE, seconds=SOON))
    verifying: Threads = field(default_factory=lambda: Threads(_VERIFIED_AT_ONCE, seconds=DEADLINE))
    _corpus: Corpus | None = None
    _opened: threading.Event = field(default_factory=threading.Event)
    _settled: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to load, on a thread that never holds the process up."""
        threading.Thread(target=self._load, name="pullquote-load", daemon=True).start()

    def stop(self) -> None:
        """Let go of waiting questions and of the library."""
        ready = self.state.stage == "ready"
        self._settle(State("failed", error=Failure(STOPPED, "Pullquote is stopping.")))
        if ready:  # until then the library belongs to the thread that loads
            self.corpus.close()

    def settled(self) -> State:
        """Wait until questions can be answered, or never will be."""
        self._settled.wait()
        return self.state

    @property
    def corpus(self) -> Corpus:
        """The open library; it can be read before questions can be answered.

        Raises:
            NotReadyError: while it is being opened, and for good when that failed.
        """
        if self._corpus is None:
            raise self._not_ready()
        return self._corpus

    def wait_for_library(self) -> None:
        """Wait until the library can be read, or never will be; that is before questions can be answered."""
        self._opened.wait()

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        filters: Filters = EVERYTHING,
        strictness: float | None = None,
        dates: Dates = "auto",
        *,
        wait: bool = False,
        find_all: bool = False,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Answer, or with `wait` hold the question until that is possible.

        Raises:
            NotReadyError: when there is nothing to answer with (yet).
            DeadlineError: when the time is up: that of the `deadline`, or else `seconds` from now.
            PullquoteError: whatever the answerer raises.
        """
        deadline = deadline or self.deadline()
        if wait and not self._settled.is_set():
            while not self._settled.wait(_PATIENCE):
                deadline.raise_if_cancelled()
            deadline.restart()
        self.check_ready()
        asked = self.strictness if strictness is None else strictness
        return self.corpus.ask(question, history, filters, asked, dates, find_all=find_all, deadline=deadline)

    def check_ready(self) -> None:
        """Refuse while questions cannot be answered.

        Raises:
            NotReadyError: there is nothing to answer with (yet).
        """
        if self.state.stage != "ready":
            raise self._not_ready()

    def check_may_change(self) -> None:
        """Refuse where nothing may be changed.

        Raises:
            ReadOnlyServerError: others can reach the server, and it was not started with --allow-changes.
        """
        if not self.may_change:
            raise ReadOnlyServerError(
                "this server only answers questions: others can reach it, and it was not started so that "
                "they may change anything. Whoever runs it can start it with --allow-changes"
            )

    def deadline(self) -> Deadline:
        """Start the clock for one question."""
        return Deadline(self.seconds)

    def public(self, message: str) -> str:
        """Return the message as a page shows it: without folders, and without what is typed at a terminal."""
        if isinstance(self.library, ClusterPlace):
            message = without_milvus(message, str(self.library))
            if isinstance(self.library.desk, str):
                message = without_desk(message, self.library.desk)
        return without_commands(without_folders(message, folder_of(self.library)))

    def describe(self, info: DocumentInfo) -> dict[str, Any]:
        """Return what is known of a document, without where on this machine it was read."""
        known = info_to_dict(info)
        del known["path"], known["locations"]
        return known | {"notes": list(map(self.public, known["notes"]))}

    def _not_ready(self) -> NotReadyError:
        failure = self.state.error
        if failure is None:
            return NotReadyError("Pullquote is still starting; ask again in a moment")
        error = NotReadyError(failure.message)
        error.code = failure.code
        return error

    def _load(self) -> None:
        try:
            self._open()
        except PullquoteError as error:
            self._settle(State("failed", error=Failure(error.code, str(error))))
        except Exception as error:  # the thread's outermost border: without it the page would wait for ever
            log.exception("could not start")
            self._settle(State("failed", error=Failure("internal", f"Pullquote could not start: {error}")))

    def _open(self) -> None:
        from qa.corpus import Corpus

        try:
            corpus = Corpus.open(self.library, create=False, reader=self.reader)
        except LibraryNotFoundError:
            if not self.makes:
                raise
            corpus = Corpus.open(self.library, reader=self.reader)
        # Nothing was ever put in, or the first start was cut short.
        if self.makes and corpus.store.generation == 0:
            self.say(f"No library in {self.library} yet: indexing the sample brief")
            self.state = State("index")
            report = corpus.index(self.shipped, progress=self._report)
            for refused in (result for result in report.files if result.error is not None):
                log.warning("not indexed: %s", refused.error)
        self._corpus = corpus
        self._opened.set()
        self.state = State("models")
        corpus.warm(progress=self._report)
        self._settle(State("ready"))

    def _report(self, progress: Progress) -> None:
        stage: Stage = "models" if progress.stage == "model" else "index"
        self.state = State(stage, progress.done, progress.total, progress.name)

    def _settle(self, state: State) -> None:
        self.state = state
        self._opened.set()
        self._settled.set()
