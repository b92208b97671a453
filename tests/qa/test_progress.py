from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from qa.progress import meter, stage, staged
from qa.schema import Progress


class Terminal(io.StringIO):
    is_terminal = True

    def isatty(self) -> bool:
        return self.is_terminal


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


def test_without_a_terminal_a_long_wait_is_told_of_now_and_then(capsys):
    with meter(seconds=0) as show:
        show("Embedding", 1, 2)
        show("Embedding", 2, 2)
    assert capsys.readouterr().err == "Embedding: 1 of 2\nEmbedding: 2 of 2\n"


def test_without_a_terminal_what_is_done_is_told_at_the_end(capsys):
    with meter() as show:
        for done in range(17):
            show("Reading", done, 16)
        show("Indexing", 0, 900, "0 passages")
        show("Indexing", 900, 900, "20 passages")
        show("Answering", 0, 9)
        show("Answering", 8, 9)
    assert capsys.readouterr().err == (
        "Reading: 0 of 16\nIndexing: 0%, 0 passages\nAnswering: 0 of 9\n"
        "Reading: 16 of 16\nIndexing: 100%, 20 passages\n"
    )


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


@pytest.mark.parametrize("name", ["model", "read", "embed", "write", "index"])
def test_every_stage_has_words_for_a_reader(name):
    assert stage(Progress(name, 0, 0))[0].isupper()


def indexed(passages, size):
    return Progress("write", 1, 0, "a.txt", passages, size, 4000)


def test_indexing_tells_its_part_its_rate_and_the_time_left(capsys):
    now = 100.0
    with meter(seconds=0) as show:
        report = staged(show, clock=lambda: now)
        report(Progress("read", 1, 3))
        report(indexed(0, 0))
        now += 10
        report(indexed(500, 1000))
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 1 of 3",
        "Indexing: 0%, 0 passages",
        "Indexing: 25%, 500 passages, 50.0 a second, 0:00:30 left",
    ]


def test_the_rate_is_that_of_the_last_minute_and_what_had_not_changed_does_not_count():
    now = 100.0
    shown = []
    report = staged(lambda label, done, total, note="": shown.append(note), clock=lambda: now)
    report(indexed(0, 0))
    now += 0.1
    report(indexed(0, 2000))  # a rerun: half of it in no time
    for second in range(100):
        now += 1
        report(indexed(second, 2000 + 10 * second))
    assert shown[-1] == "99 passages, 1.0 a second, 0:01:41 left"


def test_in_a_terminal_indexing_shows_the_same(terminal):
    with redirect_stderr(terminal), meter() as show:
        report = staged(show)
        report(indexed(0, 0))
        report(indexed(500, 1000))
    assert "25 %, 500 passages" in terminal.getvalue()


@pytest.mark.parametrize("in_terminal", [True, False])
def test_a_label_cannot_rewrite_the_terminal(terminal, in_terminal):
    terminal.is_terminal = in_terminal
    with redirect_stderr(terminal), meter() as show:
        show("Verifying ev\x1b[31mil\n.md", 1, 2)
    assert "ev␛[31mil .md" in terminal.getvalue()
