from __future__ import annotations

import datetime as dt
import re
import socket
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import passages
from qa.errors import InputError
from qa.formats.html import read
from qa.formats.markup import blocks, decode, parse, render
from qa.formats.page import describe_page
from qa.formats.source import Options, Source
from qa.schema import Document, Found, Section
from qa.schema.quotes import locator
from qa.text.dates import PartialDate

PLAIN = Options()
PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))


def page(name: str, options: Options = PLAIN) -> Document:
    path = Path(__file__).parent / "pages" / f"{name}.html"
    return read_bytes(path.read_bytes(), options, path.name)


def read_bytes(data: bytes, options: Options = PLAIN, name: str = "page.html") -> Document:
    [document] = read(Source(f"folder/{name}", name, data), options)
    assert isinstance(document, Document)
    return document


def body(markup: str) -> str:
    return render(f"<html><body>{markup}</body></html>", "page").text


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_bytes(data)
    return str(refused.value)


# The main text


NEWS = """\
Rice prices climb in Hyesan as border trade slows

The price of a kilogram of rice in the markets of Hyesan rose to 5,200 won in the first week of March, \
traders said, the highest since the autumn of 2017.

A market near the Yalu in a picture taken from the Chinese side.

Three of the five crossings that serve Ryanggang Province were closed on 4 March. “Nothing has come over \
since Monday,” said a trader who asked not to be named. “We sell what is left.”

What is in short supply

Flour and cooking oil are also dearer. Traders named the following goods as hard to find:

- wheat flour, at 4,100 won a kilogram;
- soya oil, at 11,000 won a litre;
- batteries of any kind.

People buy in the morning because they do not trust the price of the evening.

Prices by week

Week | Rice (won/kg) | Flour (won/kg)
18 February | 4,600 | 3,700
25 February | 4,800 | 3,900
4 March | 5,200 | 4,100

The customs office in Changbai did not answer questions. Some 10⁴ tonnes crossed here in 2018, “an ordinary \
year”, its yearbook says.
The next figures are due in April.

Reporting by Mina Seo; additional reporting by our correspondent in Changbai."""


def test_a_news_page_is_its_article_without_navigation_banner_comments_and_related_links() -> None:
    assert page("news").text == NEWS


def test_tables_and_nested_lists_of_a_press_release_stay_readable() -> None:
    text = page("ministry").text
    assert "Province | 2020 | 2021\nNorth | 101,200 | 118,700\n" in text
    assert "South |  | 103,500\n\n2. Measures" in text
    assert (
        "3. district offices report, every week,\n  - the stocks that they hold,\n  - the prices that" in text
    )
    assert "Accessibility" not in text
    assert "See also" not in text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_is_kept_of_a_page_are_whole_lines_of_it_in_its_order(path: Path) -> None:
    source = decode(path.read_bytes(), path.name).text
    every = iter(render(source, path.name).text.splitlines())
    assert all(line in every for line in page(path.stem).text.splitlines())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_sections_start_with_their_headings_and_run_to_the_next(path: Path) -> None:
    document = page(path.stem)
    for section in document.sections:
        assert document.text[section.start : section.end].split("\n")[0] == section.name
    whole: list[Section] = []  # without those within another: of a table, by its caption
    for section in document.sections:
        if not whole or section.end > whole[-1].end:
            whole.append(section)
    for before, after in pairwise(whole):
        assert document.text[before.end : after.start].isspace()
    assert not whole or whole[-1].end == len(document.text)


def test_a_title_that_trafilatura_drops_and_captions_are_kept() -> None:
    assert page("chinese").text.startswith("长白口岸贸易额下降\n\n2018年6月21日")
    assert "A market near the Yalu" in page("news").text


def test_the_words_of_an_old_page_laid_out_in_tables_are_paragraphs() -> None:
    document = page("old")
    assert "The mill at Upper Ford closes\n12 May 1998\n\nThe last mill in the valley" in document.text
    assert " | " not in document.text
    assert document.date == dt.date(1998, 5, 12)


def test_a_page_inside_one_form_is_read() -> None:
    assert page("form").text.startswith("Notice on ferry times\n\nFrom 1 June")
    assert "Timetables" not in page("form").text


def test_a_page_of_links_is_taken_and_said_to_be_one() -> None:
    document = page("links")
    assert "- Number 5: the ferry sinks" in document.text
    assert document.notes == ("The page has little text other than links.",)


