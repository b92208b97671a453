from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.document.segment import MOST_SENTENCE_CHARACTERS, MOST_SENTENCE_WORDS, passages, sentences
from qa.formats.reading import read_path
from qa.formats.text import describe
from qa.schema import Document, Span

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ifes(brief: Path) -> Document:
    found = next(read_path(brief))
    assert isinstance(found, Document)
    return found


def document(text: str) -> Document:
    return describe(Document(id="test.txt", text=text), "test")


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(Document(id="test.txt", text=text))]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(s.kind, text[s.start : s.end]) for s in sentences(document(text))]


BRIEF = [
    ("header", "Scrap metal smuggling rampant in North Korea"),
    ("header", "Institute for Far Eastern Studies (IFES)"),
    ("header", "NK Brief No. 08-4-4-1"),
    ("header", "4/4/2008"),
    ("body", "As smuggling scrap metal across the DPRK-PRC boarder has become widespread among North Korean residents lately, police are investigating the illegal trade, leading to the arrest of all of the residents in the border region that were involved in the smuggling."),  # noqa: E501
    ("body", "On April 1, the Daily NK quoted a source inside North Korea reporting that a group was arrested while transporting six tones of scrap metal to smuggle out to China via the highway connecting Yanggang Province’s Kabsan Town and Hyesan City, and subsequently imprisoned."),  # noqa: E501
    ("body", "Those arrested were from ‘Unit 8’, an office in Hyesan under the direction of the People’s Trading Bureau regional office tasked with delivering and selling gold, food, oil and other goods in China and returning with materials needed in the North."),  # noqa: E501
    ("body", "According to the source, “An order was handed down by the central government at the beginning of March to ‘come down hard on those scrap metal smugglers’, and the police and security force investigation is ongoing.”"),  # noqa: E501
    ("body", "The source went on to report that in the Kumsandong Fertilizer Factory in Hyesan, “everything metal that wasn’t bolted down is gone, and only the walls of the factory remain…in the future [authorities] will punish scrap metal smugglers severely.”"),  # noqa: E501
    ("body", "It appears that scrap metal smuggling began to become popular in 2004, but these days, in the border areas, starving soldiers are using military vehicles to buy scrap metal from regions further from the border, then selling them in the Hyesan-Jangbaek border region."),  # noqa: E501
    ("body", "In the Yanggang and North Hamkyung Regions of North Korea, famine first spread in the mid-1990s, at which time emerged the presence of smugglers who quietly amassed copper, aluminum, nickel, and other metals and sold them in China."),  # noqa: E501
    ("body", "In response, North Korean authorities attempted to crack down, using public firing squads as a deterrent, but as border guards were in the pockets of smuggling residents of the border region, they became implicated in the cross-border illegal trading, and the crack downs became effectively useless."),  # noqa: E501
    ("furniture", "Share"),
    ("furniture", "Comments are closed."),
]  # fmt: skip


def test_the_shipped_brief_is_cut_into_these_sentences(ifes: Document) -> None:
    assert [(s.kind, ifes.text[s.start : s.end]) for s in sentences(ifes)] == BRIEF


def test_the_shipped_brief_keeps_its_header_apart_and_its_paragraphs_whole(ifes: Document) -> None:
    found = passages(ifes)
    assert [ifes.text[p.start : p.end].split("\n")[0][:20] for p in found] == [
        "Scrap metal smugglin",
        "As smuggling scrap m",
        "Those arrested were ",
        "It appears that scra",
    ]
    assert ifes.text[found[0].start : found[0].end].endswith("4/4/2008\n\n")
    assert [s.kind for s in found[-1].sentences] == ["body", "body", "body", "furniture", "furniture"]


