"""The command line: a thin skin on the library. Results go to standard output, all else to standard error.

Exit codes: 0 done (`ask`: answered), 1 not answered or some inputs failed, 2 wrong usage, 3 bad input,
library, model or disk, 4 internal, 130 interrupted. Only click is imported here; each command imports what
it needs, so that `--help` and `ask` start quickly.
"""

from __future__ import annotations

import functools
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa import __version__
from qa.errors import InputError, PullquoteError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from qa.corpus import Corpus
    from qa.evaluation.command import Gate
    from qa.formats import DateOrder
    from qa.schema import Answer, Dates, DocumentInfo, Failure, Filters, IndexReport, Progress
    from qa.stats import LibraryStats
    from qa.versions import Version


@dataclass
class Settings:
    """What holds for a whole run of the program, wherever on the command line it was said."""

    library: Path | None = None
    verbose: bool = False
    quiet: bool = False
    as_json: bool = False
    reader: str | None = None
    interrupted: str = "Nothing was changed."
    # What `--json` prints of an error.
    failed: Callable[[Failure], dict[str, Any]] = lambda failure: {"error": asdict(failure)}


class Commands(click.Group):
    """The outermost border: each error becomes one line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run what the command line names."""
        settings = ctx.ensure_object(Settings)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo(f"\ninterrupted. {settings.interrupted}", err=True)
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
    from qa.cite import visible
    from qa.render import dumps, is_utf8
    from qa.schema import Failure

    if settings.verbose:
        import traceback

        traceback.print_exc()
    click.echo(f"error: {visible(' '.join(message.splitlines()))}", err=True)
    if settings.as_json:
        with suppress(OSError):  # a full disk may be the very error that is reported
            click.echo(dumps(settings.failed(Failure(code, message)), ascii=not is_utf8(sys.stdout)))


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        # What was said before the command's name stands where nothing is said after it.
        if value:
            setattr(ctx.ensure_object(Settings), name, value)

    return callback


def _set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import logging

        ctx.ensure_object(Settings).verbose = True
        logging.basicConfig(format="%(name)s: %(message)s")
        for name in ("qa", "embeddings"):
            logging.getLogger(name).setLevel(logging.DEBUG)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make one decorator of several, listed in the order of the help."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


_general = _options(
    click.option(
        "--library",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        expose_value=False,
        callback=_set("library"),
        help="The folder of the store and the index. [PULLQUOTE_LIBRARY; else in the user's data folder]",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set("quiet"),
        help="No progress, no remarks.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_set_verbose,
        help="Tell what is done, and where an error arose.",
    ),
)
_json = click.option(
    "--json", is_flag=True, expose_value=False, callback=_set("as_json"), help="Print JSON, for a program."
)


def _day(*, last: bool) -> Callable[[click.Context, click.Parameter, str | None], dt.date | None]:
    """Read a day: `YYYY-MM-DD`, or the first (`last`: the last) day of `YYYY-MM` or `YYYY`."""

    def callback(_: click.Context, __: click.Parameter, value: str | None) -> dt.date | None:
        import calendar
        import datetime as dt
        import re

        if value is None:
            return None
        match = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", value, re.ASCII)
        if match is None:
            raise click.BadParameter(f"{value!r} is not a date; write 2008-04-04, 2008-04 or 2008")
        try:
            year = int(match[1])
            month = int(match[2] or (12 if last else 1))
            return dt.date(year, month, int(match[3] or (calendar.monthrange(year, month)[1] if last else 1)))
        except ValueError as error:
            raise click.BadParameter(f"there is no such day: {value}") from error

    return callback


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float:
    """Read the strictness: `.9` or `90%`, within the bounds of `qa.confidence`, which has the default too."""
    from qa import confidence

    if value is None:
        return confidence.STRICTNESS
    number, percent = value.strip().removesuffix("%"), value.strip().endswith("%")
    try:
        share = float(number) / 100 if percent else float(number)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a share; write .75 or 75%") from None
    try:
        confidence.threshold(share)
    except InputError as error:
        raise click.BadParameter(f"{error}; write, for example, .75 or 75%") from error
    return share


_strictness = click.option(
    "--strictness",
    metavar="SHARE",
    callback=_share,
    help="The share of the answers given that should be right, from .7 to .95: "
    "higher answers less often. [default: .86]",
)

_dates = click.option(
    "--ignore-dates",
    "dates",
    flag_value="ignore",
    default="auto",
    help="Do not prefer what fits a time that the question names (since 2007, in March 2008, latest).",
)

_reader = click.option(
    "--reader",
    metavar="[reader|cross-encoder|MODEL]",
    envvar="PULLQUOTE_READER",
    show_envvar=True,
    expose_value=False,
    callback=_set("reader"),
    help="What reads the passages: our own reader; the cross-encoder in its place, for comparison; or any "
    "CrossEncoder, a folder or hub id, such as a multilingual one, whose confidence is a guess.",
)

