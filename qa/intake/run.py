"""Taking documents in: files are read, segmented and embedded, and what comes of it is stored."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from embeddings.encoder import identify_encoder, open_encoder
from qa.document.corrections import correct, uncorrected
from qa.document.metadata import Sidecar, check, open_sidecar, sidecar_of
from qa.document.row_identity import Row, follow, numbered
from qa.document.segment import SEGMENTATION, passages
from qa.document.window import head, window_text
from qa.errors import InputError, PartlyReadError, model_errors
from qa.formats import ocr
from qa.formats.kinds import JSONL, named, reading_of
from qa.formats.reading import file_id, read_path
from qa.formats.source import Options
from qa.formats.worker import Worker
from qa.intake.folders import listing, missing, refusal, resolved, without_files
from qa.intake.pipeline import overlap, silent
from qa.schema import Document, FileResult, IndexReport, Passage, Progress
from qa.storage.embedded.encoders import trust
from qa.storage.embedded.locations import RESTORED, FileRead, Foreseen, ReadAs, is_gone
from qa.storage.embedded.put import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.formats.dates import DateOrder
    from qa.storage.embedded.encoders import Encoders
    from qa.storage.embedded.locations import HeldLocation
    from qa.storage.embedded.store import Ingested, Store
    from qa.storage.embedded.versions import LeftOut
    from qa.storage.ports import Version

    OnProgress = Callable[[Progress], None]

# Windows embedded at a time, over several documents: enough to keep the encoder busy, few enough that
# an interrupted run loses seconds of work.
BATCH = 256
# Of documents without windows, as most are of a file that has not changed.
_MOST_ITEMS = 4 * BATCH
# A group of so many windows, one document of some MB, is in memory alone.
_HUGE = 16 * BATCH
# Windows given to the encoder at a time.
_SLICE = 4 * BATCH

# Files of this format drop old entries as a matter of course: their documents are not gone.
_ROLLING = "feed"
_VANISHED = "It was there when its folder was listed, and gone when it was to be read."

# Another version of one of these may read a file otherwise.
LIBRARIES = (
    *("feedparser", "lxml", "lxml_html_clean", "markdown-it-py", "odfdo", "openpyxl", "py3langid"),
    *("pypdfium2", "python-docx", "sentencex", "trafilatura"),
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
class _Withheld:
    """A document that a person removed, in the version of that number, when it was not at this place."""

    document: Document
    part: str
    version: int
    result: FileResult
    read: int


@dataclass(frozen=True, slots=True)
class _Ended:
    """A file came to its end: what is to be recorded of it, and the places in it that it no longer has."""

    path: str
    file: FileRead | None
    gone: tuple[HeldLocation, ...]
    read_as: ReadAs | None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A document whose text is held: one more place of it, or another."""

    document: Document
    made_by: str
    part: str
    read: int


_Step = _Prepared | _Placed | _Settled | _Withheld | _Ended
_Item = TypeVar("_Item", _Prepared, _Step)


