"""Make libraries of any size with real words and lifelike vectors, to measure size and speed.

usage: python -m benchmarks.synthetic FOLDER SUITE [SUITE ...] [--asked SUITE ...] --passages N [N ...]

Makes the libraries FOLDER/N and FOLDER/questions.jsonl, or goes on with existing ones. Each SUITE is a folder
in BEIR layout. A synthetic passage has 3 to 5 sentences of two of the suites' documents, drawn at random. Its
vector is the normalised mean of the sentences' vectors and Gaussian noise of length NOISE. So any number of
passages needs the vectors of some thousand sentences only, which are kept in FOLDER/vectors.npz. The
documents of suites under --asked are added unchanged, up to a quarter of all passages. So their questions
have answers among the other passages.

The libraries differ from real libraries in two ways. No word is rarer than its sentence: at a million
passages every word is in hundreds of them, except the words of --asked. And noise has no structure, so a
search that compresses vectors has a harder task. The cosines of the nearest neighbours of real and synthetic
passages are printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import machine
from embeddings.encoder import open_encoder
from qa.asking.conversation import interpret, parse
from qa.document.segment import passages, sentences
from qa.document.window import window_text
from qa.evaluation import suite
from qa.formats.reading import read_path
from qa.schema import Document, Passage, Sentence
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder

PER_DOCUMENT = 100
SENTENCES = (3, 5)
FEWEST_WORDS = 4
# Length of the noise; the mean has length 1. It makes distances more like the distances of real passages.
NOISE = 0.3
COMPARED = 800
QUESTIONS = 300  # maximum of each suite
# Values for filters: a collection has one document in COLLECTIONS, a language one in two.
COLLECTIONS = 100
LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A real document: its title, its sentences, and their vectors [n, d]."""

    title: str
    sentences: tuple[str, ...]
    vectors: Float32


def main() -> None:
    """Make the libraries, and print their properties."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--asked", nargs="+", type=Path, default=[])
    parser.add_argument("--passages", nargs="+", type=int, required=True)
    arguments = parser.parse_args()
    make(arguments.folder, arguments.suites, arguments.asked, arguments.passages)


def make(folder: Path, suites: Sequence[Path], asked: Sequence[Path], sizes: Sequence[int]) -> None:
    """Make libraries of the given sizes, and the questions."""
    folder.mkdir(parents=True, exist_ok=True)
    cache, encoder = folder / "vectors.npz", open_encoder()
    questions = [
        json.dumps(question) for path in dict.fromkeys((*suites, *asked)) for question in _questions(path)
    ]
    (folder / "questions.jsonl").write_text("\n".join(questions), encoding="utf-8")
    sources = sources_of(suites, cache, encoder)
    print(
        machine.line(), f"{sum(len(source.sentences) for source in sources)} sentences", sep="\n", flush=True
    )
    _compare(suites, sources, cache, encoder)
    real = list(_real(asked, cache, encoder))
    for size in sizes:
        started = time.perf_counter()
        written = _fill(folder / str(size), size, real, sources, encoder)
        print(f"{size} passages, {written} written in {time.perf_counter() - started:.0f} s", flush=True)


def synthetic(number: int, passages: int, sources: Sequence[Source]) -> tuple[Document, list[Entry]]:
    """Return document `number`, which is the same in each run."""
    draw = random.Random(number)
    two = draw.sample(sources, 2)
    texts = [text for source in two for text in source.sentences]
    vectors = np.concatenate([source.vectors for source in two])
    drawn = [draw.sample(range(len(texts)), draw.randint(*SENTENCES)) for _ in range(passages)]
    means = np.stack([vectors[rows].mean(axis=0) for rows in drawn])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    noise = np.random.default_rng(number).normal(size=means.shape, scale=NOISE / np.sqrt(means.shape[1]))
    noisy = (means + noise).astype(np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    parts: list[str] = []
    end, entries = 0, []
    for ordinal, (rows, vector) in enumerate(zip(drawn, noisy, strict=True)):
        start, spans = end, []
        for row in rows:
            spans.append(Sentence(end, end + len(texts[row])))
            end += len(texts[row]) + 1
            parts += texts[row], "\n" if row == rows[-1] else " "
        digest = hashlib.blake2b(f"{number} {ordinal}".encode(), digest_size=16).digest()
        entries.append(Entry(Passage(f"s{number}", ordinal, start, end, tuple(spans)), digest, vector))
    document = Document(
        f"s{number}",
        "".join(parts),
        title=two[0].title,
        path=f"synthetic/{number}",
        collection=f"c{number % COLLECTIONS}",
        language=LANGUAGES[number % len(LANGUAGES)],
    )
    return document, entries


def _fill(
    library: Path,
    size: int,
    real: Sequence[tuple[Document, list[Entry]]],
    sources: Sequence[Source],
    encoder: Encoder,
) -> int:
    """Fill a library to its size, and return the number of passages that were written."""
    store = Store(SqliteDatabase(library))
    documents = store.documents()
    held, before = {info.id for info in documents}, sum(info.passages for info in documents)
    total = before
    for document, entries in real:
        if document.id not in held and total + len(entries) <= size // 4:
            store.put(ReadDocument.of(document), EmbeddedPassages(entries, encoder.identity))
            total += len(entries)
    number = 0
    while total < size:
        if f"s{number}" not in held:
            document, entries = synthetic(number, min(PER_DOCUMENT, size - total), sources)
            store.put(ReadDocument.of(document), EmbeddedPassages(entries, encoder.identity))
            total += len(entries)
        number += 1
    store.close()
    return total - before


def _documents(path: Path) -> Iterator[Document]:
    return (item for item in read_path(path / "corpus.jsonl") if isinstance(item, Document))


def sources_of(suites: Iterable[Path], cache: Path, encoder: Encoder) -> list[Source]:
    """Return the documents with enough sentences to draw from."""
    titled_texts = []
    for document in (document for path in suites for document in _documents(path)):
        texts = [
            document.text[sentence.start : sentence.end]
            for sentence in sentences(document)
            if sentence.kind == "body"
        ]
        texts = [text for text in dict.fromkeys(texts) if len(text.split()) >= FEWEST_WORDS]
        if len(texts) >= SENTENCES[1]:
            titled_texts.append((document.title, texts))
    vectors = _encoded([text for _, texts in titled_texts for text in texts], cache, encoder)
    ends = np.cumsum([len(texts) for _, texts in titled_texts])
    parts = np.split(vectors, ends[:-1])
    return [
        Source(title, tuple(texts), rows) for (title, texts), rows in zip(titled_texts, parts, strict=True)
    ]


def _real(suites: Iterable[Path], cache: Path, encoder: Encoder) -> Iterator[tuple[Document, list[Entry]]]:
    """Yield the documents of suites in the form that the product stores."""
    documents = [(document, passages(document)) for path in suites for document in _documents(path)]
    windows = [window_text(document, passage) for document, its in documents for passage in its]
    vectors = iter(_encoded(windows, cache, encoder))
    for document, its in documents:
        digests = [hashlib.blake2b(window_text(document, p).encode(), digest_size=16).digest() for p in its]
        yield document, [Entry(p, digest, next(vectors)) for p, digest in zip(its, digests, strict=True)]


def _questions(path: Path) -> Iterator[dict[str, object]]:
    """Yield a suite's questions as retrieval searches for them, with the relevant documents."""
    asked = suite.draw(suite.load(path), QUESTIONS)
    for query in asked.queries:
        gold = [document for document, grade in asked.qrels.get(query.id, {}).items() if grade > 0]
        variants = interpret(*parse(query.text, query.history)).variants
        yield {"suite": asked.name, "variants": variants, "gold": gold}


