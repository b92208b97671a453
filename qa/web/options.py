"""The options of a question: a part of the body over HTTP, or a hidden box that the page's script fills."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from qa.errors import InputError
from qa.limits import MAX_DOCUMENTS, MAX_NAMES, MAX_OPTIONS_CHARACTERS
from qa.schema import FILTERED_BY_NAME, READINESS, Dates, Filters
from qa.text.times import bound
from qa.web.body import Body, with_fields
from qa.web.problem import first_error

# A value of a filter. The pattern is only for the OpenAPI document. `qa.limits` refuses other values, and
# names the filter.
Name = Annotated[str, Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"})]
_Ids = Annotated[list[Name], Field(max_length=MAX_DOCUMENTS)]
_Names = Annotated[list[Name], Field(max_length=MAX_NAMES)]
# Dates are written YYYY-MM-DD, YYYY-MM or YYYY, and are read as days.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_WRITTEN = f"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_Written = Annotated[str, Field(json_schema_extra={"pattern": _WRITTEN})]
Since = Annotated[_Written, AfterValidator(partial(bound, last=False))]
Until = Annotated[_Written, AfterValidator(partial(bound, last=True))]


@with_fields(FILTERED_BY_NAME, Name | _Names, "")
class FiltersBody(Body):
    """Filters for the documents that may answer; see `qa.schema.Filters`."""

    since: Since | None = Field(default=None, description="The earliest date: YYYY-MM-DD, YYYY-MM or YYYY.")
    until: Until | None = Field(default=None, description="The latest date, itself included.")
    document: Name | _Ids = Field(default=[], description="The id of a document, or several.")

    def filters(self) -> Filters:
        """Return the filters in the form that the answerer takes."""
        documents = [self.document] if isinstance(self.document, str) else self.document
        several = {name: tuple(value) for name, value in self if isinstance(value, list)}
        return Filters(**{**dict(self), **several, "document": tuple(documents)})


class Options(Body):
    """The page's options for a question. If `history` is "ignore", the earlier questions are forgotten."""

    filters: FiltersBody = FiltersBody()
    dates: Dates = "auto"
    history: Literal["auto", "ignore"] = "auto"


def read_options(text: str) -> Options:
    """Read the page's options from JSON. Without options, all documents may answer.

    Raises:
        InputError: `text` is not such JSON, or is longer than MAX_OPTIONS_CHARACTERS.
    """
    if len(text) > MAX_OPTIONS_CHARACTERS:
        raise InputError(
            f"the filters have {len(text):,} characters; at most {MAX_OPTIONS_CHARACTERS:,} are read: "
            "clear them and ask again"
        )
    try:
        return Options.model_validate_json(text or "{}")
    except ValidationError as error:
        raise InputError(
            f"the filters cannot be read ({first_error(error)}): clear them and ask again"
        ) from None


def readiness(start: float) -> list[tuple[str, float]]:
    """Return the names and values of the choices of strictness, from loose to strict, with `start`."""
    labels = {start: f"{100 * start:g}\u00a0%", **READINESS}
    return [(labels[share], share) for share in sorted(labels)]
