"""What is purged of a library on Milvus: its rows, its texts, and the names that only it spelt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.schema import UPLOAD
from qa.storage.cluster import spellings, texts
from qa.storage.cluster.fetched_rows import ELSEWHERE
from qa.storage.records import uploads, versions
from qa.storage.records.put import is_held

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from qa.storage.cluster.contents import Contents
    from qa.storage.cluster.originals import Originals
    from qa.storage.cluster.search import Search
    from qa.storage.cluster.session import Session
    from qa.storage.cluster.working import Working
    from qa.storage.ports import DocumentTexts


class Erasing:
    """Erases documents with all their versions."""

    def __init__(self, session: Session, contents: Contents, search: Search, originals: Originals) -> None:
        self._session, self._contents, self._search = session, contents, search
        self._originals = originals
        self._uploaded: set[str] = set()  # names of uploaded files of what was purged

    def purge(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Erase documents with all their versions, all or none; `erase` takes care of the bytes.

        `forget_unused_uploads` forgets the files that were uploaded for them: not before all is committed.
        """
        purged = tuple(dict.fromkeys(ids))
        uploaded: set[str] = set()
        erased: set[int] = set()
        with self._session.changing() as change:
            working = change.working
            working.documents_named(purged)
            held: set[str] = set()
            for document_id in purged:
                held.update(versions.texts(change.db, document_id))
            working.with_text(held, with_texts=False)
            names = self._names_in(change.db, held)
            for document_id in purged:
                known = any(versions.find(change.db, "document = ?", document_id))
                number = None
                if is_held(change.db, document_id) or not known:
                    number = self._contents.number(working, document_id)
                working.purged(document_id)
                paths = versions.erase(change.db, document_id)
                uploaded |= {path.removeprefix(UPLOAD) for path in paths if path.startswith(UPLOAD)}
                if number is not None:
                    erased.add(number)
                    change.db.execute("DELETE FROM documents WHERE serial = ?", (number,))
            still = change.db.execute("SELECT sha256 FROM documents UNION SELECT sha256 FROM versions")
            change.forgotten = held.difference(sha256 for (sha256,) in still)
            if change.state.encoding:
                passages = self._session.passages(change.state)
                change.unspelt = {
                    key for key, folded in names.items() if self._search.with_name(passages, folded) <= erased
                }
        self._uploaded |= uploaded
        return purged

    def forget_unused_uploads(self) -> None:
        """Forget the uploaded files of what was purged, and what interrupted uploads have left behind.

        Of what another process has purged, and not forgotten, those that are older than an hour.
        """
        with self._session.changing(counted=False) as change, self._originals.writing() as kept:
            change.working.uploaded()
            uploads.forget_unused(change.db, kept, self._session.folder, self._uploaded)
            uploads.sweep(change.db, kept, self._session.folder)
        self._uploaded = set()

    def _names_in(self, db: sqlite3.Connection, sha256s: set[str]) -> dict[str, str]:
        """Give the keys of the names that texts, and the heads of their documents, spell; and how, folded."""
        said = [*texts.read(self._session.connection, self._session.collections.texts, sha256s).values()]
        said += [each for (each,) in db.execute("SELECT head FROM documents") if each]
        said += [str(each.held.get("head", "")) for each in versions.find(db, "TRUE")]
        names: dict[str, str] = {}
        for each in said:
            names |= spellings.keys_in(each)
        return names

    @property
    def erasing(self) -> bool:
        """Whether bytes of what was purged may still lie somewhere."""
        return bool(self._session.connection.count(self._session.collections.catalogue, 'kind == "erasing"'))

    def to_forget(self) -> dict[int, DocumentTexts]:
        """Read the notes of what the desk is to forget of what was purged, each by its number."""

        def read_rows(working: Working) -> dict[int, DocumentTexts]:
            working.fetch('kind == "erasing"')
            working.with_text(
                (
                    each
                    for note in versions.to_forget(working.db).values()
                    for each in (*note.own, *note.shared)
                ),
                with_texts=False,
            )
            return versions.to_forget(working.db)

        return self._session.read_in_one_state(read_rows)

    def forgotten(self, notes: Iterable[int]) -> None:
        """Empty the notes with these numbers: the desk has forgotten what they say."""
        with self._session.changing(counted=False) as change:
            change.working.fetch('kind == "erasing"')
            change.db.executemany(
                "UPDATE erasing SET cited = '' WHERE one = ?", [(number,) for number in notes]
            )

    def erase(self) -> None:
        """Have Milvus write what is left anew, without what was purged, but for the notes for the desk.

        A server removes the old files once its own time for that is over: docs/cluster.md says which.
        """
        with self._session.changing(counted=False) as change:
            change.working.fetch('kind == "erasing"')
            self._sweep()
            for name in self._session.names(change.state):
                self._session.connection.call("flush", name)
                self._session.connection.call("compact", name)
            change.db.execute("DELETE FROM erasing WHERE cited = ''")

    def _sweep(self) -> None:
        """Delete the texts that nothing names: a change that was broken off has left them."""
        named: set[str] = set()
        for collection, field in (
            (self._session.collections.documents, "serial >= 0"),
            (self._session.collections.catalogue, 'key != ""'),
        ):
            for row in self._session.connection.scan(collection, field, ("sha256", "row")):
                named.add(row["sha256"])
                if row["row"].startswith(ELSEWHERE):
                    named.add(row["row"][1:])
        held = {
            row["sha256"]
            for row in self._session.connection.scan(
                self._session.collections.texts, "part == 0", ("sha256",)
            )
        }
        self._session.connection.delete_in(self._session.collections.texts, "sha256", sorted(held - named))
