"""Split a question that asks for several things: "Who opened it, and who paid?", "Which is older, …?".

The patterns are for English grammar only. In doubt, a question is left whole. A question that is split
wrongly loses its sense. A whole question is answered like any other (docs/decisions/0010-several-places.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a question that asks for several things.

    Attributes:
        question: the part as a question of its own.
        words: the words of the whole question that ask for this part, as they were typed.
    """

    question: ParsedQuestion
    words: str


# Most characters of a question that may be split. A longer text is a story rather than a question.
LONGEST = 300
MOST = 3

_PREPOSITION = (
    r"(?:about|after|against|around|at|before|by|during|for|from|in|into|of|on|since|through|to|towards|under"
    r"|until|with|within)"
)
_DEGREE = r"(?:many|much|long|old|far|large|big|often|high|tall|deep|wide|heavy|fast|late|early|soon|badly)"
_AUXILIARY = (
    r"(?:(?:did|does|do|was|were|is|are|has|have|had|will|would|can|could|should|must|may|might)"
    r"(?:n['’]t)?\b)"
)
_PRONOUN = r"(?:he|she|it|they|there|we|you)\b"
_ASKING = rf"(?:(?:{_PREPOSITION} )?(?:who|whom|whose|what|which|when|where|why|how)\b)"
# A noun of the thing asked for, as in "which two towns". It is not a verb.
_NOUN = rf"(?!{_AUXILIARY}|(?:the|a|an)\b)[\w’'-]{{1,40}}"
_NOUNS = rf"(?:what|which|whose|how (?:many|much))(?: {_NOUN})"

# Question words that may ask on in another clause: "when", "for what reason", "by whom", "at what price".
_ELSE = (
    rf"(?:(?:{_PREPOSITION} )?(?:when|where)|why|{_PREPOSITION} (?:whom|what|which|how {_DEGREE})"
    rf"|{_PREPOSITION} {_NOUNS}{{1,2}})"
)
_MORE = re.compile(rf"{_ELSE}|how(?: {_DEGREE})?", re.IGNORECASE)
_STARTS = re.compile(rf"{_ASKING}|{_AUXILIARY}", re.IGNORECASE)
_YES_NO = re.compile(rf"{_AUXILIARY} .+", re.IGNORECASE)
# Question words, and the verb that follows them: "In what role | did he start".
_CLAUSE = re.compile(
    rf"(?P<asking>(?:{_PREPOSITION} )?{_NOUNS}{{1,3}}|{_ASKING}(?: {_DEGREE})?) (?P<rest>{_AUXILIARY} .+)",
    re.IGNORECASE,
)
# Where a second clause begins.
_AND = re.compile(rf",? and (?={_ASKING}|(?:did|does|do)\b|{_AUXILIARY} {_PRONOUN})", re.IGNORECASE)
_TWO_QUESTIONS = re.compile(rf"\?\s+(?:and )?(?={_ASKING})", re.IGNORECASE)
# Words that may govern the next clause: "Who knows when …, and where …?", "Who is the man that … and who …?"
_RULES = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how|whether|if|because|while|although)\b", re.IGNORECASE
)
_THAT = re.compile(r"\bthat\b", re.IGNORECASE)
# Several question words before one verb: "When and where was it opened?"
_SHARED = rf"(?:{_ELSE}|how|{_NOUNS}(?<!ed))"  # not "how many died"
_TOGETHER = re.compile(
    rf"(?P<words>{_SHARED}(?:, {_SHARED}){{0,2}},? and {_SHARED}),? (?P<rest>{_AUXILIARY} .+)", re.IGNORECASE
)
_BETWEEN = re.compile(rf",? and (?={_SHARED})|, (?={_SHARED})", re.IGNORECASE)


def parts(question: ParsedQuestion) -> tuple[Part, ...]:
    """Return the parts of a question that asks for several things, or () for a question to be left whole."""
    asked = re.sub(r",? please\b", "", " ".join(question.text.split()), flags=re.IGNORECASE)
    body = asked.rstrip("?!. ")
    if len(asked) > LONGEST or question.phrases or re.search(r"[;\[\]{}()]|[.!] ", body):
        return ()
    for divided in (_compared, _both, _two_questions, _together, _clauses):
        if divided_parts := tuple(divided(body)):
            return divided_parts if len(divided_parts) <= MOST else ()
    return ()


