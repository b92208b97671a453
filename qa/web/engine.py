"""Open the library and the models in the background, and answer questions once they are loaded.

The page appears before anything heavy is loaded. Until all is loaded, questions wait here, and `state` says
how far the start has come.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qa.deadline import Deadline
from qa.errors import LibraryNotFoundError, NotReadyError, PullquoteError, ReadOnlyServerError
from qa.places import folder_of
from qa.quoting.render import info_to_dict
from qa.schema import EVERYTHING, STRICTNESS, AskOptions, Failure
from qa.web.problem import without_commands, without_folders, without_servers
from qa.web.running import Running
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.places import LibraryAddress
    from qa.schema import Answer, Dates, DocumentInfo, Filters, Progress, Turn

Stage = Literal["library", "index", "models", "ready", "failed"]
DEADLINE = 30.0  # seconds that an answer may take
# A question is refused if recent questions show that its answer would take more seconds in the mean. Then, 19
# of 20 answers take at most twice as long (`benchmarks.soak`).
SOON = 3.0
_ASKED_AT_ONCE = 4
_VERIFIED_AT_ONCE = 2
_PATIENCE = 0.5  # seconds between two checks whether a waiting question is still wanted
STOPPED = "stopped"  # the failure code of an engine that was stopped
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How far the start has come. `total` is 0 if not known. `name` says what is being read or loaded."""

    stage: Stage = "library"
    done: int = 0
    total: int = 0
    name: str = ""
    error: Failure | None = None


@dataclass(slots=True)
class Engine:
    """A library that opens itself: call `start`, then `ask`.

    A library that does not exist yet is made, with an index at the address `index`, and filled with
    `shipped`, and `say` gets a message about it. If `makes` is false, no library is made, and the start
    fails.

    `state` is replaced, never changed, so that any thread may read it. `running` are the page's questions
    that are being answered. Questions are answered in the threads `asking`, and texts are verified in the
    threads `verifying`. `ended` is called with each answer, and with the error of each question without one.

    `strictness` is for questions that come without a strictness. `reader` reads the passages. An answer may
    take `seconds`, and the time to open the library and the models does not count. If `may_change` is false,
    questions are answered and documents are shown. Then no document can be changed, and thumbs, conversations
    and dossiers are neither changed nor shown.
    """

    library: LibraryAddress
    shipped: Path
    say: Callable[[str], None] = log.info
    strictness: float = STRICTNESS
    reader: str | None = None
    seconds: float = DEADLINE
    may_change: bool = True
    makes: bool = True
    index: str = ""
    state: State = field(default_factory=State)
    running: Running = field(default_factory=Running)
    asking: Threads = field(default_factory=lambda: Threads(_ASKED_AT_ONCE, seconds=SOON))
    verifying: Threads = field(default_factory=lambda: Threads(_VERIFIED_AT_ONCE, seconds=DEADLINE))
    ended: Callable[[Answer | Exception], object] = lambda _: None
    _corpus: Corpus | None = None
    _opened: threading.Event = field(default_factory=threading.Event)
    _settled: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to load, in a thread that never keeps the process from ending."""
        threading.Thread(target=self._load, name="pullquote-load", daemon=True).start()

    def stop(self) -> None:
        """Stop the questions that wait, and close the library."""
        ready = self.state.stage == "ready"
        self._settle(State("failed", error=Failure(STOPPED, "Pullquote is stopping.")))
        if ready:  # until then the library belongs to the thread that loads
            self.corpus.close()

    def settled(self) -> State:
        """Wait until questions can be answered or the start has failed. Return the state."""
        self._settled.wait()
        return self.state

    @property
    def corpus(self) -> Corpus:
        """Return the open library. It can be read before questions can be answered.

        Raises:
            NotReadyError: the library is still being opened, or could not be opened.
        """
        if self._corpus is None:
            raise self._not_ready()
        return self._corpus

    def wait_for_library(self) -> None:
        """Wait until the library can be read or the start has failed.

        The library can be read before questions can be answered.
        """
        self._opened.wait()

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        options: AskOptions | None = None,
        *,
        wait: bool = False,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Answer a question, by default with the server's options.

        With `wait`, first wait until questions can be answered.

        Raises:
            NotReadyError: questions cannot be answered (yet).
            DeadlineError: the time of the `deadline` is up. Without one, the time is `seconds` from now.
            PullquoteError: any error of the answerer.
        """
        deadline = deadline or self.deadline()
        if wait and not self._settled.is_set():
            while not self._settled.wait(_PATIENCE):
                deadline.raise_if_cancelled()
            deadline.restart()
        try:
            self.check_ready()
            answer = self.corpus.ask_with(options or self.options(), question, history, deadline=deadline)
        except Exception as error:
            self.ended(error)
            raise
        self.ended(answer)
        return answer

    def options(
        self,
        filters: Filters = EVERYTHING,
        strictness: float | None = None,
        dates: Dates = "auto",
        *,
        find_all: bool = False,
    ) -> AskOptions:
        """Return the options of a question. Without a strictness, use the server's strictness."""
        return AskOptions(filters, self.strictness if strictness is None else strictness, dates, find_all)

    def check_ready(self) -> None:
        """Raise an error while questions cannot be answered.

        Raises:
            NotReadyError: questions cannot be answered (yet).
        """
        if self.state.stage != "ready":
            raise self._not_ready()

    def check_may_change(self) -> None:
        """Raise an error if changes are not allowed.

        Raises:
            ReadOnlyServerError: others can reach the server, and it was not started with --allow-changes.
        """
        if not self.may_change:
            raise ReadOnlyServerError(
                "this server only answers questions, as others can reach it: to allow changes, "
                "the person who runs it can start it with --allow-changes"
            )

    def deadline(self) -> Deadline:
        """Return a deadline for one question. Its time begins now."""
        return Deadline(self.seconds)

    def public(self, message: str) -> str:
        """Return the message as a page shows it: without servers, folders, and commands for a terminal."""
        message = without_servers(message, self.library)
        return without_commands(without_folders(message, folder_of(self.library)))

    def describe(self, info: DocumentInfo) -> dict[str, Any]:
        """Return the metadata of a document, without its paths on this machine."""
        metadata = info_to_dict(info)
        del metadata["path"], metadata["locations"]
        return metadata | {"notes": list(map(self.public, metadata["notes"]))}

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
        except Exception as error:  # the thread's outermost border: otherwise the page would wait for ever
            log.exception("could not start")
            self._settle(State("failed", error=Failure("internal", f"Pullquote could not start: {error}")))

    def _open(self) -> None:
        """Open the library, or make it from the sample brief, and load the models."""
        from qa.corpus import Corpus
        from qa.storage.open import takes_index

        index = self.index if self.index and takes_index(self.library) else ""
        try:
            corpus = Corpus.open(self.library, create=False, reader=self.reader, index=index)
        except LibraryNotFoundError:
            if not self.makes:
                raise
            corpus = Corpus.open(self.library, reader=self.reader, index=index)
        # The library is new, or the first start was cut short.
        if self.makes and corpus.store.generation == 0:
            self.say(f"There is no library in {self.library} yet: indexing the sample brief")
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
