"""Prints the contents and size of a library for `pullquote documents --stats`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qa.text.display import plural

if TYPE_CHECKING:
    from qa.storage.results import LibraryStats


def to_dict(stats: LibraryStats) -> dict[str, Any]:
    """Return the object that `documents --stats --json` prints."""
    return asdict(stats)


def to_text(stats: LibraryStats) -> str:
    """Return the statistics as lines of text."""
    passages = plural(stats.passages, "passage")
    lines = {
        "holds": f"{plural(stats.documents, 'document')}, {passages}",
        "store": f"{size(stats.store_bytes)}{_each(stats.store_bytes, stats.passages)}",
    }
    if stats.encoder and stats.index:
        index = stats.index
        kind = {"flat": "exact", "inverted": "compressed"}[index.kind]
        lines |= {
            "encoder": f"{stats.encoder.name}, {stats.encoder.dimension} dimensions",
            "vectors": f"{kind}: {plural(index.vectors, 'vector')}; {size(index.file_bytes)} in files, "
            f"{size(index.memory_bytes)} in memory{_each(index.memory_bytes, index.vectors)}",
        }
        if index.kind == "inverted":
            lines["searched"] = (
                f"{index.probes:,} of {index.lists:,} lists, which find {100 * index.recall:.1f} % of the 10 "
                f"nearest; {index.delta:,} vectors added and {index.gone:,} removed since they were made"
            )
    lines["words"] = (
        f"{size(stats.postings_bytes)} in files{_each(stats.postings_bytes, stats.passages)}"
        if stats.postings_bytes
        else "searched in the store"
    )
    if stats.originals_bytes:
        lines["originals"] = f"{size(stats.originals_bytes)}, of uploaded files"
    if stats.desk_bytes:
        lines["desk"] = f"{size(stats.desk_bytes)}, of thumbs and conversations"
    width = max(map(len, lines))
    return "".join(f"{name:<{width}}  {value}\n" for name, value in lines.items())


def size(count: int) -> str:
    """Return a number of bytes in a readable unit: `812 B`, `1.4 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:  # the number is shown with three digits
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:,.3g} GB"


def _each(count: int, passages: int) -> str:
    return f", {size(round(count / passages))} a passage" if passages else ""
