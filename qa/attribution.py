"""Which sources, and which speakers, the words around a quote ascribe it to.

These words are the quote's own sentence, the other cells of its table row, and its notes. Names are found in
them first: titles, publishers, numbers and authors of the library's documents, and names built as those of
periodicals are. A small grammar then tells the source (“X wrote that …”; “…”, we read in X) from what is only
mentioned (“…” in a report on X). What the grammar does not know is a mention: an alarm must be right.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from qa.formats.organisations import is_kind, is_periodical, names_institution, names_periodical
from qa.formats.people import looks_like_person
from qa.terms import content_words, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.claims import Claim
    from qa.schema import Document, DocumentInfo

Kind = Literal["title", "number", "publisher", "author", "unlisted", "person"]

# Words of a name, at most: a longer title is looked for by its beginning.
_MOST_WORDS = 30
# Characters before and after a quote, and of a note or a cell, in which names are looked for.
_MOST_AROUND = 300
# Tokens from a source to the quote, from a name to the verb it is the subject of, and of a bracket, at most.
_NEAR = 25
_NEAR_VERB = 6
_MOST_IN_BRACKETS = 20
_MOST_ADJECTIVES = 4
# In running text, what is quoted in fewer words may be a name.
_LEAST_QUOTED = 3
_LEAST_ACRONYM = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A source or a speaker, as named; `documents` are the ids of those so called."""

    name: str
    kind: Kind
    documents: frozenset[str] = frozenset()


class _Token(NamedTuple):
    """A word, a mark, the name of a source, or another quote."""

    text: str
    source: Source | None = None
    is_quote: bool = False

    @property
    def word(self) -> str:
        return "" if self.source or self.is_quote else self.text.casefold()


_Find = "Callable[[str], Iterable[tuple[int, int, Source]]]"


# Words of the grammar


def _forms(stems: str) -> frozenset[str]:
    """Inflect regular verbs: “report” to reports, reported, reporting. The bare form is a noun as well."""
    forms: set[str] = set()
    for stem in stems.split():
        root = stem.removesuffix("e")
        if stem.endswith("y") and stem[-2] not in "aeou":
            forms |= {f"{stem[:-1]}ies", f"{stem[:-1]}ied", f"{stem}ing"}
        else:
            forms |= {f"{stem}es" if stem.endswith(("s", "ss", "sh", "ch")) else f"{stem}s"}
            forms |= {f"{root}ed", f"{root}ing", f"{root}{root[-1]}ed", f"{root}{root[-1]}ing"}
    return frozenset(forms)


