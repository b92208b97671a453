"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
from click.core import ParameterSource

from qa.errors import InputError
from qa.places import NEW_ON_SERVER
from qa.schema.fields import FIELDS, FILTERED_BY_NAME

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from qa.evaluation.command import Gate
    from qa.schema import Failure


NO_DESK = (
    f"there is no {{}}: a library has its desk itself. To share both between servers, write {NEW_ON_SERVER}"
)


@dataclass
class Settings:
    """The settings of one run of the program, from options before or after the command's name."""

    library: Path | str | None = None
    index: str = ""
    default_index: str = ""
    verbose: bool = False
    quiet: bool = False
    as_json: bool = False
    reader: str | None = None
    interrupted: str = "Nothing was changed."
    # Returns what `--json` prints for an error.
    failed: Callable[[Failure], dict[str, Any]] = lambda failure: {"error": asdict(failure)}


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        # A value before the command's name counts if there is none after it.
        if value:
            setattr(ctx.ensure_object(Settings), name, value)

    return callback


def _set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import logging

        ctx.ensure_object(Settings).verbose = True
        logging.basicConfig(format="%(name)s: %(message)s")
        for name in ("qa", "embeddings"):
            logging.getLogger(name).setLevel(logging.DEBUG)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return one decorator of several. The help lists the options in the given order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


def _set_index(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    is_default = ctx.get_parameter_source(parameter.name or "") is ParameterSource.ENVIRONMENT
    setattr(ctx.ensure_object(Settings), "default_index" if is_default else "index", value or "")


def _refuse_desk(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(NO_DESK.format("--desk"))


class PlaceName(click.Path):
    """The folder or the address of a library. An address is returned unchanged, and read later."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path, or an address."""
        from qa.places import is_address, is_index, is_url

        is_one = is_address(value) or is_index(value) or is_url(value)
        return value if is_one else super().convert(value, param, ctx)


class SourceName(click.Path):
    """A file or folder, or an address that fsspec knows. An address is returned unchanged."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path, or an address."""
        from qa.places import is_url

        return value if is_url(value) else super().convert(value, param, ctx)


general = _options(
    click.option(
        "--library",
        type=PlaceName(),
        metavar="DIR",
        expose_value=False,
        callback=_set("library"),
        help="The library: a folder, or postgresql://USER@HOST:PORT/DATABASE. [default: "
        "PULLQUOTE_LIBRARY, or a folder in the user's data folder]",
    ),
    click.option("--desk", hidden=True, expose_value=False, callback=_refuse_desk),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set("quiet"),
        help="Show no progress and no remarks.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_set_verbose,
        help="Show each step, and the place in the code where an error was raised.",
    ),
)
index = click.option(
    "--index",
    metavar="ADDRESS",
    envvar="PULLQUOTE_INDEX",
    show_envvar=True,
    expose_value=False,
    callback=_set_index,
    help="The index of a new library: milvus://HOST:PORT, or milvus:///DIR/FILE.db. The library remembers "
    "it. A library on PostgreSQL needs it. [default: files in the library's folder]",
)
json = click.option(
    "--json", is_flag=True, expose_value=False, callback=_set("as_json"), help="Print JSON, for a program."
)

Form = Literal["text", "markdown", "json"]


def _set_form(ctx: click.Context, _: click.Parameter, value: Form | None) -> Form | None:
    if value == "json":
        ctx.ensure_object(Settings).as_json = True  # of an error, too
    return value


form = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(Form)),
    callback=_set_form,
    help="The output: plain text, Markdown with block quotes, or JSON as with --json. [default: text, "
    "with colours in a terminal]",
)

force = click.option("--force", is_flag=True, help="Replace the file even if Pullquote did not write it.")


def _day(*, last: bool) -> Callable[[click.Context, click.Parameter, str | None], dt.date | None]:
    """Read a day: `YYYY-MM-DD`, or the first (`last`: the last) day of `YYYY-MM` or `YYYY`."""

    def callback(_: click.Context, __: click.Parameter, value: str | None) -> dt.date | None:
        from qa.text.times import bound

        try:
            return None if value is None else bound(value, last=last)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float:
    """Read the strictness: `.9` or `90%`, within the bounds of `confidence.py`, which has the default."""
    from qa.asking import confidence
    from qa.schema import STRICTNESS

    if value is None:
        return STRICTNESS
    number, percent = value.strip().removesuffix("%"), value.strip().endswith("%")
    try:
        share = float(number) / 100 if percent else float(number)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a share: write .75 or 75%") from None
    try:
        confidence.threshold(share)
    except InputError as error:
        raise click.BadParameter(f"{error}; write, for example, .75 or 75%") from error
    return share


