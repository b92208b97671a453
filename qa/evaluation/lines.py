"""Read lines of JSON, and check those fields of an answers file that are scored or shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.errors import InputError
from qa.schema import Outcome  # noqa: TC001 -- pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.evaluation.schema import AnswerLine

_Offset = Annotated[int, Field(ge=0, le=2**53)]


class _StrictObject(BaseModel):
    """A strict object of JSON: no value is converted, and no number is infinite or NaN."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Quote(_StrictObject):
    document: str
    start: _Offset
    end: _Offset
    text: str
    citation: dict[str, str | None] | None = None


class _Passage(_StrictObject):
    """A passage, or a whole document in the run of another system."""

    document: str
    start: _Offset = 0
    end: _Offset = 0


class _Milliseconds(_StrictObject):
    total: float


class _Error(_StrictObject):
    message: str | None = None


class _Line(_StrictObject):
    outcome: Outcome | None = None
    confidence: float | None = None
    threshold: float | None = None
    interpreted_question: str | None = None
    quotes: list[_Quote] | None = None
    passages: list[_Passage] | None = None
    milliseconds: _Milliseconds | None = None
    error: _Error | None = None


def records(data: bytes, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number and the JSON object of each non-empty line of a file.

    Raises:
        InputError: a line is not a JSON object; the message names file and line.
    """
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            record = json.loads(line.decode("utf-8"))
            # JSON can spell half of a surrogate pair. Neither a file nor a model accepts it.
            json.dumps(record, ensure_ascii=False).encode("utf-8")
        except json.JSONDecodeError as error:
            raise InputError(
                f"{where} is not JSON: {error.msg} at column {error.colno}. Write one JSON object a line."
            ) from None
        except UnicodeDecodeError:
            raise InputError(f"{where} is not UTF-8. Save the file as UTF-8.") from None
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where} cannot be read: {error}. Write one plain object a line.") from None
        if not isinstance(record, dict):
            raise InputError(f"{where} is not a JSON object. Write one JSON object a line.")
        yield number, record


def check(query: str, answer: AnswerLine) -> None:
    """Refuse an answer line with a field that makes no sense. Fields may be absent or null.

    Raises:
        InputError: a field makes no sense; the message names query and field.
    """
    try:
        _Line.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise InputError(
            f"the answer to {query!r} cannot be scored: {field}: {first['msg']}. "
            "Write the fields as `pullquote answer` does, or leave the field out."
        ) from None