_filter_options = _options(
    click.option(
        "--since", metavar="DATE", callback=_day(last=False), help="From this day, month or year on."
    ),
    click.option("--until", metavar="DATE", callback=_day(last=True), help="Up to this day, month or year."),
    click.option("--publisher", metavar="NAME", default="", help="Only what NAME published."),
    click.option("--series", metavar="NAME", default="", help="Only the series NAME."),
    click.option("--document", metavar="ID", multiple=True, help="Only this document; may be repeated."),
    click.option(
        "--language", metavar="CODE", default="", help="Only documents in this language, such as en."
    ),
    click.option("--collection", metavar="NAME", default="", help="Only documents of this collection."),
)


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """Add the filter options; the command receives them as one `filters`."""

    @functools.wraps(command)
    def with_filters(
        *args: Any,
        since: dt.date | None,
        until: dt.date | None,
        publisher: str,
        series: str,
        document: tuple[str, ...],
        language: str,
        collection: str,
        **others: Any,
    ) -> None:
        from qa.schema import Filters

        if since and until and since > until:
            raise click.UsageError(f"--since {since} is later than --until {until}")
        filters = Filters(since, until, publisher, series, document, language, collection)
        command(*args, filters=filters, **others)

    decorated: Callable[..., None] = _filter_options(with_filters)
    return decorated


@contextmanager
def _corpus(settings: Settings) -> Iterator[Corpus]:
    from qa.corpus import Corpus

    with Corpus.open(_library(settings), create=False, reader=settings.reader) as corpus:
        yield corpus


def _library(settings: Settings) -> Path:
    from qa.places import default_library

    return settings.library or default_library()


@contextmanager
def _progress(settings: Settings) -> Iterator[Callable[[Progress], None]]:
    from qa.progress import meter, staged

    with meter(quiet=settings.quiet) as show:
        yield staged(show)


def _print_json(value: object) -> None:
    from qa.render import dumps, is_utf8

    click.echo(dumps(value, ascii=not is_utf8(sys.stdout), indent=2))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="pullquote", message="%(prog)s %(version)s")
@_general
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Answer questions from your documents with verbatim quotes and citations only."""
    ctx.ensure_object(Settings)


def _columns(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read FIELD=NAME, as often as it is given."""
    if not values:
        return {}
    from qa.formats.columns import FIELDS

    fields = ["id", *(field for field in FIELDS if field != "_id")]
    columns = {}
    for value in values:
        field, equals, name = value.partition("=")
        if not equals or not name or field not in fields:
            raise click.BadParameter(f"{value!r}: write FIELD=NAME, with a FIELD of {', '.join(fields)}")
        columns[field] = name
    return columns


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--date-order",
    type=click.Choice(["auto", "dmy", "mdy"]),
    default="auto",
    show_default=True,
    help="How a header's 5/4/2008 is read: auto leaves out what its number does not decide.",
)
@click.option(
    "--column",
    "columns",
    metavar="FIELD=NAME",
    multiple=True,
    callback=_columns,
    help="The column of a CSV or TSV, or key of a JSONL, that holds a field: text=body. May be repeated.",
)
@click.option("--prune", is_flag=True, help="Remove the documents of files that a folder no longer holds.")
@click.option("--dry-run", is_flag=True, help="Say what would be done with each file, and change nothing.")
@click.option(
    "--watch",
    is_flag=True,
    help="Go on until Ctrl-C: index what changes in the folders. Removes documents only with --prune.",
)
@click.option(
    "--report",
    "report_to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what became of each file: a table where FILE ends in .csv, else one JSON object a line.",
)
@_json
@_general
@click.pass_obj
def index(
    settings: Settings,
    paths: tuple[Path, ...],
    date_order: DateOrder,
    columns: dict[str, str],
    report_to: Path | None,
    *,
    prune: bool,
    dry_run: bool,
    watch: bool,
) -> None:
    """Bring the library in step with files and folders; without a PATH, with the brief that ships.

    What has not changed is left as it is, and a file that was moved keeps its document. A file that cannot be
    read is refused with its reason and the others go in; the exit code is then 1, or 3 when nothing went in.

    Documents whose files a folder no longer holds stay in the library: in a terminal it asks whether to
    remove them, elsewhere --prune does. `pullquote restore` puts them back.
    """
    from qa.places import shipped_corpus
    from qa.watch import bursts

    if watch and dry_run:
        raise click.UsageError("--dry-run says what would be done once: leave out --watch")
    settings.interrupted = "What was finished is kept; the same command goes on from there."
    given = paths or (shipped_corpus(),)
    asks = not (prune or dry_run or watch) and _in_a_terminal()
    report = None
    with _to_index(settings, dry_run=dry_run, date_order=date_order, columns=columns) as corpus:
        for _ in bursts(given, corpus.library) if watch else [None]:
            with _progress(settings) as progress:
                report = corpus.index(*given, progress=progress, prune=prune, dry_run=dry_run)
            if asks and (gone := _gone(report)):
                folders = ", ".join(str(path) for path in given if path.is_dir())
                _say(f"{_named(gone)} in {folders}")
                if click.confirm("Remove from the library?", err=True):
                    report = corpus.prune(report)
            _show_report(settings, report, report_to)
    refused = report.count("refused") if report else 0
    if report is None or refused or not report.files:
        sys.exit(1 if report and refused < len(report.files) else 3)


