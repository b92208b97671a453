"""Turns PostgreSQL's errors into messages that tell a person what to do next."""

from __future__ import annotations

from qa.errors import ConflictError, LibraryAwayError, LibraryError
from qa.storage.postgresql.address import PASSWORD_FILE


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, without details, or the error's type if it is empty."""
    return " ".join(str(error).partition("\n")[0].split()) or type(error).__name__


def not_opened(message: str, where: str) -> LibraryError:
    """Return the error for a failed connection. libpq reports the cause only as text, without a code."""
    error_class = LibraryError
    cause = " ".join(message.replace("Multiple connection attempts failed", "").split())
    if "password" in message or "authentication" in message:
        advice = (
            "check the user, the password in ~/.pgpass, in PGPASSWORD or in the file that "
            f"{PASSWORD_FILE} names, and the server's pg_hba.conf"
        )
    elif "does not exist" in message:
        advice = "create the missing user, database or schema there, or name another database with --library"
    elif "too many" in message or "reserved" in message:
        error_class, advice = LibraryAwayError, "raise its max_connections, or try again later"
    else:
        error_class = LibraryAwayError
        advice = "check that the server runs and accepts this machine, or name another library with --library"
    return error_class(f"the library at {where} cannot be opened ({cause[-300:]}): {advice}")


def meaning(error: Exception, where: str, seconds: int) -> LibraryError:
    """Return the error that says what to do next, by the SQLSTATE of PostgreSQL's error.

    PostgreSQL's documentation lists the SQLSTATEs (appendix A). `seconds` is the time limit of a statement.
    """
    state, line = getattr(error, "sqlstate", None), first_line(error)
    kind = (state or "08")[:2]
    if state == "55P03":
        return ConflictError(
            f"the library at {where} is being written by another Pullquote: try again when it is done"
        )
    if state in ("23503", "23505", "40001", "40P01"):
        return ConflictError(
            f"the library at {where} was changed by another Pullquote at the same time ({line}): try again"
        )
    if state == "57014":
        return LibraryAwayError(
            f"the library at {where} took more than {seconds} s, so the request was stopped: try again"
        )
    if state in ("53100", "58030"):
        return LibraryError(
            f"there is no space left, or no disk, for the library at {where} ({line}): nothing was lost"
        )
    if state == "42501":
        return LibraryError(
            f"the library at {where} may not be written by this user ({line}): grant it CREATE on the "
            "database, or have its schema made for it (CREATE SCHEMA … AUTHORIZATION …)"
        )
    if state == "25006":
        return LibraryError(f"the library at {where} is a read-only copy ({line}): name the original server")
    if kind in ("08", "57", "25") or state is None:
        return LibraryAwayError(
            f"the connection to the library at {where} was lost ({line}): try again when the server runs. "
            "No finished change is lost"
        )
    if state in ("42P01", "3F000", "42703"):
        return LibraryError(
            f"the library at {where} lacks a table or function that Pullquote created ({line}): put the "
            "library back from a backup"
        )
    return LibraryError(f"the library at {where} refuses ({line})")
