"""LaTeX as its reader sees it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from qa.quoting.claims.file import claims
from qa.quoting.claims.latex import plain_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"``Quoted words'' and `single'", "“Quoted words” and `single'"),
        (r"100\% of \$5 \& \#7 in \{a\_b\}", "100% of $5 & #7 in {a_b}"),
        (r"\textquotesingle s \textless b\textgreater{} x\textbackslash y", "'s <b> x\\y"),
        (r"{[}x{]} -\/- \^{} \~{} \textasciitilde{}", "[x] -- ^ ~ ~"),
        (r"caf\'e, na\"{\i}ve? Stra\ss{}e \c{c}a", "cafe\u0301, nai\u0308ve? Straße c\u0327a"),
        ("nbsp~here zw\\hspace{0pt}sp so\\-ft", "nbsp\u00a0here zw\u200bsp so\u00adft"),
        ("one\\\\\ntwo", "one\ntwo"),
        (r"12\,500 \`{}ls\`{} \`e", "12\u202f500 `ls` e\u0300"),
        (r"\emph{in} \textbf{bold} and \textit{\emph{both}}", "in bold and both"),
        (r"\section{Head}\label{sec:a}", "Head"),
        (r"\href{http://x.org/a\_b}{words} \url{http://x.org/}", "[words](http://x.org/a_b) http://x.org/"),
        ("a % a comment “with words”\nb 5\\% c", "a \nb 5% c"),
    ],
)
def test_escapes_and_commands_are_undone(written: str, read: str) -> None:
    assert plain_text(written) == read


def test_lines_stay_where_they_are_and_footnotes_follow() -> None:
    text = (
        "\\documentclass{article}\n\\title{“No quote of anybody here”}\n\\begin{document}\n"
        "He said ``it was not so at all''.\\footnote{A \\emph{title}, p.~3}\n\\end{document}\n"
    )
    assert plain_text(text) == (
        "\n\n\nHe said “it was not so at all”.[^1]\n\n\n\n[^1]: A title, p.\u00a03".replace("\u00a0", " ")
    )


def test_a_quote_of_a_file_of_latex_is_found_in_its_line(tmp_path: Path) -> None:
    path = tmp_path / "report.tex"
    path.write_text(
        "\\begin{document}\nIt reads:\n\n``5\\% of it was \\emph{not} there.''"
        "\\footnote{“A title of three”}\n"
    )
    found = claims(path).claims
    first = found[0]
    assert (first.text, first.line) == ("5% of it was not there.", 4)
    assert first.references == ("“A title of three”",)
    assert all(each.maybe_title for each in found[1:])


@pytest.mark.parametrize(
    "piece", ["\\footnote{", "\\href{a}{", "{", "\\", "%", "\\\\", "\\url{", "\\begin{document", "\\a{", "$"]
)
def test_hostile_files_take_no_longer_than_they_are_long(piece: str) -> None:
    began = time.process_time()
    plain_text(piece * 50_000)
    assert time.process_time() - began < 5
