"""The corpus: it takes documents in and answers questions from them."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from embeddings.runtime import check_later, finish_checks
from qa.desk.desk import DeskDatabase
from qa.document.metadata import check
from qa.errors import InputError, LibraryError
from qa.intake.pipeline import silent
from qa.limits import check_ids
from qa.places import library_address
from qa.schema import EVERYTHING, STRICTNESS, AskOptions, Document, DocumentList, Filters, Progress
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
    from qa.desk.interface import Desk
    from qa.intake.distributed.workers import Workers
    from qa.intake.intake import Intake
    from qa.places import LibraryAddress
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
    from qa.storage.intake_values import Upload
    from qa.storage.library import Library
    from qa.storage.results import Cited, LibraryStats
    from qa.text.written_dates import DateOrder

# The file statuses that mean that the document is new in the library.
_NEW = ("added",)


class Corpus:
    """A library of documents in a folder or on a server. Several threads and processes may use it.

    Use `Corpus.open`. As a context manager, a corpus closes itself.
    """

    def __init__(
        self,
        store: Library,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> None:
        self.library = store.folder
        self.place: LibraryAddress = store.folder
        self.store = store
        self.desk: Desk = DeskDatabase(store)
        self._columns = None if columns is None else tuple(columns.items())
        self._date_order = date_order
        self._lock = threading.RLock()
        self._changing = threading.Condition()
        self._coming: set[str] = set()  # the names of files that are being taken in
        self._before_others = 0  # how many callers of `_alone` there are: files that come later wait for them
        self._reader = reader
        self._answerer: Answerer | None = None

    @classmethod
    def open(
        cls,
        library: LibraryAddress | str,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
        index: str = "",
    ) -> Self:
        """Open the library in a folder, or on a PostgreSQL server. With `create`, make it if there is none.

        `index` is the address of the index on Milvus, such as "milvus://HOST:19530". A new library remembers
        the address. Without it, a new library in a folder has its index in files there. A new library on
        PostgreSQL needs an index on Milvus.
        A library that is opened `read_only` is not changed by a single byte.
        `encoder` is the name of an encoder, or an encoder that is open already. Without it, the library's own
        encoder is used, or the default encoder for a new library.
        `date_order` is the order of day and month in dates such as 4/8/2008. `columns` maps each column of a
        table, or key of a record, to the document field that it holds. If one of these arguments is None,
        each file is read with the value that it was last read with.
        `reader` names the model that reads passages (`embeddings.reader.open_reader`).

        Raises:
            LibraryNotFoundError: there is no library, and `create` is False.
            InputError: an address is not valid, or the library has another index.
            EncoderMismatchError: another encoder made the library's vectors.
            LibraryError: the library is damaged, locked, or may not be written.
            ModelError: there is no such encoder.
        """
        address = library_address(library) if isinstance(library, str) else library
        store = open_library(address, create=create, read_only=read_only, encoder=encoder, index=index)
        corpus = cls(store, date_order, columns, reader)
        corpus.place = address
        return corpus

    def close(self) -> None:
        """Close the library's files, and wait until the files of the models in use are checked."""
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
        from qa.intake.intake import Intake  # imported late: questions do not need it

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
        """Bring the library up to date with files and folders. Unchanged files are not parsed again.

        Each document is committed separately. After an interruption, the documents that `progress` has named
        in stage "write" are in the library. A document that cannot be read is refused in the report, and the
        others are indexed. A file that a folder no longer holds is "gone" in the report. Its documents stay
        in the library, unless `prune` is set or the method `prune` is called afterwards. A `dry_run` only
        reports what would be done.

        A purged document whose file has not changed is left out, unless the file is named itself and
        `named_files` says that a person named it. Links in a folder that lead out of the folder
        are left out and reported as skipped, unless `follow_links` is set. A path that is named itself may be
        a link.

        `workers` makes Ray read and embed the files: on the cores of this machine ("local"), or on the
        cluster at ray://HOST:PORT, whose machines must see the files at the same paths (docs/cluster.md).

        If it is unknown which column of a table holds the text, the table is refused, with its `columns` in
        the report. `text_columns` maps the table's path in the report to the name of the text column. With
        `text_columns`, only these tables are read, of all files at the paths. The column is remembered, as
        `columns` are.

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
        """Take in a file whose bytes the library keeps. Its name may have folders: "2008/report.pdf".

        The file is read like a file that `index` is given, with the same limits. The name identifies its
        document. In the report, the document's path is "upload:" and the name. Another file with the same
        name replaces the first file. The first file's text is kept, as for any file that changes. A file that
        cannot be read is refused in the report and is not kept.

        New documents are put into `collection`, if it is given. A document that the library already has stays
        in its collection. `text_column` names the column that holds the text of a table. `collection_column`
        names the column, or the key of a record, that holds the collection. Without it, a file assigns no
        collections. Both are remembered.

        Each upload writes the whole index to its file. For several uploads in a row, switch that off with
        `save` and call `store.save` after the last upload. Until then, only the index in memory is current.

        Raises:
            InputError: the name is empty, too long, or of a file that is left out. Or the name of the
                collection is too long.
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        from qa.intake.upload_names import upload_name

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
                if upload.is_new and self.store.generation == generation:  # the library has not changed
                    self.store.forget_upload(upload)
                raise
            if upload.is_new and not any(
                result.document_id for result in report.files if result.status != "gone"
            ):
                self.store.forget_upload(upload)
            if collection:
                self._put_new(report, collection)
        return report

    def read_uploads(self, progress: OnProgress | None = None) -> IndexReport:
        """Read uploaded files again if this version of Pullquote reads them in another way.

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
        """Put uploads into the library. If `save`, write the index that they change."""
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
        """Let files be taken in at the same time, but files with the same name one after the other."""
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
        """Wait until no file is being taken in. Files that come later wait until the `with` block ends."""
        with self._changing:
            self._before_others += 1
            try:
                self._changing.wait_for(lambda: not self._coming)
                yield
            finally:
                self._before_others -= 1
                self._changing.notify_all()

    def _put_new(self, report: IndexReport, collection: str) -> None:
        """Put the new documents of a report into a collection, unless they are in one already."""
        ids = tuple(dict.fromkeys(result.document_id for result in report.files if result.status in _NEW))
        held = self.documents(Filters(document=ids)) if ids else ()
        without = [info.id for info in held if info.id in ids and not info.collection]
        self.store.put_in_collection(without, collection)

    def check_may_write(self) -> None:
        """Raise an error if the library cannot be changed.

        Raises:
            LibraryError: the library may not be written.
        """
        if self.store.read_only:
            raise LibraryError(
                f"the library in {self.library} may not be written: check the permissions of its folder"
            )

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, removed or not, was read from. Its bytes are checked.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: the document was not uploaded.
            LibraryError: the file is damaged or missing.
        """
        return self.store.original(document_id)

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Move all the documents into a collection, or fail. Return the ids of the documents that moved.

        The collection "" means none.

        Raises:
            DocumentNotFoundError: a document is not in the library. Nothing was changed.
            InputError: `ids` is one text, or the collection's name is too long.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        return self.store.put_in_collection(check_ids(ids), check({"collection": collection})["collection"])

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Rename a collection in all its documents, or in none. Return the ids of the documents.

        If a collection with the new name exists, the two collections become one.

        Raises:
            InputError: there is no such collection, or the new name is empty or too long.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        new_name = check({"collection": new_name})["collection"]
        if not new_name:
            raise InputError("the name of the collection is empty: give the collection a name")
        return self.store.rename_collection(name, new_name)

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone. In the returned report they are "removed".

        `restore` puts the documents back. Their file also does, when it comes back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        generation = self.store.generation
        pruned = self._intake.prune(report)
        if self.store.generation != generation:
            self.store.save()
        return pruned

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents from every answer, or fail and remove none. Return their ids, each once.

        `restore` puts the documents back, and citations still open them. While documents are `withdrawn`,
        indexing the same files again does not bring them back. Documents that were removed because their file
        is gone are not withdrawn.

        Raises:
            DocumentNotFoundError: a document is not in the library. Nothing was removed.
            InputError: `ids` is one text.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        removed = self.store.remove(check_ids(ids), withdrawn=withdrawn)
        self.store.save()
        return removed

    def restore(self, ids: Iterable[str], progress: OnProgress | None = None) -> tuple[FileResult, ...]:
        """Put back documents that were removed, as they were then, or none if one cannot be put back.

        Each document is segmented and embedded like a new document, and committed separately.

        Raises:
            DocumentNotFoundError: a document was not removed, or has been purged since.
            InputError: an id belongs to a document in the library, or `ids` is one text.
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
        """Correct the metadata of a document. Fields to `reset` get the value from its source again.

        Returns the document, and the fields that are corrected now. Corrections stay when the source changes.
        The text, and every citation, stay as they are.

        Raises:
            DocumentNotFoundError: there is no such document.
            InputError: a field is not in `qa.schema.FIELDS`, a date is not ISO 8601, or a field to reset was
                not corrected.
            LibraryError: the library is locked, may not be written, or is out of space; or the document
                was replaced in the meantime.
        """
        edited = self._intake.edit(document_id, values, reset)
        self.store.save()
        return edited

    def purge(self, ids: Iterable[str] = ()) -> tuple[str, ...]:
        """Erase documents for good, all or none: every version, with their vectors, thumbs and quotes.

        The documents may have been removed before. Conversations and dossiers show "purged on …" where they
        quoted the documents (see `conversations_citing` and `dossiers_citing`).

        No byte of the documents stays in the library's folder, and no answer from this library that
        `evaluate` keeps. To achieve that, the library's files are written again, which needs their size in
        free space. If that was interrupted, the next purge completes it, with any ids or without. An
        uploaded file is erased too, once no document is from it. Other source files stay. Only their hashes
        are kept, so that the source files do not bring the documents back (see `index`).

        Raises:
            DocumentNotFoundError: a document is not known. Nothing was erased.
            InputError: `ids` is one text.
            LibraryError: another process keeps the bytes from being overwritten: they are erased from every
                answer, and the next `purge` overwrites them. Or the desk cannot be written: the documents are
                erased, and the next `purge` erases their traces on the desk. Or the library may not be
                written.
        """
        from qa.storage.answer_cache import forget_answers

        with self._alone():
            purged = self.store.purge(check_ids(ids), self.desk.forget)
            try:
                self.store.forget_unused_uploads()
            except LibraryError as error:
                if self.store.erasing:
                    raise LibraryError(
                        f"{error}. The documents no longer appear in any answer, but parts of them are "
                        "left elsewhere: "
                        "solve this problem, then run `pullquote remove --purge` to erase the rest"
                    ) from error
                raise
        if self.store.erasing:
            forget_answers(self.library)
            notes = self.store.to_forget()
            try:
                self.desk.forget(notes.values())
                self.desk.scrub()
            except LibraryError as error:
                raise LibraryError(
                    f"{error}. The documents are erased, but their thumbs and their places in conversations "
                    "and dossiers may be left: "
                    "solve this problem, then run `pullquote remove --purge` to erase the rest"
                ) from error
            else:
                self.store.forgotten(notes)
            finally:
                self.store.erase()
        return purged

    def reindex(self, encoder: str | Encoder, progress: OnProgress | None = None) -> None:
        """Embed every passage with another encoder, or with the same encoder if its windows have changed.

        The old vectors are used until all passages are done. One transaction then replaces them. After an
        interruption, passages that were embedded are not embedded again.

        Raises:
            ModelError: there is no such encoder, or its weights are damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        self._intake.reindex(encoder, progress or silent)
        self.store.save(progress)

    # Contents

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that match the filters, or the first `limit` of them, in order of id."""
        return self.store.documents(filters, limit)

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, in the query's order. Ties are in order of id."""
        if query.text:
            document_ids = self.store.phrase(query.text, self.store.select(query.filters)).documents
            if not document_ids:
                return DocumentList((), 0)
            filters = replace(query.filters, document=document_ids)
            query = replace(query, filters=filters, text="")
        return self.store.find_documents(query)

    def stats(self) -> LibraryStats:
        """Return what the library holds, and how much disk and memory it takes."""
        return replace(self.store.stats(), desk_bytes=self.desk.file_bytes())

    def citing(self, document_id: str) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `purge` of a document would erase, and list their questions."""
        return self.desk.citing(self.store.texts(document_id))

    def conversations_citing(self, document_id: str) -> tuple[str, ...]:
        """List the names of the conversations that would lose quotes if the document was purged.

        "purged on …" replaces the quotes. The questions stay as they were typed.
        """
        return self.desk.conversations.citing(self.store.texts(document_id))

    def dossiers_citing(self, document_id: str) -> tuple[str, ...]:
        """List the names of the dossiers that would lose quotes if the document was purged.

        "purged on …" replaces the quotes. The questions and notes stay.
        """
        return self.desk.dossiers.citing(self.store.texts(document_id))

    def document(self, document_id: str) -> Document:
        """Read the document with that id again from the store, and check its text's SHA-256.

        Raises:
            DocumentNotFoundError: there is no such document.
            LibraryError: the text is not what was stored.
        """
        return self.store.document(document_id)

    # Versions

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), with its present state.

        If several documents have the same text, the document with `document_id` is read if it is among them.

        Raises:
            DocumentNotFoundError: the library never had a text with that hash, or the text was purged.
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
        """Answer a question with quotes; see `AskOptions` and `qa.asking.answer.Answerer.ask`.

        >>> answer = corpus.ask("Which factory was stripped of its metal?")
        >>> answer.outcome
        'answered'
        >>> quote = answer.quotes[0]
        >>> quote.text == corpus.document(quote.document.id).text[quote.start : quote.end]
        True
        >>> corpus.ask("Who won the football World Cup in 2006?").outcome
        'none'

        Raises:
            QuestionError: the question or the history is not valid (`qa.limits`).
            DeadlineError: the deadline, if there is one, has passed.
            PullquoteError: the question cannot be answered for another reason.
        """
        options = AskOptions(filters, strictness, dates, find_all)
        return self.ask_with(options, question, history, deadline=deadline)

    def ask_with(
        self,
        options: AskOptions,
        question: str,
        history: Sequence[str | Turn] = (),
        *,
        deadline: Deadline | None = None,
    ) -> QuotedAnswer:
        """Answer a question as `ask` does, with its options as one value."""
        from qa.quoting.quoted_answer import QuotedAnswer  # imported late: it imports what writes answers

        answer = self.answerer().ask(question, history, options, deadline=deadline)
        check_later()
        return QuotedAnswer.of(answer, self.document)

    def warm(self, progress: OnProgress | None = None) -> None:
        """Load what the first question would otherwise wait for: encoder, index and reader."""
        (progress or silent)(Progress("model", 0, 0, self.store.encoder_identity.name))
        self.store.warm()
        self.answerer()

    def answerer(self) -> Answerer:
        """Return the answerer, which is opened once.

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
