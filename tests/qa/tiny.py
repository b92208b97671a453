"""A small, real encoder and reader, and small documents: what tests of storage and asking are made of."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np

from embeddings.models import EncoderIdentity
from embeddings.reading import Reading
from qa.corpus import Corpus
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.reading import Reader, ReaderName, Window

DIMENSION = 32


class TinyEncoder:
    """Hashes a text's words into the places of a unit vector. Counts the texts that it has embedded."""

    def __init__(self, name: str = "tiny", dimension: int = DIMENSION) -> None:
        self.identity = EncoderIdentity(name, hashlib.sha256(name.encode()).hexdigest(), dimension)
        self.embedded = 0

    def encode_query(self, texts: Sequence[str]) -> Float32:
        vectors = np.zeros((len(texts), self.identity.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.blake2b(f"{self.identity.name} {word}".encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % self.identity.dimension] += 1
            vectors[row, 0] += 0.1  # no text is without a direction
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Float32:
        self.embedded += len(texts)
        if progress:
            progress(len(texts), len(texts))
        return self.encode_query(texts)


def write(folder: Path, name: str, text: str) -> Path:
    """Write a text file, byte for byte, and its folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def tiny_corpus(library: Path, **options: object) -> Corpus:
    """Open a library with the tiny encoder."""
    return Corpus.open(library, encoder=TinyEncoder(), **options)  # type: ignore[arg-type]


def words(seed: int, count: int = 240) -> str:
    """Some sentences of made-up words, the same for the same seed, long enough for several passages."""
    random = np.random.default_rng(seed)
    drawn = [f"word{number}" for number in random.integers(0, 60, count)]
    lines = [" ".join(drawn[at : at + 12]).capitalize() + "." for at in range(0, count, 12)]
    return "\n\n".join(lines) + "\n"


class TinyReader:
    """Takes a sentence for the surer answer the more words of the question stand in it."""

    name: ReaderName = "reader"
    model = "reader"
    deeper: Reader | None = None

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        asked = set(content_words(question))

        def logit(sentence: str) -> float:
            return 12 * len(asked.intersection(content_words(sentence))) / len(asked) - 6

        read = []
        for window in windows:
            scores = tuple(map(logit, window.sentences))
            best = max(scores, default=-6.0)
            read.append(Reading(best, best, best, scores, (None,) * len(scores)))
        return read
