"""What bringing documents in asks of a library on Milvus, and changes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from qa.storage.records import versions
from qa.storage.records.locations import (
    known_file,
    mark_reported_gone,
    places_in,
    places_of,
    prune,
    put_file,
    put_read_as,
    renumber,
)
from qa.storage.records.put import known_document, put_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping
    from contextlib import AbstractContextManager

    from qa.document.corrections import Correction
    from qa.storage.cluster.change import Change
    from qa.storage.cluster.working import Working
    from qa.storage.intake_port import (
        EmbeddedPassages,
        FileRecord,
        HeldLocation,
        Ingested,
        KnownDocument,
        KnownFile,
        ReadAs,
        ReadDocument,
        Status,
    )

T = TypeVar("T")


class Changing(Protocol):
    """A library that is read, and changed: what is held (`session.py`), or a trial (`rehearsal.py`)."""

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""

    @property
    def read_only(self) -> bool:
        """Whether it may not be written."""

    def read_in_one_state(self, read: Callable[[Working], T]) -> T:
        """Read in one state of the library."""

    def part_of_change(
        self, fetch: Callable[[Working], object], *, counted: bool = True
    ) -> AbstractContextManager[Change]:
        """Make a change of the rows that are fetched, by itself or within `one_change`, all or none of it.

        One that is `counted` raises the generation.
        """

    def one_change(self, fetch: Callable[[Working], object]) -> AbstractContextManager[bool]:
        """Let what this thread changes by `part_of_change` be one change, committed at the end."""


class Intake:
    """Tells what is known of files and documents, and puts documents where they were read."""

    def __init__(self, session: Changing) -> None:
        self._session = session

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self._session.generation

    @property
    def read_only(self) -> bool:
        """Whether it may not be written."""
        return self._session.read_only

    # What is known

    def known_file(self, path: str) -> KnownFile:
        """Read what is known of a file."""
        return self.known_files([path])[0]

    def known_files(self, paths: Iterable[str]) -> list[KnownFile]:
        """Read what is known of files."""
        wanted = list(paths)

        def read_rows(working: Working) -> list[KnownFile]:
            working.files(wanted)
            return [known_file(working.db, path) for path in wanted]

        return self._session.read_in_one_state(read_rows) if wanted else []

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Tell what is known of documents that were read."""
        reads = list(documents)

        def read_rows(working: Working) -> list[KnownDocument]:
            working.read(reads)
            return [known_document(working.db, read) for read in reads]

        return self._session.read_in_one_state(read_rows) if reads else []

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, but for some parts."""

        def read_rows(working: Working) -> tuple[HeldLocation, ...]:
            working.folder(path) if folder else working.files([path])
            found = places_in(working.db, path, folder=folder)
            return tuple(each for each in found if each.part not in beside)

        return self._session.read_in_one_state(read_rows)

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places of documents by id; those not held are left out."""

        def read_rows(working: Working) -> dict[str, int]:
            working.documents_named(ids)
            rows = working.db.execute("SELECT serial, id FROM documents").fetchall()
            return {each: len(places_of(working.db, serial)) for serial, each in rows if each in ids}

        return self._session.read_in_one_state(read_rows)

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""

        def read_rows(working: Working) -> tuple[str, ...]:
            working.unread()
            rows = working.db.execute(
                "SELECT DISTINCT path FROM locations WHERE made_by = '' ORDER BY path"
            ).fetchall()
            return tuple(path for (path,) in rows)

        return self._session.read_in_one_state(read_rows)

    # What changes

    def one_change(self, documents: Iterable[ReadDocument] = ()) -> AbstractContextManager[bool]:
        """Let what this thread puts within it be one change; see `IntakeLibrary.one_change`."""
        reads = list(documents)
        return self._session.one_change(lambda working: working.read(reads))

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read; see `IntakeLibrary.put`."""
        with self._session.part_of_change(lambda working: working.read([read])) as change:

            def write(number: int | None, named: ReadDocument, given_id: str) -> tuple[int, Status]:
                assert passages  # noqa: S101 - else it is not called
                return change.write(number, named, given_id, passages)

            return put_document(change.db, read, corrections, write if passages else None)

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note that what a person removed, in the version of that number, stands at one more place."""

        def fetch(working: Working) -> None:
            working.place(read.document.path, read.part)
            working.versions_numbered([version])

        with self._session.part_of_change(fetch, counted=False) as change:
            versions.withhold(change.db, read, version)

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows: `was` says which parts of `now` were which before."""
        with self._session.part_of_change(lambda working: working.files([path]), counted=False) as change:
            renumber(change.db, path, was, now)

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, and how some, by path, are to be read from now on."""
        records = list(files)
        paths = [*(each.path for each in records), *read_as]
        with self._session.part_of_change(lambda working: working.files(paths), counted=False) as change:
            for record in records:
                put_file(change.db, record)
            for path, options in read_as.items():
                put_read_as(change.db, path, options)

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places; return the ids of documents that then stood nowhere, and went."""
        gone = list(places)
        numbered = [each.document for each in gone]
        with self._session.part_of_change(lambda working: working.documents_numbered(numbered)) as change:
            return prune(change.db, gone, change.drop)

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these places are gone: it is said once."""
        gone = list(places)
        numbered = [each.document for each in gone]
        with self._session.part_of_change(
            lambda working: working.documents_numbered(numbered), counted=False
        ) as change:
            mark_reported_gone(change.db, [each.number for each in gone])
