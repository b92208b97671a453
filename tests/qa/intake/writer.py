"""Change a library without end, in a process that may be killed at any moment. It reports its changes."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import embeddings.files
import embeddings.index
import qa.intake.run
import qa.storage.file_index.full_text
import qa.storage.records.versions
from embeddings.index import VectorIndex
from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.formats.worker import Worker
from qa.schema import Document
from qa.storage.file_index.full_text import FullText
from qa.storage.file_index.source import Source as Records
from qa.storage.file_index.vector_index import LibraryIndex
from qa.storage.records.store import Store
from tests.qa.tiny import tiny_corpus, words

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.schema import IndexReport, Progress

STEMS = tuple(f"brief {number} ü" for number in range(6))
# Maximum number of files in the folder, without one that stays. An empty folder would not show removed files.
FILES = 8
STAYS = "stays.txt"
# In a large library, "in the middle of it" is in the middle of its base.
KillPoint = Literal[
    "before the index is written",
    "in the middle of it",
    "when all but its head is written",
    "before it is recorded",
    "before the old one is cleared away",
    "in the middle of a removal",
    "in the middle of a restoration",
    "before what is purged is overwritten",
    "before the index is made anew",
    "before the postings are made anew",
    "before the erasure is recorded",
    "",
]
# Only a large library has postings.
LargeKillPoint = Literal[
    "before the postings are made",
    "in the middle of them",
    "when all but their head is written",
    "before they are recorded",
    "before the old ones are cleared away",
]


class Spec(NamedTuple):
    """The content of a file. Variants of a seed are near-duplicates. .md and .html have the same words."""

    seed: int
    variant: int
    kind: Literal["txt", "md", "html"]

    @property
    def mark(self) -> str:
        """Return a word that no other text has, in any format."""
        return f"mark{self.seed:06}v{self.variant:06}"


def content(spec: Spec) -> bytes:
    """Return the bytes of a file."""
    title = f"On word{spec.seed % 60} in {('Ryanggang', 'Yanggang', 'Kapsan', 'Kabsan')[spec.seed % 4]}"
    body = f"{words(spec.seed, 144)}\nSo says {spec.mark}."
    if spec.kind == "html":
        paragraphs = "".join(f"<p>{line}</p>" for line in body.split("\n\n"))
        head = f'<!doctype html><html lang="en"><head><title>{title}</title></head>'
        return f"{head}<body><main><h1>{title}</h1>{paragraphs}</main></body></html>".encode()
    return f"{'# ' if spec.kind == 'md' else 'Title: '}{title}\n\n{body}\n".encode()


@cache
def document_of(spec: Spec) -> Document:
    """Return the document that is read from a file."""
    name = f"a.{spec.kind}"
    (document,) = read_source(Source(name, name, content(spec)), Options("auto", ()))
    assert isinstance(document, Document)
    return document


@dataclass(frozen=True)
class Change:
    """A call that changes the library: `index` after changes of files, or another call on one id."""

    kind: Literal["index", "remove", "restore", "purge"]
    files: dict[str, Spec | None] = field(default_factory=dict)
    id: str = ""
    spec: Spec | None = None
    names: tuple[str, ...] = ()  # of the files with the document


@dataclass(frozen=True)
class World:
    """The files, the texts in the library, and the files of removed documents with their ids."""

    files: dict[str, Spec] = field(default_factory=dict)
    held: frozenset[Spec] = frozenset()
    withdrawn: dict[str, str] = field(default_factory=dict)

    def after(self, change: Change) -> World:
        """Return the world after a change."""
        others = {name: at for name, at in self.withdrawn.items() if at != change.id}
        spec = frozenset({change.spec} if change.spec else ())
        if change.kind == "index":
            changed = self.files | change.files
            files = {name: spec for name, spec in changed.items() if spec}
            withdrawn = {name: at for name, at in self.withdrawn.items() if name not in change.files}
            held = frozenset(spec for name, spec in files.items() if name not in withdrawn)
            return World(files, held, withdrawn)
        if change.kind == "remove":
            withdrawn = self.withdrawn | dict.fromkeys(change.names, change.id)
            return replace(self, held=self.held - spec, withdrawn=withdrawn)
        if change.kind == "restore":
            return replace(self, held=self.held | spec, withdrawn=others)
        files = {name: spec for name, spec in self.files.items() if name not in change.names}
        return World(files, self.held - spec, others)


def put_files(inbox: Path, change: Change) -> None:
    """Write the files of a change. A repeated call has the same result."""
    inbox.mkdir(exist_ok=True)
    for name, spec in change.files.items():
        if spec:
            (inbox / name).write_bytes(content(spec))
    for name in [name for name, spec in change.files.items() if not spec]:
        (inbox / name).unlink(missing_ok=True)
    if change.kind == "purge":
        for name in change.names:
            (inbox / name).unlink(missing_ok=True)


def held(corpus: Corpus, specs: dict[str, Spec]) -> dict[str, Spec]:
    """Return the content of a library by id. `specs` has the specs of texts by SHA-256."""
    return {document_id: specs[sha256] for document_id, sha256 in corpus.store.hashes()}


def refusals(report: IndexReport) -> list[str | None]:
    """Return why files were not read. All files of this module can be read."""
    return [each.error for each in report.files if each.error]


def keep_worker() -> None:
    """Keep the process that parses for all runs, because it starts more slowly than a run takes."""
    worker = Worker()
    worker.close = lambda: None  # type: ignore[method-assign]
    list(worker.read(Source("a.html", "a.html", content(Spec(0, 0, "html"))), Options("auto", ())))
    qa.intake.run.Worker = lambda: worker  # type: ignore[misc,assignment]


def run(
    library: Path,
    inbox: Path,
    seed: int,
    said: Connection,
    world: World,
    specs: dict[str, Spec],
    kill_at: KillPoint | LargeKillPoint = "",
    large: bool = False,
) -> None:
    """Change files and documents. Send each `Change` before it is made, and the library's content after it.

    In between, send the ids that `index` acknowledges. The index of a `large` library has the form of the
    index of a million passages.
    """
    random.seed(seed)
    if large:
        embeddings.index.EXACT_UP_TO, embeddings.index.DELTA_LEAST, embeddings.index.DELTA_MOST = 5, 2, 10
        qa.storage.file_index.full_text.FTS5_UP_TO = 5
    keep_worker()
    with tiny_corpus(library) as corpus:
        _arm(kill_at)
        while True:
            change = _change(corpus, world, specs)
            said.send(change)
            put_files(inbox, change)

            def acknowledge(progress: Progress) -> None:
                if progress.stage == "write":
                    said.send(progress.name)

            if change.kind == "index":
                report = corpus.index(inbox, progress=acknowledge, prune=True)
                assert not refusals(report)
            else:
                getattr(corpus, change.kind)([change.id])
            specs |= {document_of(spec).sha256: spec for spec in change.files.values() if spec}
            world = world.after(change)
            said.send(held(corpus, specs))


def _change(corpus: Corpus, world: World, specs: dict[str, Spec]) -> Change:
    here = held(corpus, specs)
    removed = {version.document_id: specs[version.sha256] for version in corpus.store.removed()}
    kind = random.choices(("index", "remove", "restore", "purge"), (6, 1, 2, 1))[0]
    stays = world.files.get(STAYS)
    mine = {document_id: spec for document_id, spec in here.items() if spec != stays}
    if kind == "restore" and removed:
        chosen = random.choice(list(removed))
        return Change("restore", id=chosen, spec=removed[chosen])
    if kind in ("remove", "purge") and mine:
        # A removed document may be purged, too.
        among = mine | removed if kind == "purge" else mine
        chosen = random.choice(list(among))
        names = tuple(name for name, spec in world.files.items() if spec == among[chosen])
        return Change("remove" if kind == "remove" else "purge", id=chosen, spec=among[chosen], names=names)
    changed: dict[str, Spec | None] = {} if stays else {STAYS: Spec(0, 0, "txt")}
    touched = {STAYS}
    for _ in range(random.randint(1, 3)):
        files = _file_change(world, touched)
        touched |= files.keys()
        changed |= {name: spec for name, spec in files.items() if world.files.get(name) != spec}
    return Change("index", changed)


def _file_change(world: World, touched: set[str]) -> dict[str, Spec | None]:
    """Return a change of one untouched file: put, exchange, vary, move, copy, convert or delete."""
    kind = random.choice(("txt", "txt", "md", "html"))
    name = f"{random.choice(STEMS)}.{kind}"
    if name in touched:
        return {}
    free = {at: spec for at, spec in world.files.items() if at not in touched and at not in world.withdrawn}
    if len(world.files) > FILES:
        return dict.fromkeys(random.sample(list(free), min(2, len(free))))
    new = Spec(random.randrange(1, 10**6), 0, kind)
    source = random.choice(list(free)) if free else ""
    what = random.choice(("put", "put", "exchange", "vary", "move", "copy", "convert", "delete"))
    if what == "put" or not source or source == name:
        return {name: new}
    its = free[source]
    stem, _, suffix = source.rpartition(".")
    if what == "exchange":  # by another text in another format
        return {name: new, source: None}
    if what == "vary":
        return {name: Spec(its.seed, random.randrange(1, 10**6), kind), source: its}
    if what == "delete":
        return {source: None}
    if what == "convert":  # the same words in another format
        other = "html" if suffix == "md" else "md"
        alone = sum(spec == its for spec in world.files.values()) == 1
        target = f"{stem}.{other}"
        if suffix == "txt" or not alone or target in touched or target in world.files:
            return {}
        return {target: Spec(its.seed, its.variant, other), source: None}  # type: ignore[arg-type]
    if suffix != kind:
        return {}
    return {name: its, source: None if what == "move" else its}


# The calls at which the process dies instead.
DEADLY: dict[KillPoint | LargeKillPoint, tuple[object, str]] = {
    "before the index is written": (VectorIndex, "save"),
    "in the middle of it": (embeddings.files.os, "fsync"),
    "when all but its head is written": (embeddings.index, "write_sealed"),
    "before the old one is cleared away": (LibraryIndex, "_sweep"),
    "before it is recorded": (Records, "record_index"),
    "in the middle of a removal": (qa.storage.records.versions, "now"),
    "in the middle of a restoration": (qa.storage.records.versions, "put_back"),
    "before what is purged is overwritten": (Store, "scrub"),
    "before the index is made anew": (LibraryIndex, "remake"),
    "before the postings are made anew": (FullText, "remake"),
    "before the erasure is recorded": (Store, "erased"),
    "before the postings are made": (Records, "write_postings"),
    "in the middle of them": (qa.storage.file_index.full_text.shutil, "copyfileobj"),
    "when all but their head is written": (qa.storage.file_index.full_text, "write_sealed"),
    "before they are recorded": (Records, "record_words"),
    "before the old ones are cleared away": (FullText, "_sweep"),
}


def _arm(kill_at: KillPoint | LargeKillPoint) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if kill_at:
        setattr(*DEADLY[kill_at], die)
