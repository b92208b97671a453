"""What an evaluation came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from qa.evaluation.check import Finding
    from qa.evaluation.schema import Evaluation, Suite


@dataclass(frozen=True, slots=True)
class Result:
    """What came out. `evaluation` and `answers`, the file, are None where only the quotes were checked."""

    suite: Suite
    findings: tuple[Finding, ...]
    evaluation: Evaluation | None = None
    answers: Path | None = None
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no gate failed; where only the quotes were checked, whether all were found."""
        return not self.failures if self.evaluation else all(finding.found for finding in self.findings)
