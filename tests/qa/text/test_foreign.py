from __future__ import annotations

import json
from importlib.resources import files

import pytest
from stop_words import get_stop_words

from qa.text.foreign import ENGLISH_TOO, LANGUAGES, UNKNOWN, foreign_function_words, foreign_language
from qa.text.terms import FUNCTION_WORDS
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Wer ist Liisa Korpela?", {"wer", "ist"}),
        ("Was hat die Stadt für das Kupfer bezahlt?", {"was", "hat", "die", "für", "das"}),
        ("Qui a tué Korpela ?", {"qui", "a"}),
        ("¿Quién es el alcalde de Riwon?", {"quién", "es", "el", "de"}),
        ("Chi è il sindaco di Hyesan?", {"chi", "è", "il", "di"}),
        ("Wie is de burgemeester van Orlava?", {"wie", "is", "de", "van"}),
        ("Quem é o prefeito de Kapsan?", {"quem", "é", "o", "de"}),
    ],
)
def test_function_words_of_a_question_in_another_language(question: str, words: set[str]) -> None:
    assert foreign_function_words(question) == words


@pytest.mark.parametrize(
    "question",
    [
        "Who is Liisa Korpela?",
        "war deaths 2008",
        "Did the men die in the war?",
        "Los Angeles riots",
        "What did Charles De Gaulle say?",
        "When did the mayor of Los Angeles come by car?",
        "premiums",
        "",
    ],
)
def test_an_english_question_has_none(question: str) -> None:
    assert not foreign_function_words(question)


def test_words_that_are_common_in_english_tell_nothing() -> None:
    common = set(files("qa.text").joinpath("common_words.txt").read_text(encoding="utf-8").split())
    listed = {word for language in LANGUAGES for word in get_stop_words(language)}
    assert listed & common <= ENGLISH_TOO | FUNCTION_WORDS


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie viele Schiffe liegen im Hafen?", "de"),
        ("Wer bezahlte?", "de"),
        ("¿Quién pagó el puente?", "es"),
        ("Hoeveel schepen waren er?", UNKNOWN),  # as likely German, by these words
        ("Did the men die in the war?", ""),
        ("La La Land cast", ""),
        ("la la land cast?", ""),
        ("who sang la vida es un carnaval", ""),
        ("a ballad called échame la culpa", ""),
        ("der spiegel interview with the minister", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_question_is_told_or_left_open(question: str, language: str) -> None:
    assert foreign_language(question) == language


def test_no_question_of_the_suites_is_taken_for_one_in_another_language() -> None:
    questions = [
        json.loads(line)["text"]
        for path in sorted((ROOT / "tests/suites").glob("*/queries.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(questions) > 300
    assert [each for each in questions if foreign_language(each)] == []
