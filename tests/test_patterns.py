"""Every regular expression of the packages takes time in proportion to its text, however hostile that is."""

from __future__ import annotations

import ast
import builtins
import importlib
import pkgutil
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import _constants as op
from re import _parser as sre
from typing import TYPE_CHECKING, Any

import pytest

import embeddings
import qa
from qa.formats.heads.header import _ACTS
from qa.formats.page import _SITE
from qa.text.names import Aliases, _whole
from qa.text.phrase import phrase_pattern
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

pytestmark = pytest.mark.slow

FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
# Patterns that a function builds from its arguments, each with an example of what is built.
BUILT: dict[tuple[str, str], tuple[re.Pattern[Any], ...]] = {
    ("qa/quoting/claims/marks.py", "__init__"): (re.compile("[”’»]"),),
    ("qa/document/furniture.py", "_whole"): (),  # held by the module
    ("qa/formats/heads/top.py", "_without_dialogue"): (re.compile(r"^Name\s?:", re.MULTILINE),),
    ("qa/formats/heads/header.py", "_is_confirmed"): (
        re.compile(rf"\bviews of (?:the )?Name\b|\bName\s(?:{_ACTS})\b", re.IGNORECASE),
        re.compile(r"(?<!\w)ABC(?!\w)"),
    ),
    ("qa/formats/heads/header.py", "_series_of_pieces"): (re.compile(r"\bPaper(?:s|es)$", re.IGNORECASE),),
    ("qa/text/inline_markup.py", "_emphasis"): (),  # held by the module
    ("qa/formats/markdown.py", "_is_fence"): (re.compile(r"[ >\t]*```"),),
    ("qa/formats/page.py", "describe_page"): (re.compile(rf"(?<=\w){_SITE.pattern}Name$"),),
    ("qa/text/names.py", "_with"): (re.compile("|".join(map(_whole, ("Kim Jong Nam", "Kim", "金")))),),
    ("qa/text/names.py", "__init__"): (Aliases([("平壤", "平壤市", "Pyongyang")]).unparted,),
    ("qa/outputs.py", "_page"): (re.compile(b'<meta name="generator"'),),
    ("qa/text/phrase.py", "phrase_pattern"): tuple(
        filter(None, map(phrase_pattern, ("a  a-a 'é'", "“- -", "平壤 가", "a a a a a")))
    ),
    ("qa/asking/statements.py", "_labelled_line"): (),  # held by the module
    ("qa/asking/statements.py", "asked"): (
        re.compile(
            r"[“\"‘«]?Strait\ Watch(?:,? (?:No\.?|number|#)? ?[\w/-]{1,20}\d)?[”\"’»]?", re.IGNORECASE
        ),
    ),
    ("qa/web/history.py", "_marked"): (re.compile("(name|na)", re.IGNORECASE),),
    ("qa/storage/records/contents.py", "holds_in_lower_case"): (re.compile(r"\bname"),),
}
# Characters to repeat where a pattern takes any of them.
ALPHABET = " a1A\n.-,:\"'“([</_é가中\x00"
MANY = 16  # a repeat that may go on as long as that is tried
SIZES = (25, 50, 100, 200, 400, 800, 1_600, 3_200)
FACTOR = 4
# Linear is FACTOR, quadratic its square; and what takes so few seconds tells nothing.
MOST_RATIO = FACTOR * 2.25
FLOOR = 0.001
SHOWN = 3


@dataclass(frozen=True)
class Case:
    """A pattern, where it stands, and whether its matches must begin where the text does."""

    path: str
    where: str
    pattern: re.Pattern[Any]
    anchored: bool = False

    def run(self, text: Any) -> None:
        if self.anchored:
            self.pattern.match(text)
            self.pattern.fullmatch(text)
        else:
            for _ in self.pattern.finditer(text):
                pass


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules() -> Iterator[ModuleType]:
    for package in (qa, embeddings):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)
    yield importlib.import_module("ui")


