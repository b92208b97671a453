"""Write the reader's start: the default cross-encoder, its int8 weights as float32.

usage: python -m training.start OUT

OUT becomes the folder of a `BertForSequenceClassification`; its score of a pair agrees with the int8 one's
within two hundredths.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertForSequenceClassification

from embeddings.models import reranker_folder


def main() -> None:
    """Read the graph, take its weights back to float32, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    graph = onnx.load(reranker_folder() / "model.onnx").graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def whole(name: str) -> torch.Tensor:
        stored, zero, scale = (arrays[f"{name}_{part}"] for part in ("quantized", "zero_point", "scale"))
        return torch.tensor((stored.astype(np.float32) - zero.astype(np.float32)) * scale)

    # Biases, norms and what was left in float go by their own names; products are named after their layer.
    state = {
        name: torch.tensor(array)
        for name, array in arrays.items()
        if name.startswith(("bert.", "classifier.")) and array.dtype == np.float32 and array.ndim > 0
    }
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            layer = re.sub(r"/(?:MatMul|Gemm).*$", "", node.name).strip("/").replace("/", ".")
            state[f"{layer}.weight"] = whole(node.input[1].removesuffix("_quantized")).T
    for name in arrays:
        if re.fullmatch(r"bert\.embeddings\.\w+\.weight_quantized", name):
            state[name.removesuffix("_quantized")] = whole(name.removesuffix("_quantized"))
    config = BertConfig(
        vocab_size=len(state["bert.embeddings.word_embeddings.weight"]),
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=1,
    )
    model = BertForSequenceClassification(config)
    known = model.state_dict()
    model.load_state_dict({name: value.contiguous() for name, value in state.items() if name in known})
    model.save_pretrained(out)


if __name__ == "__main__":
    main()
