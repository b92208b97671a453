"""Write docs/cli.md from the commands' own --help. A test fails when the file is not what this writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
_HEAD = """\
# The command line

Made from `--help` by `python scripts/cli_docs.py`; do not edit by hand.

Results go to standard output, everything else to standard error. Exit codes: 0 done (for `ask`: answered),
1 not answered, something is wrong, or some of many inputs failed while the rest went in, 2 wrong usage,
3 bad input, library, model or disk, 4 internal, 130 interrupted. In a pipe, `ask` prints plain text without
colours or line breaks of its own; `NO_COLOR` is respected in a terminal. Control characters of a document are
shown as symbols; `--json` gives every quote as it is.
"""


def page() -> str:
    """Make the whole page."""
    root = click.Context(cli, info_name="pullquote", terminal_width=100, **cli.context_settings)
    commands = (f"## {c.command_path}\n\n```\n{c.get_help()}\n```\n" for c in _contexts(root))
    return "\n".join([_HEAD, *commands])


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Yield the context of a command and of all those below it."""
    yield context
    if isinstance(context.command, click.Group):
        for name, command in sorted(context.command.commands.items()):
            yield from _contexts(click.Context(command, context, name, terminal_width=100))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
