"""One run over files: plan, read, segment and embed each file, and put its documents into the library."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from embeddings.models import EncoderIdentity
from qa.document.corrections import correct
from qa.document.row_identity import Row, follow, numbered
from qa.errors import ConflictError, UnstorableError
from qa.formats.worker import Worker
from qa.intake.folders import library_path, refusal
from qa.intake.make import (
    ASKED,
    ASKED_CHARACTERS,
    FileReading,
    FromFile,
    PlannedFile,
    Reported,
    SegmentedDocument,
    read_planned,
    segment,
    vectors_of,
)
from qa.intake.pipeline import grouped, overlap
from qa.intake.plan import plan_file
from qa.schema import UPLOAD, Document, FileResult, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from embeddings.arrays import Float32
    from qa.formats.reading import InputFile
    from qa.intake.distributed.workers import Workers
    from qa.intake.make import Step
    from qa.intake.plan import FilePlan, UserOptions
    from qa.schema import OnProgress
    from qa.storage.encoders import Encoders
    from qa.storage.intake_values import FileRecord, HeldLocation, Ingested, KnownDocument, ReadAs
    from qa.storage.records.store import Store

# Windows that are embedded at a time, over several documents. This is enough to keep the encoder busy, and
# few enough that an interrupted run loses only seconds of work.
BATCH = 256
# Most items of a group. Most items of an unchanged file have no windows.
_MOST_ITEMS = 4 * BATCH
# A group with more windows than this is in memory alone. One document of some MB has so many.
HUGE = 16 * BATCH
# A feed drops old entries regularly. Their documents are not gone.
_ROLLING = "feed"
# Most places that a note names.
_NAMED = 5
_Item = TypeVar("_Item")
# The encoder's identity in a rehearsal.
_NO_ENCODER = EncoderIdentity("", "", 0)


class Run:
    """One run over files.

    Three threads work on it. One thread reads the files and asks the library about their documents
    (`_steps`). One embeds the documents (`_embed`), and one puts them into the library (`_put`). In a
    rehearsal of the library there are no encoders: nothing is segmented or embedded, and no writing is shown.
    With `workers`, the workers read, segment and embed.

    Attributes:
        results: the results for documents and for refused inputs.
        gone: the places that files no longer have.
    """

    def __init__(
        self,
        library: Store,
        encoders: Encoders | None,
        options: UserOptions,
        files: Sequence[InputFile],
        show: OnProgress,
        workers: Workers | None = None,
    ) -> None:
        self.results: list[FileResult] = []
        self.gone: list[HeldLocation] = []
        self._library, self._encoders, self._options = library, encoders, options
        self._inputs, self._show, self._workers = files, show, workers
        self._identity = encoders.identity() if encoders else _NO_ENCODER
        self._sizes = list(map(_size, files))
        self._size = sum(self._sizes)
        self._made = self._read = self._embedded = 0
        self._displaced: list[HeldLocation] = []
        # Results of a group that is not committed yet, each with the number of bytes that were read by then.
        self._unreported: list[tuple[FileResult, int]] = []
        self._at_once = True
        # Items of a group that are put after the group's commit, with their vectors: a change of another
        # process was in the way of the first of them.
        self._later: list[tuple[Step, Mapping[bytes, Float32]]] = []
        self._files: list[FileRecord] = []
        self._read_as: dict[str, ReadAs] = {}
        # The new ids of documents, by the ids that they lost. Such a document was in several files, and the
        # first changed.
        self._new_ids: dict[str, str] = {}
        # The places of the former text, by file and document.
        self._former: dict[tuple[str, str], tuple[HeldLocation, ...]] = {}

    def take_in(self, refused: Iterable[FileResult] = (), worker: Worker | None = None) -> None:
        """Bring the files in. Results that are `refused` already are reported first.

        `worker` is the process that parses files. Without it, a process is started and ended.
        """
        with nullcontext(worker) if worker else Worker() as worker:
            steps = chain((Reported(result, 0) for result in refused), self._steps(worker))
            overlap(batches(steps), self._embed, self._put, _is_huge, self._in_one_change)
        if self.results and self._read < self._size:  # the last file did not report its end
            self._show_writing(self.results[-1], self._size)
        # Only now it is known which displaced documents have another place.
        forget(self._library, self._displaced)
        aside = {at.number for at in self._displaced}
        self.gone = [at for at in self.gone if at.number not in aside]
        self._record_files()
        self.results = list(map(self._with_former, self.results))
        self.results = [
            replace(result, document_id=self._latest_id(result.document_id))
            if result.status == "unchanged"
            else result
            for result in self.results
        ]

    # Reading

    def _steps(self, worker: Worker) -> Iterator[Step]:
        """Yield the results and documents of files. Documents to embed are segmented."""
        for group in _groups_to_look_up(self._documents(worker)):
            knowledge = iter(
                self._library.known_documents(
                    [step.document for step in group if isinstance(step, FromFile) and not _is_put(step)]
                )
            )
            for item in group:
                if isinstance(item, FromFile) and _is_put(item):
                    item.file.take(item.document, None)
                    yield item
                else:
                    yield self._with_knowledge(item, next(knowledge)) if isinstance(item, FromFile) else item

    def _documents(self, worker: Worker) -> Iterator[Step]:
        """Read the files. Yield documents, and results for refused or unchanged parts."""
        read_here = partial(self._read_here, worker)
        if self._workers:
            identity = self._identity if self._encoders else None
            done = 0
            for step in self._workers.read(self._planned(), read_here, self._plan, identity):
                yield step
                if isinstance(step, FileReading):
                    done += 1
                    self._show(Progress("read", done, len(self._inputs), step.plan.file.file_name))
        else:
            yield from chain.from_iterable(map(read_here, self._planned()))
        self._show(Progress("read", len(self._inputs), len(self._inputs)))

    def _planned(self) -> Iterator[PlannedFile]:
        """Plan the files. The library is asked about several files at once."""
        number = end = 0
        sized = zip(self._inputs, self._sizes, strict=True)
        for group in grouped(sized, ASKED, ASKED_CHARACTERS, lambda file_and_size: file_and_size[1]):
            held = self._library.known_files(library_path(file) for file, _ in group)
            for (file, size), known_file in zip(group, held, strict=True):
                start, end = end, end + size
                yield PlannedFile(
                    plan_file(self._library, self._options, file, known_file), number, start, end
                )
                number += 1

    def _plan(self, file: InputFile) -> FilePlan:
        """Plan one file, with what the library knows of it now."""
        return plan_file(self._library, self._options, file, self._library.known_file(library_path(file)))

    def _read_here(self, worker: Worker, planned: PlannedFile) -> Iterator[Step]:
        """Read a file on this machine, also if there are `workers`. Yield its documents and results."""
        self._show(Progress("read", planned.number, len(self._inputs), planned.plan.file.file_name))
        return read_planned(replace(planned, plan=self._follow_rows(planned.plan, worker)), worker)

    def _follow_rows(self, plan: FilePlan, worker: Worker) -> FilePlan:
        """Tell the library the new numbers of the rows of a table, so that each row keeps its document.

        Return the plan with what the library then knows.
        """
        before = plan.rows
        if not before:
            return plan
        hashes = {sha256 for row in before for sha256 in (row.source_sha256, row.sha256)}
        now = {}
        file = FileReading(plan)
        for item in file.items(worker):
            if isinstance(item, Document) and numbered(item):
                text = "" if hashes & {item.source_sha256, item.sha256} else item.text
                now[file.part(item)] = Row(file.part(item), item.source_sha256, item.sha256, text)
        path = plan.known.path
        was = follow(before, now.values(), partial(self._library.row_text, path))
        # A new row at the former number of another row has no place yet.
        is_taken = (now.keys() - was) & {row.part for row in before}
        if not is_taken and all(part == held for part, held in was.items()):
            return plan
        self._library.renumber(path, was, now)
        return replace(plan, known=self._library.known_file(path))

    def _with_knowledge(self, item: FromFile, known: KnownDocument) -> Step:
        """Return a document with its corrections and passages, if the library `known` has no such text.

        Otherwise return it without passages, or the result of leaving it out.
        """
        document = item.document.document
        if left_out := item.file.take(item.document, known.left_out):
            if left_out.version is None:
                return Reported(FileResult(document.path, left_out.status, left_out.document_id), item.read)
            return replace(item, left_out=left_out)
        return item if known.has_text else self._corrected_and_segmented(item, known)

    def _corrected_and_segmented(self, item: FromFile, known: KnownDocument) -> FromFile:
        """Return a document with a person's corrections, and with its passages and windows."""
        corrected_values = {name: correction.value for name, correction in known.corrections.items()}
        document, corrections = correct(item.document.document, corrected_values)
        read = replace(item.document, document=document)
        if item.prepared and item.prepared.corrected_values == corrected_values:
            segmented = item.prepared.segmented
        else:
            segmented = segment(document) if self._encoders else SegmentedDocument(document)
        return replace(item, document=read, segmented=segmented, corrections=corrections)

    # Embedding

    def _embed(self, batch: Sequence[Step]) -> Mapping[bytes, Float32]:
        """Return the vectors of a batch's windows, by digest. Embed windows that have none yet."""
        if not self._encoders:
            return {}
        lacking: list[SegmentedDocument] = []
        given: dict[bytes, Float32] = {}
        for step in batch:
            if isinstance(step, FromFile) and step.segmented:
                if step.prepared and step.segmented is step.prepared.segmented:
                    given.update(step.prepared.vectors)
                else:
                    lacking.append(step.segmented)
        encoder, before = self._encoders.documents, self._embedded

        def show(progress: Progress) -> None:
            if progress.stage == "embed":  # the progress of this batch; shown including all earlier batches
                self._embedded = before + progress.done
                progress = replace(progress, done=self._embedded, total=before + progress.total)
            self._show(progress)

        return {**given, **vectors_of(self._library, lacking, self._identity, encoder, show)}

    # Putting away

    @contextmanager
    def _in_one_change(self, group: Sequence[Step]) -> Iterator[None]:
        """Put a group into the library in one change. Report its results after the commit."""
        documents = [step.document for step in group if isinstance(step, FromFile) and not _is_put(step)]
        with self._library.one_change(documents) as self._at_once:
            yield
        self._report()
        later, self._later, self._at_once = self._later, [], True
        for item, vectors in later:
            self._put(item, vectors)

    def _report(self) -> None:
        """Move the results of the committed group to `results`, and show them."""
        for result, read in self._unreported:
            self.results.append(result)
            self._show_writing(result, read)
        self._unreported = []

    def _put(self, item: Step, vectors: Mapping[bytes, Float32]) -> None:
        """Put an item into the library, or leave it for later if a change of another process is in its way.

        The other process may wait for the locks of this group. They end with the group's commit.
        """
        if not self._later:
            try:
                self._put_now(item, vectors)
            except ConflictError:
                if self._at_once:
                    raise
            else:
                return
        self._later.append((item, vectors))

    def _put_now(self, item: Step, vectors: Mapping[bytes, Float32]) -> None:
        """Put an item into the library, and note its result.

        Raises:
            ConflictError: a change of another process is in the way.
        """
        if isinstance(item, FileReading):
            self._note_end(item)
            return
        if isinstance(item, Reported):
            result = item.result
        elif item.left_out and item.left_out.version is not None:
            if not self._library.read_only:
                self._library.withhold(item.document, item.left_out.version)
            document = item.document.document
            result = FileResult(document.path, item.left_out.status, item.left_out.document_id)
        else:
            try:
                result = self._put_document(item, vectors)
            except UnstorableError as error:  # such as a character that the library's database cannot store
                result = refusal(item.document.document.path, error)
        self._unreported.append((result, item.read))
        if self._at_once:
            self._report()

    def _put_document(self, item: FromFile, vectors: Mapping[bytes, Float32]) -> FileResult:
        """Put a document into the library, unless another process has put it in. Return its result."""
        if item.prepared and item.prepared.ingested:
            return self._put_result(item, item.prepared.segmented, item.prepared.ingested)
        segmented = item.segmented
        passages = segmented.embedded(vectors, self._identity) if segmented else None
        ingested = self._library.put(item.document, passages, item.corrections)
        if ingested is None:  # the library had its text when it was read, or it has been corrected since
            (known,) = self._library.known_documents([item.document])
            item = self._corrected_and_segmented(item, known)
            return self._put_document(item, self._embed([item]))
        return self._put_result(item, segmented, ingested)

    def _put_result(
        self, item: FromFile, segmented: SegmentedDocument | None, ingested: Ingested
    ) -> FileResult:
        """Note that a document was put in, and return its result."""
        self._displaced += [ingested.displaced] if ingested.displaced else []
        self._correct_ids(ingested)
        count = len(segmented.passages) if segmented else 0
        if ingested.status in ("added", "replaced"):
            self._made += count
        path, notes = item.document.document.path, item.document.document.notes
        if ingested.status == "duplicate":
            notes = (*notes, _same_text(ingested))
        if ingested.former:
            self._former[path, ingested.document_id] = ingested.former
        return FileResult(path, ingested.status, ingested.document_id, count, notes=notes)

    def _note_end(self, file: FileReading) -> None:
        """Note that a file was read to its end, and note the places that it no longer has."""
        plan, path = file.plan, file.plan.known.path
        if file.is_unchanged:
            return
        if plan.known.parts and not file.refused:  # a refused part may be a document of the library
            held = self._library.places_in(path, beside=file.parts)
            self.gone += [at for at in held if at.format != _ROLLING and not at.kept]
        if read := file.to_record():
            self._files.append(read)
        if file.parts and plan.known.read_as != plan.read_as:
            self._read_as[path] = plan.read_as
        if len(self._files) + len(self._read_as) >= BATCH:
            self._record_files()

    def _record_files(self) -> None:
        """Record in the library the files that were read to their ends since the last call."""
        # A read-only library, as in a rehearsal, stores no records. The files were read all the same.
        if (self._files or self._read_as) and not self._library.read_only:
            self._library.put_files(self._files, self._read_as)
        self._files, self._read_as = [], {}

    def _correct_ids(self, ingested: Ingested) -> None:
        """Give the results of a document its new id, if the document that was put in took its former id."""
        if not ingested.new_id_of_former:
            return
        self._new_ids[ingested.document_id] = ingested.new_id_of_former
        self.results = [_with_new_id(result, ingested) for result in self.results]
        self._unreported = [(_with_new_id(result, ingested), read) for result, read in self._unreported]

    def _with_former(self, result: FileResult) -> FileResult:
        """Return a result with a note on the other files that still have the former text of its file.

        All files have been read by now.
        """
        before = self._former.get((result.path, result.document_id), ())
        paths = dict.fromkeys(at.path for at in before)
        numbers = {at.document for at in before}
        still = [at for path in paths for at in self._library.places_in(path) if at.document in numbers]
        if not still:
            return result
        former_id = still[0].document_id
        note = (
            f"Its former text is still at {_listed([at.path for at in still])}, and is quoted "
            f"as {former_id}. If it is outdated, correct it there, or remove it (`pullquote remove`)."
        )
        return replace(result, former=former_id, notes=(*result.notes, note))

    def _latest_id(self, document_id: str) -> str:
        """Return the present id of a document that may have lost its id in this run."""
        while document_id in self._new_ids:
            document_id = self._new_ids[document_id]
        return document_id

    def _show_writing(self, result: FileResult, read: int) -> None:
        """Show that a document was written, and that `read` bytes of all files were read."""
        self._read = read
        if self._encoders:
            name = result.document_id or result.path
            self._show(Progress("write", len(self.results), 0, name, self._made, read, self._size))


