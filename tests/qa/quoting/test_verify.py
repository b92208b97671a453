from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from email.message import EmailMessage
from html import escape
from typing import TYPE_CHECKING

import docx
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from qa.cli import cli
from qa.errors import InputError
from qa.evaluation.report import to_html
from qa.evaluation.run import evaluate
from qa.evaluation.schema import Query, Suite
from qa.quoting.cite import clipboard
from qa.quoting.claims.claim import Claim
from qa.quoting.claims.file import claims, of_text
from qa.quoting.claims.marks import CLOSING, Ends
from qa.quoting.render import to_json, to_terminal, to_text
from qa.quoting.verify import Verifier, lines, to_dict
from qa.quoting.wording import Text, become, difference, find, in_words, joined
from qa.schema import Answer, CitationId, Quote, citation_id
from qa.text.inline_markup import without_markup
from qa.web.cards import answer_card
from tests.conftest import ROOT
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.quoting.verify import Verdict

TITLE = "Smuggling at Hyesan"
FIRST = 'The officials of the Kumsandong factory said: “Nobody may sell copper, or "scrap" of any kind.”'
SECOND = "In March 2008 some forty people were arrested on the highway to Hamhung."
THIRD = "Those who paid were let go the next morning, the others were not."
TEXT = f"{TITLE}\r\n\r\n{FIRST}\r\n{SECOND}\r\n\r\n{THIRD}\r\n"
NEW = TEXT.replace("some forty people", "some fifty people").replace(THIRD, f"A week went by.  {THIRD}")
OTHER = "Another brief\n\nNothing was sold at the market of Kapsan, and nobody asked for anything else.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with tiny_corpus(tmp_path / "library") as corpus:
        line = {"_id": "hyesan", "title": TITLE, "text": TEXT, "publisher": "IFES", "date": "2008-04-04"}
        other = {"_id": "kapsan", "title": "Another brief", "text": OTHER}
        corpus.index(write(tmp_path, "a.jsonl", json.dumps(line) + "\n" + json.dumps(other) + "\n"))
        yield corpus


def replaced(corpus: Corpus, tmp_path: Path, text: str = NEW) -> None:
    line = {"_id": "hyesan", "title": TITLE, "text": text, "publisher": "IFES", "date": "2008-04-04"}
    other = {"_id": "kapsan", "title": "Another brief", "text": OTHER}
    corpus.index(write(tmp_path, "a.jsonl", json.dumps(line) + "\n" + json.dumps(other) + "\n"))


def quote(corpus: Corpus, sentence: str, number: int = 1) -> Quote:
    document = corpus.document("hyesan")
    at = document.text.index(sentence)
    return Quote(document, at, at + len(sentence), number=number)


def answer(corpus: Corpus) -> Answer:
    quotes = (quote(corpus, FIRST), quote(corpus, f"{SECOND}\r\n\r\n{THIRD}", 2))
    return Answer("Who was arrested?", "Who was arrested?", "answered", 0.9, quotes=quotes, searched=2)


def verify(corpus: Corpus, text: str) -> list[Verdict]:
    return Verifier(corpus.store).verdicts(of_text(text))


def statuses(corpus: Corpus, text: str) -> list[str]:
    return [verdict.status for verdict in verify(corpus, text)]


def as_json(corpus: Corpus) -> str:
    return to_json(answer(corpus), corpus.document) + "\n" + to_json(answer(corpus), corpus.document)


def with_copies(corpus: Corpus) -> Answer:
    copy = Quote(corpus.document("kapsan"), 15, 40)
    found = answer(corpus)
    return replace(found, quotes=tuple(replace(each, copies=(copy,)) for each in found.quotes))


def as_text(corpus: Corpus) -> str:
    return to_text(with_copies(corpus), corpus.document)


def as_terminal(corpus: Corpus) -> str:
    console = Console(width=50, record=True, file=io.StringIO())
    console.print(to_terminal(with_copies(corpus), corpus.document))
    return console.export_text()


def as_html(corpus: Corpus) -> str:
    return f"<!DOCTYPE html><html><body>{answer_card(answer(corpus), corpus.document)}</body></html>"


def as_pasted(corpus: Corpus) -> str:
    return "My report\n\n" + "\n\nAnd then:\n\n".join(map(clipboard, answer(corpus).quotes)) + "\n"


def as_markdown(corpus: Corpus) -> str:
    parts = []
    for each in answer(corpus).quotes:
        body = "\n".join(f"> {line}" for line in each.text.replace("\r\n", "\n").split("\n") if line)
        parts.append(f"{body}\n>\n> — [{TITLE}](http://127.0.0.1:7860/#cite={citation_id(each)})")
    return "# Report\n\nIt is said that:\n\n" + "\n\nand\n\n".join(parts) + "\n\nThat is all.\n"


FORMS = pytest.mark.parametrize("form", [as_json, as_text, as_terminal, as_html, as_pasted, as_markdown])


@FORMS
def test_what_this_program_writes_is_verbatim(corpus: Corpus, form) -> None:
    found = statuses(corpus, form(corpus))
    assert found == ["verbatim"] * (4 if form is as_json else 2)


@FORMS
def test_a_word_changed_in_any_form_is_shown(corpus: Corpus, form) -> None:
    text = form(corpus)
    assert "Kumsandong" in text
    first = verify(corpus, text.replace("Kumsandong", "Kumsan"))[0]
    assert first.status == "altered"
    assert [(c.op, c.text.strip()) for c in first.difference if c.op != "equal"] == [
        ("delete", "Kumsandong"),
        ("insert", "Kumsan"),
    ]
    assert first.place is not None
    assert corpus.document("hyesan").text[first.place.start : first.place.end] == FIRST


@pytest.mark.parametrize("form", [as_text, as_terminal])
def test_what_stands_around_pasted_answers_is_looked_up_too(corpus: Corpus, form) -> None:
    text = f"They say “{THIRD}”\n\n{form(corpus)}And “wholly invented words about penguins”.\n"
    assert statuses(corpus, text) == ["verbatim", "verbatim", "verbatim", "unknown"]
    cut_off = form(corpus).split("Confidence")[0].rstrip() + "\nAnd “wholly invented words about penguins”.\n"
    assert statuses(corpus, cut_off) == ["verbatim", "verbatim", "unknown"]


@FORMS
def test_what_was_superseded_is_said_so_with_what_it_has_become(corpus: Corpus, tmp_path: Path, form) -> None:
    text = form(corpus)
    replaced(corpus, tmp_path)
    verdicts = verify(corpus, text)[:2]
    if form in (as_json, as_html, as_markdown):  # these name the very text
        assert [verdict.status for verdict in verdicts] == ["superseded", "superseded"]
        first, second = verdicts
        assert first.now is not None
        assert corpus.document("hyesan").text[first.now.start : first.now.end] == FIRST
        assert second.now is None
        assert ("insert", "fifty ") in [(change.op, change.text) for change in second.difference]
        assert first.since == corpus.store.versions("hyesan")[0].at
    else:  # the first still stands, so nothing is wrong with it
        assert [verdict.status for verdict in verdicts] == ["verbatim", "superseded"]


def test_what_was_removed_is_said_so_until_it_is_purged(corpus: Corpus) -> None:
    text = as_html(corpus)
    corpus.remove(["hyesan"])
    assert statuses(corpus, text) == ["removed", "removed"]
    corpus.purge(["hyesan"])
    assert statuses(corpus, text) == ["unknown", "unknown"]


def test_words_at_other_offsets_or_in_another_document_have_moved(corpus: Corpus) -> None:
    line = json.loads(to_json(answer(corpus), corpus.document))
    line["quotes"][0]["start"] += 3
    line["quotes"][0]["end"] += 3
    line["quotes"][1]["text"] = "nobody asked for anything else."
    first, second = verify(corpus, json.dumps(line))
    held = quote(corpus, FIRST)
    assert (first.status, first.place and first.place.citation_id) == ("moved", str(citation_id(held)))
    assert second.status == "moved"
    assert second.place is not None
    assert second.place.document == "kapsan"


def test_a_citation_alone_is_opened(corpus: Corpus, tmp_path: Path) -> None:
    cited = citation_id(quote(corpus, SECOND))
    text = f"See /#cite={cited} and {'0' * 64}/3-9 and {cited.sha256}/5-99999."
    assert statuses(corpus, text) == ["verbatim", "unknown", "unknown"]
    replaced(corpus, tmp_path)
    assert statuses(corpus, text)[0] == "superseded"


