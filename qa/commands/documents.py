"""The commands for documents: list, correct, remove and restore them, and open citations of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.commands import bibliography, last_answer, options, shared
from qa.errors import InputError
from qa.schema.fields import FIELDS, SEARCHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.corpus import Corpus
    from qa.quoting.bibliography.copied import CopyFormat
    from qa.schema import DocumentInfo, Filters
    from qa.storage.results import LibraryStats, Version


class Documents(click.Group):
    """Treat a word that is not a command as the id of a document, and say how to show the document."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name."""
        if self.get_command(ctx, args[0]) is None:
            document_id = f'"{args[0]}"' if " " in args[0] else args[0]
            raise click.UsageError(f"to show one document: pullquote documents show {document_id}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Documents, invoke_without_command=True)
@click.option(
    "--find",
    "words",
    default="",
    metavar="WORDS",
    help=f"Only documents with WORDS in their {', '.join(SEARCHED)} or id.",
)
@click.option(
    "--text", default="", metavar="WORDS", help="Only documents whose text has WORDS together, in this order."
)
@click.option(
    "--stats",
    is_flag=True,
    help="Print the size of the library and what it takes in files and memory, instead.",
)
@click.option("--removed", is_flag=True, help="List the removed documents that can be restored, instead.")
@options.json
@options.filters
@options.general
@click.pass_context
def documents(
    ctx: click.Context, filters: Filters, words: str, text: str, *, stats: bool, removed: bool
) -> None:
    """List the documents in the library, or show one.

    The exit code is 1 if no document matches the filters, --find and --text.
    """
    if ctx.invoked_subcommand:
        return
    from qa.asking.unmatched import unmatched
    from qa.schema import DocumentQuery

    settings = ctx.ensure_object(options.Settings)
    asked = bool(filters or words or text)
    if stats and asked:
        raise click.UsageError(
            "--stats describes the whole library: leave out the filters, --find and --text"
        )
    if removed and (stats or asked):
        raise click.UsageError(
            "--removed lists all removed documents: leave out --stats, the filters, --find and --text"
        )
    with shared.corpus(settings) as corpus:
        if removed:
            _print_removed(corpus.store.removed(), as_json=settings.as_json)
            return
        if stats:
            _print_stats(corpus.stats(), as_json=settings.as_json)
            return
        infos = corpus.find_documents(DocumentQuery(words, filters, text=text)).documents
        if asked and not infos:
            matched = corpus.store.select(filters).documents
            shared.say(_not_found(words, text, filters) if matched else unmatched(corpus.store, filters))
    _print_documents(infos, as_json=settings.as_json)
    sys.exit(1 if asked and not infos else 0)


def _not_found(words: str, text: str, filters: Filters) -> str:
    from qa.text.display import describe_filters

    within = f" within the filters ({describe_filters(filters)})" if filters else ""
    in_metadata = f"“{words}” in its {', '.join(SEARCHED)} or id" if words else ""
    in_text = f"“{text}” in its text" if text else ""
    return f"No document{within} has {' and '.join(filter(None, (in_metadata, in_text)))}."


def _print_stats(stats: LibraryStats, *, as_json: bool) -> None:
    from qa.storage.stats import to_dict, to_text
    from qa.text.display import visible

    if as_json:
        shared.print_json(to_dict(stats))
    else:
        click.echo(visible(to_text(stats)), nl=False)


def _print_removed(versions: tuple[Version, ...], *, as_json: bool) -> None:
    from qa.text.display import visible

    if as_json:
        shared.print_json([version.to_dict() for version in versions])
        return
    for version in versions:
        title = visible(" ".join(version.title.split()))
        click.echo(f"{visible(version.document_id)}\t{version.at:%Y-%m-%d}\t{title}")


def _print_documents(infos: tuple[DocumentInfo, ...], *, as_json: bool) -> None:
    """Print documents as JSON, as a table on a terminal, or else as lines with tabs."""
    from qa.document.metadata import value_of
    from qa.quoting.render import info_to_dict
    from qa.text.display import plural, visible

    if as_json:
        shared.print_json([info_to_dict(info) for info in infos])
        return
    between = (name for name, field in FIELDS.items() if field.in_terminal and name not in ("date", "title"))
    shown = ("date", *between, "title")
    rows = [
        [visible(" ".join(cell.split())) for cell in (info.id, *(value_of(info, name) for name in shown))]
        for info in infos
    ]
    headings = ("ID", *(FIELDS[name].label for name in shown))
    if not sys.stdout.isatty():
        for row in (headings, *rows) if rows else ():
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "Date")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    console.print(f"{plural(len(rows), 'document')}")