CASES = {
    # name: the sentences, which joined by a space are the text
    "plain": ["He left.", "She stayed."],
    "a question the speaker goes on after": ["“What?” she asked.", "He left."],
    "an exclamation the speaker goes on after": ['"Stop!" the guard cried.', "Nobody did."],
    "a closing quote stays with its sentence": ["He said “yes.”", "She left."],
    "a straight closing quote stays": ['He said "yes."', 'Then "no."', "Why?"],
    "an opening quote goes with what follows": ["He left.", "“We saw it,” she said."],
    "nested quotes": ["“He said ‘go.’”", "She went."],
    "a quotation of two sentences keeps its speaker": ["“We saw it. It was gone,” he said.", "She left."],
    "an introduced quotation of two sentences": ["He told the court: “We saw it. It was gone.”", "She left."],
    "a quotation without a speaker may be cut": ["“We saw it.", "It was gone.”", "She left."],
    "an unclosed quote harms nothing": ["He said “yes and left.", "She stayed.", "We too."],
    "brackets around a sentence": ["He left.", "(She stayed.)", "We too."],
    "a sentence in brackets inside": ["Dr. Kim (born 1950. He died in 2000.) was a doctor.", "She left."],
    "a bracket inside": ["He left (on Oct. 3, it is said) at once.", "She stayed."],
    "approx.": ["It weighs Approx. five tons.", "She left."],
    "titles": ["Gen. Kim met Col. Lee and Lt. Col. Park.", "Dr. Han and Ms. Pak came.", "Prof. Noh left."],
    "initials": ["J. Smith met George W. Bush and K. Aune.", "He left."],
    "a number": ["See No. 5 and nos. 7 to 9.", "He said no.", "Five left."],
    "references": ["See fig. 3, pp. 4-5 and vol. 2 of Kim et al. (2004).", "He left."],
    "months": ["In Sept. 2004 it rose.", "It was over in May.", "Traders knew."],
    "U.S.": ["The U.S. Army left.", "He lives in the U.S.", "The rest stayed."],
    "a time": ["It ended at 5 p.m. Friday.", "It began at 6 p.m.", "The train left."],
    "versus": ["It was North vs. South.", "He left."],
    "Latin": ["Some, e.g. Kim, i.e. the elder, left.", "He left."],
    "etc. ends one": ["They sold gold, oil, etc.", "Korean traders bought it."],
    "an ellipsis inside a quote": ["He says “only walls remain…in future they will pay.”", "She left."],
    "an ellipsis that goes on": ["He waited... then he left.", "She stayed."],
    "decimals": ["It rose 3.5 percent to 4.2 million.", "1.5 tons were left."],
    "ore is no Oregon": ["They lack power, not ore.", "A ban would fill the depots."],
    "a unit ends one": ["It lies at 4,000 m.", "Though rare, it is found."],
    "tokenised": ["It recurs every year .", "Any change can be seasonal .", "The `` season '' is short ."],
    "tokenised quotes": ["He said `` I saw it . ''", "She left ."],
    "footnote marks": ["He ruled the north.[12]", "She fled.[citation needed]", "They met."],
    "emoji and combining marks": ["He left 😀.", "Café owners stayed 👩‍👩‍👧.", "So did 𝔘."],
    "other scripts": ["他走了。", "她留下了。"],
    "a web address": ["See www.example.com for more.", "He left."],
}  # fmt: skip


@pytest.mark.parametrize("expected", CASES.values(), ids=CASES)
def test_sentences_end_where_a_reader_would_say(expected: list[str]) -> None:
    assert cut(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["He saw the characteristics.", "The next day he left."],
        ["They met at noon.", "Traders left at one."],
        ["It came in June.", "The court said no."],
        ["It fell in 1998.", "These prices held."],
        ["It fell by 5 %.", "In June it rose."],
        ["“We went.”", "They stayed."],
        ["He went (in June.)", "They stayed."],
        ["그는 떠났다.", "그녀는 남았다."],
    ],
)
def test_a_sentence_ends_where_the_space_after_it_is_missing(expected: list[str]) -> None:
    assert cut("".join(expected)) == expected