class _Reading:
    """One file while it is read: what is known of it, and what it gave."""

    def __init__(
        self, store: Store, path: str, name: str, options: Options, sidecar: str, *, named: bool
    ) -> None:
        self._store = store
        self.path = path
        self._name = name
        self._options = options
        self.made_by = made_by(PurePath(path).name, options, sidecar)
        self._named = named  # by a person: then what was purged of it is taken in again
        self._sha256 = ""
        self._parts: set[str] = set()  # that are held, or are to be
        self._purged: set[str] = set()
        self._held_as: dict[str, str] = {}  # by the parts that some are now
        self._refused: list[FileResult] = []
        self._same = False
        self.read = 0

    def part(self, given_id: str) -> str:
        part = given_id.removeprefix(self._name)  # which the ids of a .jsonl's records do not begin with
        return self._held_as.get(part, part)

    def follow_rows(self, items: Iterable[object], before: Sequence[Row], *, dry_run: bool) -> None:
        """Let documents follow their rows, whose numbers may be others now; a dry run only takes note."""
        known = {sha256 for row in before for sha256 in (row.source_sha256, row.sha256)}
        now = {}
        for item in items:
            if isinstance(item, Document) and numbered(item):
                part = item.id.removeprefix(self._name)
                text = "" if known & {item.source_sha256, item.sha256} else item.text
                now[part] = Row(part, item.source_sha256, item.sha256, text)
        was = follow(before, now.values(), partial(self._store.row_text, self.path))
        # A new row at a number that another had stands nowhere yet.
        other = {part: f"{part}~" for part in now.keys() - was if any(row.part == part for row in before)}
        other |= {part: held for part, held in was.items() if part != held}
        if dry_run:
            self._held_as = other
        elif other:
            self._store.renumber(self.path, was, now)

    def known(self, given_id: str, sha256: str, size: int) -> FileResult | None:
        """Tell that a document has not changed, or was taken out."""
        self.read += size
        part = self.part(given_id)
        result = self._store.unchanged(self.path, part, sha256, self.made_by)
        if result and result.status == "purged" and self._named:
            return None
        if result and result.status == "unchanged":
            self._parts.add(part)
        return result

    def same(self, _: str, sha256: str) -> tuple[FileResult, ...] | None:
        """Tell that the whole file has not changed."""
        self._sha256 = sha256
        results = self._store.file_unchanged(self.path, sha256, self.made_by)
        if results and self._named and any(each.status == "purged" for each in results):
            results = None
        self._same = results is not None
        return results

    def taken(self, document: Document, part: str) -> LeftOut | None:
        """Take note of a document that the file gave. Tells where a person took it out."""
        out = self._store.left_out(document, part)
        if out and out.status == "purged" and self._named:
            out = None
        if out is None:
            self._parts.add(part)
        elif out.status == "purged":
            self._purged |= {document.source_sha256, document.sha256}
        return out

    def refused(self, result: FileResult) -> None:
        """Take note of what was refused of the file."""
        self._refused.append(result)

    def ended(self) -> _Ended | None:
        """Say what has to be recorded, if anything, once the file was read to its end."""
        if self._same:
            return None
        file: FileRead | None = None
        gone: tuple[HeldLocation, ...] = ()
        if self._sha256:
            documents = len(self._parts)
            refused, purged = tuple(self._refused), frozenset(self._purged)
            file = FileRead(self.path, self._sha256, self.made_by, documents, refused, purged)
        if not self._refused:  # what was refused may be a document that is held
            held = self._store.places_in(self.path, beside=self._parts)
            gone = tuple(at for at in held if at.format != _ROLLING and not at.kept)
        told = None
        if self._parts and self._store.read_as(self.path) != (said := _said(self._options)):
            told = said
        return _Ended(self.path, file, gone, told) if file or gone or told else None