@contextmanager
def _to_index(settings: Settings, *, dry_run: bool, **options: Any) -> Iterator[Corpus]:
    """Open the library to index into; for a dry run so that nothing changes, or an empty one for none."""
    from tempfile import TemporaryDirectory

    from qa.corpus import Corpus
    from qa.errors import LibraryNotFoundError

    library = _library(settings)
    with TemporaryDirectory() as empty:
        try:
            corpus = Corpus.open(library, create=not dry_run, read_only=dry_run, **options)
        except LibraryNotFoundError:
            if not dry_run:
                raise
            corpus = Corpus.open(Path(empty), **options)
        with corpus:
            yield corpus


def _in_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _gone(report: IndexReport) -> list[str]:
    """List the ids of the documents whose files are gone."""
    return list(
        dict.fromkeys(each.document_id for each in report.files if each.status == "gone" and each.document_id)
    )


def _named(ids: Sequence[str]) -> str:
    """Name documents that are gone: `2 documents are no longer there (a.txt, b.txt)`."""
    from qa.render import plural

    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    verb = "is" if len(ids) == 1 else "are"
    return f"{plural(len(ids), 'document')} ({', '.join(ids[:_NAMED])}{more}) {verb} no longer"


def _show_report(settings: Settings, report: IndexReport, write_to: Path | None) -> None:
    """Print what an index did, and write it to the file that was named."""
    from qa.render import report_to_dict, write_report

    if write_to:
        write_report(report, write_to)
    for result in report.files:
        if result.status == "withdrawn" and not settings.quiet:
            _say(f"removed earlier, and left so: {result.document_id}; `pullquote restore` puts it back")
        if result.error:
            _say(f"refused: {result.error.message}")
    for remark in report.remarks:
        _say(remark)
    if settings.as_json:
        _print_json(report_to_dict(report))
    elif not settings.quiet:
        _print_report(report, _library(settings))


_NAMED = 3  # of many files


def _print_report(report: IndexReport, library: Path) -> None:
    from qa.cite import visible
    from qa.formats import READS
    from qa.render import STATUSES, plural

    if report.dry_run:
        click.echo("This is what would be done; nothing was changed.")
        for result in report.files:
            if result.status not in ("unchanged", "refused"):
                other = f": {result.document_id}" if result.document_id else ""
                click.echo(visible(f"{result.status:>9} {result.path}{other}"))
    counts = ", ".join(f"{count:,} {status}" for status in STATUSES if (count := report.count(status)))
    # A document in two places is one.
    not_held = ("refused", "withdrawn", "gone", "removed")
    held = {each.document_id for each in report.files if each.status not in not_held}
    click.echo(f"{plural(len(held), 'document')} in {report.seconds:.1f} s: {counts or 'nothing to do'}")
    if report.skipped:
        names = ", ".join(Path(path).name for path in report.skipped[:_NAMED])
        more = f" and {len(report.skipped) - _NAMED:,} more" if len(report.skipped) > _NAMED else ""
        click.echo(
            f"skipped {plural(len(report.skipped), 'file')} of another kind ({visible(names)}{more}): {READS}"
        )
    if gone := _gone(report):
        click.echo(visible(f"{_named(gone)} there; --prune removes what is gone from the library"))
    for result in report.files:
        for note in result.notes if result.status != "unchanged" else ():
            click.echo(f"note: {visible(result.document_id or result.path)}: {visible(note)}")
    click.echo(f"library: {visible(str(library))}")


def _say(message: str) -> None:
    from qa.cite import visible

    click.echo(visible(" ".join(message.splitlines())), err=True)


@cli.command()
@click.argument("words", metavar="QUESTION", nargs=-1, required=True)
@click.option("--history", metavar="QUESTION", multiple=True, help="An earlier question; may be repeated.")
@_strictness
@_dates
@_reader
@_json
@_filters
@_general
@click.pass_obj
def ask(
    settings: Settings,
    words: tuple[str, ...],
    history: tuple[str, ...],
    strictness: float,
    dates: Dates,
    filters: Filters,
) -> None:
    """Answer one QUESTION; - reads it from standard input.

    The exit code is 0 when the documents state the answer, 1 when they do not.
    """
    question = " ".join(words)
    if len(words) > 1:
        raise click.UsageError(f'put the question in quotes: pullquote ask "{question}"')
    if question == "-":
        question = _decoded(sys.stdin.buffer.read(), "standard input").strip()
    from qa.render import error_to_dict

    settings.failed = lambda failure: error_to_dict(question, filters, failure)
    with _corpus(settings) as corpus:
        _check_documents(corpus, filters)
        answer = corpus.ask(question, history, filters, strictness, dates)
        _print_answer(answer, corpus, as_json=settings.as_json)
    sys.exit(0 if answer.outcome == "answered" else 1)


