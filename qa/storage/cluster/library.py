"""A library on Milvus: its rooms put together to what asking, citing and intake want of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qa.storage.cluster.contents import Contents
from qa.storage.cluster.copying import Copying
from qa.storage.cluster.erasing import Erasing
from qa.storage.cluster.intake import Intake
from qa.storage.cluster.originals import OwnOriginals, SharedOriginals
from qa.storage.cluster.own_files import SharedFiles
from qa.storage.cluster.questions import Questions
from qa.storage.cluster.rehearsal import Rehearsal
from qa.storage.cluster.search import Search
from qa.storage.cluster.session import Session
from qa.storage.cluster.store import Store
from qa.storage.cluster.uploads import Uploads
from qa.storage.cluster.vectors import Vectors
from qa.storage.encoders import Encoders
from qa.storage.ports import LibraryStats

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.storage.cluster.address import Address
    from qa.storage.cluster.originals import Originals
    from qa.storage.postgresql.database import SharedDatabase


class ClusterLibrary:
    """The library at an address; implements `qa.storage.open.OpenLibrary`. Several threads may use it.

    What a person keeps beside it lies in `desk`; or, where several servers share that, in the database
    `shared`, and `desk` has copies of files. Each method is one of the rooms', which says what it does.
    Every method raises LibraryError where Milvus is away, or refuses; what was acknowledged stays.

    Raises:
        LibraryNotFoundError: there is no library at the address, and `create` is False.
        MissingExtraError: the packages of the extra are not installed.
        LibraryError: there is no Milvus at the address, or another Pullquote made the library.
    """

    def __init__(
        self,
        address: Address,
        desk: Path,
        shared: SharedDatabase | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
    ) -> None:
        self.session = session = Session(address, desk, create=create, read_only=read_only)
        self.address, self.folder, self.read_only = address, desk, read_only
        self.shared = shared
        self._originals: Originals = SharedOriginals(shared, desk) if shared else OwnOriginals(desk)
        self._own_files = SharedFiles(shared, desk) if shared else None
        self.connection = session.connection
        self.encoding = session.encoding
        self.encoders = Encoders(session, encoder, address.text)
        self.encode_queries = self.encoders.encode_queries

        contents = Contents(session)
        self.count, self.hashes, self.holds_only = contents.count, contents.hashes, contents.holds_only
        self.documents, self.find_documents = contents.documents, contents.find_documents
        self.facets = contents.facets
        self.document, self.document_by_sha256 = contents.document, contents.document_by_sha256
        self.read, self.passages_of = contents.read, contents.passages_of
        self.document_and_passages = contents.document_and_passages
        self.cited, self.earlier, self.versions = contents.cited, contents.earlier, contents.versions
        self.removed, self.restorable = contents.removed, contents.restorable
        self.texts, self.same_text, self.kept_with = contents.texts, contents.same_text, contents.kept_with
        self.corrections_of, self.sources = contents.corrections_of, contents.sources
        self.row_text, self.sidecar_values = contents.row_text, contents.sidecar_values

        search = Search(session.connection, session.collections, session.stemmer)
        questions = Questions(session, contents, search, self.fetch_own_files)
        self.select, self.nearest, self.matching = questions.select, questions.nearest, questions.matching
        self.phrase, self.legible, self.copies = questions.phrase, questions.legible, questions.copies
        self.names, self.spellings, self.aliases = questions.names, questions.spellings, questions.aliases
        self.holds, self.holds_in_lower_case = questions.holds, questions.holds_in_lower_case

        intake = Intake(session)
        self.known_file, self.known_files = intake.known_file, intake.known_files
        self.known_documents, self.one_change = intake.known_documents, intake.one_change
        self.places_in, self.stands, self.to_be_read = intake.places_in, intake.stands, intake.to_be_read
        self.put, self.withhold, self.renumber = intake.put, intake.withhold, intake.renumber
        self.put_files, self.prune = intake.put_files, intake.prune
        self.mark_reported_gone = intake.mark_reported_gone

        store = Store(session, contents)
        self.edit, self.restore, self.remove = store.edit, store.restore, store.remove
        self.put_in_collection, self.rename_collection = store.put_in_collection, store.rename_collection

        uploads = Uploads(session, self._originals)
        self.keep_upload, self.forget_upload = uploads.keep, uploads.forget
        self.uploads, self.original = uploads.newest, uploads.original

        self._erasing = erasing = Erasing(session, contents, search, self._originals)
        self.purge, self.erase = erasing.purge, erasing.erase
        self.forget_unused_uploads = erasing.forget_unused_uploads
        self.to_forget, self.forgotten = erasing.to_forget, erasing.forgotten

        vectors = Vectors(session)
        self.vectors, self.begin_encoding = vectors.known, vectors.begin_encoding
        self.put_vectors, self.adopt_encoding = vectors.put, vectors.adopt
        self.save, self.save_changes_since = vectors.save, vectors.save_changes_since

        copying = Copying(session)
        self.parts, self.take = copying.parts, copying.take

        self._rooms = session, contents, vectors, uploads

    def close(self) -> None:
        """Close the connection. The library cannot be used afterwards."""
        self.session.close()
        if self.shared:
            self.shared.close()

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self.session.generation

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """The encoder that made the vectors; of an empty library, the one that will."""
        encoding = self.encoding()
        return encoding.identity if encoding else self.encoders.identity()

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie somewhere."""
        return self._erasing.erasing

    def stats(self) -> LibraryStats:
        """Tell what the library holds; what that costs on a server, only the server knows."""
        state = self.session.committed_state()
        encoding = state.in_force()
        own = _folder_bytes(self.address.uri) if self.address.lite else 0
        return LibraryStats(
            state.documents,
            state.passages,
            own,
            encoding.identity if encoding else None,
            None,
            0,
            self._originals.count_bytes(),
        )

    def collections(self) -> list[str]:
        """Name the collections that the library has on Milvus."""
        return self.session.names(self.session.committed_state())

    def rehearsal(self) -> Rehearsal:
        """Return a library that knows what this one knows of documents, to try changes in."""
        return Rehearsal(*self._rooms)

    def warm(self) -> None:
        """Load what a first search would otherwise wait for."""
        self.nearest(self.encode_queries(["warm"]), 1, self.select())
        self.matching([["warm"]], 1, self.select())

    # What servers share

    def fetch_own_files(self) -> None:
        """Bring the files that a person keeps beside the library in step with those that servers share."""
        if self._own_files:
            self._own_files.fetch()

    def share_own_file(self, name: str) -> None:
        """Let the servers that share the desk have a file as it lies in the folder; or lack it, too."""
        if self._own_files:
            self._own_files.share(name)


def _folder_bytes(folder: str) -> int:
    """Measure the files of a Milvus Lite file, which is a folder."""
    return sum(path.lstat().st_size for path in Path(folder).rglob("*") if path.is_file())