class Intake:
    """Brings documents into a store."""

    def __init__(
        self,
        store: Store,
        encoders: Encoders,
        date_order: DateOrder | None = None,
        columns: tuple[tuple[str, str], ...] | None = None,
    ) -> None:
        self._store = store
        self._encoders = encoders
        self._date_order = date_order
        self._columns = columns

    def index(
        self,
        paths: Sequence[Path | str],
        progress: OnProgress,
        *,
        prune: bool,
        dry_run: bool,
        named_files: bool,
        follow_links: bool,
    ) -> IndexReport:
        """Bring the library in step with files and folders; see `qa.corpus.Corpus.index`."""
        started = time.perf_counter()
        generation = self._store.generation
        here = listing(paths, follow_links=follow_links)
        found = {resolved(path): (path, root) for path, root in here.files}
        gone: list[HeldLocation] = []
        ahead = Foreseen()
        take_in = partial(self._foreseen, ahead) if dry_run else self._taken_in
        run = partial(take_in, named_files=named_files, follow_links=follow_links)
        with _one_at_a_time(progress) as show:
            results = run(here.files, here.refused, gone, show)
            seen = set(found) - {result.path for result in results if result.status == "gone"}
            # A folder may stand where there was a file.
            inside = (self._store.places_in(folder, folder=True) for folder in here.folders)
            held = chain(*inside, *(self._store.places_in(folder) for folder in here.folders))
            lost, remarks = missing(held, seen)
            places = {at.number: at for at in (*gone, *lost)}
            for number in ahead.lost:  # these would not be there any more
                places.pop(number, None)
            results = self._settled(results, ahead)
            without = self._gone(tuple(places.values()), results, ahead, dry_run=dry_run)
            if places and not (dry_run or prune or self._store.read_only):
                # Said once. What is to be pruned is not: if this is broken off, the next run has to find it.
                self._store.keep_restored(tuple(places.values()))
            if not dry_run and self._store.generation != generation:
                # Of documents that follow another of their files now.
                again = {path: found[path] for path in self._store.to_be_read() if path in found}
                if again:
                    results = _updated(results, run(tuple(again.values()), (), [], show), again)
            results += without
        remarks += without_files(here.skipped)
        report = IndexReport(tuple(results), time.perf_counter() - started, here.skipped, remarks, dry_run)
        if prune and not dry_run:
            report = replace(self.prune(report), seconds=time.perf_counter() - started)
        return report

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone; see `qa.corpus.Corpus.prune`."""
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
        self._forget(places)
        return replace(report, files=tuple(results))

    def restore(self, ids: Iterable[str], show: OnProgress) -> tuple[FileResult, ...]:
        """Put back documents that were removed; see `qa.corpus.Corpus.restore`."""
        identity = self._encoders.identity()
        found = [self._store.restorable(document_id) for document_id in dict.fromkeys(ids)]
        results = []
        for removed, document in found:
            item = _prepare(document, RESTORED)
            vectors = self._vectors([item], identity, self._encoders.documents, show)
            results.append(self._ingest(item, vectors, identity, removed)[0])
        return tuple(results)

    def edit(
        self, document_id: str, values: Mapping[str, str], reset: Iterable[str]
    ) -> tuple[Document, tuple[str, ...]]:
        """Correct the metadata of a document; see `qa.corpus.Corpus.edit`."""
        given = check(values)
        document = self._store.document(document_id)
        said = self._store.corrections().get(document_id, {})
        kept = {field: each.value for field, each in said.items()}
        for name in reset:
            if kept.pop(name, None) is None:
                raise InputError(f"the {name} of {document_id!r} was not corrected: nothing is to be reset")
        edited, corrections = correct(uncorrected(document, said), kept | given)
        item = _windows(edited, self._store.passages_of(document_id))
        vectors = self._vectors([item], self._encoders.identity(), self._encoders.documents, silent)
        entries = _entries(item, vectors)
        self._store.edit(edited, head(edited), entries, self._encoders.identity(), corrections)
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
        if isinstance(encoder, str):  # by the user: later, the library's word for it will do
            trust(identity)
        self._encoders.use(None if isinstance(encoder, str) else encoder)

    def _taken_in(
        self,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        gone: list[HeldLocation],
        show: OnProgress,
        *,
        named_files: bool,
        follow_links: bool,
    ) -> list[FileResult]:
        """Add or refresh the documents of files. What these no longer have goes to `gone`."""
        identity = self._encoders.identity()
        results: list[FileResult] = []
        ended: list[_Ended] = []
        displaced: list[HeldLocation] = []
        ids = _Ids()
        size = sum(_size(path) for path, _ in found)
        made = read = 0

        def embed(batch: list[_Step]) -> Mapping[bytes, Float32]:
            documents = [item for item in batch if isinstance(item, _Prepared)]
            return self._vectors(documents, identity, self._encoders.documents, show)

        def write(item: _Step, vectors: Mapping[bytes, Float32]) -> None:
            nonlocal made, read
            if isinstance(item, _Ended):
                gone.extend(item.gone)
                ended.append(item)
                if len(ended) >= BATCH:
                    record()
                return
            ingested: Ingested | None = None
            if isinstance(item, _Withheld) and not self._store.read_only:
                self._store.withhold(item.document, item.part, item.version)
            if isinstance(item, _Placed):
                result, ingested = self._place(item, identity)
            elif isinstance(item, _Prepared):
                result, ingested = self._ingest(item, vectors, identity)
                made += result.passages if result.status in ("added", "replaced") else 0
            else:
                result = item.result
            if ingested:
                displaced.extend([ingested.displaced] if ingested.displaced else [])
                ids.take(results, ingested)
            results.append(result)
            name, read = result.document_id or result.path, item.read
            show(Progress("write", len(results), 0, name, made, read, size))

        def record() -> None:
            # Nothing new is known of files in a library that cannot be written: it was read all the same.
            if ended and not self._store.read_only:
                self._store.put_files(
                    [each.file for each in ended if each.file],
                    {each.path: each.read_as for each in ended if each.read_as},
                )
            ended.clear()

        with Worker() as worker:
            read_files = self._prepared(
                found, refused, show, worker, named_files=named_files, follow_links=follow_links
            )
            overlap(
                _batches(read_files),
                embed,
                write,
                _is_huge,
            )
        if results and read < size:  # the last file said nothing of its end
            name = results[-1].document_id or results[-1].path
            show(Progress("write", len(results), 0, name, made, size, size))
        # By now it is known which of these stand in another file, and which stand nowhere.
        self._forget(displaced)
        aside = {at.number for at in displaced}
        gone[:] = [at for at in gone if at.number not in aside]
        record()
        return ids.put_right(results)

    def _foreseen(
        self,
        ahead: Foreseen,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        gone: list[HeldLocation],
        show: OnProgress,
        *,
        named_files: bool,
        follow_links: bool,
    ) -> list[FileResult]:
        """Tell what `_taken_in` would do."""
        results: list[FileResult] = []
        ids = _Ids()
        with Worker() as worker:
            foreseen_steps = self._prepared(
                found,
                refused,
                show,
                worker,
                named_files=named_files,
                follow_links=follow_links,
                dry_run=True,
            )
            for item in foreseen_steps:
                if isinstance(item, _Ended):
                    gone.extend(item.gone)
                elif isinstance(item, (_Settled, _Withheld)):
                    results.append(item.result)
                else:
                    document = item.document
                    foreseen = self._store.foresee(document, head(document), item.part, ahead)
                    ids.take(results, foreseen)
                    results.append(
                        FileResult(document.path, foreseen.status, foreseen.document_id, notes=document.notes)
                    )
        return ids.put_right(results)

    def _settled(self, results: Sequence[FileResult], ahead: Foreseen) -> list[FileResult]:
        """Report what was put beside a document's other places, and is its only one in the end, as moved."""
        copied = {result.document_id for result in results if result.status == "duplicate"}
        stands = self._store.stands(copied, ahead) if copied else {}
        return [
            replace(each, status="moved")
            if each.status == "duplicate" and stands.get(each.document_id) == 1
            else each
            for each in results
        ]

    def _forget(self, places: Sequence[HeldLocation]) -> None:
        for start in range(0, len(places), BATCH):
            self._store.prune(places[start : start + BATCH])

    def _gone(
        self, places: Sequence[HeldLocation], results: Iterable[FileResult], ahead: Foreseen, *, dry_run: bool
    ) -> list[FileResult]:
        """Report places that are gone: a document that stands elsewhere too only loses these."""
        moved = {result.document_id for result in results if result.status == "moved"}
        places = [replace(at, document_id=ahead.renamed(at.document, at.document_id)) for at in places]
        here = Counter(at.document_id for at in places)
        stands = self._store.stands(here, ahead) if here else {}
        elsewhere = {held_id for held_id, count in here.items() if stands.get(held_id, 0) > count}
        lost = [at for at in places if at.document_id in elsewhere]
        if lost and not dry_run:
            self._store.prune(lost)
        return [
            FileResult(
                at.path, "moved" if at.document_id in elsewhere else "gone", at.document_id, part=at.part
            )
            for at in places
            if at.document_id in elsewhere or at.document_id not in moved
        ]

    def _prepared(
        self,
        found: Sequence[tuple[Path, Path | None]],
        refused: Iterable[FileResult],
        show: OnProgress,
        worker: Worker,
        *,
        named_files: bool,
        follow_links: bool,
        dry_run: bool = False,
    ) -> Iterator[_Step]:
        """Read and segment the documents of files; what is refused or has not changed comes as its result."""
        for result in refused:
            yield _Settled(result, 0)
        corrected = bool(self._store.corrections())
        end = 0
        for done, (path, root) in enumerate(found):
            show(Progress("read", done, len(found), path.name))
            start, end = end, end + _size(path)
            try:
                sidecar = open_sidecar(path, follow_links=follow_links)
            except InputError as error:
                yield _Settled(refusal(sidecar_of(path), error), start)
                sidecar = Sidecar(self._store.sidecar_values(resolved(path)), "as it was")
            # One string for all its documents.
            name = "" if named(path.name) is JSONL else file_id(path, root)
            options = self._options(resolved(path))
            by_name = named_files and root is None
            file = _Reading(self._store, resolved(path), name, options, sidecar.sha256, named=by_name)
            read = partial(read_path, path, root, options, file.known, file.same, worker)
            if name and (rows := self._store.rows(file.path)):
                file.follow_rows(read(), rows, dry_run=dry_run)
            for item in read():
                done_to = min(start + file.read, end)
                if isinstance(item, InputError) and root and is_gone(str(path)) and not path.is_dir():
                    yield _Settled(FileResult(file.path, "gone", notes=(_VANISHED,)), done_to)
                elif isinstance(item, PartlyReadError):
                    yield _Settled(FileResult(file.path, "skipped", notes=(str(item),)), done_to)
                elif isinstance(item, InputError):
                    result = refusal(path, item)
                    file.refused(result)
                    yield _Settled(result, done_to)
                elif isinstance(item, FileResult):
                    yield _Settled(item, done_to)
                else:
                    document, part = sidecar.complete(replace(item, path=file.path)), file.part(item.id)
                    placed = _Placed(document, file.made_by, part, done_to)
                    if out := file.taken(document, part):
                        yield _left_out(placed, out)
                    elif self._store.has_text(document, file.made_by, part):
                        yield placed
                    else:
                        yield (
                            self._corrected(placed)
                            if corrected
                            else _prepare(document, file.made_by, part, done_to)
                        )
            if ended := file.ended():
                yield ended
        show(Progress("read", len(found), len(found)))

    def _options(self, path: str) -> Options:
        """Tell how a file is to be read: as was said for this run, or else as it was last."""
        before = self._store.read_as(path)
        order = before.date_order if self._date_order is None else self._date_order
        return Options(order, before.columns if self._columns is None else self._columns)

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
        with model_errors():
            opened = encoder()
            for start in range(0, len(digests), _SLICE):
                some = [window_text(*lacking[digest]) for digest in digests[start : start + _SLICE]]

                def embedded(done: int, _: int, start: int = start) -> None:
                    show(Progress("embed", start + done, len(digests)))

                made[start : start + _SLICE] = opened.encode_documents(some, embedded)
        return known | dict(zip(digests, made, strict=True))

    def _place(self, item: _Placed, identity: EncoderIdentity) -> tuple[FileResult, Ingested]:
        document = item.document
        placed = self._store.place(document, item.made_by, item.part)
        if placed:
            result = FileResult(document.path, placed.status, placed.document_id, notes=document.notes)
            return result, placed
        # It was held when it was read.
        prepared = self._corrected(item)
        vectors = self._vectors([prepared], identity, self._encoders.documents, silent)
        return self._ingest(prepared, vectors, identity)

    def _corrected(self, item: _Placed) -> _Prepared:
        """Segment a document with what a person has corrected of it."""
        said = self._store.corrections_of(item.document, item.part)
        document, corrections = correct(item.document, {name: each.value for name, each in said.items()})
        return replace(_prepare(document, item.made_by, item.part, item.read), corrections=corrections)

    def _ingest(
        self,
        item: _Prepared,
        vectors: Mapping[bytes, Float32],
        identity: EncoderIdentity,
        restored: Version | None = None,
    ) -> tuple[FileResult, Ingested]:
        document = item.document
        entries = _entries(item, vectors)
        ingested = self._store.ingest(
            document, head(document), entries, identity, item.made_by, item.part, restored, item.corrections
        )
        result = FileResult(
            document.path, ingested.status, ingested.document_id, len(entries), notes=document.notes
        )
        return result, ingested


