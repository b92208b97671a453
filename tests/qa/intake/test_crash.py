from __future__ import annotations

import logging
import multiprocessing
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

import qa.intake.run
import qa.storage.file_index.full_text
from qa.errors import DocumentNotFoundError
from qa.schema import EVERYTHING
from tests.qa.consistency import index_problems, problems, words_problems
from tests.qa.intake.writer import (
    Change,
    KillPoint,
    LargeKillPoint,
    Spec,
    World,
    content,
    document_of,
    held,
    keep_worker,
    put_files,
    refusals,
    run,
)
from tests.qa.storage.folder import source
from tests.qa.tiny import TinyEncoder, tiny_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from qa.corpus import Corpus
    from qa.storage.results import Hit

log = logging.getLogger(__name__)
# PULLQUOTE_CRASHES=300 for a long run.
CRASHES = int(os.environ.get("PULLQUOTE_CRASHES", "10"))
# Citations that are followed after each start; all of them at every tenth, and while they are few.
FOLLOWED = 100
POSIX = sys.platform != "win32"


class Books:
    """What the library must hold and open, by what its writers said and by what was seen after each start."""

    def __init__(self, folder: Path) -> None:
        self.library = folder / "library ü"
        self.inbox = folder / "in"
        self.world = World()
        self.change: Change | None = None  # said to be begun, and not to be done
        self.acknowledged: list[str] = []  # ids, of that change
        self.starts = self.purged = 0
        self.done: Counter[str] = Counter()  # as the writers said
        self.interrupted: Counter[str] = Counter()
        self.ids: dict[Spec, str] = {}  # of what is held
        self.texts: defaultdict[str, set[Spec]] = defaultdict(set)  # all that an id had, but what was purged
        self.specs: dict[str, Spec] = {}  # by the SHA-256 of the text: all that ever stood in a file

    def note(self, message: Change | str | dict[str, Spec]) -> None:
        if isinstance(message, Change):
            self.change = message
            self._learn(message)
        elif isinstance(message, str):
            self.acknowledged.append(message)
        else:
            assert self.change
            self.done[self.change.kind] += 1
            self._done(message)

    def _learn(self, change: Change) -> None:
        for spec in filter(None, change.files.values()):
            self.specs[document_of(spec).sha256] = spec

    def _done(self, here: dict[str, Spec]) -> None:
        """Note that the change is done, and which ids there are now."""
        self._same_ids(here)
        if self.change:
            if self.change.kind == "purge":
                self.purged += self.texts.pop(self.change.id, None) is not None
            self.world = self.world.after(self.change)
        self.change, self.acknowledged = None, []
        assert self.world.held == set(here.values())
        self.ids = {spec: document_id for document_id, spec in here.items()}
        for document_id, spec in here.items():
            self.texts[document_id].add(spec)

    def _same_ids(self, here: dict[str, Spec]) -> None:
        assert len(here) == len(set(here.values()))  # each text once
        # Of copies, the first keeps the id when it changes, and the others get one of theirs.
        files = self.change.files if self.change else {}
        changed = {self.world.files.get(name) for name, spec in files.items() if spec}
        copies = {spec for spec, count in Counter(self.world.files.values()).items() if count > 1}
        for document_id, spec in here.items():
            assert spec in changed & copies or self.ids.get(spec, document_id) == document_id

    def check(self) -> None:
        """Start anew, as a user would; finish what was begun; then look from outside."""
        self.starts += 1
        self.interrupted[self.change.kind if self.change else "nothing"] += 1
        with tiny_corpus(self.library) as corpus:
            here = held(corpus, self.specs)
            after = self.world.after(self.change) if self.change else self.world
            assert self.world.held & after.held <= set(here.values()) <= self.world.held | after.held
            self._same_ids(here)
            for document_id in set(self.acknowledged) - set(after.withdrawn.values()):
                assert here[document_id] in after.held
            self._check_citations(corpus, here)
            if self.change:
                self._finish(corpus, self.change, here)
            here = held(corpus, self.specs)
            self._done(here)
            self._check_citations(corpus, here)
            self._check_afresh(corpus)
            corpus.store.index.words.save()
            large = corpus.store.count().passages > qa.storage.file_index.full_text.FTS5_UP_TO
        assert problems(self.library) == []
        assert index_problems(self.library) == []
        assert not large or words_problems(self.library) == []

    def _finish(self, corpus: Corpus, change: Change, here: dict[str, Spec]) -> None:
        """Do what the writer did not come to say that it had done; or take note that it was not done."""
        put_files(self.inbox, change)
        if change.kind == "index":
            assert not refusals(corpus.index(self.inbox, prune=True))
        elif change.kind == "purge":
            begun = change.id not in here and not corpus.store.versions(change.id)
            corpus.purge([] if begun else [change.id])
            marks = {spec.mark.encode() for spec in self.texts[change.id]}
            marks -= {spec.mark.encode() for at in self.texts.keys() - {change.id} for spec in self.texts[at]}
            left = b"".join(path.read_bytes() for path in self.library.iterdir())
            assert not [mark for mark in marks if mark in left]
        elif set(here.values()) != self.world.after(change).held:
            self.change = None

    def _check_citations(self, corpus: Corpus, here: dict[str, Spec]) -> None:
        """Every text that was ever acknowledged opens, and none that was purged."""
        ever = list(self.specs.items())
        if len(ever) > FOLLOWED and self.starts % 10:
            ever = random.Random(self.starts).sample(ever, FOLLOWED)
        change = self.change
        known = {spec for at in self.texts for spec in self.texts[at]}
        for sha256, spec in ever:
            if change and (spec in self.texts[change.id] or spec in change.files.values()):
                continue  # of what was interrupted, either may be
            try:
                cited = corpus.cited(sha256)
            except DocumentNotFoundError:
                assert spec not in known
                continue
            assert spec in known
            assert cited.document.text == document_of(spec).text
            assert (cited.status == "current") == (spec in here.values())

    def _check_afresh(self, corpus: Corpus) -> None:
        """Compare it with a library made at once of the same texts."""
        with tempfile.TemporaryDirectory(dir=self.library.parent) as folder:
            paths = []
            for number, info in enumerate(corpus.documents()):
                spec = self.specs[info.sha256]
                name = info.id if info.id.endswith(f".{spec.kind}") else f"{number}.{spec.kind}"
                paths.append(Path(folder) / str(number) / name)
                paths[-1].parent.mkdir()
                paths[-1].write_bytes(content(spec))
            with tiny_corpus(Path(folder) / "library") as fresh:
                fresh.index(*paths)
                for document_id, spec in held(fresh, self.specs).items():
                    assert self.ids[spec] == document_id or document_id[0].isdigit()
                ours, others = contents(corpus), contents(fresh)
        for what in others:
            assert ours[what] == others[what], what


