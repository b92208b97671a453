"""How texts and counts are shown: nothing in a text may rewrite a terminal or read otherwise than it is."""

from __future__ import annotations

import re

# Escape sequences and the like, which could rewrite a terminal, and the overrides that make text read
# otherwise than it is. Line feeds and tabs are harmless.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


def visible(text: str) -> str:
    r"""Replace what could rewrite a terminal by a symbol for it, one code point for one.

    C0 controls and DEL become their control pictures (ESC: ␛), C1 controls and the two directional overrides
    become U+FFFD. Line feeds and tabs stay; the carriage return of a line end becomes a space.
    """
    return _UNSAFE.sub(lambda match: _picture(ord(match[0])), text.replace("\r\n", " \n"))


def in_one_line(text: str) -> str:
    """Make text `visible`, and its lines one."""
    return visible(" ".join(text.splitlines()))


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


# Of ISO 639-1, as far as they are likely in a library.
LANGUAGES = dict(
    each.split()
    for each in (
        "ar Arabic,bg Bulgarian,cs Czech,da Danish,de German,el Greek,en English,es Spanish,"
        "et Estonian,fa Persian,fi Finnish,fr French,he Hebrew,hi Hindi,hr Croatian,hu Hungarian,"
        "id Indonesian,it Italian,ja Japanese,ko Korean,lt Lithuanian,lv Latvian,mn Mongolian,"
        "nl Dutch,no Norwegian,pl Polish,pt Portuguese,ro Romanian,ru Russian,sk Slovak,"
        "sl Slovenian,sr Serbian,sv Swedish,th Thai,tr Turkish,uk Ukrainian,vi Vietnamese,"
        "zh Chinese"
    ).split(",")
)


def language_in_words(code: str) -> str:
    """Name a language: German for `de`. A code that is not known is its own name."""
    return LANGUAGES.get(code, code)


def plural(count: int, noun: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
