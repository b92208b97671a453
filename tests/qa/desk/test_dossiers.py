"""Dossiers on the desk: gathered, put in order, undone, and what a purge leaves of them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.desk.file import FILE_NAME
from qa.desk.stored_conversations import UNDO
from qa.desk.stored_dossiers import MOST_HEADING, MOST_NAME, Dossiers
from qa.errors import DocumentNotFoundError, InputError, LibraryError, UnknownDossierError
from qa.schema import Asked, DossierEntry, Filters, QuoteReference, Span
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.schema import DossierInfo

TEXT = "The harbour was dredged in March. Nobody was told.\n"
GONE = "The zyzzogeton was seen at noon. Everybody was told.\n"
WHEN = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def corpus(open_corpus: Callable[..., Corpus], inbox: Path) -> Iterator[Corpus]:
    with open_corpus() as corpus:
        corpus.index(write(inbox, "a.txt", TEXT), write(inbox, "secret.txt", GONE))
        yield corpus


def quote(corpus: Corpus, document_id: str, asked: Asked | None = None, end: int = 32) -> DossierEntry:
    document = corpus.document(document_id)
    place = QuoteReference(document_id, document.sha256, 0, end)
    return DossierEntry("quote", place=place, context=Span(0, 50), asked=asked)


def note(words: str) -> DossierEntry:
    return DossierEntry("note", words)


def words(corpus: Corpus, dossier: str) -> list[str]:
    return [each.words or each.kind for each in corpus.desk.dossiers.entries(dossier)]


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.own_file
def test_a_library_has_no_dossier_and_no_file_for_it_at_first(corpus: Corpus) -> None:
    assert corpus.desk.dossiers.all() == ()
    assert not (corpus.library / FILE_NAME).exists()


def test_what_is_added_comes_back_in_order_with_its_question(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("  Harbours ")
    asked = Asked("Who was told?", "answered", Filters(publisher=("IFES",)), WHEN, 3)
    nothing = Asked("Who was paid?", "none", at=WHEN)
    added = [
        DossierEntry("heading", "The  first\nfinding"),
        quote(corpus, "a.txt", asked),
        note("Two lines,\nas typed."),
        DossierEntry("question", asked=nothing),
    ]
    ids = [each.id for each in dossiers.add(made.id, added)]
    heading, quoted, noted, question = dossiers.entries(made.id)
    assert [each.id for each in (heading, quoted, noted, question)] == ids
    assert (heading.words, noted.words) == ("The first finding", "Two lines,\nas typed.")
    assert (quoted.place, quoted.context, quoted.asked) == (added[1].place, Span(0, 50), asked)
    assert question.asked == nothing
    info = dossiers.info(made.id)
    assert (info.name, info.quotes, info.entries) == ("Harbours", 1, 4)
    assert info.changed >= info.began


def test_a_quote_and_a_question_are_kept_once(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    entries = [quote(corpus, "a.txt"), DossierEntry("question", asked=Asked("Who?", "none"))]
    first = dossiers.add(made.id, entries)
    assert [(each.number, each.is_new) for each in first] == [(1, True), (2, True)]
    assert dossiers.add(made.id, entries) == tuple(each._replace(is_new=False) for each in first)
    (between,) = dossiers.add(made.id, [quote(corpus, "a.txt", end=20)], at=2)
    assert (between.number, between.is_new) == (2, True)
    dossiers.remove(made.id, between.id)
    assert len(dossiers.entries(made.id)) == 2
    other = DossierEntry("question", asked=Asked("Who?", "none", Filters(publisher=("IFES",))))
    dossiers.add(made.id, [other])
    assert len(dossiers.entries(made.id)) == 3


def test_where_a_quote_and_a_question_are_kept_is_said_the_dossier_changed_last_first(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    sha256 = corpus.document("a.txt").sha256
    nothing = Asked("Who was paid?", "none", Filters(publisher=("IFES",)), WHEN)
    assert dossiers.holding([sha256], nothing) == ()
    first, second = (dossiers.create(name).id for name in ("First", "Second"))
    (one,) = dossiers.add(first, [quote(corpus, "a.txt")])
    (two,) = dossiers.add(second, [quote(corpus, "a.txt")])
    (three,) = dossiers.add(second, [DossierEntry("question", asked=nothing)])
    place = f"{sha256}/0-32"
    held = dossiers.holding([sha256], nothing)
    assert [(each.name, each.entry, each.citation_id) for each in held] == [
        ("Second", two.id, place),
        ("Second", three.id, ""),
        ("First", one.id, place),
    ]
    assert dossiers.holding([], Asked("Who was paid?", "none")) == ()  # asked with other filters
    dossiers.remove(second, two.id)
    dossiers.delete(first)
    assert dossiers.holding([sha256]) == ()


def test_a_name_is_one_dossiers_whatever_its_case(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    one, two = dossiers.create("Harbours"), dossiers.create("Ports")
    assert dossiers.find("harbours").id == dossiers.find(one.id).id == one.id
    with pytest.raises(InputError, match="already"):
        dossiers.create("HARBOURS")
    with pytest.raises(InputError, match="already"):
        dossiers.rename(two.id, "harbours")
    assert dossiers.rename(one.id, "HARBOURS").name == "HARBOURS"
    assert dossiers.create("H\u00e4fen").id == dossiers.find("Ha\u0308fen").id
    for wrong in ("", " \n ", "x" * (MOST_NAME + 1), "half \ud800"):
        with pytest.raises(InputError):
            dossiers.create(wrong)
    with pytest.raises(UnknownDossierError, match="“Ports”"):
        dossiers.find("Bridges")


def test_one_name_makes_one_dossier_also_if_another_makes_it_just_now(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossiers = corpus.desk.dossiers
    find = Dossiers.find

    def made_meanwhile(self: Dossiers, name: str) -> DossierInfo:
        """It is not there when it is looked for, and there right after."""
        monkeypatch.setattr(Dossiers, "find", find)
        dossiers.create(name)
        raise UnknownDossierError(name)

    monkeypatch.setattr(Dossiers, "find", made_meanwhile)
    assert dossiers.find_or_create("Ports").name == "Ports"
    assert dossiers.find_or_create("ports") == dossiers.find("Ports")
    assert len(dossiers.all()) == 1


@pytest.mark.own_file
def test_what_was_deleted_comes_back_for_a_day_and_goes_then(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    dossiers.add(made.id, [note("Kept.")])
    dossiers.delete(made.id)
    assert dossiers.all() == ()
    with pytest.raises(UnknownDossierError):
        dossiers.entries(made.id)
    dossiers.create("Harbours")
    assert dossiers.restore(dossiers.deleted("harbours").id).name == "Harbours (2)"
    assert words(corpus, made.id) == ["Kept."]
    dossiers.delete(made.id)
    corpus.close()
    long_ago = (dt.datetime.now(dt.UTC) - UNDO - dt.timedelta(minutes=1)).isoformat(timespec="microseconds")
    with closing(sqlite3.connect(corpus.library / FILE_NAME)) as db, db:
        db.execute("UPDATE dossiers SET deleted = ? WHERE id = ?", (long_ago, made.id))
    dossiers.delete(dossiers.create("Other").id)
    with pytest.raises(UnknownDossierError):
        dossiers.restore(made.id)


def test_an_entry_is_moved_written_removed_and_put_back_where_it_stood(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    one, two, three = (each.id for each in dossiers.add(made.id, [note("1"), note("2"), note("3")]))
    dossiers.move(made.id, three, 1)
    assert words(corpus, made.id) == ["3", "1", "2"]
    dossiers.move(made.id, three, 99)
    assert words(corpus, made.id) == ["1", "2", "3"]
    dossiers.add(made.id, [note("between")], at=2)
    assert words(corpus, made.id) == ["1", "between", "2", "3"]
    dossiers.write(made.id, two, "zwei")
    dossiers.remove(made.id, one)
    dossiers.remove(made.id, two)
    assert words(corpus, made.id) == ["between", "3"]
    assert dossiers.put_back(made.id).words == "zwei"
    assert dossiers.put_back(made.id, one).words == "1"
    assert words(corpus, made.id) == ["1", "between", "zwei", "3"]
    with pytest.raises(UnknownDossierError):
        dossiers.put_back(made.id)
    with pytest.raises(UnknownDossierError):
        dossiers.move(made.id, 99, 1)


def test_a_quotes_words_cannot_be_written(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    (quoted,) = dossiers.add(made.id, [quote(corpus, "a.txt")])
    with pytest.raises(InputError, match="are the words of its document"):
        dossiers.write(made.id, quoted.id, "Somebody was told.")
    for wrong in (DossierEntry("heading", " "), DossierEntry("heading", "x" * (MOST_HEADING + 1)), note("")):
        with pytest.raises(InputError):
            dossiers.add(made.id, [wrong])


@pytest.mark.own_file
def test_no_text_of_a_quote_is_in_the_desks_file(corpus: Corpus) -> None:
    made = corpus.desk.dossiers.create("Sightings")
    corpus.desk.dossiers.add(made.id, [quote(corpus, "secret.txt", Asked("What was seen?"))])
    corpus.close()
    kept = b"".join(path.read_bytes() for path in corpus.library.glob(f"{FILE_NAME}*"))
    assert b"What was seen?" in kept
    assert b"zyzzogeton" not in kept


def test_a_purge_leaves_the_time_and_the_analysts_words(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Sightings")
    secret = corpus.document("secret.txt")
    asked = Asked("What was seen?", "answered", Filters(document=("secret.txt",)), WHEN)
    nothing = Asked("Who paid?", "none", Filters(document=("secret.txt",)))
    dossiers.add(
        made.id,
        [
            quote(corpus, "secret.txt", asked),
            note("Look into this."),
            quote(corpus, "a.txt", Asked("Who?")),
            DossierEntry("question", asked=nothing),
        ],
    )
    removed = dossiers.add(made.id, [quote(corpus, "secret.txt", end=20)])[0]
    dossiers.remove(made.id, removed.id)
    assert corpus.dossiers_citing("secret.txt") == ("Sightings",)
    assert corpus.dossiers_citing("a.txt") == ("Sightings",)
    corpus.purge(["secret.txt"])
    gone, noted, other, question = dossiers.entries(made.id)
    assert gone.place is None
    assert gone.context is None
    assert gone.purged is not None
    assert gone.asked is not None
    assert (gone.asked.question, gone.asked.filters) == ("What was seen?", Filters())
    assert noted.words == "Look into this."
    assert other.place is not None
    assert question.asked is not None
    assert question.asked.filters == Filters()
    assert dossiers.put_back(made.id, removed.id).purged is not None
    corpus.close()
    left = bytes_in(corpus.library)
    assert b"zyzzogeton" not in left
    assert b"secret.txt" not in left
    desk = b"".join(path.read_bytes() for path in corpus.library.glob(f"{FILE_NAME}*"))
    assert secret.sha256.encode() not in desk


def test_a_quote_of_a_purged_text_is_refused(corpus: Corpus) -> None:
    made = corpus.desk.dossiers.create("Sightings")
    lost = quote(corpus, "secret.txt")
    corpus.purge(["secret.txt"])
    with pytest.raises(DocumentNotFoundError):
        corpus.desk.dossiers.add(made.id, [note("First."), lost])
    assert corpus.desk.dossiers.entries(made.id) == ()


@pytest.mark.own_file
def test_a_strangers_rows_are_not_believed(corpus: Corpus) -> None:
    made = corpus.desk.dossiers.create("Harbours")
    corpus.desk.dossiers.add(made.id, [quote(corpus, "a.txt")])
    for change in ("start = 7, end = 7", "added = 'yesterday'", "question = 'x', outcome = 'sure'"):
        corpus.close()
        with closing(sqlite3.connect(corpus.library / FILE_NAME)) as db, db:
            db.execute(f"UPDATE dossier_entries SET {change}")  # noqa: S608 - ours
        with pytest.raises(LibraryError):
            corpus.desk.dossiers.entries(made.id)


@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), max_size=8))
@settings(max_examples=10, deadline=None)
def test_moves_are_those_of_a_list(
    moves: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with tiny_corpus(tmp_path_factory.mktemp("library") / "library") as corpus:
        made = corpus.desk.dossiers.create("Order")
        added = corpus.desk.dossiers.add(made.id, [note(str(number)) for number in range(5)])
        ids = [each.id for each in added]
        expected = ids.copy()
        for which, to in moves:
            corpus.desk.dossiers.move(made.id, ids[which], to)
            expected.remove(ids[which])
            expected.insert(max(0, to - 1), ids[which])
        assert [each.id for each in corpus.desk.dossiers.entries(made.id)] == expected


def test_how_a_question_was_asked_and_what_was_searched_comes_back(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    asked = Asked(
        "And who paid?", "weak", Filters(collection=("Velden",)), WHEN, 3, 45, 0.93, "de", ("Who built it?",)
    )
    (added,) = dossiers.add(made.id, [DossierEntry("question", asked=asked)])
    assert dossiers.entry(made.id, added.id).asked == asked
    (entry,) = dossiers.entries(made.id)
    assert entry.asked == asked


def test_an_entry_takes_the_place_of_another_which_can_be_put_back(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    first, second, third = dossiers.add(made.id, [note("1"), quote(corpus, "a.txt"), note("3")])
    by = dossiers.replace(made.id, second.id, quote(corpus, "a.txt", end=20))
    assert (by.number, by.is_new) == (2, True)
    places = [each.place and each.place.end for each in dossiers.entries(made.id)]
    assert places == [None, 20, None]
    with pytest.raises(InputError, match="already has this, as entry 2"):
        dossiers.replace(made.id, third.id, quote(corpus, "a.txt", end=20))
    assert words(corpus, made.id) == ["1", "quote", "3"]  # nothing was changed
    dossiers.remove(made.id, by.id)
    dossiers.put_back(made.id, second.id)
    assert [each.id for each in dossiers.entries(made.id)] == [first.id, second.id, third.id]


def test_figures_that_differ_are_kept_as_places_and_a_purge_forgets_them(corpus: Corpus) -> None:
    dossiers = corpus.desk.dossiers
    made = dossiers.create("Harbours")
    places = tuple(
        QuoteReference(each, corpus.document(each).sha256, 4, 9) for each in ("a.txt", "secret.txt")
    )
    dossiers.add(made.id, [replace(quote(corpus, "a.txt"), differing=places)])
    assert dossiers.entries(made.id)[0].differing == places
    secret = corpus.document("secret.txt").sha256.encode()
    corpus.purge(["secret.txt"])
    assert dossiers.entries(made.id)[0].differing == ()
    corpus.close()
    for path in corpus.library.glob(f"{FILE_NAME}*"):
        assert secret not in path.read_bytes()
