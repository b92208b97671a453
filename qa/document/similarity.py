"""Find near-duplicates by words: how much of a text stands in another, and whether both are on one case."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set


# Words in a run. Texts of fewer words than `SHORT` are copies only if they are equal.
RUN = 5
SHORT = 30
# Minimum shares for a copy. RUNS, FIGURES: of the shorter text's runs and figures, which must stand in the
# longer text (two of three figures are enough). LENGTH: the shorter text must have this share of the longer
# text's words, because a digest is not a copy of each story in it.
RUNS, FIGURES, LENGTH = 0.6, 0.75, 0.35
# Bands of a signature, and values in each band. Documents that share enough bands are compared.
BANDS, ROWS = 42, 3
# Two texts are about different cases if each has at least MARKS names and figures of its own, or NAMES_ALONE
# names if it has no figure of its own.
MARKS, NAMES_ALONE = 2, 3
# Minimum share of own names and figures among all names and figures of the text.
OWN = 0.1
_WORD = re.compile(r"\w+")
# A paragraph of up to _SHORT_LINE characters counts only if it ends as a sentence does.
_SHORT_LINE = 200
_ENDS_SENTENCE = re.compile(r"[.!?…。！？][”’\"'»)\]]*$")
# Text that may stand between two words of one sentence.
_GOES_ON = re.compile(r"[^.!?:…。！？\n]{0,8}\n?[^.!?:…。！？\n]{0,8}")
# Runs that are hashed at once. Each takes half a kilobyte of memory meanwhile.
_BATCH = 10_000


def body_words(text: str, apart: Iterable[tuple[int, int]] = ()) -> list[str]:
    """Return the words of a text in order, case-folded, without the spans `apart` (header and furniture)."""
    return re.findall(r"\w+", body(text, apart).casefold())


def body(text: str, apart: Iterable[tuple[int, int]]) -> str:
    """Return a text without the spans `apart` (header and furniture)."""
    at, parts = 0, []
    for start, end in sorted(apart):
        parts.append(text[at:start])
        at = max(at, end)
    return "\n\n".join([*parts, text[at:]])


def names(text: str) -> set[str]:
    """Return the words that begin with a capital letter inside a sentence, case-folded."""
    capitalised, end = set(), 0
    for word in _WORD.finditer(text):
        if end and len(word[0]) > 1 and word[0][0].isupper() and _GOES_ON.fullmatch(text, end, word.start()):
            capitalised.add(word[0].casefold())
        end = word.end()
    return capitalised


def differ(one: str, other: str, ignored: Set[str] = frozenset(), *, in_form: bool = True) -> bool:
    """Return whether two texts are about different cases, even if they share many words.

    Runs of words that both texts have are set aside. Two cases are different if, in the rest, each text has
    more names and figures of its own than in common with the other text. Its own must also be a good part of
    all its names and figures. Short paragraphs that are not sentences, and `ignored` names, do not count.

    With `in_form`, the texts are read as one form that was filled in twice. A name or figure then counts only
    if the other text has its own name or figure after the same word: "the ship A" and "the ship B". So the
    words that a newspaper puts before and after a story do not count. Without `in_form`, every name or figure
    counts.
    """
    one, other = _sentences(one), _sentences(other)
    words, others = body_words(one), body_words(other)
    if words == others:
        return False
    counted_names = (names(one) | names(other)) - ignored
    marks = _Marks.from_words(words, others, counted_names), _Marks.from_words(others, words, counted_names)
    if in_form:
        slots = set(marks[0].own.values()) & set(marks[1].own.values())
        if len(slots) < MARKS:
            return False
        marks = marks[0].within(slots), marks[1].within(slots)
    return all(side.tell for side in marks)


class _Marks(NamedTuple):
    """The names and figures of a text that are outside the runs that it shares with another text.

    `own` maps names and figures that the other text lacks to the word before them. `common` counts names and
    figures that the other text has. `all` counts all names and figures of the text, also in shared runs.
    """

    own: dict[str, str]
    common: int
    all: int

    @classmethod
    def from_words(cls, words: Sequence[str], others: Sequence[str], counted_names: Set[str]) -> _Marks:
        shared = set(_runs(others, RUN))
        covered: set[int] = set()
        for at, run in enumerate(_runs(words, RUN)):
            if run in shared:
                covered.update(range(at, at + RUN))
        other_words = set(others)
        own: dict[str, str] = {}
        common: set[str] = set()
        everything: set[str] = set()
        before = ""
        for at, word in enumerate(words):
            if not (word in counted_names or word[0].isdigit()):
                before = word
                continue
            everything.add(word)
            if at not in covered and word in other_words:
                common.add(word)
            elif at not in covered:
                own.setdefault(word, before)
        return cls(own, len(common), len(everything))

    def within(self, slots: Set[str]) -> _Marks:
        """Keep only own names and figures that come after a word in `slots`."""
        return self._replace(own={word: before for word, before in self.own.items() if before in slots})

    @property
    def tell(self) -> bool:
        """Return whether the own names and figures are enough for another case."""
        least = max(MARKS if figures(self.own) else NAMES_ALONE, OWN * self.all)
        return len(self.own) >= least and len(self.own) > self.common


def _sentences(text: str) -> str:
    """Leave out short paragraphs that do not end as a sentence does."""
    paragraphs = re.split(r"\n\s*\n", text)
    sentences = [
        paragraph
        for paragraph in paragraphs
        if len(paragraph) > _SHORT_LINE or _ENDS_SENTENCE.search(paragraph.rstrip())
    ]
    return "\n\n".join(sentences)


def contained(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of the runs of words in `one` that also stand in `other`, 0 to 1."""
    run = max(1, min(RUN, len(one)))
    runs = set(_runs(one, run))
    return len(runs.intersection(_runs(other, run))) / max(1, len(runs))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of the shorter text that stands in the longer, 0 to 1, or 0 if neither is a copy."""
    if one == other:
        return float(bool(one))
    short, long = sorted((one, other), key=lambda words: (len(words), words))
    if len(short) < max(SHORT, LENGTH * len(long)):
        return 0.0
    own = figures(short)
    shared = len(own & figures(long))
    if shared < min(FIGURES * len(own), max(2, len(own) - 1)):
        return 0.0
    share = contained(short, long)
    return share if share >= RUNS else 0.0


def signature_bands(words: Sequence[str]) -> list[bytes]:
    """Return the bands of a text's signature, eight bytes each.

    The probability that two texts share a band is about the cube of their resemblance.
    """
    from datasketch import MinHash  # imports SciPy, which no question needs

    signature = MinHash(BANDS * ROWS, hashfunc=crc32, permutations=_permutations(), scheme="affine32")
    runs = (" ".join(words[at : at + RUN]).encode() for at in range(len(words) - RUN + 1))
    while batch := list(islice(runs, _BATCH)):
        signature.update_batch(batch)
    values = signature.digest().reshape(BANDS, ROWS)
    return [hashlib.blake2b(band.astype("<u4").tobytes(), digest_size=8).digest() for band in values]


@cache
def _permutations() -> Any:
    from datasketch import MinHash

    return MinHash(BANDS * ROWS, seed=1, scheme="affine32").permutations


def _runs(words: Sequence[str], run: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + run]) for at in range(len(words) - run + 1))


def figures(words: Iterable[str]) -> set[str]:
    """Return the words that begin with a digit."""
    return {word for word in words if word[0].isdigit()}
