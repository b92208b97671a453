"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from typing import Any


def read_events(text: str) -> list[tuple[str, str, Any]]:
    """Return the name, the id and the data of each event of a stream; comments are left out."""
    assert text.endswith("\n\n")
    found = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return found
