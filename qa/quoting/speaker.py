"""Find who speaks in a quote, by what its source says: “according to X, …”, “…”, said X; X said that ….

A speaker is a slice of the source, as a quote is. A sentence has one only if all of it has a known shape, and
a pronoun names nobody: no speaker is better than a wrong one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.document.segment import sentence_ends
from qa.schema import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Document, Quote

# How far around a quote its paragraph is looked for, and how far before it “a source”, in characters.
_NEAR = 3_000
# A longer sentence has no speaker: it is no news.
_MOST_TOKENS = 150
_MOST_NAME = 14
_MOST_BESIDE = 30

_SAYS = frozenset("said says say".split())
# These say something only before “that”, a quotation or a colon: “claims” and “notes” may be nouns.
_SAYS_THAT = frozenset(
    """
    told tells added adds warned warns argued argues claimed claims explained explains insisted
    insists stated states wrote writes noted notes announced announces confirmed confirms testified
    testifies recalled recalls estimated estimates admitted admits acknowledged acknowledges replied
    replies declared declares reported reports observed observes maintained maintains concluded
    concludes believes alleged alleges asserted asserts complained complains
    """.split()
)
SAYING_VERBS = _SAYS | _SAYS_THAT
_NOUNS = frozenset("states claims notes reports estimates".split())
# With another of these beside it, a sentence may have two speakers.
_ALSO_SPEAKS = SAYING_VERBS | frozenset(
    """
    asked asks cried shouted interrupted answered answers continued snapped laughed murmured thinks
    thought denied denies called calls agreed joked found finds suggested suggests according put
    puts
    """.split()
)
_SAY = frozenset("say report add explain claim warn state argue note tell write".split())
QUOTING_VERBS = frozenset("quoted quotes cited cites".split())
_REPORTING = frozenset("saying reporting telling claiming warning stating adding writing".split())
_ADVERBS = frozenset("also then later still again already recently once has have had".split())
# A sentence with one of these may go on in its writer's own voice.
_CONTRASTS = frozenset("but ; nor neither".split())
_CONTRASTS_AFTER_A_COMMA = frozenset("though although while whereas yet".split())
_DETERMINERS = frozenset("the a an its his her their our one two three some several many another".split())
_RELATIVES = frozenset("who which whose".split())
# No name has these.
_NO_NAMES = frozenset(
    """
    is are was were be been being am do does did has have had will would can could may might must
    shall should that because while whereas if when where although though unless until but or what
    how whether why than whom who which whose he she they it we i you this most these those there
    here nobody none never not no by to as so hardly rarely once all few since despite contrary
    perhaps maybe instead both each every either neither other others such like unlike besides
    """.split()
)
_OPENERS = frozenset("and but however meanwhile indeed thus earlier later today yesterday".split())
_PREPOSITIONS = frozenset("in on at after before during since".split())
# These join the words of a name: Ada Orr of the harbour office in Leith.
_JOINS = frozenset(
    "of for from in at inside with the a an and on de la le du van von der den al bin ibn".split()
)
# What may stand right before a name, or be one: the harbour master Ada Orr.
PERSONS = frozenset(
    """
    minister president premier chancellor king queen prince princess director chairman chairwoman
    chair chief spokesman spokeswoman spokesperson secretary officer official officials leader head
    mayor governor judge justice general admiral colonel major captain commander sergeant inspector
    engineer economist economists analyst analysts lawyer lawyers attorney prosecutor professor
    doctor doctors scientist scientists researcher historian ambassador envoy senator deputy
    lawmaker member members owner manager founder co-founder executive editor author co-author
    coauthor writer reporter correspondent journalist farmer farmers trader worker workers agent
    coach operator master critic teacher bishop pastor priest preacher expert experts climatologist
    hydrologist seismologist toxicologist agronomist geologist biologist physicist psychologist
    sociologist specialist representative delegate commissioner treasurer clerk witness source
    sources resident residents father mother son daughter brother sister wife husband uncle aunt
    nephew niece friend neighbour neighbor nurse baker electrician merchant candidate banker
    councillor councilor congressman congresswoman lawmaker headteacher headmaster solicitor
    barrister detective constable sheriff activist campaigner translator
    """.split()
)
_ROLES = PERSONS | frozenset(
    """
    company consultancy group agency ministry newspaper paper daily weekly magazine institute
    university bank union party federation association chamber commission office regulator
    department council court team
    """.split()
)
_NOUNS_IN_LY = frozenset("family ally assembly monopoly supply daily weekly monthly".split())
_PRONOUNS = frozenset("he she they it we i you".split())
PRONOUNS = frozenset({"he", "she"})  # of one person
# After its verb, a name may end before these.
_AFTER_A_NAME = frozenset(
    """
    who whose which when after before on during in at yesterday today adding referring speaking for
    that
    """.split()
)
_TIMES = frozenset(
    """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday week month year morning afternoon evening
    night
    """.split()
)
ABBREVIATED_TITLES = "Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Sgt|Capt|Maj|Cmdr|Adm|Sen|Rep|Gov|St|Rev|Hon|Jr|Sr"
_TOKEN = re.compile(
    rf"(?:{ABBREVIATED_TITLES}|[A-Z](?:\.[A-Z])*)\.(?=\s+[^\W\d_])|[^\W_]+(?:[’'.,-][^\W_]+)*(?:[’'](?![^\W_]))?|[^\w\s]"
)
_OPENS = re.compile(r'[“«]|(?<![^\s(\[—–-])"(?=\S)')  # 5" is five inches
_OPENING = {"“": "”", "«": "»", '"': '"'}
_SOURCE = re.compile(r"\b(?:sources?|another)\b", re.IGNORECASE)
_BREAK = re.compile(r"\n[^\S\n]*\n")
_STOPS = frozenset(".;:!?—–()[]-")


class Token(NamedTuple):
    """A word, a mark or a whole quotation, with its place in the text. A quotation is `is_quotation`."""

    text: str
    start: int
    end: int
    is_quotation: bool = False

    @property
    def word(self) -> str:
        """The word or mark in small letters; "" for a quotation."""
        return "" if self.is_quotation else self.text.casefold()


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, as slices of the source.

    Attributes:
        name: the words that name the speaker: “a source inside North Korea”.
        reported_by: the words that name who passes it on, if anybody: “the Daily NK”.
    """

    name: Span
    reported_by: Span | None = None


