"""Train the reader.

usage: python -m training.reader START WINDOWS.jsonl OUT [--watch WINDOWS.jsonl] [--teacher FOLDER] ...

START is the folder of a cross-encoder or a checkpoint (`python -m training.start` makes both). WINDOWS is a
file of `training/prepare.py`. OUT is a folder for `checkpoint.pt`, `best.pt` and `train.log`. The training
may be stopped at any time: with the same arguments, it goes on from the checkpoint. It uses a GPU if torch
finds one. It computes in bfloat16 on a GPU and on processors that have bfloat16.

The rate rises, stays, and falls to 0 over the last fifth before the step `--end`. `--end` may be moved until
the rate falls. A running average of the weights is kept (Izmailov et al., 2018, arXiv 1803.05407). From time
to time the average reads the windows of `--watch`, and the best average is stored in `best.pt`. The training
ends early if the average has not become better for long. The second judgement learns from `--teacher`, the
folder of a cross-encoder.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import nn
from transformers import BertForSequenceClassification

from embeddings.models import reranker_folder
from training.model import Batch, ReaderModel, Weights, collate, encode, loss
from training.windows import Example

if TYPE_CHECKING:
    from collections.abc import Sequence

# Minimum number of windows in a batch. Lists are not divided.
BATCH = 24
# Lists are sorted by length within stretches of SORTED lists. So batches need little padding, and stay mixed.
SORTED = 160
WARM_UP = 200
FALLING = 0.2
AVERAGED = 0.998
LOG_EVERY = 25
SAVE_EVERY = 100
WATCH_EVERY = 400
# Training ends after this number of watches without a better result.
PATIENCE = 8
# Windows that are read at once. Few windows need little padding, and stay in a processor's cache. A deeper
# model gains from more windows.
PART, PART_OF_DEEPER = 8, 24
# The teacher is asked once in this number of batches.
TAUGHT_EVERY = 6
SEED = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a training.

    Attributes:
        rate: the highest rate of learning.
        heads: the highest rate of learning for the heads.
        weights: the weights of the parts of the loss.
        frozen: how many of the lowest layers stay as they are. The backward pass leaves them out.
        end: the step at which the rate has fallen to 0. None means the step of the last windows.
        stop: the step at which to stop, whatever the rate. None means `end`.
    """

    rate: float = 5e-5
    heads: float = 3e-4
    weights: Weights = field(default_factory=Weights)
    frozen: int = 0
    end: int | None = None
    stop: int | None = None