def compiled(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """Find the patterns that a module's value is or holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, (tuple, list, set, frozenset, dict)):
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from compiled(each, depth + 1)


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Find the calls of functions of `re`, each with the name of the function that it stands in."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = node.name
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in FUNCTIONS
        ):
            yield function, node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function)

    return walk(tree, "")


def methods(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """Find by which methods the patterns of each name are used; "" where that cannot be told."""
    found: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                    found[child.id].add(node.attr if isinstance(node, ast.Attribute) else "")
    return found


@cache
def collected() -> tuple[list[Case], list[str]]:
    """Collect every pattern that a module holds or writes in a call, and the calls that are unknown.

    It imports all modules: only the tests that need the patterns may call it, not every collection of tests.
    """
    unknown = []
    loaded = {Path(str(module.__file__)): module for module in modules()}
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in loaded}
    cases = [
        Case(
            relative(path),
            f"{relative(path)}: {name}",
            pattern,
            used[name] <= {"match", "fullmatch", "pattern"},
        )
        for path, module in loaded.items()
        for used in [methods([trees[path]])]
        for name, value in vars(module).items()
        for pattern in compiled(value)
    ]
    held = {case.pattern for case in cases}
    for path, module in loaded.items():
        for function, call in calls(trees[path]):
            where = f"{relative(path)}:{call.lineno} in {function or 'the module'}"
            assert isinstance(call.func, ast.Attribute)
            anchored = call.func.attr in ("match", "fullmatch")
            try:
                pattern = re.compile(*arguments(call, module))
            except NameError:
                if call.func.attr == "compile" and not function:
                    continue  # in a comprehension of the module's, which holds what it makes
                key = relative(path), function
                if key not in BUILT:
                    unknown.append(where)
                cases += [Case(relative(path), where, each, anchored) for each in BUILT.get(key, ())]
            else:
                if call.func.attr != "compile" or pattern not in held:
                    cases.append(Case(relative(path), where, pattern, anchored))
    return list({(case.pattern, case.anchored): case for case in cases}.values()), unknown


def arguments(call: ast.Call, module: ModuleType) -> tuple[Any, int]:
    """Evaluate the pattern and the flags of a call, as far as they stand in the module."""

    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "", "eval"), {**vars(builtins), **vars(module)})  # noqa: S307

    flags = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "split": 3, "findall": 2, "finditer": 2}
    named = [each.value for each in call.keywords if each.arg == "flags"]
    assert isinstance(call.func, ast.Attribute)
    given = named or call.args[flags.get(call.func.attr, 4) :]
    return value(call.args[0]), value(given[0]) if given else 0


# Hostile texts


def example(tree: Iterable[Any], prefer: str = "") -> str:
    """Give a short text that the pattern, as it was parsed, takes (assertions aside)."""
    return "".join(_example(code, value, prefer) for code, value in tree)


def _example(code: Any, value: Any, prefer: str) -> str:
    if code is op.LITERAL:
        return chr(value)
    if code in (op.NOT_LITERAL, op.ANY, op.IN):
        return next((each for each in prefer + ALPHABET if holds(code, value, each)), "") or chr(first(value))
    if code in REPEATS:
        least, _, inner = value
        return example(inner, prefer) * max(least, 1 if prefer else 0)
    if code is op.BRANCH:
        return example(value[1][0], prefer)
    if code is op.SUBPATTERN:
        return example(value[3], prefer)
    if code is op.ATOMIC_GROUP:
        return example(value, prefer)
    if code is op.GROUPREF_EXISTS:
        return example(value[1], prefer)
    return ""


REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def holds(code: Any, value: Any, character: str) -> bool:
    if code is op.ANY:
        return character != "\n"
    if code is op.NOT_LITERAL:
        return ord(character) != value
    negated, *items = value if value[0][0] is op.NEGATE else [None, *value]
    found = any(
        (kind is op.LITERAL and ord(character) == what)
        or (kind is op.RANGE and what[0] <= ord(character) <= what[1])
        or (kind is op.CATEGORY and re.match(CATEGORIES[what], character))
        for kind, what in items
    )
    return found != bool(negated)


def first(items: Any) -> int:
    return next(
        (what if kind is op.LITERAL else what[0] for kind, what in items if kind in (op.LITERAL, op.RANGE)),
        97,
    )


def repeats(tree: Iterable[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Find what a pattern repeats without bound, each with an example of what stands before it."""
    for code, value in tree:
        if code in REPEATS:
            if value[1] >= MANY:
                yield before, value[2]
            yield from repeats(value[2], before)
        elif code is op.BRANCH:
            for branch in value[1]:
                yield from repeats(branch, before)
        elif code in (op.SUBPATTERN, op.ATOMIC_GROUP, op.ASSERT, op.ASSERT_NOT):
            inner = value if code is op.ATOMIC_GROUP else value[3] if code is op.SUBPATTERN else value[1]
            yield from repeats(inner, before)
        before += _example(code, value, "")


def hostile(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Give texts of which a pattern may make much work: a beginning, what is repeated, an end that fails."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = sre.parse(
        text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    )
    found: dict[tuple[str, str], None] = {}
    for before, inner in repeats(tree):
        atoms = dict.fromkeys(example(inner, prefer) for prefer in ALPHABET)
        for branch in (each for code, value in inner if code is op.BRANCH for each in value[1]):
            atoms[example(branch)] = None
        for atom in filter(None, atoms):
            found[before, atom] = None
            found["", before + atom] = None
    if found:
        whole = example(tree)
        found |= dict.fromkeys(("", each) for each in (*' a1A"“([<>.-\n', "2008 ", "a ", whole) if each)
    for begin, atom in found:
        yield begin, atom, "\x00"
        if not begin:
            yield begin, atom, ""


def seconds(case: Case, text: Any, times: int = 1) -> float:
    taken = []
    for _ in range(times):
        start = time.thread_time()  # what others do on the machine does not count
        case.run(text)
        taken.append(time.thread_time() - start)
    return min(taken)


def slow(case: Case, made: Callable[[int], Any]) -> str:
    """Say how a pattern's time grows on a text where that is faster than the text; else nothing."""
    for size in SIZES:  # what is exponential is seen at a size that still ends
        if seconds(case, made(size)) > FLOOR:
            break
    else:
        return ""
    for times in (1, 3, 9):  # what seems slow is measured again
        small, large = (seconds(case, made(each), times) for each in (size // FACTOR, size))
        if large < FLOOR or large < MOST_RATIO * small:
            return ""
    return f"{1000 * small:.2f} ms for {size // FACTOR} characters, {1000 * large:.2f} ms for {size}"


def growing(case: Case) -> list[str]:
    """Say on which texts a pattern's time grows faster than they do."""
    found = []
    for begin, atom, end in hostile(case.pattern):

        def made(size: int, begin: str = begin, atom: str = atom, end: str = end) -> Any:
            text = begin + atom * (size // len(atom)) + end
            return text if isinstance(case.pattern.pattern, str) else text.encode("latin-1", "replace")

        if said := slow(case, made):
            found.append(f"{begin!r} + {atom!r} * n + {end!r}: {said}")
            if len(found) == SHOWN:
                break
    return found


SOURCES = [*sorted(ROOT.glob("qa/**/*.py")), *sorted(ROOT.glob("embeddings/**/*.py")), ROOT / "ui.py"]


@pytest.mark.parametrize("path", [*map(relative, SOURCES)])
def test_the_patterns_of_a_module_take_time_in_proportion_to_their_text(path: str) -> None:
    found = {case.where: growing(case) for case in collected()[0] if case.path == path}
    assert {where: texts for where, texts in found.items() if texts} == {}


def test_no_pattern_escapes() -> None:
    cases, unknown = collected()
    assert {case.path for case in cases} <= set(map(relative, SOURCES))
    assert unknown == [], "give examples of these patterns in BUILT"
    imports = re.compile(r"(?m)^\s*(?:from (?:re|regex) import|import (?:re as|regex))")
    assert [path for path in SOURCES if imports.search(path.read_text("utf-8"))] == []
