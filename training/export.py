"""Export a trained reader as ONNX in int8, as the product ships it.

usage: python -m training.export OUT.onnx CHECKPOINT[=SHARE] [CHECKPOINT=SHARE ...] [--float]
       python -m training.export OUT.onnx CHECKPOINT --tokenizer tokenizer.json --layers 7 8 10 --files 2

The weights of several checkpoints are averaged (Wortsman et al., 2022, "Model soups", arXiv 2203.05482).

The weights of all matrix products and embeddings become int8, with a scale for each column. The heads and the
last product of each of `--layers` stay in float. A few inputs of these products are so large that eight bits
leave little of the other inputs (docs/reader.md). `--files` cuts the graph into several files, OUT-1.onnx and
so on. Prints the SHA-256 for `embeddings/models.py`.
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
from torch.onnx.symbolic_helper import _optional_input_placeholder_tensor

from embeddings import models
from training.model import MPNetReader, ReaderModel
from training.reader import open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSET = 17
# Parts of names that stay in float: the heads, and the bias of attention by the distance of two words.
KEPT = ("sentence", "span", "part", "relative_attention_bias")
# Names that the quantiser gives to the heads that are traced as Gemm.
HEADS = ("/pooler/dense/Gemm_MatMul", "/window/Gemm_MatMul", "/relevance/Gemm_MatMul")
# Use seven bits. Sums of eight bits may overflow on a processor without VNNI.
REDUCED = True


class _Attention(torch.autograd.Function):
    """Multi-head attention as one operator of ONNX Runtime. A trace would give a dozen operators.

    `bias` [1, heads, tokens, tokens] is added to the scores of the pairs, unless it is empty.
    """

    @staticmethod
    def forward(_: object, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, heads: int) -> Tensor:
        query, key, value = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
        added = bias if bias.numel() else None
        attended = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=added)
        return attended.transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, bias: Any, heads: int) -> Any:
        inputs = [query, key, value]
        if bias.type().sizes() != [0]:
            none = _optional_input_placeholder_tensor(graph)
            inputs += [none, none, bias]
        return graph.op("com.microsoft::MultiHeadAttention", *inputs, num_heads_i=heads).setType(query.type())


class Served(nn.Module):
    """The model for one window without padding, and so without a mask."""

    def __init__(self, model: ReaderModel) -> None:
        super().__init__()
        self.model = model
        # Query, key and value in one product.
        self.joined = nn.ModuleList()
        for layer in model.layers():
            parts = _products(layer)
            joined = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
            joined.weight.data = torch.cat([part.weight for part in parts])
            joined.bias.data = torch.cat([part.bias for part in parts])
            self.joined.append(joined)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor, pool: Tensor) -> tuple[Tensor, ...]:
        """Return a window's logits: [1], [sentences], [tokens, 2]; and [1], or [sentences] if deeper."""
        body = self.model.body
        deeper = isinstance(self.model, MPNetReader)
        if deeper:
            states = body.embeddings(input_ids=input_ids)
            bias = body.encoder.compute_position_bias(states)
        else:
            states = body.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
            bias = torch.empty(0)
        for layer, joined in zip(self.model.layers(), self.joined, strict=True):
            query, key, value = joined(states).chunk(3, dim=-1)
            attended = _Attention.apply(query, key, value, bias, body.config.num_attention_heads)
            if deeper:
                attention = layer.attention
                states = attention.LayerNorm(attention.attn.o(attended) + states)
            else:
                states = layer.attention.output(attended, states)
            states = layer.output(layer.intermediate(states), states)
        window, sentence, span, relevance, part = self.model.read(
            states, body.pooler(states), pool.unsqueeze(0)
        )
        if deeper:
            return window, sentence[0], span[0], part[0]
        return window, sentence[0], span[0], relevance


def _products(layer: nn.Module) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
    """Return the products that make query, key and value in a layer."""
    attention = layer.attention
    if hasattr(attention, "attn"):
        return attention.attn.q, attention.attn.k, attention.attn.v
    return attention.self.query, attention.self.key, attention.self.value


