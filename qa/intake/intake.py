"""Bring files into a library, and restore, edit and embed documents."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from embeddings.encoder import identify_encoder, open_encoder
from qa.document.corrections import correct, uncorrected
from qa.document.metadata import check
from qa.errors import InputError
from qa.formats.reading import InputFile
from qa.formats.worker import KeptWorker
from qa.intake.folders import Listing, library_path, listing, missing, without_files
from qa.intake.make import segment, vectors_of, with_windows
from qa.intake.pipeline import one_at_a_time, silent
from qa.intake.plan import UserOptions
from qa.intake.run import Run, batches, forget
from qa.schema import UPLOAD, FileResult, IndexReport, Progress
from qa.storage.encoders import model_errors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from embeddings.encoder import Encoder
    from qa.formats.worker import Worker
    from qa.intake.distributed.workers import Workers
    from qa.intake.make import SegmentedDocument
    from qa.schema import Document, OnProgress
    from qa.storage.encoders import Encoders
    from qa.storage.intake_values import EmbeddedPassages, HeldLocation, Upload
    from qa.storage.library import Library
    from qa.storage.records.store import Store
    from qa.text.written_dates import DateOrder


class Intake:
    """Brings documents into a library."""

    def __init__(
        self,
        library: Library,
        encoders: Encoders,
        date_order: DateOrder | None = None,
        columns: tuple[tuple[str, str], ...] | None = None,
    ) -> None:
        self._library = library
        self._encoders = encoders
        self._date_order = date_order
        self._columns = columns
        self._worker = KeptWorker()  # uploads come one by one

    def close(self) -> None:
        """End the process that parses uploads, if there is one."""
        self._worker.close()

    def index(
        self,
        paths: Sequence[Path | str],
        progress: OnProgress,
        *,
        prune: bool,
        dry_run: bool,
        named_files: bool,
        follow_links: bool,
        workers: Workers | None = None,
        text_columns: Mapping[str, str] = MappingProxyType({}),
    ) -> IndexReport:
        """Bring the library up to date with files and folders; see `qa.corpus.Corpus.index`.

        A dry run works on a rehearsal of the library.
        """
        started = time.perf_counter()
        listed = listing(paths, follow_links=follow_links)
        if text_columns:
            listed = Listing(
                tuple(file for file in listed.files if library_path(file) in text_columns), (), (), ()
            )
        options = UserOptions(self._date_order, self._columns, named_files, follow_links, text_columns)
        encoders = None if dry_run else self._encoders
        trial = closing(self._library.rehearsal()) if dry_run else nullcontext(self._library)
        with trial as library, one_at_a_time(progress) as show:
            results, remarks = _take_in(
                library, encoders, options, listed, show, prune=prune, workers=workers
            )
        remarks += without_files(listed.skipped)
        report = IndexReport(tuple(results), time.perf_counter() - started, listed.skipped, remarks, dry_run)
        if prune and not dry_run:
            report = replace(self.prune(report), seconds=time.perf_counter() - started)
        return report

    def read_uploads(
        self,
        uploads: Iterable[Upload],
        show: OnProgress,
        *,
        is_named: bool,
        text_column: str = "",
        collection_column: str = "",
    ) -> IndexReport:
        """Bring the library up to date with uploaded files. Unchanged files are not parsed again.

        If `is_named`, a person has just uploaded the files, and purged documents in them come back.
        `text_column` names the column with the text of tables. `collection_column` names the column or key
        with the collection.
        """
        started = time.perf_counter()
        files = tuple(InputFile(upload.path, upload=upload.name) for upload in uploads)
        text_columns = {library_path(file): text_column for file in files}
        options = UserOptions(
            self._date_order,
            self._columns,
            is_named,
            text_columns=text_columns,
            collection_column=collection_column,
        )
        listed = Listing(files, (), (), ())
        with one_at_a_time(show) as show_one, self._worker.lent() as worker:
            results, remarks = _take_in(
                self._library, self._encoders, options, listed, show_one, prune=False, worker=worker
            )
        return IndexReport(tuple(results), time.perf_counter() - started, remarks=remarks)

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone; see `qa.corpus.Corpus.prune`."""
        locations = []
        results = list(report.files)
        for at, result in enumerate(results):
            if result.status == "gone" and result.document_id:
                locations += [
                    location
                    for location in self._library.places_in(result.path)
                    if (location.part, location.document_id) == (result.part, result.document_id)
                ]
                results[at] = replace(result, status="removed")
        forget(self._library, locations)
        return replace(report, files=tuple(results))

    def restore(self, ids: Iterable[str], show: OnProgress) -> tuple[FileResult, ...]:
        """Put back documents that were removed; see `qa.corpus.Corpus.restore`."""
        self._encoders.identity()  # raises its errors before anything changes
        restorable = [self._library.restorable(document_id) for document_id in dict.fromkeys(ids)]
        results = []
        for _, document in restorable:
            passages = self._embedded(segment(document), show)
            restored = self._library.restore(document, passages)
            count, notes = len(passages.entries), document.notes
            results.append(
                FileResult(document.path, restored.status, restored.document_id, count, notes=notes)
            )
        return tuple(results)

    def edit(
        self, document_id: str, values: Mapping[str, str], reset: Iterable[str]
    ) -> tuple[Document, tuple[str, ...]]:
        """Correct the metadata of a document; see `qa.corpus.Corpus.edit`."""
        given = check(values)
        document = self._library.document(document_id)
        earlier_corrections = self._library.corrections_of(document_id)
        remaining = {field: correction.value for field, correction in earlier_corrections.items()}
        for name in reset:
            if remaining.pop(name, None) is None:
                raise InputError(f"the {name} of {document_id!r} was not corrected, so it cannot be reset")
        edited, corrections = correct(uncorrected(document, earlier_corrections), remaining | given)
        segmented = with_windows(edited, self._library.passages_of(document_id))
        self._library.edit(edited, self._embedded(segmented, silent), corrections)
        return edited, tuple(corrections)

    def reindex(self, encoder: str | Encoder, show: OnProgress) -> None:
        """Embed every passage with another encoder; see `qa.corpus.Corpus.reindex`."""
        opened: Encoder | None = None if isinstance(encoder, str) else encoder
        with model_errors():
            identity = opened.identity if opened else identify_encoder(str(encoder))

        def open_once() -> Encoder:
            nonlocal opened
            opened = opened or open_encoder(identity)
            return opened

        target = self._library.begin_encoding(identity)
        while pending := self._library.adopt_encoding(target, show):
            done = 0
            held = (
                with_windows(*self._library.document_and_passages(document_id)) for document_id in pending
            )
            for batch in batches(held):
                vectors = vectors_of(self._library, batch, identity, open_once, show)
                self._library.put_vectors(
                    target,
                    {
                        passage.key: (digest, vectors[digest])
                        for segmented in batch
                        for passage, digest in zip(segmented.passages, segmented.digests, strict=True)
                    },
                )
                done += len(batch)
                show(Progress("write", done, len(pending), batch[-1].document.id))
        self._encoders.use(encoder, identity)

    def _embedded(self, segmented: SegmentedDocument, show: OnProgress) -> EmbeddedPassages:
        identity = self._encoders.identity()
        vectors = vectors_of(self._library, [segmented], identity, self._encoders.documents, show)
        return segmented.embedded(vectors, identity)


