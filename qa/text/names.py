"""Names of places and people in several romanisations: find the corpus's spellings of a question's names.

Korean is written in Latin letters by McCune–Reischauer (1939; with and without its marks), by the Revised
Romanisation (2000), by the DPRK's own system, and by the habits of newspapers. `key` maps all these spellings
of a name to one form. Only words that consist of Korean syllables have a key, so most English words have
none. Names that differ by more than their letters (長白: Changbai, Jangbaek) are in files of aliases: the
file next to this module, and the user's file. For the reasons, see docs/decisions/0013-questions.md.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby, islice, product, tee, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from qa.errors import AliasesError
from qa.text.question import ParsedQuestion
from qa.text.terms import FUNCTION_WORDS, HAN, HANGUL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ALIAS_FILE = "aliases.txt"
_SHIPPED = Path(__file__).with_name(ALIAS_FILE)
# Spellings of a name that are searched at most. Each spelling costs a search.
MOST_SPELLINGS = 3
# Limits for a name that is spelt by rule: its words, and its syllables if it is one word or several words.
# Then the most words of an alias.
_MOST_WORDS = 3
_SYLLABLES = range(2, 7)
_SYLLABLES_OF_WORDS = range(2, 5)
_LETTERS = 2  # fewest letters of each word of several; excludes "William M", "Part I"
_MOST_ALIAS_WORDS = 5
_MOST_CHARACTERS = 80  # of a name by rule or of an alias
# Limits for a file of aliases. Each name costs time in every question.
MOST_ALIAS_BYTES = 1 << 20
MOST_ALIASES = 10_000
MOST_PROBLEMS = 100

# Possessive, because otherwise a word of a million letters would take a hundred bytes of memory per letter.
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’‘ʼ`](?=[^\W_])(?!s\b))*+")
# The characters that may be between the words of a name.
_JOINTS = frozenset((*" \u00a0-‐‑–", "\n", "\r\n"))
_UNPARTED = re.compile(f"[{HAN}{HANGUL}]")

_BREVES = "\u0306\u030c\u0302"  # the breve, and the caron and circumflex that are typed instead of it
# Surnames that are also spelt in ways that follow no system. Each spelling has the key of the surname.
_SURNAMES = {
    spelling: key
    for key, spellings in {
        "i": "lee yi rhee rhie ri li",
        "pak": "park bark",
        "no": "roh noh rho ro",
        "cwe": "chey",
        "o": "oh",
        "co": "cho jo joh",
        "conk": "chung",
        "yu": "ryu yoo you ryoo lyu",
        "ho": "hur huh heo",
        "so": "suh",
    }.items()
    for spelling in spellings.split()
}
# No romanisation of Korean writes these letters, sequences of letters, or endings and doubled letters.
_NOT_KOREAN = re.compile(
    r"[^a-zŏŭ]|[fqvxz]|c(?!h)|r(?![aeiouyŏŭw])|[yw](?![aeiouŏŭ])"
    r"|^l(?![iy])|(?<=[aeiouŏŭbcdgkmpt])l(?=[aeiouŏŭ])|(?<![aoyw])e[ai]|ie|ue|iu"
    r"|(?:[dhjs]|ch|(?<!n)g|ll|tt|pp|kk|nn|mm)$|dd|bb|rr|(?<!n)gg"
)
# Rules that are applied in order. A rule writes its result in capitals, so that later rules leave it alone.
_SOUNDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("(?<=[yj])u(?=ng)|(?<=[hpbm]y)u(?=n)", "O"),  # "Hamkyung", "Jung", "Hyun": ŏ
        ("(?<=y)(?:eo|ŏ|ou|o)", "O"),
        ("oe|oi|wae|woi", "wE"),
        ("ae|ai", "E"),
        ("(?<=h)(?:eui|ŭi|ui)", "I"),
        ("eui|ŭi|ui|uy", "UI"),
        ("w(?:eo|ŏ|o(?!o))", "wO"),
        ("eo|ŏ", "O"),
        ("woo|wu|oo|ou|eu|ŭ", "U"),
        ("ee|yi", "I"),
        ("tch|chh|ch|jj|tj|j", "C"),
        ("ss|sh", "S"),
        ("kk|gg|kh|g", "K"),
        ("tt|dd|th|d", "T"),
        ("pp|bb|ph|b", "P"),
        ("r", "L"),
    )
)
# At the beginning of a word, the North writes r and n where the South writes n or nothing.
_BEGINNINGS = tuple((re.compile(pattern), to) for pattern, to in (("^[ln]y", "y"), ("^li", "i"), ("^l", "n")))
# Consonants that change each other where they meet: "Chongryon", "Chongnyon"; "Kukrip", "Kungnip"; "Sinla",
# "Silla".
_MEETINGS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("(?<=[kmpt])l", "n"),
        ("n?k(?=[nm])", "nk"),
        ("p(?=[nm])", "m"),
        ("nl|ln", "l"),
        (r"([a-z])\1+", r"\1"),
    )
)
# A row of syllables. A consonant between two vowels may end one syllable or begin the next. The possessive
# quantifier reads it only once.
_WHOLE = re.compile("[kntlmpsch]?[wy]?[aeiou](?:(?:nk|[nklmpt])?[kntlmpsch]?[wy]?[aeiou])*+(?:nk|[nklmpt])?")
_VOWELS = re.compile("ui|[aeiou]")
_REVISED = re.compile("eo|eu")
_VOWEL = "[aeiouyŏŭw]"
_STOP = re.compile(f"(chh|tch|ch|jj|tj|j|tt|dd|th|t|d|kk|gg|kh|k|g|pp|bb|ph|p|b)('?)(?={_VOWEL})")
_PLAIN = str.maketrans("dgb", "tkp")
_SPOKEN = tuple("aeiouŏŭnmg")
# The spellings that become o or u in a key, the longer ones first.
_O_OR_U = re.compile(
    "yeo|yŏ|you(?=n)|yoo|yo|yu|weo|wŏ|woo|wo|wu|oo|ou|eu(?!i)|eo|ŏ|ŭ(?!i)|o(?![ei])|(?<!e)u(?![iy])"
)
_CODA = re.compile(f"ng|[nklmpbgt](?!{_VOWEL})")
_MAY_VARY = re.compile("([ou](?!i))")
_PERSON = 3  # syllables: one of the surname and two of the given name
_CLOSED = re.compile("[nklmpt](?:[kntlmpsch]|$)|ui")


class Spellings(Protocol):
    """What a corpus knows about spellings. A library implements it, and in tests a dictionary does."""

    def spellings(self, keys: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Return the spellings of names in the corpus, by the keys of the names."""

    def holds(self, name: str) -> bool:
        """Return whether the words of a name occur anywhere in the corpus, one after the other."""

    def holds_in_lower_case(self, word: str) -> bool:
        """Return whether the corpus also writes `word`, which is in small letters, in small letters."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a question: as `asked`, and at least one other spelling `found` in the corpus.

    `held` says whether the corpus also has the spelling that was asked.
    """

    asked: str
    found: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a question that the corpus spells differently. Most questions have no such names."""

    names: tuple[Name, ...] = ()

    def spelt(self, question: str) -> tuple[str, ...]:
        """Return the texts to search for a question: the question in each spelling of the corpus."""
        if not self.names:
            return (question,)
        every = [(*((name.asked,) if name.held else ()), *name.found) for name in self.names]
        texts = (
            self._with(question, [spellings[min(at, len(spellings) - 1)] for spellings in every])
            for at in range(max(map(len, every)))
        )
        return tuple(dict.fromkeys(texts))

    def as_in(self, question: ParsedQuestion, text: str) -> ParsedQuestion:
        """Return the question with the spellings of a text, for a model that reads both."""
        if not self.names:
            return question
        words = f" {fold(text)} "
        chosen = [
            next(
                (spelling for spelling in (name.asked, *name.found) if f" {fold(spelling)} " in words),
                name.asked if name.held else name.found[0],
            )
            for name in self.names
        ]
        return ParsedQuestion(self._with(question.text, chosen))

    def notes(self, read: str, quoted: str) -> tuple[str, ...]:
        """Return notes on the matched spellings, which are in the text `read` and differ by their letters.

        Spellings in scripts without spaces are named only if they are `quoted`.
        """
        notes = []
        for name in self.names:
            forms = [
                spelling
                for spelling in name.found
                if _folded(spelling) != _folded(name.asked)
                and (
                    fold(spelling) in fold(quoted)
                    if _UNPARTED.search(spelling)
                    else f" {fold(spelling)} " in f" {fold(read)} "
                )
            ]
            if forms:
                notes.append(
                    f"Matched {' and '.join(f'“{spelling}”' for spelling in forms)} for “{name.asked}”."
                )
        return tuple(notes)

    def _with(self, question: str, spellings: Sequence[str]) -> str:
        """Return the question with whole names in these spellings. Exact phrases stay as they are."""
        to = {name.asked: spelling for name, spelling in zip(self.names, spellings, strict=True)}
        longest = sorted(to, key=len, reverse=True)
        parts, at = [], 0
        for match in re.finditer("|".join(map(_whole, longest)), ParsedQuestion(question).blanked):
            parts += [question[at : match.start()], to[match.group()]]
            at = match.end()
        return "".join([*parts, question[at:]])


def _whole(name: str) -> str:
    """Return a pattern for a name between word boundaries. Scripts without spaces have no boundaries."""
    pattern = re.escape(name)
    return pattern if _UNPARTED.search(name) else rf"(?<!\w){pattern}(?!\w)"


class _Window(NamedTuple):
    """Some words in a row in a text: their start and end, their text, and the words."""

    start: int
    end: int
    text: str
    words: tuple[str, ...]


def fold(text: str) -> str:
    """Return text as full text compares it: without case and marks, with single spaces between words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare.casefold()))


