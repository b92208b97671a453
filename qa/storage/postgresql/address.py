"""The address of a library on a PostgreSQL server, and its password from a file."""

from __future__ import annotations

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

PASSWORD_FILE = "PULLQUOTE_PASSWORD_FILE"  # noqa: S105 - the name of a variable
DEFAULT_SCHEMA = "pullquote"
_FORM = "write postgresql://USER@HOST:PORT/DATABASE, and add ?schema=NAME if needed"
_ADVICE = f"put it into ~/.pgpass, PGPASSWORD, or a file that {PASSWORD_FILE} names"
# PostgreSQL cuts names off after 63 bytes.
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """The address of a library on PostgreSQL. It contains no password.

    Attributes:
        text: the address as a person wrote it.
        where: the server, the database, and a schema that is not the default schema, for messages.
        schema: the PostgreSQL schema that contains the tables.
        options: the connection parameters for libpq.
    """

    text: str
    where: str
    schema: str
    options: Mapping[str, str | int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the address of a library. Without a schema in it, the schema is `pullquote`.

        Raises:
            InputError: the text is not an address of a library, or it contains a password.
        """
        # The user is all up to the last "@": urlsplit may see the end of the host in a password's characters.
        user = text.partition(":")[2].rpartition("@")[0]
        if ":" in unquote(user) or "password=" in unquote(text).casefold():
            raise InputError(
                f"the address of a library is shown and stored, so it may not have a password: {_ADVICE}"
            )
        try:
            parts = urlsplit(text)
            asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            given = {"user": parts.username, "host": parts.hostname, "port": parts.port}
        except ValueError:  # its message quotes the address
            raise InputError(f"{shown(text)} is not an address of a library: {_FORM}") from None
        database = unquote(parts.path.strip("/"))
        if not database or "/" in database or parts.fragment or asked.keys() - {"schema"}:
            hint = (
                " (set other options of libpq in its environment variables, such as PGSSLMODE)"
                if asked.keys() - {"schema"}
                else ""
            )
            raise InputError(f"{shown(text)} is not an address of a library: {_FORM}{hint}")
        schema = asked.get("schema") or DEFAULT_SCHEMA
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            raise InputError(
                f"{schema!r} cannot be the name of a schema: use up to 63 lower-case ASCII letters, digits "
                "and underscores, and do not begin with a digit or pg_"
            )
        options = {name: unquote(str(value)) for name, value in given.items() if value}
        where = f"{options.get('host') or os.environ.get('PGHOST') or 'this machine'}"
        where += f":{options['port']}" if "port" in options else ""
        where += f"/{database}" + (f"?schema={schema}" if schema != DEFAULT_SCHEMA else "")
        return cls(text, where, schema, options | {"dbname": database})

    def secrets(self) -> dict[str, str]:
        """Read the password from the file that `PULLQUOTE_PASSWORD_FILE` names.

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
