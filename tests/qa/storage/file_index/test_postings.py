"""Postings files that nobody wrote properly: FTS5 answers in their place, and they are made anew."""

from __future__ import annotations

import json
import logging
import os
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.files import KnownFile, read_sealed, write_sealed
from qa.schema import EVERYTHING, Filters
from qa.storage.file_index.full_text import FullText, Postings
from qa.storage.file_index.index import _postings
from tests.qa.consistency import words_problems
from tests.qa.storage.file_index.test_full_text import fill, put, set_low
from tests.qa.storage.folder import records, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qa.storage.file_index.full_text import Found
    from qa.storage.results import Selection

MARK = b"pullquote postings 1\n"
QUERIES = [["rice"], ["copper", "the"], ["absent"], ["rice", "copper", "bar"]]
FILTERS = (EVERYTHING, Filters(language="fr"))
EXTREME = (0, 1, -1, 7, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63))


class Library:
    """A library with a base of postings, and a segment that was added since; both files can be put back."""

    def __init__(self, folder: Path) -> None:
        self.store = records(folder)
        self.source = source(self.store)
        fill(self.store, documents=16)
        with closing(FullText(self.source)) as full_text:
            full_text.save()
            put(self.store, "later", ["copper rice\n", "the bar\n"])
            full_text.save()
        record = self.source.words_record()
        self.file, self.generation = folder / record.file, record.file_generation
        self.known = Postings.open(folder, self.file.name, self.generation).file
        self.base = folder / self.known.name
        self.whole = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (self.file, self.base)}
        self.line, _, self.rest = read_sealed(self.file, MARK)[1].tobytes().partition(b"\n")
        self.right = self.answers(self.fts5)

    def answers(self, search: Callable[..., Any]) -> list[Any]:
        return [search(QUERIES, 50, self.store.select(filters)) for filters in FILTERS]

    def fts5(self, queries: list[list[str]], k: int, selection: Selection) -> list[Found]:
        return [self.source.bm25(words, k, selection.filters) for words in queries]

    def put_back(self) -> None:
        for path in self.store.folder.glob("*.bin"):
            path.unlink()
        for path, (content, modified) in self.whole.items():
            path.write_bytes(content)
            os.utime(path, ns=(modified, modified))
        self.source.record_words(self.file.name, self.generation)

    def seal(self, described: object, rest: bytes) -> None:
        """Write the file in force as one who means harm can: its hash is right."""
        write_sealed(self.file, MARK, json.dumps(described).encode() + b"\n", rest)

    def seal_base(self, content: bytes, structure: int) -> None:
        def write(out: Any) -> int:
            out.write(content)
            return structure

        known = KnownFile.written(self.store.folder, "postings", ".bin", write)
        self.seal({**json.loads(self.line), "base": asdict(known)}, self.rest)

    def seal_segment(self, content: bytes) -> None:
        described = json.loads(self.line)
        gone = self.rest[: 8 * described["gone"]]
        self.seal({**described, "segments": [len(content)]}, gone + content)

    @property
    def segment(self) -> bytes:
        return self.rest[8 * json.loads(self.line)["gone"] :]

    def check(self, caplog: pytest.LogCaptureFixture, *, right: bool) -> None:
        """See that questions are answered, rightly unless the files lie, and that no command fails."""
        caplog.clear()
        with closing(FullText(self.source)) as full_text, caplog.at_level(logging.WARNING, "qa"):
            answers = self.answers(full_text.search)
            if right or caplog.records:
                assert answers == self.right
            assert all(np.isfinite(score) for found in answers for each in found for _, score in each)
            _postings(self.source, self.store.count().passages)
            full_text.file_bytes()
            full_text.save()
            if right or caplog.records:
                assert words_problems(self.store.folder) == []
                assert self.answers(full_text.search) == self.right


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        set_low(patch)
        opened = Library(tmp_path_factory.mktemp("library"))
        with closing(opened.store):
            yield opened


def int64_at(content: bytes, at: int, value: int) -> bytes:
    return content[:at] + value.to_bytes(8, "little", signed=True) + content[at + 8 :]


def harmed(data: st.DataObject, content: bytes) -> bytes:
    """Tear, cut, lengthen or overwrite bytes."""
    at = data.draw(st.integers(0, len(content)))
    what = data.draw(st.sampled_from(["cut", "torn", "longer", "random", "zeros", "number", "all"]))
    match what:
        case "cut":
            return content[:at]
        case "torn":
            return content[at:] + content[:at]
        case "longer":
            return content + data.draw(st.binary(max_size=64))
        case "random":
            some = data.draw(st.binary(min_size=1, max_size=64))
            return content[:at] + some + content[at + len(some) :]
        case "zeros":
            return content[:at] + bytes(len(content) - at)
        case "number":
            at = data.draw(st.sampled_from([0, 8, 16, 24, at - at % 8]))
            return int64_at(content, at, data.draw(st.sampled_from(EXTREME)))
        case _:
            return data.draw(st.binary(max_size=200))


PROPERTY = settings(
    max_examples=60, deadline=3_000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.slow
@PROPERTY
@given(data=st.data(), base=st.booleans())
def test_files_that_were_harmed_are_told_and_made_again(
    library: Library, caplog: pytest.LogCaptureFixture, data: st.DataObject, base: bool
) -> None:
    library.put_back()
    path = library.base if base else library.file
    path.write_bytes(harmed(data, path.read_bytes()))
    library.check(caplog, right=True)


@pytest.mark.slow
@PROPERTY
@given(data=st.data(), base=st.booleans())
def test_segments_that_somebody_has_sealed_do_no_harm(
    library: Library, caplog: pytest.LogCaptureFixture, data: st.DataObject, base: bool
) -> None:
    library.put_back()
    if base:
        content = harmed(data, library.base.read_bytes())
        library.seal_base(content, data.draw(st.sampled_from([0, library.known.structure, len(content)])))
    else:
        library.seal_segment(harmed(data, library.segment))
    library.check(caplog, right=False)


NOT_DESCRIBED = st.recursive(
    st.sampled_from([None, True, 0.5, 1e400, "", "x", *EXTREME, 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["base", "gone"]), inner),
    max_leaves=5,
)


@PROPERTY
@given(data=st.data())
def test_a_description_that_somebody_has_sealed_does_no_harm(
    library: Library, caplog: pytest.LogCaptureFixture, data: st.DataObject
) -> None:
    library.put_back()
    described: Any = json.loads(library.line)
    inside = data.draw(st.sampled_from([described, described["base"]]))
    name = data.draw(st.sampled_from([*inside, ""]))
    if name:
        inside[name] = data.draw(NOT_DESCRIBED)
    else:
        described = data.draw(NOT_DESCRIBED)
    library.seal(described, library.rest)
    library.check(caplog, right=False)


@pytest.mark.parametrize("line", [b"[" * 100_000 + b"\n", b"", b"\xff\n", b"9" * 5_000 + b"\n", b"{}\n"])
def test_neither_does_what_is_no_description(
    library: Library, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    library.put_back()
    write_sealed(library.file, MARK, line)
    library.check(caplog, right=True)
    assert library.file.name in caplog.text