def test_a_page_without_a_main_text_is_taken_whole() -> None:
    document = read_bytes(b"<html><body><aside><p>Imprint<p>Works Department</aside></body></html>")
    assert document.text == "Imprint\n\nWorks Department"


@pytest.mark.parametrize("name", ["news", "ministry", "korean", "chinese", "single"])
def test_headings_come_out_as_headings_and_sentences_whole(name: str) -> None:
    document = page(name)
    kinds = {document.text[s.start : s.end]: s.kind for p in passages(document) for s in p.sentences}
    for section in document.sections:
        assert kinds[section.name] in ("heading", "header")
    bodies = [text for text, kind in kinds.items() if kind == "body" and not re.search("[|@]", text)]
    assert len(bodies) >= 4
    assert all(text[-1] in ".:。”" for text in bodies)


TRUCKS = "Six trucks crossed the bridge at Hyesan on Thursday, and the customs office counted them."
COPPER = (
    "Copper rose by four percent in Dandong in the first week of April, traders said, the most since autumn."
)
FERRY = "The ferry at Nampo did not sail on Sunday since the harbour was full of ice."


def saved(markup: str) -> Document:
    around = "<nav><a href=/>Home</a> <a href=/x>About</a></nav>{}<footer>Imprint</footer>"
    return read_bytes(f"<html><title>Digest</title><body>{around.format(markup)}</body></html>".encode())


@pytest.mark.parametrize("heading", ["{}", "<a href=/n>{}</a>"])
@pytest.mark.parametrize(
    "item", ["<h3>{}</h3><p>{}</p>", "<article><h3>{}</h3><p>{}</p></article>", "<h3>{}</h3>{}"]
)
@pytest.mark.parametrize("page", ["{}", "<main>{}</main>"])
def test_every_headline_of_a_page_of_several_is_kept_above_its_text(
    page: str, item: str, heading: str
) -> None:
    said = {"Trucks at Hyesan": TRUCKS, "Copper rises": COPPER, "A ferry stays in port": FERRY}
    items = (item.format(heading.format(name), text) for name, text in said.items())
    document = saved(page.format("".join(items)))
    assert document.text == "\n\n".join(f"{name}\n\n{text}" for name, text in said.items())


@pytest.mark.parametrize(
    "notes",
    [
        "<section><h2>Notes</h2><ol><li>Kim, Interview, 2008.</li><li>Lee, p. 34.</li></ol></section>",
        "<div class=footnotes><p>[1] Kim, Interview, 2008.</p><p>[2] Lee, p. 34.</p></div>",
        "<div><p>¹ Kim, Interview, 2008.</p><p>² Lee, p. 34.</p></div>",
    ],
)
def test_notes_below_an_article_that_refers_to_them_are_kept(notes: str) -> None:
    article = "<article><h1>Trucks</h1><p>{}</p><p>{}</p></article>{}<ol><li><a href=/q>Other things</a></ol>"
    two = saved(article.format(f"{TRUCKS}<sup><a href=#a>1</a></sup>", f"{COPPER}<sup>2</sup>", notes))
    assert two.text.endswith("Lee, p. 34.")
    assert "Kim, Interview, 2008." in two.text
    assert "Other" not in two.text


def test_a_quotation_keeps_whose_it_is() -> None:
    quotation = f"<blockquote><p>{COPPER}</p><footer>Kim Jong, a trader</footer></blockquote>"
    document = saved(f"<article><h1>Trucks</h1><p>{TRUCKS}</p>{quotation}<p>{FERRY}</p></article>")
    assert f"{COPPER}\n\nKim Jong, a trader\n\n{FERRY}" in document.text


# What is left out of it

TEXT = f"<h1>Trucks at Hyesan</h1><p>{TRUCKS}</p><p>{COPPER}</p><p>{FERRY}</p>"
SHOWN = "Traders at the border say that the closing of the bridge has cost them a third"
LEAD = f"{SHOWN} of what they earn in a year."
BOX = f"<div class=sidebar><p>{LEAD}</p></div>"
ORDINARY = {
    "navigation": f"<div class=sidebar><ul><li><a href=/a>World</a><li><a href=/b>{LEAD}</a></ul></div>",
    "link": f"<div class=sidebar><p><a href=/b>{LEAD}</a></p></div>",
    "cookies": f"<div class=sidebar><p>With cookies we show what you want to see. {LEAD}</p></div>",
    "subscription": f"<div class=sidebar><p>Subscribe to our letter. {LEAD}</p></div>",
    "teasers": f"<div class=sidebar><h3><a href=/x>The bridge is closed</a></h3><p>{LEAD}</p></div>",
    "footer": f"<footer><p>{LEAD}</p></footer>",
    "aside": f"<aside><p>{LEAD}</p></aside>",
    "aside, in a line": f"<aside>{LEAD}</aside>",
    "copyright": f"<div class=sidebar><p>© 2019 Border Monitor. {LEAD}</p></div>",
    "caption": "<div class=sidebar><p>Picture: a truck on the bridge.</p></div>",
    "names": f"<div class=sidebar><p>{LEAD.removesuffix('.')}</p></div>",
    "what is hidden": f"<div hidden><p>{LEAD}</p></div>",
}
PAGE = "<html><body><header><a href=/>Home</a></header>{}<div class=main>{}</div>{}</body></html>"


