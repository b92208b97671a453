"""The rows that one change, or one reading, is about: what belongs together is fetched together.

The rules of identity, places and versions (`qa.storage.records`) are SQL; here they work on the few rows that
they can touch. What has changed among these is then written as one transaction (`journal`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qa.schema import UPLOAD, sha256_text
from qa.storage.cluster.entities import STOOD, UNREAD, UPLOADED, place_of
from qa.storage.cluster.fetched_rows import FetchedRows, between
from qa.storage.records.locations import id_of_next, places_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qa.storage.intake_port import ReadDocument
    from qa.storage.ports import Version

# Ids that are looked for at once where one is taken: `id~2`, `id~3` and so on.
_SUFFIXES = 8


class Working(FetchedRows):
    """Rows of a library in tables of SQLite, each with all that a change of it may touch."""

    def documents_named(self, ids: Iterable[str]) -> None:
        """Fetch documents, and earlier texts, by ids, with all that a change of them may touch."""
        wanted = list(dict.fromkeys(ids))
        self.fetch_documents(*self.of("documents", "id", wanted))
        self.fetch(*self.of("versions corrections", "owner", wanted))
        self._around()

    def documents_numbered(self, serials: Iterable[int]) -> None:
        """Fetch documents by their numbers, with all that a change of them may touch."""
        self.fetch_documents(*self.of("documents", "serial", serials))
        self._around()

    def _around(self, ids: Iterable[str] = ()) -> None:
        """Fetch all that a change of the documents that were fetched, or have one of the ids, may touch."""
        # Of what was made here, there is nothing to be fetched.
        documents = self.db.execute(
            "SELECT serial, id FROM documents WHERE serial <= ?", (self._last("documents"),)
        ).fetchall()
        self.fetch(
            *self.of("locations", "owner", [str(serial) for serial, _ in documents]),
            *self.of("versions corrections", "owner", [*(each for _, each in documents), *ids]),
        )
        paths = [path for (path,) in self.db.execute("SELECT DISTINCT path FROM locations")]
        numbers = self.db.execute("SELECT number FROM versions WHERE number <= ?", (self._last("versions"),))
        withdrawn = [str(number) for (number,) in numbers]
        self.fetch(*self.of("files", "path", paths), *self.of("withdrawn", "owner", withdrawn))

    def _last(self, table: str) -> int:
        return self.state.numbers.get(table, 0)

    def listed(self, serials: Iterable[int], *, with_texts: bool = False) -> None:
        """Fetch documents by their numbers, with their places."""
        numbers = list(serials)
        self.fetch_documents(*self.of("documents", "serial", numbers), with_texts=with_texts)
        self.fetch(*self.of("locations", "owner", map(str, numbers)))

    def place(self, path: str, part: str, *, with_texts: bool = False) -> None:
        """Fetch what stands, or stood, at a place."""
        found = self.fetch(*self.of("locations withdrawn", "place", [place_of(path, part)]))
        self._places(found, with_texts=with_texts)

    def files(self, paths: Iterable[str], *, with_texts: bool = False) -> None:
        """Fetch all that is known of files."""
        wanted = list(paths)
        found = self.fetch(
            *self.of("locations withdrawn files read_as", "path", wanted),
            *self.of("purged", "path", map(sha256_text, wanted)),
        )
        self._places(found, with_texts=with_texts)

    def folder(self, path: str) -> None:
        """Fetch the places in all files under a folder, and their documents."""
        first = path.rstrip(os.sep) + os.sep
        end = first[:-1] + chr(ord(os.sep) + 1)
        self._places(self.fetch(f'kind == "locations" and {between("path", first, end)}'))

    def _places(self, found: Mapping[str, list[dict[str, Any]]], *, with_texts: bool = False) -> None:
        """Fetch the documents that stand at places, and the earlier texts that stood there."""
        serials = [row["document"] for row in found["locations"]]
        self.fetch_documents(*self.of("documents", "serial", serials), with_texts=with_texts)
        self.versions_numbered((row["version"] for row in found["withdrawn"]), with_texts=with_texts)

    def versions_numbered(self, numbers: Iterable[int], *, with_texts: bool = False) -> None:
        """Fetch earlier texts by their numbers."""
        keys = [f"versions:{number}" for number in numbers]
        self.fetch(*self.of("versions", "key", keys), with_texts=with_texts)

    def read(self, reads: Iterable[ReadDocument]) -> None:
        """Fetch what documents that were read may be, and all that putting them in may touch."""
        wanted = list(reads)
        new = {key: each for each in wanted if (key := _looked_for(each)) not in self._asked}
        if new:
            self._asked.update(dict.fromkeys(new))
            self._fetch_read(list(new.values()))
        self._fetch_ids(wanted)

    def _fetch_read(self, reads: Sequence[ReadDocument]) -> None:
        documents = [read.document for read in reads]
        places = [place_of(read.document.path, read.part) for read in reads]
        paths = [document.path for document in documents]
        sha256s = [document.sha256 for document in documents]
        words = [read.words for read in reads if read.words]
        found = self.fetch(
            *self.of(f"locations withdrawn {STOOD}", "place", places),
            *self.of("versions", "sha256", sha256s),
            *self.of("versions", "words_sha256", words),
            *self.of("files read_as", "path", paths),
            *self.of("purged", "path", map(sha256_text, paths)),
        )
        self.versions_numbered(row["version"] for row in (*found["withdrawn"], *found[STOOD]))
        names = [name for document in documents for name in _suffixed(document.id)]
        # What a person has corrected of documents that were removed is kept for them, under their ids.
        names += [each for (each,) in self.db.execute("SELECT DISTINCT document FROM versions")]
        self.fetch_documents(
            *self.of("documents", "id", names),
            *self.of("documents", "sha256", sha256s),
            *self.of("documents", "words_sha256", words),
            *self.of("documents", "serial", [row["document"] for row in found["locations"]]),
        )
        self._around(names)

    def _fetch_ids(self, reads: Iterable[ReadDocument]) -> None:
        """Fetch who has the ids that documents, or what stands at their places, may be given."""
        wanted = [read.document.id for read in reads]
        for read in reads:
            for serial, given_id in self.db.execute(
                "SELECT serial, given_id FROM documents JOIN locations ON document = serial "
                "WHERE locations.path = ? AND part = ?",
                (read.document.path, read.part),
            ).fetchall():
                own = places_of(self.db, serial)
                if len(own) > 1:  # of which the first may be given another text
                    wanted.append(id_of_next(own, given_id))
        taken = (
            "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM corrections WHERE document = ?1"
        )
        held = len(self.loaded)
        left, first = dict.fromkeys(wanted), 1
        while left:  # of the ids that are given in place of each, up to one that is free
            names = {each: _suffixed(each, first) for each in left}
            every = [name for own_names in names.values() for name in own_names]
            self.fetch_documents(*self.of("documents", "id", every))
            self.fetch(*self.of("versions corrections", "owner", every))
            left = dict.fromkeys(
                each
                for each, own_names in names.items()
                if all(self.db.execute(taken, (name,)).fetchone() for name in own_names)
            )
            first += _SUFFIXES
        if len(self.loaded) > held:
            self._around()

    def put_back(self, version: Version) -> None:
        """Fetch what stands where a document is put back, and what is known of these files."""
        places = [(at["path"], at["part"]) for at in version.held["locations"]]
        places += self.db.execute("SELECT path, part FROM withdrawn WHERE version = ?", (version.number,))
        self.fetch(
            *self.of("locations withdrawn", "place", [place_of(*each) for each in places]),
            *self.of("files", "path", [path for path, _ in places]),
        )

    def purged(self, document_id: str) -> None:
        """Fetch what is known of the files of a document, and what of them was purged before."""
        rows = self.db.execute(
            "SELECT locations.path FROM locations JOIN documents ON serial = document WHERE id = ?1 UNION "
            "SELECT path FROM withdrawn JOIN versions ON number = version WHERE document = ?1 UNION "
            "SELECT json_extract(value, '$.path') FROM versions, json_each(held, '$.locations') "
            "WHERE versions.document = ?1 "
            "UNION SELECT json_extract(held, '$.path') FROM versions WHERE document = ?1",
            (document_id,),
        )
        paths = [path for (path,) in rows]
        self.fetch(*self.of("files", "path", paths), *self.of("purged", "path", map(sha256_text, paths)))

    def with_text(self, sha256s: Iterable[str], *, with_texts: bool = True) -> None:
        """Fetch the documents, and the earlier texts, that have one of these texts."""
        wanted = list(sha256s)
        self.fetch_documents(*self.of("documents", "sha256", wanted), with_texts=with_texts)
        self.fetch(*self.of("versions", "sha256", wanted), with_texts=with_texts)

    def uploaded(self) -> None:
        """Fetch all places and earlier texts that are of uploaded files."""
        end = UPLOAD[:-1] + chr(ord(UPLOAD[-1]) + 1)
        found = self.fetch(
            f'kind in ["locations", "withdrawn"] and {between("path", UPLOAD, end)}',
            f'kind == "versions" and mark == "{UPLOADED}"',
        )
        self._places(found)

    def unread(self) -> None:
        """Fetch the places that are to be read again."""
        self.fetch(f'kind == "locations" and mark == "{UNREAD}"')


def _looked_for(read: ReadDocument) -> tuple[str, ...]:
    """Give all by which it is found what a document that was read may be."""
    return read.document.path, read.part, read.document.id, read.document.sha256, read.words


def _suffixed(wanted: str, first: int = 1) -> list[str]:
    """Give the ids that a document may get in place of one that is taken, some of them."""
    return [wanted if n == 1 else f"{wanted}~{n}" for n in range(first, first + _SUFFIXES)]
