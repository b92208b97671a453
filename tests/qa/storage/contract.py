"""What every engine promises that keeps a library: `qa.storage.library.Library`, as tests to be inherited."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest

from qa.document import segment
from qa.errors import DocumentNotFoundError, InputError
from qa.schema import Document, DocumentOrder, DocumentQuery, Filters, Span
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from qa.storage.library import READ_AT_ONCE, read_in_parts, read_places
from qa.storage.results import Count, Hit, Occurrence
from qa.text.dates import PartialDate, parse_date
from qa.text.phrase import occurrences, phrase_pattern
from tests.qa.recorded import Recorded
from tests.qa.tiny import TinyEncoder, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.storage.library import Library
    from qa.storage.records.store import Store

ENCODER = TinyEncoder()
EVERYTHING = Filters()
BRIEF = Document(
    id="briefs/scrap.txt",
    text="Scrap metal\n\n“It wasn’t  bolted down,” the source said. The walls remain.\n\nShare\n",
    title="Scrap metal",
    publisher="Institute for Far Eastern Studies (IFES)",
    series="NK Brief",
    number="08-4-4-1",
    date=dt.date(2008, 4, 4),
    url="https://example.org/brief",
    language="en",
    format="text",
    path="/briefs/scrap.txt",
    collection="Briefs",
    source_sha256="ab" * 32,
    header=(Span(0, 11),),
    furniture=(Span(79, 84),),
    notes=("The day and the month could be swapped.",),
)


def text(name: str, content: str, **fields: object) -> Document:
    # A record: of those none is merged with another that has the same words.
    fields = {"format": "jsonl"} | fields
    return Document(id=name, text=content, path=f"/in/{name}", **fields)  # type: ignore[arg-type]


def ingest(store: Store, document: Document, encoder: TinyEncoder = ENCODER) -> str:
    """Put a document with vectors of its passages' own texts. Return its id."""
    entries = [
        Entry(passage, document.text[passage.start : passage.end].encode()[:16], vector)
        for passage in segment.passages(document)
        for vector in encoder.encode_documents([document.text[passage.start : passage.end]])
    ]
    ingested = store.put(ReadDocument.of(document), EmbeddedPassages(entries, encoder.identity))
    assert ingested
    return ingested.document_id


def finds_each_phrase(library: Library, documents: Sequence[Document]) -> None:
    """Find phrases of one word, of several, and across two passages wherever they stand, in order."""
    for document in documents:
        (_, (_, second, *_)) = library.read([document.id])[document.id]
        across = document.text[: second.start].split()[-1], *document.text[second.start :].split()[:2]
        for phrase in ("word1", "word2 word3", " ".join(across)):
            pattern = phrase_pattern(phrase)
            assert pattern is not None
            everywhere = [
                Occurrence(each.id, each.sha256, span)
                for each in documents
                for span in occurrences(pattern, each.text)
            ]
            found = library.phrase(phrase, library.select())
            assert list(found.places) == everywhere
            assert found.documents == tuple(dict.fromkeys(each.document_id for each in everywhere))
            assert not found.too_many_documents