@pytest.mark.parametrize("around", ORDINARY.values(), ids=ORDINARY)
def test_what_every_page_has_around_its_text_is_left_out_without_a_word(around: str) -> None:
    inside = TEXT.replace(f"<p>{FERRY}", f"{around}<p>{FERRY}")
    for parts in ((around, TEXT, ""), ("", TEXT, around), ("", inside, "")):
        document = read_bytes(PAGE.format(*parts).encode())
        assert TRUCKS in document.text
        assert LEAD.removesuffix(".") not in document.text
        assert document.notes == ()


def test_comments_below_a_text_are_left_out_without_a_word() -> None:
    comments = f"<div id=comments><h3>Comments</h3><p>{LEAD}</p></div>"
    document = read_bytes(PAGE.format("", TEXT, comments).encode())
    assert LEAD not in document.text
    assert document.notes == ()


def test_a_text_that_is_taken_whole_leaves_nothing_to_say() -> None:
    assert read_bytes(PAGE.format("", TEXT, "").encode()).notes == ()


SAID = f"A paragraph was left out as page furniture: “{SHOWN}…”."


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("</h1>", f"</h1>{BOX}"),
        TEXT.replace(f"<p>{FERRY}", f"{BOX}<p>{FERRY}"),
        f"<article>{TEXT}{BOX}</article>",
        TEXT.replace(f"<p>{FERRY}", f"<p class=sidebar>{LEAD}</p><p>{FERRY}"),
        f"{TEXT}<p class=sidebar>{LEAD}</p>",
    ],
    ids=["below the title", "inside", "in its article", "between its paragraphs", "as its last paragraph"],
)
def test_prose_of_the_text_that_is_left_out_is_told(text: str) -> None:
    document = read_bytes(PAGE.format("", text, "").encode())
    assert LEAD not in document.text
    assert document.notes == (SAID,)


def test_of_several_paragraphs_that_are_left_out_the_longest_is_shown() -> None:
    said = "Three of them have closed, and the others open on two days of a week, it is said."
    other = f"<p class=sidebar>{said}</p>"
    document = read_bytes(PAGE.format("", TEXT.replace("</h1>", f"</h1>{BOX}{other}"), "").encode())
    assert document.notes == (f"2 paragraphs were left out as page furniture, such as “{SHOWN}…”.",)


def test_what_is_left_out_but_stands_in_the_text_as_well_is_not_missed() -> None:
    document = read_bytes(
        PAGE.format("", TEXT.replace("</h1>", f"</h1><p class=sidebar>{TRUCKS}</p>"), "").encode()
    )
    assert document.notes == ()


# How HTML becomes text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one\n  two<b> three</b></p><p>four", "one two three\n\nfour"),
        ("<p>one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("Ryang&shy;gang&nbsp;won&#8203;der&ZeroWidthSpace;&amp;&lt;b&gt;", "Ryanggang wonder&<b>"),
        ("<p>n&zwj;i</p>", "n\u200di"),
        ("<p>10<sup>6</sup> m<sup>2</sup>, CO<sub>2</sub>, 4<sup>th</sup>", "10⁶ m², CO2, 4th"),
        ("<p>mines<a href=#n><sup>1</sup></a>. mines<sup><a href=#n>12</a></sup>.", "mines[1]. mines[12]."),
        ("<p><q>It played</q>, she said.", "“It played”, she said."),
        ("<p>seen <span style='display: none'>unseen</span><i hidden>unseen</i>too", "seen too"),
        ("<script>unseen</script><style>unseen</style><noscript>unseen</noscript><p>seen", "seen"),
        ("<select><option>unseen</select><button>unseen</button> tail <textarea>unseen</textarea>", "tail"),
        ("<p>the <s>forty</s> <del>five</del> fifty", "the fifty"),
        ("<ol start=3><li>c<li>d<ol type=a><li>x</ol><li value=9>e</ol>", "3. c\n4. d\n  - x\n9. e"),
        ("<ul><li><p>one</p><p>more of it</p><li>two</ul>", "- one\n\nmore of it\n\n- two"),
        ("<pre>a  b\n  c</pre><p>d", "a  b\n  c\n\nd"),
        ("<pre>\r\na\r\nb\rc</pre><p>d\r\ne", "a\nb\nc\n\nd e"),
        ("<dl><dt>won<dd>the money</dl>", "won\n\nthe money"),
        ("<table><tr><td>a<br>b<td>c</table>", "a b | c"),
        ("<table><tr><td><p>a<p>b<td>c</table>", "a\n\nb\n\nc"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢"),
        ("<span style='display:block'>one</span><span style='display:block'>two</span>", "one\n\ntwo"),
        ("<h2>Two<br>lines</h2>x", "Two lines\n\nx"),
    ],
)
def test_markup_is_read_as_a_browser_shows_it(markup: str, text: str) -> None:
    assert body(markup) == text


