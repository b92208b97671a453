"""A dossier as a file of each format: every quote in it, to the character, and no altered one passes."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from lxml import html
from markdown_it import MarkdownIt

pytest.importorskip("typst", reason="the extra report is not installed: make install brings it")

from qa.errors import ExportError, InputError, MissingExtraError, VerbatimError
from qa.quoting.bibliography import pandoc
from qa.quoting.bibliography.styles import open_style, rendered
from qa.quoting.claims.file import claims
from qa.quoting.verify import Verifier, is_work
from qa.report import export as exporting
from qa.report import pdf, read_back
from qa.report.contents import cited, entry_of, shown
from qa.report.export import FORMATS, export
from qa.report.fonts import Face, families_for
from qa.report.tree import Facts, marks_for, quoted, tree
from qa.schema import Asked, DossierEntry, Filters, Quote, QuoteReference
from tests.qa.report.library import ALTERED, TEXTS, fill, quotes, write_documents
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus
    from qa.quoting.verify import Verdict
    from qa.report.tree import Format

NAME = "Metal, rice & “ports”"
WHEN = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
SENTENCES = [sentence for sentences in TEXTS.values() for sentence in sentences]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder)
    with tiny_corpus(tmp_path_factory.mktemp("library") / "library") as corpus:
        report = corpus.index(folder)
        assert {each.status for each in report.files} == {"added"}
        fill(corpus, NAME)
        for each in quotes(corpus):
            PLACES[each.text] = QuoteReference(each.document.id, each.document.sha256, each.start, each.end)
        yield corpus


@pytest.fixture(scope="module")
def exported(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[Format, Path]:
    folder = tmp_path_factory.mktemp("exported")
    info = corpus.desk.dossiers.find(NAME)
    files = {form: folder / f"report.{form}" for form in FORMATS}
    for form, path in files.items():
        path.write_bytes(export(corpus, info, form))
    return files


def judged(corpus: Corpus, path: Path) -> list[Verdict]:
    found, passed_over, _ = claims(path)
    assert not any(claim.unpaired for claim in passed_over)
    return [each for each in Verifier(corpus.store).verdicts(found) if not is_work(each)]


def found_in(verdicts: list[Verdict]) -> set[str]:
    """Return the sentences that are quoted, and verbatim: by the places that they were found at."""
    places = {each.place for each in verdicts if each.claim.text is not None and each.status == "verbatim"}
    return {sentence for sentence, place in PLACES.items() if place in places}


PLACES: dict[str, QuoteReference] = {}


def altered_file(corpus: Corpus, form: Format, changes: tuple[tuple[str, str], ...]) -> bytes:
    """Return the report with altered quotes, as somebody else would hand it on."""
    info = corpus.desk.dossiers.find(NAME)
    entries = shown(corpus.desk.dossiers.entries(info.id), corpus.store)
    style = open_style("chicago")
    facts = Facts(NAME, dt.datetime.now(dt.UTC), "1", 1, None, {"reader": "1f"}, "chicago")
    document = json.dumps(tree(entries, rendered(*cited(entries), style), facts, form), ensure_ascii=False)
    for words, others in changes:
        assert document.count(words) == 1, words
        document = document.replace(words, others)
    return exporting._written(json.loads(document), facts, form)


def test_there_are_forty_quotes_of_twelve_documents_of_eight_formats_or_more(corpus: Corpus) -> None:
    found = quotes(corpus)
    assert len(found) == 40
    assert len({quote.document.path for quote in found}) == 12
    assert len({quote.document.format for quote in found}) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_every_quote_stands_in_the_file_and_is_verbatim(
    corpus: Corpus, exported: dict[Format, Path], form: Format
) -> None:
    assert all(read_back.contains(SENTENCES, exported[form].read_bytes(), form))
    verdicts = judged(corpus, exported[form])
    assert {each.status for each in verdicts} == {"verbatim"}, [
        (each.status, each.claim) for each in verdicts if each.status != "verbatim"
    ]
    assert found_in(verdicts) == set(SENTENCES)
    places = [each for each in verdicts if each.claim.text is None]
    assert len(places) == len(SENTENCES)  # the manifest's


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_each_of_twenty_altered_quotes_is_found(corpus: Corpus, tmp_path: Path, form: Format) -> None:
    path = tmp_path / f"altered.{form}"
    path.write_bytes(altered_file(corpus, form, ALTERED))
    verdicts = judged(corpus, path)
    assert found_in(verdicts) == {each for each in SENTENCES if not any(old in each for old, _ in ALTERED)}
    assert sum(each.status in ("altered", "distorted") for each in verdicts) == len(ALTERED)
    assert {each.status for each in verdicts} == {"verbatim", "altered"} | (
        {"distorted"} if any(each.status == "distorted" for each in verdicts) else set()
    )


@pytest.mark.slow
def test_footnotes_are_footnotes_one_for_each_quote(exported: dict[Format, Path]) -> None:
    assert count(exported["docx"], "word/footnotes.xml", rb"<w:footnoteRef ?/>") == len(SENTENCES)
    assert count(exported["odt"], "content.xml", rb'text:note-class="footnote"') == len(SENTENCES)
    patterns = {"html": r'<li id="fn\d+">', "md": r"(?m)^\[\^\d+\]: ", "tex": r"\\footnote\{"}
    for form, pattern in patterns.items():
        assert len(re.findall(pattern, exported[form].read_text())) == len(SENTENCES), form  # type: ignore[index]


@pytest.mark.slow
def test_footnotes_of_a_pdf_stand_on_the_page_of_their_quotes(exported: dict[Format, Path]) -> None:
    with pypdfium2.PdfDocument(exported["pdf"]) as document:
        pages = [page.get_textpage().get_text_bounded().replace("\r", "") for page in document]
    called = [re.findall(r"(?m)[”»」]\s?(\d{1,2})$", page) for page in pages]
    notes = [re.findall(r"(?m)^(\d{1,2})[“A-Z]", page) for page in pages]
    assert called == notes
    assert list(chain(*notes)) == [str(number) for number in range(1, len(SENTENCES) + 1)]


def count(path: Path, name: str, pattern: bytes) -> int:
    with zipfile.ZipFile(path) as package:
        return len(re.findall(pattern, package.read(name)))


@pytest.mark.slow
def test_the_report_tells_how_it_was_found(corpus: Corpus, exported: dict[Format, Path]) -> None:
    text = exported["md"].read_text()
    for said in (
        "Bibliography",
        "Question 1: What happened to the “machines of Hoeryong”?",
        "publisher IFES",
        "No answer found in the documents searched",
        f"library generation {corpus.store.generation}",
    ):
        assert said in text
    assert text.count("Analyst’s note:") == 4
    others = ", ".join(str(at + 1) for at in range(len(SENTENCES)) if at % 3)
    assert f"Kept without a question: quotes {others}." in text
    for quote in quotes(corpus):
        assert f"{quote.document.sha256}/{quote.start}-{quote.end}" in text
    assert corpus.store.stats().encoder is not None


@pytest.mark.slow
@pytest.mark.parametrize("style", ["apa", "mla", "ieee", "nature"])
def test_each_style_has_its_notes_and_the_quotes_stay(corpus: Corpus, style: str) -> None:
    data = export(corpus, corpus.desk.dossiers.find(NAME), "docx", style)
    assert all(read_back.contains(SENTENCES, data, "docx"))
    assert len(re.findall(rb"<w:footnoteRef ?/>", zipped(data, "word/footnotes.xml"))) == len(SENTENCES)


def zipped(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


LIBREOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.day
@pytest.mark.skipif(
    not LIBREOFFICE, reason="there is no LibreOffice here: apt install libreoffice-writer-nogui"
)
@pytest.mark.parametrize(("form", "to"), [("docx", "docx"), ("docx", "odt"), ("odt", "odt"), ("odt", "docx")])
def test_a_file_that_libreoffice_has_written_anew_is_verbatim_and_an_altered_one_is_not(
    corpus: Corpus, exported: dict[Format, Path], tmp_path: Path, form: Format, to: str
) -> None:
    verdicts = judged(corpus, rewritten(exported[form], to, tmp_path))
    assert {each.status for each in verdicts} == {"verbatim"}
    assert len([each for each in verdicts if each.claim.text]) >= len(SENTENCES)
    path = tmp_path / f"altered.{form}"
    path.write_bytes(altered_file(corpus, form, ALTERED))
    counts = Counter(each.status for each in judged(corpus, rewritten(path, to, tmp_path)))
    assert counts["altered"] + counts["distorted"] == len(ALTERED)
    assert found_in(judged(corpus, rewritten(exported[form], to, tmp_path))) == set(SENTENCES)


def rewritten(path: Path, to: str, folder: Path) -> Path:
    out = folder / "out"
    assert LIBREOFFICE
    subprocess.run(
        [
            *(LIBREOFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"),
            *("--convert-to", to, "--outdir", str(out), str(path)),
        ],
        check=True,
        timeout=300,
        capture_output=True,
    )
    return out / f"{path.stem}.{to}"


# Hard quotes

HARD = (
    '- a dash begins, and a quote\'s "marks" & &amp; stay as they are',
    "1. a number begins the line; two  spaces   and a\ttab are in it",
    "The first line of it\nand the second line\n\n  an indented paragraph ends it.",
    "He said “we will not go there again at all",
    "We will not go there again” is how it ended",
    "A #hash, a *star*, an _underscore_, a `tick`, ``two'' and ,,commas'' with -- and --- and ...",
    "\\alpha {brace} $5 100% ~tilde ^hat <tag> [^1] [link](http://example.org/a_b) | pipe",
    "Was it so? «Non», 「いいえ」 and „nein“ were the answers given",
)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_what_looks_like_markup_in_a_quote_stays_as_it_is(
    library: Path, inbox: Path, tmp_path: Path, form: Format
) -> None:
    text = "A list of hard things\n\n" + "".join(f"{words}\n\n" for words in HARD)
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "hard.txt", text))
        document = corpus.document("hard.txt")
        made = corpus.desk.dossiers.create("Hard")
        places = [(document.text.index(words), len(words)) for words in HARD]
        found = [Quote(document, start, start + length) for start, length in places]
        corpus.desk.dossiers.add(made.id, [entry_of(quote) for quote in found])
        path = tmp_path / f"hard.{form}"
        path.write_bytes(export(corpus, made, form))
        verdicts = judged(corpus, path)
        assert {each.status for each in verdicts} == {"verbatim"}, [
            (each.status, each.claim.text) for each in verdicts if each.status != "verbatim"
        ]
        assert len([each for each in verdicts if each.claim.text]) == len(HARD)


@pytest.mark.slow
def test_a_quote_of_several_pages_is_whole_in_a_pdf(library: Path, inbox: Path, tmp_path: Path) -> None:
    words = " ".join(f"Sentence {at} says what the harbour master saw that day." for at in range(200))
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "long.txt", f"{words}\n"), write(inbox, "a.txt", "It was not so at all.\n"))
        made = corpus.desk.dossiers.create("Long")
        short = entry_of(Quote(corpus.document("a.txt"), 0, 21))
        long = entry_of(Quote(corpus.document("long.txt"), 0, len(words)))
        corpus.desk.dossiers.add(made.id, [short, long])
        path = tmp_path / "long.pdf"
        path.write_bytes(export(corpus, made, "pdf"))
        verdicts = judged(corpus, path)
        assert {each.status for each in verdicts} == {"verbatim"}
        assert max(len(each.claim.text or "") for each in verdicts) > 10_000


def test_marks_are_chosen_that_the_words_do_not_close() -> None:
    assert marks_for("plain words") == ("“", "”")
    assert marks_for("he said “so” and went") == ("“", "”")
    assert marks_for("he said “so and went") == ("«", "»")
    assert marks_for("so” and « it went") == ("「", "」")


# What goes wrong


@pytest.mark.slow
def test_a_purged_quote_is_named_and_a_superseded_one_says_so(
    library: Path, inbox: Path, tmp_path: Path
) -> None:
    kept = "The harbour was dredged in March, by hand."
    with tiny_corpus(library) as corpus:
        first = write(inbox, "a.txt", f"{kept}\n")
        corpus.index(first, write(inbox, "b.txt", "The zyzzogeton was seen at noon today.\n"))
        made = corpus.desk.dossiers.create("Both")
        both = [corpus.document("a.txt"), corpus.document("b.txt")]
        corpus.desk.dossiers.add(
            made.id, [entry_of(Quote(each, 0, len(each.text) - 1), Asked("What?")) for each in both]
        )
        corpus.index(write(inbox, "a.txt", f"{kept.replace('March', 'April')}\n"))
        corpus.purge(["b.txt"])
        data = export(corpus, corpus.desk.dossiers.info(made.id), "md").decode()
        assert "There was a quote here. Its document was purged on" in data
        assert "The source has another text since" in data
        assert "zyzzogeton" not in data
        path = tmp_path / "report.md"
        path.write_text(data)
        assert {each.status for each in judged(corpus, path)} == {"superseded"}


@pytest.mark.slow
def test_an_empty_dossier_is_a_report_too(corpus: Corpus) -> None:
    made = corpus.desk.dossiers.create("Nothing yet")
    for form in FORMATS:
        assert export(corpus, made, form)
    corpus.desk.dossiers.delete(made.id)


@pytest.mark.slow
def test_a_quote_that_a_writer_alters_leaves_nothing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    written = exporting.run_pandoc

    def alters(arguments: tuple[str, ...], given: bytes) -> bytes:
        return written(arguments, given.replace(b"did not approve", b"did approve"))

    monkeypatch.setattr(exporting, "run_pandoc", alters)
    with pytest.raises(VerbatimError, match="quote 5 is not word for word in the md file"):
        export(corpus, corpus.desk.dossiers.find(NAME), "md")


def test_a_style_that_is_none_is_named(corpus: Corpus) -> None:
    with pytest.raises(InputError, match="there is no citation style 'harvard of mars'"):
        export(corpus, corpus.desk.dossiers.find(NAME), "md", "harvard of mars")


def test_without_the_programs_the_next_step_is_said(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pandoc, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pullquote\\[report\\]"):
        export(corpus, corpus.desk.dossiers.find(NAME), "docx")
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="typst"):
        pdf.typeset("", "", [], dt.datetime.now(dt.UTC))


@cache
def faces() -> tuple[Face, ...]:
    task = {"fonts": True, "folders": [str(each) for each in pdf.folders()]}
    return tuple(Face(family, Path(path), *others) for family, path, *others in json.loads(pdf._run(task)))


@pytest.mark.slow
def test_a_character_that_no_font_has_is_named_and_no_box_is_drawn(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TTFont, "getGlyphOrder", None)  # to name all glyphs takes longer than all else
        with pytest.raises(ExportError, match=r"U\+E01EF"):
            families_for("a\U000e01ef", faces())
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", "The sign \ue123 was seen on every gate of it.\n"))
        made = corpus.desk.dossiers.create("Signs")
        corpus.desk.dossiers.add(made.id, [entry_of(Quote(corpus.document("a.txt"), 0, 20))])
        with monkeypatch.context() as patch:
            # It is refused before anything is written, and before a font is opened: there may be thousands.
            patch.setattr(exporting, "run_pandoc", None)
            patch.setattr(TTFont, "__init__", None)
            with pytest.raises(ExportError, match=r"U\+E123"):
                export(corpus, made, "pdf")
        assert "\ue123" in export(corpus, made, "html").decode()


@pytest.mark.slow
def test_han_is_drawn_as_most_of_the_text_has_it() -> None:
    assert families_for("abc", faces())[:1] == ["DejaVu Serif"]
    assert "Noto Sans CJK KR" in families_for("공장은 해체되었다 三月", faces())[:3]
    assert "Noto Sans CJK SC" in families_for("会宁的工厂在三月被拆除", faces())[:3]


def test_a_question_is_the_analysts_and_kept_once(corpus: Corpus) -> None:
    entries = corpus.desk.dossiers.entries(corpus.desk.dossiers.find(NAME).id)
    assert isinstance(entries[0], DossierEntry)
    assert {each.kind for each in entries} == {"quote", "heading", "note", "question"}


# Any text

SIGNS = "*_`~^$#@&%{}[]()<>\\/|!?-+=.,:;'\"“”«»…–— ab1é한中\t"


def hostile(count: int) -> list[str]:
    """Return texts of signs that mean something somewhere, some of several lines."""
    drawn = random.Random(7)
    texts = ["".join(drawn.choices(SIGNS, k=drawn.randint(3, 30))) for _ in range(count)]
    lines = ["\n".join(drawn.sample(texts, drawn.randint(2, 3))) for _ in range(count // 5)]
    entities = [
        "&amp; &lt;b&gt; &#42; &nbsp;",
        "``` code ```",
        "1. one\n2. two",
        "- a\n- b",
        "# h\n===\n> q",
        "    x",
    ]
    return [f"x{each}x" for each in (*texts, *lines, *entities)]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_any_text_comes_back_to_the_character(form: Format) -> None:
    texts = hostile(300)
    blocks = [{"t": "BlockQuote", "c": [{"t": "Para", "c": quoted(words, form)}]} for words in texts]
    facts = Facts("Any", dt.datetime.now(dt.UTC), "1", 1, None, {}, "")
    document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks}
    data = exporting._written(document, facts, form)
    lost = [
        words for words, found in zip(texts, read_back.contains(texts, data, form), strict=True) if not found
    ]
    assert lost == []


@pytest.mark.slow
def test_markdown_and_html_show_it_so_to_other_readers() -> None:
    """Our own reading could share a mistake with what it reads: markdown-it and lxml read it here."""
    texts = [words for words in hostile(300) if "\t" not in words]
    facts = Facts("Any", dt.datetime.now(dt.UTC), "1", 1, None, {}, "")
    for form in ("md", "html"):
        blocks = [
            {"t": "BlockQuote", "c": [{"t": "Para", "c": quoted(words, cast("Format", form))}]}
            for words in texts
        ]
        document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks}
        data = exporting._written(document, facts, cast("Format", form)).decode()
        page = MarkdownIt("commonmark").render(data) if form == "md" else data
        shown = [each.text_content().strip("\n") for each in html.fromstring(page).iter("blockquote")]
        expected = ["".join((marks_for(words)[0], words, marks_for(words)[1])) for words in texts]
        # Markdown shows no blanks at the ends of lines.
        trimmed = (lambda text: re.sub(r" *\n *", "\n", text)) if form == "md" else str
        assert [trimmed(each) for each in shown] == [trimmed(each) for each in expected]


def all_words(data: bytes, form: Format) -> str:
    """Return the words of a report, footnotes too, without white space."""
    text = read_back._of_pdf(data) if form == "pdf" else read_back.text_of(data, form)
    if form == "docx":
        text += re.sub(r"<[^>]*>", "", zipped(data, "word/footnotes.xml").decode())
    return re.sub(r"\s+", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_notes_and_appendix_say_what_is_no_longer_current_and_what_a_reader_must_know(
    library: Path, inbox: Path, tmp_path: Path, form: Format
) -> None:
    texts = {
        "moved.txt": "The lock was closed for repairs in 1931.",
        "other.txt": "The toll was raised to nine crowns in 1932.",
        "gone.txt": "The keeper left his post without notice.",
        "erased.txt": "The ledger of that year was never found.",
        "said.txt": "Sixty-one boats were lost, the coroner said.",
        "also.txt": "In all 58 boats were lost in the flood.",
    }
    with tiny_corpus(library) as corpus:
        corpus.index(*(write(inbox, name, f"{words}\n") for name, words in texts.items()))
        documents = {name: corpus.document(name) for name in texts}
        figures = [
            QuoteReference(name, documents[name].sha256, *place)
            for name, place in (("said.txt", (0, 9)), ("also.txt", (7, 9)))
        ]
        made = corpus.desk.dossiers.create("Flood")
        entries = [
            entry_of(Quote(document, 0, len(document.text) - 1), None, figures)
            for name, document in documents.items()
        ]
        asked = Asked("Who paid?", "weak", Filters(collection="Velden"), WHEN, 1, 45, 0.86)
        corpus.desk.dossiers.add(made.id, [*entries, DossierEntry("question", asked=asked)])
        corpus.index(write(inbox, "moved.txt", f"A new head.\n\n{texts['moved.txt']}\n"))
        corpus.index(write(inbox, "other.txt", "The toll was raised to ten crowns in 1932.\n"))
        corpus.remove(["gone.txt"])
        corpus.purge(["erased.txt"])
        data = export(corpus, corpus.desk.dossiers.info(made.id), form)
        said = all_words(data, form)
        for words, times in (
            ("4 quotes are no longer current", 1),
            ("The source has another text since", 2),
            ("The source was removed from the library on", 1),
            ("The present text still says this.", 2),  # the note, and the appendix
            ("The present text has other words.", 2),
            ("Answers no longer quote this document.", 2),
            ("Quote 1: superseded on", 1),
            ("Quote 2: superseded on", 1),
            ("Quote 3: removed on", 1),
            ("A quote: purged on", 1),
            ("Said by the coroner.", 1),
            ("Sources differ: Sixty-one here; 58 in also.", 1),
            ("No answer found in the 45 documents searched in collection Velden.", 1),
            ("Asked on 28 November 2026, strictness balanced.", 1),
        ):
            assert said.count(re.sub(r"\s+", "", words)) == times, words
        path = tmp_path / f"report.{form}"
        path.write_bytes(data)
        statuses = Counter(each.status for each in judged(corpus, path) if each.claim.text)
        # Words that the present text still has are verbatim.
    assert statuses == {"verbatim": 3, "superseded": 1, "removed": 1}
