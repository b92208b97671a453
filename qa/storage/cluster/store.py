"""What a person changes in a library on Milvus: documents edited, removed, put back, and collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.storage.cluster.connection import is_in
from qa.storage.intake_port import Ingested, ReadDocument
from qa.storage.records import versions
from qa.storage.records.corrections import put as put_corrections
from qa.storage.records.locations import RESTORED, hand_over
from qa.storage.records.put import check_tiled, edited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qa.document.corrections import Correction
    from qa.schema import Document
    from qa.storage.cluster.contents import Contents
    from qa.storage.cluster.session import Session
    from qa.storage.intake_port import EmbeddedPassages


class Store:
    """Changes documents, all that are named or none."""

    def __init__(self, session: Session, contents: Contents) -> None:
        self._session, self._contents = session, contents

    def edit(
        self, document: Document, passages: EmbeddedPassages, corrections: Mapping[str, Correction]
    ) -> None:
        """Replace a document's metadata and corrections; LibraryError where it has another text now."""
        check_tiled(document, passages)
        with self._session.changing() as change:
            number = self._contents.number(change.working, document.id)
            change.working.documents_named([document.id])
            read, given_id = edited(change.db, document, number)
            change.write(number, read, given_id, passages)
            put_corrections(change.db, document.id, corrections)

    def restore(self, document: Document, passages: EmbeddedPassages) -> Ingested:
        """Put a document that was removed back where it stood; InputError where its id is taken."""
        check_tiled(document, passages)
        with self._session.changing() as change:
            change.working.documents_named([document.id])
            version = versions.restorable(change.db, document.id)
            change.working.put_back(version)
            read = ReadDocument.of(document, made_by=RESTORED)
            number, status = change.write(None, read, version.held["given_id"], passages)
            versions.put_back(change.db, version, number)
            hand_over(change.db, number)
        return Ingested(status, document.id)

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Remove documents, all or none; DocumentNotFoundError where one is not held."""
        removed = tuple(dict.fromkeys(ids))
        with self._session.changing() as change:
            change.working.documents_named(removed)
            for number in [self._contents.number(change.working, document_id) for document_id in removed]:
                change.drop(number, withdrawn=withdrawn)
        return removed

    def put_in_collection(self, ids: Iterable[str], collection: str) -> tuple[str, ...]:
        """Put documents into a collection, all or none; return the ids of those that moved."""
        wanted = tuple(dict.fromkeys(ids))
        with self._session.changing() as change:
            change.working.documents_named(wanted)
            numbers = [self._contents.number(change.working, document_id) for document_id in wanted]
            return tuple(each for number in numbers if (each := change.collect(number, collection)))

    def rename_collection(self, name: str, new_name: str) -> tuple[str, ...]:
        """Give a collection another name, in all its documents or none; return their ids.

        InputError where there is no such collection.
        """
        with self._session.changing() as change:
            found = change.working.fetch_documents(is_in("collection", [name.casefold()[:10_000]]))
            change.working.documents_numbered(row["serial"] for row in found)
            rows = change.db.execute(
                "SELECT serial FROM documents WHERE collection = ? AND ? != '' ORDER BY serial", (name, name)
            )
            numbers = [number for (number,) in rows.fetchall()]
            if not numbers:
                raise InputError(f"there is no collection {name!r}: its documents may have been moved")
            return tuple(each for number in numbers if (each := change.collect(number, new_name)))
