"""Train the reader.

usage: python -m training.reader START WINDOWS.jsonl OUT [--most N] [--rate R]

START is the folder of a BERT (`python -m training.start` writes the default one) or a checkpoint, WINDOWS
what `training/prepare.py` wrote, OUT a folder for `checkpoint.pt` and `train.log`. Run again with the same
arguments, it goes on from the checkpoint.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from embeddings.models import reranker_folder
from training.model import ReaderModel, collate, encode, loss
from training.windows import Example

BATCH = 16
# Batches are sorted by length within so many windows: nearly no padding, and still mixed.
SORTED = 20 * BATCH
WARM_UP = 0.06
LOG_EVERY = 50
SAVE_EVERY = 200
SEED = 1


def main() -> None:
    """Train from the start or the checkpoint to the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("start", type=Path)
    parser.add_argument("windows", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, help="train on so many windows, the file's first ones")
    parser.add_argument("--rate", type=float, default=6e-5, help="of learning, at its highest")
    parser.add_argument(
        "--heads", type=float, default=1e-3, help="that of the heads; lower when they are trained already"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    examples = read(arguments.windows)[: arguments.most]
    start = arguments.start
    model = (
        ReaderModel.restored(torch.load(start)["model"]) if start.is_file() else ReaderModel.started(start)
    )
    train(model, open_tokenizer(), examples, arguments.out, (arguments.rate, arguments.heads))


def open_tokenizer() -> Tokenizer:
    """Return the tokenizer of uncased BERT, which all starts use, without padding or truncation."""
    tokenizer = Tokenizer.from_file(str(reranker_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read(path: Path) -> list[Example]:
    """Read the windows that `training/prepare.py` wrote."""
    examples = []
    for line in path.open(encoding="utf-8"):
        entry = json.loads(line)
        del entry["epoch"]
        entry |= {key: tuple(entry[key]) for key in ("sentences", "labels")}
        entry["span"] = entry["span"] and tuple(entry["span"])
        examples.append(Example(**entry))
    return examples


def batches(examples: list[Example]) -> list[list[Example]]:
    """Return batches of windows of similar length, in random order within each stretch."""
    rng = random.Random(SEED)
    made = []
    for first in range(0, len(examples), SORTED):
        stretch = sorted(
            examples[first : first + SORTED],
            key=lambda each: len(each.question) + sum(map(len, each.sentences)),
        )
        its = [stretch[i : i + BATCH] for i in range(0, len(stretch), BATCH)]
        rng.shuffle(its)
        made += its
    return made


def train(
    model: ReaderModel,
    tokenizer: Tokenizer,
    examples: list[Example],
    out: Path,
    rates: tuple[float, float],
    stop: int | None = None,
) -> None:
    """Return AdamW, with rates (of body and heads) that warm up and then fall to 0; bfloat16 if safe.

    Goes on from the checkpoint in `out`, if there is one; `stop` ends it after so many batches.
    """
    todo = batches(examples)
    heads = {id(each) for each in model.heads()}
    body = [p for p in model.parameters() if p.requires_grad and id(p) not in heads]
    optimiser = torch.optim.AdamW(
        [{"params": body}, {"params": model.heads()}], lr=rates[0], weight_decay=0.01, fused=True
    )
    checkpoint = out / "checkpoint.pt"
    done = 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["done"]
        torch.set_rng_state(state["random"])  # which dropout draws from
    model.train()
    started, seen = time.perf_counter(), 0
    sums: dict[str, float] = defaultdict(float)
    with (out / "train.log").open("a", encoding="utf-8") as log:
        for step in range(done, len(todo) if stop is None else stop):
            share = step / len(todo)
            factor = min(1, share / WARM_UP) * max(0.02, 1 - share)
            for group, highest in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = highest * factor
            batch = collate([encode(tokenizer, each) for each in todo[step]], todo[step])
            with torch.autocast("cpu", torch.bfloat16):
                value, parts = loss(model, batch)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            seen += len(todo[step])
            for name, part in parts.items():
                sums[name] += part
            if (step + 1) % LOG_EVERY == 0:
                seconds = time.perf_counter() - started
                means = " ".join(f"{name} {part / LOG_EVERY:.3f}" for name, part in sums.items())
                line = f"{step + 1}/{len(todo)} {seconds:.0f} s, {seen / seconds:.1f} windows/s: {means}"
                print(line, flush=True)
                print(line, file=log, flush=True)
                sums.clear()
            if (step + 1) % SAVE_EVERY == 0 or step + 1 in (stop, len(todo)):
                state = {
                    "model": model.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "random": torch.get_rng_state(),
                    "done": step + 1,
                }
                torch.save(state, checkpoint.with_suffix(".new"))
                checkpoint.with_suffix(".new").replace(checkpoint)


if __name__ == "__main__":
    main()
