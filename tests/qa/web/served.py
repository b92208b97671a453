"""Serves the engines of many tests by one app: making its routes takes a quarter of a second."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qa.web.api import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa.web.engine import Engine


class _Served:
    """Stands for the engine that is served now."""

    engine: Engine | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


_served = _Served()


@cache
def _app() -> FastAPI:
    return create_app(_served, "127.0.0.1")  # type: ignore[arg-type]


def app_over(engine: Engine) -> FastAPI:
    """Return the app over an engine, until the next call. `create_app` makes an app of its own."""
    _served.engine = engine
    return _app()