def contents(corpus: Corpus) -> dict[str, Any]:
    """All that a library holds and answers, by its texts: ids say where each was first."""
    hashes = dict(corpus.store.hashes())
    passages = {at: corpus.store.passages_of(at) for at in hashes}
    keys = {its.key: (hashes[at], its.start) for at in passages for its in passages[at]}
    for at, its in passages.items():
        text = corpus.document(at).text
        assert "".join(text[each.start : each.end] for each in its) == text
    everything = corpus.store.select()
    db = sqlite3.connect(corpus.library / "library.sqlite3")
    vectors = {keys[key]: vector for key, vector in db.execute("SELECT passage, vector FROM vectors")}
    names = set(db.execute("SELECT key, folded FROM spellings"))
    db.close()

    def found(hits: list[tuple[Hit, float]]) -> dict[tuple[str, int], Any]:
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        return {keys[hit.key]: pytest.approx(score, abs=1e-5) for hit, score in hits}

    queries = (["word1"], ["word2", "word3"], ["kapsan"])
    for query in queries:
        # FTS5 answers where the postings are behind; the next change brings them in step.
        matching = [(hit.key, score) for hit, score in corpus.store.matching([query], 20, everything)[0]]
        assert matching == source(corpus.store).bm25(query, 20, EVERYTHING)
    return {
        "texts": {sha256: info.title for info in corpus.documents() for sha256 in [info.sha256]},
        "passages": Counter(
            (hashes[at], each.start, each.end, each.sentences) for at in passages for each in passages[at]
        ),
        "vectors": vectors,
        "spellings": names,
        "copies": {
            (hashes[at], hashes[other]): alike
            for at, others in corpus.store.copies(hashes).items()
            for other, alike in others.items()
        },
        "dense": [found(corpus.store.nearest(vector[None], 1000, everything)[0]) for vector in
                  TinyEncoder().encode_query([" ".join(query) for query in queries])],
        "bm25": [found(corpus.store.matching([query], 1000, everything)[0]) for query in queries],
    }  # fmt: skip


