"""Whether expected quotes are found, and what is said of those that are not."""

from __future__ import annotations

from qa.evaluation.check import check, shortened, with_document_quotes
from qa.evaluation.schema import Query, Suite
from qa.schema import Document

WATER = Document(
    "water.txt",
    "The “Water Board” met in May 2008.\n\nIt found three leaks – all of them old. Nobody was hurt.\n",
)
FIRE = Document("fire.txt", "The fire was put out.  Nobody was hurt. Nobody was hurt.\n")
DOCUMENTS = {document.id: document for document in (WATER, FIRE)}


def look_up(*queries: Query):
    suite = Suite("s", queries)
    findings = check(suite, DOCUMENTS)
    return findings, with_document_quotes(suite, findings)


def test_a_quote_is_counted_wherever_it_stands():
    (finding,), suite = look_up(Query("q", "?", gold=("Nobody was hurt.",)))
    assert finding.status == "exact"
    assert finding.is_found
    assert finding.places == {"water.txt": 1, "fire.txt": 2}
    assert suite.qrels == {"q": {"water.txt": 1, "fire.txt": 1}}


def test_a_quote_in_other_typography_becomes_the_documents_own_characters():
    quotes = ('the "water board" met in May 2008.', "It found three leaks - all of them old.")
    findings, suite = look_up(Query("q", "?", gold=quotes))
    assert [finding.status for finding in findings] == ["typography"] * 2
    assert suite.queries[0].gold == (
        "The “Water Board” met in May 2008.",
        "It found three leaks – all of them old.",
    )
    assert all(text in WATER.text for text in suite.queries[0].gold)
    assert suite.qrels == {"q": {"water.txt": 1}}


def test_a_quote_that_is_not_there_is_shown_with_what_is_most_like_it():
    (finding,), suite = look_up(Query("q", "?", gold=("It found three old leaks in the pipes.",)))
    assert finding.status == "missing"
    assert not finding.is_found
    assert not finding.places
    assert (finding.document, finding.text) == ("water.txt", "It found three leaks – all of them old.")
    assert suite.queries[0].gold == ("It found three old leaks in the pipes.",)
    assert suite.qrels == {}


def test_what_is_like_a_quote_of_two_sentences_is_two_sentences():
    (finding,), _ = look_up(Query("q", "?", gold=("It found two leaks. Nobody was hurt badly.",)))
    assert finding.text == "It found three leaks – all of them old. Nobody was hurt."


def test_a_quote_with_no_word_of_the_documents_is_like_nothing():
    (finding,), _ = look_up(Query("q", "?", gold=("Xyzzy plugh",)))
    assert (finding.status, finding.document, finding.text) == ("missing", "", "")


def test_a_quote_is_expected_in_the_document_that_its_question_names():
    here, there = (
        Query("a", "?", gold=("Nobody was hurt.",), document="water.txt"),
        Query("b", "?", gold=("The fire was put out.",), document="water.txt"),
    )
    (found, elsewhere), suite = look_up(here, there)
    assert found.status == "exact"
    assert (elsewhere.status, elsewhere.is_found, elsewhere.places) == ("elsewhere", False, {"fire.txt": 1})
    assert elsewhere.document == "water.txt"
    assert suite.qrels == {"a": {"water.txt": 1}, "b": {"water.txt": 1}}


def test_the_named_document_may_have_the_quote_in_typography_of_its_own():
    documents = {"a": Document("a", 'He said "no".'), "b": Document("b", "He said “no”.")}
    suite = Suite("s", (Query("q", "?", gold=('He said "no".',), document="b"),))
    (finding,) = check(suite, documents)
    assert (finding.status, finding.text) == ("typography", "He said “no”.")


def test_a_quote_does_not_reach_from_one_document_into_the_next():
    documents = {"a": Document("a", "one two"), "b": Document("b", "three")}
    for quote in ("one two\x00three", "two three"):
        (finding,) = check(Suite("s", (Query("q", "?", gold=(quote,)),)), documents)
        assert finding.status == "missing"


def test_qrels_that_the_suite_brings_stay_as_they_are():
    suite = Suite("s", (Query("q", "?", gold=("Nobody was hurt.",)),), {"q": {"other": 2}})
    assert with_document_quotes(suite, check(suite, DOCUMENTS)).qrels == {"q": {"other": 2}}


def test_a_long_quote_is_cut_for_a_message():
    assert shortened("a\n b") == "a b"
    assert len(shortened("word " * 100)) == 120
    assert shortened("word " * 100).endswith("…")
