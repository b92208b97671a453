"""What the page sends to Gradio's queue. Nothing else may reach it: see `qa.web.guard`.

Gradio copies the file that an item of `data` names, or fetches the address, before a component sees it: so an
item is a scalar, whatever component stands behind it.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from qa.web.body import Body

# How many values each function of the page takes, by its index: ask, save, show all, open, start anew
# (`ui.page`).
INPUTS = (5, 1, 2, 2, 1)
_ASK = 0
# Far more than a question may have: one that is too long is told so on the page.
MAX_TEXT_CHARACTERS = 1 << 18
_MAX_NUMBER = 1e15


def _scalar(value: object) -> object:
    """Return the value, if it can name no file and no address to Gradio.

    Raises:
        ValueError: it is an object or a list, or too large.
    """
    match value:
        case None | bool():
            return value
        case str() if len(value) <= MAX_TEXT_CHARACTERS:
            return value
        case int() | float() if -_MAX_NUMBER <= value <= _MAX_NUMBER:
            return value
    raise ValueError(
        f"send text of at most {MAX_TEXT_CHARACTERS:,} characters, a number, true, false or null"
    )


_Scalar = Annotated[Any, AfterValidator(_scalar)]
_SessionHash = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z]{1,32}$")]
_EventId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
_FunctionIndex = Annotated[int, Field(ge=0, lt=len(INPUTS))]


class _Message(Body):
    model_config = ConfigDict(strict=True)


class Join(_Message):
    """Ask a function of the page to run with these values.

    The choices of strictness that the page offers are the context.
    """

    fn_index: _FunctionIndex
    data: Annotated[list[_Scalar], Field(max_length=max(INPUTS))]
    session_hash: _SessionHash
    trigger_id: Annotated[int, Field(ge=0, le=999)] | None = None
    event_data: None = None

    @model_validator(mode="after")
    def _is_complete(self, info: ValidationInfo) -> Self:
        if len(self.data) != INPUTS[self.fn_index]:
            raise ValueError(f"data: function {self.fn_index} takes {INPUTS[self.fn_index]} values")
        if self.fn_index == _ASK and self.data[1] is not None and self.data[1] not in (info.context or ()):
            raise ValueError("data.1: the page does not offer that strictness")
        return self


class Cancel(_Message):
    """End the run of a function."""

    session_hash: _SessionHash
    fn_index: _FunctionIndex
    event_id: _EventId


class Reset(_Message):
    """Forget a run that was ended."""

    event_id: _EventId
