"""Find the names around a quote that the text gives as its source, by a grammar of reported speech.

A name is a source in three cases:

- The name is the subject of a verb of saying: “X wrote that …”; “…”, wrote X.
- The name follows a preposition or participle: “according to X”, “in the May issue of X”.
- The name stands in a reference: in brackets, after a dash, in a note or a table.

Any other name counts as only mentioned, because a false alarm is worse than no alarm.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from qa.quoting.speaker import PERSONS
from qa.quoting.tokens import Token, tokenise
from qa.quoting.words import verbs, word_list
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.quoting.tokens import Source

# Maximum number of tokens between a source and the quote.
_NEAR = 25
# Maximum number of tokens between a name and its verb.
_NEAR_VERB = 6
# Maximum number of tokens within brackets.
_MOST_IN_BRACKETS = 20
# Maximum number of adjectives before a noun.
_MOST_ADJECTIVES = 4
# Minimum number of words of another quote in running text. Fewer words in quotation marks may be a name.
_LEAST_QUOTED = 3


_SAYS = verbs("say", "observe", "suggest", "publish")
_SAYING = _SAYS.finite | _SAYS.participle | verbs("find", "hold").finite | word_list("plural")
# A second finite verb most likely has its own subject.
_FINITE = (_SAYS.finite | verbs("find", "hold").finite) - word_list("plural")
_READS = verbs("read")
_READING = _READS.finite | _READS.participle | word_list("reading", "reporting")
_WEAK = frozenset[str]().union(*verbs("weak")) - {"thought"}  # “X thought the port “is shut””: X is quoted
_TELLING = frozenset[str]().union(*verbs("tell"))
_HAVE = word_list("have")
_BE = word_list("be")
_BARE = word_list("before_that")
_RELATIVES = word_list("relatives")
_PRONOUNS = word_list("pronouns") | {"one"}
MONTHS = word_list("months")
_OBJECTS = word_list("objects", "reporting")
_ADVERBS = _HAVE | word_list("adverbs", "reporting")
_OPENING = word_list("opening", "reporting")
_PLAIN = word_list("plain", "reporting")
_CONJUNCTIONS = word_list("conjunctions", "reporting")
DETERMINERS = word_list("determiners", "reporting")
_ADJECTIVES = word_list("adjectives", "reporting")
_PARTS = word_list("parts", "reporting")
WORKS = _PARTS | word_list("works", "reporting")
_LEADS = word_list("leads", "reporting")
_AFFILIATES = word_list("affiliates", "reporting")
_CITING = word_list("citing", "reporting")
_IN = word_list("in", "reporting")
_TIMES = word_list("times", "reporting")
_WHEN = word_list("when", "reporting")
_WHEN_TO_SAY = word_list("when_to_say", "reporting")
_PREPOSITIONS = word_list("prepositions", "reporting")
_STOPS = _RELATIVES | word_list("stops", "reporting")
_JOINS = word_list("joins", "reporting")
_COORDINATORS = word_list("coordinators", "reporting")
_ELSEWHERE = _RELATIVES | word_list("elsewhere", "reporting")
_TURNS = word_list("turns", "reporting")
_NEGATIONS = word_list("negations", "reporting")
_NO_ADJECTIVES = _CONJUNCTIONS | _SAYING | _READING | _PREPOSITIONS | _STOPS | _PRONOUNS
_ENDING = frozenset[str]().union(
    *(_SAYING, _ADVERBS, _BE, _CONJUNCTIONS, _TIMES, _PRONOUNS, DETERMINERS, _RELATIVES),
    word_list("ending", "reporting"),
)
OF_REFERENCES = word_list("of_references", "reporting")
_ABBREVIATED = word_list("abbreviated", "reporting")
_ON = word_list("on", "reporting")
STARTERS = _SAYING.union(_CONJUNCTIONS, DETERMINERS, _CITING, _IN, _ON, word_list("starters", "reporting"))
_OPENS = frozenset(",;:—–(-[|.")
_DASHES = frozenset("—–-")
_CLOSES = {"(": ")", "[": "]"}

_QUOTED = re.compile(r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|\"[^\"]*\"")
_MARK = re.compile("[“”«»„]")
_EMPHASIS = re.compile(r"[*_`]+")
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,40}\]|[⁰¹²³⁴-⁹]+")


# Tokens


def tokens_of(text: str, find: Callable[[str], Iterable[tuple[int, int, Source]]]) -> list[Token]:
    """Return the words, marks, names (found by `find`) and other quotes of a text.

    Words before an unmatched closing quotation mark are the end of another quote. They are left out.
    """
    first = _MARK.search(text)
    text = text[first.end() :] if first and first[0] in "”»" else text
    text = " ".join(_EMPHASIS.sub("", _NOTE_MARK.sub(" ", text)).split())
    names = list(find(text))
    quotes = [match.span() for match in _QUOTED.finditer(text) if _is_quote(match, names)]
    known = [Token(text[start:end], start, end, is_quote=True) for start, end in quotes]
    known += [
        Token(text[start:end], start, end, source)
        for start, end, source in names
        if not any(first < start < last for first, last in quotes)
    ]
    return tokenise(text, 0, len(text), known)


def _is_quote(match: re.Match[str], names: Sequence[tuple[int, int, Source]]) -> bool:
    """Return whether words in quotation marks are a quote, not a name, and are not too few."""
    is_name = any(
        start - match.start() <= 1 and match.end() - end <= 2 and start >= match.start()
        for start, end, _ in names
    )
    return not is_name and measure(match[0]) >= _LEAST_QUOTED


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _is_proper(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a word is most likely part of a name."""
    return at >= 0 and _is_capitalised(tokens[at]) and tokens[at].word not in STARTERS


