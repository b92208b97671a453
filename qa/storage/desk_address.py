"""The address of a desk that several servers share, and what the environment says of how to get there."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from qa.errors import InputError
from qa.places import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD_FILE = "PULLQUOTE_DESK_PASSWORD_FILE"  # noqa: S105 - the name of a variable
_FORM = "write postgresql://USER@HOST:PORT/DATABASE, and ?schema=NAME after it if need be"
_ADVICE = f"put it into ~/.pgpass, PGPASSWORD, or a file that {PASSWORD_FILE} names"
# Of a longer name, PostgreSQL cuts off the rest.
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_READABLE = 40


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """Where a shared desk is. It holds no password.

    Attributes:
        text: the address as a person writes it.
        where: the server and the database, for messages.
        schema: what holds the tables there.
        options: what libpq is told.
    """

    text: str
    where: str
    schema: str
    options: Mapping[str, str | int]

    @classmethod
    def parse(cls, text: str, library: str) -> Self:
        """Read an address. Unless it names a schema, that is named after the library, such as HOST:PORT/NAME.

        Raises:
            InputError: it is none, or it holds a password.
        """
        # Up to the last "@": a password may have signs in which urlsplit sees the end of the host.
        user = text.partition(":")[2].rpartition("@")[0]
        if ":" in unquote(user) or "password=" in unquote(text).casefold():
            raise InputError(f"the address of a desk is shown and kept, so it takes no password: {_ADVICE}")
        try:
            parts = urlsplit(text)
            asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            given = {"user": parts.username, "host": parts.hostname, "port": parts.port}
        except ValueError:  # it says what is in the address
            raise InputError(f"{shown(text)} is no address of a desk: {_FORM}") from None
        database = unquote(parts.path.strip("/"))
        if not database or "/" in database or parts.fragment or asked.keys() - {"schema"}:
            hint = " (what else libpq takes stands in its variables, such as PGSSLMODE)" if asked else ""
            raise InputError(f"{shown(text)} is no address of a desk: {_FORM}{hint}")
        schema = asked.get("schema") or schema_of(library)
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            raise InputError(
                f"{schema!r} cannot be the name of a schema: use up to 63 small letters, digits and "
                "underscores of ASCII, no digit first, and not pg_"
            )
        options = {name: unquote(str(value)) for name, value in given.items() if value}
        where = f"{options.get('host') or os.environ.get('PGHOST') or 'this machine'}"
        where += f":{options['port']}" if "port" in options else ""
        return cls(text, f"{where}/{database}", schema, options | {"dbname": database})

    def secrets(self) -> dict[str, str]:
        """Read the password, where a file is named that holds it; libpq finds the others itself.

        Raises:
            InputError: the file cannot be read.
        """
        file = os.environ.get(PASSWORD_FILE)
        if not file:
            return {}
        try:
            return {"password": Path(file).read_text(encoding="utf-8").strip()}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}, which {PASSWORD_FILE} names, cannot be read: {error}") from error


def schema_of(library: str) -> str:
    """Name the schema of a library's desk, after the library."""
    readable = re.sub("[^a-z0-9]+", "_", library.casefold())[-_READABLE:].strip("_")
    return f"pullquote_{readable}_{hashlib.sha256(library.encode()).hexdigest()[:8]}"
