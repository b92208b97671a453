"""The commands for dossiers: gather quotes for a report, order, export and verify them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from qa.commands import last_answer, options, shared
from qa.errors import InputError, UnknownDossierError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.corpus import Corpus
    from qa.report.contents import Shown
    from qa.schema import Answer, DossierEntry, DossierInfo, Turn


@click.group()
def dossier() -> None:
    """Collect quotes for a report: in order, under headings, with your own notes.

    A dossier stores the place of a quote, never its words. The words are read from the document whenever
    they are shown. If a document is purged, its quotes are gone from dossiers too. NAME is a dossier's
    name, in upper or lower case. N is the number of an entry, as `dossier show` lists it.
    """


@dossier.command("list")
@options.json
@options.general
@click.pass_obj
def list_(settings: options.Settings) -> None:
    """List the dossiers. The dossier that was changed last comes first."""
    from qa.report.contents import info_to_dict
    from qa.text.display import plural, visible

    with shared.corpus(settings) as corpus:
        infos = corpus.desk.dossiers.all()
    if settings.as_json:
        shared.print_json([info_to_dict(info) for info in infos])
        return
    for info in infos:
        changed = f"{info.changed.astimezone():%Y-%m-%d %H:%M}"
        click.echo(f"{visible(info.name)}\t{plural(info.quotes, 'quote')}\t{changed}")
    if not (infos or settings.quiet):
        shared.say("there is no dossier yet: `pullquote dossier add NAME ID` makes a dossier")


@dossier.command()
@click.argument("name")
@options.json
@options.general
@click.pass_obj
def show(settings: options.Settings, name: str) -> None:
    """Show a dossier: its entries in order, and whether each quote is current.

    A quote is current, superseded or removed. If its document was erased, "purged" is shown instead.
    """
    from qa.report.contents import info_to_dict, lines, to_dict

    with shared.corpus(settings) as corpus:
        info, entries = _opened(corpus, name)
    if settings.as_json:
        shared.print_json(
            {**info_to_dict(info), "entries": [to_dict(shown_entry) for shown_entry in entries]}
        )
        return
    shared.print_styled(lines(entries))


def _opened(corpus: Corpus, name: str) -> tuple[DossierInfo, tuple[Shown, ...]]:
    from qa.report.contents import shown

    info = corpus.desk.dossiers.find(name)
    return info, shown(corpus.desk.dossiers.entries(info.id), corpus.store)


_at = click.option(
    "--at", type=click.IntRange(1), metavar="N", help="The place of the entry. [default: at the end]"
)


@dossier.command()
@click.argument("name")
@click.argument("citation", metavar="N|ID|URL")
@click.option("--question", metavar="QUESTION", help="The question that the quote answers.")
@_at
@options.json
@options.general
@click.pass_obj
def add(settings: options.Settings, name: str, citation: str, question: str | None, at: int | None) -> None:
    """Add the quote of a citation to a dossier. If there is no such dossier, it is made.

    N is the number of a quote in the last answer of `pullquote ask`. ID is SHA256/START-END, as `ask`
    prints it below a quote. URL is the link to a source in the chat. `pullquote ask QUESTION --keep NAME`
    keeps all quotes of an answer.
    """
    from qa.report.contents import kept_quote
    from qa.schema import Asked

    with shared.corpus(settings) as corpus:
        cited, document, asked, differing = last_answer.quote_named(corpus, citation)
        asked = Asked(question) if question else asked
        entry = kept_quote(corpus.store, cited, document, asked, differing)
        info = corpus.desk.dossiers.find_or_create(name)
        _add(settings, corpus, info, entry, at)


@dossier.command()
@click.argument("name")
@click.argument("words", metavar="TEXT")
@_at
@options.json
@options.general
@click.pass_obj
def note(settings: options.Settings, name: str, words: str, at: int | None) -> None:
    """Add your own note. A report marks it as the analyst's. If TEXT is -, standard input is read."""
    _add_words(settings, name, "note", words, at)


@dossier.command()
@click.argument("name")
@click.argument("words", metavar="TEXT")
@_at
@options.json
@options.general
@click.pass_obj
def heading(settings: options.Settings, name: str, words: str, at: int | None) -> None:
    """Add a heading. The entries after it belong to it."""
    _add_words(settings, name, "heading", words, at)


def _add_words(settings: options.Settings, name: str, kind: str, words: str, at: int | None) -> None:
    from qa.schema import DossierEntry, EntryKind

    if words == "-":
        try:
            words = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"standard input is not UTF-8 text (byte {error.start})") from error
    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.find_or_create(name)
        _add(settings, corpus, info, DossierEntry(cast("EntryKind", kind), words), at)


