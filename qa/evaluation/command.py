"""Run `pullquote evaluate`: load, check, ask, score, compare, write. `result_tables.py` shows the result."""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast, get_args

from embeddings.reading import ReaderName
from qa.asking import confidence, own_confidence
from qa.corpus import Corpus
from qa.errors import InputError, LibraryNotFoundError
from qa.evaluation import check, fit, run, suite, trec
from qa.evaluation.measures import MEASURES
from qa.evaluation.result import Result
from qa.evaluation.thumbs import to_queries
from qa.outputs import (
    ANSWERS,
    EVALUATION_REPORT,
    TREC_QRELS,
    TREC_RUN,
    check_no_source,
    check_output,
    write_output,
)
from qa.places import folder_of
from qa.progress import staged
from qa.schema import STRICTNESS
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from qa.evaluation.check import Finding
    from qa.evaluation.schema import AnswerLine, Estimate, Evaluation, Suite
    from qa.outputs import Kind
    from qa.places import LibraryAddress
    from qa.progress import Meter
    from qa.schema import Document


@dataclass(frozen=True, slots=True)
class Gate:
    """The worst value that a measure may have.

    Attributes:
        measure: the name of the measure.
        bound: the worst value that passes.
    """

    measure: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Read `MEASURE=VALUE`.

        Raises:
            ValueError: the text does not have this form, or there is no such measure.
        """
        name, _, value = map(str.strip, text.rpartition("="))
        if name not in MEASURES:
            measure_names = ", ".join(MEASURES)
            raise ValueError(f"{text!r} is not a measure. Write MEASURE=VALUE with one of: {measure_names}")
        with suppress(ValueError):
            if math.isfinite(bound := float(value)):
                return cls(name, bound)
        raise ValueError(f"{text!r} has no number after the =; write, for example, {name}=.9")

    def failure(self, measures: Mapping[str, Estimate]) -> str:
        """Return why the gate failed, or "" if it passed. A missing measure fails."""
        higher = MEASURES[self.measure].higher_is_better
        if (estimate := measures.get(self.measure)) is None:
            return f"{self.measure} was not measured, as the suite lacks the data for it"
        if estimate.value >= self.bound if higher else estimate.value <= self.bound:
            return ""
        return f"{self.measure} is {estimate.value:.4g}, {'below' if higher else 'above'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Task:
    """The options of the command.

    Attributes:
        suite: the folder or file of the test queries, or None to fit on the thumbs on the library's answers.
        library: where the library is.
        answers: a file of answers to score, instead of asking.
        out: the file to write the answers to.
        baseline: a file of answers to compare with.
        gates: the worst values that measures may have.
        report: the HTML report to write.
        trec_run: the TREC run to write.
        trec_qrels: the TREC qrels to write.
        limit: how many of the queries to draw.
        check: whether to look up the expected quotes only.
        fit: whether to fit the library's confidence, on the test queries and on the thumbs.
        fresh: whether to drop earlier answers.
        force: whether to replace files that Pullquote did not write.
        encoder: the encoder for a suite's own corpus.
        reader: the reader.
        strictness: the share of answers that should be right.
        command: the command as it was typed.
    """

    suite: Path | None
    library: LibraryAddress
    answers: Path | None = None
    out: Path | None = None
    baseline: Path | None = None
    gates: tuple[Gate, ...] = ()
    report: Path | None = None
    trec_run: Path | None = None
    trec_qrels: Path | None = None
    limit: int | None = None
    check: bool = False
    fit: bool = False
    fresh: bool = False
    force: bool = False
    encoder: str | None = None
    reader: str | None = None
    strictness: float = STRICTNESS
    command: str = ""

    def outputs(self) -> Iterator[tuple[str, Path, Kind]]:
        """Yield the option, the file and its kind for each file to write."""
        for option, path, kind in (
            ("--out", self.out, ANSWERS),
            ("--report", self.report, EVALUATION_REPORT),
            ("--trec-run", self.trec_run, TREC_RUN),
            ("--trec-qrels", self.trec_qrels, TREC_QRELS),
        ):
            if path:
                yield option, path, kind

    def inputs(self) -> tuple[Path, ...]:
        """Return the files that may be read."""
        parts = ("queries.jsonl", "corpus.jsonl", *suite.QRELS)
        asked = (self.suite, *(self.suite / part for part in parts)) if self.suite else ()
        corpus = suite.own_corpus(self.suite) if self.suite else None
        files = suite.files_of(corpus) if corpus else ()
        return tuple(path for path in (*asked, *files, self.answers, self.baseline) if path)


def perform(
    task: Task, show: Meter, say: Callable[[str], None], note_answers: Callable[[Path], None]
) -> Result:
    """Load, check, ask, score, compare and write.

    `say` gets messages to the user. `note_answers` gets the file of the answers before the first question
    is asked.

    Raises:
        InputError: a file cannot be read or written, or does not belong to the others.
        LibraryError: the library is missing or damaged.
        ModelError: a model is missing or damaged.
    """
    for option, path, kind in task.outputs():  # check before asking all questions
        check_output(
            option,
            path,
            kind,
            library=folder_of(task.library),
            read=task.inputs(),
            force=task.force,
            make_folder=True,
        )
    _check_no_source(task)
    for _, path, _ in task.outputs():
        path.parent.mkdir(parents=True, exist_ok=True)
    asked = _asked(task, say)
    if task.encoder and (task.answers or not asked.corpus):
        raise InputError(
            "--encoder is only for a suite with its own corpus, and this suite has none. Leave out --encoder."
        )
    if task.limit:
        asked = suite.draw(asked, task.limit)
    documents = _documents(task, asked, show, say)
    findings = check.check(asked, documents)
    if documents:
        asked = check.with_document_quotes(asked, findings)
    if task.check:
        return Result(asked, findings)
    if documents:
        _warn(findings, say)
        run.check_qrels(asked, documents, say)
    path, reader = (task.answers, "") if task.answers else _ask(task, asked, show, say, note_answers)
    answers = _answers(path, asked, say)
    baseline = _answers(task.baseline, asked, say) if task.baseline else None
    show("Scoring", 0, 0)
    evaluation = run.evaluate(asked, answers, documents, baseline)
    _write(task, evaluation, documents)
    failures = tuple(filter(None, (gate.failure(evaluation.measures) for gate in task.gates)))
    result = Result(asked, findings if documents else (), evaluation, path, failures)
    return _fitted(task, result, cast("ReaderName", reader)) if task.fit else result


def _fitted(task: Task, result: Result, reader: ReaderName) -> Result:
    """Fit the confidence on the answers. Store it in the library's folder if it gains."""
    judged = result.evaluation.judged if result.evaluation else ()
    new_fit = fit.fit(judged, confidence.shipped(reader), task.strictness)
    if not new_fit.gains:
        return replace(result, fit=new_fit)
    own = own_confidence.OwnConfidence(
        new_fit.confidence,
        own_confidence.identify(reader),
        result.suite.name,
        new_fit.questions,
        new_fit.answerable,
        dt.datetime.now().astimezone().date().isoformat(),
    )
    with Corpus.open(task.library, create=False) as corpus:
        corpus.store.fetch_own_files()
        earlier, _ = own_confidence.look_up(corpus.library, reader)
        fitted = own_confidence.save(corpus.library, own)
        corpus.store.share_own_file(own_confidence.FILE)
    return replace(result, fit=new_fit, fitted=fitted, replaced=earlier)


