"""Resolve a short name of a speaker (a surname, a role, “he”) to the full name elsewhere in the document.

A surname belongs to the people whom the document names in full with that surname. A role belongs to the only
person whom the document describes by that role. A pronoun is resolved only if it can mean just one person,
because a wrong name is worse than no name.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from qa.quoting.attribution import TITLES, bare, is_surely_person, people_in
from qa.quoting.speaker import PERSONS, PRONOUNS, SAYING_VERBS, mention_of
from qa.quoting.words import word_list
from qa.text.people import likely_people

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import Document, Span

# Maximum number of characters at the beginning of a text that are searched for people.
_MOST = 300_000
# Number of characters before and after a name that are searched for a description of the person.
_BESIDE = 120
# Number of characters before and after a name that are searched for a verb of saying.
_VERB = 20
# Number of paragraphs that are searched for the antecedent of a pronoun, the pronoun's own included.
_MOST_PARAGRAPHS = 4
_QUOTED = re.compile(r"“[^“”]{1,3000}”|«[^«»]{1,3000}»|\"[^\"\n]{1,3000}\"")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[^\Wa-z])|\n")
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_DETERMINER = re.compile(r"(?:the|a|an|its|his|her|their|our|another|one)\s+", re.IGNORECASE)
_BEFORE_ROLE = re.compile(
    r"\b(?P<first>the|an?|another|his|her|its|their|one)\s{1,4}(?P<between>(?:[\w’'-]{1,40}\s{1,4}){0,3})\Z",
    re.IGNORECASE,
)
_BEFORE_NAME = re.compile(
    r"(?P<words>(?:[^\W\d_][\w’'-]{0,40}\s{1,4}){0,5}[^\W\d_][\w’'-]{0,40})(?P<comma>,?)\s{1,4}\Z"
)
_AFTER_NAME = re.compile(
    r"(?:,\s{1,4}(?:\(?[0-9]{1,3}\)?,\s{1,4})?|\s{1,4}\([0-9]{1,3}\),?\s{1,4}|\s{1,4})(?P<is>(?:who\s{1,4})?"
    r"(?:is|was|has\s{1,4}been|had\s{1,4}been|became|remains|works\s{1,4}as|serves\s{1,4}as)\s{1,4})?"
    r"(?P<words>[^\W\d_][^.,;:!?()“”\"\n]{0,100})"
)
_DESCRIBES = re.compile(
    r"(?:,\s{1,4}(?:[0-9]{1,3},\s{1,4})?|\s{1,4}(?:who\s{1,4})?(?:is|was|has been|became)\s{1,4})"
    r"[\w\s’'-]{0,100}"
)
_PREPOSITION = re.compile(
    r"\s(?:of|for|at|in|with|from|who|since|on|and|to|by|that|during|under|after)\b.*", re.DOTALL
)
# Words before a person who is not the subject of the sentence. “He” need not mean this person.
_OBJECT = re.compile(
    r"\b(?:to|with|by|against|of|for|from|about|like|than|on|over|between|and|met|told|asked|called|saw"
    r"|criticised|criticized|accused|praised|joined|succeeded|replaced|defeated|thanked|blamed|urged) {1,4}"
    r"(?:(?:the|a|an|his|her|its) {1,4})?(?:[\w’'-]{1,40} {1,4}){0,3}\Z"
)
_SHE = word_list("she", "antecedents")
_HE = word_list("he", "antecedents")
_OTHERS = word_list("others", "antecedents")
_DETERMINERS = word_list("determiners", "antecedents")
_LESSER = word_list("lesser", "antecedents")


class Speaker(NamedTuple):
    """The speaker of a quote, according to its document.

    Attributes:
        names: the full names of the people who may be meant, as the document gives them.
        mention: the words that name the speaker at the quote.
        since: the offset at which the paragraph of a pronoun's antecedent begins. It is 0 without a pronoun.
    """

    names: tuple[str, ...]
    mention: str
    since: int = 0

    @property
    def is_pronoun(self) -> bool:
        """Return whether the document names the speaker only by “he” or “she”."""
        return self.mention.casefold() in PRONOUNS


class _Person:
    """A person whom a text names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.described: set[str] = set()  # the words that describe the person
        self.heads: set[str] = set()  # the words that name a role of the person