def said_by(quote: Quote) -> str:
    """Say who speaks in a quote: “a source inside North Korea, quoted by the Daily NK”; "" for nobody."""
    speaker = speaker_of(quote.document, quote.start, quote.end)
    if speaker is None:
        return ""
    name, by = (
        _in_a_sentence(quote.document.text[span.start : span.end]) if span else ""
        for span in (speaker.name, speaker.reported_by)
    )
    return f"{name}, quoted by {by}" if by else name


def _in_a_sentence(words: str) -> str:
    """Return words as they stand within a sentence: in one line, and without a capital on “the”."""
    first, *others = words.split()
    return " ".join([first.lower() if first.casefold() in _DETERMINERS else first, *others])


def speaker_to_dict(quote: Quote) -> dict[str, Any] | None:
    """Return who speaks in a quote as slices of its document, for JSON."""
    speaker = speaker_of(quote.document, quote.start, quote.end)
    if speaker is None:
        return None
    text = quote.document.text
    name, by = (
        {"start": span.start, "end": span.end, "text": text[span.start : span.end]} if span else None
        for span in (speaker.name, speaker.reported_by)
    )
    return {**(name or {}), "reported_by": by}


def speaker_of(document: Document, start: int, end: int) -> Speaker | None:
    """Return who says all of `text[start:end]`; None where its source does not say, or names several."""
    found = _said(document, start, end)
    return found and _resolve_source(document, paragraph_around(document.text, start, end).start, found)


def mention_of(document: Document, start: int, end: int) -> Span | None:
    """Return the words by which a text names who says all of `text[start:end]`: a pronoun, too; or None."""
    text = document.text
    around = [
        each
        for each in _quotations(text, paragraph_around(text, start, end)) or ()
        if each.start <= start < each.end
    ]
    if any(not _OPENS.match(text, each.start) for each in around):  # 5" is five inches
        return None
    found = _said(document, start, end, pronouns=True)
    return None if found is None or found.reported_by else found.name


