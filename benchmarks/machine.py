"""Name the machine of a measurement in one line."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("onnxruntime", "faiss-cpu", "torch", "gradio")


def line() -> str:
    """Return the processor, its cores and load, Python, and the libraries that do the work."""
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [text.split(":", 1)[1].strip() for text in info if text.startswith("model name")]
    except OSError:
        names = []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    processor = names[0] if names else platform.machine()
    return f"{processor}, {cores} cores{load}; Python {platform.python_version()}, {packages}"


def row(name: str, milliseconds: list[float]) -> str:
    """Return one line of a table: minimum, median, 95th percentile and count."""
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{name:<34}{ordered[0]:>8.0f}{ordered[len(ordered) // 2]:>8.0f}{p95:>8.0f}{len(ordered):>6}"


HEADER = f"{'milliseconds':<34}{'min':>8}{'median':>8}{'p95':>8}{'runs':>6}"
