"""The commands that ask: one question, many questions, or a suite of questions with known answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa.commands import dossiers, last_answer, options, shared
from qa.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.corpus import Corpus
    from qa.schema import Answer, Dates, Filters


@click.command()
@click.argument("words", metavar="QUESTION", nargs=-1, required=True)
@click.option("--history", metavar="QUESTION", multiple=True, help="An earlier question; may be repeated.")
@options.find_all
@click.option(
    "--keep",
    "dossier",
    metavar="NAME",
    help="Keep the quotes in a dossier, or the question if it has no answer.",
)
@options.strictness
@options.dates
@options.reader
@options.form
@options.json
@options.filters
@options.general
@click.pass_obj
def ask(
    settings: options.Settings,
    words: tuple[str, ...],
    history: tuple[str, ...],
    dossier: str | None,
    strictness: float,
    dates: Dates,
    filters: Filters,
    *,
    find_all: bool,
    form: options.Form | None,
) -> None:
    """Answer one QUESTION. If QUESTION is -, it is read from standard input.

    The exit code is 0 if the documents state the answer. It is 1 if they do not, or if no document matches
    the filters.
    """
    if settings.as_json and form not in (None, "json"):
        raise click.UsageError(f"--json contradicts --format {form}: leave one of them out")
    question = " ".join(words)
    if len(words) > 1:
        raise click.UsageError(f'put the question in quotes: pullquote ask "{question}"')
    if question == "-":
        question = _decoded(sys.stdin.buffer.read(), "standard input").strip()
    from qa.quoting.render import error_to_dict

    settings.failed = lambda failure: error_to_dict(question, filters, failure)
    with shared.corpus(settings) as corpus:
        answer = corpus.ask(question, history, filters, strictness, dates, find_all=find_all)
        _print_answer(answer, corpus, "json" if settings.as_json else form)
        last_answer.remember(corpus, answer, history)
        if dossier:
            message = dossiers.keep(corpus, dossier, answer, history)
            if not settings.quiet:
                shared.say(message)
        if not (settings.quiet or corpus.store.count().documents):
            shared.say("add documents with: pullquote index PATH")
    sys.exit(0 if answer.outcome == "answered" else 1)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start}); convert it to UTF-8") from error


def _print_answer(answer: Answer, corpus: Corpus, form: options.Form | None) -> None:
    """Print an answer in a form. Without a form, print it for a terminal, or else as plain text."""
    from qa.quoting import render
    from qa.text.json_lines import is_utf8

    if form == "json":
        click.echo(render.to_json(answer, corpus.document, ascii=not is_utf8(sys.stdout)))
    elif form == "markdown":
        from qa.quoting.markdown import to_markdown

        click.echo(to_markdown(answer, corpus.document), nl=False)
    elif form is None and sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(render.to_terminal(answer, corpus.document))
    else:
        click.echo(render.to_text(answer, corpus.document), nl=False)


@click.command("answer")
@click.argument("questions", type=click.Path(path_type=Path), metavar="QUESTIONS")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="ANSWERS.jsonl",
    help="The file for the answers; - is standard output.",
)
@options.force
@options.find_all
@options.strictness
@options.dates
@options.reader
@options.filters
@options.general
@click.pass_obj
def answer_many(
    settings: options.Settings,
    questions: Path,
    out: Path,
    strictness: float,
    dates: Dates,
    filters: Filters,
    *,
    find_all: bool,
    force: bool,
) -> None:
    """Answer many questions in order. Each answer is one line of JSON.

    QUESTIONS is a file, or - for standard input. A question is a line {"_id", "text", "history",
    "filters"}. The file can also be CSV with the columns question, id and history (an earlier question).
    Only the column question is required. Each further earlier question has its own row. If a line has
    filters, such as {"collection": "Wires", "since": "2008-04-04"}, they replace the options. A line of
    JSON that is not a question gets an answer line with the outcome "error". The exit code is 1 if there is
    such a line, or if no document matches the filters.

    After an interruption, run the same command again. It goes on where it stopped, if the library, the
    questions and the options are the same (ANSWERS.jsonl.state records them).
    """
    from qa.asking.unmatched import unmatched
    from qa.evaluation.batch import answer_file
    from qa.outputs import ANSWERS, check_no_source, check_output
    from qa.progress import meter
    from qa.schema import AskOptions
    from qa.text.display import plural

    data = _read_questions(questions, shared.say if not settings.quiet else lambda message: None)
    target = None if str(out) == "-" else out
    if target:
        check_output("--out", target, ANSWERS, library=shared.folder(settings), read=[questions], force=force)
        settings.interrupted = (
            f"The answers so far are in {out}; run the same command again to go on from there."
        )
    with shared.corpus(settings) as corpus, meter(quiet=settings.quiet) as show:
        if target:
            check_no_source("--out", target, ANSWERS, corpus.store.sources())
        matched = corpus.store.select(filters).documents
        if not matched:
            shared.say(unmatched(corpus.store, filters))
        outcomes = answer_file(
            corpus,
            data,
            target,
            AskOptions(filters, strictness, dates, find_all),
            progress=lambda done, total: show("Answering", done, total),
            say=shared.say if not settings.quiet else lambda message: None,
            force=force,
        )
    if not settings.quiet:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        shared.say(f"{plural(outcomes.total(), 'question')}: {counts}")
    sys.exit(1 if outcomes["error"] or not matched else 0)


def _read_questions(path: Path, say: Callable[[str], None]) -> bytes:
    """Return the lines of JSON of a file or of standard input. A table is converted to lines of JSON."""
    from qa.evaluation.suite import is_table, questions_of_table
    from qa.reading import read_file

    piped = str(path) == "-"
    data = sys.stdin.buffer.read() if piped else read_file(path)
    if path.suffix.lower() in (".csv", ".tsv") or is_table(data):
        return questions_of_table(data, Path("standard input") if piped else path, say)
    return data


_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("suite", type=click.Path(path_type=Path), required=False)
@click.option(
    "--answers",
    type=_file,
    metavar="FILE",
    help="Score these answers, or this TREC run, without asking questions.",
)
@click.option(
    "--out", type=_file, metavar="FILE", help="The file for the answers. [default: a file in the cache]"
)
@click.option("--baseline", type=_file, metavar="FILE", help="Compare with these answers, or this TREC run.")
@click.option(
    "--fail-under",
    "gates",
    multiple=True,
    metavar="MEASURE=VALUE",
    callback=options.gates,
    help="Exit with 1 if the measure is worse; may be repeated.",
)
@click.option("--report", type=_file, metavar="FILE.html", help="Write a web page with every question.")
@click.option(
    "--trec-run", type=_file, metavar="FILE", help="Write the documents found as a run for trec_eval."
)
@click.option(
    "--trec-qrels", type=_file, metavar="FILE", help="Write the documents expected as qrels for trec_eval."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Ask only N questions. The same N always gives the same questions.",
)
@click.option(
    "--check", is_flag=True, help="Only look up the expected quotes. Exit with 1 if a quote is not found."
)
@click.option("--fresh", is_flag=True, help="Ask every question again, even if its answer is stored.")
@click.option(
    "--fit",
    is_flag=True,
    help="Fit the library's confidence on these questions. Store the fit if it gains, otherwise exit with 1.",
)
@click.option("--unfit", is_flag=True, help="Only delete the confidence that was fitted to the library.")
@options.force
@options.strictness
@options.reader
@click.option("--encoder", metavar="NAME", help="Index the suite's own corpus with this encoder.")
@options.json
@options.general
@click.pass_obj
def evaluate(settings: options.Settings, /, suite: Path | None, *, unfit: bool, **chosen: Any) -> None:
    """Measure how well questions with known answers are answered.

    SUITE is a folder in BEIR layout, or a file of test queries. A folder has queries.jsonl and qrels.tsv
    (or qrels/test.tsv). Most folders also have a corpus: corpus.jsonl, or a folder named corpus in it or
    next to it. The corpus is indexed once into a separate library. Without a corpus, the current library
    answers the questions. If the questions have types, the measures are also given for each type.

    A file of test queries is CSV with the columns question, quote, answer, answerable (yes or no),
    document, history (an earlier question), filters (JSON, such as {"collection": "Wires"}) and id. Only
    the column question is required. Each further quote, answer or earlier question has its own row. The
    file can also be JSON lines of {"question", "quotes": [...], "answers", "answerable", "document",
    "history", "filters", "id"}. A question is asked with its filters. Its quotes are first looked up in the
    documents.

    --fit fits the confidence of the library on questions that are known to be answerable or not. They come
    from the SUITE and from the thumbs in the chat. At least 10 questions of each kind are needed. The
    command prints the gain on questions that were left out of the fit. If there is a gain, the fit is
    stored in the library's folder, and every answer uses it. Without a SUITE, only the questions with
    thumbs are asked again. --unfit deletes the fit.

    After an interruption, run the same command again. It goes on where it stopped.
    """
    import shlex

    from qa.evaluation import command, result_tables
    from qa.progress import meter

    if unfit:
        _unfit(settings, suite, chosen)
        return
    if suite is None and not chosen["fit"]:
        raise click.UsageError("Missing argument 'SUITE'.")
    _check_options(chosen)
    typed = shlex.join(["pullquote", *sys.argv[1:]])
    task = command.Task(
        suite=suite, library=shared.library(settings), reader=settings.reader, command=typed, **chosen
    )

    def kept(path: Path) -> None:
        settings.interrupted = (
            f"The answers so far are in {path}; run the same command again to go on from there."
        )

    settings.interrupted = "Run the same command again to go on from there."
    with meter(quiet=settings.quiet) as show:
        result = command.perform(task, show, shared.say if not settings.quiet else lambda message: None, kept)
    if settings.as_json:
        shared.print_json(result_tables.to_dict(result))
    elif sys.stdout.isatty():
        from rich.console import Console

        console = Console(highlight=False)
        console.print(result_tables.to_terminal(result, console.width))
    else:
        click.echo(result_tables.to_text(result), nl=False)
    sys.exit(0 if result.passed else 1)


def _unfit(settings: options.Settings, suite: Path | None, chosen: dict[str, Any]) -> None:
    """Remove the confidence that was fitted to the library."""
    from qa.asking import own_confidence

    source = click.get_current_context().get_parameter_source
    if suite or any(source(name) is ParameterSource.COMMANDLINE for name in chosen):
        raise click.UsageError("--unfit asks no questions: leave out the suite and all options for it")
    with shared.corpus(settings) as corpus:
        corpus.store.fetch_own_files()
        removed = own_confidence.remove(corpus.library)
        corpus.store.share_own_file(own_confidence.FILE)
    if settings.as_json:
        shared.print_json({"removed": removed})
    elif removed:
        click.echo(
            "The fitted confidence was deleted: from now on, the confidence that comes with "
            "Pullquote is used."
        )
    else:
        click.echo(
            "No confidence was fitted to this library: the confidence that comes with Pullquote is used."
        )


def _check_options(chosen: dict[str, Any]) -> None:
    """Refuse options that contradict each other."""
    from collections import Counter

    from qa.outputs import ANSWERS, written_files
    from qa.text.display import visible

    written = {name: chosen[name] for name in ("out", "report", "trec_run", "trec_qrels") if chosen[name]}
    source = click.get_current_context().get_parameter_source
    given = source("strictness") is not ParameterSource.DEFAULT
    # A reader in the environment is a habit. A reader on the command line is a choice for this run.
    reader = source("reader") is ParameterSource.COMMANDLINE
    if chosen["answers"] and (chosen["out"] or chosen["fresh"] or given or reader):
        raise click.UsageError(
            "--answers asks no questions: leave out --out, --fresh, --strictness and --reader"
        )
    if chosen["fit"] and (chosen["answers"] or chosen["limit"] or chosen["encoder"]):
        raise click.UsageError("--fit asks all questions: leave out --answers, --limit and --encoder")
    scored = any(chosen[name] for name in ("answers", "baseline", "gates", "fit"))
    about_answers = written or scored or given or reader
    if chosen["check"] and about_answers:
        raise click.UsageError("--check only looks up quotes: leave out the options for answers")
    files = [
        (f"--{name.replace('_', '-')}", file)
        for name, path in written.items()
        for file in (written_files(path, ANSWERS) if name == "out" else (path,))
    ]
    paths = Counter(file.resolve() for _, file in files)
    for option, file in files:
        if paths[file.resolve()] > 1:
            raise click.UsageError(
                f"{option} names the same file as another option: {visible(str(file))}. Name another file."
            )