def _asked(task: Task, say: Callable[[str], None]) -> Suite:
    """Return the test queries. To fit, add the test queries from thumbs on the library's answers."""
    loaded = suite.load(task.suite, say) if task.suite else None
    if not task.fit:
        if loaded is None:
            raise InputError("there are no questions. Name a suite.")
        return loaded
    if loaded and loaded.corpus:
        raise InputError(
            "--fit fits the confidence of your library, but this suite has its own corpus, "
            f"{loaded.corpus}. Name a file "
            "of test queries."
        )
    with Corpus.open(task.library, create=False, read_only=True) as corpus:
        asked = suite.with_thumbs(loaded, to_queries(corpus.desk, corpus.store))
    if added := len(asked.queries) - len(loaded.queries if loaded else ()):
        say(f"{plural(added, 'question')} more, from the thumbs on this library's answers")
    fit.check_enough(asked.queries)
    return asked


def _check_no_source(task: Task) -> None:
    """Refuse to overwrite a file that the library was read from. The library may be missing."""
    outputs = list(task.outputs())
    if not outputs:
        return
    with suppress(LibraryNotFoundError), Corpus.open(task.library, create=False, read_only=True) as corpus:
        for option, path, kind in outputs:
            check_no_source(option, path, kind, corpus.store.sources())