def _said(document: Document, start: int, end: int, *, pronouns: bool = False) -> Speaker | None:
    if document.language not in ("en", ""):
        return None
    span = paragraph_around(document.text, start, end)
    paragraph = _Paragraph(document.text, span, document.language, pronouns=pronouns)
    said = zip(paragraph.sentences, paragraph.speakers, strict=True)
    found = {speaker for each, speaker in said if each.start < end and start < each.end}
    return found.pop() if len(found) == 1 else None


def quotation_around(text: str, start: int, end: int) -> Span | None:
    """Return the quotation, with its marks, that a range lies in; None if none, or a mark has no partner."""
    found = _quotations(text, paragraph_around(text, start, end)) or ()
    around = next((each for each in found if each.start <= start and end <= each.end), None)
    return around if around and _OPENS.match(text, around.start) else None


def paragraph_around(text: str, start: int, end: int) -> Span:
    """Return the paragraph around a place, between blank lines: at most _NEAR characters either way."""
    first, last = max(0, start - _NEAR), min(len(text), end + _NEAR)
    before = [match.end() for match in _BREAK.finditer(text, first, start)]
    after = _BREAK.search(text, end, last)
    return Span(before[-1] if before else first, after.start() if after else last)


def _resolve_source(document: Document, before: int, speaker: Speaker) -> Speaker:
    """Return for “the source” the one source that was named before; for others, the same speaker."""
    text = document.text
    if text[speaker.name.start : speaker.name.end].casefold() != "the source":
        return speaker
    earlier = max(0, before - _NEAR)
    named: list[Speaker] = []
    for at in [earlier, *(match.end() for match in _BREAK.finditer(text, earlier, before))]:
        if at < before:
            named += filter(
                None, _Paragraph(text, paragraph_around(text, at, at), document.language).speakers
            )
    sources = {
        each
        for each in named
        if re.match(r"(?i)an? (?:\S+ ){0,2}source\b", text[each.name.start : each.name.end])
    }
    # Of two sources, nobody knows which is meant.
    mentioned = [match[0] for match in _SOURCE.finditer(text, earlier, before)]
    return sources.pop() if len(sources) == 1 and set(mentioned) <= {"source"} else speaker


class _Paragraph:
    """A paragraph, cut into sentences and quotations.

    Attributes:
        span: where it is.
        sentences: its sentences, which tile it.
        speakers: who says each of them: its own speaker, or of words in quotation marks, the quotation's.
    """

    def __init__(self, text: str, span: Span, language: str, *, pronouns: bool = False) -> None:
        """Read the paragraph `text[span.start:span.end]`. With `pronouns`, “he” and “she” speak, too."""
        self.span = span
        self._text = text
        ends = [*sentence_ends(text, span.start, span.end, language or "en"), span.end]
        self.sentences = [Span(*each) for each in zip([span.start, *ends[:-1]], ends, strict=True)]
        quotations = _quotations(text, span)
        self.speakers: list[Speaker | None] = [None] * len(self.sentences)
        if quotations is None:
            return
        inside = [[q for q in quotations if _overlap(q, each)] for each in self.sentences]
        tokens = [self._tokenise(each, own) for each, own in zip(self.sentences, inside, strict=True)]
        own = [None if _is_bare(each) else _speaker(each) for each in tokens]
        if not pronouns:
            own = [None if each and _is_pronoun(text, each.name) else each for each in own]
        self.speakers = list(own)
        for at, each in enumerate(tokens):
            if _is_bare(each) and inside[at]:
                quotation = inside[at][0]
                beside = {own[other] for other in range(len(own)) if quotation in inside[other]} - {None}
                self.speakers[at] = beside.pop() if len(beside) == 1 else None
        if quotations:
            self._continue(quotations[-1], tokens, inside)

    def _continue(
        self, last: Span, tokens: Sequence[Sequence[Token]], inside: Sequence[Sequence[Span]]
    ) -> None:
        """Give the quotation that ends a paragraph to whoever speaks right before it: “…,” said X. “….”."""
        bare = [at for at, own in enumerate(inside) if last in own]
        first = bare[0]
        if not first or bare[-1] != len(tokens) - 1 or not all(_is_bare(tokens[at]) for at in bare):
            return
        before = self.speakers[first - 1]
        quoting = [at for at in range(first) if inside[at] and not _is_bare(tokens[at])]
        asks = {"?", "!"} & set(self._text[last.start : last.end])
        if quoting == [first - 1] and set(self.speakers[:first]) <= {before, None} and not asks:
            self.speakers[first:] = [before] * len(bare)

    def _tokenise(self, sentence: Span, inside: Sequence[Span]) -> list[Token]:
        """Return the words, marks and quotations of a sentence."""
        tokens: list[Token] = []
        place = sentence.start
        for quotation in inside:
            start, end = max(quotation.start, sentence.start), min(quotation.end, sentence.end)
            tokens += [Token(m[0], m.start(), m.end()) for m in _TOKEN.finditer(self._text, place, start)]
            tokens.append(Token(self._text[start:end], start, end, is_quotation=True))
            place = end
        rest = _TOKEN.finditer(self._text, place, sentence.end)
        return tokens + [Token(m[0], m.start(), m.end()) for m in rest]