def _check_documents(corpus: Corpus, filters: Filters) -> None:
    """Refuse an id that names nothing: its "not in the corpus" would be a slip of the keyboard."""
    for document_id in filters.document:
        corpus.document(document_id)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start}); convert it to UTF-8") from error


def _print_answer(answer: Answer, corpus: Corpus, *, as_json: bool) -> None:
    from qa import render

    if as_json:
        click.echo(render.to_json(answer, corpus.document, ascii=not render.is_utf8(sys.stdout)))
    elif sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(render.to_terminal(answer, corpus.document))
    else:
        click.echo(render.to_text(answer, corpus.document), nl=False)


@cli.command("answer")
@click.argument("questions", type=click.Path(path_type=Path), metavar="QUESTIONS.jsonl")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="ANSWERS.jsonl",
    help="Where the answers go; - is standard output.",
)
@_strictness
@_dates
@_reader
@_filters
@_general
@click.pass_obj
def answer_many(
    settings: Settings, questions: Path, out: Path, strictness: float, dates: Dates, filters: Filters
) -> None:
    """Answer many questions in order, one line of JSON each.

    A question is a line {"_id", "text", "history"}. A line that is no question gets an answer line with the
    outcome "error", and the exit code is 1. Interrupted, the same command goes on where it stopped as long as
    the library, the questions and the options are the same (ANSWERS.jsonl.state holds the evidence).
    """
    from qa.batch import answer_file
    from qa.progress import meter
    from qa.render import plural

    try:
        data = questions.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the questions in {questions}: {error.strerror}") from error
    target = None if str(out) == "-" else out
    if target:
        if target.exists() and target.samefile(questions):
            raise click.UsageError("--out names the questions file itself")
        settings.interrupted = f"The answers so far are in {out}; the same command goes on from there."
    with _corpus(settings) as corpus, meter(quiet=settings.quiet) as show:
        _check_documents(corpus, filters)
        outcomes = answer_file(
            corpus,
            data,
            target,
            filters,
            progress=lambda done, total: show("Answering", done, total),
            say=_say if not settings.quiet else lambda message: None,
            strictness=strictness,
            dates=dates,
        )
    if not settings.quiet:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        _say(f"{plural(outcomes.total(), 'question')}: {counts}")
    sys.exit(1 if outcomes["error"] else 0)


def _gates(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[Gate, ...]:
    if not values:
        return ()
    from qa.evaluation.command import Gate

    try:
        return tuple(map(Gate.parse, values))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_file = click.Path(dir_okay=False, path_type=Path)


@cli.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "--answers", type=_file, metavar="FILE", help="Score these answers, or this TREC run; ask nothing."
)
@click.option("--out", type=_file, metavar="FILE", help="Keep the answers here. [a file in the cache]")
@click.option("--baseline", type=_file, metavar="FILE", help="Compare with these answers, or this TREC run.")
@click.option(
    "--fail-under",
    "gates",
    multiple=True,
    metavar="MEASURE=VALUE",
    callback=_gates,
    help="Exit with 1 where the measure is worse; may be repeated.",
)
@click.option("--report", type=_file, metavar="FILE.html", help="Write a page with every question.")
@click.option(
    "--trec-run", type=_file, metavar="FILE", help="Write the documents found, as trec_eval reads it."
)
@click.option("--trec-qrels", type=_file, metavar="FILE", help="Write the documents expected, likewise.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N questions, drawn always the same.")
@click.option(
    "--check", is_flag=True, help="Only look up the expected quotes; exit with 1 where one is lost."
)
@click.option("--fresh", is_flag=True, help="Ask every question again, whatever answers are kept.")
@_strictness
@_reader
@click.option("--encoder", metavar="NAME", help="Index the suite's own corpus with this encoder.")
@_json
@_general
@click.pass_obj
def evaluate(settings: Settings, /, suite: Path, **options: Any) -> None:
    """Measure how well questions are answered whose answers are known.

    SUITE is a folder in BEIR layout, or a file of test queries. A folder holds queries.jsonl, qrels.tsv (or
    qrels/test.tsv) and mostly corpus.jsonl, which is indexed once into a library of its own; without it, the
    questions are asked of the current library.

    A file of test queries is CSV with the columns question, quote, answer, answerable (yes or no), document,
    history (an earlier question) and id, of which only question is needed; further quotes, answers and
    earlier questions take rows of their own. Or it is JSON lines of {"question", "quotes": [...],
    "answers", "answerable", "document", "history", "id"}. Its quotes are looked up in the documents first.

    Interrupted, the same command goes on where it stopped.
    """
    import shlex

    from qa.evaluation import command, tables
    from qa.progress import meter

    _check_options(suite, options)
    typed = shlex.join(["pullquote", *sys.argv[1:]])
    task = command.Task(
        suite=suite, library=_library(settings), reader=settings.reader, command=typed, **options
    )

    def kept(path: Path) -> None:
        settings.interrupted = f"The answers so far are in {path}; the same command goes on from there."

    settings.interrupted = "The same command goes on from there."
    with meter(quiet=settings.quiet) as show:
        result = command.perform(task, show, _say if not settings.quiet else lambda message: None, kept)
    if settings.as_json:
        _print_json(tables.to_dict(result))
    elif sys.stdout.isatty():
        from rich.console import Console

        console = Console(highlight=False)
        console.print(tables.to_terminal(result, console.width))
    else:
        click.echo(tables.to_text(result), nl=False)
    sys.exit(0 if result.passed else 1)


