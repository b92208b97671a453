from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.formats.layout import Line, Page, Word, as_line, lay_out, rows_in_order
from qa.formats.ocr import _reading as reading_of_tesseract

SIZE, LEADING, COLUMN, GUTTER = 10.0, 12.0, 160.0, 14.0


def width(text: str) -> float:
    return 5.0 * len(text)


def words_of(lines: list[str], left: float, top: float, size: float = SIZE) -> list[Word]:
    """Set lines of text one below the other."""
    words = []
    for number, line in enumerate(lines):
        x, y = left, top + number * LEADING * size / SIZE
        for text in line.split(" "):
            words.append(Word(text, x, x + width(text), y, y + size, size))
            x += width(text) + 3
    return words


def wrapped(words: list[str]) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and width(lines[-1]) - 2 * lines[-1].count(" ") + 3 + width(word) <= COLUMN:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def read_order(words: list[Word]) -> list[Line]:
    return [as_line(row, column) for column, row in rows_in_order(words)]


def text_of(*pages: list[Word]) -> str:
    laid = lay_out([Page(str(number), read_order(words)) for number, words in enumerate(pages, 1)])
    return laid.text


some_words = st.lists(st.text("abcdefghijklmnop", min_size=3, max_size=9), min_size=60, max_size=110)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(some_words, min_size=1, max_size=3), min_size=1, max_size=3), st.data())
def test_every_word_comes_once_and_in_order_from_any_columns(
    pages: list[list[list[str]]], data: st.DataObject
) -> None:
    set_pages = [
        [
            word
            for number, column in enumerate(columns)
            for word in words_of(
                wrapped(column),
                50 + number * (COLUMN + GUTTER),
                80 + data.draw(st.floats(0, 11), label="how far down the column begins"),
            )
        ]
        for columns in pages
    ]
    laid = lay_out(
        [
            Page(str(number), read_order(data.draw(st.permutations(words))))
            for number, words in enumerate(set_pages, 1)
        ]
    )
    assert laid.text.split() == [word for columns in pages for column in columns for word in column]
    assert [(section.kind, section.name) for section in laid.sections] == [
        ("page", str(number)) for number in range(1, len(pages) + 1)
    ]
    assert "".join(laid.text[section.start : section.end] for section in laid.sections) == laid.text


@pytest.mark.parametrize(
    ("above", "below", "elsewhere", "joined"),
    [
        ("the smug-", "gling of metal", "", "the smuggling of metal"),
        ("the long-", "term plan", "", "the long-term plan"),
        ("a co-", "operative farm", "cooperative", "a cooperative farm"),
        ("a co-", "operative farm", "co-operative", "a co-operative farm"),
        ("from Hyesan-", "Jangbaek", "", "from Hyesan-Jangbaek"),
        ("the Trace-", "Monkey", "TraceMonkey", "the TraceMonkey"),
        ("long-", "and short-term", "", "long- and short-term"),
        ("the silicon-", "based cell", "", "the silicon-based cell"),
        ("a customs-", "house gate", "the customs and the house", "a customs-house gate"),
        ("in 1998–", "2007 it rose", "", "in 1998–2007 it rose"),
        ("traders—", "who knew", "", "traders—who knew"),
        ("traders –", "who knew", "", "traders – who knew"),
        ("as brief 08-4-", "4 says", "", "as brief 08-4-4 says"),
        ("北朝鮮の", "国境", "", "北朝鮮の国境"),
    ],
)
def test_how_the_end_of_a_line_joins_the_next(above: str, below: str, elsewhere: str, joined: str) -> None:
    filler = "x" * 40
    lines = [f"{filler} {above}", below, *([elsewhere] if elsewhere else [])]
    edge = 3 + max(map(width, lines))
    page = Page(
        "1",
        [
            Line(
                text,
                0,
                edge if text is lines[0] else width(text),
                12 * n,
                12 * n + 10,
                10,
                first=width(text.split()[0]),
            )
            for n, text in enumerate(lines)
        ],
    )
    assert lay_out([page]).text.split("\n")[0] == f"{filler} {joined}"