def _take_in(
    library: Store,
    encoders: Encoders | None,
    options: UserOptions,
    listed: Listing,
    show: OnProgress,
    *,
    prune: bool,
    worker: Worker | None = None,
    workers: Workers | None = None,
) -> tuple[list[FileResult], tuple[str, ...]]:
    """Bring the files in. Return the results, also for gone files, and remarks."""
    generation = library.generation
    run = Run(library, encoders, options, listed.files, show, workers)
    run.take_in(listed.refused, worker)
    files_by_path = {library_path(file): file for file in listed.files}
    seen = files_by_path.keys() - {result.path for result in run.results if result.status == "gone"}
    # A folder may have replaced a file of the same path.
    inside = (library.places_in(folder, folder=True) for folder in listed.folders)
    held = chain(*inside, *(library.places_in(folder) for folder in listed.folders))
    lost, remarks = missing(held, seen)
    locations = tuple({at.number: at for at in (*run.gone, *lost)}.values())
    results = _settled(library, run.results)
    without = _gone(library, locations, results)
    if locations and not (prune or library.read_only):
        # Tell the user only once. Do not mark places to prune: after an interruption, the next run must find
        # them.
        library.mark_reported_gone(locations)
    if library.generation != generation:
        # Read documents again that now follow another of their files.
        to_be_read = library.to_be_read()
        names = [path.removeprefix(UPLOAD) for path in to_be_read if path.startswith(UPLOAD)]
        uploads = chain.from_iterable(map(library.uploads, names))
        stored_uploads = (InputFile(upload.path, upload=upload.name) for upload in uploads)
        files_by_path |= {library_path(file): file for file in stored_uploads}
        again = {path: files_by_path[path] for path in to_be_read if path in files_by_path}
        if again:
            run = Run(library, encoders, options, tuple(again.values()), show)
            run.take_in(worker=worker)
            results = _updated(results, run.results, again)
    return results + without, remarks


def _settled(library: Store, results: Sequence[FileResult]) -> list[FileResult]:
    """Report "moved" instead of "duplicate" if the new place is the document's only place in the end."""
    copied = {result.document_id for result in results if result.status == "duplicate"}
    stands = library.stands(copied) if copied else {}
    return [
        replace(result, status="moved")
        if result.status == "duplicate" and stands.get(result.document_id) == 1
        else result
        for result in results
    ]


def _gone(
    library: Store, locations: Sequence[HeldLocation], results: Iterable[FileResult]
) -> list[FileResult]:
    """Report gone places. A document with other places only loses the gone places."""
    moved = {result.document_id for result in results if result.status == "moved"}
    gone_counts = Counter(at.document_id for at in locations)
    stands = library.stands(gone_counts) if gone_counts else {}
    elsewhere = {held_id for held_id, count in gone_counts.items() if stands.get(held_id, 0) > count}
    if lost := [at for at in locations if at.document_id in elsewhere]:
        library.prune(lost)
    return [
        FileResult(at.path, "moved" if at.document_id in elsewhere else "gone", at.document_id, part=at.part)
        for at in locations
        if at.document_id in elsewhere or at.document_id not in moved
    ]


def _updated(
    results: Sequence[FileResult], later: Iterable[FileResult], paths: Collection[str]
) -> list[FileResult]:
    """Report files that were read again (`paths`) once. A later result replaces "unchanged" only."""
    remaining = [result for result in results if result.path not in paths or result.status != "unchanged"]
    reported = {(result.path, result.document_id) for result in remaining}
    return remaining + [result for result in later if (result.path, result.document_id) not in reported]