strictness = click.option(
    "--strictness",
    metavar="SHARE",
    callback=_share,
    help="The share of answers that should be right, from .7 to .95. A higher share means fewer answers: an "
    "answer needs a confidence of 49% at .86, and of 87% at .95. On test questions, this share of the "
    "answers was right. [default: .86]",
)

find_all = click.option(
    "--all",
    "find_all",
    is_flag=True,
    help="Show every sentence that answers, by document. It works only for a question that asks for "
    "one thing.",
)

dates = click.option(
    "--ignore-dates",
    "dates",
    flag_value="ignore",
    default="auto",
    help="Do not prefer passages that fit a time in the question (since 2007, in March 2008, latest).",
)

reader = click.option(
    "--reader",
    metavar="[reader|deep|cross-encoder|MODEL]",
    envvar="PULLQUOTE_READER",
    show_envvar=True,
    expose_value=False,
    callback=_set("reader"),
    help="The model that reads the passages. reader: our own reader, and a deeper reader if a question asks "
    "for several things. deep: both readers for every question, which is right more often and takes "
    "longer. cross-encoder: the cross-encoder instead, for comparison. Or the folder or hub id of any "
    "CrossEncoder, such as a multilingual model; its confidence is a guess.",
)

deadline = click.option(
    "--deadline",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=30,
    show_default=True,
    help="The most time that an answer may take.",
)


def _option(name: str) -> str:
    """Return the option of a filter."""
    return f"--{name.replace('_', '-')}"


_filter_options = _options(
    click.option(
        "--since", metavar="DATE", callback=_day(last=False), help="From this day, month or year on."
    ),
    click.option("--until", metavar="DATE", callback=_day(last=True), help="Up to this day, month or year."),
    *(
        click.option(
            _option(name),
            metavar="CODE" if FIELDS[name].kind == "language" else "NAME",
            multiple=True,
            help=f"Only {FIELDS[name].only}; may be repeated.",
        )
        for name in FILTERED_BY_NAME
    ),
    click.option(
        "--document",
        metavar="ID",
        multiple=True,
        help="Only this document, or all in this file or folder; may be repeated.",
    ),
)


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """Add the filter options. The command receives their values as one argument, `filters`."""

    @functools.wraps(command)
    def with_filters(
        *args: Any,
        since: dt.date | None,
        until: dt.date | None,
        **others: Any,
    ) -> None:
        from qa.limits import check_filters
        from qa.schema import Filters

        named_filters = {name: others.pop(name) for name in (*FILTERED_BY_NAME, "document")}
        for name, given in named_filters.items():
            if not all(map(str.strip, given)):
                raise click.UsageError(f"{_option(name)} is empty: give it a value, or leave the option out")
        if since and until and since > until:
            raise click.UsageError(f"--since {since} is later than --until {until}")
        filters = Filters(since=since, until=until, **named_filters)
        try:
            check_filters(filters)
        except InputError as error:
            raise click.UsageError(str(error)) from error
        command(*args, filters=filters, **others)

    decorated: Callable[..., None] = _filter_options(with_filters)
    return decorated


def columns(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str] | None:
    """Read FIELD=NAME, which may be repeated. Return None if it is not given."""
    if not values:
        return None
    from qa.formats import columns as known

    fields = ["id", *(field for field in known.FIELDS if field != "_id")]
    columns = {}
    for value in values:
        field, equals, name = value.partition("=")
        field = "id" if field == "_id" else field  # JSON records call it "_id"
        if not equals or not name or field not in fields:
            raise click.BadParameter(f"{value!r}: write FIELD=NAME, with a FIELD of {', '.join(fields)}")
        columns[field] = name
    return columns


def values(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read FIELD=VALUE, which may be repeated: metadata of a document."""
    from qa.document.metadata import check
    from qa.errors import InputError

    pairs = [pair.partition("=") for pair in given]
    for name, equals, _value in pairs:
        if not equals:
            raise click.BadParameter(f"{name!r} says no value; write title=… or title= for none")
    try:
        return check({name.strip(): value for name, _, value in pairs})
    except InputError as error:
        raise click.BadParameter(str(error)) from error


def fields(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Read FIELD, which may be repeated."""
    for name in given:
        if name not in FIELDS:
            raise click.BadParameter(f"{name!r} is not a field of a document: use {', '.join(FIELDS)}")
    return given


def gates(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[Gate, ...]:
    """Read MEASURE=VALUE, which may be repeated."""
    if not values:
        return ()
    from qa.evaluation.command import Gate

    try:
        return tuple(map(Gate.parse, values))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
