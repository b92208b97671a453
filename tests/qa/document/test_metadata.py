from __future__ import annotations

import datetime as dt
import html
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.document.metadata import check, read_sidecar, sidecar_of, value_of, with_language, with_values
from qa.document.window import head
from qa.errors import DocumentNotFoundError, InputError
from qa.quoting.render import info_to_dict
from qa.schema import Document, Filters, Found
from tests.qa.tiny import write

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.schema import DocumentInfo

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
    assert read_sidecar(b'date = "2008-04"', "x") == {"date": "2008-04"}
    assert read_sidecar(b"date = 2008", "x") == {"date": "2008"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"title = ", "x is not TOML"),
        (b"title = \xff", "x is not TOML"),
        (b"a = [" + b"[" * 5000, "x is not TOML"),
        (b'tilte = "T"', "x: 'tilte' is not a field of a document: use title, author"),
        (b'date = "4 April"', "x: '4 April' is not a date; write 2008-04-04, 2008-04 or 2008"),
        (b'date = "2008-13"', "x: there is no such month: 2008-13"),
        (b'title = ["a"]', "is not a text"),
        (b"title = true", "is not a text"),
        (b'title = "a\\nb"', "control characters"),
        (b'url = "javascript:alert(1)"', "the url does not begin with http:// or https://"),
        (b'url = "file:///etc/passwd"', "the url does not begin with http:// or https://"),
        (b'url = "https://a b"', "or has spaces"),
        (b'title = "' + b"a" * 1_001 + b'"', "more than 1,000 characters"),
    ],
)
def test_a_bad_sidecar_is_refused_by_name(data: bytes, message: str):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        read_sidecar(data, "x")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("javascript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("file:///etc/passwd", False),
        ("//example.org/", False),
        ("https://example.org/a", True),
        ("HTTPS://example.org/a", True),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.md", "a.html"])
def test_an_address_in_a_file_that_leads_elsewhere_than_to_the_web_is_left_out(
    corpus: Corpus, tmp_path: Path, name: str, url: str, kept: bool
):
    body = "The harbour at Ostrava was closed in May. Nobody came to see it."
    content = {
        "a.jsonl": json.dumps({"_id": "a", "text": body, "url": url}),
        "a.csv": f'_id,text,url\na,"{body}","{url}"\n',
        "a.md": f"---\ntitle: A\nurl: {json.dumps(url)}\n---\n\n{body}\n",
        "a.html": f'<title>A</title><link rel="canonical" href="{html.escape(url)}"><p>{body}</p>',
    }[name]
    corpus.index(write(tmp_path, name, content))
    (info,) = corpus.documents()
    if not kept or name != "a.html":
        assert info.url == (url if kept else "")
    if not kept and name in ("a.jsonl", "a.csv"):
        assert info.notes == ("Its url does not begin with http:// or https://, so it was left out.",)


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
    with pytest.raises(InputError, match="not a field"):
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


BRIEF = "Border prices\n\nInstitute of Tests\n4 April 2008\n\nThe price of rice rose in Hyesan.\n"


def info(corpus: Corpus, document_id: str = "a.txt") -> DocumentInfo:
    (found,) = corpus.documents(Filters(document=(document_id,)))
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "in", "a.txt", BRIEF)


def test_where_metadata_come_from_is_told(corpus: Corpus, file: Path):
    corpus.index(file)
    found = {each.field: (each.source, each.sure) for each in info(corpus).found}
    assert found["date"] == ("its header", "likely")


def test_a_sidecar_counts_for_more_than_the_file_and_a_change_of_it_is_seen(corpus: Corpus, file: Path):
    corpus.index(file.parent)
    sidecar = write(file.parent, "a.txt.meta.toml", 'publisher = "IFES"\ncollection = "north"\n')
    report = corpus.index(file.parent)
    assert [each.status for each in report.files] == ["replaced"]
    assert report.skipped == ()
    assert (info(corpus).publisher, info(corpus).collection) == ("IFES", "north")
    assert Found("publisher", "sidecar file", "stated") in info(corpus).found
    assert corpus.index(file.parent).count("unchanged") == 1
    sidecar.unlink()
    corpus.index(file.parent)
    assert info(corpus).publisher != "IFES"


def test_a_bad_sidecar_is_refused_by_name_and_its_file_goes_in(corpus: Corpus, file: Path):
    write(file.parent, "a.txt.meta.toml", "title = ")
    report = corpus.index(file.parent)
    assert [each.status for each in report.files] == ["refused", "added"]
    assert report.files[0].path.endswith("a.txt.meta.toml")


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["title = ", 'nope = "x"\n', 'date = "spring"\n'])
def test_while_a_sidecar_makes_no_sense_its_document_keeps_what_it_said(
    corpus: Corpus, file: Path, broken: str
):
    sidecar = write(file.parent, "a.txt.meta.toml", 'title = "Rice"\npublisher = "IFES"\nauthor = ""\n')
    corpus.index(file.parent)
    corpus.edit("a.txt", {"publisher": "Institute"})
    before = info(corpus)
    write(file.parent, sidecar.name, broken)
    for dry_run in (True, False, False):
        report = corpus.index(file.parent, dry_run=dry_run)
        assert [each.status for each in report.files] == ["refused", "unchanged"]
        assert str(sidecar) in report.files[0].error.message
        assert info(corpus) == before
    write(file.parent, "a.txt", BRIEF.replace("rose", "fell"))  # nor is that lost when the text changes
    assert corpus.index(file.parent).count("replaced") == 1
    assert (info(corpus).title, info(corpus).publisher, info(corpus).author) == ("Rice", "Institute", "")
    corpus.edit("a.txt", {}, reset=["publisher"])
    assert info(corpus).publisher == "IFES"
    sidecar.unlink()
    corpus.index(file.parent)
    assert (info(corpus).title, info(corpus).publisher) == ("Border prices", "Institute of Tests")


