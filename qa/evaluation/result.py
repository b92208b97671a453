"""The result of `pullquote evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from qa.asking.own_confidence import OwnConfidence
    from qa.evaluation.check import Finding
    from qa.evaluation.fit import Fit
    from qa.evaluation.schema import Evaluation, Suite


@dataclass(frozen=True, slots=True)
class Result:
    """What `pullquote evaluate` found out.

    Attributes:
        suite: the test queries, with their quotes as the documents have them.
        findings: what became of each expected quote.
        evaluation: the measures; None if only the quotes were checked.
        answers: the file of the answers; None if only the quotes were checked.
        failures: what each failed gate says.
        fit: the confidence that was fitted, if one was asked for.
        fitted: the file that it was written to; None if it gains nothing.
        replaced: the confidence that the library had in its place.
    """

    suite: Suite
    findings: tuple[Finding, ...]
    evaluation: Evaluation | None = None
    answers: Path | None = None
    failures: tuple[str, ...] = ()
    fit: Fit | None = None
    fitted: Path | None = None
    replaced: OwnConfidence | None = None

    @property
    def passed(self) -> bool:
        """Whether no gate failed and a fit gained; if only quotes were checked, whether all were found."""
        if self.evaluation is None:
            return all(finding.found for finding in self.findings)
        return not self.failures and (self.fit is None or self.fit.gains)
