"""Export a trained reader as the product ships it: ONNX, int8.

usage: python -m training.export OUT.onnx CHECKPOINT[=SHARE] [CHECKPOINT=SHARE ...] [--float]

Of several checkpoints the weights are averaged (Wortsman et al., 2022, "Model soups", arXiv 2203.05482).

The weights of all matrix products and embeddings become int8, with a scale a column; the heads stay in
float. Prints the SHA-256 that `embeddings/models.py` states.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from embeddings import models
from training.model import ReaderModel

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSET = 17
# What the quantiser makes of the heads that are traced as Gemm.
HEADS = ("/pooler/dense/Gemm_MatMul", "/window/Gemm_MatMul", "/relevance/Gemm_MatMul")
# Full ones may overflow where a processor has no VNNI; seven bits of eight would not.
REDUCED = False


class _Attention(torch.autograd.Function):
    """Multi-head attention as one operator of ONNX Runtime, where a trace would give a dozen."""

    @staticmethod
    def forward(_: object, query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
        query, key, value = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
        return nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, heads: int) -> Any:
        return graph.op("com.microsoft::MultiHeadAttention", query, key, value, num_heads_i=heads).setType(
            query.type()
        )


class Served(nn.Module):
    """The model for one unpadded window: there is nothing to mask."""

    def __init__(self, model: ReaderModel) -> None:
        super().__init__()
        self.model = model
        # Query, key and value in one product.
        self.joined = nn.ModuleList()
        for layer in model.bert.encoder.layer:
            parts = (layer.attention.self.query, layer.attention.self.key, layer.attention.self.value)
            joined = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
            joined.weight.data = torch.cat([part.weight for part in parts])
            joined.bias.data = torch.cat([part.bias for part in parts])
            self.joined.append(joined)

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor, pool: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Read one window: [1], [sentences], [tokens, 2], [1]."""
        bert = self.model.bert
        states = bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        for layer, joined in zip(bert.encoder.layer, self.joined, strict=True):
            query, key, value = joined(states).chunk(3, dim=-1)
            attended = _Attention.apply(query, key, value, bert.config.num_attention_heads)
            states = layer.attention.output(attended, states)
            states = layer.output(layer.intermediate(states), states)
        window, sentence, span, relevance = self.model.read(states, bert.pooler(states), pool.unsqueeze(0))
        return window, sentence[0], span[0], relevance


def main() -> None:
    """Average, trace and quantise the model; print the SHA-256 of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "checkpoints", nargs="+", help="a path, or a path and its share: FOLDER/checkpoint.pt=.6"
    )
    parser.add_argument("--float", action="store_true", help="do not quantise")
    arguments = parser.parse_args()
    model = ReaderModel.restored(average(arguments.checkpoints)).eval()
    with tempfile.TemporaryDirectory() as work:
        traced = arguments.out if arguments.float else Path(work) / "traced.onnx"
        trace(model, traced)
        if not arguments.float:
            quantise(traced, arguments.out)
    graph = arguments.out.read_bytes()
    tokenizer = Path(models.__file__).parent / "weights" / "reader.tokenizer.json"
    both = hashlib.sha256(graph + tokenizer.read_bytes()).hexdigest()
    print(f"{arguments.out.name}: {len(graph):,} bytes, with the tokenizer SHA-256 {both}")


def average(checkpoints: Sequence[str]) -> dict[str, Tensor]:
    """Return the mean of the checkpoints' weights, each with its share (1 if none is given)."""
    named = [(path, float(share or 1)) for path, _, share in (each.partition("=") for each in checkpoints)]
    total = sum(share for _, share in named)
    states = [(torch.load(path)["model"], share / total) for path, share in named]
    return {name: sum(share * state[name] for state, share in states) for name in states[0][0]}


def trace(model: ReaderModel, target: Path) -> None:
    """Write the model as ONNX, for windows of any length."""
    sample = (
        torch.tensor([[101, 2040, 1029, 102, 2002, 1012, 2014, 1012, 102]]),
        torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1]]),
        torch.tensor([[0, 0, 0, 0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0.5, 0.5, 0]]),
    )
    with torch.no_grad():
        torch.onnx.export(
            Served(model).eval(),
            sample,
            str(target),
            input_names=["input_ids", "token_type_ids", "pool"],
            output_names=["window", "sentences", "span", "relevance"],
            dynamic_axes={
                "input_ids": {1: "tokens"},
                "token_type_ids": {1: "tokens"},
                "pool": {0: "sentences", 1: "tokens"},
                "sentences": {0: "sentences"},
                "span": {0: "tokens"},
            },
            opset_version=OPSET,
            # The newer exporter would need onnxscript, which nothing else here does.
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """Make the weights int8, with a scale a column; activations are quantised when the model runs."""
    every = {node.name for node in onnx.load(source).graph.node if node.op_type == "MatMul"}
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        reduce_range=REDUCED,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[*sorted(name for name in every if "sentence" in name or "span" in name), *HEADS],
        # Types are not inferred through ONNX Runtime's own operators.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


if __name__ == "__main__":
    main()
