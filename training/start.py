"""Write the start of a training: a graph's int8 weights as float32.

usage: python -m training.start OUT [READER.onnx]

Without READER.onnx, OUT becomes the folder of the default cross-encoder, a `BertForSequenceClassification`.
Its scores differ from the scores in int8 by at most two hundredths. With READER.onnx, OUT becomes a
checkpoint of that reader. So a training can go on from the reader that ships.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from transformers import BertForSequenceClassification

from embeddings.models import reranker_folder
from training.model import ReaderModel, bert_config

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Read the graph, convert its weights to float32, and write them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("reader", type=Path, nargs="?")
    arguments = parser.parse_args(argv)
    if arguments.reader:
        tensors = reader(weights(arguments.reader))
        if "relevance.weight" not in tensors:  # an earlier version, without a second judgement
            default_weights = weights(reranker_folder() / "model.onnx")
            tensors |= {
                f"relevance.{name}": default_weights[f"classifier.{name}"] for name in ("weight", "bias")
            }
        model = ReaderModel.restored(tensors)  # raises an error if weights are missing
        torch.save({"model": model.state_dict()}, arguments.out)
    else:
        cross_encoder(weights(reranker_folder() / "model.onnx")).save_pretrained(arguments.out)


def weights(path: Path) -> dict[str, Tensor]:
    """Return all weights of a graph as float32, by name. A product's name comes from the bias after it."""
    graph = onnx.load(path).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    users = {name: node for node in graph.node for name in node.input}

    def whole(name: str) -> np.ndarray:
        if name in arrays:
            return arrays[name]
        stored, zero, scale = (arrays[f"{name}_{part}"] for part in ("quantized", "zero_point", "scale"))
        return (stored.astype(np.float32) - zero.astype(np.float32)) * scale

    float_arrays = {
        name: array
        for name, array in arrays.items()
        if name.rpartition(".")[2] in {"weight", "bias", "scale"}
    }
    float_arrays |= {
        name: whole(name)
        for name in (stored.removesuffix("_quantized") for stored in arrays)
        if name.endswith("embeddings.weight")
    }
    for node in graph.node:
        if node.op_type in {"MatMulInteger", "MatMul"} and node.input[1] in arrays:
            after = users[node.output[0]]
            while after.op_type != "Add":
                after = users[after.output[0]]
            [bias] = [name for name in after.input if name in arrays]
            float_arrays[bias.removesuffix("bias") + "weight"] = whole(
                node.input[1].removesuffix("_quantized")
            ).T
    return {name: torch.tensor(array.copy()) for name, array in float_arrays.items()}


def cross_encoder(found: dict[str, Tensor]) -> BertForSequenceClassification:
    """Return the default cross-encoder with the weights that were found."""
    model = BertForSequenceClassification(bert_config(found))
    model.load_state_dict({name: found[name] for name in model.state_dict()})
    return model


def reader(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state of a reader from the weights of its export (`training/export.py`)."""
    state = {name.removeprefix("model."): value for name, value in found.items() if name.startswith("model.")}
    deeper = any(name.startswith("mpnet.") for name in state)
    body, inside, parts = (
        ("mpnet", "attn", tuple("qkv")) if deeper else ("bert", "self", ("query", "key", "value"))
    )
    # The export joined query, key and value.
    for name, value in found.items():
        if name.startswith("joined."):
            _, layer, kind = name.split(".")
            for part, its in zip(parts, value.chunk(3), strict=True):
                state[f"{body}.encoder.layer.{layer}.attention.{inside}.{part}.{kind}"] = its.contiguous()
    return state


if __name__ == "__main__":
    main()
