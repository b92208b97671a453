"""Find who speaks in a quote, by what its source says: “according to X, …”, “…”, said X; X said that ….

A speaker is a slice of the source, as a quote is. Only what opens or closes a sentence, or stands beside a
quotation, is taken for its attribution, and a pronoun names nobody: no speaker is better than a wrong one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.document.segment import sentence_ends
from qa.schema import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.schema import Document, Quote

# How far around a quote its paragraph is looked for, in characters.
_NEAR = 3_000
# Paragraphs before a quote that may say who “the source” is.
_PARAGRAPHS_BEFORE = 3
# The time that the grammar takes grows with the square of a sentence's tokens.
_MOST_TOKENS = 300
_MOST_SUBJECT = 16
_MOST_AFTER = 12
_MOST_RELATIVE = 30

_SAYS = frozenset("said says say".split())
# These say something only before “that”, a quotation or a colon: “claims” and “notes” may be nouns.
_SAYS_THAT = frozenset(
    """
    told tells added adds warned warns argued argues claimed claims explained explains insisted insists
    stated states wrote writes noted notes announced announces confirmed confirms testified testifies
    recalled recalls estimated estimates admitted admits acknowledged acknowledges replied replies
    declared declares reported reports observed observes maintained maintains concluded concludes
    believes alleged alleges asserted asserts complained complains
    """.split()
)
_VERBS = _SAYS | _SAYS_THAT
_NOUNS = frozenset("states claims notes reports estimates".split())
_SAY = frozenset("say report add explain claim warn state argue note tell write".split())
_QUOTES = frozenset("quoted quotes cited cites".split())
_REPORTING = frozenset("saying reporting telling claiming warning stating adding writing".split())
_ADVERBS = frozenset("also then later still even again already recently first now once has have had".split())
_NEGATIONS = frozenset("not never no nobody none neither nor hardly without".split())
_PRONOUNS = frozenset(
    """
    he she they it we i you this that these those there here who which what whoever everybody everyone
    somebody someone anybody anyone nobody both
    """.split()
)
_OBJECTS = frozenset("him her them us me whom".split())
_RELATIVES = frozenset("who which whose".split())
_DETERMINERS = frozenset("the a an its his her their our one two three some several many another".split())
# No subject has these but in a clause of its own.
_VERBAL = frozenset(
    """
    is are was were be been being am do does did has have had will would can could may might must shall should
    """.split()
)
_MODAL = frozenset("not never will would can could may might must shall should did do does to".split())
_COORDINATORS = frozenset("and but while whereas".split())
_CLAUSAL = frozenset("that because while whereas if when where although though unless until but or".split())
_OPENERS = frozenset(
    """
    and but yet so thus then as however meanwhile still also indeed more earlier later such of to today
    yesterday
    """.split()
)
_PREPOSITIONS = frozenset("in on at after before during since by last this earlier for with".split())
# A subject after its verb ends before these.
_ENDERS = frozenset(
    """
    who whom whose which that when while after before as because if on during since by via through with
    to adding referring speaking yesterday today earlier last this later but although though where
    """.split()
)
_OCCASIONS = frozenset(
    """
    statement interview report email e-mail letter speech tweet post message paper news press briefing
    conference note article memo television radio court parliament testimony telephone phone written
    separate recent brief joint
    """.split()
)
_TIMES = frozenset(
    """
    january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday week month year morning afternoon evening night
    """.split()
)
_PLURALS = re.compile(r"[a-z]{3,}s|police|people", re.IGNORECASE)

_TOKEN = re.compile(r"[^\W_]+(?:[’'.,-][^\W_]+)*|[^\w\s]")
_OPENING = {"“": "”", "«": "»", "„": "“”", '"': '"'}
_NAME = re.compile(r"(?<!\w)[^\W\d_a-z]\w+[^\S\n]+[^\W\d_a-z]\w+")
_BREAK = re.compile(r"\n[^\S\n]*\n")
_STOPS = frozenset(".;:!?—–(")


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
    if document.language not in ("en", ""):
        return None
    paragraph = _Paragraph(document.text, _around(document.text, start, end), document.language)
    said = zip(paragraph.sentences, paragraph.speakers, strict=True)
    found = {speaker for each, speaker in said if each.start < end and start < each.end}
    if len(found) != 1 or (speaker := found.pop()) is None:
        return None
    return _resolve_source(document, paragraph.span.start, speaker)


def _around(text: str, start: int, end: int) -> Span:
    """Return the paragraph around a place, between blank lines: at most _NEAR characters either way."""
    first, last = max(0, start - _NEAR), min(len(text), end + _NEAR)
    before = [match.end() for match in _BREAK.finditer(text, first, start)]
    after = _BREAK.search(text, end, last)
    return Span(before[-1] if before else first, after.start() if after else last)


def _resolve_source(document: Document, before: int, speaker: Speaker) -> Speaker:
    """Return for “the source” the last “a source in …” who spoke before; for others, the same speaker."""
    text = document.text
    words = text[speaker.name.start : speaker.name.end].split()
    if len(words) != 2 or words[0].casefold() != "the" or not words[1].islower():
        return speaker
    for _ in range(_PARAGRAPHS_BEFORE):
        if not (end := len(text[:before].rstrip())):
            break
        paragraph = _Paragraph(text, _around(text, end, end), document.language)
        for earlier in filter(None, reversed(paragraph.speakers)):
            told = text[earlier.name.start : earlier.name.end].casefold().split()
            if told[0] in ("a", "an", "one") and words[1] in told:
                return earlier
        before = paragraph.span.start
    return speaker


class _Paragraph:
    """A paragraph, cut into sentences and quotations.

    Attributes:
        span: where it is.
        sentences: its sentences, which tile it.
        speakers: who says each of them: its own speaker, or of words in quotation marks, the quotation's.
    """

    def __init__(self, text: str, span: Span, language: str) -> None:
        """Read the paragraph `text[span.start:span.end]`."""
        self.span = span
        self._text = text
        ends = [*sentence_ends(text, span.start, span.end, language or "en"), span.end]
        self.sentences = [Span(*each) for each in zip([span.start, *ends[:-1]], ends, strict=True)]
        quotations = list(_quotations(text, span))
        self._quotations = [
            [q for q in quotations if q.start < each.end and each.start < q.end] for each in self.sentences
        ]
        self._tokens = [self._tokenise(at) for at in range(len(self.sentences))]
        self._named = [_speakers(tokens) for tokens in self._tokens]
        beside: dict[Span, Speaker] = {}
        for named, inside in zip(self._named, self._quotations, strict=True):
            if speaker := _only(named):
                beside |= {quotation: speaker for quotation in inside if quotation not in beside}
        self.speakers: list[Speaker | None] = []
        for at in range(len(self.sentences)):
            self.speakers.append(self._speaker(at, beside))

    def _speaker(self, at: int, beside: Mapping[Span, Speaker]) -> Speaker | None:
        """Return who says a sentence; those before it are known."""
        tokens = self._tokens[at]
        if any(token.word[:1].isalnum() for token in tokens):
            is_he = self._named[at] == [None] and _says_pronoun(tokens)
            return self._resolve_pronoun(at) if is_he else _only(self._named[at])
        if not self._quotations[at]:
            return None
        quotation = self._quotations[at][0]
        if quotation in beside:
            return beside[quotation]
        # A quotation that stands alone goes on with what is quoted before it.
        return self.speakers[at - 1] if at and self._quotations[at - 1] else None

    def _resolve_pronoun(self, at: int) -> Speaker | None:
        """Return whom “he” or “she” means: the speaker of the sentence before, unless it names others too."""
        before = self.speakers[at - 1] if at else None
        if before is None:
            return None
        sentence, name = self.sentences[at - 1], before.name
        if not any(word[0].isupper() for word in self._text[name.start : name.end].split()[1:]):
            return None
        others = (m for m in _NAME.finditer(self._text, sentence.start, sentence.end))
        return None if any(not (m.start() < name.end and name.start < m.end()) for m in others) else before

    def _tokenise(self, at: int) -> list[Token]:
        """Return the words, marks and quotations of a sentence."""
        sentence = self.sentences[at]
        tokens: list[Token] = []
        place = sentence.start
        for quotation in self._quotations[at]:
            start, end = max(quotation.start, sentence.start), min(quotation.end, sentence.end)
            tokens += [Token(m[0], m.start(), m.end()) for m in _TOKEN.finditer(self._text, place, start)]
            tokens.append(Token(self._text[start:end], start, end, is_quotation=True))
            place = end
        rest = _TOKEN.finditer(self._text, place, sentence.end)
        return tokens + [Token(m[0], m.start(), m.end()) for m in rest]


def _quotations(text: str, span: Span) -> Iterator[Span]:
    """Yield what stands between quotation marks; one that is not closed goes on to the end."""
    opened: int | None = None
    closing = ""
    for at in range(span.start, span.end):
        mark = text[at]
        if opened is None and mark in _OPENING:
            opened, closing = at, _OPENING[mark]
        elif opened is not None and mark in closing:
            yield Span(opened, at + 1)
            opened = None
    if opened is not None:
        yield Span(opened, span.end)


def _only(found: Sequence[Speaker | None]) -> Speaker | None:
    return found[0] if len(set(found)) == 1 else None


# The grammar


def _speakers(tokens: Sequence[Token]) -> list[Speaker | None]:
    """Return who speaks in a sentence, in its order; None for one whom its words do not name."""
    found: list[Speaker | None] = []
    if len(tokens) > _MOST_TOKENS:
        return found
    for at, token in enumerate(tokens):
        if token.word == "according" and _word(tokens, at + 1) == "to":
            if name := _after_according_to(tokens, at):
                found.append(Speaker(name))
        elif token.word in _QUOTES:
            if speaker := _quoted(tokens, at):
                found.append(speaker)
        elif (token.text in _VERBS or _continues(tokens, at)) and not (
            found and _word(tokens, at - 1) == "and"
        ):
            if name := _subject_before(tokens, at) or _subject_after(tokens, at):
                found.append(Speaker(name))
            elif _is_of_another(tokens, at):
                found.append(None)
    return found


def _is_verb(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].text in _VERBS or _continues(tokens, at)


def _continues(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether “went on to say” stands there."""
    words = [token.word for token in tokens[at : at + 4]]
    return words[:3] == ["went", "on", "to"] and words[-1] in _SAY