def test_plain_quotations_are_looked_up_word_for_word(corpus: Corpus) -> None:
    changed = SECOND.replace(" on ", " near ")
    text = f"""He wrote that “{SECOND}” and, of another place, "nothing was sold at the
market of Kapsan". He “was not there”. The so-called “scrap” went on. He quoted “{changed}”
and “wholly invented words about penguins in the polar night”.
"""
    verdicts = verify(corpus, text)
    assert [verdict.status for verdict in verdicts] == [
        "verbatim",
        "altered",  # it has another first letter
        "unknown",
        "altered",
        "unknown",
    ]
    assert [verdict.claim.line for verdict in verdicts] == [1, 1, 2, 2, 3]
    assert [c.text.strip() for c in verdicts[3].difference if c.op != "equal"] == ["on", "near"]


@pytest.mark.slow
def test_no_change_of_a_character_passes_for_verbatim(corpus: Corpus) -> None:
    """Of JSON and HTML: each character replaced, left out or doubled."""
    line = json.loads(to_json(answer(corpus), corpus.document))
    whole = line["quotes"][1]["text"]
    wrong = [
        whole[:at] + other + whole[at + 1 :] for at in range(len(whole)) for other in ("", "ж", whole[at] * 2)
    ]
    line["quotes"] = [line["quotes"][1] | {"text": text} for text in wrong]
    verdicts = verify(corpus, json.dumps(line))
    assert len(verdicts) == len(wrong)
    assert "verbatim" not in {verdict.status for verdict in verdicts}


def test_what_cites_a_document_is_counted(corpus: Corpus) -> None:
    document = corpus.document("hyesan")
    assert Verifier(corpus.store).citing(of_text(as_markdown(corpus)), {document.sha256}, set()) == 2
    assert Verifier(corpus.store).citing(of_text(as_pasted(corpus)), set(), {TITLE.upper()}) == 2
    other = corpus.document("kapsan")
    assert Verifier(corpus.store).citing(of_text(as_pasted(corpus)), {other.sha256}, {"Another brief"}) == 0
    # What quotes it without a citation is counted too.
    assert (
        Verifier(corpus.store).citing(of_text(f"“{SECOND}” and “{OTHER[-30:]}”"), {document.sha256}, set())
        == 1
    )


@pytest.mark.parametrize(
    "text", ["", "{}", "Nothing is quoted here, “or so”.", "<html><p>No.</p></html>", "[1, 2"]
)
def test_a_text_that_quotes_nothing_has_no_claims(text: str) -> None:
    assert of_text(text) == []


def test_a_question_as_it_was_understood_is_no_quote() -> None:
    page = '<html><p class="soft">Understood as: <q>Who was it, then? (arrested)</q></p><q>One two three</q>'
    assert [claim.text for claim in of_text(page)] == ["One two three"]


@given(st.text(alphabet='“”"> \n[]1{}:Question,<a class=cite/0-9', max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    for claim in of_text(text):
        assert claim.line <= text.count("\n") + 1


@pytest.mark.slow
def test_thousands_of_quotes_take_seconds(corpus: Corpus, tmp_path: Path) -> None:
    long = "\n\n".join(words(seed, 600) for seed in range(40))
    corpus.index(write(tmp_path, "long.txt", long))
    document, passages = corpus.store.document_and_passages("long.txt")
    spans = [sentence for passage in passages for sentence in passage.sentences]
    quotes = [
        {"sha256": document.sha256, "start": s.start, "end": s.end, "text": document.text[s.start : s.end]}
        for s in spans
    ] * 2
    for wrong in quotes[::10]:
        wrong["text"] = wrong["text"].replace(" ", " not ", 1)
    started = time.process_time()  # what others do on the machine does not count
    verdicts = verify(corpus, json.dumps({"quotes": quotes}))
    seconds = time.process_time() - started
    assert len(verdicts) > 2_000
    assert {verdict.status for verdict in verdicts} == {"verbatim", "altered"}
    assert seconds < 10


# Words


@given(st.text(alphabet="ab \n", max_size=60), st.text(alphabet="ab \n", max_size=60))
def test_a_difference_holds_both_texts(old: str, new: str) -> None:
    changes = difference(old, new)
    assert joined(changes, without="insert") == old
    assert joined(changes, without="delete") == new


def test_the_nearest_place_is_that_of_the_rare_words_and_no_more() -> None:
    text = (
        "It was said. " * 500
        + "The envoy left Hyesan for Dandong on Friday, it was said. "
        + "It was said. " * 500
    )
    span = Text(text).nearest("The envoy left Hyesan for Sinuiju on Friday.")
    assert span is not None
    assert text[span.start : span.end] == "The envoy left Hyesan for Dandong on Friday,"
    assert Text(text).nearest("Penguins swim.") is None
    assert Text("").nearest("Penguins swim.") is None


def test_words_are_found_nearest_to_where_they_stood() -> None:
    text = "one two one two one"
    assert [find("one", text, near).start for near in (0, 3, 5, 9, 99)] == [0, 0, 8, 8, 16]  # type: ignore[union-attr]
    assert find("three", text) is None
    assert become("two", 9, text)[0] == find("two", text, 9)


# The command


def run(corpus: Corpus, *arguments: str, env: dict[str, str] | None = None):
    return CliRunner().invoke(cli, [*arguments, "--library", str(corpus.library)], env=env)


def test_the_command_says_what_is_wrong_and_its_exit_code_whether(corpus: Corpus, tmp_path: Path) -> None:
    good = str(write(tmp_path, "good.md", as_markdown(corpus)))
    bad = str(write(tmp_path, "bad.txt", f"He said: “{SECOND.replace('forty', 'fifty')}”"))
    right = run(corpus, "verify", good)
    assert (right.exit_code, right.stdout.count("verbatim")) == (0, 2)
    wrong = run(corpus, "verify", bad, env={"NO_COLOR": "1"})
    assert wrong.exit_code == 1
    assert "[-forty-] {+fifty+}" in wrong.stdout
    assert "\x1b" not in wrong.stdout
    both = json.loads(run(corpus, "verify", good, bad, "--json").stdout)
    assert [each["counts"]["verbatim"] for each in both["files"]] == [2, 0]
    assert both["files"][1]["quotes"][0]["place"]["document"] == "hyesan"


def test_a_rule_of_tildes_in_a_text_hides_no_quote_from_the_command(corpus: Corpus, tmp_path: Path) -> None:
    wrong = f"He said: “{SECOND}”\n\n~~~~~~~~~~\n\n> {THIRD} And he was never seen again at all.\n"
    for name in ("report.txt", "report.md"):
        result = run(corpus, "verify", str(write(tmp_path, name, wrong)), "--json")
        (file,) = json.loads(result.stdout)["files"]
        assert (result.exit_code, [each["line"] for each in file["quotes"]]) == (1, [1, 5])


@pytest.mark.parametrize(
    ("content", "said"), [(b"Nothing.", "no quotation, citation or answer"), (b"\xff\xfe\x00", "not UTF-8")]
)
def test_a_file_that_cannot_be_verified_is_named(
    corpus: Corpus, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    result = run(corpus, "verify", str(path))
    assert result.exit_code == 3
    assert said in result.stderr
    assert run(corpus, "verify", str(tmp_path / "missing")).exit_code == 3


# A quote that begins or ends inside a word or a number says something else


def one(corpus: Corpus, tmp_path: Path, text: str) -> None:
    line = {"_id": "visit", "title": "A visit", "text": f"A visit\n\n{text}\n"}
    corpus.index(write(tmp_path, "one.jsonl", json.dumps(line) + "\n"))


CUT = pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("The minister was unable to visit Hyesan in March.", "able to visit Hyesan in March"),
        ("Nobody disagrees with it.", "agrees with it."),
        ("The workers can’t leave the factory.", "The workers can"),
        ("Prices rose by 1.5 percent a year.", "5 percent a year"),
        ("They sold 3,500 tons a year.", "500 tons a year"),
        ("They sold 3\u202f500 tons a year.", "500 tons a year"),
        ("It cost -5 won today at noon.", "5 won today at noon"),
        ("It cost −$5 today at noon, he said.", "$5 today at noon"),
        ("He was found not\u2011guilty of theft by it.", "guilty of theft by it"),
        ("The anti-regime acts were rare.", "regime acts were rare"),
        ("The anti-regime acts were rare.", "-regime acts were rare"),
        ("The output grew by 1.5 percent.", "The output grew by 1"),
        ("The output grew by 1.5 percent.", "The output grew by 1."),
        ("The output of non-ferrous ore fell.", "The output of non"),
        ("He was un\u00adable to visit Hyesan.", "able to visit Hyesan"),
        ("He lived in the cafe\u0301 of Hyesan.", "He lived in the cafe"),
        ("The plan is un-\nable to work at all.", "able to work at all"),
    ],
)


FORMS_OF_CLAIMS = (
    "“{}”\n— “A visit”, page 1\n",
    "He says “{}” of it.\n",
    '{{"document": "visit", "quotes": ["{}"]}}',
    '{{"quotes": [{{"sha256": "SHA", "start": 0, "end": 60, "text": "{}"}}]}}',
)


@CUT
def test_cut_words_and_numbers_are_altered(corpus: Corpus, tmp_path: Path, source: str, claim: str) -> None:
    one(corpus, tmp_path, source)
    for form in FORMS_OF_CLAIMS:
        text = form.replace("SHA", corpus.document("visit").sha256).format(claim)
        (verdict,) = verify(corpus, text) or (None,)
        assert verdict is None or verdict.status in ("altered", "unknown")
        if verdict and verdict.status == "altered":
            assert any(change.op != "equal" for change in verdict.difference)


@CUT
def test_only_the_coordinates_of_a_citation_may_cut(
    corpus: Corpus, tmp_path: Path, source: str, claim: str
) -> None:
    one(corpus, tmp_path, source)
    document = corpus.document("visit")
    at = document.text.index(claim)
    given = {"sha256": document.sha256, "start": at, "end": at + len(claim), "text": claim}
    assert statuses(corpus, json.dumps({"quotes": [given]})) == ["verbatim"]
    assert statuses(corpus, json.dumps({"quotes": [given | {"start": at - 1}]})) == ["altered"]


@CUT
def test_cut_words_of_what_was_replaced_are_not_superseded(
    corpus: Corpus, tmp_path: Path, source: str, claim: str
) -> None:
    one(corpus, tmp_path, source)
    one(corpus, tmp_path, "Something else was said, of other things.")
    assert statuses(corpus, f"“{claim}”\n— “A visit”\n") in (["altered"], ["unknown"])


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("The men—women too, he said—were let go.", "women too, he said"),
        ("The men--women too, he said--were let go.", "women too, he said"),
        ("(Nobody was there, in 2008.)", "Nobody was there, in 2008"),
        ("It fell in 2008, 2009 and 2010.", "It fell in 2008, 2009"),
        ("Il parle de l’économie du pays.", "économie du pays"),
        ("대통령은 평양에서 회담을 했다.", "평양에서 회담을 했"),
        ("部长在2008年三月访问了惠山市和平壤。", "2008年三月访问了惠山"),
        ("彼は平壌を訪問した。", "平壌を訪問"),
    ],
)
def test_whole_words_are_verbatim_whatever_stands_beside_them(
    corpus: Corpus, tmp_path: Path, source: str, claim: str
) -> None:
    one(corpus, tmp_path, source)
    assert statuses(corpus, json.dumps({"document": "visit", "quotes": [claim]})) == ["verbatim"]
    assert statuses(corpus, f"“{claim}”\n— “A visit”\n") == ["verbatim"]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (12, 3, "start 12 and end 3 are not a range"),
        (-4, 12, "start -4 and end 12 are not a range"),
        (5, 5, "start 5 and end 5 are not a range"),
        (12.7, 40, "start 12.7 and end 40 are not both whole numbers"),
        ("3", 40, "start '3' and end 40"),
        (3, None, "start 3 and end None"),
    ],
)
@pytest.mark.parametrize("text", ["", "some forty people were arrested"])
def test_a_citation_that_names_no_range_is_unknown_and_said_to_be_wrong(
    corpus: Corpus, start: object, end: object, said: str, text: str
) -> None:
    sha256 = corpus.document("hyesan").sha256
    given = {"sha256": sha256, "start": start, "end": end, "text": text}
    (verdict,) = verify(corpus, json.dumps({"quotes": [given]}))
    assert verdict.status == "unknown"
    assert said in "".join(words for line in lines(verdict) for words, _ in line)
    assert said in to_dict([verdict])["quotes"][0]["wrong"]
    if isinstance(start, int) and isinstance(end, int) and start >= 0:
        page = f'<html><p><q>{text}</q> <a href="#cite={sha256}/{start}-{end}">here</a></p></html>'
        assert [each.status for each in verify(corpus, page)] == ["unknown"]