def _check_options(suite: Path, options: dict[str, Any]) -> None:
    """Refuse options that contradict each other, and outputs that would overwrite what is read."""
    written = {name: options[name] for name in ("out", "report", "trec_run", "trec_qrels") if options[name]}
    source = click.get_current_context().get_parameter_source
    given = source("strictness") is not ParameterSource.DEFAULT
    # In the environment the reader is a habit, on the command line a wish.
    reader = source("reader") is ParameterSource.COMMANDLINE
    if options["answers"] and (options["out"] or options["fresh"] or given or reader):
        raise click.UsageError("--answers asks nothing: leave out --out, --fresh, --strictness and --reader")
    about_answers = (
        written or options["answers"] or options["baseline"] or options["gates"] or given or reader
    )
    if options["check"] and about_answers:
        raise click.UsageError("--check only looks up quotes: leave out what is about answers")
    parts = ("queries.jsonl", "corpus.jsonl", "qrels.tsv", "qrels/test.tsv")
    inputs = (suite, *(suite / part for part in parts), options["answers"], options["baseline"])
    read = {path.resolve() for path in inputs if path}
    for name, path in written.items():
        option = f"--{name.replace('_', '-')}"
        if path.resolve() in read:
            raise click.UsageError(f"{option} names a file that is read: {path}")
        if [other.resolve() for other in written.values()].count(path.resolve()) > 1:
            raise click.UsageError(f"{option} names a file that another option names too: {path}")


class Documents(click.Group):
    """Takes what is no command for the id of a document that was to be shown."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name."""
        if self.get_command(ctx, args[0]) is None:
            document_id = f'"{args[0]}"' if " " in args[0] else args[0]
            raise click.UsageError(f"to show one document: pullquote documents show {document_id}", ctx)
        return super().resolve_command(ctx, args)


@cli.group(cls=Documents, invoke_without_command=True)
@click.option("--stats", is_flag=True, help="Say how much the library holds, and what that costs, instead.")
@click.option("--removed", is_flag=True, help="List what was removed and can be restored, instead.")
@_json
@_filters
@_general
@click.pass_context
def documents(ctx: click.Context, filters: Filters, *, stats: bool, removed: bool) -> None:
    """List the documents in the library, or show one."""
    if ctx.invoked_subcommand:
        return
    settings = ctx.ensure_object(Settings)
    if stats and filters:
        raise click.UsageError("--stats is about the whole library: leave out the filters")
    if removed and (stats or filters):
        raise click.UsageError("--removed lists all that was removed: leave out --stats and the filters")
    with _corpus(settings) as corpus:
        if removed:
            _print_removed(corpus.removed(), as_json=settings.as_json)
            return
        if stats:
            _print_stats(corpus.stats(), as_json=settings.as_json)
            return
        infos = corpus.documents(filters)
    _print_documents(infos, as_json=settings.as_json)


def _print_stats(stats: LibraryStats, *, as_json: bool) -> None:
    from qa.stats import to_dict, to_text

    if as_json:
        _print_json(to_dict(stats))
    else:
        click.echo(to_text(stats), nl=False)


def _print_removed(versions: tuple[Version, ...], *, as_json: bool) -> None:
    from qa.cite import visible
    from qa.render import version_to_dict

    if as_json:
        _print_json([version_to_dict(version) for version in versions])
        return
    for version in versions:
        title = visible(" ".join(version.title.split()))
        click.echo(f"{visible(version.document_id)}\t{version.at:%Y-%m-%d}\t{title}")


def _print_documents(infos: tuple[DocumentInfo, ...], *, as_json: bool) -> None:
    from qa.cite import visible
    from qa.render import info_to_dict, plural

    if as_json:
        _print_json([info_to_dict(info) for info in infos])
        return
    rows = [
        [
            visible(" ".join(str(field).split()))
            for field in (info.id, info.date or "", info.publisher, info.number, info.title)
        ]
        for info in infos
    ]
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for document_id, *known, title in rows:
        console.print(Text.assemble((title or document_id, "bold"), "\n  ", document_id))
        console.print(Text(f"  {', '.join(field for field in known if field)}", "dim"))
    console.print(f"{plural(len(rows), 'document')}")


