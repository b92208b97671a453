"""Find example questions about the library's documents. Each was asked beforehand, and has an answer."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from itertools import groupby, islice
from threading import Lock
from typing import TYPE_CHECKING

from qa.deadline import Deadline
from qa.document.segment import sentences
from qa.errors import DeadlineError
from qa.schema import Document, DocumentQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.corpus import Corpus

# SHA-256 of the text of the brief that ships, and the examples if the library contains only this brief.
_SHIPPED = "107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72"
_EXAMPLES = (
    "What was taken from the Kumsandong fertilizer factory?",
    "Why did the crackdown on smugglers fail?",
    "What metals were smuggled in the 1990s?",
    "When did scrap metal smuggling become popular?",
)
# The examples if no others are found. Fixed replies answer them, and name the library's documents.
_ANY_EXAMPLES = ("Which documents do you have?", "What can you do?")
_SHOWN = 4
_NEWEST = 25  # newest documents that are used for examples
_CHARACTERS = 20_000  # characters at the beginning of a document whose sentences are used
_TRIED = 2  # questions that are tried for each document
_MENTIONED = 2  # names that are tried in "Which documents mention …?"
_SECONDS = 5.0  # for asking all the questions beforehand
_WORDS = range(7, 16)  # numbers of words that a question made from a sentence may have

# A question asks for the subject of a sentence. The other words of the sentence stay as they are.
_HAPPENED = (
    r"(?:were|was|had|have|has|died|drowned|fell|rose|left|came|went|took|lost|won|ran|sank|fled|gave|voted"
    r"|arrived|returned|remained|stayed|lived|worked|protested|marched|gathered|joined|survived|crossed|stood)"
)
_DID = (
    r"(?:(?:has|had|have) )?(?:announced|appointed|approved|asked|banned|bought|built|called|cancelled"
    r"|closed|commissioned|counted|criticised|declared|demanded|denied|described|discovered|dismissed"
    r"|estimated|founded|funded|introduced|invited|issued|launched|led|met|opened|ordered|organised|paid"
    r"|planned|pledged|presented|promised|proposed|published|recommended|refused|reported|ruled|set up"
    r"|signed|sold|suspended|urged|visited|warned|won|wrote)"
)
_COUNTED = re.compile(
    r"(?:(?:at least|about|some|nearly|almost|around|more than|over|a total of|up to) )?(?:\d[\d,]*|two|three"
    r"|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,7}teen|[a-z]{3,4}ty(?:-[a-z]{3,5})?)"
    rf" (?P<counted>[a-z-]+(?: (?!of\b)[a-z-]+)?) (?P<rest>{_HAPPENED} .+)",
    re.IGNORECASE,
)
_ACTED = re.compile(rf"[A-Z][\w’'-]+(?: (?:(?:of|the|for|and) )?[A-Z][\w’'-]+){{1,5}} (?P<rest>{_DID} .+)")
# The question ends where this matches: there the sentence begins to say something else.
_REST = re.compile(
    r"[,;:(–—\"“”]| (?:where|which|who|whom|whose|as|although|though|but|according|said|says)\b"
)
_UNCLEAR_ALONE = re.compile(
    r"[`\[\]*_]|\b(?:he|she|they|it|this|these|those|that|his|her|hers|their|its|there|here|we|our|us|i|you|your|him"
    r"|them|such|same|also|then|other|another|both|latter|former|more|all|so|not|no)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_one_at_a_time = Lock()


def examples(corpus: Corpus) -> tuple[str, ...]:
    """Return example questions about the library's documents.

    Raises:
        PullquoteError: any error that prevents an answer, except a DeadlineError.
    """
    with _one_at_a_time:
        return _examples(corpus, corpus.store.generation)


@lru_cache(maxsize=1)  # each empty page calls it
def _examples(corpus: Corpus, _generation: int) -> tuple[str, ...]:
    if corpus.store.holds_only(_SHIPPED):
        return _EXAMPLES
    newest = corpus.find_documents(DocumentQuery(order="added", descending=True, limit=_NEWEST)).documents
    questions: list[str] = []
    with suppress(DeadlineError):  # then return the questions that were found so far
        for question in islice(_answered(corpus, [info.id for info in newest]), _SHOWN):
            questions.append(question)  # noqa: PERF402 - one by one, as the time may be up at any
    return tuple(questions) or _ANY_EXAMPLES


def _answered(corpus: Corpus, newest: Sequence[str]) -> Iterator[str]:
    """Yield questions that have answers: one from the sentences of each document, then some about names."""
    deadline = Deadline(_SECONDS)
    titled: dict[str, Document] = {}
    for document_id in newest:
        document = corpus.document(document_id)
        for question, start in islice(_made_of_sentences(document), _TRIED):
            answer = corpus.ask(question, deadline=deadline)
            quoted = (quote for quote in answer.quotes if quote.document.id == document_id)
            if answer.outcome == "answered" and any(quote.start <= start < quote.end for quote in quoted):
                yield question
                break
        titled |= dict.fromkeys(_names(document), document)
    for name in islice(titled, _MENTIONED):
        question = f"Which documents mention {name}?"
        if corpus.ask(question, deadline=deadline).outcome == "answered":
            yield question


def _made_of_sentences(document: Document) -> Iterator[tuple[str, int]]:
    """Yield questions that a document's sentences answer, and where each sentence begins.

    The document must be in English or in an unknown language.
    """
    if document.language not in ("en", ""):
        return
    for sentence in sentences(Document(document.id, document.text[:_CHARACTERS])):
        question = _made_of(" ".join(document.text[sentence.start : sentence.end].split()))
        if len(question.split()) in _WORDS and not _UNCLEAR_ALONE.search(question):
            yield question, sentence.start


def _made_of(sentence: str) -> str:
    """Return a "Who …?" or "How many …?" question for the subject of a sentence, or "" if neither fits."""
    if match := _COUNTED.fullmatch(sentence):
        asked = f"How many {match['counted']}"
    elif match := _ACTED.fullmatch(sentence):
        asked = "Who"
    else:
        return ""
    return f"{asked} {_REST.split(match['rest'], maxsplit=1)[0].rstrip(' .')}?"


def _names(document: Document) -> Iterator[str]:
    """Yield names from a document's title that occur more than once in the document's text.

    Capitalised words are names, unless most words of the title are capitalised. If there is no such name, the
    longest word counts as a name.
    """
    title = document.title
    words = [(match[0], match.start()) for match in _WORD.finditer(title)]
    names = []
    if sum(word[0].isupper() for word, _ in words[1:]) <= len(words[1:]) / 2:
        for is_name, group in groupby(words[1:], key=lambda word: word[0][0].isupper()):
            name_words = list(group)
            if is_name and len(name_words[0][0]) > 2:
                names.append(title[name_words[0][1] : name_words[-1][1] + len(name_words[-1][0])])
    longest = max((word for word, _ in words), key=len, default="")
    yield from (name for name in names or [longest] if name and document.text.count(name) > 1)
