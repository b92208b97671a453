"""Names: the issue's table, what must not be taken for a name, aliases, and what the store keeps."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qa import Corpus
from qa.asking.conversation import interpret
from qa.asking.retrieve import candidates, prepare
from qa.cli import cli
from qa.text.names import ALIAS_FILE, Aliases, Names, aliases, find, fold, key, read_aliases, spellings
from qa.text.question import ParsedQuestion
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Each line is one name: McCune–Reischauer with its marks and without, Revised Romanisation, DPRK, newspapers.
ONE_NAME = """
Ryanggang, Yanggang, Yangkang, Ryang-gang
Kapsan, Kabsan, Gapsan
Jangbaek, Changbaek, Jang-baek, Changpaek
Hamgyong, Hamkyung, Hamgyŏng, Hamgyeong, Hamkyong, Hamkyŏng
Kim Jong Un, Kim Jong-un, Kim Chŏngŭn, Kim Chong-un, Kim Jeong-eun, Gim Jeong Eun, Kim Jung Un, Kim Jongun
Kim Jong Il, Kim Jong-il, Kim Chŏng-il, Kim Jeong-il
Ch'ŏngjin, Ch’ongjin, Chongjin, Cheongjin
Pyongyang, P'yŏngyang, Pyeongyang, Phyongyang, Pyungyang
Sinuiju, Sinŭiju, Shinuiju, Sineuiju
Rajin, Najin
Rodong Sinmun, Nodong Sinmun, Rodong Shinmun
Hoeryong, Hoeryŏng, Hoeryeong
Yongbyon, Nyongbyon, Yŏngbyŏn, Yeongbyeon
Chongryon, Chongnyon, Ch'ongnyŏn
Kaesong, Kaesŏng, Gaeseong
Wonsan, Wŏnsan, Weonsan
Namp'o, Nampo, Namp’o, Nampho
Ri Yong Ho, Lee Yong-ho, Yi Yŏng-ho, Rhee Yong Ho
Pak Pong Ju, Park Bong-ju, Pak Pong-ju
Choe Ryong Hae, Choi Ryong-hae, Ch'oe Ryong-hae
Jang Song Thaek, Chang Sŏng-t'aek, Jang Seong-taek
Hyesan, Hye-san
"""
TABLE = [line.split(", ") for line in ONE_NAME.strip().splitlines()]


class Known(dict[str, list[str]]):
    """What a corpus knows of some text's names."""

    def __init__(self, text: str) -> None:
        self.text = f" {fold(text)} "
        self.written = text
        for (its, _), spelling in spellings(text).items():
            self.setdefault(its, []).append(spelling)

    def spellings(self, keys: Iterable[str]) -> dict[str, list[str]]:
        return {its: self[its] for its in keys if its in self}

    def holds(self, name: str) -> bool:
        return f" {fold(name)} " in self.text

    def holds_in_lower_case(self, word: str) -> bool:
        return word in self.written


def matched(question: str, text: str, aliases: Aliases | None = None) -> dict[str, tuple[str, ...]]:
    names = find(question, aliases or Aliases([]), Known(text)).names
    return {name.asked: name.found for name in names}


@pytest.mark.parametrize("variants", TABLE, ids=lambda variants: variants[0])
def test_all_romanisations_of_a_name_match(variants: list[str]) -> None:
    for asked in variants:
        for written in variants:
            found = matched(f"What happened in {asked} last week?", f"It is said that {written} was quiet.")
            same = fold(asked) == fold(written)  # to full text too: there is nothing to match
            assert found == ({} if same else {asked: (written,)}), (asked, written)


def test_names_that_differ_have_different_keys() -> None:
    keys = [key(variants[0].replace("-", " ").split()) for variants in TABLE]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    # Real pairs of places and leaders that a coarser key would take for each other.
    for one, other in (
        ("Kusong", "Kosong"),
        ("Sunchon", "Sonchon"),
        ("Cheongju", "Chungju"),
        ("Wonsan", "Unsan"),
        ("Musan", "Masan"),
        ("Hamhung", "Hamgyong"),
    ):
        assert key([one]) != key([other])
    assert key("Kim Jong Un".split()) != key("Kim Jong Il".split())


