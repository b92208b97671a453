from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in (
        *ROOT.glob("*.md"),
        *(page for folder in ("docs", "training") for page in (ROOT / folder).rglob("*.md")),
        ROOT / "tests" / "suites" / "README.md",
    )
}
README = PAGES[ROOT / "README.md"]
GUIDE = PAGES[ROOT / "docs" / "guide.md"]
CHAT = PAGES[ROOT / "docs" / "chat.md"]


@pytest.mark.models
def test_the_python_example_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "guide.md", "exec"), {})  # noqa: S102 -- our own example
    assert re.match(r"answered 0\.\d+\n\[1\] The source went on", capsys.readouterr().out)


@pytest.mark.models
def test_the_terminal_examples_end_as_they_say(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from qa.cli import cli

    run = CliRunner(env={"PULLQUOTE_LIBRARY": str(tmp_path)}).invoke
    assert run(cli, ["index"]).exit_code == 0
    lines = re.findall(r"^\$ pullquote ((?:ask|names) .*)", GUIDE, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        arguments = shlex.split(line, comments=True)
        assert (line, run(cli, arguments).exit_code) == (line, int("exit code 1" in line))


def test_every_option_that_is_named_exists() -> None:
    from qa.cli import cli

    commands = {**cli.commands, **cli.commands["documents"].commands}  # type: ignore[attr-defined]
    known = {name for command in commands.values() for each in command.params for name in each.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README + GUIDE + CHAT))
    assert named - known - {"--help"} == set()
    assert {"--prune", "--dry-run", "--since", "--purge", "--set"} <= named


def test_every_link_and_picture_leads_somewhere() -> None:
    named = {
        (page.relative_to(ROOT).as_posix(), target)
        for page, text in PAGES.items()
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    }
    assert ("README.md", "docs/images/chat.png") in named
    lacking = [
        (page, target) for page, target in sorted(named) if not ((ROOT / page).parent / target).exists()
    ]
    assert lacking == []


def test_every_part_of_a_page_that_a_link_names_is_there() -> None:
    named = {
        (page, (page.parent / target).resolve() if target else page, part)
        for page, text in PAGES.items()
        for target, part in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", text)
    }
    assert (ROOT / "README.md", ROOT / "docs" / "chat.md", "let-others-reach-it") in named
    lacking = [
        (page.name, target.name, part) for page, target, part in sorted(named) if part not in parts(target)
    ]
    assert lacking == []


def parts(page: Path) -> set[str]:
    """Return the names by which links lead to the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_that_a_module_names_exists() -> None:
    modules = [path for folder in ("qa", "embeddings") for path in (ROOT / folder).rglob("*.py")]
    named = {
        (module.relative_to(ROOT).as_posix(), page)
        for module in [*modules, ROOT / "ui.py"]
        for page in re.findall(r"\bdocs/[\w/.-]+\.md\b", module.read_text(encoding="utf-8"))
    }
    assert ("qa/document/segment.py", "docs/decisions/0001-sentences.md") in named
    assert [(module, page) for module, page in sorted(named) if not (ROOT / page).exists()] == []
    unnamed = re.compile(r"\bdocs/decisions/\d{4}\b(?!-)")
    assert [module for module in modules if unnamed.search(module.read_text(encoding="utf-8"))] == []


def test_every_path_that_a_document_names_exists() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (document.relative_to(ROOT).as_posix(), path)
        for document in documents
        for path in re.findall(
            r"\b(?:qa|embeddings|tests|training|benchmarks|docs)/[\w/*-]+\.(?:py|md|js|toml|json|txt)\b",
            document.read_text(encoding="utf-8"),
        )
    }
    assert ("docs/decisions/0017-versions.md", "qa/quoting/omissions.py") in named
    lacking = [(document, path) for document, path in sorted(named) if not any(ROOT.glob(path))]
    assert lacking == []


def test_every_decision_has_a_number_of_its_own_and_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    decisions = sorted(folder.glob("0*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for number, path in enumerate(decisions, 1):
        text = path.read_text(encoding="utf-8")
        heading = re.match(rf"# {number}\. (.+)\n\nStatus: (.+)\.\n", text)
        assert heading, path.name
        assert f"| {number} | [{heading[1]}]({path.name}) | {heading[2]} |" in index