# Keys


def key(words: Sequence[str]) -> str:
    """Map a name in any romanisation to one form, or to "" if it does not consist of Korean syllables.

    The form is not a spelling. Two names may share a form: without its marks McCune–Reischauer has o for ŏ.
    """
    parts = [_sounds(word.casefold(), first=not at and len(words) > 1) for at, word in enumerate(words)]
    if not all(parts):
        return ""
    whole = _rewritten("".join(parts), _MEETINGS)
    # Many English words consist of open syllables ("China", "Dina"). Korean names of this kind need no key.
    if not _WHOLE.fullmatch(whole) or not _CLOSED.search(whole):
        return ""
    syllables = _SYLLABLES if len(words) == 1 else _SYLLABLES_OF_WORDS
    return whole if len(_VOWELS.findall(whole)) in syllables else ""


_key_of = lru_cache(maxsize=50_000)(key)


@lru_cache(maxsize=50_000)
def _sounds(word: str, *, first: bool) -> str:
    """Return the sounds of a word, or "" if it is not Korean. `first` says that it may be a surname."""
    plain = _letters(word).replace("'", "")
    if first and plain in _SURNAMES:
        return _SURNAMES[plain]
    if _NOT_KOREAN.search(plain):
        return ""
    return _rewritten(_rewritten(plain, _SOUNDS).lower(), _BEGINNINGS)


