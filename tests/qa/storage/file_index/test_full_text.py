"""Full text of many passages: what counts as many is set low here. FTS5 says what is right."""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa.storage.file_index.full_text
import qa.storage.file_index.postings
from qa.commands.doctor import examine
from qa.errors import InputError, LibraryError
from qa.schema import EVERYTHING, Document, Filters, Passage, Sentence
from qa.storage.file_index.full_text import FullText, Postings
from qa.storage.file_index.postings import build_of_texts
from qa.storage.file_index.source import Source
from qa.storage.file_index.vector_index import PART_SECONDS
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from tests.processes import copied_process
from tests.qa.consistency import problems, words_problems
from tests.qa.storage.folder import records, source
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.storage.records.store import Store

ENCODER = TinyEncoder()
VOCABULARY = (
    "copper",
    "Coppers",
    "rice",
    "naïve",
    "NAIVE",
    "straße",
    "foo_bar",
    "bar",
    "東京",
    "the",
    "I.B.M.",
)
ASKED = (*VOCABULARY, "absent", "", "!?", "a\0the", "foo", '"', "copper*")
# Where a compiler may fuse a product and a sum, as on ARM, FTS5's last bit may be another.
SAME_BITS = platform.machine() in {"x86_64", "AMD64"}


def set_low(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(qa.storage.file_index.full_text, "FTS5_UP_TO", 10)
    patch.setattr(qa.storage.file_index.full_text, "MOST_FOLLOWED", 12)
    patch.setattr(qa.storage.file_index.full_text, "_BLOCK", 3)
    patch.setattr(qa.storage.file_index.postings, "_BLOCK", 40)


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was warned of, whatever level a test before has set."""
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    set_low(monkeypatch)


@pytest.fixture
def store(tmp_path: Path, low: None) -> Iterator[Store]:
    """The store of a library for which 10 passages are many."""
    with closing(records(tmp_path / "library ü")) as opened:
        yield opened


def put(store: Store, name: str, bodies: Sequence[str], head: str = "", language: str = "en") -> None:
    """Put a document of these passages in."""
    text = "".join(bodies)
    ends = np.cumsum([len(body) for body in bodies]).tolist()
    pieces = [
        Passage(name, ordinal, start, end, (Sentence(start, end),))
        for ordinal, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]
    vectors = ENCODER.encode_documents(bodies)
    entries = [Entry(piece, bytes(16), vector) for piece, vector in zip(pieces, vectors, strict=True)]
    document = Document(id=name, text=text, title=head, path=f"/in/{name}", language=language)
    store.put(ReadDocument.of(document), EmbeddedPassages(entries, ENCODER.identity))


def fill(store: Store, seed: int = 1, documents: int = 8, name: str = "") -> None:
    """Put documents of random words in, of five passages each; ids are not in the order of keys."""
    random = np.random.default_rng(seed)
    for number in random.permutation(documents):
        bodies = [" ".join(random.choice(VOCABULARY, random.integers(1, 6))) + "\n" for _ in range(5)]
        put(store, f"{name}{number}", bodies, str(random.choice(VOCABULARY)), ["en", "fr"][number % 2])


def assert_equals_fts5(full_text: FullText, store: Store) -> None:
    queries = [[word] for word in ASKED] + [
        ["rice", "copper"],
        list(VOCABULARY),
        list(ASKED),
        [],
        ["rice"] * 2,
    ]
    for filters in (EVERYTHING, Filters(language="fr"), Filters(document=("3",)), Filters(language="none")):
        selection = store.select(filters)
        for k in (1, 3, 1000):
            found = full_text.search(queries, k, selection)
            for query, got in zip(queries, found, strict=True):
                right = source(store).bm25(query, k, filters)
                assert [key for key, _ in got] == [key for key, _ in right], query
                scores = [score for _, score in right]
                assert [score for _, score in got] == (
                    scores if SAME_BITS else pytest.approx(scores, rel=1e-12)
                )


def without_fts5(patch: pytest.MonkeyPatch) -> None:
    """From here on, FTS5 answers nothing."""
    patch.delattr(Source, "bm25")


def saved(store: Store) -> tuple[Path, Path]:
    """Fill and save a library; gives the file in force and its base."""
    fill(store)
    with closing(FullText(source(store))) as full_text:
        full_text.save()
    (file,), (base,) = store.folder.glob("words-*.bin"), store.folder.glob("postings-*.bin")
    return file, base


# That it is what FTS5 finds

bodies = st.lists(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4).map(lambda drawn: " ".join(drawn) + "\n"),
    min_size=1,
    max_size=6,
)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.integers(0, 9),
            bodies,
            st.sampled_from(["", *VOCABULARY]),
            st.sampled_from(["en", "fr"]),
        ),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("save")),
        st.tuples(st.just("open")),
        st.tuples(st.just("ask")),
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.day
@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_happens_to_a_library_the_same_is_found_in_the_same_order(steps: list[tuple]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        closing(records(Path(folder))) as store,
    ):
        set_low(patch)
        full_texts = [FullText(source(store))]
        fill(store)
        full_texts[0].save()
        for kind, *values in steps:
            match kind:
                case "put":
                    number, its, head, language = values
                    put(store, str(number), its, head, language)
                case "remove":
                    held = {info.id for info in store.documents()}
                    if str(values[0]) in held:
                        store.remove([str(values[0])])
                case "save":
                    full_texts[-1].save()
                    assert words_problems(store.folder) == []
                case "open":
                    full_texts.append(FullText(source(store)))
            if kind == "ask":
                assert_equals_fts5(full_texts[0], store)
        for full_text in full_texts:
            assert_equals_fts5(full_text, store)
            full_text.close()


def test_it_is_our_postings_that_answer_and_words_of_several_stems_that_fts5_does(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(store)
    with closing(FullText(source(store))) as full_text:
        assert_equals_fts5(full_text, store)
        right = source(store).bm25(["copper"], 5, EVERYTHING)
        without_fts5(monkeypatch)
        assert full_text.search([["copper"]], 5, store.select()) == [right]
        with pytest.raises(AttributeError, match="bm25"):
            full_text.search([["foo_bar"]], 5, store.select())


def test_what_fts5_refuses_is_refused_in_the_same_words(store: Store) -> None:
    saved(store)
    with closing(FullText(source(store))) as full_text, pytest.raises(InputError, match="is not valid text"):
        full_text.search([["\ud83d"]], 5, store.select())


@pytest.mark.parametrize("times", [127, 128, 255, 256, 70_000])
def test_a_word_may_stand_very_often_in_a_passage(store: Store, times: int) -> None:
    fill(store)
    put(store, "often", ["rice " * times], "rice")
    put(store, "once", ["rice "], "copper")
    with closing(FullText(source(store))) as full_text:
        full_text.save()
        assert_equals_fts5(full_text, store)
    places, weights = build_of_texts([(7, "rice", "rice " * times), (9, "", "rice")]).find(b"rice")
    assert (places.tolist(), weights.tolist()) == ([0, 1], [2 * times + 1, 2])


def test_passages_without_any_word_count_too(store: Store) -> None:
    put(store, "silent", ["…\n"] * 12)
    with closing(FullText(source(store))) as full_text:
        full_text.save()
        assert_equals_fts5(full_text, store)
        put(store, "one", ["rice\n", "!\n"])
        assert_equals_fts5(full_text, store)
        full_text.save()
        assert words_problems(store.folder) == []


def test_what_is_removed_before_its_text_is_read_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(store)
    with closing(FullText(source(store))) as full_text:
        put(store, "short-lived", ["rice\n"])
        texts_of = Source.texts_of

        def after_removal(self: Source, keys: np.ndarray) -> list[tuple[int, str, str]]:
            store.remove(["short-lived"])
            return texts_of(self, keys)

        with monkeypatch.context() as patch:
            patch.setattr(Source, "texts_of", after_removal)
            full_text.search([["rice"]], 3, store.select())
        assert_equals_fts5(full_text, store)
        full_text.save()
        assert words_problems(store.folder) == []


# The files


def test_a_small_library_has_no_postings(store: Store) -> None:
    put(store, "a", ["rice\n"] * 10)
    with closing(FullText(source(store))) as full_text:
        full_text.save()
        assert source(store).words_record().file == ""
        assert list(store.folder.glob("*.bin")) == []
        fill(store)
        full_text.save()
        assert len(list(store.folder.glob("*.bin"))) == 2
        store.remove([info.id for info in store.documents() if info.id != "a"])
        assert_equals_fts5(full_text, store)
        full_text.save()
        assert source(store).words_record().file == ""
        assert list(store.folder.glob("words-*.bin")) == []
        assert_equals_fts5(full_text, store)


def test_segments_are_followed_saved_and_joined_until_the_base_is_made_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, documents=40)
    with closing(FullText(source(store))) as full_text:
        full_text.save()
        with monkeypatch.context() as patch:
            patch.delattr(Postings, "of")  # nothing is made anew
            for number in range(19):
                put(store, f"new {number}", [f"rice straße {number}\n"])
                with closing(FullText(source(store))) as other:
                    other.save()
                sizes = [len(segment) for segment in other._postings.segments[1:]]  # type: ignore[union-attr]
                assert sum(sizes) == number + 1
                assert all(more > less for more, less in pairwise(sizes))
                assert words_problems(store.folder) == []
        assert_equals_fts5(full_text, store)
        put(store, "more", ["rice\n"] * 2)
        full_text.save()
        assert len(full_text._postings.segments) == 1  # type: ignore[union-attr]
        assert_equals_fts5(full_text, store)
        with monkeypatch.context() as patch:
            patch.delattr(Postings, "of")
            store.remove([str(number) for number in range(8)])
            full_text.save()
            assert len(full_text._postings.gone) == 40  # type: ignore[union-attr]
        store.remove([str(number) for number in range(8, 12)])
        full_text.save()
        assert len(full_text._postings.gone) == 0  # type: ignore[union-attr]
        assert_equals_fts5(full_text, store)
        assert words_problems(store.folder) == []
    assert problems(store.folder) == []


def test_a_question_does_not_wait_for_many_new_passages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(store)
    with closing(FullText(source(store))) as full_text, closing(FullText(source(store))) as other:
        fill(store, 2, 3, "new ")
        with monkeypatch.context() as patch:
            patch.setattr(qa.storage.file_index.full_text, "build_of_texts", None)
            assert_equals_fts5(full_text, store)
        other.save()
        right = source(store).bm25(["rice"], 50, EVERYTHING)
        without_fts5(monkeypatch)
        assert full_text.search([["rice"]], 50, store.select()) == [right]


@pytest.mark.day
@pytest.mark.parametrize("harm", ["missing", "cut", "damaged", "empty", "of another kind", "a folder"])
@pytest.mark.parametrize("of", ["the file in force", "its base"])
def test_files_that_are_missing_or_damaged_are_named_and_made_again(
    store: Store, of: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = saved(store)[of == "its base"]
    whole = path.read_bytes()
    path.unlink()
    match harm:
        case "cut":
            path.write_bytes(whole[:-1])
        case "damaged":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "empty":
            path.touch()
        case "of another kind":
            path.write_bytes(b"pullquote index 1\n" + whole[18:])
        case "a folder":
            path.mkdir()
    with closing(FullText(source(store))) as full_text, caplog.at_level(logging.WARNING, "qa"):
        assert_equals_fts5(full_text, store)
        (record,) = warnings(caplog)  # once, though there were many questions
        assert path.name in record.message
        (finding,) = (each for each in examine(store.folder) if each.about == "postings")
        assert path.name in finding.problem
        if harm == "a folder":
            path.rmdir()
        full_text.save()
        assert words_problems(store.folder) == []
        assert_equals_fts5(full_text, store)
        assert warnings(caplog) == [record]
    (finding,) = (each for each in examine(store.folder) if each.about == "postings")
    assert finding.problem == ""


@pytest.mark.slow
def test_damage_that_an_opening_does_not_see_does_no_harm_and_a_doctor_sees_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    _, base = saved(store)
    postings = Postings.open(store.folder, source(store).words_record().file, 0)
    content, modified = base.read_bytes(), base.stat().st_mtime_ns
    start = postings.file.structure
    base.write_bytes(content[:start] + b"\x7f" * (len(content) - start))
    os.utime(base, ns=(0, modified))
    (finding,) = (each for each in examine(store.folder) if each.about == "postings")
    assert f"{base.name} is damaged" in finding.problem
    with closing(FullText(source(store))) as full_text:
        assert_equals_fts5(full_text, store)
        assert f"{base.name} is damaged" in caplog.text
        full_text.save()
        assert words_problems(store.folder) == []
        assert_equals_fts5(full_text, store)


def test_a_changed_byte_of_a_structure_is_seen_wherever_it_is(store: Store) -> None:
    file, base = saved(store)
    structure = Postings.open(store.folder, file.name, 0).file.structure
    content, modified = base.read_bytes(), base.stat().st_mtime_ns
    for place in range(0, structure, 7):
        base.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        os.utime(base, ns=(0, modified))
        with pytest.raises(qa.storage.file_index.full_text.DamagedFileError, match="damaged"):
            Postings.open(store.folder, file.name, 0)


def test_where_nothing_may_be_written_what_there_is_is_used(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, base = saved(store)
    store.close()
    monkeypatch.setattr("qa.storage.sqlite.file.os.access", lambda *_: False)
    with closing(records(store.folder)) as read_only, closing(FullText(source(read_only))) as full_text:
        assert read_only.read_only
        assert_equals_fts5(full_text, read_only)
        base.unlink()
        full_text.save()
    with closing(records(store.folder)) as read_only, closing(FullText(source(read_only))) as full_text:
        assert_equals_fts5(full_text, read_only)
        full_text.save()
    assert set(store.folder.glob("*.bin")) == {file}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a process's files")
def test_a_full_disk_is_logged_and_fts5_answers(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    import resource

    fill(store)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(FullText(source(store))) as full_text:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
        try:
            full_text.save()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "could not be saved" in caplog.text
        assert [path.name for path in store.folder.iterdir() if "library" not in path.name] == []
        assert_equals_fts5(full_text, store)
        full_text.save()
        assert words_problems(store.folder) == []


def test_bases_of_before_and_parts_are_cleared_away_once_nobody_can_need_them(store: Store) -> None:
    _, base = saved(store)
    part = store.folder / ".postings-killed.part"
    part.touch()
    fill(store, 3, name="more ")
    with closing(FullText(source(store))) as full_text:
        full_text.save()
        assert base.exists()  # it might just have been written, by a process about to name it
        assert part.exists()
        for path in (base, part):
            os.utime(path, (0, path.stat().st_mtime - PART_SECONDS - 1))
        put(store, "little", ["rice\n"])
        full_text.save()
    assert not base.exists()
    assert not part.exists()
    assert words_problems(store.folder) == []


@pytest.mark.slow
def test_a_corpus_keeps_its_postings_in_step(
    tmp_path: Path, low: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    with tiny_corpus(library) as corpus:
        for number in range(3):
            corpus.index(write(tmp_path, f"{number}.txt", words(number, 1200)))
            assert words_problems(library) == []
        corpus.remove(["1.txt"])
        assert words_problems(library) == []
        corpus.reindex(TinyEncoder())
        assert words_problems(library) == []
        for path in library.glob("*.bin"):
            path.unlink()
        corpus.index(tmp_path / "0.txt")  # unchanged
    with tiny_corpus(library) as corpus:
        corpus.index(tmp_path / "0.txt")
        assert words_problems(library) == []
        right = corpus.store.matching([["word1"]], 50, corpus.store.select())[0]
        assert right
        without_fts5(monkeypatch)
        assert corpus.store.matching([["word1"], ["absent"]], 50, corpus.store.select()) == [right, []]


def write_and_save(folder: Path, rounds: int) -> None:
    """What another process does to a library: its postings are made anew again and again."""
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(records(folder)) as store,
        closing(FullText(source(store))) as other,
    ):
        set_low(patch)
        for seed in range(rounds):
            fill(store, seed, 1 + seed % 3, "other ")
            other.save()


@pytest.mark.slow
def test_one_process_asks_while_another_changes_and_saves(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    saved(store)
    writer = copied_process(write_and_save, store.folder, 30)
    writer.start()
    asked = 0
    with closing(FullText(source(store))) as full_text:
        while writer.is_alive():
            for found in full_text.search([["copper"], ["rice", "the"]], 9, store.select()):
                # What goes between a search and the ordering of its equals is left out.
                assert 0 < len({key for key, _ in found}) == len(found) <= 9
            asked += 1
        writer.join()
        assert (writer.exitcode, warnings(caplog)) == (0, [])
        assert asked > 5
        assert_equals_fts5(full_text, store)
        full_text.save()
        assert words_problems(store.folder) == []


def test_what_is_asked_of_a_closed_library_is_an_error_that_says_so(store: Store) -> None:
    saved(store)
    words, selection = FullText(source(store)), store.select()
    assert words.search([["rice"]], 3, selection)[0]
    words.close()
    with pytest.raises(LibraryError, match="was closed"):
        words.search([["rice"]], 3, selection)


def test_a_library_that_is_closed_while_questions_run_does_not_crash(store: Store) -> None:
    saved(store)
    words, selection = FullText(source(store)), store.select()

    def ask(_: int) -> bool:
        try:
            for _ in range(300):
                words.search([["rice", "copper"]], 3, selection)
        except LibraryError:
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(3)]
        words.close()
        assert any(each.result() for each in asked)


def test_a_segment_names_the_places_of_the_keys_that_it_has_and_each_once(store: Store) -> None:
    saved(store)
    segment = Postings.of(source(store)).segments[0]
    held = segment.keys.tolist()
    asked = np.array([-5, -1, held[0], held[3], held[-1], held[-1] + 7])
    assert segment.places(asked).tolist() == [0, 3, len(held) - 1]
