"""Opens a library with the engine that stores it: files in one folder, or Milvus.

Outside `qa.storage`, no module imports an engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qa.places import ClusterAddress, folder_of
from qa.storage.embedded.library import EmbeddedLibrary
from qa.storage.intake_port import EditedLibrary
from qa.storage.ports import DeskLibrary, Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.places import LibraryAddress
    from qa.schema import Document, OnProgress
    from qa.storage.cluster.address import Address
    from qa.storage.findings import Finding
    from qa.storage.intake_port import DocumentEncoders, Upload
    from qa.storage.parts import Part
    from qa.storage.ports import DocumentTexts, LibraryStats, Version
    from qa.storage.postgresql.database import SharedDatabase
    from qa.text.names import Aliases


class OpenLibrary(Library, EditedLibrary, DeskLibrary, Protocol):
    """All methods of an engine: the three ports, and the methods for the facade and the commands.

    Every method may raise LibraryError.
    """

    def close(self) -> None:
        """Close the library's files."""

    # Description

    @property
    def encoders(self) -> DocumentEncoders:
        """The encoder of the library's documents."""

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """The encoder that made the vectors, or will make them if the library is empty."""

    def stats(self) -> LibraryStats:
        """Return how much the library contains, and how many bytes that takes."""

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""

    def holds_only(self, sha256: str) -> bool:
        """Return whether there are documents, and all of their texts have this SHA-256 (hex)."""

    def sources(self) -> list[str]:
        """List the paths of the files of all documents and earlier texts, without uploads."""

    def aliases(self) -> Aliases:
        """Read the aliases (names that mean the same), including those of the user's file."""

    def fetch_own_files(self) -> None:
        """Update the user's own files in the library's folder from the files that the servers share.

        The user's own files are the aliases and a fitted confidence.
        """

    def share_own_file(self, name: str) -> None:
        """Share one of the user's own files with the servers, or delete their copy if it is gone."""

    def holds(self, name: str) -> bool:
        """Return whether the words of a name occur anywhere in sequence, up to inflection."""

    # Collections

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, all or none. Return the ids of the documents that moved."""

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Rename a collection in all its documents, or in none. Return the documents' ids.

        Raise InputError if the collection does not exist.
        """

    # Earlier texts

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the earlier texts of a document, the newest first. Leave out the text that it has now."""

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read an earlier text of a document, by the text's SHA-256 or the beginning of the SHA-256."""

    def texts(self, document_id: str) -> DocumentTexts:
        """List the present and earlier texts of a document."""

    # Uploaded files

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a stored or removed document was read from, and check its bytes.

        Raise DocumentNotFoundError if the document does not exist, OriginalNotFoundError if it was not
        uploaded.
        """

    def forget_unused_uploads(self) -> None:
        """Remove the files that interrupted uploads have left behind."""

    # Removing and erasing

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none. Raise DocumentNotFoundError if a document does not exist."""

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Delete documents with all their versions, all or none. `erase` then overwrites their bytes."""

    @property
    def erasing(self) -> bool:
        """Whether bytes of purged documents may still be stored somewhere."""

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of the purged texts that the desk must forget, by the note's number."""

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten the texts."""

    def erase(self) -> None:
        """Overwrite the bytes of purged documents wherever they lie, except the notes for the desk."""

    # Copying

    def parts(self) -> Iterator[Part]:
        """Yield all contents of the library, in parts, to be copied."""

    def take(self, part: Part) -> None:
        """Store a part of another library in one transaction. It replaces rows of the same numbers."""

    # Derived indexes

    def save(self, progress: OnProgress | None = None) -> None:
        """Update the indexes to the stored passages."""

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents were added: save only the changes since that generation."""

    def warm(self) -> None:
        """Load all that a first search would otherwise wait for."""


def open_library(
    place: LibraryAddress,
    *,
    create: bool = True,
    read_only: bool = False,
    encoder: str | Encoder | None = None,
) -> OpenLibrary:
    """Open the library in a folder or on Milvus, with its engine.

    Raises:
        LibraryNotFoundError: the library does not exist, and `create` is False.
        MissingExtraError: the library is on Milvus, and the packages for Milvus are not installed.
        InputError: the address is not valid.
        EncoderMismatchError: another encoder than `encoder` made the library's vectors.
        LibraryError: the library is damaged, locked, or may not be written.
        ModelError: the encoder does not exist.
    """
    library: OpenLibrary
    if isinstance(place, ClusterAddress):
        from qa.storage.cluster.address import Address
        from qa.storage.cluster.library import ClusterLibrary

        address = Address.parse(place.address)
        shared = _shared_desk(place, address, read_only=read_only)
        library = ClusterLibrary(
            address, folder_of(place), shared, create=create, read_only=read_only, encoder=encoder
        )
    else:
        library = EmbeddedLibrary(place, create=create, read_only=read_only, encoder=encoder)
    if encoder is not None:
        try:
            library.encoders.identity()
        except BaseException:
            library.close()
            raise
    return library


def open_beside(place: LibraryAddress) -> OpenLibrary | None:
    """Open a library only to read while another process writes it.

    Return None for a Milvus Lite file: only one process can open such a file.

    Raises:
        LibraryError: the library is damaged, or Milvus cannot be reached.
    """
    if isinstance(place, ClusterAddress):
        from qa.storage.cluster.address import Address

        if Address.parse(place.address).lite:
            return None
        place = ClusterAddress(place.address, Path())  # the desk is not used
    return open_library(place, create=False, read_only=True)


def _shared_desk(place: ClusterAddress, address: Address, *, read_only: bool) -> SharedDatabase | None:
    if not isinstance(place.desk, str):
        return None
    from qa.storage.desk_address import DeskAddress
    from qa.storage.postgresql.database import SharedDatabase

    desk = DeskAddress.parse(place.desk, f"{address.uri.rpartition('://')[2]}/{address.name}")
    return SharedDatabase(desk, read_only=read_only)


def examine_library(place: LibraryAddress) -> Iterator[Finding]:
    """Check all stored parts of a library, and the encoder of its vectors.

    Raises:
        LibraryNotFoundError: the library does not exist.
        MissingExtraError: the library is on Milvus, and the packages for Milvus are not installed.
        LibraryError: the library is damaged or locked, or Milvus cannot be reached.
    """
    if isinstance(place, ClusterAddress):
        from qa.storage.cluster.address import Address
        from qa.storage.cluster.examine import examine as examine_cluster

        address = Address.parse(place.address)
        return examine_cluster(address, folder_of(place), _shared_desk(place, address, read_only=True))
    from qa.storage.embedded.examine import examine

    return examine(place)
