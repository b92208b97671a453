from __future__ import annotations

from typing import Any

import pytest

from qa.asking.choose import BEST
from qa.asking.retrieve import MOST_READ
from qa.evaluation.misses import MEANINGS, REASONS, Miss, explain, locate, occurrences, ordinal, why
from qa.evaluation.schema import Judged, Query

GOLD = "The ferry was sold for 40 crowns."
OTHER = "Nobody saw the buyer."
TEXTS = {
    "minutes": f"Minutes of the harbour. {GOLD} {OTHER} A second ferry was kept.",
    "letter": "A letter about coal. Nothing in it is of use.",
    "copy": f"Reprinted: {GOLD}",
}


def span(document: str, sentence: str) -> dict[str, Any]:
    start = TEXTS[document].index(sentence)
    return {"document": document, "start": start, "end": start + len(sentence), "text": sentence}


COAL = span("letter", "A letter about coal.")
WHOLE = {"document": "minutes", "start": 0, "end": len(TEXTS["minutes"])}


def judged(
    *,
    outcome: str | None = "answered",
    quotes: tuple[str, ...] = (),
    passages: tuple[dict[str, Any], ...] = (WHOLE,),
    values: dict[str, float] | None = None,
    **query: Any,
) -> Judged:
    line: dict[str, Any] = {"id": "q", "passages": list(passages), "confidence": 0.31}
    if outcome is not None:
        line |= {"outcome": outcome, "quotes": [span("minutes", quote) for quote in quotes]}
    return Judged(
        Query("q", "What was paid for the ferry?", **{"gold": (GOLD,), **query}), line, values or {}
    )


def reason(query: Judged, relevant: tuple[str, ...] = ("minutes",)) -> str | None:
    miss = why(query, TEXTS.get, relevant)
    return miss and miss.reason


def test_an_answer_that_quotes_the_gold_is_no_miss() -> None:
    assert reason(judged(quotes=(OTHER, GOLD))) is None


def test_silence_where_the_documents_hold_no_answer_is_no_miss() -> None:
    assert reason(judged(outcome="weak", quotes=(OTHER,), answerable=False, gold=())) is None


def test_a_question_of_which_nobody_has_said_what_to_expect_is_no_miss() -> None:
    assert reason(judged(outcome="none", answerable=None, gold=())) is None


def test_gold_in_no_passage_was_not_retrieved() -> None:
    assert why(judged(passages=(COAL, COAL)), TEXTS.get, ["minutes"]) == Miss(
        "not retrieved", "The expected sentence was not in the 2 passages found."
    )


@pytest.mark.parametrize("part", [{}, {"start": 3}, {"end": 3}])
def test_a_document_ranked_as_a_whole_holds_the_gold(part: dict[str, int]) -> None:
    assert reason(judged(passages=({"document": "minutes", **part},))) == "sentence not chosen"


def test_a_passage_of_the_right_document_that_does_not_hold_the_gold_does_not_count() -> None:
    assert reason(judged(passages=(span("minutes", "A second ferry was kept."),))) == "not retrieved"


@pytest.mark.parametrize(
    ("rank", "expected"),
    [(BEST, "sentence not chosen"), (BEST + 1, "not among the candidates")],
)
def test_only_the_passages_whose_sentences_were_scored_are_candidates(rank: int, expected: str) -> None:
    assert reason(judged(passages=(COAL,) * (rank - 1) + (WHOLE,))) == expected


def test_a_passage_that_was_not_even_read_closely_says_so() -> None:
    read = why(judged(passages=(COAL,) * (MOST_READ - 1) + (WHOLE,)), TEXTS.get, ["minutes"])
    unread = why(judged(passages=(COAL,) * MOST_READ + (WHOLE,)), TEXTS.get, ["minutes"])
    assert read is not None
    assert unread is not None
    assert "closely" not in read.sentence
    assert unread.sentence == (
        f"The passage with the expected sentence came {ordinal(MOST_READ + 1)} of {MOST_READ + 1}; "
        f"quotes are taken from the first {BEST}, and only the first {MOST_READ} were read closely."
    )


def test_gold_that_was_shown_but_not_called_an_answer_is_below_the_threshold() -> None:
    assert why(judged(outcome="weak", quotes=(GOLD,)), TEXTS.get, ["minutes"]) == Miss(
        "below the threshold",
        "The expected sentence was shown, but not as an answer, because the confidence was 31 %.",
    )


def test_silence_over_a_passage_that_holds_the_gold_is_below_the_threshold() -> None:
    assert reason(judged(outcome="none")) == "below the threshold"


def test_closest_sentences_without_the_gold_are_badly_chosen() -> None:
    assert reason(judged(outcome="weak", quotes=(OTHER,))) == "sentence not chosen"


def test_a_fourth_quote_is_not_counted() -> None:
    quotes = (OTHER, "A second ferry was kept.", "Minutes of the harbour.", GOLD)
    assert reason(judged(quotes=quotes)) == "sentence not chosen"