def test_hyphens_stay_where_a_text_breaks_no_words() -> None:
    lines = ["the well-worn path", "is a well-", "worn path and a tin-", "roofed hut"]
    page = Page("1", [Line(text, 0, 100, 12 * n, 12 * n + 10, 10, first=30) for n, text in enumerate(lines)])
    assert lay_out([page]).text.endswith("a tin-roofed hut")


PROSE = wrapped(("one two three four five six seven eight nine ten " * 9).split())


def test_running_heads_that_alternate_and_count_are_left_out() -> None:
    pages = [
        words_of([f"{number} Harrow" if number % 2 else f"Copper {number}"], 50, 20) + words_of(PROSE, 50, 60)
        for number in (12, 13, 14, 15)
    ]
    assert "Harrow" not in text_of(*pages)
    assert text_of(*pages).split() == " ".join(PROSE * 4).split()


FOOT = {
    "notes": ("1 Kim, Interview in Seoul, 2008.", "2 Lee, Copper and its Trade, p. 34.", "3 Pak told me so."),
    "two notes": ("1 Kim, Interview in Seoul, 2008.", "2 Lee, Copper and its Trade, p. 34."),
    "pages in them": ("1 Kim, p. 1.", "2 Lee, p. 2.", "3 Pak, p. 3."),
    "figures": ("1 4,200 3,900", "2 600 580"),
    "years": ("2006 was a year of hunger.", "2007 was the year of the flood.", "2008 was better."),
}


@pytest.mark.parametrize("size", [8.0, 10.0])
@pytest.mark.parametrize("lines", FOOT.values(), ids=FOOT)
def test_last_lines_that_begin_with_numbers_like_those_of_the_pages_stay(
    lines: tuple[str, ...], size: float
) -> None:
    pages = [words_of(PROSE, 50, 60) + words_of([line], 50, 700, size) for line in lines]
    for number, page in enumerate(pages, 1):
        page += words_of([f"– {number} –"], 250, 760)
    text = " ".join(text_of(*pages).split())
    assert all(line in text.replace("\t", " ") for line in lines)
    assert "–" not in text


def test_a_line_of_the_text_that_every_page_begins_with_stays() -> None:
    pages = [words_of([*PROSE[:1], f"page {name}", *PROSE], 50, 60) for name in ("of Ada", "of Bea", "of Cy")]
    assert len(text_of(*pages).split()) == 3 * len(" ".join([*PROSE[:1], "page of Ada", *PROSE]).split())


TITLES = ("The River", "Of Copper and its Price", "Who Crossed", "What the Clerk Saw", "An Ending", "Notes")


def set_pages(
    rows: list[str] | tuple[str, ...], *, top: float = 20, size: float = SIZE, gap: float = 30
) -> list[list[Word]]:
    """Set pages of prose, each below a row of its own, or above one that stands farther down than 300."""
    foot = top > 300
    start = top - gap - LEADING * (len(PROSE) - 1) if foot else top + gap
    return [words_of([row], 50, top, size) + words_of(PROSE, 50, start) for row in rows]


HEADS = {
    "titles in smaller type": (TITLES, {"size": 8.0}),
    "titles of two pages each": ([title for title in TITLES[:3] for _ in range(2)], {}),
    "titles opposite the author's name": (
        [title for each in TITLES[:4] for title in ("M. Harrow", each)],
        {},
    ),
    "titles before the number": ([f"{title} {n}" for n, title in enumerate(TITLES, 40)], {}),
    "titles at the foot": ([title for title in TITLES[:3] for _ in range(2)], {"top": 700}),
    "titles and numbers at the foot": ([f"{title} {n}" for n, title in enumerate(TITLES, 40)], {"top": 700}),
    "days of several months": (
        [f"Border Wire, {n} {month} 2008" for n, month in ((3, "March"), (1, "April"), (12, "May"))],
        {},
    ),
    "how many of how many": ([f"Page {n} of 9" for n in range(1, 10)], {}),
    "two rows": ([title for title in TITLES[:3] for _ in range(2)], {"top": 34}),
}


