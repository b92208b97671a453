"""Test queries from files: a folder in BEIR layout, or a file of an analyst's own questions.

A folder has `queries.jsonl` and usually `qrels.tsv` or `qrels/test.tsv`. A suite's own corpus is
`corpus.jsonl` in the folder, or a folder `corpus` of files of any format, in the suite's folder or next to
it. A file is JSONL or CSV; `docs/cli.md` says under `evaluate` what its columns mean. Unknown fields are
ignored.
"""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qa.errors import InputError
from qa.evaluation.batch import read_filters, read_history
from qa.evaluation.lines import records
from qa.evaluation.schema import Query, Suite
from qa.reading import read_file
from qa.text import cells
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from qa.schema import Filters, Turn

    Qrels = Mapping[str, Mapping[str, int]]

# The possible files of a folder's qrels. The first existing file is read.
QRELS = ("qrels.tsv", "qrels/test.tsv")
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}
_DELIMITERS = ",;\t"
_FIRST_LINE = 10_000  # bytes at the start of a file that are searched for the header of a table


def load(path: Path, say: Callable[[str], None] = lambda message: None) -> Suite:
    """Read a suite. `say` gets messages on how it was read.

    Raises:
        InputError: the suite cannot be read, or a line makes no sense; the message names file and line.
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


def with_thumbs(suite: Suite | None, thumbs: Iterable[Mapping[str, Any]]) -> Suite:
    """Return the suite with the test queries from thumbs (`qa.evaluation.thumbs`), or only these queries.

    A question is not added if the suite has it already, or if it is unknown whether the documents answer it.
    """
    queries = suite.queries if suite else ()
    known_keys = {query.id for query in queries} | set(map(_asked, queries))
    lines = (_Line("thumbs", number, dict(line)) for number, line in enumerate(thumbs, 1))
    added = (_query(line, assume=None) for line in lines)
    new = [
        query
        for query in added
        if query.answerable is not None and query.id not in known_keys and _asked(query) not in known_keys
    ]
    return replace(suite or Suite("thumbs", ()), queries=(*queries, *new))


def _asked(query: Query) -> tuple[str, tuple[str | Turn, ...], Filters]:
    return query.text, query.history, query.filters


def draw(suite: Suite, limit: int) -> Suite:
    """Return the suite with `limit` of its questions, drawn at random. The same suite gives the same draw."""
    queries = list(suite.queries)
    random.Random(7).shuffle(queries)  # noqa: S311 -- a sample, no secret
    return replace(suite, queries=tuple(queries[:limit]))


def _folder(folder: Path, say: Callable[[str], None]) -> Suite:
    """Read a suite from a folder in BEIR layout. `say` gets a message on queries that are left out."""
    path = folder / "queries.jsonl"
    if not path.is_file():
        raise InputError(f"{folder} is not a suite: it has no queries.jsonl. Name a folder in BEIR layout.")
    qrels = _qrels(folder)
    lines = list(_json_lines(path))
    relevant = {query for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    queries = _checked((_query(line, assume=line.id in relevant or None) for line in lines), path)
    if qrels and not qrels.keys() & {query.id for query in queries}:
        raise InputError(
            f"the qrels of {folder} do not name any of its queries. Use the qrels of this suite."
        )
    if qrels and not any("answerable" in line.record for line in lines):
        # BEIR's queries.jsonl may also contain queries of other splits, which have no qrels: leave them out.
        judged = tuple(query for query in queries if query.id in qrels or query.answerable)
        if len(judged) < len(queries):
            say(f"{len(queries) - len(judged):,} of the {len(queries):,} queries have no qrels: left out")
        queries = judged
    return Suite(folder.resolve().name, queries, qrels, own_corpus(folder))


def own_corpus(folder: Path) -> Path | None:
    """Return the file or folder of a suite's own documents: in the suite's folder, or `corpus` next to it."""
    file, own, shared = folder / "corpus.jsonl", folder / "corpus", folder.resolve().parent / "corpus"
    if file.is_file():
        return file
    return next((candidate for candidate in (own, shared) if candidate.is_dir()), None)


def files_of(corpus: Path) -> list[Path]:
    """Return the files of a corpus: sorted if it is a folder, or the corpus itself if it is a file."""
    return sorted(path for path in corpus.rglob("*") if path.is_file()) if corpus.is_dir() else [corpus]


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
    """Return the queries as a tuple. Refuse an empty suite, and two queries with the same id."""
    seen: dict[str, Query] = {}
    for query in queries:
        if query.id in seen:
            raise InputError(
                f"{path}: two questions have the id {query.id!r}. Give each question its own id."
            )
        seen[query.id] = query
    if not seen:
        raise InputError(f"there is no question in {path}.")
    return tuple(seen.values())


# JSON Lines


@dataclass(frozen=True, slots=True)
class _Line:
    """One object of a JSON Lines file, or one question of a table.

    Attributes:
        where: the file and the line, for messages.
        number: the number of the line.
        record: the object.
    """

    where: str
    number: int
    record: dict[str, Any]

    @property
    def id(self) -> str:
        """Return the record's id, or the line's number if it has no id."""
        _, value = self._first(("_id", "id"))
        return str(self.number if value is None else value)

    def text(self, *names: str) -> str:
        """Return the first existing field of `names`. It must be text."""
        name, value = self._first(names)
        if not isinstance(value, str | None):
            raise InputError(f'{self.where}: "{name}" is not text. Put it in quotation marks.')
        return value or ""

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the first existing field of `names`: a list of texts, or one text."""
        name, value = self._first(names)
        values = [value or ""] if isinstance(value, str | None) else value
        if not (isinstance(values, list) and all(isinstance(text, str) for text in values)):
            raise InputError(f'{self.where}: "{name}" is not a list of texts: ["one", "two"].')
        return tuple(text.strip() for text in values if text.strip())

    def _first(self, names: Iterable[str]) -> tuple[str, Any]:
        return next(
            ((name, self.record[name]) for name in names if self.record.get(name) is not None), ("", None)
        )

    def truth(self, name: str) -> bool | None:
        """Return a field that is true, false or null. A missing field is null."""
        value = self.record.get(name)
        if value is not None and not isinstance(value, bool):
            raise InputError(f'{self.where}: "{name}" is not true, false or null.')
        return value

    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Return the gold of each part of the question."""
        parts = self.record.get("parts") or []
        if not (isinstance(parts, list) and all(isinstance(part, list) for part in parts)):
            raise InputError(f'{self.where}: "parts" is not a list of lists: [["one"], ["two", "or this"]].')
        return tuple(replace(self, record={"part": part}).texts("part") for part in parts)

    def facts(self) -> dict[str, str]:
        """Return facts about a document that are asked for and that no sentence states, by field."""
        facts = self.record.get("facts") or {}
        if not (isinstance(facts, dict) and all(isinstance(fact, str) for fact in facts.values())):
            raise InputError(
                f'{self.where}: "facts" is not {{"author": "Ida Norr"}}: fields with a text each.'
            )
        return facts

    def history(self) -> tuple[str | Turn, ...]:
        """Return the earlier turns of the conversation."""
        try:
            return read_history(self.record.get("history") or [])
        except InputError as error:
            raise InputError(f"{self.where}: {error}.") from None

    def filters(self) -> Filters:
        """Return the filters of the question."""
        try:
            return read_filters(self.record.get("filters") or {})
        except InputError as error:
            raise InputError(f"{self.where}: {error}.") from None


def _json_lines(path: Path) -> Iterator[_Line]:
    for number, record in records(read_file(path), path):
        yield _Line(f"{path}, line {number}", number, record)


def _query(line: _Line, *, assume: bool | None) -> Query:
    """Return the query of a line. `assume`: whether it is answerable if the line and its gold do not say."""
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
        parts=line.parts(),
        facts=line.facts(),
        document=document,
        type=line.text("type"),
        filters=line.filters(),
    )


# CSV


def is_table(data: bytes) -> bool:
    """Return whether the first line of a file names columns, including a column of questions."""
    first = next(iter(data[:_FIRST_LINE].splitlines()), b"")
    return _header(first.decode("utf-8-sig", "replace")) is not None


def questions_of_table(data: bytes, name: Path, say: Callable[[str], None]) -> bytes:
    """Return the questions of a table as the lines of JSON that `qa.evaluation.batch` reads.

    Raises:
        InputError: the data are not a table of questions; the message names `name`.
    """
    lines = (
        {
            "_id": query.id,
            "text": query.text,
            "history": list(query.history),
            **({"filters": query.filters.to_dict()} if query.filters else {}),
        }
        for query in _csv_queries(data, name, say)
    )
    return "".join(dumps(line) + "\n" for line in lines).encode()


def _csv_queries(data: bytes, path: Path, say: Callable[[str], None]) -> Iterator[Query]:
    """Yield the queries of a table. The rows of one question follow each other, or have the same id.

    A row without a question belongs to the question above it, as people write spreadsheets.
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
                f"{where}: the id {key!r} was used for another question before. Give each question its "
                "own id."
            )
        record["history"] += filter(None, [row.get("history")])
        for column in ("quote", "answer"):
            texts = [row.get(column, ""), *row.get(f"{column}s", "").split("\n")]
            record[f"{column}s"] += [new_text for new_text in texts if new_text not in record[f"{column}s"]]
        for name, value in (
            ("answerable", _truth(row, where)),
            ("document", row.get("document") or None),
            ("filters", _json(row.get("filters", ""), where)),
        ):
            if value is not None and record.setdefault(name, value) != value:
                raise InputError(f'{where}: another "{name}" than in an earlier row of the same question.')
    for line in lines.values():
        yield _query(line, assume=None)


