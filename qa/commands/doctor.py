"""Check what is installed, the models and the library, and report problems: `pullquote doctor`.

Each check is independent and reports an error as a finding, because a doctor is called when things are
broken. Only damaged copies of models in Pullquote's cache are made again.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from qa import __version__
from qa.errors import InputError, LibraryError, LibraryNotFoundError, MissingExtraError
from qa.places import folder_of
from qa.storage.findings import DAMAGED, Finding, of_encoder
from qa.text.display import in_one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.places import LibraryAddress

_PAGE = b"<!doctype html><title>A page</title><p>This page was read by what reads all pages.</p>"
_ENOUGH_SPACE = 200_000_000
# Packages that only another encoder, another reader or a GPU needs. Images of containers leave them out.
_FOR_OTHER_MODELS = ("torch",)


def examine(library: LibraryAddress) -> tuple[Finding, ...]:
    """Check the program, its models and the library, which may be missing or damaged."""
    return (*_software(), *_sqlite(), _reading(), _ocr(), *_library(library), *_models())


def problems(findings: tuple[Finding, ...]) -> list[str]:
    """Return the problems, and how to mend them."""
    return [finding.problem for finding in findings if finding.problem]


def to_dict(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return what `doctor --json` prints."""
    return {"problems": problems(findings), "findings": [asdict(finding) for finding in findings]}


def to_text(findings: tuple[Finding, ...]) -> str:
    """Return one line per finding, then the problems and how to mend them."""
    width = max(len(finding.about) for finding in findings)
    lines = [f"{finding.about:<{width}}  {finding.value}" for finding in findings]
    wrong = problems(findings)
    lines += ["", f"{plural(len(wrong), 'problem')}:" if wrong else "No problems found."]
    lines += [f"- {problem}" for problem in wrong]
    return "".join(f"{in_one_line(line)}\n" for line in lines)


