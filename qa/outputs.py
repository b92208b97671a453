"""Write the files that options name, and replace only files that Pullquote wrote itself.

Pullquote recognises each kind of file that it writes by its content, not by place or name. Such a file may be
replaced by another file of the same kind. In a folder that is indexed, it is not read as a document.
"""

from __future__ import annotations

import csv
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from embeddings.files import write_whole
from qa.errors import OutputError
from qa.places import SIDECAR
from qa.schema import query_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator


_HEAD = 2_048  # bytes at the start of a page that name its generator
_LONG_LINE = 65_536  # bytes; no more of any file is parsed, because it may be hostile
_LONGEST_LINE = 16_000_000  # bytes, for a file that an option names
_STRING = rb'"(?:[^"\\]|\\.)*+"'
# The beginning of an answer line, even of an incomplete line.
_FIRST_OF_ANSWER = re.compile(
    rb'\{"id": %b, "question": %b, "interpreted_question": "' % (_STRING, _STRING), re.DOTALL
)
# The mark of Pullquote in TREC files: in the qrels' column that trec_eval ignores, and as a run's tag.
TREC_MARK = "pullquote"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that Pullquote writes.

    Attributes:
        what: the name of the kind in messages.
        matches: a function that returns whether the lines of a file are of this kind.
    """

    what: str
    matches: Callable[[Iterator[bytes]], bool]


def _all_lines(matches: Callable[[bytes], object], lines: Iterator[bytes]) -> bool:
    """Return whether there are lines, and all of them match."""
    first = next(lines, None)
    return first is not None and all(map(matches, chain((first,), lines)))


def _json_lines(matches: Callable[[dict[str, Any]], bool], lines: Iterator[bytes]) -> bool:
    """Return whether there are lines, and each is a JSON object that matches."""
    return _all_lines(partial(_is_record, matches), lines)


def _is_record(matches: Callable[[dict[str, Any]], bool], line: bytes) -> bool:
    record = _parsed(line)
    return isinstance(record, dict) and matches(record)


def _parsed(line: bytes) -> object:
    """Return a parsed line of JSON, or None if it is not JSON or too deeply nested."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _answers(lines: Iterator[bytes]) -> bool:
    """Return whether each line is an answer. The last line may be incomplete, as after a full disk."""
    any_answer = False
    for line in lines:
        if not _is_record(_is_answer, line):
            begins = _FIRST_OF_ANSWER.match(line) or (any_answer and line.startswith(b'{"id": "'))
            is_cut = not line.endswith(b"\n") and next(lines, None) is None and _parsed(line) is None
            return bool(begins) and is_cut
        any_answer = True
    return any_answer


def _is_answer(record: dict[str, Any]) -> bool:
    """Return whether a record has the fields of an answer line, and no others."""
    return _ANSWER <= record.keys() <= _ANSWER | _ANSWER_SINCE


def _first_row(headers: Collection[tuple[str, ...]], lines: Iterator[bytes]) -> bool:
    """Return whether the first line of a table is one of the rows of column names in `headers`."""
    head = next(lines, b"").removeprefix(b"\xef\xbb\xbf")
    with suppress(ValueError, csv.Error):
        return tuple(next(csv.reader([head.decode("utf-8")]), ())) in headers
    return False


def _page(generator: bytes, lines: Iterator[bytes]) -> bool:
    """Return whether a web page names its generator as Pullquote's pages do."""
    head = b"".join(islice(lines, 20))[:_HEAD]
    generated = re.search(rb'<meta name="generator" content="Pullquote ' + generator, head)
    return generated is not None and head.startswith(
        b"<!doctype html>"
    )  # unlike an archive whose first file is such a page


def _is_test_query(record: dict[str, Any]) -> bool:
    """Return whether a record has the id that `qa.schema.query_id` gives its question."""
    question, history, filters = record.get("question"), record.get("history", []), record.get("filters", {})
    if not isinstance(history, list) or not all(isinstance(asked, str) for asked in (question, *history)):
        return False
    return record.get("id") == query_id(str(question), history, filters)