def _two_questions(body: str) -> Iterator[Part]:
    """Split two questions, each with its own question mark."""
    halves = _TWO_QUESTIONS.split(body)
    if len(halves) == 2 and not any("?" in half or _YES_NO.fullmatch(half) for half in halves):
        yield from _each_asks(halves)


def _together(body: str) -> Iterator[Part]:
    """Split question words that share a verb."""
    match = _TOGETHER.fullmatch(body)
    if match and not _RULES.search(match["rest"]):
        for words in _BETWEEN.split(match["words"]):
            yield Part(_asked(f"{words} {match['rest']}"), words)


def _clauses(body: str) -> Iterator[Part]:
    """Split two clauses that ask, or a clause and the question words that ask on about it."""
    halves = _AND.split(body)
    begins = _STARTS.match(body)
    if len(halves) != 2 or not begins or "?" in body:
        return
    first, second = halves
    inner = first[begins.end() :]
    if _RULES.search(inner) or (_THAT.search(inner) and body[len(first)] != ","):
        return
    if not _MORE.fullmatch(second):
        yield from _each_asks(halves)
    elif more := _with_asking(first, second):
        yield Part(_asked(first), first)
        yield Part(_asked(more), second)


def _each_asks(clauses: list[str]) -> Iterator[Part]:
    """Make a part of each clause, if each begins with a question word or a verb and has further words."""
    begins = [_STARTS.match(clause) for clause in clauses]
    if all(
        match and len(clause) > match.end() and not _MORE.fullmatch(clause)
        for match, clause in zip(begins, clauses, strict=True)
    ):
        yield from (Part(_asked(clause), clause) for clause in clauses)


def _with_asking(clause: str, asking: str) -> str:
    """Return a clause with other question words, or "" if no auxiliary verb follows the question words."""
    if match := _CLAUSE.fullmatch(clause):
        return f"{asking} {match['rest']}"
    if _YES_NO.fullmatch(clause) and not asking.lower().startswith("how"):
        return f"{asking} {clause[0].lower()}{clause[1:]}"
    return ""


def _asked(text: str) -> ParsedQuestion:
    """Return a text as a question."""
    return ParsedQuestion(f"{text[0].upper()}{text[1:]}?")


# Comparisons

# For each comparing word, the question about each of the two things compared.
_COMPARED = {
    "bigger": "how big", "larger": "how large", "smaller": "how large", "older": "how old",
    "younger": "how old", "longer": "how long", "shorter": "how long", "higher": "how high",
    "lower": "how high", "taller": "how tall", "deeper": "how deep", "wider": "how wide",
    "heavier": "how heavy", "lighter": "how heavy", "faster": "how fast", "slower": "how fast",
    "farther": "how far", "further": "how far", "cheaper": "how expensive", "deadlier": "how deadly",
    "stronger": "how strong", "earlier": "when", "later": "when", "sooner": "when", "first": "when",
    "last": "when",
}  # fmt: skip
_WORD = "|".join(_COMPARED)
_GAP = r"(?:[,:]| [–—-]) "
# A thing begins with an article or a capital and does not contain "or".
_THING = r"(?:(?:[Tt]he|[Aa]n?|[Tt]hat|[Tt]hose|[Ii]ts|[Hh]is|[Hh]er) |[A-Z])(?:(?! or )[^,:?]){0,60}?"
_THINGS = rf"(?P<one>{_THING}),? or (?P<other>{_THING})"
_SAID = (
    rf"(?:(?P<kind>(?:{_NOUN} ){{0,3}})(?P<auxiliary>{_AUXILIARY})(?P<verb>(?: [\w’'-]{{1,40}}+){{0,5}}?)"
    rf"|(?P<sort>(?:{_NOUN} ){{0,2}}?)(?P<past>{_NOUN}))"
    rf" (?:(?P<word>{_WORD})|(?:more|fewer|less)(?: (?P<noun>[\w’'-]{{1,40}}+))?)(?P<rest> [^,:]{{1,60}}+)?"
)
_WHICH = rf"(?:[Ww]hich|[Ww]ho)(?: of (?:the|these|those) two)?(?: one)? {_SAID}"
_COMPARISONS = tuple(
    re.compile(rf"\A{pattern}") for pattern in (_WHICH + _GAP + _THINGS, _THINGS + _GAP + _WHICH)
)
# "Was A larger than B?", "Did more people die in A than in B?"
_LARGER_THAN = re.compile(
    rf"(?P<copula>Is|Are|Was|Were) (?P<one>{_THING}) (?P<word>{_WORD}) than (?P<other>{_THING})"
)
_MORE_THAN = re.compile(
    rf"(?P<auxiliary>Did|Were|Was) (?:more|fewer|less) (?P<noun>[\w’'-]{{1,40}}) (?P<verb>[^,]{{1,60}}?)"
    rf" (?P<in>{_PREPOSITION}) (?P<one>{_THING}) than (?P=in) (?P<other>{_THING})"
)
_NO_THING = re.compile(
    rf"\b(?:{_AUXILIARY}|{_ASKING}|or|and|he|she|they|others?|former|latter|usual|expected|planned|before|ever)\b",
    re.IGNORECASE,
)
_LONGEST_THING = 8
_ONE = re.compile(r"\bones?\b")  # "Which flood killed more, the one in Rome or the one in Pisa?"


