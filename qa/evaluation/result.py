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
    """The findings of `pullquote evaluate`.

    Attributes:
        suite: the test queries, with their quotes as the documents have them.
        findings: the result of looking up each expected quote.
        evaluation: the measures, or None if only the quotes were checked.
        answers: the file of the answers, or None if only the quotes were checked.
        failures: a message for each failed gate.
        fit: the fitted confidence, if a fit was asked for.
        fitted: the file that the fitted confidence was written to, or None if the fit gains nothing.
        replaced: the library's earlier confidence, which the fitted one replaces.
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
        """Return whether the evaluation passed: no gate failed, and a fit gained.

        If only quotes were checked, return whether all were found.
        """
        if self.evaluation is None:
            return all(finding.is_found for finding in self.findings)
        return not self.failures and (self.fit is None or self.fit.gains)
