"""The commands that open the chat, export its thumbs, and check the installation."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qa.commands import options, shared


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=7860,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes a free port.",
)
@click.option(
    "--browser/--no-browser", default=True, help="Open the page in the browser, or only print its address."
)
@options.deadline
@click.option(
    "--allow-changes",
    is_flag=True,
    help="If others can reach the chat, let them change documents and thumbs, too.",
)
@click.option(
    "--public-url",
    default="",
    metavar="URL",
    help="The address of a proxy through which others reach the chat, such as https://quotes.example. "
    "The proxy "
    "has to pass Host on, and to set or append X-Forwarded-For.",
)
@click.option(
    "--no-token",
    is_flag=True,
    help="Ask nobody for a token. Use it only behind a proxy that asks users to sign in.",
)
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    help="Also serve counts for Prometheus at this address: outcomes, times, the queue and the library, but "
    "nobody's words. Whoever can reach the address needs no token.",
)
@click.option("--json-logs", is_flag=True, help="Log requests, errors and messages as lines of JSON.")
@options.index
@options.strictness
@options.reader
@options.general
@click.pass_obj
def chat(
    settings: options.Settings,
    host: str,
    port: int,
    deadline: float,
    strictness: float,
    *,
    browser: bool,
    allow_changes: bool,
    public_url: str,
    no_token: bool,
    metrics: str | None,
    json_logs: bool,
) -> None:
    """Open the chat in the browser.

    The page begins with --strictness, and readers can change it there. With a --host that others can reach,
    or a --public-url, the chat asks everybody for a token. The token is printed with the address, or read
    from the file that PULLQUOTE_TOKEN_FILE names. There are no accounts: whoever has the token can ask
    questions and read every document. Nobody, not even you, can add, edit, remove or judge anything in such
    a chat, unless it was started with --allow-changes. Then everybody can.
    """
    import ui

    settings.interrupted = "The chat has stopped."
    ui.serve(
        shared.library(settings),
        host,
        port,
        open_browser=browser,
        strictness=strictness,
        reader=settings.reader,
        seconds=deadline,
        allow_changes=allow_changes,
        public_url=public_url,
        asks_token=not no_token,
        metrics=metrics,
        json_logs=json_logs,
        index=settings.index or settings.default_index,
    )


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE.jsonl or FILE.csv, instead of standard output.",
)
@options.force
@options.json
@options.general
@click.pass_obj
def feedback(settings: options.Settings, out: Path | None, *, force: bool) -> None:
    """Write the thumbs from the chat as a file of test queries, for `pullquote evaluate`.

    A question is a line {"id", "question", "history", "quotes", "answerable", "document", "rejected",
    "filters", "notes"}. Quotes with a thumb up are expected, and quotes with a thumb down are rejected. If
    an answer was judged wrong, answerable is null: fill it in. A file that you have changed is not
    replaced. In CSV, a cell that a spreadsheet would read as a formula begins with an apostrophe, which
    evaluate removes. The exit code is 1 if there is no thumb yet.
    """
    from qa.evaluation.thumbs import save, to_jsonl, to_queries
    from qa.outputs import TEST_QUERIES, TEST_TABLE, check_no_source, check_output
    from qa.text.display import plural, visible
    from qa.text.json_lines import is_utf8

    if out and out.suffix.lower() not in (".jsonl", ".csv"):
        raise click.UsageError(f"--out: {visible(str(out))} should end in .jsonl or .csv")
    if out:
        kind = TEST_TABLE if out.suffix.lower() == ".csv" else TEST_QUERIES
        check_output("--out", out, kind, library=shared.folder(settings), force=force)
    with shared.corpus(settings) as corpus:
        if out:
            check_no_source("--out", out, kind, corpus.store.sources())
        (thumbs, _), queries = corpus.desk.count_thumbs(), to_queries(corpus.desk, corpus.store)
    if settings.as_json:
        shared.print_json({"thumbs": thumbs, "queries": queries})
    elif not out:
        click.echo(to_jsonl(queries, ascii=not is_utf8(sys.stdout)), nl=False)
    if not queries:
        shared.say(
            "there are no thumbs yet, so nothing was written: press a thumb on an answer or a quote in "
            "`pullquote chat`"
        )
        sys.exit(1)
    if out:
        save(queries, out, replace=force)
    if not settings.quiet:
        for query in queries:
            for note in query.get("notes", ()):
                shared.say(f"note: {query['question']}: {note}")
        where = f" written to {out}" if out else ""
        made = f"{len(queries):,} test {'query' if len(queries) == 1 else 'queries'}"
        shared.say(f"{plural(thumbs, 'thumb')}: {made}{where}")


@click.command()
@options.json
@options.general
@click.pass_obj
def doctor(settings: options.Settings) -> None:
    """Check what is installed, the models and the library, and say what is wrong.

    The exit code is 1 if something is wrong.
    """
    from qa.commands import doctor as check_up

    findings = check_up.examine(shared.library(settings))
    if settings.as_json:
        shared.print_json(check_up.to_dict(findings))
    else:
        click.echo(check_up.to_text(findings), nl=False)
    sys.exit(1 if check_up.problems(findings) else 0)