def crash(
    books: Books,
    seed: int,
    seconds: float | None,
    large: bool,
    kill_at: KillPoint | LargeKillPoint = "",
) -> None:
    """Let a writer work until it kills itself, or is killed after so many seconds; note what it has said."""
    context = multiprocessing.get_context("forkserver" if POSIX else "spawn")
    if POSIX:
        context.set_forkserver_preload(["tests.qa.intake.warm_writer"])
    heard, said = context.Pipe(duplex=False)
    writer = context.Process(
        target=run,
        args=(books.library, books.inbox, seed, said, books.world, books.specs, kill_at, large),
    )
    writer.start()
    said.close()
    if seconds is not None:
        books.note(heard.recv())  # it is at work
        time.sleep(seconds)
        writer.kill()
    while True:
        try:
            books.note(heard.recv())
        except EOFError:
            break
    writer.join(30)
    assert writer.exitcode == (-9 if POSIX else 1)


@pytest.fixture(params=[False, True], ids=["small", "large"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the library counts as large, to its writer and here."""
    if request.param:
        monkeypatch.setattr(qa.storage.file_index.full_text, "FTS5_UP_TO", 5)
    return bool(request.param)


@pytest.fixture(scope="module")
def _parser() -> Iterator[None]:
    """One process that parses for all the libraries made here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.intake.run.Worker", qa.intake.run.Worker)  # put back what `keep_worker` replaces
        keep_worker()
        yield


@pytest.fixture
def books(tmp_path: Path, _parser: None) -> Books:
    """Empty books."""
    return Books(tmp_path)


@pytest.mark.day
def test_whenever_a_writer_is_killed_the_next_start_is_consistent_and_nothing_acknowledged_is_gone(
    books: Books, large: bool
) -> None:
    moments = random.Random(2008)
    for seed in range(CRASHES):
        crash(books, seed, moments.uniform(0, 0.6), large)
        books.check()
    log.info(
        "%d kills during %s; acknowledged: %s; %d texts, %d ids purged",
        books.starts,
        dict(books.interrupted),
        dict(books.done),
        len(books.specs),
        books.purged,
    )
    assert books.done  # else nothing was shown; how much is done before a kill is the machine's


@pytest.mark.day
@pytest.mark.skipif(not POSIX, reason="a process can only kill itself like this on POSIX")
@pytest.mark.parametrize(
    ("kill_at", "large"),
    [
        *((point, large) for point in get_args(KillPoint) if point for large in (False, True)),
        *((point, True) for point in get_args(LargeKillPoint)),
    ],
    indirect=["large"],
)
def test_a_kill_at_any_step_of_a_change_is_healed_by_the_next_start(
    books: Books, kill_at: KillPoint | LargeKillPoint, large: bool
) -> None:
    for seed in range(2):
        crash(books, seed, None, large, kill_at)
        books.check()
    assert books.world.held