def _software() -> Iterator[Finding]:
    """Yield the versions of Pullquote, Python and packages, and the number of threads."""
    yield Finding("pullquote", __version__)
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("platform", f"{platform.platform()}, {plural(os.cpu_count() or 1, 'core')}")
    for package in required_packages():
        try:
            yield Finding(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            needed = package not in _FOR_OTHER_MODELS
            yield Finding(
                package,
                "missing" if needed else "missing; the models that ship do not need it",
                f"the package {package} is not installed: pip install {package}" if needed else "",
            )
    threads = [
        f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if name in os.environ
    ]
    try:
        from embeddings.runtime import cores
    except ImportError:
        return  # the missing package has been reported
    yield Finding("threads", ", ".join([f"{cores()} for models", *threads]))


def required_packages() -> list[str]:
    """Return the names of the packages that Pullquote needs, or [] in a checkout that was not installed."""
    try:
        requirements = metadata.requires("pullquote") or []
    except metadata.PackageNotFoundError:
        return []
    needed = (requirement for requirement in requirements if "extra ==" not in requirement)
    return sorted(re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in needed)


def _sqlite() -> Iterator[Finding]:
    """Yield whether this Python's SQLite has full-text search."""
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
    """Read a page as `pullquote index` does: in a process of its own, with the most used libraries."""
    try:
        from qa.formats.source import PLAIN, Source
        from qa.formats.worker import Worker
    except ImportError as error:
        return Finding("reading", "not working", f"files cannot be read: {error}")
    with Worker() as worker:
        [read] = worker.read(Source("a page", "page.html", _PAGE), PLAIN)
    if isinstance(read, InputError):
        return Finding("reading", "not working", f"HTML cannot be read: {read}")
    how = " and ".join(worker.confined_by) or "Python alone, which cannot stop machine code in a library"
    return Finding("reading", f"files are read in a separate process, confined by {how}")


def _ocr() -> Finding:
    """Look for Tesseract. A missing Tesseract is not a problem, but one without languages is."""
    from qa.formats import ocr

    try:
        version = ocr.version("OCR")
        languages = ocr.languages("OCR") if version else frozenset()
    except InputError as error:
        return Finding("OCR", "not working", str(error))
    if not version:
        return Finding(
            "OCR",
            "none: a scanned PDF is refused, and the scanned pages of other PDFs are named "
            f"as not read. To read them, install Tesseract ({ocr.WHERE_FROM}), "
            "and index the files again",
        )
    if not languages:
        return Finding(
            "OCR",
            f"{version}, no languages",
            "Tesseract has no data for any language, so it reads nothing: install a language, such as "
            "the package "
            "tesseract-ocr-eng",
        )
    return Finding("OCR", f"{version}, for scanned PDFs in these languages: {', '.join(sorted(languages))}")


def _models() -> Iterator[Finding]:
    """Check the reader and the reranker."""
    try:
        from embeddings import models, reader, reranker
    except ImportError as error:
        yield Finding("models", "not loaded", f"the models cannot be loaded: {error}")
        return
    try:
        models.reader_weights()
        models.deep_reader_weights()
        wrong = DAMAGED.format("reader") if reader.mend() else ""
    except models.ModelError as error:
        yield Finding(
            "reader",
            models.READER,
            f"{error} Until then, the cross-encoder reads, unless the cache has a copy of the model.",
        )
    else:
        yield Finding("reader", f"{models.READER}, {models.DEEP_READER}, SHA-256 as expected", wrong)
    try:
        weights = models.reranker_folder() / "model.onnx"
        models.check_weights(weights, models.DEFAULT_RERANKER_SHA256, models.DEFAULT_RERANKER, "pullquote")
        wrong = DAMAGED.format("reranker") if reranker.mend() else ""
    except models.ModelError as error:
        yield Finding("reranker", models.DEFAULT_RERANKER, str(error))
    else:
        yield Finding("reranker", f"{models.DEFAULT_RERANKER}, in {weights}, SHA-256 as expected", wrong)


def _library(library: LibraryAddress) -> Iterator[Finding]:
    """Check the library and its encoder, or the default encoder if no library can be opened."""
    yield Finding("library", str(library))
    yield _space(folder_of(library))
    try:
        from qa.storage.open import examine_library

        yield from examine_library(library)
    except LibraryNotFoundError as error:
        yield Finding("store", "none", str(error))
    except (LibraryError, InputError, MissingExtraError) as error:
        yield Finding("store", "not to be used", str(error))
    except ImportError as error:
        yield Finding("store", "not opened", f"the library cannot be opened: {error}")
    else:
        yield _desk(library)
        yield _confidence(folder_of(library))
        return
    with suppress(ImportError):  # `_models` reports it
        from embeddings import models

        yield from of_encoder(models.DEFAULT_ENCODER, models.encoder_identity)


def _desk(library: LibraryAddress) -> Finding:
    """Count what is on the desk of a library, and check its file."""
    from qa.desk.desk import DeskDatabase
    from qa.desk.file import LAYOUT
    from qa.storage.open import open_library

    path = folder_of(library) / LAYOUT.name
    try:
        with (
            closing(open_library(library, create=False, read_only=True)) as store,
            closing(DeskDatabase(store)) as desk,
        ):
            wrong = "; ".join(desk.damage())
            counts = [
                plural(desk.count_thumbs()[0], "thumb"),
                plural(desk.conversations.count(), "conversation"),
            ]
    except LibraryError as error:
        return Finding("desk", "not to be used", str(error))
    where = f" in {path}" if path.exists() else ""
    mending = f"{path} is damaged ({wrong}): put it back from a backup, or {LAYOUT.advice_if_damaged}"
    return Finding("desk", f"{' and '.join(counts)}{where}", mending if wrong else "")


def _confidence(library: Path) -> Finding:
    """Check the confidence that was fitted to the library, for our own reader, which is the default."""
    from qa.asking import own_confidence

    own, problem = own_confidence.look_up(library, "reader")
    if own is None:
        return Finding("confidence", "as it ships" if not problem else "fitted, not used", problem)
    return Finding(
        "confidence",
        f"fitted on {own.questions} questions of {own.suite} ({own.answerable} answerable) on {own.day}, in "
        f"{library / own_confidence.FILE}",
    )


def _space(library: Path) -> Finding:
    existing_folder = next(folder for folder in (library, *library.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing_folder).free
    short = (
        f"only {free / 1e6:.0f} MB are free in {existing_folder}: free some space"
        if free < _ENOUGH_SPACE
        else ""
    )
    return Finding("disk space", f"{free / 1e9:.1f} GB free", short)