def _is_pronoun(text: str, name: Span) -> bool:
    return text[name.start : name.end].casefold() in PRONOUNS


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _is_bare(tokens: Sequence[Token]) -> bool:
    """Tell whether a sentence has no word outside quotation marks."""
    return not any(token.word[:1].isalnum() for token in tokens)


def _quotations(text: str, span: Span) -> list[Span] | None:
    """Return what stands between quotation marks; None where a mark has no partner."""
    found: list[Span] = []
    opened: int | None = None
    closing = ""
    for at in range(span.start, span.end):
        mark = text[at]
        if opened is not None and mark == closing:
            found.append(Span(opened, at + 1))
            opened = None
        elif mark in _OPENING:
            if opened is not None and mark != '"':
                return None
            if opened is None:
                opened, closing = at, _OPENING[mark]
        elif opened is None and mark in "”»":
            return None
    return found if opened is None else None


# The shapes of a sentence


def _speaker(tokens: Sequence[Token]) -> Speaker | None:
    """Return who says a sentence that has words outside quotation marks."""
    words = [_low(token) for token in tokens]
    if len(tokens) > _MOST_TOKENS or set(words[1:]) & _CONTRASTS:
        return None
    if any(mark == "," and word in _CONTRASTS_AFTER_A_COMMA for mark, word in pairwise(words)):
        return None
    speaking = [at for at, word in enumerate(words) if word in _ALSO_SPEAKS or _continues(words, at)]
    quoting = [
        at for at, word in enumerate(words) if word in QUOTING_VERBS and words[at + 1 : at + 2] != ["by"]
    ]
    if not speaking and len(quoting) == 1:
        return _quoted(tokens, quoting[0])
    # “X said that …, and added that …” has one speaker.
    more = [
        at
        for at in speaking[1:]
        if not (words[at - 1] == "and" and words[at] in _SAYS_THAT) and words[at - 1] not in ("be", "been")
    ]
    if not speaking or more or quoting:
        if tokens[0].word == "according" and not speaking and not quoting:
            return _according(tokens, 0)
        return None
    at = speaking[0]
    if words[at] == "according":
        return _according(tokens, at)
    if words[at] not in SAYING_VERBS and not _continues(words, at):
        return None
    name = _before_verb(tokens, words, at) or _after_verb(tokens, words, at)
    return Speaker(name) if name else None


def _low(token: Token) -> str:
    """Return a word in small letters, or a mark; "" for a word with a capital, which may be a name."""
    return token.text if not token.is_quotation and token.text == token.text.lower() else ""


def _continues(words: Sequence[str], at: int) -> bool:
    """Tell whether “went on to say” stands there."""
    return list(words[at : at + 3]) == ["went", "on", "to"] and not _SAY.isdisjoint(words[at + 3 : at + 4])


