"""Explain filters that leave nothing to search: which filter does, and which value may have been meant."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from qa.errors import DocumentNotFoundError
from qa.schema import EVERYTHING, Filters
from qa.text.dates import date_in_words
from qa.text.display import describe_filters, language_in_words, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import Facets
    from qa.storage.library import Library

# Minimum likeness, 0 to 1, of a value that may have been meant. Values that contain each other reach it.
ALIKE_FROM = 0.6
# Values that are named if no value is like the value asked for, at most.
FEW = 5
# The time to compare grows up to the square of the length. So only the beginnings of long values are
# compared, and only the likeliest values are compared exactly.
MOST_CHARACTERS = 80
MOST_COMPARED = 50


def unmatched(library: Library, filters: Filters) -> str:
    """Return sentences that say why these filters leave no document. There is always one.

    They name each filter that leaves no document by itself, and the library's value nearest to it.
    """
    if not library.count().documents:
        return "The library is empty. Add documents first."
    return " ".join(_each(library, filters, library.facets())) or (
        f"No document matches the filters: {describe_filters(filters, {})}."
    )


def _each(library: Library, filters: Filters, facets: Facets) -> Iterator[str]:
    """Yield a sentence for each filter that leaves no document by itself, on what there is instead."""
    for name, values in facets.values.items():
        for value in filters.values(name):
            alone: Any = {name: value}
            if not library.select(replace(EVERYTHING, **alone)).documents:
                held, asked, words = [existing for existing, _ in values], value, name.replace("_", " ")
                if name == "language":
                    held, asked = _languages(held, value)
                yield f"No document has the {words} “{asked}”: {_instead(held, asked, words)}"
    dates = Filters(since=filters.since, until=filters.until)
    if dates and not library.select(dates).documents:
        yield f"No document is dated {describe_filters(dates).replace(', ', ' ')}: {_dated(facets)}."
    for document_id in filters.document:
        if library.select(Filters(document=(document_id,))).documents:
            continue
        try:
            library.document(document_id)
        except DocumentNotFoundError as error:
            message = str(error)
            yield message[0].upper() + message[1:] + "." * (not message.endswith("?"))


def _languages(held: Sequence[str], value: str) -> tuple[list[str], str]:
    """Return the languages of the library, and the language that was asked for, in words.

    If the value asked for is not a code, the languages have their codes as well, for the person who typed it.
    """
    asked = language_in_words(value)
    words = [language_in_words(code) for code in held]
    if asked != value:
        return words, asked
    return [f"{word} ({code})" for word, code in zip(words, held, strict=True)], value


def _instead(held: Sequence[str], value: str, name: str) -> str:
    near, likeness = _nearest(held, value)
    if likeness >= ALIKE_FROM:
        return f"did you mean “{near}”?"
    if not held:
        return f"no document has a {name}."
    listing = ", ".join(f"“{other}”" for other in held[:FEW])
    return f"there is {listing}{f' and {len(held) - FEW:,} more' if len(held) > FEW else ''}."


def _nearest(held: Sequence[str], value: str) -> tuple[str, float]:
    """Return the value that is most like `value`, the first of equals, and its likeness; or ("", 0)."""
    asked = value.casefold()
    matcher = SequenceMatcher(None, b=asked[:MOST_CHARACTERS], autojunk=False)
    bounds: list[tuple[float, int]] = []
    for index, candidate in enumerate(held):
        matcher.set_seq1(candidate.casefold()[:MOST_CHARACTERS])
        bounds.append((-_raised(matcher.quick_ratio(), candidate.casefold(), asked), index))
    near, best = -1, 0.0
    for bound, index in sorted(bounds)[:MOST_COMPARED]:
        if -bound < best:
            break
        matcher.set_seq1(held[index].casefold()[:MOST_CHARACTERS])
        likeness = _raised(matcher.ratio(), held[index].casefold(), asked)
        if likeness > best or (likeness == best and index < near):
            near, best = index, likeness
    return held[near] if near >= 0 else "", best


def _raised(alike: float, one: str, other: str) -> float:
    """Return `alike`, raised to ALIKE_FROM or more if one of the two values contains the other."""
    return max(alike, ALIKE_FROM + alike / 10) if one in other or other in one else alike


def _dated(facets: Facets) -> str:
    if not (facets.first and facets.last):
        return "no document has a date"
    undated = f", and {plural(facets.undated, 'document')} without a date" if facets.undated else ""
    first, last = date_in_words(facets.first), date_in_words(facets.last)
    return f"the {f'only date is {first}' if first == last else f'dates are from {first} to {last}'}{undated}"