@documents.command()
@click.argument("document_id", metavar="ID")
@click.option(
    "--version",
    "sha256",
    metavar="SHA",
    help="Show an earlier text, named by the first digits of its "
    "SHA-256. Without this option, the command lists the earlier texts.",
)
@options.json
@options.general
@click.pass_obj
def show(settings: options.Settings, document_id: str, sha256: str | None) -> None:
    """Show the metadata of the document ID, and its text.

    Control characters in the text are shown as symbols. With --json, the text is unchanged.
    """
    from qa.quoting.render import info_to_dict
    from qa.schema import Filters
    from qa.text.display import visible

    with shared.corpus(settings) as corpus:
        if sha256 is None:
            text = corpus.document(document_id).text
            (info,) = corpus.documents(Filters(document=(document_id,)))
            versions = corpus.store.versions(document_id)
        else:
            earlier, document = corpus.store.earlier(document_id, sha256)
            text, info, versions = document.text, earlier.info(document), (earlier,)
    metadata = info_to_dict(info)
    if settings.as_json:
        shared.print_json({**metadata, "versions": [version.to_dict() for version in versions], "text": text})
        return
    places, notes, sources = metadata.pop("locations"), metadata.pop("notes"), metadata.pop("found")
    origins = {source["field"]: f" ({source['source']}, {source['sure']})" for source in sources}
    origins |= {
        source["field"]: f" ({source['source']})" for source in sources if source["sure"] == "corrected"
    }
    several = [*(("location", location) for location in places), *(("note", note) for note in notes)]
    for name, value in [*metadata.items(), *several]:
        if value != "" or name in origins:
            click.echo(
                f"{name}: {visible(' '.join(str(value).splitlines()))}{visible(origins.get(name, ''))}"
            )
    for version in versions:
        click.echo(f"version: {visible(version.sha256)}, {version.reason} on {version.at:%Y-%m-%d}")
    click.echo(f"\n{visible(text)}")


@documents.command()
@click.argument("document_id", metavar="ID")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=options.values,
    help=f"Set a field: {', '.join(FIELDS)}; may be repeated.",
)
@click.option(
    "--reset",
    multiple=True,
    metavar="FIELD",
    callback=options.fields,
    help="Undo a correction; may be repeated.",
)
@options.json
@options.general
@click.pass_obj
def edit(
    settings: options.Settings, document_id: str, values: dict[str, str], reset: tuple[str, ...]
) -> None:
    """Correct the metadata of the document ID. Its text and citations stay.

    An empty VALUE means that there is no value. A date is written 2008-04-04, or 2008-04 or 2008 if no more
    is known. Corrections stay when the document is read again or replaced, and `documents show` marks them.
    The file itself is not changed. To set a field for all documents of a file, write a sidecar file next to
    it, named FILE.meta.toml (title = "…").
    """
    from qa.quoting.render import info_to_dict
    from qa.schema import Filters
    from qa.text.display import visible

    if not values and not reset:
        raise click.UsageError("name a field to correct, such as --set title=…, or a field to --reset")
    if both := values.keys() & set(reset):
        raise click.UsageError(f"--reset {both.pop()} contradicts --set: leave one of them out")
    with shared.corpus(settings) as corpus:
        edited, corrected = corpus.edit(document_id, values, reset=reset)
        (info,) = corpus.documents(Filters(document=(document_id,)))
    if settings.as_json:
        shared.print_json({**info_to_dict(info), "corrected": list(corrected)})
    elif not settings.quiet:
        from qa.document.metadata import value_of

        for name in dict.fromkeys((*values, *reset)):
            click.echo(f"{name}: {visible(value_of(edited, name)) or 'none'}")