_TAGS = "p div b i a span li ul ol h2 td tr table blockquote section pre em font dd center q".split()
_TREES = st.recursive(
    st.just(None),
    lambda inner: st.tuples(st.sampled_from(_TAGS), st.lists(inner, max_size=4)),
    max_leaves=30,
)


@given(_TREES)
def test_no_word_is_lost_doubled_or_glued(tree: object) -> None:
    words: list[str] = []

    def write(node: object) -> str:
        if not isinstance(node, tuple):
            words.append(f"w{len(words)}")
            return f" {words[-1]} "
        tag, inner = node
        return f"<{tag}>{''.join(map(write, inner))}</{tag}>"

    text = body(write(tree)).replace("“", " ").replace("”", " ")
    assert [word for word in text.split() if word.startswith("w")] == words
    assert all(word.startswith("w") or word in ("-", "|") or word[:-1].isdigit() for word in text.split())


# What a page says of itself


def test_metadata_of_a_news_page_say_where_they_were_found() -> None:
    document = page("news")
    assert document.title == "Rice prices climb in Hyesan as border trade slows"
    assert document.author == "Mina Seo; Paul Ott"
    assert document.publisher == "Border Monitor"
    assert document.date == dt.date(2019, 3, 12)
    assert document.url == "https://monitor.example/2019/03/12/rice-prices-hyesan"
    assert (document.language, document.format) == ("en", "html")
    assert set(document.found) == {
        Found("title", "meta og:title", "stated"),
        Found("author", "JSON-LD", "stated"),
        Found("publisher", "meta og:site_name", "stated"),
        Found("date", "meta article:published_time", "stated"),
        Found("url", "canonical link", "stated"),
        Found("language", "html lang", "stated"),
    }


def test_a_ministrys_page_loses_the_sites_name_from_its_title() -> None:
    document = page("ministry")
    assert document.title == "Statement No. 14/2021: Results of the grain purchase campaign"
    assert (document.publisher, document.number) == ("Ministry of Supply", "14/2021")
    assert document.date == dt.date(2021, 11, 5)


def test_where_a_browser_saved_a_page_from_is_its_address_and_names_its_site() -> None:
    document = page("complete")
    assert document.url == "https://bulletin.example/notes/2011/bridge-load"
    assert document.publisher == "bulletin.example"
    assert Found("publisher", "its address", "guessed") in document.found
    assert page("single").url == "https://review.example/essays/the-long-road"


def test_a_date_that_could_be_read_two_ways_is_left_out_unless_its_order_is_known() -> None:
    assert page("complete").date is None
    assert "2011-04-03 or 2011-03-04" in page("complete").notes[0]
    stated = read_bytes(b"<html><meta name=date content=04/05/2019><p>Some words of a text.</p></html>")
    assert "04/05/2019" in stated.notes[0]
    assert page("complete", Options(date_order="mdy")).date == dt.date(2011, 3, 4)


UTC = "<meta property=article:published_time content=2020-02-02T23:30:00Z>"


