"""What a library is at a moment: one row of its catalogue, so that it changes at once."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from embeddings.models import EncoderIdentity
from qa.errors import LibraryError
from qa.storage.cluster.schema import NO_VECTOR, SCHEMA
from qa.storage.intake_port import Encoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.storage.cluster.connection import Connection
    from qa.storage.cluster.schema import Collections

KEY = "state"
# While a row is written anew, a server may show neither the old one nor the new; and to a process that has
# written nothing, hardly any rows of a library that another has just made.
_TRIES, _WAIT = 5, 0.05


@dataclass(frozen=True, slots=True)
class State:
    """What a library is.

    Attributes:
        generation: a number that grows with every change that answers may change with.
        changes: a number that grows with every change.
        encoding: the number of the embedding in force; 0 before the first document.
        encodings: the encoders of the embeddings that there are, by number.
        numbers: the numbers that were given last to rows, by table.
        edition: the number that was given last to the passages of a document.
        documents: how many documents there are.
        passages: how many passages these have.
        pending: the journal of a change that is committed, and may not be in all rows yet; "@" and its
            SHA-256 where it is long.
        schema: by which the collections were made.
    """

    generation: int = 0
    changes: int = 0
    encoding: int = 0
    encodings: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    edition: int = 0
    documents: int = 0
    passages: int = 0
    pending: str = ""
    schema: int = SCHEMA

    def in_force(self) -> Encoding | None:
        """Tell which encoder made the vectors in force; None before the first document."""
        return self.encoded(self.encoding) if self.encoding else None

    def encoded(self, number: int) -> Encoding | None:
        """Tell which encoder makes an embedding; None where there is none of that number."""
        named = self.encodings.get(str(number))
        return Encoding(number, EncoderIdentity(*named)) if named else None

    def with_encoding(self, encoder: EncoderIdentity) -> tuple[State, Encoding]:
        """Make room for an embedding by an encoder."""
        number = self.numbers.get("encodings", 0) + 1
        named = encoder.name, encoder.sha256, encoder.dimension
        numbers = {**self.numbers, "encodings": number}
        added = replace(self, encodings={**self.encodings, str(number): named}, numbers=numbers)
        return added, Encoding(number, encoder)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return asdict(self)


def of_dict(held: Mapping[str, Any]) -> State:
    """Make it of JSON."""
    encodings = {number: tuple(named) for number, named in held["encodings"].items()}
    return State(**{**held, "encodings": encodings})


def read(connection: Connection, collections: Collections, *, strong: bool = False) -> State | None:
    """Read what the library is; None where there is none.

    Raises:
        LibraryError: a newer Pullquote made it.
    """
    for _ in range(_TRIES):
        rows = connection.get(collections.catalogue, [KEY], ("row",), strong=strong)
        if rows:
            held = json.loads(rows[0]["row"])
            if held["schema"] != SCHEMA:
                raise LibraryError(
                    f"{connection.address.text} was made by another Pullquote (schema {held['schema']}, this "
                    f"Pullquote reads {SCHEMA}): upgrade Pullquote, or give the library another name"
                )
            return of_dict(held)
        connection.read_strongly()
        time.sleep(_WAIT)
    return None


def write(connection: Connection, collections: Collections, state: State) -> None:
    """Write what the library is from now on, at once."""
    entity = dict.fromkeys(("path", "place", "owner", "sha256", "words_sha256", "mark"), "")
    row = json.dumps(state.to_dict())
    connection.upsert(collections.catalogue, [{"key": KEY, "kind": KEY, "row": row, **entity, **NO_VECTOR}])
