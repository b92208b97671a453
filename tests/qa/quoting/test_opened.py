"""A citation opened from Python, HTTP and the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from qa.cli import cli
from qa.errors import DocumentNotFoundError, InputError
from qa.quoting.claims.file import claims
from qa.quoting.opened import open_citation, to_dict
from qa.quoting.verify import Verifier
from qa.schema import CitationId, QuoteReference, sha256_text
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from qa.corpus import Corpus

SAID, KEPT, DROPPED = "Some forty people were arrested.", "The others were let go.", "Nobody knows why."
OLD = f"Arrests\n\n{SAID} {KEPT} {DROPPED}\n"
NEW = f"More on this.\n\nArrests\n\n{SAID.replace('forty', 'fifty')} {KEPT}\n"


@pytest.fixture
def corpus(library: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        yield corpus


@pytest.fixture
def superseded(corpus: Corpus, inbox: Path) -> Corpus:
    for text in (OLD, NEW):
        corpus.index(write(inbox, "a.txt", text))
    return corpus


def place(words: str, text: str = OLD) -> CitationId:
    return CitationId(sha256_text(text), text.index(words), text.index(words) + len(words))


def run(corpus: Corpus, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(cli, ["cite", *arguments, "--library", str(corpus.library)], **options)


def test_a_current_citation_opens_the_quote_and_nothing_else_stands_for_it(
    corpus: Corpus, inbox: Path
) -> None:
    corpus.index(write(inbox, "a.txt", OLD))
    opened = open_citation(corpus.store, place(SAID))
    assert (opened.quote.text, opened.status, opened.since) == (SAID, "current", None)
    assert (opened.current, opened.now, opened.moved, opened.difference) == (None, None, None, ())


def test_of_a_superseded_text_it_says_where_the_words_stand_or_what_they_have_become(
    superseded: Corpus,
) -> None:
    kept, changed, dropped = (
        open_citation(superseded.store, place(words)) for words in (KEPT, SAID, DROPPED)
    )
    assert {each.status for each in (kept, changed, dropped)} == {"superseded"}
    at = NEW.index(KEPT)
    assert kept.moved == QuoteReference("a.txt", sha256_text(NEW), at, at + len(KEPT))
    assert (kept.moved_locator, kept.difference) == ("paragraph 3", ())
    assert changed.moved is None
    assert [(each.op, each.text) for each in changed.difference if each.op != "equal"] == [
        ("delete", "forty "),
        ("insert", "fifty "),
    ]
    assert (dropped.now, dropped.difference) == (None, ())
    assert to_dict(dropped)["current"] == {
        "document": "a.txt",
        "sha256": sha256_text(NEW),
        "start": 0,
        "end": len("More on this."),
    }


def test_other_documents_with_the_very_text_are_named(corpus: Corpus, inbox: Path) -> None:
    records = [{"_id": name, "title": name, "text": OLD} for name in ("a", "b", "c")]
    corpus.index(write(inbox, "three.jsonl", "\n".join(map(json.dumps, records))))
    corpus.index(
        write(inbox, "three.jsonl", "\n".join(map(json.dumps, [*records[:2], records[2] | {"text": NEW}])))
    )
    opened = open_citation(corpus.store, place(SAID), "b")
    assert (opened.quote.document.id, opened.same_text) == ("b", ("a", "c"))
    assert open_citation(corpus.store, place(KEPT, NEW)).same_text == ()
    assert run(corpus, f"x#cite={place(SAID)}&document=b").stdout.splitlines()[-1] == "also the text of: a, c"


def test_the_text_is_read_once(superseded: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    cited = superseded.store.cited
    monkeypatch.setattr(superseded.store, "cited", lambda *named: read.append(named[0]) or cited(*named))
    to_dict(open_citation(superseded.store, place(SAID)))
    assert read == [sha256_text(OLD), sha256_text(NEW)]


def test_half_a_line_break_is_no_end_of_a_quote(corpus: Corpus, inbox: Path) -> None:
    text = OLD.replace("\n", "\r\n").replace(f" {KEPT}", f"\r\n{KEPT}")
    corpus.index(write(inbox, "a.txt", text))
    said = place(SAID, text)
    assert open_citation(corpus.store, said._replace(end=said.end + 2)).quote.text == f"{SAID}\r\n"
    for wrong, name in (
        (said._replace(end=said.end + 1), "end"),
        (said._replace(start=said.start - 1), "beginning"),
        (CitationId(said.sha256, said.end, said.end + 1), "end"),
    ):
        with pytest.raises(InputError, match=f"its {name} is between the two characters of a line break"):
            open_citation(corpus.store, wrong)
        assert "Move it by one" in run(corpus, str(wrong)).stderr


def test_the_first_line_that_stands_for_nothing_like_it_ends_before_its_line_break(
    corpus: Corpus, inbox: Path
) -> None:
    for text in (OLD, NEW.replace("\n", "\r\n")):
        corpus.index(write(inbox, "a.txt", text))
    current = to_dict(open_citation(corpus.store, place(DROPPED)))["current"]
    assert (current["start"], current["end"]) == (0, len("More on this."))
    open_citation(corpus.store, CitationId(current["sha256"], current["start"], current["end"]))


def test_what_was_never_held_or_lies_outside_the_text_is_an_error(superseded: Corpus) -> None:
    with pytest.raises(DocumentNotFoundError):
        open_citation(superseded.store, CitationId("0" * 64, 0, 5))
    with pytest.raises(InputError, match="has 84 characters"):
        open_citation(superseded.store, CitationId(sha256_text(OLD), 5, 500))


def test_page_http_command_and_verify_say_the_same(superseded: Corpus, tmp_path: Path) -> None:
    client = TestClient(
        create_app(Engine(superseded.library, tmp_path, _corpus=superseded), "127.0.0.1"),
        base_url="http://127.0.0.1:7860",
    )
    for words in (KEPT, SAID, DROPPED):
        url = f"/api/v1/citations/{place(words)}"
        by_http = client.get(url).json()
        assert by_http.pop("original") is None  # of the page alone
        assert by_http == to_dict(open_citation(superseded.store, place(words)))
        assert by_http["before"] + by_http["quote"] + by_http["after"] == OLD
        for given in (str(place(words)), f"http://127.0.0.1:7860{url}", f"http://x/#cite={place(words)}"):
            assert json.loads(run(superseded, given, "--json").stdout) == by_http
        report = write(tmp_path, "report.md", f"“{words}” (#cite={place(words)})\n")
        (verdict,) = Verifier(superseded.store).verdicts(claims(report)[0])
        opened = open_citation(superseded.store, place(words))
        assert (verdict.status, verdict.since) == (opened.status, opened.since)
        assert (verdict.now, verdict.now_locator) == (opened.moved, opened.moved_locator)
        assert verdict.difference == opened.difference


def test_the_command_shows_quote_citation_status_and_where_it_stands_today(superseded: Corpus) -> None:
    kept = run(superseded, str(place(KEPT)))
    quote, cited, _, status, before, after = kept.stdout.splitlines()
    assert (kept.exit_code, quote, cited) == (0, KEPT, "“Arrests”, paragraph 1")
    assert status.startswith("status: superseded on ")
    now = place(KEPT, NEW)
    assert status.endswith(f"; the new text has the same words: paragraph 3, {now}")
    assert (before, after) == (f"before: {SAID}", f"after: {DROPPED}")
    changed = run(superseded, str(place(SAID))).stdout
    assert "; the words have changed:\n    Some [-forty-] {+fifty+} people were arrested.\n" in changed
    assert "; the new text says nothing similar\n" in run(superseded, str(place(DROPPED))).stdout
    assert "status: current\n" in run(superseded, str(place(KEPT, NEW))).stdout
    superseded.remove(["a.txt"])
    removed = run(superseded, str(place(KEPT, NEW))).stdout
    assert "\nstatus: removed on " in removed


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("nonsense\x1b[2J", "bad_input", "is not a citation: give SHA256/START-END"),
        (f"{'0' * 64}/0-5", "document_not_found", "it was never indexed here, or it was erased for good"),
        (f"{sha256_text(OLD)}/5-500", "bad_input", "there is no quote at 5-500"),
    ],
)
def test_a_citation_that_cannot_be_opened_is_a_clear_error(
    superseded: Corpus, given: str, code: str, said: str
) -> None:
    plain, as_json = run(superseded, given), run(superseded, given, "--json")
    assert (plain.exit_code, plain.stdout) == (3, "")
    assert said in plain.stderr
    assert "\x1b" not in plain.stderr
    assert json.loads(as_json.stdout)["error"]["code"] == code


def test_what_a_terminal_would_obey_is_shown_as_symbols_and_colours_only_where_wanted(
    corpus: Corpus, inbox: Path
) -> None:
    text = "Title\n\nIt is \x1b[2J closed. He said.\n"
    corpus.index(write(inbox, "a.txt", text))
    shown = run(corpus, str(place("It is \x1b[2J closed.", text)))
    assert shown.stdout.startswith("It is ␛[2J closed.\n")
    coloured = run(corpus, str(place("He said.", text)), env={"FORCE_COLOR": "1"}).stdout
    plain = run(corpus, str(place("He said.", text)), env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b[36m" in coloured
    assert "\x1b[36m" not in plain


def test_the_command_prints_the_quote_to_the_character(corpus: Corpus, inbox: Path) -> None:
    said = f"The plant\twas  closed,{' ' * 90}\nand\tthe army left{' far' * 60}."
    text = f"Closures\n\n{said}\n"
    corpus.index(write(inbox, "a.txt", text))
    assert run(corpus, str(place(said, text))).stdout.startswith(f"{said}\n“Closures”")
    on_screen = run(corpus, str(place(said, text)), env={"FORCE_COLOR": "1"}).stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", on_screen).startswith(f"{said}\n“Closures”")
