"""Count the sentences that readers are likely to read twice, and fail where there are too many.

usage: python scripts/plain_english.py PATH=BOUND [PATH=BOUND ...] [--worst N]

BOUND is the most marks in 1,000 words of prose: docstrings, comments, messages (other string literals of at
least LEAST words) and paragraphs of Markdown. If a path has more, the N lines with the most marks are
printed. A mark is a hint, not a verdict: write for readers.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 32  # words in a sentence
LEAST = 5  # words in a message
# A literal with such signs is not a message for readers: SQL, a regular expression, or a style sheet.
NOT_MESSAGE = re.compile(
    r"^\s*(?:--|(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|BEGIN)\b)|[\\|^]|\(\?|^#\w+ \w+\("
)
PATTERNS = {
    "a clause as subject": (
        r"(?:^|[.:;] )(?:What|Whatever|Who|Whoever|Which|Where) [a-z][^.?!:;]{2,90}?"
        r"\b(?:is|are|was|were|has|have|does|do|stands|lies|comes|goes|gets|may|can|must|will)\b(?![^.]*\?)"
    ),
    "an opening with “Of”": (
        r"(?:^|[.:;] )Of (?:a|an|the|each|all|these|those|such|its|it|one|two|what)\b[^.,]{0,60},? "
    ),
    "a pronoun for a noun": (
        r"\b(?:one|ones|that|those|these) (?:that|which|who|whom|of (?:a|an|the|its|this|these))\b"
        r"|\b(?:of|in|by|to|from|with) (?:which|whom|whose|these|those|such)\b"
    ),
    "a rare word": (
        r"\b(?:in force|anew|besides?|thereof|whereof|thereby|hence|thus|lest|whence|(?<!there )are no [a-z]+"
        r"|(?:is )?told|(?<!there )is no (?!longer|more\b|one\b|such\b)[a-z]+|said so|takes? for|taken for"
        r"|puts? away|in its stead|in place of)\b"
    ),
    "a packed negation": r"\b(?:nothing|nobody|none|neither) (?:that|of|which|is|was|has|can|may)\b",
    "a fragment after a semicolon": (
        r"; (?:else|None|not|never|without|for|in|of|by|as|what|which|those|that)\b[^.;]{0,60}\."
    ),
}
MARKS = [re.compile(pattern, re.MULTILINE) for pattern in PATTERNS.values()]


def main() -> None:
    """Print the marks of each path; end with 1 if a path has more than its bound."""
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+", metavar="PATH=BOUND")
    parser.add_argument("--worst", type=int, default=10)
    arguments = parser.parse_args()
    exceeded = False
    for path, _, bound in (each.rpartition("=") for each in arguments.paths):
        texts = [(place, text) for file in files(Path(path)) for place, text in prose(file)]
        words = sum(len(text.split()) for _, text in texts)
        found = [(count_marks(text), place, text) for place, text in texts]
        share = 1000 * sum(count for count, *_ in found) / max(1, words)
        print(f"{path}: {share:.1f} marks in 1,000 words (at most {bound})")
        if share > float(bound):
            exceeded = True
            for count, place, text in sorted(found, reverse=True)[: arguments.worst]:
                print(f"  {count}  {place}  {text[:150]}")
    sys.exit(1 if exceeded else 0)


def files(path: Path) -> list[Path]:
    """Return the Python and Markdown files at a path."""
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.rglob("*") if file.suffix in {".py", ".md"} and "vendor" not in file.parts
    )


def count_marks(text: str) -> int:
    """Return how many habits of PATTERNS and long sentences a text has."""
    long = sum(len(sentence.split()) > LONG for sentence in re.split(r"(?<=[.!?]) ", text))
    return long + sum(len(mark.findall(text)) for mark in MARKS)


def prose(file: Path) -> Iterator[tuple[str, str]]:
    """Yield each paragraph of a page, or each docstring's paragraph, comment and message, with its place."""
    text = file.read_text(encoding="utf-8")
    paragraphs = of_markdown(text) if file.suffix == ".md" else [*of_python(text), *messages(text)]
    for line, paragraph in paragraphs:
        yield f"{file}:{line}", paragraph


def of_markdown(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a page with their first lines' numbers, without code, tables and headings."""
    is_code, start, block = False, 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        is_code ^= line.lstrip().startswith("```")
        if line.strip() and not is_code and not line.lstrip().startswith(("|", "    ", "#", "<", "```")):
            start = start if block else number
            block.append(line.strip())
        elif block:
            yield start, " ".join(block)
            block = []


def of_python(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of docstrings and the comments of a module, each with its line's number."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                yield node.body[0].lineno if node.body else 1, " ".join(paragraph.split())
    start, block = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            start = start if block else token.start[0]
            block.append(token.string.lstrip("# "))
        elif block and token.type not in {tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            yield start, " ".join(block)
            block = []


def messages(text: str) -> Iterator[tuple[int, str]]:
    """Yield the string literals of a module that people read, each with its line's number.

    A value in an f-string is written as "…". Docstrings, lists of words that are split, SQL and regular
    expressions are left out.
    """
    nodes = list(ast.walk(ast.parse(text)))
    others = {node.value for node in nodes if isinstance(node, ast.Expr)}
    others |= {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    others |= {node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == "split"}
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in others:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            values = [part.value if isinstance(part, ast.Constant) else "…" for part in parts]
            words = "".join(value for value in values if isinstance(value, str)).split()
            message = " ".join(words)
            if len(words) >= LEAST and not NOT_MESSAGE.search(message):
                yield node.lineno, message


if __name__ == "__main__":
    main()