def main(argv: Sequence[str] | None = None) -> None:
    """Train from the start or the checkpoint to the end."""
    usual = Plan()
    parser = argparse.ArgumentParser()
    parser.add_argument("start", type=Path)
    parser.add_argument("windows", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--watch", type=Path, help="windows of what is kept for validation")
    parser.add_argument(
        "--teacher", type=Path, help="the folder of the cross-encoder to learn relevance from"
    )
    parser.add_argument("--tokenizer", type=Path, help="its file; that of START if it is a folder with one")
    parser.add_argument("--rate", type=float, default=usual.rate, help="of learning, at its highest")
    parser.add_argument("--heads", type=float, default=usual.heads, help="that of the heads")
    parser.add_argument("--rivals", type=float, default=usual.weights.rivals, help="what lists count")
    parser.add_argument("--relevance", type=float, default=usual.weights.relevance, help="what it counts")
    parser.add_argument("--taught", type=float, default=usual.weights.taught, help="what the teacher counts")
    parser.add_argument("--frozen", type=int, default=usual.frozen, help="lowest layers that are not trained")
    parser.add_argument("--end", type=int, help="the step at which the rate has fallen to 0")
    parser.add_argument("--stop", type=int, help="the step at which to stop, to go on later")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    start = arguments.start
    model = (
        ReaderModel.restored(torch.load(start)["model"]) if start.is_file() else ReaderModel.started(start)
    )
    teacher = arguments.teacher and BertForSequenceClassification.from_pretrained(arguments.teacher)
    weights = Weights(arguments.rivals, arguments.relevance, arguments.taught)
    train(
        model,
        open_tokenizer(arguments.tokenizer or (start / "tokenizer.json" if start.is_dir() else None)),
        read(arguments.windows),
        arguments.out,
        Plan(arguments.rate, arguments.heads, weights, arguments.frozen, arguments.end, arguments.stop),
        watched=read(arguments.watch) if arguments.watch else [],
        teacher=teacher,
    )


def open_tokenizer(file: Path | None = None) -> Tokenizer:
    """Return a tokenizer without padding or truncation: of uncased BERT if there is no `file`."""
    path = file if file and file.is_file() else reranker_folder() / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read(path: Path) -> list[list[Example]]:
    """Read the lists of windows that `training/prepare.py` wrote."""
    entries = [json.loads(line) for line in path.open(encoding="utf-8")]
    return [
        [example(entry) for entry in entries]
        for _, entries in groupby(entries, key=lambda entry: entry["list"])
    ]


def example(entry: dict[str, Any]) -> Example:
    """Return the window of a line that `training/prepare.py` or `training/teach.py` wrote."""
    values = {name: value for name, value in entry.items() if name not in ("epoch", "list")}
    values |= {name: tuple(values.get(name, ())) for name in ("sentences", "labels", "parts", "taught")}
    values["span"] = values["span"] and tuple(values["span"])
    return Example(**values)


def batches(lists: Sequence[list[Example]]) -> list[list[list[Example]]]:
    """Return batches of lists with windows of similar length, in random order within each stretch."""
    rng = random.Random(SEED)
    made = []
    for first in range(0, len(lists), SORTED):
        stretch = sorted(lists[first : first + SORTED], key=_length)
        packed: list[list[list[Example]]] = [[]]
        for examples in stretch:
            if sum(map(len, packed[-1])) >= BATCH:
                packed.append([])
            packed[-1].append(examples)
        rng.shuffle(packed)
        made += packed
    return made


def _length(examples: Sequence[Example]) -> int:
    return max(
        len(example.question) + len(example.context) + sum(map(len, example.sentences))
        for example in examples
    )


def together(
    tokenizer: Tokenizer, lists: Sequence[Sequence[Example]], padding: int = 0, part: int = PART
) -> list[Batch]:
    """Return the windows of the lists in parts of at most `part` windows of similar length."""
    numbered = [(number, example) for number, examples in enumerate(lists) for example in examples]
    encoded = [encode(tokenizer, example) for _, example in numbered]
    order = sorted(range(len(numbered)), key=lambda at: len(encoded[at].ids))
    chosen = [order[first : first + part] for first in range(0, len(order), part)]
    return [
        collate(
            [encoded[at] for at in part],
            [numbered[at][1] for at in part],
            [numbered[at][0] for at in part],
            padding,
        )
        for part in chosen
    ]


def train(
    model: ReaderModel,
    tokenizer: Tokenizer,
    lists: Sequence[list[Example]],
    out: Path,
    plan: Plan,
    watched: Sequence[list[Example]] = (),
    teacher: BertForSequenceClassification | None = None,
) -> None:
    """Train with AdamW, in bfloat16 if that is fast. Go on from the checkpoint in `out` if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    todo = batches(lists)
    end = min(plan.end or len(todo), len(todo))
    stop = min(plan.stop or end, end)
    model.freeze(plan.frozen)
    model.to(device)
    average = {name: weight.clone() for name, weight in model.state_dict().items()}
    heads = {id(parameter) for parameter in model.heads()}
    body = [p for p in model.parameters() if p.requires_grad and id(p) not in heads]
    optimiser = torch.optim.AdamW(
        [{"params": body}, {"params": model.heads()}], lr=plan.rate, weight_decay=0.01, fused=True
    )
    checkpoint = out / "checkpoint.pt"
    done, best, worse = 0, float("inf"), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        model.load_state_dict(state["model"])
        average = state["average"]
        optimiser.load_state_dict(state["optimiser"])
        done, best, worse = state["done"], state["best"], state["worse"]
        torch.set_rng_state(state["random"].cpu())  # dropout draws from this state
        if device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"].cpu())
    if teacher:
        teacher.to(device).eval()
    model.train()
    started, seen = time.perf_counter(), 0
    sums: dict[str, list[float]] = defaultdict(list)
    with (out / "train.log").open("a", encoding="utf-8") as log:

        def say(line: str) -> None:
            print(line, flush=True)
            print(line, file=log, flush=True)

        for step in range(done, stop if worse < PATIENCE else done):
            factor = min(1, (step + 1) / WARM_UP, (end - step) / (FALLING * end))
            for group, highest in zip(optimiser.param_groups, (plan.rate, plan.heads), strict=True):
                group["lr"] = highest * factor
            parts = [
                batch.to(device)
                for batch in together(
                    tokenizer, todo[step], model.padding, PART_OF_DEEPER if model.padding else PART
                )
            ]
            with in_bfloat16(device):
                taught = (
                    [_taught(teacher, batch) for batch in parts]
                    if teacher and step % TAUGHT_EVERY == 0
                    else []
                )
                value, losses = loss(model, parts, plan.weights, taught)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            for name, weight in model.state_dict().items():
                average[name].lerp_(weight, 1 - min(AVERAGED, (step + 1) / (step + 10)))
            seen += sum(map(len, todo[step]))
            for name, part in losses.items():
                sums[name].append(part)
            now = step + 1
            if now % LOG_EVERY == 0:
                seconds = time.perf_counter() - started
                means = " ".join(f"{name} {sum(values) / len(values):.3f}" for name, values in sums.items())
                say(f"{now}/{end} {seconds:.0f} s, {seen / seconds:.1f} windows/s: {means}")
                sums.clear()
            if watched and (now % WATCH_EVERY == 0 or now == end):
                measures = watch(_with(average), tokenizer, watched)
                worse = 0 if measures["window"] < best else worse + 1
                say(f"{now} watched: " + " ".join(f"{name} {value:.4f}" for name, value in measures.items()))
                if not worse:
                    best = measures["window"]
                    torch.save({"model": _on_cpu(average)}, out / "best.pt")
            if now % SAVE_EVERY == 0 or now == stop:
                state = {
                    "model": model.state_dict(),
                    "average": average,
                    "optimiser": optimiser.state_dict(),
                    "random": torch.get_rng_state(),
                    "cuda": torch.cuda.get_rng_state() if device.type == "cuda" else None,
                    "done": now,
                    "best": best,
                    "worse": worse,
                }
                torch.save(state, checkpoint.with_suffix(".new"))
                checkpoint.with_suffix(".new").replace(checkpoint)
            if worse >= PATIENCE:
                say(f"{now}: no better for {PATIENCE} times")
                break


def in_bfloat16(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 on a GPU or a processor with instructions for it, otherwise in float32."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


@torch.no_grad()
def _taught(teacher: BertForSequenceClassification, batch: Batch) -> torch.Tensor:
    ids, mask, types, _ = batch.inputs
    scores: torch.Tensor = teacher(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
    return scores.squeeze(-1).float()


def _on_cpu(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: weight.cpu() for name, weight in state.items()}


def _with(weights: dict[str, torch.Tensor]) -> ReaderModel:
    """Return a new model with these weights."""
    return ReaderModel.restored(weights).to(next(iter(weights.values())).device)


@torch.no_grad()
def watch(model: ReaderModel, tokenizer: Tokenizer, watched: Sequence[list[Example]]) -> dict[str, float]:
    """Return measures of the model on lists of windows, by name.

    `window` is the mean cross-entropy of the windows. `auroc` is the AUROC of the windows' logits, the mean
    over the sources. `first` is the share of the lists whose surest window answers, and `evidence` the share
    of the lists whose surest sentence is evidence. The sureness of a sentence is the product of its own
    probability and the probability of its window.
    """
    model.eval()
    device = next(model.parameters()).device
    by_source: dict[str, tuple[list[bool], list[float]]] = defaultdict(lambda: ([], []))
    losses, firsts, evidence = [], [], []
    for examples in watched:
        parts = [batch.to(device) for batch in together(tokenizer, [examples], model.padding)]
        logits, surest = [], []
        for batch in parts:
            with in_bfloat16(device):
                window, sentences, *_ = (output.float() for output in model(*batch.inputs))
            logits.append(window)
            sure = window.sigmoid()[:, None] * sentences.sigmoid() * batch.read
            surest.append((sure.max().item(), bool(batch.labels.flatten()[sure.argmax()])))
        windows = torch.cat(logits)
        answers = torch.cat([batch.answers for batch in parts])
        losses += nn.functional.binary_cross_entropy_with_logits(windows, answers, reduction="none").tolist()
        truth, scores = by_source[examples[0].source]
        truth += (answers > 0).tolist()
        scores += windows.tolist()
        if 0 < answers.sum() < len(answers):
            firsts.append(bool(answers[windows.argmax()]))
            evidence.append(max(surest)[1])
    aurocs = [roc_auc_score(*pair) for pair in by_source.values() if len(set(pair[0])) > 1]
    return {
        "window": sum(losses) / len(losses),
        "auroc": sum(aurocs) / max(1, len(aurocs)),
        "first": sum(firsts) / max(1, len(firsts)),
        "evidence": sum(evidence) / max(1, len(evidence)),
    }


if __name__ == "__main__":
    main()