def test_an_empty_quote_is_unknown(corpus: Corpus) -> None:
    given = {"sha256": corpus.document("hyesan").sha256, "start": 3, "end": 12, "text": ""}
    assert statuses(corpus, json.dumps({"quotes": [given]})) == ["unknown"]
    assert statuses(corpus, json.dumps({"quotes": [""]})) == ["unknown"]


CHINESE = "大批居民因为没有粮食离开了家乡前往边境"


@pytest.mark.parametrize(
    "text",
    [
        "他说“居民因为没有粮食离开了家乡”。",
        "他说「居民因为没有粮食离开了家乡」。",
        "他说『居民因为没有粮食离开了家乡』。",
        "Er schrieb „居民因为没有粮食离开了家乡“ dazu.",
        "Il écrit « 居民因为没有粮食离开了家乡 » de cela.",
        "He notes:\n\n<blockquote>\n<p>居民因为没有粮食离开了家乡</p>\n</blockquote>\n\nThat is all.\n",
        "<html><body><q>居民因为没有粮食离开了家乡</q></body></html>",
        "<html><body><p>他说“居民因为没有粮食离开了家乡”。</p></body></html>",
        "<html><body><blockquote>「居民因为没有粮食离开了家乡」</blockquote></body></html>",
    ],
)
def test_quotations_in_other_marks_and_scripts_are_looked_up(
    corpus: Corpus, tmp_path: Path, text: str
) -> None:
    one(corpus, tmp_path, CHINESE)
    assert statuses(corpus, text) == ["verbatim"]
    assert statuses(corpus, text.replace("没有", "有")) == ["altered"]


@pytest.mark.parametrize(
    "marks",
    [
        *'“” „“ „” «» 「」 『』 "" ‹› ‚‘ 《》 〈〉 ＂＂ ‟” 〝〞 〝〟 »« ›‹'.split(),
        ("&quot;", "&quot;"),
        ("&laquo;", "&raquo;"),
        ("&#8222;", "&#8220;"),
    ],
)
def test_a_quotation_in_any_marks_is_read(marks: str) -> None:
    text = f"It says {marks[0]}nothing was sold there{marks[1]} and {marks[0]}so on{marks[1]}."
    assert [(claim.text or "").strip() for claim in of_text(text)] == ["nothing was sold there"]


def test_guillemets_point_outwards_as_before() -> None:
    text = "« Rien de tout cela », dit-il, et «rien de plus ici». »Gar nichts davon«, und Home » Docs » On"
    assert [claim.text for claim in of_text(text)] == [
        " Rien de tout cela ", "rien de plus ici", "Gar nichts davon"
    ]  # fmt: skip


def test_another_sites_answers_and_questions_are_read(corpus: Corpus) -> None:
    for name in ("answers", "answer", "answer-list", "question", "questions"):
        page = f"<html><article class='{name}'><p>Zed wrote “{SECOND}”</p></article></html>"
        assert statuses(corpus, page) == ["verbatim"]


def test_a_page_is_read_for_quotations_beside_its_quotes(corpus: Corpus) -> None:
    card = answer_card(with_copies(corpus), corpus.document)
    page = f"""<html><body><p>They say “{THIRD}” of it.</p><blockquote>{SECOND}</blockquote>
<p>And “wholly invented words about penguins”.</p>{card}</body></html>"""
    # Two are those of the card, and two the copies that it names.
    assert sorted(statuses(corpus, page)) == ["unknown", *["verbatim"] * 6]


def test_an_html_blockquote_in_markdown_is_read_with_its_link(corpus: Corpus) -> None:
    sha256 = corpus.document("hyesan").sha256
    start = corpus.document("hyesan").text.index(SECOND)
    link = f'<a href="#cite={sha256}/{start}-{start + len(SECOND)}">there</a>'
    text = f"# Report\n\n<blockquote>{SECOND.replace(' ', '&#32;', 1)}</blockquote>\n{link}\n"
    (verdict,) = verify(corpus, text)
    assert (verdict.status, verdict.claim.line) == ("verbatim", 3)
    assert verdict.claim.citation is not None
    assert statuses(corpus, text.replace("forty", "fifty")) == ["altered"]


NEVER_CLOSES = ("„", "“ a b c ", ' "a', "<a ", "“\u0316\u0301", "<blockquote>", "[", ">a b c\n„d ")


@pytest.mark.slow
@pytest.mark.parametrize("hostile", NEVER_CLOSES)
def test_what_never_closes_is_looked_for_once(hostile: str) -> None:
    # Where it was looked for again from each mark, this took minutes.
    words = [claim.text for claim in of_text(hostile * 50_000 + "\n\nHe said: «It is not so.»")]
    assert words[-1] == "It is not so."
    assert set(words[:-1]) <= {"a b c"}


