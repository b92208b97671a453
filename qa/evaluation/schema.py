"""The values of an evaluation: test queries, and the measures of their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from qa.schema import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.schema import Filters, Turn

# One line of an answers file, as `pullquote answer` writes it. Another system's line may lack fields.
AnswerLine: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A test query: a question, and what is known of its answer.

    Attributes:
        id: the query's name in its suite.
        text: the question.
        history: the earlier turns of the conversation.
        answerable: whether the documents answer the question, or None if unknown. A query with None is not
            scored for abstention.
        gold: the sentences that answer, verbatim.
        answers: short answers; the quotes should contain one of them.
        all_needed: whether every gold sentence is needed, not just one.
        parts: the gold sentences of each part, if the question asks for several things. Any sentence answers
            its part. A part without an answer has no sentences.
        facts: facts about a document that are asked for and that no sentence states, by field, for example
            {"author": "Ida Norr"}.
        document: the id of the document that should contain the gold; empty if unknown.
        type: the kind of question, as the suite calls it.
        filters: the filters of the question.
    """

    id: str
    text: str
    history: tuple[str | Turn, ...] = ()
    answerable: bool | None = True
    gold: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    all_needed: bool = False
    parts: tuple[tuple[str, ...], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    document: str = ""
    type: str = ""
    filters: Filters = EVERYTHING


@dataclass(frozen=True, slots=True)
class Suite:
    """Test queries.

    Attributes:
        name: the name of the suite's folder or file.
        queries: the test queries, in order.
        qrels: the relevance grade of documents, by query id, then by document id.
        corpus: the JSONL file or the folder of the suite's own documents, or None if a library is asked.
    """

    name: str
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corpus: Path | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A query with its answer.

    Attributes:
        query: the test query.
        answer: the line of the answers file.
        values: the measures that apply to the query, by name.
    """

    query: Query
    answer: AnswerLine
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure over queries.

    Attributes:
        value: the measure.
        low: the lower end of the measure's 95 % bootstrap interval.
        high: the upper end of the interval.
        n: the number of queries that the measure is computed on.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The run's measure minus the baseline's, paired by query.

    Interval and p come from one paired randomisation test (`statistics.randomisation`). So the interval
    contains 0 exactly if p is 0.05 or more.

    Attributes:
        value: the difference.
        low: the lower end of the difference's 95 % interval.
        high: the upper end of the interval.
        p: the two-sided probability of a difference as large by chance.
        n: the number of queries that both runs have.
    """

    value: float
    low: float
    high: float
    p: float
    n: int

    @property
    def significant(self) -> bool:
        """Return whether the interval does not contain 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measures of a suite's answers, and of a baseline's if there is one.

    Attributes:
        suite: the test queries.
        judged: each query that was answered.
        measures: the measures over the answered queries, by name.
        differences: the measures minus the baseline's, over the queries that both answered.
        baseline: the baseline's measures over the queries that both answered.
        baseline_judged: the queries that both answered, with the baseline's answers.
        by_type: some measures of each type of question, by type and name; empty if the suite has no types.
    """

    suite: Suite
    judged: tuple[Judged, ...]
    measures: Mapping[str, Estimate]
    differences: Mapping[str, Difference] = field(default_factory=dict)
    baseline: Mapping[str, Estimate] = field(default_factory=dict)
    baseline_judged: tuple[Judged, ...] = ()
    by_type: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
