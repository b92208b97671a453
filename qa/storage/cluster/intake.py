"""What bringing documents in asks of a library on Milvus, and changes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from qa.storage.records import versions
from qa.storage.records.locations import (
    hand_over,
    known_file,
    mark_reported_gone,
    places_in,
    places_of,
    put_file,
    put_read_as,
    renumber,
)
from qa.storage.records.put import check_tiled, known_document, put_document

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

    def look(self, look: Callable[[Working], T]) -> T:
        """Read in one state of the library."""

    def changing(self, *, counted: bool = True) -> AbstractContextManager[Change]:
        """Make one change, whole or not at all; a `counted` one raises the generation."""


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

        def look(working: Working) -> KnownFile:
            working.file(path)
            return known_file(working.db, path)

        return self._session.look(look)

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Tell what is known of documents that were read."""
        reads = list(documents)

        def look(working: Working) -> list[KnownDocument]:
            working.read(reads)
            return [known_document(working.db, read) for read in reads]

        return self._session.look(look) if reads else []

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, but for some parts."""

        def look(working: Working) -> tuple[HeldLocation, ...]:
            working.folder(path) if folder else working.file(path)
            found = places_in(working.db, path, folder=folder)
            return tuple(each for each in found if each.part not in beside)

        return self._session.look(look)

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places of documents by id; those not held are left out."""

        def look(working: Working) -> dict[str, int]:
            working.documents_named(ids)
            rows = working.db.execute("SELECT serial, id FROM documents").fetchall()
            return {each: len(places_of(working.db, serial)) for serial, each in rows if each in ids}

        return self._session.look(look)

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""

        def look(working: Working) -> tuple[str, ...]:
            working.unread()
            rows = working.db.execute("SELECT DISTINCT path FROM locations ORDER BY path").fetchall()
            return tuple(path for (path,) in rows)

        return self._session.look(look)

    # What changes

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read; see `IntakeLibrary.put`."""
        if passages:
            check_tiled(read.document, passages)
        with self._session.changing() as change:
            change.working.read([read])

            def write(number: int | None, named: ReadDocument, given_id: str) -> tuple[int, Status]:
                assert passages  # noqa: S101 - else it is not called
                return change.write(number, named, given_id, passages)

            return put_document(change.db, read, corrections, write if passages else None)

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note that what a person removed, in the version of that number, stands at one more place."""
        with self._session.changing(counted=False) as change:
            change.working.place(read.document.path, read.part)
            change.working.versions_numbered([version])
            versions.withhold(change.db, read, version)

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows: `was` says which parts of `now` were which before."""
        with self._session.changing(counted=False) as change:
            change.working.file(path)
            renumber(change.db, path, was, now)

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, and how some, by path, are to be read from now on."""
        records = list(files)
        with self._session.changing(counted=False) as change:
            for path in dict.fromkeys((*(each.path for each in records), *read_as)):
                change.working.file(path)
            for record in records:
                put_file(change.db, record)
            for path, options in read_as.items():
                put_read_as(change.db, path, options)

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places; return the ids of documents that then stood nowhere, and went."""
        gone = list(places)
        removed = []
        with self._session.changing() as change:
            change.working.documents_numbered(each.document for each in gone)
            for place in gone:
                numbers = [each.number for each in places_of(change.db, place.document)]
                if numbers == [place.number]:
                    change.drop(place.document)
                    removed.append(place.document_id)
                elif place.number in numbers:
                    change.db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
                    hand_over(change.db, place.document)
        return tuple(removed)

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these places are gone: it is said once."""
        gone = list(places)
        with self._session.changing(counted=False) as change:
            change.working.documents_numbered(each.document for each in gone)
            mark_reported_gone(change.db, [each.number for each in gone])
