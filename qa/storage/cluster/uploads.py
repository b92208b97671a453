"""The files that were uploaded to this desk, by the rules of all engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.cluster.session import make_folder
from qa.storage.records import uploads

if TYPE_CHECKING:
    from typing import BinaryIO

    from qa.storage.cluster.originals import Originals
    from qa.storage.cluster.session import Session
    from qa.storage.intake_port import Upload


class Uploads:
    """Keeps uploaded files, and tells of them."""

    def __init__(self, session: Session, originals: Originals) -> None:
        self._session, self._originals = session, originals
        self._folder = session.folder

    def keep(self, name: str, content: BinaryIO) -> Upload:
        """Keep the bytes of an uploaded file, whole or not at all; it is the newest of its name now."""
        with self._session.changing(counted=False), self._originals.writing():  # refused before all else
            make_folder(self._folder)
        part, sha256 = uploads.write_part(self._folder, content)
        try:
            with self._session.changing(counted=False), self._originals.writing() as kept:
                self._originals.put(kept, sha256, part)
                upload = uploads.keep(kept, self._folder, name, sha256, part)
            return self._originals.fetched(upload)
        finally:
            part.unlink(missing_ok=True)

    def forget(self, upload: Upload) -> None:
        """Forget a file of which no document came; its bytes go, unless another name has them."""
        with self._session.changing(counted=False), self._originals.writing() as kept:
            uploads.forget(kept, self._folder, upload)

    def newest(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name; their bytes lie here."""
        with self._originals.reading() as kept:
            found = uploads.newest(kept, self._folder, name)
        return tuple(map(self._originals.fetched, found))

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from, its bytes checked.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: it was not uploaded.
            LibraryError: the bytes are not what was uploaded, or gone.
        """
        with (
            self._session.reading(self._session.committed_state()) as working,
            self._originals.reading() as kept,
        ):
            working.documents_named([document_id])
            found = uploads.original(working.db, kept, self._folder, document_id)
        return uploads.checked(self._originals.fetched(found), document_id)