@pytest.mark.parametrize(
    "token",
    "Mill.NET ASP.NET Basic.Net README.Hurd v2.Beta System.Net.Http CRAN.R-project.org U.S.Army myRow.Cell "
    "en_GB.UTF-8 .Renviron Sect.4 J.Harrow Booking.Com MIL.STD.3 ГОСТ.Р".split(),
)
def test_no_sentence_ends_inside_a_token(token: str) -> None:
    text = [f"They read {token} before.", f"The clerk took {token}, then {token} again.", f"She has {token}."]
    assert cut(" ".join(text)) == text


@given(st.text("abXY12", min_size=1, max_size=4), st.text("aXY12-", min_size=1, max_size=6).filter(str.strip))
def test_a_full_stop_before_a_letter_or_digit_is_no_end_unless_words_stand_around(
    left: str, right: str
) -> None:
    # No "words" of these letters are plain ones of three, or begin sentences.
    text = f"It is {left}.{right} here"
    found = sentences(Document(id="a", text=text))
    stop = text.index(".") + 1
    assert not text[stop].isalnum() or stop not in [sentence.end for sentence in found]


def test_a_raised_mark_belongs_to_the_sentence_that_it_ends() -> None:
    text = "He was held at the border.¹² The next day “they went.”³ It weighed 10⁶ tonnes."
    found = [text[s.start : s.end] for s in sentences(Document(id="a", text=text))]
    assert found == ["He was held at the border.¹²", "The next day “they went.”³", "It weighed 10⁶ tonnes."]


def test_a_very_long_quotation_is_cut_inside() -> None:
    long = " ".join(f"We walked for {number} days and saw nobody at all on the way." for number in range(12))
    assert len(cut(f"He said: “{long}” Then he left.")) == 13


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "The police said on Monday that the smugglers had been held at the border\r\n"
        "for three days. Nobody had asked about them, and a source in the city of\r\n"
        "Hyesan knew no more.\r\n"
        "\r\n"
        "A second group was let go on the same day because the guards had been told\r\n"
        "to wait.\r\n"
    )
    assert [sentence.replace("\r\n", " ") for sentence in cut(text)] == [
        "The police said on Monday that the smugglers had been held at the border for three days.",
        "Nobody had asked about them, and a source in the city of Hyesan knew no more.",
        "A second group was let go on the same day because the guards had been told to wait.",
    ]


def test_headings_and_lists_are_known_and_not_run_together() -> None:
    text = (
        "# Report\n\nFindings\nTwo men were held.\n\n"
        "1. Prices. They rose.\n2. Rice\n   was dear.\n- Coal was not.\n\n"
        "Rice, Pyongyang: 4,150\nRice, Sinuiju: 4,280\n"
    )
    assert [(s.kind, text[s.start : s.end]) for s in sentences(Document(id="x", text=text))] == [
        ("heading", "# Report"),
        ("heading", "Findings"),
        ("body", "Two men were held."),
        ("list", "1. Prices."),
        ("list", "They rose."),
        ("list", "2. Rice\n   was dear."),
        ("list", "- Coal was not."),
        ("body", "Rice, Pyongyang: 4,150"),
        ("body", "Rice, Sinuiju: 4,280"),
    ]


def test_header_and_furniture_keep_their_lines() -> None:
    header = "Copper prices rise\nBorder Wire\nNo. 7\n4 May 2020"
    text = f"Share\n{header}\n\nPrices rose. They fell.\n\nPrint | Share\n"
    assert kinds(text) == [
        ("furniture", "Share"),
        ("header", "Copper prices rise"),
        ("header", "Border Wire"),
        ("header", "No. 7"),
        ("header", "4 May 2020"),
        ("body", "Prices rose."),
        ("body", "They fell."),
        ("furniture", "Print | Share"),
    ]
    found = passages(document(text))
    assert [[s.kind for s in p.sentences] for p in found] == [
        ["furniture", "header", "header", "header", "header"],
        ["body", "body", "furniture"],
    ]


def test_a_monstrous_sentence_comes_in_pieces_that_a_model_can_read() -> None:
    pieces = cut("word " * 10_000)
    assert all(len(piece.split()) <= MOST_SENTENCE_WORDS for piece in pieces)
    assert sum(len(piece.split()) for piece in pieces) == 10_000