def _is_capitalised(token: Token) -> bool:
    return token.source is None and not token.is_quote and token.text[:1].isupper()


# The grammar: the names that a text gives as the source


def narrowed(tokens: Sequence[Token], found: Iterable[int]) -> list[Source]:
    """Return the sources at these tokens.

    If a title follows another name of the same source (“the River Press in Ferry Notes”), return only the
    title.
    """
    indices = sorted(set(found))
    sources = []
    for at, following in zip_longest(indices, indices[1:]):
        source, then = tokens[at].source, following is not None and tokens[following].source
        assert source is not None  # noqa: S101 - only names are found
        between = tokens[at + 1 : following] if following is not None else ()
        joined = all(token.word in _JOINS or token.text in ",(’'" for token in between)
        if then and then.kind == "title" and source.kind != "title" and joined:
            continue
        sources.append(source)
    return sources


def named_before(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the indices of the tokens before a quote that name its source."""
    if tokens and tokens[-1].text in (":", *_DASHES) and not any(token.text == ";" for token in tokens):
        yield from named_in_reference(tokens[:-1], dated=False)
    if any(token.word in _NEGATIONS for token in tokens):  # “Nowhere does X say that”
        return
    for at, token in enumerate(tokens):
        if token.source is None:
            continue
        start, end = _phrase(tokens, at)
        verb = _verb_of(tokens, at, end) if _opens_clause(tokens, start) else None
        if (
            (verb is not None and _says(tokens, verb))
            or (_is_cited(tokens, start, at) and _ends_phrase(tokens, end) and not _breaks_off(tokens[end:]))
            or (_is_read(tokens, start, at) and _ends_phrase(tokens, end) and _introduces(tokens, start, end))
        ):
            yield at


def named_after(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the indices of the tokens after a quote that name its source."""
    begin = 0
    while begin < len(tokens) and tokens[begin].text in ",.?!":
        begin += 1
    begin += _word(tokens, begin) == ":" and _word(tokens, begin + 1) in ("so", "thus")
    if begin < len(tokens) and (closing := _CLOSES.get(tokens[begin].text)):
        end = next((at for at in range(begin, len(tokens)) if tokens[at].text == closing), len(tokens))
        yield from (begin + 1 + at for at in named_in_reference(tokens[begin + 1 : end]))
        begin = end + 1
        while begin < len(tokens) and tokens[begin].text == ",":
            begin += 1
    elif begin < len(tokens) and tokens[begin].text in _DASHES:
        yield from (begin + 1 + at for at in named_in_reference(tokens[begin + 1 :], dated=False))
        begin += 1
    ends = (at for at in range(begin, len(tokens)) if tokens[at].is_quote or tokens[at].text == ";")
    clause = tokens[begin : next(ends, len(tokens))]
    for at, token in enumerate(clause):
        if token.source is None:
            continue
        start, end = _phrase(clause, at)
        between = clause[:start]
        last = _word(between, len(between) - 1)
        if any(token.word in _TURNS for token in between):
            continue
        if last in ("so", "thus"):
            names_source = _ends_phrase(clause, end)
        elif not between or (last in ("as", "how", "what") and len(between) <= _NEAR_VERB):
            names_source = _verb_of(clause, at, end) is not None
        elif last in _SAYING:
            names_source = len(between) <= _NEAR_VERB and not any(token.source for token in between)
            names_source = names_source and _word(between, 0) not in _RELATIVES
            if last in _TELLING and len(between) > 1:  # “…”, he told X: X is the listener
                names_source = False
            if _word(clause, end) == "," and _word(clause, end + 1) in _CITING:  # “…”, writes X, quoting Y
                names_source = names_source and token.source.kind != "person"
        else:
            read = _is_read(clause, start, at) and _follows(between)
            names_source = (read or _is_cited(clause, start, at)) and _ends_phrase(clause, end)
        if names_source:
            yield begin + at


def is_subject(after: Sequence[Token]) -> bool:
    """Return whether the quote is the subject of the words after it: “…” is a lie."""
    return _word(after, 0) in _BE


def named_in_reference(tokens: Sequence[Token], *, dated: bool = True) -> list[int]:
    """Return the indices of the tokens that name sources in a reference.

    An example of a reference is “Milo Holt, Ferry Notes, no. 41 (2008), p. 3”. Words up to a stop are a
    sentence and no reference if they contain words in lower case that are unusual in references. If the
    reference must be `dated`, an unlisted source counts only if there is a number.
    """
    numbered = not dated or any(token.text[0].isdigit() for token in tokens if token.text)
    indices: list[int] = []
    part: list[int] = []
    for at, token in enumerate([*tokens, Token(".")]):
        ends = token.text in (".", ";") and not token.source
        if not ends or (part and _is_abbreviated(tokens[part[-1]])):
            part.append(at)
            continue
        words = {tokens[index].word for index in part if index < len(tokens)}
        small = {tokens[index].word for index in part if tokens[index].text[:1].islower()} - {""}
        if not (small - OF_REFERENCES or words & _ON):
            indices += [index for index in part if tokens[index].source]
        part = []
    return [at for at in indices if numbered or not _is_unlisted(tokens[at])]


def _is_abbreviated(token: Token) -> bool:
    return token.word in _ABBREVIATED or (len(token.text) == 1 and _is_capitalised(token))


def _is_unlisted(token: Token) -> bool:
    return token.source is not None and token.source.kind == "unlisted"


def _phrase(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return the range of the noun phrase around a name: “the latest issue of X”, “the mayor, X”."""
    start = _phrase_start(tokens, at)
    role = _role(tokens, start)
    return start if role is None else role, _phrase_end(tokens, at)


def _role(tokens: Sequence[Token], name: int) -> int | None:
    """Return the token at which a role before a name begins (“the mayor of Tain,”), or None without a role.

    A role begins a clause, or follows “according to”, or follows a verb without a subject before it: “said
    the mayor, X”, but not “he told the mayor, X”.
    """
    if _word(tokens, name - 1) != ",":
        return None
    for at in range(name - 2, max(-1, name - 2 - _NEAR_VERB), -1):
        word, before = _word(tokens, at), _word(tokens, at - 1)
        if word in DETERMINERS and before != "of" and at < name - 2:
            cited = before == "to" and _word(tokens, at - 2) == "according"
            follows_verb = before in _SAYING and (at == 1 or tokens[at - 2].text in _OPENS)
            opens = at == 0 or tokens[at - 1].text in _OPENS or before in _CONJUNCTIONS
            return at if opens or follows_verb or cited else None
        if not word[:1].isalpha() or word in _WHEN_TO_SAY:
            return None
        if word != "of" and not (_is_adjective(word) or word in DETERMINERS):
            return None
    return None


def _phrase_start(tokens: Sequence[Token], at: int) -> int:
    """Return where the phrase of a source begins: “port director Luis Soto”, “issue 41 of …”."""
    source = tokens[at].source
    start = at
    if source and source.kind in ("person", "author") and _word(tokens, at - 1) in PERSONS:
        start -= 1  # “port director Luis Soto”
        while start > at - _MOST_ADJECTIVES and _is_adjective(_word(tokens, start - 1)):
            start -= 1
            if _word(tokens, start) in DETERMINERS:
                return start
    while _word(tokens, start - 1) in _ADJECTIVES:
        start -= 1
    start -= _word(tokens, start - 1) in DETERMINERS
    preposition = _word(tokens, start - 1)
    head = start - 2
    while head >= 0 and tokens[head].text[0].isdigit():  # “issue 41 of”
        head -= 1
    if preposition in _LEADS and _word(tokens, head) in (_PARTS if preposition == "of" else WORKS):
        first = max(0, head - _MOST_ADJECTIVES)
        while head > first and _is_adjective(_word(tokens, head - 1)):
            head -= 1
            if _word(tokens, head) in DETERMINERS:
                break
        return head
    if preposition in _AFFILIATES and _is_author(tokens, head):
        return head
    if preposition in _AFFILIATES and _is_proper(tokens, head) and source and source.is_medium:
        while _is_proper(tokens, head - 1):
            head -= 1
        return head
    return start


def _is_adjective(word: str) -> bool:
    """Return whether a word before a noun may be an adjective: it is not a word of another kind."""
    return word[:1].isalnum() and word not in _NO_ADJECTIVES


def _phrase_end(tokens: Sequence[Token], at: int) -> int:
    """Return where the phrase of a source ends: after “’s report”, a number or brackets."""
    end = at + 1
    owned = False
    while end < len(tokens):
        token = tokens[end]
        if token.text in "’'" or (owned and token.word == "s"):
            owned = True
        elif not (
            token.source
            or token.word == "no"
            or token.text[0].isdigit()
            or (owned and _is_capitalised(token))
            or (token.word in WORKS and (token.word not in _SAYING or _word(tokens, end + 1) in _SAYING))
        ):
            break
        end += 1
    closing = _next(tokens, ")", end, _MOST_IN_BRACKETS) if _word(tokens, end) == "(" else None
    return end if closing is None else closing + 1


def _next(tokens: Sequence[Token], mark: str, start: int, most: int) -> int | None:
    """Return the index of the next token that is this mark, within `most` tokens, or None."""
    return next((at for at in range(start, min(len(tokens), start + most)) if tokens[at].text == mark), None)


def _is_author(tokens: Sequence[Token], at: int) -> bool:
    source = tokens[at].source if at >= 0 else None
    return source is not None and source.kind == "author"


def _opens_clause(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a phrase begins a clause, even after a time: “In May X wrote”, “It was X that wrote”."""
    before = tokens[start - 1] if start else None
    if before is None or before.is_quote or before.text in _OPENS or before.word in _CONJUNCTIONS | {"both"}:
        return True
    first = max(0, start - _NEAR_VERB)
    words = [token.word for token in tokens[first:start]]
    if words[-2:] in (["it", "was"], ["it", "is"]):
        return True
    when = first == 0 and words[0] in _TIMES | _WHEN and words[-1] not in _PREPOSITIONS
    return when and not any(
        word in _SAYING | _READING | _PRONOUNS or not word[:1].isalnum() for word in words
    )


def _verb_of(tokens: Sequence[Token], at: int, end: int) -> int | None:
    """Return the index of the verb of saying whose subject is a name, or None.

    A role may stand before the name (“The mayor, X, said”).
    """
    verb = _verb(tokens, end)
    if verb is not None or _word(tokens, end) != "," or _role(tokens, _phrase_start(tokens, at)) is None:
        return verb
    verb = _verb(tokens, end + 1)  # “The mayor, X, said”
    if verb is None or verb + 1 >= len(tokens) or tokens[verb].word in _TELLING:
        return verb
    has_object = tokens[verb + 1].source or tokens[verb + 1].word in DETERMINERS | _OBJECTS
    return None if has_object else verb  # “The mayor, X, quotes Y”


def _verb(tokens: Sequence[Token], end: int) -> int | None:
    """Return the index of the verb of saying whose subject is a noun phrase that ends at `end`.

    Return None if the noun phrase has another verb or no verb.
    """
    at = end
    if _word(tokens, at) == ",":  # “X, which …, says”, or “X, which says”
        closing = _next(tokens, ",", at + 1, _NEAR)
        if closing is None:
            return _verb(tokens, at + 2) if _word(tokens, at + 1) in ("who", "which") else None
        at = closing + 1
    if _word(tokens, at) == "and":  # “X and Y say”
        other = at + 1 + (_word(tokens, at + 1) in DETERMINERS)
        at = other + 1 if other < len(tokens) and tokens[other].source else at
    at += _word(tokens, at) in ("that", "which", "who")  # “It was X that said”
    at = _past_time(tokens, _past_adverbs(tokens, at))
    last = _word(tokens, at - 1) if at > end else ""
    if at == len(tokens) or tokens[at].is_quote:
        return at - 1 if last in _HAVE else None
    word, following = _word(tokens, at), _word(tokens, at + 1)
    if word in ("it", "this") and last in _HAVE:
        return at
    if (word in _BE and following in _PLAIN) or (word in _OPENING and following == "with"):
        return at + 1
    if word in _BE and following == "the" and _word(tokens, at + 3) == "to":  # “was the first to say”
        return at + 4
    if word in _BARE and following in ("that", ":"):
        return at
    passive = following == "by" or (last in _BE and not word.endswith("ing"))
    return at if word in _SAYING and not passive else None


def _past_time(tokens: Sequence[Token], at: int) -> int:
    """Return the index of the verb of saying after “in its May issue” or “last week”, or else `at`."""
    if _word(tokens, at) not in _TIMES:
        return at
    for index in range(at, min(len(tokens), at + _NEAR_VERB + 1)):
        word = _word(tokens, index)
        if word in _FINITE:
            return index
        if word != "," and (not word[:1].isalnum() or word in _STOPS | _PRONOUNS):
            break
    return at


def _past_adverbs(tokens: Sequence[Token], at: int) -> int:
    while (word := _word(tokens, at)) in _ADVERBS or (word.endswith("ly") and word not in WORKS):
        at += 1
    return at


def _breaks_off(rest: Sequence[Token]) -> bool:
    """Return whether the words between a source and a quote begin another statement."""
    if len(rest) > _NEAR or any(token.text == ";" or token.word in _TURNS for token in rest):
        return True
    quotes = [at for at, token in enumerate(rest) if token.is_quote]
    return bool(quotes) and any(token.word not in _COORDINATORS for token in rest[quotes[-1] + 1 :])


def _says(tokens: Sequence[Token], verb: int) -> bool:
    """Return whether a verb introduces the quote: no other verb with its own subject stands between them."""
    rest = tokens[verb + 1 :]
    words = [token.word for token in rest]
    if _breaks_off(rest) or _ELSEWHERE.intersection(words):
        return False
    if "and" in words and not any(token.is_quote for token in rest):
        return False
    if words and tokens[verb].word in _WEAK and words[-1] not in ("that", ":", ","):
        return False
    return not any(
        token.word in _FINITE and _word(rest, at - 1) not in DETERMINERS | _LEADS
        for at, token in enumerate(rest)
    )


def _is_cited(tokens: Sequence[Token], start: int, at: int) -> bool:
    """Return whether a phrase follows words that introduce a source: “according to”, “per”, “citing”."""
    first, second = _word(tokens, start - 1), _word(tokens, start - 2)
    source = tokens[at].source
    if first == "to" and second == "according":
        return True
    if first == "by" and second in _SAYING | _READING:
        return True
    if first in ("told", "tells") or (first == "with" and second == "interview"):
        return source is not None and source.is_medium
    if first in _BE and "source" in {token.word for token in tokens[:start]}:
        return True
    words = first == "of" and second in ("words", "those", "reading")
    return words or first in _CITING or (first == "see" and start == 1)


def _is_read(tokens: Sequence[Token], start: int, at: int) -> bool:
    """Return whether a phrase gives the work that has the words: “in X”, “from an article in X”, “by X”."""
    preposition = _word(tokens, start - 1)
    source = tokens[at].source
    assert source is not None  # noqa: S101 - its callers have looked
    if preposition in _IN:
        parts = any(token.word in WORKS for token in tokens[start:at])
        return source.is_medium or parts or _word(tokens, start - 2) in _SAYING | _READING
    if preposition == "on":
        return any(token.word in _PARTS for token in tokens[start:at])
    return preposition == "by" and start == 1


def _ends_phrase(tokens: Sequence[Token], end: int) -> bool:
    """Return whether a noun phrase ends at a token. “In the Daily Harbour case” names a case, not a paper."""
    if end >= len(tokens) or tokens[end].is_quote or tokens[end].source:
        return True
    word = _word(tokens, end)
    return (
        not word[:1].isalnum()
        or word in _ENDING
        or word in MONTHS
        or word.endswith("ly")
        or word[0].isdigit()
    )


def _introduces(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether “in X” introduces the quote: it begins the clause, or is right before the quote."""
    rest = tokens[end:]
    opened = start - 2
    while opened >= 0 and (
        _word(tokens, opened) in _SAYING | _READING | _PRONOUNS | _ADVERBS | {"as"} | _BE
        or _word(tokens, opened).endswith("ly")
    ):
        opened -= 1
    if opened < 0 or _word(tokens, opened) in _CONJUNCTIONS:
        return not _breaks_off(rest)
    if tokens[opened].text in _OPENS and tokens[opened].text != ",":
        return not _breaks_off(rest)
    if tokens[opened].text == "," and opened < start - 2:  # “The mayor, writing in X, said”
        verb_follows = _word(rest, 0) == "," and _word(rest, _past_adverbs(rest, 1)) in _SAYING
        return verb_follows and not _breaks_off(rest)
    follows_verb = _word(tokens, start - 2) in _SAYING | _READING or _word(tokens, start - 2) in WORKS
    return follows_verb and all(
        token.word in ("that", ",", ":", "") or token.text[0].isdigit() or token.word in MONTHS
        for token in rest
    )


def _follows(between: Sequence[Token]) -> bool:
    """Return whether the words between a quote and “in X” only say that the quote is said or read in X."""
    verbs = [at for at, token in enumerate(between[:-1]) if token.word in _SAYING | _READING]
    if not verbs:
        return len(between) <= 1
    stops = {token.word for token in between} & _STOPS
    return not stops and verbs[0] < _NEAR_VERB and not any(token.text in ";:(" for token in between)
