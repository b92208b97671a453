"""What reads a text takes time in proportion to it, however hostile whoever wrote it was."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from qa.asking import statements
from qa.asking.conversation import interpret, parse
from qa.asking.replies import reply_kind
from qa.document import similarity
from qa.document.furniture import find_furniture
from qa.document.segment import passages
from qa.formats.block_quotes import look_of, marked
from qa.formats.blocks import Part
from qa.formats.heads.header import parse_header
from qa.formats.thread import Sender, messages, unquoted
from qa.quoting import omissions, wording
from qa.quoting.antecedents import People
from qa.quoting.attribution import Names, Source, is_of, people
from qa.quoting.claims.claim import Claim
from qa.quoting.claims.file import all_of_text
from qa.quoting.claims.sentences import sentences_around
from qa.quoting.references import Rows, noted, notes_of
from qa.schema import Document, DocumentInfo, Span
from qa.text import times
from qa.text.inline_markup import without_markup
from qa.text.names import Aliases, find, spellings
from qa.text.parts import parts
from qa.text.phrase import occurrences, phrase_pattern
from qa.text.question import ParsedQuestion, spans_of_type
from qa.text.terms import content_words, is_latin
from qa.text.written_dates import find_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# Each is repeated; "$" is a line end.
_WORDS = """\
who said |2008 |in 2008 |in 2008, |2008-04 |4 April 2008 |4 April |May |last year |since |the |of the |and |\
he |it is there |Mr. |No. 1 |A. |a.b|Kim |Kim Jong Nam |by Kim Jong |“a” |"a" |[1] “|a@b |http://a |\
1. a$|* a$|# a$|- a$|a: b$|> |>> a$|Title: |From: a$|wrote:$|On 4 April 2008, a <a@b.c> wrote:$"""
UNITS = (*" \n\ta A1.,\"“'’([<>-*_`#|é가中\u0301", *_WORDS.replace("$", "\n").split("|"))


class Nothing:
    """A corpus without a name."""

    def spellings(self, keys: Iterable[str]) -> Mapping[str, Sequence[str]]:
        list(keys)
        return {}

    def holds(self, name: str) -> bool:
        return False

    def holds_in_lower_case(self, word: str) -> bool:
        return False


def named(title: str, publisher: str) -> DocumentInfo:
    rest = dict.fromkeys(("url", "format", "path", "collection", "sha256", "source_sha256"), "")
    return DocumentInfo(
        id=title,
        title=title,
        publisher=publisher,
        series="Kim",
        number="1",
        date=None,
        characters=0,
        passages=0,
        language="",
        **rest,
    )


