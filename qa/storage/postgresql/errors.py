"""Turns PostgreSQL's errors into messages that tell a person what to do next."""

from __future__ import annotations

from qa.storage.postgresql.address import PASSWORD_FILE


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, without details, or the error's type if it is empty."""
    return " ".join(str(error).partition("\n")[0].split()) or type(error).__name__


def not_opened(message: str, where: str) -> str:
    """Return the message for a failed connection. libpq reports the cause only as text, without a code."""
    cause = " ".join(message.replace("Multiple connection attempts failed", "").split())
    if "password" in message or "authentication" in message:
        advice = (
            "check the user, the password in ~/.pgpass, in PGPASSWORD or in the file that "
            f"{PASSWORD_FILE} names, and the server's pg_hba.conf"
        )
    elif "does not exist" in message:
        advice = "create the missing user, database or schema there, or name another database with --desk"
    elif "too many" in message or "reserved" in message:
        advice = "raise its max_connections, or try again later"
    else:
        advice = "check that the server runs and accepts this machine, or name another desk with --desk"
    return f"the desk at {where} cannot be opened ({cause[-300:]}): {advice}"


def meaning(error: Exception, where: str, seconds: int) -> str:
    """Return the message for an error, by its SQLSTATE (PostgreSQL's documentation, appendix A).

    `seconds` is the time limit of a statement.
    """
    state, line = getattr(error, "sqlstate", None), first_line(error)
    kind = (state or "08")[:2]
    if state == "55P03":
        return f"the desk at {where} is being written by another Pullquote: try again when it is done"
    if state == "57014":
        return f"the desk at {where} took more than {seconds} s, so the request was stopped: try again"
    if state in ("53100", "58030"):
        return f"there is no space left, or no disk, for the desk at {where} ({line}): nothing was lost"
    if state == "42501":
        return (
            f"the desk at {where} may not be written by this user ({line}): grant it CREATE on the database, "
            "or have its schema made for it (CREATE SCHEMA … AUTHORIZATION …)"
        )
    if state == "25006":
        return f"the desk at {where} is a read-only copy ({line}): name the original server"
    if kind in ("08", "57", "25") or state is None:
        return (
            f"the connection to the desk at {where} was lost ({line}): try again when the server runs. "
            "No finished change is lost"
        )
    if state in ("42P01", "3F000", "42703"):
        return (
            f"the desk at {where} lacks a table or function that Pullquote created ({line}): put the "
            "desk back from a backup"
        )
    return f"the desk at {where} refuses ({line})"
