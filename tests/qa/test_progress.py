from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from qa import progress
from qa.progress import meter, stage
from qa.schema import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_without_a_terminal_each_label_is_one_plain_line(capsys):
    with meter() as show:
        show("Loading", 0, 0)
        for done in range(50):
            show("Embedding", done, 1200)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Loading …\nEmbedding: 0 of 1,200\n"


def test_without_a_terminal_a_long_wait_is_told_of_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    with meter() as show:
        show("Embedding", 1, 2)
        show("Embedding", 2, 2)
    assert capsys.readouterr().err == "Embedding: 1 of 2\nEmbedding: 2 of 2\n"


def test_a_quiet_meter_shows_nothing_even_in_a_terminal(terminal):
    with redirect_stderr(terminal), meter(quiet=True) as show:
        show("Embedding", 1, 2)
    assert terminal.getvalue() == ""


def test_in_a_terminal_a_bar_counts_and_leaves_nothing_behind(terminal, capsys):
    with redirect_stderr(terminal), meter() as show:
        show("Embedding", 0, 3)
        show("[bold]Writing[/bold]", 2, 3)
    shown = terminal.getvalue()
    assert "Embedding" in shown
    assert "[bold]Writing[/bold]" in shown
    assert "2/3" in shown
    assert shown.endswith("\x1b[2K")
    assert capsys.readouterr().out == ""


def test_in_a_terminal_what_counts_nothing_is_over_when_the_next_stage_comes(terminal):
    with redirect_stderr(terminal), meter() as show:
        show("Loading", 0, 0)
        show("Embedding", 0, 3)
        show("Embedding", 3, 3)
    shown = terminal.getvalue()
    assert "Loading" not in shown[shown.index("Embedding") :]


@pytest.mark.parametrize("name", ["model", "read", "embed", "write"])
def test_every_stage_has_words_for_a_reader(name):
    assert stage(Progress(name, 0, 0))[0].isupper()
