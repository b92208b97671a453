"""What intake wants of a library, whatever keeps it, and the values that pass between the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, Self

from qa.document.identity import RECORDS, words_sha256
from qa.document.row_identity import Row, is_row
from qa.schema import FileResult

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.schema import Document, OnProgress, Passage
    from qa.storage.ports import Version
    from qa.text.written_dates import DateOrder

Status = Literal["added", "replaced", "unchanged", "moved", "duplicate"]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document as it was read.

    Attributes:
        document: the document.
        part: the part of its file that it is; "" for all of it.
        made_by: what read and segmented it (`qa.intake.plan.made_by`).
        words: the SHA-256 of its words; see `words_sha256`.
    """

    document: Document
    part: str
    made_by: str
    words: str

    @classmethod
    def of(cls, document: Document, part: str | None = None, made_by: str = "") -> Self:
        """Return a document with the hash of its words. By default a record's part is its id."""
        if part is None:
            part = document.id if document.format in RECORDS else ""
        return cls(document, part, made_by, words_sha256(document.text, document.furniture))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A passage ready to be stored.

    Attributes:
        passage: the passage.
        digest: the hash of its window (`qa.document.window`).
        vector: the window's unit vector, float32 [d].
    """

    passage: Passage
    digest: bytes
    vector: Float32


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPassages:
    """What a document is searched by.

    Attributes:
        entries: its passages, which tile its text.
        encoder: the encoder of their vectors.
    """

    entries: Sequence[Entry]
    encoder: EncoderIdentity


@dataclass(frozen=True, slots=True)
class Encoding:
    """One embedding of a library's passages.

    Attributes:
        number: the embedding's number.
        identity: the encoder that made it.
    """

    number: int
    identity: EncoderIdentity


@dataclass(frozen=True, slots=True)
class HeldLocation:
    """A place at which a document stands: a file, or a part of one (a record, a member of an archive).

    Attributes:
        number: the location's number.
        path: the file.
        part: the part of it; "" for all of it.
        document: the document's number.
        document_id: the document's id.
        format: the format that it was read in there.
        kept: whether the place is known to be gone, and a person wants the document.
    """

    number: int
    path: str
    part: str
    document: int
    document_id: str
    format: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a document that was put in.

    Attributes:
        status: what became of it.
        document_id: the id under which it is held.
        displaced: what stood at its place before, and stands nowhere else now.
        new_id_of_former: the id that the document which stood there before has from now on: it also stands
            elsewhere, and has lost its own id to this one. "" where there is none.
        beside: the other places at which the document stands.
        collection: the collection that the document is in.
        former: the places at which the text that stood here before still stands.
    """

    status: Status
    document_id: str
    displaced: HeldLocation | None = None
    new_id_of_former: str = ""
    beside: tuple[str, ...] = ()
    collection: str = ""
    former: tuple[HeldLocation, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A removed or purged document that its file still holds.

    Attributes:
        version: the number of the version that was removed; None of what was purged.
        document_id: the document's id; "" of what was purged.
    """

    version: int | None
    document_id: str

    @property
    def status(self) -> Literal["withdrawn", "purged"]:
        """What becomes of it in a run."""
        return "purged" if self.version is None else "withdrawn"


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """What a library knows of a document that was read.

    Attributes:
        left_out: what a person took out that this document is: at its place, or by its words.
        has_text: whether its text is held, so that it is put in without passages.
        corrections: what a person has corrected of it, by field, where its text is news.
    """

    left_out: LeftOut | None
    has_text: bool
    corrections: Mapping[str, Correction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that was read to its end.

    Attributes:
        path: the file.
        sha256: of its bytes.
        made_by: what read it.
        documents: how many documents it gave.
        refused: what of it was refused.
        purged: the hashes by which what was left out, as it was purged, is known.
    """

    path: str
    sha256: str
    made_by: str
    documents: int
    refused: tuple[FileResult, ...] = ()
    purged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a person said that a file is to be read (`qa.formats.source.Options`), until another is said.

    Attributes:
        date_order: how dates such as 4/8/2008 are read.
        columns: which columns of a table hold which fields of a document.
    """

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file, which the library keeps.

    Attributes:
        name: the name by which it was uploaded.
        sha256: of its bytes.
        path: where its bytes lie.
        is_new: whether it had no file of this name and with these bytes before it was kept.
    """

    name: str
    sha256: str
    path: Path
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A document that stands in a file.

    Attributes:
        document_id: the document's id.
        format: the format that it was read in.
        source_sha256: of the bytes that it was read from.
        sha256: of the text that was read.
        made_by: what read it; "" where it is to be read again.
        passages: how many passages the document has.
        notes: what a person is told of it.
    """

    document_id: str
    format: str
    source_sha256: str
    sha256: str
    made_by: str
    passages: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithdrawnPart:
    """What a person removed of a file.

    Attributes:
        document_id: the document's id.
        source_sha256: of the bytes that it was read from.
        sha256: of its text.
    """

    document_id: str
    source_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a library knows of a file.

    Attributes:
        path: the file.
        parts: the documents that stand in it, by part, in the order in which they were found.
        withdrawn: what a person removed of it, by part, in order.
        purged: hashes of what was purged of it.
        last: the file as it was read last, to its end; None where it is to be read.
        read_as: how a person said that it is to be read.
    """

    path: str
    parts: Mapping[str, KnownPart] = field(default_factory=dict)
    withdrawn: Mapping[str, WithdrawnPart] = field(default_factory=dict)
    purged: frozenset[str] = frozenset()
    last: FileRecord | None = None
    read_as: ReadAs = ReadAs()

    def unchanged(self, part: str, source_sha256: str, made_by: str) -> FileResult | None:
        """Return the result for a part that need not be read again; None where it must be.

        It need not where the document there was made of the same bytes by the same reader, or where a person
        removed or purged what was.
        """
        removed = self.withdrawn.get(part)
        if removed and removed.source_sha256 == source_sha256:
            return FileResult(self.path, "withdrawn", removed.document_id)
        held = self.parts.get(part)
        if held and (held.source_sha256, held.made_by) == (source_sha256, made_by):
            return self._unchanged(held)
        return FileResult(self.path, "purged") if source_sha256 in self.purged else None

    def file_unchanged(self, sha256: str, made_by: str) -> tuple[FileResult, ...] | None:
        """Tell what reading the file would, if it has the bytes and maker of the last time; None if not."""
        if self.last is None or (self.last.sha256, self.last.made_by) != (sha256, made_by):
            return None
        held = self.parts.values() if self.last.documents else ()
        removed = (each for part, each in self.withdrawn.items() if "~" not in part.partition("#")[2])
        return (
            *map(self._unchanged, held),
            *(FileResult(self.path, "withdrawn", each.document_id) for each in removed),
            *(FileResult(self.path, "purged") for _ in self.purged),
            *self.last.refused,
        )

    def rows(self, formats: Container[str]) -> list[Row]:
        """List the rows without ids of tables in these formats: those held, and those that were removed."""
        rows = [
            *(Row(part, each.source_sha256, each.sha256)
              for part, each in self.parts.items() if each.format in formats),
            *(Row(part, each.source_sha256, each.sha256) for part, each in self.withdrawn.items()),
        ]  # fmt: skip
        return [row for row in rows if is_row(row.part)]

    def _unchanged(self, held: KnownPart) -> FileResult:
        return FileResult(self.path, "unchanged", held.document_id, held.passages, notes=held.notes)


class IntakeLibrary(Protocol):
    """What bringing documents in asks of a library, and changes in it.

    Every method may raise LibraryError. Each that changes something is one transaction, and raises the
    generation if answers may change with it.
    """

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""

    @property
    def read_only(self) -> bool:
        """Whether it may not be written."""

    # What is known

    def known_file(self, path: str) -> KnownFile:
        """Read what is known of a file."""

    def known_files(self, paths: Iterable[str]) -> list[KnownFile]:
        """Read what is known of files, in their order; all is in memory at once."""

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row of a table as it was read last."""

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""

    def known_documents(self, documents: Iterable[ReadDocument]) -> list[KnownDocument]:
        """Tell what is known of documents that were read."""

    def vectors(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Find the vectors that are held, by this encoder, of windows with these digests."""

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, but for some parts."""

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places of documents by id."""

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that are to be read again: a document has come to follow the text there."""

    def uploads(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name."""

    # What changes

    def one_change(self, documents: Iterable[ReadDocument] = ()) -> AbstractContextManager[bool]:
        """Let what this thread puts, withholds, renumbers, records or prunes within it be one change.

        An engine may commit it as a whole, at the end: until then nothing is acknowledged, or seen by others,
        though by this thread. Or each is committed at once, as without it; gives whether that is so. Where
        one of them fails, those before it are committed, and the error goes on. What is known of the
        `documents` that are to be put is fetched at once. Nothing else may be changed within it, and nobody
        else writes meanwhile.
        """

    def put(
        self,
        read: ReadDocument,
        passages: EmbeddedPassages | None = None,
        corrections: Mapping[str, Correction] | None = None,
    ) -> Ingested | None:
        """Put a document where it was read.

        Where its text is news and there are no passages, or a person has corrected the document otherwise
        meanwhile, nothing changes, and None is returned: ask `known_documents` again.
        """

    def withhold(self, read: ReadDocument, version: int) -> None:
        """Note that what a person removed, in the version of that number, stands at one more place."""

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Let documents follow their rows: `was` says which parts of `now` were which before."""

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, and how some, by path, are to be read from now on."""

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places; return the ids of documents that then stood nowhere, and went."""

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these places are gone: it is said once."""

    # A run that changes nothing

    def rehearsal(self) -> Rehearsal:
        """Return a library that knows what this one knows of documents, to try changes in."""


class Rehearsal(IntakeLibrary, Protocol):
    """A library whose changes are lost when it is closed. The passages that are put in are passed over."""

    def close(self) -> None:
        """Forget it."""


class EditedLibrary(IntakeLibrary, Protocol):
    """What restoring, editing and embedding anew ask of a library besides."""

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order; DocumentNotFoundError where there is none."""

    def document_and_passages(self, document_id: str) -> tuple[Document, tuple[Passage, ...]]:
        """Read a document and its passages in one snapshot; DocumentNotFoundError where there is none."""

    def corrections_of(self, document_id: str) -> dict[str, Correction]:
        """Read what a person has corrected of a document, by field."""

    def edit(
        self, document: Document, passages: EmbeddedPassages, corrections: Mapping[str, Correction]
    ) -> None:
        """Replace a document's metadata and corrections; LibraryError where it has another text now."""

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Find what `restore` puts back; DocumentNotFoundError where none was removed, or it was purged."""

    def restore(self, document: Document, passages: EmbeddedPassages) -> Ingested:
        """Put a document that was removed back where it stood; InputError where its id is taken."""

    # Uploaded files

    def keep_upload(self, name: str, content: BinaryIO) -> Upload:
        """Keep the bytes of an uploaded file, whole or not at all; it is the newest of its name now."""

    def forget_upload(self, upload: Upload) -> None:
        """Forget a file of which no document came; its bytes go, unless another name has them."""

    # Another encoder

    def begin_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for another embedding of every passage, beside the one in force."""

    def put_vectors(self, encoding: Encoding, given: Mapping[int, tuple[bytes, Float32]]) -> None:
        """Add digests and vectors to an embedding, by passage key; keys no longer held are passed over."""

    def adopt_encoding(self, encoding: Encoding, progress: OnProgress | None = None) -> tuple[str, ...]:
        """Put an embedding in force; return the ids of documents that are not in it, if any."""


class DocumentEncoders(Protocol):
    """The encoder of a library's documents, opened when it is needed."""

    def identity(self) -> EncoderIdentity:
        """Identify the encoder, which must be the one that made the library's vectors."""

    def documents(self) -> Encoder:
        """Open the encoder."""

    def use(self, encoder: str | Encoder, identity: EncoderIdentity) -> None:
        """Take the encoder that has made all vectors anew."""