def _letters(word: str) -> str:
    """Return a word in small letters, with no marks but the Korean ones: ŏ, ŭ and a straight apostrophe."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFD", word.casefold()):
        if letter in _BREVES and letters and letters[-1] in "ou":
            letters[-1] = "ŏ" if letters[-1] == "o" else "ŭ"
        elif not unicodedata.combining(letter):
            letters.append("'" if letter in "’‘ʼ`" else letter)
    return "".join(letters)


def _rewritten(text: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, to in rules:
        text = pattern.sub(to, text)
    return text


def _windows(text: str, most: int, *, small: bool = True) -> Iterator[_Window]:
    """Yield all runs of up to `most` words that may be a name; without `small`, only capitalised runs."""
    copies = tee(_WORD.finditer(text), most)
    # Each word with the words that follow it; after the last word of the text, None.
    for words in zip_longest(*(islice(copy, at, None) for at, copy in enumerate(copies))):
        start = words[0].start()
        if not small and not text[start].isupper():
            continue
        covered: tuple[str, ...] = ()
        end = start
        for word in words:
            if word is None or (covered and text[end : word.start()] not in _JOINTS):
                break
            end = word.end()
            covered += (word.group(),)
            yield _Window(start, end, text[start:end], covered)


def _whole_names(keyed: Iterable[tuple[_Window, str]]) -> Iterator[tuple[_Window, str]]:
    """Yield windows, which come in order, with "" as the key if they are only part of a person's name.

    "Kim Jong" is only part of a name in "Kim Jong Nam".
    """
    reach = 0
    for _, group in groupby(keyed, key=lambda pair: pair[0].start):
        group_windows = list(group)
        persons = (
            window.end
            for window, name_key in group_windows
            if name_key and len(window.words) > 1 and _is_surname(window.words[0])
        )
        longest = max(persons, default=0)
        for window, name_key in group_windows:
            yield window, "" if window.end <= reach or window.end < longest else name_key
        reach = max(reach, longest)


@lru_cache(maxsize=50_000)
def _is_surname(word: str) -> bool:
    return len(_VOWELS.findall(_sounds(word.casefold(), first=True))) == 1


def _key(window: _Window, text: str, *, lower: bool = False) -> str:
    """Return a window's key, or "" if it does not look like a name. `lower` allows small letters, too."""
    first, *others = window.words
    if len(window.text) > _MOST_CHARACTERS:
        return ""
    if not (first[0].isupper() or (lower and not others)):
        return ""
    if first.casefold() in FUNCTION_WORDS or (others and min(map(len, window.words)) < _LETTERS):
        return ""
    at = window.start + len(first)
    for word in others:
        if not word[0].isupper() and text[at] in " \u00a0\r\n":
            return ""
        at = text.index(word, at) + len(word)
    return _key_of(window.words)


