"""Pullquote: answers over a corpus with verbatim quotes and citations only, and says so when it has none.

>>> from qa import Corpus
>>> corpus = Corpus.open("library")  # doctest: +SKIP
>>> corpus.ask("Who published the brief?").quotes[0].text  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.corpus import Corpus

__version__ = "0.1.0"
__all__ = ["Corpus", "__version__"]


def __getattr__(name: str) -> object:
    """Load `Corpus` on first use: `pullquote --version` and `--help` need none of what it imports."""
    if name == "Corpus":
        from qa.corpus import Corpus

        return Corpus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
