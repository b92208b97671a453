"""Small libraries made of a suite: their questions, and what is far from them."""

from __future__ import annotations

from training.small_libraries import MOST, SIZES, kinship, libraries

DOCUMENTS = [{"_id": f"d{domain}-{number}", "text": "…"} for domain in range(8) for number in range(5)]
QUESTIONS = [
    {"_id": f"{document['_id']} {number} {answerable}", "text": "?", "answerable": answerable}
    | ({} if answerable else {"near_miss_doc": document["_id"]})
    for document in DOCUMENTS
    for answerable in (True, False)
    for number in range(10)
]
RELEVANT = {each["_id"]: each["_id"].split()[0] for each in QUESTIONS if each["answerable"]}
MADE = list(libraries("made", DOCUMENTS, QUESTIONS, RELEVANT))


def about(question: dict[str, object]) -> str:
    return str(question["_id"]).split()[0]


def test_each_library_has_its_size_and_documents_of_its_own() -> None:
    assert tuple(len(held) for held, _ in MADE) == SIZES
    every = [each["_id"] for held, _ in MADE for each in held]
    assert len(every) == len(set(every))


def test_questions_are_on_its_documents_or_far_from_all_their_kin() -> None:
    for held, asked in MADE:
        ids = {each["_id"] for each in held}
        domains = {each.split("-")[0] for each in ids}
        near = [each for each in asked if each.get("type") != "far"]
        far = [each for each in asked if each.get("type") == "far"]
        assert {about(each) for each in near} <= ids
        assert (
            sum(each["answerable"] for each in near) == sum(not each["answerable"] for each in near) == MOST
        )
        assert not any(each["answerable"] for each in far)
        assert not any(about(each).split("-")[0] in domains for each in far)
        # Ten documents drawn of five from each of eight domains may leave no domain that is far.
        assert len(far) == MOST or len(domains) == 8


def test_a_suite_that_is_too_small_gives_fewer_libraries() -> None:
    assert len(list(libraries("made", DOCUMENTS[:3], QUESTIONS, RELEVANT))) == 3


def test_documents_are_kin_by_their_ids_where_these_tell() -> None:
    assert kinship(["a-1", "a-2", "b-1"]) == {"a-1": "a", "a-2": "a", "b-1": "b"}
    assert kinship(["c1", "c2"]) == {"c1": "c1", "c2": "c2"}
    assert kinship(["wikinews-1", "wikinews-2"]) == {"wikinews-1": "wikinews-1", "wikinews-2": "wikinews-2"}
