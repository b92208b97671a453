"""The findings of `pullquote doctor` about a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.findings import Finding

if TYPE_CHECKING:
    from qa.storage.postgresql.database import SharedDatabase

_CLOCK = 2.0  # seconds that two clocks may differ


def of_server(shared: SharedDatabase) -> Finding:
    """Check the server of a library: its version, tables, settings and clock.

    Raises:
        LibraryError: the server cannot be reached, or refuses the connection.
    """
    server = shared.server()
    wrong = []
    if server.lacking:
        wrong.append(f"this user lacks {server.lacking}: grant it")
    if server.only_reads:
        wrong.append("it is a read-only copy: name the original server")
    if server.volatile:
        wrong.append(
            f"{server.volatile}: finished changes may be lost when it loses power. Switch these settings on"
        )
    if abs(server.ahead) > _CLOCK:
        wrong.append(
            f"its clock differs from this machine's by {abs(server.ahead):.0f} s: set both clocks by NTP, "
            "as each server dates its changes by its own clock"
        )
    parts = ", ".join(f"{part} {version}" for part, version in sorted(server.schemas.items()))
    return Finding(
        "database server",
        f"PostgreSQL {server.version} at {shared.address.where}, schema {shared.address.schema} "
        f"({parts or 'no tables yet'}), clock {server.ahead:+.1f} s",
        "; ".join(wrong),
    )
