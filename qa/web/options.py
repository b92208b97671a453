"""The options of a question: a part of the body over HTTP, a hidden box of the page that its script fills."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from qa.errors import InputError
from qa.limits import MAX_DOCUMENTS, MAX_NAMES, MAX_OPTIONS_CHARACTERS
from qa.schema import READINESS, Dates, Filters
from qa.text.times import bound
from qa.web.body import Body
from qa.web.problem import first_error

# What a filter may hold, as the OpenAPI document says. `qa.limits` refuses all else, and names the filter.
Name = Annotated[str, Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"})]
_Ids = Annotated[list[Name], Field(max_length=MAX_DOCUMENTS)]
_Names = Annotated[list[Name], Field(max_length=MAX_NAMES)]
# Written YYYY-MM-DD, YYYY-MM or YYYY; read, they are days.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_WRITTEN = f"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_Written = Annotated[str, Field(json_schema_extra={"pattern": _WRITTEN})]
Since = Annotated[_Written, AfterValidator(partial(bound, last=False))]
Until = Annotated[_Written, AfterValidator(partial(bound, last=True))]


class FiltersBody(Body):
    """Which documents may answer; see `qa.schema.Filters`."""

    since: Since | None = None
    until: Until | None = None
    publisher: Name | _Names = ""
    series: Name | _Names = ""
    document: Name | _Ids = Field(default=[])
    language: Name | _Names = ""
    collection: Name | _Names = ""

    def filters(self) -> Filters:
        """Return the filters as the answerer takes them."""
        documents = [self.document] if isinstance(self.document, str) else self.document
        several = {name: tuple(value) for name, value in self if isinstance(value, list)}
        return Filters(**{**dict(self), **several, "document": tuple(documents)})


class Options(Body):
    """What the page asks a question with; with `history` "ignore" the earlier questions are forgotten."""

    filters: FiltersBody = FiltersBody()
    dates: Dates = "auto"
    history: Literal["auto", "ignore"] = "auto"


def read_options(text: str) -> Options:
    """Read the page's options from JSON; without any, the question is asked of everything.

    Raises:
        InputError: it is no such JSON, or longer than MAX_OPTIONS_CHARACTERS.
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
    """Return the choices of strictness, with their names, from loose to strict; `start` is one of them."""
    named = {start: f"{100 * start:g}\u00a0%", **READINESS}
    return [(named[share], share) for share in sorted(named)]