class _Ids:
    """The ids that documents have since: of what stood in several files and has changed in the first."""

    def __init__(self) -> None:
        self._since: dict[str, str] = {}

    def take(self, results: list[FileResult], ingested: Ingested) -> None:
        """Note what an ingest did; put right what was reported of the document that has lost its id to it."""
        if not ingested.new_id_of_former:
            return
        self._since[ingested.document_id] = ingested.new_id_of_former
        for at, each in enumerate(results):
            if each.document_id == ingested.document_id:
                results[at] = replace(each, document_id=ingested.new_id_of_former)

    def put_right(self, results: Iterable[FileResult]) -> list[FileResult]:
        """Put right what was read of documents that have not changed, before their ids did."""
        return [
            replace(each, document_id=self._now(each.document_id)) if each.status == "unchanged" else each
            for each in results
        ]

    def _now(self, document_id: str) -> str:
        while document_id in self._since:
            document_id = self._since[document_id]
        return document_id


def _updated(
    results: Sequence[FileResult], later: Iterable[FileResult], paths: Collection[str]
) -> list[FileResult]:
    """Report files that were read again, at `paths`, once: that one was moved, say, counts for more."""
    kept = [each for each in results if each.path not in paths or each.status != "unchanged"]
    said = {(each.path, each.document_id) for each in kept}
    return kept + [each for each in later if (each.path, each.document_id) not in said]


def _left_out(item: _Placed, out: LeftOut) -> _Settled | _Withheld:
    """Report a document that a person took out."""
    document = item.document
    result = FileResult(document.path, out.status, out.document_id)
    if out.version is None:
        return _Settled(result, item.read)
    return _Withheld(document, item.part, out.version, result, item.read)


def _said(options: Options) -> ReadAs:
    return ReadAs(options.date_order, options.columns)


@cache
def made_by(file_name: str, options: Options, sidecar: str = "") -> str:
    """Name what reads and segments a file: read by the same, a file that has not changed gives the same.

    `sidecar` is the SHA-256 of what lies beside the file.
    """
    libraries = [version(name) for name in LIBRARIES]
    if options.ocr:  # what was refused for want of Tesseract is read once it is there
        with suppress(InputError):  # it fails: said of each file that needs it
            libraries += [ocr.version("Tesseract"), *sorted(ocr.languages("Tesseract"))]
    readers = (reading_of(file_name), f"segmentation {SEGMENTATION}", *libraries, repr(options), sidecar)
    return hashlib.sha256(" ".join(readers).encode()).hexdigest()


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
