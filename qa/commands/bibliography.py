"""Exchange metadata of documents with other programs: BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.commands import options, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus
    from qa.quoting.bibliography.entries import Form
    from qa.quoting.bibliography.matching import Match
    from qa.schema import DocumentInfo, Filters

FORMS = ("bibtex", "ris", "csl-json")


@click.command()
@click.argument("ids", metavar="[ID...]", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="bibtex", show_default=True, help="The format."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to FILE instead."
)
@options.force
@options.filters
@options.general
@click.pass_obj
def export(
    settings: options.Settings,
    ids: tuple[str, ...],
    form: Form,
    out: Path | None,
    filters: Filters,
    *,
    force: bool,
) -> None:
    """Write documents for a reference manager: all, the named documents, or the documents that match filters.

    Each document has a key such as ifes2008scrap-3f2a9c. The key does not depend on the other documents.
    """
    from qa.asking.unmatched import unmatched
    from qa.quoting.bibliography.entries import entries_of_documents

    with shared.corpus(settings) as corpus:
        if out:
            _check_out(out, corpus, shared.folder(settings), force=force)
        infos = _named(corpus, ids) if ids else corpus.documents(filters)
        if ids and filters:
            matching_ids = {info.id for info in corpus.documents(filters)}
            infos = tuple(info for info in infos if info.id in matching_ids)
        if not infos:
            shared.say(unmatched(corpus.store, filters) if filters else "There is no document.")
    text = entries_of_documents(infos, form)
    if out is None:
        click.echo(text, nl=False)
        return
    from qa.outputs import write_output
    from qa.text.display import plural

    write_output(out, [text])
    if not settings.quiet:
        shared.say(f"{plural(len(infos), 'document')} written to {out}")


def _check_out(out: Path, corpus: Corpus, library: Path, *, force: bool) -> None:
    from qa.outputs import BIBLIOGRAPHY, check_no_source, check_output

    check_output("--out", out, BIBLIOGRAPHY, library=library, force=force)
    check_no_source("--out", out, BIBLIOGRAPHY, corpus.store.sources())


def _named(corpus: Corpus, ids: tuple[str, ...]) -> tuple[DocumentInfo, ...]:
    """Return the documents with these ids, in the order of the ids."""
    from qa.schema import Filters

    held = {info.id: info for info in corpus.documents(Filters(document=ids))}
    for document_id in ids:
        if document_id not in held:
            corpus.document(document_id)  # raises an error, because the document does not exist
    return tuple(held[document_id] for document_id in dict.fromkeys(ids))


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--apply",
    "to_apply",
    is_flag=True,
    help="Change the documents. Without this option, the changes are only shown.",
)
@options.json
@options.general
@click.pass_obj
def import_(settings: options.Settings, file: Path, *, to_apply: bool) -> None:
    """Correct the metadata of documents by FILE: BibTeX, RIS or CSL-JSON from a reference manager.

    A reference belongs to the document with the same address, or with the same title, or with the same key
    (if `documents export` wrote the key). The command shows the changes. In a terminal, it then asks
    whether to make them. A reference that several documents match is named and left out, and so are several
    references to one document. The changes are corrections like those of `documents edit`, and `documents
    edit --reset` undoes them. The exit code is 1 if a reference was left out.
    """
    from qa.quoting.bibliography.matching import match_references
    from qa.quoting.bibliography.reading import MOST_BYTES, read_references

    with file.open("rb") as opened:
        references = read_references(opened.read(MOST_BYTES + 1), str(file))
    with shared.corpus(settings) as corpus:
        matches = match_references(references, corpus.documents())
        changing = [match for match in matches if match.changes and not match.is_ambiguous]
        if not settings.as_json:
            _show(matches, quiet=settings.quiet)
        if changing and not to_apply and not settings.as_json and sys.stdin.isatty():
            to_apply = click.confirm("Make these changes?", err=True)
        if to_apply:
            settings.interrupted = "The changes made so far stay."
            for match in changing:
                corpus.edit(match.documents[0], match.values)
    if settings.as_json:
        shared.print_json({"applied": to_apply, "references": [_to_dict(match) for match in matches]})
    elif not settings.quiet:
        _say_done(changing, applied=to_apply)
    left = any(not match.documents or match.is_ambiguous for match in matches)
    sys.exit(1 if left else 0)


def _say_done(changing: list[Match], *, applied: bool) -> None:
    from qa.text.display import plural

    documents = plural(len(changing), "document")
    if not changing:
        shared.say("There is nothing to change.")
    elif applied:
        shared.say(f"{documents} changed. To undo a change: pullquote documents edit ID --reset FIELD")
    else:
        shared.say(f"Nothing was changed. To change {documents}, add --apply.")


def _to_dict(match: Match) -> dict[str, Any]:
    return {
        "where": match.reference.where,
        "key": match.reference.key,
        "title": match.reference.values.get("title", ""),
        "documents": list(match.documents),
        "matched_by": match.reason,
        "also": list(match.also),
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new} for change in match.changes
        ],
    }


def _show(matches: list[Match], *, quiet: bool) -> None:
    """Print the planned changes as a table. Name the references that are left, and the reasons."""
    from qa.text.display import visible

    rows = [
        [match.documents[0], change.field, change.old or "none", change.new, f"same {match.reason}"]
        for match in matches
        if not match.is_ambiguous
        for change in match.changes
    ]
    rows = [[visible(cell) for cell in row] for row in rows]
    if rows and not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
    elif rows:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for heading in ("Document", "Field", "Old", "New", "Matched by"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        Console(highlight=False).print(table)
    if not quiet:
        for line in _left(matches):
            shared.say(line)


def _left(matches: list[Match]) -> Iterator[str]:
    """Yield why references are left out: each must describe one document, and alone describe it."""
    for match in matches:
        what = match.reference.values.get("title") or match.reference.values.get("url") or match.reference.key
        label = f"{match.reference.where} ({what[:80]})"
        if not match.documents:
            yield f"left out: {label}: no document has this address or title"
        elif len(match.documents) > 1:
            some = ", ".join(match.documents[: shared.NAMED])
            more = (
                f" and {len(match.documents) - shared.NAMED:,} more"
                if len(match.documents) > shared.NAMED
                else ""
            )
            yield f"left out: {label}: several documents have this {match.reason}: {some}{more}"
        elif match.also:
            others = ", ".join(match.also[: shared.NAMED])
            yield f"left out: {label}: {others} also describes {match.documents[0]}"
