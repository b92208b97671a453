"""Find words left out of a quote that change its sense: a negation, a hedge, a number or the speaker.

The result depends on lists of words, and on the clause around a word. If a whole clause is left out (", who
could not swim,"), the sense stays the same. There is no parser. A doubtful case is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from qa.document.segment import sentence_ends
from qa.quoting.words import patterns, verbs, word_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import Span

Kind = Literal["negation", "hedge", "number", "speaker", "sentence"]
# The name of each kind within a sentence.
NAMES: dict[Kind, str] = {
    "negation": "a negation",
    "hedge": "a hedge",
    "number": "a number",
    "speaker": "who says it",
    "sentence": "the end of a sentence and the beginning of another",
}

# Number of characters before and after an omission that are searched for the ends of its sentence.
_WINDOW = 1_000
# Maximum number of characters of an omission that are shown.
_MOST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Omission:
    """Words of a document that a quote leaves out and that change the quote's sense.

    Attributes:
        kind: the kind of words: a negation, a hedge, a number, a speaker, or the border of two sentences.
        text: the words.
    """

    kind: Kind
    text: str


def _any(name: str) -> str:
    """Return a pattern that matches any of the words and phrases of a list in `words.toml`."""
    phrases = (re.sub(r"\s+", r"\\s+", phrase.strip()) for phrase in patterns(name).split("|"))
    return "(?:" + "|".join(phrases).replace("NO_ARTICLE", _NO_ARTICLE) + ")"


# Excludes “a few”, “the little girl” and “every few days”.
_NO_ARTICLE = "".join(rf"(?<!\b{word}.)" for word in patterns("no_article").split())
_FILLER = _any("filler")
_DENIES = rf"(?:\b{_any('negative')}|{_any('contracted')})(?!\w)"
# Greek and Cyrillic letters. A word that mixes them with Latin letters may be a disguised negation.
_FOREIGN = r"(?![μΔΩ])[\u0370-\u052f]"
_MIXED = rf"\b\w*(?:[A-Za-z]{_FOREIGN}|{_FOREIGN}[A-Za-z])\w*"
_UNDONE = rf"\b{_any('undoing')}(?:\s+[^\s,;:]+){{0,8}}?\s+{_any('undone')}(?:\s+{_FILLER})?"
_NEGATION = re.compile(
    rf"\b{_any('turned')}(?!\w)|{_DENIES}|{_MIXED}|{_UNDONE}(?=\s*$)|{_any('negative_elsewhere')}",
    re.IGNORECASE,
)
_DOUBTFUL = rf"\b{_any('doubtful')}"
_HEDGE = re.compile(
    rf"{_DOUBTFUL}\b|\bsome\b(?!\s+(?:time|day|point|way|years?|months?|weeks?|days?|hours?|minutes)\b)"
    rf"|{_any('doubtful_elsewhere')}",
    re.IGNORECASE,
)
_MODAL = _any("modal")
_INTENT = rf"{_any('intent')}\s+to"
_ENDS_IN_HEDGE = re.compile(rf"\b(?P<words>(?:{_MODAL}|{_INTENT})(?:\s+{_FILLER}){{0,3}})\s*$")
_STARTS_WITH_MODAL = re.compile(rf"^\W*(?P<words>{_MODAL})\b")
_HEDGES_NUMBER = re.compile(
    rf"\b{_any('about')}\s*$|(?:约|約|大约|大約|至少|最多|近|超过|超過|약|최소|최대)\s*$", re.IGNORECASE
)
_WORD_NUMBER = rf"\b{_any('number')}\b"
_NUMBER = re.compile(
    rf"[$£€¥₩]?\d+(?:[.,:/\-–]\d+)*(?:st|nd|rd|th)?(?:\s?%)?|{_WORD_NUMBER}|%|{_any('number_elsewhere')}"
    r"|(?-i:\b(?=[CXLVI]{2,8}\b)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b)",
    re.IGNORECASE,
)
_STARTS_WITH_NUMBER = re.compile(
    rf"\W{{0,3}}(?:\d|{_WORD_NUMBER}|all\b|every\b|[一二三四五六七八九十百千万]|수[십백천])", re.IGNORECASE
)
_ENDS_WITH_NUMBER = re.compile(rf"(?:\d|{_WORD_NUMBER})\s*$", re.IGNORECASE)
_UNIT = re.compile(rf"(?P<unit>{_any('unit')})", re.IGNORECASE)
_NO_VERB = word_list("no_verb", "omissions")
_VERB = rf"(?:{'|'.join(sorted(verbs('say').finite - word_list('nouns') - _NO_VERB))}|{_any('verb')})"
_SAID = re.compile(
    rf"\b(?:{_any('said')}|{_VERB}(?=(?:\s+\w+){{0,2}}?\s*(?:\bthat\b|[,:;.\"“]|$)))|(?<=[,”\"] ){_VERB}\b"
    rf"|{_any('said_elsewhere')}",
    re.IGNORECASE,
)
_OPENS, _SHUTS = "“„«「『", "”»」』"
# Clauses that a quote may leave out whole: brackets, relative clauses (“, who …,”), contrasts (“, not the
# president,”), reasons, and ages.
_CLAUSE = re.compile(
    r"(?P<bracket>\((?!\s*(?:not|never|no|hardly|barely)\s*\))[^()]*\))"
    r"|(?:(?<=[,—–])|(?<=[,—–] ))(?:"
    r"(?P<relative>(?:\w+\s+of\s+)?(?:who|whose|whom|which|where)\b[^,;:—–()]*)"
    r"|(?P<contrast>(?:not|rather than|instead of|unlike)\b[^,;:—–()]*))"
    r"|(?P<reason>\b(?:because|although|though|whereas|while)\b[^,;:—–()]*)"
    r"|(?P<age>(?<=, )\d{1,3}(?=,|\s*$))",
    re.IGNORECASE,
)
_ENDS_CLAUSE = re.compile(r"(?:[,.;:—–)!?。，]|$|(?:and|but)\b)")
# Words right before a quote that deny the quote: “not yet been”, “denied that”, “It is not true that the”.
_DENIED = re.compile(
    rf"(?P<words>{_DENIES}(?:(?:\s+{_FILLER}){{0,4}}"
    rf"|(?:\s+[^\s,;:]+){{0,8}}?\s+(?:that|whether|if)(?:\s+{_FILLER})?)|{_UNDONE}"
    rf"|\b{_any('denied')}(?:\s+{_FILLER})?|{_any('denied_elsewhere')})\s*$",
    re.IGNORECASE,
)
# Only in lower case: “Not” begins a new sentence.
_DENIED_AFTER = re.compile(rf"(?P<words>{_any('denied_after')})")
_HEDGED = re.compile(
    rf"\b(?P<words>(?:{_DOUBTFUL}|{_MODAL}|{_INTENT})(?:\s+{_FILLER}){{0,3}})\s*$", re.IGNORECASE
)
_HEDGED_AFTER = re.compile(r"(?P<words>only\s+if|provided\s+that)\b")
_ANSWERED = re.compile(r"\?[”\"’']?\s+(?P<words>Hardly|No|Never|Not at all|Far from it)[.!]")
_SAID_BEFORE = re.compile(
    r"\b(?:according to [^,]{1,100},"
    r"|(?:said|says|told \w+(?: \w+)?|claimed|claims|alleged|believes?)(?: that)?)\s*$",
    re.IGNORECASE,
)
_CLAUSE_START = re.compile(r"[.!?;:()“”\"«»—–。！？；：「」]|\n\s*\n")
_ENDS_SENTENCE = re.compile(r"[.!?。！？][”’»」』\"')\]]*$")


def between(text: str, parts: Sequence[Span], prose: str = "") -> tuple[Omission, ...]:
    """Return the omissions between a quote's parts that change the sense.

    Leaving out whole sentences changes nothing. A speaker is not reported if the `prose` around the quote
    names the speaker.
    """
    omissions: list[Omission] = []
    for before, after in pairwise(parts):
        ends = _sentence_ends(text, before, after)
        pieces = [(before.end, ends[0]), (ends[1], after.start)] if ends else [(before.end, after.start)]
        for start, end in pieces:
            omissions += _in_piece(text, start, end)
        omissions += _quotation_opened(text, before, after)
        words = [text[start:end].strip() for start, end in pieces]
        if ends and all(re.search(r"\w", piece) for piece in words):
            omissions.append(Omission("sentence", _shortened(" … ".join(words))))
    reported = (
        omission
        for omission in omissions
        if not (omission.kind == "speaker" and _names(prose, omission.text))
    )
    return tuple(dict.fromkeys(reported))


def around(text: str, span: Span, prose: str = "", *, whole: bool = False) -> tuple[Omission, ...]:
    """Return the words right before or after a quote, in its clause, that deny, hedge or ascribe the quote.

    Such words are not reported if the `prose` around the quote has words of the same kind. A speaker counts
    only before a quote that is written as a `whole` sentence.
    """
    left = text[max(0, span.start - _WINDOW) : span.start]
    starts = [match.end() for match in _CLAUSE_START.finditer(left)]
    left = left[starts[-1] :] if starts else left
    quote = text[span.start : span.end]
    answered = _ANSWERED.search(text, max(span.start, span.end - 2), span.end + 40)
    if answered and answered.start() > span.end:
        answered = None
    right = "" if _ENDS_SENTENCE.search(quote) else text[span.end : span.end + 40]
    right = _CLAUSE_START.split(right, maxsplit=1)[0].lstrip()
    omissions = []
    denied = _DENIED.search(left) or _DENIED_AFTER.match(right) or answered
    if denied and not _NEGATION.search(prose):
        omissions.append(Omission("negation", _shortened(denied["words"])))
    after = _HEDGED_AFTER.match(right)
    hedged = _hedge_before(left, quote[:40]) or (after["words"] if after else "")
    if hedged and hedged.casefold() not in prose.casefold() and not _HEDGE.search(prose):
        omissions.append(Omission("hedge", _shortened(hedged)))
    ascribed = _SAID_BEFORE.search(left) if whole else None
    if ascribed and not _SAID.search(prose):
        omissions.append(Omission("speaker", _shortened(left.strip())))
    return tuple(omissions)


def _hedge_before(left: str, right: str) -> str:
    near = _HEDGES_NUMBER.search(left) if _STARTS_WITH_NUMBER.match(right) else None
    hedged = _HEDGED.search(left)
    return near[0].strip() if near else hedged["words"] if hedged else ""


def _sentence_ends(text: str, before: Span, after: Span) -> tuple[int, int] | None:
    """Return the first and the last end of a sentence between two parts.

    Return None if both parts lie in the same sentence.
    """
    begin, end = max(before.start, before.end - _WINDOW), min(after.end, after.start + _WINDOW)
    if after.start - before.end <= 2 * _WINDOW:
        windows = [(begin, end)]
    else:
        windows = [(begin, before.end + _WINDOW), (after.start - _WINDOW, end)]
    ends = [at for first, last in windows for at in sentence_ends(text, first, last, "")]
    ends += [m.start() for first, last in windows for m in re.compile(r"\n\s*\n").finditer(text, first, last)]
    ends = [at for at in ends if before.end <= at <= after.start]
    if not ends and len(windows) > 1:  # a sentence of several pages counts as two sentences
        ends = [before.end + _WINDOW, after.start - _WINDOW]
    return (min(ends), max(ends)) if ends else None


def _in_piece(text: str, start: int, end: int) -> Iterator[Omission]:
    """Yield the omissions that change the sense in a piece that is left out of a sentence."""
    words = text[start:end]
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    main = _without_clauses(words, before, after, keep_asides=False)
    full = _without_clauses(words, before, after, keep_asides=True)
    # The word before the piece distinguishes “a few” from “few”. In “was […] closed”, it completes the hedge
    # “was to be”.
    last = "".join(before.split()[-1:])
    for match in _NEGATION.finditer(f"{last} {main}"):
        if match.end() > len(last) + 1:
            yield Omission("negation", match[0])
    for match in _HEDGE.finditer(full):
        yield Omission("hedge", match[0])
    ending = _ENDS_IN_HEDGE.search(f"{last} {full}")
    if ending and ending.end("words") > len(last) + 1:
        yield Omission("hedge", ending["words"])
    elif modal := _STARTS_WITH_MODAL.search(full):
        yield Omission("hedge", modal["words"])
    if (near := _HEDGES_NUMBER.search(full)) and _STARTS_WITH_NUMBER.match(after):
        yield Omission("hedge", near[0].strip())
    for match in _NUMBER.finditer(main):
        yield Omission("number", match[0])
    if _ENDS_WITH_NUMBER.search(before) and (unit := _UNIT.match(words.lstrip())):
        yield Omission("number", unit["unit"])
    if _SAID.search(full):
        yield Omission("speaker", _shortened(" ".join(full.split()).strip(' ,;:—–"“”')))


def _without_clauses(words: str, before: str, after: str, *, keep_asides: bool) -> str:
    """Return words without the clauses among them. With `keep_asides`, keep brackets, contrasts and ages."""
    lead = f"{mark[0]} " if (mark := re.search(r"[,”\"—–]$", before.rstrip())) else ""
    whole = lead + words.lstrip()
    pieces, at = [], 0
    for match in _CLAUSE.finditer(whole):
        rest = whole[match.end() :] or after
        if match.lastgroup not in ("bracket", "age") and not _ENDS_CLAUSE.match(rest.lstrip()):
            continue
        if keep_asides and match.lastgroup not in ("relative", "reason"):
            continue
        pieces += [whole[at : match.start()], " "]
        at = match.end()
    return "".join(pieces) + whole[at:]


def _quotation_opened(text: str, before: Span, after: Span) -> Iterator[Omission]:
    """Yield the beginning of a quotation that is left out, if the quote does not show the quotation's end."""
    opened = 0
    at = before.end
    for match in re.compile(f"[{_OPENS}{_SHUTS}]").finditer(text, before.end, after.start):
        opened = max(0, opened + (1 if match[0] in _OPENS else -1))
        at = match.start() if opened else at
    straight = [m.start() for m in re.compile(r"(?<!\w)\"(?=\w)|\"").finditer(text, before.end, after.start)]
    if len(straight) % 2 and re.match(r"\"\w", text[straight[-1] :]):
        opened, at = opened + 1, straight[-1]
    if opened and not re.search(f'[{_SHUTS}"]', text[after.start : after.end]):
        yield Omission("speaker", _shortened(text[at : after.start]))


def _names(prose: str, words: str) -> bool:
    """Return whether prose names the speaker of an omission: both have a word of four letters or more.

    Verbs of saying do not count.
    """
    speaker_words = set(re.findall(r"\w{4,}", _SAID.sub(" ", words).casefold()))
    return bool(speaker_words.intersection(re.findall(r"\w{4,}", prose.casefold())))


def _shortened(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN].rsplit(' ', 1)[0]} …"
