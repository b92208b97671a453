"""What the chat's page is made of: script and style as files, cards, a guard, and what answers it."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
