"""Turn a file's bytes into documents, passages, windows and vectors. The library's knowledge is passed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from qa.document.metadata import without
from qa.document.segment import passages
from qa.document.window import window_text
from qa.errors import InputError, PartlyReadError, TextColumnError
from qa.formats.reading import read_file
from qa.formats.remote import is_away
from qa.intake.folders import refusal
from qa.schema import FileResult, Progress
from qa.storage.encoders import model_errors
from qa.storage.files import is_gone
from qa.storage.intake_values import EmbeddedPassages, Entry, FileRecord, ReadDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.formats.reading import InputFile
    from qa.formats.worker import Worker
    from qa.intake.plan import FilePlan
    from qa.schema import Document, OnProgress, Passage
    from qa.storage.intake_values import Ingested, LeftOut
    from qa.storage.records.store import Store

# Most documents, and their characters, that the library is asked about at a time.
ASKED, ASKED_CHARACTERS = 64, 1_000_000
# Most windows that the encoder gets at a time.
SLICE = 1024
_VANISHED = "The file was listed with its folder, but was gone when it was read."


class FileReading:
    """One file while it is read: its documents, and what is to be recorded of the file."""

    def __init__(self, plan: FilePlan) -> None:
        self.plan = plan
        self.read = 0  # bytes
        self.parts: set[str] = set()  # parts that the library has or will get
        self.refused: list[FileResult] = []
        self.is_unchanged = False
        self._sha256 = ""
        self._purged: set[str] = set()

    def documents(self, worker: Worker) -> Iterator[ReadDocument | FileResult]:
        """Read the file and its sidecar. Yield documents, and results for refused or unchanged parts."""
        plan = self.plan
        for item in self.items(worker):
            if isinstance(item, FileResult):
                yield item
            elif isinstance(item, InputError):
                yield self._refused(item)
            else:
                document = plan.sidecar.complete(replace(item, path=plan.known.path))
                if plan.file.upload and "collection" not in dict(plan.options.columns):
                    document = without(document, "collection")
                yield ReadDocument.of(document, self.part(item), plan.made_by)

    def items(self, worker: Worker) -> Iterator[Document | FileResult | InputError]:
        """Read the file without its sidecar."""
        plan = self.plan
        return read_file(plan.file, plan.options, self._known, self._same, worker)

    def part(self, document: Document) -> str:
        """Return the part of the file that the document is."""
        return self._part(document.id)

    def take(self, read: ReadDocument, left_out: LeftOut | None) -> LeftOut | None:
        """Note that the file gave a document. Return the left-out document if it is to stay out."""
        if left_out is None or self._comes_back(left_out.status):
            self.parts.add(read.part)
            return None
        if left_out.status == "purged":
            self._purged |= {read.document.source_sha256, read.document.sha256}
        return left_out

    def add(self, elsewhere: Self) -> None:
        """Note how another process read the same file. That process called `take` for no document."""
        self.parts |= elsewhere.parts
        self.refused += elsewhere.refused
        self.is_unchanged, self._sha256 = elsewhere.is_unchanged, elsewhere._sha256

    def to_record(self) -> FileRecord | None:
        """Return the record of the file after reading, or None if the file was not parsed."""
        if not self._sha256:
            return None
        plan, purged = self.plan, frozenset(self._purged)
        refused = tuple(self.refused)
        return FileRecord(plan.known.path, self._sha256, plan.made_by, len(self.parts), refused, purged)

    def _part(self, given_id: str) -> str:
        return given_id.removeprefix(self.plan.name)  # ids of a .jsonl's records do not begin with the name

    def _comes_back(self, status: str) -> bool:
        return status == "purged" and self.plan.is_named

    def _known(self, given_id: str, sha256: str, size: int) -> FileResult | None:
        """Return the result for a document that is unchanged or left out, or None if it must be read."""
        self.read += size
        part = self._part(given_id)
        result = self.plan.known.unchanged(part, sha256, self.plan.made_by)
        if result and self._comes_back(result.status):
            return None
        if result and result.status == "unchanged":
            self.parts.add(part)
        return result

    def _same(self, _: str, sha256: str) -> tuple[FileResult, ...] | None:
        """Return the results if the whole file has not changed, or None if it must be read."""
        self._sha256 = sha256
        results = self.plan.known.file_unchanged(sha256, self.plan.made_by)
        if results and any(self._comes_back(result.status) or _lacks_column(result) for result in results):
            results = None
        self.is_unchanged = results is not None
        return results

    def _refused(self, error: InputError) -> FileResult:
        file, shown = self.plan.file, self.plan.known.path
        if is_away(file.remote.url) if file.remote else _has_gone(file):
            return FileResult(shown, "gone", notes=(_VANISHED,))
        if isinstance(error, PartlyReadError):
            return FileResult(shown, "skipped", notes=(str(error),))
        result = refusal(shown, error)
        self.refused.append(result)
        return result


def _lacks_column(result: FileResult) -> bool:
    """Return whether a table was refused because its text column is unknown.

    The user must see its columns again, and records do not store columns.
    """
    return result.error is not None and result.error.code == TextColumnError.code


def _has_gone(file: InputFile) -> bool:
    return file.root is not None and is_gone(str(file.path)) and not file.path.is_dir()


@dataclass(frozen=True, slots=True)
class SegmentedDocument:
    """A document in passages.

    Attributes:
        document: the document.
        passages: the passages, which tile the document.
        digests: the digests of the passages' windows. The windows are what is embedded.
    """

    document: Document
    passages: tuple[Passage, ...] = ()
    digests: tuple[bytes, ...] = ()

    def embedded(self, vectors: Mapping[bytes, Float32], encoder: EncoderIdentity) -> EmbeddedPassages:
        """Return the passages with the vectors of their windows. `vectors` are by digest."""
        pairs = zip(self.passages, self.digests, strict=True)
        return EmbeddedPassages(
            [Entry(passage, digest, vectors[digest]) for passage, digest in pairs], encoder
        )


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is to be read.

    Attributes:
        plan: how the file is to be read.
        number: the file's position among all files.
        start: the number of bytes of all files before this file.
        end: the number of bytes up to the end of this file.
    """

    plan: FilePlan
    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A result that needs neither the model nor the library.

    Attributes:
        result: the result to report.
        read: how many bytes, of all files, were read by then.
    """

    result: FileResult
    read: int


@dataclass(frozen=True, slots=True)
class FromFile:
    """A document that a file gave.

    Attributes:
        document: the document as it was read.
        file: the file.
        read: how many bytes, of all files, were read by then.
        left_out: the removed or purged document that this document is, if any.
        segmented: the document in passages, or None if the library has its text.
        corrections: a person's corrections of the document.
        prepared: what another process prepared of the document, if any.
    """

    document: ReadDocument
    file: FileReading
    read: int
    left_out: LeftOut | None = None
    segmented: SegmentedDocument | None = None
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    prepared: PreparedDocument | None = None


# `FileReading` comes after all documents and results of its file.
Step = Reported | FromFile | FileReading


def read_planned(planned: PlannedFile, worker: Worker) -> Iterator[Step]:
    """Read a file. Yield its documents, results for refused or unchanged parts, and at last the reading."""
    plan, start = planned.plan, planned.start
    if plan.refused:
        yield Reported(plan.refused, start)
    reading = FileReading(plan)
    for item in reading.documents(worker):
        read = min(start + reading.read, planned.end)
        yield FromFile(item, reading, read) if isinstance(item, ReadDocument) else Reported(item, read)
    yield reading


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that was segmented and embedded ahead. Its corrections may have changed since.

    Attributes:
        corrections: the person's corrections that were known, by field.
        segmented: the document in passages.
        vectors: the vectors of the windows, by digest. Empty if the document was put in.
        ingested: the result of putting the document into the library, or None if that is still to be done.
    """

    corrections: Mapping[str, Correction]
    segmented: SegmentedDocument
    vectors: Mapping[bytes, Float32] = field(default_factory=dict)
    ingested: Ingested | None = None

    @property
    def corrected_values(self) -> dict[str, str]:
        """The corrected values, by field."""
        return {name: correction.value for name, correction in self.corrections.items()}