def test_what_is_claimed_again_and_again_is_judged_once(corpus: Corpus) -> None:
    asked: list[str | None] = []

    class Counting(Verifier):
        def verdict(self, claim: Claim) -> Verdict:
            asked.append(claim.text)
            return super().verdict(claim)

    report = f"“{SECOND}”\n\n“{SECOND}”\n\n“{THIRD}”\n"
    found = Counting(corpus.store).verdicts(of_text(report))
    assert [(each.claim.line, each.status) for each in found] == [(n, "verbatim") for n in (1, 3, 5)]
    assert sorted(filter(None, asked)) == sorted([SECOND, THIRD])


def test_a_claim_that_no_document_can_hold_is_unknown(corpus: Corpus) -> None:
    assert statuses(corpus, json.dumps({"quotes": ["e" + "\u0316\u0301" * 100_000]})) == ["unknown"]


@given(st.text(st.sampled_from('“”„«»「」"a '), max_size=60))
def test_a_quotation_ends_where_its_marks_balance(text: str) -> None:
    ends = Ends(text)
    for at, mark in enumerate(text):
        if mark not in CLOSING:
            continue
        depth, expected = 0, None
        for end, other in enumerate(text[at:], at + 1):
            depth += (other == mark) - (other in CLOSING[mark])
            if not depth:
                expected = end
                break
        assert ends.of(at) == expected


def test_how_many_short_quotations_were_passed_over_is_said(corpus: Corpus, tmp_path: Path) -> None:
    file = write(tmp_path, "report.txt", f"He “was not”. The “scrap” and “粮食” went. “{SECOND}”\n")
    done = run(corpus, "verify", str(file))
    assert done.exit_code == 0
    assert "not checked, as they have fewer than 3 words: 3 quotations" in done.stderr
    assert json.loads(run(corpus, "verify", "--json", str(file)).stdout)["files"][0]["passed_over"] == 3


# What the product writes, over documents whose sections and titles are in quotation marks themselves

MARKDOWN = (
    "---\ntitle: Orlava port opens “second” terminal\nauthor: M. Holt\n---\n\n# Orlava port\n\n"
    "The terminal cost 210 million crowns, **a third *more* than planned**, and is open.\n\n"
    "## What “the city” said\n\n"
    'His successor said that [the port](http://example.com/a_(b) "Port") would '
    "publish \\*every\\* `contract`.\n"
)
PLAIN_TEXT = "The dogs’ owners said: ‘It was the ’90s, and nobody paid.’ They left at noon.\n"


def exported(corpus: Corpus, tmp_path: Path) -> Answer:
    corpus.index(write(tmp_path, "port.md", MARKDOWN))
    corpus.index(write(tmp_path, "dogs.txt", PLAIN_TEXT))
    spans = (
        ("port.md", "The terminal", "is open."),
        ("port.md", "His successor", "`contract`."),
        ("dogs.txt", "The dogs’", "paid.’"),
        ("hyesan", "In March", "Hamhung."),
    )
    quotes = []
    for number, (document_id, first, last) in enumerate(spans, 1):
        document = corpus.document(document_id)
        start = document.text.index(first)
        end = document.text.index(last, start) + len(last)
        quotes.append(Quote(document, start, end, number=number))
    asked = "Who said “nobody at all was ever there”?"
    return Answer(asked, asked, "answered", 0.9, threshold=0.5, quotes=tuple(quotes), searched=4)


def as_report(corpus: Corpus, answer: Answer) -> str:
    gold = Query("1", answer.question, ("“Was it that, then?”",), gold=(answer.quotes[1].text,))
    queries = (gold, replace(gold, id="2"))
    line = json.loads(to_json(answer, corpus.document))
    documents = {quote.document.id: quote.document for quote in answer.quotes}
    evaluation = evaluate(Suite("own", queries), {query.id: line for query in queries}, documents)
    return to_html(
        evaluation,
        lambda each: documents[each].text if each else None,
        lambda each: documents[each].title if each else "",
    )


def as_chat_page(corpus: Corpus, answer: Answer) -> str:
    asked = f'<div class="message user panel">{escape(answer.question)}</div>'
    card = answer_card(
        replace(answer, interpreted_question="Who was “there, of all of them”?"), corpus.document
    )
    return f"<!DOCTYPE html><html><body>{asked}{card}</body></html>"


EXPORTS = {
    "text": lambda corpus, answer: to_text(answer, corpus.document) * 2,
    "JSON": lambda corpus, answer: to_json(answer, corpus.document),
    "JSON lines": lambda corpus, answer: f"{to_json(answer, corpus.document)}\n" * 2,
    "copied": lambda _, answer: "I found:\n\n" + "\n\n".join(map(clipboard, answer.quotes)),
    "report": as_report,
    "chat": as_chat_page,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTS)
def test_all_that_the_product_exports_is_verbatim(corpus: Corpus, tmp_path: Path, name: str) -> None:
    answer = exported(corpus, tmp_path)
    found = statuses(corpus, EXPORTS[name](corpus, answer))
    count = {"JSON": 4, "copied": 4, "chat": 4, "report": 10}.get(name, 8)
    assert found == ["verbatim"] * count


# Single quotation marks


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("He said: ‘We sold it all in May’.", ["We sold it all in May"]),
        ("He said (‘we don’t sell the boys’ bikes’) so.", ["we don’t sell the boys’ bikes"]),
        ("He said 'we don't sell the boys' bikes', then left.", ["we don't sell the boys' bikes"]),
        ("‘He saw the dogs’ he said, and ‘they left at noon’.", ["He saw the dogs", "they left at noon"]),
        ("‘They call it “the old port” there’", ["They call it “the old port” there"]),
        ("“They call it ‘the very old port’ there”", ["They call it ‘the very old port’ there"]),
        ("> ‘We left the city in May.’\n", ["We left the city in May."]),
        ("> ‘Abd al-Rahman left in May.\n", ["‘Abd al-Rahman left in May."]),
        ("<html><blockquote>‘We left the city’</blockquote></html>", ["We left the city"]),
        ("‘It begins here and\n\nnever ends in this’", []),
        ("<b title='one two three'>No.</b>", []),
    ],
)
def test_single_quotation_marks_are_read(text: str, quoted: list[str]) -> None:
    assert [claim.text for claim in of_text(text)] == quoted


APOSTROPHES = (
    "the people's", "the people’s", "'90s", "’90s", "‘90s", "dogs'", "dogs’", "'tis", "’Twas", "'em", "‘em",
    "don't", "rock 'n' roll", "rock ’n’ roll", "huntin'", "huntin’", "5'",
    "said.", "the (old)", "l’Oise,", "\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(APOSTROPHES), max_size=30))
def test_apostrophes_quote_nothing(parts: list[str]) -> None:
    assert of_text(" ".join(parts)) == []


@given(st.lists(st.sampled_from(APOSTROPHES[:8]), min_size=3, max_size=8))
def test_apostrophes_end_no_quotation(parts: list[str]) -> None:
    words = " ".join(("It", *parts, "and so on"))
    assert [claim.text for claim in of_text(f"They said ‘{words}’, it seems.")] == [words]


# Markdown as its reader sees it


def test_a_quote_of_markdown_as_a_reader_sees_it_is_verbatim_but_for_markup(
    corpus: Corpus, tmp_path: Path
) -> None:
    exported(corpus, tmp_path)
    seen = "said that the port would publish *every* contract."
    other = "The terminal cost 210 million crowns, a third more than planned, and is open."
    verdicts = verify(corpus, f"“{seen}”\n\n“{other}”\n\n“{other.replace('third', 'half')}”")
    assert [(each.status, each.markup) for each in verdicts] == [
        ("verbatim", True),
        ("verbatim", True),
        ("altered", False),
    ]
    assert [c.text.strip() for c in verdicts[2].difference if c.op != "equal"] == ["third", "half"]
    place = verdicts[0].place
    assert place is not None
    cited = f"“{seen}” (#cite={place.citation_id})"
    assert [(each.status, each.markup) for each in verify(corpus, cited)] == [("verbatim", True)]
    assert corpus.document("port.md").text[place.start : place.end].startswith("said that [the port](")
    assert "only the markup differs" in "".join(words for line in lines(verdicts[0]) for words, _ in line)
    assert [each["markup"] for each in to_dict(verdicts)["quotes"]] == [True, True, False]
    assert statuses(corpus, json.dumps({"document": "port.md", "quotes": [seen]})) == ["altered"]
    assert statuses(corpus, f"“{seen}”\n— “Another brief”\n") == ["moved"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("**a *b* c** ***d*** __e__ _f_ ~~g~~", "a b c d e f g"),
        ("[a](b) [c](<d> 'e') [f][g] ![h](i.png) [j]", "a [c](<d> 'e') f h [j]"),
        ("# A\n> b\n> # c\n#d", "A\nb\nc\n#d"),
        ("`a*b*` \\*c\\* \\\nd", "a*b* *c* \nd"),
        ("5*3 2 * 3 snake_case_name *a\n\nb*", "5*3 2 * 3 snake_case_name *a\n\nb*"),
    ],
)
def test_the_markup_of_markdown_is_what_its_reader_does_not_see(text: str, seen: str) -> None:
    assert without_markup(text)[0] == seen