_HAVE = frozenset({"has", "have", "had"})
_SAYING = _forms(
    """report reveal disclose argue warn add explain insist maintain assert conclude confirm announce declare allege
    claim state note observe remark record describe comment mention acknowledge admit concede estimate reckon believe
    suggest stress emphasise emphasize highlight underline recall relate learn publish print carry quote cite ask reply
    respond answer predict forecast caution complain lament joke quip contend opine testify call hint imply vow promise
    boast point document write put establish stipulate affirm reiterate repeat summarise summarize phrase judge assess
    calculate divulge proclaim recount narrate attest inform"""
) | frozenset(
    """say says said saying write wrote written tell tells told put puts find finds found hold holds held run ran runs
    read reads go goes went speak speaks spoke think thinks thought argue claim insist add explain believe admit maintain
    conclude suggest cast wrote""".split()
)
_READING = _forms("learn appear stand come draw print publish carry quote cite take") | frozenset(
    "read find found hear heard see seen learn stand stood appear come came drawn taken line sentence passage headline"
    " words quotation".split()
)
# Past and present forms; a second one has a subject of its own, most likely.
_FINITE = frozenset(word for word in _SAYING if word.endswith(("ed", "s"))) | frozenset(
    "said wrote told found held ran went spoke thought says".split()
)
_BE = frozenset("is are was were be been being".split())
_ADVERBS = _HAVE | frozenset(
    """also once then later still even again already recently first now only itself themselves would will does did
    do just both however too duly since rightly""".split()
)
_OPENING = frozenset("opens opened begins began ends ended starts started closes closed".split())
_BARE = frozenset("state report note warn find estimate announce reveal disclose confirm declare".split())
_PLAIN = frozenset("clear blunt explicit adamant certain sure unequivocal emphatic".split())
_CONJUNCTIONS = frozenset(
    "and but while whereas as that where when because though although if yet how what whereupon since so".split()
)
_DETERMINERS = frozenset("the a an its this their our his her yesterday’s".split())
_ADJECTIVES = frozenset(
    """weekly daily monthly quarterly news agency newspaper paper journal magazine bulletin wire local state national
    independent influential respected latest last current old own same""".split()
)
# What is of, by or from a source, and says what it says.
_PARTS = frozenset(
    """issue issues edition editions number page pages columns editor editors author authors writers staff archives
    archive website site words headline line lines reporters correspondents journalists writer version account text
    front-page""".split()
)
_WORKS = _PARTS | frozenset(
    """report reports article articles story stories piece column editorial leader note notes study paper brief briefs
    bulletin dispatch despatch review essay feature post blog publication book survey analysis memo statement
    correspondent reporter journalist columnist bureau newspaper magazine weekly daily monthly journal agency newsletter
    wire section chapter summary release item entry interview""".split()
)
_LEADS = frozenset({"of", "by", "from", "in", "at", "for"})
_AFFILIATES = frozenset({"of", "from", "at", "with", "for"})
_CITING = frozenset({"per", "quote", "citing", "quoting", "via", "paraphrasing"})
_IN = frozenset({"in", "from", "for"})
_PRONOUNS = frozenset("he she they it we i you one".split())
_RELATIVES = frozenset("who which whom whose".split())
_TIMES = frozenset("in on at for last this earlier yesterday today".split())
_WHEN = frozenset("during after before since under over later throughout by one two three next".split())
_PREPOSITIONS = frozenset(
    "of to on with about for from by in at against between like than into over under".split()
)
_STOPS = _RELATIVES | frozenset("because when after before although while and but not never".split())
# What is said of a reference in small letters.
_OF_REFERENCES = frozenset(
    """see in from of the and for by no nos p pp vol issue page pages number edition ed eds published dated accessed
    quoted cited as at online section chapter line lines para note n.d so thus says source via translated reprinted first
    a an de des der la le du et al und of our my emphasis added ibid op cit web pdf print retrieved updated last""".split()
)
_PARTS_REFERENCE = frozenset(",.;:()—–|")
_ABBREVIATED = frozenset("cf p pp no nos vol ed eds al vs".split())
# What follows these is what a work is on.
_ON = frozenset(
    "review reply response comment commentary rejoinder letter answer criticism also but not contra cf compare pace unlike"
    " against versus".split()
)
_MONTHS = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday"
    " thursday friday saturday sunday".split()
)
_STARTERS = (
    _SAYING
    | _CONJUNCTIONS
    | _DETERMINERS
    | _CITING
    | _IN
    | _ON
    | frozenset("according by on see source to with says read quote after before not".split())
)
_TITLES = frozenset(
    """minister judge justice president prime chancellor senator governor mayor secretary general colonel major captain
    lieutenant sergeant inspector commissioner professor prof dr doctor mr mrs ms miss sir lord lady king queen prince
    princess pope bishop archbishop cardinal ambassador envoy chairman chairwoman chair director chief deputy vice foreign
    defence defense finance interior trade premier marshal admiral commander officer spokesman spokeswoman spokesperson
    comrade engineer pilot""".split()
)

_OPENS = frozenset(",;:—–(-[|.")
_DASHES = frozenset("—–-")
_CLOSES = {"(": ")", "[": "]"}

_TOKEN = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*|[^\w\s]")
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|\"[^\"]*\"")
_MARK = re.compile("[“”«»„]")
_CAPITAL = "A-ZÀ-ÖØ-Þ"
_PROPER = re.compile(
    rf"(?<![\w’'-])[{_CAPITAL}][\w&’'-]*+\.?(?: (?:(?:of|the|for|and|de|des|der|la|&) ){{0,2}}[{_CAPITAL}][\w&’'-]*+)*"
)
_EMPHASIS = re.compile(r"[*_`]+")
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,40}\]|[⁰¹²³⁴-⁹]+")
_SUBTITLE = re.compile(r"(?<=[?!])\s|:\s|\s[—–-]\s")
_BRACKETED = re.compile(r"\(([^()]*)\)")
_AUTHORS = re.compile(r";|,|\band\b|&")
_LONGEST_WORD = 40
_WORD_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?=\s+\Z)")
_NAME_GOES_ON = re.compile(
    r"\s+(?:media|news|newspapers?|officials?|organs|press|radio|television)\b|[-‐](?:controlled|owned|run)\b"
)
_CAPITAL_AFTER = re.compile(rf"\s+(?P<word>[{_CAPITAL}][\w’'-]*)")


