"""Puts two libraries with different engines through the same random changes, and compares them."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qa.document.corrections import BY_HAND, Correction
from qa.errors import PullquoteError
from qa.schema import Filters, Found
from qa.storage.intake_values import FileRecord, HeldLocation, Ingested, ReadAs
from tests.qa.storage.intake_contract import document, embedded, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qa.storage.library import Library

TEXTS = [
    f"The {animal} sleeps.{tail}" for animal in ("unicorn", "griffin", "bear") for tail in ("", " It dreams.")
]
TEXTS += ["The unicorn  sleeps.", ""]  # other white space, and none at all
WORDS = (["unicorn"], ["sleeps", "dreams"], ["title"], ["none"])
FILTERS = (
    Filters(),
    Filters(publisher="p"),
    Filters(collection=("C", "E")),
    Filters(document=("a.txt", "d", "t.csv")),
)


class Pair:
    """Two libraries that go through the same changes."""

    def __init__(self, one: Library, other: Library, seed: int, files: Path) -> None:
        self.both = one, other
        self.random = random.Random(seed)
        self.paths = [str(files / name) for name in ("a.txt", "b.txt", "c.txt", "d/e.txt")] + ["/gone/x.txt"]
        self.displaced: dict[Library, list[HeldLocation]] = {library: [] for library in self.both}

    def same(self, do: Callable[[Library], Any]) -> Any:
        """Do the same with both, with the same outcome."""
        outcomes = []
        for library in self.both:
            try:
                outcomes.append(do(library))
            except PullquoteError as error:
                outcomes.append((type(error), str(error).replace(library.database.where, "HERE")))
        assert plain(outcomes[0]) == plain(outcomes[1])
        return outcomes[0]

    def step(self) -> None:
        pick = self.random.choice
        ids = [document_id for document_id, _ in self.both[0].hashes()]
        path, text = pick(self.paths), pick(TEXTS)
        kind = pick(
            ["put"] * 8
            + ["together"] * 3
            + ["rows", "remove", "gone", "restore", "edit", "collect", "prune", "purge", "file"]
        )
        name = path.rpartition("/")[2]
        if kind == "put":
            title = pick(["", "", "A title"])
            new = document(path, text, name, title=title, publisher=pick(["", "", "P"]))
            self.put(new, "")
        elif kind == "together":
            some = [pick(self.paths) for _ in range(pick([2, 4, 8]))]
            many = [document(each, pick(TEXTS), each.rpartition("/")[2]) for each in some]
            with ExitStack() as both:
                for library in self.both:
                    both.enter_context(library.one_change(map(read, many)))
                for each in many:
                    self.put(each, "")
                    self.same(lambda library, path=each.path: library.known_files([path, "/none"]))
                if self.random.random() < 0.3:
                    self.same(lambda library: library.prune(library.places_in(path)))
        elif kind == "rows":
            row = document("/t.csv", text, f"t.csv#{pick('12')}", format="csv")
            self.put(row, pick(["#1", "#2", "#3"]))
            if self.random.random() < 0.3:
                self.same(lambda library: library.renumber("/t.csv", {"#1": "#2"}, {"#1"}))
        elif kind == "remove" and ids:
            some = self.random.sample(ids, min(len(ids), pick([1, 1, 2])))
            self.same(lambda library: library.remove(some))
        elif kind == "gone" and ids:
            one = pick(ids)
            self.same(lambda library: library.remove([one], withdrawn=False))
        elif kind == "restore":
            removed = self.same(lambda library: [each.document_id for each in library.removed()])
            if removed:
                one = pick(removed)
                self.same(lambda library: restored(library, one))
        elif kind == "edit" and ids:
            one, title = pick(ids), pick(["Corrected", "Corrected twice"])
            self.same(lambda library: edited(library, one, title))
        elif kind == "collect" and ids:
            one, collection = pick(ids), pick(["", "C", "D"])
            self.same(lambda library: library.put_in_collection([one], collection))
            if self.random.random() < 0.3:
                self.same(lambda library: library.rename_collection("C", "E"))
        elif kind == "prune":
            self.same(lambda library: library.prune([*library.places_in(path), *self.displaced[library]]))
            self.displaced = {library: [] for library in self.both}
        elif kind == "purge" and ids:
            one = pick(ids)
            self.same(lambda library: library.purge([one]))
        elif kind == "file":
            self.same(
                lambda library: library.put_files(
                    [FileRecord(path, "aa", "x", 1)], {path: ReadAs("day-first")}
                )
            )

    def put(self, new: Any, part: str) -> None:
        one = read(new, part)
        (known,) = self.same(lambda library: library.known_documents([one]))
        if known.left_out and self.random.random() < 0.7:
            if known.left_out.version is not None:
                self.same(lambda library: library.withhold(one, known.left_out.version))
            return
        passages = None if known.has_text else embedded(new)

        def put(library: Library) -> Any:
            done = library.put(one, passages, known.corrections)
            if done and done.displaced:
                self.displaced[library].append(done.displaced)
            return done

        self.same(put)

    def compare(self) -> None:
        """Compare all that is known."""
        infos = self.same(lambda library: library.documents())
        for info in infos:
            self.same(lambda library, one=info.id: library.read([one])[one][0])
            self.same(lambda library, one=info.id: library.corrections_of(one))
            self.same(lambda library, one=info.id: library.texts(one))
            self.same(lambda library, one=info.id: library.same_text(one))
        for path in (*self.paths, "/t.csv"):
            self.same(lambda library, path=path: library.known_file(path))
            self.same(lambda library, path=path: library.sidecar_values(path))
        self.same(lambda library: [without_time(each) for each in library.removed()])
        for info in infos:
            self.same(lambda library, one=info.id: [without_time(each) for each in library.versions(one)])
        for text in TEXTS:
            sha256 = document("/x", text).sha256
            self.same(lambda library, sha256=sha256: cited(library, sha256))
        self.same(lambda library: library.to_be_read())
        self.same(lambda library: library.places_in(str(self.paths[0]).rpartition("/")[0], folder=True))
        self.same(lambda library: library.facets())
        self.same(lambda library: library.count())
        self.same(lambda library: library.kept_with("unicorn"))
        self.same(lambda library: library.select(Filters(collection="c", publisher="")).documents)

    def compare_searches(self, *, has_words: bool) -> None:
        """Compare the passages that searches find. Only the vectors' scores are the same on all engines."""
        for filters in FILTERS:
            for words in WORDS:
                self.same(lambda library, words=words, filters=filters: by_vectors(library, words, filters))
                if has_words:
                    self.same(lambda library, words=words, filters=filters: by_words(library, words, filters))


