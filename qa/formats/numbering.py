"""Counts the numbers of lists and headings in a Word document, because the file does not store them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from docx.oxml.ns import qn

from qa.formats.numerals import NumeralStyle, numeral

_STYLES: dict[str, NumeralStyle] = {
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
}
_SERIES = {
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "chineseCounting": "一二三四五六七八九十",
    "chineseCountingThousand": "一二三四五六七八九十",
    "ideographDigital": "一二三四五六七八九",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
}
_DEEPEST = 8


class Numbering:
    """The lists of a document, and the last number of each list definition and level.

    `root` is the root of the document's numbering part, or None if the document has none.
    """

    def __init__(self, root: Any) -> None:
        self._abstract_of: dict[str, str] = {}
        self._levels: dict[str, dict[int, Any]] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for abstract in () if root is None else root.iterchildren(qn("w:abstractNum")):
            self._levels[abstract.get(qn("w:abstractNumId"))] = {
                integer(level.get(qn("w:ilvl"))): level for level in abstract.iterchildren(qn("w:lvl"))
            }
        for number in () if root is None else root.iterchildren(qn("w:num")):
            abstract_id = number.find(qn("w:abstractNumId"))
            if abstract_id is not None:
                self._abstract_of[number.get(qn("w:numId"))] = abstract_id.get(qn("w:val"))
            self._restarts[number.get(qn("w:numId"))] = {
                integer(override.get(qn("w:ilvl"))): integer(start.get(qn("w:val")))
                for override in number.iterchildren(qn("w:lvlOverride"))
                for start in override.iterchildren(qn("w:startOverride"))
            }

    def level_of_style(self, list_id: str, style: str) -> int:
        """Return the level of a list that belongs to a paragraph style, or 0 if no level does."""
        for depth, level in self._levels.get(self._abstract_of.get(list_id, ""), {}).items():
            if value_of(level, "w:pStyle") == style:
                return depth
        return 0

    def next(self, list_id: str, depth: int) -> str:
        """Count the next item of a list. Return its label as shown, "-" for a bullet, or "" for none."""
        abstract_id = self._abstract_of.get(list_id)
        levels = self._levels.get(abstract_id or "", {})
        depth = min(max(depth, 0), _DEEPEST)
        if depth not in levels:
            return "-" if abstract_id is not None else ""
        counts = self._counts[abstract_id or ""]
        restart = self._restarts.get(list_id, {}).pop(depth, None)
        counts[depth] = (
            restart if restart is not None else counts.get(depth, self._start(levels, depth) - 1) + 1
        )
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        style = value_of(levels[depth], "w:numFmt") or "decimal"
        if style in ("bullet", "none"):
            return "-" if style == "bullet" else ""
        legal = levels[depth].find(qn("w:isLgl")) is not None

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            count = counts.get(at, self._start(levels, at))
            own = "decimal" if legal or at not in levels else value_of(levels[at], "w:numFmt")
            return _written(count, own)

        return re.sub(r"%([1-9])", shown, value_of(levels[depth], "w:lvlText")).strip()

    def _start(self, levels: dict[int, Any], depth: int) -> int:
        return integer(value_of(levels[depth], "w:start"), 1) if depth in levels else 1


def _written(count: int, style: str) -> str:
    series = _SERIES.get(style, "")
    if 0 < count <= len(series):
        return series[count - 1]
    if style == "decimalZero":
        return f"{count:02d}"
    return numeral(count, _STYLES.get(style, "1"))


def value_of(element: Any, tag: str) -> str:
    """Return the value of a child such as `w:pStyle`, or "" if the child or the element does not exist."""
    child = None if element is None else element.find(qn(tag))
    return "" if child is None else child.get(qn("w:val")) or ""


def integer(written: str | None, otherwise: int = 0) -> int:
    """Return a whole number, or `otherwise` if it is missing or malformed."""
    return int(written) if written and re.fullmatch(r"-?[0-9]{1,9}", written) else otherwise
