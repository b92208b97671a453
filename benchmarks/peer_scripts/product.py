"""Pullquote as a process that answers many questions. The command `pullquote` indexes, and answers cold.

usage: python product.py answer|retrieval LIBRARY

`answer` finds passages, reads them and quotes from them. `retrieval` stops at the texts of the documents that
were found, as the peers do.
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
    """Return a search for the documents of an answer, in the order of their first passages."""

    def search(question: str) -> list[tuple[str, str]]:
        ranked = corpus.ask(question).passages
        return [(id_, "") for id_ in dict.fromkeys(passage.document_id for passage in ranked)][:FOUND]

    return search


def retrieval(corpus: Corpus) -> Search:
    """Return a search for the documents of retrieval, in the order of their first passages."""

    def search(question: str) -> list[tuple[str, str]]:
        prepared = prepare(corpus.store, interpret(*parse(question)))
        hits = candidates(corpus.store, prepared, corpus.store.select()).legible
        ranked = list(dict.fromkeys(hit.document_id for hit, _ in hits))[:FOUND]
        return [(id_, corpus.document(id_).text) for id_ in ranked]

    return search


if __name__ == "__main__":
    what, library = sys.argv[1:]
    serve({"answer": answers, "retrieval": retrieval}[what](Corpus.open(library, create=False)))