@pytest.mark.parametrize(
    ("head", "day", "sure"),
    [
        (UTC, 2, "likely"),
        (UTC.replace("Z", "+00:00"), 2, "likely"),
        (f"{UTC}<meta name=pubdate content=2020-02-03T08:30:00+09:00>", 3, "stated"),
        (f"{UTC}<p itemprop=datePublished content=2020-02-03></p>", 3, "stated"),
        (f"{UTC}<meta name=date content=2020-02-09>", 2, "likely"),  # of something else
        (f"{UTC}<meta name=date content=2020-02-03T00:30:00Z>", 2, "likely"),
        (UTC.replace("Z", "+09:00"), 2, "stated"),
    ],
)
def test_the_day_of_a_time_in_utc_is_likely_unless_a_local_one_is_stated(
    head: str, day: int, sure: str
) -> None:
    document = read_bytes(f"<html>{head}<body><p>Some words of a text.</p></body></html>".encode())
    assert document.date == dt.date(2020, 2, day)
    assert [found.sure for found in document.found if found.field == "date"] == [sure]


def _linked(data: str) -> str:
    return f"<script type=application/ld+json>{data}</script>"


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("<meta name=date content='2019-03-12T23:30:00-05:00'>", dt.date(2019, 3, 12)),
        ("<meta name=pubdate content=20190312>", dt.date(2019, 3, 12)),
        ("<meta name=dc.date content='12 March 2019'>", dt.date(2019, 3, 12)),
        ("<meta name=date content=04/05/2019>", None),
        ("<meta name=date content=2019>", PartialDate(2019)),
        ("<link rel=canonical href=https://a.example/2019/03/12/x>", dt.date(2019, 3, 12)),
        ("<link rel=canonical href=https://a.example/2019/03/x>", None),
        ("<time datetime=2019-03-12></time>", dt.date(2019, 3, 12)),
        ("<time datetime=2019-03-12></time><time datetime=2019-03-14></time>", None),
        ("<meta property=article:modified_time content=2019-03-14>", None),
        ("<p itemprop=datePublished content=2019-03-12></p>", dt.date(2019, 3, 12)),
        (_linked("{broken"), None),
        (_linked('{"@graph": [{"@type": ["Report"], "datePublished": "2019-03-12"}]}'), dt.date(2019, 3, 12)),
        (_linked("[" * 5000), None),
    ],
)
def test_dates_of_publication(head: str, date: dt.date | None) -> None:
    document = read_bytes(f"<html>{head}<body><p>Some words of a text.</p></body></html>".encode())
    assert document.date == date


@pytest.mark.parametrize(
    ("body", "is_read"),
    [
        ("<h1>Fares rise</h1><p class=pubdate>Mon May  8 21:17:30 UTC 2023", True),
        ("<h1>Fares rise</h1><h3 class='date'>Monday, May 8, 2023</h3>", True),
        ("<h1>Fares rise</h1><p class=update>8 May 2023", False),
        ("<p class=date>8 May 2023</p><h1>Fares rise</h1>", False),  # that of today, above the title
        ("<h1>Fares rise</h1><div class=comments><p class=date>8 May 2023</div>", False),
    ],
)
def test_the_element_for_a_date_below_the_title_is_read(body: str, is_read: bool) -> None:
    page = read_bytes(f"<html><body>{body}<p>Some words of a text.</p></body></html>".encode())
    assert page.date == dt.date(2023, 5, 8)
    assert any(each.source == "date element" for each in page.found) == is_read


def test_the_element_for_a_date_corrects_an_address_of_the_day_before() -> None:
    link = "<link rel=canonical href=https://a.example/2019/03/12/x>"
    for shown, day in (("13 March 2019", 13), ("2 April 2019", 12)):
        page = (
            f"<html>{link}<body><h1>Fares rise</h1><p class=date>{shown}</p><p>Some words.</p></body></html>"
        )
        assert read_bytes(page.encode()).date == dt.date(2019, 3, day)


KOREAN = "<p>량강도에서 고철 밀수가 늘고 있다고 한다.</p>"


@pytest.mark.parametrize(
    ("said", "text", "language", "source"),
    [
        ("en", KOREAN, "ko", "its text"),
        ("kor", KOREAN, "ko", "html lang"),
        ("eng", "<p>Six men left on Monday.</p>", "en", "html lang"),
        ("ja", "<p>長白口岸貿易額下降</p>", "ja", "html lang"),
        ("en", "<p>The word 고철 means scrap metal.</p>", "en", "html lang"),
    ],
)
def test_the_script_of_a_text_counts_for_more_than_what_its_template_says(
    said: str, text: str, language: str, source: str
) -> None:
    document = read_bytes(f"<html lang={said}><body>{text}</body></html>".encode())
    assert document.language == language
    assert [found.source for found in document.found if found.field == "language"] == [source]


