"""The command that compares the quotes of files with the documents."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.commands import options, shared
from qa.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.quoting.claims.claim import Claim
    from qa.quoting.claims.file import Reading
    from qa.quoting.verify import Verdict


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.json
@options.general
@click.pass_obj
def verify(settings: options.Settings, paths: tuple[Path, ...]) -> None:
    """Check for every quote in a FILE whether the documents say it.

    A FILE has answers (JSON, or JSON lines), a table (CSV) with a column of quotes, or a report. A report
    is HTML, Markdown, plain text or any format that can be indexed. Its quotes are in quotation marks or
    block quotes, with or without citations and links. In Word and OpenDocument, block quotes are found by
    their style or indent. In running text, the line breaks of a quote may differ.

    \b
    verbatim    a document says it; “…” may mark words left out
    superseded  only an earlier text of a document says it
    removed     only a document that was removed says it
    moved       a document says it, but not the one that is named
    distorted   the words left out change the sense, or somebody else said it
    altered     a document says something similar, and the difference is shown
    unknown     no document says anything similar
    cited       a citation without a quote: nothing was compared

    A speaker is compared only if the document names the speaker clearly: in full, by surname, by role or as
    “he” or “she”.

    The command also prints the number of quotes in each form (quotation marks, block quotes, notes, table
    cells), and what it did not check: quotations of fewer than three words without a citation, quotation
    marks without a partner, comments, pictures, and titles that a note or a list of references cites and no
    document says. Titles of documents in notes, lists of references, headings and links are not quotes.

    The exit code is 0 if every quote was read and is verbatim, otherwise 1. If a FILE cannot be read or has
    no quotes, it is named, and the other FILEs are checked. The exit code is then 1, or 3 if there is no
    other FILE.
    """  # noqa: D301 - \b keeps the lines of a list apart
    settings.interrupted = "Nothing was changed."
    read, refused = _read(paths)
    verified = _Verified(read, _verdicts(settings, read), refused)
    if settings.as_json:
        shared.print_json({"files": verified.to_dicts()})
    else:
        _print_verdicts(verified, are_named=len(paths) > 1)
        if not settings.quiet:
            _say_summary(verified)
    sys.exit(0 if verified.is_right else 1)


@dataclass(frozen=True, slots=True)
class _Verified:
    """The files that were verified.

    Attributes:
        read: what was read of each file. What was passed over as a work is added to it.
        verdicts: the verdict on each quote of each file.
        refused: the files that cannot be read or quote nothing, with the reason.
    """

    read: Mapping[Path, Reading]
    verdicts: Mapping[Path, Sequence[Verdict]]
    refused: Mapping[Path, InputError]

    @property
    def passed_over(self) -> list[tuple[Path, Claim]]:
        """Return what was passed over, with its file."""
        return [(path, claim) for path, reading in self.read.items() for claim in reading.passed_over]

    @property
    def unpaired(self) -> list[tuple[Path, Claim]]:
        """Return the quotation marks without a partner, with their file."""
        return [(path, claim) for path, claim in self.passed_over if claim.unpaired]

    @property
    def is_right(self) -> bool:
        """Return whether all quotes are verbatim, and everything was read."""
        verdicts = (verdict for file_verdicts in self.verdicts.values() for verdict in file_verdicts)
        return (
            all(verdict.status == "verbatim" for verdict in verdicts)
            and not self.unpaired
            and not self.refused
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the files as `--json` gives them."""
        from qa.quoting.verify import to_dict

        files: list[dict[str, Any]] = [
            {
                "file": str(path),
                **to_dict(file_verdicts),
                "passed_over": len(self.read[path].passed_over),
                "passed_over_lines": [claim.line for claim in self.read[path].passed_over],
                "unread": list(self.read[path].unread),
            }
            for path, file_verdicts in self.verdicts.items()
        ]
        refused = self.refused.items()
        return files + [
            {"file": str(path), "error": {"code": why.code, "message": str(why)}} for path, why in refused
        ]


def _read(paths: Sequence[Path]) -> tuple[dict[Path, Reading], dict[Path, InputError]]:
    """Return what each file quotes, and the errors of the files that cannot be read or quote nothing.

    Raises:
        InputError: there is no other file. The errors before the last are printed.
    """
    read, refused = {}, {}
    for path in paths:
        try:
            read[path] = _reading(path)
        except InputError as error:
            refused[path] = error
    if not read:
        *others, last = refused.values()
        for other in others:
            shared.say(str(other))
        raise last
    return read, refused


def _reading(path: Path) -> Reading:
    """Return what a file quotes.

    Raises:
        InputError: the file cannot be read, or quotes nothing.
    """
    from qa.quoting.claims.file import claims

    reading = claims(path)
    if not reading.claims:
        unread = f" (not read: {', '.join(reading.unread)})" if reading.unread else ""
        raise InputError(
            f"{path} has no quotation, citation or answer, so there is nothing to verify{unread}"
        )
    return reading


def _verdicts(settings: options.Settings, read: Mapping[Path, Reading]) -> dict[Path, list[Verdict]]:
    """Return the verdicts on the quotes of files, by file.

    A title of a work that no document says gets no verdict: it is added to the file's `passed_over`.
    """
    from qa.progress import meter
    from qa.quoting.verify import Verifier, is_work

    verdicts = {}
    with shared.corpus(settings) as corpus, meter(quiet=settings.quiet) as show:
        verifier = Verifier(corpus.store)
        for path, reading in read.items():
            judged = verifier.verdicts(reading.claims, functools.partial(show, f"Verifying {path.name}"))
            verdicts[path] = [verdict for verdict in judged if not is_work(verdict)]
            reading.passed_over.extend(verdict.claim for verdict in judged if is_work(verdict))
    return verdicts


def _print_verdicts(verified: _Verified, *, are_named: bool) -> None:
    """Print the verdicts on each file, under its name if `are_named`, and why files were refused."""
    from qa.quoting.verify import lines

    for path, file_verdicts in verified.verdicts.items():
        if are_named:
            shared.print_styled([[(str(path), "bold")]])
        for verdict in file_verdicts:
            shared.print_styled(lines(verdict))
    for why in verified.refused.values():
        shared.say(f"not verified: {why}")


def _say_summary(verified: _Verified) -> None:
    """Say what was found, passed over and not read."""
    from qa.quoting.claims.claim import LEAST_WORDS
    from qa.quoting.verify import found_in_words, summary
    from qa.text.display import plural, visible

    verdicts = [verdict for file_verdicts in verified.verdicts.values() for verdict in file_verdicts]
    passed, unpaired = [claim for _, claim in verified.passed_over], verified.unpaired
    shared.say(found_in_words(verdicts))
    if verdicts:
        shared.say(summary(verdicts))
    if short := sum(claim.short for claim in passed):
        shared.say(f"not checked, as they have fewer than {LEAST_WORDS} words: {plural(short, 'quotation')}")
    if works := sum(claim.maybe_work and not claim.short for claim in passed):
        shared.say(f"not checked, as notes and lists of references cite them: {plural(works, 'title')}")
    for path, claim in unpaired[: shared.NAMED]:
        at = claim.where or f"line {claim.line}"
        words = visible(claim.text or "")
        shared.say(f"not read: {path}, {at}: a quotation mark without a partner: {words}")
    if len(unpaired) > shared.NAMED:
        shared.say(f"not read: {plural(len(unpaired) - shared.NAMED, 'quotation mark')} more")
    for path, reading in verified.read.items():
        if reading.unread:
            shared.say(f"not read in {path}: {', '.join(map(visible, reading.unread))}")
