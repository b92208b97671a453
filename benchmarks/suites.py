"""Open the libraries of suites for measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.evaluation import run

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from qa import Corpus
    from qa.evaluation.schema import Suite


def own_library(asked: Suite, encoder: str | None = None) -> AbstractContextManager[Corpus]:
    """Open the cached library of a suite's own corpus. Index the corpus first if no earlier run completed it.

    Raises:
        SystemExit: the suite has no corpus of its own.
        ModelError: there is no such encoder.
    """
    if asked.corpus is None:
        raise SystemExit(f"{asked.name} has no corpus.jsonl: name a suite with its own corpus")
    return run.suite_library(asked.corpus, encoder, lambda _: None, print)
