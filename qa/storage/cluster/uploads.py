"""The files that were uploaded to this desk, by the rules of all engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.cluster.state import State
from qa.storage.records import uploads

if TYPE_CHECKING:
    from typing import BinaryIO

    from qa.storage.cluster.session import Session
    from qa.storage.intake_port import Upload


class Uploads:
    """Keeps uploaded files, and tells of them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, name: str, content: BinaryIO) -> Upload:
        """Keep the bytes of an uploaded file, whole or not at all; it is the newest of its name now."""
        with self._session.changing(counted=False, with_uploads=True):  # refused before anything is written
            pass
        part, sha256 = uploads.write_part(self._session.folder, content)
        try:
            with self._session.changing(counted=False, with_uploads=True) as change:
                return uploads.keep(change.db, self._session.folder, name, sha256, part)
        finally:
            part.unlink(missing_ok=True)

    def forget(self, upload: Upload) -> None:
        """Forget a file of which no document came; its bytes go, unless another name has them."""
        with self._session.changing(counted=False, with_uploads=True) as change:
            uploads.forget(change.db, self._session.folder, upload)

    def forget_unused(self) -> None:
        """Remove what interrupted uploads have left behind."""
        with self._session.changing(counted=False, with_uploads=True) as change:
            change.working.uploaded()
            uploads.sweep(change.db, self._session.folder)

    def newest(self, name: str | None = None) -> tuple[Upload, ...]:
        """List the newest uploaded file of each name, or of one, in order of name."""
        with self._session.reading(State(), with_uploads=True) as working:
            return uploads.newest(working.db, self._session.folder, name)

    def original(self, document_id: str) -> Upload:
        """Find the uploaded file that a document, held or removed, was read from, its bytes checked.

        Raises:
            DocumentNotFoundError: there is no such document.
            OriginalNotFoundError: it was not uploaded.
            LibraryError: the bytes are not what was uploaded, or gone.
        """
        with self._session.reading(self._session.settled(), with_uploads=True) as working:
            working.documents_named([document_id])
            return uploads.original(working.db, self._session.folder, document_id)
