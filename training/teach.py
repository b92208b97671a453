"""Add a teacher's logits to each window, for a smaller reader to learn from.

usage: python -m training.teach OUT.jsonl WINDOWS.jsonl [WINDOWS.jsonl ...] [--most N] [--share S] [--seed N]

The teacher is `--reader deep`: the small and the deeper reader that ship, together. It gives a logit for the
window, one for each sentence, and one for each sentence as evidence for a part of the question. `--share` is
the weight of the deeper reader in the window's logit. In the sentences' logits its weight is one half. The
lists of all files come in random order. A run that was stopped goes on after the last line of OUT.jsonl.
"""

from __future__ import annotations

import argparse
import json
import random
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings import models, runtime
from embeddings.models import DEEP_READER_SHA256, READER_SHA256, cache_folder
from training.model import averaging, encode
from training.reader import example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Float32
    from training.windows import Example

EVERY = 2000


def main() -> None:
    """Read the windows, ask both readers, and write the windows with the logits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("windows", type=Path, nargs="+")
    parser.add_argument("--most", type=int, help="windows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.4, help="of the deeper reader in a window's logit")
    arguments = parser.parse_args()
    small = Teacher(runtime.open_cached(cache_folder() / READER_SHA256, models.reader_weights))
    deeper = Teacher(runtime.open_cached(cache_folder() / DEEP_READER_SHA256, models.deep_reader_weights))

    def taught(entry: dict[str, Any]) -> str:
        window = example(entry)
        one, other = small.read(window), deeper.read(window)
        answers = (1 - arguments.share) * one["window"] + arguments.share * other["window"]
        sentences = (one["sentences"] + other["sentences"]) / 2
        logits = np.concatenate([answers, sentences, other["parts"]]).round(3).tolist()
        return json.dumps(entry | {"taught": logits}, ensure_ascii=False)

    out: Path = arguments.out
    todo = mixed(arguments.windows, random.Random(arguments.seed))[: arguments.most]
    done = out.read_bytes().count(b"\n") if out.exists() else 0
    with out.open("a", encoding="utf-8") as target:
        for number, line in enumerate(runtime.in_turn(taught, todo[done:]), done + 1):
            print(line, file=target, flush=number % 100 == 0)
            if number % EVERY == 0:
                print(number, flush=True)


def mixed(files: Sequence[Path], rng: random.Random) -> list[dict[str, Any]]:
    """Return the windows of all files in random order of lists. Each list gets a new number."""
    lists = []
    for file in files:
        entries = map(json.loads, file.open(encoding="utf-8"))
        lists += [list(windows) for _, windows in groupby(entries, key=lambda entry: entry["list"])]
    rng.shuffle(lists)
    return [entry | {"list": at} for at, windows in enumerate(lists) for entry in windows]


class Teacher:
    """One of the readers that ship."""

    def __init__(self, model: runtime.Model) -> None:
        self._session = model.session
        self._tokenizer = model.tokenizer
        self._inputs = {tensor.name for tensor in self._session.get_inputs()}
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]

    def read(self, window: Example) -> dict[str, Float32]:
        """Return the logits of a window by name: `window` [1], `sentences` and `parts` [sentences]."""
        tokens = encode(self._tokenizer, window)
        given = {
            "input_ids": np.array([tokens.ids]),
            "token_type_ids": np.array([tokens.types]),
            "pool": averaging(tokens).numpy(),
        }
        inputs = {name: given[name] for name in self._inputs}
        return dict(zip(self._outputs, self._session.run(None, inputs), strict=True))


if __name__ == "__main__":
    main()
