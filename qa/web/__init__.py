"""The chat's pages and its HTTP interface: routes, cards, templates, guard, and the engine for questions."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
