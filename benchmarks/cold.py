"""Measure how long a new process takes to answer, with a full and an empty cache of models.

usage: python -m benchmarks.cold [RUNS]

Makes a library of the brief that ships. Then it starts `pullquote ask` RUNS times (default 11), in turn with
a bare Python that imports numpy. So the ratio holds on a noisy machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import HEADER, line, row

QUESTION = "Which factory was stripped of its metal?"
ASK = "pullquote ask"
EMPTY = "pullquote ask, empty model cache"
BARE = "python -c 'import numpy'"


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory() as folder:
        pullquote = [sys.executable, "-m", "qa", "--library", str(Path(folder, "library"))]
        subprocess.run([*pullquote, "-q", "index"], check=True)
        sides = {
            ASK: [*pullquote, "ask", QUESTION],
            EMPTY: [*pullquote, "ask", QUESTION],
            "pullquote --version": [*pullquote, "--version"],
            BARE: [sys.executable, "-c", "import numpy"],
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(runs + 1):
            for name, command in sides.items():
                cache = {"PULLQUOTE_CACHE": str(Path(folder, f"cache-{number}"))} if name == EMPTY else {}
                took = timed(command, cache)
                if number:  # the first run does not count, because it fills the page cache
                    times[name].append(took)
    print(line(), HEADER, *(row(name, values) for name, values in times.items()), sep="\n")
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{ASK} takes {medians[ASK] / medians[BARE]:.1f} times what {BARE} takes")
    print(f"with an empty model cache it takes {medians[EMPTY] / medians[ASK]:.1f} times what it takes else")


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Return the wall time of a command in milliseconds.

    Raises:
        CalledProcessError: the command failed. Exit code 1 of `ask` means no answer, and is no failure.
    """
    start = time.perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=os.environ | environment)
    took = 1000 * (time.perf_counter() - start)
    if done.returncode not in (0, 1):
        done.check_returncode()
    return took


if __name__ == "__main__":
    main()
