"""The address of a desk that several servers share, and its password from a file."""

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
_FORM = "write postgresql://USER@HOST:PORT/DATABASE, and add ?schema=NAME if needed"
_ADVICE = f"put it into ~/.pgpass, PGPASSWORD, or a file that {PASSWORD_FILE} names"
# PostgreSQL cuts names off after 63 bytes.
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_READABLE = 40


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """The address of a shared desk. It contains no password.

    Attributes:
        text: the address as a person wrote it.
        where: the server and the database, for messages.
        schema: the PostgreSQL schema that contains the tables.
        options: the connection parameters for libpq.
    """

    text: str
    where: str
    schema: str
    options: Mapping[str, str | int]

    @classmethod
    def parse(cls, text: str, library: str) -> Self:
        """Parse the address of a desk.

        An address may name no schema. Then the schema is named after `library`, such as HOST:PORT/NAME.

        Raises:
            InputError: the text is not an address of a desk, or it contains a password.
        """
        # The user is all up to the last "@": urlsplit may see the end of the host in a password's characters.
        user = text.partition(":")[2].rpartition("@")[0]
        if ":" in unquote(user) or "password=" in unquote(text).casefold():
            raise InputError(
                f"the address of a desk is shown and stored, so it may not have a password: {_ADVICE}"
            )
        try:
            parts = urlsplit(text)
            asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            given = {"user": parts.username, "host": parts.hostname, "port": parts.port}
        except ValueError:  # its message quotes the address
            raise InputError(f"{shown(text)} is not an address of a desk: {_FORM}") from None
        database = unquote(parts.path.strip("/"))
        if not database or "/" in database or parts.fragment or asked.keys() - {"schema"}:
            hint = (
                " (set other options of libpq in its environment variables, such as PGSSLMODE)"
                if asked
                else ""
            )
            raise InputError(f"{shown(text)} is not an address of a desk: {_FORM}{hint}")
        schema = asked.get("schema") or schema_of(library)
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            raise InputError(
                f"{schema!r} cannot be the name of a schema: use up to 63 lower-case ASCII letters, digits "
                "and underscores, and do not begin with a digit or pg_"
            )
        options = {name: unquote(str(value)) for name, value in given.items() if value}
        where = f"{options.get('host') or os.environ.get('PGHOST') or 'this machine'}"
        where += f":{options['port']}" if "port" in options else ""
        return cls(text, f"{where}/{database}", schema, options | {"dbname": database})

    def secrets(self) -> dict[str, str]:
        """Read the password from the file that `PULLQUOTE_DESK_PASSWORD_FILE` names.

        Return an empty dict if the variable names no file: libpq itself finds a password in its usual places.

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
    """Return the name of the schema of a library's desk, made from the library's name and its hash."""
    readable = re.sub("[^a-z0-9]+", "_", library.casefold())[-_READABLE:].strip("_")
    return f"pullquote_{readable}_{hashlib.sha256(library.encode()).hexdigest()[:8]}"