def _is_of_another(tokens: Sequence[Token], verb: int) -> bool:
    """Tell whether somebody whom the grammar cannot name says something there."""
    end = _past_adverbs_back(tokens, verb)
    if _word(tokens, end - 1) in _MODAL:
        return False
    if tokens[verb].word in _SAYS:
        return True
    clause = next((at for at in range(end - 1, -1, -1) if _word(tokens, at) in _COORDINATORS), None)
    return clause is not None and _is_subject(tokens[clause + 1 : end])


def _past_adverbs_back(tokens: Sequence[Token], verb: int) -> int:
    """Return where the adverbs before a verb begin."""
    begin = verb
    while (word := _word(tokens, begin - 1)) in _ADVERBS or (word.endswith("ly") and begin > 1):
        begin -= 1
    return begin


def _says_pronoun(tokens: Sequence[Token]) -> bool:
    """Tell whether “he” or “she” says something."""
    return any(
        (token.word in ("he", "she") and _word(tokens, at + 1) in _VERBS)
        or (token.word in _VERBS and _word(tokens, at + 1) in ("he", "she"))
        for at, token in enumerate(tokens)
    )


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _is_quotation(tokens: Sequence[Token], at: int) -> bool:
    return 0 <= at < len(tokens) and tokens[at].is_quotation