# Encodings


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("utf-8", "utf-8"),
        ("windows-1252", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("windows-1251", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
    ],
)
def test_an_encoding_is_taken_from_the_bytes_or_the_declaration(declared: str, written: str) -> None:
    text = f"<html><meta charset='{declared}'><body><p>A “café” in Chŏngjin’s port.</p></body></html>"
    text = text if written != "cp1252" else text.replace("ŏ", "o")
    assert "“café”" in read_bytes(text.encode(written)).text


@pytest.mark.parametrize(
    ("declared", "codec", "words"), [("euc-kr", "cp949", "혜산 똠방각하"), ("gb2312", "gb18030", "长白镕基")]
)
def test_east_asian_encodings_are_what_browsers_mean_by_their_names(
    declared: str, codec: str, words: str
) -> None:
    text = (
        f"<html><head><meta http-equiv=Content-Type content='text/html; charset={declared}'></head><p>{words}"
    )
    assert words in read_bytes(text.encode(codec)).text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<p>caf\xe9", "do not show which other encoding it has"),
        (b"<meta charset=utf-8><p>caf\xe9", "says that its encoding is utf-8, but it is not"),
        (b"<meta charset=nonsense><p>caf\xe9", "says that its encoding is nonsense"),
        ("<meta charset=iso-8859-1><p>혜산 시장의 쌀값이 올랐다".encode("cp949"), "but this is unlikely"),
        (b"", "is empty"),
        (b" \r\n ", "is empty"),
        (b"<p>a\0b", "is a binary file"),
        (b"<html><body><script>write()</script></body></html>", "has no text"),
        (b"<html><frameset><frame src=a.html></frameset></html>", "has no text"),
        (b"<!-- nothing -->", "page.html has no HTML"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name_with_the_reason(data: bytes, said: str) -> None:
    message = refusal(data)
    assert said in message
    assert message.startswith("folder/page.html")


# Hostile pages


def test_a_megabyte_of_nested_divs_is_refused_at_once() -> None:
    started = time.perf_counter()
    assert "Excessive depth" in refusal(b"<div>" * 200_000)
    assert "Excessive depth" in refusal(b"<html><body>" + b"<div>word " * 100_000)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "page",
    [
        f"<title>Ferry news | {'b' * 400}|</title>",
        f'<script type="application/ld+json">{{{" " * 100_000}x}}</script>',
        f'<meta name="author" content="{"a" * 100_000}">',
        "".join(
            f"<div><i><b><u><a class='author'>Ann {number}</a></u></b></i></div>" for number in range(4_000)
        ),
    ],
)
def test_what_a_hostile_page_says_of_itself_is_read_at_once(page: str) -> None:
    tree = parse(f"<html>{page}<p>The ferry is late.</p></html>", "page.html")
    start = time.process_time()
    describe_page(page, tree, blocks(tree), "auto")
    assert time.process_time() - start < 2


def test_a_page_nested_more_deeply_than_trafilatura_reads_is_taken_whole() -> None:
    document = read_bytes(b"<html><body>" + b"<div>word " * 1500 + b"</body></html>")
    assert document.text.count("word") == 1500
    assert document.notes[0].startswith("The main text of the page could not be found")


def test_entities_that_a_page_defines_are_not_expanded() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><html><p>words &b;&b;</p></html>'
    assert "lollol" not in read_bytes(bomb.encode()).text


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a page wanted the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    document = read_bytes(
        b'<!DOCTYPE html SYSTEM "http://a.example/x.dtd"><html><head><base href=http://a.example/>'
        b"<link rel=stylesheet href=http://a.example/a.css></head><body><img src=http://a.example/a.png>"
        b"<iframe src=http://a.example/></iframe><p>Some words that stand here.</p></body></html>"
    )
    assert document.text == "Some words that stand here."


def document_or_refusal(data: bytes) -> Document | InputError:
    try:
        return read_bytes(data)
    except InputError as error:
        return error


@given(st.binary(max_size=300))
def test_whatever_the_bytes_a_document_or_a_refusal_comes(data: bytes) -> None:
    document = document_or_refusal(b"<html><p>w " + data)
    assert isinstance(document, InputError) or document.text.strip()


@given(st.text(st.sampled_from("<>/!-&;=\"' apdivtrhlscx1[]?\n\x0b\x0c\x01\u2801"), max_size=200))
def test_whatever_the_markup_a_document_or_a_refusal_comes(markup: str) -> None:
    document_or_refusal(markup.encode())


