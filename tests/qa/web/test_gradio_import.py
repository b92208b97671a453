"""Gradio is imported without the interface files that it writes beside its sources."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import pathlib, sys
written = []
sys.addaudithook(lambda event, args: event == "open" and written.append(str(args[0])))
if "quick" in sys.argv:
    from qa.web.gradio_import import without_interface_files
    without_interface_files()
import gradio
assert callable(gradio.Textbox(render=False).submit) and callable(gradio.Button(render=False).click)
print(len({name for name in written if name.endswith(".pyi")}))
"""


def interface_files(*options: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *options], capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stdout)


def test_gradio_opens_no_interface_file_and_its_components_have_their_events():
    assert interface_files("quick") == 0
    assert interface_files() > 0  # should a later Gradio no longer write them, the module can go
