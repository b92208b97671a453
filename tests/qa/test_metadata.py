from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.metadata import check, read_sidecar, sidecar_of, value_of, with_language, with_values
from qa.schema import Document, Found

ENGLISH = (
    "The price of maize rose in every market of the province, and traders blamed the floods of the summer."
)


def test_a_sidecar_lies_beside_its_file_and_is_named_after_it():
    assert sidecar_of(Path("briefs/a b.pdf")) == Path("briefs/a b.pdf.meta.toml")


def test_a_sidecar_gives_fields_as_text_and_dates_as_toml_or_text():
    data = b'\xef\xbb\xbftitle = "  T "\r\ndate = 2008-04-04\r\nnumber = 12\r\npublisher = ""\r\n'
    assert read_sidecar(data, "x") == {"title": "T", "date": "2008-04-04", "number": "12", "publisher": ""}
    assert read_sidecar(b"date = 2008-04-04T23:00:00Z", "x") == {"date": "2008-04-04"}
    assert read_sidecar(b'date = "2008-04-04"', "x") == {"date": "2008-04-04"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"title = ", "x is not TOML"),
        (b"title = \xff", "x is not TOML"),
        (b"a = [" + b"[" * 5000, "x is not TOML"),
        (b'tilte = "T"', "x: 'tilte' is no field of a document: use title, author"),
        (b'date = "4 April"', "x: '4 April' is not a date: write it as 2008-04-04"),
        (b'title = ["a"]', "is no text"),
        (b'title = "a\\nb"', "control characters"),
    ],
)
def test_a_bad_sidecar_is_refused_by_name(data: bytes, message: str):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        read_sidecar(data, "x")


def test_values_replace_what_was_known_and_say_who_said_so():
    document = Document(
        "a", "Text.", title="Old", date=dt.date(2008, 4, 4), found=(Found("title", "header", "likely"),)
    )
    edited = with_values(document, {"title": "New", "date": ""}, "corrected by hand", "corrected")
    assert (edited.title, edited.date) == ("New", None)
    assert edited.found == (
        Found("title", "corrected by hand", "corrected"),
        Found("date", "corrected by hand", "corrected"),
    )
    assert with_values(document, {}, "x", "stated") is document


def test_no_language_means_the_default():
    document = replace(Document("a", "Text."), language="ko")
    assert with_values(document, {"language": ""}, "x", "corrected").language == "en"


def test_a_value_is_given_back_as_it_was_put():
    document = with_values(Document("a", "Text."), {"date": "2008-04-04", "author": "A"}, "x", "stated")
    assert (value_of(document, "date"), value_of(document, "author")) == ("2008-04-04", "A")
    assert value_of(document, "url") == ""
    with pytest.raises(InputError, match="no field"):
        check({"text": "x"})


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("Le prix du maïs a augmenté sur tous les marchés de la province, selon les commerçants.", "fr"),
        ("고철 밀수가 성행하고 있다.", "ko"),
        ("废金属走私猖獗。", "zh"),
        ("日本の輸出は増えた。", "ja"),
        (f"{ENGLISH} It is called 고철 there.", "en"),
        ("Regen, 12 mm", "en"),  # too short to tell
    ],
)
def test_a_language_that_nothing_states_is_told_by_the_text(text: str, language: str):
    document = with_language(Document("a", text))
    assert document.language == language


def test_a_language_that_is_stated_stands():
    stated = Document("a", ENGLISH, language="de", found=(Found("language", "HTML lang", "stated"),))
    assert with_language(stated) is stated
