"""The corpus: documents go in, questions come out answered. Keeps the index in step with the store."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from embeddings.encoder import identify_encoder, open_encoder, open_query_encoder
from embeddings.files import sha256_file
from embeddings.models import ModelError as WeightsError
from qa.confidence import STRICTNESS
from qa.corrections import correct, uncorrected
from qa.errors import InputError, LibraryError, ModelError
from qa.folders import listing, missing, refusal, resolved
from qa.formats import DateOrder, Options, Worker, file_id, ocr, read_path
from qa.fulltext import FullText
from qa.library import LibraryIndex
from qa.metadata import NO_SIDECAR, check, open_sidecar, sidecar_of
from qa.names import aliases, find
from qa.pipeline import overlap
from qa.recent import Recent
from qa.schema import EVERYTHING, Document, FileResult, Filters, IndexReport, Passage, Progress
from qa.segment import passages
from qa.sources import RECORDS, FileRead, is_gone, words_sha256
from qa.store import Count, Entry, Occurrences, Selection, Store, check_encoder
from qa.window import head, window_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.answer import Answerer
    from qa.corrections import Correction
    from qa.feedback import Judgement, Place, Shown, Thumb
    from qa.names import Aliases, Names
    from qa.schema import Answer, Dates, DocumentInfo, Facets, PassagePlace, Turn
    from qa.sources import Held
    from qa.stats import LibraryStats
    from qa.versions import Cited, Version

    OnProgress = Callable[[Progress], None]

__all__ = ["Corpus", "Selection"]

# Windows embedded at a time, over several documents: enough to keep the encoder busy, few enough that
# an interrupted run loses seconds of work.
BATCH = 256
# Documents that were read for questions are kept up to so many bytes.
READ_BYTES = 16 << 20
_SENTENCE_BYTES = 192
_PASSAGE_BYTES = 256
# Of documents without windows, as most are of a file that has not changed.
_MOST_ITEMS = 4 * BATCH
# A group of so many windows, one document of some MB, is in memory alone.
_HUGE = 16 * BATCH
# Windows given to the encoder at a time.
_SLICE = 4 * BATCH

# Files of this format drop old entries as a matter of course: their documents are not gone.
_ROLLING = "feed"
_VANISHED = "It was there when its folder was listed, and gone when it was to be read."

# What decides, besides the text and the encoder, what a library holds of a document.
_PACKAGE = Path(__file__).parent
MAKERS = (
    *(_PACKAGE / name for name in ("segment.py", "terms.py", "window.py", "metadata.py", "corrections.py")),
    *sorted((_PACKAGE / "formats").glob("*.py")),
)
LIBRARIES = (
    *("feedparser", "lxml", "markdown-it-py", "odfdo", "py3langid", "pypdfium2", "python-docx", "sentencex"),
    "trafilatura",
)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document that was read and segmented, with the digests of its passages' windows."""

    document: Document
    passages: tuple[Passage, ...]
    digests: tuple[bytes, ...]
    made_by: str = ""
    part: str = ""  # of its file; "" for all of it
    read: int = 0  # bytes, of all files, when it was
    corrections: Mapping[str, Correction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a document that needs neither model nor store."""

    result: FileResult
    read: int


@dataclass(frozen=True, slots=True)
class _Ended:
    """A file came to its end: what is to be recorded of it, and the places in it that it no longer has."""

    file: FileRead | None
    gone: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A document whose text is held: one more place of it, or another."""

    document: Document
    made_by: str
    part: str
    read: int


_Step = _Prepared | _Placed | _Settled | _Ended
_Item = TypeVar("_Item", _Prepared, _Step)


class _Reading:
    """One file while it is read: what is known of it, and what it gave."""

    def __init__(self, store: Store, path: str, name: str, made_by: str) -> None:
        self._store = store
        self.path = path
        self._name = name
        self._made_by = made_by
        self._sha256 = ""
        self._parts: set[str] = set()  # that are held, or are to be
        self._refused: list[FileResult] = []
        self._same = False
        self.read = 0

    def part(self, given_id: str) -> str:
        return given_id.removeprefix(self._name)

    def known(self, given_id: str, sha256: str, size: int) -> FileResult | None:
        """Tell that a document has not changed, or was withdrawn."""
        self.read += size
        part = self.part(given_id)
        result = self._store.unchanged(self.path, part, sha256, self._made_by)
        if result and result.status != "withdrawn":
            self._parts.add(part)
        return result

    def same(self, _: str, sha256: str) -> tuple[FileResult, ...] | None:
        """Tell that the whole file has not changed."""
        self._sha256 = sha256
        results = self._store.file_unchanged(self.path, sha256, self._made_by)
        self._same = results is not None
        return results

    def taken(self, document: Document) -> str | None:
        """Take note of a document that the file gave. Gives its id where a person withdrew it."""
        part = self.part(document.id)
        withdrawn = self._store.withdrawn(self.path, part, document.source_sha256)
        if withdrawn is None:
            self._parts.add(part)
        return withdrawn

    def refused(self, result: FileResult) -> None:
        """Take note of what was refused of the file."""
        self._refused.append(result)

    def ended(self) -> _Ended | None:
        """Say what has to be recorded, if anything, once the file was read to its end."""
        if self._same:
            return None
        file: FileRead | None = None
        gone: tuple[Held, ...] = ()
        if self._sha256:
            documents = len(self._parts)
            file = FileRead(self.path, self._sha256, self._made_by, documents, tuple(self._refused))
        if not self._refused:  # what was refused may be a document that is held
            held = self._store.places_in(self.path)
            gone = tuple(at for at in held if at.part not in self._parts and at.format != _ROLLING)
        return _Ended(file, gone) if file or gone else None


class Corpus:
    """A library of documents in a folder. May be used from several threads, and by several processes.

    Use `Corpus.open`; as a context manager it closes itself.
    """

    def __init__(
        self,
        store: Store,
        encoder: str | Encoder | None,
        options: Options,
        reader: str | None = None,
    ) -> None:
        self.library = store.folder
        self._store = store
        self._index = LibraryIndex(store)
        self._words = FullText(store)
        self._read: Recent[tuple[int, str], tuple[Document, tuple[Passage, ...]]] = Recent(READ_BYTES)
        self._options = options
        self._lock = threading.RLock()
        self._reader = reader
        self._answerer: Answerer | None = None
        self._use(encoder)

    @classmethod
    def open(
        cls,
        library: Path | str,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
        date_order: DateOrder = "auto",
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> Self:
        """Open the library in a folder; with `create`, make it where there is none.

        Of one that is opened `read_only` no byte is changed.
        `encoder` is the name of one or one that is open already; without it, the one that made the library's
        vectors, or the default for a new library. `date_order` reads dates such as 4/8/2008.
        `columns` says which column of a table, or key of a record, holds which field of a document.
        `reader` names what reads passages (`embeddings.reader.open_reader`).

        Raises:
            LibraryNotFoundError: there is no library in the folder, and `create` is False.
            EncoderMismatchError: another encoder made the library's vectors.
            LibraryError: the library is damaged, locked, or may not be written.
            ModelError: there is no such encoder.
        """
        store = Store(Path(library), create=create, read_only=read_only)
        try:
            options = Options(date_order, tuple((columns or {}).items()))
            corpus = cls(store, encoder, options, reader)
            if encoder is not None:
                corpus._checked_identity()
        except BaseException:
            store.close()
            raise
        return corpus

    def close(self) -> None:
        """Close the library's files."""
        self._store.close()
        self._words.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # The encoder

    def _use(self, encoder: str | Encoder | None) -> None:
        """Take an encoder by name, or as it is, or else the library's own; let go of what was open before."""
        self._name = encoder if isinstance(encoder, str) else None
        self._given = None if isinstance(encoder, str) else encoder
        self._identity: EncoderIdentity | None = self._given.identity if self._given else None
        self._document_encoder: Encoder | None = self._given
        self._query_encoder: Encoder | None = self._given

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """Which encoder made the library's vectors; while it is empty, which one will.

        Raises:
            ModelError: the library is empty, and the encoder's weights are missing.
        """
        encoding = self._store.encoding()
        return encoding.identity if encoding else self._checked_identity()

    def _checked_identity(self) -> EncoderIdentity:
        """Identify the encoder in use, which must be the one that made the library's vectors."""
        with self._lock:
            encoding = self._store.encoding()
            follows = self._name is None and self._given is None
            if follows and encoding and self._identity and self._identity.sha256 != encoding.identity.sha256:
                self._use(None)  # another process has embedded the library anew
            if self._identity is None:
                name = encoding.identity.name if follows and encoding else self._name
                with _model_errors():
                    self._identity = identify_encoder(name)
            if encoding:
                check_encoder(encoding, self._identity, self.library)
            return self._identity

    def _opened_document_encoder(self) -> Encoder:
        with self._lock, _model_errors():
            if self._document_encoder is None:
                self._document_encoder = open_encoder(self._checked_identity().name)
            return self._document_encoder

    def _opened_query_encoder(self) -> Encoder:
        with self._lock, _model_errors():
            identity = self._checked_identity()
            if self._query_encoder is None:
                self._query_encoder = open_query_encoder(identity)
            return self._query_encoder

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d].

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
        """
        with _model_errors():
            return self._opened_query_encoder().encode_query(texts)

    # Documents in and out

    def index(
        self,
        *paths: Path | str,
        progress: OnProgress | None = None,
        prune: bool = False,
        dry_run: bool = False,
    ) -> IndexReport:
        """Bring the library in step with files and folders; what has not changed is not parsed again.

        Each document is committed by itself: when this is interrupted, those that `progress` has named in
        stage "write" are in the library. A document that cannot be read is refused in the report, and the
        others go in. What a folder no longer holds is "gone" in the report; its documents stay in the library
        unless they are to be pruned (or are, by `prune`, afterwards). A `dry_run` only tells what would be
        done.

        Reading, embedding and writing overlap: `progress` is called on several threads, one call at a time.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        started = time.perf_counter()
        generation = self._store.generation
        here = listing(paths)
        found = {resolved(path): (path, root) for path, root in here.files}
        gone: list[Held] = []
        run = self._foreseen if dry_run else self._taken_in
        with _one_at_a_time(progress or _silent) as show:
            results = run(here.files, here.refused, gone, show)
            if not dry_run and self._store.generation != generation:
                # Of documents whose text is now to be that of another of their files.
                again = [found[path] for path in self._store.to_be_read() if path in found]
                results += run(again, (), gone, show) if again else []
        seen = set(found) - {result.path for result in results if result.status == "gone"}
        held = (at for folder in here.folders for at in self._store.places_in(folder, folder=True))
        lost, remarks = missing(held, seen)
        places = {at.number: at for at in (*gone, *lost)}
        results += self._gone(tuple(places.values()), results, dry_run=dry_run)
        skipped = tuple(resolved(path) for path in here.skipped)
        report = IndexReport(tuple(results), time.perf_counter() - started, skipped, remarks, dry_run)
        if prune and not dry_run:
            report = replace(self.prune(report), seconds=time.perf_counter() - started)
        if self._store.generation != generation:
            self._index.save()
        if not dry_run:
            self._words.save()  # a library of before has no such file yet
            self._store.complete_copies()  # nor have its documents been compared
        return report

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone. Gives the report with these as removed.

        `restore` puts them back; so does their file, when it comes back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        places = []
        results = list(report.files)
        for at, result in enumerate(results):
            if result.status == "gone" and result.document_id:
                places += [
                    place
                    for place in self._store.places_in(result.path)
                    if (place.part, place.document_id) == (result.part, result.document_id)
                ]
                results[at] = replace(result, status="removed")
        for start in range(0, len(places), BATCH):
            self._store.prune(places[start : start + BATCH])
        if places:
            self._index.save()
            self._words.save()
        return replace(report, files=tuple(results))

    def _taken_in(
        self,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        gone: list[Held],
        show: OnProgress,
    ) -> list[FileResult]:
        """Add or refresh the documents of files. What these no longer have goes to `gone`."""
        identity = self._checked_identity()
        results: list[FileResult] = []
        ended: list[FileRead] = []
        size = sum(_size(path) for path, _ in found)
        made = 0

        def embed(batch: list[_Step]) -> Mapping[bytes, Float32]:
            documents = [item for item in batch if isinstance(item, _Prepared)]
            return self._vectors(documents, identity, self._opened_document_encoder, show)

        def write(item: _Step, vectors: Mapping[bytes, Float32]) -> None:
            nonlocal made
            if isinstance(item, _Ended):
                gone.extend(item.gone)
                ended.extend([item.file] if item.file else [])
                if len(ended) >= BATCH:
                    record()
                return
            if isinstance(item, _Placed):
                result = self._place(item, identity)
            elif isinstance(item, _Prepared):
                result = self._ingest(item, vectors, identity)
                made += result.passages if result.status in ("added", "replaced") else 0
            else:
                result = item.result
            results.append(result)
            name = result.document_id or result.path
            show(Progress("write", len(results), 0, name, made, item.read, size))

        def record() -> None:
            # Nothing new is known of files in a library that cannot be written: it was read all the same.
            if ended and not self._store.read_only:
                self._store.put_files(ended)
            ended.clear()

        with Worker() as worker:
            overlap(_batches(self._prepared(found, refused, show, worker)), embed, write, _is_huge)
        record()
        return results

    def _foreseen(
        self,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        gone: list[Held],
        show: OnProgress,
    ) -> list[FileResult]:
        """Tell what `_taken_in` would do."""
        results: list[FileResult] = []
        new: dict[str, str] = {}
        with Worker() as worker:
            for item in self._prepared(found, refused, show, worker):
                if isinstance(item, _Ended):
                    gone.extend(item.gone)
                elif isinstance(item, _Settled):
                    results.append(item.result)
                else:
                    document = item.document
                    status, held = self._store.foresee(document, head(document), item.part)
                    words = words_sha256(document.text, document.furniture)
                    if status == "added" and words and document.format not in RECORDS:
                        first = new.setdefault(words, document.id)
                        status, held = ("added" if first == document.id else "duplicate"), first
                    results.append(FileResult(document.path, status, held, notes=document.notes))
        return results

    def _gone(
        self, places: Sequence[Held], results: Iterable[FileResult], *, dry_run: bool
    ) -> list[FileResult]:
        """Report places that are gone: a document that stands elsewhere too only loses these."""
        moved = {result.document_id for result in results if result.status == "moved"}
        elsewhere = self._store.elsewhere(places)
        lost = [at for at in places if at.document in elsewhere]
        if lost and not dry_run:
            self._store.prune(lost)
        return [
            FileResult(at.path, "moved" if at.document in elsewhere else "gone", at.document_id, part=at.part)
            for at in places
            if at.document in elsewhere or at.document_id not in moved
        ]

    def _prepared(
        self,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        show: OnProgress,
        worker: Worker,
    ) -> Iterator[_Step]:
        """Read and segment the documents of files; what is refused or has not changed comes as its result."""
        for result in refused:
            yield _Settled(result, 0)
        corrections = self._store.corrections()
        end = 0
        for done, (path, root) in enumerate(found):
            show(Progress("read", done, len(found), path.name))
            start, end = end, end + _size(path)
            try:
                sidecar = open_sidecar(path)
            except InputError as error:
                yield _Settled(refusal(sidecar_of(path), error), start)
                sidecar = NO_SIDECAR
            made_by = _made_by(self._options, sidecar.sha256)
            # One string for all its documents.
            file = _Reading(self._store, resolved(path), file_id(path, root), made_by)
            for item in read_path(path, root, self._options, file.known, file.same, worker):
                read = min(start + file.read, end)
                if isinstance(item, InputError) and root and is_gone(str(path)):
                    yield _Settled(FileResult(file.path, "gone", notes=(_VANISHED,)), read)
                elif isinstance(item, InputError):
                    result = refusal(path, item)
                    file.refused(result)
                    yield _Settled(result, read)
                elif isinstance(item, FileResult):
                    yield _Settled(item, read)
                elif withdrawn := file.taken(item):
                    yield _Settled(FileResult(file.path, "withdrawn", withdrawn), read)
                else:
                    document, part = sidecar.complete(replace(item, path=file.path)), file.part(item.id)
                    if self._store.has_text(document, part):
                        yield _Placed(document, made_by, part, read)
                    else:
                        said = (corrections and corrections.get(self._store.id_at(document, part))) or {}
                        document, its = correct(document, {name: each.value for name, each in said.items()})
                        yield replace(_prepare(document, made_by, part, read), corrections=its)
            if ended := file.ended():
                yield ended
        show(Progress("read", len(found), len(found)))

    def _vectors(
        self,
        documents: Sequence[_Prepared],
        identity: EncoderIdentity,
        encoder: Callable[[], Encoder],
        show: OnProgress,
    ) -> Mapping[bytes, Float32]:
        """Give the vectors of the documents' windows by digest; only what the store lacks is embedded."""
        places = {
            digest: (item.document, passage)
            for item in documents
            for digest, passage in zip(item.digests, item.passages, strict=True)
        }
        known = self._store.known_vectors(places, identity)
        lacking = {digest: place for digest, place in places.items() if digest not in known}
        if not lacking:
            return known
        show(Progress("model", 0, 0, identity.name))
        digests, made = list(lacking), np.empty((len(lacking), identity.dimension), np.float32)
        with _model_errors():
            opened = encoder()
            for start in range(0, len(digests), _SLICE):
                some = [window_text(*lacking[digest]) for digest in digests[start : start + _SLICE]]

                def embedded(done: int, _: int, start: int = start) -> None:
                    show(Progress("embed", start + done, len(digests)))

                made[start : start + _SLICE] = opened.encode_documents(some, embedded)
        return known | dict(zip(digests, made, strict=True))

    def _place(self, item: _Placed, identity: EncoderIdentity) -> FileResult:
        document = item.document
        placed = self._store.place(document, item.made_by, item.part)
        if placed:
            return FileResult(document.path, placed.status, placed.document_id, notes=document.notes)
        # It was held when it was read.
        prepared = _prepare(document, item.made_by, item.part, item.read)
        vectors = self._vectors([prepared], identity, self._opened_document_encoder, _silent)
        return self._ingest(prepared, vectors, identity)

    def _ingest(
        self,
        item: _Prepared,
        vectors: Mapping[bytes, Float32],
        identity: EncoderIdentity,
        restored: Version | None = None,
    ) -> FileResult:
        document = item.document
        entries = _entries(item, vectors)
        ingested = self._store.ingest(
            document, head(document), entries, identity, item.made_by, item.part, restored, item.corrections
        )
        return FileResult(
            document.path, ingested.status, ingested.document_id, len(entries), notes=document.notes
        )

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Take documents out of every answer, all or none. Gives their ids, each once.

        `restore` puts them back, and citations still open them. While they are `withdrawn`, indexing the same
        files again does not bring them back; what was removed because its file has gone is not.

        Raises:
            DocumentNotFoundError: one of them is not held; nothing was removed.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        removed = self._store.remove(ids, withdrawn=withdrawn)
        self._index.save()
        self._words.save()
        return removed

    def restore(self, ids: Iterable[str], progress: OnProgress | None = None) -> tuple[FileResult, ...]:
        """Put back documents that were removed, as they were then; nothing where one of them cannot be.

        Each is segmented and embedded as a new one is, and committed by itself.

        Raises:
            DocumentNotFoundError: one of them was not removed, or was purged since.
            InputError: a document of that id is held.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        identity = self._checked_identity()
        found = [self._store.restorable(document_id) for document_id in dict.fromkeys(ids)]
        results = []
        for removed, document in found:
            # As its file was read then, so that it is read again where that is done otherwise now.
            item = _prepare(document, removed.held["made_by"])
            vectors = self._vectors([item], identity, self._opened_document_encoder, progress or _silent)
            results.append(self._ingest(item, vectors, identity, removed))
        self._index.save()
        self._words.save()
        return tuple(results)

    def edit(
        self, document_id: str, values: Mapping[str, str], *, reset: Iterable[str] = ()
    ) -> tuple[Document, tuple[str, ...]]:
        """Correct the metadata of a document; fields to `reset` are again what its source says.

        Gives the document, and the fields that are corrected now. Corrections outlive its source's changes.
        The text, and every citation, stay as they are.

        Raises:
            DocumentNotFoundError: there is no such document.
            InputError: a field is none of `qa.metadata.FIELDS`, a date is not ISO 8601, or what is to be
                reset was not corrected.
            LibraryError: the library is locked, may not be written, or is out of space; or the document
                was replaced meanwhile.
        """
        given = check(values)
        document = self._store.document(document_id)
        said = self._store.corrections().get(document_id, {})
        kept = {field: each.value for field, each in said.items()}
        for name in reset:
            if kept.pop(name, None) is None:
                raise InputError(f"the {name} of {document_id!r} was not corrected: nothing is to be reset")
        edited, corrections = correct(uncorrected(document, said), kept | given)
        item = _windows(edited, self._store.passages_of(document_id))
        vectors = self._vectors([item], self._checked_identity(), self._opened_document_encoder, _silent)
        entries = _entries(item, vectors)
        self._store.edit(edited, head(edited), entries, self._checked_identity(), corrections)
        self._index.save()
        self._words.save()
        return edited, tuple(corrections)

    def purge(self, ids: Iterable[str] = ()) -> tuple[str, ...]:
        """Erase documents for good, all or none: every version of theirs, their vectors, and thumbs on them.

        They may have been removed before. No byte of them stays in the library's folder: its files are
        written anew, which needs as much room again. Where that was interrupted, the next purge does it, of
        whatever ids or none. The files that they were read from stay.

        Raises:
            DocumentNotFoundError: one of them is not known; nothing was erased.
            LibraryError: another process keeps the bytes from being overwritten: they are erased from every
                answer, and the next `purge` overwrites them. Or the library may not be written.
        """
        purged = self._store.purge(ids)
        if self._store.erasing:
            try:
                self._store.scrub()
                self._index.remake()
                self._words.remake()
            except OSError as error:
                raise LibraryError(
                    f"{error.filename} cannot be removed ({error.strerror}), and may hold what was erased: "
                    "stop whatever uses it, then run `pullquote remove --purge`"
                ) from error
            self._store.erased()
        return purged

    def reindex(self, encoder: str | Encoder, progress: OnProgress | None = None) -> None:
        """Embed every passage with another encoder, or with the same where windows have changed.

        Until all are done, the old vectors serve; they are exchanged in one transaction. After an
        interruption, what was embedded is not embedded again.

        Raises:
            ModelError: there is no such encoder, or its weights are damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        show = progress or _silent
        opened: Encoder | None = None if isinstance(encoder, str) else encoder
        with _model_errors():
            identity = opened.identity if opened else identify_encoder(str(encoder))

        def open_once() -> Encoder:
            nonlocal opened
            opened = opened or open_encoder(identity.name)
            return opened

        target = self._store.begin_encoding(identity)
        while pending := self._store.adopt_encoding(target):
            done = 0
            held = (_windows(*self._store.document_and_passages(each)) for each in pending)
            for batch in _batches(held):
                vectors = self._vectors(batch, identity, open_once, show)
                self._store.put_vectors(
                    target,
                    {
                        passage.key: (digest, vectors[digest])
                        for item in batch
                        for passage, digest in zip(item.passages, item.digests, strict=True)
                    },
                )
                done += len(batch)
                show(Progress("write", done, len(pending), batch[-1].document.id))
        with self._lock:
            self._use(None if isinstance(encoder, str) else encoder)
        self._index.save()
        self._words.save()

    # What is in it

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self._store.generation

    def count(self) -> Count:
        """Count the documents and passages."""
        return self._store.count()

    def stats(self) -> LibraryStats:
        """Tell what the library holds, and what that costs on disk and in memory."""
        from qa.stats import LibraryStats

        held, encoding = self._store.count(), self._store.encoding()
        return LibraryStats(
            held.documents,
            held.passages,
            self._store.file_bytes(),
            encoding.identity if encoding else None,
            self._index.stats(),
            self._words.file_bytes(),
        )

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""
        return self._store.holds_only(sha256)

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        return self._store.hashes()

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first `limit` of them, in order of id."""
        return self._store.documents(filters, limit)

    def facets(self) -> Facets:
        """Tell what filters can choose from."""
        return self._store.facets()

    def document(self, document_id: str) -> Document:
        """Read the document of that id afresh; its text's SHA-256 is compared with the one recorded.

        Raises:
            DocumentNotFoundError: there is none.
            LibraryError: the text is not what was stored.
        """
        return self._store.document(document_id)

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has that SHA-256, in hex.

        Raises:
            DocumentNotFoundError: there is none.
            LibraryError: the text is not what was stored.
        """
        return self._store.document_by_sha256(sha256)

    # Versions

    def cited(self, sha256: str) -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and tell what has become of it.

        Raises:
            DocumentNotFoundError: no text with it was ever held, or it was purged.
            LibraryError: the text is not what was stored.
        """
        return self._store.cited(sha256)

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: their SHA-256."""
        return self._store.kept_with(words)

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the texts that a document had before, the newest first."""
        return self._store.versions(document_id)

    def removed(self) -> tuple[Version, ...]:
        """List the documents that `restore` can put back, what was removed last first."""
        return self._store.removed()

    def citing(self, document_id: str) -> tuple[int, tuple[str, ...]]:
        """Tell what in the library cites a document, in any version: how many thumbs, on which questions."""
        return self._store.citing(document_id)

    # Questions

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        filters: Filters = EVERYTHING,
        strictness: float = STRICTNESS,
        dates: Dates = "auto",
    ) -> Answer:
        """Answer a question with quotes; see `qa.answer.Answerer.ask`.

        Raises:
            QuestionError: the question is empty or too long.
            PullquoteError: what else keeps it from being answered.
        """
        return self.answerer().ask(question, history, filters, strictness, dates)

    def warm(self, progress: OnProgress | None = None) -> None:
        """Load what a first question would otherwise wait for: encoder, index and reader."""
        (progress or _silent)(Progress("model", 0, 0, self.encoder_identity.name))
        self._index.search(self.encode_queries(["warm"])[0], 1)
        self.bm25(["warm"], 1, self.select())
        self.answerer()

    def answerer(self) -> Answerer:
        """Open what answers questions, once.

        Raises:
            ModelError: the reader's weights are missing or damaged.
        """
        with self._lock:
            if self._answerer is None:
                from qa.answer import Answerer

                self._answerer = Answerer(self, self._reader)
            return self._answerer

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in.

        Raises:
            InputError: `since` is later than `until`.
        """
        return self._store.select(filters)

    def dense(self, vector: Float32, k: int, selection: Selection) -> list[tuple[int, float]]:
        """Find the `k` nearest passages of a unit vector, float32 [d]: (key, cosine), best first."""
        return self.dense_each(vector[np.newaxis], k, selection)[0]

    def dense_each(self, vectors: Float32, k: int, selection: Selection) -> list[list[tuple[int, float]]]:
        """Find the `k` nearest passages of each of the unit vectors, float32 [m, d]; see `dense`."""
        return self._index.search(vectors, k, selection.allowed)

    def bm25(self, terms: Sequence[str], k: int, selection: Selection) -> list[tuple[int, float]]:
        """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first."""
        return self.bm25_each([terms], k, selection)[0]

    def bm25_each(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[int, float]]]:
        """Find the best `k` passages for each of several lists of words; see `bm25`."""
        return self._words.search(queries, k, selection)

    def phrase(self, phrase: str, selection: Selection) -> Occurrences:
        """Find where the phrase stands word for word, in order of document id and offset."""
        return self._store.phrase(phrase, selection)

    def passages(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Read passages by key, in the order of `keys`; those removed meanwhile are left out."""
        return self._store.passages(keys)

    def places(self, keys: Iterable[int]) -> dict[int, PassagePlace]:
        """Find where passages stand, by key, in the order of `keys`; those removed meanwhile are left out."""
        return self._store.places(keys)

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order; joined, they are its text.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        return self._store.passages_of(document_id)

    def document_and_passages(self, document_id: str) -> tuple[Document, tuple[Passage, ...]]:
        """Read a document and its passages in one snapshot, so that their offsets are those of its text.

        What was read last is kept while nothing changes; what is shown is checked against a text read afresh.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        key = self._store.generation, document_id
        held = self._read.get(key)
        if held is None:
            held = self._store.document_and_passages(document_id)
            self._read.put(key, held, held_bytes(*held))
        return held

    def dates(self, ids: Iterable[str]) -> dict[str, dt.date]:
        """Find the publication dates of documents by id; those without one, or not held, are left out."""
        return self._store.dates(ids)

    def copies(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents by id: their ids and similarity, the most similar first.

        Documents without any, or not held, are left out. See `qa.copies`.
        """
        return self._store.copies(ids)

    def documents_of(self, keys: Iterable[int]) -> dict[int, str]:
        """Find the document id of each passage, by key; those removed meanwhile are left out."""
        return self._store.documents_of(keys)

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell otherwise; see `qa.names.find`."""
        return find(question, self.aliases(), self._store)

    def aliases(self) -> Aliases:
        """Give the names that mean the same, those of the user's file among them."""
        return aliases(self.library)

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""
        return self._store.holds(name)

    # Thumbs

    def put_thumb(self, shown: Shown, quote: Place | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it; None for the thumb takes it back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        self._store.put_thumb(shown, quote, thumb)

    def thumbs(self) -> tuple[Judgement, ...]:
        """Read all thumbs; `qa.feedback` makes test queries of them."""
        return self._store.thumbs()


def held_bytes(document: Document, passages: Sequence[Passage]) -> int:
    """Say about how much memory a document and its passages take."""
    return sys.getsizeof(document.text) + sum(
        _PASSAGE_BYTES + _SENTENCE_BYTES * len(passage.sentences) for passage in passages
    )


@cache
def _made_by(options: Options, sidecar: str = "") -> str:
    """Name what reads and segments documents: by it, a source that has not changed is not read again.

    `sidecar` is the SHA-256 of what lies beside the source.
    """
    # cite.py has the words for dates that a window may hold.
    makers = [sha256_file(path) for path in (*MAKERS, _PACKAGE / "cite.py")]
    libraries = [version(name) for name in LIBRARIES]
    if options.ocr:  # what was refused for want of Tesseract is read once it is there
        with suppress(InputError):  # it fails: said of each file that needs it
            libraries += [ocr.version("Tesseract"), *sorted(ocr.languages("Tesseract"))]
    return hashlib.sha256(" ".join([*makers, *libraries, repr(options), sidecar]).encode()).hexdigest()


def _prepare(document: Document, made_by: str, part: str = "", read: int = 0) -> _Prepared:
    """Segment a document that was read."""
    return replace(_windows(document, passages(document)), made_by=made_by, part=part, read=read)


def _entries(item: _Prepared, vectors: Mapping[bytes, Float32]) -> list[Entry]:
    return [
        Entry(passage, digest, vectors[digest])
        for passage, digest in zip(item.passages, item.digests, strict=True)
    ]


def _windows(document: Document, passages: tuple[Passage, ...]) -> _Prepared:
    windows = (window_text(document, passage) for passage in passages)
    digests = tuple(hashlib.blake2b(window.encode(), digest_size=16).digest() for window in windows)
    return _Prepared(document, passages, digests)


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Group items until a group has `BATCH` windows, or many items; in order, and none empty."""
    batch: list[_Item] = []
    windows = 0
    for item in items:
        batch.append(item)
        windows += len(item.digests) if isinstance(item, _Prepared) else 0
        if windows >= BATCH or len(batch) >= _MOST_ITEMS:
            yield batch
            batch, windows = [], 0
    if batch:
        yield batch


def _is_huge(batch: Sequence[_Step]) -> bool:
    return sum(len(item.digests) for item in batch if isinstance(item, _Prepared)) > _HUGE


def _size(path: Path) -> int:
    """Bytes of a file; 0 where it cannot be read, which is said when it is."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _silent(_: Progress) -> None:
    """Show nothing."""


@contextmanager
def _one_at_a_time(show: OnProgress) -> Iterator[OnProgress]:
    """Let several threads show progress, one after the other, and none when all is over."""
    lock = threading.Lock()
    over = False

    def show_one(progress: Progress) -> None:
        with lock:
            if not over:
                show(progress)

    try:
        yield show_one
    finally:
        over = True


@contextmanager
def _model_errors() -> Iterator[None]:
    """Name the errors of `embeddings` as this package does."""
    try:
        yield
    except WeightsError as error:
        raise ModelError(str(error)) from error
