"""Run Typst in a separate process that can be ended. This file is a script without the rest of Pullquote.

The script reads one JSON object on standard input: {"fonts": true, "folders"} to list fonts, or {"source",
"folders", "made"} for a PDF. It opens only font files and fetches nothing, because the markup imports no
package.
"""

from __future__ import annotations

import json
import sys
import tempfile


def main() -> None:
    """Write the list of fonts as JSON, or the PDF, to standard output."""
    import typst

    task = json.loads(sys.stdin.buffer.read())
    fonts = typst.Fonts(
        include_system_fonts=True, include_embedded_fonts=False, font_paths=list(task["folders"])
    )
    if task.get("fonts"):
        listed = [
            (font.family, font.path, font.index, font.style == "normal" and font.weight == 400)
            for font in fonts.fonts()
            if font.path and font.weight in (400, 700)
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