def _add(
    settings: options.Settings, corpus: Corpus, info: DossierInfo, entry: DossierEntry, at: int | None
) -> None:
    (added,) = corpus.desk.dossiers.add(info.id, [entry], at)
    if settings.as_json:
        shared.print_json({"dossier": info.name, "entry": added.number, "added": added.is_new})
    elif not settings.quiet:
        outcome = "added" if added.is_new else "is there already"
        click.echo(f"{_visible(info.name)}: {outcome} as entry {added.number}")


def _number_of(corpus: Corpus, info: DossierInfo, entry: int) -> int:
    return [entry.id for entry in corpus.desk.dossiers.entries(info.id)].index(entry) + 1


def _entry(corpus: Corpus, info: DossierInfo, number: int) -> DossierEntry:
    entries = corpus.desk.dossiers.entries(info.id)
    if not 1 <= number <= len(entries):
        numbers = f"it has 1 to {len(entries)}" if entries else "it is empty"
        raise UnknownDossierError(f"there is no entry {number} in “{info.name}”: {numbers}")
    return entries[number - 1]


_number = click.argument("number", metavar="N", type=int)


@dossier.command()
@click.argument("name")
@_number
@click.argument("to", type=click.IntRange(1))
@options.json
@options.general
@click.pass_obj
def move(settings: options.Settings, name: str, number: int, to: int) -> None:
    """Move entry N to the place TO."""
    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.find(name)
        entry = _entry(corpus, info, number)
        corpus.desk.dossiers.move(info.id, entry.id, to)
        moved = _number_of(corpus, info, entry.id)
    _say(
        settings, {"dossier": info.name, "moved": number, "to": moved}, f"entry {number} is now entry {moved}"
    )


@dossier.command()
@click.argument("name")
@_number
@options.json
@options.general
@click.pass_obj
def remove(settings: options.Settings, name: str, number: int) -> None:
    """Remove entry N. For a day, `dossier undo` can put it back."""
    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.find(name)
        corpus.desk.dossiers.remove(info.id, _entry(corpus, info, number).id)
    message = f"entry {number} was removed; pullquote dossier undo {_quoted(info.name)} puts it back"
    _say(settings, {"dossier": info.name, "removed": number}, message)


@dossier.command()
@click.argument("name")
@_number
@options.json
@options.general
@click.pass_obj
def renew(settings: options.Settings, name: str, number: int) -> None:
    """Replace a superseded quote, entry N, by the present words of its source.

    For a day, `dossier undo` can put the former quote back, next to the new quote.
    """
    from qa.report.contents import renewed

    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.find(name)
        entry = _entry(corpus, info, number)
        if entry.kind != "quote":
            raise InputError(f"entry {number} is not a quote: only a superseded quote can be renewed")
        added = corpus.desk.dossiers.replace(info.id, entry.id, renewed(entry, corpus.store))
    message = (
        f"entry {added.number} has the present words; pullquote dossier undo {_quoted(info.name)} puts the "
        "former quote back next to it"
    )
    _say(settings, {"dossier": info.name, "renewed": added.number}, message)


@dossier.command()
@click.argument("name")
@click.argument("new_name")
@options.json
@options.general
@click.pass_obj
def rename(settings: options.Settings, name: str, new_name: str) -> None:
    """Give a dossier another name."""
    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.rename(corpus.desk.dossiers.find(name).id, new_name)
    _say(settings, {"dossier": info.name}, f"the dossier is now called {info.name}")


@dossier.command()
@click.argument("name")
@options.json
@options.general
@click.pass_obj
def delete(settings: options.Settings, name: str) -> None:
    """Delete a dossier. For a day, `dossier undo` can put it back."""
    with shared.corpus(settings) as corpus:
        info = corpus.desk.dossiers.find(name)
        corpus.desk.dossiers.delete(info.id)
    message = f"{info.name} was deleted; pullquote dossier undo {_quoted(info.name)} puts it back"
    _say(settings, {"deleted": info.name}, message)


@dossier.command()
@click.argument("name")
@options.json
@options.general
@click.pass_obj
def undo(settings: options.Settings, name: str) -> None:
    """Put back the entry that was removed last, or the dossier itself if it was deleted."""
    with shared.corpus(settings) as corpus:
        dossiers = corpus.desk.dossiers
        try:
            info = dossiers.find(name)
        except UnknownDossierError:
            info = dossiers.restore(dossiers.deleted(name).id)
            _say(settings, {"restored": info.name}, f"{info.name} was put back")
            return
        number = _number_of(corpus, info, dossiers.put_back(info.id).id)
    _say(settings, {"dossier": info.name, "restored": number}, f"entry {number} was put back")


def _say(settings: options.Settings, value: dict[str, Any], words: str) -> None:
    if settings.as_json:
        shared.print_json(value)
    elif not settings.quiet:
        click.echo(_visible(words))


def _visible(words: str) -> str:
    from qa.text.display import in_one_line

    return in_one_line(words)


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)