def _truth(row: Mapping[str, str], where: str) -> bool | None:
    value = row.get("answerable", "").lower()
    if value and value not in _YES | _NO:
        raise InputError(f'{where}: "answerable" is {value!r}. Write yes or no, or leave the cell empty.')
    return value in _YES if value else None


def _json(cell: str, where: str) -> Any:
    try:
        return json.loads(cell) if cell else None
    except (ValueError, RecursionError):
        raise InputError(
            f'{where}: "filters" is not JSON. Write {{"collection": "Wires"}}, or leave the cell empty.'
        ) from None


def _header(first: str) -> tuple[str, list[str]] | None:
    """Return the delimiter of a table and the names of its columns, or None if it has no column of questions.

    Names of columns contain no delimiter. So the right delimiter yields a column of questions.
    """
    for delimiter in _DELIMITERS:
        header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if "question" not in header:
            header = ["question" if name == "text" else name for name in header]
        if "question" in header:
            return delimiter, header
    return None


def _rows(data: bytes, path: Path, say: Callable[[str], None]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of the first line, and the cells by column, of each row that is not empty."""
    text = _decoded(data, path, say)
    skipped = 0
    if text[:4].lower() == "sep=":  # Excel's own way to name the delimiter, in a line before the header
        _, _, text = text.partition("\n")
        skipped = 1
    first = next(io.StringIO(text, newline=""), "")
    if (columns := _header(first)) is None:
        raise InputError(
            f'{path} has no column "question" in its first line ({first.strip()[:80]!r}). '
            "Write a header such as: question,quote,answerable,document"
        )
    delimiter, header = columns
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
            f"{path}, line {begins + skipped}: {error}. Write a quotation mark inside a cell twice."
        ) from None


def _decoded(data: bytes, path: Path, say: Callable[[str], None]) -> str:
    """Return the text of a saved spreadsheet: UTF-8, UTF-16 with its byte order mark, or Windows-1252."""
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
