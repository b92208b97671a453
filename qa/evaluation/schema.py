"""What an evaluation takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.schema import Turn

# One line of an answers file, as `pullquote answer` writes it; another system's may lack fields.
AnswerLine: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A test query: a question, and what is known of its answer.

    `answerable` is None where nobody has said; such a query is not scored for abstention. `gold` are the
    sentences that answer, verbatim; `answers` short answers, one of which should be among the quotes' words;
    `all_needed` says that every gold sentence is needed, not any. `document` is the id of the document that
    the gold is expected in, where the file names one.
    """

    id: str
    text: str
    history: tuple[str | Turn, ...] = ()
    answerable: bool | None = True
    gold: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    all_needed: bool = False
    document: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Test queries. `qrels` gives the relevance grade of documents by query id, then by document id.

    `corpus` is the suite's own corpus, a JSONL file; None where it is asked of a library.
    """

    name: str
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corpus: Path | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A query, what was answered, and its own measures: those that apply to it, by name."""

    query: Query
    answer: AnswerLine
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure over queries, with the 95 % bootstrap interval; `n` is how many queries it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The run less the baseline, paired by query, with its 95 % interval.

    `p` is the two-sided probability of a difference as large by chance. Both are of one paired randomisation
    test (`statistics.randomisation`): the interval holds 0 where p is 0.05 or more, and only there.
    """

    value: float
    low: float
    high: float
    p: float
    n: int

    @property
    def significant(self) -> bool:
        """Whether the interval does not hold 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out: each query judged, and the measures over all.

    `differences` are those from a baseline, if any, and `baseline` its measures, both over the queries that
    the two have in common: `baseline_judged`.
    """

    suite: Suite
    judged: tuple[Judged, ...]
    measures: Mapping[str, Estimate]
    differences: Mapping[str, Difference] = field(default_factory=dict)
    baseline: Mapping[str, Estimate] = field(default_factory=dict)
    baseline_judged: tuple[Judged, ...] = ()
