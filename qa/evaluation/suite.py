"""Test queries from files: a folder in BEIR layout, or a file of an analyst's own questions.

A folder holds `queries.jsonl`, mostly `qrels.tsv` or `qrels/test.tsv`, and `corpus.jsonl` where the suite
brings its own corpus. A file is JSONL or CSV; what its columns mean, `docs/cli.md` says under `evaluate`.
Fields that are not known here are ignored.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qa.batch import read_history
from qa.errors import InputError
from qa.evaluation.lines import records
from qa.evaluation.schema import Query, Suite
from qa.reading import read_file
from qa.text import cells
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from qa.schema import Turn

    Qrels = Mapping[str, Mapping[str, int]]

# Where the qrels of a folder are looked for, in this order.
QRELS = ("qrels.tsv", "qrels/test.tsv")
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}
_DELIMITERS = ",;\t"
_FIRST_LINE = 10_000  # bytes of a file, in which a table names its columns


def load(path: Path, say: Callable[[str], None] = lambda message: None) -> Suite:
    """Read a suite; `say` is told what a reader should know of how it was read.

    Raises:
        InputError: it cannot be read, or a line of it makes no sense; the message names file and line.
    """
    if path.is_dir():
        return _folder(path, say)
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            queries = tuple(_query(line, assume=None) for line in _json_lines(path))
        case ".csv" | ".tsv":
            queries = tuple(_csv_queries(read_file(path), path, say))
        case _ if not path.exists():
            raise InputError(f"there is no suite {path}. Name a folder, or a .jsonl or .csv file.")
        case _:
            raise InputError(
                f"{path} is neither a folder nor a .jsonl or .csv file. "
                'From a spreadsheet, save it as "CSV UTF-8", with a column "question".'
            )
    return Suite(path.stem, _checked(queries, path))


def draw(suite: Suite, limit: int) -> Suite:
    """Draw that many of the questions at random: always the same ones."""
    queries = list(suite.queries)
    random.Random(7).shuffle(queries)  # noqa: S311 -- a sample, no secret
    return replace(suite, queries=tuple(queries[:limit]))


def _folder(folder: Path, say: Callable[[str], None]) -> Suite:
    path = folder / "queries.jsonl"
    if not path.is_file():
        raise InputError(f"{folder} is no suite: it holds no queries.jsonl. Name a folder in BEIR layout.")
    qrels = _qrels(folder)
    lines = list(_json_lines(path))
    relevant = {query for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    queries = _checked((_query(line, assume=line.id in relevant or None) for line in lines), path)
    if qrels and not qrels.keys() & {query.id for query in queries}:
        raise InputError(f"the qrels of {folder} name none of its queries. Do they belong to another suite?")
    if qrels and not any("answerable" in line.record for line in lines):
        # As BEIR means it: queries.jsonl may hold those of other splits, which nobody has judged.
        judged = tuple(query for query in queries if query.id in qrels or query.answerable)
        if len(judged) < len(queries):
            say(f"{len(queries) - len(judged):,} of the {len(queries):,} queries have no qrels: left out")
        queries = judged
    corpus = folder / "corpus.jsonl"
    return Suite(folder.resolve().name, queries, qrels, corpus if corpus.is_file() else None)


def _qrels(folder: Path) -> Qrels:
    from qa.evaluation.trec import read_qrels

    for name in QRELS:
        if (folder / name).is_file():
            return read_qrels(folder / name)
    others = sorted((folder / "qrels").glob("*.tsv"))
    if others:
        names = ", ".join(path.name for path in others)
        raise InputError(f"{folder / 'qrels'} holds {names}, but no test.tsv. Name the one to use test.tsv.")
    return {}


def _checked(queries: Iterable[Query], path: Path) -> tuple[Query, ...]:
    """Refuse a suite without a question, and one in which two have the same id."""
    seen: dict[str, Query] = {}
    for query in queries:
        if query.id in seen:
            raise InputError(f"{path}: two questions have the id {query.id!r}. Give each its own.")
        seen[query.id] = query
    if not seen:
        raise InputError(f"there is no question in {path}.")
    return tuple(seen.values())


# JSON Lines


@dataclass(frozen=True, slots=True)
class _Line:
    """One object of a JSON Lines file; `where` names its place in messages."""

    where: str
    number: int
    record: dict[str, Any]

    @property
    def id(self) -> str:
        """The id given, else the line's number."""
        for name in ("_id", "id"):
            if self.record.get(name) is not None:
                return str(self.record[name])
        return str(self.number)

    def text(self, *names: str) -> str:
        """Give the first field of these that is there, which must be text."""
        for name in names:
            if (value := self.record.get(name)) is not None:
                if not isinstance(value, str):
                    raise InputError(f'{self.where}: "{name}" is not text. Put it in quotation marks.')
                return value
        return ""

    def texts(self, *names: str) -> tuple[str, ...]:
        """Give the first field of these that is there: a list of texts, or one text."""
        for name in names:
            if (value := self.record.get(name)) is not None:
                values = [value] if isinstance(value, str) else value
                if not (isinstance(values, list) and all(isinstance(each, str) for each in values)):
                    raise InputError(f'{self.where}: "{name}" is not a list of texts: ["one", "two"].')
                return tuple(each.strip() for each in values if each.strip())
        return ()

    def truth(self, name: str) -> bool | None:
        """Give a field that is true, false, or null and the like of not being there."""
        value = self.record.get(name)
        if value is not None and not isinstance(value, bool):
            raise InputError(f'{self.where}: "{name}" is not true, false or null.')
        return value

    def history(self) -> tuple[str | Turn, ...]:
        """Give the earlier turns of the conversation."""
        try:
            return read_history(self.record.get("history") or [])
        except InputError as error:
            raise InputError(f"{self.where}: {error}.") from None


