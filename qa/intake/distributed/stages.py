"""The work of the actors on a Ray cluster: read and segment files, and embed their windows."""

from __future__ import annotations

import os
import pickle
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import repeat
from typing import TYPE_CHECKING

from embeddings.encoder import identify_encoder, open_encoder
from embeddings.models import ModelError as WeightsError
from qa.document.corrections import correct
from qa.errors import ConflictError, InputError, PullquoteError, UnstorableError, WorkersError
from qa.formats.kinds import LIBRARIES
from qa.formats.remote import state_of
from qa.formats.source import PLAIN
from qa.formats.worker import Worker
from qa.intake.make import (
    ASKED,
    ASKED_CHARACTERS,
    FileReading,
    FromFile,
    PreparedDocument,
    Reported,
    read_planned,
    segment,
    vectors_of,
)
from qa.intake.pipeline import grouped, silent
from qa.intake.plan import made_by
from qa.storage.intake_values import KnownDocument, ReadDocument
from qa.storage.open import open_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.formats.reading import InputFile
    from qa.intake.make import PlannedFile
    from qa.places import LibraryAddress
    from qa.schema import FileResult
    from qa.storage.records.store import Store

# A row of the dataset: one pickled value.
Row = dict[str, bytes]
_SEEN = "Put files where every worker sees them at the same path."
_NOTHING_KNOWN = KnownDocument(None, has_text=False)


@dataclass(frozen=True, slots=True)
class Job:
    """The job that each actor gets.

    Attributes:
        encoder: the encoder, or None in a rehearsal. In a rehearsal nothing is segmented either.
        library: the library that actors may ask, or None if only this program can open it.
        versions: the versions that the actors must have.
        puts: whether actors put the documents that they embed into the library.
    """

    encoder: EncoderIdentity | None
    library: LibraryAddress | None
    versions: dict[str, str]
    puts: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """Files that one actor reads, one after the other.

    Attributes:
        number: the portion's position in the dataset.
        files: the files.
    """

    number: int
    files: tuple[PlannedFile, ...]


@dataclass(frozen=True, slots=True)
class FileItem:
    """One result of reading a file.

    Attributes:
        file: the position of the file in its portion.
        item: a document, or a result to report. A `FileReading` comes after all of these. If the file does
            not exist on the worker, the only item is an InputError.
        read: how many bytes, of all files, were read by then.
        prepared: the document in passages, or None if the library has its text.
    """

    file: int
    item: ReadDocument | FileResult | FileReading | InputError
    read: int
    prepared: PreparedDocument | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items that follow each other.

    The number of chunks of a portion, and the items in each chunk, depend only on the portion's files. So the
    rest of a portion can be asked for again after an actor has died.

    Attributes:
        portion: the number of the portion.
        number: the chunk's position in the portion.
        state: the state of the files when the actor began the portion. Another state means that files have
            changed since.
        items: the items.
        is_last: whether the portion ends with this chunk.
        error: the error that ends the run.
    """

    portion: int
    number: int
    state: str
    items: tuple[FileItem, ...] = ()
    is_last: bool = False
    error: PullquoteError | None = None


def versions(encoder: EncoderIdentity | None) -> dict[str, str]:
    """Return, by name, the versions that decide how files are read and embedded on this machine."""
    installed = {"Python": ".".join(platform.python_version_tuple()[:2]), "Pullquote": version("pullquote")}
    for name in ("ray", *LIBRARIES):
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = "none"
    if "none" not in installed.values():
        installed["what reads files"] = made_by("a.pdf", PLAIN)[:12]  # with Tesseract and its languages
    if encoder:
        try:
            same = identify_encoder(encoder.name, download=False)
            installed[f"the encoder {encoder.name}"] = same.sha256[:12]
        except WeightsError:
            installed[f"the encoder {encoder.name}"] = "none"
    return installed


def difference(expected: dict[str, str], installed: dict[str, str]) -> str:
    """Return how a worker's versions differ from this program's, or "" if they do not differ."""
    return ", ".join(
        f"{name} {installed.get(name, 'none')} instead of {wanted}"
        for name, wanted in expected.items()
        if installed.get(name) != wanted
    )


class Actor:
    """The base of both stages: the library to ask, if actors may ask it."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @cached_property
    def _library(self) -> Store | None:
        if self._job.library is None:
            return None
        return open_records(self._job.library, read_only=not self._job.puts)

    def _failed(self, error: PullquoteError) -> WorkersError:
        return WorkersError(f"on the worker {platform.node()}: {error}")


