"""TREC qrels (`query 0 document grade`), TREC runs (`query Q0 document rank score tag`) and BEIR's qrels.

White space separates the columns, but our ids may contain white space (an id may be a file's name). Such an
id is written as `percent:` and the id in percent-encoding. So trec_eval sees one token, the same in both
files.
"""

from __future__ import annotations

import math
import re
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import numpy as np

from qa.errors import InputError
from qa.outputs import TREC_MARK, write_output
from qa.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from qa.evaluation.schema import AnswerLine

_ENCODED = "percent:"
# A whole number of few digits: the time and memory that trec_eval needs grow with the grade.
_GRADE = re.compile(r"[+-]?[0-9]{1,4}")


def ranking(answer: AnswerLine) -> tuple[str, ...]:
    """Return the ids of the documents that an answer ranks, best first, by each document's first passage."""
    return tuple(dict.fromkeys(passage["document"] for passage in answer.get("passages") or ()))


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read TREC qrels, or BEIR's three columns (`query-id corpus-id score`) with or without their header.

    Returns:
        the grade of each judged document, by query id, then by document id.

    Raises:
        InputError: the file cannot be read, or a line is not a judgement.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        columns = line.split("\t")
        if len(columns) not in (3, 4):
            columns = _split(line)
        match columns:
            case [query, document, grade]:
                if number == 1 and not re.search(r"\d", grade):
                    continue  # the header
            case [query, _, document, grade]:
                query, document = _id(query), _id(document)
            case _:
                raise InputError(
                    f"{path}, line {number} has {len(columns)} columns. Qrels have four "
                    "(query 0 document grade) or three (query document grade)."
                )
        if not _GRADE.fullmatch(grade):
            raise InputError(
                f"{path}, line {number}: the grade {grade[:40]!r} is not a whole number of up to four digits."
            )
        qrels.setdefault(query, {})[document] = int(grade)
    return qrels


def write_qrels(path: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write TREC qrels. The column that trec_eval ignores says who wrote them (`qa.outputs`).

    Raises:
        OutputError: the file cannot be written.
    """
    write_output(
        path,
        (
            f"{_token(query)} {TREC_MARK} {_token(document)} {grade}\n"
            for query, grades in qrels.items()
            for document, grade in grades.items()
        ),
    )


@np.errstate(over="ignore")  # too large a score becomes infinite, as in trec_eval
def read_run(path: Path) -> dict[str, AnswerLine]:
    """Read a TREC run as answer lines with only an `id` and `passages` that are whole documents.

    The order is trec_eval's, so our figures equal trec_eval's: by falling score in single precision, and by
    falling id where scores are equal. The column with the rank is ignored.

    Raises:
        InputError: the file cannot be read, or a line has other columns.
    """
    scores: dict[str, list[tuple[float, str]]] = {}
    for number, line in _lines(path):
        try:
            query, _, document, _, score, _ = _split(line)
            value = float(score)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise InputError(
                f"{path}, line {number} is not a line of a run: query Q0 document rank score tag."
            )
        scores.setdefault(_id(query), []).append((float(np.float32(value)), _id(document)))
    return {
        query: {
            "id": query,
            "passages": [
                {"document": document, "score": score} for score, document in sorted(scored, reverse=True)
            ],
        }
        for query, scored in scores.items()
    }


def write_run(path: Path, answers: Mapping[str, AnswerLine], tag: str = TREC_MARK) -> None:
    """Write the documents that answers rank as a TREC run, by query id.

    The score counts down to 1 from the number of documents. So ties cannot change the order.

    Raises:
        OutputError: the file cannot be written.
    """
    write_output(
        path,
        (
            f"{_token(query)} Q0 {_token(document)} {rank} {len(documents) - rank + 1} {tag}\n"
            for query, answer in answers.items()
            for documents in (ranking(answer),)
            for rank, document in enumerate(documents, 1)
        ),
    )


def _token(name: str) -> str:
    if name and not re.search(r"\s", name) and not name.startswith(_ENCODED):
        return name
    return _ENCODED + quote(name, safe="/")


def _id(token: str) -> str:
    return unquote(token.removeprefix(_ENCODED)) if token.startswith(_ENCODED) else token


def _split(line: str) -> list[str]:
    # Split only at white space as C's isspace knows it, like trec_eval: an id may contain a no-break space.
    return re.split(r"\s+", line.strip(" \t\f\v"), flags=re.ASCII)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        for number, line in enumerate(TextIOWrapper(BytesIO(read_file(path)), "utf-8-sig"), 1):
            if line.strip():
                yield number, line.rstrip("\n")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8. Save it as UTF-8.") from None
