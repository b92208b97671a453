"""Answer many questions from a file, in order, one line each. Continue where an earlier run stopped.

The file ANSWERS.jsonl.state next to ANSWERS.jsonl says what the answers depend on. The answers depend on the
library, its aliases and its own confidence, the questions, the filters, the strictness and this version; also
on today, if a question says "last year". Earlier answers are kept only if all of this is the same.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from qa import __version__
from qa.asking import confidence, own_confidence
from qa.asking.answer import Answerer, answer_or_error
from qa.errors import InputError, PullquoteError
from qa.outputs import ANSWERS, STATE, earlier_of, is_replaceable, spare, state_of, write_output
from qa.quoting.render import to_json
from qa.schema import EVERYTHING, FILTERED_BY_NAME, Answer, AskOptions, Failure, Filters, Turn
from qa.text.json_lines import dumps, is_utf8
from qa.text.names import ALIAS_FILE
from qa.text.question import ParsedQuestion
from qa.text.times import is_relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qa.corpus import Corpus
    from qa.schema import Outcome

# Answers depend on this module, but not on these folders of the packages, which show answers or score them.
_IRRELEVANT = {"__pycache__", "evaluation", "seeds", "web"}


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a questions file: a question, or the reason why the line is no question (`failure`).

    Attributes:
        id: the id of the question's answer line.
        text: the question.
        history: the earlier turns of the conversation.
        filters: the question's own filters; without any, the filters of the run apply.
        failure: why the question cannot be asked.
    """

    id: str
    text: str = ""
    history: tuple[str | Turn, ...] = ()
    filters: Filters = EVERYTHING
    failure: Failure | None = None