class Names:
    """The names by which a library's documents are called: titles, publishers, numbers and authors."""

    def __init__(self, documents: Iterable[DocumentInfo]) -> None:
        self._listed: defaultdict[tuple[str, ...], dict[Kind, set[str]]] = defaultdict(dict)
        self._acronyms: set[tuple[str, ...]] = set()
        self._small: set[tuple[str, ...]] = set()
        for info in documents:
            if info.number:
                for label in ("No.", "number", "issue"):
                    self._add("number", f"{label} {info.number}", info.id)
                for label in (info.series, info.series and f"{info.series} No."):
                    self._add("title", f"{label} {info.number}" if label else "", info.id)
            for title in {info.title, _SUBTITLE.split(info.title, maxsplit=1)[0]}:
                if len(_words(title)) > 1:  # a word or a year is no name by itself: “In 2008 he said”
                    self._add("title", title, info.id)
            if len(_words(info.series)) > 1:
                self._add("publisher", info.series, info.id)
            for publisher in (info.publisher, *_short_names(info.publisher)):
                self._add("publisher", publisher, info.id)
            if acronym := _acronym(info.publisher):
                self._add("publisher", acronym, info.id)
                self._acronyms.add(_words(acronym))
            for author in _AUTHORS.split(info.author):
                if len(_words(author)) > 1:
                    self._add("author", author.strip(), info.id)
        self._longest = max(map(len, self._listed), default=0)

    def _add(self, kind: Kind, name: str, document_id: str) -> None:
        words = _words(name)
        if words:
            self._listed[words].setdefault(kind, set()).add(document_id)
            if name[:1].islower():
                self._small.add(words)

    def sources(self, claim: Claim) -> tuple[Source, ...]:
        """Return the sources that a claim is ascribed to around it, in order."""
        before = _tokens(claim.before[-_MOST_AROUND:], self._find)
        after = _tokens(claim.after[:_MOST_AROUND], self._find)
        found = [*_narrowed(before, _before(before)), *_narrowed(after, _after(after))]
        for reference in claim.references:
            tokens = _tokens(reference[:_MOST_AROUND], self._find)
            found += _narrowed(tokens, _of_reference(tokens) or _after(tokens))
        return tuple(dict.fromkeys(found))

    def has_title(self, words: str) -> bool:
        """Whether a document has this title, or has it before a subtitle."""
        return "title" in self._listed.get(_words(words), {})

    def _find(self, text: str) -> list[tuple[int, int, Source]]:
        """Find the names of documents in a text, and those of periodicals that are of none."""
        listed = list(self._of_documents(text))
        taken = {at for start, end, _ in listed for at in range(start, end)}
        others = (each for each in _periodicals(text) if taken.isdisjoint(range(each[0], each[1])))
        return sorted([*listed, *others], key=lambda each: each[0])

    def _of_documents(self, text: str) -> Iterator[tuple[int, int, Source]]:
        """Yield where documents are named, the longest name at each place."""
        places = list(_WORD.finditer(text))
        folded = [match[0].casefold() for match in places]
        at = 0
        while at < len(places):
            longest = min(self._longest, len(places) - at)
            for count in range(longest, 0, -1):
                words = tuple(folded[at : at + count])
                start, end = places[at].start(), places[at + count - 1].end()
                if words in self._listed and self._is_written_so(words, text, start, end):
                    kinds = self._listed[words]
                    kind = next(iter(sorted(kinds, key=("title", "number", "publisher", "author").index)))
                    yield start, end, Source(text[start:end], kind, frozenset().union(*kinds.values()))
                    at += count
                    break
            else:
                at += 1

    def _is_written_so(self, words: tuple[str, ...], text: str, start: int, end: int) -> bool:
        if words in self._acronyms and not text[start:end].isupper():
            return False
        if "number" in self._listed[words]:
            return not _continues_name(text, start)
        small = words in self._small or not text[start].islower()
        return small and not _is_part_of_name(text, start, end, alone=len(words) == 1)