@pytest.mark.parametrize(
    "variants",
    [
        "Kim Yong Chol, Kim Yong Chul, Kim Yŏng-ch'ŏl, Kim Young-chul, Kim Yeong-cheol, Kim Yongchul",
        "Han Chol Su, Han Chul-soo, Han Cheol-soo, Han Ch'ŏl-su",
        "Ri Yong Hyok, Lee Young-hyuk, Yi Yŏng-hyŏk, Lee Yeong-hyeok",
        "Kim Kyok Sik, Kim Kyuk-sik, Kim Gyeok-sik",
        "Yun Sok Yol, Yun Suk-yeol, Yun Sŏk-yŏl",
        "Hwang Jang Yop, Hwang Jang-yup, Hwang Jang-yeop, Hwang Chang-yŏp",
        "Kim Jong Suk, Kim Chŏng-suk, Kim Jeong-suk, Kim Jung-sook",
        "Kim Il Sung, Kim Il-song, Kim Il Seong, Kim Ilsŏng",
        "Chung Mong Hun, Jeong Mong-heon, Chŏng Mong-hŏn",
        "Park Geun-hye, Bak Geun-hye, Pak Kŭn-hye",
        "Cho Myong Gyun, Jo Myeong-gyun, Cho Myeong-gyun",
    ],
)
def test_vowels_that_newspapers_write_otherwise_match_within_a_persons_name(variants: str) -> None:
    names = variants.split(", ")
    for asked in names:
        for written in names:
            same = fold(asked) == fold(written)
            found = matched(f"Who met {asked} there?", f"There {written} was seen.")
            assert found == ({} if same else {asked: (written,)}), (asked, written)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Taejŏn", "Taech'ŏn"),
        ("Daejeon", "Taechon"),
        ("Andon", "Anton"),
        ("Model", "Motel"),
        ("T'ongch'ŏn", "Dongcheon"),
        ("Chŏngjin", "Ch'ŏngjin"),
        ("Kim Yŏng-ch'ŏl", "Kim Yŏng-chŏl"),
        ("Phochon", "Bocheon"),
        ("Kim Chŏng-suk", "Kim Chŏng-sŏk"),  # 숙, 석
        ("Kim Yŏng-ch'ul", "Kim Yŏng-ch'ŏl"),
        ("Kim Su Nam", "Kim So Nam"),
        ("Kim Yŏng-sok", "Kim Yong Suk"),
        ("Kim Jung Un", "Kim Jong On"),
        ("Chung Mong Koo", "Chung Mong Hun"),
        ("Chung Il Kwon", "Jeong In-gwon"),
        ("Chol Song", "Chul Song"),  # a given name of one syllable, or no person
        ("Sunchon", "Sonchon"),
    ],
)
def test_spellings_that_say_that_they_differ_do_not_match(one: str, other: str) -> None:
    for asked, written in ((one, other), (other, one)):
        assert matched(f"Who was in {asked} then?", f"In {written} it rained.") == {}


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("Taech'ŏn", "Taechon"),
        ("Taejŏn", "Daejeon"),
        ("T'ongch'ŏn", "Tongchon"),
        ("Tongchon", "Dongcheon"),
        ("Thaechon", "T'aech'ŏn"),
        ("Yangan", "Ryang-an"),
        ("Mat'ong", "Mathong"),
        ("Chongjin", "Jeongjin"),
        ("Chŏngjin", "Jongjin"),
    ],
)
def test_what_a_spelling_leaves_open_matches_either(asked: str, written: str) -> None:
    assert matched(f"Who was in {asked} then?", f"In {written} it rained.") == (
        {asked: (written,)} if fold(asked) != fold(written) else {}
    )


ENGLISH = """
Soviet China Paris June France Russia Korea London Berlin Boston Canada Moscow Head Heath Dead Death Sailing
Rapid Rabbit Philip Phillip William Apple Able Table Daphne During Turing Washington England Germany March
April August December Monday Friday President Minister Government
"""
ALIKE = """
Sobiet Jina Baris Chune Plans Rusia Gorea Nondon Perlin Poston Kanada Teath Heat Hit Selling Fillip
Able Table Markh Mundei Apple During Turing Rabbit Rapid Head Heath
"""


