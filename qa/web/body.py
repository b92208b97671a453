"""The base class for all parts of a request's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, create_model, model_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Model = TypeVar("Model", bound=BaseModel)


def with_fields(names: Iterable[str], kind: Any, default: Any = ...) -> Callable[[type[Model]], type[Model]]:
    """Return a decorator that adds fields of one type to a model: fields of `qa.schema.fields`.

    Without a default, the fields are required.
    """

    def added(model: type[Model]) -> type[Model]:
        more: Any = dict.fromkeys(names, (kind, default))
        return create_model(
            model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **more
        )

    return added


class Body(BaseModel):
    """A part of a request. It refuses unknown fields."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, data: Any) -> Any:
        """Raise an error at the first unknown field. Pydantic would go on, and make an error for each."""
        for name in data if isinstance(data, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(f"there is no field {name[:40]!r}: leave it out")
        return data