def read_questions(data: bytes) -> tuple[Question, ...]:
    """Return the questions in JSON lines of `{"_id" or "id", "text" or "question", "history", "filters"}`.

    Empty lines are left out. A line that is not a question becomes a question with a failure, so that every
    line has an answer line. A question without an id gets its line number as id.
    """
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return tuple(_question(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _question(line: bytes, number: int) -> Question:
    """Return the question of a line. If the line is malformed, the question has a failure."""
    answer_id, text = str(number), ""
    try:
        record = json.loads(line.decode("utf-8"))
        if not isinstance(record, dict):
            raise InputError("it is not a JSON object")  # noqa: TRY301
        names = (record.get("_id"), record.get("id"), number)
        answer_id = str(next(name for name in names if name is not None))
        asked = record.get("text", record.get("question"))
        if not isinstance(asked, str):
            raise InputError('it has no "text" or "question" as a string')  # noqa: TRY301
        text = asked
        # JSON can spell half of a surrogate pair. No model can read such a text.
        json.dumps([text, record.get("history"), record.get("filters")], ensure_ascii=False).encode("utf-8")
        history = read_history(record.get("history") or [])
        return Question(answer_id, text, history, read_filters(record.get("filters") or {}))
    except (ValueError, RecursionError, InputError) as error:
        failure = Failure(InputError.code, f"line {number} is not a question: {error}")
        return Question(answer_id, text, failure=failure)


def read_history(turns: object) -> tuple[str | Turn, ...]:
    """Return the earlier turns of a conversation from the list under "history" in a line of JSON.

    Raises:
        InputError: the turns are not a list of strings and of `{"role": "user" or "assistant", "text"}`.
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


def read_filters(filters: object) -> Filters:
    """Return the filters from the object under "filters" in a line of JSON.

    Raises:
        InputError: the filters are not an object with the fields of `qa.schema.Filters`.
    """
    try:
        if isinstance(filters, dict):
            return Filters.from_dict(filters)
    except (TypeError, ValueError):
        pass
    raise InputError(
        '"filters" holds "since" and "until" as YYYY-MM-DD, "document" as a list of ids, and '
        f"{', '.join(FILTERED_BY_NAME)} as texts or lists of texts"
    )


def answer_file(
    corpus: Corpus,
    questions: bytes,
    out: Path | None,
    options: AskOptions,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
    *,
    fresh: bool = False,
    force: bool = False,
) -> Counter[str]:
    """Write the answers to the questions of a file into `out` (None: standard output). Count the outcomes.

    `progress` gets the number of questions that are done and the number of all. `say` gets a message on what
    happened to earlier answers in `out`. See `keep_earlier` for `fresh` and `force`.

    Raises:
        InputError: there is no question in the file, the strictness makes no sense, or `out` cannot be read
            or written.
        OutputError: `out` contains something else.
    """
    confidence.threshold(options.strictness)  # refuse a bad strictness now, not in every line
    asked = read_questions(questions)
    if not asked:
        raise InputError('the file has no question: each line should be {"_id", "text"}')
    answer = functools.partial(_answer, corpus, asked, options, progress)
    if out is None:
        stream = sys.stdout
        plain = not is_utf8(stream)
        return answer(Counter(), stream.buffer, ascii=plain)
    try:
        if out.exists() and not out.is_file():  # a pipe or a device stores no earlier answers
            with out.open("wb") as file:
                return answer(Counter(), file)
        basis = _basis(corpus, questions, options)
        outcomes, message = keep_earlier(out, basis, asked, fresh=fresh, force=force)
        if message:
            say(f"{out}: {message}")
        with out.open("ab") as file:
            done = answer(Counter(outcomes), file)
        if is_replaceable(earlier_of(out), ANSWERS):
            earlier_of(out).unlink(missing_ok=True)  # the new answers have replaced it
    except OSError as error:
        if error.filename and not str(error.filename).startswith(str(out)):  # a model's file, say
            raise
        raise InputError(
            f"cannot write the answers to {error.filename or out}: {error.strerror}. "
            "The answers written so far stay: run the same command again to go on from there"
        ) from error
    return done


def _answer(
    corpus: Corpus,
    asked: Sequence[Question],
    options: AskOptions,
    progress: Callable[[int, int], None],
    outcomes: Counter[str],
    file: BinaryIO,
    *,
    ascii: bool = False,  # noqa: A002
) -> Counter[str]:
    """Write the answers that `outcomes` does not count yet, each as soon as it is complete."""
    answerer = corpus.answerer()
    progress(outcomes.total(), len(asked))
    for question in asked[outcomes.total() :]:
        outcome, line = _answer_line(answerer, corpus, question, options, ascii=ascii)
        file.write(line.encode("utf-8") + b"\n")
        file.flush()
        outcomes[outcome] += 1
        progress(outcomes.total(), len(asked))
    return outcomes


def _answer_line(
    answerer: Answerer,
    corpus: Corpus,
    question: Question,
    options: AskOptions,
    *,
    ascii: bool,  # noqa: A002
) -> tuple[Outcome, str]:
    """Return the outcome and the line of JSON. Any PullquoteError becomes the outcome `error`."""
    failure = question.failure
    filters = question.filters or options.filters
    if failure is None:
        own = replace(options, filters=filters)
        answer = answer_or_error(answerer, question.text, question.history, own)
        try:
            return answer.outcome, to_json(answer, corpus.document, question.id, ascii=ascii)
        except PullquoteError as error:
            failure = Failure(error.code, str(error))
    failed = Answer(question.text, question.text, "error", filters=filters, error=failure)
    return "error", to_json(failed, corpus.document, question.id, ascii=ascii)


def _basis(
    corpus: Corpus,
    questions: bytes,
    options: AskOptions,
    today: dt.date | None = None,
) -> dict[str, Any]:
    """Return everything that the answers depend on.

    The library's generation is not enough: a library that was deleted and made again may have the same one.
    """
    documents = corpus.store.hashes()
    corpus.store.fetch_own_files()
    aliases, fitted = (Path(corpus.library) / name for name in (ALIAS_FILE, own_confidence.FILE))
    return {
        "pullquote": __version__,
        "code": code_sha256(),
        "library": str(corpus.library),
        "generation": corpus.store.generation,
        "documents": hashlib.sha256(dumps(documents, ascii=True).encode()).hexdigest(),
        "aliases": hashlib.sha256(aliases.read_bytes()).hexdigest() if aliases.is_file() else "",
        "confidence": hashlib.sha256(fitted.read_bytes()).hexdigest() if fitted.is_file() else "",
        "encoder": corpus.store.encoder_identity.sha256,
        "questions": hashlib.sha256(questions).hexdigest(),
        "filters": json.loads(json.dumps(asdict(options.filters), default=str)),
        "strictness": options.strictness,
        "dates": options.dates,
        "all": options.find_all,
        "today": _today(questions, today) if options.dates == "auto" else "",
        "reader": corpus.answerer().reader,
    }


def _today(questions: bytes, today: dt.date | None) -> str:
    """Return today if a question or its history depends on it ("last year"), or "" otherwise."""
    texts = (
        ParsedQuestion(text if isinstance(text, str) else text.text)
        for question in read_questions(questions)
        for text in (question.text, *question.history)
    )
    today = today or dt.date.today()  # noqa: DTZ011 -- as in times
    return today.isoformat() if any(map(is_relative, texts)) else ""


@functools.cache
def code_sha256(folder: Path = Path(__file__).parents[2]) -> str:
    """Return the hex SHA-256 of the files of `qa` and `embeddings` that answers depend on.

    The fitted weights are among these files. In a checkout, the code changes while the version stays the
    same.
    """
    digest = hashlib.sha256()
    for package in (folder / "qa", folder / "embeddings"):
        for path in sorted(_sources(package)):
            digest.update(f"{package.name}/{path.relative_to(package).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(package: Path) -> Iterable[Path]:
    files = (path for path in package.rglob("*") if path.is_file())
    own = package / "evaluation" / Path(__file__).name  # this module writes the lines
    return (path for path in files if path == own or not _IRRELEVANT & set(path.relative_to(package).parts))


def keep_earlier(
    out: Path,
    basis: dict[str, Any],
    questions: Sequence[Question],
    *,
    fresh: bool = False,
    force: bool = False,
) -> tuple[list[str], str]:
    """Keep the answer lines of an earlier run with the same `basis`, or start again if the basis differs.

    Returns the outcomes of the lines that are kept, and a message to the user ("" if there were no answers).
    An incomplete last line is dropped. Afterwards the caller can append to `out`. Answers that are not kept
    are moved aside until the new answers are complete, in case the user did not mean to start again. With
    `fresh`, nothing is kept. With `force`, `out` may contain anything, and a file that is not Pullquote's is
    renamed.

    Raises:
        OutputError: `out`, its state or its earlier answers are not a file of Pullquote's; nothing is
            changed.
        OSError: a file cannot be read or written.
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
    # Remove the answers before writing the new state: a state must never vouch for answers of another basis.
    why = "" if fresh else ", because the library, the questions or the options have changed"
    message = ""
    if earlier and force and not (are_ours and is_replaceable(aside, ANSWERS)):
        message = f"starting again; the former file is now {_rename(out).name}"
    elif earlier:
        spare(aside, ANSWERS)
        if not aside.exists():  # if it exists, `out` is from an interrupted run and may go
            out.replace(aside)
        message = (
            f"starting again{why}; the former answers are in {aside.name} until the new answers are complete"
        )
    if force and not is_replaceable(state, STATE):
        _rename(state)
    out.write_bytes(b"")
    write_output(state, [dumps(basis, ascii=True, indent=1) + "\n"])
    return [], message


def _rename(path: Path) -> Path:
    """Rename a file to the first free name of NAME.replaced, NAME.replaced2 and so on."""
    names = (f"{path.name}.replaced{number}" for number in chain(("",), count(2)))
    return path.rename(next(free for name in names if not os.path.lexists(free := path.with_name(name))))


def _read_state(state: Path) -> object:
    try:
        return json.loads(state.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None


def _outcomes(lines: bytes, questions: Sequence[Question]) -> list[str] | None:
    """Return the outcomes of the answers so far, or None if they do not answer the first questions."""
    try:
        answers = [json.loads(line) for line in lines.splitlines()]
        same = [answer["id"] for answer in answers] == [question.id for question in questions[: len(answers)]]
        return [str(answer["outcome"]) for answer in answers] if same else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
