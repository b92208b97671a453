"""The corpus: documents go in, questions come out answered."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from embeddings.runtime import check_later, finish_checks
from qa.asking.confidence import STRICTNESS
from qa.desk.database import DeskDatabase
from qa.document.metadata import check
from qa.errors import InputError, LibraryError
from qa.intake.pipeline import silent
from qa.limits import check_ids
from qa.places import library_place
from qa.schema import EVERYTHING, Document, DocumentList, Filters, Progress
from qa.storage.encoders import model_errors
from qa.storage.open import open_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.encoder import Encoder
    from qa.asking.answer import Answerer
    from qa.asking.confidence import Confidence
    from qa.deadline import Deadline
    from qa.desk.ports import Desk
    from qa.intake.distributed.workers import Workers
    from qa.intake.intake import Intake
    from qa.places import LibraryPlace
    from qa.quoting.quoted_answer import QuotedAnswer
    from qa.schema import (
        Dates,
        DocumentInfo,
        DocumentQuery,
        FileResult,
        IndexReport,
        OnProgress,
        Turn,
    )
    from qa.storage.intake_port import Upload
    from qa.storage.open import OpenLibrary
    from qa.storage.ports import Cited, LibraryStats
    from qa.text.written_dates import DateOrder

# What becomes of a document that the library did not have.
_NEW = ("added",)


class Corpus:
    """A library of documents in a folder. May be used from several threads, and by several processes.

    Use `Corpus.open`; as a context manager it closes itself.
    """

    def __init__(
        self,
        store: OpenLibrary,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> None:
        self.library = store.folder
        self.place: LibraryPlace = store.folder
        self.store = store
        self.desk: Desk = DeskDatabase(store)
        self._columns = None if columns is None else tuple(columns.items())
        self._date_order = date_order
        self._lock = threading.RLock()
        self._changing = threading.Condition()
        self._coming: set[str] = set()  # the names of files that are being taken in
        self._before_others = 0  # how much waits for these, and goes before those that come later
        self._reader = reader
        self._answerer: Answerer | None = None

    @classmethod
    def open(
        cls,
        library: LibraryPlace | str,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> Self:
        """Open the library in a folder, or at an address on Milvus; with `create`, make it if there is none.

        Of one that is opened `read_only` no byte is changed.
        `encoder` is the name of one or one that is open already; without it, the one that made the library's
        vectors, or the default for a new library. `date_order` reads dates such as 4/8/2008.
        `columns` says which column of a table, or key of a record, holds which field of a document. Where
        one of these two is None, each file is read as it was last.
        `reader` names what reads passages (`embeddings.reader.open_reader`).

        Raises:
            LibraryNotFoundError: there is no library in the folder, and `create` is False.
            EncoderMismatchError: another encoder made the library's vectors.
            LibraryError: the library is damaged, locked, or may not be written.
            ModelError: there is no such encoder.
        """
        place = library_place(library) if isinstance(library, str) else library
        store = open_library(place, create=create, read_only=read_only, encoder=encoder)
        corpus = cls(store, date_order, columns, reader)
        corpus.place = place
        return corpus

    def close(self) -> None:
        """Close the library's files, and wait until the files of the models that were used are checked."""
        if "_intake" in vars(self):
            self._intake.close()
        self.desk.close()
        self.store.close()
        finish_checks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @cached_property
    def _intake(self) -> Intake:
        from qa.intake.intake import Intake  # questions do without all that reads files

        return Intake(self.store, self.store.encoders, self._date_order, self._columns)

    # Documents in and out

    def index(
        self,
        *paths: Path | str,
        progress: OnProgress | None = None,
        prune: bool = False,
        dry_run: bool = False,
        named_files: bool = True,
        follow_links: bool = False,
        workers: str | None = None,
        text_columns: Mapping[str, str] = MappingProxyType({}),
    ) -> IndexReport:
        """Bring the library in step with files and folders; what has not changed is not parsed again.

        Each document is committed by itself: when this is interrupted, those that `progress` has named in
        stage "write" are in the library. A document that cannot be read is refused in the report, and the
        others go in. What a folder no longer holds is "gone" in the report; its documents stay in the library
        unless they are to be pruned (or are, by `prune`, afterwards). A `dry_run` only tells what would be
        done. What was purged of a file that has not changed is left out, unless the file is named itself and
        `named_files` says that a person has named it. Links in a folder that lead out of it are left out, and
        named in the report as skipped, unless `follow_links`; what is named itself may be a link.
        `workers` says where files are read and embedded by Ray: on the cores of this machine ("local"), or on
        the cluster at ray://HOST:PORT, whose machines see the files at the same paths (docs/cluster.md).
        A table is refused with its `columns` in the report where nothing says which of them holds the text.
        `text_columns` names it, by the table's path in the report: then only these tables are read, of all
        that is at the paths. It is remembered, as `columns` are.

        Reading, embedding and writing overlap: `progress` is called on several threads, one call at a time.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
            MissingExtraError: there are to be workers, and Ray is not installed.
            WorkersError: there is no such cluster, it differs from this program, or it has failed.
        """
        generation = self.store.generation
        with self._workers(workers) as opened:
            report = self._intake.index(
                paths,
                progress or silent,
                prune=prune,
                dry_run=dry_run,
                named_files=named_files,
                follow_links=follow_links,
                workers=opened,
                text_columns=text_columns,
            )
        if not dry_run:
            self.store.save_changes_since(generation, progress)
            self.store.compare_missing()  # of a library of before
        check_later()
        return report

    def _workers(self, address: str | None) -> AbstractContextManager[Workers | None]:
        if address is None:
            return nullcontext()
        from qa.intake.distributed.workers import Workers

        return Workers(address, self.place)

    def upload(
        self,
        name: str,
        content: BinaryIO,
        *,
        collection: str = "",
        text_column: str = "",
        collection_column: str = "",
        progress: OnProgress | None = None,
        save: bool = True,
    ) -> IndexReport:
        """Take in a file whose bytes the library keeps, by a name that may have folders: "2008/report.pdf".

        It is read as a file that `index` is given, with the same limits. Its document is known by the name;
        in the report its path is "upload:" and the name. Another file of the same name takes the place of the
        first, whose text is kept as of any file that changes. What cannot be read is refused in the report,
        and nothing of it is kept. With `collection`, new documents are put into that one; one that
        the library has stays where it is. `text_column` names the column that holds the text of a table, and
        `collection_column` the one, or the key of a record, that holds the collection: without it, a file
        puts its documents into none. Both are remembered.
        The whole index is written to its file at each upload: where many follow each other, leave that out
        (`save`), and call `store.save` after the last. Until then it is in step in memory alone.

        Raises:
            InputError: the name is empty, too long, or of a file that is left out; or the collection's is
                too long.
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        from qa.intake.uploads import upload_name

        name = upload_name(name)
        collection = check({"collection": collection})["collection"]
        with self._taking_in(name):
            generation = self.store.generation
            upload = self.store.keep_upload(name, content)
            try:
                report = self._read_uploads(
                    [upload],
                    progress,
                    is_named=True,
                    text_column=text_column,
                    collection_column=collection_column,
                    save=save,
                )
            except BaseException:
                if upload.is_new and self.store.generation == generation:  # nothing of it went in
                    self.store.forget_upload(upload)
                raise
            if upload.is_new and not any(each.document_id for each in report.files if each.status != "gone"):
                self.store.forget_upload(upload)
            if collection:
                self._put_new(report, collection)
        return report

    def read_uploads(self, progress: OnProgress | None = None) -> IndexReport:
        """Read all uploaded files again that another version of Pullquote reads otherwise.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        with self._alone():
            return self._read_uploads(self.store.uploads(), progress, is_named=False)

    def _read_uploads(
        self,
        uploads: Iterable[Upload],
        progress: OnProgress | None,
        *,
        is_named: bool,
        text_column: str = "",
        collection_column: str = "",
        save: bool = True,
    ) -> IndexReport:
        generation = self.store.generation
        report = self._intake.read_uploads(
            uploads,
            progress or silent,
            is_named=is_named,
            text_column=text_column,
            collection_column=collection_column,
        )
        if save:
            self.store.save_changes_since(generation, progress)
        check_later()
        return report

    @contextmanager
    def _taking_in(self, name: str) -> Iterator[None]:
        """Let files be taken in side by side; of two files of one name, one after the other."""
        with self._changing:
            self._changing.wait_for(lambda: name not in self._coming and not self._before_others)
            self._coming.add(name)
        try:
            yield
        finally:
            with self._changing:
                self._coming.remove(name)
                self._changing.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nothing be taken in meanwhile; what comes later waits, too."""
        with self._changing:
            self._before_others += 1
            try:
                self._changing.wait_for(lambda: not self._coming)
                yield
            finally:
                self._before_others -= 1
                self._changing.notify_all()

    def _put_new(self, report: IndexReport, collection: str) -> None:
        """Put the new documents of a report that are in no collection into one; none is moved."""
        ids = tuple(dict.fromkeys(each.document_id for each in report.files if each.status in _NEW))
        held = self.documents(Filters(document=ids)) if ids else ()
        without = [info.id for info in held if info.id in ids and not info.collection]
        self.store.put_in_collection(without, collection)

    def check_may_write(self) -> None:
        """Refuse where nothing can be changed.

        Raises:
            LibraryError: the library may not be written.
        """
        if self.store.read_only:
            raise LibraryError(
                f"the library in {self.library} may not be written: see to the permissions of its folder"
            )

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from; its bytes are checked.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: it was not uploaded.
            LibraryError: the file is damaged or missing.
        """
        return self.store.original(document_id)

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, or into none (""), all or none. Gives the ids of those that moved.

        Raises:
            DocumentNotFoundError: one of them is not held; nothing has changed.
            InputError: `ids` is one text, or the collection's name is too long.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        return self.store.put_in_collection(check_ids(ids), check({"collection": collection})["collection"])

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Give a collection another name, in all its documents or none. Gives their ids.

        Where there is a collection of the new name, the two are one from then on.

        Raises:
            InputError: there is no such collection, or the new name is empty or too long.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        new_name = check({"collection": new_name})["collection"]
        if not new_name:
            raise InputError("a collection needs a name: give it one")
        return self.store.rename_collection(name, new_name)

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone. Gives the report with these as removed.

        `restore` puts them back; so does their file, when it comes back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        generation = self.store.generation
        pruned = self._intake.prune(report)
        if self.store.generation != generation:
            self.store.save()
        return pruned

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Take documents out of every answer, all or none. Gives their ids, each once.

        `restore` puts them back, and citations still open them. While they are `withdrawn`, indexing the same
        files again does not bring them back; what was removed because its file has gone is not.

        Raises:
            DocumentNotFoundError: one of them is not held; nothing was removed.
            InputError: `ids` is one text.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        removed = self.store.remove(check_ids(ids), withdrawn=withdrawn)
        self.store.save()
        return removed

    def restore(self, ids: Iterable[str], progress: OnProgress | None = None) -> tuple[FileResult, ...]:
        """Put back documents that were removed, as they were then; nothing where one of them cannot be.

        Each is segmented and embedded as a new one is, and committed by itself.

        Raises:
            DocumentNotFoundError: one of them was not removed, or was purged since.
            InputError: a document of that id is held, or `ids` is one text.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        restored = self._intake.restore(check_ids(ids), progress or silent)
        self.store.save()
        return restored

    def edit(
        self, document_id: str, values: Mapping[str, str], *, reset: Iterable[str] = ()
    ) -> tuple[Document, tuple[str, ...]]:
        """Correct the metadata of a document; fields to `reset` are again what its source says.

        Gives the document, and the fields that are corrected now. Corrections outlive its source's changes.
        The text, and every citation, stay as they are.

        Raises:
            DocumentNotFoundError: there is no such document.
            InputError: a field is none of `metadata.FIELDS`, a date is not ISO 8601, or what is to be
                reset was not corrected.
            LibraryError: the library is locked, may not be written, or is out of space; or the document
                was replaced meanwhile.
        """
        edited = self._intake.edit(document_id, values, reset)
        self.store.save()
        return edited

    def purge(self, ids: Iterable[str] = ()) -> tuple[str, ...]:
        """Erase documents for good, all or none: every version, their vectors, thumbs and quotes.

        Conversations and dossiers say "purged on …" where they quoted them (see `conversations_citing` and
        `dossiers_citing`).

        They may have been removed before. No byte of them stays in the library's folder, nor any answer from
        this library that `evaluate` keeps: its files are written anew, which needs as much room again. Where
        that was interrupted, the next purge does it, of whatever ids or none. An uploaded file goes, too,
        once no document is from it. Other files that they were read from stay; hashes alone are kept, so
        that these do not bring them back (see `index`).

        Raises:
            DocumentNotFoundError: one of them is not known; nothing was erased.
            InputError: `ids` is one text.
            LibraryError: another process keeps the bytes from being overwritten: they are erased from every
                answer, and the next `purge` overwrites them. Or the desk cannot be written: the documents are
                erased, and the next `purge` erases what is on the desk. Or the library may not be written.
        """
        from qa.storage.answer_cache import forget_answers

        with self._alone():
            purged = self.store.purge(check_ids(ids))
            try:
                self.store.forget_unused_uploads()
            except LibraryError as error:
                if self.store.erasing:
                    raise LibraryError(
                        f"{error}. The documents are erased from every answer: once that is mended, run "
                        "`pullquote remove --purge`, for what is left of them elsewhere"
                    ) from error
                raise
        if self.store.erasing:
            forget_answers(self.library)
            notes = self.store.to_forget()
            try:
                self.desk.forget(notes.values())
            except LibraryError as error:
                raise LibraryError(
                    f"{error}. The documents are erased. Left are the thumbs on them and their places in "
                    "conversations and dossiers, or traces of these: "
                    "once that is mended, run `pullquote remove --purge`"
                ) from error
            else:
                self.store.forgotten(notes)
            finally:
                self.store.erase()
        return purged

    def reindex(self, encoder: str | Encoder, progress: OnProgress | None = None) -> None:
        """Embed every passage with another encoder, or with the same where windows have changed.

        Until all are done, the old vectors serve; they are exchanged in one transaction. After an
        interruption, what was embedded is not embedded again.

        Raises:
            ModelError: there is no such encoder, or its weights are damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        self._intake.reindex(encoder, progress or silent)
        self.store.save(progress)

    # What is in it

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first `limit` of them, in order of id."""
        return self.store.documents(filters, limit)

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, in its order; equals in order of id."""
        if query.text:
            found = self.store.phrase(query.text, self.store.select(query.filters)).documents
            if not found:
                return DocumentList((), 0)
            filters = replace(query.filters, document=found)
            query = replace(query, filters=filters, text="")
        return self.store.find_documents(query)

    def stats(self) -> LibraryStats:
        """Tell what the library holds, and what that costs on disk and in memory."""
        return replace(self.store.stats(), desk_bytes=self.desk.file_bytes())

    def citing(self, document_id: str) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `purge` of a document would erase, and list their questions."""
        return self.desk.citing(self.store.texts(document_id))

    def conversations_citing(self, document_id: str) -> tuple[str, ...]:
        """List the names of the conversations from whose answers `purge` of a document would take quotes.

        The quotes go, and "purged on …" stays in their place. The questions stay as they were typed.
        """
        return self.desk.conversations.citing(self.store.texts(document_id))

    def dossiers_citing(self, document_id: str) -> tuple[str, ...]:
        """List the names of the dossiers from which `purge` of a document would take quotes.

        The quotes go, and "purged on …" stays in their place, with the questions and notes.
        """
        return self.desk.dossiers.citing(self.store.texts(document_id))

    def document(self, document_id: str) -> Document:
        """Read the document of that id afresh; its text's SHA-256 is compared with the one recorded.

        Raises:
            DocumentNotFoundError: there is none.
            LibraryError: the text is not what was stored.
        """
        return self.store.document(document_id)

    # Versions

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and tell what has become of it.

        Of several that have the same text, the one of that id, where there is one.

        Raises:
            DocumentNotFoundError: no text with it was ever held, or it was purged.
            LibraryError: the text is not what was stored.
        """
        return self.store.cited(sha256, document_id)

    # Questions

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        filters: Filters = EVERYTHING,
        strictness: float = STRICTNESS,
        dates: Dates = "auto",
        *,
        find_all: bool = False,
        deadline: Deadline | None = None,
    ) -> QuotedAnswer:
        """Answer a question with quotes; see `qa.asking.answer.Answerer.ask`.

        >>> answer = corpus.ask("Which factory was stripped of its metal?")
        >>> answer.outcome
        'answered'
        >>> quote = answer.quotes[0]
        >>> quote.text == corpus.document(quote.document.id).text[quote.start : quote.end]
        True
        >>> corpus.ask("Who won the football World Cup in 2006?").outcome
        'none'

        Raises:
            QuestionError: the question or the history is empty, too long or too much.
            DeadlineError: the deadline, if there is one, has passed.
            PullquoteError: what else keeps it from being answered.
        """
        from qa.quoting.quoted_answer import QuotedAnswer  # brings what writes answers; opening needs none

        answer = self.answerer().ask(
            question, history, filters, strictness, dates, find_all=find_all, deadline=deadline
        )
        check_later()
        return QuotedAnswer.of(answer, self.document)

    def warm(self, progress: OnProgress | None = None) -> None:
        """Load what a first question would otherwise wait for: encoder, index and reader."""
        (progress or silent)(Progress("model", 0, 0, self.store.encoder_identity.name))
        self.store.warm()
        self.answerer()

    def answerer(self) -> Answerer:
        """Open what answers questions, once.

        Raises:
            ModelError: the reader's weights are missing or damaged.
        """
        with self._lock:
            if self._answerer is None:
                from embeddings.reader import open_reader
                from qa.asking import own_confidence
                from qa.asking.answer import Answerer

                with model_errors():
                    reader = open_reader(self._reader)

                def fitted() -> Confidence:
                    self.store.fetch_own_files()
                    return own_confidence.of_library(self.library, reader.name)

                self._answerer = Answerer(self.store, reader, fitted=fitted)
            return self._answerer