NAMES = Names([named("Kim Jong Nam", "Kim"), named("a a a a a a", "April")])

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "preference": lambda text: times.preference(ParsedQuestion(text)),
    "without": lambda text: times.without(ParsedQuestion(text)),
    "spoken_of": lambda text: list(times.spoken_of(text, None)),
    "interpret": lambda text: interpret(*parse(text, [text] * 4)).timeless,
    "parts": lambda text: (parts(ParsedQuestion(text)), ParsedQuestion(text).mentioned),
    "reply_kind": reply_kind,
    "phrases": lambda text: (ParsedQuestion(text).phrases, ParsedQuestion(text).blanked),
    "answer_type": lambda text: ParsedQuestion(text).answer_type,
    "spans_of_type": lambda text: [spans_of_type(text, kind) for kind in ("date", "number")],
    "terms": lambda text: (content_words(text), is_latin(text)),
    "names": lambda text: find(text, Aliases([]), Nothing()),
    "spellings": spellings,
    "passages": lambda text: passages(Document("a", text)),
    "parse_header": parse_header,
    "find_furniture": find_furniture,
    "find_date": find_date,
    "claims": all_of_text,
    "claims of Markdown": lambda text: all_of_text(text, "markdown"),
    "claims of a page": lambda text: all_of_text(
        f"<html><table><tr><td>{text}<q>{text}</q></td><td>Kim</td></tr></table></html>"
    ),
    "markup": without_markup,
    "omissions": lambda text: (
        omissions.between(f"It is. {text} It was.", (Span(0, 5), Span(len(text) + 8, len(text) + 15))),
        omissions.around(f"{text} It was. {text}", Span(len(text) + 1, len(text) + 8), whole=True),
        omissions.around(text, Span(len(text) // 2, len(text)), text),
    ),
    "attribution": lambda text: (
        NAMES.sources(Claim("", 1, before=text, after=text, references=(text, text))),
        people(text, text),
        is_of(Source(text, "unlisted"), Document("a", text, title=text, publisher="Kim"), text),
    ),
    "antecedents": lambda text: People(text).speaker(Document("a", text), len(text) // 2, len(text) // 2 + 1),
    "block quotes": lambda text: list(
        marked([Part("paragraph", text, look_of((text,), left, 0)) for left in (0, 700)])
    ),
    "references": lambda text: (list(noted(text, notes_of(text))), list(Rows(text).beside(len(text) // 2))),
    "sentences": lambda text: sentences_around(text, len(text) // 2, len(text) // 2 + 1, beside=1),
    "differ": lambda text: [
        similarity.differ(text, f"May {text}", in_form=in_form) for in_form in (True, False)
    ],
    "statements": lambda text: (
        statements.asked(ParsedQuestion(text), Document("a", "", title="Strait Watch", series=text[:200])),
        [
            statements.names_only(document, sentence)
            for document in [Document("a", text, title="Strait Watch", author="Kim", publisher="River Press")]
            for passage in passages(document)
            for sentence in passage.sentences
        ],
    ),
    "wording": lambda text: (
        wording.find(text[:50], text, len(text) // 2),
        wording.find(text[: len(text) // 2], text),
        wording.Text(text).nearest(text[:200]),  # the pairs of like words are bounded: MOST_PAIRS
    ),
    "mail": lambda text: messages(unquoted(text), Sender("", None)),
}
SIZES = (100, 400, 1_600)
FACTOR = 4
MOST_RATIO = FACTOR * 2.25
FLOOR = 0.004


def seconds(function: Callable[[str], object], text: str, times: int = 1) -> float:
    taken = []
    for _ in range(times):
        start = time.thread_time()  # what others do on the machine does not count
        function(text)
        taken.append(time.thread_time() - start)
    return min(taken)


def slow(function: Callable[[str], object], unit: str) -> str:
    """Say how the time grows with the number of such units where it does so faster; else nothing."""

    def text(size: int) -> str:
        return unit * (size // len(unit)) + "\x00?"

    for size in SIZES:
        if seconds(function, text(size)) > FLOOR:
            break
    else:
        return ""
    for tries in (1, 3):
        small, large = seconds(function, text(size // FACTOR), tries), seconds(function, text(size), tries)
        if large < FLOOR or large < MOST_RATIO * small:
            return ""
    return f"{unit!r}: {1000 * small:.1f} ms for {size // FACTOR} characters, {1000 * large:.1f} for {size}"


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_text_takes_time_in_proportion_to_its_length(name: str) -> None:
    assert [said for unit in UNITS if (said := slow(FUNCTIONS[name], unit))] == []


PERIODS = ("the ", "a b ", "1 - ", "a-", "é ", "the the of ", "“a” ", "가 ", "中", "ab", "x y z x y ")


@pytest.mark.parametrize("inside", ["", "end", "."])
@pytest.mark.parametrize("unit", PERIODS)
def test_a_long_phrase_is_looked_for_in_as_little_time_as_a_short_one(unit: str, inside: str) -> None:
    """In a text of which every place begins like the phrase: `inside` is where the phrase differs at last."""
    text = unit * (50_000 // len(unit))
    times = []
    for count in (15, 60, 240):
        pattern = phrase_pattern(f"{unit * count}{inside}{unit * count if inside == '.' else ''}".strip())
        assert pattern
        tries = []
        for _ in range(2):  # the first may pay for what the machine does meanwhile
            start = time.thread_time()
            list(occurrences(pattern, text))
            tries.append(time.thread_time() - start)
        times.append(min(tries))
    assert max(times) < 0.1, times
