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


def _any(phrases: str) -> str:
    """Return a pattern that matches any of the words and phrases. `phrases` separates them by bars."""
    return "(?:" + "|".join(re.sub(r"\s+", r"\\s+", phrase.strip()) for phrase in phrases.split("|")) + ")"


# Excludes “a few”, “the little girl” and “every few days”.
_NO_ARTICLE = "".join(
    rf"(?<!\b{word}.)" for word in "a an the this his her my our their its every last next past first".split()
)
_FILLER = _any(
    r"""
    \w+ly | yet | even | ever | also | soon | still | well | been | be | being | have | has | had | having
    | to | a | an | the | any | it | its | he | she | they | his | their
    """
)
# Words after which something did not happen: it was denied, refused or prevented. The last words are plain
# negations of other languages.
_NEGATIVE = _any(
    r"""
    not(?! (?:only|just|least)\b) | no longer | no(?! (?:doubt|sooner)\b|\.) | none(?! other\b) | nor |
    neither | never | nobody | nothing(?! but\b) | nowhere | cannot | without | hardly | barely |
    scarcely | seldom | rarely | NO_ARTICLE(?-i:[Ff]ew|[Ss]carce|little|Little(?! [A-Z])) | unable |
    impossible | false | untrue | falsely | wrongly | contrary to | far from | instead of | rather than |
    yet to | stop(?:s|ped)? short of | den(?:y|ies|ied|ying) | refus(?:es?|ed|ing) | declin(?:es?|ed|ing)
    to | fail(?:s|ed|ing|ure)? to | reject(?:s|ed|ing)? | refut(?:es?|ed|ing) | disput(?:es?|ed|ing) |
    dismiss(?:es|ed|ing)? | (?<!no.)doubts? | doubted | doubtful | prevent(?:s|ed|ing)? | bans | banned |
    banning | barred | ruled out | forbade | forbidden | lack(?:s|ed|ing)? | ceased | abandoned |
    avoid(?:s|ed|ing)? | withdrew | nicht | kein(?:e[mnrs]?)? | niemals | weder | ne(?= \w+
    (?:pas|jamais|plus|rien)\b) | jamais | aucune? | не | нет | никогда | без
    """
).replace("NO_ARTICLE", _NO_ARTICLE)
# Words after which something was opposed or undone, so it did not happen or has ended: “overturned the ruling
# that”.
_UNDOING = _any(
    r"""
    oppos(?:es?|ed|ing) | overturn(?:s|ed|ing)? | overrul(?:es?|ed|ing) | revers(?:es?|ed|ing) |
    revok(?:es?|ed|ing) | repeal(?:s|ed|ing)? | annul(?:s|led|ling)? | halt(?:s|ed|ing)? | stop(?:s|ped|ping)?
    | block(?:s|ed|ing)? | call(?:s|ed|ing)? off | cancel(?:s|l?ed|l?ing)? | suspend(?:s|ed|ing)? |
    postpon(?:es?|ed|ing) | delay(?:s|ed|ing)? | avert(?:s|ed|ing)? | thwart(?:s|ed|ing)? | foil(?:s|ed|ing)?
    | abandon(?:s|ed|ing)? | escap(?:es?|ed|ing)
    | (?:does|do|did|done|doing) away with | scrap(?:s|ped|ping)? | drop(?:s|ped|ping)?
    """
)
# Words that change the sense if a quote leaves them out. Right before a quote they change nothing: hid “the
# letter”.
_TURNED = (
    _any(
        r"""
    anything but | NO_ARTICLE(?:scant|zero) | all but | as good as |
        (?:omit(?:s|ted)?|neglect(?:s|ed)?|forg[eo]ts?|forbore|forbears?) to | too \w+ to |
        exempt(?:s|ed|ing)? | NO_ARTICLE(?:overturned|overruled) | overturns |
        voids | voided | spares | NO_ARTICLE spared | hid | hides | in the absence of | absent any
    """
    )
    .replace("NO_ARTICLE\\s+", _NO_ARTICLE)
    .replace("NO_ARTICLE", _NO_ARTICLE)
)
# Negations like “couldn’t”, with any apostrophe or none.
_CONTRACTED = (
    r"(?:\w{0,6}n['’‘ʼʹ′´`＇]t\b|\b(?:are|ca|could|did|do|does|had|has|have|is|must|need"
    r"|should|was|were|wo|would)nt\b)"
)
# Greek and Cyrillic letters. A word that mixes them with Latin letters may be a disguised negation.
_FOREIGN = r"(?![μΔΩ])[\u0370-\u052f]"
_MIXED = rf"\b\w*(?:[A-Za-z]{_FOREIGN}|{_FOREIGN}[A-Za-z])\w*"
_UNDONE = (
    rf"{_UNDOING}(?:\s+[^\s,;:]+){{0,8}}?\s+"
    r"(?:that|being|(?:attempt|bid|decision|effort|move|offer|order|plan|proposal|vote)s?\s+to|\w+ing\s+of)"
    rf"(?:\s+{_FILLER})?"
)
_NEGATION = re.compile(
    rf"\b(?:{_NEGATIVE}|{_TURNED})(?!\w)|{_CONTRACTED}|{_MIXED}|\b{_UNDONE}(?=\s*$)"
    # Korean before or after the verb, Chinese without words that only look like negations, and Japanese.
    r"|(?:지[는도]?\s?(?:않|못|말|아니)|아니|아닌|아닙|없)\w*|(?<!\S)[안못](?=\s)|(?:부인|거부|거절)\w*"
    r"|[没沒勿]|不(?![仅僅但只断斷久同])|未(?![来來])|[无無](?![论論])|[并並绝絕]非"
    r"|否[认認]|拒[绝絕]|なかっ\w*|ない|ません",
    re.IGNORECASE,
)
_DOUBTFUL = _any(
    r"""
    reportedly | allegedly | apparently | possibly | perhaps | probably | maybe | presumably | supposedly
    | seemingly | purportedly | ostensibly | potentially | conceivably | likely | unlikely | partly |
    partially | mostly | largely | mainly | almost | nearly | virtually | practically | sometimes | often
    | occasionally | usually | generally | only | in part | in theory | in principle | so-called |
    alleged | suspected | supposed | purported | unconfirmed | rumou?red | would-be | possible | probable
    | unless | whether | (?<!as.)if | provided that | in case | except(?: for)? | apart from | other than
    | but (?:one|two|three|for) | (?:seem|appear)(?:s|ed)? that | it is (?:believed|thought|feared|said)
    | (?:accused|suspected) of | parts? of | most of | many of | some of
    """
)
_HEDGE = re.compile(
    rf"\b{_DOUBTFUL}\b"
    r"|\bsome\b(?!\s+(?:time|day|point|way|years?|months?|weeks?|days?|hours?|minutes)\b)"
    r"|(?:것으로\s?(?:알려|추정|보|전해)|가능성|추정|아마|듯|것\s?같|수\s?있)\w*"
    r"|可能|也[许許]|或[许許]|[据據](?:说|說|报|報|称|稱|悉)|涉嫌|疑似|估[计計]|如果|除非|大概|几乎|幾乎|たぶん|かもしれ",
    re.IGNORECASE,
)
# Words that hedge the verb after them.
_MODAL = r"(?:(?-i:might|could|would|should|may|can|must)|used\s+to)"  # in lower case: May is a month
_INTENT = _any(
    r"""
    (?:expect|plan|plann|hope?|intend|want|attempt|seem|appear|believe?|suspect|report|suppose?|threaten|promise?|pretend|vow
    |agree?|offer|aim|consider)(?:s|ed|ing)? | tr(?:y|ies|ied|ying) | thought | said | sought | seeks |
    ready | poised | set | likely | unlikely | about | reluctant | due | meant | scheduled | slated |
    bound | (?:ask|order|urg|advis|allow|permitt?|forc)(?:e?s|ed)? | told | was | were | is | are
    """
)
_ENDS_IN_HEDGE = re.compile(
    rf"\b(?P<words>{_MODAL}(?:\s+{_FILLER}){{0,3}}|{_INTENT}\s+to(?:\s+{_FILLER}){{0,3}})\s*$"
)
_STARTS_WITH_MODAL = re.compile(rf"^\W*(?P<words>{_MODAL})\b")
# Words that hedge the number after them.
_ABOUT = _any(
    r"""
    at least | at most | up to | more than | less than | fewer than | no more than | no fewer than | no
    less than | as many as | as much as | as few as | about | around | roughly | approximately | nearly
    | almost | some | over | under | close to | an estimated | estimated | perhaps | barely | just over
    | just under | well over | circa
    """
)
_HEDGES_NUMBER = re.compile(
    rf"\b{_ABOUT}\s*$|(?:约|約|大约|大約|至少|最多|近|超过|超過|약|최소|최대)\s*$", re.IGNORECASE
)
_WORD_NUMBER = _any(
    r"""
    two | three | four | five | six | seven | eight | nine | ten | eleven | twelve |
    (?:thir|four|fif|six|seven|eigh|nine)teen | (?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)? |
    hundreds? | thousands? | [mb]illions? | trillions? | dozens? | half | halves | a third | a quarter |
    a (?:fif|six|seven|eigh|nin|ten)th | fifths |
    (?:two|three|four|five|six|seven|eight|nine|ten|hundred)-?fold |
    a score | scores of | a couple |
    thirds | quarters | twice | doubled? | tripled? | percent | per cent | one in | one(?=
    (?:hundred|thousand|million)\b)
    """
)
_NUMBER = re.compile(
    rf"[$£€¥₩]?\d+(?:[.,:/\-–]\d+)*(?:st|nd|rd|th)?(?:\s?%)?|\b{_WORD_NUMBER}\b|%"
    r"|(?-i:\b(?=[CXLVI]{2,8}\b)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b)"
    r"|[二三四五六七八九十百千万萬亿億两兩]+(?<!十(?=分))"
    r"|(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|수십|수백|수천)\s?(?:명|개|톤|달|해|번|배|곳|마리|채)",
    re.IGNORECASE,
)
_STARTS_WITH_NUMBER = re.compile(
    rf"\W{{0,3}}(?:\d|{_WORD_NUMBER}\b|all\b|every\b|[一二三四五六七八九十百千万]|수[십백천])", re.IGNORECASE
)
_ENDS_WITH_NUMBER = re.compile(rf"(?:\d|\b{_WORD_NUMBER})\s*$", re.IGNORECASE)
_UNIT = re.compile(
    r"(?P<unit>(?:percent|per\s+cent|percentage|tons?|tonnes?|kilo\w*|km|metres?|meters?|miles?|dollars?|euros?|won"
    r"|yuan|degrees?|톤|명|달러|원|퍼센트|吨|噸|人|元)\b|%|[万萬亿億만억천백])",
    re.IGNORECASE,
)
# Verbs that mean “say” only after a comma, or before “that”, a comma or a quotation.
_VERB = _any(
    r"""
    wrote | writes | stated | announced | announces | claimed | alleged | alleges | argued | argues |
    added | adds | insisted | insists | warned | warns | explained | explains | declared | declares |
    admitted | admits | acknowledged | asserted | maintained | reported | recalled | recalls | noted |
    say |
    (?<!\ba.)(?<!the.)(?<!of.)(?:claims?|thinks?) |
    allege | argue | insist | remarked | replied | estimated | testified | predicted | quoted
    """
)
_SAID = re.compile(
    r"\b(?:according\s+to|in\s+the\s+words\s+of|said|says|saying|told|tells|as\s+\w+(?:\s+\w+)?\s+put\s+it"
    r"|in\s+(?:the\s+)?(?:his|her|their|\w+['’]s?)\s+(?:view|opinion|words|telling|account|version)"
    r"|^\W*(?:the\s+)?\w+\s+(?:says?|claims?|thinks?|believes?)(?=\W*$)"
    r"|(?:states|reports|claims|estimates|notes|believes?|believed|thinks?|thought|suggest(?:s|ed)?|suspect(?:s|ed)?"
    r"|fear(?:s|ed)?|assumes?|assumed|hopes?|hoped|expect(?:s|ed)?)\s+that"
    rf"|{_VERB}(?=(?:\s+\w+){{0,2}}?\s*(?:\bthat\b|[,:;.\"“]|$)))|(?<=[,”\"] ){_VERB}\b"
    r"|(?:말했|말하|밝혔|밝힌|전했|주장|보도|따르면)\w*|[说說]|表示|[称稱](?=[，：])|指出|[报報]道|と述べ\w*|によると",
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
# Words right before a quote that deny the quote: “not”, “not yet been”, “denied that”, “It is not true that
# the”.
_DENIED = re.compile(
    rf"(?P<words>(?:\b{_NEGATIVE}|{_CONTRACTED})(?!\w)"
    rf"(?:(?:\s+{_FILLER}){{0,4}}|(?:\s+[^\s,;:]+){{0,8}}?\s+(?:that|whether|if)(?:\s+{_FILLER})?)|\b{_UNDONE}"
    r"|(?:\b(?:mistake|mistaken|wrong|error|nonsense|absurd|myth|lie|fiction|legend)(?:\s+to\s+\w+)?\s+that"
    rf"|\bgone\s+are\s+the\s+(?:days|years|times)\s+when)(?:\s+{_FILLER})?"
    r"|没有|沒有|并非|並非|并未|並未|并不|並不|[没沒不未]|否[认認])\s*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"(?P<words>(?:not|never|no longer)\b|n['’]t\b|(?:, ?)?(?:unless|except(?:\s+for)?)\b"
    r"|(?:is|are|was|were|has\s+been|have\s+been)\s+(?:an?\s+)?(?:abandoned|baseless|cancell?ed|false|fiction|legend|lie|myth"
    r"|nonsense|rejected|scrapped|shelved|unfounded|untrue|wrong)\b"
    r"|[하되지가이은는를을수]?\s?(?:지[는도]?\s?(?:않|못|말)|아니|없)\w*|(?:て|で)?い?(?:ない|なかった|ません))"
)  # in lower case: “Not” begins a new sentence
_HEDGED = re.compile(
    rf"\b(?P<words>(?:{_DOUBTFUL}|{_MODAL}|{_INTENT}\s+to)(?:\s+{_FILLER}){{0,3}})\s*$", re.IGNORECASE
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
    found: list[Omission] = []
    for before, after in pairwise(parts):
        ends = _sentence_ends(text, before, after)
        pieces = [(before.end, ends[0]), (ends[1], after.start)] if ends else [(before.end, after.start)]
        for start, end in pieces:
            found += _in_piece(text, start, end)
        found += _quotation_opened(text, before, after)
        words = [text[start:end].strip() for start, end in pieces]
        if ends and all(re.search(r"\w", each) for each in words):
            found.append(Omission("sentence", _shortened(" … ".join(words))))
    named = (each for each in found if not (each.kind == "speaker" and _names(prose, each.text)))
    return tuple(dict.fromkeys(named))


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
    found = []
    denied = _DENIED.search(left) or _DENIED_AFTER.match(right) or answered
    if denied and not _NEGATION.search(prose):
        found.append(Omission("negation", _shortened(denied["words"])))
    after = _HEDGED_AFTER.match(right)
    hedged = _hedge_before(left, quote[:40]) or (after["words"] if after else "")
    if hedged and hedged.casefold() not in prose.casefold() and not _HEDGE.search(prose):
        found.append(Omission("hedge", _shortened(hedged)))
    said = _SAID_BEFORE.search(left) if whole else None
    if said and not _SAID.search(prose):
        found.append(Omission("speaker", _shortened(left.strip())))
    return tuple(found)


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
    found = [at for first, last in windows for at in sentence_ends(text, first, last, "")]
    found += [
        m.start() for first, last in windows for m in re.compile(r"\n\s*\n").finditer(text, first, last)
    ]
    found = [at for at in found if before.end <= at <= after.start]
    if not found and len(windows) > 1:  # a sentence of several pages counts as two sentences
        found = [before.end + _WINDOW, after.start - _WINDOW]
    return (min(found), max(found)) if found else None


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
    said = set(re.findall(r"\w{4,}", _SAID.sub(" ", words).casefold()))
    return bool(said.intersection(re.findall(r"\w{4,}", prose.casefold())))


def _shortened(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN].rsplit(' ', 1)[0]} …"
