"""Report the result for each file, as data."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from qa.errors import InputError
from qa.intake.folders import reason
from qa.outputs import write_output
from qa.schema import Failure, FileResult, FileStatus, printable
from qa.text.cells import to_cell
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from pathlib import Path

    from qa.schema import IndexReport


# The statuses of an input, in the order of reports to the user.
STATUSES: tuple[FileStatus, ...] = tuple(status for status in get_args(FileStatus) if status != "skipped")


def report_to_dict(report: IndexReport) -> dict[str, Any]:
    """Return what `index --json` prints: counts by status, then each input, and the skipped files."""
    return {
        **{status: report.count(status) for status in STATUSES},
        "seconds": round(report.seconds, 3),
        "files": [asdict(result) for result in report.files],
        "skipped": list(report.skipped),
        "skipped_because": [reason(path) for path in report.skipped],
        "remarks": list(report.remarks),
        "dry_run": report.dry_run,
    }


def write_report(report: IndexReport, path: Path) -> None:
    """Write the result for each file, refused files first, as a table (.csv) or as JSON Lines.

    Raises:
        OutputError: the report cannot be written.
    """
    # Refused files come first, because a person has to do something about them.
    rows = [_report_row(result) for result in sorted(report.files, key=lambda result: not result.error)]
    rows += [
        _report_row(FileResult(name, "skipped", error=Failure(InputError.code, reason(name))))
        for name in report.skipped
    ]
    if path.suffix.lower() != ".csv":
        write_output(path, (dumps(row) + "\n" for row in rows))
        return
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(_report_row(FileResult("", "skipped"))))
    table.writeheader()
    for row in rows:
        table.writerow({name: to_cell(printable(str(value))) for name, value in row.items()})
    write_output(path, [text.getvalue()])


def _report_row(result: FileResult) -> dict[str, str | int]:
    return {
        "path": result.path,
        "status": result.status,
        "document": result.document_id,
        "passages": result.passages,
        "code": result.error.code if result.error else "",
        "message": result.error.message if result.error else "",
        "notes": " ".join(result.notes),
    }