def spellings(text: str) -> dict[tuple[str, str], str]:
    """Find possible romanised names in a text: their first spelling there, by key and folded form."""
    by_form: dict[tuple[str, str], str] = {}
    keyed = (
        (window, spelt)
        for window in _windows(text, _MOST_WORDS, small=False)
        if (spelt := _key(window, text))
    )
    whole = dict.fromkeys((spelt, window.text) for window, spelt in _whole_names(keyed) if spelt)
    for name_key, spelling in whole:
        by_form.setdefault((name_key, fold(spelling)), " ".join(spelling.split()))
    return by_form


# Aliases


class Aliases:
    """Groups of names that mean the same. `own` groups are from the user's file, which has the `problems`."""

    def __init__(self, groups: Iterable[tuple[str, ...]], own: int = 0, problems: Sequence[str] = ()) -> None:
        self.own = own
        self.problems = tuple(problems)
        self._by_name: dict[str, list[tuple[str, ...]]] = {}
        unparted: set[str] = set()
        for group in groups:
            for name in group:
                name_key = key(_WORD.findall(name))
                for handle in _handles(_WORD.findall(name), name_key):
                    self._by_name.setdefault(handle, []).append(group)
                if _UNPARTED.search(name):
                    unparted.add(name)
        longest = sorted(map(re.escape, unparted), key=len, reverse=True)
        # Names in scripts without spaces are found inside runs of characters.
        self.unparted = re.compile("|".join(longest) or r"(?!)")

    def others(self, words: Sequence[str], its_key: str) -> tuple[str, ...]:
        """Return all names of the groups that hold a name with the same words or the same key."""
        groups = (group for handle in _handles(words, its_key) for group in self._by_name.get(handle, ()))
        return tuple(dict.fromkeys(name for group in groups for name in group))


def _handles(words: Sequence[str], its_key: str) -> list[str]:
    return ["".join(map(_folded, words)), *([f"key {its_key}"] if its_key else [])]


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return fold(word).replace(" ", "")


