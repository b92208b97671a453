"""The command line: a thin layer over the library. Results go to standard output, all else to standard error.

Exit codes: 0 done (`ask`: answered), 1 not answered or some inputs failed, 2 wrong usage, 3 bad input,
library, model or disk, 4 internal, 130 interrupted. Only click is imported at the start; each command
(`qa.commands`) imports what it needs, so that `--help` and `ask` start quickly.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import click

from qa import __version__
from qa.commands import assistants, chatting, documents, dossiers, indexing, options, questions, verifying
from qa.commands.options import Settings
from qa.errors import PullquoteError


class Commands(click.Group):
    """A command group that turns each error into one line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the command line names."""
        settings = ctx.ensure_object(Settings)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort):
            from qa.text.display import in_one_line

            click.echo(f"\ninterrupted. {in_one_line(settings.interrupted)}", err=True)
            ctx.exit(130)
        except PullquoteError as error:
            _report(settings, error.code, str(error))
            ctx.exit(error.exit_code)
        except OSError as error:  # a full disk, a folder that may not be written
            where = f": {error.filename}" if error.filename else ""
            _report(settings, "system", f"{error.strerror or error}{where}")
            ctx.exit(3)
        except Exception as error:
            hint = "" if settings.verbose else "; -v shows where"
            _report(settings, "internal", f"{type(error).__name__}: {error} (a defect in Pullquote{hint})")
            ctx.exit(4)


def _report(settings: Settings, code: str, message: str) -> None:
    """Print an error, also as JSON if the command prints JSON."""
    from qa.schema import Failure
    from qa.text.display import in_one_line
    from qa.text.json_lines import dumps, is_utf8

    if settings.verbose:
        import traceback

        traceback.print_exc()
    click.echo(f"error: {in_one_line(message)}", err=True)
    if settings.as_json:
        with suppress(OSError):  # a full disk may be the very error that is reported
            click.echo(dumps(settings.failed(Failure(code, message)), ascii=not is_utf8(sys.stdout)))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="pullquote", message="%(prog)s %(version)s")
@options.general
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Answer questions from your documents with verbatim quotes and citations only."""
    ctx.ensure_object(Settings)


for _command in (
    *(indexing.index, indexing.reindex, indexing.copy_library),
    *(questions.ask, questions.answer_many, questions.evaluate),
    *(documents.documents, documents.remove, documents.restore, documents.names),
    *(documents.cite, verifying.verify, dossiers.dossier),
    *(chatting.chat, chatting.feedback, chatting.doctor),
    assistants.mcp,
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line. `pullquote` and `python -m qa` start here."""
    # A console that cannot show a character must not end the program; JSON is plain ASCII there.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="pullquote")
