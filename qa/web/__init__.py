"""The chat's pages and its HTTP interface: routes, cards, templates, guard, and what answers questions."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