def _ends(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether only marks follow."""
    return not any(token.is_quotation or token.word[:1].isalnum() for token in tokens[at:])


def _according(tokens: Sequence[Token], at: int) -> Speaker | None:
    """Return who is named after “according to”, where it opens or closes the sentence."""
    if tokens[at + 1 : at + 2] == [] or tokens[at + 1].word != "to":
        return None
    begin = at + 2
    end = begin
    while end < len(tokens) and not tokens[end].is_quotation and tokens[end].text not in _STOPS | {","}:
        end += 1
    name = tokens[begin:end]
    if not _is_name(name, first=False):
        return None
    if at == 0:
        follows = end < len(tokens) and (tokens[end].text == "," or tokens[end].is_quotation)
        return Speaker(_span(name)) if follows else None
    apart = tokens[at - 1].text == "," or tokens[at - 1].is_quotation
    if apart and _ends(tokens, end) and _is_plain(tokens[: at - 1]):
        return Speaker(_span(name))
    return None


def _is_plain(tokens: Sequence[Token]) -> bool:
    """Tell whether words before a closing attribution are all of it: no colon, no dash."""
    return not any(token.text in (":", ";", "—", "–") for token in tokens)


def _quoted(tokens: Sequence[Token], at: int) -> Speaker | None:
    """Return whom a sentence quotes: “the Daily NK quoted a source reporting that”."""
    begin = _past_introduction(tokens, at)
    by, name, end = tokens[begin:at], tokens[at + 1 :], 0
    while end < len(name) and not name[end].is_quotation and _low(name[end]) not in _REPORTING | {"as"}:
        end += 1
    said = [_low(token) for token in name[end : end + 2]]
    name = name[:end]
    if not said or not (said[0] in _REPORTING or (said[0] == "as" and said[-1] in _REPORTING)):
        return None
    if not _is_name(by, first=begin == 0) or not _is_name(name, first=False):
        return None
    return Speaker(_span(name), _span(by))


def _before_verb(tokens: Sequence[Token], words: Sequence[str], verb: int) -> Span | None:
    """Return the subject of a verb of saying: of X said that …; “…,” X said; …, X said."""
    end = verb
    while end and words[end - 1] in _ADVERBS:
        end -= 1
    quotation = next((at for at in range(end - 1, -1, -1) if tokens[at].is_quotation), None)
    if quotation is not None:  # “…,” X said [on Monday]. [“….”]
        begin = quotation + 1 + (words[quotation + 1 : quotation + 2] == [","])
        if quotation == 0 and _is_name(tokens[begin:end], first=False) and _is_rest(tokens, words, verb + 1):
            return _span(tokens[begin:end])
        return None
    begin = _past_introduction(tokens, end)
    follows = words[verb + 1] if verb + 1 < len(words) else ""
    says = (
        follows == "that"
        or _is_quoted_next(tokens, verb + 1)
        or (
            words[verb] in _SAYS
            and follows not in ("to", "by", "so", "nothing", "of")
            and len(tokens) - verb > 4
        )
        or (words[verb] in ("told", "tells", "warned") and _tells(tokens, words, verb))
        or words[verb] == "went"
    )
    if says and (name := _named(tokens[begin:end], first=begin == 0)):
        return name
    # …, X said [on Monday].
    commas = [at for at in range(end) if tokens[at].text == ","]
    if commas and words[verb] not in _NOUNS and _is_plain(tokens[: commas[-1]]):
        tail = tokens[commas[-1] + 1 : end]
        if _is_name(tail, first=False) and _is_rest(tokens, words, verb + 1):
            return _span(tail)
    return None


def _is_quoted_next(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a quotation follows, after a comma or colon or none."""
    at += at < len(tokens) and tokens[at].text in (",", ":")
    return at < len(tokens) and tokens[at].is_quotation


def _tells(tokens: Sequence[Token], words: Sequence[str], verb: int) -> bool:
    """Tell whether something is told to somebody: told reporters that, told the court: “…”."""
    near = range(verb + 1, min(len(tokens), verb + 10))
    return any(words[at] == "that" or _is_quoted_next(tokens, at) for at in near)


def _is_rest(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    """Tell whether a closing attribution is followed at most by where and when, or by a last quotation."""
    rest = [token for token in tokens[at:] if token.text not in _STOPS]
    if rest and rest[-1].is_quotation:
        return len(rest) == 1 or (len(rest) == 2 and rest[0].text == ",")
    if any(token.is_quotation for token in rest):
        return False
    following = words[at] if at < len(words) else ""
    told = at > 0 and words[at - 1] in ("told", "tells") and _RELATIVES.isdisjoint(words[at:])
    beside = (
        told
        or following in _PREPOSITIONS | {"reporters", "lawmakers", "parliament"}
        or (at < len(tokens) and tokens[at].word in _TIMES)
    )
    return _ends(tokens, at) or (
        beside and len(rest) <= _MOST_BESIDE and not any(t.text == "," for t in rest)
    )


def _past_introduction(tokens: Sequence[Token], end: int) -> int:
    """Return where a clause begins after “But”, “On Tuesday” and “In a letter to the mayor,”."""
    begin = 0
    while begin < end and (tokens[begin].word in _OPENERS or (begin and tokens[begin].text == ",")):
        begin += 1
    if begin < end and tokens[begin].word in _PREPOSITIONS:
        comma = next((at for at in range(begin, end) if tokens[at].text == ","), None)
        if comma is not None:
            return comma + 1
        at = begin + 1
        while at < end and (tokens[at].word in _TIMES or tokens[at].text[:1].isdigit()):
            at += 1
        return at if at > begin + 1 else begin
    return begin


def _after_verb(tokens: Sequence[Token], words: Sequence[str], verb: int) -> Span | None:
    """Return the subject after a verb of saying that follows what is said: “…”, said X."""
    before = tokens[verb - 1] if verb else None
    begin = verb + 1
    comma = before is not None and before.text == ","
    quoted = verb - comma == 1 and tokens[0].is_quotation
    if not quoted and not (comma and words[verb] not in _NOUNS and _is_plain(tokens[:verb])):
        return None
    end = begin
    while end < len(tokens) and not (
        tokens[end].is_quotation
        or tokens[end].text in _STOPS | {","}
        or (end > begin and words[end] in _AFTER_A_NAME and not _goes_on(tokens, words, end))
    ):
        end += 1
    if not _is_name(tokens[begin:end], first=False):
        return None
    name = end
    if end < len(tokens) and tokens[end].text == ",":
        name = _past_apposition(tokens, words, end)
    rest = [token for token in tokens[name:] if token.text not in _STOPS]
    if any(token.is_quotation for token in rest):
        if not (quoted and rest[-1].is_quotation and len([t for t in rest if t.text != ","]) == 1):
            return None
    elif (
        len(rest) > _MOST_BESIDE
        or (
            rest and rest[0].text != "," and _low(rest[0]) not in _AFTER_A_NAME and rest[0].word not in _TIMES
        )
        or (rest and rest[0].text == "," and not (len(rest) > 1 and _low(rest[1]) in _AFTER_A_NAME | {"as"}))
    ):
        return None
    return _span(tokens[begin:name])


def _goes_on(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    """Tell whether “in”, “at” or “for” goes on with a name: a source in Seoul, the institute for peace."""
    if words[at] not in ("in", "at", "for") or at + 1 >= len(tokens):
        return False
    word = tokens[at + 1].word
    return (tokens[at + 1].text[:1].isupper() and word not in _TIMES) or (
        word == "the" and words[at] == "for"
    )


def _past_apposition(tokens: Sequence[Token], words: Sequence[str], comma: int) -> int:
    """Return where a name ends with the age and the words after a comma that say who somebody is."""
    end = comma
    if comma + 1 < len(tokens) and tokens[comma + 1].text.isdigit():
        end = comma + 2
        if not (end < len(tokens) and tokens[end].text == ","):
            return end
    begin = at = end + 1
    while at < len(tokens) and not (
        tokens[at].is_quotation
        or tokens[at].text in _STOPS | {","}
        or words[at] in _RELATIVES | {"that", "on", "after", "when"}
    ):
        at += 1
    phrase = tokens[begin:at]
    of_role = tokens[comma - 1].word in _ROLES and all(token.text[:1].isupper() for token in phrase)
    says_who = (
        bool(phrase)
        and not words[begin].endswith("ing")
        and (
            of_role
            or words[begin] in ("a", "an", "the", "its", "his", "her")
            or bool(set(words[begin:at]) & _ROLES)
        )
    )
    named = tokens[comma - 1].text[:1].isupper() or words[begin : begin + 1] != ["the"]
    whole = at >= len(tokens) or not tokens[at].is_quotation
    return at if says_who and named and whole and _is_name(phrase, first=False) else end


def _named(phrase: Sequence[Token], *, first: bool) -> Span | None:
    """Return the name in a subject before its verb: “Kim, a trader,”; “Kim” of “Kim, who left in 2016,”."""
    commas = [at for at, token in enumerate(phrase) if token.text == ","]
    if not commas:
        return _span(phrase) if _is_name(phrase, first=first) else None
    if commas[-1] != len(phrase) - 1 or len(phrase) > _MOST_BESIDE:
        return None
    name = phrase[: commas[0]]
    if not _is_name(name, first=first):
        return None
    words = [_low(token) for token in phrase]
    end = commas[0]
    if len(commas) > 1 and phrase[end + 1].text.isdigit() and commas[1] == end + 2:
        end = commas[1]
        if len(commas) == 2:
            return _span(phrase[:end])
    between = phrase[end + 1 : -1]
    if not between:
        return None
    if words[end + 1] in _RELATIVES | _PREPOSITIONS or words[end + 1].endswith("ed"):
        return _span(phrase[:end])
    whole = len(commas) <= 2 + (end != commas[0])
    return _span(phrase[:-1]) if whole and _is_name(between, first=False) else None


def _is_name(phrase: Sequence[Token], *, first: bool) -> bool:
    """Tell whether words can only name somebody: “Ada Orr”, “the master Ada Orr”, “a source in Leith”.

    Args:
        phrase: the words.
        first: whether the first has a capital because it begins the sentence.
    """
    if not phrase or len(phrase) > _MOST_NAME:
        return False
    if any(token.is_quotation or not token.text[0].isalnum() for token in phrase):
        return False
    if len(phrase) == 1 and phrase[0].word in PRONOUNS:
        return True
    words = [token.word if not at and first else _low(token) for at, token in enumerate(phrase)]
    if set(words) & (_NO_NAMES | _ALSO_SPEAKS) or words[-1] in _DETERMINERS | _JOINS - {"al"}:
        return False
    if any(word.endswith("ly") and word not in _NOUNS_IN_LY for word in words):
        return False
    if words[0] in _PREPOSITIONS or any(token.word in _PRONOUNS for token in phrase):
        return False
    if any(word.endswith("ed") and not word.endswith("eed") for word in words[1:]):
        return False
    capital = [token.text[0].isupper() for token in phrase]
    for at in range(1, len(phrase)):
        before, word = words[at - 1] or phrase[at - 1].text, words[at]
        owned = before.endswith(("’s", "'s", "’", "'"))
        if capital[at] and not capital[at - 1]:
            joined = before in _JOINS | _DETERMINERS | _ROLES or owned or before.rstrip("s") in _ROLES
            if not joined and not phrase[at - 1].text[0].isdigit():
                return False
        elif not capital[at] and capital[at - 1] and not (first and at == 1) and not owned:
            role = word in _ROLES or any(w in _ROLES for w in words[at:])
            if not (word in _JOINS or role) or word.endswith("ing"):
                return False
        elif first and at == 1 and word.endswith("ing") and words[0] not in _DETERMINERS:
            return False
    return words[0] in _DETERMINERS | _ROLES or first or any(capital) or _is_plural(words[-1])


def _is_plural(word: str) -> bool:
    return word in ("police", "people") or (len(word) > 3 and word.endswith("s"))


def _span(tokens: Sequence[Token]) -> Span:
    return Span(tokens[0].start, tokens[-1].end)
