"""Pullquote: answers over a corpus with verbatim quotes and citations only. It says so when it has none.

>>> answer = corpus.ask("Which factory was stripped of its metal?")  # corpus = Corpus.open("library")
>>> answer.quotes[0].text
'The source went on to report that in the Kumsandong Fertilizer Factory in Hyesan, ...'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.errors import PullquoteError
    from qa.schema import Answer, Citation, Document, Filters, Quote, Turn

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Citation",
    "Corpus",
    "Document",
    "Filters",
    "PullquoteError",
    "Quote",
    "Turn",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Load a name on first use, because `pullquote --version` and `--help` do not need its module."""
    if name in __all__:
        module = {"Corpus": "qa.corpus", "PullquoteError": "qa.errors"}.get(name, "qa.schema")
        return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