def _compared(body: str) -> Iterator[Part]:
    """Split a comparison of two things: ask about each thing separately."""
    for pattern in _COMPARISONS:
        if (match := pattern.fullmatch(body)) and _are_things(match):
            kind = (match["kind"] or match["sort"] or "").strip()
            if kind or not _ONE.search(f"{match['one']} {match['other']}"):
                for side in ("one", "other"):
                    thing = _ONE.sub(kind, match[side])
                    yield Part(_asked(_of_thing(thing, match)), match[side])
            return
    if (match := _LARGER_THAN.fullmatch(body)) and _are_things(match):
        how = f"{_COMPARED[match['word']]} {match['copula'].lower()}"
        yield from (Part(_asked(f"{how} {match[side]}"), match[side]) for side in ("one", "other"))
    elif (match := _MORE_THAN.fullmatch(body)) and _are_things(match):
        verb = (
            match["verb"] if match["auxiliary"] == "Did" else f"{match['auxiliary'].lower()} {match['verb']}"
        )
        how = f"{_how_many(match['noun'])} {verb} {match['in']}"
        yield from (Part(_asked(f"{how} {match[side]}"), match[side]) for side in ("one", "other"))


def _are_things(match: re.Match[str]) -> bool:
    """Return whether the compared phrases can be two things, and are not clauses."""
    things = match["one"], match["other"]
    return all(len(thing.split()) <= _LONGEST_THING and not _NO_THING.search(thing) for thing in things)


def _of_thing(thing: str, match: re.Match[str]) -> str:
    """Return the question about one thing: "How old is the dam", "The strike lasted how long"."""
    noun, rest = match["noun"], match["rest"] or ""
    how = _COMPARED[match["word"]] if match["word"] else _how_many(noun) if noun else "how much"
    if not match["auxiliary"]:
        return f"{thing} {match['past']} {how}{rest}"
    if noun and not match["verb"]:  # "is more expensive"
        how = f"how {noun}"
    return f"{how} {match['auxiliary'].lower()} {thing}{match['verb']}{rest}"


def _how_many(noun: str) -> str:
    """Return the words that ask for the number or the amount of something."""
    many = noun.endswith("s") or noun in ("people", "men", "women", "children")
    return f"how {'many' if many else 'much'} {noun}"


# "What did both A and B cost?" B has as many words as A, written alike, or B is all the rest.
_BOTH = re.compile(
    rf"(?P<before>(?:when|where|why|how(?: {_DEGREE})?|what|which) {_AUXILIARY}) both (?P<one>[^,]{{1,60}}?)"
    r" and (?P<rest>[^,]+)",
    re.IGNORECASE,
)


def _both(body: str) -> Iterator[Part]:
    """Split a question that asks the same about both of two things."""
    match = _BOTH.fullmatch(body)
    if not match or _NO_THING.search(f"{match['one']} {match['rest']}"):
        return
    one, rest = match["one"].split(), match["rest"].split()
    other, after = rest[: len(one)], rest[len(one) :]
    if not after or _written(one) == _written(other):
        for thing in (one, other):
            yield Part(_asked(" ".join([match["before"], *thing, *after])), " ".join(thing))


def _written(words: list[str]) -> list[str]:
    """Return the form of words: articles as they are, other words by whether they are capitalised."""
    return [word if word in ("the", "a", "an") else str(word[0].isupper()) for word in words]
