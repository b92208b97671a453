"""Convert LaTeX to plain text, to find the quotes of a `.tex` file.

The module decodes the commands that pandoc and people write for characters and emphasis. It does not run TeX.
"""

from __future__ import annotations

import re

_CHARACTERS = {
    "textquotesingle": "'", "textquotedbl": '"', "textasciitilde": "~", "textbackslash": "\\", "ldots": "…",
    "textgreater": ">", "textbar": "|", "textasciigrave": "`", "textasciicircum": "^", "textless": "<",
    "dots": "…", "textellipsis": "…", "textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘",
    "textquoteright": "’", "textendash": "–", "textemdash": "—", "textsection": "§", "S": "§", "euro": "€",
    "pounds": "£", "textdegree": "°", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø",
    "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł", "i": "ı", "strut": "", "par": "\n\n", "newline": "\n",
    "guillemotleft": "«", "guillemotright": "»", "glqq": "„", "grqq": "“", "quotedblbase": "„",
}  # fmt: skip
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307", '"': "\u0308",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "u": "\u0306", "k": "\u0328", "r": "\u030a",
}  # fmt: skip
_BEGIN = re.compile(r"\A[\s\S]*?\\begin\{document\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_BRACE = re.compile(r"\\[\s\S]|[{}]")
_FOOTNOTE = re.compile(r"\\footnote(?:text)?(?:\[[^\]\[\n\\]{0,100}\])?\{")
_HEADING = re.compile(r"\\(?:part|chapter|(?:sub)*section|(?:sub)?paragraph)\*?(?=\{)")
# Commands whose arguments a reader does not see as words.
_UNSEEN = re.compile(
    r"\\(?:label|hypertarget|phantomsection|begin|end|vspace\*?|setcounter|addcontentsline|protect|noindent|maketitle"
    r"|centering|raggedright|citeproc(?:itemid)?|bibitem|hfill|bookmarksetup|item)\b(?:\[[^\]\[\n\\]{0,100}\])?(?:\{[^{}\n\\]{0,400}\})*"
)
# A command with a link and the link's words, and a command with only a link.
_LINK = re.compile(
    r"\\href\{((?:[^{}\\\s]|\\[%#&_~^$]){0,2000})\}\{((?:[^{}\\]|\\[%#&_$]|\{[^{}]{0,20}\}){0,500})\}"
)
_ADDRESS = re.compile(r"\\url\{((?:[^{}\\\s]|\\[%#&_~^$]){0,2000})\}")
# A command or character to decode. Decoding goes from left to right, and its output is not decoded again.
_PIECE = re.compile(
    r"\\\\(?:\[[-0-9.a-z]{0,20}\])?|\\hspace\{0pt\}|\\\^\{\}|\\~\{\}|\\/|\\-|``|''"
    r"|\\([`'^~=.\"])\{?\\?([A-Za-z])\}?|\\([cvHukr])\{([A-Za-z])\}"
    r"|\\([A-Za-z]+)(?:\{\}|[ \t]+|(?=[^A-Za-z]|\Z))|\\([\s\S])|[{}~]"
)


def plain_text(text: str) -> str:
    """Return the words of a LaTeX file with the same lines. Footnotes follow at the end, as in Markdown."""
    begun = _BEGIN.match(text)
    if begun:
        text = "\n" * begun[0].count("\n") + text[begun.end() :]
    text = _COMMENT.sub(r"\1", text)
    text, notes = _without_footnotes(text)
    listed = "".join(
        f"\n\n[^{number}]: {' '.join(_words(note).split())}" for number, note in enumerate(notes, 1)
    )
    return _words(text) + listed


def _without_footnotes(text: str) -> tuple[str, list[str]]:
    pieces, notes, at = [], [], 0
    while match := _FOOTNOTE.search(text, at):
        end = _closing(text, match.end())
        notes.append(text[match.end() : end - 1])
        lines = "\n" * text.count("\n", match.start(), end)
        pieces += [text[at : match.start()], f"[^{len(notes)}]{lines}"]
        at = end
    return "".join(pieces) + text[at:], notes


def _closing(text: str, start: int) -> int:
    """Return the offset after the brace that closes the brace before `start`, or the text's end."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.end()
    return len(text)


def _words(text: str) -> str:
    text = _LINK.sub(lambda link: link[2] if link[2] == link[1] else f"[{link[2]}]({link[1]})", text)
    text = _ADDRESS.sub(r"\1", text)
    return _PIECE.sub(_character, _UNSEEN.sub("", _HEADING.sub("", text)))


def _character(piece: re.Match[str]) -> str:
    """Return the character that a piece of LaTeX writes, or "" if it writes none."""
    written, accent, letter, other, its_letter, command, escaped = piece[0], *piece.groups()
    if written.startswith("\\\\"):
        return ""  # the line end after the command stays
    if accent or other:
        return f"{letter or its_letter}{_ACCENTS[accent or other]}"
    if command is not None:
        return _CHARACTERS.get(command, "")
    if escaped is not None:
        return "\u202f" if escaped == "," else escaped if escaped in "&%$#_{}` \n" else ""
    return {
        "\\hspace{0pt}": "\u200b", "\\^{}": "^", "\\~{}": "~", "\\/": "", "\\-": "\u00ad", "``": "“",
        "''": "”", "{": "", "}": "", "~": "\u00a0",
    }[written]  # fmt: skip
