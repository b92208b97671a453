"""The memory of a server whose library changes."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Threads copy a large block again and again, with a small block behind each copy.
SCRIPT = """
import sys, threading
from pathlib import Path
from qa.web.allocator import return_freed_memory

if sys.argv[1] == "set":
    return_freed_memory()
small = []

def copies():
    for _ in range(4):
        large = [bytearray(16 << 20) for _ in range(3)]
        small.append(bytes(1_000))
        del large
        small.append(bytearray(1_000))

threads = [threading.Thread(target=copies) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Path("/proc/self/statm").read_text().split()[1])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_freed_copies_return_to_the_system() -> None:
    assert _kept("set") < _kept("default") / 2


def _kept(setting: str) -> int:
    """Return the memory of a process after its threads have freed all copies, in pages."""
    run = [sys.executable, "-c", SCRIPT, setting]
    return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
