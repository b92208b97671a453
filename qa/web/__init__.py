"""What the chat's page is made of: its script and style as files, its cards, its guard, and what answers it."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
