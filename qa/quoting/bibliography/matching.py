"""Match the references of a file with the documents of a library, and list the changes that they mean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from qa.document.metadata import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qa.quoting.bibliography.reading import Reference
    from qa.schema import DocumentInfo

Reason: TypeAlias = Literal["address", "title", "key"]
_KEY = re.compile(r".+-([0-9a-f]{6,64})")


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a document for which a reference has another value.

    Attributes:
        field: the field's name.
        old: the library's value, or "".
        new: the reference's value.
    """

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Match:
    """The documents that match a reference, and the changes that the reference means.

    Attributes:
        reference: the reference.
        documents: the ids of the documents that match the reference.
        reason: the property by which the documents were found, or None without documents.
        changes: the changes to the matching document. There are none if several documents match.
        also: the places of other references to the same document. If there are any, nothing is changed.
    """

    reference: Reference
    documents: tuple[str, ...] = ()
    reason: Reason | None = None
    changes: tuple[Change, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """Return the new values by field."""
        return {change.field: change.new for change in self.changes}

    @property
    def is_ambiguous(self) -> bool:
        """Return whether it is unclear what to change."""
        return len(self.documents) > 1 or bool(self.also)


def match_references(references: Sequence[Reference], documents: Iterable[DocumentInfo]) -> list[Match]:
    """Return the match of each reference: the document with its address, or else its title, or else its key.

    Scheme, "www.", a last "/" and the fragment do not matter for equal addresses. Titles are equal if their
    letters and digits are equal, in any case. A key counts only if it has the form of `csl.citation_key`.
    """
    documents = tuple(documents)
    by: dict[tuple[Reason, str], list[DocumentInfo]] = defaultdict(list)
    for document in documents:
        by["address", address_key(document.url)].append(document)
        by["title", title_key(document.title)].append(document)
    by_hash = {
        hashlib.sha256(document.id.encode("utf-8", "surrogatepass")).hexdigest(): document
        for document in documents
    }
    matches = [_match(reference, by, by_hash) for reference in references]
    places: dict[str, list[str]] = defaultdict(list)
    for match in matches:
        if len(match.documents) == 1:
            places[match.documents[0]].append(match.reference.where)
    return [_alone(match, places) for match in matches]


def _match(
    reference: Reference,
    by: Mapping[tuple[Reason, str], Sequence[DocumentInfo]],
    by_hash: Mapping[str, DocumentInfo],
) -> Match:
    """Find the documents that a reference describes: by address, else by title, else by our own key."""
    sought: tuple[tuple[Reason, str], ...] = (
        ("address", address_key(reference.values.get("url", ""))),
        ("title", title_key(reference.values.get("title", ""))),
    )
    for reason, key in sought:
        if documents := by.get((reason, key), ()) if key else ():
            return _found(reference, documents, reason)
    if key_hash := _KEY.fullmatch(reference.key):
        documents = [document for digest, document in by_hash.items() if digest.startswith(key_hash[1])]
        if documents:
            return _found(reference, documents, "key")
    return Match(reference)


def _found(reference: Reference, documents: Sequence[DocumentInfo], reason: Reason) -> Match:
    ids = tuple(document.id for document in documents)
    if len(documents) > 1:
        return Match(reference, ids, reason)
    stored_values = {field: " ".join(value_of(documents[0], field).split()) for field in reference.values}
    if not stored_values.get("title"):
        stored_values["title"] = documents[0].id  # citations name a document without a title by its id
    changes = (Change(field, stored_values[field], value) for field, value in reference.values.items())
    return Match(reference, ids, reason, tuple(change for change in changes if change.old != change.new))


def _alone(match: Match, places: Mapping[str, Sequence[str]]) -> Match:
    """Return a match with the places of other references to the same document."""
    if len(match.documents) != 1:
        return match
    others = tuple(where for where in places[match.documents[0]] if where != match.reference.where)
    return Match(match.reference, match.documents, match.reason, match.changes, others) if others else match


def address_key(address: str) -> str:
    """Return a key that is equal for all addresses of a page, or "" if it is not an address."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return ""
    if not host:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{unquote(parts.path).rstrip('/')}{query}"


def title_key(title: str) -> str:
    """Return a key that is equal for titles that differ only in case, white space or punctuation."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return "".join(character for character in plain if character.isalnum())