def test_braille_on_the_page_is_no_mark_of_ours_and_stays() -> None:
    document = read_bytes("<html><body><p>Braille: ⠃⠗⠁⠊⠇⠇⠑ ⠀⠀⠀ is read by touch.</p></body></html>".encode())
    assert document.text == "Braille: ⠃⠗⠁⠊⠇⠇⠑ ⠀⠀⠀ is read by touch."


def test_blocks_say_which_of_their_words_are_links() -> None:
    tree = parse("<html><body><p>see <a href=a>the page</a></p></body></html>", "x")
    assert [(block.text, block.linked) for block in blocks(tree)] == [("see the page", 8)]


# What a page says of itself: titles, bylines, who owns it

PROSE = (
    "<p>The ferries to the outer isles ran late in the spring, and the fares rose by a third, it is said.</p>"
    * 3
)


def about(head: str, body: str) -> Document:
    return read_bytes(f"<html><head>{head}</head><body>{body}{PROSE}</body></html>".encode())


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        # A headline that names an institution is a headline.
        (
            "<title>Harbour Bank Raises Rates - Isle Post</title>",
            "<h1>Harbour Bank Raises Rates</h1><h2>What it means for borrowers</h2>",
            "Harbour Bank Raises Rates",
        ),
        # The chapter of a book that mdBook made, below the book's own title.
        (
            "<!-- Book generated using mdBook --><title>Tying up - The Mooring Book</title>",
            "<h1>The Mooring Book</h1><h1>Tying up</h1>",
            "Tying up",
        ),
        (
            "<meta name=generator content=Sphinx><title>Knots — Rigging 2.1 documentation</title>",
            "<h1>Rigging 2.1 documentation</h1><h1>Knots¶</h1>",
            "Knots",
        ),
        # A part of the text further down is no title of all of it.
        (
            "<title>B.2 What do pilots do? | Pilotage</title>",
            f"{PROSE}<h2>B.2.1 On board</h2>",
            "B.2 What do pilots do?",
        ),
        # A headline over two lines, each a heading.
        (
            "<title>The pier that the sea took</title>",
            "<h1>The pier that</h1><h2>the sea took</h2>",
            "The pier that the sea took",
        ),
    ],
)
def test_the_title_is_the_heading_of_the_page_itself(head: str, body: str, title: str) -> None:
    document = about(head, body)
    assert document.title == title
    assert title not in document.publisher


def test_a_book_or_manual_is_no_publisher_of_its_chapters() -> None:
    document = about(
        "<!-- Book generated using mdBook --><title>Tying up - The Mooring Book</title>",
        "<h1>The Mooring Book</h1><h1>Tying up</h1>",
    )
    assert (document.publisher, document.series) == ("", "The Mooring Book")


@pytest.mark.parametrize(
    ("head", "body", "author"),
    [
        (
            (
                '<script type="application/ld+json">//<![CDATA[\n{"@type": "NewsArticle", "headline": "", '
                '"author": {"name": "Ann Osei"}}\n//]]></script>'
            ),
            "",
            "Ann Osei",
        ),
        ('<meta name="byl" content="By ANN OSEI">', "", "ANN OSEI"),
        ("", '<p class="byline">By Ann Osei, Ferry Wire | 3 May 2019</p>', "Ann Osei"),
        (
            "",
            '<div class="author-line"><a rel="author">Ann Osei</a>, <a rel="author">Bo Strand</a></div>',
            "Ann Osei; Bo Strand",
        ),
        # A person wrote it, whatever agency or site the head names.
        (
            '<meta name="author" content="WIRE">',
            "<h1>Late ferries</h1><p>By Ann Osei 10/ 5/11 9:19 PM</p>",
            "Ann Osei",
        ),
        ('<meta name="author" content="islepost.example">', "", ""),
        ('<meta name="author" content="Ann Osei and Bo Strand">', "", "Ann Osei; Bo Strand"),
        # Who comments on a page, or is told of on it, did not write it.
        ("", f'{PROSE}<div class="comments"><span class="author">Bo Strand</span></div>', ""),
    ],
)
def test_who_wrote_a_page_is_taken_from_fields_and_bylines(head: str, body: str, author: str) -> None:
    assert about(f"<title>Late ferries</title>{head}", body).author == author


def test_who_owns_a_page_publishes_it_but_a_range_of_years_is_no_date() -> None:
    document = about(
        "<title>Late ferries</title>",
        "<h1>Late ferries</h1><p>Copyright © 1996-2024 Friends in the Public Service</p>",
    )
    assert (document.publisher, document.date) == ("Friends in the Public Service", None)


