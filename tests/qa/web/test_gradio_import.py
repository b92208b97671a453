"""Gradio is imported without what the chat never uses, and what was left out comes when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import pathlib, sys
written = []
sys.addaudithook(lambda event, args: event == "open" and written.append(str(args[0])))
if "quick" in sys.argv:
    from qa.web.gradio_import import quicken
    quicken()
import gradio
"""
OPENED = (
    START
    + """
assert callable(gradio.Textbox(render=False).submit) and callable(gradio.Button(render=False).click)
print(len({name for name in written if name.endswith(".pyi")}))
heavy = ("pandas.core", "gradio.cli.cli", "huggingface_hub.inference._client", "mcp.server")
print(sum(name in sys.modules for name in heavy))
print(int("{{" not in gradio.Textbox.submit.__doc__))
"""
)
USED = """
import importlib
import gradio.cli.commands.reload
import mcp.server
import pandas
print(len(pandas.DataFrame([1])), callable(gradio.external_utils.get_model_info), gradio.deploy.__name__)
print(mcp.server.Server.__name__)
print(importlib.import_module("gradio.cli.cli").deploy.__name__)
"""

# Each test starts a process that imports Gradio, as no process imports it twice.
pytestmark = pytest.mark.slow


def run(script: str, *options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, *options], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


def test_what_the_chat_never_uses_is_left_out_and_comes_when_it_is_used():
    left_out, came = ["0", "0", "0"], ["1", "True", "_deploy", "Server", "deploy"]
    assert run(OPENED + USED, "quick") == left_out + came


def test_gradio_brings_all_that_by_itself():
    """Should a later Gradio no longer do one of these, its part of the module can go."""
    files, modules, documented = map(int, run(OPENED))
    assert files > 0
    assert modules == 4
    assert documented
