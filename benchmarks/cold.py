"""How long a new process takes to answer, and where that time goes.

usage: python -m benchmarks.cold [RUNS]

Makes a library of the brief that ships, then starts `pullquote ask` RUNS times (default 11), in turn with a
bare Python that imports numpy, so that the ratio holds on a noisy machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from benchmarks.machine import HEADER, line, row

QUESTION = "Which factory was stripped of its metal?"


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory() as library:
        pullquote = [sys.executable, "-m", "qa", "--library", library]
        subprocess.run([*pullquote, "-q", "index"], check=True)
        sides = {
            "pullquote ask": [*pullquote, "ask", QUESTION],
            "pullquote --version": [*pullquote, "--version"],
            "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
        }
        for command in sides.values():
            timed(command)  # once, uncounted: files come into the page cache
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(runs):
            for name, command in sides.items():
                times[name].append(timed(command))
    print(line(), HEADER, *(row(name, each) for name, each in times.items()), sep="\n")


def timed(command: list[str]) -> float:
    """Wall time of a command in milliseconds; it must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