@given(st.text(alphabet="ab *_`~[](){}\\#>!\n\x00\x01", max_size=80))
def test_what_is_left_without_markup_stands_in_the_text(text: str) -> None:
    seen, offsets = without_markup(text)
    assert "".join(text[at] for at in offsets) == seen
    assert offsets == sorted(set(offsets))


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["*", "*a ", "`", "`a\n", "[", "[a](", "_a", "\\", "~~a", "> ", '![a](b "', "***a"]
)
def test_markup_costs_no_more_than_its_length(unit: str) -> None:
    started = time.process_time()
    without_markup(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 3


# Files that are no text


def test_quotes_of_a_word_document_are_verified_with_their_places(corpus: Corpus, tmp_path: Path) -> None:
    report = docx.Document()
    report.add_heading("What was said", 1)
    report.add_paragraph(f"They write “{SECOND}” of it.")
    report.add_paragraph(f"And ‘{SECOND.replace('forty', 'fifty')}’, too.")
    report.save(str(tmp_path / "report.docx"))
    result = run(corpus, "verify", str(tmp_path / "report.docx"), env={"NO_COLOR": "1"})
    assert result.exit_code == 1
    assert "paragraph 1: verbatim" in result.stdout
    assert "paragraph 2: altered" in result.stdout


def test_how_many_quotes_were_found_in_which_forms_and_what_was_not_read_is_said(
    corpus: Corpus, tmp_path: Path
) -> None:
    report = docx.Document()
    report.add_paragraph(f"They write “{SECOND}” of it.")
    report.add_paragraph(SECOND.replace("forty", "fifty"), style="Quote")
    report.add_paragraph(SECOND.replace("March", "May"), style="Intense Quote")
    report.sections[0].header.paragraphs[0].text = "Draft"
    report.save(str(tmp_path / "report.docx"))
    result = run(corpus, "verify", str(tmp_path / "report.docx"), env={"NO_COLOR": "1"})
    assert "3 quotes found: 1 in quotation marks, 2 as block quotes" in result.stderr
    assert "1 verbatim, 2 altered" in result.stderr
    assert f"not read in {tmp_path / 'report.docx'}: page headers and footers" in result.stderr
    shown = json.loads(run(corpus, "verify", "--json", str(tmp_path / "report.docx")).stdout)["files"][0]
    assert (shown["forms"]["quotation marks"], shown["forms"]["block quote"]) == (1, 2)
    assert shown["unread"] == ["page headers and footers"]


def test_quotes_of_an_e_mail_and_of_a_western_page_are_verified(corpus: Corpus, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Report", "a@example.org"
    mail.set_content(f"They write “{SECOND}” of it.\n", cte="base64")
    page = f'<html><head><meta charset="windows-1252"></head><p>They write “{SECOND}” of it.</p></html>'
    for name, data in (("report.eml", bytes(mail)), ("report.html", page.encode("cp1252"))):
        (tmp_path / name).write_bytes(data)
        assert [each.status for each in Verifier(corpus.store).verdicts(claims(tmp_path / name)[0])] == [
            "verbatim"
        ]


def test_a_picture_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    with pytest.raises(InputError, match=r"a\.png is a PNG image"):
        claims(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("old", "new"), [("the end of « June »", "the end of « July »"), ("in June", "in July")]
)
def test_what_was_deleted_and_inserted_stand_apart_wherever_they_stand(old: str, new: str) -> None:
    said = "".join(words for _, words in in_words(difference(old, new)))
    assert "[-June-] {+July+}" in said


# Whatever the way in which a report quotes, an altered word does not pass


def as_answer_pasted(words: str) -> str:
    return (
        f"How was it?\n{words}\n\n[1] A visit · IFES · 4 April 2008 · section “A visit”, paragraph 2\nCopy\n"
    )


STYLES = {
    "curly": "He said “{}” of it.",
    "adjacent": "“{}”\n“Nobody was there before them.”",
    "adjacent, second": "“Nobody was there before them.”\n“{}”",
    "items": "- “Nobody was there before them.”\n- “{}”",
    "dialogue": "“Nobody was there before them.”\n— “{}”",
    "page given": "“Nobody was there before them.”\n“{}”, page 3",
    "paragraphs": "<p>“Nobody was there before them.”</p>\n<p>“{}”</p>",
    "paragraphs of straight marks": '<p>"Nobody was there before them."</p><p>"{}"</p>',
    "block": "> {}\n>\n> — The visit, 2008",
    "block of two": "> Nobody was there before them.\n>\n> {}",
    "block of two, first": "> {}\n>\n> Nobody was there before them.",
    "block with a mark": "> “Nobody was there before them.”\n>\n> {}",
    "block of items": "> - Nobody was there before them.\n> - {}",
    "html block": "<blockquote><p>Nobody was there before them.</p><p>{}</p></blockquote>",
    "q in Markdown": "It is said that <q>{}</q>, and no more.",
    "fragment": "<p><q>{}</q> <a href='#cite=SHA/START-END'>[1]</a></p>",
    "words before a link": "<p>{} <a href='#cite=SHA/START-END'>[1]</a></p>",
    "words in a link": "<p><a href='#cite=SHA/START-END'>{}</a></p>",
    "Markdown link": "{} [1](http://127.0.0.1:7860/#cite=SHA/START-END)",
    "csv": "question,quote,answerable\nWho?,{},yes\n",
    "export": "\ufeffid,question,answerable,document,quote,history,rejected,note\r\n"
    "1,Who?,yes,visit,{},,,\r\n",
    "semicolons": "question;quote\nWho?;{}\n",
    "pasted from the chat": as_answer_pasted("{}"),
    "pasted from a terminal": "{}\n[1] “A visit”, IFES, paragraph 2\n",
    "elision": "He said “Nobody was there […] {}” of it.",
}


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_an_altered_word_is_never_verbatim_and_an_unaltered_one_always(
    corpus: Corpus, tmp_path: Path, style: str
) -> None:
    for seed in range(4):
        sentence = words(seed, 12).split(".")[0].strip() + "."
        text = f"Nobody was there before them. Much went on there in those days. {sentence} So it went."
        one(corpus, tmp_path, text)
        document = corpus.document("visit")
        at = document.text.index(sentence)
        report = STYLES[style].replace("SHA", document.sha256)
        report = report.replace("START", str(at)).replace("END", str(at + len(sentence)))
        file = tmp_path / ("report.csv" if "," in style or style in ("csv", "semicolons") else "report.md")
        file.write_text(report.replace("{}", sentence), "utf-8")
        right = run(corpus, "verify", "--json", str(file))
        counts = json.loads(right.stdout)["files"][0]["counts"]
        assert (right.exit_code, {name for name, count in counts.items() if count}) == (0, {"verbatim"})
        parts = sentence.split(" ")
        for word in range(len(parts)):
            altered = " ".join([*parts[:word], "zebra", *parts[word + 1 :]])
            found = verify(corpus, report.replace("{}", altered))
            assert {each.status for each in found} - {"verbatim"}, altered


def test_words_beside_a_citation_that_are_not_its_own_were_not_compared(corpus: Corpus) -> None:
    cited = citation_id(quote(corpus, SECOND))
    (verdict,) = verify(corpus, f"<p>Dozens went to jail near the border <a href='#cite={cited}'>[1]</a></p>")
    assert verdict.status == "cited"
    assert "not compared" in "".join(words for line in lines(verdict) for words, _ in line)


@pytest.mark.parametrize(
    "form",
    [
        "<html><p>{0} <a href='x#cite=ID'>1</a></p><p>{1} <a href='x#cite=ID'>1</a></p></html>",
        "<html><q>{0}</q> <a href='x#cite=ID'>1</a><p>{1} <a href='x#cite=ID'>1</a></p></html>",
        "<article class='answers'>{0} <a href='x#cite=ID'>1</a><p>{1} <a href='x#cite=ID'>1</a></article>",
        "{0} [1](ID)\n\n{1} [1](ID)\n",
        "“{0}” (ID)\n\n{1} (ID)\n",
        "{0}[1](x#cite=ID)\n\n{1}[1](x#cite=ID)\n",
    ],
)
def test_words_beside_a_citation_that_repeats_the_one_before_are_compared(corpus: Corpus, form: str) -> None:
    form = form.replace("ID", str(citation_id(quote(corpus, SECOND))))
    assert statuses(corpus, form.format(SECOND, SECOND.replace("forty", "fifty"))) == ["verbatim", "altered"]
    assert statuses(corpus, form.format(SECOND, "")) == ["verbatim"]


@pytest.mark.parametrize(
    "label",
    ["[1](ID)", "- [source](x#cite=ID)", "1. ID", "[^1]: ID", "(see also ID)", "Source 2: ID", "[²](ID)"],
)
def test_one_word_beside_a_citation_is_said_not_to_be_compared(corpus: Corpus, label: str) -> None:
    cited = str(citation_id(quote(corpus, SECOND)))
    assert statuses(corpus, label.replace("ID", cited)) == ["verbatim"]
    assert statuses(corpus, f"Penguins {label.replace('ID', cited)}") == ["cited"]
    page = "<html><p>{} <a href='#cite=ID'>[1]</a></p></html>".replace("ID", cited)
    assert [statuses(corpus, page.format(words)) for words in ("", "Penguins")] == [["verbatim"], ["cited"]]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("It was a state-\nrun mill, they said.", "It was a state-run mill, they said."),
        ("It was a state-\r\nrun mill, they said.", "It was a state-run mill, they said."),
        ("The mill can’t be the state's mill.", "The mill can't be the state’s mill."),
    ],
)
def test_line_ends_after_hyphens_and_kinds_of_apostrophe_alter_nothing(
    corpus: Corpus, tmp_path: Path, source: str, said: str
) -> None:
    one(corpus, tmp_path, source)
    document = corpus.document("visit")
    cited = f"{document.sha256}/9-{9 + len(source)}"
    for form in ("“{}”\n", f"“{{}}” ({cited})\n"):
        assert statuses(corpus, form.format(said)) == ["verbatim"]
        assert statuses(corpus, form.format(said.replace("mill", "mall", 1))) == ["altered"]
    assert statuses(corpus, json.dumps({"document": "visit", "quotes": [said]})) == ["altered"]
    assert statuses(corpus, f"“{said.replace('state-run', 'staterun')[:-1]};”") == ["altered"]


