"""Pullquote, opened once and asked over and over; it is indexed, and asked cold, by its own command.

usage: python product.py answer|retrieval LIBRARY

`answer` is the whole of it: passages found, read and quoted from. `retrieval` stops where the peers do: at
the texts of the documents found.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from side import FOUND, serve

from qa import Corpus
from qa.asking.conversation import interpret, parse
from qa.asking.retrieve import candidates, prepare

if TYPE_CHECKING:
    from side import Search


def answers(corpus: Corpus) -> Search:
    """Give the documents that an answer ranks, each at its first passage."""

    def search(question: str) -> list[tuple[str, str]]:
        ranked = corpus.ask(question).passages
        return [(id_, "") for id_ in dict.fromkeys(each.document_id for each in ranked)][:FOUND]

    return search


def retrieval(corpus: Corpus) -> Search:
    """Give the documents that retrieval ranks, each at its first passage."""

    def search(question: str) -> list[tuple[str, str]]:
        prepared = prepare(corpus.store, interpret(*parse(question)))
        found = candidates(corpus.store, prepared, corpus.store.select()).legible
        ranked = list(dict.fromkeys(hit.document_id for hit, _ in found))[:FOUND]
        return [(id_, corpus.document(id_).text) for id_ in ranked]

    return search


if __name__ == "__main__":
    what, library = sys.argv[1:]
    serve({"answer": answers, "retrieval": retrieval}[what](Corpus.open(library, create=False)))
