"""A library copied to a library on Milvus and back: its contents and citations are the same."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from qa.document.corrections import Correction
from qa.errors import InputError, LibraryError
from qa.storage.copying import copy
from qa.storage.open import open_library
from tests.qa.consistency import problems
from tests.qa.storage.intake_contract import ENCODER, document, embedded, put
from tests.qa.storage.pairs import without_time
from tests.qa.tiny import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.library import Library

pytestmark = pytest.mark.slow


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Library]:
    with closing(open_library(tmp_path / "original", encoder=ENCODER)) as library:
        put(library, document("/a.txt", words(1, 600), "a.txt", title="A", publisher="P"))
        put(library, document("/a.txt", words(2, 300), "a.txt", title="A", publisher="P"))
        put(library, document("/b.txt", "The unicorn sleeps.", "b.txt"))
        put(library, document("/c.txt", "The griffin sleeps.", "c.txt"))
        edited = replace(library.document("b.txt"), title="Corrected")
        library.edit(edited, embedded(edited), {"title": Correction("Corrected", "")})
        library.remove(["c.txt"])
        library.keep_upload("d.txt", BytesIO(b"The bear sleeps."))
        yield library


def known(library: Library) -> list[object]:
    cited = [library.cited(sha256) for _, sha256 in library.hashes()]
    cited += [library.cited(each.sha256) for name in ("a.txt", "c.txt") for each in library.versions(name)]
    return [
        library.documents(),
        [library.corrections_of(name) for name in ("a.txt", "b.txt", "c.txt")],
        [without_time(each) for each in library.removed()],
        [library.known_file(f"/{name}.txt") for name in "abc"],
        [each.name for each in library.uploads()],
        cited,
    ]


def test_a_library_is_the_same_on_milvus_and_back(
    original: Library, library: Library, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    assert copy(original, library, lambda done, total: steps.append((done, total))) == 2
    assert steps == [(1, 2), (2, 2)]
    assert known(library) == known(original)
    with closing(open_library(tmp_path / "back", encoder=ENCODER)) as back:
        assert copy(library, back, lambda *_: None) == 2
        assert known(back) == known(original)
        found = [
            [(hit.document_id, hit.start, round(score, 5)) for hit, score in hits]
            for library in (original, back)
            for hits in library.matching([["word1", "sleeps"]], 20, library.select())
        ]
        assert found[0] == found[1] != []
        _, held = back.restorable("c.txt")
        back.restore(held, embedded(held))
    assert problems(tmp_path / "back") == []


def test_an_interrupted_copy_continues_and_leaves_other_libraries_alone(
    original: Library, library: Library
) -> None:
    def stop(done: int, _: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(original, library, stop)
    assert library.count().documents == 1
    assert copy(original, library, lambda *_: None) == 1
    assert known(library) == known(original)
    changed = replace(original.document("a.txt"), title="Changed")
    original.edit(changed, embedded(changed), {"title": Correction("Changed", "A")})
    with pytest.raises(LibraryError, match=r"'a.txt' differs from its original: .* copy to a new library"):
        copy(original, library, lambda *_: None)
    put(library, document("/e.txt", "Another.", "e.txt"))
    with pytest.raises(InputError, match="already has documents"):
        copy(original, library, lambda *_: None)


def test_a_copy_that_differs_from_the_original_is_named(original: Library, library: Library) -> None:
    copy(original, library, lambda *_: None)
    other = replace(library.document("b.txt"), title="Not the original's")
    library.edit(other, embedded(other), {})
    with pytest.raises(LibraryError, match=r"the copy of 'b.txt' differs from its original"):
        copy(original, library, lambda *_: None)