def _encoded(texts: Sequence[str], cache: Path, encoder: Encoder) -> Float32:
    """Return the vectors of texts, float32 [n, d]. Only texts that the cache lacks are encoded."""
    keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    held: dict[str, Float32] = {}
    if cache.exists():
        with np.load(cache) as saved:
            held = dict(zip(saved["keys"].tolist(), saved["vectors"], strict=True))
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in held}
    if missing:
        started = time.perf_counter()
        held |= dict(zip(missing, encoder.encode_documents(list(missing.values())), strict=True))
        print(f"{len(missing)} texts encoded in {time.perf_counter() - started:.0f} s", flush=True)
        np.savez(cache, keys=np.array(list(held)), vectors=np.stack(list(held.values())))
    return np.stack([held[key] for key in keys])


def _compare(suites: Sequence[Path], sources: Sequence[Source], cache: Path, encoder: Encoder) -> None:
    """Print the cosines between passages, of real documents and of synthetic documents of the same length."""
    draw = random.Random(0)
    documents = [document for path in suites for document in _documents(path)]
    draw.shuffle(documents)
    windows: list[list[str]] = []
    while documents and sum(map(len, windows)) < COMPARED:
        document = documents.pop()
        windows.append([window_text(document, passage) for passage in passages(document)])
    real = _encoded([text for texts in windows for text in texts], cache, encoder)
    made = [
        entry.vector
        for number, texts in zip(draw.sample(range(10**6), len(windows)), windows, strict=True)
        if texts
        for entry in synthetic(number, len(texts), sources)[1]
    ]
    print(
        f"cosines among {len(real)} passages: quantiles .05 .5 .95 of   the nearest     the 10th        any"
    )
    for name, vectors in (("real", real), ("synthetic", np.stack(made))):
        cosines = np.sort(vectors @ vectors.T, axis=1)[:, ::-1][:, 1:]  # without the passage itself
        of = (cosines[:, 0], cosines[:, min(9, cosines.shape[1] - 1)], cosines)
        columns = [" ".join(f"{q:.2f}" for q in np.quantile(column, [0.05, 0.5, 0.95])) for column in of]
        print(f"  {name:<55}" + "  ".join(columns), flush=True)


if __name__ == "__main__":
    main()