_REPORTED = ("path", "status", "document", "passages", "code", "message", "notes")
_ANSWER = {"id", "question", "interpreted_question", "outcome", "confidence", "quotes", "passages"}
_ANSWER_SINCE = {  # fields that the first versions did not write
    *("milliseconds", "error", "reply", "threshold", "signals", "filters", "read", "searched", "undated"),
    *("notes", "preference", "calibrated", "unsearched", "more", "carried", "parts", "differing"),
    *("said", "strictness", "unjudged", "facts"),
    *("read_with", "nearest"),
}
_STATE = {"pullquote", "code", "library", "generation", "questions"}
_QUERY = ("id", "question", "answerable", "document", "quote", "history", "rejected", "note")

ANSWERS = Kind("answers", _answers)
STATE = Kind(
    "the state of answers",
    lambda lines: _json_lines(lambda record: record.keys() >= _STATE, iter([b"".join(lines)])),
)
INDEX_REPORT = Kind("an index report", partial(_json_lines, lambda record: tuple(record) == _REPORTED))
INDEX_TABLE = Kind("an index report", partial(_first_row, (_REPORTED,)))
EVALUATION_REPORT = Kind("an evaluation report", partial(_page, rb"evaluation"))
DOSSIER = Kind("an exported dossier", partial(_page, rb"dossier"))
CONVERSATION = Kind("a saved conversation", partial(_page, rb"\d"))
TREC_RUN = Kind(
    "a TREC run",
    partial(_all_lines, re.compile(rb"(?<!\S)\S+ Q0 \S+ \d+ \d+ %b\n" % TREC_MARK.encode()).fullmatch),
)
TREC_QRELS = Kind(
    "TREC qrels",
    partial(_all_lines, re.compile(rb"(?<!\S)\S+ %b \S+ -?\d+\n" % TREC_MARK.encode()).fullmatch),
)
TEST_QUERIES = Kind("test queries from the chat", partial(_json_lines, _is_test_query))
TEST_TABLE = Kind("test queries from the chat", partial(_first_row, (_QUERY, (*_QUERY, "filters"))))
# Other programs write such files too, so no file is recognised as Pullquote's own.
BIBLIOGRAPHY = Kind("a bibliography", lambda _: False)
_KINDS = (
    *(ANSWERS, INDEX_REPORT, INDEX_TABLE, EVALUATION_REPORT, CONVERSATION, DOSSIER, TREC_RUN, TREC_QRELS),
    *(TEST_QUERIES, TEST_TABLE),
)


def output_kind(path: Path) -> Kind | None:
    """Return the kind of Pullquote's output that a file is, judged by its beginning, or None.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return kind_of_output(file)


def kind_of_output(file: BinaryIO) -> Kind | None:
    """Return the kind of Pullquote's output that the bytes of a file are, or None; see `output_kind`."""
    head = file.read(_HEAD)
    if head[:1] == b"{" and b"\n" not in head:
        head += file.readline(_LONG_LINE)
    whole, newline, _ = head.rpartition(b"\n")
    lines = (whole + newline or head).splitlines(keepends=True)
    return next((kind for kind in _KINDS if kind.matches(iter(lines))), None)


def own_output(name: object, file: BinaryIO) -> str:
    """Return why a file is not a document if Pullquote wrote it (a report, say), or "" for other files."""
    kind = kind_of_output(file)
    return f"{name} is {kind.what} that Pullquote wrote, so it is not indexed." if kind else ""


def check_output(
    option: str,
    path: Path,
    kind: Kind,
    *,
    library: Path,
    read: Iterable[Path] = (),
    force: bool = False,
    make_folder: bool = False,
) -> None:
    """Raise an error if writing the file would replace anything but an earlier output of the same kind.

    With `force`, it may replace any file that is not in `read` and not in the library. With `make_folder`,
    its folder need not exist yet.

    Raises:
        OutputError: the file may not be written. The message names the option, the file, and what to do.
    """
    read = tuple(read)
    for written in written_files(path, kind):
        _check_not_read(option, written, library, read)
    target = path.resolve()
    folder = target.parent
    while make_folder and not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{option}: there is no folder {path.parent}. Make it first, or name another file.")
    if _is_stream(target):
        return
    if not _is_writable(folder) or (target.exists() and not _is_writable(target)):
        raise OutputError(
            f"{option}: {path} may not be written. Check its permissions, or name another file."
        )
    if not force:
        spare(path, kind)