@pytest.mark.parametrize(("rows", "how"), HEADS.values(), ids=HEADS)
def test_running_heads_whose_words_differ_from_page_to_page_are_left_out(
    rows: list[str] | tuple[str, ...], how: dict[str, float], request: pytest.FixtureRequest
) -> None:
    pages = set_pages(rows, **how)
    if "two rows" in request.node.name:
        for page in pages:
            page += words_of(["River Markets Review"], 50, 16)
    assert text_of(*pages).split() == " ".join(PROSE * len(rows)).split()


TEXT_AT_THE_EDGE = {
    "titles as large as the text": (TITLES, {}),
    "titles in larger type": (TITLES, {"size": 12.0}),
    "larger titles of two pages each": ([title for title in TITLES[:2] for _ in range(2)], {"size": 12.0}),
    "too few pages": (TITLES[:3], {"size": 8.0}),
    "small type close to the text": (TITLES, {"size": 8.0, "gap": 16}),
    "sentences in small type": ([f"{title} was seen." for title in TITLES], {"size": 8.0}),
    "captions": ([f"Figure {n} {title}" for n, title in enumerate(TITLES, 3)], {"size": 8.0}),
    "rows of a table": ([f"{title}" for title in TITLES], {"size": 8.0}),
    "small type at the foot": (TITLES, {"size": 8.0, "top": 700}),
    "notes at the foot": (
        [f"{n} Kim, {title}" for n, title in enumerate(TITLES, 1)],
        {"size": 8.0, "top": 700},
    ),
    "notes by stars": ([f"* {TITLES[n // 2]}, see above" for n in range(6)], {"size": 8.0, "top": 700}),
}


@pytest.mark.parametrize(("rows", "how"), TEXT_AT_THE_EDGE.values(), ids=TEXT_AT_THE_EDGE)
def test_what_may_be_of_the_text_at_the_edge_of_most_pages_stays(
    rows: list[str] | tuple[str, ...], how: dict[str, float], request: pytest.FixtureRequest
) -> None:
    pages = set_pages(rows, **how)
    if "rows of a table" in request.node.name:
        for page in pages:
            page += words_of(["4,200"], 170, how.get("top", 20), 8) + words_of(["3,900"], 260, 20, 8)
    text = " ".join(text_of(*pages).split())
    assert all(row in text for row in rows)


def test_small_titles_at_the_top_of_half_of_the_pages_stay() -> None:
    pages = set_pages(TITLES, size=8.0) + [words_of(PROSE, 50, 50)] * 6
    text = " ".join(text_of(*pages).split())
    assert all(title in text for title in TITLES)


def test_rows_in_small_type_of_several_sizes_stay() -> None:
    sizes = (6.0, 7.0, 8.0, 9.0)
    pages = [set_pages([title], size=size)[0] for title, size in zip(TITLES, sizes, strict=False)]
    text = " ".join(text_of(*pages).split())
    assert all(title in text for title in TITLES[: len(sizes)])


def test_what_stands_at_the_top_of_one_page_only_stays() -> None:
    pages = [words_of(["Only here"], 50, 20) + words_of(PROSE, 50, 60), words_of(PROSE, 50, 60)]
    assert text_of(*pages).startswith("Only here")


def test_a_table_is_read_row_by_row() -> None:
    rows = [("Rice", "4,200", "3,900"), ("Salt", "600", "580"), ("Tin", "77", "90"), ("Zinc", "12", "31")]
    table = [
        word
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        for word in words_of([cell], 50 + 90 * column, 400 + 12 * number)
    ]
    assert text_of(words_of(PROSE, 50, 60) + table).endswith("\n".join("\t".join(row) for row in rows))


def test_notes_in_the_margin_do_not_mix_with_the_text_beside_them() -> None:
    wide = ["and so the path led on along the river until the bend was out of sight of all"] * 8
    notes = ["School of Law", "Harrow Univ", "received May", "by the clerk", "Hall Road"]
    text = text_of(words_of(wide, 160, 60) + words_of(notes, 50, 63))
    assert " ".join(wide) in text