class _Mention(NamedTuple):
    """Words that name somebody, the people whom they may mean, and whether they are the subject."""

    start: int
    end: int
    people: tuple[_Person | None, ...]  # None means a person without a name
    is_subject: bool


class People:
    """The people whom a text names in full, and all mentions of people outside quotations."""

    def __init__(self, text: str) -> None:
        text = text[:_MOST]
        self._text = _QUOTED.sub(lambda match: " " * len(match[0]), text)
        self._people: dict[tuple[str, ...], _Person] = {}
        self._by_family_name: dict[str, list[_Person]] = {}
        self._by_any_name: dict[str, list[_Person]] = {}
        mentions = self._named()
        heads = {head for person in self._people.values() for head in person.heads}
        self._mentions = sorted(
            [*mentions, *self._others(mentions, heads)], key=lambda mention: mention.start
        )
        self._starts = [mention.start for mention in self._mentions]

    @property
    def surnames(self) -> frozenset[str]:
        """Return the family names, case-folded and without accents."""
        return frozenset(self._by_family_name)

    def is_other(self, name: str, speaker: Speaker) -> bool:
        """Return whether a full name belongs to a person of the text who is not this speaker."""
        person = self._people.get(_key(name))
        return person is not None and person.name not in speaker.names

    def _named(self) -> list[_Mention]:
        """Return the mentions by full name, or by title and surname.

        Store the people, with their descriptions, for all other methods.
        """
        names = [
            (start, end, source.name, _key(source.name))
            for start, end, source in people_in(self._text)
            if is_surely_person(source.name)
        ]
        for start, end, name, key in sorted(names, key=lambda entry: len(entry[3]), reverse=True):
            people = self._people_of(key)
            if not people:
                people = (self._people.setdefault(key, _Person(_one_line(name))),)
                self._by_family_name.setdefault(_family_name(key), []).append(people[0])
                self._by_any_name.setdefault(key[0], []).append(people[0])
                self._by_any_name.setdefault(key[-1], []).append(people[0])
            if len(people) == 1:
                self._describe(people[0], start, end)
        return [
            _Mention(start, end, self._people_of(key), _is_subject(self._text, start, end))
            for start, end, _, key in names
        ]

    def _people_of(self, key: tuple[str, ...]) -> tuple[_Person, ...]:
        """Return the people with a key (`_key`). A key of one word is a family name. There may be none."""
        person = self._people.get(key)
        if person or len(key) > 1:
            return (person,) if person else ()
        return tuple(self._by_family_name.get(key[0], ()))

    def _describe(self, person: _Person, start: int, end: int) -> None:
        """Store the description next to a name: “Transport Minister”, “the master”, “, a spokesman”."""
        words = self._text[start:end].split()
        titles = words[: max((at for at, word in enumerate(words, 1) if _is_title(word)), default=0)]
        phrases = [" ".join(titles)] if titles else []
        before = _BEFORE_NAME.search(self._text, max(0, start - _BESIDE), start)
        if before:
            parts = [match.end() for match in _DETERMINER.finditer(before["words"])]
            phrase = before["words"][parts[-1] :] if parts else " ".join(before["words"].split()[-3:])
            last = phrase.split()[-1].casefold() if phrase.split() else ""
            if (last in PERSONS or titles) and (parts or not before["comma"]):
                phrases.append(f"{phrase} {' '.join(titles)}")
        after = _AFTER_NAME.match(self._text, end, end + _BESIDE)
        if after and (after["is"] or not self._text[end].isspace() or "(" in after[0]):
            phrases.append(after["words"])
        for phrase in phrases:
            described = [word.casefold() for word in _WORD.findall(phrase)]
            head = [word.casefold() for word in _WORD.findall(_PREPOSITION.sub("", phrase))]
            roles = [word for word in head if word in PERSONS]
            begins = bool(_DETERMINER.match(phrase)) and head[-1:] != head[:1]
            if roles or begins:
                person.described.update(described)
                person.heads.update([*roles, *(head[-1:] if begins else ())])

    def _others(self, mentions: list[_Mention], heads: set[str]) -> Iterator[_Mention]:
        """Yield the mentions by a surname, by a role (one of `heads`), or by a word such as “woman”.

        `mentions` are the mentions by name, where nothing else is searched.
        """
        taken = sorted(mentions, key=lambda mention: mention.start)
        at = 0
        for match in _WORD.finditer(self._text):
            while at < len(taken) and taken[at].end <= match.start():
                at += 1
            if at < len(taken) and taken[at].start < match.end():
                continue
            owned = re.fullmatch(r"(.+)['’]s?", match[0])
            word = owned[1] if owned else match[0]
            people = self._called(bare(word), any_name=likely_people(word)) if word[:1].isupper() else []
            if people:
                subject = not owned and _is_subject(self._text, match.start(), match.end())
                yield _Mention(match.start(), match.end(), tuple(people), subject)
            elif word.islower() and word in PERSONS | _OTHERS | heads:
                determined = _BEFORE_ROLE.search(self._text, max(0, match.start() - _BESIDE), match.start())
                if determined and not _is_description(self._text, match.start(), taken):
                    holders = tuple(person for person in self._people.values() if word in person.heads)
                    yield _Mention(match.start(), match.end(), holders or (None,), not owned)

    def _called(self, word: str, *, any_name: bool = True) -> list[_Person]:
        """Return the people with this family name.

        If there are none, return the people with this given name, but only with `any_name`.
        """
        return self._by_family_name.get(word) or (self._by_any_name.get(word, []) if any_name else [])

    # Resolving a mention

    def speaker(self, document: Document, start: int, end: int) -> Speaker | None:
        """Return the speaker of all of `document.text[start:end]`, or None if the text leaves it unclear."""
        mention = mention_of(document, start, end)
        if mention is None or mention.end > len(self._text):
            return None
        words = " ".join(document.text[mention.start : mention.end].split())
        if words.casefold() in PRONOUNS:
            return self._of_pronoun(mention, start, words)
        head = _PREPOSITION.sub("", words.partition(",")[0])
        if re.search(r"['’]s?\b", head):
            return None
        names = [word for word in _WORD.findall(head) if word[:1].isupper()]
        people = self._called(bare(names[-1])) if names else []
        if people:
            full = self._people.get(_key(" ".join(names)))
            people = [full] if full else people
            return Speaker(tuple(person.name for person in people), words)
        roles = [word for word in head.split() if word.casefold() not in _DETERMINERS]
        return self._of_role(mention, words, [role.casefold() for role in roles])

    def _of_role(self, mention: Span, words: str, roles: list[str]) -> Speaker | None:
        """Return the only person whom a role describes (“the transport minister”), or None."""
        if not roles or words[:4].casefold() != "the ":
            return None
        described = {word.casefold() for word in _WORD.findall(words)} - _DETERMINERS - {"of", "for"}
        people = [person for person in self._people.values() if roles[-1] in person.heads]
        fitting = [
            person
            for person in people
            if described <= person.described | person.heads and not (person.described & _LESSER) - described
        ]
        if len(fitting) != 1:
            return None
        if self._is_somebody_else(mention, fitting[0], roles[-1]):
            return None
        return Speaker((fitting[0].name,), words)

    def _is_somebody_else(self, mention: Span, person: _Person, role: str) -> bool:
        """Return whether an earlier mention of the role means another person.

        Examples are “a spokesman” and “the finance minister”.
        """
        own = [other_mention for other_mention in self._mentions if other_mention.people == (person,)]
        for match in _WORD.finditer(self._text, 0, mention.start):
            if match[0].casefold() != role:
                continue
            before = _BEFORE_ROLE.search(self._text, max(0, match.start() - _BESIDE), match.start())
            if before is None:
                continue
            between = {word.casefold() for word in _WORD.findall(before["between"])} - _DETERMINERS
            other = before["first"].casefold() in ("a", "an", "another") or not between <= person.described
            if other and not _is_description(self._text, match.start(), own):
                return True
        return False

    def _of_pronoun(self, mention: Span, quote: int, words: str) -> Speaker | None:
        """Return the only person whom “he” or “she” can mean, in this or earlier paragraphs, or None."""
        ends = [0, *(match.end() for match in _PARAGRAPH_END.finditer(self._text, 0, mention.start))]
        stop = min(mention.start, quote)
        for begin in ends[::-1][:_MOST_PARAGRAPHS]:
            near = self._between(begin, stop)
            if near:
                break
            stop = begin
        else:
            return None
        last = [
            other_mention
            for other_mention in near
            if other_mention.start >= self._sentence(begin, near[-1].start)
        ]
        for candidates in (near, last):
            people = {person for other_mention in candidates for person in other_mention.people}
            subjects = [other_mention for other_mention in candidates if other_mention.is_subject]
            if len(people) == 1 and subjects and (person := people.pop()) is not None:
                if candidates is last and not self._speaks(last[-1], stop):
                    return None
                if _conflicts(person, words):
                    return None
                return Speaker((person.name,), words, begin)
        return None

    def _speaks(self, mention: _Mention, end: int) -> bool:
        """Return whether a verb of saying stands near a mention: “…,” said Novak."""
        around = self._text[max(0, mention.start - _VERB) : min(end, mention.end + _VERB)]
        return not SAYING_VERBS.isdisjoint(_WORD.findall(around))

    def _between(self, start: int, end: int) -> list[_Mention]:
        """Return the mentions that begin in this part of the text, in order."""
        return self._mentions[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _sentence(self, begin: int, at: int) -> int:
        """Return the offset at which the sentence around `at` begins, at least `begin`."""
        ends = [match.end() for match in _SENTENCE_END.finditer(self._text, begin, at)]
        return ends[-1] if ends else begin


def _key(name: str) -> tuple[str, ...]:
    """Return the first and the last word of a name without titles, case-folded and without accents."""
    words = [bare(word) for word in _WORD.findall(name)]
    words = [word for word in words if word not in TITLES and len(word) > 1] or words[-1:]
    return (words[0], words[-1]) if len(words) > 1 else tuple(words)


def _is_description(text: str, at: int, mentions: Sequence[_Mention]) -> bool:
    """Return whether a role describes a name next to it: “Ada Orr, the master”, “the master, Ada Orr”."""
    index = bisect_left(mentions, at, key=lambda mention: mention.start)
    for mention in mentions[max(0, index - 1) : index + 1]:
        if mention.start > at:
            if re.fullmatch(r"[\w’'-]{1,40},?\s{1,4}", text[at : min(mention.start, at + _BESIDE)]):
                return True
        elif at - mention.end < _BESIDE and _DESCRIBES.fullmatch(text, mention.end, at):
            return True
    return False


def _family_name(key: tuple[str, ...]) -> str:
    """Return the family name: the last word, but the first word of a name like “Lee Jae-won”."""
    return key[0] if "-" in key[-1] else key[-1]


def _is_title(word: str) -> bool:
    """Return whether a word is a title before a name, such as “Dr.”."""
    return word.casefold().strip(".") in TITLES


def _one_line(name: str) -> str:
    """Return a name with single spaces, because a line may end inside it."""
    return " ".join(name.split())


def _is_subject(text: str, start: int, end: int) -> bool:
    """Return whether a name may be the subject: no “’s” follows, and no preposition or “told” precedes."""
    owned = text[end : end + 2] in ("’s", "'s")
    return not owned and not _OBJECT.search(text[max(0, start - 60) : start])


def _conflicts(person: _Person, pronoun: str) -> bool:
    """Return whether a person's title or role is a man's and the pronoun a woman's, or the reverse."""
    words = person.heads | {bare(word) for word in person.name.split()}
    return bool(words & (_HE if pronoun.casefold() == "she" else _SHE))
