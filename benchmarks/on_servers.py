"""Run a benchmark on servers of its own: PostgreSQL, and the Milvus server of the `milvus` wheel.

`unshare -nm python -m benchmarks.on_servers FOLDER MODULE [ARGUMENTS]`, as root. The servers are new and
empty, and end with the benchmark. Milvus has its files in FOLDER. The module gets ARGUMENTS, and the options
`--library` and `--index`. The argument PID stands for the process of Milvus.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests import postgresql
from tests.qa.storage.milvus import on_server


def main(folder: str, module: str, *arguments: str) -> int:
    """Start the servers, run the module, and return its exit code."""
    place = Path(folder).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and end the servers
    with on_server.Server(place / "milvus") as milvus:
        records = postgresql.Server()
        try:
            environment = os.environ | {"PGPASSWORD": records.password, "XDG_DATA_HOME": str(place / "data")}
            given = (milvus.pid if each == "PID" else each for each in arguments)
            command = [sys.executable, "-m", module, *given]
            command += ["--library", records.address(), "--index", milvus.address]
            return subprocess.run(command, check=False, env=environment).returncode
        finally:
            records.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
