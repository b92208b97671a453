"""Recognise messages that are not questions for the corpus, and give them fixed replies.

A message gets a fixed reply only if it is just a greeting, a request for help or the like. Any message that
could be a question about the documents goes to the corpus.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.asking import requests
from qa.schema import Reply, ReplyKind
from qa.text.dates import date_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.schema import Document, DocumentInfo
    from qa.text.question import ParsedQuestion

_DOCUMENTS = r"(?:documents?|docs?|briefs?|sources?|files?|reports?|articles?|texts?|papers?)"
_LIBRARY = r"(?:library|corpus|collection|index|database|archive)"
_POLITE = r"(?:please |kindly |(?:can|could|would|will) you (?:please )?|i (?:want|need) you to )?"
_WHOLE = (
    rf"(?:this|it|that|these|those|them|everything|all|(?:all |all of )?(?:the|this|that|your|these|those)"
    rf"(?: whole| entire| full)? (?:{_DOCUMENTS}|{_LIBRARY}|content|contents))"
)

# Each pattern must match the whole message, lower-cased and without punctuation.
_PATTERNS: tuple[tuple[ReplyKind, str], ...] = (
    (
        "greeting",
        (
            r"(?:(?:hi|hello|hey)(?: there)?|hiya|howdy|hola|bonjour|hallo|greetings"
            r"|good (?:morning|afternoon|evening|day))"
            r"(?: (?:pullquote|there|all|everyone|bot|again))?(?: how are you(?: doing)?(?: today)?)?"
            r"|how are you(?: doing)?(?: today)?|how is it going|whats up|what is up|test|testing|ping"
            r"|(?:is )?any(?:one|body) there|are you there"
        ),
    ),
    (
        "thanks",
        (
            r"(?:ok |okay |great |many |perfect )?(?:thanks|thank you|thx|cheers)"
            r"(?: (?:a lot|so much|very much|again|pullquote|for (?:that|this|your help|the help)))?"
            r"|ok|okay|great|perfect|good|nice|got it|i see|understood|bye|goodbye|good ?bye|see you"
        ),
    ),
    (
        "help",
        (
            r"(?:please )?help(?: me)?"
            r"|what can (?:you|i) (?:do|ask|tell(?: me)?)(?: (?:you|here|with (?:you|this)))?"
            r"|(?:who|what) are you|what is (?:this|pullquote)|what do you do|what does pullquote do"
            r"|how (?:do|does|can) (?:you|i|this|it|pullquote) (?:work|use (?:this|you|it|pullquote))"
            r"|how (?:do|can|should) i (?:start|begin|ask)(?: you)?(?: (?:a )?questions?)?"
            r"|are you (?:a |an )?(?:bot|robot|chatbot|ai|human|chatgpt|llm|real|real person)"
            r"|(?:tell me about|introduce) yourself|who (?:made|built|created|wrote) (?:you|pullquote)"
        ),
    ),
    (
        "documents",
        (
            rf"(?:which|what|how many) (?:\w+ )?{_DOCUMENTS} (?:do you (?:have|know|hold|search)"
            rf"|have you(?: got)?|are there"
            rf"|are (?:in|part of) (?:the |your |this )?{_LIBRARY}"
            rf"|are (?:loaded|available|indexed|included|here)"
            rf"|can (?:you|i) (?:search|ask(?: about)?|see|use|quote(?: from)?)"
            rf"|does (?:the|your|this) {_LIBRARY} (?:have|hold|contain))"
            rf"|what is in (?:the|your|this) {_LIBRARY}|what do you (?:have|know(?: about)?)"
            rf"|{_POLITE}(?:list|show)(?: me)?(?: (?:the|all|all the|your|all your|available))? {_DOCUMENTS}"
            rf"|{_POLITE}(?:show|describe)(?: me)? (?:the|your|this) {_LIBRARY}"
        ),
    ),
    (
        "summary",
        (
            rf"{_POLITE}(?:explain|analy[sz]e)(?: {_WHOLE})?(?: (?:for me|to me|briefly"
            rf"|in (?:short|brief|detail|english)))*"
            rf"|(?:summary|overview|gist)(?: of {_WHOLE})?"
            rf"|tl ?dr(?: .*)?"
        ),
    ),
    ("summary", requests.PATTERN),
)
_COMPILED = tuple((kind, re.compile(rf"\A(?:{pattern})")) for kind, pattern in _PATTERNS)

_WHAT_IT_IS = (
    "Pullquote answers questions about its documents with verbatim quotes and their sources. "
    "It never writes text of its own, and says so when the documents hold no answer."
)
_NO_TEXT_OF_ITS_OWN = (
    "Pullquote does not do this: it does not summarise, translate, write, calculate or judge, as that "
    "would be text of its own. Ask about a person, place, date, figure or event, and it quotes what the "
    "documents say."
)
# Documents named in a list of all documents, and in a reply to a request on a subject, at most.
LISTED, OFFERED = 20, 3


@lru_cache(maxsize=1024)  # each question looks at the earlier questions again
def reply_kind(message: str) -> ReplyKind | None:
    """Return the kind of fixed reply that a message asks for, or None if it is a question for the corpus."""
    spelled_out = re.sub(r"\b(what|who|how)[’']s\b", r"\1 is", message.casefold())
    words = " ".join(re.findall(r"\w+", re.sub(r"[’']", "", spelled_out)))
    words = re.sub(r"(?<=\w)(?: please| thanks| thank you){1,9}$", "", words)
    return next((kind for kind, pattern in _COMPILED if pattern.fullmatch(words)), None)


def reply(kind: ReplyKind, documents: Sequence[DocumentInfo], count: int | None = None) -> Reply:
    """Return the fixed reply of that kind. It says only what metadata say about the library.

    `documents` are all documents of the library, or the first `LISTED` of its `count` documents.
    """
    holdings = _holdings(documents, len(documents) if count is None else count)
    text = _TEXT[kind](holdings) if kind in _TEXT else f"{_WHAT_IT_IS}\n\n{holdings}"
    return Reply(
        kind, text, tuple(document.id for document in documents[:LISTED]) if holdings in text else ()
    )


def reply_about(message: ParsedQuestion, found: Sequence[Document]) -> Reply:
    """Return the reply to a request for text on a subject: it names the first of the documents found.

    If the request names documents, the reply names only these documents.
    """
    named_documents = [document for document in found if requests.names(message, document)]
    shown = (named_documents or found)[:OFFERED]
    it = "it is" if len(shown) == 1 else "they are"
    head = (
        f"The request names this; {it} here to read:"
        if named_documents
        else "The nearest documents, to read:"
    )
    lines = [head, *(f"• {describe(document)}" for document in shown)]
    return Reply(
        "summary", f"{_NO_TEXT_OF_ITS_OWN}\n\n" + "\n".join(lines), tuple(document.id for document in shown)
    )


def _holdings(documents: Sequence[DocumentInfo], count: int) -> str:
    if not documents:
        return "The library is empty. Add documents first."
    head = f"The library holds {count} document{'s' if count != 1 else ''}:"
    lines = [f"• {describe(document)}" for document in documents[:LISTED]]
    if count > LISTED:
        lines.append(f"… and {count - LISTED} more.")
    return "\n".join([head, *lines])


def describe(document: Document | DocumentInfo) -> str:
    """Describe a document in one line: title, publisher, series and number, date, if known."""
    numbered = f"{document.series or 'No.'} {document.number}" if document.number else document.series
    date = date_in_words(document.date) if document.date else ""
    facts = (document.title or document.id, document.publisher, numbered, date)
    return ", ".join(" ".join(fact.split()) for fact in facts if fact)


_TEXT: dict[ReplyKind, Callable[[str], str]] = {
    "greeting": lambda holdings: f"Hello. {_WHAT_IT_IS}\n\n{holdings}",
    "thanks": lambda _: "You are welcome. Ask another question whenever you like.",
    "documents": lambda holdings: holdings,
    "summary": lambda holdings: f"{_NO_TEXT_OF_ITS_OWN}\n\n{holdings}",
}
