"""The base class for all parts of a request's body, and the fields of the metadata in models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from qa.schema import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Model = TypeVar("Model", bound=BaseModel)


def with_fields(
    names: Iterable[str], kind: Any, default: Any = ..., *, selects: bool = False
) -> Callable[[type[Model]], type[Model]]:
    """Return a decorator that adds fields of one type to a model: fields of `qa.schema.fields`.

    Without a default, the fields are required and have examples. A field that `selects` documents is a list.
    """

    def declared(name: str) -> Any:
        field = FIELDS[name]
        if selects:
            only = f"Only {field.only}; may be repeated."
            return Field(default, description=only, examples=[[field.example]])
        return Field(default, description=field.about, examples=[field.example] if default is ... else None)

    def added(model: type[Model]) -> type[Model]:
        more: Any = {name: (kind, declared(name)) for name in names}
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
