"""Ask the questions of a suite, score the answers, and compare them.

A suite's own corpus is indexed once, into a library in the cache. The library's name depends on the files, on
how they are read and on the encoder. `qa.evaluation.batch` keeps the answers, too, so an interrupted run
continues where it stopped.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from itertools import count
from typing import TYPE_CHECKING

from embeddings.encoder import identify_encoder
from embeddings.files import close_to_others, sha256_file
from embeddings.models import ModelError as WeightsError
from embeddings.models import make_cache_folder
from qa.corpus import Corpus
from qa.errors import InputError, ModelError
from qa.evaluation.batch import answer_file
from qa.evaluation.lines import records
from qa.evaluation.schema import Evaluation
from qa.evaluation.suite import files_of
from qa.formats.jsonl import read_jsonl
from qa.formats.source import PLAIN
from qa.intake.plan import made_by
from qa.reading import read_file
from qa.schema import STRICTNESS, AskOptions, Document, Turn
from qa.storage.answer_cache import answers_folder, evaluations_folder, short_hash, short_name
from qa.storage.records.tables import SCHEMA
from qa.text.display import plural
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from qa.evaluation.schema import AnswerLine, Judged, Suite
    from qa.schema import Progress

    Say = Callable[[str], None]

_EXAMPLES = 3
_SECONDS_BETWEEN_TRIES = 0.5


def suite_documents(corpus: Path, say: Say) -> dict[str, Document]:
    """Return the documents of a suite's own corpus, by id. `say` gets a message on refused lines.

    Raises:
        InputError: the corpus cannot be read, or has no document.
    """
    documents: dict[str, Document] = {}
    refused: list[InputError] = []
    try:
        for item in read_jsonl(corpus):
            if isinstance(item, InputError):
                refused.append(item)
            elif isinstance(item, Document):
                documents[item.id] = item
    except OSError as error:
        raise InputError(f"cannot read {corpus}: {error.strerror}.") from error
    if not documents:
        raise refused[0]
    if refused:
        say(f"{plural(len(refused), 'line')} of {corpus} left out; the first: {refused[0]}")
    return documents


def library_documents(corpus: Corpus) -> dict[str, Document]:
    """Return all documents of the library that `corpus` has opened, by id."""
    return {info.id: corpus.document(info.id) for info in corpus.documents()}


@contextmanager
def suite_library(
    corpus: Path,
    encoder: str | None,
    progress: Callable[[Progress], None],
    say: Say,
    reader: str | None = None,
) -> Iterator[Corpus]:
    """Open the cached library of a suite's own corpus. Index the corpus first if no earlier run completed it.

    `encoder` and `reader` are names of models. None means the default.

    Raises:
        ModelError: there is no such encoder.
    """
    folder = _suite_library_folder(corpus, encoder)
    with Corpus.open(folder, encoder=encoder, reader=reader) as library:
        complete = folder / "complete"
        if not complete.exists():
            with locked(folder, say):
                if not complete.exists():
                    library.index(corpus, progress=progress)
                    complete.write_text(f"made of {corpus.resolve()}\n", encoding="utf-8")
        yield library


def _suite_library_folder(corpus: Path, encoder: str | None) -> Path:
    """Return the folder of a library with this schema and encoder, of these files as they are read now."""
    try:
        encoder_sha256 = identify_encoder(encoder).sha256
    except WeightsError as error:
        raise ModelError(str(error)) from error
    parts = [
        f"{file.relative_to(corpus).as_posix()} {sha256_file(file)} {made_by(file.name, PLAIN)}"
        for file in files_of(corpus)
    ]
    return evaluations_folder() / short_name(" ".join([str(SCHEMA), encoder_sha256, *parts]))


def answers_path(library: Path, suite: Suite) -> Path:
    """Return the file in the cache for the answers of a library to the suite's questions."""
    return answers_folder(library) / f"answers-{short_hash(_questions(suite))}.jsonl"


def answer(
    corpus: Corpus,
    suite: Suite,
    out: Path,
    *,
    fresh: bool,
    progress: Callable[[int, int], None],
    say: Say,
    strictness: float = STRICTNESS,
    force: bool = False,
) -> None:
    """Ask the library the suite's questions and write the answers into `out`.

    Continue where an earlier run of the same task stopped. With `fresh`, drop earlier answers. With `force`,
    replace a file that has something else. If another process writes the same file, wait for it.

    Raises:
        InputError: `out` cannot be read or written.
    """
    with locked(out, say):
        if out.is_relative_to(evaluations_folder()):
            make_cache_folder(out.parent)
            close_to_others(out.parent)
        out.parent.mkdir(parents=True, exist_ok=True)
        answer_file(
            corpus,
            _questions(suite),
            out,
            AskOptions(strictness=strictness),
            progress,
            say,
            fresh=fresh,
            force=force,
        )


