"""The fonts of a PDF: found without a network, and asked whether they have every character.

Typst draws a box for a character that no font has, and says nothing.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# DejaVu comes with matplotlib, Noto Sans CJK with the extra `report`.
_PACKAGES = (("matplotlib", "mpl-data/fonts/ttf"), ("noto_cjk_sans_otc", ""))
_BASE = ("DejaVu Serif", "DejaVu Sans")
_CJK = {"ko": "Noto Sans CJK KR", "ja": "Noto Sans CJK JP", "zh": "Noto Sans CJK SC"}
# It has a picture for each character, which says to which script that belongs.
_LAST_RESORT = "last"
# What no font draws, or Typst draws itself.
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Face:
    """A font file's face of a family; the regular one is neither bold nor in italics."""

    family: str
    path: Path
    index: int
    is_regular: bool = True


def folders() -> list[Path]:
    """Return the folders of fonts that come with packages."""
    found = []
    for package, inside in _PACKAGES:
        spec = find_spec(package)
        if spec and spec.submodule_search_locations:
            found.append(Path(next(iter(spec.submodule_search_locations))) / inside)
    return found


def families_for(characters: Iterable[str], faces: Sequence[Face]) -> list[str]:
    """Return the families that have every one of the characters, those that are wanted most first.

    Raises:
        ExportError: no font has one of them; the message names the first few.
    """
    wanted = {each for each in characters if _is_drawn(each)}
    # What a font has for a private character is its own, and not what the document meant.
    if private := [each for each in wanted if unicodedata.category(each) == "Co"]:
        raise ExportError(_lacking(sorted(private)))
    listed: dict[str, list[Face]] = {}
    for face in faces:
        listed.setdefault(face.family, []).append(face)
    preferred = [*_BASE, *_cjk(wanted)]
    others = sorted(set(listed) - set(preferred) - {each for each in listed if _LAST_RESORT in each.lower()})
    chosen: list[str] = []
    unseen = set(wanted)  # what no upright face had so far
    for family in [*preferred, *others]:
        if family not in listed or not (wanted or family in _BASE):
            continue
        has = {face: _drawn_by(face, wanted) for face in listed[family]}
        upright = {each for face, drawn in has.items() if face.is_regular for each in drawn}
        if upright or family in _BASE:
            chosen.append(family)
            unseen -= upright
            # Titles are set in italics, headings in bold: what a face lacks, another family may have.
            wanted = {each for each in wanted if not all(each in drawn for drawn in has.values())}
    if unseen:
        raise ExportError(_lacking(sorted(unseen)))
    return chosen


def _lacking(missing: Sequence[str]) -> str:
    named = ", ".join(
        f"{each} (U+{ord(each):04X} {unicodedata.name(each, 'without a name')})" for each in missing[:_NAMED]
    )
    more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
    advice = "install a font that has them"
    if any(_is_east_asian(each) for each in missing) and not find_spec("noto_cjk_sans_otc"):
        advice = "pip install 'pullquote[report]' brings one for Chinese, Japanese and Korean"
    return (
        f"no font here has {named}{more}, and a box would stand in their place in the PDF: {advice}, or "
        "export as docx, odt or html"
    )


def _is_drawn(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE


def _is_east_asian(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def _cjk(wanted: Iterable[str]) -> list[str]:
    """Return the families for East Asian characters; the one of most of the text draws its Han."""
    counts = {"ko": 0, "ja": 0, "zh": 0}
    for each in wanted:
        name = unicodedata.name(each, "")
        counts["ko"] += name.startswith("HANGUL")
        counts["ja"] += name.startswith(("HIRAGANA", "KATAKANA"))
        counts["zh"] += name.startswith("CJK UNIFIED")
    order = sorted(counts, key=lambda each: -counts[each])
    return [_CJK[each] for each in order] if any(map(_is_east_asian, wanted)) else []


def _drawn_by(face: Face, wanted: Iterable[str]) -> set[str]:
    """Return those of the characters that a face has a glyph for."""
    from fontTools.ttLib import TTFont, TTLibError

    class Font(TTFont):  # type: ignore[misc] # fontTools is not typed
        def getGlyphNameMany(self, lst: list[int]) -> list[int]:  # noqa: N802 - of fontTools
            """Leave glyphs their numbers: to name all of them takes longer than to read the rest."""
            return lst

    try:
        with Font(face.path, fontNumber=face.index, lazy=True) as font:
            has = font.getBestCmap() or {}
            return {each for each in wanted if ord(each) in has}
    except (TTLibError, OSError, KeyError, AssertionError):  # a font of the system that is damaged
        return set()