@documents.command()
@click.argument("document_id", metavar="ID")
@_json
@_general
@click.pass_obj
def show(settings: Settings, document_id: str) -> None:
    """Show what is known of the document ID, and its text.

    Control characters in the text are shown as symbols; --json gives it as it is.
    """
    from qa.cite import visible
    from qa.render import info_to_dict, version_to_dict
    from qa.schema import Filters

    with _corpus(settings) as corpus:
        text = corpus.document(document_id).text
        (info,) = corpus.documents(Filters(document=(document_id,)))
        versions = corpus.versions(document_id)
    known = info_to_dict(info)
    if settings.as_json:
        _print_json({**known, "versions": [version_to_dict(each) for each in versions], "text": text})
        return
    places, notes, found = known.pop("locations"), known.pop("notes"), known.pop("found")
    origins = {each["field"]: f" ({each['source']}, {each['sure']})" for each in found}
    several = [*(("location", place) for place in places), *(("note", note) for note in notes)]
    for name, value in [*known.items(), *several]:
        if value != "" or name in origins:
            click.echo(
                f"{name}: {visible(' '.join(str(value).splitlines()))}{visible(origins.get(name, ''))}"
            )
    for version in versions:
        click.echo(f"version: {version.sha256}, {version.reason} on {version.at:%Y-%m-%d}")
    click.echo(f"\n{visible(text)}")


