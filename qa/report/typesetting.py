"""Typst, in a process of its own that can be ended: this file is run, and needs nothing of Pullquote.

It reads one JSON object on standard input: {"fonts": true, "folders"} to list fonts, or {"source", "folders",
"made"} for a PDF. It opens no file but fonts, and fetches nothing: what is set imports no package.
"""

from __future__ import annotations

import json
import sys
import tempfile


def main() -> None:
    """List the fonts as JSON, or write the PDF, to standard output."""
    import typst

    task = json.loads(sys.stdin.buffer.read())
    fonts = typst.Fonts(
        include_system_fonts=True, include_embedded_fonts=False, font_paths=list(task["folders"])
    )
    if task.get("fonts"):
        listed = [
            (each.family, each.path, each.index, each.style == "normal" and each.weight == 400)
            for each in fonts.fonts()
            if each.path and each.weight in (400, 700)
        ]
        sys.stdout.buffer.write(json.dumps(listed).encode())
        return
    with tempfile.TemporaryDirectory(prefix="pullquote-") as folder:
        try:
            pdf = typst.compile(
                task["source"].encode(),
                root=folder,
                font_paths=fonts,
                package_path=folder,
                package_cache_path=folder,
                timestamp=task["made"],
                format="pdf",
            )
        except RuntimeError as error:
            sys.exit(f"{error}")
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