@pytest.mark.parametrize("word", ENGLISH.split())
def test_english_words_match_no_other(word: str) -> None:
    assert matched(f"What of {word}?", ALIKE) == {}


def test_words_in_small_letters_are_names_only_where_the_corpus_does_not_write_them_so() -> None:
    assert matched("where is kapsan?", "In Kabsan.") == {"kapsan": ("Kabsan",)}
    assert matched("where is kapsan?", "In Kabsan and Kapsan.") == {"kapsan": ("Kabsan",)}
    assert matched("where is the summit?", "The summit of Submit.") == {}


def test_the_longest_name_is_matched_once_and_a_possessive_is_no_part_of_it() -> None:
    text = "Kim Chŏngŭn met Chong-un of Hamgyŏng."
    assert matched("Did Kim Jong Un go to Hamkyung's mines?", text) == {
        "Kim Jong Un": ("Kim Chŏngŭn",),
        "Hamkyung": ("Hamgyŏng",),
    }


def test_no_part_of_a_persons_name_is_matched_or_kept() -> None:
    assert matched("Was Kim Jong Nam named general?", "Kim Jung Eun and Kim Jung came.") == {}
    assert {spelling for _, spelling in spellings("And Kim Jung Eun slept.")} == {"kim jung eun"}
    assert matched("Did Kim Jong Nam come?", "So came Kim Chŏngnam.") == {"Kim Jong Nam": ("Kim Chŏngnam",)}
    assert matched("Who was in Kapsan-Hyesan?", "In Kabsan.") == {"Kapsan": ("Kabsan",)}


def test_j_and_ch_of_the_revised_romanisation_are_two_sounds() -> None:
    assert matched("Who was in Jeongju?", "In Cheongju.") == {}
    assert matched("Who was in Jeongju?", "In Chongju.") == {"Jeongju": ("Chongju",)}
    assert matched("Who was in Cheongjin?", "In Ch'ŏngjin.") == {"Cheongjin": ("Ch'ŏngjin",)}


def test_exact_phrases_stay_exact() -> None:
    assert matched('Where does "Kapsan" stand?', "In Kabsan.") == {}


def test_only_whole_names_are_put_in_another_spelling_and_no_phrase() -> None:
    question = 'Kabsan, not Kabsanri or Oldkabsan, has the "Kabsan mine"?'
    names = find(question, Aliases([]), Known("In Kapsan."))
    assert names.spelt(question) == ('Kapsan, not Kabsanri or Oldkabsan, has the "Kabsan mine"?',)
    question = "Who was at 장백현 in Kabsan?"
    names = find(question, Aliases([("Changbai", "장백")]), Known("Changbai and Kapsan."))
    assert names.spelt(question) == ("Who was at Changbai현 in Kapsan?",)


def test_a_question_is_put_in_the_spelling_of_what_is_searched_and_read() -> None:
    names = find("Who was in Kapsan?", Aliases([]), Known("Kapsan, Gapsan and Kabsan"))
    assert names.spelt("Who was in Kapsan?") == (
        "Who was in Kapsan?",
        "Who was in Gapsan?",
        "Who was in Kabsan?",
    )
    asked = ParsedQuestion("Who was in Kapsan?")
    assert names.as_in(asked, "They came by GAPSAN.").text == "Who was in Gapsan?"
    assert names.as_in(asked, "They came by sea.").text == "Who was in Kapsan?"
    names = find("Who was in Kapsan?", Aliases([]), Known("Kabsan"))
    assert names.spelt("Who was in Kapsan?") == ("Who was in Kabsan?",)
    assert names.as_in(asked, "They came by sea.").text == "Who was in Kabsan?"
    assert names.notes("Kabsan's mine", "") == ("Matched “Kabsan” for “Kapsan”.",)


