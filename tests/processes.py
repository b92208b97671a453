"""Makes processes as copies of a process that has imported what they need, which takes a second or two."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess


def copied_process(target: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Return a process that is not started yet. It gets the environment of this process.

    `target` is a function of a module. Windows has no copies of processes, and starts a new one.
    """
    context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
    context.set_forkserver_preload(["tests.preloaded"])
    return context.Process(target=_run, args=(dict(os.environ), target, arguments))


def _run(environment: dict[str, str], target: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.environ.clear()  # it is that of the first test that needed a process
    os.environ.update(environment)
    target(*arguments)