class LibraryContract:
    """Inherit it as `Test…`, with a fixture `library` that is empty, and the two methods that change it.

    The engine embeds with `tests.qa.tiny.TinyEncoder`, for which equal words are equal vectors.
    """

    @pytest.fixture
    def library(self) -> Library:
        raise NotImplementedError

    def put(self, library: Library, *documents: Document) -> None:
        """Add documents, or replace those of the same place."""
        raise NotImplementedError

    def remove(self, library: Library, *ids: str) -> None:
        raise NotImplementedError

    @pytest.fixture
    def filled(self, library: Library) -> Library:
        late = {"date": dt.date(2010, 1, 1), "publisher": "ÉCOLE", "series": "S"}
        self.put(library, BRIEF, text("late", "Copper is smuggled.", **late))
        other = {"publisher": "école", "language": "fr", "collection": "Private"}
        self.put(library, text("undated", "Copper is sold.", **other))
        return library

    def found(self, library: Library, words: list[str], k: int, filters: Filters = EVERYTHING) -> list[str]:
        """The ids of the documents that full text finds, best first."""
        return [hit.document_id for hit, _ in library.matching([words], k, library.select(filters))[0]]

    # Documents

    def test_an_empty_library_has_nothing_and_finds_nothing(self, library: Library) -> None:
        everything = library.select()
        assert (library.count(), library.documents(), everything.documents) == (Count(0, 0), (), 0)
        assert library.nearest(library.encode_queries(["copper", "rice"]), 5, everything) == [[], []]
        assert library.matching([["copper"], ["rice"]], 5, everything) == [[], []]
        assert library.phrase("copper", everything).places == ()
        assert (library.copies(["none"]), library.read(["none"]), library.legible([])) == ({}, {}, set())

    def test_documents_are_listed_in_order_of_id(self, filled: Library) -> None:
        infos = filled.documents()
        assert [info.id for info in infos] == ["briefs/scrap.txt", "late", "undated"]
        assert filled.count() == Count(3, sum(info.passages for info in infos))
        assert filled.documents(limit=2) == infos[:2]
        assert filled.documents(Filters(language="en"), 1) == infos[:1]

    def test_documents_are_found_by_parts_of_words_in_any_case_in_what_is_known_of_them(
        self, filled: Library
    ) -> None:
        def found(words: str) -> list[str]:
            return [info.id for info in filled.find_documents(DocumentQuery(words)).documents]

        assert found("SCRAP met") == [BRIEF.id]  # the title
        assert found("far eastern 08-4-4") == [BRIEF.id]  # publisher and number
        assert found("école") == found("École") == found("ÉCOLE") == ["late", "undated"]
        assert found("ndat") == ["undated"]  # the id
        assert found("bolted") == []  # the text
        assert found("%") == found("_a") == found("!") == found("scrap none") == []
        assert found("") == [BRIEF.id, "late", "undated"]

    def test_a_list_is_ordered_and_what_has_no_value_comes_last(self, filled: Library) -> None:
        def found(order: DocumentOrder, *, descending: bool = False) -> list[str]:
            query = DocumentQuery(order=order, descending=descending)
            return [info.id for info in filled.find_documents(query).documents]

        assert found("date") == [BRIEF.id, "late", "undated"]
        assert found("date", descending=True) == ["late", BRIEF.id, "undated"]
        assert found("collection") == [BRIEF.id, "undated", "late"]
        assert found("added") == [BRIEF.id, "late", "undated"]
        assert found("added", descending=True) == ["undated", "late", BRIEF.id]
        for order in get_args(DocumentOrder):
            for descending in (False, True):
                assert sorted(found(order, descending=descending)) == [BRIEF.id, "late", "undated"]

    def test_a_list_has_a_part_of_what_is_found_and_says_how_many_there_are(self, filled: Library) -> None:
        found = filled.find_documents(DocumentQuery(limit=1, offset=1))
        assert ([info.id for info in found.documents], found.total) == (["late"], 3)
        found = filled.find_documents(DocumentQuery("smug", Filters(language="fr"), "jsonl", limit=5))
        assert (found.documents, found.total) == ((), 0)
        found = filled.find_documents(DocumentQuery("late", Filters(language="en"), "jsonl", limit=0))
        assert (found.documents, found.total) == ((), 1)
        assert filled.find_documents(DocumentQuery()).documents == filled.documents()

    @pytest.mark.parametrize("order", ["title", "added"])
    def test_the_parts_of_a_list_are_the_list(
        self, filled: Library, order: DocumentOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.put(filled, *(text(f"{at}", f"Word {at}.") for at in range(4)))
        every = filled.find_documents(DocumentQuery(order=order, descending=True)).documents
        monkeypatch.setattr("qa.storage.records.contents.PART", 3)
        for limit in (1, 2, 3, 5):
            for offset in range(9):
                found = filled.find_documents(
                    DocumentQuery("", order=order, descending=True, limit=limit, offset=offset)
                )
                assert (found.documents, found.total) == (every[offset : offset + limit], 7)

    def test_facets_name_each_value_with_its_documents_and_the_dates(self, filled: Library) -> None:
        facets = filled.facets()
        assert dict(facets.values["publisher"]) == {BRIEF.publisher: 1, "ÉCOLE": 1, "école": 1}
        assert facets.values["language"] == (("en", 2), ("fr", 1))
        assert facets.formats == (("jsonl", 2), ("text", 1))
        assert (facets.first, facets.last, facets.undated) == (BRIEF.date, dt.date(2010, 1, 1), 1)

    def test_a_document_comes_back_as_it_went_in_and_one_that_is_not_held_is_an_error(
        self, filled: Library
    ) -> None:
        assert filled.document(BRIEF.id) == BRIEF
        with pytest.raises(DocumentNotFoundError, match=r"briefs/scarp.txt.*did you mean 'briefs/scrap.txt'"):
            filled.document("briefs/scarp.txt")

    def test_many_documents_are_read_with_passages_that_tile_them_in_the_order_asked_for(
        self, filled: Library
    ) -> None:
        self.put(filled, text("long", words(1, 600)))
        found = filled.read(["long", "none", BRIEF.id, "long"])
        assert list(found) == ["long", BRIEF.id]
        for document, passages in found.values():
            assert document == filled.document(document.id)
            assert "".join(document.text[each.start : each.end] for each in passages) == document.text
            assert all(each.document_id == document.id and each.sentences for each in passages)
        assert len(found["long"][1]) > 1

    def test_what_is_read_is_read_again_after_a_change(self, filled: Library) -> None:
        filled.read(["late"])
        self.put(filled, text("late", "Copper is not smuggled."))
        assert filled.read(["late"])["late"][0].text == "Copper is not smuggled."
        self.remove(filled, "late")
        assert filled.read(["late"]) == {}

    def test_documents_are_read_in_parts(self, library: Library) -> None:
        count = 2 * READ_AT_ONCE + 1
        self.put(library, *(text(f"{number:03}", f"Text {number}.") for number in range(count)))
        recorded = Recorded(library)
        ids = [f"{number:03}" for number in reversed(range(count))]
        read = [document.id for document, _ in read_in_parts(recorded, [*ids, "none"])]
        assert read == ids
        assert [name for name, _ in recorded.calls] == ["read"] * 3

    # Filters

    @pytest.mark.parametrize(
        ("filters", "ids", "undated"),
        [
            (Filters(), ["briefs/scrap.txt", "late", "undated"], 0),
            (Filters(since=dt.date(2008, 4, 4)), ["briefs/scrap.txt", "late"], 1),
            (Filters(since=dt.date(2008, 4, 5)), ["late"], 1),
            (Filters(until=dt.date(2008, 4, 4)), ["briefs/scrap.txt"], 1),
            (Filters(publisher="École"), ["late", "undated"], 0),
            (Filters(publisher="École", until=dt.date(2009, 1, 1)), [], 1),
            (Filters(series="nk brief"), ["briefs/scrap.txt"], 0),
            (Filters(document=("late", "nowhere")), ["late"], 0),
            (Filters(language="FR"), ["undated"], 0),
            (Filters(collection="private", language="en"), [], 0),
            (Filters(language=("FR", "en")), ["briefs/scrap.txt", "late", "undated"], 0),
            (Filters(publisher=("École", "Nobody"), language=("fr", "ko")), ["undated"], 0),
            (Filters(series=("NK Brief", "nothing"), document=("late",)), [], 0),
        ],
    )
    def test_filters_hold_for_every_search_and_count_the_undated(
        self, filled: Library, filters: Filters, ids: list[str], undated: int
    ) -> None:
        assert [info.id for info in filled.documents(filters)] == ids
        selection = filled.select(filters)
        assert (selection.documents, selection.undated, selection.filters) == (len(ids), undated, filters)
        assert set(self.found(filled, ["copper", "scrap"], 10, filters)) == set(ids)
        (near,) = filled.nearest(filled.encode_queries(["copper"]), 10, selection)
        assert {hit.document_id for hit, _ in near} == set(ids)
        phrases = (filled.phrase(phrase, selection).places for phrase in ("copper", "scrap metal"))
        assert {place.document_id for places in phrases for place in places} == set(ids)

    @pytest.mark.parametrize(
        ("filters", "ids"),
        [
            (Filters(since=dt.date(2024, 4, 15)), ["april", "day", "year"]),
            (Filters(since=dt.date(2024, 4, 30)), ["april", "year"]),
            (Filters(since=dt.date(2024, 5, 1)), ["year"]),
            (Filters(since=dt.date(2025, 1, 1)), []),
            (Filters(until=dt.date(2024, 4, 1)), ["april", "year"]),
            (Filters(until=dt.date(2024, 3, 31)), ["year"]),
            (Filters(until=PartialDate(2024)), ["april", "day", "year"]),
            (Filters(since=dt.date(2024, 4, 2), until=PartialDate(2024, 4)), ["april", "day", "year"]),
            (Filters(until=dt.date(2023, 12, 31)), []),
            (Filters(since=dt.date(2024, 4, 2), until=dt.date(2024, 4, 3)), ["april", "year"]),
        ],
    )
    def test_a_month_or_a_year_is_found_by_any_of_its_days(
        self, library: Library, filters: Filters, ids: list[str]
    ) -> None:
        for name, date in (("april", "2024-04"), ("year", "2024"), ("day", "2024-04-20")):
            self.put(library, text(name, f"Copper of {name}.", date=parse_date(date)))
        self.put(library, text("undated", "Copper."))
        assert [info.id for info in library.documents(filters)] == ids
        assert (library.select(filters).documents, library.select(filters).undated) == (len(ids), 1)

    @pytest.mark.parametrize("sign", ["\0", "\x01", "\n", "\x1b", "\x7f", "\ud800"])
    @pytest.mark.parametrize("name", ["publisher", "collection", "document"])
    def test_a_filter_with_control_characters_is_refused(self, filled: Library, name: str, sign: str) -> None:
        value = f"Wire {sign}x"
        filters = Filters(**{name: (value, "b") if name == "document" else value})  # type: ignore[arg-type]
        for asked in (filled.select, filled.documents):
            with pytest.raises(InputError, match=f"the filter {name} .* holds control characters"):
                asked(filters)

    def test_a_span_of_time_that_ends_before_it_starts_is_refused(self, library: Library) -> None:
        with pytest.raises(InputError, match="swap"):
            library.select(Filters(since=dt.date(2010, 1, 1), until=dt.date(2009, 1, 1)))

    # Search

    def test_a_hit_says_where_its_passage_stands(self, filled: Library) -> None:
        self.put(filled, text("long", words(1, 600), date=parse_date("2024-04")))
        everything = filled.select()
        read = filled.read(["long", BRIEF.id])
        passages = {each.key: (document, each) for document, own in read.values() for each in own}
        near, matching = (
            filled.nearest(filled.encode_queries(["word1"]), 50, everything)[0],
            filled.matching([["word1", "scrap"]], 50, everything)[0],
        )
        assert {hit.document_id for hit, _ in matching} == {"long", BRIEF.id}
        for hit, _ in (*near, *matching):
            if hit.document_id in read:
                document, passage = passages[hit.key]
                assert hit == Hit(
                    passage.key, document.id, document.sha256, passage.start, passage.end, document.date
                )

    def test_a_passage_that_is_replaced_is_found_with_another_key_and_hash(self, library: Library) -> None:
        self.put(library, text("a", "The unicorn sleeps."))
        ((before, _),) = library.matching([["sleeps"]], 5, library.select())[0]
        self.put(library, text("a", "The griffin sleeps."))
        for ((after, _),) in (
            library.matching([["sleeps"]], 5, library.select())[0],
            library.nearest(library.encode_queries(["sleeps"]), 5, library.select())[0],
        ):
            assert after.key > before.key
            assert after.sha256 == library.document("a").sha256 != before.sha256
        self.remove(library, "a")
        assert library.matching([["griffin"]], 5, library.select()) == [[]]
        assert library.nearest(library.encode_queries(["griffin"]), 5, library.select()) == [[]]

    def test_a_selection_of_before_finds_what_its_filters_leave_now(self, library: Library) -> None:
        self.put(library, text("a", "Copper.", series="s"), text("b", "Copper.", series="t"))
        selection = library.select(Filters(series="s"))
        self.put(library, text("a", "More copper.", series="s"))
        for (hits,) in (
            library.matching([["copper"]], 5, selection),
            library.nearest(library.encode_queries(["copper"]), 5, selection),
        ):
            assert [hit.sha256 for hit, _ in hits] == [library.document("a").sha256]

    def test_the_nearest_come_with_their_cosines_highest_first_for_each_vector(
        self, library: Library
    ) -> None:
        self.put(library, *(text(f"{number}", words(number, 40)) for number in range(30)))
        vectors = library.encode_queries(["word1 word2", "word3"])
        found = library.nearest(vectors, 7, library.select())
        for vector, hits in zip(vectors, found, strict=True):
            (alone,) = library.nearest(vector[None], 7, library.select())
            assert alone == hits
            scores = [score for _, score in hits]
            assert len(scores) == 7
            assert scores == sorted(scores, reverse=True)
            (every,) = library.nearest(vector[None], 100, library.select())
            assert np.allclose([score for _, score in every][:7], scores)
            assert len(every) == library.count().passages

    def test_filters_restrict_inside_the_search_so_that_k_passages_are_found(self, library: Library) -> None:
        loud = (text(f"loud{number}", "copper copper copper", collection="loud") for number in range(30))
        quiet = "In a long sentence copper is mentioned once among other things."
        self.put(library, *loud, text("quiet", quiet, collection="q"))
        assert self.found(library, ["copper"], 1, Filters(collection="q")) == ["quiet"]
        selection = library.select(Filters(collection="q"))
        ((hit, _),) = library.nearest(library.encode_queries(["copper"]), 1, selection)[0]
        assert hit.document_id == "quiet"

    def test_full_text_gives_higher_scores_first_and_a_title_counts_less_than_the_body(
        self, library: Library
    ) -> None:
        others = (text(f"other{number}", "Nothing of the kind.", title="Words") for number in range(8))
        self.put(library, *others, text("title", "Nothing of the kind.", title="Copper"))
        self.put(library, text("body", "Nothing of copper.", title="Words"))
        ((one, high), (other, low)) = library.matching([["copper"]], 10, library.select())[0]
        assert (one.document_id, other.document_id) == ("body", "title")
        assert high > low > 0

    def test_of_passages_that_match_as_well_those_of_the_first_ids_are_found(self, library: Library) -> None:
        self.put(library, *(text(f"{number}", "Copper rose.") for number in (3, 1, 4, 2, 5)))
        assert self.found(library, ["copper"], 3) == ["1", "2", "3"]

    @pytest.mark.parametrize(
        "term",
        ['"', "copper OR", "*", "NEAR(", "body:x", "^", "-", "a\0b", "'", "\\", "(((", "{a b}:c", "", "€"],
    )
    def test_words_of_a_question_are_never_query_syntax(self, filled: Library, term: str) -> None:
        assert self.found(filled, [term, "smuggled"], 5)
        filled.phrase(term, filled.select())

    def test_full_text_takes_a_thousand_words_and_none(self, filled: Library) -> None:
        assert self.found(filled, [], 5) == []
        assert self.found(filled, [f"w{n}" for n in range(1000)] + ["smuggled"], 5)

    def test_long_words_with_the_same_beginning_are_different_words(self, library: Library) -> None:
        first, second = ("ж" * 600 + ending for ending in "ab")
        self.put(library, text("a", f"A {first} rose."), text("b", f"A {second} rose."))
        assert self.found(library, [first], 5) == ["a"]
        assert library.phrase(second, library.select()).documents == ("b",)

    def test_names_are_found_in_the_spellings_of_the_documents(self, library: Library) -> None:
        self.put(library, text("a", "The mill of Kabsan closed."), text("b", "Kapsan was shut."))
        assert {"Kapsan?", "Kabsan?"} <= set(library.names("Kapsan?").spelt("Kapsan?"))

    def test_a_passage_is_legible_where_a_word_is_in_latin_script(self, library: Library) -> None:
        self.put(library, text("en", "Barges left port."), text("ko", "바지선은 항구를 떠났다."))
        hits = [hit for hit, _ in library.nearest(library.encode_queries(["x"]), 5, library.select())[0]]
        for _ in range(2):
            legible = library.legible(hits)
            assert [hit.document_id for hit in hits if hit.key in legible] == ["en"]
        self.remove(library, "en")
        assert library.legible(hits) == set()

    def test_copies_are_those_that_the_filters_leave_the_most_similar_first(self, library: Library) -> None:
        story = words(1)
        cut = story[: len(story) * 2 // 3]
        self.put(library, text("a", story, publisher="X"), text("b", cut, publisher="X", series="S"))
        self.put(library, text("c", story, publisher="Y"), text("other", words(2), publisher="X"))
        found = library.copies(["a", "other", "none"])
        assert list(found) == ["a"]
        assert list(found["a"]) == ["c", "b"]
        assert found["a"]["c"] == 1.0 >= found["a"]["b"] > 0
        assert library.copies(["a", "c"], Filters(publisher="x")) == {
            "a": {"b": found["a"]["b"]},
            "c": {"a": 1.0, "b": found["a"]["b"]},
        }
        for filters in (Filters(series="s"), Filters(document=("b", "other")), Filters(document=("b",))):
            assert list(library.copies(["a"], filters)["a"]) == ["b"]
        assert library.copies(["a"], Filters(since=dt.date(2008, 1, 1))) == {}

    # Phrases

    @pytest.mark.parametrize(
        ("phrase", "found"),
        [
            ("it wasn't bolted down", ["It wasn’t  bolted down"]),
            ("WASN‘T BOLTED", ["wasn’t  bolted"]),
            ('"It', ["“It"]),
            ("down the source", []),
            ("said. The walls", ["said. The walls"]),
            ("metal “it", ["metal\n\n“It"]),
            ("bolt", []),
            ("all", []),
            ("walls", ["walls"]),
            ("...", []),
            ("", []),
        ],
    )
    def test_a_phrase_is_found_as_it_stands_whatever_the_typography(
        self, filled: Library, phrase: str, found: list[str]
    ) -> None:
        places = filled.phrase(phrase, filled.select()).places
        assert [BRIEF.text[place.span.start : place.span.end] for place in places] == found
        assert all((place.document_id, place.sha256) == (BRIEF.id, BRIEF.sha256) for place in places)

    def test_a_phrase_never_starts_or_ends_inside_a_word(self, library: Library) -> None:
        document = text("walls", "Walls fall; all fall. Overall, all-in.")
        self.put(library, document)
        places = [place.span.start for place in library.phrase("all", library.select()).places]
        assert places == [document.text.index("all fall."), document.text.index("all-in")]

    def test_a_phrase_keeps_the_offsets_of_the_text_where_case_folding_would_grow_it(
        self, library: Library
    ) -> None:
        document = text("tr", "İİİİ İstanbul – cafe\u0301 copper")
        self.put(library, document)
        for phrase, expected in (
            ("COPPER", "copper"),
            ("istanbul - CAFÉ", "İstanbul – cafe\u0301"),
            ("cafe", None),
        ):
            places = library.phrase(phrase, library.select()).places
            found = [document.text[place.span.start : place.span.end] for place in places]
            assert found == ([expected] if expected else [])

    def test_a_phrase_is_found_wherever_it_stands_in_order_of_id_and_offset(self, library: Library) -> None:
        documents = [text(f"{number}", words(number, 600)) for number in range(8)]
        self.put(library, *documents)
        finds_each_phrase(library, documents)

    def test_the_places_of_a_document_that_was_replaced_are_left_out(self, filled: Library) -> None:
        places = filled.phrase("copper", filled.select()).places
        self.put(filled, text("late", "Now, copper is smuggled."))
        ((document, passages), spans), *others = read_places(filled, places)
        assert (document.id, others) == ("undated", [])
        assert [document.text[span.start : span.end] for span in spans] == ["Copper"]
        assert passages == filled.read(["undated"])["undated"][1]

    # What was

    def test_of_several_with_the_cited_text_the_named_one_is_read(self, library: Library) -> None:
        shared = "The unicorn sleeps."
        a, b = text("a", shared), text("b", shared)
        self.put(library, a, b)
        assert library.cited(a.sha256, "b").document.id == "b"
        self.put(library, text("b", "The griffin sleeps."))
        cited = library.cited(a.sha256, "b")
        assert (cited.document.id, cited.status, cited.same_text) == ("b", "superseded", ("a",))
        for other in ("", "a", "never held"):
            cited = library.cited(a.sha256, other)
            assert (cited.document.id, cited.status) == ("a", "current")

    def test_a_citation_is_read_whatever_has_become_of_its_document(self, library: Library) -> None:
        first, second = text("a", "The unicorn sleeps."), text("a", "The griffin sleeps.")
        self.put(library, first)
        assert library.cited(first.sha256).status == "current"
        self.put(library, second)
        cited = library.cited(first.sha256.upper(), "a")
        assert (cited.document.text, cited.status) == (first.text, "superseded")
        assert (cited.current_id, cited.current_sha256) == ("a", second.sha256)
        self.remove(library, "a")
        assert library.cited(second.sha256).status == library.cited(first.sha256).status == "removed"
        assert [version.document_id for version in library.removed()] == ["a"]
        assert library.kept_with("unicorn") == [first.sha256]
        assert library.kept_with("sleeps") == [second.sha256, first.sha256]
        with pytest.raises(DocumentNotFoundError, match="never indexed here"):
            library.cited("0" * 64)

    def test_others_with_the_very_text_are_named(self, library: Library) -> None:
        self.put(library, text("a", "The same."), text("b", "The same."), text("c", "Another."))
        self.remove(library, "b")
        assert library.same_text("a") == ("b",)
        assert library.same_text("c") == ()

    # Snapshots

    def test_what_is_read_is_one_state_of_the_library(self, library: Library) -> None:
        # Texts and their passages are replaced: no reader sees the one without the other.
        self.put(library, text("a", words(0)))
        errors: list[BaseException] = []
        done = threading.Event()

        def read() -> None:
            try:
                while not done.is_set():
                    ((document, passages),) = library.read(["a"]).values()
                    assert "".join(document.text[each.start : each.end] for each in passages) == document.text
                    assert self.found(library, ["word1"], 5, Filters(document=("a",)))
            except BaseException as error:
                errors.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for turn in range(1, 15):
            self.put(library, text("a", words(turn, 120 + 12 * turn)))
        done.set()
        for reader in readers:
            reader.join()
        assert errors == []