def test_a_comma_of_the_sentence_around_is_said(corpus: Corpus) -> None:
    cited = citation_id(quote(corpus, SECOND))
    for text in (
        f"“{SECOND[:-1]},” he said",
        f"“{SECOND[:-1]},” ({cited})",
        "“In March 2008 some forty people,”",
    ):
        (verdict,) = verify(corpus, text)
        assert (verdict.status, verdict.comma) == ("verbatim", True)
        assert "only the comma at the end differs" in "".join(
            words for line in lines(verdict) for words, _ in line
        )
    assert statuses(corpus, f"“{SECOND[:-1].replace('forty', 'fifty')},” he said") == ["altered"]
    assert [each.comma for each in verify(corpus, f"“{SECOND}”")] == [False]


def test_a_full_stop_may_stand_for_a_comma_before_a_closing_mark_and_for_no_other(
    corpus: Corpus, tmp_path: Path
) -> None:
    text = '"We have no ships," he said. Having no ships, they walked.'
    one(corpus, tmp_path, f"{text} “We go to Leith,” she said, “unless it rains.”")
    (verdict,) = verify(corpus, "He told us: “We have no ships.”")
    assert (verdict.status, verdict.comma) == ("verbatim", True)
    assert "only the full stop at the end differs" in "".join(
        words for line in lines(verdict) for words, _ in line
    )
    assert statuses(corpus, "It says: “Having no ships.”") == ["altered"]
    assert statuses(corpus, "She said: “We go to Leith.”") == ["altered"]  # the quotation goes on


def test_the_first_letter_beside_a_citation_may_be_small(corpus: Corpus) -> None:
    small = f"It seems that {SECOND[0].lower()}{SECOND[1:]} ({citation_id(quote(corpus, SECOND))})"
    assert statuses(corpus, small) == ["verbatim"]
    assert statuses(corpus, small.replace("March", "march")) == ["altered"]


def test_words_left_out_are_counted_and_shown(corpus: Corpus) -> None:
    (verdict,) = verify(corpus, "He said “In March 2008 some forty people […] on the highway to Hamhung.”")
    assert (verdict.status, verdict.left_out) == ("verbatim", 2)
    assert "were arrested" in "".join(each.text for each in verdict.difference if each.op == "delete")
    turned = "He said “on the highway to Hamhung […] In March 2008 some forty people”"
    assert statuses(corpus, turned) == ["altered"]


def test_an_altered_quote_of_what_was_removed_names_it(corpus: Corpus) -> None:
    corpus.remove(["hyesan"])
    (verdict,) = verify(corpus, f"“{SECOND.replace('forty', 'ninety')}”")
    assert (verdict.status, verdict.fate, verdict.title) == ("altered", "removed", TITLE)


def test_marks_without_their_other_are_named_and_fail(corpus: Corpus, tmp_path: Path) -> None:
    file = write(tmp_path, "report.md", f"“{SECOND}”\n\nHe said “the moon is made of cheese.\n")
    done = run(corpus, "verify", str(file))
    assert done.exit_code == 1
    assert "line 3: a quotation mark without a partner" in done.stderr


# What is left out may change what is said

SPEECH = (
    "The customs service did not decide to close the crossing at Hyesan.\n\n"
    "It is not true that the Kumsan mill was sold to a bank.\n\n"
    "At least 61 people died in the flood, a doctor said, and 38 are still missing today.\n\n"
    "The old mill by the river, which had not been insured, burned down in the first week of May.\n"
)


def said_of(verdict: Verdict) -> str:
    return "".join(words for line in lines(verdict) for words, _ in line)


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("The customs service did […] decide to close the crossing", ["negation"]),
        ("The customs service did ... decide to close the crossing", ["negation"]),
        ("decide to close the crossing at Hyesan", ["negation"]),
        ("the Kumsan mill was sold to a bank", ["negation"]),
        ("It is […] true that the Kumsan mill was sold", None),  # a part of two words is compared whole
        ("[…] 61 people died in the flood", ["hedge"]),
        ("people died in the flood […] and 38 are still missing", ["speaker", "number"]),
        ("people died in the flood […] are still missing today", ["speaker", "number"]),
    ],
)
def test_a_quote_that_leaves_out_what_matters_is_distorted(
    corpus: Corpus, tmp_path: Path, said: str, kinds: list[str] | None
) -> None:
    one(corpus, tmp_path, SPEECH)
    (verdict,) = verify(corpus, f"They write: “{said}” of it.\n")
    if kinds is None:
        assert verdict.status == "altered"
        return
    assert verdict.status == "distorted"
    assert {each.kind for each in verdict.omitted} <= set(kinds)
    assert verdict.omitted[0].text in said_of(verdict)
    assert to_dict([verdict])["quotes"][0]["omitted"][0]["text"] == verdict.omitted[0].text
    assert to_dict([verdict])["counts"]["distorted"] == 1


def test_what_was_left_out_is_shown_word_by_word_and_fails(corpus: Corpus, tmp_path: Path) -> None:
    one(corpus, tmp_path, SPEECH)
    report = write(tmp_path, "report.md", "“The customs service did […] decide to close the crossing”\n")
    done = run(corpus, "verify", str(report), env={"NO_COLOR": "1"})
    assert done.exit_code == 1
    assert "distorted  “The customs service did […] decide" in done.stdout
    assert "leaves out “not” (a negation)" in done.stdout
    assert "did [-not-] {+[…]+} decide" in done.stdout


@pytest.mark.parametrize(
    "said",
    [
        "The old mill by the river […].",
        "The old mill by the river [...],",
        "The old mill by the river … .",
        "[…] burned down in the first week […].",
        "The old mill by the river […], burned down in the first week of May.",
        "[T]he old mill by the river",
    ],
)
def test_an_elision_at_an_end_with_the_writers_own_stop_leaves_a_quote_verbatim(
    corpus: Corpus, tmp_path: Path, said: str
) -> None:
    one(corpus, tmp_path, SPEECH)
    assert statuses(corpus, f"They write: “{said}”\n") == ["verbatim"]
    assert statuses(corpus, f"They write: “{said.replace('e', 'ee', 3)}”\n") != ["verbatim"]


def test_a_quotation_within_may_have_the_marks_of_an_inner_one(corpus: Corpus, tmp_path: Path) -> None:
    one(corpus, tmp_path, "The guards called the work “light and short” all the same.")
    assert statuses(corpus, "“The guards called the work ‘light and short’ all the same.”\n") == ["verbatim"]
    assert statuses(corpus, "“The guards called the work ‘light and long’ all the same.”\n") == ["altered"]


def test_what_leaves_out_nothing_that_matters_is_verbatim(corpus: Corpus, tmp_path: Path) -> None:
    one(corpus, tmp_path, SPEECH)
    for said in (
        "The old mill by the river […] burned down in the first week of May.",
        "The customs service did not decide […] the crossing at Hyesan. […] It is not true",
        "people died in the flood",
        "burned down in the first week",
    ):
        assert statuses(corpus, f"They write: “{said}” of it.\n") == ["verbatim"], said


