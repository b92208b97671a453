#!/bin/sh
# Runs a command whose temporary files lie in memory, if Linux has room for them, and removes the files.
# SQLite and PostgreSQL wait for no disk there.
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
free=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo 2>/dev/null)
if [ "${room:-0}" -lt 8000000 ] || [ "${free:-0}" -lt 12000000 ]; then exec "$@"; fi
TMPDIR=$(mktemp -d /dev/shm/tests-XXXXXX) || exit
export TMPDIR
chmod 1777 "$TMPDIR" # like /tmp: PostgreSQL and some tests run as another user
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
"$@"
