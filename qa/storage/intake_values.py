"""The values that a library exchanges with intake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from qa.document.identity import RECORDS, words_sha256
from qa.document.row_identity import Row, is_row
from qa.schema import FileResult

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.models import EncoderIdentity
    from qa.document.corrections import Correction
    from qa.schema import Document, Passage
    from qa.text.written_dates import DateOrder

Status = Literal["added", "replaced", "unchanged", "moved", "duplicate"]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document as it was read.

    Attributes:
        document: the document.
        part: the document's part of its file, or "" if the document is the whole file.
        made_by: the hash of the readers' versions and options (`qa.intake.plan.made_by`).
        words: the SHA-256 of the document's words; see `words_sha256`.
    """

    document: Document
    part: str
    made_by: str
    words: str

    @classmethod
    def of(cls, document: Document, part: str | None = None, made_by: str = "") -> Self:
        """Return a document with the hash of its words.

        If `part` is None, the part of a record is its id, and the part of any other document is "".
        """
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
    """The passages of a document with their vectors.

    Attributes:
        entries: the passages, which tile the document's text.
        encoder: the encoder that made the vectors.
    """

    entries: Sequence[Entry]
    encoder: EncoderIdentity


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a library that is copied at once.

    Attributes:
        rows: the rows by table, each row by column. Rows of documents and versions include their texts.
        document: the document among the rows, or None if there is none.
        passages: the document's passages with their vectors.
    """

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    document: Document | None = None
    passages: EmbeddedPassages | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """One embedding of a library's passages.

    Attributes:
        number: the embedding's number.
        identity: the encoder that made the embedding.
    """

    number: int
    identity: EncoderIdentity


@dataclass(frozen=True, slots=True)
class HeldLocation:
    """A place of a document: a file, or a part of a file (a record, a member of an archive).

    Attributes:
        number: the location's number.
        path: the file.
        part: the part of the file, or "" for the whole file.
        document: the document's number.
        document_id: the document's id.
        format: the format of the document there.
        kept: whether a person has restored the document, and was told that this place is gone.
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
    """The result of putting a document into a library.

    Attributes:
        status: what became of the document.
        document_id: the document's id in the library.
        displaced: the place of the former document, if the former document had no other place.
        new_id_of_former: the new id of the former document, if it keeps its other places and loses its id to
            the new document; otherwise "".
        beside: the document's other places.
        collection: the document's collection.
        former: the places where the former text still stands.

    The former document is the document that stood at this place before.
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
    """A removed or purged document that its file still contains.

    Attributes:
        version: the number of the removed version, or None if the document was purged.
        document_id: the document's id, or "" if the document was purged.
    """

    version: int | None
    document_id: str

    @property
    def status(self) -> Literal["withdrawn", "purged"]:
        """The document's status in the results of a run."""
        return "purged" if self.version is None else "withdrawn"


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A library's knowledge about a document that was read.

    Attributes:
        left_out: the removed or purged document that this document is, by its place or its words, or None.
        has_text: whether the library has the document's text already, so that `put` needs no passages.
        corrections: a person's corrections of the document, by field. Empty if `has_text`.
    """

    left_out: LeftOut | None
    has_text: bool
    corrections: Mapping[str, Correction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that was read to its end.

    Attributes:
        path: the file.
        sha256: the SHA-256 of the file's bytes.
        made_by: the hash of the readers' versions and options.
        documents: the number of documents in the file.
        refused: the results for the parts that were refused.
        purged: the hashes of the file's documents that were left out because they were purged.
    """

    path: str
    sha256: str
    made_by: str
    documents: int
    refused: tuple[FileResult, ...] = ()
    purged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadAs:
    """A person's choice of how to read a file (`qa.formats.source.Options`), kept until they choose again.

    Attributes:
        date_order: how to read dates such as 4/8/2008.
        columns: pairs of a field of a document and the table's column that contains the field.
    """

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file, which the library keeps.

    Attributes:
        name: the name of the file when it was uploaded.
        sha256: the SHA-256 of the file's bytes.
        path: the path of the stored bytes.
        is_new: whether the library had no file with this name and these bytes before.
    """

    name: str
    sha256: str
    path: Path
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A stored document that a file contains.

    Attributes:
        document_id: the document's id.
        format: the format of the document in the file.
        source_sha256: the SHA-256 of the bytes that the document was read from.
        sha256: the SHA-256 of the text that was read.
        made_by: the hash of the readers' versions and options, or "" if the document must be read again.
        passages: the number of the document's passages.
        notes: remarks about the document for a person.
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
    """A document of a file that a person has removed.

    Attributes:
        document_id: the document's id.
        source_sha256: the SHA-256 of the bytes that the document was read from.
        sha256: the SHA-256 of the document's text.
    """

    document_id: str
    source_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A library's knowledge about a file.

    Attributes:
        path: the file.
        parts: the file's stored documents by part, in the order in which they were found.
        withdrawn: the file's documents that a person removed, by part, in order of part.
        purged: the hashes of the file's purged documents.
        last: the record of the last complete reading, or None if the file must be read.
        read_as: a person's choice of how to read the file.
    """

    path: str
    parts: Mapping[str, KnownPart] = field(default_factory=dict)
    withdrawn: Mapping[str, WithdrawnPart] = field(default_factory=dict)
    purged: frozenset[str] = frozenset()
    last: FileRecord | None = None
    read_as: ReadAs = ReadAs()

    def unchanged(self, part: str, source_sha256: str, made_by: str) -> FileResult | None:
        """Return the result for a part that need not be read again, or None if it must be read.

        It need not be read if its document was made from the same bytes by the same reader. It need not be
        read either if a person removed or purged the document that was made from these bytes.
        """
        removed = self.withdrawn.get(part)
        if removed and removed.source_sha256 == source_sha256:
            return FileResult(self.path, "withdrawn", removed.document_id)
        held = self.parts.get(part)
        if held and (held.source_sha256, held.made_by) == (source_sha256, made_by):
            return self._unchanged(held)
        return FileResult(self.path, "purged") if source_sha256 in self.purged else None

    def file_unchanged(self, sha256: str, made_by: str) -> tuple[FileResult, ...] | None:
        """Return the results that reading the file would give, or None if the file must be read.

        It need not be read if the last reading was of the same bytes, by the same reader.
        """
        if self.last is None or (self.last.sha256, self.last.made_by) != (sha256, made_by):
            return None
        held = self.parts.values() if self.last.documents else ()
        removed = (document for part, document in self.withdrawn.items() if "~" not in part.partition("#")[2])
        return (
            *map(self._unchanged, held),
            *(FileResult(self.path, "withdrawn", document.document_id) for document in removed),
            *(FileResult(self.path, "purged") for _ in self.purged),
            *self.last.refused,
        )

    def rows(self, formats: Container[str]) -> list[Row]:
        """List the rows without ids in tables of these formats, both stored rows and removed rows."""
        rows = [
            *(Row(part, entry.source_sha256, entry.sha256)
              for part, entry in self.parts.items() if entry.format in formats),
            *(Row(part, entry.source_sha256, entry.sha256) for part, entry in self.withdrawn.items()),
        ]  # fmt: skip
        return [row for row in rows if is_row(row.part)]

    def _unchanged(self, held: KnownPart) -> FileResult:
        return FileResult(self.path, "unchanged", held.document_id, held.passages, notes=held.notes)