def test_what_the_sentence_around_a_quote_says_itself_is_not_left_out(corpus: Corpus, tmp_path: Path) -> None:
    one(corpus, tmp_path, SPEECH)
    assert statuses(corpus, "They did not “decide to close the crossing at Hyesan”, it says.") == ["verbatim"]
    (verdict,) = verify(corpus, "It says that “61 people died in the flood” there.")
    assert (verdict.status, [each.kind for each in verdict.omitted]) == ("verbatim", ["hedge"])
    assert "leaves out “At least” (a hedge)" in said_of(verdict)
    (verdict,) = verify(corpus, "It says that at least “61 people died in the flood” there.")
    assert (verdict.status, verdict.omitted) == ("verbatim", ())


def test_the_same_parts_where_they_stand_closer_are_what_is_quoted(corpus: Corpus, tmp_path: Path) -> None:
    first = "The customs service was never liked. Nobody knew why it was not."
    one(corpus, tmp_path, f"{first} The customs service of Hyesan closed the crossing there.")
    (verdict,) = verify(corpus, "“The customs service […] closed the crossing there.”")
    assert (verdict.status, verdict.left_out) == ("verbatim", 2)


def test_a_distorted_quote_of_markdown_is_found_as_its_reader_sees_it(corpus: Corpus, tmp_path: Path) -> None:
    text = (
        "# Customs\n\nThe *customs* service did **not** decide to [close](http://a.example) the crossing.\n"
    )
    corpus.index(write(tmp_path, "customs.md", text))
    (verdict,) = verify(corpus, "“The customs service did […] decide to close the crossing.”")
    assert (verdict.status, verdict.markup, [each.text for each in verdict.omitted]) == (
        "distorted",
        True,
        ["not"],
    )


def suite(corpus: Corpus, tmp_path: Path) -> list[Quote]:
    """Index the texts of the suites; return their sentences."""
    lines = [
        line
        for path in sorted((ROOT / "tests" / "suites").glob("*/corpus.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    corpus.index(write(tmp_path, "suites.jsonl", "\n".join(lines) + "\n"))
    return [
        Quote(document, sentence.start, sentence.end)
        for line in lines
        for document, passages in [corpus.store.document_and_passages(json.loads(line)["_id"])]
        for passage in passages
        for sentence in passage.sentences
        if sentence.quotable
    ]


@pytest.mark.day
def test_every_whole_sentence_of_the_suites_is_verbatim(corpus: Corpus, tmp_path: Path) -> None:
    quotes = suite(corpus, tmp_path)
    assert len(quotes) > 1_000
    verdicts = Verifier(corpus.store).verdicts([Claim(quote.text, 1) for quote in quotes])
    assert [each.claim.text for each in verdicts if each.status != "verbatim"] == []


@pytest.mark.slow
def test_what_ask_prints_of_the_suites_is_verbatim(corpus: Corpus, tmp_path: Path) -> None:
    quotes = suite(corpus, tmp_path)
    for at in range(0, len(quotes), 40):
        numbered = tuple(replace(each, number=n) for n, each in enumerate(quotes[at : at + 40], 1))
        printed = to_text(Answer("Who?", "Who?", "answered", 0.9, quotes=numbered), corpus.document)
        assert {each.status for each in verify(corpus, printed)} == {"verbatim"}


# Whom the report ascribes a quote to


def two_papers(corpus: Corpus, tmp_path: Path) -> None:
    ferry = {"_id": "ferry", "title": "Ferry Notes", "publisher": "River Press", "number": "41"}
    strait = {"_id": "strait", "title": "Strait Watch", "publisher": "Harbour Office", "number": "12"}
    ferry["text"] = "Ferry Notes\n\nThe ferry sails at noon from the old pier.\n"
    strait["text"] = "Strait Watch\n\nThe strait is closed to ships without a pilot.\n"
    corpus.index(write(tmp_path, "two.jsonl", f"{json.dumps(ferry)}\n{json.dumps(strait)}\n"))


FERRY, STRAIT = "“The ferry sails at noon from the old pier”", "“The strait is closed to ships”"


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (f'{STRAIT}, wrote the River Press in "Ferry Notes".', "moved"),
        (f"{STRAIT}, wrote the River Press.", "moved"),
        (f"According to the River Press, {STRAIT}.", "moved"),
        (f"According to *Ferry Notes*, {STRAIT}.", "moved"),
        (f"In “Ferry Notes” the editors write: {STRAIT}.", "moved"),
        (f"River Press: {STRAIT}", "moved"),
        (f"{STRAIT} (River Press, 2008)", "moved"),
        (f"As issue 41 says, {STRAIT}.", "moved"),
        (f"{STRAIT}, according to No. 41.", "moved"),
        (f"> {STRAIT[1:-1]}\n>\n> — The River Press, 2008\n", "moved"),
        (f"The River Press writes:\n\n> {STRAIT[1:-1]}\n", "moved"),
        (f"<p>It is so: <b>yes</b>, <q>{STRAIT[1:-1]}</q>, wrote the River Press.</p>", "moved"),
        (f"<p>The River Press is old. <q>{STRAIT[1:-1]}</q>, wrote the Harbour Office.</p>", "verbatim"),
        (f"The Harbour Office writes:\n\n> {STRAIT[1:-1]}\n", "verbatim"),
        (f'{STRAIT}, wrote the Harbour Office in "Strait Watch".', "verbatim"),
        (f"According to the Harbour Office, {STRAIT}.", "verbatim"),
        (f"{STRAIT}, according to No. 12.", "verbatim"),
        (f"{STRAIT}. The River Press has another view.", "verbatim"),
        (f"He read Ferry Notes at breakfast and heard {STRAIT}.", "verbatim"),
        (f"{STRAIT}, wrote the Times of the Valley.", "moved"),
    ],
)
def test_a_quote_ascribed_to_another_document_has_moved(
    corpus: Corpus, tmp_path: Path, report: str, status: str
) -> None:
    two_papers(corpus, tmp_path)
    (verdict,) = verify(corpus, report)
    assert verdict.status == status
    assert bool(verdict.attributed) == (status == "moved")
    if status == "moved":
        assert f"the text names {verdict.attributed}" in said_of(verdict)


@pytest.mark.parametrize(
    "report",
    [
        "In 2008 the ministry said: {0}.",
        "In 41 villages they say: {0}.",
        "According to State media, {0}.",
        "According to Trade Minister Kim, {0}.",
        "The Trade Ministry said: {0}.",
        "In May he wrote: {0}.",
        "According to Prices Online, {0}.",
        "{0}, wrote Trade Monthly.",
        "{0}, said Radio State.",
    ],
)
def test_a_year_a_number_or_a_common_word_is_no_name(corpus: Corpus, tmp_path: Path, report: str) -> None:
    two_papers(corpus, tmp_path)
    named = [("Trade", "State", "2008"), ("Prices", "", "41"), ("2008", "", ""), ("May", "", "")]
    lines = [
        json.dumps(
            {"_id": title, "title": title, "publisher": by, "number": number, "text": f"On {title}.\n"}
        )
        for title, by, number in named
    ]
    corpus.index(write(tmp_path, "named.jsonl", "\n".join(lines) + "\n"))
    assert statuses(corpus, report.format(STRAIT)) == ["verbatim"]


@pytest.mark.parametrize("report", ["According to Reuters, {0}.", "{0}, wrote Reuters.", "Reuters: {0}"])
def test_a_name_of_one_word_counts_by_itself(corpus: Corpus, tmp_path: Path, report: str) -> None:
    two_papers(corpus, tmp_path)
    line = {
        "_id": "wire",
        "title": "Wire",
        "publisher": "Reuters",
        "text": "Nothing sails there in winter.\n",
    }
    corpus.index(write(tmp_path, "wire.jsonl", json.dumps(line) + "\n"))
    assert statuses(corpus, report.format(STRAIT)) == ["moved"]


def test_a_quote_with_the_comma_of_its_sentence_is_judged_as_without(corpus: Corpus, tmp_path: Path) -> None:
    two_papers(corpus, tmp_path)
    document = corpus.document("strait")
    start = document.text.index(STRAIT[1:-1])
    link = f"([1](x#cite={document.sha256}/{start}-{start + len(STRAIT) - 2}))"
    for cited in (f"{STRAIT} {link}, wrote", f"{STRAIT[:-1]},” {link} wrote"):
        assert statuses(corpus, f"{cited} the River Press.") == ["moved"], cited
        assert statuses(corpus, f"{cited} the Harbour Office.") == ["verbatim"], cited


def test_another_reading_is_judged_by_whom_it_is_ascribed_to(corpus: Corpus, tmp_path: Path) -> None:
    two_papers(corpus, tmp_path)
    document = corpus.document("strait")
    start = document.text.index(STRAIT[1:-1])
    place = CitationId(document.sha256, start, start + len(STRAIT) - 2)
    claim = Claim(
        f"Is it?\n{STRAIT[1:-1]}", 1, place, readings=(STRAIT[1:-1],), after=", wrote the River Press."
    )
    assert Verifier(corpus.store).verdict(claim).status == "moved"
    assert Verifier(corpus.store).verdict(replace(claim, after="")).status == "verbatim"


def test_a_link_does_not_mend_what_the_sentence_ascribes(corpus: Corpus, tmp_path: Path) -> None:
    two_papers(corpus, tmp_path)
    document = corpus.document("strait")
    start = document.text.index(STRAIT[1:-1])
    cited = f"{document.sha256}/{start}-{start + len(STRAIT) - 2}"
    assert statuses(corpus, f"{STRAIT} ([1](x#cite={cited})), wrote the River Press.") == ["moved"]
    assert statuses(corpus, f"{STRAIT} ([1](x#cite={cited})), wrote the Harbour Office.") == ["verbatim"]


def test_two_quotes_of_a_sentence_have_each_their_source(corpus: Corpus, tmp_path: Path) -> None:
    two_papers(corpus, tmp_path)
    report = f"{FERRY}, wrote the River Press, and {STRAIT}, said the Harbour Office."
    assert statuses(corpus, report) == ["verbatim", "verbatim"]


# Titles are no quotes

LONG_TITLE = "Ferry Notes of the Northern Strait"


@pytest.mark.parametrize(
    "report",
    [
        "{0}[^1]\n\n[^1]: “{1}”, River Press, 2008.\n",
        "{0}[^1]\n\n[^1]: M. Holt, “{1},” *River Press* 4 (2008).\n",
        "{0}\n\n## References\n\n1. Holt, M. (2008). “{1}.” River Press.\n",
        "{0}\n\nBibliography\n\nHolt, M. “{1}.” River Press, 2008.\n",
        "# On “{1}”\n\n{0}\n",
        "{0}. More is in [“{1}”](https://river.example/notes).\n",
        "<html><h2>“{1}”</h2><p>{0}</p></html>",
        "<html><p>{0}</p><a href='https://river.example'>“{1}”</a></html>",
        "<html><p>{0}</p><ol class='footnotes'><li>M. Holt, “{1}”, River Press, 2008</li></ol></html>",
    ],
)
def test_a_title_in_a_note_a_list_a_heading_or_a_link_is_no_quote(
    corpus: Corpus, tmp_path: Path, report: str
) -> None:
    two_papers(corpus, tmp_path)
    line = {"_id": "north", "title": LONG_TITLE, "text": "Nothing sails there in winter at all.\n"}
    corpus.index(write(tmp_path, "three.jsonl", json.dumps(line) + "\n"))
    assert statuses(corpus, report.format(FERRY, LONG_TITLE)) == ["verbatim"]
    if "[^1]:" in report or "References" in report or "footnotes" in report:  # of other works too
        path = write(
            tmp_path,
            "report.html" if "<html>" in report else "report.md",
            report.format(FERRY, "The Moon and the Cheese of the Valley"),
        )
        done = run(corpus, "verify", str(path))
        assert done.exit_code == 0
        assert "1 verbatim" in done.stderr
        assert "not checked, as notes and lists of references cite them: 1 title" in done.stderr


@pytest.mark.parametrize(
    "report",
    [
        "{0}[^1]\n\n[^1]: M. Holt said: “the moon is made of cheese”.\n",
        "{0}[^1]\n\n[^1]: The mayor wrote that “the moon is made of cheese” in 2008.\n",
        "{0}\n\n## Notes\n\nThe plant is near, and “the moon is made of cheese”, 2008.\n",
        "# He said “the moon is made of cheese”\n\n{0}\n",
    ],
)
def test_what_a_note_or_a_heading_quotes_is_looked_up(corpus: Corpus, tmp_path: Path, report: str) -> None:
    two_papers(corpus, tmp_path)
    assert sorted(statuses(corpus, report.format(FERRY))) == ["unknown", "verbatim"]


FABRICATED = "The plant at Hamhung was demolished in June."


@pytest.mark.parametrize(
    "report",
    [
        '“{0}”\n\n* "{1}" (Plant report, 2019)\n',
        "“{0}”\n\n* “{1}” (Plant report, 2019)\n",
        '“{0}”\n\n## Sources\n\nInterview, Hamhung: "{1}" (May 2019)\n',
        "“{0}”[^1]\n\n[^1]: Plant report: “{1}” (2019)\n",
        "<html><p>“{0}”</p><ol class='footnotes'><li>Plant report: “{1}” (2019)</li></ol></html>",
    ],
)
def test_no_bullet_and_no_note_hides_what_nobody_wrote(corpus: Corpus, tmp_path: Path, report: str) -> None:
    path = write(
        tmp_path, "report.html" if "<html>" in report else "report.md", report.format(SECOND, FABRICATED)
    )
    assert [each.status for each in Verifier(corpus.store).verdicts(claims(path)[0])] == [
        "verbatim",
        "unknown",
    ]
    assert run(corpus, "verify", str(path)).exit_code == 1


# Several files


def test_a_file_without_quotes_is_named_and_costs_no_other_its_result(corpus: Corpus, tmp_path: Path) -> None:
    good = str(write(tmp_path, "good.md", f"“{SECOND}”\n"))
    empty = str(write(tmp_path, "empty.md", "Nothing.\n"))
    missing = str(tmp_path / "missing.md")
    done = run(corpus, "verify", empty, good, missing)
    assert done.exit_code == 1
    assert good in done.stdout
    assert done.stdout.count("verbatim") == 1
    assert f"not verified: {empty} has no quotation, citation or answer" in done.stderr
    assert f"not verified: cannot read {missing}" in done.stderr
    files = json.loads(run(corpus, "verify", "--json", empty, good).stdout)["files"]
    assert [each["file"] for each in files] == [good, empty]
    assert files[0]["counts"]["verbatim"] == 1
    assert files[1]["error"]["code"] == "bad_input"
    none = run(corpus, "verify", empty, missing)
    assert none.exit_code == 3
    assert empty in none.stderr
    assert missing in none.stderr


# Words left out are shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[…] 61 people died in the flood", "[-At least-] {+[…]+} 61 people died in the flood"),
        (
            "The old mill by the river […].",
            "The old mill by the river [-, which had not been insured, burned down in the first",
        ),
        (
            "The old mill […] burned down in the first week […]",
            "[-by the river, which had not been insured,-] {+[…]+} burned down in the first week [-of May.-]",
        ),
        ("burned down in the first week of May. […]", ""),
    ],
)
def test_the_words_that_any_mark_leaves_out_are_shown(
    corpus: Corpus, tmp_path: Path, said: str, shown: str
) -> None:
    one(corpus, tmp_path, SPEECH)
    (verdict,) = verify(corpus, f"They write: “{said}”\n")
    assert shown in said_of(verdict)
    assert verdict.left_out == len(joined(verdict.difference, without="insert").split()) - len(
        [word for each in verdict.difference if each.op == "equal" for word in each.text.split()]
    )


