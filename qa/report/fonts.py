"""Choose the fonts of a PDF among local fonts, and check that they have all characters.

The check is needed because Typst draws a box for a missing character without any warning.
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
# Part of the name of a font that has a picture of the script for each character. It is never chosen.
_LAST_RESORT = "last"
# Unicode categories of characters that no font draws, or that Typst draws itself.
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")
# Maximum number of missing characters that are named in an error.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Face:
    """A face of a font family in a font file. A regular face is neither bold nor italic."""

    family: str
    path: Path
    index: int
    is_regular: bool = True


def folders() -> list[Path]:
    """Return the folders of the fonts that come with installed packages."""
    font_folders = []
    for package, inside in _PACKAGES:
        spec = find_spec(package)
        if spec and spec.submodule_search_locations:
            font_folders.append(Path(next(iter(spec.submodule_search_locations))) / inside)
    return font_folders


def families_for(characters: Iterable[str], faces: Sequence[Face]) -> list[str]:
    """Return font families that together have all the characters, with the preferred families first.

    Raises:
        ExportError: no font has one of the characters. The message names the first few missing characters.
    """
    wanted = {character for character in characters if _is_drawn(character)}
    # Fonts define private characters differently, so a font may not show the document's meaning.
    if private := [character for character in wanted if unicodedata.category(character) == "Co"]:
        raise ExportError(_lacking(sorted(private)))
    listed: dict[str, list[Face]] = {}
    for face in faces:
        listed.setdefault(face.family, []).append(face)
    preferred = [*_BASE, *_cjk(wanted)]
    others = sorted(set(listed) - set(preferred) - {name for name in listed if _LAST_RESORT in name.lower()})
    chosen: list[str] = []
    unseen = set(wanted)  # the characters that no upright face has so far
    for family in [*preferred, *others]:
        if family not in listed or not (wanted or family in _BASE):
            continue
        has = {face: _drawn_by(face, wanted) for face in listed[family]}
        upright = {character for face, drawn in has.items() if face.is_regular for character in drawn}
        if upright or family in _BASE:
            chosen.append(family)
            unseen -= upright
            # Titles are in italics and headings in bold, so a character is needed until a family has it in
            # all its faces.
            wanted = {
                character for character in wanted if not all(character in drawn for drawn in has.values())
            }
    if unseen:
        raise ExportError(_lacking(sorted(unseen)))
    return chosen


def _lacking(missing: Sequence[str]) -> str:
    """Return the message that no font has some characters."""
    examples = ", ".join(
        f"{character} (U+{ord(character):04X} {unicodedata.name(character, 'without a name')})"
        for character in missing[:_NAMED]
    )
    more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
    advice = "install a font that has them"
    if any(_is_east_asian(character) for character in missing) and not find_spec("noto_cjk_sans_otc"):
        advice = "pip install 'pullquote[report]' brings one for Chinese, Japanese and Korean"
    return (
        f"no font here has {examples}{more}, so the PDF would show boxes instead: {advice}, or export "
        "as docx, odt or html"
    )


def _is_drawn(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE


def _is_east_asian(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def _cjk(wanted: Iterable[str]) -> list[str]:
    """Return the families for East Asian characters. The most frequent script is first and draws the Han."""
    counts = {"ko": 0, "ja": 0, "zh": 0}
    for character in wanted:
        name = unicodedata.name(character, "")
        counts["ko"] += name.startswith("HANGUL")
        counts["ja"] += name.startswith(("HIRAGANA", "KATAKANA"))
        counts["zh"] += name.startswith("CJK UNIFIED")
    order = sorted(counts, key=lambda script: -counts[script])
    return [_CJK[script] for script in order] if any(map(_is_east_asian, wanted)) else []


def _drawn_by(face: Face, wanted: Iterable[str]) -> set[str]:
    """Return the characters for which a face has a glyph."""
    from fontTools.ttLib import TTFont, TTLibError

    class Font(TTFont):  # type: ignore[misc] # fontTools is not typed
        def getGlyphNameMany(self, lst: list[int]) -> list[int]:  # noqa: N802 - fontTools' name
            """Return the numbers of glyphs as their names, because naming all glyphs would be slow."""
            return lst

    try:
        with Font(face.path, fontNumber=face.index, lazy=True) as font:
            has = font.getBestCmap() or {}
            return {character for character in wanted if ord(character) in has}
    except (TTLibError, OSError, KeyError, AssertionError):  # a damaged font of the system
        return set()
