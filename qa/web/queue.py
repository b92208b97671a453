"""The messages that the page sends to Gradio's queue. No other message may reach it: see `qa.web.guard`.

If an item of `data` names a file or an address, Gradio copies the file or fetches the address before a
component sees the item. So every item must be a scalar, whatever component it is for.
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

# How many values each function of the page takes, by its index: ask, save, show all, open, new conversation
# (`ui.page`).
INPUTS = (5, 2, 3, 2, 1)
_ASK = 0
# Far more than a question may have, so that the page itself can say that a question is too long.
MAX_TEXT_CHARACTERS = 1 << 18
_MAX_NUMBER = 1e15


def _scalar(value: object) -> object:
    """Return the value if it cannot name a file or an address to Gradio.

    Raises:
        ValueError: the value is an object or a list, or is too large.
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
    """A message that runs a function of the page with the values in `data`.

    The context of the validation has the choices of strictness that the page offers.
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
            raise ValueError("data.1: the page does not offer this strictness")
        return self


class Cancel(_Message):
    """A message that ends the run of a function."""

    session_hash: _SessionHash
    fn_index: _FunctionIndex
    event_id: _EventId


class Reset(_Message):
    """A message that forgets a run that was ended."""

    event_id: _EventId