documents.add_command(bibliography.export)
documents.add_command(bibliography.import_)


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option(
    "--purge", is_flag=True, help="Erase the documents for good, with all earlier texts and thumbs."
)
@click.option(
    "--cited-by",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="With --purge: say which of the documents FILE cites; may be repeated.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@options.json
@options.general
@click.pass_obj
def remove(
    settings: options.Settings, ids: tuple[str, ...], cited_by: tuple[Path, ...], *, purge: bool, yes: bool
) -> None:
    """Take documents out of every answer. If one of the IDs is unknown, no document is removed.

    The files that the documents were read from stay. Neither these files nor their copies bring the
    documents back. Citations still open the documents, and `pullquote restore` puts them back.

    With --purge, nothing can be put back. It erases text, vectors, thumbs and the answers that `evaluate`
    keeps, also of documents that were removed before, and says what cites the documents. A file that still
    has the text is indexed again if the file itself is named, or if it changes. A file that was added in
    the chat is erased with the last of its documents. Without an ID, --purge finishes an interrupted purge.
    In a terminal, the command asks first. Elsewhere, --purge needs --yes.
    """
    from qa.text.display import visible

    if not ids and not purge:
        raise click.UsageError("name the documents to remove: `pullquote documents` lists their ids")
    if cited_by and not purge:
        raise click.UsageError("--cited-by works only with --purge: add --purge, or leave --cited-by out")
    if purge and ids and not (yes or sys.stdin.isatty()):
        raise click.UsageError(
            "--purge erases documents for good, and outside a terminal the command cannot ask: add --yes"
        )
    with shared.corpus(settings) as corpus:
        lost = _Lost.by_purging(corpus, ids, cited_by) if purge else None
        if lost and not settings.quiet:
            for line in lost.lines:
                shared.say(line)
        if sys.stdin.isatty() and ids and not yes:
            if not lost:
                for document_id in ids:
                    click.echo(
                        f"{visible(document_id)}: {visible(corpus.document(document_id).title)}", err=True
                    )
            question = "Erase for good? This cannot be undone." if purge else "Remove from the library?"
            if not click.confirm(question, err=True):
                click.echo("Nothing was removed.", err=True)
                sys.exit(1)
        removed = corpus.purge(ids) if purge else corpus.remove(ids)
    done = "purged" if purge else "removed"
    if settings.as_json:
        shared.print_json({done: list(removed), **({"cited": lost.to_dict()} if lost else {})})
    elif not settings.quiet:
        for document_id in removed:
            click.echo(f"{done} {visible(document_id)}")


def _some(words: Sequence[str]) -> str:
    """Return the first of some questions or names, and how many more there are."""
    more = f" and {len(words) - shared.NAMED:,} more" if len(words) > shared.NAMED else ""
    return f"{', '.join(map(repr, words[: shared.NAMED]))}{more}"


@dataclass(frozen=True)
class _Lost:
    """The effects of a purge on thumbs, conversations, dossiers and files that cite the documents.

    `thumbs`, `conversations`, `dossiers`, `before` and `same_text` are by document id. `before` has the
    titles of other documents that had the id before and are erased, too. `same_text` has the ids of documents
    that have the same text under another id, and stay.
    """

    titles: dict[str, str]
    paths: tuple[str, ...]
    uploaded: tuple[str, ...]
    thumbs: dict[str, tuple[int, tuple[str, ...]]]
    conversations: dict[str, tuple[str, ...]]
    dossiers: dict[str, tuple[str, ...]]
    files: dict[Path, int]
    before: dict[str, list[str]]
    same_text: dict[str, list[str]]

    @classmethod
    def by_purging(cls, corpus: Corpus, ids: tuple[str, ...], files: tuple[Path, ...]) -> _Lost:
        from qa.quoting.claims.file import claims
        from qa.quoting.verify import Verifier
        from qa.schema import UPLOAD, Filters

        held = {info.id: info for info in corpus.documents(Filters(document=ids))} if ids else {}
        titles, texts, paths = {}, {info.sha256 for info in held.values()}, set()
        before, same_text = {}, {}
        for document_id in ids:
            versions = corpus.store.versions(document_id)
            if document_id not in held and not versions:
                corpus.document(document_id)  # raises an error, because the document does not exist
            info = held.get(document_id)
            titles[document_id] = info.title if info else versions[0].title
            if info and (
                removed := [
                    f"{version.title}, removed on {version.at:%Y-%m-%d}"
                    for version in versions
                    if version.reason == "removed"
                ]
            ):
                before[document_id] = removed
            if others := [other for other in corpus.store.same_text(document_id) if other not in ids]:
                same_text[document_id] = others
            texts |= {version.sha256 for version in versions}
            paths.add(info.path if info else str(versions[0].held["path"]))
        verifier = Verifier(corpus.store)
        counts = {path: verifier.citing(claims(path)[0], texts, set(titles.values())) for path in files}
        thumbs = {document_id: corpus.citing(document_id) for document_id in ids}
        conversations = {document_id: corpus.conversations_citing(document_id) for document_id in ids}
        dossiers = {document_id: corpus.dossiers_citing(document_id) for document_id in ids}
        existing = tuple(path for path in sorted(paths) if Path(path).exists())
        uploaded = tuple(path.removeprefix(UPLOAD) for path in sorted(paths) if path.startswith(UPLOAD))
        return cls(titles, existing, uploaded, thumbs, conversations, dossiers, counts, before, same_text)

    @property
    def lines(self) -> Iterator[str]:
        """Yield the effects as lines for a person."""
        from qa.text.display import plural

        for document_id, title in self.titles.items():
            count, questions = self.thumbs[document_id]
            asked = f", on {_some(questions)}" if questions else ""
            yield f"{document_id} ({title}): {plural(count, 'thumb')} would be erased with it{asked}"
            if names := self.conversations[document_id]:
                yield (
                    f"{plural(len(names), 'conversation')} would lose quotes of {document_id}, and keep the "
                    f"questions: {_some(names)}"
                )
            if names := self.dossiers[document_id]:
                yield (
                    f"{plural(len(names), 'dossier')} would lose quotes of {document_id} and keep its notes: "
                    f"{_some(names)}"
                )
        for document_id, removed in self.before.items():
            for removed_document in removed:
                yield (
                    f"{document_id} was another document's id before, and that document would be erased too: "
                    f"{removed_document}"
                )
        for document_id, others in self.same_text.items():
            for other in others:
                yield (
                    f"{other} has, or had, the same text as {document_id}, and stays: to erase it, "
                    "name it too"
                )
        for file, quotes in self.files.items():
            yield f"{file} cites {plural(quotes, 'quote')} that would be erased"
        for path in self.paths:
            yield f"{path} stays; it is indexed again only if the file itself is named, or if it changes"
        for name in self.uploaded:
            yield f"{name} was uploaded: this file is erased too, unless another document was read from it"
        if self.titles:
            yield "other texts may cite it: check each with `pullquote verify FILE`"

    def to_dict(self) -> dict[str, Any]:
        """Return the effects for a program."""
        return {
            "thumbs": {
                document_id: {"count": n, "questions": list(asked)}
                for document_id, (n, asked) in self.thumbs.items()
            },
            "conversations": {document_id: list(names) for document_id, names in self.conversations.items()},
            "dossiers": {document_id: list(names) for document_id, names in self.dossiers.items()},
            "files": {str(path): quotes for path, quotes in self.files.items()},
            "before": self.before,
            "same_text": self.same_text,
        }


@click.command()
@click.argument("citation", metavar="N|ID|URL", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "html", "latex", *bibliography.FORMS)),
    help="Print the quote with its citation, ready to paste: as plain text, with a footnote in "
    "Markdown or LaTeX, or as a block of HTML. "
    "The other formats give the document's reference, with the quote as a note.",
)
@click.option(
    "--style",
    is_flag=False,
    flag_value="",
    metavar="NAME|FILE.csl",
    help="The citation style: chicago (notes), apa, mla, ieee, any other name of citationstyles.org, "
    "or a file. Without "
    "a NAME, the command lists the names.",
)
@options.json
@options.general
@click.pass_obj
def cite(
    settings: options.Settings, citation: str | None, form: CopyFormat | None, style: str | None
) -> None:
    """Open a citation: show the quote, its source, and whether the source still says it.

    N is the number of a quote in the last answer of `pullquote ask`. ID is SHA256/START-END, as `ask`
    prints it below a quote. URL is the link to a source in the chat. The status is current, superseded or
    removed.

    For a superseded text, the command says where the words are in the new text, or how they have changed.

    Control characters are shown as symbols. With --json, the quote is unchanged, with the whole text around
    it. With --format, the characters that the format reserves are escaped; no other character changes.
    """
    from qa.quoting.opened import lines, open_citation, to_dict

    if style == "":
        from qa.quoting.bibliography.styles import style_names

        click.echo("\n".join(style_names()))
        return
    if citation is None:
        raise click.UsageError(
            "name a citation to open: the number of a quote in the last answer, an ID or a URL"
        )
    if form and settings.as_json:
        raise click.UsageError(
            "--json contradicts --format: leave one out; for a reference in JSON, use --format csl-json"
        )
    if style and form in bibliography.FORMS:
        raise click.UsageError(
            f"--format {form} takes no --style, as the reference manager applies the style: leave --style out"
        )
    with shared.corpus(settings) as corpus:
        quote = last_answer.quote_named(corpus, citation)
        opened = open_citation(corpus.store, quote.place, quote.document)
    if form or style:
        from qa.quoting.bibliography.copied import copied
        from qa.quoting.bibliography.styles import open_style

        click.echo(copied(opened, form or "text", open_style(style) if style else None), nl=False)
        return
    if settings.as_json:
        shared.print_json(to_dict(opened))
        return
    shared.print_styled(lines(opened))


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@options.json
@options.general
@click.pass_obj
def restore(settings: options.Settings, ids: tuple[str, ...]) -> None:
    """Put removed documents back as they were. If one of them cannot be put back, none is.

    `pullquote documents --removed` lists them.
    """
    from qa.text.display import visible

    with shared.corpus(settings) as corpus, shared.progress(settings) as progress:
        results = corpus.restore(ids, progress=progress)
    if settings.as_json:
        shared.print_json({"restored": [result.document_id for result in results]})
    elif not settings.quiet:
        for result in results:
            click.echo(f"restored {visible(result.document_id)}")