def _documents(task: Task, asked: Suite, show: Meter, say: Callable[[str], None]) -> dict[str, Document]:
    """Return the documents that the queries are about. If answers are given, the library may be missing."""
    if asked.corpus and asked.corpus.is_dir():
        with run.suite_library(asked.corpus, task.encoder, staged(show), say, task.reader) as corpus:
            return run.library_documents(corpus)
    if asked.corpus:
        return run.suite_documents(asked.corpus, say)
    try:
        with Corpus.open(task.library, create=False) as corpus:
            if documents := run.library_documents(corpus):
                return documents
    except LibraryNotFoundError:
        if not task.answers:
            raise
        say(f"there is no library in {task.library}, so quotes are not compared with their sources")
        return {}
    raise InputError(f"the library in {task.library} is empty. Add documents first: pullquote index PATH")


def _ask(
    task: Task, asked: Suite, show: Meter, say: Callable[[str], None], note_answers: Callable[[Path], None]
) -> tuple[Path, str]:
    """Ask the queries that are not answered yet. Return the file of the answers, and the reader's name."""

    def answering(done: int, total: int) -> None:
        show("Answering", done, total)

    opening = (
        run.suite_library(asked.corpus, task.encoder, staged(show), say, task.reader)
        if asked.corpus
        else Corpus.open(task.library, create=False, reader=task.reader)
    )
    with opening as corpus:
        reader = corpus.answerer().reader
        if task.fit and reader not in get_args(ReaderName):
            raise InputError(
                f"--fit: what {reader} says of an answer is a guess that cannot be fitted. Leave out "
                "--reader."
            )
        path = task.out or run.answers_path(corpus.library, asked)
        note_answers(path)
        run.answer(
            corpus,
            asked,
            path,
            fresh=task.fresh,
            progress=answering,
            say=say,
            strictness=task.strictness,
            force=task.force,
        )
    return path, reader


def _answers(path: Path, asked: Suite, say: Callable[[str], None]) -> dict[str, AnswerLine]:
    answers = run.read_answers(path)
    run.check_answers(asked, answers, path, say)
    return answers


def _warn(findings: Sequence[Finding], say: Callable[[str], None]) -> None:
    missing = [finding for finding in findings if not finding.is_found]
    if missing:
        quote = check.shortened(missing[0].quote)
        say(
            f"{len(missing):,} of {plural(len(findings), 'expected quote')} not found; the first, of "
            f"question {missing[0].query}: “{quote}”. --check shows all"
        )


def _write(task: Task, evaluation: Evaluation, documents: Mapping[str, Document]) -> None:
    """Write the files that the options name."""
    answers = {judged.query.id: judged.answer for judged in evaluation.judged}
    qrels = {key: grades for key, grades in evaluation.suite.qrels.items() if key in answers}
    if task.trec_run:
        trec.write_run(task.trec_run, answers)
    if task.trec_qrels:
        trec.write_qrels(task.trec_qrels, qrels)
    if task.report:
        from qa.evaluation.report import to_html

        page = to_html(
            evaluation,
            lambda name: documents[name].text if name in documents else None,
            lambda name: documents[name].title if name in documents else "",
            date=dt.datetime.now().astimezone().date(),
            library=str(evaluation.suite.corpus or task.library),
            command=task.command,
            baseline=task.baseline.name if task.baseline else "",
        )
        write_output(task.report, [page])