@dossier.command()
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(("docx", "odt", "pdf", "html", "md", "tex")),
    help="The format of the report. [default: by the name of FILE]",
)
@click.option(
    "--style",
    default="chicago",
    show_default=True,
    metavar="STYLE",
    help="The citation style: chicago, apa, mla, ieee, a name of citationstyles.org, or a .csl file.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write; - is standard output.",
)
@options.force
@options.json
@options.general
@click.pass_obj
def export(
    settings: options.Settings, name: str, form: str | None, style: str, out: Path, *, force: bool
) -> None:
    """Write a dossier as a report: Word, OpenDocument, PDF, HTML, Markdown or LaTeX.

    The report has each quote word for word with a footnote in the citation style, a bibliography, and an
    appendix. The appendix lists the questions, the questions without an answer, and the hashes of the
    texts. Every quote is read again and looked up in the finished file. `pullquote verify FILE` checks the
    report at any time, also after others have edited it.

    Quotes that were superseded, removed or purged are first named on standard error.
    """
    from qa.outputs import DOSSIER, check_no_source, check_output, write_output
    from qa.report.contents import outdated_lines
    from qa.report.export import FORMATS
    from qa.report.export import export as exported
    from qa.text.display import plural

    piped = str(out) == "-"
    form = form or out.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise click.UsageError(f"the name of FILE does not show its format: add --format {'|'.join(FORMATS)}")
    if not piped:
        check_output("--out", out, DOSSIER, library=shared.folder(settings), force=force)
    with shared.corpus(settings) as corpus:
        if not piped:
            check_no_source("--out", out, DOSSIER, corpus.store.sources())
        info, entries = _opened(corpus, name)
        old = list(outdated_lines(entries))
        for line in old if not settings.quiet else ():
            shared.say(line)
        data = exported(corpus, info, form, style)
    if piped:
        sys.stdout.buffer.write(data)
        return
    write_output(out, [data])
    if settings.as_json:
        shared.print_json(
            {"dossier": info.name, "file": str(out), "format": form, "quotes": info.quotes, "outdated": old}
        )
    elif not settings.quiet:
        shared.say(f"{out}: {plural(info.quotes, 'quote')} of {info.name}")


@dossier.command()
@click.argument("name")
@options.json
@options.general
@click.pass_obj
def verify(settings: options.Settings, name: str) -> None:
    """Compare every quote of a dossier with the library: its text is read and hashed again.

    The exit code is 0 if all quotes are verbatim, and 1 if a quote was superseded, removed or purged.
    """
    from qa.quoting.verify import Verifier, lines, summary, to_dict
    from qa.report.contents import verdicts

    with shared.corpus(settings) as corpus:
        info, entries = _opened(corpus, name)
        judged = verdicts(entries, Verifier(corpus.store))
    present = [verdict for _, verdict in judged if verdict]
    purged = [shown for shown, verdict in judged if verdict is None]
    if settings.as_json:
        shared.print_json({"dossier": info.name, **to_dict(present), "purged": len(purged)})
    else:
        for shown, verdict in judged:
            if verdict:
                shared.print_styled(lines(verdict))
            else:
                shared.print_styled([[(f"a quote, {shown.fate}", "yellow")]])
        if not settings.quiet:
            gone = f"{len(purged):,} purged" if purged else ""
            shared.say(
                ", ".join(filter(None, (summary(present), gone)))
                or "the dossier has no quote: add one with `pullquote dossier add`"
            )
    sys.exit(0 if not purged and all(verdict.status == "verbatim" for verdict in present) else 1)


def keep(corpus: Corpus, name: str, answer: Answer, history: Sequence[str | Turn] = ()) -> str:
    """Store the quotes of an answer in a dossier, or its question as unanswered. Return what was done."""
    import datetime as dt

    from qa.asking.conversation import earlier_questions
    from qa.report.contents import asked_of, entry_of, outcome_in_words
    from qa.schema import DossierEntry
    from qa.text.differing_figures import differing
    from qa.text.display import plural

    asked = asked_of(answer, earlier_questions(history), corpus.store.generation, dt.datetime.now(dt.UTC))
    if asked.outcome == "answered":
        places = [figure.reference for figure in differing(answer)]
        entries = [entry_of(quote, asked, places) for quote in answer.shown]
    else:
        entries = [DossierEntry("question", asked=asked)]
    if answer.outcome == "error" or answer.reply:
        return "nothing was kept: this is not a question about the documents"
    if answer.unsearched:
        return "nothing was kept: no document matches the filters, so nothing was searched"
    info = corpus.desk.dossiers.find_or_create(name)
    added = [entry for entry in corpus.desk.dossiers.add(info.id, entries) if entry.is_new]
    if asked.outcome != "answered":
        if not added:
            return f"{info.name} already has this question; to record the new search, remove that entry first"
        return f"kept in {info.name}: {outcome_in_words(asked)}"
    return f"kept in {info.name}: {plural(len(added), 'quote')}"