def test_a_sidecar_that_makes_no_sense_speaks_for_what_is_new_in_its_file(corpus: Corpus, tmp_path: Path):
    record = '{{"_id": "r{0}", "text": "Rice number {0} rose."}}\n'
    file = write(tmp_path / "in", "r.jsonl", record.format(1))
    write(tmp_path / "in", "r.jsonl.meta.toml", 'publisher = "IFES"\n')
    corpus.index(file)
    write(tmp_path / "in", "r.jsonl.meta.toml", "publisher = ")
    write(tmp_path / "in", "r.jsonl", record.format(1) + record.format(2))
    assert corpus.index(file).count("added") == 1
    assert [each.publisher for each in corpus.documents()] == ["IFES", "IFES"]


def test_a_sidecar_without_its_file_is_named(corpus: Corpus, file: Path):
    write(file.parent, "a.txt.meta.toml", 'title = "Rice"\n')
    orphan = write(file.parent, "b.txt.meta.toml", 'title = "Maize"\n')
    for dry_run in (True, False):
        report = corpus.index(file.parent, dry_run=dry_run)
        assert report.skipped == (str(orphan),)
        (remark,) = report.remarks
        assert remark.startswith(f"{orphan} describes no document: there is no b.txt next to it.")
    write(file.parent, "b.txt", "Maize.")
    assert corpus.index(file.parent).remarks == ()


def test_a_month_is_a_date_that_can_be_corrected_filtered_and_put_back(corpus: Corpus, file: Path):
    corpus.index(file)
    before = info(corpus).date
    edited, _ = corpus.edit("a.txt", {"date": "2024-04"})
    assert value_of(edited, "date") == info_to_dict(info(corpus))["date"] == "2024-04"
    inside, after = Filters(since=dt.date(2024, 4, 30)), Filters(since=dt.date(2024, 5, 1))
    assert [len(corpus.documents(filters)) for filters in (inside, after)] == [1, 0]
    assert head(edited).endswith("2024-04 April 2024")  # what the document is found by
    corpus.edit("a.txt", {}, reset=["date"])
    assert info(corpus).date == before


def test_a_correction_outlives_whatever_replaces_the_document(corpus: Corpus, file: Path):
    corpus.index(file)
    before = info(corpus)
    edited, corrected = corpus.edit("a.txt", {"title": "Rice", "date": "2009-01-02", "publisher": ""})
    assert corrected == ("title", "date", "publisher")
    assert (edited.title, edited.date, edited.publisher) == ("Rice", dt.date(2009, 1, 2), "")
    assert Found("title", "corrected by hand", "corrected") in info(corpus).found
    assert [each.id for each in corpus.documents(Filters(since=dt.date(2009, 1, 1)))] == ["a.txt"]
    assert info(corpus).sha256 == before.sha256
    assert corpus.store.matching([["2009"]], 5, corpus.store.select())[0]  # the window's head follows

    write(file.parent, "a.txt", BRIEF.replace("rose", "fell").replace("Border", "Market"))
    assert corpus.index(file).count("replaced") == 1
    assert (info(corpus).title, info(corpus).date) == ("Rice", dt.date(2009, 1, 2))

    edited, corrected = corpus.edit("a.txt", {}, reset=["title"])
    assert edited.title == info(corpus).title == "Market prices"  # as the source says now
    assert corrected == ("date", "publisher")
    corpus.edit("a.txt", {}, reset=["date", "publisher"])
    assert info(corpus).date == before.date
    assert set(info(corpus).found) == set(before.found)


def test_a_correction_outlives_removal_and_another_format(corpus: Corpus, file: Path, tmp_path: Path):
    corpus.index(file)
    corpus.edit("a.txt", {"title": "Rice"})
    corpus.remove(["a.txt"])
    corpus.restore(["a.txt"])
    assert info(corpus).title == "Rice"
    record = write(tmp_path, "r.jsonl", '{"_id": "r1", "text": "Rice rose.", "title": "T"}\n')
    corpus.index(record)
    corpus.edit("r1", {"title": "Rice again"})
    write(tmp_path, "r.jsonl", '{"_id": "r1", "text": "Rice fell.", "title": "T"}\n')
    corpus.index(record)
    assert (info(corpus, "r1").title, corpus.document("r1").text) == ("Rice again", "Rice fell.")


