"""Questions to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def examples(corpus: Corpus) -> tuple[str, ...]:
    """Return questions to begin with: about the brief that ships only where it is all there is."""
    return _EXAMPLES if corpus.store.holds_only(_SHIPPED) else _ANY_EXAMPLES