def test_only_what_was_read_is_said_to_match_and_no_more_than_marks() -> None:
    names = find("Kapsan?", Aliases([("Kapsan", "갑산")]), Known("In Kabsan and Gapsan. 갑산 too."))
    assert names.names[0].found == ("Kabsan", "Gapsan", "갑산")
    assert names.notes("In Kabsan, 갑산.", "In Kabsan.") == ("Matched “Kabsan” for “Kapsan”.",)
    assert names.notes("갑산에서.", "갑산에서.") == ("Matched “갑산” for “Kapsan”.",)
    assert names.notes("In Kabsani.", "") == ()
    names = find("Chongjin?", Aliases([]), Known("In Ch'ŏngjin."))
    assert names.names
    assert names.notes("In Ch'ŏngjin.", "In Ch'ŏngjin.") == ()


def test_a_part_of_the_name_that_is_asked_is_no_other_name() -> None:
    aliases = Aliases([("Yalu", "Amnok", "Yalu river")])
    assert matched("Who crossed the Yalu river?", "The Yalu.", aliases) == {}
    assert matched("Who crossed the Yalu river?", "The Yalu, or Amnok.", aliases) == {
        "Yalu river": ("Amnok",)
    }


@given(st.text("KkPpCchaeoiun gŏŭ'’-\n가長“\"", max_size=60))
def test_whatever_is_asked_and_written_is_read(text: str) -> None:
    names = find(text, Aliases([("Kapsan", "갑산")]), Known(text[::-1]))
    for name in names.names:
        assert name.asked in text
        assert name.found
    assert names.spelt(text)


# Aliases


def test_a_file_of_aliases_names_its_bad_lines_and_keeps_the_others(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        ALIAS_FILE,
        "# ours\nUnit 8 = Office 8  # the same\n\nalone\n = nothing\na b c d e f = g\nX=Y = Z\n",
    )
    groups, problems = read_aliases(file)
    assert groups == [("Unit 8", "Office 8"), ("X", "Y", "Z")]
    assert [f"line {number}:" in problem for number, problem in zip((4, 5, 6), problems, strict=True)] == [
        True
    ] * 3
    file.write_bytes(b"\xff\xfe")
    assert read_aliases(file)[0] == []
    assert "UTF-8" in read_aliases(file)[1][0]
    assert read_aliases(tmp_path / "none") == ([], [])


HOSTILE_ALIASES = {
    "a megabyte of spaces": b" " * (1 << 20),
    "a megabyte of spaces in a name": b"a" + b" " * ((1 << 20) - 4) + b"b=c",
    "too large": b"a = b\n" * 200_000,
    "too many names": b"".join(b"n%d = m%d\n" % (n, n) for n in range(50_000)),
    "names of Han": "".join(f"平壤{n} = 金{n}\n" for n in range(20_000)).encode(),
    "a megabyte of accents": b"e = a" + "\u0301".encode() * 500_000,
    "a line of signs": b"=" * (1 << 20),
    "bad lines": b"bad\n" * 200_000,
}


@pytest.mark.parametrize("kind", HOSTILE_ALIASES)
def test_a_hostile_file_of_aliases_is_read_or_named_in_no_time(tmp_path: Path, kind: str) -> None:
    (tmp_path / ALIAS_FILE).write_bytes(HOSTILE_ALIASES[kind])
    started = time.thread_time()
    known = aliases(tmp_path)
    find("And what of Pyongyang? " * 80, known, Known("The city."))
    assert time.thread_time() - started < 2
    assert all(problem.startswith(str(tmp_path / ALIAS_FILE)) for problem in known.problems)
    assert bool(known.problems) is ("spaces" not in kind)


def test_a_pipe_or_a_device_is_no_file_of_aliases(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ALIAS_FILE)
    assert "is not a regular file" in aliases(tmp_path).problems[0]
    (tmp_path / ALIAS_FILE).unlink()
    (tmp_path / ALIAS_FILE).symlink_to("/dev/zero")
    assert "is not a regular file" in aliases(tmp_path).problems[0]
    (tmp_path / ALIAS_FILE).unlink()
    (tmp_path / ALIAS_FILE).mkdir()
    assert str(tmp_path / ALIAS_FILE) in aliases(tmp_path).problems[0]