def _values(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read `FIELD=VALUE`, several times."""
    pairs = [each.partition("=") for each in given]
    for name, equals, _value in pairs:
        if not equals:
            raise click.BadParameter(f"{name!r} says no value; write title=… or title= for none")
    return {name.strip(): value for name, _, value in pairs}


@documents.command()
@click.argument("document_id", metavar="ID")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=_values,
    help="What a field is: title, author, publisher, series, number, date, url, language or collection; "
    "may be repeated.",
)
@click.option("--reset", multiple=True, metavar="FIELD", help="Undo a correction; may be repeated.")
@_json
@_general
@click.pass_obj
def edit(settings: Settings, document_id: str, values: dict[str, str], reset: tuple[str, ...]) -> None:
    """Correct what is known of the document ID; its text and citations stay.

    An empty VALUE says that there is none; a date is written 2008-04-04. Corrections stay when the document
    is read again, or replaced; `documents show` marks them. The file itself is not changed: a sidecar file
    beside it, named FILE.meta.toml, says the same for all documents of a file (title = "…").
    """
    from qa.cite import visible
    from qa.render import info_to_dict
    from qa.schema import Filters

    if not values and not reset:
        raise click.UsageError("say what to correct, such as --set title=…, or what to --reset")
    if both := values.keys() & set(reset):
        raise click.UsageError(f"--reset {both.pop()} contradicts --set")
    with _corpus(settings) as corpus:
        edited, corrected = corpus.edit(document_id, values, reset=reset)
        (info,) = corpus.documents(Filters(document=(document_id,)))
    if settings.as_json:
        _print_json({**info_to_dict(info), "corrected": list(corrected)})
    elif not settings.quiet:
        from qa.metadata import value_of

        for name in dict.fromkeys((*values, *reset)):
            click.echo(f"{name}: {visible(value_of(edited, name)) or 'none'}")


@cli.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--purge", is_flag=True, help="Erase them for good, with every version and thumb.")
@click.option(
    "--cited-by",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="With --purge: say what FILE cites of them; may be repeated.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_json
@_general
@click.pass_obj
def remove(
    settings: Settings, ids: tuple[str, ...], cited_by: tuple[Path, ...], *, purge: bool, yes: bool
) -> None:
    """Take documents out of every answer: all that are named, or none if one is unknown.

    The files that they were read from stay, and do not bring them back until they change. Citations still
    open them, and `pullquote restore` puts them back, until --purge: that erases text, vectors and thumbs,
    of what was removed before too, and says what cites it. Without an ID, --purge finishes what was
    interrupted. In a terminal, it asks first.
    """
    from qa.cite import visible

    if not ids and not purge:
        raise click.UsageError("name the documents to remove: `pullquote documents` lists them")
    if cited_by and not purge:
        raise click.UsageError("--cited-by goes with --purge")
    with _corpus(settings) as corpus:
        lost = _Lost.by_purging(corpus, ids, cited_by) if purge else None
        if lost and not settings.quiet:
            for line in lost.lines:
                _say(line)
        if sys.stdin.isatty() and ids and not yes:
            if not lost:
                for document_id in ids:
                    click.echo(
                        f"{visible(document_id)}: {visible(corpus.document(document_id).title)}", err=True
                    )
            question = "Erase for good? There is no way back." if purge else "Remove from the library?"
            if not click.confirm(question, err=True):
                click.echo("Nothing was removed.", err=True)
                sys.exit(1)
        removed = corpus.purge(ids) if purge else corpus.remove(ids)
    done = "purged" if purge else "removed"
    if settings.as_json:
        _print_json({done: list(removed), **({"cited": lost.to_dict()} if lost else {})})
    elif not settings.quiet:
        for document_id in removed:
            click.echo(f"{done} {visible(document_id)}")


@dataclass(frozen=True)
class _Lost:
    """What cites documents that are to be erased: thumbs in the library, by id, and quotes in files."""

    titles: dict[str, str]
    paths: tuple[str, ...]
    thumbs: dict[str, tuple[int, tuple[str, ...]]]
    files: dict[Path, int]

    @classmethod
    def by_purging(cls, corpus: Corpus, ids: tuple[str, ...], files: tuple[Path, ...]) -> _Lost:
        from qa.claims import claims
        from qa.schema import Filters
        from qa.verify import citing

        held = {info.id: info for info in corpus.documents(Filters(document=ids))} if ids else {}
        titles, texts, paths = {}, {info.sha256 for info in held.values()}, set()
        for document_id in ids:
            versions = corpus.versions(document_id)
            if document_id not in held and not versions:
                corpus.document(document_id)  # which says that there is none
            info = held.get(document_id)
            titles[document_id] = info.title if info else versions[0].title
            texts |= {version.sha256 for version in versions}
            paths.add(info.path if info else str(versions[0].held["path"]))
        counts = {path: citing(claims(path), texts, set(titles.values())) for path in files}
        thumbs = {document_id: corpus.citing(document_id) for document_id in ids}
        return cls(titles, tuple(path for path in sorted(paths) if Path(path).exists()), thumbs, counts)

    @property
    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        from qa.render import plural

        for document_id, title in self.titles.items():
            count, questions = self.thumbs[document_id]
            asked = f", on {', '.join(map(repr, questions[:_NAMED]))}" if questions else ""
            more = f" and {len(questions) - _NAMED:,} more" if len(questions) > _NAMED else ""
            yield f"{document_id} ({title}): {plural(count, 'thumb')} would go with it{asked}{more}"
        for file, quotes in self.files.items():
            yield f"{file} cites what would go: {plural(quotes, 'quote')}"
        for path in self.paths:
            yield f"{path} stays, and would be indexed again"
        if self.titles:
            yield "what else cites it cannot be known here: `pullquote verify FILE` tells of any text"

    def to_dict(self) -> dict[str, Any]:
        """Say it to a program."""
        return {
            "thumbs": {
                each: {"count": n, "questions": list(asked)} for each, (n, asked) in self.thumbs.items()
            },
            "files": {str(path): quotes for path, quotes in self.files.items()},
        }


@cli.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_json
@_general
@click.pass_obj
def verify(settings: Settings, paths: tuple[Path, ...]) -> None:
    """Say of every quote in a FILE whether the documents say it.

    FILE holds answers (JSON, or JSON lines), or an export or report: HTML, Markdown or plain text, with
    quotes in quotation marks and citations, or links, or neither. A quote is verbatim; superseded, or
    removed, where an earlier text says it; moved, where it stands elsewhere; altered, which is shown; or
    unknown. In Markdown and plain text, lines may be broken anew.

    The exit code is 0 when all are verbatim, 1 when not, and 3 where a FILE quotes nothing.
    """
    from qa.claims import claims
    from qa.progress import meter
    from qa.verify import Verifier, lines, summary, to_dict

    settings.interrupted = "Nothing was changed."
    read = {path: claims(path) for path in paths}
    for path, found in read.items():
        if not found:
            raise InputError(f"{path} quotes nothing: there is no quotation, citation or answer in it")
    results = {}
    with _corpus(settings) as corpus, meter(quiet=settings.quiet) as show:
        verifier = Verifier(corpus)
        for path, found in read.items():
            results[path] = verifier.verdicts(found, functools.partial(show, f"Verifying {path.name}"))
    verdicts = [verdict for each in results.values() for verdict in each]
    if settings.as_json:
        _print_json({"files": [{"file": str(path), **to_dict(each)} for path, each in results.items()]})
    else:
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, soft_wrap=True)
        for path, each in results.items():
            if len(results) > 1:
                console.print(Text(str(path), "bold"))
            for verdict in each:
                for pieces in lines(verdict):
                    console.print(Text.assemble(*pieces))
        if not settings.quiet:
            _say(f"{summary(verdicts)}")
    sys.exit(0 if all(verdict.status == "verbatim" for verdict in verdicts) else 1)


@cli.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@_json
@_general
@click.pass_obj
def restore(settings: Settings, ids: tuple[str, ...]) -> None:
    """Put back documents that were removed, as they were then; none if one of them cannot be.

    `pullquote documents --removed` lists them.
    """
    from qa.cite import visible

    with _corpus(settings) as corpus, _progress(settings) as progress:
        results = corpus.restore(ids, progress=progress)
    if settings.as_json:
        _print_json({"restored": [result.document_id for result in results]})
    elif not settings.quiet:
        for result in results:
            click.echo(f"restored {visible(result.document_id)}")


@cli.command()
@click.option(
    "--encoder",
    metavar="NAME",
    required=True,
    help="A bundled name, a folder or a hub id of sentence-transformers.",
)
@_general
@click.pass_obj
def reindex(settings: Settings, encoder: str) -> None:
    """Embed every passage anew with another encoder. Documents and citations stay as they are."""
    from qa.render import plural

    settings.interrupted = "The library still has the vectors that it had."
    with _corpus(settings) as corpus, _progress(settings) as progress:
        corpus.reindex(encoder, progress=progress)
        count, name = corpus.count().passages, corpus.encoder_identity.name
    if not settings.quiet:
        click.echo(f"{plural(count, 'passage')} embedded with {name}")


@cli.command()
@click.argument("name", default="")
@_json
@_general
@click.pass_obj
def names(settings: Settings, name: str) -> None:
    """Say how the documents spell NAME, and where names that mean the same are listed.

    Romanisations of a Korean name match by themselves. For others, write groups into aliases.txt in the
    library's folder: a line each, with " = " between the names. What follows a # is a remark. Lines that
    cannot be read are named and left out; the exit code is then 1, as it is when NAME is not found.
    """
    from qa.cite import visible
    from qa.names import ALIAS_FILE
    from qa.render import plural

    with _corpus(settings) as corpus:
        found, held = corpus.names(name).names if name else (), bool(name) and corpus.holds(name)
        aliases = corpus.aliases()
    path = _library(settings) / ALIAS_FILE
    groups = plural(aliases.own, "group") if path.exists() else "not there"
    if settings.as_json:
        matched = [{"asked": each.asked, "found": list(each.found)} for each in found]
        listed = {"file": str(path), "groups": aliases.own, "problems": list(aliases.problems)}
        _print_json({"name": name, "held": held, "matched": matched, "aliases": listed})
    else:
        for each in found:
            click.echo(visible(f"{each.asked}: {', '.join(each.found)}"))
        if name:
            click.echo(visible(f"the documents {'hold' if held else 'do not hold'} {name} as written"))
        click.echo(visible(f"aliases: {path} ({groups})"))
        for problem in aliases.problems:
            _say(problem)
    sys.exit(1 if aliases.problems or (name and not found and not held) else 0)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=7860,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes a free one.",
)
@click.option("--browser/--no-browser", default=True, help="Open the page, or only say where it is.")
@_strictness
@_reader
@_general
@click.pass_obj
def chat(settings: Settings, host: str, port: int, strictness: float, *, browser: bool) -> None:
    """Open the chat in the browser.

    The page begins with --strictness; it can be changed there.
    """
    import ui

    settings.interrupted = "The chat has stopped."
    ui.serve(
        _library(settings), host, port, open_browser=browser, strictness=strictness, reader=settings.reader
    )


@cli.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write FILE.jsonl or FILE.csv, not standard output.",
)
@click.option("--force", is_flag=True, help="Replace FILE, whatever it holds.")
@_json
@_general
@click.pass_obj
def feedback(settings: Settings, out: Path | None, *, force: bool) -> None:
    """Write the thumbs pressed in the chat as a file of test queries, for evaluate.

    A question is a line {"id", "question", "history", "quotes", "answerable", "document", "rejected",
    "notes"}. Quotes with a thumb up are expected, those with a thumb down rejected. Where an answer was
    judged wrong, answerable is null, for you to fill in; a file that you have changed is not replaced. In
    CSV, a cell that a spreadsheet would take for a formula has an apostrophe in front, which evaluate takes
    away. The exit code is 1 where there is no thumb yet.
    """
    from qa.feedback import count, save, to_jsonl, to_queries
    from qa.render import is_utf8, plural

    if out and out.suffix.lower() not in (".jsonl", ".csv"):
        raise click.UsageError(f"--out: {out} should end in .jsonl or .csv")
    with _corpus(settings) as corpus:
        counts, queries = count(corpus.thumbs()), to_queries(corpus)
    if settings.as_json:
        _print_json({"thumbs": counts["thumbs"], "queries": queries})
    elif not out:
        click.echo(to_jsonl(queries, ascii=not is_utf8(sys.stdout)), nl=False)
    if not queries:
        _say("no thumbs yet: in `pullquote chat`, press one on an answer or on a quote; nothing was written")
        sys.exit(1)
    if out:
        save(queries, out, replace=force)
    if not settings.quiet:
        for query in queries:
            for note in query.get("notes", ()):
                _say(f"note: {query['question']}: {note}")
        where = f" written to {out}" if out else ""
        made = f"{len(queries):,} test {'query' if len(queries) == 1 else 'queries'}"
        _say(f"{plural(counts['thumbs'], 'thumb')}: {made}{where}")


@cli.command()
@_json
@_general
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Say what is installed, which models and which library, and what is wrong.

    The exit code is 1 when something is wrong.
    """
    from qa import doctor as check_up

    findings = check_up.examine(_library(settings))
    if settings.as_json:
        _print_json(check_up.to_dict(findings))
    else:
        click.echo(check_up.to_text(findings), nl=False)
    sys.exit(1 if check_up.problems(findings) else 0)


def main() -> None:
    """Run the command line: what `pullquote` and `python -m qa` start."""
    # A console that cannot show a character must not end the program; JSON is plain ASCII there.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="pullquote")
