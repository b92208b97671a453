from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.extract import CONTEXT_WEIGHT, MARGIN, QUOTES, Evidence, choose, quotes, score_sentences
from qa.formats import read_path
from qa.schema import Document, Sentence, Span
from qa.segment import passages

if TYPE_CHECKING:
    from pathlib import Path

    from embeddings.reranker import OnnxReranker

TEXT = (
    "Guards took bribes from the traders in 2004. Guards took bribes from traders, in 2004. "
    "The river froze. Barges carried anthracite to the port."
)
DOCUMENT = Document("a.txt", TEXT)


def evidence(text: str, score: float) -> Evidence:
    start = TEXT.index(text)
    return Evidence(DOCUMENT, Sentence(start, start + len(text)), score)


FIRST = evidence("Guards took bribes from the traders in 2004.", 5.0)
AGAIN = evidence("Guards took bribes from traders, in 2004.", 4.9)
RIVER = evidence("The river froze.", 2.0)
BARGES = evidence("Barges carried anthracite to the port.", 1.0)


def test_a_sentence_that_says_the_same_again_is_not_shown_twice() -> None:
    assert choose([FIRST, AGAIN, RIVER, BARGES]) == [FIRST, RIVER, BARGES]


def test_sentences_that_differ_in_a_figure_do_not_say_the_same() -> None:
    text = "Police in Riwon fined nine traders 300 won. Police in Riwon fined nine traders 500 won."
    document = Document("b.txt", text)
    half = len(text) // 2
    both = [
        Evidence(document, Sentence(0, half), 2.0),
        Evidence(document, Sentence(half + 1, len(text)), 1.0),
    ]
    assert choose(both) == both


def test_no_more_are_shown_than_the_limit() -> None:
    port = evidence("port", 0.5)
    assert choose([FIRST, RIVER, BARGES, port]) == [FIRST, RIVER, BARGES]
    assert len(choose([FIRST, RIVER, BARGES, port])) == QUOTES


def test_what_scores_far_below_the_best_is_not_shown() -> None:
    near, far = evidence("The river froze.", 5.1 - MARGIN), evidence("port", 4.9 - MARGIN)
    assert choose([FIRST, near, far]) == [FIRST, near]


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([]) == []


def test_quotes_are_whole_sentences_numbered_in_order() -> None:
    shown = quotes("Who took bribes?", [BARGES, FIRST])
    assert [(quote.number, quote.text) for quote in shown] == [(1, BARGES.text), (2, FIRST.text)]


def test_a_date_is_emphasised_where_one_is_asked_for_and_nothing_otherwise() -> None:
    year = TEXT.index("2004")
    assert quotes("When did guards take bribes?", [FIRST])[0].emphasis == (Span(year, year + 4),)
    assert quotes("Who took bribes?", [FIRST])[0].emphasis == ()


@pytest.fixture(scope="module")
def reranker() -> OnnxReranker:
    from embeddings.reranker import OnnxReranker

    return OnnxReranker()


@pytest.mark.models
def test_page_furniture_is_not_scored(reranker: OnnxReranker, brief: Path) -> None:
    [document] = read_path(brief)
    assert isinstance(document, Document)
    found = score_sentences("Are comments closed?", passages(document), {document.id: document}, reranker)
    texts = [each.text for each in found]
    assert "4/4/2008" in texts
    assert not {"Share", "Comments are closed."} & set(texts)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@pytest.mark.models
def test_a_sentence_is_scored_alone_and_after_the_one_before_it(reranker: OnnxReranker) -> None:
    first, second = "The mayor of Riwon was tried in March.", "He was fined 300 won."
    document = Document("a.txt", f"{first} {second}")
    question = "How much was the mayor fined?"
    found = score_sentences(question, passages(document), {"a.txt": document}, reranker)
    alone, before, both = reranker.scores(question, [second, first, f"{first} {second}"])
    scored = {each.text: each.score for each in found}
    assert scored[first] == pytest.approx(before, abs=1e-4)
    expected = (alone + CONTEXT_WEIGHT * both) / (1 + CONTEXT_WEIGHT)
    assert scored[second] == pytest.approx(expected, abs=1e-4)
    assert abs(alone - both) > 0.5, "or this test could not tell"


@pytest.mark.models
def test_titles_are_read_only_where_several_documents_were_found(reranker: OnnxReranker) -> None:
    question, text = "Who was fined in Riwon?", "The mayor was fined 300 won."
    one, other = (Document(f"{name}.txt", text, title=f"News of {name}") for name in ("Riwon", "Musan"))
    documents = {one.id: one, other.id: other}
    alone, titled = reranker.scores(question, [text, f"{one.title}: {text}"])
    [single] = score_sentences(question, passages(one), documents, reranker)
    assert single.score == pytest.approx(alone, abs=1e-4)
    both = score_sentences(question, [*passages(one), *passages(other)], documents, reranker)
    assert [each.document for each in both] == [one, other]
    assert both[0].score == pytest.approx(titled, abs=1e-4)
    assert abs(alone - titled) > 0.5, "or this test could not tell"
