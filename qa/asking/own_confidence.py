"""Keep the confidence that a user has fitted to a library, on test queries (`pullquote evaluate --fit`).

It is stored in `confidence.json` in the library's folder. It is valid for one reader, because the scores of
another reader mean something else. With another reader the shipped confidence is used, and a message says so.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from embeddings import models
from embeddings.files import write_whole
from qa.asking.confidence import Confidence, shipped
from qa.errors import LibraryError
from qa.schema import Signals

if TYPE_CHECKING:
    from pathlib import Path

    from embeddings.reading import ReaderName

FILE = "confidence.json"
# Bytes of the file, at most. Pullquote never writes a longer file.
_MOST_BYTES = 100_000
_MENDING = "Fit it again (pullquote evaluate SUITE --fit), or delete it (pullquote evaluate --unfit)."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnConfidence:
    """A confidence that was fitted to a library.

    Attributes:
        confidence: what was fitted.
        reader: the SHA-256 (hex) of the reader whose answers it was fitted on.
        suite: the name of the test queries.
        questions: how many queries it was fitted on.
        answerable: how many of the queries the library answers.
        day: the day of the fit, YYYY-MM-DD.
    """

    confidence: Confidence
    reader: str
    suite: str
    questions: int
    answerable: int
    day: str

    def to_dict(self) -> dict[str, Any]:
        """Return the record that the file has."""
        return {
            **self.confidence.to_dict(),
            "reader": self.reader,
            "suite": self.suite,
            "questions": self.questions,
            "answerable": self.answerable,
            "day": self.day,
        }


def identify(reader: ReaderName) -> str:
    """Return the SHA-256 (hex) by which a reader is known.

    Our own reader also reads with the deeper reader: for each question ("deep") or for some ("reader").
    """
    if reader == "cross-encoder":
        return models.DEFAULT_RERANKER_SHA256
    both = f"{reader} {models.READER_SHA256} {models.DEEP_READER_SHA256}"
    return hashlib.sha256(both.encode()).hexdigest()


def of_library(folder: Path, reader: ReaderName) -> Confidence:
    """Return the confidence of a library: its own if that can be used, or else the shipped confidence."""
    path = folder / FILE
    try:
        status = path.stat()
    except OSError:
        return shipped(reader)
    own = _logged(path, reader, status.st_mtime_ns, status.st_size)
    return own.confidence if own else shipped(reader)


@lru_cache(maxsize=4)
def _logged(path: Path, reader: ReaderName, _written: int, _size: int) -> OwnConfidence | None:
    """Read a library's own confidence, once for each change of its file. Log why it cannot be used."""
    own, problem = look_up(path.parent, reader)
    if problem:
        log.warning("%s", problem)
    return own


def look_up(folder: Path, reader: ReaderName) -> tuple[OwnConfidence | None, str]:
    """Return a library's own confidence, or None and why it cannot be used ("" if there is no file)."""
    path = folder / FILE
    if not path.exists():
        return None, ""
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")  # noqa: TRY301
        own = _read(json.loads(path.read_bytes()))
    except (OSError, KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError):
        return None, f"{path} cannot be read, so the confidence that comes with Pullquote is used. {_MENDING}"
    if own.reader != identify(reader):
        return (
            None,
            (
                f"{path} was fitted to another reader, so the confidence that comes with Pullquote is "
                f"used. {_MENDING}"
            ),
        )
    return own, ""


def _read(record: dict[str, Any]) -> OwnConfidence:
    """Return the confidence that was fitted on a user's own questions, from its JSON."""
    confidence = Confidence.from_dict(record)
    if not confidence.weights.keys() <= {field.name for field in fields(Signals)}:
        raise ValueError("it has a signal that there is not")
    return OwnConfidence(
        confidence,
        str(record["reader"]),
        str(record["suite"]),
        int(record["questions"]),
        int(record["answerable"]),
        str(record["day"]),
    )


def save(folder: Path, own: OwnConfidence) -> Path:
    """Write the confidence into the folder of a library, and return the path of its file.

    Raises:
        LibraryError: the file cannot be written.
    """
    path = folder / FILE
    try:
        write_whole(path, (json.dumps(own.to_dict(), indent=1) + "\n").encode())
    except OSError as error:
        raise LibraryError(f"cannot write {path}: {error.strerror}.") from error
    return path


def remove(folder: Path) -> bool:
    """Remove the confidence of a library, and return whether there was one.

    Raises:
        LibraryError: the file cannot be removed.
    """
    path = folder / FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LibraryError(f"cannot remove {path}: {error.strerror}.") from error
    return True