def _check_not_read(option: str, path: Path, library: Path, read: Iterable[Path]) -> None:
    target = path.resolve()
    if target.is_relative_to(library.resolve()):
        raise OutputError(f"{option} names a file in the library's folder: {path}. Name a file elsewhere.")
    described = target.with_name(target.name.removesuffix(SIDECAR))
    is_sidecar = described != target and described.exists()
    if is_sidecar or any(_is_same(target, other) for other in read):
        raise OutputError(f"{option} names a file that the command also reads: {path}. Name another file.")


def state_of(answers: Path) -> Path:
    """Return the path of the file that says what the answers depend on."""
    return answers.with_name(answers.name + ".state")


def earlier_of(answers: Path) -> Path:
    """Return the path of the earlier answers while new answers are being written."""
    return answers.with_name(answers.name + ".earlier")


def written_files(path: Path, kind: Kind) -> tuple[Path, ...]:
    """Return every file that is written with an output. Answers come with two further files.

    Raises:
        OutputError: a further file is a pipe or a device.
    """
    if kind is not ANSWERS or _is_stream(path):
        return (path,)
    further = state_of(path), earlier_of(path)
    for further_path in further:
        if _is_stream(further_path):
            raise OutputError(
                f"{further_path} is not an ordinary file. Remove it, or name a file other than {path}."
            )
    return path, *further


def _is_stream(path: Path) -> bool:
    """Return whether a path leads to a pipe or a device."""
    return path.exists() and not path.is_file()


def spare(path: Path, kind: Kind) -> None:
    """Raise an error if a file exists and is not an earlier output of the same kind.

    Raises:
        OutputError: the file may not be replaced. The message names the file, and what to do.
    """
    if not is_replaceable(path, kind):
        raise OutputError(f"{path} exists; use --force to replace it, or name another file.")


def is_replaceable(path: Path, kind: Kind) -> bool:
    """Return whether a file does not exist, is empty, or is an earlier output of the same kind.

    Raises:
        OutputError: the file cannot be read.
    """
    try:
        if not path.exists() or not path.stat().st_size:
            return True
        with path.open("rb") as file:
            return kind.matches(iter(partial(file.readline, _LONGEST_LINE), b""))
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror}. Name another file.") from error


def check_no_source(option: str, path: Path, kind: Kind, sources: Collection[str]) -> None:
    """Raise an error if a document of the library was read from the file (`sources`).

    Raises:
        OutputError: a document was read from it. The message names the option and the file.
    """
    for written in written_files(path, kind):
        target = written.resolve()
        linked = target.exists() and target.stat().st_nlink > 1
        if str(target) in sources or (linked and any(_is_same(target, Path(source)) for source in sources)):
            raise OutputError(
                f"{option} names a file that documents of the library were read from: {written}. Name "
                "another file."
            )


def write_output(path: Path, parts: Iterable[str | bytes]) -> None:
    """Write a file in one step, with text as UTF-8. An earlier file stays until all is written.

    Raises:
        OutputError: the file cannot be written.
    """
    data = (part if isinstance(part, bytes) else part.encode("utf-8") for part in parts)
    target = path.resolve()
    try:
        if _is_stream(target):
            with target.open("wb") as file:
                file.writelines(data)
        else:
            write_whole(target, *data, is_private=False)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}. Name another file.") from error


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_same(path: Path, other: Path) -> bool:
    """Return whether two paths name the same file, even through symbolic or hard links."""
    with suppress(OSError):
        return path == other.resolve() or path.samefile(other)
    return False
