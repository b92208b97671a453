"""Find the speaker of a quote in its source: “according to X, …”, “…”, said X; X said that ….

A speaker is a slice of the source, as a quote is. A sentence has a speaker only if the whole sentence has a
known shape. A pronoun names nobody. No speaker is better than a wrong speaker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qa.document.segment import sentence_ends
from qa.quoting.tokens import Token, tokenise
from qa.quoting.words import verbs, word_list
from qa.schema import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Document, Quote

# Number of characters around a quote that are searched for the ends of its paragraph. The same number before
# the paragraph is searched for “a source”.
_NEAR = 3_000
# Maximum number of tokens in a sentence with a speaker. A longer sentence is not from a news report.
_MOST_TOKENS = 150
# Maximum number of tokens in a name.
_MOST_NAME = 14
# Maximum number of tokens in an apposition with its name, and after a closing attribution.
_MOST_BESIDE = 30

_SAYING = verbs("say", "observe")
SAYING_VERBS = _SAYING.finite | {"say", "believes"}
_SAYS = frozenset("said says say".split())
_NOUNS = word_list("nouns")
# A sentence with two of these verbs may have two speakers.
_ALSO_SPEAKS = SAYING_VERBS | verbs("suggest", "find", "shout").finite | {"according"}
QUOTING_VERBS = verbs("quote").finite
PERSONS = word_list("persons")
PRONOUNS = frozenset({"he", "she"})  # pronouns that mean one person
_PRONOUNS = word_list("pronouns")
_RELATIVES = word_list("relatives")
_ADVERBS = word_list("adverbs", "speaker")
_CONTRASTS = word_list("contrasts", "speaker")
_CONTRASTS_AFTER_A_COMMA = word_list("contrasts_after_a_comma", "speaker")
_DETERMINERS = word_list("determiners", "speaker")
_NO_NAMES = word_list("no_names", "speaker")
_OPENERS = word_list("openers", "speaker")
_PREPOSITIONS = word_list("prepositions", "speaker")
_JOINS = word_list("joins", "speaker")
_ROLES = PERSONS | word_list("institutions", "speaker")
_NOUNS_IN_LY = word_list("nouns_in_ly", "speaker")
_AFTER_A_NAME = word_list("after_a_name", "speaker")
_TIMES = word_list("months") | word_list("times", "speaker")
_OPENS = re.compile(r'[“«]|(?<![^\s(\[—–-])"(?=\S)')  # 5" is five inches
_OPENING = {"“": "”", "«": "»", '"': '"'}
_SOURCE = re.compile(r"\b(?:sources?|another)\b", re.IGNORECASE)
_BREAK = re.compile(r"\n[^\S\n]*\n")
_STOPS = frozenset(".;:!?—–()[]-")


@dataclass(frozen=True, slots=True)
class Speaker:
    """The speaker of a quote, as slices of the source.

    Attributes:
        name: the words that name the speaker: “a source inside North Korea”.
        reported_by: the words that name the medium or person who quotes the speaker, if any: “the Daily NK”.
    """

    name: Span
    reported_by: Span | None = None


def said_by(quote: Quote) -> str:
    """Return the speaker of a quote in words: “a source inside North Korea, quoted by the Daily NK”.

    Return "" if the speaker is unknown.
    """
    speaker = speaker_of(quote.document, quote.start, quote.end)
    if speaker is None:
        return ""
    name, by = (
        _in_a_sentence(quote.document.text[span.start : span.end]) if span else ""
        for span in (speaker.name, speaker.reported_by)
    )
    return f"{name}, quoted by {by}" if by else name


def _in_a_sentence(words: str) -> str:
    """Return words as they are written within a sentence: in one line, and with “the” in lower case."""
    first, *others = words.split()
    return " ".join([first.lower() if first.casefold() in _DETERMINERS else first, *others])


def speaker_to_dict(quote: Quote) -> dict[str, Any] | None:
    """Return the speaker of a quote as slices of its document, for JSON, or None."""
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
    """Return the speaker of all of `text[start:end]`, or None if its source names no speaker or several."""
    speaker = _said(document, start, end)
    return speaker and _resolve_source(document, paragraph_around(document.text, start, end).start, speaker)


def mention_of(document: Document, start: int, end: int) -> Span | None:
    """Return the words that name the speaker of all of `text[start:end]`, or None.

    The words may be a pronoun.
    """
    text = document.text
    around = [
        quotation
        for quotation in _quotations(text, paragraph_around(text, start, end)) or ()
        if quotation.start <= start < quotation.end
    ]
    if any(not _OPENS.match(text, quotation.start) for quotation in around):  # 5" is five inches
        return None
    speaker = _said(document, start, end, pronouns=True)
    return None if speaker is None or speaker.reported_by else speaker.name


def _said(document: Document, start: int, end: int, *, pronouns: bool = False) -> Speaker | None:
    if document.language not in ("en", ""):
        return None
    span = paragraph_around(document.text, start, end)
    paragraph = _Paragraph(document.text, span, document.language, pronouns=pronouns)
    pairs = zip(paragraph.sentences, paragraph.speakers, strict=True)
    speakers = {speaker for sentence, speaker in pairs if sentence.start < end and start < sentence.end}
    return speakers.pop() if len(speakers) == 1 else None


def quotation_around(text: str, start: int, end: int) -> Span | None:
    """Return the quotation around a range, with its marks.

    Return None if there is no such quotation, or if a quotation mark of the paragraph has no partner.
    """
    quotations = _quotations(text, paragraph_around(text, start, end)) or ()
    around = next(
        (quotation for quotation in quotations if quotation.start <= start and end <= quotation.end), None
    )
    return around if around and _OPENS.match(text, around.start) else None


def paragraph_around(text: str, start: int, end: int) -> Span:
    """Return the paragraph between blank lines around a range, at most `_NEAR` characters on each side."""
    first, last = max(0, start - _NEAR), min(len(text), end + _NEAR)
    before = [match.end() for match in _BREAK.finditer(text, first, start)]
    after = _BREAK.search(text, end, last)
    return Span(before[-1] if before else first, after.start() if after else last)


def _resolve_source(document: Document, before: int, speaker: Speaker) -> Speaker:
    """Return the only source that was named before a paragraph if the speaker is “the source”.

    Otherwise, or if there is no such source or several, return the speaker unchanged.
    """
    text = document.text
    if text[speaker.name.start : speaker.name.end].casefold() != "the source":
        return speaker
    earlier = max(0, before - _NEAR)
    speakers: list[Speaker] = []
    for at in [earlier, *(match.end() for match in _BREAK.finditer(text, earlier, before))]:
        if at < before:
            speakers += filter(
                None, _Paragraph(text, paragraph_around(text, at, at), document.language).speakers
            )
    sources = {
        speaker
        for speaker in speakers
        if re.match(r"(?i)an? (?:\S+ ){0,2}source\b", text[speaker.name.start : speaker.name.end])
    }
    # If the text mentions several sources, “the source” is ambiguous.
    mentioned = [match[0] for match in _SOURCE.finditer(text, earlier, before)]
    return sources.pop() if len(sources) == 1 and set(mentioned) <= {"source"} else speaker


class _Paragraph:
    """A paragraph that is split into sentences and quotations.

    Attributes:
        span: the paragraph's range in the text.
        sentences: the paragraph's sentences, without gaps between them.
        speakers: the speaker of each sentence. A sentence inside quotation marks has the quotation's speaker.
    """

    def __init__(self, text: str, span: Span, language: str, *, pronouns: bool = False) -> None:
        """Read the paragraph `text[span.start:span.end]`. With `pronouns`, “he” and “she” count."""
        self.span = span
        self._text = text
        ends = [*sentence_ends(text, span.start, span.end, language or "en"), span.end]
        self.sentences = [Span(*bounds) for bounds in zip([span.start, *ends[:-1]], ends, strict=True)]
        quotations = _quotations(text, span)
        self.speakers: list[Speaker | None] = [None] * len(self.sentences)
        if quotations is None:
            return
        inside = [[q for q in quotations if _overlap(q, sentence)] for sentence in self.sentences]
        tokens = [self._tokens(sentence, own) for sentence, own in zip(self.sentences, inside, strict=True)]
        own = [None if _is_bare(sentence_tokens) else _speaker(sentence_tokens) for sentence_tokens in tokens]
        if not pronouns:
            own = [None if speaker and _is_pronoun(text, speaker.name) else speaker for speaker in own]
        self.speakers = list(own)
        for at, sentence_tokens in enumerate(tokens):
            if _is_bare(sentence_tokens) and inside[at]:
                quotation = inside[at][0]
                speakers = {own[other] for other in range(len(own)) if quotation in inside[other]} - {None}
                self.speakers[at] = speakers.pop() if len(speakers) == 1 else None
        if quotations:
            self._continue(quotations[-1], tokens, inside)

    def _continue(
        self, last: Span, tokens: Sequence[Sequence[Token]], inside: Sequence[Sequence[Span]]
    ) -> None:
        """Set the speaker of a quotation that ends the paragraph to the speaker right before it.

        An example is: “…,” said X. “….”
        """
        bare = [at for at, own in enumerate(inside) if last in own]
        first = bare[0]
        if not first or bare[-1] != len(tokens) - 1 or not all(_is_bare(tokens[at]) for at in bare):
            return
        before = self.speakers[first - 1]
        quoting = [at for at in range(first) if inside[at] and not _is_bare(tokens[at])]
        asks = {"?", "!"} & set(self._text[last.start : last.end])
        if quoting == [first - 1] and set(self.speakers[:first]) <= {before, None} and not asks:
            self.speakers[first:] = [before] * len(bare)

    def _tokens(self, sentence: Span, inside: Sequence[Span]) -> list[Token]:
        """Return the words, marks and quotations of a sentence."""
        ranges = [
            (max(quotation.start, sentence.start), min(quotation.end, sentence.end)) for quotation in inside
        ]
        quotations = [Token(self._text[start:end], start, end, is_quote=True) for start, end in ranges]
        return tokenise(self._text, sentence.start, sentence.end, quotations, whole=True)


def _is_pronoun(text: str, name: Span) -> bool:
    return text[name.start : name.end].casefold() in PRONOUNS


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _is_bare(tokens: Sequence[Token]) -> bool:
    """Return whether a sentence has no word outside quotation marks."""
    return not any(token.word[:1].isalnum() for token in tokens)


def _quotations(text: str, span: Span) -> list[Span] | None:
    """Return the quotations of a range, with their marks, or None if a quotation mark has no partner."""
    quotations: list[Span] = []
    opened: int | None = None
    closing = ""
    for at in range(span.start, span.end):
        mark = text[at]
        if opened is not None and mark == closing:
            quotations.append(Span(opened, at + 1))
            opened = None
        elif mark in _OPENING:
            if opened is not None and mark != '"':
                return None
            if opened is None:
                opened, closing = at, _OPENING[mark]
        elif opened is None and mark in "”»":
            return None
    return quotations if opened is None else None


# The shapes of a sentence with a speaker


def _speaker(tokens: Sequence[Token]) -> Speaker | None:
    """Return the speaker of a sentence that has words outside quotation marks, or None."""
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
        if not (words[at - 1] == "and" and words[at] in SAYING_VERBS) and words[at - 1] not in ("be", "been")
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
    """Return the text of a token that is a mark or a word in lower case.

    Return "" for a quotation, and for a word with a capital, which may be a name.
    """
    return token.text if not token.is_quote and token.text == token.text.lower() else ""


def _continues(words: Sequence[str], at: int) -> bool:
    """Return whether “went on to” and a verb of saying begin at a token: “went on to say”."""
    return list(words[at : at + 3]) == ["went", "on", "to"] and not _SAYING.base.isdisjoint(
        words[at + 3 : at + 4]
    )


def _ends(tokens: Sequence[Token], at: int) -> bool:
    """Return whether only punctuation marks follow from a token on."""
    return not any(token.is_quote or token.word[:1].isalnum() for token in tokens[at:])


def _according(tokens: Sequence[Token], at: int) -> Speaker | None:
    """Return the speaker after “according to”, or None if these words do not open or close the sentence."""
    if tokens[at + 1 : at + 2] == [] or tokens[at + 1].word != "to":
        return None
    begin = at + 2
    end = begin
    while end < len(tokens) and not tokens[end].is_quote and tokens[end].text not in _STOPS | {","}:
        end += 1
    name = tokens[begin:end]
    if not _is_name(name, first=False):
        return None
    if at == 0:
        follows = end < len(tokens) and (tokens[end].text == "," or tokens[end].is_quote)
        return Speaker(_span(name)) if follows else None
    apart = tokens[at - 1].text == "," or tokens[at - 1].is_quote
    if apart and _ends(tokens, end) and _is_plain(tokens[: at - 1]):
        return Speaker(_span(name))
    return None


def _is_plain(tokens: Sequence[Token]) -> bool:
    """Return whether the words before a closing attribution have no colon, semicolon or dash."""
    return not any(token.text in (":", ";", "—", "–") for token in tokens)


def _quoted(tokens: Sequence[Token], at: int) -> Speaker | None:
    """Return the speaker whom a sentence quotes, or None: “the Daily NK quoted a source reporting that”."""
    begin = _past_introduction(tokens, at)
    by, name, end = tokens[begin:at], tokens[at + 1 :], 0
    saying = _SAYING.participle
    while end < len(name) and not name[end].is_quote and _low(name[end]) not in saying | {"as"}:
        end += 1
    following = [_low(token) for token in name[end : end + 2]]
    name = name[:end]
    if saying.isdisjoint(following[1:] if following[:1] == ["as"] else following[:1]):
        return None
    if not _is_name(by, first=begin == 0) or not _is_name(name, first=False):
        return None
    return Speaker(_span(name), _span(by))


def _before_verb(tokens: Sequence[Token], words: Sequence[str], verb: int) -> Span | None:
    """Return the subject before a verb of saying, or None: X said that …; “…,” X said; …, X said."""
    end = verb
    while end and words[end - 1] in _ADVERBS:
        end -= 1
    quotation = next((at for at in range(end - 1, -1, -1) if tokens[at].is_quote), None)
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
    """Return whether a quotation begins at a token, or after a comma or colon there."""
    at += at < len(tokens) and tokens[at].text in (",", ":")
    return at < len(tokens) and tokens[at].is_quote


def _tells(tokens: Sequence[Token], words: Sequence[str], verb: int) -> bool:
    """Return whether a verb tells somebody something: told reporters that, told the court: “…”."""
    near = range(verb + 1, min(len(tokens), verb + 10))
    return any(words[at] == "that" or _is_quoted_next(tokens, at) for at in near)


def _is_rest(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    """Return whether nothing more than a place, a time or a last quotation follows a closing attribution.

    The listeners may follow, too: “told reporters”.
    """
    rest = [token for token in tokens[at:] if token.text not in _STOPS]
    if rest and rest[-1].is_quote:
        return len(rest) == 1 or (len(rest) == 2 and rest[0].text == ",")
    if any(token.is_quote for token in rest):
        return False
    following = words[at] if at < len(words) else ""
    has_listeners = at > 0 and words[at - 1] in ("told", "tells") and _RELATIVES.isdisjoint(words[at:])
    may_follow = (
        has_listeners
        or following in _PREPOSITIONS | {"reporters", "lawmakers", "parliament"}
        or (at < len(tokens) and tokens[at].word in _TIMES)
    )
    return _ends(tokens, at) or (
        may_follow and len(rest) <= _MOST_BESIDE and not any(t.text == "," for t in rest)
    )


def _past_introduction(tokens: Sequence[Token], end: int) -> int:
    """Return the token at which a clause begins, after “But”, “On Tuesday” or “In a letter to the mayor,”."""
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
    """Return the subject after a verb of saying that follows the words said, or None: “…”, said X."""
    before = tokens[verb - 1] if verb else None
    begin = verb + 1
    comma = before is not None and before.text == ","
    quoted = verb - comma == 1 and tokens[0].is_quote
    if not quoted and not (comma and words[verb] not in _NOUNS and _is_plain(tokens[:verb])):
        return None
    end = begin
    while end < len(tokens) and not (
        tokens[end].is_quote
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
    if any(token.is_quote for token in rest):
        if not (quoted and rest[-1].is_quote and len([t for t in rest if t.text != ","]) == 1):
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
    """Return whether “in”, “at” or “for” continues a name: a source in Seoul, the institute for peace."""
    if words[at] not in ("in", "at", "for") or at + 1 >= len(tokens):
        return False
    word = tokens[at + 1].word
    return (tokens[at + 1].text[:1].isupper() and word not in _TIMES) or (
        word == "the" and words[at] == "for"
    )


def _past_apposition(tokens: Sequence[Token], words: Sequence[str], comma: int) -> int:
    """Return the token at which a name ends, including the age and the apposition after its comma."""
    end = comma
    if comma + 1 < len(tokens) and tokens[comma + 1].text.isdigit():
        end = comma + 2
        if not (end < len(tokens) and tokens[end].text == ","):
            return end
    begin = at = end + 1
    while at < len(tokens) and not (
        tokens[at].is_quote
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
    may_be_name = tokens[comma - 1].text[:1].isupper() or words[begin : begin + 1] != ["the"]
    whole = at >= len(tokens) or not tokens[at].is_quote
    return at if says_who and may_be_name and whole and _is_name(phrase, first=False) else end


def _named(phrase: Sequence[Token], *, first: bool) -> Span | None:
    """Return the name in a subject before its verb, or None.

    An apposition is part of the name (“Kim, a trader,”). A relative clause is not: the name in “Kim, who left
    in 2016,” is “Kim”.
    """
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
    """Return whether words can only name somebody: “Ada Orr”, “the master Ada Orr”, “a source in Leith”.

    Args:
        phrase: the words.
        first: whether the phrase begins the sentence, so that its first word has a capital in any case.
    """
    if not phrase or len(phrase) > _MOST_NAME:
        return False
    if any(token.is_quote or not token.text[0].isalnum() for token in phrase):
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