@pytest.mark.parametrize("language", ["zxx", "zh", "ru"])
def test_a_text_in_latin_letters_is_in_no_language_of_another_script(language: str) -> None:
    document = read_bytes(f"<html lang={language}><body>{PROSE}</body></html>".encode())
    assert document.language == "en"


def test_the_rows_of_a_table_are_under_its_caption_and_what_follows_an_aside_is_not_under_that() -> None:
    rendered = render(
        "<h1>Fares</h1><p>One.</p><aside><h2>Related</h2><p>Two.</p></aside><table><caption>Table 2: Isles"
        "</caption><tr><td>Osk</td><td>12</td></tr></table><p>Four.</p><h2>Winter</h2><p>Five.</p>",
        "page",
    )
    document = Document(id="fares", text=rendered.text, sections=rendered.sections)

    def place(words: str) -> str:
        start = rendered.text.index(words)
        return locator(document, start, start + len(words))

    assert place("Two.") == "section “Related”, paragraph 1"
    assert place("Osk") == "section “Table 2: Isles”, paragraph 1"
    assert place("Four.") == "section “Fares”, paragraph 6"
    assert place("Five.") == "section “Winter”, paragraph 1"


def test_the_second_line_of_a_headline_is_no_section() -> None:
    document = about(
        "<title>The pier that the sea took</title>", "<h1>The pier that</h1><h2>the sea took</h2>"
    )
    assert document.sections == ()


PROSE_OF_A_PAGE = (
    "<p>The pier was closed for nine days, and the ferry went to the other side, as few liked.</p>"
)


def stated(head: str, shown: str) -> Document:
    page = f"<html><head>{head}</head><body>{shown}{PROSE_OF_A_PAGE * 3}</body></html>"
    return read_bytes(page.encode())


@pytest.mark.parametrize("mark", ["¶", "#", "\uf0c1"])
def test_the_mark_that_links_to_a_heading_is_none_of_its_words(mark: str) -> None:
    document = stated(
        "<title>Mooring Rules — Harbour manual 2.1</title>",
        f'<h1>Mooring Rules<a class="headerlink" href="#rules">{mark}</a></h1>',
    )
    assert document.title == "Mooring Rules"
    assert mark not in document.text


@pytest.mark.parametrize(
    ("title", "heading"),
    [("3. Tides", "Chapter 3 - Tides"), ("Tides at Dusk - The Book of Tides", "Example: Tides at Dusk")],
)
def test_a_heading_that_is_the_pages_title_behind_a_label_is_its_title(title: str, heading: str) -> None:
    document = stated(f"<title>{title}</title>", f"<h1>The Book of Tides</h1><h1>{heading}</h1>")
    assert document.title == heading


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("© Copyright 2011, Harbour Works.", "Harbour Works"),
        ("Copyright © 2004-2011 Michael R. Quayle and others", ""),
    ],
)
def test_who_owns_a_page_is_named_whole_and_is_not_the_word_copyright(line: str, publisher: str) -> None:
    assert stated("<title>Mooring</title>", f"<h1>Mooring</h1>{PROSE_OF_A_PAGE}<p>{line}</p>").publisher == (
        publisher
    )


def test_a_pages_field_for_its_rights_names_who_publishes_it() -> None:
    head = '<title>Mooring</title><meta name="copyright" content="Copyright ©1999-2004 The Pier Project.">'
    assert stated(head, "<h1>Mooring</h1>").publisher == "The Pier Project"


def test_the_name_of_a_program_in_a_title_is_no_publisher() -> None:
    shown = "<h1>Large Piers</h1>"
    title = "<title>Tide Table Keeper - Large Piers</title>"
    assert stated(title, shown).publisher == ""
    assert stated(f'{title}<meta property="og:type" content="article">', shown).publisher


def test_of_several_fields_for_authors_the_first_counts_unless_all_are_people() -> None:
    def author(*names: str) -> str:
        fields = "".join(f'<meta name="author" content="{name}">' for name in names)
        return stated(f"<title>Mooring</title>{fields}", "<h1>Mooring</h1>").author

    assert author("PRN", "Ann Osei") == "PRN"
    assert author("Ann Osei", "Jonas Lindqvist") == "Ann Osei; Jonas Lindqvist"


def test_words_for_when_a_page_was_changed_are_no_chinese_author() -> None:
    assert stated("<title>港口</title>", "<h1>港口关闭九天</h1><p>更新时间 2012年5月3日</p>").author == ""