def read_aliases(path: Path) -> tuple[list[tuple[str, ...]], list[str]]:
    """Read a file of aliases: its groups, and the problems with its lines. Both are empty without a file.

    A line is a group: names with " = " between them. The text after a # is a comment.
    """
    try:
        lines = _alias_text(path).splitlines()
    except FileNotFoundError:
        return [], []
    except AliasesError as error:
        return [], [str(error)]
    groups: list[tuple[str, ...]] = []
    problems: list[str] = []
    left = MOST_ALIASES
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        names = tuple(dict.fromkeys(" ".join(name.split()) for name in text.split("=")))
        if long := [name for name in names if not _can_be_asked(name)]:
            problem = (
                f"{long[0][:60]!r} has more than {_MOST_ALIAS_WORDS} words or {_MOST_CHARACTERS} characters: "
                "shorten it"
            )
        elif len(names) < 2 or not all(map(_folded, names)):
            problem = f'write names with " = " between them: {text[:60]!r}'
        elif len(names) > left:
            problems.append(
                f"{path}, line {number}: there are more than {MOST_ALIASES:,} names: the other names "
                "are not used"
            )
            break
        else:
            groups.append(names)
            left -= len(names)
            continue
        problems.append(f"{path}, line {number}: {problem}")
        if len(problems) == MOST_PROBLEMS:
            problems.append(f"{path}: the lines after {number} were not read: correct these lines first")
            break
    return groups, problems