def _questions(suite: Suite) -> bytes:
    """Return the suite's questions in the form that `pullquote answer` reads."""
    lines = (
        {
            "_id": query.id,
            "text": query.text,
            "history": [asdict(turn) if isinstance(turn, Turn) else turn for turn in query.history],
            **({"filters": query.filters.to_dict()} if query.filters else {}),
        }
        for query in suite.queries
    )
    return "".join(dumps(line) + "\n" for line in lines).encode()


def read_answers(path: Path) -> dict[str, AnswerLine]:
    """Return the answers of an answers file, or of a TREC run, by query id.

    Raises:
        InputError: the file cannot be read, or a line is not an answer.
    """
    data = read_file(path).removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError(f"there is no answer in {path}.")
    if not data.lstrip().startswith(b"{"):
        from qa.evaluation.trec import read_run

        return read_run(path)
    answers: dict[str, AnswerLine] = {}
    for number, answer in records(data, path):
        where, key = f"{path}, line {number}", answer.get("id")
        if not isinstance(key, str | int):
            raise InputError(
                f'{where} is not an answer: it has no "id". Write lines as `pullquote answer` does.'
            )
        if str(key) in answers:
            raise InputError(f"{where}: there is already an answer to {str(key)!r}. Leave one of them out.")
        answers[str(key)] = answer
    return answers


def check_answers(suite: Suite, answers: Mapping[str, AnswerLine], path: Path, say: Say) -> None:
    """Tell `say` if a file does not answer all of the suite's questions.

    Raises:
        InputError: the file answers none of the questions.
    """
    answered = sum(query.id in answers for query in suite.queries)
    if not answered:
        raise InputError(f"{path} does not answer any question of {suite.name}, as its ids are different.")
    if answered < len(suite.queries):
        say(f"{path} answers {answered:,} of the {len(suite.queries):,} questions: the others are left out")


def check_qrels(suite: Suite, documents: Mapping[str, Document], say: Say) -> None:
    """Tell `say` which relevant documents are missing.

    Raises:
        InputError: all relevant documents are missing.
    """
    expected = {
        document
        for query in suite.queries
        for document, grade in suite.qrels.get(query.id, {}).items()
        if grade > 0
    }
    unknown = sorted(expected - documents.keys())
    examples = ", ".join(unknown[:_EXAMPLES])
    if unknown and len(unknown) == len(expected):
        raise InputError(
            f"none of the documents that {suite.name} expects is here ({examples}, …): the suite is "
            "for another "
            "library, or has other ids. `pullquote documents` lists the ids."
        )
    if unknown:
        say(f"{len(unknown):,} of the {len(expected):,} documents expected are not here: {examples}, …")


def evaluate(
    suite: Suite,
    answers: Mapping[str, AnswerLine],
    documents: Mapping[str, Document],
    baseline: Mapping[str, AnswerLine] | None = None,
) -> Evaluation:
    """Return the scores of the answers to a suite's questions, compared with a baseline's, query by query.

    Without documents, the measure "verbatim" is left out, because quotes cannot be compared with their
    sources.

    Raises:
        InputError: an answer line makes no sense, or the baseline has no question in common with the answers.
    """
    from qa.evaluation.measures import by_type, compare, judge, measure

    def judged(lines: Mapping[str, AnswerLine]) -> tuple[Judged, ...]:
        return tuple(
            replace(
                case,
                values={key: value for key, value in case.values.items() if documents or key != "verbatim"},
            )
            for case in judge(suite, lines, text_of)
        )

    def text_of(document_id: str) -> str | None:
        return documents[document_id].text if document_id in documents else None

    ours = judged(answers)
    if baseline is None:
        return Evaluation(suite, ours, measure(ours), by_type=by_type(ours))
    theirs = judged({key: line for key, line in baseline.items() if key in answers})
    if not theirs:
        raise InputError(
            "the baseline and the answers have no question in common, so they cannot be compared."
        )
    compared = compare(ours, theirs)
    return Evaluation(suite, ours, measure(ours), compared, measure(theirs), theirs, by_type(ours))


@contextmanager
def locked(path: Path, say: Say) -> Iterator[None]:
    """Let one process at a time work on the file or folder `path`. Another process waits, and tells `say` so.

    The lock is SQLite's lock on an empty database. It works on every system, and ends with its process.
    """
    locks = evaluations_folder() / "locks"
    make_cache_folder(locks)
    name = locks / f"{short_name(str(path.resolve()))}.lock"
    with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as lock:
        for attempt in count():
            try:
                lock.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise InputError(f"cannot lock {name}: {error}. Is its folder writable?") from error
            if not attempt:
                say(f"another evaluation is writing {path}: waiting until it ends")
            time.sleep(_SECONDS_BETWEEN_TRIES)
        yield
