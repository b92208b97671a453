"""Which engine keeps a library: files in one folder, or Milvus. No other module imports an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qa.places import ClusterPlace, folder_of
from qa.storage.embedded.library import EmbeddedLibrary
from qa.storage.intake_port import EditedLibrary
from qa.storage.ports import DeskLibrary, Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.places import LibraryPlace
    from qa.schema import Document, OnProgress
    from qa.storage.cluster.address import Address
    from qa.storage.findings import Finding
    from qa.storage.intake_port import DocumentEncoders, Upload
    from qa.storage.parts import Part
    from qa.storage.ports import DocumentTexts, LibraryStats, Version
    from qa.storage.postgresql.database import SharedDatabase
    from qa.text.names import Aliases


class OpenLibrary(Library, EditedLibrary, DeskLibrary, Protocol):
    """All that an engine has to offer: the three ports, and what the facade and the commands want besides.

    Every method may raise LibraryError.
    """

    def close(self) -> None:
        """Close the library's files."""

    # What it is

    @property
    def encoders(self) -> DocumentEncoders:
        """The encoder of its documents."""

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """The encoder that made the vectors; of an empty library, the one that will."""

    def stats(self) -> LibraryStats:
        """Tell what the library holds, and what that costs."""

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""

    def aliases(self) -> Aliases:
        """Read the names that mean the same, those of the user's file among them."""

    def fetch_own_files(self) -> None:
        """Bring the files that a person keeps beside the library in step with those that servers share.

        They are its aliases and a fitted confidence, and lie in its folder.
        """

    def share_own_file(self, name: str) -> None:
        """Let the servers that share the desk have such a file as it lies in the folder; or lack it, too."""

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""

    # Collections

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, all or none; return the ids of those that moved."""

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Give a collection another name, in all its documents or none; return their ids.

        InputError where there is no such collection.
        """

    # Earlier texts

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the texts that a document had, the newest first, but for the one that it has again."""

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read a text that a document had before, by its SHA-256 or by how that begins."""

    def texts(self, document_id: str) -> DocumentTexts:
        """List the texts that a document has, or had."""

    # Uploaded files

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from, its bytes checked.

        DocumentNotFoundError where there is no such document, OriginalNotFoundError where none was uploaded.
        """

    def forget_unused_uploads(self) -> None:
        """Remove what interrupted uploads have left behind."""

    # Removing and erasing

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none; DocumentNotFoundError where one is not held."""

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Erase documents with all their versions, all or none; `erase` takes care of the bytes."""

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie somewhere."""

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of what the desk is to forget of what was purged, each by its number."""

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten what they say."""

    def erase(self) -> None:
        """Overwrite what was purged, wherever it lies, but for the notes of what the desk is to forget."""

    # Another place

    def parts(self) -> Iterator[Part]:
        """Give all that is known, in parts, to be copied."""

    def take(self, part: Part) -> None:
        """Take in what another library knows, in one transaction; rows of the same numbers are replaced."""

    # What is derived from it

    def save(self, progress: OnProgress | None = None) -> None:
        """Bring the indexes in step with what is held."""

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents went in: only what has changed since that generation."""

    def compare_missing(self) -> None:
        """Look for near-duplicates of documents that were not compared yet."""

    def warm(self) -> None:
        """Load what a first search would otherwise wait for."""


def open_library(
    place: LibraryPlace,
    *,
    create: bool = True,
    read_only: bool = False,
    encoder: str | Encoder | None = None,
) -> OpenLibrary:
    """Open the library in a folder or on Milvus, with the engine that keeps it.

    Raises:
        LibraryNotFoundError: there is no library, and `create` is False.
        MissingExtraError: it is on Milvus, and the packages for that are not installed.
        InputError: the address is none.
        EncoderMismatchError: another encoder than the one named made the library's vectors.
        LibraryError: the library is damaged, locked, or may not be written.
        ModelError: there is no such encoder.
    """
    library: OpenLibrary
    if isinstance(place, ClusterPlace):
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


def open_beside(place: LibraryPlace) -> OpenLibrary | None:
    """Open a library to read beside the process that writes it; None of a Milvus Lite file, where none can.

    Raises:
        LibraryError: the library is damaged, or Milvus is away.
    """
    if isinstance(place, ClusterPlace):
        from qa.storage.cluster.address import Address

        if Address.parse(place.address).lite:
            return None
        place = ClusterPlace(place.address, Path())  # nothing is asked of the desk
    return open_library(place, create=False, read_only=True)


def _shared_desk(place: ClusterPlace, address: Address, *, read_only: bool) -> SharedDatabase | None:
    if not isinstance(place.desk, str):
        return None
    from qa.storage.desk_address import DeskAddress
    from qa.storage.postgresql.database import SharedDatabase

    desk = DeskAddress.parse(place.desk, f"{address.uri.rpartition('://')[2]}/{address.name}")
    return SharedDatabase(desk, read_only=read_only)


def examine_library(place: LibraryPlace) -> Iterator[Finding]:
    """Look at all that a library keeps, and at the encoder of its vectors.

    Raises:
        LibraryNotFoundError: there is no library.
        MissingExtraError: it is on Milvus, and the packages for that are not installed.
        LibraryError: the library is damaged or locked, or Milvus is away.
    """
    if isinstance(place, ClusterPlace):
        from qa.storage.cluster.address import Address
        from qa.storage.cluster.examine import examine as examine_cluster

        address = Address.parse(place.address)
        return examine_cluster(address, folder_of(place), _shared_desk(place, address, read_only=True))
    from qa.storage.embedded.examine import examine

    return examine(place)
