"""The readers give the same answer on every processor.

Without VNNI, an x86 processor adds pairs of products of bytes in 16 bits, and a larger sum becomes 32,767.
Weights of seven bits never give a larger sum.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from embeddings import models, runtime
from embeddings.reader import TrainedReader
from embeddings.reading import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

BYTES = 255
WORD = np.iinfo(np.int16)
# How far a logit may be from the logit with exact integers. Rounding in float32 may move an activation to the
# next byte. Logits are from -12 to 12.
BOUND = 0.05
QUESTION = "Who noticed the breach?"
WINDOWS = [
    Window(
        "Spillway report · 4 May 2019",
        ("The breach was noticed on Sunday by a night watchman, Evaldo Kuhn.",),
    ),
    Window("", ("Rain fell for seven days.", "The weather station measured 611 millimetres.")),
    Window(
        "Berths | Calls",
        ("2014 | 13 | 1 | 4 | 9", "“Nobody told us anything”, said the mayor."),
        "Kuhn is 61.",
    ),
]


def exact(activations: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Multiply bytes with VNNI: all products are added in 32 bits."""
    product: NDArray[Any] = activations.astype(np.int64) @ weights.astype(np.int64)
    return product


def saturating(activations: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Multiply bytes without VNNI: each two products are added in 16 bits, as `vpmaddubsw` does."""
    products = activations.astype(np.int64)[:, :, None] * weights.astype(np.int64)[None]
    pairs = products.reshape(len(activations), -1, 2, weights.shape[1]).sum(axis=2)
    sums: NDArray[Any] = pairs.clip(WORD.min, WORD.max).sum(axis=1)
    return sums


def graph(*, deep: bool) -> onnx.ModelProto:
    weights, _ = models.deep_reader_weights() if deep else models.reader_weights()
    return onnx.load_from_string(weights)


def weights_of(model: onnx.ModelProto) -> list[NDArray[Any]]:
    """Return the weights [in, out] of the products of integers."""
    named = {array.name: array for array in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMulInteger"]
    assert products
    return [numpy_helper.to_array(named[node.input[1]]) for node in products]


@cache
def first() -> NDArray[Any]:
    """Return the weights of the first product of the small reader."""
    return weights_of(graph(deep=False))[0]


@pytest.mark.parametrize("deep", [False, True])
def test_no_sum_of_two_products_exceeds_16_bits(deep: bool) -> None:
    for weights in weights_of(graph(deep=deep)):
        assert weights.dtype == np.int8
        assert 2 * BYTES * np.abs(weights.astype(int)).max() <= WORD.max


@given(seed=st.integers(0, 2**32 - 1))
def test_both_kinds_of_processor_multiply_a_readers_weights_alike(seed: int) -> None:
    draw = np.random.default_rng(seed)
    weights = draw.choice(first(), 16, axis=1)
    # The worst activations for one column: the largest byte at each weight of the same sign.
    worst = np.where(weights[:, 0] > 0, BYTES, 0)
    activations = np.stack([worst, BYTES - worst, draw.integers(0, BYTES + 1, len(worst))])
    assert np.array_equal(saturating(activations, weights), exact(activations, weights))


def test_weights_of_eight_bits_would_not_be_multiplied_alike() -> None:
    weights = first().astype(int) * 127 // 64
    activations = np.full((1, len(weights)), BYTES)
    assert not np.array_equal(saturating(activations, weights), exact(activations, weights))


def test_windows_have_the_logits_of_exact_integers() -> None:
    reader = TrainedReader()
    shipped = reader.read(QUESTION, WINDOWS, [0.0] * len(WINDOWS))
    model = graph(deep=False)
    _multiply_exactly(model)
    reader._model = runtime.Model(runtime.open_session(model.SerializeToString()), reader._model.tokenizer)
    for reading, expected in zip(shipped, reader.read(QUESTION, WINDOWS, [0.0] * len(WINDOWS)), strict=True):
        assert reading.answers == pytest.approx(expected.answers, abs=BOUND)
        assert reading.span == pytest.approx(expected.span, abs=BOUND)
        assert reading.sentences == pytest.approx(expected.sentences, abs=BOUND)
        assert reading.words == expected.words


def _multiply_exactly(model: onnx.ModelProto) -> None:
    """Replace each product of integers by a product of doubles, which hold such integers exactly."""
    nodes = []
    for node in model.graph.node:
        if node.op_type != "MatMulInteger":
            nodes.append(node)
            continue
        doubles = [f"{name} of {node.name}" for name in ("left", "zero", "right")]
        for name, of in zip(doubles, (node.input[0], node.input[2], node.input[1]), strict=True):
            nodes.append(onnx.helper.make_node("Cast", [of], [name], to=onnx.TensorProto.DOUBLE))
        left, product = f"centred {node.name}", f"product {node.name}"
        nodes += [
            onnx.helper.make_node("Sub", doubles[:2], [left]),
            onnx.helper.make_node("MatMul", [left, doubles[2]], [product]),
            onnx.helper.make_node("Cast", [product], node.output, to=onnx.TensorProto.INT32),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