def _json_lines(path: Path) -> Iterator[_Line]:
    for number, record in records(read_file(path), path):
        yield _Line(f"{path}, line {number}", number, record)


def _query(line: _Line, *, assume: bool | None) -> Query:
    """Make a query of a line; `assume` is whether it is answerable, where neither it nor its gold says so."""
    text = line.text("text", "question").strip()
    if not text:
        raise InputError(f'{line.where} has no "question". Write what is asked.')
    gold, answers = line.texts("quotes", "gold_sentences"), line.texts("answers")
    document = line.text("document")
    answerable = line.truth("answerable")
    if answerable is None:
        answerable = bool(gold or answers or document) or assume
    return Query(
        id=line.id,
        text=text,
        history=line.history(),
        answerable=answerable,
        gold=gold,
        answers=answers,
        all_needed=bool(line.truth("all_needed")),
        document=document,
        type=line.text("type"),
    )


# CSV


def is_table(data: bytes) -> bool:
    """Tell whether the first line of a file names columns, and that of the questions among them."""
    first = next(iter(data[:_FIRST_LINE].splitlines()), b"")
    return _header(first.decode("utf-8-sig", "replace")) is not None


def questions_of_table(data: bytes, name: Path, say: Callable[[str], None]) -> bytes:
    """Give the questions of a table as the lines of JSON that `qa.batch` reads.

    Raises:
        InputError: it is no table of questions; the message calls it `name`.
    """
    lines = (
        {"_id": query.id, "text": query.text, "history": list(query.history)}
        for query in _csv_queries(data, name, say)
    )
    return "".join(dumps(line) + "\n" for line in lines).encode()


def _csv_queries(data: bytes, path: Path, say: Callable[[str], None]) -> Iterator[Query]:
    """Read a table in which the rows of one question follow each other or bear its id.

    A row without a question belongs to the one above: spreadsheets are written so.
    """
    lines: dict[str, _Line] = {}
    keys: dict[str, str] = {}  # by question
    key = ""
    for number, row in _rows(data, path, say):
        where = f"{path}, line {number}"
        text, name = row["question"], row.get("id", "")
        if text or name or not key:
            key = name or keys.get(text, str(number))
        keys.setdefault(text, key)
        new = _Line(where, number, {"id": key, "text": text, "history": [], "quotes": [], "answers": []})
        record = lines.setdefault(key, new).record
        if text not in ("", record["text"]):
            raise InputError(
                f"{where}: the id {key!r} stood for another question before. Give each question its own id."
            )
        record["history"] += filter(None, [row.get("history")])
        for column in ("quote", "answer"):
            found = [row.get(column, ""), *row.get(f"{column}s", "").split("\n")]
            record[f"{column}s"] += [each for each in found if each not in record[f"{column}s"]]
        for name, value in (("answerable", _truth(row, where)), ("document", row.get("document") or None)):
            if value is not None and record.setdefault(name, value) != value:
                raise InputError(f'{where}: another "{name}" than in an earlier row of the same question.')
    for line in lines.values():
        yield _query(line, assume=None)


def _truth(row: Mapping[str, str], where: str) -> bool | None:
    value = row.get("answerable", "").lower()
    if value and value not in _YES | _NO:
        raise InputError(f'{where}: "answerable" is {value!r}. Write yes or no, or leave the cell empty.')
    return value in _YES if value else None


def _header(first: str) -> tuple[str, list[str]] | None:
    """Find the delimiter of a table and the names of its columns; None where none is that of the questions.

    A header names its columns without any delimiter in the names: the one that finds the question is it.
    """
    for delimiter in _DELIMITERS:
        header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if "question" not in header:
            header = ["question" if name == "text" else name for name in header]
        if "question" in header:
            return delimiter, header
    return None


def _rows(data: bytes, path: Path, say: Callable[[str], None]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows below the header that are not empty, by column, each with the line that it begins in."""
    text = _decoded(data, path, say)
    skipped = 0
    if text[:4].lower() == "sep=":  # Excel's own way to name the delimiter, in a line before the header
        _, _, text = text.partition("\n")
        skipped = 1
    first = next(io.StringIO(text, newline=""), "")
    if (found := _header(first)) is None:
        raise InputError(
            f'{path} has no column "question" in its first line ({first.strip()[:80]!r}). '
            "Write a header such as: question,quote,answerable,document"
        )
    delimiter, header = found
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice:
        raise InputError(f"{path} has two columns {twice!r}. Write further quotes in rows of their own.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for line in reader:
            number, begins = begins + skipped, reader.line_num + 1
            texts = [cells.from_cell(cell.strip().replace("\r\n", "\n")) for cell in line]
            row = dict(zip(header, texts, strict=False))
            if number > 1 + skipped and any(row.values()):
                if any(texts[len(header) :]):
                    raise InputError(
                        f"{path}, line {number} has {len(texts)} cells under {len(header)} columns. "
                        f"Put a cell that holds {delimiter!r} in quotation marks."
                    )
                yield number, row
    except csv.Error as error:
        raise InputError(
            f"{path}, line {begins + skipped}: {error}. A quotation mark inside a cell is written twice."
        ) from None


def _decoded(data: bytes, path: Path, say: Callable[[str], None]) -> str:
    """Decode what spreadsheets save: UTF-8, UTF-16 with its mark, or the Windows code page."""
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            say(f'{path} is not UTF-8: read as Windows-1252. If letters look wrong, save it as "CSV UTF-8".')
        return text
    raise InputError(f'{path} is not text in UTF-8. From a spreadsheet, save it as "CSV UTF-8".')