def test_a_word_without_end_is_cut_too() -> None:
    text = "x" * 100_000
    assert "".join(cut(text)) == text
    assert max(map(len, cut(text))) <= MOST_SENTENCE_CHARACTERS


def test_passages_have_about_the_size_asked_for_and_end_with_paragraphs() -> None:
    paragraph = " ".join(f"This is sentence number {number} of a paragraph." for number in range(10))
    text = "\n\n".join([paragraph] * 20)
    found = passages(Document(id="x", text=text), words=80)
    assert len(found) == 20
    assert all(text[p.start : p.end].strip() == paragraph for p in found)


def test_a_heading_is_not_left_at_the_end_of_a_passage() -> None:
    body = " ".join(["The price of rice at the border rose again today."] * 8)  # 80 words
    text = "\n\n".join([body, "What rose today", body, "What fell today", body])
    found = passages(Document(id="x", text=text), words=83)
    assert [p.sentences[0].kind for p in found] == ["body", "heading", "heading"]


def test_spans_that_cover_several_lines_mark_each_of_them() -> None:
    text = "Title\nPublisher\n\nBody text is here."
    found = sentences(Document(id="x", text=text, header=(Span(0, 15),)))
    assert [s.kind for s in found] == ["header", "header", "body"]


@pytest.mark.parametrize(
    "each", ["He left the town on Monday.", "Он ушёл.", "U.S. forces, it is said, left."]
)
def test_a_block_of_any_length_is_cut_into_its_sentences(each: str) -> None:
    assert cut(" ".join([each] * 3_000)) == [each] * 3_000


@pytest.mark.day
def test_time_grows_with_the_text_and_no_faster(ifes: Document) -> None:
    hostile = ("中文。", "“He said (no. ", "a. ", "1. ", "“ ( ", "\n", "x", "Share\n", ifes.text)
    for piece in hostile:
        seconds = []
        for size in (20_000, 160_000):
            text = piece * (size // len(piece))
            start = time.perf_counter()
            passages(Document(id="x", text=text))
            seconds.append(time.perf_counter() - start)
        assert seconds[1] < 40 * max(seconds[0], 0.02), piece[:20]


SPACES = [" ", "\n", "\r\n", "\n\n", "\t", "\f", "\u2028", "\x85", "\x1c", "\u00a0"]
MARKS = ["1. ", "• ", "# ", "…", "”", "“", "(", ")", "[", '"', "'", "``", "''", ".", "?", "。"]
WORDS = ["He left. ", "“Go. Now,” ", "she said", "No. ", "Gen. ", "p.m. ", "word " * 40, "x" * 400]
LINES = ["4/4/2008\n", "Share\n", "NK Brief No. 5\n"]
LETTERS = ["Ж", "😀", "e\u0301", "\u200b", "\ufeff", "م", "İ"]
PIECES = st.sampled_from([*SPACES, *MARKS, *WORDS, *LINES, *LETTERS])
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(PIECES, max_size=40).map("".join),
)


@pytest.mark.slow
@settings(max_examples=400)
@given(TEXTS)
def test_sentences_and_passages_hold_any_text(text: str) -> None:
    source = document(text)
    found = sentences(source)
    assert found == sentences(source)
    covered: set[int] = set()
    end = 0
    for sentence in found:
        assert end <= sentence.start < sentence.end
        end = sentence.end
        piece = text[sentence.start : sentence.end]
        assert piece == piece.strip()
        covered.update(range(sentence.start, sentence.end))
    assert all(text[at].isspace() for at in range(len(text)) if at not in covered)

    runs = passages(source)
    assert "".join(text[p.start : p.end] for p in runs) == text
    assert [p.ordinal for p in runs] == list(range(len(runs)))
    assert tuple(s for p in runs for s in p.sentences) == found
    assert all(p.start <= s.start and s.end <= p.end for p in runs for s in p.sentences)
    assert all(p.start < p.end for p in runs)
