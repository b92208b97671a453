"""Remove Markdown's markup within lines: the text of a document has the markup, but readers do not see it."""

from __future__ import annotations

import re


def _run(mark: str) -> str:
    """Return a pattern for the characters of a paragraph up to a mark."""
    return rf"[^{mark}\n]*(?:\n(?!\s*\n)[^{mark}\n]*)*"


def _emphasis(mark: str, most: int, word: str = "") -> re.Pattern[str]:
    """Return a pattern for text between marks. The text does not begin or end with white space.

    The marks do not count where a character of the class `word` touches them from outside.
    """
    return re.compile(
        rf"(?<![{mark}{word}])(?P<open>{mark}{{1,{most}}})(?=[^\s{mark}]){_run(mark)}(?<!\s)"
        rf"(?P<close>(?P=open))(?![{mark}{word}])"
    )


# CommonMark 0.31 (2.4, 4.2, 5.1, 6.1 to 6.6), in the order of removal. The text of the group `kept` is not
# searched again. The text between `open` and `close` is. Each pattern stops at the next mark of its kind, so
# that a text of only marks takes no longer than other texts.
_MARKUP = (
    re.compile(rf"(?<!`)(?P<open>`{{1,8}})(?!`)(?P<kept>{_run('`')})(?P<close>(?P=open))(?!`)"),
    re.compile(r"(?P<open>\\)(?:(?P<kept>[!-/:-@\[-`{-~])|(?=\r?\n))"),
    re.compile(
        r"(?P<open>!?\[)[^\[\]]+(?P<close>\](?:\[[^\[\]\n]{0,200}\]|"
        r"\((?:[^()\s<>]|\([^()\s]*\)){0,2000}(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\)))"
    ),
    re.compile(r"(?m)^(?P<open>[ ]{0,3}(?:(?:>[ ]?)+(?:#{1,6}[ \t]+)?|#{1,6}[ \t]+))"),
    *3 * (_emphasis(r"\*", 3),),  # repeated, because emphasis may be inside emphasis
    *2 * (_emphasis("_", 3, r"\w"),),
    _emphasis("~", 2),
)
_GONE, _KEPT = "\x00", "\x01"


def without_markup(text: str) -> tuple[str, list[int]]:
    """Return Markdown as a reader sees it, except for lists and tables, and the offset of each character."""
    masked = list(text)
    for pattern in _MARKUP:
        for match in pattern.finditer("".join(masked)):
            for name, group in match.groupdict().items():
                if group:
                    start, end = match.span(name)
                    masked[start:end] = (_KEPT if name == "kept" else _GONE) * (end - start)
    offsets = [
        at for at, (mask, own) in enumerate(zip(masked, text, strict=True)) if mask != _GONE or own == mask
    ]
    return "".join(text[at] for at in offsets), offsets
