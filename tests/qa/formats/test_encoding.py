"""A text in another encoding than UTF-8 is read in the one that its bytes show, which a note names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import InputError
from qa.formats.encoding import _is_plausible, codec_of
from qa.formats.kinds import read_source
from qa.formats.source import PLAIN, Source
from qa.schema import Document

GERMAN = (
    "Die Fähre läuft künftig nur noch zweimal am Tag aus. Das teilte die Reederei am Dienstag mit. Für "
    "größere Lieferungen müssten die Händler auf die Straße ausweichen, hieß es, was spürbar höhere "
    "Kosten verursache."
)
FRENCH = (
    "Le préfet a annoncé que la traversée serait fermée dès lundi. Les pêcheurs, déjà touchés par la "
    "sécheresse, dénoncent une décision prise « sans concertation », alors que l’été s’achève et que "
    "les réserves baissent."
)
CZECH = (
    "Přístav zůstane zavřený až do konce týdne. Podle ředitele společnosti bude nutné převážet obilí "
    "po železnici, což přinese zpoždění a vyšší náklady. Rybáři žádají náhradu škody."
)
RUSSIAN = (
    "Порт закрыли до конца недели. По словам директора, зерно придётся везти по железной дороге, и это "
    "обойдётся дороже. Рыбаки требуют возместить убытки."
)
GREEK = (
    "Το λιμάνι θα μείνει κλειστό έως το τέλος της εβδομάδας. Σύμφωνα με τον διευθυντή, το σιτάρι θα "
    "μεταφερθεί με τρένο και το κόστος θα αυξηθεί. Οι ψαράδες ζητούν αποζημίωση."
)
JAPANESE = (
    "港は週末まで閉鎖される。社長によると、穀物は鉄道で運ばなければならず、費用は高くなるという。漁師"
    "たちは補償を求めている。"
)
KOREAN = (
    "항구는 주말까지 문을 닫는다. 사장은 곡물을 철도로 옮겨야 하며 비용이 더 들 것이라고"
    " 말했다. 어민들은 보상을 요구하고 있다."
)
CHINESE = "港口将关闭到本周末。公司负责人表示，粮食只能通过铁路运输，费用会更高。渔民要求赔偿损失。"
ENGLISH = (
    "The mill “won’t reopen” before June, its owner said. Prices fell – sharply – in the second quarter."
)

TEXTS = {
    "windows-1252": (GERMAN, "Windows-1252"),
    "latin-1": (GERMAN, "Windows-1252"),
    "mac-roman": (FRENCH.replace("\u202f", " "), "Mac Roman"),
    "windows-1250": (CZECH, "Windows-1250"),
    "iso8859-2": (CZECH, "ISO-8859-2"),
    "windows-1251": (RUSSIAN, "Windows-1251"),
    "koi8-r": (RUSSIAN, "KOI8-R"),
    "iso8859-5": (RUSSIAN, "ISO-8859-5"),
    "windows-1253": (GREEK, "1253"),
    "shift_jis": (JAPANESE, "Shift-JIS (CP932)"),
    "euc-jp": (JAPANESE, "EUC-JP"),
    "euc-kr": (KOREAN, "EUC-KR (CP949)"),
    "gb18030": (CHINESE, "GB18030"),
    "cp1252": (ENGLISH, "Windows-1252"),
    "utf-16-le": (RUSSIAN, "UTF-16LE"),
    "utf-16-be": (ENGLISH, "UTF-16BE"),
}
FILES = {
    "a.txt": "{}\n",
    "a.md": "# Port\n\n{}\n",
    "a.csv": 'title,text\nPort,"{}"\n',
    "a.html": "<html><head><title>Port</title></head><body><h1>Port</h1><p>{}</p></body></html>",
}


def one(name: str, data: bytes) -> Document:
    (found,) = read_source(Source(name, name, data), PLAIN)
    assert isinstance(found, Document), found
    return found


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("name", FILES)
def test_a_text_in_another_encoding_is_read_and_the_encoding_is_named(name: str, encoding: str) -> None:
    text, said = TEXTS[encoding]
    plain = one(name, FILES[name].format(text).encode())
    found = one(name, FILES[name].format(text).encode(encoding))
    assert found.text == plain.text
    assert plain.notes == ()
    (note,) = (note for note in found.notes if note.startswith("Read as "))
    assert said in note


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_what_is_utf_8_is_read_as_utf_8(text: str) -> None:
    data = text.encode()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert data.decode(codec_of(data, "a.txt")) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("data", [b"Caf\xe9", b"He left.\n\xfc\n", bytes(range(128, 256)), b"He\x00left."])
def test_a_text_whose_encoding_cannot_be_told_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^a\.txt is .*(iconv -f ENCODING|binary file)"):
        one("a.txt", data)


@pytest.mark.parametrize(
    ("text", "encoding", "taken_for"),
    [
        ("Il caffè è già lì, perché è così.", "cp1252", "mac-roman"),  # Ë within a word
        ("Le café a été fermé.", "cp850", "cp1252"),  # ‚ after a letter
        ("Größe und Länge für später.", "cp1252", "cp437"),  # a line to draw boxes
    ],
)
def test_a_text_with_capitals_or_signs_within_its_words_is_not_as_it_was_written(
    text: str, encoding: str, taken_for: str
) -> None:
    assert _is_plausible(text)
    assert not _is_plausible(text.encode(encoding).decode(taken_for))


def test_the_rows_of_a_table_are_told_once_in_which_encoding_it_was_read() -> None:
    rows = "".join(f"Nr. {number},{GERMAN}\n" for number in range(3)).replace("Tag aus. ", "Tag. ")
    data = f"title,text\n{rows}".replace(", hieß es, was", " wegen").encode("cp1252")
    found = [
        each for each in read_source(Source("a.csv", "a.csv", data), PLAIN) if isinstance(each, Document)
    ]
    assert [len(each.notes) for each in found] == [1, 0, 0]