def people(before: str, after: str) -> tuple[Source, ...]:
    """Return the people whom the words before and after a quote say it is from."""
    first, second = _tokens(before[-_MOST_AROUND:], _people_in), _tokens(after[:_MOST_AROUND], _people_in)
    return tuple(dict.fromkeys([*_narrowed(first, _before(first)), *_narrowed(second, _after(second))]))


def is_of(source: Source, document: Document, around: str) -> bool:
    """Whether what is ascribed to a source may be quoted of a document that says it `around` that place.

    It may if the document has that name, or nearly, or if it names the source there: then it quotes it itself.
    Of a source that is in no library, the document may do so anywhere; and who published it must be known.
    """
    if document.id in source.documents:
        return True
    said = (document.title, document.publisher, document.series, document.author)
    name = _significant(source.name)
    if source.kind == "unlisted":
        known = set().union(*map(_significant, (*said, document.id)))
        return not document.publisher or bool(name & known) or _occurs(source.name, document.text)
    if source.kind == "number":
        return False
    near = any(name and known and (name <= known or known <= name) for known in map(_significant, said))
    return near or _occurs(source.name, around)


def are_same(one: Source, other: Source) -> bool:
    """Whether two names may be one person's: a word is in both, besides their offices."""
    return bool(_surnames(one.name) & _surnames(other.name))


def is_named(person: Source, text: str) -> bool:
    """Whether a text has one of a person's names."""
    return bool(_surnames(person.name) & set(map(_bare, _WORD.findall(text))))


# Names


def _periodicals(text: str) -> Iterator[tuple[int, int, Source]]:
    for start, end in _proper_names(text):
        name = text[start:end]
        several = len(name.split()) > 1 and not _TITLES.intersection(name.casefold().split())
        if several and names_periodical(name) and not is_kind(name):
            yield start, end, Source(name, "unlisted")


def _people_in(text: str) -> Iterator[tuple[int, int, Source]]:
    for start, end in _proper_names(text):
        name = text[start:end]
        words = name.casefold().replace(".", "").split()
        titled = words[0] in _TITLES and words[-1] not in _TITLES and not names_institution(name)
        if titled or looks_like_person(name):
            yield start, end, Source(name, "person")


def _proper_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield where capitalised words stand in a row, without those that only begin a sentence."""
    for match in _PROPER.finditer(text):
        start, end = match.span()
        words = match[0].split(" ")
        while words and words[0].casefold() in _STARTERS:
            start += len(words.pop(0)) + 1
        if words:
            name = text[start:end]
            kept = re.sub(r"(?:['’]s|['’.])\Z", "", name)
            yield start, start + len(kept)


def _is_part_of_name(text: str, start: int, end: int, *, alone: bool) -> bool:
    """Whether a name is part of a longer one: “State media”, “Trade Minister Kim”, “River Press Club”."""
    after = _CAPITAL_AFTER.match(text, end)
    goes_on = after and after["word"].casefold() not in _WORKS | _MONTHS | {"no", "vol"}
    goes_on = goes_on or (alone and _NAME_GOES_ON.match(text, end))
    return bool(goes_on) or (alone and _continues_name(text, start))


def _continues_name(text: str, start: int) -> bool:
    before = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start)
    if not before or not before[0][0].isupper() or before[0].casefold() in _STARTERS:
        return False
    return bool(content_words(before[0]))


def _short_names(publisher: str) -> Iterator[str]:
    """Yield other names that a publisher's name gives: what stands in brackets, and what without these."""
    if bracketed := _BRACKETED.search(publisher):
        yield bracketed[1]
        yield _BRACKETED.sub(" ", publisher)
    if publisher.startswith("The "):
        yield publisher.removeprefix("The ")


def _acronym(name: str) -> str:
    """Return "IFES" of "Institute for Far Eastern Studies"; "" of fewer than three capitals."""
    capitals = "".join(word[0] for word in _BRACKETED.sub(" ", name).split() if word[0].isupper())
    return capitals if len(capitals) >= _LEAST_ACRONYM else ""