def _is_put(item: FromFile) -> bool:
    """Return whether another process has put a document into the library."""
    return item.prepared is not None and item.prepared.ingested is not None


def _same_text(ingested: Ingested) -> str:
    """Return a note that names the other files with the same text, and their collection."""
    where = f", which is in the collection “{ingested.collection}”" if ingested.collection else ""
    return f"The same text as {_listed(ingested.beside)}{where}."


def _listed(paths: Sequence[str]) -> str:
    """Return the first few of the paths as a list in words, and how many more there are."""
    names = [path.removeprefix(UPLOAD) for path in dict.fromkeys(paths)]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _with_new_id(result: FileResult, ingested: Ingested) -> FileResult:
    """Return a result with the document's new id, if another document has taken its former id."""
    if result.document_id != ingested.document_id:
        return result
    return replace(result, document_id=ingested.new_id_of_former)


def forget(library: Store, places: Sequence[HeldLocation]) -> None:
    """Remove places from the library, a batch at a time, and documents that then have no place."""
    for start in range(0, len(places), BATCH):
        library.prune(places[start : start + BATCH])


def batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Yield groups of items, in order. A group ends when it has `BATCH` windows or many items."""
    return grouped(items, _MOST_ITEMS, BATCH, _window_count)


def _groups_to_look_up(items: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield groups of items, in order, about which the library is asked at once."""
    return grouped(items, ASKED, ASKED_CHARACTERS, _character_count)


def _window_count(item: object) -> int:
    """Return the number of windows to embed: 0 for anything but a segmented document."""
    segmented = item.segmented if isinstance(item, FromFile) else item
    return len(segmented.digests) if isinstance(segmented, SegmentedDocument) else 0


def _character_count(item: Step) -> int:
    return len(item.document.document.text) if isinstance(item, FromFile) else 0


def _is_huge(batch: Sequence[Step]) -> bool:
    """Return whether a batch has so many windows that no other batch should be in memory."""
    return sum(map(_window_count, batch)) > HUGE


def _size(file: InputFile) -> int:
    """Return the size of a file in bytes, or 0 if it cannot be read. Reading it later reports the reason."""
    if file.remote:
        return file.remote.size
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
