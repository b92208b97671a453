"""What every engine promises to intake: `qa.storage.library.Library`, as tests to be inherited."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qa.document.corrections import Correction
from qa.document.segment import passages
from qa.document.window import window_text
from qa.errors import DocumentNotFoundError, EncoderMismatchError, InputError, LibraryError
from qa.intake.make import segment
from qa.schema import Document, Failure, FileResult
from qa.storage.intake_values import EmbeddedPassages, Entry, FileRecord, KnownFile, ReadAs, ReadDocument
from tests.qa.tiny import TinyEncoder, words

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.intake_values import Ingested
    from qa.storage.library import Library
    from qa.storage.records.store import Store

ENCODER = TinyEncoder()
READER = "a reader"


def document(path: Path | str, text: str, document_id: str = "x.txt", **fields: object) -> Document:
    source = {"source_sha256": f"of {text}"[:64]}
    return Document(id=document_id, text=text, path=str(path), **(source | fields))  # type: ignore[arg-type]


def embedded(document: Document, encoder: TinyEncoder = ENCODER) -> EmbeddedPassages:
    segmented = segment(document)
    windows = [window_text(document, each) for each in segmented.passages]
    vectors = dict(zip(segmented.digests, encoder.encode_documents(windows), strict=True))
    return segmented.embedded(vectors, encoder.identity)


def read(document: Document, part: str = "") -> ReadDocument:
    return ReadDocument.of(document, part, READER)


def put(library: Store, document: Document, part: str = "") -> Ingested:
    ingested = library.put(read(document, part), embedded(document))
    assert ingested is not None
    return ingested


class IntakeContract:
    """Inherit it as `Test…`, with a fixture `library` that is empty, and a method that removes.

    The paths of its documents name no files: they are gone, unless a test writes one.
    """

    @pytest.fixture
    def library(self) -> Library:
        raise NotImplementedError

    def remove(self, library: Library, document_id: str) -> None:
        """Remove a document, so that the same file does not bring it back."""
        raise NotImplementedError

    def purge(self, library: Library, document_id: str) -> None:
        """Erase a document with all its versions."""
        raise NotImplementedError

    # Together

    def test_what_is_put_together_is_known_within_and_there_afterwards(self, library: Library) -> None:
        held, *new = (document(f"/{name}.txt", f"Text {name}.", f"{name}.txt") for name in "abc")
        put(library, held)
        new += [document("/d/c.txt", "Another.", "c.txt"), document("/a.txt", "Text a, revised.", "a.txt")]
        generation = library.generation
        with library.one_change(map(read, new)):
            ids = [put(library, each).document_id for each in new]
            assert ids == ["b.txt", "c.txt", "c.txt~2", "a.txt"]
            copies = [read(replace(each, path=f"/copy of{each.path}")) for each in new]
            assert all(each.has_text for each in library.known_documents(copies))
            assert [at.document_id for at in library.places_in("/b.txt")] == ["b.txt"]
            known, none = library.known_files(["/d/c.txt", "/none.txt"])
            assert [each.document_id for each in known.parts.values()] == ["c.txt~2"]
            assert none == KnownFile("/none.txt")
            library.put_files([FileRecord("/b.txt", "aa", "x", 1)], {})
            library.prune(library.places_in("/c.txt"))
            entry = embedded(new[0]).entries[0]
            vector = library.vectors([entry.digest], ENCODER.identity)[entry.digest]
            assert vector.tolist() == entry.vector.astype(np.float16).tolist()  # as it is stored
        assert library.generation > generation
        assert library.document("a.txt").text == "Text a, revised."
        for document_id in ("a.txt", "b.txt", "c.txt~2"):
            (passage,) = library.passages_of(document_id)
            assert passage.end == len(library.document(document_id).text)
        with pytest.raises(DocumentNotFoundError):
            library.document("c.txt")
        last = library.known_file("/b.txt").last
        assert last is not None
        assert last.sha256 == "aa"

    def test_what_was_put_together_before_one_that_fails_is_there(
        self, library: Library, tmp_path: Path
    ) -> None:
        new, last = (document(f"/{name}.txt", f"Text {name}.", f"{name}.txt") for name in "bc")
        first, copy = tmp_path / "a.txt", tmp_path / "copy.txt"
        for path in (first, copy):
            path.touch()
            put(library, document(path, "Text a.", "a.txt"))
        revised, other = document(first, "Text a, revised.", "a.txt"), TinyEncoder("another")

        def fail() -> None:
            library.put(read(revised), embedded(revised, other))

        def put_and_fail() -> None:
            with library.one_change(map(read, (new, revised))):
                put(library, new)
                fail()

        def put_and_interrupt() -> None:
            with library.one_change([read(last)]):
                put(library, last)
                raise KeyboardInterrupt

        with pytest.raises(EncoderMismatchError):
            put_and_fail()
        with pytest.raises(KeyboardInterrupt):
            put_and_interrupt()
        with library.one_change():
            with pytest.raises(EncoderMismatchError):
                fail()
            put(library, document("/d.txt", "Text d.", "d.txt"))
        for document_id, text in (("a.txt", "a"), ("b.txt", "b"), ("c.txt", "c"), ("d.txt", "d")):
            assert library.document(document_id).text == f"Text {text}."
        assert [each.part for each in library.places_in(str(first))] == [""]
        stands = library.stands(["a.txt", "b.txt", "c.txt", "d.txt", "copy.txt", "copy.txt~2"])
        assert stands == {"a.txt": 2, "b.txt": 1, "c.txt": 1, "d.txt": 1}

    # Identity

    def test_the_same_id_from_another_file_gets_a_suffix_and_keeps_it(self, library: Library) -> None:
        first, second, third = (document(f"/{name}/x.txt", f"From {name}.") for name in "abc")
        ids = [put(library, each).document_id for each in (first, second, third)]
        assert ids == ["x.txt", "x.txt~2", "x.txt~3"]
        again = [put(library, each) for each in (third, second, first)]
        assert [(each.status, each.document_id) for each in again] == [
            *(("unchanged", "x.txt~3"), ("unchanged", "x.txt~2"), ("unchanged", "x.txt"))
        ]
        self.remove(library, "x.txt")
        revised = put(library, document("/b/x.txt", "From b, revised."))
        assert (revised.status, revised.document_id) == ("replaced", "x.txt~2")
        assert library.document("x.txt~2").text == "From b, revised."
        assert put(library, first).document_id == "x.txt"

    def test_a_file_that_was_moved_is_the_same_document_and_follows_its_new_path(
        self, library: Library
    ) -> None:
        put(library, document("/gone/x.txt", "Moved."))
        moved = library.put(read(document("/here/y.txt", "Moved.", "y.txt")))
        assert moved is not None
        assert (moved.status, moved.document_id) == ("moved", "x.txt")
        assert library.document("x.txt").path == "/here/y.txt"
        assert library.places_in("/gone/x.txt") == ()

    def test_a_copy_of_a_file_that_still_exists_is_the_same_document_and_stays_where_it_was(
        self, library: Library, tmp_path: Path
    ) -> None:
        original = tmp_path / "x.txt"
        original.write_text("Copied.")
        put(library, document(original, "Copied."))
        copy = read(document("/copy/x.txt", "Copied."))
        assert [each.has_text for each in library.known_documents([copy])] == [True]
        for _ in range(2):
            copied = library.put(copy)
            generation = library.generation
        assert copied is not None
        assert (copied.status, copied.document_id) == ("unchanged", "x.txt")
        assert (copied.beside, copied.collection, copied.former) == ((str(original),), "", ())
        assert (library.document("x.txt").path, library.stands(["x.txt"])) == (str(original), {"x.txt": 2})
        assert library.generation == generation

    def test_what_stood_at_the_place_of_a_copy_is_set_aside_until_it_is_forgotten(
        self, library: Library, tmp_path: Path
    ) -> None:
        original = tmp_path / "a.txt"
        original.write_text("Kept.")
        put(library, document(original, "Kept.", "a.txt"))
        put(library, document("/b.txt", "Overwritten.", "b.txt"))
        displaced = put(library, document("/b.txt", "Kept.", "b.txt")).displaced
        assert displaced is not None
        assert (displaced.path, displaced.document_id) == ("/b.txt", "b.txt")
        assert library.document("b.txt").text == "Overwritten."
        assert library.prune([displaced]) == ("b.txt",)
        assert [each.document_id for each in library.places_in("/b.txt")] == ["a.txt"]

    def test_the_first_of_two_places_keeps_the_id_when_its_text_changes(
        self, library: Library, tmp_path: Path
    ) -> None:
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text("Shared.")
            put(library, document(tmp_path / name, "Shared.", name))
        changed = put(library, document(tmp_path / "a.txt", "Another.", "a.txt"))
        assert (changed.status, changed.document_id, changed.new_id_of_former) == (
            *("replaced", "a.txt", "b.txt"),
        )
        (former,) = changed.former
        assert (former.path, former.document_id) == (str(tmp_path / "b.txt"), "b.txt")
        assert changed.beside == ()
        assert (library.document("a.txt").text, library.document("b.txt").text) == ("Another.", "Shared.")
        assert library.stands(["a.txt", "b.txt", "c.txt"]) == {"a.txt": 1, "b.txt": 1}

    # Putting in

    def test_news_without_passages_changes_nothing(self, library: Library) -> None:
        put(library, document("/x.txt", "Old."))
        generation = library.generation
        news = read(document("/x.txt", "New."))
        assert library.put(news) is None
        assert [each.has_text for each in library.known_documents([news])] == [False]
        assert (library.document("x.txt").text, library.generation) == ("Old.", generation)

    def test_a_document_whose_passages_leave_a_gap_is_refused(self, library: Library) -> None:
        gapped = document("/x.txt", "The first sentence. The second one.")
        (first, *_), vector = passages(gapped), np.zeros(32, np.float32)
        gap = replace(first, sentences=first.sentences[:1], end=first.end - 1)
        with pytest.raises(ValueError, match="do not tile"):
            library.put(read(gapped), EmbeddedPassages([Entry(gap, b"", vector)], ENCODER.identity))
        with pytest.raises(DocumentNotFoundError):
            library.document("x.txt")

    def test_vectors_of_two_encoders_are_never_mixed(self, library: Library) -> None:
        put(library, document("/x.txt", "Some text."))
        other, another = document("/y.txt", "Another text.", "y.txt"), TinyEncoder("other")
        with pytest.raises(
            EncoderMismatchError, match=r"made by tiny .*not by other .*reindex --encoder other"
        ):
            library.put(read(other), embedded(other, another))
        assert library.known_file("/y.txt") == KnownFile("/y.txt")

    def test_vectors_are_found_by_the_digests_of_their_windows_and_the_encoder(
        self, library: Library
    ) -> None:
        text = document("/x.txt", words(1, 600))
        put(library, text)
        entries = embedded(text).entries
        found = library.vectors([b"unknown", *(each.digest for each in entries)], ENCODER.identity)
        assert len(found) == len(entries) > 1
        for each in entries:
            np.testing.assert_array_equal(found[each.digest], each.vector.astype(np.float16))
        assert library.vectors(found, TinyEncoder("other").identity) == {}

    # What is known of a file

    def test_a_file_is_known_with_its_documents_and_as_it_was_read(self, library: Library) -> None:
        assert library.known_file("/f.zip") == KnownFile("/f.zip")
        for name in ("/b", "/a"):
            put(library, document("/f.zip", f"In {name}.", f"f.zip{name}", notes=("A note.",)), name)
        refused = FileResult("/f.zip/c", "refused", error=Failure("input", "c is empty."))
        last = FileRecord("/f.zip", "aa", READER, 2, (refused,))
        generation = library.generation
        library.put_files([last], {"/f.zip": ReadAs("day-first")})
        assert library.generation == generation
        known = library.known_file("/f.zip")
        assert [(part, each.document_id) for part, each in known.parts.items()] == [
            *(("/b", "f.zip/b"), ("/a", "f.zip/a"))
        ]
        assert (known.last, known.read_as) == (last, ReadAs("day-first"))
        unchanged = known.unchanged("/a", "of In /a.", READER)
        assert unchanged == FileResult("/f.zip", "unchanged", "f.zip/a", 1, notes=("A note.",))
        assert known.unchanged("/a", "of In /a.", "another reader") is None
        assert known.unchanged("/b", "of In /a.", READER) is None
        results = known.file_unchanged("aa", READER)
        assert results is not None
        assert [each.document_id or each.status for each in results] == ["f.zip/b", "f.zip/a", "refused"]
        assert known.file_unchanged("aa", "another reader") is None
        # As it was read last, it does not give what has gone.
        library.prune(library.places_in("/f.zip", beside={"/a"}))
        assert library.known_file("/f.zip").last is None

    def test_the_places_in_a_folder_are_those_of_its_files_in_order(self, library: Library) -> None:
        for path in ("/in0", "/in/b", "/in/a/c", "/in.txt", "/in/a.txt"):
            put(library, document(path, f"At {path}.", path))
        inside = ["/in/a.txt", "/in/a/c", "/in/b"]
        assert [each.path for each in library.places_in("/in", folder=True)] == inside
        assert library.places_in("/in") == ()
        assert [each.path for each in library.places_in("/in0")] == ["/in0"]

    def test_a_removed_document_stays_out_wherever_it_is_found(self, library: Library) -> None:
        removed = document("/x.txt", "Removed.")
        put(library, removed)
        self.remove(library, "x.txt")
        assert library.known_file("/x.txt").unchanged("", removed.source_sha256, READER) == (
            FileResult("/x.txt", "withdrawn", "x.txt")
        )
        elsewhere = read(document("/y.txt", "Removed.", "y.txt"))
        (standing,) = library.known_documents([elsewhere])
        assert standing.left_out is not None
        assert (standing.left_out.status, standing.left_out.document_id) == ("withdrawn", "x.txt")
        assert standing.left_out.version is not None
        library.withhold(elsewhere, standing.left_out.version)
        assert list(library.known_file("/y.txt").withdrawn) == [""]
        (version, held) = library.restorable("x.txt")
        assert (version.number, held) == (standing.left_out.version, removed)
        restored = library.restore(held, embedded(held))
        assert (restored.document_id, library.document("x.txt").text) == ("x.txt", "Removed.")
        with pytest.raises(InputError, match="already in the library"):
            library.restore(held, embedded(held))

    def test_a_purged_document_is_known_by_hashes_at_its_place_alone(self, library: Library) -> None:
        purged = document("/x.txt", "Purged.")
        put(library, purged)
        self.purge(library, "x.txt")
        assert library.known_file("/x.txt").unchanged("", purged.source_sha256, READER) == (
            FileResult("/x.txt", "purged")
        )
        here, elsewhere = library.known_documents([read(purged), read(replace(purged, path="/y.txt"))])
        assert here.left_out is not None
        assert (here.left_out.status, elsewhere.left_out) == ("purged", None)

    # Uploaded files

    def test_an_uploaded_file_is_kept_byte_for_byte_and_the_newest_of_a_name_counts(
        self, library: Library
    ) -> None:
        for name, content in [("a.txt", b"one"), ("ü/b.txt", b"one"), ("a.txt", b"two")]:
            kept = library.keep_upload(name, BytesIO(content))
            assert (kept.name, kept.is_new) == (name, True)
            assert kept.path.read_bytes() == content
            assert kept.sha256 == hashlib.sha256(content).hexdigest()
        assert [(each.name, each.path.read_bytes()) for each in library.uploads()] == [
            ("a.txt", b"two"),
            ("ü/b.txt", b"one"),
        ]
        assert not library.keep_upload("a.txt", BytesIO(b"one")).is_new
        (again,) = library.uploads("a.txt")
        assert again.path.read_bytes() == b"one"
        with closing(library.rehearsal()) as rehearsal:
            assert rehearsal.uploads() == library.uploads()

    def test_a_file_that_is_forgotten_goes_with_its_bytes_unless_another_name_has_them(
        self, library: Library
    ) -> None:
        first, second = (library.keep_upload(name, BytesIO(b"bytes")) for name in ("a.txt", "b.txt"))
        library.forget_upload(first)
        assert library.uploads() == (replace(second, is_new=False),)
        assert second.path.read_bytes() == b"bytes"
        library.forget_upload(second)
        assert library.uploads() == ()
        assert not second.path.exists()

    # Changes

    def test_corrections_are_told_of_whatever_comes_to_the_place(self, library: Library) -> None:
        text = document("/x.txt", "A text.", title="Its own title")
        put(library, text)
        said = {"title": Correction("Corrected", "Its own title")}
        edited = replace(text, title="Corrected")
        library.edit(edited, embedded(edited), said)
        assert (library.document("x.txt").title, library.corrections_of("x.txt")) == ("Corrected", said)
        (standing,) = library.known_documents([read(document("/x.txt", "Another text."))])
        assert standing.corrections == said
        with pytest.raises(LibraryError, match="replaced while you edited it"):
            library.edit(replace(edited, text="Another."), embedded(replace(edited, text="Another.")), said)

    def test_documents_follow_their_rows(self, library: Library) -> None:
        for number in (1, 2):
            row = document("/t.csv", f"Row {number}.", f"t.csv#{number}", format="csv")
            put(library, row, f"#{number}")
        assert [row.part for row in library.known_file("/t.csv").rows(("csv",))] == ["#1", "#2"]
        assert library.row_text("/t.csv", "#2") == "Row 2."
        library.renumber("/t.csv", {"#1": "#2"}, {"#1"})
        parts = library.known_file("/t.csv").parts
        assert parts["#1"].document_id == "t.csv#2"
        assert {each.document_id for each in parts.values()} == {"t.csv#1", "t.csv#2"}

    def test_a_rehearsal_says_what_would_become_of_documents_and_changes_nothing(
        self, library: Library
    ) -> None:
        put(library, document("/a.txt", "One.", "a.txt"))
        put(library, document("/b.txt", "Two.", "b.txt"))
        self.remove(library, "b.txt")
        changes = [
            document("/a.txt", "Three.", "a.txt"),
            document("/c.txt", "One.", "c.txt"),
            document("/d.txt", "Three.", "d.txt"),
            document("/e.txt", "Four.", "a.txt"),
            document("/a.txt", "Three.", "a.txt", title="A title"),
        ]
        nothing = EmbeddedPassages((), ENCODER.identity)
        generation = library.generation
        with closing(library.rehearsal()) as rehearsal:
            foreseen = [rehearsal.put(read(each), nothing) for each in changes]
            places = rehearsal.places_in("/", folder=True)
            assert rehearsal.prune(places) != ()
            assert rehearsal.places_in("/", folder=True) == ()
        assert (library.generation, library.document("a.txt").text) == (generation, "One.")
        assert [put(library, each) for each in changes] == foreseen
        numbered = {"number": 0, "document": 0}  # a database may leave numbers out
        assert [replace(each, **numbered) for each in library.places_in("/", folder=True)] == [
            replace(each, **numbered) for each in places
        ]
