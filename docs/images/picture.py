"""Takes a picture of a page, and makes it small."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parent
SETTLED_MS = 500  # until what moves on a page has come to rest
COLOURS = 128


def take(page: Page, name: str) -> None:
    """Write what the window shows to NAME.png in this folder, in few colours."""
    page.wait_for_timeout(SETTLED_MS)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = shot.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)