def _alias_text(path: Path) -> str:
    """Read a file of aliases.

    Raises:
        FileNotFoundError: there is no such file.
        AliasesError: the path is not a regular file (a pipe would block), or is too large, or is not UTF-8.
    """
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise AliasesError(
                    f"{path} is not a regular file, so its aliases are not used: put a text file there"
                )
            data = file.read(MOST_ALIAS_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise AliasesError(
            f"{path} cannot be read ({error.strerror}), so its aliases are not used: check its permissions"
        ) from error
    if len(data) > MOST_ALIAS_BYTES:
        raise AliasesError(
            f"{path} has more than {MOST_ALIAS_BYTES:,} bytes, so its aliases are not used: shorten it"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AliasesError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error


def _can_be_asked(name: str) -> bool:
    return len(name) <= _MOST_CHARACTERS and len(_WORD.findall(name)) <= _MOST_ALIAS_WORDS


def aliases(folder: Path) -> Aliases:
    """Read the shipped aliases and the aliases of the library in a folder. A changed file is read again."""
    path = folder / ALIAS_FILE
    try:
        status = path.stat()
    except OSError:
        return _aliases(path, 0, 0)
    return _aliases(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _aliases(path: Path, _written: int, _size: int) -> Aliases:
    own, problems = read_aliases(path)
    return Aliases([*_shipped(), *own], len(own), problems)


@cache
def _shipped() -> list[tuple[str, ...]]:
    return read_aliases(_SHIPPED)[0]


# Questions


def _forms(window: _Window, name_key: str) -> list[str]:
    """Return the keys to look for. In a given name of two syllables, o may be u, and u o ("Chol", "Chul")."""
    if len(window.words) < 2 or not _is_surname(window.words[0]) or len(_VOWELS.findall(name_key)) != _PERSON:
        return [name_key] if name_key else []
    surname = next(_VOWELS.finditer(name_key)).end()
    given = (("o", "u") if part in ("o", "u") else (part,) for part in _MAY_VARY.split(name_key[surname:]))
    return [name_key[:surname] + "".join(parts) for parts in product(*given)]


def _apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two names of similar keys differ by their spellings: in aspiration, or in a vowel."""
    vowels = [_vowels(words) for words in (one, other)] if key(one) != key(other) else [[], []]
    stops = zip(_stops(one).values(), _stops(other).values(), strict=True)
    return (
        len(vowels[0]) != len(vowels[1])
        or not all(map(set.intersection, *vowels))
        or any(
            len(mine) == len(theirs) and not all(map(set.intersection, mine, theirs))
            for mine, theirs in stops
        )
    )


def _stops(words: Sequence[str]) -> dict[str, list[set[str]]]:
    """Return, for each ch, t, k and p before a vowel, in order, whether it may be plain or aspirated.

    A stop with an apostrophe or an h is aspirated. In the Revised Romanisation, ch, t and p are aspirated. In
    every system, ch and t are aspirated between voiced sounds, where plain stops are written j or d. In a
    name with other marks, a stop without an apostrophe is plain. Surnames are left out, because they follow
    no system.
    """
    revised = _REVISED.search(fold(" ".join(words)))
    marked = re.search("[ŏŭ]", "".join(map(_letters, words)))
    by_sound: dict[str, list[set[str]]] = {sound: [] for sound in "ctkp"}
    for word in map(_letters, words[1:] if _is_surname(words[0]) else words):
        for stop in _STOP.finditer(word):
            letters = stop[1]
            says = {"plain", "aspirated"}
            if letters in ("j", "d", "g", "b"):
                says = {"plain"}
            elif (
                stop[2]
                or letters in ("chh", "th", "kh", "ph")
                or (letters in ("ch", "t") and word[: stop.start()].endswith(_SPOKEN))
                or (letters in ("ch", "t", "p") and revised)
            ):
                says = {"aspirated"}
            elif letters in ("ch", "t", "k", "p") and marked:
                says = {"plain"}
            sound = "c" if re.search("ch|j", letters) else letters.translate(_PLAIN)[0]
            by_sound[sound].append(says)
    return by_sound


def _vowels(words: Sequence[str]) -> list[set[str]]:
    """Return, for each o and u of a given name, the vowels that it may be: fewer if the name has marks.

    An eo says little about the other vowels: "Suk-yeol" is Sŏk-yŏl.
    """
    given = [_letters(word).replace("'", "") for word in words[1:]]
    marked = re.search("[ŏŭ]", "".join(given))
    vowels = []
    for word in given:
        for vowel in _O_OR_U.finditer(word):
            letters = vowel[0]
            closed = (vowel.start() or letters == "yu") and _CODA.match(word, vowel.end())
            if letters in ("o", "yo"):
                vowels.append({"o"} if marked else {"o", "ŏ"})
            elif letters in ("u", "yu"):
                vowels.append({"u", "ŭ", *(("ŏ",) if closed and not marked else ())})
            elif letters in ("eu", "ŭ"):
                vowels.append({"ŭ"})
            else:
                vowels.append({"ŏ"} if re.search("[eŏ]|wo$|you", letters) else {"u"})
    return vowels


def find(question: str, known: Aliases, corpus: Spellings) -> Names:
    """Find the names in a question that the corpus spells differently. Exact phrases are left out.

    A name is capitalised. A single word in small letters is looked up, too, unless the corpus also writes it
    in small letters.
    """
    text = ParsedQuestion(question).blanked
    keyed = (
        (window, _key(window, text, lower=True) if len(window.words) <= _MOST_WORDS else "")
        for window in _windows(text, _MOST_ALIAS_WORDS)
    )
    windows = []
    for window, name_key in _whole_names(keyed):
        others = known.others(window.words, name_key)
        if name_key or others:
            windows.append((window, name_key, others))
    for match in known.unparted.finditer(text):
        window = _Window(match.start(), match.end(), match.group(), (match.group(),))
        windows.append((window, "", known.others(window.words, "")))
    if not windows:
        return Names()
    keys = {form for window, name_key, _ in windows for form in _forms(window, name_key)}
    keys.update(filter(None, (key(_WORD.findall(alias)) for _, _, others in windows for alias in others)))
    held = corpus.spellings(keys)
    names: list[Name] = []
    taken: set[int] = set()
    for window, name_key, others in sorted(windows, key=lambda entry: entry[0].start - entry[0].end):
        characters = range(window.start, window.end)
        if taken.intersection(characters):
            continue
        spelt = [
            spelling
            for form in _forms(window, name_key)
            for spelling in held.get(form, ())
            if not _apart(window.words, _WORD.findall(spelling))
        ]
        for other in others:
            spelt += [other, *held.get(key(_WORD.findall(other)), ())]
        differing: dict[str, str] = {}
        for spelling in spelt:
            differing.setdefault(fold(spelling), spelling)
        whole = f" {fold(window.text)} "
        differing = {folded: spelling for folded, spelling in differing.items() if f" {folded} " not in whole}
        if not spelt or (window.text.islower() and differing and corpus.holds_in_lower_case(window.text)):
            continue
        taken.update(characters)
        held_spellings = tuple(islice(filter(corpus.holds, differing.values()), MOST_SPELLINGS))
        if held_spellings:
            names.append(Name(window.text, held_spellings, corpus.holds(window.text)))
    return Names(tuple(names))
