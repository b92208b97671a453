"""Many questions from a file, one answer line each, in order; what was cut short goes on where it stopped.

Beside ANSWERS.jsonl lies ANSWERS.jsonl.state, which says what the answers rest on. Only where that is the
same (the library as it stands, its aliases, the questions, the filters, the strictness, this version; today,
where a question says "last year") are earlier answers kept.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from qa import __version__
from qa.asking import confidence
from qa.asking.answer import Answerer, answer_or_error
from qa.errors import InputError, PullquoteError
from qa.outputs import ANSWERS, STATE, earlier_of, is_replaceable, spare, state_of, write_output
from qa.quoting.render import to_json
from qa.schema import Answer, Failure, Filters, Turn
from qa.text.json_lines import dumps, is_utf8
from qa.text.names import ALIAS_FILE
from qa.text.times import is_relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qa.corpus import Corpus
    from qa.schema import Dates, Outcome

# What no answer rests on: folders of the packages that show answers or score them.
_APART = {"__pycache__", "evaluation", "seeds", "web"}


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a questions file. `failure` says why it cannot be asked."""

    id: str
    text: str = ""
    history: tuple[str | Turn, ...] = ()
    failure: Failure | None = None


def read_questions(data: bytes) -> tuple[Question, ...]:
    """Read JSON lines of `{"_id" or "id", "text" or "question", "history"}`; empty lines are passed over.

    A line that is no question becomes one that carries its failure, so that every line has its answer line.
    Without an id a question is named by its line number.
    """
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return tuple(_question(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _question(line: bytes, number: int) -> Question:
    answer_id, text = str(number), ""
    try:
        record = json.loads(line.decode("utf-8"))
        if not isinstance(record, dict):
            raise InputError("it is not a JSON object")  # noqa: TRY301
        names = (record.get("_id"), record.get("id"), number)
        answer_id = str(next(name for name in names if name is not None))
        asked = record.get("text", record.get("question"))
        if not isinstance(asked, str):
            raise InputError('it has no "text" or "question" that is a string')  # noqa: TRY301
        text = asked
        # JSON can spell half of a surrogate pair, which is no text: no model can read it.
        json.dumps([text, record.get("history")], ensure_ascii=False).encode("utf-8")
        return Question(answer_id, text, read_history(record.get("history") or []))
    except (ValueError, RecursionError, InputError) as error:
        failure = Failure(InputError.code, f"line {number} is no question: {error}")
        return Question(answer_id, text, failure=failure)


def read_history(turns: object) -> tuple[str | Turn, ...]:
    """Read a conversation's earlier turns, as a line of JSON has them.

    Raises:
        InputError: they are not a list of strings and of `{"role": "user" or "assistant", "text"}`.
    """
    if not isinstance(turns, list):
        raise InputError('"history" is not a list')
    history: list[str | Turn] = []
    for turn in turns:
        match turn:
            case str():
                history.append(turn)
            case {"role": "user" | "assistant" as role, "text": str(text)}:
                history.append(Turn(role, text))
            case _:
                raise InputError('"history" holds strings or {"role": "user" or "assistant", "text"}')
    return tuple(history)


def answer_file(
    corpus: Corpus,
    questions: bytes,
    out: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
    strictness: float = confidence.STRICTNESS,
    dates: Dates = "auto",
    *,
    fresh: bool = False,
    force: bool = False,
) -> Counter[str]:
    """Answer the questions of a file into `out` (None: standard output) and count the outcomes.

    `progress` is told how many of how many are done, `say` what became of earlier answers in `out`. See
    `keep_earlier` for `fresh` and `force`.

    Raises:
        InputError: when there is no question in the file, or the strictness makes no sense, or `out` cannot
            be read or written, or holds something else.
    """
    confidence.threshold(strictness)  # rather refused now than in every line
    asked = read_questions(questions)
    if not asked:
        raise InputError('there is no question in the file; each line should be {"_id", "text"}')
    if out is None:
        stream = sys.stdout
        plain = not is_utf8(stream)
        return _answer(
            corpus, asked, filters, strictness, dates, Counter(), stream.buffer, progress, ascii=plain
        )
    try:
        if out.exists() and not out.is_file():  # a pipe or a device keeps nothing to go on from
            with out.open("wb") as file:
                return _answer(corpus, asked, filters, strictness, dates, Counter(), file, progress)
        basis = _basis(corpus, questions, filters, strictness, dates)
        kept, message = keep_earlier(out, basis, asked, fresh=fresh, force=force)
        if message:
            say(f"{out}: {message}")
        with out.open("ab") as file:
            done = _answer(corpus, asked, filters, strictness, dates, Counter(kept), file, progress)
        if is_replaceable(earlier_of(out), ANSWERS):
            earlier_of(out).unlink(missing_ok=True)  # these have taken its place
    except OSError as error:
        if error.filename and not str(error.filename).startswith(str(out)):  # a model's file, say
            raise
        raise InputError(
            f"cannot write the answers to {error.filename or out}: {error.strerror}; "
            "what was written stays, and the same command goes on from there"
        ) from error
    return done


def _answer(
    corpus: Corpus,
    asked: Sequence[Question],
    filters: Filters,
    strictness: float,
    dates: Dates,
    outcomes: Counter[str],
    file: BinaryIO,
    progress: Callable[[int, int], None],
    *,
    ascii: bool = False,  # noqa: A002
) -> Counter[str]:
    """Write the answers that `outcomes` does not count yet, each whole and at once."""
    answerer = corpus.answerer()
    progress(outcomes.total(), len(asked))
    for question in asked[outcomes.total() :]:
        outcome, line = _answer_line(answerer, corpus, question, filters, strictness, dates, ascii=ascii)
        file.write(line.encode("utf-8") + b"\n")
        file.flush()
        outcomes[outcome] += 1
        progress(outcomes.total(), len(asked))
    return outcomes


def _answer_line(
    answerer: Answerer,
    corpus: Corpus,
    question: Question,
    filters: Filters,
    strictness: float,
    dates: Dates,
    *,
    ascii: bool,  # noqa: A002
) -> tuple[Outcome, str]:
    """Give the outcome and the line of JSON; whatever fails, an altered quote too, is an `error`."""
    failure = question.failure
    if failure is None:
        answer = answer_or_error(answerer, question.text, question.history, filters, strictness, dates)
        try:
            return answer.outcome, to_json(answer, corpus.document, question.id, ascii=ascii)
        except PullquoteError as error:
            failure = Failure(error.code, str(error))
    failed = Answer(question.text, question.text, "error", filters=filters, error=failure)
    return "error", to_json(failed, corpus.document, question.id, ascii=ascii)


def _basis(
    corpus: Corpus,
    questions: bytes,
    filters: Filters,
    strictness: float,
    dates: Dates,
    today: dt.date | None = None,
) -> dict[str, Any]:
    """Name all that the answers rest on.

    The generation alone would not do: a library that was deleted and made anew may have the same one.
    """
    documents = corpus.store.hashes()
    aliases = Path(corpus.library) / ALIAS_FILE
    return {
        "pullquote": __version__,
        "code": code_sha256(),
        "library": str(corpus.library),
        "generation": corpus.store.generation,
        "documents": hashlib.sha256(dumps(documents, ascii=True).encode()).hexdigest(),
        "aliases": hashlib.sha256(aliases.read_bytes()).hexdigest() if aliases.is_file() else "",
        "encoder": corpus.store.encoder_identity.sha256,
        "questions": hashlib.sha256(questions).hexdigest(),
        "filters": json.loads(json.dumps(asdict(filters), default=str)),
        "strictness": strictness,
        "dates": dates,
        "today": _today(questions, today) if dates == "auto" else "",
        "reader": corpus.answerer().reader,
    }


def _today(questions: bytes, today: dt.date | None) -> str:
    """The day from which a question, or what it follows, counts "last year"; "" where none does."""
    said = (
        text if isinstance(text, str) else text.text
        for question in read_questions(questions)
        for text in (question.text, *question.history)
    )
    today = today or dt.date.today()  # noqa: DTZ011 -- as in times
    return today.isoformat() if any(map(is_relative, said)) else ""


@functools.cache
def code_sha256(folder: Path = Path(__file__).parents[1]) -> str:
    """Hex SHA-256 of the files of `qa` and `embeddings` that answers come from, fitted weights too.

    In a checkout the version stays while the code changes; answers of other code are other answers.
    """
    digest = hashlib.sha256()
    for package in (folder / "qa", folder / "embeddings"):
        for path in sorted(_sources(package)):
            digest.update(f"{package.name}/{path.relative_to(package).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(package: Path) -> Iterable[Path]:
    files = (path for path in package.rglob("*") if path.is_file())
    return (path for path in files if not _APART & set(path.relative_to(package).parts))


def keep_earlier(
    out: Path,
    basis: dict[str, Any],
    questions: Sequence[Question],
    *,
    fresh: bool = False,
    force: bool = False,
) -> tuple[list[str], str]:
    """Keep the whole answer lines of an earlier run that rests on the same `basis`; else begin anew.

    A line that was cut short is dropped. Afterwards `out` can be appended to. Answers that are not kept are
    put aside, for whoever did not mean to begin anew, until the new answers are complete. With `fresh`,
    nothing is kept; with `force`, `out` may hold anything, and somebody's file is renamed and stays. Returns
    the outcomes of the lines kept, and what to tell the reader (nothing when there was nothing).

    Raises:
        OutputError: when `out`, or what lies beside it, is somebody's file; all is left as it is.
        OSError: when a file cannot be read or written.
    """
    state, aside = state_of(out), earlier_of(out)
    if not force:
        spare(out, ANSWERS)
        spare(state, STATE)
    earlier = out.read_bytes() if out.exists() else b""
    lines = earlier[: earlier.rfind(b"\n") + 1]
    are_ours = not force or is_replaceable(out, ANSWERS)
    may_go_on = are_ours and not fresh and _read_state(state) == basis
    outcomes = _outcomes(lines, questions) if may_go_on else None
    if earlier and outcomes is not None:
        os.truncate(out, len(lines))
        return outcomes, f"going on after {len(outcomes):,} of {len(questions):,} answers"
    # The answers go before the state comes: it must never vouch for what it has not seen.
    why = "" if fresh else ": the library, the questions or the options are not the same"
    message = ""
    if earlier and force and not (are_ours and is_replaceable(aside, ANSWERS)):
        message = f"starting anew; what was there is now {_rename(out).name}"
    elif earlier:
        spare(aside, ANSWERS)
        if not aside.exists():  # else these are what an interrupted run has begun
            out.replace(aside)
        message = f"starting anew{why}; what was there is in {aside.name} until the answers are complete"
    if force and not is_replaceable(state, STATE):
        _rename(state)
    out.write_bytes(b"")
    write_output(state, [dumps(basis, ascii=True, indent=1) + "\n"])
    return [], message


def _rename(path: Path) -> Path:
    """Give somebody's file the first free name of NAME.replaced, NAME.replaced2 and so on."""
    names = (f"{path.name}.replaced{number}" for number in chain(("",), count(2)))
    return path.rename(next(free for name in names if not os.path.lexists(free := path.with_name(name))))


def _read_state(state: Path) -> object:
    try:
        return json.loads(state.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None


def _outcomes(lines: bytes, questions: Sequence[Question]) -> list[str] | None:
    """Read the outcomes of the answers so far; None unless they are the answers of the first questions."""
    try:
        answers = [json.loads(line) for line in lines.splitlines()]
        same = [answer["id"] for answer in answers] == [question.id for question in questions[: len(answers)]]
        return [str(answer["outcome"]) for answer in answers] if same else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