def segment(document: Document) -> SegmentedDocument:
    """Return a document with its passages."""
    return with_windows(document, passages(document))


def with_windows(document: Document, passages: tuple[Passage, ...]) -> SegmentedDocument:
    """Return a document with given passages and the digests of their windows."""
    windows = (window_text(document, passage) for passage in passages)
    digests = tuple(hashlib.blake2b(window.encode(), digest_size=16).digest() for window in windows)
    return SegmentedDocument(document, passages, digests)


def windows_of(documents: Iterable[SegmentedDocument]) -> dict[bytes, tuple[Document, Passage]]:
    """Return the windows of documents by digest, each once."""
    return {
        digest: (segmented.document, passage)
        for segmented in documents
        for digest, passage in zip(segmented.digests, segmented.passages, strict=True)
    }


def embed(
    windows: Mapping[bytes, tuple[Document, Passage]],
    identity: EncoderIdentity,
    encoder: Callable[[], Encoder],
    show: OnProgress,
) -> dict[bytes, Float32]:
    """Embed windows by digest. The encoder is opened only if there are windows.

    Raises:
        ModelError: the encoder's weights are missing or damaged.
    """
    if not windows:
        return {}
    show(Progress("model", 0, 0, identity.name))
    digests, made = list(windows), np.empty((len(windows), identity.dimension), np.float32)
    with model_errors():
        opened = encoder()
        for start in range(0, len(digests), SLICE):
            texts = [window_text(*windows[digest]) for digest in digests[start : start + SLICE]]

            def embedded(done: int, _: int, start: int = start) -> None:
                show(Progress("embed", start + done, len(digests)))

            made[start : start + SLICE] = opened.encode_documents(texts, embedded)
    return dict(zip(digests, made, strict=True))


def vectors_of(
    library: Store | None,
    documents: Iterable[SegmentedDocument],
    identity: EncoderIdentity,
    encoder: Callable[[], Encoder],
    show: OnProgress,
) -> Mapping[bytes, Float32]:
    """Return the vectors of the documents' windows by digest. Embed only windows that the library lacks.

    Without a library, embed all windows.
    """
    windows = windows_of(documents)
    held = library.vectors(windows, identity) if library else {}
    lacking = {digest: window for digest, window in windows.items() if digest not in held}
    return held | embed(lacking, identity, encoder, show)
