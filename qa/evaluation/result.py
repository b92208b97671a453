"""The result of `pullquote evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from qa.evaluation.check import Finding
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
    """

    suite: Suite
    findings: tuple[Finding, ...]
    evaluation: Evaluation | None = None
    answers: Path | None = None
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no gate failed; if only the quotes were checked, whether all were found."""
        return not self.failures if self.evaluation else all(finding.found for finding in self.findings)