def main() -> None:
    """Average, trace and quantise the model, and print the SHA-256 of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "checkpoints", nargs="+", help="a path, or a path and its share: FOLDER/checkpoint.pt=.6"
    )
    parser.add_argument("--float", action="store_true", help="do not quantise")
    parser.add_argument("--layers", type=int, nargs="*", default=[], help="whose last product stays in float")
    parser.add_argument("--files", type=int, default=1, help="into how many the graph is cut")
    parser.add_argument("--tokenizer", type=Path, help="its file, to be written beside the graph")
    arguments = parser.parse_args()
    model = ReaderModel.restored(average(arguments.checkpoints)).eval()
    with tempfile.TemporaryDirectory() as work:
        traced = Path(work) / "traced.onnx"
        trace(model, traced)
        quantised = Path(work) / "quantised.onnx"
        if not arguments.float:
            quantise(traced, quantised, arguments.layers)
        graph = (traced if arguments.float else quantised).read_bytes()
    out: Path = arguments.out
    size = -(-len(graph) // arguments.files)
    for number in range(arguments.files):
        name = out.name if arguments.files == 1 else f"{out.stem}-{number + 1}{out.suffix}"
        out.with_name(name).write_bytes(graph[number * size : (number + 1) * size])
    tokenizer = Path(models.__file__).parent / "weights" / "reader.tokenizer.json"
    if arguments.tokenizer:
        tokenizer = out.with_name(f"{out.stem}.tokenizer.json")
        open_tokenizer(arguments.tokenizer).save(str(tokenizer), pretty=False)
    both = hashlib.sha256(graph + tokenizer.read_bytes()).hexdigest()
    print(f"{out.name}: {len(graph):,} bytes, with the tokenizer SHA-256 {both}")


def average(checkpoints: Sequence[str]) -> dict[str, Tensor]:
    """Return the mean of the checkpoints' weights. A checkpoint without a share has the share 1."""
    path_shares = [
        (path, float(share or 1))
        for path, _, share in (checkpoint.partition("=") for checkpoint in checkpoints)
    ]
    total = sum(share for _, share in path_shares)
    states = [(torch.load(path)["model"], share / total) for path, share in path_shares]
    return {name: sum(share * state[name] for state, share in states) for name in states[0][0]}


def trace(model: ReaderModel, target: Path) -> None:
    """Write the model as ONNX, for windows of any length."""
    sample = (
        torch.tensor([[101, 2040, 1029, 102, 2002, 1012, 2014, 1012, 102]]),
        torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1]]),
        torch.tensor([[0, 0, 0, 0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0.5, 0.5, 0]]),
    )
    deeper = isinstance(model, MPNetReader)
    axes = {
        "input_ids": {1: "tokens"},
        "token_type_ids": {1: "tokens"},
        "pool": {0: "sentences", 1: "tokens"},
        "sentences": {0: "sentences"},
        "span": {0: "tokens"},
        "parts": {0: "sentences"},
    }
    with torch.no_grad():
        torch.onnx.export(
            Served(model).eval(),
            sample,
            str(target),
            input_names=["input_ids", "token_type_ids", "pool"],
            # Only the deeper reader judges parts: a passage with parts was read by it (qa.asking.several).
            output_names=["window", "sentences", "span", "parts" if deeper else "relevance"],
            dynamic_axes={
                name: axis for name, axis in axes.items() if not (deeper and name == "token_type_ids")
            },
            opset_version=OPSET,
            # The newer exporter needs onnxscript.
            dynamo=False,
        )


def quantise(source: Path, target: Path, layers: Sequence[int] = ()) -> None:
    """Write the graph with int8 weights and a scale for each column. Activations are quantised at run time.

    The last product of each of `layers`, counted from 0, stays in float.
    """
    every = {node.name for node in onnx.load(source).graph.node if node.op_type in ("MatMul", "Gather")}
    in_float = [*KEPT, *(f"/output/dense{f'_{layer}' * (layer > 0)}/" for layer in layers)]
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        reduce_range=REDUCED,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[*sorted(name for name in every if any(part in name for part in in_float)), *HEADS],
        # Types are not inferred through ONNX Runtime's own operators.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


if __name__ == "__main__":
    main()