def test_of_pages_left_out_the_beginning_and_the_end_are_shown(corpus: Corpus, tmp_path: Path) -> None:
    between = " ".join(f"It was the {number}th page." for number in range(1_000))
    one(corpus, tmp_path, f"The old mill burned down. {between} Nobody was hurt in the fire.")
    (verdict,) = verify(corpus, "“The old mill burned down. […] Nobody was hurt in the fire.”")
    assert verdict.status == "verbatim"
    assert verdict.left_out == 5_000
    (left_out,) = [each.text for each in verdict.difference if each.op == "delete"]
    assert left_out.startswith("It was the 0th page.")
    assert left_out.rstrip().endswith("It was the 999th page.")
    assert len(left_out) < 2_100


@pytest.mark.parametrize(
    "report",
    [
        "{0}[^1]\n\n[^1]: M. Holt, “the mill was sold to a bank in May”, River Press, 2008.\n",
        "{0}[^1]\n\n[^1]: Holt, “The mill was sold to a bank in May,” *River Press* 4 (2008).\n",
        "{0}\n\n## References\n\n1. Holt, M. (2008). “The mill was sold to a bank in May.” River Press.\n",
        "<html><p>{0}</p><ol class='footnotes'><li>Holt, “The mill was sold in May”, 2008</li></ol></html>",
    ],
)
def test_a_sentence_in_what_looks_like_a_reference_is_looked_up(
    corpus: Corpus, tmp_path: Path, report: str
) -> None:
    two_papers(corpus, tmp_path)
    assert sorted(statuses(corpus, report.format(FERRY))) == ["unknown", "verbatim"]
    path = write(tmp_path, "report.html" if "<html>" in report else "report.md", report.format(FERRY))
    assert run(corpus, "verify", str(path)).exit_code == 1
