"""Other passages like one, over a real library with a tiny encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.asking.similar import by_document, similar
from qa.schema import Quote
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.corpus import Corpus

STOLEN = "Copper wire was stolen from the harbour at night. The police found the wire in a cart."
TAKEN = "Thieves took copper wire from the harbour by night. Nobody was caught by the police."
TEXTS = {
    "a.txt": f"Harbour notes\n\n{STOLEN}\n",
    "b.txt": f"Cable notes\n\n{TAKEN}\n",
    "c.txt": "Market notes\n\nApples became dearer last autumn because frost ruined orchards.\n",
    "copy.txt": f"Harbour notes\n\n{STOLEN}\n",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(write(tmp_path, name, text) for name, text in TEXTS.items()))
        yield corpus


def stolen(corpus: Corpus) -> Quote:
    document = corpus.document("a.txt")
    start = document.text.index("The police found")
    return Quote(document, start, document.text.index(".", start) + 1)


def test_what_is_like_the_passage_of_a_quote_is_found_and_nothing_that_says_the_same_again(
    corpus: Corpus,
) -> None:
    found = similar(corpus.store, stolen(corpus))
    assert [each.document.id for each in found] == ["b.txt"]
    # The passage without its heading; and the quote's own words are not in it: the passage's are.
    assert (
        found[0].text
        == "Thieves took copper wire from the harbour by night. Nobody was caught by the police."
    )
    assert 0 < found[0].score < 1
    assert similar(corpus.store, stolen(corpus), most=0) == []


def test_of_a_quote_that_is_a_whole_long_document_nothing_is_like_itself(
    corpus: Corpus, tmp_path: Path
) -> None:
    corpus.index(write(tmp_path, "long.txt", f"{STOLEN} {TAKEN}\n\n" * 500))
    document = corpus.document("long.txt")
    found = similar(corpus.store, Quote(document, 0, len(document.text)))
    assert "long.txt" not in [each.document.id for each in found]


def test_a_text_that_is_searched_no_more_is_compared_by_its_quote(corpus: Corpus, tmp_path: Path) -> None:
    quote = stolen(corpus)
    corpus.index(write(tmp_path, "a.txt", "Harbour notes\n\nIt rained in the hills for a week.\n"))
    corpus.remove(["copy.txt"])
    assert [each.document.id for each in similar(corpus.store, quote)][:1] == ["b.txt"]


def test_quotes_are_grouped_by_document_in_the_order_of_the_first_of_each(corpus: Corpus) -> None:
    a, b = corpus.document("a.txt"), corpus.document("b.txt")
    quotes = [Quote(b, 0, 5), Quote(a, 0, 7), Quote(b, 6, 11)]
    assert by_document(quotes) == [(b, [quotes[0], quotes[2]]), (a, [quotes[1]])]