def _words(name: str) -> tuple[str, ...]:
    return tuple(match[0].casefold() for match in _WORD.finditer(name))[:_MOST_WORDS]


def _significant(name: str) -> set[str]:
    """Return the words of a name that tell it from others, and its acronym."""
    words = {_bare(word) for word in _WORD.findall(name)} - _OF_REFERENCES - _DETERMINERS
    return words | ({_acronym(name).casefold()} if _acronym(name) and len(words) > 1 else set())


def _surnames(name: str) -> set[str]:
    return {_bare(word) for word in _WORD.findall(name) if len(word) > 1} - _TITLES


def _bare(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def _occurs(name: str, text: str) -> bool:
    return " ".join(_words(name)) in " ".join(match[0].casefold() for match in _WORD.finditer(text))


def _is_medium(source: Source) -> bool:
    """Whether one reads in it, rather than works there: a title, a paper, an agency that is no office."""
    if source.kind in ("title", "number", "unlisted"):
        return True
    return source.kind == "publisher" and (is_periodical(source.name) or not names_institution(source.name))


# Tokens


def _tokens(text: str, find: Callable[[str], Iterable[tuple[int, int, Source]]]) -> list[_Token]:
    """Split a text into words, marks, the names that `find` finds, and other quotes.

    What stands before a closing mark that nothing opened is the end of another quote.
    """
    first = _MARK.search(text)
    text = text[first.end() :] if first and first[0] in "”»" else text
    text = " ".join(_EMPHASIS.sub("", _NOTE_MARK.sub(" ", text)).split())
    names = list(find(text))
    quotes = [match.span() for match in _QUOTED.finditer(text) if _is_quote(match, names)]
    spans = [(start, end, _Token(text[start:end], source)) for start, end, source in names]
    spans = [each for each in spans if not any(start < each[0] < end for start, end in quotes)]
    spans += [(start, end, _Token(text[start:end], is_quote=True)) for start, end in quotes]
    tokens: list[_Token] = []
    at = 0
    for start, end, token in [*sorted(spans, key=lambda each: each[0]), (len(text), len(text), None)]:
        tokens += [_Token(match[0]) for match in _TOKEN.finditer(text, at, start) if match[0] not in '“”„«»"']
        if token:
            tokens.append(token)
        at = max(at, end)
    return tokens


def _is_quote(match: re.Match[str], names: Sequence[tuple[int, int, Source]]) -> bool:
    """Whether what stands in quotation marks is no name, and has as many words as a quote."""
    named = any(
        start - match.start() <= 1 and match.end() - end <= 2 and start >= match.start()
        for start, end, _ in names
    )
    return not named and measure(match[0]) >= _LEAST_QUOTED


def _word(tokens: Sequence[_Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _is_proper(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a word is most likely part of a name."""
    return at >= 0 and _is_capitalised(tokens[at]) and tokens[at].word not in _STARTERS


def _is_capitalised(token: _Token) -> bool:
    return token.source is None and not token.is_quote and token.text[:1].isupper()


# The grammar: which names are said to be the source


def _narrowed(tokens: Sequence[_Token], found: Iterable[int]) -> list[Source]:
    """Return the sources at some tokens: of “the River Press in Ferry Notes”, the title alone."""
    indices = sorted(set(found))
    kept = []
    for at, following in zip_longest(indices, indices[1:]):
        source, then = tokens[at].source, following is not None and tokens[following].source
        assert source is not None  # noqa: S101 - only names are found
        between = tokens[at + 1 : following] if following is not None else ()
        joined = all(each.word in _JOINS or each.text in ",(’'" for each in between)
        if then and then.kind == "title" and source.kind != "title" and joined:
            continue
        kept.append(source)
    return kept


_JOINS = frozenset("in the its his her of s no on at".split())


def _before(tokens: Sequence[_Token]) -> Iterator[int]:
    """Yield the names before a quote that it is said to be from."""
    if tokens and (tokens[-1].text == ":" or tokens[-1].text in _DASHES):
        yield from _of_reference(tokens[:-1], dated=False)
    for at, token in enumerate(tokens):
        if token.source is None:
            continue
        start, end = _phrase(tokens, at)
        verb = _verb(tokens, end) if _opens_clause(tokens, start) else None
        if (
            (verb is not None and _leads_to_quote(tokens[verb + 1 :]))
            or (_is_cited(tokens, start, at) and not _breaks_off(tokens[end:]))
            or (_is_read(tokens, start, at) and _ends_phrase(tokens, end) and _introduces(tokens, start, end))
        ):
            yield at


def _after(tokens: Sequence[_Token]) -> Iterator[int]:
    """Yield the names after a quote that it is said to be from."""
    begin = 0
    while begin < len(tokens) and tokens[begin].text in ",.?!":
        begin += 1
    begin += _word(tokens, begin) == ":" and _word(tokens, begin + 1) in ("so", "thus")
    if begin < len(tokens) and (closing := _CLOSES.get(tokens[begin].text)):
        end = next((at for at in range(begin, len(tokens)) if tokens[at].text == closing), len(tokens))
        yield from (begin + 1 + at for at in _of_reference(tokens[begin + 1 : end]))
        begin = end + 1
        while begin < len(tokens) and tokens[begin].text == ",":
            begin += 1
    elif begin < len(tokens) and tokens[begin].text in _DASHES:
        yield from (begin + 1 + at for at in _of_reference(tokens[begin + 1 :], dated=False))
        begin += 1
    stop = next(
        (at for at in range(begin, len(tokens)) if tokens[at].is_quote or tokens[at].text == ";"), len(tokens)
    )
    clause = tokens[begin:stop]
    for at, token in enumerate(clause):
        if token.source is None:
            continue
        start, end = _phrase(clause, at)
        between = clause[:start]
        last = _word(between, len(between) - 1)
        if last in ("so", "thus"):
            said = _ends_phrase(clause, end)
        elif not between or (last in ("as", "how", "what") and len(between) <= _NEAR_VERB):
            said = _verb(clause, end) is not None
        elif last in _SAYING:
            said = len(between) <= _NEAR_VERB and not any(each.source for each in between)
            said = said and _word(between, 0) not in _RELATIVES
        else:
            said = _is_cited(clause, start, at) or (
                _is_read(clause, start, at) and _ends_phrase(clause, end) and _follows(between)
            )
        if said:
            yield begin + at


def _of_reference(tokens: Sequence[_Token], *, dated: bool = True) -> list[int]:
    """Return the names of what is written as a reference is: “Milo Holt, Ferry Notes, no. 41 (2008), p. 3”.

    From other small words than references have on, it is a sentence up to the next stop. What is in no
    library is a source only of a reference with a number, where it must be `dated`.
    """
    numbered = not dated or any(each.text[0].isdigit() for each in tokens if each.text)
    found: list[int] = []
    part: list[int] = []
    is_sentence = False
    for at, token in enumerate([*tokens, _Token(".")]):
        if token.source or token.text not in _PARTS_REFERENCE:
            part.append(at)
            continue
        if token.text == "." and part and _is_abbreviated(tokens[part[-1]]):
            continue
        words = {tokens[each].word for each in part}
        small = {tokens[each].word for each in part if tokens[each].text[:1].islower()} - {""}
        is_sentence = is_sentence or bool(small - _OF_REFERENCES or words & _ON)
        if not is_sentence:
            found += [each for each in part if tokens[each].source]
        is_sentence = is_sentence and token.text not in ".;"
        part = []
    return [at for at in found if numbered or not _is_unlisted(tokens[at])]


def _is_abbreviated(token: _Token) -> bool:
    return token.word in _ABBREVIATED or (len(token.text) == 1 and _is_capitalised(token))


def _is_unlisted(token: _Token) -> bool:
    return token.source is not None and token.source.kind == "unlisted"


def _phrase(tokens: Sequence[_Token], at: int) -> tuple[int, int]:
    """Return where the noun phrase of a name begins and ends: “the latest issue of X”, “X’s editor Milo Holt”."""
    source = tokens[at].source
    start = at
    while _word(tokens, start - 1) in _ADJECTIVES:
        start -= 1
    if _word(tokens, start - 1) in _DETERMINERS:
        start -= 1
    leads = _word(tokens, start - 1)
    head = start - 2
    while head >= 0 and tokens[head].text[0].isdigit():  # “issue 41 of”
        head -= 1
    noun = _word(tokens, head)
    if leads in _LEADS and noun in (_PARTS if leads == "of" else _WORKS):
        start = head
        for _ in range(_MOST_ADJECTIVES):
            word = _word(tokens, start - 1)
            if not word or word in _CONJUNCTIONS | _SAYING | _READING | _PREPOSITIONS | _STOPS | _PRONOUNS:
                break
            if not word[0].isalnum():
                break
            start -= 1
            if word in _DETERMINERS:
                break
    elif leads in _AFFILIATES and _is_proper(tokens, head) and source and _is_medium(source):
        start = head
        while _is_proper(tokens, start - 1):
            start -= 1
    elif leads in _AFFILIATES and _is_author(tokens, head):
        start = head
    end = at + 1
    owned = False
    while end < len(tokens):
        token = tokens[end]
        if token.text in "’'" or (owned and token.text in ("s", "S")):
            owned = True
        elif not (
            (token.word in _WORKS and (token.word not in _SAYING or _word(tokens, end + 1) in _SAYING))
            or token.word in ("no", "no.")
            or (token.text[0].isdigit())
            or (owned and _is_capitalised(token))
            or token.source
        ):
            break
        end += 1
    if _word(tokens, end) == "(":
        closing = next(
            (
                each
                for each in range(end, min(len(tokens), end + _MOST_IN_BRACKETS))
                if tokens[each].text == ")"
            ),
            0,
        )
        end = closing + 1 if closing else end
    return start, end


def _is_author(tokens: Sequence[_Token], at: int) -> bool:
    source = tokens[at].source if at >= 0 else None
    return source is not None and source.kind == "author"


def _opens_clause(tokens: Sequence[_Token], start: int) -> bool:
    """Whether a phrase begins a clause, but for when or where: “In May X wrote”, “It was X that wrote”."""
    before = tokens[start - 1] if start else None
    if before is None or before.is_quote or before.text in _OPENS or before.word in _CONJUNCTIONS | {"both"}:
        return True
    first = max(0, start - _NEAR_VERB)
    words = [each.word for each in tokens[first:start]]
    if words[-2:] in (["it", "was"], ["it", "is"]):
        return True
    when = first == 0 and words[0] in _TIMES | _WHEN and words[-1] not in _PREPOSITIONS
    return when and not any(
        word in _SAYING | _READING | _PRONOUNS or not word[:1].isalnum() for word in words
    )


def _verb(tokens: Sequence[_Token], end: int) -> int | None:
    """Return the verb of saying that a noun phrase is the subject of; None where it has another, or none."""
    at = end
    if _word(tokens, at) == ",":
        if _word(tokens, at + 1) in ("who", "which"):
            told = _verb(tokens, at + 2)
            if (
                told is not None
                and _leads_to_quote(tokens[told + 1 :])
                and not any(t.text == "," for t in tokens[told:])
            ):
                return told
        closing = next(
            (each for each in range(at + 1, min(len(tokens), at + _NEAR)) if tokens[each].text == ","), None
        )
        if closing is None:
            return None
        at = closing + 1
    if _word(tokens, at) == "and":  # “X and Y say”
        following = at + 1 + (_word(tokens, at + 1) in _DETERMINERS)
        at = following + 1 if following < len(tokens) and tokens[following].source else at
    at += _word(tokens, at) in ("that", "which", "who")
    at = _past_adverbs(tokens, at)
    if _word(tokens, at) in ("it", "this") and _word(tokens, at - 1) in _HAVE:
        return at
    if _word(tokens, at) in _TIMES:
        for each in range(at, min(len(tokens), at + _NEAR_VERB + 1)):
            word = _word(tokens, each)
            if word in _FINITE:
                at = each
                break
            if not word or not word[0].isalnum() or word in _STOPS or word in _PRONOUNS:
                if word != ",":
                    return None
    last = _word(tokens, at - 1) if at > end else ""
    if at == len(tokens) or tokens[at].is_quote:
        return at - 1 if last in _HAVE else None
    word = _word(tokens, at)
    if word in _BE and [_word(tokens, at + each) for each in (1, 3)] == [
        "the",
        "to",
    ]:  # “was the first to say”
        return at + 4
    if (word in _BE and _word(tokens, at + 1) in _PLAIN) or (
        word in _OPENING and _word(tokens, at + 1) == "with"
    ):
        return at + 1
    if word in _BARE and _word(tokens, at + 1) in ("that", ":"):
        return at
    if word not in _SAYING or _word(tokens, at + 1) == "by":
        return None
    return None if last in _BE and not word.endswith("ing") else at


def _past_adverbs(tokens: Sequence[_Token], at: int) -> int:
    while (word := _word(tokens, at)) in _ADVERBS or (word.endswith("ly") and word not in _WORKS):
        at += 1
    return at


def _breaks_off(rest: Sequence[_Token]) -> bool:
    """Whether what stands between a source and a quote begins something else."""
    if len(rest) > _NEAR or any(each.text == ";" for each in rest):
        return True
    quotes = [at for at, each in enumerate(rest) if each.is_quote]
    return bool(quotes) and any(each.word not in _COORDINATORS for each in rest[quotes[-1] + 1 :])


_COORDINATORS = frozenset(", and or but also that both".split())


def _leads_to_quote(rest: Sequence[_Token]) -> bool:
    """Whether a verb's quote follows, and no other verb with a subject of its own comes before it."""
    if _breaks_off(rest) or any(each.word in _RELATIVES for each in rest):
        return False
    return not any(
        each.word in _FINITE and _word(rest, at - 1) not in _DETERMINERS | _LEADS
        for at, each in enumerate(rest)
    )


def _is_cited(tokens: Sequence[_Token], start: int, at: int) -> bool:
    """Whether a phrase follows what only sources follow: “according to”, “per”, “citing”."""
    first, second = _word(tokens, start - 1), _word(tokens, start - 2)
    source = tokens[at].source
    if first == "to" and second == "according":
        return True
    if first == "by" and second in _SAYING | _READING:
        return True
    if first in ("told", "tells") or (first == "with" and second == "interview"):
        return source is not None and _is_medium(source)
    if first in _BE and "source" in {each.word for each in tokens[:start]}:
        return True
    words = first == "of" and second in ("words", "those", "reading")
    return words or first in _CITING or (first == "see" and start == 1)


def _is_read(tokens: Sequence[_Token], start: int, at: int) -> bool:
    """Whether a phrase says where something is read: “in X”, “from an article in X”, “by X”."""
    preposition = _word(tokens, start - 1)
    source = tokens[at].source
    assert source is not None  # noqa: S101 - its callers have looked
    if preposition in _IN:
        parts = any(each.word in _WORKS for each in tokens[start:at])
        return _is_medium(source) or parts or _word(tokens, start - 2) in _SAYING | _READING
    if preposition == "on":
        return any(each.word in _PARTS for each in tokens[start:at])
    return preposition == "by" and start == 1


def _ends_phrase(tokens: Sequence[_Token], end: int) -> bool:
    """Whether a noun phrase is over: “in the Daily Harbour case” names a case."""
    if end >= len(tokens) or tokens[end].is_quote or tokens[end].source:
        return True
    word = _word(tokens, end)
    return (
        not word[:1].isalnum()
        or word in _ENDING
        or word in _MONTHS
        or word.endswith("ly")
        or word[0].isdigit()
    )


_ENDING = (
    _SAYING
    | _ADVERBS
    | _BE
    | _CONJUNCTIONS
    | _TIMES
    | _PRONOUNS
    | _DETERMINERS
    | _RELATIVES
    | frozenset("of from by with about to editors there here".split())
)


def _introduces(tokens: Sequence[_Token], start: int, end: int) -> bool:
    """Whether “in X” stands where it introduces the quote: at the clause's beginning, or right before it."""
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
        told = _word(rest, 0) == "," and _word(rest, _past_adverbs(rest, 1)) in _SAYING
        return told and not _breaks_off(rest)
    said = _word(tokens, start - 2) in _SAYING | _READING or _word(tokens, start - 2) in _WORKS
    return said and all(
        each.word in ("that", ",", ":", "") or each.text[0].isdigit() or each.word in _MONTHS for each in rest
    )


def _follows(between: Sequence[_Token]) -> bool:
    """Whether what parts a quote from “in X” only says that it is said or read there."""
    said = [at for at, each in enumerate(between[:-1]) if each.word in _SAYING | _READING]
    if not said:
        return len(between) <= 1
    stops = {each.word for each in between} & _STOPS
    return not stops and said[0] < _NEAR_VERB and not any(each.text in ";:(" for each in between)
