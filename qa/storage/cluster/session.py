"""A library on Milvus as one process has it open: connection, state, and whose turn it is to write."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from qa.errors import InputError, LibraryError, LibraryNotFoundError
from qa.storage.cluster import journal, schema
from qa.storage.cluster import state as states
from qa.storage.cluster.change import Change
from qa.storage.cluster.connection import Connection
from qa.storage.cluster.lease import LEASE, Lease
from qa.storage.cluster.lists import Lists
from qa.storage.cluster.state import State
from qa.storage.cluster.stems import Stemmer
from qa.storage.cluster.working import Working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.models import EncoderIdentity
    from qa.storage.cluster.address import Address
    from qa.storage.intake_port import Encoding

T = TypeVar("T")

# How often something is read at most because the library has changed meanwhile.
ATTEMPTS = 50
_WAIT = 0.02
# A change that was committed is in all rows soon; where it is not after so long, whoever made it has died.
PENDING = 5.0


class _Own(threading.local):
    """What several changes of one thread are one in.

    Attributes:
        turn: what is left at its end; None outside of `one_change`.
        fetch: what fetches the rows that they work on.
        change: the change; None until the first of them.
    """

    turn: ExitStack | None = None
    fetch: Callable[[Working], object]
    change: Change | None = None


class Session:
    """What all rooms of a library share: reading in one state, and changing, whole or not at all.

    Several threads may use it.

    Attributes:
        address: where the library is.
        folder: where the desk is.
        read_only: whether it may not be written.
        connection: Milvus.
        collections: the names of the library's collections.
        lease: this process's turn to write.
        stemmer: what makes words of texts.
        lists: the lists of documents in memory.

    Raises:
        LibraryNotFoundError: there is no library at the address, and `create` is False.
        MissingExtraError: the packages of the extra are not installed.
        LibraryError: there is no Milvus at the address, or another Pullquote made the library.
    """

    def __init__(self, address: Address, desk: Path, *, create: bool = True, read_only: bool = False) -> None:
        self.address, self.folder, self.read_only = address, desk, read_only
        self._closed = self._has_failed = False
        self._own_changes = 0
        self._own = _Own()
        if create and not read_only:
            make_folder(desk)
        self.connection = Connection(address, create=create and not read_only)
        try:
            self.collections = schema.Collections.of(address.name)
            self.lease = Lease(self.connection, self.collections.leases)
            self.stemmer = Stemmer()
            self.lists = Lists(self.connection, self.collections)
            self._find(create=create and not read_only)
        except BaseException:
            self.connection.close()
            raise

    def _find(self, *, create: bool) -> None:
        """Make the library if there is none."""
        there = self.connection.call("has_collection", self.collections.leases)  # the last that is made
        state = None
        if there:
            schema.load(self.connection, self.collections.fixed)
            state = states.read(self.connection, self.collections)
        if state is None:
            if not create:
                raise LibraryNotFoundError(
                    f"there is no library at {self.address.text}: make one with `pullquote index`"
                )
            schema.create(self.connection, self.collections)
            with self.lease.held():
                if states.read(self.connection, self.collections, strong=True) is None:
                    states.write(self.connection, self.collections, State())
            return
        if self.connection.is_alone and not self.read_only:  # whoever had a turn has died
            self.connection.delete(self.collections.leases, 'key != ""')
        schema.load(self.connection, map(self.collections.passages, map(int, state.encodings)))
        if not self.read_only:
            self.committed_state()

    def close(self) -> None:
        """Close the connection. The library cannot be used afterwards."""
        if not self._closed:
            self._closed = True
            try:
                self.lease.give()
            finally:
                self.connection.close()
                self.lists.close()
                self.stemmer.close()

    def committed_state(self) -> State:
        """Read the state once no change is under way; finish one that was left."""
        # Who may not finish it waits for as long as a writer may be silent.
        until = time.monotonic() + (LEASE if self.read_only else PENDING)
        while True:
            state = self._existing_state()
            if not state.pending:
                return state
            if time.monotonic() > until:
                return self._finish()
            time.sleep(_WAIT)

    def _existing_state(self, *, strong: bool = False) -> State:
        state = states.read(self.connection, self.collections, strong=strong)
        if state is None:
            raise LibraryError(
                f"the library at {self.address.text} has lost its state: put it back from a backup"
            )
        return state

    def _finish(self) -> State:
        if self.read_only:
            raise LibraryError(
                f"a change of the library at {self.address.text} was interrupted: run a command that writes, "
                "such as `pullquote index`, to finish it"
            )
        with self.lease.held():
            return self._state_in_turn()

    def _state_in_turn(self) -> State:
        """Read the state in this writer's turn; a change that is pending then is of one who has died."""
        state = self._existing_state(strong=self.lease.is_new)
        if state.pending:
            journal.repeat(self.connection, self.collections, state, self.lease.keep)
            state = states.read(self.connection, self.collections, strong=True) or state
        if state.changes != self._own_changes:  # others have written since
            self.connection.read_strongly()
            self._own_changes = state.changes
        return state

    @contextmanager
    def reading(self, state: State) -> Iterator[Working]:
        """Lend tables of rows as they are in a state of the library."""
        working = Working(self.connection, self.collections, state)
        try:
            yield working
        finally:
            working.close()

    def read_in_one_state(self, read: Callable[[Working], T]) -> T:
        """Read in one state of the library: again, where it has changed meanwhile.

        Within `one_change`, what was put is seen.
        """
        if self._own.change:
            return read(self._own.change.working)
        for _ in range(ATTEMPTS):
            state = self.committed_state()
            error: Exception | None = None
            try:
                with self.reading(state) as working:
                    found = read(working)
            except (LibraryError, InputError) as raised:
                error = raised
            if states.read(self.connection, self.collections) == state:
                if error:
                    raise error
                return found
            time.sleep(_WAIT)
        raise self.restless()

    def restless(self) -> LibraryError:
        """Say that nothing could be read in one state."""
        return LibraryError(
            f"the library at {self.address.text} is changing all the time: try again in a moment"
        )

    @contextmanager
    def changing(self, *, counted: bool = True) -> Iterator[Change]:
        """Make one change, whole or not at all; a `counted` one raises the generation.

        Raises:
            ValueError: it is within `one_change`, which takes what `part_of_change` changes alone.
        """
        if self._own.turn:
            raise ValueError("this call is a separate change: make it outside `one_change`")
        with self._begun() as change:
            yield change
            self._commit(change, counted=counted)

    @contextmanager
    def part_of_change(self, fetch: Callable[[Working], object], *, counted: bool = True) -> Iterator[Change]:
        """Make a change as `changing` does, or a part of one within `one_change`; `fetch` gets its rows."""
        own = self._own
        if own.turn is None:
            with self.changing(counted=counted) as change:
                fetch(change.working)
                yield change
            return
        if own.change is None:
            change = own.turn.enter_context(self._begun())
            own.fetch(change.working)
            own.change = change
        with own.change.part(fetch, counted=counted):
            yield own.change

    @contextmanager
    def one_change(self, fetch: Callable[[Working], object]) -> Iterator[bool]:
        """Let what this thread changes by `part_of_change` be one change, committed at the end.

        It begins with the first of them: `fetch` then fetches rows of all. Where one fails, those before it
        are committed. Gives False: nothing is committed at once.
        """
        own = self._own
        if own.turn:
            yield False
            return
        with ExitStack() as own.turn:
            own.fetch = fetch
            try:
                yield False
            finally:
                change, own.change, own.turn = own.change, None, None
                if change:
                    self._commit(change)

    @contextmanager
    def _begun(self) -> Iterator[Change]:
        """Wait for the writer's turn, and begin a change in it."""
        if self.read_only:
            raise LibraryError(f"the library at {self.address.text} was opened only for reading")
        with self.lease.held():
            state = self._state_in_turn()
            if self.lease.is_new or self._has_failed:
                self._clear(state)
            working = Working(self.connection, self.collections, state)
            try:
                yield Change(self.connection, self.collections, self.stemmer, self.lease.keep, working)
            finally:
                working.close()

    def _commit(self, change: Change, *, counted: bool = False) -> None:
        self._has_failed = True
        self._own_changes = change.commit(counted=counted).changes
        self._has_failed = False

    def staged_vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Give the vectors, by this encoder, of what this thread has put within `one_change`."""
        return self._own.change.vectors(digests, encoder) if self._own.change else {}

    def _clear(self, state: State) -> None:
        """Delete the passages of changes that were never committed: their editions are given again."""
        for number in state.encodings:
            name = self.collections.passages(int(number))
            self.connection.delete(name, f"edition > {state.edition}")

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self.committed_state().generation

    def encoding(self) -> Encoding | None:
        """Tell which encoder made the vectors in force; None before the first document."""
        return self.committed_state().in_force()

    def passages(self, state: State) -> str:
        """Name the collection of the passages in force."""
        return self.collections.passages(state.encoding)

    def names(self, state: State) -> list[str]:
        """Name the collections that the library has on Milvus."""
        numbered = [self.collections.passages(int(number)) for number in state.encodings]
        return [*self.collections.fixed, *numbered]


def make_folder(desk: Path) -> None:
    """Make the desk's folder.

    Raises:
        LibraryError: it cannot be made.
    """
    try:
        desk.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"cannot use {desk} ({error.strerror}): name another folder with --desk"
        ) from error