@click.command()
@click.argument("name", default="")
@click.option(
    "--aliases",
    "given",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="First replace the library's aliases.txt by this file.",
)
@options.json
@options.general
@click.pass_obj
def names(settings: options.Settings, name: str, given: Path | None) -> None:
    """Say how the documents spell NAME, and where groups of names with the same meaning are listed.

    Romanisations of a Korean name match by themselves. For others, write groups into aliases.txt in the
    library's folder: one group in a line, with " = " between the names. Text after a # is a remark. Lines
    that cannot be read are named and left out. The exit code is 1 if there are such lines, or if NAME is
    not found.

    If several servers share the desk, write the groups into any file, and name the file with --aliases.
    """
    from qa.text.display import plural, visible
    from qa.text.names import ALIAS_FILE

    with shared.corpus(settings) as corpus:
        if given:
            _take_aliases(corpus, given)
        matches, held = (
            corpus.store.names(name).names if name else (),
            bool(name) and corpus.store.holds(name),
        )
        aliases = corpus.store.aliases()
        path = corpus.library / ALIAS_FILE
    groups = plural(aliases.own, "group") if path.exists() else "not there"
    if settings.as_json:
        matched = [{"asked": match.asked, "found": list(match.found)} for match in matches]
        listed = {"file": str(path), "groups": aliases.own, "problems": list(aliases.problems)}
        shared.print_json({"name": name, "held": held, "matched": matched, "aliases": listed})
    else:
        for match in matches:
            click.echo(visible(f"{match.asked}: {', '.join(match.found)}"))
        if name:
            click.echo(visible(f"the documents {'hold' if held else 'do not hold'} {name} as written"))
        click.echo(visible(f"aliases: {path} ({groups})"))
        for problem in aliases.problems:
            shared.say(problem)
    sys.exit(1 if aliases.problems or (name and not matches and not held) else 0)


def _take_aliases(corpus: Corpus, given: Path) -> None:
    """Replace the library's aliases by a file, if every line of the file can be read.

    Raises:
        InputError: a line cannot be read.
        LibraryError: the library may not be written.
    """
    from qa.text.names import ALIAS_FILE, read_aliases

    corpus.check_may_write()
    _, problems = read_aliases(given)
    if problems:
        raise InputError(f"{problems[0]}; the aliases were not changed")
    shared.put_own_file(corpus.store, ALIAS_FILE, given.read_bytes())