def test_a_name_too_long_for_a_sidecar_has_none(corpus: Corpus, file: Path):
    write(file.parent, f"{'n' * 250}.txt", "Maize.")
    assert [each.status for each in corpus.index(file.parent).files] == ["added", "added"]


def test_the_same_file_of_two_publishers_is_two_documents_and_so_foreseen(corpus: Corpus, tmp_path: Path):
    for folder, publisher in (("a", "IFES"), ("b", "NK Daily"), ("c", "IFES")):
        write(tmp_path / "in" / folder, "a.txt", "Rice rose.")
        write(tmp_path / "in" / folder, "a.txt.meta.toml", f'publisher = "{publisher}"')
    folders = [tmp_path / "in" / folder for folder in "abc"]
    for dry_run in (True, False):
        report = corpus.index(*folders, dry_run=dry_run)
        assert [(each.status, each.document_id) for each in report.files] == [
            *(("added", "a.txt"), ("added", "a.txt~2"), ("duplicate", "a.txt"))
        ]
    assert corpus.index(*folders).count("unchanged") == 3


def test_what_is_known_of_a_document_is_what_the_copy_that_is_left_says(corpus: Corpus, file: Path):
    write(file.parent, "a.txt.meta.toml", 'author = "A. Writer"\n')
    write(file.parent, "b.txt", BRIEF)
    corpus.index(file.parent)
    assert (info(corpus).author, len(info(corpus).locations)) == ("A. Writer", 2)
    file.unlink()
    corpus.index(file.parent)
    assert info(corpus).author == ""
    assert corpus.index(file.parent).count("unchanged") == 1


def test_a_file_that_is_moved_takes_its_new_sidecar(corpus: Corpus, file: Path):
    write(file.parent, "stays.txt", "Another text.")
    corpus.index(file.parent)
    file.rename(file.with_name("b.txt"))
    write(file.parent, "b.txt.meta.toml", 'author = "A. Writer"\n')
    assert corpus.index(file.parent).count("moved") == 1
    assert info(corpus).author == "A. Writer"


def test_sections_come_with_another_format(corpus: Corpus, file: Path):
    write(file.parent, "stays.txt", "Another text.")
    write(file.parent, "a.txt", "# Prices\n\nRice rose.\n\n# Floods\n\nThe river rose.\n")
    corpus.index(file.parent)
    file.rename(file.with_suffix(".md"))
    assert corpus.index(file.parent).count("moved") == 1
    assert [section.name for section in corpus.document("a.txt").sections] == ["Prices", "Floods"]


@pytest.mark.slow
def test_a_correction_is_of_one_document_whatever_others_are_called(
    corpus: Corpus, file: Path, tmp_path: Path
):
    corpus.index(file.parent)
    corpus.edit("a.txt", {"title": "Rice"})
    for folder, text in (("d2", "Market prices\n\nMaize."), ("d3", "Harvest\n\nBarley.")):
        write(tmp_path / folder, "a.txt", text)
    corpus.index(tmp_path / "d2")
    assert info(corpus, "a.txt~2").title == "Market prices"
    corpus.remove(["a.txt"])
    corpus.index(tmp_path / "d3")
    for text in ("Harvest\n\nBarley.", "Harvest\n\nOats."):
        write(tmp_path / "d3", "a.txt", text)
        corpus.index(tmp_path / "d3")
        assert info(corpus, "a.txt~3").title == "Harvest"
    write(file.parent, "a.txt", BRIEF.replace("rose", "fell"))  # what was removed comes back, corrected
    corpus.index(file.parent)
    assert info(corpus).title == "Rice"


def test_a_correction_goes_with_a_document_that_is_moved(corpus: Corpus, file: Path):
    write(file.parent, "stays.txt", "Another text.")
    corpus.index(file.parent)
    corpus.edit("a.txt", {"title": "Rice"})
    file.unlink()
    write(file.parent, "b.txt", BRIEF.replace("\n\n", "\n\n\n"))
    assert corpus.index(file.parent).count("moved") == 1
    assert info(corpus).title == "Rice"


def test_a_correction_stays_with_the_copy_that_is_left_though_its_white_space_changed(
    corpus: Corpus, file: Path
):
    write(file.parent, "b.txt", BRIEF)
    corpus.index(file.parent)
    corpus.edit("a.txt", {"title": "Rice"})
    write(file.parent, "a.txt", "Market prices\n\nMaize.\n")
    write(file.parent, "b.txt", BRIEF.replace("\n\n", "\n\n\n"))
    corpus.index(file.parent)
    assert info(corpus, "b.txt").title == "Rice"
    assert corpus.document("b.txt").text == BRIEF.replace("\n\n", "\n\n\n")


def test_what_makes_no_sense_is_not_corrected(corpus: Corpus, file: Path):
    corpus.index(file)
    before = info(corpus)
    for values, reset in (({"text": "x"}, ()), ({"date": "spring"}, ()), ({}, ("title",))):
        with pytest.raises(InputError):
            corpus.edit("a.txt", values, reset=reset)
    with pytest.raises(DocumentNotFoundError):
        corpus.edit("b.txt", {"title": "x"})
    assert info(corpus) == before
