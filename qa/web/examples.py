"""Questions to begin with."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby, islice
from typing import TYPE_CHECKING

from qa.schema import DocumentQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus

# Shown on an empty page when the brief that ships is all there is, by its text's SHA-256; the last one is not
# answered there, and shows what that looks like.
_SHIPPED = "107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72"
_EXAMPLES = (
    "What was taken from the Kumsandong fertilizer factory?",
    "Why did the crackdown on smugglers fail?",
    "What metals were smuggled in the 1990s?",
    "How many people were arrested on the highway?",
)
# True of any library: fixed replies that name what is there.
_ANY_EXAMPLES = ("Which documents do you have?", "What can you do?")
# So many of the newest documents are looked at for names, and so many are asked after.
_NEWEST = 10
_MENTIONED = 2
_WORD = re.compile(r"[^\W\d_][\w’'-]*")


def examples(corpus: Corpus) -> tuple[str, ...]:
    """Return questions to begin with, about the documents that are there."""
    return _examples(corpus, corpus.store.generation)


@lru_cache(maxsize=1)  # whole documents are read for them, and each empty page asks
def _examples(corpus: Corpus, _generation: int) -> tuple[str, ...]:
    if corpus.store.holds_only(_SHIPPED):
        return _EXAMPLES
    newest = corpus.find_documents(DocumentQuery(order="added", descending=True, limit=_NEWEST)).documents
    names = (name for info in newest for name in _names(info.title) if _speaks_of(corpus, info.id, name))
    asked = [f"Which documents mention {name}?" for name in islice(dict.fromkeys(names), _MENTIONED)]
    return (*asked, *_ANY_EXAMPLES)


def _names(title: str) -> Iterator[str]:
    """Yield the names in a title, by their capitals; none where most words have one, or all letters are."""
    words = [(match[0], match.start()) for match in _WORD.finditer(title)][1:]
    if sum(word[0].isupper() for word, _ in words) > len(words) / 2:
        return
    for is_name, group in groupby(words, key=lambda word: word[0][0].isupper()):
        named = list(group)
        if is_name and len(named[0][0]) > 2:
            yield title[named[0][1] : named[-1][1] + len(named[-1][0])]


def _speaks_of(corpus: Corpus, document_id: str, name: str) -> bool:
    """Tell whether a document has the name besides in its title."""
    return corpus.document(document_id).text.count(name) > 1
