"""The commands that bring the library up to date with files, or with another encoder."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.commands import options, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.corpus import Corpus
    from qa.places import LibraryAddress
    from qa.schema import IndexReport
    from qa.storage.library import Library
    from qa.storage.records.store import Store
    from qa.text.written_dates import DateOrder

# The statuses of files whose documents are not in the library afterwards.
_NOT_HELD = ("refused", "skipped", "withdrawn", "purged", "gone", "removed")
# The statuses that each round of a watch reports again, if the file has not changed.
_FOUND_AGAIN = ("refused", "skipped", "withdrawn", "purged", "gone")


class _NamesFormats(click.Command):
    """A command whose help names the formats that are read, in the place of the word FORMATS."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help. Only help needs the table of formats, so it is imported here."""
        from qa.formats.kinds import WITH_ENDINGS

        self.help = (self.help or "").replace("FORMATS", WITH_ENDINGS)
        super().format_help_text(ctx, formatter)


@click.command(cls=_NamesFormats)
@click.argument("paths", nargs=-1, type=options.SourceName(), metavar="[PATH]...")
@click.option(
    "--date-order",
    type=click.Choice(["auto", "dmy", "mdy"]),
    help="How a date such as 5/4/2008 in a header is read. With auto, the default, an ambiguous date "
    "is left out.",
)
@click.option(
    "--column",
    "columns",
    metavar="FIELD=NAME",
    multiple=True,
    callback=options.columns,
    help="The column of a table, or the key of a JSON record, that holds a field, such as text=body. "
    "May be repeated.",
)
@click.option("--prune", is_flag=True, help="Remove the documents of files that are gone from their folders.")
@click.option("--dry-run", is_flag=True, help="Say what would be done with each file, and change nothing.")
@click.option(
    "--follow-links",
    is_flag=True,
    help="Follow links that lead out of their folder. Without this option, they are left out and named.",
)
@click.option(
    "--uploads",
    is_flag=True,
    help="Instead of a PATH: read files that were added in the chat again, if Pullquote now reads them "
    "differently.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Run until Ctrl-C, and index what changes in the folders. Documents are removed only with --prune.",
)
@click.option(
    "--workers",
    metavar="local|ray://HOST:PORT",
    help="Read and embed with Ray: on the cores of this machine, or on a cluster that sees the same folders.",
)
@click.option(
    "--report",
    "report_to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the result for each file: a table if FILE ends in .csv, otherwise one JSON object in "
    "each line.",
)
@options.index
@options.force
@options.json
@options.general
@click.pass_obj
def index(
    settings: options.Settings,
    paths: tuple[Path | str, ...],
    date_order: DateOrder | None,
    columns: dict[str, str] | None,
    report_to: Path | None,
    workers: str | None,
    *,
    force: bool,
    prune: bool,
    dry_run: bool,
    follow_links: bool,
    uploads: bool,
    watch: bool,
) -> None:
    """Index files and folders. Without a PATH, index the sample brief.

    Unchanged files are not read again, and a file that was moved keeps its document. A file that cannot be
    read is refused with the reason, and the other files are indexed. The exit code is then 1, or 3 if no
    file was indexed.

    Formats, and how the names of their files end: FORMATS.

    A PATH may be an address, such as s3://BUCKET/FOLDER, if fsspec and the package for the protocol are
    installed.

    In a table with a column of text, each row is a document. A table of figures is one document, or one
    document for each sheet. A table is refused if several columns may hold the text. In a terminal, the
    command asks which column holds the text.

    The values of --column and --date-order are stored for each file and used again when the options are
    left out.

    If a file is gone from its folder, its documents stay in the library. In a terminal, the command asks
    whether to remove them. Elsewhere, --prune removes them. `pullquote restore` puts them back.

    A library in a folder has its index in files there. With --index, the index is on Milvus. A library on
    PostgreSQL has its index on Milvus. --index is needed only once, as the library remembers it.

    With --watch, Ctrl-C ends the command and prints what was done. The exit code is 0, or 130 if Ctrl-C
    interrupts the indexing of files.
    """
    from qa.outputs import INDEX_REPORT, check_no_source
    from qa.places import shipped_corpus

    given = paths or (shipped_corpus(),)
    task = _Task(
        given,
        report_to,
        workers,
        prune=prune,
        dry_run=dry_run,
        follow_links=follow_links,
        uploads=uploads,
        watch=watch,
    )
    _check_usage(paths, task)
    settings.interrupted = (
        "The files that were finished are kept; run the same command again to go on from there."
    )
    if report_to:
        _check_report(report_to, task.local, shared.folder(settings), force=force)
    with _to_index(settings, dry_run=dry_run, date_order=date_order, columns=columns) as corpus:
        if report_to:
            check_no_source("--report", report_to, INDEX_REPORT, corpus.store.sources())
        if watch:
            done = _watch(settings, corpus, task)
        else:
            report = _index(settings, corpus, task)
            if not (dry_run or uploads) and _in_a_terminal():
                report = _ask(corpus, report, task)
            _show_report(settings, report, report_to, prunes=prune)
    if watch:  # by Ctrl-C, which is how it is meant to end
        if not settings.quiet:
            shared.say(f"Watching has ended: {_summary(done)}.")
        return
    read = [result.status for result in report.files if result.status != "skipped"]
    if (not read and not uploads) or "refused" in read:
        sys.exit(1 if set(read) - {"refused"} else 3)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is indexed, and how: see the options of `index`."""

    given: Sequence[Path | str]
    report_to: Path | None
    workers: str | None
    _: KW_ONLY
    prune: bool
    dry_run: bool
    follow_links: bool
    uploads: bool
    watch: bool

    @property
    def local(self) -> list[Path]:
        """Return what is given by its path, and not by its address."""
        return [path for path in self.given if isinstance(path, Path)]


def _check_usage(paths: Sequence[Path | str], task: _Task) -> None:
    """Refuse options that exclude each other.

    Raises:
        click.UsageError: two options exclude each other.
    """
    if task.watch and task.dry_run:
        raise click.UsageError("--dry-run runs only once: leave out --watch, or leave out --dry-run")
    if task.uploads and (paths or task.prune or task.dry_run or task.watch):
        raise click.UsageError(
            "--uploads reads only files that were added in the chat: leave out PATH, --prune, "
            "--dry-run and --watch"
        )
    if task.workers and (task.watch or task.uploads):
        raise click.UsageError("--workers does not work with --watch and --uploads: leave them out")
    if task.watch and len(task.local) < len(task.given):
        raise click.UsageError("--watch cannot watch addresses: index them without --watch")


def _index(
    settings: options.Settings, corpus: Corpus, task: _Task, *, named_files: bool = True
) -> IndexReport:
    """Index once. With `named_files`, a purged document whose file is named is indexed again."""
    with shared.progress(settings) as progress:
        if task.uploads:
            return corpus.read_uploads(progress)
        return corpus.index(
            *task.given,
            progress=progress,
            prune=task.prune,
            dry_run=task.dry_run,
            named_files=named_files,
            follow_links=task.follow_links,
            workers=task.workers,
        )


def _watch(settings: options.Settings, corpus: Corpus, task: _Task) -> Counter[str]:
    """Index what changes until Ctrl-C. Return the number of files for each status."""
    from qa.intake.watch import bursts

    done = Counter[str]()
    is_first = True
    for _ in bursts(task.local, corpus.library, task.report_to, follow_links=task.follow_links):
        # Only in the first round, files count as named: documents that are purged during the watch stay
        # purged.
        report = _index(settings, corpus, task, named_files=is_first)
        _show_report(settings, report, task.report_to, prunes=task.prune)
        if is_first and not settings.quiet:
            shared.say(f"Watching {_listed(list(map(str, task.given)))} for changes. Ctrl-C ends it.")
        is_first = False
        done = _after(done, report)
        settings.interrupted = f"{_summary(done)}. The files that were finished are kept."
    return done


def _ask(corpus: Corpus, report: IndexReport, task: _Task) -> IndexReport:
    """Ask what an index left open, do what is answered, and return the report on all that was done.

    The questions: which column holds a table's text, and whether to remove documents whose files are gone and
    texts that were corrected elsewhere. With --prune, only the first.
    """
    if chosen := _text_columns(report):
        again = corpus.index(*task.given, follow_links=task.follow_links, text_columns=chosen)
        first = tuple(result for result in report.files if result.path not in chosen)
        report = replace(report, files=first + again.files, seconds=report.seconds + again.seconds)
    if task.prune:
        return report
    if gone := _gone(report):
        folders = ", ".join(str(path) for path in task.given if path not in task.local or Path(path).is_dir())
        shared.say(f"{_named(gone)} in {folders}")
        if click.confirm("Remove from the library?", err=True):
            report = corpus.prune(report)
    _ask_of_former(corpus, report)
    return report


def _after(done: Counter[str], report: IndexReport) -> Counter[str]:
    """Add up the rounds of a watch. For statuses that each round reports again, count only the last round."""
    did = Counter({status: count for status, count in done.items() if status not in _FOUND_AGAIN})
    return did + Counter(result.status for result in report.files if result.status != "unchanged")


def _summary(done: Counter[str]) -> str:
    """Return the results for files in words: `2 added, 1 refused`."""
    from qa.intake.report import STATUSES

    return ", ".join(f"{done[status]:,} {status}" for status in STATUSES if done[status]) or "nothing to do"


def _check_report(path: Path, given: Sequence[Path], library: Path, *, force: bool) -> None:
    """Refuse a report that would replace a file to be indexed. Replace other files only with `force`."""
    from qa.formats.reading import supported
    from qa.outputs import INDEX_REPORT, INDEX_TABLE, check_output, output_kind

    kind = INDEX_TABLE if path.suffix.lower() == ".csv" else INDEX_REPORT
    target = path.resolve()
    within = any(target.is_relative_to(path.resolve()) for path in given if path.is_dir())
    is_source = within and target.is_file() and supported(target) and not output_kind(target)
    read = [*(path for path in given if path.is_file()), *([target] if is_source and force else [])]
    check_output("--report", path, kind, library=library, read=read, force=force)


@contextmanager
def _to_index(settings: options.Settings, *, dry_run: bool, **options: Any) -> Iterator[Corpus]:
    """Open the library to index into. A dry run opens it read-only, or an empty library if there is none."""
    from tempfile import TemporaryDirectory

    from qa.corpus import Corpus
    from qa.errors import LibraryNotFoundError

    library = shared.library(settings)
    with TemporaryDirectory() as empty:
        try:
            index = "" if dry_run else shared.new_index(settings, library)
            corpus = Corpus.open(library, create=not dry_run, read_only=dry_run, index=index, **options)
        except LibraryNotFoundError:
            if not dry_run:
                raise
            corpus = Corpus.open(Path(empty), **options)
        with corpus:
            yield corpus


def _ask_of_former(corpus: Corpus, report: IndexReport) -> None:
    """Ask whether to remove each text that was corrected at one place and still stands at another."""
    for result in report.files:
        if result.former:
            shared.say(f"{result.path}: {result.notes[-1]}")
            if click.confirm(f"Remove {result.former} from the library?", default=False, err=True):
                corpus.remove([result.former])


def _text_columns(report: IndexReport) -> dict[str, str]:
    """Ask for the text column of each table that was refused without one. Return the columns by path."""
    from qa.text.display import in_one_line

    chosen = {}
    for result in report.files:
        if result.columns:
            shared.say(f"{result.path} does not say which column holds the text. Its columns are:")
            for number, (name, value) in enumerate(result.columns, 1):
                shared.say(f"{number:>4}  {in_one_line(name)}{f': {value}' if value else ''}")
            chosen[result.path] = click.prompt(
                "Which column holds the text? Type its number or name (nothing: leave the file out)",
                default="",
                show_default=False,
                value_proc=partial(_column, [name for name, _ in result.columns]),
                err=True,
            )
    return {path: column for path, column in chosen.items() if column}


def _column(names: Sequence[str], answer: str) -> str:
    """Return the column that a person means, by its number or its name, or "" for an empty answer.

    Raises:
        click.BadParameter: there is no such column.
    """
    if answer.isdecimal() and 0 < int(answer) <= len(names):
        return names[int(answer) - 1]
    matching = [name for name in names if name.strip() == answer.strip()]
    if answer.strip() and not matching:
        raise click.BadParameter(f"there is no column “{answer}”")
    return matching[0] if matching else ""


def _in_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _gone(report: IndexReport) -> list[str]:
    """Return the ids of the documents whose files are gone."""
    return list(
        dict.fromkeys(
            result.document_id for result in report.files if result.status == "gone" and result.document_id
        )
    )


def _named(ids: Sequence[str]) -> str:
    """Return words on documents that are gone: `2 documents (a.txt, b.txt) are no longer`."""
    from qa.text.display import plural

    verb = "is" if len(ids) == 1 else "are"
    return f"{plural(len(ids), 'document')} ({_listed(ids)}) {verb} no longer"


def _listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - shared.NAMED:,} more" if len(names) > shared.NAMED else ""
    return f"{', '.join(names[: shared.NAMED])}{more}"


def _show_report(
    settings: options.Settings, report: IndexReport, write_to: Path | None, *, prunes: bool
) -> None:
    """Print what an index did, and write the report to a file if one is named."""
    from qa.intake.report import report_to_dict, write_report

    if write_to:
        write_report(report, write_to)
    for result in report.files:
        if result.error:
            shared.say(f"refused: {result.error.message}")
    for result in report.files:
        if result.status == "withdrawn" and not settings.quiet:
            shared.say(
                f"not indexed, as it was removed earlier: {result.document_id}; `pullquote restore` "
                "puts it back"
            )
        if result.status == "purged" and not settings.quiet:
            shared.say(
                f"not indexed, as it was purged earlier: {result.path}; to index it again, name "
                "the file itself"
            )
    for remark in report.remarks:
        shared.say(remark)
    if settings.as_json:
        shared.print_json(report_to_dict(report))
    elif not settings.quiet:
        _print_report(report, shared.library(settings), prunes=prunes)


def _print_report(report: IndexReport, library: LibraryAddress, *, prunes: bool) -> None:
    """Print what a run did or would do: counts, what was left out, gone files, and notes."""
    from qa.formats.kinds import READS
    from qa.intake.folders import is_followable, own_output
    from qa.places import SIDECAR
    from qa.text.display import plural, visible

    if report.dry_run:
        click.echo("The following would be done; nothing was changed.")
        for result in report.files:
            if result.status not in ("unchanged", "refused"):
                other = f": {result.document_id}" if result.document_id else ""
                click.echo(visible(f"{result.status:>9} {result.path}{other}"))
    counts = Counter[str](result.status for result in report.files)
    not_held = Counter({status: counts.pop(status) for status in _NOT_HELD if status in counts})
    summaries = [f"{plural(counts.total(), 'document')} in {report.seconds:.1f} s: {_summary(counts)}"]
    click.echo(
        "; ".join([*summaries, *([_summary(not_held)] if not_held.total() > not_held["skipped"] else [])])
    )
    links = [path for path in report.skipped if Path(path).is_symlink()]
    followable = [Path(path).name for path in links if is_followable(Path(path))]
    if followable:
        verb = "was" if len(followable) == 1 else "were"
        names = visible(_listed(followable))
        click.echo(
            f"{plural(len(followable), 'link')} {verb} not followed ({names}): to follow them, add "
            "--follow-links"
        )
    if others := [Path(path).name for path in links if not is_followable(Path(path))]:
        lead = "leads" if len(others) == 1 else "lead"
        names = visible(_listed(others))
        click.echo(
            f"left out {plural(len(others), 'link')} that {lead} to nothing that can be read ({names})"
        )
    files = [path for path in report.skipped if path not in links]
    own = [Path(path).name for path in files if own_output(Path(path))]
    if own:
        click.echo(
            f"left out {plural(len(own), 'file')} that Pullquote wrote itself ({visible(_listed(own))})"
        )
    if skipped := [
        name for name in (Path(path).name for path in files) if name not in own and not name.endswith(SIDECAR)
    ]:
        names = visible(_listed(skipped))
        click.echo(f"skipped {plural(len(skipped), 'file')} of another kind ({names}): {READS}")
    if gone := _gone(report):
        what = "they would be removed" if prunes else "to remove them from the library, add --prune"
        click.echo(visible(f"{_named(gone)} there; {what}"))
    for result in report.files:
        for note in result.notes if result.status != "unchanged" else ():
            # A note of a skipped part of an archive names the part itself. It concerns no document of the
            # archive. A duplicate has the id of a document that stands elsewhere, too.
            name = result.path if result.status == "duplicate" else result.document_id or result.path
            about = "" if result.status == "skipped" else f"{visible(name)}: "
            click.echo(f"note: {about}{visible(note)}")
    click.echo(f"library: {visible(str(library))}")


@click.command()
@click.option(
    "--encoder",
    metavar="NAME",
    help="Embed again with a bundled encoder, or a folder or hub id of sentence-transformers.",
)
@click.option(
    "--index",
    "address",
    metavar="ADDRESS",
    help="Build the index again, without embedding: at milvus://HOST:PORT, in milvus:///DIR/FILE.db, or in "
    "`files` of the library's folder. The library then remembers it, and deletes the former index.",
)
@options.general
@click.pass_obj
def reindex(settings: options.Settings, encoder: str | None, address: str | None) -> None:
    """Embed every passage again with another encoder, or build the index again, here or elsewhere.

    Documents and citations do not change. The former index need not be there, but restart a chat and other
    programs that use it.

    If an encoder does not come with Pullquote, it is opened only after you have named it yourself: with
    --encoder, which is remembered on this machine, or in PULLQUOTE_ENCODER. The name in a library is not
    enough.
    """
    from qa.storage.open import move_index
    from qa.text.display import plural

    if (encoder is None) == (address is None):
        raise click.UsageError("reindex needs either --encoder NAME or --index ADDRESS")
    settings.interrupted = "The library keeps its former vectors and index until the new ones are complete."
    if address is not None:
        with shared.progress(settings) as progress:
            left = move_index(shared.library(settings), address, progress)
        if left:
            shared.say(left)
        if not settings.quiet:
            click.echo(f"index built again: {address}")
        return
    with shared.corpus(settings) as corpus, shared.progress(settings) as progress:
        corpus.reindex(str(encoder), progress=progress)
        count, name = corpus.store.count().passages, corpus.store.encoder_identity.name
    if not settings.quiet:
        click.echo(f"{plural(count, 'passage')} embedded with {name}")


@click.command("copy")
@click.argument("source", type=options.PlaceName(), metavar="FROM")
@click.argument("target", type=options.PlaceName(), metavar="TO")
@options.index
@options.general
@click.pass_obj
def copy_library(settings: options.Settings, source: Path | str, target: Path | str) -> None:
    """Copy a library into an empty library: from a folder to a server or back, or to another index.

    Documents keep their ids, earlier texts, corrections and places, so that citations open as before. No
    file is read or embedded again. Then every text and passage of both libraries is read and compared. The
    thumbs, conversations, dossiers, aliases and the fitted confidence are copied, too. Of uploaded files,
    the newest of each name is copied. After an interruption, run the same command again to go on.

    End the chat first: what people store during the copy may be left out. --index names the index of TO.
    """
    from contextlib import closing

    from qa.places import library_address
    from qa.progress import meter
    from qa.storage.copying import copy
    from qa.storage.open import open_library, open_records
    from qa.text.display import plural

    shared.check_no_desk()
    settings.interrupted = "Run the same command to go on."
    from_address, to_address = map(library_address, (source, target))
    if from_address == to_address:
        raise click.UsageError("FROM and TO are the same library: name another library to copy to")
    with (
        closing(open_records(from_address)) as one,
        closing(open_library(to_address, index=shared.new_index(settings, to_address))) as other,
        meter(quiet=settings.quiet) as show,
    ):
        count = copy(one, other, lambda done, total: show("Copying documents", done, total))
        held = other.count().documents
        desk = _copy_desk(one, other)
    if not settings.quiet:
        click.echo(f"{plural(count, 'document')} copied; all {held:,} compared with the originals")
        click.echo(desk)


def _copy_desk(source: Store, target: Library) -> str:
    """Copy all that people keep to a library whose desk is empty. Return words on what was done."""
    from contextlib import closing

    from qa.asking.own_confidence import FILE as CONFIDENCE_FILE
    from qa.desk.desk import DeskDatabase
    from qa.text.display import plural
    from qa.text.names import ALIAS_FILE

    source.database.fetch_own_files()
    target.fetch_own_files()
    for name in (ALIAS_FILE, CONFIDENCE_FILE):
        if (source.folder / name).exists() and not (target.folder / name).exists():
            shared.put_own_file(target, name, (source.folder / name).read_bytes())
    with closing(DeskDatabase(source)) as old, closing(DeskDatabase(target)) as new:
        if not new.is_empty():
            return "TO already has thumbs, conversations or dossiers, so none were copied"
        new.take(old)
        thumbs, conversations = new.count_thumbs()[0], new.conversations.count()
        return (
            f"{plural(thumbs, 'thumb')}, {plural(conversations, 'conversation')} and "
            f"{plural(len(new.dossiers.all()), 'dossier')} copied"
        )
