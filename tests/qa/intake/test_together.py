"""Several processes and one library: two that write, one that asks while another writes, one that may not."""

from __future__ import annotations

import multiprocessing
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from qa.document.segment import passages
from qa.errors import LibraryError
from tests.processes import copied_process
from tests.qa.consistency import index_problems, problems
from tests.qa.intake.writer import Change, Spec, World, document_of, run
from tests.qa.tiny import tiny_corpus, words, write


def index_and_remove(library: Path, inbox: Path, last: str) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(inbox)
        corpus.remove([last])


@pytest.mark.slow
def test_two_processes_that_make_one_library_of_different_folders_both_get_all_of_theirs_in(
    tmp_path: Path,
) -> None:
    for number in range(60):
        write(tmp_path / ("odd" if number % 2 else "even"), f"{number}.txt", words(number))
    library = tmp_path / "library"
    runs = [
        copied_process(index_and_remove, library, tmp_path / name, last)
        for name, last in (("odd", "59.txt"), ("even", "58.txt"))
    ]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert [each.exitcode for each in runs] == [0, 0]
    with tiny_corpus(library, create=False) as corpus:
        held = {Path(info.path).name: corpus.document(info.id).text for info in corpus.documents()}
        assert held == {f"{number}.txt": words(number) for number in range(58)}
        assert {version.document_id for version in corpus.store.removed()} == {"58.txt", "59.txt"}
        vector = corpus.store.encode_queries(["word1"])[0]
        assert (
            len(corpus.store.nearest(vector[None], 1000, corpus.store.select())[0])
            == corpus.store.count().passages
        )
    assert problems(library) == []
    assert index_problems(library) == []


def learn(message: object, texts: dict[str, Spec]) -> None:
    """Remember the texts that a writer says it is about to put in."""
    if isinstance(message, Change):
        texts |= {document_of(spec).sha256: spec for spec in message.files.values() if spec}


@pytest.mark.models
def test_who_asks_while_another_process_writes_gets_whole_sentences_or_is_told_why_not(
    tmp_path: Path,
) -> None:
    heard, said = multiprocessing.Pipe(duplex=False)
    library = tmp_path / "library"
    writer = copied_process(run, library, tmp_path / "in", 7, said, World(), {})
    writer.start()
    texts: dict[str, Spec] = {}
    quotes, generations = 0, set()
    try:
        while not isinstance(message := heard.recv(), dict):  # there is something to ask
            learn(message, texts)
        with tiny_corpus(library) as corpus:
            until = monotonic() + 60  # how much is answered between two changes is the machine's affair
            for number in count():
                if (quotes > 5 and len(generations) > 5) or monotonic() > until:
                    break
                try:
                    answer = corpus.ask(f"Who says what on word{number % 60} in Kapsan?")
                except LibraryError as error:
                    assert "changing faster" in str(error)  # noqa: PT017
                    continue
                while heard.poll():
                    learn(heard.recv(), texts)
                generations.add(corpus.store.generation)
                for quote in answer.quotes:
                    document = document_of(texts[quote.document.sha256])
                    assert quote.text == document.text[quote.start : quote.end]
                    sentences = {s.start for passage in passages(document) for s in passage.sentences}
                    assert quote.start in sentences
                    quotes += 1
    finally:
        alive = writer.is_alive()
        writer.kill()
        writer.join()
    assert alive
    assert quotes > 5
    assert len(generations) > 5


def test_a_library_that_is_only_read_is_searched_and_refuses_every_change(tmp_path: Path) -> None:
    library, inbox = tmp_path / "library", tmp_path / "in"
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", words(1)), write(inbox, "b.txt", words(2)))
        corpus.remove(["b.txt"])
    before = {path: path.read_bytes() for path in library.iterdir()}
    with tiny_corpus(library, create=False, read_only=True) as corpus:
        assert corpus.index(inbox / "a.txt").count("unchanged") == 1
        for change in (
            lambda: corpus.index(write(inbox, "c.txt", words(3))),
            lambda: corpus.index(write(inbox, "a.txt", words(4))),
            lambda: corpus.remove(["a.txt"]),
            lambda: corpus.restore(["b.txt"]),
            lambda: corpus.purge(["a.txt"]),
        ):
            with pytest.raises(LibraryError, match="may not be written"):
                change()
        vector = corpus.store.encode_queries(["word1"])[0]
        found = corpus.store.nearest(vector[None], 9, corpus.store.select())[0]
        assert {hit.document_id for hit, _ in found} == {"a.txt"}
        assert corpus.store.matching([["word1", "word2"]], 9, corpus.store.select())[0]
    assert {path: path.read_bytes() for path in library.iterdir()} == before
