"""The command that serves the library to other programs."""

from __future__ import annotations

import click

from qa.commands import options, shared


@click.command()
@options.deadline
@options.strictness
@options.reader
@options.general
@click.pass_obj
def mcp(settings: options.Settings, deadline: float, strictness: float) -> None:
    """Serve the library to an assistant, over MCP on standard input and output.

    MCP (Model Context Protocol) is what Claude Desktop, editors and other programs with a language model
    speak; they start this command themselves. The tools are ask, search, read_source, cite, list_documents
    and verify. The tool verify says for each quote in a draft whether the documents say it. The tools only
    read. The running chat serves the same tools at /mcp.

    Standard output carries only the protocol. The server ends when the client leaves, or with Ctrl-C.
    """
    from qa.places import shipped_corpus
    from qa.web.assistants import serve
    from qa.web.engine import Engine

    settings.interrupted = "The server has stopped."
    engine = Engine(
        shared.library(settings),
        shipped_corpus(),
        strictness=strictness,
        reader=settings.reader,
        seconds=deadline,
        may_change=False,
        makes=False,
    )
    engine.start()
    engine.wait_for_library()
    count = engine.corpus.store.count().documents
    if not settings.quiet:
        from qa.text.display import plural

        shared.say(
            f"Serving {plural(count, 'document')} in {engine.library} over MCP, until the client leaves"
        )
    try:
        serve(engine)
    finally:
        engine.stop()