def by_vectors(library: Library, words: list[str], filters: Filters) -> Any:
    vectors = library.encode_queries([" ".join(words)])
    (found,) = library.nearest(vectors, 100, library.select(filters))
    return sorted((round(score, 4), hit.document_id, hit.start) for hit, score in found)


def by_words(library: Library, words: list[str], filters: Filters) -> Any:
    (found,) = library.matching([words], 100, library.select(filters))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    return sorted((hit.document_id, hit.start) for hit, _ in found)


def plain(outcome: Any) -> Any:
    """An outcome without the numbers of places, of which an engine may leave some out."""
    if isinstance(outcome, tuple):
        return tuple(map(plain, outcome))
    if isinstance(outcome, HeldLocation):
        return replace(outcome, number=0)
    if isinstance(outcome, Ingested):
        return replace(outcome, displaced=plain(outcome.displaced), former=plain(outcome.former))
    return outcome


def without_time(version: Any) -> Any:
    held = {name: value for name, value in version.held.items() if name != "locations"}
    places = [
        {name: value for name, value in at.items() if name != "number"} for at in version.held["locations"]
    ]
    return version.document_id, version.sha256, version.reason, held, places


def cited(library: Library, sha256: str) -> Any:
    found = library.cited(sha256)
    return replace(found, since=None)


def restored(library: Library, document_id: str) -> Any:
    _, held = library.restorable(document_id)
    return library.restore(held, embedded(held))


def edited(library: Library, document_id: str, title: str) -> None:
    held = library.document(document_id)
    said = library.corrections_of(document_id)
    before = said.pop("title", Correction("", held.title, None))
    found = Found("title", BY_HAND, "corrected")
    now = replace(held, title=title, found=(*(each for each in held.found if each.field != "title"), found))
    library.edit(now, embedded(now), said | {"title": replace(before, value=title)})