def test_an_answer_to_a_question_that_has_none_is_a_miss() -> None:
    assert reason(judged(quotes=(OTHER,), answerable=False, gold=())) == "answered without an answer"


def test_an_error_is_a_miss_with_its_message() -> None:
    query = judged(outcome="error")
    query.answer["error"] = {"code": "library", "message": "the library is locked"}
    assert why(query, TEXTS.get) == Miss("error", "The question could not be answered: the library is locked")


def test_gold_that_occurs_nowhere_puts_the_test_query_in_doubt() -> None:
    assert reason(judged(gold=("The ferry sank.",)), relevant=()) == "gold not found"


def test_gold_is_found_in_another_document_than_the_relevant_one() -> None:
    (gold,) = locate(judged(passages=(COAL, span("copy", "Reprinted:"))), TEXTS.get, ["letter"])
    assert (gold.document, TEXTS["copy"][gold.start : gold.end]) == ("copy", GOLD[:-1])
    assert gold.rank is None


def test_the_same_words_quoted_from_another_document_count() -> None:
    query = judged()
    query.answer["quotes"] = [span("copy", GOLD)]
    assert reason(query) is None


def test_of_the_places_of_a_sentence_the_one_that_came_nearest_counts() -> None:
    passages = (COAL, span("copy", TEXTS["copy"]), WHOLE)
    (gold,) = locate(judged(passages=passages), TEXTS.get, ["minutes", "copy"])
    assert (gold.document, gold.rank) == ("copy", 2)


def test_where_every_gold_sentence_is_needed_the_one_that_is_missing_decides() -> None:
    both = judged(quotes=(GOLD,), gold=(GOLD, "Nothing in it is of use."), passages=(WHOLE, COAL))
    assert reason(both, ("minutes", "letter")) is None
    needed = judged(quotes=(GOLD,), gold=both.query.gold, passages=(WHOLE, COAL), all_needed=True)
    assert reason(needed, ("minutes", "letter")) == "not retrieved"


def test_without_gold_sentences_the_relevant_documents_decide() -> None:
    assert reason(judged(gold=(), quotes=(OTHER,))) is None
    assert reason(judged(gold=(), passages=(COAL,))) == "not retrieved"
    assert reason(judged(gold=(), passages=(COAL,) * BEST + (WHOLE,))) == "not among the candidates"
    assert reason(judged(gold=())) == "sentence not chosen"
    assert reason(judged(gold=(), outcome="weak")) == "below the threshold"


def test_without_anything_to_look_for_silence_is_below_the_threshold() -> None:
    assert reason(judged(gold=(), outcome="none"), relevant=()) == "below the threshold"
    assert reason(judged(gold=()), relevant=()) is None


def test_the_measure_right_has_the_last_word_on_whether_it_is_a_miss() -> None:
    assert reason(judged(values={"right": 1.0})) is None
    assert why(judged(quotes=("The ferry was sold",), values={"right": 0.0}), TEXTS.get, ["minutes"]) == Miss(
        "sentence not chosen", "Only a part of the expected sentence was quoted."
    )


def test_a_run_that_only_ranks_is_judged_by_its_ranking() -> None:
    bare = tuple({"document": document} for document in ("letter",) * BEST + ("minutes",))
    assert reason(judged(outcome=None, passages=bare)) == "not among the candidates"
    assert reason(judged(outcome=None, passages=bare[1:])) is None


def test_a_document_that_the_library_no_longer_holds_is_no_error() -> None:
    miss = why(judged(passages=(COAL,)), {}.get, ["minutes"])
    assert miss is not None
    assert miss.reason == "not retrieved"


@pytest.mark.parametrize(
    ("text", "sentence", "found"),
    [
        ("“So,”  he said,\r\nwe\u00a0left. ", "so he said, we left", "So,”  he said,\r\nwe\u00a0left"),
        ("İZMİR fell. We left İzmir.", "we LEFT İzmir", "We left İzmir"),
        ("Straße", "straße", "Straße"),
        ("", "a", None),
        ("a", "…", None),
    ],
)
def test_sentences_are_found_whatever_the_typography(text: str, sentence: str, found: str | None) -> None:
    places = [text[start:end] for start, end in occurrences(text, sentence)]
    assert places == ([] if found is None else [found])


def test_a_sentence_is_found_each_time_it_stands_there() -> None:
    assert list(occurrences("Ha ha. Ha ha.", "Ha ha")) == [(0, 5), (3, 9), (7, 12)]


def test_every_reason_is_explained() -> None:
    assert set(MEANINGS) == set(REASONS)


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (113, "113th")]
)
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_explaining_needs_no_second_search() -> None:
    query = judged(outcome="none")
    assert explain(query, locate(query, TEXTS.get, ["minutes"])) == why(query, TEXTS.get, ["minutes"])