def test_the_aliases_that_ship_have_no_bad_line_and_no_group_of_one() -> None:
    from qa.text.names import _SHIPPED

    groups, problems = read_aliases(_SHIPPED)
    assert not problems
    assert len(groups) > 40


def test_aliases_match_by_name_by_key_and_in_other_scripts() -> None:
    aliases = Aliases([("Changbai", "Jangbaek", "長白", "장백")])
    for asked in ("Changbai", "Jangbaek", "Changbaek", "changbai", "長白", "장백"):
        for written in ("Changbai", "Jangbaek", "Jangpaek"):
            found = matched(f"What of {asked} now?", f"To {written} they went.", aliases)
            assert found == ({} if asked.title() == written else {asked: (written,)}), (asked, written)


# In a library


def test_the_library_knows_the_spellings_of_what_it_holds_and_no_others(tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(tmp_path, "in/a.txt", "In Kabsan it rained.\n")
    kept = write(tmp_path, "in/b.txt", "In Gapsan, near Hamgyŏng, it snowed.\n")
    with tiny_corpus(library) as corpus:
        corpus.index(tmp_path / "in")
        assert corpus.store.names("Kapsan?").names[0].found == ("Gapsan", "Kabsan")
        kept.write_text("In Kapsan it snowed.\n", encoding="utf-8")
        corpus.index(kept)
        assert corpus.store.names("Gapsan?").names[0].found == ("Kabsan", "Kapsan")
        assert corpus.store.names("Hamkyung?") == Names()
        corpus.remove(["a.txt"])
        assert corpus.store.names("Gapsan?").names[0].found == ("Kapsan",)
    with sqlite3.connect(library / "library.sqlite3") as db:
        assert db.execute("SELECT spelling FROM spellings").fetchall() == [("Kapsan",)]


def test_the_library_knows_which_names_it_writes_in_small_letters(tmp_path: Path) -> None:
    write(tmp_path, "in/a.txt", "In Kabsan and Kapsan it rained. The summit met. Summit Town, near Submit.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        assert corpus.store.names("what happened in kabsan?").names[0].found == ("Kapsan",)
        assert corpus.store.names("what happened at the summit?") == Names()
        assert corpus.store.names("what happened at Summit?").names[0].found == ("Submit",)


def test_no_name_runs_from_a_title_into_the_text(tmp_path: Path) -> None:
    body = "<p>On gold days it rained for a week in May, and all the miners stayed at home.</p>"
    page = f"<html><head><title>From Kabsan</title></head><body><main>{body}</main></body></html>"
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "a.html", page))
        assert corpus.document("a.html").title == "From Kabsan"
    with sqlite3.connect(tmp_path / "library/library.sqlite3") as db:
        assert ("kabsan on",) not in db.execute("SELECT folded FROM spellings").fetchall()