def test_a_raised_mark_stays_raised_and_a_raised_power_too() -> None:
    words = words_of(["at the border."], 50, 60)
    mark = Word("12", words[-1].right, words[-1].right + 6, 58, 64, 6, spaced=False)
    assert text_of([*words, mark, *words_of(["The next"], mark.right + 3, 60)]) == "at the border.¹² The next"


words_with_gaps = st.lists(
    st.tuples(st.text("abcdef", min_size=1, max_size=9), st.floats(-0.3, 1.5)), min_size=1, max_size=12
)


@given(words_with_gaps)
def test_every_space_of_the_page_between_two_words_of_a_line_is_kept(line: list[tuple[str, float]]) -> None:
    words, x = [], 50.0
    for text, gap in line:
        x += gap * SIZE
        words.append(Word(text, x, x + width(text), 60, 70, SIZE, spaced=True))
        x += width(text)
    (read,) = read_order(words)
    assert read.text.split() == [word.text for word in sorted(words, key=lambda word: word.left)]


def test_a_raised_mark_behind_a_space_that_has_no_room_stays_raised() -> None:
    words = words_of(["as provided"], 50, 60)
    mark = Word("3", words[-1].right + 0.5, words[-1].right + 4, 58, 64, 6, spaced=True)
    assert text_of([*words, mark]) == "as provided³"


DROPPED = [
    "he river market opened before dawn",
    "its traders had weighed more metals",
    "by noon than the railway carried on",
]


@pytest.mark.parametrize("lines", [2, 3])
@pytest.mark.parametrize(
    ("cap", "first", "gap", "expected"),
    [
        ("T", "he river", 1.0, "The river"),
        ("T", "he river", 6.0, "The river"),
        ("“T", "he river", 1.0, "“The river"),
        ("A", "fter the river", 1.0, "After the river"),
        ("A", "river", 6.0, "A river"),
    ],
)
def test_a_drop_cap_belongs_to_the_first_of_the_lines_beside_it(
    lines: int, cap: str, first: str, gap: float, expected: str
) -> None:
    size, baseline = ((lines - 1) * LEADING + 7) / 0.7, 68 + (lines - 1) * LEADING
    beside = [first + DROPPED[0].removeprefix("he river"), *DROPPED[1:lines]]
    right = 50 + len(cap) * 0.6 * size
    initial = Word(cap, 50, right, baseline - 0.9 * size, baseline + 0.22 * size, size)
    below = ["and this line goes on below, as wide as the column"]
    words = [initial, *words_of(beside, right + gap, 60), *words_of(below, 50, 60 + lines * LEADING)]
    assert text_of(words) == " ".join([expected + beside[0].removeprefix(first), *beside[1:], *below])


def test_a_large_letter_beside_one_line_is_no_drop_cap() -> None:
    words = [Word("B", 50, 64, 58, 76, 18), *words_of(["is for barley"], 70, 60)]
    assert text_of(words).endswith("B is for barley")


def test_nothing_gives_nothing() -> None:
    laid = lay_out([Page("1"), Page("2")])
    assert (laid.text, laid.sections) == ("", ())


def test_tesseracts_table_becomes_lines() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "1\t1\t0\t0\t0\t0\t0\t0\t600\t400\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t50\t30\t96\tForty",
        "5\t1\t1\t1\t1\t2\t70\t21\t60\t29\t96\tsacks",
        "5\t1\t2\t1\t1\t1\t310\t20\t50\t30\t91\twere",
        "5\t1\t2\t1\t1\t2\t370\t20\t50\t30\t20\t ",
    ]
    reading = reading_of_tesseract("\n".join([head, *rows]), 0.5)
    assert (round(reading.sure, 2), reading.on_end) == (94.57, False)
    assert [(line.text, line.left, line.right, line.column) for line in reading.lines] == [
        ("Forty sacks", 5, 65, 1),
        ("were", 155, 180, 2),
    ]