class ReadFiles(Actor):
    """Read and segment the files of portions. The process that parses the files ends with the actor."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._worker = Worker()

    def __call__(self, row: Row) -> Iterator[Row]:
        """Read a portion."""
        portion: Portion = pickle.loads(row["portion"])  # noqa: S301 -- from the run itself
        number, state = 0, _state(portion)
        try:
            if self._difference:
                raise WorkersError(f"{self._difference}: install the same there as here")
            for items in self._groups(portion):
                yield _row(Chunk(portion.number, number, state, items))
                number += 1
        except PullquoteError as error:
            yield _row(Chunk(portion.number, number, state, error=self._failed(error)))
        yield _row(Chunk(portion.number, number, state, is_last=True))

    @cached_property
    def _difference(self) -> str:
        """How this node differs. It may have joined after the other nodes were checked."""
        return difference(self._job.versions, versions(self._job.encoder))

    def _groups(self, portion: Portion) -> Iterator[tuple[FileItem, ...]]:
        """Yield groups of what was read. Documents that the library lacks are corrected and segmented."""
        for group in grouped(self._items(portion), ASKED, ASKED_CHARACTERS, _characters):
            documents = [file_item.item for file_item in group if isinstance(file_item.item, ReadDocument)]
            known_documents = (
                self._library.known_documents(documents) if self._library else repeat(_NOTHING_KNOWN)
            )
            knowledge = iter(known_documents)
            yield tuple(
                replace(file_item, prepared=self._prepared(file_item.item, next(knowledge)))
                if isinstance(file_item.item, ReadDocument)
                else file_item
                for file_item in group
            )

    def _items(self, portion: Portion) -> Iterator[FileItem]:
        """Read the files of a portion. Yield their documents, results and ends."""
        for index, planned in enumerate(portion.files):
            file = planned.plan.file
            if not (file.remote or os.path.exists(file.path)):  # noqa: PTH110 -- `Path.exists` raises where it may not look
                unseen = f"{file.shown} cannot be seen on the worker {platform.node()}. {_SEEN}"
                yield FileItem(index, InputError(unseen), planned.end)
                continue
            for step in read_planned(planned, self._worker):
                match step:
                    case Reported(result, read):
                        yield FileItem(index, result, read)
                    case FromFile(document=document, read=read):
                        yield FileItem(index, document, read)
                    case FileReading():
                        yield FileItem(index, step, planned.end)

    def _prepared(self, document: ReadDocument, known: KnownDocument) -> PreparedDocument | None:
        if self._job.encoder is None or known.left_out or known.has_text:
            return None
        corrected_values = {name: correction.value for name, correction in known.corrections.items()}
        corrected, corrections = correct(document.document, corrected_values)
        return PreparedDocument(corrections, segment(corrected))


class EmbedWindows(Actor):
    """Embed the windows of documents, except windows whose vectors the library has. Maybe put documents in.

    An actor that dies after it has put documents in is asked for them again. Then the library has them, and
    nothing changes.
    """

    def __call__(self, row: Row) -> Row:
        """Add the vectors to a chunk."""
        chunk: Chunk = pickle.loads(row["chunk"])  # noqa: S301 -- from the stage before
        try:
            return _row(replace(chunk, items=self._embedded(chunk.items)))
        except PullquoteError as error:
            return _row(replace(chunk, items=(), error=self._failed(error)))

    def _embedded(self, items: Sequence[FileItem]) -> tuple[FileItem, ...]:
        """Return items with their vectors, put into the library if the job says so."""
        identity = self._job.encoder
        assert identity is not None  # noqa: S101
        documents = [file_item.prepared.segmented for file_item in items if file_item.prepared]
        vectors = vectors_of(self._library, documents, identity, lambda: self._encoder, silent)
        embedded = tuple(
            replace(
                file_item,
                prepared=replace(
                    file_item.prepared,
                    vectors={digest: vectors[digest] for digest in file_item.prepared.segmented.digests},
                ),
            )
            if file_item.prepared
            else file_item
            for file_item in items
        )
        return self._put(embedded) if self._job.puts else embedded

    def _put(self, items: tuple[FileItem, ...]) -> tuple[FileItem, ...]:
        """Put the embedded documents into the library in one change. Return the items with the results."""
        library, identity = self._library, self._job.encoder
        assert library is not None  # noqa: S101
        assert identity is not None  # noqa: S101
        read = [file_item.item for file_item in items if isinstance(file_item.item, ReadDocument)]
        results = []
        with library.one_change(read):
            for file_item in items:
                prepared = file_item.prepared
                if prepared and isinstance(file_item.item, ReadDocument):
                    ingested = None
                    document = replace(file_item.item, document=prepared.segmented.document)
                    passages = prepared.segmented.embedded(prepared.vectors, identity)
                    with suppress(ConflictError, UnstorableError):
                        ingested = library.put(document, passages, prepared.corrections)
                    if ingested:  # otherwise the process that started the run puts it in, or reports why not
                        prepared = replace(prepared, vectors={}, ingested=ingested)
                results.append(replace(file_item, prepared=prepared))
        return tuple(results)

    @cached_property
    def _encoder(self) -> Encoder:
        return open_encoder(self._job.encoder)


def _row(chunk: Chunk) -> Row:
    return {"chunk": pickle.dumps(chunk)}


def _characters(item: FileItem) -> int:
    return len(item.item.document.text) if isinstance(item.item, ReadDocument) else 0


def _state(portion: Portion) -> str:
    return " ".join(_file_state(planned.plan.file) for planned in portion.files)


def _file_state(file: InputFile) -> str:
    if file.remote:
        return state_of(file.remote.url)
    try:
        status = file.path.stat()
    except OSError:
        return "unseen"
    return f"{status.st_size}:{status.st_mtime_ns}"