@pytest.mark.slow
def test_a_name_is_found_in_each_spelling_that_the_library_has(tmp_path: Path) -> None:
    for number, name in enumerate(("Kapsan", "Kabsan", "Gapsan")):
        write(tmp_path, f"in/{number}.txt", f"The mill of {name} closed in May.\n")
    for number in range(3, 30):
        write(tmp_path, f"in/{number}.txt", f"Nothing of note was seen at place {number}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        question = "Kapsan?"
        search = prepare(corpus.store, interpret(ParsedQuestion(question)), corpus.store.names(question))
        found = candidates(corpus.store, search, corpus.store.select()).legible
        documents = {hit.key: hit.document_id for hit, _ in found[:3]}
        assert set(documents.values()) == {"0.txt", "1.txt", "2.txt"}


def test_the_user_extends_the_aliases_while_the_library_is_open(tmp_path: Path) -> None:
    write(tmp_path, "in/a.txt", "Office 39 sold gold.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        assert corpus.store.names("What did Bureau 39 sell?") == Names()
        write(tmp_path / "library", ALIAS_FILE, "Bureau 39 = Office 39\nbad\n")
        assert corpus.store.names("What did Bureau 39 sell?").names[0].found == ("Office 39",)
        assert len(corpus.store.aliases().problems) == 1


def test_the_command_says_what_a_name_matches_and_where_the_file_is(tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(tmp_path, "in/a.txt", "In Kabsan it rained.\n")
    with tiny_corpus(library) as corpus:
        corpus.index(tmp_path / "in")
    run = CliRunner().invoke(cli, ["names", "Kapsan", "--library", str(library)])
    assert run.exit_code == 0
    assert "Kapsan: Kabsan\n" in run.output
    assert str(library / ALIAS_FILE) in run.output.replace("\n", "")
    assert CliRunner().invoke(cli, ["names", "Atlantis", "--library", str(library)]).exit_code == 1
    write(library, ALIAS_FILE, "bad\n")
    run = CliRunner().invoke(cli, ["names", "--library", str(library)])
    assert run.exit_code == 1
    assert "line 1" in run.output


# With the models

BRIEFS = {
    "a.txt": "The copper mine in Ryanggang Province was closed in 2009 after a flood, a source said.",
    "b.txt": "Traders from Kabsan Town carried mushrooms to the market in the autumn of 2010.",
    "c.txt": "Customs officers in Changbai County seized two trucks of timber in 2011.",
    "d.txt": "The textile mill of South Hamgyŏng dismissed forty workers in 2012.",
    "e.txt": "Kim Jong-un inspected a fishery station on the east coast in 2013 and praised its crew.",
    "f.txt": "Schools in Ch'ŏngjin lacked paper and coal during the winter of 2014.",
}
QUESTIONS = {
    "a.txt": (
        "Why was the copper mine in {} closed?",
        ["Ryanggang", "Yanggang", "Yangkang", "Ryang-gang", "량강도"],
    ),
    "b.txt": ("What did traders from {} carry to the market?", ["Kabsan", "Kapsan", "Gapsan"]),
    "c.txt": ("What did customs officers in {} seize?", ["Changbai", "Jangbaek", "Changbaek", "長白"]),
    "d.txt": (
        "How many workers did the textile mill of South {} dismiss?",
        ["Hamgyong", "Hamkyung", "Hamgyŏng", "Hamgyeong"],
    ),
    "e.txt": (
        "What did {} inspect in 2013?",
        ["Kim Jong-un", "Kim Jong Un", "Kim Chŏngŭn", "Kim Chong-un", "Kim Jeong-eun", "김정은"],
    ),
    "f.txt": ("What did schools in {} lack?", ["Ch'ŏngjin", "Chongjin", "Ch'ongjin", "Cheongjin"]),
}


@pytest.mark.models
def test_each_variant_finds_the_brief_that_uses_another(tmp_path: Path) -> None:
    for name, text in BRIEFS.items():
        write(tmp_path, f"in/{name}", f"{name[0].upper()} brief\n\n{text}\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        for name, (question, variants) in QUESTIONS.items():
            own = corpus.ask(question.format(variants[0]))
            for variant in variants:
                answer = corpus.ask(question.format(variant))
                assert answer.outcome == "answered", (variant, answer.confidence)
                quote = answer.quotes[0]
                assert quote.document.id == name, variant
                assert quote.text in BRIEFS[name]
                assert (quote.start, quote.end) == (own.quotes[0].start, own.quotes[0].end), variant
                letters = r" ?".join(fold(variant).replace(" ", ""))  # whatever marks part them
                differs = not re.search(rf"\b{letters}\b", fold(BRIEFS[name]))
                assert any("Matched" in note for note in answer.notes) == differs, variant


@pytest.mark.models
def test_an_answer_is_that_to_the_question_in_the_source_s_own_spelling(tmp_path: Path, brief: Path) -> None:
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
        for question, other in (
            (
                "When did famine spread in the Yanggang Region?",
                "When did famine spread in the Ryanggang Region?",
            ),
            ("Who was arrested between Kabsan and Hyesan?", "Who was arrested between Kapsan and Hyesan?"),
        ):
            own, answer = corpus.ask(question), corpus.ask(other)
            assert (own.notes, len(answer.notes)) == ((), 1)
            assert own.quotes == answer.quotes
            assert own.confidence == answer.confidence
            assert own.passages == answer.passages