def _ends(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether only marks follow."""
    return not any(token.word[:1].isalnum() for token in tokens[at:])


def _after_according_to(tokens: Sequence[Token], at: int) -> Span | None:
    """Return who is named after “according to”, where it opens or closes the sentence."""
    opens = at <= 1 and (at == 0 or _word(tokens, 0) in _OPENERS)
    end = _phrase_end(tokens, at + 2, apposition=not opens)
    if not _is_subject(tokens[at + 2 : end]):
        return None
    followed = _word(tokens, end) == "," or _is_quotation(tokens, end)
    apart = _word(tokens, at - 1) == "," or _is_quotation(tokens, at - 1)
    named = any(token.text[:1].isupper() for token in tokens[at + 2 : end])
    if (opens and followed) or (not opens and _ends(tokens, end) and (apart or named)):
        return Span(tokens[at + 2].start, tokens[end - 1].end)
    return None


def _quoted(tokens: Sequence[Token], at: int) -> Speaker | None:
    """Return whom a sentence quotes: “the Daily NK quoted a source reporting that”."""
    by = _subject_before(tokens, at)
    end = _phrase_end(tokens, at + 1, apposition=True)
    said = _word(tokens, end) in _REPORTING or (
        _word(tokens, end) == "as" and _word(tokens, end + 1) in _REPORTING
    )
    name = tokens[at + 1 : end]
    return Speaker(Span(name[0].start, name[-1].end), by) if by and said and _is_subject(name) else None


def _subject_before(tokens: Sequence[Token], verb: int) -> Span | None:
    """Return the subject that stands before a verb of saying, where the two open or close the sentence."""
    begin = end = _past_adverbs_back(tokens, verb)
    while begin and not (tokens[begin - 1].is_quotation or tokens[begin - 1].text in _STOPS):
        begin -= 1
    begin += _word(tokens, begin) == ","
    opened = begin == 0 or tokens[begin - 1].is_quotation or _is_quotation(tokens, begin - 2)
    begin = _past_introduction(tokens, begin, end)
    end = _before_time(tokens, begin, end)
    if opened and _says(tokens, verb, opened=True):
        length = _subject_length(tokens[begin:end])
        if length:
            return Span(tokens[begin].start, tokens[begin + length - 1].end)
    commas = [at for at in range(begin, end) if tokens[at].text == ","]
    if commas and _says(tokens, verb, opened=False) and _is_subject(tail := tokens[commas[-1] + 1 : end]):
        return Span(tail[0].start, tail[-1].end)
    return None


def _before_time(tokens: Sequence[Token], begin: int, end: int) -> int:
    """Return where a subject ends before “on Tuesday” or “this week”."""
    at = end
    while at > begin and (_word(tokens, at - 1) in _TIMES or tokens[at - 1].text[:1].isdigit()):
        at -= 1
    return at - 1 if begin < at - 1 and at < end and _word(tokens, at - 1) in _PREPOSITIONS else end


def _past_introduction(tokens: Sequence[Token], begin: int, end: int) -> int:
    """Return where a clause begins after “But”, “On Tuesday” and “In a letter to the mayor,”."""
    while begin < end and ((word := _word(tokens, begin)) in _OPENERS or word == "," or word.endswith("ly")):
        begin += 1
    first = _word(tokens, begin)
    if first in _PREPOSITIONS or first.endswith("ing") or first in ("asked", "according"):
        comma = next((at for at in range(begin, end) if tokens[at].text == ","), None)
        if comma is not None and not any(tokens[at].is_quotation for at in range(begin, comma)):
            return comma + 1
        at = begin + 1
        while at < end and (_word(tokens, at) in _TIMES or tokens[at].text[:1].isdigit()):
            at += 1
        return at if at > begin + 1 else begin
    return begin


def _says(tokens: Sequence[Token], verb: int, *, opened: bool) -> bool:
    """Tell whether what is said follows a verb of saying, or nothing does."""
    word, at = tokens[verb].word, verb + 1
    follows = _word(tokens, at)
    if follows in ("to", "by", "so"):
        return False
    if word in _QUOTES or _continues(tokens, verb):
        return opened
    closes = _ends(tokens, at) or follows == "," or follows in _PREPOSITIONS or follows in _TIMES
    if not opened:
        return closes and (word in _SAYS or (word not in _NOUNS and _ends(tokens, at)))
    if word in _SAYS or follows == "that" or _is_quotation(tokens, at) or follows == ":":
        return True
    if word in ("told", "tells", "warned"):
        near = range(at, min(len(tokens), at + _MOST_AFTER))
        return any(_word(tokens, each) in ("that", ":") or tokens[each].is_quotation for each in near) or (
            any(token.is_quotation for token in tokens[:verb])
        )
    return any(token.is_quotation for token in tokens[:verb]) and closes and word not in _NOUNS


def _subject_length(phrase: Sequence[Token]) -> int:
    """Return how many tokens of a phrase name its subject: “Kim, a trader”; “Kim” of “Kim, who left, ”."""
    comma = next((at for at, token in enumerate(phrase) if token.text == ","), None)
    if comma is None:
        return len(phrase) if _is_subject(phrase) else 0
    if phrase[-1].text != ",":
        return 0
    if _word(phrase, comma + 1).isdigit() and _word(phrase, comma + 2) == ",":
        comma += 2  # an age
    if not _is_subject(phrase[:comma]):
        return 0
    word = _word(phrase, comma + 1)
    if word in _RELATIVES | _PREPOSITIONS or (
        phrase[comma + 1].text.islower() and word.endswith(("ed", "ing"))
    ):
        return comma if len(phrase) <= _MOST_RELATIVE else 0
    return len(phrase) - 1 if _is_subject(phrase[:-1]) else 0


def _subject_after(tokens: Sequence[Token], verb: int) -> Span | None:
    """Return the subject after a verb of saying that follows what is said: “…”, said X."""
    quoted = _is_quotation(tokens, verb - 1) or (
        _word(tokens, verb - 1) == "," and _is_quotation(tokens, verb - 2)
    )
    begin = verb + 1
    named = begin < len(tokens) and tokens[begin].text[:1].isupper() and tokens[verb].word not in _NOUNS
    if not quoted and not (_word(tokens, verb - 1) == "," and (tokens[verb].word in _SAYS or named)):
        return None
    end = _phrase_end(tokens, begin, apposition=True)
    closes = _ends(tokens, end) or _word(tokens, end) in _ENDERS or _word(tokens, end + 1) in _ENDERS
    if not _is_subject(tokens[begin:end]) or not (quoted or closes):
        return None
    return Span(tokens[begin].start, tokens[end - 1].end)


def _phrase_end(tokens: Sequence[Token], begin: int, *, apposition: bool) -> int:
    """Return where the phrase that begins there ends, with an age, and an apposition if one may follow."""
    at = begin
    while at < len(tokens) and not (tokens[at].is_quotation or tokens[at].text in _STOPS):
        word, following = tokens[at].word, _word(tokens, at + 1)
        if word == ",":
            if following.isdigit() and not _word(tokens, at + 2)[:1].isalnum():
                at += 2
            elif apposition and _is_apposition(tokens, at + 1, of_name=tokens[at - 1].text[:1].isupper()):
                return _phrase_end(tokens, at + 1, apposition=False)
            else:
                break
        elif (
            word in _ENDERS
            or word in _REPORTING
            or (word in ("in", "at", "from") and _is_occasion(tokens, at + 1))
            or (
                word == "and"
                and not (following in _DETERMINERS or tokens[min(at + 1, len(tokens) - 1)].text[:1].isupper())
            )
        ):
            break
        else:
            at += 1
    return at


def _is_apposition(tokens: Sequence[Token], at: int, *, of_name: bool) -> bool:
    """Tell whether the words after a comma say who somebody is; “the …” does so only after a name."""
    word = _word(tokens, at)
    if word in _DETERMINERS:
        return of_name or word in ("a", "an", "one")
    other = _ENDERS | _CLAUSAL | _PREPOSITIONS | _VERBAL | _PRONOUNS | _VERBS | _OPENERS
    return word[:1].isalpha() and word not in other and not word.endswith(("ing", "ed", "ly"))


def _is_occasion(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether an occasion or a time follows “in” or “at”: in a statement, at a rally, in 2008."""
    word, following = _word(tokens, at), _word(tokens, at + 1)
    return word in ("a", "an") or word in _OCCASIONS | _TIMES or following in _OCCASIONS or word[:1].isdigit()


def _is_subject(phrase: Sequence[Token]) -> bool:
    """Tell whether words may be a subject: a name or a noun, no pronoun, and no clause."""
    if not phrase or len(phrase) > _MOST_SUBJECT or any(token.is_quotation for token in phrase):
        return False
    first, words = phrase[0], [token.word for token in phrase]
    if set(words) & (_VERBAL | _CLAUSAL | _VERBS | _NEGATIONS | _RELATIVES | _STOPS):
        return False
    if not words[0][:1].isalnum() or words[0] in _PRONOUNS | _PREPOSITIONS | _OPENERS | _ENDERS:
        return False
    if len(words) == 1 and words[0] in _OBJECTS:
        return False
    if words[-1] in _PREPOSITIONS | _PRONOUNS | {",", "and", "of", "to"}:
        return False
    return (
        words[0] in _DETERMINERS
        or first.text[0].isupper()
        or phrase[-1].text[0].isupper()
        or first.text[0].isdigit()
        or bool(_PLURALS.fullmatch(words[-1]))
    )
